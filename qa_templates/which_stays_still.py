"""Which object stays still?"""

from qa_templates.observation import performances, require_perceptible
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from qa_templates.which_object_does import OBJECTS, four_objects
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import recast


@QUESTIONS.register
class WhichStaysStill(QuestionTemplate):
    """Three of four objects move; the camera may move too, and then all of them shift in the picture."""

    question_type = "Motion-related Objects"
    shows = "stirs"
    wordings = (
        "Which object never moves?",
        "Of these four objects, three move at some time. Which one stays still?",
        "Which of the objects remains at rest, whatever the camera does?",
        "Which object keeps its place on the ground throughout?",
    )

    def option_sets(self, scene):
        return [OBJECTS]

    def script(self, answer, options, rng, scene):
        motions = {key: str(rng.choice(level_motions(scene))) for key in OBJECTS}
        roles = tuple(_role(key, Beat(motions[key]), still=key == answer) for key in OBJECTS)
        return Script(roles, shots=None, room_s=max(room_s(span_s(motion)) for motion in motions.values()))

    def measure(self, asked, paths, seen):
        names = tuple(asked.slots[key] for key in OBJECTS)
        acted = {name: performances(paths, name) for name in names}
        resting = [name for name in names if not acted[name]]
        if len(resting) != 1:
            raise Rejected("question", "not exactly one object stays still")
        margin_px = min(require_perceptible(paths, seen, *found) for found in acted.values() if found)
        return Evidence("object that stays still", resting[0], "", margin_px, "px above visible", (0, paths.num_frames - 1), names)

    def answer(self, evidence, asked):
        return next((key for key in OBJECTS if asked.slots[key] == evidence.value), None)

    def option_text(self, answer, slots):
        return f"the {slots[answer]}"

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        return recast(spec, asked.slots[asked.answer], asked.slots[answer], scene), "who"

    def notice(self, paths, rng, scene):
        names = four_objects(paths, rng)
        resting = [name for name in paths.names if not performances(paths, name)]
        if len(resting) != 1 or resting[0] not in names:
            return None
        return OBJECTS[names.index(resting[0])], dict(zip(OBJECTS, names, strict=True))


def _role(key: str, beat: Beat, *, still: bool) -> Role:
    """An object that moves, or one that stands as if it might, so that its place does not tell."""
    return Role(key, room_for=(beat,)) if still else Role(key, (beat,))
