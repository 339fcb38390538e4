"""How often does an avatar repeat its motion?"""

from qa_templates.avatar_actions import countable_motions, fitting
from qa_templates.count_cycles import next_numbers, number_pairs, times
from qa_templates.observation import MIN_COUNT_MARGIN, count_margin, only_performance, require_perceptible, reversed_motion, subsets
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import recounted

HIGHEST = 6


@QUESTIONS.register
class CountAvatarCycles(QuestionTemplate):
    """One avatar repeats one motion."""

    question_type = "Repetition Count"
    wordings = (
        "How many times does {subject} {motion}?",
        "Count: how often does {subject} {motion}?",
        "How often is {subject} seen to {motion}?",
        "What is the number of times that {subject} can be seen to {motion}?",
    )

    def option_sets(self, scene):
        return subsets(str(number) for number in scene.levels.numbers(HIGHEST))

    def script(self, answer, options, rng, scene):
        motions = fitting(countable_motions(scene, HIGHEST), self._needed_s, scene.duration[1])
        motion = str(rng.choice(motions))
        role = Role("subject", (Beat(motion, int(answer)),), avatar=True, legs=2)
        return Script((role,), shots=None, room_s=self._needed_s(motion), slots={"motion": motion})

    def _needed_s(self, motion):
        return room_s(span_s(motion, HIGHEST))

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        if found.motion != asked.slots["motion"]:
            raise Rejected("question", "the avatar performs another motion")
        require_perceptible(paths, seen, found)
        margin, frames = count_margin(found.cycles), (found.first, found.last)
        return Evidence("cycles", round(found.cycles, 3), "cycles", margin, "cycles", frames, (found.subject,))

    def answer(self, evidence, asked):
        return str(round(evidence.value)) if evidence.margin > MIN_COUNT_MARGIN else None

    def option_text(self, answer, slots):
        return times(int(answer))

    def twins(self, answer, options):
        return next_numbers(answer, options)

    def twin_sets(self, scene):
        return number_pairs(self.option_sets(scene))

    def twin(self, spec, asked, answer, rng, scene):
        return recounted(spec, asked.slots["subject"], 0, int(answer), rng), "count"

    def reversed_in_time(self, asked):
        return asked if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None
