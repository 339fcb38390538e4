"""How much the generator adds to the bare renderer, how it scales over workers, and whether memory stays flat.

    python -m benchmarks.generator [--clips 6] [--render standard] [--label-clips 60] [--memory-clips 200]

Printed ratios, and what they should be:

- one worker ÷ bare loop: frames per second of the whole generator over those of a loop that only renders and encodes the
  same scenes (no checks, no questions, no files); at least 0.7.
- two workers ÷ one worker: at least 1.7 on two cores.
- rejected take ÷ render: mean cost of a take that is rejected over that of rendering a clip; below 0.05.
- labels alone: processor seconds per clip without pictures, in one process and whatever else the machine does, and the
  clips per minute that this makes of two cores; at least 600. Those with avatars ÷ those without: below 4.
- memory: resident size of a worker after the last clip over that after the first tenth; near 1.
"""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from hydra import compose, initialize_config_module
from joblib.externals.loky import ProcessPoolExecutor

from generator.__main__ import LINE
from generator.dataset import Dataset
from generator.farm import THREAD_COUNTS, run
from generator.options import GenerateOptions
from generator.pipeline import Take, Tally, attempt_clip, one_take
from generator.records import load_spec
from qa_templates.quota import intent
from scenes.bodies import is_avatar
from scenes.rejection import Rejected
from scenes.streams import Streams


@dataclass(frozen=True)
class Bare:
    """What the bare loop measured."""

    frames: int
    render_s: float


def main() -> None:
    """Run the measurements and print their ratios."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        options = _options([f"num_videos={arguments.clips}", f"render={arguments.render}"], folder)
        bare = _in_worker(bare_loop, options)
        one, two = (frames_per_second(replace_workers(options, workers), folder) for workers in (1, 2))
        print(f"clips {arguments.clips}, frames {bare.frames}, render={arguments.render}, cores {os.cpu_count()}")
        print(f"bare loop {bare.frames / bare.render_s:.1f} frames/s, one worker {one:.1f}, two workers {two:.1f}")
        print(f"one worker ÷ bare loop   {one * bare.render_s / bare.frames:.2f}   (at least 0.7)")
        print(f"two workers ÷ one worker {two / one:.2f}   (at least 1.7 on two cores)")
        rejected_s = _in_worker(rejected_takes_s, options)
        share = sum(rejected_s) / len(rejected_s) / (bare.render_s / arguments.clips)
        print(f"rejected take ÷ render   {share:.4f} over {len(rejected_s)} rejected takes   (below 0.05)")
        if arguments.label_clips:
            print_labels(_in_worker(label_clips_s, _options([f"num_videos={arguments.label_clips}", "render=none", "workers=0"], folder)))
        if arguments.memory_clips:
            early, late = memory_mb(arguments.memory_clips, folder)
            print(f"memory {early:.0f} → {late:.0f} MB, ratio {late / early:.2f} over {arguments.memory_clips} clips   (near 1)")


def bare_loop(options: GenerateOptions) -> Bare:
    """Render and encode the scenes of the first clips, and time nothing else."""
    from generator.blender import check, render
    from generator.video import write_video

    check()  # Blender's start is not what is compared
    frames, render_s, video = 0, 0.0, Path(options.out).with_suffix(".mp4")
    for index in options.indices:
        take = next(take for take, _ in takes(index, options) if take is not None)
        began = time.perf_counter()
        drawn = render(take.spec, take.paths, options.render)
        frames += write_video(video, drawn, take.paths.fps, options.render.crf, options.render.preset)
        render_s += time.perf_counter() - began
    return Bare(frames, render_s)


def rejected_takes_s(options: GenerateOptions, wanted: int = 40) -> list[float]:
    """What rejected takes cost: as many as are wanted, from as many clips as it takes."""
    found: list[float] = []
    for index in itertools.count():
        found += [seconds for take, seconds in takes(index, options) if take is None]
        if len(found) >= wanted:
            return found


def takes(index: int, options: GenerateOptions) -> Iterator[tuple[Take | None, float]]:
    """The takes of a clip up to the first good one, and what each cost in seconds; None for those that are rejected."""
    intended = intent(options.seed, options.split, index, options.qa, options.scene)
    for attempt in range(options.max_attempts):
        streams, began, take = Streams(options.seed, options.split, index, attempt), time.perf_counter(), None
        with suppress(Rejected):
            take = one_take(intended, f"{index:032x}", streams, options, Tally())
        yield take, time.perf_counter() - began
        if take is not None:
            return


def frames_per_second(options: GenerateOptions, folder: str) -> float:
    """Frames per second of a whole run, from the first clip's start to the last clip's commit."""
    options = replace(options, out=os.path.join(folder, f"workers-{options.farm.workers}"))
    with Dataset.open(options) as dataset:
        began = time.perf_counter()
        frames = sum(report.frames for report in run(list(options.indices), options, dataset))
        return frames / (time.perf_counter() - began)


def label_clips_s(options: GenerateOptions) -> list[tuple[bool, float]]:
    """For each clip made without pictures: whether avatars are in it, and its processor time in seconds; the first, a warm-up, left out."""
    found: list[tuple[bool, float]] = []
    with Dataset.open(replace(options, out=f"{options.out}-labels")) as dataset:
        for index in options.indices:
            began = time.process_time()
            attempt_clip(index, options, dataset)
            spent_s = time.process_time() - began
            path = dataset.annotation(dataset.key(index))
            found.append((path.exists() and any(is_avatar(item.shape) for item in load_spec(path).objects), spent_s))
    return found[1:]


def print_labels(clips: Sequence[tuple[bool, float]]) -> None:
    """Print what labels alone cost."""
    mean_s = sum(spent_s for _, spent_s in clips) / len(clips)
    print(f"labels alone             {mean_s:.3f} s of processor a clip, {120 / mean_s:.0f} clips/min on two cores   (at least 600)")
    with_avatars, without = ([spent_s for avatars, spent_s in clips if avatars is wanted] for wanted in (True, False))
    if with_avatars and without:
        ratio = (sum(with_avatars) / len(with_avatars)) / (sum(without) / len(without))
        print(f"with avatars ÷ without   {ratio:.2f} over {len(with_avatars)} and {len(without)} clips   (below 4)")


def memory_mb(clips: int, folder: str) -> tuple[float, float]:
    """Resident size of one worker after the first tenth of its clips and after the last."""
    settings = [f"num_videos={clips}", "render=draft", "width=64", "height=64", "fps=8", "occlusion.min_area_px=0", "workers=0"]
    options = _options(settings, os.path.join(folder, "memory"))
    sizes = _in_worker(_sizes_mb, options)
    return sizes[max(len(sizes) // 10, 1) - 1], sizes[-1]


def _sizes_mb(options: GenerateOptions) -> list[float]:
    with Dataset.open(options) as dataset:
        return [psutil.Process().memory_info().rss / 2**20 for _ in run(list(options.indices), options, dataset)]


def _in_worker(task: Callable[[GenerateOptions], Any], options: GenerateOptions) -> Any:
    """Run in a process set up as the farm sets up its workers."""
    threads = dict.fromkeys(THREAD_COUNTS, str(options.farm.threads))
    with ProcessPoolExecutor(1, env=threads) as pool:
        return pool.submit(task, options).result()


def replace_workers(options: GenerateOptions, workers: int) -> GenerateOptions:
    """The same options for another number of workers."""
    return replace(options, farm=replace(options.farm, workers=workers))


def _options(overrides: Sequence[str], out: str) -> GenerateOptions:
    with initialize_config_module("conf", version_base=None):
        return LINE.typed(compose("generate", [*overrides, f"out={out}/set"]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=6, help="clips to render in each measurement (default 6)")
    parser.add_argument("--render", default="standard", help="render preset (default standard)")
    parser.add_argument("--label-clips", type=int, default=60, help="clips made without pictures; 0 leaves them out (default 60)")
    parser.add_argument("--memory-clips", type=int, default=0, help="tiny clips for the memory measurement; 0 leaves it out (default)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
