"""Kick: one leg swung forward, nearly straight."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import bump, curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array

SIDEWAYS = 0.08  # of the hips over the foot that stands, in leg lengths


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Kick(AvatarMotion):
    """Draws one foot back and kicks it forward and up, the other foot standing."""

    verb, base = "kicks with its {side} leg", "kick with its {side} leg"
    seconds_per_cycle = (1.1, 1.6)
    countable = sided = mirrors = True
    implies = ("knee_raise",)

    cycles: int
    angle_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        angle_rad = cue.amplitude(rng, 0.85, 1.35)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, angle_rad=angle_rad)

    def hold(self, t_s: Array) -> Hold:
        w = cycle(t_s, self.duration_s, self.cycles)
        hold = posture(self.posture, len(t_s))
        side = 0 if self.sense > 0 else 1
        angle = curve(w, (0.06, 0), (0.27, -0.6), (0.5, self.angle_rad), (0.56, self.angle_rad), (0.9, 0))
        length = curve(w, (0, 1), (0.16, 0.82), (0.22, 0.8), (0.36, 0.84), (0.5, 1.01), (0.56, 1.01), (0.76, 0.86), (1, 1))
        shifted, up = curve(w, (0, 0), (0.15, 1), (0.85, 1), (1, 0)), np.clip(angle / self.angle_rad, 0, None)
        hold.hips[:, 1] -= SIDEWAYS * self.sense * shifted
        hold.hips[:, 2] -= 0.03 * shifted
        hold.feet[:, side, 0] += length * np.sin(angle)
        hold.feet[:, side, 1] -= 0.5 * SIDEWAYS * self.sense * shifted
        hold.feet[:, side, 2] += 1 - length * np.cos(angle)
        hold.foot_turn[:, side, 1] += 0.5 * bump(w, 0.05, 0.4) - 0.6 * np.clip(angle, 0, None)
        hold.turn[:, 1] -= 0.22 * up
        hold.spine[:, 1] += 0.1 * up
        hold.shoulder[:, side, 0] -= 0.5 * up
        hold.shoulder[:, 1 - side, 0] += 0.8 * up
        hold.shoulder[..., 1] += 0.35 * shifted[:, None]
        hold.elbow[:] += 0.5 * up[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        if not (measured.on_feet and measured.on_the_spot and measured.legs == 2) or measured.feet_stray:
            return 0
        side = int(np.argmax(measured.foot_rise))
        ahead = measured.feet[:, side, 0] - measured.feet[0, side, 0]
        far = int(np.argmax(ahead))
        straight = measured.knee[far, side] < 1.0 and ahead[far] > 0.55 and measured.feet[far, side, 2] > 0.2
        return (1 if side == 0 else -1) if straight and measured.foot_rise[1 - side] < 0.05 else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        side = int(np.argmax(measured.foot_rise))
        return float(swings(measured.feet[:, side, 0], 0.3))
