"""Pace: how progress along a way goes with time. Speeds are given at knots, and progress is their exact integral."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import BSpline, make_interp_spline

from scenes.geometry import Array

# Share of the duration → speed, linear between. All start and stop at rest, and stop no more abruptly than they must,
# so that it is the way between that tells them apart.
PACES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "even": ((0.0, 0.0), (0.1, 1.0), (0.9, 1.0), (1.0, 0.0)),
    "faster": ((0.0, 0.0), (0.1, 0.1), (0.5, 0.35), (0.92, 1.0), (1.0, 0.0)),
    "slower": ((0.0, 0.0), (0.08, 1.0), (0.5, 0.35), (0.9, 0.1), (1.0, 0.0)),
    "lull": ((0.0, 0.0), (0.1, 1.0), (0.3, 1.0), (0.42, 0.06), (0.58, 0.06), (0.7, 1.0), (0.9, 1.0), (1.0, 0.0)),
}
REVERSED = {"even": "even", "faster": "slower", "slower": "faster", "lull": "lull"}


def progress(pace: str, u: ArrayLike) -> Array:
    """Progress 0 → 1 for time 0 → 1 at one of `PACES`, clamped outside. Raises KeyError for another name."""
    way = _way(pace)
    return np.asarray(way(np.clip(np.asarray(u, float), 0.0, 1.0)) / way(1.0), float)


@cache
def _way(pace: str) -> BSpline:
    u, speed = zip(*PACES[pace], strict=True)
    return make_interp_spline(u, speed, k=1).antiderivative()


def pace_of(way: Array) -> tuple[str | None, float]:
    """The pace at which a way is covered, and how far it is from being taken for another, in shares of the way.

    Args:
        way: ``(frame,)`` the length of the way so far, from rest to rest.

    Returns:
        None where it is none of them, as a way that is eased at both ends.
    """
    u, done = np.linspace(0.0, 1.0, len(way)), (way - way[0]) / (way[-1] - way[0])
    third, half, two_thirds = np.interp((1 / 3, 1 / 2, 2 / 3), u, done)
    late, middle = float(1.0 - half), float(two_thirds - third)
    if abs(late - 0.5) > 0.09:
        return ("faster" if late > 0.5 else "slower"), abs(late - 0.5) - 0.09
    if abs(late - 0.5) > 0.05:
        return None, 0.0
    found = "lull" if middle < 0.25 else "even" if 0.3 < middle < 0.45 else None
    return found, {"lull": 0.25 - middle, "even": min(middle - 0.3, 0.45 - middle)}.get(found or "", 0.0)
