"""Motions that anyone can make of one frame: a thing is cut out of it, and slides over the place that it left.

frames = slide(picture, box, "left", 16, rng)  # (16, 3, S, S) uint8

It goes to a side, or towards or away from the camera: larger and lower, or smaller and higher, as on a floor.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from model.glides import progress
from qa_templates import question
from qa_templates.directions import TEXTS

WAYS: Mapping[str, tuple[int, int]] = {"right": (1, 0), "left": (-1, 0), "towards": (0, 1), "away": (0, -1)}  # to the right, nearer
WHICH_WAY = question.QUESTIONS["travel_direction"].wordings
WHICH_ONE = question.QUESTIONS["which_object_moves"].wordings
REACH = (0.3, 0.6)  # of a way to a side, as a share of the picture
NEARER = (1.5, 2.2)  # how much larger it gets
LOWER = (0.15, 0.3)  # and how far it goes down, as a share of the picture
GROWN = 0.01  # by which a box is larger than what is in it
RADIUS_PX = 3  # of what the place behind is filled from
Box = tuple[float, float, float, float]


def said(way: str) -> str:
    """How an option is written, as `travel_direction` writes it."""
    return TEXTS[way][0].upper() + TEXTS[way][1:]


def options(way: str) -> list[str]:
    """The right option and the three others."""
    return [said(way), *(said(other) for other in WAYS if other != way)]


def slide(picture: np.ndarray, box: Box, way: str, num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """``(num_frames, 3, S, S)`` uint8 of a picture ``(3, S, S)`` in which the thing in a box moves. The box is in shares of the picture."""
    source = np.ascontiguousarray(picture.transpose(1, 2, 0))
    mask = _mask(box, source.shape[0])
    behind = cv2.inpaint(source, mask, RADIUS_PX, cv2.INPAINT_TELEA)
    soft = cv2.GaussianBlur(mask, (3, 3), 0)
    steps = _path(box, way, num_frames, rng)
    return np.stack([_placed(source, soft, behind, box, *step) for step in zip(*steps, strict=True)]).transpose(0, 3, 1, 2)


def _mask(box: Box, size_px: int) -> np.ndarray:
    left, upper, right, lower = box
    mask = np.zeros((size_px, size_px), np.uint8)
    columns = slice(max(0, int((left - GROWN) * size_px)), int(np.ceil((right + GROWN) * size_px)))
    mask[max(0, int((upper - GROWN) * size_px)) : int(np.ceil((lower + GROWN) * size_px)), columns] = 255
    return mask


def _path(box: Box, way: str, num_frames: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the thing at each frame: its centre (x, y), as shares of the picture, and its size, as a share of its own."""
    right, nearer = WAYS[way]
    done = progress(num_frames, rng)
    half = (box[2] - box[0]) / 2
    reach = min(float(rng.uniform(*REACH)), 1 - 2 * half) * abs(right)
    start = rng.uniform(half, max(half, 1 - half - reach))
    x = start + reach * (done if right > 0 else 1 - done)
    share = done if nearer > 0 else 1 - done
    size = 1 + (rng.uniform(*NEARER) - 1) * share * abs(nearer)
    y = (box[1] + box[3]) / 2 + rng.uniform(*LOWER) * share * abs(nearer)
    return x, y, size


def _placed(source: np.ndarray, mask: np.ndarray, behind: np.ndarray, box: Box, x: float, y: float, size: float) -> np.ndarray:
    """``behind`` with the thing at a place."""
    size_px = source.shape[0]
    before_x, before_y = (box[0] + box[2]) / 2 * size_px, (box[1] + box[3]) / 2 * size_px
    matrix = np.array([[size, 0, x * size_px - size * before_x], [0, size, y * size_px - size * before_y]], np.float32)
    thing, there = (cv2.warpAffine(each, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR) for each in (source, mask))
    share = there[..., None].astype(np.float32) / 255
    return (thing * share + behind * (1 - share)).round().astype(np.uint8)
