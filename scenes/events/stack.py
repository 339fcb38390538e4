"""Stack: one rises, goes across and is set down on top of another."""

from dataclasses import dataclass
from typing import ClassVar

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Stack(Event):
    """The stacked starts beside the base, and comes to rest on the middle of its top."""

    roles = ("stacked", "base")
    sentence = "{stacked} rises and is set down on top of {base}"
    base = "land on"
    shapes = dict.fromkeys(roles, tracks.SQUARE)
    bulk = dict.fromkeys(roles, 0.8)
    seconds = (2.2, 3.2)
    reversed_in_time: ClassVar[str] = "unstack"

    distance_m: float
    top_m: float
    lift_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        stacked, base = (cue.extent_m[role] for role in cls.roles)
        distance_m = tracks.draw_apart_m(rng, cue)
        tracks.require_room(distance_m + (stacked[0] + base[0]) / 2)
        lift_m = base[2] + rng.uniform(0.15, 0.3)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, distance_m=distance_m, top_m=base[2], lift_m=lift_m)

    def places(self):
        return tracks.side_by_side(self.roles, self.distance_m)

    def local_poses(self, t_s):
        x, z = tracks.lift_over(t_s / self.duration_s, self.distance_m, self.lift_m, self.top_m)
        return {"stacked": tracks.pose(t_s, x, z=z), "base": tracks.pose(t_s)}

    def contacts(self):
        return (Contact(self.roles, self.duration_s, self.duration_s),)

    @classmethod
    def matches(cls, measured):
        on_top = measured.on_top(0, 1)
        return bool(measured.rests(1) and on_top[-1] and measured.grounded(0) and measured.gap_m(0, 1)[0] > 0.05)
