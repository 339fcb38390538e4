"""March: on the spot, knees high."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Footstep, tread
from scenes.avatars.hold import LEFT, RIGHT, Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class March(AvatarMotion):
    """Marches on the spot: one knee up, then the other, the arms swinging against them."""

    verb, base = "marches on the spot", "march on the spot"
    seconds_per_cycle = (2.2, 3.4)
    implies = ("knee_raise", "walk")

    steps: int
    lift: float
    lead: int

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        pairs = max(2, round(cue.duration_s / rng.uniform(0.95, 1.15)))
        lift = cue.amplitude(rng, 0.26, 0.46)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, steps=2 * pairs, lift=lift, lead=int(rng.integers(2)))

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        step_s = self.duration_s / self.steps
        over = (0.85 * self.lift, 0.0, self.lift)
        feet = [(self.lead if number % 2 == 0 else 1 - self.lead, number * step_s) for number in range(self.steps)]
        moved = tread(t_s, [Footstep(foot, start_s, start_s + step_s, (0.0, 0.0, 0.0), over) for foot, start_s in feet])
        hold.feet[:] += moved.feet
        hold.foot_turn[..., 1] += 0.5 * moved.swing
        hold.hips[:, 1] += 0.05 * (moved.swing[:, RIGHT] - moved.swing[:, LEFT])
        hold.hips[:, 2] -= 0.02 * moved.swing.max(axis=1)
        hold.shoulder[..., 0] += moved.swing[:, ::-1] - 0.5 * moved.swing
        hold.elbow[:] += 0.9 * moved.swing.max(axis=1, keepdims=True)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        left, right = measured.lifts
        in_place = measured.on_the_spot and measured.on_feet and not measured.feet_stray
        return int(in_place and left >= 2 and left == right and measured.foot_rise.min() > 0.2 and not measured.flights)
