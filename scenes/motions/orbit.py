"""Orbit: around a point beside it, on the ground, without turning itself."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Orbit(Motion):
    """Circles whole laps; ``laps`` is signed."""

    verb, base = "moves in a circle on the ground", "go all the way round in a circle on the ground"
    seconds_per_cycle = (1.05, 1.9)
    countable = signed = True

    laps: int
    radius_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        radius_m = cue.amplitude(rng, 0.42, 0.58)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, laps=cue.sense * cue.cycles, radius_m=radius_m)

    def local_pose(self, t_s):
        angle = 2 * np.pi * abs(self.laps) * steady(t_s / self.duration_s)
        aside = np.sign(self.laps) * (1 - np.cos(angle))
        offset = self.radius_m * np.stack([np.sin(angle), aside, np.zeros_like(angle)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(cycles=abs(self.laps), net_displacement_m=(0.0, 0.0, 0.0), height_range_m=0.0, turns=0.0, path_turns=self.laps)

    @classmethod
    def matches(cls, measured):
        circles = measured.translates and measured.level and measured.returns and measured.length_m > 0.5
        return circles and measured.width_m > 0.8 * measured.length_m and abs(measured.laps) > 0.9

    @classmethod
    def count(cls, measured):
        return abs(measured.laps)
