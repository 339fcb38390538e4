"""Questions and frames off the disk, as the model reads them: ours, and MotionBench's own layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.video import write_video
from model.dataset import BadClip, BadDataset, FrameReader, Item, parse_prompt, read_items, split

PROMPT = "Which way does the cube move?\nA. To the left\nB. To the right\nC. Towards the camera"


def row(key: str = "0" * 32, answer: str = "B", prompt: str = PROMPT, uid: str = "u1") -> dict[str, object]:
    entry = {"uid": uid, "start": None, "end": None, "answer": answer, "question": prompt}
    return {"question_type": "Location-related Motion", "key": key, "qa": [entry], "video_path": f"{key}.mp4", "video_info": {"fps": 24.0}}


def write(root: Path, *rows: dict[str, object]) -> Path:
    (root / "video_info.meta.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return root


def annotate(root: Path, key: str, template: str, twin: str | None = None) -> None:
    (root / "annotations").mkdir(exist_ok=True)
    content = {"questions": [{"uid": "u1", "template": template}], "twin": twin and {"key": twin, "factor": "direction"}}
    (root / "annotations" / f"{key}.json").write_text(json.dumps(content), encoding="utf-8")


def grey_ramp(path: Path, num_frames: int = 40) -> Path:
    """A film whose brightness tells the number of the frame."""
    frames = (np.full((32, 48, 3), 40 + 4 * number, np.uint8) for number in range(num_frames))
    write_video(path, frames, 24, 0, "ultrafast")
    return path


def test_a_row_of_motionbench_is_enough(tmp_path: Path) -> None:
    (item,) = read_items(write(tmp_path, row()))
    assert (item.text, item.options[1], item.answer, item.template) == ("Which way does the cube move?", "To the right", "B", "")
    assert item.prompt == PROMPT


def test_hidden_answers_are_kept_apart(tmp_path: Path) -> None:
    known, hidden = read_items(write(tmp_path, row(), row("1" * 32, answer="NA", uid="u2")))
    assert known.has_answer and not hidden.has_answer


def test_annotations_name_templates_and_keep_twins_together(tmp_path: Path) -> None:
    one, other = "0" * 32, "1" * 32
    annotate(tmp_path, one, "travel_direction", other)
    annotate(tmp_path, other, "travel_direction", one)
    first, second = read_items(write(tmp_path, row(one), row(other)))
    assert first.template == "travel_direction"
    assert first.scene == second.scene


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row(prompt="What?\nA. One")], "fewer than two options"),
        ([row(answer="D")], "has the answer 'D' and 3 options"),
        ([{"key": "0"}], "line 1"),
        ([], "no questions"),
    ],
)
def test_damaged_rows_are_named(tmp_path: Path, rows: list[dict[str, object]], told: str) -> None:
    with pytest.raises(BadDataset, match=told):
        read_items(write(tmp_path, *rows))


def test_a_folder_without_a_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="holds no data set"):
        read_items(tmp_path)


@given(st.lists(st.from_regex(r"[a-z][a-z .]{0,20}[a-z]", fullmatch=True), min_size=2, max_size=4))
def test_prompts_come_apart_as_they_were_put_together(options: list[str]) -> None:
    item = Item("u", "k", "Camera Motion", "", "What happens?", tuple(options), "A", "k", Path("k.mp4"))
    assert parse_prompt(item.prompt) == (item.text, item.options)


@given(st.integers(0, 9), st.floats(0.1, 0.9))
def test_where_a_scene_goes_depends_on_its_name_and_the_seed_alone(seed: int, share: float) -> None:
    items = [Item(f"u{n}", f"k{n}", "", "", "", (), "A", f"scene{n // 2}", Path("k.mp4")) for n in range(200)]
    train, held = split(items, share, seed)
    assert {item.scene for item in train}.isdisjoint(item.scene for item in held)
    assert abs(len(held) / len(items) - share) < 0.2
    few_held = {item.scene for item in split(items[:100], share, seed)[1]}
    assert few_held == {item.scene for item in held} & {item.scene for item in items[:100]}


def test_frames_are_taken_at_even_distances_and_cached(tmp_path: Path) -> None:
    video = grey_ramp(tmp_path / "ramp.mp4")
    reader = FrameReader(8, 16, tmp_path / "cache")
    frames = reader.read(video)
    assert frames.shape == (8, 3, 16, 16) and frames.dtype == np.uint8
    assert np.allclose(frames.mean(axis=(1, 2, 3)), 40 + 4 * reader.frames(40), atol=3)
    video.unlink()
    assert np.array_equal(reader.read(video), frames)


@given(st.integers(1, 64), st.integers(1, 300))
def test_taken_frames_are_in_order_and_exist(num_frames: int, total: int) -> None:
    taken = FrameReader(num_frames, 16).frames(total)
    assert len(taken) == num_frames and taken[0] >= 0 and taken[-1] < total and np.all(np.diff(taken) >= 0)
    if num_frames == total:
        assert np.array_equal(taken, np.arange(total))


def test_bad_clips_are_named(tmp_path: Path) -> None:
    missing, cut = tmp_path / "missing.mp4", grey_ramp(tmp_path / "cut.mp4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 3])
    for path in (missing, cut):
        with pytest.raises(BadClip, match=path.name):
            FrameReader(4, 16).read(path)
