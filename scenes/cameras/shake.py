"""Shake: the small unsteady motion of a handheld camera."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from scenes import geometry
from scenes.camera_kinematics import CameraKinematics
from scenes.cameras.move import CAMERA_MOVES, CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array

OVERTONES = (1.0, 1.37, 1.83)  # no two in a simple ratio: the sum does not repeat within a clip
REACH_M = 0.3  # travel per radian of turning: about the length of the forearm that holds it


@CAMERA_MOVES.register
@dataclass(frozen=True, kw_only=True)
class Shake(CameraMove):
    """Band-limited turning and a little travel, faded in and out; ``angle_rad`` is the largest turn in yaw and pitch."""

    directions = {1: ""}
    phrases = {1: "shakes as if handheld"}
    confusable = "static"
    reverses = False
    gentle = True
    seconds = (1.6, 3.2)

    angle_rad: float
    rate_hz: float
    phase_rad: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        rate_hz, phase_rad = float(rng.uniform(1.8, 2.4)), float(rng.uniform(0, math.tau))
        return cls(duration_s=cue.duration_s, angle_rad=math.radians(cue.draw(rng, 2.4, 4.4)), rate_hz=rate_hz, phase_rad=phase_rad)

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        sway = self._sway(t_s) * self.angle_rad / self._peak()
        yaw, pitch, roll = sway[:, 0], sway[:, 1], 0.3 * sway[:, 2]
        turns = geometry.yaw(yaw) * geometry.about(start.across, pitch) * geometry.about(start.forward, roll)
        return start.turned(turns).shifted(REACH_M * sway[:, 3:])

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(focal_ratio=1.0, net_rest=True)

    @classmethod
    def matches(cls, measured: CameraKinematics) -> int:
        returns = measured.turning.net_rad < 0.2 * measured.turning.largest_rad and measured.travel.net_m < 0.05
        shakes = measured.turning.reversals >= 3 and not measured.looks_on
        return int(returns and shakes and measured.holds_focal_length)

    def _sway(self, t_s: Array) -> Array:
        """``(frame, 6)``: yaw, pitch, roll, x, y, z in arbitrary units, 0 at both ends."""
        u = np.asarray(t_s, float) / self.duration_s
        fade = geometry.ease(u / 0.2) * geometry.ease((1 - u) / 0.2)
        channel, overtone = np.arange(6)[:, None], np.arange(3)
        phases = self.phase_rad * (1 + channel) + 2.4 * channel * (1 + overtone)
        waves = np.sin(math.tau * self.rate_hz * np.multiply.outer(t_s, np.broadcast_to(OVERTONES, phases.shape)) + phases)
        return fade[:, None] * np.sum(waves / OVERTONES, axis=-1)

    def _peak(self) -> float:
        """The largest turn in yaw and pitch that the sway would make, in its own units."""
        sway = self._sway(np.linspace(0.0, self.duration_s, 512))
        return float(np.max(np.hypot(sway[:, 0], sway[:, 1])))
