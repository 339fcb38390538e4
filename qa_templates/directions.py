"""Directions of travel as the camera sees them: the ground that the questions about direction stand on."""

from __future__ import annotations

import numpy as np

from qa_templates.observation import Performance
from scenes import geometry
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.types import Trajectories

DIRECTIONS = ("right", "away", "left", "towards")  # counter-clockwise seen from above, from the camera's right
TEXTS = {"right": "to the right", "left": "to the left", "towards": "towards the camera", "away": "away from the camera"}
MIRRORED = {"right": "left", "left": "right", "towards": "towards", "away": "away"}
OPPOSITE = {"right": "left", "left": "right", "towards": "away", "away": "towards"}
MIN_MARGIN_RAD = np.radians(15)
MIN_SIDEWAYS_PX = 30.0  # at 480 lines
MIN_APPROACH = 0.08  # change in depth over depth: change in size in the picture


def travelling_motions(scene) -> list[str]:
    """Motions that carry an object straight along its heading."""
    return [name for name in ("slide", "roll", "hop", "leap") if name in MOTIONS and name in scene.motion_names()] or ["slide"]


def direction(paths: Trajectories, performance: Performance) -> tuple[str, float]:
    """Where an object goes, for the camera of that moment, and how many radians are left to the next direction.

    Raises:
        Rejected: it can hardly be seen to move that way in the picture.
    """
    pose, first, last = paths.pose(performance.subject), performance.first, performance.last
    right, _, forward = geometry.camera_axes(paths.camera_quaternion_wxyz[first])
    moved = pose.position_m[last] - pose.position_m[first]
    ahead = forward[:2] / np.linalg.norm(forward[:2])
    angle_rad = np.arctan2(moved[:2] @ ahead, moved[:2] @ right[:2])
    quarter = int(np.rint(angle_rad / (np.pi / 2)))
    name = DIRECTIONS[quarter % 4]
    _require_visible(paths, performance, name, float(moved @ forward))
    return name, float(np.pi / 4 - abs(angle_rad - quarter * np.pi / 2))


def _require_visible(paths: Trajectories, performance: Performance, name: str, deeper_m: float) -> None:
    row, first, last = paths.index(performance.subject), performance.first, performance.last
    shift_px = paths.centre_px[row, last] - paths.centre_px[row, first]
    _, _, forward = geometry.camera_axes(paths.camera_quaternion_wxyz[first])
    depth_m = float((paths.position_m[row, first] - paths.camera_position_m[first]) @ forward)
    if name in ("left", "right"):
        seen = (shift_px[0] if name == "right" else -shift_px[0]) > MIN_SIDEWAYS_PX * paths.height_px / 480
    else:
        seen = abs(deeper_m) / depth_m > MIN_APPROACH
    if not seen:
        raise Rejected("question", "the direction is too small in the picture")
