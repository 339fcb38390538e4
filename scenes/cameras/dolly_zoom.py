"""Dolly zoom: the camera moves along its line of sight while the zoom undoes the change in the subject's size."""

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
class DollyZoom(CameraMove):
    """Named by the dolly; ``factor`` is the larger distance to the target over the smaller, if there is room for it."""

    directions = {1: "in", -1: "out"}
    phrases = {
        1: "makes a dolly zoom, moving in while it zooms out",
        -1: "makes a dolly zoom, moving out while it zooms in",
    }
    confusable = "zoom"
    gentle = True
    seconds = (1.4, 2.8)

    factor: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, factor=cue.draw_ratio(rng, 1.35, 1.7))

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        advance_m = self._advance_m(start, rig) * self.progress(t_s)
        return start.zoomed(1 - advance_m / rig.depth_m(start)).shifted(np.outer(advance_m, start.forward))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        advance_m, depth_m = self._advance_m(start, rig), rig.depth_m(start)
        return CameraClaims(travel_m=abs(advance_m), turn_rad=0.0, focal_ratio=1 - advance_m / depth_m, holds_size_at_m=depth_m)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        forward_m = measured.travel.forward_m
        along = measured.looks_on and abs(forward_m) > 0.97 * measured.travel.net_m
        return int(np.sign(forward_m)) if along and measured.held_depth_m is not None else 0

    def _advance_m(self, start: CameraPath, rig: Rig) -> float:
        whole = rig.depth_m(start) * (1 - self.factor**-self.sense)
        return whole * clear_share(lambda share: start.position_m + np.outer(share * whole, start.forward))
