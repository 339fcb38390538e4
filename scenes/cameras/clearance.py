"""Where a camera may go, so that no move takes it through the floor, the objects or a landmark.

The region lies within the camera's ground that every environment keeps empty (`scenes.environments.environment`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scenes.geometry import Array

STAGE_CENTRE_M = np.array([0.0, 0.0, 0.7])
LOWEST_M = 0.45
NEAREST_M = 3.0
FARTHEST_M = 11.8
WIDEST_RAD = math.radians(74)
STEEPEST_RAD = math.radians(56)


def clear_share(way_m: Callable[[Array], Array]) -> float:
    """How much of a way may be gone: 1 if all of it is clear, else nine tenths of what is.

    A camera that starts outside the region may not go further out, but may go back in.

    Args:
        way_m: maps shares of the way ``(step,)``, from 0 to 1, to positions ``(step, 3)``.
    """
    shares = np.linspace(0.0, 1.0, 101)
    excess = np.maximum(_excess(way_m(shares)), 0.0)
    blocked = np.flatnonzero(np.any(excess > excess[0] + 1e-9, axis=-1))
    return 1.0 if not len(blocked) else 0.9 * float(shares[blocked[0] - 1])


def is_clear(position_m: Array) -> bool:
    """Whether a camera may stand at ``(3,)``."""
    return bool(np.all(_excess(position_m[None]) <= 0))


def _excess(position_m: Array) -> Array:
    """``(step, bound)``: by how much each bound is overstepped, positive outside."""
    x, y, z = position_m.T
    offset = position_m - STAGE_CENTRE_M
    distance = np.linalg.norm(offset, axis=-1)
    bounds = (
        LOWEST_M - z,
        NEAREST_M - distance,
        np.hypot(x, y) - FARTHEST_M,
        np.abs(np.arctan2(x, -y)) - WIDEST_RAD,
        np.arcsin(np.clip(offset[:, 2] / np.maximum(distance, 1e-9), -1.0, 1.0)) - STEEPEST_RAD,
    )
    return np.stack(bounds, axis=-1)
