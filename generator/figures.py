"""The figures of a certificate, drawn from ``report.json``."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, FAINT, GRID = "#1c1c1c", "#77736b", "#e3dfd6"
GOOD, BAD, OPEN, PLAIN = "#2f7d4f", "#b3382c", "#cfc9bc", "#3b6ea5"
STATUS_COLOURS = {"confirmed": GOOD, "contradicted": BAD, "cannot tell": OPEN}
WIDTH_IN, ROW_IN, DPI = 9.0, 0.24, 120
MOST_TEMPLATES = 15


def figures(report: Mapping[str, Any]) -> dict[str, bytes]:
    """PNG pictures by name, of the sections that there are; the same report gives the same bytes."""
    drawn: dict[str, Figure] = {}
    if "verify" in report:
        section, told = report["verify"], report["verify"]["statistics"]
        drawn |= {"questions": _questions(told), "durations": _durations(told["durations"]), "margins": _margins(told["margins"])}
        drawn |= {"pixels": _verdicts(section["pixels"])} if section["pixels"] else {}
    if "audit" in report:
        drawn |= {"audit": _guessers(report["audit"]["guessers"]), "audit_templates": _worst(report["audit"]["templates"])}
    return {name: _png(figure) for name, figure in drawn.items()}


def _questions(told: Mapping[str, Any]) -> Figure:
    """Types on the left, right letters on the right."""
    figure = Figure(figsize=(WIDTH_IN, 3.0), layout="constrained")
    types, letters = figure.subplots(1, 2, width_ratios=(2, 1))
    _bars(types, list(told["types"]), list(told["types"].values()))
    types.set_title("Questions by type", loc="left", color=INK)
    letters.bar(list(told["letters"]), list(told["letters"].values()), color=PLAIN, width=0.6)
    letters.axhline(told["questions"] / max(len(told["letters"]), 1), color=FAINT, linestyle="--", linewidth=1)
    letters.set_title("Right letters (dashed: equally often)", loc="left", color=INK)
    _plain(letters)
    return figure


def _bars(axes: Axes, names: Sequence[str], counts: Sequence[int]) -> None:
    """Bars lying, the first on top, each with its number."""
    bars = axes.barh(range(len(names)), counts, color=PLAIN, height=0.62)
    axes.bar_label(bars, padding=3, color=INK, fontsize=9)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12 * max([*counts, 1]))
    _plain(axes)


def _durations(told: Mapping[str, Sequence[float]]) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 2.6), layout="constrained")
    axes = figure.subplots()
    axes.bar(told["from_s"], told["clips"], width=0.46, align="edge", color=PLAIN)
    axes.set_title("How long clips are", loc="left", color=INK)
    axes.set_xlabel("seconds")
    axes.set_ylabel("clips")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _plain(axes)
    return figure


def _verdicts(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """A bar for each template, cut into its verdicts; those of one type below one another."""
    figure = Figure(figsize=(WIDTH_IN, 1.2 + ROW_IN * len(rows)), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(rows))
    for status, colour in STATUS_COLOURS.items():
        counts = np.array([row[status] for row in rows])
        axes.barh(range(len(rows)), counts, left=left, color=colour, height=0.72, label=status)
        left += counts
    axes.set_yticks(range(len(rows)), [f"{row['question_type']} · {row['template']}" for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("questions")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("What the pixels say of the answers", loc="left", color=INK)
    figure.legend(frameon=False, ncols=3, loc="outside lower right")
    _plain(axes)
    return figure


def _margins(told: Sequence[Mapping[str, Any]]) -> Figure:
    """A panel for each unit; on it a line for each template, from the least margin to the most."""
    by_unit: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in told:
        by_unit[each["unit"]].append(each)
    heights = [len(rows) + 2.6 for rows in by_unit.values()] or [1]
    figure = Figure(figsize=(WIDTH_IN, 0.4 + ROW_IN * sum(heights)), layout="constrained")
    panels = figure.subplots(max(len(by_unit), 1), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (unit, rows) in zip(panels, by_unit.items(), strict=False):
        places = range(len(rows))
        axes.hlines(places, [row["least"] for row in rows], [row["most"] for row in rows], color=PLAIN, linewidth=2)
        axes.plot([row["median"] for row in rows], places, "o", color=PLAIN, markersize=5)
        axes.plot([row["least"] for row in rows], places, "|", color=PLAIN, markersize=9)
        axes.set_yticks(places, [row["template"] for row in rows], fontsize=8)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel(unit, fontsize=8, loc="left")
        _plain(axes)
    figure.suptitle("How far the evidence is from another answer: least, middle, most", x=0.01, ha="left", color=INK)
    return figure


def _guessers(rows: Sequence[Mapping[str, Any]]) -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 1.3 + 1.4 * ROW_IN * len(rows)), layout="constrained")
    axes = figure.subplots()
    _intervals(axes, rows, [row["name"] for row in rows])
    axes.set_title("Right without seeing motion", loc="left", color=INK)
    return figure


def _worst(rows: Sequence[Mapping[str, Any]]) -> Figure:
    chosen = sorted(rows, key=lambda row: row["chance"] - row["accuracy"])[:MOST_TEMPLATES]
    figure = Figure(figsize=(WIDTH_IN, 1.3 + 1.2 * ROW_IN * len(chosen)), layout="constrained")
    axes = figure.subplots()
    _intervals(axes, chosen, [f"{row['template']} · {row['guesser']}" for row in chosen])
    axes.set_title("The templates of which most is guessed", loc="left", color=INK)
    return figure


def _intervals(axes: Axes, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Accuracies with their intervals, in per cent, each beside its chance level."""
    places = range(len(rows))
    axes.hlines(places, [100 * row["low"] for row in rows], [100 * row["high"] for row in rows], color=PLAIN, linewidth=2)
    axes.plot([100 * row["accuracy"] for row in rows], places, "o", color=PLAIN, label="right, with the 95 % interval")
    axes.plot([100 * row["chance"] for row in rows], places, "|", color=BAD, markersize=14, markeredgewidth=2, label="chance")
    axes.set_yticks(places, names, fontsize=9)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100 * max([0.6, *(row["high"] * 1.05 for row in rows)]))
    axes.set_xlabel("per cent of the questions")
    axes.figure.legend(frameon=False, ncols=2, loc="outside lower right")
    _plain(axes)


def _plain(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(length=0, colors=INK)
    axes.grid(visible=True, axis="both", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return content.getvalue()
