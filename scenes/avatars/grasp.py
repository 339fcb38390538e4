"""Hands that hold things: arms bent so that the palms are at given points, in closed form."""

from __future__ import annotations

import numpy as np

from scenes import geometry
from scenes.avatars.avatar import Proportions
from scenes.avatars.hold import LEFT, RIGHT, Hold
from scenes.avatars.skeleton import HALF_PALM, SIDES, limb_poses
from scenes.geometry import Array, Rotation
from scenes.types import Pose

GRIP = 0.8  # how far down the forearm, finger tips included, the middle of the palm is
ELBOW_OUT = np.array([-0.25, 0.55, -1.0])  # the way an elbow points: back, outward, down
SPARE = 0.985  # share of the arm's length within which palms are put


def arm_length(size: Proportions) -> float:
    """Shoulder to palm, in heights of the body."""
    return size.upper_arm + GRIP * size.forearm


def palm_thickness(size: Proportions) -> float:
    """From the middle of a hand to what it touches, in heights of the body."""
    return HALF_PALM * size.forearm


def palms(limbs: dict[str, Pose], size: Proportions, height_m: float) -> Array:
    """``(frame, 2, 3)``: the middles of the left and the right hand, in the frame and the unit of the limbs."""
    fore = [limbs[f"{side}_forearm"] for side, _ in SIDES]
    down = (0.0, 0.0, -GRIP * size.forearm * height_m)
    return np.stack([pose.position_m + geometry.rotation(pose.quaternion_wxyz).apply(down) for pose in fore], axis=1)


def put_palms(hold: Hold, size: Proportions, at: Array, share: Array) -> None:
    """Take the arms, in place and by ``share (frame,)``, to where the palms are at points ``at (frame, 2, 3)``.

    Points are in the frame of the action, in heights of the body. A point out of reach is reached for.
    """
    limbs = limb_poses(hold, size, 1.0)
    chest = geometry.rotation(limbs["chest"].quaternion_wxyz)
    for side, (name, sign) in zip((LEFT, RIGHT), SIDES, strict=True):
        span = chest.inv().apply(at[:, side] - limbs[f"{name}_upper_arm"].position_m) * (1.0, sign, 1.0)
        angles = _angles(*_bones(span, size.upper_arm, GRIP * size.forearm))
        hold.shoulder[:, side] += share[:, None] * (angles[:, :3] - hold.shoulder[:, side])
        hold.elbow[:, side] += share * (angles[:, 3] - hold.elbow[:, side])


def _bones(span: Array, upper: float, lower: float) -> tuple[Array, Array]:
    """Directions ``(frame, 3)`` of the upper arm and of the forearm whose palm is at ``span``, the elbow out and down."""
    reach = np.linalg.norm(span, axis=1)
    way = span / np.maximum(reach, 1e-9)[:, None]
    reach = np.clip(reach, abs(upper - lower) + 1e-3, SPARE * (upper + lower))[:, None]
    out = ELBOW_OUT - (way @ ELBOW_OUT)[:, None] * way
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    along = (reach**2 + upper**2 - lower**2) / (2 * reach)
    elbow = along * way + np.sqrt(np.maximum(upper**2 - along**2, 0.0)) * out
    return elbow / upper, (reach * way - elbow) / lower


def _angles(upper: Array, fore: Array) -> Array:
    """``(frame, 4)``: raised forward, raised sideways, twisted inward, elbow, for bones that point so in the chest's frame."""
    forward, sideways = np.arctan2(upper[:, 0], -upper[:, 2]), np.arcsin(np.clip(upper[:, 1], -1.0, 1.0))
    local = Rotation.from_euler("YX", np.column_stack([-forward, sideways])).inv().apply(fore)
    twist = np.arctan2(-local[:, 1], local[:, 0])
    return np.column_stack([forward, sideways, twist, np.arccos(np.clip(-local[:, 2], -1.0, 1.0))])
