"""What the files about the whole data set say, shared out among its clips, and whether they and the clips agree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conf.atomic import PART, sha256_of
from generator.certificate import CHECKSUMS, FIGURES, PAGE, REPORT, VERDICTS
from generator.dataset import RUNS
from generator.description import DATASET_JSON, SCHEMA_VERSION
from generator.index import CAPTIONS, META, PAIRS, pair_rows
from generator.options import CURRICULUM
from generator.reader import NoDataset, strict_json
from generator.verify.schema import CAPTION_ROW, DESCRIPTION, PAIR_ROW, ROW, departures

NAMED = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")  # the key of a clip, in the name of a file or in a row
SUM_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
BESIDE = {"README.md", REPORT, PAGE, VERDICTS, CHECKSUMS, "contact_sheet.png"}  # what is made out of a data set, and may change
ANEW = "give the command that made the data set again: it writes this file anew"


class OtherSchema(NoDataset):
    """A data set that another version of this program wrote; the message says which."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a clip, or (with an empty ``key``) with the whole, and what to do about it."""

    key: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"clip {self.key}" if self.key else "data set"
        return f"{place}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


@dataclass(frozen=True)
class Listing:
    """What the files about the whole say of one clip: its rows, its caption, and the SHA-256 of its files by path."""

    key: str
    rows: tuple[dict[str, Any], ...] = ()
    captions: tuple[dict[str, Any], ...] = ()
    sums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """A data set as its own files describe it, one `Listing` for each clip that any of them names; ``order`` is that of the rows."""

    description: Mapping[str, Any]
    listings: tuple[Listing, ...]
    order: tuple[str, ...]
    pairs: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]


def read_contents(root: Path) -> Contents:
    """Read what is said of the whole.

    Raises:
        NoDataset: there is none in the folder, or its ``dataset.json`` cannot be read.
        OSError: a file or folder may not be read.
        OtherSchema: it is of another version than this program checks.
    """
    description = _description(root)
    findings: list[Finding] = []
    rows, captions, pairs = (
        _lines(root, name, shape, findings) for name, shape in ((META, ROW), (CAPTIONS, CAPTION_ROW), (PAIRS, PAIR_ROW))
    )
    sums = _sums(root, findings)
    findings.extend(_whole_files(root, sums))
    of_clips = _grouped(rows), _grouped(captions), _grouped_sums(sums)
    keys = sorted({key for group in of_clips for key in group} | {path.stem for path in (root / "annotations").glob("*.json")})
    listings = tuple(Listing(key, tuple(of_clips[0][key]), tuple(of_clips[1][key]), dict(of_clips[2][key])) for key in keys)
    findings.extend(_strays(root, sums, set(keys)))
    order = tuple(dict.fromkeys(row["key"] for row in rows))
    return Contents(description, listings, order, tuple(pairs), tuple(findings))


def _grouped(rows: Iterable[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["key"]].append(row)
    return groups


def _grouped_sums(sums: Mapping[str, str]) -> defaultdict[str, list[tuple[str, str]]]:
    groups: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, digest in sums.items():
        if found := NAMED.search(path):
            groups[found[0]].append((path, digest))
    return groups


def _description(root: Path) -> dict[str, Any]:
    path = root / DATASET_JSON
    if not path.is_file():
        raise NoDataset(f"{root} holds no data set ({DATASET_JSON} is missing): give the folder that the generator wrote")
    try:
        description = strict_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoDataset(f"{path} cannot be read: {error}") from error
    version = description.get("schema_version") if isinstance(description, dict) else None
    if version != SCHEMA_VERSION:
        raise OtherSchema(f"{root} has schema version {version}, this program verifies {SCHEMA_VERSION}: make the data set again")
    if wrong := list(departures(description, DESCRIPTION)):
        raise NoDataset(f"{path} cannot be used: {'; '.join(wrong)}")
    return description


def _lines(root: Path, name: str, shape: Mapping[str, Any], findings: list[Finding]) -> list[dict[str, Any]]:
    """The rows of a file that have the shape; of the others a finding."""
    path, rows = root / name, []
    if not path.is_file():
        if name != PAIRS:
            findings.append(Finding("", f"{name} is missing", ANEW))
        return []
    for number, line in enumerate(path.read_bytes().removesuffix(b"\n").split(b"\n"), start=1):
        try:
            row = strict_json(line)
            wrong = next(departures(row, shape), "")
        except ValueError as error:
            row, wrong = None, f"it is not JSON: {error}"
        if wrong:
            findings.append(Finding(_key_in(line), f"line {number} of {name}: {wrong}", ANEW))
        else:
            rows.append(row)
    return rows


def _key_in(line: bytes) -> str:
    """The first clip that a line names, so that even a broken one is put down to its clip."""
    found = NAMED.search(line.decode("utf-8", "replace"))
    return found[0] if found else ""


def _sums(root: Path, findings: list[Finding]) -> dict[str, str]:
    """SHA-256 by path, as ``checksums.sha256`` lists them."""
    path = root / CHECKSUMS
    if not path.is_file():
        findings.append(Finding("", f"{CHECKSUMS} is missing", ANEW))
        return {}
    sums = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if found := SUM_LINE.fullmatch(line):
            sums[found[2]] = found[1]
        else:
            findings.append(Finding("", f"line {number} of {CHECKSUMS} is not a checksum and a path", ANEW))
    return sums


def _whole_files(root: Path, sums: Mapping[str, str]) -> Iterator[Finding]:
    """The files that belong to no clip in particular, against their checksums."""
    for path in dict.fromkeys([*(path for path in sums if not NAMED.search(path)), DATASET_JSON, META, CAPTIONS]):
        if path not in sums:
            yield Finding("", f"{path} is not in {CHECKSUMS}", ANEW)
        elif (root / path).is_file() and sha256_of(root / path) != sums[path]:
            yield Finding("", f"{path} is not what was written: its SHA-256 is another than in {CHECKSUMS}", ANEW)
        elif path in (PAIRS, CURRICULUM) and not (root / path).is_file():
            yield Finding("", f"{path} is missing", ANEW)


def _strays(root: Path, sums: Mapping[str, str], keys: set[str]) -> Iterator[Finding]:
    """Files that nothing accounts for."""
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        name = path.relative_to(root).as_posix()
        if name in sums or name in BESIDE or name.startswith((f"{FIGURES}/", f"{RUNS}/")) or _hidden(name):
            continue
        found = NAMED.search(name)
        left = name.startswith(PART)
        what = "was left by a run that was killed" if left else f"belongs to nothing that is listed in {CHECKSUMS}"
        remedy = "the generator removes it when it is run again" if left else "delete it, or keep it elsewhere"
        yield Finding(found[0] if found and found[0] in keys else "", f"{name} {what}", remedy)


def _hidden(name: str) -> bool:
    """What systems and tools leave about (.DS_Store, .git/, .lock …) is no part of a data set; what a killed run left is told."""
    return any(part.startswith(".") for part in name.split("/")) and not name.startswith(PART)


def check_together(contents: Contents, clips: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """What can only be told of all clips together: their order, their pairs, and that no question is there twice.

    Args:
        contents: what `read_contents` gave.
        clips: of every annotation that could be read its key, index, twin and questions.
    """
    in_order = sorted(clips, key=lambda each: each["index"])
    findings = []
    if len(in_order) == len(contents.listings) and list(contents.pairs) != pair_rows(in_order):
        findings.append(Finding("", f"{PAIRS} does not list the pairs of twins that the annotations make", ANEW))
    places = {each["key"]: place for place, each in enumerate(in_order)}
    listed = [places[key] for key in contents.order if key in places]
    if listed != sorted(listed):
        findings.append(Finding("", f"{META} is not in the order of the clips", ANEW))
    seen: dict[str, str] = {}
    asked = [(question["uid"], each["key"]) for each in in_order for question in each["questions"]]
    twice = [(uid, key, seen[uid]) for uid, key in asked if seen.setdefault(uid, key) != key]
    return findings + [Finding(key, f"its question {uid} is one of clip {other} as well") for uid, key, other in twice]
