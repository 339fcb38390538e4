"""What has been proved of a data set, shipped with it: ``report.json``, ``REPORT.md``, ``figures/`` and a part of its card.

Each proof (``python -m generator.verify``, ``python -m generator.audit``) writes its own section of ``report.json`` and leaves those of
the others alone. Everything else is made from ``report.json``, except ``verdicts.jsonl``: what verify measured for each question. A
section belongs to the data set as its ``checksums.sha256`` was when the proof began; a data set that has changed since has no certificate.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from conf.atomic import listed_sums, sha256_of, write_atomically
from generator.description import DATASET_JSON
from generator.locks import INDEX, alone

CHECKSUMS = "checksums.sha256"
REPORT, PAGE, FIGURES, CARD, VERDICTS = "report.json", "REPORT.md", "figures", "README.md", "verdicts.jsonl"
CARD_BEGIN, CARD_END = "<!-- certificate -->", "<!-- end of certificate -->"
WORST = 10  # templates that the page lists of the audit
PACKAGES = ("motionfoundry", "numpy", "scipy", "opencv-python", "scikit-learn", "av")


class Changed(ValueError):
    """A data set is not what it was when its proof began, or not what its checksums say: the proof is of neither."""


def write_section(
    root: Path, name: str, section: Mapping[str, Any], examined: str | None, verdicts: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Put a section into ``report.json`` of the data set in ``root``, and make ``REPORT.md``, the figures and the card anew.

    Args:
        root: folder of a data set.
        name: "verify" or "audit"; a section of that name that is there already is replaced.
        section: what a proof has found, as strict JSON can hold it. ``versions`` and ``checksums`` (the SHA-256 of
            ``checksums.sha256``, by which a stale certificate is known) are added to it. That of "audit" is ``{"questions": n,
            "guessers": [{"name", "what", "accuracy", "chance", "low", "high", "n"}], "templates": [{"template", "guesser",
            "accuracy", "chance", "low", "high", "n"}], "remarks": [text, …]}``: shares from 0 to 1, ``low`` and ``high`` the
            bounds of the 95 % interval of the accuracy. For "verify" see `generator.verify.result`.
        examined: what `present_checksums` gave before the proof began.
        verdicts: rows of ``verdicts.jsonl``, with section "verify".

    Sections that belong to an earlier state of the data set are dropped, and so is a report that cannot be read.

    Raises:
        Changed: the data set has changed since.
        OSError: the folder cannot be written to.
        ValueError: a number is not finite.
    """
    with alone(root, INDEX):
        present = present_checksums(root)
        if present != examined:
            raise Changed(f"{root / CHECKSUMS} has changed since the proof began: give the same command again when nothing writes there")
        origin = {"dataset": {"checksums": present, **_origin(root)}}
        old = {each: value for each, value in read_report(root).items() if isinstance(value, Mapping) and value.get("checksums") == present}
        new = {name: {"checksums": present, "versions": versions(), **section}} | origin
        try:
            _write(root, old | new)
        except (KeyError, TypeError, AttributeError):
            if not old.keys() - new.keys():
                raise
            _write(root, new)  # it was the older section that is not as this version writes it
        if name == "verify":
            rows = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in verdicts)
            write_atomically(root / VERDICTS, "".join(rows))
        elif "verify" not in old:
            (root / VERDICTS).unlink(missing_ok=True)


def _write(root: Path, report: Mapping[str, Any]) -> None:
    """Everything is put together before anything is written."""
    text = json.dumps(dict(sorted(report.items())), indent=1, ensure_ascii=False, allow_nan=False)
    told, pictures = page(report), _drawn(report)
    write_atomically(root / REPORT, text + "\n")
    (root / FIGURES).mkdir(exist_ok=True)
    for name, picture in pictures.items():
        write_atomically(root / FIGURES / f"{name}.png", picture)
    write_atomically(root / PAGE, told)
    card = root / CARD
    if card.is_file():
        write_atomically(card, renewed_card(card.read_text(encoding="utf-8"), root))


def _origin(root: Path) -> dict[str, Any]:
    path = root / DATASET_JSON
    described = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {key: described[key] for key in ("split", "seed", "schema_version") if key in described}


def _drawn(report: Mapping[str, Any]) -> dict[str, bytes]:
    from generator.figures import figures  # matplotlib takes a while to import, and this file is read by all who write clips

    return figures(report)


def read_report(root: Path) -> dict[str, Any]:
    """The sections of ``report.json`` by name; none where it is not there, or is none: then there is no certificate."""
    try:
        report = json.loads((root / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def holds(root: Path, name: str) -> bool:
    """Whether the data set in a folder has a section of that name in its certificate, made of the state that its checksums have now."""
    section, present = read_report(root).get(name), present_checksums(root)
    return isinstance(section, Mapping) and present is not None and section.get("checksums") == present


def present_checksums(root: Path) -> str | None:
    """The SHA-256 of ``checksums.sha256``; None where there is no such file."""
    path = root / CHECKSUMS
    return sha256_of(path) if path.is_file() else None


def compared(root: Path, folders: Iterable[str]) -> str | None:
    """`present_checksums`, after every listed file of those folders, and of none, was compared with its sum.

    Raises:
        Changed: a file is not there, or is another.
        OSError: one cannot be read.
    """
    present, wanted = present_checksums(root), {*folders, "."}
    for name, digest in listed_sums(root / CHECKSUMS).items():
        if Path(name).parent.as_posix() in wanted and (not (root / name).is_file() or sha256_of(root / name) != digest):
            raise Changed(f"{root / name} is not what was written: `python -m generator.verify {root}` says what is wrong")
    return present


def versions() -> dict[str, str]:
    """Of Python and of what measures."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def statistics_rows(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The statistics of a data set in words, as (what, how much)."""
    return [
        ("clips, questions", f"{told['clips']}, {told['questions']} ({told['questions_per_video']:g} a clip)"),
        *((name, _share(count, told["questions"])) for name, count in told["types"].items()),
        ("right letters", _counts(told["letters"])),
        ("with “none of these”", _share(told["with_none_of_these"], told["questions"])),
        ("duration", _range(told["duration_s"], "s")),
        ("resolution, frames per second", f"{_counts(told['resolutions'])}; {_counts(told['fps'])}"),
        ("words of a question", _range(told["question_words"], "")),
        ("words of an option", _range(told["option_words"], "")),
        ("annotation density", _range(told["annotation_words_per_s"], "words of questions per second")),
        ("captions", f"{told['caption_words_per_s']:.1f} words per second"),
    ]


def _share(count: int, of: int) -> str:
    return f"{count} ({count / max(of, 1):.1%})"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _range(spread: Mapping[str, float], unit: str) -> str:
    """As in "3.0 to 8.0 s, mean 5.4"."""
    return f"{spread['least']:.1f} to {spread['most']:.1f} {unit}".rstrip() + f", mean {spread['mean']:.1f}" if spread else "–"


# The card


def card_section(root: Path) -> str:
    """What the card of a data set says of its certificate; that there is none, where the data set has changed since."""
    sections = {name: read_report(root)[name] if holds(root, name) else None for name in ("verify", "audit")}
    lines = [*_told(_card_of_verify, sections["verify"]), "", *_told(_card_of_audit, sections["audit"])]
    return "\n".join([CARD_BEGIN, "## Proof", "", *lines, CARD_END])


def _told(tell: Callable[[Mapping[str, Any] | None], Iterator[str]], section: Mapping[str, Any] | None) -> list[str]:
    """The lines on a section; of one that was edited, or is of another version, as if there were none."""
    try:
        return list(tell(section))
    except (KeyError, TypeError, ValueError, AttributeError):
        return list(tell(None))


def renewed_card(card: str, root: Path) -> str:
    """A card with that part of it written anew."""
    return re.sub(f"{re.escape(CARD_BEGIN)}.*{re.escape(CARD_END)}", lambda _: card_section(root), card, flags=re.DOTALL)


def _card_of_verify(section: Mapping[str, Any] | None) -> Iterator[str]:
    if section is None:
        yield "Not verified yet: run `python -m generator.verify DIR`."
        return
    yield f"Verified: every file of its {section['clips']} clips is what was written, and agrees with the others; see {PAGE},"
    yield f"and {VERDICTS} for what was measured for each question."
    yield ""
    yield "| answers | confirmed | contradicted | cannot tell |"
    yield "|---|---|---|---|"
    for name, where in (("export", "from the exported trajectories"), ("pixels", "from the pixels of the videos")):
        if section[name] is not None:
            yield _row(where, *_totals(section[name]).values())


def _card_of_audit(section: Mapping[str, Any] | None) -> Iterator[str]:
    if section is None:
        yield "Not audited for shortcuts yet: run `python -m generator.audit DIR`."
        return
    yield f"What can be guessed of {section['questions']} questions without seeing motion:"
    yield ""
    yield from _soundness(section)
    yield from _table(("guesser", "right", "95 % interval", "chance"), (_guessed(each) for each in section["guessers"]))


def _soundness(section: Mapping[str, Any]) -> Iterator[str]:
    """One sentence on what an audit came to."""
    if "sound" in section:
        shortcuts = f"**Shortcuts were found**: {PAGE} names them."
        yield from ("No shortcut was found." if section["sound"] else shortcuts, "")


# The page


def page(report: Mapping[str, Any]) -> str:
    """``REPORT.md``, from ``report.json`` alone."""
    origin = report.get("dataset", {})
    lines = [
        f"# Certificate of MotionFoundry {origin.get('split', '')}, seed {origin.get('seed', '')}",
        "",
        f"For the data set whose `{CHECKSUMS}` has the SHA-256 `{origin.get('checksums')}`, and for no other.",
        f"Made from `{REPORT}`, which holds every figure.",
        "",
        *(_page_of_verify(report["verify"]) if "verify" in report else ["Not verified yet: run `python -m generator.verify DIR`.", ""]),
        *(_page_of_audit(report["audit"]) if "audit" in report else ["Not audited yet: run `python -m generator.audit DIR`.", ""]),
    ]
    return "\n".join(lines)


def _page_of_verify(section: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## Files", "")
    yield f"Each file of the {section['clips']} clips is there and is what was written; trajectories are those of the specifications,"
    yield "what is said to be visible is, and rows, captions and annotations agree."
    if section["likeness"]:
        yield from _page_of_likeness(section["likeness"])
    yield ""
    yield from _verdicts("Answers from the export", section["export"], "Measured again from the trajectories, by a rule for each template.")
    if section["pixels"] is not None:
        what = "Measured in the decoded video without a learned model, by a rule for each template whose answers show so."
        yield from _verdicts("Answers from the pixels", section["pixels"], what)
        yield from ("![Verdicts of the pixels on the questions of each template](figures/pixels.png)", "")
    yield from (f"What was measured for each question is in `{VERDICTS}`, a line for each verdict.", "")
    yield from _page_of_statistics(section["statistics"])
    yield from ("## What it took", "")
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in section["seconds"].items() if name != "wall")
    speed = f", {section['frames_per_s']:.0f} frames per second" if section["frames_per_s"] else ""
    yield f"{section['seconds']['wall']:.0f} s with {section['workers']} processes{speed}; all processes together: {spent}."
    yield from (f"By {_counts(section['versions'])}.", "")


def _page_of_likeness(alike: Mapping[str, Any]) -> Iterator[str]:
    yield f"{alike['clips']} of {alike['of']} videos could be compared with their scenes."
    if alike["clips"]:
        yield f"They show them: of {alike['outlines']} outlines of objects, drawn again without Blender, the worst has"
        yield f"{alike['least']:.2f} of the best edge within reach just where it lies."
        bounds = alike["refused"]
        yield f"A video is refused where more than {bounds['strays']:.1%} of them are below {bounds['elsewhere']:g}, or"
        yield f"{bounds['misfits']:.0%} below {bounds['fits']:g}."
    if alike["not_compared"]:
        yield f"In these no outline is long enough: {', '.join(f'`{key}`' for key in alike['not_compared'])}."


def _verdicts(title: str, rows: Sequence[Mapping[str, Any]], what: str) -> Iterator[str]:
    yield from (f"## {title}", "", what, "")
    heads = ("question type", "template", "confirmed", "contradicted", "cannot tell")
    cells = [(row["question_type"], f"`{row['template']}`", row["confirmed"], row["contradicted"], row["cannot tell"]) for row in rows]
    yield from _table(heads, [*cells, ("all", "", *_totals(rows).values())])
    yield ""


def _page_of_statistics(told: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## What the data set is like", "")
    yield from _table(("", ""), statistics_rows(told))
    yield from ("", "![Questions by type, and right letters](figures/questions.png)", "")
    yield from ("![Durations of the clips](figures/durations.png)", "")
    yield from ("How far the evidence of each template is from another answer: the least, the middle and the most.", "")
    yield from ("![Margins of the evidence](figures/margins.png)", "")


def _page_of_audit(section: Mapping[str, Any]) -> Iterator[str]:
    yield from ("## Shortcuts", "", f"How many of {section['questions']} questions are answered right without seeing motion.", "")
    yield from _soundness(section)
    heads = ("guesser", "what it sees", "right", "95 % interval", "chance", "questions")
    cells = ((name, each["what"], *rest, each["n"]) for each in section["guessers"] for name, *rest in (_guessed(each),))
    yield from _table(heads, cells)
    yield from ("", "![Accuracy of each guesser](figures/audit.png)", "")
    yield from (f"The {WORST} templates of which most is guessed:", "")
    worst = sorted(section["templates"], key=lambda each: each["chance"] - each["accuracy"])[:WORST]
    heads = ("template", "guesser", "right", "95 % interval", "chance", "questions")
    yield from _table(heads, ((f"`{each['template']}`", each["guesser"], *_guessed({"name": "", **each})[1:], each["n"]) for each in worst))
    yield from ("", "![The templates of which most is guessed](figures/audit_templates.png)", "")
    for remark in section["remarks"]:
        yield from (remark, "")


def _guessed(each: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return each["name"], f"{each['accuracy']:.1%}", f"{each['low']:.1%} to {each['high']:.1%}", f"{each['chance']:.1%}"


def _totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts = dict.fromkeys(("confirmed", "contradicted", "cannot tell"), 0)
    for row in rows:
        for status in counts:
            counts[status] += row[status]
    return counts


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield _row(*heads)
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield _row(*row)


def _row(*cells: Any) -> str:
    return f"| {' | '.join(str(cell).replace('|', '∣') for cell in cells)} |"
