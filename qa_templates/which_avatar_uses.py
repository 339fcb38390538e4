"""Which avatar uses its left, or its right?"""

from dataclasses import replace

from qa_templates.avatar_actions import SIDES, said, sided_motions
from qa_templates.observation import only_performance, require_perceptible, reversed_motion
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round

AVATARS = ("object_0", "object_1", "object_2", "object_3")


@QUESTIONS.register
class WhichAvatarUses(QuestionTemplate):
    """Four avatars do the same, three of them with the other side of the body."""

    question_type = "Motion-related Objects"
    wordings = (
        "Which figure {deed}?",
        "All figures do the same, but which one {deed}?",
        "Left and right being their own, who {deed}?",
        "One of the figures {deed}. Which one?",
    )

    def option_sets(self, scene):
        return [AVATARS]

    def script(self, answer, options, rng, scene):
        motion, side = str(rng.choice(sided_motions(scene))), str(rng.choice(sorted(SIDES)))
        roles = tuple(Role(key, (Beat(motion, sense=SIDES[side] * (1 if key == answer else -1)),), avatar=True, legs=2) for key in AVATARS)
        return Script(roles, room_s=room_s(span_s(motion)), slots={"motion": motion, "side": side})

    def measure(self, asked, paths, seen):
        names = [asked.slots[key] for key in AVATARS]
        acted = [only_performance(paths, name) for name in names]
        found = [item for item in acted if (item.motion, item.sense) == (asked.slots["motion"], SIDES[asked.slots["side"]])]
        if len(found) != 1:
            raise Rejected("question", "not exactly one avatar uses that side")
        margin_px = require_perceptible(paths, seen, *acted)
        frames = (found[0].first, found[0].last)
        return Evidence("avatar that uses the side", found[0].subject, "", margin_px, "px above visible", frames, tuple(names))

    def answer(self, evidence, asked):
        return next((key for key in AVATARS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def words(self, slots):
        return {"deed": said(slots["motion"], SIDES[slots["side"]])}

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        """The two change sides."""
        return turned_round(turned_round(spec, asked.slots[asked.answer]), asked.slots[answer]), "who"

    def mirrored(self, asked):
        return replace(asked, slots={**asked.slots, "side": "left" if asked.slots["side"] == "right" else "right"})

    def reversed_in_time(self, asked):
        return asked if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None
