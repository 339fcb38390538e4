"""Directions of travel as the camera sees them: the ground that the questions about direction stand on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qa_templates.observation import Performance, scaled_px
from scenes import geometry
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import SceneOptions
from scenes.types import Trajectories, require

DIRECTIONS = ("right", "away", "left", "towards")  # counter-clockwise seen from above, from the camera's right
TEXTS = {"right": "to the right", "left": "to the left", "towards": "towards the camera", "away": "away from the camera"}
MIRRORED = {"right": "left", "left": "right", "towards": "towards", "away": "away"}
OPPOSITE = {"right": "left", "left": "right", "towards": "away", "away": "towards"}
TRAVELLING = ("slide", "roll", "hop", "leap")
MIN_MARGIN_RAD = np.radians(15)
MIN_SIDEWAYS_PX = 30.0  # at 480 lines
MIN_APPROACH = 0.08  # change in depth over depth midway: change in size in the picture


def travelling_motions(scene: SceneOptions, *, turning: bool = False) -> list[str]:
    """Motions that carry an object straight along its heading; ``turning`` leaves out those that fix how it faces.

    Raises:
        ValueError: the scene options allow none of them.
    """
    return motions_among(scene, [name for name in TRAVELLING if name in MOTIONS and not (turning and MOTIONS[name].rolls)])


def short_reach(motion: str, scene: SceneOptions) -> float:
    """The reach of ways so short for the stage that neither first nor last place tells much of what lies between.

    Where ways are small in any case they are cut less, and a leap must not become a hop.
    """
    shortest = 0.66 if motion == "leap" else 0.5
    return shortest + (0.75 - shortest) * scene.levels.amplitude


def motions_among(scene: SceneOptions, names: Sequence[str]) -> list[str]:
    """Those of some motions that a scene may use.

    Raises:
        ValueError: the scene options allow none of them.
    """
    allowed = [name for name in names if name in scene.motion_names()]
    require(bool(allowed), "scene.motions", list(scene.motions), f"at least one of {', '.join(names)}, or none for all")
    return allowed


def direction(paths: Trajectories, performance: Performance) -> tuple[str, float]:
    """Where an object goes for the camera of that moment, and how many radians are left to the next direction.

    It is told both from where the camera looks and from where the object stands in the picture; the two must agree.

    Raises:
        Rejected: it can hardly be seen to move that way in the picture.
    """
    pose, first, last = paths.pose(performance.subject), performance.first, performance.last
    moved = pose.position_m[last] - pose.position_m[first]
    forward = geometry.camera_axes(paths.camera_quaternion_wxyz[first])[2]
    sight = pose.position_m[first] - paths.camera_position_m[first]
    (name, margin_rad), (other, other_rad) = (quarter(moved, ahead) for ahead in (forward, sight))
    if name != other:
        raise Rejected("question", "the direction is not clear in the picture")
    midway_m = float((sight + moved / 2) @ forward)
    _require_visible(paths, performance, name, float(moved @ forward) / midway_m)
    return name, min(margin_rad, other_rad)


def quarter(moved: np.ndarray, ahead: np.ndarray) -> tuple[str, float]:
    """The direction of a way over the ground, seen by one who looks ahead, and its distance from the next one in radians."""
    ground = ahead[:2] / np.linalg.norm(ahead[:2])
    angle_rad = np.arctan2(moved[:2] @ ground, moved[:2] @ (ground[1], -ground[0]))
    quarter = int(np.rint(angle_rad / (np.pi / 2)))
    return DIRECTIONS[quarter % 4], float(np.pi / 4 - abs(angle_rad - quarter * np.pi / 2))


def _require_visible(paths: Trajectories, performance: Performance, name: str, deeper: float) -> None:
    row, first, last = paths.index(performance.subject), performance.first, performance.last
    shift_px = float(paths.centre_px[row, last, 0] - paths.centre_px[row, first, 0])
    sideways_px = scaled_px(paths, MIN_SIDEWAYS_PX)
    if name in ("left", "right"):
        seen = (shift_px if name == "right" else -shift_px) > sideways_px
    else:
        seen = abs(deeper) > MIN_APPROACH and abs(shift_px) < sideways_px
    if not seen:
        raise Rejected("question", "the direction is not clear in the picture")
