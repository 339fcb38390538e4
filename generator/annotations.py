"""Layers of truth beside the videos, their files, and how to read them.

    depth = load_layer("outputs/motionfoundry-train-seed0", key, "depth")
    depth[12]                    # (height, width) float32, metres along the optical axis
    for picture in depth: ...    # frame after frame

Each layer of a clip is one file, ``<layer>/<key>.zip``: a zip archive with a PNG picture for each frame, ``00000.png`` and so on,
in the codes that readers of KITTI and DAVIS know. The point tracks are arrays, ``tracks/<key>.npz``.

=========  ==================================================================================================================
masks      8 bits: the object's row plus 1, limbs being their avatar's; 0 where there is none
depth      16 bits: metres along the optical axis times 256 (KITTI's code); 0 in the sky; at most 1/512 m off
flow       16 bits × 3, ``forward/`` and ``backward/`` (to the next and to the previous frame): red and green are x and y in
           pixels times 64 plus 32768 (KITTI's code), at most 1/128 px off; blue is the state below, so 0 where there is no flow
normals    16 bits × 3: x, y, z (red, green, blue) times 32767 plus 32768, in camera coordinates; (32768, 32768, 32768) in the sky
tracks     points on surfaces: see `Tracks`
=========  ==================================================================================================================

Camera coordinates are OpenCV's: x right, y down, z forward. A value belongs to the centre of its pixel: that of column j and
row i is at (j + 0.5, i + 0.5), the origin being the upper left corner of the picture.

States: 0 unknown, 1 visible, 2 occluded (something is in front of it), 3 out of view.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, overload

import numpy as np

LAYERS: Mapping[str, str] = {  # what a data set's card says of them
    "masks": "a PNG for each frame, 8 bits: the object's row in the trajectories plus 1; 0 elsewhere",
    "depth": "a PNG for each frame, 16 bits: metres along the optical axis × 256; 0 in the sky",
    "flow": "PNGs `forward/`, `backward/`, 16 bits: R, G are (x, y in pixels) × 64 + 32768;"
    " B is 1 visible at that frame, 2 occluded, 3 out of view, 0 no flow",
    "normals": "a PNG for each frame, 16 bits: R, G, B are (x, y, z in camera coordinates) × 32767 + 32768",
    "tracks": "points on surfaces: `query_frame`, `label` (as in masks), `position_px`, `position_m`,"
    " `state` (1 visible, 2 occluded, 3 out of view)",
}
SUFFIXES = {name: ".npz" if name == "tracks" else ".zip" for name in LAYERS}
UNKNOWN, VISIBLE, OCCLUDED, OUT_OF_VIEW = range(4)
DEPTH_STEPS = 256  # to the metre
FLOW_STEPS, NORMAL_STEPS, ZERO = 64, 32767, 32768
HIGHEST = 65535
DATE = (1980, 1, 1, 0, 0, 0)  # so that the bytes depend on the values alone
BROKEN = (OSError, EOFError, KeyError, TypeError, ValueError, NotImplementedError, struct.error, zipfile.BadZipFile, zlib.error)
T = TypeVar("T")


class NoLayer(ValueError):
    """A layer is not there, or cannot be read; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Where what is seen in each pixel is at another frame: ``offset_px (height, width, 2)``, ``state (height, width)`` uint8.

    It is exact as well where the point is OCCLUDED or OUT_OF_VIEW at that frame; where it is UNKNOWN (behind the camera there, or 512
    pixels away and more) the offset is NaN. The sky is infinitely far away: it moves as the camera turns and zooms.
    """

    offset_px: np.ndarray
    state: np.ndarray


@dataclass(frozen=True, eq=False)
class Tracks:
    """Points on surfaces, drawn from what is seen at a few frames: half on objects, shared equally, and half on what does not move.

    ``query_frame (point,)`` at which the point was drawn and is visible; ``label (point,)`` as in the masks; ``position_px
    (point, frame, 2)``, also where it is hidden (NaN behind the camera); ``position_m (point, frame, 3)`` in the world;
    ``state (point, frame)`` uint8: VISIBLE, OCCLUDED or OUT_OF_VIEW.
    """

    query_frame: np.ndarray
    label: np.ndarray
    position_px: np.ndarray
    position_m: np.ndarray
    state: np.ndarray


@dataclass(frozen=True, eq=False)
class EachFrame:
    """What a trajectory file holds of every frame besides the values that move: what is seen of each object, and the camera's matrices.

    ``visible_fraction (object, frame)``, ``area_px (object, frame)``, ``box_px (object, frame, 4)``: x0, y0, x1, y1 of the visible part,
    NaN where nothing is; ``intrinsics_px (frame, 3, 3)``; ``world_to_camera (frame, 4, 4)``, to camera coordinates. So
    ``intrinsics_px @ (world_to_camera @ point)[:3]`` is proportional to (x, y, 1), the pixel at which a point of the world is seen.
    """

    visible_fraction: np.ndarray
    area_px: np.ndarray
    box_px: np.ndarray
    intrinsics_px: np.ndarray
    world_to_camera: np.ndarray


# Codes


def depth_code(depth_m: np.ndarray) -> np.ndarray:
    """Depths (infinite in the sky) as they are stored, ``uint16``."""
    return np.where(np.isfinite(depth_m), np.clip(np.round(depth_m * DEPTH_STEPS), 1, HIGHEST), 0).astype(np.uint16)


def depth_of(code: np.ndarray) -> np.ndarray:
    """Metres, ``float32``, infinite in the sky."""
    return np.where(code > 0, code / np.float32(DEPTH_STEPS), np.float32(np.inf)).astype(np.float32)


def flow_code(flow: Flow) -> np.ndarray:
    """``(height, width, 3)`` uint16: x, y, state."""
    steps = np.round(flow.offset_px * FLOW_STEPS) + ZERO
    known = np.all((steps >= 0) & (steps <= HIGHEST), axis=-1) & (flow.state != UNKNOWN)  # no comparison with NaN holds
    return np.dstack([np.where(known[..., None], steps, 0), np.where(known, flow.state, UNKNOWN)]).astype(np.uint16)


def flow_of(code: np.ndarray) -> Flow:
    """The flow in such a picture, ``float32``."""
    offset_px = (code[..., :2].astype(np.float32) - ZERO) / FLOW_STEPS
    offset_px[code[..., 2] == UNKNOWN] = np.nan
    return Flow(offset_px, code[..., 2].astype(np.uint8))


def normals_code(normals: np.ndarray) -> np.ndarray:
    """Unit vectors (zeros in the sky) as they are stored, ``uint16``."""
    return (np.round(normals * NORMAL_STEPS) + ZERO).astype(np.uint16)


def normals_of(code: np.ndarray) -> np.ndarray:
    """Unit vectors, ``float32``, zeros in the sky."""
    return (code.astype(np.float32) - ZERO) / NORMAL_STEPS


# Files


def load_each_frame(root: str | Path, key: str) -> EachFrame:
    """What a trajectory file holds of every frame besides the trajectories. Raises NoLayer where it cannot be read, or holds none."""
    path = Path(root) / "trajectories" / f"{key}.npz"
    with _readable(path), np.load(path, allow_pickle=False) as arrays:
        return EachFrame(**{each.name: arrays[each.name] for each in fields(EachFrame)})


def layer_path(root: Path, key: str, name: str) -> Path:
    """Where a layer of a clip is, or will be."""
    return root / name / f"{key}{SUFFIXES[name]}"


class PictureArchive:
    """Pictures on their way into a zip archive. On disk there is nothing until `write`."""

    def __init__(self) -> None:
        self._content = io.BytesIO()
        self._archive = zipfile.ZipFile(self._content, "w")

    def add(self, name: str, picture: np.ndarray) -> None:
        """Add ``(height, width)`` or ``(height, width, 3)`` integers as ``<name>.png``."""
        upright = picture if picture.ndim == 2 else np.ascontiguousarray(picture[..., ::-1])  # OpenCV writes blue first
        self._archive.writestr(zipfile.ZipInfo(f"{name}.png", DATE), _to_png(upright))

    def write(self, path: Path) -> None:
        """Put it on disk. Nothing can be added afterwards."""
        self._archive.close()
        path.write_bytes(self._content.getvalue())


def write_tracks(path: Path, tracks: Tracks) -> None:
    """Arrays under the names of their fields."""
    content = io.BytesIO()
    np.savez_compressed(content, **asdict(tracks))
    path.write_bytes(content.getvalue())


class Layer(Generic[T]):
    """The pictures of a layer, read when they are asked for: ``layer[frame]``, ``for picture in layer``, ``layer.frames``."""

    def __init__(self, path: Path, folder: str, decode: Callable[[np.ndarray], T]) -> None:
        self.path = path
        self._decode = decode
        with _readable(path), zipfile.ZipFile(path) as archive:
            found = [re.fullmatch(rf"{folder}(\d+)\.png", name) for name in archive.namelist()]
        self._members = {int(match[1]): match[0] for match in found if match}

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames that there are: flow has none from the last one forward, nor from the first one backward."""
        return tuple(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, frame: int) -> T:
        if frame not in self._members:
            there = f"it has {min(self._members)} to {max(self._members)}" if self._members else "it has none"
            raise IndexError(f"{self.path} has no frame {frame}; {there}")
        with _readable(self.path), zipfile.ZipFile(self.path) as archive:
            return self._picture(archive, frame)

    def __iter__(self) -> Iterator[T]:
        with _readable(self.path), zipfile.ZipFile(self.path) as archive:
            for frame in self._members:
                yield self._picture(archive, frame)

    def _picture(self, archive: zipfile.ZipFile, frame: int) -> T:
        picture = _from_png(archive.read(self._members[frame]))
        if picture is None:
            raise NoLayer(f"{self.path}: {self._members[frame]} is no PNG picture; make the clip again")
        return self._decode(picture if picture.ndim == 2 else picture[..., ::-1])


# OpenCV is imported where it is used: it cannot be without libGL, and a program must live to say that this is missing.


def _to_png(picture: np.ndarray) -> bytes:
    import cv2

    quick = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
    return cv2.imencode(".png", picture, quick)[1].tobytes()


def _from_png(content: bytes) -> np.ndarray | None:
    """None for what is no PNG."""
    import cv2

    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None


PICTURES: Mapping[str, tuple[str, str, Callable[[np.ndarray], Any]]] = {  # name: layer, folder in its archive, how it is decoded
    "masks": ("masks", "", np.asarray),
    "depth": ("depth", "", depth_of),
    "normals": ("normals", "", normals_of),
    "flow": ("flow", "forward/", flow_of),
    "backward_flow": ("flow", "backward/", flow_of),
}


@overload
def load_layer(root: str | Path, key: str, name: Literal["flow", "backward_flow"]) -> Layer[Flow]: ...
@overload
def load_layer(root: str | Path, key: str, name: Literal["tracks"]) -> Tracks: ...
@overload
def load_layer(root: str | Path, key: str, name: Literal["masks", "depth", "normals"]) -> Layer[np.ndarray]: ...
@overload
def load_layer(root: str | Path, key: str, name: str) -> Any: ...


def load_layer(root: str | Path, key: str, name: str) -> Any:
    """A layer of a clip.

    ``masks``: ``(height, width)`` uint8 a frame; ``depth``: the same in float32, metres; ``normals``: ``(height, width, 3)`` float32;
    ``flow`` (to the next frame) and ``backward_flow`` (to the previous one): a `Flow` a frame; ``tracks``: the `Tracks`.

    Raises:
        NoLayer: no such name, the file is not there, or it cannot be read.
    """
    if name == "tracks":
        return _load_tracks(layer_path(Path(root), key, name))
    if name not in PICTURES:
        raise NoLayer(f"no layer {name!r}: there are {', '.join((*PICTURES, 'tracks'))}")
    layer, folder, decode = PICTURES[name]
    return Layer(layer_path(Path(root), key, layer), folder, decode)


def _load_tracks(path: Path) -> Tracks:
    with _readable(path), np.load(path, allow_pickle=False) as arrays:
        return Tracks(**arrays)


class _readable:
    """Within it, whatever a missing or a broken file leads to is a NoLayer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        if not self._path.is_file():
            name = self._path.parent.name
            remedy = f"the same command as before with annotations=[{name}] makes it" if name in LAYERS else "make the clip again"
            raise NoLayer(f"{self._path} is missing: {remedy}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BROKEN) and not isinstance(error, NoLayer):
            raise NoLayer(f"{self._path} cannot be read ({error}): make the clip again") from error
