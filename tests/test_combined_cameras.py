"""Camera moves made at the same time: they add up, and each can be told from what the camera did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_templates.camera_combination import PAIRS, TRACE, component_shifts_px
from qa_templates.observation import MIN_CAMERA_PX, camera_key, mirrored_camera, reversed_camera
from scenes.camera_kinematics import camera_segments
from scenes.cameras import move as camera_move
from scenes.cameras.clearance import LOWEST_M
from scenes.cameras.move import CAMERA_MOVES, CameraCue
from scenes.solve import camera_path
from scenes.types import CameraSpec, Trajectories
from scenes.viewpoints import VIEWPOINTS
from tests.test_every_question import backwards, mirrored
from tests.test_pace import LEAD_S, around_a_ball

every_pair = pytest.mark.parametrize(("pair", "senses"), [(pair, (one, other)) for pair in PAIRS for one in (1, -1) for other in (1, -1)])
cases = {"seed": st.integers(0, 2**32), "view": st.sampled_from(sorted(VIEWPOINTS))}


def film(pair: tuple[str, ...], senses: tuple[int, ...], seed: int, view: str, seconds: float = 1.8) -> Trajectories:
    """Two moves that begin together."""
    rng = np.random.default_rng(seed)
    position_m, target_m, focal_length_mm = VIEWPOINTS[view].sample(rng)
    moves = [CAMERA_MOVES[name].sample(rng, CameraCue(seconds, sense, 0.3)) for name, sense in zip(pair, senses, strict=True)]
    actions = tuple(camera_move.act(move, LEAD_S) for move in moves)
    camera = CameraSpec(view, position_m, target_m, focal_length_mm, actions)
    return around_a_ball(camera_path(camera, np.arange(round((seconds + 2 * LEAD_S) * 24)) / 24, ()))


def shown(paths: Trajectories) -> list[str]:
    """The moves that shift the picture enough to be seen; none may leave a doubtful trace."""
    ((first, last),) = camera_segments(paths)
    shifts_px = component_shifts_px(paths, first, last)
    assert not [key for key, shift_px in shifts_px.items() if TRACE * MIN_CAMERA_PX < shift_px < MIN_CAMERA_PX / 2]
    return sorted(key for key, shift_px in shifts_px.items() if shift_px > MIN_CAMERA_PX / 2)


@every_pair
@settings(max_examples=4)
@given(**cases)
def test_both_moves_are_told_forwards_backwards_and_in_the_mirror(pair, senses, seed, view):
    paths = film(pair, senses, seed, view)
    keys = [camera_key(name, sense) for name, sense in zip(pair, senses, strict=True)]
    assert shown(paths) == sorted(keys)
    assert shown(mirrored(paths)) == sorted(map(mirrored_camera, keys))
    assert shown(backwards(paths)) == sorted(map(reversed_camera, keys))
    assert paths.camera_position_m[:, 2].min() > LOWEST_M - 0.05


@settings(max_examples=10)
@given(seed=cases["seed"], view=cases["view"])
def test_moves_that_do_not_touch_the_same_values_add_up_exactly(seed, view):
    """A pan and a pedestal together: the turns of the pan alone, the way of the pedestal alone."""
    both = film(("pedestal", "pan"), (1, -1), seed, view)
    rng = np.random.default_rng(seed)
    position_m, target_m, focal_length_mm = VIEWPOINTS[view].sample(rng)
    cues = [CameraCue(1.8, 1, 0.3), CameraCue(1.8, -1, 0.3)]
    rise, pan = (CAMERA_MOVES[name].sample(rng, cue) for name, cue in zip(("pedestal", "pan"), cues, strict=True))
    camera = CameraSpec(view, position_m, target_m, focal_length_mm)
    alone = [
        camera_path(replace(camera, moves=(camera_move.act(move, LEAD_S),)), both.times_s, ()) for move in (rise, pan)
    ]  # fmt: skip
    np.testing.assert_allclose(both.camera_position_m, alone[0].position_m, atol=1e-9)
    np.testing.assert_allclose(both.camera_quaternion_wxyz, alone[1].quaternion_wxyz, atol=1e-9)
