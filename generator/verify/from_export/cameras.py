"""Answers about the camera, measured again: which moves it makes, how many, in which order, at what pace, and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.camera_path import (
    CAMERA_SIGNATURES,
    LEAST_LENS,
    LEAST_M,
    LEAST_RAD,
    CameraStretch,
    called,
    camera_stretches,
)
from generator.verify.from_export.encounters import Box
from generator.verify.from_export.happenings import NOBODY, names_in
from generator.verify.from_export.signatures import does
from generator.verify.from_export.stretches import stretches
from generator.verify.ruling import Ruling
from qa_templates.camera_count import BASES
from qa_templates.object_or_camera import TEXTS as MOVERS
from qa_templates.pace import TEXTS as PACES
from scenes.cameras.move import CAMERA_MOVES
from scenes.geometry import Array
from scenes.motions.motion import MOTIONS

STATIC = "static"
WINDOWS = ((0.15, 0.35), (0.42, 0.58), (0.65, 0.85))  # of the time of a move: early, midway and late
Move = tuple[str, str]  # public name of a camera move, and its direction in words


@cache
def _phrases() -> dict[str, Move]:
    """Every move and direction by what is said of it: "pans left"."""
    return {move.phrases[sense]: (name, move.directions[sense]) for name, move in CAMERA_MOVES.items() for sense in move.directions}


def _said(words: str) -> Move | None:
    """The move that "the camera pans left" or "pans left" speaks of."""
    return _phrases().get(re.sub("^the camera ", "", words, flags=re.IGNORECASE))


def _figures(found: Sequence[CameraStretch]) -> dict[str, object]:
    return {"camera_moves": [{"called": sorted(" ".join(filter(None, move)) for move in called(each)), **each.figures()} for each in found]}


def _is(move: Move | None, found: Sequence[CameraStretch]) -> bool | None:
    """Whether some stretches are this one move; None where there is no signature of it."""
    if move is not None and move[0] == STATIC:
        return not found
    if move is None or move[0] not in CAMERA_SIGNATURES:
        return None
    return len(found) == 1 and move in called(found[0])


@EXPORT_RULES.add("camera_move")
def camera_move(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Each option is a move: it is the one that the camera makes from rest to rest."""
    found = camera_stretches(clip.paths)
    return Ruling(tuple(_is(_said(option), found) for option in options), _figures(found), "no signature of one of the moves")


@EXPORT_RULES.add("camera_sequence")
def camera_sequence(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Each option is a row of moves: as many as the camera makes, and each one is the move of its place."""
    found = camera_stretches(clip.paths)
    rows = [[_said(words) for words in option.split(", then ")] for option in options]
    return Ruling(tuple(_is_row(row, found) for row in rows), _figures(found), "no signature of one of the moves")


def _is_row(row: Sequence[Move | None], found: Sequence[CameraStretch]) -> bool | None:
    if len(row) != len(found):
        return False
    holds = [_is(move, [each]) for move, each in zip(row, found, strict=True)]
    return False if False in holds else None if None in holds else True


@EXPORT_RULES.add("camera_count")
def camera_count(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The moves of the kind that the question names, either way, counted from rest to rest."""
    found = camera_stretches(clip.paths)
    asked = next((move for move, words in BASES.items() if words in text), "")
    if asked not in CAMERA_SIGNATURES:
        return Ruling.unknown(options, "no signature of the move that the question names")
    number = sum(asked in {move for move, _ in called(each)} for each in found)
    return Ruling(tuple(_number(option) == number for option in options), {"moves": number, **_figures(found)})


def _number(times: str) -> int:
    """How often: once, twice, 3 times."""
    return {"once": 1, "twice": 2}.get(times.lower()) or int(times.split()[0])


@EXPORT_RULES.add("camera_combination")
def camera_combination(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Each option is two moves at once: they are the two parts of the one stretch in which the camera moves."""
    found = camera_stretches(clip.paths)
    pairs = {
        f"the camera {one} while it {other}": {first, second} for one, first in _phrases().items() for other, second in _phrases().items()
    }
    parts = _parts(found[0]) if len(found) == 1 else set()
    true = tuple(pairs.get(option[:1].lower() + option[1:]) == parts for option in options)
    return Ruling(true, {"parts": sorted(map(" ".join, parts)), **_figures(found)})


def _parts(seen: CameraStretch) -> set[Move]:
    """What a stretch is made of: yaw, pitch and roll, the ways across, up and ahead, and the zoom."""
    sizes = (
        ("pan", seen.net_rad[0] / LEAST_RAD, ("left", "right")),
        ("tilt", seen.net_rad[1] / LEAST_RAD, ("up", "down")),
        ("roll", seen.net_rad[2] / LEAST_RAD, ("clockwise", "counter-clockwise")),
        ("truck", seen.net_m[0] / LEAST_M, ("right", "left")),
        ("pedestal", seen.net_m[1] / LEAST_M, ("up", "down")),
        ("dolly", seen.net_m[2] / LEAST_M, ("in", "out")),
        ("zoom", seen.zoomed[-1] / LEAST_LENS, ("in", "out")),
    )
    return {(move, words[int(size < 0)]) for move, size, words in sizes if abs(size) > 1}


@EXPORT_RULES.add("camera_pace")
def camera_pace(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """How fast the one move is early, midway and late, against its mean speed."""
    found = camera_stretches(clip.paths)
    if len(found) != 1:
        return Ruling((False,) * len(options), _figures(found))
    early, middle, late = _speeds(found[0])
    holds = {
        "even": max(early, middle, late) < 1.3 * min(early, middle, late),
        "faster": late > 1.6 * early,
        "slower": early > 1.6 * late,
        "lull": middle < 0.4 * min(early, late),
    }
    true = {PACES[pace][0].upper() + PACES[pace][1:]: bool(each) for pace, each in holds.items()}
    return Ruling(tuple(true.get(option) for option in options), {"early_middle_late": [round(each, 2) for each in (early, middle, late)]})


def _speeds(seen: CameraStretch) -> tuple[float, float, float]:
    """Speeds in three windows of the time, in shares of the whole way per share of the time."""
    done = _done(seen)
    times = np.linspace(0.0, 1.0, len(done))
    early, middle, late = ((np.interp(end, times, done) - np.interp(start, times, done)) / (end - start) for start, end in WINDOWS)
    return float(early), float(middle), float(late)


def _done(seen: CameraStretch) -> Array:
    """``(frame,)``: share of the move that is done: of its turning, of its zoom or of its way, whichever there is."""
    steps = np.linalg.norm(np.diff(seen.way_m, axis=0), axis=1)
    if not seen.looks_on:
        steps = np.linalg.norm(np.diff(seen.turned_rad, axis=0), axis=1)
    elif seen.stands:
        steps = np.abs(np.diff(seen.zoomed))
    return np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])


@EXPORT_RULES.add("camera_while")
def camera_while(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """The question names an object and what it does once: the camera move that goes on during that time, and no other one."""
    subjects = names_in(text, clip)
    if len(subjects) != 1:
        return Ruling.unknown(options, NOBODY)
    motion = max((name for name in MOTIONS if MOTIONS[name].verb in text), key=lambda name: len(MOTIONS[name].verb), default="")
    doing = [each for each in stretches(clip, subjects[0]) if does(each, motion)]
    if len(doing) != 1:
        return Ruling.unknown(options, f"{len(doing)} stretches of the object's path are what the question names", motion=motion)
    found = [each for each in camera_stretches(clip.paths) if each.first < doing[0].last and each.last > doing[0].first]
    seconds = [round(frame / clip.paths.fps, 2) for frame in (doing[0].first, doing[0].last)]
    true = tuple(_is(_said(option), found) for option in options)
    return Ruling(true, {"motion": motion, "seconds": seconds, **_figures(found)}, "no signature of one of the moves")


@EXPORT_RULES.add("object_or_camera")
def object_or_camera(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """Whether any corner of the object's box stirs, and whether the camera does."""
    subjects, found = names_in(text, clip), camera_stretches(clip.paths)
    if len(subjects) != 1:
        return Ruling.unknown(options, NOBODY)
    moves = not Box.of(clip.paths, subjects[0]).stays
    mover = {(True, True): "both", (True, False): "object", (False, True): "camera", (False, False): "neither"}[moves, bool(found)]
    right = MOVERS[mover].format(subject=f"the {subjects[0]}")
    return Ruling.only(options, right[0].upper() + right[1:], object_moves=moves, **_figures(found))
