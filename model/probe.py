"""``python -m model.probe key=value …``: which motions a model fails on, and what to generate next. ``--help`` lists the keys."""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conf.command_line import DONE, INTERRUPTED, CommandLine
from model.commands import generate_by
from model.dataset import META, Item, read_items
from model.factors import Factors, read_configuration, read_factors
from model.page import write_page
from model.predictions import Prediction, load_predictions, one_each, write_whole
from model.prescription import AXES, REHEARSAL, TARGET, prescribe
from model.profile import Profile, Slice, write_profile
from model.slices import Answered, profile_of
from qa_templates.curriculum import written
from scenes.types import require

PLAIN_WIDTH = 140  # of tables in a file
SHOWN = 15
CURRICULUM, ANSWERS = "curriculum.yaml", "predictions.jsonl"
EVALUATION = ("data", "checkpoint", "part", "by", "batch_size", "device", "workers", "skip_damaged", "cache")
PARTS = ("held_out", "all")


@dataclass(frozen=True)
class ProbeOptions:
    """What a probe is told.

    Args:
        data: folder of a data set, ours or MotionBench's.
        checkpoint: folder of a run of ``model.train``; it is evaluated first, unless that was done since it was saved.
        predictions: a file of answers, in place of `checkpoint`; see `model.predictions`.
        part, by, batch_size, device, workers, skip_damaged, cache: of the evaluation; see `model.evaluate`.
        target, rehearsal: of the curriculum; see `model.prescription`.
        out: folder for the results; None is in the run, or beside the file of answers.
    """

    data: str
    checkpoint: str | None = None
    predictions: str | None = None
    part: str = "held_out"
    by: str = "letter"
    batch_size: int = 16
    device: str = "auto"
    workers: int = 2
    skip_damaged: bool = False
    cache: str | None = None
    target: float = TARGET
    rehearsal: float = REHEARSAL
    out: str | None = None

    def __post_init__(self) -> None:
        given = [key for key in ("checkpoint", "predictions") if getattr(self, key) is not None]
        require(len(given) == 1, "checkpoint, predictions", given, "one of the two: a run to ask, or a file of answers")
        require(self.part in PARTS, "part", self.part, f"one of {', '.join(PARTS)}")
        require(0 < self.target <= 1, "target", self.target, "a share above 0, up to 1")
        require(0 < self.rehearsal < 1, "rehearsal", self.rehearsal, "a share between 0 and 1")

    @property
    def folder(self) -> Path:
        """Where the results go."""
        if self.out is not None:
            return Path(self.out).expanduser()
        name = Path(self.data).expanduser().resolve().name
        if self.checkpoint is not None:
            return Path(self.checkpoint).expanduser() / "probe" / name
        file = Path(self.predictions or "").expanduser()
        return file.parent / f"{file.stem}-probe" / name


LINE = CommandLine("model.probe", "probe", ProbeOptions)


def main() -> NoReturn:
    """Entry point: exit code 0, or 2 for bad input, or 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    LINE.run(_probe_here)


def _probe_here(options: ProbeOptions) -> int:
    try:
        return probe(options, Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    except KeyboardInterrupt:
        LINE.complain("interrupted; nothing was written")
        return INTERRUPTED


def probe(options: ProbeOptions, console: Console) -> int:
    """Find out what a model fails on, write it down and show the worst; returns the exit code."""
    items = read_items(options.data)
    file = Path(options.predictions) if options.predictions is not None else _evaluated(options, console)
    rows = answered(options.data, items, one_each(load_predictions(file, items)))
    profile = profile_of(rows, _about(options, items, rows))
    command = generate_by(options.folder / CURRICULUM, read_configuration(options.data), len({item.key for item in items}))
    _write(options.folder, profile, rows, written(prescribe(profile, options.target, options.rehearsal)), command)
    _show(options.folder, profile, command, console)
    return DONE


def answered(root: str | Path, items: Sequence[Item], predictions: Mapping[str, Prediction]) -> list[Answered]:
    """The questions that were answered, with their factors. Raises ValueError when the right answers of all of them are hidden."""
    known = [item for item in items if item.has_answer and item.uid in predictions]
    require(
        bool(known), "predictions", f"{len(predictions)} answers", "answers to questions of the data set whose right answers are not hidden"
    )
    return [Answered(factors, predictions[factors.uid]) for factors in read_factors(root, known)]


def _evaluated(options: ProbeOptions, console: Console) -> Path:
    """The answers of the checkpoint, asked for where there are none since it was saved."""
    from model.evaluate import EvaluateOptions, evaluate  # brings torch, which a file of answers does not need

    told = EvaluateOptions(**{name: getattr(options, name) for name in EVALUATION}, out=str(options.folder / "evaluation"))
    for folder in (told.folder, replace(told, out=None).folder):
        if _still_holds(folder, options):
            return folder / ANSWERS
    evaluate(told, console)
    return told.folder / ANSWERS


def _still_holds(folder: Path, options: ProbeOptions) -> bool:
    """Whether an evaluation asked the same of the same data, since the model was saved."""
    answers, results = folder / ANSWERS, folder / "results.json"
    if not (answers.is_file() and results.is_file()):
        return False
    about = json.loads(results.read_text(encoding="utf-8"))["about"]
    data = Path(options.data).expanduser()
    same = (about.get("part"), about.get("by"), Path(about["data"]).expanduser().resolve()) == (options.part, options.by, data.resolve())
    weights = (Path(options.checkpoint or "").expanduser() / "model").glob("*.safetensors")
    changed_ns = max(path.stat().st_mtime_ns for path in (*weights, data / META))
    return same and "video" in about.get("conditions", ()) and answers.stat().st_mtime_ns > changed_ns


def _about(options: ProbeOptions, items: Sequence[Item], rows: Sequence[Answered]) -> dict[str, Any]:
    shown = [row.prediction for row in rows if row.prediction.frames]
    rates = [row.prediction.fps for row in rows if row.prediction.fps > 0]
    told = {
        "model": options.checkpoint or options.predictions,
        "data": options.data,
        "questions": len(rows),
        "clips": len({row.factors.key for row in rows}),
        "not answered": sum(item.has_answer for item in items) - len(rows),
        "answers hidden": sum(not item.has_answer for item in items),
        "frames shown": round(median(len(each.frames) for each in shown)) if shown else None,
        "frames shown per second": round(median(rates), 2) if rates else None,
        "replies without a letter": sum(row.prediction.letter is None for row in rows),
        AXES: _settings([row.factors for row in rows]),
    }
    return {name: value for name, value in told.items() if value not in (None, 0, {})}


def _settings(rows: Sequence[Factors]) -> dict[str, float]:
    """Where the axes of difficulty stood, on the mean."""
    totals: Counter[str] = Counter()
    known = [row.settings for row in rows if row.settings]
    for settings in known:
        totals.update(settings)
    return {name: round(total / len(known), 2) for name, total in totals.items()}


def _write(folder: Path, profile: Profile, rows: Sequence[Answered], curriculum: str, command: str) -> None:
    lines = ({**row.factors.row(), "right": row.right, "prediction": asdict(row.prediction)} for row in rows)
    write_whole(folder / "questions.jsonl", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    write_whole(folder / CURRICULUM, curriculum)
    write_profile(profile, folder / "profile.json")
    write_page(profile, folder / "index.html", command)


def _show(folder: Path, profile: Profile, command: str, console: Console) -> None:
    console.print(_table(profile))
    console.print(escape(_sentence(profile)), soft_wrap=True)
    console.print(f"{escape(str(folder))} holds index.html (to read), profile.json, questions.jsonl and {CURRICULUM}.", soft_wrap=True)
    console.print(f"What to generate next: {escape(command)}", soft_wrap=True)


def _table(profile: Profile) -> Table:
    table = Table(title="worst slices", title_justify="left")
    for name in ("factor", "value"):
        table.add_column(name)
    for name in ("questions", "right", "95 %", "the others", "q", ""):
        table.add_column(name, justify="right")
    for each in [profile.overall, *profile.by_type, *profile.slices[:SHOWN]]:
        table.add_row(*map(escape, _cells(each)))
    return table


def _cells(each: Slice) -> tuple[str, ...]:
    """A line of the table; ``fails`` in words, so that it is read in black and white as well."""
    interval = f"{each.low:.0%}–{each.high:.0%}"
    others = "" if each.others is None else f"{each.others:.0%}"
    q = "" if each.q is None else f"{each.q:.3f}"
    return each.factor, each.value, str(each.n), f"{each.accuracy:.0%}", interval, others, q, "fails" if each.fails else ""


def _sentence(profile: Profile) -> str:
    failing = sum(each.fails for each in (*profile.by_type, *profile.slices))
    tested = sum(each.q is not None for each in (*profile.by_type, *profile.slices))
    count = profile.counting
    counts = f" Counts are {count.mean_error:+.2f} off on the mean ({count.low:+.2f} to {count.high:+.2f})." if count else ""
    if profile.overall.fails:
        return f"Over all questions it is no better than a guess: slices tell little before it is.{counts}"
    return f"{failing} slices fail, of {tested} tested; the others are questions of the same templates.{counts}"


if __name__ == "__main__":
    main()
