"""Hop on one leg: the other foot held up behind."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import bump, curve
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array, ease

SIDEWAYS = 0.09  # of the hips over the foot that stands, in leg lengths
LIFT = 0.36  # of the other foot


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class HopOnOneLeg(AvatarMotion):
    """Hops on the spot on one leg, each hop as high as the others; the other leg is bent and never comes down between."""

    verb, base = "hops on its {side} leg", "hop on its {side} leg"
    seconds_per_cycle = (0.9, 1.3)
    countable = sided = mirrors = True
    least_cycles = 2
    implies = ("jump",)

    cycles: int
    height: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        height = cue.amplitude(rng, 0.11, 0.24)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, height=height)

    def hold(self, t_s: Array) -> Hold:
        lead_s = min(0.45, 0.25 * self.duration_s)
        raised = ease(t_s / lead_s) * ease((self.duration_s - t_s) / lead_s)
        w = np.mod(np.clip((t_s - lead_s) / (self.duration_s - 2 * lead_s), 0.0, 1.0) * self.cycles, 1.0)
        rise = curve(w, (0, 0), (0.28, -0.11), (0.42, 0), (0.62, self.height), (0.82, 0), (0.92, -0.05), (1, 0))
        hold = posture(self.posture, len(t_s))
        stands, other = (0, 1) if self.sense > 0 else (1, 0)
        hold.hips[:, 1] += SIDEWAYS * self.sense * raised
        hold.hips[:, 2] += rise - 0.06 * raised
        hold.feet[:, stands, 2] += np.maximum(0.0, rise + 0.02 * bump(w, 0.38, 0.86))
        hold.foot_turn[:, stands, 1] += 0.5 * bump(w, 0.4, 0.84)
        hold.feet[:, other] += raised[:, None] * (-0.12, 0.0, LIFT) + np.outer(raised * rise, (0.0, 0.0, 1.0))
        hold.foot_turn[:, other, 1] += 0.9 * raised
        hold.shoulder[..., 1] += 0.55 * raised[:, None] + 0.35 * bump(w, 0.3, 1.0)[:, None]
        hold.elbow[:] += 0.5 * raised[:, None]
        hold.turn[:, 2] += 0.05 * self.sense * raised
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=True)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        if not (measured.on_feet and measured.on_the_spot and not measured.feet_stray) or measured.legs != 2:
            return 0
        middle = measured.feet[len(measured.feet) * 2 // 5 : len(measured.feet) * 3 // 5 + 1, :, 2].min(axis=0)
        stands = int(np.argmin(middle))
        held = np.median(measured.feet[:, 1 - stands, 2]) > 0.25 and swings(measured.feet[:, stands, 2], 0.04) >= 1
        return (1 if stands == 0 else -1) if held and measured.foot_rise[stands] < 0.42 else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(swings(measured.feet[..., 2].min(axis=1), 0.04))
