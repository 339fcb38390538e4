"""Which avatar performs a motion?"""

from qa_templates.avatar_actions import rows_of, standing_motions
from qa_templates.question import QUESTIONS
from qa_templates.which_object_does import OBJECTS, WhichObjectDoes
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class WhichAvatarDoes(WhichObjectDoes):
    """Four avatars, each with a motion of its own."""

    wordings = (
        "Which figure {motion_verb}?",
        "Who {motion_verb}?",
        "One of the figures {motion_verb}. Which one?",
        "Who is it that {motion_verb}?",
    )

    def script(self, answer, options, rng, scene):
        staying = [name for name in standing_motions(scene, 4) if not AVATAR_MOTIONS[name].travels]
        motions = rows_of(staying, 4, rng)
        roles = tuple(Role(key, (Beat(motion),), avatar=True, legs=2) for key, motion in zip(OBJECTS, motions, strict=True))
        needed_s = max(room_s(span_s(motion)) for motion in motions)
        return Script(roles, room_s=needed_s, slots={"motion": motions[OBJECTS.index(answer)]})

    def notice(self, paths, rng, scene):
        return None
