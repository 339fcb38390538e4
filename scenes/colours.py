"""The colours that objects are called by, and the two shades that go with each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scenes.types import Colour

COLOURS: Mapping[str, Colour] = MappingProxyType(
    {
        "black": (0.10, 0.10, 0.12),
        "blue": (0.06, 0.36, 0.88),
        "brown": (0.40, 0.22, 0.10),
        "green": (0.10, 0.58, 0.20),
        "orange": (1.00, 0.49, 0.03),
        "pink": (0.99, 0.47, 0.72),
        "purple": (0.54, 0.14, 0.68),
        "red": (0.84, 0.10, 0.11),
        "turquoise": (0.10, 0.76, 0.76),
        "white": (0.95, 0.95, 0.93),
        "yellow": (0.99, 0.84, 0.08),
    }
)

_BRIGHT = 0.9  # mean channel above which a tint towards white would not show
_DARK = 0.15  # mean channel below which a darker shade would not show


def light_tint(colour: Colour) -> Colour:
    """The second colour of a pattern: the same hue, far lighter; for white, a grey."""
    if sum(colour) / 3 > _BRIGHT:
        return (0.68, 0.74, 0.83)
    return _mix(colour, (1.0, 1.0, 0.98), 0.72)


def deep_shade(colour: Colour) -> Colour:
    """The colour of a pattern's mark: the same hue, darker; for black and white, a grey."""
    if sum(colour) / 3 > _BRIGHT:
        return (0.52, 0.58, 0.70)
    if sum(colour) / 3 < _DARK:
        return (0.36, 0.37, 0.41)
    return _mix(colour, (0.02, 0.02, 0.05), 0.42)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share, 4) for a, b in zip(one, other, strict=True))
    return (red, green, blue)
