"""What a model fails on: the figures that the probe finds, as plain dataclasses that its page and its JSON show. No torch in here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cattrs

from conf.atomic import write_atomically
from model.dataset import Question


@dataclass(frozen=True)
class Slice:
    """Questions that share one value of a factor.

    Args:
        factor, value: as in motion = spin, camera move = pan left, template = count_cycles.
        n, right: questions, and those answered rightly.
        low, high: Wilson's 95 % interval of the share right.
        chance: of a guess, over these questions.
        p: that the share right differs from that of the other questions of the same types by chance alone; None where not tested.
        q: p, corrected for all slices tested (Benjamini–Hochberg).
        fails: whether it is worse than the others at q < .05, or no better than chance; see `slices`.
        others: share right of those other questions, mixed of the types as this slice is; None where there are none.
        shown: of these questions, those that could be seen at the rate at which frames were shown, and how many of those were answered
            rightly; None where that is not known.
    """

    factor: str
    value: str
    n: int
    right: int
    low: float
    high: float
    chance: float
    p: float | None = None
    q: float | None = None
    fails: bool = False
    others: float | None = None
    shown: tuple[int, int] | None = None

    @property
    def accuracy(self) -> float:
        return self.right / self.n if self.n else float("nan")


@dataclass(frozen=True)
class Bin:
    """Questions whose measure lies from ``start`` to ``end``; ``n``, ``right``, ``low``, ``high`` as in `Slice`."""

    start: float
    end: float
    n: int
    right: int
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """The share right against a measure.

    Args:
        factor: as in speed, amplitude, count, occlusion, size, required_fps.
        unit: of the measure.
        slope: change of the log-odds of a right answer per standard deviation of the measure, with ``p``, and ``q`` after correction.
    """

    factor: str
    unit: str
    bins: tuple[Bin, ...]
    slope: float
    p: float
    q: float


@dataclass(frozen=True)
class Confusion:
    """What was said in place of what: ``counts[i][j]`` questions whose right answer is ``labels[i]`` got ``labels[j]``.

    ``offered[i][j]`` says how often that could have been said, as it was among the options.
    """

    name: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    offered: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Counting:
    """Signed errors of counts: said − right. ``by_right[count]`` is (n, right, mean error)."""

    n: int
    mean_error: float
    low: float
    high: float
    errors: Mapping[int, int]
    by_right: Mapping[int, tuple[int, int, float]]


@dataclass(frozen=True)
class Case(Question):
    """A question that the model failed, with what is needed to look at it.

    Args:
        margin: log-probability of what it said over that of the right option; None where these are not known.
        seen: whether the frames shown came often enough to see the answer (required_fps); None where that is not known.
        command: that renders the clip again, or "" where the data set does not tell.
    """

    said: str | None
    margin: float | None
    seen: bool | None
    video: str
    command: str
    factors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """All of it.

    Args:
        about: what was probed: model, data set, frames shown and the like, for the head of the page.
        overall: all questions, under factor "all".
        by_type: MotionBench's six types.
        slices: of every other factor, worst first.
        seen: two slices, factor "could be seen": "yes" and "no" (shown at a lower rate than required_fps), where frames are known.
    """

    about: Mapping[str, Any]
    overall: Slice
    by_type: tuple[Slice, ...]
    slices: tuple[Slice, ...]
    seen: tuple[Slice, ...]
    curves: tuple[Curve, ...]
    confusions: tuple[Confusion, ...]
    counting: Counting | None
    worst: tuple[Case, ...]


CONVERTER = cattrs.Converter(detailed_validation=False)


def write_profile(profile: Profile, path: str | Path) -> None:
    """Write a profile as JSON."""
    text = json.dumps(CONVERTER.unstructure(profile), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(Path(path), text + "\n")


def read_profile(path: str | Path) -> Profile:
    """The profile that `write_profile` wrote. Raises ValueError when the file is none."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise ValueError(f"profile = {str(path)!r} is not there: give the profile.json that python -m model.probe wrote")
    try:
        return CONVERTER.structure(json.loads(path.read_text(encoding="utf-8")), Profile)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"profile = {str(path)!r} is no profile ({type(error).__name__}: {error}): probe the model again") from error
