"""What a run shows: how it stands while it lasts, and a closing table."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Column, Table

from conf.progress import LINE_EVERY_S, duration, size
from generator.dataset import RUNS, Dataset
from generator.journal import Journal
from generator.options import WHOLE, GenerateOptions, command, merge_command
from generator.pipeline import ClipReport
from generator.standing import GIVEN_UP, Standing, reasons

MOST_ROWS = 15
MOST_QUARANTINED = 10
DRAWN_HZ = 2.0
LOOK_EVERY_S = 1.0  # whether something is to be said
UNWRITABLE = "could not be written"  # of the index, as the next one
ELSEWHERE = "is being written by another run, with these clips"
WIDEST = 110  # columns


class Progress:
    """Tells how a run stands, for as long as it is entered: on a terminal a display of all workers, else a line now and then; what fails
    is said as it happens; and a journal for programs is kept in the data set.
    """

    def __init__(self, console: Console, standing: Standing, options: GenerateOptions, dataset: Dataset) -> None:
        self._console, self._standing, self._options = console, standing, options
        self._journal = Journal(dataset.root / RUNS, options.shard)
        self._shown_s = time.perf_counter()
        self._lock, self._is_over = threading.Lock(), threading.Event()
        self._clock = threading.Thread(target=self._tell_now_and_then, name="progress", daemon=True)
        self._live = Live(console=console, get_renderable=self._display, refresh_per_second=DRAWN_HZ)

    def __enter__(self) -> Self:
        self._journal.write("begin", self._told())
        if self._console.is_terminal and not self._console.quiet:
            self._live.start()
        self._clock.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._clock.join(5 * LOOK_EVERY_S)
        self._live.stop()
        self._journal.write("end", {**self._told(), "outcome": "done" if error is None else str(error) or "interrupted"})

    def add(self, report: ClipReport) -> None:
        """Count a clip."""
        with self._lock:
            self._standing.add(report)
        for line in self._notes(report):
            self._console.print(escape(line), soft_wrap=True)
        self._tell()

    def _tell_now_and_then(self) -> None:
        """Also while no clip ends for a long time, so that a slow run is not taken for a dead one."""
        while not self._is_over.wait(LOOK_EVERY_S):
            self._tell()

    def _tell(self) -> None:
        """Say how the run stands, to programs and to people, where the last word on it is some seconds old."""
        with self._lock:
            if self._journal.is_due:
                self._journal.write("progress", self._told())
            if not self._console.is_terminal and time.perf_counter() - self._shown_s > LINE_EVERY_S:
                self._shown_s = time.perf_counter()
                self._console.print(f"{self._clips()}, {self._rate()}; {', '.join(self._counts())}", soft_wrap=True)

    def _told(self) -> dict[str, Any]:
        asked = self._options.num_videos if self._options.only is None else None  # who makes one clip again says nothing of the others
        return {"num_videos": asked, **self._standing.as_json()}

    def _notes(self, report: ClipReport) -> Iterator[str]:
        """What went wrong with a clip, line by line."""
        retried = reasons(report)[:-1] if report.status in ("failed", "quarantined") else reasons(report)
        for attempt, reason in enumerate(retried, start=1):
            yield f"clip {report.index} failed at attempt {attempt}, and was tried again: {reason}"
        if report.status in GIVEN_UP:
            yield report.message

    def _display(self) -> RenderableType:
        now = self._standing
        line = Table.grid("", Column(ratio=1), "", padding=(0, 1))
        line.width = min(self._console.width, WIDEST)
        line.add_row(self._clips(), ProgressBar(now.total, now.done), f"{duration(now.elapsed_s)}, {self._rate()}")
        return Group(line, " · ".join(self._counts(coloured=True)))

    def _clips(self) -> str:
        return f"{self._standing.done} of {self._standing.total} clips"

    def _rate(self) -> str:
        left_s = self._standing.left_s
        return "no clip yet" if left_s is None else f"{self._standing.clips_per_min:.1f} a minute, about {duration(left_s)} left"

    def _counts(self, coloured: bool = False) -> Iterator[str]:
        """As in "3 failed attempts": what is not as it should be in colour."""
        now = self._standing
        yield _counted(now.rejections.total(), "take rejected", "takes rejected")
        for count, colour, words in (
            (now.failures, "yellow", ("failure", "failures")),
            (now.statuses["quarantined"], "red", ("quarantined", "quarantined")),
            (now.statuses["exhausted"], "red", ("exhausted", "exhausted")),
        ):
            told = _counted(count, *words)
            yield f"[{colour}]{told}[/{colour}]" if coloured and count else told
        if now.memory_mb:
            where = f" on {len(now.at_work)} machines" if len(now.at_work) > 1 else ""
            yield f"{size(now.memory_mb)} in use{where}"


@dataclass(frozen=True)
class Summary:
    """The closing table of a run.

    Args:
        standing: what the run has come to.
        there: clips that were there before.
        left_out: quarantined clips of earlier runs, which were not tried again.
        published: clips in the index; or why it is not written, as in "the index could not be written".
        is_stopped: whether the run stopped early of itself.
    """

    options: GenerateOptions
    standing: Standing
    dataset: Dataset
    there: int = 0
    left_out: int = 0
    published: int | str = UNWRITABLE
    is_stopped: bool = False

    def print(self, console: Console) -> None:
        """Rejected takes, failures, time, machines, clips, where the data are, and what can be done next.

        A quiet console gets the line alone that says where the data are.
        """
        now = self.standing
        if now.trace:
            console.print("The first clip that failed for a reason of its own:", escape(now.trace), sep="\n", soft_wrap=True)
        if now.rejections:
            console.print(self._rejection_table())
        if now.reasons:
            console.print(self._failure_table())
        if now.seconds:
            console.print(self._stage_table())
        if len(now.machines) > 1:
            console.print(machine_table({name: each.as_json() for name, each in now.machines.items()}))
        console.print(self._clip_table())
        quarantined = self.dataset.quarantined(self.options.indices)
        for line in (*quarantine_lines(self.dataset, quarantined), *self._next(bool(quarantined))):
            console.print(escape(line), soft_wrap=True)
        console.quiet = False
        console.print(escape(self._place()), soft_wrap=True)

    @property
    def lacking(self) -> int:
        """Clips that were asked for and are not there."""
        return self.standing.total - len(self.standing.made) + self.left_out

    def _place(self) -> str:
        lacking = f"; {_counted(self.lacking, 'clip is', 'clips are')} missing of those asked for" if self.lacking else ""
        if isinstance(self.published, str):
            return f"The clips are in {self.dataset.root}; the index {self.published}{lacking}."
        where = "questions in video_info.meta.jsonl, described in README.md"
        return f"{_counted(self.published, 'clip is', 'clips are')} in {self.dataset.root}: {where}{lacking}."

    def _next(self, are_some_quarantined: bool) -> Iterator[str]:
        """What can be done next, each with its command."""
        options, now = self.options, self.standing
        if self.is_stopped:
            yield f"To go on: {command(options)}"
        if now.statuses["failed"]:
            yield f"To try again: {command(options)}"
        if are_some_quarantined:
            yield retry_line(options)
        if now.statuses["exhausted"]:
            yield f"To try exhausted clips with more takes: {command(options, max_attempts=2 * options.max_attempts)}"
        if not self.lacking:
            yield self._more()

    def _more(self) -> str:
        options = replace(self.options, farm=replace(self.options.farm, retry_quarantined=False))
        if options.only is not None:
            return f"For all clips: {command(options, only=None)}"
        if options.shard != WHOLE:
            return f"When all shards have ended: {merge_command(options)}"
        return f"For more: {command(options, num_videos=2 * options.num_videos)}"

    def _clip_table(self) -> Table:
        now = self.standing
        table = Table("clips", "", title="This run", title_justify="left")
        table.add_row("written", str(len(now.made)))
        for name, count in self._by_stage_of_curriculum().items():
            table.add_row(f"  for stage {escape(name)}", str(count))
        table.add_row("already there", str(self.there))
        lost = {status: now.statuses[status] for status in sorted(now.statuses.keys() - {"written"})}
        for name, count in (lost | {"quarantined before": self.left_out, "not made": now.total - now.done}).items():
            if count:
                table.add_row(name, f"[red]{count}[/red]")
        if now.failures:
            table.add_row("attempts that failed", f"[yellow]{now.failures}[/yellow]")
        table.add_row("time", duration(now.elapsed_s))
        table.add_row("clips per minute", f"{60 * len(now.made) / now.elapsed_s:.1f}")
        if now.frames:
            table.add_row("frames per second", f"{now.frames / now.elapsed_s:.1f}")
        return table

    def _by_stage_of_curriculum(self) -> Counter[str]:
        """Clips written for each stage of the curriculum, if there is one."""
        shares = {} if self.options.curriculum is None else self.options.curriculum.shares
        turns = map(self.options.turn, self.standing.made if shares else ())
        written = Counter(turn.stage.name for turn in turns if turn is not None)
        return Counter({name: written[name] for name in shares})

    def _failure_table(self) -> Table:
        columns = ("reason", "attempts", "clips", "of these given up")
        table = Table(*columns, title="Attempts that failed", title_justify="left")
        told = sorted(self.standing.reasons.items(), key=lambda each: -each[1]["attempts"])
        for reason, counts in told[:MOST_ROWS]:
            table.add_row(escape(reason), *(str(counts[name]) for name in ("attempts", "clips", "lost")))
        if others := sum((counts for _, counts in told[MOST_ROWS:]), Counter()):
            table.add_row("others", *(str(others[name]) for name in ("attempts", "clips", "lost")))
        return table

    def _rejection_table(self) -> Table:
        rejections = self.standing.rejections
        table = Table("stage", "reason", "template", "intended answer", "takes", title="Rejected takes", title_justify="left")
        for (stage, reason, template, answer), count in rejections.most_common(MOST_ROWS):
            table.add_row(stage, reason, template, escape(answer), str(count))
        others = rejections.total() - sum(count for _, count in rejections.most_common(MOST_ROWS))
        if others:
            table.add_row("others", "", "", "", str(others))
        table.add_section()
        for stage, count in self._by_stage().most_common():
            table.add_row(stage, "all", "", "", str(count))
        return table

    def _by_stage(self) -> Counter[str]:
        stages: Counter[str] = Counter()
        for (stage, *_), count in self.standing.rejections.items():
            stages[stage] += count
        return stages

    def _stage_table(self) -> Table:
        clips, spent = max(self.standing.done, 1), self.standing.seconds
        table = Table("stage", "seconds", "per clip", "share", title="Where the workers' time went", title_justify="left")
        total = sum(spent.values())
        for stage, seconds in sorted(spent.items(), key=lambda each: -each[1]):
            table.add_row(stage, f"{seconds:.1f}", f"{seconds / clips:.3f}", f"{seconds / total:.0%}")
        return table


def machine_table(machines: Mapping[str, Mapping[str, float]]) -> Table:
    """What each machine has done, out of what `Machine.as_json` tells of it."""
    columns = ("machine", "clips", "at work", "clips per minute", "frames per second", "failed attempts", "memory, at most")
    table = Table(*columns, title="Machines", title_justify="left")
    for name, told in sorted(machines.items()):
        seconds = max(told["seconds"], 1e-9)
        rates = (f"{60 * told['written'] / seconds:.1f}", f"{told['frames'] / seconds:.1f}" if told["frames"] else "")
        memory = size(told["peak_memory_mb"]) if told["peak_memory_mb"] else ""
        table.add_row(escape(name), str(told["written"]), duration(seconds), *rates, str(told["failures"]), memory)
    return table


def quarantine_lines(dataset: Dataset, quarantined: Sequence[int]) -> Iterator[str]:
    """Which clips are quarantined, why, and how to make each of the first few alone."""
    for index in quarantined[:MOST_QUARANTINED]:
        record = dataset.quarantine_record(index)
        yield f"clip {index} ({record['key']}) is quarantined: {record['failures'][-1]}"
        yield f"  {record['reproduce']}"
    if (more := len(quarantined) - MOST_QUARANTINED) > 0:
        yield f"and {more} more, in {dataset.root / RUNS / 'quarantine'}"


def left_to_merge(options: GenerateOptions) -> str:
    """Why the index is not written, where that would take too long now."""
    return f"is written when all is made, or by {merge_command(options)}"


def retry_line(options: GenerateOptions, **changes: Any) -> str:
    """How clips in quarantine are tried again, by the command of a run with these options after the changes."""
    again = command(options, **changes, farm=replace(options.farm, retry_quarantined=True))
    return f"To try quarantined clips again, when what made them fail is mended: {again}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
