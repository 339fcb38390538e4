"""A long run that is ill-treated: its workers are killed, made to crash and made to hang while it works, and so is the run itself.

    python -m benchmarks.soak [--clips 500] [--kills 40] [--deaths 3] [--seed 0] [--folder DIR]

Tiny clips are made by two workers. While the first fifth of the clips is made any worker may meet with a mishap (SIGKILL, now and then
SIGSEGV, or SIGSTOP, which is a hang), and the run itself is killed a few times and started again with the same command. From then on the
worker that has lived longest is spared, so that its memory can be watched over many clips; the other is not. What happens when follows from
the seed, counted in clips that are finished; the rest is chance.

At the end, each printed with pass or FAIL: the run ended well; all clips are there; none was given up; every file verifies; its labels
equal those of a run that no one disturbed; a worker grows by less than 10 MB in 100 clips; nothing half-made and no process is left.
The exit code is 0 if all pass.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console

from benchmarks.generator import KEPT, TINY, slope_mb
from conf.atomic import PART, sha256_of
from generator.dataset import QUARANTINE
from generator.description import DATASET_JSON
from generator.verify.__main__ import verify

FARM = ("workers=2", "farm.clip_timeout_s=60", "farm.max_failures=50", *KEPT)
MISHAPS = {signal.SIGKILL: 0.75, signal.SIGSEGV: 0.15, signal.SIGSTOP: 0.1}
LOOK_EVERY_S = 0.05
LONGEST_S = 4 * 3600.0
SPARED_AFTER = 0.2  # of the clips
LEAST_CLIPS = 30  # that a worker has to make for its growth to be told
MOST_GROWTH_MB = 10.0  # in 100 clips


def main() -> int:
    """Run the soak. Returns the exit code."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(arguments.folder or folder)
        soak = Soak(home / "soak", arguments.clips)
        began_s = time.perf_counter()
        code = soak.run(plan(arguments.clips, arguments.kills, arguments.deaths, np.random.default_rng(arguments.seed)))
        print(
            f"{arguments.clips} clips in {(time.perf_counter() - began_s) / 60:.1f} min, {soak.starts} starts; {_told(soak.mishaps)}",
            flush=True,
        )
        return report([("the run ended well", code == 0, f"exit code {code}"), *soak.findings(), labels_equal(soak, home / "calm")])


def report(findings: Sequence[tuple[str, bool, str]]) -> int:
    """Print what was found out; returns the exit code."""
    for name, passes, detail in findings:
        print(f"{'pass' if passes else 'FAIL'}   {name}: {detail}")
    return 0 if all(passes for _, passes, _ in findings) else 1


# What is to happen


@dataclass(frozen=True)
class Mishap:
    """What happens once so many clips are finished: a signal to a worker (the ``choice``-th of those there), or the run's own death."""

    clips: int
    signal: signal.Signals
    choice: int
    to_run: bool = False


def plan(clips: int, kills: int, deaths: int, rng: np.random.Generator) -> list[Mishap]:
    """Mishaps in order. The run itself dies only while no worker is spared."""
    names = list(MISHAPS)
    chosen = rng.choice(len(names), kills, p=list(MISHAPS.values()))
    workers = [Mishap(int(rng.integers(clips)), names[each], int(rng.integers(1000))) for each in chosen]
    runs = [Mishap(int(rng.integers(1, max(round(SPARED_AFTER * clips), 2))), signal.SIGKILL, 0, to_run=True) for _ in range(deaths)]
    return sorted([*workers, *runs], key=lambda mishap: mishap.clips)


# The run


@dataclass
class Soak:
    """A run of the generator over a folder, and those who ill-treat it.

    Args:
        mishaps: how often each happened.
        made, sizes_mb: by worker (process id): keys of the clips that it was seen to make, and by how many it had, the least resident MB
            until the next one.
        left: processes that outlived the run.
    """

    root: Path
    clips: int
    starts: int = 0
    mishaps: Counter[str] = field(default_factory=Counter)
    made: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    sizes_mb: defaultdict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    left: list[int] = field(default_factory=list)

    def command(self, render: str, root: Path) -> list[str]:
        """What makes the data set."""
        return [sys.executable, "-m", "generator", f"num_videos={self.clips}", f"out={root}", f"render={render}", *TINY, *FARM]

    @property
    def finished(self) -> int:
        """Clips that are there."""
        return len(list((self.root / "annotations").glob("*.json")))

    def run(self, mishaps: Sequence[Mishap]) -> int:
        """The whole run with all its mishaps; what the last start of it ended with. Raises ValueError where it does not begin."""
        coming = list(mishaps)
        while True:
            self.starts += 1
            with tempfile.TemporaryFile() as words:
                process = psutil.Popen(self.command("draft", self.root), stdout=words, stderr=words, start_new_session=True)
                if self._ill_treat(process, coming):
                    continue
                code = process.wait()
                words.seek(0)
                said = words.read().decode(errors="replace")
                if not (self.root / DATASET_JSON).exists():
                    raise ValueError(said)
                print(said if code else "", end="", file=sys.stderr)
                return code

    def _ill_treat(self, process: psutil.Popen, coming: list[Mishap]) -> bool:
        """Watch one start of the run until it ends, and let happen what is due; tells whether that ended it."""
        until_s = time.monotonic() + LONGEST_S
        while process.poll() is None:
            if time.monotonic() > until_s:
                self._kill_run(process)
                raise TimeoutError(f"{self.finished} of {self.clips} clips after {LONGEST_S / 3600:g} h")
            workers = self._look(process)
            if coming and workers and coming[0].clips <= self.finished:
                mishap = coming.pop(0)
                self._befall(process, workers, mishap)
                if mishap.to_run:
                    return True
            time.sleep(LOOK_EVERY_S)
        return False

    def _befall(self, process: psutil.Popen, workers: list[psutil.Process], mishap: Mishap) -> None:
        if mishap.to_run:
            self._kill_run(process)
            return
        if mishap.clips > SPARED_AFTER * self.clips:
            workers = workers[1:]
        if workers:
            with suppress(psutil.NoSuchProcess):
                workers[mishap.choice % len(workers)].send_signal(mishap.signal)
                self.mishaps[mishap.signal.name] += 1

    def _kill_run(self, process: psutil.Popen) -> None:
        """SIGKILL to the run alone: its workers have to see for themselves that it is gone, once those that were stopped go on."""
        workers = list(_workers(process))
        process.kill()
        process.wait()
        self.mishaps["SIGKILL of the run"] += 1
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.send_signal(signal.SIGCONT)
        self.left += [worker.pid for worker in psutil.wait_procs(workers, timeout=60)[1]]

    def _look(self, process: psutil.Popen) -> list[psutil.Process]:
        """The workers, longest-lived first; notes what each makes, by the files that it has open, and how large it is."""
        workers = sorted(_workers(process), key=lambda worker: (worker.create_time(), worker.pid))
        for worker in workers:
            with suppress(psutil.Error):
                self._note(worker)
        return workers

    def _note(self, worker: psutil.Process) -> None:
        makes = {part.removeprefix(PART)[:32] for each in worker.open_files() for part in Path(each.path).parts if part.startswith(PART)}
        made, sizes_mb = self.made[worker.pid], self.sizes_mb[worker.pid]
        made |= makes
        sizes_mb[len(made)] = min(sizes_mb.get(len(made), math.inf), worker.memory_info().rss / 1e6)

    # What came of it

    def findings(self) -> Iterator[tuple[str, bool, str]]:
        """What is to be, whether it is, and in figures."""
        given_up = list((self.root / QUARANTINE).glob("*.json"))
        parts = list(self.root.glob(f"{PART}*"))
        yield "no clip is lost", self.finished == self.clips, f"{self.finished} of {self.clips} are there"
        yield "no clip was given up", not given_up, f"{len(given_up)} in quarantine"
        yield "nothing is left over", not parts and not self.left, f"{len(parts)} half-made clips, {len(self.left)} processes"
        proved = verify(self.root, pixels=False, workers=2, only=None, console=Console(quiet=True)).section
        told = f"{proved['questions']} questions, {len(proved['findings'])} findings"
        # Frames are so few that the rules, which measure them in their own way, cannot confirm every answer. Labels are compared below.
        yield "every file verifies", not proved["findings"], f"{told}, {len(proved['open'])} answers not confirmed at so few frames"
        yield self.growth()

    def growth(self) -> tuple[str, bool, str]:
        """How the worker that made most clips grew."""
        sizes = max(self.sizes_mb.values(), key=len, default={})
        if len(sizes) < LEAST_CLIPS:
            return "memory is flat", self.clips < 4 * LEAST_CLIPS, f"not measured: no worker made {LEAST_CLIPS} clips"
        made, sizes_mb = list(sizes), list(sizes.values())
        grown_mb = slope_mb(made, sizes_mb)
        told = f"{grown_mb:+.1f} MB per 100 clips over {max(made)} clips of one worker, at {sizes_mb[-1]:.0f} MB"
        return "memory is flat", grown_mb < MOST_GROWTH_MB, told


def _workers(process: psutil.Process) -> Iterator[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        for child in process.children():
            with suppress(psutil.Error):
                if "generator.worker" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    yield child


# Labels


def labels_equal(soak: Soak, root: Path) -> tuple[str, bool, str]:
    """Whether a run without pictures and without mishaps ends in the same labels."""
    subprocess.run(soak.command("none", root), check=True, stdout=subprocess.DEVNULL)
    found, expected = labels(soak.root), labels(root)
    differing = sum(found.get(key) != expected.get(key) for key in found.keys() | expected.keys())
    return "labels equal an undisturbed run's", not differing, f"{differing} of {len(expected)} clips differ"


def labels(root: Path) -> dict[str, str]:
    """By clip: a sum of its annotation, but for the list of its files, and of its trajectories."""
    return {path.stem: _label(path, root / "trajectories" / f"{path.stem}.npz") for path in (root / "annotations").glob("*.json")}


def _label(annotation: Path, trajectories: Path) -> str:
    told = {key: value for key, value in json.loads(annotation.read_text(encoding="utf-8")).items() if key != "files"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest() + sha256_of(trajectories)


def _told(mishaps: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in mishaps.items()) or "no mishap"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.split("\n\n")[0])
    parser.add_argument("--clips", type=int, default=500, help="tiny clips to make (default 500)")
    parser.add_argument("--kills", type=int, default=40, help="mishaps of workers (default 40)")
    parser.add_argument("--deaths", type=int, default=3, help="kills of the run itself (default 3)")
    parser.add_argument("--seed", type=int, default=0, help="of what happens when (default 0)")
    parser.add_argument("--folder", help="where the data sets are made and kept (default: a temporary folder)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
