"""What can be measured of several objects' paths together, without knowing what was meant by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scenes import geometry
from scenes.geometry import Array
from scenes.types import Trajectories

STILL_M = 0.01  # within which a body has stayed where it was
STILL_RAD = 0.03
TOUCH_M = 0.012  # between two bodies that touch
HAND = 1.18  # the palm is taken to be this far beyond the elbow, in lengths of the upper arm
IN_HAND_M = 0.06  # between what is held and the middle of a palm


@dataclass(frozen=True, eq=False)
class Relations:
    """Measures of a stretch of the paths of a cast, in the order of ``names``; roles are given by their place in it.

    The same wherever in the world and in whatever direction it happens, and in the mirror (but for the sign of `turns`).
    Bodies count as the boxes of their extents, turned as they are. An avatar counts as the box of its standing height.

    Args:
        position_m: ``(role, frame, 3)``; ``matrix (role, frame, 3, 3)`` world from body; ``extent_m (role, frame, 3)`` along the own axes.
        picture_px: ``(role, frame, 2)`` of the centres; ``depth_m (role, frame)`` along the line of sight.
        palms_m: ``(role, frame, 2, 3)`` of the left and the right hand; NaN of those who have none.
    """

    names: tuple[str, ...]
    first: int
    last: int
    fps: float
    position_m: Array
    matrix: Array
    extent_m: Array
    picture_px: Array
    depth_m: Array
    palms_m: Array

    @classmethod
    def of(cls, paths: Trajectories, names: tuple[str, ...], first: int, last: int) -> Relations:
        """Measure frames ``first`` to ``last``, both included.

        Raises:
            ValueError: the interval does not lie in the clip, or holds fewer than two frames; or there is no object of a name.
        """
        if not 0 <= first < last < paths.num_frames:
            raise ValueError(f"frames {first} to {last} are not an interval of {paths.num_frames} frames: give 0 <= first < last < frames")
        rows, span = [paths.index(name) for name in names], slice(first, last + 1)
        position = paths.position_m[rows, span]
        turned = [geometry.rotation(paths.quaternion_wxyz[row, span]).as_matrix() for row in rows]
        forward = geometry.camera_axes(paths.camera_quaternion_wxyz[span])[2]
        return cls(
            names=names,
            first=first,
            last=last,
            fps=paths.fps,
            position_m=position,
            matrix=np.array(turned),
            extent_m=paths.extent_m[rows][:, None] * paths.scale[rows, span, None],
            picture_px=paths.centre_px[rows, span],
            depth_m=np.sum((position - paths.camera_position_m[span]) * forward, axis=-1),
            palms_m=np.array([_palms_m(paths, name)[span] for name in names]),
        )

    def in_order(self, names: tuple[str, ...]) -> Relations:
        """The same cast in another order."""
        rows = [self.names.index(name) for name in names]
        by_role = ("position_m", "matrix", "extent_m", "picture_px", "depth_m", "palms_m")
        return replace(self, names=names, **{key: getattr(self, key)[rows] for key in by_role})

    # -- one of the cast ------------------------------------------------------------------------------------------------

    @cached_property
    def height_m(self) -> Array:
        """``(role, frame)``: full vertical size of the bodies as they lean."""
        return np.sum(np.abs(self.matrix[:, :, 2]) * self.extent_m, axis=-1)

    @cached_property
    def underside_m(self) -> Array:
        """``(role, frame)``: height of the lowest point over the floor."""
        return np.asarray(self.position_m[..., 2] - self.height_m / 2)

    @cached_property
    def way_m(self) -> Array:
        """``(role, frame, 2)``: how far over the ground from the first frame."""
        return np.asarray(self.position_m[..., :2] - self.position_m[:, :1, :2])

    def moves(self, role: int) -> bool:
        """Whether it goes anywhere, or turns."""
        return bool(np.any(self.active(role)))

    def rests(self, *roles: int) -> bool:
        """Whether none of them moves."""
        return not any(self.moves(role) for role in roles)

    def active(self, role: int) -> np.ndarray:
        """``(frame,)``: whether it is elsewhere, or turned otherwise, than in the first frame."""
        return np.asarray(self._active[role])

    def start_s(self, role: int) -> float:
        """When it begins to move, from the first frame; infinite when it rests."""
        active = self.active(role)
        return float(np.argmax(active) / self.fps) if active.any() else np.inf

    def net_m(self, role: int) -> Array:
        """``(2,)``: displacement over the ground."""
        return np.asarray(self.way_m[role, -1])

    def travel_m(self, role: int) -> float:
        """Length of the path over the ground."""
        return float(np.linalg.norm(np.diff(self.way_m[role], axis=0), axis=1).sum())

    def straight(self, role: int) -> bool:
        """It goes over the ground on one line, to and fro at the most."""
        spread = np.linalg.svd(self.way_m[role], full_matrices=False)[1]
        return bool(spread[1] < 0.02 * spread[0])

    def level(self, *roles: int) -> bool:
        """They stay at their heights, and upright."""
        rise = np.ptp(self.position_m[list(roles), :, 2], axis=1)
        return bool(np.all(rise < STILL_M)) and all(self.tilt_rad(role).max() < STILL_RAD for role in roles)

    def grounded(self, role: int, frame: int = 0) -> bool:
        """Whether it stands on the floor at a frame."""
        return bool(abs(self.underside_m[role, frame]) < TOUCH_M)

    def tilt_rad(self, role: int) -> Array:
        """``(frame,)``: how far its vertical leans from how it stood in the first frame."""
        own_vertical = self.matrix[role, 0, 2]  # in the body's axes
        return np.arccos(np.clip((self.matrix[role] @ own_vertical)[:, 2], -1, 1))

    # -- two of the cast ------------------------------------------------------------------------------------------------

    def between_m(self, a: int, b: int) -> Array:
        """``(frame, 2)``: from a's centre to b's over the ground."""
        return np.asarray(self.position_m[b, :, :2] - self.position_m[a, :, :2])

    def apart_m(self, a: int, b: int) -> Array:
        """``(frame,)``: distance of the centres over the ground."""
        return np.linalg.norm(self.between_m(a, b), axis=1)

    def gap_m(self, a: int, b: int) -> Array:
        """``(frame,)``: between the bodies over the ground, along the axis that keeps them furthest apart; negative where they overlap."""
        pair = (min(a, b), max(a, b))
        if pair not in self._gaps:
            self._gaps[pair] = self._measure_gap(*pair)
        return self._gaps[pair]

    def over_m(self, a: int, b: int) -> Array:
        """``(frame,)``: how high a's underside is over b's top."""
        return np.asarray(self.underside_m[a] - self.underside_m[b] - self.height_m[b])

    def touching(self, a: int, b: int) -> np.ndarray:
        """``(frame,)``: side by side without a gap."""
        level = (self.over_m(a, b) < -TOUCH_M) & (self.over_m(b, a) < -TOUCH_M)
        return np.asarray((np.abs(self.gap_m(a, b)) < TOUCH_M) & level)

    def on_top(self, a: int, b: int) -> np.ndarray:
        """``(frame,)``: a stands on b."""
        return np.asarray((np.abs(self.over_m(a, b)) < TOUCH_M) & (self.gap_m(a, b) < -TOUCH_M))

    def held(self, a: int, b: int) -> np.ndarray:
        """``(frame,)``: b is between the hands of a."""
        apart_m = np.linalg.norm(self.palms_m[a] - self.position_m[b][:, None], axis=-1)
        return np.asarray(np.all(apart_m < self.extent_m[b].mean(axis=-1)[:, None] / 2 + IN_HAND_M, axis=1))

    def inside(self, a: int, b: int) -> np.ndarray:
        """``(frame,)``: a is within b, on the same floor and in its middle."""
        smaller = np.all(self.extent_m[a] < self.extent_m[b], axis=-1)
        level = np.abs(self.underside_m[a] - self.underside_m[b]) < TOUCH_M
        return np.asarray(smaller & level & (self.apart_m(a, b) < 0.1 * self.extent_m[b, :, 0]))

    def meet_frame(self, a: int, b: int) -> int | None:
        """The frame, counted from the first, at which they are nearest; None unless they touch at that time.

        Between two frames they may touch and part again: they are taken to touch where what is left of the gap is less than
        they cover in one frame.
        """
        gap = self.gap_m(a, b)
        frame = int(np.argmin(gap))
        near = slice(max(frame - 1, 0), frame + 2)
        reach_m = np.abs(np.diff(gap[near])).max()
        return frame if gap[frame] < TOUCH_M + 0.6 * reach_m and gap[frame] > -0.03 else None

    def along_m(self, role: int, a: int, b: int) -> Array:
        """``(frame,)``: how far a role has gone in the direction from a to b at first."""
        line = self.between_m(a, b)[0]
        return np.asarray(self.way_m[role] @ (line / max(float(np.linalg.norm(line)), 1e-9)))

    def aside_m(self, role: int, a: int, b: int) -> float:
        """The furthest that a role gets off the line from a to b at first."""
        line = self.between_m(a, b)[0]
        across = np.array([-line[1], line[0]]) / max(float(np.linalg.norm(line)), 1e-9)
        return float(np.abs(self.way_m[role] @ across).max())

    def turns(self, a: int, b: int) -> float:
        """Signed turns of a around b, counter-clockwise positive seen from above."""
        between = self.between_m(a, b)
        angle = np.unwrap(np.arctan2(between[:, 1], between[:, 0]))
        return float((angle[-1] - angle[0]) / (2 * np.pi))

    def crossing_frame(self, a: int, b: int) -> int | None:
        """The frame, counted from the first, in which a is level with b on its way past it in the picture, from side to side; else None."""
        ahead = self.picture_px[a, :, 0] - self.picture_px[b, :, 0]
        if not ahead[0] * ahead[-1] < 0 or np.count_nonzero(np.diff(np.sign(ahead[ahead != 0]))) != 1:
            return None
        return int(np.argmin(np.abs(ahead)))

    def on_track_m(self, a: int, b: int) -> Array:
        """``(frame,)``: how far a is from the line that b draws on the ground in this stretch."""
        start, way = self.position_m[b, :-1, :2], np.diff(self.position_m[b, :, :2], axis=0)
        offset = self.position_m[a, :, None, :2] - start
        share = np.sum(offset * way, axis=-1) / np.maximum(np.sum(way**2, axis=-1), 1e-12)
        return np.linalg.norm(offset - np.clip(share, 0, 1)[..., None] * way, axis=-1).min(axis=1)

    # -- how it is measured ---------------------------------------------------------------------------------------------

    @cached_property
    def _active(self) -> np.ndarray:
        shifted = np.linalg.norm(self.position_m - self.position_m[:, :1], axis=-1) > STILL_M
        turn_cosine = (np.einsum("rfij,rij->rf", self.matrix, self.matrix[:, 0]) - 1) / 2
        return np.asarray(shifted | (turn_cosine < np.cos(STILL_RAD)))

    @cached_property
    def _gaps(self) -> dict[tuple[int, int], Array]:
        return {}  # by pair of roles, filled as they are asked for

    def _measure_gap(self, a: int, b: int) -> Array:
        between = np.pad(self.between_m(a, b), ((0, 0), (0, 1)))
        line = between / np.maximum(np.linalg.norm(between, axis=1, keepdims=True), 1e-9)
        axes = [line, *(self._level_axis(role, k) for role in (a, b) for k in (0, 1, 2))]
        return np.asarray(np.max([self._gap_along(a, b, between, axis) for axis in axes], axis=0))

    def _level_axis(self, role: int, k: int) -> Array:
        """``(frame, 3)``: one of a body's axes, made level; zero where it is upright."""
        axis = self.matrix[role, :, :, k] * (1.0, 1.0, 0.0)
        length = np.linalg.norm(axis, axis=1, keepdims=True)
        return np.where(length > 0.1, axis / np.maximum(length, 1e-9), 0.0)

    def _gap_along(self, a: int, b: int, between: Array, axis: Array) -> Array:
        reach = sum(np.sum(np.abs(np.einsum("fij,fi->fj", self.matrix[k], axis)) * self.extent_m[k], axis=1) / 2 for k in (a, b))
        gap = np.abs(np.sum(between * axis, axis=1)) - reach
        return np.where(np.linalg.norm(axis, axis=1) > 0.5, gap, -np.inf)  # no axis: e.g. between centres that fall together


def _palms_m(paths: Trajectories, name: str) -> Array:
    """``(frame, 2, 3)``: the middles of the hands."""
    limbs = paths.limbs(name)
    if "left_forearm" not in limbs:
        return np.full((paths.num_frames, 2, 3), np.nan)
    found = []
    for side in ("left", "right"):
        elbow = limbs[f"{side}_forearm"]
        upper_m = np.linalg.norm(elbow.position_m - limbs[f"{side}_upper_arm"].position_m, axis=1).mean()
        found.append(elbow.position_m + geometry.rotation(elbow.quaternion_wxyz).apply((0.0, 0.0, -HAND * upper_m)))
    return np.stack(found, axis=1)
