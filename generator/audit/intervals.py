"""Accuracies with what chance gives and an interval, resampled by scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.geometry import Array

RESAMPLES = 20_000
BEYOND = 50  # resamples that lie beyond each end of an interval, at least


@dataclass(frozen=True)
class Score:
    """How often a guesser is right, of ``n`` questions; ``low`` to ``high`` is the interval of that share."""

    n: int
    accuracy: float
    chance: float
    low: float
    high: float


def score(
    right: Sequence[float] | Array, chance: Sequence[float] | Array, scenes: Sequence[str], rng: np.random.Generator, level: float = 0.95
) -> Score:
    """Accuracy of some answers with an interval, by a bootstrap over scenes.

    Args:
        right: 1 where the answer is right, ``(question,)``.
        chance: what chance gives for each question.
        scenes: of each question; questions of one scene are drawn together.
        level: of the interval.

    Raises:
        ValueError: there are no answers.
    """
    correct, expected = np.asarray(right, float), np.asarray(chance, float)
    if not len(correct):
        raise ValueError("no answers to score")
    low, high = interval(correct, scenes, rng, level)
    return Score(len(correct), float(correct.mean()), float(expected.mean()), low, high)


def interval(values: Array, scenes: Sequence[str], rng: np.random.Generator, level: float = 0.95) -> tuple[float, float]:
    """The interval of a mean of zeros and ones, by a Bayesian bootstrap over scenes (Rubin 1981).

    Every resample weighs the scenes anew, and with them half a right and half a wrong answer (Jeffreys' prior). Where each scene has
    one question that is Jeffreys' interval, which keeps its level with few answers, and where all are alike, as a plain bootstrap does
    not (Brown, Cai & DasGupta 2001). Scenes alike in questions and right answers share a gamma variate: the sum of their weights.
    """
    _, group = np.unique(np.asarray(scenes), return_inverse=True)
    kinds, counts = np.unique(np.column_stack([np.bincount(group, weights=values), np.bincount(group)]), axis=0, return_counts=True)
    tail = (1 - level) / 2
    weights = rng.gamma(np.append(counts, (0.5, 0.5)), size=(max(RESAMPLES, math.ceil(BEYOND / tail)), len(counts) + 2))
    typical = kinds[:, 1] @ counts / counts.sum()
    right, asked = np.append(kinds[:, 0], (typical, 0.0)), np.append(kinds[:, 1], (typical, typical))
    low, high = np.quantile((weights @ right) / (weights @ asked), (tail, 1 - tail))
    return float(low), float(high)
