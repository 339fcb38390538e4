"""From a script to a specification: who does what, drawn into a scene in which it can be seen.

A script holds what must be true (roles, beats, shots); everything else (place, looks, light, viewpoint, distractors,
timing) is a nuisance factor, drawn here from the streams of the attempt.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scenes import bodies, shapes
from scenes.avatars.avatar import AVATARS, draw_height_m
from scenes.avatars.motions import motion as avatar_motion
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion
from scenes.cameras import move as camera_move
from scenes.cameras.move import CAMERA_MOVES, CameraCue
from scenes.colours import COLOURS
from scenes.difficulty import Axes, Difficulty
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS, Event, EventCue, record
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS, Cue, Motion
from scenes.rejection import Rejected
from scenes.shapes import SHAPES
from scenes.solve import object_pose
from scenes.streams import Streams
from scenes.types import Action, CameraSpec, EnvironmentSpec, EventSpec, ObjectSpec, SceneSpec, Timeline, Watch, require
from scenes.viewpoints import VIEWPOINTS

LEAD_S = 0.3  # stillness before the first action and after the last one
REST_S = 0.4  # stillness between two actions: long enough to be a rest to the eye, and at any frame rate from 10 fps
STAGGER_S = 0.6  # between the starts of objects that set off one after another
STAGE_RADIUS_M = 3.1
HOVER_M = (0.6, 1.0)  # above the floor, of objects that start in the air
MAX_OBJECTS = 5
MAX_SIZE_M = 1.25
HIDING = 0.6  # of their radii, sideways from centre to centre, of objects that hide one another in part
PLACEMENTS = 8  # tries at one arrangement before the draw is given up
CLEARANCE_M = 0.08  # between bodies, at the closest
STRAY_M = 0.15  # from where a role wants the middle of its way
SENSOR_WIDTH_MM = CameraSpec.sensor_width_mm
AVATAR_ZOOM = 1.3  # of the lens, so that hands and heads are large enough
ALIKE_BULK = 0.85  # against the usual size, of a cast that is alike
FACING_RAD = 1.4  # how far from the camera avatars may look away: their arms must be seen
STANDING_RADIUS, LYING_RADIUS = 0.34, 0.62  # of the ground that a body needs, over its height
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
    seen_at: str = ""


@dataclass(frozen=True)
class Happening:
    """One event of a script.

    Args:
        event: its name.
        cast: keys of the roles that take part, in the order of the event's own roles.
        alike: shapes from which all of the cast are drawn, in one size, so that looks do not tell who does what to whom;
            empty leaves shapes and sizes to the event.
    """

    event: str
    cast: tuple[str, ...]
    alike: tuple[str, ...] = ()
    sense: int | None = None
    heading: str | None = None


@dataclass(frozen=True)
class Shot:
    """One camera move of a script.

    Args:
        pace: one of `scenes.pace.PACES`; "" for the move's own.
        seconds: shortest and longest duration, in place of the move's own.
    """

    move: str
    sense: int = 1
    pace: str = ""
    seconds: tuple[float, float] | None = None

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
        by_stops: whether ranks count backwards from the last object to stop, instead of from the first to set off.
        half_width_m: how much of the stage's middle the picture shows to either side; None leaves the lens to the viewpoint.
        from_above: whether the camera must look down steeply, so that objects may stand behind one another.
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
    by_stops: bool = False
    half_width_m: float | None = None
    from_above: bool = False


@dataclass(frozen=True)
class ClipIdentity:
    """Which clip of which data set a scene is."""

    clip_id: str
    split: str
    index: int
    seed: int


def compose(script: Script, clip: ClipIdentity, streams: Streams, options: SceneOptions) -> tuple[SceneSpec, dict[str, str]]:
    """Draw a scene in which the script is true.

    Returns:
        The specification, and the name of the object that fills each role's key.

    Raises:
        Rejected: this draw has no room for it, in time or in space.
    """
    timeline = _draw_timeline(script, streams.rng("duration"), options)
    viewpoint = str(streams.rng("viewpoint").choice(sorted(VIEWPOINTS) if not script.from_above else high_viewpoints()))
    position_m, target_m, focal_length_mm = VIEWPOINTS[viewpoint].sample(streams.rng("camera"))
    right_rad = math.atan2(target_m[1] - position_m[1], target_m[0] - position_m[0]) - math.pi / 2
    roles = script.roles + _extras(script, timeline, streams.rng("extras"), options)
    focal_length_mm *= options.levels.size_factor * (AVATAR_ZOOM if any(role.avatar for role in script.roles) else 1.0)
    if script.half_width_m is not None:
        focal_length_mm = SENSOR_WIDTH_MM / 2 * math.dist(position_m, target_m) / script.half_width_m
    steps = _steps(script, timeline, streams.rng("steps"), options)
    actors, events = _draw_actors(script, roles, timeline, right_rad, streams, options, steps)
    found = _place(actors, right_rad, streams.rng("layout"), _wanted_places(roles, right_rad), options.levels)
    placed = tuple(found[row] for row in range(len(roles)))
    camera = CameraSpec(viewpoint, position_m, target_m, focal_length_mm, width_px=options.width, height_px=options.height)
    camera = replace(camera, **_film(script, placed, timeline, streams.rng("shots"), options, steps))
    place = streams.retry(0)  # the same for all attempts: building a place is dear, and another viewpoint will do
    environment = str(place.rng("environment").choice(sorted(set(options.environments)) or list(ENVIRONMENTS)))
    spec = SceneSpec(
        **vars(clip),
        timeline=timeline,
        environment=EnvironmentSpec(environment, int(place.rng("layout of the place").integers(2**31))),
        light=ENVIRONMENTS[environment]().light(place.rng("light")),
        objects=placed,
        camera=camera,
        watches=_watches(roles, placed, timeline, events),
        events=events,
    )
    return spec, {role.key: item.name for role, item in zip(roles, placed, strict=True) if role.key}


def room_s(*spans: tuple[float, float], delay_s: float = 0.0) -> float:
    """The shortest clip into which actions of these (shortest, longest) durations fit, one after another."""
    return 2 * LEAD_S + delay_s + sum(shortest for shortest, _ in spans) + REST_S * max(len(spans) - 1, 0)


def span_s(motion: str, cycles: int | None = None) -> tuple[float, float]:
    """Shortest and longest duration of a motion repeated, or as often as it must be to be clear."""
    shortest, longest = performed(motion).seconds_per_cycle
    times = cycles or performed(motion).least_cycles
    return times * shortest, times * longest


def performed(motion: str) -> type[Motion] | type[AvatarMotion]:
    """The motion of that name, of objects or of avatars. Raises UnknownName."""
    return AVATAR_MOTIONS[motion] if motion in AVATAR_MOTIONS else MOTIONS[motion]


def schedule(
    spans: Sequence[tuple[float, float]],
    total_s: float,
    rng: np.random.Generator,
    delay_s: float = 0.0,
    tempo: tuple[float, float] = (0.0, 1.0),
) -> list[tuple[float, float]]:
    """Intervals of actions that follow one another with rests, at random within a clip of ``total_s``.

    Args:
        tempo: the part of the way from shortest to longest in which durations are drawn, where there is room for it.

    Raises:
        Rejected: they do not fit.
    """
    if not spans:
        return []
    shortest, longest = np.array(spans, float).T
    spare_s = total_s - room_s(*spans, delay_s=delay_s)
    if spare_s < 0:
        raise Rejected("staging", "the actions need a longer clip")
    stretch = rng.uniform(*tempo, len(spans)) * (longest - shortest)
    stretch *= min(1.0, 0.8 * spare_s / max(stretch.sum(), 1e-9))
    lengths = shortest + stretch
    gaps = rng.dirichlet(np.ones(len(spans) + 1)) * (spare_s - stretch.sum())
    starts = LEAD_S + delay_s + np.cumsum(gaps[:-1]) + np.concatenate([[0.0], np.cumsum(lengths + REST_S)[:-1]])
    return [(round(float(start), 4), round(float(start + length), 4)) for start, length in zip(starts, lengths, strict=True)]


def _draw_timeline(script: Script, rng: np.random.Generator, options: SceneOptions) -> Timeline:
    shortest, longest = options.duration
    if script.room_s > longest:
        raise Rejected("staging", "the actions need a longer clip")
    drawn_s = rng.uniform(max(shortest, script.room_s), longest)
    return Timeline(max(2, math.ceil(drawn_s * options.fps - 1e-6)), options.fps)


def _extras(script: Script, timeline: Timeline, rng: np.random.Generator, options: SceneOptions) -> tuple[Role, ...]:
    """Distractors: at rest, or each with one motion of its own."""
    fewest, most = options.levels.num_distractors
    count = min(int(rng.integers(fewest, most + 1)), max(0, MAX_OBJECTS - len(script.roles)))
    choice = [name for name in sorted(script.extras or ()) if room_s(span_s(name)) <= timeline.duration_s]
    drawn = [(Beat(str(rng.choice(choice))),) if choice and rng.random() < options.levels.moving_share else () for _ in range(count)]
    return tuple(Role(beats=beats, watched=False) for beats in drawn)


@dataclass(frozen=True)
class _Actor:
    """One object with its actions, or the cast of an event, before it has a place.

    ``rows (member,)`` say which roles they play; ``path_m (member, step, 2)`` are their ways over the ground around the
    middle of all of these; ``body_m (member,)`` their largest radii.
    """

    rows: tuple[int, ...]
    items: tuple[ObjectSpec, ...]
    middle_m: np.ndarray
    path_m: np.ndarray
    body_m: np.ndarray


def _draw_actors(
    script: Script,
    roles: Sequence[Role],
    timeline: Timeline,
    right_rad: float,
    streams: Streams,
    options: SceneOptions,
    steps: Sequence[Interval] = (),
) -> tuple[list[_Actor], tuple[EventSpec, ...]]:
    looks, moves = streams.rng("looks"), streams.rng("motions")
    colours = [str(name) for name in looks.permutation(sorted(COLOURS))]
    stagger_s = _stagger_s(roles, timeline)
    must_be_round = script.round or any(MOTIONS[beat.motion].rolls for role in script.roles if not role.avatar for beat in role.beats)
    parts = {key: (each, part) for each in script.happenings for part, key in _cast(each).items()}
    actors, cast = [], {}
    for row, (role, colour) in enumerate(zip(roles, colours, strict=False)):
        if role.key in parts:
            cast[role.key] = (row, _draw_part(*parts[role.key], colour, _bulk_m(len(roles), options), looks, options))
            continue
        item = _draw_avatar(role, colour, looks, options) if role.avatar else None
        item = item or _draw_object(role, colour, must_be_round and role in script.roles, _bulk_m(len(roles), options), looks)
        if not role.avatar:
            item = replace(item, position_m=(0.0, 0.0, float(moves.uniform(*HOVER_M)) if role.hovers else 0.0))
        times = _times(role, timeline, stagger_s * (role.rank or 0), script.by_stops, steps, moves, options)
        item = (_act_out if role.avatar else _perform)(item, role, times, right_rad, moves, options)
        actors.append(_rehearse((row,), (item,), timeline))
    groups, events = _happen(script.happenings, cast, timeline, right_rad, streams.rng("events"), options)
    actors = [_squared(actor, events[0]) if events and roles[actor.rows[0]].alike else actor for actor in actors]
    return actors + groups, events


def _squared(actor: _Actor, event: EventSpec) -> _Actor:
    """A bystander that faces as the cast of an event does."""
    return replace(actor, items=(replace(actor.items[0], yaw_rad=_wrapped(event.parameters["heading_rad"])),))


def _cast(happening: Happening) -> dict[str, str]:
    """Roles of the event → keys of the script's roles."""
    return dict(zip(EVENTS[happening.event].roles, happening.cast, strict=True))


def _happen(
    happenings: Sequence[Happening],
    cast: Mapping[str, tuple[int, ObjectSpec]],
    timeline: Timeline,
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> tuple[list[_Actor], tuple[EventSpec, ...]]:
    """Give the events their times and their casts their places within the event."""
    groups, events = [], []
    times = schedule([EVENTS[each.event].seconds for each in happenings], timeline.duration_s, rng, tempo=options.levels.tempo)
    for happening, (start_s, end_s) in zip(happenings, times, strict=True):
        drawn = {part: cast[key] for part, key in _cast(happening).items()}
        event = _draw_event(happening, {part: item for part, (_, item) in drawn.items()}, end_s - start_s, right_rad, rng, options)
        spec = record(event, start_s, {part: item.name for part, (_, item) in drawn.items()})
        items = tuple(_at_its_place(item, event, part) for part, (_, item) in drawn.items())
        groups.append(_rehearse(tuple(row for row, _ in drawn.values()), items, timeline, (spec,)))
        events.append(spec)
    return groups, tuple(events)


def _draw_event(
    happening: Happening,
    items: Mapping[str, ObjectSpec],
    duration_s: float,
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> Event:
    heading_rad = right_rad + rng.uniform(-0.4, 0.4) * (not EVENTS[happening.event].crossways) + math.pi * rng.integers(2)
    if happening.heading:
        heading_rad = right_rad + PICTURE_HEADINGS[happening.heading]
    cue = EventCue(
        duration_s=round(duration_s, 4),
        extent_m={part: bodies.extent_m(item.shape, item.size_m) for part, item in items.items()},
        heading_rad=_wrapped(heading_rad),
        away_rad=_wrapped(right_rad + math.pi / 2),
        sense=happening.sense or int(rng.choice([-1, 1])),
        difficulty=options.levels.amplitude,
        bodies={part: (item.shape, item.size_m) for part, item in items.items() if bodies.is_avatar(item.shape)},
    )
    return EVENTS[happening.event].sample(rng, cue)


def _at_its_place(item: ObjectSpec, event: Event, part: str) -> ObjectSpec:
    x, y, z = event.places()[part]
    across, along = math.sin(event.heading_rad), math.cos(event.heading_rad)
    height_m = item.position_m[2] if bodies.is_avatar(item.shape) else bodies.extent_m(item.shape, item.size_m)[2] / 2
    position = (along * x - across * y, across * x + along * y, z + height_m)
    return replace(item, position_m=position, yaw_rad=_wrapped(event.heading_rad + event.facings().get(part, 0.0)))


def _bulk_m(crowd: int, options: SceneOptions) -> Interval:
    """Smallest and largest bulk of the objects of a scene."""
    smallest, largest = (0.62, 0.85) if crowd <= 3 else (0.52, 0.66)
    return smallest * options.levels.size_factor, largest * options.levels.size_factor


def _draw_part(
    happening: Happening, part: str, colour: str, bulk_m: Interval, rng: np.random.Generator, options: SceneOptions
) -> ObjectSpec:
    """The looks and size of an object, or an avatar, that takes part in an event."""
    event = EVENTS[happening.event]
    if part in event.avatars:
        return _draw_avatar(Role(avatar=True, legs=2), colour, rng, options)
    choice = happening.alike or event.shapes.get(part) or [name for name in ordinary_shapes() if not SHAPES[name].round]
    share = ALIKE_BULK if happening.alike else event.bulk.get(part, 1.0)
    return _object(str(rng.choice(sorted(choice))), colour, share * rng.uniform(*bulk_m), rng)


def _draw_avatar(role: Role, colour: str, rng: np.random.Generator, options: SceneOptions) -> ObjectSpec:
    """A body that can do all that its role asks for."""
    able = {2, 4}.intersection(*(AVATAR_MOTIONS[beat.motion].legs for beat in role.beats), [role.legs] if role.legs else [2, 4])
    kind = str(rng.choice(options.avatar_names(able)))
    height_m = draw_height_m(kind, rng)
    return ObjectSpec(
        name=bodies.called(kind, colour),
        shape=kind,
        size_m=height_m,
        colour=colour,
        pattern=shapes.random_pattern(rng, COLOURS[colour]),
        position_m=(0.0, 0.0, AVATARS[kind].proportions.leg * height_m),
        posture=role.posture,
    )


def _act_out(
    item: ObjectSpec,
    role: Role,
    times: Sequence[Interval],
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> ObjectSpec:
    """Give an avatar its actions, and turn it so that they can be seen, or lead where they should."""
    facing_rad = right_rad + PICTURE_HEADINGS["towards"] + rng.uniform(-FACING_RAD, FACING_RAD)
    turned_rad = 0.0
    for beat, (start_s, end_s) in zip(role.beats, times, strict=True):
        posture = avatar_motion.motion_of(item.actions[-1]).final_posture if item.actions else role.posture
        motion = draw_avatar_motion(beat, end_s - start_s, posture, rng, options)
        forward, leftward, yaw_rad = motion.ends_at() if AVATARS[item.shape].proportions.legs == 2 else motion.ends_at_on_four()
        if beat.heading:
            facing_rad = right_rad + PICTURE_HEADINGS[beat.heading] - math.atan2(leftward, forward) - turned_rad
        turned_rad += yaw_rad
        item = replace(item, actions=(*item.actions, avatar_motion.act(motion, start_s)))
    return replace(item, yaw_rad=_wrapped(facing_rad))


def draw_avatar_motion(beat: Beat, duration_s: float, posture: str, rng: np.random.Generator, options: SceneOptions) -> AvatarMotion:
    """A motion of an avatar in a posture. Raises Rejected when it cannot begin there."""
    kind = AVATAR_MOTIONS[beat.motion]
    if posture not in kind.begins:
        raise Rejected("staging", "an action cannot begin as the one before it ends")
    sense = beat.sense or int(rng.choice([-1, 1]))
    return kind.sample(rng, AvatarCue(round(duration_s, 4), beat.times, sense, posture, options.levels.amplitude))


def _stagger_s(roles: Sequence[Role], timeline: Timeline) -> float:
    """The time between starts: as wide as the longest-lasting last object allows, up to one second."""
    ranked = [role for role in roles if role.rank is not None]
    if not any(role.rank for role in ranked):
        return 0.0
    last = max(role.rank or 0 for role in ranked)
    need_s = max(room_s(*(beat.span_s for beat in role.beats)) for role in ranked)
    widest_s = (timeline.duration_s - need_s) / last
    if widest_s < STAGGER_S:
        raise Rejected("staging", "the actions need a longer clip")
    return min(widest_s, 1.0)


def _draw_object(role: Role, colour: str, round_shape: bool, bulk_m: Interval, rng: np.random.Generator) -> ObjectSpec:
    """Looks, size and facing. Objects face anywhere, so that a front does not point out where one is about to go."""
    rolls = any(MOTIONS[beat.motion].rolls for beat in role.beats)
    stands = any(MOTIONS[beat.motion].flat_base for beat in role.beats)
    if rolls and stands:
        raise Rejected("staging", "no shape for such a row of motions")
    wanted = False if stands else True if round_shape or rolls else None
    shape = str(rng.choice(role.alike or [name for name in ordinary_shapes() if wanted in (None, SHAPES[name].round)]))
    return _object(shape, colour, (ALIKE_BULK if role.alike else 1.0) * rng.uniform(*bulk_m), rng)


def ordinary_shapes() -> list[str]:
    """The shapes of objects that no event needs to be of a certain kind."""
    return [name for name in sorted(SHAPES) if not getattr(SHAPES[name], "prop", False)]


def _object(shape: str, colour: str, bulk_m: float, rng: np.random.Generator) -> ObjectSpec:
    return ObjectSpec(
        name=bodies.called(shape, colour),
        shape=shape,
        size_m=_size_m(shape, bulk_m),
        colour=colour,
        pattern=shapes.random_pattern(rng, COLOURS[colour]),
        position_m=(0.0, 0.0, 0.0),
        yaw_rad=float(rng.uniform(-math.pi, math.pi)),
    )


def _size_m(shape: str, bulk_m: float) -> float:
    """The size that gives a shape a bulk, the geometric mean of its extents: a slim rocket stands taller than a cube."""
    return round(min(bulk_m / float(np.prod(shapes.extent_m(shape, 1.0))) ** (1 / 3), MAX_SIZE_M), 3)


def _perform(
    item: ObjectSpec,
    role: Role,
    times: Sequence[Interval],
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> ObjectSpec:
    """Give an object its actions, one after another."""
    if not role.beats:
        return item
    heading_rad = right_rad + rng.uniform(-0.6, 0.6) + math.pi * rng.integers(2)
    if role.beats[0].heading:
        heading_rad = right_rad + PICTURE_HEADINGS[role.beats[0].heading]
    if any(MOTIONS[beat.motion].rolls or MOTIONS[beat.motion].flat_base for beat in role.beats):
        item = replace(item, yaw_rad=_wrapped(heading_rad + math.pi * rng.integers(2)))  # wheels roll, boxes rock on their edges
    offset_m = np.array(item.position_m)
    for beat, (start_s, end_s) in zip(role.beats, times, strict=True):
        towards_rad = right_rad + PICTURE_HEADINGS[beat.heading] if beat.heading else _homeward(heading_rad, offset_m)
        motion = draw_motion(beat, item, end_s - start_s, towards_rad, float(offset_m[2]), rng, options)
        motion = replace(motion, pace=beat.pace) if beat.pace else motion
        offset_m = offset_m + motion.pose(np.array([motion.duration_s])).position_m[0]
        item = replace(item, actions=(*item.actions, object_motion.act(motion, start_s)))
    return item


def _times(
    role: Role,
    timeline: Timeline,
    delay_s: float,
    by_stops: bool,
    steps: Sequence[Interval],
    rng: np.random.Generator,
    options: SceneOptions,
) -> list[Interval]:
    """When a role performs its beats."""
    spans = [beat.span_s for beat in role.beats]
    if steps and role.key:
        return [_kept_step(step, span) for step, span in zip(steps, spans, strict=False)]
    if role.rank is None or not spans:
        return schedule(spans, timeline.duration_s, rng, delay_s, options.levels.tempo)
    if not by_stops:
        return _start_at_once(spans, delay_s, timeline, rng, options)
    backwards = _start_at_once(spans[::-1], delay_s, timeline, rng, options)
    return [(round(timeline.duration_s - end, 4), round(timeline.duration_s - start, 4)) for start, end in backwards[::-1]]


def _steps(script: Script, timeline: Timeline, rng: np.random.Generator, options: SceneOptions) -> list[Interval]:
    """Intervals into which the n-th beats of all roles, and the n-th move of the camera, fit; none unless they keep step."""
    if not script.in_step:
        return []
    rows = [[beat.span_s for beat in role.beats] for role in script.roles if role.key]
    rows.append([shot.span_s for shot in script.shots or ()])
    return schedule(step_spans(*rows), timeline.duration_s, rng, tempo=options.levels.tempo)


def step_spans(*rows: Sequence[Interval]) -> list[Interval]:
    """Shortest and longest duration of each step in which the n-th entries of all rows happen; for `room_s`."""
    steps = [[span for span in column if span is not None] for column in itertools.zip_longest(*rows)]
    return [(max(shortest for shortest, _ in spans), max(longest for _, longest in spans)) for spans in steps]


def _kept_step(step: Interval, span: Interval) -> Interval:
    """As much of a step as an action takes that starts with it."""
    return step[0], round(min(step[1], step[0] + span[1]), 4)


def _start_at_once(
    spans: Sequence[Interval], delay_s: float, timeline: Timeline, rng: np.random.Generator, options: SceneOptions
) -> list[Interval]:
    """As `schedule`, but the first action starts at its time: the order of starts is what is asked."""
    drawn = schedule(spans, timeline.duration_s, rng, delay_s, options.levels.tempo)
    early_s = drawn[0][0] - (LEAD_S + delay_s)
    return [(round(start - early_s, 4), round(end - early_s, 4)) for start, end in drawn]


def _homeward(heading_rad: float, offset_m: np.ndarray) -> float:
    """Turn round when the object has gone away along its heading, so that a row of actions stays on the stage."""
    gone_m = offset_m[0] * math.cos(heading_rad) + offset_m[1] * math.sin(heading_rad)
    return heading_rad + (math.pi if gone_m > 0.3 else 0.0)


def draw_motion(
    beat: Beat, item: ObjectSpec, duration_s: float, heading_rad: float, height_m: float, rng: np.random.Generator, options: SceneOptions
) -> Motion:
    """A motion of an object that is ``height_m`` above the floor."""
    cue = Cue(
        duration_s=round(duration_s, 4),
        extent_m=shapes.extent_m(item.shape, item.size_m),
        cycles=beat.times,
        height_m=max(0.0, height_m),
        sense=beat.sense or int(rng.choice([-1, 1])),
        heading_rad=_wrapped(heading_rad),
        difficulty=options.levels.amplitude,
        reach=beat.reach,
    )
    return MOTIONS[beat.motion].sample(rng, cue)


def _wrapped(angle_rad: float) -> float:
    return float(math.remainder(angle_rad, math.tau))


def _rehearse(rows: tuple[int, ...], items: tuple[ObjectSpec, ...], timeline: Timeline, events: Sequence[EventSpec] = ()) -> _Actor:
    """Measure the paths, and lift an object that would sink below the floor."""
    poses = [object_pose(item, timeline.times_s, events) for item in items]
    path_m = np.stack([pose.position_m[:, :2] for pose in poses])
    lowest, highest = path_m.min(axis=(0, 1)), path_m.max(axis=(0, 1))
    middle_m = (lowest + highest) / 2
    body_m = np.array([_radius_m(item) * float(pose.scale.max()) for item, pose in zip(items, poses, strict=True)])
    if not events and not bodies.is_avatar(items[0].shape):
        items = (_stood(items[0], float(poses[0].position_m[:, 2].min())),)
    return _Actor(rows, items, middle_m, (path_m - middle_m)[:, ::3], body_m)


def _stood(item: ObjectSpec, lowest_m: float) -> ObjectSpec:
    """An object whose height was told from its standing on the floor, as `ObjectSpec` tells it."""
    height_m = shapes.extent_m(item.shape, item.size_m)[2]
    return replace(item, position_m=(0.0, 0.0, height_m / 2 + item.position_m[2] + max(0.0, -lowest_m)))


def _radius_m(item: ObjectSpec) -> float:
    """Of the ground that an object needs, whichever way it faces."""
    if not bodies.is_avatar(item.shape):
        width_m, depth_m, _ = shapes.extent_m(item.shape, item.size_m)
        return math.hypot(width_m, depth_m) / 2
    lies = "lying" in (item.posture, *(avatar_motion.motion_of(action).final_posture for action in item.actions))
    return item.size_m * (LYING_RADIUS if lies else STANDING_RADIUS)


def _wanted_places(roles: Sequence[Role], right_rad: float) -> dict[int, np.ndarray]:
    """Where the middle of the ways of some roles should lie on the stage, by the rows of the roles."""
    right, ahead = (np.array([math.cos(angle), math.sin(angle)]) for angle in (right_rad, right_rad + math.pi / 2))
    return {row: role.at[0] * right + role.at[1] * ahead for row, role in enumerate(roles) if role.at is not None}


def _place(
    actors: Sequence[_Actor], right_rad: float, rng: np.random.Generator, wanted: Mapping[int, np.ndarray], levels: Difficulty
) -> dict[int, ObjectSpec]:
    """Find a place for each path: never touching and, as seen by the camera, mostly side by side. Objects by the row of their role."""
    across = np.array([math.cos(right_rad), math.sin(right_rad)])
    for _ in range(PLACEMENTS):
        places = _places(actors, across, rng, wanted, levels)
        if len(places) == len(actors):
            return {row: item for actor, place in zip(actors, places, strict=True) for row, item in _moved(actor, place)}
    raise Rejected("staging", "no room on the stage")


def _places(
    actors: Sequence[_Actor], across: np.ndarray, rng: np.random.Generator, wanted: Mapping[int, np.ndarray], levels: Difficulty
) -> list[np.ndarray]:
    """Places for as many actors as find one."""
    places: list[np.ndarray] = []
    for actor in actors:
        candidates = _candidates(rng)
        if actor.rows[0] in wanted:
            candidates = wanted[actor.rows[0]] + candidates * (STRAY_M / STAGE_RADIUS_M)
        furthest_m = np.linalg.norm(candidates[:, None, None] + actor.path_m, axis=-1).max(axis=2)
        candidates = candidates[(furthest_m + actor.body_m < STAGE_RADIUS_M).all(axis=1)]
        fits = np.ones(len(candidates), bool)
        miss = np.full(len(candidates), np.inf)  # how far a place is from hiding part of another object, or being hidden by it
        for other, place in zip(actors, places, strict=False):
            gap = (candidates[:, None, None] + actor.path_m)[:, :, None] - (place + other.path_m)
            bodies_m = actor.body_m[:, None] + other.body_m
            fits &= (np.linalg.norm(gap, axis=-1).min(axis=-1) > bodies_m + CLEARANCE_M).all(axis=(1, 2))
            beside = np.abs(gap @ across) / bodies_m[..., None]
            arranged = actor.rows[0] in wanted and other.rows[0] in wanted  # the script knows what stands behind what
            fits &= arranged | (np.mean(beside < 0.8, axis=-1) <= levels.max_overlap).all(axis=(1, 2))
            miss = np.minimum(miss, np.abs(np.median(beside, axis=-1) - HIDING).min(axis=(1, 2)))
        if not fits.any():
            break
        hides = bool(places) and levels.hiding_share > 0 and rng.random() < levels.hiding_share
        places.append(candidates[int(np.argmin(np.where(fits, miss, np.inf)) if hides else np.argmax(fits))])
    return places


def settle(takes: Sequence[SceneSpec], rng: np.random.Generator, options: SceneOptions) -> tuple[SceneSpec, ...]:
    """Takes of one scene, with new places at which their objects have room in all of them.

    The takes have the same objects in the same places, and differ in what these do.

    Raises:
        Rejected: there are no such places.
    """
    found = _place([_rehearse_all(rows, takes) for rows in _groups(takes[0])], right_rad(takes[0].camera), rng, {}, options.levels)
    placed = [[replace(item, position_m=found[row].position_m) for row, item in enumerate(take.objects)] for take in takes]
    return tuple(replace(take, objects=tuple(objects)) for take, objects in zip(takes, placed, strict=True))


def right_rad(camera: CameraSpec) -> float:
    """The direction over the ground, from world +x, that leads to the right in the first picture."""
    return math.atan2(camera.target_m[1] - camera.position_m[1], camera.target_m[0] - camera.position_m[0]) - math.pi / 2


def _groups(spec: SceneSpec) -> list[tuple[int, ...]]:
    """Rows of the objects that keep their places to one another: the casts of events; each of the others is alone."""
    casts = [tuple(row for row, item in enumerate(spec.objects) if item.name in event.cast.values()) for event in spec.events]
    busy = {row for rows in casts for row in rows}
    return [(row,) for row in range(len(spec.objects)) if row not in busy] + casts


def _rehearse_all(rows: tuple[int, ...], takes: Sequence[SceneSpec]) -> _Actor:
    """Measure the paths of some objects in several takes, one take after the other."""
    cast = [[take.objects[row] for row in rows] for take in takes]
    poses = [[object_pose(item, take.timeline.times_s, take.events) for item in items] for take, items in zip(takes, cast, strict=True)]
    path_m = np.concatenate([np.stack([pose.position_m[:, :2] for pose in of_take])[:, ::3] for of_take in poses], axis=1)
    middle_m = (path_m.min(axis=(0, 1)) + path_m.max(axis=(0, 1))) / 2
    bodies_m = [
        [_radius_m(item) * float(pose.scale.max()) for item, pose in zip(*each, strict=True)] for each in zip(cast, poses, strict=True)
    ]
    return _Actor(rows, tuple(cast[0]), middle_m, path_m - middle_m, np.max(bodies_m, axis=0))


def _candidates(rng: np.random.Generator, count: int = 128) -> np.ndarray:
    """``(count, 2)`` places, even over the stage."""
    angle, distance = rng.uniform(0, math.tau, count), STAGE_RADIUS_M * np.sqrt(rng.uniform(0, 1, count))
    return np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=-1)


def _moved(actor: _Actor, place_m: np.ndarray) -> Iterator[tuple[int, ObjectSpec]]:
    """The members of an actor at its place, with the rows of their roles."""
    shift_x, shift_y = place_m - actor.middle_m
    for row, item in zip(actor.rows, actor.items, strict=True):
        x, y, z = item.position_m
        yield row, replace(item, position_m=(round(float(x + shift_x), 4), round(float(y + shift_y), 4), z))


def _film(
    script: Script,
    objects: Sequence[ObjectSpec],
    timeline: Timeline,
    rng: np.random.Generator,
    options: SceneOptions,
    steps: Sequence[Interval] = (),
) -> dict[str, Any]:
    """The camera's moves, and the object that it follows."""
    shots = script.shots
    if shots is None:
        shots = (gentle_shot(rng),) if rng.random() < options.levels.camera_share else ()
    subject = objects[0] if objects and objects[0].actions else None
    actions: list[Action] = []
    times = _shot_times(script, shots, timeline, rng, steps, options)
    for shot, (start_s, end_s) in zip(shots, times, strict=True):
        if CAMERA_MOVES[shot.move].follows and subject is not None:
            start_s, end_s = subject.actions[0].start_s, subject.actions[-1].end_s
        actions.append(draw_move(shot, start_s, end_s, rng, options))
    return {"moves": tuple(actions), "subject": subject.name if subject else None}


def _shot_times(
    script: Script,
    shots: Sequence[Shot],
    timeline: Timeline,
    rng: np.random.Generator,
    steps: Sequence[Interval],
    options: SceneOptions,
) -> list[Interval]:
    """When the camera makes its moves: one after another, all at once, or in step with the objects."""
    spans = [shot.span_s for shot in shots]
    if script.in_step and shots:
        return [_kept_step(step, span) for step, span in zip(steps, spans, strict=False)]
    if script.at_once and shots:
        return schedule([step_spans(*([span] for span in spans))[0]], timeline.duration_s, rng, tempo=options.levels.tempo) * len(shots)
    return schedule(spans, timeline.duration_s, rng, tempo=options.levels.tempo)


def draw_move(shot: Shot, start_s: float, end_s: float, rng: np.random.Generator, options: SceneOptions) -> Action:
    """A camera move over an interval."""
    cue = CameraCue(round(end_s - start_s, 4), shot.sense, options.levels.amplitude)
    move = CAMERA_MOVES[shot.move].sample(rng, cue)
    return camera_move.act(replace(move, pace=shot.pace) if shot.pace else move, start_s)


def high_viewpoints() -> list[str]:
    """The viewpoints from which the ground behind an object can be seen, in alphabetical order."""
    return sorted(name for name, viewpoint in VIEWPOINTS.items() if viewpoint.elevation_deg[0] >= 25)


def gentle_shot(rng: np.random.Generator) -> Shot:
    """One camera move that keeps the stage in the picture."""
    gentle = [name for name, move in CAMERA_MOVES.items() if move.gentle]
    name = str(rng.choice(gentle))
    return Shot(name, int(rng.choice(sorted(CAMERA_MOVES[name].directions))))


def _watches(roles: Sequence[Role], objects: Sequence[ObjectSpec], timeline: Timeline, events: Sequence[EventSpec]) -> tuple[Watch, ...]:
    """A watched object is needed over its actions or its event; one without any, over the whole clip."""
    watches = []
    for role, item in zip(roles, objects, strict=True):
        watch = watch_over(item, timeline, events)
        if role.watched and any(item.name in event.cast.values() for event in events):
            watches.append(watch)
        elif role.watched:
            span_s = _seen_at(role, item, (watch.start_s, watch.end_s))
            watches.append(Watch(item.name, *span_s, ends_only=role.seen_at == "ends"))
    return tuple(watches)


def watch_over(item: ObjectSpec, timeline: Timeline, events: Sequence[EventSpec] = ()) -> Watch:
    """Over the actions of an object, or over its event; over the whole clip when it has none."""
    event = next((each for each in events if item.name in each.cast.values()), None)
    if event is not None:
        return _watch_event(event, item.name, timeline)
    start_s = max(0.0, item.actions[0].start_s - LEAD_S / 2) if item.actions else 0.0
    end_s = min(timeline.duration_s, item.actions[-1].end_s + LEAD_S / 2) if item.actions else timeline.duration_s
    return Watch(item.name, start_s, end_s)


def _seen_at(role: Role, item: ObjectSpec, whole: Interval) -> Interval:
    """That part of a watch that lies before or after all actions, where the role needs no more."""
    if role.seen_at == "start":
        return whole[0], item.actions[0].start_s
    return (item.actions[-1].end_s, whole[1]) if role.seen_at == "end" else whole


def _watch_event(event: EventSpec, name: str, timeline: Timeline) -> Watch:
    """Over the whole event, but for what the event itself takes out of sight."""
    part = next(part for part, each in event.cast.items() if each == name)
    start_s, end_s = max(0.0, event.start_s - LEAD_S / 2), min(timeline.duration_s, event.end_s + LEAD_S / 2)
    if part in EVENTS[event.name].buries:
        return Watch(name, start_s, event.start_s)
    return Watch(name, start_s, end_s, ends_only=part in EVENTS[event.name].hides)
