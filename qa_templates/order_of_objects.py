"""In which order do objects set off?"""

import itertools

from qa_templates.observation import MIN_LEAD_S, only_performance, require_perceptible, spread
from qa_templates.orders import found_order, order_sets, swaps
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.script import STAGGER_S, Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import restarted

MOVERS = ("object_0", "object_1", "object_2")


@QUESTIONS.register
class OrderOfObjects(QuestionTemplate):
    """Three objects set off one after another; the orders offered differ by swaps."""

    question_type = "Action Order"
    shows = "starts"
    wordings = (
        "In which order do the objects start to move?",
        "Which object sets off first, which second, and which third?",
        "What is the order in which the objects begin to move?",
        "The objects start one after another. In which order?",
    )

    def option_sets(self, scene):
        return order_sets()

    def script(self, answer, options, rng, scene):
        motions = [str(name) for name in rng.choice(level_motions(scene), len(MOVERS))]
        roles = tuple(
            Role(key, (Beat(motion),), rank=answer.index(str(place)))
            for place, (key, motion) in enumerate(zip(MOVERS, motions, strict=True))
        )
        needed_s = max(room_s(span_s(motion)) for motion in motions) + STAGGER_S * (len(MOVERS) - 1)
        return Script(roles, room_s=needed_s)

    def measure(self, asked, paths, seen):
        names = [asked.slots[key] for key in MOVERS]
        found = sorted((only_performance(paths, name) for name in names), key=lambda item: item.first)
        require_perceptible(paths, seen, *found)
        lead_s = min(later.first - earlier.first for earlier, later in itertools.pairwise(found)) / paths.fps
        order = found_order(names, [item.subject for item in found])
        return Evidence("order of setting off", order, "", lead_s, "s", spread(found), tuple(names))

    def answer(self, evidence, asked):
        return evidence.value if evidence.margin > MIN_LEAD_S else None

    def option_text(self, answer, slots):
        return ", then ".join(f"the {slots[MOVERS[int(place)]]}" for place in answer)

    def twins(self, answer, options):
        return swaps(answer, options)

    def twin(self, spec, asked, answer, rng, scene):
        one, other = (asked.slots[MOVERS[int(before)]] for before, after in zip(asked.answer, answer, strict=True) if before != after)
        return restarted(spec, one, other), "order"

    def reversed_in_time(self, asked):
        return None  # who starts last need not be who stops last
