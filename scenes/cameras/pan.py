"""Pan (yaw): the camera turns left or right on the spot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes import geometry
from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Pan(CameraMove):
    """Turns about the world's vertical; panning left moves the picture's content to the right."""

    directions = {1: "left", -1: "right"}
    phrases = {1: "pans left", -1: "pans right"}
    confusable = "truck"
    mirrors = True

    angle_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, angle_rad=math.radians(cue.draw(rng, 12, 24)))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.turned(geometry.yaw(self.sense * self.angle_rad * self.progress(t_s)))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=0.0, turn_rad=self.angle_rad, focal_ratio=1.0)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return measured.turns_by(measured.turning.yaw_rad)
