"""What is the first, or the last, thing that an avatar does?"""

from qa_templates.avatar_actions import rows_of, shortest, standing_motions
from qa_templates.first_or_last import FirstOrLast
from qa_templates.question import QUESTIONS
from scenes.script import Role


@QUESTIONS.register
class AvatarFirstOrLast(FirstOrLast):
    """One avatar performs three of the four actions that are offered."""

    wordings = (
        "What is the {place} thing that {subject} does?",
        "Which action does {subject} perform {place}?",
        "Of all that {subject} does, what comes {place}?",
        "Watch {subject}: which of these does it do {place}?",
    )

    def _motions(self, rng, scene):
        return rows_of(shortest(standing_motions(scene, 4)), 4, rng)

    def _role(self, beats):
        return Role("subject", beats, avatar=True, legs=2)
