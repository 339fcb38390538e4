"""The occlusion checker: takes whose subjects cannot be seen are found out before anything is rendered.

see              what is visible of every object, at every checked frame
check_visibility the same, or Rejected when a watched object is hidden, cut off or too small
clear            whether a further watch would pass, by an earlier Visibility
check_contacts   Rejected when objects touch, leave the stage or come too near the camera; no drawing
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from generator import truth_pass
from generator.options import OcclusionOptions
from generator.tiles import Coverage
from scenes import geometry
from scenes.bodies import part_poses
from scenes.geometry import Array
from scenes.rejection import Rejected
from scenes.types import ObjectSpec, Pose, SceneSpec, Timeline, Trajectories, Visibility, Watch

STAGE_M = 3.6  # how far from the origin an object's centre may get,
LANDMARKS_M = 4.0  # and how far any of it may
CAMERA_CLEARANCE_M = 1.2
OVERLAP_M = 1e-3  # objects that rest on one another touch by rounding errors


def see(spec: SceneSpec, paths: Trajectories, options: OcclusionOptions) -> Visibility:
    """What is visible of every object at every checked frame. Raises RuntimeError when there is no software OpenGL."""
    frames = checked_frames(spec.timeline, options)
    return _visibility(paths, frames, truth_pass.shared().coverage(spec, paths, frames, options.silhouette_px))


def check_visibility(spec: SceneSpec, paths: Trajectories, options: OcclusionOptions) -> Visibility:
    """`see`, for a take in which every watched object can be seen well enough.

    Raises:
        Rejected: a subject is hidden, leaves the picture or is too small during its watch.
        RuntimeError: there is no software OpenGL.
    """
    frames = checked_frames(spec.timeline, options)
    _check_centres(spec, paths, frames, options)
    coverage = truth_pass.shared().coverage(spec, paths, frames, options.silhouette_px)
    seen = _visibility(paths, frames, coverage)
    for watch in spec.watches:
        reason = _objection(seen, watch, spec.timeline, options)
        if reason == "subject hidden" and _mostly_off_screen(coverage, paths.index(watch.subject), _watched(frames, watch, spec.timeline)):
            reason = "subject leaves the picture"
        if reason:
            raise Rejected("occlusion", reason)
    return seen


def clear(seen: Visibility, watch: Watch, timeline: Timeline, options: OcclusionOptions) -> bool:
    """Whether the subject of a watch can be seen well enough for as long as the watch lasts."""
    return not _objection(seen, watch, timeline, options)


def checked_frames(timeline: Timeline, options: OcclusionOptions) -> np.ndarray:
    """``(check,)``: each n-th frame, and the last."""
    last = timeline.num_frames - 1
    return np.append(np.arange(0, last, options.every), last)


def check_contacts(spec: SceneSpec, paths: Trajectories) -> None:
    """Keep objects apart, on the stage, and off the camera, at every frame.

    Shapes, and limbs of avatars, count as their convex hulls: what flies through a ring touches it. Objects that take part in the
    same event may touch.

    Raises:
        Rejected: objects touch, an object leaves the stage, or the camera hits an object.
    """
    bodies = [_Body.of(item, paths) for item in spec.objects]
    reach_m = np.array([np.linalg.norm(body.position_m[:, :2], axis=1) for body in bodies])
    if np.any(reach_m > np.minimum(STAGE_M, LANDMARKS_M - np.array([body.radius_m for body in bodies]))):
        raise Rejected("staging", "object leaves the stage")
    if any(body.comes_within(CAMERA_CLEARANCE_M, paths.camera_position_m) for body in bodies):
        raise Rejected("staging", "camera hits an object")
    casts = [set(event.cast.values()) for event in spec.events]
    for one, other in itertools.combinations(bodies, 2):
        if not any({one.name, other.name} <= cast for cast in casts) and one.touches(other):
            raise Rejected("staging", "objects touch")


def _visibility(paths: Trajectories, frames: np.ndarray, coverage: Coverage) -> Visibility:
    return Visibility(paths.names, frames, coverage.visible_fraction, coverage.visible_px, coverage.box_px)


def _watched(frames: np.ndarray, watch: Watch, timeline: Timeline) -> np.ndarray:
    """Rows of ``frames`` inside a watch (the first and the last of them where what is between may be hidden).

    The nearest to its middle when it falls between two checks.
    """
    times_s = frames / timeline.fps
    inside = np.flatnonzero((times_s >= watch.start_s) & (times_s <= watch.end_s))
    if len(inside):
        return inside[[0, -1]] if watch.ends_only else inside
    return np.array([np.argmin(np.abs(times_s - (watch.start_s + watch.end_s) / 2))])


def _objection(seen: Visibility, watch: Watch, timeline: Timeline, options: OcclusionOptions) -> str:
    """Why a subject cannot be seen well enough, or "" when it can."""
    checks = _watched(seen.frames, watch, timeline)
    row = seen.names.index(watch.subject)
    fraction, area_px = seen.visible_fraction[row, checks], seen.area_px[row, checks]
    if fraction.min() < options.min_visible_fraction or fraction.mean() < options.min_mean_visible_fraction:
        return "subject hidden"
    return "subject too small" if area_px.min() < options.min_area_px else ""


def _mostly_off_screen(coverage: Coverage, row: int, checks: np.ndarray) -> bool:
    """Whether more of what cannot be seen is beyond the picture's edge than behind something, at the worst check."""
    worst = checks[np.argmin(coverage.visible_fraction[row, checks])]
    alone_px, on_screen_px, visible_px = (area[row, worst] for area in (coverage.alone_px, coverage.on_screen_px, coverage.visible_px))
    return bool(alone_px == 0 or alone_px - on_screen_px > on_screen_px - visible_px)


def _check_centres(spec: SceneSpec, paths: Trajectories, frames: np.ndarray, options: OcclusionOptions) -> None:
    """Without drawing: a subject whose centre is beyond the picture's edge shows less than half of itself."""
    if options.min_visible_fraction < 0.5:
        return
    for watch in spec.watches:
        centre_px = paths.centre_px[paths.index(watch.subject), frames[_watched(frames, watch, spec.timeline)]]
        if not np.all((centre_px >= 0) & (centre_px <= (paths.width_px, paths.height_px))):
            raise Rejected("occlusion", "subject leaves the picture")


@dataclass(frozen=True, eq=False)
class _Piece:
    """A rigid piece: ``hull (point, 3)`` about its centre, which moves along ``position_m (frame, 3)``; how it turns and scales."""

    hull: Array
    position_m: Array
    quaternion_wxyz: Array
    scale: Array

    @cached_property
    def radius_m(self) -> Array:
        """``(frame,)``"""
        return np.linalg.norm(self.hull, axis=1).max() * self.scale

    @cached_property
    def turn(self) -> Array:
        """``(frame, 3, 3)``"""
        return geometry.rotation(self.quaternion_wxyz).as_matrix()

    def reach_m(self, towards: Array, frames: np.ndarray) -> Array:
        """``(frame,)``: how far it reaches from its centre along ``towards (frame, 3)``."""
        return (np.einsum("fi,fij->fj", towards, self.turn[frames]) @ self.hull.T).max(axis=1) * self.scale[frames]

    def touches(self, other: _Piece, frames: np.ndarray) -> bool:
        """Whether two hulls meet at one of the frames: no plane separates them among those that commonly would.

        Tried are the planes at right angles to the line between the centres, to that line made level, to the vertical and to the axes of
        both. Two pieces that none of these separates are taken to touch.
        """
        between = other.position_m - self.position_m
        frames = frames[np.linalg.norm(between[frames], axis=1) < (self.radius_m + other.radius_m)[frames]]
        upward = np.broadcast_to((0.0, 0.0, 1.0), between.shape)
        axes = (piece.turn[:, :, k] for piece in (self, other) for k in range(3))
        for axis in itertools.chain((between, between * (1.0, 1.0, 0.0), upward), axes):
            if len(frames) == 0:
                return False
            towards = axis[frames] * np.where(np.sum(axis[frames] * between[frames], axis=1) < 0, -1.0, 1.0)[:, None]
            towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
            gap_m = np.sum(towards * between[frames], axis=1) - self.reach_m(towards, frames) - other.reach_m(-towards, frames)
            frames = frames[gap_m < -OVERLAP_M]
        return len(frames) > 0


@dataclass(frozen=True, eq=False)
class _Body:
    """An object: its pieces, and a ball of ``radius_m (frame,)`` about ``position_m (frame, 3)`` that holds them all."""

    name: str
    position_m: Array
    radius_m: Array
    pieces: tuple[_Piece, ...]

    @classmethod
    def of(cls, item: ObjectSpec, paths: Trajectories) -> _Body:
        pairs = zip(hulls(item.shape), part_poses(paths, item.name), strict=True)
        pieces = tuple(_Piece(hull * item.size_m, *_moved(pose, centre * item.size_m)) for (hull, centre), pose in pairs)
        position_m = paths.pose(item.name).position_m
        if len(pieces) == 1:
            return cls(item.name, position_m, pieces[0].radius_m, pieces)
        radii_m = [np.linalg.norm(piece.position_m - position_m, axis=1) + piece.radius_m for piece in pieces]
        return cls(item.name, position_m, np.max(radii_m, axis=0), pieces)

    def comes_within(self, distance_m: float, points_m: Array) -> bool:
        """Whether the centre of a piece comes that near to ``points_m (frame, 3)``."""
        return any(bool(np.any(np.linalg.norm(piece.position_m - points_m, axis=1) < distance_m)) for piece in self.pieces)

    def touches(self, other: _Body) -> bool:
        apart_m = np.linalg.norm(self.position_m - other.position_m, axis=1)
        near = np.flatnonzero(apart_m < self.radius_m + other.radius_m)
        return len(near) > 0 and any(one.touches(another, near) for one in self.pieces for another in other.pieces)


def _moved(pose: Pose, centre_m: Array) -> tuple[Array, Array, Array]:
    """Position, orientation and scale of a piece whose centre is at ``centre_m`` of its own frame."""
    if not np.any(centre_m):
        return pose.position_m, pose.quaternion_wxyz, pose.scale
    offset_m = geometry.rotation(pose.quaternion_wxyz).apply(centre_m) * pose.scale[:, None]
    return pose.position_m + offset_m, pose.quaternion_wxyz, pose.scale


@lru_cache(maxsize=256)
def hulls(shape: str) -> tuple[tuple[Array, Array], ...]:
    """Of each piece of an object of size 1: the corners ``(point, 3)`` of its convex hull about a centre, and that centre ``(3,)``.

    The centre of a rigid shape is its origin, that of a limb the middle of its bounds.
    """
    hulls = [np.asarray(mesh.convex_hull.vertices) for mesh in truth_pass.unit_meshes(shape)]
    centres = [(hull.min(axis=0) + hull.max(axis=0)) / 2 if len(hulls) > 1 else np.zeros(3) for hull in hulls]
    return tuple((hull - centre, centre) for hull, centre in zip(hulls, centres, strict=True))
