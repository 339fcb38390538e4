"""Smooth curves and holds through keys: what avatar motions are drawn with."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from scipy.interpolate import PchipInterpolator

from scenes.avatars.hold import Hold
from scenes.geometry import Array


def curve(u: Array, *keys: tuple[float, float | Array]) -> Array:
    """Values at times ``(frame,)`` on a smooth curve through ``(time, value)`` keys, at rest before the first and after the last.

    It never leaves the range between two neighbouring keys, and rests between equal ones (Fritsch & Carlson 1980).
    """
    return _through(u, np.array([time for time, _ in keys]), np.array([value for _, value in keys]))


def keyed(u: Array, *keys: tuple[float, Hold]) -> Hold:
    """A hold at times ``(frame,)`` that passes through ``(time, hold of one frame)`` keys in the same manner."""
    times = np.array([time for time, _ in keys])
    return Hold(*(_through(u, times, np.concatenate([getattr(hold, each.name) for _, hold in keys])) for each in fields(Hold)))


def cycle(t_s: Array, duration_s: float, cycles: int) -> Array:
    """Progress 0 → 1 within each of equal cycles, at times ``(frame,)``; 0 at the very end, where all of them are done."""
    return np.mod(np.clip(t_s / duration_s, 0.0, 1.0) * cycles, 1.0)


def bump(u: Array, start: float = 0.0, end: float = 1.0) -> Array:
    """0 → 1 → 0 smoothly between two times, 0 outside."""
    return np.asarray(np.sin(np.pi * np.clip((u - start) / (end - start), 0.0, 1.0)) ** 2)


def _through(u: Array, times: Array, values: Array) -> Array:
    # a further equal key at either end makes the slopes there zero
    padded = np.concatenate([values[:1], values, values[-1:]])
    return np.asarray(PchipInterpolator(np.r_[times[0] - 1.0, times, times[-1] + 1.0], padded)(np.clip(u, times[0], times[-1])))
