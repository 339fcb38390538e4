"""Throw and catch: someone throws a ball to someone else, who catches it with both hands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes.events.event import EVENTS, EventCue
from scenes.events.handling import CARRIED, SETTLE_S, SWING_S, Handling, Held, catching, looks_rad, standing, swung, throwing, thrown
from scenes.geometry import Array

PAUSE_S = 0.25  # before the next throw, and after the last


@dataclass(frozen=True, kw_only=True)
class Throwing(Handling):
    """Throws one after another: ``passes`` says from whom to whom, by their places in the cast."""

    passes: ClassVar[tuple[tuple[int, int], ...]]

    @property
    def busy_s(self) -> float:
        return len(self.passes) * self._pass_s

    @property
    def _pass_s(self) -> float:
        return SWING_S + self.flight_s + SETTLE_S + PAUSE_S

    def item_path_m(self, t_s: Array) -> Array:
        path_m = self.carried_m(self.passes[0][0], t_s)
        for number, (giver, taker) in enumerate(self.passes):
            t = t_s - self._swings_s(number)
            start_m, end_m = self._let_go_m(giver), self._let_go_m(taker)
            swing = swung(self._before_chest_m(giver), start_m, throwing(start_m, end_m, self.flight_s), SWING_S, t)
            flight = thrown(start_m, end_m, self.flight_s, t - SWING_S)
            left_s = SWING_S + self.flight_s + SETTLE_S - t
            settling = swung(self._before_chest_m(taker), end_m, -catching(start_m, end_m, self.flight_s), SETTLE_S, left_s)
            flies, settles, rests = (t > SWING_S), (t > SWING_S + self.flight_s), (left_s < 0)
            passed = np.select([rests[:, None], settles[:, None], flies[:, None]], [self.carried_m(taker, t_s), settling, flight], swing)
            path_m = np.where((t > 0)[:, None], passed, path_m)
        return path_m

    def holding(self) -> list[Held]:
        still, found, since_s, arrives = np.zeros(3), [], -math.inf, np.zeros(3)
        for number, (giver, taker) in enumerate(self.passes):
            start_m, end_m = self._let_go_m(giver), self._let_go_m(taker)
            let_go_s = self._swings_s(number) + SWING_S
            found.append(Held(giver, since_s, let_go_s, arrives, throwing(start_m, end_m, self.flight_s)))
            since_s, arrives = let_go_s + self.flight_s, catching(start_m, end_m, self.flight_s)
        return [*found, Held(self.passes[-1][1], since_s, math.inf, arrives, still)]

    def _swings_s(self, number: int) -> float:
        return self.turning_s + number * self._pass_s

    def _before_chest_m(self, who: int) -> Array:
        """``(3,)``: of one who faces the other."""
        return self.cast[who].before(0.085, CARRIED, self.radius_m, self.cast[who].then_rad)

    def _let_go_m(self, who: int) -> Array:
        """``(3,)``: where a ball is let go, or caught."""
        return self.cast[who].before(0.225, 0.0, 0.3 * self.radius_m, self.cast[who].then_rad)


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class ThrowAndCatch(Throwing):
    """Both turn to each other, and the ball flies on a parabola from hands to hands."""

    roles = ("thrower", "catcher", "ball")
    avatars = ("thrower", "catcher")
    sentence = "{thrower} throws {ball} to {catcher}, who catches it"
    base = "throw the ball to"
    shapes: ClassVar = {"ball": ("ball",)}
    bulk: ClassVar = {"ball": 0.36}
    seconds = (2.6, 3.4)
    hides = ("ball",)
    passes = ((0, 1),)

    @classmethod
    def sample(cls, rng, cue: EventCue):
        half_m = cue.amplitude(rng, 1.7, 2.5) / 2
        first = looks_rad(rng, cue, 2)
        people = standing(
            [
                (cue.bodies["thrower"], (-half_m, 0.0), first[0], 0.0),
                (cue.bodies["catcher"], (half_m, 0.0), first[1], math.pi),
            ]
        )
        event = cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            people=people,
            radius_m=cue.extent_m["ball"][0] / 2,
            flight_s=round(rng.uniform(0.5, 0.62), 3),
        )
        event.require_reach()
        return event

    @classmethod
    def matches(cls, measured):
        first, then = measured.held(0, 2), measured.held(1, 2)
        return bool(first[0] and then[-1] and not (first & then).any() and changes(first) == changes(then) == 1)


def changes(flags: np.ndarray) -> int:
    """How often ``(frame,)`` flags change."""
    return int(np.count_nonzero(np.diff(flags.astype(int))))
