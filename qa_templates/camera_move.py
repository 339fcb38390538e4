"""How does the camera move?"""

import itertools
from functools import cache

import numpy as np

from qa_templates.directions import travelling_motions
from qa_templates.observation import (
    camera_key,
    camera_keys,
    camera_margin_px,
    camera_performances,
    camera_phrase,
    flipped,
    mirrored_camera,
    reversed_camera,
)
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate, with_answers
from qa_templates.recognise_motion import level_motions
from scenes.cameras.move import CAMERA_MOVES
from scenes.rejection import Rejected
from scenes.script import Beat, Role, SceneOptions, Script, Shot, span_s
from scenes.timing import room_s
from scenes.twins import refilmed

WALK, WALKER_SHARE = "walk", 0.4  # of the clips in which an avatar goes past, and not an object
STATIC_SHARE = 0.03  # of the still clips in which it is asked as an extra question: most clips are still, and it would always be right


@QUESTIONS.register
class CameraMove(QuestionTemplate):
    """One camera move among those it is mistaken for, while objects may move as distractors."""

    question_type = "Camera Motion"
    wordings = (
        "How does the camera move?",
        "Which camera movement does this video show?",
        "What does the camera do?",
        "Which of these describes the motion of the camera?",
    )

    def option_sets(self, scene):
        ring = confusable_ring()
        return [tuple(ring[(start + step) % len(ring)] for step in range(4)) for start in range(len(ring))]

    def script(self, answer, options, rng, scene):
        move, sense = camera_keys()[answer]
        mover = _mover(_follows(answer), rng, scene)
        shots = () if answer == "static" else (Shot(move, sense),)
        spans = [span_s(mover.beats[0].motion), *(CAMERA_MOVES[camera_keys()[key][0]].seconds for key in options)]
        needed_s = max(room_s(span) for span in spans)
        ends_aimed = bool(rng.random() < 0.5) and not _follows(answer)
        return Script((mover,), shots, extras=level_motions(scene), room_s=needed_s, ends_aimed=ends_aimed)

    def measure(self, asked, paths, seen):
        found = camera_performances(paths)
        if len(found) != 1:
            raise Rejected("question", "the camera does not make exactly one move")
        if _follows(found[0].key) and not _follows(asked.answer):
            raise Rejected("question", "an object happens to go along with the camera")
        return Evidence("camera move", found[0].key, "", camera_margin_px(paths, found), "px from visible", (found[0].first, found[0].last))

    def answer(self, evidence, asked):
        return evidence.value

    def option_text(self, answer, slots):
        return f"the camera {camera_phrase(answer)}"

    def notice(self, paths, rng, scene):
        found = camera_performances(paths)
        if len(found) != 1 or (found[0].key == "static" and rng.random() > STATIC_SHARE):
            return None
        return found[0].key, {}

    def twins(self, answer, options):
        """The other direction, and the move that it is mistaken for, in the same direction."""
        return tuple(key for key in options if key in (flipped(answer), _mistaken(answer)) and key != answer)

    def twin_sets(self, scene):
        return twin_sets()

    def twin(self, spec, asked, answer, rng, scene):
        shot = Shot(*camera_keys()[answer])
        factor = "direction" if answer == flipped(asked.answer) else "camera move"
        return refilmed(spec, shot, rng, scene), factor

    def mirrored(self, asked):
        return with_answers(asked, mirrored_camera)

    def reversed_in_time(self, asked):
        return with_answers(asked, reversed_camera)


@cache
def twin_sets() -> tuple[tuple[str, ...], ...]:
    """Two moves that are mistaken for one another, in both directions; the others with two directions in twos."""
    signed = [name for name, move in CAMERA_MOVES.items() if set(move.directions) == {1, -1}]
    alike = {frozenset((name, other)) for name in signed if (other := _rival(name))}
    alone = [name for name in signed if not _rival(name)]
    pairs = [*sorted(sorted(pair) for pair in alike), *itertools.combinations(alone, 2)]
    return tuple(tuple(camera_key(name, sense) for sense in (1, -1) for name in pair) for pair in pairs)


def _rival(move: str) -> str:
    """The move that a move is mistaken for, if that is mutual; else ""."""
    other = CAMERA_MOVES[move].confusable
    return other if other and CAMERA_MOVES[other].confusable == move else ""


def _mistaken(key: str) -> str:
    """The key of a move's rival in the same sense; its own where there is none."""
    move, sense = camera_keys()[key]
    return camera_key(_rival(move), sense) if _rival(move) else key


def _follows(key: str) -> bool:
    return CAMERA_MOVES[camera_keys()[key][0]].follows


def _mover(watched: bool, rng: np.random.Generator, scene: SceneOptions) -> Role:
    """Someone or something that goes to another place, whatever the camera does: a tracking one follows it."""
    if rng.random() < WALKER_SHARE and WALK in scene.avatar_motion_names():
        return Role("", (Beat(WALK),), watched=watched, avatar=True, legs=2)
    return Role("", (Beat(str(rng.choice(travelling_motions(scene)))),), watched=watched)


@cache
def confusable_ring() -> tuple[str, ...]:
    """Every camera key once, with those that are mistaken for one another side by side.

    Sets of four neighbours on the ring are hard, and hold each key equally often. A move that may also be called by
    other names goes where those are out of its reach.
    """
    groups = _groups([name for name, move in CAMERA_MOVES.items() if not move.implies])
    ring = [key for group in groups for key in _interleaved(group)]
    for name in (name for name, move in CAMERA_MOVES.items() if move.implies):
        place = next(place for place in range(len(ring)) if not _within_reach(ring, place) & set(CAMERA_MOVES[name].implies))
        ring[place:place] = _interleaved([name])
    return tuple(ring)


def _groups(moves: list[str]) -> list[list[str]]:
    """Moves in chains, each followed by the one that it is mistaken for."""
    groups = []
    while moves:
        group = [moves.pop(0)]
        while (other := CAMERA_MOVES[group[-1]].confusable) in moves:
            group.append(other)
            moves.remove(other)
        groups.append(group)
    return groups


def _interleaved(group: list[str]) -> list[str]:
    """The keys of a group: all its moves in one sense, then all in the other."""
    keys = [key for key, (move, _) in camera_keys().items() if move in group]
    return sorted(keys, key=lambda key: (-camera_keys()[key][1], group.index(camera_keys()[key][0])))


def _within_reach(ring: list[str], place: int) -> set[str]:
    """The moves that would stand in one set with a key put in at a place."""
    return {camera_keys()[ring[(place + step) % len(ring)]][0] for step in range(-3, 3)}
