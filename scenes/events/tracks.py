"""What events are built of: bodies that meet squarely, closed-form ways to go, and films that run backwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from scenes import geometry
from scenes.events.event import EventCue
from scenes.geometry import Array
from scenes.rejection import Rejected
from scenes.types import Pose, Vector

ROOM_M = 4.0  # from end to end of an event
GAP = (0.7, 1.1)  # between two that start apart, against their size along the heading
GAP_M = (0.42, 0.7)  # the same, at the least and at the most
SQUARE = ("bus", "crate", "cube", "cylinder", "drum")  # touch along x where their bounding boxes do, and have a flat top
Poses = Mapping[str, Pose]


def pose(t_s: Array, x: ArrayLike = 0.0, y: ArrayLike = 0.0, z: ArrayLike = 0.0, turned: geometry.Rotation | None = None) -> Pose:
    """Offsets, each ``(frame,)`` or one number, and rotations of as many frames (none by default)."""
    offset = np.stack(np.broadcast_arrays(x, y, z, t_s)[:3], axis=-1).astype(float)
    upright = np.tile(geometry.IDENTITY_WXYZ, (len(t_s), 1))
    return Pose(offset, upright if turned is None else geometry.wxyz(turned), np.ones(len(t_s)))


def half_m(extent_m: Vector) -> float:
    """Half of the size along the heading."""
    return extent_m[0] / 2


def radius_m(extent_m: Vector) -> float:
    """Of the smallest upright cylinder around a body."""
    return float(np.hypot(extent_m[0], extent_m[1])) / 2


def draw_apart_m(rng: np.random.Generator, cue: EventCue, least_m: float = 0.0) -> float:
    """From centre to centre of two that start apart, one ahead of the other along the heading.

    It follows from their sizes and from nothing else, so that no first frame tells which event is about to happen. Draw it
    before anything else.

    Args:
        least_m: what the event needs; only wide and shallow bodies need more than is drawn.
    """
    length_m = sum(map(half_m, cue.extent_m.values()))
    gap_m = np.clip(length_m * cue.amplitude(rng, *GAP), *GAP_M)
    return max(float(length_m + gap_m), least_m)


def side_by_side(roles: tuple[str, ...], apart_m: float, shift_m: float = 0.0) -> dict[str, Vector]:
    """The places of two, the first behind the second; the middle between them is ``shift_m`` ahead of the origin."""
    return {roles[0]: (shift_m - apart_m / 2, 0.0, 0.0), roles[1]: (shift_m + apart_m / 2, 0.0, 0.0)}


def require_room(length_m: float) -> None:
    """Raise Rejected when an event of that length from end to end has no room."""
    if length_m > ROOM_M:
        raise Rejected("staging", "the event needs a larger stage")


def fitting(bodies_m: float, *ways_m: float) -> tuple[float, ...]:
    """Ways, as much shorter as it takes for them and the bodies to have room in a row. Raises Rejected when that is too much."""
    share = min(1.0, (ROOM_M - bodies_m) / sum(ways_m))
    if share < 0.5:
        raise Rejected("staging", "the event needs a larger stage")
    return tuple(share * way for way in ways_m)


def set_off(t_s: Array, ramp_s: float) -> Array:
    """Way of a body that gets up to a speed of 1 evenly over ``ramp_s``, and keeps it."""
    ramp = np.clip(t_s, 0.0, ramp_s)
    return np.asarray(ramp**2 / (2 * ramp_s) + np.maximum(t_s - ramp_s, 0.0))


def coast(t_s: Array, speed_m_s: float, slowing_m_s2: float) -> Array:
    """Way of a body that is let go at time 0 with a speed of either sign, and is slowed down evenly until it stands still."""
    rolling_s = np.clip(t_s, 0.0, abs(speed_m_s) / slowing_m_s2)
    return np.asarray(speed_m_s * rolling_s - np.sign(speed_m_s) * slowing_m_s2 * rolling_s**2 / 2)


def lift_over(u: Array, distance_m: float, height_m: float, final_m: float) -> tuple[Array, Array]:
    """x and z of a body that rises, goes across at a height, and is let down to another one, as u goes from 0 to 1.

    It has gone all the way across before it is let down by more than a hair's breadth.
    """
    across = distance_m * geometry.ease((u - 0.2) / 0.48)
    up = height_m * geometry.ease(u / 0.36) - (height_m - final_m) * geometry.ease((u - 0.64) / 0.36)
    return across, up


def way_round(u: Array, before_m: float, beyond_m: float, aside_m: float) -> tuple[Array, Array]:
    """x and y of a body from ``before_m`` before another to ``beyond_m`` beyond it, round half an ellipse, as u goes from 0 to 1."""
    angle = np.pi * u
    return np.asarray((before_m + beyond_m) / 2 * (1 - np.cos(angle))), np.asarray(aside_m * np.sin(angle))


def clear_aside_m(first: Vector, second: Vector, before_m: float, beyond_m: float, spare_m: float) -> float:
    """How wide that ellipse must be for two boxes of these extents to keep ``spare_m`` from each other."""
    overlap_m, half_way_m = half_m(first) + half_m(second) + spare_m, (before_m + beyond_m) / 2
    cosines = [(before_m - half_way_m - side * overlap_m) / half_way_m for side in (-1, 1)]
    lowest = min(float(np.sqrt(max(1.0 - cosine**2, 0.01))) for cosine in cosines)
    return ((first[1] + second[1]) / 2 + spare_m) / lowest


def round_trip(angle_rad: ArrayLike, radius: float) -> tuple[Array, Array]:
    """Offset, at each angle, of a body on a circle around a point that lies ``radius`` to its left and that it starts along +x."""
    angle = np.asarray(angle_rad, float)
    return np.asarray(radius * np.sin(angle)), np.asarray(radius * (1 - np.cos(angle)))


def reversed_poses(forwards: Callable[[Array], Poses], t_s: Array, duration_s: float) -> dict[str, Pose]:
    """The poses of a film that runs backwards, from where the other ends. For bodies that only shift."""
    ends, found = forwards(np.array([duration_s])), forwards(duration_s - np.asarray(t_s))
    return {role: replace(each, position_m=each.position_m - ends[role].position_m) for role, each in found.items()}


def final_places(places: Mapping[str, Vector], forwards: Callable[[Array], Poses], duration_s: float) -> dict[str, Vector]:
    """Where each role's object is when an event is over."""
    ends = forwards(np.array([duration_s]))
    return {role: shifted(place, ends[role].position_m[0]) for role, place in places.items()}


def shifted(place: Vector, offset_m: Array) -> Vector:
    """A place moved by an offset ``(3,)``."""
    x, y, z = np.asarray(place, float) + offset_m
    return float(x), float(y), float(z)
