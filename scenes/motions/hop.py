"""Hop: forward in short jumps."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Hop(Motion):
    """Hops along its heading, each hop as long and as high as the others."""

    verb, base = "hops forward", "hop forward"
    least_cycles = 3
    seconds_per_cycle = (0.55, 0.9)
    countable = grounded = True

    hops: int
    stride_m: float
    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        stride_m = min(cue.amplitude(rng, 0.28, 0.45), 1.9 / cue.cycles)
        height_m = cue.amplitude(rng, 0.18, 0.32)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, hops=cue.cycles, stride_m=stride_m, height_m=height_m)

    def local_pose(self, t_s):
        hops = self.hops * t_s / self.duration_s
        flight = np.mod(hops, 1.0)
        offset = np.stack([self.stride_m * hops, np.zeros_like(hops), self.height_m * 4 * flight * (1 - flight)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        covered_m = (self.hops * self.stride_m, 0.0, 0.0)
        return Claims(cycles=self.hops, net_displacement_m=covered_m, height_range_m=self.height_m, turns=0.0, path_turns=0.0)

    @classmethod
    def matches(cls, measured):
        jumps = measured.translates and measured.straightness > 0.99 and abs(measured.net_rise_m) < 0.03 and measured.height_peaks > 0
        return jumps and measured.displacement_m < 0.7 * measured.height_peaks

    @classmethod
    def count(cls, measured):
        return float(measured.height_peaks)
