"""What is the shape of an object's way over the ground?"""

from qa_templates.observation import performances, require_perceptible, subsets
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.body_kinematics import BodyKinematics
from scenes.kinematics import Kinematics
from scenes.rejection import Rejected
from scenes.script import Beat, Role, SceneOptions, Script, span_s
from scenes.timing import room_s
from scenes.twins import redone

TEXTS = {
    "line": "a straight line",
    "spot": "none: it stays over one spot",
    "circle": "a circle",
    "eight": "a figure eight",
    "zigzag": "a zigzag line",
    "spiral": "a spiral",
    "hairpin": "a hairpin: out, round a bend, and back alongside",
    "to_and_fro": "the same straight line, there and back",
}
MOTIONS_OF = {
    "line": ("slide", "hop", "leap"),
    "spot": ("spin", "bounce", "pulse"),
    "circle": ("orbit",),
    "eight": ("figure_eight",),
    "zigzag": ("zigzag",),
    "spiral": ("spiral",),
    "hairpin": ("u_turn",),
    "to_and_fro": ("shuttle",),
}
STRAIGHT = ("line", "to_and_fro")  # a way there and back lies on a straight line too


@QUESTIONS.register
class PathShape(QuestionTemplate):
    """One object moves over the ground; what it does with its body on the way is left open."""

    question_type = "Motion Recognition"
    wordings = (
        "What is the shape of the path of {subject} over the ground?",
        "Over the ground, what path does {subject} take from start to end?",
        "Seen from above, which figure does {subject} trace, if any?",
        "Which of these describes the way of {subject} over the ground?",
    )

    def option_sets(self, scene):
        """Never both straight ones, and each shape in equally many: that leaves out one of them where other shapes are missing."""
        shapes = [shape for shape in TEXTS if _motions(shape, scene)]
        others = [shape for shape in shapes if shape not in STRAIGHT]
        if len(others) == len(TEXTS) - len(STRAIGHT) and set(STRAIGHT) <= set(shapes):
            return [(straight, *three) for straight in STRAIGHT for three in subsets(others, 3)]
        return subsets([*others, *[shape for shape in STRAIGHT if shape in shapes][:1]])

    def script(self, answer, options, rng, scene):
        beats = {shape: Beat(str(rng.choice(_motions(shape, scene)))) for shape in sorted(options)}
        needed_s = max(room_s(span_s(beat.motion)) for beat in beats.values())
        room_for = tuple(beats.values()) if answer == "spot" else ()  # else it would stand farther out than what goes some way
        role = Role("subject", (beats[answer],), room_for=room_for)
        return Script((role,), shots=None, extras=level_motions(scene), room_s=needed_s)

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 1:
            raise Rejected("question", "the object does not do exactly one thing")
        shape = ground_shape(found[0].measured)
        if shape is None:
            raise Rejected("question", "the path is not clearly one of its kind")
        margin_px = require_perceptible(paths, seen, *found)
        frames = (found[0].first, found[0].last)
        return Evidence("shape of the path", shape, "", margin_px, "px above visible", frames, (found[0].subject,))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return redone(spec, asked.slots["subject"], Beat(str(rng.choice(_motions(answer, scene)))), rng, scene), "path"

    def notice(self, paths, rng, scene):
        name = str(rng.choice(paths.names))
        found = performances(paths, name)
        shape = ground_shape(found[0].measured) if len(found) == 1 else None
        return (shape, {"subject": name}) if shape and _motions(shape, scene) else None


def ground_shape(measured: Kinematics | BodyKinematics) -> str | None:
    """The shape of a path over the ground, one of `TEXTS`; None where it is none of them, or not clearly one.

    Of a body with limbs, whose middle sways as it walks, it is not told.
    """
    if isinstance(measured, BodyKinematics):
        return None
    closed = measured.displacement_m < 0.03 and measured.length_m > 0.4
    slim = measured.width_m < 0.1 * measured.length_m
    away = measured.displacement_m > 0.3
    shapes = {
        "spot": measured.on_the_spot,
        "line": away and measured.straightness > 0.99,
        "circle": closed and measured.width_m > 0.8 * measured.length_m and abs(measured.laps) > 0.9,
        "eight": closed and 0.2 < measured.width_m / measured.length_m < 0.75 and measured.reversals_along > 1,
        "zigzag": away and measured.reversals_along == 0 and measured.reversals_across > 1,
        "spiral": abs(measured.path_turns) > 1.2 and measured.outward > 0.9,
        "hairpin": away and 0.45 < abs(measured.path_turns) < 0.55 and measured.reversals_along == 1,
        "to_and_fro": closed and slim and measured.reversals_along > 0,
    }
    found = [shape for shape, holds in shapes.items() if holds]
    return found[0] if len(found) == 1 else None


def _motions(shape: str, scene: SceneOptions) -> list[str]:
    """The motions with a path of that shape that a scene may use."""
    return [name for name in MOTIONS_OF[shape] if name in scene.motion_names()]
