"""Clap: the hands meet before the chest and part again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, arm, between, both_arms, core, in_place, pulses, put_arms, taken_up, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

TOGETHER = arm((0.7, 0.12, -0.7), (0.75, -0.58, 0.3))


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Clap(AvatarMotion):
    """Between claps the forearms point ``apart`` outward."""

    verb = "claps its hands"
    base = "clap its hands"
    seconds_per_cycle = (0.8, 1.2)
    countable = True
    least_cycles = 2
    begins = ANY_POSTURE

    cycles: int
    apart: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, apart=cue.amplitude(rng, 0.15, 0.6))

    def hold(self, t_s: Array) -> Hold:
        share, progress = taken_up(t_s, self.duration_s, lead_s=0.4)
        hold = posture(self.posture, len(t_s))
        parted = arm((0.6, 0.4, -0.7), (0.8, self.apart, 0.3))
        together = pulses(progress, self.cycles, dwell=0.1)
        put_arms(hold, BOTH, between(parted, TOGETHER, together), share)
        hold.clasp[:] = together
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        apart = measured.hands_apart
        meet = apart.min() < 0.5 and core(measured.hand[:, :, 0]).min() > 0.3
        alike = np.abs(measured.hand[:, 0] - measured.hand[:, 1]).max() < 0.12
        return int(both_arms(measured) and meet and alike and in_place(measured) and cls.count(measured) >= 1)

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the hands are together."""
        nearness = measured.hands_apart.min() - measured.hands_apart
        return tops(np.maximum(nearness, -0.3), 0.2)
