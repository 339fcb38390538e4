"""What the camera sees, drawn by software OpenGL without Blender: visibility before a render, and id masks.

Everything is drawn as *tiles* of one large *sheet*: a tile shows a rectangle of the picture plane at one frame.
`TruthPass.masks` draws one tile per frame, the rectangle being the whole picture. `TruthPass.coverage` draws one small
tile per object and frame, fitted around the object's silhouette, wherever that lies: so the accuracy does not depend
on how large the object is in the picture, what sticks out of the picture is measured too, and empty pixels cost
nothing. Each mesh is drawn into many of its tiles by one instanced call, and a sheet is read back once.

`TruthPass.faces` draws like `masks`, but says of each pixel which triangle is seen there: all else that is true of a
surface follows from that (see `generator.surfaces`). It is another fragment shader and another format of sheet.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import moderngl
import numpy as np
import trimesh

from generator.system_libraries import driver_command
from generator.tiles import Coverage, Layout, clip_matrices, corners_of, model_matrices, owners, view_matrices
from scenes import bodies
from scenes.colours import COLOURS
from scenes.environments import environment
from scenes.geometry import Array
from scenes.patterns import plain
from scenes.solids import join
from scenes.types import EnvironmentSpec, ObjectSpec, SceneSpec, Trajectories

SHEET_PX = 2048  # a side; larger sheets save nothing
PART_FACES = 256
FACES_AT_ONCE = 50_000  # Mesa puts aside what it has yet to draw, and keeps the room: 40 MB more in a process that drew one crowd
GL_CLIP_DISTANCES = range(0x3000, 0x3004)
EGL_DRAW_AND_READ = (0x3059, 0x305A)

# The clip distances keep what is larger than its tile out of the neighbours; `tile` is the tile's centre on the sheet.
VERTEX_SHADER = """
#version 330
uniform vec2 tile_size;
in vec3 position;
in vec4 row_x, row_y, row_z, row_w;
in vec2 tile;
out gl_PerVertex { vec4 gl_Position; float gl_ClipDistance[4]; };
void main() {
    vec4 point = vec4(position, 1.0);
    vec4 p = vec4(dot(row_x, point), dot(row_y, point), dot(row_z, point), dot(row_w, point));
    gl_ClipDistance[0] = p.w + p.x;
    gl_ClipDistance[1] = p.w - p.x;
    gl_ClipDistance[2] = p.w + p.y;
    gl_ClipDistance[3] = p.w - p.y;
    gl_Position = vec4(p.xy * tile_size + tile * p.w, p.zw);
}
"""
FRAGMENT_SHADER = """
#version 330
uniform vec2 value;
out vec2 colour;
void main() { colour = value; }
"""
FACE_SHADER = """
#version 330
uniform vec2 value;  // the number of the mesh's first triangle
out float face;
void main() { face = value.x + float(gl_PrimitiveID); }
"""
INSTANCE_FORMAT = "4f 4f 4f 4f 2f /i"
INSTANCE_ATTRIBUTES = ("row_x", "row_y", "row_z", "row_w", "tile")
INSTANCE_BYTES = 18 * 4


class NoOpenGL(RuntimeError):
    """The machine cannot draw; the message says what to install."""


@dataclass(frozen=True, eq=False)
class Triangles:
    """Every triangle of a scene: ``corners (face, 3, 3)`` in the coordinates of its piece, and ``piece (face,)``, its row.

    Piece 0 is the environment, in world coordinates; the others are those of `tiles.model_matrices`, plus 1. Face 0 is the
    sky, which has no corners: zeros stand for them.
    """

    corners: Array
    piece: np.ndarray


@dataclass(frozen=True, eq=False)
class _Format:
    """What a sheet holds: a program that writes so many channels of a type (moderngl's name, numpy's)."""

    program: moderngl.Program
    channels: int
    dtype: str
    numpy: type[np.generic]


@dataclass(frozen=True, eq=False)
class _Solid:
    """The mesh of a piece of an object of size 1 on the GPU, and the corners ``(8, 3)`` of its bounds."""

    mesh: _GpuMesh
    corners: Array


@dataclass(frozen=True, eq=False)
class _Scenery:
    """An environment's surfaces, one after another in one mesh, with their bounds ``(part, 2, 3)`` and ranges of indices."""

    mesh: _GpuMesh
    bounds_m: Array
    ranges: list[slice]


class TruthPass:
    """An OpenGL context and the meshes it drew before. A process needs only one: see `shared`.

    Raises:
        RuntimeError: there is no software OpenGL; the message says how to install it.
    """

    def __init__(self, libegl: str = "libEGL.so.1") -> None:
        self._egl, self._context = _open_context(libegl)
        self._context.gc_mode = "context_gc"  # free only in `_current`: Blender may have a context here as well
        with self._current():
            self._values = self._format(FRAGMENT_SHADER, 2, "f1", np.uint8)
            self._faces = self._format(FACE_SHADER, 1, "f4", np.float32)
        self._solids = lru_cache(maxsize=64)(self._upload_solids)
        self._scenery = lru_cache(maxsize=2)(self._upload_scenery)
        self._sheet = lru_cache(maxsize=4)(self._new_sheet)

    @property
    def renderer(self) -> str:
        """What OpenGL calls the device that draws."""
        with self._current():
            return self._context.info["GL_RENDERER"]

    def coverage(
        self, spec: SceneSpec, paths: Trajectories, frames: np.ndarray, silhouette_px: int = 64, wanted: np.ndarray | None = None
    ) -> Coverage:
        """How much of each object is visible at ``frames (check,)``, measured on rasters of ``silhouette_px`` a side.

        ``wanted (object, check)`` leaves objects out at some of the frames; they count as not seen there.
        """
        with self._current():
            solids = self._pieces(spec)
            scenery = self._scenery(spec.environment)
            models = model_matrices(paths, frames, sizes_m(spec))
            corners = np.stack([solid.corners for solid in solids])
            layout = Layout(paths, frames, models, corners, scenery.bounds_m, silhouette_px, wanted)
            sheet = self._sheet(self._values, silhouette_px, silhouette_px)
            chunks = sheet.chunks(len(layout.subject))
            pixels = np.concatenate([_draw_coverage(sheet, layout, solids, scenery, chunk) for chunk in chunks])
        return layout.coverage(pixels[..., 0] > 0, pixels[..., 1] > 0)

    def masks(self, spec: SceneSpec, paths: Trajectories, frames: Sequence[int] | np.ndarray, height_px: int | None = None) -> np.ndarray:
        """``(check, height, width)`` uint8: 0 where no object is seen, else the object's row plus 1.

        Args:
            height_px: of the masks; that of the picture when None. The width follows.
        """
        height_px = height_px or paths.height_px
        frames = np.asarray(frames)
        with self._current():
            sheet = self._sheet(self._values, round(paths.width_px * height_px / paths.height_px), height_px)
            values = [0.0, *((owners(paths) + 1) / 255)]
            return np.concatenate([self._draw_pictures(sheet, spec, paths, frames[chunk], values) for chunk in sheet.chunks(len(frames))])

    def triangles(self, spec: SceneSpec) -> Triangles:
        """The triangles of a scene, in the order in which `faces` numbers them."""
        with self._current():
            meshes = [mesh.corners for mesh in self._meshes(spec)]
        piece = np.repeat(np.arange(len(meshes)), [len(corners) for corners in meshes])
        return Triangles(np.concatenate([np.zeros((1, 3, 3)), *meshes]), np.append(0, piece))

    def faces(self, spec: SceneSpec, paths: Trajectories, frames: Sequence[int] | np.ndarray) -> Iterator[np.ndarray]:
        """Which of the scene's triangles is seen at the centre of each pixel, ``(height, width)`` int32, frame by frame; 0 is the sky."""
        frames = np.asarray(frames)
        with self._current():
            first = 1.0 + np.cumsum([0, *(len(mesh.corners) for mesh in self._meshes(spec)[:-1])])
            sheet = self._sheet(self._faces, paths.width_px, paths.height_px)
        for chunk in sheet.chunks(len(frames)):
            with self._current():
                drawn = self._draw_pictures(sheet, spec, paths, frames[chunk], first)
            yield from drawn.astype(np.int32)

    def _draw_pictures(
        self, sheet: _Sheet, spec: SceneSpec, paths: Trajectories, frames: np.ndarray, values: Sequence[float] | np.ndarray
    ) -> np.ndarray:
        """Channel 0 of ``(check, height, width)`` whole pictures, in which each mesh has its value."""
        pictures = np.tile([0.0, 0.0, paths.width_px, paths.height_px], (len(frames), 1))
        to_clip = clip_matrices(paths, frames, pictures) @ view_matrices(paths, frames)
        models = [np.eye(4), *model_matrices(paths, frames, sizes_m(spec))]
        places = np.arange(len(frames))
        sheet.begin(len(frames))
        for model, value, mesh in zip(models, values, self._meshes(spec), strict=True):
            sheet.draw(mesh, to_clip @ model, places, (float(value), 0.0))
        return sheet.read(len(frames))[..., 0]

    @contextmanager
    def _current(self) -> Iterator[None]:
        with _other_context_kept(self._egl), self._context:
            self._context.gc()
            yield

    def _format(self, fragment_shader: str, channels: int, dtype: str, numpy: type[np.generic]) -> _Format:
        return _Format(self._context.program(vertex_shader=VERTEX_SHADER, fragment_shader=fragment_shader), channels, dtype, numpy)

    def _meshes(self, spec: SceneSpec) -> list[_GpuMesh]:
        """That of the environment, then those of the pieces."""
        return [self._scenery(spec.environment).mesh, *(solid.mesh for solid in self._pieces(spec))]

    def _pieces(self, spec: SceneSpec) -> list[_Solid]:
        return [solid for item in spec.objects for solid in self._solids(item.shape)]

    def _upload_solids(self, shape: str) -> tuple[_Solid, ...]:
        return tuple(self._upload_solid(mesh) for mesh in unit_meshes(shape))

    def _upload_solid(self, mesh: trimesh.Trimesh) -> _Solid:
        closed = bool(mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0)
        return _Solid(_GpuMesh(self._context, mesh.vertices, mesh.faces, closed), corners_of(_bounds(mesh.vertices)))

    def _upload_scenery(self, spec: EnvironmentSpec) -> _Scenery:
        solids = [surface.solid for surface in environment.build(spec).surfaces]
        whole = join(solids)
        corners = whole.vertices[whole.faces]
        middles = corners[:, 0] + corners[:, 1] + corners[:, 2]  # times three
        surfaces = np.split(np.arange(len(whole.faces)), np.cumsum([len(solid.faces) for solid in solids[:-1]]))
        parts = [part for rows in surfaces for part in _parts(middles, rows)]
        faces = whole.faces[np.concatenate(parts)]
        ends = 3 * np.cumsum([len(part) for part in parts])
        starts = np.append(0, ends[:-1])
        points = whole.vertices.T[:, faces.ravel()]
        bounds_m = np.stack([extreme.reduceat(points, starts, axis=1).T for extreme in (np.minimum, np.maximum)], axis=1)
        mesh = _GpuMesh(self._context, whole.vertices, faces, closed=False)
        return _Scenery(mesh, bounds_m, [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)])

    def _new_sheet(self, form: _Format, width_px: int, height_px: int) -> _Sheet:
        return _Sheet(self._context, form, width_px, height_px)


def shared() -> TruthPass:
    """The truth pass of this process, opened at the first call. Raises NoOpenGL."""
    return _of_process(os.getpid())


def drawn_by() -> str:
    """What OpenGL calls the device that draws the truth pass of this process. Raises NoOpenGL."""
    return shared().renderer


@lru_cache(maxsize=1)
def _of_process(pid: int) -> TruthPass:
    return TruthPass()


def _open_context(libegl: str) -> tuple[ctypes.CDLL, moderngl.Context]:
    try:
        egl = _egl(libegl)
        backend: dict[str, Any] = {"backend": "egl", "libegl": libegl}
        with _other_context_kept(egl), moderngl.create_context(require=330, standalone=True, **backend) as context:
            return egl, context
    except Exception as error:  # moderngl raises nothing more precise
        raise NoOpenGL(f"no software OpenGL for the occlusion check ({error}). Install it with: {driver_command()}") from error


@lru_cache(maxsize=8)
def unit_meshes(shape: str) -> tuple[trimesh.Trimesh, ...]:
    """The meshes of objects of that shape (of an avatar, of its limbs, each in its own frame) whatever their paint, of size 1."""
    paint = next(iter(COLOURS))
    parts = bodies.parts(ObjectSpec(shape, shape, 1.0, paint, plain(COLOURS[paint]), (0.0, 0.0, 0.0)))
    return tuple(cast(trimesh.Trimesh, trimesh.util.concatenate([surface.mesh for surface in part.surfaces])) for part in parts)


@contextmanager
def _other_context_kept(egl: ctypes.CDLL) -> Iterator[None]:
    """Whatever context was current before is current again afterwards.

    moderngl leaves none. Blender does not notice that its own is gone, and what it frees between two clips, all of a
    clip's pictures and meshes, would stay in memory for ever.
    """
    display = egl.eglGetCurrentDisplay()
    before = [egl.eglGetCurrentSurface(which) for which in EGL_DRAW_AND_READ] + [egl.eglGetCurrentContext()]
    try:
        yield
    finally:
        if display is not None:
            egl.eglMakeCurrent(display, *before)


def _egl(libegl: str) -> ctypes.CDLL:
    egl = ctypes.CDLL(libegl)
    for name in ("eglGetCurrentDisplay", "eglGetCurrentSurface", "eglGetCurrentContext"):
        getattr(egl, name).restype = ctypes.c_void_p
    egl.eglMakeCurrent.argtypes = [ctypes.c_void_p] * 4
    return egl


def _bounds(points: Array) -> Array:
    """``(2, 3)``: lowest and highest coordinates of ``(point, 3)``."""
    return np.stack([points.min(axis=0), points.max(axis=0)])


def _parts(middles: Array, rows: np.ndarray) -> list[np.ndarray]:
    """The rows of ``middles (face, 3)`` in compact groups: most of a surface need not be drawn where only some may be in the way."""
    if len(rows) <= PART_FACES:
        return [rows]
    chosen = middles[rows]
    order = np.argsort(chosen[:, np.argmax(np.ptp(chosen, axis=0))])
    return [part for half in np.array_split(rows[order], 2) for part in _parts(middles, half)]


def sizes_m(spec: SceneSpec) -> Array:
    """``(object,)``"""
    return np.array([item.size_m for item in spec.objects])


def _draw_coverage(sheet: _Sheet, layout: Layout, solids: list[_Solid], scenery: _Scenery, tiles: slice) -> np.ndarray:
    """Pixels ``(tile, y, x, 2)``: channel 0 is the silhouette drawn alone, channel 1 what lies in front of it."""
    sheet.begin(tiles.stop - tiles.start)
    for row, solid in enumerate(solids):
        chosen = tiles.start + np.flatnonzero(layout.subject[tiles] == layout.owner[row])
        sheet.draw(solid.mesh, layout.matrices(row, chosen), chosen - tiles.start, (1.0, 0.0))
    with sheet.in_front():
        for row, solid in enumerate(solids):
            chosen = tiles.start + np.flatnonzero(layout.over_piece[row, tiles])
            sheet.draw(solid.mesh, layout.matrices(row, chosen), chosen - tiles.start, (0.0, 1.0))
        over_part = layout.over_part[:, tiles]
        for part in np.flatnonzero(over_part.any(axis=1)):
            chosen = tiles.start + np.flatnonzero(over_part[part])
            sheet.draw(scenery.mesh, layout.to_clip[chosen], chosen - tiles.start, (0.0, 1.0), scenery.ranges[part])
    return sheet.read(tiles.stop - tiles.start)


class _GpuMesh:
    """Triangles on the GPU and the buffer that says where to draw them; back faces are skipped if it is closed."""

    def __init__(self, context: moderngl.Context, vertices: Array, faces: np.ndarray, closed: bool) -> None:
        self.closed, self.num_indices = closed, faces.size
        self.instances = context.buffer(reserve=INSTANCE_BYTES, dynamic=True)
        self._context, self._vertices, self._faces = context, vertices, faces
        self._indices = context.buffer(faces.astype("i4"))
        self._buffers = [(context.buffer(vertices.astype("f4")), "3f", "position"), (self.instances, INSTANCE_FORMAT, *INSTANCE_ATTRIBUTES)]
        self._arrays: dict[moderngl.Program, moderngl.VertexArray] = {}

    @property
    def corners(self) -> Array:
        """``(face, 3, 3)``"""
        return self._vertices[self._faces]

    def array(self, program: moderngl.Program) -> moderngl.VertexArray:
        """The mesh as a program draws it."""
        if program not in self._arrays:
            self._arrays[program] = self._context.vertex_array(program, self._buffers, self._indices)
        return self._arrays[program]


class _Sheet:
    """A framebuffer of tiles, all of one size and format, with depth."""

    def __init__(self, context: moderngl.Context, form: _Format, width_px: int, height_px: int) -> None:
        self._context, self._form = context, form
        self._faces_aside = 0
        self._tile_px = (width_px, height_px)
        self._columns, self._rows = max(1, SHEET_PX // width_px), max(1, SHEET_PX // height_px)
        self._size_px = (self._columns * width_px, self._rows * height_px)
        self._frame = context.framebuffer(
            [context.texture(self._size_px, form.channels, dtype=form.dtype)], context.depth_renderbuffer(self._size_px)
        )

    def chunks(self, num_tiles: int) -> list[slice]:
        """Tiles ``range(num_tiles)`` in portions that fit."""
        capacity = self._columns * self._rows
        return [slice(start, min(start + capacity, num_tiles)) for start in range(0, max(num_tiles, 1), capacity)]

    def begin(self, num_tiles: int) -> None:
        """Clear the room of that many tiles, and get ready to draw."""
        self._write_to((True, True, False, False), depth=True)
        self._frame.clear(viewport=self._used_px(num_tiles))
        self._context.front_face = "cw"  # clip y points down
        for plane in GL_CLIP_DISTANCES:
            self._context.enable_direct(plane)
        self._form.program["tile_size"] = (1 / self._columns, 1 / self._rows)

    def draw(self, mesh: _GpuMesh, matrices: Array, places: np.ndarray, value: tuple[float, float], indices: slice | None = None) -> None:
        """Draw a mesh (or a range of its indices) through ``matrices (n, 4, 4)`` into the tiles ``places (n,)``."""
        indices = indices or slice(0, mesh.num_indices)
        faces = max((indices.stop - indices.start) // 3, 1)
        at_once = max(FACES_AT_ONCE // faces, 1)
        for start in range(0, len(places), at_once):
            chosen = slice(start, start + at_once)
            self._put_aside(faces * len(places[chosen]))
            self._draw(mesh, matrices[chosen], places[chosen], value, indices)

    def _put_aside(self, faces: int) -> None:
        """Have all that was put aside drawn first, if this were too much."""
        if self._faces_aside + faces > FACES_AT_ONCE:
            self._finish()
        self._faces_aside += faces

    def _finish(self) -> None:
        self._context.finish()
        self._faces_aside = 0

    def _draw(self, mesh: _GpuMesh, matrices: Array, places: np.ndarray, value: tuple[float, float], indices: slice) -> None:
        row, column = np.divmod(places, self._columns)
        centres = np.stack([(2 * column + 1) / self._columns, (2 * row + 1) / self._rows], axis=1) - 1
        instances = np.concatenate([matrices.reshape(-1, 16), centres], axis=1).astype("f4")
        mesh.instances.orphan(instances.nbytes)
        mesh.instances.write(instances)
        self._form.program["value"] = value
        self._context.enable_only(moderngl.DEPTH_TEST | (moderngl.CULL_FACE if mesh.closed else moderngl.NOTHING))
        mesh.array(self._form.program).render(vertices=indices.stop - indices.start, first=indices.start, instances=len(places))

    @contextmanager
    def in_front(self) -> Iterator[None]:
        """Within it, only channel 1 is written, where something nearer than what was drawn before falls."""
        self._write_to((False, True, False, False), depth=False)
        yield
        self._write_to((True, True, False, False), depth=True)

    def _write_to(self, channels: tuple[bool, bool, bool, bool], depth: bool) -> None:
        self._frame.color_mask, self._frame.depth_mask = channels, depth
        self._frame.use()  # masks take effect only here

    def read(self, num_tiles: int) -> np.ndarray:
        """``(tile, y, x, channel)``"""
        width_px, height_px = self._tile_px
        viewport = self._used_px(num_tiles)
        form = self._form
        raw = np.frombuffer(self._frame.read(viewport=viewport, components=form.channels, alignment=1, dtype=form.dtype), form.numpy)
        self._forget()
        rows = raw.reshape(-1, height_px, self._columns, width_px, form.channels).swapaxes(1, 2)
        return rows.reshape(-1, height_px, width_px, form.channels)[:num_tiles]

    def _forget(self) -> None:
        """Draw next to nothing: until then Mesa holds on to what it drew last."""
        self._frame.clear(viewport=(0, 0, 1, 1))
        self._finish()

    def _used_px(self, num_tiles: int) -> tuple[int, int, int, int]:
        rows = -(-num_tiles // self._columns)
        return (0, 0, self._size_px[0], rows * self._tile_px[1])
