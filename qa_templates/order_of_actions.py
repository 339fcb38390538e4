"""In which order does an object perform its actions?"""

import itertools
from dataclasses import replace

from qa_templates.observation import MIN_REST_S, performances, require_perceptible, reversed_motion, spread
from qa_templates.orders import exchange, found_order, order_sets, swaps, written
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import reordered


@QUESTIONS.register
class OrderOfActions(QuestionTemplate):
    """One object performs three actions with rests between; the orders offered differ by swaps."""

    question_type = "Action Order"
    wordings = (
        "In which order does {subject} perform its actions?",
        "What does {subject} do, one action after the other?",
        "Which sequence of actions does {subject} perform?",
        "What is the order of the actions of {subject}?",
    )

    def option_sets(self, scene):
        return order_sets()

    def script(self, answer, options, rng, scene):
        motions = [str(name) for name in rng.permutation(level_motions(scene, 3))[:3]]
        beats = tuple(Beat(motions[int(place)]) for place in answer)
        needed_s = room_s(*(span_s(motion) for motion in motions))
        return Script((Role("subject", beats),), shots=None, room_s=needed_s, slots={"motions": motions})

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        order = found_order(asked.slots["motions"], [item.motion for item in found])
        if order is None:
            raise Rejected("question", "the object performs other actions")
        require_perceptible(paths, seen, *found)
        rest_s = min(later.first - earlier.last for earlier, later in itertools.pairwise(found)) / paths.fps
        return Evidence("order of actions", order, "", rest_s, "s", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_REST_S else None

    def option_text(self, answer, slots):
        return f"it {written(answer, [MOTIONS[name].verb for name in slots['motions']])}"

    def twins(self, answer, options):
        return swaps(answer, options)

    def twin(self, spec, asked, answer, rng, scene):
        return reordered(spec, asked.slots["subject"], exchange(asked.answer, answer)), "order"

    def reversed_in_time(self, asked):
        motions = [reversed_motion(name) for name in asked.slots["motions"]]
        if None in motions:
            return None
        return replace(with_answers(asked, lambda order: order[::-1]), slots={**asked.slots, "motions": motions})
