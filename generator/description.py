"""``dataset.json``: which options and versions a data set is made with; a run that would make other clips is refused."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from conf.atomic import write_atomically
from conf.spelling import flatten
from generator.locks import alone
from generator.options import CURRICULUM, OF_THE_MACHINE, GenerateOptions, content
from qa_templates.curriculum import written

log = logging.getLogger(__name__)

DATASET_JSON = "dataset.json"
SCHEMA_VERSION = 3
PACKAGES = ("motionfoundry", "numpy", "scipy", "trimesh")
VIDEO_PACKAGES = ("bpy", "av")


class ConfigurationChanged(ValueError):
    """The folder holds a data set that was made with other options."""


def described(root: Path) -> dict[str, Any]:
    """What ``dataset.json`` says. Raises ValueError where it is not there, or cannot be read."""
    path = root / DATASET_JSON
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        same = "a run with the same options and another out= writes the same file"
        raise ValueError(f"{path} cannot be read ({error}): put it back ({same}), or delete the folder to begin anew") from error
    if not isinstance(stored, dict) or not {"schema_version", "seed", "split", "configuration", "versions"} <= stored.keys():
        raise ValueError(f"{path} describes no data set: give another out=")
    return stored


def settle(root: Path, options: GenerateOptions) -> None:
    """Write down the configuration, or make sure that it is the one written down: of shards that begin together, the first one's.

    Raises:
        ConfigurationChanged: it is another; lists what differs.
        ValueError: it cannot be read.
    """
    with alone(root, "beginning"):
        _settle(root, options)


def _settle(root: Path, options: GenerateOptions) -> None:
    path = root / DATASET_JSON
    if not path.exists():
        write_atomically(path, json.dumps(_description(options), indent=2) + "\n")
    stored = described(root)
    wanted = agreed(root, stored, options)
    if wanted != stored:
        write_atomically(path, json.dumps(wanted, indent=2) + "\n")
    if options.curriculum is not None:
        _write_curriculum(path.with_name(CURRICULUM), written(options.curriculum))
    for name, version in versions(options).items():
        if stored["versions"].get(name, version) != version:
            log.warning("%s was begun with %s %s, this is %s: new clips may differ", path.parent, name, stored["versions"][name], version)


def agreed(root: Path, stored: Mapping[str, Any], options: GenerateOptions) -> dict[str, Any]:
    """What ``dataset.json`` is to say for a run that goes on: what is stored there, and layers that are added.

    Raises ConfigurationChanged where the run would make other clips; lists what differs.
    """
    if stored["schema_version"] != SCHEMA_VERSION:
        got = stored["schema_version"]
        raise ConfigurationChanged(
            f"{root} has schema version {got}, this program writes {SCHEMA_VERSION}: give another out=, or delete it"
        )
    old = {key: value for key, value in stored["configuration"].items() if key not in OF_THE_MACHINE}  # of which older versions told
    new = json.loads(json.dumps(content(options)))
    if set(old.get("annotations", ())) < set(new["annotations"]) and {**old, "annotations": new["annotations"]} == new:
        return {**stored, "configuration": new}  # layers can be added
    if changes := _changes(old, new):
        remedy = "Give another out=, or the old values, or delete the folder to begin anew."
        raise ConfigurationChanged(f"{root} was made with other options (old -> new): {'; '.join(changes)}. {remedy}")
    return dict(stored)


def _write_curriculum(path: Path, text: str) -> None:
    """The copy that commands name; shards that begin together need not all write it."""
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
        write_atomically(path, text)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Where two configurations differ; curricula of the same stages, key by key."""
    old, new = _flat(old), _flat(new)
    if old["curriculum"] != new["curriculum"]:
        old, new = ({key: value for key, value in each.items() if not key.startswith("curriculum.")} for each in (old, new))
    return [_change(key, old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)]


def _flat(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with its curriculum as flat keys, and the names of its stages as one of them."""
    stages = {each["name"]: each for each in configuration.get("curriculum", {"stages": []})["stages"]}
    return {**configuration, "curriculum": list(stages), **flatten(stages, "curriculum.")}


def _change(key: str, old: Any, new: Any) -> str:
    """As in "seed 0 -> 5"; of two lists of names, those that one alone holds."""
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(name, str) for name in old + new) and set(old) != set(new):
        old, new = [name for name in old if name not in new], [name for name in new if name not in old]
    return f"{key} {old!r} -> {new!r}"


def _description(options: GenerateOptions) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": "MotionFoundry",
        "seed": options.seed,
        "split": options.split,
        "configuration": content(options),
        "versions": versions(options),
    }


def versions(options: GenerateOptions) -> dict[str, str]:
    """Of Python and the packages that clips depend on, on this machine."""
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, *(VIDEO_PACKAGES if options.renders else ())):
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
