"""One thing after another: rules for questions on the order of what an object does."""

from __future__ import annotations

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.doing import Actor, about_one, doing, none_true
from generator.verify.from_export.signatures import does
from generator.verify.from_export.stretches import Stretch, stretches
from generator.verify.from_export.wording import beside, motions_in, subject_and_other, word_among
from generator.verify.ruling import Ruling

SHARED = 0.4  # of the shorter one of two stretches, for both to be at the same time


@EXPORT_RULES.add("order_of_actions")
@about_one
def row_of_actions(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """The motions that an option names are those of the stretches, one by one."""
    return Ruling(tuple(_is_row(motions_in(option), actor.found) for option in options))


def _is_row(motions: list[str], found: list[Stretch]) -> bool | None:
    if not motions:
        return None
    parts = [does(it, motion) for it, motion in zip(found, motions, strict=False)]
    return False if len(motions) != len(found) or False in parts else None if None in parts else True


@EXPORT_RULES.add("first_or_last")
@about_one
def at_the_end(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """What the first, or the last, stretch is."""
    place = word_among(beside(text, [actor.name]), ("first", "last"))
    if place is None:
        return Ruling.unknown(options, "neither the first nor the last thing is asked for")
    if not actor.found:
        return none_true(options, "the object does not move")
    return Ruling(doing(options, actor.found[0 if place == "first" else -1]), {"place": place})


@EXPORT_RULES.add("what_follows")
@about_one
def next_to(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """What the stretch right after, or right before, is from the one that the text names."""
    relation, motions = word_among(beside(text, [actor.name]), ("after", "before")), motions_in(text)
    if relation is None or len(motions) != 1:
        return Ruling.unknown(options, "the text does not say after or before what")
    anchors = _places(actor.found, motions[0])
    place = anchors[0] + (1 if relation == "after" else -1) if len(anchors) == 1 else -1
    if not 0 <= place < len(actor.found):
        return none_true(options, f"nothing comes directly {relation} that")
    return Ruling(doing(options, actor.found[place]), {"relation": relation})


@EXPORT_RULES.add("between")
@about_one
def in_between(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """What the one stretch between two others is, which the text names in their order."""
    motions = motions_in(text)
    if len(motions) != 2:
        return Ruling.unknown(options, "the text does not say between what")
    before, after = (_places(actor.found, motion) for motion in motions)
    if len(before) != 1 or after != [before[0] + 2]:
        return none_true(options, "the object does not do one thing between the two")
    return Ruling(doing(options, actor.found[before[0] + 1]))


@EXPORT_RULES.add("at_the_same_time")
def meanwhile(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """What the stretch of one object is that falls into the time in which another one does what the text names."""
    pair = subject_and_other(text, clip.paths.names)
    if pair is None:
        return Ruling.unknown(options, "the text does not speak of two objects")
    actor, other = (Actor(clip, name, stretches(clip, name)) for name in pair)
    during = [other.found[place] for place in _places(other.found, motions_in(text)[0])]
    together = [it for it in actor.found if len(during) == 1 and _shared(it, during[0]) > SHARED]
    if len(together) != 1:
        return none_true(options, f"{len(together)} things happen at that time")
    return Ruling(doing(options, together[0]), {**actor.figures, "meanwhile": other.figures["stretches"]})


def _places(found: list[Stretch], motion: str) -> list[int]:
    return [place for place, it in enumerate(found) if does(it, motion)]


def _shared(it: Stretch, other: Stretch) -> float:
    """The share of the shorter one in which both are under way."""
    return (min(it.last, other.last) - max(it.first, other.first)) / min(it.last - it.first, other.last - other.first)
