"""Wrong answers written into real, rendered clips: the pixels alone find them, for every type of question that they can tell."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from generator.reader import ClipReader, DatasetReader
from generator.records import write_annotation
from generator.verify.from_pixels import PIXEL_RULES, forget
from generator.verify.from_pixels.film import Film
from generator.verify.ruling import Verdict, judge
from qa_templates.question import LETTERS, QUESTIONS

ROOT = Path(__file__).parent.parent
ASKED = {  # two templates of each type
    "Location-related Motion": ("travel_direction", "picture_thirds"),
    "Camera Motion": ("camera_move", "camera_sequence"),
    "Motion-related Objects": ("which_object_moves", "which_stays_still"),
    "Action Order": ("order_of_objects", "which_moves_first"),
    "Repetition Count": ("count_cycles", "camera_count"),
    "Motion Recognition": ("spin_direction", "avatar_turns"),
}
SMALL = ("seed=11", "render=draft", "width=320", "height=240", "workers=0", "qa.none_of_these=0")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    """A folder of data sets: small clips, one of each type in each, through the generator."""
    folder = tmp_path_factory.mktemp("planted")
    for number, templates in enumerate(zip(*ASKED.values(), strict=True)):
        asked = (f"num_videos={len(templates)}", f"qa.templates=[{','.join(templates)}]", *SMALL, f"out={folder / str(number)}")
        subprocess.run([sys.executable, "-m", "generator", *asked], cwd=ROOT, check=True, capture_output=True)
    return folder


@dataclass(frozen=True)
class Planted:
    """What the pixels say of a question with one letter on record after another."""

    right: str
    verdicts: tuple[Verdict, ...]

    @property
    def told(self) -> bool:
        """Whether the right letter is confirmed, and found wherever another is on record."""
        wanted = [("confirmed" if each.answer == self.right else "contradicted", self.right) for each in self.verdicts]
        return [(each.status, each.found) for each in self.verdicts] == wanted


def planted(root: Path, aside: Path, question_type: str) -> Iterator[Planted]:
    """The questions of a type, with each letter written into the annotation of a copy in turn."""
    shutil.copytree(root, aside)
    shutil.rmtree(aside / "trajectories")  # how anything moves is not to be had
    for clip in DatasetReader(root):
        for place, question in enumerate(clip.questions):
            if question.question_type == question_type:
                letters = LETTERS[: len(question.options)]
                yield Planted(question.answer, tuple(_judged(aside, clip.key, place, letter) for letter in letters))


def _judged(root: Path, key: str, place: int, letter: str) -> Verdict:
    path = root / "annotations" / f"{key}.json"
    annotation = json.loads(path.read_text())
    annotation["questions"][place]["answer"] = letter
    write_annotation(path, annotation)
    clip = ClipReader(root, key)
    forget()  # the video is looked at anew for each letter
    return judge(key, clip.questions[place], PIXEL_RULES, Film(clip))


@cache
def types_told() -> list[str]:
    return sorted({QUESTIONS[template].question_type for template in PIXEL_RULES})


def test_there_are_clips_for_every_type_that_pixels_can_tell():
    assert types_told() == sorted(ASKED)


@pytest.mark.parametrize("question_type", types_told())
def test_a_wrong_answer_is_found_from_the_pixels_alone(rendered, tmp_path, question_type):
    found = [each for root in sorted(rendered.iterdir()) for each in planted(root, tmp_path / root.name, question_type)]
    assert len(found) >= len(ASKED[question_type])
    assert any(each.told for each in found), found
    for verdict in (verdict for each in found for verdict in each.verdicts if verdict.answer != each.right):
        assert verdict.status != "confirmed", verdict
