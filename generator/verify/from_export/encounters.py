"""Two bodies and what happens between them, measured from their boxes: an account of each event in words of its own.

A body is the box of its extents, turned and scaled as it is recorded. What counts is what a viewer would name: who touches whom,
who was at rest before, where each stands in the end, which of them the camera sees in front.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

import numpy as np
from scipy.spatial import cKDTree

from scenes import geometry
from scenes.geometry import Array
from scenes.types import Trajectories

CORNERS = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
DIRECTIONS = 120  # round the compass in which a gap between two footprints is looked for, besides those of their own sides
STIR_M = 0.012  # what has not moved a corner by as much has stayed where it was
CLOSE_M = 0.02  # bodies this near to each other touch; a body whose foot is this low stands on the floor
GOES_M = 0.12  # the shortest way that is one
LEANS_RAD = 0.12  # what stays upright leans less


@dataclass(frozen=True, eq=False)
class Box:
    """An object as a box: ``centre_m (frame, 3)``, ``matrix (frame, 3, 3)`` world from body, ``corners_m (frame, 8, 3)``.

    As the camera has it: ``across_px (frame,)`` how far to the right in the picture, ``distance_m (frame,)``.
    """

    centre_m: Array
    matrix: Array
    corners_m: Array
    across_px: Array
    distance_m: Array

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, paths: Trajectories, name: str) -> Box:
        """Raises ValueError when there is no object of that name."""
        row, pose = paths.index(name), paths.pose(name)
        matrix = geometry.rotation(pose.quaternion_wxyz).as_matrix()
        half = paths.extent_m[row] * pose.scale[:, None]
        corners = pose.position_m[:, None] + np.einsum("fij,fcj->fci", matrix, CORNERS * half[:, None])
        pixels, _ = geometry.project(
            pose.position_m, paths.camera_position_m, paths.camera_quaternion_wxyz, paths.focal_px, paths.width_px, paths.height_px
        )
        distance = np.linalg.norm(pose.position_m - paths.camera_position_m, axis=-1)
        return cls(pose.position_m, matrix, corners, pixels[:, 0], distance)

    @cached_property
    def foot_m(self) -> Array:
        """``(frame,)``: height of the lowest point."""
        return self.corners_m[..., 2].min(axis=1)

    @cached_property
    def top_m(self) -> Array:
        """``(frame,)``"""
        return self.corners_m[..., 2].max(axis=1)

    @cached_property
    def ground_m(self) -> Array:
        """``(frame, 2)``: where it is over the ground."""
        return self.centre_m[:, :2]

    @cached_property
    def way_m(self) -> Array:
        """``(frame,)``: how much ground it has covered."""
        steps = np.linalg.norm(np.diff(self.ground_m, axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @cached_property
    def stirred(self) -> np.ndarray:
        """``(frame,)``: whether any corner is not where it was at first."""
        return np.linalg.norm(self.corners_m - self.corners_m[:1], axis=-1).max(axis=1) > STIR_M

    @property
    def stays(self) -> bool:
        """It does not move at all."""
        return not self.stirred.any()

    @property
    def travels(self) -> bool:
        """It goes over the ground."""
        return bool(self.way_m[-1] > GOES_M)

    @property
    def level(self) -> bool:
        """It stays on one height, and upright."""
        return bool(np.ptp(self.foot_m) < CLOSE_M and self.lean_rad.max() < LEANS_RAD)

    @cached_property
    def lean_rad(self) -> Array:
        """``(frame,)``: how far it leans from how it stood at first."""
        upright = self.matrix[0, 2]  # the vertical, in axes of the body as it stands at first
        return np.arccos(np.clip((self.matrix @ upright)[:, 2], -1.0, 1.0))

    @cached_property
    def sides(self) -> Array:
        """``(frame, 4, 2)``: unit vectors over the ground along its length and breadth, and their opposites."""
        level = np.swapaxes(self.matrix[:, :2, :2], 1, 2)
        level = level / np.maximum(np.linalg.norm(level, axis=-1, keepdims=True), 1e-9)
        return np.concatenate([level, -level], axis=1)

    @property
    def start(self) -> int:
        """The frame in which it begins to move; the number of frames where it never does."""
        return int(np.argmax(self.stirred)) if self.stirred.any() else len(self.stirred)

    @property
    def end(self) -> int:
        """The last frame in which it is not yet where it ends; -1 where it never moves."""
        away = np.linalg.norm(self.corners_m - self.corners_m[-1:], axis=-1).max(axis=1) > STIR_M
        return int(np.flatnonzero(away)[-1]) if away.any() else -1

    def backwards(self) -> Box:
        """In a film that runs backwards."""
        return Box(*(getattr(self, item.name)[::-1] for item in fields(self)))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two bodies: the one that does it, and the one to which it is done."""

    a: Box
    b: Box

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, paths: Trajectories, doer: str, other: str) -> Pair:
        return cls(Box.of(paths, doer), Box.of(paths, other))

    def backwards(self) -> Pair:
        return Pair(self.a.backwards(), self.b.backwards())

    @cached_property
    def gap_m(self) -> Array:
        """``(frame,)``: the widest gap between the two outlines on the ground, looked for all round; negative where they overlap."""
        angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
        compass = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        frames = len(self.a.centre_m)
        ways = np.concatenate([np.broadcast_to(compass, (frames, DIRECTIONS, 2)), self.a.sides, self.b.sides], axis=1)
        far = np.einsum("fci,fdi->fcd", self.a.corners_m[..., :2], ways).max(axis=1)
        near = np.einsum("fci,fdi->fcd", self.b.corners_m[..., :2], ways).min(axis=1)
        return np.asarray((near - far).max(axis=1))

    @cached_property
    def ahead(self) -> Array:
        """``(2,)``: unit vector from a to b over the ground at first."""
        line = self.b.ground_m[0] - self.a.ground_m[0]
        return line / max(float(np.linalg.norm(line)), 1e-9)

    def gone_m(self, body: Box) -> Array:
        """``(frame,)``: how far a body has gone in the direction from a to b."""
        return (body.ground_m - body.ground_m[0]) @ self.ahead

    @cached_property
    def contact(self) -> int | None:
        """The frame in which they are nearest, if side by side they touch then, or would before the next frame."""
        frame = int(np.argmin(self.gap_m))
        step_m = np.abs(np.diff(self.gap_m[max(frame - 1, 0) : frame + 2])).max()
        beside = min(self.a.top_m[frame], self.b.top_m[frame]) - max(self.a.foot_m[frame], self.b.foot_m[frame]) > CLOSE_M
        return frame if beside and -CLOSE_M < self.gap_m[frame] < CLOSE_M + step_m else None

    @cached_property
    def keeps_clear(self) -> bool:
        """They never touch."""
        return bool(self.gap_m.min() > CLOSE_M)

    @cached_property
    def turns(self) -> float:
        """How often a goes round b: 1 is once."""
        between = self.a.ground_m - self.b.ground_m
        bearing = np.unwrap(np.arctan2(between[:, 1], between[:, 0]))
        return float(abs(bearing[-1] - bearing[0]) / (2 * np.pi))

    @cached_property
    def nearer_by_m(self) -> float | None:
        """How much nearer to the camera a is than b as it goes past it from side to side in the picture; None if it does not."""
        ahead = self.a.across_px - self.b.across_px
        if ahead[0] * ahead[-1] >= 0:
            return None
        order = np.argsort(np.abs(ahead))[:2]  # the two frames about the moment in which one is level with the other
        return float(np.mean((self.b.distance_m - self.a.distance_m)[order]))

    @property
    def frames(self) -> tuple[int, int]:
        """First and last frame in which one of them moves."""
        return min(self.a.start, self.b.start), max(self.a.end, self.b.end)


Account = Callable[[Pair], bool]


def _bounces_off(pair: Pair) -> bool:
    """The other stays; it comes up to it, and is back some way in the end."""
    if pair.contact is None or not pair.b.stays or not pair.a.level:
        return False
    gone_m = pair.gone_m(pair.a)
    return bool(gone_m[pair.contact] > GOES_M and gone_m[pair.contact] - gone_m[-1] > 0.1 and pair.gap_m[-1] > 0.1)


def _knocks_away(pair: Pair) -> bool:
    """The other rests until it is hit, and is then ahead: it has taken over speed, and a gap opens between them."""
    if pair.contact is None or not pair.a.level or not pair.b.level:
        return False
    gone_m = pair.gone_m(pair.b)
    handed_over = pair.b.start >= pair.contact - 1 and pair.gone_m(pair.a)[pair.contact] > GOES_M
    return bool(handed_over and gone_m[-1] > GOES_M and pair.gap_m[-1] > 1.2 * CLOSE_M and gone_m[-1] > pair.b.way_m[-1] - CLOSE_M)


def _pushes(pair: Pair) -> bool:
    """It comes up to the other one, which rests until then, and both go on together, to the end without a gap."""
    start = pair.b.start
    if not (pair.a.level and pair.b.level and pair.a.start < start < len(pair.gap_m) and pair.gap_m[0] > CLOSE_M):
        return False
    together = pair.gap_m[start:]
    return bool(np.all(np.abs(together) < CLOSE_M) and pair.gone_m(pair.b)[-1] > GOES_M)


def _meets(pair: Pair) -> bool:
    """Both go towards each other, until there is no gap."""
    closing = pair.gone_m(pair.a)[-1] > GOES_M and pair.gone_m(pair.b)[-1] < -GOES_M
    return bool(closing and pair.gap_m[0] > GOES_M and abs(pair.gap_m[-1]) < CLOSE_M and pair.a.level and pair.b.level)


def _follows(pair: Pair) -> bool:
    """The other one sets off first; once it has come to where that one stood, it keeps to its track, and never catches up."""
    a, b = pair.a, pair.b
    if not (b.start < a.start and a.travels and b.travels and a.level and b.level and pair.keeps_clear):
        return False
    off_m, nearest = cKDTree(b.ground_m).query(a.ground_m)
    arrives = int(np.argmin(np.linalg.norm(a.ground_m - b.ground_m[0], axis=1)))
    late = np.arange(len(nearest))[arrives:] >= nearest[arrives:]
    step_m = np.diff(b.way_m).max()  # the track is known once a frame
    return bool(a.way_m[-1] - a.way_m[arrives] > GOES_M and off_m[arrives:].max() < 0.03 + step_m / 2 and late.all())


def _overtakes(pair: Pair) -> bool:
    """Both go the same way, and the one that was behind is ahead in the end."""
    a, b = (body.ground_m[-1] - body.ground_m[0] for body in (pair.a, pair.b))
    if min(np.linalg.norm(a), np.linalg.norm(b)) < GOES_M or not pair.keeps_clear or not (pair.a.level and pair.b.level):
        return False
    ahead_m = (pair.a.ground_m - pair.b.ground_m) @ b / np.linalg.norm(b)
    same_way = a @ b > 0.95 * np.linalg.norm(a) * np.linalg.norm(b)
    return bool(same_way and ahead_m[0] < -GOES_M and ahead_m[-1] > GOES_M)


def _goes_past(pair: Pair) -> bool:
    """It goes from one side of the other to its other side in the picture, on the floor, less than once round it; the other stays."""
    past = pair.a.travels and not pair.b.travels and pair.a.level and pair.keeps_clear and pair.nearer_by_m is not None
    return bool(past and pair.turns < 0.75 and pair.gap_m.min() < 1.2)


def _passes_behind(pair: Pair) -> bool:
    return _goes_past(pair) and (pair.nearer_by_m or 0.0) < 0


def _passes_in_front(pair: Pair) -> bool:
    return _goes_past(pair) and (pair.nearer_by_m or 0.0) > 0


def _circles(pair: Pair) -> bool:
    """It goes round the other, which stays, once at the least, and keeps its distance."""
    apart_m = np.linalg.norm(pair.a.ground_m - pair.b.ground_m, axis=1)
    return bool(pair.b.stays and pair.a.level and pair.turns > 0.95 and np.ptp(apart_m) < 0.2 * apart_m[0])


def _swaps(pair: Pair) -> bool:
    """Each ends where the other one stood."""
    missed_m = [np.linalg.norm(one.ground_m[-1] - other.ground_m[0]) for one, other in ((pair.a, pair.b), (pair.b, pair.a))]
    return bool(max(missed_m) < 0.1 and pair.a.travels and pair.b.travels and pair.keeps_clear)


def _jumps_over(pair: Pair) -> bool:
    """It is above the other's top wherever it is over it, and on the floor on either side of it before and after."""
    above = pair.gap_m < -CLOSE_M
    if not above.any() or not pair.b.stays or max(pair.a.foot_m[[0, -1]]) > CLOSE_M or min(pair.gap_m[[0, -1]]) < CLOSE_M:
        return False
    first, last = (pair.a.ground_m[frame] - pair.b.ground_m[frame] for frame in (0, -1))
    return bool(np.all(pair.a.foot_m[above] > pair.b.top_m[above]) and first @ last < 0)


def _is_set_on(pair: Pair) -> bool:
    """It is on the floor beside the other one at first, and stands on top of it in the end."""
    starts = abs(pair.a.foot_m[0] - pair.b.foot_m[0]) < CLOSE_M and pair.gap_m[0] > CLOSE_M
    ends = abs(pair.a.foot_m[-1] - pair.b.top_m[-1]) < CLOSE_M and pair.gap_m[-1] < -CLOSE_M
    return bool(starts and ends and pair.b.stays)


def _covers(pair: Pair) -> bool:
    """It is beside the other at first, and in the end around it."""
    return bool(pair.b.stays and pair.gap_m[0] > CLOSE_M and encloses(pair.a, pair.b)[-1])


def _carries(pair: Pair) -> bool:
    """The other stands on top of it all the way."""
    rides = np.abs(pair.b.foot_m - pair.a.top_m) < CLOSE_M
    return bool(pair.a.travels and pair.b.travels and rides.all() and (pair.gap_m < -CLOSE_M).all())


def _knocks_over(pair: Pair) -> bool:
    """The other stands upright until it is reached, and lies in the end."""
    reached = int(np.argmax(pair.gap_m < CLOSE_M + np.abs(np.gradient(pair.gap_m)).max()))
    return bool(pair.a.travels and pair.a.level and pair.b.lean_rad[-1] > 1.0 and pair.b.start >= reached - 1)


def backwards(account: Account) -> Account:
    """What has happened where a film that runs backwards shows an account."""
    return lambda pair: account(pair.backwards())


def encloses(outer: Box, inner: Box) -> np.ndarray:
    """``(frame,)``: a body is within the outlines of another, on the same floor."""
    lower, upper = outer.corners_m.min(axis=1), outer.corners_m.max(axis=1)
    inside = (inner.corners_m > lower[:, None] - CLOSE_M) & (inner.corners_m < upper[:, None] + CLOSE_M)
    return np.asarray(inside.all(axis=(1, 2)) & (np.abs(outer.foot_m - inner.foot_m) < CLOSE_M))


# By the public name of the event, for the two roles in the order in which its sentence names them.
ACCOUNTS: dict[str, Account] = {
    "bounce_off": _bounces_off,
    "carry": _carries,
    "circle_around": _circles,
    "collide": _knocks_away,
    "cover": _covers,
    "follow": _follows,
    "jump_over": _jumps_over,
    "knock_over": _knocks_over,
    "meet": _meets,
    "overtake": _overtakes,
    "part": backwards(_meets),
    "pass_behind": _passes_behind,
    "pass_in_front": _passes_in_front,
    "push": _pushes,
    "stack": _is_set_on,
    "swap_places": _swaps,
    "uncover": backwards(_covers),
    "unstack": backwards(_is_set_on),
}
