"""Which object comes to rest first, or last?"""

from qa_templates.observation import MIN_LEAD_S, only_performance, require_perceptible, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from qa_templates.which_object_does import OBJECTS
from scenes.script import STAGGER_S, Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import restarted


@QUESTIONS.register
class WhichStopsFirst(QuestionTemplate):
    """Four objects stop one after another."""

    question_type = "Action Order"
    shows = "stops"
    wordings = (
        "Which object stops moving {place}?",
        "Which object is the {place} one to come to rest?",
        "Of all the objects, which one ends its motion {place}?",
        "Which object comes to a halt {place}?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        place = str(rng.choice(["first", "last"]))
        rank = 0 if place == "last" else len(OBJECTS) - 1  # counted from the last one to stop
        others = iter(rng.permutation([other for other in range(len(OBJECTS)) if other != rank]))
        motions = [str(name) for name in rng.choice(level_motions(scene), len(OBJECTS))]
        roles = tuple(
            Role(key, (Beat(motion),), rank=rank if key == answer else int(next(others)))
            for key, motion in zip(OBJECTS, motions, strict=True)
        )
        needed_s = max(room_s(span_s(motion)) for motion in motions) + STAGGER_S * (len(OBJECTS) - 1)
        return Script(roles, room_s=needed_s, slots={"place": place}, by_stops=True)

    def measure(self, asked, paths, seen):
        found = sorted((only_performance(paths, asked.slots[key]) for key in OBJECTS), key=lambda item: item.last)
        require_perceptible(paths, seen, *found)
        first, second = found[:2] if asked.slots["place"] == "first" else found[-2:]
        chosen = first if asked.slots["place"] == "first" else second
        lead_s = (second.last - first.last) / paths.fps
        subjects = tuple(item.subject for item in found)
        quantity = f"object that stops {asked.slots['place']}"
        return Evidence(quantity, chosen.subject, "", lead_s, "s", spread(found), subjects)

    def answer(self, evidence, asked):
        found = next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)
        return found if evidence.margin > MIN_LEAD_S else None

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return restarted(spec, asked.slots[asked.answer], asked.slots[answer], by_stops=True), "order"

    def words(self, slots):
        return {"place": slots["place"]}

    def reversed_in_time(self, asked):
        return None  # who stops last need not be who started first
