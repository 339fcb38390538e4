"""Read a data set from disk: what the proofs, the pages and the exports are made of.

    for clip in DatasetReader("outputs/motionfoundry-train-seed0"):
        for question in clip.questions: ...
        for picture in clip.pictures(): ...  # (height, width, 3) uint8 RGB

It opens what is asked for when it is asked for, and writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from generator.annotations import EachFrame, load_each_frame, load_layer
from generator.description import DATASET_JSON, SCHEMA_VERSION
from generator.index import META
from generator.records import load_spec, load_trajectories
from generator.video import read_frames
from scenes.types import SceneSpec, Trajectories

REMEDY = "the command that made the data set writes it anew"


class NoDataset(ValueError):
    """A folder holds no data set, or none that this program reads; the message says what is missing or wrong."""


def strict_json(text: str | bytes) -> Any:
    """JSON without NaN and Infinity, which are none. Raises ValueError."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


@dataclass(frozen=True)
class ReadQuestion:
    """A question as it is asked: what anyone who answers it is given, and the answer."""

    uid: str
    question_type: str
    template: str
    text: str
    options: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class ClipReader:
    """One clip of a data set. Small and picklable; what it has read it keeps."""

    root: Path
    key: str

    @property
    def video(self) -> Path:
        return self.root / "videos" / f"{self.key}.mp4"

    @property
    def has_video(self) -> bool:
        return self.video.is_file()

    @cached_property
    def annotation(self) -> dict[str, Any]:
        """The annotation file, as JSON gives it. Raises OSError and ValueError."""
        return strict_json((self.root / "annotations" / f"{self.key}.json").read_text(encoding="utf-8"))

    @cached_property
    def spec(self) -> SceneSpec:
        """The specification; it re-renders the clip."""
        return load_spec(self.root / "annotations" / f"{self.key}.json")

    @cached_property
    def paths(self) -> Trajectories:
        """The trajectories."""
        return load_trajectories(self.root / "trajectories" / f"{self.key}.npz")

    @cached_property
    def each_frame(self) -> EachFrame:
        """What is seen of each object, and the camera's matrices, at every frame. Raises NoLayer where an older clip holds none."""
        return load_each_frame(self.root, self.key)

    def layer(self, name: str) -> Any:
        """A layer of truth for every pixel: see `generator.annotations.load_layer`. Raises NoLayer."""
        return load_layer(self.root, self.key, name)

    @cached_property
    def questions(self) -> tuple[ReadQuestion, ...]:
        """The questions, from the annotation."""
        return tuple(
            ReadQuestion(each["uid"], each["question_type"], each["template"], each["text"], tuple(each["options"]), each["answer"])
            for each in self.annotation["questions"]
        )

    def pictures(self) -> Iterator[np.ndarray]:
        """The frames of the video, ``(height, width, 3)`` uint8 RGB, one after another."""
        return read_frames(self.video)


@dataclass(frozen=True)
class DatasetReader:
    """A data set on disk; iterating gives its clips in order.

    Raises:
        NoDataset: at construction, where the folder holds none, or that of another version; and where a row cannot be read.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))
        for name in (DATASET_JSON, META):
            if not (self.root / name).is_file():
                raise NoDataset(f"{self.root} holds no data set ({name} is missing): give the folder that the generator wrote")
        version = self.description.get("schema_version")
        if version != SCHEMA_VERSION:
            raise NoDataset(f"{self.root} has schema version {version}, this program reads {SCHEMA_VERSION}: make the data set again")

    @cached_property
    def description(self) -> dict[str, Any]:
        """``dataset.json``: schema version, configuration, seed, versions."""
        return self._object(DATASET_JSON, (self.root / DATASET_JSON).read_bytes(), "")

    @cached_property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The rows of MotionBench's meta file."""
        lines = (self.root / META).read_bytes().split(b"\n")  # a row may hold what str.splitlines takes for the end of a line
        return tuple(self._object(META, line, f"line {number} of ") for number, line in enumerate(lines, start=1) if line)

    def _object(self, name: str, text: bytes, where: str) -> dict[str, Any]:
        try:
            found = strict_json(text)
        except ValueError as error:
            raise NoDataset(f"{where}{self.root / name} is not JSON ({error}): {REMEDY}") from error
        if not isinstance(found, dict):
            raise NoDataset(f"{where}{self.root / name} is no object: {REMEDY}")
        return found

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The clips listed in the meta file, in its order."""
        lacking = [number for number, row in enumerate(self.rows, start=1) if not isinstance(row.get("key"), str)]
        if lacking:
            raise NoDataset(f"row {lacking[0]} of {self.root / META} has no key: {REMEDY}")
        return tuple(dict.fromkeys(row["key"] for row in self.rows))

    def clip(self, key: str) -> ClipReader:
        """One clip, listed or not."""
        return ClipReader(self.root, key)

    def __iter__(self) -> Iterator[ClipReader]:
        return map(self.clip, self.keys)

    def __len__(self) -> int:
        return len(self.keys)
