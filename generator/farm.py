"""Many clips at once, on this machine or on many: who makes which clip, and what happens to clips that go wrong.

joblib hands out the clips; its backend says where to. On this machine these are threads, each of which has a worker process of its own
(`generator.worker`), in which Blender runs. On others they are the workers of a Dask cluster, each of which has such a process as well:
so a crash, a hang or a full memory costs one attempt at one clip, wherever it happens.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

import joblib

from generator.dataset import Dataset, DiskFull
from generator.options import GenerateOptions
from generator.pipeline import ClipReport, attempt_clip, expected_frames
from generator.worker import THREAD_COUNTS, Crew, Worker, WorkerDied

Item = TypeVar("Item")
Made = TypeVar("Made")

GIVE_UP_AFTER = 5  # clips that fail before any was made: the options or the machine are to blame
LAST_CLIPS = 8  # for each worker: so many of the last clips are handed out longest first, so that all end at about the same time


class GaveUp(RuntimeError):
    """The first clips all failed, so the others were not begun."""


def run(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    """Make clips, and report on each as it comes; in any order.

    Close the iterator to stop early; what is finished is on disk.

    Raises:
        DiskFull: there is no room; the clip is reported first.
        GaveUp: the first clips all failed; they are reported first.
    """
    made, failed = 0, list[int]()
    with closing(_reports(indices, options, dataset)) as reports:
        for report in reports:
            yield report
            made += report.status == "written"
            failed += [report.index] if report.status != "written" else []
            if report.status == "disk full":
                raise DiskFull(report.message)
            if not made and len(failed) == GIVE_UP_AFTER and len(indices) > len(failed):
                dataset.release(failed)
                left = len(indices) - len(failed)
                raise GaveUp(f"the first {len(failed)} clips all failed, so the other {left} were not made. The last one: {report.message}")


def parallel_map(
    work: Callable[[Item], Made], items: Sequence[Item], workers: int = -1, threads: int = 1
) -> Generator[tuple[Item, Made | None], None, None]:
    """Each item with what ``work`` makes of it, as it comes; with None where the worker that had it died.

    Args:
        work: what it raises is raised here.
        workers: −1 for one per core, 0 to work in this process.
        threads: of the software renderer in each worker.
    """
    if workers == 0:
        yield from ((item, work(item)) for item in items)
        return
    with _crew() as crew, closing(_spread(partial(_with_worker, work, threads, crew), items, _count(workers))) as made:
        yield from made


def _with_worker(work: Callable[[Item], Made], threads: int, crew: Crew, item: Item) -> tuple[Item, Made | None]:
    with crew.hire(lambda _: thread_counts(threads)) as worker:
        try:
            return item, worker.do(work, None, item)
        except WorkerDied:
            return item, None


def thread_counts(threads: int) -> dict[str, str]:
    """Environment in which libraries use so many threads each."""
    return dict.fromkeys(THREAD_COUNTS, str(threads))


# Where the clips go


def _reports(indices: Sequence[int], options: GenerateOptions, dataset: Dataset) -> Generator[ClipReport, None, None]:
    if options.farm.workers == 0 and options.farm.engine == "local":
        yield from (attempt_clip(index, options, dataset) for index in indices)
        return
    try:
        with _crew() as crew:
            make = partial(make_safely, options=options, dataset=dataset, crew=crew)
            with closing(_spread(make, in_order(indices, options), _count(options.farm.workers))) as reports:
                yield from reports
    finally:
        dataset.sweep(indices)  # no worker is left to tidy up after itself


def _spread(work: Callable[[Item], Made], items: Iterable[Item], workers: int) -> Generator[Made, None, None]:
    """What ``work`` makes of each item, in threads of this process, as it comes."""
    parallel = joblib.Parallel(workers, backend="threading", batch_size=1, pre_dispatch=workers, return_as="generator_unordered")
    with closing(parallel(joblib.delayed(work)(item) for item in items)) as made:
        yield from made


@contextmanager
def _crew() -> Iterator[Crew]:
    crew = Crew()
    try:
        yield crew
    finally:
        crew.dismiss()


def _count(workers: int) -> int:
    return joblib.cpu_count() if workers == -1 else workers


def in_order(indices: Sequence[int], options: GenerateOptions) -> list[int]:
    """In which order clips are begun: as they come, but the last ones longest first, so that no worker idles at the end."""
    last = LAST_CLIPS * _count(options.farm.workers) if options.renders else 0
    first, rest = list(indices[: max(len(indices) - last, 0)]), indices[max(len(indices) - last, 0) :]
    return first + sorted(rest, key=lambda index: -expected_frames(index, options))


# One clip, whatever happens


def make_safely(index: int, options: GenerateOptions, dataset: Dataset, crew: Crew) -> ClipReport:
    """Make a clip in a worker; each failure costs a worker and an attempt, and after ``farm.max_failures`` the clip is quarantined."""
    failures: list[str] = []
    while True:
        with crew.hire(lambda place: environment(options, place)) as worker:
            report = _attempt(worker, index, options, dataset)
            report = replace(report, failures=(*failures, *report.failures), host=platform.node(), memory_mb=crew.resident_mb)
            if report.status == "failed" or _is_worn(worker, options):
                worker.end()
        if report.status != "failed":
            return report
        failures.append(report.message)
        if len(failures) >= options.farm.max_failures:
            message = dataset.quarantine(index, options, failures, report.trace)
            return replace(report, status="quarantined", message=message, failures=tuple(failures))


def _attempt(worker: Worker, index: int, options: GenerateOptions, dataset: Dataset) -> ClipReport:
    try:
        return worker.do(attempt_clip, options.timeout_s, index, options, dataset)
    except WorkerDied as death:
        dataset.sweep([index])
        key = dataset.key(index)
        if not dataset.missing([index]):  # it died after its work
            return ClipReport(index, key, "written", failures=(str(death),))
        return ClipReport(index, key, "failed", message=f"the process that made it: {death}", trace=death.words)


def _is_worn(worker: Worker, options: GenerateOptions) -> bool:
    """Whether a worker has worked long enough, or has grown too large."""
    return worker.tasks >= options.farm.recycle_after or worker.resident_mb > options.farm.max_worker_mb


def environment(options: GenerateOptions, place: int) -> Mapping[str, str]:
    """What a worker finds in its environment."""
    return thread_counts(options.farm.threads)
