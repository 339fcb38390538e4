"""Scripts: what must happen in a clip, and what scenes may look like. Whatever a script leaves open the staging draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarMotion
from scenes.cameras.move import CAMERA_MOVES
from scenes.difficulty import Axes, Difficulty
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS, Motion
from scenes.types import require

LEAD_S = 0.3  # stillness before the first action and after the last one
REST_S = 0.4  # stillness between two actions: long enough to be a rest to the eye, and at any frame rate from 10 fps
STAGGER_S = 0.6  # between the starts of objects that set off one after another
PICTURE_HEADINGS = {"right": 0.0, "away": math.pi / 2, "left": math.pi, "towards": -math.pi / 2} | {
    "right_away": math.pi / 4,
    "left_away": 3 * math.pi / 4,
    "left_towards": -3 * math.pi / 4,
    "right_towards": -math.pi / 4,
}
Interval = tuple[float, float]  # in seconds


@dataclass(frozen=True)
class SceneOptions:
    """What scenes may look like.

    Args:
        width, height: of the picture, in pixels, even.
        fps: frames per second, constant.
        duration: shortest and longest clip in seconds.
        environments, motions, avatars, avatar_motions, events: names to draw from; empty means all that are registered.
        difficulty: 0 (plain) to 1 (hard), along every axis of `scenes.difficulty`.
        axes: those axes that are set apart from the others.
    """

    width: int = 640
    height: int = 480
    fps: float = 24.0
    duration: tuple[float, float] = (3.0, 8.0)
    environments: tuple[str, ...] = ()
    motions: tuple[str, ...] = ()
    avatars: tuple[str, ...] = ()
    avatar_motions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    difficulty: float = 0.3
    axes: Axes = field(default_factory=Axes)

    def __post_init__(self) -> None:
        for key in ("width", "height"):
            require(getattr(self, key) >= 64 and getattr(self, key) % 2 == 0, key, getattr(self, key), "an even number from 64")
        require(5 <= self.fps <= 240, "fps", self.fps, "5 to 240 frames per second (fewer do not show the rests between actions)")
        shortest, longest = self.duration
        allowed = "[shortest, longest] with 1 <= shortest <= longest <= 60 seconds"
        require(1.0 <= shortest <= longest <= 60.0, "duration", list(self.duration), allowed)
        require(0 <= self.difficulty <= 1, "difficulty", self.difficulty, "0 to 1")
        ENVIRONMENTS.require("scene.environments", self.environments)
        MOTIONS.require("scene.motions", self.motions)
        AVATARS.require("scene.avatars", self.avatars)
        AVATAR_MOTIONS.require("scene.avatar_motions", self.avatar_motions)
        EVENTS.require("scene.events", self.events)

    @property
    def levels(self) -> Difficulty:
        """Where each axis of difficulty stands."""
        return self.axes.at(self.difficulty)

    def motion_names(self) -> tuple[str, ...]:
        """The motions that scenes may use, in alphabetical order."""
        return tuple(sorted(set(self.motions))) or tuple(MOTIONS)

    def avatar_names(self, legs: Iterable[int]) -> tuple[str, ...]:
        """The avatars that scenes may use, of those with so many legs, in alphabetical order. Raises ValueError for none."""
        allowed = tuple(sorted(set(self.avatars))) or tuple(AVATARS)
        chosen = tuple(name for name in allowed if AVATARS[name].proportions.legs in legs)
        require(bool(chosen), "scene.avatars", list(self.avatars), f"at least one with {sorted(legs)} legs, or none for all")
        return chosen

    def avatar_motion_names(self) -> tuple[str, ...]:
        """The avatar motions that scenes may use, in alphabetical order."""
        return tuple(sorted(set(self.avatar_motions))) or tuple(AVATAR_MOTIONS)

    def event_names(self) -> tuple[str, ...]:
        """The events that scenes may use, in alphabetical order."""
        return tuple(sorted(set(self.events))) or tuple(EVENTS)


@dataclass(frozen=True)
class Beat:
    """One action of a role: a motion, how often, in which sense and, where it matters, in which direction of the picture.

    Args:
        seconds: shortest and longest duration, in place of the motion's own.
        reach: how large it is, as a share of what the motion would draw.
        pace: one of `scenes.pace.PACES`; "" for the motion's own.
    """

    motion: str
    cycles: int | None = None
    sense: int | None = None
    heading: str | None = None
    seconds: tuple[float, float] | None = None
    reach: float = 1.0
    pace: str = ""

    @property
    def times(self) -> int:
        """How often it happens: as often as it must to be clear, where the script leaves it open."""
        return self.cycles or performed(self.motion).least_cycles

    @property
    def span_s(self) -> tuple[float, float]:
        """Shortest and longest duration."""
        return self.seconds or span_s(self.motion, self.times)


@dataclass(frozen=True)
class Role:
    """An object in a script. ``key`` is the slot of the question that it fills; "" for one that no question names.

    Args:
        beats: what it does, one after another.
        rank: objects set off in the order of their ranks, at least `STAGGER_S` apart; None sets off whenever it likes.
        hovers: whether it starts in the air.
        watched: whether the question needs to see it: over its actions, or over the whole clip when it has none.
        avatar: whether it is a body with limbs; its beats are avatar motions.
        legs: of an avatar: how many; None leaves it to the beats.
        posture: of an avatar, before its first action.
        alike: shapes from which it is drawn when it stands beside the cast of an event, to look like one of them.
        at: where the middle of its way lies, to within `STRAY_M`: metres to the right of the stage's middle and beyond it,
            as the camera sees them; None puts it anywhere.
        corner: where the middle of its way lies, in place of `at`: signs to the right of the stage's middle and beyond it,
            by half of the way's own breadth and depth; so a way round a corner begins beside the middle and ends beyond it.
        room_for: actions that it does not perform, but for which there is room where it stands, and which decide on its shape
            and facing as if it did; so that these do not tell whether it moves, or how far.
        any_way: whether there is room to go any other way than the one it goes, so that its place does not tell which.
        any_facing: of an avatar: whether it may turn its back to the camera, so that how it ends up facing does not tell how it turned.
        seen_at: "start", "end" or "ends" where it needs to be seen only before its actions, after them, or both; "" throughout.
    """

    key: str = ""
    beats: tuple[Beat, ...] = ()
    rank: int | None = None
    watched: bool = True
    hovers: bool = False
    avatar: bool = False
    legs: int | None = None
    posture: str = "standing"
    alike: tuple[str, ...] = ()
    at: tuple[float, float] | None = None
    corner: tuple[int, int] | None = None
    room_for: tuple[Beat, ...] = ()
    any_way: bool = False
    any_facing: bool = False
    seen_at: str = ""


@dataclass(frozen=True)
class Happening:
    """One event of a script.

    Args:
        event: its name.
        cast: keys of the roles that take part, in the order of the event's own roles.
        alike: shapes from which all of the cast are drawn, in one size, so that looks do not tell who does what to whom;
            empty leaves shapes and sizes to the event.
        beside: keys of roles that stand to one another as the cast does when the event begins, and take no part in it: nor
            does where anyone stands then tell who will.
    """

    event: str
    cast: tuple[str, ...]
    alike: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    sense: int | None = None
    heading: str | None = None


@dataclass(frozen=True)
class Shot:
    """One camera move of a script.

    Args:
        pace: one of `scenes.pace.PACES`; "" for the move's own.
        seconds: shortest and longest duration, in place of the move's own.
        reach: how large it is, as a share of what the move would draw.
    """

    move: str
    sense: int = 1
    pace: str = ""
    seconds: tuple[float, float] | None = None
    reach: float = 1.0

    @property
    def span_s(self) -> tuple[float, float]:
        """Shortest and longest duration."""
        return self.seconds or CAMERA_MOVES[self.move].seconds


@dataclass(frozen=True)
class Script:
    """What must happen in a clip so that the intended answer is true.

    Args:
        roles: the objects that the question needs.
        shots: the camera's moves; None leaves the camera to the staging.
        round: whether all objects have round shapes, so that shape does not tell which of them may roll.
        extras: motions that added distractors may perform; None keeps them still.
        room_s: a lower bound on the clip's length that does not depend on the answer, so that length gives nothing away.
        slots: further slots of the question.
        happenings: events, one after another. Whoever takes part in one has no beats, and takes part in no other.
        at_once: whether the camera makes all its moves at the same time.
        in_step: whether the n-th beat of each role that has a key, and the n-th of the camera's moves, start together.
        half_width_m: how much of the stage's middle the picture shows to either side; None leaves the lens to the viewpoint.
        from_above: whether the camera must look down steeply, so that objects may stand behind one another.
        ends_aimed: whether the camera ends, and does not start, with the view that was chosen: so that neither the first nor the last
            picture tells by its framing where it went, where scripts are drawn in both ways.
        off_centre: whether what happens keeps away from the middle of the clip, as far as its length allows, where a single
            picture from the midst of it would tell the answer.
    """

    roles: tuple[Role, ...]
    shots: tuple[Shot, ...] | None = ()
    round: bool = False
    extras: tuple[str, ...] | None = None
    room_s: float = 0.0
    slots: Mapping[str, Any] = field(default_factory=dict)
    happenings: tuple[Happening, ...] = ()
    at_once: bool = False
    in_step: bool = False
    half_width_m: float | None = None
    from_above: bool = False
    ends_aimed: bool = False
    off_centre: bool = False


def performed(motion: str) -> type[Motion] | type[AvatarMotion]:
    """The motion of that name, of objects or of avatars. Raises UnknownName."""
    return AVATAR_MOTIONS[motion] if motion in AVATAR_MOTIONS else MOTIONS[motion]


def span_s(motion: str, cycles: int | None = None) -> tuple[float, float]:
    """Shortest and longest duration of a motion repeated, or as often as it must be to be clear."""
    shortest, longest = performed(motion).seconds_per_cycle
    times = cycles or performed(motion).least_cycles
    return times * shortest, times * longest
