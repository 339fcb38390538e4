"""Holds: postures, sums and blends of them, and arms told by where they point."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import geometry
from scenes.avatars.avatar import AVATARS
from scenes.avatars.gestures import arm, between, core, pulses, put_arms, taken_up, tops
from scenes.avatars.hold import LEFT, POSTURES, POSTURES_ON_FOUR, RIGHT, Hold, blend, neutral, posture
from scenes.avatars.skeleton import limb_poses

ON_TWO = [name for name, avatar in AVATARS.items() if avatar.proportions.legs == 2]
kept = pytest.mark.parametrize(("name", "legs"), [(name, 2) for name in POSTURES] + [(name, 4) for name in POSTURES_ON_FOUR])
angles = st.floats(-1.2, 1.2)
directions = st.tuples(st.floats(-1, 1), st.floats(-0.6, 0.9), st.floats(-1, 1)).filter(lambda way: np.hypot(way[0], way[2]) > 0.4)


def same(one: Hold, other: Hold) -> bool:
    return all(np.allclose(getattr(one, each.name), getattr(other, each.name)) for each in fields(Hold))


def drawn(seed: int, num_frames: int = 3) -> Hold:
    rng = np.random.default_rng(seed)
    return replace(neutral(num_frames), **{key: rng.normal(size=values.shape) for key, values in vars(neutral(num_frames)).items()})


# -- postures -----------------------------------------------------------------------------------------------------------


@kept
def test_a_posture_is_kept_in_every_frame_and_each_copy_is_its_own(name, legs):
    hold = posture(name, 4, legs)
    assert all(len(values) == 4 and (values == values[0]).all() for values in vars(hold).values())
    before = posture(name, 1, legs)
    hold.shoulder[:] += 1.0
    hold.hips[:] += 1.0
    assert same(posture(name, 1, legs), before)


@kept
def test_a_posture_is_the_same_on_both_sides(name, legs):
    hold = posture(name, 1, legs)
    assert not hold.hips[0, 1] and not hold.turn[0, [0, 2]].any() and not hold.spine[0, [0, 2]].any() and not hold.head[0, [0, 2]].any()
    for values in (hold.shoulder, hold.elbow, hold.knee_out):
        np.testing.assert_array_equal(values[:, LEFT], values[:, RIGHT])
    for values in (hold.feet, hold.fore_feet):
        np.testing.assert_array_equal(values[:, LEFT], values[:, RIGHT] * (1, -1, 1))


def test_an_unknown_posture_is_an_error():
    with pytest.raises(KeyError):
        posture("floating", 2)


# -- sums and blends ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 99), st.integers(100, 199))
def test_adding_is_adding_every_value(one, other):
    a, b = drawn(one), drawn(other)
    assert same(a + neutral(3), a) and same(a + b, b + a)
    np.testing.assert_allclose((a + b).feet, a.feet + b.feet)


@given(st.integers(0, 99), st.integers(100, 199), st.floats(0, 1))
def test_a_blend_goes_from_one_to_the_other_on_a_straight_way(one, other, share):
    a, b = drawn(one), drawn(other)
    assert same(blend(a, b, np.zeros(3)), a) and same(blend(a, b, np.ones(3)), b)
    mixed = blend(a.at(0), b.at(0), np.array([0.0, share, 1.0]))
    np.testing.assert_allclose(mixed.shoulder[1], (1 - share) * a.shoulder[0] + share * b.shoulder[0], atol=1e-12)
    assert same(mixed.at(2), b.at(0))


# -- timing of gestures -------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.floats(0, 0.4))
def test_pulses_are_all_alike_and_begin_and_end_at_rest(cycles, dwell):
    progress = np.linspace(0, 1, 120 * cycles + 1)
    values = pulses(progress, cycles, dwell)
    np.testing.assert_allclose(values.reshape(-1)[:-1].reshape(cycles, -1), np.tile(values[:120], (cycles, 1)), atol=1e-9)
    assert values.min() == values[0] == values[-1] == 0 and values.max() == pytest.approx(1, abs=1e-3)
    assert abs(np.diff(values)[[0, -1]]).max() < 1e-3


@given(st.floats(0.5, 6), st.floats(0.1, 1))
def test_a_pose_is_taken_up_kept_and_given_up(duration_s, lead_s):
    share, progress = taken_up(np.linspace(0, duration_s, 201), duration_s, lead_s)
    assert share[0] == share[-1] == 0 and (core(share) == 1).all()
    assert (np.diff(progress) >= 0).all() and progress[0] == 0 and progress[-1] == 1
    assert (share[(progress > 0) & (progress < 1)] > 1 - 1e-9).all()


def test_tops_are_counted_between_the_ends():
    assert tops(np.cos(np.linspace(0, 6 * np.pi, 100)), 0.5) == 2
    assert tops(0.1 * np.sin(np.linspace(0, 6 * np.pi, 100)), 0.5) == 0


# -- arms ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(directions, directions, st.booleans(), st.sampled_from(ON_TWO), st.sampled_from((LEFT, RIGHT)))
def test_an_arm_points_where_it_is_told_to(upper, fore, over, avatar, side):
    hold = neutral(1)
    put_arms(hold, (side,), arm(upper, fore, over), np.ones(1))
    limbs = limb_poses(hold, AVATARS[avatar].proportions, 1.0)
    name, outward = (("left", 1), ("right", -1))[side]
    for limb, way in (("upper_arm", upper), ("forearm", fore)):
        along = geometry.rotation(limbs[f"{name}_{limb}"].quaternion_wxyz).apply((0, 0, -1))[0] * (1, outward, 1)
        np.testing.assert_allclose(along, np.asarray(way) / np.linalg.norm(way), atol=1e-6)


def test_only_the_arms_that_are_named_move_and_by_the_share_alone():
    hold, to = posture("standing", 3), arm((1, 0, 0), (1, 0, 1))
    put_arms(hold, (RIGHT,), to, np.array([0.0, 0.5, 1.0]))
    still = posture("standing", 3)
    np.testing.assert_array_equal(hold.shoulder[:, LEFT], still.shoulder[:, LEFT])
    np.testing.assert_array_equal(hold.shoulder[0], still.shoulder[0])
    np.testing.assert_allclose(hold.shoulder[1, RIGHT], (still.shoulder[1, RIGHT] + to[:3]) / 2)
    np.testing.assert_allclose(hold.elbow[2, RIGHT], to[3])
    np.testing.assert_allclose(between(to, to + 1, np.array([0.0, 1.0])), [to, to + 1])


@pytest.mark.parametrize("avatar", ON_TWO)
def test_hands_that_clasp_meet_in_the_middle_however_broad_the_shoulders(avatar):
    hold, proportions = posture("standing", 1), AVATARS[avatar].proportions
    put_arms(hold, (LEFT, RIGHT), arm((0.7, 0.1, -0.7), (0.8, -0.3, 0.3)), np.ones(1))
    apart = _between_finger_tips(hold, proportions)
    hold.clasp[:] = 1.0
    together = _between_finger_tips(hold, proportions)
    assert abs(together) < 0.15 * proportions.forearm < apart


def _between_finger_tips(hold: Hold, proportions) -> float:
    """How far the left finger tips are to the left of the right ones, in heights of the body."""
    limbs = limb_poses(hold, proportions, 1.0)
    tips = [
        geometry.rotation(limbs[f"{side}_forearm"].quaternion_wxyz).apply((0, 0, -proportions.forearm))[0, 1]
        + limbs[f"{side}_forearm"].position_m[0, 1]
        for side in ("left", "right")
    ]
    return float(tips[0] - tips[1])
