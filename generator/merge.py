"""Make one whole of what shards have made: ``python -m generator.merge DIR`` checks the clips and writes the index anew.

Shards do this too when they end; this is for afterwards, when they were killed, or made by machines that know nothing of each other.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from conf.command_line import BAD_INPUT, CONVERTER, DONE, INCOMPLETE, INTERRUPTED
from conf.progress import Progress, console_of
from generator.dataset import RUNS, Dataset, Unwritable
from generator.description import DATASET_JSON, described
from generator.journal import read_runs
from generator.options import CHECKS, CHOSEN_FROM, GenerateOptions, command
from generator.report import machine_table, quarantine_lines, retry_line
from qa_templates.curriculum import curriculum_of

MOST_NAMED = 10
CLOCK_S = 1.0  # to which it is known when a run began
EPILOGUE = """exit codes: 0 if every clip is there; 1 if some are missing, damaged or quarantined, with the commands that make them;
2 for bad input. What runs that are at work have made so far is taken as well."""


Span = tuple[float, float, float]  # from when to when, in seconds, and how much of something is held then


@dataclass(frozen=True)
class Stock:
    """What there is of a data set. ``damaged`` is the reason by clip; of the missing clips some are quarantined, or damaged as well."""

    expected: int
    missing: tuple[int, ...]
    damaged: Mapping[int, str]
    quarantined: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        return not self.missing and not self.damaged


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        return merge(asked.folder.expanduser(), asked.num_videos, asked.check, console_of(sys.stdout))
    except (ValueError, Unwritable) as error:
        print(f"generator.merge: {error}", file=sys.stderr)
        return INCOMPLETE if isinstance(error, Unwritable) else BAD_INPUT
    except KeyboardInterrupt:
        print("generator.merge: interrupted; the clips are as they were", file=sys.stderr)
        return INTERRUPTED


def merge(root: Path, num_videos: int | None, check: str, console: Console) -> int:
    """Take stock of a data set, write its index anew, and say what is missing; returns the exit code.

    Args:
        num_videos: clips that there should be; None for as many as the runs were asked for, or as the highest clip tells.
        check: as in `Dataset.examined`.

    Raises:
        ValueError: the folder holds no data set.
        Unwritable: the index cannot be written.
    """
    if not (root / DATASET_JSON).is_file():
        raise ValueError(f"{root} holds no data set ({DATASET_JSON} is missing): give the folder that the shards share")
    dataset, options, runs = Dataset.of(root), options_of(root), read_runs(root / RUNS)
    if not dataset.tidy():
        console.print("A run is at work here, or was on a drive that cannot lock: what it has made so far is taken.", soft_wrap=True)
    stock = take_stock(dataset, num_videos or expected(dataset, runs), check, console)
    published = dataset.publish()
    if machines := sum_up(runs):
        console.print(machine_table(machines))
    for line in _said(stock, dataset, replace(options, num_videos=stock.expected)):
        console.print(escape(line), soft_wrap=True)
    clips = f"{published} of {stock.expected} clips are in {root}"
    console.print(escape(f"{clips}: questions in video_info.meta.jsonl, described in README.md."), soft_wrap=True)
    return DONE if stock.is_whole else INCOMPLETE


def expected(dataset: Dataset, runs: Iterable[Mapping[str, Any]]) -> int:
    """How many clips there should be: as many as a run was asked for, and no fewer than the highest clip on disk tells."""
    asked = max(filter(None, (run["num_videos"] for run in runs)), default=0)
    more = dataset.keys - {dataset.key(index) for index in range(asked)}  # nothing else need be read
    return max((asked, *(index + 1 for index in _indices(dataset, more))))


def _indices(dataset: Dataset, keys: Iterable[str]) -> Iterable[int]:
    """Of those clips on disk whose annotation can be read."""
    for key in keys:
        try:
            index = json.loads(dataset.annotation(key).read_bytes())["index"]
        except (OSError, ValueError, TypeError, KeyError):
            continue
        if isinstance(index, int) and dataset.key(index) == key:
            yield index


def take_stock(dataset: Dataset, count: int, check: str, console: Console) -> Stock:
    """What there is of the first ``count`` clips."""
    missing = dataset.missing(range(count))
    damaged: dict[int, str] = {}
    with Progress(console, count, "clips checked") as progress:
        for index, reason in dataset.examined(range(count), check):
            progress.add(1)
            damaged |= {index: reason} if reason else {}
    return Stock(count, tuple(missing), damaged, tuple(dataset.quarantined(missing)))


def _said(stock: Stock, dataset: Dataset, options: GenerateOptions) -> Iterable[str]:
    """What is not as it should be, and the commands that mend it."""
    for index, reason in list(stock.damaged.items())[:MOST_NAMED]:
        yield f"clip {index} is damaged: {reason}"
    if (more := len(stock.damaged) - MOST_NAMED) > 0:
        yield f"and {more} more are damaged"
    yield from quarantine_lines(dataset, stock.quarantined)
    told = {*stock.quarantined, *stock.damaged}
    lost = [index for index in stock.missing if index not in told]
    if lost:
        named = ", ".join(map(str, lost[:MOST_NAMED]))
        yield f"{len(lost)} of {stock.expected} clips were not made: {named}{', …' if len(lost) > MOST_NAMED else ''}"
    if lost or stock.damaged:
        yield f"To make them: {command(options, num_videos=stock.expected)}"
    if stock.quarantined:
        yield retry_line(options, num_videos=stock.expected)


def sum_up(runs: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """What each machine has done in all runs: as `Machine.as_json` tells it of one.

    Where several were at work side by side, as shards are, their time counts once, and their memory adds up.
    """
    machines: dict[str, Counter[str]] = {}
    spans: dict[str, list[Span]] = {}
    for run in runs:
        for name, told in run["hosts"].items():
            began_s = datetime.fromisoformat(run["began"]).timestamp() + told.get("joined_s", 0.0)
            machines.setdefault(name, Counter()).update(told)
            spans.setdefault(name, []).append((began_s, began_s + told["seconds"], told["peak_memory_mb"]))
    return {
        name: {**told, "seconds": _covered_s(spans[name]), "peak_memory_mb": _most_at_once(spans[name])} for name, told in machines.items()
    }


def _covered_s(spans: Iterable[Span]) -> float:
    """The length of all spans together."""
    covered_s, until_s = 0.0, float("-inf")
    for begin_s, end_s, _ in sorted(spans):
        covered_s += max(0.0, end_s - max(begin_s, until_s))
        until_s = max(until_s, end_s)
    return covered_s


def _most_at_once(spans: Sequence[Span]) -> float:
    """The largest sum of what holds at the same time; spans that but touch do not."""
    together = (sum(held for begin_s, end_s, held in spans if begin_s <= now_s < end_s - CLOCK_S) for now_s, _, _ in spans)
    return max(*together, *(held for _, _, held in spans))


def options_of(root: Path) -> GenerateOptions:
    """The options that a data set was made with, as `generator.options.content` wrote them down; who made it, and how many, is not."""
    told = described(root)["configuration"]
    settings: dict[str, Any] = {"out": str(root)}
    for key, value in told.items():
        if key != "curriculum" and not (key in CHOSEN_FROM and list(value) == list(CHOSEN_FROM[key])):
            _set(settings, key.split("."), value)
    options = CONVERTER.structure(settings, GenerateOptions)
    return replace(options, curriculum=curriculum_of(told["curriculum"])) if "curriculum" in told else options


def _set(settings: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        settings = settings.setdefault(name, {})
    settings[path[-1]] = value


def _parser() -> argparse.ArgumentParser:
    first, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(prog="python -m generator.merge", description=first.partition(": ")[0] + "." + rest, epilog=EPILOGUE)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the data set, as the shards share it")
    told = "clips that there should be (default: as many as the runs were asked for, or as the highest clip tells)"
    parser.add_argument("--num-videos", type=_count, metavar="N", help=told)
    told = "look at every byte, at the annotations and the sizes of files, or at nothing of a clip (default: sizes)"
    parser.add_argument("--check", choices=CHECKS, default="sizes", help=told)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give a number of clips, 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
