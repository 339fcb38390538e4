"""Stand up: from sitting on the ground to standing."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.avatars.motions.sit_down import BACK, SitDown, settling_on_four, shifted
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class StandUp(AvatarMotion):
    """Leans forward over its feet and rises from sitting to standing: sitting down, backwards in time."""

    verb, base = "stands up", "stand up"
    seconds_per_cycle = (1.8, 2.8)
    legs = (2, 4)
    begins = ("sitting",)
    ends = "standing"
    reversed_in_time = "sit_down"

    posture: str = "sitting"

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture)

    def hold(self, t_s: Array) -> Hold:
        return shifted(SitDown(duration_s=self.duration_s).hold(self.duration_s - t_s), BACK)

    def hold_on_four(self, t_s: Array) -> Hold:
        return settling_on_four(self.duration_s - t_s, self.duration_s, "sitting")

    def ends_at(self) -> tuple[float, float, float]:
        return (BACK, 0.0, 0.0)

    def ends_at_on_four(self) -> tuple[float, float, float]:
        return (0.0, 0.0, 0.0)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        return int(measured.begins == "sitting" and measured.ends == "standing" and abs(measured.turns) < 0.05)
