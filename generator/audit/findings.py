"""What counts as a shortcut, and where less than the video may tell something.

Whoever is given text alone must not do better than chance; whoever is shown one frame not more than `STILL_MARGIN` better, over all
questions, and by a bound that holds for all guessers at once (Bonferroni). For single templates, of which there are many, intervals are
widened until no more than one set in twenty without shortcuts would have one of them above chance by accident; what its own interval
alone puts above chance is a suspect, and told. A template that leaks is to be repaired in its staging; `LEGITIMATE` says what a still
picture tells of an answer by its nature, in which frames, and how much at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import beta

from generator.audit.guessers import Guesser
from generator.audit.intervals import Score, score
from generator.audit.items import Item

LEVEL = 0.95
STILL_MARGIN = 0.05  # over chance, that one frame may give
MARGINS = {"text": 0.0, "metadata": 0.0, "still": STILL_MARGIN}  # by kind of guesser; frames without order are reported, not judged
EVERYTHING = ""  # the group of all questions


@dataclass(frozen=True)
class Nature:
    """What a still picture tells of the answers to a template: in which ``frames`` (of `STILLS`), how often they are right at most, why."""

    frames: tuple[str, ...]
    ceiling: float
    reason: str


LEGITIMATE: Mapping[str, Nature] = {
    "enters_or_leaves": Nature(("first", "last"), 0.5, "what the first frame lacks comes in, what the last one lacks has left"),
    "picture_thirds": Nature(("first", "last"), 0.5, "the third in which it is in the first or the last frame is one half of the answer"),
    "recognise_animal_motion": Nature(
        ("middle", "last"), 0.5, "an animal that sits or lies, or has a leg up, is seen to do so while it does"
    ),
    "recognise_avatar_motion": Nature(
        ("middle", "last"), 0.5, "a posture that is held, as in sitting or with an arm up, is seen meanwhile"
    ),
    "recognise_event": Nature(("last",), 0.5, "two that touch in the end, or of which one is on top of the other, are seen to do so"),
    "relative_place": Nature(("first", "middle", "last"), 0.5, "where it is in one frame is one half of the answer"),
    "who_gets_it": Nature(("middle",), 1.0, "those who play with the ball face each other, and who has got it is seen with it"),
}


@dataclass(frozen=True)
class Result:
    """How a guesser did: over all questions, by question type, by template.

    ``sure_low`` are the lower ends for each template at the level ``sure_level``, at which they hold for all templates at once.
    """

    guesser: Guesser
    overall: Score
    overall_low: float
    types: Mapping[str, Score]
    templates: Mapping[str, Score]
    sure_low: Mapping[str, float]
    sure_level: float


def result(
    items: Sequence[Item], guesser: Guesser, chosen: np.ndarray, comparisons: int, rng: np.random.Generator, guessers: int = 1
) -> Result:
    """The scores of the answers ``chosen (question,)``; who is shown frames without order is asked only where order matters.

    Args:
        comparisons: how many templates are looked at, by all guessers together.
        guessers: how many there are; the bound that is judged over all questions holds for all of them at once.

    Raises:
        ValueError: there is nothing to score.
    """
    kept = [place for place, item in enumerate(items) if item.ordered or guesser.kind != "unordered"]
    asked = [items[place] for place in kept]
    hits = np.array([float(chosen[place] == items[place].right) for place in kept])
    types = _scores(asked, hits, [item.question_type for item in asked], LEVEL, rng)
    templates = _scores(asked, hits, [item.template for item in asked], LEVEL, rng)
    sure_level = 1 - 2 * (1 - LEVEL) / comparisons
    strict = _scores(asked, hits, [item.template for item in asked], sure_level, rng)
    overall, surely = (_scores(asked, hits, [EVERYTHING] * len(asked), 1 - (1 - LEVEL) / of, rng)[EVERYTHING] for of in (1, guessers))
    return Result(guesser, overall, surely.low, types, templates, {name: each.low for name, each in strict.items()}, sure_level)


def _scores(items: Sequence[Item], hits: np.ndarray, groups: Sequence[str], level: float, rng: np.random.Generator) -> dict[str, Score]:
    """The score of each group of questions, by its name."""
    scores = {}
    for group in sorted(set(groups)):
        own = [place for place, each in enumerate(groups) if each == group]
        scenes = [items[place].scene for place in own]
        scores[group] = score(hits[own], [items[place].chance for place in own], scenes, rng, level)
    return scores


def shortcuts(results: Sequence[Result]) -> list[str]:
    """Every shortcut that was found, in words; empty where there is none."""
    found = [line for each in results for line in _overall(each)]
    return found + [line for each in results for line in _in_templates(each)]


def _overall(found: Result) -> list[str]:
    guesser, of = found.guesser, found.overall
    if guesser.kind not in MARGINS or not (found.overall_low > of.chance and of.accuracy > of.chance + MARGINS[guesser.kind]):
        return []
    return [f"{guesser.name}: {told(of)} over all questions"]


def _in_templates(found: Result) -> list[str]:
    """Templates that leak beyond doubt."""
    leaks = [name for name, of in found.templates.items() if found.sure_low[name] > allowed(found.guesser, name, of.chance)]
    return [f"{found.guesser.name}: {told(found.templates[name])} in {name}" for name in leaks]


def suspects(results: Sequence[Result]) -> list[str]:
    """Templates that leak by their own interval, though not beyond doubt; in words."""
    return [
        f"{each.guesser.name}: {told(of)} in {name}"
        for each in results
        for name, of in each.templates.items()
        if of.low > allowed(each.guesser, name, of.chance) >= each.sure_low[name]
    ]


def allowed(guesser: Guesser, template: str, chance: float) -> float:
    """How often a guesser may be right on a template."""
    if guesser.kind not in MARGINS:
        return 1.0
    nature = LEGITIMATE.get(template)
    natural = nature.ceiling if nature and guesser.frame in nature.frames else 0.0
    return max(chance + MARGINS[guesser.kind], natural)


def least_found(n: int, over: float, level: float) -> float:
    """The smallest share of ``n`` questions whose interval (Jeffreys') at that level lies above ``over``; 1 if none does."""
    right = np.arange(n + 1)
    low = beta.ppf((1 - level) / 2, right + 0.5, n - right + 0.5)
    return float(min(right[low > over], default=n)) / n


def told(of: Score) -> str:
    """A score in words."""
    return f"{of.accuracy:.1%} right (95 % interval {of.low:.1%} to {of.high:.1%}) where chance gives {of.chance:.1%}, n = {of.n}"


def worst(results: Sequence[Result], kind: str, count: int) -> list[tuple[str, str, Score]]:
    """The templates that guessers of a kind get most out of: template, guesser, score; each template once."""
    best: dict[str, tuple[str, str, Score]] = {}
    for each in results:
        for name, of in each.templates.items() if each.guesser.kind == kind else ():
            if name not in best or _gain(of) > _gain(best[name][2]):
                best[name] = (name, each.guesser.name, of)
    return sorted(best.values(), key=lambda row: -_gain(row[2]))[:count]


def _gain(of: Score) -> float:
    """What is sure to be above chance comes before what may be."""
    return of.low - of.chance


def section(results: Sequence[Result], questions: int) -> dict[str, object]:
    """What `generator.certificate.write_section` is given."""
    guessers = [{"name": each.guesser.name, "what": each.guesser.what, **_plain(each.overall)} for each in results]
    types = [_named("question_type", name, each, of) for each in results for name, of in each.types.items()]
    templates = [_named("template", name, each, of) for each in results for name, of in each.templates.items()]
    return {
        "questions": questions,
        "sound": not shortcuts(results),
        "guessers": guessers,
        "types": types,
        "templates": templates,
        "suspects": suspects(results),
        "remarks": remarks(results),
    }


def _named(group: str, name: str, found: Result, of: Score) -> dict[str, object]:
    return {group: name, "guesser": found.guesser.name, **_plain(of)}


def _plain(of: Score) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(of).items()}


def remarks(results: Sequence[Result]) -> list[str]:
    """How to read the figures, what was found, how much could have been, and why a still picture may tell something where it does."""
    compared = sum(len(each.templates) for each in results)
    return [
        "Guessers learn from other scenes of the same data set and choose their method there too, never by the score that is reported.",
        "Frames without their order are asked only for answers that would change if the film ran backwards; they show where things have "
        "been, which may narrow an answer down, and so are reported and not judged.",
        "“State” is what the export tells of one frame: more than anyone can see in the picture.",
        *(f"Shortcut: {line}." for line in shortcuts(results)),
        f"Intervals hold for one line each; {compared} lines by template are compared, and about {compared * (1 - LEVEL) / 2:.0f} of them "
        "lie above chance by accident.",
        *(f"Suspect: {line}." for line in suspects(results)),
        *_power(results),
        *_below(results),
        *(f"By its nature {line}." for line in _natures(results)),
    ]


def _power(results: Sequence[Result]) -> Iterator[str]:
    """How small a leak could have been found in one template."""
    judged = [each for each in results if each.guesser.kind in MARGINS and each.templates]
    if not judged:
        return
    counts = [of.n for each in judged for of in each.templates.values()]
    n, chance = int(np.median(counts)), judged[0].overall.chance
    levels = (LEVEL, judged[0].sure_level)
    text, still = ([f"{least_found(n, chance + margin, level):.0%}" for level in levels] for margin in (0.0, STILL_MARGIN))
    yield (
        f"A template has {n} questions here (median). If text tells of it, that is suspect from {text[0]} right on, found from {text[1]}; "
        f"if a frame does, from {still[0]} and {still[1]}. Smaller leaks need more questions (qa.templates)."
    )


def _below(results: Sequence[Result]) -> Iterator[str]:
    """Who does worse than chance beyond doubt, which balanced blocks bring about and which is no proof of innocence."""
    for each in results:
        if each.overall.high < each.overall.chance:
            yield (
                f"{each.guesser.name} does worse than chance: {told(each.overall)}. Answers and letters are dealt in blocks, each once, so "
                "what was frequent in some scenes is rare in the others; a shortcut as large as the difference would not show."
            )


def _natures(results: Sequence[Result]) -> Iterator[str]:
    asked = {name for each in results for name in each.templates}
    for name, nature in LEGITIMATE.items():
        if name in asked:
            yield f"{name} may be told by the {' or '.join(nature.frames)} frame, up to {nature.ceiling:.0%}: {nature.reason}"
