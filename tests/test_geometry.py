"""Rotations, look-at, projection and easing: the conventions that everything else leans on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scenes import geometry

WIDTH, HEIGHT = 640, 480
coordinates = st.floats(-10, 10)
points = st.tuples(coordinates, coordinates, coordinates)
pairs = st.tuples(points, points).filter(lambda ends: math.dist(ends[0][:2], ends[1][:2]) > 0.1)  # of position and target
angles = st.floats(-math.pi, math.pi)
many = settings(max_examples=60)


def camera(position_m, target_m):
    """A camera of one frame: position ``(1, 3)``, quaternion ``(1, 4)``."""
    return np.array([position_m]), geometry.look_at(position_m, target_m).as_quat(scalar_first=True)[None]


def project(point_m, position_m, quaternion, focal=600.0):
    pixels, depth = geometry.project(np.array([point_m]), position_m, quaternion, [focal], WIDTH, HEIGHT)
    return pixels[0], float(depth[0])


def quarter(quaternion_wxyz):
    """Apply a quaternion to the three unit vectors."""
    return np.round(geometry.rotation(quaternion_wxyz).apply(np.eye(3)), 9)


# --- rotations ---


@pytest.mark.parametrize(
    ("axis", "image"),
    [
        ((0, 0, 1), [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
        ((1, 0, 0), [[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
        ((0, 1, 0), [[0, 0, -1], [0, 1, 0], [1, 0, 0]]),
    ],
)
def test_a_quarter_turn_is_right_handed(axis, image):
    """Written out by hand, so that neither the order wxyz nor the handedness can change unnoticed."""
    s = math.sqrt(0.5)
    assert np.array_equal(quarter((s, *(s * value for value in axis))), image)
    assert np.allclose(geometry.about(axis, math.pi / 2).apply(np.eye(3)), image)


@given(angle_rad=angles)
@many
def test_yaw_is_counter_clockwise_seen_from_above(angle_rad):
    assert np.allclose(geometry.yaw(angle_rad).apply((1, 0, 0)), (math.cos(angle_rad), math.sin(angle_rad), 0))


@given(axis=points, angle_rad=angles)
@many
def test_the_length_of_an_axis_does_not_matter(axis, angle_rad):
    assume(np.linalg.norm(axis) > 1e-3)
    one, three = geometry.about(axis, angle_rad), geometry.about(3 * np.array(axis), angle_rad)
    assert (one * three.inv()).magnitude() < 1e-9
    assert one.magnitude() == pytest.approx(abs(angle_rad), abs=1e-9)


@given(axis=points, turns=st.floats(-4, 4))
@many
def test_neighbouring_quaternions_stay_in_one_hemisphere(axis, turns):
    """Through several full turns: no sign flips, each still the same rotation."""
    assume(np.linalg.norm(axis) > 1e-3)
    rotations = geometry.about(axis, np.linspace(0, turns * math.tau, 150))
    quaternions = geometry.wxyz(rotations)
    assert np.min(np.sum(quaternions[1:] * quaternions[:-1], axis=-1)) > 0
    assert np.max((geometry.rotation(quaternions) * rotations.inv()).magnitude()) < 1e-6


@given(seed=st.integers(0, 2**32 - 1))
@many
def test_quaternions_of_any_rotations_come_back(seed):
    rotations = Rotation.random(9, random_state=seed)
    assert np.max((geometry.rotation(geometry.wxyz(rotations)) * rotations.inv()).magnitude()) < 1e-9


def test_a_single_rotation_gives_a_single_quaternion():
    assert np.allclose(geometry.wxyz(geometry.yaw(0.0)), geometry.IDENTITY_WXYZ)


# --- cameras ---


@given(ends=pairs)
@many
def test_look_at_puts_its_target_in_the_middle_and_stays_upright(ends):
    position_m, target_m = ends
    position, quaternion = camera(position_m, target_m)
    pixel, depth = project(target_m, position, quaternion)
    right, up, forward = (axis[0] for axis in geometry.camera_axes(quaternion))
    assert np.allclose(pixel, (WIDTH / 2, HEIGHT / 2), atol=1e-6)
    assert depth == pytest.approx(math.dist(position_m, target_m))
    assert abs(right[2]) < 1e-9
    assert up[2] > 0
    assert np.allclose(np.cross(right, forward), up)


def test_look_at_takes_many_cameras_at_once():
    positions = np.array([[0.0, -5.0, 1.0], [4.0, 0.0, 2.0]])
    together = geometry.look_at(positions, (0.0, 0.0, 0.7))
    assert all((together[i] * geometry.look_at(positions[i], (0.0, 0.0, 0.7)).inv()).magnitude() < 1e-12 for i in range(2))


@pytest.mark.parametrize("position_m", [(1.0, 2.0, 3.0), (1.0, 2.0, 9.0), (1.0, 2.0, -4.0)])
def test_look_at_refuses_what_has_no_upright(position_m):
    with pytest.raises(ValueError, match="move it aside"):
        geometry.look_at(position_m, (1.0, 2.0, 3.0))


def test_the_identity_camera_looks_down_with_x_to_the_right():
    """The convention stated in the module: along −z, +y up, +x right."""
    right, up, forward = geometry.camera_axes(geometry.IDENTITY_WXYZ)
    assert np.array_equal([right, up, forward], [[1, 0, 0], [0, 1, 0], [0, 0, -1]])


# --- projection ---


@pytest.mark.parametrize(
    ("point_m", "pixel"),
    [
        ((0, 0, 0.7), (320, 240)),
        ((1, 0, 0.7), (420, 240)),
        ((0, 0, 1.7), (320, 140)),
        ((-2, 6, -0.3), (220, 290)),
        ((0, -3, 0.2), (320, 340)),
    ],
)
def test_pixels_worked_out_by_hand(point_m, pixel):
    """A level camera 6 m in front, 600 px focal length: x to the right, y downwards, half as large at twice the depth."""
    position, quaternion = camera((0.0, -6.0, 0.7), (0.0, 0.0, 0.7))
    found, depth = project(point_m, position, quaternion)
    assert np.allclose(found, pixel)
    assert depth == pytest.approx(point_m[1] + 6)


@given(ends=pairs, across=st.floats(-3, 3), upwards=st.floats(-3, 3), depth_m=st.floats(0.5, 20))
@many
def test_projection_undoes_casting_a_ray(ends, across, upwards, depth_m):
    position, quaternion = camera(*ends)
    right, up, forward = (axis[0] for axis in geometry.camera_axes(quaternion))
    point = position[0] + depth_m * (forward + across * right + upwards * up)
    pixel, depth = project(point, position, quaternion)
    assert np.allclose(pixel, (WIDTH / 2 + 600 * across, HEIGHT / 2 - 600 * upwards), atol=1e-5)
    assert depth == pytest.approx(depth_m, abs=1e-8)


@given(point_m=points, ends=pairs, angle_rad=angles, shift_m=points)
@many
def test_moving_world_and_camera_together_changes_nothing(point_m, ends, angle_rad, shift_m):
    position, quaternion = camera(*ends)
    before, depth = project(point_m, position, quaternion)
    assume(depth > 0.2)
    turn = geometry.yaw(angle_rad)
    moved = geometry.wxyz(turn * geometry.rotation(quaternion))
    after, _ = project(turn.apply(point_m) + shift_m, turn.apply(position) + shift_m, moved)
    assert np.allclose(before, after, rtol=1e-6, atol=1e-4)


@given(point_m=points, ends=pairs)
@many
def test_depth_is_measured_along_the_optical_axis_and_negative_behind(point_m, ends):
    position, quaternion = camera(*ends)
    forward = geometry.camera_axes(quaternion)[2][0]
    pixel, depth = project(point_m, position, quaternion)
    assert depth == pytest.approx(float(np.subtract(point_m, ends[0]) @ forward), abs=1e-9)
    assert np.isfinite(pixel).all()


def test_frames_and_points_are_kept_apart():
    """Points ``(frame, object, 3)`` are seen by the camera of their own frame, with its own focal length."""
    rng = np.random.default_rng(0)
    stage = rng.uniform(-1, 1, size=(4, 3, 3))
    positions = rng.uniform((-1, -9, 1), (1, -7, 3), size=(4, 3))
    quaternions = geometry.wxyz(geometry.look_at(positions, (0, 0, 0)))
    focal = np.array([400.0, 500.0, 600.0, 700.0])
    pixels, depths = geometry.project(stage, positions, quaternions, focal, WIDTH, HEIGHT)
    assert pixels.shape == (4, 3, 2)
    assert depths.shape == (4, 3)
    for frame in range(4):
        for item in range(3):
            pixel, depth = project(stage[frame, item], positions[[frame]], quaternions[[frame]], focal[frame])
            assert np.allclose(pixels[frame, item], pixel)
            assert depths[frame, item] == pytest.approx(depth)


@given(focal_length_mm=st.floats(10, 200), sensor_width_mm=st.floats(5, 60), width_px=st.integers(64, 4096))
@many
def test_the_edge_of_the_sensor_falls_on_the_edge_of_the_picture(focal_length_mm, sensor_width_mm, width_px):
    focal = geometry.focal_px(focal_length_mm, sensor_width_mm, width_px)
    edge = (sensor_width_mm / 2) / focal_length_mm  # tangent of half the horizontal field of view
    assert float(focal) * edge == pytest.approx(width_px / 2)


# --- easing ---


def test_ease_begins_and_ends_at_rest():
    u = np.linspace(0, 1, 2001)
    values = geometry.ease(u)
    speed = np.gradient(values, u)
    assert (values[0], values[1000], values[-1]) == pytest.approx((0, 0.5, 1))
    assert np.all(np.diff(values) >= 0)
    assert max(speed[0], speed[-1]) < 1e-4
    assert np.max(np.abs(np.gradient(speed, u)[[0, -1]])) < 0.1
    assert speed.max() == pytest.approx(15 / 8, abs=1e-4)


@given(u=st.floats(-5, 5))
@many
def test_ease_is_clamped_and_symmetric(u):
    assert 0 <= float(geometry.ease(u)) <= 1
    assert float(geometry.ease(u)) + float(geometry.ease(1 - u)) == pytest.approx(1)
