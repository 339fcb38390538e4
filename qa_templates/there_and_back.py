"""Where does an object go before it comes back?"""

import numpy as np

from qa_templates.directions import DIRECTIONS, MIN_MARGIN_RAD, MIRRORED, OPPOSITE, TEXTS, direction, travelling_motions
from qa_templates.observation import Performance, performances, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import reheaded
from scenes.types import Trajectories

MAX_MISS = 0.2  # of the way out


@QUESTIONS.register
class ThereAndBack(QuestionTemplate):
    """An object goes one way, rests, and comes back: first and last frame look alike."""

    question_type = "Location-related Motion"
    wordings = (
        "{subject} moves one way and then back. Which way does it move first?",
        "Before it comes back, in which direction does {subject} go, seen from the camera?",
        "{subject} leaves and returns. In which direction does it leave, from the camera's point of view?",
        "Which way does {subject} set out before it turns back?",
    )

    def option_sets(self, scene):
        return [DIRECTIONS]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(travelling_motions(scene)))
        beats = (Beat(motion, heading=answer), Beat(motion, heading=OPPOSITE[answer]))
        return Script((Role("subject", beats, any_way=True),), extras=level_motions(scene), room_s=room_s(span_s(motion), span_s(motion)))

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 2:
            raise Rejected("question", "the object does not move twice")
        (first, margin_rad), (second, other_rad) = (direction(paths, item) for item in found)
        if second != OPPOSITE[first]:
            raise Rejected("question", "the object does not come back")
        _require_return(paths, *found)
        margin_rad = min(margin_rad, other_rad)
        return Evidence("first direction of travel", first, "", margin_rad, "rad", spread(found), (found[0].subject,))

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


def _require_return(paths: Trajectories, out: Performance, back: Performance) -> None:
    """Raise Rejected when an object ends far from where it began, for the way that it went."""
    position_m = paths.pose(out.subject).position_m
    missed_m = np.linalg.norm(position_m[back.last] - position_m[out.first])
    if missed_m > MAX_MISS * np.linalg.norm(position_m[out.last] - position_m[out.first]):
        raise Rejected("question", "the object does not come back")
