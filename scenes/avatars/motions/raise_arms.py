"""Raise both arms over the head and lower them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, both_arms, in_place, pulses, put_arms, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class RaiseArms(AvatarMotion):
    """Straight and over the front, ``reach_rad`` from hanging, ``cycles`` times."""

    verb = "raises both arms"
    base = "raise both arms"
    seconds_per_cycle = (1.2, 2.0)
    countable = True
    max_cycles = 5
    begins = ANY_POSTURE

    cycles: int
    reach_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        reach_rad = cue.amplitude(rng, 2.4, 3.0)
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, reach_rad=reach_rad)

    def hold(self, t_s: Array) -> Hold:
        share = pulses(t_s / self.duration_s, self.cycles, dwell=0.2)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, BOTH, np.array([self.reach_rad, 0.2, 0.0, 0.12]), share)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        up = measured.hand[:, :, 2].max(axis=0).min() > 0.5
        over_front = (measured.hand[:, :, 0].max(axis=0) > 0.5).all() and measured.hand[:, :, 0].min() > -0.35
        return int(both_arms(measured) and up and over_front and measured.trunk_still and in_place(measured) and cls.count(measured) >= 1)

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the hands are at their highest."""
        return tops(measured.hand[:, :, 2].mean(axis=1), 0.6)
