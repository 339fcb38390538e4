"""What an object is made of: one rigid part, or the limbs of an avatar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from scenes import geometry, shapes
from scenes.avatars.avatar import AVATARS
from scenes.avatars.hold import posture
from scenes.avatars.skeleton import limb_poses
from scenes.colours import COLOURS
from scenes.patterns import plain
from scenes.shapes import Surface
from scenes.types import ObjectSpec, Pattern, Pose, Trajectories, Vector, require


@dataclass(frozen=True)
class Part:
    """A rigid part: "" for an object that is one, else the name of a limb; its surfaces in its own frame."""

    name: str
    surfaces: tuple[Surface, ...]


def is_avatar(shape: str) -> bool:
    """Whether a shape's name is that of an avatar."""
    return shape in AVATARS


def parts(item: ObjectSpec) -> tuple[Part, ...]:
    """The painted rigid parts of an object, in the order of `part_poses`.

    Raises:
        UnknownName: (a ValueError) no such shape or avatar.
        ValueError: no such colour, or a size that is not above 0.
    """
    if not is_avatar(item.shape):
        return (Part("", shapes.surfaces(item.shape, item.size_m, item.pattern, item.colour)),)
    limbs = _limbs(item.shape, item.pattern, item.colour)
    return tuple(Part(name, tuple(_grown(surface, item.size_m) for surface in limb)) for name, limb in limbs.items())


def part_poses(paths: Trajectories, name: str) -> tuple[Pose, ...]:
    """World pose of each part of an object over the clip."""
    return tuple(paths.limbs(name).values()) or (paths.pose(name),)


def noun(shape: str) -> str:
    """What questions call an object of that shape, without its colour."""
    return AVATARS[shape].noun if is_avatar(shape) else shapes.SHAPES[shape].noun


def called(shape: str, colour: str) -> str:
    """How questions call an object: "red ball", "woman in red"."""
    return AVATARS[shape]().called(colour) if is_avatar(shape) else f"{colour} {noun(shape)}"


def extent_m(shape: str, size_m: float) -> Vector:
    """Full size of an object at rest along its own x, y and z: of an avatar, standing with its arms hanging."""
    if not is_avatar(shape):
        return shapes.extent_m(shape, size_m)
    require(np.isfinite(size_m) and size_m > 0, "size_m", size_m, "a size above 0")
    length, width, height = _unit_extent(shape)
    return (size_m * length, size_m * width, size_m * height)


@cache
def _unit_extent(avatar: str) -> Vector:
    proportions = AVATARS[avatar].proportions
    poses = limb_poses(posture("standing", 1, proportions.legs), proportions, 1.0)
    limbs = _limbs(avatar, plain(COLOURS["white"]), "white")
    points = np.concatenate([_placed(poses[name], surface) for name, limb in limbs.items() for surface in limb])
    length, width, height = np.ptp(points, axis=0)
    return (float(length), float(width), float(height))


def _placed(pose: Pose, surface: Surface) -> geometry.Array:
    return pose.position_m[0] + geometry.rotation(pose.quaternion_wxyz[0]).apply(surface.solid.vertices)


@lru_cache(maxsize=8)
def _limbs(avatar: str, pattern: Pattern, colour: str) -> Mapping[str, tuple[Surface, ...]]:
    """The surfaces of each limb, at a standing height of 1 m, in the order of the skeleton's limbs."""
    require(colour in COLOURS, "colour", colour, f"one of {', '.join(COLOURS)}")
    kind = AVATARS[avatar]
    drawn = kind().surfaces(pattern, colour)
    return {name: drawn[name] for name in limb_poses(posture("standing", 1, kind.proportions.legs), kind.proportions, 1.0)}


def _grown(surface: Surface, size_m: float) -> Surface:
    return replace(surface, solid=surface.solid.scaled(size_m))
