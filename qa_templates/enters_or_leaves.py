"""On which side does an object come into the picture, or leave it?"""

import numpy as np

from qa_templates.directions import OPPOSITE, motions_among
from qa_templates.observation import performances, scaled_px, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.types import Trajectories

HALF_WIDTH_M = 1.5
MIN_MARGIN_PX = 10.0  # from the edge of the picture, at 480 lines
TEXTS = {
    "in_left": "it comes into the picture from the left",
    "in_right": "it comes into the picture from the right",
    "out_left": "it leaves the picture to the left",
    "out_right": "it leaves the picture to the right",
}


@QUESTIONS.register
class EntersOrLeaves(QuestionTemplate):
    """A still camera with a long lens; the object goes from the middle of the picture to outside it, or comes from there.

    It does so in two stretches, as the way is long. One frame shows whether it comes or goes, at most, and leaves both sides.
    """

    question_type = "Location-related Motion"
    wordings = (
        "How does {subject} enter or leave the picture?",
        "Does {subject} come into the picture or leave it, and on which side?",
        "What happens to {subject} at the edge of the picture?",
        "Where does {subject} cross the edge of the picture, and which way?",
    )

    def option_sets(self, scene):
        return [tuple(TEXTS)]

    def script(self, answer, options, rng, scene):
        way, side = answer.split("_")
        motion = str(rng.choice(motions_among(scene, ("slide", "leap", "roll"))))
        beat = Beat(motion, heading=side if way == "out" else OPPOSITE[side], reach=0.75 + 0.25 * scene.levels.amplitude)
        role = Role("subject", (beat, beat), corner=(1 if side == "right" else -1, 0), seen_at="start" if way == "out" else "end")
        needed_s = room_s(span_s(motion), span_s(motion))
        return Script((role,), extras=level_motions(scene), room_s=needed_s, half_width_m=HALF_WIDTH_M)

    def measure(self, asked, paths, seen):
        subject, found = asked.slots["subject"], performances(paths, asked.slots["subject"])
        if not found:
            raise Rejected("question", "the object does not move")
        frames = spread(found)
        sides = [beyond_edge(paths, subject, frame) for frame in frames]
        value, margin_px = [side for side, _ in sides], min(margin for _, margin in sides) - scaled_px(paths, MIN_MARGIN_PX)
        return Evidence("beyond which edge of the picture", value, "", round(margin_px, 2), "px", frames, (subject,))

    def answer(self, evidence, asked):
        first, last = evidence.value
        if evidence.margin <= 0:
            return None
        return {("", last): f"out_{last}", (first, ""): f"in_{first}"}.get((first, last)) if first != last else None

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def mirrored(self, asked):
        return with_answers(asked, lambda key: "{}_{}".format(key.split("_")[0], OPPOSITE[key.split("_")[1]]))

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda key: key.replace("in_", "out_") if key.startswith("in") else key.replace("out_", "in_"))


def beyond_edge(paths: Trajectories, name: str, frame: int) -> tuple[str, float]:
    """Beyond which side of the picture the whole of an object is, "" where all of it is inside; and by how many pixels.

    Raises:
        Rejected: the edge cuts through it.
    """
    row = paths.index(name)
    x_px, depth_m = paths.centre_px[row, frame, 0], np.linalg.norm(paths.position_m[row, frame] - paths.camera_position_m[frame])
    radius_px = np.hypot(*paths.extent_m[row, :2]) / 2 * paths.focal_px[frame] / depth_m
    spare_px = {"left": -radius_px - x_px, "right": x_px - radius_px - paths.width_px}
    spare_px[""] = min(x_px - radius_px, paths.width_px - radius_px - x_px)
    side = max(spare_px, key=lambda each: spare_px[each])
    if not spare_px[side] > 0:  # also where it is behind the camera
        raise Rejected("question", "the edge of the picture cuts through the object")
    return side, float(spare_px[side])
