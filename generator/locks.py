"""Who may write to a data set at the same time: one run, or several shards that make different clips.

These are locks of the system on empty files in the folder: whoever holds one lets go of it when it ends, however it ends. Where a network
drive cannot lock, a run goes on with a warning: commits are atomic and the same whoever makes them, so that two runs that make the same
clips waste time and break nothing.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from generator.options import WHOLE, parse_shard, shard_name

log = logging.getLogger(__name__)

LOCK = ".lock"  # of the whole; that of shard 2/4 is .lock-2of4
INDEX = "index"  # the purpose of who writes what is made out of all clips
CANNOT_LOCK = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
PATIENCE_S = 5.0


class Busy(ValueError):
    """Another run is writing to the same folder."""


@contextmanager
def hold(root: Path, shard: str) -> Iterator[bool]:
    """Keep a folder for one shard, or for a run of all clips, which is shard 1/1; tells whether certainly no other run is at work there.

    Raises:
        Busy: another run is at work on some of the same clips; at once, or within seconds where it may be about to let go.
        OSError: the folder cannot be written to.
    """
    with (root / LOCK).open("a+") as whole:
        if shard == WHOLE:
            yield _got(_lock(whole, fcntl.LOCK_EX), f"another run is writing to {root}")
        elif _got(_wait_for_share(whole), f"another run, which is not a shard, is writing to {root}"):
            with _path(root, shard).open("a+") as mine:
                _got(_lock(mine, fcntl.LOCK_EX), f"shard {shard} of {root} is being made already")
                for other in _overlapping(root, shard):
                    _got(_is_free(_path(root, other)), f"shard {other} of {root} is being made, which has clips of shard {shard}")
                yield False
        else:
            yield False


@contextmanager
def nobody_else(root: Path) -> Iterator[bool]:
    """Whether no run is at work in a folder; if so, none begins before this ends. False where that cannot be known."""
    with (root / LOCK).open("a+") as whole:
        yield bool(_lock(whole, fcntl.LOCK_EX))


def _path(root: Path, shard: str) -> Path:
    return root / shard_name(LOCK, shard)


def _overlapping(root: Path, shard: str) -> Iterator[str]:
    """Other shards that have had a lock in the folder, and share clips with this one, because they are of another number of shards."""
    first, step = parse_shard(shard)
    for path in root.glob(f"{LOCK}-*of*"):
        other = path.name.removeprefix(f"{LOCK}-").replace("of", "/")
        other_first, other_step = parse_shard(other)
        if other != shard and (first - other_first) % math.gcd(step, other_step) == 0:
            yield other


def _is_free(path: Path) -> bool | None:
    with path.open("a+") as stream:
        return _lock(stream, fcntl.LOCK_SH)


def _got(locked: bool | None, otherwise: str) -> bool:
    """Whether there is a lock; where there is none because of another run, Busy."""
    if locked is None:
        log.warning("this drive cannot lock files: see to it that no other run makes the same clips meanwhile")
    elif not locked:
        raise Busy(f"{otherwise}: wait for it to end, or give another out=")
    return bool(locked)


def _lock(stream: IO[str], kind: int) -> bool | None:
    """Whether a lock was to be had at once; None where there are no locks."""
    try:
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in CANNOT_LOCK:
            raise
        return None
    return True


def _wait_for_share(stream: IO[str]) -> bool | None:
    """Another run that has just begun, or is tidying up, holds the folder alone for a moment."""
    until_s = time.monotonic() + PATIENCE_S
    while (locked := _lock(stream, fcntl.LOCK_SH)) is False and time.monotonic() < until_s:
        time.sleep(0.1)
    return locked


@contextmanager
def alone(root: Path, purpose: str, waits: bool = True) -> Iterator[bool]:
    """Keep others out of a folder who come for the same purpose, and tell whether they are out; where files cannot be locked, as if they
    were.

    Args:
        waits: until they have left; else this tells at once that they are there.
    """
    with (root / f"{LOCK}-{purpose}").open("a+") as stream:
        if waits:
            with suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_EX)
            yield True
        else:
            yield _lock(stream, fcntl.LOCK_EX) is not False
