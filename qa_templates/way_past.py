"""How does one object get past another?"""

from qa_templates.event_words import BLUNT
from qa_templates.observation import event_performance, require_moving
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.events.event import EVENTS
from scenes.script import Happening, Role, Script
from scenes.timing import room_s
from scenes.types import require

WAYS = ("pass_behind", "pass_in_front", "jump_over", "circle_around")
TEXTS = {
    "pass_behind": "only behind it",
    "pass_in_front": "only in front of it",
    "jump_over": "over the top of it",
    "circle_around": "all the way around it",
}


@QUESTIONS.register
class WayPast(QuestionTemplate):
    """One object passes behind, in front of, over or round another, as the camera sees it.

    Whichever way it takes, it starts and ends in the same places.
    """

    question_type = "Location-related Motion"
    shows = "acts"  # the ends of the way tell nothing: it must be seen on it
    wordings = (
        "Which way does {passer} take past {other}, seen from the camera?",
        "How does {passer} get past {other}?",
        "Where does {passer} pass {other}, from the viewer's point of view?",
        "{passer} moves past {other}. Which way does it take?",
    )

    def option_sets(self, scene):
        missing = [name for name in WAYS if name not in scene.event_names()]
        require(not missing, "scene.events", list(scene.events), f"{', '.join(WAYS)} among them, or none for all")
        return [WAYS]

    def script(self, answer, options, rng, scene):
        needed_s = max(room_s(EVENTS[name].seconds) for name in WAYS)
        happening = Happening(answer, ("passer", "other"), BLUNT)
        return Script((Role("passer"), Role("other")), happenings=(happening,), room_s=needed_s, off_centre=True)

    def measure(self, asked, paths, seen):
        cast = (asked.slots["passer"], asked.slots["other"])
        found = event_performance(paths, cast)
        margin_px = require_moving(paths, seen, found)
        value = found.event if found.cast == cast else f"{found.event}, the other way round"
        return Evidence("way past", value, "", margin_px, "px", (found.first, found.last), cast)

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return TEXTS[answer]
