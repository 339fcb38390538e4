"""What the proofs of all clips come to: a plain dictionary, which is printed, and is the section "verify" of a certificate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from generator.records import rounded
from generator.verify.files import Contents, Finding, check_together
from generator.verify.from_pixels.likeness import ELSEWHERE, FITS, MISFITS, STRAYS
from generator.verify.proof import ClipProof
from generator.verify.ruling import Verdict
from generator.verify.statistics import statistics
from qa_templates.question import QUESTION_TYPES

STATUSES = ("confirmed", "contradicted", "cannot tell")


def summed_up(contents: Contents, proofs: Sequence[ClipProof], pixels: bool, wall_s: float, workers: int) -> dict[str, Any]:
    """The section "verify" of a report: see `generator.certificate`.

    Args:
        contents: what the files about the whole say.
        proofs: of every clip, or of some.
        pixels: whether videos were measured, where there are any.
        wall_s: seconds that it took, with that many ``workers``.
    """
    proofs = sorted(proofs, key=lambda proof: proof.key)
    annotations = [proof.annotation for proof in proofs if proof.annotation is not None]
    findings = _findings(contents, proofs, annotations)
    export, film = ([verdict for proof in proofs for verdict in getattr(proof, name)] for name in ("export", "pixels"))
    open_ = [("export", verdict) for verdict in export if verdict.status != "confirmed"]
    open_ += [("pixels", verdict) for verdict in film if verdict.status == "contradicted"]
    frames = sum(proof.frames for proof in proofs)
    return {
        "sound": not findings and not open_ and bool(export),
        "clips": len(proofs),
        "questions": sum(len(each["questions"]) for each in annotations),
        "findings": [{"key": each.key, "what": each.what, "remedy": each.remedy} for each in findings],
        "export": tabulated(export),
        "pixels": tabulated(film) if pixels and film else None,
        "open": [_told(source, verdict) for source, verdict in open_],
        "likeness": _likeness(proofs) if pixels else None,
        "statistics": statistics(annotations),
        "frames": frames,
        "workers": workers,
        "seconds": {"wall": round(wall_s, 1), **_seconds(proofs)},
        "frames_per_s": round(frames / wall_s, 1) if frames else None,
    }


def verdict_rows(proofs: Iterable[ClipProof]) -> list[dict[str, Any]]:
    """Every verdict with its evidence, those of a clip together, first from the export: ``verdicts.jsonl``."""
    return [
        _told(source, verdict)
        for proof in sorted(proofs, key=lambda proof: proof.key)
        for source, verdicts in (("export", proof.export), ("pixels", proof.pixels))
        for verdict in verdicts
    ]


def tabulated(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """How many questions of each template are confirmed, contradicted or cannot be told, in the order of the types."""
    counts: Counter[tuple[str, str, str]] = Counter((verdict.question_type, verdict.template, verdict.status) for verdict in verdicts)
    order = {name: place for place, name in enumerate(QUESTION_TYPES)}
    kinds = sorted({(kind, template) for kind, template, _ in counts}, key=lambda each: (order.get(each[0], len(order)), *each))
    return [
        {"question_type": kind, "template": template, **{status: counts[kind, template, status] for status in STATUSES}}
        for kind, template in kinds
    ]


def by_type(table: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """A table of `tabulated`, summed up for each question type."""
    sums: dict[str, dict[str, int]] = {}
    for row in table:
        of_type = sums.setdefault(row["question_type"], dict.fromkeys(STATUSES, 0))
        for status in STATUSES:
            of_type[status] += row[status]
    return sums


def total(table: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """A table of `tabulated`, summed up."""
    rows = list(table)
    return {status: sum(row[status] for row in rows) for status in STATUSES}


def share_confirmed(counts: Mapping[str, int]) -> float | None:
    """Confirmed among those that could be told; None where none could."""
    told = counts["confirmed"] + counts["contradicted"]
    return counts["confirmed"] / told if told else None


def _findings(contents: Contents, proofs: Sequence[ClipProof], annotations: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Each once, those of the whole first."""
    of_clips = [finding for proof in proofs for finding in proof.findings]
    whole = len(proofs) == len(contents.listings)
    together = check_together(contents, annotations) if whole else []
    keys = {proof.key for proof in proofs}
    found = [finding for finding in (*contents.findings, *together) if whole or finding.key in keys]
    return sorted(dict.fromkeys([*found, *of_clips]), key=lambda finding: finding.key)


def _told(source: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "source": source,
        "status": verdict.status,
        "key": verdict.key,
        "uid": verdict.uid,
        "question_type": verdict.question_type,
        "template": verdict.template,
        "answer": verdict.answer,
        "found": verdict.found,
        "why": verdict.why,
        "measured": plain(verdict.measured),
    }


def plain(value: Any) -> Any:
    """A measured value as JSON can hold it, rounded to what is worth reading."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float, str, np.generic)):
        return rounded(value, 4)
    return str(value)


def _likeness(proofs: Sequence[ClipProof]) -> dict[str, Any]:
    """How videos and scenes compare; those that no outline is long enough in to tell are named."""
    told = {proof.key: proof.likeness for proof in proofs if proof.likeness is not None and proof.likeness.outlines}
    scores = [each.score for each in told.values()]
    return {
        "clips": len(told),
        "of": len(proofs),
        "not_compared": [proof.key for proof in proofs if proof.key not in told],
        "outlines": sum(each.outlines for each in told.values()),
        "least": round(min(scores), 3) if scores else None,
        "median": round(float(np.median(scores)), 3) if scores else None,
        "refused": {"strays": STRAYS, "elsewhere": ELSEWHERE, "misfits": MISFITS, "fits": FITS},
    }


def _seconds(proofs: Iterable[ClipProof]) -> dict[str, float]:
    """Seconds of all workers together, by what they were spent on."""
    spent: Counter[str] = Counter()
    for proof in proofs:
        spent.update(proof.seconds)
    return {name: round(seconds, 1) for name, seconds in spent.items()}
