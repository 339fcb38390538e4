"""What a model answers: by the log-probability of each option's letter or text, or by what it generates.

reader = FrameReader(num_frames=16, size_px=64)
for prediction in answers(model, items, reader, condition="reversed"):
    print(prediction.uid, prediction.letter)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationConfig

from model.answering import BY
from model.dataset import BadClip, FrameReader, Glimpse, Item
from model.lessons import is_open
from model.predictions import CONDITIONS, Prediction, first_capital
from model.vlm import VideoVLM, reply_log_probs
from scenes.types import require

ORDERS = ("given", "shuffled")
INSTRUCTION = "Only reply with the best option."  # MotionBench's (arXiv 2501.02955, section 3.1)
REPLY_TOKENS = 8  # a letter comes in the first ones or not at all
WINDOW = 4  # batches that are sorted by length together

Reply = tuple[int | None, tuple[float, ...], str | None]
"""The place among the options as shown, their log-probabilities, what was generated."""


@dataclass(frozen=True)
class Ask:
    """A question as it is put: under a condition, with its options in an order (``order[i]``: the place in the data set of the i-th)."""

    item: Item
    condition: str
    order: tuple[int, ...]

    @property
    def prompt(self) -> str:
        """The question in MotionBench's layout, its options in this order."""
        return replace(self.item, options=tuple(self.item.options[place] for place in self.order)).prompt

    @property
    def view(self) -> tuple[str, ...]:
        """Asks of the same view are shown the same frames."""
        return (str(self.item.video), self.condition, self.item.uid if self.condition == "shuffled" else "")


@dataclass(frozen=True)
class Manner:
    """How a model is asked.

    Args:
        by: ``letter``: of the options' letters the likeliest reply; ``text``: of their texts, as replies to the question without its
            options; ``generation``: the first capital of what it says, word by likeliest word, to the question with MotionBench's
            instruction.
        batch_size: questions at a time.
        device: as torch names it, or ``auto``: a GPU where there is one; it then computes in bfloat16 where it can.
        workers: threads that decode videos, ahead of the model.
        seed: of the orders drawn under ``shuffled``.
        skip_damaged: whether a question about a video that cannot be read counts as unanswered, in place of an error.
    """

    by: str = "letter"
    batch_size: int = 16
    device: str = "auto"
    workers: int = 2
    seed: int = 0
    skip_damaged: bool = False

    def __post_init__(self) -> None:
        require(self.by in BY, "by", self.by, f"one of {', '.join(BY)}")
        require(self.batch_size >= 1, "batch_size", self.batch_size, "1 or more")
        require(self.workers >= 1, "workers", self.workers, "1 or more threads")
        require(self.seed >= 0, "seed", self.seed, "0 or more")


def answers(
    model: VideoVLM,
    items: Sequence[Item],
    reader: FrameReader,
    *,
    condition: str = "video",
    by: str = "letter",
    order: str | int = "given",
    batch_size: int = 16,
    device: str = "auto",
    seed: int = 0,
    workers: int = 2,
    skip_damaged: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Iterator[Prediction]:
    """What the model answers to each question that `can_ask` allows under one condition, as they come; see `ask`, `asks`, `Manner`."""
    manner = Manner(by, batch_size, device, workers, seed, skip_damaged)
    allowed = [item for item in items if can_ask(item, by)]
    return ask(model, asks(allowed, condition, order, seed), reader, manner, progress)


def can_ask(item: Item, by: str) -> bool:
    """Whether a question makes sense when it is asked so: without its options, "none of these" means nothing."""
    return by != "text" or all(map(is_open, item.options))


def usual(reply: str | None) -> str:
    """How a model is best asked, by what it learned to reply."""
    return "text" if reply in ("text", "both") else "letter"


def asks(items: Sequence[Item], condition: str = "video", order: str | int = "given", seed: int = 0) -> list[Ask]:
    """Every question, once.

    Args:
        condition: one of `CONDITIONS`.
        order: of the options: ``given``, ``shuffled`` (drawn by seed and uid), or by how many places they are rotated; a question
            of fewer options has no such rotation and is left out.
    """
    require(condition in CONDITIONS, "conditions", condition, f"some of {', '.join(CONDITIONS)}")
    require(order in ORDERS or (isinstance(order, int) and order >= 0), "order", order, f"one of {', '.join(ORDERS)}, or a rotation")
    rotated = order if isinstance(order, int) else 0
    return [Ask(item, condition, _order(item, order, seed)) for item in items if rotated < max(1, len(item.options))]


def _order(item: Item, order: str | int, seed: int) -> tuple[int, ...]:
    places = np.arange(len(item.options))
    if order == "shuffled":
        places = _rng(seed, item.uid).permutation(places)
    elif isinstance(order, int):
        places = np.roll(places, -order)
    return tuple(places.tolist())


def ask(
    model: VideoVLM, asked: Sequence[Ask], reader: FrameReader, manner: Manner, progress: Callable[[int], object] | None = None
) -> Iterator[Prediction]:
    """What the model answers, in an order of its own: those about one video come together, so that it is decoded once.

    Args:
        progress: told how many were answered, now and then.

    Raises:
        BadClip: a video cannot be read.
        ValueError: the device is not there, or its memory is too small for the batch.
    """
    with _evaluating(model, manner.device) as device:
        for window, glimpses in _glimpses(_windows(asked, WINDOW * manner.batch_size), reader, manner):
            shown = [one for one in window if one.condition == "text" or one.item.video in glimpses]
            damaged = [one for one in window if one.condition != "text" and one.item.video not in glimpses]
            yield from (Prediction(one.item.uid, None, (), one.condition, one.order) for one in damaged)
            if progress and damaged:
                progress(len(damaged))
            for batch in _batches(shown, manner.batch_size):
                yield from _answered(model, batch, glimpses, manner, device)
                if progress:
                    progress(len(batch))


def view(glimpse: Glimpse, one: Ask, seed: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """``(N, 3, S, S)``: the frames that are shown under the question's condition, and which of the video they are."""
    count = len(glimpse.frames)
    shown = {
        "text": lambda: np.arange(0),
        "single": lambda: np.full(count, count // 2),
        "shuffled": lambda: _disordered(count, _rng(seed, one.item.uid)),
        "reversed": lambda: np.arange(count)[::-1],
        "video": lambda: np.arange(count),
    }[one.condition]()
    return glimpse.frames[shown], tuple(glimpse.indices[place] for place in shown)


def _disordered(count: int, rng: np.random.Generator) -> np.ndarray:
    """A drawn order that is not the given one, where there is another."""
    while True:
        drawn = rng.permutation(count)
        if count < 2 or np.any(drawn != np.arange(count)):
            return drawn


def _rng(seed: int, uid: str) -> np.random.Generator:
    return np.random.default_rng([seed, int.from_bytes(hashlib.blake2b(uid.encode(), digest_size=8).digest(), "big")])


@contextmanager
def _evaluating(model: VideoVLM, device: str) -> Iterator[torch.device]:
    """The model on its device and without dropout, for a while."""
    was_training = model.training
    place = _device(device)
    model.to(place).eval()
    try:
        yield place
    except torch.OutOfMemoryError as error:
        raise ValueError(f"the memory of {place} is too small: give a smaller batch_size, or device=cpu") from error
    finally:
        model.train(was_training)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device = {name!r} is not allowed: give auto, cpu, or one that torch finds here ({error})") from error


def _windows(asked: Sequence[Ask], size: int) -> list[list[Ask]]:
    """Parts of at most so many, questions on one video side by side; those without a picture apart, for they are shorter."""
    first = {path: place for place, path in reversed(list(enumerate(one.item.video for one in asked)))}
    apart = [[one for one in asked if (one.condition == "text") == is_text] for is_text in (False, True)]
    for part in apart:
        part.sort(key=lambda one: first[one.item.video])
    return [part[start : start + size] for part in apart for start in range(0, len(part), size)]


def _batches(window: Sequence[Ask], size: int) -> Iterator[list[Ask]]:
    """Questions of similar length together: what is padded is computed in vain."""
    ordered = sorted(window, key=lambda one: (len(one.prompt), one.view))
    yield from (ordered[start : start + size] for start in range(0, len(ordered), size))


def _glimpses(windows: Sequence[list[Ask]], reader: FrameReader, manner: Manner) -> Iterator[tuple[list[Ask], dict[Path, Glimpse]]]:
    """Each window with the frames of its videos; those of the next window are read meanwhile."""
    pool = ThreadPoolExecutor(manner.workers)
    reading: dict[Path, Future[Glimpse]] = {}
    try:
        for window, following in zip([[], *windows], [*windows, []], strict=True):
            glimpses = _read(reading, manner.skip_damaged)
            reading = {video: reading.get(video) or pool.submit(reader.read, video, None) for video in _videos(following)}
            yield window, glimpses
    finally:
        pool.shutdown(cancel_futures=True)


def _videos(window: Sequence[Ask]) -> list[Path]:
    return list(dict.fromkeys(one.item.video for one in window if one.condition != "text"))


def _read(reading: dict[Path, Future[Glimpse]], skip_damaged: bool) -> dict[Path, Glimpse]:
    glimpses = {}
    for video, future in reading.items():
        try:
            glimpses[video] = future.result()
        except BadClip as error:
            if not skip_damaged:
                raise BadClip(f"{error}; skip_damaged=true counts its questions as unanswered") from error
    return glimpses


@torch.inference_mode()
def _answered(
    model: VideoVLM, batch: Sequence[Ask], glimpses: dict[Path, Glimpse], manner: Manner, device: torch.device
) -> list[Prediction]:
    views = {one.view: one for one in batch}
    shown = {key: _shown(one, glimpses, manner.seed) for key, one in views.items()}
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" and torch.cuda.is_bf16_supported()):
        frames = torch.from_numpy(np.stack([frames for frames, *_ in shown.values()]))
        places = {key: place for place, key in enumerate(views)}
        seen = model.see(frames.to(device))[[places[one.view] for one in batch]]
        replies = ASKED[manner.by](model, seen, batch, frames.shape[1])
    return [_prediction(one, reply, *shown[one.view][1:]) for one, reply in zip(batch, replies, strict=True)]


def _shown(one: Ask, glimpses: dict[Path, Glimpse], seed: int) -> tuple[np.ndarray, tuple[int, ...], float]:
    if one.condition == "text":
        return np.zeros((0, 3, 1, 1), np.uint8), (), 0.0
    glimpse = glimpses[one.item.video]
    return *view(glimpse, one, seed), 0.0 if one.condition == "single" else glimpse.shown_fps


def _prediction(one: Ask, reply: Reply, frames: tuple[int, ...], fps: float) -> Prediction:
    """The reply in the letters of the data set."""
    place, shown, said = reply
    log_probs = dict(zip(one.order, shown, strict=False))
    letter = None if place is None else one.item.letters[one.order[place]]
    ordered = tuple(round(log_probs[place], 6) for place in sorted(log_probs))
    return Prediction(one.item.uid, letter, ordered, one.condition, one.order, said, frames, round(fps, 6))


def _by_letter(model: VideoVLM, seen: Tensor, batch: Sequence[Ask], num_frames: int) -> list[Reply]:
    prompts = [model.prompt(one.prompt, num_frames) for one in batch]
    return [_likeliest(scores) for scores in letter_log_probs(model, seen, prompts, [one.item.letters for one in batch])]


def _by_text(model: VideoVLM, seen: Tensor, batch: Sequence[Ask], num_frames: int) -> list[Reply]:
    prompts = [model.prompt(one.item.text, num_frames) for one in batch]
    texts = [[one.item.options[place] for place in one.order] for one in batch]
    return [_likeliest(scores) for scores in option_log_probs(model, seen, prompts, texts)]


def _by_generation(model: VideoVLM, seen: Tensor, batch: Sequence[Ask], num_frames: int) -> list[Reply]:
    prompts = [model.prompt(f"{one.prompt}\n{INSTRUCTION}", num_frames) for one in batch]
    replies: list[Reply] = []
    for one, said in zip(batch, generated(model, seen, prompts), strict=True):
        letter = first_capital(said, one.item.letters)
        replies.append((None if letter is None else one.item.letters.index(letter), (), said))
    return replies


ASKED = {"letter": _by_letter, "text": _by_text, "generation": _by_generation}


def _likeliest(scores: tuple[float, ...]) -> Reply:
    """No option where a score is no number: else the first would be taken."""
    if not np.all(np.isfinite(scores)):
        return None, (), None
    return max(range(len(scores)), key=scores.__getitem__, default=None), scores, None


def letter_log_probs(model: VideoVLM, seen: Tensor, prompts: Sequence[str], letters: Sequence[str]) -> list[tuple[float, ...]]:
    """The log-probability of each letter as the reply to each prompt.

    Where every letter is one token, one pass gives all of them; else this is `option_log_probs` of the letters.

    Args:
        seen: ``(batch, token, L)``, from `VideoVLM.see`.
        letters: those of each prompt's options, as in "ABCD".
    """
    ids = {letter: model.tokenizer(letter, add_special_tokens=False)["input_ids"] for letter in sorted(set("".join(letters)))}
    if any(len(each) != 1 for each in ids.values()):
        return option_log_probs(model, seen, prompts, [list(each) for each in letters])
    encoded, _ = model.encode(prompts, [""] * len(prompts))
    logits = model.read(seen, encoded["input_ids"].to(seen.device), encoded["attention_mask"].to(seen.device), last=1)
    log_probs = logits[:, -1].log_softmax(dim=-1).cpu()
    return [tuple(row[[ids[letter][0] for letter in each]].tolist()) for row, each in zip(log_probs, letters, strict=True)]


def option_log_probs(model: VideoVLM, seen: Tensor, prompts: Sequence[str], replies: Sequence[Sequence[str]]) -> list[tuple[float, ...]]:
    """The log-probability of each of several replies to each prompt; ``seen`` as in `letter_log_probs`.

    Summed over the tokens of a reply, and over the end token after words: how likely it is that just this is said.
    """
    rows = [(row, reply) for row, told in enumerate(replies) for reply in told]
    scores: list[float] = []
    for start in range(0, len(rows), len(prompts)):  # as many at a time as there are prompts: the batch size holds
        part = rows[start : start + len(prompts)]
        encoded, labels = model.encode([prompts[row] for row, _ in part], [reply for _, reply in part])
        ids, mask, labels = (each.to(seen.device) for each in (encoded["input_ids"], encoded["attention_mask"], labels))
        last = int((labels >= 0).sum(dim=1).max()) + 1
        logits = model.read(seen[[row for row, _ in part]], ids, mask, last=last)
        scores += reply_log_probs(logits, labels[:, -last:]).tolist()
    ends = np.cumsum([len(told) for told in replies])
    return [tuple(scores[end - len(told) : end]) for end, told in zip(ends, replies, strict=True)]


def generated(model: VideoVLM, seen: Tensor, prompts: Sequence[str]) -> list[str]:
    """What the model says to each prompt, at most `REPLY_TOKENS` tokens, each the likeliest; ``seen`` as in `letter_log_probs`."""
    encoded, _ = model.encode(prompts, [""] * len(prompts))
    embedded = model.embedded(seen, encoded["input_ids"].to(seen.device))
    ends = getattr(model.language.generation_config, "eos_token_id", None) or model.tokenizer.eos_token_id
    greedy = GenerationConfig(max_new_tokens=REPLY_TOKENS, do_sample=False, pad_token_id=model.tokenizer.pad_token_id, eos_token_id=ends)
    told: Tensor = model.language.generate(  # type: ignore[operator]
        inputs_embeds=embedded, attention_mask=encoded["attention_mask"].to(seen.device), generation_config=greedy
    )
    return [text.strip() for text in model.tokenizer.batch_decode(told, skip_special_tokens=True)]
