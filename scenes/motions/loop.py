"""Loop: loops the loop, in a vertical circle."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Loop(Motion):
    """Goes forward, up, back and down again on a circle, upright all the while."""

    verb, base = "loops the loop in the air", "loop the loop"
    airborne = True
    seconds_per_cycle = (1.05, 1.9)
    countable = True

    loops: int
    radius_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, loops=cue.cycles, radius_m=cue.amplitude(rng, 0.38, 0.55))

    def local_pose(self, t_s):
        angle = 2 * np.pi * self.loops * steady(t_s / self.duration_s)
        offset = self.radius_m * np.stack([np.sin(angle), np.zeros_like(angle), 1 - np.cos(angle)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(cycles=self.loops, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=2 * self.radius_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        upright = measured.translates and measured.returns and measured.width_m < 0.1 * measured.length_m
        return upright and measured.height_peaks > 0 and measured.length_m > 0.6 * measured.height_range_m

    @classmethod
    def count(cls, measured):
        return float(measured.height_peaks)
