"""Push: one comes up to another and pushes it ahead of itself."""

from dataclasses import dataclass

import numpy as np

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue
from scenes.motions.motion import steady

RAMP = 0.22


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Push(Event):
    """The pusher covers a gap, and goes on in touch with the pushed; they stop together."""

    roles = ("pusher", "pushed")
    sentence = "{pusher} pushes {pushed} along"
    base, passive = "push", "pushed by"
    shapes = dict.fromkeys(roles, tracks.SQUARE)
    bulk = dict.fromkeys(roles, 0.88)
    seconds = (2.2, 3.2)

    apart_m: float
    gap_m: float
    push_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        apart_m = tracks.draw_apart_m(rng, cue)
        gap_m = apart_m - (first[0] + second[0]) / 2
        (push_m,) = tracks.fitting(first[0] + second[0] + gap_m, cue.amplitude(rng, 0.65, 1.1))
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, apart_m=apart_m, gap_m=gap_m, push_m=push_m)

    def places(self):
        return tracks.side_by_side(self.roles, self.apart_m, -self.push_m / 2)

    def local_poses(self, t_s):
        gone = (self.gap_m + self.push_m) * steady(t_s / self.duration_s, RAMP)
        return {"pusher": tracks.pose(t_s, gone), "pushed": tracks.pose(t_s, np.maximum(gone - self.gap_m, 0.0))}

    def contacts(self):
        share = self.gap_m / (self.gap_m + self.push_m)  # `steady` goes at one speed by then
        return (Contact(self.roles, self.duration_s * (share * (1 - RAMP) + RAMP / 2), self.duration_s),)

    @classmethod
    def matches(cls, measured):
        touching, moved = measured.touching(0, 1), measured.along_m(1, 0, 1)
        if not touching[-1] or not measured.level(0, 1) or touching[0] or abs(measured.start_s(1)) <= measured.start_s(0):
            return False
        pushed = moved[touching]
        aimed = measured.aside_m(0, 0, 1) < 0.05 and measured.aside_m(1, 0, 1) < 0.05
        return bool(aimed and moved[-1] > 0.25 and moved[-1] - pushed[0] > 0.8 * moved[-1] and moved[~touching].max() < 0.15)
