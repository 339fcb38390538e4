"""Drop: straight down, faster and faster, until it lands."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Drop(Motion):
    """Drops by ``height_m``: to the floor where the cue says how high it is, else by a drawn height."""

    verb, base = "drops to the floor", "drop to the floor"
    airborne = True
    seconds_per_cycle = (0.7, 1.1)
    net_height = -1
    reversed_in_time = "rise"

    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        height_m = cue.height_m if cue.height_m > 0.1 else cue.amplitude(rng, 0.6, 1.0)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, height_m=height_m)

    def local_pose(self, t_s):
        offset = np.zeros((len(t_s), 3))
        offset[:, 2] = -self.height_m * (t_s / self.duration_s) ** 2
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(net_displacement_m=(0.0, 0.0, -self.height_m), height_range_m=self.height_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        straight = measured.translates and measured.on_the_spot and measured.height_range_m - abs(measured.net_rise_m) < 0.03
        return straight and measured.net_rise_m < -0.3
