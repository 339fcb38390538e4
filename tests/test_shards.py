"""Shards: machines that know nothing of each other make parts of one data set in one folder, at the same time, and some of them die."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from generator.index import META
from tests.programs import finish, program, run, wait_for_clips
from tests.small_sets import LABEL_KEYS, LABELS, generate, hashes

CLIPS = 12
SHARDS = 3


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, str]:
    """Hashes of the data set that this process makes alone."""
    return generate(tmp_path_factory.mktemp("unbroken"), replace(LABELS, num_videos=CLIPS))


def begun(folder: Path, shard: int, of: int = SHARDS, workers: int = 1) -> subprocess.Popen:
    told = (f"shard={shard}/{of}", f"num_videos={CLIPS}", f"workers={workers}", "out=set")
    return program(*told, *LABEL_KEYS, cwd=folder, start_new_session=True)


def test_shards_at_once_one_of_which_is_killed_and_begun_again(tmp_path, unbroken):
    """What was finished is made once, what was not is made again, and the last to end writes the index of all."""
    shards = [begun(tmp_path, 1, of=2), begun(tmp_path, 2, of=2, workers=0)]
    wait_for_clips(tmp_path / "set", 2, shards[0])
    workers = psutil.Process(shards[0].pid).children(recursive=True)
    shards[0].kill()
    shards[0].communicate()
    finished = [path.stem for path in (tmp_path / "set").glob("annotations/*.json")]
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").glob("trajectories/*.npz") if path.stem in finished}
    shards[0] = begun(tmp_path, 1, of=2, workers=0)
    for code, _, complained in map(finish, shards):
        assert code == 0, complained
    assert hashes(tmp_path / "set") == unbroken
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "finished clips were made again"
    psutil.wait_procs(workers, timeout=60)
    assert not list((tmp_path / "set").glob(".part-*"))


@pytest.mark.slow
def test_merging_writes_the_index_of_shards_that_could_not(tmp_path, unbroken):
    """All are killed as soon as their clips are there; a clip that one of them had begun is named, with the command that makes it."""
    shards = [begun(tmp_path, shard) for shard in (1, 2)]
    for each in shards:
        wait_for_clips(tmp_path / "set", 2, each)
        each.kill()
        each.communicate()
    code, said, _ = run("set", "--num-videos", str(CLIPS), cwd=tmp_path, module="generator.merge")
    assert code == 1
    assert "python -m generator" in said
    rows = (tmp_path / "set" / META).read_text().splitlines()
    assert len(rows) == len(list((tmp_path / "set" / "annotations").iterdir()))
    for shard in range(1, SHARDS + 1):
        code, _, complained = finish(begun(tmp_path, shard))
        assert code == 0, complained
    (tmp_path / "set" / META).unlink()
    code, _, complained = run("set", "--num-videos", str(CLIPS), cwd=tmp_path, module="generator.merge")
    assert code == 0, complained
    assert hashes(tmp_path / "set") == unbroken


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_shard_that_is_interrupted_leaves_the_others_alone(tmp_path, unbroken, number):
    shards = [begun(tmp_path, shard) for shard in range(1, SHARDS + 1)]
    wait_for_clips(tmp_path / "set", 2, shards[1])
    shards[1].send_signal(number)
    assert [finish(each)[0] for each in shards] == [0, 130, 0]
    code, _, complained = finish(begun(tmp_path, 2))
    assert code == 0, complained
    assert hashes(tmp_path / "set") == unbroken
