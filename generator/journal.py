"""What is told of runs, line by line, for dashboards: ``runs/progress.jsonl`` in a data set, ``runs/progress-2of4.jsonl`` of a shard.

This is the only file that reads the clock: what it writes names machines and times, which the data do not.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from generator.options import shard_name

log = logging.getLogger(__name__)

EVERY_S = 5.0  # between two lines about a run in progress
HOSTS_EVERY_S = 60.0  # between two of these that tell of each machine: there may be hundreds
STEM = "progress"
Event = Literal["begin", "progress", "end"]
RUN = ("began", "host", "pid", "shard")  # keys that tell a run from all others
WHOLE = {*RUN, "num_videos"}  # keys of which every line has all


def utc_now() -> str:
    """The time, as in 2026-11-23T03:10:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file_of(folder: Path, shard: str) -> Path:
    """The journal of a shard, in the folder of all; network drives do not append for two."""
    return folder / f"{shard_name(STEM, shard)}.jsonl"


class Journal:
    """Appends to the journal of a run. It stops no run: what cannot be written is not.

    Args:
        folder: of the journals; it is made.
        shard: of the run, as in ``"2/4"``; each has its own file.
    """

    def __init__(self, folder: Path, shard: str) -> None:
        self._path = file_of(folder, shard)
        self._run = {"began": utc_now(), "host": platform.node(), "pid": os.getpid(), "shard": shard}
        self._is_refused = False
        self._wrote_s = self._told_hosts_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether the last line is some seconds old."""
        return time.monotonic() - self._wrote_s >= EVERY_S

    def write(self, event: Event, figures: Mapping[str, Any]) -> None:
        """Append a line."""
        self._wrote_s = time.monotonic()
        if event == "progress" and self._wrote_s - self._told_hosts_s < HOSTS_EVERY_S:
            figures = {name: figure for name, figure in figures.items() if name != "hosts"}
        else:
            self._told_hosts_s = self._wrote_s
        line = json.dumps({"time": utc_now(), **self._run, "event": event, **figures})
        try:
            self._append(line.encode() + b"\n")
        except OSError as error:
            if not self._is_refused:
                log.warning("%s is not written: %s", self._path, error.strerror)
            self._is_refused = True

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+", buffering=0) as stream:
            if end := stream.seek(0, os.SEEK_END):
                stream.seek(end - 1)
                line = line if stream.read(1) == b"\n" else b"\n" + line  # the last writer was killed, or found no room
            stream.write(line)


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """What was last said of each run, of all journals in a folder; lines that were cut off are left out."""
    runs: dict[tuple[Any, ...], dict[str, Any]] = {}
    for path in sorted(folder.glob(f"{STEM}*.jsonl")):
        for line in _whole_lines(path):
            name = tuple(line[key] for key in RUN)
            runs[name] = {"hosts": {}, **runs.get(name, {}), **line}
    return list(runs.values())


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for text in stream:
            with suppress(ValueError):  # it was cut off
                line = json.loads(text)
                if isinstance(line, dict) and line.keys() >= WHOLE:
                    yield line
