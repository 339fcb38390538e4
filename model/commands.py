"""Commands of the generator that follow from a data set's own configuration, as ``dataset.json`` holds it under flat dotted keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from conf.spelling import flatten, shell_command
from qa_templates.curriculum import curriculum_of
from qa_templates.question import QUESTIONS, QuestionOptions
from qa_templates.quota import template_shares
from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS
from scenes.script import SceneOptions

Configuration = Mapping[str, Any]
CATALOGUES: Mapping[str, Mapping[str, object]] = {
    "scene.environments": ENVIRONMENTS,
    "scene.motions": MOTIONS,
    "scene.avatars": AVATARS,
    "scene.avatar_motions": AVATAR_MOTIONS,
    "scene.events": EVENTS,
    "qa.templates": QUESTIONS,
}
CURRICULUM = "curriculum"
PROBED = "probed"  # the split of clips that a probe asks for


def rerender(root: Path, configuration: Configuration, index: int) -> str:
    """The shell command that renders a clip of a data set again, into a folder of its own; "" where the data set does not tell.

    Of labels alone the clip is rendered as usual: it is to be looked at.
    """
    if not {"seed", "split"} <= set(configuration):
        return ""
    out = f"outputs/again-{configuration['split']}-seed{configuration['seed']}"
    keys = {"only": index, "seed": configuration["seed"], "out": out, **_unusual(configuration)}
    return shell_command("generator", keys | ({CURRICULUM: str(root / f"{CURRICULUM}.yaml")} if CURRICULUM in configuration else {}))


def generate_by(curriculum: Path, configuration: Configuration, num_videos: int) -> str:
    """The shell command that generates by a curriculum, new clips that look as those of a data set do, under a split not used yet."""
    looks = {key: value for key, value in _unusual(configuration).items() if key != "split" and not key.startswith("qa.weights.")}
    split = _next_split(str(configuration.get("split", "")))
    return shell_command("generator", {CURRICULUM: str(curriculum), "num_videos": num_videos, "split": split, **looks})


def templates_of(configuration: Configuration) -> tuple[str, ...]:
    """The templates that a data set was to ask, as far as they are known here; none where it does not tell."""
    told = [name for name in configuration.get("qa.templates", ()) if name in QUESTIONS]
    twins = bool(configuration.get("twins"))
    try:
        qa = QuestionOptions(_group(configuration, "qa.mix."), _known(_group(configuration, "qa.weights.")), tuple(told))
        stages = curriculum_of(configuration[CURRICULUM]).stages if CURRICULUM in configuration else ()
        asked = {name for each in ([stage.asks(qa) for stage in stages] or [qa]) for name in template_shares(each, twins=twins)}
    except ValueError:  # it asked templates of a package that is not here
        return ()
    return tuple(sorted(asked - set(configuration.get("qa.without", ())))) if told else ()


def _known(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: weight for name, weight in weights.items() if name in QUESTIONS}


def _group(configuration: Configuration, prefix: str) -> dict[str, float]:
    return {key.removeprefix(prefix): float(value) for key, value in configuration.items() if key.startswith(prefix)}


def _next_split(split: str) -> str:
    """PROBED, or the next number of it after the data's own; and never one whose folder is there."""
    found = re.fullmatch(rf"{PROBED}(?:-(\d+))?", split)
    numbers = count(int(found[1] or 1) + 1 if found else 1)
    names = (PROBED if number == 1 else f"{PROBED}-{number}" for number in numbers)
    return next(name for name in names if not Path(f"outputs/motionfoundry-{name}-seed0").exists())


def _unusual(configuration: Configuration) -> dict[str, Any]:
    """What differs from the generator's defaults, but for seed and curriculum; and no rendering where there was none."""
    told = {key: value for key, value in configuration.items() if key not in ("seed", CURRICULUM) and not _follows(key, value)}
    blind = configuration.get("render.engine") == "none"
    return {key: value for key, value in told.items() if not (blind and key.startswith("render."))}


def _follows(key: str, value: Any) -> bool:
    """Whether a key says what the generator does anyway; all names of a catalogue are what an empty list stands for."""
    if key in CATALOGUES and list(value) == list(CATALOGUES[key]):
        return True
    usual = _usual().get(key, "?")
    return bool(value == (list(usual) if isinstance(usual, tuple) else usual))


@cache
def _usual() -> dict[str, Any]:
    """The generator's defaults, read where it reads them."""
    usual = flatten({"scene": SceneOptions(), "qa": QuestionOptions()})
    for group, name in (("occlusion", "default"), ("render", "standard")):
        text = (resources.files("conf") / group / f"{name}.yaml").read_text(encoding="utf-8")
        usual |= flatten(yaml.safe_load(text), f"{group}.")
    return usual | {"split": "train", "twins": False, "annotations": []}
