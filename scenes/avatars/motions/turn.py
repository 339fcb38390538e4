"""Turn: a quarter turn to the left or right, in small steps."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Stride
from scenes.avatars.hold import LEFT, RIGHT, Hold
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Turn(AvatarMotion):
    """Turns to its left or right by about a quarter, stepping round on the spot."""

    verb, base = "turns {way}", "turn {way}"
    seconds_per_cycle = (1.5, 2.3)
    signed = mirrors = reverses_sense = True
    legs = (2, 4)

    steps: int
    angle_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        angle_rad = np.radians(cue.amplitude(rng, 70.0, 110.0))
        return cls(
            duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, steps=int(rng.integers(4, 6)), angle_rad=float(angle_rad)
        )

    def _stride(self, steps: int, lift: float) -> Stride:
        return Stride(self.duration_s, steps, (0.0, 0.0, self.sense * self.angle_rad), lift, LEFT if self.sense > 0 else RIGHT)

    def hold(self, t_s: Array) -> Hold:
        hold = self._stride(self.steps, 0.09).hold(t_s)
        # the head looks where it will face before the body does
        hold.head[:, 0] += (
            0.5 * self.sense * self._stride(self.steps, 0.09).under_way(t_s) * (1.0 - self._stride(self.steps, 0.09).progress(t_s))
        )
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        return self._stride(2 * self.steps, 0.18).hold_on_four(t_s)  # a long body takes shorter steps

    def ends_at(self) -> tuple[float, float, float]:
        return (0.0, 0.0, self.sense * self.angle_rad)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=self.sense * self.angle_rad / (2 * np.pi), forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        afoot = measured.on_feet and abs(measured.forward) < 0.1 and abs(measured.leftward) < 0.1
        return int(np.sign(measured.turns)) if afoot and 0.12 < abs(measured.turns) < 0.45 else 0
