"""Questions about the camera, answered from the background of the video."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.background import background
from generator.verify.from_pixels.camera_fit import Move, fit
from generator.verify.from_pixels.camera_moves import MARGIN, WELL_PX, WELL_SHARE, Key, Stretch, enough, places, stretches
from generator.verify.from_pixels.film import Film
from generator.verify.ruling import Ruling


def _both(verbs: Mapping[str, str], plus: str, minus: str) -> list[tuple[str, Key]]:
    """Patterns of moves in two directions."""
    return [(rf"{verb} {way}\b.*", (kind, sense)) for verb, kind in verbs.items() for way, sense in ((plus, 1), (minus, -1))]


# How moves are called, and which they are. Senses: +1 is left, up, clockwise, in.
WORDS: tuple[tuple[str, Key], ...] = (
    (r"stays still", ("static", 1)),
    (r"shakes\b.*", ("shake", 1)),
    (r"tracks a moving\b.*", ("tracking", 1)),
    *_both({"pans": "pan", "trucks": "truck"}, "left", "right"),
    *_both({"tilts": "tilt", "pedestals": "pedestal", "cranes": "crane"}, "up", "down"),
    *_both({"zooms": "zoom", "dollies": "dolly"}, "in", "out"),
    (r"rolls clockwise\b.*", ("roll", 1)),
    (r"rolls counter-clockwise\b.*", ("roll", -1)),
    (r"arcs around\b.*\bmoving left", ("arc", 1)),
    (r"arcs around\b.*\bmoving right", ("arc", -1)),
    (r"makes a dolly zoom, moving in\b.*", ("dolly_zoom", 1)),
    (r"makes a dolly zoom, moving out\b.*", ("dolly_zoom", -1)),
)
BASES = {"pan": "pan", "tilt": "tilt", "roll": "roll", "slide sideways": "truck", "rise or sink": "pedestal", "zoom": "zoom"}
TIMES = {"once": 1, "twice": 2, "3 times": 3, "4 times": 4}
PACES = {
    "it keeps one speed": "even",
    "it gets faster and faster": "faster",
    "it gets slower and slower": "slower",
    "it slows down midway, almost to a halt, and then speeds up again": "lull",
}
EARLY, MIDDLE, LATE = (0.14, 0.36), (0.43, 0.57), (0.64, 0.86)  # parts of a move in which its speed is measured


def read(phrase: str) -> Key | None:
    """The move that is meant by "the camera pans left", or "pans left"; None where the words are not known."""
    words = phrase.strip().lower().removeprefix("the camera ").strip()
    return next((key for pattern, key in WORDS if re.fullmatch(pattern, words)), None)


@PIXEL_RULES.add("camera_move")
def camera_move(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The one move of the camera."""
    found = stretches(film)
    if len(found) > 1:
        return Ruling.unknown(options, "the camera moves more than once", **figures_of(found))
    keys = found[0].keys if found else frozenset({("static", 1)})
    why = found[0].why if found else ""
    if not found and not _many_points(film):
        return Ruling.unknown(options, "too little of the background can be followed")
    return Ruling(tuple(is_one_of(read(option), keys) for option in options), figures_of(found), why or _either(keys))


@PIXEL_RULES.add("camera_combination")
def camera_combination(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Two moves at once: each combination that is offered is fitted, and each move by itself."""
    found = stretches(film)
    moves = [tuple(read(part) for part in option.split(" while it ")) for option in options]
    if len(found) != 1 or any(None in move for move in moves):
        return Ruling.unknown(options, f"the camera moves {len(found)} times" if len(found) != 1 else "the words are not known")
    _, before, after = places(background(film), found[0].first, found[0].last)
    if not enough(before):
        return Ruling.unknown(options, f"{len(before)} points of the background do not tell a move")
    wanted = [_in_order(move) for move in moves]
    fits = {move: fit(move, before, after) for move in _rivals(wanted)}
    best = min(fits.values(), key=lambda each: each.cost)
    if best.share < WELL_SHARE or best.off_px > WELL_PX:
        return Ruling.unknown(options, "none of these moves explains the background", **_of_fit(best))
    likely = {move for move, each in fits.items() if each.cost < best.cost + MARGIN}
    return Ruling(tuple(move in likely and (len(likely) == 1 or None) for move in wanted), _of_fit(best), "several explain the background")


def _rivals(wanted: Sequence[Move]) -> list[Move]:
    """The moves wanted, those in the other senses, and what each is made of."""
    kinds = {tuple(kind for kind, _ in move) for move in wanted}
    both = [tuple(zip(pair, senses, strict=True)) for pair in kinds for senses in itertools.product((1, -1), repeat=len(pair))]
    return sorted({*both, *((key,) for move in both for key in move)})


def _in_order(move: Sequence[Key | None]) -> Move:
    """Moves in the order in which their turns are carried out: those about the vertical last, as on a tripod."""
    return tuple(sorted((key for key in move if key), key=lambda key: (key[0] == "pan", key)))


@PIXEL_RULES.add("camera_sequence")
def camera_sequence(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Moves one after another."""
    found = stretches(film)
    rows = [[read(part) for part in option.split(", then ")] for option in options]
    if any(len(row) != len(found) for row in rows):
        return Ruling.unknown(options, f"the camera moves {len(found)} times", **figures_of(found))
    true = tuple(_all([is_one_of(key, each.keys) for key, each in zip(row, found, strict=True)]) for row in rows)
    return Ruling(true, figures_of(found), "; ".join(filter(None, [each.why or _either(each.keys) for each in found])))


@PIXEL_RULES.add("camera_count")
def camera_count(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Moves of one kind, either way."""
    kind = next((kind for words, kind in BASES.items() if re.search(rf"\b{words}\b", text.lower())), None)
    found = stretches(film)
    fitting = [_all_of_kind(kind, each) for each in found]
    if kind is None or None in fitting:
        return Ruling.unknown(options, "a move cannot be told" if kind else "the words are not known", **figures_of(found))
    number = sum(map(bool, fitting))
    return Ruling.meaning([TIMES.get(option.lower()) for option in options], number, **figures_of(found))


def _all_of_kind(kind: str | None, stretch: Stretch) -> bool | None:
    """Whether a stretch is a move of a kind; None where it may be that or another."""
    kinds = {name for name, _ in stretch.keys}
    return None if not kinds or (kind in kinds and len(kinds) > 1) else kind in kinds


@PIXEL_RULES.add("camera_pace")
def camera_pace(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """How fast the background goes early, midway and late in the one move."""
    found = background(film).stretches()
    if len(found) != 1:
        return Ruling.unknown(options, f"the camera moves {len(found)} times")
    first, last = found[0]
    speeds = _speeds_px(background(film).steps_px()[first:last])
    figures = {"early_midway_late_px": tuple(round(speed, 3) for speed in speeds), "frames": (first, last)}
    pace = _pace(*speeds)
    if pace is None:
        return Ruling.unknown(options, "the speeds are not clearly of one kind", **figures)
    return Ruling.meaning([PACES.get(option.lower()) for option in options], pace, **figures)


def _speeds_px(steps_px: np.ndarray) -> tuple[float, float, float]:
    """Mean speed, per frame, in three parts of a move."""
    shares = (np.arange(len(steps_px)) + 0.5) / len(steps_px)
    early, midway, late = (float(np.nanmean(steps_px[(shares >= low) & (shares <= high)])) for low, high in (EARLY, MIDDLE, LATE))
    return early, midway, late


def _pace(early: float, midway: float, late: float) -> str | None:
    """What is well clear of the others: speeds that agree, double, halve, or drop midway."""
    if late > 1.8 * early:
        return "faster"
    if early > 1.8 * late:
        return "slower"
    if midway < 0.4 * min(early, late):
        return "lull"
    return "even" if max(early, midway, late) < 1.4 * min(early, midway, late) else None


def is_one_of(key: Key | None, keys: frozenset[Key]) -> bool | None:
    """Whether a move is the one that was made: None where it is one of several that it may have been, or none is told."""
    if key is None or not keys:
        return None
    return key in keys and (True if len(keys) == 1 or _same(keys) else None)


def _same(keys: frozenset[Key]) -> bool:
    """Whether moves do not exclude one another: what tracks an object also trucks or dollies."""
    return ("tracking", 1) in keys and len(keys) == 2


def _all(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _either(keys: frozenset[Key]) -> str:
    return "" if len(keys) == 1 else "either of " + ", ".join(sorted(f"{kind} {sense:+d}" for kind, sense in keys))


def _many_points(film: Film) -> bool:
    """Whether enough of the background is followed in most pictures to say that it rests."""
    return float(np.median(np.isfinite(background(film).points_px[..., 0]).sum(axis=1))) >= 20


def figures_of(found: Sequence[Stretch]) -> dict[str, Any]:
    """What was measured of each stretch."""
    return {
        f"stretch_{number}": {"frames": (each.first, each.last), "moves": sorted(f"{kind} {sense:+d}" for kind, sense in each.keys)}
        | (_of_fit(each.fits[0]) if each.fits else {})
        for number, each in enumerate(found)
    }


def _of_fit(found: Any) -> dict[str, Any]:
    return {
        "best": " and ".join(f"{kind} {sense:+d}" for kind, sense in found.move),
        "sizes": tuple(round(size, 3) for size in found.sizes),
        "off_px": round(found.off_px, 3),
        "share_explained": round(found.share, 3),
    }
