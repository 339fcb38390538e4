"""Rise: straight up into the air, and stays there."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.geometry import ease
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Rise(Motion):
    """Rises by ``height_m``."""

    verb, base = "rises into the air", "rise into the air"
    airborne = True
    seconds_per_cycle = (1.0, 1.8)
    net_height = 1
    reversed_in_time = "drop"

    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, height_m=cue.amplitude(rng, 0.55, 0.9))

    def local_pose(self, t_s):
        offset = np.zeros((len(t_s), 3))
        offset[:, 2] = self.height_m * ease(t_s / self.duration_s)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(net_displacement_m=(0.0, 0.0, self.height_m), height_range_m=self.height_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        straight = measured.translates and measured.on_the_spot and measured.height_range_m - abs(measured.net_rise_m) < 0.03
        return straight and measured.net_rise_m > 0.3
