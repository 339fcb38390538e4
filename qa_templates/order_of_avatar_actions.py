"""In which order does an avatar perform its actions?"""

from qa_templates.avatar_actions import rows_of, shortest, standing_motions
from qa_templates.order_of_actions import OrderOfActions
from qa_templates.orders import written
from qa_templates.question import QUESTIONS, spoken
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class OrderOfAvatarActions(OrderOfActions):
    """One avatar performs three actions with rests between; the orders offered differ by swaps."""

    def script(self, answer, options, rng, scene):
        motions = rows_of(shortest(standing_motions(scene, 3)), 3, rng)
        beats = tuple(Beat(motions[int(place)]) for place in answer)
        needed_s = room_s(*(span_s(motion) for motion in motions))
        return Script((Role("subject", beats, avatar=True, legs=2),), shots=None, room_s=needed_s, slots={"motions": motions})

    def option_text(self, answer, slots):
        return f"it {written(answer, [spoken(name) for name in slots['motions']])}"
