"""The truth pass against exact projections, against ray casting, and against Blender's own pixels."""

import ctypes
from dataclasses import replace

import moderngl
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.tiles import corners_of, model_matrices
from generator.truth_pass import TruthPass, shared, unit_meshes
from generator.worker import Worker
from scenes import geometry
from scenes.colours import COLOURS
from scenes.environments import environment
from scenes.environments.environment import ENVIRONMENTS
from scenes.patterns import plain
from scenes.shapes import SHAPES, object_mesh, random_pattern
from scenes.solve import solve
from scenes.types import CameraSpec, EnvironmentSpec, LightSpec, ObjectSpec, SceneSpec, Timeline

FIRST = np.array([0])


def body(name, shape, size_m, position_m, yaw_rad=0.0):
    return ObjectSpec(name, shape, size_m, "red", plain(COLOURS["red"]), tuple(float(x) for x in position_m), float(yaw_rad))


def scene(*objects, camera_m=(0.0, -8.0, 2.0), place="studio", layout_seed=0, **camera):
    return SceneSpec(
        clip_id="test",
        split="train",
        index=0,
        seed=0,
        timeline=Timeline(2, 24.0),
        environment=EnvironmentSpec(place, layout_seed),
        light=LightSpec((0.3, -0.5, 1.0)),
        objects=objects,
        camera=CameraSpec("front", camera_m, (0.0, 0.0, 0.5), camera.pop("focal_length_mm", 40.0), **camera),
    )


def random_scene(seed, num_objects, reach_m, place="studio", lowest_m=0.2):
    """Objects of any shape that may overlap in the picture, interpenetrate, sink into the floor, or stand among the landmarks."""
    rng = np.random.default_rng(seed)
    objects = []
    for row in range(num_objects):
        shape, size_m = str(rng.choice(list(SHAPES))), rng.uniform(0.4, 1.4)
        x, y, z = rng.uniform((-reach_m, -reach_m, lowest_m), (reach_m, reach_m, lowest_m + 1))
        objects.append(body(f"object {row}", shape, size_m, (x, y, z), rng.uniform(0, 6)))
    camera_m = (rng.uniform(-4, 4), rng.uniform(-9, -6), rng.uniform(0.5, 4))
    return scene(*objects, camera_m=camera_m, place=place, layout_seed=seed, focal_length_mm=rng.uniform(28, 60))


def cast(spec, paths, rays_a_side):
    """Visible fractions ``(object,)`` of the first frame by ray casting (embree): another method, another library."""
    models = model_matrices(paths, FIRST, np.array([item.size_m for item in spec.objects]))[:, 0]
    solids = [unit_meshes(item.shape)[0].copy().apply_transform(model) for item, model in zip(spec.objects, models, strict=True)]
    scenery = [surface.mesh for surface in environment.build(spec.environment).surfaces]
    everything = trimesh.util.concatenate(solids + scenery)
    owner = np.repeat(np.arange(len(solids) + len(scenery)), [len(mesh.faces) for mesh in solids + scenery])
    return np.array([_cast_one(paths, mesh, row, everything, owner, rays_a_side) for row, mesh in enumerate(solids)])


def _cast_one(paths, mesh, row, everything, owner, rays_a_side):
    camera = paths.camera_position_m[FIRST], paths.camera_quaternion_wxyz[FIRST], paths.focal_px[FIRST]
    corners, depth_m = geometry.project(mesh.vertices[None], *camera, paths.width_px, paths.height_px)
    if depth_m.min() < 0.1:
        return np.nan
    low, high = corners[0].min(axis=0), corners[0].max(axis=0)
    steps = (np.arange(rays_a_side) + 0.5) / rays_a_side
    x, y = (axis.ravel() for axis in np.meshgrid(*(low[:, None] + (high - low)[:, None] * steps)))
    right, up, forward = (axis[0] for axis in geometry.camera_axes(camera[1]))
    across, above = (x - paths.width_px / 2) / paths.focal_px[0], (paths.height_px / 2 - y) / paths.focal_px[0]
    rays = forward + across[:, None] * right + above[:, None] * up
    origins = np.broadcast_to(camera[0][0], rays.shape)
    alone = mesh.ray.intersects_first(origins, rays) >= 0
    first = everything.ray.intersects_first(origins, rays)
    on_screen = (x > 0) & (x < paths.width_px) & (y > 0) & (y < paths.height_px)
    return np.mean(((first >= 0) & (owner[first] == row) & on_screen)[alone])


@pytest.mark.parametrize("place", ENVIRONMENTS)
def test_it_agrees_with_ray_casting_on_random_scenes(place):
    errors = []
    for seed in range(4):
        spec = random_scene(seed, 6, 3.0 if seed % 2 else 12.0, place)
        paths = solve(spec)
        drawn = shared().coverage(spec, paths, FIRST).visible_fraction[:, 0]
        errors.append(drawn - cast(spec, paths, 160))
    error = np.concatenate(errors)
    error = error[np.isfinite(error)]
    assert len(error) >= 12
    assert np.sqrt(np.mean(error**2)) < 0.004  # measured: .001
    assert np.abs(error).max() < 0.02  # measured: .006


def test_random_scenes_have_occlusion_of_every_kind_to_be_tested_on():
    covered, cut_off, partly = 0, 0, 0
    for seed in range(8):
        spec = random_scene(seed, 6, 3.0 if seed % 2 else 12.0)
        coverage = shared().coverage(spec, solve(spec), FIRST)
        share = coverage.visible_fraction
        covered += np.sum(coverage.visible_px < 0.95 * coverage.on_screen_px)
        cut_off += np.sum(coverage.on_screen_px < 0.95 * coverage.alone_px)
        partly += np.sum((share > 0.05) & (share < 0.95))
    assert covered >= 3 and cut_off >= 3 and partly >= 3


@settings(max_examples=30)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    x=st.floats(-1.5, 1.5),
    y=st.floats(-2.0, 2.0),
    size_m=st.floats(0.3, 1.2),
    yaw_rad=st.floats(0, 6),
    focal_length_mm=st.floats(24, 50),
    width_px=st.sampled_from([480, 640, 854]),
)
def test_what_stands_free_is_wholly_visible_in_the_box_of_its_projection(shape, x, y, size_m, yaw_rad, focal_length_mm, width_px):
    spec = scene(body("it", shape, size_m, (x, y, 0.7), yaw_rad), focal_length_mm=focal_length_mm, width_px=width_px)
    paths = solve(spec)
    coverage = shared().coverage(spec, paths, FIRST)
    points = unit_meshes(shape)[0].vertices @ model_matrices(paths, FIRST, np.array([size_m]))[0, 0, :3, :3].T + paths.position_m[0, 0]
    camera = paths.camera_position_m[FIRST], paths.camera_quaternion_wxyz[FIRST], paths.focal_px[FIRST]
    pixels, _ = geometry.project(points[None], *camera, paths.width_px, paths.height_px)
    box = np.concatenate([pixels[0].min(axis=0), pixels[0].max(axis=0)])
    inside = bool(np.all(box[:2] > 0) and np.all(box[2:] < (paths.width_px, paths.height_px)))
    step_px = (box[2:] - box[:2]).max() * 2 / 64
    if inside:
        assert coverage.visible_fraction[0, 0] == pytest.approx(1.0, abs=1e-6)
        assert coverage.box_px[0, 0] == pytest.approx(box, abs=2 * step_px)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), reach_m=st.floats(0.5, 14))
def test_parts_are_never_larger_than_the_whole(seed, reach_m):
    spec = random_scene(seed, 5, reach_m)
    coverage = shared().coverage(spec, solve(spec), np.array([0, 1]))
    assert coverage.alone_px.shape == coverage.visible_fraction.shape == (5, 2)
    assert np.all((coverage.visible_px >= 0) & (coverage.visible_px <= coverage.on_screen_px + 1e-6))
    assert np.all(coverage.on_screen_px <= coverage.alone_px * (1 + 1e-6))
    assert np.all((coverage.visible_fraction >= 0) & (coverage.visible_fraction <= 1 + 1e-6))
    low, high = coverage.box_px[..., :2], coverage.box_px[..., 2:]
    assert np.array_equal(np.isnan(low[..., 0]), coverage.visible_px == 0)
    assert not np.any((low < 0) | (high > (640, 480)) | (low >= high))


def test_half_outside_the_picture_is_half_visible():
    spec = scene(body("it", "ball", 1.0, (0.0, 0.0, 0.5)))
    paths = solve(spec)
    moved = replace(paths, width_px=320, height_px=480, sensor_width_mm=18.0)
    assert shared().coverage(spec, moved, FIRST).visible_fraction[0, 0] == pytest.approx(1.0, abs=1e-6)
    edge_m = 320 / paths.focal_px[0] * np.hypot(8.0, 1.5)  # where the picture's right edge meets the ball's centre
    spec = scene(body("it", "ball", 0.6, (edge_m, 0.0, 0.5)))
    assert shared().coverage(spec, solve(spec), FIRST).visible_fraction[0, 0] == pytest.approx(0.5, abs=0.02)


def test_what_is_behind_the_camera_is_nowhere_and_what_reaches_behind_it_is_measured():
    spec = scene(body("behind", "cube", 1.0, (0.0, -12.0, 1.0)), body("around", "ball", 3.0, (0.0, -8.0, 2.0)))
    coverage = shared().coverage(spec, solve(spec), FIRST)
    assert coverage.alone_px[0, 0] == coverage.visible_fraction[0, 0] == 0
    assert np.all(np.isnan(coverage.box_px[0, 0]))
    assert np.isfinite(coverage.visible_fraction[1, 0])


def test_results_do_not_depend_on_what_was_drawn_before_nor_on_the_number_of_frames_at_once():
    specs = [random_scene(seed, 5, 3.0) for seed in range(3)]
    first = [shared().coverage(spec, solve(spec), FIRST) for spec in specs]
    again = [shared().coverage(spec, solve(spec), FIRST) for spec in reversed(specs)][::-1]
    fresh = TruthPass()
    alone = [fresh.coverage(spec, solve(spec), FIRST) for spec in specs]
    many = np.zeros(300, int)  # 1500 tiles: more than one sheet
    crowded = shared().coverage(specs[0], solve(specs[0]), many)
    for others in (again, alone):
        for one, other in zip(first, others, strict=True):
            assert all(np.array_equal(vars(one)[key], vars(other)[key], equal_nan=True) for key in vars(one))
    assert np.allclose(crowded.visible_px, first[0].visible_px, rtol=1e-3)  # where a tile lies on its sheet may move an edge by a pixel


@pytest.mark.parametrize("shape", SHAPES)
def test_meshes_only_scale_with_size_and_do_not_depend_on_paint(shape):
    rng = np.random.default_rng(0)
    painted = replace(body("it", shape, 1.7, (0, 0, 0)), colour="blue", pattern=random_pattern(rng, COLOURS["blue"]))
    assert np.allclose(object_mesh(painted).vertices, unit_meshes(shape)[0].vertices * 1.7, atol=1e-9)
    assert np.array_equal(object_mesh(painted).faces, unit_meshes(shape)[0].faces)


def test_masks_show_each_object_where_it_projects():
    spec = scene(*(body(f"ball {k}", "ball", 0.3, (x, 0.0, z)) for k, (x, z) in enumerate([(-2, 0.4), (2, 0.4), (-1, 2), (0, 1)])))
    paths = solve(spec)
    masks = shared().masks(spec, paths, [0, 1, 0])
    assert masks.shape == (3, 480, 640) and masks.dtype == np.uint8
    assert np.array_equal(masks[0], masks[2])
    for row in range(4):
        y, x = np.nonzero(masks[0] == row + 1)
        assert np.array([x.mean() + 0.5, y.mean() + 0.5]) == pytest.approx(paths.centre_px[row, 0], abs=0.6)


def test_masks_and_coverage_are_two_measurements_of_the_same_thing():
    spec = random_scene(5, 5, 3.0)
    paths = solve(spec)
    masks = shared().masks(spec, paths, [0], height_px=1440)
    coverage = shared().coverage(spec, paths, FIRST, silhouette_px=128)
    area_px = np.array([np.sum(masks == row + 1) / 9 for row in range(5)])
    assert area_px == pytest.approx(coverage.visible_px[:, 0], rel=0.01, abs=8)


def test_it_agrees_with_the_masks_of_blender():
    from generator import blender  # here: no other test needs Blender

    errors, differing = [], []
    for seed, place in enumerate(list(ENVIRONMENTS)[:2]):
        spec = random_scene(seed + 20, 4, 2.5, place, lowest_m=0.75)  # above the floor, which Blender draws with each silhouette
        paths = solve(spec)
        masks = blender.render_masks(spec, paths, [0])
        differing.append(np.mean(masks != shared().masks(spec, paths, [0])))
        drawn = shared().coverage(spec, paths, FIRST).visible_fraction[:, 0]
        for row, item in enumerate(spec.objects):
            # The silhouette alone, also beyond the picture: twice the picture and the sensor at the same focal length.
            alone = replace(spec, objects=(item,), camera=replace(spec.camera, width_px=1280, height_px=960, sensor_width_mm=72.0))
            silhouette_px = np.count_nonzero(blender.render_masks(alone, solve(alone), [0]))
            if silhouette_px:
                errors.append(drawn[row] - np.count_nonzero(masks == row + 1) / silhouette_px)
    assert len(errors) >= 6
    assert max(differing) < 1e-4  # measured: 7e-6
    assert np.sqrt(np.mean(np.square(errors))) < 0.005  # measured: .0013
    assert np.abs(errors).max() < 0.02  # measured: .005


def test_drawing_a_crowd_leaves_no_memory_behind():
    """Mesa keeps what it has yet to draw, and the room for it afterwards."""

    def draw(crowd: bool) -> None:
        for seed in range(3):
            spec = random_scene(seed, 6, 3.0)
            shared().coverage(spec, solve(spec), np.zeros(64 if crowd else 2, int))

    worker = Worker({})
    try:
        worker.do(draw, 120.0, False)
        before_mb = worker.resident_mb
        worker.do(draw, 120.0, True)
        assert worker.resident_mb < before_mb + 8
    finally:
        worker.end()


def test_without_software_opengl_the_error_names_the_remedy():
    with pytest.raises(RuntimeError, match=r"apt-get install .*libegl1 libgl1"):
        TruthPass(libegl="libEGL-that-is-not-there.so")


def test_corners_are_the_eight_of_a_box():
    corners = corners_of(np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]))
    assert {tuple(corner) for corner in corners} == {(x, y, z) for x in (0, 1) for y in (0, 2) for z in (0, 3)}


def test_another_context_stays_current():
    """Blender counts on its own: without it, it frees nothing."""
    egl = ctypes.CDLL("libEGL.so.1")
    egl.eglGetCurrentContext.restype = ctypes.c_void_p
    spec = scene(body("ball", "ball", 1.0, (0, 0, 0.5)))
    with moderngl.create_context(require=330, standalone=True, backend="egl", libegl="libEGL.so.1"):
        before = egl.eglGetCurrentContext()
        TruthPass().coverage(spec, solve(spec), FIRST)
        assert before is not None and egl.eglGetCurrentContext() == before
