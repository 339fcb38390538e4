"""How many times does the camera make a move?"""

import numpy as np

from qa_templates.count_cycles import times
from qa_templates.directions import travelling_motions
from qa_templates.observation import camera_keys, camera_margin_px, camera_performances
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, Shot
from scenes.timing import room_s

HIGHEST = 4
SECONDS = (0.8, 1.5)
SMALLEST = 0.3  # of the moves, as a share of the largest
DRAWS = 512  # of rows of moves, of which about one in twelve or more fits
BASES = {
    "pan": "pan, to the left or to the right",
    "tilt": "tilt, up or down",
    "roll": "roll, one way or the other",
    "truck": "slide sideways, to the left or to the right",
    "pedestal": "rise or sink",
    "zoom": "zoom, in or out",
}


@QUESTIONS.register
class CameraCount(QuestionTemplate):
    """The camera makes one kind of move some number of times, either way, with a rest after each.

    Where all of them together leave it is drawn first: first and last frame do not tell an odd number from an even one.
    """

    question_type = "Repetition Count"
    shows = "camera"
    wordings = (
        "How many times does the camera {base}?",
        "Count the moves of the camera: how often does it {base}?",
        "How often does the camera {base}, each way counted?",
        "With each move counted by itself, how many times does the camera {base}?",
    )

    def option_sets(self, scene):
        return [tuple(str(number) for number in range(1, HIGHEST + 1))]

    def script(self, answer, options, rng, scene):
        move = str(rng.choice(sorted(BASES)))
        shots = tuple(Shot(move, int(np.sign(size)), seconds=SECONDS, reach=abs(size)) for size in _sizes(int(answer), rng))
        mover = Role("", (Beat(str(rng.choice(travelling_motions(scene)))),), watched=False)
        return Script((mover,), shots, extras=level_motions(scene), room_s=room_s(*[SECONDS] * HIGHEST), slots={"move": move})

    def measure(self, asked, paths, seen):
        found = camera_performances(paths)
        if any(camera_keys()[item.key][0] != asked.slots["move"] for item in found):
            raise Rejected("question", "the camera makes another move")
        frames = (found[0].first, found[-1].last)
        return Evidence("camera moves", len(found), "moves", camera_margin_px(paths, found), "px from visible", frames)

    def answer(self, evidence, asked):
        return str(evidence.value)

    def option_text(self, answer, slots):
        return times(int(answer))

    def words(self, slots):
        return {"base": BASES[slots["move"]]}


def _sizes(number: int, rng: np.random.Generator) -> list[float]:
    """Signed sizes of moves, the largest being 1, that add up to the size of a single one, and never go farther than one."""
    net = rng.uniform(SMALLEST, 1.0) * rng.choice([-1, 1])
    others = rng.uniform(SMALLEST, 1.0, (DRAWS, number - 1)) * rng.choice([-1, 1], (DRAWS, number - 1))
    rows = np.concatenate([others, net - others.sum(axis=1, keepdims=True)], axis=1)
    last, farthest = np.abs(rows[:, -1]), np.abs(rows.cumsum(axis=1)).max(axis=1)
    fits = (last >= SMALLEST) & (last <= 1.0) & (farthest <= 1.0)
    return [round(float(size), 4) for size in rows[np.argmax(fits)]]
