"""Which way does an object travel?"""

from qa_templates.directions import DIRECTIONS, MIN_MARGIN_RAD, MIRRORED, OPPOSITE, TEXTS, direction, short_reach, travelling_motions
from qa_templates.observation import only_performance
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import reheaded


@QUESTIONS.register
class TravelDirection(QuestionTemplate):
    """An object crosses the picture of a still camera, sideways or in depth."""

    question_type = "Location-related Motion"
    wordings = (
        "In which direction does {subject} move, seen from the camera?",
        "Where does {subject} go, as the camera sees it?",
        "Which way does {subject} travel from the viewer's point of view?",
        "From the camera's point of view, {subject} moves…",
    )

    def option_sets(self, scene):
        return [DIRECTIONS]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(travelling_motions(scene)))
        role = Role("subject", (Beat(motion, heading=answer, reach=short_reach(motion, scene)),))
        return Script((role,), extras=level_motions(scene), room_s=room_s(span_s(motion)))

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        name, margin_rad = direction(paths, found)
        return Evidence("direction of travel", name, "", margin_rad, "rad", (found.first, found.last), (found.subject,))

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_MARGIN_RAD else None

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        return (OPPOSITE[answer],)

    def twin(self, spec, asked, answer, rng, scene):
        return reheaded(spec, asked.slots["subject"]), "direction"

    def mirrored(self, asked):
        return with_answers(asked, MIRRORED.__getitem__)

    def reversed_in_time(self, asked):
        return with_answers(asked, OPPOSITE.__getitem__)
