"""Spin: turns about the vertical, on the spot."""

from dataclasses import dataclass, replace

import numpy as np

from scenes import geometry
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting, steady


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Spin(Motion):
    """Makes whole turns about the vertical; ``turns`` is signed."""

    verb, base = "spins on the spot", "turn all the way round on the spot"
    airborne = True
    seconds_per_cycle = (0.8, 1.6)
    countable = signed = paced = True

    turns: int

    @classmethod
    def sample(cls, rng, cue: Cue):
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, turns=cue.sense * cue.cycles)

    def local_pose(self, t_s):
        angle_rad = 2 * np.pi * self.turns * self.progress(t_s, steady)
        return replace(resting(len(t_s)), quaternion_wxyz=geometry.wxyz(geometry.yaw(angle_rad)))

    def claims(self):
        return Claims(cycles=abs(self.turns), net_displacement_m=(0.0, 0.0, 0.0), height_range_m=0.0, turns=self.turns)

    @classmethod
    def matches(cls, measured):
        return measured.on_the_spot and measured.level and abs(measured.yaw_turns) > 0.9 and measured.tilt_rad < 0.05

    @classmethod
    def count(cls, measured):
        return abs(measured.yaw_turns)
