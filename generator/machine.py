"""What this machine has of what clips need: one finding for each thing, with the remedy where something is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av

from generator.devices import gpus
from generator.system_libraries import PACKAGES, driver_command, install_command, missing_packages
from generator.worker import apart, failure_of

Status = Literal["ok", "warning", "missing"]
GIGABYTE = 1e9
WORKER_GB = 0.8  # resident memory of one worker: 0.7 after a few clips at 640 × 480, and flat to within a tenth
START_S = 180.0  # for Blender to start and draw one frame
SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software rasterizer")  # how Mesa's drivers that need no GPU call themselves
VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}  # of PCI
ABSENT = "not installed"


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


# Looked up


def python_version() -> Finding:
    """Blender's wheel exists for one version of Python alone."""
    version = platform.python_version()
    if version.startswith("3.11."):
        return Finding("Python", "ok", f"{version}, {platform.system()} {platform.machine()}")
    return Finding("Python", "missing", f"{version}; bpy 4.5 needs 3.11", "Make the environment anew with Python 3.11.")


def system_libraries() -> Finding:
    """Without libEGL and a driver for it the first render aborts the whole process, so it is asked for before anything starts."""
    packages = missing_packages()
    if not packages:
        return Finding(
            "System libraries", "ok", f"all {len(PACKAGES)} load, and libEGL finds a driver" if sys.platform == "linux" else "none needed"
        )
    return Finding("System libraries", "missing", f"not found: {', '.join(packages)}", f"Run: {install_command(packages)}")


def blender_version() -> Finding:
    """The installed wheel, without importing it."""
    version = _version("bpy")
    if version.startswith("4.5."):
        return Finding("Blender", "ok", f"bpy {version}")
    return Finding("Blender", "missing", f"bpy {version}; 4.5 is needed", "Run: pip install 'bpy==4.5.*' (Python 3.11 only)")


def libraries() -> Finding:
    """Every other package that this one asks for, with its version."""
    versions = {name: _version(name) for name in _required() if name != "bpy"}
    lacking = [name for name, version in versions.items() if version == ABSENT]
    detail = ", ".join(f"{name} {version}" for name, version in versions.items())
    return Finding("Libraries", "missing" if lacking else "ok", detail, f"Run: pip install {' '.join(lacking)}")


def _required() -> list[str]:
    """Names of packages, from what was installed, or from the folder that was not."""
    try:
        told = importlib.metadata.requires("motionfoundry") or []
    except importlib.metadata.PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
        told = project["project"]["dependencies"]
    return [re.split(r"[^\w.-]", each)[0] for each in told if "extra ==" not in each]


def video_encoder() -> Finding:
    """H.264 comes with PyAV's wheel, but not with every build of FFmpeg."""
    try:
        av.codec.Codec("libx264", "w")
    except ValueError as error:
        return Finding("H.264 encoder", "missing", str(error), "Install PyAV from its wheel: pip install --only-binary av av")
    return Finding("H.264 encoder", "ok", f"libx264 in PyAV {av.__version__}")


def free_disk(folder: Path, needed_gb: float) -> Finding:
    """Room for clips where they will be written, and leave to write there."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.exists(place))  # Path.exists may raise
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding("Disk", "missing", f"{existing} cannot be written to", "Give out= in a folder that can.")
    free_gb = shutil.disk_usage(existing).free / GIGABYTE
    detail = f"{free_gb:.1f} GB free at {existing}"
    if free_gb >= needed_gb:
        return Finding("Disk", "ok", detail)
    return Finding("Disk", "missing", f"only {detail}; {needed_gb:.2g} GB needed", "Free some, or give out= on a larger disk.")


def cores_and_memory(workers: int, cores: int) -> Finding:
    """Whether so many workers fit into memory."""
    memory_gb = memory_bytes() / GIGABYTE
    detail = f"{cores} cores, {memory_gb:.0f} GB; {workers} worker{'s' * (workers != 1)} of {WORKER_GB:.1f} GB each"
    fitting = int(memory_gb / WORKER_GB)
    if fitting >= workers:
        return Finding("Cores and memory", "ok", detail)
    return Finding("Cores and memory", "warning", detail, f"Give workers={max(fitting, 1)} at most.")


def memory_bytes(root: Path = Path("/")) -> int:
    """What this machine has, or the least that a container or a job around this process is allowed (Linux's control groups)."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    told = root / "proc/self/cgroup"
    for line in told.read_text().splitlines() if told.is_file() else []:
        _, controllers, place = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top, name = ("", "memory.max") if controllers == "" else ("memory", "memory.limit_in_bytes")
        folder = root / "sys/fs/cgroup" / top / place.lstrip("/")
        files = [each / name for each in (folder, *folder.parents) if each.is_relative_to(root / "sys/fs/cgroup")]
        limits += [int(text) for path in files if path.is_file() and (text := path.read_text().strip()).isdigit()]
    return min(limits)


def load(cores: int) -> Finding:
    """Whether others are at work here, which makes all that is measured slower than it is."""
    running = os.getloadavg()[0]
    detail = f"{running:.1f} processes ran or waited during the last minute"
    if running <= cores / 2:
        return Finding("Load", "ok", detail)
    return Finding("Load", "warning", detail, "Others are at work on this machine: alone it is faster than what is measured now.")


def graphics_cards(root: Path = Path("/")) -> dict[str, Path | None]:
    """GPUs that Linux sees by their makers, whether or not a program can use them, each with the file that OpenGL opens for it."""
    found: dict[str, Path | None] = dict.fromkeys(["NVIDIA"] if list(root.glob("dev/nvidia[0-9]*")) else [])
    for node in sorted(root.glob("sys/class/drm/renderD*")):
        vendor = node / "device" / "vendor"
        maker = VENDORS.get(vendor.read_text().strip()) if vendor.is_file() else None
        if maker:
            found[maker] = root / "dev" / "dri" / node.name
    return found


# Tried in a child process, because a render without a driver aborts


def opengl() -> Finding:
    """One frame of Blender's, and what OpenGL calls the device that drew it."""
    found = tried("Blender draws", _drawn_by)
    return found if found.status != "ok" else _unless_in_vain(found, graphics_cards())


def visibility_check() -> Finding:
    """The context in which it is found out what can be seen of each object."""
    return tried("Visibility is measured", _measured_by)


def cycles_gpus() -> Finding:
    """The GPUs that render=cycles may draw with. The other engines use OpenGL's."""
    told = [f"{kind}: {', '.join(names)}" for kind, names in gpus().items()]
    return Finding("GPUs for cycles", "ok", "; ".join(told) or "none: it would draw with the CPU")


def tried(name: str, draw: Callable[[], str]) -> Finding:
    """By what a child process draws; if it does not, OpenGL is to blame."""
    try:
        return Finding(name, "ok", f"by {apart({}, START_S, draw)}")
    except Exception as error:  # whatever a driver's library raises
        return Finding(name, "missing", failure_of(error, "tried"), f"Install OpenGL's drivers: {driver_command()}")


def _unless_in_vain(found: Finding, cards: dict[str, Path | None]) -> Finding:
    """A warning where software draws although there is a GPU."""
    if not is_software(found.detail):
        return found
    if not cards:
        return Finding(found.name, "ok", f"{found.detail}: software, as there is no GPU")
    remedies = [_remedy(maker, file) for maker, file in cards.items()]
    return Finding(found.name, "warning", f"{found.detail}: software, although there is a GPU ({', '.join(cards)})", " ".join(remedies))


def is_software(renderer: str) -> bool:
    """Whether a name of OpenGL's is that of a driver that draws without a GPU."""
    return any(name in renderer.lower() for name in SOFTWARE)


def _remedy(maker: str, file: Path | None) -> str:
    if maker == "NVIDIA":
        return (
            "For NVIDIA, install the OpenGL part of its driver (apt-get install libnvidia-gl-VERSION, as nvidia-smi tells the version); a"
            " container needs NVIDIA_DRIVER_CAPABILITIES=all as well; and libEGL must find 10_nvidia.json in /usr/share/glvnd/egl_vendor.d,"
            " or where __EGL_VENDOR_LIBRARY_FILENAMES says."
        )
    if file is not None and file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return f"For {maker}, this user may not open {file}: sudo usermod -aG render $USER, then log in again."
    return f"For {maker}, install Mesa's drivers ({driver_command()}); a container needs --device {file or '/dev/dri'} as well."


def _drawn_by() -> str:
    from generator import blender  # bpy belongs in worker processes

    blender.check()
    return blender.drawn_by()


def _measured_by() -> str:
    from generator import truth_pass  # OpenGL, too

    return truth_pass.drawn_by()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ABSENT
