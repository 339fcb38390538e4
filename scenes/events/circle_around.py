"""Circle around: one goes round another that rests, and ends on its far side."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes import geometry
from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.motions.motion import steady


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class CircleAround(Event):
    """The same side of the circler faces the centre all the way; ``sense`` +1 is counter-clockwise seen from above.

    It goes round one and a half times, to end where one that only passes would.
    """

    roles = ("circler", "centre")
    sentence = "{circler} circles around {centre}"
    base, passive = "circle around", "circled by"
    bulk: ClassVar = {"circler": 0.7, "centre": 0.9}
    seconds = (2.8, 4.0)
    hides = roles
    implies: ClassVar = ("pass_behind", "pass_in_front")
    reversed_in_time = ""
    turns: ClassVar = 1.5

    radius_m: float
    sense: int

    @classmethod
    def sample(cls, rng, cue: EventCue):
        circler, centre = (tracks.radius_m(cue.extent_m[role]) for role in cls.roles)
        radius_m = tracks.draw_apart_m(rng, cue, least_m=circler + centre + 0.1)
        tracks.require_room(2 * radius_m + circler)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, radius_m=radius_m, sense=cue.sense)

    def places(self):
        return tracks.side_by_side(self.roles, self.radius_m, -self.radius_m / 2)

    def local_poses(self, t_s):
        angle = self.sense * self.turns * 2 * np.pi * steady(t_s / self.duration_s, 0.15)
        x, y = self.radius_m * (1 - np.cos(angle)), -self.radius_m * np.sin(angle)
        return {"circler": tracks.pose(t_s, x, y, turned=geometry.yaw(angle)), "centre": tracks.pose(t_s)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        apart_m = measured.apart_m(0, 1)
        around = abs(abs(measured.turns(0, 1)) - cls.turns) < 0.1 and np.ptp(apart_m) < 0.1 * apart_m[0]
        return bool(measured.rests(1) and measured.level(0) and around)
