"""In which direction of the picture does an avatar go?"""

from qa_templates.avatar_gait import gait_reach
from qa_templates.question import QUESTIONS
from qa_templates.travel_direction import TravelDirection
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round
from scenes.types import require


@QUESTIONS.register
class AvatarDirection(TravelDirection):
    """One avatar crosses the picture, in any gait: which way it faces tells nothing."""

    wordings = (
        "In which direction does {subject} go, seen from the camera?",
        "Which way does {subject} walk across the picture, whichever way it faces?",
        "Where does {subject} move to, from the viewer's point of view?",
        "From the camera's point of view, {subject} moves…",
    )

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

    def twin(self, spec, asked, answer, rng, scene):
        """It goes backward instead of forward, or the other way sideways: it faces as it did."""
        return turned_round(spec, asked.slots["subject"]), "direction"
