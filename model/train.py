"""``python -m model.train data=DIR compressor=te_fusion k=4 …``: train a model, or go on with one. ``--help`` lists the keys."""

from __future__ import annotations

import dataclasses
import fcntl
import importlib.metadata
import itertools
import json
import logging
import math
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

import cv2
import numpy as np
import torch
import transformers
from accelerate import Accelerator
from rich.console import Console

from conf.command_line import DONE, INTERRUPTED, CommandLine
from conf.progress import console_of, duration
from conf.spelling import flatten, shell_command
from model.checkpoint import MODEL, OPTIONS, RECORD, STATE, load_model, load_run, read_record, write_json
from model.dataset import FrameReader, Item, fingerprint, read_items, split
from model.journal import Journal
from model.language import build_tokenizer
from model.lessons import LostReader
from model.options import DataOptions, TrainOptions
from model.schedule import Phase, phases_of
from model.scoring import answers, can_ask, usual
from model.training import Diverged, Outcome, Training, accelerator_for
from model.vision import image_size_px
from model.vlm import VideoVLM
from qa_templates import curriculum
from scenes.types import require

SHORTHANDS = ("name", "data", "cache", "compressor", "k", "num_frames", "groups", "workers", "steps", "batch_size", "lr")
LINE = CommandLine("model.train", "train", TrainOptions, SHORTHANDS, lists=("clips.folders",), told=(Diverged, LostReader))
FREE = ("out", "device", "save_every", "evaluate_every", "compile", "recompute", "optimiser.accumulation")  # may change when a run goes on
MEANT = ("precision", "curriculum")  # options of which is compared what they mean
FREE_OF_CLIPS = ("clips.folders", "clips.workers", "clips.cache", "clips.skip_damaged")  # the data are compared, wherever they are
LOOKED_AT = 200  # questions held out that are asked while training goes on
LOCK = "lock"
PACKAGES = ("torch", "transformers", "accelerate", "tokenizers", "numpy", "av")


def main() -> NoReturn:
    """Entry point: exit code 0 when the training is finished, 2 for bad input, 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    transformers.utils.logging.set_verbosity_error()  # its bars and load reports say nothing that the user can act on
    transformers.utils.logging.disable_progress_bar()
    cv2.setNumThreads(1)  # here, for the processes that read clips as well: set in a fork, it would wait for threads that are not there
    LINE.run(lambda options: train(options, console_of(sys.stdout)))


@dataclass(frozen=True)
class Data:
    """Questions to learn from and questions held out, of all folders; ``about`` describes each folder."""

    train: tuple[Item, ...]
    held_out: tuple[Item, ...]
    about: tuple[Mapping[str, Any], ...]


def train(options: TrainOptions, console: Console) -> int:
    """Train a model, or go on with its training; returns the exit code.

    Raises:
        ValueError: bad input, or another run in the same folder.
        Diverged: the loss is no number any more.
        LostReader: a process that reads clips is gone.
    """
    accelerator = accelerator_for(options)
    console.quiet = not accelerator.is_main_process
    data = read_data(options.clips)
    with _held(Path(options.out).expanduser(), accelerator.is_main_process) as root:
        return _train(options, data, root, accelerator, console)


def _train(options: TrainOptions, data: Data, root: Path, accelerator: Accelerator, console: Console) -> int:
    before, meant = _begun(root), _meant(options, accelerator)
    if before:
        require_same(options, data, meant, before)
    if before.get("finished"):
        console.print(f"{root} is finished: {before['step']} steps. For another training give another out, or delete it.", soft_wrap=True)
        return DONE
    with accelerator.main_process_first():  # one process alone fetches from the hub
        model, phases = prepare(options, data, root / MODEL if before else None)
    record = Record(root, options, data, meant, before)
    training = Training(options, model, phases, accelerator, record.write, _look(options, data))
    if accelerator.is_main_process and not before:
        record.write(Outcome(0, False, {}))
    console.print(_about(options, model, data, accelerator), soft_wrap=True, markup=False)
    outcome = training.run(lambda first, total: Journal(root, console, first, total, accelerator.is_main_process))
    return _close(outcome, training, console)


def read_data(options: DataOptions) -> Data:
    """The questions of all folders, divided in each.

    Raises:
        ValueError: a folder holds no data set, or no videos, or none of its answers is known.
    """
    train: list[Item] = []
    held_out: list[Item] = []
    about = []
    for folder in options.folders:
        items = [item for item in read_items(folder) if item.has_answer]
        require(bool(items), "data", folder, "a data set whose answers are known")
        _require_videos(folder, items, options.skip_damaged)
        ours, theirs = split(items, options.held_out, options.split_seed) if options.held_out else (items, [])
        train += ours
        held_out += theirs
        clips = len({item.key for item in items})
        about.append({"folder": str(folder), "questions": len(items), "clips": clips, "fingerprint": fingerprint(items)})
    return Data(tuple(train), tuple(held_out), tuple(about))


def _require_videos(folder: str, items: Iterable[Item], skip_damaged: bool) -> None:
    videos = dict.fromkeys(item.video for item in items)
    missing = [path for path in videos if not path.is_file()]
    if missing and not (skip_damaged and len(missing) < len(videos)):
        raise ValueError(
            f"data = {folder!r} is not allowed: {missing[0]} is missing ({len(missing)} in all): copy it again, or if it holds labels "
            "only, generate it with render=standard"
        )


def require_same(options: TrainOptions, data: Data, meant: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raises ValueError when the run in ``out`` was begun with other options, or on other data.

    Args:
        meant: what the options `MEANT` stand for now.
        before: the record of that run.
    """
    was, wanted = flatten(before["options"]), flatten(plain(options))
    differ = [key for key in wanted | was if wanted.get(key) != was.get(key) and key not in FREE + FREE_OF_CLIPS + MEANT]
    told = ", ".join(
        [f"{key} = {wanted.get(key)!r} (was {was.get(key)!r})" for key in differ]
        + [
            f"{key} = {getattr(options, key)!r} means {meant[key]} (was {it})"
            for key, it in before.get("meant", {}).items()
            if meant[key] != it
        ]
    )
    if told:
        raise ValueError(
            f"out = {options.out!r} holds a run of another configuration: {told}: give another out, or the options that it had"
        )
    if [each["fingerprint"] for each in data.about] != [each["fingerprint"] for each in before["data"]]:
        raise ValueError(f"data hold other questions than when the run in {options.out!r} began: give another out, or the data that it had")


class Record:
    """``training.json``: what a run was told, what it learned from, and how far it has come."""

    def __init__(self, root: Path, options: TrainOptions, data: Data, meant: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        self._path = root / RECORD
        self._began_s, self._before, self._left_out = time.perf_counter(), dict(before.get("figures", {})), set(before.get("left_out", ()))
        self._content = {
            "options": plain(options),
            "meant": meant,
            "num_frames": options.clips.frames(options.model.compressor.k),
            "data": list(data.about),
            "versions": _versions(),
            "trained_on": _scenes(options, data, before),
        }

    def write(self, outcome: Outcome) -> None:
        """Replace the file."""
        seconds = round(self._before.get("seconds", 0.0) + time.perf_counter() - self._began_s, 1)
        figures = {**self._before, **outcome.figures, "seconds": seconds}  # the earlier ones stand where no step was left to do
        left_out = sorted(self._left_out | set(outcome.left_out))
        progress = {"step": outcome.step, "finished": outcome.finished, "figures": figures, "left_out": left_out}
        write_json(self._path, {**progress, **self._content})


def plain(options: TrainOptions) -> dict[str, Any]:
    """Options as JSON holds them."""
    return dict(json.loads(json.dumps(dataclasses.asdict(options))))


def prepare(options: TrainOptions, data: Data, saved: Path | None = None) -> tuple[VideoVLM, list[Phase]]:
    """The model, and what it is to learn: one that was saved, where there is one, or a new one, whose weights depend on the seed alone.

    Raises:
        ValueError: the options do not fit each other or the data, or name what is not there.
    """
    if saved is not None and (saved / OPTIONS).is_file():
        model = load_model(saved)
        return model, phases_of(options, data.train, _size_px(model))
    if options.start_from is not None:
        model = _first_weights(options, load_run(options.start_from).model)
        return model, phases_of(options, data.train, _size_px(model))
    phases = phases_of(options, data.train, image_size_px(options.model.vision))
    tokenizer = build_tokenizer(options.model.language, itertools.chain.from_iterable(phase.lessons.texts for phase in phases))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        return VideoVLM(options.model, tokenizer), phases


def _first_weights(options: TrainOptions, model: VideoVLM) -> VideoVLM:
    was, wanted = flatten(model.options), flatten(options.model)
    differ = ", ".join(f"model.{key} = {wanted[key]!r} (there {was[key]!r})" for key in wanted if wanted[key] != was[key])
    require(not differ, "start_from", options.start_from, f"a run of the same model; {differ}")
    return model


def _scenes(options: TrainOptions, data: Data, before: Mapping[str, Any]) -> list[str]:
    """All that the weights have learned from, in this run or in the one that it starts from."""
    if before:
        return list(before["trained_on"])
    earlier = read_record(Path(options.start_from).expanduser())["trained_on"] if options.start_from else []
    return sorted({item.scene for item in data.train} | set(earlier))


@contextmanager
def _held(root: Path, main: bool) -> Iterator[Path]:
    """Make the folder of a run, and keep it for this training: the main process does.

    The lock is gone with the process; `lockf`, unlike `flock`, leaves it to none of the processes that read clips, which outlive a kill.

    Raises:
        ValueError: nothing can be written there, or another training writes there.
    """
    if not main:
        yield root
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        stream = (root / LOCK).open("a")
    except OSError as error:
        raise ValueError(f"out = {str(root)!r} is not allowed: nothing can be written there ({error}): give another folder") from error
    with stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise ValueError(f"out = {str(root)!r}: another training writes here: wait for it to end, or give another out") from error
        yield root


def _meant(options: TrainOptions, accelerator: Accelerator) -> dict[str, Any]:
    """What options stand for whose meaning may change: the machine, or a file."""
    stages = None if options.curriculum is None else curriculum.plain(curriculum.read_curriculum(options.curriculum))
    return {"precision": "bf16" if accelerator.mixed_precision == "bf16" else "fp32", "curriculum": stages}


def _begun(root: Path) -> Mapping[str, Any]:
    """The record of the run in a folder; nothing where none has come to its first checkpoint."""
    saved = any((root / name).is_dir() for name in (STATE, f"{STATE}.old"))
    if not (root / RECORD).is_file():
        require(not saved and not (root / MODEL).exists(), "out", str(root), f"a new folder: this one holds a model without {RECORD}")
        return {}
    record = read_record(root)
    return record if saved or record.get("finished") else {}


def _look(options: TrainOptions, data: Data) -> Callable[[VideoVLM], tuple[float, int]] | None:
    """The share right of a few questions held out, and their number."""
    by = usual(options.reply)
    known = [item for item in data.held_out if can_ask(item, by)]
    if not known:
        return None
    places = np.random.default_rng(options.seed).permutation(len(known))[:LOOKED_AT]
    items = [known[place] for place in sorted(places)]
    letter_of = {item.uid: item.answer for item in items}

    def look(model: VideoVLM) -> tuple[float, int]:
        reader = FrameReader(options.clips.frames(model.options.compressor.k), _size_px(model), options.clips.cache_folder)
        device, workers = str(next(model.parameters()).device), max(1, options.clips.workers)
        said = list(answers(model, items, reader, by=by, device=device, workers=workers, skip_damaged=options.clips.skip_damaged))
        return sum(each.letter == letter_of[each.uid] for each in said) / len(said), len(said)

    return look


def _about(options: TrainOptions, model: VideoVLM, data: Data, accelerator: Accelerator) -> str:
    """What is about to be trained, on what, and where."""
    k, size = options.model.compressor.k, sum(parameter.numel() for parameter in model.parameters())
    num_frames = options.clips.frames(k)
    clips = len({item.key for item in data.train})
    return (
        f"{options.model.compressor.name}, k = {k}, {size / 1e6:.2f} million parameters; {num_frames} frames of {_size_px(model)} px make "
        f"{model.vision.num_tokens(num_frames)} visual tokens.\n{len(data.train)} questions of {clips} clips to learn from, "
        f"{len(data.held_out)} questions held out. {accelerator.num_processes} × {accelerator.device.type}, {accelerator.mixed_precision}."
    )


def _close(outcome: Outcome, training: Training, console: Console) -> int:
    """Say how it ended; of a training that is finished the state is not needed any more."""
    root = training.root
    if not outcome.finished:
        LINE.complain(f"interrupted; {root} keeps the first {outcome.step} steps. To go on: the same command again")
        return INTERRUPTED
    if training.accelerator.is_main_process:
        shutil.rmtree(root / STATE, ignore_errors=True)
    record = read_record(root)
    told, left_out = record["figures"], record["left_out"]
    console.print(
        f"{outcome.step} steps in {duration(told['seconds'])}; loss {told.get('loss', math.nan):.3f} in the last ones.", soft_wrap=True
    )
    if left_out:
        console.print(f"{len(left_out)} clips could not be read and were left out: {RECORD} lists them.", soft_wrap=True)
    console.print(f"The model is in {root / MODEL}. To see what it has learned:", soft_wrap=True)
    for folder in training.options.clips.folders:
        console.print(shell_command("model.evaluate", {"checkpoint": str(root), "data": folder}), soft_wrap=True, markup=False)
    return DONE


def _versions() -> dict[str, str]:
    return {"python": sys.version.split()[0], **{name: importlib.metadata.version(name) for name in PACKAGES}}


def _size_px(model: VideoVLM) -> int:
    return cast(int, model.vision.tower.config.image_size)


if __name__ == "__main__":
    main()
