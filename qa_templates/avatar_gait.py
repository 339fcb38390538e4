"""Which way, as its own body sees it, does an avatar go?"""

from qa_templates.directions import short_reach
from qa_templates.observation import only_performance, require_perceptible
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from scenes.script import Beat, Role, SceneOptions, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round

GAITS = {"forward": ("walk", 1), "backward": ("walk", -1), "left": ("sidestep", 1), "right": ("sidestep", -1)}
TEXTS = {
    "forward": "forward, where it faces",
    "backward": "backward, behind itself",
    "left": "sideways, to its own left",
    "right": "sideways, to its own right",
}
MIRRORED = {"forward": "forward", "backward": "backward", "left": "right", "right": "left"}
REVERSED = {"forward": "backward", "backward": "forward", "left": "right", "right": "left"}


@QUESTIONS.register
class AvatarGait(QuestionTemplate):
    """One avatar walks forward, backward or sideways; where it goes in the picture is drawn apart from that."""

    question_type = "Location-related Motion"
    wordings = (
        "In which direction does {subject} move, relative to the way it faces?",
        "As seen from {subject} itself, which way does it go?",
        "How does {subject} travel with respect to its own body?",
        "Judged by where its face looks, {subject} moves…",
    )

    def option_sets(self, scene):
        return [tuple(GAITS)]

    def script(self, answer, options, rng, scene):
        motion, sense = GAITS[answer]
        heading = str(rng.choice(["left", "right", "towards", "away"]))
        needed_s = max(room_s(span_s(name)) for name, _ in GAITS.values())
        role = Role("subject", (Beat(motion, sense=sense, heading=heading, reach=gait_reach(motion, scene)),), avatar=True, legs=2)
        return Script((role,), shots=None, room_s=needed_s)

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        margin_px = require_perceptible(paths, seen, found)
        value = next((way for way, gait in GAITS.items() if gait == (found.motion, found.sense)), None)
        return Evidence("way of going", value, "", margin_px, "px above visible", (found.first, found.last), (found.subject,))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        return (REVERSED[answer],)

    def twin(self, spec, asked, answer, rng, scene):
        return turned_round(spec, asked.slots["subject"]), "direction"

    def mirrored(self, asked):
        return with_answers(asked, MIRRORED.__getitem__)

    def reversed_in_time(self, asked):
        return with_answers(asked, REVERSED.__getitem__)


def gait_reach(motion: str, scene: SceneOptions) -> float:
    """Of a gait, so that all of them lead about equally far; sidesteps are short as they are."""
    return 1.0 if motion == "sidestep" else short_reach(motion, scene)
