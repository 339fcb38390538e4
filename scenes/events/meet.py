"""Meet: two come from both sides, and stop when they touch."""

from dataclasses import dataclass

from scenes import geometry
from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue
from scenes.relations import Relations


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Meet(Event):
    """Each goes its part of the way; they come to rest as they touch."""

    roles = ("first", "second")
    sentence = "{first} and {second} move towards each other until they touch"
    shapes = dict.fromkeys(roles, tracks.SQUARE)
    bulk = dict.fromkeys(roles, 0.88)
    seconds = (1.4, 2.4)
    symmetric = True
    reversed_in_time = "part"

    apart_m: float
    way_m: tuple[float, float]

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        apart_m = tracks.draw_apart_m(rng, cue)
        gap_m, share = apart_m - (first[0] + second[0]) / 2, rng.uniform(0.42, 0.58)
        ways_m = (share * gap_m, (1 - share) * gap_m)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, apart_m=apart_m, way_m=ways_m)

    def places(self):
        return tracks.side_by_side(self.roles, self.apart_m)

    def local_poses(self, t_s):
        u = geometry.ease(t_s / self.duration_s)
        return {"first": tracks.pose(t_s, self.way_m[0] * u), "second": tracks.pose(t_s, -self.way_m[1] * u)}

    def contacts(self):
        return (Contact(self.roles, self.duration_s, self.duration_s),)

    @classmethod
    def matches(cls, measured):
        gap = measured.gap_m(0, 1)
        return on_one_line(measured) and bool(abs(gap[-1]) < 0.02 and gap[0] > 0.2 and measured.along_m(0, 0, 1)[-1] > 0)


def on_one_line(measured: Relations) -> bool:
    """Both move along the line between them, in opposite directions, at the same time."""
    net = [float(measured.along_m(role, 0, 1)[-1]) for role in (0, 1)]
    straight = measured.level(0, 1) and all(measured.aside_m(role, 0, 1) < 0.05 for role in (0, 1))
    return bool(straight and net[0] * net[1] < 0 and min(map(abs, net)) > 0.15)
