"""Spin around: once about the vertical, in small quick steps."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Stride
from scenes.avatars.hold import LEFT, RIGHT, Hold
from scenes.avatars.keys import curve
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class SpinAround(AvatarMotion):
    """Turns all the way round on the spot, to its left or to its right, its arms lifted a little."""

    verb, base = "spins around {way}", "spin around {way}"
    seconds_per_cycle = (2.2, 3.4)
    signed = mirrors = reverses_sense = True
    legs = (2, 4)
    implies = ("turn",)

    steps: int
    arms_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        steps = int(rng.integers(8, 11))
        arms_rad = cue.amplitude(rng, 0.3, 0.9)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, steps=steps, arms_rad=arms_rad)

    def _stride(self, steps: int, lift: float) -> Stride:
        return Stride(self.duration_s, steps, (0.0, 0.0, self.sense * 2 * np.pi), lift, LEFT if self.sense > 0 else RIGHT)

    def hold(self, t_s: Array) -> Hold:
        hold = self._stride(self.steps, 0.1).hold(t_s)
        hold.shoulder[..., 1] += self.arms_rad * curve(t_s / self.duration_s, (0, 0), (0.2, 1), (0.8, 1), (1, 0))[:, None]
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        return self._stride(2 * self.steps, 0.18).hold_on_four(t_s)  # a long body takes shorter steps

    def ends_at(self) -> tuple[float, float, float]:
        return (0.0, 0.0, self.sense * 2 * np.pi)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=float(self.sense), forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        afoot = measured.on_feet and abs(measured.forward) < 0.1 and abs(measured.leftward) < 0.1
        return int(np.sign(measured.turns)) if afoot and 0.8 < abs(measured.turns) < 1.2 else 0
