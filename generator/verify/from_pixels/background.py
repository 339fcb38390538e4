"""How the background moves in the picture: points of it, followed from frame to frame.

Corners are found outside the boxes of objects and followed by Lucas and Kanade's method in a pyramid, there and back again
(Kalal et al. 2010): a point that does not come back to where it was is let go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from generator.verify.from_pixels.film import Film

Array = NDArray[np.float32]
Places = NDArray[np.float64]
Grey = NDArray[np.uint8]
Flags = NDArray[np.bool_]

POINTS = 320  # followed at once
RENEWED_FRAMES = 6  # new points are looked for so often
APART_PX = 12  # at 640 pixels of width
BACK_PX = 0.35  # how far from its start a point may come back to
MARGIN = 0.12  # of a box, on each side, and
MARGIN_PX = 6.0
NEW_PX = 5.0  # how far sharpening may take a point
WINDOW: Mapping[str, Any] = {"winSize": (17, 17), "maxLevel": 3, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 15, 0.01)}
CLOSE: Mapping[str, Any] = {"winSize": (21, 21), "maxLevel": 1, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.005)}
ENOUGH, SHORTEST_HOP = 60, 6  # points; frames
REST_PX = 0.05  # per frame: the background of a camera at rest moves less
REST_FRAMES = 3  # shorter rests do not part two moves


@dataclass(frozen=True, eq=False)
class Background:
    """``points_px (frame, point, 2)``: where points of the background are; NaN where they are not followed."""

    points_px: Array
    greys: tuple[Grey, ...]
    fps: float

    @property
    def width_px(self) -> int:
        return self.greys[0].shape[1]

    def pairs_px(self, first: int, last: int) -> tuple[Array, Array]:
        """``(point, 2)`` twice: where the points that are followed all the way from one frame to another are in both."""
        ids, after = self._sharp(first, last)
        if len(ids) < ENOUGH and last - first > 2 * SHORTEST_HOP:
            ids, after = max((ids, after), self._by_hops(first, last), key=lambda found: len(found[0]))
        return self.points_px[first, ids], after

    def _by_hops(self, first: int, last: int) -> tuple[NDArray[np.int_], Array]:
        """As `_sharp`, over a frame between: pictures that are more alike are compared."""
        middle = (first + last) // 2
        ids, between = self._sharp(first, middle)
        return self._sharp(middle, last, ids, between)

    def _sharp(
        self, first: int, last: int, ids: NDArray[np.int_] | None = None, before: Array | None = None
    ) -> tuple[NDArray[np.int_], Array]:
        """Which of all points, or of some at known places in the first frame, are found in the last frame, and where."""
        if ids is None or before is None:
            ids = np.flatnonzero(np.isfinite(self.points_px[first, :, 0]))
            before = self.points_px[first, ids]
        kept = np.isfinite(self.points_px[last, ids, 0])
        moved = self.points_px[last, ids[kept]] + before[kept] - self.points_px[first, ids[kept]]
        after, good = _sharpened(self.greys[first], self.greys[last], before[kept], moved)
        return ids[kept][good], after[good]

    def pairs(self, first: int, last: int) -> tuple[Places, Places]:
        """The same as `places`."""
        before, after = self.pairs_px(first, last)
        return self.places(before), self.places(after)

    def places(self, points_px: Array) -> Places:
        """Points ``(point, 2)`` in widths of the picture from its middle, y upwards."""
        height, width = self.greys[0].shape
        return np.asarray((points_px - ((width - 1) / 2, (height - 1) / 2)) / (width, -width), float)

    def steps_px(self) -> Array:
        """``(frame - 1,)``: how far the middle one of the points gets from each frame to the next."""
        ways = np.linalg.norm(np.diff(self.points_px, axis=0), axis=-1)
        return np.array([np.median(way[np.isfinite(way)]) if np.isfinite(way).any() else np.nan for way in ways], np.float32)

    def shifts_px(self) -> Array:
        """``(frame - 1, 2)``: the middle one of the shifts to the right and down, from each frame to the next; 0 where none is known."""
        steps = np.diff(self.points_px, axis=0)
        return np.array(
            [np.median(step[np.isfinite(step[:, 0])], axis=0) if np.isfinite(step).any() else (0, 0) for step in steps], np.float32
        )

    def stretches(self) -> list[tuple[int, int]]:
        """Inclusive frame intervals in which the background moves, each from rest to rest."""
        moves = np.nan_to_num(self.steps_px()) > REST_PX * self.width_px / 640
        edges = np.flatnonzero(np.diff(moves.astype(int), prepend=0, append=0))
        found: list[tuple[int, int]] = []
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if found and first - found[-1][1] < REST_FRAMES:
                first = found.pop()[0]
            found.append((first, last))
        return [(first, last) for first, last in found if last - first > REST_FRAMES]


@lru_cache(maxsize=2)
def background(film: Film) -> Background:
    """Follow the background of a film through all of its frames."""
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in film.pictures]
    masks = clear_of_objects(film)
    track = _Track(greys[0].shape[1])
    track.renew(greys[0], masks[0])
    for frame in range(1, len(greys)):
        track.follow(greys[frame - 1], greys[frame], masks[frame])
        if frame % RENEWED_FRAMES == 0:
            track.renew(greys[frame], masks[frame])
    return Background(track.points_px(), tuple(greys), film.fps)


def clear_of_objects(film: Film) -> Grey:
    """``(frame, height, width)``: 255 where there is no object, nor anything close to one."""
    frames, height, width = film.pictures.shape[:3]
    masks = np.full((frames, height, width), 255, np.uint8)
    for name in film.names:
        for mask, box in zip(masks, film.box_px(name), strict=True):
            if np.isfinite(box).all():
                x0, y0, x1, y1 = _widened(box)
                mask[y0:y1, x0:x1] = 0
    return masks


def _widened(box: NDArray[np.float64]) -> list[int]:
    aside = MARGIN * (box[2:] - box[:2]) + MARGIN_PX
    return [max(0, round(side)) for side in (*(box[:2] - aside), *(box[2:] + aside))]


def _sharpened(first: Grey, last: Grey, before: Array, after: Array) -> tuple[Array, Flags]:
    """Where points are in a last picture, close to where following them from frame to frame has led, and which are found.

    What is followed through many frames drifts, by pixels where the picture is magnified. So the last picture is warped
    onto the first one, as far as a homography can do that, and the points are compared with themselves.
    """
    warp = cv2.findHomography(before, after, cv2.RANSAC, 4.0, maxIters=300)[0] if len(before) >= 12 else None
    if warp is None or abs(np.linalg.det(warp)) < 1e-6:
        return after, np.zeros(len(after), bool)
    warped = cv2.warpPerspective(last, warp, first.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    near = np.asarray(cv2.perspectiveTransform(after[:, None], np.linalg.inv(warp))[:, 0], np.float32)
    there, good = there_and_back(first, np.asarray(warped, np.uint8), before, near, CLOSE)
    good &= np.linalg.norm(there - near, axis=-1) < NEW_PX
    return np.asarray(cv2.perspectiveTransform(there[:, None], warp)[:, 0], np.float32), good


def there_and_back(
    first: Grey, last: Grey, points: Array, near: Array | None = None, how: Mapping[str, Any] = WINDOW
) -> tuple[Array, Flags]:
    """Where points ``(point, 2)`` of one picture are in another, looked for at ``near``, and which of them lead back."""
    if not len(points):
        return points, np.zeros(0, bool)
    start, flags = points if near is None else near, cv2.OPTFLOW_USE_INITIAL_FLOW
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, last, points, start.copy(), flags=flags, **how)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(last, first, there, points.copy(), flags=flags, **how)
    good = np.asarray(found, bool).ravel() & np.asarray(returned, bool).ravel() & (np.linalg.norm(back - points, axis=-1) < BACK_PX)
    return np.asarray(there, np.float32), np.asarray(good)


class _Track:
    """Points on their way: where each is now, and where all have been."""

    def __init__(self, width_px: int) -> None:
        self.apart_px = APART_PX * width_px / 640
        self.now = np.empty((0, 2), np.float32)
        self.ids = np.empty(0, int)
        self.known = 0
        self.frames: list[tuple[NDArray[np.int_], Array]] = []

    def follow(self, before: Grey, after: Grey, clear: Grey) -> None:
        """Go on to the next frame, with those points that can be found there and back, and are clear of objects."""
        self.frames.append((self.ids, self.now))
        there, good = there_and_back(before, after, self.now)
        good &= _inside(there, clear)
        self.now, self.ids = there[good], self.ids[good]

    def renew(self, grey: Grey, clear: Grey) -> None:
        """Look for new points where there are none."""
        free = clear.copy()
        for x, y in self.now:
            cv2.circle(free, (round(float(x)), round(float(y))), round(self.apart_px), (0,), -1)
        lacking = POINTS - len(self.now)
        corners = cv2.goodFeaturesToTrack(grey, lacking, 0.01, self.apart_px, mask=free, blockSize=5) if lacking > 0 else None
        if corners is not None:
            fresh = corners.reshape(-1, 2)
            self.now = np.concatenate([self.now, fresh])
            self.ids = np.concatenate([self.ids, self.known + np.arange(len(fresh))])
            self.known += len(fresh)

    def points_px(self) -> Array:
        """``(frame, point, 2)``, NaN where a point is not followed."""
        frames = [*self.frames, (self.ids, self.now)]
        points = np.full((len(frames), self.known, 2), np.nan, np.float32)
        for row, (ids, places) in zip(points, frames, strict=True):
            row[ids] = places
        return points


def _inside(points: Array, clear: Grey) -> Flags:
    """Which points lie in the picture (a little from its edge), where there is no object."""
    height, width = clear.shape
    x, y = np.nan_to_num(points, nan=-1.0).T
    inside = (x > 2) & (y > 2) & (x < width - 3) & (y < height - 3)
    column, row = np.where(inside, x, 0).astype(int), np.where(inside, y, 0).astype(int)
    return np.asarray(inside & (clear[row, column] > 0))
