"""Specimens: short clips in which one word of the vocabulary is all that happens, each seen from a few sides."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from scenes import bodies, geometry, shapes
from scenes.avatars.avatar import AVATARS, draw_height_m
from scenes.avatars.motions import motion as avatar_motion
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue
from scenes.cameras import move as camera_move
from scenes.cameras.move import CAMERA_MOVES, CameraCue
from scenes.catalogue import Catalogue
from scenes.colours import COLOURS
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS, EventCue, record
from scenes.geometry import Array
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS, Cue
from scenes.rejection import Rejected
from scenes.solve import solve
from scenes.types import Action, CameraSpec, EnvironmentSpec, LightSpec, ObjectSpec, SceneSpec, Timeline, Trajectories, Vector

T = TypeVar("T")

CATALOGUES: Mapping[str, Catalogue[Any]] = MappingProxyType(
    {
        "motions": MOTIONS,
        "avatar_motions": AVATAR_MOTIONS,
        "avatars": AVATARS,
        "events": EVENTS,
        "cameras": CAMERA_MOVES,
        "environments": ENVIRONMENTS,
    }
)
LEAD_S = 0.25  # stillness before and after
HOVER_M = 0.8
DIFFICULTY = 0.2
FOCAL_LENGTH_MM = 32.0
NEAREST_M, FURTHEST_M = 2.2, 11.0
SPARE = 1.12  # of the picture, around what is to be seen
TRIES = 40
PLACE = "studio"


@dataclass(frozen=True)
class View:
    """A side to look from: where the camera stands, from the front to its right and up, and how an avatar is turned away from it."""

    label: str
    azimuth_deg: float = 0.0
    elevation_deg: float = 12.0
    turned_deg: float = 0.0

    @property
    def direction(self) -> Array:
        """``(3,)`` from the target to the camera."""
        azimuth, elevation = np.deg2rad((self.azimuth_deg, self.elevation_deg))
        return np.array([np.sin(azimuth) * np.cos(elevation), -np.cos(azimuth) * np.cos(elevation), np.sin(elevation)])


FRONT, CORNER = View("from the front", 0, 14), View("from the right, higher up", 40, 28)
LEFT_CORNER = View("from the left", -42, 16)
FACING, SIDE, BEHIND = View("front", 0, 9), View("side", 0, 9, 90), View("behind", 0, 9, 180)


@dataclass(frozen=True)
class Specimen:
    """One clip of an entry, and what to call it beside the others."""

    label: str
    spec: SceneSpec


@dataclass(frozen=True)
class Format:
    """Size and frame rate of the clips."""

    width_px: int = 320
    height_px: int = 240
    fps: float = 12.0


def specimens(kind: str, name: str, size: Format = Format()) -> list[Specimen]:
    """The clips of an entry. Raises ValueError for an unknown kind or name, Rejected where no draw was feasible."""
    if kind not in _MAKERS:
        raise ValueError(f"unknown kind {kind!r}. Known: {', '.join(CATALOGUES)}.")
    CATALOGUES[kind].require(kind, [name])
    return list(_MAKERS[kind](name, size))


def _feasible(name: str, draw: Callable[[np.random.Generator], T]) -> T:
    """The first of a few draws that is not rejected; the same ones each time."""
    for attempt in range(TRIES - 1):
        try:
            return draw(np.random.default_rng((zlib.crc32(name.encode()), attempt)))
        except Rejected:
            continue
    return draw(np.random.default_rng((zlib.crc32(name.encode()), TRIES - 1)))


# Motions of objects


def _motion_specimens(name: str, size: Format) -> Iterator[Specimen]:
    for view in (FRONT, CORNER):
        item = _feasible(name, functools.partial(_moving_object, name))
        yield Specimen(view.label, _filmed(_scene((item,), size), view))


def _moving_object(name: str, rng: np.random.Generator) -> ObjectSpec:
    kind = MOTIONS[name]
    item = _object("ball" if kind.rolls else "cube" if kind.flat_base or not kind.airborne else "car", "red", 0.75)
    height_m = HOVER_M if kind.airborne else 0.0
    cycle_s = float(np.mean(kind.seconds_per_cycle))
    cycles = 2 if kind.countable and kind.max_cycles > 1 and cycle_s < 1.7 else 1  # a sheet has too few frames for more
    duration_s = round(cycles * cycle_s, 3)
    cue = Cue(duration_s, shapes.extent_m(item.shape, item.size_m), cycles, 1, 0.0, DIFFICULTY, height_m)
    motion = kind.sample(rng, cue)
    lowest_m = motion.pose(np.linspace(0, duration_s, 200)).position_m[:, 2].min()
    x, y, z = item.position_m
    lifted = replace(item, position_m=(x, y, z + max(height_m, -float(lowest_m))))
    return replace(lifted, actions=(object_motion.act(motion, LEAD_S),))


def _object(shape: str, colour: str, size_m: float, x: float = 0.0, y: float = 0.0) -> ObjectSpec:
    """An object that stands on the floor."""
    pattern = shapes.random_pattern(np.random.default_rng(zlib.crc32(colour.encode())), COLOURS[colour])
    height_m = shapes.extent_m(shape, size_m)[2]
    return ObjectSpec(bodies.called(shape, colour), shape, size_m, colour, pattern, (x, y, height_m / 2))


# Avatars and what they do


def _avatar_motion_specimens(name: str, size: Format) -> Iterator[Specimen]:
    """Front, side and behind; a sided or signed one also the other way, and one for four legs also on them."""
    kind = AVATAR_MOTIONS[name]
    if 2 in kind.legs:
        avatar = _avatar_for(name, 2)
        for view in (FACING, SIDE, BEHIND):
            yield _acted(avatar, name, view, size)
        if kind.sided or kind.signed:
            yield _acted(avatar, name, FACING, size, sense=-1)
    if 4 in kind.legs:
        for view in (FACING, SIDE) if 2 in kind.legs else (FACING, SIDE, BEHIND):
            yield _acted(_avatar_for(name, 4), name, view, size)


def _avatar_for(motion: str, legs: int) -> str:
    """An avatar with so many legs: another one for each motion. Raises Rejected when there is none."""
    able = [name for name, kind in AVATARS.items() if kind.proportions.legs == legs]
    if not able:
        raise Rejected("staging", "no avatar has as many legs")
    return able[zlib.crc32(motion.encode()) % len(able)]


def _acted(avatar: str, name: str, view: View, size: Format, sense: int = 1) -> Specimen:
    item = _feasible(f"{avatar} {name}", lambda rng: _acting(_avatar(avatar, view, rng), name, sense, rng))
    told = AVATAR_MOTIONS[name].phrase(sense)
    return Specimen(f"{view.label} · the {item.name} {told}", _filmed(_scene((item,), size), view))


def _avatar(name: str, view: View, rng: np.random.Generator, colour: str = "") -> ObjectSpec:
    """An avatar on the stage that looks at a camera in front, or as far to its own left as the view says."""
    height_m = draw_height_m(name, rng)
    colour = colour or str(rng.choice(["blue", "green", "orange", "purple", "red", "turquoise", "yellow"]))
    return ObjectSpec(
        name=bodies.called(name, colour),
        shape=name,
        size_m=height_m,
        colour=colour,
        pattern=shapes.random_pattern(rng, COLOURS[colour]),
        position_m=(0.0, 0.0, AVATARS[name].proportions.leg * height_m),
        yaw_rad=math.radians(view.turned_deg - 90),
    )


def _acting(item: ObjectSpec, name: str, sense: int, rng: np.random.Generator) -> ObjectSpec:
    kind = AVATAR_MOTIONS[name]
    posture = kind.begins[0]
    cycles = min(max(2, kind.least_cycles), kind.max_cycles) if kind.countable else 1
    duration_s = round(cycles * float(np.mean(kind.seconds_per_cycle)), 3)
    motion = kind.sample(rng, AvatarCue(duration_s, cycles, sense, posture, DIFFICULTY))
    item = replace(item, posture=posture, actions=(avatar_motion.act(motion, LEAD_S),))
    solve(_scene((item,), Format()))  # rejects what the body cannot reach
    return item


def _avatar_specimens(name: str, size: Format) -> Iterator[Specimen]:
    """One row for each of a few motions, in other clothes."""
    legs = AVATARS[name].proportions.legs
    able = [motion for motion, kind in AVATAR_MOTIONS.items() if legs in kind.legs and kind.begins[0] == "standing"]
    wanted = [motion for motion in ("wave", "walk", "trot", "turn") if motion in able] or able
    for motion in wanted[:2]:
        yield _acted(name, motion, FACING if motion == "wave" else SIDE, size)
    if not wanted:
        item = _avatar(name, FACING, np.random.default_rng(0))
        yield Specimen(f"standing · {name}", _filmed(_scene((item,), size), CORNER))


# Events


def _event_specimens(name: str, size: Format) -> Iterator[Specimen]:
    for view in (FRONT, CORNER):
        spec = _feasible(name, functools.partial(_eventful, name, view, size))
        yield Specimen(view.label, _filmed(spec, view))


def _eventful(name: str, view: View, size: Format, rng: np.random.Generator) -> SceneSpec:
    kind = EVENTS[name]
    right_rad = math.radians(view.azimuth_deg)
    colours = dict(zip(kind.roles, ("red", "blue", "yellow", "green", "purple", "orange"), strict=False))
    cast = {
        role: _avatar_part(name, role, colour, rng) if role in kind.avatars else _part(name, role, colour)
        for role, colour in colours.items()
    }
    cue = EventCue(
        duration_s=round(float(np.mean(kind.seconds)), 3),
        extent_m={role: bodies.extent_m(item.shape, item.size_m) for role, item in cast.items()},
        heading_rad=right_rad,
        away_rad=right_rad + math.pi / 2,
        difficulty=DIFFICULTY,
        bodies={role: (item.shape, item.size_m) for role, item in cast.items() if bodies.is_avatar(item.shape)},
    )
    event = kind.sample(rng, cue)
    turn = geometry.yaw(event.heading_rad)
    items = []
    for role, item in cast.items():
        x, y, z = turn.apply(np.array(event.places()[role], float)).ravel().tolist()
        yaw_rad = event.heading_rad + event.facings().get(role, 0.0)
        items.append(replace(item, position_m=(x, y, z + item.position_m[2]), yaw_rad=yaw_rad))
    happening = record(event, LEAD_S, {role: item.name for role, item in cast.items()})
    return replace(_scene(tuple(items), size, happening.end_s), events=(happening,))


def _avatar_part(event: str, role: str, colour: str, rng: np.random.Generator) -> ObjectSpec:
    able = [name for name, kind in AVATARS.items() if kind.proportions.legs == 2]
    return _avatar(able[zlib.crc32(f"{event} {role}".encode()) % len(able)], FRONT, rng, colour)


def _part(event: str, role: str, colour: str) -> ObjectSpec:
    """An object that may play the role, of a moderate size."""
    kind = EVENTS[event]
    allowed = sorted(kind.shapes.get(role) or ("cube", "brick", "cylinder"))
    shape = allowed[zlib.crc32(f"{event} {role}".encode()) % len(allowed)]
    bulk_m = 0.6 * kind.bulk.get(role, 1.0)
    return _object(shape, colour, bulk_m / float(np.prod(shapes.extent_m(shape, 1.0))) ** (1 / 3))


# Camera moves and places


def _camera_specimens(name: str, size: Format) -> Iterator[Specimen]:
    """One row for each direction; two sides of a move that has but one."""
    kind = CAMERA_MOVES[name]
    rows = [(sense, view) for sense, view in zip(kind.directions, (FRONT, LEFT_CORNER), strict=False)]
    rows += [(sense, LEFT_CORNER) for sense, _ in rows[:1] if len(rows) == 1]
    for sense, view in rows:
        label = f"{kind.directions[sense]} · {view.label}".removeprefix(" · ")
        yield Specimen(label, _feasible(name, functools.partial(_moved, name, sense, view, size, (PLACE, 0))))


def _moved(name: str, sense: int, view: View, size: Format, place: tuple[str, int], rng: np.random.Generator) -> SceneSpec:
    """Three objects and a camera that moves; a move that follows has one of them to follow."""
    kind = CAMERA_MOVES[name]
    duration_s = round(float(np.mean(kind.seconds)), 3)
    items = _still_life()
    if kind.follows:
        walk = MOTIONS["slide"].sample(rng, Cue(duration_s, shapes.extent_m(items[0].shape, items[0].size_m)))
        subject = _object("car", "red", 0.9, -0.9, -0.9)  # in front of the others, which it passes
        items = (replace(subject, actions=(object_motion.act(walk, LEAD_S),)), items[1], _object("cone", "yellow", 0.7, 0.1, 0.9))
    shot = camera_move.act(kind.sample(rng, CameraCue(duration_s, sense, DIFFICULTY)), LEAD_S)
    spec = _looked_at(_scene(items, size, shot.end_s, *place), view, (0.0, 0.0, 0.7), 6.6)
    return replace(spec, camera=replace(spec.camera, moves=(shot,), subject=items[0].name if kind.follows else None))


def _still_life() -> tuple[ObjectSpec, ...]:
    return (_object("car", "red", 0.9, -0.9, -0.3), _object("cube", "blue", 0.6, 0.8, 0.5), _object("cone", "yellow", 0.7, 0.4, -1.0))


def _environment_specimens(name: str, size: Format) -> Iterator[Specimen]:
    """Two layouts, by a camera that arcs around the stage."""
    for layout, (sense, view) in enumerate(((1, View("from the right", 30, 10)), (-1, View("from the left, higher up", -30, 22)))):
        spec = _moved("arc", sense, view, size, (name, layout), np.random.default_rng(layout))
        yield Specimen(f"{view.label} · layout {layout}", spec)


_MAKERS: Mapping[str, Callable[[str, Format], Iterator[Specimen]]] = {
    "motions": _motion_specimens,
    "avatar_motions": _avatar_motion_specimens,
    "avatars": _avatar_specimens,
    "events": _event_specimens,
    "cameras": _camera_specimens,
    "environments": _environment_specimens,
}


# Filming


def _scene(items: tuple[ObjectSpec, ...], size: Format, end_s: float = 0.0, place: str = PLACE, layout: int = 0) -> SceneSpec:
    """A clip as long as what happens in it; its camera is still to be placed."""
    actions: list[Action] = [action for item in items for action in item.actions]
    last_s = max([end_s, 1.0, *(action.end_s for action in actions)])
    timeline = Timeline(math.ceil((last_s + LEAD_S) * size.fps), size.fps)
    camera = CameraSpec("front", (0.0, -7.0, 2.0), (0.0, 0.0, 0.7), FOCAL_LENGTH_MM, width_px=size.width_px, height_px=size.height_px)
    light: LightSpec = ENVIRONMENTS[place]().light(np.random.default_rng(layout))
    return SceneSpec("specimen", "gallery", 0, 0, timeline, EnvironmentSpec(place, layout), light, items, camera)


def _filmed(spec: SceneSpec, view: View) -> SceneSpec:
    """Moved to the middle of the stage, and filmed by a still camera from where all of it can be seen."""
    points_m, radius_m = _extremes_m(spec, solve(spec))
    low, high = (points_m - radius_m[:, None]).min(axis=0), (points_m + radius_m[:, None]).max(axis=0)
    x, y, z = ((np.maximum(low, (-np.inf, -np.inf, 0.0)) + high) / 2).tolist()
    items = tuple(replace(item, position_m=(item.position_m[0] - x, item.position_m[1] - y, item.position_m[2])) for item in spec.objects)
    distance_m = _distance_m(points_m - (x, y, z), radius_m, view, spec.camera)
    return _looked_at(replace(spec, objects=items), view, (0.0, 0.0, z), float(np.clip(distance_m, NEAREST_M, FURTHEST_M)))


def _extremes_m(spec: SceneSpec, paths: Trajectories) -> tuple[Array, Array]:
    """Balls that hold everything, always: ``(point, 3)`` their middles, ``(point,)`` their radii."""
    points, radii = [], []
    for item in spec.objects:
        limbs = paths.limbs(item.name)
        around_m = float(np.linalg.norm(bodies.extent_m(item.shape, item.size_m))) / 2
        for limb, pose in limbs.items() or (("", paths.pose(item.name)),):
            points.append(pose.position_m)
            radii.append((_limb_reach(limb, "tail" in limbs) * item.size_m if limb else around_m) * pose.scale)
    return np.concatenate(points), np.concatenate(radii)


def _limb_reach(limb: str, on_four: bool) -> float:
    """How far a limb goes from its hinge, in heights of the body: heads wear hats, and the shins of animals end in paws."""
    return 0.27 if limb == "head" else 0.3 if on_four and limb.endswith("shin") else 0.16


def _distance_m(points_m: Array, radius_m: Array, view: View, camera: CameraSpec) -> float:
    """How far from the target, the origin here, a camera sees all balls whole."""
    right, up, forward = geometry.camera_axes(geometry.look_at(view.direction, np.zeros(3)).as_quat(scalar_first=True))
    half_width = camera.sensor_width_mm / (2 * camera.focal_length_mm) / SPARE  # of the picture, 1 m ahead
    half_height = half_width * camera.height_px / camera.width_px
    across, along = np.abs(points_m @ right) + radius_m, np.abs(points_m @ up) + radius_m
    return float(np.max(np.maximum(across / half_width, along / half_height) - points_m @ forward))


def _looked_at(spec: SceneSpec, view: View, target_m: Vector, distance_m: float) -> SceneSpec:
    x, y, z = (np.asarray(target_m) + distance_m * view.direction).tolist()
    return replace(spec, camera=replace(spec.camera, viewpoint=view.label, position_m=(x, y, z), target_m=target_m))
