"""Questions and frames off the disk: a generated data set, or MotionBench itself. Nothing here knows the generator.

items = read_items("outputs/motionfoundry-train-seed0")
train, held_out = split(items, held_out=0.2)
frames = FrameReader(num_frames=16, size_px=64).read(items[0].video)  # (16, 3, 64, 64) uint8
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

META = "video_info.meta.jsonl"
OPTION = re.compile(r"^\s*\(?([A-J])[.):]\s*(.+?)\s*$")
HIDDEN = "NA"  # the answer of a question whose answer is kept secret, in MotionBench's test part


class BadDataset(ValueError):
    """A data set that cannot be read; the message names the file, what is wrong with it, and what to do."""


class BadClip(ValueError):
    """A video that cannot be read; the message names it."""


@dataclass(frozen=True)
class Item:
    """One question of one clip.

    ``scene`` names what must not be divided between training and evaluation: the clip, or the pair of twins that it belongs to.
    """

    uid: str
    key: str
    question_type: str
    template: str
    text: str
    options: tuple[str, ...]
    answer: str
    scene: str
    video: Path

    @property
    def letters(self) -> str:
        return "ABCDEFGHIJ"[: len(self.options)]

    @property
    def has_answer(self) -> bool:
        return self.answer != HIDDEN

    @property
    def prompt(self) -> str:
        """The question in MotionBench's layout."""
        return "\n".join([self.text, *(f"{letter}. {option}" for letter, option in zip(self.letters, self.options, strict=True))])


def read_items(root: str | Path) -> list[Item]:
    """The questions of a data set, in its order.

    The rows of MotionBench's ``video_info.meta.jsonl`` are enough; annotations, where there are any, name templates and twins.

    Raises:
        BadDataset: there is no data set, or a row of it is damaged.
    """
    root = Path(root).expanduser()
    meta = root / META
    if not meta.is_file():
        raise BadDataset(f"data = {str(root)!r} holds no data set ({META} is missing): give the folder that the generator wrote")
    items = []
    for number, line in enumerate(meta.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            items += list(_items_of(json.loads(line), root))
        except (KeyError, TypeError, ValueError) as error:
            raise BadDataset(f"{meta}, line {number}: {error}; copy or generate the data set again") from error
    if not items:
        raise BadDataset(f"{meta} holds no questions: generate the data set again")
    return items


def split(items: Sequence[Item], held_out: float, seed: int = 0) -> tuple[list[Item], list[Item]]:
    """Items to train on and items held out, by scene: where a scene goes depends on its name and the seed alone.

    Raises:
        ValueError: the share is not between 0 and 1, or one of the two would be empty.
    """
    if not 0 < held_out < 1:
        raise ValueError(f"held_out = {held_out} is not allowed: give a share between 0 and 1")
    held = [_share(f"{seed}/{item.scene}") < held_out for item in items]
    if all(held) or not any(held):
        raise ValueError(f"held_out = {held_out} of {len(items)} questions leaves one part empty: give another share, or more clips")
    return [item for item, out in zip(items, held, strict=True) if not out], [item for item, out in zip(items, held, strict=True) if out]


@dataclass(frozen=True)
class FrameReader:
    """Frames of a video at even distances, as a square of ``size_px``.

    Args:
        num_frames: how many; a video with fewer repeats some.
        cache: a folder for what was decoded, or None; a clip is then decoded once.
    """

    num_frames: int
    size_px: int
    cache: Path | None = None

    def frames(self, total: int) -> np.ndarray:
        """``(num_frames,)``: which of the ``total`` frames are taken, the middle one of each of so many equal parts."""
        return ((np.arange(self.num_frames) + 0.5) * total / self.num_frames).astype(int)

    def read(self, video: Path) -> np.ndarray:
        """``(num_frames, 3, size_px, size_px)`` uint8. Raises BadClip when the file is missing, cut short or no video."""
        if self.cache is None:
            return self._decode(video)
        kept = self.cache / f"{self.num_frames}x{self.size_px}" / f"{video.stem}.npy"
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(f".{_unique(video)}.part")
            with part.open("wb") as stream:
                np.save(stream, self._decode(video))
            part.replace(kept)
        return np.load(kept)

    def _decode(self, video: Path) -> np.ndarray:
        try:
            with av.open(str(video)) as container:
                pictures = [_square(frame.to_ndarray(format="rgb24"), self.size_px) for frame in container.decode(video=0)]
        except (OSError, av.error.FFmpegError, IndexError) as error:
            raise BadClip(f"{video} cannot be read ({error}): copy it again, or generate the clip again") from error
        if not pictures:
            raise BadClip(f"{video} holds no frames: copy it again, or generate the clip again")
        return np.stack([pictures[index] for index in self.frames(len(pictures))]).transpose(0, 3, 1, 2)


def _square(picture: np.ndarray, size_px: int) -> np.ndarray:
    """The whole picture: a square cut would lose what moves at its edges."""
    return cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA)


def _items_of(row: Mapping[str, Any], root: Path) -> Iterator[Item]:
    key, video = row["key"], _video(root, row["video_path"])
    annotation = _annotation(root, key)
    templates = {each["uid"]: each["template"] for each in annotation.get("questions", ())}
    twin = annotation.get("twin")
    scene = min(key, twin["key"]) if twin else key
    for entry in row["qa"]:
        text, options = parse_prompt(entry["question"])
        answer = entry["answer"]
        if answer != HIDDEN and answer not in "ABCDEFGHIJ"[: len(options)]:
            raise ValueError(f"question {entry['uid']} has the answer {answer!r} and {len(options)} options")
        yield Item(entry["uid"], key, row["question_type"], templates.get(entry["uid"], ""), text, options, answer, scene, video)


def parse_prompt(prompt: str) -> tuple[str, tuple[str, ...]]:
    """A question in MotionBench's layout → its text and its options. Raises ValueError when there are fewer than two options."""
    lines = prompt.splitlines()
    found = [OPTION.match(line) for line in lines]
    first = next((number for number, match in enumerate(found) if match and match[1] == "A"), len(lines))
    options = tuple(match[2] for match in found[first:] if match)
    if len(options) < 2:
        raise ValueError(f"a question has fewer than two options: {prompt!r}")
    return "\n".join(lines[:first]).strip(), options


def _video(root: Path, name: str) -> Path:
    """Ours are in ``videos/``; MotionBench's are where they were unpacked to."""
    places = [root / "videos" / name, root / name, root / "public-dataset" / name, root / "self-collected" / name]
    return next((place for place in places if place.is_file()), places[0])


def _annotation(root: Path, key: str) -> Mapping[str, Any]:
    path = root / "annotations" / f"{key}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _share(text: str) -> float:
    """0 to 1, evenly spread."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def _unique(video: Path) -> str:
    """Two processes that decode the same clip do not write to the same file."""
    return f"{os.getpid()}-{hashlib.blake2b(str(video).encode(), digest_size=4).hexdigest()}"
