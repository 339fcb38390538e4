"""What counts as a shortcut, and where less than the video may tell something.

Whoever is given text alone must not do better than chance; whoever is shown one frame not more than `STILL_MARGIN` better, over all
questions. For single templates, of which there are many, the intervals are widened (Bonferroni) until no more than one set in twenty
without shortcuts would have one of them above chance by accident. A template that leaks is to be repaired in its staging; what is
listed in `LEGITIMATE` is what a still picture tells of an answer by its nature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from generator.audit.guessers import Guesser
from generator.audit.intervals import Score, score
from generator.audit.items import Item

LEVEL = 0.95
STILL_MARGIN = 0.05  # over chance, that one frame may give
MARGINS = {"text": 0.0, "metadata": 0.0, "still": STILL_MARGIN}  # by kind of guesser; frames without order are reported, not judged
EVERYTHING = ""  # the group of all questions

LEGITIMATE: Mapping[str, str] = {
    "enters_or_leaves": "what the first frame lacks comes in, what the last one lacks has left: two of four options remain",
    "picture_thirds": "the third in which it is in the first or the last frame is one half of the answer",
    "recognise_animal_motion": "an animal that sits or lies, or has a leg up, is seen to do so while it does",
    "recognise_avatar_motion": "a posture that is held, as in sitting or with an arm up, is seen while it is held",
    "recognise_event": "two that touch, or of which one is on top of the other, are seen to do so",
    "relative_place": "where it is in the first or the last frame is one half of the answer",
    "way_past": "half-way one is seen in front of, behind or above the other",
    "what_is_covered": "while one is covered, it is the one that cannot be seen",
    "who_gets_it": "those who play with the ball face each other, and who has got it is seen with it",
}


@dataclass(frozen=True)
class Result:
    """How a guesser did: over all questions, by question type, by template; and the lower ends that hold for all templates at once."""

    guesser: Guesser
    overall: Score
    types: Mapping[str, Score]
    templates: Mapping[str, Score]
    sure_low: Mapping[str, float]


def result(items: Sequence[Item], guesser: Guesser, chosen: np.ndarray, comparisons: int, rng: np.random.Generator) -> Result:
    """The scores of the answers ``chosen (question,)``; who is shown frames without order is asked only where order matters.

    Args:
        comparisons: how many templates are looked at, by all guessers together.

    Raises:
        ValueError: there is nothing to score.
    """
    kept = [place for place, item in enumerate(items) if item.ordered or guesser.kind != "unordered"]
    asked = [items[place] for place in kept]
    hits = np.array([float(chosen[place] == items[place].right) for place in kept])
    types = _scores(asked, hits, [item.question_type for item in asked], LEVEL, rng)
    templates = _scores(asked, hits, [item.template for item in asked], LEVEL, rng)
    strict = _scores(asked, hits, [item.template for item in asked], 1 - 2 * (1 - LEVEL) / comparisons, rng)
    overall = _scores(asked, hits, [EVERYTHING] * len(asked), LEVEL, rng)[EVERYTHING]
    return Result(guesser, overall, types, templates, {name: each.low for name, each in strict.items()})


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
    if guesser.kind not in MARGINS or not (of.low > of.chance and of.accuracy > of.chance + MARGINS[guesser.kind]):
        return []
    return [f"{guesser.name}: {told(of)} over all questions"]


def _in_templates(found: Result) -> list[str]:
    """Templates that leak beyond doubt, but for those for which there is a reason."""
    guesser, margin = found.guesser, MARGINS.get(found.guesser.kind, 1.0)
    excused = LEGITIMATE if guesser.kind == "still" else {}
    leaks = [name for name, of in found.templates.items() if name not in excused and found.sure_low[name] > of.chance + margin]
    return [f"{guesser.name}: {told(found.templates[name])} in {name}" for name in leaks]


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
        "remarks": remarks(results),
    }


def _named(group: str, name: str, found: Result, of: Score) -> dict[str, object]:
    return {group: name, "guesser": found.guesser.name, **_plain(of)}


def _plain(of: Score) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(of).items()}


def remarks(results: Sequence[Result]) -> list[str]:
    """How to read the figures, what was found, and why a still picture may tell something where it does."""
    compared = sum(len(each.templates) for each in results)
    return [
        "Guessers learn from other scenes of the same data set and choose their method there too, never by the score that is reported.",
        f"Intervals hold for one line each; {compared} lines by template are compared, and about {compared * (1 - LEVEL) / 2:.0f} of them "
        "lie above chance by accident.",
        "Answers and letters are balanced, so whoever goes by what was frequent tends to do a little worse than chance.",
        "Frames without their order are asked only for answers that would change if the film ran backwards; they show where things have "
        "been, which may narrow an answer down, and so are reported and not judged.",
        "“State” is what the export tells of one frame: more than anyone can see in the picture.",
        *(f"Shortcut: {line}." for line in shortcuts(results)),
        *(f"{name}: {reason}." for name, reason in LEGITIMATE.items() if any(name in each.templates for each in results)),
    ]
