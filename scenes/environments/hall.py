"""A museum hall: a plank floor, panelled walls with windows and pictures, columns, bookcases and plants."""

from __future__ import annotations

import numpy as np

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Place, Scenery
from scenes.types import Pattern

FLOORS = (
    Pattern("planks", ((0.60, 0.52, 0.43), (0.69, 0.61, 0.52), (0.46, 0.39, 0.31)), 12),
    Pattern("planks", ((0.52, 0.50, 0.48), (0.62, 0.60, 0.57), (0.40, 0.38, 0.36)), 12),
    Pattern("tiles", ((0.56, 0.60, 0.62), (0.72, 0.73, 0.72), (0.46, 0.48, 0.50)), 6),
)
PLASTERS = (((0.72, 0.70, 0.64), (0.77, 0.75, 0.69)), ((0.62, 0.69, 0.70), (0.67, 0.74, 0.75)), ((0.70, 0.66, 0.70), (0.75, 0.71, 0.75)))
BOOKS = Pattern(
    "books", ((0.42, 0.32, 0.24), (0.55, 0.33, 0.30), (0.34, 0.43, 0.52), (0.44, 0.50, 0.38), (0.66, 0.60, 0.48), (0.40, 0.36, 0.44)), 4
)
WAINSCOT = Pattern("folds", ((0.46, 0.37, 0.30), (0.52, 0.43, 0.35)), 6)
LEAVES = Pattern("noise", ((0.24, 0.38, 0.24), (0.40, 0.52, 0.34)), 5)
STONE = Pattern("noise", ((0.70, 0.68, 0.64), (0.80, 0.78, 0.74)), 4)
WINDOW = Pattern("tiles", ((0.70, 0.82, 0.90), (0.78, 0.88, 0.94), (0.90, 0.89, 0.86)), 5)
PICTURES = tuple(
    Pattern("noise", pair, cells)
    for pair, cells in (
        (((0.34, 0.44, 0.52), (0.74, 0.68, 0.54)), 3),
        (((0.52, 0.40, 0.36), (0.72, 0.72, 0.62)), 4),
        (((0.36, 0.46, 0.38), (0.76, 0.76, 0.68)), 2),
    )
)
WOOD = (0.40, 0.31, 0.24)
GILT = (0.60, 0.52, 0.36)
HALF_M = 22.0


@ENVIRONMENTS.register
class Hall(Environment):
    """Furniture behind the stage, bookcases further back, more furniture and columns all round, walls hung with windows and pictures."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(HALF_M, landmarks.pick(rng, FLOORS), 4.0)
        scenery.walls(HALF_M, 1.3, 10.0, Pattern("noise", landmarks.pick(rng, PLASTERS), 4), 6.0)
        scenery.walls(HALF_M - 0.08, 0.0, 1.3, WAINSCOT, 5.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 7.0), 22)):
            _FURNITURE[k % len(_FURNITURE)](scenery, place, rng)
        for place in landmarks.behind(rng, (9.4, 11.2), 20):
            landmarks.bookcase(scenery, place, WOOD, BOOKS, rng.uniform(1.5, 2.4), rng.uniform(1.9, 3.1))
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.6), 15)):
            _FURNITURE[(k + 2) % len(_FURNITURE)](scenery, place, rng)
        for place in landmarks.around(rng, (15.8, 17.0), 20):
            landmarks.column(scenery, place, 8.2, 0.45, STONE)
        _hang(scenery, rng)
        return Setting(scenery.surfaces(), (0.70, 0.69, 0.66))

    def light(self, rng):
        return daylight(rng, elevation_deg=(45, 65), warmth=(0.1, 0.6), ambient=0.46, shadow=0.34)


def _hang(scenery, rng):
    """Windows and pictures, in turn, along the four walls."""
    for wall in range(4):
        for k, along in enumerate(np.arange(-17.5, 18, 5.0)):
            x, y = (HALF_M - 0.15), along + rng.uniform(-0.6, 0.6)
            turn = np.deg2rad(90 * wall)
            place = Place(x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), 90 * wall + 180)
            if k % 2:
                landmarks.panel(scenery, place, 2.4, 2.0, 3.4, WINDOW, (0.86, 0.85, 0.82))
            else:
                landmarks.panel(scenery, place, rng.uniform(1.4, 2.8), 2.0, rng.uniform(1.2, 2.2), landmarks.pick(rng, PICTURES), GILT)


def _plant(scenery, place, rng):
    landmarks.potted_plant(scenery, place, rng, LEAVES, rng.uniform(1.3, 1.9))


def _bench(scenery, place, rng):
    landmarks.bench(scenery, place, WOOD)


def _pedestal(scenery, place, rng):
    """A vase on a plinth."""
    height_m = rng.uniform(0.8, 1.2)
    scenery.put(place, solids.box(0.5, 0.5, height_m), STONE)
    vase = solids.revolve([(0, 0), (0.12, 0), (0.22, 0.22), (0.2, 0.36), (0.08, 0.5), (0.13, 0.6), (0, 0.6)], 18)
    scenery.put(place, vase.moved(z=height_m), landmarks.shade(rng, (0.44, 0.52, 0.56)), smooth=True)


def _floor_lamp(scenery, place, rng):
    scenery.put(place, solids.post(0.03, 1.7, 8), WOOD, smooth=True)
    scenery.put(place, solids.post(0.2, 0.06, 14), WOOD, smooth=True)
    scenery.put(place, solids.post(0.32, 0.42, 16, 0.2).moved(z=1.55), (0.88, 0.83, 0.70), smooth=True)


_FURNITURE = (_plant, _pedestal, _bench, _floor_lamp)
