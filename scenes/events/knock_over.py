"""Knock over: one runs into something tall, which topples and lies."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes import geometry
from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue

FALL = 0.72  # of the time after the hit; then it rebounds once
REBOUND_RAD = 0.07


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class KnockOver(Event):
    """The knocked turns about the far edge of its foot, faster and faster; the knocker is thrown back a little."""

    roles = ("knocker", "knocked")
    sentence = "{knocker} knocks {knocked} over"
    base, passive = "knock over", "knocked over by"
    shapes: ClassVar = {"knocker": tracks.SQUARE, "knocked": ("domino",)}
    bulk: ClassVar = {"knocker": 0.85, "knocked": 1.0}
    seconds = (2.2, 3.0)

    start_m: tuple[float, float]
    run_m: float
    hit_s: float
    slab_m: tuple[float, float]

    @classmethod
    def sample(cls, rng, cue: EventCue):
        knocker, slab = (cue.extent_m[role] for role in cls.roles)
        bodies_m = knocker[0] + slab[0] + slab[2]
        (run_m,) = tracks.fitting(bodies_m, cue.amplitude(rng, 0.6, 1.0))
        length_m = bodies_m + run_m
        start_m = (tracks.half_m(knocker) - length_m / 2, knocker[0] + run_m + tracks.half_m(slab) - length_m / 2)
        return cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            start_m=start_m,
            run_m=run_m,
            hit_s=cue.duration_s * rng.uniform(0.4, 0.46),
            slab_m=(slab[0], slab[2]),
        )

    def places(self):
        return {role: (x, 0.0, 0.0) for role, x in zip(self.roles, self.start_m, strict=True)}

    def local_poses(self, t_s):
        ramp_s = 0.4 * self.hit_s
        speed, left_s = self.run_m / (self.hit_s - ramp_s / 2), self.duration_s - self.hit_s
        after_s = np.maximum(t_s - self.hit_s, 0.0)
        run = speed * tracks.set_off(np.minimum(t_s, self.hit_s), ramp_s)
        back = tracks.coast(after_s, 0.25 * speed, 0.5 * speed / left_s)
        return {"knocker": tracks.pose(t_s, run - back), "knocked": self._topples(t_s, self._lean_rad(after_s / left_s))}

    def contacts(self):
        return (Contact(self.roles, self.hit_s, self.hit_s),)

    @classmethod
    def matches(cls, measured):
        hits = measured.level(0) and measured.meet_frame(0, 1) is not None and measured.along_m(0, 0, 1).max() > 0.2
        return bool(hits and measured.tilt_rad(1)[-1] > 1.2 and measured.along_m(1, 0, 1)[-1] > 0)

    def _lean_rad(self, u):
        """Angle at each share of the time after the hit: a fall that gathers speed, and one low rebound."""
        fallen, again = np.clip(u / FALL, 0.0, 1.0), np.clip((u - FALL) / (1 - FALL), 0.0, 1.0)
        return np.pi / 2 * (0.3 * fallen + 0.7 * fallen**3) - REBOUND_RAD * 4 * again * (1 - again)

    def _topples(self, t_s, lean_rad):
        """Turned about the far lower edge, which stays where it is."""
        depth_m, height_m = self.slab_m
        cos, sin = np.cos(lean_rad), np.sin(lean_rad)
        x = depth_m / 2 * (1 - cos) + height_m / 2 * sin
        z = depth_m / 2 * sin + height_m / 2 * (cos - 1)
        return tracks.pose(t_s, x, z=z, turned=geometry.about((0.0, 1.0, 0.0), lean_rad))
