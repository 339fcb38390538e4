"""Figure eight: two rounds beside each other, in opposite senses, on the ground."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class FigureEight(Motion):
    """Starts and ends at the crossing (a Lissajous figure of ratio 1 to 2)."""

    verb, base = "moves along a figure eight", "go through a figure eight"
    seconds_per_cycle = (1.4, 2.4)
    countable = True
    max_cycles = 4

    rounds: int
    length_m: float
    width_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        length_m, width_m = cue.amplitude(rng, 1.2, 1.7), cue.amplitude(rng, 0.55, 0.75)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, rounds=cue.cycles, length_m=length_m, width_m=width_m)

    def local_pose(self, t_s):
        angle = 2 * np.pi * self.rounds * steady(t_s / self.duration_s)
        offset = np.stack([self.length_m / 2 * np.sin(angle), self.width_m / 2 * np.sin(2 * angle), np.zeros_like(angle)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(cycles=self.rounds, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=0.0, turns=0.0, path_turns=0.0)

    @classmethod
    def matches(cls, measured):
        closed = measured.translates and measured.level and measured.returns and measured.reversals_along > 1
        return closed and 0.2 < measured.width_m / measured.length_m < 0.75 and measured.length_m > 0.5

    @classmethod
    def count(cls, measured):
        return measured.reversals_along / 2
