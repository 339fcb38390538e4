"""Flip: a somersault in the air."""

from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting
from scenes.types import Pose


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Flip(Motion):
    """Jumps on the spot and turns once, head over heels along its heading, in each jump."""

    verb, base = "turns somersaults in the air", "turn a somersault"
    seconds_per_cycle = (0.95, 1.4)
    countable = grounded = True

    flips: int
    height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        height_m = cue.amplitude(rng, 0.6, 0.8) + 0.25 * cue.radius_m
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, flips=cue.cycles, height_m=height_m)

    def local_pose(self, t_s):
        done, flight = np.divmod(self.flips * t_s / self.duration_s, 1.0)
        turned = geometry.about((0.0, 1.0, 0.0), 2 * np.pi * (done + geometry.ease(flight)))
        offset = np.zeros((len(t_s), 3))
        offset[:, 2] = self.height_m * 4 * flight * (1 - flight)
        return Pose(offset, geometry.wxyz(turned), resting(len(t_s)).scale)

    def claims(self):
        return Claims(cycles=self.flips, net_displacement_m=(0.0, 0.0, 0.0), height_range_m=self.height_m, turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.on_the_spot and measured.returns and measured.height_peaks > 0 and measured.tumble_turns > 0.9

    @classmethod
    def count(cls, measured):
        return measured.tumble_turns
