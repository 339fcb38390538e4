"""The annotations of a clip: what is seen at every frame, and the layers that were asked for, drawn and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from generator.annotations import OUT_OF_VIEW, PictureArchive, Tracks, depth_code, flow_code, normals_code, write_tracks
from generator.sightings import every_frame
from generator.surfaces import Surfaces, View, intrinsics_px, world_to_camera
from scenes.geometry import Array
from scenes.streams import Streams
from scenes.types import SceneSpec, Trajectories, Visibility

POINTS = 256
QUERIES = 8  # frames at which points are drawn


def each_frame(spec: SceneSpec, paths: Trajectories, seen: Visibility) -> dict[str, np.ndarray]:
    """The arrays of `EachFrame`, for the trajectory file, from the visibility at the checked frames."""
    sight = every_frame(spec, paths, seen)
    camera = {"intrinsics_px": intrinsics_px(paths), "world_to_camera": world_to_camera(paths)}
    return {name: getattr(sight, name).astype(np.float32) for name in ("visible_fraction", "area_px", "box_px")} | camera


def write_layers(spec: SceneSpec, paths: Trajectories, files: Mapping[str, Path]) -> None:
    """Write layers, each to the file under its name. Raises RuntimeError when there is no software OpenGL."""
    if not files:
        return
    surfaces = Surfaces(spec, paths)
    archives = {name: PictureArchive() for name in files if name != "tracks"}
    points = Points.drawn(surfaces, Streams(spec.seed, spec.split, spec.index).rng("point tracks")) if "tracks" in files else None
    for view, following in _with_next(surfaces.views(range(paths.num_frames))):
        for name, archive in archives.items():
            for member, picture in _pictures(name, view, following):
                archive.add(member, picture)
        if points:
            points.see(view)
    for name, archive in archives.items():
        archive.write(files[name])
    if points:
        write_tracks(files["tracks"], points.tracks())


def _with_next(views: Iterator[View]) -> Iterator[tuple[View, View | None]]:
    view = next(views)
    for following in views:
        yield view, following
        view = following
    yield view, None


def _pictures(layer: str, view: View, following: View | None) -> Iterator[tuple[str, np.ndarray]]:
    """What a frame adds to a layer: names and pictures."""
    if layer == "masks":
        yield f"{view.frame:05d}", view.mask
    elif layer == "depth":
        yield f"{view.frame:05d}", depth_code(view.depth_m)
    elif layer == "normals":
        yield f"{view.frame:05d}", normals_code(view.normal)
    elif following is not None:
        yield f"forward/{view.frame:05d}", flow_code(view.flow(following))
        yield f"backward/{following.frame:05d}", flow_code(following.flow(view))


class Points:
    """Points that stick to surfaces.

    Args:
        query_frame: ``(point,)``.
        label: ``(point,)`` as in the masks.
        position_m: ``(point, frame, 3)`` in the world.
    """

    def __init__(self, paths: Trajectories, query_frame: np.ndarray, label: np.ndarray, position_m: Array) -> None:
        self._query_frame, self._label, self._position_m = query_frame, label, position_m
        self._position_px, self._inverse_depth = _projected(paths, position_m)
        self._state = np.full(position_m.shape[:2], OUT_OF_VIEW, np.uint8)

    @classmethod
    def drawn(cls, surfaces: Surfaces, rng: np.random.Generator) -> Points:
        """Points drawn at a few frames, half on objects."""
        frames = np.unique(np.linspace(0, surfaces.paths.num_frames - 1, QUERIES).round().astype(int))
        shares = np.diff(np.linspace(0, POINTS, len(frames) + 1).round().astype(int))
        found = [_draw(view, int(share), rng) for view, share in zip(surfaces.views(frames), shares, strict=True)]
        query_frame = np.repeat(frames, [len(label) for label, _, _ in found])
        label, piece, local = (np.concatenate(each) for each in zip(*found, strict=True))
        models = surfaces.models(range(surfaces.paths.num_frames))[piece]
        position_m = np.einsum("nfij,nj->nfi", models[..., :3, :3], local) + models[..., :3, 3]
        return cls(surfaces.paths, query_frame, label, position_m)

    def see(self, view: View) -> None:
        """Find out which of them can be seen at a frame."""
        x, y = self._position_px[:, view.frame].T
        self._state[:, view.frame] = view.state(x, y, self._inverse_depth[:, view.frame])

    def tracks(self) -> Tracks:
        """What is known of them when every frame was seen."""
        return Tracks(self._query_frame, self._label, self._position_px.astype("f4"), self._position_m.astype("f4"), self._state)


def _draw(view: View, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Array]:
    """Labels ``(point,)``, pieces ``(point,)`` and places in them ``(point, 3)`` of points at the centres of pixels."""
    mask, solid = view.mask.ravel(), view.faces.ravel() > 0
    objects = np.unique(mask[mask > 0])
    on_objects = count // 2 if len(objects) else 0
    wanted = np.append(np.zeros(count - on_objects, int), rng.choice(objects, on_objects) if on_objects else [])
    candidates = {int(label): np.flatnonzero((mask == label) & solid) for label in np.unique(wanted)}
    pixels = np.array([rng.choice(candidates[int(label)]) for label in wanted if len(candidates[int(label)])], int)
    row, column = np.divmod(pixels, view.mask.shape[1])
    depth_m = view.depth_m[row, column]
    rays = np.stack([column + 0.5, row + 0.5, np.ones(len(row))], axis=1) @ np.linalg.inv(view.intrinsics).T
    piece = view.piece[view.faces[row, column]]
    from_camera = np.linalg.inv(view.camera)[piece]
    local = np.einsum("nij,nj->ni", from_camera[:, :3, :3], rays * depth_m[:, None]) + from_camera[:, :3, 3]
    return mask[pixels], piece, local


def _projected(paths: Trajectories, position_m: Array) -> tuple[Array, Array]:
    """Pixels ``(point, frame, 2)``, NaN behind the camera, and one over the depth ``(point, frame)``."""
    camera, intrinsics = world_to_camera(paths), intrinsics_px(paths)
    points = np.einsum("fij,nfj->nfi", camera[:, :3, :3], position_m) + camera[:, :3, 3]
    pixels = np.einsum("fij,nfj->nfi", intrinsics, points)
    depth_m = np.where(points[..., 2] > 0, points[..., 2], np.nan)
    return pixels[..., :2] / depth_m[..., None], 1 / depth_m
