"""Questions and frames off the disk: a generated data set, or MotionBench itself. Nothing here knows the generator.

items = read_items("outputs/motionfoundry-train-seed0")
train, held_out = split(items, held_out=0.2)
glimpse = FrameReader(num_frames=16, size_px=64).read(items[0].video, None)  # glimpse.frames: (16, 3, 64, 64) uint8
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from conf.atomic import replaced

LOG = logging.getLogger(__name__)
META = "video_info.meta.jsonl"
OPTION = re.compile(r"^\s*\(?([A-J])[.):]\s*(.+?)\s*$")
LETTERS = "ABCDEFGHIJ"  # of options: as many as a question may have
HIDDEN = "NA"  # the answer of a question whose answer is kept secret, in MotionBench's test part
CHOICES = 5  # frames in each part of a clip among which jitter chooses, and which the cache keeps; odd, so that one is in the middle
MIDDLE = CHOICES // 2
CACHE_VERSION = 2  # counted up when frames are taken or resized in another way
WHOLE = 0.9  # of the frames that a file declares must be there; edited videos leave out some that are only needed to decode others


class BadDataset(ValueError):
    """A data set that cannot be read; the message names the file, what is wrong with it, and what to do."""


class BadClip(ValueError):
    """A video that cannot be read; the message names it."""


@dataclass(frozen=True)
class Question:
    """One question of one clip, whose key is ``key``: what is asked, and the letter of the right option."""

    uid: str
    key: str
    question_type: str
    template: str
    text: str
    options: tuple[str, ...]
    answer: str


@dataclass(frozen=True)
class Item(Question):
    """A question with its video.

    ``scene`` names what must not be divided between training and evaluation: the clip, or the pair of twins that it belongs to;
    ``stage`` is the stage of the curriculum that the clip was made for, "" where there is none; ``duration_s`` is the clip's, 0 if
    it is not known.
    """

    scene: str
    video: Path
    stage: str = ""
    duration_s: float = 0.0

    @property
    def letters(self) -> str:
        return LETTERS[: len(self.options)]

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
    for number, line in enumerate(meta.read_bytes().split(b"\n"), start=1):  # and nowhere else: U+2028 may stand in a question
        try:
            items += list(_items_of(json.loads(line), root)) if line.strip() else []
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


def fingerprint(items: Iterable[Item]) -> str:
    """Of what is asked, and of the order in which it stands."""
    digest = hashlib.blake2b(digest_size=16)
    for item in items:
        digest.update(repr((item.uid, item.key, item.prompt, item.answer, item.scene, item.stage)).encode())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Glimpse:
    """What is shown of a video: ``frames (frame, 3, size_px, size_px)`` uint8, and which of its ``total`` frames they are.

    ``fps`` is the file's own rate; 0 where it does not say.
    """

    frames: np.ndarray
    indices: tuple[int, ...]
    fps: float
    total: int

    @property
    def shown_fps(self) -> float:
        """Frames shown per second of video."""
        return len(self.indices) * self.fps / self.total


@dataclass(frozen=True)
class FrameReader:
    """Frames of a video at even distances, as a square of ``size_px``.

    The clip is cut into ``num_frames`` equal parts. Of each part `CHOICES` frames at even distances may be shown: the middle one, or
    with jitter any of them, so that their mean is the middle. The cache keeps these, `CHOICES` · ``num_frames`` of a clip or all that
    a shorter one has, as uint8 squares in one safetensors file; its name is made from the video's path, size and time of writing, so
    that a clip that was made again is decoded again, and its folder's from what was kept and how. What is shown is the same with the
    cache and without.

    Args:
        num_frames: how many; a video with fewer repeats some.
        cache: a folder for what was decoded, or None; a clip is then decoded once.
    """

    num_frames: int
    size_px: int
    cache: Path | None = None

    def frames(self, total: int) -> np.ndarray:
        """``(num_frames,)``: which of the ``total`` frames are shown without jitter, the middle one of each part."""
        return self.candidates(total)[MIDDLE::CHOICES]

    def candidates(self, total: int) -> np.ndarray:
        """``(CHOICES · num_frames,)``: which of the ``total`` frames may be shown, `CHOICES` for each part."""
        count = CHOICES * self.num_frames
        return (2 * np.arange(count) + 1) * total // (2 * count)

    def read(self, video: Path, rng: np.random.Generator | None) -> Glimpse:
        """``num_frames`` frames: the middle one of each part, or with ``rng`` a candidate of it that is drawn.

        Raises:
            BadClip: the file is missing, cut short or no video.
        """
        chosen = np.full(self.num_frames, MIDDLE) if rng is None else rng.integers(CHOICES, size=self.num_frames)
        return self._glimpse(video, CHOICES * np.arange(self.num_frames) + chosen)

    def still(self, video: Path, candidate: int) -> Glimpse:
        """One frame, by its place among the candidates. Raises BadClip as `read` does."""
        return self._glimpse(video, np.array([candidate]))

    def _glimpse(self, video: Path, places: np.ndarray) -> Glimpse:
        if self.cache is None:
            frames, total, fps = decode(video, self.size_px, lambda total: self.candidates(total)[places])
        else:
            frames, total, fps = self._cached(video, self.cache, places)
        return Glimpse(frames, tuple(self.candidates(total)[places].tolist()), fps, total)

    def _cached(self, video: Path, cache: Path, places: np.ndarray) -> tuple[np.ndarray, int, float]:
        kept = cache / f"{self.num_frames}x{CHOICES}x{self.size_px}v{CACHE_VERSION}" / f"{_identity(video)}.safetensors"
        try:
            return self._kept(kept, places)
        except (OSError, SafetensorError, KeyError, ValueError):  # not there yet, or damaged
            self._keep(video, kept)
        return self._kept(kept, places)

    def _keep(self, video: Path, kept: Path) -> None:
        frames, total, fps = decode(video, self.size_px, lambda total: np.unique(self.candidates(total)))
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replaced(kept, synced=False) as part:  # what is damaged is decoded again
            save_file({"frames": frames}, part, metadata={"total": str(total), "fps": str(fps), "video": str(video)})

    def _kept(self, kept: Path, places: np.ndarray) -> tuple[np.ndarray, int, float]:
        with safe_open(kept, "np") as stored:
            told = stored.metadata()
            total, fps = int(told["total"]), float(told["fps"])
            candidates = self.candidates(total)
            different, frames = np.unique(candidates), stored.get_slice("frames")
            if frames.get_shape() != [len(different), 3, self.size_px, self.size_px]:
                raise ValueError(f"{kept} holds other frames than these")
            rows = np.searchsorted(different, candidates[places])
            if len(rows) == 1:
                return frames[int(rows[0])][None], total, fps
            return stored.get_tensor("frames")[rows], total, fps


def decode(video: Path, size_px: int, wanted: Callable[[int], np.ndarray]) -> tuple[np.ndarray, int, float]:
    """The frames of a video that are wanted, as squares ``(frame, 3, size_px, size_px)`` uint8; how many it has; its rate.

    All of it is decoded, to find damage, but only what is wanted is converted.

    Args:
        wanted: from the number of frames of the video to those that are wanted; one may be wanted twice.

    Raises:
        BadClip: the file is missing, cut short or no video.
    """
    try:
        total, fps = _declared(video)
        squares, found = _squares(video, size_px, wanted(total)) if total else ({}, 0)
        if found != total:  # some files declare frames that are not to be shown
            _require_whole(video, found, total)
            total = found
            squares, found = _squares(video, size_px, wanted(total))
    except (OSError, av.error.FFmpegError, IndexError) as error:
        raise BadClip(f"{video} cannot be read ({error}): copy it again, or generate the clip again") from error
    _require_whole(video, found, total)
    pictures = np.stack([squares[index] for index in wanted(total).tolist()])
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)), total, fps  # safetensors writes memory as it lies


def _require_whole(video: Path, found: int, declared: int) -> None:
    if found == 0 or found < WHOLE * declared:
        raise BadClip(f"{video} holds {found} frames of {declared}: copy it again, or generate the clip again")


def _declared(video: Path) -> tuple[int, float]:
    """How many frames a file says it has, or else how many packets are in it; and its rate."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate
        total = stream.frames or sum(packet.size > 0 for packet in container.demux(stream))
        return total, float(rate) if rate else 0.0


def _squares(video: Path, size_px: int, wanted: np.ndarray) -> tuple[dict[int, np.ndarray], int]:
    """The frames that are wanted, by number, ``(size_px, size_px, 3)``; and how many the video has."""
    numbers, squares, found = set(wanted.tolist()), {}, 0
    with av.open(str(video)) as container:
        container.streams.video[0].thread_count = 1  # clips are short, and several are decoded at once
        for frame in container.decode(video=0):
            if found in numbers:
                squares[found] = _square(frame.to_ndarray(format="rgb24"), size_px)
            found += 1
    return squares, found


def _square(picture: np.ndarray, size_px: int) -> np.ndarray:
    """The whole picture: a square cut would lose what moves at its edges."""
    return cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA)


def _identity(video: Path) -> str:
    """A name for what a path holds now. Raises BadClip where it holds nothing."""
    try:
        found = video.stat()
    except OSError as error:
        raise BadClip(f"{video} cannot be read ({error}): copy it again, or generate the clip again") from error
    return hashlib.blake2b(f"{os.path.abspath(video)}\n{found.st_size}\n{found.st_mtime_ns}".encode(), digest_size=12).hexdigest()


def _items_of(row: Mapping[str, Any], root: Path) -> Iterator[Item]:
    key, video = row["key"], _video(root, row["video_path"])
    annotation = _annotation(root, key)
    templates = {each["uid"]: each["template"] for each in annotation.get("questions", ())}
    duration_s, twin = float((row.get("video_info") or {}).get("duration") or 0.0), annotation.get("twin")
    scene, stage = min(key, twin["key"]) if twin else key, annotation.get("stage") or ""
    for entry in row["qa"]:
        try:
            text, options = parse_prompt(entry["question"])
        except ValueError:
            if annotation:
                raise
            LOG.warning("question %s is left out: fewer than two options can be read in it", entry["uid"])  # MotionBench has four of these
            continue
        answer = entry["answer"]
        if answer != HIDDEN and answer not in LETTERS[: len(options)]:
            raise ValueError(f"question {entry['uid']} has the answer {answer!r} and {len(options)} options")
        template = templates.get(entry["uid"], "")
        yield Item(entry["uid"], key, row["question_type"], template, text, options, answer, scene, video, stage, duration_s)


def parse_prompt(prompt: str) -> tuple[str, tuple[str, ...]]:
    """A question in MotionBench's layout → its text and its options. Raises ValueError when there are fewer than two options."""
    lines = prompt.split("\n")
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
    try:
        return json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error})") from error


def _share(text: str) -> float:
    """0 to 1, evenly spread."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
