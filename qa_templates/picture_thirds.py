"""Through which parts of the picture does an object go?"""

import numpy as np

from qa_templates.directions import OPPOSITE, motions_among
from qa_templates.observation import performances, require_perceptible, scaled_px, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import reheaded
from scenes.types import Trajectories

HALF_WIDTH_M = 2.1
THIRDS = ("left", "middle", "right")
MIN_MARGIN_PX = 20.0  # from the border of a third, at 480 lines


@QUESTIONS.register
class PictureThirds(QuestionTemplate):
    """An object goes to the middle of the picture, stops, and goes on or back: neither first nor last frame tells which."""

    question_type = "Location-related Motion"
    placed = True
    wordings = (
        "Through which parts of the picture does {subject} go, in order?",
        "Divide the picture into a left, a middle and a right third. Through which of them does {subject} go, in order?",
        "Where in the picture is {subject} at first, and where in the end?",
        "In which thirds of the picture does {subject} begin and end its way?",
    )

    def option_sets(self, scene):
        return [tuple(f"{first}_{last}" for first in ("left", "right") for last in ("left", "right"))]

    def script(self, answer, options, rng, scene):
        first, last = answer.split("_")
        motion = str(rng.choice(motions_among(scene, ("slide", "leap", "roll"))))
        beats = (Beat(motion, heading=OPPOSITE[first]), Beat(motion, heading=last))
        middle_m = {"left_left": -1.0, "right_right": 1.0}.get(answer, 0.0) * HALF_WIDTH_M / 3
        role = Role("subject", beats, at=(middle_m, 0.0))
        needed_s = room_s(span_s(motion), span_s(motion))
        return Script((role,), extras=level_motions(scene), room_s=needed_s, half_width_m=HALF_WIDTH_M)

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 2:
            raise Rejected("question", "the object does not move twice")
        require_perceptible(paths, seen, *found)
        thirds = [third(paths, found[0].subject, frame) for frame in (found[0].first, found[0].last, found[1].last)]
        value, margin_px = [name for name, _ in thirds], min(margin for _, margin in thirds)
        return Evidence("thirds of the picture", value, "", round(margin_px, 2), "px", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        first, middle, last = evidence.value
        return f"{first}_{last}" if middle == "middle" and evidence.margin > 0 else None

    def option_text(self, answer, slots):
        first, last = answer.split("_")
        return f"from the {first} third to the middle, then {'back' if first == last else 'on'} to the {last} third"

    def twins(self, answer, options):
        """It goes on instead of back, or back instead of on."""
        first, last = answer.split("_")
        return (f"{first}_{OPPOSITE[last]}",)

    def twin(self, spec, asked, answer, rng, scene):
        return reheaded(spec, asked.slots["subject"], places=(1,)), "direction"

    def mirrored(self, asked):
        return with_answers(asked, lambda key: "_".join(OPPOSITE[name] for name in key.split("_")))

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda key: "_".join(reversed(key.split("_"))))


def third(paths: Trajectories, name: str, frame: int) -> tuple[str, float]:
    """In which third of the picture the centre of an object is, and by how many pixels more than it must be."""
    x_px, width_px = float(paths.centre_px[paths.index(name), frame, 0]), paths.width_px / 3
    place = int(np.clip(x_px // width_px, 0, 2))
    borders_px = [border * width_px for border in (1, 2) if border in (place, place + 1)]
    return THIRDS[place], min(abs(x_px - border) for border in borders_px) - scaled_px(paths, MIN_MARGIN_PX)
