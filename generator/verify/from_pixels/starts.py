"""When objects set off, and which of them move at all."""

from __future__ import annotations

import numpy as np

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import by_exclusion, named
from generator.verify.from_pixels.tracks import camera_stands, doubtful, own_change, stretches, track
from generator.verify.ruling import Ruling

SURELY = 2.0  # levels of change at the most, in what moves by itself: shadows that pass change less
MIN_LEAD_S = 0.2  # between two starts whose order is told; the questions ask for 0.3


@PIXEL_RULES.add("which_moves_first", "which_avatar_starts")
def which_starts(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The first or the last of the options to start."""
    names = [(named(film, option) or [""])[0] for option in options]
    starts, why = _starts(film, names)
    if why:
        return Ruling.unknown(options, why, starts_s=starts)
    last = "last" in text.lower().replace("at last", "")
    ranked = sorted(starts.values(), reverse=last)
    if len(ranked) > 1 and abs(ranked[1] - ranked[0]) < MIN_LEAD_S:
        return Ruling.unknown(options, "two start at nearly the same time", starts_s=starts)
    return Ruling(tuple(starts[name] == ranked[0] for name in names), {"starts_s": starts})


@PIXEL_RULES.add("order_of_objects")
def order_of_objects(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The order in which the objects of the options start."""
    orders = [named(film, option) for option in options]
    starts, why = _starts(film, sorted(set(orders[0])))
    why = why or ("" if len(starts) > 1 else "an option names no order")
    if why:
        return Ruling.unknown(options, why, starts_s=starts)
    ranked = sorted(starts, key=lambda name: starts[name])
    if np.min(np.diff([starts[name] for name in ranked])) < MIN_LEAD_S:
        return Ruling.unknown(options, "two start at nearly the same time", starts_s=starts)
    return Ruling.meaning([order if sorted(order) == sorted(ranked) else None for order in orders], ranked, starts_s=starts)


@PIXEL_RULES.add("which_object_moves")
def which_moves(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Which of the options moves."""
    return _by_movement(options, film, moving=True)


@PIXEL_RULES.add("which_stays_still")
def which_stays(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Which of the options does not move."""
    return _by_movement(options, film, moving=False)


def _by_movement(options: tuple[str, ...], film: Film, *, moving: bool) -> Ruling:
    if not camera_stands(film):
        return Ruling.unknown(options, "the camera moves")
    names = [(named(film, option) or [""])[0] for option in options]
    found = [moves(film, name) for name in names]
    true = tuple(None if each is None else each == moving for each in found)
    told = by_exclusion(true)
    measured = {"moving": dict(zip(names, found, strict=True)), "by_exclusion": told != true}
    return Ruling(told, measured, "an object is hidden, or something passes close by")


def moves(film: Film, name: str) -> bool | None:
    """Whether an object moves; None where it is never seen whole, or where only what passes by may have changed the picture."""
    if name not in film.names or track(film, name) is None:
        return None
    change, spans = own_change(film, name), stretches(film, name)
    if any(np.nanmax(change[first : last + 1]) > SURELY for first, last in spans):
        return True
    return None if spans or doubtful(film, name) else False


def _starts(film: Film, names: list[str]) -> tuple[dict[str, float], str]:
    """When each object starts to move, in seconds; and why that cannot be told."""
    if not camera_stands(film):
        return {}, "the camera moves"
    starts: dict[str, float] = {}
    for name in names:
        own = stretches(film, name) if name in film.names else []
        if not own:
            return starts, f"the {name or 'object of an option'} cannot be seen to start"
        starts[name] = own[0][0] / film.fps
    return starts, ""
