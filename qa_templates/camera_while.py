"""How does the camera move while an object performs a certain action?"""

from dataclasses import replace

from qa_templates.observation import (
    MIN_REST_S,
    camera_keys,
    camera_performances,
    camera_phrase,
    mirrored_camera,
    performances,
    require_perceptible,
    reversed_camera,
    reversed_motion,
)
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.cameras.move import CAMERA_MOVES
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, Shot, span_s
from scenes.timing import room_s

CAMERA = ("camera_0", "camera_1", "camera_2", "camera_3")


@QUESTIONS.register
class CameraWhile(QuestionTemplate):
    """An object performs two actions, and the camera makes a move during each; two more moves are offered."""

    question_type = "Camera Motion"
    wordings = (
        "How does the camera move while {subject} {motion_verb}?",
        "What does the camera do during the time in which {subject} {motion_verb}?",
        "{subject} {motion_verb}. How does the camera move meanwhile?",
        "Which camera move goes with the action of {subject} in which it {motion_verb}?",
    )

    def option_sets(self, scene):
        return [CAMERA]

    def script(self, answer, options, rng, scene):
        anchor, other = (str(name) for name in rng.permutation(level_motions(scene, 2))[:2])
        offered = dict(zip(CAMERA, _gentle_keys(rng), strict=False))
        company = str(rng.choice([key for key in CAMERA if key != answer]))
        steps = [(anchor, offered[answer]), (other, offered[company])]
        if rng.random() < 0.5:
            steps.reverse()
        role = Role("subject", tuple(Beat(motion) for motion, _ in steps))
        shots = tuple(Shot(*camera_keys()[key]) for _, key in steps)
        slowest_s = max(*(CAMERA_MOVES[camera_keys()[key][0]].seconds[0] for key in offered.values()), span_s(anchor)[0], span_s(other)[0])
        needed_s = room_s(*[(slowest_s, slowest_s)] * 2)  # whichever of the moves are made
        rolling = any(MOTIONS[name].rolls for name in (anchor, other))
        return Script((role,), shots, round=rolling, room_s=needed_s, slots={**offered, "motion": anchor}, in_step=True)

    def measure(self, asked, paths, seen):
        anchors = [item for item in performances(paths, asked.slots["subject"]) if item.motion == asked.slots["motion"]]
        if len(anchors) != 1:
            raise Rejected("question", "the object does not do it exactly once")
        require_perceptible(paths, seen, anchors[0])
        filmed = camera_performances(paths)
        chosen = [item for item in filmed if item.first < anchors[0].last and item.last > anchors[0].first]
        if len(chosen) != 1:
            raise Rejected("question", "not exactly one camera move happens at the same time")
        gaps = [max(item.first - anchors[0].last, anchors[0].first - item.last) for item in filmed if item is not chosen[0]]
        apart_s = min(gaps, default=paths.num_frames) / paths.fps
        frames = (min(anchors[0].first, chosen[0].first), max(anchors[0].last, chosen[0].last))
        return Evidence("camera move at the same time", chosen[0].key, "", apart_s, "s", frames, (anchors[0].subject,))

    def answer(self, evidence, asked):
        return next((key for key in CAMERA if asked.slots[key] == evidence.value), None) if evidence.margin > MIN_REST_S else None

    def option_text(self, answer, slots):
        return f"the camera {camera_phrase(slots[answer])}"

    def mirrored(self, asked):
        return replace(asked, slots={**asked.slots, **{key: mirrored_camera(asked.slots[key]) for key in CAMERA}})

    def reversed_in_time(self, asked):
        motion = reversed_motion(asked.slots["motion"])
        backwards = {key: reversed_camera(asked.slots[key]) for key in CAMERA}
        return replace(asked, slots={**asked.slots, **backwards, "motion": motion}) if motion else None


def _gentle_keys(rng) -> list[str]:
    """Camera keys of different moves that keep the stage in the picture, in a drawn order."""
    gentle = [name for name, move in CAMERA_MOVES.items() if move.gentle]
    drawn = [str(name) for name in rng.permutation(gentle)]
    senses = {name: int(rng.choice(sorted(CAMERA_MOVES[name].directions))) for name in drawn}
    return [key for name in drawn for key, pair in camera_keys().items() if pair == (name, senses[name])]
