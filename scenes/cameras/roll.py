"""Roll: the camera turns about its own line of sight."""

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
class Roll(CameraMove):
    """Clockwise is as seen from behind the camera: its body turns clockwise, and the picture counter-clockwise."""

    directions = {1: "clockwise", -1: "counter-clockwise"}
    phrases = {
        1: "rolls clockwise (so that the picture turns counter-clockwise)",
        -1: "rolls counter-clockwise (so that the picture turns clockwise)",
    }
    mirrors = True

    angle_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, angle_rad=math.radians(cue.draw(rng, 12, 28)))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.turned(geometry.about(start.forward, self.sense * self.angle_rad * self.progress(t_s)))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=0.0, turn_rad=self.angle_rad, focal_ratio=1.0)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return measured.turns_by(measured.turning.roll_rad)
