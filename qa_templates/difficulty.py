"""How hard a question is: where the axes of difficulty were set for its clip, and what can be measured of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa_templates.observation import segments
from qa_templates.sampling import acts_of, body_points_m
from scenes import geometry
from scenes.difficulty import Difficulty
from scenes.geometry import Array
from scenes.types import Trajectories, Visibility

if TYPE_CHECKING:
    from qa_templates.question import Evidence

STAGE_M = np.array([(x, y, z) for x in (-2.0, 0.0, 2.0) for y in (-2.0, 0.0, 2.0) for z in (0.0, 1.2)])


@dataclass(frozen=True)
class Measured:
    """What was measured over the frames of a question's evidence; one figure for each axis, None where it has no subjects.

    Args:
        speed_widths_s: highest speed of a point of a subject in the picture of a camera held still, in widths of the
            picture per second; of the picture itself where only the camera moves.
        amplitude_px: how far the point of the subjects that moves most gets in that picture.
        count: what must be kept apart: the cycles of all acts of the subjects.
        distractors: objects that the evidence does not speak of.
        concurrent: the most objects that move at the same time.
        camera_px: how far the median point of the stage is shifted in the picture by the camera.
        min_visible_fraction: the least that is visible of a subject at a checked frame.
        area_fraction: visible area of the smallest subject over that of the picture, the median over time.
    """

    speed_widths_s: float
    amplitude_px: float
    count: float
    distractors: int
    concurrent: int
    camera_px: float
    min_visible_fraction: float | None
    area_fraction: float | None

    @classmethod
    def of(cls, evidence: Evidence, paths: Trajectories, seen: Visibility) -> Measured:
        """Measure a clip. Raises ValueError when the evidence speaks of an object that is not there."""
        first, last = evidence.frames
        acts = acts_of(evidence, paths)
        stage = _tracks_px(np.broadcast_to(STAGE_M, (paths.num_frames, *STAGE_M.shape)), paths, first, last, held=False)
        tracks = [_tracks_px(body_points_m(paths, act.subject), paths, act.first, act.last) for act in acts]
        camera_px = float(np.median(_reach_px(stage)))
        return cls(
            speed_widths_s=max((_steps_px(each).max() for each in tracks), default=np.median(_steps_px(stage), axis=1).max())
            * (paths.fps / paths.width_px),
            amplitude_px=float(max((_reach_px(track).max() for track in tracks), default=camera_px)),
            count=round(sum(act.cycles for act in acts), 3),
            distractors=len(set(paths.names) - set(evidence.subjects)),
            concurrent=_most_at_once(paths, first, last),
            camera_px=camera_px,
            **_of_looks(evidence, paths, seen),
        )


@dataclass(frozen=True)
class QuestionDifficulty:
    """``settings`` of the axes, 0 to 1, and what was ``measured`` of the clip."""

    settings: Difficulty
    measured: Measured


def _tracks_px(points_m: Array, paths: Trajectories, first: int, last: int, held: bool = True) -> Array:
    """``(frame, point, 2)``: where points ``(frame, point, 3)`` are in the picture; ``held``: of the first of these cameras.

    Points that get behind the camera stay in the corner.
    """
    span = slice(first, last + 1)
    position, quaternion, focal = (
        np.broadcast_to(values[first], values[span].shape) if held else values[span]
        for values in (paths.camera_position_m, paths.camera_quaternion_wxyz, paths.focal_px)
    )
    pixels, depth = geometry.project(points_m[span], position, quaternion, focal, paths.width_px, paths.height_px)
    return np.where((depth > 0.5).all(axis=0)[:, None], pixels, 0.0)


def _steps_px(track: Array) -> Array:
    """``(frame - 1, point)``: how far each point gets from one frame to the next."""
    return np.asarray(np.linalg.norm(np.diff(track, axis=0), axis=-1))


def _reach_px(track: Array) -> Array:
    """``(point,)``: how far apart the ends of each point's way are, at most."""
    return np.asarray(np.linalg.norm(np.ptp(track, axis=0), axis=-1))


def _most_at_once(paths: Trajectories, first: int, last: int) -> int:
    moving = np.zeros((len(paths.names), paths.num_frames), bool)
    for row, name in enumerate(paths.names):
        for begins, ends in segments(paths, name):
            moving[row, begins:ends] = True
    return int(moving[:, first : last + 1].sum(axis=0).max())


def _of_looks(evidence: Evidence, paths: Trajectories, seen: Visibility) -> dict[str, float | None]:
    rows = [seen.names.index(name) for name in evidence.subjects]
    if not rows:
        return {"min_visible_fraction": None, "area_fraction": None}
    first, last = evidence.frames
    checks = (seen.frames >= first) & (seen.frames <= last)
    shown = seen.visible_fraction[rows][:, checks if checks.any() else slice(None)]
    area_px = np.median(seen.area_px[rows], axis=1).min()
    return {"min_visible_fraction": float(shown.min()), "area_fraction": float(area_px) / (paths.width_px * paths.height_px)}
