"""From a script to a specification: who does what, drawn into a scene in which it can be seen.

A script holds what must be true (roles, beats, shots); everything else (place, looks, light, viewpoint, distractors,
timing) is a nuisance factor, drawn here from the streams of the attempt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scenes import shapes
from scenes.cameras import move as camera_move
from scenes.cameras.move import CAMERA_MOVES, CameraCue
from scenes.colours import COLOURS
from scenes.environments.environment import ENVIRONMENTS
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS, Cue, Motion
from scenes.rejection import Rejected
from scenes.shapes import SHAPES
from scenes.solve import object_pose
from scenes.streams import Streams
from scenes.types import Action, CameraSpec, EnvironmentSpec, ObjectSpec, SceneSpec, Timeline, Vector, Watch, require
from scenes.viewpoints import VIEWPOINTS

LEAD_S = 0.3  # stillness before the first action and after the last one
REST_S = 0.4  # stillness between two actions: long enough to be a rest to the eye, and at any frame rate from 10 fps
STAGGER_S = 0.6  # between the starts of objects that set off one after another
STAGE_RADIUS_M = 3.1
HOVER_M = (0.6, 1.0)  # above the floor, of objects that start in the air
MAX_OBJECTS = 5
MAX_SIZE_M = 1.25
MAX_OVERLAP = 0.25  # of the time, one behind the other as the camera sees them: no more
PLACEMENTS = 8  # tries at one arrangement before the draw is given up
CLEARANCE_M = 0.08  # between bodies, at the closest
PICTURE_HEADINGS = {"right": 0.0, "away": math.pi / 2, "left": math.pi, "towards": -math.pi / 2}


@dataclass(frozen=True)
class SceneOptions:
    """What scenes may look like.

    Args:
        width, height: of the picture, in pixels, even.
        fps: frames per second, constant.
        duration: shortest and longest clip in seconds.
        environments, motions: names to draw from; empty means all that are registered.
        max_distractors: the most objects in a scene that no question speaks of; a scene holds five objects at most.
        camera_motion: how often, 0 to 1, the camera moves in a clip whose question neither asks about the camera nor
            speaks of directions or of several objects' motions.
        difficulty: 0 (plain) to 1 (subtle).
    """

    width: int = 640
    height: int = 480
    fps: float = 24.0
    duration: tuple[float, float] = (3.0, 8.0)
    environments: tuple[str, ...] = ()
    motions: tuple[str, ...] = ()
    max_distractors: int = 2
    camera_motion: float = 0.3
    difficulty: float = 0.3

    def __post_init__(self) -> None:
        for key in ("width", "height"):
            require(getattr(self, key) >= 64 and getattr(self, key) % 2 == 0, key, getattr(self, key), "an even number from 64")
        require(5 <= self.fps <= 240, "fps", self.fps, "5 to 240 frames per second (fewer do not show the rests between actions)")
        shortest, longest = self.duration
        allowed = "[shortest, longest] with 1 <= shortest <= longest <= 60 seconds"
        require(1.0 <= shortest <= longest <= 60.0, "duration", list(self.duration), allowed)
        require(self.max_distractors >= 0, "max_distractors", self.max_distractors, "0 or more")
        require(0 <= self.camera_motion <= 1, "camera_motion", self.camera_motion, "0 to 1")
        require(0 <= self.difficulty <= 1, "difficulty", self.difficulty, "0 to 1")
        ENVIRONMENTS.require("scene.environments", self.environments)
        MOTIONS.require("scene.motions", self.motions)

    def motion_names(self) -> tuple[str, ...]:
        """The motions that scenes may use, in alphabetical order."""
        return tuple(sorted(set(self.motions))) or tuple(MOTIONS)


@dataclass(frozen=True)
class Beat:
    """One action of a role: a motion, how often, in which sense and, where it matters, in which direction of the picture."""

    motion: str
    cycles: int | None = None
    sense: int | None = None
    heading: str | None = None

    @property
    def times(self) -> int:
        """How often it happens: as often as it must to be clear, where the script leaves it open."""
        return self.cycles or MOTIONS[self.motion].least_cycles


@dataclass(frozen=True)
class Role:
    """An object in a script. ``key`` is the slot of the question that it fills; "" for one that no question names.

    Args:
        beats: what it does, one after another.
        rank: objects set off in the order of their ranks, at least `STAGGER_S` apart; None sets off whenever it likes.
        hovers: whether it starts in the air.
        watched: whether the question needs to see it: over its actions, or over the whole clip when it has none.
    """

    key: str = ""
    beats: tuple[Beat, ...] = ()
    rank: int | None = None
    watched: bool = True
    hovers: bool = False


@dataclass(frozen=True)
class Shot:
    """One camera move of a script."""

    move: str
    sense: int = 1


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
    """

    roles: tuple[Role, ...]
    shots: tuple[Shot, ...] | None = ()
    round: bool = False
    extras: tuple[str, ...] | None = None
    room_s: float = 0.0
    slots: Mapping[str, Any] = field(default_factory=dict)


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
    viewpoint = str(streams.rng("viewpoint").choice(sorted(VIEWPOINTS)))
    position_m, target_m, focal_length_mm = VIEWPOINTS[viewpoint].sample(streams.rng("camera"))
    right_rad = math.atan2(target_m[1] - position_m[1], target_m[0] - position_m[0]) - math.pi / 2
    roles = script.roles + _extras(script, timeline, streams.rng("extras"), options)
    actors = _draw_actors(script, roles, timeline, right_rad, streams, options)
    placed = _place(actors, right_rad, streams.rng("layout"))
    camera = CameraSpec(viewpoint, position_m, target_m, focal_length_mm, width_px=options.width, height_px=options.height)
    camera = replace(camera, **_film(script, placed, timeline, streams.rng("shots"), options))
    place = streams.retry(0)  # the same for all attempts: building a place is dear, and another viewpoint will do
    environment = str(place.rng("environment").choice(sorted(set(options.environments)) or list(ENVIRONMENTS)))
    spec = SceneSpec(
        **vars(clip),
        timeline=timeline,
        environment=EnvironmentSpec(environment, int(place.rng("layout of the place").integers(2**31))),
        light=ENVIRONMENTS[environment]().light(place.rng("light")),
        objects=placed,
        camera=camera,
        watches=_watches(roles, placed, timeline),
    )
    return spec, {role.key: item.name for role, item in zip(roles, placed, strict=True) if role.key}


def room_s(*spans: tuple[float, float], delay_s: float = 0.0) -> float:
    """The shortest clip into which actions of these (shortest, longest) durations fit, one after another."""
    return 2 * LEAD_S + delay_s + sum(shortest for shortest, _ in spans) + REST_S * max(len(spans) - 1, 0)


def span_s(motion: str, cycles: int | None = None) -> tuple[float, float]:
    """Shortest and longest duration of a motion repeated, or as often as it must be to be clear."""
    shortest, longest = MOTIONS[motion].seconds_per_cycle
    times = cycles or MOTIONS[motion].least_cycles
    return times * shortest, times * longest


def schedule(
    spans: Sequence[tuple[float, float]], total_s: float, rng: np.random.Generator, delay_s: float = 0.0
) -> list[tuple[float, float]]:
    """Intervals of actions that follow one another with rests, at random within a clip of ``total_s``.

    Raises:
        Rejected: they do not fit.
    """
    if not spans:
        return []
    shortest, longest = np.array(spans, float).T
    spare_s = total_s - room_s(*spans, delay_s=delay_s)
    if spare_s < 0:
        raise Rejected("staging", "the actions need a longer clip")
    stretch = rng.uniform(0.0, 1.0, len(spans)) * (longest - shortest)
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
    count = min(int(rng.integers(0, options.max_distractors + 1)), max(0, MAX_OBJECTS - len(script.roles)))
    choice = [name for name in sorted(script.extras or ()) if room_s(span_s(name)) <= timeline.duration_s]
    drawn = [(Beat(str(rng.choice(choice))),) if choice and rng.random() < 0.6 else () for _ in range(count)]
    return tuple(Role(beats=beats, watched=False) for beats in drawn)


@dataclass(frozen=True)
class _Actor:
    """An object with its actions, before it has a place.

    ``path_m (step, 2)`` is its way over the ground around the middle of that way; ``body_m`` its largest radius.
    """

    item: ObjectSpec
    middle_m: np.ndarray
    path_m: np.ndarray
    body_m: float


def _draw_actors(
    script: Script, roles: Sequence[Role], timeline: Timeline, right_rad: float, streams: Streams, options: SceneOptions
) -> list[_Actor]:
    looks, moves = streams.rng("looks"), streams.rng("motions")
    colours = [str(name) for name in looks.permutation(sorted(COLOURS))]
    stagger_s = _stagger_s(roles, timeline)
    must_be_round = script.round or any(MOTIONS[beat.motion].rolls for role in script.roles for beat in role.beats)
    actors = []
    for role, colour in zip(roles, colours, strict=False):
        item = _draw_object(role, colour, must_be_round and role in script.roles, len(roles), looks)
        delay_s = stagger_s * (role.rank or 0)
        actors.append(_rehearse(_perform(item, role, timeline, right_rad, delay_s, moves, options), timeline))
    return actors


def _stagger_s(roles: Sequence[Role], timeline: Timeline) -> float:
    """The time between starts: as wide as the longest-lasting last object allows, up to one second."""
    ranked = [role for role in roles if role.rank is not None]
    if not any(role.rank for role in ranked):
        return 0.0
    last = max(role.rank or 0 for role in ranked)
    need_s = max(room_s(*(span_s(beat.motion, beat.times) for beat in role.beats)) for role in ranked)
    widest_s = (timeline.duration_s - need_s) / last
    if widest_s < STAGGER_S:
        raise Rejected("staging", "the actions need a longer clip")
    return min(widest_s, 1.0)


def _draw_object(role: Role, colour: str, round_shape: bool, crowd: int, rng: np.random.Generator) -> ObjectSpec:
    """Looks, size and facing. Objects face anywhere, so that a front does not point out where one is about to go."""
    rolls = any(MOTIONS[beat.motion].rolls for beat in role.beats)
    stands = any(MOTIONS[beat.motion].flat_base for beat in role.beats)
    if rolls and stands:
        raise Rejected("staging", "no shape for such a row of motions")
    wanted = False if stands else True if round_shape or rolls else None
    shape = str(rng.choice([name for name in sorted(SHAPES) if wanted in (None, SHAPES[name].round)]))
    smallest, largest = (0.62, 0.85) if crowd <= 3 else (0.52, 0.66)
    return ObjectSpec(
        name=f"{colour} {SHAPES[shape].noun}",
        shape=shape,
        size_m=_size_m(shape, rng.uniform(smallest, largest)),
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
    timeline: Timeline,
    right_rad: float,
    delay_s: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> ObjectSpec:
    """Give an object its actions, one after another."""
    hover_m = float(rng.uniform(*HOVER_M)) if role.hovers else 0.0
    item = replace(item, position_m=(0.0, 0.0, hover_m))
    if not role.beats:
        return item
    spans = [span_s(beat.motion, beat.times) for beat in role.beats]
    times = schedule(spans, timeline.duration_s, rng, delay_s) if role.rank is None else _start_at_once(spans, delay_s, timeline, rng)
    heading_rad = right_rad + rng.uniform(-0.6, 0.6) + math.pi * rng.integers(2)
    if role.beats[0].heading:
        heading_rad = right_rad + PICTURE_HEADINGS[role.beats[0].heading]
    if any(MOTIONS[beat.motion].rolls or MOTIONS[beat.motion].flat_base for beat in role.beats):
        item = replace(item, yaw_rad=_wrapped(heading_rad + math.pi * rng.integers(2)))  # wheels roll, boxes rock on their edges
    offset_m = np.array([0.0, 0.0, hover_m])
    for beat, (start_s, end_s) in zip(role.beats, times, strict=True):
        towards_rad = right_rad + PICTURE_HEADINGS[beat.heading] if beat.heading else _homeward(heading_rad, offset_m)
        motion = _draw_motion(beat, item, end_s - start_s, towards_rad, float(offset_m[2]), rng, options)
        offset_m = offset_m + motion.pose(np.array([motion.duration_s])).position_m[0]
        item = replace(item, actions=(*item.actions, object_motion.act(motion, start_s)))
    return item


def _start_at_once(
    spans: Sequence[tuple[float, float]], delay_s: float, timeline: Timeline, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """As `schedule`, but the first action starts at its time: the order of starts is what is asked."""
    drawn = schedule(spans, timeline.duration_s, rng, delay_s)
    early_s = drawn[0][0] - (LEAD_S + delay_s)
    return [(round(start - early_s, 4), round(end - early_s, 4)) for start, end in drawn]


def _homeward(heading_rad: float, offset_m: np.ndarray) -> float:
    """Turn round when the object has gone away along its heading, so that a row of actions stays on the stage."""
    gone_m = offset_m[0] * math.cos(heading_rad) + offset_m[1] * math.sin(heading_rad)
    return heading_rad + (math.pi if gone_m > 0.3 else 0.0)


def _draw_motion(
    beat: Beat, item: ObjectSpec, duration_s: float, heading_rad: float, height_m: float, rng: np.random.Generator, options: SceneOptions
) -> Motion:
    cue = Cue(
        duration_s=round(duration_s, 4),
        extent_m=shapes.extent_m(item.shape, item.size_m),
        cycles=beat.times,
        height_m=max(0.0, height_m),
        sense=beat.sense or int(rng.choice([-1, 1])),
        heading_rad=_wrapped(heading_rad),
        difficulty=options.difficulty,
    )
    return MOTIONS[beat.motion].sample(rng, cue)


def _wrapped(angle_rad: float) -> float:
    return float(math.remainder(angle_rad, math.tau))


def _rehearse(item: ObjectSpec, timeline: Timeline) -> _Actor:
    """Measure the path, and lift an object that would sink below the floor."""
    width_m, depth_m, height_m = shapes.extent_m(item.shape, item.size_m)
    pose = object_pose(item, timeline.times_s)
    start_z_m = height_m / 2 + item.position_m[2] + max(0.0, -float(pose.position_m[:, 2].min()))
    path_m = pose.position_m[:, :2]
    middle_m = (path_m.min(axis=0) + path_m.max(axis=0)) / 2
    body_m = math.hypot(width_m, depth_m) / 2 * float(pose.scale.max())
    return _Actor(replace(item, position_m=(0.0, 0.0, start_z_m)), middle_m, (path_m - middle_m)[::3], body_m)


def _place(actors: Sequence[_Actor], right_rad: float, rng: np.random.Generator) -> tuple[ObjectSpec, ...]:
    """Find a place for each path: never touching and, as seen by the camera, mostly side by side."""
    across = np.array([math.cos(right_rad), math.sin(right_rad)])
    for _ in range(PLACEMENTS):
        places = _places(actors, across, rng)
        if len(places) == len(actors):
            return tuple(_moved(actor, place) for actor, place in zip(actors, places, strict=True))
    raise Rejected("staging", "no room on the stage")


def _places(actors: Sequence[_Actor], across: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Places for as many actors as find one."""
    places: list[np.ndarray] = []
    for actor in actors:
        candidates = _candidates(rng)
        furthest_m = np.linalg.norm(candidates[:, None] + actor.path_m, axis=-1).max(axis=1)
        fits = furthest_m + actor.body_m < STAGE_RADIUS_M
        for other, place in zip(actors, places, strict=False):
            gap = candidates[:, None] + actor.path_m - (place + other.path_m)
            bodies_m = actor.body_m + other.body_m
            fits &= np.linalg.norm(gap, axis=-1).min(axis=1) > bodies_m + CLEARANCE_M
            fits &= np.mean(np.abs(gap @ across) < 0.8 * bodies_m, axis=1) < MAX_OVERLAP
        if not fits.any():
            break
        places.append(candidates[int(np.argmax(fits))])
    return places


def _candidates(rng: np.random.Generator, count: int = 128) -> np.ndarray:
    """``(count, 2)`` places, even over the stage."""
    angle, distance = rng.uniform(0, math.tau, count), STAGE_RADIUS_M * np.sqrt(rng.uniform(0, 1, count))
    return np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=-1)


def _moved(actor: _Actor, place_m: np.ndarray) -> ObjectSpec:
    x, y = place_m - actor.middle_m
    position: Vector = (round(float(x), 4), round(float(y), 4), actor.item.position_m[2])
    return replace(actor.item, position_m=position)


def _film(
    script: Script, objects: Sequence[ObjectSpec], timeline: Timeline, rng: np.random.Generator, options: SceneOptions
) -> dict[str, Any]:
    """The camera's moves, and the object that it follows."""
    shots = script.shots
    if shots is None:
        shots = (gentle_shot(rng),) if rng.random() < options.camera_motion else ()
    subject = objects[0] if objects and objects[0].actions else None
    actions: list[Action] = []
    times = schedule([CAMERA_MOVES[shot.move].seconds for shot in shots], timeline.duration_s, rng)
    for shot, (start_s, end_s) in zip(shots, times, strict=True):
        if CAMERA_MOVES[shot.move].follows and subject is not None:
            start_s, end_s = subject.actions[0].start_s, subject.actions[-1].end_s
        cue = CameraCue(round(end_s - start_s, 4), shot.sense, options.difficulty)
        actions.append(camera_move.act(CAMERA_MOVES[shot.move].sample(rng, cue), start_s))
    return {"moves": tuple(actions), "subject": subject.name if subject else None}


def gentle_shot(rng: np.random.Generator) -> Shot:
    """One camera move that keeps the stage in the picture."""
    gentle = [name for name, move in CAMERA_MOVES.items() if move.gentle]
    name = str(rng.choice(gentle))
    return Shot(name, int(rng.choice(sorted(CAMERA_MOVES[name].directions))))


def _watches(roles: Sequence[Role], objects: Sequence[ObjectSpec], timeline: Timeline) -> tuple[Watch, ...]:
    """A watched object is needed over its actions; one without any, over the whole clip."""
    watches = []
    for role, item in zip(roles, objects, strict=True):
        if role.watched:
            start_s = max(0.0, item.actions[0].start_s - LEAD_S / 2) if item.actions else 0.0
            end_s = min(timeline.duration_s, item.actions[-1].end_s + LEAD_S / 2) if item.actions else timeline.duration_s
            watches.append(Watch(item.name, start_s, end_s))
    return tuple(watches)
