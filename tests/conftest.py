"""One thread for a process; Hypothesis draws the same examples in every run (``--hypothesis-profile=explore`` looks on)."""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is there: each core has its process, and threads would wait
    os.environ.setdefault(threads, "1")

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture
def run_main(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """A program's ``main``, by name and with arguments, in this process: exit code, stdout and stderr. Not for what is about processes."""

    def run(main: Callable[[], object], program: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [program, *arguments])
        terminate = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as left:
                main()
        finally:
            signal.signal(signal.SIGTERM, terminate)
        return left.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def run_here(tmp_path, monkeypatch, run_main) -> Callable[..., tuple[int, str, str]]:
    """The same of ``python -m generator``, in a folder of its own."""
    from generator.__main__ import main

    monkeypatch.chdir(tmp_path)
    return partial(run_main, main, "generator")


@pytest.fixture
def on_path(tmp_path, monkeypatch) -> Callable[[str, str], Path]:
    """Puts a program, by its name and source, into the first folder of PATH; returns the folder."""
    folder = tmp_path / "on-path"

    def put(name: str, source: str) -> Path:
        if not folder.is_dir():
            folder.mkdir()
            monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
        (folder / name).write_text(source)
        (folder / name).chmod(0o755)
        return folder

    return put
