"""Many machines: a real Dask scheduler and real workers on loopback make the same data set as this process, also when some of them die.

Where it matters that several machines take part, they are several Dask workers of this one; the queueing system alone is stubbed, at its
commands: the jobs that ``sbatch`` is given are really run.
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import distributed
import psutil
import pytest

from generator import cluster, farm
from generator.cluster import ClusterFailed, Mark, Unfit, connected
from generator.dataset import Dataset
from generator.description import versions
from generator.farm import GaveUp
from generator.options import FarmOptions, GenerateOptions, command
from generator.pipeline import ClipReport
from generator.worker import Crew
from tests import mishaps
from tests.programs import PATIENCE_S, ROOT, finish, program, until, wait_for_clips, workers_of
from tests.small_sets import LABEL_KEYS, LABELS, generate, hashes, told_by

MANY = replace(LABELS, num_videos=20)


@dataclass
class Machines:
    """A scheduler on loopback, and the workers that were started for it."""

    folder: Path
    environment: dict[str, str]

    def __post_init__(self) -> None:
        self.file = self.folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file))
        self.scheduler = self._python("distributed.cli.dask_scheduler", *options)
        self.workers: list[subprocess.Popen] = []

    def join(self, *options: str, **environment: str) -> subprocess.Popen:
        """One more worker, with one thread."""
        usual = ("--scheduler-file", str(self.file), "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))
        self.workers.append(self._python("distributed.cli.dask_worker", *usual, *(options or ("--no-nanny",)), **environment))
        return self.workers[-1]

    def _python(self, module: str, *arguments: str, **environment: str) -> subprocess.Popen:
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**os.environ, **self.environment, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def machines(folder: Path, **told: str) -> Iterator[Machines]:
    """A scheduler without workers; all is gone afterwards.

    Args:
        told: settings of the scheduler.
    """
    here = Machines(folder, {f"DASK_DISTRIBUTED__SCHEDULER__{key}": value for key, value in told.items()})
    try:
        until(here.file.is_file)
        yield here
    finally:
        for process in (*here.workers, here.scheduler):
            for each in (*descendants(process.pid), process):
                each.kill()
            process.wait()


def descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def on(scheduler: str | Path, options: GenerateOptions = LABELS) -> GenerateOptions:
    return replace(options, farm=FarmOptions("dask", scheduler=str(scheduler), min_free_mb=0))


@contextmanager
def begun(folder: Path, options: GenerateOptions) -> Iterator[Iterator[ClipReport]]:
    """The reports of a run, which is published when the context ends."""
    with Dataset.open(replace(options, out=str(folder))) as dataset:
        with closing(farm.run(dataset.missing(options.indices), options, dataset)) as reports:
            yield reports
        dataset.publish()


def works(worker: subprocess.Popen) -> bool:
    """Whether a Dask worker has started processes that make clips."""
    return bool(workers_of(worker.pid, recursive=True))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, str]:
    """Hashes of the data set that this process makes alone."""
    return generate(tmp_path_factory.mktemp("unbroken"), MANY)


# Clips made by a cluster


def test_two_machines_make_what_one_makes_and_stop_when_told_to(tmp_path, unbroken):
    with machines(tmp_path) as there:
        both = there.join(), there.join("--nanny")
        with distributed.Client(scheduler_file=str(there.file)) as client:
            client.wait_for_workers(2, timeout=PATIENCE_S)
        with begun(tmp_path / "set", on(there.file, MANY)) as reports:
            assert next(reports).status == "written"
            until(lambda: all(map(works, both)))
            measured = set()
            while len(measured) < 2:  # each tells of its own workers' memory
                measured.add(next(reports).process)
        assert not any(map(works, both)), "what makes clips outlived the run"
        made = len(list((tmp_path / "set" / "annotations").iterdir()))
        with begun(tmp_path / "set", on(there.file, MANY)) as reports:
            assert [report.status for report in reports] == ["written"] * (MANY.num_videos - made)
    assert hashes(tmp_path / "set") == unbroken


@pytest.mark.parametrize("kind", ["--no-nanny", pytest.param("--nanny", marks=pytest.mark.slow)])
@pytest.mark.parametrize("forgiving", [{"ALLOWED_FAILURES": "0"}, pytest.param({"ALLOWED_FAILURES": "3"}, marks=pytest.mark.slow)], ids=str)
def test_one_machine_dies_and_another_joins_late(tmp_path, unbroken, forgiving, kind):
    """Of a scheduler that forgives nothing, the clip that the dead one had comes back unmade, and is handed out again."""
    with machines(tmp_path, **forgiving) as there, begun(tmp_path / "set", on(there.file, MANY)) as reports:
        first = there.join(kind)
        assert next(reports).status == "written"
        stopped = [psutil.Process(first.pid), *descendants(first.pid)]
        for process in stopped:
            process.suspend()  # in the middle of a clip, so that it leaves work for the other
        late = there.join()
        until(lambda: works(late))
        for process in stopped:
            process.kill()
        assert {report.status for report in reports} == {"written"}
    assert hashes(tmp_path / "set") == unbroken


@pytest.mark.slow
@pytest.mark.parametrize(("mishap", "reason"), [("killed", "died of SIGKILL"), ("stuck", "took longer")])
def test_clips_that_no_machine_can_make_are_given_up_and_cost_no_machine(tmp_path, monkeypatch, unbroken, mishap, reason):
    mishaps.plan(monkeypatch, tmp_path / "marks", {3: (mishap, mishaps.ALWAYS), 8: (mishap, mishaps.ALWAYS)})
    with machines(tmp_path) as there:
        there.join(), there.join()
        options = on(there.file, replace(MANY, out=str(tmp_path / "set")))
        options = replace(options, farm=replace(options.farm, max_failures=2, clip_timeout_s=10.0))
        with mishaps.Cursed.open(options) as dataset, closing(farm.run(range(MANY.num_videos), options, dataset)) as reports:
            told = {report.index: report for report in reports}
            assert dataset.quarantined(range(MANY.num_videos)) == [3, 8]
        assert {index for index, report in told.items() if report.status == "quarantined"} == {3, 8}
        assert all(reason in failure for index in (3, 8) for failure in told[index].failures)
        assert all(worker.poll() is None for worker in there.workers)
    assert generate(tmp_path / "set", MANY) == unbroken


@pytest.mark.slow
def test_a_run_that_loses_its_scheduler_says_so_and_goes_on_here(tmp_path, unbroken):
    with machines(tmp_path) as there, begun(tmp_path / "set", on(there.file, MANY)) as reports:
        there.join()
        assert next(reports).status == "written"
        there.scheduler.kill()
        with pytest.raises(GaveUp, match="no Dask scheduler answers at .* the same command makes the other"):
            list(reports)
    assert generate(tmp_path / "set", MANY) == unbroken


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_the_cluster_that_it_started(tmp_path, number):
    process = program("farm=dask", "workers=2", "num_videos=400", "out=set", *LABEL_KEYS, cwd=tmp_path, start_new_session=True)
    wait_for_clips(tmp_path / "set", 2, process)
    begun_by_it = descendants(process.pid)
    os.killpg(process.pid, number)
    code, said, complained = finish(process)
    assert code == 130
    assert "To go on: python -m generator" in complained
    assert "Traceback" not in said + complained, complained
    _, alive = psutil.wait_procs(begun_by_it, timeout=PATIENCE_S)
    assert not alive
    assert not list((tmp_path / "set").glob(".part-*"))


# Clusters that do not serve


def test_a_machine_with_other_packages_is_named(tmp_path):
    other = tmp_path / "scipy-0.0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Name: scipy\nVersion: 0.0.1\n")
    with machines(tmp_path) as there, begun(tmp_path / "set", on(there.file)) as reports:
        there.join(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
        with pytest.raises(GaveUp, match="Dask worker on .* has scipy 0.0.1 in place of .*: install there what is here"):
            list(reports)


def test_a_machine_that_does_not_see_the_folder_is_named(tmp_path):
    with pytest.raises(Unfit, match=f"does not see {tmp_path} as it is here: give an out= that all machines share"):
        Mark(tmp_path / "none", LABELS, versions(LABELS), cluster.code()).require()


@pytest.mark.parametrize("scheduler", ["tcp://127.0.0.1:9", "tcp://no-such-machine.invalid:8786", "none.json"])
def test_a_scheduler_that_does_not_answer(tmp_path, scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)  # else it is asked for longer
    with begun(tmp_path, on(scheduler)) as reports, pytest.raises(GaveUp, match=f"no Dask scheduler answers at .*{scheduler}"):
        list(reports)


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with begun(tmp_path, on("tcp://127.0.0.1:9")) as reports, pytest.raises(ValueError, match=r"run pip install '\.\[dask\]' in"):
        list(reports)


def test_a_queue_that_is_not_here_and_jobs_that_are_not_described(tmp_path, monkeypatch, on_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterFailed, match="starts jobs by sbatch, which is not on this machine's PATH"):
        started("slurm")
    on_path("sbatch", "#!/bin/sh\n")
    with pytest.raises(ValueError, match="farm.job = {} is not allowed: give .*cores and memory per job"):
        started("slurm")
    with pytest.raises(ValueError, match="farm.job = .* is not allowed: .*'memories'"):
        started("slurm", cores=1, memories="8GB")


def started(queue: str, **job: object) -> None:
    with connected(FarmOptions("dask", cluster=queue, job=job), lambda: 1):
        pass


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"scheduler": "host"}, "farm.scheduler = 'host' is not allowed: give an address, as in tcp://host:8786"),
        ({"scheduler": "tcp://a:1", "cluster": "slurm"}, "farm.cluster = 'slurm' is not allowed: give left out where farm.scheduler"),
        ({"cluster": "cloud"}, "farm.cluster = 'cloud' is not allowed: give one of local, slurm, pbs, lsf, sge"),
        ({"workers": 0}, "workers = 0 is not allowed"),
        ({"jobs": 0}, "farm.jobs = 0 is not allowed"),
        ({"shards": 0}, "farm.shards = 0 is not allowed"),
        ({"sbatch": "cpu"}, "farm.sbatch = 'cpu' is not allowed: give options of sbatch in one line"),
        ({"sbatch": "-p cpu\nrm x"}, "farm.sbatch = .* is not allowed"),
        ({"sbatch": "-p cpu --array=1-64%8"}, "farm.sbatch = .* is not allowed: .* how many tasks is farm.shards"),
        ({"sbatch": "-a 1-64"}, "farm.sbatch = .* is not allowed: .* farm.shards"),
        ({"sbatch": "--comment='x"}, "farm.sbatch = .* is not allowed: give options of sbatch in one line"),
    ],
    ids=str,
)
def test_wrong_keys(told, words):
    with pytest.raises(ValueError, match=words):
        FarmOptions("dask", **told)


@pytest.mark.parametrize("told", ["--comment='x -a'", "-p cpu --job-name=--array", "--comment='-o or --output'"])
def test_what_only_looks_like_an_option_that_is_ours_is_allowed(told):
    assert FarmOptions("slurm", sbatch=told).sbatch == told


def test_a_clip_that_is_there_already_is_told_of_by_the_machine_that_saw_it(tmp_path):
    """The scheduler handed it out again, because the worker that made it was gone before it could say so."""
    with Dataset.open(replace(LABELS, out=str(tmp_path))) as dataset, Crew() as crew:
        made = farm._make_there(0, crew, LABELS, dataset)
        again = farm._make_there(0, crew, LABELS, dataset)
    assert (made.status, again.status, again.frames, again.seconds) == ("written", "written", 0, {})
    assert again.host == made.host == platform.node()


def test_the_command_to_go_on_names_the_cluster():
    job = {"cores": 4, "memory": "8GB", "walltime": "04:00:00"}
    options = replace(LABELS, farm=FarmOptions("dask", cluster="slurm", jobs=3, job=job, sbatch="--partition=cpu"))
    assert told_by(command(options)).farm == options.farm


# A cluster out of a queue

SBATCH = """#!/bin/sh
cp "$1" {folder}/job-$$.sh  # dask-jobqueue deletes it at once
setsid sh {folder}/job-$$.sh > {folder}/log-$$ 2>&1 &
echo $! >> {folder}/jobs
echo Submitted batch job $!
"""


@pytest.mark.slow
def test_jobs_of_a_queue_are_replaced_when_their_time_is_up(tmp_path, monkeypatch, unbroken, on_path):
    """``sbatch`` and ``scancel`` are scripts of ours, which start a job as a process and end it; all else is real."""
    on_path("sbatch", SBATCH.format(folder=tmp_path))
    on_path("scancel", '#!/bin/sh\nkill -TERM -- -"$1"\n')
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    job = {"cores": 1, "memory": "2GB", "interface": "lo", "local_directory": str(tmp_path)}
    options = replace(MANY, farm=FarmOptions("dask", cluster="slurm", job=job, min_free_mb=0))
    with begun(tmp_path / "set", options) as reports:
        assert next(reports).status == "written"
        (first,) = jobs = submitted(tmp_path)
        os.killpg(first, signal.SIGKILL)
        assert {report.status for report in reports} == {"written"}
        jobs = submitted(tmp_path)
        assert len(jobs) == 2
    until(lambda: not any(psutil.pid_exists(job) for job in jobs))
    assert hashes(tmp_path / "set") == unbroken


def submitted(folder: Path) -> list[int]:
    """The jobs that the queue was given."""
    return [int(line) for line in (folder / "jobs").read_text().split()]
