"""What a run shows: progress while it lasts, and a closing table."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from generator.options import GenerateOptions, command
from generator.pipeline import ClipReport, Rejection

LINE_EVERY_S = 15.0  # where there is no terminal to draw a bar on
MOST_ROWS = 15


class Progress:
    """Clips done, takes rejected and the time left: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._done = self._rejected = 0
        self._began_s = self._shown_s = time.perf_counter()
        self._bar = progress.Progress(
            progress.TextColumn("{task.completed} of {task.total} clips"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[rejected]} takes rejected"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(),
            console=console,
            speed_estimate_period=600,
            disable=not console.is_terminal or total == 0,
        )
        self._task = self._bar.add_task("clips", total=total, rejected=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def add(self, report: ClipReport) -> None:
        """Count a clip."""
        self._done += 1
        self._rejected += report.rejections.total()
        self._bar.update(self._task, completed=self._done, rejected=self._rejected)
        now_s = time.perf_counter()
        if not self._console.is_terminal and now_s - self._shown_s > LINE_EVERY_S:
            self._shown_s = now_s
            left_s = (now_s - self._began_s) / self._done * (self._total - self._done)
            self._console.print(f"{self._done} of {self._total} clips, {self._rejected} takes rejected, about {_duration(left_s)} left")

    def note(self, message: str) -> None:
        """Say something above the bar."""
        self._console.print(escape(message), soft_wrap=True)


class Summary:
    """The closing table, summed up clip by clip."""

    def __init__(self, options: GenerateOptions, root: Path, skipped: int) -> None:
        self.published = 0
        self._options, self._root, self._skipped = options, root, skipped
        self._statuses: Counter[str] = Counter()
        self._stages = Counter({} if options.curriculum is None else dict.fromkeys(options.curriculum.shares, 0))  # clips written for each
        self._rejections: Counter[Rejection] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._frames = 0
        self._began_s = time.perf_counter()
        self._trace = ""

    @property
    def failed(self) -> int:
        return self._statuses.total() - self._statuses["written"]

    def add(self, report: ClipReport) -> None:
        """Count a clip."""
        self._statuses[report.status] += 1
        here = self._options.turn(report.index)
        if here is not None and report.status == "written":
            self._stages[here.stage.name] += 1
        self._rejections.update(report.rejections)
        for stage, seconds in report.seconds.items():
            self._seconds[stage] += seconds
        self._frames += report.frames
        self._trace = self._trace or report.trace

    def print(self, console: Console) -> None:
        """Clips, rejected takes, time, and where the data are."""
        if self._trace:
            console.print("The first clip that failed for a reason of its own:", escape(self._trace), sep="\n", soft_wrap=True)
        if self._rejections:
            console.print(self._rejection_table())
        if self._seconds:
            console.print(self._stage_table())
        console.print(self._clip_table())
        console.print(
            f"{self.published} clips are in {escape(str(self._root))}: questions in video_info.meta.jsonl, described in README.md.",
            soft_wrap=True,
        )
        console.print(f"{'To try again' if self.failed else 'For more'}: {escape(self._next())}", soft_wrap=True)

    def _next(self) -> str:
        if self.failed or self._options.only is not None:
            return command(self._options, only=None)
        return command(self._options, num_videos=2 * self._options.num_videos)

    def _clip_table(self) -> Table:
        elapsed_s = time.perf_counter() - self._began_s
        table = Table("clips", "", title="This run", title_justify="left")
        table.add_row("written", str(self._statuses["written"]))
        for name, count in self._stages.items():
            table.add_row(f"  for stage {escape(name)}", str(count))
        table.add_row("already there", str(self._skipped))
        for status in sorted(self._statuses.keys() - {"written"}):
            table.add_row(status, f"[red]{self._statuses[status]}[/red]")
        table.add_row("time", _duration(elapsed_s))
        table.add_row("clips per minute", f"{60 * self._statuses['written'] / elapsed_s:.1f}")
        if self._frames:
            table.add_row("frames per second", f"{self._frames / elapsed_s:.1f}")
        return table

    def _rejection_table(self) -> Table:
        table = Table("stage", "reason", "template", "intended answer", "takes", title="Rejected takes", title_justify="left")
        for (stage, reason, template, answer), count in self._rejections.most_common(MOST_ROWS):
            table.add_row(stage, reason, template, escape(answer), str(count))
        others = self._rejections.total() - sum(count for _, count in self._rejections.most_common(MOST_ROWS))
        if others:
            table.add_row("others", "", "", "", str(others))
        table.add_section()
        for stage, count in self._by_stage().most_common():
            table.add_row(stage, "all", "", "", str(count))
        return table

    def _by_stage(self) -> Counter[str]:
        stages: Counter[str] = Counter()
        for (stage, *_), count in self._rejections.items():
            stages[stage] += count
        return stages

    def _stage_table(self) -> Table:
        clips = max(self._statuses.total(), 1)
        table = Table("stage", "seconds", "per clip", "share", title="Where the workers' time went", title_justify="left")
        total = sum(self._seconds.values())
        for stage, seconds in sorted(self._seconds.items(), key=lambda each: -each[1]):
            table.add_row(stage, f"{seconds:.1f}", f"{seconds / clips:.3f}", f"{seconds / total:.0%}")
        return table


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
