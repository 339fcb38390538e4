"""With which side of its body does an avatar act?"""

from qa_templates.avatar_actions import fitting, side_of, sided_motions
from qa_templates.observation import performances, require_perceptible, reversed_motion, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import turned_round

SIDES = ("left", "right", "left_right", "right_left")
TEXTS = {
    "left": "with its own left one only",
    "right": "with its own right one only",
    "left_right": "first with its left one, then with its right one",
    "right_left": "first with its right one, then with its left one",
}
MIRRORED = {"left": "right", "right": "left", "left_right": "right_left", "right_left": "left_right"}
REVERSED = {"left": "left", "right": "right", "left_right": "right_left", "right_left": "left_right"}


@QUESTIONS.register
class WhichSide(QuestionTemplate):
    """One avatar performs a one-sided motion twice: with the same side, or with one after the other."""

    question_type = "Motion Recognition"
    wordings = (
        "{subject} {motion_verb}, twice over. With which one each time?",
        "Think of the body of {subject} itself: with its left or its right does it {motion}?",
        "From the point of view of {subject}, with which side of the body does it {motion}?",
        "{subject} {motion_verb}, and then again. Which of its own sides does it use?",
    )

    def option_sets(self, scene):
        return [SIDES]

    def script(self, answer, options, rng, scene):
        motions = fitting(sided_motions(scene), self._needed_s, scene.duration[1])
        motion = str(rng.choice(motions))
        sides = answer.split("_") * (1 if "_" in answer else 2)
        beats = tuple(Beat(motion, sense=1 if side == "left" else -1) for side in sides)
        return Script((Role("subject", beats, avatar=True, legs=2),), shots=None, room_s=self._needed_s(motion), slots={"motion": motion})

    def _needed_s(self, motion):
        return room_s(span_s(motion), span_s(motion))

    def measure(self, asked, paths, seen):
        found = performances(paths, asked.slots["subject"])
        if len(found) != 2 or any(item.motion != asked.slots["motion"] for item in found):
            raise Rejected("question", "the avatar does not perform the motion twice")
        margin_px = require_perceptible(paths, seen, *found)
        sides = [side_of(item) for item in found]
        value = sides[0] if sides[0] == sides[1] else "_".join(sides)
        return Evidence("side of the body", value, "", margin_px, "px above visible", spread(found), (found[0].subject,))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return TEXTS[answer]

    def twins(self, answer, options):
        """One of the two times it is the other side."""
        return tuple(key for key in options if len(differing(answer, key)) == 1)

    def twin(self, spec, asked, answer, rng, scene):
        (place,) = differing(asked.answer, answer)
        return turned_round(spec, asked.slots["subject"], place), "side"

    def mirrored(self, asked):
        return with_answers(asked, MIRRORED.__getitem__)

    def reversed_in_time(self, asked):
        return with_answers(asked, REVERSED.__getitem__) if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None


def differing(answer: str, other: str) -> list[int]:
    """In which of the two times two answers differ: "left" is left both times."""
    times = [key.split("_") * (1 if "_" in key else 2) for key in (answer, other)]
    return [place for place, (one, two) in enumerate(zip(*times, strict=True)) if one != two]
