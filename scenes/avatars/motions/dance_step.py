"""Dance step: from side to side, the hips swaying."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gait import Footstep, tread
from scenes.avatars.hold import LEFT, RIGHT, Hold, posture
from scenes.avatars.keys import curve
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class DanceStep(AvatarMotion):
    """Steps to one side and brings the other foot along, then the same way back, swaying its hips and swinging its bent arms."""

    verb, base = "dances from side to side", "dance from side to side"
    seconds_per_cycle = (1.6, 2.2)
    max_cycles = 4
    countable = True
    implies = ("sidestep",)

    cycles: int
    step: float
    lead: int

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        step, lead = cue.amplitude(rng, 0.26, 0.44), int(rng.integers(2))
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, step=step, lead=lead)

    def _footsteps(self) -> Iterator[Footstep]:
        beat_s, aside = self.duration_s / self.cycles / 4, self.step * (1 if self.lead == LEFT else -1)
        for number in range(4 * self.cycles):
            foot = (self.lead, 1 - self.lead, 1 - self.lead, self.lead)[number % 4]
            place = (0.0, aside if number % 4 < 2 else 0.0, 0.0)
            yield Footstep(foot, number * beat_s, (number + 0.9) * beat_s, place, (0.0, 0.0, 0.08))

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        moved = tread(t_s, list(self._footsteps()))
        beats = 4 * self.cycles * t_s / self.duration_s
        swaying = curve(beats, (0, 0), (1, 1), (4 * self.cycles - 1, 1), (4 * self.cycles, 0))
        sway = -np.sin(np.pi * beats / 2) * swaying * (1 if self.lead == LEFT else -1)
        hold.feet[:] += moved.feet
        hold.hips[:, 1] += moved.feet[..., 1].mean(axis=1) + 0.03 * (moved.swing[:, RIGHT] - moved.swing[:, LEFT])
        apart = np.abs(moved.feet[:, LEFT, 1] - moved.feet[:, RIGHT, 1])
        hold.hips[:, 2] -= 0.035 * swaying + 0.15 * apart**2
        hold.turn[:, 2] += 0.1 * sway
        hold.spine[:, 0] -= 0.3 * sway
        hold.spine[:, 2] -= 0.22 * sway
        hold.head[:, 2] += 0.15 * sway
        hold.elbow[:] += 1.2 * swaying[:, None]
        hold.shoulder[..., 0] += 0.25 * swaying[:, None] + 0.45 * sway[:, None] * (1, -1)
        hold.shoulder[..., 1] += 0.2 * swaying[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=False)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        in_place = measured.on_feet and measured.on_the_spot and measured.legs == 2
        aside = np.ptp(measured.feet[..., 1], axis=0).min() > 0.2 and np.ptp(measured.hips[:, 1]) > 0.2
        return int(in_place and aside and cls.count(measured) >= 1)

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        hips = measured.hips[:, 1]
        return float(max(swings(hips, 0.15), swings(-hips, 0.15)))
