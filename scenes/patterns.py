"""Painted pictures: the surface of everything, drawn from a `Pattern` alone.

A picture is wrapped around a surface by its uv coordinates: u runs along the columns, v along the rows (row 0 is
v = 0), and both wrap. Pictures for objects (``OBJECT_KINDS``) expect u to run once around the body and v from its
bottom to its top; they carry a *mark*, one sector of the third colour, and are uneven around the body, so that no turn
but a whole one leaves the object looking the same, from whichever side. Frequencies are moderate throughout, since the
renderer has no mip-mapping.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenes.catalogue import UnknownName
from scenes.types import Colour, Pattern

Picture = NDArray[np.float32]
Grid = NDArray[np.float64]
Painter = Callable[[Grid, Grid, Pattern], Grid]

SUPERSAMPLING = 2
MARK = (0.02, 0.10)  # the mark's sector of u; it also hides the seam of patterns that do not tile

_PAINTERS: dict[str, Painter] = {}


def paint(pattern: Pattern, size_px: int = 256) -> Picture:
    """Draw a pattern: ``(size_px, size_px, 3)`` sRGB in [0, 1], in steps of 1/255, the same for equal patterns.

    Raises:
        UnknownName: (a ValueError) no such kind of pattern; the message lists the kinds.
    """
    if pattern.kind not in _PAINTERS:
        raise UnknownName(f"unknown pattern {pattern.kind!r}. Known: {', '.join(sorted(_PAINTERS))}.")
    levels = _draw(pattern, size_px, 1) if pattern.kind == "plain" else _drawn(pattern, size_px)
    return levels.astype(np.float32) / 255


@lru_cache(maxsize=192)  # 0.2 MB each at 256 pixels
def _drawn(pattern: Pattern, size_px: int) -> NDArray[np.uint8]:
    return _draw(pattern, size_px, SUPERSAMPLING)


def _draw(pattern: Pattern, size_px: int, samples: int) -> NDArray[np.uint8]:
    fine = size_px * samples
    v, u = (np.mgrid[0:fine, 0:fine] + 0.5) / fine
    drawn = _PAINTERS[pattern.kind](u, v, pattern)
    picture = drawn.reshape(size_px, samples, size_px, samples, 3).mean(axis=(1, 3)).clip(0, 1).astype(np.float32)
    return (picture * 255 + 0.5).astype(np.uint8)


def kinds() -> tuple[str, ...]:
    """The names of all kinds of pattern, in alphabetical order."""
    return tuple(sorted(_PAINTERS))


def plain(colour: Colour) -> Pattern:
    """A single colour."""
    return Pattern("plain", (colour,))


def _painter(draw: Painter) -> Painter:
    """Register a function under its own name, less a leading underscore."""
    _PAINTERS[draw.__name__.removeprefix("_")] = draw
    return draw


def _blend(pattern: Pattern, *shares: Grid) -> Grid:
    """Lay the second, third … colour over the first, each where its share (0 to 1) says."""
    drawn = np.broadcast_to(np.array(pattern.colours[0]), (*shares[0].shape, 3))
    for colour, share in zip(pattern.colours[1:], shares, strict=False):
        drawn = drawn + (np.array(colour) - drawn) * share[..., None]
    return drawn


def _marked(pattern: Pattern, light: NDArray[np.bool_], u: Grid) -> Grid:
    """An object's picture: the light tint where ``light`` says, and the mark over it."""
    return _blend(pattern, light.astype(float), ((u > MARK[0]) & (u < MARK[1])).astype(float))


def _rng(pattern: Pattern) -> np.random.Generator:
    """A generator that depends on the pattern alone."""
    return np.random.default_rng(zlib.crc32(repr(pattern).encode()))


def _value_noise(rng: np.random.Generator, u: Grid, v: Grid, cells: int, octaves: int = 3) -> Grid:
    """Seamless smooth noise in [0, 1]: random values on a lattice, interpolated, at halving scales and weights."""
    total, weight = np.zeros_like(u), 0.0
    for octave in range(octaves):
        total += _lattice(rng, u[0], v[:, 0], cells * 2**octave) * 0.5**octave
        weight += 0.5**octave
    return total / weight


def _lattice(rng: np.random.Generator, u: Grid, v: Grid, cells: int) -> Grid:
    values = rng.random((cells, cells))
    return _weights(v, cells) @ values @ _weights(u, cells).T


def _weights(x: Grid, cells: int) -> Grid:
    """``(x, cells)``: smooth interpolation between neighbours on a wrapping lattice."""
    left = np.floor(x * cells).astype(int)
    part = x * cells - left
    part = part * part * (3 - 2 * part)
    weights = np.zeros((len(x), cells))
    np.add.at(weights, (np.arange(len(x)), left % cells), 1 - part)
    np.add.at(weights, (np.arange(len(x)), (left + 1) % cells), part)
    return weights


def _cells(u: Grid, v: Grid, across: int, up: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Grid, Grid]:
    """Column and row of each point's cell, and its place in the cell."""
    column, row = np.floor(u * across).astype(int), np.floor(v * up).astype(int)
    return column, row, u * across - column, v * up - row


def _tones(pattern: Pattern, column: NDArray[np.intp], row: NDArray[np.intp]) -> Grid:
    """A random number in [0, 1] for each cell."""
    return _rng(pattern).random((row.max() + 1, column.max() + 1))[row, column]


# Pictures for objects. Each leaves about two thirds to the first colour.


def _uneven(u: Grid) -> Grid:
    """u run through at a speed that varies once around, between half and one and a half."""
    return u + 0.5 * np.sin(2 * np.pi * (u - 0.15)) / (2 * np.pi)


@_painter
def _stripes(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Meridians: ``repeats`` light stripes around the body."""
    return _marked(pattern, (_uneven(u) * pattern.repeats) % 1 > 0.76, u)


@_painter
def _bands(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Parallels: ``repeats`` light bands from bottom to top, which sway up and down once around."""
    swaying = v * pattern.repeats + 0.4 * np.sin(2 * np.pi * u)
    return _marked(pattern, np.abs(swaying % 1 - 0.5) < 0.12, u)


@_painter
def _checks(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Squares, every fourth one light, ``repeats`` from bottom to top."""
    column, row, _, _ = _cells(_uneven(u) % 1, v, 2 * pattern.repeats, pattern.repeats)
    return _marked(pattern, (column + row) % 4 == 1, u)


@_painter
def _dots(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Polka dots in ``repeats`` staggered rows."""
    row = np.floor(v * pattern.repeats)
    across, up = (_uneven(u) * 2 * pattern.repeats + 0.5 * (row % 2)) % 1 - 0.5, (v * pattern.repeats) % 1 - 0.5
    return _marked(pattern, across**2 + up**2 < 0.27**2, u)


@_painter
def _zigzag(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Chevrons: ``repeats`` light bands that run up and down twice as often."""
    wave = np.abs((_uneven(u) * 2 * pattern.repeats) % 1 - 0.5)
    return _marked(pattern, (v * pattern.repeats + wave) % 1 > 0.76, u)


@_painter
def _patches(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Irregular light patches that cover a quarter."""
    noise = _value_noise(_rng(pattern), u, v, pattern.repeats, octaves=1)
    return _marked(pattern, noise > np.quantile(noise, 0.76), u)


OBJECT_KINDS: Mapping[str, tuple[int, ...]] = {
    "stripes": (4, 5, 6),
    "bands": (4, 5),
    "checks": (4, 6),
    "dots": (4, 5),
    "zigzag": (3, 4),
    "patches": (6, 7),
}
"""The kinds that suit a moving object, with the repeats that look well."""


# Pictures for places. They tile.


@_painter
def _plain(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """The first colour."""
    return np.broadcast_to(np.array(pattern.colours[0]), (*u.shape, 3))


@_painter
def _checker(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """A chessboard of ``repeats`` × ``repeats`` fields."""
    column, row, _, _ = _cells(u, v, pattern.repeats, pattern.repeats)
    return _blend(pattern, ((column + row) % 2).astype(float))


@_painter
def _noise(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Clouds of the second colour in the first, ``repeats`` across."""
    noise = _value_noise(_rng(pattern), u, v, pattern.repeats)
    return _blend(pattern, np.clip((noise - 0.5) * 2.2 + 0.5, 0, 1))


@_painter
def _grass(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Large clouds of the second colour, small tufts of the third."""
    rng = _rng(pattern)
    clouds = _value_noise(rng, u, v, pattern.repeats, octaves=2)
    tufts = _value_noise(rng, u, v, 9 * pattern.repeats, octaves=2)
    return _blend(pattern, np.clip((clouds - 0.5) * 2.5 + 0.5, 0, 1), np.clip((tufts - 0.58) * 5, 0, 1))


@_painter
def _tiles(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Square tiles, ``repeats`` across, of tones between the first two colours, with joints of the third."""
    column, row, across, up = _cells(u, v, pattern.repeats, pattern.repeats)
    joint = np.minimum(np.minimum(across, 1 - across), np.minimum(up, 1 - up)) < 0.025
    mottle = _value_noise(_rng(pattern), u, v, 4 * pattern.repeats, octaves=2)
    tone = 0.5 * ((column + row) % 2) + 0.25 * _tones(pattern, column, row) + 0.35 * mottle
    return _blend(pattern, tone, joint.astype(float))


@_painter
def _planks(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Floorboards along u, ``repeats`` across v, of tones between the first two colours, with joints of the third."""
    row = np.floor(v * pattern.repeats).astype(int)
    shifted = (u + row * 0.37) % 1
    column, _, across, up = _cells(shifted, v, 2, pattern.repeats)
    joint = (np.minimum(across, 1 - across) < 0.006) | (np.minimum(up, 1 - up) < 0.05)
    grain = _value_noise(_rng(pattern), u, v, 2 * pattern.repeats, octaves=2)
    return _blend(pattern, 0.75 * _tones(pattern, column, row) + 0.25 * grain, joint.astype(float))


@_painter
def _bricks(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """A running bond of ``repeats`` courses; joints of the third colour."""
    row = np.floor(v * pattern.repeats).astype(int)
    column, _, across, up = _cells((u + 0.25 / pattern.repeats * 4 * (row % 2)) % 1, v, max(pattern.repeats // 2, 1), pattern.repeats)
    joint = (np.minimum(across, 1 - across) < 0.03) | (np.minimum(up, 1 - up) < 0.07)
    return _blend(pattern, _tones(pattern, column, row), joint.astype(float))


@_painter
def _parquet(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Squares of four strips, ``repeats`` across, laid crosswise in turn; joints of the third colour."""
    column, row, across, up = _cells(u, v, pattern.repeats, pattern.repeats)
    strip, along = np.where((column + row) % 2, (up, across), (across, up))
    number = np.floor(strip * 4).astype(int)
    joint = (np.minimum(along, 1 - along) < 0.02) | (np.minimum(strip * 4 % 1, 1 - strip * 4 % 1) < 0.06)
    grain = _value_noise(_rng(pattern), u, v, 4 * pattern.repeats, octaves=2)
    return _blend(pattern, 0.75 * _tones(pattern, 4 * column + number, row) + 0.25 * grain, joint.astype(float))


@_painter
def _lanes(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Slabs of worn concrete, ``repeats`` across, and a painted line of the third colour each way."""
    column, row, across, up = _cells(u, v, pattern.repeats, pattern.repeats)
    rng = _rng(pattern)
    mottle, wear = _value_noise(rng, u, v, 2 * pattern.repeats), _value_noise(rng, u, v, 7 * pattern.repeats, octaves=2)
    line = (np.minimum(np.abs(u - 0.375), np.abs(v - 0.375)) < 0.009) & (wear > 0.3)
    joint = np.minimum(np.minimum(across, 1 - across), np.minimum(up, 1 - up)) < 0.012
    drawn = _blend(pattern, np.clip(0.3 * _tones(pattern, column, row) + 1.2 * mottle - 0.3, 0, 1), 0.85 * line)
    return drawn * (1 - 0.22 * joint)[..., None]


@_painter
def _folds(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """A curtain: ``repeats`` soft folds from the first colour to the second."""
    sway = 0.12 * np.sin(2 * np.pi * (2 * u + v)) / pattern.repeats
    return _blend(pattern, 0.5 - 0.5 * np.cos(2 * np.pi * pattern.repeats * (u + sway)))


@_painter
def _facade(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """A house front: wall, ``repeats`` × ``repeats`` windows of the second colour, frames of the third, some shaded."""
    column, row, across, up = _cells(u, v, pattern.repeats, pattern.repeats)
    across, up = np.abs(across - 0.5), np.abs(up - 0.5)
    frame, pane = (across < 0.29) & (up < 0.34), (across < 0.24) & (up < 0.29) & (across > 0.018)
    drawn = _blend(pattern, (frame & pane).astype(float), (frame & ~pane).astype(float))
    return drawn * (1 - 0.3 * (pane * _tones(pattern, column, row)))[..., None]


@_painter
def _lit_windows(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """A house front at night: wall, ``repeats`` × ``repeats`` windows, half of them lit in the second colour, frames of the third."""
    column, row, across, up = _cells(u, v, pattern.repeats, pattern.repeats)
    across, up = np.abs(across - 0.5), np.abs(up - 0.5)
    frame, pane = (across < 0.28) & (up < 0.33), (across < 0.23) & (up < 0.28) & (across > 0.022) & (up > 0.018)
    tone = _tones(pattern, column, row)
    drawn = _blend(pattern, (pane & (tone > 0.5)).astype(float), (frame & ~pane).astype(float))
    return drawn * np.where(pane, np.where(tone > 0.5, 0.5 + 0.5 * tone, 0.6), 1.0)[..., None]


@_painter
def _books(u: Grid, v: Grid, pattern: Pattern) -> Grid:
    """Bookshelves: ``repeats`` boards of the first colour, books of the others."""
    column, row, across, up = _cells(u, v, 7 * pattern.repeats, pattern.repeats)
    tone = _tones(pattern, column, row)
    chosen = np.array(pattern.colours[1:])[(tone * 7919).astype(int) % (len(pattern.colours) - 1)]
    book = (up > 0.1) & (up < 0.62 + 0.28 * tone) & (np.abs(across - 0.5) < 0.44)
    return np.where(book[..., None], chosen, np.array(pattern.colours[0]) * np.where(up > 0.1, 0.55, 1.0)[..., None])
