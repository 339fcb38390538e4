"""What four-legged bodies share: a trunk under a coloured blanket, a neck, four legs with paws or hooves."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes import solids
from scenes.avatars.avatar import Avatar
from scenes.avatars.human import EYES, Painted, pillar, unlike
from scenes.avatars.skeleton import NECK_ON_FOUR, SIDES, SLACK
from scenes.colours import COLOURS
from scenes.patterns import plain
from scenes.shapes import Surface
from scenes.solids import Solid
from scenes.types import Colour, Pattern


@dataclass(frozen=True)
class Girth:
    """Radii at a standing height of 1 m: of the trunk before and behind, of the legs from hip to paw, of the neck."""

    chest: float
    loin: float
    thigh: float
    shin: float
    paw: float
    neck: float


class Quadruped(Avatar):
    """An animal. ``furs`` are the colours that it may have, ``girth`` says how broad it is."""

    furs: ClassVar[tuple[Colour, ...]]
    girth: ClassVar[Girth]
    paw_length: ClassVar[float] = 1.5

    def surfaces(self, pattern: Pattern, colour: str) -> Mapping[str, tuple[Surface, ...]]:
        rng = np.random.default_rng(zlib.crc32(repr((pattern, colour)).encode()))
        fur = plain(unlike(COLOURS[colour], self.furs, rng))
        limbs = {"pelvis": self._hind(fur, pattern), "chest": self._front(fur, pattern), "head": self.head(fur), "tail": self.tail(fur)}
        for name, _ in SIDES:
            limbs |= {f"{name}_{part}": painted for part, painted in self._legs(fur).items()}
        return {name: tuple(Surface(solid, paint) for solid, paint in painted) for name, painted in limbs.items()}

    @abstractmethod
    def head(self, fur: Pattern) -> list[Painted]:
        """In the frame of the head, which faces +x."""

    @abstractmethod
    def tail(self, fur: Pattern) -> list[Painted]:
        """In the frame of the tail, which points along −x."""

    def on_neck(self) -> list[Painted]:
        """What the neck wears, in the frame of the chest: it stays there when the head turns."""
        return []

    @property
    def hoof(self) -> Pattern | None:
        """The paint of hooves, for an animal that has them."""
        return None

    def _hind(self, fur: Pattern, pattern: Pattern) -> list[Painted]:
        half, girth = self.proportions.torso / 2, self.girth
        trunk = _lying(pillar(girth.loin * 1.04, girth.loin * 0.98, half, 14)).scaled(1, 0.82, 1)
        return [(trunk, fur), (_blanket(0.06 * half, half + 0.01, girth.loin * 1.1, girth.loin * 1.06), pattern)]

    def _front(self, fur: Pattern, pattern: Pattern) -> list[Painted]:
        size, girth = self.proportions, self.girth
        half = size.torso / 2
        trunk = _lying(pillar(girth.loin * 0.98, girth.chest, half, 14)).scaled(1, 0.82, 1)
        lean = float(np.degrees(np.arctan2(NECK_ON_FOUR[0], NECK_ON_FOUR[2])))
        neck = pillar(girth.neck, girth.neck * 1.3, size.neck).scaled(1, 0.8, 1).moved(z=size.neck).turned(lean, "y").moved(x=half)
        blanket = _blanket(-0.02, 0.86 * half, girth.loin * 1.06, girth.chest * 1.08)
        return [(solids.join([trunk, neck]), fur), (blanket, pattern), *self.on_neck()]

    def _legs(self, fur: Pattern) -> dict[str, list[Painted]]:
        size, girth = self.proportions, self.girth
        upper, hind = size.upper_arm * SLACK[4], (size.shin + size.ankle) * SLACK[4]
        return {
            "fore_thigh": [(pillar(0.8 * girth.thigh, girth.shin, upper), fur)],
            "fore_shin": self._shin(fur, size.forearm * SLACK[4], upper, 1.0),
            "thigh": [(pillar(girth.thigh, 1.1 * girth.shin, size.thigh * SLACK[4]), fur)],
            "shin": self._shin(fur, hind, size.thigh * SLACK[4], -1.0),
        }

    def _shin(self, fur: Pattern, length: float, upper: float, slope: float) -> list[Painted]:
        """Down to the ground; the paw ahead is flat on it while the shin leans as it does below a standing body."""
        girth, reach = self.girth, self.proportions.leg
        lean = float(np.degrees(np.arccos((reach**2 + length**2 - upper**2) / (2 * reach * length))))
        bone = pillar(girth.shin, 0.8 * girth.shin, length - girth.shin)
        dome = [(0, 0), (0.96, 0), (1.0, 0.3), (0.8, 0.75), (0, 1.0)]
        paw = solids.revolve(dome, 10).scaled(self.paw_length * girth.paw, girth.paw, 0.9 * girth.paw)
        paw = paw.moved((self.paw_length - 1) * girth.paw).turned(slope * lean, "y").moved(z=-length)
        return [(bone, fur), (paw, self.hoof or fur)]

    def eyes(self, x: float, y: float, z: float, radius: float) -> Painted:
        return solids.join([solids.ball(radius, 8, 6).moved(x, side * y, z) for side in (1, -1)]), plain(EYES)


def _lying(hanging: Solid) -> Solid:
    """What hangs down, laid along +x."""
    return hanging.turned(-90, "y")


def _blanket(start: float, end: float, radius: float, end_radius: float) -> Solid:
    """A close coat around the trunk from ``start`` to ``end``."""
    coat = solids.cylinder(radius, end - start, 18, bevel=0.012, top_radius=end_radius).turned(90, "y")
    return coat.scaled(1, 0.86, 1).moved(x=start)
