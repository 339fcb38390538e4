"""Flap: both arms go up and down at the sides, like wings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import BOTH, both_arms, core, in_place, pulses, put_arms, taken_up, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array

LOW_RAD = 0.6  # from hanging: the wings between two beats


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Flap(AvatarMotion):
    """Beats upward by ``beat_rad``, ``cycles`` times."""

    verb = "flaps its arms like wings"
    base = "flap its arms"
    seconds_per_cycle = (0.8, 1.3)
    countable = True
    least_cycles = 2
    begins = UPRIGHT
    implies = ("raise_arms",)

    cycles: int
    beat_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, beat_rad=cue.amplitude(rng, 0.75, 1.1))

    def hold(self, t_s: Array) -> Hold:
        share, progress = taken_up(t_s, self.duration_s, lead_s=0.35)
        beat = pulses(progress, self.cycles)
        hold = posture(self.posture, len(t_s))
        raised = LOW_RAD + self.beat_rad * beat
        # turned outward, an elbow bends upward: wings droop while they rise and straighten on top
        wings = np.column_stack([0.0 * beat, raised, -0.3 + 0.0 * beat, 0.25 + 0.2 * (1 - beat)])
        put_arms(hold, BOTH, wings, share)
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        hand = measured.hand
        aside = hand[:, :, 1].max(axis=0).min() > 0.75 and np.abs(hand[:, :, 0]).max() < 0.45 and hand[:, :, 2].max() < 0.4
        beats = np.ptp(core(hand[:, :, 2]), axis=0).min() > 0.15 and cls.count(measured) >= 1
        return int(both_arms(measured) and aside and beats and in_place(measured))

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the hands are on top of a beat."""
        return tops(measured.hand[:, :, 2].mean(axis=1), 0.25)
