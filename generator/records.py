"""What is written of one clip, and read again: its annotation (strict JSON) and its trajectories (npz without pickle)."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cattrs
import numpy as np

from generator.description import SCHEMA_VERSION
from qa_templates.captions import Caption
from qa_templates.question import Question
from qa_templates.quota import Intent
from scenes.types import SceneSpec, Trajectories, Visibility


@dataclass(frozen=True)
class Twin:
    """The other clip of a pair, and the one factor in which the two differ."""

    key: str
    factor: str


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
    """Write an annotation file."""
    path.write_bytes(annotation_text(annotation))


def annotation_text(annotation: Mapping[str, Any]) -> bytes:
    """What an annotation file holds: strict JSON on one line."""
    return (json.dumps(annotation, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def load_spec(path: str | Path) -> SceneSpec:
    """The specification in an annotation file: `solve` and render it to get the same clip again."""
    return CONVERTER.structure(json.loads(Path(path).read_bytes())["spec"], SceneSpec)


def load_questions(path: str | Path) -> tuple[Question, ...]:
    """The questions in an annotation file, with their evidence."""
    return CONVERTER.structure(json.loads(Path(path).read_bytes())["questions"], tuple[Question, ...])


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
