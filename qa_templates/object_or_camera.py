"""Does the object move, or the camera?"""

from qa_templates.observation import camera_margin_px, camera_performances, performances, require_perceptible
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.cameras.move import CAMERA_MOVES
from scenes.filming import gentle_shot
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import redone, refilmed, stilled, suits

TEXTS = {
    "object": "only {subject} moves",
    "camera": "only the camera moves",
    "both": "both {subject} and the camera move",
    "neither": "neither {subject} nor the camera moves",
}


@QUESTIONS.register
class ObjectOrCamera(QuestionTemplate):
    """An object and a camera, each of which moves or rests."""

    question_type = "Camera Motion"
    wordings = (
        "What moves in this video, if anything: {subject}, the camera, or both?",
        "Do {subject} and the camera move, or are they at rest?",
        "Which is true of {subject} and the camera?",
        "Of {subject} and the camera, which moves during the video, if either does?",
    )

    def option_sets(self, scene):
        return [tuple(TEXTS)]

    def script(self, answer, options, rng, scene):
        motion = str(rng.choice(level_motions(scene)))
        shot = gentle_shot(rng)
        role = Role("subject", (Beat(motion),) if answer in ("object", "both") else (), room_for=(Beat(motion),))
        needed_s = max(room_s(span_s(motion)), room_s(CAMERA_MOVES[shot.move].seconds))  # whether or not they happen
        return Script((role,), (shot,) if answer in ("camera", "both") else (), room_s=needed_s)

    def measure(self, asked, paths, seen):
        subject = asked.slots["subject"]
        acted, filmed = performances(paths, subject), camera_performances(paths)
        margin_px = camera_margin_px(paths, filmed)
        if acted:
            margin_px = min(margin_px, require_perceptible(paths, seen, *acted))
        value = [len(acted), sum(item.key != "static" for item in filmed)]
        return Evidence("moves of object and camera", value, "", margin_px, "px from visible", (0, paths.num_frames - 1), (subject,))

    def answer(self, evidence, asked):
        acted, filmed = evidence.value
        return {(1, 1): "both", (1, 0): "object", (0, 1): "camera", (0, 0): "neither"}.get((min(acted, 1), min(filmed, 1)))

    def option_text(self, answer, slots):
        return TEXTS[answer].format(subject=f"the {slots['subject']}")

    def twins(self, answer, options):
        return tuple(key for key in options if key != answer)

    def twin(self, spec, asked, answer, rng, scene):
        """What begins to move takes the time of what ceases to."""
        subject = spec.object(asked.slots["subject"])
        like = next(iter(subject.actions or spec.camera.moves), None)
        if answer in ("object", "both") and not subject.actions:
            motion = str(rng.choice([name for name in level_motions(scene) if suits(name, subject)]))
            spec = redone(spec, subject.name, Beat(motion), rng, scene, like)
        elif answer not in ("object", "both"):
            spec = stilled(spec, subject.name)
        films = answer in ("camera", "both")
        if films != bool(spec.camera.moves):
            spec = refilmed(spec, gentle_shot(rng) if films else None, rng, scene, like=like)
        return spec, "what moves"
