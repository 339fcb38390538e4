"""What human bodies share: limbs of tapered capsules, a face, hands with thumbs, shoes, and clothes over them."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes import solids
from scenes.avatars.avatar import Avatar
from scenes.avatars.skeleton import BALL, HEEL, SIDES, WAIST
from scenes.colours import COLOURS
from scenes.patterns import plain
from scenes.shapes import Surface
from scenes.solids import Solid
from scenes.types import Colour, Pattern

SKIN: tuple[Colour, ...] = ((0.96, 0.80, 0.69), (0.91, 0.70, 0.55), (0.80, 0.57, 0.41), (0.62, 0.41, 0.28), (0.45, 0.29, 0.20))
HAIR: tuple[Colour, ...] = ((0.13, 0.10, 0.09), (0.32, 0.19, 0.11), (0.52, 0.30, 0.13), (0.80, 0.62, 0.33), (0.55, 0.53, 0.52))
TROUSERS: tuple[Colour, ...] = ((0.17, 0.21, 0.33), (0.27, 0.25, 0.25), (0.42, 0.38, 0.32), (0.55, 0.53, 0.50), (0.24, 0.28, 0.27))
SHOES: tuple[Colour, ...] = ((0.12, 0.11, 0.12), (0.30, 0.19, 0.13), (0.88, 0.87, 0.85))
EYES: Colour = (0.06, 0.05, 0.06)

Painted = tuple[Solid, Pattern]


@dataclass(frozen=True)
class Paints:
    """The colours of one person."""

    clothes: Pattern
    sleeves: Pattern
    skin: Pattern
    hair: Pattern
    trousers: Pattern
    shoes: Pattern

    @classmethod
    def of(cls, pattern: Pattern, colour: str) -> Paints:
        """The clothes' colours are given; the others are the person's own, told by the pattern."""
        rng = np.random.default_rng(zlib.crc32(repr((pattern, colour)).encode()))
        own = [plain(unlike(COLOURS[colour], kinds, rng)) for kinds in (SKIN, HAIR, TROUSERS, SHOES)]
        return cls(pattern, plain(COLOURS[colour]), *own)


@dataclass(frozen=True)
class Build:
    """Radii of a body at a standing height of 1 m. ``chest`` and ``belly`` are half widths; ``depth`` is what part of that is depth."""

    arm: float = 0.026
    leg: float = 0.046
    chest: float = 0.088
    belly: float = 0.074
    depth: float = 0.66
    head: float = 0.072


class Human(Avatar):
    """A person. ``build`` says how broad; ``short_sleeves`` and ``shorts`` bare the forearms and the shins."""

    build: ClassVar[Build] = Build()
    short_sleeves: ClassVar[bool] = False
    shorts: ClassVar[bool] = False

    def called(self, colour: str) -> str:
        return f"{self.noun} in {colour}"

    def surfaces(self, pattern: Pattern, colour: str) -> Mapping[str, tuple[Surface, ...]]:
        paints = Paints.of(pattern, colour)
        limbs = {"pelvis": self.pelvis(paints), "chest": self.chest(paints), "head": [*self.face(paints), *self.hair(paints)]}
        for name, sign in SIDES:
            limbs |= {f"{name}_{part}": painted for part, painted in (*self._arm(paints, sign).items(), *self._leg(paints, sign).items())}
        return {name: tuple(Surface(solid, paint) for solid, paint in painted) for name, painted in limbs.items()}

    @abstractmethod
    def hair(self, paints: Paints) -> list[Painted]:
        """On the head, in its frame."""

    def pelvis(self, paints: Paints) -> list[Painted]:
        """The seat of the trousers, up to the waist."""
        size, build = self.proportions, self.build
        width = max(size.hip_width / 2 + 0.96 * build.leg, 0.9 * build.belly)
        waist = WAIST * size.torso
        profile = [(0, -0.06), (0.5, -0.055), (0.86, -0.03), (1.0, 0.005), (0.98, waist), (0.8, waist + 0.02), (0, waist + 0.025)]
        return [(_turned_up(profile, width, build.depth), paints.trousers)]

    def chest(self, paints: Paints) -> list[Painted]:
        """The shirt, and the neck."""
        size, build = self.proportions, self.build
        top = (1 - WAIST) * size.torso
        share = build.belly / build.chest
        profile = [(0, -0.04), (0.93 * share, -0.035), (share, -0.015), (0.5 + 0.5 * share, 0.35 * top), (1.0, 0.7 * top)]
        profile += [(0.98, 0.88 * top), (0.82, top + 0.012), (0.5, top + 0.03), (0, top + 0.036)]
        neck = pillar(0.45 * build.head, 0.4 * build.head, size.neck + 0.05).moved(z=top + size.neck + 0.02)
        return [(_turned_up(profile, build.chest, build.depth), paints.clothes), (neck, paints.skin)]

    def face(self, paints: Paints) -> list[Painted]:
        """Skull, nose and ears; eyes and brows."""
        r = self.build.head
        skull = solids.ball(1.0, 16, 10).scaled(0.9 * r, 0.8 * r, r).moved(z=self._crown() - r)
        nose = solids.ball(0.17 * r, 8, 5).moved(0.93 * r, 0, self._eyes() - 0.3 * r)
        ears = [
            solids.ball(1.0, 8, 5).scaled(0.13 * r, 0.07 * r, 0.2 * r).moved(-0.02 * r, 0.8 * side * r, self._eyes() - 0.12 * r)
            for side in (1, -1)
        ]
        eyes = [solids.ball(0.13 * r, 8, 6).moved(0.82 * r, 0.31 * side * r, self._eyes()) for side in (1, -1)]
        mouth = solids.ball(1.0, 8, 4).scaled(0.08 * r, 0.26 * r, 0.05 * r).moved(0.73 * r, 0, self._eyes() - 0.62 * r)
        return [(solids.join([skull, nose, *ears]), paints.skin), (solids.join(eyes), plain(EYES)), (mouth, plain((0.62, 0.25, 0.24)))]

    def cap_of_hair(self, back: float = 0.16, up: float = 0.07) -> Solid:
        """Hair close to the skull, which leaves the face free: ``back`` and ``up`` are its shift, in radii of the head."""
        r = self.build.head
        return solids.ball(1.0, 16, 8).scaled(0.93 * r, 0.86 * r, 1.01 * r).moved(-back * r, 0, self._crown() - r + up * r)

    def fringe(self, width: float = 0.66, height: float = 0.22) -> Solid:
        """Hair over the forehead; sizes in radii of the head."""
        r = self.build.head
        return solids.ball(1.0, 10, 6).scaled(0.55 * r, width * r, height * r).moved(0.27 * r, 0, self._crown() - height * r)

    def _crown(self) -> float:
        """Height of the top of the head over its hinge."""
        size = self.proportions
        return 1.0 - 0.08 * self.build.head - size.leg - size.torso - size.neck

    def _eyes(self) -> float:
        return self._crown() - 0.92 * self.build.head

    def _arm(self, paints: Paints, sign: float) -> dict[str, list[Painted]]:
        size, arm = self.proportions, self.build.arm
        wrist = 0.6 * size.forearm
        upper = pillar(1.22 * arm, arm, size.upper_arm)
        lower = pillar(0.98 * arm, 0.72 * arm, wrist)
        hand = self._hand(sign, wrist, size.forearm)
        if not self.short_sleeves:
            return {"upper_arm": [(upper, paints.sleeves)], "forearm": [(lower, paints.sleeves), (hand, paints.skin)]}
        sleeve = pillar(1.36 * arm, 1.3 * arm, 0.42 * size.upper_arm)
        bare = [(sleeve, paints.sleeves), (pillar(1.05 * arm, arm, size.upper_arm), paints.skin)]
        return {"upper_arm": bare, "forearm": [(solids.join([lower, hand]), paints.skin)]}

    def _hand(self, sign: float, wrist: float, tips: float) -> Solid:
        """A palm that faces the body, the thumb ahead of it and a little inward."""
        arm, length = self.build.arm, tips - wrist
        palm = solids.ball(1.0, 10, 6).scaled(0.98 * arm, 0.6 * arm, 0.58 * length).moved(z=-wrist - 0.48 * length)
        thumb = (
            pillar(0.32 * arm, 0.26 * arm, 0.34 * length, 6)
            .turned(-38, "y")
            .turned(-15 * sign)
            .moved(0.55 * arm, -0.1 * sign * arm, -wrist - 0.18 * length)
        )
        return solids.join([palm, thumb])

    def _leg(self, paints: Paints, sign: float) -> dict[str, list[Painted]]:
        size, leg = self.proportions, self.build.leg
        thigh, shin = pillar(1.12 * leg, 0.84 * leg, size.thigh), pillar(0.82 * leg, 0.58 * leg, size.shin)
        shoe = [(self._shoe(), paints.shoes)]
        if not self.shorts:
            return {"thigh": [(thigh, paints.trousers)], "shin": [(shin, paints.trousers)], "foot": shoe}
        hem = pillar(1.16 * leg, 1.1 * leg, 0.62 * size.thigh)
        return {
            "thigh": [(hem, paints.trousers), (pillar(0.9 * leg, 0.84 * leg, size.thigh), paints.skin)],
            "shin": [(shin, paints.skin)],
            "foot": shoe,
        }

    def _shoe(self) -> Solid:
        """Flat below, as long as the foot that rolls, and the toes."""
        ankle = self.proportions.ankle
        heel, toes = HEEL * ankle, (BALL + 1.1) * ankle
        profile = [(0, 0), (0.97, 0), (1.0, 0.16), (0.95, 0.42), (0.75, 0.68), (0.4, 0.86), (0, 0.92)]
        upper = (
            solids.revolve(profile, 14).scaled((heel + toes) / 2, 0.92 * self.build.leg, 1.15 * ankle).moved((toes - heel) / 2, 0, -ankle)
        )
        return solids.join([upper, solids.ball(0.62 * self.build.leg, 10, 6).scaled(1, 1, 0.9)])


def unlike(clothes: Colour, kinds: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    """One of the colours that stand out from the clothes."""
    far = [kind for kind in kinds if np.linalg.norm(np.subtract(kind, clothes)) > 0.28] or list(kinds)
    return far[int(rng.integers(len(far)))]


def pillar(top: float, bottom: float, length: float, segments: int = 12) -> Solid:
    """A tapered capsule that hangs from the origin: radii about its two hinges, ``length`` from one to the other."""
    bend = np.linspace(-np.pi / 2, 0, 3)[:-1]
    low = [(bottom * np.cos(a), -length + bottom * np.sin(a)) for a in bend] + [(bottom, -length)]
    high = [(top, 0.0)] + [(top * np.cos(a), -top * np.sin(a)) for a in bend[::-1]]
    profile = np.array(low + high)
    profile[[0, -1], 0] = 0.0
    return solids.revolve(profile, segments)


def _turned_up(profile: list[tuple[float, float]], width: float, depth: float) -> Solid:
    """A trunk: a profile of (share of the half width, height), flattened from front to back."""
    return solids.revolve(profile, 18).scaled(width * depth, width, 1.0)
