"""A theatre: the boards and their footlights, painted scenery, heavy curtains, and a dark house with balconies."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery
from scenes.types import Pattern

BOARDS = (
    Pattern("planks", ((0.48, 0.38, 0.30), (0.58, 0.47, 0.38), (0.32, 0.25, 0.20)), 12),
    Pattern("planks", ((0.40, 0.37, 0.36), (0.50, 0.46, 0.44), (0.27, 0.25, 0.24)), 12),
    Pattern("planks", ((0.54, 0.44, 0.33), (0.64, 0.54, 0.41), (0.38, 0.30, 0.22)), 12),
)
CURTAINS = tuple(
    Pattern("folds", pair, 5)
    for pair in (
        ((0.34, 0.10, 0.13), (0.50, 0.18, 0.20)),
        ((0.12, 0.20, 0.30), (0.20, 0.30, 0.43)),
        ((0.14, 0.26, 0.20), (0.22, 0.37, 0.29)),
    )
)
HOUSE = Pattern("folds", ((0.13, 0.12, 0.16), (0.19, 0.18, 0.22)), 4)
GREENS = tuple(Pattern("noise", pair, 4) for pair in (((0.34, 0.46, 0.36), (0.46, 0.57, 0.45)), ((0.48, 0.50, 0.34), (0.59, 0.60, 0.43))))
ROCKS = Pattern("noise", ((0.46, 0.45, 0.48), (0.62, 0.61, 0.63)), 4)
CASTLE = Pattern("bricks", ((0.54, 0.52, 0.54), (0.63, 0.61, 0.62), (0.44, 0.42, 0.45)), 8)
SEATS = Pattern("folds", ((0.30, 0.12, 0.14), (0.38, 0.17, 0.19)), 8)
GILT, WOOD, IRON, GLOW = (0.66, 0.56, 0.36), (0.44, 0.35, 0.27), (0.24, 0.24, 0.27), (0.97, 0.92, 0.76)


@ENVIRONMENTS.register
class Theatre(Environment):
    """Footlights and painted flats behind the stage, curtains, lamps on stands, columns with balconies, dark walls."""

    def build(self, rng):
        scenery = Scenery()
        curtain = landmarks.pick(rng, CURTAINS)
        scenery.floor(26.0, landmarks.pick(rng, BOARDS), 4.0)
        scenery.walls(26.0, 0.0, 14.0, HOUSE, 7.0)
        for place in landmarks.behind(rng, (5.0, 5.1), 9):
            _footlight(scenery, place)
        for k, place in enumerate(landmarks.behind(rng, (6.4, 7.4), 19)):
            _FLATS[k % len(_FLATS)](scenery, place, rng)
        for place in landmarks.behind(rng, (9.6, 11.0), 26):
            _drape(scenery, place, rng, curtain, 6.0)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.4), 16)):
            _PROPS[k % len(_PROPS)](scenery, place, rng)
        for place in landmarks.around(rng, (16.4, 17.2), 20):
            landmarks.column(scenery, place, 7.4, 0.4, GILT)
        for k, place in enumerate(landmarks.around(rng, (20.5, 21.5), 24)):
            _box_seat(scenery, place, rng, curtain, 1.0 + 3.0 * (k % 2))
        return Setting(scenery.surfaces(), (0.08, 0.08, 0.11))

    def light(self, rng):
        return daylight(rng, elevation_deg=(40, 58), warmth=(0.2, 0.9), ambient=0.42, shadow=0.42)


def _footlight(scenery, place):
    """A lamp behind a small shell, its light to the stage."""
    scenery.put(place, solids.box(0.1, 0.34, 0.26, 0.02).moved(-0.1), IRON)
    scenery.put(place, solids.box(0.05, 0.24, 0.16).moved(-0.03, 0, 0.05), GLOW)


def _cut_out(scenery, place, outline, paint, size_m):
    """A flat, painted and cut along an outline (across, up) in units of ``size_m``, with a brace behind it."""
    flat = solids.prism([(size_m * across, size_m * up) for across, up in outline], 0.07).turned(90)
    scenery.put(place, flat.mapped(3.0), paint)
    scenery.put(place, solids.box(0.06, 0.06, 0.7 * size_m).turned(18, "y").moved(-0.3 * size_m), WOOD)


def _tree(scenery, place, rng):
    outline = [(-0.45, 0.42), (0.45, 0.42), (0.56, 0.62), (0.42, 0.84), (0.2, 0.98), (-0.1, 1.0), (-0.36, 0.9), (-0.55, 0.68)]
    height_m = rng.uniform(2.6, 3.6)
    scenery.put(place, solids.box(0.07, 0.3, 0.5 * height_m), WOOD)
    _cut_out(scenery, place, outline, landmarks.pick(rng, GREENS), height_m)


def _boulder(scenery, place, rng):
    outline = [(-0.8, 0), (0.8, 0), (0.72, 0.34), (0.4, 0.62), (0.08, 0.7), (-0.3, 0.92), (-0.62, 0.5)]
    _cut_out(scenery, place, outline, ROCKS, rng.uniform(1.0, 1.6))


def _tower(scenery, place, rng):
    """A castle's tower with a pointed roof, painted on a flat."""
    height_m = rng.uniform(2.6, 3.4)
    _cut_out(scenery, place, [(-0.24, 0), (0.24, 0), (0.24, 0.7), (-0.24, 0.7)], CASTLE, height_m)
    roof = [(-0.32, 0.7), (0.32, 0.7), (0.0, 1.08)]
    _cut_out(scenery, place, roof, (0.50, 0.32, 0.30), height_m)
    scenery.put(place, solids.box(0.1, 0.16 * height_m, 0.2 * height_m).moved(0, 0, 0.34 * height_m), (0.26, 0.25, 0.30))


_FLATS = (_tree, _boulder, _tower)


def _drape(scenery, place, rng, curtain, height_m):
    """A curtain, gathered a little towards the floor, with a gilt hem."""
    width_m = rng.uniform(1.8, 2.6)
    scenery.put(place, solids.box(0.3, width_m, height_m, 0.1).moved(z=0.12).mapped(2.4), curtain)
    scenery.put(place, solids.box(0.36, width_m + 0.06, 0.16), GILT)


def _lamp_stand(scenery, place, rng):
    landmarks.soft_box(scenery, place, rng.uniform(2.2, 3.0), IRON)


def _chest(scenery, place, rng):
    """A trunk of costumes with bands of iron."""
    scenery.put(place, solids.box(0.6, 1.0, 0.5), WOOD)
    scenery.put(place, solids.post(0.3, 1.0, 12).moved(z=-0.5).turned(90, "x").moved(z=0.5), (0.50, 0.40, 0.31), smooth=True)
    for y in (-0.35, 0.35):
        scenery.put(place, solids.box(0.64, 0.08, 0.52).moved(0, y), GILT)


def _steps(scenery, place, rng):
    """Four steps that lead up and away."""
    for k in range(4):
        scenery.put(place, solids.box(0.35, 1.5, 0.25 * (k + 1)).moved(0.5 - 0.35 * k), (0.50, 0.44, 0.40))


_PROPS = (_lamp_stand, _chest, _lamp_stand, _steps)


def _box_seat(scenery, place, rng, curtain, low_m):
    """A box of the house: a parapet with a gilt rail, seats behind it, curtains beside it."""
    scenery.put(place, solids.box(0.4, 4.6, 1.1).moved(0.6, 0, low_m).mapped(2.5), SEATS)
    scenery.put(place, solids.box(0.5, 4.8, 0.14).moved(0.6, 0, low_m + 1.1), GILT)
    for y in (-1.9, 1.9):
        scenery.put(place, solids.box(0.3, 0.8, 3.4).moved(0.2, y, low_m).mapped(2.4), curtain)
    for y in (-0.9, 0.0, 0.9):
        scenery.put(place, solids.ball(0.22, 10, 6).moved(0.5, y, low_m + 1.8), GLOW, smooth=True)
