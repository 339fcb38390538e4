"""Every registered camera move, in both senses, from every viewpoint: it does what it says and is told from all others."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import geometry
from scenes.camera_kinematics import CameraKinematics, camera_segments
from scenes.cameras.clearance import LOWEST_M
from scenes.cameras.move import CAMERA_MOVES, CameraCue, CameraMove, CameraPath, Rig, act, move_of, recognise
from scenes.catalogue import UnknownName
from scenes.geometry import Array
from scenes.solve import camera_path, object_pose
from scenes.types import Action, CameraSpec, ObjectSpec, Pattern, Trajectories
from scenes.viewpoints import VIEWPOINTS

FPS, REST_FRAMES = 24.0, 8
SENSES = [(name, sense) for name, move in CAMERA_MOVES.items() for sense in move.directions]
MOVING = [(name, sense) for name, sense in SENSES if name != "static"]
MIRROR = np.diag([-1.0, 1.0, 1.0])

every_move = pytest.mark.parametrize(("name", "sense"), SENSES, ids=lambda value: str(value))
every_moving = pytest.mark.parametrize(("name", "sense"), MOVING, ids=lambda value: str(value))
seeds = st.integers(0, 2**32 - 1)
views = st.sampled_from(sorted(VIEWPOINTS))
few = settings(max_examples=8)


@dataclasses.dataclass(frozen=True)
class Take:
    """A drawn move, where it starts, and what it may refer to."""

    move: CameraMove
    start: CameraPath
    rig: Rig

    def path(self, t_s: Array) -> CameraPath:
        return self.move.path(np.clip(t_s, 0.0, self.move.duration_s), self.start, self.rig)

    def film(self) -> Trajectories:
        """The move between two rests, with one object on the stage: still, or the one that is followed."""
        rest_s = REST_FRAMES / FPS
        t_s = np.arange(round((self.move.duration_s + 2 * rest_s) * FPS)) / FPS - rest_s
        ball = self.rig.subject_m(t_s) if self.move.follows else np.tile((0.1, -0.2, 0.4), (len(t_s), 1))
        return film(self.path(t_s), ball)


def film(path: CameraPath, ball_m: Array) -> Trajectories:
    frames = len(ball_m)
    return Trajectories(
        names=("red ball",),
        fps=FPS,
        position_m=ball_m[None],
        quaternion_wxyz=np.tile(geometry.IDENTITY_WXYZ, (1, frames, 1)),
        scale=np.ones((1, frames)),
        camera_position_m=path.position_m,
        camera_quaternion_wxyz=path.quaternion_wxyz,
        focal_length_mm=path.focal_length_mm,
        sensor_width_mm=36.0,
        width_px=640,
        height_px=480,
        extent_m=np.full((1, 3), 0.6),
        limb_names=(),
        limb_position_m=np.zeros((0, frames, 3)),
        limb_quaternion_wxyz=np.zeros((0, frames, 4)),
    )


def looking(position_m, target_m, focal_length_mm) -> CameraPath:
    orientation = geometry.look_at(position_m, target_m).as_quat(scalar_first=True)
    return CameraPath(np.array([position_m]), orientation[None], np.array([focal_length_mm]))


def take(name: str, sense: int, seed: int, view: str, difficulty: float = 0.5) -> Take:
    rng = np.random.default_rng(seed)
    position_m, target_m, focal_length_mm = VIEWPOINTS[view].sample(rng)
    cls = CAMERA_MOVES[name]
    move = cls.sample(rng, CameraCue(float(rng.uniform(*cls.seconds)), sense, difficulty))
    heading_rad, distance_m = rng.uniform(0, math.tau), rng.uniform(0.9, 1.8)
    way = distance_m * np.array([math.cos(heading_rad), math.sin(heading_rad), 0.0])

    def subject_m(t_s: Array) -> Array:
        return np.array((0.0, 0.0, 0.4)) + np.outer(geometry.ease(t_s / move.duration_s) - 0.5, way)

    return Take(move, looking(position_m, target_m, focal_length_mm), Rig(target_m, subject_m))


def measured(paths: Trajectories) -> CameraKinematics:
    """The one stretch of camera motion in a clip; all of it where the camera rests throughout."""
    segments = camera_segments(paths) or [(0, paths.num_frames - 1)]
    assert len(segments) == 1
    return CameraKinematics.of(paths, *segments[0])


def matching(kinematics: CameraKinematics) -> list[tuple[str, int]]:
    return [(name, sense) for name, move in CAMERA_MOVES.items() if (sense := move.matches(kinematics))]


# --- what is declared ---


def test_the_moves_of_the_field_are_there():
    expected = "static pan tilt roll truck pedestal dolly zoom arc crane dolly_zoom tracking shake"
    assert set(expected.split()) <= set(CAMERA_MOVES)


@pytest.mark.parametrize("name", CAMERA_MOVES)
def test_declarations_are_complete(name):
    move = CAMERA_MOVES[name]
    assert set(move.directions) in ({1}, {1, -1})
    assert set(move.phrases) == set(move.directions)
    assert len({move.phrases[sense] for sense in move.phrases}) == len(move.directions)
    assert move.confusable == "" or (move.confusable in CAMERA_MOVES and move.confusable != name)
    assert 0 < move.seconds[0] < move.seconds[1]
    assert len(move.directions) == 2 or not (move.mirrors or move.reverses), "a move without direction cannot flip it"


def test_an_unknown_move_lists_the_known_ones():
    with pytest.raises(UnknownName, match=r"Did you mean 'dolly'.*truck"):
        move_of(Action("doly", 0.0, 1.0))


def test_phrases_are_all_different():
    phrases = [CAMERA_MOVES[name].phrases[sense] for name, sense in SENSES]
    assert len(set(phrases)) == len(phrases)


# --- the path ---


@every_move
@few
@given(seed=seeds, view=views, difficulty=st.floats(0, 1))
def test_starts_at_its_start_and_is_finite_and_repeatable(name, sense, seed, view, difficulty):
    drawn, again = (take(name, sense, seed, view, difficulty) for _ in range(2))
    t_s = np.linspace(0, drawn.move.duration_s, 40)
    path, same = drawn.path(t_s), again.path(t_s)
    for values, repeated, start in zip(*(vars(each).values() for each in (path, same, drawn.start)), strict=True):
        assert values.shape == (40, *start.shape[1:])
        assert np.isfinite(values).all()
        assert np.array_equal(values, repeated)
    assert np.allclose(path.position_m[0], drawn.start.position_m[0], atol=1e-9)
    assert np.allclose(path.focal_length_mm[0], drawn.start.focal_length_mm[0], atol=1e-9)
    assert turned_rad(drawn.start.quaternion_wxyz[0], path.quaternion_wxyz[0]) < 1e-9
    assert np.allclose(np.linalg.norm(path.quaternion_wxyz, axis=-1), 1.0)
    assert np.min(np.sum(path.quaternion_wxyz[1:] * path.quaternion_wxyz[:-1], axis=-1)) > 0


@every_move
@few
@given(seed=seeds, view=views)
def test_has_no_kinks_and_ends_at_rest(name, sense, seed, view):
    """Halving the time step halves the greatest change of velocity: a jump of velocity would not shrink."""
    drawn = take(name, sense, seed, view)
    coarse, fine = (velocities(drawn, steps) for steps in (400, 800))
    jumps = [np.max(np.linalg.norm(np.diff(each, axis=0), axis=-1)) for each in (coarse, fine)]
    assert jumps[1] <= 0.6 * jumps[0] + 1e-5
    fastest = np.max(np.linalg.norm(fine, axis=-1))
    for end in (fine[0], fine[-1]):
        assert np.linalg.norm(end) <= 0.01 * fastest + 1e-9


def velocities(drawn: Take, steps: int) -> Array:
    """``(step, 7)``: of position, orientation (as a rotation vector from the start) and log focal length."""
    t_s = np.linspace(0, drawn.move.duration_s, steps)
    path = drawn.path(t_s)
    turned = geometry.rotation(path.quaternion_wxyz) * geometry.rotation(path.quaternion_wxyz[0]).inv()
    state = np.column_stack([path.position_m, turned.as_rotvec(), np.log(path.focal_length_mm)])
    return np.diff(state, axis=0) / np.diff(t_s)[:, None]


def turned_rad(before: Array, after: Array) -> float:
    return float((geometry.rotation(after) * geometry.rotation(before).inv()).magnitude())


@every_move
@few
@given(seed=seeds, view=views)
def test_claims_are_measured(name, sense, seed, view):
    drawn = take(name, sense, seed, view)
    claims = drawn.move.claims(drawn.start, drawn.rig)
    t_s = np.linspace(0, drawn.move.duration_s, 60)
    path = drawn.path(t_s)
    assert any(value is not None for value in vars(claims).values())
    check_net_changes(path, claims)
    if claims.looks_at_m is not None:
        offset = np.array(claims.looks_at_m) - path.position_m
        distance = np.linalg.norm(offset, axis=-1)
        forward = geometry.camera_axes(path.quaternion_wxyz)[2]
        assert np.allclose(offset / distance[:, None], forward, atol=1e-9)
        assert np.allclose(distance, distance[0])
    if claims.holds_size_at_m is not None:
        point = path.position_m[0] + claims.holds_size_at_m * drawn.start.forward
        assert np.allclose(
            path.focal_length_mm / np.linalg.norm(point - path.position_m, axis=-1), path.focal_length_mm[0] / claims.holds_size_at_m
        )
    if claims.follows is not None:
        apart = (drawn.rig.subject_m(t_s) - path.position_m)[:, :2]
        assert np.allclose(apart, apart[0]) == claims.follows
    if claims.net_rest is not None:
        ends = [each[[0, -1]] for each in vars(path).values()]
        assert all(np.allclose(first, last, atol=1e-9) for first, last in ends) == claims.net_rest


def check_net_changes(path: CameraPath, claims) -> None:
    """Net travel, turn and zoom; a claim of nothing must hold at every frame and not just at the end."""
    travels = np.linalg.norm(path.position_m - path.position_m[0], axis=-1)
    turns = [turned_rad(path.quaternion_wxyz[0], each) for each in path.quaternion_wxyz]
    ratios = path.focal_length_mm / path.focal_length_mm[0]
    for claim, values, nothing in ((claims.travel_m, travels, 0), (claims.turn_rad, turns, 0), (claims.focal_ratio, ratios, 1)):
        if claim is not None:
            assert values[-1] == pytest.approx(claim, abs=1e-7)
            assert claim != nothing or np.allclose(values, nothing, atol=1e-7)


@every_move
@few
@given(seed=seeds, view=views)
def test_survives_json(name, sense, seed, view):
    drawn = take(name, sense, seed, view)
    action = act(drawn.move, start_s=0.5)
    assert (action.start_s, action.duration_s) == (0.5, pytest.approx(drawn.move.duration_s))
    restored = move_of(Action(**json.loads(json.dumps({**vars(action), "parameters": dict(action.parameters)}))))
    t_s = np.linspace(0, drawn.move.duration_s, 5)
    assert type(restored) is type(drawn.move)
    assert np.allclose(restored.path(t_s, drawn.start, drawn.rig).position_m, drawn.path(t_s).position_m)


@every_move
@few
@given(seed=seeds, view=views, difficulty=st.floats(0, 1))
def test_stays_above_the_floor(name, sense, seed, view, difficulty):
    drawn = take(name, sense, seed, view, difficulty)
    lowest = drawn.film().camera_position_m[:, 2].min()
    assert lowest > LOWEST_M - 0.05


def test_a_camera_that_follows_needs_a_subject():
    drawn = take("tracking", 1, 0, "eye-level front")
    with pytest.raises(ValueError, match="name an object as the camera's subject"):
        drawn.move.path(np.zeros(1), drawn.start, Rig(drawn.rig.target_m))


@pytest.mark.parametrize(
    ("name", "sense"), [("pedestal", -1), ("crane", -1), ("tilt", 1), ("tilt", -1), ("arc", 1), ("dolly", 1), ("zoom", -1)]
)
@few
@given(seed=seeds, view=views)
def test_a_move_made_again_and_again_stays_within_bounds(name, sense, seed, view):
    """Six times the same move: no step through the floor, past the vertical, into the stage or out of the lens."""
    drawn = take(name, sense, seed, view, difficulty=0.0)
    state = drawn.start
    for _ in range(6):
        state = drawn.move.path(np.array([drawn.move.duration_s]), state, drawn.rig)
    distance_m = np.linalg.norm(state.position_m[0] - (0, 0, 0.7))
    assert state.position_m[0, 2] >= LOWEST_M - 1e-6
    assert 2.9 < distance_m < 12.5
    assert abs(state.forward[2]) < math.sin(math.radians(75.1))
    assert 13.9 < state.focal_length_mm[0] < 121


# --- how it is recognised ---


@every_move
@settings(max_examples=25)
@given(seed=seeds, view=views, difficulty=st.floats(0, 1))
def test_is_recognised_as_itself_and_as_nothing_else(name, sense, seed, view, difficulty):
    assert matching(measured(take(name, sense, seed, view, difficulty).film())) == [(name, sense)]


@every_move
@few
@given(seed=seeds, view=views)
def test_a_mirror_flips_the_sense_as_declared(name, sense, seed, view):
    paths = take(name, sense, seed, view).film()
    turned = geometry.rotation(paths.camera_quaternion_wxyz).as_matrix()
    mirrored = dataclasses.replace(
        paths,
        position_m=paths.position_m @ MIRROR,
        camera_position_m=paths.camera_position_m @ MIRROR,
        camera_quaternion_wxyz=geometry.wxyz(geometry.Rotation.from_matrix(MIRROR @ turned @ MIRROR)),
    )
    assert recognise(measured(mirrored)) == (name, -sense if CAMERA_MOVES[name].mirrors else sense)


@every_move
@few
@given(seed=seeds, view=views)
def test_a_reversed_film_flips_the_sense_as_declared(name, sense, seed, view):
    paths = take(name, sense, seed, view).film()
    backwards = dataclasses.replace(
        paths,
        position_m=paths.position_m[:, ::-1],
        camera_position_m=paths.camera_position_m[::-1],
        camera_quaternion_wxyz=paths.camera_quaternion_wxyz[::-1],
        focal_length_mm=paths.focal_length_mm[::-1],
    )
    assert recognise(measured(backwards)) == (name, -sense if CAMERA_MOVES[name].reverses else sense)


@every_move
@few
@given(seed=seeds, view=views, angle_rad=st.floats(-math.pi, math.pi))
def test_where_north_is_does_not_matter(name, sense, seed, view, angle_rad):
    paths, turn = take(name, sense, seed, view).film(), geometry.yaw(angle_rad)
    turned = dataclasses.replace(
        paths,
        position_m=turn.apply(paths.position_m[0])[None],
        camera_position_m=turn.apply(paths.camera_position_m),
        camera_quaternion_wxyz=geometry.wxyz(turn * geometry.rotation(paths.camera_quaternion_wxyz)),
    )
    before, after = measured(paths), measured(turned)
    assert recognise(after) == (name, sense)
    assert after.perceived_px == pytest.approx(before.perceived_px, abs=0.01)


@every_move
@few
@given(seed=seeds, view=views)
def test_an_object_that_passes_by_changes_nothing(name, sense, seed, view):
    """A camera that happens to move while something else does is not tracking it."""
    drawn = take(name, sense, seed, view)
    paths = drawn.film()
    passing = np.stack([paths.position_m[0], drawn.rig.subject_m(np.linspace(0, drawn.move.duration_s, paths.num_frames))])
    passing[1, :, :2] *= -1.0
    crowd = dataclasses.replace(
        paths,
        names=("red ball", "blue cube"),
        position_m=passing,
        quaternion_wxyz=np.repeat(paths.quaternion_wxyz, 2, axis=0),
        scale=np.repeat(paths.scale, 2, axis=0),
    )
    assert recognise(measured(crowd)) == (name, sense)


@pytest.mark.parametrize("width_px", [64, 640, 1280])
def test_who_strays_as_far_in_a_picture_of_any_size_is_followed_in_all_or_none(width_px):
    """An object beside a camera that trucks: it lags behind by some share of the way."""
    drawn = take("truck", 1, 3, "eye-level front")
    alone = dataclasses.replace(drawn.film(), width_px=width_px, height_px=width_px * 3 // 4)
    way = alone.camera_position_m - alone.camera_position_m[0]
    told = []
    for share in (1.0, 0.99, 0.9, 0.5):
        beside = dataclasses.replace(alone, position_m=(alone.position_m[0, :1] + share * way * (1, 1, 0))[None])
        told.append(recognise(measured(beside)))
    assert told == [("tracking", 1), ("tracking", 1), ("truck", 1), ("truck", 1)]


@every_moving
@few
@given(seed=seeds, view=views)
def test_shows_in_the_picture(name, sense, seed, view):
    assert measured(take(name, sense, seed, view).film()).perceived_px > 25


@pytest.mark.parametrize(
    "pair", [("pan", "truck"), ("tilt", "pedestal"), ("dolly", "pan"), ("roll", "tilt"), ("zoom", "roll"), ("truck", "pedestal")]
)
@few
@given(seed=seeds, view=views)
def test_two_moves_at_once_are_not_taken_for_one(pair, seed, view):
    """A second move laid over the first makes it neither."""
    first, second = (take(name, 1, seed, view) for name in pair)
    t_s = np.linspace(0, 1, 60)
    base, over = first.path(t_s * first.move.duration_s), second.path(t_s * second.move.duration_s)
    turn = geometry.rotation(over.quaternion_wxyz) * geometry.rotation(over.quaternion_wxyz[0]).inv()
    both = CameraPath(
        base.position_m + over.position_m - over.position_m[0],
        geometry.wxyz(turn * geometry.rotation(base.quaternion_wxyz)),
        base.focal_length_mm * over.focal_length_mm / over.focal_length_mm[0],
    )
    assert recognise(measured(film(both, np.zeros((60, 3))))) is None


# --- in the picture: an oracle that knows only projection ---

NEAR_M, TARGET_M, FAR_M = (0.0, -1.5, 0.7), (0.0, 0.0, 0.7), (0.0, 4.0, 0.7)  # in the line of sight of a level camera


def shift_px(name: str, sense: int, point_m) -> Array:
    """How a world point moves in the picture of a level camera in front of it."""
    cls = CAMERA_MOVES[name]
    move = cls.sample(np.random.default_rng(5), CameraCue(2.0, sense))
    path = move.path(np.array([0.0, 2.0]), looking((0.0, -7.0, 0.7), TARGET_M, 35.0), Rig(TARGET_M))
    focal = geometry.focal_px(path.focal_length_mm, 36.0, 640)
    pixels, _ = geometry.project(np.tile(point_m, (2, 1)), path.position_m, path.quaternion_wxyz, focal, 640, 480)
    return pixels[1] - pixels[0]


@pytest.mark.parametrize("sense", [1, -1])
def test_turns_and_slides_move_the_picture_the_other_way(sense):
    for name in ("pan", "truck"):  # to the left, so that the content moves to the right (+x)
        assert sense * shift_px(name, sense, TARGET_M)[0] > 25
    for name in ("tilt", "pedestal"):  # upwards, so that the content sinks (+y)
        assert sense * shift_px(name, sense, TARGET_M)[1] > 15


@pytest.mark.parametrize("sense", [1, -1])
def test_parallax_tells_slides_from_turns(sense):
    near, far = (abs(shift_px("truck", sense, point)[0]) for point in (NEAR_M, FAR_M))
    assert near > 1.5 * far
    near, far = (abs(shift_px("pan", sense, point)[0]) for point in (NEAR_M, FAR_M))
    assert near == pytest.approx(far)


@pytest.mark.parametrize("sense", [1, -1])
def test_moving_in_magnifies(sense):
    beside = np.array((1.0, 0.0, 0.7))
    for name in ("dolly", "zoom"):
        assert sense * shift_px(name, sense, beside)[0] > 10
    assert np.allclose(shift_px("dolly_zoom", sense, beside), 0, atol=1e-6)
    assert sense * shift_px("dolly_zoom", sense, beside + np.array((0, 4, 0)))[0] < -5, "the background shrinks while the camera moves in"


@pytest.mark.parametrize("sense", [1, -1])
def test_a_camera_that_rolls_clockwise_turns_the_picture_counter_clockwise(sense):
    to_the_right = shift_px("roll", sense, (1.0, 0.0, 0.7))
    assert sense * to_the_right[1] < -10, "what is on the right rises when the picture turns counter-clockwise"


@pytest.mark.parametrize("sense", [1, -1])
def test_an_arc_to_the_left_moves_what_is_near_to_the_right_and_what_is_far_to_the_left(sense):
    assert np.allclose(shift_px("arc", sense, TARGET_M), 0, atol=1e-6)
    assert sense * shift_px("arc", sense, NEAR_M)[0] > 25
    assert sense * shift_px("arc", sense, FAR_M)[0] < -25


def test_a_crane_up_keeps_its_target_while_the_background_rises():
    assert np.allclose(shift_px("crane", 1, TARGET_M), 0, atol=1e-6)
    assert shift_px("crane", 1, FAR_M)[1] < -25
    assert shift_px("crane", 1, NEAR_M)[1] > 25


# --- sequences ---


def chain(drawn: list[tuple[str, int]], seed: int, view: str) -> tuple[Trajectories, list[tuple[float, float]]]:
    """A clip in which one move follows another after 0.35 s of rest, and when each of them happens."""
    rng = np.random.default_rng(seed)
    position_m, target_m, focal_length_mm = VIEWPOINTS[view].sample(rng)
    moves, slides, now_s = [], [], 0.35
    for name, sense in drawn:
        cls = CAMERA_MOVES[name]
        move = cls.sample(rng, CameraCue(float(rng.uniform(*cls.seconds)), sense, 0.5))
        moves.append(act(move, now_s))
        if cls.follows:
            heading_rad = float(rng.uniform(0, math.tau))
            slides.append(Action("slide", now_s, moves[-1].end_s, {"distance_m": 1.2, "heading_rad": heading_rad}))
        now_s = moves[-1].end_s + 0.35
    pattern = Pattern("plain", ((1.0, 0.0, 0.0),))
    ball = ObjectSpec("red ball", "ball", 0.6, "red", pattern, (0.1, 0.0, 0.3), actions=tuple(slides))
    camera = CameraSpec(view, position_m, target_m, focal_length_mm, tuple(moves), subject="red ball")
    t_s = np.arange(round(now_s * FPS)) / FPS
    return film(camera_path(camera, t_s, (ball,)), object_pose(ball, t_s).position_m), [(each.start_s, each.end_s) for each in moves]


three_moves = st.lists(st.sampled_from(MOVING), min_size=3, max_size=3, unique_by=lambda pair: pair[0])


@settings(max_examples=60)
@given(drawn=three_moves, seed=seeds, view=st.sampled_from([name for name in VIEWPOINTS if name.split(" ", 1)[1].startswith("front")]))
def test_a_sequence_is_parted_and_each_move_recognised(drawn, seed, view):
    paths, intervals = chain(drawn, seed, view)
    segments = camera_segments(paths)
    assert len(segments) == 3
    for segment, interval in zip(segments, intervals, strict=True):
        assert np.allclose(np.array(segment) / FPS, interval, atol=3 / FPS)
    assert [recognise(CameraKinematics.of(paths, *segment)) for segment in segments] == drawn


@every_moving
@settings(max_examples=4)
@given(seed=seeds)
def test_the_same_move_twice_is_two_moves(name, sense, seed):
    paths, _ = chain([(name, sense)] * 2, seed, "eye-level front")
    assert [recognise(CameraKinematics.of(paths, *segment)) for segment in camera_segments(paths)] == [(name, sense)] * 2


def test_a_camera_at_rest_has_no_segments():
    assert camera_segments(take("static", 1, 0, "low left").film()) == []


def test_segments_begin_and_end_in_frames_of_rest():
    paths = take("truck", 1, 0, "eye-level front").film()
    ((first, last),) = camera_segments(paths)
    assert np.allclose(paths.camera_position_m[: first + 1], paths.camera_position_m[0], atol=1e-4)
    assert np.allclose(paths.camera_position_m[last:], paths.camera_position_m[-1], atol=1e-4)
    assert not np.allclose(paths.camera_position_m[first + 2], paths.camera_position_m[0], atol=1e-6)


@pytest.mark.parametrize(("min_rest_s", "count"), [(0.2, 2), (1.0, 1)])
def test_short_rests_do_not_part_a_movement(min_rest_s, count):
    paths, _ = chain([("pan", 1), ("dolly", 1)], 3, "eye-level front")
    assert len(camera_segments(paths, min_rest_s)) == count


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 5), (7, 5), (0, 10_000)])
def test_frames_outside_the_clip_are_refused(first, last):
    paths = take("pan", 1, 0, "eye-level front").film()
    with pytest.raises(ValueError, match="0 <= first < last < num_frames"):
        CameraKinematics.of(paths, first, last)


# --- viewpoints ---


def test_there_are_at_least_fifteen_viewpoints():
    assert len(VIEWPOINTS) >= 15


@pytest.mark.parametrize("view", VIEWPOINTS)
@few
@given(seed=seeds)
def test_a_viewpoint_draws_within_its_region(view, seed):
    position_m, target_m, focal_length_mm = VIEWPOINTS[view].sample(np.random.default_rng(seed))
    offset = np.subtract(position_m, target_m)
    distance_m, azimuth_deg = np.linalg.norm(offset), math.degrees(math.atan2(offset[0], -offset[1]))
    for value, (low, high) in (
        (distance_m, VIEWPOINTS[view].distance_m),
        (azimuth_deg, VIEWPOINTS[view].azimuth_deg),
        (math.degrees(math.asin(offset[2] / distance_m)), VIEWPOINTS[view].elevation_deg),
        (focal_length_mm, (28.0, 42.0)),
    ):
        assert low - 1e-6 <= value <= high + 1e-6
    assert position_m[2] > 0.4
    assert abs(azimuth_deg) <= 65
    assert all(type(value) is float for value in (*position_m, *target_m, focal_length_mm))


def test_viewpoints_do_not_overlap():
    regions = [(each.azimuth_deg, each.elevation_deg) for each in VIEWPOINTS.values()]
    for i, (azimuth, elevation) in enumerate(regions):
        for other_azimuth, other_elevation in regions[:i]:
            assert apart(azimuth, other_azimuth) or apart(elevation, other_elevation)


def apart(one, other) -> bool:
    return one[1] <= other[0] or other[1] <= one[0]
