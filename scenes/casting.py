"""Who plays a role: looks, sizes and facings of objects and avatars, and the actions and events that they perform."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scenes import bodies, shapes
from scenes.avatars.avatar import AVATARS, draw_height_m
from scenes.avatars.motions import motion as avatar_motion
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion
from scenes.colours import COLOURS
from scenes.events.event import ACROSS_RAD, EVENTS, Event, EventCue
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS, Cue, Motion
from scenes.rejection import Rejected
from scenes.script import LEAD_S, PICTURE_HEADINGS, Beat, Happening, Interval, Role, SceneOptions
from scenes.shapes import SHAPES
from scenes.types import ObjectSpec

HOVER_M = (0.6, 1.0)  # above the floor, of objects that start in the air
MAX_SIZE_M = 1.25
ALIKE_BULK = 0.85  # against the usual size, of a cast that is alike
FACING_RAD = 1.4  # how far from the camera avatars may look away: their arms must be seen


def cast_of(happening: Happening) -> dict[str, str]:
    """Roles of the event → keys of the script's roles."""
    return dict(zip(EVENTS[happening.event].roles, happening.cast, strict=True))


def draw_event(
    happening: Happening,
    items: Mapping[str, ObjectSpec],
    duration_s: float,
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> Event:
    """An event with its heading, and whatever else the script leaves open."""
    heading_rad = right_rad + rng.uniform(-ACROSS_RAD, ACROSS_RAD) + math.pi * rng.integers(2)
    if happening.heading:
        heading_rad = right_rad + PICTURE_HEADINGS[happening.heading]
    cue = EventCue(
        duration_s=round(duration_s, 4),
        extent_m={part: bodies.extent_m(item.shape, item.size_m) for part, item in items.items()},
        heading_rad=wrapped(heading_rad),
        away_rad=wrapped(right_rad + math.pi / 2),
        sense=happening.sense or int(rng.choice([-1, 1])),
        difficulty=options.levels.amplitude,
        bodies={part: (item.shape, item.size_m) for part, item in items.items() if bodies.is_avatar(item.shape)},
    )
    return EVENTS[happening.event].sample(rng, cue)


def at_its_place(item: ObjectSpec, event: Event, part: str) -> ObjectSpec:
    """An object where its part in an event has it stand, with the event's origin in the middle of the stage."""
    x, y, z = event.places()[part]
    across, along = math.sin(event.heading_rad), math.cos(event.heading_rad)
    height_m = item.position_m[2] if bodies.is_avatar(item.shape) else bodies.extent_m(item.shape, item.size_m)[2] / 2
    position = (along * x - across * y, across * x + along * y, z + height_m)
    return replace(item, position_m=position, yaw_rad=wrapped(event.heading_rad + event.facings().get(part, 0.0)))


def bulk_range_m(crowd: int, options: SceneOptions) -> Interval:
    """Smallest and largest bulk of the objects of a scene."""
    smallest, largest = (0.62, 0.85) if crowd <= 3 else (0.52, 0.66)
    return smallest * options.levels.size_factor, largest * options.levels.size_factor


def draw_part(
    happening: Happening, part: str, colour: str, bulk_m: Interval, rng: np.random.Generator, options: SceneOptions
) -> ObjectSpec:
    """The looks and size of an object, or an avatar, that takes part in an event."""
    event = EVENTS[happening.event]
    if part in event.avatars:
        return draw_avatar(Role(avatar=True, legs=2), colour, rng, options)
    choice = happening.alike or event.shapes.get(part) or [name for name in ordinary_shapes() if not SHAPES[name].round]
    share = ALIKE_BULK if happening.alike else event.bulk.get(part, 1.0)
    return _object(str(rng.choice(sorted(choice))), colour, share * rng.uniform(*bulk_m), rng)


def draw_avatar(role: Role, colour: str, rng: np.random.Generator, options: SceneOptions) -> ObjectSpec:
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


def act_out(
    item: ObjectSpec,
    role: Role,
    times: Sequence[Interval],
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> ObjectSpec:
    """Give an avatar its actions, and turn it so that they can be seen, or lead where they should."""
    away_rad = math.pi if role.any_facing else FACING_RAD
    facing_rad = right_rad + PICTURE_HEADINGS["towards"] + rng.uniform(-away_rad, away_rad)
    turned_rad = 0.0
    for beat, (start_s, end_s) in zip(role.beats, times, strict=True):
        posture = avatar_motion.motion_of(item.actions[-1]).final_posture if item.actions else role.posture
        motion = draw_avatar_motion(beat, end_s - start_s, posture, rng, options)
        forward, leftward, yaw_rad = motion.ends_at() if AVATARS[item.shape].proportions.legs == 2 else motion.ends_at_on_four()
        if beat.heading:
            facing_rad = right_rad + PICTURE_HEADINGS[beat.heading] - math.atan2(leftward, forward) - turned_rad
        turned_rad += yaw_rad
        item = replace(item, actions=(*item.actions, avatar_motion.act(motion, start_s)))
    return replace(item, yaw_rad=wrapped(facing_rad))


def draw_avatar_motion(beat: Beat, duration_s: float, posture: str, rng: np.random.Generator, options: SceneOptions) -> AvatarMotion:
    """A motion of an avatar in a posture. Raises Rejected when it cannot begin there."""
    kind = AVATAR_MOTIONS[beat.motion]
    if posture not in kind.begins:
        raise Rejected("staging", "an action cannot begin as the one before it ends")
    sense = beat.sense or int(rng.choice([-1, 1]))
    return kind.sample(rng, AvatarCue(round(duration_s, 4), beat.times, sense, posture, options.levels.amplitude, beat.reach))


def draw_object(role: Role, colour: str, round_shape: bool, bulk_m: Interval, rng: np.random.Generator) -> ObjectSpec:
    """Looks, size and facing. Objects face anywhere, so that a front does not point out where one is about to go."""
    beats = (*role.beats, *role.room_for)
    rolls = any(MOTIONS[beat.motion].rolls for beat in beats)
    stands = any(MOTIONS[beat.motion].flat_base for beat in beats)
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


def with_actions(
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
        item = replace(item, yaw_rad=wrapped(heading_rad + math.pi * rng.integers(2)))  # wheels roll, boxes rock on their edges
    offset_m = np.array(item.position_m)
    for beat, (start_s, end_s) in zip(role.beats, times, strict=True):
        towards_rad = right_rad + PICTURE_HEADINGS[beat.heading] if beat.heading else _homeward(heading_rad, offset_m)
        motion = draw_motion(beat, item, end_s - start_s, towards_rad, float(offset_m[2]), rng, options)
        motion = replace(motion, pace=beat.pace) if beat.pace else motion
        offset_m = offset_m + motion.pose(np.array([motion.duration_s])).position_m[0]
        item = replace(item, actions=(*item.actions, object_motion.act(motion, start_s)))
    return item


def might_do(item: ObjectSpec, role: Role, right_rad: float, rng: np.random.Generator, options: SceneOptions) -> list[ObjectSpec]:
    """The same object or avatar with each of the actions, by itself, that its role has room for."""
    act = act_out if role.avatar else with_actions
    takes = []
    for beat in role.room_for:
        end_s = round(LEAD_S + float(rng.uniform(*beat.span_s)), 4)
        takes.append(act(item, replace(role, beats=(beat,)), [(LEAD_S, end_s)], right_rad, rng, options))
    return takes


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
        heading_rad=wrapped(heading_rad),
        difficulty=options.levels.amplitude,
        reach=beat.reach,
    )
    return MOTIONS[beat.motion].sample(rng, cue)


def wrapped(angle_rad: float) -> float:
    """The same angle from −π to π."""
    return float(math.remainder(angle_rad, math.tau))
