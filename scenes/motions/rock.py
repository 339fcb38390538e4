"""Rock: tilts from side to side on its lower edges."""

from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.motions.motion import MOTIONS, Claims, Cue, Motion, resting
from scenes.types import Pose


@MOTIONS.register
@dataclass(frozen=True, kw_only=True)
class Rock(Motion):
    """Tips over one lower edge and then over the other; both together are one rock."""

    verb, base = "rocks on its lower edges", "rock to one side and then to the other"
    seconds_per_cycle = (0.9, 1.5)
    countable = grounded = flat_base = True

    rocks: int
    angle_rad: float
    half_width_m: float
    half_height_m: float

    @classmethod
    def sample(cls, rng, cue: Cue):
        half_width_m, half_height_m = cue.extent_m[0] / 2, cue.extent_m[2] / 2
        topples_rad = float(np.arctan(half_width_m / half_height_m))
        angle_rad = min(cue.amplitude(rng, 0.26, 0.4), 0.75 * topples_rad)
        return cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            rocks=cue.cycles,
            angle_rad=angle_rad,
            half_width_m=half_width_m,
            half_height_m=half_height_m,
        )

    def local_pose(self, t_s):
        quarters = 4 * self.rocks * t_s / self.duration_s
        angle = self.angle_rad * geometry.ease(np.minimum(quarters, 4 * self.rocks - quarters)) * np.sin(np.pi / 2 * quarters)
        # the centre turns about the edge on the side to which the object tips
        sideways = np.sign(angle) * self.half_width_m * (1 - np.cos(angle)) + self.half_height_m * np.sin(angle)
        upward = self.half_width_m * np.abs(np.sin(angle)) - self.half_height_m * (1 - np.cos(angle))
        offset = np.stack([sideways, np.zeros_like(angle), upward], axis=1)
        return Pose(offset, geometry.wxyz(geometry.about((0.0, 1.0, 0.0), angle)), resting(len(t_s)).scale)

    def claims(self):
        return Claims(cycles=self.rocks, net_displacement_m=(0.0, 0.0, 0.0), turns=0.0)

    @classmethod
    def matches(cls, measured):
        return measured.returns and measured.lean > 0.9 and measured.tilt_swings > 1 and measured.tumble_turns < 0.1

    @classmethod
    def count(cls, measured):
        return measured.tilt_swings / 2
