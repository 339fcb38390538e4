"""Feet that take steps: where each foot is while it stands and while it swings, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.avatars.hold import LEFT, RIGHT, Hold, posture
from scenes.avatars.keys import bump
from scenes.geometry import Array, ease
from scenes.motions.motion import steady

SHANK = 0.885  # least length of thigh and shin together of a registered body, in leg lengths: what a foot can reach
LENGTH_ON_FOUR = 1.2  # from the hips to the shoulders of a long four-legged body, in leg lengths
TOES = 0.24  # how far toes reach ahead of the middle of the sole, in leg lengths


@dataclass(frozen=True)
class Footstep:
    """One swing of one foot. Lengths in leg lengths.

    Args:
        foot: LEFT or RIGHT.
        start_s, end_s: from lifting it to putting it down.
        place: forward, left and yaw of where it stands afterwards.
        over: forward, left and up, added in the middle of the swing.
        early: above 0 (below 1) the foot is highest early in the swing, as the heel of a walker's is.
    """

    foot: int
    start_s: float
    end_s: float
    place: tuple[float, float, float]
    over: tuple[float, float, float]
    early: float = 0.0


@dataclass(frozen=True)
class Tread:
    """What feet do: soles ``(frame, 2, 3)``, yaw ``(frame, 2)``, how far the toes hang, and how far each is off the floor, 0 to 1."""

    feet: Array
    yaw: Array
    toes: Array
    swing: Array


def tread(t_s: Array, steps: Sequence[Footstep]) -> Tread:
    """The feet at times ``(frame,)``: standing at the origin before their first step, and where each step leaves them after it."""
    feet = np.zeros((len(t_s), 2, 3))
    yaw, toes, swing = np.zeros((3, len(t_s), 2))
    stands = np.zeros((2, 3))
    for step in steps:
        u: Array = np.clip((t_s - step.start_s) / (step.end_s - step.start_s), 0.0, 1.0)
        way = np.subtract(step.place, stands[step.foot])
        progress, height = ease(u), bump(u + step.early * u * (1.0 - u))
        feet[:, step.foot, :2] += np.outer(progress, way[:2])
        feet[:, step.foot] += np.outer(height, step.over)
        yaw[:, step.foot] += progress * way[2]
        toes[:, step.foot] += _peeling(height * step.over[2], u)
        swing[:, step.foot] += height
        stands[step.foot] = step.place
    return Tread(feet, yaw, toes, swing)


@dataclass(frozen=True)
class Stride:
    """A way on foot along a straight line or about the vertical, with an even rhythm, from rest to rest.

    The foot that takes a step is put down where the hips will be in the middle of the time it then stands.

    Args:
        duration_s: of the whole way.
        steps: how many, both feet together; 3 or more.
        way: forward, left and yaw of the hips at the end.
        lift: how high feet swing.
        lead: the foot that steps first.
        duty: how long a foot stands, in steps: 1 walks, below 1 there are moments of flight.
        early: see `Footstep`.
    """

    duration_s: float
    steps: int
    way: tuple[float, float, float]
    lift: float
    lead: int = LEFT
    duty: float = 1.0
    early: float = 0.25

    @property
    def step_s(self) -> float:
        return self.duration_s / self.steps

    def progress(self, t_s: Array) -> Array:
        """Of the hips, 0 → 1, ``(frame,)``."""
        ramp_steps = 1.0 if self.duty == 1.0 else 2.0
        return steady(np.asarray(t_s) / self.duration_s, min(0.5, ramp_steps / self.steps))

    def footsteps(self) -> list[Footstep]:
        """The steps in order; the last brings the feet together."""
        return [self._footstep(number) for number in range(1, self.steps + 1)]

    def _footstep(self, number: int) -> Footstep:
        start = max(0.0, number - 2 + self.duty)
        middle = 1.0 if number >= self.steps - 1 else float(self.progress(np.array((number + self.duty / 2) * self.step_s)))
        place = (middle * self.way[0], middle * self.way[1], middle * self.way[2])
        foot = self.lead if number % 2 else 1 - self.lead
        lift = self.lift * (number - start) / (2 - self.duty)  # a first step that takes less time is not as high
        return Footstep(foot, start * self.step_s, number * self.step_s, place, (0.0, 0.0, lift), self.early)

    def tread(self, t_s: Array) -> Tread:
        """The feet at times ``(frame,)``."""
        return tread(t_s, self.footsteps())

    def under_way(self, t_s: Array) -> Array:
        """0 at rest, 1 from the end of the first step to the start of the last, ``(frame,)``."""
        return ease(t_s / self.step_s) * ease((self.duration_s - t_s) / self.step_s)

    def hold(self, t_s: Array, bob: float = 0.0) -> Hold:
        """Hips and feet of a two-legged body on its way; it sinks as deep between steps as the legs need, and by ``bob`` in flight phases.

        Arms hang: motions add what trunk and arms do.
        """
        return _on_its_way(self, posture("standing", len(t_s)), t_s, bob)

    def hold_on_four(self, t_s: Array, bob: float = 0.0) -> Hold:
        """The same on four legs, which move in diagonal pairs."""
        hold = _on_its_way(self, posture("standing", len(t_s), 4), t_s, bob)
        hold.hips[:, 1] = self.progress(t_s) * self.way[1]  # four legs need no swaying
        hold.hips[:, 2] -= self.under_way(t_s) * self.sink(LENGTH_ON_FOUR)
        hold.fore_feet[:] += hold.feet[:, ::-1]
        hold.fore_turn[:] += hold.foot_turn[:, ::-1, 0]
        return hold

    def sink(self, length: float = 0.0) -> float:
        """How far hips must come down for feet to reach their places, ``length`` ahead of the point that they turn about at most."""
        step = (float(np.hypot(*self.way[:2])) + length * abs(self.way[2])) / max(self.steps - 1, 1)
        # A foot is farthest shortly before it lands; a runner's is higher then.
        reach, lifted = (0.6 * step, 0.015) if self.duty == 1.0 else (0.5 * step, 0.03)
        return max(SHANK - float(np.sqrt(SHANK**2 - reach**2)) - lifted, 0.0)


def _on_its_way(stride: Stride, hold: Hold, t_s: Array, bob: float) -> Hold:
    feet, going = stride.tread(t_s), stride.under_way(t_s)
    apart = 1.0 - feet.swing.max(axis=1) ** 2 if stride.duty == 1.0 else 1.0
    phase = t_s / stride.step_s - stride.duty / 2
    hold.hips[:, 0] += stride.progress(t_s) * stride.way[0]
    hold.hips[:, 1] += stride.progress(t_s) * stride.way[1] + 0.03 * (feet.swing[:, RIGHT] - feet.swing[:, LEFT]) * going
    hold.hips[:, 2] -= going * (0.012 + stride.sink() * apart + bob * (0.5 + 0.5 * np.cos(2 * np.pi * phase)))
    hold.turn[:, 0] += stride.progress(t_s) * stride.way[2]
    hold.feet[:] += feet.feet
    hold.foot_turn[..., 0] += feet.yaw
    hold.foot_turn[..., 1] += feet.toes
    return hold


def _peeling(height: Array, u: Array) -> Array:
    """How far the toes hang from a rising foot: their tips stay near the floor at first, and are up again well before it lands."""
    return np.arcsin(np.clip(height / TOES, 0.0, 0.6)) * (1.0 - ease(u / 0.7))


def swing_arms(hold: Hold, per_leg: float) -> None:
    """Let the arms of a body on its way swing against its feet, in place; ``per_leg`` in radians per leg length."""
    angle = per_leg * (hold.feet[:, ::-1, 0] - hold.hips[:, None, 0])
    hold.shoulder[..., 0] += angle
    hold.elbow[:] += 0.2 * (angle + np.sqrt(angle**2 + 0.04) - 0.2)
    hold.spine[:, 0] += 0.15 * (angle[:, RIGHT] - angle[:, LEFT])
