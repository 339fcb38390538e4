"""The nouns of the house: frozen records that say what a clip is, and the arrays that are true of it.

SI units; world right-handed with z up; cameras look along −z; quaternions wxyz; see `scenes.geometry`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from scenes import geometry
from scenes.geometry import Array

Vector = tuple[float, float, float]
Colour = tuple[float, float, float]  # sRGB, each channel in [0, 1]


def require(condition: bool, key: str, got: object, allowed: str) -> None:
    """Raise ValueError that names the key, the value got and what is allowed."""
    if not condition:
        raise ValueError(f"{key} = {got!r} is not allowed: give {allowed}")


@dataclass(frozen=True)
class Timeline:
    """When the frames are."""

    num_frames: int
    fps: float

    def __post_init__(self) -> None:
        require(self.num_frames >= 2, "num_frames", self.num_frames, "at least 2")
        require(math.isfinite(self.fps) and self.fps > 0, "fps", self.fps, "a number above 0")

    @property
    def duration_s(self) -> float:
        return self.num_frames / self.fps

    @cached_property
    def times_s(self) -> Array:
        """``(frame,)``: frame i is shown from i / fps on."""
        return np.arange(self.num_frames) / self.fps


@dataclass(frozen=True)
class Action:
    """The use of a motion (or of a camera move) in a clip: one record drives both animation and labels."""

    name: str
    start_s: float
    end_s: float
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(0 <= self.start_s < self.end_s, f"interval of {self.name}", (self.start_s, self.end_s), "0 <= start_s < end_s")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Pose:
    """Values over time: ``position_m (frame, 3)``, ``quaternion_wxyz (frame, 4)``, ``scale (frame,)``."""

    position_m: Array
    quaternion_wxyz: Array
    scale: Array


@dataclass(frozen=True)
class Pattern:
    """A painted surface: see `scenes.patterns` for the kinds."""

    kind: str
    colours: tuple[Colour, ...]
    repeats: int = 4


@dataclass(frozen=True)
class ObjectSpec:
    """One moving or resting object. ``name`` is how questions call it ("red ball"): unique in its scene.

    ``shape`` names a shape, or an avatar. ``size_m`` is the largest dimension, of an avatar its standing height. The
    origin is the centre of the bounding box; of an avatar the point between its hips. An avatar faces along its yaw.
    ``posture`` is how an avatar holds itself before its first action.
    """

    name: str
    shape: str
    size_m: float
    colour: str
    pattern: Pattern
    position_m: Vector
    yaw_rad: float = 0.0
    actions: tuple[Action, ...] = ()
    posture: str = "standing"

    def __post_init__(self) -> None:
        require(math.isfinite(self.size_m) and self.size_m > 0, f"size_m of {self.name}", self.size_m, "a size above 0")
        for earlier, later in zip(self.actions, self.actions[1:], strict=False):
            require(earlier.end_s <= later.start_s, f"actions of {self.name}", (earlier, later), "actions in order that do not overlap")


@dataclass(frozen=True)
class EventSpec:
    """The use of an event in a clip: ``cast`` maps the roles of the event to the names of objects."""

    name: str
    start_s: float
    end_s: float
    cast: Mapping[str, str]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(0 <= self.start_s < self.end_s, f"interval of {self.name}", (self.start_s, self.end_s), "0 <= start_s < end_s")

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class CameraSpec:
    """Where the camera starts, what it looks at, and the moves it makes one after another.

    ``subject`` is the name of the object that a tracking move follows; ``roll_rad`` the camera's own turn about its line of sight
    at first, clockwise as seen from behind it.
    """

    viewpoint: str
    position_m: Vector
    target_m: Vector
    focal_length_mm: float
    moves: tuple[Action, ...] = ()
    subject: str | None = None
    sensor_width_mm: float = 36.0
    width_px: int = 640
    height_px: int = 480
    roll_rad: float = 0.0

    def __post_init__(self) -> None:
        require(self.focal_length_mm > 0, "focal_length_mm", self.focal_length_mm, "a length above 0")
        for key in ("width_px", "height_px"):
            size = getattr(self, key)
            require(size > 0 and size % 2 == 0, key, size, "a positive even number (yuv420p needs even sizes)")


@dataclass(frozen=True)
class LightSpec:
    """A key light (direction *to* the light, in the world) over ambient light; the key casts the shadows."""

    direction: Vector
    key: float = 0.95
    ambient: float = 0.42
    warmth: float = 0.0
    shadow: float = 0.38


@dataclass(frozen=True)
class EnvironmentSpec:
    """A registered environment and the seed of its layout: the same record builds the same world."""

    name: str
    layout_seed: int


@dataclass(frozen=True)
class Watch:
    """An object that a question needs to see from ``start_s`` to ``end_s``.

    ``ends_only`` marks a deliberate occlusion: it must be seen at the start and at the end, and may be hidden between.
    """

    subject: str
    start_s: float
    end_s: float
    ends_only: bool = False


@dataclass(frozen=True)
class SceneSpec:
    """Everything that makes one clip. A saved spec re-renders it."""

    clip_id: str
    split: str
    index: int
    seed: int
    timeline: Timeline
    environment: EnvironmentSpec
    light: LightSpec
    objects: tuple[ObjectSpec, ...]
    camera: CameraSpec
    watches: tuple[Watch, ...] = ()
    events: tuple[EventSpec, ...] = ()

    def __post_init__(self) -> None:
        names = [item.name for item in self.objects]
        require(len(set(names)) == len(names), "object names", names, "names that differ")
        for event in self.events:
            require(set(event.cast.values()) <= set(names), f"cast of {event.name}", dict(event.cast), f"names among {names}")
        for watch in self.watches:
            require(watch.subject in names, "watch.subject", watch.subject, f"one of {names}")

    def object(self, name: str) -> ObjectSpec:
        """The object of that name. Raises KeyError."""
        return next(item for item in self.objects if item.name == name)


@dataclass(frozen=True, eq=False)  # only itself is equal: so what was measured of it can be looked up again
class Trajectories:
    """The truth: the value of everything that moves, at every frame. Blender only replays it.

    ``position_m (object, frame, 3)``, ``quaternion_wxyz (object, frame, 4)``, ``scale (object, frame)``,
    ``extent_m (object, 3)`` full size along the own axes at scale 1 and at rest,
    ``camera_position_m (frame, 3)``, ``camera_quaternion_wxyz (frame, 4)``, ``focal_length_mm (frame,)``.
    An avatar is an object with limbs, rigid parts of their own: ``limb_names`` are "<object>/<limb>",
    ``limb_position_m (limb, frame, 3)`` where each limb is hinged, ``limb_quaternion_wxyz (limb, frame, 4)``.
    """

    names: tuple[str, ...]
    fps: float
    position_m: Array
    quaternion_wxyz: Array
    scale: Array
    camera_position_m: Array
    camera_quaternion_wxyz: Array
    focal_length_mm: Array
    sensor_width_mm: float
    width_px: int
    height_px: int
    extent_m: Array
    limb_names: tuple[str, ...]
    limb_position_m: Array
    limb_quaternion_wxyz: Array

    @property
    def num_frames(self) -> int:
        return len(self.focal_length_mm)

    @cached_property
    def times_s(self) -> Array:
        return np.arange(self.num_frames) / self.fps

    @cached_property
    def focal_px(self) -> Array:
        """``(frame,)``"""
        return geometry.focal_px(self.focal_length_mm, self.sensor_width_mm, self.width_px)

    def index(self, name: str) -> int:
        """Row of an object. Raises ValueError when there is none of that name."""
        return self.names.index(name)

    def pose(self, name: str) -> Pose:
        """World pose of one object over the clip."""
        row = self.index(name)
        return Pose(self.position_m[row], self.quaternion_wxyz[row], self.scale[row])

    def limbs(self, name: str) -> dict[str, Pose]:
        """World pose of each limb of an object over the clip, in order; empty unless it is an avatar."""
        rows = [row for row, limb in enumerate(self.limb_names) if limb.startswith(f"{name}/")]
        still = np.ones(self.num_frames)
        return {
            self.limb_names[row].removeprefix(f"{name}/"): Pose(self.limb_position_m[row], self.limb_quaternion_wxyz[row], still)
            for row in rows
        }

    def is_avatar(self, name: str) -> bool:
        """Whether an object has limbs."""
        return any(limb.startswith(f"{name}/") for limb in self.limb_names)

    @cached_property
    def centre_px(self) -> Array:
        """``(object, frame, 2)``: where the objects' centres fall in the picture (NaN behind the camera)."""
        points = np.swapaxes(self.position_m, 0, 1)
        pixels, depth = geometry.project(
            points, self.camera_position_m, self.camera_quaternion_wxyz, self.focal_px, self.width_px, self.height_px
        )
        return np.swapaxes(np.where(depth[..., None] > 0, pixels, np.nan), 0, 1)


@dataclass(frozen=True)
class Visibility:
    """What the camera sees of each object, at the checked frames.

    ``frames (check,)``; ``visible_fraction (object, check)`` = visible pixels ÷ the object's silhouette drawn alone,
    with what lies outside the picture counted as hidden; ``area_px (object, check)`` visible pixels at full
    resolution; ``box_px (object, check, 4)`` x0, y0, x1, y1 of the visible part (NaN where nothing is visible).
    """

    names: tuple[str, ...]
    frames: np.ndarray
    visible_fraction: Array
    area_px: Array
    box_px: Array
