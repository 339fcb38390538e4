"""Whether the layers of truth of a clip are whole, and are those of its scene: they are drawn again and compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from generator import truth_pass
from generator.annotations import VISIBLE, Flow, Tracks, load_layer
from generator.reader import ClipReader
from generator.surfaces import Surfaces, View, intrinsics_px, world_to_camera

LOOKS = 4  # frames at which depth, normals and flow are drawn again; masks are at every one
PIXELS_TO = 0.002  # share of the pixels of a frame that may differ: other builds of OpenGL draw edges differently
DEPTH_TO, NORMAL_TO, FLOW_TO_PX = 0.01, 0.01, 0.05  # of a depth; of a unit vector; in pixels
POINT_TO_PX = 0.05
POINTS_TO = 0.02  # share of the points of tracks that may disagree with the masks, for the same reason


def check_layers(clip: ClipReader, names: Sequence[str]) -> Iterator[str]:
    """What is wrong with the layers of a clip that a data set is to have. Raises NoLayer where one is missing or cannot be read."""
    lacking = [name for name in names if name not in clip.annotation["files"]]
    yield from (f"its annotation lists no {name}, which the data set is to have" for name in lacking)
    if "masks" in names:
        yield from _masks(clip)
    frames = np.unique(np.linspace(0, clip.paths.num_frames - 2, LOOKS).round().astype(int))
    drawn = [name for name in names if name in ("depth", "normals", "flow")]
    if drawn:
        surfaces = Surfaces(clip.spec, clip.paths)
        for name in drawn:
            yield from _drawn_again(clip, name, surfaces, frames)
    if "tracks" in names:
        yield from _tracks(clip, load_layer(clip.root, clip.key, "tracks"))


def _masks(clip: ClipReader) -> Iterator[str]:
    layer = load_layer(clip.root, clip.key, "masks")
    frames = range(clip.paths.num_frames)
    if layer.frames != tuple(frames):
        yield f"its masks have {len(layer.frames)} frames, its specification {len(frames)}"
        return
    again = truth_pass.shared().masks(clip.spec, clip.paths, frames, clip.paths.height_px)
    for frame, (stored, drawn) in enumerate(zip(layer, again, strict=True)):
        if stored.shape != drawn.shape or np.mean(stored != drawn) > PIXELS_TO:
            yield f"its masks are not those of its scene: frame {frame} differs in {_share_off(stored, drawn)} of its pixels"
            return


def _share_off(stored: np.ndarray, drawn: np.ndarray) -> str:
    return f"{np.mean(stored != drawn):.1%}" if stored.shape == drawn.shape else "all"


def _drawn_again(clip: ClipReader, name: str, surfaces: Surfaces, frames: np.ndarray) -> Iterator[str]:
    """Depth, normals or flow at some frames; of flow both ways between each of them and the next."""
    layer = load_layer(clip.root, clip.key, name)
    back = load_layer(clip.root, clip.key, "backward_flow") if name == "flow" else layer
    expected = clip.paths.num_frames - (name == "flow")
    if len(layer) != expected or len(back) != expected:
        yield f"its {name} has {len(layer)} frames: want {expected}"
        return
    for frame in frames.tolist():
        here, there = surfaces.views([frame, frame + 1])
        pairs = (
            [(layer[frame], here.flow(there)), (back[frame + 1], there.flow(here))] if name == "flow" else [(layer[frame], _of(here, name))]
        )
        off = max(float(np.mean(_differs(name, stored, drawn))) for stored, drawn in pairs)
        if off > PIXELS_TO:
            yield f"its {name} is not that of its scene: frame {frame} differs in {off:.1%} of its pixels"
            return


def _of(view: View, name: str) -> np.ndarray:
    return view.depth_m if name == "depth" else view.normal


def _differs(name: str, stored: np.ndarray | Flow, drawn: np.ndarray | Flow) -> np.ndarray:
    """Which pixels differ by more than rounding, or everything where the sizes do."""
    if isinstance(stored, Flow) and isinstance(drawn, Flow):
        known = (stored.state > 0) & (drawn.state > 0)
        apart = np.abs(np.nan_to_num(stored.offset_px - drawn.offset_px)).max(axis=-1) > FLOW_TO_PX
        return (stored.state != drawn.state) | (known & apart)
    one, other = np.asarray(stored), np.asarray(drawn)
    if one.shape != other.shape:
        return np.ones(1, bool)
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
