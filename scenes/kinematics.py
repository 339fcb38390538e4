"""What can be measured of an object's path, without knowing what was meant by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import find_peaks

from scenes import geometry
from scenes.geometry import Array
from scenes.types import Pose

STILL = 1e-6  # metres, radians or scale per frame below which an object rests; trajectories are exact, so any will do
TURN = 2 * np.pi


@dataclass(frozen=True)
class Kinematics:
    """Measures of a stretch of trajectory, the same wherever in the world and in whatever direction it happens.

    Rotations are taken from the first frame, in world axes, so that the orientation in which a body starts does not
    matter either. `path_turns`, `laps` and `yaw_turns` are signed, counter-clockwise positive seen from above: a
    mirror image flips them and leaves all else as it is.

    Args:
        duration_s: from the first frame to the last.
        displacement_m: net, in the ground plane.
        net_rise_m: last height minus first.
        travel_m: length of the path in the ground plane.
        path_m: length of the path in space.
        peak_speed_m_s: highest mean speed from one frame to the next.
        height_range_m: highest minus lowest.
        height_peaks: how often it is at the top of a way up and down.
        length_m, width_m: of the ground path, along and across its principal axis.
        reversals_along, reversals_across: how often it turns back, along and across that axis.
        path_turns: by how much the direction of travel over the ground turns; turning straight back counts as 0.
        laps: turns around the middle of the ground path; 0 for a path with next to no width.
        outward: correlation of the distance from the start with the way covered: 1 where it only moves away.
        rotation_rad: largest angle of rotation from the start.
        yaw_turns: turns of the body about the vertical.
        tumble_turns: turns of the body about a horizontal axis.
        tilt_rad: largest angle by which the body's vertical leans over.
        tilt_swings: how often it turns back in leaning from side to side.
        lean: how far it leans to where it has moved (+1), as a falling tower, or away (−1), as a pendulum does.
        scale_range: largest minus smallest scale, over the first.
        scale_peaks: how often it is at its largest.
    """

    duration_s: float
    displacement_m: float
    net_rise_m: float
    travel_m: float
    path_m: float
    peak_speed_m_s: float
    height_range_m: float
    height_peaks: int
    length_m: float
    width_m: float
    reversals_along: int
    reversals_across: int
    path_turns: float
    laps: float
    outward: float
    rotation_rad: float
    yaw_turns: float
    tumble_turns: float
    tilt_rad: float
    tilt_swings: int
    lean: float
    scale_range: float
    scale_peaks: int

    @classmethod
    def of(cls, pose: Pose, fps: float, first: int, last: int) -> Kinematics:
        """Measure frames ``first`` to ``last``, both included, of a world pose.

        Raises:
            ValueError: the interval does not lie in the pose, or holds fewer than two frames.
        """
        if not 0 <= first < last < len(pose.scale):
            raise ValueError(f"frames {first} to {last} are not an interval of {len(pose.scale)} frames: give 0 <= first < last < frames")
        stretch = slice(first, last + 1)
        offset = pose.position_m[stretch] - pose.position_m[first]
        size = pose.scale[stretch] / pose.scale[first]
        return cls(
            duration_s=(last - first) / fps,
            scale_range=float(np.ptp(size)),
            scale_peaks=_peaks(size),
            **_in_space(offset, fps),
            **_over_ground(offset[:, :2]),
            **_of_body(geometry.rotation(pose.quaternion_wxyz[stretch]), offset[:, :2]),
        )

    @property
    def straightness(self) -> float:
        """Displacement over travel: 1 on a straight line, 0 where it ends where it began or does not travel."""
        return self.displacement_m / self.travel_m if self.travel_m > 1e-3 else 0.0

    @property
    def mean_speed_m_s(self) -> float:
        """Length of the path in space over its duration."""
        return self.path_m / self.duration_s

    @property
    def translates(self) -> bool:
        """The body neither turns nor changes size."""
        return self.rotation_rad < 0.05 and self.scale_range < 0.02

    @property
    def level(self) -> bool:
        """It stays at one height."""
        return self.height_range_m < 0.03

    @property
    def on_the_spot(self) -> bool:
        """It stays over one point of the ground."""
        return self.length_m < 0.03

    @property
    def returns(self) -> bool:
        """It ends where it began."""
        return self.displacement_m < 0.03 and abs(self.net_rise_m) < 0.03


def active_segments(pose: Pose, fps: float, min_rest_s: float = 0.2) -> list[tuple[int, int]]:
    """When an object moves: inclusive frame intervals, from the last frame of rest before to the first after.

    Rests shorter than ``min_rest_s`` do not divide an interval: a pendulum that turns back is not at rest.
    """
    steps = np.flatnonzero(_moves(pose))
    if not len(steps):
        return []
    breaks = np.flatnonzero(np.diff(steps) - 1 >= max(1.0, min_rest_s * fps))
    firsts = steps[np.r_[0, breaks + 1]]
    lasts = steps[np.r_[breaks, len(steps) - 1]] + 1
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _moves(pose: Pose) -> np.ndarray:
    """``(frame - 1,)``: whether anything changes from a frame to the next."""
    turned = geometry.rotation(pose.quaternion_wxyz)
    rotated = (turned[1:] * turned[:-1].inv()).magnitude()
    shifted = np.linalg.norm(np.diff(pose.position_m, axis=0), axis=1)
    return (rotated > STILL) | (shifted > STILL) | (np.abs(np.diff(pose.scale)) > STILL)


def _in_space(offset: Array, fps: float) -> dict[str, Any]:
    steps_m = np.linalg.norm(np.diff(offset, axis=0), axis=1)
    return {
        "net_rise_m": float(offset[-1, 2]),
        "path_m": float(steps_m.sum()),
        "peak_speed_m_s": float(steps_m.max() * fps),
        "height_range_m": float(np.ptp(offset[:, 2])),
        "height_peaks": _peaks(offset[:, 2]),
    }


def _over_ground(offset: Array) -> dict[str, Any]:
    """Measures of a ground path ``(frame, 2)`` that starts at the origin."""
    along, across = (offset @ axis for axis in _principal_axes(offset))
    length_m, width_m = float(np.ptp(along)), float(np.ptp(across))
    centred = np.stack([along - (along.max() + along.min()) / 2, across - (across.max() + across.min()) / 2], axis=1)
    steps_m = np.linalg.norm(np.diff(offset, axis=0), axis=1)
    return {
        "displacement_m": float(np.linalg.norm(offset[-1])),
        "travel_m": float(steps_m.sum()),
        "length_m": length_m,
        "width_m": width_m,
        "reversals_along": _extremes(along),
        "reversals_across": _extremes(across),
        "path_turns": _turning(np.diff(offset, axis=0)[steps_m > max(1e-4, 0.01 * steps_m.max())]),
        "laps": _turning(centred) if width_m > 0.1 * length_m and width_m > 0.01 else 0.0,
        "outward": _correlation(np.linalg.norm(offset[1:], axis=1), np.cumsum(steps_m)),
    }


def _of_body(orientation: geometry.Rotation, offset: Array) -> dict[str, Any]:
    """Measures of the body's rotation ``(frame,)`` and of how it goes with the ground path ``(frame, 2)``."""
    turned = orientation * orientation[0].inv()
    swept = (orientation[1:] * orientation[:-1].inv()).as_rotvec().sum(axis=0) / TURN
    up = turned.apply((0.0, 0.0, 1.0))
    tilt = up[:, :2]
    weight = np.sum(np.linalg.norm(tilt, axis=1) * np.linalg.norm(offset, axis=1))
    return {
        "rotation_rad": float(turned.magnitude().max()),
        "yaw_turns": float(swept[2]),
        "tumble_turns": float(np.linalg.norm(swept[:2])),
        "tilt_rad": float(np.arccos(np.clip(up[:, 2], -1.0, 1.0)).max()),
        "tilt_swings": _extremes(tilt @ _principal_axes(tilt)[0]),
        "lean": float(np.sum(tilt * offset) / weight) if weight > 1e-3 else 0.0,
    }


def _principal_axes(points: Array) -> Array:
    """``(2, 2)``: right-handed unit vectors along and across points ``(frame, 2)``."""
    along = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
    return np.array([along, (-along[1], along[0])])


def _turning(vectors: Array) -> float:
    """Turns that a direction ``(step, 2)`` makes in all; straight back has no sign and counts as none."""
    angle = np.arctan2(vectors[:, 1], vectors[:, 0])
    step = (np.diff(angle) + np.pi) % TURN - np.pi
    return float(step[np.abs(step) < np.pi - 0.02].sum() / TURN)


def _peaks(signal: Array) -> int:
    """How many maxima stand out by 0.3 of the signal's range; none where the range is a hair's breadth."""
    span = np.ptp(signal)
    return len(find_peaks(signal, prominence=0.3 * span)[0]) if span > 0.01 else 0


def _extremes(signal: Array) -> int:
    """Maxima and minima."""
    return _peaks(signal) + _peaks(-signal)


def _correlation(a: Array, b: Array) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if min(np.ptp(a), np.ptp(b)) > 1e-3 else 0.0
