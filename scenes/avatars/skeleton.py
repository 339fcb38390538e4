"""From how a body holds itself to where its limbs are: forward kinematics, and two-bone inverse kinematics for legs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation as _Turn

from scenes import geometry
from scenes.avatars.avatar import Proportions
from scenes.avatars.hold import POSTURES, Hold
from scenes.geometry import Array
from scenes.rejection import Rejected
from scenes.types import Pose

WAIST = 0.2  # share of the torso that belongs to the pelvis; the chest turns about its top
HEEL, BALL = 1.0, 1.8  # how far behind and ahead of the ankle a foot rolls, in heights of the ankle
SLACK = {2: 1.004, 4: 1.04}  # bones are longer than the standing leg by this factor: knees are soft, and a sway needs no stretching
TOLERANCE = 1e-3  # share of a leg by which a foot may be out of reach: it is then that much off
NECK_ON_FOUR = np.array([0.6, 0.0, 0.8])  # the way a four-legged body's neck rises from between its shoulders
TAIL_ON_FOUR = np.array([-0.12, 0.0, 0.06])  # from the hips to the root of the tail, in lengths of the trunk
PALM, HALF_PALM = 0.9, 0.075  # how far down the forearm hands meet, and half their thickness, in lengths of the forearm
RECLINING_RAD = 0.9  # how far a trunk leans back before its back comes to the ground
SIDES = (("left", 1.0), ("right", -1.0))


@dataclass(frozen=True)
class _Leg:
    """Lengths of two bones in metres, and the way the joint between them points when the leg hangs: +1 ahead, −1 behind."""

    upper_m: float
    lower_m: float
    knee: float = 1.0


def limb_poses(hold: Hold, proportions: Proportions, height_m: float) -> dict[str, Pose]:
    """Pose of each limb, in the frame of the action, in metres, for a standing height.

    Positions ``(frame, 3)`` are those of the hinges, in the order of `LIMBS_ON_TWO` or `LIMBS_ON_FOUR`. Trunk, head and arms follow
    from the joint angles; each leg bends so that its sole is where the hold says.

    Raises:
        Rejected: a foot cannot reach where it should be.
    """
    body = _OnFour(hold, proportions, height_m) if proportions.legs == 4 else _OnTwo(hold, proportions, height_m)
    still = np.ones(len(hold.hips))
    return {name: Pose(at_m, geometry.wxyz(turn), still) for name, (at_m, turn) in body.limbs().items()}


def pelvis_pose(hold: Hold, proportions: Proportions, height_m: float) -> Pose:
    """The pose of the pelvis among `limb_poses`, alone."""
    body = _Body(hold, proportions, height_m)
    return Pose(body.hips_m, geometry.wxyz(body.pelvis), np.ones(len(hold.hips)))


class _Body:
    """What bodies on two and on four legs have in common."""

    def __init__(self, hold: Hold, proportions: Proportions, height_m: float) -> None:
        self.hold, self.lengths, self.height_m = hold, proportions, height_m
        self.leg_m = proportions.leg * height_m
        self.hips_m = (hold.hips + (0.0, 0.0, 1.0)) * self.leg_m
        self.pelvis = _turned(hold.turn)

    @cached_property
    def chest(self) -> _Turn:
        return self.pelvis * _turned(self.hold.spine)

    @cached_property
    def head(self) -> _Turn:
        return self.chest * _turned(self.hold.head)

    def limbs(self) -> dict[str, tuple[Array, _Turn]]:
        raise NotImplementedError

    def on_pelvis(self, x: float, y: float, z: float) -> Array:
        """``(frame, 3)``: a point of the pelvis, told in heights of the body."""
        return self.hips_m + self.pelvis.apply((x, y, z)) * self.height_m

    def leg(self, root_m: Array, parent: _Turn, end_m: Array, bones: _Leg, knee_out: Array) -> tuple[_Turn, Array, _Turn]:
        """Orientation of the upper bone, the joint between, orientation of the lower bone, for a leg from ``root_m`` to ``end_m``.

        The leg is swung from hanging down its parent by the shortest turn, so that knees point ahead of a standing body, up from a
        sitting or lying one, and never flip unless a leg points straight up its parent.
        """
        reach_m, way = self._reach(end_m - root_m, bones)
        hanging, ahead = parent.apply((0.0, 0.0, -1.0)), parent.apply(_directions(knee_out) * bones.knee)
        front = ahead - (np.sum(way * ahead, axis=1) / np.maximum(1 + np.sum(way * hanging, axis=1), 1e-6))[:, None] * (way + hanging)
        along_m = (reach_m**2 + bones.upper_m**2 - bones.lower_m**2) / (2 * reach_m)
        out_m = np.sqrt(np.maximum(bones.upper_m**2 - along_m**2, 0.0))
        joint_m = root_m + along_m[:, None] * way + out_m[:, None] * front
        axle = np.cross(front, way) * bones.knee
        return _hung(joint_m - root_m, axle), joint_m, _hung(root_m + reach_m[:, None] * way - joint_m, axle)

    def _reach(self, span_m: Array, bones: _Leg) -> tuple[Array, Array]:
        """``(frame,)`` and ``(frame, 3)``: how far and which way the leg reaches."""
        reach_m = np.linalg.norm(span_m, axis=1)
        shortest_m, longest_m = abs(bones.upper_m - bones.lower_m) + 1e-4 * self.leg_m, bones.upper_m + bones.lower_m
        spare_m = TOLERANCE * self.leg_m
        if np.any(reach_m > longest_m + spare_m) or np.any(reach_m < shortest_m - spare_m):
            raise Rejected("staging", "a foot is out of reach")
        return np.clip(reach_m, shortest_m, longest_m), span_m / np.maximum(reach_m, 1e-9)[:, None]


class _OnTwo(_Body):
    def __init__(self, hold: Hold, proportions: Proportions, height_m: float) -> None:
        super().__init__(hold, proportions, height_m)
        # broad backs and thin ones rest on the same ground: the posture has the hips as high as suits a middling one
        on_back = geometry.ease((-hold.turn[:, 1] - RECLINING_RAD) / (np.pi / 2 - RECLINING_RAD))
        self.hips_m[:, 2] += on_back * (proportions.back * height_m - (1 + POSTURES["lying"].hips[0, 2]) * self.leg_m)

    def limbs(self) -> dict[str, tuple[Array, _Turn]]:
        size = self.lengths
        waist_m = self.on_pelvis(0.0, 0.0, WAIST * size.torso)
        neck_m = waist_m + self.chest.apply((0.0, 0.0, ((1 - WAIST) * size.torso + size.neck) * self.height_m))
        limbs = {"pelvis": (self.hips_m, self.pelvis), "chest": (waist_m, self.chest), "head": (neck_m, self.head)}
        for side, (name, sign) in enumerate(SIDES):
            limbs |= {f"{name}_{part}": pose for part, pose in self._arm(side, sign, waist_m).items()}
        for side, (name, sign) in enumerate(SIDES):
            limbs |= {f"{name}_{part}": pose for part, pose in self._walking_leg(side, sign).items()}
        return limbs

    def _arm(self, side: int, sign: float, waist_m: Array) -> dict[str, tuple[Array, _Turn]]:
        size = self.lengths
        at = (0.0, sign * size.shoulder_width / 2, (1 - WAIST) * size.torso)
        shoulder_m = waist_m + self.chest.apply(at) * self.height_m
        raised = _Turn.from_euler("YXZ", self.hold.shoulder[:, side] * (-1.0, sign, -sign))
        if self.hold.clasp.any():
            raised = geometry.yaw(self._clasping(raised, side, sign)) * raised
        upper = self.chest * raised
        elbow_m = shoulder_m + upper.apply((0.0, 0.0, -size.upper_arm * self.height_m))
        return {"upper_arm": (shoulder_m, upper), "forearm": (elbow_m, upper * geometry.about((0.0, -1.0, 0.0), self.hold.elbow[:, side]))}

    def _clasping(self, raised: _Turn, side: int, sign: float) -> Array:
        """``(frame,)``: by how much to turn an arm about the chest's upright so that its hand comes to the middle of the body."""
        size = self.lengths
        bent = geometry.about((0.0, -1.0, 0.0), self.hold.elbow[:, side])
        hand = raised.apply(bent.apply((0.0, 0.0, -PALM * size.forearm)) - (0.0, 0.0, size.upper_arm))
        inward = size.shoulder_width / 2 - HALF_PALM * size.forearm
        meeting = np.arcsin(np.clip(-sign * inward / np.maximum(np.hypot(hand[:, 0], hand[:, 1]), 1e-9), -1.0, 1.0))
        return np.asarray(self.hold.clasp * (meeting - np.arctan2(hand[:, 1], hand[:, 0])))

    def _walking_leg(self, side: int, sign: float) -> dict[str, tuple[Array, _Turn]]:
        size, slack = self.lengths, SLACK[2] * self.height_m
        hip_m = self.on_pelvis(0.0, sign * size.hip_width / 2, 0.0)
        stands_m = geometry.yaw(self.hold.foot_turn[:, side, 0]).apply((0.0, sign * size.hip_width / 2 * self.height_m, 0.0))
        sole_m = self.hold.feet[:, side] * self.leg_m + stands_m
        foot, rise_m = _rolled(self.hold.foot_turn[:, side], size.ankle * self.height_m)
        bones = _Leg(size.thigh * slack, size.shin * slack)
        thigh, knee_m, shin = self.leg(hip_m, self.pelvis, sole_m + rise_m, bones, sign * self.hold.knee_out[:, side])
        ankle_m = knee_m + shin.apply((0.0, 0.0, -bones.lower_m))
        return {"thigh": (hip_m, thigh), "shin": (knee_m, shin), "foot": (ankle_m, foot)}


class _OnFour(_Body):
    def limbs(self) -> dict[str, tuple[Array, _Turn]]:
        size, half = self.lengths, self.lengths.torso / 2
        back_m = self.on_pelvis(half, 0.0, 0.0)
        neck_m = back_m + self.chest.apply((half, 0.0, 0.0) + NECK_ON_FOUR * size.neck) * self.height_m
        tail = self.pelvis * _Turn.from_euler("ZY", self.hold.tail * (-1.0, 1.0))
        limbs = {"pelvis": (self.hips_m, self.pelvis), "chest": (back_m, self.chest), "head": (neck_m, self.head)}
        limbs["tail"] = (self.on_pelvis(*(TAIL_ON_FOUR * size.torso)), tail)
        for side, (name, sign) in enumerate(SIDES):
            limbs |= {f"{name}_{part}": pose for part, pose in self._foreleg(side, sign, back_m).items()}
        for side, (name, sign) in enumerate(SIDES):
            limbs |= {f"{name}_{part}": pose for part, pose in self._hind_leg(side, sign).items()}
        return limbs

    def _foreleg(self, side: int, sign: float, back_m: Array) -> dict[str, tuple[Array, _Turn]]:
        size, slack = self.lengths, SLACK[4] * self.height_m
        out = sign * size.shoulder_width / 2
        shoulder_m = back_m + self.chest.apply((size.torso / 2, out, 0.0)) * self.height_m
        stands_m = geometry.yaw(self.hold.fore_turn[:, side]).apply((size.torso, out, 0.0)) * self.height_m
        sole_m = self.hold.fore_feet[:, side] * self.leg_m + stands_m
        bones = _Leg(size.upper_arm * slack, size.forearm * slack, knee=-1.0)
        upper, elbow_m, lower = self.leg(shoulder_m, self.chest, sole_m, bones, np.zeros(len(sole_m)))
        return {"fore_thigh": (shoulder_m, upper), "fore_shin": (elbow_m, lower)}

    def _hind_leg(self, side: int, sign: float) -> dict[str, tuple[Array, _Turn]]:
        size, slack = self.lengths, SLACK[4] * self.height_m
        out = sign * size.hip_width / 2
        stands_m = geometry.yaw(self.hold.foot_turn[:, side, 0]).apply((0.0, out * self.height_m, 0.0))
        sole_m = self.hold.feet[:, side] * self.leg_m + stands_m
        bones = _Leg(size.thigh * slack, (size.shin + size.ankle) * slack)
        hip_m = self.on_pelvis(0.0, out, 0.0)
        thigh, knee_m, shin = self.leg(hip_m, self.pelvis, sole_m, bones, sign * self.hold.knee_out[:, side])
        return {"thigh": (hip_m, thigh), "shin": (knee_m, shin)}


def _turned(angles_rad: Array) -> _Turn:
    """From ``(frame, 3)``: yaw to the left, then pitch forward, then roll to the left side."""
    return _Turn.from_euler("ZYX", angles_rad * (1.0, 1.0, -1.0))


def _directions(angle_rad: Array) -> Array:
    """``(frame, 3)``: level unit vectors, turned to the left from ahead."""
    return np.stack([np.cos(angle_rad), np.sin(angle_rad), np.zeros_like(angle_rad)], axis=1)


def _hung(bone_m: Array, axle: Array) -> _Turn:
    """The orientation whose −z runs down the bone and whose y is the axle that it bends about, each ``(frame, 3)``."""
    up = -bone_m / np.linalg.norm(bone_m, axis=1, keepdims=True)
    return _Turn.from_matrix(np.stack([np.cross(axle, up), axle, up], axis=2))


def _rolled(foot_turn_rad: Array, ankle_m: float) -> tuple[_Turn, Array]:
    """A foot's orientation, and where its ankle is from the sole of the flat foot ``(frame, 3)``.

    Toes down, the foot turns about its ball; toes up, about its heel: a foot on the floor rolls.
    """
    yaw, pitch = foot_turn_rad.T
    foot = _Turn.from_euler("ZY", foot_turn_rad)
    pivot_m = _directions(yaw) * (np.where(pitch > 0, BALL, -HEEL) * ankle_m)[:, None]
    from_pivot_m = np.stack([np.where(pitch > 0, -BALL, HEEL), np.zeros_like(pitch), np.ones_like(pitch)], axis=1) * ankle_m
    return foot, pivot_m + foot.apply(from_pivot_m)
