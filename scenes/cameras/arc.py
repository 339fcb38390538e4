"""Arc (orbit): the camera circles what it looks at, on a level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial.transform import Rotation

from scenes import geometry
from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.clearance import clear_share
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Arc(CameraMove):
    """Left means that the camera itself travels leftwards (CameraBench: clockwise, seen from above) while it looks inwards.

    It circles the point in the middle of its picture at the target's depth, as far as its ground is clear.
    """

    directions = {1: "left", -1: "right"}
    phrases = {1: "arcs around the scene, moving left", -1: "arcs around the scene, moving right"}
    confusable = "truck"
    mirrors = True
    gentle = True
    seconds = (1.4, 2.8)

    angle_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, angle_rad=math.radians(cue.draw(rng, 22, 45)))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        share = self._share(start, rig)
        return start.carried_round(rig.pivot_m(start), self._turns(share * self.progress(t_s)))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(turn_rad=self.angle_rad * self._share(start, rig), focal_ratio=1.0, looks_at_m=tuple(rig.pivot_m(start)))

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        circles = measured.circling is not None and measured.circling.holds and not measured.stands
        return -measured.turns_most_by(measured.turning.yaw_rad) if circles and measured.holds_focal_length else 0

    def _turns(self, share: Array) -> Rotation:
        return geometry.yaw(-self.sense * self.angle_rad * share)

    def _share(self, start: CameraPath, rig: Rig) -> float:
        return clear_share(lambda share: start.carried_round(rig.pivot_m(start), self._turns(share)).position_m)
