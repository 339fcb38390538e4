"""A warehouse: concrete with painted lines, pallets and barrels, racks of boxes at two distances, corrugated walls."""

from __future__ import annotations

import numpy as np

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Place, Scenery
from scenes.types import Pattern

FLOORS = (
    Pattern("lanes", ((0.55, 0.56, 0.56), (0.65, 0.65, 0.64), (0.80, 0.74, 0.52)), 4),
    Pattern("lanes", ((0.48, 0.50, 0.52), (0.58, 0.59, 0.60), (0.82, 0.81, 0.76)), 4),
    Pattern("lanes", ((0.58, 0.54, 0.50), (0.67, 0.64, 0.60), (0.76, 0.74, 0.62)), 4),
)
CARDBOARD = (
    Pattern("planks", ((0.62, 0.53, 0.41), (0.69, 0.60, 0.48), (0.76, 0.70, 0.58)), 1),
    Pattern("planks", ((0.56, 0.46, 0.35), (0.62, 0.52, 0.41), (0.70, 0.62, 0.50)), 1),
    Pattern("noise", ((0.68, 0.67, 0.64), (0.76, 0.75, 0.72)), 3),
)
PINE = Pattern("planks", ((0.60, 0.51, 0.39), (0.68, 0.59, 0.47), (0.42, 0.35, 0.26)), 5)
WALL = Pattern("folds", ((0.56, 0.60, 0.63), (0.66, 0.69, 0.71)), 12)
DOOR = Pattern("planks", ((0.70, 0.70, 0.68), (0.76, 0.76, 0.74), (0.52, 0.53, 0.54)), 9)
SKYLIGHT = Pattern("tiles", ((0.82, 0.87, 0.90), (0.86, 0.90, 0.92), (0.58, 0.61, 0.64)), 4)
FRAMES = ((0.36, 0.46, 0.60), (0.62, 0.42, 0.32), (0.36, 0.50, 0.44))
BEAM, STEEL = (0.66, 0.52, 0.36), (0.34, 0.36, 0.40)
BARREL = ((0.38, 0.48, 0.58), (0.52, 0.54, 0.50), (0.58, 0.42, 0.36))
HALF_M, HEIGHT_M = 26.0, 10.0


@ENVIRONMENTS.register
class Warehouse(Environment):
    """Pallets, barrels and trolleys behind the stage, low racks, more goods, a ring of high racks, walls with gates."""

    def build(self, rng):
        scenery = Scenery()
        frame = landmarks.pick(rng, FRAMES)
        scenery.floor(HALF_M, landmarks.pick(rng, FLOORS), 8.0)
        scenery.walls(HALF_M, 0.0, HEIGHT_M, WALL, 6.0)
        scenery.walls(HALF_M - 0.1, 7.2, 8.8, SKYLIGHT, 6.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 6.8), 20)):
            _GOODS[k % len(_GOODS)](scenery, place, rng)
        for place in landmarks.behind(rng, (9.4, 10.8), 27):
            _rack(scenery, place, rng, frame, levels=2)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.5), 16)):
            _GOODS[(k + 1) % len(_GOODS)](scenery, place, rng)
        for place in landmarks.around(rng, (16.5, 18.5), 20):
            _rack(scenery, place, rng, frame, levels=3)
        _gates(scenery, rng)
        return Setting(scenery.surfaces(), (0.50, 0.53, 0.56))

    def light(self, rng):
        return daylight(rng, elevation_deg=(46, 64), warmth=(-0.3, 0.3), ambient=0.45, shadow=0.36)


def _pallet(scenery, place, rng):
    """Boxes of two sizes on a pallet."""
    scenery.put(place, solids.box(1.0, 1.2, 0.04).mapped(1.2).moved(z=0.1), PINE)
    for y in (-0.5, 0.0, 0.5):
        scenery.put(place, solids.box(1.0, 0.12, 0.1).moved(0, y), (0.54, 0.45, 0.34))
    paint = landmarks.pick(rng, CARDBOARD)
    for x, y in ((-0.24, -0.3), (-0.24, 0.3), (0.24, -0.3), (0.24, 0.3)):
        scenery.put(place, solids.box(0.44, 0.54, rng.uniform(0.35, 0.75)).mapped(0.6).moved(x, y, 0.14), paint)


def _barrels(scenery, place, rng):
    for x, y in ((0.0, -0.34), (0.05, 0.34), (-0.5, 0.0)):
        paint = landmarks.pick(rng, BARREL)
        barrel = solids.revolve(
            [(0, 0), (0.29, 0), (0.29, 0.28), (0.31, 0.3), (0.29, 0.32), (0.29, 0.6), (0.31, 0.62), (0.29, 0.64), (0.29, 0.9), (0, 0.9)], 14
        )
        scenery.put(place, barrel.moved(x, y), paint)


def _trolley(scenery, place, rng):
    """A platform on four wheels with a handle and a box."""
    scenery.put(place, solids.box(0.7, 1.3, 0.08).moved(z=0.2), (0.40, 0.50, 0.60))
    for x in (-0.25, 0.25):
        for y in (-0.5, 0.5):
            scenery.put(place, solids.post(0.1, 0.07, 10).turned(90, "x").moved(x, y, 0.1), STEEL)
    for x in (-0.28, 0.28):
        scenery.put(place, solids.box(0.05, 0.05, 0.85).moved(x, 0.6, 0.25), STEEL)
    scenery.put(place, solids.box(0.6, 0.05, 0.06).moved(0, 0.6, 1.05), STEEL)
    scenery.put(place, solids.box(0.55, 0.7, rng.uniform(0.4, 0.6)).mapped(0.7).moved(0, -0.1, 0.28), landmarks.pick(rng, CARDBOARD))


def _ladder(scenery, place, rng):
    """A pair of steps, open."""
    for lean, x in ((14, -0.3), (-14, 0.3)):
        for y in (-0.28, 0.28):
            scenery.put(place, solids.box(0.06, 0.06, 1.75).turned(lean, "y").moved(x, y), (0.70, 0.71, 0.72))
    for k in range(1, 6):
        scenery.put(place, solids.box(0.16, 0.56, 0.04).moved(0.33 - 0.066 * k, 0, 0.29 * k), (0.62, 0.63, 0.64))


_GOODS = (_pallet, _barrels, _pallet, _trolley, _ladder)


def _rack(scenery, place, rng, frame, levels):
    """A rack of boxes, its posts in one colour and its beams in another."""
    step_m, half_m = 1.45, 1.5
    for x in (-0.45, 0.45):
        for y in (-half_m, half_m):
            scenery.put(place, solids.box(0.1, 0.1, step_m * levels + 0.5).moved(x, y), frame)
    for level in range(levels):
        low_m = 0.12 + step_m * level
        scenery.put(place, solids.box(1.0, 2 * half_m, 0.1).moved(z=low_m), BEAM)
        for y in (-1.0, 0.0, 1.0):
            if rng.random() < 0.85:
                box = solids.box(0.8, rng.uniform(0.65, 0.85), rng.uniform(0.5, 1.1)).mapped(0.9)
                scenery.put(place, box.moved(0, y, low_m + 0.1), landmarks.pick(rng, CARDBOARD))


def _gates(scenery, rng):
    """Roller doors and small windows, in turn, along the four walls."""
    for wall in range(4):
        for k, along in enumerate(np.arange(-20.0, 20.5, 8.0)):
            x, y = HALF_M - 0.15, along + rng.uniform(-1, 1)
            turn = np.deg2rad(90 * wall)
            place = Place(x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), 90 * wall + 180)
            if k % 2:
                landmarks.panel(scenery, place, 4.2, 0.12, 4.6, DOOR, STEEL)
            else:
                landmarks.panel(scenery, place, 1.8, 0.12, 2.6, (0.50, 0.56, 0.50), (0.80, 0.80, 0.78))
