"""Shuttle: to a place and back again, straight over the ground."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Shuttle(Motion):
    """Slides along its heading and back to where it was."""

    verb, base = "slides back and forth", "slide there and back"
    seconds_per_cycle = (0.95, 1.6)
    countable = True

    trips: int
    distance_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, trips=cue.cycles, distance_m=cue.amplitude(rng, 0.7, 1.15))

    def local_pose(self, t_s):
        offset = np.zeros((len(t_s), 3))
        offset[:, 0] = self.distance_m * np.sin(np.pi * self.trips * t_s / self.duration_s) ** 2
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(cycles=self.trips, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=0.0, turns=0.0)

    @classmethod
    def matches(cls, measured):
        straight = measured.translates and measured.level and measured.returns and measured.width_m < 0.1 * measured.length_m
        return straight and measured.length_m > 0.4 and measured.reversals_along > 0

    @classmethod
    def count(cls, measured):
        return (measured.reversals_along + 1) / 2
