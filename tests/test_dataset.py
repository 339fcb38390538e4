"""The data set on disk: records round-trip, commits are atomic, one run at a time, nothing half-written."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.dataset import Dataset, Unwritable, clip_key
from generator.description import ConfigurationChanged
from generator.index import META, meta_rows
from generator.locks import Busy
from generator.options import FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions
from generator.pipeline import Take, Tally, first_good_take, make_clip
from generator.records import (
    CONVERTER,
    annotate,
    load_questions,
    load_spec,
    load_trajectories,
    rounded,
    write_annotation,
    write_trajectories,
)
from qa_templates.captions import describe
from qa_templates.question import QUESTION_TYPES, QUESTIONS, QuestionOptions
from qa_templates.quota import intent
from scenes.environments.environment import ENVIRONMENTS
from scenes.motions.motion import MOTIONS
from scenes.script import SceneOptions
from scenes.solve import solve
from scenes.types import SceneSpec

LABELS = GenerateOptions(
    num_videos=3,
    scene=SceneOptions(fps=8.0),
    occlusion=OcclusionOptions(every=8),
    render=RenderOptions(engine="none"),
    farm=FarmOptions(workers=0, min_free_mb=0),
)


def take_of(index: int, options: GenerateOptions = LABELS) -> Take:
    intended = intent(options.seed, options.split, index, options.qa, options.scene)
    return first_good_take(intended, clip_key(options.seed, options.split, index), options, Tally())


@contextmanager
def made(folder: Path, indices: range = range(3), options: GenerateOptions = LABELS) -> Iterator[Dataset]:
    with Dataset.open(replace(options, out=str(folder))) as dataset:
        for index in indices:
            make_clip(index, options, dataset)
        yield dataset


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A small data set, with two questions to a clip, for tests that only read or copy it."""
    folder = tmp_path_factory.mktemp("finished") / "set"
    with made(folder, range(4), replace(LABELS, qa=QuestionOptions(questions_per_video=2))) as dataset:
        dataset.publish()
    return folder


def rows_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / META).read_text(encoding="utf-8").splitlines()]


# Records


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_a_saved_specification_is_the_same_clip(index):
    take = take_of(index)
    again = CONVERTER.structure(json.loads(json.dumps(CONVERTER.unstructure(take.spec), allow_nan=False)), SceneSpec)
    assert again == take.spec
    assert_same_paths(solve(again), take.paths)


def assert_same_paths(one, other):
    for each in fields(one):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(other, each.name), strict=each.name != "names")


def test_annotations_and_trajectories_round_trip(tmp_path):
    take = take_of(0)
    intended = intent(0, "train", 0, LABELS.qa, LABELS.scene)
    caption = describe(take.spec, take.paths, take.seen)
    write_annotation(tmp_path / "a.json", annotate(intended, take.spec, take.seen, take.questions, caption, take.attempt))
    write_trajectories(tmp_path / "a.npz", take.paths)
    assert load_spec(tmp_path / "a.json") == take.spec
    assert_same_paths(load_trajectories(tmp_path / "a.npz"), take.paths)
    loaded = load_questions(tmp_path / "a.json")
    assert [item.prompt for item in loaded] == [item.prompt for item in take.questions]
    assert [item.evidence.frames for item in loaded] == [item.evidence.frames for item in take.questions]
    write_trajectories(tmp_path / "b.npz", take.paths)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@given(st.recursive(st.floats() | st.integers() | st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_rounded_values_are_strict_json_and_stay_rounded(value):
    once = rounded(value, 3)
    assert json.loads(json.dumps(once, allow_nan=False)) == once == rounded(once, 3)


@given(st.integers(0, 2**63), st.text("abc-_", min_size=1), st.integers(0, 10**9))
def test_keys_are_32_hex_digits_and_differ(seed, split, index):
    key = clip_key(seed, split, index)
    assert len(key) == 32
    assert set(key) <= set("0123456789abcdef")
    assert len({key, clip_key(seed + 1, split, index), clip_key(seed, split + "x", index), clip_key(seed, split, index + 1)}) == 4


def test_rows_have_motionbench_s_schema(finished):
    rows = rows_of(finished)
    keys = list(dict.fromkeys(row["key"] for row in rows))
    assert keys == [clip_key(0, "train", index) for index in range(4)], "rows stand in clip order"
    assert sum(len(row["qa"]) for row in rows) > 4, "a second question was asked of no clip, so this test sees too little"
    for row in rows:
        assert list(row) == ["question_type", "video_type", "key", "qa", "video_path", "video_info"]
        assert row["question_type"] in QUESTION_TYPES
        assert row["video_type"] == "Virtual"
        assert row["video_path"] == f"{row['key']}.mp4"
        assert list(row["video_info"]) == ["duration", "fps", "resolution"]
        assert row["video_info"]["resolution"] == {"width": 640, "height": 480}
        for entry in row["qa"]:
            assert list(entry) == ["uid", "start", "end", "answer", "question"]
            assert len(entry["uid"]) == 16
            lines = entry["question"].splitlines()
            assert [line[:3] for line in lines[-4:]] == ["A. ", "B. ", "C. ", "D. "]
            assert entry["answer"] in "ABCD"


def test_questions_of_one_type_share_a_row_and_of_two_types_do_not():
    def question(kind: str, uid: str) -> dict:
        return {"question_type": kind, "uid": uid, "answer": "A", "prompt": "?"}

    questions = [question("Camera Motion", "1"), question("Action Order", "2"), question("Camera Motion", "3")]
    rows = meta_rows({"key": "k", "video_info": {}, "questions": questions})
    assert [(row["question_type"], [entry["uid"] for entry in row["qa"]]) for row in rows] == [
        ("Camera Motion", ["1", "3"]),
        ("Action Order", ["2"]),
    ]
    assert {row["key"] for row in rows} == {"k"}


def test_trajectories_load_without_pickle(finished):
    for path in (finished / "trajectories").iterdir():
        with np.load(path, allow_pickle=False) as arrays:
            assert arrays["position_m"].shape == (len(arrays["names"]), len(arrays["focal_length_mm"]), 3)


def test_the_card_counts_what_is_there_and_names_no_place(finished):
    card = (finished / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n")
    assert "4 synthetic clips" in card
    for text in (card, (finished / "dataset.json").read_text(encoding="utf-8")):
        assert str(finished) not in text
        assert str(finished.parent) not in text


# Commits


def test_a_clip_that_is_not_committed_leaves_nothing(tmp_path):
    with Dataset.open(replace(LABELS, out=str(tmp_path))) as dataset:
        with pytest.raises(RuntimeError), dataset.part(0) as part:
            part.annotation.write_text("{}")
            assert dataset.unfinished(range(3)) == [0]
            raise RuntimeError
        assert dataset.unfinished(range(3)) == []
        assert dataset.missing(range(3)) == [0, 1, 2]
        assert not list(tmp_path.glob(".part-*"))


def test_the_annotation_comes_last(tmp_path):
    with made(tmp_path, range(0)) as dataset:
        shutil.rmtree(tmp_path / "trajectories")  # so that the commit fails on its way
        with pytest.raises(RuntimeError):
            make_clip(0, LABELS, dataset)
        assert not list((tmp_path / "annotations").iterdir())
        (tmp_path / "trajectories").mkdir()
        make_clip(0, LABELS, dataset)
        assert dataset.missing([0]) == []


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_clip_that_lost_a_file_is_made_again(tmp_path, suffix):
    with made(tmp_path) as dataset:
        next(tmp_path.glob(f"*/{dataset.key(1)}{suffix}")).unlink()
        assert dataset.missing(range(3)) == [1]


def test_publishing_depends_on_what_is_on_disk_and_on_nothing_else(tmp_path, finished):
    options = replace(LABELS, qa=QuestionOptions(questions_per_video=2), out=str(tmp_path))
    with Dataset.open(options) as dataset:
        for index in (3, 1, 0, 2):
            make_clip(index, options, dataset)
            dataset.publish()
    for name in (META, "README.md", "dataset.json"):
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes()


# Configuration


def test_another_configuration_is_refused_with_what_differs(tmp_path):
    with made(tmp_path, range(1)):
        pass
    changed = replace(LABELS, out=str(tmp_path), seed=5, scene=SceneOptions(fps=12.0))
    with pytest.raises(ConfigurationChanged) as refusal, Dataset.open(changed):
        pass
    for words in ("seed 0 -> 5", "scene.fps 8.0 -> 12.0", "out="):
        assert words in str(refusal.value)
    assert "width" not in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "catalogue"), [("scene.motions", MOTIONS), ("scene.environments", ENVIRONMENTS), ("qa.templates", QUESTIONS)]
)
def test_a_data_set_does_not_go_on_with_a_catalogue_that_has_grown(tmp_path, key, catalogue):
    with made(tmp_path, range(0)):
        pass
    path = tmp_path / "dataset.json"
    described = json.loads(path.read_text())
    newest = described["configuration"][key].pop()
    path.write_text(json.dumps(described))
    assert newest in catalogue
    with pytest.raises(ConfigurationChanged) as refusal, Dataset.open(replace(LABELS, out=str(tmp_path))):
        pass
    assert f"{key} [] -> ['{newest}']" in str(refusal.value)


def test_options_that_change_no_clip_are_free_to_change(tmp_path):
    with made(tmp_path, range(1)):
        pass
    with Dataset.open(replace(LABELS, out=str(tmp_path), num_videos=60, max_attempts=3, farm=FarmOptions(workers=7))) as dataset:
        assert dataset.missing(range(3)) == [1, 2]


def test_a_schema_of_another_version_is_refused(tmp_path):
    with made(tmp_path, range(0)):
        pass
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    with pytest.raises(ConfigurationChanged, match="99"), Dataset.open(replace(LABELS, out=str(tmp_path))):
        pass


def test_a_folder_with_other_things_in_it_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(ValueError, match=r"thesis\.tex"), Dataset.open(replace(LABELS, out=str(tmp_path))):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_an_out_that_is_a_file_is_refused(tmp_path, below):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ValueError, match="file"), Dataset.open(replace(LABELS, out=f"{tmp_path}/file{below}")):
        pass
    assert (tmp_path / "file").read_text() == "precious"


# Several runs


def test_a_second_run_is_refused(tmp_path):
    options = replace(LABELS, out=str(tmp_path))
    with Dataset.open(options), pytest.raises(Busy, match="another run"), Dataset.open(options):
        pass
    with Dataset.open(options):
        pass


def test_shards_share_a_folder_and_spare_each_other_s_parts(tmp_path):
    first, second = (replace(LABELS, out=str(tmp_path), shard=shard) for shard in ("1/2", "2/2"))
    with Dataset.open(first) as dataset, dataset.part(0) as part:
        part.annotation.write_text("half")
        with Dataset.open(second):
            assert part.annotation.read_text() == "half"
        with pytest.raises(Busy), Dataset.open(replace(first, shard="1/1")):
            pass
        assert part.annotation.read_text() == "half"


def _die_half_way(options: GenerateOptions) -> None:
    with Dataset.open(options) as dataset, dataset.part(0) as part:
        part.annotation.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_run_left_is_swept_away(tmp_path):
    options = replace(LABELS, out=str(tmp_path))
    victim = multiprocessing.get_context("spawn").Process(target=_die_half_way, args=(options,))
    victim.start()
    victim.join()
    assert list(tmp_path.glob(".part-*"))
    with Dataset.open(options) as dataset:
        assert not list(tmp_path.glob(".part-*"))
        assert dataset.missing(range(3)) == [0, 1, 2]


# Full disks


def test_too_little_room_is_seen_before_a_clip_is_begun(tmp_path):
    options = replace(LABELS, out=str(tmp_path), farm=FarmOptions(min_free_mb=10**9))
    with Dataset.open(options) as dataset, pytest.raises(Unwritable, match="min_free_mb"):
        make_clip(0, options, dataset)
    assert not list((tmp_path / "annotations").iterdir())
