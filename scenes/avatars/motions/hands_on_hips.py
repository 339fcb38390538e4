"""Hands on hips: both hands to the hips, elbows out, kept there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, arm, core, in_place, kept, put_arms, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class HandsOnHips(AvatarMotion):
    """The elbows point outward and ``behind``."""

    verb = "puts its hands on its hips"
    base = "put its hands on its hips"
    seconds_per_cycle = (1.6, 2.8)

    behind: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, behind=rng.uniform(0.1, 0.35))

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, BOTH, arm((-self.behind, 0.75, -0.7), (0.3, -0.5, -0.75)), share)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        elbows_out = core(measured.upper_arm[:, :, 1]).min() > 0.5 and core(measured.elbow).min() > 0.8
        low = core(measured.hand[:, :, 2]).max() < -0.35 and kept(measured.hand[:, 0]) and kept(measured.hand[:, 1])
        return int(elbows_out and low and in_place(measured))
