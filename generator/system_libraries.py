"""The system libraries that the wheels of Blender and OpenCV load, and the Debian packages that bring them.

Standard library alone: it runs before anything is installed (``python3 generator/system_libraries.py`` prints the
packages that are missing).
"""

from __future__ import annotations

import ctypes
import sys

PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
}


DRIVER_PACKAGE = "libegl-mesa0"


def missing_packages() -> list[str]:
    """Debian packages of what is missing, libraries and EGL driver; empty where Blender brings its own (not Linux)."""
    if sys.platform != "linux":
        return []
    missing = [package for library, package in PACKAGES.items() if not _loads(library)]
    return missing if "libegl1" in missing or _has_driver() else [*missing, DRIVER_PACKAGE]


def install_command(packages: list[str]) -> str:
    """The line that a user can paste."""
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


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
    print(" ".join(missing_packages()))
