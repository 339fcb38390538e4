"""How much the generator adds to the bare renderer, how it scales over workers, and whether memory stays flat.

    python -m benchmarks.generator [--quick] [--clips 5] [--label-clips 60] [--memory-clips 300] [--cycles-clips 2] [--render standard]

What is compared is measured in turns (A B A B …) in the same worker processes, so that a machine that grows slower, or busier, does so
for both; of the ratios, least, median and most are printed. Printed, and what they should be:

- ours ÷ bare loop: frames per second of making a clip (scene, checks, questions, pictures, files, as the farm does it) over those of a
  loop that only draws and encodes the same scene; at least 0.85. Workers are warm: what their start costs is printed apart.
  The same in processor seconds, which is no less true on a busy machine.
- two workers ÷ one: frames per second of two workers that make the same clip at once, together, over those of one; at least 1.8 on two
  cores. Beside it the same of the bare loop, which is what the machine has to give.
- Cycles ÷ ours: processor seconds of a frame of 256×256 that Cycles draws as Kubric's MOVi workers have it (64 samples per pixel,
  adaptive, denoised) over ours at standard quality, encoded; at least 50. Cycles traces paths, with soft light that bounces; ours
  rasterises, with hard shadows: the pictures are not the same, the truth about the motion is. Cycles keeps the scene between frames,
  bounces 4 times and draws no further passes here, all of which is in its favour.
- rejected take ÷ render: processor seconds of a take that is rejected over those of drawing a clip; below 0.05.
- labels alone: clips per second without pictures that the processor time allows on two cores; at least 10. With avatars ÷ without:
  below 4.
- memory: by how much a worker grows in 100 clips, once its caches have filled (a third of the clips); below 10 MB.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from generator.__main__ import LINE
from generator.dataset import Dataset
from generator.farm import environment, make_safely
from generator.options import GenerateOptions, RenderOptions
from generator.pipeline import Take, Tally, attempt_clip, expected_frames, one_take
from generator.records import load_spec
from generator.video import write_video
from generator.worker import Crew
from scenes.bodies import is_avatar
from scenes.rejection import Rejected
from scenes.streams import Streams

BUSY_LOAD = 0.5  # load average before anything was begun, from which on others are at work, too
CYCLES_SAMPLES = 64
CYCLES_FRAMES = 1  # of each scene; after two others, with which Cycles takes in the scene and starts to denoise
TAKES_WANTED = 15
TINY = ("width=64", "height=64", "fps=8", "occlusion.min_area_px=0")
KEPT = ("farm.recycle_after=1000000", "farm.max_worker_mb=100000")  # workers, whatever becomes of them


def main() -> None:
    """Run the measurements and print their ratios."""
    arguments = _arguments()
    load = os.getloadavg()[0]
    busy = f"; BUSY: others are at work (load average {load:.1f}), so seconds are too many" if load > BUSY_LOAD else ""
    print(f"render={arguments.render}, {os.cpu_count()} cores{busy}", flush=True)
    with tempfile.TemporaryDirectory() as folder, Bench.opened(folder, arguments.render) as bench:
        if arguments.clips:
            speed(bench, arguments.clips)
            rejections(bench)
        if arguments.cycles_clips:
            cycles(bench, arguments.cycles_clips)
        if arguments.label_clips:
            print_labels(bench.alone(label_clips_s, [f"num_videos={arguments.label_clips}", "render=none"]))
        if arguments.memory_clips:
            memory(bench, arguments.memory_clips)


def say(name: str, measured: Iterable[float], least: float = -math.inf, below: float = math.inf) -> None:
    """One line about a ratio: its median, from least to most, and whether it is what it should be, where a bound is given."""
    ratios = list(measured)
    spread = f"{min(ratios):.3g} to {max(ratios):.3g}" if len(ratios) > 1 else ""
    wanted = f"at least {least:g}" if least > -math.inf else f"below {below:g}" if below < math.inf else ""
    verdict = "" if not wanted else "met" if least <= median(ratios) < below else "NOT MET"
    print(f"{name:<27}{median(ratios):>8.3g}   {spread:<17}{wanted or 'what there is':<16}{verdict}".rstrip(), flush=True)


# Where the work is done


@dataclass(frozen=True)
class Bench:
    """Two warm worker processes, as the farm sets them up, and two data sets, so that both can make the same clip at once.

    Args:
        drawn_s: processor seconds of drawing and encoding alone, of each clip that the bare loop drew.
        stages: seconds of the stages of all clips that were made.
    """

    folder: str
    options: GenerateOptions
    datasets: tuple[Dataset, Dataset]
    crew: Crew
    drawn_s: list[float] = field(default_factory=list)
    stages: Counter[str] = field(default_factory=Counter)

    @classmethod
    @contextmanager
    def opened(cls, folder: str, render: str) -> Iterator[Bench]:
        """With workers that are not begun yet."""
        options = options_of([f"render={render}"], folder)
        one, two = (replace(options, out=os.path.join(folder, name)) for name in ("one", "two"))
        with Crew() as crew, Dataset.open(one) as first, Dataset.open(two) as second:
            yield cls(folder, options, (first, second), crew)

    def do(self, work: Callable[..., Any], *args: Any) -> Any:
        """Work for one worker."""
        with self.crew.hire(lambda place: environment(self.options, place)) as worker:
            return worker.do(work, None, *args)

    def alone(self, work: Callable[[GenerateOptions], Any], overrides: Sequence[str]) -> Any:
        """Work for one worker, with options of its own."""
        return self.do(work, options_of(overrides, self.folder))

    def ours(self, index: int, place: int = 0) -> float:
        """Frames per second of the whole line."""
        began_s = time.perf_counter()
        report = make_safely(index, self.options, self.datasets[place], self.crew)
        if report.status != "written":
            raise RuntimeError(f"clip {index} was not made: {report.message}")
        self.stages.update(report.seconds)
        return report.frames / (time.perf_counter() - began_s)

    def bare(self, index: int, place: int = 0) -> float:
        """Frames per second of the bare loop."""
        frames, wall_s, busy_s = self.do(bare_clip, index, self.options, Path(self.folder) / f"bare{place}.mp4")
        self.drawn_s.append(busy_s)
        return frames / wall_s

    def both(self, work: Callable[[int, int], float], index: int) -> float:
        """What two workers achieve together."""
        with ThreadPoolExecutor(2) as threads:
            return sum(threads.map(work, (index, index), (0, 1)))

    @property
    def processor_s(self) -> float:
        """Processor seconds of the workers until now."""
        return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children())


# Speed


def speed(bench: Bench, clips: int) -> None:
    """Ours and the bare loop, in one worker and in two."""
    chosen = shortest(bench.options, clips + 1)
    start_s, first_s = warm_up(bench, chosen[-1])
    rounds = [one_round(bench, index) for index in chosen[:-1]]
    bare, ours, processor, bare_two, ours_two = (np.array(each) for each in zip(*rounds, strict=True))
    print(f"a worker's start {start_s:.1f} s, and what its first clip took longer than its second {first_s:.1f} s")
    one, two = f"bare {median(bare):.1f}, ours {median(ours):.1f}", f"bare {median(bare_two):.1f}, ours {median(ours_two):.1f}"
    print(f"frames per second: {one}; two at once: {two}")
    shares = ", ".join(f"{name} {seconds / bench.stages.total():.1%}" for name, seconds in bench.stages.most_common())
    print(f"where the time of a clip goes: {shares}")
    say("ours ÷ bare loop", ours / bare, least=0.85)
    say("  in processor seconds", processor, least=0.85)
    say("two workers ÷ one", ours_two / ours, least=1.8)
    say("  bare two ÷ bare one", bare_two / bare)


def shortest(options: GenerateOptions, clips: int) -> list[int]:
    """Short clips among the first ones, shortest first: to draw them takes least beside what else a clip takes."""
    frames = {index: expected_frames(index, options) for index in range(4 * clips)}
    return sorted((index for index in frames if frames[index]), key=lambda index: frames[index])[:clips]


def one_round(bench: Bench, index: int) -> tuple[float, float, float, float, float]:
    """For one clip, frames per second: bare, ours; ours ÷ bare in processor seconds, which others at work change little; two bare, two of
    ours.
    """
    bare, before_s = bench.bare(index), bench.processor_s
    ours = bench.ours(index)
    return bare, ours, bench.drawn_s[-1] / (bench.processor_s - before_s), bench.both(bench.bare, index), bench.both(bench.ours, index)


def warm_up(bench: Bench, index: int) -> tuple[float, float]:
    """Start both workers and have each make a clip; seconds of one's start, and by how much its first clip took longer than its second."""
    began_s = time.perf_counter()
    bench.do(_ready)
    times_s = [time.perf_counter()]
    for _ in range(2):
        bench.ours(index)
        times_s.append(time.perf_counter())
    bench.both(bench.ours, index)
    bench.stages.clear()
    return times_s[0] - began_s, times_s[1] - times_s[0] - (times_s[2] - times_s[1])


def _ready() -> None:
    """A worker has all that it needs when it can do this."""
    from generator.blender import check

    check()


def bare_clip(index: int, options: GenerateOptions, video: Path) -> tuple[int, float, float]:
    """Draw and encode the scene of a clip: frames, seconds, and processor seconds, of nothing else."""
    from generator.blender import render

    take = good_take(index, options)
    began_s, busy_s = time.perf_counter(), time.process_time()
    drawn = render(take.spec, take.paths, options.render)
    frames = write_video(video, drawn, take.paths.fps, options.render.crf, options.render.preset)
    return frames, time.perf_counter() - began_s, time.process_time() - busy_s


# Takes


def rejections(bench: Bench) -> None:
    """What a rejected take costs beside a clip that is drawn."""
    rejected_s = bench.do(rejected_takes_s, bench.options)
    share = sum(rejected_s) / len(rejected_s) / (sum(bench.drawn_s) / len(bench.drawn_s))
    say("rejected take ÷ render", [share], below=0.05)


def rejected_takes_s(options: GenerateOptions) -> list[float]:
    """Processor seconds of rejected takes: as many as are wanted, from as many clips as it takes."""
    found: list[float] = []
    indices = itertools.count()
    while len(found) < TAKES_WANTED:
        found += [seconds for take, seconds in takes(next(indices), options) if take is None]
    return found


def good_take(index: int, options: GenerateOptions) -> Take:
    """The take of a clip that the generator would film."""
    return next(take for take, _ in takes(index, options) if take is not None)


def takes(index: int, options: GenerateOptions) -> Iterator[tuple[Take | None, float]]:
    """The takes of a clip up to the first good one, and what each cost in processor seconds; None for those that are rejected."""
    intended = options.intent(index)
    for attempt in range(options.max_attempts):
        streams, began_s, take = Streams(options.seed, options.split, index, attempt), time.process_time(), None
        with suppress(Rejected):
            take = one_take(intended, f"{index:032x}", streams, options, Tally())
        yield take, time.process_time() - began_s
        if take is not None:
            return


# Against path tracing


def cycles(bench: Bench, clips: int) -> None:
    """A frame of Kubric's recipe beside one of ours."""
    options = options_of(["width=256", "height=256", "render=standard"], bench.folder)
    pairs = [bench.do(recipe_s, index, options, Path(bench.folder) / "recipe.mp4") for index in range(clips)]
    theirs_s, ours_s = (median(each) for each in zip(*pairs, strict=True))
    print(f"256×256, processor seconds per frame: Cycles ({CYCLES_SAMPLES} samples, denoised; it traces paths) {theirs_s:.2f},", end=" ")
    print(f"ours (it rasterises) {ours_s:.4f}")
    say("Cycles ÷ ours", [theirs / ours for theirs, ours in pairs], least=50)


def recipe_s(index: int, options: GenerateOptions, video: Path) -> tuple[float, float]:
    """Processor seconds per frame, of Cycles and of ours, drawn and encoded, for one scene."""
    from generator.blender import bpy, render

    take = good_take(index, options)
    ours_s = processor_s(lambda: write_video(video, render(take.spec, take.paths, options.render), take.paths.fps, 16, "veryfast"))
    traced = render(take.spec, take.paths, RenderOptions("cycles", 1.0, samples=CYCLES_SAMPLES, device="cpu"))
    next(traced)
    settings = bpy.context.scene.cycles
    settings.use_adaptive_sampling = settings.use_denoising = True
    next(traced)
    theirs_s = processor_s(lambda: [next(traced) for _ in range(CYCLES_FRAMES)])
    return theirs_s / CYCLES_FRAMES, ours_s / take.paths.num_frames


def processor_s(work: Callable[[], object]) -> float:
    """Processor seconds that a piece of work takes in this process."""
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


# Labels


def label_clips_s(options: GenerateOptions) -> list[tuple[bool, float]]:
    """For each clip made without pictures: whether avatars are in it, and its processor time in seconds; the first, a warm-up, left out."""
    found: list[tuple[bool, float]] = []
    with Dataset.open(replace(options, out=f"{options.out}-labels")) as dataset:
        for index in options.indices:
            spent_s = processor_s(partial(attempt_clip, index, options, dataset))
            path = dataset.annotation(dataset.key(index))
            found.append((path.exists() and any(is_avatar(item.shape) for item in load_spec(path).objects), spent_s))
    return found[1:]


def print_labels(clips: Sequence[tuple[bool, float]]) -> None:
    """Print what labels alone cost."""
    mean_s = sum(spent_s for _, spent_s in clips) / len(clips)
    print(f"labels alone: {mean_s:.3f} processor seconds a clip")
    say("label clips/s on two cores", [2 / mean_s], least=10)
    with_avatars, without = ([spent_s for avatars, spent_s in clips if avatars is wanted] for wanted in (True, False))
    if with_avatars and without:
        ratio = (sum(with_avatars) / len(with_avatars)) / (sum(without) / len(without))
        say("with avatars ÷ without", [ratio], below=4)


# Memory


def memory(bench: Bench, clips: int) -> None:
    """How a new worker grows over many tiny clips."""
    sizes_mb = sizes_in_turn_mb(options_of([f"num_videos={clips}", "render=draft", *TINY, *KEPT], f"{bench.folder}/memory"))
    first_mb, third_mb, last_mb = sizes_mb[0], sizes_mb[len(sizes_mb) // 3], sizes_mb[-1]
    print(f"memory of a worker: {first_mb:.0f} MB after its first clip, {third_mb:.0f} after a third of {clips}, {last_mb:.0f} after all")
    say("MB per 100 clips", [slope_mb(range(clips), sizes_mb)], below=10)


def slope_mb(made: Sequence[int], sizes_mb: Sequence[float]) -> float:
    """Growth in MB per 100 clips, by least squares, of what was measured after a third of the clips or later."""
    late = np.asarray(made) >= max(made) / 3
    return float(100 * np.polyfit(np.asarray(made)[late], np.asarray(sizes_mb)[late], 1)[0])


def sizes_in_turn_mb(options: GenerateOptions) -> list[float]:
    """Resident size of one worker after each clip."""
    with Crew() as crew, Dataset.open(options) as dataset:
        return [make_safely(index, options, dataset, crew).memory_mb for index in options.indices]


def options_of(overrides: Sequence[str], folder: str) -> GenerateOptions:
    """Options as the command line would have them, for a data set within a folder."""
    return LINE.composed(*overrides, f"out={folder}/set")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of everything, for a first look")
    parser.add_argument("--clips", type=int, default=5, help="clips to draw in each measurement; 0 leaves these out (default 5)")
    parser.add_argument("--render", default="standard", help="render preset (default standard)")
    parser.add_argument("--label-clips", type=int, default=60, help="clips made without pictures; 0 leaves them out (default 60)")
    parser.add_argument("--memory-clips", type=int, default=300, help="tiny clips to watch the memory over; 0 leaves it out (default 300)")
    parser.add_argument("--cycles-clips", type=int, default=2, help="scenes that Cycles draws frames of; 0 leaves it out (default 2)")
    arguments = parser.parse_args()
    if arguments.quick:
        for name in ("clips", "label_clips", "memory_clips", "cycles_clips"):
            setattr(arguments, name, -(-getattr(arguments, name) // 5))
    return arguments


if __name__ == "__main__":
    main()
