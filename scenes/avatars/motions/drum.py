"""Drum: both fists before the body, beating up and down in turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import arm, between, core, in_place, put_arms, side_of, taken_up
from scenes.avatars.hold import LEFT, RIGHT, Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, UPRIGHT, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Drum(AvatarMotion):
    """``beats`` of each fist, of the left one first where ``first`` is +1."""

    verb = "drums in the air with both fists"
    base = "drum in the air"
    seconds_per_cycle = (2.0, 3.2)
    begins = UPRIGHT

    beats: int
    first: int
    beat_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        beats = round(cue.duration_s / rng.uniform(0.45, 0.6))
        beat_rad = cue.amplitude(rng, 0.75, 1.25)
        return cls(duration_s=cue.duration_s, posture=cue.posture, beats=beats, first=int(rng.choice((1, -1))), beat_rad=beat_rad)

    def hold(self, t_s: Array) -> Hold:
        share, progress = taken_up(t_s, self.duration_s, lead_s=0.4)
        up = (1 + np.sin(2 * np.pi * self.beats * progress)) / 2
        low, high = (arm((0.3, 0.35, -0.9), (np.cos(angle), -0.12, np.sin(angle))) for angle in (-0.3, self.beat_rad - 0.3))
        hold = posture(self.posture, len(t_s))
        put_arms(hold, (side_of(self.first),), between(low, high, up), share)
        put_arms(hold, (side_of(-self.first),), between(low, high, 1 - up), share)
        hold.spine[:, 2] -= 0.09 * self.first * (2 * up - 1) * share  # a shoulder rises with its fist: seen from behind, too
        hold.head[:, 1] += 0.2 * share
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        hand = core(measured.hand)
        ahead = hand[:, :, 0].min() > 0.3 and hand[:, :, 2].max() < 0.15
        beats = np.ptp(hand[:, :, 2], axis=0).min() > 0.15
        in_turns = beats and np.corrcoef(hand[:, LEFT, 2], hand[:, RIGHT, 2])[0, 1] < -0.7
        return int(ahead and in_turns and in_place(measured))
