"""Straight moves: what dolly, truck and pedestal have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from scenes.cameras.clearance import clear_share
from scenes.cameras.move import CameraClaims, CameraCue, CameraMove, CameraPath, Rig
from scenes.geometry import Array


@dataclass(frozen=True, kw_only=True)
class StraightMove(CameraMove):
    """Travels along one direction without turning or zooming, as far as there is room.

    Class attributes:
        distances_m: shortest and longest way.
    """

    distances_m: ClassVar[tuple[float, float]]
    shows_by_parallax = True
    gentle = True

    distance_m: float

    @classmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        return cls(duration_s=cue.duration_s, sense=cue.sense, distance_m=cue.draw(rng, *cls.distances_m))

    @abstractmethod
    def towards(self, start: CameraPath) -> Array:
        """``(3,)``: the unit vector of the way in the world, for sense +1."""

    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        return start.shifted(np.outer(self.progress(t_s), self._way_m(start)))

    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        return CameraClaims(travel_m=float(np.linalg.norm(self._way_m(start))), turn_rad=0.0, focal_ratio=1.0)

    def _way_m(self, start: CameraPath) -> Array:
        whole = self.sense * self.distance_m * self.towards(start)
        return whole * clear_share(lambda share: start.position_m + np.outer(share, whole))
