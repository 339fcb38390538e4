"""What clips can hold and be asked: ``python -m generator.catalogue`` prints every registered name; ``--json`` for programs.

``--markdown FILE`` writes the tables of a Markdown file anew, between ``<!-- catalogue:motions -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from conf.progress import console_of
from qa_templates.question import QUESTIONS, QuestionTemplate
from qa_templates.quota import has_twins
from scenes.avatars.avatar import AVATARS, Avatar
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarMotion
from scenes.cameras.move import CAMERA_MOVES, CameraMove
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS, Event
from scenes.motions.motion import MOTIONS, Motion
from scenes.shapes import SHAPES, Shape
from scenes.viewpoints import VIEWPOINTS, Viewpoint


@dataclass(frozen=True)
class Word:
    """One entry: a line on what it is, and its ``claims``, what its class says of it, in a few words each."""

    description: str
    claims: tuple[str, ...] = ()


Group = Mapping[str, Word]


def catalogues() -> dict[str, Group]:
    """Every registered name, by group."""
    return {
        "motions": _words(MOTIONS, _of_motion),
        "avatar_motions": _words(AVATAR_MOTIONS, _of_avatar_motion),
        "avatars": _words(AVATARS, _of_avatar),
        "events": _words(EVENTS, _of_event),
        "environments": _words(ENVIRONMENTS, lambda kind: ()),
        "cameras": _words(CAMERA_MOVES, _of_camera_move),
        "viewpoints": {name: Word(_place(viewpoint)) for name, viewpoint in VIEWPOINTS.items()},
        "shapes": {name: Word(shape.noun, _said(_of_shape(shape))) for name, shape in SHAPES.items()},
        "questions": _words(QUESTIONS, _of_question),
    }


def signed_cameras() -> list[str]:
    """Every camera move in each of its directions, as "pan left"; those without a direction are left out."""
    return [f"{name} {way}" for name, move in CAMERA_MOVES.items() for way in move.directions.values() if way]


def summary(name: str, kind: type) -> str:
    """The first line of the docstring of its file, or of its class, without the name, as a sentence."""
    line = (inspect.getdoc(inspect.getmodule(kind)) or inspect.getdoc(kind) or "").partition("\n")[0]
    subject, _, rest = line.partition(": ")
    named = re.sub(r"\W+", "_", re.sub(r" \(.*\)", "", subject)).lower() == name
    told = rest if rest and named else line
    return told[:1].upper() + told[1:]


def renewed(markdown: str) -> str:
    """The text with every table between markers as the catalogues are now. Raises KeyError where a marker names no group."""
    groups = catalogues()
    tables = re.compile(r"(?<=<!-- catalogue:)(\w+) -->\n.*?(?=<!-- end -->)", re.DOTALL)
    return tables.sub(lambda found: f"{found[1]} -->\n{_markdown(groups[found[1]])}\n", markdown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m generator.catalogue", description=__doc__.splitlines()[0])
    told = "lists of names by group and of signed_cameras; under 'descriptions' a line on each, under 'claims' what holds of it"
    parser.add_argument("--json", action="store_true", help=told)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables between the markers of this file anew")
    options = parser.parse_args(arguments)
    if options.markdown:
        options.markdown.write_text(renewed(options.markdown.read_text(encoding="utf-8")), encoding="utf-8")
    elif options.json:
        print(json.dumps(_for_programs(catalogues()), indent=2, ensure_ascii=False))
    else:
        _print(catalogues())


# What a class says of itself


def _words(catalogue: Mapping[str, type], claims_of: Callable[[Any], Iterable[str]]) -> Group:
    return {name: Word(summary(name, kind), _said(claims_of(kind))) for name, kind in catalogue.items()}


def _said(claims: Iterable[str]) -> tuple[str, ...]:
    return tuple(claim for claim in claims if claim)


def _if(condition: object, claim: str) -> str:
    return claim if condition else ""


def _of_motion(kind: type[Motion]) -> Iterable[str]:
    yield _if(kind.countable, f"counted up to {kind.max_cycles}")
    yield _if(kind.rolls, "round shapes")
    yield _if(kind.flat_base, "shapes with a flat base")
    yield _if(kind.grounded, "from the floor")
    yield _if(kind.airborne, "in the air too")
    yield _if(kind.signed, "either way round")
    yield _if(kind.paced, "even, faster or slower")
    yield {0: "", 1: "ends higher", -1: "ends lower"}[kind.net_height]
    yield _reversed(kind.reversed_in_time)


def _of_avatar_motion(kind: type[AvatarMotion]) -> Iterable[str]:
    yield _if(kind.countable, f"counted up to {kind.max_cycles}")
    yield _if(kind.sided, "left or right")
    yield _if(kind.signed, " or ".join(kind.ways.values()))
    yield _if(kind.travels, "travels")
    yield _if(kind.begins != ("standing",), f"from {_either(kind.begins)}")
    yield _if(kind.ends, f"ends {kind.ends}")
    yield _if(kind.legs != (2,), f"on {_either(map(str, kind.legs))} legs")
    yield "reversed: the other way" if kind.reverses_sense else _reversed(kind.reversed_in_time)


def _of_avatar(kind: type[Avatar]) -> Iterable[str]:
    low_m, high_m = kind.height_m
    yield f"“{kind().called('red')}”"
    yield f"{low_m:.2f} to {high_m:.2f} m tall"
    yield f"{kind.proportions.legs} legs"


def _of_event(kind: type[Event]) -> Iterable[str]:
    yield kind.sentence
    yield _if(kind.avatars, f"avatars: {_listed(kind.avatars)}")
    yield _if(kind.symmetric, "roles may be exchanged")
    yield _if(kind.hides, f"out of sight at times: {_listed(kind.hides)}")
    yield _if(kind.buries, f"out of sight in the end: {_listed(kind.buries)}")
    yield _if(kind.crossways, "across the picture")
    yield _reversed(kind.reversed_in_time)


def _of_camera_move(kind: type[CameraMove]) -> Iterable[str]:
    yield " or ".join(filter(None, kind.directions.values()))
    yield _if(kind.mirrors, "mirrored: the other way")
    yield _if(kind.reverses and any(kind.directions.values()), "reversed: the other way")
    yield _if(kind.follows, "needs a moving object")
    yield _if(kind.gentle, "may be laid over what objects do")
    yield _if(kind.confusable, f"most like {kind.confusable}")


def _of_shape(shape: Shape) -> Iterable[str]:
    yield _if(shape.round, "can roll")
    yield _if(shape.prop, "for events alone")


def _of_question(kind: type[QuestionTemplate]) -> Iterable[str]:
    yield kind.question_type
    yield _if(has_twins(kind.name), "has twins")


def _reversed(reversed_in_time: str) -> str:
    """Nothing where a film that runs backwards shows the same, or nothing that has a name."""
    return _if(reversed_in_time not in ("", "?"), f"reversed: {reversed_in_time}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _place(viewpoint: Viewpoint) -> str:
    return f"{_range(viewpoint.azimuth_deg)} degrees to the right of the front, {_range(viewpoint.elevation_deg)} up"


def _range(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"


# How it is written


def _for_programs(groups: Mapping[str, Group]) -> dict[str, Any]:
    return {
        **{group: list(words) for group, words in groups.items()},
        "signed_cameras": signed_cameras(),
        "descriptions": {group: {name: word.description for name, word in words.items()} for group, words in groups.items()},
        "claims": {group: {name: word.claims for name, word in words.items()} for group, words in groups.items()},
    }


def _print(groups: Mapping[str, Group]) -> None:
    console = console_of(sys.stdout)
    for group, words in groups.items():
        signed = f", {len(signed_cameras())} with a direction" if group == "cameras" else ""
        console.print(_table(f"{group} ({len(words)}{signed})", words))


def _table(title: str, words: Group) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for name, word in words.items():
        table.add_row(f"  [bold]{name}[/bold]", word.description, f"[dim]{'; '.join(word.claims)}[/dim]")
    return table


def _markdown(words: Group) -> str:
    if not any(word.claims for word in words.values()):
        return "\n".join(["| name | what it is |", "|---|---|", *(f"| `{name}` | {word.description} |" for name, word in words.items())])
    rows = (f"| `{name}` | {word.description} | {'; '.join(word.claims)} |" for name, word in words.items())
    return "\n".join(["| name | what it is | what holds of it |", "|---|---|---|", *rows])


if __name__ == "__main__":
    main()
