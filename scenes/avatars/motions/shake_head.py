"""Shake the head: it turns to one side and to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import only_head, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, span
from scenes.geometry import Array
from scenes.motions.motion import steady


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class ShakeHead(AvatarMotion):
    """By ``turn_rad`` to either side, ``cycles`` times to and fro, to its left first where ``first`` is +1."""

    verb = "shakes its head"
    base = "shake its head"
    seconds_per_cycle = (0.7, 1.2)
    countable = True
    least_cycles = 2
    begins = UPRIGHT
    legs = (2, 4)

    cycles: int
    first: int
    turn_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        turn_rad = cue.amplitude(rng, 0.45, 0.7)
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, first=int(rng.choice((1, -1))), turn_rad=turn_rad)

    def hold(self, t_s: Array) -> Hold:
        return self._shaking(posture(self.posture, len(t_s)), t_s)

    def hold_on_four(self, t_s: Array) -> Hold:
        return self._shaking(posture(self.posture, len(t_s), legs=4), t_s)

    def _shaking(self, hold: Hold, t_s: Array) -> Hold:
        cycle = self.cycles * steady(t_s / self.duration_s, ramp=0.25 / self.cycles)
        hold.head[:, 0] += self.first * self.turn_rad * np.sin(2 * np.pi * cycle)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        turn, nod, _ = measured.head.T
        both_ways = min(turn.max() - turn[0], turn[0] - turn.min()) > 0.2 and np.abs(turn - turn[0]).max() < 0.8
        return int(both_ways and span(nod) < 0.25 and only_head(measured))

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the head is turned to either side, on average."""
        turn = measured.head[:, 0]
        return (tops(turn, 0.3) + tops(-turn, 0.3)) / 2
