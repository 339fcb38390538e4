"""To whom is the ball thrown?"""

from qa_templates.observation import event_performance, require_moving, while_so
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.events.event import EVENTS
from scenes.rejection import Rejected
from scenes.relations import Relations
from scenes.script import Happening, Role, Script
from scenes.timing import room_s

OTHERS = ("avatar_0", "avatar_1", "avatar_2", "avatar_3")
EVENT = "throw_and_return"


@QUESTIONS.register
class WhoGetsIt(QuestionTemplate):
    """Four stand around the thrower, who has the ball at first, and has it back in the end: only between does one see who got it."""

    question_type = "Motion-related Objects"
    shows = "glimpse"
    wordings = (
        "To whom does {thrower} throw the ball?",
        "Who catches the ball that {thrower} throws?",
        "Who plays catch with {thrower}?",
        "Besides {thrower}, who gets the ball?",
    )

    def option_sets(self, scene):
        return [OTHERS]

    def script(self, answer, options, rng, scene):
        others = [Role(key, avatar=True, legs=2) for key in OTHERS]
        roles = (Role("thrower", avatar=True, legs=2, at=(0.0, 0.0)), Role("ball"), *others)
        cast = ("thrower", answer, *(key for key in OTHERS if key != answer), "ball")
        return Script(roles, happenings=(Happening(EVENT, cast),), room_s=room_s(EVENTS[EVENT].seconds), half_width_m=2.6, off_centre=True)

    def measure(self, asked, paths, seen):
        found = event_performance(paths, tuple(asked.slots[key] for key in ("thrower", *OTHERS, "ball")))
        if found.event != EVENT or found.cast[0] != asked.slots["thrower"]:
            raise Rejected("question", "the ball goes another way")
        margin_px = require_moving(paths, seen, found)
        subjects = (*found.cast[:2], asked.slots["ball"])
        relations = Relations.of(paths, subjects, found.first, found.last)
        frames = while_so(found, relations.held(1, 2))
        return Evidence("who catches the ball", found.cast[1], "", margin_px, "px", frames, subjects)

    def answer(self, evidence, asked):
        return next((key for key in OTHERS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"
