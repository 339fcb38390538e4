"""Curricula: what clips are to ask, and how hard they are to be, in stages. The generator makes them, the trainer follows them.

A curriculum is a YAML file, in ``conf/curriculum/`` or anywhere else; the probe of a model writes one from what the model fails on:

    stages:
      - name: easy
        share: 1            # of the clips, and of the training, against the other stages
        difficulty: 0.1     # of every axis that is not named; null leaves it to scene.difficulty
        axes: {speed: 0.2}  # see `scenes.difficulty`
        templates: {camera_move: 2, count_cycles: 1}  # weights; none: as qa says
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from qa_templates.question import QUESTIONS
from scenes.difficulty import Axes
from scenes.types import require


@dataclass(frozen=True)
class Stage:
    """A part of a curriculum.

    Args:
        name: it stands in the annotation of each clip that is made for it.
        share: of the clips, and of a training's steps, against the shares of the other stages.
        difficulty: 0 to 1, of all axes that `axes` does not name; None leaves it to ``scene.difficulty``.
        axes: those set apart; None leaves an axis to `difficulty`.
        templates: weights of question templates, each 0 or more; empty leaves them to ``qa``.
    """

    name: str
    share: float = 1.0
    difficulty: float | None = None
    axes: Axes = field(default_factory=Axes)
    templates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(bool(self.name), "curriculum stage name", self.name, "a name")
        require(math.isfinite(self.share) and self.share > 0, f"share of stage {self.name}", self.share, "a number above 0")
        require(
            self.difficulty is None or 0 <= self.difficulty <= 1, f"difficulty of stage {self.name}", self.difficulty, "0 to 1, or null"
        )
        QUESTIONS.require(f"templates of stage {self.name}", tuple(self.templates))
        for template, weight in self.templates.items():
            require(math.isfinite(weight) and weight >= 0, f"weight of {template} in stage {self.name}", weight, "0 or more")
        require(
            not self.templates or any(self.templates.values()), f"templates of stage {self.name}", dict(self.templates), "a weight above 0"
        )


@dataclass(frozen=True)
class Curriculum:
    """Stages, in the order in which a model meets them."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        require(bool(names) and len(set(names)) == len(names), "curriculum stages", names, "one or more stages of different names")


def read_curriculum(source: str) -> Curriculum:
    """A curriculum by the name of a file in ``conf/curriculum/``, or by its path.

    Raises:
        ValueError: there is none, or it says what is not allowed.
    """
    try:
        text = _text(source)
        told = yaml.safe_load(text)
        require(
            isinstance(told, Mapping) and set(told) == {"stages"} and isinstance(told["stages"], list),
            "curriculum",
            source,
            "a file with `stages:`",
        )
        return Curriculum(tuple(map(_stage, told["stages"])))
    except (yaml.YAMLError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"curriculum = {source!r} is not allowed: {' '.join(str(error).split())}") from error


def written(curriculum: Curriculum) -> str:
    """The YAML that `read_curriculum` reads as the same curriculum."""
    return yaml.safe_dump({"stages": list(map(_told, curriculum.stages))}, sort_keys=False, allow_unicode=True)


def _text(source: str) -> str:
    folder = resources.files("conf") / "curriculum"
    inside = folder / f"{source}.yaml"
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    path = Path(source).expanduser()
    known = sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))
    require(path.is_file(), "curriculum", source, f"the path of a file, or one of {', '.join(known)}")
    return path.read_text(encoding="utf-8")


def _stage(told: Any) -> Stage:
    require(isinstance(told, Mapping), "a stage of the curriculum", told, "keys and values")
    return Stage(**{**told, "axes": Axes(**(told.get("axes") or {})), "templates": dict(told.get("templates") or {})})


def _told(stage: Stage) -> dict[str, Any]:
    axes = {name: value for name, value in vars(stage.axes).items() if value is not None}
    told = {"name": stage.name, "share": stage.share, "difficulty": stage.difficulty, "axes": axes, "templates": dict(stage.templates)}
    return {key: value for key, value in told.items() if value not in (None, {})}
