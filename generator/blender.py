"""Blender replays a solved scene and draws it: the only file that imports bpy.

Import it inside worker processes alone: a process that has rendered once must not fork. Blender holds one scene at
a time, so finish (or drop) one call's frames before the next call in the same process.
"""

from __future__ import annotations

import itertools
import math
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from generator.options import DEVICE, GPU_KINDS, RenderOptions, there_is
from generator.silence import silence
from scenes import bodies
from scenes.environments import environment
from scenes.geometry import Array
from scenes.patterns import paint
from scenes.shapes import Surface
from scenes.types import Colour, LightSpec, ObjectSpec, Pattern, SceneSpec, Trajectories, Vector

with silence():  # Blender says things of its own about the machine when it starts
    import bpy
    import mathutils

with suppress(OSError):
    os.rmdir(bpy.app.tempdir)  # nothing is put there, and a worker that is killed would leave it behind

# Blender puts its scripts first on the path, and there its half of bpy would be found instead of the whole by a process that
# inherits the path.
sys.path.sort(key=lambda folder: folder.startswith(bpy.utils.resource_path("LOCAL")))

CLIP_M = (0.05, 500.0)
SHARP_RAD = math.radians(40)
TEXTURE_PX = 256
MAX_OBJECTS = 255
WORKBENCH_AT_ONCE = 12  # frames: within one animation Blender keeps its OpenGL context and meshes, which saves a fifth of the time
FILLS: tuple[tuple[Vector, float], ...] = (((0.8, 0.5, 0.1), 0.28), ((-0.3, 0.4, -0.6), 0.12), ((0.0, -1.0, 0.2), 0.12))


@dataclass(frozen=True)
class EvaluatedPoses:
    """What Blender's dependency graph makes of the trajectories, at the frames asked for.

    ``objects (object, frame, 4, 4)`` (of an avatar, its first limb), ``limbs (limb, frame, 4, 4)`` and ``camera (frame, 4, 4)`` map
    local to world; ``focal_length_mm (frame,)``;
    ``projection (frame, 4, 4)`` maps camera space to OpenGL clip space.
    """

    objects: Array
    limbs: Array
    camera: Array
    focal_length_mm: Array
    projection: Array


@dataclass(frozen=True)
class _Stage:
    """A built scene: ``bodies`` holds the mesh objects of each part of each `ObjectSpec`, ``set_pieces`` those of the environment."""

    scene: bpy.types.Scene
    camera: bpy.types.Object
    bodies: tuple[tuple[tuple[bpy.types.Object, ...], ...], ...]
    set_pieces: tuple[bpy.types.Object, ...]


def render(spec: SceneSpec, paths: Trajectories, options: RenderOptions) -> Iterator[np.ndarray]:
    """Draw every frame: yields ``(height, width, 3)`` uint8 RGB.

    Raises:
        ValueError: the engine draws nothing, or ``options.device`` is none that this machine has.
        RuntimeError: Blender failed to draw.
    """
    if options.engine not in _ENGINES:
        raise ValueError(f"engine {options.engine!r} draws no pictures; choose one of {', '.join(_ENGINES)}")
    with silence():
        stage = _build(spec, paths)
        _set_size(stage.scene, paths, options.supersampling)
        _ENGINES[options.engine](stage, spec, options)
    at_once = WORKBENCH_AT_ONCE if options.engine == "workbench" else 1
    for frames in _stretches(paths.num_frames, at_once):
        for picture in _draw_all(stage.scene, frames):
            yield _shrink(picture, paths.width_px, paths.height_px)


def render_masks(spec: SceneSpec, paths: Trajectories, frames: Sequence[int]) -> np.ndarray:
    """Which object is seen where: ``(len(frames), height, width)`` uint8, object i as i + 1 and all else as 0.

    Raises:
        ValueError: more objects than ids.
    """
    if len(spec.objects) > MAX_OBJECTS:
        raise ValueError(f"{len(spec.objects)} objects do not fit into masks of {MAX_OBJECTS} ids; draw fewer")
    with silence():
        stage = _build(spec, paths)
        _set_size(stage.scene, paths)
        _use_ids(stage)
    masks = np.empty((len(frames), paths.height_px, paths.width_px), np.uint8)
    for row, frame in enumerate(frames):
        (picture,) = _draw_all(stage.scene, range(frame, frame + 1))
        masks[row] = picture[::-1, :, 0]
    return masks


def evaluated_poses(spec: SceneSpec, paths: Trajectories, frames: Sequence[int] | None = None) -> EvaluatedPoses:
    """Step a built scene through ``frames`` (all of them by default, in any order) and read back what Blender makes of it."""
    with silence():
        stage = _build(spec, paths)
        _set_size(stage.scene, paths)
        rows = [_evaluate(stage, frame) for frame in (range(paths.num_frames) if frames is None else frames)]
    objects, limbs, camera, focal_length_mm, projection = (np.array(values) for values in zip(*rows, strict=True))
    limbs = limbs.reshape(len(rows), -1, 4, 4)
    return EvaluatedPoses(np.swapaxes(objects, 0, 1), np.swapaxes(limbs, 0, 1), camera, focal_length_mm, projection)


def check() -> None:
    """Draw one tiny frame. Call it in a child process: without libEGL the drawing aborts the process (exit code 134).

    Raises:
        RuntimeError: Blender draws, but not the picture that it should.
    """
    with silence():
        scene = _fresh_scene()
        scene.camera = _link(scene, bpy.data.cameras.new("camera"))
        scene.render.resolution_x = scene.render.resolution_y = 16
        _use_workbench_plain(scene)
        _set_background(scene, (1.0, 1.0, 1.0))
    (picture,) = _draw_all(scene, range(1))
    if not np.all(picture == 255):
        raise RuntimeError("Blender's Workbench engine drew a wrong picture; check the OpenGL driver (libgl1, libegl1)")


def drawn_by() -> str:
    """What OpenGL calls the device that Workbench and EEVEE draw with, once a frame was drawn."""
    import gpu  # type: ignore[import-not-found]  # it comes with bpy

    return gpu.platform.renderer_get()


def gpus() -> dict[str, tuple[str, ...]]:
    """Names of the GPUs that Cycles can draw with, by kind; a kind of which there is none is left out."""
    preferences = _cycles_preferences()
    kinds = [kind for kind in GPU_KINDS if _enable_gpus(preferences, kind)]
    return {kind: tuple(device.name for device in preferences.devices if device.type == kind.upper()) for kind in kinds}


# Build


def _build(spec: SceneSpec, paths: Trajectories) -> _Stage:
    scene = _fresh_scene()
    setting = environment.build(spec.environment)
    materials: dict[Pattern, bpy.types.Material] = {}
    set_pieces = _add_body(scene, "environment", setting.surfaces, materials)
    built = tuple(_add_object(scene, item, paths, materials) for item in spec.objects)
    _set_background(scene, setting.background)
    return _Stage(scene, _add_camera(scene, paths), built, set_pieces)


def _add_object(
    scene: bpy.types.Scene, item: ObjectSpec, paths: Trajectories, materials: dict[Pattern, bpy.types.Material]
) -> tuple[tuple[bpy.types.Object, ...], ...]:
    """The mesh objects of each part, which follow its path."""
    built = []
    for part, pose in zip(bodies.parts(item), bodies.part_poses(paths, item.name), strict=True):
        meshes = _add_body(scene, f"{item.name} {part.name}", part.surfaces, materials)
        for mesh in meshes:
            _key_pose(mesh, pose.position_m, pose.quaternion_wxyz, pose.scale)
        built.append(meshes)
    return tuple(built)


def _fresh_scene() -> bpy.types.Scene:
    """An empty file: nothing of the clip before it survives."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.dither_intensity = 0
    scene.render.use_compositing = scene.render.use_sequencer = scene.render.use_stamp = False
    scene.view_settings.view_transform = "Standard"
    return scene


def _link(scene: bpy.types.Scene, thing: bpy.types.ID) -> bpy.types.Object:
    linked = bpy.data.objects.new(thing.name, thing)
    scene.collection.objects.link(linked)
    return linked


def _add_body(
    scene: bpy.types.Scene, name: str, parts: Sequence[Surface], materials: dict[Pattern, bpy.types.Material]
) -> tuple[bpy.types.Object, ...]:
    """One Blender object for the parts that cast shadows and one for those that do not: few objects draw fast.

    An open mesh casts none, since Workbench would turn it into streaks across the picture.
    """
    body = []
    for casts_shadow in (True, False):
        chosen = [part for part in parts if (part.casts_shadow and part.mesh.is_watertight) == casts_shadow]
        if chosen:
            linked = _link(scene, _mesh(name, chosen, materials))
            linked.display.show_shadows = linked.visible_shadow = casts_shadow
            body.append(linked)
    return tuple(body)


def _mesh(name: str, parts: Sequence[Surface], materials: dict[Pattern, bpy.types.Material]) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    slots = list(dict.fromkeys(part.pattern for part in parts))
    for pattern in slots:
        mesh.materials.append(_material(pattern, materials))
    _fill(mesh, parts)
    mesh.polygons.foreach_set("material_index", _per_face(parts, [slots.index(part.pattern) for part in parts]))
    mesh.polygons.foreach_set("use_smooth", _per_face(parts, [part.smooth for part in parts]))
    mesh.update(calc_edges=True)
    mesh.set_sharp_from_angle(angle=SHARP_RAD)
    return mesh


def _fill(mesh: bpy.types.Mesh, parts: Sequence[Surface]) -> None:
    """Geometry and picture coordinates of all parts, in one go (``from_pydata`` is many times slower)."""
    first_vertex = np.cumsum([0] + [len(part.mesh.vertices) for part in parts[:-1]])
    corners = np.concatenate([part.mesh.faces + first for part, first in zip(parts, first_vertex, strict=True)])
    mesh.vertices.add(sum(len(part.mesh.vertices) for part in parts))
    mesh.vertices.foreach_set("co", np.concatenate([part.mesh.vertices for part in parts]).astype(np.float32).ravel())
    mesh.loops.add(corners.size)
    mesh.loops.foreach_set("vertex_index", corners.astype(np.int32).ravel())
    mesh.polygons.add(len(corners))
    mesh.polygons.foreach_set("loop_start", np.arange(0, corners.size, 3, dtype=np.int32))
    layer = mesh.uv_layers.new(name="uv")
    layer.uv.foreach_set("vector", np.concatenate([part.uv for part in parts]).astype(np.float32).ravel())


def _per_face(parts: Sequence[Surface], values: Sequence[int | bool]) -> np.ndarray:
    return np.repeat(values, [len(part.mesh.faces) for part in parts])


def _material(pattern: Pattern, materials: dict[Pattern, bpy.types.Material]) -> bpy.types.Material:
    """The one material of a pattern in a clip; its image node is active because Workbench shows that one."""
    if pattern not in materials:
        material = materials[pattern] = bpy.data.materials.new(pattern.kind)
        material.use_nodes = True
        tree = material.node_tree
        shader = tree.nodes["Principled BSDF"]
        shader.inputs["Roughness"].default_value = 0.6
        picture = tree.nodes.new("ShaderNodeTexImage")
        picture.image = _image(pattern)
        tree.links.new(picture.outputs["Color"], shader.inputs["Base Color"])
        tree.nodes.active = picture
    return materials[pattern]


def _image(pattern: Pattern) -> bpy.types.Image:
    image = bpy.data.images.new(pattern.kind, TEXTURE_PX, TEXTURE_PX, alpha=False)
    image.colorspace_settings.name = "sRGB"
    image.pixels.foreach_set(_texels(pattern))
    image.update()
    return image


def _texels(pattern: Pattern) -> np.ndarray:
    """Flat RGBA from the lower left corner on, as Blender keeps it."""
    texels = np.ones((TEXTURE_PX, TEXTURE_PX, 4), np.float32)
    texels[..., :3] = paint(pattern, TEXTURE_PX)
    return texels.ravel()


def _add_camera(scene: bpy.types.Scene, paths: Trajectories) -> bpy.types.Object:
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit = "HORIZONTAL"
    lens.sensor_width = paths.sensor_width_mm
    lens.clip_start, lens.clip_end = CLIP_M
    scene.camera = _link(scene, lens)
    _key_pose(scene.camera, paths.camera_position_m, paths.camera_quaternion_wxyz)
    _key(lens, "lens", paths.focal_length_mm[:, None])
    return scene.camera


# Key


def _key_pose(target: bpy.types.Object, position_m: Array, quaternion_wxyz: Array, scale: Array | None = None) -> None:
    target.rotation_mode = "QUATERNION"
    _key(target, "location", position_m)
    _key(target, "rotation_quaternion", quaternion_wxyz)
    if scale is not None:
        _key(target, "scale", np.repeat(scale[:, None], 3, axis=1))


def _key(target: bpy.types.ID, path: str, values: Array) -> None:
    """Replay ``values (frame, channel)``; what never changes is set once, as it costs nothing per frame."""
    if np.all(values == values[0]):
        setattr(target, path, values[0] if values.shape[1] > 1 else float(values[0, 0]))
        return
    for channel, column in enumerate(values.T):
        points = _channels(target).new(path, index=channel).keyframe_points
        points.add(len(column))
        points.foreach_set("co", np.column_stack([np.arange(len(column)), column]).astype(np.float32).ravel())
        points.foreach_set("interpolation", np.ones(len(column), np.int32))  # linear: exact at every frame


def _channels(target: bpy.types.ID) -> bpy.types.ActionChannelbagFCurves:
    """The curves of a target, through the layered actions that outlive Blender 5's removal of ``Action.fcurves``."""
    animation = target.animation_data_create()
    if animation.action is None:
        action = bpy.data.actions.new(target.name)
        slot = action.slots.new(id_type=target.id_type, name=target.name)
        action.layers.new("layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
        animation.action, animation.action_slot = action, slot
    return animation.action.layers[0].strips[0].channelbag(animation.action_slot).fcurves


# Light


def _set_background(scene: bpy.types.Scene, colour: Colour) -> None:
    scene.world = bpy.data.worlds.new("world")
    scene.world.color = _linear(colour)


def _linear(colour: Colour) -> Vector:
    """sRGB → scene-linear light (IEC 61966-2-1)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return red, green, blue


def _key_colour(light: LightSpec) -> Vector:
    return light.key * (1 + 0.12 * light.warmth), light.key, light.key * (1 - 0.15 * light.warmth)


def _studio_axes(direction: Vector) -> Vector:
    """Workbench counts light directions as (right, up, towards −y)."""
    x, y, z = np.asarray(direction, float) / np.linalg.norm(direction)
    return x, z, -y


def _light_studio(scene: bpy.types.Scene, light: LightSpec, shadows: bool) -> None:
    """The key, which casts the shadows, and three dim fills that keep the sides apart."""
    system = bpy.context.preferences.system
    system.use_studio_light_edit = True
    system.light_ambient = (light.ambient, light.ambient, min(1.0, light.ambient * 1.04))
    lamps = [(light.direction, _key_colour(light), 0.12, 0.05)] + [(to, (power, power, power), 0.0, 0.4) for to, power in FILLS]
    for lamp, (direction, colour, shine, softness) in zip(system.solid_lights, lamps, strict=True):
        lamp.use, lamp.direction, lamp.diffuse_color = True, _studio_axes(direction), colour
        lamp.specular_color, lamp.smooth = (shine, shine, shine), softness
    display = scene.display
    display.light_direction, display.shadow_shift, display.shadow_focus = _studio_axes(light.direction), 0.05, 0.3
    display.shading.show_shadows, display.shading.shadow_intensity = shadows, light.shadow


def _light_sun(scene: bpy.types.Scene, light: LightSpec) -> None:
    """A sun for the key and a white sky for the ambient light; the camera alone sees the background's colour."""
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = math.pi, math.radians(2)
    sun.color = _key_colour(light)
    lamp = _link(scene, sun)
    lamp.rotation_mode = "QUATERNION"
    lamp.rotation_quaternion = _towards(light.direction)
    world = scene.world
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    seen, mix = nodes.new("ShaderNodeLightPath"), nodes.new("ShaderNodeMixShader")
    sky, ambient = nodes["Background"], nodes.new("ShaderNodeBackground")
    sky.inputs["Color"].default_value = (*world.color, 1.0)
    ambient.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    ambient.inputs["Strength"].default_value = light.ambient
    links.new(seen.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(ambient.outputs[0], mix.inputs[1])
    links.new(sky.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])


def _towards(direction: Vector) -> Sequence[float]:
    """The orientation of a lamp, which shines along its −z, for light that comes from ``direction``."""
    return mathutils.Vector(direction).to_track_quat("Z", "Y")


# Engines


def _set_size(scene: bpy.types.Scene, paths: Trajectories, factor: float = 1.0) -> None:
    scene.render.resolution_x = round(paths.width_px * factor)
    scene.render.resolution_y = round(paths.height_px * factor)
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = 0, paths.num_frames - 1


def _use_workbench_plain(scene: bpy.types.Scene) -> None:
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.render_aa = "OFF"  # supersampling beats it at the same price
    shading = scene.display.shading
    shading.light, shading.color_type = "FLAT", "OBJECT"
    shading.show_shadows = shading.show_cavity = shading.show_object_outline = False


def _use_ids(stage: _Stage) -> None:
    """Flat colours that say who is who; "Raw" leaves them as they are."""
    _use_workbench_plain(stage.scene)
    stage.scene.view_settings.view_transform = "Raw"
    stage.scene.world.color = (0.0, 0.0, 0.0)
    for piece in stage.set_pieces:
        piece.color = (0.0, 0.0, 0.0, 1.0)
    for row, body in enumerate(stage.bodies):
        for mesh in itertools.chain(*body):
            mesh.color = ((row + 1) / 255,) * 3 + (1.0,)


def _use_workbench(stage: _Stage, spec: SceneSpec, options: RenderOptions) -> None:
    _use_workbench_plain(stage.scene)
    shading = stage.scene.display.shading
    shading.light, shading.color_type = "STUDIO", "TEXTURE"
    shading.use_world_space_lighting, shading.studiolight_rotate_z = True, 0
    shading.show_specular_highlight = True
    _light_studio(stage.scene, spec.light, options.shadows)


def _use_eevee(stage: _Stage, spec: SceneSpec, options: RenderOptions) -> None:
    stage.scene.render.engine = "BLENDER_EEVEE_NEXT"
    stage.scene.eevee.taa_render_samples = options.samples
    _light_sun(stage.scene, spec.light)


def _use_cycles(stage: _Stage, spec: SceneSpec, options: RenderOptions) -> None:
    scene = stage.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = _cycles_device(options.device)
    scene.cycles.samples, scene.cycles.seed = options.samples, 0
    scene.cycles.use_adaptive_sampling = scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 4
    scene.render.use_persistent_data = True
    if threads := os.environ.get("OMP_NUM_THREADS"):  # else each of several workers draws with every core
        scene.render.threads_mode, scene.render.threads = "FIXED", int(threads)
    _light_sun(scene, spec.light)


def _cycles_device(wanted: str) -> str:
    """Cycles' word for where to draw, "GPU" or "CPU"; all GPUs of the kind that this process sees are then enabled.

    Raises:
        ValueError: no GPU of the kind that is wanted is here.
    """
    kind = os.environ.get(DEVICE, "auto") if wanted == "auto" else wanted
    preferences, kinds = _cycles_preferences(), GPU_KINDS if kind == "auto" else (kind,)
    if kind != "cpu" and any(_enable_gpus(preferences, each) for each in kinds):
        return "GPU"
    if kind not in ("auto", "cpu"):
        raise ValueError(f"render.device = {kind!r} is not allowed: give {there_is(gpus())}")
    return "CPU"


def _cycles_preferences() -> bpy.types.AddonPreferences:
    return bpy.context.preferences.addons["cycles"].preferences


def _enable_gpus(preferences: bpy.types.AddonPreferences, kind: str) -> bool:
    """Have Cycles draw with the GPUs of a kind, and with nothing else; returns whether there are any."""
    try:
        preferences.compute_device_type = kind.upper()
    except TypeError:  # this build of Blender does not know that kind
        return False
    preferences.refresh_devices()
    for device in preferences.devices:
        device.use = device.type == kind.upper()
    return any(device.use for device in preferences.devices)


_ENGINES: dict[str, Callable[[_Stage, SceneSpec, RenderOptions], None]] = {
    "workbench": _use_workbench,
    "eevee": _use_eevee,
    "cycles": _use_cycles,
}


# Draw


def _stretches(num_frames: int, at_once: int) -> Iterator[range]:
    """Frames to be drawn together. The first is alone, since all that is done but once is done for it."""
    if num_frames:
        yield range(1)
    for first in range(1, num_frames, at_once):
        yield range(first, min(first + at_once, num_frames))


def _draw_all(scene: bpy.types.Scene, frames: range) -> Iterator[np.ndarray]:
    """Successive frames as Blender writes them: each ``(height, width, 4)`` uint8 BGRA, the lowest row first."""
    image = scene.render.image_settings
    image.file_format, image.color_mode = "BMP", "RGBA"  # the quickest way out of Blender
    scene.render.use_file_extension = False
    scene.frame_start, scene.frame_end = frames[0], frames[-1]
    with _numbered_files(frames) as (pattern, paths):
        scene.render.filepath = pattern
        with silence():
            bpy.ops.render.render(animation=True)
        yield from map(_read_bmp, paths)


def _read_bmp(path: Path) -> np.ndarray:
    """Pixels of a 32-bit bottom-up BMP; a picture decoder takes several times as long."""
    content = np.fromfile(path, np.uint8)
    start, width, height = (int(content[at : at + 4].view("<i4")[0]) for at in (10, 18, 22))
    return content[start:].reshape(height, width, 4)


def _shrink(picture: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Average down to the output's size, then turn upright and to RGB (cheaper in that order)."""
    if picture.shape[:2] != (height_px, width_px):
        picture = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture[::-1], cv2.COLOR_BGRA2RGB)


def _evaluate(stage: _Stage, frame: int) -> tuple[list[Array], list[Array], Array, float, Array]:
    stage.scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    camera = stage.camera.evaluated_get(graph)
    size = stage.scene.render
    projection = camera.calc_matrix_camera(graph, x=size.resolution_x, y=size.resolution_y)
    parts = [[np.array(meshes[0].evaluated_get(graph).matrix_world) for meshes in body] for body in stage.bodies]
    limbs = [limb for body in parts if len(body) > 1 for limb in body]
    return [body[0] for body in parts], limbs, np.array(camera.matrix_world), camera.data.lens, np.array(projection)


@contextmanager
def _numbered_files(frames: range) -> Iterator[tuple[str, list[Path]]]:
    """A path for an animation, in which Blender replaces "#" by the number of a frame, and the files that this leads to."""
    digits = max(4, len(str(frames[-1])))  # descriptors from 10000 on: far from those that are in use
    first = 10**digits
    if hasattr(os, "memfd_create") and _allow_descriptors(first + frames[-1] + 1):
        with _memory_files(range(first + frames[0], first + frames[-1] + 1)) as folder:
            yield f"{folder}/1{'#' * digits}", [folder / str(first + frame) for frame in frames]
    else:
        with tempfile.TemporaryDirectory(prefix="frame-") as name:
            yield f"{name}/{'#' * digits}", [Path(name, f"{frame:0{digits}}") for frame in frames]


@contextmanager
def _memory_files(numbers: range) -> Iterator[Path]:
    """The folder of a file for each of these descriptors: memory without a name on any disk, so that even a killed process leaves nothing
    behind.
    """
    try:
        for number in numbers:
            descriptor = os.memfd_create("frame.bmp")
            os.dup2(descriptor, number, inheritable=False)
            os.close(descriptor)
        yield Path(f"/proc/{os.getpid()}/fd")
    finally:
        os.closerange(numbers[0], numbers[-1] + 1)


def _allow_descriptors(count: int) -> bool:
    """Whether this process may have descriptors below ``count``, where it is allowed to give itself the right."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != hard < count:
        return False
    if resource.RLIM_INFINITY != soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    return True
