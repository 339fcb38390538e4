"""The contract of a camera move, with the vocabulary of CameraBench (Lin et al. 2025). To add one:

1. Write one file in this package (or in yours, named by an entry point of the group ``motionfoundry.camera_moves``)
   with a frozen, keyword-only dataclass under ``@CAMERA_MOVES.register``. Its name in snake case is its public name.
2. Its fields are what is drawn: numbers that survive JSON. Set the class attributes that `CameraMove` lists.
3. ``sample`` draws the fields (``cue.draw`` turns a difficulty into a size), ``path`` gives the camera in closed form
   (start from ``start.turned``, ``.carried_round``, ``.shifted`` and ``.zoomed``; ease with ``self.progress``, so that
   it begins and ends at rest; keep it within `scenes.cameras.clearance`), ``claims`` says what is true of that path.
4. ``matches`` recognises it from `scenes.camera_kinematics` alone. It must exclude every other registered move; if
   it needs a figure that is not measured yet, add it there.

``tests/test_every_camera.py`` then holds it to all of this: smooth, starts at its start, ends at rest, claims
measured, recognised as itself with its sense and as nothing else, alone and in a sequence, in the mirror and with
the film reversed, large enough to be seen, and never through the floor.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from scenes import geometry, pace
from scenes.camera_kinematics import CameraKinematics
from scenes.catalogue import Catalogue
from scenes.geometry import Array
from scenes.types import Action, Vector


@dataclass(frozen=True)
class CameraPath:
    """``position_m (frame, 3)``, ``quaternion_wxyz (frame, 4)``, ``focal_length_mm (frame,)``.

    The methods below take the start of a move (one frame) or a path with as many frames as there are values passed.
    """

    position_m: Array
    quaternion_wxyz: Array
    focal_length_mm: Array

    def at(self, frame: int) -> CameraPath:
        """One frame of it, as a path of length 1."""
        return CameraPath(self.position_m[[frame]], self.quaternion_wxyz[[frame]], self.focal_length_mm[[frame]])

    @property
    def forward(self) -> Array:
        """``(3,)``: where the first frame looks."""
        return geometry.camera_axes(self.quaternion_wxyz[0])[2]

    @property
    def across(self) -> Array:
        """``(3,)``: the horizontal direction to the right of the first frame's line of sight, however it is rolled."""
        right = np.cross(self.forward, (0.0, 0.0, 1.0))
        return right / np.linalg.norm(right)

    def held(self, num_frames: int) -> CameraPath:
        """The start repeated, or the path as it is. Raises ValueError when it has another number of frames."""
        return CameraPath(*(np.broadcast_to(values, (num_frames, *values.shape[1:])).copy() for values in vars(self).values()))

    def shifted(self, offset_m: Array) -> CameraPath:
        """Moved by world offsets ``(frame, 3)``."""
        still = self.held(len(offset_m))
        return CameraPath(still.position_m + offset_m, still.quaternion_wxyz, still.focal_length_mm)

    def turned(self, turns: Rotation) -> CameraPath:
        """Turned on the spot by rotations in world axes, one per frame."""
        still = self.held(len(turns))
        return CameraPath(still.position_m, geometry.wxyz(turns * geometry.rotation(still.quaternion_wxyz)), still.focal_length_mm)

    def carried_round(self, pivot_m: ArrayLike, turns: Rotation) -> CameraPath:
        """Turned rigidly about a point by rotations in world axes, one per frame."""
        turned, pivot = self.turned(turns), np.asarray(pivot_m, float)
        return CameraPath(pivot + turns.apply(turned.position_m - pivot), turned.quaternion_wxyz, turned.focal_length_mm)

    def zoomed(self, ratio: Array) -> CameraPath:
        """With the focal length multiplied by ``(frame,)``."""
        still = self.held(len(ratio))
        return CameraPath(still.position_m, still.quaternion_wxyz, still.focal_length_mm * ratio)


def added_up(paths: Sequence[CameraPath], start: CameraPath) -> CameraPath:
    """What paths make together that begin at one start: their ways and factors added up, turns carried out in their order."""

    def joined(path: CameraPath, other: CameraPath) -> CameraPath:
        turns = geometry.rotation(other.quaternion_wxyz) * geometry.rotation(start.quaternion_wxyz[0]).inv()
        ratio = other.focal_length_mm / start.focal_length_mm
        return path.shifted(other.position_m - start.position_m).turned(turns).zoomed(ratio)

    return functools.reduce(joined, paths)


@dataclass(frozen=True)
class Rig:
    """What a move may refer to: the point that the camera looks at first, and where the followed object is.

    ``subject_m`` maps times in seconds since the move began ``(frame,)`` to positions ``(frame, 3)``.
    """

    target_m: Vector
    subject_m: Callable[[Array], Array] | None = None

    def depth_m(self, start: CameraPath) -> float:
        """How far ahead of the camera the target is, along its optical axis; 1 m at the least."""
        return max(float((np.asarray(self.target_m) - start.position_m[0]) @ start.forward), 1.0)

    def pivot_m(self, start: CameraPath) -> Array:
        """``(3,)``: the point in the middle of the picture, as far ahead as the target (at first, the target itself)."""
        return start.position_m[0] + self.depth_m(start) * start.forward


@dataclass(frozen=True)
class CameraCue:
    """What the staging asks of a camera move: ``sense`` +1 or −1 picks the direction (see `directions`).

    ``reach`` is the share of its natural size that it is to have.
    """

    duration_s: float
    sense: int = 1
    difficulty: float = 0.3
    reach: float = 1.0

    def draw(self, rng: np.random.Generator, smallest: float, largest: float) -> float:
        """A size for the difficulty, from about ``largest`` at 0 to about ``smallest`` at 1."""
        subtlety = np.clip(self.difficulty + rng.uniform(-0.2, 0.2), 0.0, 1.0)
        return self.reach * float(largest + (smallest - largest) * subtlety)

    def draw_ratio(self, rng: np.random.Generator, smallest: float, largest: float) -> float:
        """The same for a ratio, drawn at an even rate to the eye (geometric)."""
        return math.exp(self.draw(rng, math.log(smallest), math.log(largest)))


@dataclass(frozen=True)
class CameraClaims:
    """What a move says of its path; a test measures every field that is not None by finite differences.

    Args:
        travel_m: distance between the first and the last position; 0 means that the position stays fixed throughout.
        turn_rad: angle between the first and the last orientation; 0 means fixed throughout.
        focal_ratio: last focal length over the first; 1 means fixed throughout.
        looks_at_m: a point that stays in the middle of the picture and at the same distance.
        holds_size_at_m: a distance ahead of the start at which things keep their size on the optical axis.
        follows: whether the subject's horizontal place relative to the camera stays what it was.
        net_rest: whether it ends in the pose in which it began.
    """

    travel_m: float | None = None
    turn_rad: float | None = None
    focal_ratio: float | None = None
    looks_at_m: Vector | None = None
    holds_size_at_m: float | None = None
    follows: bool | None = None
    net_rest: bool | None = None


@dataclass(frozen=True, kw_only=True)
class CameraMove(ABC):
    """One way in which the camera moves, with its drawn parameters.

    Class attributes:
        directions: name of each sense, as in ``{1: "left", -1: "right"}``; ``{1: ""}`` for a move without direction.
        phrases: third person for each sense, as in "the camera **pans left**".
        confusable: name of the move that is most easily mistaken for this one; "" where there is none.
        mirrors: whether the sense flips in a mirror image.
        reverses: whether the sense flips when the film runs backwards.
        follows: whether it needs a subject to follow.
        shows_by_parallax: whether near things must be seen to shift otherwise than far ones, lest it be taken for `confusable`.
        implies: moves that it may also be called; they are never offered beside it.
        gentle: whether it keeps the stage in the picture, so that it can be laid over a scene in which objects matter.
        seconds: shortest and longest natural duration.
    """

    name: ClassVar[str]
    directions: ClassVar[Mapping[int, str]]
    phrases: ClassVar[Mapping[int, str]]
    confusable: ClassVar[str] = ""
    mirrors: ClassVar[bool] = False
    reverses: ClassVar[bool] = True
    follows: ClassVar[bool] = False
    shows_by_parallax: ClassVar[bool] = False
    implies: ClassVar[tuple[str, ...]] = ()
    gentle: ClassVar[bool] = False
    seconds: ClassVar[tuple[float, float]] = (1.2, 2.4)

    duration_s: float
    sense: int = 1
    pace: str = ""

    @classmethod
    @abstractmethod
    def sample(cls, rng: np.random.Generator, cue: CameraCue) -> Self:
        """Draw the parameters that the cue leaves open."""

    @abstractmethod
    def path(self, t_s: Array, start: CameraPath, rig: Rig) -> CameraPath:
        """The camera at times ``(frame,)`` in [0, duration_s], from a start of length 1; exact, no integration."""

    @abstractmethod
    def claims(self, start: CameraPath, rig: Rig) -> CameraClaims:
        """What is true of the path from that start, from the parameters."""

    @classmethod
    @abstractmethod
    def matches(cls, measured: CameraKinematics) -> int:
        """The sense (+1, −1) with which a measured stretch is this move, or 0 if it is not. Must exclude all others."""

    def progress(self, t_s: Array) -> Array:
        """Progress 0 → 1 at times ``(frame,)``, eased or at the pace that was asked for: begins and ends at rest."""
        share = np.asarray(t_s, float) / self.duration_s
        return pace.progress(self.pace, share) if self.pace else geometry.ease(share)


CAMERA_MOVES: Catalogue[CameraMove] = Catalogue("camera move", "scenes.cameras")


def act(move: CameraMove, start_s: float) -> Action:
    """The record of a camera move that starts at ``start_s``; its pace is told where it is not its own."""
    parameters = {key: value for key, value in vars(move).items() if key != "duration_s" and (key != "pace" or value)}
    return Action(move.name, start_s, start_s + move.duration_s, parameters)


def move_of(action: Action) -> CameraMove:
    """The camera move that a record stands for. Raises ValueError with the known names when there is none."""
    return CAMERA_MOVES[action.name](duration_s=action.duration_s, **action.parameters)


def recognise(measured: CameraKinematics) -> tuple[str, int] | None:
    """The one (move, sense) that a measured stretch matches; None when none or several do."""
    found = [(name, sense) for name, move in CAMERA_MOVES.items() if (sense := move.matches(measured))]
    return found[0] if len(found) == 1 else None
