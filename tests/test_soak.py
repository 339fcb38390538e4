"""The soak, small: what it plans, what it notices, and that a run which is ill-treated ends as one that is not."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from benchmarks.generator import slope_mb
from benchmarks.soak import LEAST_CLIPS, MISHAPS, Soak, labels, labels_equal, plan, report


def test_mishaps_follow_from_the_seed_and_are_in_order():
    mishaps = plan(500, 40, 3, np.random.default_rng(0))
    assert mishaps == plan(500, 40, 3, np.random.default_rng(0))
    assert mishaps != plan(500, 40, 3, np.random.default_rng(1))
    assert [each.clips for each in mishaps] == sorted(each.clips for each in mishaps)
    assert {each.signal for each in mishaps} == set(MISHAPS)
    runs = [each for each in mishaps if each.to_run]
    assert len(runs) == 3
    assert all(0 < each.clips < 100 and each.signal == signal.SIGKILL for each in runs)


@pytest.mark.parametrize(("grown_mb", "passes"), [(1.0, True), (5.0, True), (-20.0, True), (15.0, False)])
def test_growth_is_told_after_the_caches_have_filled(grown_mb: float, passes: bool):
    soak = Soak(Path("nowhere"), 500)
    soak.sizes_mb[7] = {clips: 500.0 + min(clips, 20) * 10 + clips * grown_mb / 100 for clips in range(1, 121)}
    soak.sizes_mb[8] = {1: 300.0, 2: 900.0}
    name, well, told = soak.growth()
    assert (name, well) == ("memory is flat", passes)
    assert f"{grown_mb:+.1f} MB per 100 clips over 120 clips" in told


def test_growth_that_could_not_be_measured_is_no_pass_in_a_long_run():
    assert Soak(Path("nowhere"), 12).growth()[1]
    assert not Soak(Path("nowhere"), 10 * LEAST_CLIPS).growth()[1]


def test_slope_is_of_the_last_two_thirds():
    made = range(1, 31)
    assert slope_mb(made, [max(0.0, 9 - clips) * 50 + 2 * clips for clips in made]) == pytest.approx(200.0)


def test_report_fails_where_one_thing_does(capsys: pytest.CaptureFixture[str]):
    assert report([("one", True, "good"), ("two", True, "good")]) == 0
    assert report([("one", True, "good"), ("two", False, "bad")]) == 1
    assert "FAIL   two: bad" in capsys.readouterr().out


def test_labels_are_compared_without_the_list_of_files(tmp_path: Path):
    for name, told in (("a", {"key": "k", "files": {"video": 1}}), ("b", {"key": "k", "files": {}}), ("c", {"key": "other", "files": {}})):
        for folder, suffix, content in (("annotations", "json", json.dumps(told)), ("trajectories", "npz", "paths")):
            (tmp_path / name / folder).mkdir(parents=True)
            (tmp_path / name / folder / f"k.{suffix}").write_text(content)
    assert labels(tmp_path / "a") == labels(tmp_path / "b")
    assert labels(tmp_path / "a") != labels(tmp_path / "c")
    (tmp_path / "b" / "trajectories" / "k.npz").write_text("other paths")
    assert labels(tmp_path / "a") != labels(tmp_path / "b")


@pytest.mark.slow
def test_twelve_clips_survive_kills_of_workers_and_of_the_run(tmp_path: Path):
    soak = Soak(tmp_path / "soak", 12)
    assert soak.run(plan(12, 3, 1, np.random.default_rng(4))) == 0
    assert soak.starts == 2
    assert soak.mishaps["SIGKILL of the run"] == 1
    assert soak.mishaps.total() > 1
    found = [*soak.findings(), labels_equal(soak, tmp_path / "calm")]
    assert [name for name, passes, _ in found if not passes] == []
    next((tmp_path / "soak" / "trajectories").glob("*.npz")).unlink()
    (tmp_path / "soak" / ".part-left").mkdir()
    wrong = [name for name, passes, _ in soak.findings() if not passes]
    assert wrong == ["nothing is left over", "every file verifies"]
