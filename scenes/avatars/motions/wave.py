"""Wave: a hand goes from side to side over the shoulder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import arm, between, core, forearm, gesturing_arm, in_place, pulses, put_arms, side_of, taken_up, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import ANY_POSTURE, AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Wave(AvatarMotion):
    """The upper arm is held out to the side; the forearm swings outward and back, ``cycles`` times."""

    verb = "waves with its {side} hand"
    base = "wave with its {side} hand"
    seconds_per_cycle = (1.0, 1.6)
    countable = True
    least_cycles = 2
    sided = True
    begins = ANY_POSTURE
    implies = ("raise_hand",)

    cycles: int
    swing_rad: float
    rise: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(
            duration_s=cue.duration_s,
            sense=cue.sense,
            posture=cue.posture,
            cycles=cue.cycles,
            swing_rad=cue.amplitude(rng, 0.8, 1.3),
            rise=rng.uniform(0.0, 0.45),
        )

    def hold(self, t_s: Array) -> Hold:
        share, progress = taken_up(t_s, self.duration_s)
        hold = posture(self.posture, len(t_s))
        inner, outer = (self._arm(angle) for angle in (-0.4, self.swing_rad - 0.4))
        put_arms(hold, (side_of(self.sense),), between(inner, outer, pulses(progress, self.cycles)), share)
        hold.head[:, 2] += 0.12 * self.sense * share
        return hold

    def _arm(self, outward_rad: float) -> Array:
        return arm((0.3, 0.9, self.rise), (0.25, np.sin(outward_rad), np.cos(outward_rad)))

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        sense = gesturing_arm(measured)
        over_shoulder = sense and core(measured.hand[:, side_of(sense), 2]).min() > 0.15
        return sense if over_shoulder and in_place(measured) and cls.count(measured) >= 1 else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """Far ends of the forearm's swing, while the hand is up."""
        side = side_of(gesturing_arm(measured))
        _, outward, up = forearm(measured, side).T
        return tops(np.arctan2(outward, up)[measured.hand[:, side, 2] > 0.15], 0.3)
