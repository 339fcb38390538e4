"""In which order does the camera make its moves?"""

import itertools
from dataclasses import replace

from qa_templates.directions import travelling_motions
from qa_templates.observation import MIN_REST_S, camera_keys, camera_performances, camera_phrase, mirrored_camera, reversed_camera
from qa_templates.orders import exchange, found_order, order_sets, swaps, written
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.cameras.move import CAMERA_MOVES
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, Shot
from scenes.timing import room_s
from scenes.twins import recut


@QUESTIONS.register
class CameraSequence(QuestionTemplate):
    """Three camera moves with rests between; the orders offered differ by swaps."""

    question_type = "Camera Motion"
    wordings = (
        "In which order does the camera make its moves?",
        "What does the camera do, one move after the other?",
        "Which sequence of camera moves does the video show?",
        "How does the camera move from the beginning to the end of the video?",
    )

    def option_sets(self, scene):
        return order_sets()

    def script(self, answer, options, rng, scene):
        names = [name for name, move in CAMERA_MOVES.items() if move.reverses and not move.follows]
        keys = [str(key) for key in rng.permutation(sorted(camera_keys())) if camera_keys()[key][0] in names]
        moves = _of_different_moves(keys)
        shots = tuple(Shot(*camera_keys()[moves[int(place)]]) for place in answer)
        needed_s = room_s(*(CAMERA_MOVES[shot.move].seconds for shot in shots))
        mover = Role("", (Beat(str(rng.choice(travelling_motions(scene)))),), watched=False)
        return Script((mover,), shots, extras=level_motions(scene), room_s=needed_s, slots={"moves": moves})

    def measure(self, asked, paths, seen):
        found = camera_performances(paths)
        order = found_order(asked.slots["moves"], [item.key for item in found])
        if order is None:
            raise Rejected("question", "the camera makes other moves")
        rests = [later.first - earlier.last for earlier, later in itertools.pairwise(found)]
        frames = (found[0].first, found[-1].last)
        return Evidence("order of camera moves", order, "", min(rests) / paths.fps, "s", frames)

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_REST_S else None

    def option_text(self, answer, slots):
        return f"the camera {written(answer, [camera_phrase(key) for key in slots['moves']])}"

    def twins(self, answer, options):
        return swaps(answer, options)

    def twin(self, spec, asked, answer, rng, scene):
        return recut(spec, exchange(asked.answer, answer)), "order"

    def mirrored(self, asked):
        return replace(asked, slots={"moves": [mirrored_camera(key) for key in asked.slots["moves"]]})

    def reversed_in_time(self, asked):
        backwards = with_answers(asked, lambda order: order[::-1])
        return replace(backwards, slots={"moves": [reversed_camera(key) for key in asked.slots["moves"]]})


def _of_different_moves(keys: list[str], count: int = 3) -> list[str]:
    """The first keys that belong to different moves."""
    chosen: dict[str, str] = {}
    for key in keys:
        chosen.setdefault(camera_keys()[key][0], key)
    return list(chosen.values())[:count]
