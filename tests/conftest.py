"""One thread for a process; Hypothesis draws the same examples in every run (``--hypothesis-profile=explore`` looks on)."""

import os
import sys
from collections.abc import Callable

import pytest
from hypothesis import settings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is there: each core has its process, and threads would wait
    os.environ.setdefault(threads, "1")

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture
def run_here(tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """``python -m generator`` in this process, in a folder of its own: exit code, stdout and stderr. For what is not about processes."""
    from generator.__main__ import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["generator", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, *capsys.readouterr()

    return run
