"""Where a model is worse than elsewhere: slices by every factor, curves against every measure, confusions and errors of counting.

A slice is compared with the other questions of its own templates (`model.strata`), so that a hard template does not make its motions
look bad; a template with the others of its type, a type with the other types. The tests of all slices are corrected together
(Benjamini–Hochberg), and so are those of all curves.

A slice **fails** if

- it is worse than the others at q < .05; or
- it is no better than chance: at least 30 questions, chance within its 95 % interval or above, and a share right at most ten points
  above chance. (The interval alone would blame small slices that nothing but their number keeps from being told from chance.)

Wilson's intervals take questions as independent, which those of one scene are not quite; the tests allow for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from model.accuracy import Z_95, benjamini_hochberg, wilson
from model.dataset import LETTERS
from model.factors import NONE, UNITS, Factors
from model.predictions import Prediction
from model.profile import Bin, Case, Confusion, Counting, Curve, Profile, Slice
from model.strata import Answers
from qa_templates.directions import DIRECTIONS
from qa_templates.observation import camera_keys
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS

LISTED = 5  # questions; smaller slices say nothing
WHOLE = ("question type", "template")  # of these all are listed: a curriculum speaks of each
TESTED = 10
ENOUGH, NEAR = 30, 0.1  # questions, and how far above chance, of a slice that is called no better than it
CURVED = 60
PER_BIN = 25
MOST_BINS = 8
WORST = 48
WORST_PER_TEMPLATE = 4
LEVEL = 0.05


@dataclass(frozen=True)
class Answered:
    """A question with its factors, and what a model said to it."""

    factors: Factors
    prediction: Prediction

    @property
    def right(self) -> bool:
        return self.prediction.letter == self.factors.answer

    @property
    def chance(self) -> float:
        return 1 / len(self.factors.options)

    @property
    def said(self) -> int | None:
        """The place of the option chosen."""
        letter = self.prediction.letter
        place = LETTERS.find(letter) if letter else -1
        return place if 0 <= place < len(self.factors.options) else None

    @property
    def could_be_seen(self) -> bool | None:
        """Whether frames were shown as often as the evidence needs; None where that is not known."""
        shown, required = self.prediction.fps, self.factors.required_fps
        return shown >= required if shown > 0 and required is not None else None

    @property
    def margin(self) -> float | None:
        """Log-probability of what was said over that of what is right."""
        logs, said = self.prediction.log_probs, self.said
        return logs[said] - logs[LETTERS.index(self.factors.answer)] if logs and said is not None else None


Rows = Sequence[Answered]
Key = Callable[[Answered], Iterable[str]]


def profile_of(rows: Rows, about: Mapping[str, object]) -> Profile:
    """All that is found out from a model's answers."""
    types, others, seen = _tested(rows)
    overall = _slice("all", "all", rows)
    return Profile(
        about=about,
        overall=replace(overall, fails=_at_chance(overall)),
        by_type=tuple(types),
        slices=tuple(sorted(others, key=lambda each: (not each.fails, each.q is None, each.high, each.factor, each.value))),
        seen=tuple(seen),
        curves=tuple(curves(rows)),
        confusions=tuple(confusions(rows)),
        counting=counting(rows),
        worst=tuple(worst(rows)),
    )


def _tested(rows: Rows) -> tuple[list[Slice], list[Slice], list[Slice]]:
    """Slices by type, by all other factors, and by what could be seen; tested each for itself, corrected together."""
    everywhere, by_type, by_template = (_answers(rows, of) for of in (lambda _: "", lambda row: row.question_type, lambda row: row.stratum))
    types = list(_slices("question type", lambda row: [row.factors.question_type], rows, everywhere))
    templates = list(_slices("template", lambda row: [row.factors.template] if row.factors.template else [], rows, by_type))
    factors = sorted({name for row in rows for name in row.factors.classes})
    others = [each for name in factors for each in _slices(name, _values(name), rows, by_template)]
    seen = list(_slices("could be seen", _seen, rows, by_template))
    judged = iter(_judged([*types, *templates, *others, *seen]))
    return tuple([next(judged) for _ in part] for part in (types, [*templates, *others], seen))  # type: ignore[return-value]


def _answers(rows: Rows, stratum: Callable[[Factors], str]) -> Answers:
    return Answers.of([row.right for row in rows], [stratum(row.factors) for row in rows], [row.factors.scene for row in rows])


def _values(factor: str) -> Key:
    return lambda row: row.factors.classes.get(factor, ())


def _seen(row: Answered) -> list[str]:
    return [] if row.could_be_seen is None else ["yes" if row.could_be_seen else "no"]


def _slices(factor: str, of: Key, rows: Rows, answers: Answers) -> Iterator[Slice]:
    """The slices by one factor, with their p-values, by name."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        for value in of(row):
            places.setdefault(value, []).append(place)
    for value, found in sorted(places.items()):
        if len(found) >= LISTED or factor in WHOLE:
            members = np.zeros(len(rows), bool)
            members[found] = True
            p = answers.group(members) if len(found) >= TESTED else None
            worse = p is not None and answers.better(members) < 0
            yield replace(_slice(factor, value, [rows[place] for place in found]), p=p, fails=worse, others=answers.others(members))


def _slice(factor: str, value: str, rows: Rows) -> Slice:
    right = sum(row.right for row in rows)
    chance = sum(row.chance for row in rows) / max(1, len(rows))
    return Slice(factor, value, len(rows), right, *wilson(right, len(rows)), chance, shown=_shown(rows))


def _shown(rows: Rows) -> tuple[int, int] | None:
    if all(row.could_be_seen is None for row in rows):
        return None
    shown = [row.right for row in rows if row.could_be_seen is not False]
    return len(shown), sum(shown)


def _judged(slices: Sequence[Slice]) -> list[Slice]:
    """With q-values, and the verdict; until now ``fails`` says on which side of the others a slice is."""
    tested = [each.p for each in slices if each.p is not None]
    q_values = iter(benjamini_hochberg(tested).tolist())
    with_q = [replace(each, q=None if each.p is None else next(q_values)) for each in slices]
    return [replace(each, fails=(each.fails and each.q is not None and each.q < LEVEL) or _at_chance(each)) for each in with_q]


def _at_chance(each: Slice) -> bool:
    return each.n >= ENOUGH and each.low <= each.chance and each.accuracy <= each.chance + NEAR


def curves(rows: Rows) -> list[Curve]:
    """The share right against each measure that enough questions have."""
    found = []
    for name in UNITS:
        measured = [row for row in rows if name in row.factors.measures]
        values = np.array([row.factors.measures[name] for row in measured])
        answers = _answers(measured, lambda row: row.stratum) if len(measured) >= CURVED else None
        p = answers.trend(_tamed(values)) if answers else None
        if answers and p is not None:
            found.append(Curve(name, UNITS[name], _bins(values, answers.right), answers.slope(_tamed(values)), p, 1.0))
    q_values = benjamini_hochberg([curve.p for curve in found])
    return [replace(curve, q=float(q)) for curve, q in zip(found, q_values, strict=True)]


def _tamed(values: np.ndarray) -> np.ndarray:
    """Without the weight of a few extreme ones: what is beyond the 98th percentile is put there."""
    return np.minimum(values, np.quantile(values, 0.98))


def _bins(values: np.ndarray, right: np.ndarray) -> tuple[Bin, ...]:
    """Bins of about equal numbers of questions, no value in two of them."""
    number = int(np.clip(len(values) // PER_BIN, 2, MOST_BINS))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, number + 1), method="inverted_cdf"))
    place = np.searchsorted(edges[1:-1], values, side="left")  # a value on an edge belongs below it
    return tuple(_bin(values[place == each], right[place == each]) for each in np.unique(place))


def _bin(values: np.ndarray, right: np.ndarray) -> Bin:
    return Bin(float(values.min()), float(values.max()), len(values), int(right.sum()), *wilson(int(right.sum()), len(values)))


FAMILIES: Mapping[str, Callable[[], Iterable[str]]] = {
    "motions": lambda: MOTIONS,
    "avatar motions": lambda: AVATAR_MOTIONS,
    "camera moves": camera_keys,
    "events": lambda: EVENTS,
    "directions": lambda: DIRECTIONS,
}
"""Kinds of options that are confused with each other: how they are called, and which there are."""


def confusions(rows: Rows) -> list[Confusion]:
    """One for each family, from the questions all of whose options belong to it."""
    found = [_confusion(name, {key.replace("_", " ") for key in members()}, rows) for name, members in FAMILIES.items()]
    return [each for each in found if each is not None]


def _confusion(name: str, family: set[str], rows: Rows) -> Confusion | None:
    asked = [row for row in rows if _speaks_of(row.factors, family, name)]
    used = {label for row in asked for label in row.factors.labels}
    labels = (*sorted(used - {NONE}), *([NONE] if NONE in used else []))
    place = {label: number for number, label in enumerate(labels)}
    counts, offered = np.zeros((2, len(labels), len(labels)), int)
    for row in asked:
        options = row.factors.labels
        right = place[options[LETTERS.index(row.factors.answer)]]
        offered[right, [place[label] for label in options]] += 1
        if row.said is not None:
            counts[right, place[options[row.said]]] += 1
    return Confusion(name, labels, *(tuple(map(tuple, each.tolist())) for each in (counts, offered))) if asked else None


def _speaks_of(factors: Factors, family: set[str], name: str) -> bool:
    """Camera moves and motions of objects share some names: which is meant follows from the type of the question."""
    kinds = set(factors.labels) - {NONE}
    return bool(kinds) and kinds <= family and (name == "camera moves") == (factors.question_type == "Camera Motion")


def counting(rows: Rows) -> Counting | None:
    """Signed errors of counting, where both what is right and what was said are numbers; the interval allows for shared scenes."""
    found = [(row.factors.scene, right, said) for row in rows if (told := _numbers(row)) for right, said in [told]]
    if not found:
        return None
    errors = np.array([said - right for _, right, said in found], float)
    half = Z_95 * _standard_error(errors, [scene for scene, *_ in found])
    by_right = {}
    for right, group in groupby(sorted(found, key=lambda each: each[1]), key=lambda each: each[1]):
        said = [each for _, _, each in group]
        by_right[right] = (len(said), said.count(right), float(np.mean(said)) - right)
    mean = float(errors.mean())
    return Counting(len(found), mean, mean - half, mean + half, dict(sorted(Counter(errors.astype(int).tolist()).items())), by_right)


def _numbers(row: Answered) -> tuple[int, int] | None:
    """The right number and the one said."""
    counts = row.factors.counts
    if counts is None or row.said is None or counts[row.said] < 0:
        return None
    truth = int(row.factors.truth) if row.factors.truth.isdigit() else counts[LETTERS.index(row.factors.answer)]
    return (truth, counts[row.said]) if truth >= 0 else None


def _standard_error(values: np.ndarray, scenes: Sequence[str]) -> float:
    """Of the mean of values that come in scenes."""
    if len(values) < 2:
        return 0.0
    sums = np.bincount(np.unique(scenes, return_inverse=True)[1], weights=values - values.mean())
    return float(np.sqrt((sums**2).sum()) / len(values))


def worst(rows: Rows) -> list[Case]:
    """Questions answered wrongly, the surest first, a few of each template; what could not be seen comes last."""
    wrong = [row for row in rows if not row.right]
    ordered = sorted(wrong, key=lambda row: (row.could_be_seen is False, -(row.margin or 0.0), row.factors.uid))
    kept: Counter[str] = Counter()
    cases = []
    for row in ordered:
        kept[row.factors.stratum] += 1
        if kept[row.factors.stratum] <= WORST_PER_TEMPLATE:
            cases.append(_case(row))
    return cases[:WORST]


def _case(row: Answered) -> Case:
    told = row.factors
    return Case(
        told.uid,
        told.key,
        told.question_type,
        told.template,
        told.text,
        told.options,
        told.answer,
        row.prediction.letter,
        row.margin,
        row.could_be_seen,
        told.video,
        told.command,
        {name: ", ".join(values) for name, values in told.classes.items() if values} | dict(told.measures),
    )
