"""Shake: trembles fast, over a short way."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.geometry import ease
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Shake(Motion):
    """Trembles along its heading, to both sides of where it stands, too fast to be counted."""

    verb, base = "shakes", "shake"
    seconds_per_cycle = (1.2, 2.2)

    shakes: int
    amplitude_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        shakes = max(3, round(rng.uniform(2.6, 3.6) * cue.duration_s))
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, shakes=shakes, amplitude_m=cue.amplitude(rng, 0.06, 0.1))

    def local_pose(self, t_s):
        u = t_s / self.duration_s
        offset = np.zeros((len(t_s), 3))
        offset[:, 0] = self.amplitude_m * ease(np.minimum(u, 1 - u) * 6) * np.sin(2 * np.pi * self.shakes * u)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(net_displacement_m=(0.0, 0.0, 0.0), height_range_m=0.0, turns=0.0)

    @classmethod
    def matches(cls, measured):
        trembles = measured.translates and measured.level and measured.returns and measured.width_m < 0.1 * measured.length_m
        return trembles and measured.length_m < 0.25 and measured.reversals_along > 2
