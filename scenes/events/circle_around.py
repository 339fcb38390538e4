"""Circle around: one goes once round another that rests."""

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
    """The circler turns with its way; ``sense`` +1 is counter-clockwise seen from above."""

    roles = ("circler", "centre")
    sentence = "{circler} circles once around {centre}"
    base, passive = "circle around", "circled by"
    bulk: ClassVar = {"circler": 0.7, "centre": 0.9}
    seconds = (2.4, 3.6)
    hides = roles
    reversed_in_time = ""

    radius_m: float
    sense: int

    @classmethod
    def sample(cls, rng, cue: EventCue):
        circler, centre = (tracks.radius_m(cue.extent_m[role]) for role in cls.roles)
        radius_m = max(circler + centre + rng.uniform(0.1, 0.25), cue.amplitude(rng, 0.7, 1.1))
        tracks.require_room(2 * (radius_m + circler))
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, radius_m=radius_m, sense=cue.sense)

    def places(self):
        return {"circler": (0.0, -self.sense * self.radius_m, 0.0), "centre": (0.0, 0.0, 0.0)}

    def local_poses(self, t_s):
        angle = 2 * np.pi * steady(t_s / self.duration_s, 0.2)
        x, y = tracks.round_trip(angle, self.radius_m)
        return {"circler": tracks.pose(t_s, x, self.sense * y, turned=geometry.yaw(self.sense * angle)), "centre": tracks.pose(t_s)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        apart_m = measured.apart_m(0, 1)
        around = 0.9 < abs(measured.turns(0, 1)) < 1.1 and np.ptp(apart_m) < 0.1 * apart_m[0]
        return bool(measured.rests(1) and measured.level(0) and around)
