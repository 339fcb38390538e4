"""The contract of an avatar: what it takes to add one, and what every registered one is tested for.

To add an avatar, add one file to this package (or register a class through the entry-point group ``motionfoundry.avatars``)
with a class under ``@AVATARS.register``: its proportions, and the surfaces of its limbs in the colours that it is given.
``pytest tests/test_every_avatar.py`` picks it up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes.catalogue import Catalogue
from scenes.shapes import Surface
from scenes.types import Pattern

LIMBS_ON_TWO = (
    "pelvis", "chest", "head",
    "left_upper_arm", "left_forearm", "right_upper_arm", "right_forearm",
    "left_thigh", "left_shin", "left_foot", "right_thigh", "right_shin", "right_foot",
)  # fmt: skip
LIMBS_ON_FOUR = (
    "pelvis", "chest", "head", "tail",
    "left_fore_thigh", "left_fore_shin", "right_fore_thigh", "right_fore_shin",
    "left_thigh", "left_shin", "right_thigh", "right_shin",
)  # fmt: skip


@dataclass(frozen=True)
class Proportions:
    """Lengths of a body, in metres, at a standing height of 1 m; `scenes.avatars.skeleton` reads nothing else.

    A four-legged body is as long as ``torso`` between hips and shoulders; its neck and head rise in front of them.

    Args:
        thigh, shin: hinge to hinge. ankle: height of the ankle hinge over the sole.
        hip_width, shoulder_width: between the left and the right hinge.
        torso: from the hips to the height of the shoulders. neck: from there to the hinge of the head.
        upper_arm, forearm: hinge to hinge, and elbow to finger tips.
        legs: 2 or 4.
        back: from the hips to the ground when it lies on its back; a four-legged body does not.
    """

    thigh: float
    shin: float
    ankle: float
    hip_width: float
    shoulder_width: float
    torso: float
    neck: float
    upper_arm: float
    forearm: float
    legs: int = 2
    back: float = 0.08

    @property
    def leg(self) -> float:
        """Hip to sole of the standing body: the unit of length of a `Hold`."""
        return self.thigh + self.shin + self.ankle


class Avatar(ABC):
    """A kind of body.

    Class attributes:
        noun: what it is ("robot", "woman"); `called` puts the colour to it.
        height_m: smallest and largest standing height.
        proportions: see `Proportions`.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    height_m: ClassVar[tuple[float, float]]
    proportions: ClassVar[Proportions]

    def called(self, colour: str) -> str:
        """How questions call it: "red robot", "woman in red"."""
        return f"{colour} {self.noun}"

    @abstractmethod
    def surfaces(self, pattern: Pattern, colour: str) -> Mapping[str, tuple[Surface, ...]]:
        """The surfaces of each limb, for a standing height of 1 m, in the frame of the limb.

        A limb hangs from its hinge at the origin along −z as the standing body has it, with +x ahead and +y to its left (the pelvis,
        the chest and the head rise from their hinges along +z; a four-legged body's trunk lies along x, from hips to shoulders, and its
        tail along −x). ``pattern`` and ``colour`` are those of the clothes by which questions call it; skin, hair and shoes are its own,
        drawn from the pattern so that the same record looks the same. The meshes are the same whatever the paint: what is visible is
        measured without it.
        """


AVATARS: Catalogue[Avatar] = Catalogue("avatar", "scenes.avatars")


def draw_height_m(avatar: str, rng: np.random.Generator) -> float:
    """A standing height."""
    return round(float(rng.uniform(*AVATARS[avatar].height_m)), 3)
