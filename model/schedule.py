"""What is learned when: the phases of a training, which lessons a step takes, and which clips a curriculum allows by then."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from model.dataset import Item
from model.lessons import Lessons
from model.options import OptimiserOptions, StillOptions
from qa_templates.curriculum import Curriculum
from scenes.types import require


@dataclass(frozen=True)
class Pool:
    """Which items lesson n may ask.

    Args:
        places: of the items of each stage and of the stages before it.
        ends: the share of all lessons at which each stage ends.
    """

    places: tuple[tuple[int, ...], ...]
    ends: tuple[float, ...]
    batch_size: int
    steps: int

    def __call__(self, number: int) -> Sequence[int]:
        done = number // self.batch_size / self.steps
        return self.places[min(bisect_right(self.ends, done), len(self.places) - 1)]


@dataclass(frozen=True)
class Phase:
    """Steps that learn from one kind of lesson, with a learning rate of their own.

    Args:
        first: of its steps, counted over the whole training.
        lessons: lesson n is the same whoever asks for it.
    """

    name: str
    first: int
    optimiser: OptimiserOptions
    lessons: Lessons

    @property
    def end(self) -> int:
        return self.first + self.optimiser.steps

    def lr(self, step: int) -> float:
        """The learning rate of a step of the whole training."""
        return self.optimiser.lr * self.optimiser.lr_share(step - self.first)

    def rows(self, step: int, rank: int, ranks: int) -> Iterator[list[int]]:
        """From a step on, the lessons of each part of a batch that process ``rank`` learns from.

        All processes together take lessons ``n · batch_size`` to ``(n + 1) · batch_size`` in step n, however many they are.
        """
        of_part = self.optimiser.batch_size // (self.optimiser.accumulation * ranks)
        for number in range(step - self.first, self.optimiser.steps):
            for part in range(self.optimiser.accumulation):
                begin = number * self.optimiser.batch_size + (part * ranks + rank) * of_part
                yield list(range(begin, begin + of_part))


def require_even(phases: Sequence[Phase], ranks: int) -> None:
    """Raises ValueError unless the batches split into parts of the same size."""
    for phase in phases:
        size, parts = phase.optimiser.batch_size, phase.optimiser.accumulation * ranks
        key = "batch_size" if phase.name == "videos" else f"{phase.name}.batch_size"
        require(size % parts == 0, key, size, f"a multiple of {parts} (accumulation = {phase.optimiser.accumulation}, processes = {ranks})")


def stills_optimiser(stills: StillOptions, optimiser: OptimiserOptions) -> OptimiserOptions:
    """That of the videos, at the steps, the batch and the learning rate of the stills; its floor and warm-up keep their share."""
    require(
        stills.batch_size % optimiser.accumulation == 0,
        "stills.batch_size",
        stills.batch_size,
        f"a multiple of accumulation = {optimiser.accumulation}",
    )
    return replace(
        optimiser,
        steps=stills.steps,
        warm_up=optimiser.steps_of_warm_up * stills.steps // optimiser.steps,
        batch_size=stills.batch_size,
        lr=stills.lr,
        floor_lr=optimiser.floor * stills.lr,
    )


def follow(curriculum: Curriculum, items: Sequence[Item], optimiser: OptimiserOptions) -> Pool:
    """Which items lesson n may ask: those of the stage that its step belongs to, and of all stages before, so that none is forgotten.

    Raises:
        ValueError: no item was made for one of the stages.
    """
    missing = [stage.name for stage in curriculum.stages if not any(item.stage == stage.name for item in items)]
    there = sorted({item.stage for item in items} - {""})
    require(
        not missing,
        "curriculum stage",
        missing and missing[0],
        f"a stage that the data were made for ({', '.join(there) or 'they have none'}): python -m generator curriculum=… makes such data",
    )
    names = [stage.name for stage in curriculum.stages]
    places = tuple(tuple(n for n, item in enumerate(items) if item.stage in names[: last + 1]) for last in range(len(names)))
    ends = list(itertools.accumulate(stage.share for stage in curriculum.stages))
    return Pool(places, tuple(end / ends[-1] for end in ends), optimiser.batch_size, optimiser.steps)
