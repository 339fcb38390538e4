"""What a model is taught, lesson by lesson: frames, a question with its options as they are shown, and the reply.

Lesson n of a seed is always the same, whatever was asked for before it and in which process: a training that was stopped goes on
with the next number, and data never depends on how many processes read it.

lessons = VideoLessons(items, FrameReader(16, 64, cache), options.data, reply="letter", seed=0)
steps = (range(32 * step, 32 * step + 32) for step in range(1000))
for batch in batches(lessons, steps, model, workers=1):
    logits = model(batch.frames, batch.input_ids, batch.attention_mask, owner=batch.owner)
"""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info

from model import glides, slides
from model.dataset import CHOICES, LETTERS, BadClip, FrameReader, Glimpse, Item
from model.mirror import can_mirror, mirrored
from model.options import REPLIES, DataOptions
from model.stills import Sight, Still, View, ask_stills, in_mirror, name_among, texts, vocabulary
from model.vlm import VideoVLM
from scenes.types import require

Asked = tuple[str, str, tuple[int, ...]]  # as shown, what is to be said, the order of the options
ORDER, VIDEO, STILL, GLIDE, SLIDE = range(5)  # what numbers are drawn for: each has a stream of its own
TRIES = 200  # frames that are looked at for one that allows a question, and clips for one that can be read
PREFETCHED = 3  # batches that each process has ready
STUCK_S = 600.0  # after which a process that has not come to the end of one lesson is given up
T = TypeVar("T")


class LostReader(RuntimeError):
    """A process that reads clips is gone; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """One look at some frames, and what is asked about it: seeing costs far more than answering, so that several questions share it.

    Args:
        uid: of the first question.
        frames: ``(T, 3, S, S)`` uint8; one alone is a picture.
        asked: the questions, each as it is shown and what is to be said.
        fps: frames shown per second of video; 0 where that is not known, or there is one frame alone.
        orders: of each question how its options are shuffled: ``order[i]`` is the place in the data set of the one shown i-th;
            empty where none are shown.
        left_out: of each clip that could not be read, and in whose place this one is shown, what is wrong with it.
    """

    uid: str
    frames: np.ndarray
    asked: tuple[tuple[str, str], ...]
    fps: float = 0.0
    orders: tuple[tuple[int, ...], ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Batch:
    """Lessons as the model takes them.

    Args:
        frames: ``(batch, T, 3, S, S)`` uint8.
        input_ids, attention_mask, labels: ``(row, token)``, a row for each question; see `VideoVLM.encode`.
        owner: ``(row,)`` int64: which of the batch a row asks about.
        uids, left_out: of the lessons.
    """

    frames: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    labels: Tensor
    owner: Tensor
    uids: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The batch on a device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        return self._each(Tensor.pin_memory)

    def __len__(self) -> int:
        return len(self.uids)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        tensors = (self.frames, self.input_ids, self.attention_mask, self.labels, self.owner)
        return Batch(*cast(tuple[Tensor, Tensor, Tensor, Tensor, Tensor], tuple(map(change, tensors))), self.uids, self.left_out)


class Lessons(Dataset[Lesson]):
    """Endless lessons: ``lessons[n]`` is a pure function of the seed and n, for any n of 0 or more; ``len`` is one round of all."""

    def __init__(self, reader: FrameReader, data: DataOptions, reply: str, seed: int) -> None:
        require(reply in REPLIES, "reply", reply, f"one of {', '.join(REPLIES)}")
        require(seed >= 0, "seed", seed, "0 or more")
        self.reader, self.data, self.reply, self.seed = reader, data, reply, seed

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, n: int) -> Lesson: ...

    @property
    @abstractmethod
    def texts(self) -> list[str]:
        """What is asked and replied, for a tokenizer to learn; nothing is decoded for it."""

    def _in_turn(self, among: Sequence[T], n: int) -> T:
        """The n-th of endless rounds, each of which is in an order of its own."""
        return among[int(_round(self.seed, n // len(among), len(among))[n % len(among)])]

    def _readable(self, among: Sequence[T], n: int, rng: np.random.Generator, lesson_on: Callable[[T], Lesson]) -> Lesson:
        """The lesson on the n-th in turn; with ``data.skip_damaged``, where its clip cannot be read, on another one that is drawn."""
        chosen, wrong = self._in_turn(among, n), list[str]()
        while len(wrong) < TRIES:
            try:
                return replace(lesson_on(chosen), left_out=tuple(wrong))
            except BadClip as error:
                if not self.data.skip_damaged:
                    raise BadClip(f"{error}; or leave it out, by clips.skip_damaged=true") from error
                wrong.append(str(error))
                chosen = among[int(rng.integers(len(among)))]
        raise BadClip(f"none of {TRIES} clips can be read; the last one: {wrong[-1]}")

    def _put(self, item: Item, flip: bool, rng: np.random.Generator) -> Asked:
        """A question of a clip, or of its mirror image."""
        text, *options = map(mirrored, (item.text, *item.options)) if flip else (item.text, *item.options)
        return self._asked(text, options, item.letters.index(item.answer), rng)

    def _teachable(self, item: Item) -> bool:
        return item.has_answer and (self.reply != "text" or is_open(item.options[item.letters.index(item.answer)]))

    def _asked(self, text: str, options: Sequence[str], right: int, rng: np.random.Generator) -> Asked:
        """A question as it is shown, what is to be said, and the order of its options.

        A model that replies with the text is not shown the options: it cannot look them up in the question.
        """
        shuffled, by_letter = rng.permutation(len(options)).tolist(), rng.random() < 0.5
        order = tuple(shuffled) if self.data.shuffle_options else tuple(range(len(options)))
        if self.reply == "text" or (self.reply == "both" and not by_letter and is_open(options[right])):
            return text, options[right], ()
        lines = [f"{letter}. {options[place]}" for letter, place in zip(LETTERS, order, strict=False)]
        return "\n".join([text, *lines]), LETTERS[order.index(right)], order


class VideoLessons(Lessons):
    """The questions of clips.

    With ``data.questions_per_look`` = 1 a lesson is a question, and a round all questions; with more, a lesson is a clip with so
    many of its questions, those that differ first, and a round all clips.

    Args:
        items: those that cannot be taught are left out: without an answer, and, where no options are shown, those to which
            "none of these" is right.
        pool: which of ``items``, by their places, may be asked at n, for a curriculum; None: all. It is quick if it returns the
            same object again.

    Raises:
        ValueError: nothing can be learned from the items.
    """

    def __init__(
        self,
        items: Sequence[Item],
        reader: FrameReader,
        data: DataOptions,
        reply: str = "letter",
        seed: int = 0,
        pool: Callable[[int], Sequence[int]] | None = None,
    ) -> None:
        super().__init__(reader, data, reply, seed)
        self._given, self._pool = tuple(items), pool
        self.items = tuple(filter(self._teachable, self._given))
        require_classes(self.items, data.shuffle_options or reply == "text")
        self._all: Sequence[int] = range(len(self._given))
        self._among: Sequence[int] = self._all
        self._looks = self._looks_at(self._all)
        self._length = len(self._looks)

    def __len__(self) -> int:
        return self._length

    @property
    def texts(self) -> list[str]:
        return [item.prompt for item in self.items]

    def __getitem__(self, n: int) -> Lesson:
        looks, rng = self._allowed(n), _stream(self.seed, VIDEO, n)
        return self._readable(looks, n, rng, lambda look: self._on(look, rng))

    def _on(self, look: Sequence[Item], rng: np.random.Generator) -> Lesson:
        flip = self.data.mirror and all(map(can_mirror, look)) and rng.random() < 0.5
        glimpse = self.reader.read(look[0].video, rng if self.data.jitter else None)
        items = [look[place] for place in _some(len(look), self.data.questions_per_look, rng)]
        asked = [self._put(item, flip, rng) for item in items]
        return _lesson(items[0].uid, flipped(glimpse.frames) if flip else glimpse.frames, asked, glimpse.shown_fps)

    def _allowed(self, n: int) -> Sequence[tuple[Item, ...]]:
        among = self._all if self._pool is None else self._pool(n)
        if among is not self._among:
            self._among, self._looks = among, self._looks_at(among)
        return self._looks

    def _looks_at(self, among: Sequence[int]) -> Sequence[tuple[Item, ...]]:
        """What may be looked at, each with the questions about it."""
        items = [item for item in (self._given[place] for place in among) if self._teachable(item)]
        require(bool(items), "pool", among, "places of one question or more that has an answer")
        clips: dict[Path, list[Item]] = {}
        for item in items:
            clips.setdefault(item.video, []).append(item)
        return [(item,) for item in items] if self.data.questions_per_look == 1 else list(map(tuple, clips.values()))


class AnnotatedLessons(Lessons):
    """Lessons made of single frames of clips whose annotations say what is visible when.

    Args:
        views: the clips, from `model.stills.views`.

    Raises:
        ValueError: there is too little in them to ask about.
    """

    stream: ClassVar[int]  # of what is drawn for a lesson

    def __init__(self, views: Sequence[View], reader: FrameReader, data: DataOptions, reply: str, seed: int) -> None:
        super().__init__(reader, data, reply, seed)
        self.views = views
        self.known = vocabulary(self.views)

    def __len__(self) -> int:
        return len(self.views)

    def __getitem__(self, n: int) -> Lesson:
        rng = _stream(self.seed, self.stream, n)
        flip = bool(self.data.mirror and rng.random() < 0.5)
        return self._readable(self.views, n, rng, lambda view: self._on(view, flip, rng))

    @abstractmethod
    def _on(self, view: View, flip: bool, rng: np.random.Generator) -> Lesson:
        """The lesson on a frame of a clip, or of its mirror image."""

    def _frame(
        self, view: View, rng: np.random.Generator, made_of: Callable[[Sequence[Sight]], list[T]], use: str
    ) -> tuple[View, Glimpse, list[T]]:
        """A frame of a clip, or else of another, and what can be made of what is seen in it. Raises ValueError where nothing ever can."""
        for _ in range(TRIES):
            candidates = self.reader.candidates(view.num_frames())
            place = int(rng.integers(len(candidates)))
            if made := made_of(view.sights(int(candidates[place]))):
                return view, self._still(view, place), made
            view = self.views[int(rng.integers(len(self.views)))]
        raise ValueError(f"in {TRIES} frames nothing was visible enough {use}, or generate clips with larger objects")

    def _still(self, view: View, candidate: int) -> Glimpse:
        """One frame of a clip. Raises BadClip when it is not the clip that was annotated."""
        glimpse = self.reader.still(view.video, candidate)
        if glimpse.total != view.num_frames():
            raise BadClip(f"{view.video} has {glimpse.total} frames, and its annotation tells of {view.num_frames()}: generate it again")
        return glimpse


class StillLessons(AnnotatedLessons):
    """Questions on single frames of clips, made from the annotations; see `model.stills`.

    Args:
        questions: about each frame, different ones as far as it proves so many.
        ahead: questions of the clip itself, asked of the frame as well; see `StillOptions`.
        kinds: of `model.stills.KINDS`; empty: all.
        items: what may be asked ahead.
    """

    stream = STILL

    def __init__(
        self,
        views: Sequence[View],
        reader: FrameReader,
        data: DataOptions,
        reply: str = "letter",
        seed: int = 0,
        questions: int = 1,
        ahead: int = 0,
        kinds: Sequence[str] = (),
        items: Sequence[Item] = (),
    ) -> None:
        super().__init__(views, reader, data, reply, seed)
        self.questions, self.ahead, self.kinds = questions, ahead, tuple(kinds)
        self._of_clip: dict[Path, list[Item]] = {}
        for item in filter(self._teachable, items):
            self._of_clip.setdefault(item.video, []).append(item)

    @property
    def texts(self) -> list[str]:
        return texts(self.known)

    def _on(self, view: View, flip: bool, rng: np.random.Generator) -> Lesson:
        def proved(seen: Sequence[Sight]) -> list[Still]:
            return ask_stills(in_mirror(seen) if flip else seen, self.known, rng, self.questions, self.kinds)

        view, glimpse, stills = self._frame(view, rng, proved, "to ask about: set stills.steps=0")
        asked = [self._asked(still.text, still.options, 0, rng) for still in (stills * self.questions)[: self.questions]]
        own = [item for item in self._of_clip.get(view.video, ()) if can_mirror(item) or not flip]
        asked += [self._put(own[place], flip, rng) for place in (_some(len(own), self.ahead, rng) if own else ())]
        uid = f"{view.key}/{glimpse.indices[0]}/{stills[0].kind}"
        return _lesson(uid, flipped(glimpse.frames) if flip else glimpse.frames, asked, 0.0)


class GlideLessons(Lessons):
    """Camera moves that anyone can make of one frame: a window glides over it; see `model.glides`.

    Args:
        items: questions of the clips whose frames are taken; what they ask does not matter.
        questions: about each; they differ in their words and their options.
        num_frames: of each; None: as many as the reader shows of a video.
    """

    def __init__(
        self,
        items: Sequence[Item],
        reader: FrameReader,
        data: DataOptions,
        reply: str = "letter",
        seed: int = 0,
        questions: int = 1,
        num_frames: int | None = None,
    ) -> None:
        super().__init__(reader, data, reply, seed)
        self.num_frames = num_frames or reader.num_frames
        require(bool(items), "data", 0, "one clip or more")
        self.videos = tuple(dict.fromkeys(item.video for item in items))
        self.questions = questions

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def texts(self) -> list[str]:
        return [*glides.questions(), *map(glides.said, glides.GLIDES)]

    def __getitem__(self, n: int) -> Lesson:
        rng = _stream(self.seed, GLIDE, n)
        key = list(glides.GLIDES)[int(rng.integers(len(glides.GLIDES)))]
        return self._readable(self.videos, n, rng, lambda video: self._on(video, key, rng))

    def _on(self, video: Path, key: str, rng: np.random.Generator) -> Lesson:
        glimpse = self.reader.still(video, int(rng.integers(CHOICES * self.reader.num_frames)))
        flip = self.data.mirror and rng.random() < 0.5
        frames = glides.glide(flipped(glimpse.frames[0]) if flip else glimpse.frames[0], key, self.num_frames, rng)
        wordings = glides.questions()
        words = _some(len(wordings), self.questions, rng)
        asked = [self._asked(wordings[place], glides.options(key, rng), 0, rng) for place in words]
        return _lesson(f"{video.stem}/{key}", frames, asked, 0.0)


class SlideLessons(AnnotatedLessons):
    """A thing that moves, made of one frame: it is cut out and slides; which one does, and which way? See `model.slides`.

    Args:
        num_frames: of each; None: as many as the reader shows of a video.
    """

    stream = SLIDE

    def __init__(
        self,
        views: Sequence[View],
        reader: FrameReader,
        data: DataOptions,
        reply: str = "letter",
        seed: int = 0,
        num_frames: int | None = None,
    ) -> None:
        super().__init__(views, reader, data, reply, seed)
        self.num_frames = num_frames or reader.num_frames

    @property
    def texts(self) -> list[str]:
        words = [wording.format(subject="the one") for wording in slides.WHICH_WAY]
        return [*words, *slides.WHICH_ONE, *map(slides.said, slides.WAYS), *self.known.names]

    def _on(self, view: View, flip: bool, rng: np.random.Generator) -> Lesson:
        view, glimpse, seen = self._frame(view, rng, _plain, "to move: set slides.steps=0")
        sight = seen[int(rng.integers(len(seen)))]
        way = list(slides.WAYS)[int(rng.integers(len(slides.WAYS)))]
        picture, box = glimpse.frames[0], sight.box
        if flip:
            picture, box = flipped(picture), in_mirror([sight])[0].box
        frames = slides.slide(picture, box, way, self.num_frames, rng)
        which_way = slides.WHICH_WAY[int(rng.integers(len(slides.WHICH_WAY)))].format(subject=f"the {sight.thing.name}")
        which_one = slides.WHICH_ONE[int(rng.integers(len(slides.WHICH_ONE)))]
        names = name_among(sight.thing, seen, self.known, rng)
        asked = [self._asked(which_way, slides.options(way), 0, rng), self._asked(which_one, names, 0, rng)]
        return _lesson(f"{view.key}/{way}", frames, asked, 0.0)


def _plain(seen: Sequence[Sight]) -> list[Sight]:
    return [sight for sight in seen if sight.plain]


def require_classes(items: Sequence[Item], shuffled: bool) -> None:
    """Raise ValueError unless more than one answer is right somewhere: a model would learn to say the same, whatever it sees."""
    if not items:
        raise ValueError("data holds no question with an answer: give a data set whose answers are known")
    texts = {item.options[item.letters.index(item.answer)] for item in items}
    letters = {item.answer for item in items}
    if len(texts) == 1:
        raise ValueError(f"data holds one class: {texts.pop()!r} is right in all {len(items)} questions, so that there is nothing to learn")
    if len(letters) == 1 and not shuffled:
        raise ValueError(f"data holds one class: {letters.pop()} is right in all {len(items)} questions; set clips.shuffle_options=true")


def is_open(option: str) -> bool:
    """Whether a right option can be told without the others: "none of these" cannot."""
    return not re.match(r"(none|all|both|neither|any) of (these|the|them)\b", option, re.IGNORECASE)


def flipped(frames: np.ndarray) -> np.ndarray:
    """The mirror image of ``(…, height, width)``."""
    return np.ascontiguousarray(frames[..., ::-1])


def collate(lessons: Sequence[Lesson], model: VideoVLM) -> Batch:
    """One batch; the texts go through the model's own prompt and tokenizer."""
    rows = [(owner, model.prompt(text, len(lesson.frames)), reply) for owner, lesson in enumerate(lessons) for text, reply in lesson.asked]
    owners, prompts, replies = zip(*rows, strict=True)
    tokens, labels = model.encode(prompts, replies)
    frames = torch.from_numpy(np.stack([lesson.frames for lesson in lessons]))
    uids, left_out = tuple(lesson.uid for lesson in lessons), tuple(why for lesson in lessons for why in lesson.left_out)
    return Batch(frames, tokens["input_ids"], tokens["attention_mask"], labels, torch.tensor(owners), uids, left_out)


class Waiting:
    """Share of its time that a consumer waited for data since `reset`: near 0 the data keeps up.

    waiting = Waiting()
    for batch in waiting.over(batches(…)): …
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin to measure anew."""
        self._waited_s, self._since_s = 0.0, time.perf_counter()

    @property
    def share(self) -> float:
        """0 to 1."""
        passed_s = time.perf_counter() - self._since_s
        return min(1.0, self._waited_s / passed_s) if passed_s > 0 else 0.0

    def over(self, source: Iterable[T]) -> Iterator[T]:
        """The same elements, with the time measured that each is waited for."""
        elements = iter(source)
        while True:
            asked_s = time.perf_counter()
            try:
                element = next(elements)
            except StopIteration:
                return
            finally:
                self._waited_s += time.perf_counter() - asked_s
            yield element


def batches(
    lessons: Lessons, rows: Iterable[Sequence[int]], model: VideoVLM, workers: int = 0, pin: bool = False
) -> Generator[Batch, None, None]:
    """A batch for each row of numbers of lessons, made ahead by ``workers`` processes; 0: in this one, when it is asked for.

    Args:
        rows: taken one by one, as batches are made ahead; there may be no end of them.
        pin: put batches into pinned memory, for a GPU.

    Raises:
        BadClip: a clip cannot be read.
        LostReader: a process has died just while its batch was taken over.
        RuntimeError: of torch, here or wherever the consumer is by then: a process has died; `lost_readers` says so in plain words.
    """
    loader = DataLoader(
        _Told(lessons),
        batch_sampler=map(list, rows),
        collate_fn=partial(_collate, model=model),
        num_workers=workers,
        prefetch_factor=PREFETCHED if workers else None,
        worker_init_fn=_alone if workers else None,
        pin_memory=pin,
    )
    for made in _taken(loader):
        if isinstance(made, ValueError):
            raise made
        yield made


def _taken(loader: Iterable[T]) -> Iterator[T]:
    """What other processes make. Raises LostReader where one dies just while its batch is taken over."""
    try:
        yield from loader
    except (EOFError, ConnectionError) as error:
        raise _gone(f"in the middle of a batch: {error!r}") from error.with_traceback(None)


class _Told(Dataset[Any]):
    """Lessons, or why there is none: an error that is raised in another process arrives without its own words."""

    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    def __getitem__(self, n: int) -> Lesson | ValueError:
        if get_worker_info() is not None:
            faulthandler.dump_traceback_later(STUCK_S, exit=True, file=2)  # anew for each lesson
        try:
            return self.lessons[n]
        except ValueError as error:
            return type(error)(*error.args)  # without its cause, which may not survive the way


def _collate(told: Sequence[Lesson | ValueError], model: VideoVLM) -> Batch | ValueError:
    wrong = [each for each in told if isinstance(each, ValueError)]
    made = wrong[0] if wrong else collate([each for each in told if isinstance(each, Lesson)], model)
    if get_worker_info() is not None:
        faulthandler.cancel_dump_traceback_later()  # while it waits for the trainer to ask for more
    return made


@contextmanager
def lost_readers() -> Iterator[None]:
    """Around all that is done with `batches`. Raises LostReader when a process that makes them has died or, being stuck, ended itself."""
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise _gone(" ".join(str(error).split())) from error.with_traceback(None)  # whose frames would keep the other processes


def _gone(how: str) -> LostReader:
    return LostReader(
        f"a process that reads clips has died ({how}): it was killed, ran out of memory, or needed more than {STUCK_S:.0f} s for one "
        "lesson (where it was then stands above); give fewer workers=…, or workers=0 to read without any"
    )


def _alone(worker: int) -> None:
    """One thread for each process that makes batches: the trainer needs the others. Ctrl-C and SIGTERM are for the trainer to answer."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)


def _lesson(uid: str, frames: np.ndarray, asked: Sequence[Asked], fps: float) -> Lesson:
    return Lesson(uid, frames, tuple((text, reply) for text, reply, _ in asked), fps, tuple(order for *_, order in asked))


def _some(among: int, count: int, rng: np.random.Generator) -> list[int]:
    """``count`` places of ``among``: different ones first, then any again."""
    different = rng.permutation(among)[:count].tolist()
    return [*different, *rng.integers(among, size=count - len(different)).tolist()]


def _stream(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(numbers))


@lru_cache(maxsize=8)
def _round(seed: int, number: int, size: int) -> np.ndarray:
    """The order of a round."""
    return _stream(seed, ORDER, number).permutation(size)
