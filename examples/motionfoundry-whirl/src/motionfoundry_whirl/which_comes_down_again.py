"""Which object leaves the ground and comes down again?"""

from qa_templates.observation import only_performance, require_perceptible, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.types import require

OBJECTS = ("object_0", "object_1", "object_2", "object_3")
UP_AND_DOWN = ("bounce", "hop", "leap")
OTHERS = ("rise", "slide", "spiral", "u_turn", "whirl_up")
MIN_HEIGHT_M = 0.1


@QUESTIONS.register
class WhichComesDownAgain(QuestionTemplate):
    """Four objects move; one is in the air for a while, the others stay on the ground or stay in the air.

    All stand on the ground at first, and the first and last frames do not tell who was in the air between them.
    """

    question_type = "Motion-related Objects"
    wordings = (
        "Which object leaves the ground and comes down to it again?",
        "Only one object goes up into the air and lands again. Which one?",
        "Which of the objects takes off and returns to the ground?",
        "Which object is off the ground for a while, but on it again when it comes to rest?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        landing, other = _allowed(UP_AND_DOWN, scene), _allowed(OTHERS, scene)
        roles = tuple(Role(key, (Beat(str(rng.choice(landing if key == answer else other))),)) for key in OBJECTS)
        longest_s = max(room_s(span_s(motion)) for motion in (*landing, *other))  # of all: the length of a clip must tell nothing
        return Script(roles, room_s=longest_s)

    def measure(self, asked, paths, seen):
        found = [only_performance(paths, asked.slots[key]) for key in OBJECTS]
        landed = [item.subject for item in found if item.measured.height_range_m > MIN_HEIGHT_M and abs(item.measured.net_rise_m) < 0.03]
        if len(landed) != 1:
            raise Rejected("question", "not exactly one object comes down again")
        margin_px = require_perceptible(paths, seen, *found)
        names = tuple(item.subject for item in found)
        return Evidence("object that comes down again", landed[0], "", margin_px, "px", spread(found), names)

    def answer(self, evidence, asked):
        return next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"


def _allowed(motions, scene):
    """Those that the scene options allow. Raises ValueError for none."""
    chosen = [name for name in motions if name in scene.motion_names()]
    require(bool(chosen), "scene.motions", list(scene.motions), f"at least one of {', '.join(motions)}, or none for all")
    return chosen
