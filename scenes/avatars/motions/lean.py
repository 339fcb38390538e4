"""Lean: the trunk bends to one side, stays there, and comes up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import core, kept, taken_up
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, span
from scenes.geometry import Array


def _hanging(lean_rad: Array) -> Array:
    """How far an arm goes outward from a trunk that leans to its side, or closer to one that leans to the other."""
    return np.where(lean_rad > 0, 0.9 * lean_rad, 0.1 * lean_rad)


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Lean(AvatarMotion):
    """By ``lean_rad`` in the spine; the hips go the other way, the arms keep hanging."""

    verb = "leans {way}"
    base = "lean {way}"
    seconds_per_cycle = (1.5, 2.6)
    signed = True
    mirrors = True

    lean_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, lean_rad=cue.amplitude(rng, 0.4, 0.65))

    def hold(self, t_s: Array) -> Hold:
        share, _ = taken_up(t_s, self.duration_s, lead_s=0.7)
        hold = posture(self.posture, len(t_s))
        lean = self.sense * self.lean_rad * share
        hold.spine[:, 2] += lean
        hold.head[:, 2] += 0.3 * lean
        hold.hips[:, 1] -= 0.1 * lean
        hold.hips[:, 2] -= 0.015 * share
        # on the side to which it leans the arm hangs away from the body; the other one lies against it
        hold.shoulder[:, :, 1] += np.column_stack([_hanging(lean), _hanging(-lean)])
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims()

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        aside = measured.trunk[:, 1]
        sense = 1 if core(aside).mean() > 0 else -1
        leans = (core(aside) * sense).min() > 0.25 and kept(aside) and (aside * sense).min() > -0.1
        hanging = measured.hand[:, :, 2].max() < -0.6 and span(measured.trunk[:, 0]) < 0.15
        in_place = measured.feet_still and measured.on_the_spot and measured.same_posture and span(measured.hips[:, 2]) < 0.05
        return sense if leans and hanging and in_place else 0
