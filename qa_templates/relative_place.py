"""Where is an object with respect to another one, before and after it moves?"""

import numpy as np

from qa_templates.directions import MIN_MARGIN_RAD, MIRRORED, OPPOSITE, motions_among, quarter
from qa_templates.observation import performances, require_perceptible, scaled_px, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.types import Trajectories

PLACES = {"right": "to the right of", "away": "behind", "left": "to the left of", "towards": "in front of"}
MIN_APART_PX = 20.0  # in the picture, at 480 lines, sideways or in height


@QUESTIONS.register
class RelativePlace(QuestionTemplate):
    """An object goes round a corner from exactly beside another one to exactly before or behind it, or the other way round.

    Whoever sees its first place, or its last one, has two of the four answers left.
    """

    question_type = "Location-related Motion"
    wordings = (
        "Where is {subject} with respect to {other}, first and in the end, as the camera sees them?",
        "How does {subject} change its place relative to {other}, seen from the camera?",
        "Seen from the camera, from where to where does {subject} go around {other}?",
        "As the camera sees it, where is {subject} before and after it moves, relative to {other}?",
    )

    def option_sets(self, scene):
        aside, deep = ("left", "right"), ("towards", "away")
        return [tuple(f"{first}_{last}" for first in firsts for last in lasts) for firsts, lasts in ((aside, deep), (deep, aside))]

    def script(self, answer, options, rng, scene):
        first, last = answer.split("_")
        side, depth = sorted((first, last), key=lambda place: place in ("towards", "away"))
        corner = (1 if side == "right" else -1, 1 if depth == "away" else -1)
        motion = str(rng.choice(motions_among(scene, ("slide", "leap"))))
        beats = tuple(Beat(motion, heading=way, reach=0.8 + 0.2 * scene.levels.amplitude) for way in (last, OPPOSITE[first]))
        subject = Role("subject", beats, corner=corner, seen_at="ends")
        roles = (subject, Role("other", at=(0.0, 0.0), seen_at="ends"))
        needed_s = room_s(span_s(motion), span_s(motion))
        return Script(roles, extras=level_motions(scene), room_s=needed_s, from_above=True, off_centre=True)

    def measure(self, asked, paths, seen):
        pair = (asked.slots["subject"], asked.slots["other"])
        found = performances(paths, pair[0])
        if not found:
            raise Rejected("question", "the object does not move")
        require_perceptible(paths, seen, *found)
        places = [place(paths, *pair, frame) for frame in spread(found)]
        names = [name for name, _ in places]
        return Evidence("places", names, "", min(rad for _, rad in places), "rad", spread(found), pair)

    def answer(self, evidence, asked):
        return "_".join(evidence.value) if evidence.margin > MIN_MARGIN_RAD else None

    def option_text(self, answer, slots):
        first, last = answer.split("_")
        return f"first {PLACES[first]} the {slots['other']}, then {PLACES[last]} it"

    def mirrored(self, asked):
        return with_answers(asked, lambda key: "_".join(MIRRORED[place] for place in key.split("_")))

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda key: "_".join(reversed(key.split("_"))))


def place(paths: Trajectories, subject: str, other: str, frame: int) -> tuple[str, float]:
    """On which side of another object an object is for the camera of a frame, and how many radians are left to the next side.

    Raises:
        Rejected: it does not look so in the picture.
    """
    rows = [paths.index(name) for name in (subject, other)]
    here_m, there_m = paths.position_m[rows, frame]
    name, margin_rad = quarter(here_m - there_m, there_m - paths.camera_position_m[frame])
    right_px, down_px = np.subtract(*paths.centre_px[rows, frame])
    shown_px = {"right": right_px, "left": -right_px, "towards": down_px, "away": -down_px}[name]
    if shown_px < scaled_px(paths, MIN_APART_PX):
        raise Rejected("question", "the places are not clear in the picture")
    return name, margin_rad
