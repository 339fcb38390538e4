"""Disks that fill, turn read-only or corrupt what is on them, runs that meet in one folder, machines whose clocks and names differ.

Real programs on real file systems: those that fail are mounted in a namespace of their own, which is gone with the test.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import generator.__main__
from generator.dataset import Dataset
from generator.options import FarmOptions, GenerateOptions, command
from tests.programs import customised, finish, program, run, wait_for_clips
from tests.small_sets import LABELS, PICTURES, damaged, flip, generate, hashes, require_sound

BOTH = pytest.mark.parametrize("options", [LABELS, pytest.param(PICTURES, marks=pytest.mark.slow)], ids=["labels", "pictures"])


def spoken(options: GenerateOptions, out: Path, workers: int = 1) -> list[str]:
    """The arguments that say so."""
    return shlex.split(command(replace(options, out=str(out), farm=FarmOptions(workers=workers, min_free_mb=0))))[3:]


@dataclass(frozen=True)
class Disk:
    """A file system of its own, which only the programs started here see at ``place``; the tests see it at ``seen``.

    Args:
        pid: of the process in whose mount namespace it is.
        place: where it is mounted there.
    """

    pid: int
    place: Path

    @property
    def seen(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.place}")

    def program(self, options: GenerateOptions) -> subprocess.Popen:
        """Start ``python -m generator`` with its ``out`` on this disk."""
        return program(*spoken(options, self.place / "set"), within=self._within)

    def run(self, options: GenerateOptions) -> tuple[int, str, str]:
        return finish(self.program(options))

    def merge(self) -> tuple[int, str, str]:
        return finish(program(str(self.place / "set"), within=self._within, module="generator.merge"))

    def mount(self, *arguments: str | Path) -> None:
        subprocess.run([*self._within, "mount", *arguments], check=True)

    def turn_read_only(self) -> None:
        """From now on, whoever looks for the place finds it read-only, also programs that are at work there."""
        aside = self.place.with_name("aside")
        aside.mkdir()
        self.mount("--bind", self.place, aside)
        self.mount("-o", "remount,bind,ro", aside)
        self.mount("--bind", aside, self.place)

    def turn_writable(self) -> None:
        subprocess.run([*self._within, "umount", self.place], check=True)

    @property
    def _within(self) -> list[str]:
        return ["nsenter", "--mount", f"--target={self.pid}"]


@contextmanager
def paused(process: subprocess.Popen) -> Iterator[None]:
    """A run that hands out no clip meanwhile, so that it cannot end."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    """An empty disk of 8 MB, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("util-linux is needed to mount a file system for a test alone")
    script = f"mount -t tmpfs -o size=8m tmpfs '{place}' && echo mounted && exec cat"  # cat ends when its stdin does
    keeper = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if keeper.stdout.readline() != "mounted\n":
            pytest.skip("only root may mount a file system")
        yield Disk(keeper.pid, place)
    finally:
        keeper.communicate()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, str]:
    """Hashes of what the runs below are to end in."""
    return generate(tmp_path_factory.mktemp("undisturbed") / "set", LABELS)


# Disks that take nothing more


@BOTH
def test_a_disk_that_fills_stops_the_run_which_ends_identical_when_there_is_room(tmp_path, disk, undisturbed, options):
    process = disk.program(options)
    wait_for_clips(disk.seen / "set", 1, process)
    with paused(process):
        _fill(disk.seen / "ballast")
    code, said, complained = finish(process)
    assert code == 1, said
    assert "Traceback" not in complained + said
    assert "no room" in complained and "same command again" in complained
    assert not list(disk.seen.rglob(".part-*"))
    assert damaged(Dataset.of(disk.seen / "set"), options.indices, "sums") == {}
    assert 1 <= len(list(disk.seen.glob("set/annotations/*.json"))) < options.num_videos
    (disk.seen / "ballast").unlink()
    assert generate(disk.seen / "set", options) == (undisturbed if options is LABELS else generate(tmp_path / "undisturbed", options))
    require_sound(disk.seen / "set")


def _fill(ballast: Path) -> None:
    """Take all the room that is left, and again what is given back meanwhile."""
    with ballast.open("wb", buffering=0) as stream:
        for size_bytes in (1 << 20, 1 << 12):
            try:
                while True:
                    stream.write(b"x" * size_bytes)
            except OSError:
                continue


@pytest.mark.slow
def test_a_disk_that_turns_read_only_stops_the_run_which_goes_on_when_it_can(disk, undisturbed):
    process = disk.program(LABELS)
    wait_for_clips(disk.seen / "set", 1, process)
    with paused(process):
        disk.turn_read_only()
    code, said, complained = finish(process)
    assert code == 1, said
    assert "Traceback" not in complained + said
    assert "cannot be written to any more" in complained and "same command again" in complained
    code, said, complained = disk.merge()
    assert (code, "Traceback" in complained + said) == (1, False)
    assert f"generator.merge: {disk.place}/set cannot be written to any more: Read-only file system" in complained
    disk.turn_writable()
    assert generate(disk.seen / "set", LABELS) == undisturbed
    require_sound(disk.seen / "set")


@pytest.mark.parametrize("begun", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_read_only_folder_is_refused_and_left_alone(disk, begun):
    if begun:
        (disk.seen / "set").mkdir()
        (disk.seen / "set" / "dataset.json").write_text("{}")
        (disk.seen / "set" / ".lock").touch()
    before = hashes(disk.seen)
    disk.turn_read_only()
    code, said, complained = disk.run(LABELS)
    assert code == 2
    assert f"out = '{disk.place}/set' is not allowed: Read-only file system; give a folder that can be written to" in complained
    assert "Traceback" not in complained + said
    assert hashes(disk.seen) == before


# Runs that meet


def test_a_second_run_is_refused_and_harms_nothing(tmp_path, undisturbed):
    first = program(*spoken(LABELS, tmp_path / "set", workers=0))
    wait_for_clips(tmp_path / "set", 1, first)
    with paused(first):
        code, said, complained = run(*spoken(LABELS, tmp_path / "set", workers=0))
    assert code == 2, said
    assert f"another run is writing to {tmp_path}/set" in complained
    assert finish(first)[0] == 0
    assert hashes(tmp_path / "set") == undisturbed
    require_sound(tmp_path / "set")


# Machines that disagree about names and times

ELSEWHERE = """
import platform, socket, time
clock, clock_ns = time.time, time.time_ns
time.time = lambda: clock() + {days} * 86400
time.time_ns = lambda: clock_ns() + {days} * 86400 * 10**9
platform.node = socket.gethostname = lambda: "{name}"
"""


def _elsewhere(folder: Path, name: str, days: int) -> dict[str, str]:
    """Environment of programs whose machine has another name, and a clock that many days ahead."""
    return customised(folder, ELSEWHERE.format(name=name, days=days))


@pytest.mark.slow
def test_shards_whose_clocks_and_names_differ_end_in_the_same_files(tmp_path, undisturbed):
    machines = {"1/2": _elsewhere(tmp_path / "ahead", "far-ahead", 400), "2/2": _elsewhere(tmp_path / "behind", "far-behind", -400)}
    shards = {shard: spoken(replace(LABELS, shard=shard), tmp_path / "set", workers=0) for shard in machines}
    both = [program(*told, env=machines[shard]) for shard, told in shards.items()]
    for process in both:
        code, _, complained = finish(process)
        assert code == 0, complained
    assert hashes(tmp_path / "set") == undisturbed
    told = "".join(path.read_text() for path in (tmp_path / "set" / "runs").glob("*.jsonl"))
    assert "far-ahead" in told and "far-behind" in told, "the machines bore their own names, so this test sees nothing"
    for number, path in enumerate((tmp_path / "set").rglob("*")):
        os.utime(path, (4e9, 4e9) if number % 2 else (1.0, 1.0))
    Dataset.of(tmp_path / "set").files(3).trajectories.unlink()
    assert generate(tmp_path / "set", LABELS) == undisturbed
    require_sound(tmp_path / "set")


# Files that are not what was written


@BOTH
def test_damaged_clips_are_found_on_resume_and_made_again(tmp_path, options):
    before, dataset = generate(tmp_path / "set", options), Dataset.of(tmp_path / "set")
    largest = dataset.files(2).of(dataset.held[0])
    os.truncate(dataset.files(0).annotation, 0)  # as after a power cut, where a file system loses what was written last
    flip(dataset.files(1).trajectories)
    os.truncate(largest, largest.stat().st_size // 2)
    console = Console(file=StringIO(), width=200)
    assert generator.__main__.generate(replace(options, out=str(tmp_path / "set")), console) == 0
    said = console.file.getvalue()
    assert "clip 3 is made again" not in said
    for index, words in enumerate(["its annotation cannot be used", ".npz is not what was written", f"{largest.suffix} has"]):
        (line,) = (line for line in said.splitlines() if line.startswith(f"clip {index} is made again: "))
        assert words in line
    assert hashes(tmp_path / "set") == before
