"""Intents: what each clip is to ask and to answer, as a pure function of seed, split and index.

Templates come in blocks in which each has its share, spread out; answers and letters come in blocks in which each stands
once. No counter is shared, so clip 417 asks the same in a run of 600 as of 60,000. Twins come in pairs, the clips 2i and
2i + 1: what a single clip is to the blocks, a pair is there. Of a curriculum, the stages come in blocks as templates do, and
the clips of each stage have blocks of their own.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qa_templates.curriculum import Curriculum, Stage
from qa_templates.question import LETTERS, QUESTION_TYPES, QUESTIONS, QuestionOptions, QuestionTemplate, answers, type_key
from scenes.script import SceneOptions
from scenes.types import require

BLOCK = 300  # clips in which every template (and stage) has its share: at least 4 of the 50 of its type
LETTER_PAIRS = tuple(itertools.permutations(range(len(LETTERS)), 2))  # of a clip and its twin


@dataclass(frozen=True)
class Intent:
    """What a clip is to ask: drawn before anything else, and kept over all attempts. ``none`` is as in `Asked`."""

    seed: int
    split: str
    index: int
    template: str
    options: tuple[str, ...]
    letter: str
    none: int | None = None

    @property
    def answer(self) -> str:
        """The key of the right option."""
        return self.options[LETTERS.index(self.letter)]


@dataclass(frozen=True)
class Turn:
    """The stage of a curriculum that a clip is made for, and how many clips (or pairs of twins) of that stage come before it."""

    stage: Stage
    nth: int


def turn(seed: int, split: str, index: int, curriculum: Curriculum, *, twins: bool = False) -> Turn:
    """The place of a clip in a curriculum: each stage has its share of each `BLOCK` clips, or pairs of twins, spread evenly."""
    stages = {stage.name: stage for stage in curriculum.stages}
    wanted = {name: BLOCK * share for name, share in curriculum.shares.items()}
    name, nth = _drawn(seed, split, "stages", index // 2 if twins else index, _rounded(wanted, dict.fromkeys(wanted, 1)))
    return Turn(stages[name], nth)


def intent(seed: int, split: str, index: int, qa: QuestionOptions, scene: SceneOptions, at: Turn | None = None) -> Intent:
    """The intent of a clip. Raises ValueError when the options leave nothing to ask.

    Args:
        qa, scene: of a clip of a curriculum, as its stage has them.
        at: of a clip of a curriculum.
    """
    blocks, nth = _blocks(split, index, at)
    name, occurrence = _drawn(seed, blocks, "templates", nth, template_shares(qa))
    options, letter = draw_options(name, None, (seed, blocks, occurrence), scene)
    return Intent(seed, split, index, name, options, letter, _none(seed, split, index, qa))


def twins(seed: int, split: str, index: int, qa: QuestionOptions, scene: SceneOptions, at: Turn | None = None) -> tuple[Intent, Intent]:
    """The intents of a pair of twins, one of which the clip is: the same question and options, and another letter.

    Raises:
        ValueError: the options leave nothing to ask of twins.
    """
    pair = index // 2
    blocks, nth = _blocks(split, pair, at)
    name, occurrence = _drawn(seed, blocks, "templates", nth, template_shares(qa, twins=True))
    options, letters = draw_twins(name, (seed, blocks, occurrence), scene)
    none = _none(seed, split, 2 * pair, qa)
    first, second = (Intent(seed, split, 2 * pair + place, name, options, letter, none) for place, letter in enumerate(letters))
    return first, second


def _blocks(split: str, nth: int, at: Turn | None) -> tuple[str, int]:
    """The blocks in which a clip (or pair) has its place, those of its split or of a stage, and the place."""
    return (split, nth) if at is None else (f"{split}/stage {at.stage.name}", at.nth)


def _none(seed: int, split: str, index: int, qa: QuestionOptions) -> int | None:
    """The place of "none of these" among the options, where it is among them."""
    rng = _rng(seed, split, "none of these", index)
    return int(rng.integers(len(LETTERS))) if rng.random() < qa.none_of_these else None


def check(qa: QuestionOptions, scene: SceneOptions, *, twins: bool = False, curriculum: Curriculum | None = None) -> None:
    """See at the door whether every template can be staged with these options, in every stage of a curriculum.

    Raises:
        ValueError: a template lacks motions to choose from, or does not fit the longest clip, all such are listed; or a stage asks
            what the options leave out.
    """
    if curriculum is None:
        _check(qa, scene, twins)
        return
    left = template_shares(qa)
    for stage in curriculum.stages:
        barred = [name for name in stage.asked if name not in left]
        allowed = "templates that qa.templates, qa.without, qa.mix and qa.weights do not leave out"
        require(not barred, f"templates of the curriculum's stage {stage.name!r}", barred, allowed)
        try:
            _check(stage.asks(qa), stage.looks(scene), twins)
        except ValueError as error:
            raise ValueError(f"stage {stage.name!r} of the curriculum: {error}") from error


def _check(qa: QuestionOptions, scene: SceneOptions, twins: bool) -> None:
    wrong: dict[str, str] = {}
    for name in template_shares(qa, twins=twins):
        try:
            needed_s = _needed_s(name, scene)
        except ValueError as error:
            wrong[name] = str(error)
        else:
            if needed_s > scene.duration[1]:
                wrong[name] = f"duration = {list(scene.duration)} is too short: it needs clips of {needed_s:.1f} s"
    if wrong:
        listed = "; ".join(f"{name}: {reason}" for name, reason in wrong.items())
        remedy = f"give them no weight: {', '.join(wrong)}" if qa.weights else f"qa.without=[{','.join(wrong)}]"
        raise ValueError(f"some questions cannot be asked with these options ({listed}). To leave them out: {remedy}")


def has_twins(template: str) -> bool:
    """Whether a template says how the twin of a clip is made."""
    return QUESTIONS[template].twin is not QuestionTemplate.twin


def template_shares(qa: QuestionOptions, *, twins: bool = False) -> dict[str, int]:
    """How many of each `BLOCK` clips ask each template: the types by their weights, the templates of a type alike; or each by its own.

    Args:
        twins: leave out templates that have no twins.
    """
    names = [name for name in sorted(set(qa.templates) or QUESTIONS) if name not in qa.without and (has_twins(name) or not twins)]
    allowed = "weights and templates that leave something to ask"
    allowed += f" (twins have {', '.join(filter(has_twins, QUESTIONS))})" if twins else ""
    if qa.weights:
        weighed = {name: qa.weights[name] for name in names if qa.weights.get(name, 0) > 0}
        require(bool(weighed), "qa", (qa.weights, qa.templates, qa.without), allowed)
        total = math.fsum(weighed.values())
        return _rounded({name: BLOCK * weight / total for name, weight in weighed.items()}, dict.fromkeys(weighed, 1))
    weights = {kind: qa.mix.get(type_key(kind), 1.0) for kind in QUESTION_TYPES}
    by_kind = {kind: [name for name in names if QUESTIONS[name].question_type == kind] for kind in QUESTION_TYPES if weights[kind] > 0}
    by_kind = {kind: alike for kind, alike in by_kind.items() if alike}
    require(bool(by_kind), "qa", (qa.mix, qa.templates, qa.without), allowed)
    total = sum(weights[kind] for kind in by_kind)
    kinds = _rounded({kind: BLOCK * weights[kind] / total for kind in by_kind}, {kind: len(alike) for kind, alike in by_kind.items()})
    shares: dict[str, int] = {}
    for kind, alike in by_kind.items():
        shares |= _rounded(dict.fromkeys(alike, kinds[kind] / len(alike)), dict.fromkeys(alike, 1))
    return shares


def draw_options(template: str, answer: str | None, key: tuple[int, str, int], scene: SceneOptions) -> tuple[tuple[str, ...], str]:
    """Options in the order of their letters, and the right letter: each answer and each letter once in its block.

    Args:
        answer: the right one where it is known; None draws it.
        key: seed, split and the how-manieth use of the template this is.
    """
    asker = QUESTIONS[template]()
    seed, split, occurrence = key
    keys = answers(asker, scene)
    answer = answer or keys[_from_block(len(keys), f"{template}/answer", key)]
    letter = _from_block(len(LETTERS), f"{template}/letter", key)
    rng = _rng(seed, split, f"{template}/options", occurrence)
    sets = [options for options in asker.option_sets(scene) if answer in options]
    others = [str(other) for other in rng.permutation([option for option in sets[int(rng.integers(len(sets)))] if option != answer])]
    return (*others[:letter], answer, *others[letter:]), LETTERS[letter]


def draw_twins(template: str, key: tuple[int, str, int], scene: SceneOptions) -> tuple[tuple[str, ...], tuple[str, str]]:
    """Options in the order of their letters, and the right letter of either twin; each answer and each two letters once in their block.

    Args:
        key: seed, split and the how-manieth pair of the template this is.
    """
    asker = QUESTIONS[template]()
    seed, split, occurrence = key
    keys = answers(asker, scene, twins=True)
    answer = keys[_from_block(len(keys), f"{template}/answer", key)]
    rng = _rng(seed, split, f"{template}/twins", occurrence)
    sets = [options for options in asker.twin_sets(scene) if answer in options]
    drawn = sets[int(rng.integers(len(sets)))]
    other = str(rng.choice(asker.twins(answer, drawn)))
    places = LETTER_PAIRS[_from_block(len(LETTER_PAIRS), f"{template}/letters", key)]
    rest = iter([str(option) for option in rng.permutation([option for option in drawn if option not in (answer, other)])])
    fixed = dict(zip(places, (answer, other), strict=True))
    options = tuple(fixed[place] if place in fixed else next(rest) for place in range(len(LETTERS)))
    return options, (LETTERS[places[0]], LETTERS[places[1]])


def _needed_s(template: str, scene: SceneOptions, intents: int = 12, attempts: int = 6) -> float:
    """Length of the shortest clip in which any intent of a template finds room at some attempt, by a few draws of each."""
    asker = QUESTIONS[template]()
    keys = answers(asker, scene)
    longest_s = 0.0
    for draw in range(intents):
        options, letter = draw_options(template, keys[draw % len(keys)], (0, "check", draw), scene)
        answer = options[LETTERS.index(letter)]
        rngs = (_rng(0, "check", f"{template}/{draw}", attempt) for attempt in range(attempts))
        longest_s = max(longest_s, min(asker.script(answer, options, rng, scene).room_s for rng in rngs))
    return longest_s


def _rounded(wanted: Mapping[str, float], least: Mapping[str, int]) -> dict[str, int]:
    """Whole numbers with the same sum, as near to what is wanted as they can be, and none below its least."""
    shares = {name: max(least[name], int(share)) for name, share in wanted.items()}
    while (missing := round(sum(wanted.values())) - sum(shares.values())) != 0:
        step = 1 if missing > 0 else -1
        movable = [name for name in wanted if shares[name] + step >= least[name]]
        shares[max(movable, key=lambda name: (step * (wanted[name] - shares[name]), name))] += step
    return shares


def _drawn(seed: int, split: str, what: str, index: int, shares: Mapping[str, int]) -> tuple[str, int]:
    """The name that falls to a clip (or pair), and how often it fell to one before."""
    block, slot = divmod(index, BLOCK)
    name, rank = _block(seed, split, what, block, tuple(shares.items()))[slot]
    return name, block * shares[name] + rank


@lru_cache(maxsize=64)
def _block(seed: int, split: str, what: str, block: int, shares: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Name and rank among its like for each slot of a block: evenly spread, in a drawn order."""
    rng = _rng(seed, split, what, block)
    slots = [((rank + rng.random()) / share, name, rank) for name, share in shares for rank in range(share)]
    return tuple((name, rank) for _, name, rank in sorted(slots))


def _from_block(size: int, what: str, key: tuple[int, str, int]) -> int:
    """The entry of a permuted block of ``range(size)`` that falls to an occurrence."""
    seed, split, occurrence = key
    return int(_rng(seed, split, what, occurrence // size).permutation(size)[occurrence % size])


def _rng(seed: int, split: str, what: str, block: int) -> np.random.Generator:
    return np.random.default_rng(
        np.random.SeedSequence(entropy=seed, spawn_key=(zlib.crc32(split.encode()), zlib.crc32(what.encode()), block))
    )
