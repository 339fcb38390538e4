"""Where an object goes: rules for questions on directions and places as the camera sees them."""

from __future__ import annotations

import itertools

import numpy as np

from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.doing import Actor, about_one, none_true
from generator.verify.from_export.signatures import FAR_M
from generator.verify.from_export.stretches import Stretch, stretches
from generator.verify.from_export.wording import DIRECTIONS, found_in, names_in
from generator.verify.ruling import Ruling
from scenes import geometry
from scenes.geometry import Array

THIRDS = ("left", "middle", "right")
PLACES = {
    "to the right of": "to the right",
    "to the left of": "to the left",
    "in front of": "towards the camera",
    "behind": "away from the camera",
}
HOME = 0.25  # of the way out: no farther from its start is one who has come back
EDGES = {
    "it comes into the picture from the left": ("left", ""),
    "it comes into the picture from the right": ("right", ""),
    "it leaves the picture to the left": ("", "left"),
    "it leaves the picture to the right": ("", "right"),
}
CORNER = 0.02  # of its width in the picture: what reaches over the edge by no more may be a corner of its box with nothing in it
SUNK = 0.04  # of its size: how deep in the floor the corner of a box may seem to be
CORNERS = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
ANGLES_RAD = np.linspace(0, 2 * np.pi, 24, endpoint=False)
BALL = 0.5 * np.array([(np.cos(a) * np.cos(b), np.sin(a) * np.cos(b), np.sin(b)) for a, b in itertools.product(ANGLES_RAD, repeat=2)])


def as_seen(clip: Recorded, frame: int, at_m: Array, moved_m: Array) -> str:
    """The direction of a way over the ground for one who looks from the camera of a frame at a point: one of `DIRECTIONS`."""
    sight = (at_m - clip.paths.camera_position_m[frame])[:2]
    ahead = sight / np.linalg.norm(sight)
    rightwards, away = float(moved_m[:2] @ (ahead[1], -ahead[0])), float(moved_m[:2] @ ahead)
    if abs(rightwards) > abs(away):
        return DIRECTIONS[0] if rightwards > 0 else DIRECTIONS[1]
    return DIRECTIONS[3] if away > 0 else DIRECTIONS[2]


def leg(clip: Recorded, name: str, first: int, last: int) -> str:
    """The direction in which an object goes between two frames, seen at the middle of its way by the camera of the first."""
    start_m, end_m = clip.paths.pose(name).position_m[[first, last]]
    return as_seen(clip, first, (start_m + end_m) / 2, end_m - start_m)


def directions_ruling(options: tuple[str, ...], legs: list[str]) -> Ruling:
    """An option is true when the directions that it names, in its order, are those of the legs, from `leg`."""
    return Ruling(tuple(found_in(option, DIRECTIONS) == legs for option in options), {"directions": legs})


@EXPORT_RULES.add("travel_direction", "two_legs")
@about_one
def directions(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """Where each stretch leads."""
    if not all(_travels(it) for it in actor.found):
        return none_true(options, "the object does not go straight to another place")
    return directions_ruling(options, _legs(actor))


@EXPORT_RULES.add("there_and_back")
@about_one
def direction_out(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """The first of two ways, of which the second leads back."""
    if len(actor.found) != 2 or not all(_travels(it) for it in actor.found):
        return none_true(options, "the object does not travel twice")
    out_m, back_m = (it.offset_m[-1, :2] for it in actor.found)
    if np.linalg.norm(out_m + back_m) > HOME * np.linalg.norm(out_m):
        return none_true(options, "the object does not come back")
    return directions_ruling(options, _legs(actor)[:1])


def _travels(it: Stretch) -> bool:
    return it.ground.away_m > FAR_M and it.ground.away_m > 0.8 * it.ground.way_m


def _legs(actor: Actor) -> list[str]:
    return [leg(actor.clip, actor.name, it.first, it.last) for it in actor.found]


@EXPORT_RULES.add("picture_thirds")
@about_one
def thirds(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """The thirds of the picture in which the centre is at first, after each of its ways, and so in the end."""
    if not actor.found:
        return none_true(options, "the object does not move")
    paths = actor.clip.paths
    frames = [actor.found[0].first, *(it.last for it in actor.found)]
    x = np.nan_to_num(paths.centre_px[paths.index(actor.name), frames, 0], nan=-1.0) / paths.width_px
    places = [THIRDS[int(3 * share)] if 0 <= share < 1 else "" for share in x]
    return Ruling(tuple(found_in(option, THIRDS) == places for option in options), {"x_share": x.round(3).tolist()})


@EXPORT_RULES.add("relative_place")
def place_beside(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
    """On which side of another object one is for the camera, before and after it moves: that is a way from the one to the other."""
    names, others = (set(names_in(said, clip.paths.names)) for said in (text, options[0]))
    if len(names) != 2 or len(others) != 1 or not others < names:
        return Ruling.unknown(options, "the text does not speak of two objects")
    (subject,), (other,) = names - others, others
    found = stretches(clip, subject)
    if not found:
        return none_true(options, "the object does not move")
    subject_m, other_m = clip.paths.pose(subject).position_m, clip.paths.pose(other).position_m
    frames = (found[0].first, found[-1].last)
    sides = [as_seen(clip, frame, other_m[frame], subject_m[frame] - other_m[frame]) for frame in frames]
    named = [[PLACES[place] for place in found_in(option, PLACES)] for option in options]
    offsets_m = [(subject_m[frame] - other_m[frame]).round(3).tolist() for frame in frames]
    return Ruling(tuple(places == sides for places in named), {"sides": sides, "offsets_m": offsets_m})


@EXPORT_RULES.add("enters_or_leaves")
@about_one
def over_the_edge(text: str, options: tuple[str, ...], actor: Actor) -> Ruling:
    """Where the whole of the object is before and after it moves: inside the picture, or beyond one of its sides."""
    if not actor.found:
        return none_true(options, "the object does not move")
    paths = actor.clip.paths
    spans_px = [span_x_px(actor.clip, paths.index(actor.name), frame) for frame in (actor.found[0].first, actor.found[-1].last)]
    sides = tuple(_beyond(span, paths.width_px) for span in spans_px)
    measured = {"x_px": [[round(x) for x in span] for span in spans_px]}
    if None in sides:
        return Ruling.unknown(options, "the edge of the picture cuts through the object", **measured)
    return Ruling(tuple(EDGES.get(option.lower()) == sides for option in options), measured)


def span_x_px(clip: Recorded, row: int, frame: int) -> tuple[float, float]:
    """From where to where an object reaches in the picture of a frame.

    What is known of its shape is the box that holds it. A box that has rolled on would have corners in the floor: where it
    has, the object is round, and the ellipsoid is taken that fills its box.
    """
    paths = clip.paths
    turned, extent_m = geometry.rotation(paths.quaternion_wxyz[row, frame]), paths.extent_m[row] * paths.scale[row, frame]
    reach_m = paths.position_m[row, frame] + turned.apply(CORNERS * extent_m)
    if reach_m[:, 2].min() < -SUNK * extent_m.max():
        reach_m = paths.position_m[row, frame] + turned.apply(BALL * extent_m)
    camera = paths.camera_position_m[[frame]], paths.camera_quaternion_wxyz[[frame]], paths.focal_px[[frame]]
    pixels, _ = geometry.project(reach_m[None], *camera, paths.width_px, paths.height_px)
    return float(pixels[0, :, 0].min()), float(pixels[0, :, 0].max())


def _beyond(span_px: tuple[float, float], width_px: int) -> str | None:
    """The side of the picture beyond which something is: "" where it is inside, None where it is cut."""
    spare_px = CORNER * (span_px[1] - span_px[0])
    if span_px[1] < spare_px:
        return "left"
    if span_px[0] > width_px - spare_px:
        return "right"
    return "" if span_px[0] > -spare_px and span_px[1] < width_px + spare_px else None
