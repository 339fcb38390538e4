"""Lie down: from standing to lying on the back."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import keyed
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.avatars.motions.sit_down import crouching, propped, seated, settling_on_four
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


def reclining() -> Hold:
    """Between sitting and lying, the arms drawn back."""
    hold = seated()
    hold.hips[0, 0] -= 0.12
    hold.turn[0, 1], hold.spine[0, 1], hold.head[0, 1] = -0.85, 0.3, 0.35
    hold.shoulder[0, :, 0], hold.shoulder[0, :, 1], hold.elbow[0] = -0.35, 0.3, 1.0
    hold.foot_turn[0, :, 1] = -0.4
    return hold


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class LieDown(AvatarMotion):
    """Lowers itself backwards to sit, and on until it lies on its back; a four-legged body lies down on its belly."""

    verb, base = "lies down", "lie down"
    seconds_per_cycle = (2.6, 3.8)
    legs = (2, 4)
    ends = "lying"
    reversed_in_time = "get_up"
    implies = ("sit_down",)

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture)

    def hold(self, t_s: Array) -> Hold:
        ways = (0.0, posture("standing", 1)), (0.25, crouching()), (0.46, propped()), (0.58, seated())
        return keyed(t_s / self.duration_s, *ways, (0.76, reclining()), (1.0, posture("lying", 1)))

    def hold_on_four(self, t_s: Array) -> Hold:
        return settling_on_four(t_s, self.duration_s, "lying")

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, leftward=0.0)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        return int(measured.begins == "standing" and measured.ends == "lying" and abs(measured.turns) < 0.05)
