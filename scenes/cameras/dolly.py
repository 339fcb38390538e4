"""Dolly: the camera moves forward or back along its line of sight."""

from __future__ import annotations

from dataclasses import dataclass

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraPath
from scenes.cameras.straight import StraightMove
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Dolly(StraightMove):
    """Moves along its optical axis (not the ground's forward, once it is pitched), as far as there is room."""

    directions = {1: "in", -1: "out"}
    phrases = {1: "dollies in", -1: "dollies out"}
    confusable = "zoom"
    distances_m = (1.3, 2.6)

    def towards(self, start: CameraPath) -> Array:
        return start.forward

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return measured.slides_along(measured.travel.forward_m)
