"""Which of two events comes first, and who does it?"""

from qa_templates.event_words import BLUNT, open_events, sentence, the
from qa_templates.observation import MIN_REST_S, event_performance, require_moving
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.events.event import EVENTS
from scenes.rejection import Rejected
from scenes.script import Happening, Role, Script
from scenes.timing import room_s
from scenes.twins import recast_event, rescheduled

OBJECTS = ("object_0", "object_1", "object_2", "object_3")
KEYS = ("first_01", "first_10", "second_01", "second_10")  # which pair acts first, and who acts in the pair that is asked about


@QUESTIONS.register
class OrderOfEvents(QuestionTemplate):
    """Two pairs of objects, two events, one after the other; options differ in the order and in who does it in the first pair."""

    question_type = "Action Order"
    wordings = (
        "What happens, and in which order?",
        "In which order do these things happen?",
        "Which sequence of events can be seen?",
        "What comes first, and what comes after it?",
    )

    def option_sets(self, scene):
        return [KEYS]

    def script(self, answer, options, rng, scene):
        events = [str(name) for name in rng.choice(open_events(scene, directed=True), 2)]
        place, order = answer.split("_")
        pairs = [Happening(events[0], tuple(OBJECTS[int(k)] for k in order), BLUNT), Happening(events[1], OBJECTS[2:], BLUNT)]
        needed_s = room_s(*(EVENTS[name].seconds for name in events))
        happenings = tuple(pairs if place == "first" else pairs[::-1])
        return Script(tuple(map(Role, OBJECTS)), happenings=happenings, room_s=needed_s, slots={"events": events})

    def measure(self, asked, paths, seen):
        pairs = [tuple(asked.slots[key] for key in keys) for keys in (OBJECTS[:2], OBJECTS[2:])]
        found = [event_performance(paths, pair) for pair in pairs]
        if [item.event for item in found] != list(asked.slots["events"]) or found[1].cast != pairs[1]:
            raise Rejected("question", "the objects do something else together")
        for item in found:
            require_moving(paths, seen, item)
        early, late = sorted(found, key=lambda item: item.first)
        rest_s = (late.first - early.last) / paths.fps
        value = ["first" if early is found[0] else "second", "01" if found[0].cast == pairs[0] else "10"]
        frames = (early.first, late.last)
        return Evidence("order of events", value, "", rest_s, "s", frames, tuple(pairs[0] + pairs[1]))

    def answer(self, evidence, asked):
        return "_".join(evidence.value) if evidence.margin > MIN_REST_S else None

    def option_text(self, answer, slots):
        place, order = answer.split("_")
        said = [
            sentence(slots["events"][0], the(slots, *(OBJECTS[int(k)] for k in order))),
            sentence(slots["events"][1], the(slots, *OBJECTS[2:])),
        ]
        return ", then ".join(said if place == "first" else said[::-1])

    def words(self, slots):
        return {}

    def twins(self, answer, options):
        """The other order, or the other one of the first pair who does it."""
        place, order = answer.split("_")
        return (f"{'second' if place == 'first' else 'first'}_{order}", f"{place}_{order[::-1]}")

    def twin(self, spec, asked, answer, rng, scene):
        if answer.split("_")[0] != asked.answer.split("_")[0]:
            return rescheduled(spec, (1, 0)), "order"
        pair = {asked.slots[key] for key in OBJECTS[:2]}
        (place,) = (place for place, event in enumerate(spec.events) if set(event.cast.values()) == pair)
        return recast_event(spec, scene, place), "who"

    def reversed_in_time(self, asked):
        return None
