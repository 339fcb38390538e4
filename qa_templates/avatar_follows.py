"""What does an avatar do right after, or right before, another action?"""

from qa_templates.avatar_actions import rows_of, shortest, standing_motions
from qa_templates.question import QUESTIONS, spoken
from qa_templates.what_follows import ACTIONS, WhatFollows
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class AvatarFollows(WhatFollows):
    """One avatar performs several actions; the options are its other actions, and one or two that it does not perform."""

    def script(self, answer, options, rng, scene):
        motions = rows_of(self._motions(scene), 5, rng)
        anchor, offered = motions[0], dict(zip(ACTIONS, motions[1:], strict=True))
        others = [str(name) for name in rng.permutation([name for key, name in offered.items() if key != answer])][:1]
        beats = tuple(Beat(name) for name in self._arranged(anchor, offered[answer], others, rng))
        relation = "after" if beats.index(Beat(anchor)) < beats.index(Beat(offered[answer])) else "before"
        needed_s = room_s(*sorted((span_s(name) for name in motions), reverse=True)[: len(beats)])
        slots = {**offered, "motion": anchor, "relation": relation}
        return Script((Role("subject", beats, avatar=True, legs=2),), shots=None, room_s=needed_s, slots=slots)

    def _motions(self, scene):
        return shortest(standing_motions(scene, 5), 5)

    def option_text(self, answer, slots):
        return f"it {spoken(slots[answer])}"
