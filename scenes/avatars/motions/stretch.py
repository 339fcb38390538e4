"""Stretch: both arms up and wide, the trunk and the head leaning back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, both_arms, core, in_place, kept, put_arms, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Stretch(AvatarMotion):
    """Arms over the sides to ``reach_rad`` from hanging; leaning back by ``back_rad``."""

    verb = "stretches"
    base = "stretch"
    seconds_per_cycle = (2.0, 3.0)
    begins = UPRIGHT
    implies = ("raise_arms",)

    reach_rad: float
    back_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        reach_rad, back_rad = rng.uniform(2.45, 2.75), cue.amplitude(rng, 0.2, 0.4)
        return cls(duration_s=cue.duration_s, posture=cue.posture, reach_rad=reach_rad, back_rad=back_rad)

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s, lead_s=0.9)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, BOTH, np.array([0.0, self.reach_rad, -1.2, 0.25]), share)
        hold.spine[:, 1] -= self.back_rad * share
        hold.head[:, 1] -= 0.35 * share
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        up = core(measured.hand[:, :, 2]).min() > 0.45 and kept(measured.hand[:, 0]) and kept(measured.hand[:, 1])
        back = (core(measured.trunk[:, 0]) - measured.trunk[0, 0]).max() < -0.12
        return int(both_arms(measured) and up and back and in_place(measured))
