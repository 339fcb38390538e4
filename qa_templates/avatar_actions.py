"""What avatars do, as answer keys and words: the ground that the questions about avatars stand on.

A key is the name of an avatar motion, with its sense where the question speaks of it: "wave", "wave_left", "walk_backward".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from qa_templates.observation import Performance, reversed_motion
from qa_templates.question import Asked
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarMotion
from scenes.script import SceneOptions, span_s
from scenes.types import require

SIDES = {"left": 1, "right": -1}
STRIDES = ((1, 2, 3), (1, 3, 5), (2, 5, 7), (3, 4, 8), (1, 5, 6), (2, 3, 9))  # which others stand beside a motion in a ring
RING_TRIES = 2000


def standing_motions(scene: SceneOptions, least: int = 1, *, legs: int = 2) -> tuple[str, ...]:
    """Motions that begin and end standing; they can follow one another.

    Raises:
        ValueError: the scene options allow fewer than ``least`` of them no two of which are rivals.
    """
    return _allowed(scene, least, lambda kind: kind.ends in ("", "standing"), legs)


def opening_motions(scene: SceneOptions, least: int = 4, *, legs: int = 2) -> tuple[str, ...]:
    """Motions that begin standing, whatever they end in. Raises ValueError as `standing_motions` does."""
    return _allowed(scene, least, lambda kind: True, legs)


def countable_motions(scene: SceneOptions, cycles: int, *, sided: bool = False, least: int = 1) -> tuple[str, ...]:
    """Standing motions that can be counted up to ``cycles``; ``sided``: those of one side of the body alone. Raises ValueError."""

    def wanted(kind: type[AvatarMotion]) -> bool:
        return kind.countable and kind.max_cycles >= cycles and kind.ends in ("", "standing") and (kind.sided or not sided)

    return _allowed(scene, least, wanted, 2)


def sided_motions(scene: SceneOptions, least: int = 1) -> tuple[str, ...]:
    """Standing motions of one side of the body. Raises ValueError as `standing_motions` does."""
    return _allowed(scene, least, lambda kind: kind.sided and kind.ends in ("", "standing"), 2)


def fitting(motions: tuple[str, ...], needed_s, longest_s: float) -> tuple[str, ...]:
    """Those of the motions for which a clip need not be longer than ``longest_s``; all where there are none."""
    return tuple(name for name in motions if needed_s(name) <= longest_s) or motions


def shortest(motions: tuple[str, ...], least: int = 4, share: float = 0.6) -> tuple[str, ...]:
    """The quicker ones of the motions, for rows of ``least`` that must fit into a clip; more where they would hold rivals."""
    ordered = sorted(motions, key=lambda name: (span_s(name)[0], name))
    count = max(least, round(share * len(ordered)))
    while count < len(ordered) and len(_compatible(_by_rivals(tuple(ordered[:count])))) < least:
        count += 1
    return tuple(sorted(ordered[:count]))


def said(motion: str, sense: int | None = None, *, base: bool = False) -> str:
    """How a motion reads: "waves with one hand", "waves with its left hand"."""
    return AVATAR_MOTIONS[motion].phrase(sense, base=base)


def reversed_slots(asked: Asked, *keys: str) -> Asked | None:
    """The same question with the motions of these slots as a film that runs backwards shows them; None where one has no name then."""
    backwards = {key: reversed_motion(asked.slots[key]) for key in keys}
    if None in backwards.values() or len(set(backwards.values())) != len({asked.slots[key] for key in keys}):
        return None
    return replace(asked, slots={**asked.slots, **backwards})


def side_of(performance: Performance) -> str:
    """The side of the body, "left" or "right", that performs a sided motion, or to which a signed one goes."""
    return "left" if performance.sense > 0 else "right"


def _allowed(scene: SceneOptions, least: int, wanted, legs: int) -> tuple[str, ...]:
    names = [
        name for name in scene.avatar_motion_names() if legs in AVATAR_MOTIONS[name].legs and "standing" in AVATAR_MOTIONS[name].begins
    ]
    chosen = tuple(name for name in names if wanted(AVATAR_MOTIONS[name]))
    allowed = f"at least {least} that fit, none of which may be called by the name of another, or none for all"
    require(len(_compatible(_by_rivals(chosen))) >= least, "scene.avatar_motions", list(scene.avatar_motions), allowed)
    return chosen


# Motions that may not stand beside one another


@cache
def rivals(one: str, other: str) -> bool:
    """Whether who performs one of two motions may be said to perform the other: to salute is to raise a hand."""
    both = one in AVATAR_MOTIONS and other in AVATAR_MOTIONS
    return both and (other in AVATAR_MOTIONS[one].implies or one in AVATAR_MOTIONS[other].implies)


def rows_of(motions: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """Different motions in a drawn order, no two of them rivals.

    Raises:
        ValueError: there are not so many.
    """
    row = _compatible([str(name) for name in rng.permutation(sorted(motions))])[:count]
    if len(row) < count:
        row = _compatible(_by_rivals(tuple(motions)))[:count]
    require(len(row) == count, "scene.avatar_motions", list(motions), f"at least {count}, none of which is another's name as well")
    return [str(name) for name in rng.permutation(row)]


def without_rivals(motions: Sequence[str], *others: str) -> list[str]:
    """Those of the motions that are neither among some others nor rivals of one of them."""
    return [name for name in motions if not any(name == other or rivals(name, other) for other in others)]


@cache
def sets_of_four(motions: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Sets of four motions, no two of them rivals; each motion stands in equally many.

    The motions stand in a ring, and each is offered beside those at fixed distances after it, for several such distances: with
    each of them in an order in which this brings no rivals together. Where there is none, the motion with most rivals is left out.

    Raises:
        ValueError: fewer than four motions are left.
    """
    allowed = "at least four, none of which may be called by the name of another, or none for all"
    require(len(motions) >= 4, "scene.avatar_motions", list(motions), allowed)
    strides = STRIDES if len(motions) > 9 else STRIDES[:1]
    rings = [(ring, stride) for stride in strides if (ring := _ring(motions, stride))]
    if not rings:
        return sets_of_four(tuple(sorted(_by_rivals(motions)[:-1])))
    return tuple(each for ring, stride in rings for each in sorted(set(_rows(ring, stride))))


def _compatible(motions: Sequence[str]) -> list[str]:
    """The motions one after another, without those that are rivals of one before."""
    chosen: list[str] = []
    for name in motions:
        chosen += without_rivals([name], *chosen)
    return chosen


@cache
def _by_rivals(motions: tuple[str, ...]) -> list[str]:
    """The motions, those with the fewest rivals among them first."""
    return sorted(motions, key=lambda name: (sum(rivals(name, other) for other in motions), name))


def _rows(ring: Sequence[str], stride: Sequence[int]) -> list[tuple[str, ...]]:
    """Each name of a ring with those that stand so many places after it."""
    return [tuple(sorted(ring[(place + step) % len(ring)] for step in (0, *stride))) for place in range(len(ring))]


def _ring(motions: Sequence[str], stride: Sequence[int]) -> list[str]:
    """The motions in an order in which no row of a stride holds rivals, found by exchanging places; empty where none is found."""
    rng, ring = np.random.default_rng(0), sorted(motions)
    clashes = _clashes(ring, stride)
    for _ in range(RING_TRIES):
        if not clashes:
            return ring
        one, other = rng.integers(len(ring), size=2)
        changed = list(ring)
        changed[one], changed[other] = ring[other], ring[one]
        if (found := _clashes(changed, stride)) <= clashes:
            ring, clashes = changed, found
    return []


def _clashes(ring: Sequence[str], stride: Sequence[int]) -> int:
    """How many pairs of rivals the rows of a ring hold."""
    return sum(rivals(one, other) for row in _rows(ring, stride) for one, other in itertools.combinations(row, 2))
