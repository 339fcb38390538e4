"""Where an object is in each picture, and when it moves: told by its colours, from one box on.

The box of one picture, the first in which the object is seen whole, comes from the export; all the rest is measured. GrabCut
(Rother et al. 2004) parts the object from its surroundings in that picture, and a histogram of both (Lab, 16 levels per
channel) says of every colour how likely it is the object's, which is followed forward and backward from picture to picture.
Under a camera that stands still, what looks as it did in that first picture, outside the box, is surroundings too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
from scipy import ndimage

from generator.verify.from_pixels.film import Film

WIDTH_PX = 320  # of the pictures in which is measured
BINS = 16  # levels per channel of the histograms
CHANGED = 12  # levels of any channel that a pixel must change to count as changed: four times the noise of the encoder
HUE = 6  # levels of a and b that a shadow may change
CLIPS = 2  # films whose measures are kept
WHOLE, MOSTLY = 0.97, 0.6  # visible fractions: of an object that is seen whole, and of one that can be followed at all
MOVES = 0.4  # levels of mean change in and around an object: at rest the encoder leaves 0.3 at the most
PIXEL_MOVES = 6  # levels that the encoder's noise hardly ever reaches
MARGIN = 0.25  # of its size, around something that moves, in which it may change what it passes

Found = tuple[np.ndarray, np.ndarray, float]  # box, centre and area in one picture


@dataclass(frozen=True, eq=False)
class Track:
    """Where an object is. All lengths are in pixels of the small pictures, x right, y down.

    Args:
        seen: ``(frame,)``, whether it was found.
        box: ``(frame, 4)``: x0, y0, x1, y1; NaN where it was not found.
        centre: ``(frame, 2)``, the middle of its pixels.
        area: ``(frame,)``, their number.
        reach: ``(frame, 4)``, the box that holds all of it, where its colours show a part only (a figure's shirt).
        change: ``(frame,)``, change of the picture in its reach since the picture before: the mean in levels, or 0.6 times
            the percentage of the pixels that changed by more than `PIXEL_MOVES`, whichever is more.
    """

    seen: np.ndarray
    box: np.ndarray
    centre: np.ndarray
    area: np.ndarray
    reach: np.ndarray
    change: np.ndarray
    width: int
    height: int

    @cached_property
    def size(self) -> np.ndarray:
        """``(frame,)``: the root of the area of the box."""
        return np.sqrt((self.box[:, 2] - self.box[:, 0]) * (self.box[:, 3] - self.box[:, 1]))

    @cached_property
    def cut(self) -> np.ndarray:
        """``(frame,)``: whether the edge of the picture cuts through it, or hides it."""
        inside = (self.box[:, 0] > 1) & (self.box[:, 1] > 1) & (self.box[:, 2] < self.width - 1) & (self.box[:, 3] < self.height - 1)
        return ~inside


@lru_cache(maxsize=CLIPS)
def small_pictures(film: Film) -> np.ndarray:
    """``(frame, height, WIDTH_PX, 3)`` uint8, Lab."""
    height, width = film.pictures.shape[1:3]
    size = (WIDTH_PX, round(height * WIDTH_PX / width))
    return np.stack([cv2.cvtColor(cv2.resize(each, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB) for each in film.pictures])


@lru_cache(maxsize=CLIPS)
def camera_stands(film: Film) -> bool:
    """Whether more than half of the picture is the same throughout: objects and their shadows cover less of it."""
    pictures = small_pictures(film)[:: max(1, len(film.pictures) // 12)]
    spread = np.ptp(pictures[..., 0].astype(np.int16), axis=0)
    return bool(np.median(spread) < CHANGED / 2)


def first_seen(film: Film, name: str) -> int | None:
    """The first picture in which an object is seen whole, or nearly as well as in any; None where most of it is always hidden."""
    visible = np.where(np.isfinite(film.box_px(name)).all(axis=1), film.visible_fraction(name), 0.0)
    return int(np.argmax(visible > min(WHOLE, visible.max() - 0.01))) if visible.max() > MOSTLY else None


@dataclass(frozen=True, eq=False)
class Appearance:
    """An object in the first picture that shows it whole: its box and mask there, and the share of each colour in it."""

    start: int
    box: np.ndarray
    mask: np.ndarray
    colours: np.ndarray


@lru_cache(maxsize=CLIPS * 8)
def appearance(film: Film, name: str) -> Appearance | None:
    """How an object looks when it is first seen whole; None where no picture shows it so."""
    start = first_seen(film, name)
    if start is None:
        return None
    picture = small_pictures(film)[start]
    height, width = picture.shape[:2]
    box = np.round(film.box_px(name)[start] * WIDTH_PX / film.pictures.shape[2]).astype(int)
    box = np.clip(box, 0, [width - 2, height - 2, width, height])
    box[2:] = np.maximum(box[2:], box[:2] + 2)
    mask = cut_out(picture, box)
    return Appearance(start, box, mask, _histogram(picture[mask]))


@lru_cache(maxsize=CLIPS * 8)
def track(film: Film, name: str) -> Track | None:
    """Follow an object. None where no picture shows it whole."""
    seen_as = appearance(film, name)
    if seen_as is None:
        return None
    pictures = small_pictures(film)
    others = [other.colours for each in film.names if each != name and (other := appearance(film, each)) is not None]
    tracker = _Tracker(pictures, seen_as, others, still=camera_stands(film))
    boxes = np.full((len(pictures), 4), np.nan)
    centres, areas = np.full((len(pictures), 2), np.nan), np.zeros(len(pictures))
    for frames in (range(seen_as.start, len(pictures)), range(seen_as.start - 1, -1, -1)):
        for frame, found in tracker.follow(frames):
            boxes[frame], centres[frame], areas[frame] = found
    seen = np.isfinite(boxes).all(axis=1)
    left_out = seen_as.box - boxes[seen_as.start] if seen[seen_as.start] else np.zeros(4)
    reach = boxes + np.concatenate([np.minimum(left_out[:2], 0), np.maximum(left_out[2:], 0)])
    return Track(seen, boxes, centres, areas, reach, _change(pictures, reach), WIDTH_PX, pictures.shape[1])


class _Tracker:
    """What is known of an object from one picture: its colours, and the surroundings."""

    def __init__(self, pictures: np.ndarray, seen_as: Appearance, others: list[np.ndarray], *, still: bool) -> None:
        self.pictures, self.start, self.still = pictures, seen_as.start, still
        self.box, self.mask = seen_as.box, seen_as.mask
        self.likely = likelihood(pictures[self.start], seen_as, others)
        self.area = float(self.mask.sum())
        around = np.median(pictures[self.start][~self.mask], axis=0)
        self.shady = float(_shaded(pictures[self.start][self.mask], around).mean())  # share of it that a shadow could look like

    def follow(self, frames: range) -> Iterator[tuple[int, Found]]:
        """Yields each frame with box, centre and area wherever the object is found."""
        box, speed, lost, area = self.box.astype(float), np.zeros(2), 0, self.area
        for frame in frames:
            expected = box + np.tile(speed * (lost + 1), 2)
            window = self._window(expected, lost)
            found = self._find(frame, window, expected, area)
            if found is None:
                lost += 1
                continue
            moved = (found[0][:2] + found[0][2:] - box[:2] - box[2:]) / 2 / (lost + 1)
            speed = 0.5 * speed + 0.5 * moved if frame != self.start else speed
            box, lost, area = found[0], 0, 0.9 * area + 0.1 * found[2]
            yield frame, found

    def _window(self, box: np.ndarray, lost: int) -> tuple[int, int, int, int]:
        margin = 6 + 0.35 * max(box[2] - box[0], box[3] - box[1]) * (1 + 0.3 * lost)
        height, width = self.pictures.shape[1:3]
        x0, y0 = np.clip(np.floor(box[:2] - margin), 0, [width - 1, height - 1]).astype(int)
        x1, y1 = np.clip(np.ceil(box[2:] + margin), [x0 + 1, y0 + 1], [width, height]).astype(int)
        return x0, y0, x1, y1

    def _find(self, frame: int, window: tuple[int, int, int, int], expected: np.ndarray, area: float) -> Found | None:
        """What looks like the object and lies where it is expected, in one piece or several."""
        x0, y0 = window[:2]
        mask = cv2.morphologyEx(self.looks(frame, window), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        number, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        if number < 2:
            return None
        left, top, right, bottom = np.clip(np.round(expected - [x0, y0, x0, y0]).astype(int), 0, None)
        inside = np.bincount(labels[top:bottom, left:right].ravel(), minlength=number)[1:]
        areas = stats[1:, cv2.CC_STAT_AREA]
        main = int(np.argmax(inside + 0.01 * areas))
        keep = (areas >= 0.03 * areas[main]) & (inside >= 0.3 * areas)
        keep[main] = True
        ys, xs = np.nonzero(np.isin(labels, 1 + np.flatnonzero(keep)))
        if len(xs) < 0.25 * area:
            return None
        box = np.array([xs.min() + x0, ys.min() + y0, xs.max() + x0 + 1, ys.max() + y0 + 1], float)
        return box, np.array([xs.mean() + x0 + 0.5, ys.mean() + y0 + 0.5]), float(len(xs))

    def looks(self, frame: int, window: tuple[int, int, int, int]) -> np.ndarray:
        """Which pixels of a window look like the object."""
        x0, y0, x1, y1 = window
        part = self.pictures[frame, y0:y1, x0:x1]
        mask = self.likely[tuple((part >> 4).reshape(-1, 3).T)].reshape(part.shape[:2]) > 0.5
        if self.still:
            before = self.pictures[self.start, y0:y1, x0:x1]
            changed = cv2.absdiff(part, before).max(axis=2) > CHANGED
            if self.shady < 0.25:
                changed &= ~_shaded(part, before)
            home = np.zeros(mask.shape, bool)
            a = np.clip(self.box - [x0, y0, x0, y0], 0, None)
            home[a[1] : a[3], a[0] : a[2]] = True
            mask &= changed | home
        return mask.astype(np.uint8)


def _shaded(pixels: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Which pixels ``(…, 3)`` may have become darker by a shadow alone: they keep their hue."""
    now, then = pixels.astype(np.int16), before.astype(np.int16)
    return np.asarray((now[..., 0] < then[..., 0]) & (np.abs(now[..., 1:] - then[..., 1:]).max(axis=-1) < HUE))


def cut_out(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """``(height, width)`` bool: the object in its box."""
    x0, y0, x1, y1 = box
    height, width = picture.shape[:2]
    margin = max(4, (max(x1 - x0, y1 - y0)) // 2)
    a, b, c, d = max(0, x0 - margin), max(0, y0 - margin), min(width, x1 + margin), min(height, y1 + margin)
    part = np.ascontiguousarray(picture[b:d, a:c])
    marks = np.full(part.shape[:2], cv2.GC_BGD, np.uint8)
    marks[y0 - b : y1 - b, x0 - a : x1 - a] = cv2.GC_PR_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(part, marks, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)  # the rectangle is not read
    mask = np.zeros((height, width), bool)
    mask[b:d, a:c] = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    if mask.sum() < 0.15 * (x1 - x0) * (y1 - y0):  # it found nothing: take the middle of the box
        mask[:] = False
        mask[y0 + (y1 - y0) // 4 : y1 - (y1 - y0) // 4, x0 + (x1 - x0) // 4 : x1 - (x1 - x0) // 4] = True
    return mask


def likelihood(picture: np.ndarray, seen_as: Appearance, others: list[np.ndarray]) -> np.ndarray:
    """``(BINS, BINS, BINS)``: how likely each colour is the object's rather than its surroundings' or another object's."""
    outside = np.ones(seen_as.mask.shape, bool)
    x0, y0, x1, y1 = seen_as.box
    outside[y0:y1, x0:x1] = False
    around = np.max([_histogram(picture[outside | ~seen_as.mask]), *others], axis=0)
    return seen_as.colours / (seen_as.colours + around + 1e-6)


def _histogram(pixels: np.ndarray) -> np.ndarray:
    counts = np.zeros((BINS,) * 3)
    np.add.at(counts, tuple((pixels >> 4).T), 1.0)
    return ndimage.gaussian_filter(counts / max(counts.sum(), 1.0), 0.6, mode="nearest")


def _change(pictures: np.ndarray, boxes: np.ndarray, others: list[np.ndarray] | None = None) -> np.ndarray:
    """``(frame,)``: see `Track`; NaN where other boxes ``(frame, 4)`` leave less than a third of the box."""
    change = np.zeros(len(pictures))
    for frame in range(1, len(pictures)):
        both = boxes[frame - 1 : frame + 1]
        if not np.isfinite(both).all():
            continue
        x0, y0 = np.maximum(both[:, :2].min(axis=0) - 2, 0).astype(int)
        x1, y1 = np.ceil(both[:, 2:].max(axis=0) + 2).astype(int)
        moved = cv2.absdiff(pictures[frame, y0:y1, x0:x1], pictures[frame - 1, y0:y1, x0:x1])[..., 0]
        own = np.ones(moved.shape, bool)
        for other in others or ():
            if np.isfinite(other[frame]).all():
                a, b, c, d = np.clip(np.round(other[frame]).astype(int) - [x0, y0, x0, y0], 0, None)
                own[b:d, a:c] = False
        change[frame] = _moved(moved[own]) if own.mean() > 0.33 else np.nan
    return change


def _moved(differences: np.ndarray) -> float:
    """The mean change of pixels ``(pixel,)``, or what the share of those that surely changed makes of it."""
    return max(float(differences.mean()), 60 * float((differences > PIXEL_MOVES).mean()))


@lru_cache(maxsize=CLIPS * 8)
def own_change(film: Film, name: str) -> np.ndarray:
    """``(frame,)``: the change of the picture around an object, but for where other things move: NaN where they cover it."""
    found = track(film, name)
    if found is None:
        return np.full(len(film.pictures), np.nan)
    others = [grown for other in film.names if other != name and (grown := _moving_box(film, other)) is not None]
    return _change(small_pictures(film), found.reach, others) if others else found.change


@lru_cache(maxsize=CLIPS * 8)
def _moving_box(film: Film, name: str) -> np.ndarray | None:
    """``(frame, 4)``: the box of an object while the picture changes there, with a margin; None where it does not."""
    found = track(film, name)
    if found is None or not (found.change > MOVES).any():
        return None
    moving = ndimage.binary_dilation(found.change > MOVES, iterations=2)
    margin = MARGIN * np.nan_to_num(found.size)[:, None] * np.array([-1, -1, 1, 1])
    return np.where(moving[:, None], found.reach + margin, np.nan)


@lru_cache(maxsize=CLIPS * 8)
def stretches(film: Film, name: str) -> list[tuple[int, int]]:
    """When the picture in and around an object changes by itself: first and last frame of each stretch, rests between.

    Gaps of up to a tenth of a second are no rests (something that bounces stands still for a moment), and stretches that
    are as short are noise.
    """
    short = max(2, round(0.12 * film.fps))
    changes = np.nan_to_num(own_change(film, name)) > MOVES
    moving = ndimage.binary_closing(np.pad(changes, short), np.ones(short))[short:-short]
    labels, _ = ndimage.label(moving)
    spans = [(int(place[0].start) - 1, int(place[0].stop) - 1) for place in ndimage.find_objects(labels)]
    return [(max(first, 0), last) for first, last in spans if last - first > short]


def doubtful(film: Film, name: str) -> bool:
    """Whether something else covers so much of an object's surroundings for some time that its rest cannot be told."""
    return bool(np.isnan(own_change(film, name)).sum() > 0.1 * film.fps)
