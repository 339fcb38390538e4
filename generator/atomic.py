"""Files that are there as a whole or not at all, and the sums by which they are known again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

PART = ".part-"  # what names begin with that are not finished


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or none; text as UTF-8."""
    descriptor, name = tempfile.mkstemp(prefix=f"{PART}{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def flush(path: Path) -> None:
    """Have what a file holds reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of what a file holds, in hex, as ``sha256sum`` prints it. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checksum_lines(sums: Mapping[str, str]) -> str:
    """What ``sha256sum -c`` reads, out of the sums of files by their paths; in the order of the paths."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
