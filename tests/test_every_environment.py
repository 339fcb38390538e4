"""Every registered environment: the same from the same seed, empty where the film is made, deep wherever one looks."""

import colorsys
import dataclasses

import numpy as np
import pytest
import trimesh

from scenes.environments import environment
from scenes.environments.environment import ENVIRONMENTS, Setting, build
from scenes.patterns import paint
from scenes.types import EnvironmentSpec

SEEDS = (0, 1, 2)
STAGE_M, GROUND_M, GROUND_DEG = 4.0, 12.0, 75.0
TARGET_M = np.array([0.0, 0.0, 0.7])
WORLDS = [pytest.param(name, seed, id=f"{name}-{seed}") for name in ENVIRONMENTS for seed in SEEDS]


def world(name: str, seed: int) -> Setting:
    return build(EnvironmentSpec(name, seed))


def mesh(setting: Setting, *, floor: bool = True) -> trimesh.Trimesh:
    """All of a world as one mesh, with or without the faces that lie on z = 0."""
    whole = trimesh.util.concatenate([surface.mesh for surface in setting.surfaces])
    if not floor:
        whole.update_faces(np.abs(whole.triangles[:, :, 2]).max(axis=1) > 1e-6)
    return whole


def azimuth_deg(points: np.ndarray) -> np.ndarray:
    """From −y, unsigned."""
    return np.degrees(np.abs(np.arctan2(points[:, 0], -points[:, 1])))


def viewpoints(rng: np.random.Generator, count: int) -> np.ndarray:
    """``(count, 3)``: where cameras may stand, moves included."""
    azimuth, elevation = np.deg2rad(rng.uniform(-65, 65, count)), np.deg2rad(rng.uniform(6, 30, count))
    away = np.stack([np.sin(azimuth) * np.cos(elevation), -np.cos(azimuth) * np.cos(elevation), np.sin(elevation)], axis=1)
    return TARGET_M + away * rng.uniform(5, 10, (count, 1))


@pytest.mark.parametrize("name, seed", WORLDS)
def test_the_same_seed_builds_the_same_world(name, seed):
    one = world(name, seed)
    environment.build.cache_clear()
    other = world(name, seed)
    assert one.background == other.background and len(one.surfaces) == len(other.surfaces)
    for a, b in zip(one.surfaces, other.surfaces, strict=True):
        assert (a.pattern, a.smooth, a.casts_shadow) == (b.pattern, b.smooth, b.casts_shadow)
        assert (
            np.array_equal(a.mesh.vertices, b.mesh.vertices) and np.array_equal(a.mesh.faces, b.mesh.faces) and np.array_equal(a.uv, b.uv)
        )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_seeds_differ(name):
    one, other = (mesh(world(name, seed)).vertices for seed in SEEDS[:2])
    assert one.shape != other.shape or not np.allclose(one, other)


@pytest.mark.parametrize("name, seed", WORLDS)
def test_the_stage_and_the_cameras_ground_are_empty_floor(name, seed):
    """Seen from straight above, the first thing under each point is the floor, at height 0."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(-12, 12.1, 0.2), np.arange(-12, 12.1, 0.2)))
    points = np.stack([x, y, np.full_like(x, 60.0)], axis=1)
    radius = np.hypot(x, y)
    clear = (radius <= STAGE_M) | ((radius <= GROUND_M) & (azimuth_deg(points) <= GROUND_DEG))
    hits, rays, _ = mesh(world(name, seed)).ray.intersects_location(
        points[clear], np.tile((0, 0, -1), (clear.sum(), 1)), multiple_hits=False
    )
    assert len(np.unique(rays)) == clear.sum()
    assert np.abs(hits[:, 2]).max() < 1e-4


@pytest.mark.parametrize("name, seed", WORLDS)
def test_no_landmark_reaches_into_the_clear_ground(name, seed):
    standing = mesh(world(name, seed), floor=False)
    points = np.vstack([standing.vertices[np.unique(standing.faces)], standing.triangles_center])
    radius = np.hypot(points[:, 0], points[:, 1])
    assert radius.min() > STAGE_M
    assert radius[azimuth_deg(points) <= GROUND_DEG].min() > GROUND_M
    assert points[:, 2].max() > 2.0


@pytest.mark.parametrize("name, seed", WORLDS)
def test_landmarks_stand_at_three_depths_wherever_a_camera_may_look(name, seed):
    """In each sector of 23° that is seen, landmarks fall into three or more steps of distance, each a fifth wide."""
    standing = mesh(world(name, seed), floor=False)
    for position in viewpoints(np.random.default_rng(seed), 6):
        depths = sector_depths(standing, position)
        assert min(len(steps) for steps in depths) >= 3, (position, depths)


def sector_depths(standing: trimesh.Trimesh, position: np.ndarray) -> list[set[int]]:
    """For five sectors across the view (field of view and pans), the occupied steps of distance."""
    ahead = np.degrees(np.arctan2(*(TARGET_M - position)[1::-1]))
    sectors = np.repeat(np.arange(5), 16 * 28)
    across = ahead - 57.5 + np.repeat(np.arange(80), 28) * 115 / 80
    up = np.tile(np.linspace(-22, 22, 28), 80)
    angles = np.deg2rad(np.stack([across, up]))
    rays = np.stack([np.cos(angles[0]) * np.cos(angles[1]), np.sin(angles[0]) * np.cos(angles[1]), np.sin(angles[1])], axis=1)
    hits, ray, _ = standing.ray.intersects_location(np.tile(position, (len(rays), 1)), rays, multiple_hits=False)
    step = np.floor(np.log(np.linalg.norm((hits - position)[:, :2], axis=1)) / np.log(1.2)).astype(int)
    return [{int(s) for s, n in zip(*np.unique(step[sectors[ray] == k], return_counts=True), strict=True) if n >= 3} for k in range(5)]


@pytest.mark.parametrize("name, seed", WORLDS)
def test_surfaces_are_sound_and_few(name, seed):
    surfaces = world(name, seed).surfaces
    assert len(surfaces) <= 40 and sum(len(surface.mesh.faces) for surface in surfaces) <= 16_000
    for surface in surfaces:
        assert surface.uv.shape == (len(surface.mesh.faces), 3, 2) and np.isfinite(surface.uv).all()
        assert surface.mesh.area_faces.min() > 1e-9 and np.abs(surface.mesh.vertices).max() < 200
        assert paint(surface.pattern, 32).shape == (32, 32, 3)
        if surface.casts_shadow:
            assert surface.mesh.is_watertight and surface.mesh.is_volume


@pytest.mark.parametrize("name, seed", WORLDS)
def test_the_floor_is_textured_for_optical_flow(name, seed):
    floors = [surface for surface in world(name, seed).surfaces if np.abs(surface.mesh.vertices[:, 2]).max() < 1e-6]
    brightness = paint(floors[0].pattern).mean(axis=-1)
    assert len(floors) == 1 and 0.015 < brightness.std() < 0.12


@pytest.mark.parametrize("name, seed", WORLDS)
def test_places_stay_muted(name, seed):
    """So that the saturated colours of objects stand out."""
    for surface in world(name, seed).surfaces:
        for colour in surface.pattern.colours:
            _, saturation, value = colorsys.rgb_to_hsv(*colour)
            assert saturation * value < 0.36, surface.pattern


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_light_comes_from_the_cameras_side_at_half_height(name):
    rng = np.random.default_rng(0)
    lights = [ENVIRONMENTS[name]().light(rng) for _ in range(50)]
    directions = np.array([light.direction for light in lights])
    elevation = np.degrees(np.arcsin(directions[:, 2] / np.linalg.norm(directions, axis=1)))
    assert elevation.min() >= 34.9 and elevation.max() <= 65.1
    assert (directions[:, 1] < 0).all() and (directions[:, 0] > 0.1).any() and (directions[:, 0] < -0.1).any()
    assert dataclasses.astuple(ENVIRONMENTS[name]().light(np.random.default_rng(5))) == dataclasses.astuple(
        ENVIRONMENTS[name]().light(np.random.default_rng(5))
    )
