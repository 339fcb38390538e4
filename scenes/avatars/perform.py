"""What an avatar does over a clip: its actions one after another, each from where and how the one before it left the body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from scenes import geometry
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.hold import Hold, neutral, posture
from scenes.avatars.motions.motion import AvatarMotion, motion_of
from scenes.avatars.skeleton import limb_poses, pelvis_pose
from scenes.events.event import event_of
from scenes.geometry import Array
from scenes.types import EventSpec, ObjectSpec, Pose, require


@dataclass(frozen=True)
class _Footing:
    """The frame of an action in the world: its origin on the ground and the way the body faces."""

    origin_m: Array
    yaw_rad: float

    def moved(self, ahead: tuple[float, float, float], leg_m: float) -> _Footing:
        """After a way forward and to the left, in leg lengths, and a turn."""
        step_m = geometry.yaw(self.yaw_rad).apply((ahead[0] * leg_m, ahead[1] * leg_m, 0.0))
        return _Footing(self.origin_m + step_m, self.yaw_rad + ahead[2])


@dataclass(frozen=True)
class _Stretch:
    """From ``start_s`` to the start of the next one the body holds itself so, at times from then on."""

    start_s: float
    footing: _Footing
    hold: Callable[[Array], Hold]


@dataclass(frozen=True)
class _Course:
    """The hold of each frame, in the frame of its action, and the footing of that: ``origin_m (frame, 3)``, ``yaw_rad (frame,)``."""

    hold: Hold
    origin_m: Array
    yaw_rad: Array

    @classmethod
    def of(cls, stretches: Sequence[_Stretch], times_s: Array) -> _Course:
        """What a body does at times ``(frame,)``, in any order."""
        begun = np.searchsorted([stretch.start_s for stretch in stretches[1:]], times_s, side="right")
        hold = neutral(len(times_s))
        for row in np.unique(begun):
            frames, stretch = begun == row, stretches[row]
            part = stretch.hold(times_s[frames] - stretch.start_s if np.isfinite(stretch.start_s) else times_s[frames])
            for each in fields(part):
                getattr(hold, each.name)[frames] = getattr(part, each.name)
        footings = [stretches[row].footing for row in begun]
        return cls(hold, np.array([each.origin_m for each in footings]), np.array([each.yaw_rad for each in footings]))

    def world(self, limbs: Mapping[str, Pose]) -> dict[str, Pose]:
        """Poses ``(frame,)`` of the frames of actions in the world; all at once, as rotations are dear by the call."""
        turn = geometry.yaw(np.tile(self.yaw_rad, len(limbs)))
        position_m = turn.apply(np.concatenate([pose.position_m for pose in limbs.values()])).reshape(len(limbs), -1, 3)
        turned = turn * geometry.rotation(np.concatenate([pose.quaternion_wxyz for pose in limbs.values()]))
        quaternions = geometry.unbroken(turned.as_quat(scalar_first=True).reshape(len(limbs), -1, 4))
        rows = zip(limbs, self.origin_m + position_m, quaternions, strict=True)
        return {name: Pose(at_m, quaternion, limbs[name].scale) for name, at_m, quaternion in rows}


def perform(item: ObjectSpec, times_s: Array, events: Sequence[EventSpec] = ()) -> tuple[Pose, dict[str, Pose]]:
    """World pose of the point between the hips, and of every limb, at times ``(frame,)``.

    ``item.position_m`` is where that point is when the body stands, whatever its posture at the start: a leg length above the
    ground it stands on. A body that sits or lies has its hips where `scenes.avatars.hold` says from there.

    Raises:
        ValueError: an action begins in another posture than the one before it ended in, or is not for this body.
        Rejected: a foot cannot reach where it should be.
    """
    proportions = AVATARS[item.shape].proportions
    course = _Course.of(list(_stretches(item, proportions, events)), times_s)
    limbs = course.world(limb_poses(course.hold, proportions, item.size_m))
    return limbs["pelvis"], limbs


def root_pose(item: ObjectSpec, times_s: Array, events: Sequence[EventSpec] = ()) -> Pose:
    """The first of what `perform` returns, alone: limbs cost far more. It does not notice feet that are out of reach."""
    proportions = AVATARS[item.shape].proportions
    course = _Course.of(list(_stretches(item, proportions, events)), times_s)
    return course.world({"pelvis": pelvis_pose(course.hold, proportions, item.size_m)})["pelvis"]


def _stretches(item: ObjectSpec, proportions: Proportions, events: Sequence[EventSpec]) -> Iterator[_Stretch]:
    """The posture at the start, then each action and what it leaves the body in; or an event, which fills the whole clip."""
    leg_m = proportions.leg * item.size_m
    footing = _Footing(np.asarray(item.position_m) - (0.0, 0.0, leg_m), item.yaw_rad)
    part = next(((spec, role) for spec in events for role, name in spec.cast.items() if name == item.name), None)
    if part is not None:
        yield _Stretch(-np.inf, footing, _taking_part(*part))
        return
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


def _taking_part(spec: EventSpec, role: str) -> Callable[[Array], Hold]:
    """As the event has it, and before and after it as at its first and last moment."""
    event = event_of(spec)
    return lambda times_s: event.hold(role, np.clip(times_s - spec.start_s, 0.0, event.duration_s))


def _keeping(name: str, legs: int) -> Callable[[Array], Hold]:
    return lambda t_s: posture(name, len(t_s), legs)
