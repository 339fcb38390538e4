"""What a guesser is given of each question, read from a data set."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from generator.audit import glimpses, pictures
from generator.audit.glimpses import Glimpses
from generator.farm import parallel_map
from generator.reader import ClipReader
from qa_templates.question import LETTERS, QUESTIONS, Asked

BAG = 8  # frames, evenly spread, that stand for all of them where their order is not told
STILLS = ("first", "middle", "last")


class Unreadable(RuntimeError):
    """A clip could not be read; the message says which."""


@dataclass(frozen=True, eq=False)
class Item:
    """A question as a guesser sees it, and the place of the right option.

    ``scene`` is the same for twins: what is learnt from one must not answer the other. ``index`` is the place of the clip in its
    data set. ``ordered`` says whether the answer depends on the order of the frames. ``numbers`` are duration in s, frames, frames
    per second, objects, width and height in pixels. ``exported`` and ``shown`` are the frames of `told_frames`, as the trajectories
    and as the video have them; None where they were not looked at.
    """

    uid: str
    scene: str
    index: int
    question_type: str
    template: str
    text: str
    options: tuple[str, ...]
    right: int
    ordered: bool = False
    names: tuple[str, ...] = ()
    environment: str = ""
    numbers: tuple[float, ...] = ()
    exported: Glimpses | None = None
    shown: Glimpses | None = None

    @property
    def chance(self) -> float:
        """How often one is right by chance."""
        return 1 / len(self.options)


def read(root: Path, keys: Sequence[str], *, workers: int, look: bool) -> Generator[list[Item], None, None]:
    """The items of each clip, in any order.

    Args:
        look: decode the videos as well.

    Raises:
        Unreadable: a clip could not be read.
    """
    for key, items in parallel_map(partial(clip_items, root, look), keys, workers):
        if items is None:
            raise Unreadable(f"{key}: the process that read it died")
        yield items


def clip_items(root: Path, look: bool, key: str) -> list[Item]:
    """The items of one clip. Raises Unreadable."""
    clip = ClipReader(root, key)
    try:
        frames = told_frames(clip.paths.num_frames)
        visible = np.stack([pictures.visible_fraction(clip, frame) for frame in frames.tolist()])
        exported = glimpses.from_export(clip.paths, frames, visible, _shapes(clip))
        shown = pictures.from_video(clip, frames) if look and clip.has_video else None
        return [_item(clip, place, exported, shown) for place in range(len(clip.questions))]
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise Unreadable(f"{key}: {error}. `python -m generator.verify` says what is wrong with a data set") from error


def _shapes(clip: ClipReader) -> list[str]:
    """The shape of each object, in the order of the trajectories."""
    shape = {each["name"]: each["shape"] for each in clip.annotation["spec"]["objects"]}
    return [shape[name] for name in clip.paths.names]


def told_frames(num_frames: int) -> np.ndarray:
    """The frames that guessers are shown: first, middle, last, and those of the bag."""
    bag = np.linspace(0, num_frames - 1, BAG).round().astype(int)
    return np.array([0, num_frames // 2, num_frames - 1, *bag])


def _item(clip: ClipReader, place: int, exported: Glimpses, shown: Glimpses | None) -> Item:
    question, paths, annotation = clip.questions[place], clip.paths, clip.annotation
    twin, duration_s = annotation.get("twin"), paths.num_frames / paths.fps
    return Item(
        uid=question.uid,
        scene=min(clip.key, twin["key"]) if twin else clip.key,
        index=annotation["index"],
        question_type=question.question_type,
        template=question.template,
        text=question.text,
        options=question.options,
        right=LETTERS.index(question.answer),
        ordered=question.question_type == "Action Order" or _differs_backwards(annotation["questions"][place]["asked"]),
        names=paths.names,
        environment=annotation["spec"]["environment"]["name"],
        numbers=(duration_s, paths.num_frames, paths.fps, len(paths.names), paths.width_px, paths.height_px),
        exported=exported,
        shown=shown,
    )


def _differs_backwards(asked: dict[str, Any]) -> bool:
    """Whether another option were right if the film ran backwards."""
    if asked["template"] not in QUESTIONS:
        return False
    record = Asked(asked["template"], tuple(asked["options"]), asked["letter"], asked["slots"], asked["none"])
    backwards = QUESTIONS[record.template]().reversed_in_time(record)
    return backwards is not None and (backwards.options, backwards.letter) != (record.options, record.letter)
