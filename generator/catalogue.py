"""What clips can hold and be asked: ``python -m generator.catalogue`` prints every registered name; ``--json`` for programs.

``--markdown FILE`` writes the tables of a Markdown file anew, between ``<!-- catalogue:motions -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qa_templates.question import QUESTIONS
from scenes.cameras.move import CAMERA_MOVES
from scenes.environments.environment import ENVIRONMENTS
from scenes.motions.motion import MOTIONS
from scenes.shapes import SHAPES
from scenes.viewpoints import VIEWPOINTS, Viewpoint


def catalogues() -> dict[str, dict[str, str]]:
    """Name and one-line description of every entry, by group."""
    return {
        "motions": _described(MOTIONS),
        "environments": _described(ENVIRONMENTS),
        "cameras": _described(CAMERA_MOVES),
        "viewpoints": {name: _place(viewpoint) for name, viewpoint in VIEWPOINTS.items()},
        "shapes": {name: f"{shape.noun}{', which can roll' if shape.round else ''}" for name, shape in SHAPES.items()},
        "questions": {name: f"{kind.question_type}: {_summary(name, kind)}" for name, kind in QUESTIONS.items()},
    }


def renewed(markdown: str) -> str:
    """The text with every table between markers as the catalogues are now. Raises KeyError where a marker names no group."""
    groups = catalogues()
    tables = re.compile(r"(?<=<!-- catalogue:)(\w+) -->\n.*?(?=<!-- end -->)", re.DOTALL)
    return tables.sub(lambda found: f"{found[1]} -->\n{_markdown(groups[found[1]])}\n", markdown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m generator.catalogue", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="lists of names by group, and under 'descriptions' a line on each")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables between the markers of this file anew")
    options = parser.parse_args(arguments)
    if options.markdown:
        options.markdown.write_text(renewed(options.markdown.read_text(encoding="utf-8")), encoding="utf-8")
        return
    groups = catalogues()
    if options.json:
        print(
            json.dumps(
                {**{group: list(entries) for group, entries in groups.items()}, "descriptions": groups}, indent=2, ensure_ascii=False
            )
        )
        return
    console = Console(highlight=False)
    for group, entries in groups.items():
        console.print(_table(group, entries))


def _described(catalogue: Mapping[str, type]) -> dict[str, str]:
    return {name: _summary(name, kind) for name, kind in catalogue.items()}


def _summary(name: str, kind: type) -> str:
    """The first line of the docstring of its file, or of its class, without the name."""
    line = (inspect.getdoc(inspect.getmodule(kind)) or inspect.getdoc(kind) or "").partition("\n")[0]
    subject, _, rest = line.partition(": ")
    named = re.sub(r"\W+", "_", re.sub(r" \(.*\)", "", subject)).lower() == name
    return rest if rest and named else line


def _place(viewpoint: Viewpoint) -> str:
    return f"{_range(viewpoint.azimuth_deg)} degrees to the right of the front, {_range(viewpoint.elevation_deg)} up"


def _range(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"


def _table(group: str, entries: Mapping[str, str]) -> Table:
    table = Table(title=f"{group} ({len(entries)})", title_justify="left", show_header=False, box=None)
    for name, description in entries.items():
        table.add_row(f"  [bold]{name}[/bold]", description)
    return table


def _markdown(entries: Mapping[str, str]) -> str:
    return "\n".join(["| name | what it is |", "|---|---|", *(f"| `{name}` | {line} |" for name, line in entries.items())])


if __name__ == "__main__":
    main()
