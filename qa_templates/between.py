"""What does an object do between two other actions?"""

from dataclasses import replace

from qa_templates.observation import MIN_REST_S, performances, require_perceptible, reversed_motion, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from qa_templates.what_follows import ACTIONS, changing_places, with_performed
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s


@QUESTIONS.register
class Between(QuestionTemplate):
    """One object performs an action between two others; where there is room, one more of those offered comes before or after."""

    question_type = "Action Order"
    wordings = (
        "{subject} {motion_before_verb} and later {motion_after_verb}. What does it do between the two?",
        "What does {subject} do after it {motion_before_verb} and before it {motion_after_verb}?",
        "Which action of {subject} lies between two others: it {motion_before_verb} before, and it {motion_after_verb} after?",
        "First {subject} {motion_before_verb}, in the end it {motion_after_verb}. What does it do in between?",
    )

    def option_sets(self, scene):
        return [ACTIONS]

    def script(self, answer, options, rng, scene):
        names = [str(name) for name in rng.permutation(level_motions(scene, 6))[:6]]
        before, after, offered = names[0], names[1], dict(zip(ACTIONS, names[2:], strict=True))
        beats = [Beat(before), Beat(offered[answer]), Beat(after)]
        other = Beat(offered[str(rng.choice([key for key in ACTIONS if key != answer]))])
        place, spans = int(rng.choice([0, 3])), sorted(span_s(name) for name in offered.values())
        needed_s = room_s(span_s(before), span_s(after), *spans[-2:])  # whichever of them are performed
        if needed_s <= scene.duration[1]:
            beats.insert(place, other)
        else:
            needed_s = room_s(span_s(before), span_s(after), spans[-1])
        slots = {**offered, "motion_before": before, "motion_after": after}
        rolling = any(MOTIONS[name].rolls for name in names)
        return Script((Role("subject", tuple(beats)),), shots=None, round=rolling, room_s=needed_s, slots=slots)

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        value = [item.motion for item in found]
        ends = [asked.slots["motion_before"], asked.slots["motion_after"]]
        if [value.count(name) for name in ends] != [1, 1] or value.index(ends[1]) != value.index(ends[0]) + 2:
            raise Rejected("question", "not exactly one action lies between the two")
        shown = found[value.index(ends[0]) : value.index(ends[1]) + 1]
        require_perceptible(paths, seen, *shown)
        rest_s = min(shown[1].first - shown[0].last, shown[2].first - shown[1].last) / paths.fps
        return Evidence("actions in order", value, "", rest_s, "s", spread(shown), (found[0].subject,))

    def answer(self, evidence, asked):
        motion = evidence.value[evidence.value.index(asked.slots["motion_before"]) + 1] if evidence.margin > MIN_REST_S else None
        return next((key for key in ACTIONS if asked.slots[key] == motion), None)

    def option_text(self, answer, slots):
        return f"it {MOTIONS[slots[answer]].verb}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def paired(self, spec, asked, answer):
        return with_performed(spec, asked, answer)

    def twin(self, spec, asked, answer, rng, scene):
        return changing_places(spec, asked.slots["subject"], asked.slots[asked.answer], asked.slots[answer]), "order"

    def reversed_in_time(self, asked):
        backwards = {key: reversed_motion(asked.slots[key]) for key in (*ACTIONS, "motion_before", "motion_after")}
        if None in backwards.values() or len(set(backwards.values())) != len(backwards):
            return None
        ends = {"motion_before": backwards["motion_after"], "motion_after": backwards["motion_before"]}
        return replace(asked, slots={**asked.slots, **backwards, **ends})
