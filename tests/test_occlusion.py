"""Takes whose subjects cannot be seen are caught, and others are not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from generator import truth_pass
from generator.occlusion import check_contacts, check_visibility, checked_frames, clear, see
from generator.options import OcclusionOptions
from scenes.colours import COLOURS
from scenes.patterns import plain
from scenes.rejection import Rejected
from scenes.shapes import SHAPES
from scenes.solve import solve
from scenes.types import CameraSpec, EnvironmentSpec, LightSpec, ObjectSpec, SceneSpec, Timeline, Watch

OPTIONS = OcclusionOptions()
WHOLE = Watch("ball", 0.0, 3.0)


def body(name, shape, size_m, position_m, yaw_rad=0.0):
    return ObjectSpec(name, shape, size_m, "red", plain(COLOURS["red"]), tuple(float(x) for x in position_m), float(yaw_rad))


BALL = body("ball", "ball", 0.8, (0, 0, 0.4))
WALL = body("wall", "cube", 1.6, (0, -2, 0.8))


def scene(*objects, watches=(), camera_m=(0.0, -8.0, 1.5), target_m=(0.0, 0.0, 0.5), focal_length_mm=40.0):
    return SceneSpec(
        clip_id="test",
        split="train",
        index=0,
        seed=0,
        timeline=Timeline(72, 24.0),
        environment=EnvironmentSpec("studio", 0),
        light=LightSpec((0.3, -0.5, 1.0)),
        objects=objects,
        camera=CameraSpec("front", camera_m, target_m, focal_length_mm),
        watches=tuple(watches),
    )


def moving(spec, name, position_m):
    """The trajectories of a scene in which one object is at ``position_m (frame, 3)``."""
    paths = solve(spec)
    positions = paths.position_m.copy()
    positions[paths.index(name)] = position_m
    return replace(paths, position_m=positions)


def crossing(spec, name, start_s, end_s):
    """The trajectories of a scene in which an object is in front of the subject between two times, else aside."""
    paths = solve(spec)
    times_s = paths.times_s[:, None]
    aside = np.where((times_s >= start_s) & (times_s < end_s), 0.0, 3.0) * (1.0, 0.0, 0.0)
    return moving(spec, name, paths.position_m[paths.index(name)] + aside)


def rejection(spec, paths=None, options=OPTIONS):
    """Stage and reason for which a take is refused; None when it is accepted."""
    try:
        check_visibility(spec, paths or solve(spec), options)
    except Rejected as rejected:
        return rejected.stage, rejected.reason
    return None


def contact(spec, paths=None):
    try:
        check_contacts(spec, paths or solve(spec))
    except Rejected as rejected:
        assert rejected.stage == "staging"
        return rejected.reason
    return None


def test_a_subject_in_the_open_is_accepted_and_wholly_visible():
    spec = scene(BALL, watches=[WHOLE])
    seen = check_visibility(spec, solve(spec), OPTIONS)
    assert seen.names == ("ball",)
    assert np.array_equal(seen.frames, checked_frames(spec.timeline, OPTIONS))
    assert seen.visible_fraction == pytest.approx(np.ones((1, len(seen.frames))), abs=1e-6)
    radius_px = 0.4 * solve(spec).focal_px[0] / np.hypot(8.0, 1.1)
    assert seen.area_px[0, 0] == pytest.approx(np.pi * radius_px**2, rel=0.03)


def test_a_deliberate_occluder_is_caught():
    assert rejection(scene(BALL, WALL, watches=[WHOLE])) == ("occlusion", "subject hidden")


def test_what_nobody_watches_may_be_hidden():
    spec = scene(BALL, WALL, watches=[Watch("wall", 0.0, 3.0)])
    assert rejection(spec) is None
    assert see(spec, solve(spec), OPTIONS).visible_fraction[0].max() < 0.2


@pytest.mark.parametrize(
    ("start_s", "end_s", "accepted"),
    [(0.0, 0.9, True), (2.1, 3.0, True), (0.0, 3.0, False), (1.2, 1.8, False), (0.5, 1.2, False), (1.4, 1.45, False), (0.1, 0.15, True)],
)
def test_an_occluder_counts_only_during_the_watch(start_s, end_s, accepted):
    spec = scene(BALL, WALL, watches=[Watch("ball", start_s, end_s)])
    paths = crossing(spec, "wall", 1.0, 2.0)
    assert rejection(spec, paths) == (None if accepted else ("occlusion", "subject hidden"))


def test_a_deliberate_occlusion_may_hide_the_subject_between_the_ends_but_not_at_them():
    hidden_between = scene(BALL, WALL, watches=[replace(WHOLE, ends_only=True)])
    assert rejection(hidden_between, crossing(hidden_between, "wall", 1.0, 2.0)) is None
    assert rejection(hidden_between, crossing(hidden_between, "wall", 1.0, 3.0)) == ("occlusion", "subject hidden")
    throughout = scene(BALL, WALL, watches=[WHOLE])
    assert rejection(throughout, crossing(throughout, "wall", 1.0, 2.0)) == ("occlusion", "subject hidden")


def test_a_subject_that_leaves_the_picture_only_after_its_watch_is_accepted():
    spec = scene(BALL, watches=[Watch("ball", 0.0, 1.0)])
    away = np.where(solve(spec).times_s[:, None] > 1.3, 9.0, 0.0) * (1.0, 0.0, 0.0) + BALL.position_m
    assert rejection(spec, moving(spec, "ball", away)) is None
    assert rejection(replace(spec, watches=(WHOLE,)), moving(spec, "ball", away)) == ("occlusion", "subject leaves the picture")


@pytest.mark.parametrize("aim_m", [(3.5, 0.0, 0.5), (-3.5, 0.0, 0.5), (0.0, 0.0, 2.85), (0.0, 0.0, -2.4)])
def test_a_subject_cut_by_an_edge_leaves_the_picture(aim_m):
    spec = scene(BALL, watches=[WHOLE], target_m=aim_m)
    paths = solve(spec)
    assert np.all((paths.centre_px[0, 0] > 0) & (paths.centre_px[0, 0] < (640, 480)))  # so that only the pixels can tell
    assert 0.4 < see(spec, paths, OPTIONS).visible_fraction[0, 0] < 0.85
    assert rejection(spec) == ("occlusion", "subject leaves the picture")


def test_a_subject_whose_centre_is_outside_is_refused_without_drawing():
    spec = scene(BALL, watches=[WHOLE], target_m=(6.0, 0.0, 0.5))
    before = truth_pass._of_process.cache_info()
    assert rejection(spec) == ("occlusion", "subject leaves the picture")
    assert truth_pass._of_process.cache_info() == before


def test_a_subject_behind_the_camera_is_refused_with_and_without_drawing():
    spec = scene(body("ball", "ball", 0.8, (0, -12, 1.0)), watches=[WHOLE])
    for least in (0.6, 0.1):
        assert rejection(spec, options=replace(OPTIONS, min_visible_fraction=least)) == ("occlusion", "subject leaves the picture")


def test_a_subject_too_small_is_caught():
    spec = scene(body("ball", "ball", 0.2, (0, 2, 0.1)), watches=[WHOLE])
    assert see(spec, solve(spec), OPTIONS).area_px.max() < OPTIONS.min_area_px
    assert rejection(spec) == ("occlusion", "subject too small")
    assert rejection(spec, options=replace(OPTIONS, min_area_px=50.0)) is None


def half_hidden():
    """A ball behind the edge of a cube."""
    return scene(BALL, body("wall", "cube", 1.6, (0.85, -2, 0.8)), watches=[WHOLE])


def test_thresholds_are_respected_to_the_percent():
    spec = half_hidden()
    share = float(see(spec, solve(spec), OPTIONS).visible_fraction[0, 0])
    assert 0.3 < share < 0.7

    def refused(least, mean):
        return rejection(spec, options=replace(OPTIONS, min_visible_fraction=least, min_mean_visible_fraction=mean)) is not None

    assert not refused(share - 0.01, share - 0.01)
    assert refused(share + 0.01, 0.0)
    assert refused(0.0, share + 0.01)


def test_the_mean_is_over_the_watch_and_the_least_is_of_one_check():
    spec = scene(BALL, WALL, watches=[WHOLE])
    paths = crossing(spec, "wall", 1.0, 1.5)
    share = see(spec, paths, OPTIONS).visible_fraction[0]
    lenient = OcclusionOptions(min_visible_fraction=0.0, min_mean_visible_fraction=share.mean() - 0.01, min_area_px=0.0)
    assert share.min() < 0.2 < 0.7 < share.mean() < 0.9
    assert rejection(spec, paths, lenient) is None
    assert rejection(spec, paths, replace(lenient, min_mean_visible_fraction=share.mean() + 0.01)) == ("occlusion", "subject hidden")
    assert rejection(spec, paths, replace(lenient, min_visible_fraction=0.5)) == ("occlusion", "subject hidden")


@pytest.mark.parametrize("spec", [scene(BALL), scene(BALL, WALL), half_hidden(), scene(body("ball", "ball", 0.2, (0, 2, 0.1)))])
def test_clear_agrees_with_the_check(spec):
    seen = see(spec, solve(spec), OPTIONS)
    assert clear(seen, WHOLE, spec.timeline, OPTIONS) == (rejection(replace(spec, watches=(WHOLE,))) is None)


@pytest.mark.parametrize(("num_frames", "every"), [(72, 4), (73, 4), (2, 4), (5, 1), (10, 100)])
def test_checked_frames_are_every_nth_and_the_last_once(num_frames, every):
    frames = checked_frames(Timeline(num_frames, 24.0), replace(OPTIONS, every=every))
    assert frames[0] == 0 and frames[-1] == num_frames - 1
    assert np.all(np.diff(frames) > 0) and np.all(np.diff(frames) <= every)
    assert set(frames[:-1]) == set(range(0, num_frames - 1, every))


def test_two_looks_are_identical():
    spec = scene(BALL, WALL, body("duck", "duck", 0.7, (-1.5, 1, 0.4)))
    first, other, second = (see(item, solve(item), OPTIONS) for item in (spec, half_hidden(), spec))
    assert other.names != first.names
    for key in ("visible_fraction", "area_px", "box_px"):
        assert np.array_equal(getattr(first, key), getattr(second, key), equal_nan=True)


@pytest.mark.parametrize("gap_m", [0.01, 0.3])
@pytest.mark.parametrize("shape", ["ball", "cube", "wheel", "star"])
def test_objects_side_by_side_do_not_touch_and_overlapping_ones_do(shape, gap_m):
    first = body("first", shape, 1.0, (-0.5 - gap_m / 2, 0, 0.5))
    assert contact(scene(first, body("second", shape, 1.0, (0.5 + gap_m / 2, 0, 0.5)))) is None
    assert contact(scene(first, body("second", shape, 1.0, (0.4 - gap_m, 0, 0.5)))) == "objects touch"


def test_a_cube_standing_on_a_cube_does_not_touch_it_but_one_sunk_into_it_does():
    below = body("below", "cube", 1.0, (0, 0, 0.5))
    assert contact(scene(below, body("above", "cube", 0.6, (0.2, 0.1, 1.3)))) is None
    assert contact(scene(below, body("above", "cube", 0.6, (0.2, 0.1, 1.28)))) == "objects touch"


def test_turned_cubes_need_more_room():
    def pair(yaw_rad):
        return scene(body("first", "cube", 1.0, (-0.6, 0, 0.5), yaw_rad), body("second", "cube", 1.0, (0.6, 0, 0.5), yaw_rad))

    assert contact(pair(0.0)) is None
    assert contact(pair(np.pi / 4)) == "objects touch"


def test_a_touch_in_a_single_frame_is_found():
    spec = scene(BALL, body("cube", "cube", 0.6, (2, 1, 0.3)))
    visit = np.tile((2.0, 1.0, 0.3), (72, 1))
    assert contact(spec, moving(spec, "cube", visit)) is None
    visit[37] = (0.5, 0.0, 0.3)
    assert contact(spec, moving(spec, "cube", visit)) == "objects touch"


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_no_interpenetration_is_overlooked(seed):
    """A vertex of one convex body deep inside the other proves contact, by trimesh's own containment."""
    rng = np.random.default_rng(seed)
    shapes = rng.choice(["ball", "cube", "brick", "cone", "cylinder", "pyramid"], 2)
    objects = [
        body(str(k), str(shape), rng.uniform(0.5, 1.2), (*rng.uniform(-0.5, 0.5, 2), rng.uniform(0.3, 0.8)), rng.uniform(0, 6))
        for k, shape in enumerate(shapes)
    ]
    spec = scene(*objects)
    turned = Rotation.random(2, random_state=seed)
    paths = replace(solve(spec), quaternion_wxyz=np.tile(turned.as_quat(scalar_first=True)[:, None], (1, 72, 1)))
    points = [
        turn.apply(truth_pass.unit_meshes(item.shape)[0].vertices * item.size_m) + item.position_m
        for turn, item in zip(turned, objects, strict=True)
    ]
    solid = truth_pass.unit_meshes(objects[0].shape)[0].copy()
    solid.vertices = points[0]
    assume(np.any(solid.contains(points[1]) & (np.linalg.norm(points[1] - objects[0].position_m, axis=1) < 0.4 * objects[0].size_m)))
    assert contact(spec, paths) == "objects touch"


def test_objects_stay_on_the_stage():
    assert contact(scene(body("it", "ball", 0.4, (3.5, 0, 0.2)))) is None
    assert contact(scene(body("it", "ball", 0.4, (0, 3.7, 0.2)))) == "object leaves the stage"
    assert contact(scene(body("it", "ball", 1.6, (-2.3, -2.3, 0.8)))) == "object leaves the stage"  # its rim is among the landmarks
    spec = scene(body("it", "ball", 0.4, (0, 0, 0.2)))
    assert contact(spec, moving(spec, "it", np.linspace((0, 0, 0.2), (3.8, 0, 0.2), 72))) == "object leaves the stage"


def test_the_camera_keeps_its_distance():
    assert contact(scene(BALL, camera_m=(0, -2.0, 1.0))) is None
    assert contact(scene(BALL, camera_m=(0, -1.0, 0.6))) == "camera hits an object"


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_passes_both_checks_alone(shape):
    spec = scene(body("ball", shape, 0.9, (0, 0, 0.5), 0.4), watches=[WHOLE])
    assert contact(spec) is None
    assert rejection(spec, options=replace(OPTIONS, min_area_px=200.0)) is None
