"""Swap places: two go round each other until each is where the other was."""

from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class SwapPlaces(Event):
    """Both go on half of one circle, opposite each other; ``sense`` +1 is counter-clockwise seen from above."""

    roles = ("first", "second")
    sentence = "{first} and {second} swap places"
    bulk = dict.fromkeys(roles, 0.9)
    seconds = (1.6, 2.8)
    symmetric = True
    hides = roles
    crossways = True
    implies = ("pass_behind", "pass_in_front")
    reversed_in_time = ""

    radius_m: float
    sense: int

    @classmethod
    def sample(cls, rng, cue: EventCue):
        bodies_m = sum(tracks.radius_m(cue.extent_m[role]) for role in cls.roles)
        radius_m = tracks.draw_apart_m(rng, cue, least_m=bodies_m + 0.12) / 2
        tracks.require_room(2 * radius_m + bodies_m)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, radius_m=radius_m, sense=cue.sense)

    def places(self):
        return tracks.side_by_side(self.roles, 2 * self.radius_m)

    def local_poses(self, t_s):
        angle = self.sense * np.pi * geometry.ease(t_s / self.duration_s)
        x, y = self.radius_m * (1 - np.cos(angle)), self.radius_m * np.sin(angle)
        return {"first": tracks.pose(t_s, x, -y), "second": tracks.pose(t_s, -x, y)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        place = measured.position_m[:, :, :2]
        missed_m = [np.linalg.norm(place[a, -1] - place[1 - a, 0]) for a in (0, 1)]
        apart_m = measured.apart_m(0, 1)
        round_each_other = 0.4 < abs(measured.turns(0, 1)) < 0.6 and np.ptp(apart_m) < 0.1
        return bool(measured.level(0, 1) and max(missed_m) < 0.05 and round_each_other)
