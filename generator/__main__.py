"""``python -m generator key=value …``: make a data set, or go on with one. ``--help`` lists the keys."""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from typing import NoReturn

from rich.console import Console

from conf.command_line import DONE, INCOMPLETE, INTERRUPTED, CommandLine
from generator.dataset import Dataset, DiskFull
from generator.doctor import UnfitMachine, require_healthy
from generator.farm import GaveUp, run
from generator.options import GenerateOptions, command
from generator.report import Progress, Summary
from qa_templates.quota import check

SHORTHANDS = ("name", "workers", "width", "height", "fps", "duration", "difficulty", "questions_per_video")
PLAIN_WIDTH = 120  # of tables in a file
LINE = CommandLine("generator", "generate", GenerateOptions, SHORTHANDS, told=(UnfitMachine,))


def main() -> NoReturn:
    """Entry point: exit code 0 only if all that was asked for is there, 2 for bad input, 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    LINE.run(_generate_here)


def _generate_here(options: GenerateOptions) -> int:
    try:
        return generate(options, Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    except DiskFull as error:
        LINE.complain(str(error))
        return INCOMPLETE


def generate(options: GenerateOptions, console: Console) -> int:
    """Make what is missing of a data set; returns the exit code."""
    check(options.qa, options.scene, twins=options.twins, curriculum=options.curriculum)
    if options.renders:
        require_healthy()
    with Dataset.open(options) as dataset:
        wanted = list(options.indices)
        todo = wanted if options.only is not None else dataset.missing(wanted)
        summary = Summary(options, dataset.root, len(wanted) - len(todo))
        code = _make(todo, options, dataset, summary, console)
        summary.published = dataset.publish()
    summary.print(console)
    return code


def _make(todo: list[int], options: GenerateOptions, dataset: Dataset, summary: Summary, console: Console) -> int:
    try:
        with closing(run(todo, options, dataset)) as reports, Progress(console, len(todo)) as progress:
            for report in reports:
                summary.add(report)
                progress.add(report)
                if report.status in ("exhausted", "failed", "quarantined"):
                    progress.note(report.message)
    except KeyboardInterrupt:
        LINE.complain(f"interrupted; what is finished is kept. To go on: {command(options)}")
        return INTERRUPTED
    except (DiskFull, GaveUp) as error:
        LINE.complain(str(error))
    return INCOMPLETE if dataset.missing(options.indices) or summary.failed else DONE


if __name__ == "__main__":
    main()
