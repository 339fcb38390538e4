"""Whether the files of one clip are there, are what was written, and agree with one another and with its specification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import av
import cattrs
import numpy as np

from conf.atomic import sha256_of
from generator.annotations import NoLayer, layer_path
from generator.certificate import CHECKSUMS
from generator.dataset import clip_key
from generator.description import SCHEMA_VERSION
from generator.index import CAPTIONS, META, caption_rows, meta_rows
from generator.layers import each_frame
from generator.occlusion import see
from generator.options import OcclusionOptions
from generator.reader import ClipReader
from generator.truth_pass import NoOpenGL
from generator.verify.files import ANEW, Finding, Listing
from generator.verify.layer_files import check_layer
from generator.verify.schema import ANNOTATION, FILE, departures
from qa_templates.ask import NONE_OF_THESE
from qa_templates.curriculum import curriculum_of
from qa_templates.question import LETTERS, QUESTIONS
from qa_templates.quota import turn
from scenes.solve import solve
from scenes.types import SceneSpec, Trajectories

ARRAYS = {
    "names": "object",
    "position_m": "object frame 3",
    "quaternion_wxyz": "object frame 4",
    "scale": "object frame",
    "extent_m": "object 3",
    "limb_names": "limb",
    "limb_position_m": "limb frame 3",
    "limb_quaternion_wxyz": "limb frame 4",
    "camera_position_m": "frame 3",
    "camera_quaternion_wxyz": "frame 4",
    "focal_length_mm": "frame",
    "sensor_width_mm": "",
    "fps": "",
    "width_px": "",
    "height_px": "",
    "visible_fraction": "object frame",
    "area_px": "object frame",
    "box_px": "object frame 4",
    "intrinsics_px": "frame 3 3",
    "world_to_camera": "frame 4 4",
}  # of a trajectory file, with their axes
NAN_ALLOWED = {"box_px"}  # of what cannot be seen there is no box
SOLVED_TO = 1e-5  # metres, and parts of a unit quaternion: other builds of numpy round differently
SEEN_TO = {"visible_fraction": 0.02, "area_px": 5.0, "box_px": 2.0}  # other builds of OpenGL draw edges differently;
SEEN_SHARE = 0.02  # of an area, besides
FPS_TO = 1e-3
TIME_TO_S = 2e-3  # the clock of a video counts in small steps
MOST = 3  # of the same kind of departure that are told
ONCE_MORE = "give the command that made the data set again: it makes what is missing"
AGAIN = f"delete annotations/{{key}}.json and {ONCE_MORE}"
INSTALL = "install the package that brings it"
ACCESS = "nothing is said of what it holds: see that it can be read, and verify again"
MACHINE = (NoOpenGL, MemoryError)  # faults that are none of the data set's


class Unsound(ValueError):
    """A file says something that what depends on it cannot be checked with; the message says what."""


def check_clip(clip: ClipReader, listing: Listing, description: Mapping[str, Any]) -> list[Finding]:
    """Everything about one clip that can be told without answering a question. Raises nothing on account of what it reads.

    Args:
        clip: where its files are.
        listing: what the files about the whole data set say of it.
        description: ``dataset.json``.
    """
    findings = _guarded(clip, "its annotation", AGAIN, lambda: _annotation(clip, description))
    readable = not findings
    findings += _guarded(clip, "its files", AGAIN, lambda: _sums(clip, listing, readable))
    if readable:
        findings += _guarded(clip, "its stage", AGAIN, lambda: _stage(clip, description))
        findings += _guarded(clip, "its rows", ANEW, lambda: _rows(clip, listing))
        findings += _guarded(clip, "its questions", AGAIN, lambda: _questions(clip))
        findings += _guarded(clip, "its questions", INSTALL, lambda: _registered(clip))
        scene = _guarded(clip, "its scene", AGAIN, lambda: _scene(clip, description))
        for name in () if scene else description["configuration"].get("annotations", ()):
            remedy = f"delete {layer_path(Path(), clip.key, name)} and {ONCE_MORE}"
            findings += _guarded(clip, f"its {name}", remedy, partial(check_layer, clip, name))
        findings += scene
        if renders(description):
            findings += _guarded(clip, "its video", AGAIN, lambda: _video(clip))
    return list({finding.what: finding for finding in findings}.values())


def renders(description: Mapping[str, Any]) -> bool:
    """Whether the clips of a data set have videos."""
    return bool(description["configuration"].get("render.engine") != "none")


def _guarded(clip: ClipReader, what: str, remedy: str, check: Callable[[], Iterable[str]]) -> list[Finding]:
    """What a check says, with its remedy; and where it stumbles over what it reads, that."""
    findings: list[Finding] = []
    remedy = remedy.format(key=clip.key)
    try:
        findings.extend(Finding(clip.key, problem, remedy) for problem in check())
    except MACHINE:
        raise
    except NoLayer as error:
        findings.append(Finding(clip.key, str(error), remedy))
    except OSError as error:
        lost = isinstance(error, FileNotFoundError)
        findings.append(Finding(clip.key, f"{what} cannot be read: {error}", remedy if lost else ACCESS))
    except Exception as error:  # files can be broken in more ways than can be listed; each is a finding
        alone = f"if --only {clip.key} --workers 0 says so again, {remedy}"
        findings.append(Finding(clip.key, f"{what} cannot be read: {type(error).__name__}: {error}", alone))
    return findings


def _annotation(clip: ClipReader, description: Mapping[str, Any]) -> Iterator[str]:
    path = f"annotations/{clip.key}.json"
    if not (clip.root / path).is_file():
        yield f"{path} is missing"
        return
    try:
        annotation = clip.annotation
    except ValueError as error:
        yield f"{path} is not JSON: {error}"
        return
    wrong = [f"{path}: {departure}" for departure in departures(annotation, ANNOTATION)]
    yield from wrong[:MOST]
    if wrong:
        return
    if annotation["schema_version"] != SCHEMA_VERSION:
        yield f"{path} has schema version {annotation['schema_version']} in a data set of {SCHEMA_VERSION}"
    for name in ("seed", "split"):
        if annotation[name] != description[name]:
            yield f"{path} has {name} {annotation[name]!r} in a data set of {description[name]!r}"
    if annotation["key"] != clip.key or clip_key(annotation["seed"], annotation["split"], annotation["index"]) != clip.key:
        yield f"{path} does not have the key that follows from its seed, split and index"


def _stage(clip: ClipReader, description: Mapping[str, Any]) -> Iterator[str]:
    """The stage of a curriculum that the annotation names is the one that falls to the clip."""
    annotation, told = clip.annotation, description["configuration"].get("curriculum")
    seed, split, index = (annotation[key] for key in ("seed", "split", "index"))
    twins = bool(description["configuration"].get("twins"))
    due = "" if told is None else turn(seed, split, index, curriculum_of(told), twins=twins).stage.name
    if annotation.get("stage", "") != due:
        yield f"annotations/{clip.key}.json names stage {annotation.get('stage', '')!r}, but {due!r} falls to clip {index}"


def _sums(clip: ClipReader, listing: Listing, readable: bool) -> Iterator[str]:
    """Every file of the clip against the sums in its annotation and those of the whole."""
    files = clip.annotation["files"] if readable else {}
    for name, file in files.items():
        if wrong := list(departures(file, FILE)):
            yield f"files.{name} of its annotation: {wrong[0]}"
        else:
            yield from _file(clip.root, name, file, listing)
    for path in listing.sums.keys() - {file.get("path") for file in files.values()}:
        if not (clip.root / path).is_file():
            yield f"{path} is missing"
        elif sha256_of(clip.root / path) != listing.sums[path]:
            yield f"{path} is not what was written: its SHA-256 is another than in {CHECKSUMS}"
    if f"annotations/{clip.key}.json" not in listing.sums:
        yield f"its annotation is not in {CHECKSUMS}"


def _file(root: Path, name: str, file: Mapping[str, Any], listing: Listing) -> Iterator[str]:
    path = root / file["path"]
    if not path.is_file():
        yield f"its {name} is missing: {file['path']}"
    elif path.stat().st_size != file["bytes"]:
        yield f"{file['path']} is not what was written: {path.stat().st_size} bytes of {file['bytes']}"
    elif sha256_of(path) != file["sha256"]:
        yield f"{file['path']} is not what was written: its SHA-256 is another than in its annotation"
    if listing.sums.get(file["path"]) != file["sha256"]:
        yield f"{CHECKSUMS} and the annotation differ on {file['path']}"


def _rows(clip: ClipReader, listing: Listing) -> Iterator[str]:
    """What is said of the clip in the files about the whole is what its annotation says."""
    annotation = clip.annotation
    expected = meta_rows(annotation)
    if not listing.rows:
        yield f"{META} has no row of it"
    elif list(listing.rows) != expected:
        yield f"its row in {META} is not what its annotation says: {_first_difference(list(listing.rows), expected)}"
    captions = caption_rows([annotation])
    if not listing.captions:
        yield f"{CAPTIONS} has no row of it"
    elif list(listing.captions) != captions:
        yield f"its row in {CAPTIONS} is not what its annotation says: {_first_difference(list(listing.captions), captions)}"


def _first_difference(got: Any, expected: Any, where: str = "") -> str:
    """As in ``[0].qa[0].answer is 'B', there 'A'``."""
    if isinstance(got, Mapping) and isinstance(expected, Mapping) and got.keys() == expected.keys():
        return next((_first_difference(got[key], expected[key], f"{where}.{key}") for key in got if got[key] != expected[key]), "")
    if isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
        pairs = enumerate(zip(got, expected, strict=True))
        return next((_first_difference(one, other, f"{where}[{place}]") for place, (one, other) in pairs if one != other), "")
    return f"{where.lstrip('.') or 'the whole'} is {got!r}, there {expected!r}"


def _questions(clip: ClipReader) -> Iterator[str]:
    questions = clip.annotation["questions"]
    if not questions:
        yield "nothing is asked of it"
    if len({question["uid"] for question in questions}) != len(questions):
        yield "two of its questions have the same uid"
    for question in questions:
        for problem in _question(question):
            yield f"question {question['uid']}: {problem}"


def _question(question: Mapping[str, Any]) -> Iterator[str]:
    options, asked = question["options"], question["asked"]
    lines = [question["text"], *(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))]
    if question["prompt"] != "\n".join(lines):
        yield "its prompt is not its text and its options"
    if len(options) != len(LETTERS) or len(set(options)) != len(options):
        yield f"its options are not four different ones: {options}"
    if question["answer"] != asked["letter"]:
        yield f"its answer is {question['answer']}, and {asked['letter']} was asked for"
    if question["template"] not in QUESTIONS:
        return
    template = QUESTIONS[question["template"]]()
    if template.question_type != question["question_type"]:
        yield f"{question['template']} is of type {template.question_type!r}, not {question['question_type']!r}"
    written = [template.option_text(key, asked["slots"]) for key in asked["options"]]
    if asked["none"] is not None:
        written[asked["none"]] = NONE_OF_THESE
    for letter, option, text in zip(LETTERS, options, written, strict=False):
        if option != text[:1].upper() + text[1:]:
            yield f"its option {letter} reads {option!r}, and its template writes {text!r}"


def _registered(clip: ClipReader) -> Iterator[str]:
    """Without its template a question cannot be checked, which is no fault of the data set."""
    for question in clip.annotation["questions"]:
        if question["template"] not in QUESTIONS:
            yield f"question {question['uid']}: its template {question['template']!r} is not registered here"


# What can be seen, and where things are


def _scene(clip: ClipReader, description: Mapping[str, Any]) -> Iterator[str]:
    """Specification, trajectories and visibility, each against the one before."""
    try:
        spec = clip.spec
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as error:
        yield f"its specification cannot be read: {error}"
        return
    yield from _specification(clip, spec)
    arrays = _arrays(clip)
    problems = list(_shapes(arrays, spec))
    yield from problems
    if not problems:
        yield from _solved(clip.paths, solve(spec))
        yield from _visibility(clip, spec, description, arrays)


def _specification(clip: ClipReader, spec: SceneSpec) -> Iterator[str]:
    info, timeline = clip.annotation["video_info"], spec.timeline
    size = {"width": spec.camera.width_px, "height": spec.camera.height_px}
    if spec.clip_id != clip.key:
        yield f"its specification is that of clip {spec.clip_id}"
    if abs(info["fps"] - timeline.fps) > FPS_TO:
        yield f"video_info.fps is {info['fps']:g}, its specification has {timeline.fps:g}"
    if abs(info["duration"] - timeline.duration_s) > 1e-5:
        yield f"video_info.duration is {info['duration']:g} s, its specification has {timeline.duration_s:g} s"
    if info["resolution"] != size:
        yield f"video_info.resolution is {info['resolution']}, its specification has {size}"


def _arrays(clip: ClipReader) -> dict[str, np.ndarray]:
    path = clip.root / "trajectories" / f"{clip.key}.npz"
    if not path.is_file():
        raise Unsound("its trajectories are missing")
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _shapes(arrays: Mapping[str, np.ndarray], spec: SceneSpec) -> Iterator[str]:
    """Every array there, of the right shape, finite, and of this scene."""
    missing = ARRAYS.keys() - arrays.keys()
    if missing:
        yield f"its trajectories lack {', '.join(sorted(missing))}"
        return
    sizes = {"object": len(spec.objects), "limb": len(arrays["limb_names"]), "frame": spec.timeline.num_frames, "3": 3, "4": 4}
    for name, axes in ARRAYS.items():
        expected = tuple(sizes[axis] for axis in axes.split())
        if arrays[name].shape != expected:
            yield f"its trajectories have {name} of shape {arrays[name].shape}: want {expected}, ({', '.join(axes.split())})"
        elif arrays[name].dtype.kind in "fc" and name not in NAN_ALLOWED and not np.isfinite(arrays[name]).all():
            yield f"its trajectories have {name} with values that are not finite"
    names = [item.name for item in spec.objects]
    if arrays["names"].tolist() != names:
        yield f"its trajectories are of {arrays['names'].tolist()}, its specification of {names}"


def _solved(paths: Trajectories, again: Trajectories) -> Iterator[str]:
    """The trajectories are those that the specification leads to."""
    for each in fields(Trajectories):
        one, other = np.asarray(getattr(paths, each.name)), np.asarray(getattr(again, each.name))
        if one.shape != other.shape:
            yield f"its trajectories have {each.name} of shape {one.shape}, its specification leads to {other.shape}"
        elif one.dtype.kind not in "fiu":
            if not np.array_equal(one, other):
                yield f"its trajectories have {each.name} {one.tolist()}, its specification leads to {other.tolist()}"
        elif one.size and not (off := np.abs(one - other)).max() <= SOLVED_TO * max(1.0, float(np.abs(other).max())):  # NaN is off, too
            yield f"its trajectories are not those of its specification: {each.name} is up to {off.max():.3g} off{_where(paths, off)}"


def _where(paths: Trajectories, off: np.ndarray) -> str:
    """As in ", of the red ball in frame 12"."""
    place = np.unravel_index(int(off.argmax()), off.shape)
    rows = {len(paths.names): paths.names, len(paths.limb_names): tuple(map(str, paths.limb_names))}
    if off.ndim >= 2 and off.shape[1] == paths.num_frames and off.shape[0] in rows:
        return f", of the {rows[off.shape[0]][place[0]]} in frame {place[1]}"
    return f", in frame {place[0]}" if off.ndim and off.shape[0] == paths.num_frames else ""


def _visibility(clip: ClipReader, spec: SceneSpec, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Iterator[str]:
    """What is said to be visible is: in the annotation at the frames that the occlusion check looked at, in the trajectory file at all."""
    told, configuration = clip.annotation["visibility"], description["configuration"]
    keys = ("silhouette_px", "every")
    options = OcclusionOptions(**{key: configuration[f"occlusion.{key}"] for key in keys if f"occlusion.{key}" in configuration})
    seen = see(spec, clip.paths, options)
    if told["names"] != list(seen.names) or told["frames"] != seen.frames.tolist():
        yield "its visibility is not of the objects and frames of its specification"
        return
    checked = {name: np.array(told[name], float) for name in ("visible_fraction", "area_px", "box_px")}
    yield from _same(checked, {name: getattr(seen, name) for name in checked}, seen.names, seen.frames, "its visibility")
    frames = np.arange(clip.paths.num_frames)
    again = each_frame(spec, clip.paths, seen)
    yield from _same(arrays, again, seen.names, frames, "its trajectory file")


def _same(
    got: Mapping[str, np.ndarray], made: Mapping[str, np.ndarray], names: Sequence[str], frames: np.ndarray, where: str
) -> Iterator[str]:
    """Each array is what is measured again, as nearly as it is stored."""
    for name, expected in made.items():
        if got[name].shape != expected.shape:
            yield f"{where} has {name} of shape {got[name].shape}: want {expected.shape}"
            continue
        rounding = SEEN_TO[name] if name in SEEN_TO else SOLVED_TO * max(1.0, float(np.abs(expected).max()))
        bound = rounding + SEEN_SHARE * np.nan_to_num(np.abs(expected)) * (name == "area_px")
        off = ~((np.abs(got[name] - expected) <= bound) | (np.isnan(got[name]) & np.isnan(expected)))
        if off.any():
            place = np.unravel_index(int(off.argmax()), off.shape)
            whose = (
                f"{name} of the {names[int(place[0])]} in frame {frames[place[1]]}" if name in SEEN_TO else f"{name} in frame {place[0]}"
            )
            yield f"{where} is not what its scene shows: {whose} is {got[name][place]:.4g}, measured again {expected[place]:.4g}"


# The video


def _video(clip: ClipReader) -> Iterator[str]:
    """The video plays to its end, with the frames, rate and size that the specification has."""
    path, spec = f"videos/{clip.key}.mp4", clip.spec
    if not clip.has_video:
        yield f"{path} is missing"
        return
    times_s: list[float] = []
    corrupt: list[int] = []
    try:
        with av.open(str(clip.video)) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            size, fps = (stream.width, stream.height), float(stream.average_rate or 0)
            for number, frame in enumerate(container.decode(stream)):
                times_s.append(float(frame.time if frame.time is not None else np.nan))
                corrupt.extend([number] if frame.is_corrupt else [])
    except (av.FFmpegError, IndexError, OSError) as error:
        after = f" after frame {len(times_s) - 1} of {spec.timeline.num_frames}" if times_s else ""
        yield f"{path} does not play to its end: {error}{after}"
        return
    if corrupt:
        yield f"{path} is damaged: frame {corrupt[0]} is not whole"
    if size != (spec.camera.width_px, spec.camera.height_px):
        yield f"{path} is {size[0]}×{size[1]}, its specification has {spec.camera.width_px}×{spec.camera.height_px}"
    if len(times_s) != spec.timeline.num_frames:
        yield f"{path} has {len(times_s)} frames, its specification {spec.timeline.num_frames}"
    yield from _rate(path, fps, np.array(times_s), spec.timeline.fps)


def _rate(path: str, fps: float, times_s: np.ndarray, expected: float) -> Iterator[str]:
    if abs(fps - expected) > FPS_TO * expected:
        yield f"{path} runs at {fps:g} frames per second, its specification has {expected:g}"
    elif len(times_s) and not np.all(np.abs(times_s - np.arange(len(times_s)) / expected) < TIME_TO_S):
        frame = int(np.argmax(~(np.abs(times_s - np.arange(len(times_s)) / expected) < TIME_TO_S)))
        yield f"{path} does not run at a constant rate: frame {frame} is shown at {times_s[frame]:.3f} s"
