"""A field: a meadow with hay bales and fences, barns, windmills and trees, and ranges of hills behind."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery
from scenes.types import Pattern

MEADOWS = (
    Pattern("grass", ((0.58, 0.56, 0.36), (0.66, 0.63, 0.43), (0.49, 0.49, 0.30)), 3),
    Pattern("grass", ((0.48, 0.54, 0.34), (0.58, 0.61, 0.40), (0.60, 0.58, 0.38)), 3),
    Pattern("grass", ((0.64, 0.58, 0.42), (0.71, 0.65, 0.49), (0.55, 0.49, 0.34)), 3),
)
STRAW = Pattern("folds", ((0.68, 0.59, 0.40), (0.77, 0.69, 0.50)), 9)
BOARDS = (
    Pattern("planks", ((0.54, 0.31, 0.28), (0.60, 0.37, 0.33), (0.44, 0.25, 0.23)), 9),
    Pattern("planks", ((0.52, 0.49, 0.46), (0.60, 0.57, 0.53), (0.40, 0.38, 0.36)), 9),
)
LEAVES = (
    Pattern("noise", ((0.30, 0.41, 0.24), (0.43, 0.53, 0.32)), 6),
    Pattern("noise", ((0.40, 0.44, 0.24), (0.53, 0.55, 0.34)), 6),
)
CROP = Pattern("folds", ((0.50, 0.53, 0.32), (0.62, 0.62, 0.40)), 12)
HILLS = (
    Pattern("noise", ((0.50, 0.58, 0.40), (0.62, 0.65, 0.46)), 4),
    Pattern("noise", ((0.50, 0.60, 0.54), (0.57, 0.66, 0.58)), 4),
    Pattern("noise", ((0.58, 0.66, 0.71), (0.63, 0.70, 0.75)), 3),
)
WOOD, STONE, SLATE = (0.52, 0.44, 0.36), (0.80, 0.78, 0.73), (0.42, 0.40, 0.41)
SKY = (0.68, 0.80, 0.92)


@ENVIRONMENTS.register
class Field(Environment):
    """Bales, troughs and fences behind the stage, carts, bushes and strips of crop, barns, windmills and trees, three ranges of hills."""

    def build(self, rng):
        scenery = Scenery()
        barn = landmarks.pick(rng, BOARDS)
        scenery.floor(110.0, landmarks.pick(rng, MEADOWS), 7.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 7.0), 18)):
            _NEAR[k % len(_NEAR)](scenery, place, rng)
        for k, place in enumerate(landmarks.behind(rng, (9.2, 10.8), 16)):
            if k % 2:
                _fence(scenery, place, rng)
            else:
                _crop(scenery, place, rng)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.7), 17)):
            _NEAR[(k + 1) % len(_NEAR)](scenery, place, rng)
        for k, place in enumerate(landmarks.around(rng, (17.0, 21.0), 22)):
            landmarks.broadleaf(scenery, place, rng, LEAVES[k % 2], rng.uniform(4.0, 5.6))
        for k, place in enumerate(landmarks.around(rng, (25.0, 32.0), 22)):
            if k % 3 == 1:
                _windmill(scenery, place, rng)
            else:
                _barn(scenery, place, rng, barn)
        _hills(scenery, rng)
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        return daylight(rng, elevation_deg=(36, 52), warmth=(0.3, 1.0), ambient=0.45, shadow=0.38)


def _round_bale(scenery, place, rng):
    """A round bale on its side."""
    size_m = rng.uniform(0.55, 0.7)
    bale = solids.post(size_m, 1.1, 18).moved(z=-0.55).turned(90, "x").turned(rng.uniform(-60, 60))
    scenery.put(place, bale.moved(z=size_m - 0.02), STRAW)


def _square_bales(scenery, place, rng):
    for x, y, z in ((0, -0.5, 0), (0, 0.5, 0), (0.02, rng.uniform(-0.4, 0.4), 0.46)):
        scenery.put(place, solids.box(0.5, 0.95, 0.45, 0.03).moved(x, y, z), STRAW)


def _fence(scenery, place, rng):
    """Three posts with two rails."""
    for y in (-1.3, 0.0, 1.3):
        scenery.put(place, solids.box(0.13, 0.13, 1.15).moved(0, y), WOOD)
    for z in (0.4, 0.82):
        scenery.put(place, solids.box(0.05, 3.0, 0.15).moved(0.08, 0, z), WOOD)


def _trough(scenery, place, rng):
    """A stone trough on two blocks."""
    scenery.put(place, solids.box(0.55, 1.5, 0.4).moved(z=0.25), STONE)
    scenery.put(place, solids.box(0.4, 1.34, 0.03).moved(z=0.64), (0.46, 0.56, 0.60))
    for y in (-0.5, 0.5):
        scenery.put(place, solids.box(0.5, 0.25, 0.26).moved(0, y), (0.66, 0.64, 0.60))


def _bush(scenery, place, rng):
    landmarks.bush(scenery, place, rng, LEAVES[1], rng.uniform(0.6, 1.0))


_NEAR = (_round_bale, _fence, _square_bales, _bush, _trough)


def _crop(scenery, place, rng):
    """A strip of standing corn."""
    scenery.put(place, solids.box(1.1, rng.uniform(2.0, 2.8), rng.uniform(0.7, 1.1), 0.1).mapped(2.0), CROP)


def _barn(scenery, place, rng, boards):
    """A barn, its gable and its gate to the stage."""
    half_m, eaves_m, ridge_m = rng.uniform(3.0, 3.8), rng.uniform(3.2, 4.0), rng.uniform(5.6, 6.6)
    walls = solids.prism([(-half_m, 0), (half_m, 0), (half_m, eaves_m), (0, ridge_m), (-half_m, eaves_m)], 9.0).turned(90)
    scenery.put(place, walls.mapped(5.0), boards)
    for side in (-1, 1):
        slope = [(0, ridge_m + 0.05), (side * (half_m + 0.4), eaves_m - 0.15), (side * (half_m + 0.4), eaves_m + 0.15), (0, ridge_m + 0.35)]
        scenery.put(place, solids.prism(slope if side > 0 else slope[::-1], 9.8).turned(90), SLATE)
    scenery.put(place, solids.box(0.1, 2.6, 2.6).moved(4.55), (0.84, 0.82, 0.77))
    scenery.put(place, solids.box(0.1, 2.2, 2.4).moved(4.6), (0.44, 0.34, 0.30))


def _windmill(scenery, place, rng):
    """A tower mill, its four sails at rest, turned to the stage."""
    scenery.put(place, solids.post(2.0, 7.0, 12, 1.3), STONE, smooth=True)
    scenery.put(place, solids.revolve([(0, 7.0), (1.6, 7.0), (0, 8.6)], 12), SLATE)
    scenery.put(place, solids.box(0.1, 1.0, 1.9).moved(1.9), (0.44, 0.34, 0.30))
    start_deg = rng.uniform(0, 90)
    for k in range(4):
        for sail, paint in ((solids.box(0.12, 0.14, 4.4), WOOD), (solids.box(0.08, 0.9, 3.4).moved(0, 0.4, 0.9), (0.84, 0.82, 0.76))):
            scenery.put(place, sail.turned(start_deg + 90 * k, "x").moved(1.9, 0, 7.2), paint)


def _hills(scenery, rng):
    """Three ranges, the further ones higher and paler."""
    for radius_m, every_deg, height_m, paint in (
        ((50, 58), 26, (3, 6), HILLS[0]),
        ((68, 76), 30, (8, 13), HILLS[1]),
        ((88, 96), 36, (15, 22), HILLS[2]),
    ):
        for place in landmarks.around(rng, radius_m, every_deg):
            hill = solids.ball(1.0, 12, 5).scaled(rng.uniform(9, 12), rng.uniform(16, 26), rng.uniform(*height_m))
            scenery.put(place, hill, paint, smooth=True, casts_shadow=False)
