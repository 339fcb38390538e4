"""The table of an evaluation, in the form of MotionBench's own (arXiv 2501.02955, table 3): question types across, what was shown down."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.markup import escape
from rich.table import Table

from model.accuracy import ABBREVIATIONS, ALL, Figure

NOTHING = "–"


@dataclass(frozen=True)
class Row:
    """One way of asking: its name, and a figure for each question type that there is, and for all."""

    label: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Section:
    """Rows about the same questions, or pairs.

    Args:
        title: what is counted.
        rows: one for each condition, or model.
        is_gain: whether the figures are differences, in points.
    """

    title: str
    rows: Sequence[Row]
    is_gain: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """MotionBench's six types, others that there are, and all of them together."""
        others = dict.fromkeys(column for row in self.rows for column in row.figures if column not in (*ABBREVIATIONS, ALL))
        return (*ABBREVIATIONS, *others, ALL)


def plain(sections: Iterable[Section]) -> list[dict[str, Any]]:
    """For JSON."""
    return [asdict(section) for section in sections]


def markdown(sections: Sequence[Section]) -> str:
    """A table of Markdown, and what its abbreviations mean."""
    columns = _columns(sections)
    lines = [_line(["", *map(_short, columns), "answered"]), _line(["---", *["---:"] * (len(columns) + 1)])]
    for section in sections:
        lines.append(_line([f"**{section.title}**", *[""] * (len(columns) + 1)]))
        lines += [_line(cells) for cells in _cells(section, columns, " ")]
    return "\n".join([*lines, "", explanation(sections), ""])


def drawn(sections: Sequence[Section]) -> Table:
    """The same for a terminal."""
    columns = _columns(sections)
    table = Table("", pad_edge=False, title="Right answers, %", title_justify="left")
    for column in (*map(_short, columns), "answered"):
        table.add_column(column, justify="right")
    for section in sections:
        table.add_row(f"[bold]{escape(section.title)}[/bold]")
        for cells in _cells(section, columns, "\n"):
            table.add_row(*map(escape, cells))
        table.add_section()
    return table


def explanation(sections: Sequence[Section]) -> str:
    """What the columns and the brackets are."""
    here = {column for section in sections for row in section.rows for column in row.figures}
    kinds = ", ".join(f"{short} {kind}" for kind, short in ABBREVIATIONS.items() if kind in here)
    return f"{kinds}. In brackets: 95 % intervals, by a bootstrap over scenes."


def _columns(sections: Sequence[Section]) -> tuple[str, ...]:
    columns = dict.fromkeys(column for section in sections for column in section.columns if column != ALL)
    return (*columns, ALL)


def _cells(section: Section, columns: Sequence[str], gap: str) -> list[list[str]]:
    """Each row of text, counts and chance before the figures."""
    first = section.rows[0]
    answered = [_share(row.figures[ALL].answered) if not section.is_gain else "" for row in section.rows]
    rows = [[row.label, *_each(row, columns, lambda figure: _figure(figure, gap, section.is_gain))] for row in section.rows]
    shown = [[*cells, share] for cells, share in zip(rows, answered, strict=True)]
    counts = ["n", *_each(first, columns, lambda figure: str(figure.n)), ""]
    chance = ["chance", *_each(first, columns, lambda figure: _share(figure.chance)), ""]
    return [counts, *([] if section.is_gain else [chance]), *shown]


def _each(row: Row, columns: Sequence[str], said: Callable[[Figure], str]) -> list[str]:
    return [said(row.figures[column]) if column in row.figures else NOTHING for column in columns]


def _figure(figure: Figure, gap: str, is_gain: bool) -> str:
    if math.isnan(figure.accuracy):
        return NOTHING
    ends = (figure.low, figure.high)
    if is_gain:
        low, high = (_points(end, 0) for end in ends)
        return f"{_points(figure.accuracy, 1)}{gap}({low} to {high})"
    low, high = (f"{100 * end:.0f}" for end in ends)
    return f"{100 * figure.accuracy:.1f}{gap}({low}–{high})"


def _points(gain: float, digits: int) -> str:
    return f"{round(100 * gain, digits) + 0.0:+.{digits}f}".replace("-", "−")


def _share(share: float) -> str:
    return NOTHING if math.isnan(share) else f"{100 * share:.1f}"


def _short(column: str) -> str:
    return ABBREVIATIONS.get(column, column)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
