"""Slide: straight over the ground, without turning."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Slide(Motion):
    """Slides along its heading."""

    verb, base = "slides straight to another place", "slide straight to another place"
    seconds_per_cycle = (1.2, 2.2)
    paced = True

    distance_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, distance_m=cue.amplitude(rng, 1.0, 1.8))

    def local_pose(self, t_s):
        offset = np.zeros((len(t_s), 3))
        offset[:, 0] = self.distance_m * self.progress(t_s)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        return Claims(net_displacement_m=(self.distance_m, 0.0, 0.0), height_range_m=0.0, turns=0.0, path_turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.translates and measured.level and measured.straightness > 0.99 and measured.displacement_m > 0.3
