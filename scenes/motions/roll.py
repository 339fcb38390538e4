"""Roll: a round shape goes straight over the ground and does not slip."""

from dataclasses import dataclass, replace

import numpy as np

from scenes import geometry
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Roll(Motion):
    """Rolls along its heading: the angle is the distance over the radius."""

    verb, base = "rolls along the ground", "roll along the ground"
    seconds_per_cycle = (1.2, 2.2)
    grounded = rolls = paced = True

    distance_m: float
    radius_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        distance_m = cue.amplitude(rng, 1.1, 1.8)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, distance_m=distance_m, radius_m=cue.extent_m[2] / 2)

    def local_pose(self, t_s):
        offset = np.zeros((len(t_s), 3))
        offset[:, 0] = self.distance_m * self.progress(t_s)
        turned = geometry.about((0.0, 1.0, 0.0), offset[:, 0] / self.radius_m)
        return replace(resting(len(t_s)), position_m=offset, quaternion_wxyz=geometry.wxyz(turned))

    def claims(self):
        return Claims(net_displacement_m=(self.distance_m, 0.0, 0.0), height_range_m=0.0, turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.level and measured.straightness > 0.99 and measured.displacement_m > 0.3 and measured.tumble_turns > 0.15
