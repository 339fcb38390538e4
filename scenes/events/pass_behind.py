"""Pass behind: one goes past behind another that rests, as the camera sees it."""

import math
from dataclasses import dataclass
from typing import ClassVar

from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.motions.motion import steady
from scenes.relations import Relations


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class PassBehind(Event):
    """The passer goes straight across the picture, from one side of the other to its other side."""

    roles = ("passer", "passed")
    sentence = "{passer} passes behind {passed}"
    base = "pass behind"
    bulk: ClassVar = {"passer": 0.75, "passed": 1.1}
    seconds = (1.8, 3.0)
    hides: ClassVar[tuple[str, ...]] = ("passer",)
    crossways = True
    reversed_in_time = ""
    behind: ClassVar[bool] = True

    lane_m: float
    way_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        passer, passed = (cue.extent_m[role] for role in cls.roles)
        aside_m = (passer[1] + passed[1]) / 2 + rng.uniform(0.12, 0.3)
        left_leads_away = math.sin(cue.away_rad - cue.heading_rad) > 0
        way_m = passer[0] + passed[0] + cue.amplitude(rng, 0.5, 1.1)
        tracks.require_room(way_m + passer[0])
        lane_m = aside_m if left_leads_away == cls.behind else -aside_m
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, lane_m=lane_m, way_m=way_m)

    def places(self):
        return {"passer": (-self.way_m / 2, self.lane_m / 2, 0.0), "passed": (0.0, -self.lane_m / 2, 0.0)}

    def local_poses(self, t_s):
        return {"passer": tracks.pose(t_s, self.way_m * steady(t_s / self.duration_s, 0.2)), "passed": tracks.pose(t_s)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        frame = passing_frame(measured)
        return frame is not None and bool((measured.depth_m[0, frame] > measured.depth_m[1, frame]) == cls.behind)


def passing_frame(measured: Relations) -> int | None:
    """When the first is level with the second, which rests, as it goes straight past it across the picture; None if it does not."""
    if not measured.rests(1) or not measured.level(0) or not measured.straight(0) or measured.gap_m(0, 1).min() < 0.02:
        return None
    frame = measured.crossing_frame(0, 1)
    return frame if frame is not None and measured.apart_m(0, 1)[frame] < 1.6 else None
