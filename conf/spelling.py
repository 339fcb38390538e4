"""Settings as hydra's command line takes them. It does without hydra, which is slow to import: worker processes spell commands too."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

IN_NO_FILE = ("qa.weights.", "farm.job.")  # keys that begin so are in no file of the configuration, and have to be added to it


def shell_command(program: str, settings: Mapping[str, Any]) -> str:
    """The shell command that runs ``python -m program`` with these settings."""
    return " ".join([f"python -m {program}", *map(shlex.quote, overrides(settings))])


def overrides(settings: Mapping[str, Any]) -> list[str]:
    """The arguments that give these settings, as a program gets them."""
    return [f"{'++' if key.startswith(IN_NO_FILE) else ''}{key}={spelled(value)}" for key, value in settings.items()]


def spelled(value: Any) -> str:
    """A value as the command line's grammar wants it: words of plain letters need no quotes there."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (tuple, list)):
        return f"[{','.join(map(spelled, value))}]"
    if isinstance(value, str) and not re.fullmatch(r"[\w./+-]+", value, re.ASCII):
        escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), value)
        return f"'{escaped}'"
    return str(value)


def flatten(told: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings and dataclasses as flat dotted keys, as in {"optimiser": {"lr": 1}} → {"optimiser.lr": 1}."""
    pairs = told.items() if isinstance(told, Mapping) else ((each.name, getattr(told, each.name)) for each in fields(told))
    flat: dict[str, Any] = {}
    for key, value in pairs:
        nested = is_dataclass(value) or isinstance(value, Mapping)
        flat |= flatten(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": value}
    return flat
