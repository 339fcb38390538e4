"""A playground: a rubber floor among swings, slides and climbing frames, a fence, trees, and houses with gables."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery
from scenes.types import Pattern

FLOORS = (
    Pattern("tiles", ((0.58, 0.47, 0.43), (0.68, 0.57, 0.51), (0.50, 0.40, 0.37)), 5),
    Pattern("tiles", ((0.47, 0.54, 0.61), (0.58, 0.64, 0.69), (0.41, 0.47, 0.53)), 5),
    Pattern("tiles", ((0.52, 0.57, 0.54), (0.62, 0.66, 0.61), (0.46, 0.50, 0.48)), 5),
)
PAINTS = ((0.42, 0.52, 0.66), (0.68, 0.46, 0.42), (0.46, 0.58, 0.48), (0.74, 0.66, 0.46))
LEAVES = (
    Pattern("noise", ((0.28, 0.40, 0.24), (0.42, 0.53, 0.32)), 6),
    Pattern("noise", ((0.36, 0.44, 0.26), (0.50, 0.56, 0.36)), 6),
)
SAND = Pattern("noise", ((0.72, 0.65, 0.52), (0.80, 0.74, 0.61)), 5)
WOOD = Pattern("planks", ((0.58, 0.49, 0.38), (0.66, 0.57, 0.45), (0.42, 0.35, 0.27)), 6)
FRONTS = tuple(
    Pattern("facade", (wall, (0.44, 0.51, 0.58), (0.88, 0.87, 0.84)), 3)
    for wall in ((0.78, 0.72, 0.62), (0.70, 0.58, 0.52), (0.66, 0.70, 0.70), (0.76, 0.76, 0.72))
)
ROOFS = ((0.54, 0.36, 0.32), (0.42, 0.40, 0.42), (0.50, 0.40, 0.34))
STEEL = (0.58, 0.60, 0.63)
SKY = (0.66, 0.80, 0.92)


@ENVIRONMENTS.register
class Playground(Environment):
    """Rockers, seesaws and sandpits behind the stage, swings, slides and frames, a fence with benches, trees, a ring of houses."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(70.0, landmarks.pick(rng, FLOORS), 6.0)
        for k, place in enumerate(landmarks.behind(rng, (5.9, 6.9), 20)):
            _SMALL[k % len(_SMALL)](scenery, place, rng)
        for k, place in enumerate(landmarks.behind(rng, (9.4, 10.6), 23)):
            _LARGE[k % len(_LARGE)](scenery, place, rng)
        for place in landmarks.around(rng, (12.9, 13.3), 14):
            _railing(scenery, place, rng)
        for k, place in enumerate(landmarks.around(rng, (15.8, 17.5), 22)):
            landmarks.broadleaf(scenery, place, rng, LEAVES[k % 2], rng.uniform(3.6, 5.0))
        for place in landmarks.around(rng, (22.0, 26.0), 24):
            _house(scenery, place, rng)
        for place in landmarks.around(rng, (38.0, 46.0), 24):
            landmarks.building(scenery, place, (8.0, rng.uniform(7, 11), rng.uniform(11, 18)), FRONTS[3], ROOFS[1])
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        return daylight(rng, elevation_deg=(42, 60), warmth=(0.0, 0.6), ambient=0.46, shadow=0.36)


def _rocker(scenery, place, rng):
    """A spring rocker in the shape of a duck."""
    scenery.put(place, solids.post(0.14, 0.35, 10, 0.1), STEEL, smooth=True)
    body = solids.ball(0.3, 14, 8).scaled(0.8, 1.3, 0.75)
    scenery.put(place, body.moved(z=0.52), landmarks.pick(rng, PAINTS), smooth=True)
    scenery.put(place, solids.ball(0.18, 12, 8).moved(0, 0.4, 0.86), (0.84, 0.82, 0.78), smooth=True)
    scenery.put(place, solids.box(0.5, 0.05, 0.05).moved(0, 0.18, 0.8), STEEL)


def _seesaw(scenery, place, rng):
    """A plank over a block, one end down."""
    scenery.put(place, solids.prism([(-0.25, 0), (0.25, 0), (0, 0.5)], 0.4).turned(90), STEEL)
    tilt = rng.choice([-1, 1]) * 12
    scenery.put(place, solids.box(0.3, 2.6, 0.07).turned(tilt, "x").moved(z=0.46), landmarks.pick(rng, PAINTS))
    for y in (-1.0, 1.0):
        handle = solids.box(0.3, 0.05, 0.3).moved(0, y, 0.05).turned(tilt, "x")
        scenery.put(place, handle.moved(z=0.46), STEEL)


def _sandpit(scenery, place, rng):
    """Sand in a frame of beams, with a bucket."""
    scenery.put(place, solids.box(1.5, 2.0, 0.14).mapped(2.0), SAND)
    for x in (-0.8, 0.8):
        scenery.put(place, solids.box(0.16, 2.3, 0.26).mapped(2.0).moved(x), WOOD)
    for y in (-1.07, 1.07):
        scenery.put(place, solids.box(1.5, 0.16, 0.26).mapped(2.0).moved(0, y), WOOD)
    scenery.put(place, solids.post(0.1, 0.24, 12, 0.14).moved(0.2, rng.uniform(-0.6, 0.6), 0.13), landmarks.pick(rng, PAINTS), smooth=True)


def _stumps(scenery, place, rng):
    """Posts to step on, of rising height."""
    for k in range(4):
        stump = solids.post(0.2, 0.22 + 0.16 * k, 12)
        scenery.put(place, stump.moved(0.15 * (-1) ** k, 0.55 * (k - 1.5)), landmarks.shade(rng, (0.58, 0.49, 0.38), 0.0), smooth=True)


_SMALL = (_rocker, _sandpit, _seesaw, _stumps)


def _swing(scenery, place, rng):
    """Two seats under a beam on four legs."""
    paint = landmarks.pick(rng, PAINTS)
    for y in (-1.5, 1.5):
        for lean in (-16, 16):
            scenery.put(place, solids.post(0.06, 2.5, 8).turned(-lean, "y").moved(lean / 16 * 0.69, y), paint, smooth=True)
    scenery.put(place, solids.box(0.12, 3.2, 0.12).moved(z=2.36), paint)
    for y in (-0.65, 0.65):
        scenery.put(place, solids.box(0.28, 0.5, 0.05).moved(0, y, 0.5), (0.26, 0.26, 0.28))
        for side in (-0.22, 0.22):
            scenery.put(place, solids.box(0.025, 0.025, 1.9).moved(0, y + side, 0.5), STEEL)


def _slide(scenery, place, rng):
    """A tower with a roof, a ladder behind, a chute down across the view."""
    paint, other = landmarks.pick(rng, PAINTS), landmarks.pick(rng, PAINTS)
    for x in (-0.45, 0.45):
        for y in (-0.45, 0.45):
            scenery.put(place, solids.box(0.1, 0.1, 2.5).moved(x, y - 0.8), WOOD)
    scenery.put(place, solids.box(1.0, 1.0, 0.08).moved(0, -0.8, 1.3), WOOD)
    roof = solids.prism([(-0.7, 2.45), (0.7, 2.45), (0, 3.1)], 1.3)
    scenery.put(place, roof.moved(0, -0.8), paint)
    chute = [(-0.35, 1.34), (1.7, 0.2), (2.2, 0.12), (2.2, 0.2), (1.72, 0.3), (-0.35, 1.44)]
    scenery.put(place, solids.prism(chute, 0.6).turned(90), other)
    for side in (-0.32, 0.32):
        rim = [(-0.35, 1.34), (1.7, 0.2), (2.2, 0.14), (2.2, 0.36), (1.75, 0.46), (-0.35, 1.62)]
        scenery.put(place, solids.prism(rim, 0.05).turned(90).moved(side), other)


def _frame(scenery, place, rng):
    """A climbing frame: a lattice of bars, two by two by two cells."""
    paint, steps = landmarks.pick(rng, PAINTS), (-0.7, 0.0, 0.7)
    for a in steps:
        for b in steps:
            scenery.put(place, solids.box(0.07, 0.07, 1.9).moved(a, b), paint)
        for z in (0.6, 1.2, 1.83):
            scenery.put(place, solids.box(1.47, 0.06, 0.06).moved(0, a, z), paint)
            scenery.put(place, solids.box(0.06, 1.47, 0.06).moved(a, 0, z), paint)


_LARGE = (_swing, _slide, _frame)


def _railing(scenery, place, rng):
    """A piece of fence: pales between two rails."""
    for z in (0.25, 0.85):
        scenery.put(place, solids.box(0.06, 2.6, 0.08).moved(z=z), STEEL)
    for k in range(7):
        scenery.put(place, solids.box(0.08, 0.14, 1.1).moved(0, 0.4 * (k - 3)), PAINTS[k % 2 + 2])


def _house(scenery, place, rng):
    """A house of two storeys under a pitched roof, its gable to the stage."""
    half_m, eaves_m = rng.uniform(2.6, 3.4), 5.4
    ridge_m = eaves_m + 0.8 * half_m
    front, roof = landmarks.pick(rng, FRONTS), landmarks.pick(rng, ROOFS)
    walls = solids.prism([(-half_m, 0), (half_m, 0), (half_m, eaves_m), (0, ridge_m), (-half_m, eaves_m)], 7.0).turned(90)
    scenery.put(place, walls.mapped(8.1), front)
    for side in (-1, 1):
        edge_m = side * (half_m + 0.4)
        slope = [(0, ridge_m), (edge_m, eaves_m - 0.3), (edge_m, eaves_m), (0, ridge_m + 0.3)]
        scenery.put(place, solids.prism(slope if side > 0 else slope[::-1], 7.6).turned(90), roof)
