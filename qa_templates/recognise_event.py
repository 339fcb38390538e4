"""What do two objects do together?"""

from qa_templates.event_words import BLUNT, event_sets, open_events, sentence, the
from qa_templates.observation import event_performance, require_moving
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from scenes.events.event import EVENTS
from scenes.script import Happening, Role, Script
from scenes.timing import room_s
from scenes.types import require

NEAR_M = 0.3  # the middle of the stage, where any event has room: where it takes place does not tell which it is


@QUESTIONS.register
class RecogniseEvent(QuestionTemplate):
    """Two objects of any shape take part in one event; the others are events that they might have taken part in."""

    question_type = "Motion Recognition"
    wordings = (
        "What happens between {first} and {second}?",
        "Which of these describes what {first} and {second} do?",
        "How do {first} and {second} move in relation to each other?",
        "Watch {first} and {second}. What do they do?",
    )

    def option_sets(self, scene):
        sets = event_sets(open_events(scene, 4))
        require(bool(sets), "scene.events", list(scene.events), "four of which no two are true of the same, or none for all")
        return sets

    def script(self, answer, options, rng, scene):
        at_m = (float(rng.uniform(-NEAR_M, NEAR_M)), float(rng.uniform(-NEAR_M, NEAR_M)))
        roles = (Role("agent", at=at_m), Role("patient"))
        swapped = bool(rng.random() < 0.5)
        needed_s = max(room_s(EVENTS[name].seconds) for name in options)
        happening = Happening(answer, ("agent", "patient"), BLUNT)
        return Script(roles, happenings=(happening,), room_s=needed_s, slots={"swapped": swapped}, off_centre=True)

    def measure(self, asked, paths, seen):
        cast = (asked.slots["agent"], asked.slots["patient"])
        found = event_performance(paths, cast)
        margin_px = require_moving(paths, seen, found)
        in_order = found.cast == cast or EVENTS[found.event].symmetric
        value = found.event if in_order else f"{found.event}, the other way round"
        return Evidence("event", value, "", margin_px, "px", (found.first, found.last), cast)

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return sentence(answer, the(slots, "agent", "patient"))

    def words(self, slots):
        """Named in either order, so that the question does not tell who does it."""
        first, second = the(slots, "agent", "patient")[:: -1 if slots["swapped"] else 1]
        return {"first": first, "second": second}

    def reversed_in_time(self, asked):
        backwards = EVENTS[asked.answer].reversed_in_time or asked.answer
        return with_answers(asked, lambda name: EVENTS[name].reversed_in_time or name) if backwards != "?" else None
