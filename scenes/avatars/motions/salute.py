"""Salute: the hand to the brow, elbow out, kept there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import arm, core, gesturing_arm, in_place, kept, put_arms, side_of, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Salute(AvatarMotion):
    """The upper arm level and outward, raised by ``rise``; the forearm back to the brow."""

    verb = "salutes with its {side} hand"
    base = "salute with its {side} hand"
    seconds_per_cycle = (1.4, 2.6)
    sided = True
    begins = ANY_POSTURE
    implies = ("raise_hand",)

    rise: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, rise=rng.uniform(-0.05, 0.12))

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, (side_of(self.sense),), arm((0.4, 0.9, self.rise), (0.12, -0.75, 0.62)), share)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        sense = gesturing_arm(measured)
        side = side_of(sense)
        at_brow = core(measured.hand[:, side, 2]).min() > 0.15 and core(measured.elbow[:, side]).min() > 1.6
        return sense if at_brow and kept(measured.hand[:, side]) and in_place(measured) else 0
