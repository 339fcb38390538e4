"""Questions and frames off the disk, as the model reads them: ours, and MotionBench's own layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from generator.video import write_video
from model import dataset
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


def test_a_generated_question_without_options_is_named_and_a_foreign_one_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write(tmp_path, row(prompt="What?\nA. One"), row("1" * 32, uid="u2"))
    assert [item.uid for item in read_items(root)] == ["u2"]
    assert "u1" in caplog.text
    annotate(tmp_path, "0" * 32, "travel_direction")
    with pytest.raises(BadDataset, match="line 1: .*fewer than two options"):
        read_items(root)


def test_rows_end_where_lines_end_and_nowhere_else(tmp_path: Path) -> None:
    text = "Which\u2028way?\nA. Left\u0085\nB. Ri\u2028ght"
    (tmp_path / "video_info.meta.jsonl").write_text(json.dumps(row(prompt=text), ensure_ascii=False) + "\n\n", encoding="utf-8")
    (item,) = read_items(tmp_path)
    assert (item.text, item.options) == ("Which\u2028way?", ("Left", "Ri\u2028ght"))


@pytest.mark.parametrize("line", [b'{"key": "0', b"\xff\xfe", b"[]", b"7"])
def test_corrupt_rows_are_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "video_info.meta.jsonl").write_bytes(json.dumps(row()).encode() + b"\n" + line + b"\n")
    with pytest.raises(BadDataset, match="line 2"):
        read_items(tmp_path)


def test_a_corrupt_annotation_is_named(tmp_path: Path) -> None:
    annotate(tmp_path, "0" * 32, "travel_direction")
    (tmp_path / "annotations" / f"{'0' * 32}.json").write_text("{")
    with pytest.raises(BadDataset, match="annotations/0000"):
        read_items(write(tmp_path, row()))


def test_the_stage_of_a_curriculum_is_known(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / f"{'0' * 32}.json").write_text(json.dumps({"stage": "easy"}))
    assert [item.stage for item in read_items(write(tmp_path, row(), row("1" * 32)))] == ["easy", ""]


def numbers(frames: np.ndarray) -> np.ndarray:
    """Which frames of a grey ramp they are."""
    return np.round((frames.mean(axis=(1, 2, 3)) - 40) / 4).astype(int)


def test_frames_are_taken_at_even_distances_and_cached(tmp_path: Path) -> None:
    video = grey_ramp(tmp_path / "ramp.mp4")
    reader = FrameReader(8, 16, tmp_path / "cache")
    first, again = reader.read(video, None), reader.read(video, None)
    assert first.frames.shape == (8, 3, 16, 16) and first.frames.dtype == np.uint8
    assert first.indices == tuple(numbers(first.frames)) == tuple(range(2, 40, 5))
    assert (first.fps, first.total, first.shown_fps) == (24.0, 40, 8 / (40 / 24))
    assert np.array_equal(first.frames, again.frames) and first.indices == again.indices


@pytest.mark.parametrize("num_frames", [4, 16, 64])
def test_jitter_draws_the_same_from_the_cache_and_without(tmp_path: Path, num_frames: int) -> None:
    video = grey_ramp(tmp_path / "ramp.mp4")
    readers = [FrameReader(num_frames, 16, cache) for cache in (None, tmp_path / "cache", tmp_path / "cache")]
    for seed in range(3):
        one, *others = (reader.read(video, np.random.default_rng(seed)) for reader in readers)
        assert all(np.array_equal(one.frames, other.frames) and one.indices == other.indices for other in others)
        assert one.indices == tuple(numbers(one.frames))
        parts = np.arange(num_frames) * 40 / num_frames
        assert np.all(np.floor(parts) <= one.indices) and np.all(np.array(one.indices) < parts + 40 / num_frames)
    stills = [reader.still(video, 5) for reader in readers]
    assert all(numbers(still.frames).tolist() == [11 * 40 // (10 * num_frames)] == list(still.indices) for still in stills)


def test_jitter_reaches_all_candidates_and_no_more_are_kept(tmp_path: Path) -> None:
    video = grey_ramp(tmp_path / "ramp.mp4")
    reader = FrameReader(2, 8, tmp_path)
    shown = {index for seed in range(40) for index in reader.read(video, np.random.default_rng(seed)).indices}
    assert shown == {2, 6, 10, 14, 18, 22, 26, 30, 34, 38}
    (kept,) = tmp_path.rglob("*.safetensors")
    assert kept.stat().st_size < 10 * 3 * 8 * 8 + 400


@given(st.integers(1, 64), st.integers(1, 9))
def test_jitter_shows_the_middle_on_the_mean(num_frames: int, distance: int) -> None:
    reader = FrameReader(num_frames, 16)
    total = 2 * distance * dataset.CHOICES * num_frames
    parts = reader.candidates(total).reshape(num_frames, dataset.CHOICES)
    assert np.array_equal(parts.mean(axis=1), reader.frames(total))
    assert np.array_equal(reader.frames(total), (2 * np.arange(num_frames) + 1) * total / (2 * num_frames))


def test_a_clip_that_was_made_again_and_one_of_the_same_name_are_not_mistaken(tmp_path: Path) -> None:
    reader = FrameReader(4, 16, tmp_path / "cache")
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    one, other = grey_ramp(tmp_path / "one" / "clip.mp4"), grey_ramp(tmp_path / "other" / "clip.mp4", 20)
    assert (reader.read(one, None).total, reader.read(other, None).total) == (40, 20)
    grey_ramp(one, 30)
    assert reader.read(one, None).total == 30


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    video, reader = grey_ramp(tmp_path / "ramp.mp4"), FrameReader(4, 16, tmp_path / "cache")
    whole = reader.read(video, None)
    (kept,) = (tmp_path / "cache").rglob("*.safetensors")
    for damage in (b"", b"x" * 50, kept.read_bytes()[:700]):
        kept.write_bytes(damage)
        assert np.array_equal(reader.read(video, None).frames, whole.frames)
    assert [path.suffix for path in kept.parent.iterdir()] == [".safetensors"]


def test_what_was_cached_in_another_way_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video, reader = grey_ramp(tmp_path / "ramp.mp4"), FrameReader(4, 16, tmp_path / "cache")
    whole = reader.read(video, None)
    (kept,) = (tmp_path / "cache").rglob("*.safetensors")
    for frames in (np.zeros((16, 3, 16, 16), np.uint8), np.zeros((20, 3, 8, 8), np.uint8)):
        save_file({"frames": frames}, kept, metadata={"total": "40", "fps": "24"})
        assert np.array_equal(reader.read(video, None).frames, whole.frames)
    monkeypatch.setattr(dataset, "CHOICES", 3)
    monkeypatch.setattr(dataset, "MIDDLE", 1)
    assert reader.read(video, None).indices == tuple(numbers(reader.read(video, None).frames))
    assert len(list((tmp_path / "cache").iterdir())) == 2


@given(st.integers(1, 64), st.integers(1, 300))
def test_taken_frames_are_in_order_and_exist(num_frames: int, total: int) -> None:
    taken = FrameReader(num_frames, 16).frames(total)
    assert len(taken) == num_frames and taken[0] >= 0 and taken[-1] < total and np.all(np.diff(taken) >= 0)
    if num_frames == total:
        assert np.array_equal(taken, np.arange(total))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("cached", [False, True])
def test_clips_that_are_cut_short_are_named(tmp_path: Path, share: float, cached: bool) -> None:
    cut = grey_ramp(tmp_path / "cut.mp4")
    cut.write_bytes(cut.read_bytes()[: int(share * cut.stat().st_size)])
    with pytest.raises(BadClip, match="cut.mp4"):
        FrameReader(4, 16, tmp_path / "cache" if cached else None).read(cut, None)
    assert not list(tmp_path.rglob(".part-*")) and not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize("cached", [False, True])
def test_what_is_no_clip_is_named(tmp_path: Path, cached: bool) -> None:
    text, folder = tmp_path / "text.mp4", tmp_path / "folder.mp4"
    text.write_text("no video")
    folder.mkdir()
    for path in (tmp_path / "missing.mp4", text, folder):
        with pytest.raises(BadClip, match=path.name):
            FrameReader(4, 16, tmp_path / "cache" if cached else None).read(path, None)
