"""Processes of their own that work for this one, one task at a time: whatever kills one of them costs one attempt at one task.

Blender runs in these. It may crash, hang or eat the memory, and whoever asked for the task gets `WorkerDied` with the reason; the next
task gets a new process. A process started by ``subprocess`` may be started from anywhere, also from the daemons that clusters run.
"""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, NoReturn, ParamSpec, Self, TypeVar

import cloudpickle
import psutil

IDLE_S = 60.0  # a process without work ends after this long; it is not asked any more after half of it
GRACE_S = 30.0  # beyond the time limit, after which a worker ends itself: its parent may be stopped
GONE_S = 5.0  # a process that was killed is gone by then, unless the system itself hangs, as on a network drive
WORDS_S = 0.5  # for a process that hangs to say where
KEPT_BYTES = 1 << 14  # of what a process says, and of that
LAST_WORDS = 4000  # characters are told when it died
MESSAGES = 1000  # of workers, that are said once each
WHERE = signal.SIGUSR1  # asks a worker where it is
Told = ParamSpec("Told")
Made = TypeVar("Made")


class WorkerDied(RuntimeError):
    """The process that had the task is gone, or was ended because it took too long, or could not even be started.

    ``words`` is the end of what it said, with the place in the source where it crashed or hung.
    """

    def __init__(self, reason: str, words: str = "") -> None:
        super().__init__(reason)
        self.words = words


class Dismissed(RuntimeError):
    """No one waits for the task any more."""


class Worker:
    """One process, started at once. Only ``kill`` and ``wait`` may be called while another thread waits for an answer.

    Args:
        environment: variables that it gets beside those of this process.

    Raises:
        WorkerDied: the system starts no more processes.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._words = bytearray()
        with ExitStack() as undo:
            try:
                ours, theirs = socket.socketpair()
                undo.enter_context(ours)
                with theirs:
                    self._process = _started(theirs.fileno(), environment)
                undo.callback(_abandon, self._process)
                self._listener = threading.Thread(target=_keep_end, args=(self._process.stdout, self._words), daemon=True)
                self._listener.start()
            except (OSError, RuntimeError) as error:  # no more processes, files or threads are to be had
                raise WorkerDied(f"it could not be started: {error}") from error
            undo.pop_all()
        self._connection = Connection(ours.detach())
        self._idle_since_s = time.monotonic()
        self._has_expired = False
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
        """What ``work`` returns over there; what it raises is raised here, and what it logs or warns of is logged here, once.

        Raises:
            WorkerDied: the process ended, or had not answered in full after ``timeout_s``; it is gone in both cases.
        """
        self.tasks += 1
        task = cloudpickle.dumps((work, args, named, timeout_s))
        self._words.clear()
        try:
            with self._limited(timeout_s):
                self._connection.send_bytes(task)
                answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            raise self._death(timeout_s) from None
        except BaseException:  # its answer would be taken for that to the next task
            self.end()
            raise
        self._idle_since_s = time.monotonic()
        made, error, messages = cloudpickle.loads(answer)
        for message in messages:
            _log_once(*message)
        if error is not None:
            raise error
        return made

    def kill(self) -> None:
        """Kill the process; who waits for its answer gets WorkerDied."""
        self._process.kill()

    def wait(self) -> None:
        """Wait until the process is gone; not for ever."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GONE_S)

    def end(self) -> None:
        """Have the process gone, and close what leads to it; only for one who alone holds it."""
        self.kill()
        self.wait()
        self._listener.join(GONE_S)
        self._connection.close()

    @contextmanager
    def _limited(self, timeout_s: float | None) -> Iterator[None]:
        """Kill the process if this takes longer: sending and receiving have no limits of their own."""
        if timeout_s is None:
            yield
            return
        timer = threading.Timer(timeout_s, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _expire(self) -> None:
        self._has_expired = True
        self._process.send_signal(WHERE)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(WORDS_S)
        self.kill()

    def _death(self, timeout_s: float | None) -> WorkerDied:
        """Why it is gone, once it is."""
        self.wait()
        code = self._process.poll()
        self.end()
        lines = self._words.decode(errors="replace").splitlines()
        said = [line for line in lines if line and not line.startswith("Extension modules:")]
        words = "\n".join(said)[-LAST_WORDS:]
        if self._has_expired:
            return WorkerDied(f"it took longer than {timeout_s:g} s", words)
        return WorkerDied(_ending(code, said[-1] if said else "it said nothing"), words)


def apart(
    environment: Mapping[str, str], timeout_s: float | None, work: Callable[Told, Made], *args: Told.args, **named: Told.kwargs
) -> Made:
    """What ``work`` returns in a process of its own, which ends with it; what it raises is raised here.

    Raises:
        WorkerDied: the process ended, or took longer than ``timeout_s`` (None: it may take any time).
    """
    worker = Worker(environment)
    try:
        return worker.do(work, timeout_s, *args, **named)
    finally:
        worker.end()


def failure_of(error: Exception, did: str) -> str:
    """What ended a task: the death of the process that "did" it, as in "drew", or what the task raised."""
    return f"the process that {did}: {error}" if isinstance(error, WorkerDied) else f"{type(error).__name__}: {error}"


def _ending(code: int | None, last_word: str) -> str:
    """As in "it died of SIGSEGV"; None for a process that closed the way to it, but lived."""
    if code is None:
        return "it no longer listened"
    if code >= 0:
        return f"it ended with exit code {code} ({last_word})"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"it died of {name}{', as it may when memory runs out' if name == 'SIGKILL' else ''}"


def _keep_end(stream: IO[bytes], words: bytearray) -> None:
    """Keep the end of what a process says; Blender says much."""
    with stream:
        while said := os.read(stream.fileno(), 1 << 16):
            words.extend(said)
            del words[:-KEPT_BYTES]


def _started(descriptor: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A worker's process, at the other end of a socket. It finds its modules where this process does, and nowhere else."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "generator.worker", str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(descriptor,),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path), **environment},
        start_new_session=True,  # Ctrl-C reaches all processes of a terminal's group, but it is this one that decides
    )


def _abandon(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    if process.stdout is not None:
        process.stdout.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GONE_S)


@lru_cache(MESSAGES)
def _log_once(name: str, level: int, message: str) -> None:
    """Each worker would say it again, and so would the one that replaces it."""
    logging.getLogger(name).log(level, "%s", message)


class Crew:
    """The workers of this process: as many as there are tasks at once, each kept for the next task.

    A worker has a place, 0 for the first, which decides its environment: that may pin it to a GPU. As a context it is dismissed at the
    end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[int, Worker] = {}  # by place, with and without work
        self._busy: set[int] = set()  # places
        self._is_dismissed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()

    @contextmanager
    def hire(self, environment: Callable[[int], Mapping[str, str]]) -> Iterator[Worker]:
        """A worker for as long as it is needed; it is kept afterwards if it lives.

        Args:
            environment: of a place.

        Raises:
            Dismissed: no one waits any more.
            WorkerDied: it could not be started, or died of its task.
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
                left = self._workers.pop(place, None) if self._is_dismissed else None
            if left is not None:
                left.end()

    def dismiss(self) -> None:
        """End all workers at once, and for good; who waits for one of them, or asks for one, gets Dismissed."""
        with self._lock:
            self._is_dismissed = True
            workers = list(self._workers.values())
            idle = [self._workers.pop(place) for place in self._workers.keys() - self._busy]  # who holds the others ends them
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait()
        for worker in idle:
            worker.end()

    @property
    def resident_mb(self) -> float:
        """Resident memory of all workers."""
        with self._lock:
            workers = list(self._workers.values())
        return sum(worker.resident_mb for worker in workers)

    def _seated(self, place: int, environment: dict[str, str]) -> Worker:
        """The worker of a place, a new one where there is none that is fit. The lock is not held for what may take a while."""
        with self._lock:
            if self._is_dismissed:
                raise Dismissed
            worker = self._workers.get(place)
            if worker is not None and worker.is_fit and worker.environment == environment:
                return worker
            self._workers.pop(place, None)
        if worker is not None:
            worker.end()
        return self._begun(place, environment)

    def _begun(self, place: int, environment: dict[str, str]) -> Worker:
        worker = Worker(environment)
        with self._lock:
            if not self._is_dismissed:
                self._workers[place] = worker
                return worker
        worker.end()
        raise Dismissed


# The other side


def main() -> NoReturn:
    """A worker's life: tasks come through the socket whose number is its argument, until none has come for a while."""
    connection = Connection(int(sys.argv[1]))
    messages = _prepare(connection)
    with suppress(EOFError, OSError):
        while connection.poll(IDLE_S):
            task = connection.recv_bytes()
            with _tied_to(connection):
                answer = _answer(task, messages)
            _give_back()
            connection.send_bytes(answer)
    os._exit(0)  # Blender need not tidy up


class _Messages(logging.Handler):
    """Keeps what is logged, for the process that logs it in the end."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter())
        self._kept: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append((record.name, record.levelno, self.format(record)))

    def take(self) -> list[tuple[str, int, str]]:
        """What was logged since it was last asked."""
        taken, self._kept = self._kept, []
        return taken


def _prepare(connection: Connection) -> _Messages:
    os.set_inheritable(connection.fileno(), False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # schedulers send them to all processes, but the parent decides
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")  # where memory runs out, Linux is to end a worker, not who holds it all
    words = os.dup(2)  # the other one is silenced while Blender draws
    faulthandler.enable(words, all_threads=False)
    faulthandler.register(WHERE, words, all_threads=False)
    messages = _Messages()
    logging.basicConfig(level=logging.WARNING, handlers=[messages, logging.StreamHandler()])
    logging.captureWarnings(True)
    return messages


@contextmanager
def _tied_to(connection: Connection) -> Iterator[None]:
    """End with the parent, however deep in Blender this process is: Linux sends SIGIO when the other end of the socket closes.

    Other systems ignore that signal. There a worker whose parent is gone ends after its task, or after the time limit.
    """
    descriptor = connection.fileno()
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        if connection.poll():  # nothing else can be there to be read
            os._exit(1)
        yield
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)


def _answer(task: bytes, messages: _Messages) -> bytes:
    """What a task returns, or raises, and what it logged, ready to be sent."""
    try:
        work, args, named, timeout_s = cloudpickle.loads(task)
        signal.setitimer(signal.ITIMER_REAL, 0 if timeout_s is None else timeout_s + GRACE_S)  # whose signal ends the process
        made = work(*args, **named)
        return cloudpickle.dumps((made, None, messages.take()))
    except Exception as error:
        return cloudpickle.dumps((None, _portable(error), messages.take()))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _give_back() -> None:
    """Give what was freed back to the system: glibc keeps it, in a heap that grows with every scene that fits into none of its gaps."""
    with suppress(AttributeError):  # other systems have no such call, and need none
        ctypes.CDLL(None).malloc_trim(0)


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same where it does not survive the way: some cannot be made out of their ``args``."""
    trace = f"In a worker:\n{''.join(traceback.format_exception(error))}"
    try:
        error.add_note(trace)
        cloudpickle.loads(cloudpickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
        error.add_note(trace)
    return error


if __name__ == "__main__":
    main()
