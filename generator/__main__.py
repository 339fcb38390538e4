"""``python -m generator key=value …``: make a data set, or go on with one. ``--help`` lists the keys."""

from __future__ import annotations

import difflib
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any, NoReturn

import cattrs
import hydra
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException, ValidationError
from rich.console import Console

from generator.dataset import Dataset, DiskFull
from generator.doctor import UnfitMachine, require_healthy
from generator.farm import GaveUp, run
from generator.options import GenerateOptions, command
from generator.report import Progress, Summary
from qa_templates.quota import check
from scenes.types import require

SHORTHANDS = ("name", "workers", "width", "height", "fps", "duration", "difficulty", "questions_per_video")
DONE, INCOMPLETE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
PLAIN_WIDTH = 120  # of tables in a file
NATURES = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false", "String": "a text"}


def main() -> NoReturn:
    """Entry point: exit code 0 only if all that was asked for is there, 2 for bad input, 130 when interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # have hydra raise, so that the message is ours
    signal.signal(signal.SIGTERM, _interrupt)  # a scheduler's way of saying Ctrl-C
    with _plain_errors():
        _composed()
    sys.exit(DONE)  # after --help and the like


@hydra.main(version_base=None, config_path="pkg://conf", config_name="generate")
def _composed(configuration: DictConfig) -> None:
    with _plain_errors():  # here as well, because hydra says something of its own about errors that reach it
        sys.exit(generate(typed_options(configuration), Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the user can put right is said in one paragraph, without a traceback."""
    try:
        yield
    except (ValueError, HydraException, OmegaConfBaseException, UnfitMachine) as error:
        _complain(explain(error))
        sys.exit(BAD_INPUT)
    except DiskFull as error:
        _complain(str(error))
        sys.exit(INCOMPLETE)


def generate(options: GenerateOptions, console: Console) -> int:
    """Make what is missing of a data set; returns the exit code."""
    check(options.qa, options.scene, twins=options.twins)
    if options.renders:
        require_healthy()
    with Dataset.open(options) as dataset:
        wanted = list(options.indices)
        todo = wanted if options.only is not None else dataset.missing(wanted)
        summary = Summary(options, dataset.root, len(wanted) - len(todo))
        code = _make(todo, options, dataset, summary, console)
        summary.published = dataset.publish()
    summary.print(console)
    return code


def _make(todo: list[int], options: GenerateOptions, dataset: Dataset, summary: Summary, console: Console) -> int:
    try:
        with closing(run(todo, options, dataset)) as reports, Progress(console, len(todo)) as progress:
            for report in reports:
                summary.add(report)
                progress.add(report)
                if report.status in ("exhausted", "failed"):
                    progress.note(report.message)
    except KeyboardInterrupt:
        _complain(f"interrupted; what is finished is kept. To go on: {command(options)}")
        return INTERRUPTED
    except (DiskFull, GaveUp) as error:
        _complain(str(error))
    return INCOMPLETE if dataset.missing(options.indices) or summary.failed else DONE


# From the command line to typed options


def typed_options(configuration: DictConfig) -> GenerateOptions:
    """The typed options of a composed configuration. Raises ValueError that names the key, what it got and what is allowed."""
    OmegaConf.resolve(configuration)
    plain = OmegaConf.masked_copy(configuration, [str(key) for key in configuration if key not in SHORTHANDS])
    schema = _writable(OmegaConf.structured(GenerateOptions))
    try:
        merged = OmegaConf.merge(schema, plain)
    except ValidationError as error:
        raise ValueError(_wrong_type(error)) from error
    told: Any = OmegaConf.to_container(merged)
    return CONVERTER.structure(told, GenerateOptions)


def _writable(node: DictConfig) -> DictConfig:
    """Schemas of frozen dataclasses are read-only, down to their lists."""
    OmegaConf.set_readonly(node, None)
    for child in node.values():
        if OmegaConf.is_dict(child):
            _writable(child)
        elif OmegaConf.is_list(child):
            OmegaConf.set_readonly(child, None)
    return node


def _wrong_type(error: ValidationError) -> str:
    found = re.search(r"could not be converted to (\w+)", str(error))
    allowed = NATURES.get(found[1], found[1]) if found else "a list, as in [a,b]" if "ListConfig" in str(error) else "a value, not null"
    key = re.sub(rf"^\w+\.(?=({'|'.join(SHORTHANDS)})\b)", "", str(error.full_key))
    return f"{key} = {error.value!r} is not allowed: give {allowed}"


def _pair(value: Sequence[float], _: type) -> tuple[float, float]:
    require(len(value) == 2, "pair", value, "two numbers, as in duration=[3,8]")
    return float(value[0]), float(value[1])


CONVERTER = cattrs.Converter(detailed_validation=False)  # a wrong value is then its own error, not a group of them
CONVERTER.register_structure_hook_func(lambda kind: kind == tuple[float, float], _pair)


def explain(error: Exception) -> str:
    """What was wrong with the command line, in one paragraph."""
    cause = error.__cause__ or error
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        return f"{group} = {name!r} is not allowed: give one of {', '.join(error.options)}"
    unknown = re.search(r"Could not (?:override|append|delete)[^']*'(?P<key>[^'@]+)'", str(error))
    if isinstance(cause, (ConfigAttributeError, ConfigKeyError)) or unknown:
        key = unknown["key"] if unknown else str(getattr(cause, "full_key", cause))
        return f"unknown key {key!r}{_suggestion(key)}: python -m generator --help lists the keys"
    return " ".join(str(error).split())


def _suggestion(key: str) -> str:
    known = [*SHORTHANDS, *_keys(OmegaConf.structured(GenerateOptions))]
    close = difflib.get_close_matches(key, known, n=3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for key, value in node.items():
        yield prefix + str(key)
        if OmegaConf.is_dict(value):
            yield from _keys(value, f"{prefix}{key!s}.")


def _complain(message: str) -> None:
    print(f"generator: {message}", file=sys.stderr)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
