"""What an avatar does over a clip: its actions one after another, each from where and how the one before it left the body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AvatarMotion, motion_of
from scenes.avatars.skeleton import limb_poses
from scenes.geometry import Array
from scenes.types import ObjectSpec, Pose, require


@dataclass(frozen=True)
class _Footing:
    """The frame of an action in the world: its origin on the ground and the way the body faces."""

    origin_m: Array
    yaw_rad: float

    def moved(self, ahead: tuple[float, float, float], leg_m: float) -> _Footing:
        """After a way forward and to the left, in leg lengths, and a turn."""
        step_m = geometry.yaw(self.yaw_rad).apply((ahead[0] * leg_m, ahead[1] * leg_m, 0.0))
        return _Footing(self.origin_m + step_m, self.yaw_rad + ahead[2])

    def world(self, pose: Pose) -> Pose:
        """A pose of that frame in the world."""
        turn = geometry.yaw(self.yaw_rad)
        turned = turn * geometry.rotation(pose.quaternion_wxyz)
        return Pose(self.origin_m + turn.apply(pose.position_m), turned.as_quat(scalar_first=True), pose.scale)


@dataclass(frozen=True)
class _Stretch:
    """From ``start_s`` to the start of the next one the body holds itself so, at times from then on."""

    start_s: float
    footing: _Footing
    hold: Callable[[Array], Hold]


def perform(item: ObjectSpec, times_s: Array) -> tuple[Pose, dict[str, Pose]]:
    """World pose of the point between the hips, and of every limb, at times ``(frame,)``.

    ``item.position_m`` is where that point is when the body stands, whatever its posture at the start: a leg length above the
    ground it stands on. A body that sits or lies has its hips where `scenes.avatars.hold` says from there.

    Raises:
        ValueError: an action begins in another posture than the one before it ended in, or is not for this body.
        Rejected: a foot cannot reach where it should be.
    """
    proportions = AVATARS[item.shape].proportions
    stretches = list(_stretches(item, proportions))
    begun = np.searchsorted([stretch.start_s for stretch in stretches[1:]], times_s, side="right")
    pieces = [_solved(stretch, times_s[begun == row], proportions, item.size_m) for row, stretch in enumerate(stretches)]
    order = np.argsort(np.argsort(begun, kind="stable"), kind="stable")
    limbs = {name: _joined([piece[name] for piece in pieces if piece], order) for name in next(piece for piece in pieces if piece)}
    return limbs["pelvis"], limbs


def _stretches(item: ObjectSpec, proportions: Proportions) -> Iterator[_Stretch]:
    """The posture at the start, then each action and what it leaves the body in."""
    leg_m = proportions.leg * item.size_m
    footing = _Footing(np.asarray(item.position_m) - (0.0, 0.0, leg_m), item.yaw_rad)
    kept = item.posture
    yield _Stretch(-np.inf, footing, _keeping(kept, proportions.legs))
    for action in item.actions:
        motion = motion_of(action)
        _require_possible(motion, item, kept, proportions.legs)
        held = motion.hold_on_four if proportions.legs == 4 else motion.hold
        yield _Stretch(action.start_s, footing, held)
        footing, kept = footing.moved(motion.ends_at_on_four() if proportions.legs == 4 else motion.ends_at(), leg_m), motion.final_posture
        yield _Stretch(action.end_s, footing, _keeping(kept, proportions.legs))


def _require_possible(motion: AvatarMotion, item: ObjectSpec, kept: str, legs: int) -> None:
    require(legs in motion.legs, f"legs of {item.name}, to {motion.name},", legs, f"one of {motion.legs}")
    require(motion.posture == kept, f"posture of {motion.name} of {item.name}", motion.posture, f"{kept!r}, in which it is then")


def _keeping(name: str, legs: int) -> Callable[[Array], Hold]:
    return lambda t_s: posture(name, len(t_s), legs)


def _solved(stretch: _Stretch, times_s: Array, proportions: Proportions, height_m: float) -> dict[str, Pose]:
    """World poses of the limbs at times within a stretch; empty if there are none."""
    if len(times_s) == 0:
        return {}
    since_s = times_s - stretch.start_s if np.isfinite(stretch.start_s) else times_s
    limbs = limb_poses(stretch.hold(since_s), proportions, height_m)
    return {name: stretch.footing.world(pose) for name, pose in limbs.items()}


def _joined(pieces: list[Pose], order: np.ndarray) -> Pose:
    """Poses one after another, brought into the order of the frames."""
    position_m = np.concatenate([piece.position_m for piece in pieces])[order]
    quaternion = np.concatenate([piece.quaternion_wxyz for piece in pieces])[order]
    return Pose(position_m, geometry.wxyz(geometry.rotation(quaternion)), np.ones(len(order)))
