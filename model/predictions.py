"""Answers of a model, one per question and condition: what evaluation writes and the probe reads, one per line of a file.

Answers of any other model are read as well (`load_predictions`), in each of these shapes, as JSON or one per line:

    {"<uid>": "B", …}        {"<uid>": "B. To the right", …}
    {"uid": "<uid>", "prediction": "B"}   the keys may also be id, question_id; pred, response, output, answer
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from model.dataset import Item

CONDITIONS = ("video", "text", "single", "shuffled", "reversed")
"""What a model was shown: the video; no picture; its middle frame, repeated; its frames in a drawn order; its frames backwards."""

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


def first_capital(said: str, letters: str) -> str | None:
    """The letter that a reply stands for: its first capital, as MotionBench reads it (arXiv 2501.02955, section 3.1).

    None where there is no capital, or the first one names no option, as in "The answer is B".
    """
    found = re.search("[A-Z]", said)
    return found[0] if found and found[0] in letters else None


def one_each(predictions: Iterable[Prediction], condition: str = "video") -> dict[str, Prediction]:
    """The first prediction for each question under a condition, by uid."""
    chosen: dict[str, Prediction] = {}
    for prediction in predictions:
        if prediction.condition == condition:
            chosen.setdefault(prediction.uid, prediction)
    return chosen


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """One per line; the file appears when it is whole."""
    write_whole(path, "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in predictions))


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def submission(items: Sequence[Item], predictions: Iterable[Prediction]) -> dict[str, str]:
    """``{uid: letter}`` of the questions whose answers are hidden, as MotionBench's leaderboard takes them; "" where unreadable."""
    hidden = {item.uid for item in items if not item.has_answer}
    return {uid: prediction.letter or "" for uid, prediction in one_each(predictions).items() if uid in hidden}


def load_predictions(path: str | Path, items: Sequence[Item]) -> list[Prediction]:
    """The predictions in a file, ours or another model's, for the questions of a data set; those for other questions are left out.

    Free text is read by `first_capital`, and kept in ``said``.

    Raises:
        ValueError: there is no such file, it has none of the shapes above, it answers a question twice in different ways,
            or no question of the data set.
    """
    path = Path(path).expanduser()
    rows = list(_rows(path))
    known = {item.uid: item for item in items}
    found = [_prediction(row, known[uid], path) for uid, row in rows if uid in known]
    if not found:
        theirs, ours = _some(uid for uid, _ in rows), _some(known)
        raise ValueError(f"predictions = {str(path)!r} answers no question of the data set: its uids are {theirs}, the data set's {ours}")
    return _without_repeats(found, path)


def _prediction(row: Mapping[str, Any], item: Item, path: Path) -> Prediction:
    key = next((key for key in ANSWER_KEYS if key in row), None)
    if key is None:
        raise ValueError(f"predictions = {str(path)!r}: question {item.uid} has no answer; give it as one of {', '.join(ANSWER_KEYS)}")
    said = row[key]
    if said is not None and not isinstance(said, str):
        raise ValueError(f"predictions = {str(path)!r}: the answer {said!r} to question {item.uid} is not allowed: give a text or null")
    if key == "letter":
        return _ours(row, item, path)
    return Prediction(item.uid, first_capital(said or "", item.letters), said=said)


def _ours(row: Mapping[str, Any], item: Item, path: Path) -> Prediction:
    names = {each.name for each in fields(Prediction)}
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items() if name in names}
    prediction = Prediction(**{**told, "uid": item.uid, "letter": first_capital(row["letter"] or "", item.letters)})
    if prediction.condition not in CONDITIONS:
        raise ValueError(f"predictions = {str(path)!r}: condition {prediction.condition!r} is not allowed: {', '.join(CONDITIONS)}")
    if prediction.log_probs and len(prediction.log_probs) != len(item.options):
        raise ValueError(
            f"predictions = {str(path)!r}: question {item.uid} has {len(item.options)} options and {len(prediction.log_probs)} log_probs"
        )
    return prediction


def _without_repeats(predictions: Sequence[Prediction], path: Path) -> list[Prediction]:
    first: dict[tuple[object, ...], Prediction] = {}
    for prediction in predictions:
        before = first.setdefault((prediction.uid, prediction.condition, prediction.order), prediction)
        if before.letter != prediction.letter:
            raise ValueError(
                f"predictions = {str(path)!r}: question {prediction.uid} is answered {before.letter} and {prediction.letter}: leave one"
            )
    return list(first.values())


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in _entries(path):
        if not isinstance(entry, dict):
            raise ValueError(f"predictions = {str(path)!r} holds {entry!r}: give {{uid: answer}}, or rows with a uid and an answer")
        key = next((key for key in UID_KEYS if key in entry), None)
        if key is not None and any(name in entry for name in ANSWER_KEYS):
            yield str(entry[key]), entry
        else:
            yield from ((uid, said if isinstance(said, dict) else {"prediction": said}) for uid, said in entry.items())


def _entries(path: Path) -> list[Any]:
    """What the file holds: the elements of its list, its one mapping, or its lines."""
    if not path.is_file():
        raise ValueError(f"predictions = {str(path)!r} is not there: give a file of answers, JSON or one per line")
    text = path.read_text(encoding="utf-8")
    parse: Callable[[str], Any] = json.loads
    try:
        whole = parse(text)
    except json.JSONDecodeError:
        return [_line(line, number, path) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _line(line: str, number: int, path: Path) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"predictions = {str(path)!r}: line {number} is no JSON ({error}): give JSON, or one JSON object per line"
        ) from error


def _some(uids: Iterable[str]) -> str:
    shown = [uid for uid, _ in zip(dict.fromkeys(uids), range(SHOWN), strict=False)]
    return ", ".join(map(repr, shown)) or "none"
