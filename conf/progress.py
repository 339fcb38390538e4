"""What is done and how long the rest takes: a bar on a terminal, else a line now and then; and the console on which that is said."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self, TextIO

from rich import progress
from rich.console import Console

LINE_EVERY_S = 15.0  # where there is no terminal to draw a bar on
PLAIN_WIDTH = 120  # of tables in a file
WIDE = 140  # the same, of tables of many columns


def console_of(stream: TextIO, quiet: bool = False, plain_width: int = PLAIN_WIDTH) -> Console:
    """A console on a stream; when nobody reads that any more, or it has no room, the work goes on unheard.

    Args:
        plain_width: of tables, in characters, where the stream is no terminal.
    """
    heard = _Heard(stream)
    return Console(file=heard, highlight=False, width=None if heard.isatty() else plain_width, quiet=quiet)  # type: ignore[arg-type]


class _Heard(io.TextIOBase):
    """What is written to a stream, for as long as that takes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """By which rich chooses the lines of its tables."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        with self._forgiven():
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
        return len(text)

    def flush(self) -> None:
        with self._forgiven():
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """What the stream did not take leads nowhere, also when Python empties its buffer in the end."""
        try:
            yield
        except OSError:
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # a stream that is no file has no number
                os.dup2(nowhere.fileno(), self._stream.fileno())


class Progress:
    """Counts things done, of ``total``.

    with Progress(console, 200, "questions") as progress:
        progress.add(16)
        progress.add(1, "two of them were left out")

    Args:
        first: how many were done before; the time that is left is not reckoned from them.
    """

    def __init__(self, console: Console, total: int, things: str, first: int = 0) -> None:
        self._console, self._total, self._things = console, total, things
        self._first = self._done = first
        self._began_s = self._shown_s = time.perf_counter()
        self._bar = progress.Progress(
            progress.TextColumn(f"{{task.completed}} of {{task.total}} {things}"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[note]}"),
            progress.TimeElapsedColumn(),
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(),
            console=console,
            speed_estimate_period=600,
            disable=not (console.is_terminal and total) or console.quiet,
        )
        self._task = self._bar.add_task(things, total=total, completed=first, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    @property
    def elapsed_s(self) -> float:
        """Since this was made."""
        return time.perf_counter() - self._began_s

    def add(self, done: int, note: str = "") -> None:
        """Count so many more, and say ``note`` beside them."""
        self._done += done
        self._bar.update(self._task, completed=self._done, note=note)
        now_s = time.perf_counter()
        if not self._console.is_terminal and now_s - self._shown_s > LINE_EVERY_S:
            self._shown_s = now_s
            self._console.print(self._line(note), soft_wrap=True, markup=False)

    def _line(self, note: str) -> str:
        left_s = self.elapsed_s / max(1, self._done - self._first) * (self._total - self._done)
        said = f", {note}" if note else ""
        return f"{self._done} of {self._total} {self._things}{said}, about {duration(left_s)} left"


def duration(seconds: float) -> str:
    """As in 1 h 05 min, 2 min 03 s, 4 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def size(megabytes: float) -> str:
    """As in 1.3 GB, 214 MB."""
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
