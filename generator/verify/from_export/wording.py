"""Reading questions and options: which objects, motions, numbers and directions their words name, in the order of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from scenes.motions.motion import MOTIONS

ONCE_TWICE = {"once": 1, "twice": 2}
SENSES = {"clockwise": -1, "counter-clockwise": +1}
DIRECTIONS = ("to the right", "to the left", "towards the camera", "away from the camera")


@cache
def phrases() -> Mapping[str, str]:
    """How the motions of objects are spoken of, and their names: "bounces …" and "bounce …" both mean ``bounce``."""
    return {phrase: name for name, motion in MOTIONS.items() for phrase in (motion.verb, motion.base)}


def motions_in(text: str) -> list[str]:
    """The motions that a text speaks of, by the names of the catalogue."""
    return [phrases()[phrase] for phrase in found_in(text, phrases())]


def names_in(text: str, names: Iterable[str]) -> list[str]:
    """The objects that a text speaks of."""
    return found_in(text, names)


def subject_and_other(text: str, names: Iterable[str]) -> tuple[str, str] | None:
    """Of two objects, the one that is asked about and the one that is said to do something; None where there are not two.

    What an object is said to do follows its name.
    """
    here, motions = list(dict.fromkeys(names_in(text, names))), motions_in(text)
    if len(here) != 2 or len(motions) != 1:
        return None
    place = re.search(_any_of(phrases()), text, re.IGNORECASE)
    before = names_in(text[: place.start()] if place else "", names)
    if not before:
        return None
    (subject,) = [name for name in here if name != before[-1]]
    return subject, before[-1]


def beside(text: str, names: Iterable[str]) -> str:
    """A text in lower case without its objects and motions: the words that say what is asked."""
    for words in (phrases(), list(names)):
        text = re.sub(_any_of(words), "", text, flags=re.IGNORECASE)
    return text.lower()


def word_among(text: str, words: Sequence[str]) -> str | None:
    """The one of some words that a text holds; None when it holds none or several."""
    found = set(found_in(text, words))
    return found.pop() if len(found) == 1 else None


def number_in(text: str) -> int | None:
    """``"once"`` → 1, ``"3 times"`` → 3, ``"4"`` → 4."""
    found = re.fullmatch(r"(once|twice|\d+)(?: times)?", text.lower())
    if found is None:
        return None
    return ONCE_TWICE.get(found[1]) or int(found[1])


def senses_in(text: str) -> list[int]:
    """The senses of turns that a text names, +1 for counter-clockwise; "both times" says one twice."""
    senses = [SENSES[word] for word in found_in(text, SENSES)]
    return senses * 2 if "both times" in text else senses


def found_in(text: str, words: Iterable[str]) -> list[str]:
    """Those of some words that occur in a text, in its order and as they were given; of nested ones the longest."""
    known = {word.lower(): word for word in words}
    return [known[found.lower()] for found in re.findall(_any_of(known), text, re.IGNORECASE)] if known else []


def _any_of(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])"
