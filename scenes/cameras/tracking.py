"""Tracking: the camera travels along with a moving subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Tracking(CameraMove):
    """Makes every horizontal step that its subject makes, without turning; height and zoom stay as they are.

    It is at rest when its subject is, so the subject should move throughout. Raises ValueError without a subject.
    """

    directions = {1: ""}
    phrases = {1: "tracks a moving object, travelling along with it"}
    confusable = "truck"
    implies = ("truck", "dolly")
    reverses = False
    follows = True
    seconds = (1.6, 3.2)

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s)

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.shifted(self._followed_m(t_s, rig))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        travel_m = float(np.linalg.norm(self._followed_m(np.array([self.duration_s]), rig)))
        return CameraClaims(travel_m=travel_m, turn_rad=0.0, focal_ratio=1.0, follows=True)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        level = measured.looks_on and measured.holds_focal_length and abs(measured.travel.up_m) < 0.02
        return int(level and not measured.stands and measured.followed is not None)

    def _followed_m(self, t_s: Array, rig: Rig) -> Array:
        if rig.subject_m is None:
            raise ValueError("a tracking camera has nothing to follow: name an object as the camera's subject")
        return (rig.subject_m(np.asarray(t_s, float)) - rig.subject_m(np.zeros(1))) * (1.0, 1.0, 0.0)
