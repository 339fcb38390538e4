"""A town square: paving among lamps, planters and trees, house fronts all round, towers behind them."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery
from scenes.types import Pattern

PAVINGS = (
    Pattern("tiles", ((0.55, 0.55, 0.55), (0.65, 0.64, 0.63), (0.45, 0.45, 0.45)), 6),
    Pattern("bricks", ((0.58, 0.53, 0.49), (0.67, 0.62, 0.57), (0.49, 0.46, 0.43)), 14),
)
GLASS, FRAME = (0.40, 0.48, 0.55), (0.84, 0.83, 0.80)
FRONTS = tuple(
    Pattern("facade", (wall, GLASS, FRAME), 3)
    for wall in ((0.72, 0.62, 0.53), (0.66, 0.68, 0.68), (0.74, 0.70, 0.58), (0.62, 0.56, 0.54), (0.58, 0.63, 0.58))
)
TOWERS = tuple(Pattern("facade", (wall, (0.58, 0.66, 0.73), wall), 4) for wall in ((0.63, 0.68, 0.73), (0.69, 0.72, 0.75)))
LEAVES = Pattern("noise", ((0.28, 0.40, 0.25), (0.42, 0.52, 0.33)), 6)
CONCRETE = Pattern("noise", ((0.58, 0.57, 0.55), (0.68, 0.67, 0.65)), 5)
ROOF = (0.44, 0.40, 0.38)
SLATS = (0.46, 0.37, 0.29)
SKY = (0.74, 0.81, 0.87)


@ENVIRONMENTS.register
class Street(Environment):
    """Bollards, benches and lamps behind the stage, trees and stalls, a ring of houses, towers over their roofs."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(70.0, landmarks.pick(rng, PAVINGS), 6.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 7.0), 16)):
            _KERB[k % len(_KERB)](scenery, place, rng)
        for k, place in enumerate(landmarks.behind(rng, (9.0, 11.0), 22)):
            if k % 2:
                _stall(scenery, place, rng)
            else:
                landmarks.broadleaf(scenery, place, rng, LEAVES, rng.uniform(3.4, 4.6))
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.4), 15)):
            _LOW[k % len(_LOW)](scenery, place, rng)
        for place in landmarks.around(rng, (15.8, 16.8), 18):
            landmarks.street_lamp(scenery, place, rng.uniform(3.8, 4.6))
        for k, place in enumerate(landmarks.around(rng, (20.5, 23.0), 24)):
            size_m = (5.0, rng.uniform(4.6, 6.6), rng.choice([6.0, 9.0, 12.0]))
            landmarks.building(scenery, place, size_m, FRONTS[k % len(FRONTS)], ROOF)
        for place in landmarks.around(rng, (40.0, 52.0), 19):
            size_m = (8.0, rng.uniform(8, 12), rng.uniform(16, 30))
            landmarks.building(scenery, place, size_m, landmarks.pick(rng, TOWERS), (0.58, 0.62, 0.66))
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        return daylight(rng, elevation_deg=(40, 60), warmth=(0.0, 0.5), ambient=0.45, shadow=0.38)


def _bollard(scenery, place, rng):
    scenery.put(place, solids.post(0.11, 0.85, 12), (0.33, 0.35, 0.38), smooth=True)
    scenery.put(place, solids.ball(0.13, 12, 8).moved(z=0.88), (0.33, 0.35, 0.38), smooth=True)


def _bench(scenery, place, rng):
    landmarks.bench(scenery, place, SLATS)


def _planter(scenery, place, rng):
    scenery.put(place, solids.box(0.9, 0.9, 0.5).mapped(1.0), CONCRETE)
    landmarks.bush(scenery, place, rng, LEAVES, rng.uniform(0.75, 0.95), low_m=0.42)


def _lamp(scenery, place, rng):
    landmarks.street_lamp(scenery, place, rng.uniform(3.4, 4.2))


_KERB = (_bollard, _planter, _lamp, _bollard, _bench)
_LOW = (_planter, _bollard, _bench)


def _stall(scenery, place, rng):
    """A market stall under a striped awning."""
    awning = Pattern("folds", (landmarks.pick(rng, [(0.50, 0.56, 0.62), (0.62, 0.50, 0.46)]), (0.80, 0.78, 0.73)), 8)
    scenery.put(place, solids.box(1.0, 2.2, 0.9).mapped(1.5), SLATS)
    for y in (-1.0, 1.0):
        scenery.put(place, solids.post(0.04, 2.2, 6).moved(-0.4, y), ROOF)
    roof = solids.prism([(-0.8, 2.2), (0.9, 1.95), (0.9, 2.05), (-0.8, 2.5)], 2.5)
    scenery.put(place, roof.mapped(2.5), awning)
