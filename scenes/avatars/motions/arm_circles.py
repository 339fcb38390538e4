"""Arm circles: both straight arms go around the shoulders, forwards or backwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import both_arms, in_place
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array, ease
from scenes.motions.motion import steady

TURN = 2 * np.pi


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class ArmCircles(AvatarMotion):
    """``cycles`` full circles; behind the body arms go farther out than before it, as shoulders must."""

    verb = "circles both arms {way}"
    base = "circle both arms {way}"
    seconds_per_cycle = (0.9, 1.5)
    countable = True
    signed = True
    ways = {1: "forwards", -1: "backwards"}
    reverses_sense = True
    implies = ("raise_arms",)

    cycles: int
    outward_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        outward_rad = rng.uniform(0.25, 0.45)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, outward_rad=outward_rad)

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        around = self.cycles * steady(t_s / self.duration_s, ramp=0.2 / self.cycles)
        forward_rad = -self.sense * TURN * around  # forwards: up behind the body, down before it
        # the first and the last eighth of the way lead from hanging into the circle and back
        share = ease(8 * np.minimum(around, self.cycles - around))
        outward_rad = self.outward_rad + 0.65 * np.maximum(-np.sin(forward_rad), 0.0) ** 2
        hold.shoulder[:, :, 0] += forward_rad[:, None]
        hold.shoulder[:, :, 1] += (share * (outward_rad - hold.shoulder[0, 0, 1]))[:, None]
        hold.elbow[:] *= (1 - 0.6 * share)[:, None]
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        left, right = _circles(measured)
        over_head = measured.hand[:, :, 2].max(axis=0).min() > 0.6 and measured.hand[:, :, 0].max() > 0.5
        around = over_head and abs(left - right) < 0.2 and min(abs(left), abs(right)) > 0.8
        return (1 if left > 0 else -1) if around and both_arms(measured) and in_place(measured) else 0

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(np.abs(_circles(measured)).mean())


def _circles(measured: BodyKinematics) -> Array:
    """``(side,)``: signed turns of the upper arms about the axis through the shoulders, forwards positive."""
    ahead, up = measured.upper_arm[..., 0], measured.upper_arm[..., 2]
    angle = np.unwrap(np.arctan2(ahead, -up), axis=0)
    return np.asarray((angle[0] - angle[-1]) / TURN)
