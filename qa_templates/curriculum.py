"""Curricula: what clips are to ask, and how hard they are to be, in stages. The generator makes them, the trainer follows them.

A curriculum is a YAML file, in ``conf/curricula/`` or anywhere else; the probe of a model writes one from what the model fails on:

    stages:
      - name: easy
        share: 1            # of the clips, and of the training, against the other stages
        difficulty: 0.1     # of every axis that is not named; null leaves it to scene.difficulty
        axes: {speed: 0.2}  # see `scenes.difficulty`
        templates: {camera_move: 2, count_cycles: 1}  # weights; none: as qa says
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from numbers import Real
from pathlib import Path
from typing import Any

import yaml

from qa_templates.question import QUESTIONS, QuestionOptions
from scenes.difficulty import Axes
from scenes.script import SceneOptions
from scenes.types import require

MOST_STAGES = 100


@dataclass(frozen=True)
class Stage:
    """A part of a curriculum.

    Args:
        name: it stands in the annotation of each clip that is made for it.
        share: of the clips, and of a training's steps, against the shares of the other stages.
        difficulty: 0 to 1, in place of ``scene.difficulty``; None leaves it to that.
        axes: those set apart, in place of the same ones of ``scene.axes``; None leaves an axis to these, then to the difficulty.
        templates: weights of question templates, each 0 or more, in place of ``qa.mix``; empty leaves them to ``qa``.
    """

    name: str
    share: float = 1.0
    difficulty: float | None = None
    axes: Axes = field(default_factory=Axes)
    templates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed = "a text of one line, as in name: easy"
        named = isinstance(self.name, str) and self.name != "" and self.name.isprintable() and self.name == self.name.strip()
        require(named, "name of a curriculum's stage", self.name, allowed)
        of = f"of stage {self.name!r}"
        require(_is_number(self.share) and self.share > 0, f"share {of}", self.share, "a number above 0")
        allowed = "a number from 0 to 1, or null"
        require(self.difficulty is None or _is_level(self.difficulty), f"difficulty {of}", self.difficulty, allowed)
        QUESTIONS.require(f"templates {of}", tuple(self.templates))
        for template, weight in self.templates.items():
            require(_is_number(weight) and weight >= 0, f"weight of {template} {of}", weight, "a number, 0 or more")
        require(not self.templates or bool(self.asked), f"templates {of}", dict(self.templates), "at least one weight above 0")

    @property
    def asked(self) -> tuple[str, ...]:
        """The templates with a weight; none where they are left to ``qa``."""
        return tuple(template for template, weight in self.templates.items() if weight > 0)

    def looks(self, scene: SceneOptions) -> SceneOptions:
        """How the scenes of this stage look, where it is laid over what a run is told."""
        difficulty = scene.difficulty if self.difficulty is None else self.difficulty
        return replace(scene, difficulty=difficulty, axes=replace(scene.axes, **_named(self.axes)))

    def asks(self, qa: QuestionOptions) -> QuestionOptions:
        """What is asked in this stage, where it is laid over what a run is told."""
        return replace(qa, weights=dict(self.templates)) if self.templates else qa


@dataclass(frozen=True)
class Curriculum:
    """Stages, in the order in which a model meets them."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        allowed = f"1 to {MOST_STAGES} stages of different names"
        require(1 <= len(names) <= MOST_STAGES and len(set(names)) == len(names), "curriculum stages", names, allowed)

    @property
    def shares(self) -> dict[str, float]:
        """Of all clips, those that are made for each stage."""
        total = math.fsum(stage.share for stage in self.stages)
        return {stage.name: stage.share / total for stage in self.stages}


def read_curriculum(source: str) -> Curriculum:
    """A curriculum by the name of a file in ``conf/curricula/``, or by its path.

    Raises:
        ValueError: there is none, or it says what is not allowed.
    """
    text = _text(source)
    try:
        return curriculum_of(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError(f"curriculum = {source!r} is not allowed: it is not YAML: {' '.join(str(error).split())}") from error
    except ValueError as error:
        raise ValueError(f"curriculum {source}: {error}") from error


def curriculum_of(told: Any) -> Curriculum:
    """The curriculum that `plain` gives, and a file holds. Raises ValueError that names the key, what it got and what is allowed."""
    _require_keys("the whole", told, ("stages",))
    require(isinstance(told.get("stages"), list), "stages", told.get("stages"), "a list of stages, each with its name")
    return Curriculum(tuple(map(_stage, told["stages"])))


def plain(curriculum: Curriculum) -> dict[str, Any]:
    """The curriculum as JSON and YAML can hold it."""
    return {"stages": list(map(_plain, curriculum.stages))}


def written(curriculum: Curriculum) -> str:
    """The YAML that `read_curriculum` reads as the same curriculum."""
    return yaml.safe_dump(plain(curriculum), sort_keys=False, allow_unicode=True)


def _text(source: str) -> str:
    folder = resources.files("conf") / "curricula"
    known = sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))
    if source in known:
        return (folder / f"{source}.yaml").read_text(encoding="utf-8")
    path = Path(source).expanduser()
    require(path.is_file(), "curriculum", source, f"the path of a file, or one of {', '.join(known)}")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"curriculum = {source!r} is not allowed: it cannot be read: {error}") from error


def _stage(told: Any) -> Stage:
    keys = tuple(each.name for each in fields(Stage))
    _require_keys("a stage", told, keys)
    require("name" in told, "a stage", dict(told), "a name, as in name: easy")
    axes, templates = ({} if told.get(key) is None else told[key] for key in ("axes", "templates"))
    of = f"of stage {told['name']!r}"
    _require_keys(f"axes {of}", axes, tuple(each.name for each in fields(Axes)))
    for name, level in axes.items():
        require(level is None or _is_level(level), f"axes.{name} {of}", level, "a number from 0 to 1, or null")
    require(isinstance(templates, Mapping), f"templates {of}", templates, "weights, as in {count_cycles: 2, camera_move: 1}")
    return Stage(**{**told, "axes": Axes(**axes), "templates": {str(name): weight for name, weight in templates.items()}})


def _require_keys(what: str, told: Any, keys: Collection[str]) -> None:
    """See that something is a mapping, and has no other keys."""
    listed = ", ".join(keys)
    require(isinstance(told, Mapping), what, told, f"keys among {listed}, each with its value")
    for key in told:
        require(key in keys, f"a key of {what}", key, f"one of {listed}")


def _plain(stage: Stage) -> dict[str, Any]:
    told = {
        "name": stage.name,
        "share": float(stage.share),
        "difficulty": None if stage.difficulty is None else float(stage.difficulty),
        "axes": {name: float(level) for name, level in _named(stage.axes).items()},
        "templates": {name: float(weight) for name, weight in stage.templates.items()},
    }
    return {key: value for key, value in told.items() if value not in (None, {})}


def _named(axes: Axes) -> dict[str, float]:
    return {name: level for name, level in vars(axes).items() if level is not None}


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _is_level(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1
