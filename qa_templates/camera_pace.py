"""Does the camera's move get faster or slower?"""

import numpy as np

from qa_templates.directions import travelling_motions
from qa_templates.observation import camera_keys, camera_performances
from qa_templates.pace import MIN_MARGIN, SECONDS, TEXTS
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes import geometry
from scenes.camera_kinematics import DEFAULT_DEPTH_M
from scenes.geometry import Array
from scenes.pace import REVERSED, pace_of
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, Shot
from scenes.timing import room_s
from scenes.twins import refilmed
from scenes.types import Trajectories

MOVES = ("arc", "pan", "pedestal", "roll", "tilt", "truck", "zoom")  # an even pace of these looks even in the picture


@QUESTIONS.register
class CameraPace(QuestionTemplate):
    """One camera move at one of four paces, while an object moves as a distractor."""

    question_type = "Camera Motion"
    shows = "pace"
    wordings = (
        "How does the speed of the camera's move change?",
        "Does the camera get faster or slower while it moves?",
        "At what pace does the camera move?",
        "What can be said of the speed at which the camera makes its move?",
    )

    def option_sets(self, scene):
        return [tuple(TEXTS)]

    def script(self, answer, options, rng, scene):
        keys = [key for key, (move, _) in camera_keys().items() if move in MOVES]
        shot = Shot(*camera_keys()[str(rng.choice(keys))], pace=answer, seconds=SECONDS)
        mover = Role("", (Beat(str(rng.choice(travelling_motions(scene)))),), watched=False)
        return Script((mover,), (shot,), extras=level_motions(scene), room_s=room_s(SECONDS))

    def measure(self, asked, paths, seen):
        found = camera_performances(paths)
        if len(found) != 1 or found[0].key == "static":
            raise Rejected("question", "the camera does not make exactly one move")
        pace, margin = pace_of(camera_way(paths, found[0].first, found[0].last))
        frames = (found[0].first, found[0].last)
        return Evidence("pace of the camera", pace, "", margin, "of the way", frames)

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_MARGIN else None

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        (move,) = spec.camera.moves
        return refilmed(spec, Shot(move.name, move.parameters["sense"], pace=answer), rng, scene), "pace"

    def reversed_in_time(self, asked):
        return with_answers(asked, REVERSED.__getitem__)


def camera_way(paths: Trajectories, first: int, last: int) -> Array:
    """How far the camera has come at each frame ``(frame,)``: angle turned, way over distance, and change of size, added up."""
    stretch = slice(first, last + 1)
    turned = geometry.rotation(paths.camera_quaternion_wxyz[stretch])
    steps = (
        (turned[1:] * turned[:-1].inv()).magnitude()
        + np.linalg.norm(np.diff(paths.camera_position_m[stretch], axis=0), axis=-1) / DEFAULT_DEPTH_M
        + np.abs(np.diff(np.log(paths.focal_length_mm[stretch])))
    )
    return np.concatenate([[0.0], np.cumsum(steps)])
