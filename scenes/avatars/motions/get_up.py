"""Get up: from lying on the back to standing."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold
from scenes.avatars.motions.lie_down import LieDown
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.avatars.motions.sit_down import settling_on_four
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class GetUp(AvatarMotion):
    """Sits up from lying, leans over its feet and rises: lying down, backwards in time."""

    verb, base = "gets up", "get up"
    seconds_per_cycle = (2.6, 3.8)
    legs = (2, 4)
    begins = ("lying",)
    ends = "standing"
    reversed_in_time = "lie_down"
    implies = ("stand_up",)

    posture: str = "lying"

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture)

    def hold(self, t_s: Array) -> Hold:
        return LieDown(duration_s=self.duration_s).hold(self.duration_s - t_s)

    def hold_on_four(self, t_s: Array) -> Hold:
        return settling_on_four(self.duration_s - t_s, self.duration_s, "lying")

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, leftward=0.0)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        return int(measured.begins == "lying" and measured.ends == "standing" and abs(measured.turns) < 0.05)
