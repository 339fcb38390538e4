"""Answers measured again from the exported trajectories, by rules of their own: a rule for each question template.

Rules read the arrays as anyone would who loads the npz file, and the question in its words.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.verify.ruling import Rules
from scenes.types import Trajectories


@dataclass(frozen=True, eq=False)
class Recorded:
    """What a rule may read: the arrays of a clip, with the names of what moves. ``key`` only names the clip in messages."""

    key: str
    paths: Trajectories


EXPORT_RULES: Rules[Recorded] = Rules("generator.verify.from_export", "motionfoundry.export_rules", every=True)
