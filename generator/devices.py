"""Which devices Cycles can draw with on this machine, how fast they are, and which of them a worker uses.

Cycles alone can be told where to draw. A worker on a machine with several GPUs gets one of them, by its place; a GPU that a scheduler
has hidden (``CUDA_VISIBLE_DEVICES`` and the like) stays hidden. GPUs are looked for in child processes, since drivers may crash.

Workbench and EEVEE draw by OpenGL, on the first device of the first driver that EGL finds: no variable gives each worker a GPU of its
own. What can be chosen is the driver, for all workers: ``__EGL_VENDOR_LIBRARY_FILENAMES=…/10_nvidia.json`` (NVIDIA's) or
``…/50_mesa.json`` (Mesa's; there ``DRI_PRIME=1`` takes the second GPU, and ``LIBGL_ALWAYS_SOFTWARE=1`` none). To have several GPUs draw
by OpenGL, start a shard for each, in a container or job that is given this GPU alone.
"""

from __future__ import annotations

import functools
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from generator.options import DEVICE, GenerateOptions, RenderOptions, there_is
from generator.specimens import Format, specimens
from generator.video import write_video
from generator.worker import WorkerDied, apart
from scenes.solve import solve
from scenes.types import SceneSpec, Trajectories, require

VISIBLE = {  # variables that say which GPUs of a kind a process sees; the first that is set counts
    "optix": ("CUDA_VISIBLE_DEVICES",),
    "cuda": ("CUDA_VISIBLE_DEVICES",),
    "hip": ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"),
    "metal": (),  # a Mac shows all of its GPUs, and rarely has more than one
    "oneapi": ("ONEAPI_DEVICE_SELECTOR",),
}
LEVEL_ZERO = "level_zero:"  # how that last variable's lists begin
LISTING_S = 120.0
GPU_TRIAL_S = 400.0  # a kernel that the driver has not yet compiled for its GPU takes minutes, once
TRIAL_EVENT, TRIAL_SIZE, TRIAL_FRAMES = "push", Format(256, 256, 24.0), 4  # the film that shows which kind is the fastest
log = logging.getLogger(__name__)
_choosing = threading.Lock()


@dataclass(frozen=True)
class Choice:
    """What draws a run's frames on this machine: ``cpu``, or a kind of GPU and how many there are of it."""

    device: str
    gpus: int = 0


@dataclass(frozen=True)
class Film:
    """What it took to draw and encode some frames.

    Args:
        seconds: of each frame; those of the first hold all that has to be loaded and built before it.
        sizes_bytes: of each frame in the video; the first is whole, the others say what changes.
    """

    seconds: tuple[float, ...]
    sizes_bytes: tuple[int, ...]

    @property
    def seconds_per_frame(self) -> float:
        """The mean of all but the first: others may be drawn several at once."""
        return float(np.mean(self.seconds[1:]))

    def size_bytes(self, frames: float) -> float:
        """About how large a video of so many frames is."""
        return self.sizes_bytes[0] + (frames - 1) * float(np.mean(self.sizes_bytes[1:]))


def drawing_gpus(options: GenerateOptions) -> int:
    """How many GPUs draw a run's frames by Cycles; 0 where the CPU does, or another engine. Raises ValueError as `chosen` does."""
    return chosen(options.render.device).gpus if options.render.engine == "cycles" else 0


def pinned(options: GenerateOptions, place: int) -> dict[str, str]:
    """What the worker at a place finds in its environment: which kind of device draws, and the one GPU of it that it sees.

    Where there are more places than GPUs, they share. Raises ValueError as `chosen` does.
    """
    if options.render.engine != "cycles":
        return {}
    choice = chosen(options.render.device)
    return {DEVICE: choice.device, **narrowed(choice, place, os.environ)}


def narrowed(choice: Choice, place: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The variable by which a process sees the GPU of a place alone, out of those that ``environment`` shows.

    None where there are fewer than two, nor where the variable is no list of them: all places then see what it says.
    """
    names = VISIBLE[choice.device] if choice.gpus > 1 else ()
    if not names:
        return {}
    told = next((environment[name] for name in names if environment.get(name)), "")
    prefix = LEVEL_ZERO if choice.device == "oneapi" else ""
    if told and not told.startswith(prefix):
        return {}
    seen = told.removeprefix(prefix).split(",") if told else [str(number) for number in range(choice.gpus)]
    return {names[0]: prefix + seen[place % min(choice.gpus, len(seen))].strip()}


def chosen(device: str) -> Choice:
    """What a ``render.device`` comes to on this machine; it is found out once in a process.

    Raises:
        ValueError: there is no such device here; names those that there are.
    """
    with _choosing:
        return _choice(device)


@functools.cache
def _choice(device: str) -> Choice:
    if device == "cpu":
        return Choice("cpu")
    found = gpus()
    require(device == "auto" or device in found, "render.device", device, there_is(found))
    kind = _fastest(found) if device == "auto" else device
    return Choice(kind, len(found.get(kind, ())))


@functools.cache
def gpus() -> Mapping[str, tuple[str, ...]]:
    """Names of the GPUs that Cycles can draw with, by kind; asked once in a process, and of another one."""
    try:
        return apart({}, LISTING_S, _gpus_here)
    except WorkerDied as death:
        log.warning("no GPU is used: the process that looked for them: %s", death)
        return {}


def _gpus_here() -> dict[str, tuple[str, ...]]:
    from generator import blender  # bpy belongs in worker processes

    return blender.gpus()


def _fastest(found: Mapping[str, Sequence[str]]) -> str:
    """The kind that draws a small film the fastest, where there are several; the CPU where none of these draws."""
    if len(found) < 2:
        return next(iter(found), "cpu")
    spec = specimens("events", TRIAL_EVENT, TRIAL_SIZE)[0].spec
    paths, pace_s = solve(spec), dict[str, float]()
    for kind, names in found.items():
        environment = narrowed(Choice(kind, len(names)), 0, os.environ)
        render = RenderOptions("cycles", supersampling=1.0, device=kind)
        try:
            film = apart(environment, GPU_TRIAL_S, film_some, spec, paths, render, TRIAL_FRAMES, GPU_TRIAL_S)
            pace_s[kind] = film.seconds_per_frame
        except (WorkerDied, RuntimeError, ValueError) as error:
            log.warning("render.device=%s does not draw: %s", kind, error)
    return min(pace_s, key=pace_s.__getitem__, default="cpu")


def film_some(spec: SceneSpec, paths: Trajectories, render: RenderOptions, most: int, budget_s: float) -> Film:
    """Draw and encode the first frames of a scene, in this process: two, and up to ``most`` as long as they begin within ``budget_s``.

    Raises:
        ValueError, RuntimeError: as `generator.blender.render` does.
    """
    from generator import blender

    seconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="film-") as folder:
        film = Path(folder, "film.mp4")
        frames = _timed(blender.render(spec, paths, render), seconds, most, budget_s)
        write_video(film, frames, paths.fps, render.crf, render.preset)
        with av.open(str(film)) as video:
            return Film(tuple(seconds), tuple(packet.size for packet in video.demux(video=0) if packet.size))


def _timed(frames: Iterator[np.ndarray], seconds: list[float], most: int, budget_s: float) -> Iterator[np.ndarray]:
    """Some of the frames; adds how long each took until the next was asked for."""
    began_s = last_s = time.perf_counter()
    for frame in frames:
        yield frame
        now_s = time.perf_counter()
        seconds.append(now_s - last_s)
        last_s = now_s
        if len(seconds) >= (2 if now_s - began_s > budget_s else most):
            return
