"""Which machines of a cluster can be relied on, as long as a run lasts.

A clip that fails on a machine which makes others is itself to blame. Where clip after clip fails on one machine while others make theirs,
the machine is: it lacks a library, say, or its disk is full. It is left out, and its clips are handed out again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from generator.pipeline import ClipReport

GIVE_UP_AFTER = 5  # clips that fail before any was made: the options or the machine are to blame
LOST_AFTER = 20  # clips that crash one after the other, when some were made before: the machine is


class Trust:
    """Holds reports of clips that failed back, until it is clear who is to blame.

    Args:
        machines: addresses of those that are there now.
        leave_out: called with the address of a machine that is to get no more work, and the reason.
    """

    def __init__(self, machines: Callable[[], set[str]], leave_out: Callable[[str, str], None]) -> None:
        self._machines, self._leave_out = machines, leave_out
        self._able: set[str] = set()  # machines that have made clips
        self._lost: set[str] = set()  # machines that are left out
        self._held: dict[str, list[ClipReport]] = defaultdict(list)  # what failed on a machine since it last made a clip
        self._away = Counter[str]()  # how often in a row a machine could not even try

    def refused(self, machine: str, reason: str) -> bool:
        """Take note of a machine that says that it cannot work for the run; returns whether the others can go on without it."""
        if machine not in self._lost and self._able - {machine}:
            self._lose(machine, reason)
        return machine in self._lost

    def away(self, machine: str) -> None:
        """Take note of a machine that cannot reach the data set at the moment; where others still can, it is left out after a while."""
        self._away[machine] += 1
        if self._away[machine] >= LOST_AFTER and any(not self._away[other] for other in self._able - {machine}):
            self.refused(machine, "it cannot reach the data set any more, while others can")

    def told(self, machine: str, report: ClipReport) -> list[ClipReport]:
        """What is certain now that a machine has reported on a clip."""
        self._away.pop(machine, None)
        if report.status == "failed":
            if machine not in self._lost:
                self._held[machine].append(report)
            return self._judged()
        if report.status != "written":
            return [report]
        self._able.add(machine)
        return [*self._held.pop(machine, []), report, *self._judged()]

    def rest(self) -> list[ClipReport]:
        """What is certain when all machines have reported."""
        for machine in set(self._held) - self._able if self._able else set():
            self._lose(machine, self._failing(machine))
        return self._taken()

    def _judged(self) -> list[ClipReport]:
        for machine, held in list(self._held.items()):
            if len(held) >= self._limit(machine) and self._able - {machine}:
                self._lose(machine, self._failing(machine))
        if not self._held:
            return []
        there = self._machines() - self._lost
        are_all_failing = all(len(self._held.get(machine, [])) >= self._limit(machine) for machine in there)
        return self._taken() if len(there) < 2 or are_all_failing else []

    def _limit(self, machine: str) -> int:
        return LOST_AFTER if machine in self._able else GIVE_UP_AFTER

    def _failing(self, machine: str) -> str:
        held = self._held[machine]
        return f"{len(held)} clips failed there one after the other, while others are made elsewhere; the last: {held[-1].failures[-1]}"

    def _lose(self, machine: str, reason: str) -> None:
        self._able.discard(machine)
        self._lost.add(machine)
        self._held.pop(machine, None)
        self._leave_out(machine, reason)

    def _taken(self) -> list[ClipReport]:
        taken = [report for held in self._held.values() for report in held]
        self._held.clear()
        return taken
