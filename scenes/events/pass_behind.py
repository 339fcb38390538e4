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
    """The passer goes half round the other, from one side of it to its other side; ``aside_m`` is how far to the left it gets."""

    roles = ("passer", "passed")
    sentence = "{passer} passes behind {passed}"
    base = "pass behind"
    bulk: ClassVar = {"passer": 0.75, "passed": 1.1}
    seconds = (1.8, 3.0)
    hides: ClassVar[tuple[str, ...]] = ("passer",)
    crossways = True
    reversed_in_time = ""
    behind: ClassVar[bool] = True

    apart_m: float
    aside_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        passer, passed = (cue.extent_m[role] for role in cls.roles)
        apart_m = tracks.draw_apart_m(rng, cue)
        aside_m = tracks.clear_aside_m(passer, passed, apart_m, apart_m, rng.uniform(0.08, 0.2))
        left_leads_away = math.sin(cue.away_rad - cue.heading_rad) > 0
        tracks.require_room(2 * apart_m + passer[0])
        aside_m *= 1.0 if left_leads_away == cls.behind else -1.0
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, apart_m=apart_m, aside_m=aside_m)

    def places(self):
        return tracks.side_by_side(self.roles, self.apart_m, -self.apart_m / 2)

    def local_poses(self, t_s):
        x, y = tracks.way_round(steady(t_s / self.duration_s, 0.2), self.apart_m, self.apart_m, self.aside_m)
        return {"passer": tracks.pose(t_s, x, y), "passed": tracks.pose(t_s)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        frame = passing_frame(measured)
        return frame is not None and bool((measured.depth_m[0, frame] > measured.depth_m[1, frame]) == cls.behind)


def passing_frame(measured: Relations) -> int | None:
    """When the first is level with the second, which rests, as it goes past it across the picture; None if it does not."""
    if not measured.rests(1) or not measured.level(0) or measured.gap_m(0, 1).min() < 0.02 or abs(measured.turns(0, 1)) > 0.7:
        return None
    frame = measured.crossing_frame(0, 1)
    return frame if frame is not None and measured.apart_m(0, 1)[frame] < 1.6 else None
