"""Rotations, look-at and projection on top of scipy's ``Rotation``.

World: right-handed, z up, metres. Camera: looks along its −z, its +y is up in the picture, +x right.
Quaternions are wxyz. Pixels: x right, y down, the origin at the upper left corner of the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]
IDENTITY_WXYZ = np.array([1.0, 0.0, 0.0, 0.0])


def rotation(quaternion_wxyz: ArrayLike) -> Rotation:
    """scipy's Rotation of quaternions ``(..., 4)``, wxyz."""
    return Rotation.from_quat(np.asarray(quaternion_wxyz, float), scalar_first=True)


def wxyz(rotations: Rotation) -> Array:
    """Quaternions wxyz of a Rotation, neighbours in the same hemisphere so that they can be interpolated."""
    quaternions = rotations.as_quat(scalar_first=True)
    return quaternions if quaternions.ndim == 1 else unbroken(quaternions)


def unbroken(quaternions: Array) -> Array:
    """Quaternions ``(..., frame, 4)``, of the same rotations, with neighbours in the same hemisphere."""
    flips = np.where(np.sum(quaternions[..., 1:, :] * quaternions[..., :-1, :], axis=-1) < 0, -1.0, 1.0)
    unbroken = quaternions.copy()
    unbroken[..., 1:, :] *= np.cumprod(flips, axis=-1)[..., None]
    return unbroken


def about(axis: ArrayLike, angle_rad: ArrayLike) -> Rotation:
    """Rotation about a fixed axis by each angle of ``(frame,)`` (or by one angle)."""
    direction = np.asarray(axis, float) / np.linalg.norm(axis)
    return Rotation.from_rotvec(np.multiply.outer(np.asarray(angle_rad, float), direction))


def yaw(angle_rad: ArrayLike) -> Rotation:
    """Rotation about the world's vertical; positive is counter-clockwise seen from above."""
    return about((0.0, 0.0, 1.0), angle_rad)


def look_at(position_m: ArrayLike, target_m: ArrayLike) -> Rotation:
    """The upright orientation of cameras at ``(..., 3)`` that look at ``target_m``.

    Raises:
        ValueError: a camera stands on its target, or straight above or below it.
    """
    forward = np.asarray(target_m, float) - np.asarray(position_m, float)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    if np.any(np.linalg.norm(right, axis=-1) < 1e-9):
        raise ValueError("a camera straight above, below or on its target has no upright orientation; move it aside")
    right = right / np.linalg.norm(right, axis=-1, keepdims=True)
    back = -forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    return Rotation.from_matrix(np.stack([right, np.cross(back, right), back], axis=-1))


def camera_axes(quaternion_wxyz: ArrayLike) -> tuple[Array, Array, Array]:
    """Unit vectors right, up and forward of cameras ``(..., 4)``, each ``(..., 3)``."""
    matrix = rotation(quaternion_wxyz).as_matrix()
    return matrix[..., 0], matrix[..., 1], -matrix[..., 2]


def focal_px(focal_length_mm: ArrayLike, sensor_width_mm: float, width_px: int) -> Array:
    """Focal length in pixels; the sensor's width always spans the picture's width."""
    return np.asarray(focal_length_mm, float) * (width_px / sensor_width_mm)


def project(
    points_m: ArrayLike,
    camera_position_m: ArrayLike,
    camera_quaternion_wxyz: ArrayLike,
    focal: ArrayLike,
    width_px: int,
    height_px: int,
) -> tuple[Array, Array]:
    """Pinhole projection, frame by frame.

    Args:
        points_m: ``(frame, ..., 3)`` world points; cameras ``(frame, 3)`` and ``(frame, 4)``; ``focal`` ``(frame,)`` in pixels.

    Returns:
        Pixels ``(frame, ..., 2)`` and depths ``(frame, ...)`` along the optical axis. Points behind the camera have
        a depth ≤ 0 and pixels without meaning.
    """
    points = np.asarray(points_m, float)
    extra = (1,) * (points.ndim - 2)
    frames = len(points)
    axes = [axis.reshape(frames, *extra, 3) for axis in camera_axes(camera_quaternion_wxyz)]
    offset = points - np.asarray(camera_position_m, float).reshape(frames, *extra, 3)
    right, up, depth = (np.sum(offset * axis, axis=-1) for axis in axes)
    scale = np.asarray(focal, float).reshape(frames, *extra) / np.where(depth > 1e-9, depth, 1e-9)
    pixels = np.stack([width_px / 2 + scale * right, height_px / 2 - scale * up], axis=-1)
    return pixels, depth


def ease(u: ArrayLike) -> Array:
    """Minimum-jerk progress 0 → 1 for time 0 → 1 (Flash & Hogan 1985), clamped outside."""
    x = np.clip(np.asarray(u, float), 0.0, 1.0)
    return np.asarray(x**3 * (10 - 15 * x + 6 * x**2), float)
