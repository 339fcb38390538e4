"""Is this machine fit to make clips? ``python -m generator.doctor`` says what is missing and how to get it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import av
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from generator.system_libraries import PACKAGES, install_command, missing_packages

Status = Literal["ok", "warning", "missing"]
COLOURS: dict[Status, str] = {"ok": "green", "warning": "yellow", "missing": "red"}
GIGABYTE = 1e9
WORKER_GB = 0.8  # resident memory of one worker: 0.7 after a few clips at 640 × 480, and flat to within a tenth
LEAST_DISK_GB = 1.0
LEAST_FRAMES_GB = 0.05  # frames pass from Blender to the encoder through memory
RENDER_TIMEOUT_S = 180.0
DIED = "the process died of"

CONTEXT = """
import moderngl
context = moderngl.create_context(standalone=True, backend='egl', require=330, libegl='libEGL.so.1')
print(context.info['GL_RENDERER'])
"""
RENDER = "from generator import blender; blender.check()"
GPUS = "from generator import blender; print('; '.join(blender.gpus()))"


class UnfitMachine(RuntimeError):
    """Something that every clip needs is missing; the message says what, and how to get it."""


@dataclass(frozen=True)
class Finding:
    """What one check found. ``remedy`` is what to do unless the status is ok."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def require_healthy() -> None:
    """The quick part, a few milliseconds and nothing rendered. Raises UnfitMachine."""
    for finding in (python_version(), system_libraries()):
        if finding.status == "missing":
            raise UnfitMachine(f"{finding.name}: {finding.detail}. {finding.remedy}")


def python_version() -> Finding:
    """Blender's wheel exists for one version of Python alone."""
    version = platform.python_version()
    if version.startswith("3.11."):
        return Finding("Python", "ok", version)
    return Finding("Python", "missing", f"{version}; bpy 4.5 needs 3.11", "Make the environment anew with Python 3.11.")


def system_libraries() -> Finding:
    """Without libEGL and a driver for it the first render aborts the whole process, so it is asked for before anything starts."""
    packages = missing_packages()
    if not packages:
        return Finding("System libraries", "ok", f"all {len(PACKAGES)} load")
    return Finding("System libraries", "missing", f"not found: {', '.join(packages)}", f"Run: {install_command(packages)}")


def blender_version() -> Finding:
    """The installed wheel, without importing it."""
    try:
        version = importlib.metadata.version("bpy")
    except importlib.metadata.PackageNotFoundError:
        return Finding("bpy", "missing", "not installed", "Run: pip install 'bpy==4.5.*' (Python 3.11 only)")
    if version.startswith("4.5."):
        return Finding("bpy", "ok", version)
    return Finding("bpy", "missing", f"{version}; 4.5 is needed", "Run: pip install 'bpy==4.5.*'")


def truth_pass() -> Finding:
    """A GL context of the kind that the occlusion check draws in."""
    found = _child("moderngl context", CONTEXT)
    return found if found.status == "ok" else replace(found, remedy=_driver_remedy())


def one_frame() -> Finding:
    """One rendered frame, in a child process, because a render without a driver aborts."""
    found = _child("Blender renders a frame", RENDER)
    return replace(found, remedy=_driver_remedy()) if DIED in found.detail else found


def video_encoder() -> Finding:
    """H.264 comes with PyAV's wheel, but not with every build of FFmpeg."""
    try:
        av.codec.Codec("libx264", "w")
    except ValueError as error:
        return Finding("H.264 encoder", "missing", str(error), "Install PyAV from its wheel: pip install --only-binary av av")
    return Finding("H.264 encoder", "ok", f"libx264 in PyAV {av.__version__}")


def free_disk(folder: Path) -> Finding:
    """Room for clips, where they will be written."""
    return _room("Free disk", folder, LEAST_DISK_GB, "Free some, or give out= on a larger disk.")


def free_frames() -> Finding:
    """Room for the frames on their way from Blender to the encoder."""
    shared = Path("/dev/shm")
    folder = shared if shared.is_dir() and os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    return _room("Room for frames", folder, LEAST_FRAMES_GB, "Give the container more shared memory (docker run --shm-size=1g).")


def cores_and_memory() -> Finding:
    """One worker for each core, if memory allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    detail = f"{cores} cores, {memory_gb:.0f} GB"
    fitting = int(memory_gb / WORKER_GB)
    if fitting >= cores:
        return Finding("Cores and memory", "ok", detail)
    return Finding("Cores and memory", "warning", detail, f"Give workers={max(fitting, 1)} at most: each takes {WORKER_GB:.1f} GB.")


def cycles_devices() -> Finding:
    """What render=cycles would use. The other engines need no GPU."""
    found = _child("GPU for render=cycles", GPUS)
    if found.status == "ok" and not found.detail:
        return Finding(found.name, "ok", "none: cycles would use the CPU")
    return found if found.status == "ok" else Finding(found.name, "warning", found.detail, "Only render=cycles is concerned.")


def examine(folder: Path) -> list[Finding]:
    """Every check, the cheap ones first; those that need Blender only where its wheel and libraries are there."""
    findings = [
        python_version(),
        system_libraries(),
        blender_version(),
        video_encoder(),
        free_disk(folder),
        free_frames(),
        cores_and_memory(),
    ]
    if any(finding.status == "missing" for finding in findings[:3]):
        return findings
    return findings + [check() for check in (truth_pass, one_frame, cycles_devices)]


def report(findings: Sequence[Finding], console: Console) -> None:
    """Print the table, then each remedy on a line of its own so that it can be copied."""
    table = Table(title="MotionFoundry on this machine", title_justify="left")
    for heading in ("check", "result", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        colour = COLOURS[finding.status]
        table.add_row(escape(finding.name), f"[{colour}]{finding.status}[/{colour}]", escape(finding.detail))
    console.print(table)
    for finding in findings:
        if finding.status != "ok":
            console.print(f"[bold]{escape(finding.name)}[/bold]: {escape(finding.remedy)}", soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 0 when nothing that is needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m generator.doctor", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="where clips will be written (its disk is checked)")
    options = parser.parse_args(arguments)
    findings = examine(options.out)
    report(findings, Console())
    return int(any(finding.status == "missing" for finding in findings))


def _child(name: str, code: str) -> Finding:
    """Run code in a process of its own: ok with its last line of output, or missing with what went wrong."""
    again = f"See all that it says: {shlex.join([sys.executable, '-c', code])}"
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=RENDER_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return Finding(name, "missing", f"no answer after {RENDER_TIMEOUT_S:.0f} s", again)
    if done.returncode == 0:
        return Finding(name, "ok", _last_line(done.stdout))
    return Finding(name, "missing", _death(done.returncode) or _last_line(done.stderr) or f"exit code {done.returncode}", again)


def _death(returncode: int) -> str:
    """As in "the process died of SIGABRT"; empty for an ordinary exit. A shell in between reports 128 + signal."""
    number = -returncode if returncode < 0 else returncode - 128
    return f"{DIED} {signal.Signals(number).name}" if number in signal.valid_signals() else ""


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _driver_remedy() -> str:
    return f"Install an EGL driver, Mesa's software one will do: {install_command(['libegl1', 'libegl-mesa0', 'libgl1-mesa-dri'])}"


def _room(name: str, folder: Path, least_gb: float, remedy: str) -> Finding:
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    free_gb = shutil.disk_usage(existing).free / GIGABYTE
    detail = f"{free_gb:.1f} GB at {existing}"
    return Finding(name, "ok", detail) if free_gb >= least_gb else Finding(name, "missing", f"only {detail}", remedy)


if __name__ == "__main__":
    sys.exit(main())
