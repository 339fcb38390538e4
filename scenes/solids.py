"""Primitive solids: closed, welded, outward-facing meshes with a picture coordinate at each corner of each triangle.

Bodies for objects carry the coordinates that the pictures of `scenes.patterns` expect: u once around, v from bottom
to top. `Solid.mapped` replaces them by world-sized ones, for walls and landmarks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from scenes.geometry import Array

Faces = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Solid:
    """``vertices (vertex, 3)`` in metres, ``faces (face, 3)``; ``unwrap`` works out ``uv (face, 3, 2)``.

    Only pictures need uv, so a solid has none until it is asked for it: labels alone are made without.
    """

    vertices: Array
    faces: Faces
    unwrap: Callable[[], Array]

    @cached_property
    def uv(self) -> Array:
        return self.unwrap()

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
        return Solid(self.vertices + (x, y, z), self.faces, self.unwrap)

    def scaled(self, x: float, y: float | None = None, z: float | None = None) -> Solid:
        """Scaled along each axis by positive factors; by ``x`` alike where the others are left out."""
        return Solid(self.vertices * (x, x if y is None else y, x if z is None else z), self.faces, self.unwrap)

    def turned(self, degrees: float, axis: str = "z") -> Solid:
        """Turned about an axis through the origin. For one angle, scipy's ``Rotation`` takes ten times as long."""
        half = math.radians(degrees) / 2
        w, s = math.cos(half), math.sin(half)
        k = "xyz".index(axis)
        i, j = (k + 1) % 3, (k + 2) % 3
        matrix = np.zeros((3, 3))
        matrix[i, i] = matrix[j, j] = w * w - s * s
        matrix[i, j], matrix[j, i], matrix[k, k] = -2 * s * w, 2 * s * w, w * w + s * s
        return Solid(self.vertices @ matrix.T, self.faces, self.unwrap)

    def mapped(self, metres: float) -> Solid:
        """Painted with pictures of ``metres`` × ``metres``, laid on from the four sides and from above."""
        return Solid(self.vertices, self.faces, partial(_mapped_uv, self.vertices, self.faces, metres))

    def mesh(self) -> trimesh.Trimesh:
        return trimesh.Trimesh(self.vertices, self.faces, process=False)


def join(solids: Iterable[Solid]) -> Solid:
    """One solid of several, each still closed in itself."""
    parts = list(solids)
    starts = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    faces = np.concatenate([part.faces for part in parts]) + np.repeat(starts, [len(part.faces) for part in parts])[:, None]
    unwraps = [part.unwrap for part in parts]
    return Solid(np.concatenate([part.vertices for part in parts]), faces, lambda: np.concatenate([unwrap() for unwrap in unwraps]))


def revolve(profile: ArrayLike, segments: int = 36, bevel: float = 0.0) -> Solid:
    """A surface of revolution about z.

    Args:
        profile: ``(point, 2)`` radius and height, from a pole (radius 0) below to a pole above, outward side to the
            right of the way up. It may turn back down (the inside of a cup).
        bevel: radius by which the profile's corners are rounded, so that smooth shading keeps its flat parts flat.
    """
    points = _rounded(np.asarray(profile, float), bevel)
    radius, height = points[1:-1].T
    around = np.multiply.outer(radius, _circle(segments))  # (ring, segment, 2)
    vertices = np.zeros((2 + len(radius) * segments, 3))
    vertices[1:-1, :2] = around.reshape(-1, 2)
    vertices[1:-1, 2] = np.repeat(height, segments)
    vertices[[0, -1], 2] = points[[0, -1], 1]
    return Solid(vertices, _revolved_faces(len(radius), segments), partial(_revolved_uv, points, segments))


@lru_cache(maxsize=64)
def _circle(segments: int) -> Array:
    """``(segment, 2)`` on the unit circle."""
    angle = 2 * np.pi * np.arange(segments) / segments
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@lru_cache(maxsize=64)
def _revolved_faces(rings: int, segments: int) -> Faces:
    ring, step = _cells(rings - 1, segments)
    bottom, after = np.arange(segments), (np.arange(segments) + 1) % segments
    top = 1 + (rings - 1) * segments
    poles = np.zeros_like(bottom), np.full_like(bottom, 1 + rings * segments)
    below, above = np.stack([poles[0], 1 + after, 1 + bottom], 1), np.stack([top + bottom, top + after, poles[1]], 1)
    return _constant(np.concatenate([1 + ring * segments + step % segments, below, above]))


def _revolved_uv(points: Array, segments: int) -> Array:
    """u in equal steps around, v by the length of the profile ``points (point, 2)``, poles included."""
    v = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    v /= v[-1]
    ring, step = _cells(len(points) - 3, segments)
    start = np.arange(segments)
    u0, u1, middle = start / segments, (start + 1) / segments, (start + 0.5) / segments
    below, above = [(middle, v[0]), (u1, v[1]), (u0, v[1])], [(u0, v[-2]), (u1, v[-2]), (middle, v[-1])]
    caps = [np.stack([np.stack(np.broadcast_arrays(*corner), -1) for corner in cap], 1) for cap in (below, above)]
    return np.concatenate([np.stack([step / segments, v[ring + 1]], axis=-1), *caps])


def _cells(rings: int, steps: int) -> tuple[Faces, Faces]:
    """Ring and step, each ``(face, 3)``, of the corners of the two triangles of each cell of a grid."""
    ring, step = np.divmod(np.arange(rings * steps), steps)
    halves = np.array([(0, 1, 2), (0, 2, 3)])
    corners = (ring[:, None] + (0, 0, 1, 1), step[:, None] + (0, 1, 1, 0))
    return corners[0][:, halves].reshape(-1, 3), corners[1][:, halves].reshape(-1, 3)


def _constant(array: Faces) -> Faces:
    """Not to be written to: it is shared."""
    array.setflags(write=False)
    return array


def _rounded(profile: Array, bevel: float) -> Array:
    """Each inner corner replaced by an arc between two points that hold the flat parts flat."""
    if bevel <= 0:
        return profile
    points = [profile[0]]
    for before, corner, after in zip(profile, profile[1:], profile[2:], strict=False):
        back, on = (_towards(corner, end) for end in (before, after))
        start, end = corner + bevel * back, corner + bevel * on
        points += [corner + 1.35 * bevel * back, start, (start + 2 * corner + end) / 4, end, corner + 1.35 * bevel * on]
    return np.array([*points, profile[-1]])


def _towards(point: Array, other: Array) -> Array:
    return (other - point) / np.linalg.norm(other - point)


def ball(radius: float = 0.5, segments: int = 40, rings: int = 22) -> Solid:
    """A sphere about the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)
    profile = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius
    profile[[0, -1], 0] = 0.0
    return revolve(profile, segments)


def cylinder(radius: float, height: float, segments: int = 36, bevel: float = 0.03, top_radius: float | None = None) -> Solid:
    """An upright cylinder (or a cone cut off at ``top_radius``) that stands on z = 0."""
    top = radius if top_radius is None else top_radius
    return revolve([(0, 0), (radius, 0), (top, height), (0, height)], segments, bevel)


def post(radius: float, height: float, segments: int = 10, top_radius: float | None = None) -> Solid:
    """A cylinder on z = 0 of few triangles, for landmarks."""
    top = radius if top_radius is None else top_radius
    hold = 0.02 * height
    return revolve([(0, 0), (radius, 0), (radius, hold), (top, height - hold), (top, height), (0, height)], segments)


def ring(major: float, minor: float, around: int = 44, across: int = 18) -> Solid:
    """A torus about the origin, its axis along y: it stands like a wheel."""
    return bent_tube(major, minor, 2 * np.pi, around, across)


def bent_tube(major: float, minor: float, sweep_rad: float, around: int = 24, across: int = 12) -> Solid:
    """A tube bent in the plane y = 0 along an arc from +x towards +z; closed by caps unless it is a whole ring."""
    whole = bool(np.isclose(sweep_rad, 2 * np.pi))
    rings = around if whole else around + 1
    along, about = np.linspace(0, sweep_rad, rings, endpoint=not whole), 2 * np.pi * np.arange(across) / across
    reach = major + minor * np.cos(about)
    side = np.broadcast_to(minor * np.sin(about), (rings, across))
    vertices = np.stack([np.outer(np.cos(along), reach), side, np.outer(np.sin(along), reach)], axis=-1).reshape(-1, 3)
    ring_index, step = _cells(around, across)
    faces = ring_index % rings * across + step % across
    uv = np.stack([ring_index / around, step / across], axis=-1)
    if whole:
        return Solid(vertices, faces, lambda: uv)
    fan = np.array([(0, j + 1, j) for j in range(1, across - 1)])
    caps = np.concatenate([fan, fan[:, ::-1] + around * across])
    return Solid(vertices, np.concatenate([faces, caps]), lambda: np.concatenate([uv, np.full((len(caps), 3, 2), 0.3)]))


def box(width: float, depth: float, height: float, chamfer: float = 0.0) -> Solid:
    """A cuboid that stands on z = 0, centred on the z axis; ``chamfer`` cuts its edges off."""
    half = np.array([width, depth, height]) / 2
    if chamfer > 0:
        return _chamfered(width, depth, height, chamfer)
    return _around(_SIGNS * half + (0, 0, half[2]), _BOX_FACES)


@lru_cache(maxsize=64)
def _chamfered(width: float, depth: float, height: float, chamfer: float) -> Solid:
    half = np.array([width, depth, height]) / 2
    kept = [_SIGNS * (half - chamfer * (1 - np.eye(3)[axis])) for axis in range(3)]
    return hull(np.concatenate(kept) + (0, 0, half[2]))


_SIGNS = np.array(list(itertools.product((-1, 1), repeat=3)))
_BOX_FACES = _constant(
    np.array(
        [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
    )
)


def hull(points: ArrayLike) -> Solid:
    """The convex hull of ``(point, 3)``; every point must be a corner of it."""
    vertices = np.asarray(points, float)
    found = ConvexHull(vertices)
    corners = vertices[found.simplices]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = np.sum(normals * found.equations[:, :3], axis=1) < 0
    faces = np.where(inward[:, None], found.simplices[:, ::-1], found.simplices).astype(np.int64)
    used, faces = np.unique(faces, return_inverse=True)
    return _around(vertices[used], faces.reshape(-1, 3))


def prism(outline: Sequence[tuple[float, float]], depth: float) -> Solid:
    """An outline in (x, z), counter-clockwise and star-shaped about its mean, given a depth along y about y = 0."""
    flat = np.array(outline, float)
    count = len(flat)
    flat = np.vstack([flat, flat.mean(axis=0)])
    vertices = np.concatenate([np.insert(flat, 1, y, axis=1) for y in (-depth / 2, depth / 2)])
    step = np.arange(count)
    after, back = (step + 1) % count, count + 1
    centre = np.full(count, count)
    front = np.stack([centre, step, after], 1)
    rear = np.stack([centre, after, step], 1) + back
    rim = np.concatenate([np.stack([step, step + back, after + back], 1), np.stack([step, after + back, after], 1)])
    return _around(vertices, np.concatenate([front, rear, rim]))


def _around(vertices: Array, faces: Faces) -> Solid:
    return Solid(vertices, faces, lambda: _around_uv(vertices[faces]))


def _around_uv(corners: Array) -> Array:
    """u around the four upright sides of the bounding cube, v up its middle half; top and bottom take a side's room.

    Args:
        corners: ``(face, 3, 3)``; returns ``(face, 3, 2)``.
    """
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    unit = (corners - (low + high) / 2) / (high - low).max()  # (face, 3, 3) in [-0.5, 0.5]
    side = _dominant_axis(corners)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = np.where(np.take_along_axis(normal, side[:, None], 1)[:, 0] > 0, 1, -1)
    across, up = np.array([1, 0, 0])[side], np.array([2, 2, 1])[side]
    quarter = np.select([side == 2, (side == 0) & (facing > 0), (side == 1) & (facing > 0), side == 0], [0, 0, 1, 2], 3)
    sense = np.select([side == 0, side == 1], [facing, -facing], 1)
    u = (quarter[:, None] + 0.5 + sense[:, None] * _take(unit, across)) / 4
    return np.stack([u, 0.5 + _take(unit, up) / 2], axis=-1)


def _mapped_uv(vertices: Array, faces: Faces, metres: float) -> Array:
    corners = vertices[faces]
    side = _dominant_axis(corners)
    across, up = np.array([1, 0, 0])[side], np.array([2, 2, 1])[side]
    return np.stack([_take(corners, across), _take(corners, up)], axis=-1) / metres


def _dominant_axis(corners: Array) -> NDArray[np.int64]:
    """The axis that each triangle's normal is nearest to; ties go to the earlier axis whatever the rounding."""
    normal = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    return np.argmax(normal * (1.0, 0.999, 0.998), axis=1)


def _take(corners: Array, axis: NDArray[np.int64]) -> Array:
    """``(face, 3)``: of each face's corners, the coordinate along the face's own axis."""
    return np.take_along_axis(corners, axis[:, None, None], axis=2)[..., 0]
