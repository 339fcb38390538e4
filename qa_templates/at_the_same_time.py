"""What does one object do while another performs a certain action?"""

from dataclasses import replace

from qa_templates.observation import MIN_REST_S, Performance, performances, require_perceptible, reversed_motion, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from qa_templates.what_follows import ACTIONS, changing_places, with_performed
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s

MIN_SHARED = 0.5  # of an action, during which the other one happens


@QUESTIONS.register
class AtTheSameTime(QuestionTemplate):
    """Two objects keep step: each action of one starts with an action of the other."""

    question_type = "Action Order"
    wordings = (
        "What does {subject} do while {other} {motion_verb}?",
        "At the same time as {other} {motion_verb}, what is {subject} doing?",
        "{other} {motion_verb}. What does {subject} do meanwhile?",
        "Which action of {subject} takes place while {other} {motion_verb}?",
    )

    def option_sets(self, scene):
        return [ACTIONS]

    def script(self, answer, options, rng, scene):
        names = [str(name) for name in rng.permutation(level_motions(scene, 5))]
        anchor, offered, rest = names[0], dict(zip(ACTIONS, names[1:5], strict=True)), names[1:]
        others = [offered[str(key)] for key in rng.permutation([key for key in ACTIONS if key != answer])]
        company = [str(name) for name in rng.permutation(rest)]
        slowest_s = max(span_s(name)[0] for name in names[:5] + company[:2])
        steps = 3 if room_s(*[(slowest_s, slowest_s)] * 3) <= scene.duration[1] else 2
        place = int(rng.integers(steps))
        rows = [[*others[: steps - 1]], [*company[: steps - 1]]]
        for row, name in zip(rows, (offered[answer], anchor), strict=True):
            row.insert(place, name)
        roles = tuple(Role(key, tuple(Beat(name) for name in row)) for key, row in zip(("subject", "other"), rows, strict=True))
        rolling = any(MOTIONS[name].rolls for name in (*names[:5], *company[:2]))
        needed_s = room_s(*[(slowest_s, slowest_s)] * steps)
        return Script(roles, round=rolling, room_s=needed_s, slots={**offered, "motion": anchor}, in_step=True)

    def measure(self, asked, paths, seen):
        anchors = [item for item in performances(paths, asked.slots["other"]) if item.motion == asked.slots["motion"]]
        if len(anchors) != 1:
            raise Rejected("question", "the other object does not do it exactly once")
        acted = performances(paths, asked.slots["subject"])
        chosen = [item for item in acted if _shared(item, anchors[0]) > MIN_SHARED]
        if len(chosen) != 1:
            raise Rejected("question", "not exactly one action happens at the same time")
        require_perceptible(paths, seen, anchors[0], chosen[0])
        gaps = [max(item.first - anchors[0].last, anchors[0].first - item.last) for item in acted if item is not chosen[0]]
        apart_s = min(gaps, default=paths.num_frames) / paths.fps
        subjects = (chosen[0].subject, anchors[0].subject)
        return Evidence("action at the same time", chosen[0].motion, "", apart_s, "s", spread([anchors[0], chosen[0]]), subjects)

    def answer(self, evidence, asked):
        motion = evidence.value if evidence.margin > MIN_REST_S else None
        return next((key for key in ACTIONS if asked.slots[key] == motion), None)

    def option_text(self, answer, slots):
        return f"it {MOTIONS[slots[answer]].verb}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def paired(self, spec, asked, answer):
        return with_performed(spec, asked, answer)

    def twin(self, spec, asked, answer, rng, scene):
        return changing_places(spec, asked.slots["subject"], asked.slots[asked.answer], asked.slots[answer], in_step=True), "order"

    def reversed_in_time(self, asked):
        backwards = {key: reversed_motion(asked.slots[key]) for key in (*ACTIONS, "motion")}
        if None in backwards.values() or len(set(backwards.values())) != len(backwards):
            return None
        return replace(asked, slots={**asked.slots, **backwards})


def _shared(item: Performance, other: Performance) -> float:
    """The share of the shorter one of two actions in which both happen."""
    together = min(item.last, other.last) - max(item.first, other.first)
    return together / min(item.last - item.first, other.last - other.first)
