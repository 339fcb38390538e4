"""How a body holds itself, whatever its proportions: what avatar motions say, and what the skeleton makes limbs of.

Legs are told by where the feet are (the skeleton bends hips and knees to reach them, so that a planted foot cannot
slide); trunk, head and arms are told by joint angles. All of it is in the frame of the action: the origin on the ground below
the hips of the body as it stands when the action begins, +x the way it faces then, +y its left, z up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from scenes.geometry import Array

LEFT, RIGHT = 0, 1  # index of the body sides; sides of motions are +1 (left) and −1 (right)


@dataclass(frozen=True)
class Hold:
    """A body over time. Lengths in leg lengths (hip to sole of the standing body), angles in radians.

    Args:
        hips: ``(frame, 3)`` from where the point between the hips is when the body stands at the origin: forward, left, up.
        turn: ``(frame, 3)`` of the pelvis: yaw (to the left), pitch (forward), roll (to its left side).
        feet: ``(frame, 2, 3)`` left and right sole, from where they stand: forward, left, up. A foot stands half a hip width
            beside the origin, turned about the origin by the yaw of the foot: so a body that has turned on the spot stands
            with both at (0, 0, 0) and a yaw, whatever the width of its hips.
        foot_turn: ``(frame, 2, 2)`` yaw (to the left) and pitch (toes down). ``feet`` is where the flat foot would be: toes down, the
            foot turns about its ball, and toes up, about its heel, so that a planted foot rolls and never sinks into the floor.
        knee_out: ``(frame, 2)`` how far each knee points outward from the way the pelvis faces (of a raised leg: from its front).
        spine: ``(frame, 3)`` of the chest against the pelvis: twist to the left, bend forward, bend to its left side.
        head: ``(frame, 3)`` against the chest: turn to the left, nod forward, tilt to its left side.
        shoulder: ``(frame, 2, 3)`` of each upper arm against the chest: raised forward, raised sideways (outward), twisted inward.
            All 0 hangs down; forward π points up, and so does sideways π. Sideways is applied to the arm raised forward: forward π/2 with
            sideways 0.3 points ahead and 0.3 outward. A bent elbow's forearm points ahead of the hanging arm, up from the one raised ahead.
        elbow: ``(frame, 2)`` flexion: 0 is straight.
        clasp: ``(frame,)`` how far the arms are turned about the chest's upright until the hands meet before its middle, which no angle
            does for every breadth of shoulders: 0 leaves them as the angles say, 1 is palm to palm.
        fore_feet: ``(frame, 2, 3)`` like ``feet``, of the forelegs of a four-legged body, which has no arms: it heeds neither
            ``shoulder`` nor ``elbow``, and two-legged bodies do not heed this. They stand below the shoulders, turned about
            the origin by ``fore_turn``.
        fore_turn: ``(frame, 2)`` yaw of the forefeet.
        tail: ``(frame, 2)`` of a four-legged body: to its left, and up.

    A four-legged body's hips are the hind ones. ``turn`` turns its whole trunk about them (pitch: shoulders down), ``spine`` its chest
    against the pelvis, about the middle of the back; its paws belong to its shins, so of ``foot_turn`` it heeds only where
    a foot stands by its yaw.
    """

    hips: Array
    turn: Array
    feet: Array
    foot_turn: Array
    knee_out: Array
    spine: Array
    head: Array
    shoulder: Array
    elbow: Array
    clasp: Array
    fore_feet: Array
    fore_turn: Array
    tail: Array

    def __add__(self, other: Hold) -> Hold:
        """Both at once: every value is added."""
        return Hold(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def at(self, frame: int) -> Hold:
        """One frame of it."""
        return Hold(*(getattr(self, each.name)[[frame]] for each in fields(self)))


def neutral(num_frames: int) -> Hold:
    """Upright at the origin, arms hanging: all zeros."""
    shapes = {
        "hips": (3,),
        "turn": (3,),
        "feet": (2, 3),
        "foot_turn": (2, 2),
        "knee_out": (2,),
        "spine": (3,),
        "head": (3,),
        "shoulder": (2, 3),
        "elbow": (2,),
        "clasp": (),
        "fore_feet": (2, 3),
        "fore_turn": (2,),
        "tail": (2,),
    }
    return Hold(**{name: np.zeros((num_frames, *shape)) for name, shape in shapes.items()})


def _standing() -> Hold:
    """At ease: arms a little off the body, elbows soft."""
    hold = neutral(1)
    hold.shoulder[0, :, 1] = 0.14
    hold.elbow[0] = 0.18
    return hold


def _sitting() -> Hold:
    """On the ground, legs ahead, knees up, hands beside the body."""
    hold = neutral(1)
    hold.hips[0] = (0.0, 0.0, -0.84)
    hold.turn[0, 1] = -0.15
    hold.feet[0, :, 0] = 0.72
    hold.shoulder[0, :, 0] = -0.4
    hold.shoulder[0, :, 1] = 0.35
    hold.elbow[0] = 1.1
    hold.spine[0, 1] = 0.2
    return hold


def _lying() -> Hold:
    """On the back, feet where they stood, head away from them."""
    hold = neutral(1)
    hold.hips[0] = (-1.02, 0.0, -0.83)
    hold.head[0, 1] = 0.2
    hold.turn[0, 1] = -np.pi / 2
    hold.foot_turn[0, :, 1] = -1.2
    hold.shoulder[0, :, 1] = 0.2
    hold.elbow[0] = 0.1
    return hold


def _sitting_on_four() -> Hold:
    """Haunches on the ground, forelegs straight."""
    hold = neutral(1)
    hold.hips[0] = (0.22, 0.0, -0.66)
    hold.turn[0, 1] = -0.62
    hold.feet[0, :, 0] = 0.42
    hold.feet[0, :, 2] = 0.04
    hold.knee_out[0] = 0.35
    hold.head[0, 1] = 0.45
    hold.tail[0, 1] = 1.35
    return hold


def _lying_on_four() -> Hold:
    """Belly on the ground, paws ahead, head up."""
    hold = neutral(1)
    hold.hips[0, 2] = -0.72
    hold.feet[0, :, 0] = -0.03
    hold.feet[0, :, 1] = (0.13, -0.13)
    hold.feet[0, :, 2] = 0.07
    hold.knee_out[0] = 0.38
    hold.fore_feet[0, :, 0] = 0.09
    hold.fore_feet[0, :, 2] = 0.07
    hold.tail[0, 1] = 0.9
    return hold


POSTURES: dict[str, Hold] = {"standing": _standing(), "sitting": _sitting(), "lying": _lying()}
POSTURES_ON_FOUR: dict[str, Hold] = {"standing": neutral(1), "sitting": _sitting_on_four(), "lying": _lying_on_four()}


def posture(name: str, num_frames: int, legs: int = 2) -> Hold:
    """A posture kept, of a body on two or four legs. Raises KeyError for an unknown one."""
    still = (POSTURES_ON_FOUR if legs == 4 else POSTURES)[name]
    return replace(still, **{each.name: np.repeat(getattr(still, each.name), num_frames, axis=0) for each in fields(still)})


def blend(one: Hold, other: Hold, progress: Array) -> Hold:
    """From one hold to another by ``progress (frame,)`` in [0, 1]; each may have one frame or as many as ``progress``."""

    def mixed(a: Array, b: Array) -> Array:
        weight = progress.reshape(-1, *(1,) * (a.ndim - 1))
        return np.asarray(a * (1 - weight) + b * weight, float)

    return Hold(*(mixed(getattr(one, each.name), getattr(other, each.name)) for each in fields(one)))
