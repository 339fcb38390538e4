"""A data set in which clips meet with mishaps while they are made; for tests of what becomes of the others, and of them.

In a process of its own, ``python -m tests.mishaps key=value …`` is ``python -m generator key=value …`` with such a data set.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from generator.dataset import ClipFiles, Dataset

MISHAPS, MARKS = "TEST_MISHAPS", "TEST_MARKS"  # variables: {index: [mishap, times]} as JSON, and a folder for notes
ALWAYS = 99
CGROUP = Path("/sys/fs/cgroup/memory")
MANY_BYTES = 600_000_000


def planned(folder: Path, mishaps: Mapping[int, tuple[str, int]]) -> dict[str, str]:
    """Variables for the environment of a run, which keeps its notes in a folder."""
    folder.mkdir(exist_ok=True)
    return {MISHAPS: json.dumps(mishaps), MARKS: str(folder)}


def plan(monkeypatch: pytest.MonkeyPatch, folder: Path, mishaps: Mapping[int, tuple[str, int]]) -> None:
    """The same in the environment of this process."""
    for name, value in planned(folder, mishaps).items():
        monkeypatch.setenv(name, value)


def makers(folder: Path) -> list[int]:
    """The process ids of those who began to make clips, in order."""
    return [int(line) for line in (folder / "makers").read_text().split()]


@dataclass(frozen=True)
class Cursed(Dataset):
    """A data set whose mishaps are told in the environment; each happens to its clip a number of times, and then no more."""

    mishaps: dict[str, list] = field(default_factory=lambda: json.loads(os.environ.get(MISHAPS, "{}")))
    marks: str = field(default_factory=lambda: os.environ[MARKS])

    @contextmanager
    def part(self, index: int) -> Iterator[ClipFiles]:
        with super().part(index) as part:
            self._note_maker()
            mishap, times = self.mishaps.get(str(index), ("", 0))
            if any(self._mark(f"{index}-{number}") for number in range(times)):
                NAMED[mishap]()
            yield part

    def _note_maker(self) -> None:
        with (Path(self.marks) / "makers").open("a") as notes:
            notes.write(f"{os.getpid()}\n")

    def _mark(self, name: str) -> bool:
        try:
            (Path(self.marks) / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


# What may happen


def a_bug() -> None:
    raise ZeroDivisionError("a bug")


def crash() -> None:
    ctypes.string_at(0)


def crash_while_drawing() -> None:
    """A bad pointer, on a stack that is Blender's: in what it calls before it draws a frame, from the fourth on."""
    from generator import blender

    def before(scene, *_) -> None:
        if scene.frame_current >= 3:
            crash()

    blender.bpy.app.handlers.render_pre.append(blender.bpy.app.handlers.persistent(before))


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stuck() -> None:
    """In C, with Python's interpreter locked."""
    ctypes.PyDLL(None).read(os.pipe()[0], ctypes.create_string_buffer(1), 1)


def leave() -> None:
    raise SystemExit(3)


def _fill() -> mmap.mmap:
    memory = mmap.mmap(-1, MANY_BYTES)
    for page in range(0, MANY_BYTES, mmap.PAGESIZE):
        memory[page] = 1
    return memory


KEPT: list[mmap.mmap] = []


def grow() -> None:
    KEPT.append(_fill())


def run_out_of_memory() -> None:
    """In a control group that allows half of it, where the system has such groups and lets us make them: Linux kills who is in it."""
    group = memory_group()
    if group is None:
        raise RuntimeError("no control group")
    (group / "memory.limit_in_bytes").write_text(str(MANY_BYTES // 2))
    with suppress(OSError):
        (group / "memory.memsw.limit_in_bytes").write_text(str(MANY_BYTES // 2))
    (group / "cgroup.procs").write_text(str(os.getpid()))
    grow()


def memory_group() -> Path | None:
    """A control group of this process's own; None where there can be none."""
    group = CGROUP / f"motionfoundry-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        return None
    return group


def hit_a_limit() -> None:
    """As under ``ulimit -v``: the system gives no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MANY_BYTES // 2, resource.getrlimit(resource.RLIMIT_AS)[1]))
    grow()


NAMED: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (a_bug, crash, crash_while_drawing, killed, stuck, leave, grow, run_out_of_memory, hit_a_limit)
}

if __name__ == "__main__":
    import generator.__main__ as program
    from tests import mishaps  # by the name under which workers find it

    program.Dataset = mishaps.Cursed  # type: ignore[misc]
    program.main()
