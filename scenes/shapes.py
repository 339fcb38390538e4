"""Meshes of objects and props: closed surfaces with a place on each for a painted pattern."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import cast

import numpy as np
import trimesh

from scenes import solids
from scenes.catalogue import UnknownName
from scenes.colours import COLOURS, deep_shade, light_tint
from scenes.patterns import OBJECT_KINDS, plain
from scenes.solids import Solid
from scenes.types import Colour, ObjectSpec, Pattern, Vector, require

GLASS: Colour = (0.74, 0.86, 0.94)
RUBBER: Colour = (0.17, 0.17, 0.19)
STEEL: Colour = (0.62, 0.64, 0.67)
BEAK: Colour = (0.98, 0.58, 0.10)
WOOD: Colour = (0.55, 0.38, 0.24)
IVORY: Colour = (0.93, 0.91, 0.84)


@dataclass(frozen=True, eq=False)
class Surface:
    """One painted solid.

    ``uv (face, 3, 2)`` holds the picture coordinates of each corner of each triangle of ``mesh`` (0 to 1, wrapping),
    apart from the vertices, so that a mesh can be welded and closed and still have seams.
    """

    solid: Solid
    pattern: Pattern
    smooth: bool = True
    casts_shadow: bool = True

    @cached_property
    def mesh(self) -> trimesh.Trimesh:
        return self.solid.mesh()

    @property
    def uv(self) -> np.ndarray:
        return self.solid.uv


Part = tuple[Solid, Pattern, bool]  # the solid, its paint, whether it is shaded smooth
Builder = Callable[[Pattern, Colour], tuple[Part, ...]]


@dataclass(frozen=True)
class Shape:
    """A kind of object.

    Args:
        name: how a specification calls it.
        noun: how a question calls it.
        round: whether it can roll along its local +x, about its local y.
        build: (pattern, colour) → parts in any unit, z up, facing +x; `surfaces` centres and scales them.
        prop: whether it is there for events that need it, and never drawn for an ordinary object.
    """

    name: str
    noun: str
    round: bool
    build: Builder
    prop: bool = False


class Shapes(Mapping[str, Shape]):
    """Read-only mapping from name to shape, in alphabetical order, filled by ``@SHAPES.register``."""

    def __init__(self) -> None:
        self._entries: dict[str, Shape] = {}

    def register(self, noun: str, *, round: bool = False, prop: bool = False) -> Callable[[Builder], Builder]:
        """Decorator of a builder, whose function name becomes the public name. Raises ValueError if it is taken."""

        def add(build: Builder) -> Builder:
            require(build.__name__ not in self._entries, "shape name", build.__name__, "a name that is not taken")
            self._entries[build.__name__] = Shape(build.__name__, noun, round, build, prop)
            return build

        return add

    def __getitem__(self, name: str) -> Shape:
        try:
            return self._entries[name]
        except KeyError:
            close = difflib.get_close_matches(str(name), list(self), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise UnknownName(f"unknown shape {name!r}.{hint} Known: {', '.join(self)}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


SHAPES = Shapes()


@lru_cache(maxsize=8)  # an object's size and paint seldom come again
def surfaces(shape: str, size_m: float, pattern: Pattern, colour: str) -> tuple[Surface, ...]:
    """The painted meshes of an object, origin at the centre of the bounding box, largest dimension ``size_m``.

    Args:
        pattern: of the body.
        colour: name of the colour that the other parts take theirs from.

    Raises:
        UnknownName: (a ValueError) no such shape; the message lists the shapes.
        ValueError: no such colour, or ``size_m`` is not above 0.
    """
    require(colour in COLOURS, "colour", colour, f"one of {', '.join(COLOURS)}")
    require(np.isfinite(size_m) and size_m > 0, "size_m", size_m, "a size above 0")
    parts = SHAPES[shape].build(pattern, COLOURS[colour])
    low = np.min([part.vertices.min(axis=0) for part, _, _ in parts], axis=0)
    high = np.max([part.vertices.max(axis=0) for part, _, _ in parts], axis=0)
    factor, centre = size_m / (high - low).max(), (low + high) / 2
    return tuple(Surface(part.moved(*-centre).scaled(factor), paint, smooth) for part, paint, smooth in parts)


def extent_m(shape: str, size_m: float) -> Vector:
    """Full width, depth and height (along x, y and z) of an object at rest. Errors as in `surfaces`."""
    require(np.isfinite(size_m) and size_m > 0, "size_m", size_m, "a size above 0")
    width, depth, height = _unit_extent(shape)
    return (size_m * width, size_m * depth, size_m * height)


@cache
def _unit_extent(shape: str) -> Vector:
    bounds = [surface.mesh.bounds for surface in surfaces(shape, 1.0, plain(STEEL), "white")]
    width, depth, height = np.max([high for _, high in bounds], axis=0) - np.min([low for low, _ in bounds], axis=0)
    return (float(width), float(depth), float(height))


def object_mesh(spec: ObjectSpec) -> trimesh.Trimesh:
    """All surfaces of an object as one mesh, in its own space: what the visibility pass draws."""
    parts = surfaces(spec.shape, spec.size_m, spec.pattern, spec.colour)
    return cast(trimesh.Trimesh, trimesh.util.concatenate([part.mesh for part in parts]))


def random_pattern(rng: np.random.Generator, colour: Colour) -> Pattern:
    """A pattern for an object that is still called by its colour at a glance, and whose turns show."""
    kind = list(OBJECT_KINDS)[int(rng.integers(len(OBJECT_KINDS)))]
    return Pattern(kind, (colour, light_tint(colour), deep_shade(colour)), int(rng.choice(OBJECT_KINDS[kind])))


# Simple shapes.


@SHAPES.register("ball", round=True)
def ball(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A sphere."""
    return ((solids.ball(), pattern, True),)


@SHAPES.register("cube")
def cube(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A cube with its edges taken off."""
    return ((solids.box(1, 1, 1, chamfer=0.035), pattern, False),)


@SHAPES.register("brick")
def brick(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A lying block, half as wide as long."""
    return ((solids.box(2, 1, 0.8, chamfer=0.05), pattern, False),)


@SHAPES.register("cone")
def cone(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A cone with a blunt tip."""
    return ((solids.cylinder(0.46, 1.0, bevel=0.025, top_radius=0.05), pattern, True),)


@SHAPES.register("cylinder")
def cylinder(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A standing cylinder."""
    return ((solids.cylinder(0.36, 1.0, bevel=0.03), pattern, True),)


@SHAPES.register("pyramid")
def pyramid(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A square pyramid."""
    return ((solids.hull([(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.5, 0), (-0.5, 0.5, 0), (0, 0, 0.9)]), pattern, False),)


@SHAPES.register("star")
def star(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A thick five-pointed star that stands upright."""
    angle = np.pi / 2 + np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2 == 0, 1.0, 0.46)
    outline = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    return ((solids.prism([(float(x), float(z)) for x, z in outline], 0.5), pattern, False),)


@SHAPES.register("ring", round=True)
def ring(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A ring that stands like a wheel."""
    return ((solids.ring(0.36, 0.14), pattern, True),)


@SHAPES.register("barrel", round=True)
def barrel(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A barrel that lies along y, with two hoops."""
    height = np.linspace(0.03, 1.17, 9)
    staves = [(0.42 - 0.26 * (z - 0.6) ** 2, z) for z in height]
    body = solids.revolve([(0, 0), (staves[0][0] - 0.03, 0), *staves, (staves[-1][0] - 0.03, 1.2), (0, 1.2)])
    hoops = [_hoop(0.42 - 0.26 * (z - 0.6) ** 2, z) for z in (0.22, 0.98)]
    return tuple((part.turned(90, "x"), paint, True) for part, paint in ((body, pattern), (solids.join(hoops), plain(RUBBER))))


def _hoop(radius: float, z: float) -> Solid:
    return solids.ring(radius, 0.025, across=8).turned(90, "x").scaled(1, 1, 1.6).moved(z=z)


@SHAPES.register("wheel", round=True)
def wheel(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A tyre with a bolted hub; its axis is y."""
    profile = [(0, 0.03), (0.5, 0.03), (0.56, 0), (0.86, 0), (0.95, 0.09), (0.95, 0.31), (0.86, 0.4), (0.56, 0.4), (0.5, 0.37), (0, 0.37)]
    tyre = solids.revolve(profile, 44, bevel=0.015)
    hub = solids.join([solids.cylinder(0.3, 0.46, bevel=0.03).moved(z=-0.03), *(_bolt(k) for k in range(5))])
    return tuple((part.turned(90, "x"), paint, True) for part, paint in ((tyre, pattern), (hub, plain(light_tint(colour)))))


def _bolt(k: int) -> Solid:
    return solids.post(0.055, 0.42, 8).moved(x=0.41, z=-0.01).turned(72 * k)


# Props.


@SHAPES.register("toy car")
def car(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """Body, cabin, windows, wheels and lamps."""
    cabin = _frustum((-0.1, 1.15, 0.84), (-0.16, 0.72, 0.66), 0.66, 1.06)
    body = solids.box(2.0, 0.96, 0.46, chamfer=0.09).moved(z=0.24)
    glass = _frustum((-0.12, 1.07, 0.83), (-0.15, 0.87, 0.74), 0.74, 0.93)
    wheels = solids.join([_wheel(x, y) for x in (-0.6, 0.6) for y in (-0.42, 0.42)])
    lamps = [solids.ball(0.09, 16, 10).moved(0.98, y, 0.5) for y in (-0.3, 0.3)]
    hubs = [solids.ball(0.1, 16, 10).scaled(1, 0.35, 1).moved(x, y, 0.24) for x in (-0.6, 0.6) for y in (-0.51, 0.51)]
    return (
        (body, pattern, False),
        (cabin, plain(colour), False),
        (glass, plain(GLASS), False),
        (wheels, plain(RUBBER), True),
        (solids.join(lamps + hubs), plain((0.96, 0.93, 0.78)), True),
    )


def _wheel(x: float, y: float) -> Solid:
    return solids.cylinder(0.23, 0.2, 24, bevel=0.03).moved(z=-0.1).turned(90, "x").moved(x, y, 0.23)


def _frustum(base: Vector, top: Vector, low: float, high: float) -> Solid:
    """A block between two rectangles, each given as (middle x, length, width)."""
    corners = [
        (x + a * length / 2, b * width / 2, z) for (x, length, width), z in ((base, low), (top, high)) for a in (-1, 1) for b in (-1, 1)
    ]
    return solids.hull(corners)


@SHAPES.register("rocket")
def rocket(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A bulging hull, three fins, a nozzle and a porthole."""
    height = np.linspace(0, 1, 14)
    ogive = [(0.05 + 0.25 * float(np.sin(np.pi * (0.22 + 0.78 * z)) ** 0.8), 0.2 + 1.35 * z) for z in height[:-1]]
    body = solids.revolve([(0, 0.2), *ogive, (0, 1.62)], 36)
    fin = solids.prism([(0.2, 0.28), (0.5, 0.0), (0.5, 0.28), (0.22, 0.68)], 0.07)
    nozzle = solids.cylinder(0.17, 0.16, 24, bevel=0.02, top_radius=0.12).moved(z=0.07)
    window = solids.ball(0.12, 24, 12).scaled(0.5, 1, 1).moved(0.27, 0, 1.0)
    return (
        (body, pattern, True),
        (solids.join([fin.turned(60 + 120 * k) for k in range(3)]), plain(deep_shade(colour)), False),
        (nozzle, plain(STEEL), True),
        (window, plain(GLASS), True),
    )


@SHAPES.register("toy house")
def house(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """Walls under a gable roof, with doors, windows and a chimney."""
    walls = solids.prism([(-0.5, 0), (0.5, 0), (0.5, 0.62), (0, 1.0), (-0.5, 0.62)], 1.1)
    slope = solids.prism([(-0.6, 0.56), (-0.53, 0.51), (0, 0.93), (0, 1.04)], 1.24)
    chimney = solids.box(0.16, 0.16, 0.36).moved(-0.24, 0.28, 0.76)
    panes = [solids.box(0.24, 1.13, 0.24).moved(x, 0, 0.28) for x in (-0.26, 0.26)]
    return (
        (walls, pattern, False),
        (solids.join([slope, slope.turned(180)]), plain(colour), False),
        (solids.join([solids.box(1.04, 0.26, 0.46), chimney]), plain(WOOD), False),
        (solids.join(panes), plain(GLASS), False),
    )


@SHAPES.register("mug")
def mug(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A hollow cup with a handle."""
    cup = solids.revolve([(0, 0), (0.4, 0), (0.4, 0.95), (0.34, 0.95), (0.34, 0.08), (0, 0.08)], 40, bevel=0.025)
    handle = solids.bent_tube(0.27, 0.06, np.pi).turned(90, "y").scaled(0.95, 1, 1.05).moved(0.38, 0, 0.48)
    return ((cup, pattern, True), (handle, plain(colour), True))


@SHAPES.register("chair")
def chair(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """Seat, back and four legs."""
    seat = solids.box(0.62, 0.62, 0.1, chamfer=0.02).moved(z=0.48)
    back = solids.box(0.1, 0.62, 0.66, chamfer=0.02).moved(-0.26, 0, 0.58)
    legs = [solids.box(0.09, 0.09, 0.48).moved(x, y) for x in (-0.25, 0.25) for y in (-0.25, 0.25)]
    return ((solids.join([seat, back]), pattern, False), (solids.join(legs), plain(colour), False))


@SHAPES.register("toy robot")
def toy_robot(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """Trunk and head on legs, with arms, eyes and an aerial."""
    torso = solids.box(0.5, 0.72, 0.72, chamfer=0.06).moved(z=0.34)
    head = solids.box(0.46, 0.52, 0.42, chamfer=0.06).moved(z=1.14)
    limbs = [solids.cylinder(0.09, 0.4, 18).moved(0, y, 0.02) for y in (-0.2, 0.2)]
    arms = [solids.cylinder(0.09, 0.56, 18).moved(0, y, 0.46) for y in (-0.46, 0.46)]
    limbs += [solids.cylinder(0.12, 0.14, 18).moved(z=1.03), solids.cylinder(0.025, 0.2, 10, bevel=0.005).moved(z=1.54)]
    feet = [solids.box(0.4, 0.24, 0.1, chamfer=0.02).moved(0.05, y) for y in (-0.2, 0.2)]
    bright = [solids.ball(0.085, 18, 10).moved(0.22, y, 1.38) for y in (-0.12, 0.12)] + [solids.ball(0.06, 14, 8).moved(z=1.76)]
    return (
        (torso, pattern, False),
        (solids.join([head, *feet]), plain(colour), False),
        (solids.join(arms), plain(colour), True),
        (solids.join(limbs), plain(STEEL), True),
        (solids.box(0.04, 0.28, 0.05).moved(0.23, 0, 1.22), plain(RUBBER), False),
        (solids.join(bright), plain((0.98, 0.96, 0.82)), True),
    )


@SHAPES.register("toy duck")
def duck(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A bath duck."""
    body = solids.ball(0.5).scaled(1.25, 0.92, 0.72).moved(z=0.36)
    head = solids.ball(0.27, 30, 16).moved(0.4, 0, 0.86)
    tail = solids.cylinder(0.2, 0.4, 20, bevel=0.02, top_radius=0.03).scaled(0.6, 1, 1).turned(-52, "y").moved(-0.46, 0, 0.48)
    beak = solids.ball(0.14, 20, 12).scaled(1.2, 1, 0.45).moved(0.68, 0, 0.82)
    eyes = [solids.ball(0.05, 14, 8).moved(0.56, y, 0.97) for y in (-0.15, 0.15)]
    bill = BEAK if abs(colour[0] - BEAK[0]) + abs(colour[1] - BEAK[1]) > 0.3 else light_tint(colour)
    return (
        (body, pattern, True),
        (solids.join([head, tail]), plain(colour), True),
        (beak, plain(bill), True),
        (solids.join(eyes), plain(RUBBER), True),
    )


@SHAPES.register("toy boat")
def boat(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A hull with a cabin, a mast and two sails."""
    deck = [(-0.9, -0.36, 0.5), (-0.9, 0.36, 0.5), (0.3, -0.42, 0.5), (0.3, 0.42, 0.5), (1.05, 0, 0.56)]
    keel = [(-0.72, -0.2, 0), (-0.72, 0.2, 0), (0.3, -0.22, 0), (0.3, 0.22, 0), (0.72, 0, 0.02)]
    sail = solids.prism([(0.02, 0.72), (0.72, 0.72), (0.02, 1.86)], 0.05)
    rear = solids.prism([(-0.14, 0.72), (-0.14, 1.6), (-0.66, 0.72)], 0.05)
    cabin = solids.box(0.4, 0.4, 0.2).moved(-0.4, 0, 0.48)
    return (
        (solids.hull(deck + keel), pattern, False),
        (solids.join([sail, rear]), plain(colour), False),
        (solids.post(0.045, 1.5).moved(-0.06, 0, 0.45), plain(WOOD), True),
        (cabin, plain(light_tint(colour)), False),
    )


@SHAPES.register("toy plane")
def plane(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A propeller plane."""
    along = np.linspace(0, 1, 12)
    profile = [(0.05 + 0.17 * float(np.sin(np.pi * (0.06 + 0.86 * x**0.75)) ** 0.7), 2.0 * x) for x in along]
    fuselage = solids.revolve([(0, -0.01), *profile, (0, 2.03)], 28).turned(90, "y").moved(-1.0, 0, 0.3)
    wing = solids.hull(
        [(x, y, z) for y, x0, x1 in ((-1.0, -0.1, 0.16), (0, -0.16, 0.4), (1.0, -0.1, 0.16)) for x in (x0, x1) for z in (0.27, 0.33)]
    )
    tail = solids.hull(
        [(x, y, z) for y, x0, x1 in ((-0.4, -0.98, -0.82), (0.4, -0.98, -0.82)) for x in (x0, x1 + 0.1) for z in (0.32, 0.36)]
    )
    fin = solids.prism([(-1.0, 0.34), (-0.68, 0.34), (-0.88, 0.74), (-1.02, 0.74)], 0.05)
    canopy = solids.ball(0.16, 20, 12).scaled(1.5, 0.8, 0.8).moved(0.4, 0, 0.44)
    blades = solids.box(0.04, 0.09, 0.62).moved(1.06, 0, -0.01)
    return (
        (fuselage, pattern, True),
        (solids.join([wing, tail, fin]), plain(colour), False),
        (canopy, plain(GLASS), True),
        (solids.join([blades, blades.moved(z=-0.3).turned(90, "x").moved(z=0.3)]), plain(RUBBER), False),
    )


# What events need: faces that meet squarely, flat tops, and a cup to hide things under. Where a face along x has ledges, the lowest is
# the furthest out, so that two of these touch where their bounding boxes do.


@SHAPES.register("crate", prop=True)
def crate(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A box with a rail round its foot, one round its top, and posts at the corners."""
    rails = [solids.box(1.0, 1.0, 0.16, chamfer=0.015).moved(z=z) for z in (0.0, 0.84)]
    posts = [solids.box(0.14, 0.14, 0.72).moved(x, y, 0.14) for x in (-0.42, 0.42) for y in (-0.42, 0.42)]
    return ((solids.box(0.92, 0.92, 0.72).moved(z=0.14), pattern, False), (solids.join(rails + posts), plain(deep_shade(colour)), False))


@SHAPES.register("drum", prop=True)
def drum(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A standing drum between two hoops."""
    hoops = [solids.cylinder(0.5, 0.1, bevel=0.012).moved(z=z) for z in (0.0, 0.72)]
    return ((solids.cylinder(0.46, 0.66, bevel=0.01).moved(z=0.08), pattern, True), (solids.join(hoops), plain(colour), True))


@SHAPES.register("toy bus", prop=True)
def bus(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A box on wheels with rows of windows, a windscreen and bumpers."""
    panes = [solids.box(0.26, 0.83, 0.26).moved(x, 0, 0.52) for x in (-0.6, -0.2, 0.2, 0.6)]
    screens = [solids.box(1.72, 0.66, 0.3).moved(z=0.5)]
    wheels = [
        solids.cylinder(0.16, 0.14, 24, bevel=0.02).moved(z=-0.07).turned(90, "x").moved(x, y, 0.16)
        for x in (-0.5, 0.5)
        for y in (-0.36, 0.36)
    ]
    bumpers = [solids.box(1.78, 0.8, 0.12, chamfer=0.012).moved(z=0.1)]
    return (
        (solids.box(1.7, 0.8, 0.78, chamfer=0.05).moved(z=0.14), pattern, False),
        (solids.join(panes + screens), plain(GLASS), False),
        (solids.join(wheels), plain(RUBBER), True),
        (solids.join(bumpers), plain(colour), False),
    )


@SHAPES.register("domino", prop=True)
def domino(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A tall slab on a foot, with a pale face in front that stays behind the foot's edge."""
    foot = solids.join([solids.box(0.34, 0.64, 0.08, chamfer=0.01), solids.box(0.26, 0.62, 1.14).moved(z=0.12)])
    face = solids.box(0.012, 0.5, 1.14).moved(0.155, 0, 0.12)
    pips = [solids.ball(0.13, 20, 12).scaled(0.05, 1, 1).moved(0.162, y, z) for y, z in ((-0.12, 0.4), (0.12, 0.4), (0, 1.0))]
    marks = solids.join([*pips, solids.box(0.006, 0.44, 0.05).moved(0.163, 0, 0.665)])
    body = solids.box(0.314, 0.6, 1.3, chamfer=0.02)
    return ((body, pattern, False), (foot, plain(deep_shade(colour)), False), (face, plain(IVORY), False), (marks, plain(RUBBER), False))


@SHAPES.register("cart", prop=True)
def cart(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A flat bed on four wheels."""
    bed = solids.box(1.3, 0.9, 0.12, chamfer=0.02).moved(z=0.2)
    wheels = [
        solids.cylinder(0.16, 0.12, 24, bevel=0.02).moved(z=-0.06).turned(90, "x").moved(x, y, 0.16)
        for x in (-0.42, 0.42)
        for y in (-0.36, 0.36)
    ]
    axles = [solids.post(0.04, 0.7, 10).moved(z=-0.35).turned(90, "x").moved(x, 0, 0.16) for x in (-0.42, 0.42)]
    return ((bed, pattern, False), (solids.join(wheels), plain(RUBBER), True), (solids.join(axles), plain(STEEL), True))


@SHAPES.register("cup", prop=True)
def cup(pattern: Pattern, colour: Colour) -> tuple[Part, ...]:
    """A beaker turned upside down: hollow, open below, with a rim; see `room_under_cup_m`."""
    inside = [(0.0, 0.9), (0.33, 0.9), (0.42, 0.0)]
    outside = [(0.46, 0.0), (0.46, 0.1), (0.44, 0.1), (0.36, 0.98), (0.0, 0.98)]
    return ((solids.revolve([*inside, *outside], 40, bevel=0.008), pattern, True),)


def room_under_cup_m(width_m: float, height_m: float, at_m: float) -> float:
    """Inner radius of a cup of that outer width and height, ``at_m`` above its rim; 0 above its ceiling."""
    share = at_m / (0.9 / 0.98 * height_m)
    return (0.42 - 0.09 * share) / 0.92 * width_m if share < 0.97 else 0.0
