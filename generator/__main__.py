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
from conf.progress import console_of
from generator.dataset import Dataset, Unwritable
from generator.farm import GaveUp, run
from generator.machine import UnfitMachine, require_healthy
from generator.options import WHOLE, GenerateOptions, command
from generator.report import ELSEWHERE, UNWRITABLE, Progress, Summary, left_to_merge
from generator.slurm import submit
from generator.standing import GIVEN_UP, SILENT_S, Standing
from qa_templates.quota import check

SHORTHANDS = ("name", "workers", "width", "height", "fps", "duration", "difficulty", "questions_per_video")
MOST_IN_HASTE = 5000  # clips of which an interrupted run writes the index: it takes a few seconds
LINE = CommandLine("generator", "generate", GenerateOptions, SHORTHANDS, told=(UnfitMachine,))


def main() -> NoReturn:
    """Entry point: exit code 0 only if all that was asked for is there, 2 for bad input, 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    sys.argv = ["quiet=true" if argument == "--quiet" else argument for argument in sys.argv]
    LINE.run(_generate_here)


def _generate_here(options: GenerateOptions) -> int:
    console = console_of(sys.stdout, quiet=options.quiet)
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
        standing = Standing(len(todo), silent_after_s=max(SILENT_S, 2 * options.timeout_s))
        halt = _make(todo, options, dataset, standing, console)
        is_interrupted = isinstance(halt, KeyboardInterrupt)
        published = _published(dataset, options, is_interrupted, is_said=isinstance(halt, Unwritable))
    there, left_out = len(options.indices) - len(missing), len(missing) - len(todo)
    summary = Summary(options, standing, dataset, there, left_out, published, is_stopped=halt is not None and not is_interrupted)
    summary.print(console)
    if is_interrupted:
        raise KeyboardInterrupt
    return INCOMPLETE if halt or published == UNWRITABLE or summary.lacking else DONE


def _todo(options: GenerateOptions, dataset: Dataset, console: Console) -> tuple[list[int], list[int]]:
    """Clips that are not there, and those of them that are to be made: not what an earlier run quarantined."""
    if options.only is not None:
        dataset.release(options.indices)
        dataset.unpublish(options.indices)
        return list(options.indices), list(options.indices)
    _discard_damaged(options, dataset, console)
    missing = dataset.missing(options.indices)
    left_out = set(dataset.quarantined(missing))
    if options.farm.retry_quarantined:
        dataset.release(left_out)
        left_out = set()
    todo = [index for index in missing if index not in left_out]
    dataset.unpublish(index for index in todo if not dataset.missing_layers(index))
    return missing, todo


def _discard_damaged(options: GenerateOptions, dataset: Dataset, console: Console) -> None:
    """Take away finished clips that are not what they were when they were written, so that they are made again.

    Those that lack a layer are looked at as well, which is made out of their files.
    """
    if options.farm.check == "none":
        return
    with Bar(console, len(options.indices), "clips checked") as bar:
        for index, reason in dataset.examined(options.indices, options.farm.check):
            bar.add(1)
            if reason:
                console.print(escape(f"clip {index} is made again: {reason}"), soft_wrap=True)
                dataset.discard(index)
                dataset.release([index])  # what is damaged may be why it was given up


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
                console.print("Interrupted: the workers are ended, and what is there is summed up. Once more to leave now.", soft_wrap=True)
                raise
    except KeyboardInterrupt as interrupt:
        return interrupt
    except (Unwritable, GaveUp) as error:
        LINE.complain(str(error))
        return error
    return None


def _published(dataset: Dataset, options: GenerateOptions, is_interrupted: bool, is_said: bool) -> int | str:
    """Clips in the index, which is written anew; or why it is not.

    It is made of the clips of all shards, so that they do not wait for each other, and who is interrupted does not wait for much.

    Args:
        is_said: whether it was told already that nothing can be written.
    """
    if is_interrupted and len(dataset.keys) > MOST_IN_HASTE:
        return left_to_merge(options)
    try:
        clips = dataset.publish(waits=options.shard == WHOLE and not is_interrupted)
    except Unwritable as error:
        if not is_said:
            LINE.complain(str(error))
        return UNWRITABLE
    return ELSEWHERE if clips is None else clips


if __name__ == "__main__":
    main()
