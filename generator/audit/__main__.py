"""How far one gets without seeing motion: ``python -m generator.audit DATASET`` says, and fails where that is further than it should be."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from conf.progress import WIDE, Progress, console_of
from generator import certificate
from generator.audit import findings, items
from generator.audit.findings import Result
from generator.audit.guessers import Guesser, answers, guessers
from generator.audit.intervals import Score
from generator.audit.items import Item
from generator.farm import parallel_map
from generator.reader import DatasetReader, NoDataset

NO_SHORTCUT, SHORTCUT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
EXAMINED = ("annotations", "trajectories", "videos")  # folders: whose files an audit reads
WORST = 5  # templates that are listed of each kind of guesser
KINDS = {"text": "Text alone", "metadata": "Text and metadata", "still": "One frame and text", "unordered": "Frames without order and text"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 0 only if no shortcut was found."""
    given = _parser().parse_args(arguments)
    console = console_of(sys.stderr)
    try:
        dataset = DatasetReader(given.dataset)
        examined = certificate.compared(dataset.root, EXAMINED) if given.report else None
        results, count = audit(dataset, given.workers, given.pictures, given.seed, console)
    except (NoDataset, items.Unreadable, ValueError, OSError) as error:
        console.print(f"{error}", style="red", markup=False, soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        console.print("interrupted; nothing was written", style="red")
        return INTERRUPTED
    section = findings.section(results, count)
    if given.json:
        print(json.dumps(section, indent=1, ensure_ascii=False))
    else:
        _print(results)
    if given.report:
        try:
            certificate.write_section(dataset.root, "audit", section, examined)
        except (OSError, ValueError) as error:
            console.print(f"audited, but not written: {error}", style="red", markup=False, soft_wrap=True)
            return BAD_INPUT
        except KeyboardInterrupt:
            console.print("audited, but interrupted before that was written", style="red")
            return INTERRUPTED
    return NO_SHORTCUT if section["sound"] else SHORTCUT


def audit(dataset: DatasetReader, workers: int, pictures: bool, seed: int, console: Console) -> tuple[list[Result], int]:
    """What each guesser gets right in a data set, and the number of its questions.

    Raises:
        Unreadable: a clip cannot be read.
        ValueError: there are too few clips.
    """
    questions = _read(dataset, workers, pictures, console)
    asking = guessers(questions)
    comparisons = len({item.template for item in questions}) * len(asking)
    chosen: dict[str, np.ndarray] = {}
    with Progress(console, len(asking), "guessers") as progress:
        for guesser, guesses in parallel_map(partial(_answers, questions, seed), [each.name for each in asking], workers):
            if guesses is None:
                raise items.Unreadable(f"the process that guessed by {guesser} died; --workers 0 makes do without others")
            chosen[guesser] = guesses
            progress.add(1)
    rng = np.random.default_rng(seed)
    return [findings.result(questions, each, chosen[each.name], comparisons, rng, len(asking)) for each in asking], len(questions)


def _read(dataset: DatasetReader, workers: int, pictures: bool, console: Console) -> list[Item]:
    """All questions of a data set, in the order of the clips."""
    read = []
    with Progress(console, len(dataset), "clips") as progress:
        for of_clip in items.read(dataset.root, dataset.keys, workers=workers, look=pictures):
            read += of_clip
            progress.add(1)
    return sorted(read, key=lambda item: (item.index, item.uid))


def _answers(questions: Sequence[Item], seed: int, name: str) -> np.ndarray:
    """Of one guesser, by name: what makes its features cannot travel to another process."""
    return answers(questions, _by_name(questions)[name], seed)


def _by_name(questions: Sequence[Item]) -> dict[str, Guesser]:
    return {each.name: each for each in guessers(questions)}


def _print(results: Sequence[Result]) -> None:
    console = console_of(sys.stdout, plain_width=WIDE)
    for table in _tables(results):
        console.print(table)
    for line in findings.remarks(results):
        console.print(f"– {line}", markup=False, highlight=False)
    found = findings.shortcuts(results)
    verdict = "shortcuts found: see above" if found else "no shortcut found"
    console.print(verdict, style="bold red" if found else "bold green")


def _tables(results: Sequence[Result]) -> Iterator[Table]:
    """All guessers; each by question type; the templates that tell most."""
    overall = _table("What is guessed without seeing motion", "guesser")
    for each in results:
        overall.add_row(each.guesser.name, *_cells(each.overall))
    yield overall
    types = sorted({name for each in results for name in each.types})
    by_type = Table("guesser", *types, title="By question type: share right", title_justify="left")
    for each in results:
        by_type.add_row(each.guesser.name, *(f"{each.types[name].accuracy:.1%}" if name in each.types else "–" for name in types))
    yield by_type
    for kind, title in KINDS.items():
        if worst := findings.worst(results, kind, WORST):
            table = _table(f"{title}: the templates that tell most", "template", "guesser")
            for template, guesser, of in worst:
                table.add_row(template, guesser, *_cells(of))
            yield table


def _table(title: str, *first: str) -> Table:
    table = Table(*first, title=title, title_justify="left")
    for column in ("right", "95 % interval", "chance", "questions"):
        table.add_column(column, justify="right")
    return table


def _cells(of: Score) -> tuple[str, ...]:
    return f"{of.accuracy:.1%}", f"{of.low:.1%} – {of.high:.1%}", f"{of.chance:.1%}", str(of.n)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator.audit", description=__doc__)
    parser.add_argument("dataset", type=Path, help="folder of a data set")
    parser.add_argument("--workers", type=int, default=-1, help="processes: -1 is one per core, 0 none")
    parser.add_argument(
        "--no-pictures", dest="pictures", action="store_false", help="do not decode the videos: go by the exported state alone"
    )
    parser.add_argument("--no-report", dest="report", action="store_false", help="leave report.json and REPORT.md as they are")
    parser.add_argument("--seed", type=int, default=0, help="of the folds and of all that is drawn; the same seed gives the same figures")
    parser.add_argument("--json", action="store_true", help="print what is written into report.json instead of tables")
    return parser


if __name__ == "__main__":
    for count in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(count, "1")
    sys.exit(main())
