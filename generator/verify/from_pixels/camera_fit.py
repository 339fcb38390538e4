"""Which camera moves explain how points of the background got from one place in the picture to another.

Each move is fitted by itself: it says where a point would go, given how near that point is (no depth is known, so the
one that suits it best is taken). Turns and zooms leave no choice; moves of the camera's place leave a line for each point
to be on, and say in which sense it goes along the line. What is compared is how far the points are from there, a free
choice of depths being paid for as in Torr's GRIC (1998).

The camera looks along −z of its own axes, x is right and y is up in the picture; places are counted from the picture's
middle, in widths of the picture. The focal length is not known, nor how far the camera looks down: both are fitted.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import spearmanr

Array = NDArray[np.float64]
Bounds = tuple[float, float]

FOCAL: Bounds = (0.6, 2.6)  # widths of the picture: wider and longer lenses are not thought of
PITCH_RAD: Bounds = (-0.35, 1.1)  # positive where the camera looks down
NOMINAL_FOCAL, NOMINAL_PITCH_RAD = 1.05, 0.35
NOISE = 0.4 / 640  # widths: of a place
FAR_OFF = 4.0  # noises: a point that is farther off counts as this far (it moves by itself, or was lost)
MISSED = 500.0  # noises: the same while a start is looked for
SHARES: Mapping[int, tuple[float, ...]] = {0: (), 1: (0.03, 0.12, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97), 2: (0.05, 0.2, 0.45, 0.75)}
RISING, BEYOND, IMPLAUSIBLE = 0.3, 0.06, 6.0  # see `Fit`: rank correlation of nearness and height; share of points; what is charged
ROUND, ALONG = 6.0, 1.5  # distance of what is gone round, and way, over the distance of the nearest thing
FORWARD = np.array([0.0, 0.0, -1.0])


def about(axis: Sequence[float] | Array, angle_rad: float) -> Array:
    """``(3, 3)``: the rotation about a unit vector."""
    return np.asarray(cv2.Rodrigues(angle_rad * np.asarray(axis, float))[0])


@dataclass(frozen=True)
class View:
    """How a camera stands at first: how far it looks down, how far it is rolled clockwise, its focal length in widths."""

    pitch_rad: float = NOMINAL_PITCH_RAD
    roll_rad: float = 0.0
    focal: float = NOMINAL_FOCAL

    @property
    def across(self) -> Array:
        """Horizontally to the right, in the camera's axes."""
        return np.array([math.cos(self.roll_rad), math.sin(self.roll_rad), 0.0])

    @property
    def up(self) -> Array:
        """Vertically upwards."""
        return np.asarray(about([0.0, 0.0, 1.0], self.roll_rad) @ (0.0, math.cos(self.pitch_rad), math.sin(self.pitch_rad)))

    @property
    def ahead(self) -> Array:
        """Horizontally forward."""
        return np.cross(self.up, self.across)


@dataclass(frozen=True)
class Change:
    """What a camera did between two pictures, in its own axes at the first: turned (by a rotation matrix), went (in some unit), zoomed."""

    turn: Array
    way: Array
    zoom: float = 1.0

    def and_then(self, other: Change) -> Change:
        """Both at once, the other one's turn about the axes of the start."""
        return Change(other.turn @ self.turn, self.way + other.way, self.zoom * other.zoom)


@dataclass(frozen=True)
class Kind:
    """A kind of move: what it is at a signed size, and between which sizes it lies.

    Class attributes say what else it depends on, and how near (one over the distance, in units of the way) points may be.
    """

    change: Callable[[float, View], Change]
    sizes: Bounds
    pitched: bool = False
    focal: bool = False
    nearest: float = 0.0

    def signed(self, sense: int, part: float) -> Bounds:
        """Bounds of the size of a part of a move."""
        low, high = sorted((sense * part * self.sizes[0], sense * self.sizes[1]))
        return low, high


def _turned(axis: Array, angle_rad: float) -> Change:
    return Change(about(axis, angle_rad), np.zeros(3))


def _gone(way: Array) -> Change:
    return Change(np.eye(3), way)


def _round(axis: Array, angle_rad: float) -> Change:
    """Round the point that lies one unit ahead."""
    turn = about(axis, angle_rad)
    return Change(turn, FORWARD - turn @ FORWARD)


def _zoomed(ratio: float) -> Change:
    return Change(np.eye(3), np.zeros(3), ratio)


def _held(advance: float) -> Change:
    """Ahead, while what lies one unit ahead keeps its size. How far does not matter: other depths look the same."""
    return Change(np.eye(3), advance * FORWARD, 1 - advance)


def _level(angle_rad: float, view: View) -> Change:
    return _gone(math.cos(angle_rad) * view.across + math.sin(angle_rad) * view.ahead)


# Senses +1: left, up, clockwise, in. Where moves are straight, the size is a proportion to another one.
KINDS: Mapping[str, Kind] = {
    "pan": Kind(lambda size, view: _turned(view.up, size), (0.02, 0.9), pitched=True, focal=True),
    "tilt": Kind(lambda size, view: _turned(view.across, size), (0.02, 0.6), focal=True),
    "roll": Kind(lambda size, view: _turned(FORWARD, size), (0.02, 0.9)),
    "zoom": Kind(lambda size, view: _zoomed(math.exp(size)), (0.05, 1.0)),
    "truck": Kind(lambda size, view: _gone(-size * view.across), (0.2, 5.0), nearest=ALONG),
    "pedestal": Kind(lambda size, view: _gone(size * view.up), (0.2, 5.0), pitched=True, focal=True, nearest=ALONG),
    "dolly": Kind(lambda size, view: _gone(size * FORWARD), (0.2, 5.0), nearest=ALONG),
    "arc": Kind(lambda size, view: _round(view.up, -size), (0.1, 1.1), pitched=True, focal=True, nearest=ROUND),
    "crane": Kind(lambda size, view: _round(view.across, -size), (0.07, 0.7), focal=True, nearest=ROUND),
    "dolly_zoom": Kind(lambda size, view: _held(0.6 if size > 0 else -1.0), (1.0, 1.0), nearest=ROUND),
    "level": Kind(_level, (-math.pi, math.pi), pitched=True, focal=True, nearest=ALONG),
}
UNITS = ("truck", "pedestal", "dolly", "dolly_zoom")  # the way of the first of these is the unit of length
Move = tuple[tuple[str, int], ...]  # kinds and senses of what is done at once


@dataclass(frozen=True)
class Fit:
    """How well a move explains the points.

    Args:
        sizes: radians, logarithms or proportions, one for each of its parts.
        cost: for each point, in squared noises; below another fit's where it explains more with less.
        share: of the points that are where it says.
        off_px: how far the middle one is from there, at 640 pixels of width.

    A fit is charged `IMPLAUSIBLE` by which near things would stand higher in the picture than far ones: cameras look down
    on a floor. Without that, a dolly zoom could not be told from the opposite one with near and far exchanged. It is
    charged as well where nothing would lie beyond the point that is gone round, or holds its size.
    """

    move: Move
    sizes: tuple[float, ...]
    view: View
    cost: float
    share: float
    off_px: float


def promising(move: Move, before: Array, after: Array, roll_rad: float = 0.0) -> float:
    """How far off points are where the descent to the best fit of a move would begin."""
    model = _Model(move, roll_rad)
    return min(model.missed(at, before, after) for at in model.starts())


def fit(move: Move, before: Array, after: Array, roll_rad: float = 0.0, part: float = 1.0) -> Fit:
    """Fit a move, or as little as ``part`` of one, to places ``(point, 2)`` of points in two pictures."""
    model = _Model(move, roll_rad, part)
    start = min(model.starts(), key=lambda at: model.missed(at, before, after))
    values = model.descended(start, before, after)
    off = model.off(values, before, after)
    sizes, view = model.read(values)
    cost = model.cost(values, before, after) + IMPLAUSIBLE * model.implausible(values, before, after)
    return Fit(move, sizes, view, cost, float(np.mean(off < FAR_OFF)), float(np.median(off)) * NOISE * 640)


def away(found: Fit, before: Array, after: Array) -> Array:
    """``(point,)``: how far other points are from where a fit says that they might be, in pixels at 640 of width."""
    return _Model(found.move, found.view.roll_rad).at(found.sizes, found.view).off(before, after) * NOISE * 640


def nearness(found: Fit, before: Array, after: Array) -> Array:
    """``(point,)``: one over the distance at which a fit would have other points be, in units of the way; 0 where that is free."""
    return _Model(found.move, found.view.roll_rad).at(found.sizes, found.view).nearness(before, after)


@dataclass(frozen=True)
class _Model:
    """A move as a function of its free numbers: sizes, pitch and focal length, as far as it depends on them."""

    move: Move
    roll_rad: float
    part: float = 1.0

    @property
    def kinds(self) -> list[Kind]:
        return [KINDS[name] for name, _ in self.move]

    @property
    def free(self) -> list[int]:
        """Which sizes are free."""
        unit = next((place for place, (name, _) in enumerate(self.move) if name in UNITS), None)
        return [place for place in range(len(self.move)) if place != unit]

    @property
    def pitched(self) -> bool:
        return any(kind.pitched for kind in self.kinds)

    @property
    def focal(self) -> bool:
        return any(kind.focal for kind in self.kinds)

    def bounds(self) -> tuple[list[float], list[float]]:
        pairs = [KINDS[self.move[place][0]].signed(self.move[place][1], self.part) for place in self.free]
        pairs += [PITCH_RAD] * self.pitched + [FOCAL] * self.focal
        return [low for low, _ in pairs], [high for _, high in pairs]

    def starts(self) -> list[list[float]]:
        """Where one may begin to look: sizes from small to large."""
        low, high = self.bounds()
        number = len(self.free)
        rest = [NOMINAL_PITCH_RAD] * self.pitched + [NOMINAL_FOCAL] * self.focal
        shares = itertools.product(*[SHARES[number]] * number)
        return [[a + share * (b - a) for a, b, share in zip(low, high, row, strict=False)] + rest for row in shares]

    def read(self, values: Array | list[float]) -> tuple[tuple[float, ...], View]:
        """All sizes, and the view."""
        rest = list(values)
        sizes = [float(sense) for _, sense in self.move]
        for place in self.free:
            sizes[place] = float(rest.pop(0))
        pitch_rad = rest.pop(0) if self.pitched else NOMINAL_PITCH_RAD
        return tuple(sizes), View(pitch_rad, self.roll_rad, rest.pop(0) if self.focal else NOMINAL_FOCAL)

    def at(self, sizes: Sequence[float], view: View) -> Explained:
        """The move at certain sizes, from a certain view."""
        changes = [kind.change(size, view) for kind, size in zip(self.kinds, sizes, strict=True)]
        return Explained(functools.reduce(Change.and_then, changes), view.focal, max(kind.nearest for kind in self.kinds))

    def off(self, values: Array | list[float], before: Array, after: Array) -> Array:
        """``(point,)``: how far points are from where they would be, in noises."""
        return self.at(*self.read(values)).off(before, after)

    def implausible(self, values: Array | list[float], before: Array, after: Array) -> bool:
        """Whether points would have to lie where things do not (see `Fit`)."""
        explained = self.at(*self.read(values))
        good = explained.off(before, after) < FAR_OFF
        near = explained.nearness(before, after)[good]
        if not explained.nearest or len(near) < 8 or np.ptp(near) == 0:
            return False
        height = before[good] @ (-math.sin(self.roll_rad), math.cos(self.roll_rad))
        pivots = any(kind.nearest == ROUND for kind in self.kinds)
        return float(spearmanr(near, height).statistic) > RISING or (pivots and float(np.mean(near < 0.97)) < BEYOND)

    def descended(self, start: list[float], before: Array, after: Array) -> Array:
        """The free numbers that fit best, from a start on."""
        values = np.array(start)
        for loss, scale in (("soft_l1", 3.0), ("cauchy", 1.5)) if start else ():
            off = functools.partial(self._off, before=before, after=after)
            values = least_squares(off, values, bounds=self.bounds(), loss=loss, f_scale=scale, max_nfev=20).x
        return values

    def _off(self, values: Array, before: Array, after: Array) -> Array:
        return np.asarray(self.at(*self.read(values)).residuals(before, after).ravel() / NOISE)

    def missed(self, values: Array | list[float], before: Array, after: Array) -> float:
        """How far off points are on the average, by which a start is chosen."""
        return float(np.mean(np.minimum(self.off(values, before, after), MISSED)))

    def cost(self, values: Array | list[float], before: Array, after: Array) -> float:
        dimensions = 3 if any(kind.nearest for kind in self.kinds) else 2
        off = self.off(values, before, after)
        complexity = dimensions * math.log(4) + len(values) * math.log(4 * len(off)) / len(off)
        return float(np.mean(np.minimum(off, FAR_OFF) ** 2)) + complexity


@dataclass(frozen=True)
class Explained:
    """Where points would be after a change, each as near (up to ``nearest``, one over the distance) as suits it best."""

    change: Change
    focal: float
    nearest: float

    def off(self, before: Array, after: Array) -> Array:
        """``(point,)``: how far points are from there, in noises."""
        return np.asarray(np.linalg.norm(self.residuals(before, after), axis=-1) / NOISE)

    def residuals(self, before: Array, after: Array) -> Array:
        """``(point, 2)``: where points are, less where they would be."""
        far, way = self._seen(before)
        seen = far - self.nearness(before, after)[:, None] * way
        return np.asarray(after - self._lens * seen[:, :2] / np.maximum(-seen[:, 2:], 0.05))

    def nearness(self, before: Array, after: Array) -> Array:
        """``(point,)``: where the line on which each may be comes closest to where it is (linear least squares)."""
        if not self.nearest:
            return np.zeros(len(before))
        far, way = self._seen(before)
        slope = self._lens * way[:2] + after * way[2]
        level = self._lens * far[:, :2] + after * far[:, 2:]
        return np.clip(np.sum(slope * level, axis=1) / np.maximum(np.sum(slope**2, axis=1), 1e-12), 0.0, self.nearest)

    @property
    def _lens(self) -> float:
        return self.focal * self.change.zoom

    def _seen(self, before: Array) -> tuple[Array, Array]:
        """Lines of sight of points, and the way gone, in the axes of the camera after the change."""
        rays = np.concatenate([before / self.focal, np.full((len(before), 1), -1.0)], axis=1)
        return rays @ self.change.turn, self.change.way @ self.change.turn
