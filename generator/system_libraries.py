"""The system libraries that the wheels of Blender and OpenCV load, and the packages that bring them.

Standard library alone: it runs before anything is installed. ``python3 generator/system_libraries.py`` prints the packages that are
missing, ``… --command PACKAGE …`` the line that installs packages.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Sequence

MANAGERS = {  # by program; Debian and Ubuntu, Fedora and RHEL, Arch
    "apt-get": "sudo apt-get update && sudo apt-get install -y --no-install-recommends",
    "dnf": "sudo dnf install -y",
    "pacman": "sudo pacman -S --needed",
}
PACKAGES = {  # of a library, by each of these managers
    "libX11.so.6": ("libx11-6", "libX11", "libx11"),
    "libXrender.so.1": ("libxrender1", "libXrender", "libxrender"),
    "libXfixes.so.3": ("libxfixes3", "libXfixes", "libxfixes"),
    "libXi.so.6": ("libxi6", "libXi", "libxi"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libSM.so.6": ("libsm6", "libSM", "libsm"),
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
}
EGL_DRIVER = ("libegl-mesa0", "mesa-libEGL", "mesa")
GL_DRIVER = ("libgl1-mesa-dri", "mesa-dri-drivers", "mesa")


def missing_packages() -> list[str]:
    """What is missing here, libraries and EGL driver, as packages; empty where Blender brings its own (not Linux)."""
    if sys.platform != "linux":
        return []
    missing = [names for library, names in PACKAGES.items() if not _loads(library)]
    without_driver = PACKAGES["libEGL.so.1"] not in missing and not _has_driver()
    return _for_this_machine([*missing, EGL_DRIVER] if without_driver else missing)


def install_command(packages: Sequence[str]) -> str:
    """The line that a user can paste."""
    return f"{MANAGERS[_manager()]} {' '.join(packages)}"


def driver_command() -> str:
    """The line that installs OpenGL with Mesa's drivers, of which one draws without a GPU."""
    return install_command(_for_this_machine([PACKAGES["libEGL.so.1"], PACKAGES["libGL.so.1"], EGL_DRIVER, GL_DRIVER]))


def _manager() -> str:
    return next(filter(shutil.which, MANAGERS), "apt-get")


def _for_this_machine(packages: Sequence[Sequence[str]]) -> list[str]:
    column = list(MANAGERS).index(_manager())
    return list(dict.fromkeys(names[column] for names in packages))


def _has_driver() -> bool:
    """Whether libEGL, which draws nothing itself, finds a driver: Mesa's or a vendor's."""
    egl = ctypes.CDLL("libEGL.so.1")
    egl.eglGetDisplay.restype, egl.eglGetDisplay.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return egl.eglGetDisplay(None) is not None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print(install_command(sys.argv[2:]) if sys.argv[1:2] == ["--command"] else " ".join(missing_packages()))
