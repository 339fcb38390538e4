"""Where things stand: places for paths that never touch and, as seen by the camera, lie mostly side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenes import bodies, shapes
from scenes.avatars.motions import motion as avatar_motion
from scenes.casting import wrapped
from scenes.difficulty import Difficulty
from scenes.rejection import Rejected
from scenes.script import Role, SceneOptions
from scenes.solve import object_pose
from scenes.types import CameraSpec, EventSpec, ObjectSpec, SceneSpec, Timeline

STAGE_RADIUS_M = 3.1
HIDING = 0.6  # of their radii, sideways from centre to centre, of objects that hide one another in part
PLACEMENTS = 12  # tries at one arrangement before the draw is given up
CROSSING_PLACEMENTS = 48  # the same where room is kept for more than happens
CLEARANCE_M = 0.08  # between bodies, at the closest
STRAY_M = 0.15  # from where a role wants the middle of its way
STANDING_RADIUS, LYING_RADIUS = 0.34, 0.62  # of the ground that a body needs, over its height


@dataclass(frozen=True)
class Actor:
    """One object with its actions, or the cast of an event, before it has a place.

    ``rows (member,)`` say which roles they play; ``path_m (way, step, 2)`` are their ways over the ground around the middle
    of all of these, one of each member, and then any that a member does not take but must have room for; ``body_m (way,)``
    are the largest radii on them. Those that ``cross`` may pass before and behind one another, as the camera sees them, once
    they have set off.
    """

    rows: tuple[int, ...]
    items: tuple[ObjectSpec, ...]
    middle_m: np.ndarray
    path_m: np.ndarray
    body_m: np.ndarray
    cross: bool = False


def squared(actor: Actor, event: EventSpec) -> Actor:
    """A bystander that faces as the cast of an event does."""
    return replace(actor, items=(replace(actor.items[0], yaw_rad=wrapped(event.parameters["heading_rad"])),))


def rehearse(rows: tuple[int, ...], items: tuple[ObjectSpec, ...], timeline: Timeline, events: Sequence[EventSpec] = ()) -> Actor:
    """Measure the paths of the cast of an event."""
    poses = [object_pose(item, timeline.times_s, events) for item in items]
    path_m = np.stack([pose.position_m[:, :2] for pose in poses])
    body_m = np.array([_radius_m(item) * float(pose.scale.max()) for item, pose in zip(items, poses, strict=True)])
    return _actor(rows, items, path_m, body_m)


def rehearse_alone(row: int, item: ObjectSpec, timeline: Timeline, others: Sequence[ObjectSpec] = (), *, any_way: bool = False) -> Actor:
    """Measure the path of one object, and lift it if it would sink below the floor.

    Args:
        others: the same object with actions that it does not perform, but for which it needs room too.
        any_way: whether it needs room to go the same ways turned round by quarters.
    """
    poses = [object_pose(take, timeline.times_s) for take in (item, *others)]
    start_m = poses[0].position_m[0, :2]
    ways_m = [pose.position_m[:, :2] - start_m for pose in poses]
    if any_way:
        ways_m = [turned for way_m in ways_m for turned in _quarters(way_m)]
    body_m = max(_radius_m(take) * float(pose.scale.max()) for take, pose in zip((item, *others), poses, strict=True))
    if not bodies.is_avatar(item.shape):
        item = _stood(item, min(float(pose.position_m[:, 2].min()) for pose in poses))
    return _actor((row,), (item,), start_m + np.stack(ways_m), np.full(len(ways_m), body_m))


def _actor(rows: tuple[int, ...], items: tuple[ObjectSpec, ...], path_m: np.ndarray, body_m: np.ndarray) -> Actor:
    middle_m = (path_m.min(axis=(0, 1)) + path_m.max(axis=(0, 1))) / 2
    return Actor(rows, items, middle_m, (path_m - middle_m)[:, ::3], body_m)


def _quarters(way_m: np.ndarray) -> list[np.ndarray]:
    """A way ``(step, 2)`` over the ground, turned about its start by no, one, two and three quarters."""
    across = np.stack([-way_m[:, 1], way_m[:, 0]], axis=-1)
    return [way_m, across, -way_m, -across]


def either_way(actor: Actor) -> Actor:
    """Two in an event, with room to exchange their parts on the spot: where they stand does not tell who does it to whom."""
    first_m, second_m = actor.path_m[:, 0]
    middle_m, line = (first_m + second_m) / 2, (second_m - first_m) / np.linalg.norm(second_m - first_m)
    path_m = actor.path_m - middle_m
    mirrored_m = (path_m - 2 * (path_m @ line)[..., None] * line)[::-1]
    path_m = np.concatenate([path_m, mirrored_m])
    return replace(actor, middle_m=actor.middle_m + middle_m, path_m=path_m, body_m=np.full(len(path_m), actor.body_m.max()), cross=True)


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


def wanted_places(roles: Sequence[Role], actors: Sequence[Actor], right_rad: float) -> dict[int, np.ndarray]:
    """Where the middle of the ways of some roles should lie on the stage, by the rows of the roles."""
    axes = np.array([[math.cos(angle), math.sin(angle)] for angle in (right_rad, right_rad + math.pi / 2)])
    wanted = {row: role.at @ axes for row, role in enumerate(roles) if role.at is not None}
    by_row = {actor.rows[0]: actor for actor in actors}
    for row, role in enumerate(roles):
        if role.corner is not None:
            way_m = by_row[row].path_m[0] @ axes.T
            middle_m, half_m = (way_m.max(axis=0) + way_m.min(axis=0)) / 2, np.ptp(way_m, axis=0) / 2
            wanted[row] = (role.corner * half_m - middle_m) @ axes
    return wanted


def find_places(
    actors: Sequence[Actor], right_rad: float, rng: np.random.Generator, wanted: Mapping[int, np.ndarray], levels: Difficulty
) -> dict[int, ObjectSpec]:
    """Find a place for each path: never touching and, as seen by the camera, mostly side by side. Objects by the row of their role."""
    across = np.array([math.cos(right_rad), math.sin(right_rad)])
    for _ in range(PLACEMENTS if not any(actor.cross for actor in actors) else CROSSING_PLACEMENTS):
        places = _places(actors, across, rng, wanted, levels)
        if len(places) == len(actors):
            return {row: item for actor, place in zip(actors, places, strict=True) for row, item in _moved(actor, place)}
    raise Rejected("staging", "no room on the stage")


def _places(
    actors: Sequence[Actor], across: np.ndarray, rng: np.random.Generator, wanted: Mapping[int, np.ndarray], levels: Difficulty
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
            apart = np.linalg.norm(gap, axis=-1).min(axis=-1) > bodies_m + CLEARANCE_M
            apart[:, len(actor.rows) :, len(other.rows) :] = True  # neither of two ways is taken
            fits &= apart.all(axis=(1, 2))
            beside = np.abs(gap[..., : 1 if actor.cross and other.cross else None, :] @ across) / bodies_m[..., None]
            arranged = actor.rows[0] in wanted and other.rows[0] in wanted  # the script knows what stands behind what
            beside = beside[:, : len(actor.rows), : len(other.rows)]  # of the ways that they do take
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
    found = find_places([_rehearse_all(rows, takes) for rows in _groups(takes[0])], right_rad(takes[0].camera), rng, {}, options.levels)
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


def _rehearse_all(rows: tuple[int, ...], takes: Sequence[SceneSpec]) -> Actor:
    """Measure the paths of some objects in several takes, one take after the other."""
    cast = [[take.objects[row] for row in rows] for take in takes]
    poses = [[object_pose(item, take.timeline.times_s, take.events) for item in items] for take, items in zip(takes, cast, strict=True)]
    path_m = np.concatenate([np.stack([pose.position_m[:, :2] for pose in of_take])[:, ::3] for of_take in poses], axis=1)
    middle_m = (path_m.min(axis=(0, 1)) + path_m.max(axis=(0, 1))) / 2
    bodies_m = [
        [_radius_m(item) * float(pose.scale.max()) for item, pose in zip(*each, strict=True)] for each in zip(cast, poses, strict=True)
    ]
    return Actor(rows, tuple(cast[0]), middle_m, path_m - middle_m, np.max(bodies_m, axis=0))


def _candidates(rng: np.random.Generator, count: int = 128) -> np.ndarray:
    """``(count, 2)`` places, even over the stage."""
    angle, distance = rng.uniform(0, math.tau, count), STAGE_RADIUS_M * np.sqrt(rng.uniform(0, 1, count))
    return np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=-1)


def _moved(actor: Actor, place_m: np.ndarray) -> Iterator[tuple[int, ObjectSpec]]:
    """The members of an actor at its place, with the rows of their roles."""
    shift_x, shift_y = place_m - actor.middle_m
    for row, item in zip(actor.rows, actor.items, strict=True):
        x, y, z = item.position_m
        yield row, replace(item, position_m=(round(float(x + shift_x), 4), round(float(y + shift_y), 4), z))
