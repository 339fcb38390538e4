"""Where to look for each object: matrices for OpenGL, and the tiles that the truth pass draws. Numpy alone.

A *piece* is what moves as one: a rigid object, or a limb of an avatar. Rectangles are x0, y0, x1, y1 in pixels of the
picture plane, which goes on beyond the picture's edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.bodies import part_poses
from scenes.geometry import Array
from scenes.types import Trajectories

NEAR_M, FAR_M = 0.05, 200.0
TOUCHING_M = 1e-4  # a floor that reaches no higher than this into an object's bounds hides nothing of it from above


@dataclass(frozen=True)
class Coverage:
    """How much of each object is where, at the checked frames; areas in pixels of the full picture.

    ``alone_px``, ``on_screen_px``, ``visible_px`` ``(object, check)``: its silhouette drawn alone, the part of that
    inside the picture, and the part of that with nothing in front of it; ``box_px (object, check, 4)``: x0, y0, x1, y1
    of the visible part, NaN where nothing is visible. The areas are 0 for an object behind the camera.
    """

    alone_px: Array
    on_screen_px: Array
    visible_px: Array
    box_px: Array

    @property
    def visible_fraction(self) -> Array:
        """``(object, check)``: the visible part of the silhouette; 0 where there is no silhouette."""
        return self.visible_px / np.maximum(self.alone_px, 1e-9)


@dataclass(frozen=True)
class Extent:
    """What bodies may cover at each frame: ``rectangle_px (body, check, 4)``; ``nearest_m``, ``farthest_m (body, check)`` in depth."""

    rectangle_px: Array
    nearest_m: Array
    farthest_m: Array


class Layout:
    """The tiles of a clip: one for each object at each frame where any of it is in front of the camera.

    Args:
        frames: ``(check,)``.
        models: ``(piece, check, 4, 4)`` from the pieces' coordinates to the world.
        corners: ``(piece, 8, 3)`` of the pieces' bounding boxes, in their coordinates.
        parts: ``(part, 2, 3)`` lowest and highest corners of the environment's surfaces.
        tile_px: pixels a side of a tile.
        wanted: ``(object, check)``: which tiles to lay out; all that can be, when None.

    ``subject (tile,)`` and ``check (tile,)`` are the row of the object that a tile is about and that of its frame.
    ``owner (piece,)`` is the object of a piece. ``over_piece (piece, tile)`` and ``over_part (part, tile)`` tell what may be in front of
    a tile's subject; no piece of its own is.
    """

    def __init__(
        self,
        paths: Trajectories,
        frames: np.ndarray,
        models: Array,
        corners: Array,
        parts: Array,
        tile_px: int,
        wanted: np.ndarray | None = None,
    ) -> None:
        self._picture_px = (paths.width_px, paths.height_px)
        self._models = models
        corners_m = np.einsum("pfij,pkj->pfki", models[..., :3, :3], corners) + models[:, :, None, :3, 3]
        self.owner = owners(paths)
        extent = extent_of(paths, frames, corners_m)
        whole = _of_objects(extent, self.owner)
        self.shape = whole.nearest_m.shape
        self.subject, self.check = np.nonzero((whole.farthest_m > NEAR_M) & (True if wanted is None else wanted))
        self.rectangle_px = _with_margin(whole.rectangle_px[self.subject, self.check], tile_px)
        self.to_clip = clip_matrices(paths, frames[self.check], self.rectangle_px) @ view_matrices(paths, frames)[self.check]
        farthest_m = whole.farthest_m[self.subject, self.check]
        self.over_piece = self._may_cover(extent, farthest_m) & (self.subject != self.owner[:, None])
        part_corners_m = np.broadcast_to(corners_of(parts)[:, None], (len(parts), len(frames), 8, 3))
        self.over_part = self._may_cover(extent_of(paths, frames, part_corners_m), farthest_m)
        low_m = _by_object(np.minimum, corners_m.min(axis=2), self.owner)[self.subject, self.check]
        high_m = _by_object(np.maximum, corners_m.max(axis=2), self.owner)[self.subject, self.check]
        self.over_part &= _may_be_between(parts, low_m, high_m, paths.camera_position_m[frames[self.check]])

    def _may_cover(self, extent: Extent, farthest_m: Array) -> np.ndarray:
        """``(body, tile)``: the body overlaps the tile, and some of it is nearer than the far end of the subject."""
        overlap = _overlap(extent.rectangle_px[:, self.check], self.rectangle_px)
        return overlap & (extent.nearest_m[:, self.check] < farthest_m) & (extent.farthest_m[:, self.check] > NEAR_M)

    def matrices(self, row: int, tiles: np.ndarray) -> Array:
        """``(tile, 4, 4)`` from the coordinates of piece ``row`` to the clip coordinates of each of the tiles."""
        return self.to_clip[tiles] @ self._models[row, self.check[tiles]]

    def coverage(self, silhouette: np.ndarray, covered: np.ndarray) -> Coverage:
        """Areas and boxes from the drawn tiles, two masks ``(tile, y, x)``."""
        shown = silhouette & ~covered
        x = _Pixels(self.rectangle_px[:, 0], self.rectangle_px[:, 2], silhouette.shape[2], self._picture_px[0])
        y = _Pixels(self.rectangle_px[:, 1], self.rectangle_px[:, 3], silhouette.shape[1], self._picture_px[1])
        area_px = x.step_px * y.step_px
        return Coverage(
            alone_px=self._scatter(np.count_nonzero(silhouette, axis=(1, 2)) * area_px, 0.0),
            on_screen_px=self._scatter(_weigh(silhouette, y, x) * area_px, 0.0),
            visible_px=self._scatter(_weigh(shown, y, x) * area_px, 0.0),
            box_px=self._scatter(_box(shown, y, x), np.nan),
        )

    def _scatter(self, values: Array, fill: float) -> Array:
        """From ``(tile, ...)`` to ``(object, check, ...)``."""
        table = np.full((*self.shape, *values.shape[1:]), fill)
        table[self.subject, self.check] = values
        return table


def view_matrices(paths: Trajectories, frames: np.ndarray) -> Array:
    """``(check, 4, 4)`` from world to camera coordinates."""
    turn = geometry.rotation(paths.camera_quaternion_wxyz[frames]).as_matrix().swapaxes(1, 2)
    return _affine(turn, -np.einsum("fij,fj->fi", turn, paths.camera_position_m[frames]))


def model_matrices(paths: Trajectories, frames: np.ndarray, sizes_m: Array) -> Array:
    """``(piece, check, 4, 4)`` from the coordinates of meshes of size 1 to the world, for the sizes of the objects ``(object,)``."""
    poses = [pose for name in paths.names for pose in part_poses(paths, name)]
    quaternions = np.stack([pose.quaternion_wxyz[frames] for pose in poses])
    turn = geometry.rotation(quaternions.reshape(-1, 4)).as_matrix().reshape(*quaternions.shape[:2], 3, 3)
    scale = np.stack([pose.scale[frames] for pose in poses]) * sizes_m[owners(paths), None]
    return _affine(turn * scale[..., None, None], np.stack([pose.position_m[frames] for pose in poses]))


def owners(paths: Trajectories) -> np.ndarray:
    """``(piece,)``: the row of the object that each piece belongs to."""
    return np.repeat(np.arange(len(paths.names)), [len(part_poses(paths, name)) for name in paths.names])


def clip_matrices(paths: Trajectories, frames: np.ndarray, rectangle_px: Array) -> Array:
    """``(tile, 4, 4)`` from camera to clip coordinates that show one rectangle each at the tile's frame ``(tile,)``.

    The projection is `scenes.geometry.project`'s. Clip y points down, so that the first row read back is the uppermost.
    """
    x0, y0, x1, y1 = rectangle_px.T
    focal_px = paths.focal_px[frames]
    matrix = np.zeros((len(frames), 4, 4))
    matrix[:, 0, 0] = 2 * focal_px / (x1 - x0)
    matrix[:, 0, 2] = (x1 + x0 - paths.width_px) / (x1 - x0)
    matrix[:, 1, 1] = -2 * focal_px / (y1 - y0)
    matrix[:, 1, 2] = (y1 + y0 - paths.height_px) / (y1 - y0)
    matrix[:, 2, 2] = -(FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    matrix[:, 2, 3] = -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M)
    matrix[:, 3, 2] = -1.0
    return matrix


def extent_of(paths: Trajectories, frames: np.ndarray, points_m: Array) -> Extent:
    """What bodies within the convex hulls of world points ``(body, check, point, 3)`` may cover.

    A body that reaches behind the camera may cover anything: it gets the picture with one more on every side.
    """
    camera = paths.camera_position_m[frames], paths.camera_quaternion_wxyz[frames], paths.focal_px[frames]
    points_m = np.ascontiguousarray(points_m.transpose(1, 2, 0, 3))  # (check, point, body, 3): extremes over a short last axis are slow
    pixels, depth_m = geometry.project(points_m, *camera, paths.width_px, paths.height_px)
    rectangle = np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=-1).swapaxes(0, 1)
    nearest_m, farthest_m = depth_m.min(axis=1).T, depth_m.max(axis=1).T
    width_px, height_px = paths.width_px, paths.height_px
    rectangle[nearest_m <= NEAR_M] = (-width_px, -height_px, 2 * width_px, 2 * height_px)
    return Extent(rectangle, nearest_m, farthest_m)


class _Pixels:
    """The columns (or rows) of tiles: ``low``, ``high``, ``inside`` ``(tile, pixel)``, the last the share inside the picture.

    ``low`` and ``high`` are edges in pixels of the picture, clipped to it; ``step_px (tile,)`` is the spacing.
    """

    def __init__(self, start_px: Array, end_px: Array, count: int, picture_px: int) -> None:
        edges = start_px[:, None] + (end_px - start_px)[:, None] * np.linspace(0.0, 1.0, count + 1)
        clipped = np.clip(edges, 0.0, picture_px)
        self.step_px = (end_px - start_px) / count
        self.low, self.high = clipped[:, :-1], clipped[:, 1:]
        self.inside = (self.high - self.low) / self.step_px[:, None]


def _weigh(mask: np.ndarray, y: _Pixels, x: _Pixels) -> Array:
    """``(tile,)``: pixels of masks ``(tile, y, x)``, each weighed by its share inside the picture."""
    by_row = np.matmul(mask.astype(np.float32), x.inside.astype(np.float32)[..., None])[..., 0]
    return np.sum(by_row * y.inside, axis=1)


def _box(mask: np.ndarray, y: _Pixels, x: _Pixels) -> Array:
    """``(tile, 4)``: x0, y0, x1, y1 in pixels of the picture around masks ``(tile, y, x)``, NaN for empty ones."""
    columns, rows = mask.any(axis=1) & (x.inside > 0), mask.any(axis=2) & (y.inside > 0)
    low = [np.where(used, pixels.low, np.inf).min(axis=1) for pixels, used in ((x, columns), (y, rows))]
    high = [np.where(used, pixels.high, -np.inf).max(axis=1) for pixels, used in ((x, columns), (y, rows))]
    box = np.stack([*low, *high], axis=-1)
    return np.where(np.isfinite(box).all(axis=1, keepdims=True), box, np.nan)


def _affine(linear: Array, offset: Array) -> Array:
    matrix = np.zeros((*linear.shape[:-2], 4, 4))
    matrix[..., :3, :3], matrix[..., :3, 3], matrix[..., 3, 3] = linear, offset, 1.0
    return matrix


def _with_margin(rectangle_px: Array, tile_px: int) -> Array:
    """Room for one pixel of the tile on every side, so that no silhouette touches the tile's edge."""
    centre = (rectangle_px[:, :2] + rectangle_px[:, 2:]) / 2
    half = (rectangle_px[:, 2:] - rectangle_px[:, :2]) / 2 * tile_px / (tile_px - 2)
    return np.concatenate([centre - half, centre + half], axis=1)


def _overlap(some_px: Array, others_px: Array) -> np.ndarray:
    """Whether rectangles ``(..., 4)`` have a point in common."""
    return np.all((some_px[..., :2] < others_px[..., 2:]) & (some_px[..., 2:] > others_px[..., :2]), axis=-1)


def corners_of(bounds_m: Array) -> Array:
    """``(..., 8, 3)`` corners of boxes ``(..., 2, 3)``."""
    picks = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(8, 3)
    return bounds_m[..., picks, np.arange(3)]


def _of_objects(extent: Extent, owner: np.ndarray) -> Extent:
    """What whole objects may cover, from what their pieces may."""
    low, high = np.split(extent.rectangle_px, 2, axis=-1)
    rectangle = np.concatenate([_by_object(np.minimum, low, owner), _by_object(np.maximum, high, owner)], axis=-1)
    return Extent(rectangle, _by_object(np.minimum, extent.nearest_m, owner), _by_object(np.maximum, extent.farthest_m, owner))


def _by_object(extreme: np.ufunc, values: Array, owner: np.ndarray) -> Array:
    """The extreme of ``values (piece, ...)`` over each object's pieces, which follow one another."""
    return extreme.reduceat(values, np.flatnonzero(np.diff(owner, prepend=-1)), axis=0)


def _may_be_between(parts_m: Array, low_m: Array, high_m: Array, camera_m: Array) -> np.ndarray:
    """``(part, tile)``: the part's bounds meet the bounds of the camera and the subject taken together.

    Args:
        parts_m: ``(part, 2, 3)``; bounds of the subjects ``low_m``, ``high_m (tile, 3)``; ``camera_m (tile, 3)``.
    """
    low = np.minimum(low_m, camera_m) + TOUCHING_M
    high = np.maximum(high_m, camera_m) - TOUCHING_M
    return np.all((parts_m[:, None, 0] < high) & (parts_m[:, None, 1] > low), axis=-1)
