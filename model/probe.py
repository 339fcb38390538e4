"""``python -m model.probe key=value …``: which motions a model fails on, and what to generate next. ``--help`` lists the keys."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conf.atomic import json_lines, write_atomically
from conf.command_line import DONE, CommandLine
from model.answering import AnswerOptions, run
from model.commands import generate_by, templates_of
from model.dataset import Item, fingerprint, read_items
from model.factors import Factors, read_configuration, read_factors
from model.page import write_page
from model.page.words import listed
from model.predictions import ANSWERS, Prediction, load_predictions, one_each, told_beside
from model.prescription import AXES, REHEARSAL, TARGET, NoCurriculum, not_shown, prescribe
from model.profile import Profile, Slice, write_profile
from model.slices import Answered, profile_of
from qa_templates.curriculum import written
from scenes.types import require

if TYPE_CHECKING:
    from model.evaluate import EvaluateOptions  # brings torch, which a file of answers does not need

SHOWN = 15
CURRICULUM = "curriculum.yaml"


@dataclass(frozen=True)
class ProbeOptions(AnswerOptions):
    """What a probe is told. A checkpoint is evaluated first, unless it was asked the same before.

    Args:
        target, rehearsal: of the curriculum; see `model.prescription`.
    """

    results: ClassVar[str] = "probe"

    target: float = TARGET
    rehearsal: float = REHEARSAL

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 < self.target <= 1, "target", self.target, "a share above 0, up to 1")
        require(0 < self.rehearsal < 1, "rehearsal", self.rehearsal, "a share between 0 and 1")


@dataclass(frozen=True)
class Next:
    """What to generate next: the curriculum's text and the command that follows it; or why there is none."""

    curriculum: str = ""
    command: str = ""
    why_none: str = ""


LINE = CommandLine("model.probe", "probe", ProbeOptions)


def main() -> NoReturn:
    """Entry point: exit code 0, or 2 for bad input, or 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    run(LINE, probe)


def probe(options: ProbeOptions, console: Console) -> int:
    """Find out what a model fails on, write it down and show the worst; returns the exit code."""
    items = read_items(options.data)
    file = Path(options.predictions).expanduser() if options.predictions is not None else _evaluated(options, items, console)
    said = one_each(load_predictions(file, items, options.frames_shown))
    rows = answered(options.data, items, said)
    profile = profile_of(rows, _about(options, items, rows, told_beside(file)))
    after = _next(profile, options, len({item.key for item in items}))
    _write(options.folder, profile, rows, after)
    _show(options.folder, profile, after, console)
    return DONE


def _next(profile: Profile, options: ProbeOptions, num_videos: int) -> Next:
    configuration = read_configuration(options.data)
    try:
        curriculum = prescribe(profile, options.target, options.rehearsal, templates_of(configuration))
    except NoCurriculum as error:
        return Next(why_none=str(error))
    return Next(written(curriculum), generate_by(options.folder / CURRICULUM, configuration, num_videos))


def answered(root: str | Path, items: Sequence[Item], predictions: Mapping[str, Prediction]) -> list[Answered]:
    """The questions that were answered, with their factors. Raises ValueError when the right answers of all of them are hidden."""
    known = [item for item in items if item.has_answer and item.uid in predictions]
    require(
        bool(known), "predictions", f"{len(predictions)} answers", "answers to questions of the data set whose right answers are not hidden"
    )
    return [Answered(factors, predictions[factors.uid]) for factors in read_factors(root, known)]


def _evaluated(options: ProbeOptions, items: Sequence[Item], console: Console) -> Path:
    """The answers of the checkpoint to these questions, asked for where there are none yet."""
    from model.checkpoint import read_record, weights_of
    from model.evaluate import EvaluateOptions, evaluate

    shared = {each.name: getattr(options, each.name) for each in fields(AnswerOptions)}
    told = EvaluateOptions(**shared | {"out": str(options.folder / "evaluation")})
    folder = Path(options.checkpoint or "").expanduser()
    by, weights = told.manner(read_record(folder)).by, weights_of(folder)
    asked = {"part": told.asked_part, "by": by, "order": told.order, "fingerprint": fingerprint(items), "weights": weights}
    for place in (told.folder, replace(told, out=None).folder):
        if _still_holds(place, told, asked):
            return place / ANSWERS
    evaluate(told, console, items)
    return told.folder / ANSWERS


def _still_holds(folder: Path, told: EvaluateOptions, asked: Mapping[str, Any]) -> bool:
    """Whether an evaluation put the same questions, in the same way, to the same weights."""
    about = told_beside(folder / ANSWERS)
    if not (folder / ANSWERS).is_file() or "video" not in about.get("conditions", ()):
        return False
    heeded = told.skip_damaged or not about.get("skip_damaged")  # it would have stopped at damage that this one is to stop at
    same_clips = Path(about.get("data", "")).expanduser().resolve() == Path(told.data).expanduser().resolve()
    return heeded and same_clips and asked == {name: about.get(name) for name in asked}


def _about(options: ProbeOptions, items: Sequence[Item], rows: Sequence[Answered], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """What was probed, for the head of the page."""
    frames = [count for count in map(_frames_shown, rows) if count]
    rates = [row.prediction.fps for row in rows if row.prediction.fps > 0]
    unread = [row.prediction.is_silent for row in rows if row.prediction.letter is None]
    told = {
        "model": options.checkpoint or options.predictions,
        "data": options.data,
        "part": evaluation.get("part"),
        "by": evaluation.get("by"),
        "questions": len(rows),
        "clips": len({row.factors.key for row in rows}),
        "not asked": sum(item.has_answer for item in items) - len(rows),
        "not answered": sum(unread),
        "answers hidden": sum(not item.has_answer for item in items),
        "frames shown": round(median(frames)) if frames else options.frames_shown,
        "frames shown per second": round(median(rates), 2) if rates else None,
        "replies without a letter": len(unread) - sum(unread),
        AXES: _settings([row.factors for row in rows]),
    }
    return {name: value for name, value in told.items() if value not in (None, 0, {})}


def _frames_shown(row: Answered) -> int:
    """How many frames of the clip were shown; 0 where that is not known."""
    return len(row.prediction.frames) or round(row.prediction.fps * (row.factors.duration_s or 0.0))


def _settings(rows: Sequence[Factors]) -> dict[str, float]:
    """Where the axes of difficulty stood, on the mean."""
    totals: Counter[str] = Counter()
    known = [row.settings for row in rows if row.settings]
    for settings in known:
        totals.update(settings)
    return {name: round(total / len(known), 2) for name, total in totals.items()}


def _write(folder: Path, profile: Profile, rows: Sequence[Answered], after: Next) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ({**asdict(row.factors), "right": row.right, "prediction": asdict(row.prediction)} for row in rows)
    write_atomically(folder / "questions.jsonl", json_lines(lines))
    if after.curriculum:
        write_atomically(folder / CURRICULUM, after.curriculum)
    else:
        (folder / CURRICULUM).unlink(missing_ok=True)  # of an earlier probe
    write_profile(profile, folder / "profile.json")
    write_page(profile, folder / "index.html", after.command, after.why_none)


def _show(folder: Path, profile: Profile, after: Next, console: Console) -> None:
    console.print(_table(profile))
    console.print(escape(_sentence(profile)), soft_wrap=True)
    if names := not_shown(profile):
        console.print(
            f"None of the questions of {escape(listed(names))} could be seen at the rate at which frames were shown: more frames would help"
            " there, more clips would not, so the curriculum asks for them in rehearsal alone.",
            soft_wrap=True,
        )
    files = ["index.html (to read)", "profile.json", "questions.jsonl", *([CURRICULUM] if after.curriculum else [])]
    console.print(f"{escape(str(folder))} holds {listed(files)}.", soft_wrap=True)
    console.print(f"What to generate next: {escape(after.command)}" if after.command else escape(after.why_none), soft_wrap=True)


def _table(profile: Profile) -> Table:
    table = Table(title="worst slices", title_justify="left")
    for name in ("factor", "value"):
        table.add_column(name)
    for name in ("questions", "right", "95 %", "chance", "the others", "q", ""):
        table.add_column(name, justify="right")
    for each in [profile.overall, *profile.by_type, *profile.slices[:SHOWN]]:
        table.add_row(*map(escape, _cells(each)))
    return table


def _cells(each: Slice) -> tuple[str, ...]:
    """A line of the table; ``fails`` in words, so that it is read in black and white as well."""
    interval = f"{each.low:.0%}–{each.high:.0%}"
    others = "" if each.others is None else f"{each.others:.0%}"
    q = "" if each.q is None else f"{each.q:.3f}"
    verdict = "fails" if each.fails else ""
    return each.factor, each.value, str(each.n), f"{each.accuracy:.0%}", interval, f"{each.chance:.0%}", others, q, verdict


def _sentence(profile: Profile) -> str:
    failing = sum(each.fails for each in (*profile.by_type, *profile.slices))
    tested = sum(each.q is not None for each in (*profile.by_type, *profile.slices))
    count = profile.counting
    counts = f" Counts are {count.mean_error:+.2f} off on the mean ({count.low:+.2f} to {count.high:+.2f})." if count else ""
    if profile.overall.fails:
        return f"Over all questions it is no better than a guess: slices tell little before it is.{counts}"
    failed = f"{failing} slice{' fails' if failing == 1 else 's fail'}"
    return f"{failed}, of {tested} tested; the others are questions of the same templates.{counts}"


if __name__ == "__main__":
    main()
