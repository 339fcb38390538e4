"""What a camera did between two frames, measured from the arrays alone: moves are recognised from these figures.

Signs: right, up and forward are positive along the first frame's axes; yaw is positive to the left (counter-clockwise
seen from above), pitch upwards, roll when the camera's body turns clockwise seen from behind it (the picture then
turns counter-clockwise). CameraBench (Lin et al. 2025) tells the camera's forward from the ground's: both are here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.geometry import Array
from scenes.types import Trajectories, Vector

DEFAULT_DEPTH_M = 7.0  # where the subject would be, when no object is in view
REST_SPEED = 5e-5  # m/s, rad/s, 1/s: above float32 noise, below the second frame of any eased move
FOLLOWED_TRAVEL_M = 0.2  # a subject that travels less was not followed
FOLLOW_ERROR_PX = 6.0  # of a picture of 640×480


@dataclass(frozen=True)
class Turning:
    """Changes of orientation since the first frame, in radians: net, and the largest angle on the way.

    ``reversals`` is how often yaw or pitch (whichever does so more) turns back: 0 for every one-way move.
    """

    yaw_rad: float
    pitch_rad: float
    roll_rad: float
    largest_rad: float
    reversals: int

    @property
    def net_rad(self) -> float:
        return math.hypot(self.yaw_rad, self.pitch_rad, self.roll_rad)


@dataclass(frozen=True)
class Travel:
    """Net displacement in metres along the first frame's axes, and the length of the way.

    ``right_m`` and ``ground_forward_m`` are horizontal, ``up_m`` is vertical, ``forward_m`` runs along the optical axis.
    ``pedestal_m`` and ``dolly_m`` are how far it went vertically and along the optical axis where it did both at once.
    """

    right_m: float
    up_m: float
    forward_m: float
    ground_forward_m: float
    path_m: float
    pedestal_m: float
    dolly_m: float

    @property
    def net_m(self) -> float:
        return math.hypot(self.right_m, self.up_m, self.ground_forward_m)


@dataclass(frozen=True)
class Circling:
    """A point that the optical axis keeps passing through while the camera moves round it.

    ``error_rad`` is the largest angle between axis and point, ``distance_ratio`` the largest distance over the
    smallest; ``azimuth_rad`` (positive counter-clockwise seen from above) and ``elevation_rad`` (positive upwards)
    are how far the camera went round it.
    """

    pivot_m: Vector
    error_rad: float
    distance_ratio: float
    azimuth_rad: float
    elevation_rad: float

    @property
    def holds(self) -> bool:
        return self.error_rad < 0.01 and self.distance_ratio < 1.02


@dataclass(frozen=True)
class CameraKinematics:
    """A measured stretch of camera trajectory.

    Args:
        duration_s: from the first frame to the last.
        travel, turning: see there.
        focal_ratio: last focal length over the first; above 1 is a zoom in.
        largest_focal_change: the largest absolute logarithm of that ratio on the way.
        circling: the point it moves round, or None where there is none.
        held_depth_m: the depth at which things keep their size although the camera moves along its axis while the
            focal length changes (dolly zoom), or None.
        followed: name of the object with which the camera travelled, or None.
        follow_error_px: how far that object strayed sideways from where it was; infinite when none travelled.
        subject_px: on-screen motion of the median point of a picture-wide grid at the objects' median depth.
        background_px: the same at twice that depth.
    """

    duration_s: float
    travel: Travel
    turning: Turning
    focal_ratio: float
    largest_focal_change: float
    circling: Circling | None
    held_depth_m: float | None
    followed: str | None
    follow_error_px: float
    subject_px: float
    background_px: float

    @classmethod
    def of(cls, paths: Trajectories, first: int, last: int) -> CameraKinematics:
        """Measure the frames ``first`` to ``last`` inclusive. Raises ValueError unless 0 <= first < last < num_frames."""
        if not 0 <= first < last < paths.num_frames:
            raise ValueError(f"frames {first} to {last} are not in a clip of {paths.num_frames}: give 0 <= first < last < num_frames")
        stretch = slice(first, last + 1)
        position, quaternion = paths.camera_position_m[stretch], paths.camera_quaternion_wxyz[stretch]
        travel, turning = _travel(position, quaternion), _turning(quaternion)
        focal = np.log(paths.focal_length_mm[stretch] / paths.focal_length_mm[first])
        followed, error_px = _followed(paths, first, last)
        depth_m = _subject_depth_m(paths, first)
        return cls(
            duration_s=(last - first) / paths.fps,
            travel=travel,
            turning=turning,
            focal_ratio=float(np.exp(focal[-1])),
            largest_focal_change=float(np.max(np.abs(focal))),
            circling=_circling(position, quaternion) if turning.largest_rad > math.radians(1.0) else None,
            held_depth_m=_held_depth_m(position, quaternion, np.exp(focal)),
            followed=followed,
            follow_error_px=error_px,
            subject_px=_motion_px(paths, first, last, depth_m),
            background_px=_motion_px(paths, first, last, 2 * depth_m),
        )

    @property
    def stands(self) -> bool:
        """The position stays fixed."""
        return self.travel.path_m < 0.02

    @property
    def looks_on(self) -> bool:
        """The orientation stays fixed."""
        return self.turning.largest_rad < math.radians(0.2)

    @property
    def holds_focal_length(self) -> bool:
        """The focal length stays fixed."""
        return self.largest_focal_change < 0.005

    @property
    def perceived_px(self) -> float:
        """On-screen motion where it shows more: a camera that circles its subject moves the background."""
        return max(self.subject_px, self.background_px)

    def slides_along(self, distance_m: float) -> int:
        """Sign of one of `travel`'s components if the camera did nothing but slide that way by itself, else 0."""
        alone = self.looks_on and self.holds_focal_length and self.followed is None
        aligned = abs(distance_m) > max(0.97 * self.travel.net_m, 0.05)
        return _sign(distance_m) if alone and aligned else 0

    def turns_by(self, angle_rad: float) -> int:
        """Sign of one of `turning`'s components if the camera did nothing but turn that way, else 0."""
        alone = self.stands and self.holds_focal_length
        return self.turns_most_by(angle_rad) if alone else 0

    def turns_most_by(self, angle_rad: float) -> int:
        """Sign of one of `turning`'s components if nearly all turning is of that kind, else 0."""
        return _sign(angle_rad) if abs(angle_rad) > max(0.97 * self.turning.net_rad, math.radians(1.0)) else 0


def camera_segments(paths: Trajectories, min_rest_s: float = 0.2) -> list[tuple[int, int]]:
    """Inclusive frame intervals in which the camera moves or zooms.

    An interval runs from the last frame of rest before the movement to the first after it. Rests shorter than
    ``min_rest_s`` do not part two movements.
    """
    edges = np.flatnonzero(np.diff(_moving(paths).astype(int), prepend=0, append=0))
    segments: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if segments and (first - segments[-1][1]) / paths.fps < min_rest_s:
            first = segments.pop()[0]
        segments.append((first, last))
    return segments


def _moving(paths: Trajectories) -> np.ndarray:
    """``(frame - 1,)``: whether anything of the camera changes from one frame to the next."""
    turns = geometry.rotation(paths.camera_quaternion_wxyz)
    steps = (
        np.linalg.norm(np.diff(paths.camera_position_m, axis=0), axis=-1),
        (turns[1:] * turns[:-1].inv()).magnitude(),
        np.abs(np.diff(np.log(paths.focal_length_mm))),
    )
    return np.max(steps, axis=0) * paths.fps > REST_SPEED


def _sign(value: float) -> int:
    return 1 if value > 0 else -1


def _travel(position: Array, quaternion: Array) -> Travel:
    net = position[-1] - position[0]
    _, _, forward = geometry.camera_axes(quaternion[0])
    right = _across(forward)
    ground_forward_m = float(net @ np.cross((0.0, 0.0, 1.0), right))
    dolly_m = ground_forward_m / math.hypot(forward[0], forward[1])
    return Travel(
        right_m=float(net @ right),
        up_m=float(net[2]),
        forward_m=float(net @ forward),
        ground_forward_m=ground_forward_m,
        path_m=float(np.sum(np.linalg.norm(np.diff(position, axis=0), axis=-1))),
        pedestal_m=float(net[2] - dolly_m * forward[2]),
        dolly_m=dolly_m,
    )


def _across(forward: Array) -> Array:
    """The horizontal unit vectors to the right of lines of sight ``(..., 3)``."""
    right = np.cross(forward, (0.0, 0.0, 1.0))
    return right / np.linalg.norm(right, axis=-1, keepdims=True)


def _turning(quaternion: Array) -> Turning:
    _, up, forward = geometry.camera_axes(quaternion)
    right = _across(forward)
    angles = np.stack(
        [
            np.arctan2(forward[:, 1], forward[:, 0]),
            np.arcsin(np.clip(forward[:, 2], -1.0, 1.0)),
            np.arctan2(np.sum(up * right, axis=-1), np.sum(up * np.cross(right, forward), axis=-1)),
        ]
    )
    angles = np.unwrap(angles, axis=-1) - angles[:, :1]
    turns = geometry.rotation(quaternion)
    return Turning(
        yaw_rad=float(angles[0, -1]),
        pitch_rad=float(angles[1, -1]),
        roll_rad=float(angles[2, -1]),
        largest_rad=float(np.max((turns * turns[0].inv()).magnitude())),
        reversals=max(_reversals(angles[0]), _reversals(angles[1])),
    )


def _reversals(values: Array) -> int:
    """How often angles turn back by more than a tenth of their range, or a milliradian (hysteresis keeps rounding out)."""
    dead = max(0.1 * float(np.ptp(values)), 1e-3)
    count, direction, extreme = 0, 0, float(values[0])
    for value in values.tolist():
        if direction * (value - extreme) >= 0 and direction:
            extreme = value
        elif abs(value - extreme) > dead:
            count += direction != 0
            direction, extreme = _sign(value - extreme), value
    return count


def _circling(position: Array, quaternion: Array) -> Circling | None:
    """The point nearest to all optical axes (least squares), if it lies in front of the camera."""
    _, _, forward = geometry.camera_axes(quaternion)
    across = np.eye(3) - forward[:, :, None] * forward[:, None, :]
    pivot = np.linalg.lstsq(across.sum(axis=0), np.einsum("fij,fj->i", across, position), rcond=None)[0]
    offset = position - pivot
    distance = np.linalg.norm(offset, axis=-1)
    if np.min(-np.sum(offset * forward, axis=-1)) < 0.5:
        return None
    aim = np.linalg.norm(np.cross(forward, -offset / distance[:, None]), axis=-1)
    azimuth = np.unwrap(np.arctan2(offset[:, 1], offset[:, 0]))
    elevation = np.arcsin(np.clip(offset[:, 2] / distance, -1.0, 1.0))
    return Circling(
        pivot_m=tuple(pivot.tolist()),
        error_rad=float(np.arcsin(np.clip(aim.max(), 0.0, 1.0))),
        distance_ratio=float(distance.max() / distance.min()),
        azimuth_rad=float(azimuth[-1] - azimuth[0]),
        elevation_rad=float(elevation[-1] - elevation[0]),
    )


def _held_depth_m(position: Array, quaternion: Array, focal_ratio: Array) -> float | None:
    """The depth D with ``focal_ratio = (D - advance) / D`` in every frame, to 2 %; None where there is none."""
    _, _, forward = geometry.camera_axes(quaternion[0])
    advance = (position - position[0]) @ forward
    shrink = 1 - focal_ratio
    if np.ptp(advance) < 0.05 or np.ptp(shrink) < 0.01:
        return None
    inverse_m = float(advance @ shrink / (advance @ advance))
    holds = inverse_m > 0 and np.allclose(shrink, advance * inverse_m, rtol=0, atol=0.02)
    return 1 / inverse_m if holds else None


def _followed(paths: Trajectories, first: int, last: int) -> tuple[str | None, float]:
    """The object whose sideways and forward travel is the camera's own, and how far it strays, in pixels."""
    objects, camera = paths.position_m[:, first : last + 1], paths.camera_position_m[first : last + 1]
    ways = (objects - objects[:, :1])[..., :2]
    travelled = np.max(np.linalg.norm(ways, axis=-1), axis=-1, initial=0.0) > FOLLOWED_TRAVEL_M
    if not travelled.any():
        return None, math.inf
    strays = np.max(np.linalg.norm(ways - (camera - camera[0])[:, :2], axis=-1), axis=-1)
    distance = np.linalg.norm(objects[:, 0] - camera[0], axis=-1)
    errors_px = np.where(travelled, strays * paths.focal_px[first] / distance, np.inf)
    best = int(np.argmin(errors_px))
    most_px = FOLLOW_ERROR_PX * min(paths.width_px / 640, paths.height_px / 480)
    return (paths.names[best] if errors_px[best] < most_px else None), float(errors_px[best])


def _subject_depth_m(paths: Trajectories, frame: int) -> float:
    """Median depth of the objects whose centres are in the picture."""
    _, _, forward = geometry.camera_axes(paths.camera_quaternion_wxyz[frame])
    depths = (paths.position_m[:, frame] - paths.camera_position_m[frame]) @ forward
    pixels = paths.centre_px[:, frame]
    in_view = np.all((pixels >= 0) & (pixels <= (paths.width_px, paths.height_px)), axis=-1)
    return float(np.median(depths[in_view])) if in_view.any() else DEFAULT_DEPTH_M


def _motion_px(paths: Trajectories, first: int, last: int, depth_m: float) -> float:
    """How far the median point of a grid over the first picture, at that depth, gets from where it was."""
    stretch, half = slice(first, last + 1), 0.4 * np.array([paths.width_px, paths.height_px])
    grid = np.stack(np.meshgrid(*(np.linspace(-side, side, 5) for side in half)), axis=-1).reshape(-1, 2)
    right, up, forward = geometry.camera_axes(paths.camera_quaternion_wxyz[first])
    rays = (grid[:, :1] * right - grid[:, 1:] * up) / paths.focal_px[first] + forward
    points = paths.camera_position_m[first] + depth_m * rays
    pixels, depths = geometry.project(
        np.broadcast_to(points, (last - first + 1, *points.shape)),
        paths.camera_position_m[stretch],
        paths.camera_quaternion_wxyz[stretch],
        paths.focal_px[stretch],
        paths.width_px,
        paths.height_px,
    )
    away = np.where(depths > 0.1, np.linalg.norm(pixels - pixels[0], axis=-1), 0.0)
    return float(np.median(np.max(away, axis=0)))
