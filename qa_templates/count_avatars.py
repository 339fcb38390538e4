"""How many avatars perform a motion?"""

from qa_templates.avatar_actions import rows_of, standing_motions, without_rivals
from qa_templates.count_objects import CountObjects
from qa_templates.question import QUESTIONS
from qa_templates.which_object_does import OBJECTS
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class CountAvatars(CountObjects):
    """Four avatars act, some of them in the way that is asked for."""

    wordings = (
        "How many of the figures {motion}?",
        "How many figures can be seen to {motion} in this video?",
        "Count the figures that {motion}.",
        "What is the number of figures that {motion}?",
    )

    def script(self, answer, options, rng, scene):
        motions = rows_of(self.motions(scene), 4, rng)
        performed = rng.permutation([motions[0]] * int(answer) + motions[1 : 1 + len(OBJECTS) - int(answer)])
        roles = tuple(Role(key, (Beat(str(motion)),), avatar=True, legs=2) for key, motion in zip(OBJECTS, performed, strict=True))
        needed_s = max(room_s(span_s(motion)) for motion in motions)
        return Script(roles, room_s=needed_s, slots={"motion": motions[0]})

    def motions(self, scene):
        return [name for name in standing_motions(scene, 4) if not AVATAR_MOTIONS[name].travels]

    def besides(self, doing, scene):
        return without_rivals(self.motions(scene), *doing)
