"""How a run stands: what has become of its clips, how fast it is, and what each machine has done."""

from __future__ import annotations

import platform
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from generator.pipeline import ClipReport, Rejection

RATE_OVER_S = 600.0  # the rate is that of the last minutes: machines come and go
SILENT_S = 300.0  # at least, before a machine is taken to be gone
GIVEN_UP = ("exhausted", "failed", "quarantined")


@dataclass
class Machine:
    """What one machine has done in a run. Times are seconds since the run began."""

    written: int = 0
    frames: int = 0
    failures: int = 0
    memory_mb: float = 0.0
    peak_memory_mb: float = 0.0
    began_s: float = 0.0
    last_s: float = 0.0
    _sizes_mb: dict[int, tuple[float, float]] = field(default_factory=dict)  # by process: when it was measured last, and what

    def add(self, report: ClipReport, now_s: float, since_s: float) -> None:
        """Count a clip that was reported at a time; processes of which nothing was heard since another time are gone."""
        self.last_s = now_s
        self.written += report.status == "written"
        self.frames += report.frames
        self.failures += len(reasons(report))
        if report.memory_mb:  # of a clip whose worker died it is not known
            self._sizes_mb[report.process] = (now_s, report.memory_mb)
            self.memory_mb = sum(size_mb for measured_s, size_mb in self._sizes_mb.values() if measured_s >= since_s)
            self.peak_memory_mb = max(self.peak_memory_mb, self.memory_mb)

    def as_json(self) -> dict[str, float]:
        """For the journal."""
        return {
            "written": self.written,
            "frames": self.frames,
            "failures": self.failures,
            "joined_s": round(self.began_s, 1),
            "seconds": round(self.last_s - self.began_s, 1),
            "memory_mb": round(self.memory_mb),
            "peak_memory_mb": round(self.peak_memory_mb),
        }


@dataclass
class Standing:
    """How a run stands, summed up clip by clip.

    Args:
        total: clips that it is to make.
        made: indices of those that are written.
        reasons: why attempts failed: how many attempts, how many clips, and how many clips were given up.
        machines: by name.
        silent_after_s: a machine of which nothing was heard for longer is taken to be gone.
    """

    total: int
    made: list[int] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    rejections: Counter[Rejection] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    reasons: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    machines: dict[str, Machine] = field(default_factory=dict)
    trace: str = ""
    silent_after_s: float = SILENT_S
    _began_s: float = field(default_factory=time.perf_counter)
    _lately: deque[tuple[float, int]] = field(default_factory=lambda: deque([(0.0, 0)]))  # (seconds, clips done)

    def add(self, report: ClipReport) -> None:
        """Count a clip."""
        now_s = self.elapsed_s
        self.statuses[report.status] += 1
        self.made += [report.index] if report.status == "written" else []
        self.rejections.update(report.rejections)
        for stage, seconds in report.seconds.items():
            self.seconds[stage] += seconds
        for reason, attempts in Counter(reasons(report)).items():
            self.reasons[reason].update(attempts=attempts, clips=1, lost=int(report.status in GIVEN_UP))
        self._machine(report, now_s).add(report, now_s, now_s - self.silent_after_s)
        self.trace = self.trace or report.trace
        self._note_rate(now_s)

    def _machine(self, report: ClipReport, now_s: float) -> Machine:
        """The machine that made a clip; others than this one may have joined late."""
        if report.host not in self.machines:
            is_here = report.host == platform.node()
            self.machines[report.host] = Machine(began_s=0.0 if is_here else max(now_s - sum(report.seconds.values()), 0.0))
        return self.machines[report.host]

    def _note_rate(self, now_s: float) -> None:
        if now_s - self._lately[-1][0] >= 1:
            self._lately.append((now_s, self.done))
        while len(self._lately) > 1 and self._lately[1][0] < now_s - RATE_OVER_S:
            self._lately.popleft()

    @property
    def elapsed_s(self) -> float:
        return time.perf_counter() - self._began_s

    @property
    def done(self) -> int:
        return self.statuses.total()

    @property
    def frames(self) -> int:
        return sum(each.frames for each in list(self.machines.values()))

    @property
    def failures(self) -> int:
        """Attempts that crashed, hung or raised an error."""
        return sum(each.failures for each in list(self.machines.values()))

    @property
    def memory_mb(self) -> float:
        """Resident memory of all workers, as of the last clip of each machine at work."""
        return sum(each.memory_mb for each in self.at_work)

    @property
    def at_work(self) -> list[Machine]:
        """The machines of which something was heard lately."""
        since_s = self.elapsed_s - self.silent_after_s
        return [each for each in list(self.machines.values()) if each.last_s >= since_s]

    @property
    def clips_per_min(self) -> float:
        """Of the last minutes."""
        since_s, before = self._lately[0]
        return 60 * (self.done - before) / max(self.elapsed_s - since_s, 1e-9)

    @property
    def left_s(self) -> float | None:
        """About how long the rest takes; None before anything is done."""
        return 60 * (self.total - self.done) / self.clips_per_min if self.clips_per_min else None

    def as_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "done": self.done,
            "total": self.total,
            "written": len(self.made),
            "rejected": self.rejections.total(),
            "failures": self.failures,
            "quarantined": self.statuses["quarantined"],
            "exhausted": self.statuses["exhausted"],
            "clips_per_min": round(self.clips_per_min, 2),
            "eta_s": None if self.left_s is None else round(self.left_s),
            "memory_mb": round(self.memory_mb),
            "seconds_elapsed": round(self.elapsed_s, 1),
            "hosts": {name: each.as_json() for name, each in self.machines.items()},
        }


def reasons(report: ClipReport) -> tuple[str, ...]:
    """Why attempts at a clip failed, each in one line."""
    return tuple(" ".join(each.split()) for each in report.failures)
