"""In which direction of the picture does an avatar go?"""

from qa_templates.avatar_gait import gait_reach
from qa_templates.directions import DIRECTIONS, MIN_MARGIN_RAD, MIRRORED, OPPOSITE, TEXTS, direction
from qa_templates.observation import only_performance
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round
from scenes.types import require


@QUESTIONS.register
class AvatarDirection(QuestionTemplate):
    """One avatar crosses the picture, in any gait: which way it faces tells nothing."""

    question_type = "Location-related Motion"
    wordings = (
        "In which direction does {subject} go, seen from the camera?",
        "Which way does {subject} walk across the picture, whichever way it faces?",
        "Where does {subject} move to, from the viewer's point of view?",
        "From the camera's point of view, {subject} moves…",
    )

    def option_sets(self, scene):
        return [DIRECTIONS]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(self._gaits(scene)))
        sense = int(rng.choice([-1, 1])) if AVATAR_MOTIONS[motion].signed else None
        role = Role("subject", (Beat(motion, sense=sense, heading=answer, reach=gait_reach(motion, scene)),), avatar=True, legs=2)
        return Script((role,), room_s=room_s(span_s(motion)))

    def _gaits(self, scene):
        """Gaits whose direction the body does not tell: those that go two ways."""
        gaits = [name for name in scene.avatar_motion_names() if AVATAR_MOTIONS[name].travels and AVATAR_MOTIONS[name].signed]
        require(bool(gaits), "scene.avatar_motions", list(scene.avatar_motions), "at least one that travels two ways, or none for all")
        return gaits

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        name, margin_rad = direction(paths, found)
        return Evidence("direction of travel", name, "", margin_rad, "rad", (found.first, found.last), (found.subject,))

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_MARGIN_RAD else None

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        return (OPPOSITE[answer],)

    def twin(self, spec, asked, answer, rng, scene):
        """It goes backward instead of forward, or the other way sideways: it faces as it did."""
        return turned_round(spec, asked.slots["subject"]), "direction"

    def mirrored(self, asked):
        return with_answers(asked, MIRRORED.__getitem__)

    def reversed_in_time(self, asked):
        return with_answers(asked, OPPOSITE.__getitem__)
