"""Sit down: from standing to sitting on the ground."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Footstep, tread
from scenes.avatars.hold import LEFT, POSTURES, POSTURES_ON_FOUR, RIGHT, Hold, blend, posture
from scenes.avatars.keys import curve, keyed
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

BACK = float(POSTURES["sitting"].feet[0, LEFT, 0])  # from the feet to where the hips come down, in leg lengths


def crouching() -> Hold:
    """Half way down on planted feet, leaning forward, arms ahead: where sitting down and standing up are in balance."""
    hold = posture("standing", 1)
    hold.hips[0] = (-0.26, 0.0, -0.42)
    hold.turn[0, 1], hold.spine[0, 1], hold.head[0, 1] = 0.55, 0.4, -0.5
    hold.knee_out[0] = 0.2
    hold.shoulder[0, :, 0] = 1.0
    return hold


def propped() -> Hold:
    """Nearly down, the hands reaching back for the ground."""
    hold = posture("standing", 1)
    hold.hips[0] = (-0.62, 0.0, -0.77)
    hold.turn[0, 1], hold.spine[0, 1], hold.head[0, 1] = 0.1, 0.35, -0.2
    hold.knee_out[0] = 0.15
    hold.shoulder[0, :, 0], hold.shoulder[0, :, 1] = -0.45, 0.3
    return hold


def seated() -> Hold:
    """Sitting behind the planted feet."""
    hold = posture("sitting", 1)
    hold.hips[:, 0] -= BACK
    hold.feet[..., 0] -= BACK
    return hold


def shifted(hold: Hold, forward: float) -> Hold:
    """The same farther ahead, changed in place."""
    hold.hips[:, 0] += forward
    hold.feet[..., 0] += forward
    hold.fore_feet[..., 0] += forward
    return hold


def settling_on_four(t_s: Array, duration_s: float, to: str) -> Hold:
    """From standing to another posture of four legs; each foot that goes elsewhere takes a step."""
    u, end = np.asarray(t_s) / duration_s, POSTURES_ON_FOUR[to]
    settled = curve(u, (0.05, 0), (0.95, 1))
    hold = blend(posture("standing", len(u), 4), end, settled)
    for feet, ends, starts in ((hold.feet, end.feet[0], (0.08, 0.42)), (hold.fore_feet, end.fore_feet[0], (0.42, 0.08))):
        stepped = _stepped(u, ends, starts)
        feet[..., :2] = stepped[..., :2]
        feet[..., 2] += stepped[..., 2]
    return hold


def _stepped(u: Array, ends: Array, starts: tuple[float, float]) -> Array:
    """Feet that go to ``ends (2, 3)``, each in a step of its own; a foot that stays where it is takes none."""
    steps = [
        Footstep(foot, starts[foot], starts[foot] + 0.36, (ends[foot, 0], ends[foot, 1], 0.0), (0.0, 0.0, 0.07))
        for foot in (LEFT, RIGHT)
        if np.abs(ends[foot, :2]).max() > 0
    ]
    return tread(u, steps).feet


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class SitDown(AvatarMotion):
    """Lowers itself backwards until it sits on the ground, legs ahead, hands beside it."""

    verb, base = "sits down", "sit down"
    seconds_per_cycle = (1.8, 2.8)
    legs = (2, 4)
    ends = "sitting"
    reversed_in_time = "stand_up"

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture)

    def hold(self, t_s: Array) -> Hold:
        u = t_s / self.duration_s
        return keyed(u, (0.0, posture("standing", 1)), (0.4, crouching()), (0.72, propped()), (1.0, seated()))

    def hold_on_four(self, t_s: Array) -> Hold:
        return settling_on_four(t_s, self.duration_s, "sitting")

    def ends_at(self) -> tuple[float, float, float]:
        return (-BACK, 0.0, 0.0)

    def ends_at_on_four(self) -> tuple[float, float, float]:
        return (0.0, 0.0, 0.0)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        return int(measured.begins == "standing" and measured.ends == "sitting" and abs(measured.turns) < 0.05)
