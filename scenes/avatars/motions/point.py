"""Point: one arm straight out at the height of the shoulder, kept there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import core, gesturing_arm, in_place, kept, put_arms, side_of, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Point(AvatarMotion):
    """``aside_rad`` from straight ahead towards the side of the arm; the head looks that way too."""

    verb = "points with its {side} arm"
    base = "point with its {side} arm"
    seconds_per_cycle = (1.4, 2.6)
    sided = True
    begins = ANY_POSTURE
    implies = ("raise_hand",)

    aside_rad: float
    rise_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        aside_rad, rise_rad = rng.uniform(0.6, 1.4), rng.uniform(-0.12, 0.15)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, aside_rad=aside_rad, rise_rad=rise_rad)

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        # An arm that goes out to the side is raised over the side: the part of it that goes over the front fades.
        forward_rad = (np.pi / 2 + self.rise_rad) * min(1.0, 2.5 * np.cos(self.aside_rad))
        put_arms(hold, (side_of(self.sense),), np.array([forward_rad, self.aside_rad, 0.0, 0.05]), share)
        if self.posture != "lying":  # a square head cannot turn on the floor
            hold.head[:, 0] += 0.6 * self.sense * min(self.aside_rad, 1.0) * share
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        sense = gesturing_arm(measured)
        side = side_of(sense)
        level = np.abs(core(measured.hand[:, side, 2])).max() < 0.4 and core(measured.elbow[:, side]).max() < 0.4
        return sense if level and kept(measured.hand[:, side]) and in_place(measured) else 0
