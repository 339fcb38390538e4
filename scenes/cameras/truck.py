"""Truck: the camera slides sideways without turning."""

from __future__ import annotations

from dataclasses import dataclass

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraPath
from scenes.cameras.straight import StraightMove
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Truck(StraightMove):
    """Slides along the horizontal across its line of sight, as far as its ground is clear."""

    directions = {1: "left", -1: "right"}
    phrases = {1: "trucks left", -1: "trucks right"}
    confusable = "pan"
    mirrors = True
    distances_m = (0.9, 1.8)

    def towards(self, start: CameraPath) -> Array:
        return -start.across

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return -measured.slides_along(measured.travel.right_m)
