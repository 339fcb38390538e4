"""How objects move: at which pace, and which way round they turn."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from scipy import ndimage

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import named
from generator.verify.from_pixels.tracks import CLIPS, camera_stands, small_pictures, stretches, track
from generator.verify.ruling import Ruling

PACES = {
    "it keeps one speed": (1 / 3, 1 / 3, 1 / 3),
    "it gets faster and faster": (0.10, 0.30, 0.60),
    "it gets slower and slower": (0.60, 0.30, 0.10),
    "it slows down midway, almost to a halt, and then speeds up again": (0.42, 0.16, 0.42),
}  # shares of the way in the thirds of the time
NEARER = 0.6  # the best pace must be so much nearer than the second one
TRAVELS = 0.06  # of the picture's width: what moves less is on the spot
NEAR_SIDE = np.where(np.arange(128) < 0.35 * 128, -0.5, 1.0)[:, None]  # weights of rows: the far side shows above, if at all
ONE_WAY = 0.2  # of all turning that must go one way, more than the other


@PIXEL_RULES.add("pace")
def pace(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The shares of the way that fall into the thirds of the time; of what stays on the spot, the shares of what changes."""
    names = named(film, text)
    if not names or not camera_stands(film):
        return Ruling.unknown(options, "the camera moves")
    moves, found = stretches(film, names[0]), track(film, names[0])
    if found is None or not moves:
        return Ruling.unknown(options, "it cannot be seen to move")
    first, last = moves[0][0], moves[-1][1]
    middle = (found.box[:, :2] + found.box[:, 2:])[first : last + 1] / 2
    travels = bool(np.linalg.norm(middle[-1] - middle[0]) > TRAVELS * found.width)
    steps = np.linalg.norm(np.diff(middle, axis=0), axis=1) if travels else turning(film, names[0], first, last)[1]
    way = np.concatenate([[0.0], np.cumsum(steps)])
    if travels:  # along the straight line: noise does not add up
        way = np.abs((middle - middle[0]) @ (middle[-1] - middle[0]))
    shares = np.diff(np.interp([0, 1 / 3, 2 / 3, 1], np.linspace(0, 1, len(way)), way)) / max(way[-1] - way[0], 1e-9)
    misses = {name: float(np.abs(shares - expected).sum()) for name, expected in PACES.items()}
    best, second = sorted(misses, key=lambda name: misses[name])[:2]
    if misses[best] > NEARER * misses[second]:
        return Ruling.unknown(options, "it lies between two paces", shares=shares.tolist())
    read = [option.lower() if option.lower() in PACES else None for option in options]
    return Ruling.meaning(read, best, shares=shares.tolist(), travels=travels)


@PIXEL_RULES.add("spin_direction", "avatar_turns")
def turns(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Which way the near side moves, in each of two movements: to the right is counter-clockwise, to one's own left."""
    names = named(film, text)
    if not names or not camera_stands(film):
        return Ruling.unknown(options, "the camera moves")
    moves = stretches(film, names[0])
    if len(moves) != 2:
        return Ruling.unknown(options, f"it moves {len(moves)} times")
    ways = []
    for move in moves:
        signed, unsigned = (flow.sum() for flow in turning(film, names[0], *move))
        ways.append(float(signed / max(unsigned, 1e-9)))
    if min(abs(way) for way in ways) < ONE_WAY:
        return Ruling.unknown(options, "the flow does not tell which way it turns", one_way=ways)
    return Ruling.meaning([_turns(option) for option in options], [way > 0 for way in ways], one_way=ways)


def _turns(option: str) -> list[bool] | None:
    """First clockwise, then counter-clockwise → [False, True]; to its own left is counter-clockwise. None where it names no side."""
    words = option.lower().replace("counter-clockwise", "left").replace("clockwise", "right")
    told = sorted((words.index(side), side == "left") for side in ("left", "right") if side in words)
    return [told[0][1], told[-1][1]] if told else None


@lru_cache(maxsize=CLIPS * 4)
def turning(film: Film, name: str, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """``(step,)`` twice, in pixels of the small pictures: how far the near side goes to the right, and how far anything goes.

    The lower a part of an object stands in the picture, the nearer it is; what lies beyond the axis goes the other way.
    Dense inverse search (Kroeger et al. 2016) gives the flow.
    """
    found, pictures = track(film, name), small_pictures(film)
    flow_of = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    signed, unsigned = [], []
    for frame in range(first, last):
        if found is None or not np.isfinite(found.reach[frame : frame + 2]).all():
            continue
        x0, y0, x1, y1 = _square(found.reach[frame], pictures.shape[1:3])
        here, there = (cv2.resize(pictures[at, y0:y1, x0:x1, 0], (128, 128), interpolation=cv2.INTER_LINEAR) for at in (frame, frame + 1))
        across = ndimage.median_filter(flow_of.calc(here, there, np.zeros((*here.shape, 2), np.float32))[..., 0], 3) * (x1 - x0) / 128
        across = np.where(cv2.absdiff(here, there) > 4, across, 0.0)
        signed.append(float((across * NEAR_SIDE).mean()))
        unsigned.append(float(np.abs(across).mean()))
    return np.array(signed), np.array(unsigned)


def _square(box: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box in whole pixels, within the picture."""
    height, width = shape
    x0, y0 = np.clip(np.floor(box[:2]), 0, [width - 4, height - 4]).astype(int)
    x1, y1 = np.clip(np.ceil(box[2:]), [x0 + 4, y0 + 4], [width, height]).astype(int)
    return int(x0), int(y0), int(x1), int(y1)
