"""Hide for a while: a cup is put over one of four things, rests, and is lifted off again to another place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes.events import tracks
from scenes.events.cover import SMALL, require_fit
from scenes.events.event import EVENTS, Event, EventCue
from scenes.geometry import ease

OTHERS = ("other_0", "other_1", "other_2")
PLACES = 4  # in a row
MOVING = 0.4  # of the time to get over it, and again to get off it


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class HideForAWhile(Event):
    """The four stand in a row, and the cup behind them, before and after, wherever it likes; it goes at a height that clears them.

    Args:
        slots: ``(x, y)`` of the covered and of the others.
        starts, ends: where the cup stands before and after.
        lift_m: how high it rises.
    """

    roles = ("cup", "covered", *OTHERS)
    sentence = "{cup} is put over {covered} for a while and then lifted off again"
    base, passive = "hide for a while", "hidden for a while by"
    shapes: ClassVar = {"cup": ("cup",), **dict.fromkeys(("covered", *OTHERS), SMALL)}
    bulk: ClassVar = {"cup": 1.15, **dict.fromkeys(("covered", *OTHERS), 0.46)}
    seconds = (3.4, 4.6)
    hides = ("covered",)
    interchangeable = OTHERS
    crossways = True
    reversed_in_time: ClassVar[str] = ""

    slots: tuple[tuple[float, float], ...]
    starts: tuple[float, float]
    ends: tuple[float, float]
    lift_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        things = [cue.extent_m[role] for role in cls.roles[1:]]
        cup = cue.extent_m["cup"]
        for thing in things:
            require_fit(cup, thing)  # every one of them could be hidden
        widest_m = max(tracks.radius_m(thing) for thing in things)
        spacing_m = cup[0] / 2 + widest_m + rng.uniform(0.07, 0.16)
        behind_m = math.copysign(1.0, math.sin(cue.away_rad - cue.heading_rad)) * (cup[0] / 2 + widest_m + 0.06)
        slots = tuple(
            (round(float(k * spacing_m), 4), round(float(-behind_m / 2 + rng.uniform(-0.05, 0.05)), 4))
            for k in rng.permutation(PLACES) - (PLACES - 1) / 2
        )
        starts, ends = ((round(rng.uniform(-1.2, 1.2) * spacing_m, 4), round(behind_m * rng.uniform(0.65, 1.1), 4)) for _ in range(2))
        lift_m = max(thing[2] for thing in things) + rng.uniform(0.1, 0.2)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, slots=slots, starts=starts, ends=ends, lift_m=lift_m)

    def places(self):
        things = zip(self.roles[1:], self.slots, strict=True)
        return {"cup": (*self.starts, 0.0)} | {role: (x, y, 0.0) for role, (x, y) in things}

    def local_poses(self, t_s):
        u = t_s / self.duration_s
        there, back = self._moved(u / MOVING), self._moved((u - 1 + MOVING) / MOVING)
        start, over, end = (np.asarray(place) for place in (self.starts, self.slots[0], self.ends))
        way = np.outer(there[0], over - start) + np.outer(back[0], end - over)
        return {"cup": tracks.pose(t_s, way[:, 0], way[:, 1], there[1] + back[1])} | {role: tracks.pose(t_s) for role in self.roles[1:]}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        inside = measured.inside(1, 0)
        off = measured.gap_m(0, 1)[[0, -1]].min() > 0.03 and measured.grounded(0) and measured.grounded(0, -1)
        alone = not any(measured.inside(other, 0).any() for other in (2, 3, 4))
        return bool(measured.rests(1, 2, 3, 4) and off and inside.any() and alone)

    def _moved(self, u):
        """Progress across and height of a move that takes u from 0 to 1."""
        across = ease((u - 0.26) / 0.48)
        return across, self.lift_m * (ease(u / 0.36) - ease((u - 0.64) / 0.36))
