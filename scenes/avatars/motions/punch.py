"""Punch: both fists on guard, one of them shoots ahead and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, arm, core, in_place, pulses, put_arms, side_of, taken_up, tops
from scenes.avatars.hold import LEFT, RIGHT, Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

GUARD = arm((0.3, 0.35, -0.9), (0.5, -0.35, 0.85))


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Punch(AvatarMotion):
    """The shoulder goes with the fist, ``cycles`` times."""

    verb = "punches with its {side} fist"
    base = "punch with its {side} fist"
    seconds_per_cycle = (0.9, 1.4)
    countable = True
    sided = True
    begins = UPRIGHT

    cycles: int
    reach_rad: float
    twist_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        reach_rad, twist_rad = rng.uniform(1.45, 1.7), cue.amplitude(rng, 0.25, 0.6)
        return cls(
            duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, reach_rad=reach_rad, twist_rad=twist_rad
        )

    def hold(self, t_s: Array) -> Hold:
        share, progress = taken_up(t_s, self.duration_s)
        shot = pulses(progress, self.cycles)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, BOTH, GUARD, share)
        put_arms(hold, (side_of(self.sense),), np.array([self.reach_rad, -0.08, 0.6, 0.08]), shot)
        hold.spine[:, 0] -= self.sense * self.twist_rad * shot
        hold.head[:, 0] += self.sense * self.twist_rad * shot  # it looks where it hits
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        reach = measured.hand[:, :, 0].max(axis=0)
        side = int(np.argmax(reach))
        on_guard = core(measured.elbow[:, 1 - side]).min() > 1.8 and core(measured.hand[:, :, 0]).min() > 0.15
        shoots = reach[side] > 0.85 and reach[1 - side] < 0.65 and cls.count(measured) >= 1
        return (1 if side == LEFT else -1) if on_guard and shoots and in_place(measured) else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the fist that reaches farther is far ahead."""
        return max(tops(measured.hand[:, side, 0], 0.3) for side in (LEFT, RIGHT))
