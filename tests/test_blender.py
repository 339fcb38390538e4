"""Blender replays the arrays exactly, draws the same picture every time, says nothing and forgets everything."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.options import GPU_KINDS, RenderOptions
from generator.video import write_video
from scenes import geometry
from scenes.colours import COLOURS
from scenes.environments.environment import ENVIRONMENTS, build
from scenes.shapes import SHAPES
from scenes.types import CameraSpec, EnvironmentSpec, LightSpec, ObjectSpec, Pattern, SceneSpec, Timeline, Trajectories

FAST = RenderOptions(supersampling=1.0)
ENVIRONMENT = sorted(ENVIRONMENTS)[0]
HIGH_M = 200.0  # up here there is nothing but sky


@pytest.fixture(scope="module")
def blender() -> ModuleType:
    return pytest.importorskip("generator.blender")


def spec_of(*shapes: str, size_px: tuple[int, int] = (64, 64), num_frames: int = 4, size_m: float = 1.0) -> SceneSpec:
    colours = list(COLOURS)
    objects = tuple(
        ObjectSpec(f"{colours[k]} {shape} {k}", shape, size_m, colours[k], Pattern("plain", (COLOURS[colours[k]],)), (0.0, 0.0, 0.0))
        for k, shape in enumerate(shapes)
    )
    camera = CameraSpec("front", (0.0, -7.0, 2.0), (0.0, 0.0, 0.8), 35.0, width_px=size_px[0], height_px=size_px[1])
    place = EnvironmentSpec(ENVIRONMENT, 0)
    return SceneSpec("clip", "train", 0, 0, Timeline(num_frames, 24.0), place, LightSpec((0.4, -0.3, 0.85)), objects, camera)


def paths_of(spec: SceneSpec, position_m: np.ndarray, **changes: np.ndarray) -> Trajectories:
    """Objects at ``position_m (object, frame, 3)``, a still camera; ``changes`` replace arrays."""
    num_frames, camera = spec.timeline.num_frames, spec.camera
    position = np.broadcast_to(position_m, (len(spec.objects), num_frames, 3)).astype(float)
    upright = geometry.look_at(camera.position_m, camera.target_m).as_quat(scalar_first=True)
    paths = Trajectories(
        names=tuple(item.name for item in spec.objects),
        fps=spec.timeline.fps,
        position_m=position,
        quaternion_wxyz=np.tile(geometry.IDENTITY_WXYZ, (len(spec.objects), num_frames, 1)),
        scale=np.ones((len(spec.objects), num_frames)),
        camera_position_m=np.tile(np.asarray(camera.position_m, float), (num_frames, 1)),
        camera_quaternion_wxyz=np.tile(upright, (num_frames, 1)),
        focal_length_mm=np.full(num_frames, camera.focal_length_mm),
        sensor_width_mm=camera.sensor_width_mm,
        width_px=camera.width_px,
        height_px=camera.height_px,
        extent_m=np.ones((len(spec.objects), 3)),
        limb_names=(),
        limb_position_m=np.zeros((0, num_frames, 3)),
        limb_quaternion_wxyz=np.zeros((0, num_frames, 4)),
    )
    return replace(paths, **changes)


def wandering(spec: SceneSpec, seed: int) -> Trajectories:
    """Objects and camera that move, turn, grow and zoom at random."""
    rng = np.random.default_rng(seed)
    num_frames, count = spec.timeline.num_frames, len(spec.objects)
    around = np.array([0.0, 0.0, 1.0]) + rng.uniform(-2, 2, (count, num_frames, 3))
    place = np.array([0.0, -7.0, 2.0]) + rng.uniform(-1, 1, (num_frames, 3))
    turns = np.stack([geometry.wxyz(geometry.about(rng.normal(size=3), rng.uniform(-9, 9, num_frames))) for _ in range(count)])
    tilts = geometry.about((0.3, 1.0, 0.2), rng.uniform(-0.1, 0.1, num_frames))
    return paths_of(
        spec,
        around,
        quaternion_wxyz=turns,
        scale=rng.uniform(0.5, 1.5, (count, num_frames)),
        camera_position_m=place,
        camera_quaternion_wxyz=geometry.wxyz(geometry.look_at(place, (0.0, 0.0, 1.0)) * tilts),
        focal_length_mm=rng.uniform(24, 50, num_frames),
    )


def matrices(position_m: np.ndarray, quaternion_wxyz: np.ndarray, scale: np.ndarray | float = 1.0) -> np.ndarray:
    """Local to world, ``(..., 4, 4)``."""
    shape = position_m.shape[:-1]
    turned = geometry.rotation(quaternion_wxyz.reshape(-1, 4)).as_matrix().reshape(*shape, 3, 3)
    matrix = np.zeros((*shape, 4, 4))
    matrix[..., :3, :3] = turned * np.broadcast_to(scale, shape)[..., None, None]
    matrix[..., :3, 3], matrix[..., 3, 3] = position_m, 1.0
    return matrix


def centroid_px(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


# Poses


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), num_frames=st.integers(2, 12))
def test_evaluated_poses_equal_the_arrays(blender: ModuleType, seed: int, num_frames: int) -> None:
    spec = spec_of("cube", "car", num_frames=num_frames)
    paths = wandering(spec, seed)
    shuffled = np.random.default_rng(seed).permutation(num_frames)
    seen = blender.evaluated_poses(spec, paths, [int(frame) for frame in shuffled])
    wanted = matrices(paths.position_m, paths.quaternion_wxyz, paths.scale)[:, shuffled]
    np.testing.assert_allclose(seen.objects, wanted, atol=1e-5)
    np.testing.assert_allclose(seen.camera, matrices(paths.camera_position_m, paths.camera_quaternion_wxyz)[shuffled], atol=1e-5)
    np.testing.assert_allclose(seen.focal_length_mm, paths.focal_length_mm[shuffled], atol=1e-5)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size_px=st.sampled_from([(64, 64), (640, 480), (480, 640)]))
def test_projection_equals_ours(blender: ModuleType, seed: int, size_px: tuple[int, int]) -> None:
    spec = spec_of("ball", "cube", size_px=size_px)
    paths = wandering(spec, seed)
    seen = blender.evaluated_poses(spec, paths)
    homogeneous = np.concatenate([paths.position_m, np.ones((*paths.position_m.shape[:2], 1))], axis=-1)
    clip = np.einsum("fij,ofj->ofi", seen.projection @ np.linalg.inv(seen.camera), homogeneous)
    pixels = (clip[..., :2] / clip[..., 3:] * (0.5, -0.5) + 0.5) * size_px
    np.testing.assert_allclose(pixels, paths.centre_px, atol=0.02)


# Masks


@pytest.mark.parametrize("size_px", [(320, 240), (240, 320)])
def test_small_ball_is_drawn_where_it_is_projected(blender: ModuleType, size_px: tuple[int, int]) -> None:
    spec = spec_of("ball", size_px=size_px, num_frames=6, size_m=0.3)
    spots = np.random.default_rng(0).uniform((-1.2, -1.0, 0.3), (1.2, 1.0, 1.6), (1, 6, 3))
    paths = paths_of(spec, spots)
    masks = blender.render_masks(spec, paths, range(6))
    centres = np.array([centroid_px(mask == 1) for mask in masks])
    assert np.linalg.norm(centres - paths.centre_px[0], axis=-1).max() < 0.5


def test_masks_number_the_objects_in_order(blender: ModuleType) -> None:
    spec = spec_of("cube", "ball", "cone", "star", size_px=(320, 240), size_m=0.8)
    paths = paths_of(spec, np.array([[[x, 0.0, 1.0]] for x in (-1.8, -0.6, 0.6, 1.8)]))
    (mask,) = blender.render_masks(spec, paths, [2])
    assert mask.shape == (240, 320) and mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1, 2, 3, 4}
    for number in (1, 2, 3, 4):
        np.testing.assert_allclose(centroid_px(mask == number), paths.centre_px[number - 1, 2], atol=12)


def test_mask_shows_who_is_in_front(blender: ModuleType) -> None:
    spec = spec_of("ball", "cube", size_px=(160, 120), num_frames=2)
    behind, before = (0.0, 1.5, 1.0), (0.0, -1.5, 1.0)
    paths = paths_of(spec, np.array([[behind, before], [before, behind]]))
    masks = blender.render_masks(spec, paths, [0, 1])
    column, row = np.rint(paths.centre_px[0, 0]).astype(int)
    assert masks[0, row, column] == 2
    assert masks[1, row, column] == 1


def test_ids_must_fit_into_a_byte(blender: ModuleType) -> None:
    spec = spec_of(*["ball"] * 2)
    crowd = tuple(replace(spec.objects[0], name=f"ball {k}") for k in range(256))
    spec = replace(spec, objects=crowd)
    with pytest.raises(ValueError, match="256 objects"):
        blender.render_masks(spec, paths_of(spec, np.zeros(3)), [0])


# Pictures


def test_frames_have_the_size_and_type_asked_for(blender: ModuleType) -> None:
    spec = spec_of("ball", size_px=(96, 64), num_frames=3)
    for factor in (1.0, 1.5, 2.0):
        frames = list(blender.render(spec, paths_of(spec, np.zeros(3)), RenderOptions(supersampling=factor)))
        assert [(frame.shape, frame.dtype) for frame in frames] == [((64, 96, 3), np.uint8)] * 3


@pytest.mark.parametrize("shape", list(SHAPES))
def test_every_shape_is_seen_moving(blender: ModuleType, shape: str) -> None:
    spec = spec_of(shape, size_px=(96, 72), num_frames=2)
    first, second = blender.render(spec, paths_of(spec, np.array([[(-0.6, 0.0, 0.8), (0.6, 0.0, 0.8)]])), FAST)
    assert (np.abs(first.astype(int) - second).max(axis=-1) > 12).sum() > 60


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_sky_has_the_colour_of_the_setting(blender: ModuleType, name: str) -> None:
    spec = replace(spec_of("ball", num_frames=2), environment=EnvironmentSpec(name, 3))
    high = paths_of(spec, np.zeros(3), camera_position_m=np.tile([0.0, -7.0, HIGH_M], (2, 1)))
    up = geometry.look_at((0.0, -7.0, HIGH_M), (0.0, 0.0, HIGH_M + 20)).as_quat(scalar_first=True)
    frame = next(blender.render(spec, replace(high, camera_quaternion_wxyz=np.tile(up, (2, 1))), FAST))
    np.testing.assert_allclose(frame, np.broadcast_to(np.array(build(spec.environment).background) * 255, frame.shape), atol=1.01)


@pytest.mark.parametrize("direction", [(0.5, -0.3, 0.8), (-0.5, -0.3, 0.8), (0.0, -0.6, 0.8), (0.2, 0.5, 0.8)])
def test_shadow_falls_away_from_the_light(blender: ModuleType, direction: tuple[float, float, float]) -> None:
    spec = replace(spec_of("ball", size_px=(320, 240), num_frames=2, size_m=0.5), light=LightSpec(direction))
    place, away = np.array([0.0, 0.0, 1.0]), np.array([0.0, -50.0, 1.0])
    paths = paths_of(spec, np.stack([place, away])[None])
    there, gone = blender.render(spec, paths, FAST)
    darker = gone.astype(int).sum(axis=-1) - there.astype(int).sum(axis=-1) > 15
    darker &= blender.render_masks(spec, paths, [0])[0] == 0
    spot = place - np.array(direction) * place[2] / direction[2]
    wanted = replace(paths, position_m=np.tile(spot, (1, 2, 1))).centre_px[0, 0]
    assert np.linalg.norm(centroid_px(darker) - wanted) < 8


def test_shadows_can_be_left_out(blender: ModuleType) -> None:
    spec = spec_of("ball", size_px=(160, 120), num_frames=2)
    paths = paths_of(spec, np.array([0.0, 0.0, 1.0]))
    lit, shaded = (next(blender.render(spec, paths, replace(FAST, shadows=shadows))) for shadows in (False, True))
    assert (shaded <= lit).mean() > 0.99
    assert (lit.astype(int) - shaded).max() > 20


def test_pictures_and_files_repeat_bit_for_bit(blender: ModuleType, tmp_path: Path) -> None:
    spec = spec_of("car", "ball", "wheel", size_px=(128, 96), num_frames=5)
    paths = wandering(spec, 1)
    takes = [list(blender.render(spec, paths, RenderOptions())) for _ in range(2)]
    np.testing.assert_array_equal(*takes)
    for name, frames in zip("ab", takes, strict=True):
        write_video(tmp_path / name, frames, 24.0, 16, "veryfast")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_frames_drawn_together_are_those_drawn_alone(blender: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of("car", "ball", size_px=(128, 96), num_frames=16)
    paths = wandering(spec, 2)
    together = list(blender.render(spec, paths, RenderOptions()))
    monkeypatch.setattr(blender, "_allow_descriptors", lambda count: False)  # as where the system keeps them scarce
    np.testing.assert_array_equal(list(blender.render(spec, paths, RenderOptions())), together)
    monkeypatch.setattr(blender, "WORKBENCH_AT_ONCE", 1)
    alone = list(blender.render(spec, paths, RenderOptions()))
    assert len(together) == len(alone) == 16
    assert np.any(together[0] != together[-1])
    assert np.any(np.array(together) != alone, axis=(3,)).mean() < 1e-3  # where surfaces meet, the order of drawing may decide


def test_files_of_frames_are_closed_even_where_the_last_frames_are_not_wanted(blender: ModuleType) -> None:
    spec = spec_of("ball", num_frames=6)
    before = len(os.listdir("/proc/self/fd"))
    drawn = blender.render(spec, paths_of(spec, np.zeros(3)), FAST)
    next(drawn), next(drawn)
    drawn.close()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(("num_frames", "at_once"), [(0, 12), (1, 12), (2, 1), (13, 12), (14, 12), (100, 7)])
def test_every_frame_is_in_one_stretch(blender: ModuleType, num_frames: int, at_once: int) -> None:
    stretches = list(blender._stretches(num_frames, at_once))
    assert [frame for each in stretches for frame in each] == list(range(num_frames))
    assert max(map(len, stretches), default=0) <= at_once


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["eevee", "cycles"])
def test_engines_agree_about_colours(blender: ModuleType, engine: str) -> None:
    spec = spec_of("ball", "cube", num_frames=2)
    paths = paths_of(spec, np.array([[[-0.8, 0.0, 0.7]], [[0.8, 0.0, 0.7]]]))
    options = RenderOptions(engine=engine, samples=8, supersampling=1.0, device="cpu")
    ours, theirs = next(blender.render(spec, paths, FAST)), next(blender.render(spec, paths, options))
    assert theirs.std() > 10
    np.testing.assert_allclose(theirs.mean(axis=(0, 1)), ours.mean(axis=(0, 1)), atol=20)


# Manners


def test_engine_that_draws_nothing_is_refused(blender: ModuleType) -> None:
    spec = spec_of("ball")
    with pytest.raises(ValueError, match="workbench"):
        next(blender.render(spec, paths_of(spec, np.zeros(3)), RenderOptions(engine="none")))


def test_missing_gpu_is_an_error_that_names_what_is_there(blender: ModuleType) -> None:
    spec, absent = spec_of("ball", num_frames=2), next(kind for kind in reversed(GPU_KINDS) if kind not in blender.gpus())
    with pytest.raises(ValueError, match=rf"render\.device = '{absent}' is not allowed: give what this machine has: auto, cpu"):
        next(blender.render(spec, paths_of(spec, np.zeros(3)), RenderOptions("cycles", device=absent, samples=1, supersampling=1.0)))


def test_nothing_is_printed(blender: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    spec = spec_of("ball", num_frames=2)
    paths = paths_of(spec, np.zeros(3))
    list(blender.render(spec, paths, FAST))
    blender.render_masks(spec, paths, [0])
    blender.evaluated_poses(spec, paths)
    assert capfd.readouterr() == ("", "")


def test_console_works_again_after_a_failure(blender: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    spec = spec_of("ball")
    unknown = replace(spec, environment=EnvironmentSpec("nowhere", 0))
    with pytest.raises(ValueError, match="nowhere"):
        next(blender.render(unknown, paths_of(unknown, np.zeros(3)), FAST))
    os.write(1, b"still here")
    assert capfd.readouterr().out == "still here"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files through /proc")
def test_dropped_frames_leave_no_file_open(blender: ModuleType) -> None:
    spec = spec_of("ball")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        frames = blender.render(spec, paths_of(spec, np.zeros(3)), FAST)
        next(frames)
        frames.close()
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # the GL driver may open one


def test_health_check_passes_in_a_child_and_is_silent() -> None:
    command = [sys.executable, "-c", "from generator import blender; blender.check()"]
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (child.returncode, child.stdout, child.stderr) == (0, "", "")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory through /proc")
@pytest.mark.slow
def test_memory_stays_flat_over_many_clips(blender: ModuleType) -> None:
    spec = spec_of("car", "ball", "wheel", num_frames=2)
    for clip in range(5):
        list(blender.render(spec, wandering(spec, clip), FAST))
    before = resident_mb()
    for clip in range(200):
        list(blender.render(replace(spec, environment=EnvironmentSpec(ENVIRONMENT, clip % 4)), wandering(spec, clip), FAST))
    assert resident_mb() - before < 60


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
