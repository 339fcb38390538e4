"""Where objects go in the picture: directions, thirds, edges, places beside one another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import named
from generator.verify.from_pixels.tracks import Track, camera_stands, stretches, track
from generator.verify.ruling import Ruling

# All lengths are shares of the picture's width.
MIN_SHIFT = 0.035  # a way to the side: the questions ask for 0.047 at the least, and for less where it goes in depth
MIN_GROWTH = 0.03  # logarithm of the change in size of what goes in depth: the questions ask for 0.08
CLEARLY = 1.8  # times more to the side than in depth, or the other way round
FOCAL = 1.3  # focal length in widths of the picture, about: a shift of this share is a way as long as the distance
BORDER = 0.01  # distance to the border of a third within which the third is not told
FORESHORTENED = 0.45  # share of a way in depth that the ground shows in height, about
APART = 0.02  # least distance between two objects whose places are told
DIRECTIONS = {"to the left": "left", "to the right": "right", "towards the camera": "towards", "away from the camera": "away"}
LEAVES, COMES = "leaves the picture to", "comes into the picture from"
OPPOSITE = {"left": "right", "right": "left", "towards": "away", "away": "towards"}


@dataclass(frozen=True)
class Course:
    """How an object's place and size in the picture change from one rest to the next.

    ``shift`` to the right and ``drop`` of its lower edge in shares of the width; ``growth`` is the logarithm of its size:
    by its height or by the root of its area, whichever changes less, and 0 where they do not agree.
    """

    shift: float
    drop: float
    growth: float

    @classmethod
    def of(cls, found: Track, first: int, last: int) -> Course:
        (x0, y0, x1, y1), (u0, v0, u1, v1) = found.box[first], found.box[last]
        taller, larger = float(np.log((v1 - v0) / (y1 - y0))), 0.5 * float(np.log(found.area[last] / found.area[first]))
        growth = min(taller, larger, key=abs) if taller * larger > 0 else 0.0
        return cls(float(u0 + u1 - x0 - x1) / 2 / found.width, float(v1 - y1) / found.width, growth)

    @property
    def direction(self) -> str | None:
        """left, right, towards or away; None where it is not clear."""
        aside, deep = abs(self.shift) / FOCAL, abs(self.growth)
        if abs(self.shift) > MIN_SHIFT and aside > CLEARLY * deep:
            return "right" if self.shift > 0 else "left"
        agrees = self.drop * self.growth > 0 and abs(self.drop) > 0.01
        if deep > MIN_GROWTH and deep > CLEARLY * aside and agrees:
            return "towards" if self.growth > 0 else "away"
        return None


@PIXEL_RULES.add("travel_direction", "avatar_direction")
def direction(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """From the rest before the first movement to the rest after the last one."""
    why, found, moves = _followed(text, film)
    if found is None:
        return Ruling.unknown(options, why)
    course = Course.of(found, moves[0][0], moves[-1][1])
    return _one_of(options, course.direction, DIRECTIONS, course)


@PIXEL_RULES.add("there_and_back")
def there_and_back(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The first of two movements, where the second one leads back."""
    why, found, moves = _followed(text, film, movements=2)
    if found is None:
        return Ruling.unknown(options, why)
    out, back = (Course.of(found, *move) for move in moves)
    way = out.direction
    if way is None or back.direction != OPPOSITE[way]:
        return Ruling.unknown(options, "the way out or back is not clear", out=vars(out), back=vars(back))
    return _one_of(options, way, DIRECTIONS, out)


@PIXEL_RULES.add("two_legs")
def two_legs(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The directions of two movements."""
    why, found, moves = _followed(text, film, movements=2)
    if found is None:
        return Ruling.unknown(options, why)
    legs = [Course.of(found, *move) for move in moves]
    stated = [_ways(option) for option in options]
    true = tuple(_agree([leg.direction for leg in legs], ways) for ways in stated)
    return Ruling(true, {"legs": [vars(leg) for leg in legs]}, "a direction is not clear")


@PIXEL_RULES.add("picture_thirds")
def picture_thirds(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """In which thirds of the picture the object rests: before, between and after two movements."""
    why, found, moves = _followed(text, film, movements=2)
    if found is None:
        return Ruling.unknown(options, why)
    frames = (moves[0][0], moves[0][1], moves[1][1])
    places = [float(found.box[frame, ::2].mean()) / found.width for frame in frames]
    if any(abs(place - border / 3) < BORDER for place in places for border in (1, 2)):
        return Ruling.unknown(options, "it rests near the border of two thirds", places_of_width=places)
    thirds = [("left", "middle", "right")[int(min(3 * place, 2.99))] for place in places]
    told = {
        (first, last): f"from the {first} third to the middle, then {'back' if first == last else 'on'} to the {last} third"
        for first in ("left", "right")
        for last in ("left", "right")
    }
    right = told.get((thirds[0], thirds[2])) if thirds[1] == "middle" else None
    return Ruling.meaning(_known(options, told.values()), right, places_of_width=places)


@PIXEL_RULES.add("enters_or_leaves")
def enters_or_leaves(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Seen whole at one end of the video and not at all at the other: over which edge was it last seen?"""
    why, found, _ = _followed(text, film)
    if found is None:
        return Ruling.unknown(options, why)
    seen = np.flatnonzero(found.seen)
    whole = [bool(found.seen[frame] and not found.cut[frame]) for frame in (0, -1)]
    gone = [bool(not found.seen[: seen[0] + 1].all()), bool(seen[-1] < len(found.seen) - 1)]
    if whole[0] and gone[1]:
        way, at = LEAVES, seen[-1]
    elif whole[1] and gone[0]:
        way, at = COMES, seen[0]
    else:
        return Ruling.unknown(options, "it is neither whole at one end and gone at the other", whole=whole, gone=gone)
    left, right = found.box[at, 0] / found.width, 1 - found.box[at, 2] / found.width
    if min(left, right) > 0.02:
        return Ruling.unknown(options, "it is lost away from the edges", left=left, right=right)
    side = "left" if left < right else "right"
    told = [f"it {each} the {edge}" for each in (LEAVES, COMES) for edge in ("left", "right")]
    return Ruling.meaning(_known(options, told), f"it {way} the {side}", left=left, right=right)


@PIXEL_RULES.add("relative_place")
def relative_place(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """Beside, before or behind another object, at rest at first and at last."""
    names = named(film, text)
    if not camera_stands(film) or len(set(names)) != 2:
        return Ruling.unknown(options, "the camera moves" if len(names) == 2 else "the objects are not in the picture")
    subject = next(name for name in names if stretches(film, name)) if any(stretches(film, name) for name in names) else names[0]
    other = next(name for name in names if name != subject)
    tracks = track(film, subject), track(film, other)
    moves = stretches(film, subject)
    if tracks[0] is None or tracks[1] is None or not moves:
        return Ruling.unknown(options, "an object is never seen whole, or does not move")
    places = [_place(tracks[0], tracks[1], frame) for frame in (moves[0][0], moves[-1][1])]
    words = {"left": "to the left of", "right": "to the right of", "towards": "in front of", "away": "behind"}
    true = []
    for option in options:
        first, _, last = option.lower().removeprefix("first ").partition(", then ")
        stated = [next((place for place, word in words.items() if part.startswith(word)), None) for part in (first, last)]
        true.append(_agree([place for place, _ in places], stated))
    return Ruling(tuple(true), {"offsets_of_width": [offset for _, offset in places]}, "a place is not clear")


def _place(subject: Track, other: Track, frame: int) -> tuple[str | None, list[float]]:
    """On which side of another object an object stands, and how far to the right and down of it."""
    here, there = subject.box[frame], other.box[frame]
    right = float(here[0] + here[2] - there[0] - there[2]) / 2 / subject.width
    down = float(here[3] - there[3]) / subject.width
    aside, deep = abs(right), abs(down) / FORESHORTENED
    if aside > APART and aside > CLEARLY * deep:
        return "right" if right > 0 else "left", [right, down]
    if deep > APART / FORESHORTENED and deep > CLEARLY * aside:
        return "towards" if down > 0 else "away", [right, down]
    return None, [right, down]


def _followed(text: str, film: Film, movements: int | None = None) -> tuple[str, Track | None, list[tuple[int, int]]]:
    """The track and the movements of the object of a question; without a track where it cannot be told, and why."""
    names = named(film, text)
    if not names:
        return "the question names no object of the clip", None, []
    if not camera_stands(film):
        return "the camera moves", None, []
    found, moves = track(film, names[0]), stretches(film, names[0])
    if found is None:
        return "no picture shows the object whole", None, []
    if not moves or (movements and len(moves) != movements):
        return f"it moves {len(moves)} times", None, []
    return "", found, moves


def _ways(option: str) -> list[str | None]:
    """first to the left, then towards the camera → left, towards."""
    first, _, last = option.lower().removeprefix("first ").partition(", then ")
    return [DIRECTIONS.get(first), DIRECTIONS.get(last)]


def _agree(measured: list[str | None], stated: list[str | None]) -> bool | None:
    """Whether what is stated is what was measured: False where a part that was measured is another, None where it is open.

    A part of a statement whose words are not known is None, and leaves it open.
    """
    if any(None not in (one, other) and one != other for one, other in zip(measured, stated, strict=True)):
        return False
    return None if None in (*measured, *stated) else True


def _known(options: tuple[str, ...], told: Collection[str]) -> list[str | None]:
    """The options in lower case; None for one that is not among what can be told."""
    return [option.lower() if option.lower() in told else None for option in options]


def _one_of(options: tuple[str, ...], right: str | None, words: dict[str, str], course: Course) -> Ruling:
    if right is None:
        return Ruling.unknown(options, "the direction is not clear", **vars(course))
    return Ruling.meaning([words.get(option.lower()) for option in options], right, **vars(course))
