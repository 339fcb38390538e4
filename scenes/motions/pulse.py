"""Pulse: grows and shrinks back."""

from dataclasses import dataclass

import numpy as np

from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting
from scenes.types import Pose


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Pulse(Motion):
    """Grows by ``growth`` of its size and shrinks back, with its lower side at one height."""

    verb, base = "grows and shrinks", "grow and shrink"
    airborne = True
    seconds_per_cycle = (0.8, 1.4)
    countable = True

    pulses: int
    growth: float
    half_height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        growth, half_height_m = cue.amplitude(rng, 0.35, 0.6), cue.extent_m[2] / 2
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, pulses=cue.cycles, growth=growth, half_height_m=half_height_m)

    def local_pose(self, t_s):
        rest = resting(len(t_s))
        grown = self.growth * np.sin(np.pi * self.pulses * t_s / self.duration_s) ** 2
        rest.position_m[:, 2] = self.half_height_m * grown
        return Pose(rest.position_m, rest.quaternion_wxyz, 1 + grown)

    def claims(self):
        height_m = self.growth * self.half_height_m
        return Claims(cycles=self.pulses, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=height_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.rotation_rad < 0.05 and measured.on_the_spot and measured.returns and measured.scale_range > 0.2

    @classmethod
    def count(cls, measured):
        return float(measured.scale_peaks)
