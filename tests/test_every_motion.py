"""What every registered motion must be: these tests are drawn from the catalogue, so a new file is tested at once."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import geometry
from scenes.kinematics import Kinematics, active_segments
from scenes.motions.motion import MOTIONS, Cue, Motion, act, motion_of, recognise
from scenes.solve import object_pose
from scenes.types import ObjectSpec, Pattern, Pose

every_motion = pytest.mark.parametrize("name", list(MOTIONS))
countable_motion = pytest.mark.parametrize("name", [name for name, motion in MOTIONS.items() if motion.countable])
signed_motion = pytest.mark.parametrize("name", [name for name, motion in MOTIONS.items() if motion.signed])
examples = settings(max_examples=10)

CORNERS = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
FASTEST_M_S = 15.0  # of any point of a body: what a camera at 24 frames per second still catches


@dataclasses.dataclass(frozen=True)
class Case:
    """A drawn motion, with what it was drawn from."""

    motion: Motion
    cue: Cue
    seed: int


@st.composite
def cases(draw, name):
    cls = MOTIONS[name]
    cycles = draw(st.integers(1, cls.max_cycles)) if cls.countable else 1
    shortest, longest = cls.seconds_per_cycle
    width_m, depth_m, height_m = (draw(st.floats(0.3, 0.9)) for _ in range(3))
    cue = Cue(
        duration_s=cycles * draw(st.floats(shortest, longest)),
        extent_m=(height_m,) * 3 if cls.rolls else (width_m, depth_m, height_m),
        cycles=cycles,
        sense=draw(st.sampled_from([-1, 1])),
        heading_rad=draw(st.floats(-3.2, 3.2)),
        difficulty=draw(st.floats(0, 1)),
    )
    seed = draw(st.integers(0, 2**32))
    return Case(cls.sample(np.random.default_rng(seed), cue), cue, seed)


def finely(motion):
    """The pose at 500 moments per second, both ends included."""
    return motion.pose(np.linspace(0.0, motion.duration_s, int(500 * motion.duration_s) + 2))


def corners_m(pose, extent_m):
    """``(frame, 8, 3)``: the corners of the box around the object (the box is turned to the heading by the caller)."""
    matrix = geometry.rotation(pose.quaternion_wxyz).as_matrix()
    return pose.position_m[:, None] + pose.scale[:, None, None] * np.einsum("fij,cj->fci", matrix, CORNERS * extent_m)


def film(motions, fps, lead_s=0.43, rest_s=0.4, yaw_rad=0.7):
    """The pose of an object that rests, performs one motion after another with rests between, and rests again."""
    actions, start_s = [], lead_s
    for motion in motions:
        actions.append(act(motion, start_s))
        start_s = actions[-1].end_s + rest_s
    item = ObjectSpec("thing", "box", 0.6, "red", Pattern("plain", ((1.0, 0.0, 0.0),)), (0.4, -1.2, 0.3), yaw_rad, tuple(actions))
    return object_pose(item, np.arange(round((start_s + 0.3) * fps)) / fps)


def only_segment(pose, fps):
    """What is measured of the one stretch in which it moves."""
    ((first, last),) = active_segments(pose, fps)
    return Kinematics.of(pose, fps, first, last)


def matching(measured):
    return [name for name, motion in MOTIONS.items() if motion.matches(measured)]


def mirrored(pose):
    """In a mirror at x = 0: reflections of rotations about x keep their sense, those about y and z change it."""
    return Pose(pose.position_m * (-1, 1, 1), pose.quaternion_wxyz * (1, 1, -1, -1), pose.scale)


def backwards(pose):
    return Pose(pose.position_m[::-1], pose.quaternion_wxyz[::-1], pose.scale[::-1])


def moved_world(pose, angle_rad, shift_m):
    turn = geometry.yaw(angle_rad)
    turned = geometry.wxyz(turn * geometry.rotation(pose.quaternion_wxyz))
    return Pose(turn.apply(pose.position_m) + shift_m, turned, pose.scale)


# -- what a class says of itself ----------------------------------------------------------------------------------------


@every_motion
def test_can_be_asked_about(name):
    cls = MOTIONS[name]
    assert cls.verb.strip() and cls.base.strip() and cls.__doc__
    shortest, longest = cls.seconds_per_cycle
    assert 0.5 <= shortest < longest  # a viewer counts up to about 2 per second
    if cls.countable:
        assert cls.max_cycles * shortest <= 7.0
        assert "count" in vars(cls)


@every_motion
def test_its_reverse_is_the_reverse_of_its_reverse(name):
    other = MOTIONS[name].reversed_in_time or name
    assert other == "?" or (MOTIONS[other].reversed_in_time or other) == name


def test_no_two_motions_are_called_the_same():
    assert len({cls.verb for cls in MOTIONS.values()}) == len({cls.base for cls in MOTIONS.values()}) == len(MOTIONS)


def test_there_are_enough_of_them():
    assert len(MOTIONS) >= 17
    assert sum(cls.countable for cls in MOTIONS.values()) >= 8


# -- the path -----------------------------------------------------------------------------------------------------------


@every_motion
@examples
@given(data=st.data())
def test_starts_at_the_origin(name, data):
    start = data.draw(cases(name)).motion.pose(np.zeros(1))
    np.testing.assert_allclose(start.position_m, np.zeros((1, 3)), atol=1e-9)
    np.testing.assert_allclose(geometry.rotation(start.quaternion_wxyz).magnitude(), 0.0, atol=1e-9)
    np.testing.assert_allclose(start.scale, 1.0, atol=1e-9)


@every_motion
@examples
@given(data=st.data())
def test_is_finite_and_smooth_and_keeps_its_last_pose(name, data):
    case = data.draw(cases(name))
    pose = finely(case.motion)
    assert all(np.isfinite(values).all() for values in vars(pose).values())
    np.testing.assert_allclose(np.linalg.norm(pose.quaternion_wxyz, axis=1), 1.0, atol=1e-9)
    assert pose.scale.min() > 0.2
    steps_m = np.linalg.norm(np.diff(corners_m(pose, case.cue.extent_m), axis=0), axis=-1)
    assert steps_m.max() <= FASTEST_M_S / 500
    after = case.motion.pose(np.array([case.motion.duration_s, case.motion.duration_s + 1.0]))
    np.testing.assert_array_equal(after.position_m[0], after.position_m[1])


@every_motion
@examples
@given(data=st.data())
def test_is_drawn_from_the_generator_alone(name, data):
    case = data.draw(cases(name))
    again = MOTIONS[name].sample(np.random.default_rng(case.seed), case.cue)
    assert again == case.motion
    assert again.duration_s == case.cue.duration_s and again.heading_rad == case.cue.heading_rad


@every_motion
@examples
@given(data=st.data())
def test_heading_turns_it_rigidly(name, data):
    case = data.draw(cases(name))
    ahead = dataclasses.replace(case.motion, heading_rad=0.0)
    turn = geometry.yaw(case.cue.heading_rad)
    body = CORNERS * case.cue.extent_m
    here, there = finely(ahead), finely(case.motion)
    for local, offset_m in zip(body, turn.apply(body), strict=True):
        expected = turn.apply(here.position_m + geometry.rotation(here.quaternion_wxyz).apply(local))
        np.testing.assert_allclose(there.position_m + geometry.rotation(there.quaternion_wxyz).apply(offset_m), expected, atol=1e-9)


@every_motion
@examples
@given(data=st.data())
def test_stays_above_the_floor(name, data):
    """A body that faces its heading and stands on the floor, or above it by what it drops."""
    case = data.draw(cases(name))
    pose = finely(dataclasses.replace(case.motion, heading_rad=0.0))
    half_height_m = case.cue.extent_m[2] / 2
    lowest = corners_m(pose, case.cue.extent_m)[..., 2].min() if not MOTIONS[name].rolls else pose.position_m[:, 2].min() - half_height_m
    assert lowest >= -half_height_m + min(0.0, pose.position_m[-1, 2]) - 1e-6


@every_motion
@examples
@given(data=st.data())
def test_stays_on_the_stage_and_can_be_seen(name, data):
    case = data.draw(cases(name))
    pose = finely(case.motion)
    away_m = np.linalg.norm(pose.position_m[:, :2], axis=1)
    assert away_m.max() <= (1.9 + 1e-9 if away_m[-1] > 0.1 else 1.2)
    corners = corners_m(pose, case.cue.extent_m)
    assert np.linalg.norm(corners - corners[0], axis=-1).max() > 0.05  # four pixels at seven metres


@every_motion
@examples
@given(data=st.data())
def test_survives_its_record(name, data):
    case = data.draw(cases(name))
    record = act(case.motion, 0.5)
    loaded = dataclasses.replace(record, parameters=json.loads(json.dumps(record.parameters)))
    again = motion_of(loaded)
    assert again.duration_s == pytest.approx(case.motion.duration_s, abs=1e-9)
    assert dataclasses.replace(again, duration_s=case.motion.duration_s) == case.motion


# -- claims, by finite differences --------------------------------------------------------------------------------------


@every_motion
@examples
@given(data=st.data())
def test_claims_are_measured(name, data):
    case = data.draw(cases(name))
    claims, pose = case.motion.claims(), finely(case.motion)
    measured = Kinematics.of(pose, 500.0, 0, len(pose.scale) - 1)
    assert claims.net_displacement_m is not None
    expected_m = geometry.yaw(case.cue.heading_rad).apply(claims.net_displacement_m)
    np.testing.assert_allclose(pose.position_m[-1], expected_m, atol=1e-6)
    assert np.sign(np.round(pose.position_m[-1, 2], 6)) == MOTIONS[name].net_height
    if claims.height_range_m is not None:
        assert np.ptp(pose.position_m[:, 2]) == pytest.approx(claims.height_range_m, abs=2e-3)
    if claims.turns is not None:
        assert measured.yaw_turns == pytest.approx(claims.turns, abs=1e-6)
    if claims.path_turns is not None:
        assert measured.path_turns == pytest.approx(claims.path_turns, abs=0.03)
    if claims.cycles is not None:
        assert MOTIONS[name].count(measured) == pytest.approx(claims.cycles, abs=1e-6)


@countable_motion
@pytest.mark.parametrize("fps", [12.0, 24.0, 30.0])
def test_cycles_are_counted(name, fps):
    """All counts, at the fastest and the slowest natural pace, on frames that miss the extremes."""
    cls, rng = MOTIONS[name], np.random.default_rng(0)
    for cycles, pace_s in itertools.product(range(1, cls.max_cycles + 1), cls.seconds_per_cycle):
        motion = cls.sample(rng, Cue(cycles * pace_s, (0.6, 0.5, 0.7), cycles, heading_rad=rng.uniform(-3, 3), difficulty=rng.uniform()))
        assert motion.claims().cycles == cycles
        for lead_s in rng.uniform(0.3, 0.5, 2):
            assert cls.count(only_segment(film([motion], fps, lead_s), fps)) == pytest.approx(cycles, abs=0.02)


@signed_motion
@examples
@given(data=st.data())
def test_sense_shows(name, data):
    case = data.draw(cases(name))
    claims = case.motion.claims()
    turns = claims.turns or claims.path_turns
    measured = Kinematics.of(finely(case.motion), 500.0, 0, int(500 * case.motion.duration_s) + 1)
    seen = measured.yaw_turns if claims.turns else measured.path_turns
    assert np.sign(seen) == np.sign(turns) == case.cue.sense and abs(seen) > 0.3


# -- recognition --------------------------------------------------------------------------------------------------------

frame_rates = st.sampled_from([12.0, 24.0, 25.0, 30.0, 60.0])
leads_s = st.floats(0.3, 0.6)


@every_motion
@settings(max_examples=25)
@given(data=st.data(), fps=frame_rates, lead_s=leads_s)
def test_is_recognised_as_itself_and_nothing_else(name, data, fps, lead_s):
    case = data.draw(cases(name))
    measured = only_segment(film([case.motion], fps, lead_s), fps)
    assert matching(measured) == [name]
    assert measured.duration_s == pytest.approx(case.motion.duration_s, abs=2.1 / fps)
    net_m = case.motion.claims().net_displacement_m
    assert (measured.displacement_m, measured.net_rise_m) == pytest.approx((np.hypot(*net_m[:2]), net_m[2]), abs=1e-4)


@every_motion
@examples
@given(data=st.data(), fps=frame_rates, lead_s=leads_s)
def test_backwards_is_as_declared(name, data, fps, lead_s):
    measured = only_segment(backwards(film([data.draw(cases(name)).motion], fps, lead_s)), fps)
    other = MOTIONS[name].reversed_in_time or name
    assert matching(measured) == ([] if other == "?" else [other])


@every_motion
@examples
@given(data=st.data(), fps=frame_rates, lead_s=leads_s)
def test_mirror_flips_turns_alone(name, data, fps, lead_s):
    pose = film([data.draw(cases(name)).motion], fps, lead_s)
    seen, mirror = only_segment(pose, fps), only_segment(mirrored(pose), fps)
    assert matching(mirror) == [name]
    assert mirror.yaw_turns == pytest.approx(-seen.yaw_turns, abs=1e-6)
    assert MOTIONS[name].count(mirror) == pytest.approx(MOTIONS[name].count(seen), abs=1e-6)
    if MOTIONS[name].signed:
        assert mirror.path_turns == pytest.approx(-seen.path_turns, abs=1e-6)


@every_motion
@examples
@given(data=st.data(), angle_rad=st.floats(-3, 3), shift_m=st.tuples(*[st.floats(-5, 5)] * 3))
def test_is_the_same_anywhere_in_the_world(name, data, angle_rad, shift_m):
    pose = film([data.draw(cases(name)).motion], 24.0)
    here, there = only_segment(pose, 24.0), only_segment(moved_world(pose, angle_rad, shift_m), 24.0)
    unsteady = {"laps", "path_turns"} - ({"laps", "path_turns"} if MOTIONS[name].signed else set())
    for key, value in vars(here).items():
        if key not in unsteady:
            assert getattr(there, key) == pytest.approx(value, abs=1e-5), key


@settings(max_examples=60)
@given(data=st.data(), fps=frame_rates, names=st.lists(st.sampled_from(list(MOTIONS)), min_size=2, max_size=3))
def test_a_row_of_motions_is_told_apart(data, fps, names):
    """Later motions start from wherever, and turned however, the earlier ones ended."""
    drawn = [data.draw(cases(name)) for name in names]
    pose = film([case.motion for case in drawn], fps)
    seen = [Kinematics.of(pose, fps, first, last) for first, last in active_segments(pose, fps)]
    assert [recognise(measured) for measured in seen] == names
    for case, measured in zip(drawn, seen, strict=True):
        assert MOTIONS[case.motion.name].count(measured) == pytest.approx(case.motion.claims().cycles or 1, abs=0.02)


# -- what is measured, on paths known by hand ---------------------------------------------------------------------------


def path(position_m, quaternion_wxyz=None, scale=None):
    frames = len(position_m)
    turned = np.tile(geometry.IDENTITY_WXYZ, (frames, 1)) if quaternion_wxyz is None else quaternion_wxyz
    return Pose(np.asarray(position_m, float), turned, np.ones(frames) if scale is None else scale)


def test_measures_a_line_of_known_length():
    measured = Kinematics.of(path(np.outer(np.arange(11) / 10, (3.0, 4.0, 0.0))), 10.0, 0, 10)
    assert (measured.duration_s, measured.displacement_m, measured.travel_m, measured.length_m) == pytest.approx((1.0, 5.0, 5.0, 5.0))
    assert (measured.straightness, measured.mean_speed_m_s, measured.peak_speed_m_s, measured.outward) == pytest.approx((1, 5, 5, 1))
    assert (measured.width_m, measured.path_turns, measured.laps, measured.rotation_rad) == pytest.approx((0, 0, 0, 0), abs=1e-9)


def test_measures_clockwise_laps_as_negative():
    angle = -np.linspace(0, 2 * np.pi * 3, 100)
    measured = Kinematics.of(path(np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)), 24.0, 0, 99)
    assert measured.laps == pytest.approx(-3.0)
    assert measured.path_turns == pytest.approx(-3.0, abs=0.05)


def test_separates_yaw_from_tumble():
    angle = np.linspace(0, 3.0, 30)
    still = np.zeros((30, 3))
    spun = Kinematics.of(path(still, geometry.wxyz(geometry.about((0, 0, 1), angle))), 24.0, 0, 29)
    rolled = Kinematics.of(path(still, geometry.wxyz(geometry.about((1, 2, 0), angle))), 24.0, 0, 29)
    assert (spun.yaw_turns, spun.tumble_turns, spun.tilt_rad) == pytest.approx((3 / (2 * np.pi), 0, 0), abs=1e-6)
    assert (rolled.yaw_turns, rolled.tumble_turns, rolled.tilt_rad) == pytest.approx((0, 3 / (2 * np.pi), 3.0), abs=1e-6)


def test_rests_divide_and_pauses_do_not():
    shift = np.concatenate([np.zeros(5), np.arange(10), np.full(3, 9), np.arange(9, 0, -1), np.zeros(12), [1, 2, 3]])
    pose = path(np.stack([shift, 0 * shift, 0 * shift], axis=1))
    assert active_segments(pose, 24.0) == [(5, 27), (38, 41)]
    assert active_segments(pose, 24.0, min_rest_s=1.0) == [(5, 41)]
    assert active_segments(pose, 24.0, min_rest_s=0.0) == [(5, 14), (18, 27), (38, 41)]


def test_growing_and_turning_are_moving_too():
    frames, still = 20, np.zeros((20, 3))
    late = np.maximum(np.arange(frames) - 10, 0) / 10
    assert active_segments(path(still), 24.0) == []
    assert active_segments(path(still, scale=1 + late), 24.0) == [(10, 19)]
    assert active_segments(path(still, geometry.wxyz(geometry.yaw(late))), 24.0) == [(10, 19)]


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 5), (6, 5), (0, 10)])
def test_refuses_what_is_no_interval(first, last):
    with pytest.raises(ValueError, match="0 <= first < last"):
        Kinematics.of(path(np.zeros((10, 3))), 24.0, first, last)


@pytest.mark.parametrize(
    "wrong", [{"duration_s": 0.0}, {"extent_m": (0.5, 0.0, 0.5)}, {"cycles": 0}, {"sense": 0}, {"difficulty": 2.0}, {"height_m": -1.0}]
)
def test_refuses_an_impossible_cue(wrong):
    (key,) = wrong
    with pytest.raises(ValueError, match=key):
        Cue(**({"duration_s": 1.0, "extent_m": (0.5, 0.5, 0.5)} | wrong))
