"""Along which two directions does an object travel, one after the other?"""

from qa_templates.directions import MIN_MARGIN_RAD, MIRRORED, OPPOSITE, TEXTS, direction, short_reach, travelling_motions
from qa_templates.observation import performances, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import reheaded, reordered


@QUESTIONS.register
class TwoLegs(QuestionTemplate):
    """An object travels sideways and in depth, in one order or the other."""

    question_type = "Location-related Motion"
    wordings = (
        "In which directions does {subject} move, one after the other, seen from the camera?",
        "What is the path of {subject} from the camera's point of view?",
        "{subject} moves twice. Which way does it go first, and which way then?",
        "Along which two directions does {subject} travel, seen from the camera?",
    )

    def option_sets(self, scene):
        return [
            (f"left_{depth}", f"{depth}_left", f"right_{depth}", f"{depth}_right")
            for depth in ("away", "towards")
        ]  # fmt: skip

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(travelling_motions(scene, turning=True)))
        reach = short_reach(motion, scene)
        beats = tuple(Beat(motion, heading=heading, reach=reach) for heading in answer.split("_"))
        return Script((Role("subject", beats),), extras=level_motions(scene), room_s=room_s(span_s(motion), span_s(motion)))

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 2:
            raise Rejected("question", "the object does not move twice")
        legs = [direction(paths, item) for item in found]
        names = [name for name, _ in legs]
        return Evidence("directions of travel", names, "", min(rad for _, rad in legs), "rad", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        return "_".join(evidence.value) if evidence.margin > MIN_MARGIN_RAD else None

    def option_text(self, answer, slots):
        first, second = answer.split("_")
        return f"first {TEXTS[first]}, then {TEXTS[second]}"

    def twins(self, answer, options):
        """The same two legs in the other order, and the other way sideways."""
        swapped = "_".join(reversed(answer.split("_")))
        return (swapped, "_".join({"left": "right", "right": "left"}.get(leg, leg) for leg in answer.split("_")))

    def twin(self, spec, asked, answer, rng, scene):
        before, after = asked.answer.split("_"), answer.split("_")
        if sorted(before) == sorted(after):
            return reordered(spec, asked.slots["subject"], (1, 0)), "order"
        sideways = next(place for place, leg in enumerate(before) if leg != after[place])
        return reheaded(spec, asked.slots["subject"], places=(sideways,)), "direction"

    def mirrored(self, asked):
        return with_answers(asked, lambda key: "_".join(MIRRORED[leg] for leg in key.split("_")))

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda key: "_".join(OPPOSITE[leg] for leg in reversed(key.split("_"))))
