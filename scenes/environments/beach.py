"""A beach: sand with deckchairs, parasols and palms, huts and boats, the sea with sails and islands."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery, sheet
from scenes.types import Pattern

SANDS = (
    Pattern("grass", ((0.70, 0.63, 0.51), (0.77, 0.71, 0.59), (0.62, 0.55, 0.43)), 3),
    Pattern("grass", ((0.64, 0.60, 0.53), (0.71, 0.67, 0.60), (0.55, 0.51, 0.45)), 3),
)
SEA = Pattern("noise", ((0.34, 0.54, 0.62), (0.46, 0.64, 0.69)), 9)
SURF = Pattern("noise", ((0.70, 0.78, 0.79), (0.86, 0.88, 0.86)), 6)
ROCK = Pattern("noise", ((0.46, 0.44, 0.42), (0.60, 0.57, 0.53)), 4)
ISLAND = Pattern("noise", ((0.44, 0.54, 0.46), (0.54, 0.62, 0.54)), 3)
DUNE = Pattern("noise", ((0.70, 0.65, 0.50), (0.56, 0.58, 0.40)), 4)
FRONDS = Pattern("noise", ((0.28, 0.44, 0.28), (0.42, 0.55, 0.36)), 4)
CLOTHS = tuple(Pattern("folds", (stripe, (0.86, 0.84, 0.79)), 5) for stripe in ((0.42, 0.54, 0.68), (0.72, 0.48, 0.44), (0.46, 0.60, 0.52)))
HUTS = tuple(
    Pattern("planks", (wall, (1.1 * wall[0], 1.1 * wall[1], 1.1 * wall[2]), (0.8 * wall[0], 0.8 * wall[1], 0.8 * wall[2])), 8)
    for wall in ((0.56, 0.66, 0.72), (0.74, 0.60, 0.54), (0.62, 0.70, 0.60), (0.78, 0.73, 0.58))
)
WOOD, WHITE, SAIL = (0.58, 0.48, 0.38), (0.88, 0.87, 0.84), (0.90, 0.88, 0.82)
SHORE_Y_M, SEA_M = 19.0, 95.0
SKY = (0.64, 0.80, 0.92)


@ENVIRONMENTS.register
class Beach(Environment):
    """Deckchairs, rocks and castles behind the stage, parasols and palms, boats, huts inland, sails and islands out at sea."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(110.0, landmarks.pick(rng, SANDS), 5.0)
        _sea(scenery)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 6.8), 20)):
            _SMALL[k % len(_SMALL)](scenery, place, rng)
        for k, place in enumerate(landmarks.behind(rng, (9.0, 10.8), 23)):
            _TALL[k % len(_TALL)](scenery, place, rng)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.7), 17)):
            _SMALL[(k + 1) % len(_SMALL)](scenery, place, rng)
        for k, place in enumerate(landmarks.around(rng, (15.6, 17.2), 18)):
            _TALL[(k + 1) % len(_TALL)](scenery, place, rng)
        for place in landmarks.around(rng, (22.0, 27.0), 15):
            (_sailing_boat if place.y > SHORE_Y_M + 2 else _hut)(scenery, place, rng)
        _far(scenery, rng)
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        return daylight(rng, elevation_deg=(42, 60), warmth=(0.1, 0.7), ambient=0.46, shadow=0.36)


def _sea(scenery):
    """Water from the shore to the horizon, over it a strip of surf."""
    for near_m, far_m, z, paint, metres in ((SHORE_Y_M, SEA_M, 0.05, SEA, 12.0), (SHORE_Y_M - 0.7, SHORE_Y_M + 0.6, 0.1, SURF, 4.0)):
        corners = [(-110.0, near_m, z), (110.0, near_m, z), (110.0, far_m, z), (-110.0, far_m, z)]
        scenery.add(sheet(corners, metres), paint, casts_shadow=False)


def _deckchair(scenery, place, rng):
    """A canvas between two crossed frames."""
    cloth = landmarks.pick(rng, CLOTHS)
    seat = [(-0.62, 0.95), (-0.1, 0.28), (0.5, 0.4), (0.5, 0.44), (-0.1, 0.33), (-0.58, 0.98)]
    scenery.put(place, solids.prism(seat[:2] + seat[4:], 0.6).mapped(1.2), cloth)
    scenery.put(place, solids.prism(seat[1:5], 0.6).mapped(1.2), cloth)
    for y in (-0.33, 0.33):
        scenery.put(place, solids.box(0.06, 0.05, 1.3).turned(-42, "y").moved(0.25, y), WOOD)
        scenery.put(place, solids.box(0.06, 0.05, 0.8).turned(50, "y").moved(-0.3, y), WOOD)


def _boulders(scenery, place, rng):
    for x, y, size_m in ((0, -0.3, 0.5), (0.1, 0.4, 0.36), (-0.4, 0.1, 0.66)):
        rock = solids.ball(size_m, 9, 5).scaled(1, 1.2, 0.7).turned(rng.uniform(0, 360))
        scenery.put(place, rock.moved(x, y, 0.2 * size_m), ROCK)


def _castle(scenery, place, rng):
    """A castle of sand: four towers and a keep."""
    sand = landmarks.shade(rng, (0.72, 0.64, 0.50), 0.0)
    scenery.put(place, solids.box(0.8, 0.8, 0.3), sand)
    for x in (-0.4, 0.4):
        for y in (-0.4, 0.4):
            scenery.put(place, solids.post(0.16, 0.45, 10, 0.13).moved(x, y), sand, smooth=True)
    scenery.put(place, solids.post(0.22, 0.75, 12, 0.17), sand, smooth=True)
    scenery.put(place, solids.box(0.03, 0.03, 0.4).moved(z=0.74), WOOD)
    scenery.put(place, solids.box(0.03, 0.24, 0.14).moved(0, 0.12, 1.0), (0.72, 0.48, 0.44))


def _surfboard(scenery, place, rng):
    """A board that stands in the sand."""
    outline = [(0.16, 0), (0.27, 0.5), (0.27, 1.2), (0.16, 1.7), (0, 1.9), (-0.16, 1.7), (-0.27, 1.2), (-0.27, 0.5), (-0.16, 0)]
    board = solids.prism(outline, 0.07).turned(90).turned(rng.uniform(-12, 12), "x")
    scenery.put(place, board.mapped(2.0), landmarks.pick(rng, CLOTHS))


_SMALL = (_deckchair, _boulders, _surfboard, _deckchair, _castle)


def _parasol(scenery, place, rng):
    """A striped parasol over two towels."""
    scenery.put(place, solids.post(0.04, 2.3, 8), WHITE, smooth=True)
    shade = solids.revolve([(0, 1.95), (1.2, 1.85), (1.2, 1.9), (0.65, 2.25), (0, 2.45)], 16)
    cloth = landmarks.pick(rng, CLOTHS)
    scenery.put(place, shade, cloth)
    for y in (-0.6, 0.6):
        scenery.put(place, solids.box(1.7, 0.75, 0.03).moved(0.4, y).mapped(1.5), cloth, casts_shadow=False)


def _palm(scenery, place, rng):
    """A leaning trunk under seven fronds."""
    height_m, lean_deg = rng.uniform(3.2, 4.6), rng.uniform(-10, 10)
    trunk = solids.post(0.15, height_m, 8, 0.1)
    scenery.put(place, trunk.turned(lean_deg, "x"), landmarks.TRUNK, smooth=True)
    leaf = solids.prism([(0, 0), (0.8, 0.12), (1.6, -0.45), (0.75, 0.28), (0, 0.12)], 0.4)
    for k in range(7):
        frond = leaf.turned(51.4 * k + rng.uniform(-8, 8)).moved(z=height_m - 0.08).turned(lean_deg, "x")
        scenery.put(place, frond, FRONDS)


def _rowing_boat(scenery, place, rng):
    """A boat on the sand, its side to the stage."""
    ends = [(-0.4, -1.0, 0.5), (0.4, -1.0, 0.5), (-0.25, -0.8, 0.05), (0.25, -0.8, 0.05), (-0.25, 0.7, 0.05), (0.25, 0.7, 0.05)]
    hull = solids.hull([*ends, (-0.45, 0.7, 0.5), (0.45, 0.7, 0.5), (0, 1.5, 0.62), (0, 1.15, 0.1)])
    scenery.put(place, hull.turned(rng.uniform(-25, 25)), landmarks.pick(rng, ((0.44, 0.55, 0.64), (0.70, 0.50, 0.44))))
    scenery.put(place, solids.box(0.7, 0.3, 0.05).moved(0, -0.2, 0.5), WOOD)


_TALL = (_parasol, _palm, _rowing_boat, _palm)


def _hut(scenery, place, rng):
    """A painted hut with a gable and a white door."""
    walls = solids.prism([(-1.3, 0), (1.3, 0), (1.3, 2.3), (0, 3.3), (-1.3, 2.3)], 2.6).turned(90)
    scenery.put(place, walls.mapped(3.0), landmarks.pick(rng, HUTS))
    for side in (-1, 1):
        slope = [(0, 3.25), (1.6 * side, 2.0), (1.6 * side, 2.2), (0, 3.45)]
        scenery.put(place, solids.prism(slope if side > 0 else slope[::-1], 3.0).turned(90), WHITE)
    scenery.put(place, solids.box(0.1, 0.9, 1.9).moved(1.28), WHITE)


def _sailing_boat(scenery, place, rng):
    scenery.put(place, solids.prism([(-1.5, 0.1), (1.5, 0.1), (2.0, 0.8), (-1.7, 0.8)], 1.1).turned(90 + rng.uniform(-30, 30)), WHITE)
    scenery.put(place, solids.post(0.06, 5.0, 6).moved(z=0.6), WOOD)
    for outline in ([(0.12, 1.2), (1.8, 1.2), (0.12, 5.2)], [(-0.12, 1.2), (-0.12, 4.6), (-1.5, 1.2)]):
        scenery.put(place, solids.prism(outline, 0.05).turned(90), SAIL)


def _far(scenery, rng):
    """Dunes inland, islands and a lighthouse at sea."""
    for k, place in enumerate(landmarks.around(rng, (46, 58), 21)):
        at_sea = place.y > SHORE_Y_M + 8
        size = (rng.uniform(6, 8), rng.uniform(9, 13), rng.uniform(5, 9)) if at_sea else (9, rng.uniform(13, 18), rng.uniform(4, 7))
        scenery.put(place, solids.ball(1.0, 14, 6).scaled(*size), ISLAND if at_sea else DUNE, smooth=True, casts_shadow=False)
        if at_sea and k % 2:
            scenery.put(place, solids.post(1.2, 7.0, 12, 0.8).moved(z=size[2] - 0.6), WHITE, smooth=True)
            scenery.put(place, solids.revolve([(0, 0), (1.2, 0), (1.2, 1.0), (0, 2.0)], 12).moved(z=size[2] + 6.4), (0.66, 0.44, 0.40))
