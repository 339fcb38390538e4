"""What does an avatar do?"""

from qa_templates.avatar_actions import opening_motions, said, sets_of_four
from qa_templates.observation import only_performance, require_perceptible, reversed_motion
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import repeated
from scenes.script import Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import redone


@QUESTIONS.register
class RecogniseAvatarMotion(QuestionTemplate):
    """A two-legged avatar performs one motion; the others are motions that begin as this one does, standing."""

    question_type = "Motion Recognition"
    legs = 2
    wordings = (
        "What does {subject} do?",
        "Which of these describes what {subject} does?",
        "What is {subject} doing in this video?",
        "Watch {subject}. Which action is it?",
    )

    def option_sets(self, scene):
        return sets_of_four(opening_motions(scene, legs=self.legs))

    def script(self, answer, options, rng, scene):
        repeats = int(rng.integers(2, 4))
        while repeats > 1 and self._needed_s(options, repeats) > scene.duration[1]:
            repeats -= 1
        role = Role("subject", (repeated(answer, repeats),), avatar=True, legs=self.legs)
        return Script((role,), shots=None, room_s=self._needed_s(options, repeats))

    def _needed_s(self, options, repeats):
        return max(room_s(span_s(beat.motion, beat.times)) for beat in (repeated(name, repeats) for name in options))

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        margin_px = require_perceptible(paths, seen, found)
        return Evidence("motion", found.motion, "", margin_px, "px above visible", (found.first, found.last), (found.subject,))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return f"it {said(answer)}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return redone(spec, asked.slots["subject"], repeated(answer, int(rng.integers(2, 4))), rng, scene), "motion"

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda name: reversed_motion(name) or "") if reversed_motion(asked.answer) else None
