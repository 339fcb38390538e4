"""How does the camera move?"""

from qa_templates.directions import travelling_motions
from qa_templates.observation import camera_keys, camera_margin_px, camera_performances, camera_phrase, mirrored_camera, reversed_camera
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.cameras.move import CAMERA_MOVES
from scenes.rejection import Rejected
from scenes.staging import Beat, Role, Script, Shot


@QUESTIONS.register
class CameraMove(QuestionTemplate):
    """One camera move among those it is mistaken for, while objects may move as distractors."""

    question_type = "Camera Motion"
    wordings = (
        "How does the camera move?",
        "Which camera movement does this video show?",
        "What does the camera do?",
        "Which of these describes the motion of the camera?",
    )

    def option_sets(self, scene):
        ring = confusable_ring()
        return [tuple(ring[(start + step) % len(ring)] for step in range(4)) for start in range(len(ring))]

    def script(self, answer, options, rng, scene):
        move, sense = camera_keys()[answer]
        roles = (Role("", (Beat(str(rng.choice(travelling_motions(scene)))),)),) if CAMERA_MOVES[move].follows else ()
        shots = () if answer == "static" else (Shot(move, sense),)
        return Script(roles, shots, extras=level_motions(scene), room_s=3.0)

    def measure(self, asked, paths, seen):
        found = camera_performances(paths)
        if len(found) != 1:
            raise Rejected("question", "the camera does not make exactly one move")
        return Evidence("camera move", found[0].key, "", camera_margin_px(paths, found), "px", (found[0].first, found[0].last))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return f"the camera {camera_phrase(answer)}"

    def notice(self, paths, rng, scene):
        found = camera_performances(paths)
        return (found[0].key, {}) if len(found) == 1 else None

    def mirrored(self, asked):
        return with_answers(asked, mirrored_camera)

    def reversed_in_time(self, asked):
        return with_answers(asked, reversed_camera)


def confusable_ring() -> list[str]:
    """Every camera key once, with those that are mistaken for one another side by side.

    Sets of four neighbours on the ring are hard, and hold each key equally often.
    """
    moves = list(CAMERA_MOVES)
    ring: list[str] = []
    while moves:
        group = [moves.pop(0)]
        while (other := CAMERA_MOVES[group[-1]].confusable) in moves:
            group.append(other)
            moves.remove(other)
        keys = [key for key, (move, _) in camera_keys().items() if move in group]
        ring += sorted(keys, key=lambda key: (-camera_keys()[key][1], group.index(camera_keys()[key][0])))
    return ring
