"""Run: forward, with moments of flight."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Stride, swing_arms
from scenes.avatars.hold import Hold
from scenes.avatars.keys import curve
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Run(AvatarMotion):
    """Runs straight on, its elbows bent; between its steps no foot touches the ground."""

    verb, base = "runs", "run"
    seconds_per_cycle = (1.7, 2.4)
    travels = True
    legs = (2, 4)
    reversed_in_time = "?"
    implies = ("walk",)

    steps: int
    way: float
    lead: int

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        steps = max(6, round(cue.duration_s / rng.uniform(0.26, 0.31)))
        way = min(cue.amplitude(rng, 0.55, 0.85) * (steps - 2), 4.2)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, steps=steps, way=way, lead=int(rng.integers(2)))

    def _stride(self, lift: float, early: float = 0.45) -> Stride:
        return Stride(self.duration_s, self.steps, (self.way, 0.0, 0.0), lift, self.lead, duty=0.5, early=early)

    def hold(self, t_s: Array) -> Hold:
        hold = self._stride(0.34).hold(t_s, bob=0.06)
        swing_arms(hold, 1.3)
        ready = curve(t_s / self.duration_s, (0.0, 0.0), (0.16, 1.0), (0.84, 1.0), (1.0, 0.0))
        hold.elbow[:] += 1.35 * ready[:, None]
        hold.spine[:, 1] += 0.2 * ready
        hold.head[:, 1] -= 0.12 * ready
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        return self._stride(0.24, early=0.1).hold_on_four(t_s, bob=0.05)

    def ends_at(self) -> tuple[float, float, float]:
        return (self.way, 0.0, 0.0)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, forward=self.way, leftward=0.0, leaves_ground=True)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        afoot = measured.on_feet and abs(measured.turns) < 0.05
        return int(afoot and measured.forward > 1.0 and abs(measured.leftward) < 0.1 and measured.runs)
