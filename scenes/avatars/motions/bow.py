"""Bow: the trunk bends forward and comes up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.gestures import pulses, tops
from scenes.avatars.hold import Hold, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, span
from scenes.geometry import Array

LOW_HAND = 0.42  # leg lengths: hands below that reach for the toes


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Bow(AvatarMotion):
    """By ``bend_rad``, ``cycles`` times; a third of it in the hips, which go back so that it keeps its balance.

    A four-legged body lowers its chest between its forelegs.
    """

    verb = "bows"
    base = "bow"
    seconds_per_cycle = (1.3, 2.1)
    countable = True
    max_cycles = 4
    legs = (2, 4)

    cycles: int
    bend_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        return cls(duration_s=cue.duration_s, posture=cue.posture, cycles=cue.cycles, bend_rad=cue.amplitude(rng, 0.65, 1.15))

    def hold(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s))
        bend = self.bend_rad * pulses(t_s / self.duration_s, self.cycles, dwell=0.15)
        hold.turn[:, 1] += bend / 3
        hold.spine[:, 1] += bend * 2 / 3
        hold.head[:, 1] += bend / 4
        hold.hips[:, 0] -= 0.1 * bend
        hold.hips[:, 2] += np.sqrt(1 - (0.1 * bend) ** 2) - 1
        hold.shoulder[:, :, 0] += (bend / 6)[:, None]
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        hold = posture(self.posture, len(t_s), legs=4)
        bend = 0.36 * self.bend_rad * pulses(t_s / self.duration_s, self.cycles, dwell=0.15)
        hold.turn[:, 1] += bend
        hold.hips[:, 0] -= 0.3 * bend  # so that the forelegs stretch ahead
        hold.hips[:, 2] -= 0.1 * bend
        hold.fore_feet[:, :, 2] += 0.17 * bend[:, None]  # paws are stiff: a sloping foreleg rests on the heel of its paw
        hold.head[:, 1] -= 0.5 * bend
        hold.tail[:, 1] += bend
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        lean, aside = measured.trunk.T
        least = 0.5 if measured.legs == 2 else 0.18
        bends = span(lean) > least and lean.min() > lean[0] - 0.1 and span(aside) < 0.1 and cls.count(measured) >= 1
        return int(bends and _arms_hang(measured) and _stays(measured))

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How often the trunk is bent down."""
        return tops(measured.trunk[:, 0], 0.15)


def _arms_hang(measured: BodyKinematics) -> bool:
    """Along the body, and not down to the toes; forelegs always do."""
    return measured.legs == 4 or bool(measured.hand_height.min() > LOW_HAND and measured.hand[:, :, 2].max() < -0.6)


def _stays(measured: BodyKinematics) -> bool:
    """No foot and no leg moves visibly, but for forefeet that roll on to their heels."""
    soles = np.concatenate([measured.feet, measured.fore_feet], axis=1)
    planted = np.ptp(soles[..., :2], axis=0).max() < 0.03 and np.ptp(measured.feet, axis=0).max() < 0.03
    return bool(planted and measured.on_the_spot and measured.same_posture and span(measured.hips[:, 2]) < 0.05)
