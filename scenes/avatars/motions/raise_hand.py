"""Raise a hand: one arm straight up, kept there, and down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import core, gesturing_arm, in_place, kept, put_arms, side_of, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class RaiseHand(AvatarMotion):
    """As in class: over the front, ``reach_rad`` from hanging."""

    verb = "raises its {side} hand"
    base = "raise its {side} hand"
    seconds_per_cycle = (1.4, 2.6)
    sided = True
    begins = ANY_POSTURE

    reach_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, reach_rad=cue.amplitude(rng, 2.75, 3.05))

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, (side_of(self.sense),), np.array([self.reach_rad, 0.1, 0.0, 0.1]), share)
        hold.spine[:, 2] -= 0.05 * self.sense * share
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        sense = gesturing_arm(measured)
        side = side_of(sense)
        straight_up = core(measured.hand[:, side, 2]).min() > 0.75 and kept(measured.hand[:, side])
        return sense if straight_up and in_place(measured) else 0
