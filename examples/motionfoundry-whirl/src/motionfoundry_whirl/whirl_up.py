"""Whirl up: in circles into the air, without turning itself."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class WhirlUp(Motion):
    """A helix that begins where the object stands; ``rounds`` is positive counter-clockwise, seen from above."""

    verb, base = "whirls up into the air in circles", "whirl up into the air in circles"
    seconds_per_cycle = (2.0, 3.0)
    airborne = True
    signed = True
    net_height = 1
    reversed_in_time = "?"

    rounds: float
    radius_m: float
    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        sizes = {"radius_m": cue.amplitude(rng, 0.3, 0.5), "height_m": cue.amplitude(rng, 0.55, 0.9)}
        rounds = cue.sense * rng.uniform(1.6, 2.0)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, rounds=rounds, **sizes)

    def local_pose(self, t_s):
        progress = steady(t_s / self.duration_s, ramp=0.2)
        angle = 2 * np.pi * self.rounds * progress
        offset = (self.radius_m * np.sin(angle), self.radius_m * (1 - np.cos(angle)), self.height_m * progress)
        return replace(resting(len(t_s)), position_m=np.stack(offset, axis=1))

    def claims(self):
        angle = 2 * np.pi * self.rounds
        end_m = (self.radius_m * np.sin(angle), self.radius_m * (1 - np.cos(angle)), self.height_m)
        return Claims(net_displacement_m=end_m, height_range_m=self.height_m, turns=0.0, path_turns=self.rounds)

    @classmethod
    def matches(cls, measured):
        climbs = measured.net_rise_m > 0.3 and measured.height_range_m - measured.net_rise_m < 0.03
        return measured.translates and climbs and abs(measured.path_turns) > 1.2
