"""What does an object do?"""

from qa_templates.observation import only_performance, require_perceptible, reversed_motion, subsets
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from scenes.motions.motion import MOTIONS
from scenes.script import Beat, Role, SceneOptions, Script, performed, span_s
from scenes.timing import room_s
from scenes.twins import redone
from scenes.types import require


@QUESTIONS.register
class RecogniseMotion(QuestionTemplate):
    """One object performs one motion; the others are motions that it might have performed."""

    question_type = "Motion Recognition"
    wordings = (
        "What does {subject} do?",
        "Which of these describes the motion of {subject}?",
        "How does {subject} move in this video?",
        "Watch {subject}. What is its motion?",
    )

    def option_sets(self, scene):
        """Motions in the air stand with their like, so that hovering in the first frame tells nothing."""
        names = scene.motion_names()
        in_air = [name for name in names if MOTIONS[name].airborne]
        return subsets(in_air) + subsets(name for name in names if name not in in_air)

    def script(self, answer, options, rng, scene):
        repeats = int(rng.integers(2, 4))
        while repeats > 1 and self._needed_s(options, repeats) > scene.duration[1]:
            repeats -= 1
        role = Role("subject", (repeated(answer, repeats),), hovers=MOTIONS[answer].airborne)
        shape = any(MOTIONS[name].rolls for name in options)
        return Script((role,), shots=None, round=shape, extras=level_motions(scene), room_s=self._needed_s(options, repeats))

    def _needed_s(self, options, repeats):
        return max(room_s(span_s(beat.motion, beat.times)) for beat in (repeated(name, repeats) for name in options))

    def measure(self, asked, paths, seen):
        found = only_performance(paths, asked.slots["subject"])
        margin_px = require_perceptible(paths, seen, found)
        return Evidence("motion", found.motion, "", margin_px, "px above visible", (found.first, found.last), (found.subject,))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return f"it {MOTIONS[answer].verb}"

    def notice(self, paths, rng, scene):
        name = str(rng.choice(paths.names))
        found = only_performance(paths, name)
        return (found.motion, {"subject": name}) if found.motion in scene.motion_names() else None

    def twins(self, answer, options):
        """Any of the others; where a flat base is needed no other shape will do."""
        flat = any(MOTIONS[key].flat_base for key in options)
        return () if flat else tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        repeats = int(rng.integers(2, 4))
        return redone(spec, asked.slots["subject"], repeated(answer, repeats), rng, scene), "motion"

    def reversed_in_time(self, asked):
        return with_answers(asked, lambda name: reversed_motion(name) or "") if reversed_motion(asked.answer) else None


def repeated(motion: str, repeats: int) -> Beat:
    """A motion of an object or an avatar, repeated where that can be counted, and as often as it must be to be clear."""
    kind = performed(motion)
    return Beat(motion, max(repeats, kind.least_cycles) if kind.countable else None)


def level_motions(scene: SceneOptions, least: int = 1) -> tuple[str, ...]:
    """Motions that end at the height at which they began, so that they can follow one another in any order.

    Raises:
        ValueError: the scene options allow fewer than ``least`` of them.
    """
    level = tuple(name for name in scene.motion_names() if MOTIONS[name].net_height == 0)
    allowed = f"at least {least} of {', '.join(name for name in MOTIONS if MOTIONS[name].net_height == 0)}, or none for all"
    require(len(level) >= least, "scene.motions", list(scene.motions), allowed)
    return level
