"""Which way an object faces is seen only if it has a front: the export knows the yaw of a ball, but no one sees it.

A shape has no front if it looks the same after a quarter turn, only an axis if it does after half a turn, and no upper side if it
looks the same tipped over by a quarter turn.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from scenes import shapes
from scenes.bodies import is_avatar
from scenes.geometry import Array
from scenes.patterns import plain

Front = Literal["front", "axis", "none"]
ALIKE = 0.1  # of the size: corners as near as that to those of the turned shape leave it looking the same


@cache
def front(shape: str) -> Front:
    """What of its heading can be seen. An avatar has a front, and so has a shape that is not known."""
    if is_avatar(shape) or shape not in shapes.SHAPES:
        return "front"
    if _looks_alike(shape, "z", 90):
        return "none"
    return "axis" if _looks_alike(shape, "z", 180) else "front"


@cache
def has_upper_side(shape: str) -> bool:
    """Whether it can be seen that it has been tipped over."""
    return is_avatar(shape) or shape not in shapes.SHAPES or not _looks_alike(shape, "x", 90)


def _looks_alike(shape: str, axis: str, angle_deg: float) -> bool:
    corners, paint = _corners(shape)
    turned = Rotation.from_euler(axis, angle_deg, degrees=True).apply(corners)
    far, _ = cKDTree(np.column_stack([corners, paint])).query(np.column_stack([turned, paint]))
    return bool(far.max() < ALIKE)


def _corners(shape: str) -> tuple[Array, Array]:
    """``(corner, 3)`` each: corners at size 1, and the colour of the surface that they are of, so that like goes with like."""
    surfaces = shapes.surfaces(shape, 1.0, plain((1.0, 0.0, 0.0)), "red")
    corners = [np.asarray(surface.mesh.vertices) for surface in surfaces]
    paint = [np.tile(surface.pattern.colours[0], (len(part), 1)) for surface, part in zip(surfaces, corners, strict=True)]
    return np.concatenate(corners), np.concatenate(paint)
