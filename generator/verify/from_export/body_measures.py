"""What can be read of a body from the exported hinges: where hands, feet and face are, and when it does something.

Left and right are the body's own and follow from where limbs are: a limb is a left one when its hinge is on the left of the
trunk. Lengths are told in legs (hip to ankle, stretched) and arms (shoulder to palm), angles in radians, so that a child and a
giant are measured alike. Forward, left and up are those of the body: ahead of the trunk, to its own left, along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from generator.verify.from_export import Recorded
from scenes import geometry
from scenes.geometry import Array
from scenes.types import Pose, Trajectories

LEFT, RIGHT = 0, 1
PALM = 1.3  # upper arms from the elbow to the palm
BALL = 1.8  # heights of the ankle from the ankle to the ball of the foot
AT_REST = 2e-3  # legs by which a point of a resting body may be off; legs and radians by which the body may move from frame to frame
REST_S = 0.27  # stillness that lasts so long is a rest, and not the turning point between two repetitions


class UnreadableBody(ValueError):
    """The limbs of a body do not fit its names; the message says which."""


@dataclass(frozen=True, eq=False)
class Body:
    """One avatar over a clip. Arrays are ``(frame, 3)``, those with two sides ``(frame, side, 3)``, axes ``(frame, 3, 3)`` in rows.

    ``pelvis``, ``chest`` and ``head`` are unit vectors ahead, to the left and up. ``tips_m`` are the palms; four-legged bodies
    have their forepaws there. ``ends_m`` are the ankles, or the hind paws. ``tail`` is where it points; down where there is none.
    ``sole`` is how far each foot, forefeet after hind feet, is off the floor at its lowest point, in legs.
    """

    name: str
    fps: float
    legs: int
    leg_m: float
    hips_m: Array
    neck_m: Array
    pelvis: Array
    chest: Array
    head: Array
    tail: Array
    hip_m: Array
    knee_m: Array
    ends_m: Array
    shoulder_m: Array
    elbow_m: Array
    tips_m: Array
    sole: Array

    @property
    def num_frames(self) -> int:
        return len(self.hips_m)

    @cached_property
    def yaw_rad(self) -> Array:
        """``(frame,)``: where the line through the hips says that the body faces, without jumps."""
        across = self.hip_m[:, LEFT] - self.hip_m[:, RIGHT]
        return np.unwrap(np.arctan2(-across[:, 0], across[:, 1]))

    @cached_property
    def arm_m(self) -> float:
        """From shoulder to palm, stretched."""
        return float((1 + PALM) * np.linalg.norm(self.elbow_m - self.shoulder_m, axis=-1).mean())

    @cached_property
    def outline(self) -> Array:
        """``(frame, point, 3)`` in legs: where its points are as the body itself sees it, wherever it stands and faces."""
        face_m, tail_m = (self.neck_m + 0.3 * self.leg_m * self.head[:, 0], self.hips_m + 0.3 * self.leg_m * self.tail)
        sides_m = [self.knee_m, self.ends_m, self.shoulder_m, self.elbow_m, self.tips_m]
        points_m = np.concatenate([np.stack([self.hips_m, self.neck_m, face_m, tail_m], axis=1), *sides_m], axis=1)
        origin_m = self.hips_m * (1.0, 1.0, 0.0)
        return _turned_back(points_m - origin_m[:, None], self.yaw_rad) / self.leg_m

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """What it does, one after another: all between two rests, in which it is still and as it was at first or is at last."""
        alike = [np.linalg.norm(self.outline - self.outline[end], axis=-1).max(axis=1) < AT_REST for end in (0, -1)]
        stays = np.hypot(np.linalg.norm(np.gradient(self.hips_m, axis=0), axis=1) / self.leg_m, np.gradient(self.yaw_rad)) < AT_REST
        resting = _long_runs(stays & (alike[0] | alike[1]), max(2, round(REST_S * self.fps)))
        return tuple(Act(self, first, last) for first, last in _runs(~resting, self.num_frames))


@dataclass(frozen=True, eq=False)
class Act:
    """A body from one rest to the next, both frames included."""

    body: Body
    first: int
    last: int

    def _of(self, values: Array) -> Array:
        return values[self.first : self.last + 1]

    @property
    def seconds(self) -> tuple[float, float]:
        """Start and end."""
        return self.first / self.body.fps, self.last / self.body.fps

    @cached_property
    def hips(self) -> Array:
        """``(frame, 3)`` in legs: forward and left of where they were at first, and their height over the floor."""
        start_m = self.body.hips_m[self.first] * (1.0, 1.0, 0.0)
        return self._seen_at_first(self._of(self.body.hips_m) - start_m)

    @cached_property
    def turned_rad(self) -> Array:
        """``(frame,)``: to the left, since the start."""
        return self._of(self.body.yaw_rad) - self.body.yaw_rad[self.first]

    @cached_property
    def feet(self) -> Array:
        """``(frame, side, 3)`` in legs: how far each ankle (hind paw) is from where it was, forward, left and up as at first."""
        return self._seen_at_first(self._of(self.body.ends_m) - self.body.ends_m[self.first])

    @cached_property
    def sole(self) -> Array:
        """``(frame, foot)`` in legs: see `Body`."""
        return self._of(self.body.sole)

    @cached_property
    def knee_rad(self) -> Array:
        """``(frame, side)``: 0 is straight."""
        body = self.body
        return _bend(self._of(body.knee_m - body.hip_m), self._of(body.ends_m - body.knee_m))

    @cached_property
    def knee_below_hips(self) -> Array:
        """``(frame, side)`` in legs."""
        return self._of(self.body.hip_m[..., 2] - self.body.knee_m[..., 2]) / self.body.leg_m

    @cached_property
    def trunk_rad(self) -> Array:
        """``(frame, 2)``: how far the line from hips to neck leans forward and to the left, against how it did at first."""
        line = _turned_back(self._of(self.body.neck_m - self.body.hips_m)[:, None], self._of(self.body.yaw_rad))[:, 0]
        upright = np.arctan2(line[:, :2], np.maximum(line[:, 2:], 1e-9)) if self.body.legs == 2 else np.arctan2(-line[:, 2:], line[:, :1])
        return np.asarray(np.pad(upright - upright[0], ((0, 0), (0, 2 - upright.shape[1]))))

    @cached_property
    def gaze_rad(self) -> Array:
        """``(frame, 3)``: the face turned to the left and bent down, and the crown tilted to the left, against the chest."""
        chest, head = self._of(self.body.chest), self._of(self.body.head)
        face, crown = (np.einsum("fij,fj->fi", chest, head[:, axis]) for axis in (0, 2))
        angles = [np.arctan2(face[:, 1], face[:, 0]), -np.arcsin(np.clip(face[:, 2], -1, 1)), np.arctan2(crown[:, 1], crown[:, 2])]
        return np.stack(angles, axis=1) - [each[0] for each in angles]

    @cached_property
    def looks_rad(self) -> Array:
        """``(frame,)``: how far the face is turned to the left of where the hips face."""
        pelvis, head = self._of(self.body.pelvis), self._of(self.body.head)
        face = np.einsum("fij,fj->fi", pelvis, head[:, 0])
        return np.asarray(np.arctan2(face[:, 1], face[:, 0]))

    @cached_property
    def hands(self) -> Array:
        """``(frame, side, 3)`` in arms: ahead of, outward and up from its shoulder, as the chest has it."""
        return self._by_chest(self.body.tips_m - self.body.shoulder_m) / self.body.arm_m

    @cached_property
    def upper_arms(self) -> Array:
        """``(frame, side, 3)``: unit vectors from shoulder to elbow: ahead, outward, up."""
        along = self._by_chest(self.body.elbow_m - self.body.shoulder_m)
        return np.asarray(along / np.linalg.norm(along, axis=-1, keepdims=True))

    @cached_property
    def forearms(self) -> Array:
        """``(frame, side, 3)``: unit vectors from elbow to palm: ahead, outward, up."""
        along = self._by_chest(self.body.tips_m - self.body.elbow_m)
        return np.asarray(along / np.linalg.norm(along, axis=-1, keepdims=True))

    @cached_property
    def elbow_rad(self) -> Array:
        """``(frame, side)``: 0 is straight."""
        body = self.body
        return _bend(self._of(body.elbow_m - body.shoulder_m), self._of(body.tips_m - body.elbow_m))

    @cached_property
    def hands_apart(self) -> Array:
        """``(frame,)`` in arms."""
        tips_m = self._of(self.body.tips_m)
        return np.asarray(np.linalg.norm(tips_m[:, LEFT] - tips_m[:, RIGHT], axis=-1) / self.body.arm_m)

    @cached_property
    def hands_to_hips(self) -> Array:
        """``(frame, side)`` in legs: from each palm to the hip of its side."""
        return np.asarray(np.linalg.norm(self._of(self.body.tips_m - self.body.hip_m), axis=-1) / self.body.leg_m)

    @cached_property
    def hands_over_ankles(self) -> Array:
        """``(frame, side)`` in legs: how much higher each palm is than the ankle of its side."""
        return self._of(self.body.tips_m[..., 2] - self.body.ends_m[..., 2]) / self.body.leg_m

    @cached_property
    def tail_rad(self) -> Array:
        """``(frame,)``: how far the tail swings to the left."""
        swung = np.einsum("fij,fj->fi", self._of(self.body.pelvis), self._of(self.body.tail))
        return np.asarray(np.arctan2(swung[:, 1], np.hypot(swung[:, 0], swung[:, 2])))

    def _by_chest(self, ways_m: Array) -> Array:
        seen = np.einsum("fij,fsj->fsi", self._of(self.body.chest), self._of(ways_m))
        return seen * np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0]])

    def _seen_at_first(self, ways_m: Array) -> Array:
        sides_m = ways_m.reshape(len(ways_m), -1, 3)
        yaw_rad = np.full(len(ways_m), self.body.yaw_rad[self.first])
        return (_turned_back(sides_m, yaw_rad) / self.body.leg_m).reshape(ways_m.shape)


@lru_cache(maxsize=32)
def body_of(clip: Recorded, name: str) -> Body:
    """The body of an avatar.

    Raises:
        UnreadableBody: limbs are missing, those that are called left are not on the left, or knees do not bend ahead.
    """
    paths = clip.paths
    limbs = paths.limbs(name)
    legs = 4 if "tail" in limbs else 2
    try:
        return _read(name, paths, limbs, legs)
    except KeyError as missing:
        raise UnreadableBody(f"{name} has no {missing.args[0]} among its limbs") from None


def _read(name: str, paths: Trajectories, limbs: dict[str, Pose], legs: int) -> Body:
    pelvis, chest, head = (_axes(limbs[part]) for part in ("pelvis", "chest", "head"))
    fore = ("fore_thigh", "fore_shin") if legs == 4 else ("upper_arm", "forearm")
    thigh, shin, upper, lower = (_both(limbs, part) for part in ("thigh", "shin", *fore))
    hip_m, knee_m, shoulder_m, elbow_m = (_hinges(each) for each in (thigh, shin, upper, lower))
    _require_own_sides(name, hip_m, pelvis)
    _require_own_sides(name, shoulder_m, chest)
    ends_m, tips_m, sole_m = _on_four(shin, lower) if legs == 4 else _on_two(_both(limbs, "foot"), shoulder_m, elbow_m, lower)
    _require_knees_ahead(name, knee_m - (hip_m + ends_m) / 2, pelvis)
    hips_m = hip_m.mean(axis=1)
    leg_m = float(np.linalg.norm(knee_m - hip_m, axis=-1).mean() + np.linalg.norm(ends_m - knee_m, axis=-1).mean())
    tail = -_axes(limbs["tail"])[:, 0] if legs == 4 else -pelvis[:, 2]
    return Body(
        name, paths.fps, legs, leg_m, hips_m, limbs["head"].position_m, pelvis, chest, head, tail,
        hip_m, knee_m, ends_m, shoulder_m, elbow_m, tips_m, sole_m / leg_m,
    )  # fmt: skip


def _both(limbs: dict[str, Pose], part: str) -> tuple[Pose, Pose]:
    return limbs[f"left_{part}"], limbs[f"right_{part}"]


def _hinges(pair: tuple[Pose, Pose]) -> Array:
    return np.stack([pose.position_m for pose in pair], axis=1)


def _axes(pose: Pose) -> Array:
    """``(frame, 3, 3)``: rows are the unit vectors ahead, left and up of a limb in the world."""
    return np.swapaxes(geometry.rotation(pose.quaternion_wxyz).as_matrix(), 1, 2)


def _require_own_sides(name: str, hinges_m: Array, axes: Array) -> None:
    outward_m = np.sum((hinges_m[:, LEFT] - hinges_m[:, RIGHT]) * axes[:, 1], axis=1)
    if np.any(outward_m <= 0):
        raise UnreadableBody(f"limbs of {name} that are called left are on its right")


def _require_knees_ahead(name: str, bent_m: Array, axes: Array) -> None:
    """Which way a body faces, and so which side is its left, shows in its knees: ``bent_m`` from the middle of the leg."""
    if np.sum(bent_m * axes[:, None, 0]) <= 0:
        raise UnreadableBody(f"{name} faces where its heels are")


def _on_two(feet: tuple[Pose, Pose], shoulder_m: Array, elbow_m: Array, lower: tuple[Pose, Pose]) -> tuple[Array, Array, Array]:
    """Ankles, palms, and the height of each sole at its lowest."""
    ankle_m, axes = _hinges(feet), np.stack([_axes(foot) for foot in feet], axis=1)
    arm_m = float(np.linalg.norm(elbow_m - shoulder_m, axis=-1).mean())
    down = np.stack([-_axes(pose)[:, 2] for pose in lower], axis=1)
    high_m = float(ankle_m[..., 2].min())
    ends_m = [ankle_m + high_m * (ahead * axes[..., 0, :] - axes[..., 2, :]) for ahead in (BALL, -1.0)]
    return ankle_m, elbow_m + PALM * arm_m * down, np.minimum(*(end_m[..., 2] for end_m in ends_m))


def _on_four(hind: tuple[Pose, Pose], fore: tuple[Pose, Pose]) -> tuple[Array, Array, Array]:
    """Hind paws, forepaws, and the heights of all."""
    paws_m = [np.stack([_paw_m(pose) for pose in pair], axis=1) for pair in (hind, fore)]
    return paws_m[0], paws_m[1], np.concatenate([each[..., 2] for each in paws_m], axis=1)


def _paw_m(shin: Pose) -> Array:
    """The end of a shin: as long as it must be to come to the floor when the body stands, at first or at last."""
    down = -_axes(shin)[:, 2]
    stands = 0 if shin.position_m[0, 2] > shin.position_m[-1, 2] else -1
    return shin.position_m + down * (shin.position_m[stands, 2] / -down[stands, 2])


def _turned_back(points: Array, yaw_rad: Array) -> Array:
    """World points ``(frame, point, 3)`` as one sees them who faces along ``yaw_rad (frame,)``: forward, left, up."""
    cos, sin = np.cos(yaw_rad)[:, None], np.sin(yaw_rad)[:, None]
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([cos * x + sin * y, cos * y - sin * x, z], axis=-1)


def _bend(upper: Array, lower: Array) -> Array:
    """The angle between two bones ``(…, 3)``: 0 where they are in line."""
    cosine = np.sum(upper * lower, axis=-1) / (np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1))
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def _runs(mask: Array, length: int) -> list[tuple[int, int]]:
    """First and last frame of every run of True, each with the still frame before and after it."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int)))
    return [(max(int(start) - 1, 0), min(int(stop), length - 1)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _long_runs(mask: Array, least: int) -> Array:
    """The mask without its runs that are shorter, but for those at either end."""
    kept = np.zeros_like(mask)
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        kept[start:stop] = stop - start >= least or start == 0 or stop == len(mask)
    return kept
