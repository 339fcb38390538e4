"""What is the first, or the last, thing that an avatar does?"""

from dataclasses import replace

from qa_templates.avatar_actions import reversed_slots, rows_of, shortest, standing_motions
from qa_templates.observation import MIN_REST_S, performances, require_perceptible, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, spoken
from qa_templates.what_follows import ACTIONS, changing_places, with_performed
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class AvatarFirstOrLast(QuestionTemplate):
    """One avatar performs three of the four actions that are offered."""

    question_type = "Action Order"
    wordings = (
        "What is the {place} thing that {subject} does?",
        "Which action does {subject} perform {place}?",
        "Of all that {subject} does, what comes {place}?",
        "Watch {subject}: which of these does it do {place}?",
    )

    def option_sets(self, scene):
        return [ACTIONS]

    def script(self, answer, options, rng, scene):
        motions = rows_of(shortest(standing_motions(scene, 4)), 4, rng)
        offered = dict(zip(ACTIONS, motions, strict=True))
        others = [str(name) for name in rng.permutation([name for key, name in offered.items() if key != answer])][:2]
        place = str(rng.choice(["first", "last"]))
        beats = [offered[answer], *others] if place == "first" else [*others, offered[answer]]
        needed_s = room_s(*sorted((span_s(name) for name in motions), reverse=True)[:3])
        role = Role("subject", tuple(map(Beat, beats)), avatar=True, legs=2)
        return Script((role,), shots=None, room_s=needed_s, slots={**offered, "place": place})

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 3:
            raise Rejected("question", "the avatar does not perform three actions")
        pair = found[:2] if asked.slots["place"] == "first" else found[-2:]
        require_perceptible(paths, seen, *pair)
        rest_s = (pair[1].first - pair[0].last) / paths.fps
        value = [item.motion for item in found]
        return Evidence("actions in order", value, "", rest_s, "s", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        motion = evidence.value[0 if asked.slots["place"] == "first" else -1] if evidence.margin > MIN_REST_S else None
        return next((key for key in ACTIONS if asked.slots[key] == motion), None)

    def option_text(self, answer, slots):
        return f"it {spoken(slots[answer])}"

    def words(self, slots):
        return super().words(slots) | {"place": slots["place"]}

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def paired(self, spec, asked, answer):
        return with_performed(spec, asked, answer)

    def twin(self, spec, asked, answer, rng, scene):
        return changing_places(spec, asked.slots["subject"], asked.slots[asked.answer], asked.slots[answer]), "order"

    def reversed_in_time(self, asked):
        backwards = reversed_slots(asked, *ACTIONS)
        other = "last" if asked.slots["place"] == "first" else "first"
        return backwards and replace(backwards, slots={**backwards.slots, "place": other})
