"""A photographer's studio: paper backdrops on a tiled floor, lamps on stands, columns and curtains further off."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Place, Scenery
from scenes.types import Pattern

PAPERS = (
    ((0.47, 0.57, 0.68), (0.56, 0.65, 0.75)),
    ((0.53, 0.60, 0.52), (0.62, 0.68, 0.60)),
    ((0.66, 0.57, 0.50), (0.73, 0.65, 0.58)),
    ((0.58, 0.54, 0.66), (0.66, 0.62, 0.73)),
)
FLATS = (
    Pattern("bricks", ((0.62, 0.50, 0.45), (0.70, 0.59, 0.53), (0.76, 0.73, 0.70)), 8),
    Pattern("checker", ((0.56, 0.60, 0.62), (0.66, 0.69, 0.70)), 4),
    Pattern("folds", ((0.50, 0.45, 0.42), (0.62, 0.56, 0.52)), 6),
    Pattern("noise", ((0.46, 0.53, 0.50), (0.62, 0.68, 0.64)), 4),
)
TILES = Pattern("tiles", ((0.60, 0.58, 0.55), (0.71, 0.69, 0.66), (0.50, 0.48, 0.46)), 6)
CURTAIN = Pattern("folds", ((0.42, 0.42, 0.48), (0.56, 0.56, 0.61)), 5)
MARBLE = Pattern("noise", ((0.72, 0.71, 0.70), (0.84, 0.83, 0.81)), 5)
PINE = Pattern("planks", ((0.63, 0.54, 0.42), (0.71, 0.62, 0.50), (0.45, 0.37, 0.28)), 5)
METAL = (0.28, 0.29, 0.32)
HALF_M = 23.0


@ENVIRONMENTS.register
class Studio(Environment):
    """Backdrops and lamps behind the stage, a ring of columns, painted flats, curtains along the walls."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(HALF_M, TILES, 6.0)
        scenery.walls(HALF_M, 0.0, 10.0, CURTAIN, 6.0)
        _backdrops(scenery, rng)
        for k, place in enumerate(landmarks.behind(rng, (5.6, 6.6), 34)):
            _prop(scenery, place, rng, k)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.5), 20)):
            _prop(scenery, place, rng, k)
        for place in landmarks.around(rng, (14.8, 15.6), 24):
            landmarks.column(scenery, place, rng.uniform(5.2, 6.4), 0.4, MARBLE)
        for place in landmarks.around(rng, (18.0, 20.0), 20):
            _flat(scenery, place, rng)
        return Setting(scenery.surfaces(), (0.42, 0.42, 0.48))

    def light(self, rng):
        return daylight(rng, elevation_deg=(42, 62), warmth=(-0.1, 0.4), ambient=0.44, shadow=0.38)


def _backdrops(scenery, rng):
    """Tall panels of one paper in a loose arc, with gaps through which the columns show."""
    paper = Pattern("noise", landmarks.pick(rng, PAPERS), 4)
    for azimuth in (108, 137, 166, 195, 224, 253):
        place = Place.polar(rng.uniform(7.4, 9.4), azimuth + rng.uniform(-4, 4))
        height_m = rng.uniform(3.0, 4.4)
        scenery.put(place, solids.box(0.12, rng.uniform(2.4, 3.2), height_m).mapped(4.0), paper)
        scenery.put(place, solids.box(0.5, 0.3, 0.12).moved(-0.3), METAL)


def _prop(scenery, place, rng, k):
    """In turn, a lamp or a crate."""
    if k % 2:
        landmarks.crate(scenery, place, rng.uniform(0.5, 0.9), PINE)
    else:
        landmarks.soft_box(scenery, place, rng.uniform(2.3, 3.2), METAL)


def _flat(scenery, place, rng):
    board = solids.box(0.3, rng.uniform(2.4, 4.0), rng.uniform(2.4, 5.5)).turned(rng.uniform(-15, 15))
    scenery.put(place, board.mapped(3.2), landmarks.pick(rng, FLATS))
