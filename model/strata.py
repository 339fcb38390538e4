"""Tests of one group of questions against the others of its kind: a hard template must not make its motions look bad.

Questions are compared inside strata (templates) alone. In each stratum, as many are taken to be right as are, and the group to be any
so many of them: what the group gets right then follows a hypergeometric distribution, and the sum over strata is known exactly
(Cochran 1954; Mantel and Haenszel 1959; the exact form after Birch 1964). Against a measure the same is asked of its covariance with
right answers (Mantel 1963, doi:10.1080/01621459.1963.10500879).

Questions of one scene may be right and wrong together. How much so is estimated once over all questions, as the correlation of
what is left of their answers after the mean of their stratum is taken off; the variance of a test grows by what that correlation
adds, and its p-value with it. It never shrinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, gammaln
from scipy.stats import norm

Array = np.ndarray
PRIOR_SD = 1.0  # of the log-odds of a stratum about those of all: strata in which all is right have no finite log-odds of their own
SLOPE_SD = 5.0  # of a slope: finite even where a measure parts right from wrong
STEPS = 50


@dataclass(frozen=True)
class Answers:
    """Right answers and what they share: ``right`` (question,) bool; ``strata`` and ``scenes`` (question,) integers from 0."""

    right: Array
    strata: Array
    scenes: Array

    @classmethod
    def of(cls, right: Sequence[bool], strata: Sequence[str], scenes: Sequence[str]) -> Answers:
        """From names of strata and scenes."""
        numbered = [np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)[1] for names in (strata, scenes)]
        return cls(np.asarray(right, bool), *numbered)

    @cached_property
    def sizes(self) -> Array:
        """``(stratum,)``: questions."""
        return np.bincount(self.strata)

    @cached_property
    def spread(self) -> Array:
        """``(question,)``: the standard deviation of an answer of the question's stratum."""
        share = self._means(self.right)
        return np.sqrt(share * (1 - share))

    @cached_property
    def correlation(self) -> float:
        """Of answers to two questions of one scene, 0 to 1."""
        pairs = self._over_pairs(self.spread)
        return float(np.clip(self._over_pairs(self.right - self._means(self.right)) / pairs, 0, 1)) if pairs > 1e-9 else 0.0

    def group(self, members: Array) -> float | None:
        """p, two-sided, that a group of questions ``(question,)`` bool differs from the others of its strata by chance alone.

        None where there is nothing to compare.
        """
        distribution, least = self._expected(members)
        if len(distribution) < 2:
            return None
        got = int(self.right[members].sum()) - least
        p = min(1.0, 2 * min(distribution[: got + 1].sum(), distribution[got:].sum()))
        return _weakened(p, self._growth(members.astype(float)))

    def trend(self, measure: Array) -> float | None:
        """p, two-sided, that right answers have nothing to do with a measure ``(question,)`` inside strata; None as in `group`."""
        rest = measure - self._means(measure)
        variance = self._variance(rest)
        if variance <= 1e-12:
            return None
        z = abs(float(rest @ self.right)) / np.sqrt(variance * self._growth(measure))
        return float(2 * norm.sf(z))

    def slope(self, measure: Array) -> float:
        """Change of the log-odds of a right answer per standard deviation of the measure, each stratum having log-odds of its own.

        Penalised maximum likelihood, by Newton's method.
        """
        columns = np.column_stack([_standardised(measure), np.ones(len(measure)), np.eye(len(self.sizes))[self.strata]])
        penalty = np.array([SLOPE_SD**-2, 1e-6, *np.full(len(self.sizes), PRIOR_SD**-2)])
        weights = np.zeros(columns.shape[1])
        for _ in range(STEPS):
            share = expit(columns @ weights)
            gradient = columns.T @ (self.right - share) - penalty * weights
            curvature = (columns * (share * (1 - share))[:, None]).T @ columns + np.diag(penalty)
            step = np.linalg.solve(curvature, gradient)
            weights += step / max(1.0, np.abs(step).max())  # far from the top of the hill a full step would leave it
            if np.abs(step).max() < 1e-8:
                break
        return float(weights[0])

    def better(self, members: Array) -> float:
        """By how many right answers a group is ahead of what its strata let expect; negative where it is behind."""
        return float((self.right - self._means(self.right))[members].sum())

    def others(self, members: Array) -> float | None:
        """The share right of the questions that a group is compared with, mixed of strata as the group is; None where there are none."""
        inside = np.bincount(self.strata[members], minlength=len(self.sizes))
        outside = self.sizes - inside
        right = np.bincount(self.strata, weights=self.right & ~members)
        weights = np.where(outside > 0, inside, 0)
        return float(weights @ (right / np.maximum(outside, 1)) / weights.sum()) if weights.any() else None

    def _means(self, values: Array) -> Array:
        """``(question,)``: the mean of a value over the question's stratum."""
        return (np.bincount(self.strata, weights=values) / self.sizes)[self.strata]

    def _variance(self, rest: Array) -> float:
        """Of the sum of ``rest`` over right answers, if right answers are dealt out inside strata by chance."""
        squares = np.bincount(self.strata, weights=rest**2)
        answers = np.bincount(self.strata, weights=self.spread**2)
        return float((squares * answers / np.maximum(self.sizes - 1, 1)).sum())

    def _growth(self, values: Array) -> float:
        """How much greater that variance is for questions that share scenes, 1 or more."""
        rest = values - self._means(values)
        shared = self.correlation * self._over_pairs(rest * self.spread)
        variance = self._variance(rest)
        return max(1.0, 1 + shared / variance) if variance > 1e-12 else 1.0

    def _over_pairs(self, values: Array) -> float:
        """The sum of products over all ordered pairs of different questions of one scene."""
        return float((np.bincount(self.scenes, weights=values) ** 2).sum() - (values**2).sum())

    def _expected(self, members: Array) -> tuple[Array, int]:
        """The distribution of how many of a group are right, and the number at which it begins."""
        in_group = np.bincount(self.strata[members], minlength=len(self.sizes))
        right = np.bincount(self.strata, weights=self.right).astype(int)
        distribution, least = np.ones(1), 0
        for size, hits, drawn in zip(self.sizes, right, in_group, strict=True):
            if drawn:
                least += max(0, drawn + hits - size)
                distribution = np.convolve(distribution, _hypergeometric(int(size), int(hits), int(drawn)))
        return distribution, least


def _hypergeometric(size: int, hits: int, drawn: int) -> Array:
    """The chances of each number of hits among those drawn, from the least possible to the most."""
    found = np.arange(max(0, drawn + hits - size), min(drawn, hits) + 1)
    log = _log_choose(hits, found) + _log_choose(size - hits, drawn - found) - _log_choose(size, np.array(drawn))
    return np.exp(log)


def _log_choose(n: int, k: Array) -> Array:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _weakened(p: float, growth: float) -> float:
    """p of a test whose variance is that many times as great as was thought."""
    return float(2 * norm.sf(norm.isf(p / 2) / np.sqrt(growth))) if growth > 1 else float(p)


def _standardised(values: Array) -> Array:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
