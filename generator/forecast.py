"""How fast this machine is, and how long a run will take on it: engines and labels are tried in child processes, a little of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from generator.dataset import Dataset
from generator.devices import GPU_TRIAL_S, Film, chosen, drawing_gpus, film_some, gpus
from generator.farm import cores, environment, workers_of
from generator.machine import GIGABYTE
from generator.options import WHOLE, FarmOptions, GenerateOptions, RenderOptions
from generator.pipeline import attempt_clip, expected_frames
from generator.records import load_spec, load_trajectories
from generator.worker import WorkerDied, apart, failure_of
from scenes.types import SceneSpec, Trajectories

PRESETS = (RenderOptions("workbench"), RenderOptions("eevee", supersampling=1.0), RenderOptions("cycles", supersampling=1.0))
FRAMES = 24  # of an engine's trial, at most
BUDGET_S = 15.0  # after which no further frame is begun
CHOSEN_LIMIT_S, OTHER_LIMIT_S = 60.0, 30.0  # of a trial
LEAST_LABEL_CLIPS, MOST_LABEL_CLIPS, LABELS_BUDGET_S, LABELS_LIMIT_S = 3, 9, 12.0, 600.0
LENGTHS = 40  # clips whose lengths are looked at


@dataclass(frozen=True)
class Labels:
    """What it took to make the labels of some clips.

    Args:
        seconds, size_bytes: of a clip, on average.
        frames: of a clip of this configuration, on average.
        example: index of one that was made, which is on disk.
    """

    seconds: float
    size_bytes: float
    frames: float
    example: int


@dataclass(frozen=True)
class Trial:
    """What came of an engine: its film, or why there is none.

    Args:
        too_slow_s: where the time was up before two frames were drawn: how long that was; else 0.
    """

    render: RenderOptions
    film: Film | None = None
    failure: str = ""
    too_slow_s: float = 0.0

    @property
    def name(self) -> str:
        return f"cycles on {self.render.device}" if self.render.engine == "cycles" else self.render.engine


@dataclass(frozen=True)
class Forecast:
    """What a run will take, which makes as many ``clips`` as are not there yet."""

    clips: int
    workers: int
    seconds: float
    size_gb: float


def make_labels(options: GenerateOptions, folder: Path) -> Labels:
    """Make the labels of the first clips in an empty folder.

    Raises:
        RuntimeError: none could be made; says why.
        WorkerDied: the process that tried is gone.
    """
    return apart(environment(options, 0), LABELS_LIMIT_S, _make_labels, _labels_alone(options, folder))


def _labels_alone(options: GenerateOptions, folder: Path) -> GenerateOptions:
    """The same clips, without their pictures, in another folder."""
    render = replace(options.render, engine="none")
    return replace(options, out=str(folder), shard=WHOLE, render=render, farm=FarmOptions(min_free_mb=0))


def _make_labels(options: GenerateOptions) -> Labels:
    """The same in this process. The first clip, for which everything is loaded, is left out of the mean."""
    made, seconds, failure = list[int](), list[float](), ""
    began_s = time.perf_counter()
    with Dataset.open(options) as dataset:
        for index in _sample(options, MOST_LABEL_CLIPS):
            start_s = time.perf_counter()
            report = attempt_clip(index, options, dataset)
            seconds.append(time.perf_counter() - start_s)
            if report.status == "written":
                made.append(index)
            else:
                failure = report.message
            if len(seconds) >= LEAST_LABEL_CLIPS and time.perf_counter() - began_s > LABELS_BUDGET_S:
                break
        if not made:
            raise RuntimeError(failure)
        folders = (dataset.root / name for name in ("annotations", "trajectories", *dataset.layers))
        size_bytes = sum(path.stat().st_size for folder in folders for path in folder.iterdir())
        lengths = [frames for index in _sample(options, LENGTHS) if (frames := expected_frames(index, options))]
        lengths = lengths or [load_spec(dataset.files(made[0]).annotation).timeline.num_frames]  # where the first take was none
    return Labels(float(np.mean(seconds[1:] or seconds)), size_bytes / len(made), float(np.mean(lengths)), made[0])


def _sample(options: GenerateOptions, most: int) -> range:
    return range(most) if options.only is None else options.indices


def renders_to_try(options: GenerateOptions) -> Iterator[RenderOptions]:
    """Every engine, and cycles on every device: the one that is asked for as it is asked for, the others as their presets draw."""
    for preset in PRESETS:
        is_asked_for = preset.engine == options.render.engine
        render = options.render if is_asked_for else replace(preset, crf=options.render.crf, preset=options.render.preset)
        yield from (replace(render, device=device) for device in (("cpu", *gpus()) if render.engine == "cycles" else ("auto",)))


def is_chosen(render: RenderOptions, options: GenerateOptions) -> bool:
    """Whether this is what the run would draw with here. Raises ValueError where the machine has no such device."""
    if render.engine != options.render.engine:
        return False
    return render.engine != "cycles" or render.device == chosen(options.render.device).device


def example(labels: Labels, folder: Path) -> tuple[SceneSpec, Trajectories]:
    """The clip of ``folder`` that was made for an example."""
    files = Dataset.of(folder).files(labels.example)
    return load_spec(files.annotation), load_trajectories(files.trajectories)


def try_engine(render: RenderOptions, options: GenerateOptions, spec: SceneSpec, paths: Trajectories) -> Trial:
    """Film the beginning of a clip."""
    limit_s = CHOSEN_LIMIT_S if is_chosen(render, options) else OTHER_LIMIT_S
    if render.engine == "cycles" and render.device != "cpu":
        limit_s = GPU_TRIAL_S
    began_s = time.perf_counter()
    try:
        around = environment(replace(options, render=render), 0)
        return Trial(render, apart(around, limit_s, film_some, spec, paths, render, FRAMES, BUDGET_S))
    except Exception as error:  # whatever Blender or a driver raises
        is_up = isinstance(error, WorkerDied) and time.perf_counter() - began_s >= limit_s
        return Trial(render, failure=failure_of(error, "drew"), too_slow_s=limit_s if is_up else 0.0)


def forecast(options: GenerateOptions, labels: Labels, film: Film | None) -> Forecast:
    """What the clips that are not there yet will take with the workers of this machine.

    Args:
        film: by the engine of the options; None for labels alone.
    """
    dataset = Dataset(Path(options.out).expanduser(), options.seed, options.split, options.renders, layers=options.annotations)
    clips = len(options.indices if options.only is not None else dataset.missing(options.indices))
    workers = max(workers_of(options), 1)
    at_once = max(1, min(workers, clips, cores() // options.farm.threads))
    drawing = min(at_once, drawing_gpus(options) or at_once)
    drawn_s = 0.0 if film is None else labels.frames * film.seconds_per_frame
    video_bytes = 0.0 if film is None else film.size_bytes(labels.frames)
    seconds = clips * (labels.seconds / at_once + drawn_s / drawing)
    return Forecast(clips, workers, seconds, clips * (labels.size_bytes + video_bytes) / GIGABYTE)
