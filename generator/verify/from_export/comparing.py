"""Which object: rules for questions whose options are objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.signatures import called, does
from generator.verify.from_export.stretches import Stretch, rigid_objects, stretches
from generator.verify.from_export.wording import beside, found_in, motions_in, names_in, word_among
from generator.verify.ruling import Ruling


def all_stretches(clip: Recorded) -> dict[str, list[Stretch]]:
    """What every object without limbs does."""
    return {name: stretches(clip, name) for name in rigid_objects(clip)}


def objects_ruling(options: tuple[str, ...], clip: Recorded, chosen: Mapping[str, bool | None], **measured: Any) -> Ruling:
    """Each option names one object, of which it is known whether it is meant."""
    named = [names_in(option, clip.paths.names) for option in options]
    return Ruling(tuple(chosen.get(names[0]) if len(names) == 1 else None for names in named), measured)


@EXPORT_RULES.add("which_object_moves")
def moves(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """It moves, turns or grows at some time."""
    found = all_stretches(clip)
    return objects_ruling(options, clip, {name: bool(done) for name, done in found.items()}, moving_s=_moving_s(found))


@EXPORT_RULES.add("which_stays_still")
def stays_still(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """It never moves, turns or grows."""
    found = all_stretches(clip)
    return objects_ruling(options, clip, {name: not done for name, done in found.items()}, moving_s=_moving_s(found))


@EXPORT_RULES.add("which_object_does")
def does_it(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """One of its stretches is what the text names."""
    found, motions = all_stretches(clip), motions_in(text)
    if len(motions) != 1:
        return Ruling.unknown(options, "the text names no motion")
    chosen = {name: _any(does(it, motions[0]) for it in done) for name, done in found.items()}
    return objects_ruling(options, clip, chosen, called={name: [called(it) for it in done] for name, done in found.items()})


@EXPORT_RULES.add("which_is_fastest")
def fastest_or_slowest(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The highest, or the lowest, of the mean speeds of all that move."""
    speeds = {name: _way_m(done) / sum(it.seconds for it in done) for name, done in all_stretches(clip).items() if done}
    return _extreme(text, options, clip, ("fastest", "slowest"), "m_s", speeds)


@EXPORT_RULES.add("which_travels_farthest")
def farthest_or_least_far(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The longest, or the shortest, of the ways of all that move."""
    ways = {name: _way_m(done) for name, done in all_stretches(clip).items() if done}
    return _extreme(text, options, clip, ("longest", "shortest"), "way_m", ways)


@EXPORT_RULES.add("which_moves_first")
def first_or_last_to_start(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The earliest, or the latest, of the first stretches of all that move."""
    starts = {name: done[0].first / clip.paths.fps for name, done in all_stretches(clip).items() if done}
    return _extreme(text, options, clip, ("last", "first"), "starts_s", starts)


@EXPORT_RULES.add("order_of_objects")
def order_of_starts(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The objects that an option names set off one after the other."""
    starts = {name: done[0].first / clip.paths.fps for name, done in all_stretches(clip).items() if done}
    rows = [found_in(option, clip.paths.names) for option in options]
    measured = {"starts_s": {name: round(start, 3) for name, start in starts.items()}}
    return Ruling(tuple(_ascending(row, starts) for row in rows), measured)


def _ascending(row: list[str], starts: Mapping[str, float]) -> bool | None:
    """Whether each of a row starts later than the one before; None where one of them does not start, or there is no row."""
    if len(row) < 2 or not set(row) <= set(starts):
        return None
    return bool(np.all(np.diff([starts[name] for name in row]) > 0))


def _extreme(
    text: str, options: tuple[str, ...], clip: Recorded, words: tuple[str, str], quantity: str, values: Mapping[str, float]
) -> Ruling:
    """The object of the largest value, where the text holds the first of two words, or of the smallest, where it holds the second."""
    word = word_among(beside(text, clip.paths.names), words)
    if word is None or not values:
        return Ruling.unknown(options, f"neither {words[0]} nor {words[1]} is asked for")
    best = max(values.values()) if word == words[0] else min(values.values())
    rounded = {name: round(value, 3) for name, value in values.items()}
    return objects_ruling(options, clip, {name: values.get(name) == best for name in rigid_objects(clip)}, **{quantity: rounded})


def _way_m(done: list[Stretch]) -> float:
    return sum(it.ground.way_m for it in done)


def _any(found: Any) -> bool | None:
    """Whether one of some is True; None where none is and one is not known."""
    values = list(found)
    return True if any(values) else None if None in values else False


def _moving_s(found: Mapping[str, list[Stretch]]) -> dict[str, float]:
    return {name: round(sum(it.seconds for it in done), 2) for name, done in found.items()}
