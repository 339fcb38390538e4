"""What avatars do, as answer keys and words: the ground that the questions about avatars stand on.

A key is the name of an avatar motion, with its sense where the question speaks of it: "wave", "wave_left", "walk_backward".
"""

from __future__ import annotations

from dataclasses import replace

from qa_templates.observation import Performance, reversed_motion
from qa_templates.question import Asked
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarMotion
from scenes.script import SceneOptions, span_s
from scenes.types import require

SIDES = {"left": 1, "right": -1}


def standing_motions(scene: SceneOptions, least: int = 1, *, legs: int = 2) -> tuple[str, ...]:
    """Motions that begin and end standing, none of which may be called by the name of another; they can follow one another.

    Raises:
        ValueError: the scene options allow fewer than ``least`` of them.
    """
    return _allowed(scene, least, lambda kind: kind.ends in ("", "standing"), legs)


def opening_motions(scene: SceneOptions, least: int = 4, *, legs: int = 2) -> tuple[str, ...]:
    """Motions that begin standing, whatever they end in. Raises ValueError as `standing_motions` does."""
    return _allowed(scene, least, lambda kind: True, legs)


def countable_motions(scene: SceneOptions, cycles: int, *, sided: bool = False, least: int = 1) -> tuple[str, ...]:
    """Standing motions that can be counted up to ``cycles``; ``sided``: those of one side of the body alone. Raises ValueError."""

    def wanted(kind: type[AvatarMotion]) -> bool:
        return kind.countable and kind.max_cycles >= cycles and kind.ends in ("", "standing") and (kind.sided or not sided)

    return _allowed(scene, least, wanted, 2)


def sided_motions(scene: SceneOptions, least: int = 1) -> tuple[str, ...]:
    """Standing motions of one side of the body. Raises ValueError as `standing_motions` does."""
    return _allowed(scene, least, lambda kind: kind.sided and kind.ends in ("", "standing"), 2)


def fitting(motions: tuple[str, ...], needed_s, longest_s: float) -> tuple[str, ...]:
    """Those of the motions for which a clip need not be longer than ``longest_s``; all where there are none."""
    return tuple(name for name in motions if needed_s(name) <= longest_s) or motions


def shortest(motions: tuple[str, ...], share: float = 0.6) -> tuple[str, ...]:
    """The quicker ones of the motions, for rows of several that must fit into a clip."""
    ordered = sorted(motions, key=lambda name: (span_s(name)[0], name))
    return tuple(sorted(ordered[: max(4, round(share * len(ordered)))]))


def said(motion: str, sense: int | None = None, *, base: bool = False) -> str:
    """How a motion reads: "waves with one hand", "waves with its left hand"."""
    return AVATAR_MOTIONS[motion].phrase(sense, base=base)


def reversed_slots(asked: Asked, *keys: str) -> Asked | None:
    """The same question with the motions of these slots as a film that runs backwards shows them; None where one has no name then."""
    backwards = {key: reversed_motion(asked.slots[key]) for key in keys}
    if None in backwards.values() or len(set(backwards.values())) != len({asked.slots[key] for key in keys}):
        return None
    return replace(asked, slots={**asked.slots, **backwards})


def side_of(performance: Performance) -> str:
    """The side of the body, "left" or "right", that performs a sided motion, or to which a signed one goes."""
    return "left" if performance.sense > 0 else "right"


def _allowed(scene: SceneOptions, least: int, wanted, legs: int) -> tuple[str, ...]:
    names = [
        name for name in scene.avatar_motion_names() if legs in AVATAR_MOTIONS[name].legs and "standing" in AVATAR_MOTIONS[name].begins
    ]
    chosen = [name for name in names if wanted(AVATAR_MOTIONS[name])]
    chosen = [name for name in chosen if not set(AVATAR_MOTIONS[name].implies) & set(chosen)]
    require(len(chosen) >= least, "scene.avatar_motions", list(scene.avatar_motions), f"at least {least} that fit, or none for all")
    return tuple(chosen)
