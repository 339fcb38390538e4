"""How often does an avatar act with one side of its body, not counting the other?"""

from dataclasses import replace

from qa_templates.avatar_actions import SIDES, countable_motions, fitting, said
from qa_templates.count_cycles import next_numbers, number_pairs, times
from qa_templates.observation import MIN_COUNT_MARGIN, count_margin, performances, require_perceptible, reversed_motion, subsets
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import recounted

HIGHEST = 4
OTHERS = (1, 2)


@QUESTIONS.register
class CountOneSide(QuestionTemplate):
    """One avatar repeats a one-sided motion, some times with its left and some times with its right."""

    question_type = "Repetition Count"
    wordings = (
        "How many times does {subject} {deed}?",
        "Count one side only: how often does {subject} {deed}?",
        "{subject} uses both sides of its body. How many times does it {deed}?",
        "How often is {subject} seen to {deed}, left and right being its own?",
    )

    def option_sets(self, scene):
        return subsets(str(number) for number in scene.levels.numbers(HIGHEST))

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(fitting(countable_motions(scene, HIGHEST, sided=True), self._needed_s, scene.duration[1])))
        side = str(rng.choice(sorted(SIDES)))
        beats = [Beat(motion, int(answer), SIDES[side]), Beat(motion, int(rng.choice(OTHERS)), -SIDES[side])]
        if rng.random() < 0.5:
            beats.reverse()
        role = Role("subject", tuple(beats), avatar=True, legs=2)
        return Script((role,), shots=None, room_s=self._needed_s(motion), slots={"motion": motion, "side": side})

    def _needed_s(self, motion):
        return room_s(span_s(motion, HIGHEST), span_s(motion, max(OTHERS)))

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        chosen = [item for item in found if item.sense == SIDES[asked.slots["side"]]]
        if len(found) != 2 or len(chosen) != 1 or any(item.motion != asked.slots["motion"] for item in found):
            raise Rejected("question", "the avatar does not perform the motion once with each side")
        require_perceptible(paths, seen, chosen[0])
        margin, frames = count_margin(chosen[0].cycles), (chosen[0].first, chosen[0].last)
        return Evidence("cycles", round(chosen[0].cycles, 3), "cycles", margin, "cycles", frames, (chosen[0].subject,))

    def answer(self, evidence, asked):
        return str(round(evidence.value)) if evidence.margin > MIN_COUNT_MARGIN else None

    def option_text(self, answer, slots):
        return times(int(answer))

    def words(self, slots):
        return super().words(slots) | {"deed": said(slots["motion"], SIDES[slots["side"]], base=True)}

    def twins(self, answer, options):
        return next_numbers(answer, options)

    def twin_sets(self, scene):
        return number_pairs(self.option_sets(scene))

    def twin(self, spec, asked, answer, rng, scene):
        senses = [action.parameters["sense"] for action in spec.object(asked.slots["subject"]).actions]
        return recounted(spec, asked.slots["subject"], senses.index(SIDES[asked.slots["side"]]), int(answer), rng), "count"

    def mirrored(self, asked):
        return replace(asked, slots={**asked.slots, "side": "left" if asked.slots["side"] == "right" else "right"})

    def reversed_in_time(self, asked):
        return asked if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None
