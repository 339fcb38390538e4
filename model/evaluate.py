"""``python -m model.evaluate key=value …``: how often a model is right. ``--help`` lists the keys."""

from __future__ import annotations

import json
import logging
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
from rich.console import Console
from rich.markup import escape

from conf.command_line import DONE, INTERRUPTED, CommandLine
from model.accuracy import Mark, circular_marks, difference, figures, marks, pair_marks
from model.checkpoint import load_run
from model.dataset import FrameReader, Item, read_items
from model.predictions import CONDITIONS, Prediction, load_predictions, one_each, submission, write_predictions, write_whole
from model.progress import Progress, duration
from model.scoring import BY, ORDERS, Ask, Manner, ask, asks, usual
from model.table import Row, Section, drawn, explanation, markdown, plain
from scenes.types import require

PLAIN_WIDTH = 140  # of tables in a file
PARTS = ("held_out", "all")
NAMES = {"video": "video", "text": "text only", "single": "single frame", "shuffled": "shuffled", "reversed": "reversed"}
EXAMPLES = 3


@dataclass(frozen=True)
class EvaluateOptions:
    """What an evaluation is told.

    Args:
        data: folder of a data set, ours or MotionBench's.
        checkpoint: folder of a run of ``model.train``.
        predictions: a file of answers, in place of `checkpoint`; see `model.predictions`.
        conditions: what the model is shown; see `model.predictions`.
        by: how its answer is found, see `model.scoring.Manner`, as for batch_size, device, workers, seed and skip_damaged;
            ``auto``: by what it was trained to reply.
        order: of the options: as the data set has them, or drawn by seed and question.
        circular: whether each question is asked once for every rotation of its options.
        part: ``held_out`` leaves out questions about scenes that the model was trained on.
        cache: folder for decoded frames; None decodes each time.
        out: folder for the results; None is in the run, or beside the file of answers.
    """

    data: str
    checkpoint: str | None = None
    predictions: str | None = None
    conditions: tuple[str, ...] = ("video",)
    by: str = "auto"
    order: str = "given"
    circular: bool = False
    part: str = "held_out"
    batch_size: int = 16
    device: str = "auto"
    workers: int = 2
    seed: int = 0
    skip_damaged: bool = False
    cache: str | None = None
    out: str | None = None

    def __post_init__(self) -> None:
        given = [key for key in ("checkpoint", "predictions") if getattr(self, key) is not None]
        require(len(given) == 1, "checkpoint, predictions", given, "one of the two: a run to ask, or a file of answers")
        wrong = [each for each in self.conditions if each not in CONDITIONS]
        require(bool(self.conditions) and not wrong, "conditions", self.conditions, f"some of {', '.join(CONDITIONS)}")
        require(self.by in ("auto", *BY), "by", self.by, f"one of auto, {', '.join(BY)}")
        require(self.order in ORDERS, "order", self.order, f"one of {', '.join(ORDERS)}")
        require(not self.circular or self.order == "given", "order", self.order, "given, where circular=true rotates it")
        require(not self.circular or self.by != "text", "by", self.by, "letter or generation with circular=true: text shows no options")
        require(self.part in PARTS, "part", self.part, f"one of {', '.join(PARTS)}")

    def manner(self, record: Mapping[str, Any]) -> Manner:
        """How the model of a run is asked."""
        by = ("letter" if self.circular else usual(record)) if self.by == "auto" else self.by
        return Manner(by, self.batch_size, self.device, self.workers, self.seed, self.skip_damaged)

    @property
    def folder(self) -> Path:
        """Where the results go."""
        if self.out is not None:
            return Path(self.out).expanduser()
        name = Path(self.data).expanduser().resolve().name
        if self.checkpoint is not None:
            return Path(self.checkpoint).expanduser() / "evaluation" / name
        file = Path(self.predictions or "").expanduser()
        return file.parent / f"{file.stem}-evaluation" / name


@dataclass(frozen=True)
class Answers:
    """What was asked, what was said, and what is to be told about it."""

    items: Sequence[Item]
    predictions: Sequence[Prediction]
    about: Mapping[str, Any]
    notes: Sequence[str] = ()


LINE = CommandLine("model.evaluate", "evaluate", EvaluateOptions, lists=("conditions",))


def main() -> NoReturn:
    """Entry point: exit code 0, or 2 for bad input, or 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    LINE.run(_evaluate_here)


def _evaluate_here(options: EvaluateOptions) -> int:
    try:
        return evaluate(options, Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    except KeyboardInterrupt:
        LINE.complain("interrupted; nothing was written")
        return INTERRUPTED


def evaluate(options: EvaluateOptions, console: Console) -> int:
    """Ask, or read what was answered; write the results and show them; returns the exit code."""
    items = read_items(options.data)
    answers = _asked(items, options, console) if options.checkpoint is not None else _read(items, options)
    sections = tabulated(answers.items, answers.predictions, np.random.default_rng(options.seed))
    _write(options.folder, answers, sections)
    for note in answers.notes:
        console.print(escape(note), soft_wrap=True)
    if sections:
        console.print(drawn(sections))
        console.print(escape(explanation(sections)), soft_wrap=True)
    _tell_where(options, answers, console)
    return DONE


def _asked(items: Sequence[Item], options: EvaluateOptions, console: Console) -> Answers:
    run = load_run(options.checkpoint or "")
    kept, note = _part(items, run.record.get("trained_on", ()), options)
    manner = options.manner(run.record)
    reader = FrameReader(run.record["num_frames"], cast(int, run.model.vision.tower.config.image_size), _path(options.cache))
    asked = _asks(kept, options)
    place = {(one.item.uid, one.condition, one.order): number for number, one in enumerate(asked)}
    with Progress(console, len(asked), "questions") as progress:
        said = list(ask(run.model, asked, reader, manner, progress.add))
        note = f"{note} {len(asked)} answers by {manner.by} in {duration(progress.elapsed_s)}."
    said.sort(key=lambda each: place[each.uid, each.condition, each.order])
    about = {
        "checkpoint": options.checkpoint,
        "step": run.record.get("step"),
        "num_frames": reader.num_frames,
        **_told(options),
        "by": manner.by,
    }
    return Answers(kept, said, about, [note, *_unread(said, options)])


def _asks(items: Sequence[Item], options: EvaluateOptions) -> list[Ask]:
    turns: Sequence[str | int] = range(max(len(item.options) for item in items)) if options.circular else [options.order]
    return [one for condition in options.conditions for turn in turns for one in asks(items, condition, turn, options.seed)]


def _part(items: Sequence[Item], trained_on: Sequence[str], options: EvaluateOptions) -> tuple[list[Item], str]:
    """The questions to be asked, and a sentence about those that are not."""
    known = set(trained_on)
    kept = [item for item in items if item.scene not in known]
    if options.part == "all":
        return list(items), f"{len(items)} questions, {len(items) - len(kept)} of them about scenes that the model was trained on."
    if not kept:
        raise ValueError(f"part = 'held_out' leaves no question: the model was trained on every scene of {options.data}; give part=all")
    if len(kept) == len(items):
        return kept, f"{len(kept)} questions, none of them about a scene that the model was trained on."
    return kept, f"{len(kept)} of {len(items)} questions are left, about scenes that the model was not trained on; part=all asks all."


def _read(items: Sequence[Item], options: EvaluateOptions) -> Answers:
    said = load_predictions(options.predictions or "", items)
    conditions = [each for each in CONDITIONS if one_each(said, each)]
    notes = []
    for condition in conditions:
        missing = len(items) - len(one_each(said, condition))
        more = f" ({missing} have no answer, which counts as wrong)" if missing else ""
        notes.append(f"{NAMES[condition]}: {len(items) - missing} of {len(items)} questions are answered{more}.")
    return Answers(items, said, {"predictions": options.predictions, "data": options.data}, [*notes, *_unread(said, options)])


def _unread(said: Sequence[Prediction], options: EvaluateOptions) -> list[str]:
    """What to say of replies without a letter."""
    replies = [each.said for each in said if each.letter is None and each.said is not None]
    examples = ", ".join(repr(reply[:60]) for reply in dict.fromkeys(replies[:EXAMPLES]))
    unread = f"{len(replies)} replies count as wrong: their first capital, which MotionBench takes, names no option, as in {examples}."
    damaged = sum(each.letter is None and each.said is None for each in said) if options.skip_damaged else 0
    lost = f"{damaged} questions are unanswered, since their videos cannot be read; they count as wrong."
    return [*([unread] if replies else []), *([lost] if damaged else [])]


def tabulated(items: Sequence[Item], predictions: Sequence[Prediction], rng: np.random.Generator) -> list[Section]:
    """The sections of the table: each condition; how much the video adds; every order of the options; pairs of twins."""
    conditions = [each for each in CONDITIONS if one_each(predictions, each)]
    single = {each: marks(items, one_each(predictions, each)) for each in conditions}
    rounds = {each: circular_marks(items, predictions, each) for each in conditions}
    twins = {each: pair_marks(items, one_each(predictions, each)) for each in conditions}
    sections = [
        _section("each question", single, rng),
        _section("in every rotation of the options: mean", {each: mean for each, (_, mean) in rounds.items()}, rng),
        _section("right in every rotation", {each: strict for each, (strict, _) in rounds.items()}, rng),
        _section("twins, both right", twins, rng),
        _gains(single, rng),
    ]
    return [section for section in sections if section.rows]


def _section(title: str, by_condition: Mapping[str, list[Mark]], rng: np.random.Generator) -> Section:
    return Section(title, [Row(NAMES[each], figures(told, rng)) for each, told in by_condition.items() if told])


def _gains(by_condition: Mapping[str, list[Mark]], rng: np.random.Generator) -> Section:
    video = by_condition.get("video", [])
    others = {each: told for each, told in by_condition.items() if each != "video"} if video else {}
    rows = [Row(f"over {NAMES[each]}", difference(video, told, rng)) for each, told in others.items()]
    return Section("gain of the video, in points", rows, is_gain=True)


def _write(folder: Path, answers: Answers, sections: Sequence[Section]) -> None:
    about = {**answers.about, "questions": len(answers.items), "hidden": sum(not item.has_answer for item in answers.items)}
    write_predictions(folder / "predictions.jsonl", answers.predictions)
    write_whole(folder / "results.json", json.dumps({"about": about, "table": plain(sections)}, indent=1, ensure_ascii=False) + "\n")
    write_whole(folder / "table.md", markdown(sections))
    if hidden := submission(answers.items, answers.predictions):
        write_whole(folder / "submission.json", json.dumps(hidden, indent=0) + "\n")


def _tell_where(options: EvaluateOptions, answers: Answers, console: Console) -> None:
    hidden = sum(not item.has_answer for item in answers.items)
    told = f"; answers to the {hidden} questions that hide theirs in submission.json" if hidden else ""
    console.print(
        f"{escape(str(options.folder))} holds predictions.jsonl (one answer per line), results.json and table.md{told}.", soft_wrap=True
    )
    file = options.folder / "predictions.jsonl"
    command = f"python -m model.probe predictions={shlex.quote(str(file))} data={shlex.quote(options.data)}"
    console.print(f"What it fails on: {escape(command)}", soft_wrap=True)


def _told(options: EvaluateOptions) -> dict[str, Any]:
    names = ("data", "conditions", "by", "order", "circular", "part", "seed", "skip_damaged")
    return {name: value for name, value in asdict(options).items() if name in names}


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text).expanduser()


if __name__ == "__main__":
    main()
