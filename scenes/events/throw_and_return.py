"""Throw and return: one of five throws a ball to one of the others, who throws it back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from scenes.events.event import EVENTS, EventCue
from scenes.events.handling import looks_rad, standing
from scenes.events.throw_and_catch import Throwing, changes

OTHERS = ("other_0", "other_1", "other_2")
PLACES = 4  # on a half circle around the thrower


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class ThrowAndReturn(Throwing):
    """The others stand in a half circle behind the thrower, and all turn to each other; the thrower turns away again in the end.

    Neither the first nor the last picture shows whom it was thrown to: everyone has the same place by chance, looks at first
    wherever they like, and at the thrower in the end.
    """

    roles = ("thrower", "catcher", *OTHERS, "ball")
    avatars = roles[:-1]
    sentence = "{thrower} throws {ball} to {catcher}, who throws it back"
    base = "play catch with"
    shapes: ClassVar = {"ball": ("ball",)}
    bulk: ClassVar = {"ball": 0.4}
    seconds = (4.8, 5.8)
    hides = ("ball",)
    interchangeable = OTHERS
    reversed_in_time = ""
    passes = ((0, 1), (1, 0))
    turns_back = True

    @classmethod
    def sample(cls, rng, cue: EventCue):
        away = math.copysign(1.0, math.sin(cue.away_rad - cue.heading_rad))
        radius_m = rng.uniform(1.6, 1.75)
        angles = math.pi * (np.arange(PLACES) + rng.uniform(-0.1, 0.1, PLACES)) / (PLACES - 1)
        angles = rng.permutation(angles) * away
        thrower = (0.0, -away * 0.4 * radius_m)
        around = [(thrower[0] + radius_m * math.cos(angle), thrower[1] + radius_m * math.sin(angle)) for angle in angles]
        first = looks_rad(rng, cue, 1 + PLACES)
        rows = [(cue.bodies["thrower"], thrower, first[0], float(angles[0]))]
        for role, place, angle, look in zip(("catcher", *OTHERS), around, angles, first[1:], strict=True):
            rows.append((cue.bodies[role], place, look, float(angle) + math.pi))
        event = cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            people=standing(rows),
            radius_m=cue.extent_m["ball"][0] / 2,
            flight_s=round(rng.uniform(0.5, 0.6), 3),
        )
        for number in range(1, PLACES + 1):  # any of them could catch it: who is too small does not tell who does not
            event._thrown_to(number).require_reach()
        return event

    def _thrown_to(self, place: int) -> ThrowAndReturn:
        """The same with the one at a place of the cast as the catcher."""
        thrower, *others = self.people
        catcher = others.pop(place - 1)
        return replace(self, people=((*thrower[:5], catcher[5] - math.pi), catcher, *others))

    @classmethod
    def matches(cls, measured):
        if any(measured.held(other, 5).any() for other in (2, 3, 4)):
            return False
        first, then = measured.held(0, 5), measured.held(1, 5)
        return bool(first[0] and first[-1] and not (first & then).any() and changes(first) == changes(then) == 2)
