"""What does an object do right after, or right before, another action?"""

from dataclasses import replace

from qa_templates.observation import MIN_REST_S, performances, require_perceptible, reversed_motion, spread
from qa_templates.question import QUESTIONS, Asked, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import reordered
from scenes.types import SceneSpec

ACTIONS = ("motion_0", "motion_1", "motion_2", "motion_3")


@QUESTIONS.register
class WhatFollows(QuestionTemplate):
    """One object performs several actions; the options are its other actions, and one or two that it does not perform."""

    question_type = "Action Order"
    wordings = (
        "What does {subject} do right {relation} it {motion_verb}?",
        "Which action of {subject} comes directly {relation} the one in which it {motion_verb}?",
        "Directly {relation} {subject} {motion_verb}, what does it do?",
        "{subject} {motion_verb}. What does it do immediately {relation} that?",
    )

    def option_sets(self, scene):
        return [ACTIONS]

    def script(self, answer, options, rng, scene):
        motions = [str(name) for name in rng.permutation(level_motions(scene, 5))[:5]]
        anchor, offered = motions[0], dict(zip(ACTIONS, motions[1:], strict=True))
        performed = self._performed(answer, offered, rng, scene)
        beats = tuple(Beat(name) for name in self._arranged(anchor, offered[answer], performed, rng))
        relation = "after" if beats.index(Beat(anchor)) < beats.index(Beat(offered[answer])) else "before"
        needed_s = room_s(*(span_s(beat.motion) for beat in beats))
        return Script(
            (Role("subject", beats),),
            shots=None,
            round=any(MOTIONS[name].rolls for name in motions),
            room_s=needed_s,
            slots={**offered, "motion": anchor, "relation": relation},
        )

    def _performed(self, answer, offered, rng, scene):
        """Other actions to perform: two where the clip is long enough, else one."""
        others = [str(name) for name in rng.permutation([name for key, name in offered.items() if key != answer])]
        slowest_s = max(span_s(name)[0] for name in level_motions(scene))
        return others[: 2 if scene.duration[1] >= room_s(*[(slowest_s, slowest_s)] * 4) else 1]

    def _arranged(self, anchor, follower, others, rng):
        """Anchor and answer side by side in either order, the others around them."""
        pair = [anchor, follower] if rng.random() < 0.5 else [follower, anchor]
        cut = int(rng.integers(len(others) + 1))
        return [*others[:cut], *pair, *others[cut:]]

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        anchors = [place for place, item in enumerate(found) if item.motion == asked.slots["motion"]]
        beside = anchors[0] + (1 if asked.slots["relation"] == "after" else -1) if len(anchors) == 1 else -1
        if not 0 <= beside < len(found):
            raise Rejected("question", "nothing comes directly beside the action")
        pair = sorted([found[anchors[0]], found[beside]], key=lambda item: item.first)
        require_perceptible(paths, seen, *pair)
        rest_s = (pair[1].first - pair[0].last) / paths.fps
        value = [item.motion for item in found]
        return Evidence("actions in order", value, "", rest_s, "s", spread(pair), (found[0].subject,))

    def answer(self, evidence, asked):
        place = evidence.value.index(asked.slots["motion"]) + (1 if asked.slots["relation"] == "after" else -1)
        motion = evidence.value[place] if evidence.margin > MIN_REST_S else None
        return next((key for key in ACTIONS if asked.slots[key] == motion), None)

    def option_text(self, answer, slots):
        return f"it {MOTIONS[slots[answer]].verb}"

    def words(self, slots):
        return super().words(slots) | {"relation": slots["relation"]}

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return changing_places(spec, asked.slots["subject"], asked.slots[asked.answer], asked.slots[answer]), "order"

    def paired(self, spec, asked, answer):
        return with_performed(spec, asked, answer)

    def reversed_in_time(self, asked):
        slots = dict(asked.slots)
        backwards = {key: reversed_motion(slots[key]) for key in (*ACTIONS, "motion")}
        if None in backwards.values() or len(set(backwards.values())) != len(backwards):
            return None
        return replace(asked, slots=slots | backwards | {"relation": "before" if slots["relation"] == "after" else "after"})


def changing_places(spec: SceneSpec, subject: str, one: str, other: str, *, in_step: bool = False) -> SceneSpec:
    """Two actions of an object, by the names of their motions, change places in the row of all. Raises Rejected for want of either."""
    motions = [action.name for action in spec.object(subject).actions]
    if not {one, other} <= set(motions):
        raise Rejected("staging", "an action of the twin is not performed")
    order = list(range(len(motions)))
    order[motions.index(one)], order[motions.index(other)] = motions.index(other), motions.index(one)
    return reordered(spec, subject, order, in_step=in_step)


def with_performed(spec: SceneSpec, asked: Asked, answer: str, subject: str = "subject") -> Asked:
    """The question of a pair: the action that the twin's answer names is one that is performed, beside the first clip's answer.

    Which of the offered actions has which key means nothing, so two of the keys are exchanged where it is not.
    """
    done = [action.name for action in spec.object(asked.slots[subject]).actions]
    performed = [key for key in ACTIONS if asked.slots[key] in done and key != asked.answer]
    if answer in performed or not performed:
        return asked
    other = performed[0]
    return replace(asked, slots={**asked.slots, answer: asked.slots[other], other: asked.slots[answer]})
