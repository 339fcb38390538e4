"""Named viewpoints: where a camera may stand at first. Each is a region from which positions are drawn continuously."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from scenes.types import Vector, require

Range = tuple[float, float]

SECTORS_DEG: Mapping[str, Range] = {
    "left": (-62.5, -37.5),
    "front left": (-37.5, -12.5),
    "front": (-12.5, 12.5),
    "front right": (12.5, 37.5),
    "right": (37.5, 62.5),
}
HEIGHTS_DEG: Mapping[str, Range] = {"low": (6.0, 12.0), "eye-level": (14.0, 24.0), "high": (28.0, 40.0)}


@dataclass(frozen=True)
class Viewpoint:
    """A region of camera positions round the stage, and the lenses used there.

    Args:
        azimuth_deg: 0 stands in front (at −y), positive to the right of the front as the camera sees it (+x).
        elevation_deg: above the horizontal, seen from the target.
        distance_m: from the target.
        focal_length_mm: for a sensor 36 mm wide.
    """

    name: str
    azimuth_deg: Range
    elevation_deg: Range
    distance_m: Range = (5.8, 7.8)
    focal_length_mm: Range = (28.0, 42.0)

    def __post_init__(self) -> None:
        for key in ("azimuth_deg", "elevation_deg", "distance_m", "focal_length_mm"):
            lowest, highest = getattr(self, key)
            require(lowest <= highest, f"{key} of viewpoint {self.name!r}", (lowest, highest), "(lowest, highest)")

    def sample(self, rng: np.random.Generator) -> tuple[Vector, Vector, float]:
        """Draw the camera's position, the target it looks at (both in metres) and its focal length in mm."""
        azimuth, elevation = math.radians(rng.uniform(*self.azimuth_deg)), math.radians(rng.uniform(*self.elevation_deg))
        direction = np.array([math.cos(elevation) * math.sin(azimuth), -math.cos(elevation) * math.cos(azimuth), math.sin(elevation)])
        target = np.array([0.0, 0.0, 0.7]) + rng.uniform(-0.15, 0.15, size=3)
        position = target + rng.uniform(*self.distance_m) * direction
        return _vector(position), _vector(target), float(rng.uniform(*self.focal_length_mm))


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values.tolist()
    return x, y, z


VIEWPOINTS: Mapping[str, Viewpoint] = MappingProxyType(
    {
        f"{height} {sector}": Viewpoint(f"{height} {sector}", azimuth_deg, elevation_deg)
        for height, elevation_deg in HEIGHTS_DEG.items()
        for sector, azimuth_deg in SECTORS_DEG.items()
    }
)
