"""How often does an object repeat one of its several motions?"""

from qa_templates.count_cycles import countable_motions, next_numbers, number_pairs, times
from qa_templates.observation import MIN_COUNT_MARGIN, count_margin, performances, require_perceptible, reversed_motion, subsets
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import recounted
from scenes.types import require

HIGHEST = 5
OTHERS = (1, 2, 3)


@QUESTIONS.register
class CountInSequence(QuestionTemplate):
    """One object repeats one motion some number of times and, before or after it, another motion another number of times."""

    question_type = "Repetition Count"
    wordings = (
        "{subject} performs two kinds of motion. How many times does it {motion}?",
        "How many times does {subject} {motion}, not counting its other motion?",
        "Count only one motion of {subject}: how often does it {motion}?",
        "Among all that {subject} does, how many times does it {motion}?",
    )

    def option_sets(self, scene):
        return subsets(str(number) for number in scene.levels.numbers(HIGHEST))

    def script(self, answer, options, rng, scene):
        pairs = self._pairs(scene)
        motion, other = pairs[int(rng.integers(len(pairs)))]
        beats = [Beat(motion, int(answer)), Beat(other, int(rng.choice(OTHERS)))]
        if rng.random() < 0.5:
            beats.reverse()
        return Script((Role("subject", tuple(beats)),), shots=None, room_s=self._needed_s((motion, other)), slots={"motion": motion})

    def _pairs(self, scene):
        """Two countable motions; where there are such, of which the most repetitions fit the longest clip."""
        motions = countable_motions(scene, HIGHEST)
        require(len(motions) > 1, "scene.motions", list(scene.motions), "at least two that can be counted, or none for all")
        pairs = [(one, other) for one in motions for other in motions if one != other]
        return [pair for pair in pairs if self._needed_s(pair) <= scene.duration[1]] or pairs

    def _needed_s(self, pair):
        return room_s(span_s(pair[0], HIGHEST), span_s(pair[1], max(OTHERS)))

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        chosen = [item for item in found if item.motion == asked.slots["motion"]]
        if len(found) != 2 or len(chosen) != 1:
            raise Rejected("question", "the object does not perform the two motions")
        require_perceptible(paths, seen, chosen[0])
        cycles = chosen[0].cycles
        margin, frames = count_margin(cycles), (chosen[0].first, chosen[0].last)
        return Evidence("cycles", round(cycles, 3), "cycles", margin, "cycles", frames, (chosen[0].subject,))

    def answer(self, evidence, asked):
        return str(round(evidence.value)) if evidence.margin > MIN_COUNT_MARGIN else None

    def option_text(self, answer, slots):
        return times(int(answer))

    def twins(self, answer, options):
        return next_numbers(answer, options)

    def twin_sets(self, scene):
        return number_pairs(self.option_sets(scene))

    def twin(self, spec, asked, answer, rng, scene):
        motions = [action.name for action in spec.object(asked.slots["subject"]).actions]
        return recounted(spec, asked.slots["subject"], motions.index(asked.slots["motion"]), int(answer), rng), "count"

    def reversed_in_time(self, asked):
        return asked if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None
