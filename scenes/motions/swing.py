"""Swing: a pendulum that hangs from a point above the object."""

from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting
from scenes.types import Pose


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Swing(Motion):
    """Swings in the vertical plane of its heading, from the lowest point to the lowest point.

    It is lifted by ``lift_m`` as it gathers way, so that its lower corners pass clear of the floor.
    """

    verb, base = "swings like a pendulum", "swing there and back like a pendulum"
    airborne = True
    seconds_per_cycle = (1.05, 1.7)
    countable = True

    swings: int
    arm_m: float
    angle_rad: float
    lift_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        arm_m, angle_rad = cue.amplitude(rng, 1.1, 1.4), cue.amplitude(rng, 0.42, 0.6)
        reach_m = arm_m + cue.extent_m[2] / 2
        lift_m = float(np.hypot(reach_m, cue.radius_m) - reach_m)
        return cls(
            duration_s=cue.duration_s, heading_rad=cue.heading_rad, swings=cue.cycles, arm_m=arm_m, angle_rad=angle_rad, lift_m=lift_m
        )

    def local_pose(self, t_s):
        quarters = 4 * self.swings * t_s / self.duration_s
        to_end = np.minimum(quarters, 4 * self.swings - quarters)
        angle = self.angle_rad * geometry.ease(to_end) * np.sin(np.pi / 2 * quarters)
        lift_m = self.lift_m * geometry.ease(2 * to_end)
        offset = np.stack([self.arm_m * np.sin(angle), np.zeros_like(angle), self.arm_m * (1 - np.cos(angle)) + lift_m], axis=1)
        return Pose(offset, geometry.wxyz(geometry.about((0.0, 1.0, 0.0), -angle)), resting(len(t_s)).scale)

    def claims(self):
        height_m = self.arm_m * (1 - np.cos(self.angle_rad)) + self.lift_m
        return Claims(cycles=self.swings, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=height_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.returns and measured.lean < -0.9 and measured.length_m > 0.5 and measured.tilt_swings > 1

    @classmethod
    def count(cls, measured):
        return measured.tilt_swings / 2
