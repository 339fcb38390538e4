"""``python -m generator.verify DIR``: prove a data set from nothing but its files, and write the certificate."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conf.progress import WIDE, Progress, console_of
from generator import certificate, truth_pass
from generator.farm import parallel_map, processes
from generator.truth_pass import NoOpenGL
from generator.verify.clip_files import renders
from generator.verify.files import Finding, read_contents
from generator.verify.proof import ClipProof, Job, prove
from generator.verify.result import STATUSES, by_type, share_confirmed, summed_up, total, verdict_rows

SOUND, UNSOUND, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
MOST_LISTED = 40
EPILOGUE = """\
What is verified: that every file is there, is what was written and agrees with the others; that every answer follows from the exported
trajectories, by rules that know nothing of how it was staged; that the video shows the exported scene; and, where pixels can tell, that
the answer follows from them. The exit code is 0 if all of this is so, 1 if anything is wrong, 2 if there is nothing to verify or this
machine cannot verify it. Nothing is changed, except that the certificate (REPORT.md, report.json, verdicts.jsonl, figures/, and a part of
README.md) is written where all is sound.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 0 only if all is sound."""
    options = _parser().parse_args(arguments)
    console = console_of(sys.stderr if options.json else sys.stdout, plain_width=WIDE)
    try:
        proved = verify(options.folder, not options.no_pixels, options.workers, options.only, console)
    except (ValueError, OSError, NoOpenGL) as error:
        return _refused(f"{error}")
    except MemoryError:
        return _refused("there is not memory enough: close other programs, or give fewer --workers")
    except KeyboardInterrupt:
        return _refused("interrupted; nothing was written", INTERRUPTED)
    if options.json:
        print(json.dumps(proved.section, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show(proved.section, console)
    if not proved.section["sound"]:
        if certificate.holds(options.folder, "verify"):
            console.print(f"[red]The certificate in {escape(str(options.folder))} no longer holds.[/red]", soft_wrap=True)
        return UNSOUND
    complete = options.only is None and not options.no_pixels and not options.no_report
    return _certify(options.folder, proved, console) if complete else SOUND


def _certify(root: Path, proved: Proved, console: Console) -> int:
    """Write the certificate. Returns the exit code."""
    try:
        certificate.write_section(root, "verify", proved.section, proved.checksums, proved.verdicts)
    except (OSError, ValueError) as error:
        return _refused(f"verified, but not written: {error}")
    except KeyboardInterrupt:
        return _refused("verified, but interrupted before the certificate was written", INTERRUPTED)
    console.print(f"All is sound. The certificate is {escape(str(root / certificate.PAGE))}.", soft_wrap=True)
    return SOUND


def _refused(why: str, code: int = BAD_INPUT) -> int:
    print(f"verify: {why}", file=sys.stderr)
    return code


@dataclass(frozen=True)
class Proved:
    """The section "verify" of a report, rows of ``verdicts.jsonl``, and the SHA-256 of the checksums of what was examined."""

    section: dict[str, Any]
    verdicts: list[dict[str, Any]]
    checksums: str | None


def verify(root: Path, pixels: bool, workers: int, only: str | None, console: Console) -> Proved:
    """Prove a data set, or one clip of it.

    Raises:
        NoDataset: there is none that this program can read.
        ValueError: ``only`` names no clip of it.
        OSError: a file about the whole may not be read.
        NoOpenGL, MemoryError: this machine cannot do it.
    """
    began_s = time.perf_counter()
    checksums = certificate.present_checksums(root)  # before anything is read: see `certificate.write_section`
    contents = read_contents(root)
    jobs = [Job(root, listing, contents.description, pixels) for listing in contents.listings if only in (None, listing.key)]
    if only is not None and not jobs:
        raise ValueError(f"--only {only} is not allowed: give the key of a clip in {root}")
    truth_pass.shared()  # so that a machine without OpenGL is told of once, and is not taken for a fault of every clip
    proofs = _proved(jobs, workers, console)
    measured = pixels and renders(contents.description)
    section = summed_up(contents, proofs, measured, time.perf_counter() - began_s, max(processes(workers), 1))
    return Proved(section, verdict_rows(proofs), checksums)


def show(section: Mapping[str, Any], console: Console) -> None:
    """Print what was found out: tables first, then each thing that is wrong on a line of its own."""
    _show_statistics(section["statistics"], console)
    console.print(_verdict_table("Answers from the export", section["export"]))
    if section["pixels"] is not None:
        console.print(_verdict_table("Answers from the pixels", section["pixels"]))
    console.print(_summary_table(section))
    for each in section["open"][:MOST_LISTED]:
        colour = "red" if each["status"] == "contradicted" else "yellow"
        place = f"clip {each['key']}, question {each['uid']} ({each['template']})"
        console.print(f"[{colour}]{each['status']} from the {each['source']}[/{colour}] {place}: {escape(each['why'])}", soft_wrap=True)
        if each["measured"]:
            console.print(f"  {escape(json.dumps(each['measured'], ensure_ascii=False))}", soft_wrap=True)
    for finding in section["findings"][:MOST_LISTED]:
        console.print(f"[red]wrong[/red] {escape(str(Finding(**finding)))}", soft_wrap=True)
    for name, things in (("verdicts", section["open"]), ("findings", section["findings"])):
        if len(things) > MOST_LISTED:
            console.print(f"… and {len(things) - MOST_LISTED} more {name}: --json lists them all", soft_wrap=True)
    if not section["sound"]:
        console.print("[red]Not sound[/red]: nothing was written.", soft_wrap=True)


def _verdict_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each question type, and below it what is not all confirmed by template."""
    table = Table("question type", "template", *STATUSES, "confirmed of those told", title=title, title_justify="left")
    for kind, counts in by_type(rows).items():
        table.add_row(kind, "all", *(str(counts[status]) for status in STATUSES), _percent(share_confirmed(counts)))
        for row in rows:
            if row["question_type"] == kind and row["confirmed"] < sum(row[status] for status in STATUSES):
                cells = (str(row[status]) for status in STATUSES)
                table.add_row("", row["template"], *cells, _percent(share_confirmed(row)), style="dim")
    table.add_section()
    everything = total(rows)
    table.add_row("all", "", *(str(everything[status]) for status in STATUSES), _percent(share_confirmed(everything)), style="bold")
    return table


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _show_statistics(told: Mapping[str, Any], console: Console) -> None:
    table = Table("statistics", "", title="What the data set is like", title_justify="left")
    for label, value in certificate.statistics_rows(told):
        table.add_row(label, escape(value))
    console.print(table)


def _summary_table(section: Mapping[str, Any]) -> Table:
    broken = {finding["key"] for finding in section["findings"]}
    table = Table("files", "", title="Files, and what it took", title_justify="left")
    table.add_row("clips", str(section["clips"]))
    table.add_row("clips with something wrong", str(len(broken - {""})))
    table.add_row("things wrong", str(len(section["findings"])))
    if section["likeness"]:
        alike = section["likeness"]
        table.add_row("videos compared with their scenes", f"{alike['clips']} of {alike['of']}")
        if alike["clips"]:
            table.add_row("likeness of video and scene", f"least {alike['least']:.2f}, median {alike['median']:.2f}")
        if alike["not_compared"]:
            table.add_row("no outline is long enough in", ", ".join(alike["not_compared"]))
    for stage, seconds in section["seconds"].items():
        table.add_row(f"seconds, {'in all' if stage == 'wall' else stage}", f"{seconds:.1f}")
    if section["frames_per_s"]:
        table.add_row("frames per second", f"{section['frames_per_s']:.1f}, by {section['workers']} processes")
    return table


def _proved(jobs: Sequence[Job], workers: int, console: Console) -> list[ClipProof]:
    proofs: list[ClipProof] = []
    with Progress(console, len(jobs), "clips") as progress, closing(parallel_map(prove, jobs, workers)) as made:
        for job, proof in made:
            proofs.append(proof or _lost(job))
            progress.add(1)
    return proofs


def _lost(job: Job) -> ClipProof:
    """Of a clip whose worker died: decoders and drivers can crash on what they read."""
    return ClipProof(
        job.listing.key, (Finding(job.listing.key, "the process that examined it died", "try again with --only and --workers 0"),)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator.verify", description=__doc__.partition(": ")[2], epilog=EPILOGUE)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a data set, as the generator wrote it")
    parser.add_argument("--no-pixels", action="store_true", help="measure nothing in the videos; they are still played to their end")
    parser.add_argument("--workers", type=_workers, default=-1, help="processes: -1 is one per core, 0 none (default: -1)")
    parser.add_argument("--only", metavar="KEY", help="verify this clip alone")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, with every verdict that is not a confirmation")
    parser.add_argument("--no-report", action="store_true", help="write no certificate even if all is sound")
    return parser


def _workers(text: str) -> int:
    number = int(text)
    if number < -1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a number of processes, -1 (one per core) or 0 (this process)")
    return number


if __name__ == "__main__":
    sys.exit(main())
