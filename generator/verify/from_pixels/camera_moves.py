"""What the camera does in a film, stretch by stretch, told from the background alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from generator.verify.from_pixels.background import Background, Places, background
from generator.verify.from_pixels.camera_fit import Fit, Move, fit, promising
from generator.verify.from_pixels.film import Film

MARGIN = 0.6  # squared noises for each point: a move that explains this much less is another one
WELL_SHARE, WELL_PX = 0.8, 0.6  # what has been explained: so many points, to within so much
EXACT_SHARE, EXACT_PX = 0.93, 0.35
FEWEST, ENOUGH, USED = 16, 45, 110  # points to fit a move to
SPREAD = 0.04  # widths: standard deviation of places; those that lie closer together do not tell turns from ways
PARTS = ((0.0, 1.0), (0.0, 0.75), (0.25, 1.0), (0.0, 0.5), (0.5, 1.0), (0.25, 0.75))  # of a stretch, in which points are followed
FEWEST_REVERSALS, RETURNED = 3, 0.3  # of a shake: times that it turns back, and what is left of its reach in the end
ON_THE_SPOT, STRAIGHT, ROUND = ("pan", "tilt", "roll", "zoom"), ("truck", "pedestal", "dolly"), ("arc", "crane", "dolly_zoom")
LEVEL: Move = (("level", 1),)
BINS = (12, 20, 20)
NEIGHBOURS, LEFT = 4, 0.6  # points of the background next to an object; share of its size by which they must leave
SEEN, HELD = 0.5, 0.7  # share of a box that looks like its object, and how much of that must stay

Picture = NDArray[np.uint8]
Key = tuple[str, int]  # a move and its sense, as in `camera_fit.KINDS`; ("shake", 1), ("static", 1), ("tracking", 1)


@dataclass(frozen=True, eq=False)
class Stretch:
    """What the camera does between two rests.

    Args:
        keys: the moves that it may have been: one where it is told, none where nothing explains the pictures.
        fits: the best ones, best first; the first is that by which the view goes on.
        part: the frames that were compared.
        why: what could not be told.
    """

    first: int
    last: int
    keys: frozenset[Key]
    fits: tuple[Fit, ...] = ()
    part: tuple[int, int] = (0, 0)
    why: str = ""

    @property
    def told(self) -> Key | None:
        return next(iter(self.keys)) if len(self.keys) == 1 else None


@lru_cache(maxsize=2)
def stretches(film: Film) -> tuple[Stretch, ...]:
    """What the camera does, in order; nothing where it is at rest throughout."""
    seen, roll_rad = background(film), 0.0
    found = []
    for first, last in seen.stretches():
        found.append(_told(film, seen, first, last, roll_rad))
        if found[-1].told in (("roll", 1), ("roll", -1)):
            roll_rad += found[-1].fits[0].sizes[0]
    return tuple(found)


def _told(film: Film, seen: Background, first: int, last: int, roll_rad: float) -> Stretch:
    if shakes(seen, first, last):
        return Stretch(first, last, frozenset({("shake", 1)}), part=(first, last))
    part, before, after = places(seen, first, last)
    if not enough(before):
        return Stretch(first, last, frozenset(), part=part, why=f"{len(before)} points of the background do not tell a move")
    fits = _fits(before, after, roll_rad)
    keys = {found.move[0] for found in alike(fits)}
    keys = _tracked(film, keys, first, last) if keys & {("level", 1), *((name, sense) for name in STRAIGHT for sense in (1, -1))} else keys
    fits = [found for found in fits if found.move != LEVEL]
    return Stretch(first, last, frozenset(keys), tuple(fits[:4]), part, "" if keys else "no single move explains the background")


def _fits(before: Places, after: Places, roll_rad: float) -> list[Fit]:
    """Fits of all moves, best first.

    Where a turn or a zoom explains nearly every point, moves of the camera's place are not tried: they would have to
    move near and far things alike.
    """
    fits = [_better_sense(name, before, after, roll_rad) for name in ON_THE_SPOT]
    exact = any(found.share > EXACT_SHARE and found.off_px < EXACT_PX for found in fits)
    if not exact:
        fits += [_better_sense(name, before, after, roll_rad) for name in STRAIGHT]
        fits += [fit(move, before, after, roll_rad) for move in (*(((name, sense),) for name in ROUND for sense in (1, -1)), LEVEL)]
    return sorted(fits, key=lambda found: found.cost)


def _better_sense(name: str, before: Places, after: Places, roll_rad: float) -> Fit:
    move = min(((name, 1),), ((name, -1),), key=lambda move: promising(move, before, after, roll_rad))
    return fit(move, before, after, roll_rad)


def places(seen: Background, first: int, last: int) -> tuple[tuple[int, int], Places, Places]:
    """Points of the background in two frames of a stretch, as far apart as they can be followed."""
    best: tuple[tuple[int, int], Places, Places] = ((first, last), np.empty((0, 2)), np.empty((0, 2)))
    for start, end in PARTS:
        part = (round(first + start * (last - first)), round(first + end * (last - first)))
        before, after = seen.pairs(*part)
        if len(before) > len(best[1]):
            best = (part, before, after)
        if len(before) >= ENOUGH:
            break
    part, before, after = best
    chosen = np.linspace(0, len(before) - 1, min(len(before), USED)).astype(int)
    return part, before[chosen], after[chosen]


def enough(before: Places) -> bool:
    """Whether points are many, and lie far enough apart, to tell moves from one another."""
    return len(before) >= FEWEST and bool(np.all(before.std(axis=0) > SPREAD))


def alike(fits: list[Fit]) -> list[Fit]:
    """Of fits, best first, those that explain the points about as well as the best; none where that one explains little."""
    if fits[0].share < WELL_SHARE or fits[0].off_px > WELL_PX:
        return []
    return [found for found in fits if found.cost < fits[0].cost + MARGIN]


def shakes(seen: Background, first: int, last: int) -> bool:
    """Whether the picture sways to and fro and ends where it was."""
    way = np.concatenate([np.zeros((1, 2)), np.cumsum(seen.shifts_px()[first:last], axis=0)])
    reach = float(np.max(np.linalg.norm(way, axis=1)))
    turns = max(_reversals(way[:, axis], 0.15 * reach) for axis in (0, 1))
    return turns >= FEWEST_REVERSALS and float(np.linalg.norm(way[-1])) < RETURNED * reach


def _reversals(values: NDArray[np.floating], dead: float) -> int:
    """How often a curve turns back by more than ``dead``."""
    count, heading, extreme = 0, 0.0, float(values[0])
    for value in values.tolist():
        if heading * (value - extreme) >= 0 and heading:
            extreme = value
        elif abs(value - extreme) > dead:
            count += heading != 0
            heading, extreme = float(np.sign(value - extreme)), value
    return count


def _tracked(film: Film, keys: set[Key], first: int, last: int) -> set[Key]:
    """A camera that goes straight tracks an object if that stays where it is in the picture; else it does not."""
    held = any(_stays_in_place(film, name, first, last) for name in film.names)
    return (keys - {("level", 1)}) | ({("tracking", 1)} if held else set())


def _stays_in_place(film: Film, name: str, first: int, last: int) -> bool:
    """Whether the colours of an object fill the same part of the picture at both ends of a stretch."""
    box = film.box_px(name)[first]
    if not np.isfinite(box).all() or not _ground_leaves(background(film), box, first, last):
        return False
    likely = [likeness_in(film.pictures[first], film.pictures[frame], box) for frame in (first, last)]
    return likely[0] > SEEN and likely[1] > HELD * likely[0]


def _ground_leaves(seen: Background, box: Places, first: int, last: int) -> bool:
    """Whether the ground next to a box moves so far in the picture that an object at rest would leave its place."""
    before, after = seen.pairs_px(first, last)
    if len(before) < NEIGHBOURS:
        return True
    foot = ((box[0] + box[2]) / 2, box[3])
    nearest = np.argsort(np.linalg.norm(before - foot, axis=1))[: 2 * NEIGHBOURS]
    return float(np.median(np.linalg.norm((after - before)[nearest], axis=1))) > LEFT * float(np.min(box[2:] - box[:2]))


def likeness_in(model: Picture, picture: Picture, box: Places, there: Places | None = None) -> float:
    """Share of the pixels in a box of a picture that have colours commoner in the box of a model picture than around it.

    Args:
        there: the box in the picture, where it is another one.
    """
    x0, y0, x1, y1 = box.round().astype(int)
    aside = max(8, (x1 - x0) // 2, (y1 - y0) // 2)
    outer = np.zeros(model.shape[:2], np.uint8)
    outer[max(0, y0 - aside) : y1 + aside, max(0, x0 - aside) : x1 + aside] = 255
    outer[y0:y1, x0:x1] = 0
    own, other = (_colours(model, mask) for mask in (_inner(model, box), outer))
    commoner, inner = own > 2 * other, _inner(picture, box if there is None else there) > 0
    return float(commoner[tuple(_bins(picture[inner]).T)].mean()) if inner.any() else 0.0


def _inner(picture: Picture, box: Places) -> Picture:
    """A mask of the middle of a box, clear of its corners."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    x0, y0, x1, y1 = np.maximum(box.round(), 0).astype(int)
    mask[y0 + (y1 - y0) // 6 : y1 - (y1 - y0) // 6, x0 + (x1 - x0) // 6 : x1 - (x1 - x0) // 6] = 255
    return mask


def _colours(picture: Picture, mask: Picture) -> NDArray[np.float64]:
    """How often each colour occurs below a mask: a histogram over `BINS` of Lab, adding up to 1."""
    counts = np.zeros(BINS)
    np.add.at(counts, tuple(_bins(picture[mask > 0]).T), 1.0)
    return counts / max(float(counts.sum()), 1.0)


def _bins(pixels: Picture) -> NDArray[np.int_]:
    """``(pixel, 3)``: the bin of each of some RGB pixels ``(pixel, 3)``."""
    lab = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2LAB)[0] if len(pixels) else pixels
    return np.asarray(lab.astype(int) * BINS // 256)


def rests(found: tuple[Stretch, ...], num_frames: int) -> list[tuple[int, int]]:
    """Inclusive frame intervals in which the camera is at rest."""
    edges = [0, *itertools.chain.from_iterable((each.first, each.last) for each in found), num_frames - 1]
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if last > first]
