"""How often does an avatar repeat its motion?"""

from qa_templates.avatar_actions import countable_motions, fitting
from qa_templates.count_cycles import HIGHEST, CountCycles
from qa_templates.question import QUESTIONS
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class CountAvatarCycles(CountCycles):
    """One avatar repeats one motion."""

    wordings = (
        "How many times does {subject} {motion}?",
        "Count: how often does {subject} {motion}?",
        "How often is {subject} seen to {motion}?",
        "What is the number of times that {subject} can be seen to {motion}?",
    )

    def script(self, answer, options, rng, scene):
        motions = fitting(countable_motions(scene, HIGHEST), self._needed_s, scene.duration[1])
        motion = str(rng.choice(motions))
        role = Role("subject", (Beat(motion, int(answer)),), avatar=True, legs=2)
        return Script((role,), shots=None, room_s=self._needed_s(motion), slots={"motion": motion})

    def _needed_s(self, motion):
        return room_s(span_s(motion, HIGHEST))

    def notice(self, paths, rng, scene):
        return None
