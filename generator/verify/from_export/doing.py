"""What an object does: rules for questions that name motions, shapes of ways, senses of turns and changes of speed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export import signatures as seen
from generator.verify.from_export.stretches import TURN, GroundPath, Stretch, stretches
from generator.verify.from_export.wording import motions_in, names_in, senses_in
from generator.verify.ruling import Rule, Ruling
from scenes.geometry import Array

SHAPES: Mapping[str, Callable[[GroundPath], bool]] = {
    "a straight line": seen.straight_away,
    "none: it stays over one spot": seen.on_the_spot,
    "a circle": seen.circle,
    "a figure eight": seen.figure_eight,
    "a zigzag line": seen.zigzag,
    "a spiral": seen.spiral,
    "a hairpin: out, round a bend, and back alongside": seen.hairpin,
    "the same straight line, there and back": seen.there_and_back,
}
LEAST_TURN = 0.25
EARLY, MIDDLE, LATE = (0.14, 0.30), (0.44, 0.56), (0.70, 0.86)  # shares of the time between start and stop
PACES: Mapping[str, Callable[[float, float, float], bool]] = {
    "it keeps one speed": lambda early, middle, late: max(early, middle, late) < 1.25 * min(early, middle, late),
    "it gets faster and faster": lambda early, middle, late: 1.25 * early < middle < late / 1.25,
    "it gets slower and slower": lambda early, middle, late: 1.25 * late < middle < early / 1.25,
    "it slows down midway, almost to a halt, and then speeds up again": lambda early, middle, late: middle < 0.4 * min(early, late),
}


@dataclass(frozen=True, eq=False)
class Actor:
    """The object of which a question asks what it does: its name, and its stretches in order."""

    clip: Recorded
    name: str
    found: list[Stretch]

    @property
    def figures(self) -> dict[str, Any]:
        """What was measured of its stretches, and what they can be called."""
        return {"stretches": [{"called": seen.called(it), **it.figures} for it in self.found]}


def about_one(rule: Callable[[str, tuple[str, ...], Actor], Ruling]) -> Rule[Recorded]:
    """Decorator: make a rule on an actor one on a clip; nothing can be told where a text does not speak of exactly one object."""

    @functools.wraps(rule)
    def ruled(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
        names = set(names_in(text, clip.paths.names))
        if len(names) != 1:
            return Ruling.unknown(options, "the text does not speak of exactly one object")
        (name,) = names
        actor = Actor(clip, name, stretches(clip, name))
        ruling = rule(text, options, actor)
        return replace(ruling, measured={**ruling.measured, **actor.figures})

    return ruled


def none_true(options: tuple[str, ...], why: str) -> Ruling:
    """No option is true, since what the question takes for granted is not."""
    return Ruling((False,) * len(options), {"but": why})


def doing(options: tuple[str, ...], it: Stretch) -> tuple[bool | None, ...]:
    """Of each option, whether a stretch is the one motion that it names."""
    named = [motions_in(option) for option in options]
    return tuple(seen.does(it, motions[0]) if len(motions) == 1 else None for motions in named)


@EXPORT_RULES.add("recognise_motion")
@about_one
def what_it_does(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """The object moves once, in the way that one option says."""
    if len(actor.found) != 1:
        return none_true(options, f"the object moves {len(actor.found)} times")
    return Ruling(doing(options, actor.found[0]))


@EXPORT_RULES.add("path_shape")
@about_one
def shape_of_its_way(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """The way over the ground, from start to end, has one of the shapes."""
    if len(actor.found) != 1:
        return none_true(options, f"the object moves {len(actor.found)} times")
    way = actor.found[0].ground
    shapes = [SHAPES.get(option.lower()) for option in options]
    measured = {"bends_turns": [round(value, 3) for value in way.bends], "slimness": round(way.slimness, 3)}
    return Ruling(tuple(bool(shape(way)) if shape else None for shape in shapes), measured)


@EXPORT_RULES.add("pace")
@about_one
def change_of_speed(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """Mean speeds early, midway and late on the way; of what stays on the spot, speeds of turning."""
    if len(actor.found) != 1:
        return none_true(options, f"the object moves {len(actor.found)} times")
    speeds = speeds_of(actor.found[0])
    paces = [PACES.get(option.lower()) for option in options]
    measured = {"speed_early_midway_late": [round(speed, 3) for speed in speeds]}
    return Ruling(tuple(bool(pace(*speeds)) if pace else None for pace in paces), measured)


def speeds_of(it: Stretch) -> tuple[float, float, float]:
    """Early, midway and late: metres per second, or radians where it stays on the spot."""
    if seen.on_the_spot(it.ground):
        steps = (it.turned[1:] * it.turned[:-1].inv()).magnitude()
    else:
        steps = np.linalg.norm(np.diff(it.offset_m, axis=0), axis=1)
    done = np.concatenate([[0.0], np.cumsum(steps)])
    early, middle, late = (_mean_speed(done, share, it.fps) for share in (EARLY, MIDDLE, LATE))
    return early, middle, late


def _mean_speed(done: Array, share: tuple[float, float], fps: float) -> float:
    """Between two shares of the time, of a way ``(frame,)`` that was done so far."""
    frames = np.multiply(share, len(done) - 1)
    start, end = np.interp(frames, np.arange(len(done)), done)
    return float((end - start) * fps / (frames[1] - frames[0]))


@EXPORT_RULES.add("spin_direction")
@about_one
def senses_of_turns(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """The sign of each turn about the vertical; counter-clockwise, seen from above, is positive."""
    turns = [float(it.swept_rad[2]) / TURN for it in actor.found]
    senses = [int(np.sign(turn)) if abs(turn) > LEAST_TURN else 0 for turn in turns]
    return Ruling(tuple(senses_in(option.lower()) == senses for option in options), {"turns": [round(turn, 3) for turn in turns]})
