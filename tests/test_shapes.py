"""Every shape, every pattern and every colour: closed, as large as asked for, called by its colour, and seen to turn."""

import dataclasses
import itertools
import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scenes import patterns, shapes, solids
from scenes.catalogue import UnknownName
from scenes.colours import COLOURS, deep_shade, light_tint
from scenes.geometry import about
from scenes.patterns import OBJECT_KINDS, paint, plain
from scenes.shapes import SHAPES, extent_m, object_mesh, random_pattern, surfaces
from scenes.types import ObjectSpec, Pattern

BACKDROP = 0.6
TURNS_DEG = np.arange(0, 360, 45)


def pattern_of(kind: str, colour: str = "red") -> Pattern:
    return Pattern(kind, (COLOURS[colour], light_tint(COLOURS[colour]), deep_shade(COLOURS[colour])), OBJECT_KINDS[kind][0])


def object_of(shape: str, size_m: float = 0.7) -> ObjectSpec:
    return ObjectSpec(f"red {shape}", shape, size_m, "red", pattern_of("stripes"), (0.0, 0.0, 0.0))


def painted(surface, corner_weights: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Colours of points on a surface, given their faces and barycentric weights."""
    picture = paint(surface.pattern)
    uv = np.einsum("pc,pcx->px", corner_weights, surface.uv[faces])
    column, row = (np.floor(uv * len(picture)).astype(int) % len(picture)).T
    return picture[row, column]


def look(parts, axis: str, turn_deg: float, tilt_deg: float, size_m: float = 1.0, rays: int = 28) -> np.ndarray:
    """Unlit orthographic picture ``(rays², 3)`` of an object turned about an axis through its centre."""
    turn = about({"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}[axis], np.deg2rad(turn_deg))
    view = about((1, 0, 0), np.deg2rad(-tilt_deg)) if axis == "z" else about((0, 0, 1), np.deg2rad(tilt_deg))
    across, up = np.meshgrid(np.linspace(-0.6, 0.6, rays) * size_m, np.linspace(-0.6, 0.6, rays) * size_m)
    local = turn.inv() * view
    starts = local.apply(np.stack([across, np.full_like(across, -4 * size_m), up], axis=-1).reshape(-1, 3))
    towards = local.apply((0, 1, 0))
    picture, nearest = np.full((len(starts), 3), BACKDROP), np.full(len(starts), np.inf)
    for part in parts:
        points, hit, faces = part.mesh.ray.intersects_location(starts, np.tile(towards, (len(starts), 1)), multiple_hits=False)
        depth = (points - starts[hit]) @ towards
        front = depth < nearest[hit]
        weights = barycentric(part.mesh.triangles[faces[front]], points[front])
        picture[hit[front]] = painted(part, weights, faces[front])
        nearest[hit[front]] = depth[front]
    return picture


def barycentric(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    edges = np.swapaxes(triangles[:, 1:] - triangles[:, :1], 1, 2)
    tail = np.einsum("pij,pj->pi", np.linalg.pinv(edges), points - triangles[:, 0])
    return np.column_stack([1 - tail.sum(axis=1), tail])


def least_change(parts, axis: str, tilt_deg: float) -> float:
    """The least mean change of colour between two turns, over the pixels that the object covers in either."""
    views = [look(parts, axis, turn, tilt_deg) for turn in TURNS_DEG]
    covered = [np.abs(view - BACKDROP).max(axis=1) > 1e-6 for view in views]
    return min(np.abs(views[a] - views[b])[covered[a] | covered[b]].mean() for a, b in itertools.combinations(range(len(views)), 2))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_part_is_closed_and_faces_outward(shape):
    for surface in surfaces(shape, 0.7, pattern_of("stripes"), "red"):
        assert surface.mesh.is_watertight and surface.mesh.is_volume
        assert surface.mesh.area_faces.min() > 1e-8
        assert all(piece.volume > 0 for piece in surface.mesh.split(only_watertight=False))
        assert surface.uv.shape == (len(surface.mesh.faces), 3, 2) and np.isfinite(surface.uv).all()


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=8, deadline=None)
@given(size_m=st.floats(0.05, 5.0))
def test_size_centre_and_extent_are_as_asked(shape, size_m):
    low, high = object_mesh(object_of(shape, size_m)).bounds
    assert np.allclose(low, -high, atol=1e-9 * size_m)
    assert np.isclose((high - low).max(), size_m)
    assert np.allclose(extent_m(shape, size_m), high - low)


@pytest.mark.parametrize("shape", SHAPES)
def test_object_mesh_holds_all_surfaces(shape):
    parts = surfaces(shape, 0.7, pattern_of("stripes"), "red")
    assert len(object_mesh(object_of(shape)).faces) == sum(len(part.mesh.faces) for part in parts)
    assert len(parts) <= 6 and sum(len(part.mesh.faces) for part in parts) <= 5000


@pytest.mark.parametrize("shape", [name for name, shape in SHAPES.items() if shape.round])
def test_round_shapes_have_a_round_silhouette_along_y(shape):
    points = object_mesh(object_of(shape, 1.0)).vertices[:, [0, 2]]
    angles = np.deg2rad(np.arange(0, 180, 7))
    supports = (points @ np.stack([np.cos(angles), np.sin(angles)])).max(axis=0)
    assert np.ptp(supports) < 0.01 * supports.mean()


@pytest.mark.parametrize("tilt_deg", [5, 40])
@pytest.mark.parametrize("kind", OBJECT_KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_spin_is_seen(shape, kind, tilt_deg):
    assert least_change(surfaces(shape, 1.0, pattern_of(kind), "red"), "z", tilt_deg) > 0.02


@pytest.mark.parametrize("kind", OBJECT_KINDS)
@pytest.mark.parametrize("shape", [name for name, shape in SHAPES.items() if shape.round])
def test_a_roll_is_seen(shape, kind):
    assert least_change(surfaces(shape, 1.0, pattern_of(kind), "red"), "y", 30) > 0.02


def test_a_plain_ball_would_fail_the_spin_test():
    assert least_change(surfaces("ball", 1.0, plain(COLOURS["red"]), "red"), "z", 5) < 0.02


@pytest.mark.parametrize("shape", SHAPES)
def test_most_of_what_is_seen_has_the_colour_it_is_called_by(shape):
    views = [
        look(surfaces(shape, 1.0, pattern_of(kind), "red"), "z", turn, 20) for kind, turn in itertools.product(OBJECT_KINDS, TURNS_DEG[::2])
    ]
    seen = np.concatenate([view[np.abs(view - BACKDROP).max(axis=1) > 1e-6] for view in views])
    red = [np.abs(seen - colour).max(axis=1) < 0.04 for colour in (COLOURS["red"], deep_shade(COLOURS["red"]))]
    assert np.mean(red[0] | red[1]) > 0.6


@pytest.mark.parametrize("kind", patterns.kinds())
def test_pictures_are_sound_and_repeatable(kind):
    pattern = Pattern(kind, ((0.8, 0.1, 0.1), (0.9, 0.7, 0.7), (0.4, 0.0, 0.0)), 4)
    picture = paint(pattern, 64)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 1
    patterns._drawn.cache_clear()
    assert np.array_equal(paint(pattern, 64), picture)
    assert (np.ptp(picture.reshape(-1, 3), axis=0).max() < 1e-6) == (kind == "plain")


@pytest.mark.parametrize("kind", ["noise", "grass", "folds", "tiles", "checker", "patches", "zigzag"])
def test_pictures_for_places_tile(kind):
    picture = paint(Pattern(kind, ((0.2, 0.2, 0.2), (0.8, 0.8, 0.8), (0.5, 0.5, 0.5)), 4), 128)
    steps = np.abs(np.diff(picture, axis=0, append=picture[:1])).mean(axis=(1, 2))
    assert steps[-1] <= 1.5 * steps[:-1].max()


@pytest.mark.parametrize("colour", COLOURS)
def test_the_second_colours_differ_from_the_first(colour):
    first, tint, shade = (lab(c) for c in (COLOURS[colour], light_tint(COLOURS[colour]), deep_shade(COLOURS[colour])))
    assert min(np.linalg.norm(first - tint), np.linalg.norm(first - shade), np.linalg.norm(tint - shade)) > 12


def test_colours_are_told_apart():
    for one, other in itertools.combinations(COLOURS, 2):
        assert np.linalg.norm(lab(COLOURS[one]) - lab(COLOURS[other])) > 30, (one, other)


def lab(colour) -> np.ndarray:
    """CIE L*a*b*, in which a distance of 2 to 3 can just be seen."""
    return cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_RGB2Lab)[0, 0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), colour=st.sampled_from(sorted(COLOURS)))
def test_random_patterns_are_repeatable_and_survive_json(seed, colour):
    pattern = random_pattern(np.random.default_rng(seed), COLOURS[colour])
    assert pattern == random_pattern(np.random.default_rng(seed), COLOURS[colour])
    record = json.loads(json.dumps(dataclasses.asdict(pattern)))
    assert Pattern(record["kind"], tuple(map(tuple, record["colours"])), record["repeats"]) == pattern
    picture = paint(pattern, 64)
    assert np.mean(np.abs(picture - COLOURS[colour]).max(axis=-1) < 0.04) > 0.6


def test_random_patterns_use_every_kind():
    rng = np.random.default_rng(0)
    assert {random_pattern(rng, COLOURS["red"]).kind for _ in range(200)} == set(OBJECT_KINDS)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UnknownName, match=r"unknown shape 'bal'. Did you mean 'ball'\? Known: ball, barrel"):
        extent_m("bal", 1.0)
    with pytest.raises(UnknownName, match="unknown pattern 'tartan'. Known: bands"):
        paint(Pattern("tartan", ((0.0, 0.0, 0.0),)))
    with pytest.raises(ValueError, match="colour = 'mauve' is not allowed: give one of black"):
        surfaces("ball", 1.0, pattern_of("stripes"), "mauve")


@pytest.mark.parametrize("size_m", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_sizes_are_refused(size_m):
    with pytest.raises(ValueError, match="size_m = .* is not allowed: give a size above 0"):
        surfaces("ball", size_m, pattern_of("stripes"), "red")


def test_a_shape_name_cannot_be_taken_twice():
    def ball(pattern, colour):
        return ()

    with pytest.raises(ValueError, match="shape name = 'ball'"):
        shapes.SHAPES.register("other ball")(ball)


@given(degrees=st.floats(-720, 720), axis=st.sampled_from("xyz"))
def test_solids_turn_as_scipy_turns_points(degrees, axis):
    solid = solids.ball(0.5, 12, 6).moved(0.3, -0.2, 0.7)
    turned = Rotation.from_euler(axis, degrees, degrees=True).apply(solid.vertices)
    np.testing.assert_allclose(solid.turned(degrees, axis).vertices, turned, atol=1e-12)
