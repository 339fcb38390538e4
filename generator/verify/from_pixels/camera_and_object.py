"""Questions about the camera and an object: what the motion of the background leaves of the object's."""

from __future__ import annotations

import itertools
import re

import cv2
import numpy as np

from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.background import Array, Background, background, there_and_back
from generator.verify.from_pixels.camera import figures_of, is_one_of, read
from generator.verify.from_pixels.camera_fit import KINDS, away, fit, nearness
from generator.verify.from_pixels.camera_moves import ON_THE_SPOT, Stretch, enough, likeness_in, rests, stretches
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.named import named
from generator.verify.ruling import Ruling

CHANGED = 28  # of 255: more than coding does, or the shadow of what passes
MOVED_SHARE, STILL_SHARE = 0.04, 0.012  # of the pixels in and around a box that change while the camera rests
LEAVES_PX, KEEPS_PX = 2.0, 1.0  # at 640 pixels of width: from where the object's points would be if only the camera moved
WINDOWS = 4  # in which a stretch is looked at
FEWEST = 5  # points of an object
UNEVEN, EVEN = 0.5, 0.2  # range of an object's nearness beside that of other things, as a share of the mean

# What an object does after which it is elsewhere, and after which it is where it was; other actions may end in both.
LEADS_AWAY = ("hops forward", "leaps forward", "rolls along", "slides straight", "spirals outward", "zigzags")
LEADS_BACK = (
    "bounces straight up",
    "figure eight",
    "somersaults",
    "grows and shrinks",
    "rocks",
    "shakes",
    "slides back",
    "spins on",
    "swings",
)
GONE, THERE = 0.25, 0.6  # share of what looked like the object in its place that does so afterwards
NEIGHBOURS, NEAR_BY = 4, 1.5  # points of the background by which an object's place is found again; how near, in its sizes


@PIXEL_RULES.add("camera_while")
def camera_while(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The move during which the object gets elsewhere, or does not, as the action has it; moves never made are not made then."""
    found = stretches(film)
    if not found:
        return Ruling.meaning([read(option) for option in options], ("static", 1))
    then, figures = _meanwhile(text, film, found)
    if then is not None:
        return Ruling(tuple(is_one_of(read(option), then.keys) for option in options), figures_of(found) | figures, then.why)
    excluded = [all(is_one_of(read(option), each.keys) is False for each in found) for option in options]
    why = "which of the camera's moves goes with the action is not told"
    return Ruling(tuple(False if each else None for each in excluded), figures_of(found) | figures, why)


def _meanwhile(text: str, film: Film, found: tuple[Stretch, ...]) -> tuple[Stretch | None, dict[str, float]]:
    """The one stretch of which where the object is afterwards does not exclude that it does what a text says; what was measured."""
    words, names = text.lower(), named(film, text)
    away_, back = (any(re.search(rf"\b{each}", words) for each in kind) for kind in (LEADS_AWAY, LEADS_BACK))
    if away_ == back or not names:
        return None, {}
    ends = [*(each.first for each in found[1:]), len(film.pictures) - 1]
    stays = [_still_there(film, names[0], each, end) for each, end in zip(found, ends, strict=True)]
    figures = {f"still_there_{place}": round(share, 3) for place, share in enumerate(stays) if share is not None}
    opposite = [_is_told(each, share, gone=not away_) for each, share in zip(found, stays, strict=True)]
    fitting = [each for each, excluded in zip(found, opposite, strict=True) if not excluded]
    return (fitting[0] if len(fitting) == 1 else None), figures


def _is_told(stretch: Stretch, share: float | None, *, gone: bool) -> bool:
    """Whether what is left of an object in its place says that it has gone, or that it has not.

    While the camera circles, the place itself is not found surely enough to say that it has.
    """
    circles = not stretch.keys or any(kind in ("arc", "crane") for kind, _ in stretch.keys)
    if share is None:
        return False
    return (share < GONE and not circles) if gone else share > THERE


def _still_there(film: Film, name: str, stretch: Stretch, last: int) -> float | None:
    """How much of an object is where it would be if it had stayed: on the same piece of ground, as large as that has become."""
    first, seen = stretch.first, background(film)
    box = film.box_px(name)[first]
    if not np.isfinite(box).all():
        return None
    foot, reach = np.array([(box[0] + box[2]) / 2, box[3]]), NEAR_BY * float(np.max(box[2:] - box[:2]))
    before, after = seen.pairs_px(first, last)
    near = np.linalg.norm(before - foot, axis=1) < (4 * reach if stretch.told and stretch.told[0] in ON_THE_SPOT else reach)
    warp = cv2.estimateAffinePartial2D(before[near], after[near], ransacReprojThreshold=3.0)[0] if near.sum() >= NEIGHBOURS else None
    if warp is None:
        return None
    there, ratio = warp @ (*foot, 1.0), float(np.hypot(*warp[:, 0]))
    moved = np.array([*(there + ratio * (box[:2] - foot)), *(there + ratio * (box[2:] - foot))])
    own = likeness_in(film.pictures[first], film.pictures[first], box)
    return likeness_in(film.pictures[first], film.pictures[last], box, moved) / own if own > 0.3 else None


@PIXEL_RULES.add("object_or_camera")
def object_or_camera(text: str, options: tuple[str, ...], film: Film) -> Ruling:
    """The camera moves where the background does; the object where it changes at rest, or leaves its place in the scene."""
    names = named(film, text)
    if not names:
        return Ruling.unknown(options, "the question names no object of the clip")
    acts, why, figures = moves_by_itself(film, names[0])
    filmed = bool(stretches(film))
    true = tuple(_holds(option, acts, filmed) for option in options)
    return Ruling(true, {"camera_moves": filmed, "object_moves": acts} | figures, why)


def _holds(option: str, acts: bool | None, filmed: bool) -> bool | None:
    """Whether "only the … moves", "both …" or "neither …" is so; None where it begins with none of these words."""
    words = option.lower()
    if not words.startswith(("only", "both", "neither")):
        return None
    camera, thing = words.startswith("only the camera") or words.startswith("both"), words.startswith("both")
    thing = thing or (words.startswith("only") and not camera)
    if camera != filmed:
        return False
    return None if acts is None else thing == acts


def moves_by_itself(film: Film, name: str) -> tuple[bool | None, str, dict[str, float]]:
    """Whether an object moves in the scene, or why that is not told, and what was measured."""
    found = stretches(film)
    changed = [share for rest in rests(found, len(film.pictures)) if (share := _changed(film, name, *rest)) is not None]
    figures = {"changed_share_at_rest": round(max(changed, default=0.0), 4)}
    if max(changed, default=0.0) > MOVED_SHARE:
        return True, "", figures
    if not changed or max(changed) > STILL_SHARE:
        return None, "the picture around the object changes a little while the camera rests", figures
    for stretch in found:
        acts, measured = _leaves(film, background(film), name, stretch)
        figures |= measured
        if acts is not False:
            return acts, "the object's own points do not tell while the camera moves", figures
    return False, "", figures


def _changed(film: Film, name: str, first: int, last: int) -> float | None:
    """The largest share of the pixels around an object that differ from the first picture of a rest; None where it is hidden."""
    box = film.box_px(name)[first]
    if not np.isfinite(box).all():
        return None
    x0, y0, x1, y1 = _around(box)
    start = film.pictures[first, y0:y1, x0:x1]
    shares = [0.0]
    for frame in range(first + 1, last + 1, 2):
        clear = _clear_of_others(film, name, (first, frame))[y0:y1, x0:x1]
        differs = cv2.absdiff(film.pictures[frame, y0:y1, x0:x1], start).max(axis=2) > CHANGED
        if clear.mean() > 0.3:
            shares.append(float(differs[clear].mean()))
    return float(np.sort(shares)[-2:].min())


def _around(box: Array | np.ndarray) -> list[int]:
    return [max(0, round(float(side))) for side in (*(box[:2] - 3), *(box[2:] + 3))]


def _clear_of_others(film: Film, name: str, frames: tuple[int, int]) -> np.ndarray:
    """``(height, width)`` bool: where none of the other objects is in these frames."""
    clear = np.ones(film.pictures.shape[1:3], bool)
    for other in film.names:
        for frame in frames if other != name else ():
            box = film.box_px(other)[frame]
            if np.isfinite(box).all():
                x0, y0, x1, y1 = _around(box)
                clear[y0:y1, x0:x1] = False
    return clear


def _leaves(film: Film, seen: Background, name: str, stretch: Stretch) -> tuple[bool | None, dict[str, float]]:
    """Whether an object's points go elsewhere than a move of the camera takes things at rest; None where it is not told."""
    if stretch.told is None or stretch.told[0] not in KINDS:
        return None, {}
    edges = np.linspace(stretch.first, stretch.last, WINDOWS + 1).round().astype(int)
    off_px, nears = [], []
    roll_rad = stretch.fits[0].view.roll_rad
    for first, last in itertools.pairwise(edges):
        before, after = seen.pairs(int(first), int(last))
        own = _own_points(film, seen, name, int(first), int(last))
        if not enough(before) or len(own[0]) < FEWEST:
            return None, {}
        found = fit((stretch.told,), before, after, roll_rad, part=0.1)
        off_px.append(float(np.median(away(found, *own))))
        things = float(np.median(nearness(found, before, after)))
        nears.append(float(np.median(nearness(found, *own))) / things if things else 1.0)
    spread = float(np.ptp(nears) / max(np.mean(nears), 1e-6))
    figures = {"object_leaves_px": round(max(off_px), 3), "spread_of_nearness": round(spread, 3)}
    if max(off_px) > LEAVES_PX or spread > UNEVEN:
        return True, figures
    return (False if max(off_px) < KEEPS_PX and spread < EVEN else None), figures


def _own_points(film: Film, seen: Background, name: str, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of an object in two frames, followed from frame to frame, in widths from the middle of the picture."""
    box = film.box_px(name)[first]
    start = np.empty((0, 2), np.float32)
    if np.isfinite(box).all():
        x0, y0, x1, y1 = (max(0, round(float(side))) for side in box)
        mask = np.zeros_like(seen.greys[first])
        mask[y0:y1, x0:x1] = 255
        mask[~_clear_of_others(film, name, (first, last))] = 0
        corners = cv2.goodFeaturesToTrack(seen.greys[first], 40, 0.03, 4, mask=mask, blockSize=3)
        start = start if corners is None else np.asarray(corners.reshape(-1, 2), np.float32)
    now, kept = start, np.ones(len(start), bool)
    for frame in range(first, last):
        now, good = there_and_back(seen.greys[frame], seen.greys[frame + 1], now)
        kept &= good
    return seen.places(start[kept]), seen.places(now[kept])
