"""Processes of their own: whatever becomes of one, who asked hears why, and nothing of it is left."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from generator import worker as module
from generator.worker import Crew, Dismissed, Worker, WorkerDied
from tests.programs import PATIENCE_S, ROOT, until

SOON_S = 1.0  # a time limit that is exceeded
LONG_S = 600.0


def nothing(place: int) -> dict[str, str]:
    return {}


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def worker() -> Iterator[Worker]:
    each = Worker({})
    yield each
    each.end()


@pytest.fixture(scope="module")
def company() -> Iterator[Crew]:
    with Crew() as each:
        yield each


@pytest.fixture
def lasting(company) -> Iterator[Worker]:
    """For tasks that do no harm."""
    with company.hire(nothing) as each:
        yield each
        assert each.is_fit, "a harmless task ended it"


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew() as each:
        yield each


# Answers


def test_a_task_gets_its_arguments_and_gives_its_answer(lasting):
    assert lasting.do(lambda a, b, c: (a, b, c, os.getpid()), None, 1, "two", c=[3]) == (1, "two", [3], lasting.pid)
    assert lasting.pid != os.getpid()


@pytest.mark.parametrize("length", [0, 1, 1 << 16, 1 << 18, 30_000_000])
def test_tasks_and_answers_of_any_size_pass(lasting, length):
    told = os.urandom(length)
    assert lasting.do(lambda data: data[::-1], LONG_S, told) == told[::-1]


def test_what_a_task_raises_is_raised_here_with_the_place_where_it_was(lasting):
    def faulty() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost") as caught:
        lasting.do(faulty, LONG_S)
    assert "in faulty" in caught.value.__notes__[0]


class Peculiar(Exception):
    """Cannot be made again out of its arguments."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def test_an_error_that_does_not_survive_the_way_is_told_by_name(lasting):
    def peculiar() -> None:
        raise Peculiar(1, 2)

    with pytest.raises(RuntimeError, match="Peculiar: 1 and 2") as caught:
        lasting.do(peculiar, LONG_S)
    assert "in peculiar" in caught.value.__notes__[0]


def test_an_error_that_holds_what_cannot_be_sent_is_told_by_name(lasting):
    def holding() -> None:
        raise ValueError("locked", threading.Lock())

    with pytest.raises(RuntimeError, match=r"ValueError: \('locked'"):
        lasting.do(holding, LONG_S)


def test_an_answer_that_cannot_be_sent_or_read_is_an_error_and_the_next_one_is_right(lasting):
    class Riddle:
        def __reduce__(self) -> tuple:
            return int, ("no number",)

    with pytest.raises(TypeError, match="lock"):
        lasting.do(threading.Lock, LONG_S)
    with pytest.raises(ValueError, match="no number"):
        lasting.do(Riddle, LONG_S)
    assert lasting.do(lambda: 7, LONG_S) == 7


def test_a_worker_is_neither_interrupted_nor_terminated_by_signals_to_all(lasting):
    def signalled() -> str:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        return "still here"

    assert lasting.do(signalled, LONG_S) == "still here"


def test_a_worker_is_what_linux_ends_when_memory_runs_out(lasting):
    def score() -> str:
        return Path("/proc/self/oom_score_adj").read_text()

    if not Path("/proc/self/oom_score_adj").exists():
        pytest.skip("not Linux")
    assert int(lasting.do(score, LONG_S)) >= 500


def test_it_finds_its_modules_where_we_do_and_not_in_the_folder_that_it_is_started_in(tmp_path, monkeypatch):
    (tmp_path / "cloudpickle.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "found_there.py").write_text("ANSWER = 42")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    each = Worker({"COLOUR": "blue"})
    assert each.do(lambda: (__import__("found_there").ANSWER, os.environ["COLOUR"], os.getcwd()), LONG_S) == (42, "blue", str(tmp_path))
    each.end()


# What is said


def test_warnings_and_log_records_come_through_once_whoever_says_them(caplog, capfd):
    def talkative() -> None:
        print("chatter")
        logging.getLogger("there").info("a detail")
        logging.getLogger("there").warning("%d things are odd", 3)
        warnings.warn("a hazard", RuntimeWarning, stacklevel=1)

    module._log_once.cache_clear()
    for _ in range(2):
        each = Worker({})
        each.do(talkative, LONG_S)
        each.do(talkative, LONG_S)
        each.end()
    assert [(record.name, record.levelname) for record in caplog.records] == [("there", "WARNING"), ("py.warnings", "WARNING")]
    assert caplog.messages[0] == "3 things are odd"
    assert "RuntimeWarning: a hazard" in caplog.messages[1]
    assert "chatter" not in "".join(capfd.readouterr())


def test_the_last_words_are_those_of_the_task_and_no_more_than_their_end(worker):
    worker.do(lambda: os.system("echo earlier"), LONG_S)
    until(lambda: b"earlier" in worker._words)

    def last() -> None:
        os.write(1, b"x" * 1_000_000 + b"\nAlas\n")
        os._exit(9)

    with pytest.raises(WorkerDied, match=r"exit code 9 \(Alas\)") as caught:
        worker.do(last, LONG_S)
    assert caught.value.words.endswith("\nAlas")
    assert len(caught.value.words) <= module.LAST_WORDS
    assert "earlier" not in caught.value.words


# Deaths


def struck(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


DEATHS: dict[str, tuple[Callable[[], object], str]] = {
    "a bad pointer": (lambda: ctypes.string_at(0), "it died of SIGSEGV"),
    "SIGSEGV": (struck(signal.SIGSEGV), "it died of SIGSEGV"),
    "SIGABRT": (lambda: os.abort(), "it died of SIGABRT"),
    "SIGBUS": (struck(signal.SIGBUS), "it died of SIGBUS"),
    "SIGKILL": (struck(signal.SIGKILL), "it died of SIGKILL, as it may when memory runs out"),
    "a signal without a name": (struck(signal.SIGRTMIN + 3), f"it died of signal {signal.SIGRTMIN + 3}"),
    "os._exit": (lambda: os._exit(3), r"it ended with exit code 3 \(it said nothing\)"),
    "os._exit(0)": (lambda: os._exit(0), "it ended with exit code 0"),
    "sys.exit": (lambda: sys.exit("enough"), r"it ended with exit code 1 \(enough\)"),
    "half an answer": (lambda: (os.write(int(sys.argv[1]), struct.pack("!i", 1000) + b"half"), os._exit(5)), "exit code 5"),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_death_is_told_with_its_reason_and_leaves_nothing(worker, death):
    task, reason = DEATHS[death]
    with pytest.raises(WorkerDied, match=reason) as caught:
        worker.do(task, LONG_S)
    if death in ("a bad pointer", "SIGSEGV", "SIGABRT"):
        assert "test_worker.py" in caught.value.words, "it does not say where it crashed"
    assert not worker.is_fit
    assert worker.resident_mb == 0
    assert not psutil.pid_exists(worker.pid)
    with pytest.raises(WorkerDied):
        worker.do(lambda: 1, LONG_S)


def stuck() -> int:
    """In a system call, with Python's interpreter locked: no thread of it runs any more."""
    reading, _ = os.pipe()
    return ctypes.PyDLL(None).read(reading, ctypes.create_string_buffer(1), 1)


HANGS: dict[str, Callable[[], object]] = {
    "sleeps": lambda: time.sleep(LONG_S),
    "is stuck in C": lambda: stuck(),
    "is stopped": struck(signal.SIGSTOP),
    "stops in the middle of its answer": lambda: (os.write(int(sys.argv[1]), struct.pack("!i", 1000) + b"half"), time.sleep(LONG_S)),
}


@pytest.mark.parametrize("hang", HANGS)
def test_a_task_that_hangs_ends_with_its_process_and_says_where_it_was(worker, hang):
    with pytest.raises(WorkerDied, match="it took longer than 1 s") as caught:
        worker.do(HANGS[hang], SOON_S)
    assert "stopped" in hang or "<lambda>" in caught.value.words
    assert not psutil.pid_exists(worker.pid)


def test_a_worker_that_does_not_even_take_its_task_is_ended(worker):
    worker.do(lambda: None, LONG_S)
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerDied, match="longer than"):
        worker.do(len, SOON_S, b"x" * 10_000_000)  # more than the socket holds
    assert not psutil.pid_exists(worker.pid)


def test_a_worker_that_closes_the_way_to_it_is_ended_though_it_lives(worker, monkeypatch):
    monkeypatch.setattr(module, "GONE_S", 0.5)
    with pytest.raises(WorkerDied, match="it no longer listened"):
        worker.do(lambda: (os.closerange(3, 100), time.sleep(LONG_S)), LONG_S)
    until(lambda: not psutil.pid_exists(worker.pid))


def test_a_worker_ends_itself_when_no_one_ends_it_after_its_time(worker):
    def grace() -> None:
        sys.modules["__main__"].GRACE_S = SOON_S - LONG_S

    worker.do(grace, None)
    with pytest.raises(WorkerDied, match="SIGALRM"):
        worker.do(stuck, LONG_S)


def test_a_worker_that_cannot_begin_says_why(tmp_path):
    (tmp_path / "generator").mkdir()
    (tmp_path / "generator" / "__init__.py").write_text("raise ImportError('not today')")  # found before an installed one
    each = Worker({"PYTHONPATH": str(tmp_path)})
    with pytest.raises(WorkerDied, match=r"exit code 1 \(.*not today"):
        each.do(lambda: None, LONG_S)


def test_a_worker_that_the_system_does_not_start_says_why(crew, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WorkerDied, match=r"could not be started: .*No such file"), crew.hire(nothing):
        pytest.fail("there is none")
    monkeypatch.undo()
    with crew.hire(nothing) as each:
        assert each.do(lambda: 1, LONG_S) == 1


@pytest.mark.parametrize("lacking", ["threads", "files"])
def test_a_worker_for_which_the_system_has_nothing_left_says_so_and_leaves_nothing(lacking, monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread") if lacking == "threads" else OSError(errno.EMFILE, "Too many open files")

    before = psutil.Process().num_fds(), len(psutil.Process().children())
    monkeypatch.setattr(*((threading.Thread, "start") if lacking == "threads" else (socket, "socketpair")), refuse)
    with pytest.raises(WorkerDied, match="it could not be started: .*(new thread|many open files)"):
        Worker({})
    assert (psutil.Process().num_fds(), len(psutil.Process().children())) == before


def test_an_interrupt_while_waiting_ends_the_worker_whose_answer_no_one_will_read(worker):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            worker.do(lambda: time.sleep(LONG_S), LONG_S)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not psutil.pid_exists(worker.pid)


# A crew


def test_workers_are_kept_have_places_and_get_what_is_in_their_environment(crew):
    def placed(place: int) -> dict[str, str]:
        return {"PLACE": f"place {place}"}

    def place() -> str:
        return os.environ["PLACE"]

    with crew.hire(placed) as first, crew.hire(placed) as second:
        assert (first.do(place, LONG_S), second.do(place, LONG_S)) == ("place 0", "place 1")
        assert crew.resident_mb == pytest.approx(first.resident_mb + second.resident_mb, rel=0.2)
    with crew.hire(placed) as again:
        assert again is first
    with crew.hire(lambda place: {"PLACE": "another"}) as other:
        assert other.do(place, LONG_S) == "another"
    assert not psutil.pid_exists(first.pid)
    with crew.hire(placed), crew.hire(placed) as again:
        assert again is second


def test_a_worker_that_died_is_replaced(crew):
    with pytest.raises(WorkerDied), crew.hire(nothing) as one:
        one.do(os.abort, LONG_S)
    with crew.hire(nothing) as other:
        assert other.do(os.getpid, LONG_S) == other.pid != one.pid


def test_a_worker_without_work_ends_and_is_not_asked_any_more(crew, monkeypatch):
    def briefly() -> None:
        sys.modules["__main__"].IDLE_S = 0.1

    with crew.hire(nothing) as one:
        one.do(briefly, LONG_S)
    until(lambda: not one.is_fit)
    with crew.hire(nothing) as other:
        assert other.do(lambda: 1, LONG_S) == 1
    monkeypatch.setattr(module, "IDLE_S", 0.0)
    with crew.hire(nothing) as third:
        assert third is not other
    assert not psutil.pid_exists(other.pid)


def test_a_process_that_does_not_end_keeps_no_one_from_hiring_and_dismissing(crew, monkeypatch):
    """As one that waits for a drive that is gone."""
    is_gone, ending, end = threading.Event(), threading.Event(), Worker.end

    def slowly(each: Worker) -> None:
        ending.set()
        is_gone.wait(PATIENCE_S)
        end(each)

    with crew.hire(nothing):
        pass
    monkeypatch.setattr(Worker, "end", slowly)

    def replace() -> None:
        with crew.hire(lambda place: {"OTHER": "1"}):
            pass

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(replace)
        assert ending.wait(PATIENCE_S)
        with crew.hire(nothing) as other:
            assert other.do(lambda: 1, LONG_S) == 1
            crew.dismiss()
            is_gone.set()
        assert isinstance(first.exception(PATIENCE_S), Dismissed)


def test_dismissal_reaches_who_waits_and_who_asks_later_and_leaves_no_process(crew):
    started = threading.Barrier(4)
    pids = []

    def wait(task: Callable[[], object]) -> None:
        with crew.hire(nothing) as each:
            each.do(lambda: None, LONG_S)
            pids.append(each.pid)
            started.wait()
            each.do(task, LONG_S)

    with crew.hire(nothing) as idle:
        pids.append(idle.pid)
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(wait, task) for task in list(HANGS.values())[:3]]
            started.wait()
            until(lambda: all(psutil.Process(pid).status() != psutil.STATUS_RUNNING for pid in pids))
            crew.dismiss()
            assert [type(each.exception(PATIENCE_S)) for each in waiting] == [Dismissed] * 3
    with pytest.raises(Dismissed), crew.hire(nothing):
        pytest.fail("no one works any more")
    assert not any(psutil.pid_exists(pid) for pid in pids)
    crew.dismiss()


def test_workers_may_be_hired_and_die_in_many_threads(crew):
    def work(number: int) -> int | str:
        try:
            with crew.hire(nothing) as each:
                return each.do(lambda: os._exit(1) if number % 10 == 3 else number**2, LONG_S)
        except WorkerDied:
            return "died"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(60))) == ["died" if number % 10 == 3 else number**2 for number in range(60)]
    assert len(crew._workers) <= 4


def test_two_hundred_tasks_and_ten_deaths_leave_no_descriptors_threads_or_zombies():
    us = psutil.Process()
    before, threads = us.num_fds(), threading.active_count()
    crew = Crew()
    for number in range(200):
        try:
            with crew.hire(nothing) as each:
                assert each.do(lambda: os._exit(1) if number % 20 == 7 else number, LONG_S) == number  # noqa: B023
        except WorkerDied:
            assert number % 20 == 7
    crew.dismiss()
    assert us.num_fds() == before
    until(lambda: threading.active_count() <= threads)
    assert [child.pid for child in us.children() if child.status() == psutil.STATUS_ZOMBIE] == []


PARENT = """
import ctypes, os, sys, threading, time
from generator.worker import Worker
from tests.programs import PATIENCE_S, ROOT, until
workers = [Worker({}) for _ in range(3)]
for each in workers:
    each.do(lambda: None, None)
for each, task in zip(workers, (lambda: time.sleep(600), lambda: ctypes.PyDLL(None).sleep(600))):
    threading.Thread(target=each.do, args=(task, None), daemon=True).start()
time.sleep(0.5)
print(*(each.pid for each in workers), flush=True)
HERE
"""


@pytest.mark.parametrize("end", ["time.sleep(600)", "raise KeyboardInterrupt", "os._exit(3)"])
def test_workers_go_with_their_parent_however_it_ends(end):
    command = [sys.executable, "-c", PARENT.replace("HERE", end)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        if end == "time.sleep(600)":
            parent.kill()
    assert len(workers) == 3
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert not alive


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library keeps nothing, or gives it back unasked")
def test_what_a_task_freed_goes_back_to_the_system_though_something_lies_beyond_it(worker):
    def scatter() -> None:
        pieces = [bytes(4000) for _ in range(50_000)]
        sys.modules["__main__"].kept = pieces[::100]

    worker.do(lambda: None, LONG_S)
    before_mb = worker.resident_mb
    worker.do(scatter, LONG_S)
    assert worker.resident_mb < before_mb + 50  # of 200
