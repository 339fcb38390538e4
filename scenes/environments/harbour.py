"""A container harbour: concrete, crates and bollards, stacks of containers, cranes on the skyline."""

from __future__ import annotations

from scenes import landmarks, solids
from scenes.environments.environment import ENVIRONMENTS, Environment, Setting, daylight
from scenes.landmarks import Scenery
from scenes.types import Pattern

GROUNDS = (
    Pattern("tiles", ((0.60, 0.60, 0.59), (0.69, 0.69, 0.67), (0.50, 0.50, 0.50)), 4),
    Pattern("tiles", ((0.50, 0.50, 0.51), (0.60, 0.59, 0.57), (0.41, 0.41, 0.42)), 6),
)
CONTAINERS = tuple(
    Pattern("folds", ((r, g, b), (0.82 * r, 0.82 * g, 0.82 * b)), 12)
    for r, g, b in ((0.52, 0.58, 0.62), (0.62, 0.47, 0.41), (0.45, 0.54, 0.49), (0.68, 0.62, 0.48), (0.47, 0.46, 0.52))
)
PINE = Pattern("planks", ((0.58, 0.50, 0.40), (0.67, 0.58, 0.47), (0.42, 0.35, 0.27)), 5)
SHED = Pattern("facade", ((0.66, 0.66, 0.63), (0.46, 0.52, 0.57), (0.78, 0.77, 0.74)), 2)
IRON = (0.34, 0.36, 0.40)
CRANE = (0.52, 0.55, 0.60)
SKY = (0.78, 0.82, 0.85)


@ENVIRONMENTS.register
class Harbour(Environment):
    """Crates behind the stage, containers in stacks at two distances, masts, sheds, and cranes on the skyline."""

    def build(self, rng):
        scenery = Scenery()
        scenery.floor(80.0, landmarks.pick(rng, GROUNDS), 8.0)
        for k, place in enumerate(landmarks.behind(rng, (5.8, 7.0), 20)):
            _goods(scenery, place, rng, k)
        for k, place in enumerate(landmarks.behind(rng, (10.2, 11.8), 34)):
            _stack(scenery, place, rng, k, rng.integers(1, 3))
        for k, place in enumerate(landmarks.around(rng, (12.9, 13.7), 15)):
            _goods(scenery, place, rng, k)
        for place in landmarks.around(rng, (16.0, 17.0), 20):
            landmarks.street_lamp(scenery, place, rng.uniform(5.0, 7.0), IRON)
        for k, place in enumerate(landmarks.around(rng, (20.5, 24.5), 27)):
            _stack(scenery, place, rng, k + 2, rng.integers(1, 4))
        for k, place in enumerate(landmarks.around(rng, (38.0, 50.0), 20)):
            _skyline(scenery, place, rng, k)
        return Setting(scenery.surfaces(), SKY)

    def light(self, rng):
        return daylight(rng, elevation_deg=(38, 60), warmth=(-0.2, 0.4), ambient=0.45, shadow=0.38)


def _goods(scenery, place, rng, k):
    """In turn, crates or a cable spool."""
    if k % 2:
        _crates(scenery, place, rng)
    else:
        _spool(scenery, place, rng)


def _skyline(scenery, place, rng, k):
    """In turn, a shed or a crane."""
    if k % 2:
        _crane(scenery, place, rng)
    else:
        landmarks.building(scenery, place, (8.0, 14.0, 7.0), SHED, IRON, 3.5)


def _crates(scenery, place, rng):
    size_m = rng.uniform(0.7, 1.0)
    landmarks.crate(scenery, place, size_m, PINE)
    if rng.random() < 0.5:
        landmarks.crate(scenery, place, 0.7 * size_m, PINE, low_m=0.8 * size_m)


def _spool(scenery, place, rng):
    """A cable spool on its side."""
    size = rng.uniform(0.8, 1.2)
    for z in (0.0, 0.62):
        scenery.put(place, solids.post(0.5, 0.08, 18).moved(z=z).scaled(size), (0.56, 0.49, 0.40), smooth=True)
    scenery.put(place, solids.post(0.27, 0.56, 14).moved(z=0.07).scaled(size), IRON, smooth=True)


def _stack(scenery, place, rng, first, storeys):
    """Containers on top of one another, each turned a little."""
    for k in range(int(storeys)):
        container = solids.box(2.2, 4.6, 2.1).moved(rng.uniform(-0.1, 0.1), rng.uniform(-0.3, 0.3), 2.1 * k)
        scenery.put(place, container.mapped(4.6), CONTAINERS[(first + 2 * k) % len(CONTAINERS)])


def _crane(scenery, place, rng):
    height_m = rng.uniform(13, 19)
    for x, y in ((-2, -2), (-2, 2), (2, -2), (2, 2)):
        scenery.put(place, solids.box(0.6, 0.6, height_m).moved(x, y), CRANE)
    scenery.put(place, solids.box(5, 5, 1.0).moved(z=0.7 * height_m), CRANE)
    scenery.put(place, solids.box(16, 1.2, 1.0).moved(3, 0, height_m), CRANE)
