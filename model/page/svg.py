"""Elements of SVG whose every attribute and text is escaped, and whose every number is finite."""

from __future__ import annotations

import math

from markupsafe import Markup, escape


def element(tag: str, *inside: Markup | str, **attributes: object) -> Markup:
    """One element. ``stroke_width`` becomes stroke-width, ``class_`` class; attributes that are None are left out.

    Raises:
        ValueError: a number is not finite.
    """
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    content = Markup("").join(inside)
    return Markup(f"<{tag}{told}>{content}</{tag}>" if inside else f"<{tag}{told}/>")


def text(x: float | str, y: float, content: str, anchor: str = "start", **attributes: object) -> Markup:
    """A line of text; ``anchor`` is start, middle or end."""
    return element("text", content, x=x, y=y, text_anchor=None if anchor == "start" else anchor, **attributes)


def line(x1: float | str, y1: float | str, x2: float | str, y2: float | str, class_: str) -> Markup:
    """From one point to another."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def place(share: float) -> str:
    """Where a share from 0 to 1 lies along a strip, as a length of SVG."""
    return f"{number(100 * min(1.0, max(0.0, share)))}%"


def number(value: float) -> str:
    """To a hundredth, without needless zeros."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number to draw: leave out what is not known")
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _value(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(escape(value))
