"""The proof of one clip: its files, its answers from the export, and from the pixels. Workers of `generator.verify` run it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from generator.reader import ClipReader
from generator.verify.clip_files import AGAIN, MACHINE, check_clip, renders
from generator.verify.files import Finding, Listing
from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_pixels import PIXEL_RULES, forget
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.likeness import Likeness, likeness
from generator.verify.ruling import Rules, Source, Verdict, judge

KEPT = ("index", "key", "twin", "video_info", "questions", "caption")  # of an annotation, for what is told of all clips together


@dataclass(frozen=True)
class Job:
    """A clip to prove. ``pixels``: whether its video is measured, too."""

    root: Path
    listing: Listing
    description: Mapping[str, Any]
    pixels: bool


@dataclass(frozen=True)
class ClipProof:
    """What was found out about one clip. ``annotation`` is None where it could not be read; ``frames`` were decoded."""

    key: str
    findings: tuple[Finding, ...]
    export: tuple[Verdict, ...] = ()
    pixels: tuple[Verdict, ...] = ()
    likeness: Likeness | None = None
    annotation: Mapping[str, Any] | None = None
    frames: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


def prove(job: Job) -> ClipProof:
    """Examine a clip. Raises nothing on account of what its files hold.

    Raises:
        NoOpenGL, MemoryError: the machine is to blame, and nothing can be said of the clip.
    """
    clip = ClipReader(job.root, job.listing.key)
    began_s = time.perf_counter()
    findings = check_clip(clip, job.listing, job.description)
    seconds = {"files": time.perf_counter() - began_s}
    if not _askable(clip):
        return ClipProof(clip.key, tuple(findings), seconds=seconds)
    annotation = {name: clip.annotation[name] for name in KEPT}
    began_s = time.perf_counter()
    export = _from_export(clip, findings)
    seconds["export"] = time.perf_counter() - began_s
    began_s = time.perf_counter()
    film: Film | None = None
    alike, pixels = None, tuple[Verdict, ...]()
    if job.pixels and renders(job.description) and clip.has_video:
        film = Film(clip)
        alike, pixels = _from_pixels(clip, film, findings)
    forget()  # or the pictures of earlier clips would stay in memory
    seconds["pixels"] = time.perf_counter() - began_s
    frames = len(film.pictures) if film is not None and "pictures" in vars(film) else 0
    return ClipProof(clip.key, tuple(findings), export, pixels, alike, annotation, frames, seconds)


def _askable(clip: ClipReader) -> bool:
    """Whether there are questions to judge; that they cannot be read is a finding of the files already."""
    try:
        return bool(clip.questions) and all(name in clip.annotation for name in KEPT)
    except MACHINE:
        raise
    except Exception:  # whatever is wrong with the file has been told
        return False


def _from_export(clip: ClipReader, findings: list[Finding]) -> tuple[Verdict, ...]:
    try:
        source = Recorded(clip.key, clip.paths)
    except MACHINE:
        raise
    except Exception:  # told by the check of the files
        return ()
    return _judged(clip, EXPORT_RULES, source, findings)


def _from_pixels(clip: ClipReader, film: Film, findings: list[Finding]) -> tuple[Likeness | None, tuple[Verdict, ...]]:
    try:
        if not len(film.pictures):
            return None, ()
        alike = likeness(film, clip.spec, clip.paths)
    except av.FFmpegError:  # that it does not play has been told
        return None, ()
    except MACHINE:
        raise
    except Exception as error:
        findings.append(Finding(clip.key, f"its video cannot be compared with its scene: {type(error).__name__}: {error}"))
        return None, ()
    findings.extend(Finding(clip.key, problem, AGAIN.format(key=clip.key)) for problem in alike.problems)
    return alike, _judged(clip, PIXEL_RULES, film, findings)


def _judged(clip: ClipReader, rules: Rules[Source], source: Source, findings: list[Finding]) -> tuple[Verdict, ...]:
    """A verdict on each question; where a rule fails on one, a finding."""
    verdicts = []
    for question in clip.questions:
        try:
            verdicts.append(judge(clip.key, question, rules, source))
        except MACHINE:
            raise
        except Exception as error:  # the words or figures of a faulty clip may be such as no rule foresees
            what = f"question {question.uid} cannot be judged: the rule of {question.template} in {rules.group} failed"
            findings.append(Finding(clip.key, f"{what} with {type(error).__name__}: {error}"))
    return tuple(verdicts)
