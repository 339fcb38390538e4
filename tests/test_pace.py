"""Paces: each is exact, is measured as itself and backwards as its reverse, and leaves a motion or camera move what it is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_templates.camera_pace import MOVES, camera_way
from qa_templates.pace import MIN_MARGIN
from scenes import geometry
from scenes.camera_kinematics import CameraKinematics, camera_segments
from scenes.cameras import move as camera_move
from scenes.cameras.move import CAMERA_MOVES, CameraCue
from scenes.kinematics import Kinematics, active_segments
from scenes.motions.motion import MOTIONS, Cue, act, motion_of, recognise
from scenes.pace import PACES, REVERSED, pace_of, progress
from scenes.solve import camera_path, object_pose
from scenes.types import CameraSpec, ObjectSpec, Pattern, Pose, Trajectories
from scenes.viewpoints import VIEWPOINTS

PACED = [name for name, motion in MOTIONS.items() if motion.paced]
LEAD_S = 0.43
frame_rates = st.sampled_from([12.0, 24.0, 30.0, 60.0])
every_pace = pytest.mark.parametrize("pace", list(PACES))


def filmed(motion, fps: float) -> Pose:
    """A motion between two rests."""
    item = ObjectSpec("red thing", "cube", 0.6, "red", Pattern("plain", ((1, 0, 0),)), (0.3, 0.1, 0.3), 0.4, (act(motion, LEAD_S),))
    return object_pose(item, np.arange(round((motion.duration_s + 2 * LEAD_S) * fps)) / fps)


def way(pose: Pose, first: int, last: int) -> np.ndarray:
    turned = geometry.rotation(pose.quaternion_wxyz[first : last + 1])
    steps = np.linalg.norm(np.diff(pose.position_m[first : last + 1], axis=0), axis=1) + (turned[1:] * turned[:-1].inv()).magnitude()
    return np.append(0.0, np.cumsum(steps))


@every_pace
def test_goes_from_rest_to_rest_and_never_back(pace):
    u = np.linspace(-0.1, 1.1, 2401)
    done = progress(pace, u)
    assert done[0] == 0.0 and done[-1] == 1.0
    assert np.all(np.diff(done) >= 0)
    speed = np.diff(progress(pace, np.linspace(0, 1, 10_001))) * 10_000
    assert speed[0] < 0.01 and speed[-1] < 0.01 and speed.max() < 3


@every_pace
def test_its_reverse_is_the_film_that_runs_backwards(pace):
    u = np.linspace(0, 1, 200)
    backwards = 1 - progress(pace, 1 - u)
    assert pace_of(backwards)[0] == REVERSED[pace]
    assert REVERSED[REVERSED[pace]] == pace


@every_pace
@settings(max_examples=40)
@given(fps=frame_rates, seconds=st.floats(2.0, 4.0), phase=st.floats(0, 1))
def test_is_measured_as_itself(pace, fps, seconds, phase):
    """At any frame rate, on frames that fall anywhere, from the last one of rest before it to the first one after it."""
    times_s = (np.arange(-1, math.ceil(seconds * fps - phase) + 1) + phase) / fps
    found, margin = pace_of(progress(pace, times_s / seconds))
    assert found == pace and margin > MIN_MARGIN


@pytest.mark.parametrize("natural", [geometry.ease, lambda u: np.sin(np.pi * u / 2) ** 2])
def test_a_way_that_is_only_eased_is_at_none_of_them(natural):
    assert pace_of(natural(np.linspace(0, 1, 60)))[0] is None


def test_a_pace_that_there_is_none_of():
    with pytest.raises(KeyError):
        progress("brisk", 0.5)


@every_pace
@pytest.mark.parametrize("name", PACED)
@settings(max_examples=8)
@given(fps=frame_rates, seed=st.integers(0, 2**32), sense=st.sampled_from([-1, 1]))
def test_a_paced_motion_is_what_it_was(name, pace, fps, seed, sense):
    rng = np.random.default_rng(seed)
    cycles = 3 if MOTIONS[name].countable else 1
    cue = Cue(float(rng.uniform(2.2, 3.4)), (0.6, 0.6, 0.6), cycles, sense, float(rng.uniform(-3, 3)), float(rng.uniform()))
    motion = replace(MOTIONS[name].sample(rng, cue), pace=pace)
    pose = filmed(motion, fps)
    ((first, last),) = active_segments(pose, fps)
    measured = Kinematics.of(pose, fps, first, last)
    assert recognise(measured) == name
    assert MOTIONS[name].count(measured) == pytest.approx(motion.claims().cycles or 1, abs=0.02)
    np.testing.assert_allclose(pose.position_m[-1], filmed(replace(motion, pace=""), fps).position_m[-1], atol=1e-9)
    assert pace_of(way(pose, first, last))[0] == pace
    assert motion_of(act(motion, 0.5)).pace == pace


def test_a_motion_at_its_own_pace_does_not_speak_of_it():
    assert all("pace" not in act(MOTIONS[name](duration_s=1.0, **fields(name)), 0.0).parameters for name in PACED)


def fields(name: str) -> dict[str, float]:
    drawn = vars(MOTIONS[name].sample(np.random.default_rng(0), Cue(1.0, (0.5, 0.5, 0.5))))
    return {key: value for key, value in drawn.items() if key not in ("duration_s", "pace")}


@every_pace
@pytest.mark.parametrize("name", MOVES)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32), view=st.sampled_from(sorted(VIEWPOINTS)))
def test_a_paced_camera_move_is_what_it_was(name, pace, seed, view):
    rng = np.random.default_rng(seed)
    sense = int(rng.choice([-1, 1]))
    move = replace(CAMERA_MOVES[name].sample(rng, CameraCue(float(rng.uniform(2.2, 3.4)), sense)), pace=pace)
    position_m, target_m, focal_length_mm = VIEWPOINTS[view].sample(rng)
    camera = CameraSpec(view, position_m, target_m, focal_length_mm, (camera_move.act(move, LEAD_S),))
    path = camera_path(camera, np.arange(round((move.duration_s + 2 * LEAD_S) * 24)) / 24, ())
    paths = around_a_ball(path)
    ((first, last),) = camera_segments(paths)
    assert camera_move.recognise(CameraKinematics.of(paths, first, last)) == (name, sense)
    assert pace_of(camera_way(paths, first, last))[0] == pace


def around_a_ball(path) -> Trajectories:
    """The camera of a path, and one ball at rest."""
    frames = len(path.focal_length_mm)
    still = {
        "position_m": np.tile((0.1, -0.2, 0.4), (1, frames, 1)),
        "quaternion_wxyz": np.tile(geometry.IDENTITY_WXYZ, (1, frames, 1)),
        "scale": np.ones((1, frames)),
        "limb_names": (),
        "limb_position_m": np.zeros((0, frames, 3)),
        "limb_quaternion_wxyz": np.zeros((0, frames, 4)),
    }
    return Trajectories(
        names=("red ball",),
        fps=24.0,
        camera_position_m=path.position_m,
        camera_quaternion_wxyz=path.quaternion_wxyz,
        focal_length_mm=path.focal_length_mm,
        sensor_width_mm=36.0,
        width_px=640,
        height_px=480,
        extent_m=np.full((1, 3), 0.6),
        **still,
    )
