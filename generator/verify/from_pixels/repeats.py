"""How often an object or a figure repeats what it does."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy import signal

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import named
from generator.verify.from_pixels.tracks import CLIPS, camera_stands, small_pictures, stretches, track
from generator.verify.ruling import Ruling

SIDE = 24  # pixels of a crop, per side, whose changes are measured
PARTS = 6  # principal components that are kept
ALIKE = 0.35  # of the mean distance between pictures: two that are nearer show the same
BACK = 0.45  # of the largest distance from the first picture: it is back where it began
RAMPS = 0.88  # a motion that gathers speed and loses it again takes its cycles in this share of the time, at the least
ROUNDING = 0.3  # cycles by which time over period may miss a number
LONGEST_PAUSE_S = 0.5  # in what counts as one stretch: some motions dwell
NUMBERS = {"once": 1, "twice": 2}


@lru_cache(maxsize=CLIPS * 4)
def scores(film: Film, name: str, first: int, last: int) -> np.ndarray:
    """``(frame, PARTS)``: how the picture in the place where an object moves changes: principal components over time."""
    found = track(film, name)
    if found is None:
        return np.zeros((0, PARTS))
    box, height = found.reach[first : last + 1], small_pictures(film).shape[1]
    margin = 0.15 * np.nanmax(found.size[first : last + 1])
    x0, y0 = np.maximum(np.nanmin(box[:, :2], axis=0) - margin, 0).astype(int)
    x1, y1 = np.minimum(np.nanmax(box[:, 2:], axis=0) + margin, [found.width, height]).astype(int)
    crops = [cv2.resize(each[y0:y1, x0:x1], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for each in small_pictures(film)[first : last + 1]]
    pixels = np.stack(crops).reshape(len(crops), -1).astype(float)
    parts, sizes, _ = np.linalg.svd(pixels - pixels.mean(axis=0), full_matrices=False)
    return parts[:, :PARTS] * sizes[:PARTS]


@dataclass(frozen=True)
class Repeats:
    """How a stretch repeats itself.

    ``period`` in frames, None where no picture comes again; ``returns`` is how often it is back at its beginning, the end
    included; ``ratio`` the length of the stretch over the period.
    """

    frames: int
    period: int | None
    returns: int

    @property
    def ratio(self) -> float:
        return self.frames / self.period if self.period else 1.0

    @property
    def number(self) -> int | None:
        """How often it happens; None where period and returns do not agree on it."""
        if self.period is None:
            return 1 if self.returns == 1 else None
        fitting = [n for n in range(1, 20) if RAMPS * self.ratio - ROUNDING < n < self.ratio + ROUNDING]
        if self.returns in fitting:
            return self.returns
        return fitting[0] if len(fitting) == 1 and self.returns > fitting[0] else None  # it looks alike more often than once in a turn

    @classmethod
    def of(cls, parts: np.ndarray) -> Repeats:
        """From the scores ``(frame, part)`` of a stretch, from rest to rest."""
        period = _period(parts)
        away = np.linalg.norm(parts - parts[0], axis=1)
        low = BACK * away.max()
        spacing = max(1, round(0.6 * period)) if period else max(1, len(parts) // 8)
        dips, _ = signal.find_peaks(np.concatenate([-away, [-away.max()]]), height=-low, distance=spacing, prominence=0.3 * away.max())
        inner = [dip for dip in dips if spacing / 2 < dip < len(parts) - 1 - spacing / 2]
        return cls(len(parts) - 1, period, len(inner) + int(away[-1] < low))


def _period(parts: np.ndarray) -> int | None:
    """After how many frames the middle of a stretch shows the same again, for the first time."""
    distance = np.linalg.norm(parts[:, None] - parts[None], axis=-1)
    middle = slice(len(parts) // 8, len(parts) - len(parts) // 8)
    inner = distance[middle, middle]
    if len(inner) < 6:
        return None
    profile = np.array([np.diagonal(inner, lag).mean() for lag in range(len(inner) - 3)]) / inner.mean()
    lows, _ = signal.find_peaks(-profile, height=-ALIKE, prominence=0.15)
    return int(lows[0]) if len(lows) else None


@PIXEL_RULES.add("count_cycles", "count_avatar_cycles")
def count(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """How often the only thing that the object does repeats."""
    names = named(film, text)
    if not names or not camera_stands(film):
        return Ruling.unknown(options, "the camera moves" if names else "the question names no object of the clip")
    moves = stretches(film, names[0])
    pauses = [later[0] - earlier[1] for earlier, later in itertools.pairwise(moves)]
    if not moves or max(pauses, default=0) > LONGEST_PAUSE_S * film.fps:
        return Ruling.unknown(options, f"it moves {len(moves)} times")
    found = Repeats.of(scores(film, names[0], moves[0][0], moves[-1][1]))
    measured = {"frames": found.frames, "period": found.period, "returns": found.returns}
    if found.number is None:
        return Ruling.unknown(options, "it does not come back to its first picture once in a period", **measured)
    return Ruling.meaning([number(option) for option in options], found.number, **measured)


def number(option: str) -> int | None:
    """once, twice, 3 times, 4 → that number; None for anything else."""
    found = re.fullmatch(r"(once|twice|\d+)(?: times)?", option.lower())
    return NUMBERS.get(found[1]) or int(found[1]) if found else None
