"""A square at night: paving under street lamps, stalls with strings of lights, lit windows, a dark sky."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Place, Scenery
from scenes.types import LightSpec, Pattern

PAVINGS = (
    Pattern("tiles", ((0.33, 0.36, 0.42), (0.43, 0.46, 0.51), (0.24, 0.26, 0.31)), 6),
    Pattern("bricks", ((0.36, 0.36, 0.40), (0.47, 0.46, 0.49), (0.26, 0.26, 0.30)), 12),
    Pattern("parquet", ((0.32, 0.35, 0.40), (0.42, 0.45, 0.50), (0.23, 0.25, 0.29)), 4),
)
GLOW, AMBER = (1.0, 0.95, 0.78), (0.98, 0.86, 0.64)
FRONTS = tuple(
    Pattern("lit_windows", (wall, AMBER, (0.13, 0.14, 0.18)), 4) for wall in ((0.25, 0.23, 0.27), (0.20, 0.24, 0.30), (0.28, 0.25, 0.25))
)
TOWERS = tuple(
    Pattern("lit_windows", (wall, lit, wall), 6) for wall, lit in (((0.13, 0.15, 0.22), AMBER), ((0.15, 0.16, 0.21), (0.74, 0.84, 0.94)))
)
LEAVES = Pattern("noise", ((0.13, 0.20, 0.18), (0.22, 0.30, 0.25)), 6)
AWNINGS = tuple(Pattern("folds", (stripe, (0.62, 0.60, 0.57)), 8) for stripe in ((0.40, 0.24, 0.25), (0.24, 0.32, 0.42)))
SLATS, IRON, ROOF = (0.33, 0.27, 0.23), (0.17, 0.18, 0.22), (0.14, 0.14, 0.18)
SKY = (0.055, 0.07, 0.14)


@ENVIRONMENTS.register
class Night(Environment):
    """Lanterns, benches and planters behind the stage, stalls and trees, street lamps, houses with lit windows, towers, a moon."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(70.0, landmarks.pick(rng, PAVINGS), 5.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 7.0), 18)):
            _KERB[k % len(_KERB)](scenery, place, rng)
        for k, place in enumerate(landmarks.behind(rng, (9.4, 10.8), 21)):
            if k % 2:
                landmarks.broadleaf(scenery, place, rng, LEAVES, rng.uniform(3.4, 4.6))
            else:
                _stall(scenery, place, rng)
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.5), 16)):
            _KERB[(k + 2) % len(_KERB)](scenery, place, rng)
        for place in landmarks.around(rng, (16.0, 17.0), 20):
            landmarks.street_lamp(scenery, place, rng.uniform(4.0, 4.8), IRON)
        for k, place in enumerate(landmarks.around(rng, (21.0, 23.5), 24)):
            landmarks.building(scenery, place, (5.0, rng.uniform(5.0, 7.0), rng.choice([6.4, 9.6, 12.8])), FRONTS[k % 3], ROOF, 3.2)
        for place in landmarks.around(rng, (40.0, 52.0), 18):
            landmarks.building(scenery, place, (8.0, rng.uniform(8, 12), rng.uniform(16, 30)), landmarks.pick(rng, TOWERS), ROOF)
        _moon(scenery, rng)
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        """Cool and from high up; as bright as will keep dark objects plain to see."""
        lamps = daylight(rng, elevation_deg=(46, 62), warmth=(-0.9, -0.4), ambient=0.42, shadow=0.45)
        return LightSpec(lamps.direction, key=0.88, ambient=lamps.ambient, warmth=lamps.warmth, shadow=lamps.shadow)


def _lantern(scenery, place, rng):
    """A low post with a glowing globe."""
    scenery.put(place, solids.post(0.06, 1.3, 8), IRON, smooth=True)
    scenery.put(place, solids.ball(0.2, 14, 8).moved(z=1.45), GLOW, smooth=True, casts_shadow=False)
    scenery.put(place, solids.post(0.14, 0.05, 10).moved(z=1.64), IRON)


def _bench(scenery, place, rng):
    landmarks.bench(scenery, place, SLATS)


def _planter(scenery, place, rng):
    scenery.put(place, solids.box(0.9, 0.9, 0.5), (0.32, 0.33, 0.37))
    landmarks.bush(scenery, place, rng, LEAVES, rng.uniform(0.75, 0.95), low_m=0.42)


def _lit_sign(scenery, place, rng):
    """A pillar for posters, lit from inside."""
    scenery.put(place, solids.post(0.45, 0.3, 16), IRON, smooth=True)
    scenery.put(place, solids.post(0.4, 1.9, 16).moved(z=0.3), landmarks.pick(rng, (AMBER, (0.72, 0.82, 0.90))), smooth=True)
    scenery.put(place, solids.revolve([(0, 2.2), (0.52, 2.2), (0.48, 2.34), (0, 2.6)], 16), IRON, smooth=True)


_KERB = (_lantern, _bench, _lantern, _planter, _lit_sign)


def _stall(scenery, place, rng):
    """A stall under a striped awning, with lamps along its edge."""
    scenery.put(place, solids.box(1.0, 2.4, 0.9), SLATS)
    for y in (-1.1, 1.1):
        scenery.put(place, solids.post(0.04, 2.2, 6).moved(-0.4, y), IRON)
    roof = solids.prism([(-0.8, 2.2), (0.9, 1.95), (0.9, 2.05), (-0.8, 2.5)], 2.7)
    scenery.put(place, roof.mapped(2.5), landmarks.pick(rng, AWNINGS))
    for k in range(5):
        scenery.put(place, solids.ball(0.08, 8, 6).moved(0.9, 0.55 * (k - 2), 1.86), GLOW, smooth=True, casts_shadow=False)


def _moon(scenery, rng):
    """A full moon behind the towers, on the side that cameras look to."""
    place = Place.polar(120.0, 180 + rng.uniform(-40, 40))
    scenery.put(place, solids.ball(5.0, 20, 12).moved(z=rng.uniform(40, 52)), (0.94, 0.94, 0.88), smooth=True, casts_shadow=False)
