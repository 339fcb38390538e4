"""How often answers are right, and how sure that is: intervals by scene, circular evaluation, pairs, and tests of many slices at once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from model.dataset import Item
from model.predictions import Prediction
from qa_templates.question import QUESTION_TYPES
from scenes.types import require

Z_95 = 1.959963984540054  # of a standard normal, two-sided 95 %
ABBREVIATIONS = dict(zip(QUESTION_TYPES, ("MR", "LM", "CM", "MO", "AO", "RC"), strict=True))  # MotionBench's
ALL = "all"
RESAMPLES = 2000
COUNTED_AT_ONCE = 4_000_000  # draws of a scene: 32 MB


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, where answers do not depend on each other; (0, 1) where there are none.

    Wilson (1927), doi:10.1080/01621459.1927.10502953.
    """
    require(0 <= right <= n, "right", right, f"0 to n = {n}")
    if n == 0:
        return 0.0, 1.0
    share, spread = right / n, Z_95**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z_95 * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return (0.0 if right == 0 else middle - half), (1.0 if right == n else middle + half)


def benjamini_hochberg(p_values: Sequence[float]) -> np.ndarray:
    """``(test,)``: the smallest false discovery rate at which each test would count as a finding.

    Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    p = np.asarray(p_values, float)
    require(bool(np.all((p >= 0) & (p <= 1))), "p_values", p_values, "numbers from 0 to 1")
    return np.asarray(stats.false_discovery_control(p), float)


@dataclass(frozen=True)
class Mark:
    """What one question (or one pair of them) earned.

    Args:
        name: the uid of the question, or of both.
        question_type, scene: as in `Item`.
        right: 1 or 0, or the mean over several ways of asking.
        answered: whether what was said could be read.
        chance: that a guess is right.
    """

    name: str
    question_type: str
    scene: str
    right: float
    answered: bool
    chance: float


@dataclass(frozen=True)
class Figure:
    """The share right of some questions.

    Args:
        n, scenes: questions (or pairs), and the scenes that they are about.
        accuracy, low, high: their mean, with its 95 % interval by scene.
        chance: of a guess.
        answered: the share of them with an answer that could be read; the others count as wrong.
    """

    n: int
    scenes: int
    accuracy: float
    low: float
    high: float
    chance: float
    answered: float


def marks(items: Iterable[Item], predictions: Mapping[str, Prediction]) -> list[Mark]:
    """Of every question whose answer is known; one without a prediction is unanswered, which is wrong."""
    return [_mark(item, [predictions.get(item.uid)], np.mean, 1) for item in items if item.has_answer]


def circular_marks(items: Iterable[Item], predictions: Iterable[Prediction], condition: str = "video") -> tuple[list[Mark], list[Mark]]:
    """Each question asked once for every rotation of its options (MMBench, arXiv 2307.06281).

    Returns:
        right only if right every time, and the mean over the rotations. Of questions that were asked every time.
    """
    asked: defaultdict[str, dict[tuple[int, ...], Prediction]] = defaultdict(dict)
    for each in predictions:
        if each.condition == condition:
            asked[each.uid][each.order] = each
    whole = [(item, _rotations(item, asked[item.uid])) for item in items if item.has_answer]
    told = [(item, each) for item, each in whole if each]
    return [_mark(item, each, min, len(each)) for item, each in told], [_mark(item, each, np.mean, 1) for item, each in told]


def pair_marks(items: Iterable[Item], predictions: Mapping[str, Prediction]) -> list[Mark]:
    """Twins: the same question about two clips of one scene, right only if both are. A model that does not look gets none of them."""
    return [
        _both(_mark(one, [predictions.get(one.uid)], min, 1), _mark(two, [predictions.get(two.uid)], min, 1)) for one, two in pairs(items)
    ]


def pairs(items: Iterable[Item]) -> Iterator[tuple[Item, Item]]:
    """The same question with the same options about two clips of one scene, with different answers: what ``pairs.jsonl`` lists.

    Twins are asked other questions as well, which happen to be of one template; those are no pairs.
    """
    kin: defaultdict[tuple[object, ...], list[Item]] = defaultdict(list)
    for item in items:
        if item.template and item.has_answer:
            kin[item.scene, item.template, item.text, item.options].append(item)
    for alike in kin.values():
        if len(alike) == 2 and alike[0].key != alike[1].key and alike[0].answer != alike[1].answer:
            yield alike[0], alike[1]


def _rotations(item: Item, asked: Mapping[tuple[int, ...], Prediction]) -> list[Prediction]:
    """The answers to each rotation, or none where one is missing."""
    places = range(len(item.options))
    orders = [tuple(np.roll(places, -shift).tolist()) for shift in places]
    return [asked[order] for order in orders] if all(order in asked for order in orders) else []


def _mark(item: Item, said: Sequence[Prediction | None], together: Callable[[list[bool]], float], times: int) -> Mark:
    letters = [each.letter if each else None for each in said]
    right = float(together([letter == item.answer for letter in letters]))
    chance = max(1, len(item.options)) ** -times
    return Mark(item.uid, item.question_type, item.scene, right, None not in letters, chance)


def _both(one: Mark, two: Mark) -> Mark:
    right, answered = one.right * two.right, one.answered and two.answered
    return Mark(f"{one.name}+{two.name}", one.question_type, one.scene, right, answered, one.chance * two.chance)


@dataclass(frozen=True)
class Tally:
    """Marks as arrays ``(question,)``, each with its place in `scenes` and in `columns`."""

    told: Sequence[Mark]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The question types there are, in MotionBench's order, and all of them together."""
        here = dict.fromkeys(mark.question_type for mark in self.told)
        return (*(kind for kind in QUESTION_TYPES if kind in here), *(kind for kind in here if kind not in QUESTION_TYPES), ALL)

    @cached_property
    def right(self) -> np.ndarray:
        return np.array([mark.right for mark in self.told], float)

    @cached_property
    def members(self) -> np.ndarray:
        """``(question, column)``: 1 where the question counts."""
        kinds = np.array([self.columns.index(mark.question_type) for mark in self.told], int)
        return (kinds[:, None] == np.arange(len(self.columns))) | (np.arange(len(self.columns)) == len(self.columns) - 1)

    @cached_property
    def scenes(self) -> np.ndarray:
        """``(question,)``: the number of each question's scene."""
        return np.unique([mark.scene for mark in self.told], return_inverse=True)[1].reshape(-1)

    def by_scene(self, values: np.ndarray) -> np.ndarray:
        """``(question, column)`` → ``(scene, column)``: sums."""
        sums = np.zeros((self.scenes.max(initial=-1) + 1, values.shape[1]))
        np.add.at(sums, self.scenes, values)
        return sums


def figures(told: Sequence[Mark], rng: np.random.Generator, resamples: int = RESAMPLES) -> dict[str, Figure]:
    """The share right of each question type, and of all, with 95 % intervals by a bootstrap over scenes.

    Questions of one scene (of one clip, or of twins) are drawn together, for their answers depend on each other. Where every draw would
    give the same, see `interval`. With fewer than about twenty scenes it is too narrow.
    """
    tally = Tally(told)
    if not told:
        return {ALL: Figure(0, 0, math.nan, 0.0, 1.0, math.nan, math.nan)}
    right, here = tally.by_scene(tally.members * tally.right[:, None]), tally.by_scene(tally.members)
    drawn = bootstrap(right, here, rng, resamples)
    chance, answered = (np.array([getattr(mark, name) for mark in told], float) for name in ("chance", "answered"))
    found = {}
    for place, column in enumerate(tally.columns):
        member, scenes, share = tally.members[:, place], int((here[:, place] > 0).sum()), right[:, place].sum() / here[:, place].sum()
        ends = interval(right[:, place], here[:, place], (drawn[0][place], drawn[1][place]), least=0.0)
        means = [float(each) for each in (share, *ends, chance[member].mean(), answered[member].mean())]
        found[column] = Figure(int(member.sum()), scenes, *means)
    return found


def interval(sums: np.ndarray, weights: np.ndarray, drawn: tuple[float, float], least: float) -> tuple[float, float]:
    """The interval of a mean: the one drawn by `bootstrap`, unless all scenes are alike, when every draw gives the mean itself.

    Then it says how far the mean would be off if so many scenes as Wilson's bound allows were as different as can be; where all or
    none are right, this is Wilson's interval for so many scenes. One scene says nothing of others.

    Args:
        sums, weights: ``(scene,)``; those without weight do not count.
        drawn: what the bootstrap gave.
        least: the mean may be from here to 1.
    """
    here = weights > 0
    means = sums[here] / weights[here]
    if len(means) == 1:
        return least, 1.0
    if np.ptp(means) > 1e-12:
        return drawn
    mean, unseen = float(means[0]), wilson(0, len(means))[1]
    return mean - unseen * (mean - least), mean + unseen * (1 - mean)


def bootstrap(sums: np.ndarray, weights: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile intervals of ``sums.sum(0) / weights.sum(0)``, scenes drawn with replacement.

    Args:
        sums, weights: ``(scene, column)``.

    Returns:
        the lower and the upper ends, ``(column,)``.
    """
    scenes, parts, left = len(sums), [], resamples
    while left:
        count = min(left, max(1, COUNTED_AT_ONCE // scenes))
        drawn = rng.integers(scenes, size=(count, scenes)) + scenes * np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * scenes).reshape(count, scenes).astype(float)
        with np.errstate(invalid="ignore"):  # a draw may miss a column
            parts.append((times @ sums) / (times @ weights))
        left -= count
    low, high = np.nanpercentile(np.concatenate(parts), [2.5, 97.5], axis=0)
    return low, high


def difference(one: Sequence[Mark], other: Sequence[Mark], rng: np.random.Generator, resamples: int = RESAMPLES) -> dict[str, Figure]:
    """How much more often ``one`` is right than ``other``, on the questions that both were asked: scenes are drawn for both at once.

    ``accuracy``, ``low`` and ``high`` of each figure are the gain, −1 to 1; it is not chance where 0 is not between the last two.
    """
    others = {mark.name: mark for mark in other}
    shared = [(mark, others[mark.name]) for mark in one if mark.name in others]
    require(bool(shared), "other", [mark.name for mark in other[:3]], "answers to the same questions")
    tally = Tally([mark for mark, _ in shared])
    gain = np.array([mark.right - before.right for mark, before in shared])
    sums, here = tally.by_scene(tally.members * gain[:, None]), tally.by_scene(tally.members)
    drawn = bootstrap(sums, here, rng, resamples)
    mean, counts, scenes = sums.sum(0) / here.sum(0), here.sum(0), (here > 0).sum(0)
    found = {}
    for place, column in enumerate(tally.columns):
        low, high = interval(sums[:, place], here[:, place], (drawn[0][place], drawn[1][place]), least=-1.0)
        found[column] = Figure(int(counts[place]), int(scenes[place]), float(mean[place]), float(low), float(high), 0.0, 1.0)
    return found
