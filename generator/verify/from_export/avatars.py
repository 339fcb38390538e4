"""Questions about what avatars do, answered from the hinges of their limbs.

A question is read by its words: whom it names, which motion, which side, first or last. What the words mean is in `body_motions`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.body_measures import Act, UnreadableBody, body_of
from generator.verify.from_export.body_motions import GONE, MEANINGS, Seen, seen_as
from generator.verify.from_export.wording import found_in, number_in
from generator.verify.ruling import Rule, Ruling
from scenes.avatars.motions.motion import AVATAR_MOTIONS

SENSE = {"left": 1, "right": -1}
CLEARLY_S = 0.1  # who starts so much before another starts before it
EQUAL = 0.8  # two ways are about equally long when the shorter is at least this part of the longer

Said = tuple[str, int | None]


class Unread(ValueError):
    """A question that is not understood, or that speaks of what the clip does not hold; the message says what."""


def _about_avatars(*templates: str) -> Callable[[Rule[Recorded]], Rule[Recorded]]:
    """Register a rule that tells nothing where a question or a body cannot be read."""

    def register(rule: Rule[Recorded]) -> Rule[Recorded]:
        def careful(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
            try:
                return rule(text, options, clip)
            except (Unread, UnreadableBody) as trouble:
                return Ruling.unknown(options, str(trouble))

        careful.__qualname__, careful.__doc__ = rule.__qualname__, rule.__doc__
        EXPORT_RULES.add(*templates)(careful)
        return rule

    return register


# -- reading the words ------------------------------------------------------------------------------------------------


@cache
def _phrases() -> dict[str, Said]:
    """What avatar motions are called, in every form, with the motion and the sense that are meant."""
    forms = itertools.product(AVATAR_MOTIONS.items(), (None, 1, -1), (False, True))
    return {
        kind.phrase(sense, base=base).lower(): (name, sense)
        for (name, kind), sense, base in forms
        if sense is None or kind.sided or kind.signed
    }


def _motion_in(text: str) -> Said:
    """The motion of which a text speaks: "How many times does it wave with one hand?", "It waves with one hand". Raises Unread."""
    return _phrases()[_only(text, found_in(text, _phrases()), "motion")]


def _subject(text: str, clip: Recorded) -> str:
    """The avatar of which a text speaks. Raises Unread."""
    return _only(text, found_in(text, _avatars(clip)), "avatar of the clip")


def _avatars(clip: Recorded) -> list[str]:
    return [name for name in clip.paths.names if clip.paths.is_avatar(name)]


def _word(text: str, *words: str) -> str:
    """Which one of some words a text holds. Raises Unread."""
    return _only(text, found_in(text, words), "word")


def _only(text: str, found: Sequence[str], what: str) -> str:
    if len(set(found)) != 1:
        raise Unread(f"{text!r} names {'no' if not found else 'more than one'} {what} that is known")
    return found[0]


def _sides(option: str) -> list[int]:
    """Twice +1 or −1: "first to its left, then to its right", or "to its own left, both times". Raises Unread."""
    senses = [SENSE[side] for side in found_in(option, SENSE)]
    if len(senses) not in (1, 2):
        raise Unread(f"{option!r} names no side, or too many")
    return senses * (3 - len(senses))


# -- looking ----------------------------------------------------------------------------------------------------------


def _acts(clip: Recorded, name: str) -> tuple[Act, ...]:
    return body_of(clip, name).acts


def _shown(act: Act, said: Said) -> Seen | None:
    """What an act shows of a motion, in the sense that was said. Raises Unread for a motion of which no one said what it looks like."""
    motion, sense = said
    if motion not in MEANINGS:
        raise Unread(f"no meaning is registered for the avatar motion {motion!r}")
    seen = seen_as(motion, act)
    return seen if seen is None or sense in (None, seen.sense) else None


def _account(acts: Sequence[Act], *said: Said) -> list[dict[str, Any]]:
    """The acts with their times, and what each of them shows of some motions, with figures."""
    return [{"seconds": _seconds(act), **{one[0]: _figures(seen) for one in said if (seen := _shown(act, (one[0], None)))}} for act in acts]


def _seconds(act: Act) -> list[float]:
    return [round(second, 2) for second in act.seconds]


def _figures(seen: Seen) -> dict[str, float]:
    return {"sense": seen.sense, "times": seen.times, **seen.figures}


# -- one avatar -------------------------------------------------------------------------------------------------------


@_about_avatars("recognise_avatar_motion", "recognise_animal_motion")
def what_it_does(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """An option is true that names what is seen in one of its acts."""
    acts, said = _acts(clip, _subject(text, clip)), [_motion_in(option) for option in options]
    true = tuple(any(_shown(act, one) for act in acts) for one in said)
    return Ruling(true, {"acts": _account(acts, *said)})


@_about_avatars("avatar_first_or_last")
def first_or_last(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """An option is true that names what is seen in its first act, or its last one."""
    acts, said = _acts(clip, _subject(text, clip)), [_motion_in(option) for option in options]
    place = 0 if _word(text, "first", "last") == "first" else -1
    true = tuple(bool(acts) and _shown(acts[place], one) is not None for one in said)
    return Ruling(true, {"acts": _account(acts, *said)})


@_about_avatars("avatar_follows")
def what_follows(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """An option is true that names what is seen in the act right after, or before, the one act that is spoken of."""
    acts, said, anchor = _acts(clip, _subject(text, clip)), [_motion_in(option) for option in options], _motion_in(text)
    step = 1 if _word(text, "after", "before") == "after" else -1
    places = [place for place, act in enumerate(acts) if _shown(act, anchor)]
    beside = acts[places[0] + step] if len(places) == 1 and 0 <= places[0] + step < len(acts) else None
    true = tuple(beside is not None and _shown(beside, one) is not None for one in said)
    return Ruling(true, {"acts": _account(acts, anchor, *said)})


@_about_avatars("order_of_avatar_actions")
def order_of_acts(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """An order is true in which each of its acts shows what stands in its place."""
    acts, orders = _acts(clip, _subject(text, clip)), [[_motion_in(part) for part in re.split(r",? then ", option)] for option in options]
    true = tuple(len(order) == len(acts) and all(map(_shown, acts, order)) for order in orders)
    return Ruling(true, {"acts": _account(acts, *sorted(set(itertools.chain(*orders))))})


@_about_avatars("avatar_turns")
def ways_of_turning(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The signs of the turns about the vertical, one act after another."""
    acts = _acts(clip, _subject(text, clip))
    turns_rad = [float(act.turned_rad[-1]) for act in acts]
    ways = [int(np.sign(turn_rad)) for turn_rad in turns_rad if abs(turn_rad) > np.radians(30)]
    true = tuple(ways == _sides(option) for option in options)
    return Ruling(true, {"turns_deg": [round(float(np.degrees(turn_rad)), 1) for turn_rad in turns_rad]})


@_about_avatars("which_side")
def sides_in_turn(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The sides with which the motion that is spoken of is seen, one act after another."""
    acts, said = _acts(clip, _subject(text, clip)), _motion_in(text)
    sides = [seen.sense for act in acts if (seen := _shown(act, said))]
    return Ruling(tuple(sides == _sides(option) for option in options), {"acts": _account(acts, said)})


@_about_avatars("avatar_gait")
def way_of_its_own(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Where its acts take the hips, forward and to the left as the body faced when it set off."""
    acts = _acts(clip, _subject(text, clip))
    ahead, left = (sum(float(act.hips[-1, axis]) for act in acts) for axis in (0, 1))
    way = _farthest({"forward": ahead, "backward": -ahead, "left": left, "right": -left}, GONE)
    true = tuple(_word(option, "forward", "backward", "left", "right") == way for option in options)
    return Ruling(true, {"forward_legs": round(ahead, 3), "leftward_legs": round(left, 3)})


@_about_avatars("avatar_direction")
def way_in_the_picture(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Nearer to the camera, farther from it, or to one side of the line on which it was seen at first."""
    name = _subject(text, clip)
    across_m, farther_m = _seen_from_the_camera(clip, name)
    least_m = GONE * body_of(clip, name).leg_m
    way = _farthest({"right": across_m, "left": -across_m, "away": farther_m, "towards": -farther_m}, least_m)
    true = tuple(_word(option, "left", "right", "away", "towards") == way for option in options)
    return Ruling(true, {"to_the_right_m": round(across_m, 3), "farther_m": round(farther_m, 3)})


def _farthest(ways: dict[str, float], least: float) -> str | None:
    """The way that is gone farthest; None where none is gone. Raises Unread where two are about equally long."""
    first, second = sorted(ways, key=ways.__getitem__, reverse=True)[:2]
    if ways[first] < least:
        return None
    if ways[second] > EQUAL * ways[first]:
        raise Unread(f"it goes as far {second} as {first}")
    return first


def _seen_from_the_camera(clip: Recorded, name: str) -> tuple[float, float]:
    """How far it gets to the right of where it was seen at first, and how much farther off, over the ground."""
    body = body_of(clip, name)
    sight_m = (body.hips_m - clip.paths.camera_position_m)[[0, -1], :2]
    start = sight_m[0] / np.linalg.norm(sight_m[0])
    across_m = float(sight_m[1] @ (start[1], -start[0]))
    return across_m, float(sight_m[1] @ start - np.linalg.norm(sight_m[0]))


@_about_avatars("count_avatar_cycles", "count_in_avatar_sequence", "count_one_side")
def how_often(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """How often the motion is seen, in all acts together, with the side that is spoken of."""
    acts, said = _acts(clip, _subject(text, clip)), _motion_in(text)
    times = sum(seen.times for act in acts if (seen := _shown(act, said)))
    return Ruling(tuple(number_in(option) == times for option in options), {"times": times, "acts": _account(acts, said)})


# -- several avatars --------------------------------------------------------------------------------------------------


@_about_avatars("which_avatar_does", "which_avatar_uses")
def who_does_it(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """An avatar is the right one that is seen to perform the motion, with the side that is spoken of."""
    said, names = _motion_in(text), [_subject(option, clip) for option in options]
    true = tuple(any(_shown(act, said) for act in _acts(clip, name)) for name in names)
    return Ruling(true, {name: _account(_acts(clip, name), said) for name in names})


@_about_avatars("count_avatars")
def how_many_do_it(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """How many avatars of the clip are seen to perform the motion."""
    said = _motion_in(text)
    doing = [name for name in _avatars(clip) if any(_shown(act, said) for act in _acts(clip, name))]
    return Ruling(tuple(number_in(option) == len(doing) for option in options), {"who": doing})


@_about_avatars("which_avatar_starts")
def who_starts(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Who leaves the first rest before all others of the clip, or after them. Starts that nearly coincide tell nothing."""
    start_s = {name: _acts(clip, name)[0].seconds[0] for name in _avatars(clip) if _acts(clip, name)}
    ranked = sorted(start_s, key=start_s.__getitem__, reverse=_word(text, "first", "last") == "last")
    close = [name for name in ranked if abs(start_s[name] - start_s[ranked[0]]) < CLEARLY_S]
    measured = {"start_s": {name: round(value, 3) for name, value in start_s.items()}}
    names = [_subject(option, clip) for option in options]
    if len(close) > 1:
        return Ruling(tuple(None if name in close else False for name in names), measured, f"{', '.join(close)} start at once")
    return Ruling(tuple(name in close for name in names), measured)
