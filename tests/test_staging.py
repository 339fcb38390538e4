"""Staging: scripts become scenes that keep to them, whatever else is drawn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import bodies
from scenes.camera_kinematics import CameraKinematics, camera_segments
from scenes.cameras import move as camera_move
from scenes.kinematics import active_segments
from scenes.motions.motion import MOTIONS
from scenes.placing import right_rad
from scenes.rejection import Rejected
from scenes.script import LEAD_S, PICTURE_HEADINGS, REST_S, Beat, Happening, Role, SceneOptions, Script, Shot
from scenes.solve import solve
from scenes.staging import ClipIdentity, compose
from scenes.streams import Streams
from scenes.timing import room_s, schedule

BLUNT = ("crate", "cube", "cylinder", "drum")
CLIP = ClipIdentity("0" * 32, "train", 0, 0)
spans = st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(0.0, 2.0)), min_size=1, max_size=4).map(
    lambda pairs: [(low, low + more) for low, more in pairs]
)


def composed(script: Script, seed: int, **options):
    """The first feasible draw."""
    for attempt in range(30):
        try:
            return compose(script, CLIP, Streams(seed, "train", 0, attempt), SceneOptions(**options))
        except Rejected:
            continue
    pytest.fail("every draw was rejected")


@given(spans=spans, spare_s=st.floats(0, 5), seed=st.integers(0, 2**32))
def test_schedule_keeps_order_lengths_and_rests(spans, spare_s, seed):
    total_s = room_s(*spans) + spare_s
    times = schedule(spans, total_s, np.random.default_rng(seed))
    for (start_s, end_s), (low, high) in zip(times, spans, strict=True):
        assert low - 1e-3 <= end_s - start_s <= high + 1e-3
    assert times[0][0] >= LEAD_S - 1e-3 and times[-1][1] <= total_s - LEAD_S + 1e-3
    for (_, earlier_s), (later_s, _) in itertools.pairwise(times):
        assert later_s - earlier_s >= REST_S - 1e-3


def test_schedule_without_room_is_rejected():
    with pytest.raises(Rejected, match="longer clip"):
        schedule([(2.0, 3.0)], 2.1, np.random.default_rng(0))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_actions_and_shots_are_in_the_scene_as_written(seed):
    script = Script((Role("subject", (Beat("spin", 2), Beat("slide"))),), (Shot("pan", 1),), extras=("bounce",))
    spec, names = composed(script, seed)
    assert [action.name for action in spec.object(names["subject"]).actions] == ["spin", "slide"]
    assert [action.name for action in spec.camera.moves] == ["pan"]
    assert spec.watches[0].subject == names["subject"] and len(spec.watches) == 1
    assert {action.name for item in spec.objects[1:] for action in item.actions} <= {"bounce"}
    assert spec.timeline.duration_s == pytest.approx(np.clip(spec.timeline.duration_s, 3.0, 8.0), abs=1 / 24)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_starts_below_the_floor_and_all_rest_at_both_ends(seed):
    motions = tuple(str(name) for name in np.random.default_rng(seed).permutation(list(MOTIONS))[:2])
    spec, _ = composed(Script((Role("a", (Beat(motions[0]),)), Role("b", (Beat(motions[1]),)))), seed)
    paths = solve(spec)
    for name in paths.names:
        pose = paths.pose(name)
        assert pose.position_m[:, 2].min() > 0
        for first, last in active_segments(pose, paths.fps):
            assert first > 0 and last < paths.num_frames - 1


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_ranks_set_the_order_of_starts(seed):
    roles = tuple(Role(key, (Beat("spin"),), rank=rank) for key, rank in (("c", 2), ("a", 0), ("b", 1)))
    spec, names = composed(Script(roles, room_s=5.0), seed)
    starts_s = [spec.object(names[key]).actions[0].start_s for key in "abc"]
    assert starts_s[1] - starts_s[0] >= 0.55 and starts_s[2] - starts_s[1] >= 0.55


def test_length_does_not_depend_on_what_is_done():
    """The clip's length is drawn before the actions: it cannot tell one count from another."""
    lengths = {composed(Script((Role("a", (Beat("bounce", cycles),)),), room_s=6.0), 5)[0].timeline.num_frames for cycles in (1, 3, 6)}
    assert len(lengths) == 1


def test_streams_are_apart():
    """Another attempt changes nuisance factors; the same attempt changes nothing."""
    script = Script((Role("a", (Beat("spin"),)),))
    one, again = (compose(script, CLIP, Streams(3, "train", 0, 1), SceneOptions())[0] for _ in range(2))
    other = compose(script, CLIP, Streams(3, "train", 0, 2), SceneOptions())[0]
    assert one == again and one != other


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("width", 0),
        ("width", 641),
        ("height", -480),
        ("fps", 0),
        ("fps", 4),
        ("fps", -24.0),
        ("duration", (5.0, 4.0)),
        ("duration", (0.0, 4.0)),
        ("difficulty", 1.5),
    ],
)
def test_bad_options_name_the_key_and_the_value(key, value):
    with pytest.raises(ValueError, match=key):
        SceneOptions(**{key: value})


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"scene.motions = .*slidee.*Did you mean 'slide'.*Known:"):
        SceneOptions(motions=("slidee",))
    with pytest.raises(ValueError, match=r"scene.environments = .*moon.*Known:.*studio"):
        SceneOptions(environments=("moon",))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_camera_tracks_a_walking_avatar(seed):
    script = Script((Role("subject", (Beat("walk", sense=1),), avatar=True, legs=2),), (Shot("tracking"),))
    spec, names = composed(script, seed)
    paths = solve(spec)
    assert camera_move.recognise(CameraKinematics.of(paths, *camera_segments(paths)[0])) == ("tracking", 1)
    assert bodies.is_avatar(spec.object(names["subject"]).shape)
    walked_m = paths.pose(names["subject"]).position_m[:, :2]
    followed_m = paths.camera_position_m[:, :2]
    np.testing.assert_allclose(walked_m - walked_m[0], followed_m - followed_m[0], atol=1e-9)


@pytest.mark.parametrize("heading", ["left", "right", "towards", "away"])
@pytest.mark.parametrize("sense", [1, -1])
def test_an_avatar_goes_where_it_is_sent_whichever_way_it_faces(heading, sense):
    role = Role("subject", (Beat("walk", sense=sense, heading=heading),), avatar=True, legs=2)
    spec, names = composed(Script((role,)), 3)
    pose = solve(spec).pose(names["subject"])
    gone = pose.position_m[-1, :2] - pose.position_m[0, :2]
    towards_rad = right_rad(spec.camera) + PICTURE_HEADINGS[heading]
    facing_rad = spec.object(names["subject"]).yaw_rad
    assert gone @ (np.cos(towards_rad), np.sin(towards_rad)) > 0.95 * np.linalg.norm(gone)
    assert sense * (gone @ (np.cos(facing_rad), np.sin(facing_rad))) > 0.95 * np.linalg.norm(gone)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_events_are_in_the_scene_as_written(seed):
    script = Script((Role("a"), Role("b"), Role("c", (Beat("spin"),), alike=BLUNT)), happenings=(Happening("push", ("b", "a"), BLUNT),))
    spec, names = composed(script, seed)
    (event,) = spec.events
    assert (event.name, event.cast) == ("push", {"pusher": names["b"], "pushed": names["a"]})
    assert {spec.object(name).shape for name in names.values()} <= set(BLUNT)
    assert len({round(spec.object(name).yaw_rad, 6) for name in names.values()}) == 1


def test_avatars_whose_actions_do_not_fit_together_are_rejected():
    script = Script((Role("subject", (Beat("sit_down"), Beat("walk")), avatar=True, legs=2),))
    with pytest.raises(Rejected, match="cannot begin"):
        compose(script, CLIP, Streams(0, "train", 0), SceneOptions(duration=(12.0, 12.0)))
