"""The occlusion checker: takes whose subjects cannot be seen are found out before anything is rendered.

see              what is visible of every object, at every checked frame
check_visibility the same, or Rejected when a watched object is hidden, cut off or too small
clear            whether a further watch would pass, by an earlier Visibility
check_contacts   Rejected when objects touch, leave the stage or come too near the camera; no drawing
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from generator import truth_pass
from generator.options import OcclusionOptions
from generator.tiles import Coverage
from scenes import geometry
from scenes.geometry import Array
from scenes.rejection import Rejected
from scenes.types import SceneSpec, Timeline, Trajectories, Visibility, Watch

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

    Shapes count as their convex hulls: what flies through a ring touches it.

    Raises:
        Rejected: objects touch, an object leaves the stage, or the camera hits an object.
    """
    hulls = [_hull(item.shape) * item.size_m for item in spec.objects]
    radius_m = np.array([np.linalg.norm(hull, axis=1).max() for hull in hulls])[:, None] * paths.scale
    reach_m = np.linalg.norm(paths.position_m[..., :2], axis=-1)
    if np.any(reach_m > np.minimum(STAGE_M, LANDMARKS_M - radius_m)):
        raise Rejected("staging", "object leaves the stage")
    if np.any(np.linalg.norm(paths.position_m - paths.camera_position_m, axis=-1) < CAMERA_CLEARANCE_M):
        raise Rejected("staging", "camera hits an object")
    for first in range(len(hulls)):
        for second in range(first + 1, len(hulls)):
            apart_m = np.linalg.norm(paths.position_m[first] - paths.position_m[second], axis=-1)
            near = np.flatnonzero(apart_m < radius_m[first] + radius_m[second])
            if len(near) and _touch(hulls, (first, second), paths, near):
                raise Rejected("staging", "objects touch")


def _visibility(paths: Trajectories, frames: np.ndarray, coverage: Coverage) -> Visibility:
    return Visibility(paths.names, frames, coverage.visible_fraction, coverage.visible_px, coverage.box_px)


def _watched(frames: np.ndarray, watch: Watch, timeline: Timeline) -> np.ndarray:
    """Rows of ``frames`` inside a watch; the nearest to its middle when it falls between two checks."""
    times_s = frames / timeline.fps
    inside = np.flatnonzero((times_s >= watch.start_s) & (times_s <= watch.end_s))
    if len(inside):
        return inside
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


def _touch(hulls: list[Array], pair: tuple[int, int], paths: Trajectories, frames: np.ndarray) -> bool:
    """Whether two hulls meet at one of the frames: no plane separates them among those that commonly would.

    Tried are the planes at right angles to the line between the centres, to that line made level, to the vertical and
    to the axes of both bodies. Two bodies that none of these separates are taken to touch.
    """
    between = paths.position_m[pair[1]] - paths.position_m[pair[0]]
    turns = [geometry.rotation(paths.quaternion_wxyz[row]).as_matrix() for row in pair]
    upward = np.broadcast_to((0.0, 0.0, 1.0), between.shape)
    for axis in (between, between * (1.0, 1.0, 0.0), upward, *(turn[:, :, k] for turn in turns for k in range(3))):
        towards = axis[frames] * np.where(np.sum(axis[frames] * between[frames], axis=1) < 0, -1.0, 1.0)[:, None]
        towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
        gap_m = np.sum(towards * between[frames], axis=1)
        for row, turn, sense in zip(pair, turns, (1.0, -1.0), strict=True):
            gap_m -= _reach_m(hulls[row], turn[frames], sense * towards) * paths.scale[row, frames]
        frames = frames[gap_m < -OVERLAP_M]
        if len(frames) == 0:
            return False
    return True


def _reach_m(hull: Array, turn: Array, towards: Array) -> Array:
    """``(frame,)``: how far a body turned by ``turn (frame, 3, 3)`` reaches from its centre along ``towards (frame, 3)``."""
    return (np.einsum("fi,fij->fj", towards, turn) @ hull.T).max(axis=1)


@lru_cache(maxsize=256)
def _hull(shape: str) -> Array:
    """``(point, 3)`` corners of the convex hull of an object of size 1."""
    return np.asarray(truth_pass.unit_mesh(shape).convex_hull.vertices)
