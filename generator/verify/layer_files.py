"""Whether the layers of truth of a clip are whole, and are those of its scene: they are drawn again and compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from generator import truth_pass
from generator.annotations import VISIBLE, Flow, Tracks, load_layer
from generator.reader import ClipReader
from generator.surfaces import Surfaces, View, intrinsics_px, world_to_camera

LOOKS = 4  # frames at which depth, normals and flow are drawn again; masks are at every one, and all of them are decoded
PIXELS_TO = 0.002  # share of the pixels of a frame that may differ: other builds of OpenGL draw edges differently;
OBJECT_TO, OBJECT_TO_PX = 0.05, 4  # and of those of one object, or that many of its pixels: a small one must not go astray as a whole
DEPTH_TO, NORMAL_TO, FLOW_TO_PX = 0.01, 0.01, 0.05  # of a depth; of a unit vector; in pixels
POINT_TO_PX = 0.05
POINTS_TO = 0.02  # share of the points of tracks that may disagree with the masks, for the same reason


def check_layer(clip: ClipReader, name: str) -> Iterator[str]:
    """What is wrong with a layer that a data set is to have. Raises NoLayer where it is missing or cannot be read."""
    if name not in clip.annotation["files"]:
        yield f"its annotation lists no {name}, which the data set is to have"
    if name == "masks":
        yield from _masks(clip)
    elif name == "tracks":
        yield from _tracks(clip, load_layer(clip.root, clip.key, "tracks"))
    else:
        yield from _drawn_again(clip, name)


def _masks(clip: ClipReader) -> Iterator[str]:
    layer = load_layer(clip.root, clip.key, "masks")
    frames = range(clip.paths.num_frames)
    if layer.frames != tuple(frames):
        yield f"its masks have {len(layer.frames)} frames, its specification {len(frames)}"
        return
    again = truth_pass.shared().masks(clip.spec, clip.paths, frames, clip.paths.height_px)
    for frame, (stored, drawn) in enumerate(zip(layer, again, strict=True)):
        off = stored != drawn if stored.shape == drawn.shape else np.ones(drawn.shape, bool)
        where = _too_far_off(clip, off, drawn) or _too_far_off(clip, off, stored)
        if where:
            yield f"its masks are not those of its scene: frame {frame} differs in {where}"
            return


def _too_far_off(clip: ClipReader, off: np.ndarray, mask: np.ndarray) -> str:
    """Where more differs than the drawing of edges accounts for, as in "3.1% of the red ball"; empty where nowhere.

    Args:
        off: which pixels differ.
        mask: the label of each; what is of another shape is off as a whole.
    """
    if off.shape != mask.shape:
        return "its size"
    if off.mean() > PIXELS_TO:
        return f"{off.mean():.1%} of its pixels"
    names = ("what does not move", *clip.paths.names)
    all_px, off_px = (np.bincount(labels.ravel(), minlength=len(names)) for labels in (mask, mask[off]))
    for label in np.flatnonzero(off_px > np.maximum(OBJECT_TO_PX, OBJECT_TO * all_px)).tolist():
        whose = names[label] if label < len(names) else f"label {label}, which there is not"
        return f"{off_px[label] / all_px[label]:.1%} of the {whose}" if label else f"{off_px[0] / all_px[0]:.1%} of {whose}"
    return ""


def _drawn_again(clip: ClipReader, name: str) -> Iterator[str]:
    """Depth, normals or flow: all decoded, and compared at some frames; of flow both ways between each of them and the next."""
    count = clip.paths.num_frames
    ways = {"flow": range(count - 1), "backward_flow": range(1, count)} if name == "flow" else {name: range(count)}
    for way, frames in ways.items():
        if wrong := _undecodable(clip, way, frames):
            yield wrong
            return
    surfaces = Surfaces(clip.spec, clip.paths)
    for frame in np.unique(np.linspace(0, count - 2, LOOKS).round().astype(int)).tolist():
        for way, shown, off, mask in _compared(clip, name, surfaces, frame):
            if where := _too_far_off(clip, off, mask):
                yield f"its {way} is not that of its scene: frame {shown} differs in {where}"
                return


def _undecodable(clip: ClipReader, name: str, frames: range) -> str:
    """Whether pictures lack or are of another size than the scene's. Raises NoLayer where one is no picture."""
    layer, size = load_layer(clip.root, clip.key, name), (clip.paths.height_px, clip.paths.width_px)
    if sorted(layer.frames) != list(frames):
        return f"its {name} has {len(layer)} frames: want {len(frames)}, from {frames[0]} to {frames[-1]}"
    for frame, picture in zip(layer.frames, layer, strict=True):
        shape = picture.offset_px.shape if isinstance(picture, Flow) else picture.shape
        if shape[:2] != size or len(shape) != (2 if name == "depth" else 3):
            return f"its {name} has a picture of shape {shape} in frame {frame}, its scene is of {size}"
    return ""


def _compared(clip: ClipReader, name: str, surfaces: Surfaces, frame: int) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """What is stored against what is drawn, as (name, frame, which pixels differ, mask)."""
    here, there = surfaces.views([frame, frame + 1])
    layer = load_layer(clip.root, clip.key, name)
    if name != "flow":
        yield name, frame, _differs(name, layer[frame], _of(here, name)), here.mask
        return
    back = load_layer(clip.root, clip.key, "backward_flow")
    yield name, frame, _differs(name, layer[frame], here.flow(there)), here.mask
    yield "backward_flow", frame + 1, _differs(name, back[frame + 1], there.flow(here)), there.mask


def _of(view: View, name: str) -> np.ndarray:
    return view.depth_m if name == "depth" else view.normal


def _differs(name: str, stored: np.ndarray | Flow, drawn: np.ndarray | Flow) -> np.ndarray:
    """``(height, width)``: which pixels differ by more than rounding."""
    if isinstance(stored, Flow) and isinstance(drawn, Flow):
        known = (stored.state > 0) & (drawn.state > 0)
        apart = np.abs(np.nan_to_num(stored.offset_px - drawn.offset_px)).max(axis=-1) > FLOW_TO_PX
        return (stored.state != drawn.state) | (known & apart)
    one, other = np.asarray(stored), np.asarray(drawn)
    if name == "normals":
        return np.abs(one - other).max(axis=-1) > NORMAL_TO
    near = np.isfinite(one) & np.isfinite(other)
    apart = np.abs(np.where(near, one, 0) - np.where(near, other, 0)) > DEPTH_TO * np.where(near, other, 1)
    return (np.isfinite(one) != np.isfinite(other)) | apart


def _tracks(clip: ClipReader, tracks: Tracks) -> Iterator[str]:
    """Points lie where they are projected, and on what they are said to be on."""
    points, frames = len(tracks.query_frame), clip.paths.num_frames
    if (
        tracks.position_m.shape != (points, frames, 3)
        or tracks.position_px.shape != (points, frames, 2)
        or tracks.state.shape != (points, frames)
    ):
        yield f"its tracks are not of {frames} frames"
        return
    camera, intrinsics = world_to_camera(clip.paths), intrinsics_px(clip.paths)
    seen = np.einsum("fij,nfj->nfi", camera[:, :3, :3], tracks.position_m.astype(float)) + camera[:, :3, 3]
    pixels = np.einsum("fij,nfj->nfi", intrinsics, seen)
    ahead = seen[..., 2] > 0
    off_px = np.abs(np.where(ahead[..., None], pixels[..., :2] / np.where(ahead, seen[..., 2], 1)[..., None] - tracks.position_px, 0)).max(
        axis=-1
    )
    if not off_px.max() < POINT_TO_PX * max(1.0, clip.paths.width_px / 640):
        place = np.unravel_index(int(np.nan_to_num(off_px, nan=np.inf).argmax()), off_px.shape)
        yield f"its tracks are not where they are projected: point {place[0]} in frame {place[1]}"
    rows = np.arange(points)
    if np.any(tracks.state[rows, tracks.query_frame] != VISIBLE):
        yield "its tracks have points that cannot be seen in the frame in which they were drawn"
    yield from _labels(clip, tracks)


def _labels(clip: ClipReader, tracks: Tracks) -> Iterator[str]:
    frames, which = np.unique(tracks.query_frame, return_inverse=True)
    masks = truth_pass.shared().masks(clip.spec, clip.paths, frames, clip.paths.height_px)
    x, y = np.floor(tracks.position_px[np.arange(len(which)), tracks.query_frame]).astype(int).T
    inside = (x >= 0) & (x < masks.shape[2]) & (y >= 0) & (y < masks.shape[1])
    found = np.where(inside, masks[which, np.clip(y, 0, masks.shape[1] - 1), np.clip(x, 0, masks.shape[2] - 1)], 255)
    if np.mean(found != tracks.label) > POINTS_TO:
        yield f"its tracks are not on the objects of their labels: {np.mean(found != tracks.label):.0%} of the points"
