"""What is true of the surface in each pixel: who it is, how far, which way it faces, and where it is at another frame.

All of it follows from one picture, in which each pixel holds the number of the triangle seen at its centre
(`TruthPass.faces`), and from the matrices of that triangle's piece, in double precision: on a plane, one over the depth
is linear in the picture (Hartley & Zisserman 2004, ch. 13), and a piece that moves takes its plane along.

Camera coordinates are OpenCV's here: x right, y down, z forward. A value belongs to the centre of its pixel: that of
column j and row i is at (j + 0.5, i + 0.5), the origin being the upper left corner of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from generator import truth_pass
from generator.annotations import OCCLUDED, OUT_OF_VIEW, UNKNOWN, VISIBLE, Flow
from generator.tiles import NEAR_M, model_matrices, owners, view_matrices
from scenes.geometry import Array
from scenes.types import SceneSpec, Trajectories

TO_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])
SLOPE_PX = 1.0  # a point less deep than the surface seen one pixel aside counts as visible,
DEEPER = 1e-4  # and so does one that is deeper by this share


def world_to_camera(paths: Trajectories) -> Array:
    """``(frame, 4, 4)`` from world to camera coordinates of OpenCV's convention (x right, y down, z forward)."""
    return TO_OPENCV @ view_matrices(paths, np.arange(paths.num_frames))


def intrinsics_px(paths: Trajectories) -> Array:
    """``(frame, 3, 3)``: pixels (x, y, 1) are proportional to it times camera coordinates of OpenCV's convention."""
    matrices = np.tile(
        np.array([[0.0, 0.0, paths.width_px / 2], [0.0, 0.0, paths.height_px / 2], [0.0, 0.0, 1.0]]), (paths.num_frames, 1, 1)
    )
    matrices[:, 0, 0] = matrices[:, 1, 1] = paths.focal_px
    return matrices


@dataclass(frozen=True, eq=False)
class View:
    """One frame.

    ``faces (height, width)`` is the triangle seen, 0 for the sky. Of each triangle (those not seen have zeros):
    ``piece (face,)``; ``labels (face,)`` as in masks; ``planes (3, face)``: (x, y, 1) times it is one over the depth in metres;
    ``least``, ``most (face,)``: of that, on the triangle; ``normals (face, 3)``: unit, in camera coordinates, towards the camera.
    ``camera (piece, 4, 4)`` takes each piece to camera coordinates; ``intrinsics (3, 3)``.
    """

    frame: int
    faces: np.ndarray
    piece: np.ndarray
    labels: np.ndarray
    planes: Array
    least: Array
    most: Array
    normals: Array
    camera: Array
    intrinsics: Array

    @cached_property
    def mask(self) -> np.ndarray:
        """``(height, width)`` uint8: the object's row plus 1; 0 where there is none."""
        return self.labels[self.faces]

    @cached_property
    def inverse_depth(self) -> Array:
        """``(height, width)``: one over the depth along the optical axis, in metres; 0 in the sky."""
        height_px, width_px = self.faces.shape
        x, y = np.arange(width_px) + 0.5, np.arange(height_px) + 0.5
        across, down, offset = (coefficient[self.faces] for coefficient in self.planes)
        found = across * x + down * y[:, None] + offset
        return np.clip(found, self.least[self.faces], self.most[self.faces], out=found)  # a triangle seen edge-on is all slope

    @cached_property
    def depth_m(self) -> Array:
        """``(height, width)``: along the optical axis; infinite in the sky."""
        with np.errstate(divide="ignore"):
            return 1 / self.inverse_depth

    @cached_property
    def normal(self) -> Array:
        """``(height, width, 3)``: of the triangle, in camera coordinates; zeros in the sky."""
        return self.normals[self.faces]

    def flow(self, other: View) -> Flow:
        """Where what is seen here is at another frame."""
        height_px, width_px = self.faces.shape
        x, y = np.arange(width_px) + 0.5, np.arange(height_px) + 0.5
        there = self._homogeneous(other, x, y)
        ahead = there[2] > NEAR_M * np.maximum(self.inverse_depth, 1e-9)
        with np.errstate(divide="ignore", invalid="ignore"):
            target = np.where(ahead, there[:2] / there[2], np.nan)
            state = other.state(target[0], target[1], self.inverse_depth / there[2])
        return Flow(np.stack([target[0] - x, target[1] - y[:, None]], axis=-1), np.where(ahead, state, UNKNOWN).astype(np.uint8))

    def state(self, x_px: Array, y_px: Array, inverse_depth: Array) -> np.ndarray:
        """Whether points at such places of the picture plane, of any shape, can be seen. NaN are out of view."""
        height_px, width_px = self.faces.shape
        inside = (x_px >= 0) & (x_px < width_px) & (y_px >= 0) & (y_px < height_px)
        column, row = (np.where(inside, each, 0).astype(np.intp) for each in (x_px, y_px))
        face = self.faces[row, column]
        across, down, offset = (coefficient[face] for coefficient in self.planes)
        surface = np.clip(across * x_px + down * y_px + offset, self.least[face], self.most[face])
        hidden = inverse_depth < surface * (1 - DEEPER) - SLOPE_PX * (np.abs(across) + np.abs(down))
        return np.where(inside, np.where(hidden, OCCLUDED, VISIBLE), OUT_OF_VIEW).astype(np.uint8)

    def _homogeneous(self, other: View, x: Array, y: Array) -> Array:
        """``(3, height, width)``: homogeneous pixels at another frame; the last one is the depth there over the depth here."""
        matrices = _pixels_to_pixels(self, other)
        scenery = matrices[0]
        there = np.multiply.outer(scenery[:, 3], self.inverse_depth)
        there += (scenery[:, :1] * x)[:, None, :] + (scenery[:, 1:2] * y + scenery[:, 2:3])[:, :, None]
        row, column = np.nonzero(self.mask)
        points = np.stack([x[column], y[row], np.ones(len(row)), self.inverse_depth[row, column]], axis=1)
        there[:, row, column] = np.einsum("nij,nj->in", matrices[self.piece[self.faces[row, column]]], points)
        return there


class Surfaces:
    """The surfaces of a clip, and what the camera sees of them. Raises RuntimeError when there is no software OpenGL."""

    def __init__(self, spec: SceneSpec, paths: Trajectories) -> None:
        self.spec, self.paths = spec, paths
        triangles = truth_pass.shared().triangles(spec)
        self._piece, self._corners = triangles.piece, triangles.corners
        self._labels = np.append(0, owners(paths) + 1).astype(np.uint8)[self._piece]
        self._to_camera, self._intrinsics = world_to_camera(paths), intrinsics_px(paths)

    def views(self, frames: Sequence[int] | np.ndarray) -> Iterator[View]:
        """What is seen at each of the frames."""
        for frame, faces in zip(frames, truth_pass.shared().faces(self.spec, self.paths, frames), strict=True):
            yield self._view(int(frame), faces)

    def models(self, frames: Sequence[int] | np.ndarray) -> Array:
        """``(piece, check, 4, 4)`` from each piece's coordinates to the world; piece 0 is the environment."""
        moving = model_matrices(self.paths, np.asarray(frames), truth_pass.sizes_m(self.spec))
        return np.concatenate([np.broadcast_to(np.eye(4), (1, len(frames), 4, 4)), moving])

    def _view(self, frame: int, faces: np.ndarray) -> View:
        camera = self._to_camera[frame] @ self.models([frame])[:, 0]
        seen = np.flatnonzero(np.bincount(faces.ravel(), minlength=len(self._piece)))
        seen = seen[seen > 0]
        matrix = camera[self._piece[seen]]
        corners = np.einsum("nij,nkj->nki", matrix[:, :3, :3], self._corners[seen]) + matrix[:, None, :3, 3]
        planes, least, most, normals = (np.zeros((len(self._piece), *shape)) for shape in ((3,), (), (), (3,)))
        intrinsics = self._intrinsics[frame]
        planes[seen], normals[seen] = _planes(corners, intrinsics)
        least[seen], most[seen] = _range(corners[..., 2])
        return View(
            frame,
            faces,
            self._piece,
            self._labels,
            np.ascontiguousarray(planes.T),
            least,
            most,
            normals.astype(np.float32),
            camera,
            intrinsics,
        )


def _planes(corners: Array, intrinsics: Array) -> tuple[Array, Array]:
    """Planes and normals, as `View` has them, of triangles ``(face, 3, 3)`` in camera coordinates."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    distance = np.sum(normals * corners[:, 0], axis=1)  # of the plane from the camera, times the normal's length
    with np.errstate(divide="ignore", invalid="ignore"):
        planes = normals / distance[:, None] @ np.linalg.inv(intrinsics)
        normals *= -np.sign(distance)[:, None] / np.linalg.norm(normals, axis=1, keepdims=True)
    return np.nan_to_num(planes, posinf=0.0, neginf=0.0), np.nan_to_num(normals)


def _range(depth_m: Array) -> tuple[Array, Array]:
    """The least and the most of one over the depth on triangles with corners at ``depth_m (face, 3)``, as far as they can be seen."""
    inverse = 1 / np.maximum(depth_m, NEAR_M)
    return inverse.min(axis=1), inverse.max(axis=1)


def _pixels_to_pixels(here: View, there: View) -> Array:
    """``(piece, 3, 4)``: takes (x, y, 1, one over the depth) here to homogeneous pixels there."""
    moved = there.camera @ np.linalg.inv(here.camera)
    from_pixels = np.linalg.inv(here.intrinsics)
    matrices = there.intrinsics @ moved[:, :3]
    matrices[:, :, :3] = matrices[:, :, :3] @ from_pixels
    return matrices
