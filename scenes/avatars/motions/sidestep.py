"""Sidestep: to its left or right, facing ahead all the while."""

from collections.abc import Iterator
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
class Sidestep(AvatarMotion):
    """Steps sideways, to its left or right: one foot out, the other after it."""

    verb, base = "steps sideways {way}", "step sideways {way}"
    seconds_per_cycle = (2.0, 3.2)
    signed = mirrors = travels = reverses_sense = True
    implies = ("walk",)

    pairs: int
    step: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        pairs = max(2, round(cue.duration_s / rng.uniform(0.85, 1.05)))
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, pairs=pairs, step=cue.amplitude(rng, 0.26, 0.44))

    def _footsteps(self) -> Iterator[Footstep]:
        step_s, leading = self.duration_s / (2 * self.pairs), LEFT if self.sense > 0 else RIGHT
        for number in range(2 * self.pairs):
            place = (0.0, self.sense * self.step * (number // 2 + 1), 0.0)
            foot = leading if number % 2 == 0 else 1 - leading
            yield Footstep(foot, number * step_s, (number + 1) * step_s, place, (0.0, 0.0, 0.09))

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        moved = tread(t_s, list(self._footsteps()))
        apart = np.abs(moved.feet[:, LEFT, 1] - moved.feet[:, RIGHT, 1])
        hold.feet[:] += moved.feet
        hold.hips[:, 1] += moved.feet[..., 1].mean(axis=1)
        hold.hips[:, 2] -= 0.015 * np.clip(t_s / 0.3, 0, 1) * np.clip((self.duration_s - t_s) / 0.3, 0, 1) + 0.15 * apart**2
        hold.shoulder[..., 1] += 0.6 * apart[:, None]
        hold.knee_out[:] += 0.15 * apart[:, None]
        return hold

    def ends_at(self) -> tuple[float, float, float]:
        return (0.0, self.sense * self.step * self.pairs, 0.0)

    def claims(self) -> BodyClaims:
        return BodyClaims(turns=0.0, forward=0.0, leftward=self.sense * self.step * self.pairs, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        afoot = measured.on_feet and abs(measured.turns) < 0.05
        return int(np.sign(measured.leftward)) if afoot and abs(measured.leftward) > 0.35 and abs(measured.forward) < 0.1 else 0
