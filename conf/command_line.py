"""What every program that hydra configures does at its door: typed options out of `key=value …`, and plain words for bad input.

LINE = CommandLine("generator", "generate", GenerateOptions, shorthands=("workers",))
LINE.run(work)  # work(options) -> exit code; never returns
"""

from __future__ import annotations

import difflib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, Generic, NoReturn, TypeVar

import cattrs
import hydra
from hydra import compose, initialize_config_module
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, MissingMandatoryValue, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException, ValidationError

from scenes.types import require

DONE, INCOMPLETE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
NATURES = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false", "String": "a text"}
Options = TypeVar("Options")


@dataclass(frozen=True)
class CommandLine(Generic[Options]):
    """The door of one program.

    Args:
        program: as in ``python -m program``.
        config_name: its file in ``conf/``.
        options: the dataclass that its configuration becomes; what it raises as ValueError is said to the user.
        shorthands: top-level keys that groups of the configuration read, and the dataclass does not have.
        lists: keys of lists for which a single name may be given, as in clips.folders.
        told: other errors that the user can put right, whose message says how.
    """

    program: str
    config_name: str
    options: type[Options]
    shorthands: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    told: tuple[type[Exception], ...] = ()

    def run(self, work: Callable[[Options], int]) -> NoReturn:
        """Compose the configuration from ``sys.argv``, do the work, and leave with its exit code; 2 for bad input."""
        os.environ["HYDRA_FULL_ERROR"] = "1"  # have hydra raise, so that the message is ours
        signal.signal(signal.SIGTERM, _interrupt)  # a scheduler's way of saying Ctrl-C

        with self.plain_errors():
            _require_one_run(sys.argv[1:])

        def composed(configuration: DictConfig) -> None:
            with self.plain_errors():  # here as well, because hydra says something of its own about errors that reach it
                sys.exit(work(self.typed(configuration)))

        with self.plain_errors():
            hydra.main(version_base=None, config_path="pkg://conf", config_name=self.config_name)(composed)()
        sys.exit(DONE)  # after --help and the like

    def composed(self, *overrides: str) -> Options:
        """The options that the program gets by these arguments. Raises what composing raises when one of them is not allowed."""
        with initialize_config_module("conf", version_base=None):
            return self.typed(compose(self.config_name, list(overrides)))

    @contextmanager
    def plain_errors(self, interrupted: str = "interrupted") -> Iterator[None]:
        """What the user can put right is said in one paragraph, without a traceback; and ``interrupted`` upon Ctrl-C."""
        try:
            yield
        except KeyboardInterrupt:
            self.complain(interrupted)
            sys.exit(INTERRUPTED)
        except Exception as error:
            if not isinstance(error, (ValueError, HydraException, OmegaConfBaseException, *self.told)):
                raise
            self.complain(self.explain(error))
            sys.exit(BAD_INPUT)

    def complain(self, message: str) -> None:
        """Say on stderr what is wrong, if anyone listens."""
        with suppress(OSError):
            print(f"{self.program}: {message}", file=sys.stderr)

    def typed(self, configuration: DictConfig) -> Options:
        """The typed options of a composed configuration. Raises ValueError that names the key, what it got and what is allowed."""
        try:
            OmegaConf.resolve(configuration)
            plain = OmegaConf.masked_copy(configuration, [str(key) for key in configuration if key not in self.shorthands])
            for key in self.lists:
                if isinstance(name := OmegaConf.select(plain, key), str):
                    OmegaConf.update(plain, key, [name])
            told: Any = OmegaConf.to_container(OmegaConf.merge(_writable(OmegaConf.structured(self.options)), plain), throw_on_missing=True)
        except ValidationError as error:
            raise ValueError(self._wrong_type(error)) from error
        except MissingMandatoryValue as error:
            raise ValueError(self._missing(error)) from error
        return CONVERTER.structure(told, self.options)

    def explain(self, error: Exception) -> str:
        """What was wrong with the command line, in one paragraph."""
        cause = error.__cause__ or error
        if isinstance(error, MissingConfigException) and error.options is not None:
            group, _, name = str(error.missing_cfg_file).rpartition("/")
            return f"{group} = {name!r} is not allowed: give one of {', '.join(error.options)}"
        unknown = re.search(r"Could not (?:override|append|delete)[^']*'(?P<key>[^'@]+)'", str(error))
        if isinstance(cause, (ConfigAttributeError, ConfigKeyError)) or unknown:
            key = unknown["key"] if unknown else str(getattr(cause, "full_key", cause))
            return f"unknown key {key!r}{self._suggestion(key)}: python -m {self.program} --help lists the keys"
        return " ".join(str(error).split())

    def _suggestion(self, key: str) -> str:
        known = [*self.shorthands, *_keys(OmegaConf.structured(self.options))]
        close = difflib.get_close_matches(key, known, n=3)
        return f" (did you mean {' or '.join(close)}?)" if close else ""

    def _wrong_type(self, error: ValidationError) -> str:
        found = re.search(r"could not be converted to (\w+)", str(error))
        is_list = "ListConfig" in str(error)
        allowed = NATURES.get(found[1], found[1]) if found else "a list, as in [a,b]" if is_list else "a value, not null"
        key = re.sub(rf"^\w+\.(?=({'|'.join(self.shorthands) or '(?!)'})\b)", "", str(error.full_key))
        return f"{key} = {error.value!r} is not allowed: give {allowed}"

    def _missing(self, error: MissingMandatoryValue) -> str:
        key = error.full_key or re.sub(r".*: (\S+).*", r"\1", str(error), flags=re.DOTALL)
        return f"{key} is missing: give {key}=…; python -m {self.program} --help says what it is"


def _writable(node: DictConfig) -> DictConfig:
    """Schemas of frozen dataclasses are read-only, down to their lists."""
    OmegaConf.set_readonly(node, None)
    for key in node:
        child: Any = None if OmegaConf.is_missing(node, key) else node[key]
        if OmegaConf.is_dict(child):
            _writable(child)
        elif OmegaConf.is_list(child):
            OmegaConf.set_readonly(child, None)
    return node


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in node:
        yield prefix + str(key)
        child: Any = None if OmegaConf.is_missing(node, key) else node[key]
        if OmegaConf.is_dict(child):
            yield from _keys(child, f"{prefix}{key!s}.")


def _pair(value: Sequence[float], _: type) -> tuple[float, float]:
    require(len(value) == 2, "pair", value, "two numbers, as in duration=[3,8]")
    return float(value[0]), float(value[1])


CONVERTER = cattrs.Converter(detailed_validation=False)  # a wrong value is then its own error, not a group of them
CONVERTER.register_structure_hook_func(lambda kind: kind == tuple[float, float], _pair)


def _require_one_run(arguments: Sequence[str]) -> None:
    """hydra would leave after the first of several runs, as a program leaves that ends with its exit code."""
    for argument in arguments:
        told = re.fullmatch(r"-m|--mul\w*|hydra\.mode=MULTIRUN", argument)
        require(told is None, "command line", argument, "one value for each key, and run the program once for each, in a loop of the shell")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
