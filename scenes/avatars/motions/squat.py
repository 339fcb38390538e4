"""Squat: down on both feet and up again."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Squat(AvatarMotion):
    """Sinks down by bending its knees, arms held out ahead, and stands up again."""

    verb, base = "squats", "squat"
    seconds_per_cycle = (1.1, 1.8)
    countable = True

    cycles: int
    depth: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        depth = cue.amplitude(rng, 0.34, 0.58)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, depth=depth)

    def hold(self, t_s: Array) -> Hold:
        down = curve(cycle(t_s, self.duration_s, self.cycles), (0, 0), (0.45, 1), (0.55, 1), (1, 0))
        hold = posture(self.posture, len(t_s))
        hold.hips[:, 0] -= 0.2 * self.depth * down
        hold.hips[:, 2] -= self.depth * down
        hold.turn[:, 1] += 0.45 * down
        hold.spine[:, 1] += 0.3 * down
        hold.head[:, 1] -= 0.55 * down
        hold.knee_out[:] += 0.45 * down[:, None]
        hold.shoulder[..., 0] += (np.pi / 2 + 0.5) * down[:, None]
        hold.elbow[:] -= 0.1 * down[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        in_place = measured.on_feet and measured.on_the_spot and measured.feet_still
        return int(in_place and np.ptp(measured.hips[:, 2]) > 0.25 and cls.count(measured) >= 1)

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(swings(-measured.hips[:, 2], 0.15))
