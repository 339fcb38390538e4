"""Signatures: what a stretch must look like to be called a bounce, a spin, a circle … as the words are meant.

Each is a statement on the measures of `Stretch`; none knows how the generator makes, recognises or counts the motion.
Whoever adds a motion adds its signature, here or from a package of its own (``SIGNATURES["twirl"] = Signature(…)``);
without it the answers that speak of it can be asked, but not be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generator.verify.from_export.stretches import TURN, GroundPath, Stretch, excursions

NEAR_M = 0.025  # this near is the same place
FAR_M = 0.12  # this far is another place
TREMOR_M = 0.15  # a way to and fro no longer than this is a tremor
ONE_LEAP_M = 0.65  # a jump this long is a leap, a shorter one a hop


def straight_away(path: GroundPath) -> bool:
    """To another place on a straight line."""
    return path.away_m > FAR_M and path.way_m < 1.01 * path.away_m


def on_the_spot(path: GroundPath) -> bool:
    """Never away from where it began."""
    return path.farthest_m < NEAR_M


def there_and_back(path: GroundPath) -> bool:
    """On one line, to where it began."""
    return path.away_m < NEAR_M and path.slimness < 0.05 and path.farthest_m > NEAR_M


def circle(path: GroundPath) -> bool:
    """Around a centre at one distance, all the way round, to where it began."""
    return path.away_m < NEAR_M and path.circle.radius_m > 0.15 and path.circle.miss < 0.1 and abs(path.circle.turns) > 0.9


def figure_eight(path: GroundPath) -> bool:
    """Two loops beside each other, run through in opposite senses, to where it began."""
    (left, right), (one, other) = path.bends, path.lobes_m2
    return path.away_m < NEAR_M and min(left, right) > 0.4 and abs(left - right) < 0.25 and one * other < 0 and path.slimness > 0.1


def zigzag(path: GroundPath) -> bool:
    """To another place, always forward, with bends to the left and to the right."""
    return path.away_m > FAR_M and path.retreat_m < NEAR_M and min(path.bends) > 0.1


def spiral(path: GroundPath) -> bool:
    """Round and round in one sense, ever farther from where it began."""
    return max(path.bends) > 1.1 and min(path.bends) < 0.05 and path.setback_m < NEAR_M


def hairpin(path: GroundPath) -> bool:
    """Half a turn in one sense, and back beside the way out."""
    if abs(max(path.bends) - 0.5) > 0.05 or min(path.bends) > 0.05:
        return False
    ahead = path.steps_m[0] / np.linalg.norm(path.steps_m[0])
    return path.away_m > FAR_M and abs(float(path.offset_m[-1] @ ahead)) < 0.2 * path.farthest_m


def plain(it: Stretch) -> bool:
    """The body neither turns nor changes size."""
    return it.twist_rad < 0.05 and it.growth < 0.02


def level(it: Stretch) -> bool:
    """It stays at one height."""
    return it.height_span_m < NEAR_M


def upright(it: Stretch) -> bool:
    """It does not lean, whichever way it faces."""
    return it.tip_rad < 0.05


def lands_level(it: Stretch) -> bool:
    """It ends at the height at which it began, and was never lower."""
    return abs(it.rise_m) < NEAR_M and it.offset_m[:, 2].min() > -NEAR_M


def glides(it: Stretch) -> bool:
    """Over the ground without turning, rising or changing size."""
    return plain(it) and level(it)


def jumps(it: Stretch) -> int:
    """How often it goes up and comes down again to the height at which it began; 0 where it does not leave the ground."""
    return excursions(it.offset_m[:, 2]) if lands_level(it) and it.height_span_m > 0.05 else 0


def rolls(it: Stretch) -> bool:
    """The point that touches the floor stands still: the angle about the axle times the height of the axle is the way."""
    heading = it.offset_m[-1, :2] / max(it.ground.away_m, 1e-9)
    way_m = it.height_m * float(it.swept_rad[:2] @ np.array([-heading[1], heading[0]]))
    return straight_away(it.ground) and level(it) and it.growth < 0.02 and abs(way_m / it.ground.away_m - 1) < 0.1


def somersaults(it: Stretch) -> bool:
    """Head over heels, upside down high above the ground on which it began and ends upright."""
    overhead = it.offset_m[it.own_up[:, 2] < -0.8, 2]
    lands = lands_level(it) and it.own_up[-1, 2] > 0.99
    return lands and on_the_spot(it.ground) and len(overhead) > 0 and overhead.min() > 0.3 * it.height_span_m > 0.05


def leans_about(it: Stretch) -> float:
    """Where a point of its own vertical stays while it leans to both sides and comes back: above 0 it hangs, below it stands; else 0."""
    pivot_m, strays_m = it.pivot_m
    both = it.lean.min() < -0.04 and it.lean.max() > 0.04 and it.tip_rad < TURN / 4
    returns = it.ground.away_m < NEAR_M and abs(it.rise_m) < NEAR_M
    return pivot_m if both and returns and strays_m < max(0.35 * it.ground.farthest_m, NEAR_M) else 0.0


@dataclass(frozen=True)
class Signature:
    """Whether a stretch is of a kind, and how often it shows it (None where that is not to be counted)."""

    holds: Callable[[Stretch], bool]
    count: Callable[[Stretch], float] | None = None


def _falls(it: Stretch) -> bool:
    """Straight down until it touches the floor, never up, and faster in the second half."""
    steps_m = -np.diff(it.offset_m[:, 2])
    half = len(steps_m) // 2
    faster = steps_m[half:].sum() > 1.5 * steps_m[:half].sum()
    straight = plain(it) and on_the_spot(it.ground) and steps_m.min() > -1e-3
    return bool(straight and faster and it.rise_m < -FAR_M and abs(it.floor_gap_m) < NEAR_M)


def _climbs(it: Stretch) -> bool:
    return plain(it) and on_the_spot(it.ground) and it.rise_m > FAR_M and np.diff(it.offset_m[:, 2]).min() > -1e-3


def _hops(it: Stretch) -> bool:
    return plain(it) and straight_away(it.ground) and jumps(it) > 0 and it.ground.away_m / jumps(it) < ONE_LEAP_M


def _leaps(it: Stretch) -> bool:
    return plain(it) and straight_away(it.ground) and jumps(it) == 1 and it.ground.away_m > ONE_LEAP_M


def _grows(it: Stretch) -> bool:
    back = abs(it.size[-1] - 1) < 0.02 and abs(it.rise_m) < NEAR_M
    return it.twist_rad < 0.05 and on_the_spot(it.ground) and back and it.growth > 0.1 and it.size.min() > 0.98


def _spins(it: Stretch) -> bool:
    return on_the_spot(it.ground) and level(it) and upright(it) and it.growth < 0.02 and abs(it.swept_rad[2]) > 0.9 * TURN


def _loops(it: Stretch) -> bool:
    around = it.upright_circle
    return plain(it) and there_and_back(it.ground) and lands_level(it) and around.miss < 0.1 and abs(around.turns) > 0.9


def _trembles(it: Stretch) -> bool:
    return glides(it) and there_and_back(it.ground) and it.ground.farthest_m < TREMOR_M and excursions(it.ground.along_m) > 2


def _shuttles(it: Stretch) -> bool:
    one_side = min(abs(it.ground.along_m.min()), abs(it.ground.along_m.max())) < NEAR_M
    return glides(it) and there_and_back(it.ground) and it.ground.farthest_m > TREMOR_M and one_side


def _distance_m(it: Stretch) -> np.ndarray:
    return np.linalg.norm(it.offset_m[:, :2], axis=1)


SIGNATURES: dict[str, Signature] = {
    "bounce": Signature(lambda it: plain(it) and on_the_spot(it.ground) and jumps(it) > 0, jumps),
    "drop": Signature(_falls),
    "figure_eight": Signature(lambda it: glides(it) and figure_eight(it.ground), lambda it: excursions(it.ground.along_m)),
    "flip": Signature(somersaults, lambda it: float(np.linalg.norm(it.swept_rad[:2])) / TURN),
    "hop": Signature(_hops, jumps),
    "leap": Signature(_leaps),
    "loop": Signature(_loops, lambda it: abs(it.upright_circle.turns)),
    "orbit": Signature(lambda it: glides(it) and circle(it.ground), lambda it: abs(it.ground.circle.turns)),
    "pulse": Signature(_grows, lambda it: excursions(it.size)),
    "rise": Signature(_climbs),
    "rock": Signature(lambda it: leans_about(it) < 0, lambda it: excursions(it.lean)),
    "roll": Signature(rolls),
    "shake": Signature(_trembles),
    "shuttle": Signature(_shuttles, lambda it: excursions(_distance_m(it))),
    "slide": Signature(lambda it: glides(it) and straight_away(it.ground)),
    "spin": Signature(_spins, lambda it: abs(float(it.swept_rad[2])) / TURN),
    "spiral": Signature(lambda it: glides(it) and spiral(it.ground)),
    "swing": Signature(lambda it: leans_about(it) > 0, lambda it: excursions(it.lean)),
    "u_turn": Signature(lambda it: glides(it) and hairpin(it.ground)),
    "zigzag": Signature(lambda it: glides(it) and zigzag(it.ground)),
}


def does(it: Stretch, motion: str) -> bool | None:
    """Whether a stretch is a motion of the catalogue; None for one of which there is no signature here."""
    signature = SIGNATURES.get(motion)
    return None if signature is None else bool(signature.holds(it))


def called(it: Stretch) -> list[str]:
    """The names of every motion that a stretch is."""
    return [name for name in SIGNATURES if does(it, name)]
