"""Leap: one long jump to another place."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Leap(Motion):
    """Leaps along its heading, on one parabola."""

    verb, base = "leaps forward in one long jump", "leap forward"
    seconds_per_cycle = (0.9, 1.4)
    grounded = True

    distance_m: float
    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        distance_m, height_m = cue.amplitude(rng, 1.2, 1.8), cue.amplitude(rng, 0.5, 0.8)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, distance_m=distance_m, height_m=height_m)

    def local_pose(self, t_s):
        u = t_s / self.duration_s
        offset = np.stack([self.distance_m * u, np.zeros_like(u), self.height_m * 4 * u * (1 - u)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        net_m = (self.distance_m, 0.0, 0.0)
        return Claims(cycles=1, net_displacement_m=net_m, height_range_m=self.height_m, turns=0.0, path_turns=0.0)

    @classmethod
    def matches(cls, measured):
        jumps = measured.translates and measured.straightness > 0.99 and abs(measured.net_rise_m) < 0.03
        return jumps and measured.height_peaks == 1 and measured.displacement_m > 0.9
