"""Pedestal: the camera rises or sinks without turning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraPath
from scenes.cameras.straight import StraightMove
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Pedestal(StraightMove):
    """Rises or sinks along the world's vertical, as far as there is room above the floor."""

    directions = {1: "up", -1: "down"}
    phrases = {1: "pedestals up", -1: "pedestals down"}
    confusable = "tilt"
    distances_m = (0.5, 1.2)

    def towards(self, start: CameraPath) -> Array:
        return np.array([0.0, 0.0, 1.0])

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return measured.slides_along(measured.travel.up_m)
