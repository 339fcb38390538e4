"""What the camera sees of each object at every frame, out of what was measured at each n-th one and little more.

A take is judged by its checked frames. Between them an accepted take is measured here: an object that was wholly visible
at the checks before and after, lies inside the picture and is crossed by no nearer object is taken to be wholly visible,
in the box of its projection, if the checks are close in time; what has left the picture cannot be seen; all else is drawn,
on a coarser raster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator import truth_pass
from generator.occlusion import hulls
from generator.surfaces import intrinsics_px, world_to_camera
from generator.tiles import NEAR_M, model_matrices, owners
from scenes.geometry import Array
from scenes.types import SceneSpec, Trajectories, Visibility

WHOLE = 0.999
CLOSE_S = 0.2  # between two checks
BETWEEN_PX = 32  # pixels a side of the raster on which an object is drawn


@dataclass(frozen=True, eq=False)
class Outlines:
    """Where objects are, hidden or not: ``box_px (object, frame, 4)`` x0, y0, x1, y1 of the whole projection, and what of it may be seen.

    ``nearest_m``, ``farthest_m (object, frame)`` in depth. Boxes mean nothing unless all of the object is in front of the camera.
    """

    box_px: Array
    nearest_m: Array
    farthest_m: Array

    @property
    def ahead(self) -> np.ndarray:
        """``(object, frame)``: all of it is in front of the camera."""
        return self.nearest_m > NEAR_M

    def inside(self, width_px: int, height_px: int) -> np.ndarray:
        """``(object, frame)``: all of it is in the picture."""
        return self.ahead & np.all(self.box_px[..., :2] >= 0, axis=-1) & np.all(self.box_px[..., 2:] <= (width_px, height_px), axis=-1)

    def outside(self, width_px: int, height_px: int) -> np.ndarray:
        """``(object, frame)``: none of it is in the picture."""
        beyond = np.any(self.box_px[..., :2] >= (width_px, height_px), axis=-1) | np.any(self.box_px[..., 2:] <= 0, axis=-1)
        return (self.farthest_m <= NEAR_M) | (self.ahead & beyond)

    def crossed(self) -> np.ndarray:
        """``(object, frame)``: the box of another object, which may be nearer, overlaps its own."""
        low, high = self.box_px[..., :2], self.box_px[..., 2:]
        overlap = np.all((low[:, None] < high) & (high[:, None] > low), axis=-1) | ~self.ahead
        nearer = self.nearest_m < self.farthest_m[:, None]
        return np.any(overlap & nearer & ~np.eye(len(low), dtype=bool)[..., None], axis=1)


def every_frame(spec: SceneSpec, paths: Trajectories, seen: Visibility) -> Visibility:
    """The visibility at every frame, from that at some; at those, fractions and areas stay what they are.

    Boxes are exact where the object is wholly visible, else they go around the drawn raster's pixels. Raises RuntimeError
    when there is no software OpenGL.
    """
    frames = np.arange(paths.num_frames)
    outlines = outlines_of(spec, paths)
    before, after = np.searchsorted(seen.frames, frames, "right") - 1, np.searchsorted(seen.frames, frames)
    whole = np.minimum(seen.visible_fraction[:, before], seen.visible_fraction[:, after]) >= WHOLE
    whole &= (seen.frames[np.minimum(after, len(seen.frames) - 1)] - seen.frames[before]) / paths.fps <= CLOSE_S
    whole &= outlines.inside(paths.width_px, paths.height_px) & ~outlines.crossed()
    between = ~np.isin(frames, seen.frames)
    fraction, area_px, box_px = _drawn(spec, paths, between & ~whole & ~outlines.outside(paths.width_px, paths.height_px))
    area_px[whole] = _areas_px(seen, outlines.box_px)[whole]
    fraction[whole] = 1.0
    fraction[:, seen.frames], area_px[:, seen.frames], box_px[:, seen.frames] = seen.visible_fraction, seen.area_px, seen.box_px
    box_px[whole] = outlines.box_px[whole]
    box_px[area_px == 0] = np.nan  # a cell of the raster may touch the picture with none of its area in it
    return Visibility(seen.names, frames, fraction, area_px, box_px)


def outlines_of(spec: SceneSpec, paths: Trajectories) -> Outlines:
    """The outlines of all objects at every frame, from the convex hulls of their pieces."""
    models = model_matrices(paths, np.arange(paths.num_frames), truth_pass.sizes_m(spec))
    to_pixels = intrinsics_px(paths) @ world_to_camera(paths)[:, :3]
    hulls_of_pieces = [hull + centre for item in spec.objects for hull, centre in hulls(item.shape)]
    extremes = np.stack([_extremes(to_pixels @ model, hull) for model, hull in zip(models, hulls_of_pieces, strict=True)])
    starts = np.flatnonzero(np.diff(owners(paths), prepend=-1))
    low, high = np.minimum.reduceat(extremes[..., 0], starts, axis=0), np.maximum.reduceat(extremes[..., 1], starts, axis=0)
    return Outlines(np.concatenate([low[..., :2], high[..., :2]], axis=-1), low[..., 2], high[..., 2])


def _extremes(to_pixels: Array, points: Array) -> Array:
    """``(frame, 3, 2)``: lowest and highest x, y in pixels, and depth, of ``points (point, 3)`` under matrices ``(frame, 3, 4)``."""
    matrix = to_pixels.astype(np.float32)
    there = matrix[..., :3] @ points.T.astype(np.float32) + matrix[..., 3:]
    there[:, :2] /= np.maximum(there[:, 2:], NEAR_M)
    return np.stack([there.min(axis=2), there.max(axis=2)], axis=-1).astype(float)


def _drawn(spec: SceneSpec, paths: Trajectories, wanted: np.ndarray) -> tuple[Array, Array, Array]:
    """Fractions, areas and boxes where they are ``wanted (object, frame)``; elsewhere nothing is visible."""
    fraction, area_px, box_px = np.zeros(wanted.shape), np.zeros(wanted.shape), np.full((*wanted.shape, 4), np.nan)
    frames = np.flatnonzero(wanted.any(axis=0))
    if len(frames):
        found = truth_pass.shared().coverage(spec, paths, frames, BETWEEN_PX, wanted[:, frames])
        fraction[:, frames], area_px[:, frames], box_px[:, frames] = found.visible_fraction, found.visible_px, found.box_px
    return fraction, area_px, box_px


def _areas_px(seen: Visibility, box_px: Array) -> Array:
    """Areas ``(object, frame)`` of what is wholly visible: the share of its box that it fills changes little from check to check."""
    boxes_px = np.prod(box_px[..., 2:] - box_px[..., :2], axis=-1)
    filled = seen.area_px / np.maximum(boxes_px[:, seen.frames], 1e-9)
    frames = np.arange(box_px.shape[1])
    return boxes_px * np.stack([np.interp(frames, seen.frames, row) for row in filled])
