"""Does an object get faster or slower?"""

import numpy as np

from qa_templates.directions import motions_among
from qa_templates.observation import Performance, only_performance, require_perceptible
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes import geometry
from scenes.geometry import Array
from scenes.motions.motion import MOTIONS
from scenes.pace import REVERSED, pace_of
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script
from scenes.timing import room_s
from scenes.twins import paced
from scenes.types import Trajectories

TEXTS = {
    "even": "it keeps one speed",
    "faster": "it gets faster and faster",
    "slower": "it gets slower and slower",
    "lull": "it slows down midway, almost to a halt, and then speeds up again",
}
SECONDS = (2.2, 3.4)  # long enough for a change of speed to be seen
TURNS = 3
MIN_MARGIN = 0.02  # of the way
ON_THE_SPOT_M = 0.3  # the longest way of what is taken to stay there


@QUESTIONS.register
class Pace(QuestionTemplate):
    """One object crosses the picture, or spins, at one of four paces: with the same start, end and duration."""

    question_type = "Motion Recognition"
    shows = "pace"
    wordings = (
        "How does the speed of {subject} change while it moves?",
        "Does {subject} get faster or slower?",
        "What can be said of the speed of {subject} on its way from start to end?",
        "At what pace does {subject} move?",
    )

    def option_sets(self, scene):
        return [tuple(TEXTS)]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(motions_among(scene, [name for name in MOTIONS if MOTIONS[name].paced])))
        heading = None if MOTIONS[motion].countable else str(rng.choice(["left", "right"]))
        beat = Beat(motion, TURNS if MOTIONS[motion].countable else None, heading=heading, seconds=SECONDS, pace=answer)
        return Script((Role("subject", (beat,)),), extras=level_motions(scene), room_s=room_s(SECONDS))

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        require_perceptible(paths, seen, found)
        paces = [pace_of(way) for way in ways(paths, found)]
        if len({name for name, _ in paces}) != 1 or paces[0][0] is None:
            raise Rejected("question", "the speed is not clear in the picture")
        margin = min(margin for _, margin in paces)
        frames = (found.first, found.last)
        return Evidence("pace", paces[0][0], "", margin, "of the way", frames, (found.subject,))

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_MARGIN else None

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return paced(spec, asked.slots["subject"], answer), "pace"

    def reversed_in_time(self, asked):
        return with_answers(asked, REVERSED.__getitem__)


def ways(paths: Trajectories, item: Performance) -> list[Array]:
    """The way so far ``(frame,)``, over the ground and in the picture; of what stays on the spot, the angle that it turned."""
    stretch, row = slice(item.first, item.last + 1), paths.index(item.subject)
    way_m = _length_so_far(paths.position_m[row, stretch])
    if way_m[-1] > ON_THE_SPOT_M:
        return [way_m, _length_so_far(paths.centre_px[row, stretch])]
    turned = geometry.rotation(paths.quaternion_wxyz[row, stretch])
    return [np.concatenate([[0.0], np.cumsum((turned[1:] * turned[:-1].inv()).magnitude())])]


def _length_so_far(points: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=-1))])
