"""The data set on disk: layout, one atomic commit per clip, resume, damage found and made good, clips that were given up.

A clip counts as made when its annotation is there: it is moved into place last. Files that hold labels carry no clock,
host, path or worker, so that the same configuration always ends in the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from conf.atomic import PART, flush, sha256_of, write_atomically
from generator import index as whole
from generator.annotations import layer_path
from generator.certificate import FIGURES
from generator.description import DATASET_JSON, described, settle
from generator.locks import LOCK, hold, nobody_else
from generator.options import WHOLE, GenerateOptions, reproduce
from generator.records import write_annotation

KEY_VERSION = 2  # of what a key follows from: another one names every clip anew
RUNS = "runs"  # folder of what is told of the runs that made a data set
QUARANTINE = f"{RUNS}/quarantine"
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NEARLY_FULL_MB = 1000  # more than a clip can take
READERS = 4  # threads that read finished clips


class Unwritable(RuntimeError):
    """The disk takes nothing more: it is full, or can no longer be written to. What is there is whole; the same command goes on from it."""


def clip_key(seed: int, split: str, index: int) -> str:
    """The 32 hex digits that name a clip, whatever the size of its data set and whoever makes it."""
    return hashlib.blake2b(f"{KEY_VERSION}/{seed}/{split}/{index}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class ClipFiles:
    """Where the parts of one clip are: in the data set, or in the private folder in which they are made. ``layers`` are by name."""

    video: Path
    trajectories: Path
    annotation: Path
    layers: Mapping[str, Path] = field(default_factory=dict)

    def of(self, name: str) -> Path:
        """The video, the trajectories, or the layer of that name."""
        return self.layers[name] if name in self.layers else getattr(self, name)


@dataclass(frozen=True)
class Dataset:
    """A data set in a folder. Small and picklable: it holds no open file."""

    root: Path
    seed: int
    split: str
    renders: bool
    min_free_mb: int = 0
    layers: tuple[str, ...] = ()

    @classmethod
    @contextmanager
    def open(cls, options: GenerateOptions) -> Iterator[Dataset]:
        """Create the data set in ``options.out``, or go on with the one there; no other run may write to it meanwhile.

        Shards share the folder with each other.

        Raises:
            Busy: another run is writing to it.
            ConfigurationChanged: it was made with other options; lists what differs.
            ValueError: the folder cannot be used.
            Unwritable: not even the configuration fits, or what is done meanwhile meets a disk that takes nothing more.
        """
        with unwritable_named(Path(options.out)):
            root = folder_of(options.out)
        dataset = cls(root, options.seed, options.split, options.renders, options.farm.min_free_mb, options.annotations)
        with unwritable_named(root):
            if options.shard != WHOLE:
                dataset.tidy()
            with hold(root, options.shard) as alone:
                dataset.sweep(None if alone else options.indices)
                settle(root, options)
                for folder in {path.parent for path in dataset._needed(0)}:
                    folder.mkdir(exist_ok=True)
                yield dataset

    @classmethod
    def of(cls, root: Path) -> Dataset:
        """The data set that is in a folder, whoever may be writing to it. Raises ValueError where there is none that can be read."""
        told = described(root)
        configuration = told["configuration"]
        layers = tuple(configuration.get("annotations", ()))
        return cls(root, told["seed"], told["split"], configuration["render.engine"] != "none", layers=layers)

    def key(self, index: int) -> str:
        return clip_key(self.seed, self.split, index)

    def files(self, index: int) -> ClipFiles:
        """Where the files of a clip are, or will be."""
        key = self.key(index)
        layers = {name: layer_path(self.root, key, name) for name in self.layers}
        return ClipFiles(self.root / "videos" / f"{key}.mp4", self.root / "trajectories" / f"{key}.npz", self.annotation(key), layers)

    def annotation(self, key: str) -> Path:
        return self.root / "annotations" / f"{key}.json"

    def missing(self, indices: Iterable[int]) -> list[int]:
        """Those of the clips that are not complete on disk, in order."""
        present = {path.parent: _names_in(path.parent) for path in self._needed(0)}
        return [index for index in indices if not all(path.name in present[path.parent] for path in self._needed(index))]

    def has(self, index: int) -> bool:
        """Whether a clip is complete on disk."""
        return all(path.exists() for path in self._needed(index))

    @property
    def keys(self) -> set[str]:
        """Of the clips whose annotations are on disk."""
        return {Path(name).stem for name in _names_in(self.root / "annotations") if name.endswith(".json")}

    def missing_layers(self, index: int) -> tuple[str, ...]:
        """The layers of a clip that are not on disk, where all else of it is; none where it has to be made anew."""
        place = self.files(index)
        lacking = tuple(name for name, path in place.layers.items() if not path.exists())
        rest = (path for path in self._needed(index) if path not in place.layers.values())
        return lacking if lacking and all(path.exists() for path in rest) else ()

    def _needed(self, index: int) -> list[Path]:
        place = self.files(index)
        return [place.annotation, *(place.of(name) for name in self.held)]

    def examined(self, indices: Iterable[int], check: str) -> Iterator[tuple[int, str]]:
        """Each clip with what is wrong with its files: the annotation cannot be read, is of another clip, is another than was published, or
        files are not as it lists them; "" where nothing is, or where it was not finished.

        Args:
            indices: of clips.
            check: "sums" reads every byte, "sizes" the annotations alone, "none" nothing.
        """
        if check == "none":
            yield from ((index, "") for index in indices)
            return
        sums = whole.published_sums(self.root) if check == "sums" else {}
        asked, present, readers = list(indices), _names_in(self.root / "annotations"), ThreadPoolExecutor(READERS)
        begun = {index: None for index in asked if self.annotation(self.key(index)).name in present}
        reasons = readers.map(partial(self._damage, check=check, sums=sums), begun)
        try:
            yield from ((index, next(reasons) if index in begun else "") for index in asked)
        finally:
            readers.shutdown(cancel_futures=True)  # who stops early does not wait for the rest

    def _damage(self, index: int, check: str, sums: Mapping[str, str]) -> str:
        place = self.files(index)
        try:
            text = place.annotation.read_bytes()
            told = whole.summary(text, self.key(index))
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            return f"its annotation cannot be used: {error}"
        if told["index"] != index:
            return f"its annotation says that it is clip {told['index']}"
        name = place.annotation.relative_to(self.root).as_posix()
        if check == "sums" and not whole.is_published(text, hashlib.sha256(text).hexdigest(), sums, name):
            return "its annotation is not what was published"
        wrong = (self._departure(place.of(name), told["files"].get(name), check) for name in self.held)
        return next(filter(None, wrong), "")

    def _departure(self, path: Path, listed: Mapping[str, Any] | None, check: str) -> str:
        """In what a file differs from what the annotation lists; "" where it does not, and where there is none: that one is missing."""
        name = path.relative_to(self.root).as_posix()
        try:
            size_bytes = path.stat().st_size
            digest = sha256_of(path) if check == "sums" else None
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
        if listed is None or listed["path"] != name:
            return f"its annotation does not list {name}"
        if size_bytes != listed.get("bytes"):
            return f"{name} has {size_bytes} bytes, its annotation lists {listed.get('bytes')}"
        same = digest in (None, listed["sha256"])
        return "" if same else f"{name} is not what was written: its SHA-256 is another than its annotation lists"

    def discard(self, index: int) -> None:
        """Remove a clip; its annotation first, so that it counts as missing from then on."""
        for path in self._needed(index):
            path.unlink(missing_ok=True)

    @contextmanager
    def part(self, index: int) -> Iterator[ClipFiles]:
        """A private folder in which one clip is made. It is gone afterwards, with whatever was not committed.

        Raises:
            Unwritable: less than ``min_free_mb`` is left.
        """
        with unwritable_named(self.root):
            free_mb = shutil.disk_usage(self.root).free / 1e6
            if free_mb < self.min_free_mb:
                why = f"{free_mb:.0f} MB are free, and farm.min_free_mb asks for {self.min_free_mb}"
                raise OSError(errno.ENOSPC, why, str(self.root))
            folder = Path(tempfile.mkdtemp(prefix=f"{PART}{self.key(index)}-", dir=self.root))
            try:
                layers = {name: folder / name for name in self.layers}
                yield ClipFiles(folder / "video.mp4", folder / "trajectories.npz", folder / "annotation.json", layers)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def commit(self, index: int, part: ClipFiles, annotation: Mapping[str, Any]) -> None:
        """Move a finished clip into place; its annotation, which says that it is complete and lists its files, last.

        What a file holds reaches the disk before its name does. The names need not wait for the disk: after a power cut
        clips may be missing, and are made again, but none is broken.
        """
        place = self.files(index)
        made = {name: part.of(name) for name in self.held}
        self._describe(part, annotation, {name: self._sum(path, place.of(name)) for name, path in made.items()})
        place.annotation.unlink(missing_ok=True)  # a clip that is being replaced is never half old and half new
        for name, path in made.items():
            os.replace(path, place.of(name))
        os.replace(part.annotation, place.annotation)
        self.release([index])

    def commit_layers(self, index: int, part: ClipFiles, names: Iterable[str]) -> None:
        """Move layers that a finished clip lacked into place; its annotation, which lists its files, first: until they are there, they
        are missing.
        """
        place = self.files(index)
        annotation = json.loads(place.annotation.read_bytes())
        made = {name: part.layers[name] for name in names}
        listed = {**annotation["files"], **{name: self._sum(path, place.of(name)) for name, path in made.items()}}
        self._describe(part, annotation, {name: listed[name] for name in self.held})
        os.replace(part.annotation, place.annotation)
        for name, path in made.items():
            os.replace(path, place.of(name))
        self.release([index])

    def _describe(self, part: ClipFiles, annotation: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        write_annotation(part.annotation, {**annotation, "files": files})
        flush(part.annotation)

    @property
    def held(self) -> tuple[str, ...]:
        """What a clip consists of besides its annotation: names of `ClipFiles`."""
        return (*(("video",) if self.renders else ()), "trajectories", *self.layers)

    def _sum(self, made: Path, place: Path) -> dict[str, Any]:
        """What the annotation says of a file that is finished, and has now reached the disk; it will be at ``place``."""
        flush(made)
        return {"path": place.relative_to(self.root).as_posix(), "bytes": made.stat().st_size, "sha256": sha256_of(made)}

    def sweep(self, indices: Iterable[int] | None = None) -> None:
        """Remove what a killed run left behind (of some clips, or of all). Only for one who knows that no one works on them.

        What cannot be removed stays for the next one to sweep.
        """
        keys = None if indices is None else {self.key(index) for index in indices}
        for path in [path for folder in (".", *SWEPT) for path in (self.root / folder).glob(f"{PART}*")]:
            if keys is None or path.name.removeprefix(PART)[:32] in keys:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else _unlink(path)

    def tidy(self) -> bool:
        """Sweep everything, unless a run may be at work; tells whether it did."""
        with unwritable_named(self.root), nobody_else(self.root) as alone:
            if alone:
                self.sweep()
        return alone

    # What is said of a run lies apart: it names machines and times, which the data do not.

    def quarantine(self, index: int, options: GenerateOptions, failures: Sequence[str], words: str, host: str) -> str:
        """Write down that a clip was given up, and why; returns that in a sentence, with the command that makes it alone.

        Args:
            index: of the clip.
            options: of the run.
            failures: why each attempt failed, the last one last.
            words: the end of what the process said that failed last, or its traceback.
            host: the machine that it was.

        Raises:
            Unwritable: it cannot be written down.
        """
        key, again, place = self.key(index), reproduce(options, index), self._quarantined(index)
        told = {"index": index, "key": key, "host": host}
        told |= {"failures": list(failures), "words": words, "reproduce": again}
        with unwritable_named(self.root):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place, json.dumps(told, indent=1) + "\n")
        return f"clip {index} ({key}) is quarantined after {len(failures)} failures, the last: {failures[-1]}. Do it again with: {again}"

    def quarantined(self, indices: Iterable[int]) -> list[int]:
        """Those of the clips that an earlier run gave up; they are in quarantine until they are made or released."""
        present = _names_in(self.root / QUARANTINE)
        return [index for index in indices if f"{self.key(index)}.json" in present] if present else []

    def quarantine_record(self, index: int) -> dict[str, Any]:
        """What is written down of a clip in quarantine: ``{index, key, host, failures, words, reproduce}``; ``{}`` of others."""
        unread = dict.fromkeys(("host", "words", "reproduce"), "") | {"failures": ["its record cannot be read"]}
        try:
            return {"index": index, "key": self.key(index), **unread, **json.loads(self._quarantined(index).read_bytes())}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError):
            return {"index": index, "key": self.key(index), **unread}

    def release(self, indices: Iterable[int]) -> None:
        """Take clips out of quarantine."""
        for index in indices:
            self._quarantined(index).unlink(missing_ok=True)

    def _quarantined(self, index: int) -> Path:
        return self.root / QUARANTINE / f"{self.key(index)}.json"

    def publish(self, waits: bool = True) -> int | None:
        """Write the files that are made out of all clips, as `generator.index.publish` does. Returns the number of clips, or None."""
        with unwritable_named(self.root):
            return whole.publish(self.root, waits)

    def unpublish(self, indices: Iterable[int]) -> None:
        """Forget the published sums of clips that are about to be made anew, for what comes may be other than what was published."""
        whole.unpublish(self.root, {self.key(index) for index in indices})


# Files

SWEPT = (RUNS, QUARANTINE, FIGURES)  # folders beside the root in which files are written atomically


def _names_in(folder: Path) -> set[str]:
    """Of files in a folder; none where there is no folder."""
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()


def _unlink(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


@contextmanager
def unwritable_named(root: Path) -> Iterator[None]:
    """Turn what a system says when a folder takes nothing more into Unwritable: there is no room, or it is read-only or gone by now.

    What it says of another folder, as that there is no room for temporary files, goes through.
    """
    try:
        yield
    except Exception as error:
        number = getattr(error, "errno", None)
        refusal = None if number is None else error if number in DISK_FULL and _is_there(error, root) else _refusal(root)
        if refusal is None:
            raise
        raise Unwritable(_why_unwritable(root, refusal)) from error


def _is_there(error: Any, root: Path) -> bool:
    """Whether it is a folder that has no room, by the file that the system names, or else by the room that there is."""
    if isinstance(name := getattr(error, "filename", None), str):
        return Path(name).absolute().is_relative_to(root.absolute())
    return error.errno != errno.ENOSPC or shutil.disk_usage(root).free < NEARLY_FULL_MB * 1e6


def _refusal(root: Path) -> OSError | None:
    """What the system says when a file is to be made in a folder; None where it can be."""
    try:
        with tempfile.TemporaryFile(prefix=PART, dir=root):
            return None
    except OSError as error:
        return error


def _why_unwritable(root: Path, error: Any) -> str:
    said = getattr(error, "strerror", None) or error
    what, remedy = (
        (f"no room for another clip in {root}", "make room")
        if error.errno in DISK_FULL
        else (f"{root} cannot be written to any more", "see to that")
    )
    return f"{what}: {said}. The clips there are complete: {remedy} and run the same command again, it makes only what is missing."


def folder_of(out: str) -> Path:
    """The folder of a data set, which is made where it is not there. Raises ValueError where it cannot be one."""
    root = Path(out).expanduser()
    if root.exists() and not root.is_dir():
        raise ValueError(f"out = {out!r} is not allowed: it is a file; give a folder")
    with _refusing(out):
        root.mkdir(parents=True, exist_ok=True)
        names = sorted(_names_in(root))
        if (refusal := _refusal(root)) is not None:
            raise refusal
    strangers = [name for name in names if not name.startswith((LOCK, PART))]
    if strangers and DATASET_JSON not in names:
        raise ValueError(f"out = {out!r} is not allowed: it holds {strangers[0]!r} and no data set; give a new or an empty folder")
    return root


@contextmanager
def _refusing(out: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise ValueError(f"out = {out!r} is not allowed: {error.strerror}; give a folder that can be written to") from error
