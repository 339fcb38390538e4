"""Which of four small things is hidden for a while?"""

from qa_templates.observation import event_performance, require_moving, while_so
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.events.event import EVENTS
from scenes.rejection import Rejected
from scenes.relations import Relations
from scenes.script import Happening, Role, Script
from scenes.timing import room_s

OBJECTS = ("object_0", "object_1", "object_2", "object_3")
EVENT = "hide_for_a_while"


@QUESTIONS.register
class WhatIsCovered(QuestionTemplate):
    """Four stand in a row; a cup comes, is put over one of them, and is taken away again: no single picture at either end tells which."""

    question_type = "Motion-related Objects"
    shows = "glimpse"
    wordings = (
        "Which object is hidden under {cup} for a while?",
        "What does {cup} cover?",
        "{cup} is put over one of the objects and lifted off again. Which one?",
        "Which of the objects is out of sight under {cup} for a time?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        others = [key for key in OBJECTS if key != answer]
        roles = (Role("cup", at=(0.0, 0.0)), *map(Role, OBJECTS))
        happening = Happening(EVENT, ("cup", answer, *others))
        return Script(roles, happenings=(happening,), room_s=room_s(EVENTS[EVENT].seconds), half_width_m=1.9, off_centre=True)

    def measure(self, asked, paths, seen):
        found = event_performance(paths, (asked.slots["cup"], *(asked.slots[key] for key in OBJECTS)))
        if found.event != EVENT or found.cast[0] != asked.slots["cup"]:
            raise Rejected("question", "the objects do something else together")
        margin_px = require_moving(paths, seen, found)
        frames = while_so(found, Relations.of(paths, found.cast[:2], found.first, found.last).inside(1, 0))
        return Evidence("object under the cup", found.cast[1], "", margin_px, "px", frames, found.cast[:2])

    def answer(self, evidence, asked):
        return next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def text(self, slots, rng):
        words = super().text(slots, rng)
        return words[0].upper() + words[1:]
