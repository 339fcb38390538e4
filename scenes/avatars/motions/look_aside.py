"""Look aside: the head turns to one side, stays there, and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import core, in_place, kept, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class LookAside(AvatarMotion):
    """The head by ``turn_rad``, the chest a little with it."""

    verb = "looks aside {way}"
    base = "look aside {way}"
    seconds_per_cycle = (1.3, 2.4)
    signed = True
    mirrors = True
    begins = UPRIGHT
    legs = (2, 4)

    turn_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, turn_rad=cue.amplitude(rng, 0.8, 1.2))

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = self._looking(posture(self.posture, len(t_s)), share)
        hold.spine[:, 0] += 0.25 * self.sense * self.turn_rad * share
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        return self._looking(posture(self.posture, len(t_s), legs=4), share)

    def _looking(self, hold: Hold, share: Array) -> Hold:
        hold.head[:, 0] += self.sense * self.turn_rad * share
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        turned = measured.head[:, 0] - measured.head[0, 0]
        sense = 1 if turned.max() > -turned.min() else -1
        one_way = (core(turned) * sense).min() > 0.55 and (turned * sense).min() > -0.1 and kept(turned)
        return sense if one_way and measured.arms_still and in_place(measured) else 0
