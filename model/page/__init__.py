"""The probe's report as one HTML file that needs nothing beside it: what a model fails on in a minute, why in ten.

Text and layout are in ``templates/``, which jinja2 fills (it escapes all that it is given); figures are SVG from `model.page.charts`,
so that they are sharp at any size, small, and follow the reader's light or dark. Films are shown where the data set lies near.
"""

from __future__ import annotations

import functools
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from conf.atomic import write_atomically
from model.dataset import LETTERS
from model.page import charts, words
from model.profile import Case, Profile, Slice

MOST_IN_A_GROUP, MOST_CASES = 8, 8  # shown at once; further ones unfold
MOST_LABELS = 24  # of a confusion matrix that is shown at once
FARTHEST = 3  # folders up from the page, to a film that it shows


def write_page(profile: Profile, path: Path, command: str, why_none: str) -> None:
    """Write the report of a profile; ``curriculum.yaml`` is taken to lie beside it.

    Args:
        command: that generates clips by the curriculum.
        why_none: why there is no curriculum, a sentence or two; "" where there is one.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomically(path, rendered(profile, path.parent, command, why_none).encode("utf-8", "replace"))


def rendered(profile: Profile, folder: Path, command: str, why_none: str) -> str:
    """The page as it reads when it lies in ``folder``."""
    return _template().render(
        profile=profile,
        about=_about(profile.about),
        failing=_groups([each for each in profile.slices if each.fails]),
        summary=_summary(profile),
        cases=[_shown(case, folder) for case in profile.worst],
        command=command,
        why_none=why_none,
        most_in_a_group=MOST_IN_A_GROUP,
        most_cases=MOST_CASES,
        most_labels=MOST_LABELS,
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__name__), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(words=words, charts=charts)
    return environment.get_template("page.html")


def _about(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = [(words.name(key), words.plainly(value)) for key, value in about.items() if value is not None]
    return [(key, value) for key, value in told if value]


def _groups(slices: Sequence[Slice]) -> dict[str, list[Slice]]:
    """Slices by factor, in the order in which they come."""
    groups: defaultdict[str, list[Slice]] = defaultdict(list)
    for each in slices:
        groups[each.factor].append(each)
    return groups


def _summary(profile: Profile) -> list[str]:
    """The findings, a sentence each."""
    return [each for each in (_on_types(profile), _on_slices(profile), _on_curves(profile), words.not_seen(profile.seen)) if each]


def _on_types(profile: Profile) -> str:
    known = sorted((each for each in profile.by_type if each.n), key=lambda each: each.accuracy)
    if len(known) < 2:
        return ""
    worst, best = known[0], known[-1]
    failing = [each.value for each in known if each.fails]
    verdict = f" It fails on {words.listed(failing)}." if failing else ""
    return (
        f"Of the types, it is best at {best.value} ({words.compared(best)}) and worst at {worst.value} ({words.compared(worst)}).{verdict}"
    )


def _on_slices(profile: Profile) -> str:
    failing = [each for each in profile.slices if each.fails]
    if not profile.slices:
        return ""
    if not failing:
        return f"None of {words.count(len(profile.slices), 'other slice')} is found to fail."
    worst = Markup("; ").join(
        Markup("{} <b>{}</b> ({})").format(words.name(each.factor), each.value, words.compared(each)) for each in failing[:4]
    )
    return Markup("It fails on {} of {}, worst of all on {}.").format(len(failing), words.count(len(profile.slices), "slice"), worst)


def _on_curves(profile: Profile) -> str:
    trends = [each for each in profile.curves if words.is_trend(each)]
    falling = words.listed([words.name(each.factor) for each in trends if each.slope < 0])
    rising = words.listed([words.name(each.factor) for each in trends if each.slope > 0])
    told = [f"less often right the higher {falling}" if falling else "", f"more often right the higher {rising}" if rising else ""]
    return f"It is {' and '.join(filter(None, told))}." if trends else ""


@dataclass(frozen=True)
class Shown:
    """A case as the page shows it. ``options`` are (letter, text, is right, was said); ``film`` is "" where there is none near."""

    case: Case
    options: list[tuple[str, str, bool, bool]]
    factors: list[tuple[str, str]]
    film: str


def _shown(case: Case, folder: Path) -> Shown:
    options = [(letter, text, letter == case.answer, letter == case.said) for letter, text in zip(LETTERS, case.options, strict=False)]
    return Shown(case, options, _about(case.factors), _film(case.video, folder))


def _film(video: str, folder: Path) -> str:
    """The address of a video from the page; "" where it is not there, or so far that the two will hardly be moved together."""
    found = next((each for each in (folder / video, Path(video)) if video and os.path.isfile(each)), None)
    if found is None:
        return ""
    way = Path(os.path.relpath(found.resolve(), folder.resolve()))
    return quote(way.as_posix(), errors="replace") if way.parts.count("..") <= FARTHEST else ""
