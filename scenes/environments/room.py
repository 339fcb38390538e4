"""A large living room: parquet and rugs, sofas and lamps, shelves, then walls with windows, doors and pictures."""

from __future__ import annotations

import numpy as np

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Place, Scenery
from scenes.patterns import plain
from scenes.types import Pattern

FLOORS = (
    Pattern("parquet", ((0.62, 0.52, 0.40), (0.71, 0.61, 0.48), (0.46, 0.37, 0.28)), 6),
    Pattern("parquet", ((0.50, 0.42, 0.35), (0.60, 0.51, 0.42), (0.36, 0.30, 0.25)), 6),
    Pattern("parquet", ((0.66, 0.61, 0.54), (0.75, 0.71, 0.64), (0.52, 0.48, 0.42)), 6),
)
WALLPAPERS = (
    Pattern("noise", ((0.76, 0.74, 0.68), (0.80, 0.78, 0.72)), 4),
    Pattern("folds", ((0.66, 0.73, 0.70), (0.71, 0.77, 0.74)), 8),
    Pattern("folds", ((0.75, 0.68, 0.66), (0.79, 0.73, 0.71)), 8),
)
CLOTHS = tuple(
    Pattern("noise", pair, 5)
    for pair in (
        ((0.40, 0.47, 0.54), (0.48, 0.55, 0.62)),
        ((0.56, 0.45, 0.40), (0.64, 0.53, 0.47)),
        ((0.44, 0.50, 0.42), (0.52, 0.58, 0.50)),
    )
)
RUGS = tuple(Pattern("checker", pair, 6) for pair in (((0.60, 0.46, 0.42), (0.72, 0.62, 0.54)), ((0.44, 0.50, 0.58), (0.62, 0.66, 0.70))))
BOOKS = Pattern(
    "books", ((0.60, 0.53, 0.44), (0.58, 0.36, 0.33), (0.36, 0.46, 0.55), (0.48, 0.54, 0.42), (0.72, 0.66, 0.54), (0.46, 0.42, 0.50)), 4
)
PICTURES = (
    Pattern("noise", ((0.40, 0.50, 0.58), (0.78, 0.72, 0.60)), 2),
    Pattern("checker", ((0.60, 0.50, 0.46), (0.78, 0.76, 0.68)), 3),
    Pattern("noise", ((0.50, 0.56, 0.46), (0.80, 0.78, 0.70)), 4),
)
PANES = Pattern("tiles", ((0.72, 0.83, 0.90), (0.79, 0.88, 0.93), (0.93, 0.92, 0.90)), 4)
DRAPES = Pattern("folds", ((0.60, 0.55, 0.56), (0.72, 0.67, 0.67)), 5)
LEAVES = Pattern("noise", ((0.26, 0.40, 0.27), (0.42, 0.54, 0.37)), 5)
OAK, WHITE = (0.56, 0.45, 0.34), (0.88, 0.87, 0.84)
HALF_M, HEIGHT_M = 21.5, 7.0


@ENVIRONMENTS.register
class Room(Environment):
    """Sofas, armchairs, tables and lamps on rugs, cabinets and shelves behind them, a gallery of furniture along the walls."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(HALF_M, landmarks.pick(rng, FLOORS), 4.0)
        scenery.walls(HALF_M, 0.0, HEIGHT_M, landmarks.pick(rng, WALLPAPERS), 4.0)
        scenery.walls(HALF_M - 0.06, 0.0, 0.3, plain(WHITE), 4.0)
        scenery.walls(HALF_M - 0.06, HEIGHT_M - 0.35, HEIGHT_M, plain(WHITE), 4.0)
        cloth, rug = landmarks.pick(rng, CLOTHS), landmarks.pick(rng, RUGS)
        for k, place in enumerate(landmarks.behind(rng, (6.0, 6.6), 23)):
            _seat(scenery, place, rng, k, cloth, rug)
        for k, place in enumerate(landmarks.behind(rng, (9.2, 10.6), 18)):
            _storage(scenery, place, rng, k)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.5), 15)):
            _low(scenery, place, rng, k, cloth)
        for k, place in enumerate(landmarks.around(rng, (16.0, 17.0), 15)):
            _storage(scenery, place, rng, k + 1)
        _hang(scenery, rng)
        return Setting(scenery.surfaces(), (0.86, 0.85, 0.82))

    def light(self, rng):
        return daylight(rng, elevation_deg=(42, 62), warmth=(0.2, 0.8), ambient=0.47, shadow=0.33)


def _seat(scenery, place, rng, k, cloth, rug):
    """In turn, a sofa on a rug, a side table with a lamp, an armchair."""
    if k % 3 == 1:
        _side_table(scenery, place)
        return
    if k % 3 == 0:
        scenery.put(place, solids.box(2.6, 3.0, 0.02).moved(0.3).mapped(3.0), rug, casts_shadow=False)
    _sofa(scenery, place, rng, rng.uniform(1.7, 2.2) if k % 3 == 0 else 0.8, cloth)


def _sofa(scenery, place, rng, width_m, cloth):
    """A seat, a back, two arms; a sofa or an armchair by its width."""
    scenery.put(place, solids.box(0.9, width_m, 0.42, 0.05).moved(z=0.08).mapped(1.5), cloth)
    scenery.put(place, solids.box(0.28, width_m, 0.85).moved(-0.4, 0, 0.08).mapped(1.5), cloth)
    for side in (-1, 1):
        scenery.put(place, solids.box(0.9, 0.2, 0.6).moved(0, side * (width_m / 2 + 0.08), 0.08).mapped(1.5), cloth)
    cushion = solids.box(0.16, 0.42, 0.4, 0.05).turned(-15, "y").moved(-0.18, rng.uniform(-0.2, 0.2) * width_m, 0.5)
    scenery.put(place, cushion, (0.78, 0.73, 0.62))


def _side_table(scenery, place):
    """A round table with a lamp on it."""
    scenery.put(place, solids.post(0.32, 0.05, 14).moved(z=0.55), OAK, smooth=True)
    scenery.put(place, solids.post(0.05, 0.55, 8), OAK, smooth=True)
    scenery.put(place, solids.post(0.2, 0.04, 14), OAK, smooth=True)
    scenery.put(place, solids.post(0.1, 0.36, 10, 0.03).moved(z=0.6), (0.46, 0.52, 0.56), smooth=True)
    scenery.put(place, solids.post(0.24, 0.32, 14, 0.15).moved(z=0.92), (0.90, 0.85, 0.72), smooth=True)


def _storage(scenery, place, rng, k):
    """In turn, a bookcase, a sideboard, a bookcase, a tall plant."""
    if k % 2 == 0:
        landmarks.bookcase(scenery, place, OAK, BOOKS, rng.uniform(1.4, 2.4), rng.uniform(1.9, 2.7))
    elif k % 4 == 1:
        _sideboard(scenery, place, rng)
    else:
        landmarks.potted_plant(scenery, place, rng, LEAVES, rng.uniform(1.5, 2.1))


def _sideboard(scenery, place, rng):
    """A white sideboard with oak doors, a vase and a screen on it."""
    scenery.put(place, solids.box(0.5, 1.9, 0.7).moved(z=0.12), WHITE)
    for y in (-0.62, 0.0, 0.62):
        scenery.put(place, solids.box(0.06, 0.56, 0.58).moved(0.25, y, 0.18), OAK)
    side = rng.choice([-1, 1])
    vase = solids.revolve([(0, 0), (0.08, 0), (0.15, 0.16), (0.06, 0.36), (0.1, 0.44), (0, 0.44)], 14)
    scenery.put(place, vase.moved(0, 0.65 * side, 0.82), (0.62, 0.68, 0.70), smooth=True)
    scenery.put(place, solids.box(0.07, 1.0, 0.58).moved(0, -0.3 * side, 0.86), (0.24, 0.25, 0.28))


def _low(scenery, place, rng, k, cloth):
    """In turn, an armchair, a floor lamp, a plant."""
    if k % 3 == 0:
        _sofa(scenery, place, rng, 0.85, cloth)
    elif k % 3 == 1:
        scenery.put(place, solids.post(0.035, 1.6, 8), (0.30, 0.30, 0.32), smooth=True)
        scenery.put(place, solids.post(0.3, 0.36, 16, 0.18).moved(z=1.5), (0.90, 0.85, 0.72), smooth=True)
    else:
        landmarks.potted_plant(scenery, place, rng, LEAVES, rng.uniform(1.2, 1.7))


def _hang(scenery, rng):
    """Windows with drapes, pictures and doors, in turn, along the four walls."""
    for wall in range(4):
        for k, along in enumerate(np.arange(-17.5, 18.0, 5.0)):
            x, y = HALF_M - 0.12, along + rng.uniform(-0.5, 0.5)
            turn = np.deg2rad(90 * wall)
            place = Place(x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), 90 * wall + 180)
            _WALL_PIECES[k % 3](scenery, place, rng)


def _window(scenery, place, rng):
    landmarks.panel(scenery, place, 2.2, 0.9, 4.0, PANES, WHITE)
    for side in (-1, 1):
        drape = solids.box(0.14, 0.7, 5.0).moved(0.1, side * 1.5, 0.25)
        scenery.put(place, drape.mapped(2.5), DRAPES)


def _picture(scenery, place, rng):
    width_m = rng.uniform(1.3, 2.4)
    landmarks.panel(scenery, place, width_m, 2.0, rng.uniform(1.2, 1.9), landmarks.pick(rng, PICTURES), OAK)


def _door(scenery, place, rng):
    landmarks.panel(scenery, place, 1.3, 0.12, 2.8, (0.66, 0.60, 0.52), WHITE)
    scenery.put(place, solids.box(0.06, 0.08, 0.2).moved(0.1, 0.5, 1.3), (0.36, 0.36, 0.38))


_WALL_PIECES = (_window, _picture, _door)
