"""Jump: straight up from both feet."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.avatars.hold import Hold, posture
from scenes.avatars.keys import bump, curve, cycle
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, BodyClaims
from scenes.body_kinematics import BodyKinematics, swings
from scenes.geometry import Array


@AVATAR_MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Jump(AvatarMotion):
    """Bends its knees, jumps up from both feet with its arms flung up, and lands where it was."""

    verb, base = "jumps up", "jump up"
    seconds_per_cycle = (1.0, 1.5)
    countable = True
    legs = (2, 4)

    cycles: int
    height: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        height = cue.amplitude(rng, 0.2, 0.42)
        return cls(duration_s=cue.duration_s, sense=cue.sense, posture=cue.posture, cycles=cue.cycles, height=height)

    def _rise(self, w: Array, crouch: float) -> tuple[Array, Array]:
        """Of the hips, and of the soles, ``(frame,)`` each: the legs are straight as the feet leave the ground and as they meet it."""
        keys = (0, 0), (0.3, -crouch), (0.43, 0), (0.6, self.height), (0.77, 0), (0.86, -0.7 * crouch), (0.97, -0.04 * crouch), (1, 0)
        hips = curve(w, *keys)
        return hips, np.maximum(0.0, hips + 0.07 * bump(w, 0.4, 0.8))

    def hold(self, t_s: Array) -> Hold:
        w = cycle(t_s, self.duration_s, self.cycles)
        hold = posture(self.posture, len(t_s))
        hips, soles = self._rise(w, 0.3)
        bent = np.maximum(0.0, -hips)
        hold.hips[:, 2] += hips
        hold.hips[:, 0] -= 0.25 * bent
        hold.feet[..., 2] += soles[:, None]
        hold.foot_turn[..., 1] += 0.6 * bump(w, 0.42, 0.78)[:, None]
        hold.turn[:, 1] += 0.9 * bent
        hold.spine[:, 1] += 0.9 * bent
        hold.head[:, 1] -= 0.9 * bent
        hold.shoulder[..., 0] += curve(w, (0, 0), (0.3, -0.8), (0.58, 2.6), (0.68, 2.5), (1, 0))[:, None]
        return hold

    def hold_on_four(self, t_s: Array) -> Hold:
        w = cycle(t_s, self.duration_s, self.cycles)
        hold = posture(self.posture, len(t_s), 4)
        hips, soles = self._rise(w, 0.24)
        rearing = 0.34 * bump(w, 0.38, 0.74)  # the forehand rises higher
        hold.hips[:, 2] += hips
        hold.turn[:, 1] -= rearing
        hold.feet[..., 2] += soles[:, None]
        hold.fore_feet[..., 2] += (soles + 1.4 * rearing)[:, None]
        hold.head[:, 1] += 0.6 * rearing - 0.8 * hips
        hold.tail[:, 1] += hips
        return hold

    def claims(self) -> BodyClaims:
        return BodyClaims(cycles=self.cycles, turns=0.0, forward=0.0, leftward=0.0, leaves_ground=True)

    @classmethod
    def matches(cls, measured: BodyKinematics) -> int:
        in_place = measured.on_feet and measured.on_the_spot and not measured.feet_stray
        together = np.abs(measured.feet[:, 0, 2] - measured.feet[:, 1, 2]).max() < 0.05
        return int(in_place and together and cls.count(measured) >= 1)

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        return float(swings(measured.feet[..., 2].min(axis=1), 0.06))
