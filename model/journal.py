"""What a training tells: a bar or a line now and then, ``loss.jsonl``, and TensorBoard."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from torch.utils.tensorboard import SummaryWriter

from conf.atomic import write_atomically
from conf.progress import Progress

LOSSES = "loss.jsonl"
RECENT = 20  # steps that what is shown is the mean of


@dataclass(frozen=True)
class Step:
    """One step.

    Args:
        step: counted from 0 over the whole training.
        phase: ``stills``, ``glides``, ``slides`` or ``videos``.
        grad_norm: before clipping.
        clips: learned from.
        waiting: share of the time since the step before that was spent waiting for data.
    """

    step: int
    phase: str
    loss: float
    lr: float
    grad_norm: float
    clips: int
    waiting: float


class Journal:
    """Keeps the record of a run; in a process that is not the main one it does nothing.

    Args:
        root: of the run.
        first, total: the step to begin with, and all steps. What ``loss.jsonl`` holds of ``first`` and later is dropped.
    """

    def __init__(self, root: Path, console: Console, first: int, total: int, main: bool = True) -> None:
        self._console, self._main = console, main
        self._recent: deque[tuple[float, Step]] = deque(maxlen=RECENT)
        self._progress = Progress(console, total, "steps", first)
        if main:
            _keep_before(root / LOSSES, first)
            self._losses = (root / LOSSES).open("a", encoding="utf-8")
            self._board = SummaryWriter(str(root / "tensorboard"), purge_step=first)

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.__exit__(kind, error, trace)
        if self._main:
            self._losses.close()
            self._board.close()

    @property
    def figures(self) -> dict[str, float]:
        """Means over the last steps."""
        steps = [step for _, step in self._recent]
        if not steps:
            return {}
        means = {key: sum(getattr(step, key) for step in steps) / len(steps) for key in ("loss", "waiting")}
        return {**means, "clips_per_s": self._clips_per_s()}

    def add(self, step: Step) -> None:
        """Take down one step."""
        if not self._main:
            return
        self._recent.append((time.perf_counter(), step))
        row = {**asdict(step), "clips_per_s": round(self._clips_per_s(), 2)}
        self._losses.write(json.dumps(row) + "\n")
        for key in ("loss", "lr", "grad_norm", "waiting", "clips_per_s"):
            self._board.add_scalar(f"{step.phase}/{key}", row[key], step.step)
        self._progress.add(1, f"{step.phase}: {self._said()}")

    def evaluated(self, step: int, accuracy: float, questions: int) -> None:
        """Take down a quick look at what was held out."""
        if self._main:
            self._board.add_scalar("held_out/accuracy", accuracy, step)
            self.note(f"step {step}: {accuracy:.1%} of {questions} questions held out are right")

    def note(self, message: str) -> None:
        """Say something above the bar."""
        if self._main:
            self._console.print(message, soft_wrap=True, markup=False)

    def flush(self) -> None:
        """Have all that was taken down on the disk."""
        if self._main:
            self._losses.flush()
            self._board.flush()

    def _clips_per_s(self) -> float:
        if len(self._recent) < 2:
            return 0.0
        (began_s, _), (ended_s, _) = self._recent[0], self._recent[-1]
        return sum(step.clips for _, step in list(self._recent)[1:]) / max(ended_s - began_s, 1e-9)

    def _said(self) -> str:
        told = self.figures
        return f"loss {told['loss']:.3f}, {told['clips_per_s']:.0f} clips/s, {told['waiting']:.0%} waiting for data"


def _keep_before(path: Path, first: int) -> None:
    """Steps that will be taken again are taken down again."""
    if not path.is_file():
        return
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step_of(line) < first]
    write_atomically(path, "".join(line + "\n" for line in kept))


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")  # cut short by a kill
