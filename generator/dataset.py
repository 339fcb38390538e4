"""The data set on disk: layout, one atomic commit per clip, resume, and the files made out of all clips.

A clip counts as made when its annotation is there: it is moved into place last. Files that hold labels carry no clock,
host, path or worker, so that the same configuration always ends in the same bytes.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib.metadata
import io
import json
import logging
import math
import os
import platform
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any

import cattrs
import numpy as np

from generator import certificate
from generator.annotations import LAYERS, SUFFIXES, layer_path
from generator.atomic import PART, alone, checksum_lines, flush, sha256_of, write_atomically
from generator.certificate import CHECKSUMS
from generator.options import CURRICULUM, GenerateOptions, content, flatten, reproduce
from qa_templates.captions import Caption
from qa_templates.curriculum import curriculum_of, written
from qa_templates.question import Question
from qa_templates.quota import Intent
from scenes.types import SceneSpec, Trajectories, Visibility

log = logging.getLogger(__name__)

SCHEMA_VERSION = 3
KEY_VERSION = 2  # of what a key follows from: another one names every clip anew
META = "video_info.meta.jsonl"
PAIRS = "pairs.jsonl"
CAPTIONS = "captions.jsonl"
LOCK = ".lock"
RUNS = "runs"  # folder of what is told of the runs that made a data set
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PACKAGES = ("motionfoundry", "numpy", "scipy", "trimesh")
VIDEO_PACKAGES = ("bpy", "av")


class DiskFull(RuntimeError):
    """There is no room for another clip. What is there is whole, and the same command goes on from it."""


class Busy(ValueError):
    """Another run is writing to the same folder."""


class ConfigurationChanged(ValueError):
    """The folder holds a data set that was made with other options."""


def clip_key(seed: int, split: str, index: int) -> str:
    """The 32 hex digits that name a clip, whatever the size of its data set and whoever makes it."""
    return hashlib.blake2b(f"{KEY_VERSION}/{seed}/{split}/{index}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Twin:
    """The other clip of a pair, and the one factor in which the two differ."""

    key: str
    factor: str


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
            DiskFull: not even the configuration fits.
        """
        with disk_full_named(Path(options.out)):
            root = _folder(options.out)
        dataset = cls(root, options.seed, options.split, options.renders, options.farm.min_free_mb, options.annotations)
        with disk_full_named(root), _locked(root, options.shard != GenerateOptions.shard, dataset.sweep):
            _settle(root / "dataset.json", options)
            for name in ("annotations", "trajectories", *(["videos"] if options.renders else []), *options.annotations):
                (root / name).mkdir(exist_ok=True)
            yield dataset

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
        folders = ("annotations", "trajectories", "videos", *self.layers)
        present = {path.relative_to(self.root) for name in folders for path in (self.root / name).glob("*.*")}
        return [index for index in indices if not all(path.relative_to(self.root) in present for path in self._needed(index))]

    def missing_layers(self, index: int) -> tuple[str, ...]:
        """The layers of a clip that are not on disk, where all else of it is; none where it has to be made anew."""
        place = self.files(index)
        rest = [path for path in self._needed(index) if path not in place.layers.values()]
        return tuple(name for name, path in place.layers.items() if not path.exists()) if all(path.exists() for path in rest) else ()

    def _needed(self, index: int) -> list[Path]:
        place = self.files(index)
        return [place.annotation, *(place.of(name) for name in self.held)]

    @contextmanager
    def part(self, index: int) -> Iterator[ClipFiles]:
        """A private folder in which one clip is made. It is gone afterwards, with whatever was not committed.

        Raises:
            DiskFull: less than ``min_free_mb`` is left.
        """
        with disk_full_named(self.root):
            free_mb = shutil.disk_usage(self.root).free / 1e6
            if free_mb < self.min_free_mb:
                raise OSError(errno.ENOSPC, f"{free_mb:.0f} MB are free, and farm.min_free_mb asks for {self.min_free_mb}")
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
        for path in made.values():
            flush(path)
        place.annotation.unlink(missing_ok=True)  # a clip that is being replaced is never half old and half new
        for name, path in made.items():
            os.replace(path, place.of(name))
        os.replace(part.annotation, place.annotation)

    def commit_layers(self, index: int, part: ClipFiles, names: Iterable[str]) -> None:
        """Move layers that a finished clip lacked into place; its annotation, which lists its files, first: until they are there, they
        are missing.
        """
        place, annotation = self.files(index), _read(self.files(index).annotation)
        made = {name: part.layers[name] for name in names}
        listed = {**annotation["files"], **{name: self._sum(path, place.of(name)) for name, path in made.items()}}
        self._describe(part, annotation, {name: listed[name] for name in self.held})
        for path in made.values():
            flush(path)
        os.replace(part.annotation, place.annotation)
        for name, path in made.items():
            os.replace(path, place.of(name))

    def _describe(self, part: ClipFiles, annotation: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        write_annotation(part.annotation, {**annotation, "files": files})
        flush(part.annotation)

    @property
    def held(self) -> tuple[str, ...]:
        """What a clip consists of besides its annotation: names of `ClipFiles`."""
        return (*(("video",) if self.renders else ()), "trajectories", *self.layers)

    def _sum(self, made: Path, place: Path) -> dict[str, Any]:
        """What the annotation says of a file, which will be at ``place``."""
        return {"path": place.relative_to(self.root).as_posix(), "bytes": made.stat().st_size, "sha256": sha256_of(made)}

    def unfinished(self, indices: Iterable[int]) -> list[int]:
        """Those of the clips that someone is making, or was making when it died."""
        parts = {path.name.removeprefix(PART)[:32] for path in self.root.glob(f"{PART}*")}
        return [index for index in indices if self.key(index) in parts]

    def sweep(self, indices: Iterable[int] | None = None) -> None:
        """Remove what a killed run left behind (of some clips, or of all). Only for one who knows that no one works on them."""
        keys = None if indices is None else {self.key(index) for index in indices}
        for path in self.root.glob(f"{PART}*"):
            if keys is None or path.name.removeprefix(PART)[:32] in keys:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    # What is said of a run lies apart: it names machines and times, which the data do not.

    def quarantine(self, index: int, options: GenerateOptions, failures: Sequence[str], words: str) -> str:
        """Write down that a clip was given up, and why; returns that in a sentence, with the command that makes it alone."""
        key, again = self.key(index), reproduce(options, index)
        place = self._quarantined(index)
        place.parent.mkdir(parents=True, exist_ok=True)
        told = {"index": index, "key": key, "failures": list(failures), "words": words, "reproduce": again}
        write_atomically(place, json.dumps(told, indent=1) + "\n")
        return f"clip {index} ({key}) is quarantined after {len(failures)} failures, the last: {failures[-1]}. Do it again with: {again}"

    def quarantined(self, indices: Iterable[int]) -> list[int]:
        """Those of the clips that an earlier run gave up."""
        return [index for index in indices if self._quarantined(index).is_file()]

    def release(self, indices: Iterable[int]) -> None:
        """Take clips out of quarantine."""
        for index in indices:
            self._quarantined(index).unlink(missing_ok=True)

    def _quarantined(self, index: int) -> Path:
        return self.root / RUNS / "quarantine" / f"{self.key(index)}.json"

    def publish(self) -> int:
        """Write the meta file, the checksums and the card out of the annotations on disk. Returns the number of clips.

        Shards that end together publish one after the other, so that the last to do so has seen the clips of all.
        """
        with disk_full_named(self.root), alone(self.root):
            annotations = sorted((_summary(path) for path in (self.root / "annotations").glob("*.json")), key=lambda each: each["index"])
            rows = [row for each in annotations for row in meta_rows(each)]
            write_atomically(self.root / META, _json_lines(rows))
            write_atomically(self.root / CAPTIONS, _json_lines(caption_rows(annotations)))
            if pairs := pair_rows(annotations):
                write_atomically(self.root / PAIRS, _json_lines(pairs))
            write_atomically(self.root / CHECKSUMS, checksum_lines(self._sums(annotations)))
            write_atomically(self.root / "README.md", _card(self, annotations, rows))
        return len(annotations)

    def _sums(self, annotations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """SHA-256 by path of all that a clip or the whole is made of; large files were summed when they were made."""
        whole = [path for name in ("dataset.json", CURRICULUM, META, CAPTIONS, PAIRS) if (path := self.root / name).is_file()]
        read = [*whole, *(self.annotation(each["key"]) for each in annotations)]
        sums = {path.relative_to(self.root).as_posix(): sha256_of(path) for path in read}
        return sums | {file["path"]: file["sha256"] for each in annotations for file in each["files"].values()}


# Records and their JSON

CONVERTER = cattrs.Converter(detailed_validation=False)
CONVERTER.register_unstructure_hook_func(lambda kind: isinstance(kind, type) and issubclass(kind, np.generic), lambda value: value.item())
CONVERTER.register_structure_hook(Any, lambda value, _: _tuples(value))
CONVERTER.register_structure_hook_func(
    lambda kind: kind == Mapping[str, Any], lambda value, _: {key: _tuples(each) for key, each in value.items()}
)


def _tuples(value: Any) -> Any:
    """Parameters are immutable: what JSON gives back as lists was tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value


def annotate(
    intent: Intent,
    spec: SceneSpec,
    seen: Visibility,
    questions: tuple[Question, ...],
    caption: Caption,
    attempt: int,
    twin: Twin | None = None,
    of_stage: str = "",
) -> dict[str, Any]:
    """The annotation of a clip, ready for JSON. The specification is exact, measurements are rounded.

    Args:
        of_stage: name of the stage of a curriculum that the clip is made for; "" without one: then the annotation says nothing of it.
    """
    camera, timeline = spec.camera, spec.timeline
    return {
        "schema_version": SCHEMA_VERSION,
        "key": spec.clip_id,
        "index": spec.index,
        "split": spec.split,
        "seed": spec.seed,
        "attempt": attempt,
        **({"stage": of_stage} if of_stage else {}),
        "twin": None if twin is None else {"key": twin.key, "factor": twin.factor},
        "video_info": {
            "duration": round(timeline.duration_s, 6),
            "fps": float(timeline.fps),
            "resolution": {"width": camera.width_px, "height": camera.height_px},
        },
        "intent": CONVERTER.unstructure(intent),
        "questions": [{"prompt": each.prompt, **rounded(CONVERTER.unstructure(each), 6)} for each in questions],
        "caption": {"text": caption.text, **CONVERTER.unstructure(caption)},
        "spec": CONVERTER.unstructure(spec),
        "visibility": {
            "names": list(seen.names),
            "frames": seen.frames.tolist(),
            "visible_fraction": rounded(seen.visible_fraction.tolist(), 4),
            "area_px": rounded(seen.area_px.tolist(), 1),
            "box_px": rounded(seen.box_px.tolist(), 1),
        },
    }


def rounded(value: Any, digits: int) -> Any:
    """A JSON value with its floats rounded; what is not finite becomes null."""
    if isinstance(value, Mapping):
        return {key: rounded(each, digits) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each, digits) for each in value]
    if isinstance(value, (float, np.floating)):
        return round(float(value), digits) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def write_annotation(path: Path, annotation: Mapping[str, Any]) -> None:
    """Strict JSON on one line."""
    path.write_text(json.dumps(annotation, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n", encoding="utf-8")


def load_spec(path: str | Path) -> SceneSpec:
    """The specification in an annotation file: `solve` and render it to get the same clip again."""
    return CONVERTER.structure(_read(Path(path))["spec"], SceneSpec)


def load_questions(path: str | Path) -> tuple[Question, ...]:
    """The questions in an annotation file, with their evidence."""
    return CONVERTER.structure(_read(Path(path))["questions"], tuple[Question, ...])


def write_trajectories(path: Path, paths: Trajectories, beside: Mapping[str, np.ndarray] | None = None) -> None:
    """Arrays under the names of their fields; numpy dates the members 1980, so that the bytes depend on the values alone.

    Args:
        beside: further arrays, under other names.
    """
    archive = io.BytesIO()  # on a full disk, the archive of a file complains once more when it is collected
    arrays = {each.name: np.asarray(getattr(paths, each.name)) for each in fields(paths)}
    np.savez_compressed(archive, **arrays, **(beside or {}))
    path.write_bytes(archive.getvalue())


def load_trajectories(path: str | Path) -> Trajectories:
    """The trajectories in an npz file."""
    with np.load(path, allow_pickle=False) as arrays:
        values = {each.name: arrays[each.name] for each in fields(Trajectories)}
    scalars = {name: value.item() for name, value in values.items() if value.ndim == 0}
    return Trajectories(**{**values, **scalars, "names": tuple(values["names"].tolist())})


def meta_rows(annotation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """MotionBench's rows of one clip: one for each type of question asked of it."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for question in annotation["questions"]:
        entry = {"uid": question["uid"], "start": None, "end": None, "answer": question["answer"], "question": question["prompt"]}
        by_type.setdefault(question["question_type"], []).append(entry)
    return [
        {
            "question_type": question_type,
            "video_type": "Virtual",
            "key": annotation["key"],
            "qa": entries,
            "video_path": f"{annotation['key']}.mp4",
            "video_info": annotation["video_info"],
        }
        for question_type, entries in by_type.items()
    ]


def caption_rows(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each clip: its dense caption, with the time-stamped lines apart."""
    return [
        {
            "key": each["key"],
            "video_path": f"{each['key']}.mp4",
            "duration": each["video_info"]["duration"],
            "caption": each["caption"]["text"],
            "remarks": each["caption"]["remarks"],
        }
        for each in annotations
    ]


def words_per_second(annotations: Iterable[Mapping[str, Any]]) -> float:
    """How dense the captions of a data set are; 12.6 in MotionBench's (arXiv 2501.02955)."""
    told = [(len(each["caption"]["text"].split()), each["video_info"]["duration"]) for each in annotations]
    return sum(words for words, _ in told) / max(sum(seconds for _, seconds in told), 1e-9)


def pair_rows(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each pair of twins of which both are there: the clips, and the questions that both must get right to score."""
    by_key = {each["key"]: each for each in annotations}
    rows = []
    for first in by_key.values():
        second = by_key.get(first["twin"]["key"]) if first["twin"] else None
        if second is not None and first["index"] < second["index"]:
            both = (first, second)
            uids = [each["questions"][0]["uid"] for each in both]
            rows.append({"factor": first["twin"]["factor"], "keys": [each["key"] for each in both], "uids": uids})
    return rows


# Files


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@contextmanager
def disk_full_named(root: Path) -> Iterator[None]:
    """Turn the ways in which a system says that there is no room into DiskFull."""
    try:
        yield
    except Exception as error:
        if getattr(error, "errno", None) not in DISK_FULL:
            raise
        reason = f"no room for another clip in {root}: {getattr(error, 'strerror', error)}"
        raise DiskFull(
            f"{reason}. The clips there are complete: make room and run the same command again, it makes only what is missing."
        ) from error


def _folder(out: str) -> Path:
    root = Path(out).expanduser()
    if root.exists() and not root.is_dir():
        raise ValueError(f"out = {out!r} is not allowed: it is a file; give a folder")
    with _refusing(out):
        root.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name for path in root.iterdir())
    strangers = [name for name in names if name != LOCK and not name.startswith(PART)]
    if strangers and "dataset.json" not in names:
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


@contextmanager
def _locked(root: Path, shared: bool, when_alone: Callable[[], None]) -> Iterator[None]:
    """Hold the folder for a run, alone or with other shards. A killed run's lock is gone with it."""
    with _refusing(str(root)):
        stream = (root / LOCK).open("a")
    with stream:
        alone = _try_lock(stream, fcntl.LOCK_EX)
        if alone:
            when_alone()
        if not (_wait_for_share(stream) if shared else alone):
            raise Busy(f"another run is writing to {root}: wait for it to end, or give another out=")
        yield


def _try_lock(stream: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for_share(stream: IO[str]) -> bool:
    """Another shard that has just begun holds the folder alone for a moment, to tidy it."""
    for _ in range(50):
        if _try_lock(stream, fcntl.LOCK_SH):
            return True
        time.sleep(0.1)
    return False


def _settle(path: Path, options: GenerateOptions) -> None:
    """Write down the configuration, or make sure that it is the one written down."""
    if not path.exists():
        write_atomically(path, json.dumps(_description(options), indent=2) + "\n")
    stored = _read(path)
    if stored["schema_version"] != SCHEMA_VERSION:
        got = stored["schema_version"]
        raise ConfigurationChanged(
            f"{path.parent} has schema version {got}, this program writes {SCHEMA_VERSION}: give another out=, or delete it"
        )
    old, new = stored["configuration"], json.loads(json.dumps(content(options)))
    if set(old.get("annotations", ())) < set(new["annotations"]) and {**old, "annotations": new["annotations"]} == new:
        write_atomically(path, json.dumps({**stored, "configuration": new}, indent=2) + "\n")  # layers can be added
        old = new
    if changes := _changes(old, new):
        remedy = "Give another out=, or the old values, or delete the folder to begin anew."
        raise ConfigurationChanged(f"{path.parent} was made with other options (old -> new): {'; '.join(changes)}. {remedy}")
    if options.curriculum is not None:
        _write_curriculum(path.with_name(CURRICULUM), written(options.curriculum))
    for name, version in _versions(options).items():
        if stored["versions"].get(name, version) != version:
            log.warning("%s was begun with %s %s, this is %s: new clips may differ", path.parent, name, stored["versions"][name], version)


def _write_curriculum(path: Path, text: str) -> None:
    """The copy that commands name; shards that begin together need not all write it."""
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
        write_atomically(path, text)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Where two configurations differ; curricula of the same stages, key by key."""
    old, new = _flat(old), _flat(new)
    if old["curriculum"] != new["curriculum"]:
        old, new = ({key: value for key, value in each.items() if not key.startswith("curriculum.")} for each in (old, new))
    return [_change(key, old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)]


def _flat(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with its curriculum as flat keys, and the names of its stages as one of them."""
    stages = {each["name"]: each for each in configuration.get("curriculum", {"stages": []})["stages"]}
    return {**configuration, "curriculum": list(stages), **flatten(stages, "curriculum.")}


def _change(key: str, old: Any, new: Any) -> str:
    """As in "seed 0 -> 5"; of two lists of names, those that one alone holds."""
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(name, str) for name in old + new) and set(old) != set(new):
        old, new = [name for name in old if name not in new], [name for name in new if name not in old]
    return f"{key} {old!r} -> {new!r}"


def _description(options: GenerateOptions) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": "MotionFoundry",
        "seed": options.seed,
        "split": options.split,
        "configuration": content(options),
        "versions": _versions(options),
    }


def _versions(options: GenerateOptions) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in (*PACKAGES, *(VIDEO_PACKAGES if options.renders else ())):
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _summary(path: Path) -> dict[str, Any]:
    annotation = _read(path)
    kept = {key: annotation[key] for key in ("index", "key", "video_info", "questions", "caption", "twin", "files")}
    return {**kept, "stage": annotation.get("stage", "")}


CARD = """---
pretty_name: MotionFoundry {split}, seed {seed}
task_categories:
- visual-question-answering
- video-classification
language:
- en
tags:
- video
- motion
- synthetic
- motionbench
configs:
- config_name: default
  data_files: {meta}
---
# MotionFoundry {split}, seed {seed}

{clips} synthetic clips of moving things and moving cameras, with {questions} multiple-choice questions: what moves, how, where to,
in which order and how often. Every answer was staged, then measured again from the exact trajectories.

| question type | questions |
|---|---|
{types}

Right letters: {letters}. The captions hold {density:.1f} words per second of video.

{stages}{certificate}
| in | there is |
|---|---|
| `{meta}` | one JSON row for each clip and question type, in MotionBench's schema (arXiv 2501.02955) |
| `{captions}` | one JSON row for each clip: its dense caption, and the same line by line with times |
| `videos/<key>.mp4` | {videos} |
| `annotations/<key>.json` | the specification (it re-renders the clip), what is visible when, questions with their evidence |
| `trajectories/<key>.npz` | at every frame: pose, scale, box, visible fraction of each object; pose, focal length, matrices of the camera |
{layers}| `dataset.json` | schema version, configuration, seed, versions |
{curriculum}
Units are SI; the world is right-handed with z up; cameras look along -z; quaternions are wxyz; pixels count from the upper left corner.
`world_to_camera`, `intrinsics_px` and the layers use OpenCV's camera coordinates instead: x right, y down, z forward.

```python
import json, numpy

rows = [json.loads(line) for line in open("{meta}")]
annotation = json.load(open(f"annotations/{{rows[0]['key']}}.json"))
trajectories = numpy.load(f"trajectories/{{rows[0]['key']}}.npz")  # no pickle
```
"""


def _card(dataset: Dataset, annotations: list[dict[str, Any]], rows: list[dict[str, Any]]) -> str:
    types: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    for row in rows:
        types[row["question_type"]] += len(row["qa"])
        letters.update(entry["answer"] for entry in row["qa"])
    return CARD.format(
        split=dataset.split,
        seed=dataset.seed,
        meta=META,
        captions=CAPTIONS,
        density=words_per_second(annotations),
        clips=len(annotations),
        questions=types.total(),
        types="\n".join(f"| {name} | {types[name]} |" for name in sorted(types)),
        letters=", ".join(f"{letter} {letters[letter]}" for letter in sorted(letters)),
        certificate=certificate.card_section(dataset.root),
        layers="".join(f"| `{name}/<key>{SUFFIXES[name]}` | {LAYERS[name]} |\n" for name in dataset.layers),
        videos="H.264, yuv420p, constant frame rate" if dataset.renders else "nothing: made with `render=none`, labels alone",
        **_card_of_curriculum(dataset, annotations),
    )


def _card_of_curriculum(dataset: Dataset, annotations: list[dict[str, Any]]) -> dict[str, str]:
    told = _read(dataset.root / "dataset.json")["configuration"].get("curriculum")
    if told is None:
        return {"stages": "", "curriculum": ""}
    shares, clips = curriculum_of(told).shares, Counter(each["stage"] for each in annotations)
    rows = "".join(f"| {name.replace('|', '∣')} | {share:.1%} | {clips[name]} |\n" for name, share in shares.items())
    table = "Clips were made for the stages of a curriculum, which each annotation names.\n\n| stage | share | clips |\n|---|---|---|\n"
    return {
        "stages": f"{table}{rows}\n",
        "curriculum": f"| `{CURRICULUM}` | the curriculum: how hard the clips of each stage are, and what is asked |\n",
    }
