"""Static: nothing about the camera changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Static(CameraMove):
    """A camera on a locked tripod."""

    directions = {1: ""}
    phrases = {1: "stays still"}
    confusable = "shake"
    reverses = False

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s)

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.held(len(t_s))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=0.0, turn_rad=0.0, focal_ratio=1.0, net_rest=True)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return int(measured.stands and measured.looks_on and measured.holds_focal_length)
