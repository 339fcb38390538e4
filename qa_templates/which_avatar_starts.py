"""Which avatar begins first, or last?"""

from qa_templates.avatar_actions import standing_motions
from qa_templates.question import QUESTIONS
from qa_templates.which_moves_first import OBJECTS, WhichMovesFirst
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.script import STAGGER_S, Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class WhichAvatarStarts(WhichMovesFirst):
    """Four avatars begin one after another."""

    wordings = (
        "Which figure starts to move {place}?",
        "Who is the {place} one to begin?",
        "Of all the figures, which one begins its action {place}?",
        "Who starts {place}?",
    )

    def script(self, answer, options, rng, scene):
        place = str(rng.choice(["first", "last"]))
        rank = 0 if place == "first" else len(OBJECTS) - 1
        others = iter(rng.permutation([other for other in range(len(OBJECTS)) if other != rank]))
        staying = [name for name in standing_motions(scene) if not AVATAR_MOTIONS[name].travels]
        motions = [str(name) for name in rng.choice(staying, len(OBJECTS))]
        roles = tuple(
            Role(key, (Beat(motion),), rank=rank if key == answer else int(next(others)), avatar=True, legs=2)
            for key, motion in zip(OBJECTS, motions, strict=True)
        )
        needed_s = max(room_s(span_s(motion)) for motion in motions) + STAGGER_S * (len(OBJECTS) - 1)
        return Script(roles, room_s=needed_s, slots={"place": place})
