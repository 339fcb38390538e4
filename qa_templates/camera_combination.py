"""Which two moves does the camera make at the same time?"""

import numpy as np

from qa_templates.directions import travelling_motions
from qa_templates.observation import MIN_CAMERA_PX, camera_key, camera_keys, camera_phrase, mirrored_camera, reversed_camera, scaled_px
from qa_templates.orders import differing
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.camera_kinematics import DEFAULT_DEPTH_M, CameraKinematics, camera_segments
from scenes.cameras.move import CAMERA_MOVES
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, Shot
from scenes.timing import room_s, step_spans
from scenes.twins import refilmed
from scenes.types import Trajectories

# Moves that do not disturb one another: each can be told from the other's trace, forwards and backwards. The first one is
# carried out about the axes of the start.
PAIRS = (
    ("zoom", "pan"),
    ("zoom", "tilt"),
    ("zoom", "roll"),
    ("tilt", "pan"),
    ("dolly", "roll"),
    ("dolly", "truck"),
    ("truck", "tilt"),
    ("pedestal", "pan"),
)
TRACE = 0.08  # of what can be seen: smaller parts of a move come from the way in which it was measured


@QUESTIONS.register
class CameraCombination(QuestionTemplate):
    """Two camera moves at once; the options are their four combinations of directions."""

    question_type = "Camera Motion"
    wordings = (
        "Which two moves does the camera make at the same time?",
        "The camera does two things at once. Which?",
        "How does the camera move, all at once?",
        "Which combination of camera moves does this video show?",
    )

    def option_sets(self, scene):
        return [
            tuple(f"{camera_key(first, one)}+{camera_key(second, other)}" for one in (1, -1) for other in (1, -1))
            for first, second in PAIRS
        ]  # fmt: skip

    def script(self, answer, options, rng, scene):
        shots = tuple(Shot(*camera_keys()[key]) for key in answer.split("+"))
        mover = Role("", (Beat(str(rng.choice(travelling_motions(scene)))),), watched=False)
        needed_s = room_s(*step_spans(*([shot.span_s] for shot in shots)))
        ends_aimed = bool(rng.random() < 0.5)
        return Script((mover,), shots, extras=level_motions(scene), room_s=needed_s, at_once=True, ends_aimed=ends_aimed)

    def measure(self, asked, paths, seen):
        segments = camera_segments(paths)
        if len(segments) != 1:
            raise Rejected("question", "the camera does not move exactly once")
        shifts_px = component_shifts_px(paths, *segments[0])
        least_px = scaled_px(paths, MIN_CAMERA_PX)
        shown = [key for key, shift_px in shifts_px.items() if shift_px > least_px]
        if any(TRACE * least_px < shift_px < least_px for shift_px in shifts_px.values()):
            raise Rejected("question", "a camera move is too small in the picture")
        margin_px = round(min((shifts_px[key] for key in shown), default=0.0) - least_px, 2)
        return Evidence("camera moves at the same time", shown, "", margin_px, "px above visible", segments[0])

    def answer(self, evidence, asked):
        return next((key for key in asked.options if sorted(key.split("+")) == sorted(evidence.value)), None)

    def option_text(self, answer, slots):
        first, second = answer.split("+")
        return f"the camera {camera_phrase(second)} while it {camera_phrase(first)}"

    def twins(self, answer, options):
        """One of the two moves goes the other way."""
        return tuple(key for key in options if len(differing(answer, key, "+")) == 1)

    def twin(self, spec, asked, answer, rng, scene):
        (place,) = differing(asked.answer, answer, "+")
        return refilmed(spec, Shot(*camera_keys()[answer.split("+")[place]]), rng, scene, place), "direction"

    def mirrored(self, asked):
        return with_answers(asked, lambda key: "+".join(mirrored_camera(part) for part in key.split("+")))

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda key: "+".join(reversed_camera(part) for part in key.split("+")))


def component_shifts_px(paths: Trajectories, first: int, last: int) -> dict[str, float]:
    """How far each simple move that a stretch of camera trajectory is made of shifts the picture, by answer key.

    Turns shift its middle, ways shift what is as far away as the stage, and what changes the size or rolls the picture
    shifts what is a quarter of the picture's width from its middle.
    """
    measured = CameraKinematics.of(paths, first, last)
    turning, travel, focal_px = measured.turning, measured.travel, float(paths.focal_px[first])
    beside_px = paths.width_px / 4
    sizes_px = {
        "pan": focal_px * turning.yaw_rad,
        "tilt": focal_px * turning.pitch_rad,
        "roll": beside_px * turning.roll_rad,
        "truck": -focal_px * travel.right_m / DEFAULT_DEPTH_M,
        "pedestal": focal_px * travel.pedestal_m / DEFAULT_DEPTH_M,
        "dolly": beside_px * travel.dolly_m / DEFAULT_DEPTH_M,
        "zoom": beside_px * float(np.log(measured.focal_ratio)),
    }
    return {camera_key(move, 1 if size_px > 0 else -1): abs(size_px) for move, size_px in sizes_px.items() if move in CAMERA_MOVES}
