"""Cross the arms before the chest, kept there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import arm, both_arms, core, in_place, kept, put_arms, side_of, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

UPPER = arm((0.46, 0.2, -0.85), (0.3, -0.93, 0.36))
LOWER = arm((0.46, 0.2, -0.85), (0.3, -0.93, -0.05))


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class CrossArms(AvatarMotion):
    """One forearm over the other: of the left arm where ``over`` is +1."""

    verb = "crosses its arms"
    base = "cross its arms"
    seconds_per_cycle = (1.6, 2.8)

    over: int

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, over=int(rng.choice((1, -1))))

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, (side_of(self.over),), UPPER, share)
        put_arms(hold, (side_of(-self.over),), LOWER, share)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        across = core(measured.hand[:, :, 1]).max() < -0.25 and kept(measured.hand[:, 0]) and kept(measured.hand[:, 1])
        one_over_other = np.abs(core(measured.hand[:, 0, 2] - measured.hand[:, 1, 2])).min() > 0.08
        return int(both_arms(measured) and across and one_over_other and in_place(measured))
