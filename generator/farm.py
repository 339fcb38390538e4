"""Many clips at once, on the cores of this machine.

A worker that dies takes down its pool, but not the clips: they are on disk. What was being made when it died is made
again, each clip in a worker of its own, so that the one to blame is found and holds up no other.
"""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, TypeVar

import joblib
from joblib.externals.loky import ProcessPoolExecutor, wait
from joblib.externals.loky.process_executor import BrokenProcessPool

from generator.dataset import Dataset, DiskFull
from generator.options import GenerateOptions, reproduce
from generator.pipeline import ClipReport, attempt_clip

Item = TypeVar("Item")
Made = TypeVar("Made")

GIVE_UP_AFTER = 5  # clips that fail before any was made: the options or the machine are to blame
TRIES_ALONE = 2
IDLE_S = 20.0  # a worker without work ends after this long, so that none outlives a killed run
THREAD_COUNTS = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


class GaveUp(RuntimeError):
    """The first clips all failed, so the others were not begun."""


def run(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    """Make clips, and report on each as it comes; in any order.

    Close the iterator to stop early; what is finished is on disk.

    Raises:
        DiskFull: there is no room; the clip is reported first.
        GaveUp: the first clips all failed; they are reported first.
    """
    make = _in_process if options.farm.workers == 0 else _in_workers
    made = failed = 0
    with closing(make(indices, options, dataset)) as reports:
        for report in reports:
            yield report
            made += report.status == "written"
            failed += report.status != "written"
            if report.status == "disk full":
                raise DiskFull(report.message)
            if not made and failed == GIVE_UP_AFTER and len(indices) > failed:
                left = len(indices) - failed
                raise GaveUp(f"the first {failed} clips all failed, so the other {left} were not made. The last one: {report.message}")


def parallel_map(
    work: Callable[[Item], Made], items: Sequence[Item], workers: int = -1, threads: int = 1
) -> Generator[tuple[Item, Made | None], None, None]:
    """Each item with what ``work`` makes of it, as it comes; with None where the worker that had it died.

    Args:
        work: a function of a module, so that workers can import it; what it raises is raised here.
        workers: −1 for one per core, 0 to work in this process.
        threads: of the software renderer in each worker.
    """
    if workers == 0:
        yield from ((item, work(item)) for item in items)
        return
    waiting = list(items)
    count = joblib.cpu_count() if workers == -1 else workers
    while waiting:
        pool = ProcessPoolExecutor(min(count, len(waiting)), timeout=IDLE_S, env=dict.fromkeys(THREAD_COUNTS, str(threads)))
        futures: dict[Future[Made], Item] = {}
        try:
            while waiting or futures:
                with _signals_held():
                    while waiting and len(futures) < count:
                        item = waiting.pop(0)
                        futures[pool.submit(_work_on, work, item, os.getpid())] = item
                done, _ = wait(futures, return_when=FIRST_COMPLETED)
                for future in done:
                    made = future.result()
                    yield futures.pop(future), made
        except BrokenProcessPool:
            yield from ((item, None) for item in futures.values())
        finally:
            _until_picked_up(futures)
            pool.shutdown(wait=True, kill_workers=True)


def _in_process(indices: Iterable[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    for index in indices:
        yield attempt_clip(index, options, dataset)


def _in_workers(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    workers = joblib.cpu_count() if options.farm.workers == -1 else options.farm.workers
    waiting = list(indices)
    try:
        while waiting:
            lost: list[int] = []
            with closing(_pool(waiting, min(workers, len(waiting)), options, dataset, lost)) as reports:
                yield from reports
            missing = dataset.missing(lost)
            yield from (ClipReport(index, dataset.key(index), "written") for index in lost if index not in missing)
            suspects = dataset.unfinished(missing) or missing[:1]
            for index in suspects:
                yield _alone(index, options, dataset)
            waiting = [index for index in missing if index not in suspects]
    finally:
        dataset.sweep(indices)  # no worker is left to tidy up after itself


def _pool(
    indices: Sequence[int], workers: int, options: GenerateOptions, dataset: Dataset, lost: list[int]
) -> Generator[ClipReport, None, None]:
    """Make clips until all are done or a worker dies; those whose reports went with it are appended to ``lost``."""
    threads = dict.fromkeys(THREAD_COUNTS, str(options.farm.threads))
    # Loky replaces a worker that has grown by 300 MB, which is wanted, and warns of it, which is not.
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given", category=UserWarning)
    pool = ProcessPoolExecutor(workers, timeout=IDLE_S, env=threads)
    queue, reported = iter(indices), set[int]()
    futures: set[Future[ClipReport]] = set()
    try:
        while len(reported) < len(indices):
            with _signals_held():
                futures |= {pool.submit(_work, index, options, dataset, os.getpid()) for index in islice(queue, 2 * workers - len(futures))}
            done, futures = wait(futures, return_when=FIRST_COMPLETED)
            for future in done:
                report = future.result()
                reported.add(report.index)
                yield report
    except BrokenProcessPool:
        lost.extend(index for index in indices if index not in reported)
    finally:
        _until_picked_up(futures)
        pool.shutdown(wait=True, kill_workers=True)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Workers start in here and inherit it: Ctrl-C reaches the whole group, but it is the parent who decides."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _until_picked_up(futures: Iterable[Future[Any]]) -> None:
    """Loky trips, with a traceback, over tasks that have not reached its pipe when it is told to kill its workers."""
    for _ in range(100):
        if all(future.running() or future.done() for future in futures):
            return
        time.sleep(0.01)


def _alone(index: int, options: GenerateOptions, dataset: Dataset) -> ClipReport:
    """One clip in a worker of its own, which may die of it."""
    for _ in range(TRIES_ALONE):
        dataset.sweep([index])
        with closing(_pool([index], 1, options, dataset, [])) as reports:
            report = next(reports, None)
        if report is not None:
            return report
    dataset.sweep([index])
    message = f"clip {index} ({dataset.key(index)}) kills the process that makes it. Do it again with: {reproduce(options, index)}"
    return ClipReport(index, dataset.key(index), "failed", message=message)


def _work_on(work: Callable[[Item], Made], item: Item, parent: int) -> Made:
    if os.getppid() != parent:
        os._exit(1)
    return work(item)


def _work(index: int, options: GenerateOptions, dataset: Dataset, parent: int) -> ClipReport:
    if os.getppid() != parent:
        os._exit(1)  # the run was killed, no one waits for this clip
    return attempt_clip(index, options, dataset)
