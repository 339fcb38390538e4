"""Which objects a question or an option speaks of, and which option is left."""

from __future__ import annotations

import re

from generator.verify.from_pixels.film import Film


def named(film: Film, text: str) -> list[str]:
    """The objects of a clip that a text names, in its order; of "the tall man in red" not the man in red as well."""
    longest_first = sorted(film.names, key=len, reverse=True)
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first)
    return [found.group().lower() for found in re.finditer(pattern, text, flags=re.IGNORECASE)] if pattern else []


def by_exclusion(true: tuple[bool | None, ...]) -> tuple[bool | None, ...]:
    """Of four options of which three are false, the fourth is true: of three, "None of these" may be the fourth, which no rule sees."""
    open_ = [place for place, each in enumerate(true) if each is None]
    if len(true) < 4 or len(open_) != 1 or any(true):
        return true
    return tuple(place == open_[0] for place in range(len(true)))
