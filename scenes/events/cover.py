"""Cover: a cup rises, goes across and is put over something, which is gone from sight."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.rejection import Rejected
from scenes.shapes import room_under_cup_m
from scenes.types import Vector

SMALL = ("ball", "cone", "cube", "cylinder", "pyramid")


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Cover(Event):
    """The cup comes down around the covered without touching it."""

    roles = ("cup", "covered")
    sentence = "{cup} is put over {covered} and hides it"
    base, passive = "cover", "covered by"
    shapes: ClassVar = {"cup": ("cup",), "covered": SMALL}
    bulk: ClassVar = {"cup": 1.15, "covered": 0.42}
    seconds = (2.2, 3.2)
    hides = ("covered",)
    reversed_in_time: ClassVar[str] = "uncover"

    distance_m: float
    lift_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        cup, covered = (cue.extent_m[role] for role in cls.roles)
        require_fit(cup, covered)
        distance_m = (cup[0] + covered[0]) / 2 + cue.amplitude(rng, 0.2, 0.55)
        lift_m = covered[2] + rng.uniform(0.12, 0.25)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, distance_m=distance_m, lift_m=lift_m)

    def places(self):
        return {"cup": (-self.distance_m / 2, 0.0, 0.0), "covered": (self.distance_m / 2, 0.0, 0.0)}

    def local_poses(self, t_s):
        x, z = tracks.lift_over(t_s / self.duration_s, self.distance_m, self.lift_m, 0.0)
        return {"cup": tracks.pose(t_s, x, z=z), "covered": tracks.pose(t_s)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        inside = measured.inside(1, 0)
        return bool(measured.rests(1) and inside[-1] and measured.grounded(0) and measured.gap_m(0, 1)[0] > 0.05)


def require_fit(cup_m: Vector, covered_m: Vector) -> None:
    """Raise Rejected unless the cup goes over a body with a centimetre to spare all round."""
    radius_m = float(np.hypot(covered_m[0], covered_m[1])) / 2
    if room_under_cup_m(cup_m[0], cup_m[2], covered_m[2] + 0.01) < radius_m + 0.01:
        raise Rejected("staging", "the cup is too small")
