"""Hand over: someone stretches out both arms with a ball, and someone else takes it out of their hands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes.events.event import EVENTS, EventCue
from scenes.events.handling import Handling, Held, looks_rad, standing
from scenes.events.throw_and_catch import changes
from scenes.geometry import Array, ease

OUT_S, KEPT_S, BACK_S, PAUSE_S = 0.65, 0.25, 0.65, 0.25


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class HandOver(Handling):
    """Both turn to each other, within reach; for a moment, between them, both have the ball."""

    roles = ("giver", "taker", "ball")
    avatars = ("giver", "taker")
    sentence = "{giver} hands {ball} over to {taker}"
    base, passive = "hand the ball to", "handed the ball by"
    shapes: ClassVar = {"ball": ("ball",)}
    bulk: ClassVar = {"ball": 0.38}
    seconds = (2.6, 3.4)
    hides = ("ball",)
    grip_behind = 0.5

    @classmethod
    def sample(cls, rng, cue: EventCue):
        bodies = [cue.bodies[role] for role in cls.avatars]
        radius_m = cue.extent_m["ball"][0] / 2
        apart_m = sum(0.19 * height_m + 0.4 * radius_m for _, height_m in bodies) + rng.uniform(0.0, 0.06)
        first = looks_rad(rng, cue, 2)
        rows = [
            (body, (side * apart_m / 2, 0.0), look, then)
            for body, side, look, then in zip(bodies, (-1, 1), first, (0.0, math.pi), strict=True)
        ]
        event = cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, people=standing(rows), radius_m=radius_m, flight_s=0.0)
        event.require_reach()
        return event

    @property
    def busy_s(self) -> float:
        return OUT_S + KEPT_S + BACK_S + PAUSE_S

    def item_path_m(self, t_s: Array) -> Array:
        out, back = (ease((t_s - start_s) / span_s)[:, None] for start_s, span_s in ((self.turning_s, OUT_S), (self._taken_s, BACK_S)))
        middle_m = self._middle_m()
        given_m = self.carried_m(0, t_s) * (1 - out) + middle_m * out
        return np.where(t_s[:, None] < self._taken_s, given_m, middle_m * (1 - back) + self.carried_m(1, t_s) * back)

    def holding(self) -> list[Held]:
        still = np.zeros(3)
        return [Held(0, -math.inf, self._taken_s, still, still), Held(1, self._taken_s - KEPT_S, math.inf, still, still)]

    @property
    def _taken_s(self) -> float:
        """When the giver lets go."""
        return self.turning_s + OUT_S + KEPT_S

    def _middle_m(self) -> Array:
        """``(3,)``: where both have it, as far from one as from the other for their size."""
        near, far = (each.before(0.19, -0.1, 0.4 * self.radius_m, each.then_rad) for each in self.cast)
        return np.asarray((near + far) / 2)

    @classmethod
    def matches(cls, measured):
        first, then = measured.held(0, 2), measured.held(1, 2)
        return bool(first[0] and then[-1] and (first | then).all() and changes(first) == changes(then) == 1)
