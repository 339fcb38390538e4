"""The contract of a motion: what it takes to add one, and what every registered one is tested for.

To add a motion, add one file to this package (or register a class through the entry-point group
``motionfoundry.motions``); `slide.py` is the shortest example:

1. A frozen, keyword-only dataclass under ``@MOTIONS.register``; ``FigureEight`` becomes ``figure_eight``. Its fields are
   the drawn parameters: plain numbers, since `act` writes them to JSON. Set ``verb``, ``base`` and the class attributes
   that apply (see `Motion`).
2. ``sample(rng, cue)`` draws the parameters: sizes through ``cue.amplitude``, from nothing but ``rng`` and ``cue``. Keep
   within 1.2 m of the start, 1.9 m for a motion that travels: that is what the camera sees.
3. ``local_pose(t_s)`` is closed-form, vectorised over times, from origin, identity and scale 1. It must not jump, nor
   sink below the floor. `steady` and `geometry.ease` give soft starts and stops; a countable motion takes `steady`,
   which makes all its cycles alike.
4. ``claims()`` says what is true of it; each claim is measured by finite differences.
5. ``matches(measured)`` recognises it from `Kinematics` alone and must reject every other motion, at 12 to 30 frames
   per second and for any draw. A countable motion also overrides ``count(measured)``.
6. ``reversed_in_time`` says what its film shows when it runs backwards, and ``signed`` whether a mirror image flips the
   sign of its turns. Both are tested.

``pytest tests/test_every_motion.py`` picks the new file up and holds all of this against it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from scenes import geometry, pace
from scenes.catalogue import Catalogue
from scenes.geometry import Array
from scenes.kinematics import Kinematics
from scenes.types import Action, Pose, Vector, require


@dataclass(frozen=True)
class Cue:
    """What the staging asks of a motion.

    Args:
        duration_s: how long the action lasts.
        extent_m: the size of the object when the action starts: along the heading, across it, and in height.
        cycles: how often a countable motion repeats; 1 for one that does not repeat.
        sense: +1 or −1. For turning motions +1 is counter-clockwise seen from above.
        heading_rad: the direction, in the ground plane from world +x, of the motion's local +x.
        difficulty: 0 (large and plain) to 1 (small and subtle).
        height_m: how high above the floor the object is when the action starts; 0 where it stands on it or may be placed freely.
        reach: share of its natural size that it is to have.
    """

    duration_s: float
    extent_m: Vector
    cycles: int = 1
    sense: int = 1
    heading_rad: float = 0.0
    difficulty: float = 0.3
    height_m: float = 0.0
    reach: float = 1.0

    def __post_init__(self) -> None:
        require(self.duration_s > 0, "cue.duration_s", self.duration_s, "a duration above 0")
        require(min(self.extent_m) > 0, "cue.extent_m", self.extent_m, "three sizes above 0")
        require(self.cycles >= 1, "cue.cycles", self.cycles, "1 or more")
        require(self.sense in (1, -1), "cue.sense", self.sense, "+1 or -1")
        require(0 <= self.difficulty <= 1, "cue.difficulty", self.difficulty, "0 to 1")
        require(self.height_m >= 0, "cue.height_m", self.height_m, "a height of 0 or more")
        require(0 < self.reach <= 1, "cue.reach", self.reach, "a share above 0, up to 1")

    @property
    def radius_m(self) -> float:
        """Of the smallest upright cylinder around the object, whichever way it faces."""
        return math.hypot(self.extent_m[0], self.extent_m[1]) / 2

    def amplitude(self, rng: np.random.Generator, small: float, large: float) -> float:
        """Draw a size from half of the range ``[small, large]``: the upper half where it is plain, the lower where subtle."""
        half = (large - small) / 2
        return self.reach * (rng.uniform(small, small + half) + (1.0 - self.difficulty) * half)


@dataclass(frozen=True)
class Claims:
    """What a motion says of itself; a test measures every field that is not None by finite differences.

    Args:
        cycles: how often it repeats, as `Motion.count` must measure it.
        net_displacement_m: end minus start, in the motion's local frame.
        height_range_m: highest minus lowest point of the path.
        turns: signed net turns of the body about the vertical.
        path_turns: signed turns of the direction of travel over the ground.
    """

    cycles: int | None = None
    net_displacement_m: Vector | None = None
    height_range_m: float | None = None
    turns: float | None = None
    path_turns: float | None = None


@dataclass(frozen=True, kw_only=True)
class Motion(ABC):
    """One way in which an object moves, with its drawn parameters.

    A template works in a local frame: the origin is the object's centre where the action starts, +x the heading,
    z up. It starts at the origin, unrotated, with scale 1. Where it ends is where the next action starts.

    Class attributes:
        verb: third person, as in "the red ball **slides**".
        base: as in "how many times does the red ball **bounce**".
        seconds_per_cycle: shortest and longest natural duration of one cycle.
        countable: whether it can be asked how many times it happens, up to `max_cycles`.
        least_cycles: how often it happens where no one counts, so that it is not taken for another motion.
        airborne: it may be performed by an object that hovers, as well as by one on the floor.
        grounded: it only makes sense for an object that stands on the floor.
        rolls: it needs a round shape.
        flat_base: it needs a shape that stands on a flat base.
        signed: `sense` changes what one sees, and a mirror image shows the other sense.
        paced: it can be performed at any of `scenes.pace.PACES`: it takes its progress from `progress`.
        net_height: sign of the change in height over the action (+1 ends higher, −1 ends lower, 0 ends level).
        reversed_in_time: name of the motion that it becomes when the film runs backwards; "" means itself, "?" one that
            is not registered, so that nothing can be asked of it backwards.
    """

    name: ClassVar[str]
    verb: ClassVar[str]
    base: ClassVar[str]
    seconds_per_cycle: ClassVar[tuple[float, float]] = (1.0, 2.0)
    countable: ClassVar[bool] = False
    max_cycles: ClassVar[int] = 6
    least_cycles: ClassVar[int] = 1
    airborne: ClassVar[bool] = False
    grounded: ClassVar[bool] = False
    rolls: ClassVar[bool] = False
    flat_base: ClassVar[bool] = False
    signed: ClassVar[bool] = False
    paced: ClassVar[bool] = False
    net_height: ClassVar[int] = 0
    reversed_in_time: ClassVar[str] = ""

    duration_s: float
    heading_rad: float = 0.0
    pace: str = ""

    @classmethod
    @abstractmethod
    def sample(cls, rng: np.random.Generator, cue: Cue) -> Self:
        """Draw the parameters that the cue leaves open. Raises Rejected when the cue is infeasible."""

    @abstractmethod
    def local_pose(self, t_s: Array) -> Pose:
        """The pose at times ``(frame,)`` in [0, duration_s], in the local frame; exact, no integration."""

    @abstractmethod
    def claims(self) -> Claims:
        """What is true of it, from its parameters."""

    @classmethod
    @abstractmethod
    def matches(cls, measured: Kinematics) -> bool:
        """Whether a measured stretch of trajectory is this motion. Never sees parameters; must exclude all others."""

    @classmethod
    def count(cls, measured: Kinematics) -> float:
        """How many cycles were measured (a fraction where it is not clear). Countable motions override it."""
        return 1.0

    def progress(self, t_s: Array, natural: Callable[[Array], Array] = geometry.ease) -> Array:
        """Progress 0 → 1 at times ``(frame,)``: at the pace that was asked for, else as ``natural`` maps shares of the time."""
        share = t_s / self.duration_s
        return pace.progress(self.pace, share) if self.pace else natural(share)

    def pose(self, t_s: Array) -> Pose:
        """`local_pose` turned to the heading: offsets and rotations in world axes."""
        local = self.local_pose(np.clip(t_s, 0.0, self.duration_s))
        turn = geometry.yaw(self.heading_rad)
        rotated = turn * geometry.rotation(local.quaternion_wxyz) * turn.inv()
        return Pose(turn.apply(local.position_m), geometry.wxyz(rotated), local.scale)


MOTIONS: Catalogue[Motion] = Catalogue("motion", "scenes.motions")


def resting(num_frames: int) -> Pose:
    """A pose that stays where it is: the base on which templates build."""
    return Pose(np.zeros((num_frames, 3)), np.tile(geometry.IDENTITY_WXYZ, (num_frames, 1)), np.ones(num_frames))


def steady(u: Array, ramp: float = 0.1) -> Array:
    """Progress 0 → 1 for time 0 → 1 at one speed, but for starting and stopping evenly over ``ramp`` (up to 0.5) of the time."""
    x = np.clip(u, 0.0, 1.0)
    start, end = np.minimum(x, ramp), np.maximum(x - (1.0 - ramp), 0.0)
    return (start**2 / (2 * ramp) + (x - start) - end**2 / (2 * ramp)) / (1.0 - ramp)


def act(motion: Motion, start_s: float) -> Action:
    """The record of a motion that starts at ``start_s``; its pace is told where it is not its own."""
    parameters = {key: value for key, value in vars(motion).items() if key != "duration_s" and (key != "pace" or value)}
    return Action(motion.name, start_s, start_s + motion.duration_s, parameters)


def motion_of(action: Action) -> Motion:
    """The motion that a record stands for. Raises ValueError with the known names when there is none."""
    return MOTIONS[action.name](duration_s=action.duration_s, **action.parameters)


def recognise(measured: Kinematics) -> str | None:
    """The one motion that a measured stretch matches; None when none or several do."""
    found = [name for name, motion in MOTIONS.items() if motion.matches(measured)]
    return found[0] if len(found) == 1 else None
