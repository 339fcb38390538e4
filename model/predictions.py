"""Answers of a model, one per question and condition: what evaluation writes and the probe reads, one per line of a file.

Answers of any other model are read as well (`load_predictions`), in each of these shapes, as JSON or one per line:

    {"<uid>": "B", …}        {"<uid>": "B. To the right", …}
    {"uid": "<uid>", "prediction": "B"}   the keys may also be id, question_id; pred, response, output, answer

A row may also say what was shown: ``frames``, the numbers of the frames or how many, and ``fps``, frames shown per second of video.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conf.atomic import json_lines, write_atomically
from model.dataset import Item
from scenes.types import require

CONDITIONS = ("video", "text", "single", "shuffled", "reversed")
"""What a model was shown: the video; no picture; its middle frame, repeated; its frames in a drawn order; its frames backwards."""

ANSWERS, RESULTS = "predictions.jsonl", "results.json"  # of an evaluation: its answers, and what it says of them and of itself
UID_KEYS = ("uid", "id", "question_id")
ANSWER_KEYS = ("letter", "prediction", "pred", "response", "output", "answer")  # "answer" last: beside another it is the right one
SHOWN = 3  # examples in a message


@dataclass(frozen=True)
class Prediction:
    """What a model said to one question.

    Args:
        uid: of the question.
        letter: its answer in the letters of the data set, or None where what it said holds no letter.
        log_probs: of the options, in the data set's order; empty where only an answer is known.
        condition: one of `CONDITIONS`.
        order: how the options were shuffled when it was asked: ``order[i]`` is the place in the data set of the option shown i-th.
        said: what it generated, where it was made to.
        frames: which frames of the video were shown.
        fps: frames shown per second of video; 0 where that is not known.
    """

    uid: str
    letter: str | None
    log_probs: tuple[float, ...] = ()
    condition: str = "video"
    order: tuple[int, ...] = ()
    said: str | None = None
    frames: tuple[int, ...] = ()
    fps: float = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether there is no reply at all."""
        return self.letter is None and self.said is None


def first_capital(said: str, letters: str) -> str | None:
    """The letter that a reply stands for: its first capital, as MotionBench reads it (arXiv 2501.02955, section 3.1).

    None where there is no capital, or the first one names no option, as in "The answer is B".
    """
    found = re.search("[A-Z]", said)
    return found[0] if found and found[0] in letters else None


def by_condition(predictions: Iterable[Prediction]) -> dict[str, dict[str, Prediction]]:
    """The first prediction for each question, by uid, under each of `CONDITIONS` that there is."""
    found: dict[str, dict[str, Prediction]] = {condition: {} for condition in CONDITIONS}
    for prediction in predictions:
        found[prediction.condition].setdefault(prediction.uid, prediction)
    return {condition: told for condition, told in found.items() if told}


def one_each(predictions: Iterable[Prediction]) -> dict[str, Prediction]:
    """The first prediction for each question that was shown with its video, by uid."""
    return by_condition(predictions).get("video", {})


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """One per line; the file appears when it is whole."""
    lines = json_lines(map(asdict, predictions))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lines)


def submission(items: Sequence[Item], predictions: Iterable[Prediction]) -> dict[str, str]:
    """``{uid: letter}`` of the questions whose answers are hidden, as MotionBench's leaderboard takes them; "" where unreadable."""
    hidden = {item.uid for item in items if not item.has_answer}
    return {uid: prediction.letter or "" for uid, prediction in one_each(predictions).items() if uid in hidden}


def load_predictions(path: str | Path, items: Sequence[Item], frames_shown: int | None = None) -> list[Prediction]:
    """The predictions in a file, ours or another model's, for the questions of a data set; those for other questions are left out.

    Free text is read by `first_capital`, and kept in ``said``. Our own file, whose rows name a condition, tells which questions were
    asked. Another model was asked all of them: one that its file does not answer has a prediction without a letter, which is wrong.

    Args:
        frames_shown: of each video, where a row says neither ``fps`` nor ``frames``; None: not known.

    Raises:
        ValueError: there is no such file, it has none of the shapes above, a row of it cannot be used, it answers a question twice in
            different ways, or no question of the data set.
    """
    path = Path(path).expanduser()
    rows = list(_rows(path))
    known = {item.uid: item for item in items}
    found = [_prediction(row, known[uid], frames_shown, f"{_named(path)}, row {number}") for number, uid, row in rows if uid in known]
    if not found:
        theirs, ours = _some(uid for _, uid, _ in rows), _some(known)
        raise ValueError(f"{_named(path)} answers no question of the data set: its uids are {theirs}, the data set's {ours}")
    told = _without_repeats(found, path)
    answered = {each.uid for each in told}
    is_ours = any("condition" in row for *_, row in rows)
    return told if is_ours else told + [Prediction(uid, None) for uid in known if uid not in answered]


def told_beside(path: str | Path) -> Mapping[str, Any]:
    """What an evaluation says of itself beside its answers; nothing of answers from elsewhere."""
    path = Path(path).expanduser()
    try:
        return dict(json.loads(path.with_name(RESULTS).read_text(encoding="utf-8"))["about"]) if path.name == ANSWERS else {}
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def _prediction(row: Mapping[str, Any], item: Item, frames_shown: int | None, where: str) -> Prediction:
    key = next((key for key in ANSWER_KEYS if key in row), None)
    if key is None:
        raise ValueError(f"{where}: question {item.uid} has no answer; give it as one of {', '.join(ANSWER_KEYS)}")
    answer = row[key]
    if answer is not None and not isinstance(answer, str):
        raise ValueError(f"{where}: the answer {answer!r} to question {item.uid} is not allowed: give a text or null")
    read = FIELDS if key == "letter" else FOREIGN
    told: dict[str, Any] = {name: row[name] for name in read if row.get(name) is not None}
    for name, value in told.items():
        fits, allowed = FIELDS[name]
        require(fits(value, len(item.options)), f"{where}: {name}", value, allowed.format(count=len(item.options)))
    told.setdefault("fps", _rate(told.get("frames", frames_shown), item))
    if isinstance(told.get("frames"), int):
        del told["frames"]  # which ones is not known
    if key != "letter":
        told["said"] = answer
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Prediction(item.uid, first_capital(answer or "", item.letters), **plain)


def _rate(frames: Sequence[int] | int | None, item: Item) -> float:
    """Frames shown per second of video, by which or how many were shown; 0 where that is not known."""
    count = frames if isinstance(frames, int) else len(frames or ())
    return count / item.duration_s if item.duration_s else 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_list(value: object, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(fits, value))


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


FIELDS: Mapping[str, tuple[Callable[[Any, int], bool], str]] = {
    "condition": (lambda value, _: value in CONDITIONS, f"one of {', '.join(CONDITIONS)}"),
    "log_probs": (
        lambda value, count: _is_list(value, _is_number) and len(value) in (0, count),
        "a finite number for each of its {count} options",
    ),
    "order": (
        lambda value, count: _is_list(value, _is_place) and sorted(value) in ([], list(range(count))),
        "each place of its {count} options once",
    ),
    "frames": (lambda value, _: _is_place(value) or _is_list(value, _is_place), "the numbers of the frames that were shown, or how many"),
    "fps": (lambda value, _: _is_number(value) and value >= 0, "frames shown per second of video, 0 or more"),
    "said": (lambda value, _: isinstance(value, str), "a text"),
}
"""What a row may hold beside its answer, with what is allowed there; null is as if it were not there."""
FOREIGN = ("condition", "log_probs", "frames", "fps")  # what is read in rows of any shape


def _without_repeats(predictions: Sequence[Prediction], path: Path) -> list[Prediction]:
    first: dict[tuple[object, ...], Prediction] = {}
    for prediction in predictions:
        before = first.setdefault((prediction.uid, prediction.condition, prediction.order), prediction)
        if before.letter != prediction.letter:
            raise ValueError(f"{_named(path)}: question {prediction.uid} is answered {before.letter} and {prediction.letter}: leave one")
    return list(first.values())


def _rows(path: Path) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """The number of each row, its uid, and what it holds."""
    for number, entry in _entries(path):
        if not isinstance(entry, dict):
            raise ValueError(f"{_named(path)}, row {number} holds {entry!r}: give {{uid: answer}}, or rows with a uid and an answer")
        key = next((key for key in UID_KEYS if isinstance(entry.get(key), str | int)), None)
        if key is not None and len(entry) > 1:
            yield number, str(entry[key]), entry
        else:
            yield from ((number, uid, said if isinstance(said, dict) else {"prediction": said}) for uid, said in entry.items())


def _entries(path: Path) -> list[tuple[int, Any]]:
    """What the file holds, numbered from 1: the elements of its list, its one mapping, or its lines."""
    if not path.is_file():
        raise ValueError(f"{_named(path)} is not there: give a file of answers, JSON or one per line")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{_named(path)} is no text in UTF-8 ({error}): save it as UTF-8") from error
    parse: Callable[[str], Any] = json.loads
    try:
        whole = parse(text)
    except json.JSONDecodeError:
        return [(number, _line(line, number, path)) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return list(enumerate(whole if isinstance(whole, list) else [whole], start=1))


def _line(line: str, number: int, path: Path) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{_named(path)}: line {number} is no JSON ({error}): give JSON, or one JSON object per line") from error


def _named(path: Path) -> str:
    return f"predictions = {str(path)!r}"


def _some(uids: Iterable[str]) -> str:
    shown = [uid for uid, _ in zip(dict.fromkeys(uids), range(SHOWN), strict=False)]
    return ", ".join(map(repr, shown)) or "none"
