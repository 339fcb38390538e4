"""How often does an avatar repeat one of its several motions?"""

from qa_templates.avatar_actions import countable_motions, rivals
from qa_templates.count_in_sequence import CountInSequence
from qa_templates.question import QUESTIONS
from scenes.script import Beat, Role, Script

HIGHEST = 4
OTHERS = (1, 2, 3)


@QUESTIONS.register
class CountInAvatarSequence(CountInSequence):
    """One avatar repeats one motion some number of times and, before or after it, another motion another number of times."""

    wordings = (
        "{subject} does two different things. How many times does it {motion}?",
        "How many times does {subject} {motion}, not counting what else it does?",
        "Count only one action of {subject}: how often does it {motion}?",
        "Among all that {subject} does, how many times does it {motion}?",
    )

    def script(self, answer, options, rng, scene):
        pairs = self._pairs(scene)
        motion, other = pairs[int(rng.integers(len(pairs)))]
        beats = [Beat(motion, int(answer)), Beat(other, int(rng.choice(OTHERS)))]
        if rng.random() < 0.5:
            beats.reverse()
        role = Role("subject", tuple(beats), avatar=True, legs=2)
        return Script((role,), shots=None, room_s=self._needed_s((motion, other)), slots={"motion": motion})

    def _pairs(self, scene):
        motions = countable_motions(scene, 5, least=2)
        pairs = [(one, other) for one in motions for other in motions if one != other and not rivals(one, other)]
        return [pair for pair in pairs if self._needed_s(pair) <= scene.duration[1]] or pairs
