"""Whatever befalls the processes of a run, the data set ends as if nothing had: with real processes, really killed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Self

import psutil
import pytest
from rich.console import Console

from generator import __main__ as entry
from generator import farm
from generator.dataset import Dataset
from generator.farm import GaveUp
from generator.options import GenerateOptions, OcclusionOptions
from generator.pipeline import ClipReport
from qa_templates.question import QuestionOptions
from tests import small_sets
from tests.mishaps import ALWAYS, CGROUP, Cursed, makers, memory_group, plan, planned
from tests.programs import PATIENCE_S, ROOT, heed_interrupts, until, workers_of
from tests.small_sets import generate, hashes, require_sound, with_workers

LABELS = with_workers(2, replace(small_sets.LABELS, num_videos=6))
TWINS = replace(LABELS, twins=True)
PICTURES = replace(
    small_sets.PICTURES,
    num_videos=3,
    occlusion=OcclusionOptions(min_area_px=20.0, every=8),
    qa=QuestionOptions(templates=("travel_direction", "count_cycles", "camera_move")),
    farm=LABELS.farm,
)


def make(folder: Path, options: GenerateOptions, monkeypatch, mishaps: Mapping[int, tuple[str, int]] = {}) -> dict[int, ClipReport]:
    """Make what is missing, with mishaps, and publish it."""
    plan(monkeypatch, folder.with_suffix(".marks"), mishaps)
    with Cursed.open(replace(options, out=str(folder))) as dataset:
        reports = {report.index: report for report in farm.run(dataset.missing(options.indices), options, dataset)}
        dataset.publish()
    return reports


def here(folder: Path, options: GenerateOptions) -> int:
    """The exit code of the whole program, run in this process, its workers too."""
    return entry.generate(replace(options, out=str(folder), farm=replace(options.farm, workers=0)), Console(file=StringIO()))


def clips(tree: Mapping[str, str]) -> dict[str, str]:
    """What there is of single clips."""
    return {name: digest for name, digest in tree.items() if name.startswith(("annotations/", "trajectories/", "videos/"))}


@pytest.fixture(scope="module")
def labels(tmp_path_factory) -> dict[str, str]:
    return generate(tmp_path_factory.mktemp("labels"), with_workers(0, LABELS))


@pytest.fixture(scope="module")
def twins(tmp_path_factory) -> dict[str, str]:
    return generate(tmp_path_factory.mktemp("twins"), with_workers(0, TWINS))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> dict[str, str]:
    return generate(tmp_path_factory.mktemp("pictures"), PICTURES)


@pytest.fixture
def group() -> Iterator[None]:
    """Where control groups can be made: they are taken away afterwards."""
    made = memory_group()
    if made is None:
        pytest.skip("no control groups of version 1 that this user may make")
    yield
    for path in CGROUP.glob("motionfoundry-test-*"):
        with suppress(OSError):
            path.rmdir()


LABELLING = ("out=set", "workers=2", "fps=8", "occlusion.every=8", "render=none", "farm.min_free_mb=0")
FILMING = (
    *("num_videos=3", "out=set", "workers=2", "fps=8", "duration=[3,4]", "width=64", "height=64"),
    *("render=draft", "occlusion.every=8", "occlusion.min_area_px=20", "farm.min_free_mb=0"),
    "qa.templates=[travel_direction,count_cycles,camera_move]",
)


class Run:
    """``python -m generator`` with these arguments, in a session of its own; what it says is in a file. It is killed at the end."""

    def __init__(self, folder: Path, *told: str, module: str = "generator", stdin: int = subprocess.DEVNULL, **environment: str) -> None:
        self.mark = f"{folder}/{time.monotonic_ns()}"
        self._folder, self._said = folder, folder / "said"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *told],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "TEST_RUN": self.mark, **environment},
                stdin=stdin,
                stdout=said,
                stderr=subprocess.STDOUT,
                preexec_fn=_lead,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.left():
            with suppress(psutil.Error):
                each.kill()
        self.process.wait()

    def end(self) -> tuple[int, str]:
        """Exit code, and what was said."""
        return self.process.wait(PATIENCE_S), self._said.read_text()

    def workers(self) -> list[psutil.Process]:
        return workers_of(self.process.pid)

    def left(self) -> list[psutil.Process]:
        """Processes of this run that still live."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    def _is_ours(self, each: psutil.Process) -> bool:
        with suppress(psutil.Error):
            is_alive = each.status() != psutil.STATUS_ZOMBIE
            return is_alive and each.environ().get("TEST_RUN") == self.mark
        return False

    def one_that_films(self) -> psutil.Process:
        """A worker, stopped while it draws: its video is begun and not finished."""
        while True:
            assert self.process.poll() is None, self.end()
            for each in self.workers() if list(self._folder.glob("*/.part-*/video.mp4")) else []:
                with suppress(psutil.Error):
                    each.suspend()
                    if any("/.part-" in file.path and file.path.endswith("video.mp4") for file in each.open_files()):
                        return each
                    each.resume()
            time.sleep(0.005)


def _lead() -> None:
    """Begin a session, of the terminal at stdin if there is one, and heed Ctrl-C: a shell's background is deaf to it."""
    os.setsid()
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    heed_interrupts()


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Descriptors of both ends: the keyboard, and what a program takes for its terminal."""
    keyboard, screen = pty.openpty()
    yield keyboard, screen
    os.close(keyboard)
    os.close(screen)


# One mishap


def test_every_clip_meets_with_a_mishap_once_and_none_is_worse_for_it(tmp_path, monkeypatch, twins):
    mishaps = {0: "stuck", 1: "killed", 2: "crash", 3: "leave", 4: "a_bug", 5: "hit_a_limit"}
    hasty = replace(TWINS, farm=replace(TWINS.farm, clip_timeout_s=12.0, max_failures=6))
    reports = make(tmp_path / "set", hasty, monkeypatch, {index: (name, 1) for index, name in mishaps.items()})
    assert {report.status for report in reports.values()} == {"written"}
    told = {mishaps[index]: report.failures[0] for index, report in reports.items()}
    assert "SIGKILL" in told["killed"]
    assert "SIGSEGV" in told["crash"]
    assert told["stuck"] == "the process that made it: it took longer than 12 s"
    assert "exit code 3" in told["leave"]
    assert told["a_bug"] == "ZeroDivisionError: a bug"
    assert "Error" in told["hit_a_limit"]
    assert hashes(tmp_path / "set") == twins
    require_sound(tmp_path / "set")


def test_a_clip_for_which_memory_runs_out_is_made_again(tmp_path, monkeypatch, labels, group):
    reports = make(tmp_path / "set", LABELS, monkeypatch, {1: ("run_out_of_memory", 1)})
    assert reports[1].failures == ("the process that made it: it died of SIGKILL, as it may when memory runs out",)
    assert hashes(tmp_path / "set") == labels


@pytest.mark.slow
def test_a_crash_within_blender_costs_one_attempt(tmp_path, monkeypatch, pictures):
    reports = make(tmp_path / "set", PICTURES, monkeypatch, {1: ("crash_while_drawing", 1)})
    assert {index: len(report.failures) for index, report in reports.items()} == {0: 0, 1: 1, 2: 0}
    assert "SIGSEGV" in reports[1].failures[0]
    assert hashes(tmp_path / "set") == pictures
    require_sound(tmp_path / "set")


@pytest.mark.slow
def test_worn_and_swollen_workers_are_replaced(tmp_path, monkeypatch, labels):
    options = replace(LABELS, farm=replace(LABELS.farm, workers=1, recycle_after=3, max_worker_mb=700))
    reports = make(tmp_path / "set", options, monkeypatch, {1: ("grow", 1)})
    swollen, _, worn, _, _, last = by = makers(tmp_path / "set.marks")
    assert by == [swollen] * 2 + [worn] * 3 + [last]
    assert len({swollen, worn, last}) == 3
    assert {report.failures for report in reports.values()} == {()}
    assert hashes(tmp_path / "set") == labels


# Clips that cannot be made


def test_a_clip_that_always_crashes_is_quarantined_and_left_alone_until_it_is_to_be_tried_again(tmp_path, labels):
    told, options = ("num_videos=3", *LABELLING), replace(LABELS, num_videos=3)
    environment = planned(tmp_path / "marks", {1: ("crash", ALWAYS)})
    with Run(tmp_path, *told, module="tests.mishaps", **environment) as run:
        code, said = run.end()
    assert code == 1
    with Dataset.open(replace(options, out=str(tmp_path / "set"))) as dataset:
        (record,) = (tmp_path / "set" / "runs" / "quarantine").iterdir()
        told_of = json.loads(record.read_text())
        assert dataset.missing(options.indices) == dataset.quarantined(options.indices) == [told_of["index"]] == [1]
    assert len(told_of["failures"]) == 3
    assert all("SIGSEGV" in failure for failure in told_of["failures"])
    assert "in crash" in told_of["words"]
    assert told_of["reproduce"] in said
    assert "only=1" in told_of["reproduce"]
    assert clips(hashes(tmp_path / "set")).items() <= labels.items()
    require_sound(tmp_path / "set")
    assert here(tmp_path / "set", options) == 1
    assert dataset.quarantined(options.indices) == [1], "it was not left alone"
    assert here(tmp_path / "set", replace(options, farm=replace(options.farm, retry_quarantined=True))) == 0
    assert dataset.missing(options.indices) == dataset.quarantined(options.indices) == []
    assert clips(hashes(tmp_path / "set")).items() <= labels.items()


def test_clips_whose_scenes_cannot_be_made_cost_the_others_nothing(tmp_path, monkeypatch, labels):
    once = replace(LABELS, max_attempts=1)
    reports = make(tmp_path / "set", once, monkeypatch)
    lost = {index for index, report in reports.items() if report.status == "exhausted"}
    assert lost and lost < set(range(6)), "pick another seed: some first takes are to be rejected, and some not"
    assert {report.status for report in reports.values()} == {"exhausted", "written"}
    assert all(report.failures == () for report in reports.values()), "there was no fault"
    require_sound(tmp_path / "set")
    assert set(make(tmp_path / "set", LABELS, monkeypatch)) == lost
    assert hashes(tmp_path / "set") == labels


@pytest.mark.parametrize("lacking", [pytest.param("generator", marks=pytest.mark.slow), "scipy"])
def test_workers_that_lack_a_library_end_the_run_and_quarantine_nothing(tmp_path, monkeypatch, lacking):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / f"{lacking}.py").write_text("raise ModuleNotFoundError('it is lost')")
    path = os.pathsep.join([str(tmp_path / "path"), *sys.path])
    monkeypatch.setattr(farm, "environment", lambda options, place: {"PYTHONPATH": path})
    options, threads, quarantine = replace(LABELS, num_videos=500), set(), Dataset.quarantine
    monkeypatch.setattr(Dataset, "quarantine", lambda *told: threads.add(threading.current_thread()) or quarantine(*told))
    with pytest.raises(
        GaveUp, match=r"the first 5 clips all failed, so the other 495 were not made.*clip \d: .*ModuleNotFoundError: it is lost"
    ):
        make(tmp_path / "set", options, monkeypatch)
    with Dataset.open(replace(options, out=str(tmp_path / "set"))) as dataset:
        assert dataset.quarantined(options.indices) == []
    assert threads == {threading.main_thread()}, "another might still put a clip there when all are released"


@pytest.mark.slow
def test_a_machine_that_fails_in_the_middle_ends_the_run_and_is_not_held_against_the_clips(tmp_path, monkeypatch):
    monkeypatch.setattr(farm, "LOST_AFTER", 2)
    options = replace(LABELS, num_videos=50, farm=replace(LABELS.farm, max_failures=1, workers=1))
    with pytest.raises(GaveUp, match="the last 2 clips all failed, so the other 45 were not made"):
        make(tmp_path / "set", options, monkeypatch, dict.fromkeys((1, *range(3, 50)), ("leave", ALWAYS)))
    with Dataset.open(replace(options, out=str(tmp_path / "set"))) as dataset:
        assert dataset.quarantined(options.indices) == [1]  # others were made after it
        assert dataset.missing(options.indices) == [1, *range(3, 50)]


# The run itself is ended


def test_who_stops_early_leaves_no_process_no_part_and_no_verdict(tmp_path, monkeypatch, recwarn):
    options, threads = replace(LABELS, farm=replace(LABELS.farm, max_failures=1)), threading.active_count()
    plan(monkeypatch, tmp_path / "marks", {1: ("stuck", 1)})
    with Cursed.open(replace(options, out=str(tmp_path / "set"))) as dataset:
        with closing(farm.run(options.indices, options, dataset)) as reports:
            assert next(reports).index == 0
            until(lambda: len(set(makers(tmp_path / "marks"))) == 2)
        assert not [pid for pid in makers(tmp_path / "marks") if psutil.pid_exists(pid)]
        assert not list((tmp_path / "set").glob(".part-*"))
        until(lambda: threading.active_count() == threads)
        assert dataset.quarantined(options.indices) == []
    assert not recwarn.list


@pytest.mark.slow
@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("moment", ["while workers start", "while one draws"])
def test_an_interrupted_run_ends_soon_with_all_its_processes_and_says_how_to_go_on(tmp_path, pictures, moment, way):
    with terminal() as (keyboard, screen), Run(tmp_path, *FILMING, stdin=screen) as run:
        until(run.workers) if moment == "while workers start" else run.one_that_films()  # which stays stopped, and is ended all the same
        os.write(keyboard, b"\x03") if way == "Ctrl-C" else run.process.terminate()
        began_s = time.monotonic()
        code, said = run.end()
        assert time.monotonic() - began_s < 30, "it is to be seconds; this machine may be busy"
        assert run.left() == []
    assert code == 130
    assert "Traceback" not in said
    assert "To go on: python -m generator seed=0 out=set num_videos=3" in said
    assert not list((tmp_path / "set").glob(".part-*"))
    if moment == "while one draws" and way == "SIGTERM":
        again = shlex.split(said.partition("To go on: python -m generator ")[2].splitlines()[0])
        with Run(tmp_path, *again) as run:
            assert run.end()[0] == 0
        assert hashes(tmp_path / "set") == pictures


@pytest.mark.slow
def test_an_impatient_user_leaves_no_process_either(tmp_path):
    with Run(tmp_path, *LABELLING, "num_videos=400") as run:
        until(lambda: len(run.workers()) == 2)
        for _ in range(3):
            with suppress(ProcessLookupError):
                os.killpg(run.process.pid, signal.SIGINT)
        code, said = run.end()
        until(lambda: run.left() == [])
    assert code == 130
    assert "Traceback" not in said


def test_a_worker_that_is_killed_while_it_draws_costs_one_attempt(tmp_path, pictures):
    with Run(tmp_path, *FILMING) as run:
        run.one_that_films().kill()
        code, said = run.end()
        assert run.left() == []
    assert code == 0, said
    last = json.loads((tmp_path / "set" / "runs" / "progress.jsonl").read_text().splitlines()[-1])
    assert (last["written"], last["failures"]) == (3, 1)
    assert hashes(tmp_path / "set") == pictures
    require_sound(tmp_path / "set")


@pytest.mark.slow
def test_a_run_that_is_killed_takes_its_workers_along_and_is_gone_on_with(tmp_path, pictures):
    with Run(tmp_path, *FILMING) as run:
        artist = run.one_that_films()
        run.process.kill()
        run.process.wait()
        artist.resume()
        until(lambda: run.left() == [])
    assert list((tmp_path / "set").glob(".part-*")), "it was to be killed in the middle of its work"
    with Run(tmp_path, *FILMING) as run:
        code, said = run.end()
    assert code == 0, said
    assert hashes(tmp_path / "set") == pictures
    require_sound(tmp_path / "set")
