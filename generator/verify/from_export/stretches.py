"""Stretches: what an object does from one rest to the next, in plain geometry.

Speeds from frame to frame say when it moves. Of each stretch there are measures of the way over the ground, of the
height, and of the body; `signatures` says which of them make a bounce, a spin, a zigzag.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import ndimage

from generator.verify.from_export import Recorded
from scenes import geometry
from scenes.geometry import Array, Rotation

STILL_M_S, STILL_RAD_S, STILL_PER_S = 0.004, 0.02, 0.005  # below all of these an object rests
REST_S = 0.15  # a shorter standstill is a turning point
TURN = 2 * np.pi
UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Stretch:
    """An object from the last frame before it moves to the first one after, ``first`` to ``last``, both included.

    ``offset_m (frame, 3)`` from where it began; ``turned (frame,)`` rotations, in world axes, from how it began;
    ``size (frame,)`` over the size with which it began; ``height_m`` of its centre above the floor as it began;
    ``floor_gap_m`` between the floor and its lower side as it ended.
    """

    fps: float
    first: int
    last: int
    offset_m: Array
    turned: Rotation
    size: Array
    height_m: float
    floor_gap_m: float

    @property
    def seconds(self) -> float:
        return (self.last - self.first) / self.fps

    @cached_property
    def ground(self) -> GroundPath:
        """Its way over the ground."""
        return GroundPath(self.offset_m[:, :2])

    @cached_property
    def rise_m(self) -> float:
        """Last height minus first."""
        return float(self.offset_m[-1, 2])

    @cached_property
    def height_span_m(self) -> float:
        """Highest minus lowest."""
        return float(np.ptp(self.offset_m[:, 2]))

    @cached_property
    def growth(self) -> float:
        """Largest minus smallest size, over the first."""
        return float(np.ptp(self.size))

    @cached_property
    def swept_rad(self) -> Array:
        """``(3,)``: rotations from frame to frame, added up about each of the world's axes."""
        return (self.turned[1:] * self.turned[:-1].inv()).as_rotvec().sum(axis=0)

    @cached_property
    def own_up(self) -> Array:
        """``(frame, 3)``: where that points which pointed up as it began."""
        return self.turned.apply(UP)

    @cached_property
    def twist_rad(self) -> float:
        """Its largest rotation from how it began."""
        return float(self.turned.magnitude().max())

    @cached_property
    def tip_rad(self) -> float:
        """How far it leans over at most."""
        return float(np.arccos(np.clip(self.own_up[:, 2].min(), -1.0, 1.0)))

    @cached_property
    def lean(self) -> Array:
        """``(frame,)``: the sine of the angle by which it leans, along the line on which it leans most."""
        return self.own_up[:, :2] @ main_axis(self.own_up[:, :2])

    @cached_property
    def pivot_m(self) -> tuple[float, float]:
        """How far above the centre, along its own vertical, the point is that stays where it was; and by how much that one strays.

        Least squares of ``offset = −pivot · lean`` over the ground; infinite where it does not lean.
        """
        leans, offsets = self.own_up[:, :2].ravel(), self.offset_m[:, :2].ravel()
        weight = float(leans @ leans)
        if weight < 1e-4:
            return np.inf, np.inf
        pivot_m = -float(leans @ offsets) / weight
        return pivot_m, float(np.abs(offsets + pivot_m * leans).max())

    @cached_property
    def upright_circle(self) -> Circle:
        """The circle that fits its way in the vertical plane along which it goes."""
        along = self.offset_m[:, :2] @ main_axis(self.offset_m[:, :2])
        return Circle.through(np.stack([along, self.offset_m[:, 2]], axis=1))

    @property
    def figures(self) -> dict[str, Any]:
        """What was measured, rounded, for whoever wants to see."""
        return {
            "from_s": round(self.first / self.fps, 2),
            "to_s": round(self.last / self.fps, 2),
            "away_m": round(self.ground.away_m, 3),
            "way_m": round(self.ground.way_m, 3),
            "rise_m": round(self.rise_m, 3),
            "height_span_m": round(self.height_span_m, 3),
            "vertical_turns": round(float(self.swept_rad[2]) / TURN, 3),
            "level_turns": round(float(np.linalg.norm(self.swept_rad[:2])) / TURN, 3),
            "tip_deg": round(float(np.degrees(self.tip_rad)), 1),
            "growth": round(self.growth, 3),
        }


@dataclass(frozen=True, eq=False)
class GroundPath:
    """A way over the ground, ``offset_m (frame, 2)`` from where it began, seen from above."""

    offset_m: Array

    @cached_property
    def away_m(self) -> float:
        """From its start to its end."""
        return float(np.linalg.norm(self.offset_m[-1]))

    @cached_property
    def farthest_m(self) -> float:
        """From its start to the point farthest from there."""
        return float(np.linalg.norm(self.offset_m, axis=1).max())

    @cached_property
    def steps_m(self) -> Array:
        """``(step, 2)``: from frame to frame, but for those in which it hardly moves."""
        steps = np.diff(self.offset_m, axis=0)
        return steps[np.linalg.norm(steps, axis=1) > 1e-4]

    @cached_property
    def way_m(self) -> float:
        """Its length."""
        return float(np.linalg.norm(self.steps_m, axis=1).sum())

    @cached_property
    def along_m(self) -> Array:
        """``(frame,)``: how far it has come along its longest direction."""
        return self.offset_m @ main_axis(self.offset_m)

    @cached_property
    def slimness(self) -> float:
        """Its width over its length, 0 for a line."""
        axis = main_axis(self.offset_m)
        across = self.offset_m @ np.array([-axis[1], axis[0]])
        return float(np.ptp(across) / max(np.ptp(self.along_m), 1e-9))

    @cached_property
    def bends(self) -> tuple[float, float]:
        """Turns of its heading to the left and to the right, both positive; straight back is neither."""
        if len(self.steps_m) < 2:
            return 0.0, 0.0
        steps = self.steps_m @ np.array([1.0, 1.0j])
        change = np.angle(steps[1:] / steps[:-1]) / TURN
        change = change[np.abs(change) < 0.48]
        return float(change[change > 0].sum()), float(-change[change < 0].sum())

    @cached_property
    def setback_m(self) -> float:
        """By how much it comes nearer to its start again, at most."""
        distance = np.linalg.norm(self.offset_m, axis=1)
        return float((np.maximum.accumulate(distance) - distance).max())

    @cached_property
    def retreat_m(self) -> float:
        """By how much it goes back along the line from its start to its end, at most."""
        ahead = self.offset_m @ self.offset_m[-1] / max(self.away_m, 1e-9)
        return float((np.maximum.accumulate(ahead) - ahead).max())

    @cached_property
    def lobes_m2(self) -> tuple[float, float]:
        """Areas swept, as seen from its start, in the one half of its length and in the other; counter-clockwise positive."""
        x, y = self.offset_m.T
        swept = (x[:-1] * y[1:] - x[1:] * y[:-1]) / 2
        half = self.along_m[:-1] + self.along_m[1:] > 0
        return float(swept[half].sum()), float(swept[~half].sum())

    @cached_property
    def circle(self) -> Circle:
        """The circle that fits it."""
        return Circle.through(self.offset_m)


@dataclass(frozen=True)
class Circle:
    """The circle that fits points best: its radius, how far they are from it at most in radii, and turns made around its centre."""

    radius_m: float
    miss: float
    turns: float

    @classmethod
    def through(cls, points: Array) -> Circle:
        """Of points ``(frame, 2)`` in the order of a way; algebraic least squares (Kåsa 1976)."""
        columns = np.column_stack([2 * points, np.ones(len(points))])
        solution = np.linalg.lstsq(columns, np.sum(points**2, axis=1), rcond=None)[0]
        spokes = points - solution[:2]
        radius_m = float(np.sqrt(max(solution[2] + solution[:2] @ solution[:2], 1e-18)))
        angle = np.unwrap(np.arctan2(spokes[:, 1], spokes[:, 0]))
        return cls(radius_m, float(np.abs(np.linalg.norm(spokes, axis=1) / radius_m - 1).max()), float(angle[-1] - angle[0]) / TURN)


def stretches(clip: Recorded, name: str) -> list[Stretch]:
    """What an object does, in order. Raises ValueError when there is none of that name."""
    row = clip.paths.index(name)
    position_m, scale = clip.paths.position_m[row], clip.paths.scale[row]
    orientation = geometry.rotation(clip.paths.quaternion_wxyz[row])
    moving = _moves(position_m, orientation, scale, clip.paths.fps)
    found = []
    for first, last in _runs(moving, max(2, round(REST_S * clip.paths.fps))):
        span = slice(first, last + 1)
        half_m = float(clip.paths.extent_m[row, 2] * scale[last]) / 2
        found.append(
            Stretch(
                clip.paths.fps,
                first,
                last,
                position_m[span] - position_m[first],
                orientation[span] * orientation[first].inv(),
                scale[span] / scale[first],
                float(position_m[first, 2]),
                float(position_m[last, 2]) - half_m,
            )
        )
    return found


def rigid_objects(clip: Recorded) -> list[str]:
    """The names of the objects of a clip that have no limbs."""
    return [name for name in clip.paths.names if not clip.paths.is_avatar(name)]


def excursions(signal: Array, low: float = 0.35, high: float = 0.65) -> int:
    """How often a signal goes to its upper part, above ``high`` of its range, having been below ``low`` of it in between."""
    share = (signal - signal.min()) / max(float(np.ptp(signal)), 1e-9)
    marks = np.where(share > high, 1, np.where(share < low, -1, 0))
    marks = marks[marks != 0]
    return int(np.sum((marks[1:] == 1) & (marks[:-1] == -1)) + (len(marks) > 0 and marks[0] == 1))


def main_axis(points: Array) -> Array:
    """Unit vector ``(2,)`` along which points ``(frame, 2)`` spread most."""
    return np.linalg.eigh(np.cov(points.T))[1][:, -1]


def _moves(position_m: Array, orientation: Rotation, scale: Array, fps: float) -> np.ndarray:
    """``(frame - 1,)``: whether it moves, turns or grows from a frame to the next."""
    speed_m_s = np.linalg.norm(np.diff(position_m, axis=0), axis=1) * fps
    speed_rad_s = (orientation[1:] * orientation[:-1].inv()).magnitude() * fps
    return (speed_m_s > STILL_M_S) | (speed_rad_s > STILL_RAD_S) | (np.abs(np.diff(scale)) * fps > STILL_PER_S)


def _runs(moving: np.ndarray, least_rest: int) -> list[tuple[int, int]]:
    """First and last frame of each run of moving steps, of which shorter standstills than ``least_rest`` steps are part."""
    joined = moving.copy()
    for (gap,) in ndimage.find_objects(ndimage.label(~moving)[0]):
        if gap.start > 0 and gap.stop < len(moving) and gap.stop - gap.start < least_rest:
            joined[gap] = True
    return [(run.start, run.stop) for (run,) in ndimage.find_objects(ndimage.label(joined)[0])]
