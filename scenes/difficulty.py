"""Difficulty as axes: what makes a clip hard, each alone from 0 (plain) to 1 (hard), and what the staging makes of it.

None of it depends on an answer: an axis moves what is drawn for every answer alike. At `USUAL` every axis stands where
a plain data set has it.

axis         at 0                      at 1
speed        actions take their time   actions are as quick as they naturally get
amplitude    large motions             small ones
count        numbers from 1 to 4       the four highest numbers
distractors  none                      two to four objects that no question speaks of
concurrent   distractors rest          each distractor moves, where the script allows it
camera       it stands still           it moves in each clip whose script leaves it to the staging
occlusion    next to no overlap        objects are placed before one another, as far as the occlusion options allow
size         large on screen           objects smaller, the lens wider: a third of the usual area
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from scenes.types import require

USUAL = 0.3


@dataclass(frozen=True)
class Axes:
    """The axes that are set apart from the rest, each 0 to 1; None follows the overall difficulty."""

    speed: float | None = None
    amplitude: float | None = None
    count: float | None = None
    distractors: float | None = None
    concurrent: float | None = None
    camera: float | None = None
    occlusion: float | None = None
    size: float | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            require(value is None or 0 <= value <= 1, f"scene.axes.{each.name}", value, "0 to 1, or null to follow difficulty")

    def at(self, difficulty: float) -> Difficulty:
        """Every axis: as it is set, else at the overall difficulty."""
        return Difficulty(**{name: difficulty if value is None else value for name, value in vars(self).items()})


@dataclass(frozen=True)
class Difficulty:
    """Where each axis stands, 0 (plain) to 1 (hard)."""

    speed: float = USUAL
    amplitude: float = USUAL
    count: float = USUAL
    distractors: float = USUAL
    concurrent: float = USUAL
    camera: float = USUAL
    occlusion: float = USUAL
    size: float = USUAL

    @property
    def tempo(self) -> tuple[float, float]:
        """The part of the way from an action's shortest duration to its longest in which its duration is drawn."""
        return _between(self.speed, (0.6, 0.0, 0.0)), _between(self.speed, (1.0, 1.0, 0.2))

    def numbers(self, highest: int) -> range:
        """The numbers that may be asked for, at least four: the lower ones where plain, all as a rule, the higher ones where hard.

        The same numbers may be answers and wrong options, so that a high one is no hint.
        """
        spare = highest - 4
        return range(1 + round(_between(self.count, (0, 0, spare))), 5 + round(_between(self.count, (0, spare, spare))))

    @property
    def num_distractors(self) -> tuple[int, int]:
        """The fewest and the most objects that no question speaks of."""
        return round(_between(self.distractors, (0, 0, 2))), round(_between(self.distractors, (0, 2, 4)))

    @property
    def moving_share(self) -> float:
        """Of distractors that may move, those that do."""
        return _between(self.concurrent, (0.0, 0.6, 1.0))

    @property
    def camera_share(self) -> float:
        """Of clips whose script leaves the camera to the staging, those in which it moves."""
        return self.camera

    @property
    def max_overlap(self) -> float:
        """The part of the time in which one object may stand behind another, as the camera sees them."""
        return _between(self.occlusion, (0.1, 0.25, 1.0))

    @property
    def hiding_share(self) -> float:
        """Of objects, those that are placed before or behind another on purpose."""
        return _between(self.occlusion, (0.0, 0.0, 1.0))

    @property
    def size_factor(self) -> float:
        """Of objects, against their usual size."""
        return _between(self.size, (1.1, 1.0, 0.75))


def _between(level: float, values: Sequence[float]) -> float:
    """The value at a level, where it is given at 0, at the usual level and at 1."""
    return float(np.interp(level, (0.0, USUAL, 1.0), values))
