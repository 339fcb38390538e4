"""What is known of each question: its scene, motions, difficulty and evidence, read from the annotations of its data set.

rows = read_factors("outputs/motionfoundry-train-seed0", read_items("outputs/motionfoundry-train-seed0"))
rows[0].classes["motion"], rows[0].measures["speed"], rows[0].command
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from model.commands import rerender
from model.dataset import LETTERS, BadDataset, Item, Question
from qa_templates.observation import camera_key, camera_keys
from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.cameras.move import CAMERA_MOVES
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS

COUNTS = "Repetition Count"
NONE = "none of these"
UNNAMED = -1
UNITS = {
    "speed": "picture widths/s",
    "amplitude": "picture widths",
    "count": "cycles",
    "occlusion": "share hidden",
    "size": "share of the picture",
    "camera": "picture widths",
    "distractors": "objects",
    "concurrent": "objects in motion",
    "required_fps": "frames/s",
    "duration": "s",
}
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SPELLED = {word: number for number, word in enumerate(NUMBERS)} | {"never": 0, "no": 0, "once": 1, "twice": 2, "thrice": 3}


@dataclass(frozen=True)
class Factors(Question):
    """A question, and what is known of it. A data set without annotations leaves most of it empty.

    Args:
        scene: clips that stem from one draw share it: a clip alone, or a pair of twins.
        labels: of the options: what they mean in any clip ("pan left", "spin", "3"), or the name of an object; empty if unknown.
        truth: the label of what is right; where "none of these" is right, the label that it stands in for.
        classes: values of the factors by which questions are sliced; a factor may have several, as motions do, or none.
        measures: what can be measured, in `UNITS`.
        settings: where the axes of difficulty were set, 0 to 1.
        evidence: why the answer is true: quantity, value, margin, frames.
        command: that renders the clip again, or "".
    """

    scene: str
    labels: tuple[str, ...] = ()
    truth: str = ""
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    measures: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)
    required_fps: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    video: str = ""
    duration_s: float | None = None
    fps: float | None = None
    twin: str | None = None
    index: int | None = None
    command: str = ""

    @property
    def stratum(self) -> str:
        """Questions that are alike: of one template, or of one type where templates are not known."""
        return self.template or self.question_type

    @property
    def counts(self) -> tuple[int, ...] | None:
        """The numbers that the options name, `UNNAMED` for "none of these"; None unless the question is one of counting."""
        if self.question_type != COUNTS:
            return None
        found = [UNNAMED if label.lower() == NONE else number_in(label) for label in self.labels or self.options]
        return None if None in found else tuple(number for number in found if number is not None)


def read_factors(root: str | Path, items: Sequence[Item]) -> list[Factors]:
    """The factors of questions, in their order. Raises BadDataset when an annotation is damaged."""
    root = Path(root).expanduser()
    configuration = read_configuration(root)
    kept: tuple[str, Mapping[str, Any]] = ("", {})
    rows = []
    for item in items:
        if item.key != kept[0]:
            kept = (item.key, _read(root / "annotations" / f"{item.key}.json"))
        rows.append(_of(item, kept[1], configuration, root))
    return rows


def read_configuration(root: str | Path) -> Mapping[str, Any]:
    """What the generator was told when it made a data set, under flat dotted keys; empty where it made none."""
    return dict(_read(Path(root).expanduser() / "dataset.json").get("configuration", {}))


def number_in(text: str) -> int | None:
    """The number that an option names: "4 times", "Twice", "three"; None where it names none, or several."""
    found = re.findall(r"\d+|[a-z]+", text.lower())
    numbers = [int(word) if word.isdigit() else SPELLED[word] for word in found if word.isdigit() or word in SPELLED]
    return numbers[0] if len(numbers) == 1 else None


def _of(item: Item, annotation: Mapping[str, Any], configuration: Mapping[str, Any], root: Path) -> Factors:
    plain: dict[str, Any] = {each.name: getattr(item, each.name) for each in fields(Question)}
    plain |= {"scene": item.scene, "video": str(item.video)}
    question = next((each for each in annotation.get("questions", ()) if each["uid"] == item.uid), None)
    if question is None:
        classes = {"right letter": (item.answer,), "number of options": (str(len(item.options)),)}
        return Factors(**plain, classes=classes, duration_s=item.duration_s or None)
    try:
        return Factors(**plain, **_of_question(question, annotation), command=rerender(root, configuration, annotation["index"]))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        named = f"{type(error).__name__}: {error}"
        raise BadDataset(f"{root / 'annotations' / item.key}.json is damaged ({named}): copy or generate the data set again") from error


def _of_question(question: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, Any]:
    asked, evidence = question["asked"], question["evidence"]
    keys = [_resolved(key, asked["slots"]) for key in asked["options"]]
    return {
        "labels": tuple(NONE if place == asked["none"] else spoken(key) for place, key in enumerate(keys)),
        "truth": spoken(keys[LETTERS.index(question["answer"])]),
        "classes": _classes(question, annotation),
        "measures": _measures(question, annotation),
        "settings": dict(question["difficulty"]["settings"]),
        "required_fps": question["required_fps"],
        "evidence": {name: evidence[name] for name in ("quantity", "value", "unit", "margin", "margin_unit", "frames", "subjects")},
        "duration_s": annotation["video_info"]["duration"],
        "fps": annotation["video_info"]["fps"],
        "twin": (annotation.get("twin") or {}).get("key"),
        "index": annotation["index"],
    }


def spoken(key: str) -> str:
    """An answer key as a label: ``pan_left`` → "pan left"."""
    return key.replace("_", " ").replace("+", " + ")


def _resolved(key: str, slots: Mapping[str, Any]) -> str:
    """What an answer key stands for: the slot of that name, where it names one, else itself."""
    value = slots.get(key)
    return value if isinstance(value, str) else key


def _classes(question: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Values of the factors, by name."""
    found = _of_subjects(question, annotation["spec"]) | _of_scene(annotation["spec"]) | _of_asking(question, annotation)
    return {factor: tuple(sorted(map(spoken, values))) for factor, values in found.items()}


def _of_scene(spec: Mapping[str, Any]) -> dict[str, set[str]]:
    """What is there, whatever is asked."""
    return {
        "event": {each["name"] for each in spec["events"]},
        "environment": {spec["environment"]["name"]},
        "avatar": {each["shape"] for each in spec["objects"] if each["shape"] in AVATARS},
        "viewpoint": {spec["camera"]["viewpoint"]},
        "number of objects": {str(len(spec["objects"]))},
    }


def _of_subjects(question: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, set[str]]:
    """What the evidence is about, and what happens meanwhile."""
    subjects = [each for each in spec["objects"] if each["name"] in question["evidence"]["subjects"]]
    done = {name for each in subjects for name in map(_name, _meanwhile(each["actions"], question, spec))}
    return {
        "motion": done & set(MOTIONS),
        "avatar motion": done & set(AVATAR_MOTIONS),
        "camera move": set(map(_signed, _meanwhile(spec["camera"]["moves"], question, spec))) or {"none"},
        "object": {each["shape"] for each in subjects if each["shape"] not in AVATARS},
        "colour": {each["colour"] for each in subjects},
    }


def _of_asking(question: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, set[str]]:
    """How it is asked, and why of this clip."""
    asked, answer = question["asked"], question["answer"]
    twin = (annotation.get("twin") or {}).get("factor")
    return {
        "asked about": _about(asked, answer),
        "answer": _answer_class(question, {each["name"] for each in annotation["spec"]["objects"]}),
        "right letter": {answer},
        "none of these": {_none_class(asked["none"], answer)},
        "twin": {twin} if twin else set(),
        "stage": {annotation["stage"]} if annotation.get("stage") else set(),
    }


def _meanwhile(actions: Iterable[Mapping[str, Any]], question: Mapping[str, Any], spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The actions that take place while the evidence is there to be seen."""
    first_s, last_s = (frame / spec["timeline"]["fps"] for frame in question["evidence"]["frames"])
    return [each for each in actions if each["start_s"] <= last_s and each["end_s"] >= first_s]


def _name(action: Mapping[str, Any]) -> str:
    return str(action["name"])


def _about(asked: Mapping[str, Any], letter: str) -> set[str]:
    """The motions, events and camera moves that a question names or that are its right answer, whichever way they go."""
    spoken_of = [value for slot, value in asked["slots"].items() if slot not in asked["options"]]
    flat = [each for value in spoken_of for each in (value if isinstance(value, (list, tuple)) else [value])]
    truth = _resolved(asked["options"][LETTERS.index(letter)], asked["slots"])
    found = {_unsigned(each) for value in (*flat, truth) if isinstance(value, str) for each in value.split("+")}
    return found & {*MOTIONS, *AVATAR_MOTIONS, *EVENTS, *CAMERA_MOVES}


def _unsigned(key: str) -> str:
    """The camera move of an answer key, without its direction; another key as it is."""
    return camera_keys().get(key, (key, 0))[0]


def _signed(move: Mapping[str, Any]) -> str:
    """A camera move with its direction, where the program that reads it knows the move."""
    sense = move["parameters"].get("sense")
    known = move["name"] in CAMERA_MOVES and sense in CAMERA_MOVES[move["name"]].directions
    return camera_key(move["name"], sense) if known else str(move["name"])


def _answer_class(question: Mapping[str, Any], objects: set[str]) -> set[str]:
    """The right answer, where it means the same in every clip; names of objects and places in a row do not."""
    asked = question["asked"]
    answer = _resolved(asked["options"][LETTERS.index(question["answer"])], asked["slots"])
    in_a_row = question["question_type"] != COUNTS and re.search(r"\d{2,}$", answer)
    return set() if answer in objects or in_a_row else {answer}


def _none_class(none: int | None, answer: str) -> str:
    if none is None:
        return "not shown"
    return "right" if LETTERS[none] == answer else "wrong"


def _measures(question: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, float]:
    measured, width_px = question["difficulty"]["measured"], annotation["spec"]["camera"]["width_px"]
    visible = measured["min_visible_fraction"]
    found = {
        "speed": measured["speed_widths_s"],
        "amplitude": measured["amplitude_px"] / width_px,
        "count": measured["count"],
        "occlusion": None if visible is None else 1 - visible,
        "size": measured["area_fraction"],
        "camera": measured["camera_px"] / width_px,
        "distractors": measured["distractors"],
        "concurrent": measured["concurrent"],
        "required_fps": question["required_fps"],
        "duration": annotation["video_info"]["duration"],
    }
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _read(path: Path) -> Mapping[str, Any]:
    """A JSON object; empty where there is no file."""
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadDataset(f"{path} is damaged ({error}): copy or generate the data set again") from error
    return told if isinstance(told, Mapping) else {}
