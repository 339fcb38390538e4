"""Walk: forward or backwards, from standing to standing."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Stride, swing_arms
from scenes.avatars.hold import Hold
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Walk(AvatarMotion):
    """Walks straight on, or straight backwards, with its arms swinging against its legs."""

    verb, base = "walks {way}", "walk {way}"
    seconds_per_cycle = (2.2, 3.2)
    signed = travels = True
    ways = {1: "forward", -1: "backwards"}
    legs = (2, 4)
    reverses_sense = True

    steps: int
    way: float
    lead: int

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        steps = max(4, round(cue.duration_s / rng.uniform(0.46, 0.58)))
        stride = cue.amplitude(rng, 0.4, 0.66) * (1.0 if cue.sense > 0 else 0.8)
        way = min(stride * (steps - 1), 3.2)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, steps=steps, way=way, lead=int(rng.integers(2)))

    def _stride(self, lift: float, early: float = 0.2) -> Stride:
        return Stride(self.duration_s, self.steps, (self.sense * self.way, 0.0, 0.0), lift, self.lead, early=early)

    def hold(self, t_s: Array) -> Hold:
        hold = self._stride(0.15).hold(t_s)
        swing_arms(hold, 1.0)
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        return self._stride(0.15, early=0.0).hold_on_four(t_s)

    def ends_at(self) -> tuple[float, float, float]:
        return (self.sense * self.way, 0.0, 0.0)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, forward=self.sense * self.way, leftward=0.0)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        afoot = measured.on_feet and abs(measured.turns) < 0.05
        straight = abs(measured.forward) > 0.7 and abs(measured.leftward) < 0.1
        return int(np.sign(measured.forward)) if afoot and straight and not measured.runs else 0
