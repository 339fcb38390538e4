"""Stomp: one foot lifted, and brought down hard."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import bump, curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Stomp(AvatarMotion):
    """Lifts one foot and slams it down; the whole body gives a jolt. The fists are clenched at its sides."""

    verb, base = "stomps its {side} foot", "stomp its {side} foot"
    seconds_per_cycle = (0.9, 1.3)
    countable = sided = mirrors = True
    least_cycles = 2
    reversed_in_time = "?"
    implies = ("knee_raise",)

    cycles: int
    lift: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        lift = cue.amplitude(rng, 0.18, 0.29)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, lift=lift)

    def hold(self, t_s: Array) -> Hold:
        w = cycle(t_s, self.duration_s, self.cycles)
        up = curve(w, (0, 0), (0.42, 1), (0.48, 1), (0.64, 0))
        jolt = bump(w, 0.58, 0.96)
        hold = posture(self.posture, len(t_s))
        side = 0 if self.sense > 0 else 1
        tense = curve(t_s / self.duration_s * self.cycles, (0, 0), (0.4, 1), (self.cycles - 0.3, 1), (self.cycles, 0))
        hold.feet[:, side] += np.outer(up, (0.2, 0.0, self.lift))
        hold.foot_turn[:, side, 1] -= 0.2 * up
        hold.hips[:, 1] -= 0.06 * self.sense * up
        hold.hips[:, 2] -= 0.01 * up + 0.07 * jolt
        hold.turn[:, 1] += 0.12 * jolt - 0.05 * up
        hold.spine[:, 1] += 0.12 * jolt
        hold.head[:, 1] += 0.12 * jolt
        hold.shoulder[..., 0] -= 0.25 * tense[:, None]
        hold.shoulder[..., 1] += 0.25 * tense[:, None] + 0.15 * jolt[:, None]
        hold.elbow[:] += 0.6 * tense[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        side = measured.lone_foot
        if side is None or not 0.12 < measured.foot_rise[side] < 0.34:
            return 0
        return (1 if side == 0 else -1) if cls._slams(measured, side) else 0

    @staticmethod
    def _slams(measured: BodyKinematics, side: int) -> bool:
        """Whether the foot comes down faster than it goes up."""
        speed = np.diff(measured.feet[:, side, 2])
        return bool(-speed.min() > 1.25 * speed.max())

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(max(measured.lifts))
