"""Which of some objects at rest is out of sight for a while."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import named
from generator.verify.from_pixels.tracks import CHANGED, appearance, camera_stands, small_pictures
from generator.verify.ruling import Ruling

COVERED, SEEN = 0.15, 0.4  # shares of an object's pixels that look as they did: less when it is covered, more when it is not
LEAST_S = 0.3  # that something stays covered


@PIXEL_RULES.add("what_is_covered")
def what_is_covered(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The option of whose pixels next to none look as in the first picture, for a while in which the others' do."""
    if not camera_stands(film):
        return Ruling.unknown(options, "the camera moves")
    names = [(named(film, option) or [""])[0] for option in options]
    left = [least_seen(film, name) if name in film.names else None for name in names]
    true = tuple(None if each is None or COVERED <= each <= SEEN else each < COVERED for each in left)
    return Ruling(true, {"least_seen": dict(zip(names, left, strict=True))}, "an object is hidden in part, or never seen whole")


def least_seen(film: Film, name: str) -> float | None:
    """The least share of an object's pixels that look as they did when it was first seen whole, over `LEAST_S`."""
    seen_as = appearance(film, name)
    if seen_as is None:
        return None
    pictures = small_pictures(film)
    before = pictures[seen_as.start][seen_as.mask].astype(np.int16)
    alike = [np.mean(np.abs(each[seen_as.mask].astype(np.int16) - before).max(axis=-1) < CHANGED) for each in pictures]
    return float(ndimage.maximum_filter1d(np.array(alike), max(2, round(LEAST_S * film.fps))).min())
