"""What can be measured of an avatar's limbs, without knowing what was meant by their motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.signal import find_peaks

from scenes import geometry
from scenes.avatars.avatar import Proportions
from scenes.avatars.hold import POSTURES, POSTURES_ON_FOUR
from scenes.avatars.skeleton import SLACK, limb_poses
from scenes.geometry import Array
from scenes.kinematics import STILL
from scenes.types import Pose, Trajectories

LEFT, RIGHT = 0, 1  # index of the body sides in every array below
SIDES = ("left", "right")
HAND = 1.0  # the hand is taken to be this far beyond the elbow, in lengths of the upper arm
AT_EASE = 0.03  # radians by which a joint may be off a posture
PARENTS = {
    "chest": "pelvis",
    "head": "chest",
    "tail": "pelvis",
    "left_upper_arm": "chest",
    "right_upper_arm": "chest",
    "left_forearm": "left_upper_arm",
    "right_forearm": "right_upper_arm",
}
# Bodies whose joints the postures are told by: joints of trunk, head and arms are the same whatever the lengths.
_ANY_BODY = {
    2: Proportions(0.24, 0.24, 0.04, hip_width=0.1, shoulder_width=0.2, torso=0.3, neck=0.04, upper_arm=0.16, forearm=0.24),
    4: Proportions(0.27, 0.25, 0.03, hip_width=0.13, shoulder_width=0.14, torso=0.64, neck=0.3, upper_arm=0.25, forearm=0.3, legs=4),
}
OFF_GROUND = 0.02  # leg lengths that a sole is over the floor when it does not bear weight


@dataclass(frozen=True)
class BodyKinematics:
    """Measures of a stretch of an avatar's motion, the same wherever in the world and whichever way it faces.

    Its fields are values over time; the properties, and `swings` and `span` of any column of them, sum them up. Ways over
    the ground are in *leg lengths* (hip to sole) from the point of the floor below the hips in the first frame, along the
    facing of the first frame: forward, left, up. Hands are in *arm lengths* (twice the upper arm). Angles are in radians,
    zero in the standing body. ``side`` indices are 0 left and 1 right; "outward" is away from the body's middle.

    Args:
        duration_s: from the first frame to the last.
        legs: 2 or 4.
        hips: ``(frame, 3)`` forward, left, and height over the floor (1 standing) of the point between the hips.
        turn: ``(frame, 3)`` of the pelvis: yaw to the left (without jumps, from the first facing), pitch forward, roll to its left.
        trunk: ``(frame, 2)`` how far the chest's upright leans in the world: forward, and to its left, of the present facing.
        spine: ``(frame, 3)`` of the chest against the pelvis: twist to the left, bend forward, bend to its left.
        head: ``(frame, 3)`` of the head against the chest: turn to the left, nod forward, tilt to its left.
        feet: ``(frame, side, 3)`` soles: forward, left, height over the floor. Of four legs, the hind ones.
        knee: ``(frame, side)`` flexion.
        thigh: ``(frame, side, 2)`` how far each thigh is raised from hanging: forward, and sideways outward, in the pelvis' frame.
        upper_arm: ``(frame, side, 3)`` unit direction of the upper arm in the chest's frame: forward, outward, up.
        elbow: ``(frame, side)`` flexion.
        hand: ``(frame, side, 3)`` from its own shoulder in the chest's frame: forward, outward, up. (0, 0, −1) hangs straight.
        hand_height: ``(frame, side)`` of the hand over the floor in leg lengths.
        hands_apart: ``(frame,)`` between the hands, in arm lengths.
        fore_feet: ``(frame, side, 3)`` like ``feet``, of four legs; zeros of two.
        tail: ``(frame, 2)`` of four legs, against the pelvis: to its left, and up; zeros of two.
    Of four legs, the fields of arms are zeros.
    """

    duration_s: float
    legs: int
    hips: Array
    turn: Array
    trunk: Array
    spine: Array
    head: Array
    feet: Array
    knee: Array
    thigh: Array
    upper_arm: Array
    elbow: Array
    hand: Array
    hand_height: Array
    hands_apart: Array
    fore_feet: Array
    tail: Array

    @classmethod
    def of(cls, paths: Trajectories, name: str, first: int, last: int) -> BodyKinematics:
        """Measure frames ``first`` to ``last``, both included.

        Raises:
            ValueError: it has no limbs, or the interval does not lie in the clip or holds fewer than two frames.
        """
        if not 0 <= first < last < paths.num_frames:
            raise ValueError(f"frames {first} to {last} are not an interval of {paths.num_frames} frames: give 0 <= first < last < frames")
        limbs = paths.limbs(name)
        if not limbs:
            raise ValueError(f"{name!r} is not an avatar: only what has limbs has body kinematics")
        return _measure(_Limbs.of(limbs, first, last), (last - first) / paths.fps)

    # -- the way -------------------------------------------------------------------------------------------------------

    @cached_property
    def forward(self) -> float:
        """Net way of the hips along the first facing."""
        return float(self.hips[-1, 0] - self.hips[0, 0])

    @cached_property
    def leftward(self) -> float:
        """Net way of the hips to the first left."""
        return float(self.hips[-1, 1] - self.hips[0, 1])

    @cached_property
    def turns(self) -> float:
        """Signed net turns of the pelvis about the vertical, to its left positive."""
        return float(self.turn[-1, 0] - self.turn[0, 0]) / (2 * np.pi)

    @cached_property
    def on_the_spot(self) -> bool:
        """It ends where it began, faces as it did, and its hips were never far."""
        shift = np.abs(self.hips[:, :2] - self.hips[0, :2]).max()
        return abs(self.forward) < 0.05 and abs(self.leftward) < 0.05 and abs(self.turns) < 0.03 and bool(shift < 0.6)

    @cached_property
    def same_posture(self) -> bool:
        """It ends in the posture in which it began."""
        return self.begins == self.ends

    # -- postures ------------------------------------------------------------------------------------------------------

    @cached_property
    def begins(self) -> str:
        """The posture at the first frame: "standing", "sitting" or "lying"."""
        return self._posture(0)

    @cached_property
    def ends(self) -> str:
        """The posture at the last frame."""
        return self._posture(-1)

    def _posture(self, frame: int) -> str:
        if self.hips[frame, 2] > 0.75:
            return "standing"
        if self.legs == 4:
            return "sitting" if self.turn[frame, 1] < -0.25 else "lying"
        return "sitting" if abs(self.trunk[frame, 0]) < 0.9 else "lying"

    # -- what keeps still ----------------------------------------------------------------------------------------------

    @cached_property
    def hips_still(self) -> bool:
        """The hips neither travel nor rise nor sink visibly."""
        return bool(np.ptp(self.hips, axis=0).max() < 0.04)

    @cached_property
    def feet_still(self) -> bool:
        """No foot moves visibly."""
        moved = max(np.ptp(self.feet, axis=0).max(), np.ptp(self.fore_feet, axis=0).max())
        return bool(moved < 0.03)

    @cached_property
    def arms_still(self) -> bool:
        """No hand moves visibly against the chest."""
        return bool(np.ptp(self.hand, axis=0).max() < 0.08)

    @cached_property
    def head_still(self) -> bool:
        """The head does not move visibly against the chest."""
        return bool(np.ptp(self.head, axis=0).max() < 0.1)

    @cached_property
    def trunk_still(self) -> bool:
        """The chest neither leans nor twists visibly."""
        return bool(max(np.ptp(self.trunk, axis=0).max(), np.ptp(self.spine, axis=0).max()) < 0.12)

    # -- legs ----------------------------------------------------------------------------------------------------------

    @cached_property
    def airborne(self) -> Array:
        """``(frame,)`` 1 where no foot touches the floor, else 0."""
        soles = np.concatenate([self.feet[..., 2], self.fore_feet[..., 2]], axis=1) if self.legs == 4 else self.feet[..., 2]
        return (soles.min(axis=1) > OFF_GROUND).astype(float)

    @cached_property
    def flights(self) -> int:
        """How often it leaves the ground altogether."""
        return int(np.sum(np.diff(self.airborne, prepend=0.0) > 0))

    @cached_property
    def foot_rise(self) -> Array:
        """``(side,)`` how high each foot gets over where it is lowest."""
        return np.asarray(np.ptp(self.feet[..., 2], axis=0))

    @cached_property
    def lifts(self) -> tuple[int, int]:
        """How often each foot is lifted visibly and put down again: left, right."""
        return swings(self.feet[:, LEFT, 2], 0.04), swings(self.feet[:, RIGHT, 2], 0.04)

    @cached_property
    def feet_stray(self) -> bool:
        """A foot is put down elsewhere than where it stood, or reaches far to the side."""
        moved = np.abs(self.feet[:, :, :2] - self.feet[0, :, :2])
        return bool(moved[-1].max() > 0.05 or moved[..., 1].max() > 0.12)

    @cached_property
    def runs(self) -> bool:
        """Steps follow each other as fast as in running: more than 2.7 per second."""
        return sum(self.lifts) / self.duration_s > 2.7

    @cached_property
    def lone_foot(self) -> int | None:
        """The side of the one foot that is lifted and put down where it was, while a two-legged body stays on the other; or None."""
        side = int(np.argmax(self.foot_rise))
        stays = self.legs == 2 and self.on_feet and self.on_the_spot and not self.feet_stray
        reaches = np.ptp(self.feet[:, side, 0]) > 0.55
        return side if stays and not reaches and self.foot_rise[side] > 0.1 and self.foot_rise[1 - side] < 0.05 else None

    @cached_property
    def on_feet(self) -> bool:
        """It begins and ends standing."""
        return self.begins == self.ends == "standing"

    # -- arms ----------------------------------------------------------------------------------------------------------

    def hand_moves(self, side: int) -> float:
        """Largest range of a hand against its shoulder, along any axis of the chest, in arm lengths."""
        return float(np.ptp(self.hand[:, side], axis=0).max())

    def hand_swings(self, side: int, least: float = 0.08) -> int:
        """How often a hand is at the far end of its main direction of motion in the chest's frame, by at least ``least`` arm lengths."""
        centred = self.hand[:, side] - self.hand[:, side].mean(axis=0)
        along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
        return max(swings(along, least), swings(-along, least))


def span(signal: Array) -> float:
    """Largest minus smallest value of ``(frame,)``."""
    return float(np.ptp(signal))


def swings(signal: Array, least: float) -> int:
    """How many maxima of ``(frame,)`` stand out by ``least`` and by 0.4 of its range; those at either end do not count."""
    prominence = max(least, 0.4 * float(np.ptp(signal)))
    return len(
        find_peaks(np.round(signal, 6), prominence=prominence)[0]
    )  # what is kept for a while is one maximum, whatever its last digits


def body_segments(paths: Trajectories, name: str, min_rest_s: float = 0.2) -> list[tuple[int, int]]:
    """When an avatar moves: inclusive frame intervals, from the last frame of rest before to the first after.

    Rests shorter than ``min_rest_s`` do not divide an interval, nor do those in which the body is not at ease in one of its postures:
    an arm that is held up comes down again in the same interval.
    """
    limbs = paths.limbs(name)
    moving = np.flatnonzero(_moves(limbs))
    if not len(moving):
        return []
    breaks = np.flatnonzero(np.diff(moving) - 1 >= max(1.0, min_rest_s * paths.fps))
    breaks = np.array([row for row in breaks if _at_ease(limbs, int(moving[row]) + 1)], int)
    firsts, lasts = moving[np.r_[0, breaks + 1]], moving[np.r_[breaks, len(moving) - 1]] + 1
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _moves(limbs: dict[str, Pose]) -> np.ndarray:
    """``(frame - 1,)``: whether any limb moves from a frame to the next."""
    position = np.stack([pose.position_m for pose in limbs.values()])
    quaternion = np.stack([pose.quaternion_wxyz for pose in limbs.values()])
    shifted = np.linalg.norm(np.diff(position, axis=1), axis=-1).max(axis=0)
    same = np.abs(np.sum(quaternion[:, 1:] * quaternion[:, :-1], axis=-1)).min(axis=0)
    # the angle between neighbours is 2 arccos(same), and 1 − same is its square over 8
    return (shifted > STILL) | (1.0 - same > 1e-11)


def _at_ease(limbs: dict[str, Pose], frame: int) -> bool:
    """Whether trunk, head, arms and tail are as in one of the postures."""
    now = _joints({limb: pose.quaternion_wxyz[frame] for limb, pose in limbs.items()})
    known = _postures(4 if "tail" in limbs else 2)
    return any(all(np.abs(now[joint] - kept[joint]).max() < AT_EASE for joint in kept) for kept in known)


@lru_cache
def _postures(legs: int) -> list[dict[str, Array]]:
    """The joints of each posture."""
    solved = [limb_poses(hold, _ANY_BODY[legs], 1.0) for hold in (POSTURES_ON_FOUR if legs == 4 else POSTURES).values()]
    return [_joints({limb: pose.quaternion_wxyz[0] for limb, pose in limbs.items()}) for limbs in solved]


def _joints(quaternion_wxyz: dict[str, Array]) -> dict[str, Array]:
    """How limbs other than legs are turned against those that they hang from, and which way is up to the pelvis."""
    frame = {limb: geometry.rotation(each).as_matrix() for limb, each in quaternion_wxyz.items()}
    joints = {limb: frame[parent].T @ frame[limb] for limb, parent in PARENTS.items() if limb in frame}
    return joints | {"pelvis": frame["pelvis"][2]}


# -- measuring ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Limbs:
    """Hinges ``(frame, 3)`` and orientations ``(frame, 3, 3)`` by limb, and how far below its last hinge a sole is."""

    hinge: dict[str, Array]
    frame: dict[str, Array]
    to_sole_m: float
    to_fore_sole_m: float

    @classmethod
    def of(cls, limbs: dict[str, Pose], first: int, last: int) -> _Limbs:
        stretch = slice(first, last + 1)
        frames = {limb: geometry.rotation(pose.quaternion_wxyz).as_matrix() for limb, pose in limbs.items()}

        def to_sole_m(last_limb: str) -> float:
            # A sole never is below the floor and touches it at some time in a clip: that tells how far it is from the hinge.
            pairs = [(limbs[limb].position_m[:, 2], frames[limb][:, 2, 2]) for limb in (f"left_{last_limb}", f"right_{last_limb}")]
            longest_m = float(min(np.where(up > 0.2, height_m / np.maximum(up, 0.2), np.inf).min() for height_m, up in pairs))
            return longest_m if np.isfinite(longest_m) else 0.0

        four = "left_fore_shin" in limbs
        return cls(
            {limb: pose.position_m[stretch] for limb, pose in limbs.items()},
            {limb: each[stretch] for limb, each in frames.items()},
            to_sole_m("shin" if four else "foot"),
            to_sole_m("fore_shin") if four else 0.0,
        )

    @property
    def legs(self) -> int:
        return 4 if "left_fore_shin" in self.hinge else 2

    def length_m(self, limb: str, following: str) -> float:
        """From the hinge of a limb to the hinge of the one that hangs from it."""
        return float(np.linalg.norm(self.hinge[following][0] - self.hinge[limb][0]))

    def sole_m(self, side: str, fore: str = "") -> Array:
        limb = f"{side}_foot" if self.legs == 2 else f"{side}_{fore}shin"
        return self.hinge[limb] - (self.to_fore_sole_m if fore else self.to_sole_m) * self.frame[limb][..., 2]

    @property
    def leg_m(self) -> float:
        """Hip to sole of the straight leg."""
        shin_m = self.length_m("left_shin", "left_foot") if self.legs == 2 else 0.0
        bones_m = self.length_m("left_thigh", "left_shin") + shin_m + (self.to_sole_m if self.legs == 4 else 0.0)
        return bones_m / SLACK[self.legs] + (0.0 if self.legs == 4 else self.to_sole_m)

    def against(self, limb: str, other: str) -> Array:
        """``(frame, 3, 3)``: orientation of a limb in the frame of another."""
        return np.asarray(np.swapaxes(self.frame[other], 1, 2) @ self.frame[limb])

    def within(self, vectors: Array, limb: str) -> Array:
        """World vectors ``(frame, 3)`` in the frame of a limb."""
        return np.asarray(np.einsum("fij,fi->fj", self.frame[limb], vectors))


def _measure(limbs: _Limbs, duration_s: float) -> BodyKinematics:
    left = limbs.frame["pelvis"][..., 1]  # stays level however far the body leans forward or back
    yaw = np.unwrap(np.arctan2(-left[:, 0], left[:, 1]))
    leg_m = limbs.leg_m
    origin = np.append((limbs.hinge["left_thigh"][0, :2] + limbs.hinge["right_thigh"][0, :2]) / 2, 0.0)

    def over_ground(points: Array) -> Array:
        return _turned(points - origin, -yaw[0]) / leg_m

    chest_up = _turned(limbs.frame["chest"][..., 2], -yaw)
    return BodyKinematics(
        duration_s=duration_s,
        legs=limbs.legs,
        hips=over_ground((limbs.hinge["left_thigh"] + limbs.hinge["right_thigh"]) / 2),
        turn=np.column_stack([yaw - yaw[0], *_pitch_and_roll(limbs.frame["pelvis"], yaw)]),
        trunk=np.column_stack(
            [np.arctan2(chest_up[:, 0], chest_up[:, 2]), np.arctan2(chest_up[:, 1], np.hypot(chest_up[:, 0], chest_up[:, 2]))]
        ),
        spine=_angles(limbs.against("chest", "pelvis")),
        head=_angles(limbs.against("head", "chest")),
        feet=np.stack([over_ground(limbs.sole_m(side)) for side in SIDES], axis=1),
        knee=np.column_stack([_bend(limbs, f"{side}_thigh", f"{side}_shin") for side in SIDES]),
        thigh=np.stack([_raised(limbs, side) for side in SIDES], axis=1),
        **(_of_arms(limbs, leg_m) if limbs.legs == 2 else _of_no_arms(len(yaw))),
        **(_of_four(limbs, over_ground) if limbs.legs == 4 else _of_two(len(yaw))),
    )


def _of_arms(limbs: _Limbs, leg_m: float) -> dict[str, Array]:
    upper_m = limbs.length_m("left_upper_arm", "left_forearm")
    hands = [limbs.hinge[f"{side}_forearm"] - HAND * upper_m * limbs.frame[f"{side}_forearm"][..., 2] for side in SIDES]
    reach = [
        _outward(limbs.within(hand - limbs.hinge[f"{side}_upper_arm"], "chest"), side) for hand, side in zip(hands, SIDES, strict=True)
    ]
    arms = [_outward(limbs.within(-limbs.frame[f"{side}_upper_arm"][..., 2], "chest"), side) for side in SIDES]
    return {
        "upper_arm": np.stack(arms, axis=1),
        "elbow": np.column_stack([_bend(limbs, f"{side}_upper_arm", f"{side}_forearm") for side in SIDES]),
        "hand": np.stack(reach, axis=1) / ((1 + HAND) * upper_m),
        "hand_height": np.column_stack([hand[:, 2] for hand in hands]) / leg_m,
        "hands_apart": np.linalg.norm(hands[LEFT] - hands[RIGHT], axis=1) / ((1 + HAND) * upper_m),
    }


def _of_no_arms(frames: int) -> dict[str, Array]:
    bare = {"elbow": (2,), "hand_height": (2,), "hands_apart": (), "upper_arm": (2, 3), "hand": (2, 3)}
    return {name: np.zeros((frames, *shape)) for name, shape in bare.items()}


def _of_four(limbs: _Limbs, over_ground: Callable[[Array], Array]) -> dict[str, Array]:
    tail = limbs.against("tail", "pelvis")
    straight = tail[0].T @ tail  # how a tail is hung at rest is the business of the avatar
    return {
        "fore_feet": np.stack([over_ground(limbs.sole_m(side, "fore_")) for side in SIDES], axis=1),
        "tail": np.column_stack([_angles(tail)[:, 0], _angles(straight)[:, 1]]),
    }


def _of_two(frames: int) -> dict[str, Array]:
    return {"fore_feet": np.zeros((frames, 2, 3)), "tail": np.zeros((frames, 2))}


def _turned(vectors: Array, yaw: float | Array) -> Array:
    """World vectors ``(frame, 3)`` turned about the vertical by an angle or by ``(frame,)`` of them."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y = vectors[:, 0], vectors[:, 1]
    return np.column_stack([cos * x - sin * y, sin * x + cos * y, vectors[:, 2]])


def _pitch_and_roll(frame: Array, yaw: Array) -> tuple[Array, Array]:
    """Pitch forward and roll to its left of frames ``(frame, 3, 3)`` that face ``yaw``."""
    up = _turned(frame[..., 2], -yaw)
    return np.arctan2(up[:, 0], up[:, 2]), -np.arcsin(np.clip(frame[:, 2, 1], -1, 1))


def _angles(matrix: Array) -> Array:
    """Turn to the left, pitch forward and tilt to the left ``(frame, 3)`` of relative orientations."""
    yaw = np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0])
    pitch = -np.arcsin(np.clip(matrix[:, 2, 0], -1, 1))
    return np.column_stack([yaw, pitch, -np.arctan2(matrix[:, 2, 1], matrix[:, 2, 2])])


def _bend(limbs: _Limbs, upper: str, lower: str) -> Array:
    """``(frame,)``: angle between two limbs that hang one from the other."""
    cosine = np.sum(limbs.frame[upper][..., 2] * limbs.frame[lower][..., 2], axis=1)
    return np.asarray(np.arccos(np.clip(cosine, -1, 1)))


def _raised(limbs: _Limbs, side: str) -> Array:
    """``(frame, 2)``: how far a thigh is raised forward and outward in the frame of the pelvis."""
    along = _outward(limbs.within(-limbs.frame[f"{side}_thigh"][..., 2], "pelvis"), side)
    return np.column_stack([np.arctan2(along[:, 0], -along[:, 2]), np.arcsin(np.clip(along[:, 1], -1, 1))])


def _outward(vectors: Array, side: str) -> Array:
    """Vectors ``(frame, 3)`` with the second component away from the body's middle instead of to its left."""
    return vectors * (1.0, 1.0 if side == "left" else -1.0, 1.0)
