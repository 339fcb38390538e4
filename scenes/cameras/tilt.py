"""Tilt (pitch): the camera turns up or down on the spot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes import geometry
from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array

STEEPEST_RAD = math.radians(75)  # near the vertical a camera has no upright


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Tilt(CameraMove):
    """Turns about the horizontal across its line of sight; goes at most nine tenths of the way to 75° from level."""

    directions = {1: "up", -1: "down"}
    phrases = {1: "tilts up", -1: "tilts down"}
    confusable = "pedestal"

    angle_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, angle_rad=math.radians(cue.draw(rng, 7, 14)))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.turned(geometry.about(start.across, self.sense * self._turn_rad(start) * self.progress(t_s)))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=0.0, turn_rad=self._turn_rad(start), focal_ratio=1.0)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return measured.turns_by(measured.turning.pitch_rad)

    def _turn_rad(self, start: CameraPath) -> float:
        room_rad = STEEPEST_RAD - self.sense * math.asin(np.clip(start.forward[2], -1.0, 1.0))
        return min(self.angle_rad, max(0.9 * room_rad, 0.0))
