"""Models on disk, and the runs that made them: weights as safetensors, options as JSON, the tokenizer beside them.

A run's folder holds ``model/`` (what `load_model` reads), ``training.json`` (how it was trained and on what), ``loss.jsonl``,
``tensorboard/``, and ``state/``, from which a training goes on. A model on pretrained parts is saved with their configurations,
so that it loads without them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from cattrs import Converter
from cattrs.errors import BaseValidationError
from safetensors import SafetensorError
from safetensors.torch import load_model as load_weights
from safetensors.torch import save_model as save_weights
from transformers import AutoTokenizer
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from conf.atomic import write_atomically
from model.vlm import ModelOptions, VideoVLM

OPTIONS, WEIGHTS = "config.json", "model.safetensors"
MODEL, RECORD, STATE = "model", "training.json", "state"
VERSION = 1
STRICT = Converter(forbid_extra_keys=True)


class BadCheckpoint(ValueError):
    """A model or a run that cannot be read; the message names the folder, what is wrong with it, and what to do."""


@dataclass(frozen=True)
class Run:
    """A trained model and the record of its training, as ``training.json`` holds it."""

    model: VideoVLM
    record: Mapping[str, Any]


def save_model(model: VideoVLM, folder: str | Path) -> None:
    """Write a model. Each file is replaced as a whole, so that a kill leaves either the old one or the new one."""
    folder = Path(folder)
    part = folder / ".part"
    part.mkdir(parents=True, exist_ok=True)
    model.tokenizer.save_pretrained(part)
    for name, config in _borrowed(model).items():
        config.save_pretrained(part / name)
    save_weights(model, str(part / WEIGHTS))  # knows tied weights
    files = sorted(path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file())
    write_json(part / OPTIONS, {"version": VERSION, "files": files, **asdict(model.options)})
    for name in [*files, OPTIONS]:
        (folder / name).parent.mkdir(exist_ok=True)
        (part / name).replace(folder / name)
    for path in sorted(part.rglob("*"), reverse=True):
        path.rmdir()
    part.rmdir()


def load_model(folder: str | Path, device: str | torch.device = "cpu") -> VideoVLM:
    """A model as `save_model` wrote it, in evaluation mode, whether or not what it was built on is still there.

    Raises:
        BadCheckpoint: the folder or a file of it is missing, or damaged.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise BadCheckpoint(f"checkpoint = {str(folder)!r}: there is no such folder: give what python -m model.train wrote (its out)")
    options, tokenizer = _options(folder), _tokenizer(folder)
    try:
        model = VideoVLM(_as_saved(options, folder), tokenizer, pretrained=False)
    except ValueError as error:
        raise BadCheckpoint(f"the model in {folder} cannot be built ({error}): copy the checkpoint again") from error
    model.options = options
    _load_weights(model, folder / WEIGHTS)
    return model.to(device).eval()


def load_run(folder: str | Path, device: str | torch.device = "cpu") -> Run:
    """The model of a run, with its record.

    Raises:
        BadCheckpoint: there is no run, it has not saved a model yet, or a file of it is damaged.
    """
    folder = Path(folder).expanduser()
    record = read_record(folder)
    if not (folder / MODEL).is_dir():
        raise BadCheckpoint(f"checkpoint = {str(folder)!r} has no {MODEL}/ yet: let the training reach its first checkpoint")
    return Run(load_model(folder / MODEL, device), record)


def weights_of(folder: Path) -> str:
    """The fingerprint of the weights that a run has saved last. Raises BadCheckpoint when there are none."""
    path = folder / MODEL / WEIGHTS
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").hexdigest()[:32]
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read ({error}): let the training reach its first checkpoint, or copy it again") from error


def read_record(folder: Path) -> dict[str, Any]:
    """``training.json`` of a run. Raises BadCheckpoint when there is none, or it is damaged."""
    path = folder / RECORD
    if not path.is_file():
        hint = f"give its parent {str(folder.parent)!r}" if (folder / OPTIONS).is_file() else "give the out of python -m model.train"
        raise BadCheckpoint(f"checkpoint = {str(folder)!r} holds no run ({RECORD} is missing): {hint}")
    return read_json(path)


def reply_of(record: Mapping[str, Any]) -> str | None:
    """What a run learned to reply, by its record; None where that does not tell."""
    reply: str | None = record.get("options", {}).get("reply")
    return reply


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file as a whole or not at all."""
    write_atomically(path, json.dumps(content, indent=1) + "\n")


def _borrowed(model: VideoVLM) -> dict[str, Any]:
    """Configurations of the parts that were not built from the options alone."""
    parts = {"vision": model.vision.tower.config, "language": model.language.config}
    return {name: config for name, config in parts.items() if getattr(model.options, name).path is not None}


def _as_saved(options: ModelOptions, folder: Path) -> ModelOptions:
    """The options with the configurations in the checkpoint in place of those that it was built on."""
    borrowed = {name: getattr(options, name) for name in ("vision", "language") if getattr(options, name).path is not None}
    return replace(options, **{name: replace(part, path=str(folder / name)) for name, part in borrowed.items()})


def _options(folder: Path) -> ModelOptions:
    told = read_json(folder / OPTIONS)
    version, files = told.pop("version", None), told.pop("files", ())
    if version != VERSION:
        raise BadCheckpoint(
            f"{folder / OPTIONS} is of version {version}, not {VERSION}: train the model again, or use the version it is of"
        )
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise BadCheckpoint(f"{folder / missing[0]} is missing: copy the checkpoint again")
    try:
        return STRICT.structure(told, ModelOptions)
    except (BaseValidationError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{folder / OPTIONS} does not hold a model's options ({error}): copy the checkpoint again") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object that a file of a checkpoint holds. Raises BadCheckpoint."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadCheckpoint(f"{path} is missing: give a folder that python -m model.train wrote, or copy it again") from error
    except ValueError as error:
        raise BadCheckpoint(f"{path} is damaged ({error}): copy it again, or train again") from error
    if not isinstance(told, dict):
        raise BadCheckpoint(f"{path} is damaged (it holds no object): copy it again, or train again")
    return told


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    try:
        return AutoTokenizer.from_pretrained(str(folder), padding_side="left", local_files_only=True)
    except Exception as error:  # the library raises anything, Exception itself included, on a file cut short
        raise BadCheckpoint(f"the tokenizer in {folder} is damaged ({error}): copy the checkpoint again") from error


def _load_weights(model: VideoVLM, path: Path) -> None:
    try:
        load_weights(model, str(path))
    except (SafetensorError, RuntimeError) as error:
        raise BadCheckpoint(f"{path} is cut short or not of this model ({' '.join(str(error).split())[:200]}): copy it again") from error
