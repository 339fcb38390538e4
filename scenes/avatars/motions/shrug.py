"""Shrug: elbows at the sides, both forearms out with open hands, the head tilted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, arm, both_arms, core, in_place, kept, put_arms, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Shrug(AvatarMotion):
    """The head tilts by ``tilt_rad``, to its left where positive."""

    verb = "shrugs with open arms"
    base = "shrug with open arms"
    seconds_per_cycle = (1.3, 2.2)
    begins = UPRIGHT

    tilt_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        tilt_rad = float(rng.choice((1, -1))) * cue.amplitude(rng, 0.1, 0.35)
        return cls(duration_s=cue.duration_s, posture=cue.posture, tilt_rad=tilt_rad)

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        put_arms(hold, BOTH, arm((0.1, 0.4, -0.9), (0.5, 0.75, 0.35)), share)
        hold.head[:, 2] += self.tilt_rad * share
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        hand = core(measured.hand)
        open_arms = hand[:, :, 1].min() > 0.35 and hand[:, :, 2].max() < -0.1 and core(measured.elbow).min() > 1.0
        return int(both_arms(measured) and open_arms and kept(measured.hand[:, 0]) and kept(measured.hand[:, 1]) and in_place(measured))
