"""How often does an object repeat its motion?"""

import itertools
from collections.abc import Iterable, Sequence

from qa_templates.observation import MIN_COUNT_MARGIN, count_margin, only_performance, require_perceptible, reversed_motion, subsets
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, SceneOptions, Script, span_s
from scenes.timing import room_s
from scenes.twins import recounted
from scenes.types import require

HIGHEST = 6
ONCE_SHARE = 0.1  # of single cycles that are asked as an extra question: most distractors move once


@QUESTIONS.register
class CountCycles(QuestionTemplate):
    """One object repeats one motion; the right number is as often the smallest as the largest of the options."""

    question_type = "Repetition Count"
    wordings = (
        "How many times does {subject} {motion}?",
        "Count: how often does {subject} {motion}?",
        "How often does {subject} {motion} in this video?",
        "What is the number of times that {subject} is seen to {motion}?",
    )

    def option_sets(self, scene):
        return subsets(str(number) for number in scene.levels.numbers(HIGHEST))

    def script(self, answer, options, rng, scene):
        motions = countable_motions(scene, HIGHEST)
        fitting = [name for name in motions if room_s(span_s(name, HIGHEST)) <= scene.duration[1]]
        motion = str(rng.choice(fitting or motions))
        role = Role("subject", (Beat(motion, int(answer)),))
        slots = {"motion": motion}
        return Script((role,), shots=None, extras=level_motions(scene), room_s=room_s(span_s(motion, HIGHEST)), slots=slots)

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        if found.motion != asked.slots["motion"]:
            raise Rejected("question", "the object performs another motion")
        require_perceptible(paths, seen, found)
        margin = count_margin(found.cycles)
        return Evidence("cycles", round(found.cycles, 3), "cycles", margin, "cycles", (found.first, found.last), (found.subject,))

    def answer(self, evidence, asked):
        return str(round(evidence.value)) if evidence.margin > MIN_COUNT_MARGIN else None

    def option_text(self, answer, slots):
        return times(int(answer))

    def notice(self, paths, rng, scene):
        found = only_performance(paths, str(rng.choice(paths.names)))
        cycles = round(found.cycles)
        asked = found.motion in MOTIONS and MOTIONS[found.motion].countable and cycles in scene.levels.numbers(HIGHEST)
        if not asked or (cycles == 1 and rng.random() > ONCE_SHARE):
            return None
        return str(cycles), {"subject": found.subject, "motion": found.motion}

    def twins(self, answer, options):
        return next_numbers(answer, options)

    def twin_sets(self, scene):
        return number_pairs(self.option_sets(scene))

    def twin(self, spec, asked, answer, rng, scene):
        return recounted(spec, asked.slots["subject"], 0, int(answer), rng), "count"

    def reversed_in_time(self, asked):
        return asked if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None


def countable_motions(scene: SceneOptions, cycles: int) -> list[str]:
    """Motions that can be counted up to ``cycles``.

    Raises:
        ValueError: the scene options allow none of them.
    """
    countable = [name for name in MOTIONS if MOTIONS[name].countable and MOTIONS[name].max_cycles >= cycles]
    allowed = [name for name in countable if name in scene.motion_names()]
    require(bool(allowed), "scene.motions", list(scene.motions), f"at least one of {', '.join(countable)}, or none for all")
    return allowed


def number_pairs(option_sets: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Sets of two pairs of numbers that differ by one: of 1 to 6 the pairs 1 and 2, 3 and 4, 5 and 6.

    So each number has one other beside it and none has two: which one is right cannot be told from the set.
    """
    numbers = sorted({int(key) for options in option_sets for key in options})
    pairs = [pair for pair in zip(numbers[::2], numbers[1::2], strict=False) if pair[1] == pair[0] + 1]
    return [tuple(map(str, (*one, *other))) for one, other in itertools.combinations(pairs, 2)]


def next_numbers(number: str, options: Sequence[str]) -> tuple[str, ...]:
    """The other number of the pair, in one of the sets of `number_pairs`."""
    ranked = sorted(map(int, options))
    other = ranked[ranked.index(int(number)) ^ 1]
    return (str(other),) if abs(other - int(number)) == 1 else ()


def times(number: int) -> str:
    """1 → "once", 2 → "twice", 3 → "3 times"."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
