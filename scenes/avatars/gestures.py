"""What motions of arms, head and trunk share: their timing, arms told by where they point, and how they are told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import find_peaks

from scenes.avatars.hold import LEFT, RIGHT, Hold
from scenes.body_kinematics import BodyKinematics
from scenes.geometry import Array, Rotation, ease
from scenes.types import Vector

BOTH = (LEFT, RIGHT)
LEAD_S = 0.5  # longest time to take up the pose from which a gesture starts, and to give it up again
LEAD_SHARE = 0.28  # of a short action


def side_of(sense: int) -> int:
    """The index of the body side that performs a one-sided motion."""
    return LEFT if sense > 0 else RIGHT


# -- timing ------------------------------------------------------------------------------------------------------------


def taken_up(t_s: Array, duration_s: float, lead_s: float = LEAD_S) -> tuple[Array, Array]:
    """``(frame,)`` twice: how far a pose is taken up (0 → 1, kept, → 0), and the progress 0 → 1 of what is done while it is kept."""
    lead_s = min(lead_s, LEAD_SHARE * duration_s)
    share = ease(t_s / lead_s) * ease((duration_s - t_s) / lead_s)
    return share, np.clip((t_s - lead_s) / (duration_s - 2 * lead_s), 0.0, 1.0)


def pulses(progress: Array, cycles: int, dwell: float = 0.0) -> Array:
    """0 → 1 → 0 as often as ``cycles``, all alike, at rest at both ends; the top is kept for a share ``dwell`` of each."""
    phase = np.mod(np.clip(progress, 0.0, 1.0) * cycles, 1.0)
    return np.asarray(ease(np.minimum(phase, 1.0 - phase) * 2 / (1.0 - dwell)))


# -- arms --------------------------------------------------------------------------------------------------------------


def arm(upper: Vector, fore: Vector, over: bool = False) -> Array:
    """``(4,)``: raised forward, raised sideways, twisted inward, elbow, for an arm that points ``upper`` and then ``fore``.

    Directions, of any length, are in the chest's frame: forward, outward, up. The same arm is told by two sets of angles:
    ``over`` gives the one by which it is raised over the side instead of over the front.
    """
    along, beyond = np.asarray(upper) / np.linalg.norm(upper), np.asarray(fore) / np.linalg.norm(fore)
    forward, sideways = np.arctan2(along[0], -along[2]), np.arcsin(along[1])
    if over:
        forward, sideways = np.arctan2(-along[0], along[2]), np.pi - sideways
    local = Rotation.from_euler("YX", (-forward, sideways)).inv().apply(beyond)
    return np.array([forward, sideways, np.arctan2(-local[1], local[0]), np.arccos(np.clip(-local[2], -1.0, 1.0))])


def put_arms(hold: Hold, sides: Sequence[int], to: Array, share: Array) -> None:
    """Take arms by ``share (frame,)`` from as they are in ``hold`` to angles ``(4,)`` or ``(frame, 4)``, in place."""
    target = np.broadcast_to(to, (len(share), 4))
    for side in sides:
        hold.shoulder[:, side] += share[:, None] * (target[:, :3] - hold.shoulder[:, side])
        hold.elbow[:, side] += share * (target[:, 3] - hold.elbow[:, side])


def between(one: Array, other: Array, progress: Array) -> Array:
    """``(frame, 4)``: angles of an arm from one to the other by ``progress (frame,)``."""
    return np.asarray(one + progress[:, None] * (other - one))


# -- telling them apart ------------------------------------------------------------------------------------------------

STILL_HAND = 0.12  # arm lengths within which a hand counts as kept still
MOVED_HAND = 0.25  # arm lengths from which on a hand counts as moved


def in_place(measured: BodyKinematics) -> bool:
    """The body stands, sits or lies where it did, on still feet and hips: only arms, head and trunk may have moved."""
    return measured.feet_still and measured.hips_still and measured.same_posture and measured.on_the_spot


def core(values: Array) -> Array:
    """The middle of a stretch ``(frame, …)``, when a pose that is taken up and kept is surely there."""
    frames = len(values) - 1
    return values[int(np.ceil(0.36 * frames)) : int(np.floor(0.64 * frames)) + 1]


def gesturing_arm(measured: BodyKinematics) -> int:
    """+1 where the left arm alone moves, −1 where the right one alone does, else 0."""
    left, right = measured.hand_moves(LEFT), measured.hand_moves(RIGHT)
    if max(left, right) < MOVED_HAND or min(left, right) > STILL_HAND:
        return 0
    return 1 if left > right else -1


def both_arms(measured: BodyKinematics) -> bool:
    """Whether both arms move."""
    return min(measured.hand_moves(LEFT), measured.hand_moves(RIGHT)) > MOVED_HAND


def only_head(measured: BodyKinematics) -> bool:
    """Whether nothing but the head moves."""
    still = measured.arms_still or measured.legs == 4
    return still and measured.trunk_still and in_place(measured)


def kept(values: Array, within: float = 0.06) -> bool:
    """Whether a measure ``(frame, …)`` does not change in the middle of the stretch."""
    return bool(np.ptp(core(values), axis=0).max() < within)


def forearm(measured: BodyKinematics, side: int) -> Array:
    """``(frame, 3)``: the direction of a forearm in the chest's frame: forward, outward, up."""
    return 2 * measured.hand[:, side] - measured.upper_arm[:, side]


def tops(signal: Array, least: float) -> int:
    """How many maxima of ``(frame,)`` stand out by ``least``; those at either end do not count."""
    return len(find_peaks(signal, prominence=least)[0])
