"""Many clips at once, on this machine or on many: who makes which clip, and what happens to clips that go wrong.

joblib hands out the clips; its backend says where to. On this machine these are threads, each of which has a worker process of its own
(`generator.worker`), in which Blender runs. On others they are the workers of a Dask cluster, each of which has such a process as well:
so a crash, a hang or a full memory costs one attempt at one clip, wherever it happens.
"""

from __future__ import annotations

import logging
import os
import traceback
import warnings
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TypeVar

import joblib
from joblib.parallel import ParallelBackendBase

from generator.cluster import Answer, ClusterFailed, Dask, Unfit, connected, marked, work_there
from generator.dataset import Dataset, Unwritable
from generator.devices import drawing_gpus, pinned
from generator.options import GenerateOptions
from generator.pipeline import ClipReport, attempt_clip, expected_frames
from generator.trust import GIVE_UP_AFTER, LOST_AFTER, Trust
from generator.worker import Crew, Dismissed, Worker, WorkerDied, failure_of

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Made = TypeVar("Made")

THREAD_COUNTS = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
LAST_CLIPS = 8  # for each worker: so many of the last clips are handed out longest first, so that all end at about the same time
MOST_LAST_CLIPS = 256  # of all workers: to look at one takes a few hundredths of a second


class GaveUp(RuntimeError):
    """Clip after clip failed, or the cluster did, so the others were not made."""


def run(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    """Make clips, and report on each as it comes; in any order.

    Close the iterator to stop early; what is finished is on disk.

    Raises:
        Unwritable: there is no room; the clip is reported first.
        GaveUp: clip after clip failed, which are reported first; or the cluster did.
    """
    is_made, seen, in_a_row = bool(dataset.keys), list[int](), 0
    with closing(_reports(indices, options, dataset)) as reports:
        for report in reports:
            yield report
            if report.status == "unwritable":
                raise Unwritable(report.message)
            is_made = is_made or report.status == "written"
            seen.append(report.index)
            in_a_row = 0 if report.status == "written" or (is_made and report.status == "exhausted") else in_a_row + 1
            if in_a_row == (LOST_AFTER if is_made else GIVE_UP_AFTER) and len(seen) < len(indices):
                reports.close()
                dataset.release(dataset.quarantined(set(indices) - set(seen[:-in_a_row])))  # they were not to blame
                which = f"{'the last' if is_made else 'the first'} {in_a_row} clips all failed"
                why = f"clip {report.index}: {report.failures[-1]}" if report.failures else report.message
                raise GaveUp(f"{which}, so the other {len(indices) - len(seen)} were not made. The last one: {why}")


def parallel_map(work: Callable[[Item], Made], items: Sequence[Item], workers: int = -1) -> Generator[tuple[Item, Made | None], None, None]:
    """Each item with what ``work`` makes of it, as it comes; with None where the worker that had it died.

    Args:
        work: what it raises is raised here.
        workers: processes, with one thread each; −1 for one per core, 0 to work in this process.
    """
    if workers == 0:
        yield from ((item, work(item)) for item in items)
        return
    with Crew() as crew, closing(_spread(partial(_with_worker, work, crew), items, processes(workers))) as made:
        yield from made


def _with_worker(work: Callable[[Item], Made], crew: Crew, item: Item) -> tuple[Item, Made | None]:
    try:
        with crew.hire(lambda _: thread_counts(1)) as worker:
            return item, worker.do(work, None, item)
    except WorkerDied as death:
        log.warning("a process died: %s", death)
        return item, None


def thread_counts(threads: int) -> dict[str, str]:
    """Environment in which libraries use so many threads each."""
    return dict.fromkeys(THREAD_COUNTS, str(threads))


# Where the clips go


def _reports(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    if options.farm.workers == 0:
        yield from (attempt_clip(index, options, dataset) for index in indices)
        return
    engine = _reports_of_cluster if options.farm.engine == "dask" else _reports_from_here
    try:
        with closing(engine(indices, options, dataset)) as reports:
            for report in reports:  # here, not where it was made: a thread that has failed may outlive a run that is given up
                yield _quarantined(report, options, dataset)
    finally:
        dataset.sweep(indices)  # no worker is left to tidy up after itself


def _reports_from_here(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    workers = workers_of(options)
    with Crew() as crew:
        make = partial(make_safely, options=options, dataset=dataset, crew=crew)
        in_turn = in_order(indices, options, min(LAST_CLIPS * workers, MOST_LAST_CLIPS))
        with closing(_spread(make, in_turn, workers)) as reports:
            yield from reports


def _reports_of_cluster(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    """Clips that were not made because of their workers are handed out again, or that were lost with the scheduler, as long as some are
    made each time.
    """
    left = dict.fromkeys(indices)
    while left:
        before, failure = len(left), ClusterFailed("the workers that had the clips died or could not reach them, time after time")
        try:
            with closing(_round_of_cluster(left, options, dataset)) as reports:
                for report in reports:
                    del left[report.index]
                    yield report
        except ClusterFailed as error:
            failure = error
        if left and (len(left) == before or isinstance(failure, Unfit)):
            raise GaveUp(f"{failure}. What is finished is kept: the same command makes the other {len(left)} clips") from failure


def _round_of_cluster(left: Collection[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    """Reports on those clips that were made, or are to blame that they were not.

    Args:
        left: clips on which nothing is reported yet; who takes a report takes the clip out.
    """
    there = replace(dataset, root=dataset.root.resolve())
    with connected(options.farm, partial(workers_of, options)) as cluster, marked(there, options) as mark:
        if not cluster.addresses():
            log.warning("no worker of the Dask cluster has joined yet: the run goes on when one does")
        make = partial(work_there, partial(_make_there, options=options, dataset=there), mark)
        at_once, backend = cluster.at_once, Dask(cluster.client, f"clip-{mark.path.name}")
        trust, before = Trust(cluster.addresses, cluster.leave_out), len(left) + 1
        try:
            while 0 < len(left) < before:  # again, with the same cluster: jobs need not queue again
                before, in_turn = len(left), in_order(list(left), options, MOST_LAST_CLIPS)
                with closing(_spread(make, in_turn, at_once, backend)) as answers:
                    yield from _trusted(filter(None, answers), trust)
        finally:
            cluster.dismiss(mark)


def _trusted(answers: Iterable[Answer[ClipReport]], trust: Trust) -> Iterator[ClipReport]:
    """Reports for which clips are to blame, not the machines that had them. Raises Unfit where a machine is that cannot be spared."""
    for answer in answers:
        if answer.made is not None:
            yield from trust.told(answer.machine, answer.made)
        elif not answer.refusal:
            trust.away(answer.machine)
        elif not trust.refused(answer.machine, answer.refusal):
            raise Unfit(answer.refusal)
    yield from trust.rest()


def _make_there(index: int, crew: Crew, options: GenerateOptions, dataset: Dataset) -> ClipReport:
    if options.only is None and dataset.has(index):
        return ClipReport(index, dataset.key(index), "written")  # the worker that made it was gone before it could say so
    return make_safely(index, options, dataset, crew)


def _spread(
    work: Callable[[Item], Made], items: Iterable[Item], at_once: int, backend: str | ParallelBackendBase = "threading"
) -> Generator[Made, None, None]:
    """What ``work`` makes of each item, as it comes; in threads of this process unless a backend says otherwise."""
    parallel = joblib.Parallel(at_once, backend=backend, batch_size=1, pre_dispatch=at_once, return_as="generator_unordered")
    made = parallel(joblib.delayed(work)(item) for item in items)
    try:
        for each in made:  # noqa: UP028 — "yield from" would close it, and not quietly
            yield each
    finally:
        with warnings.catch_warnings():  # joblib tells that tasks are cancelled, as they are to be
            warnings.simplefilter("ignore", UserWarning)
            made.close()


def cores() -> int:
    """Of this machine, as many as this process may use."""
    return joblib.cpu_count()


def processes(workers: int) -> int:
    """How many a number of workers comes to, of which −1 is one per core."""
    return cores() if workers == -1 else workers


def workers_of(options: GenerateOptions) -> int:
    """As many workers on this machine as the options say; −1 is one per GPU where GPUs draw the frames, else one per core.

    Raises:
        ValueError: frames are to be drawn by a device that this machine has not.
    """
    gpus = drawing_gpus(options)
    return gpus if gpus and options.farm.workers == -1 else processes(options.farm.workers)


def in_order(indices: Sequence[int], options: GenerateOptions, last: int) -> Iterator[int]:
    """In which order clips are begun: as they come, but so many of the last ones longest first, so that no worker idles at the end.

    To look at these takes a while; it is done when their turn comes, and others are being made.
    """
    first = max(len(indices) - last, 0) if options.renders else len(indices)
    yield from indices[:first]
    yield from sorted(indices[first:], key=lambda index: -expected_frames(index, options))


# One clip, whatever happens


def make_safely(index: int, options: GenerateOptions, dataset: Dataset, crew: Crew) -> ClipReport:
    """Make a clip in a worker: what came of the last attempt, of up to ``farm.max_failures``, with the failures of all."""
    failures: tuple[str, ...] = ()
    while True:
        report = _attempt(index, options, dataset, crew)
        failures += report.failures
        if report.status != "failed" or len(failures) >= options.farm.max_failures:
            return replace(report, failures=failures)


def _attempt(index: int, options: GenerateOptions, dataset: Dataset, crew: Crew) -> ClipReport:
    try:
        with crew.hire(partial(environment, options)) as worker:
            report = worker.do(attempt_clip, options.timeout_s, index, options, dataset)
            memory_mb = crew.resident_mb
            if report.status == "failed" or _is_worn(worker, options):
                worker.end()
    except Dismissed:
        raise
    except Exception as error:
        dataset.sweep([index])
        reason = failure_of(error, "made it")
        words = error.words if isinstance(error, WorkerDied) else "".join(traceback.format_exception(error))
        return ClipReport(index, dataset.key(index), "failed", message=reason, trace=words, failures=(reason,))
    return replace(report, process=os.getpid(), memory_mb=memory_mb)


def _quarantined(report: ClipReport, options: GenerateOptions, dataset: Dataset) -> ClipReport:
    """The report, after a clip whose last attempt failed too was put into quarantine."""
    if report.status != "failed":
        return report
    try:
        message = dataset.quarantine(report.index, options, report.failures, report.trace, report.host)
    except Unwritable as error:
        return replace(report, status="unwritable", message=str(error))
    return replace(report, status="quarantined", message=message)


def _is_worn(worker: Worker, options: GenerateOptions) -> bool:
    """Whether a worker has worked long enough, or has grown too large."""
    return worker.tasks >= options.farm.recycle_after or worker.resident_mb > options.farm.max_worker_mb


def environment(options: GenerateOptions, place: int) -> Mapping[str, str]:
    """What a worker finds in its environment."""
    return {**thread_counts(options.farm.threads), **pinned(options, place)}
