"""Random streams: every draw comes from (seed, split, index, attempt, stage) and from nothing else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Streams:
    """The random streams of one attempt at one clip.

    A stage has a stream of its own, so that one more draw in the staging of objects does not change
    the light; an attempt has its own, so that a rejected take changes the nuisance factors alone.
    """

    seed: int
    split: str
    index: int
    attempt: int = 0

    def rng(self, stage: str) -> np.random.Generator:
        """A fresh generator for a stage: the same one each time it is asked for."""
        key = (zlib.crc32(self.split.encode()), self.index, self.attempt, zlib.crc32(stage.encode()))
        return np.random.default_rng(np.random.SeedSequence(entropy=self.seed, spawn_key=key))

    def retry(self, attempt: int) -> Streams:
        """The streams of another attempt at the same clip."""
        return replace(self, attempt=attempt)
