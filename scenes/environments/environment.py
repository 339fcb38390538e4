"""The contract of an environment: a world of static landmarks around an empty stage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from scenes.catalogue import Catalogue
from scenes.shapes import Surface
from scenes.types import Colour, EnvironmentSpec, LightSpec


@dataclass(frozen=True)
class Setting:
    """What stands in a world: surfaces in world coordinates, and the colour of the sky behind them."""

    surfaces: tuple[Surface, ...]
    background: Colour


class Environment(ABC):
    """A kind of place.

    The floor is the plane z = 0. The stage, a cylinder of radius 4 m around the origin, stays empty, and so does the
    camera's ground: azimuths within 75° of −y, out to 12 m from the origin. Landmarks stand at three depths at
    least in every direction that a camera may look, so that parallax tells a truck from a pan.
    """

    name: ClassVar[str]

    @abstractmethod
    def build(self, rng: np.random.Generator) -> Setting:
        """Draw a layout."""

    @abstractmethod
    def light(self, rng: np.random.Generator) -> LightSpec:
        """Draw a light that suits the place."""


ENVIRONMENTS: Catalogue[Environment] = Catalogue("environment", "scenes.environments")


@lru_cache(maxsize=2)  # for the check and the render of one clip; a world takes some megabytes
def build(spec: EnvironmentSpec) -> Setting:
    """The world of a record. Raises ValueError with the known names when there is none."""
    return ENVIRONMENTS[spec.name]().build(np.random.default_rng(spec.layout_seed))


def daylight(
    rng: np.random.Generator, *, elevation_deg: tuple[float, float], warmth: tuple[float, float], ambient: float, shadow: float
) -> LightSpec:
    """A key light from the camera's side, to its left or right so that shadows fall aside and back."""
    elevation = np.deg2rad(rng.uniform(*elevation_deg))
    azimuth = np.deg2rad(rng.choice([-1, 1]) * rng.uniform(20, 65))  # from −y
    x, y, z = np.sin(azimuth) * np.cos(elevation), -np.cos(azimuth) * np.cos(elevation), np.sin(elevation)
    direction = (round(float(x), 4), round(float(y), 4), round(float(z), 4))
    return LightSpec(direction, ambient=ambient, warmth=round(float(rng.uniform(*warmth)), 3), shadow=shadow)
