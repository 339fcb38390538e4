"""The contract of a question template: what it takes to add one, and what every registered one is tested for.

A template *stages* an answer by writing a script; `measure` and `answer` recompute it from trajectories and visibility
alone. A script that leads to another answer is a bug and raises `Disagreement`; a measurement too close to call rejects
the take.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from qa_templates import sampling
from qa_templates.difficulty import QuestionDifficulty
from qa_templates.sampling import Need
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.catalogue import Catalogue
from scenes.motions.motion import MOTIONS
from scenes.script import SceneOptions, Script
from scenes.types import SceneSpec, Trajectories, Visibility, Watch, require

LETTERS = "ABCD"
QUESTION_TYPES = (
    "Motion Recognition",
    "Location-related Motion",
    "Camera Motion",
    "Motion-related Objects",
    "Action Order",
    "Repetition Count",
)  # the six of MotionBench (arXiv 2501.02955), spelled as there


class Disagreement(RuntimeError):
    """The staged answer and the measured one differ: a bug in a motion, a template or a measure."""


@dataclass(frozen=True)
class Evidence:
    """Why the answer is true.

    Args:
        quantity: what was measured.
        value: what came out; numbers, names or a list of them.
        unit: of the value, or "" for names.
        margin: how far the value is from giving another answer, in `margin_unit`.
        margin_unit: of the margin; "px above visible" (of the camera "px from visible") where what might be too close to call
            is not which answer is right, but whether the motion can be seen.
        frames: first and last frame that prove it.
        subjects: the objects that it speaks of.
    """

    quantity: str
    value: Any
    unit: str
    margin: float
    margin_unit: str
    frames: tuple[int, int]
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A template with its slots filled: ``options`` are answer keys in the order of the letters.

    ``none`` is the place at which "none of these" is written instead of the option: the right answer, if that was the right one.
    """

    template: str
    options: tuple[str, ...]
    letter: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    none: int | None = None

    @property
    def answer(self) -> str:
        """The key of the right option."""
        return self.options[LETTERS.index(self.letter)]


def with_answers(asked: Asked, change: Callable[[str], str]) -> Asked:
    """The same question with every answer key changed."""
    return replace(asked, options=tuple(change(key) for key in asked.options))


@dataclass(frozen=True)
class Question:
    """A finished question: options in the order of their letters, and the proof of the answer.

    ``required_fps`` is the lowest sampling rate at which that proof can still be seen; see `qa_templates.sampling`.
    """

    uid: str
    question_type: str
    template: str
    text: str
    options: tuple[str, ...]
    answer: str
    evidence: Evidence
    difficulty: QuestionDifficulty
    required_fps: float
    asked: Asked

    @property
    def prompt(self) -> str:
        """The question and its options in MotionBench's layout."""
        return "\n".join([self.text, *(f"{letter}. {option}" for letter, option in zip(LETTERS, self.options, strict=True))])


@dataclass(frozen=True)
class QuestionOptions:
    """Which questions are asked, and how many.

    Args:
        mix: weight of each question type, in snake case (``repetition_count: 2``); a type left out weighs 1, 0 leaves it out.
        weights: of templates (``count_cycles: 2``), in place of `mix`: those with a weight above 0 alone are asked, each by its
            weight; empty leaves it to `mix`.
        templates: templates to draw from; empty means all that are registered.
        without: templates to leave out.
        questions_per_video: how many questions are asked of one clip, where it supports them.
        none_of_these: how often, 0 to 1, one of the four options of a clip's question reads "none of these"; it takes the
            place of any option alike, and so is right in a quarter of these: they are the questions on what did not happen.
    """

    mix: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    questions_per_video: int = 1
    none_of_these: float = 0.1

    def __post_init__(self) -> None:
        known = [type_key(name) for name in QUESTION_TYPES]
        for key, weight in self.mix.items():
            require(key in known, "qa.mix", key, f"weights of {', '.join(known)}")
            require(math.isfinite(weight) and weight >= 0, f"qa.mix.{key}", weight, "a weight of 0 or more")
        QUESTIONS.require("qa.weights", tuple(self.weights))
        for name, weight in self.weights.items():
            require(math.isfinite(weight) and weight >= 0, f"qa.weights.{name}", weight, "a weight of 0 or more")
        QUESTIONS.require("qa.templates", self.templates)
        QUESTIONS.require("qa.without", self.without)
        require(1 <= self.questions_per_video <= 8, "questions_per_video", self.questions_per_video, "1 to 8")
        require(0 <= self.none_of_these <= 1, "qa.none_of_these", self.none_of_these, "a share from 0 to 1")


class QuestionTemplate(ABC):
    """One kind of question.

    An *answer* is a key: a short string that means the same in every clip ("3", "pan_left", "spin") or names a role of
    the script ("object_2"). `option_sets` lists every set of four keys that may be offered; as every key lies in equally
    many sets, and the right one is drawn evenly, whoever reads the options alone stays at chance.

    Class attributes:
        question_type: one of `QUESTION_TYPES`.
        wordings: at least four ways to ask, with the slots in braces.
        shows: what has to be seen for the answer, one of `qa_templates.sampling.SHOWS`; "" for what is usual for the type.
        placed: whether objects must stand to one another as drawn, for the answer or to hide it; then a pair of twins is not
            moved to where there is room for both.
    """

    name: ClassVar[str]
    question_type: ClassVar[str]
    wordings: ClassVar[tuple[str, ...]]
    shows: ClassVar[str] = ""
    placed: ClassVar[bool] = False

    @abstractmethod
    def option_sets(self, scene: SceneOptions) -> Sequence[tuple[str, ...]]:
        """Every set of four answer keys that may stand together; each key in equally many of them."""

    @abstractmethod
    def script(self, answer: str, options: tuple[str, ...], rng: np.random.Generator, scene: SceneOptions) -> Script:
        """What must happen so that ``answer`` is true and the other ``options`` are false."""

    @abstractmethod
    def measure(self, asked: Asked, paths: Trajectories, seen: Visibility) -> Evidence:
        """Measure what the question asks, from the exported truth alone.

        Raises:
            Rejected: it cannot be told, or could not be perceived.
        """

    @abstractmethod
    def answer(self, evidence: Evidence, asked: Asked) -> str | None:
        """The answer key that the evidence proves; None when it is too close to call."""

    @abstractmethod
    def option_text(self, answer: str, slots: Mapping[str, Any]) -> str:
        """How an option is written."""

    def notice(self, paths: Trajectories, rng: np.random.Generator, scene: SceneOptions) -> tuple[str, Mapping[str, Any]] | None:
        """An answer and slots with which the template can also be asked of a clip staged for another; None if it cannot."""
        return None

    def watches(self, asked: Asked, evidence: Evidence, paths: Trajectories) -> tuple[Watch, ...]:
        """What an extra question needs to see: its subjects, over the frames of its evidence."""
        first, last = evidence.frames
        return tuple(Watch(subject, first / paths.fps, last / paths.fps) for subject in evidence.subjects)

    def needs(self, asked: Asked, evidence: Evidence, paths: Trajectories) -> list[Need]:
        """What must be sampled of the clip to see the evidence, from which follows ``required_fps``."""
        return sampling.needs_of(self.shows or sampling.USUALLY[self.question_type], evidence, paths)

    def mirrored(self, asked: Asked) -> Asked:
        """The same question of the mirror image of the world, with the answer that is right there."""
        return asked

    def reversed_in_time(self, asked: Asked) -> Asked | None:
        """The same question of the film that runs backwards; None where it then makes no sense."""
        return asked

    def twins(self, answer: str, options: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the options that are one flip away from an answer: a twin clip may have them right. Empty: there is no twin.

        If one is a twin of another, so is the other of the one; and all keys of a set have equally many, so that the answers
        of twins are as even as those of first clips.
        """
        return ()

    def twin_sets(self, scene: SceneOptions) -> Sequence[tuple[str, ...]]:
        """The option sets of pairs of twins: those in which each key has a twin. Each key must lie in equally many of them."""
        return [options for options in self.option_sets(scene) if all(self.twins(key, options) for key in options)]

    def paired(self, spec: SceneSpec, asked: Asked, answer: str) -> Asked:
        """The first clip's question, with slots exchanged where the twin's answer names something that does not happen."""
        return asked

    def twin(self, spec: SceneSpec, asked: Asked, answer: str, rng: np.random.Generator, scene: SceneOptions) -> tuple[SceneSpec, str]:
        """The scene of a twin clip, in which another answer is right, and the name of the one factor that differs.

        Built by editing the scene of the first clip (`scenes.twins`): what the question does not speak of stays as it is, and
        every object starts as it did. The keys of ``asked`` are the first clip's.

        Raises:
            Rejected: this scene has no such twin.
        """
        raise NotImplementedError(f"{self.name} has no twins")

    def text(self, slots: Mapping[str, Any], rng: np.random.Generator) -> str:
        """One of the wordings, with the slots filled in."""
        return str(rng.choice(self.wordings)).format(**self.words(slots))

    def words(self, slots: Mapping[str, Any]) -> dict[str, str]:
        """How slots read: objects with their article; ``{motion}`` as "bounce up and down", ``{motion_verb}`` as "bounces …"."""
        words = {key: f"the {value}" if isinstance(value, str) else str(value) for key, value in slots.items()}
        for key in slots:
            if key.startswith("motion") and isinstance(slots[key], str):
                words |= {key: spoken(slots[key], base=True), f"{key}_verb": spoken(slots[key])}
        return words


QUESTIONS: Catalogue[QuestionTemplate] = Catalogue("question", "qa_templates")


def spoken(motion: str, *, base: bool = False) -> str:
    """A motion of an object or an avatar in words: "bounces up and down", or with ``base`` "bounce up and down"."""
    if motion in AVATAR_MOTIONS:
        return AVATAR_MOTIONS[motion].phrase(base=base)
    return MOTIONS[motion].base if base else MOTIONS[motion].verb


def type_key(question_type: str) -> str:
    """``Location-related Motion`` → ``location_related_motion``."""
    return question_type.lower().replace("-", "_").replace(" ", "_")


def answers(template: QuestionTemplate, scene: SceneOptions, *, twins: bool = False) -> tuple[str, ...]:
    """Every answer key of a template, in order; of pairs of twins, those that have one.

    Raises:
        ValueError: the options leave it fewer than four answers to choose from.
    """
    keys = tuple(sorted({key for options in option_sets(template, scene, twins=twins) for key in options}))
    require(
        len(keys) >= 4,
        f"answers of question {template.name!r}",
        keys,
        "at least four: allow more motions (scene.motions) or leave it out (qa.without)",
    )
    return keys


def option_sets(template: QuestionTemplate, scene: SceneOptions, *, twins: bool) -> Sequence[tuple[str, ...]]:
    """The option sets of single clips, or of pairs of twins."""
    return template.twin_sets(scene) if twins else template.option_sets(scene)
