"""Which object performs a motion?"""

import numpy as np

from qa_templates.observation import only_performance, performances, require_perceptible, reversed_motion
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import recast
from scenes.types import Trajectories

OBJECTS = ("object_0", "object_1", "object_2", "object_3")


@QUESTIONS.register
class WhichObjectDoes(QuestionTemplate):
    """Four objects, each with a motion of its own."""

    question_type = "Motion-related Objects"
    wordings = (
        "Which object {motion_verb}?",
        "Which of the objects {motion_verb}?",
        "What is it that {motion_verb}?",
        "One object {motion_verb}. Which one?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        motions = [str(name) for name in rng.permutation(level_motions(scene, 4))[:4]]
        roles = tuple(Role(key, (Beat(motion),)) for key, motion in zip(OBJECTS, motions, strict=True))
        needed_s = max(room_s(span_s(motion)) for motion in motions)
        return Script(roles, room_s=needed_s, slots={"motion": motions[OBJECTS.index(answer)]})

    def measure(self, asked, paths, seen):
        names = [asked.slots[key] for key in OBJECTS]
        found = [item for item in (only_performance(paths, name) for name in names) if item.motion == asked.slots["motion"]]
        if len(found) != 1:
            raise Rejected("question", "not exactly one object performs the motion")
        margin_px = require_perceptible(paths, seen, found[0])
        frames = (found[0].first, found[0].last)
        return Evidence("object that performs the motion", found[0].subject, "", margin_px, "px above visible", frames, tuple(names))

    def answer(self, evidence, asked):
        return next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return recast(spec, asked.slots[asked.answer], asked.slots[answer], scene), "who"

    def notice(self, paths, rng, scene):
        names = four_objects(paths, rng)
        acted = [item for name in paths.names for item in performances(paths, name)]
        offered = [item for item in acted if item.subject in names]
        if not offered:
            return None
        chosen = offered[int(rng.integers(len(offered)))]
        if sum(item.motion == chosen.motion for item in acted) != 1:
            return None
        return OBJECTS[names.index(chosen.subject)], {**dict(zip(OBJECTS, names, strict=True)), "motion": chosen.motion}

    def reversed_in_time(self, asked):
        motion = reversed_motion(asked.slots["motion"])
        return asked if motion == asked.slots["motion"] else None


def four_objects(paths: Trajectories, rng: np.random.Generator) -> tuple[str, ...]:
    """Four of the objects of a clip; none where there are fewer, or avatars among them: "the object" might then be one of these."""
    if len(paths.names) < len(OBJECTS) or any(paths.is_avatar(name) for name in paths.names):
        return ()
    return tuple(str(name) for name in rng.permutation(paths.names)[: len(OBJECTS)])
