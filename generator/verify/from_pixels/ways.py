"""How far and how fast objects go over the ground."""

from __future__ import annotations

import numpy as np

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import named
from generator.verify.from_pixels.tracks import camera_stands, stretches, track
from generator.verify.ruling import Ruling

HORIZONS = (0.2, 0.0, -0.5, -1000.0)  # heights from the top in widths: a level camera's, one's that looks down, and a map's
MOST_GROWTH = 1.5  # of a box in width between start and end: more is no object alone, but one with what it left or met
MIN_RATIO = 1.1  # between the first and the second; the questions ask for 1.2 in the picture and 1.35 over the ground


@PIXEL_RULES.add("which_is_fastest", "which_travels_farthest")
def which_goes(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The option that goes farthest or least far, or fastest or slowest.

    What stands lower in the picture is nearer, and as much larger as it is farther below the horizon. The horizon cannot
    be seen: the answer must be the same for each height that it may have.
    """
    if not camera_stands(film):
        return Ruling.unknown(options, "the camera moves")
    names = [(named(film, option) or [""])[0] for option in options]
    ways = [_way(film, name) for name in names]
    if any(way is None for way in ways):
        return Ruling.unknown(options, "an object is not seen to go from rest to rest")
    wording = text.lower()
    largest, timed = any(word in wording for word in ("fastest", "longest")), any(word in wording for word in ("fastest", "slowest"))
    found = [_extreme([way for way in ways if way is not None], horizon, largest=largest, timed=timed) for horizon in HORIZONS]
    chosen = {place for place, _ in found}
    measured = {"ratios": [ratio for _, ratio in found], "ways_of_width": [way[0] for way in ways if way is not None]}
    if len(chosen) > 1 or min(ratio for _, ratio in found) < MIN_RATIO:
        return Ruling.unknown(options, "two are too much alike", **measured)
    return Ruling(tuple(place in chosen for place in range(len(options))), measured)


def _way(film: Film, name: str) -> tuple[float, float, float] | None:
    """Way in the picture and height of the lower edge, in widths of the picture, and seconds; None where it is not seen."""
    found, moves = (track(film, name), stretches(film, name)) if name in film.names else (None, [])
    if found is None or not moves:
        return None
    first, last = moves[0][0], moves[-1][1]
    if found.cut[[first, last]].any():
        return None
    left, right = found.box[[first, last], 0], found.box[[first, last], 2]
    if np.ptp(np.log(np.maximum(right - left, 1.0))) > np.log(MOST_GROWTH):
        return None
    middle = left + right
    bottom = found.box[[first, last], 3]
    way = float(np.hypot(np.diff(middle)[0] / 2, np.diff(bottom)[0])) / found.width
    return way, float(bottom.mean()) / found.width, (last - first) / film.fps


def _extreme(ways: list[tuple[float, float, float]], horizon: float, *, largest: bool, timed: bool) -> tuple[int, float]:
    """The place of the largest or smallest way (or speed), and how many times the next one it is, or the next one is it."""
    lengths = np.array([way / max(bottom - horizon, 0.05) / (seconds if timed else 1.0) for way, bottom, seconds in ways])
    order = np.argsort(-lengths if largest else lengths)
    ratio = lengths[order[0]] / lengths[order[1]]
    return int(order[0]), float(ratio if largest else 1 / ratio)
