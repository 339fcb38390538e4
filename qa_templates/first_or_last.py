"""What is the first, or the last, thing that an object does?"""

from dataclasses import replace

from qa_templates.observation import MIN_REST_S, performances, require_perceptible, reversed_motion, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, spoken
from qa_templates.recognise_motion import level_motions
from qa_templates.what_follows import ACTIONS, changing_places, with_performed
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s

OTHER_PLACE = {"first": "last", "last": "first"}


@QUESTIONS.register
class FirstOrLast(QuestionTemplate):
    """One object performs three of the four actions that are offered."""

    question_type = "Action Order"
    wordings = (
        "What is the {place} thing that {subject} does?",
        "Which action does {subject} perform {place}?",
        "Of all that {subject} does, what comes {place}?",
        "{subject} does several things. What does it do {place}?",
    )

    def option_sets(self, scene):
        return [ACTIONS]

    def script(self, answer, options, rng, scene):
        place = str(rng.choice(list(OTHER_PLACE)))
        offered = dict(zip(ACTIONS, self._motions(rng, scene), strict=True))
        beats = [Beat(offered[key]) for key in rng.permutation([key for key in ACTIONS if key != answer])[:2]]
        beats.insert(0 if place == "first" else 2, Beat(offered[answer]))
        needed_s = room_s(*sorted(span_s(name) for name in offered.values())[-3:])  # whichever of them are performed
        rolling = any(MOTIONS[name].rolls for name in offered.values() if name in MOTIONS)
        return Script((self._role(tuple(beats)),), shots=None, round=rolling, room_s=needed_s, slots={**offered, "place": place})

    def _motions(self, rng, scene):
        """Four to offer, three of which are performed."""
        return [str(name) for name in rng.permutation(level_motions(scene, 4))[:4]]

    def _role(self, beats):
        return Role("subject", beats)

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 3:
            raise Rejected("question", "the subject does not do three things")
        require_perceptible(paths, seen, *found)
        pair = found[:2] if asked.slots["place"] == "first" else found[-2:]
        rest_s = (pair[1].first - pair[0].last) / paths.fps
        value = [item.motion for item in found]
        return Evidence("actions in order", value, "", rest_s, "s", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        motion = evidence.value[0 if asked.slots["place"] == "first" else -1] if evidence.margin > MIN_REST_S else None
        if evidence.value.count(motion) != 1:
            return None
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
        backwards = {key: reversed_motion(asked.slots[key]) for key in ACTIONS}
        if None in backwards.values() or len(set(backwards.values())) != len(backwards):
            return None
        return replace(asked, slots={**asked.slots, **backwards, "place": OTHER_PLACE[asked.slots["place"]]})
