"""Workers of many machines, as Dask knows them: reaching a cluster or starting one, and what its workers do.

joblib has a backend for Dask, which does not serve for this: it waits for ever for a task whose workers died, it works in its own
process as long as the cluster has but one thread, and it hands out no more tasks at once than the cluster had threads when it began.
So joblib is given another one here.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from joblib.parallel import ParallelBackendBase

from generator.atomic import PART
from generator.dataset import Dataset
from generator.description import versions
from generator.options import FarmOptions, GenerateOptions
from generator.worker import Crew

Item = TypeVar("Item")
Made = TypeVar("Made")

CONNECT_S = 10.0  # for a scheduler to answer, at first and after the connection broke
DISMISS_S = 10.0  # for the workers of a cluster to end what they do
AT_ONCE = 1000  # tasks that the scheduler holds at least, so that there is work for those who join later
PER_THREAD = 2  # the same, for each thread of the cluster
QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}


class ClusterFailed(RuntimeError):
    """A cluster cannot be reached, cannot be started, or is gone."""


class Unfit(ClusterFailed):
    """A cluster has a worker that cannot work for us: it sees other files, or has other packages."""


# The cluster


@contextmanager
def connected(farm: FarmOptions, workers: Callable[[], int]) -> Iterator[Any]:
    """A `distributed.Client` of the cluster at ``farm.scheduler``, else of one that is started and lives as long as this.

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
            raise ClusterFailed(f"no Dask scheduler answers at farm.scheduler={farm.scheduler}: {error}") from error
        yield stack.enter_context(client)


def _library(name: str) -> Any:
    try:
        library = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ValueError(f"farm = 'dask' is not allowed here: {error.name} is missing; pip install 'motionfoundry[dask]'") from error
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
    kind = getattr(_library("dask_jobqueue"), QUEUES[farm.cluster])
    submit = kind.job_cls.submit_command.split()[0]
    if shutil.which(submit) is None:
        raise ClusterFailed(f"farm.cluster={farm.cluster} starts jobs by {submit}, which is not on this machine's PATH")
    try:
        cluster = kind(**{"processes": 1, **farm.job})
    except (ValueError, TypeError) as error:
        told = " ".join(str(error).split())
        raise ValueError(f"farm.job = {dict(farm.job)} is not allowed: give +farm.job.cores=4 +farm.job.memory=8GB …; {told}") from error
    cluster.adapt(minimum_jobs=farm.jobs, maximum_jobs=farm.jobs)
    return cluster


def threads(client: Any) -> int:
    """Threads that the workers of a cluster have today; each of them makes one clip at a time."""
    return sum(client.nthreads().values())


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
            Unfit: a worker there cannot work for us.
        """
        from distributed import KilledWorker
        from distributed.client import CancelledError

        try:
            return out.result()
        except KilledWorker:
            return [None]
        except Unfit:
            raise
        except (Exception, CancelledError) as error:
            if out.status != "error":
                raise ClusterFailed("the connection to the Dask scheduler broke") from error
            raise Unfit(f"a worker of the Dask cluster fails with {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Mark:
    """A file in the folder of the data set as long as a run lasts: workers that see it work in the same folder, for this run.

    Args:
        path: absolute.
        options: of the run.
        versions: of what a clip depends on, on the machine that began the run.
    """

    path: Path
    options: GenerateOptions
    versions: Mapping[str, str]

    def require(self) -> None:
        """Raises Unfit where this machine sees other files, or has other packages."""
        if not self.path.exists():
            folder = self.path.parent
            raise Unfit(f"the Dask worker on {platform.node()} does not see {folder} as it is here: give an out= that all machines share")
        here = versions(self.options)
        if differing := [name for name, version in self.versions.items() if here.get(name) != version]:
            told = ", ".join(f"{name} {here.get(name, '(none)')} in place of {self.versions[name]}" for name in differing)
            raise Unfit(f"the Dask worker on {platform.node()} has {told}: install there what is here")


@contextmanager
def marked(dataset: Dataset, options: GenerateOptions) -> Iterator[Mark]:
    """Mark the folder of a data set for a run."""
    with tempfile.NamedTemporaryFile(prefix=f"{PART}dask-", dir=dataset.root.resolve()) as stream:
        yield Mark(Path(stream.name), options, versions(options))


# In the workers of the cluster

_CREWS: dict[str, Crew] = {}  # of this process, by run


def work_there(work: Callable[[Item, Crew], Made], mark: Mark, item: Item) -> Made:
    """Do a task of a run in a thread of a Dask worker, with the crew that the run has in its process. Raises Unfit."""
    mark.require()
    return work(item, _CREWS.setdefault(mark.path.name, Crew()))


def dismiss(client: Any, mark: Mark) -> None:
    """End what the workers of a cluster do for a run, as far as they can be reached."""
    from distributed.client import CancelledError

    with suppress(Exception, CancelledError):
        client.run(_dismiss_there, mark.path.name, on_error="ignore", callback_timeout=DISMISS_S)


def _dismiss_there(run: str) -> None:
    _CREWS.setdefault(run, Crew()).dismiss()
