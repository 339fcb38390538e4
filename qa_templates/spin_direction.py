"""Which way does an object turn?"""

from qa_templates.observation import performances, require_perceptible, spread
from qa_templates.orders import differing
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from scenes.kinematics import Kinematics
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round
from scenes.types import require

TEXTS = {"ccw": "counter-clockwise", "cw": "clockwise"}
MIN_TURNS = 0.4


@QUESTIONS.register
class SpinDirection(QuestionTemplate):
    """An object turns twice, with a pause between: each time one way or the other."""

    question_type = "Motion Recognition"
    wordings = (
        "{subject} turns twice. In which directions, seen from above?",
        "Seen from above, which way does {subject} spin the first and the second time?",
        "In which directions does {subject} rotate, one after the other, as seen from above?",
        "As viewed from above, how does {subject} turn, the first time and the second?",
    )

    def option_sets(self, scene):
        return [("ccw_ccw", "ccw_cw", "cw_ccw", "cw_cw")]

    def script(self, answer, options, rng, scene):
        require("spin" in scene.motion_names(), "scene.motions", list(scene.motions), "motions with spin among them, or none for all")
        beats = tuple(Beat("spin", 1, +1 if sense == "ccw" else -1) for sense in answer.split("_"))
        return Script((Role("subject", beats),), shots=None, room_s=room_s(span_s("spin"), span_s("spin")))

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if [item.motion for item in found] != ["spin", "spin"]:
            raise Rejected("question", "the object does not turn twice")
        require_perceptible(paths, seen, *found)
        turns = [round(item.measured.yaw_turns, 3) for item in found if isinstance(item.measured, Kinematics)]
        margin = min(abs(value) for value in turns) - MIN_TURNS
        return Evidence("turns about the vertical", turns, "turns", margin, "turns", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        return "_".join("ccw" if turns > 0 else "cw" for turns in evidence.value) if evidence.margin > 0 else None

    def option_text(self, answer, slots):
        first, second = answer.split("_")
        return f"{TEXTS[first]} both times" if first == second else f"first {TEXTS[first]}, then {TEXTS[second]}"

    def twins(self, answer, options):
        """One of the two turns goes the other way."""
        return tuple(key for key in options if len(differing(answer, key)) == 1)

    def twin(self, spec, asked, answer, rng, scene):
        (place,) = differing(asked.answer, answer)
        return turned_round(spec, asked.slots["subject"], place), "direction"

    def mirrored(self, asked):
        return with_answers(asked, lambda key: "_".join("cw" if sense == "ccw" else "ccw" for sense in key.split("_")))

    def reversed_in_time(self, asked):
        return self.mirrored(with_answers(asked, lambda key: "_".join(reversed(key.split("_")))))
