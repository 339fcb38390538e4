"""Landmarks: what environments are furnished with, and where it may stand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from scenes import solids
from scenes.patterns import plain
from scenes.shapes import Surface
from scenes.solids import Solid
from scenes.types import Colour, Pattern

T = TypeVar("T")

BEHIND_DEG = (100.0, 180.0)  # azimuths from −y, on either side, where something may stand close to the stage
SHADOWS_M = 12.0

TRUNK: Colour = (0.42, 0.33, 0.26)
STEEL: Colour = (0.36, 0.38, 0.41)
CLAY: Colour = (0.66, 0.47, 0.38)


@dataclass(frozen=True)
class Place:
    """A spot on the ground; ``inward_deg`` turns a landmark's +x towards the stage."""

    x: float
    y: float
    inward_deg: float

    @staticmethod
    def polar(radius_m: float, azimuth_deg: float) -> Place:
        """A place by its distance from the origin and its azimuth: 0 is −y, positive is counter-clockwise from above."""
        angle = np.deg2rad(azimuth_deg - 90)
        return Place(radius_m * float(np.cos(angle)), radius_m * float(np.sin(angle)), azimuth_deg + 90)


@dataclass
class Scenery:
    """Collects solids and merges those of one material into one surface, since each surface costs a draw."""

    _parts: dict[tuple[Pattern, bool, bool], list[Solid]] = field(default_factory=dict)

    def add(self, solid: Solid, paint: Pattern | Colour, *, smooth: bool = False, casts_shadow: bool = True) -> None:
        pattern = paint if isinstance(paint, Pattern) else plain(paint)
        self._parts.setdefault((pattern, smooth, casts_shadow), []).append(solid)

    def put(self, place: Place, solid: Solid, paint: Pattern | Colour, *, smooth: bool = False, casts_shadow: bool = True) -> None:
        """Add a solid whose +x looks at the stage. Only near things cast shadows: far ones cost more than they show."""
        near = math.hypot(place.x, place.y) < SHADOWS_M
        self.add(solid.turned(place.inward_deg).moved(place.x, place.y), paint, smooth=smooth, casts_shadow=casts_shadow and near)

    def floor(self, half_m: float, pattern: Pattern, metres: float, z: float = 0.0) -> None:
        """A square of ground with pictures of ``metres`` × ``metres``."""
        corners = [(-half_m, -half_m, z), (half_m, -half_m, z), (half_m, half_m, z), (-half_m, half_m, z)]
        self.add(sheet(corners, metres), pattern, casts_shadow=False)

    def walls(self, half_m: float, low_m: float, high_m: float, pattern: Pattern, metres: float) -> None:
        """The four walls of a square room, or a strip of them."""
        for k in range(4):
            wall = sheet([(-half_m, half_m, low_m), (half_m, half_m, low_m), (half_m, half_m, high_m), (-half_m, half_m, high_m)], metres)
            self.add(wall.turned(90 * k), pattern, casts_shadow=False)

    def surfaces(self) -> tuple[Surface, ...]:
        return tuple(
            Surface(solids.join(parts), pattern, smooth, casts_shadow) for (pattern, smooth, casts_shadow), parts in self._parts.items()
        )


def sheet(corners: list[tuple[float, float, float]], metres: float) -> Solid:
    """A flat rectangle, open, with pictures of ``metres`` × ``metres`` from its first corner on."""
    points = np.array(corners, float)
    width, height = np.linalg.norm(points[1] - points[0]), np.linalg.norm(points[3] - points[0])
    uv = np.array([(0, 0), (width, 0), (width, height), (0, height)]) / metres
    faces = np.array([(0, 1, 2), (0, 2, 3)])
    return Solid(points, faces, lambda: uv[faces])


def around(rng: np.random.Generator, radius_m: tuple[float, float], every_deg: float) -> Iterator[Place]:
    """Places all round the stage, about ``every_deg`` apart, each jittered by a third of that."""
    for azimuth in np.arange(-180, 180 - every_deg / 2, every_deg) + rng.uniform(0, every_deg):
        yield Place.polar(rng.uniform(*radius_m), azimuth + every_deg * rng.uniform(-0.3, 0.3))


def behind(rng: np.random.Generator, radius_m: tuple[float, float], every_deg: float) -> Iterator[Place]:
    """Places behind the stage and beside it, clear of the camera's ground."""
    low, _ = BEHIND_DEG
    for azimuth in np.arange(low, 360 - low + 0.1, every_deg):
        jittered = azimuth + every_deg * rng.uniform(-0.3, 0.3)
        yield Place.polar(rng.uniform(*radius_m), float(np.clip(jittered, low, 360 - low)))


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of a list, as it is (numpy's choice would turn tuples into arrays)."""
    return options[int(rng.integers(len(options)))]


def shade(rng: np.random.Generator, colour: Colour, spread: float = 0.06) -> Colour:
    """A colour a little lighter or darker."""
    factor = 1 + rng.uniform(-spread, spread)
    red, green, blue = (round(min(1.0, channel * factor), 3) for channel in colour)
    return (red, green, blue)


# Furniture. Each is put at a place, its front to the stage.


def broadleaf(scenery: Scenery, place: Place, rng: np.random.Generator, leaves: Pattern, height_m: float) -> None:
    """A tree with a round crown of three balls."""
    scenery.put(place, solids.post(0.05 * height_m, 0.5 * height_m, 7, 0.03 * height_m), TRUNK, smooth=True)
    crown = [(0.0, 0.0, 0.74, 0.26), (0.16, 0.07, 0.58, 0.20), (-0.14, -0.10, 0.60, 0.19)]
    for x, y, z, radius in crown:
        wobble = rng.uniform(0.9, 1.1)
        leaf = solids.ball(radius * wobble * height_m, 12, 6).scaled(1, 1, 0.9).turned(rng.uniform(0, 360))
        scenery.put(place, leaf.moved(x * height_m, y * height_m, z * height_m), leaves, smooth=True)


def conifer(scenery: Scenery, place: Place, rng: np.random.Generator, leaves: Pattern, height_m: float) -> None:
    """A fir of three stacked cones."""
    scenery.put(place, solids.post(0.045 * height_m, 0.25 * height_m, 6), TRUNK, smooth=True)
    for low, high, radius in ((0.14, 0.56, 0.25), (0.38, 0.78, 0.19), (0.62, 1.0, 0.13)):
        cone = solids.revolve([(0, low), (radius, low), (0, high)], 12).scaled(height_m)
        scenery.put(place, cone.turned(rng.uniform(0, 360)), leaves, smooth=True)


def bush(scenery: Scenery, place: Place, rng: np.random.Generator, leaves: Pattern, size_m: float, low_m: float = 0.0) -> None:
    """A round bush that stands at height ``low_m``."""
    half = solids.ball(0.5, 12, 7).scaled(size_m * rng.uniform(0.9, 1.3), size_m, 0.9 * size_m)
    scenery.put(place, half.moved(z=low_m + 0.3 * size_m), leaves, smooth=True)


def hedge(scenery: Scenery, place: Place, leaves: Pattern, length_m: float, height_m: float) -> None:
    """A clipped hedge across the line of sight."""
    scenery.put(place, solids.box(0.7, length_m, height_m, chamfer=0.08).mapped(1.5), leaves)


def bench(scenery: Scenery, place: Place, wood: Pattern | Colour) -> None:
    """A bench with a back and two feet."""
    for solid in (solids.box(0.5, 1.7, 0.07).moved(z=0.42), solids.box(0.07, 1.7, 0.36).moved(-0.25, 0, 0.55)):
        scenery.put(place, solid.mapped(1.0), wood)
    for y in (-0.7, 0.7):
        scenery.put(place, solids.box(0.46, 0.08, 0.42).moved(0, y), STEEL)


def street_lamp(scenery: Scenery, place: Place, height_m: float, metal: Colour = STEEL) -> None:
    """A post with an arm that reaches towards the stage."""
    scenery.put(place, solids.post(0.075, height_m, 8, 0.05), metal, smooth=True)
    scenery.put(place, solids.post(0.16, 0.3, 8, 0.1), metal, smooth=True)
    scenery.put(place, solids.box(0.9, 0.07, 0.07).moved(0.4, 0, height_m - 0.1), metal)
    scenery.put(place, solids.box(0.46, 0.22, 0.1).moved(0.8, 0, height_m - 0.2), (0.93, 0.91, 0.82))


def potted_plant(scenery: Scenery, place: Place, rng: np.random.Generator, leaves: Pattern, height_m: float) -> None:
    """A clipped tree in a clay pot."""
    scenery.put(place, solids.post(0.2, 0.45, 12, 0.28), CLAY, smooth=True)
    scenery.put(place, solids.post(0.03, height_m * 0.7, 6).moved(z=0.4), TRUNK)
    for z, radius in ((0.62, 0.2), (0.82, 0.25), (1.0, 0.17)):
        leaf = solids.ball(radius * height_m, 12, 7).moved(rng.uniform(-0.08, 0.08), rng.uniform(-0.08, 0.08), z * height_m)
        scenery.put(place, leaf, leaves, smooth=True)


def panel(scenery: Scenery, place: Place, width_m: float, low_m: float, height_m: float, paint: Pattern | Colour, frame: Colour) -> None:
    """A framed board that faces the stage; the picture fills it once."""
    scenery.put(place, solids.box(0.1, width_m + 0.24, height_m + 0.24).moved(z=low_m - 0.12), frame)
    front = [
        (0.07, -width_m / 2, low_m),
        (0.07, width_m / 2, low_m),
        (0.07, width_m / 2, low_m + height_m),
        (0.07, -width_m / 2, low_m + height_m),
    ]
    scenery.put(place, sheet(front, max(width_m, height_m)), paint, casts_shadow=False)


def column(scenery: Scenery, place: Place, height_m: float, radius_m: float, paint: Pattern | Colour) -> None:
    """A round column between two square blocks."""
    scenery.put(place, solids.box(2.9 * radius_m, 2.9 * radius_m, 0.35), paint)
    scenery.put(place, solids.post(radius_m, height_m, 18, 0.88 * radius_m).moved(z=0.3), paint, smooth=True)
    scenery.put(place, solids.box(2.7 * radius_m, 2.7 * radius_m, 0.4).moved(z=height_m + 0.2), paint)


def bookcase(scenery: Scenery, place: Place, wood: Colour, books: Pattern, width_m: float, height_m: float) -> None:
    """A bookcase, its books to the stage."""
    scenery.put(place, solids.box(0.4, width_m, height_m), wood)
    half = width_m / 2 - 0.08
    front = [(0.21, -half, 0.1), (0.21, half, 0.1), (0.21, half, height_m - 0.08), (0.21, -half, height_m - 0.08)]
    scenery.put(place, sheet(front, 1.6), books, casts_shadow=False)


def soft_box(scenery: Scenery, place: Place, height_m: float, metal: Colour) -> None:
    """A photographer's lamp on a stand, tilted down at the stage."""
    scenery.put(place, solids.post(0.04, height_m, 8), metal, smooth=True)
    for k in range(3):
        foot = solids.box(0.7, 0.05, 0.05).moved(0.3, 0, 0).turned(30 + 120 * k)
        scenery.put(place, foot, metal)
    for solid, paint in ((solids.box(0.35, 1.0, 1.0, 0.04), metal), (solids.box(0.1, 0.86, 0.86).moved(0.18, 0, 0.07), (0.92, 0.91, 0.87))):
        scenery.put(place, solid.moved(z=-0.5).turned(18, "y").moved(0.1, 0, height_m), paint)


def crate(scenery: Scenery, place: Place, size_m: float, wood: Pattern, low_m: float = 0.0) -> None:
    """A wooden crate whose floor is at ``low_m``."""
    scenery.put(place, solids.box(size_m, size_m, 0.8 * size_m).mapped(1.1 * size_m).moved(z=low_m), wood)


def building(
    scenery: Scenery, place: Place, size_m: tuple[float, float, float], front: Pattern, roof: Colour, storey_m: float = 3.0
) -> None:
    """A house of depth, width and height, its picture ``repeats`` storeys high, with a projecting roof."""
    depth, width, height = size_m
    scenery.put(place, solids.box(depth, width, height).mapped(front.repeats * storey_m), front)
    scenery.put(place, solids.box(depth + 0.5, width + 0.5, 0.35).moved(z=height), roof)
