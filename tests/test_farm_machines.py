"""Machines of a cluster that are not as they should be, and queues that are not, beside those that are: the run goes on without them."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import psutil
import pytest

from conf.atomic import PART
from generator import cluster, farm
from generator.cluster import Answer, ClusterFailed, connected, marked, work_there
from generator.dataset import RUNS, Dataset
from generator.options import FarmOptions
from generator.worker import Crew
from tests.programs import PATIENCE_S, customised, program, until, workers_of
from tests.small_sets import LABEL_KEYS
from tests.test_farm_dask import MANY, begun, machines, on, started

LACKING = "import sys\nif {where!r} in ' '.join(sys.orig_argv): sys.modules[{name!r}] = None\n"


def lacking(folder: Path, name: str, where: str) -> Mapping[str, str]:
    """An environment in which Python has no such module, in programs of whose command line ``where`` is part."""
    return customised(folder, LACKING.format(name=name, where=where))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "where"), [("trimesh", "generator.worker"), ("generator", "dask_worker")], ids=["a library", "this program"]
)
def test_clips_that_fail_where_something_is_missing_are_made_elsewhere(tmp_path, monkeypatch, name, where):
    """The machine that is unfit fails in milliseconds, so that it is free for each clip, and for each clip that is tried again."""
    connections = count()
    monkeypatch.setattr(farm, "connected", lambda *told: (next(connections), connected(*told))[1])
    with machines(tmp_path) as there, begun(tmp_path / "set", on(there.file, MANY)) as reports:
        there.join()
        first = next(reports) if name == "generator" else None  # without our code a machine cannot even say so: it is to join late
        there.join(**lacking(tmp_path / "bad", name, where))
        made = [report.status for report in reports] + ([first.status] if first else [])
    assert made == ["written"] * MANY.num_videos
    assert not list((tmp_path / "set" / RUNS).rglob("quarantine/*"))
    assert next(connections) == 1, "jobs would have to queue again"


@pytest.mark.slow
def test_what_a_killed_run_left_to_the_cluster_ends_when_the_next_one_begins(tmp_path):
    """Else the clip that was in the making would replace the one that the next run makes."""
    with machines(tmp_path) as there:
        worker = there.join()
        told = ("farm=dask", f"farm.scheduler={there.file}", "num_videos=400", "out=set", *LABEL_KEYS)
        head = program(*told, cwd=tmp_path)
        orphans = stopped_in_a_clip(worker.pid, tmp_path / "set", lambda: head.poll() is None)
        head.kill()
        head.wait()
        assert all(each.is_running() for each in orphans)
        with Dataset.open(replace(MANY, out=str(tmp_path / "set"))):
            _, alive = psutil.wait_procs(orphans, timeout=PATIENCE_S)
        assert not alive
        assert not list((tmp_path / "set").glob(f"{PART}*"))


def stopped_in_a_clip(pid: int, folder: Path, is_running: Callable[[], bool]) -> list[psutil.Process]:
    """The processes that make clips for a Dask worker, stopped while they make one."""
    stopped: list[psutil.Process] = []

    def is_caught() -> bool:
        assert is_running()
        for process in stopped:
            with suppress(psutil.Error):
                process.resume()
        stopped[:] = workers_of(pid, recursive=True)
        for process in stopped:
            with suppress(psutil.Error):
                process.suspend()
        return any(path.is_dir() for path in folder.glob(f"{PART}*"))

    until(is_caught)
    return stopped


def test_a_drive_that_is_out_of_reach_for_a_moment_costs_a_clip_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "AWAY_S", 0.01)
    with connected(FarmOptions("dask", workers=1), lambda: 1) as there, Dataset.open(replace(MANY, out=str(tmp_path))) as dataset:
        with marked(dataset, MANY) as mark:
            answers = [there.client.submit(work_there, work, mark, 3).result() for work in (out_of_reach, at_hand)]
        (machine,) = there.addresses()
    assert answers == [Answer(machine), Answer(machine, 3)]


def out_of_reach(item: int, crew: Crew) -> int:
    raise OSError(errno.ESTALE, "Stale file handle")


def at_hand(item: int, crew: Crew) -> int:
    return item


def test_a_queue_that_refuses_the_jobs(tmp_path, on_path):
    on_path("sbatch", "#!/bin/sh\necho 'sbatch: error: invalid partition specified: cpx' >&2\nexit 1\n")
    with pytest.raises(ClusterFailed, match="sbatch.*farm.cluster=slurm.*invalid partition specified: cpx"):
        started("slurm", cores=1, memory="2GB", interface="lo", local_directory=str(tmp_path))
