"""Look around: head and chest turn far to one side, then far to the other, and come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import in_place
from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import curve
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

KEYS = ((0.0, 0.0), (0.24, 1.0), (0.36, 1.0), (0.64, -1.0), (0.76, -1.0), (1.0, 0.0))  # share of the time, of the turn


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class LookAround(AvatarMotion):
    """By ``turn_rad`` to either side, resting there, to its left first where ``first`` is +1."""

    verb = "looks around to both sides"
    base = "look around to both sides"
    seconds_per_cycle = (2.2, 3.4)
    begins = UPRIGHT
    implies = ("look_aside",)

    first: int
    turn_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        first, turn_rad = int(rng.choice((1, -1))), cue.amplitude(rng, 0.85, 1.15)
        return cls(duration_s=cue.duration_s, posture=cue.posture, first=first, turn_rad=turn_rad)

    def hold(self, t_s: Array) -> Hold:
        turned = self.first * self.turn_rad * curve(t_s / self.duration_s, *KEYS)
        hold = posture(self.posture, len(t_s))
        hold.head[:, 0] += turned
        hold.spine[:, 0] += 0.3 * turned
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        turned = measured.head[:, 0]
        return int(turned.max() > 0.72 and turned.min() < -0.72 and measured.arms_still and in_place(measured))
