"""How often, and how many: rules for questions whose options are numbers."""

from __future__ import annotations

from typing import Any

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.comparing import all_stretches
from generator.verify.from_export.doing import Actor, about_one
from generator.verify.from_export.signatures import SIGNATURES, called, does
from generator.verify.from_export.wording import motions_in, number_in
from generator.verify.ruling import Ruling

CLEAR = 0.2  # of one time: no farther from a whole number is a count


def number_ruling(options: tuple[str, ...], count: float, **measured: Any) -> Ruling:
    """Of each option, whether it is the number that was counted."""
    numbers = [number_in(option) for option in options]
    if abs(count - round(count)) > CLEAR:
        return Ruling.unknown(options, "the count is not a whole number", count=round(count, 3), **measured)
    return Ruling(tuple(None if number is None else number == round(count) for number in numbers), {"count": round(count, 3), **measured})


@EXPORT_RULES.add("count_cycles", "count_in_sequence")
@about_one
def times(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """How often the stretches that are the motion which the text names show it, all together."""
    motions = motions_in(text)
    count = SIGNATURES[motions[0]].count if len(motions) == 1 and motions[0] in SIGNATURES else None
    if count is None:
        return Ruling.unknown(options, "the text names nothing that can be counted")
    return number_ruling(options, sum(count(it) for it in actor.found if does(it, motions[0])))


@EXPORT_RULES.add("count_objects")
def how_many(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """How many objects do at some time what the text names."""
    found, motions = all_stretches(clip), motions_in(text)
    if len(motions) != 1 or motions[0] not in SIGNATURES:
        return Ruling.unknown(options, "the text names no motion")
    doers = [name for name, done in found.items() if any(does(it, motions[0]) for it in done)]
    return number_ruling(options, len(doers), doers=doers, called={name: [called(it) for it in done] for name, done in found.items()})
