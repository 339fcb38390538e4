"""The contract of an avatar motion: what it takes to add one, and what every registered one is tested for.

To add one, add one file to this package (or register a class through the entry-point group
``motionfoundry.avatar_motions``); `wave.py` is a short example:

1. A frozen, keyword-only dataclass under ``@AVATAR_MOTIONS.register``; its fields are the drawn parameters, plain numbers.
   Set the class attributes that apply (see `AvatarMotion`).
2. ``sample(rng, cue)`` draws the parameters from nothing but ``rng`` and ``cue``.
3. ``hold(t_s)`` says how the body holds itself: closed-form, vectorised over times, from the posture it begins in to the
   posture it ends in, at the place and facing that ``ends_at`` states. It must not jump, and start and end at rest.
   `ease` and `steady` give soft starts and stops. A foot that bears weight stays where it is.
4. ``claims()`` says what is true of it; each claim is measured on the solved limbs.
5. ``matches(measured)`` recognises it from `scenes.body_kinematics` alone, with the side or the sense in which it is
   performed, and must reject every other motion.

``pytest tests/test_every_avatar_motion.py`` picks the new file up and holds all of this against it, on every avatar that can
perform it: joints within human limits, no limb through the body or the floor, no sliding feet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from scenes.avatars.hold import Hold
from scenes.body_kinematics import BodyKinematics
from scenes.catalogue import Catalogue
from scenes.geometry import Array
from scenes.types import Action, require

STANDING = ("standing",)
ANY_POSTURE = ("standing", "sitting", "lying")
UPRIGHT = ("standing", "sitting")


@dataclass(frozen=True)
class AvatarCue:
    """What the staging asks of an avatar motion.

    Args:
        duration_s: how long the action lasts.
        cycles: how often a countable motion repeats; 1 for one that does not repeat.
        sense: +1 or −1. For one-sided motions +1 is the body's own left; for turns +1 is to its own left
            (counter-clockwise from above); for motions that travel +1 is forward.
        posture: in which it begins.
        difficulty: 0 (large and plain) to 1 (small and subtle).
        reach: share of its natural size that it is to have.
    """

    duration_s: float
    cycles: int = 1
    sense: int = 1
    posture: str = "standing"
    difficulty: float = 0.3
    reach: float = 1.0

    def __post_init__(self) -> None:
        require(self.duration_s > 0, "cue.duration_s", self.duration_s, "a duration above 0")
        require(self.cycles >= 1, "cue.cycles", self.cycles, "1 or more")
        require(self.sense in (1, -1), "cue.sense", self.sense, "+1 or -1")
        require(0 <= self.difficulty <= 1, "cue.difficulty", self.difficulty, "0 to 1")
        require(0 < self.reach <= 1, "cue.reach", self.reach, "a share above 0, up to 1")

    def amplitude(self, rng: np.random.Generator, small: float, large: float) -> float:
        """Draw a size from half of the range: the upper half where it is plain, the lower where it is subtle."""
        half = (large - small) / 2
        return self.reach * (rng.uniform(small, small + half) + (1.0 - self.difficulty) * half)


@dataclass(frozen=True)
class BodyClaims:
    """What an avatar motion says of itself; a test measures every field that is not None on the solved limbs.

    Args:
        cycles: how often it repeats, as `AvatarMotion.count` must measure it.
        turns: signed net turns of the pelvis about the vertical; +0.25 is a quarter to its left.
        forward: net way of the hips along the first facing, in leg lengths.
        leftward: net way of the hips to the first left, in leg lengths.
        leaves_ground: whether there is a moment at which no foot touches the ground.
    """

    cycles: int | None = None
    turns: float | None = None
    forward: float | None = None
    leftward: float | None = None
    leaves_ground: bool | None = None


@dataclass(frozen=True, kw_only=True)
class AvatarMotion(ABC):
    """One thing that an avatar does, with its drawn parameters.

    Class attributes:
        verb: third person, as in "the red robot **waves**". "{side}" stands where a sided motion names its side ("waves with its
            {side} hand"), "{way}" at the end where a signed one names its direction ("turns {way}"): see `phrase`.
        base: the same, as in "how many times does the red robot **wave with its {side} hand**".
        seconds_per_cycle: shortest and longest natural duration of one cycle.
        countable: whether it can be asked how many times it happens, up to `max_cycles`.
        least_cycles: how often it happens where no one counts, so that it is not taken for another motion.
        sided: `sense` is the side of the body that performs it.
        signed: `sense` is the direction (to its left, forward) in which it goes.
        ways: words for +1 and −1 of a signed motion.
        mirrors: a mirror image shows the other sense (always so for sided ones; not for forward and backward).
        travels: it carries the avatar to another place.
        begins: postures in which it can begin.
        ends: the posture in which it ends; "" means the one in which it began.
        legs: numbers of legs of the bodies that can perform it: 2, 4 or both.
        reversed_in_time: name of the motion that it becomes when the film runs backwards, with the same side; "" means itself,
            "?" none that is registered. `reverses_sense`: whether the sense then is the other one.
        implies: motions that it may also be called; they are never offered beside it.
    """

    name: ClassVar[str]
    verb: ClassVar[str]
    base: ClassVar[str]
    seconds_per_cycle: ClassVar[tuple[float, float]] = (1.0, 2.0)
    countable: ClassVar[bool] = False
    max_cycles: ClassVar[int] = 6
    least_cycles: ClassVar[int] = 1
    sided: ClassVar[bool] = False
    signed: ClassVar[bool] = False
    ways: ClassVar[dict[int, str]] = {1: "to its left", -1: "to its right"}
    mirrors: ClassVar[bool] = False
    travels: ClassVar[bool] = False
    begins: ClassVar[tuple[str, ...]] = STANDING
    ends: ClassVar[str] = ""
    legs: ClassVar[tuple[int, ...]] = (2,)
    reversed_in_time: ClassVar[str] = ""
    reverses_sense: ClassVar[bool] = False
    implies: ClassVar[tuple[str, ...]] = ()

    duration_s: float
    sense: int = 1
    posture: str = "standing"

    @classmethod
    @abstractmethod
    def sample(cls, rng: np.random.Generator, cue: AvatarCue) -> Self:
        """Draw the parameters that the cue leaves open. Raises Rejected when the cue is infeasible."""

    @abstractmethod
    def hold(self, t_s: Array) -> Hold:
        """How the body holds itself at times ``(frame,)`` in [0, duration_s], in the frame of the action; exact, no integration."""

    def hold_on_four(self, t_s: Array) -> Hold:
        """The same for a four-legged body. Motions with 4 among their `legs` have it."""
        raise NotImplementedError(f"{self.name} is not for four legs")

    def ends_at(self) -> tuple[float, float, float]:
        """Where it leaves the body: forward and left in leg lengths, and yaw in radians, of the frame in which the next action begins."""
        return (0.0, 0.0, 0.0)

    def ends_at_on_four(self) -> tuple[float, float, float]:
        """The same for a four-legged body, where it is not the same."""
        return self.ends_at()

    @abstractmethod
    def claims(self) -> BodyClaims:
        """What is true of it, from its parameters."""

    @classmethod
    @abstractmethod
    def matches(cls, measured: BodyKinematics) -> int:
        """The sense (+1, −1) with which a measured stretch is this motion (+1 where it has none), or 0 if it is not."""

    @classmethod
    def count(cls, measured: BodyKinematics) -> float:
        """How many cycles were measured. Countable motions override it."""
        return 1.0

    @classmethod
    def phrase(cls, sense: int | None = None, *, base: bool = False) -> str:
        """`verb` (or `base`) with the side or the way of a sense; with None it leaves open which ("waves with one hand", "turns")."""
        text = cls.base if base else cls.verb
        if sense is None:
            return text.replace("its {side}", "one").replace(" {way}", "")
        return text.format(side="left" if sense > 0 else "right", way=cls.ways[sense])

    @property
    def final_posture(self) -> str:
        """The posture in which it leaves the body."""
        return self.ends or self.posture


AVATAR_MOTIONS: Catalogue[AvatarMotion] = Catalogue("avatar motion", "scenes.avatars.motions")


def act(motion: AvatarMotion, start_s: float) -> Action:
    """The record of a motion that starts at ``start_s``."""
    parameters = {key: value for key, value in vars(motion).items() if key != "duration_s"}
    return Action(motion.name, start_s, start_s + motion.duration_s, parameters)


def motion_of(action: Action) -> AvatarMotion:
    """The motion that a record stands for. Raises ValueError with the known names when there is none."""
    return AVATAR_MOTIONS[action.name](duration_s=action.duration_s, **action.parameters)


def recognise(measured: BodyKinematics) -> tuple[str, int] | None:
    """The one (motion, sense) that a measured stretch matches; None when none or several do."""
    found = [(name, sense) for name, motion in AVATAR_MOTIONS.items() if (sense := motion.matches(measured))]
    return found[0] if len(found) == 1 else None
