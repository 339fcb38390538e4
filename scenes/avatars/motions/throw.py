"""Throw: an arm goes back over the shoulder and whips forward and down, as in throwing a ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import arm, in_place, side_of
from scenes.avatars.hold import LEFT, POSTURES, Hold, posture
from scenes.avatars.keys import curve
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

WHEN = (0.0, 0.38, 0.46, 0.6, 0.7, 1.0)  # at rest, wound up, until, released, followed through, at rest
WIND_UP = arm((-0.15, 0.9, 0.35), (-0.55, 0.1, 0.8), over=True)
RELEASE = arm((0.75, 0.35, 0.6), (0.95, 0.1, 0.3), over=True)
FOLLOW_THROUGH = np.array([0.75, 0.0, 0.3, 0.35])
AIM = np.array([1.35, 0.15, 0.0, 0.15])


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Throw(AvatarMotion):
    """The chest turns away with the arm and swings around with it; the other arm aims."""

    verb = "makes an overarm throw with its {side} arm"
    base = "make an overarm throw with its {side} arm"
    seconds_per_cycle = (1.4, 2.2)
    sided = True
    reversed_in_time = "?"
    implies = ("raise_hand",)

    twist_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, twist_rad=cue.amplitude(rng, 0.2, 0.6))

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        throwing, other = side_of(self.sense), side_of(-self.sense)
        rest = POSTURES[self.posture]
        at_rest = np.append(rest.shoulder[0, throwing], rest.elbow[0, throwing])
        aimed = at_rest + 0.8 * (AIM - at_rest)
        half_way = at_rest + 0.25 * (AIM - at_rest)
        for side, poses in ((throwing, (WIND_UP, WIND_UP, RELEASE, FOLLOW_THROUGH)), (other, (aimed, aimed, half_way, at_rest))):
            angles = self._through(t_s, at_rest, *poses, at_rest)
            hold.shoulder[:, side], hold.elbow[:, side] = angles[:, :3], angles[:, 3]
        wound = self.sense * self.twist_rad
        hold.spine[:, 0] += self._through(t_s, 0.0, wound, wound, -0.6 * wound, -0.8 * wound, 0.0)
        hold.spine[:, 1] += self._through(t_s, 0.0, -0.12, -0.12, 0.2, 0.3, 0.0)
        hold.head[:, 0] -= hold.spine[:, 0]
        return hold

    def _through(self, t_s: Array, *values: Array | float) -> Array:
        """Through values at the times of `WHEN`, at rest where they turn back."""
        return curve(t_s / self.duration_s, *zip(WHEN, values, strict=True))

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        ahead, up = measured.hand[:, :, 0], measured.hand[:, :, 2]
        side = int(np.argmin(ahead.min(axis=0)))
        back, front = int(np.argmin(ahead[:, side])), int(np.argmax(ahead[:, side]))
        whips = ahead[back, side] < -0.12 and up[back, side] > 0.2 and ahead[front, side] > 0.55 and back < front
        one_only = up[:, 1 - side].max() < 0.25
        return (1 if side == LEFT else -1) if whips and one_only and in_place(measured) else 0
