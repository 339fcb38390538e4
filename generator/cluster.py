"""Workers of many machines, as Dask knows them: reaching a cluster or starting one, and what its workers do.

joblib has a backend for Dask, which does not serve for this: it waits for ever for a task whose workers died, it works in its own
process as long as the cluster has but one thread, and it hands out no more tasks at once than the cluster had threads when it began.
So joblib is given another one here.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import itertools
import logging
import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from joblib.parallel import ParallelBackendBase

from conf.atomic import PART, checksum_lines, sha256_of
from generator.dataset import Dataset
from generator.description import versions
from generator.devices import drawing_gpus
from generator.machine import UnfitMachine, require_healthy
from generator.options import FarmOptions, GenerateOptions
from generator.worker import Crew, Dismissed, Worker

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Made = TypeVar("Made")

CONNECT_S = 10.0  # for a scheduler to answer, at first and after the connection broke
DISMISS_S = 10.0  # for the workers of a cluster to end what they do
AT_ONCE = 1000  # tasks that the scheduler holds at least, so that there is work for those who join later
PER_THREAD = 2  # the same, for each thread of the cluster, which makes one clip at a time
AWAY_S = 5.0  # until the next task, for a worker that cannot reach the data set at the moment
LOOK_S = 1.0  # between two looks at whether the run that a crew works for still lasts
PACKAGES = ("scenes", "qa_templates", "generator")  # whose code decides what is in a clip


class ClusterFailed(RuntimeError):
    """A cluster cannot be reached, cannot be started, or is gone."""


class Unfit(ClusterFailed):
    """A cluster has a worker that cannot work for us: it sees other files, or has other packages."""


# The cluster


@dataclass(frozen=True)
class Cluster:
    """Workers that come and go, as ``client``, a `distributed.Client`, reaches them."""

    client: Any

    @property
    def at_once(self) -> int:
        """As many tasks as the scheduler is to hold."""
        return max(AT_ONCE, PER_THREAD * sum(self.client.nthreads().values()))

    def addresses(self) -> set[str]:
        """Of the workers that there are now."""
        return set(self.client.nthreads())

    def leave_out(self, address: str, reason: str) -> None:
        """Do without a worker."""
        from distributed.client import CancelledError

        log.warning("the Dask worker at %s is retired: %s", address, reason)
        with suppress(Exception, CancelledError):  # it may be gone already
            self.client.retire_workers([address])

    def dismiss(self, mark: Mark) -> None:
        """End what the workers do for a run, as far as they can be reached."""
        from distributed.client import CancelledError

        with suppress(Exception, CancelledError):
            self.client.run(_dismiss_there, mark.path.name, on_error="ignore", callback_timeout=DISMISS_S)


@contextmanager
def connected(farm: FarmOptions, workers: Callable[[], int]) -> Iterator[Cluster]:
    """The cluster at ``farm.scheduler``, else one that is started and lives as long as this.

    Args:
        workers: how many processes a cluster has that is started on this machine; asked only then.

    Raises:
        ClusterFailed: no scheduler answers, or the cluster cannot be started.
        ValueError: dask is not installed, or ``farm.job`` is not what dask-jobqueue takes.
    """
    distributed = _library("distributed")
    with ExitStack() as stack:
        address = _address(farm.scheduler) if farm.scheduler else {"address": stack.enter_context(_started(farm, workers))}
        try:
            client = distributed.Client(**address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            where = f"at farm.scheduler={farm.scheduler}" if farm.scheduler else f"of the {farm.cluster} cluster that was started"
            raise ClusterFailed(f"no Dask scheduler answers {where}: {error}") from error
        yield Cluster(stack.enter_context(client))


def reachable(farm: FarmOptions) -> str:
    """What there is of the cluster that a run would have; no job is submitted. Raises as `connected`."""
    _library("distributed")
    if farm.scheduler:
        with connected(farm, lambda: 1) as cluster:
            return f"{len(cluster.addresses())} workers at {farm.scheduler}"
    return "on this machine" if farm.cluster == "local" else f"by jobs of {_queue(farm)[1]}"


def _library(name: str) -> Any:
    try:
        library = importlib.import_module(name)
    except ModuleNotFoundError as error:
        remedy = "run pip install '.[dask]' in the folder of MotionFoundry"
        raise ValueError(f"farm = 'dask' is not allowed here: {error.name} is missing; {remedy}") from error
    logging.getLogger("distributed").setLevel(logging.WARNING)  # it tells of every connection
    return library


def _address(scheduler: str) -> dict[str, str]:
    if not scheduler.endswith(".json"):
        return {"address": scheduler}
    if not Path(scheduler).is_file():  # distributed would wait for it
        raise ClusterFailed(f"no Dask scheduler answers at farm.scheduler={scheduler}: there is no such file")
    return {"scheduler_file": scheduler}


def _started(farm: FarmOptions, workers: Callable[[], int]) -> Any:
    """A cluster of this machine, or of jobs in a queue, which are replaced when their time is up."""
    if farm.cluster == "local":
        one = {"n_workers": 1, "threads_per_worker": workers(), "processes": False}  # what makes clips are processes of their own
        return _library("distributed").LocalCluster(**one, memory_limit=0, dashboard_address=":0")
    kind, submit = _queue(farm)
    try:
        cluster = kind(**{"processes": 1, **farm.job})
    except (ValueError, TypeError) as error:
        told = " ".join(str(error).split())
        raise ValueError(f"farm.job = {dict(farm.job)} is not allowed: give +farm.job.cores=4 +farm.job.memory=8GB …; {told}") from error
    try:
        cluster.sync(_submit, cluster, farm.jobs)
    except (RuntimeError, ValueError) as error:  # of the command that submits, and of what it says
        with suppress(AssertionError):  # it expects that all jobs were submitted once
            cluster.close()
        told = " ".join(str(error).rpartition("stderr:")[2].split())
        raise ClusterFailed(f"{submit} does not take the jobs of farm.cluster={farm.cluster}: {told}") from error
    cluster.adapt(minimum_jobs=farm.jobs, maximum_jobs=farm.jobs)
    return cluster


def _queue(farm: FarmOptions) -> tuple[Any, str]:
    """dask-jobqueue's class for a kind of queue, and the program that submits jobs to it."""
    kind = getattr(_library("dask_jobqueue"), f"{farm.cluster.upper()}Cluster")
    submit = kind.job_cls.submit_command.split()[0]
    if shutil.which(submit) is None:
        raise ClusterFailed(f"farm.cluster={farm.cluster} starts jobs by {submit}, which is not on this machine's PATH")
    return kind, submit


async def _submit(cluster: Any, jobs: int) -> None:
    """Submit the first jobs, and raise what comes of it: `adapt` and `scale` are silent where they are refused."""
    for _ in range(jobs):
        cluster.worker_spec.update(cluster.new_worker_spec())
    await cluster._correct_state()


# Tasks


class Dask(ParallelBackendBase):
    """joblib's tasks on the workers of a cluster.

    The tasks bear one name, by which Dask takes them for many of a kind: it hands a worker those alone that its threads can begin, and
    keeps the others for whoever is free next. A task gives None when the workers that had it died, time after time.
    """

    supports_retrieve_callback = True

    def __init__(self, client: Any, name: str) -> None:
        super().__init__(nesting_level=0)
        self._client, self._name, self._numbers = client, name, itertools.count()

    def effective_n_jobs(self, n_jobs: int) -> int:
        return n_jobs

    def submit(self, func: Callable[[], list[Any]], callback: Callable[[Any], None] | None = None) -> Any:
        future = self._client.submit(func, key=(self._name, next(self._numbers)), pure=False)
        future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out: Any) -> list[Any]:
        """What a task returned.

        Raises:
            ClusterFailed: the connection broke.
            Unfit: a worker there cannot even begin, and it is not known which.
        """
        from distributed import KilledWorker
        from distributed.client import CancelledError

        try:
            return out.result()
        except KilledWorker:
            return [None]
        except (Exception, CancelledError) as error:
            if out.status != "error":
                raise ClusterFailed("the connection to the Dask scheduler broke") from error
            unfit = Unfit(f"a worker of the Dask cluster fails with {type(error).__name__}: {error}")
            if (machine := self._failed_at(out.key)) is None:
                raise unfit from error
            return [Answer(machine, refusal=str(unfit))]

    def _failed_at(self, key: Any) -> str | None:
        """The address of the worker where a task failed that did not come so far as to give an answer: our code may not be there."""
        with suppress(Exception):
            return next(iter(self._client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks[key].erred_on))))
        return None


@dataclass(frozen=True)
class Answer(Generic[Made]):
    """What came of a task.

    Args:
        machine: address of the Dask worker that had it.
        made: what the task returned; None where it was not done.
        refusal: why it was not: that machine cannot work for this run. "" where it may be done there another time.
    """

    machine: str
    made: Made | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Mark:
    """A file in the folder of the data set as long as a run lasts: workers that see it work in the same folder, for this run.

    Args:
        path: absolute.
        options: of the run.
        versions: of what a clip depends on, on the machine that began the run.
        code: digest of this package there.
    """

    path: Path
    options: GenerateOptions
    versions: Mapping[str, str]
    code: str

    def require(self) -> None:
        """Raises Unfit where this machine sees other files, has other packages, or lacks what it needs to draw."""
        here = f"the Dask worker on {platform.node()}"
        if not self.path.exists():
            raise Unfit(f"{here} does not see {self.path.parent} as it is here: give an out= that all machines share")
        found = versions(self.options)
        if differing := [name for name, version in self.versions.items() if found.get(name) != version]:
            told = ", ".join(f"{name} {found.get(name, '(none)')} in place of {self.versions[name]}" for name in differing)
            raise Unfit(f"{here} has {told}: install there what is here")
        if self.code != code():
            raise Unfit(f"{here} has MotionFoundry in another state, which may make other clips: install there what is here")
        try:
            if self.options.renders:
                require_healthy()
            drawing_gpus(self.options)
        except (UnfitMachine, ValueError) as error:
            raise Unfit(f"{here} cannot draw: {error}") from error


@functools.cache
def code() -> str:
    """A digest of the modules that decide what is in a clip: their versions are the same in every checkout."""
    root = Path(__file__).parent.parent
    files = (path for package in PACKAGES for path in (root / package).rglob("*.py"))
    sums = {path.relative_to(root).as_posix(): sha256_of(path) for path in files}
    return hashlib.sha256(checksum_lines(sums).encode()).hexdigest()


@contextmanager
def marked(dataset: Dataset, options: GenerateOptions) -> Iterator[Mark]:
    """Mark the folder of a data set, whose root is absolute, for a run."""
    with tempfile.NamedTemporaryFile(prefix=f"{PART}dask-", dir=dataset.root) as stream:
        yield Mark(Path(stream.name), options, versions(options), code())


# In the workers of the cluster


class CrewOfARun(Crew):
    """A crew that is dismissed when the mark of its run is gone.

    Where the program that hands out the clips is killed, tasks go on here, and the mark stays. The next run sweeps it away, before it makes
    the same clips: no attempt is begun from then on, and those that were end in a moment.
    """

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self._mark = mark
        threading.Thread(target=self._watch, daemon=True).start()

    @contextmanager
    def hire(self, environment: Callable[[int], Mapping[str, str]]) -> Iterator[Worker]:
        """As `Crew.hire`."""
        if not _is_there(self._mark):
            self.dismiss()
        with super().hire(environment) as worker:
            yield worker

    def _watch(self) -> None:
        while _is_there(self._mark):
            time.sleep(LOOK_S)
        self.dismiss()
        _CREWS.pop(self._mark.name, None)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the drive cannot say at the moment
        return True


_CREWS: dict[str, Crew] = {}  # of this process, by run
_entering = threading.Lock()


def work_there(work: Callable[[Item, Crew], Made], mark: Mark, item: Item) -> Answer[Made]:
    """Do a task of a run in a thread of a Dask worker, with the crew that the run has in its process."""
    from distributed import get_worker

    machine = get_worker().address
    try:
        return Answer(machine, work(item, _crew_of(mark)))
    except Unfit as error:
        return Answer(machine, refusal=str(error))
    except OSError as error:  # a network drive that is out of reach for a moment, often for all machines at once
        log.warning("the data set is out of reach: %s", error)
        time.sleep(AWAY_S)
        return Answer(machine)
    except Dismissed:
        return Answer(machine)


def _crew_of(mark: Mark) -> Crew:
    """Raises Unfit where this machine cannot work for the run."""
    with _entering:
        if mark.path.name not in _CREWS:
            mark.require()
            _CREWS[mark.path.name] = CrewOfARun(mark.path)
        return _CREWS[mark.path.name]


def _dismiss_there(run: str) -> None:
    if crew := _CREWS.get(run):
        crew.dismiss()
