"""Moves of the camera made of one frame: a window glides over it, so that the picture moves as if the camera panned, tilted or zoomed.

frames = glide(picture, "pan_left", 16, rng)  # (16, 3, S, S) uint8
said("pan_left")                              # "The camera pans left"

A picture has no depth: what these moves share with those that shift near things against far ones is their sight, so a truck is
never offered beside a pan, nor a dolly beside a zoom.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from qa_templates.observation import camera_phrase
from qa_templates.question import QUESTIONS

GLIDES: Mapping[str, tuple[int, int, int, int]] = {  # where the window goes: right, down, closer, clockwise
    "static": (0, 0, 0, 0),
    "shake": (0, 0, 0, 0),
    "pan_left": (-1, 0, 0, 0),
    "pan_right": (1, 0, 0, 0),
    "tilt_up": (0, -1, 0, 0),
    "tilt_down": (0, 1, 0, 0),
    "zoom_in": (0, 0, 1, 0),
    "zoom_out": (0, 0, -1, 0),
    "roll_clockwise": (0, 0, 0, 1),
    "roll_counter_clockwise": (0, 0, 0, -1),
}
SIZES = (0.4, 0.6)  # of the window, as a share of the picture: small, so that it goes far
REACH = (0.6, 1.0)  # of the way that the window has from edge to edge
WIDEST, CLOSER = 0.95, (0.25, 0.5)  # of a zoom: its widest window, and by how much it gets smaller
TURN_RAD = (0.3, 0.8)
SHAKE = 0.024  # standard deviation from frame to frame, as a share of the picture
STARTS, LEAST = (0.0, 0.25), 0.6  # when a move begins, and the least that it lasts, as shares of the clip
FEW = 4  # frames that show a move from its beginning to its end
FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def questions() -> tuple[str, ...]:
    """The ways to ask for a move, those of `camera_move`."""
    return QUESTIONS["camera_move"].wordings


def said(key: str) -> str:
    """How an option is written, as `camera_move` writes it."""
    return f"The camera {camera_phrase(key)}"


def options(key: str, rng: np.random.Generator) -> list[str]:
    """The right option and three others."""
    others = [other for other in GLIDES if other != key]
    return [said(key), *(said(others[place]) for place in rng.permutation(len(others))[:3].tolist())]


def glide(picture: np.ndarray, key: str, num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """``(num_frames, 3, S, S)`` uint8 of a picture ``(3, S, S)``, under a move of the camera; beyond the edges it is reflected."""
    size_px = picture.shape[-1]
    source = np.ascontiguousarray(picture.transpose(1, 2, 0))
    frames = [
        cv2.warpAffine(source, _window(x, y, size, turn_rad, size_px), (size_px, size_px), flags=FLAGS, borderMode=cv2.BORDER_REFLECT)
        for x, y, size, turn_rad in zip(*_path(key, num_frames, rng), strict=True)
    ]
    return np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2))


def _path(key: str, num_frames: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Of the window at each frame: x and y of its centre from the picture's and its size, as shares of the picture; its angle."""
    right, down, closer, clockwise = GLIDES[key]
    done = progress(num_frames, rng)
    size = rng.uniform(*SIZES)
    way = (1 - size) / 2 * rng.uniform(*REACH) * (2 * done - 1)
    jolts = rng.normal(0.0, SHAKE if key == "shake" else 0.0, (2, num_frames))
    sizes = WIDEST - rng.uniform(*CLOSER) * (done if closer > 0 else 1 - done) if closer else np.full(num_frames, size)
    return right * way + jolts[0], down * way + jolts[1], sizes, clockwise * rng.uniform(*TURN_RAD) * done


def progress(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """0 to 1 over some part of the clip, beginning and ending at rest."""
    start = rng.uniform(*STARTS)
    end = rng.uniform(start + LEAST, 1.0)
    if num_frames <= FEW:
        start, end = 0.0, 1.0
    share = np.clip((np.linspace(0, 1, num_frames) - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)


def _window(x: float, y: float, size: float, turn_rad: float, size_px: int) -> np.ndarray:
    """``(2, 3)``: from pixels of the window to those of the picture."""
    middle = (size_px - 1) / 2
    turn = size * np.array([[np.cos(turn_rad), -np.sin(turn_rad)], [np.sin(turn_rad), np.cos(turn_rad)]])
    shift = middle + size_px * np.array([x, y]) - turn @ [middle, middle]
    return np.column_stack([turn, shift])
