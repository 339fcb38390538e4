"""Nod: the head goes down and up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import only_head, pulses, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, span
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Nod(AvatarMotion):
    """Forward by ``nod_rad`` and back, ``cycles`` times."""

    verb = "nods its head"
    base = "nod its head"
    seconds_per_cycle = (0.6, 1.1)
    countable = True
    least_cycles = 2
    begins = ANY_POSTURE
    legs = (2, 4)
    implies = ("bow",)

    cycles: int
    nod_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, nod_rad=cue.amplitude(rng, 0.45, 0.75))

    def hold(self, t_s: Array) -> Hold:
        return self._nodding(posture(self.posture, len(t_s)), t_s)

    def hold_on_four(self, t_s: Array) -> Hold:
        return self._nodding(posture(self.posture, len(t_s), legs=4), t_s)

    def _nodding(self, hold: Hold, t_s: Array) -> Hold:
        hold.head[:, 1] += self.nod_rad * pulses(t_s / self.duration_s, self.cycles)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        turn, nod, tilt = measured.head.T
        return int(span(nod) > 0.25 and max(span(turn), span(tilt)) < 0.12 and cls.count(measured) >= 1 and only_head(measured))

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the head is down."""
        return tops(measured.head[:, 1], 0.25)
