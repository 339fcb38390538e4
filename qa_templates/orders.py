"""Answers that are rows of parts: orders of three things, which may be offered together and how they are written."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

ORDERS = tuple("".join(order) for order in itertools.permutations("012"))
_EVEN = ("012", "120", "201")
_ODD = tuple(order for order in ORDERS if order not in _EVEN)


def order_sets() -> list[tuple[str, ...]]:
    """Two even and two odd orders: each differs from two others of its set by one swap, so that none stands out."""
    return [(*evens, *odds) for evens in itertools.combinations(_EVEN, 2) for odds in itertools.combinations(_ODD, 2)]


def swaps(order: str, options: Sequence[str]) -> tuple[str, ...]:
    """Those of some orders that differ from one by the exchange of two things."""
    return tuple(other for other in options if sum(one != two for one, two in zip(order, other, strict=True)) == 2)


def differing(answer: str, other: str, joint: str = "_") -> list[int]:
    """At which places two answers differ that are made of parts in a row."""
    return [place for place, (one, two) in enumerate(zip(answer.split(joint), other.split(joint), strict=True)) if one != two]


def exchange(order: str, other: str) -> tuple[int, ...]:
    """For each place in another order, the place that its thing has in the one."""
    return tuple(order.index(thing) for thing in other)


def written(order: str, phrases: Sequence[str]) -> str:
    """``"201"`` → "…, then …, then …"."""
    return ", then ".join(phrases[int(place)] for place in order)


def found_order(wanted: Sequence[str], found: Sequence[str]) -> str | None:
    """In which order the wanted things were found; None when others were found."""
    if sorted(wanted) != sorted(found):
        return None
    return "".join(str(list(wanted).index(name)) for name in found)
