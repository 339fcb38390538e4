"""What `model.evaluate` and `model.probe` share at the command line: the keys that say whose answers are scored, and the door itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn, TypeVar

from rich.console import Console

from conf.command_line import CommandLine
from conf.progress import WIDE, console_of
from scenes.types import require

HELD_OUT = "held_out"
PARTS = (HELD_OUT, "all")
BY = ("letter", "text", "generation")


@dataclass(frozen=True)
class AnswerOptions:
    """Whose answers to which questions.

    Args:
        data: folder of a data set, ours or MotionBench's.
        checkpoint: folder of a run of ``model.train``.
        predictions: a file of answers, in place of `checkpoint`; see `model.predictions`.
        frames_shown: of each video, to the model of `predictions`, where the file does not say.
        part: ``held_out`` leaves out questions about scenes that the checkpoint was trained on, ``all`` does not; None is the first.
        by: how an answer is found, see `model.scoring.Manner`, as for batch_size, device, workers and skip_damaged;
            ``auto``: by what the model was trained to reply.
        cache: folder for decoded frames; None decodes each time.
        out: folder for the results; None is in the run, or beside the file of answers.
    """

    results: ClassVar[str]  # what that folder is called there

    data: str
    checkpoint: str | None = None
    predictions: str | None = None
    frames_shown: int | None = None
    part: str | None = None
    by: str = "auto"
    batch_size: int = 16
    device: str = "auto"
    workers: int = 2
    skip_damaged: bool = False
    cache: str | None = None
    out: str | None = None

    def __post_init__(self) -> None:
        given = [key for key in ("checkpoint", "predictions") if getattr(self, key) is not None]
        require(len(given) == 1, "checkpoint, predictions", given, "one of the two: a run to ask, or a file of answers")
        require(self.part in (None, *PARTS), "part", self.part, f"one of {', '.join(PARTS)}")
        require(
            self.part is None or self.predictions is None, "part", self.part, "it with checkpoint= alone: a file of answers has its own"
        )
        require(self.by in ("auto", *BY), "by", self.by, f"one of auto, {', '.join(BY)}")
        require(self.frames_shown is None or self.frames_shown >= 1, "frames_shown", self.frames_shown, "1 or more frames of each video")
        allowed = "it with predictions= alone: a checkpoint knows how many it is shown"
        require(self.frames_shown is None or self.checkpoint is None, "frames_shown", self.frames_shown, allowed)

    @property
    def asked_part(self) -> str:
        """The part of the questions that a checkpoint is asked."""
        return self.part or HELD_OUT

    @property
    def folder(self) -> Path:
        """Where the results go."""
        if self.out is not None:
            return Path(self.out).expanduser()
        data = Path(self.data).expanduser().resolve().name
        if self.checkpoint is not None:
            return Path(self.checkpoint).expanduser() / self.results / data
        file = Path(self.predictions or "").expanduser()
        return file.parent / f"{file.stem}-{self.results}" / data


Options = TypeVar("Options", bound=AnswerOptions)


def run(line: CommandLine[Options], work: Callable[[Options, Console], int]) -> NoReturn:
    """Leave with the exit code of the work, or 2 for bad input, or 130 when interrupted."""
    line.run(lambda options: work(options, console_of(sys.stdout, plain_width=WIDE)))
