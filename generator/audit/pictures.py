"""What one frame shows of each object, from the video.

Where the named objects are in a picture is taken from the exported boxes, for whoever looks at it sees that at once. All else is
measured in the pixels: the outline of each object and its shades, and the colours and edges of the picture as a whole.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from generator.audit.glimpses import POSTURE, STATE, Glimpses
from generator.reader import ClipReader
from scenes.geometry import Array

SMALL_PX = (160, 120)  # to which a picture is scaled before its layout is measured
CROP_PX = 24  # side of an object's cut-out
BINS = 8  # directions of edges
COLOUR_GRID = (4, 3)  # cells across and down
SHADE_GRID = (4, 4)


def from_video(clip: ClipReader, frames: np.ndarray) -> Glimpses:
    """Glimpses of a clip at ``frames (frame,)`` from its video. Raises ValueError where it is too short."""
    wanted = set(frames.tolist())
    pictures = {number: picture for number, picture in enumerate(clip.pictures()) if number in wanted}
    if missing := wanted - set(pictures):
        raise ValueError(f"the video has no frame {min(missing)}")
    seen = [_glimpse(clip, pictures[frame], frame) for frame in frames.tolist()]
    states, postures, layout = (np.stack(part) for part in zip(*seen, strict=True))
    return Glimpses(states, postures, layout)


def _glimpse(clip: ClipReader, picture: np.ndarray, frame: int) -> tuple[Array, Array, Array]:
    """States, postures and layout of one picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    boxes, visible = _boxes(clip, frame), visible_fraction(clip, frame)
    postures = np.stack([_posture(grey, box) for box in boxes])
    return _states(boxes, visible, grey.shape[1], grey.shape[0]), postures, _layout(picture)


def visible_fraction(clip: ClipReader, frame: int) -> Array:
    """``(object,)``: how much of each is visible at the nearest frame for which that is exported, in the order of the trajectories."""
    seen, rows, nearest = _exported(clip, frame)
    return np.array([seen["visible_fraction"][row][nearest] for row in rows], float)


def _boxes(clip: ClipReader, frame: int) -> Array:
    """``(object, 4)`` boxes in pixels, NaN where nothing is seen, likewise."""
    seen, rows, nearest = _exported(clip, frame)
    return np.array([_box(seen["box_px"][row][nearest]) for row in rows])


def _exported(clip: ClipReader, frame: int) -> tuple[dict[str, Any], list[int], int]:
    """What is exported of visibility, the row of each object in it, and the place of the nearest frame."""
    seen = clip.annotation["visibility"]
    rows = [seen["names"].index(name) for name in clip.paths.names]
    return seen, rows, int(np.argmin(np.abs(np.asarray(seen["frames"]) - frame)))


def _box(exported: list[float | None] | None) -> list[float]:
    corners = exported or [None] * 4
    return [np.nan if corner is None else corner for corner in corners]


def _states(boxes: Array, visible: Array, width_px: int, height_px: int) -> Array:
    """``(object, STATE)``: what of it a box tells; the rest is 0."""
    states = np.zeros((len(boxes), len(STATE)))
    scaled = boxes / (width_px, height_px, width_px, height_px)
    centres, sides = (scaled[:, :2] + scaled[:, 2:]) / 2 - 0.5, np.maximum(scaled[:, 2:] - scaled[:, :2], 1e-3)
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1) + np.diag(np.full(len(boxes), np.inf))
    nearest = np.nan_to_num(apart, nan=np.inf).min(axis=1, initial=1.0)
    told = {
        "right": centres[:, 0],
        "down": centres[:, 1],
        "size": np.log(sides.max(axis=1)),
        "height": scaled[:, 3],  # of the lower edge in the picture
        "upright": np.log(sides[:, 1] / sides[:, 0]),
        "visible": visible,
        "gap": nearest,
    }
    for name, values in told.items():
        states[:, STATE.index(name)] = np.nan_to_num(values)
    return states


def _posture(grey: np.ndarray, box: Array) -> Array:
    """``(POSTURE,)``: edges in the quarters of an object's cut-out, and a few shades of it; zeros where it is not seen."""
    if np.isnan(box).any():
        return np.zeros(POSTURE)
    x0, y0, x1, y1 = (round(float(corner)) for corner in box)
    cut = grey[max(y0, 0) : max(y1, y0 + 2), max(x0, 0) : max(x1, x0 + 2)]
    if not cut.size:
        return np.zeros(POSTURE)
    small = cv2.resize(cut, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    half = CROP_PX // 2
    quarters = [_edges(small[row : row + half, column : column + half]) for row in (0, half) for column in (0, half)]
    return np.concatenate([*quarters, cv2.resize(small, SHADE_GRID, interpolation=cv2.INTER_AREA).ravel()])


def _layout(picture: np.ndarray) -> Array:
    """Colours of a coarse grid, and edges of the whole picture."""
    small = cv2.resize(picture, SMALL_PX, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    colours = cv2.resize(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), COLOUR_GRID, interpolation=cv2.INTER_AREA)
    return np.concatenate([colours.ravel() / 100, _edges(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))])


def _edges(grey: np.ndarray) -> Array:
    """``(BINS,)``: how much of the edges goes in each direction (a histogram of oriented gradients, one cell)."""
    right, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(right, down)
    sums = np.bincount((angle * BINS / (2 * np.pi)).astype(int).ravel() % BINS, weights=strength.ravel(), minlength=BINS)
    return np.asarray(sums / (sums.sum() + 1e-6))
