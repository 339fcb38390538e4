"""``python -m model.evaluate key=value …``: how often a model is right. ``--help`` lists the keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn, cast

import numpy as np
from rich.console import Console
from rich.markup import escape

from conf.atomic import write_atomically
from conf.command_line import DONE, CommandLine
from conf.progress import Progress, duration
from conf.spelling import shell_command
from model.accuracy import Mark, circular_marks, difference, figures, marks, pair_marks
from model.answering import AnswerOptions, run
from model.checkpoint import BadCheckpoint, load_run, read_record, reply_of, weights_of
from model.dataset import FrameReader, Item, fingerprint, read_items
from model.factors import read_configuration
from model.predictions import (
    ANSWERS,
    CONDITIONS,
    RESULTS,
    Prediction,
    by_condition,
    load_predictions,
    submission,
    told_beside,
    write_predictions,
)
from model.scoring import ORDERS, Ask, Manner, ask, asks, can_ask, usual
from model.table import Row, Section, drawn, explanation, markdown, plain
from scenes.types import require

NAMES = {"video": "video", "text": "text only", "single": "single frame", "shuffled": "shuffled", "reversed": "reversed"}
TOLD = ("data", "skip_damaged", "conditions", "order", "circular", "seed")  # options that the results name
SUBMISSION = "submission.json"
EXAMPLES = 3


@dataclass(frozen=True)
class EvaluateOptions(AnswerOptions):
    """What an evaluation is told.

    Args:
        conditions: what the model is shown; see `model.predictions`.
        order: of the options: as the data set has them, or drawn by seed and question.
        circular: whether each question is asked once for every rotation of its options.
        seed: of drawn orders and of the bootstrap.
    """

    results: ClassVar[str] = "evaluation"

    conditions: tuple[str, ...] = ("video",)
    order: str = "given"
    circular: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong = [each for each in self.conditions if each not in CONDITIONS]
        require(bool(self.conditions) and not wrong, "conditions", self.conditions, f"some of {', '.join(CONDITIONS)}")
        require(self.order in ORDERS, "order", self.order, f"one of {', '.join(ORDERS)}")
        require(not self.circular or self.order == "given", "order", self.order, "given, where circular=true rotates it")
        require(not self.circular or self.by != "text", "by", self.by, "letter or generation with circular=true: text shows no options")

    def manner(self, record: Mapping[str, Any]) -> Manner:
        """How the model of a run is asked. Raises ValueError where it knows no letters, and is to be asked in every rotation."""
        by, reply = self.by, reply_of(record)
        if self.circular and by == "auto" and reply == "text":
            raise ValueError(
                "circular = True is not allowed: the model was trained with reply=text, so that it is shown no options to rotate: "
                "give circular=false, or by=letter if letters are meant all the same"
            )
        if by == "auto":
            by = "letter" if self.circular else usual(reply)
        return Manner(by, self.batch_size, self.device, self.workers, self.seed, self.skip_damaged)


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
    run(LINE, evaluate)


def evaluate(options: EvaluateOptions, console: Console, items: Sequence[Item] | None = None) -> int:
    """Ask, or read what was answered; write the results and show them; returns the exit code.

    Args:
        items: the questions of the data set, where they have been read.
    """
    items = read_items(options.data) if items is None else items
    answers = _asked(items, options, console) if options.checkpoint is not None else _read(items, options)
    sections = tabulated(answers.items, answers.predictions, np.random.default_rng(options.seed))
    submitted = _write(options.folder, answers, sections)
    for note in answers.notes:
        console.print(escape(note), soft_wrap=True)
    if sections:
        console.print(drawn(sections))
        console.print(escape(explanation(sections)), soft_wrap=True)
    _tell_where(options, submitted, console)
    return DONE


def _asked(items: Sequence[Item], options: EvaluateOptions, console: Console) -> Answers:
    trained, weights = load_run(options.checkpoint or ""), weights_of(Path(options.checkpoint or "").expanduser())
    manner = options.manner(trained.record)
    kept, note = _part(items, trained_scenes(trained.record, items, options.data), options)
    kept, more = _askable(kept, manner.by)
    reader = FrameReader(trained.record["num_frames"], cast(int, trained.model.vision.tower.config.image_size), _path(options.cache))
    asked = _asks(kept, options)
    place = {(one.item.uid, one.condition, one.order): number for number, one in enumerate(asked)}
    with Progress(console, len(asked), "questions") as progress:
        said = list(ask(trained.model, asked, reader, manner, progress.add))
        took = f"{len(asked)} answers by {manner.by} in {duration(progress.elapsed_s)}."
    said.sort(key=lambda each: place[each.uid, each.condition, each.order])
    about = {
        "checkpoint": options.checkpoint,
        "step": trained.record.get("step"),
        "num_frames": reader.num_frames,
        **{name: getattr(options, name) for name in TOLD},
        "part": options.asked_part,
        "by": manner.by,
        "fingerprint": fingerprint(items),
        "weights": weights,
    }
    return Answers(kept, said, about, [" ".join([note, *more, took]), *_unread(said), *_silent(said)])


def trained_scenes(record: Mapping[str, Any], items: Sequence[Item], data: str) -> frozenset[str]:
    """The scenes of a data set that a run was trained on.

    Two data sets of one seed and split name their scenes alike, whatever is in them. So the data set must be one that the run, or one
    that it started from, was trained on, or have grown from it: it begins with the same questions, or is of the same configuration.
    Where it cannot be told which data sets those were, the names decide.
    """
    learned = _learned_from(record)
    if learned and not any(_is_of(each, items, data) for each in learned):
        return frozenset()
    return frozenset(record.get("trained_on", ()))


def _learned_from(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the record tells of the data sets behind the weights; nothing where one of them cannot be told."""
    start = record.get("options", {}).get("start_from")
    if start is None:
        return list(record.get("data", ()))
    try:
        earlier = _learned_from(read_record(Path(start).expanduser()))
    except BadCheckpoint:
        return []
    return [*earlier, *record.get("data", ())] if earlier else []


def _is_of(learned: Mapping[str, Any], items: Sequence[Item], data: str) -> bool:
    known = [item for item in items if item.has_answer]
    if fingerprint(known[: learned["questions"]]) == learned["fingerprint"]:
        return True
    ours, theirs = read_configuration(data), read_configuration(learned["folder"])
    return bool(ours) and ours == theirs


def _askable(items: Sequence[Item], by: str) -> tuple[list[Item], list[str]]:
    """The questions that make sense when they are asked so, and what is to be said of the others."""
    kept = [item for item in items if can_ask(item, by)]
    if not kept:
        raise ValueError(f'by = {by!r} is not allowed: every question offers "none of these", and text shows no options: give by=letter')
    left = len(items) - len(kept)
    return kept, [f'{left} that offer "none of these" are left out, since by={by} shows no options; by=letter asks them.'] if left else []


def _asks(items: Sequence[Item], options: EvaluateOptions) -> list[Ask]:
    turns: Sequence[str | int] = range(max(len(item.options) for item in items)) if options.circular else [options.order]
    return [one for condition in options.conditions for turn in turns for one in asks(items, condition, turn, options.seed)]


def _part(items: Sequence[Item], known: frozenset[str], options: EvaluateOptions) -> tuple[list[Item], str]:
    """The questions to be asked, and a sentence about those that are not."""
    kept = [item for item in items if item.scene not in known]
    if options.asked_part == "all":
        return list(items), f"{len(items)} questions, {len(items) - len(kept)} of them about scenes that the model was trained on."
    if not kept:
        raise ValueError(f"part = 'held_out' leaves no question: the model was trained on every scene of {options.data}; give part=all")
    if len(kept) == len(items):
        return kept, f"{len(kept)} questions, none of them about a scene that the model was trained on."
    return kept, f"{len(kept)} of {len(items)} questions are left, about scenes that the model was not trained on; part=all asks all."


def _read(items: Sequence[Item], options: EvaluateOptions) -> Answers:
    said = load_predictions(options.predictions or "", items, options.frames_shown)
    shown, known = by_condition(said), fingerprint(items)
    notes = [_coverage(condition, told, len(items)) for condition, told in shown.items()]
    asked = {each.uid for each in said}
    about = {"predictions": options.predictions, "data": options.data, "conditions": list(shown), "fingerprint": known}
    doubts = _doubts(said, len(items), known, told_beside(options.predictions or ""))
    return Answers([item for item in items if item.uid in asked], said, about, [*notes, *doubts, *_unread(said)])


def _doubts(said: Sequence[Prediction], questions: int, known: str, beside: Mapping[str, Any]) -> list[str]:
    """Whether the answers may be to another data set than that of this fingerprint: two of one seed and split name questions alike."""
    if "fingerprint" in beside:
        differs = beside["fingerprint"] != known
        return [f"By {RESULTS} beside them, these answers are to another data set, or to this one before it grew."] if differs else []
    few = 2 * len({each.uid for each in said if not each.is_silent}) < questions
    return ["Less than half of the questions are answered: are these answers to another data set?"] if few else []


def _coverage(condition: str, said: Mapping[str, Prediction], total: int) -> str:
    """How many questions a file answers."""
    answered = sum(not each.is_silent for each in said.values())
    missing, others = len(said) - answered, total - len(said)
    told = f"{NAMES[condition]}: {answered} of {len(said)} questions are answered"
    told += f" ({missing} have no answer, which counts as wrong)." if missing else "."
    return told + (f" {others} more of the data set were not asked, and do not count." if others else "")


def _unread(said: Sequence[Prediction]) -> list[str]:
    """What to say of replies without a letter."""
    replies = [each.said for each in said if each.letter is None and each.said is not None]
    examples = ", ".join(repr(reply[:60]) for reply in dict.fromkeys(replies[:EXAMPLES]))
    unread = f"{len(replies)} replies count as wrong: their first capital, which MotionBench takes, names no option, as in {examples}."
    return [unread] if replies else []


def _silent(said: Sequence[Prediction]) -> list[str]:
    """What to say where a model was asked, and there is no reply."""
    silent = [each for each in said if each.is_silent]
    damaged = sum(each.condition != "text" and not each.frames for each in silent)
    numberless = len(silent) - damaged
    lost = f"{damaged} questions are unanswered, since their videos cannot be read; they count as wrong."
    broken = f"{numberless} questions are unanswered, since the model gives its replies no finite log-probability; they count as wrong."
    return [*([lost] if damaged else []), *([broken] if numberless else [])]


def tabulated(items: Sequence[Item], predictions: Sequence[Prediction], rng: np.random.Generator) -> list[Section]:
    """The sections of the table: each condition; how much the video adds; every order of the options; pairs of twins.

    Under each condition the questions count that were asked.
    """
    said = by_condition(predictions)
    asked = {each: [item for item in items if item.uid in told] for each, told in said.items()}
    single = {each: marks(asked[each], told) for each, told in said.items()}
    rounds = {each: circular_marks(items, predictions, each) for each in said}
    twins = {each: pair_marks(asked[each], told) for each, told in said.items()}
    sections = [
        _section("each question", single, rng),
        _section("in every rotation of the options: mean", {each: mean for each, (_, mean) in rounds.items()}, rng),
        _section("right in every rotation", {each: strict for each, (strict, _) in rounds.items()}, rng),
        _section("twins, both right", twins, rng),
        _gains(single, rng),
    ]
    return [section for section in sections if section.rows]


def _section(title: str, found: Mapping[str, list[Mark]], rng: np.random.Generator) -> Section:
    return Section(title, [Row(NAMES[each], figures(told, rng)) for each, told in found.items() if told])


def _gains(found: Mapping[str, list[Mark]], rng: np.random.Generator) -> Section:
    video = found.get("video", [])
    others = {each: told for each, told in found.items() if each != "video"} if video else {}
    rows = [Row(f"over {NAMES[each]}", difference(video, told, rng)) for each, told in others.items()]
    return Section("gain of the video, in points", rows, is_gain=True)


def _write(folder: Path, answers: Answers, sections: Sequence[Section]) -> int:
    """Write the results; returns how many answers there are in `SUBMISSION`."""
    about = {**answers.about, "questions": len(answers.items), "hidden": sum(not item.has_answer for item in answers.items)}
    write_predictions(folder / ANSWERS, answers.predictions)
    write_atomically(folder / RESULTS, json.dumps({"about": about, "table": plain(sections)}, indent=1, ensure_ascii=False) + "\n")
    write_atomically(folder / "table.md", markdown(sections))
    if hidden := submission(answers.items, answers.predictions):
        write_atomically(folder / SUBMISSION, json.dumps(hidden, indent=0) + "\n")
    else:
        (folder / SUBMISSION).unlink(missing_ok=True)  # of an earlier evaluation
    return len(hidden)


def _tell_where(options: EvaluateOptions, submitted: int, console: Console) -> None:
    told = f"; answers to the {submitted} questions that hide theirs in {SUBMISSION}" if submitted else ""
    console.print(f"{escape(str(options.folder))} holds {ANSWERS} (one answer per line), {RESULTS} and table.md{told}.", soft_wrap=True)
    command = shell_command("model.probe", {"predictions": str(options.folder / ANSWERS), "data": options.data})
    console.print(f"What it fails on: {escape(command)}", soft_wrap=True)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text).expanduser()


if __name__ == "__main__":
    main()
