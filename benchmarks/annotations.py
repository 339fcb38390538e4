"""What the layers of truth cost: processor time and bytes per frame, and their share of rendering the same clips.

    python -m benchmarks.annotations [--clips 3] [--render standard]

Printed for each layer alone, for all together, and for what is always exported: milliseconds of processor time per frame, the
share of drawing and encoding the same frames (both in one process with one thread of software OpenGL), and kilobytes per frame
on disk. What the layers share, one pass over the surfaces, is in each of the single figures and once in that of all together.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks.generator import good_take, options_of, processor_s
from generator.annotations import LAYERS
from generator.farm import environment
from generator.layers import each_frame, write_layers
from generator.options import GenerateOptions
from generator.pipeline import Take
from generator.worker import apart

GROUPS: Mapping[str, tuple[str, ...]] = {**{name: (name,) for name in LAYERS}, "all layers": tuple(LAYERS)}


def main() -> None:
    """Measure, and print a table."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        options = options_of([f"num_videos={arguments.clips}", f"render={arguments.render}"], folder)
        frames, costs_s, sizes = apart(environment(options, 0), None, measure, options)
    print(
        f"clips {arguments.clips}, frames {frames}, 640x480, render={arguments.render}: {1e3 * costs_s['render'] / frames:.1f} ms per frame"
    )
    for name, cost_s in costs_s.items():
        size = f"{sizes[name] / frames / 1e3:8.1f} kB per frame" if name in sizes else ""
        print(f"{name:16} {1e3 * cost_s / frames:8.2f} ms per frame, {cost_s / costs_s['render']:6.3f} of rendering {size}")


def measure(options: GenerateOptions) -> tuple[int, dict[str, float], dict[str, int]]:
    """Frames, processor seconds by what was done, and bytes by layer, over the first clips."""
    costs_s: defaultdict[str, float] = defaultdict(float)
    sizes: defaultdict[str, int] = defaultdict(int)
    frames = 0
    for index in range(-1, options.num_videos):  # the first clip twice, as a warm-up
        take = good_take(max(index, 0), options)
        found_s, found = _measure_one(take, options)
        if index >= 0:
            frames += take.paths.num_frames
            for name, cost_s in found_s.items():
                costs_s[name] += cost_s
            for name, size in found.items():
                sizes[name] += size
    return frames, dict(costs_s), dict(sizes)


def _measure_one(take: Take, options: GenerateOptions) -> tuple[dict[str, float], dict[str, int]]:
    costs_s = {
        "render": processor_s(lambda: _film(take, options)),
        "every frame": processor_s(lambda: each_frame(take.spec, take.paths, take.seen)),
    }
    sizes = {}
    for group, names in GROUPS.items():
        files = {name: Path(f"{options.out}-{name}") for name in names}
        costs_s[group] = processor_s(partial(write_layers, take.spec, take.paths, files))
        sizes[group] = sum(path.stat().st_size for path in files.values())
    return costs_s, sizes


def _film(take: Take, options: GenerateOptions) -> None:
    from generator.blender import render
    from generator.video import write_video

    drawn = render(take.spec, take.paths, options.render)
    write_video(Path(options.out).with_suffix(".mp4"), drawn, take.paths.fps, options.render.crf, options.render.preset)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotations", description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=3, help="clips to measure on (default 3)")
    parser.add_argument("--render", default="standard", help="render preset to compare with (default standard)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
