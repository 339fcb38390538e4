"""Spiral: outward from where it stands, on the ground."""

from dataclasses import dataclass, replace

import numpy as np

from scenes.geometry import ease
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Spiral(Motion):
    """An Archimedean spiral that sets off and stops gently; ``rounds`` is signed."""

    verb, base = "spirals outward on the ground", "spiral outward on the ground"
    seconds_per_cycle = (2.2, 3.0)
    signed = True
    reversed_in_time = "?"

    rounds: float
    radius_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        rounds, radius_m = cue.sense * rng.uniform(1.5, 1.8), cue.amplitude(rng, 0.7, 0.95)
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, rounds=rounds, radius_m=radius_m)

    def local_pose(self, t_s):
        grown = np.sqrt(ease(t_s / self.duration_s))  # the way covered grows with the square of the radius
        angle = 2 * np.pi * self.rounds * grown
        offset = self.radius_m * grown[:, None] * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
        return replace(resting(len(t_s)), position_m=offset)

    def claims(self):
        angle = 2 * np.pi * self.rounds
        end_m = (self.radius_m * np.cos(angle), self.radius_m * np.sin(angle), 0.0)
        path_turns = (angle + np.arctan(angle)) / (2 * np.pi)
        return Claims(net_displacement_m=end_m, height_range_m=0.0, turns=0.0, path_turns=path_turns)

    @classmethod
    def matches(cls, measured):
        return measured.translates and measured.level and abs(measured.path_turns) > 1.2 and measured.outward > 0.9
