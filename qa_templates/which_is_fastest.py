"""Which object is the fastest, or the slowest?"""

import numpy as np

from qa_templates.directions import motions_among
from qa_templates.observation import Performance, only_performance, require_perceptible, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.which_object_does import OBJECTS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script
from scenes.timing import room_s
from scenes.twins import recast
from scenes.types import Trajectories

FAST_S, SLOW_S = (0.9, 1.15), (2.1, 2.6)  # for ways of about the same length
REACH = 0.5  # so that four of them find room
MIN_RATIO = 1.35  # between the speeds of the chosen object and the next one, over the ground,
MIN_RATIO_PX = 1.2  # and in the picture, where what is further away looks slower


@QUESTIONS.register
class WhichIsFastest(QuestionTemplate):
    """Four objects cross the picture, one of them clearly faster, or clearly slower, than the others."""

    question_type = "Motion-related Objects"
    wordings = (
        "Which object moves {extreme}?",
        "Which of the objects is the {extreme} one?",
        "Of these four objects, which one travels {extreme}?",
        "Which object crosses the ground {extreme}?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        extreme = str(rng.choice(["fastest", "slowest"]))
        chosen_s, usual_s = (FAST_S, SLOW_S) if extreme == "fastest" else (SLOW_S, FAST_S)
        motions = motions_among(scene, ("slide", "roll"))
        roles = tuple(Role(key, (_crossing(str(rng.choice(motions)), rng, chosen_s if key == answer else usual_s),)) for key in OBJECTS)
        return Script(roles, round="roll" in motions, room_s=room_s(SLOW_S), slots={"extreme": extreme})

    def measure(self, asked, paths, seen):
        found = [only_performance(paths, asked.slots[key]) for key in OBJECTS]
        require_perceptible(paths, seen, *found)
        chosen, ratio = extreme_of([way_m(paths, item) / _seconds(paths, item) for item in found], asked.slots["extreme"] == "fastest")
        in_picture, ratio_px = extreme_of(
            [way_px(paths, item) / _seconds(paths, item) for item in found], asked.slots["extreme"] == "fastest"
        )
        if chosen != in_picture or ratio_px < MIN_RATIO_PX:
            raise Rejected("question", "the speeds are not clear in the picture")
        subjects = tuple(item.subject for item in found)
        quantity = f"{asked.slots['extreme']} object"
        return Evidence(quantity, subjects[chosen], "", ratio - 1.0, "of its speed", spread(found), subjects)

    def answer(self, evidence, asked):
        found = next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)
        return found if evidence.margin > MIN_RATIO - 1.0 else None

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return recast(spec, asked.slots[asked.answer], asked.slots[answer], scene), "who"

    def words(self, slots):
        return {"extreme": slots["extreme"]}


def extreme_of(values: list[float], largest: bool) -> tuple[int, float]:
    """Place of the largest (or smallest) of some positive values, and the ratio between it and the next one, above 1."""
    order = np.argsort(values)[::-1] if largest else np.argsort(values)
    ratio = values[order[0]] / values[order[1]]
    return int(order[0]), float(ratio if largest else 1.0 / ratio)


def _crossing(motion: str, rng: np.random.Generator, seconds: tuple[float, float]) -> Beat:
    return Beat(motion, heading=str(rng.choice(["left", "right"])), seconds=seconds, reach=REACH)


def way_m(paths: Trajectories, item: Performance) -> float:
    """How far an object gets over the ground."""
    position_m = paths.pose(item.subject).position_m[:, :2]
    return float(np.linalg.norm(position_m[item.last] - position_m[item.first]))


def way_px(paths: Trajectories, item: Performance) -> float:
    """How far an object gets in the picture."""
    centre_px = paths.centre_px[paths.index(item.subject)]
    return float(np.linalg.norm(centre_px[item.last] - centre_px[item.first]))


def _seconds(paths: Trajectories, item: Performance) -> float:
    return (item.last - item.first) / paths.fps
