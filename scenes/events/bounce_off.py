"""Bounce off: one runs against another that does not budge, and is thrown back."""

from dataclasses import dataclass

import numpy as np

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class BounceOff(Event):
    """The bouncer gets up speed, hits the obstacle, and slides back until friction stops it."""

    roles = ("bouncer", "obstacle")
    sentence = "{bouncer} runs against {obstacle} and bounces back off it"
    base, passive = "bounce back off", "hit by"
    shapes = dict.fromkeys(roles, tracks.SQUARE)
    bulk = dict.fromkeys(roles, 0.88)
    seconds = (1.8, 2.8)
    reversed_in_time = ""

    apart_m: float
    hit_s: float
    ramp_s: float
    run_m: float
    back_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        apart_m = tracks.draw_apart_m(rng, cue)
        run_m = apart_m - (first[0] + second[0]) / 2
        hit_s = cue.duration_s * rng.uniform(0.42, 0.48)
        sizes = {"apart_m": apart_m, "run_m": run_m, "back_m": run_m * rng.uniform(0.6, 0.9)}
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, hit_s=hit_s, ramp_s=0.4 * hit_s, **sizes)

    def places(self):
        return tracks.side_by_side(self.roles, self.apart_m)

    def local_poses(self, t_s):
        left_s = self.duration_s - self.hit_s
        run = self.run_m * tracks.set_off(np.minimum(t_s, self.hit_s), self.ramp_s) / (self.hit_s - self.ramp_s / 2)
        back = tracks.coast(np.maximum(t_s - self.hit_s, 0.0), 2 * self.back_m / left_s, 2 * self.back_m / left_s**2)
        return {"bouncer": tracks.pose(t_s, run - back), "obstacle": tracks.pose(t_s)}

    def contacts(self):
        return (Contact(self.roles, self.hit_s, self.hit_s),)

    @classmethod
    def matches(cls, measured):
        run, gap = measured.along_m(0, 0, 1), measured.gap_m(0, 1)
        meets = measured.rests(1) and measured.level(0) and measured.meet_frame(0, 1) is not None
        there_and_back = run.max() > 0.25 and min(gap[0], gap[-1]) > 0.15
        return bool(meets and there_and_back and measured.aside_m(0, 0, 1) < 0.05)
