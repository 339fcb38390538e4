"""What one frame shows of each object, from the exported state: an upper bound on what can be seen in a still picture.

Nothing in here knows the frame before or after. Positions are those in the picture, directions are relative to the camera, and
limbs are relative to the body, as a viewer would see them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generator.audit import fronts
from scenes import geometry
from scenes.geometry import Array
from scenes.types import Trajectories

STEPS = {  # the columns of Glimpses.states, and the least difference in each that could be seen
    "right": 0.002,  # of the middle of the picture, in widths
    "down": 0.002,  # in heights
    "size": 0.01,  # logarithm of the width in widths of the picture
    "depth": 0.01,  # logarithm of metres from the camera
    "height": 0.01,  # metres from the floor to the underside
    "faces_right": 0.02,
    "faces_viewer": 0.02,
    "upright": 0.02,
    "leans_right": 0.02,
    "leans_away": 0.02,
    "visible": 0.01,  # the visible fraction
    "gap": 0.01,  # logarithm of metres to the nearest other centre
}
STATE = tuple(STEPS)
TILT = ("upright", "leans_right", "leans_away")
DIRECTION_STEP = 0.02  # of the parts of a direction, of length 1: about a degree
LIMBS = 16  # limbs whose directions are told; no avatar has more
POSTURE = 3 * LIMBS  # columns of Glimpses.postures
LAYOUT = 10  # columns of Glimpses.layout
LAYOUT_STEP = 0.005
LEAST_VISIBLE = 0.02
FARTHEST = 1.5  # widths from the middle at which what is outside the picture is said to be


@dataclass(frozen=True)
class Glimpses:
    """Some frames of a clip, each by itself.

    ``states (frame, object, STATE)``; ``postures (frame, object, any)`` the limbs or the outline of each object; ``layout
    (frame, any)`` how the picture as a whole is made up.
    """

    states: Array
    postures: Array
    layout: Array

    def at(self, frames: list[int]) -> Glimpses:
        """Those frames alone."""
        return Glimpses(self.states[frames], self.postures[frames], self.layout[frames])


def from_export(paths: Trajectories, frames: np.ndarray, visible: Array, shapes: Sequence[str]) -> Glimpses:
    """Glimpses of a clip at ``frames (frame,)`` from its trajectories.

    Args:
        visible: ``(frame, object)``, the visible fraction of each object.
        shapes: of each object.

    Of what is not visible nothing is told: neither what is outside the picture nor what is hidden can be seen to be somewhere.
    """
    right, _, forward = geometry.camera_axes(paths.camera_quaternion_wxyz[frames])
    shown = (visible > LEAST_VISIBLE)[..., None]
    states = _told_by_shape(_states(paths, frames, right, forward), shapes)
    states[..., STATE.index("visible")] = visible
    states = _seen(states * shown, np.array(list(STEPS.values())))
    postures = _seen(_postures(paths, frames) * shown, DIRECTION_STEP)
    return Glimpses(states, postures, _seen(_layout(paths, frames, states, right, forward), LAYOUT_STEP))


def _seen(values: Array, step: Array | float) -> Array:
    """Values to the step that can be seen: the twelfth digit may tell what no one sees."""
    return np.asarray(np.round(values / step) * step) + 0.0


def _told_by_shape(states: Array, shapes: Sequence[str]) -> Array:
    """States without the heading of what has no front, and without the tilt of what has no upper side."""
    facing, tilt = [STATE.index("faces_right"), STATE.index("faces_viewer")], [STATE.index(way) for way in TILT]
    for column, shape in enumerate(shapes):
        if fronts.front(shape) == "none":
            states[:, column, facing] = 0.0
        elif fronts.front(shape) == "axis":
            states[:, column, facing] *= np.where(states[:, column, facing[0]] < 0, -1.0, 1.0)[:, None]
        if not fronts.has_upper_side(shape):
            states[:, column, tilt] = 0.0
    return states


def _states(paths: Trajectories, frames: np.ndarray, right: Array, forward: Array) -> Array:
    """``(frame, object, STATE)``; ``right`` and ``forward`` are the camera's, ``(frame, 3)``."""
    position = paths.position_m[:, frames].swapaxes(0, 1)
    orientation = geometry.rotation(paths.quaternion_wxyz[:, frames].swapaxes(0, 1)).as_matrix()
    extent = paths.extent_m * paths.scale[:, frames].T[..., None]
    depth = np.maximum(_along(position - paths.camera_position_m[frames][:, None], forward), 0.1)
    place = _place(paths, frames)
    level = _level(forward)
    size = paths.focal_px[frames][:, None] * extent.max(axis=-1) / depth / paths.width_px
    ahead, up = orientation[..., 0], orientation[..., 2]
    columns = {
        "right": place[..., 0],
        "down": place[..., 1],
        "size": np.log(np.maximum(size, 1e-3)),
        "depth": np.log(depth),
        "height": position[..., 2] - extent[..., 2] / 2,
        "faces_right": _along(ahead, np.cross(level, (0.0, 0.0, 1.0))),
        "faces_viewer": -_along(ahead, level),
        "upright": up[..., 2],
        "leans_right": _along(up, right),
        "leans_away": _along(up, level),
        "visible": np.ones(depth.shape),
        "gap": np.log1p(_gaps(position)),
    }
    return np.stack([columns[name] for name in STATE], axis=-1)


def _along(vectors: Array, direction: Array) -> Array:
    """``(frame, object)``: the part of ``vectors (frame, object, 3)`` along ``direction (frame, 3)``."""
    return np.asarray(np.einsum("fox,fx->fo", vectors, direction))


def _place(paths: Trajectories, frames: np.ndarray) -> Array:
    """``(frame, object, 2)``: right and down of the middle of the picture, in widths and heights."""
    centre = paths.centre_px[:, frames].swapaxes(0, 1) / (paths.width_px, paths.height_px) - 0.5
    return np.clip(np.nan_to_num(centre, nan=FARTHEST), -FARTHEST, FARTHEST)


def _level(forward: Array) -> Array:
    """The horizontal part of directions ``(frame, 3)``, of length 1."""
    flat = forward * (1.0, 1.0, 0.0)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=-1, keepdims=True), 1e-6))


def _gaps(position: Array) -> Array:
    """``(frame, object)``: metres from each centre to the nearest other; 0 where there is none."""
    count = position.shape[1]
    if count < 2:
        return np.zeros(position.shape[:2])
    apart = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1)
    apart[:, np.arange(count), np.arange(count)] = np.inf
    return np.asarray(apart.min(axis=-1))


def _postures(paths: Trajectories, frames: np.ndarray) -> Array:
    """``(frame, object, POSTURE)``: where each limb points, in the frame of the body that it belongs to."""
    postures = np.zeros((len(frames), len(paths.names), LIMBS, 3))
    for row, name in enumerate(paths.names):
        limbs = [limb for limb, whole in enumerate(paths.limb_names) if whole.startswith(f"{name}/")][:LIMBS]
        body = geometry.rotation(paths.quaternion_wxyz[row, frames]).inv()
        for column, limb in enumerate(limbs):
            down = geometry.rotation(paths.limb_quaternion_wxyz[limb, frames]).apply((0.0, 0.0, -1.0))
            postures[:, row, column] = body.apply(down)
    return postures.reshape(len(frames), len(paths.names), POSTURE)


def _layout(paths: Trajectories, frames: np.ndarray, states: Array, right: Array, forward: Array) -> Array:
    """``(frame, LAYOUT)``: how the camera stands, and how the objects lie in the picture."""
    place, size, visible = states[..., :2], states[..., STATE.index("size")], states[..., STATE.index("visible")]
    camera = [forward[:, 2], right[:, 2], np.log(paths.focal_length_mm[frames]), paths.camera_position_m[frames, 2]]
    return np.column_stack([*camera, place.mean(axis=1), place.std(axis=1), size.mean(axis=1), visible.sum(axis=1)])
