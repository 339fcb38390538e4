"""Jump over: one clears another in one jump."""

from dataclasses import dataclass
from typing import ClassVar

from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.rejection import Rejected

HIGHEST_M = 1.8


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class JumpOver(Event):
    """The jumper goes on one parabola from one side to the other; its corners clear those of the box around the cleared."""

    roles = ("jumper", "cleared")
    sentence = "{jumper} jumps over {cleared}"
    base = "jump over"
    shapes: ClassVar = {"cleared": ("crate", "cube", "cylinder", "drum")}
    bulk: ClassVar = {"jumper": 0.72, "cleared": 0.72}
    seconds = (1.1, 1.6)
    reversed_in_time = ""

    way_m: float
    height_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        jumper, cleared = (cue.extent_m[role] for role in cls.roles)
        overlap_m = (jumper[0] + cleared[0]) / 2
        way_m = 2 * tracks.draw_apart_m(rng, cue, least_m=1.6 * overlap_m)
        height_m = (cleared[2] + rng.uniform(0.05, 0.15)) / (1 - (2 * overlap_m / way_m) ** 2)
        tracks.require_room(way_m + jumper[0])
        if height_m > HIGHEST_M:
            raise Rejected("staging", "too high a jump")
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, way_m=way_m, height_m=height_m)

    def places(self):
        return {"jumper": (-self.way_m / 2, 0.0, 0.0), "cleared": (0.0, 0.0, 0.0)}

    def local_poses(self, t_s):
        u = t_s / self.duration_s
        return {"jumper": tracks.pose(t_s, self.way_m * u, z=4 * self.height_m * u * (1 - u)), "cleared": tracks.pose(t_s)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        jumps = measured.rests(1) and measured.grounded(0) and measured.grounded(0, -1)
        gap, over = measured.gap_m(0, 1), measured.over_m(0, 1)
        above = over[gap < -0.02]
        beyond = measured.between_m(0, 1)[0] @ measured.between_m(0, 1)[-1] < 0 and min(gap[0], gap[-1]) > 0.03
        return bool(jumps and beyond and len(above) and above.min() > 0 and measured.aside_m(0, 0, 1) < 0.1)
