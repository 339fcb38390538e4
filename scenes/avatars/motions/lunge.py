"""Lunge: a long step ahead, deep into the knee, and back."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import bump, curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array, ease


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Lunge(AvatarMotion):
    """Takes a long step ahead with one foot, sinks down over it, and pushes itself back to where it stood."""

    verb, base = "lunges with its {side} leg", "lunge with its {side} leg"
    seconds_per_cycle = (1.7, 2.3)
    max_cycles = 4
    countable = sided = mirrors = True

    cycles: int
    length: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        length = cue.amplitude(rng, 0.66, 0.95)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, length=length)

    def hold(self, t_s: Array) -> Hold:
        w = cycle(t_s, self.duration_s, self.cycles)
        out = ease((w - 0.02) / 0.3) - ease((w - 0.66) / 0.32)
        deep, rolled = curve(w, (0.04, 0), (0.45, 1), (0.56, 1), (0.96, 0)), curve(w, (0.3, 0), (0.45, 1), (0.56, 1), (0.68, 0))
        hold = posture(self.posture, len(t_s))
        side = 0 if self.sense > 0 else 1
        hold.feet[:, side, 0] += self.length * out
        hold.feet[:, side, 2] += 0.14 * (bump(w, 0.02, 0.32) + bump(w, 0.66, 0.98))
        hold.foot_turn[:, 1 - side, 1] += 0.5 * rolled
        hold.hips[:, 0] += 0.52 * self.length * deep
        hold.hips[:, 2] -= 0.36 * self.length * deep + 0.02 * out
        hold.turn[:, 1] += 0.12 * deep
        hold.shoulder[..., 0] += 0.2 * deep[:, None]
        hold.shoulder[..., 1] += 0.35 * deep[:, None]
        hold.elbow[:] += 1.5 * deep[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        ahead = np.ptp(measured.feet[..., 0], axis=0)
        side = int(np.argmax(ahead))
        steps_out = ahead[side] > 0.5 and measured.foot_rise[side] < 0.25 and ahead[1 - side] < 0.25
        down = np.ptp(measured.hips[:, 2]) > 0.15 and np.ptp(measured.hips[:, 0]) > 0.2
        in_place = measured.on_feet and measured.on_the_spot and measured.legs == 2
        return (1 if side == 0 else -1) if in_place and steps_out and down else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(swings(measured.hips[:, 0], 0.15))
