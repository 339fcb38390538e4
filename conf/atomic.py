"""Files that are there as a whole or not at all, and the sums by which they are known again."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PART = ".part-"  # what names begin with that are not finished


@contextmanager
def replaced(path: Path, synced: bool = True) -> Iterator[Path]:
    """A file to write to, that takes the place of ``path`` when the block ends, and is gone when it raises.

    ``synced`` has the content reach the disk first: what takes the place outlives a machine that fails. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{PART}{path.name}-", dir=path.parent)
    os.close(descriptor)
    try:
        yield Path(name)
        if synced:
            flush(Path(name))
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file or none; text as UTF-8."""
    with replaced(path) as part:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def json_lines(rows: Iterable[object]) -> str:
    """The text of a file of one JSON value per line."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


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


def listed_sums(path: Path) -> dict[str, str]:
    """The sums of files by their paths, out of a file of `checksum_lines`; none where there is no such file."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}
