"""A park: a lawn among hedges, benches and trees of two kinds, with hills behind."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery
from scenes.types import Pattern

LAWNS = (
    Pattern("grass", ((0.44, 0.53, 0.32), (0.53, 0.60, 0.38), (0.38, 0.47, 0.28)), 4),
    Pattern("grass", ((0.52, 0.54, 0.36), (0.61, 0.61, 0.43), (0.45, 0.48, 0.31)), 4),
)
LEAVES = (
    Pattern("noise", ((0.27, 0.39, 0.22), (0.40, 0.51, 0.30)), 6),
    Pattern("noise", ((0.36, 0.42, 0.22), (0.50, 0.54, 0.32)), 6),
    Pattern("noise", ((0.48, 0.42, 0.26), (0.62, 0.53, 0.34)), 6),
)
NEEDLES = Pattern("noise", ((0.19, 0.32, 0.26), (0.29, 0.42, 0.34)), 6)
HEDGE = Pattern("noise", ((0.24, 0.36, 0.20), (0.36, 0.47, 0.28)), 6)
HILL = Pattern("noise", ((0.46, 0.56, 0.48), (0.54, 0.63, 0.53)), 3)
FAR_HILL = Pattern("noise", ((0.56, 0.64, 0.66), (0.61, 0.69, 0.70)), 3)
SLATS = (0.50, 0.40, 0.30)
SKY = (0.70, 0.81, 0.90)


@ENVIRONMENTS.register
class Park(Environment):
    """Benches, bushes and a fence behind the stage, trees at three distances, two ranges of hills."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(90.0, landmarks.pick(rng, LAWNS), 5.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 7.2), 20)):
            if k % 3 == 1:
                landmarks.bench(scenery, place, SLATS)
            else:
                landmarks.bush(scenery, place, rng, LEAVES[k % 2], rng.uniform(0.6, 1.1))
        for k, place in enumerate(landmarks.behind(rng, (9.0, 11.0), 23)):
            if k % 2:
                landmarks.hedge(scenery, place, HEDGE, rng.uniform(2.0, 3.4), rng.uniform(0.8, 1.3))
            else:
                landmarks.broadleaf(scenery, place, rng, landmarks.pick(rng, LEAVES), rng.uniform(3.0, 4.4))
        for place in landmarks.around(rng, (14.8, 17.0), 24):
            landmarks.broadleaf(scenery, place, rng, landmarks.pick(rng, LEAVES), rng.uniform(4.0, 6.0))
        for place in landmarks.around(rng, (20.0, 27.0), 15):
            landmarks.conifer(scenery, place, rng, NEEDLES, rng.uniform(5.5, 9.0))
        _hills(scenery, rng)
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        return daylight(rng, elevation_deg=(38, 58), warmth=(0.0, 0.7), ambient=0.46, shadow=0.36)


def _hills(scenery, rng):
    for radius_m, every_deg, height_m, paint in (((48, 56), 24, (4, 7), HILL), ((66, 74), 30, (10, 15), FAR_HILL)):
        for place in landmarks.around(rng, radius_m, every_deg):
            hill = solids.ball(1.0, 14, 5).scaled(rng.uniform(9, 12), rng.uniform(14, 20), rng.uniform(*height_m))
            scenery.put(place, hill, paint, smooth=True, casts_shadow=False)
