"""Who does it to whom?"""

from qa_templates.event_words import BLUNT, aside, bystanding, pair_events, require_only, sentence, the
from qa_templates.observation import event_performance, require_moving
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.events.event import EVENTS
from scenes.rejection import Rejected
from scenes.script import Happening, Role, Script
from scenes.timing import room_s
from scenes.twins import recast_event

OBJECTS = ("object_0", "object_1", "object_2", "object_3")
CASTS = ("01", "10", "23", "32")


@QUESTIONS.register
class WhoToWhom(QuestionTemplate):
    """Two pairs of objects: one of them takes part in an event, in either order; the other two move on their own."""

    question_type = "Motion-related Objects"
    placed = True  # the pairs must stay as they stand; there is room for either of a pair to do it
    wordings = (
        "Which of these happens?",
        "Who does what to whom?",
        "Which statement about the objects is true?",
        "What can be seen in this video?",
    )

    def option_sets(self, scene):
        return [CASTS]

    def script(self, answer, options, rng, scene):
        event = str(rng.choice(pair_events(scene)))
        cast = tuple(OBJECTS[int(place)] for place in answer)
        beside = tuple(key for key in OBJECTS if key not in cast)
        drawn = {key: aside(bystanding(scene), rng) for key in OBJECTS}  # for all, so that the length does not tell who takes part
        roles = tuple(Role(key, () if key in cast else drawn[key], alike=BLUNT) for key in OBJECTS)
        needed_s = max(room_s(EVENTS[event].seconds), *(room_s(*(beat.span_s for beat in beats)) for beats in drawn.values()))
        return Script(
            roles, happenings=(Happening(event, cast, BLUNT, beside),), room_s=needed_s, slots={"event": event, "cast": list(cast)}
        )

    def measure(self, asked, paths, seen):
        found = event_performance(paths, tuple(asked.slots[key] for key in asked.slots["cast"]))
        if found.event != asked.slots["event"]:
            raise Rejected("question", "the objects do something else together")
        require_only(paths, found, [asked.slots[key] for key in OBJECTS])
        margin_px = require_moving(paths, seen, found)
        return Evidence("cast of the event", list(found.cast), "", margin_px, "px", (found.first, found.last), found.cast)

    def answer(self, evidence, asked):
        names = [asked.slots[key] for key in OBJECTS]
        return "".join(str(names.index(name)) for name in evidence.value)

    def option_text(self, answer, slots):
        return sentence(slots["event"], the(slots, *(OBJECTS[int(place)] for place in answer)))

    def words(self, slots):
        return {}

    def twins(self, answer, options):
        """The same two the other way round."""
        return tuple(key for key in options if key == answer[::-1])

    def twin(self, spec, asked, answer, rng, scene):
        return recast_event(spec, scene), "who"

    def reversed_in_time(self, asked):
        return asked if EVENTS[asked.slots["event"]].reversed_in_time == "" else None
