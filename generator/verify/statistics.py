"""The figures that MotionBench (arXiv 2501.02955) gives of itself, for a data set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from qa_templates.question import LETTERS, QUESTION_TYPES

NONE_OF_THESE = "none of these"


def statistics(annotations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a data set is like, from its annotations (of which ``video_info``, ``questions`` and ``caption`` are read).

    Lengths are in words, and densities in words per second of video: the annotation density is the length of a clip's questions, with
    their options, over its duration; means are over clips or questions, except that ``caption_words_per_s`` is all words over all seconds.
    """
    questions = [question for each in annotations for question in each["questions"]]
    durations_s = np.array([each["video_info"]["duration"] for each in annotations])
    return {
        "clips": len(annotations),
        "questions": len(questions),
        "questions_per_video": round(len(questions) / max(len(annotations), 1), 3),
        "types": _counted((question["question_type"] for question in questions), QUESTION_TYPES),
        "templates": _counted(question["template"] for question in questions),
        "letters": _counted((question["answer"] for question in questions), LETTERS),
        "with_none_of_these": sum(any(each.lower() == NONE_OF_THESE for each in question["options"]) for question in questions),
        "resolutions": _counted(_resolution(each["video_info"]) for each in annotations),
        "fps": _counted(f"{each['video_info']['fps']:g}" for each in annotations),
        "duration_s": _spread(durations_s),
        "durations": _histogram(durations_s),
        "question_words": _spread([_words(question["text"]) for question in questions]),
        "option_words": _spread([_words(option) for question in questions for option in question["options"]]),
        "annotation_words_per_s": _spread([_asked_words(each) / each["video_info"]["duration"] for each in annotations]),
        "caption_words_per_s": round(sum(_words(each["caption"]["text"]) for each in annotations) / max(durations_s.sum(), 1e-9), 3),
        "margins": _margins(questions),
    }


def _counted(names: Iterable[str], always: Sequence[str] = ()) -> dict[str, int]:
    counts = Counter(names)
    return {name: counts[name] for name in dict.fromkeys([*always, *sorted(counts)])}


def _spread(values: Iterable[float]) -> dict[str, float]:
    array = np.fromiter(values, float)
    if not len(array):
        return {}
    return {
        name: round(float(value), 3)
        for name, value in (("least", array.min()), ("median", np.median(array)), ("mean", array.mean()), ("most", array.max()))
    }


def _histogram(durations_s: np.ndarray) -> dict[str, list[float]]:
    """How many clips last how long, in bins of half a second."""
    if not len(durations_s):
        return {"from_s": [], "clips": []}
    edges = np.arange(np.floor(2 * durations_s.min()), np.floor(2 * durations_s.max()) + 2) / 2
    counts, _ = np.histogram(durations_s, edges)
    return {"from_s": edges[:-1].tolist(), "clips": counts.tolist()}


def _margins(questions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How far the evidence of each template is from another answer."""
    by_template: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for question in questions:
        by_template[question["evidence"]["margin_unit"], question["template"]].append(question["evidence"]["margin"])
    return [
        {"template": template, "unit": unit, "n": len(values), **_spread(values)}
        for (unit, template), values in sorted(by_template.items())
    ]


def _resolution(info: Mapping[str, Any]) -> str:
    return f"{info['resolution']['width']}×{info['resolution']['height']}"


def _asked_words(annotation: Mapping[str, Any]) -> int:
    return sum(_words(question["prompt"]) for question in annotation["questions"])


def _words(text: str) -> int:
    return len(text.split())
