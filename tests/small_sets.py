"""Small data sets, of labels alone or with tiny pictures: how they are asked for and made, what is in them, and how they are spoilt."""

from __future__ import annotations

import hashlib
import io
import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from generator import farm
from generator.__main__ import LINE
from generator.dataset import RUNS, Dataset
from generator.options import FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions
from generator.verify.__main__ import verify
from qa_templates.question import QuestionOptions
from scenes.script import SceneOptions

LABELS = GenerateOptions(
    num_videos=8,
    scene=SceneOptions(fps=8.0),
    occlusion=OcclusionOptions(every=8),
    render=RenderOptions(engine="none"),
    farm=FarmOptions(workers=0, min_free_mb=0),
)
LABEL_KEYS = ("render=none", "fps=8", "occlusion.every=8", "farm.min_free_mb=0")  # that say so
PICTURES = replace(
    LABELS,
    num_videos=4,
    scene=SceneOptions(width=64, height=64, fps=8.0, duration=(3.0, 4.0)),
    occlusion=OcclusionOptions(min_area_px=10.0, every=8),
    qa=QuestionOptions(templates=("recognise_motion",)),
    render=RenderOptions(supersampling=1.0, shadows=False),
    farm=FarmOptions(workers=1, min_free_mb=0),
)


def with_workers(workers: int, options: GenerateOptions = LABELS) -> GenerateOptions:
    """The same, made by so many."""
    return replace(options, farm=replace(options.farm, workers=workers))


def told_by(words: str) -> GenerateOptions:
    """The options of the generator's command that some words end with."""
    before, command, keys = words.partition("python -m generator ")
    assert command, before
    return LINE.composed(*shlex.split(keys))


def generate(folder: Path, options: GenerateOptions, order: int = 1) -> dict[str, str]:
    """Make what is missing, publish, and return the hash of every file."""
    with Dataset.open(replace(options, out=str(folder))) as dataset:
        reports = list(farm.run(dataset.missing(options.indices)[::order], options, dataset))
        assert {report.status for report in reports} <= {"written"}, [report.message for report in reports]
        dataset.publish()
    return hashes(folder)


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 by path of what follows from the options alone: all but the locks, and what is told of the runs."""
    files = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    told = {name: path for name, path in files.items() if name.parts[0] != RUNS and not name.name.startswith(".lock")}
    return {str(name): hashlib.sha256(path.read_bytes()).hexdigest() for name, path in told.items()}


def damaged(dataset: Dataset, indices: Iterable[int], check: str) -> dict[int, str]:
    """Those of the finished clips that are not as they were made, each with the reason."""
    return {index: reason for index, reason in dataset.examined(indices, check) if reason}


def require_sound(folder: Path) -> None:
    """Every file is accounted for, every finished clip is as it was written and can be proved, and nothing unfinished lies about."""
    assert damaged(Dataset.of(folder), range(99), "sums") == {}
    assert verify(folder, pixels=False, workers=0, only=None, console=Console(file=io.StringIO())).section["findings"] == []
    assert not list(folder.rglob(".part-*"))


def falsify(dataset: Dataset, index: int) -> None:
    """Change a finished clip's annotation, which stays one."""
    path = dataset.files(index).annotation
    path.write_text(path.read_text().replace('"attempt":', '"attempt":1', 1))


def flip(path: Path) -> None:
    """Change one byte of a file, in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
