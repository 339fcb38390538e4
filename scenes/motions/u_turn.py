"""U-turn: ahead, half round, and back beside the way it came."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class UTurn(Motion):
    """Two parallel legs and a half circle between them; ``radius_m`` is signed, positive to the left."""

    verb, base = "makes a U-turn", "make a U-turn"
    seconds_per_cycle = (1.8, 2.6)
    signed = True

    leg_m: float
    radius_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        leg_m, radius_m = cue.amplitude(rng, 0.75, 1.05), cue.sense * cue.amplitude(rng, 0.28, 0.4)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, leg_m=leg_m, radius_m=radius_m)

    def local_pose(self, t_s):
        bend_m = np.pi * abs(self.radius_m)
        way_m = (2 * self.leg_m + bend_m) * steady(t_s / self.duration_s)
        angle = np.pi * np.clip((way_m - self.leg_m) / bend_m, 0.0, 1.0)
        ahead = np.minimum(way_m, self.leg_m) - np.maximum(way_m - self.leg_m - bend_m, 0.0) + abs(self.radius_m) * np.sin(angle)
        offset = np.stack([ahead, self.radius_m * (1 - np.cos(angle)), np.zeros_like(angle)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        aside_m = (0.0, 2 * self.radius_m, 0.0)
        return Claims(net_displacement_m=aside_m, height_range_m=0.0, turns=0.0, path_turns=0.5 * np.sign(self.radius_m))

    @classmethod
    def matches(cls, measured):
        bends = measured.translates and measured.level and 0.45 < abs(measured.path_turns) < 0.55
        return bends and measured.displacement_m > 0.3 and measured.length_m > 0.6 and measured.reversals_along == 1
