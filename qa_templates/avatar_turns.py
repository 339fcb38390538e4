"""Which way does an avatar turn?"""

from qa_templates.avatar_actions import side_of
from qa_templates.observation import performances, require_perceptible, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.which_side import MIRRORED, differing
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round
from scenes.types import require

WAYS = ("left", "right", "left_right", "right_left")
TURNING = ("turn", "spin_around")
TEXTS = {
    "left": "to its own left, both times",
    "right": "to its own right, both times",
    "left_right": "first to its left, then to its right",
    "right_left": "first to its right, then to its left",
}
REVERSED = {"left": "right", "right": "left", "left_right": "left_right", "right_left": "right_left"}


@QUESTIONS.register
class AvatarTurns(QuestionTemplate):
    """One avatar turns on the spot twice: the same way, or to and fro."""

    question_type = "Motion Recognition"
    wordings = (
        "Which way does {subject} turn on the spot?",
        "{subject} turns twice. To which side of its own body?",
        "Seen from where {subject} stands itself, how does it turn?",
        "In which direction, as {subject} itself would say, does it turn?",
    )

    def option_sets(self, scene):
        return [WAYS]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(self._turning(scene)))
        ways = answer.split("_") * (1 if "_" in answer else 2)
        beats = tuple(Beat(motion, sense=1 if way == "left" else -1) for way in ways)
        role = Role("subject", beats, avatar=True, any_facing=True)
        return Script((role,), shots=None, room_s=room_s(span_s(motion), span_s(motion)))

    def _turning(self, scene):
        turning = [name for name in TURNING if name in scene.avatar_motion_names()]
        fitting = [name for name in turning if room_s(span_s(name), span_s(name)) <= scene.duration[1]]
        require(bool(turning), "scene.avatar_motions", list(scene.avatar_motions), f"at least one of {', '.join(TURNING)}, or none for all")
        return fitting or turning

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 2 or any(item.motion not in TURNING for item in found):
            raise Rejected("question", "the avatar does not turn twice")
        margin_px = require_perceptible(paths, seen, *found)
        ways = [side_of(item) for item in found]
        value = ways[0] if ways[0] == ways[1] else "_".join(ways)
        return Evidence("way of turning", value, "", margin_px, "px above visible", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        """One of the two times it turns the other way."""
        return tuple(key for key in options if len(differing(answer, key)) == 1)

    def twin(self, spec, asked, answer, rng, scene):
        (place,) = differing(asked.answer, answer)
        return turned_round(spec, asked.slots["subject"], place), "direction"

    def mirrored(self, asked):
        return with_answers(asked, MIRRORED.__getitem__)

    def reversed_in_time(self, asked):
        return with_answers(asked, REVERSED.__getitem__)
