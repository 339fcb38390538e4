"""Processes of their own that work for this one, one task at a time: whatever kills one of them costs one attempt at one task.

Blender runs in these. It may crash, hang or eat the memory, and whoever asked for the task gets `WorkerDied` with the reason; the next
task gets a new process. A process started by ``subprocess`` may be started from anywhere, also from the daemons that clusters run.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import NoReturn, ParamSpec, TypeVar

import cloudpickle
import psutil

IDLE_S = 60.0  # a process without work ends after this long; it is not asked any more after half of it
GRACE_S = 30.0  # beyond the time limit, after which a worker ends itself: its parent may be gone, and it may hang
LAST_WORDS = 2000  # characters of what a process said before it died
THREAD_COUNTS = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
Told = ParamSpec("Told")
Made = TypeVar("Made")


class WorkerDied(RuntimeError):
    """The process that had the task is gone, or was ended because it took too long. ``words`` is the end of what it said."""

    def __init__(self, reason: str, words: str = "") -> None:
        super().__init__(reason)
        self.words = words


class Dismissed(RuntimeError):
    """No one waits for the task any more."""


class Worker:
    """One process, started at once.

    Args:
        environment: variables that it gets beside those of this process.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 — closed with the worker
        self._process = subprocess.Popen(
            [sys.executable, "-m", "generator.worker", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=self._words,
            stderr=self._words,
            pass_fds=(theirs.fileno(),),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
            start_new_session=True,  # Ctrl-C reaches all processes of a terminal's group, but it is this one that decides
        )
        theirs.close()
        self._connection = Connection(ours.detach())
        self._idle_since_s = time.monotonic()
        self.environment = dict(environment)
        self.tasks = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_fit(self) -> bool:
        """Whether it lives, and will not end for want of work before it can be asked."""
        return self._process.poll() is None and time.monotonic() - self._idle_since_s < IDLE_S / 2

    @property
    def resident_mb(self) -> float:
        """Resident memory; 0 when it is gone."""
        with suppress(psutil.Error):
            return psutil.Process(self.pid).memory_info().rss / 1e6
        return 0.0

    def do(self, work: Callable[Told, Made], timeout_s: float | None, *args: Told.args, **named: Told.kwargs) -> Made:
        """What ``work`` returns over there; what it raises is raised here.

        Raises:
            WorkerDied: the process ended, or took longer than ``timeout_s``; it is gone in both cases.
        """
        self.tasks += 1
        self._words.seek(0)
        self._words.truncate()
        try:
            self._connection.send_bytes(cloudpickle.dumps((work, args, named, timeout_s)))
            answered = self._connection.poll(timeout_s)
            answer = self._connection.recv_bytes() if answered else None
        except (EOFError, OSError):
            raise self._gone(self._death()) from None
        if answer is None:
            raise self._gone(f"it took longer than {timeout_s:g} s")
        self._idle_since_s = time.monotonic()
        made, error = cloudpickle.loads(answer)
        if error is not None:
            raise error
        return made

    def kill(self) -> None:
        """Have the process gone; who waits for its answer gets WorkerDied."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """The same, and close what leads to it; only for one who alone holds it."""
        self.kill()
        self._connection.close()
        self._words.close()

    def _gone(self, reason: str) -> WorkerDied:
        self.kill()  # where it is not
        self._words.seek(0)
        words = self._words.read().decode(errors="replace")[-LAST_WORDS:].strip()
        self.end()
        return WorkerDied(reason, words)

    def _death(self) -> str:
        """As in "it died of SIGSEGV", once it has."""
        try:
            code = self._process.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code >= 0:
            return f"it ended with exit code {code}"
        name = signal.Signals(-code).name
        return f"it died of {name}{', as it does when memory runs out' if name == 'SIGKILL' else ''}"


class Crew:
    """The workers of this process: as many as there are tasks at once, each kept for the next task.

    A worker has a place, 0 for the first, which decides its environment: that may pin it to a GPU.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[int, Worker] = {}  # by place, with and without work
        self._busy: set[int] = set()  # places
        self._is_dismissed = False

    @contextmanager
    def hire(self, environment: Callable[[int], Mapping[str, str]]) -> Iterator[Worker]:
        """A worker for as long as it is needed; it is kept afterwards if it lives.

        Args:
            environment: of a place.

        Raises:
            Dismissed: no one waits any more.
        """
        with self._lock:
            place = next(number for number in range(len(self._busy) + 1) if number not in self._busy)
            self._busy.add(place)
        try:
            yield self._seated(place, dict(environment(place)))
        except WorkerDied:
            if self._is_dismissed:  # it was us
                raise Dismissed from None
            raise
        finally:
            with self._lock:
                self._busy.discard(place)

    def dismiss(self) -> None:
        """End all workers at once, and for good; who waits for one of them, or asks for one, gets Dismissed."""
        with self._lock:
            self._is_dismissed = True
        for worker in self._workers.values():
            worker.kill()

    @property
    def resident_mb(self) -> float:
        """Resident memory of all workers."""
        with self._lock:
            workers = list(self._workers.values())
        return sum(worker.resident_mb for worker in workers)

    def _seated(self, place: int, environment: dict[str, str]) -> Worker:
        """The worker of a place, a new one where there is none that is fit."""
        with self._lock:
            if self._is_dismissed:
                raise Dismissed
            worker = self._workers.get(place)
            if worker is None or not worker.is_fit or worker.environment != environment:
                if worker is not None:
                    worker.end()
                self._workers[place] = worker = Worker(environment)
            return worker


# The other side


def main() -> NoReturn:
    """A worker's life: tasks come through the socket whose number is its argument, until none has come for a while."""
    connection = Connection(int(sys.argv[1]))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with suppress(EOFError, OSError):
        while connection.poll(IDLE_S):
            connection.send_bytes(_answer(connection.recv_bytes()))
    os._exit(0)  # Blender need not tidy up


def _answer(task: bytes) -> bytes:
    """What a task returns, or raises, ready to be sent."""
    try:
        work, args, named, timeout_s = cloudpickle.loads(task)
        signal.setitimer(signal.ITIMER_REAL, 0 if timeout_s is None else timeout_s + GRACE_S)  # whose signal ends the process
        return cloudpickle.dumps((work(*args, **named), None))
    except Exception as error:
        error.add_note(f"In a worker:\n{traceback.format_exc()}")
        try:
            return cloudpickle.dumps((None, error))
        except Exception:
            return cloudpickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_with(parent: int) -> None:
    """A worker whose parent was killed is of no use to anyone."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
