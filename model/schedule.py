"""What is learned when: the phases of a training, which lessons a step takes, and which clips a curriculum allows by then."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from model.dataset import FrameReader, Item
from model.glides import FEW
from model.lessons import GlideLessons, Lesson, Lessons, SlideLessons, StillLessons, VideoLessons
from model.options import DataOptions, OptimiserOptions, PhaseOptions, TrainOptions
from model.stills import View, views
from qa_templates.curriculum import Curriculum, read_curriculum
from scenes.types import require

Told = tuple[FrameReader, DataOptions, str, int]  # what all lessons are told: reader, options, reply, seed


@dataclass(frozen=True)
class Pool:
    """Which items lesson n may ask.

    Args:
        places: of the items of each stage and of the stages before it.
        ends: the share of all lessons at which each stage ends.
        lessons: how many there will be.
    """

    places: tuple[tuple[int, ...], ...]
    ends: tuple[float, ...]
    lessons: int

    def __call__(self, number: int) -> Sequence[int]:
        return self.places[min(bisect_right(self.ends, number / self.lessons), len(self.places) - 1)]


class Mixed(Lessons):
    """Lessons with a share of others evenly among them; each kind in its own order, none left out.

    Args:
        block: lessons that follow each other and are of one kind: a batch, where the kinds differ in their number of frames.
    """

    def __init__(self, lessons: Lessons, others: Lessons, share: float, block: int = 1) -> None:
        super().__init__(lessons.reader, lessons.data, lessons.reply, lessons.seed)
        self.lessons, self.others, self.share, self.block = lessons, others, share, block

    def __len__(self) -> int:
        return len(self.lessons)

    def __getitem__(self, n: int) -> Lesson:
        block, place = divmod(n, self.block)
        before, after = math.floor(block * self.share), math.floor((block + 1) * self.share)
        return self.others[before * self.block + place] if after > before else self.lessons[(block - before) * self.block + place]

    @property
    def texts(self) -> list[str]:
        return self.lessons.texts + self.others.texts


@dataclass(frozen=True)
class Phase:
    """Steps that learn from lessons of one kind, or of several that are mixed evenly.

    Args:
        name: ``stills``, ``glides``, ``slides`` or ``videos``.
        first, steps: of the whole training.
        lessons: lesson n is the same whoever asks for it.
        optimiser: its learning rate begins with the phase.
    """

    name: str
    first: int
    steps: int
    lessons: Lessons
    optimiser: OptimiserOptions

    @property
    def end(self) -> int:
        return self.first + self.steps

    def lr(self, step: int) -> float:
        """The learning rate of a step of the whole training."""
        return self.optimiser.lr * self.optimiser.lr_share(step - self.first)

    def rows(self, step: int, rank: int, ranks: int) -> Iterator[list[int]]:
        """From a step on, the lessons of each part of a batch that process ``rank`` learns from.

        All processes together take lessons ``n · batch_size`` to ``(n + 1) · batch_size`` in step n of the phase, however many they are.
        """
        of_part = self.optimiser.batch_size // (self.optimiser.accumulation * ranks)
        for number in range(step - self.first, self.steps):
            for part in range(self.optimiser.accumulation):
                begin = number * self.optimiser.batch_size + (part * ranks + rank) * of_part
                yield list(range(begin, begin + of_part))


def phases_of(options: TrainOptions, items: Sequence[Item], size_px: int) -> list[Phase]:
    """Stills, then glides, then slides, then videos with a share of the two among them; all but videos where they are asked for.

    Raises:
        ValueError: the items do not allow one of them, or the curriculum.
    """
    clips, k = options.clips, options.model.compressor.k
    told = (FrameReader(clips.frames(k), size_px, clips.cache_folder), clips, options.reply, options.seed)
    plans: list[tuple[str, Lessons, OptimiserOptions]] = []
    seen = views(items) if options.stills.steps or options.slides.steps else ()
    stills, few = None, k * math.ceil(FEW / k)
    if options.stills.steps:
        stills = StillLessons(seen, *told, questions=options.stills.questions, ahead=options.stills.ahead, items=items)
        plans.append((options.stills.name, stills, before_videos(options.stills, options.optimiser)))
    if options.glides.steps:
        glides: Lessons = GlideLessons(items, *told, questions=clips.questions_per_look, num_frames=few)
        if stills and options.glides.stills:  # what was learned before is soon forgotten
            glides = Mixed(glides, stills, options.glides.stills, options.glides.batch_size)
        plans.append((options.glides.name, glides, before_videos(options.glides, options.optimiser)))
    if options.slides.steps:
        slides = _made_of_frames(options, items, seen, told, few)
        plans.append((options.slides.name, slides, before_videos(options.slides, options.optimiser)))
    videos = VideoLessons(items, *told, pool=_pool(options, items))
    share = options.glides.share
    plans.append(("videos", Mixed(videos, _made_of_frames(options, items, seen, told), share) if share else videos, options.optimiser))
    ends = list(itertools.accumulate(optimiser.steps for *_, optimiser in plans))
    return [
        Phase(name, end - optimiser.steps, optimiser.steps, lessons, optimiser)
        for (name, lessons, optimiser), end in zip(plans, ends, strict=True)
    ]


def _made_of_frames(
    options: TrainOptions, items: Sequence[Item], seen: Sequence[View], told: Told, num_frames: int | None = None
) -> Lessons:
    """Camera moves made of single frames and, where these are learned at all, things that slide in them."""
    glides = GlideLessons(items, *told, questions=options.clips.questions_per_look, num_frames=num_frames)
    slides = options.slides
    return Mixed(glides, SlideLessons(seen, *told, num_frames=num_frames), slides.share) if slides.steps else glides


def require_even(phases: Sequence[Phase], ranks: int) -> None:
    """Raises ValueError unless the batches split into parts of the same size."""
    for phase in phases:
        size, parts = phase.optimiser.batch_size, phase.optimiser.accumulation * ranks
        key = "batch_size" if phase.name == "videos" else f"{phase.name}.batch_size"
        require(size % parts == 0, key, size, f"a multiple of {parts} (accumulation = {phase.optimiser.accumulation}, processes = {ranks})")


def before_videos(phase: PhaseOptions, optimiser: OptimiserOptions) -> OptimiserOptions:
    """That of the videos, at the steps, the batch and the learning rate of a phase before them; floor and warm-up keep their share."""
    parts = optimiser.accumulation
    require(phase.batch_size % parts == 0, f"{phase.name}.batch_size", phase.batch_size, f"a multiple of accumulation = {parts}")
    return replace(
        optimiser,
        steps=phase.steps,
        warm_up=optimiser.steps_of_warm_up * phase.steps // optimiser.steps,
        batch_size=phase.batch_size,
        lr=phase.lr,
        floor_lr=optimiser.floor * phase.lr,
    )


def follow(curriculum: Curriculum, items: Sequence[Item], lessons: int) -> Pool:
    """Which items lesson n of so many may ask: those of its stage and of all stages before, so that none is forgotten.

    It is followed by videos alone: stills, glides and slides take their frames from all clips, from the beginning.

    Raises:
        ValueError: no item was made for one of the stages.
    """
    names = [stage.name for stage in curriculum.stages]
    there = sorted({item.stage for item in items} - {""})
    known = ", ".join(there) or "they have none"
    for name in names:
        allowed = f"a stage that the data were made for ({known}): python -m generator curriculum=… makes such data"
        require(name in there, "curriculum stage", name, allowed)
    places = tuple(tuple(n for n, item in enumerate(items) if item.stage in names[: last + 1]) for last in range(len(names)))
    ends = list(itertools.accumulate(stage.share for stage in curriculum.stages))
    return Pool(places, tuple(end / ends[-1] for end in ends), lessons)


def _pool(options: TrainOptions, items: Sequence[Item]) -> Pool | None:
    if options.curriculum is None:
        return None
    looks = options.optimiser.steps * options.optimiser.batch_size
    return follow(read_curriculum(options.curriculum), items, looks - math.floor(looks * options.glides.share))
