"""What the JSON of a data set must look like, and where it departs from that.

A shape is an example of what it stands for: a type for its values (float for whole numbers as well), a pattern for text that matches it
as a whole, a dictionary for an object with at least its keys, a list of one example for a list of such, and a tuple for one of several.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from qa_templates.question import LETTERS, QUESTION_TYPES

LONGEST = 60  # characters of a wrong value that are shown
HEX_32, HEX_16, HEX_64 = (re.compile(f"[0-9a-f]{{{length}}}") for length in (32, 16, 64))
LETTER, TYPE = re.compile(f"[{LETTERS}]"), re.compile("|".join(QUESTION_TYPES))
VIDEO_INFO = {"duration": float, "fps": float, "resolution": {"width": int, "height": int}}
ROW = {
    "question_type": TYPE,
    "video_type": re.compile("Virtual"),
    "key": HEX_32,
    "qa": [{"uid": HEX_16, "start": None, "end": None, "answer": LETTER, "question": str}],
    "video_path": re.compile(r"[0-9a-f]{32}\.mp4"),
    "video_info": VIDEO_INFO,
}
REMARKS = [{"start_s": float, "end_s": float, "subjects": [str], "text": str}]
CAPTION_ROW = {"key": HEX_32, "video_path": str, "duration": float, "caption": str, "remarks": REMARKS}
PAIR_ROW = {"factor": str, "keys": [HEX_32], "uids": [HEX_16]}
QUESTION = {
    "uid": HEX_16,
    "question_type": TYPE,
    "template": str,
    "text": str,
    "options": [str],
    "answer": LETTER,
    "prompt": str,
    "evidence": {"quantity": str, "unit": str, "margin": float, "margin_unit": str, "frames": [int], "subjects": [str]},
    "difficulty": {"settings": dict, "measured": dict},
    "required_fps": float,
    "asked": {"template": str, "options": [str], "letter": LETTER, "slots": dict, "none": (int, None)},
}
VISIBILITY = {"names": [str], "frames": [int], "visible_fraction": [[float]], "area_px": [[float]], "box_px": [[[(float, None)]]]}
ANNOTATION = {
    "schema_version": int,
    "key": HEX_32,
    "index": int,
    "split": str,
    "seed": int,
    "attempt": int,
    "twin": ({"key": HEX_32, "factor": str}, None),
    "video_info": VIDEO_INFO,
    "intent": {"template": str, "options": [str], "letter": LETTER},
    "questions": [QUESTION],
    "caption": {"text": str, "opening": str, "remarks": REMARKS, "closing": str},
    "spec": {"timeline": {"num_frames": int, "fps": float}, "objects": [dict], "camera": dict, "environment": dict},
    "visibility": VISIBILITY,
    "files": dict,
}
FILE = {"path": str, "bytes": int, "sha256": HEX_64}
DESCRIPTION = {"schema_version": int, "generator": str, "seed": int, "split": str, "configuration": dict, "versions": dict}


def departures(value: Any, shape: Any, where: str = "") -> Iterator[str]:
    """What is wrong with a JSON value, each with its place; nothing where it has the shape."""
    if isinstance(shape, tuple):
        if all(any(departures(value, each)) for each in shape):
            yield from departures(value, shape[-1], where)
    elif isinstance(shape, Mapping):
        yield from _of_object(value, shape, where)
    elif isinstance(shape, list):
        yield from _of_list(value, shape[0], where)
    elif not _fits(value, shape):
        yield f"{where or 'the whole'} is {_shown(value)}: want {_told(shape)}"


def _of_object(value: Any, shape: Mapping[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where or 'the whole'} is {_shown(value)}: want an object"
        return
    for key, inner in shape.items():
        place = f"{where}.{key}" if where else key
        if key in value:
            yield from departures(value[key], inner, place)
        else:
            yield f"{place} is missing"


def _of_list(value: Any, inner: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where or 'the whole'} is {_shown(value)}: want a list"
        return
    for place, each in enumerate(value):
        yield from departures(each, inner, f"{where}[{place}]")


def _fits(value: Any, shape: Any) -> bool:
    if shape is None:
        return value is None
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if shape is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _told(shape: Any) -> str:
    return shape.pattern if isinstance(shape, re.Pattern) else "null" if shape is None else shape.__name__
