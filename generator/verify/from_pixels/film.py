"""A decoded video, and where its objects are: what a pixel rule may read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from generator.annotations import EachFrame, NoLayer
from generator.reader import ClipReader


@dataclass(frozen=True, eq=False)
class Film:
    """The pictures of a clip, and guides to its objects.

    The clip itself is private: what is staged and what is asked in it are no business of a pixel rule.

    Measurements that several rules share (the background's motion, the track of an object) are functions of a film,
    cached by their modules with ``functools.lru_cache(maxsize=…)``: a film is only equal to itself. They hold on to the
    pictures until `generator.verify.from_pixels.forget` is called.
    """

    _clip: ClipReader

    @cached_property
    def pictures(self) -> np.ndarray:
        """``(frame, height, width, 3)`` uint8 RGB, as decoded."""
        return np.stack(list(self._clip.pictures()))

    @cached_property
    def fps(self) -> float:
        return float(self._clip.annotation["video_info"]["fps"])

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self._clip.annotation["visibility"]["names"])

    @cached_property
    def _each_frame(self) -> EachFrame | None:
        """None where an older clip knows each fourth frame alone."""
        with suppress(NoLayer):
            return self._clip.each_frame
        return None

    def box_px(self, name: str) -> np.ndarray:
        """``(frame, 4)``: x0, y0, x1, y1 of the visible part of an object; NaN where nothing of it can be seen."""
        if self._each_frame is not None:
            return self._each_frame.box_px[self.names.index(name)].astype(float)
        seen = self._clip.annotation["visibility"]
        frames = np.asarray(seen["frames"], dtype=float)
        boxes = np.array(seen["box_px"][self.names.index(name)], dtype=float)  # null becomes NaN
        times = np.arange(len(self.pictures))
        return np.stack([np.interp(times, frames, boxes[:, side]) for side in range(4)], axis=1)

    def visible_fraction(self, name: str) -> np.ndarray:
        """``(frame,)``."""
        if self._each_frame is not None:
            return self._each_frame.visible_fraction[self.names.index(name)].astype(float)
        seen = self._clip.annotation["visibility"]
        return np.interp(np.arange(len(self.pictures)), seen["frames"], seen["visible_fraction"][self.names.index(name)])
