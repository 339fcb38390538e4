"""Programs in processes of their own, as a user starts them: begun, waited for, and begun where something is not as it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
PATIENCE_S = 120.0  # for what takes a moment; the machine may be busy


def program(
    *arguments: str, module: str = "generator", within: Sequence[str] = (), env: Mapping[str, str] = {}, **more: object
) -> subprocess.Popen:
    """Start ``python -m generator``.

    Args:
        within: another program with its arguments, which starts it.
        env: variables beside those of this process.
        more: as of Popen.
    """
    command = [*within, sys.executable, "-m", module, *arguments]
    usual = {"preexec_fn": heed_interrupts, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT), **env}, **(usual | more))


def heed_interrupts() -> None:
    """To be done in a new process: a shell starts what it runs in the background deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(process: subprocess.Popen, timeout_s: float = 300.0) -> tuple[int, str, str]:
    """Wait for a program's end: its exit code, stdout and stderr."""
    said, complained = process.communicate(timeout=timeout_s)
    return process.returncode, said, complained


def run(*arguments: str, **more: object) -> tuple[int, str, str]:
    """The same of a program that is started as by `program`."""
    return finish(program(*arguments, **more))


def until(holds: Callable[[], object]) -> None:
    """Wait for something to come true."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to be"
        time.sleep(0.02)


def wait_for_clips(folder: Path, count: int, process: subprocess.Popen) -> None:
    """Until a run that goes on has finished so many."""

    def are_there() -> bool:
        if len(list(folder.glob("annotations/*.json"))) >= count:
            return True
        assert process.poll() is None, finish(process)
        return False

    until(are_there)


def workers_of(pid: int, recursive: bool = False) -> list[psutil.Process]:
    """The processes that make clips for one; it may start others as well, some of which are gone in a moment."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive):
            with suppress(psutil.Error):
                found += [process] if "generator.worker" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE else []
    return found


def customised(folder: Path, source: str) -> dict[str, str]:
    """Variables by which every Python runs some source first, which is put into a new folder."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(source)
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
