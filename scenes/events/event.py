"""The contract of an event: what it takes to add one, and what every registered one is tested for.

To add an event, add one file to this package (or register a class through the entry-point group ``motionfoundry.events``);
`follow.py` is a short example:

1. A frozen, keyword-only dataclass under ``@EVENTS.register``; its fields are the drawn parameters, plain numbers and tuples of
   numbers. Set the class attributes (see `Event`).
2. ``sample(rng, cue)`` draws the parameters from nothing but ``rng`` and ``cue``; the sizes of the cast are in the cue.
3. ``places()`` says where each role starts, ``local_poses(t_s)`` how each moves: closed-form, exact, no integration, no jumps.
   Bodies that touch do so without sinking into each other. Roles that avatars play are told by ``hold(role, t_s)``.
4. ``contacts()`` says who touches whom and when; a test measures it.
5. ``matches(measured)`` recognises it from `scenes.relations` alone, with the cast in the order of its roles. It must reject every
   other event, and its own with the cast in another order (unless `symmetric`).

``pytest tests/test_every_event.py`` picks the new file up and holds all of this against it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from scenes import geometry
from scenes.avatars.hold import Hold
from scenes.catalogue import Catalogue
from scenes.geometry import Array
from scenes.relations import Relations
from scenes.types import EventSpec, Pose, Vector, require

ACROSS_RAD = 0.2  # how far off the way across the picture a heading may be that leads across it


@dataclass(frozen=True)
class EventCue:
    """What the staging asks of an event.

    Args:
        duration_s: how long it lasts.
        extent_m: full size of each role's object: along its own x, across it, and in height, before it is turned. All
            objects of an event are turned to the heading.
        heading_rad: the direction, in the ground plane from world +x, of the event's local +x.
        away_rad: the direction that leads away from the camera.
        sense: +1 or −1, for events that can go either way.
        difficulty: 0 (large and plain) to 1 (small and subtle).
        bodies: kind and standing height of the avatar in each role that one plays.
    """

    duration_s: float
    extent_m: Mapping[str, Vector]
    heading_rad: float = 0.0
    away_rad: float = math.pi / 2
    sense: int = 1
    difficulty: float = 0.3
    bodies: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(self.duration_s > 0, "cue.duration_s", self.duration_s, "a duration above 0")
        require(self.sense in (1, -1), "cue.sense", self.sense, "+1 or -1")

    def amplitude(self, rng: np.random.Generator, small: float, large: float) -> float:
        """Draw a size from half of the range: the upper half where it is plain, the lower where it is subtle."""
        half = (large - small) / 2
        return rng.uniform(small, small + half) + (1.0 - self.difficulty) * half


@dataclass(frozen=True)
class Contact:
    """Two roles touch from ``start_s`` to ``end_s`` of the event (one instant where they are equal)."""

    roles: tuple[str, str]
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Event(ABC):
    """One thing that several objects do together, with its drawn parameters.

    The local frame: the origin is a point on the floor, +x the heading, +y to its left, z up.

    Class attributes:
        roles: in the order in which the sentence names them; the first is the agent, where there is one.
        sentence: third person, with the roles in braces: "{pusher} pushes {pushed}".
        base: as in "what does {pusher} **push**"; "" for a symmetric event.
        passive: as in "which object is **pushed by** …": past participle with its preposition; "" for a symmetric event,
            and where it would be stiff.
        shapes: for each role, the names of the shapes that it may have; empty means any that stands on a flat base.
        avatars: roles that two-legged avatars play, in the order of the roles; they stand upright when the event begins.
        bulk: for each role, how large its object is against the usual; 1 where it says nothing.
        seconds: shortest and longest natural duration.
        interchangeable: roles that may be exchanged with one another without a change of truth.
        symmetric: whether the roles may be exchanged without a change of truth.
        hides: roles that are hidden at times, on purpose, and seen again in the end.
        buries: roles that are out of sight in the end, on purpose.
        crossways: the heading must lead across the picture, to its left or right by `ACROSS_RAD`, not in depth.
        implies: names of events that it may also be called: never offered where it is the answer, nor it where they are.
        reversed_in_time: name of the event that it becomes when the film runs backwards; "" means itself, "?" none registered.
    """

    name: ClassVar[str]
    roles: ClassVar[tuple[str, ...]]
    sentence: ClassVar[str]
    base: ClassVar[str] = ""
    passive: ClassVar[str] = ""
    shapes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    avatars: ClassVar[tuple[str, ...]] = ()
    bulk: ClassVar[Mapping[str, float]] = {}
    seconds: ClassVar[tuple[float, float]] = (2.0, 3.2)
    interchangeable: ClassVar[tuple[str, ...]] = ()
    symmetric: ClassVar[bool] = False
    hides: ClassVar[tuple[str, ...]] = ()
    buries: ClassVar[tuple[str, ...]] = ()
    crossways: ClassVar[bool] = False
    implies: ClassVar[tuple[str, ...]] = ()
    reversed_in_time: ClassVar[str] = "?"

    duration_s: float
    heading_rad: float = 0.0

    @classmethod
    @abstractmethod
    def sample(cls, rng: np.random.Generator, cue: EventCue) -> Self:
        """Draw the parameters that the cue leaves open. Raises Rejected when the cue is infeasible."""

    @abstractmethod
    def places(self) -> Mapping[str, Vector]:
        """Where each role's object stands when the event begins: local x, y and the height of its underside over the floor."""

    @abstractmethod
    def local_poses(self, t_s: Array) -> Mapping[str, Pose]:
        """How each role moves at times ``(frame,)`` in [0, duration_s]: offsets from its place, rotations, scales, in the local frame.

        Roles that avatars play are left to `hold`.
        """

    @abstractmethod
    def contacts(self) -> tuple[Contact, ...]:
        """Who touches whom, and when, in the order of time. Standing on the floor is no contact."""

    @classmethod
    @abstractmethod
    def matches(cls, measured: Relations) -> bool:
        """Whether measured trajectories of a cast, in the order of the roles, are this event. Never sees parameters."""

    def hold(self, role: str, t_s: Array) -> Hold:
        """How an avatar holds itself at times ``(frame,)`` in [0, duration_s], in the frame of where it stands and faces at first.

        Events with `avatars` have it. After the event it stays as it is at its end.
        """
        raise NotImplementedError(f"{self.name} is not for avatars")

    def facings(self) -> Mapping[str, float]:
        """The yaw of each role when the event begins, from the heading; 0 where it says nothing."""
        return {}

    def poses(self, t_s: Array) -> dict[str, Pose]:
        """`local_poses` turned to the heading: offsets and rotations in world axes."""
        turn = geometry.yaw(self.heading_rad)
        return {role: _turned(turn, pose) for role, pose in self.local_poses(np.clip(t_s, 0.0, self.duration_s)).items()}

    @classmethod
    def told_apart(cls, cast: Sequence[str]) -> tuple[str, ...]:
        """Of a cast in the order of the roles, those that may not be exchanged: the same for casts that make the same truth."""
        return tuple(name for role, name in zip(cls.roles, cast, strict=True) if role not in cls.interchangeable)


EVENTS: Catalogue[Event] = Catalogue("event", "scenes.events")


def record(event: Event, start_s: float, cast: Mapping[str, str]) -> EventSpec:
    """The record of an event that starts at ``start_s``."""
    parameters = {key: value for key, value in vars(event).items() if key != "duration_s"}
    return EventSpec(event.name, start_s, start_s + event.duration_s, dict(cast), parameters)


def event_of(spec: EventSpec) -> Event:
    """The event that a record stands for. Raises ValueError with the known names when there is none."""
    return EVENTS[spec.name](duration_s=spec.duration_s, **spec.parameters)


def recognise(measured: Relations) -> str | None:
    """The one event that measured relations match; None when none or several do."""
    found = [name for name, event in EVENTS.items() if len(event.roles) == len(measured.names) and event.matches(measured)]
    return found[0] if len(found) == 1 else None


def _turned(turn: geometry.Rotation, pose: Pose) -> Pose:
    rotated = turn * geometry.rotation(pose.quaternion_wxyz) * turn.inv()
    return Pose(turn.apply(pose.position_m), geometry.wxyz(rotated), pose.scale)
