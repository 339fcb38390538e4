"""What a camera does between two rests, measured from its path: rates of turning, the way it goes and the focal length.

The rates of turning are split into yaw about the vertical, pitch about the horizontal across the line of sight, and roll about
that line, and added up; ways into parts along the line across, the vertical and the line of sight at the start (the camera's own
forward is not the ground's). Yaw is positive to the left, pitch upwards, roll where the camera turns clockwise seen from behind.
The words are those of CameraBench (Lin et al. 2025).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scenes import geometry
from scenes.geometry import Array
from scenes.types import Trajectories

VERTICAL = np.array([0.0, 0.0, 1.0])
MOVING = (0.003, 0.001, 0.001)  # m/s, rad/s and 1/s (of the focal length): what is slower rests
REST_S = 0.15  # shorter rests do not part two moves
STANDS_M, LOOKS_ON_RAD, LENS = 0.01, 0.003, 0.003  # what changes less over a whole stretch has not changed
LEAST_M, LEAST_RAD, LEAST_LENS = 0.05, 0.017, 0.03  # the smallest moves
PURE = 0.06  # of a move: the parts that go another way are smaller
SHAKY_HZ = 1.0  # a hand is not steadier


@dataclass(frozen=True)
class CameraStretch:
    """The frames ``first`` to ``last`` of a camera's path, both included.

    ``turned_rad (frame, 3)``: yaw, pitch and roll so far. ``way_m (frame, 3)``: to the right, up and ahead so far, as the start has
    it. ``zoomed (frame,)``: logarithm of the focal length over the first. ``gone_m`` is the length of the way. ``round_m`` is how
    far ahead of the start the point lies round which the whole camera turns; None where there is none. ``company`` is the object
    whose way over the ground is the camera's own, or "". ``level``: it keeps its height.
    """

    first: int
    last: int
    fps: float
    turned_rad: Array
    way_m: Array
    zoomed: Array
    gone_m: float
    round_m: float | None
    company: str
    level: bool

    @property
    def net_rad(self) -> Array:
        return np.asarray(self.turned_rad[-1])

    @property
    def net_m(self) -> Array:
        return np.asarray(self.way_m[-1])

    @property
    def stands(self) -> bool:
        """It stays in its place."""
        return self.gone_m < STANDS_M

    @property
    def looks_on(self) -> bool:
        """It does not turn."""
        return bool(np.ptp(self.turned_rad, axis=0).max() < LOOKS_ON_RAD)

    @property
    def keeps_lens(self) -> bool:
        """Its focal length stays as it is."""
        return bool(np.ptp(self.zoomed) < LENS)

    @property
    def to_and_fro(self) -> float:
        """How much it turns in yaw and pitch, against the widest angle between two of its directions: 1 where it never turns back."""
        steps = np.linalg.norm(np.diff(self.turned_rad[:, :2], axis=0), axis=1).sum()
        return float(steps / max(np.linalg.norm(np.ptp(self.turned_rad[:, :2], axis=0)), 1e-9))

    @property
    def rate_hz(self) -> float:
        """The rate at which it turns to and fro: the mean of the spectrum of its yaw and pitch."""
        swing = self.turned_rad[:, :2] - np.linspace(0.0, 1.0, len(self.turned_rad))[:, None] * self.net_rad[:2]
        power = (np.abs(np.fft.rfft(swing, axis=0)) ** 2).sum(axis=1)
        return float(np.fft.rfftfreq(len(swing), 1 / self.fps) @ power / max(power.sum(), 1e-15))

    def figures(self) -> dict[str, object]:
        """What is measured, for the record."""
        return {
            "seconds": [round(self.first / self.fps, 2), round(self.last / self.fps, 2)],
            "yaw_pitch_roll_deg": np.degrees(self.net_rad).round(1).tolist(),
            "right_up_ahead_m": self.net_m.round(2).tolist(),
            "focal_ratio": round(float(np.exp(self.zoomed[-1])), 3),
            "round_m": None if self.round_m is None else round(self.round_m, 2),
            "company": self.company,
        }


@lru_cache(maxsize=32)
def camera_stretches(paths: Trajectories) -> tuple[CameraStretch, ...]:
    """The moves of a camera, from rest to rest."""
    edges = np.flatnonzero(np.diff(_moves(paths).astype(int), prepend=0, append=0)).reshape(-1, 2).tolist()
    spans: list[list[int]] = []
    for first, last in edges:
        if spans and (first - spans[-1][1]) / paths.fps < REST_S:
            spans[-1][1] = last
        else:
            spans.append([first, last])
    return tuple(measure(paths, first, last) for first, last in spans)


def measure(paths: Trajectories, first: int, last: int) -> CameraStretch:
    """What the camera does in the frames ``first`` to ``last``, both included."""
    frames = slice(first, last + 1)
    position, quaternion = paths.camera_position_m[frames], paths.camera_quaternion_wxyz[frames]
    offset = position - position[0]
    turned = _turned_rad(quaternion)
    return CameraStretch(
        first,
        last,
        paths.fps,
        turned_rad=turned,
        way_m=_along(_axes(quaternion[:1])[0], offset),
        zoomed=np.log(paths.focal_length_mm[frames] / paths.focal_length_mm[first]),
        gone_m=float(np.linalg.norm(np.diff(position, axis=0), axis=1).sum()),
        round_m=_round_m(offset, quaternion) if np.ptp(turned, axis=0).max() > LEAST_RAD else None,
        company=_company(paths, frames, offset),
        level=bool(np.ptp(position[:, 2]) < STANDS_M),
    )


def _moves(paths: Trajectories) -> np.ndarray:
    """``(frame - 1,)``: whether the camera is not at rest from each frame to the next."""
    turns = geometry.rotation(paths.camera_quaternion_wxyz)
    rates = (
        np.linalg.norm(np.diff(paths.camera_position_m, axis=0), axis=1),
        (turns[1:] * turns[:-1].inv()).magnitude(),
        np.abs(np.diff(np.log(paths.focal_length_mm))),
    )
    return np.any([rate * paths.fps > slowest for rate, slowest in zip(rates, MOVING, strict=True)], axis=0)


def _axes(quaternion: Array) -> Array:
    """``(frame, 3, 3)``, in columns: the horizontal across the line of sight, the vertical, and the line of sight."""
    forward = geometry.camera_axes(quaternion)[2]
    across = np.cross(forward, VERTICAL)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return np.stack([across, np.broadcast_to(VERTICAL, forward.shape), forward], axis=2)


def _along(axes: Array, vectors: Array) -> Array:
    """The parts of vectors ``(..., 3)`` along three axes, in columns, that need not stand at right angles."""
    return np.linalg.solve(axes, np.asarray(vectors)[..., None])[..., 0]


def _turned_rad(quaternion: Array) -> Array:
    """``(frame, 3)``: yaw, pitch and roll so far: steps of turning split along the axes midway in each step, and added up."""
    turns = geometry.rotation(quaternion)
    steps = (turns[1:] * turns[:-1].inv()).as_rotvec()
    axes = _axes(quaternion)
    parts = _along((axes[1:] + axes[:-1]) / 2, steps)
    return np.concatenate([np.zeros((1, 3)), np.cumsum(parts[:, (1, 0, 2)], axis=0)])


def _round_m(offset: Array, quaternion: Array) -> float | None:
    """How far ahead the point lies round which the camera is carried rigidly: its place follows from its turning alone."""
    forward = geometry.camera_axes(quaternion)[2]
    swung = forward[0] - forward  # how far the camera goes for each metre of distance from such a point
    ahead_m = float(np.sum(offset * swung) / max(np.sum(swung**2), 1e-12))
    missed_m = np.linalg.norm(offset - ahead_m * swung, axis=1).max()
    return ahead_m if ahead_m > 0.5 and missed_m < 0.02 * np.linalg.norm(offset, axis=1).max() else None


def _company(paths: Trajectories, frames: slice, offset: Array) -> str:
    """The object that goes over the ground just as the camera does; "" where there is none, or the camera stays."""
    if np.linalg.norm(offset[:, :2], axis=1).max() < LEAST_M:
        return ""
    ways = paths.position_m[:, frames, :2] - paths.position_m[:, frames.start, None, :2]
    missed_m = np.linalg.norm(ways - offset[:, :2], axis=-1).max(axis=1, initial=0.0)
    near = [name for name, missed in zip(paths.names, missed_m, strict=True) if missed < 0.02]
    return near[0] if near else ""


# -- the moves, by their public names: each tells the direction of a stretch in the words of the catalogue, or None ----------------


Signature = Callable[[CameraStretch], str | None]


def _direction(part: float, least: float, words: tuple[str, str]) -> str | None:
    return None if abs(part) < least else words[int(part < 0)]


def _alone(parts: Array, which: int) -> bool:
    """``(frame, part)``: one of some parts changes, one way only, and the others hardly do."""
    spans = np.abs(np.diff(parts, axis=0)).sum(axis=0)
    others = np.delete(spans, which).max()
    return bool(others < PURE * spans[which] and spans[which] < (1 + PURE) * abs(parts[-1, which]))


def _turn(which: int, words: tuple[str, str]) -> Signature:
    def signature(seen: CameraStretch) -> str | None:
        pure = seen.stands and seen.keeps_lens and _alone(seen.turned_rad, which)
        return _direction(seen.net_rad[which], LEAST_RAD, words) if pure else None

    return signature


def _straight(which: int, words: tuple[str, str]) -> Signature:
    def signature(seen: CameraStretch) -> str | None:
        pure = seen.looks_on and seen.keeps_lens and not seen.company and _alone(seen.way_m, which)
        return _direction(seen.net_m[which], LEAST_M, words) if pure else None

    return signature


def _zoom(seen: CameraStretch) -> str | None:
    pure = seen.stands and seen.looks_on
    return _direction(float(seen.zoomed[-1]), LEAST_LENS, ("in", "out")) if pure else None


def _dolly_zoom(seen: CameraStretch) -> str | None:
    """It goes along its line of sight while the lens goes the other way, so that things at one distance keep their size."""
    if not seen.looks_on or seen.keeps_lens or not _alone(seen.way_m, 2):
        return None
    shrinks, ahead_m = 1 - np.exp(seen.zoomed), seen.way_m[:, 2]
    nearness = float(shrinks @ ahead_m / (ahead_m @ ahead_m))  # 1 / distance at which they do
    keeps = nearness > 0 and np.abs(shrinks - nearness * ahead_m).max() < 0.02
    return _direction(seen.net_m[2], LEAST_M, ("in", "out")) if keeps else None


def _arc(seen: CameraStretch) -> str | None:
    pure = seen.round_m is not None and seen.keeps_lens and not seen.stands and _alone(seen.turned_rad, 0)
    return _direction(seen.net_m[0], LEAST_M, ("right", "left")) if pure else None


def _crane(seen: CameraStretch) -> str | None:
    pure = seen.round_m is not None and seen.keeps_lens and not seen.stands and _alone(seen.turned_rad, 1)
    return _direction(-seen.net_rad[1], LEAST_RAD, ("up", "down")) if pure else None  # going up it looks down, more and more


def _tracking(seen: CameraStretch) -> str | None:
    """It goes along with an object, without turning or zooming, and keeps its height."""
    return "" if seen.level and seen.company and seen.looks_on and seen.keeps_lens else None


def _shake(seen: CameraStretch) -> str | None:
    """It turns to and fro as fast as a hand does, and is in the end where it was."""
    back = np.linalg.norm(seen.net_rad) < 0.2 * np.linalg.norm(np.ptp(seen.turned_rad, axis=0)) and np.linalg.norm(seen.net_m) < LEAST_M
    return "" if back and seen.keeps_lens and seen.to_and_fro > 2.5 and seen.rate_hz > SHAKY_HZ else None


CAMERA_SIGNATURES: dict[str, Signature] = {
    "arc": _arc,
    "crane": _crane,
    "dolly": _straight(2, ("in", "out")),
    "dolly_zoom": _dolly_zoom,
    "pan": _turn(0, ("left", "right")),
    "pedestal": _straight(1, ("up", "down")),
    "roll": _turn(2, ("clockwise", "counter-clockwise")),
    "shake": _shake,
    "tilt": _turn(1, ("up", "down")),
    "tracking": _tracking,
    "truck": _straight(0, ("right", "left")),
    "zoom": _zoom,
}


def called(seen: CameraStretch) -> set[tuple[str, str]]:
    """The names, each with its direction in words, of the moves that a stretch may be called."""
    return {(move, word) for move, signature in CAMERA_SIGNATURES.items() if (word := signature(seen)) is not None}
