"""Whether a video shows the scene that was exported with it, and shows it at the right times.

At frames spread over the clip the objects are drawn again from specification and trajectories, without Blender, as flat silhouettes. Where
the outline of a silhouette runs, the picture must have an edge, and a stronger one than if the outline is moved a little in any
direction: the *fit* of an outline is the mean edge below it over the highest mean within `REACH` of its place. Colours, light and
texture have no part in it. Besides whole outlines, that part of each is tested which lies elsewhere at another time, so that a raised arm
is not outvoted by a resting body.

Measured on 126 clips of the default configuration (more than 7,000 outlines): all but one clip had every outline at 0.94 or better, and
one, with a white crate before a bright wall, a fifth of them between 0.73 and 0.9. Under another clip's scene at least three quarters
were below 0.9 (75 of 75 clips found). Played backwards 76 of 80 had outlines below 0.65, a fifth too slowly 78 of 80, and of the
videos of twins 4 of 4; in those that are not found little moves, or it moves alike both ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from generator import truth_pass
from generator.verify.from_pixels.film import Film
from scenes.types import SceneSpec, Trajectories

FRAMES = 12  # at which a clip is looked at
REACH = 0.0375  # how far an outline is moved about, in widths of the picture,
NEAR_PX = 1  # and how far it may be off: silhouettes are not drawn to the fraction of a pixel
SHORTEST = 0.19  # outline that is tested, in widths of the picture;
SHORTEST_MOVED = 0.095  # part of an outline that is
APART_PX = 4  # from the outline at another time: nearer, it is the same edge
FITS = 0.9  # below which an outline does not fit; if that is so of as many
MISFITS = 0.5  # of the outlines, the video is of another scene
ELSEWHERE = 0.65  # below which what the outline belongs to is somewhere else; if that is so of more
STRAYS = 0.015  # of the outlines, the video does not run as the scene does
STRONG = 200.0  # change of Lab colour over a pixel, as Sobel's filter sees it, above which an edge is an edge


@dataclass(frozen=True)
class Likeness:
    """How well a video fits its scene.

    ``score`` is the worst fit of an outline, 1 at best (NaN where there was none to test), ``share`` that of the outlines that fit.
    """

    score: float
    share: float
    outlines: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Fit:
    frame: int
    name: str
    fit: float


def likeness(film: Film, spec: SceneSpec, paths: Trajectories) -> Likeness:
    """Compare the pictures of a clip with a scene: what was staged, and how everything moves.

    Raises:
        RuntimeError: there is no software OpenGL.
        ValueError, OSError: files of the clip cannot be read.
    """
    frames = np.unique(np.linspace(0, paths.num_frames - 1, FRAMES).round().astype(int))
    masks = truth_pass.shared().masks(spec, paths, frames, paths.height_px)
    pictures = [film.pictures[min(frame, len(film.pictures) - 1)] for frame in frames]
    if pictures[0].shape[:2] != masks.shape[1:]:
        return Likeness(0.0, 0.0, 0, ("its video does not have the size of its scene",))
    return _judged(list(_fits(frames, masks, pictures, paths.names)))


def _judged(fits: Sequence[_Fit]) -> Likeness:
    if not fits:
        return Likeness(float("nan"), 1.0, 0)
    misfits, strays = (sum(each.fit < bound for each in fits) for bound in (FITS, ELSEWHERE))
    worst = min(fits, key=lambda each: each.fit)
    problems: tuple[str, ...] = ()
    if misfits >= MISFITS * len(fits):
        problems = (f"its video does not show its scene: of {len(fits)} outlines of objects {misfits} are not where it has edges",)
    elif strays > STRAYS * len(fits):
        where = f"{strays} of {len(fits)} outlines of objects, as of the {worst.name} in frame {worst.frame}, are elsewhere"
        problems = (f"its video does not show its scene at its times: {where}",)
    return Likeness(worst.fit, 1 - misfits / len(fits), len(fits), problems)


def _fits(frames: np.ndarray, masks: np.ndarray, pictures: Sequence[np.ndarray], names: Sequence[str]) -> Iterator[_Fit]:
    """How each outline fits, and that part of it which moves."""
    width_px = masks.shape[2]
    reach_px = max(round(REACH * width_px), 4 * NEAR_PX)
    edges = [cv2.copyMakeBorder(edge_strength(each), *(reach_px,) * 4, cv2.BORDER_REFLECT) for each in pictures]
    for row, name in enumerate(names, start=1):
        outlines = [_outline(mask == row) for mask in masks]
        for frame, outline, moved, edge in zip(frames.tolist(), outlines, _moved(outlines), edges, strict=True):
            for chosen, shortest in ((outline, SHORTEST), (moved, SHORTEST_MOVED)):
                if np.count_nonzero(chosen) >= shortest * width_px:
                    yield _Fit(frame, name, outline_fit(edge, chosen, reach_px))


def edge_strength(picture: np.ndarray) -> np.ndarray:
    """``(height, width)`` float32 from 0 to 1: how much the colour of ``(height, width, 3)`` RGB changes from pixel to pixel."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    across, down = (cv2.Sobel(lab, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    strength = np.sqrt((across**2 + down**2).sum(axis=2))
    return np.minimum(strength, STRONG) / STRONG


def outline_fit(edge: np.ndarray, outline: np.ndarray, reach_px: int) -> float:
    """Mean edge below an outline over the highest mean when it is moved by up to ``reach_px``.

    Args:
        edge: as of `edge_strength`, with ``reach_px`` more on each side.
        outline: ``(height, width)`` uint8, 1 on the outline, not empty.
    """
    rows, columns = (np.flatnonzero(outline.any(axis=axis)) for axis in (1, 0))
    (top, bottom), (left, right) = ((place[0], place[-1] + 1) for place in (rows, columns))
    shape = outline[top:bottom, left:right].astype(np.float32)
    below = cv2.matchTemplate(edge[top : bottom + 2 * reach_px, left : right + 2 * reach_px], shape, cv2.TM_CCORR)
    near = slice(reach_px - NEAR_PX, reach_px + NEAR_PX + 1)
    return float(below[near, near].max() / max(below.max(), 1e-6))


def _outline(silhouette: np.ndarray) -> np.ndarray:
    """The rim of a silhouette, uint8; where it is cut off by the edge of the picture there is none."""
    solid = silhouette.astype(np.uint8)
    rim = solid - cv2.erode(solid, np.ones((3, 3), np.uint8))
    rim[:2], rim[-2:], rim[:, :2], rim[:, -2:] = 0, 0, 0, 0
    return rim


def _moved(outlines: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Of each outline that part which is away from it at another time: at that at which the most is."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * APART_PX + 1,) * 2)
    wide = [cv2.dilate(outline, disc) for outline in outlines]
    parts = []
    for outline in outlines:
        away = [np.where(other, 0, outline).astype(np.uint8) for other in wide if other.any()]
        parts.append(max(away, key=np.count_nonzero, default=np.zeros_like(outline)))
    return parts
