"""The figures of the page, as SVG that takes its colours from the style sheet, so that they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from model.accuracy import wilson
from model.page.svg import element, line, place, text
from model.page.words import count, interval, percent, quantity, rounded
from model.profile import Bin, Confusion, Curve, Slice

DIAMOND, RING = "M0-6.5 6.5 0 0 6.5-6.5 0z", 4.5
CURVE_PX, PLOT = (300, 178), (34, 8, 284, 140)  # width and height; left, top, right and bottom of what lies inside the axes
MOST_BARS = 25
SQUARE, SQUARE_PX = (34, 158), 146  # lower left corner and side of a plot of counts against counts
CHARACTER_PX = 6.5  # on average, of the labels of a matrix
LONGEST_LABEL = 26
WIDEST_PX = 1070  # of a matrix and what stands beside it, before its cells are made smaller


def strip(slice_: Slice) -> Markup:
    """The share right as a mark on its interval, between 0 and 100 % of the width, with chance and the others."""
    marks = [_stroke(slice_.chance, "chance"), _stroke(slice_.others, "others")]
    if _finite(slice_.low, slice_.high):
        marks.append(line(place(slice_.low), "50%", place(slice_.high), "50%", "range"))
    if _finite(slice_.accuracy):
        marks.append(_mark(slice_))
    kind = "strip bad" if slice_.fails else "strip"
    return element("svg", *marks, class_=kind, role="img", aria_label=_said(slice_))


def legend(slices: Sequence[Slice]) -> Markup:
    """What the marks on the strips of some slices mean."""
    whisker, middle = line(1, 9, 17, 9, "range"), {"cx": 9, "cy": 9, "r": RING}
    diamond = element("path", d=DIAMOND, class_="mark", transform="translate(9 9)")
    keys = {
        "right, with its 95 % interval": (whisker + element("circle", **middle, class_="mark"), any(map(_is_told, slices))),
        "not to be told from a guess": (whisker + element("circle", **middle, class_="mark open"), any(map(_is_open, slices))),
        "fails": (element("g", whisker, diamond, class_="bad"), any(each.fails for each in slices)),
        "a guess": (line(9, 0, 9, 18, "chance"), bool(slices)),
        "the others": (line(9, 4, 9, 14, "others"), any(each.others is not None for each in slices)),
    }
    return Markup("").join(_key(label, sign) for label, (sign, occurs) in keys.items() if occurs)


def _key(label: str, sign: Markup) -> Markup:
    return element("span", element("svg", sign, width=18, height=18, aria_hidden="true"), label)


def _is_open(slice_: Slice) -> bool:
    """Whether its share cannot be told from that of a guess."""
    return not slice_.fails and slice_.low <= slice_.chance <= slice_.high


def _is_told(slice_: Slice) -> bool:
    return not slice_.fails and not _is_open(slice_)


def _said(slice_: Slice) -> str:
    shown = f"{percent(slice_.accuracy, slice_.n)} right, 95 % interval {interval(slice_.low, slice_.high, slice_.n)}"
    return f"{shown}, chance {percent(slice_.chance)}"


def _stroke(share: float | None, class_: str) -> Markup:
    if share is None or not _finite(share):
        return Markup("")
    top, bottom = ("0", "100%") if class_ == "chance" else ("22%", "78%")
    return line(place(share), top, place(share), bottom, class_)


def _mark(slice_: Slice) -> Markup:
    """A diamond where it fails, a ring where it cannot be told from chance, else a disc."""
    x = place(slice_.accuracy)
    if slice_.fails:
        return element("svg", element("path", d=DIAMOND, class_="mark"), x=x, y="50%", overflow="visible")
    return element("circle", cx=x, cy="50%", r=RING, class_="mark open" if _is_open(slice_) else "mark")


# Curves


def curve(found: Curve, chance: float) -> Markup:
    """Shares right from bin to bin, all equally wide: measures are so skewed that on their own scale most bins would be one dot."""
    left, _, right, _ = PLOT
    bins = [each for each in found.bins if each.n and _finite(each.low, each.high, each.start, each.end)]
    step = (right - left) / max(len(bins), 1)
    at = [left + step * (index + 0.5) for index in range(len(bins))]
    parts = [*_levels(), *_below(bins, at, step)]
    if _finite(chance):
        parts.append(line(left, _height(chance), right, _height(chance), "chance"))
    if bins:
        points = " ".join(f"{x:.1f},{_height(each.right / each.n):.1f}" for x, each in zip(at, bins, strict=True))
        parts.append(element("polyline", points=points, class_="trace"))
    parts += [_whisker(each, x) for x, each in zip(at, bins, strict=True)]
    return _figure(*CURVE_PX, parts, f"Share right against {found.factor}")


def _height(share: float) -> float:
    _, top, _, bottom = PLOT
    return bottom - min(1.0, max(0.0, share)) * (bottom - top)


def _levels() -> list[Markup]:
    left, _, right, _ = PLOT
    lines = [line(left, _height(share), right, _height(share), "grid") for share in (0, 0.25, 0.5, 0.75, 1)]
    return lines + [text(left - 5, _height(share) + 3.5, f"{100 * share:.0f}", "end") for share in (0, 0.5, 1)]


def _below(bins: Sequence[Bin], at: Sequence[float], step: float) -> list[Markup]:
    """Below the axis: how many questions bins hold, and where they begin and end."""
    top = PLOT[3]
    head = text(PLOT[0] - 5, top + 31, "n", "end", class_="faint")
    numbers = [text(x, top + 31, count(each.n), "middle", class_="faint") for x, each in zip(at, bins, strict=True)]
    told = [(x, _span(each)) for x, each in zip(at, bins, strict=True)] if _is_whole(bins) else _edges(bins, at, step)
    widest = 8 + CHARACTER_PX * max((len(label) for _, label in told), default=0)
    return [head, *numbers, *(text(x, top + 17, label, "middle") for x, label in told[:: math.ceil(widest / step)])]


def _is_whole(bins: Sequence[Bin]) -> bool:
    """Whether bins hold counts, which are named each for itself, rather than measures, of which the bounds are named."""
    return all(each.start == int(each.start) and each.end == int(each.end) for each in bins)


def _edges(bins: Sequence[Bin], at: Sequence[float], step: float) -> list[tuple[float, str]]:
    bounds = [(x - step / 2, each.start) for x, each in zip(at, bins, strict=True)]
    return [(x, quantity(rounded(value))) for x, value in [*bounds, (at[-1] + step / 2, bins[-1].end)]]


def _span(each: Bin) -> str:
    return quantity(each.start) if each.start == each.end else f"{quantity(each.start)}–{quantity(each.end)}"


def _whisker(each: Bin, x: float) -> Markup:
    share = each.right / each.n
    told = f"{_span(each)}: {percent(share, each.n)} of {count(each.n)} ({interval(each.low, each.high, each.n)})"
    bar = line(x, _height(each.low), x, _height(each.high), "range")
    return element("g", element("title", told), bar, element("circle", cx=x, cy=_height(share), r=4, class_="mark"))


# Confusions


def matrix(found: Confusion) -> Markup:
    """Rows: the right answer; columns: what was said. The deeper a cell, the larger the share, as far as its interval makes that sure."""
    used = _used(found)
    labels = [_short(found.labels[index]) for index in used]
    room = 10 + CHARACTER_PX * max(map(len, labels), default=0)
    cell = max(20, min(34 if len(used) <= 12 else 26, (WIDEST_PX - 1.75 * room) // max(len(used), 1)))
    left, top, side = room, 0.75 * room + 14, cell * len(used)
    parts = [_heading(label, left + cell * (index + 0.5), top - 8) for index, label in enumerate(labels)]
    for row, i in enumerate(used):
        y = top + cell * row
        parts.append(text(left - 8, y + cell / 2 + 4, labels[row], "end"))
        parts += [
            _cell(found, i, j, left + cell * column, y, cell) for column, j in enumerate(used) if found.offered[i][j] or found.counts[i][j]
        ]
        parts.append(text(left + side + 8, y + cell / 2 + 4, count(sum(found.counts[i])), class_="faint"))
    frame = element("rect", x=left, y=top, width=side, height=side, class_="frame")
    return _figure(math.ceil(left + side + 0.75 * room + 24), math.ceil(top + side + 6), [frame, *parts], f"Confusions: {found.name}")


def _used(found: Confusion) -> list[int]:
    """Labels that were right, or said, or offered."""
    grids, size = (found.counts, found.offered), range(len(found.labels))
    return [k for k in size if any(grid[k][j] or grid[j][k] for grid in grids for j in size)]


def _heading(label: str, x: float, y: float) -> Markup:
    return element("text", label, transform=f"translate({x:.1f} {y:.1f}) rotate(-45)")


def _cell(found: Confusion, i: int, j: int, x: float, y: float, side: float) -> Markup:
    times, offered = found.counts[i][j], max(found.offered[i][j], found.counts[i][j])
    depth = wilson(times, offered)[0] if times else 0.0
    told = element(
        "title", f"right: {found.labels[i]}; said: {found.labels[j]}: {count(times)} of {count(offered)} times that it was offered"
    )
    box = {"x": x + 1, "y": y + 1, "width": side - 2, "height": side - 2, "rx": 3}
    parts = [told, element("rect", **box, class_="offered")]
    if times:
        parts.append(element("rect", **box, class_="hit" if i == j else "miss", fill_opacity=round(0.15 + 0.85 * depth, 2)))
        parts.append(
            text(
                x + side / 2,
                y + side / 2 + 4,
                _brief(times),
                "middle",
                class_="deep" if depth > 0.83 else "middling" if depth > 0.5 else None,
            )
        )
    return element("g", *parts)


def _brief(n: int) -> str:
    return str(n) if n < 1000 else f"{n / 1000:.1f}k" if n < 9950 else f"{n / 1000:.0f}k"


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


# Counting


def errors(found: Mapping[int, int]) -> Markup:
    """A bar for each signed error, none for those that no count had; far ones are put together at the ends."""
    reach = min(MOST_BARS // 2, max((abs(error) for error in found), default=0)) or 1
    heights = dict.fromkeys(range(-reach, reach + 1), 0)
    for error, times in found.items():
        heights[max(-reach, min(reach, error))] += times
    left, top, right, bottom = 8, 22, 382, 150
    step, most = (right - left) / len(heights), max([*heights.values(), 1])
    parts = [line(left, bottom, right, bottom, "axis")]
    for index, (error, times) in enumerate(heights.items()):
        x, tall = left + step * index, times / most * (bottom - top)
        is_end = abs(error) == reach and any(abs(each) > reach for each in found)
        parts.append(_bar(x, bottom - tall, 0.84 * step, tall, "hit" if error == 0 else "miss"))
        parts += [text(x + 0.42 * step, bottom - tall - 5, _brief(times), "middle")] if times else []
        if len(heights) <= 13 or error % 2 == 0 or is_end:
            parts.append(text(x + 0.42 * step, bottom + 15, _error(error, is_end), "middle"))
    parts.append(text((left + right) / 2, bottom + 32, "said − right", "middle", class_="faint"))
    return _figure(390, 188, parts, "How far counts are off")


def _bar(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    return element("rect", x=x, y=y, width=width, height=height, class_=class_)


def _error(error: int, is_end: bool) -> str:
    told = f"+{error}" if error > 0 else str(error).replace("-", "−")
    return told if not is_end else ("≥" if error > 0 else "≤") + told


def said_against_right(by_right: Mapping[int, tuple[int, int, float]]) -> Markup:
    """What was said on average against what was right, with the diagonal on which all counts are right; dots as large as they are many."""
    points = [(right, right + error, n) for right, (n, _, error) in sorted(by_right.items()) if n and math.isfinite(error)]
    if not points:
        return Markup("")
    values = [value for right, said, _ in points for value in (right, said)]
    low, high = math.floor(min(values) - 0.5), math.ceil(max(values) + 0.5)
    (left, bottom), side = SQUARE, SQUARE_PX

    def at(value: float) -> float:
        return side * (value - low) / (high - low)

    parts = [line(left, bottom, left + side, bottom, "axis"), line(left, bottom, left, bottom - side, "axis")]
    parts.append(line(left, bottom, left + side, bottom - side, "chance"))
    for value in _ticks(low, high):
        parts.append(text(left + at(value), bottom + 15, quantity(value), "middle"))
        parts.append(text(left - 6, bottom - at(value) + 4, quantity(value), "end"))
    most = max(n for _, _, n in points)
    parts += [_dot(left + at(right), bottom - at(said), n / most, _told(right, said, n)) for right, said, n in points]
    parts.append(text(left + side / 2, bottom + 30, "right", "middle", class_="faint"))
    parts.append(text(left + 6, bottom - side + 2, "said, on average", class_="faint"))
    return _figure(200, 192, parts, "Counts said against counts right")


def _dot(x: float, y: float, share: float, told: str) -> Markup:
    return element("circle", element("title", told), cx=x, cy=y, r=3 + 4 * math.sqrt(share), class_="mark")


def _told(right: int, said: float, n: int) -> str:
    return f"right {right}: {quantity(said)} said on average, {count(n, 'question')}"


def _ticks(low: int, high: int, most: int = 6) -> list[int]:
    step = max(1, math.ceil((high - low) / most))
    return list(range(low, high + 1, step))


def _figure(width: float, height: float, parts: Sequence[Markup], label: str) -> Markup:
    return element("svg", *parts, viewBox=f"0 0 {width} {height}", width=width, height=height, role="img", aria_label=label)


def _finite(*values: float) -> bool:
    return all(map(math.isfinite, values))
