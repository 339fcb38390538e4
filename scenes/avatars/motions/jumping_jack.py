"""Jumping jack: feet apart and arms overhead in one jump, back together in the next."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import bump, curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class JumpingJack(AvatarMotion):
    """Jumps with its legs apart and its arms up over its sides, and jumps back to stand as before."""

    verb, base = "does a jumping jack", "do a jumping jack"
    seconds_per_cycle = (1.0, 1.5)
    countable = True
    least_cycles = 2
    implies = ("jump", "raise_arms")

    cycles: int
    spread: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        spread = cue.amplitude(rng, 0.2, 0.36)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, spread=spread)

    def hold(self, t_s: Array) -> Hold:
        w = cycle(t_s, self.duration_s, self.cycles)
        hold = posture(self.posture, len(t_s))
        apart = curve(w, (0.12, 0), (0.4, 1), (0.6, 1), (0.88, 0))
        up = bump(w, 0.12, 0.42) + bump(w, 0.58, 0.88)
        dip = bump(w, 0.0, 0.24) + bump(w, 0.3, 0.7) + bump(w, 0.76, 1.0)
        hold.feet[..., 1] += self.spread * apart[:, None] * (1, -1)
        hold.feet[..., 2] += 0.09 * up[:, None]
        hold.foot_turn[..., 1] += 0.35 * up[:, None]
        hold.hips[:, 2] += 0.055 * up - 0.04 * dip - (0.55 * self.spread**2 + 0.01) * apart
        hold.shoulder[..., 1] += 2.6 * curve(w, (0.06, 0), (0.42, 1), (0.58, 1), (0.94, 0))[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=True)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        if not (measured.on_feet and measured.on_the_spot):
            return 0
        arms_up = measured.hand[..., 2].min(axis=1).max() > 0.5
        return int(arms_up and cls._apart(measured).max() > 0.25 and cls.count(measured) >= 1)

    @staticmethod
    def _apart(measured: BodyKinematics) -> Array:
        """How much farther apart the feet are than at first, ``(frame,)``."""
        apart = measured.feet[:, 0, 1] - measured.feet[:, 1, 1]
        return apart - apart[0]

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(swings(cls._apart(measured), 0.15))
