"""Touch the toes: the trunk bends down on straight legs until the hands are at the feet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, pulses, put_arms, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, span
from scenes.geometry import Array

BACK = 0.24  # leg lengths that the hips go back, so that it keeps its balance


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class TouchToes(AvatarMotion):
    """Bends by ``bend_rad``, ``cycles`` times."""

    verb = "bends down and touches its toes"
    base = "touch its toes"
    seconds_per_cycle = (1.6, 2.4)
    countable = True
    max_cycles = 4
    implies = ("bow",)

    cycles: int
    bend_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, bend_rad=rng.uniform(1.9, 2.0))

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        down = pulses(t_s / self.duration_s, self.cycles, dwell=0.15)
        bend = self.bend_rad * down
        hold.turn[:, 1] += 0.4 * bend
        hold.spine[:, 1] += 0.6 * bend
        hold.head[:, 1] += 0.15 * bend
        hold.hips[:, 0] -= BACK * down
        hold.hips[:, 2] += np.sqrt(1 - (BACK * down) ** 2) - 1 - 0.015 * down
        put_arms(hold, BOTH, np.array([self.bend_rad - 0.1, 0.05, 0.0, 0.1]), down)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        deep = span(measured.trunk[:, 0]) > 1.3 and measured.trunk[:, 0].min() > measured.trunk[0, 0] - 0.1
        low = measured.legs == 2 and measured.hand_height.min(axis=0).max() < 0.42 and span(measured.hips[:, 2]) < 0.12
        kept_place = measured.feet_still and measured.on_the_spot and measured.same_posture
        return int(deep and low and kept_place and cls.count(measured) >= 1)

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the trunk is bent down."""
        return tops(measured.trunk[:, 0], 1.0)
