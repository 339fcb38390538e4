"""Zoom: only the focal length changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array

SHORTEST_MM, LONGEST_MM = 14.0, 120.0  # what one zoom lens might span


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Zoom(CameraMove):
    """Magnifies at an even rate to the eye (geometric), within the span of the lens."""

    directions = {1: "in", -1: "out"}
    phrases = {1: "zooms in", -1: "zooms out"}
    confusable = "dolly"
    gentle = True

    factor: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, factor=cue.draw_ratio(rng, 1.35, 1.8))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.zoomed(self._ratio(start) ** self.progress(t_s))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=0.0, turn_rad=0.0, focal_ratio=self._ratio(start))

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        alone = measured.stands and measured.looks_on and measured.largest_focal_change > 0.03
        return int(np.sign(math.log(measured.focal_ratio))) if alone else 0

    def _ratio(self, start: CameraPath) -> float:
        focal_mm = float(start.focal_length_mm[0])
        room = LONGEST_MM / focal_mm if self.sense > 0 else focal_mm / SHORTEST_MM
        return min(self.factor, max(room, 1.0) ** 0.9) ** self.sense
