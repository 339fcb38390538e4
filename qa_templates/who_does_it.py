"""Which object does something to another?"""

from dataclasses import replace

from qa_templates.event_words import BLUNT, aside, bystanding, pair_events, require_only, sentence
from qa_templates.observation import event_performance, require_moving
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.events.event import EVENTS
from scenes.rejection import Rejected
from scenes.script import Happening, Role, Script
from scenes.timing import room_s
from scenes.twins import recast_event

OBJECTS = ("object_0", "object_1", "object_2", "object_3")


@QUESTIONS.register
class WhoDoesIt(QuestionTemplate):
    """Two of four objects take part in an event; the other two stand to one another in the same way, and move on their own."""

    question_type = "Motion-related Objects"
    placed = True  # the pairs must stay as they stand; there is room for either of a pair to do it
    part = 0  # place of the one asked for in the cast
    wordings = (
        "Which object is it that {deed}?",
        "Which of the objects {deed}?",
        "One object {deed}. Which one?",
        "Watch who does what to whom: which object {deed}?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        event = str(rng.choice(self._events(scene)))
        other = str(rng.choice([key for key in OBJECTS if key != answer]))
        cast = (answer, other) if self.part == 0 else (other, answer)
        drawn = {key: aside(bystanding(scene), rng) for key in OBJECTS}  # for all, so that the length does not tell who takes part
        roles = tuple(Role(key, () if key in cast else drawn[key], alike=BLUNT) for key in OBJECTS)
        needed_s = max(room_s(EVENTS[event].seconds), *(room_s(*(beat.span_s for beat in beats)) for beats in drawn.values()))
        beside = tuple(str(key) for key in rng.permutation([key for key in OBJECTS if key not in cast]))
        return Script(
            roles, happenings=(Happening(event, cast, BLUNT, beside),), room_s=needed_s, slots={"event": event, "cast": list(cast)}
        )

    def _events(self, scene):
        return pair_events(scene)

    def measure(self, asked, paths, seen):
        cast = tuple(asked.slots[key] for key in asked.slots["cast"])
        found = event_performance(paths, cast)
        if found.event != asked.slots["event"]:
            raise Rejected("question", "the objects do something else together")
        require_only(paths, found, [asked.slots[key] for key in OBJECTS])
        margin_px = require_moving(paths, seen, found)
        return Evidence("cast of the event", list(found.cast), "", margin_px, "px", (found.first, found.last), found.cast)

    def answer(self, evidence, asked):
        return next((key for key in OBJECTS if asked.slots[key] == evidence.value[self.part]), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def words(self, slots):
        return {"deed": sentence(slots["event"], ("", "another one")).strip()}

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def paired(self, spec, asked, answer):
        """The twin's answer is the other one of the two that take part: keys mean nothing, so two of them are exchanged."""
        (other,) = (key for key in asked.slots["cast"] if key != asked.answer)
        names = {other: asked.slots[answer], answer: asked.slots[other]}
        cast = [answer if key == other else key for key in asked.slots["cast"]]
        return replace(asked, slots={**asked.slots, **names, "cast": cast})

    def twin(self, spec, asked, answer, rng, scene):
        return recast_event(spec, scene), "who"

    def reversed_in_time(self, asked):
        return asked if EVENTS[asked.slots["event"]].reversed_in_time == "" else None
