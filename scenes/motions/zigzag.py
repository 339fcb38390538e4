"""Zigzag: forward, with sharp turns to the left and right."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Zigzag(Motion):
    """Zigzags along its heading; ``corners`` is signed by the side of the first one."""

    verb, base = "zigzags forward", "zigzag forward"
    seconds_per_cycle = (1.8, 2.6)

    corners: int
    distance_m: float
    width_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        corners = int(rng.integers(3, 6)) * cue.sense
        distance_m, width_m = cue.amplitude(rng, 1.3, 1.8), cue.amplitude(rng, 0.4, 0.6)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, corners=corners, distance_m=distance_m, width_m=width_m)

    def local_pose(self, t_s):
        legs = abs(self.corners) * steady(t_s / self.duration_s)  # the first and the last leg count as one half
        aside = np.sign(self.corners) * self.width_m / 2 * (1 - 2 * np.abs(np.mod(legs + 0.5, 2.0) - 1))
        offset = np.stack([self.distance_m * legs / abs(self.corners), aside, np.zeros_like(legs)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(net_displacement_m=(self.distance_m, 0.0, 0.0), height_range_m=0.0, turns=0.0)

    @classmethod
    def matches(cls, measured):
        forward = measured.translates and measured.level and measured.displacement_m > 0.6 and measured.reversals_along == 0
        return forward and measured.reversals_across > 1
