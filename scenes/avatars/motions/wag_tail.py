"""Wag the tail: for bodies that have one."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import curve
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class WagTail(AvatarMotion):
    """Wags its tail from side to side; everything else keeps still."""

    verb, base = "wags its tail", "wag its tail"
    seconds_per_cycle = (1.5, 2.6)
    begins = ANY_POSTURE
    legs = (4,)

    wags: int
    angle_rad: float
    lead: int

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        wags, angle_rad = max(2, round(1.6 * cue.duration_s)), cue.amplitude(rng, 0.6, 1.15)
        lead = int(rng.choice([-1, 1]))
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, wags=wags, angle_rad=angle_rad, lead=lead)

    def hold(self, t_s: Array) -> Hold:
        raise NotImplementedError("two-legged bodies have no tail to wag")

    def hold_on_four(self, t_s: Array) -> Hold:
        u = t_s / self.duration_s
        hold = posture(self.posture, len(t_s), 4)
        busy = curve(u, (0, 0), (0.15, 1), (0.85, 1), (1, 0))
        hold.tail[:, 0] += self.lead * self.angle_rad * busy * np.sin(2 * np.pi * self.wags * u)
        hold.tail[:, 1] += 0.5 * busy
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        quiet = measured.feet_still and measured.hips_still and measured.head_still and measured.trunk_still
        return int(measured.legs == 4 and quiet and np.ptp(measured.tail[:, 0]) > 0.5)
