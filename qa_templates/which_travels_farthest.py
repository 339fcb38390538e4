"""Which object covers the longest, or the shortest, distance?"""

from dataclasses import replace

import numpy as np

from qa_templates.directions import motions_among
from qa_templates.observation import only_performance, require_perceptible, spread
from qa_templates.question import QUESTIONS, Evidence
from qa_templates.which_is_fastest import MIN_RATIO_PX, WhichIsFastest, extreme_of, way_m, way_px
from qa_templates.which_object_does import OBJECTS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script
from scenes.timing import room_s

FAR, NEAR = 0.6, 0.34  # reach
SECONDS = (1.3, 2.2)  # whatever the distance


@QUESTIONS.register
class WhichTravelsFarthest(WhichIsFastest):
    """Four objects cross the picture, one of them clearly farther, or clearly less far, than the others."""

    shows = "change"
    wordings = (
        "Which object travels the {extreme} distance?",
        "Which of the objects covers the {extreme} distance?",
        "Of these four objects, which one goes the {extreme} way?",
        "Whose path from start to end is the {extreme}?",
    )

    def script(self, answer, options, rng, scene):
        extreme = str(rng.choice(["longest", "shortest"]))
        motions = motions_among(scene, ("slide", "roll"))
        far = {key: (extreme == "longest") == (key == answer) for key in OBJECTS}
        roles = tuple(_crossing(key, str(rng.choice(motions)), far[key], rng) for key in OBJECTS)
        return Script(roles, round="roll" in motions, room_s=room_s(SECONDS), slots={"extreme": extreme})

    def measure(self, asked, paths, seen):
        found = [only_performance(paths, asked.slots[key]) for key in OBJECTS]
        require_perceptible(paths, seen, *found)
        chosen, ratio = extreme_of([way_m(paths, item) for item in found], asked.slots["extreme"] == "longest")
        in_picture, ratio_px = extreme_of([way_px(paths, item) for item in found], asked.slots["extreme"] == "longest")
        if chosen != in_picture or ratio_px < MIN_RATIO_PX:
            raise Rejected("question", "the distances are not clear in the picture")
        subjects = tuple(item.subject for item in found)
        quantity = f"object with the {asked.slots['extreme']} way"
        return Evidence(quantity, subjects[chosen], "", ratio - 1.0, "of its way", spread(found), subjects)


def _crossing(key: str, motion: str, far: bool, rng: np.random.Generator) -> Role:
    """An object with room for a long way, however long its own one is: so its place does not tell."""
    beat = Beat(motion, heading=str(rng.choice(["left", "right"])), seconds=SECONDS, reach=FAR)
    return Role(key, (beat if far else replace(beat, reach=NEAR),), room_for=(beat,))
