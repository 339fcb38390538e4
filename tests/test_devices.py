"""Which device draws: what a worker is told of it, and what becomes of devices that are not there.

GPUs are not needed: what would be told to workers on a machine with some follows from their number and from the environment.
"""

import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import devices
from generator.dataset import Dataset
from generator.devices import Choice, Film, chosen, drawing_gpus, film_some, narrowed, pinned
from generator.farm import run, workers_of
from generator.options import GPU_KINDS, FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions, command, content
from generator.specimens import Format, specimens
from generator.worker import WorkerDied, apart
from scenes.script import SceneOptions
from scenes.solve import solve

NAMES = {"optix": "CUDA_VISIBLE_DEVICES", "cuda": "CUDA_VISIBLE_DEVICES", "hip": "HIP_VISIBLE_DEVICES", "oneapi": "ONEAPI_DEVICE_SELECTOR"}
PINNED_KINDS = st.sampled_from(sorted(NAMES))
SMALL = SceneOptions(width=64, height=64, fps=8.0)


@pytest.fixture(scope="module")
def absent() -> str:
    """A kind of GPU that this machine has not: no machine has all."""
    return next(kind for kind in reversed(GPU_KINDS) if kind not in devices.gpus())


def drawn_by_cycles(device: str = "auto", workers: int = -1) -> GenerateOptions:
    render = RenderOptions("cycles", supersampling=1.0, samples=1, device=device)
    return GenerateOptions(num_videos=2, scene=SMALL, render=render, farm=FarmOptions(workers=workers))


# One GPU for each place


@given(kind=PINNED_KINDS, count=st.integers(2, 9), place=st.integers(0, 40))
def test_places_take_the_gpus_in_turn(kind: str, count: int, place: int) -> None:
    told = [narrowed(Choice(kind, count), each, {}) for each in range(count)]
    assert len({each[NAMES[kind]] for each in told}) == count
    assert narrowed(Choice(kind, count), place, {}) == told[place % count]


@given(kind=PINNED_KINDS, seen=st.lists(st.integers(0, 15), min_size=2, max_size=8, unique=True), place=st.integers(0, 40))
def test_gpus_that_a_scheduler_hides_stay_hidden(kind: str, seen: list[int], place: int) -> None:
    prefix = "level_zero:" if kind == "oneapi" else ""
    shown = prefix + ",".join(map(str, seen))
    told = narrowed(Choice(kind, len(seen)), place, {NAMES[kind]: shown})
    assert told == {NAMES[kind]: f"{prefix}{seen[place % len(seen)]}"}


@pytest.mark.parametrize(
    ("choice", "environment", "told"),
    [
        (Choice("cuda", 2), {"CUDA_VISIBLE_DEVICES": "GPU-6d1f, GPU-0a3b"}, {"CUDA_VISIBLE_DEVICES": "GPU-0a3b"}),
        (Choice("cuda", 2), {"CUDA_VISIBLE_DEVICES": "3,1,99,0"}, {"CUDA_VISIBLE_DEVICES": "1"}),  # CUDA stops at what is not there
        (Choice("optix", 1), {"CUDA_VISIBLE_DEVICES": "5"}, {}),
        (Choice("hip", 2), {"CUDA_VISIBLE_DEVICES": "4,6"}, {"HIP_VISIBLE_DEVICES": "6"}),  # which HIP heeds as well
        (Choice("hip", 2), {"HIP_VISIBLE_DEVICES": "1,0", "CUDA_VISIBLE_DEVICES": "4,6"}, {"HIP_VISIBLE_DEVICES": "0"}),
        (Choice("oneapi", 2), {"ONEAPI_DEVICE_SELECTOR": "*:gpu"}, {}),
        (Choice("metal", 2), {}, {}),
        (Choice("cpu"), {"CUDA_VISIBLE_DEVICES": "0,1"}, {}),
    ],
)
def test_what_the_second_place_sees(choice: Choice, environment: dict[str, str], told: dict[str, str]) -> None:
    assert narrowed(choice, 1, environment) == told


def test_what_dask_cuda_gives_its_workers_comes_first() -> None:
    """Each of its workers sees all GPUs, its own in front, and has one thread."""
    assert [narrowed(Choice("cuda", 3), 0, {"CUDA_VISIBLE_DEVICES": told}) for told in ("0,1,2", "1,2,0", "2,0,1")] == [
        {"CUDA_VISIBLE_DEVICES": own} for own in "012"
    ]


# What this machine has


def test_a_device_that_is_not_there_is_refused_and_the_others_are_named(absent: str) -> None:
    with pytest.raises(ValueError, match=rf"render\.device = '{absent}' is not allowed: give what this machine has: auto, cpu"):
        chosen(absent)


def test_a_run_on_a_device_that_is_not_there_makes_nothing(tmp_path: Path, absent: str) -> None:
    for workers in (-1, 1):
        options = replace(drawn_by_cycles(absent, workers), out=str(tmp_path / str(workers)))
        with Dataset.open(options) as dataset:
            with pytest.raises(ValueError, match="this machine has: auto, cpu"):
                list(run([0, 1], options, dataset))
            assert dataset.missing([0, 1]) == [0, 1]


def test_auto_takes_what_there_is() -> None:
    there = devices.gpus()
    choice = chosen("auto")
    assert choice.device in (there or {"cpu"}) and choice.gpus == len(there.get(choice.device, ()))
    assert pinned(drawn_by_cycles(), 0)[devices.DEVICE] == choice.device
    assert workers_of(drawn_by_cycles()) == (choice.gpus or workers_of(drawn_by_cycles("cpu")))
    assert workers_of(drawn_by_cycles(workers=7)) == 7


def test_only_cycles_is_told_where_to_draw(absent: str) -> None:
    for engine in ("none", "workbench", "eevee"):
        options = GenerateOptions(render=RenderOptions(engine, device=absent))
        assert (pinned(options, 0), drawing_gpus(options)) == ({}, 0)


@pytest.mark.slow
def test_kinds_that_do_not_draw_are_not_chosen(absent: str, caplog: pytest.LogCaptureFixture) -> None:
    lacking = [kind for kind in GPU_KINDS if kind not in devices.gpus()][:2]
    with caplog.at_level(logging.WARNING):
        assert devices._fastest(dict.fromkeys(lacking, ("imaginary",))) == "cpu"
    assert all(f"render.device={kind} does not draw" in caplog.text for kind in lacking) and len(lacking) == 2


# The device is no part of the data


def test_the_device_is_no_part_of_what_a_data_set_is() -> None:
    assert content(drawn_by_cycles("cpu")) == content(drawn_by_cycles("optix"))
    assert "render.device=optix" in command(drawn_by_cycles("optix"))


def test_a_folder_goes_on_that_says_which_device_it_was_drawn_by(tmp_path: Path) -> None:
    """Folders used to."""
    options = GenerateOptions(out=str(tmp_path / "set"), render=RenderOptions("none"))
    with Dataset.open(options) as dataset:
        path = dataset.root / "dataset.json"
    described = json.loads(path.read_text())
    described["configuration"]["render.device"] = "gpu"
    path.write_text(json.dumps(described))
    with Dataset.open(options):
        pass


@pytest.mark.parametrize("device", ["gpu", "CUDA", ""])
def test_unknown_devices_are_refused(device: str) -> None:
    with pytest.raises(ValueError, match=r"render\.device = .* is not allowed: give auto, cpu or one of optix, cuda, hip, metal, oneapi"):
        RenderOptions(device=device)


# Films on trial


@pytest.mark.slow
def test_a_trial_draws_as_many_frames_as_time_allows_and_two_at_least() -> None:
    spec = specimens("motions", "slide", Format(64, 64, 8.0))[0].spec
    paths, render = solve(spec), RenderOptions(supersampling=1.0)
    some, two = apart({}, 300.0, lambda: [film_some(spec, paths, render, 5, budget_s) for budget_s in (300.0, 0.0)])
    assert (len(some.seconds), len(two.seconds)) == (5, 2)
    assert [len(film.sizes_bytes) for film in (some, two)] == [5, 2] and min(*some.seconds, *some.sizes_bytes) > 0


def test_the_first_frame_does_not_count() -> None:
    film = Film((9.0, 0.3, 0.1, 0.2), (9000, 100, 200, 300))
    assert (film.seconds_per_frame, film.size_bytes(11)) == pytest.approx((0.2, 9000 + 10 * 200))


def test_a_process_apart_may_die() -> None:
    with pytest.raises(WorkerDied, match="SIGABRT"):
        apart({}, 60.0, os.abort)
    assert apart({"MOTIONFOUNDRY_TEST": "told"}, 60.0, os.getenv, "MOTIONFOUNDRY_TEST") == "told"
    with pytest.raises(ZeroDivisionError):
        apart({}, 60.0, divmod, 1, 0)


@pytest.mark.slow
def test_a_clip_is_drawn_by_cycles_on_what_there_is(tmp_path: Path) -> None:
    options = replace(drawn_by_cycles(), num_videos=1, out=str(tmp_path / "set"), occlusion=OcclusionOptions(min_area_px=1.0))
    with Dataset.open(options) as dataset:
        (report,) = run([0], options, dataset)
    assert report.status == "written", report.message


@pytest.mark.slow
def test_cycles_on_the_cpu_keeps_to_the_threads_of_its_worker() -> None:
    assert apart({"OMP_NUM_THREADS": "3"}, 120.0, _threads_of_cycles) == ("FIXED", 3)


def _threads_of_cycles() -> tuple[str, int]:
    import bpy

    from generator.blender import render

    spec = specimens("motions", "slide", Format(16, 16, 8.0))[0].spec
    next(render(spec, solve(spec), RenderOptions("cycles", samples=1, supersampling=1.0, device="cpu")))
    return bpy.context.scene.render.threads_mode, bpy.context.scene.render.threads
