"""Answers of a model, one per question and condition: what evaluation writes and the probe reads, one per line of a file."""

from __future__ import annotations

from dataclasses import dataclass

CONDITIONS = ("video", "text", "single", "shuffled", "reversed")
"""What a model was shown: the video; no picture; its middle frame, repeated; its frames in a drawn order; its frames backwards."""


@dataclass(frozen=True)
class Prediction:
    """What a model said to one question.

    Args:
        uid: of the question.
        letter: its answer in the letters of the data set, or None where what it said holds no letter.
        log_probs: of the options, in the data set's order; empty where only an answer is known.
        condition: one of `CONDITIONS`.
        order: how the options were shuffled when it was asked: ``order[i]`` is the place in the data set of the option shown i-th.
        said: what it generated, where it was made to.
        frames: which frames of the video were shown.
        fps: frames shown per second of video; 0 where that is not known.
    """

    uid: str
    letter: str | None
    log_probs: tuple[float, ...] = ()
    condition: str = "video"
    order: tuple[int, ...] = ()
    said: str | None = None
    frames: tuple[int, ...] = ()
    fps: float = 0.0
