"""Answers about events, measured again: who does what to whom, in which order, and which way.

What is said is read with the sentences of the events; what happened is told by `encounters`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.encounters import ACCOUNTS, Box, Pair, encloses
from generator.verify.ruling import Ruling
from qa_templates.way_past import TEXTS as WAYS
from scenes import geometry
from scenes.events.event import EVENTS
from scenes.geometry import Array
from scenes.types import Trajectories

GRAVITY_M_S2 = 9.81
FLIGHT_M_S2 = 0.6  # how far from it the fall of what is thrown may be measured
LONG_S = 0.17  # no swing of the arms falls for so long
HAND_M = 0.16  # between the surface of what is held and the middle of a palm
PALM = 1.15  # how far the palm is beyond the elbow, in lengths of the upper arm
ALL_THERE = 0.95  # of a thing's box within the cup's outline in the picture: it is out of sight

NOBODY = "the question does not name what is in the clip"

Said = tuple[str, tuple[str, ...]]  # an event, and the names of its cast in the order of its roles


def names_in(text: str, clip: Recorded) -> list[str]:
    """The objects that a text speaks of, in its order."""
    longest_first = sorted(clip.paths.names, key=len, reverse=True)
    return re.findall(rf"(?i:\bthe )({'|'.join(map(re.escape, longest_first))})\b", text)


@cache
def _sentence(event: str) -> re.Pattern[str]:
    """What a sentence about an event looks like, with its roles as groups."""
    parts = re.split(r"\{(\w+)\}", EVENTS[event].sentence)
    return re.compile("".join(f"the (?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)), re.IGNORECASE)


def said(sentence: str) -> Said | None:
    """The event that a sentence tells of, and those of its cast that it names; None where no event is told so."""
    for name, event in EVENTS.items():
        if found := _sentence(name).fullmatch(sentence):
            return name, tuple(found[role] for role in event.roles if role in found.groupdict())
    return None


def _holds(spoken: Said | None, clip: Recorded) -> bool | None:
    """Whether what is said of two objects is so, as it is not of one that is not there; None where there is no account of the event."""
    if spoken is None or spoken[0] not in ACCOUNTS or len(spoken[1]) != 2:
        return None
    return set(spoken[1]) <= set(clip.paths.names) and ACCOUNTS[spoken[0]](Pair.of(clip.paths, *spoken[1]))


def _named(options: tuple[str, ...], clip: Recorded) -> list[str]:
    """The object that each option names; "" for one that is not there."""
    return [next(iter(names_in(option, clip)), "") for option in options]


def _pairs(spoken: Iterable[Said | None], clip: Recorded) -> set[tuple[str, str]]:
    """The casts of two in what is said of objects that are there."""
    casts = {each[1] for each in spoken if each}
    return {(cast[0], cast[1]) for cast in casts if len(cast) == 2 and set(cast) <= set(clip.paths.names)}


def _figures(clip: Recorded, doer: str, other: str) -> dict[str, Any]:
    """What can be said of two objects in numbers."""
    pair = Pair.of(clip.paths, doer, other)
    return {
        "smallest_gap_m": round(float(pair.gap_m.min()), 3),
        "last_gap_m": round(float(pair.gap_m[-1]), 3),
        "ways_m": [round(float(body.way_m[-1]), 2) for body in (pair.a, pair.b)],
        "starts_s": [round(body.start / clip.paths.fps, 2) for body in (pair.a, pair.b)],
        "turns": round(pair.turns, 2),
    }


@EXPORT_RULES.add("recognise_event", "who_to_whom")
def what_happens(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Each option is a whole sentence about two objects."""
    spoken = [said(option) for option in options]
    measured = {" and ".join(cast): _figures(clip, *cast) for cast in sorted(_pairs(spoken, clip))}
    return Ruling(tuple(_holds(each, clip) for each in spoken), measured, "no account of one of the events")


@EXPORT_RULES.add("who_does_it", "to_whom")
def who_takes_part(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The question names the deed, and each option an object: there is another one to which, or by which, it is done."""
    event, place = _deed(text)
    if event not in ACCOUNTS:
        return Ruling.unknown(options, "no account of the event that the question names")
    names = _named(options, clip)
    casts = [pair for pair in itertools.permutations(clip.paths.names, 2) if _holds((event, pair), clip)]
    taking_part = {cast[place] for cast in casts}
    measured = {" and ".join(cast): _figures(clip, *cast) for cast in casts}
    return Ruling(tuple(name in taking_part for name in names), {"event": event, **measured})


def _deed(text: str) -> tuple[str, int]:
    """The event that a question names, and whether it asks for its first or its second role; "" where it names none."""
    done = [(event.passive, name, 1) for name, event in EVENTS.items() if event.passive and f"is {event.passive} another" in text]
    does = [(deed, name, 0) for name in EVENTS if (deed := _active(name)) and deed in text]
    return max(done + does, default=("", "", 0), key=lambda found: len(found[0]))[1:]


def _active(event: str) -> str:
    """What the first does to the second, as a question says it: "pushes another one along"; "" where there are not two roles."""
    first, *others = EVENTS[event].roles
    words = EVENTS[event].sentence
    return words.format(**{first: "", others[0]: "another one"}).strip() if len(others) == 1 and words.startswith("{") else ""


@EXPORT_RULES.add("way_past")
def way_past(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The question names first the one that goes past, and then the other; options name the way."""
    named = names_in(text, clip)
    if len(named) != 2:
        return Ruling.unknown(options, NOBODY)
    ways = {words: _holds((event, tuple(named)), clip) for event, words in WAYS.items()}
    measured = {**_figures(clip, *named), "nearer_by_m": Pair.of(clip.paths, *named).nearer_by_m}
    return Ruling(tuple(ways.get(option[:1].lower() + option[1:]) for option in options), measured)


@EXPORT_RULES.add("order_of_events")
def order_of_events(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Each option is a row of sentences: all of them are so, and one is over before the next begins."""
    rows = [[said(sentence) for sentence in option.split(", then ")] for option in options]
    spans: dict[tuple[str, ...], tuple[int, int]] = {
        cast: Pair.of(clip.paths, *cast).frames for cast in sorted(_pairs(itertools.chain(*rows), clip))
    }
    true = tuple(
        _in_row([_holds(each, clip) for each in row], [span for each in row if each and (span := spans.get(each[1]))]) for row in rows
    )
    measured = {" and ".join(cast): [round(frame / clip.paths.fps, 2) for frame in span] for cast, span in spans.items()}
    return Ruling(true, {"seconds": measured}, "no account of one of the events")


def _in_row(holds: Sequence[bool | None], spans: Sequence[tuple[int, int]]) -> bool | None:
    """Whether all of it is so, one after the other."""
    if any(earlier[1] >= later[0] for earlier, later in itertools.pairwise(spans)) or False in holds:
        return False
    return None if None in holds else True


@EXPORT_RULES.add("what_is_covered")
def what_is_covered(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The thing that for some time is within the outline of the cup, on the same floor and in the picture, and not before or after."""
    cups, names = names_in(text, clip), _named(options, clip)
    if len(cups) != 1:
        return Ruling.unknown(options, NOBODY)
    hidden = {name: _hidden(clip.paths, cups[0], name) for name in names if name}
    true = tuple(name in hidden and bool(hidden[name].sum() > 2 and not hidden[name][[0, -1]].any()) for name in names)
    return Ruling(true, {"hidden_s": {name: round(float(flags.sum() / clip.paths.fps), 2) for name, flags in hidden.items()}})


def _hidden(paths: Trajectories, cup: str, name: str) -> np.ndarray:
    """``(frame,)``: the cup stands over a thing, and covers it in the picture."""
    outer, inner = (_outline_px(paths, each) for each in (cup, name))
    low, high = np.maximum(outer[:, :2], inner[:, :2]), np.minimum(outer[:, 2:], inner[:, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=1) / np.prod(inner[:, 2:] - inner[:, :2], axis=1)
    return encloses(Box.of(paths, cup), Box.of(paths, name)) & (shared > ALL_THERE)


def _outline_px(paths: Trajectories, name: str) -> Array:
    """``(frame, 4)``: the left, upper, right and lower end of a body's box in the picture."""
    camera = paths.camera_position_m, paths.camera_quaternion_wxyz, paths.focal_px
    pixels, _ = geometry.project(Box.of(paths, name).corners_m, *camera, paths.width_px, paths.height_px)
    return np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1)


@EXPORT_RULES.add("who_gets_it")
def who_gets_it(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The ball is thrown twice: between its two flights it is in the hands of the one who gets it."""
    throwers, names = names_in(text, clip), _named(options, clip)
    balls = [name for name in clip.paths.names if not clip.paths.is_avatar(name)]
    flights = _flights(clip.paths, balls[0]) if len(balls) == 1 else []
    if len(throwers) != 1 or len(flights) != 2:
        return Ruling.unknown(options, "not one ball that one who is named throws and that flies twice", flights=flights)
    kept = slice(flights[0][1], flights[1][0] + 1)
    away_m = {name: _from_hands_m(clip.paths, name, balls[0]) for name in clip.paths.names if clip.paths.is_avatar(name)}
    kept_m = {name: float(each[kept].min()) for name, each in away_m.items()}
    throws = away_m[throwers[0]][flights[0][0]] < HAND_M
    nearest = min(kept_m, key=kept_m.__getitem__)
    true = tuple(bool(throws and name == nearest and kept_m[name] < HAND_M) for name in names)
    return Ruling(true, {"flights": flights, "ball_from_hands_m": {name: round(each, 3) for name, each in kept_m.items()}})


def _flights(paths: Trajectories, ball: str) -> list[tuple[int, int]]:
    """First and last frames between which a ball is in the air: its rise slows down at the rate of gravity, for long enough."""
    height_m = paths.position_m[paths.index(ball), :, 2]
    pull = np.diff(height_m, 2) * paths.fps**2
    falls = np.abs(pull + GRAVITY_M_S2) < FLIGHT_M_S2
    edges = np.flatnonzero(np.diff(falls.astype(int), prepend=0, append=0))
    return [
        (int(first), int(last) + 1)
        for first, last in zip(edges[::2], edges[1::2], strict=True)
        if last - first >= max(2, LONG_S * paths.fps)
    ]


def _from_hands_m(paths: Trajectories, name: str, ball: str) -> Array:
    """``(frame,)``: from the surface of a ball to the farther palm of an avatar; infinite where it has no hands."""
    row, limbs = paths.index(ball), paths.limbs(name)
    if "left_forearm" not in limbs:
        return np.full(paths.num_frames, np.inf)
    radius_m = paths.extent_m[row, 0] / 2
    away = []
    for side in ("left", "right"):
        elbow, shoulder = limbs[f"{side}_forearm"], limbs[f"{side}_upper_arm"]
        reach_m = PALM * np.linalg.norm(elbow.position_m[0] - shoulder.position_m[0])
        palm = elbow.position_m + geometry.rotation(elbow.quaternion_wxyz).apply((0.0, 0.0, -reach_m))
        away.append(np.linalg.norm(palm - paths.position_m[row], axis=1) - radius_m)
    return np.max(away, axis=0)
