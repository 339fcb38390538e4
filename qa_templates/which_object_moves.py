"""Which object moves?"""

from qa_templates.observation import performances, require_perceptible
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from qa_templates.which_object_does import OBJECTS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import recast


@QUESTIONS.register
class WhichObjectMoves(QuestionTemplate):
    """Four objects, one of which moves; the camera may move too, and then all of them shift in the picture."""

    question_type = "Motion-related Objects"
    shows = "stirs"
    wordings = (
        "Which object moves by itself?",
        "Which of the objects is not at rest?",
        "Only one object moves. Which one?",
        "Which object is in motion, apart from any motion of the camera?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(level_motions(scene)))
        roles = tuple(Role(key, (Beat(motion),) if key == answer else (), room_for=(Beat(motion),)) for key in OBJECTS)
        return Script(roles, shots=None, room_s=room_s(span_s(motion)))

    def measure(self, asked, paths, seen):
        names = tuple(asked.slots[key] for key in OBJECTS)
        found = [item for name in names for item in performances(paths, name)]
        if len({item.subject for item in found}) != 1:
            raise Rejected("question", "not exactly one object moves")
        margin_px = require_perceptible(paths, seen, found[0])
        return Evidence("object that moves", found[0].subject, "", margin_px, "px above visible", (found[0].first, found[0].last), names)

    def answer(self, evidence, asked):
        return next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return recast(spec, asked.slots[asked.answer], asked.slots[answer], scene), "who"
