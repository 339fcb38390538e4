"""Knee raise: one knee up in front, and down again."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class KneeRaise(AvatarMotion):
    """Raises one knee to the height of its hips, keeps it there for a moment, and puts the foot down."""

    verb, base = "raises its {side} knee", "raise its {side} knee"
    seconds_per_cycle = (1.1, 1.7)
    countable = sided = mirrors = True

    cycles: int
    lift: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        lift = cue.amplitude(rng, 0.42, 0.54)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, lift=lift)

    def hold(self, t_s: Array) -> Hold:
        up = curve(cycle(t_s, self.duration_s, self.cycles), (0, 0), (0.4, 1), (0.6, 1), (1, 0))
        hold = posture(self.posture, len(t_s))
        side = 0 if self.sense > 0 else 1
        hold.feet[:, side] += np.outer(up, (0.38, 0.0, self.lift))
        hold.foot_turn[:, side, 1] += 0.25 * up
        hold.hips[:, 1] -= 0.08 * self.sense * up
        hold.hips[:, 2] -= 0.02 * up
        hold.turn[:, 1] -= 0.06 * up
        hold.shoulder[:, 1 - side, 0] += 0.9 * up
        hold.shoulder[:, side, 0] -= 0.35 * up
        hold.elbow[:, 1 - side] += 1.1 * up
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        side = measured.lone_foot
        if side is None or measured.foot_rise[side] < 0.36:
            return 0
        bent = measured.knee[int(np.argmax(measured.feet[:, side, 2])), side] > 1.0
        return (1 if side == 0 else -1) if bent else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(max(measured.lifts))
