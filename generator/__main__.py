"""``python -m generator key=value …``: make a data set, or go on with one. ``--help`` lists the keys."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.markup import escape

from conf.command_line import DONE, INCOMPLETE, INTERRUPTED, CommandLine
from conf.progress import Progress as Bar
from generator.dataset import Dataset, Unwritable
from generator.farm import GaveUp, run
from generator.machine import UnfitMachine, require_healthy
from generator.options import GenerateOptions, command
from generator.report import Progress, Summary
from generator.slurm import submit
from generator.standing import GIVEN_UP, Standing
from qa_templates.quota import check

SHORTHANDS = ("name", "workers", "width", "height", "fps", "duration", "difficulty", "questions_per_video")
PLAIN_WIDTH = 120  # of tables in a file
LINE = CommandLine("generator", "generate", GenerateOptions, SHORTHANDS, told=(UnfitMachine,))


def main() -> NoReturn:
    """Entry point: exit code 0 only if all that was asked for is there, 2 for bad input, 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    sys.argv = ["quiet=true" if argument == "--quiet" else argument for argument in sys.argv]
    LINE.run(_generate_here)


def _generate_here(options: GenerateOptions) -> int:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH, quiet=options.quiet)
    try:
        with _two_interrupts(options, console):
            return generate(options, console)
    except KeyboardInterrupt:
        LINE.complain(_interrupted(options))
        return INTERRUPTED
    except Unwritable as error:
        LINE.complain(str(error))
        return INCOMPLETE


@contextmanager
def _two_interrupts(options: GenerateOptions, console: Console) -> Iterator[None]:
    """The first Ctrl-C, or SIGTERM, ends the run in order; another one ends it at once: what is on disk is whole at any moment."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        for each in heeded:
            signal.signal(each, leave)
        raise KeyboardInterrupt

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        console.show_cursor()
        LINE.complain(_interrupted(options))
        os._exit(INTERRUPTED)

    numbers = (signal.SIGINT, signal.SIGTERM)
    heeded = {each: signal.getsignal(each) for each in numbers if signal.getsignal(each) != signal.SIG_IGN}  # a shell's background is deaf
    try:
        for each in heeded:
            signal.signal(each, end)
        yield
    finally:
        for each, before in heeded.items():
            signal.signal(each, before)


def _interrupted(options: GenerateOptions) -> str:
    return f"interrupted; what is finished is kept. To go on: {command(options)}"


def generate(options: GenerateOptions, console: Console) -> int:
    """Make what is missing of a data set; returns the exit code."""
    check(options.qa, options.scene, twins=options.twins, curriculum=options.curriculum)
    if options.farm.engine == "slurm":
        told = submit(options)
        console.quiet = False  # who submits jobs needs their ids
        console.print(told, soft_wrap=True, markup=False)
        return DONE
    if options.renders and options.farm.engine == "local":
        require_healthy()
    with Dataset.open(options) as dataset:
        missing, todo = _todo(options, dataset, console)
        standing = Standing(len(todo))
        halt = _make(todo, options, dataset, standing, console)
        published = _published(dataset, halt)
    is_interrupted = isinstance(halt, KeyboardInterrupt)
    there, left_out = len(options.indices) - len(missing), len(missing) - len(todo)
    summary = Summary(options, standing, dataset, there, left_out, published, is_stopped=halt is not None and not is_interrupted)
    summary.print(console)
    if is_interrupted:
        raise KeyboardInterrupt
    return INCOMPLETE if halt or published is None or summary.lacking else DONE


def _todo(options: GenerateOptions, dataset: Dataset, console: Console) -> tuple[list[int], list[int]]:
    """Clips that are not there, and those of them that are to be made: not what an earlier run quarantined."""
    if options.only is not None:
        dataset.release(options.indices)
        return list(options.indices), list(options.indices)
    _discard_damaged(options, dataset, console)
    missing = dataset.missing(options.indices)
    if options.farm.retry_quarantined:
        dataset.release(missing)
    quarantined = set(dataset.quarantined(missing))
    return missing, [index for index in missing if index not in quarantined]


def _discard_damaged(options: GenerateOptions, dataset: Dataset, console: Console) -> None:
    """Take away finished clips that are not what they were when they were written, so that they are made again."""
    if options.farm.check == "none":
        return
    missing = set(dataset.missing(options.indices))
    there = [index for index in options.indices if index not in missing]
    with Bar(console, len(there), "finished clips checked") as bar:
        for index, reason in dataset.examined(there, options.farm.check):
            bar.add(1)
            if reason:
                console.print(escape(f"clip {index} is made again: {reason}"), soft_wrap=True)
                dataset.discard(index)


def _make(todo: list[int], options: GenerateOptions, dataset: Dataset, standing: Standing, console: Console) -> BaseException | None:
    """Make clips; returns what ended the run early, if anything did."""
    if not todo:
        return None
    try:
        with Progress(console, standing, options, dataset) as progress, closing(run(todo, options, dataset)) as reports:
            try:
                for report in reports:
                    progress.add(report)
                    if options.quiet and report.status in GIVEN_UP:
                        LINE.complain(report.message)
            except KeyboardInterrupt:
                console.print("Interrupted: the workers are ended, and the index is written. Once more to leave at once.", soft_wrap=True)
                raise
    except KeyboardInterrupt as interrupt:
        return interrupt
    except (Unwritable, GaveUp) as error:
        LINE.complain(str(error))
        return error
    return None


def _published(dataset: Dataset, halt: BaseException | None) -> int | None:
    """Clips in the index, which is written anew; None where it cannot be."""
    try:
        return dataset.publish()
    except Unwritable as error:
        if not isinstance(halt, Unwritable):
            LINE.complain(str(error))
        return None


if __name__ == "__main__":
    main()
