"""Carry: a cart takes something that stands on it to another place."""

from dataclasses import dataclass
from typing import ClassVar

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue
from scenes.motions.motion import steady


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Carry(Event):
    """The carried rides on the middle of the carrier's bed."""

    roles = ("carrier", "carried")
    sentence = "{carrier} carries {carried} to another place"
    base, passive = "carry", "carried by"
    shapes: ClassVar = {"carrier": ("cart",), "carried": tracks.SQUARE}
    bulk: ClassVar = {"carrier": 1.0, "carried": 0.72}
    seconds = (1.8, 3.0)
    reversed_in_time = ""

    bed_m: float
    way_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        cart = cue.extent_m["carrier"]
        way_m = cue.amplitude(rng, 1.0, 1.8)
        tracks.require_room(way_m + max(cart[0], cue.extent_m["carried"][0]))
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, bed_m=cart[2], way_m=way_m)

    def places(self):
        return {"carrier": (-self.way_m / 2, 0.0, 0.0), "carried": (-self.way_m / 2, 0.0, self.bed_m)}

    def local_poses(self, t_s):
        gone = self.way_m * steady(t_s / self.duration_s, 0.25)
        return {role: tracks.pose(t_s, gone) for role in self.roles}

    def contacts(self):
        return (Contact(self.roles, 0.0, self.duration_s),)

    @classmethod
    def matches(cls, measured):
        together = measured.grounded(0) and measured.level(0, 1) and measured.on_top(1, 0).all()
        return bool(together and min(measured.travel_m(0), measured.travel_m(1)) > 0.4)
