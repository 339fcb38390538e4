"""What a script can ask of the staging beyond who does what: places, the lens, steps kept together, ends in order, durations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import kstest, uniform

from qa_templates.camera_count import SMALLEST, _sizes
from scenes import geometry
from scenes.cameras.move import CAMERA_MOVES
from scenes.filming import high_viewpoints
from scenes.placing import STAGE_RADIUS_M, STRAY_M
from scenes.rejection import Rejected
from scenes.script import Beat, Role, SceneOptions, Script, Shot
from scenes.shapes import SHAPES
from scenes.solve import object_pose
from scenes.staging import ClipIdentity, compose
from scenes.streams import Streams
from scenes.timing import room_s, step_spans
from scenes.types import SceneSpec
from scenes.viewpoints import VIEWPOINTS

SCENE, TAKES = SceneOptions(), 6
AXES = {"right": (1.0, 0.0), "away": (0.0, 1.0), "right_away": (0.5**0.5, 0.5**0.5), "left_towards": (-(0.5**0.5), -(0.5**0.5))}


def composed(script: Script, takes: int = TAKES) -> list[tuple[SceneSpec, dict[str, str]]]:
    """Scenes of a script. Fails when hardly any draw has room for it."""
    found = []
    for attempt in range(20 * takes):
        try:
            found.append(compose(script, ClipIdentity("0" * 32, "test", 0, 0), Streams(0, "test", attempt), SCENE))
        except Rejected:
            continue
        if len(found) == takes:
            return found
    pytest.fail(f"{len(found)} of {20 * takes} draws had room")


def on_stage(spec: SceneSpec, point_m: np.ndarray) -> np.ndarray:
    """``(2,)``: metres to the right of the stage's middle and beyond it, as the camera sees a point."""
    forward = np.subtract(spec.camera.target_m, spec.camera.position_m)[:2]
    forward /= np.linalg.norm(forward)
    return np.array([point_m[:2] @ (forward[1], -forward[0]), point_m[:2] @ forward])


def way_m(spec: SceneSpec, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Where an object begins and ends, on the stage as the camera sees it."""
    position_m = object_pose(spec.object(name), spec.timeline.times_s).position_m
    return on_stage(spec, position_m[0]), on_stage(spec, position_m[-1])


@pytest.mark.parametrize("heading", AXES)
def test_a_way_lies_where_it_is_wanted_and_leads_where_it_should(heading):
    at = (0.6, -0.4)
    for spec, names in composed(Script((Role("subject", (Beat("slide", heading=heading),), at=at),), room_s=3.0)):
        first, last = way_m(spec, names["subject"])
        assert np.linalg.norm((first + last) / 2 - at) < STRAY_M + 1e-3
        np.testing.assert_allclose((last - first) / np.linalg.norm(last - first), AXES[heading], atol=1e-3)


@pytest.mark.parametrize("right", (1, -1))
@pytest.mark.parametrize("ahead", (1, -1))
def test_a_way_round_a_corner_begins_beside_the_middle_and_ends_beyond_or_before_it(right, ahead):
    depth, back = ("away" if ahead > 0 else "towards"), ("left" if right > 0 else "right")
    beats = (Beat("slide", heading=depth), Beat("slide", heading=back))
    for spec, names in composed(Script((Role("subject", beats, corner=(right, ahead)),), room_s=4.0)):
        first, last = way_m(spec, names["subject"])
        assert abs(first[1]) < STRAY_M + 1e-3 and first[0] * right > 0.5
        assert abs(last[0]) < STRAY_M + 1e-3 and last[1] * ahead > 0.5


def test_an_object_that_may_go_any_way_has_room_for_each():
    for spec, names in composed(Script((Role("subject", (Beat("slide", heading="right"),), any_way=True),), room_s=3.0)):
        first, last = way_m(spec, names["subject"])
        assert np.linalg.norm(first) + np.max(np.abs(last - first)) * 0.7 < STAGE_RADIUS_M
        for way in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            assert np.linalg.norm(first + np.linalg.norm(last - first) * np.array(way)) < STAGE_RADIUS_M


def test_an_object_at_rest_stands_as_one_that_does_what_it_has_room_for():
    """It has a body for it, faces as if it set off, and would stay on the stage."""
    mover, still = (Beat("roll", heading=way) for way in ("left", "right"))
    for spec, names in composed(Script((Role("mover", (mover,)), Role("still", room_for=(still,))), room_s=3.0)):
        item = spec.object(names["still"])
        first, last = way_m(spec, item.name)
        assert not item.actions and SHAPES[item.shape].round
        np.testing.assert_array_equal(first, last)
        assert np.linalg.norm(first + (1.1, 0.0)) < STAGE_RADIUS_M
        facing = on_stage(spec, np.array([np.cos(item.yaw_rad), np.sin(item.yaw_rad)]))
        np.testing.assert_allclose(np.abs(facing), (1.0, 0.0), atol=1e-3)


@pytest.mark.parametrize("number", range(1, 5))
def test_where_several_camera_moves_leave_it_does_not_tell_their_number(number):
    rng = np.random.default_rng(0)
    rows = np.array([_sizes(number, rng) for _ in range(800)])
    assert rows.shape == (800, number)
    assert np.all((np.abs(rows) >= SMALLEST - 1e-3) & (np.abs(rows) <= 1.0))
    assert np.all(np.abs(rows.cumsum(axis=1)) <= 1.001)
    net = np.abs(rows.sum(axis=1))
    assert kstest(net, uniform(SMALLEST, 1.0 - SMALLEST).cdf).pvalue > 1e-3


def test_the_lens_shows_as_much_of_the_stage_as_it_should():
    for spec, _ in composed(Script((Role("subject"),), half_width_m=1.8)):
        camera = spec.camera
        target = np.array(camera.target_m)
        orientation = geometry.look_at(camera.position_m, target)
        edge = target + 1.8 * orientation.as_matrix()[:, 0]
        focal = geometry.focal_px(np.array([camera.focal_length_mm]), camera.sensor_width_mm, camera.width_px)
        pixels, _ = geometry.project(
            edge[None],
            np.array([camera.position_m]),
            orientation.as_quat(scalar_first=True)[None],
            focal,
            camera.width_px,
            camera.height_px,
        )
        assert pixels[0, 0] == pytest.approx(camera.width_px, abs=0.5)


def test_steps_are_kept_by_objects_and_camera():
    roles = (Role("one", (Beat("spin"), Beat("zigzag"))), Role("other", (Beat("slide"), Beat("hop"))))
    shots = (Shot("zoom", 1), Shot("truck", -1))
    spans = step_spans(*([beat.span_s for beat in role.beats] for role in roles), [shot.span_s for shot in shots])
    assert spans[0] == (max(0.8, 1.2), max(1.6, 2.4))
    for spec, names in composed(Script(roles, shots, in_step=True, room_s=room_s(*spans))):
        rows = [spec.object(names[key]).actions for key in ("one", "other")] + [spec.camera.moves]
        for step in zip(*rows, strict=True):
            assert len({action.start_s for action in step}) == 1
        first_ends, second_starts = max(row[0].end_s for row in rows), rows[0][1].start_s
        assert first_ends < second_starts
        for action in itertools.chain(*rows[:2]):
            assert action.end_s <= spec.timeline.duration_s


def test_moves_made_at_once_take_the_same_time():
    for spec, _ in composed(Script((Role("subject"),), (Shot("zoom", 1), Shot("pan", -1)), at_once=True)):
        zoom, pan = spec.camera.moves
        assert (zoom.start_s, zoom.end_s) == (pan.start_s, pan.end_s)


def test_durations_and_reach_of_a_beat_are_kept():
    near, far = (Role(key, (Beat("slide", seconds=(2.5, 2.6), reach=reach),)) for key, reach in (("near", 0.4), ("far", 1.0)))
    for spec, names in composed(Script((near, far), room_s=4.0)):
        actions = [spec.object(names[key]).actions[0] for key in ("near", "far")]
        assert all(action.duration_s >= 2.5 - 1e-3 for action in actions)
        assert actions[0].parameters["distance_m"] < 0.6 * actions[1].parameters["distance_m"]


def test_a_pace_is_written_down():
    script = Script((Role("subject", (Beat("slide", pace="faster"),)),), (Shot("pan", 1, pace="slower", seconds=(2.0, 2.2)),))
    for spec, names in composed(script):
        assert spec.object(names["subject"]).actions[0].parameters["pace"] == "faster"
        assert spec.camera.moves[0].parameters["pace"] == "slower"
        assert spec.camera.moves[0].duration_s >= 2.0 - 1e-3 > CAMERA_MOVES["pan"].seconds[0]


@pytest.mark.parametrize(("seen_at", "ends_only"), [("start", False), ("end", False), ("ends", True), ("", False)])
def test_a_role_is_watched_when_it_needs_to_be_seen(seen_at, ends_only):
    for spec, names in composed(Script((Role("subject", (Beat("slide"),), seen_at=seen_at),), room_s=3.0), takes=2):
        (watch,), (action,) = spec.watches, spec.object(names["subject"]).actions
        assert watch.ends_only == ends_only
        assert (watch.start_s >= action.end_s) == (seen_at == "end")
        assert (watch.end_s <= action.start_s) == (seen_at == "start")


def test_what_the_script_arranges_may_stand_behind_one_another():
    """Two objects in one line of sight, further apart than they are wide: only where the script says so."""
    roles = (Role("near", at=(0.0, -1.0)), Role("far", at=(0.0, 1.0)))
    for spec, names in composed(Script(roles, from_above=True)):
        near, far = (on_stage(spec, np.array(spec.object(names[key]).position_m)) for key in ("near", "far"))
        assert abs(near[0] - far[0]) < 2 * STRAY_M and far[1] - near[1] > 2 - 2 * STRAY_M
        assert spec.camera.viewpoint in high_viewpoints()


def test_high_viewpoints_look_down_steeply():
    assert high_viewpoints() and all(VIEWPOINTS[name].elevation_deg[0] >= 25 for name in high_viewpoints())
