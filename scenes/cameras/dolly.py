"""Dolly: the camera moves forward or back along its line of sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.clearance import clear_share
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Dolly(CameraMove):
    """Moves along its optical axis (not the ground's forward, once it is pitched), as far as there is room."""

    directions = {1: "in", -1: "out"}
    phrases = {1: "dollies in", -1: "dollies out"}
    shows_by_parallax = True
    confusable = "zoom"
    gentle = True

    distance_m: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, distance_m=cue.draw(rng, 1.3, 2.6))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.shifted(np.outer(self.progress(t_s), self._way_m(start)))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=float(np.linalg.norm(self._way_m(start))), turn_rad=0.0, focal_ratio=1.0)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        return measured.slides_along(measured.travel.forward_m)

    def _way_m(self, start: CameraPath) -> Array:
        whole = self.sense * self.distance_m * start.forward
        return whole * clear_share(lambda share: start.position_m + np.outer(share, whole))
