"""Bounce: up and down on the spot, on parabolas."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Bounce(Motion):
    """Bounces to the same height each time."""

    verb, base = "bounces straight up and down without turning over", "bounce straight up and down without turning over"
    least_cycles = 2
    seconds_per_cycle = (0.6, 1.1)
    countable = grounded = True

    bounces: int
    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        height_m = cue.amplitude(rng, 0.35, 0.85)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, bounces=cue.cycles, height_m=height_m)

    def local_pose(self, t_s):
        flight = np.mod(self.bounces * t_s / self.duration_s, 1.0)
        offset = np.zeros((len(t_s), 3))
        offset[:, 2] = self.height_m * 4 * flight * (1 - flight)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(cycles=self.bounces, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=self.height_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.translates and measured.on_the_spot and measured.returns and measured.height_peaks > 0

    @classmethod
    def count(cls, measured):
        return float(measured.height_peaks)
