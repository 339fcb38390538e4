"""The data set on disk: records round-trip, commits are atomic, one run at a time, nothing half-written."""

from __future__ import annotations

import errno
import fcntl
import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conf.atomic import PART
from generator import index
from generator.dataset import Dataset, Unwritable, clip_key
from generator.description import ConfigurationChanged, settle
from generator.index import META, meta_rows
from generator.locks import Busy, hold
from generator.options import FarmOptions, GenerateOptions, content
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
from tests import small_sets
from tests.small_sets import damaged, falsify, hashes, told_by

LABELS = replace(small_sets.LABELS, num_videos=3)


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
            assert unfinished(dataset, range(3)) == [0]
            raise RuntimeError
        assert unfinished(dataset, range(3)) == []
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


def test_of_two_shards_that_begin_together_one_decides_what_is_made(tmp_path):
    """Each of them has seen that there is no configuration yet; the other is refused."""
    outs = [replace(LABELS, out=str(tmp_path), seed=seed) for seed in range(4)]
    with ThreadPoolExecutor(len(outs)) as pool:
        ended = list(pool.map(_refusal, outs))
    stored = json.loads((tmp_path / "dataset.json").read_text())["seed"]
    assert [each is None for each in ended] == [seed == stored for seed in range(4)]


def _refusal(options: GenerateOptions) -> ConfigurationChanged | None:
    try:
        settle(Path(options.out), options)
    except ConfigurationChanged as error:
        return error
    return None


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


def test_of_runs_that_begin_at_once_one_is_let_in(tmp_path):
    tried = Barrier(4, timeout=60)

    def begin(_: int) -> bool:
        tried.wait()
        try:
            with Dataset.open(replace(LABELS, out=str(tmp_path / "set"))):
                tried.wait()
                return True
        except Busy:
            tried.wait()
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(begin, range(4))) == [False, False, False, True]


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


def test_a_shard_that_is_begun_twice_is_refused(tmp_path):
    first = replace(LABELS, out=str(tmp_path), shard="1/2")
    with Dataset.open(first):
        with pytest.raises(Busy, match="shard 1/2 .* is being made already"), Dataset.open(first):
            pass
        with pytest.raises(Busy, match="shard 1/2 .* has clips of shard 3/4"), Dataset.open(replace(first, shard="3/4")):
            pass
        with Dataset.open(replace(first, shard="4/4")):
            pass
    with Dataset.open(replace(first, shard="3/4")), Dataset.open(replace(first, shard="2/2")):
        pass


@settings(max_examples=40)
@given(st.integers(2, 12), st.integers(2, 12), st.data())
def test_shards_are_refused_exactly_where_they_share_clips(tmp_path_factory, of, other_of, data):
    one, other = f"{data.draw(st.integers(1, of))}/{of}", f"{data.draw(st.integers(1, other_of))}/{other_of}"
    clips = [set(replace(LABELS, num_videos=of * other_of, shard=shard).indices) for shard in (one, other)]
    folder = tmp_path_factory.mktemp("locks")
    with hold(folder, one):
        try:
            with hold(folder, other):
                assert not clips[0] & clips[1]
        except Busy:
            assert clips[0] & clips[1]


@pytest.mark.parametrize("shard", ["1/1", "2/3"])
def test_a_drive_that_cannot_lock_is_worked_on_with_a_warning(tmp_path, monkeypatch, caplog, shard):
    def refuse(stream: object, kind: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)  # as some network drives do
    options = replace(LABELS, out=str(tmp_path), shard=shard)
    _leave_behind(tmp_path, clip_key(0, "train", 1), clip_key(0, "train", 0))
    with Dataset.open(options) as dataset:
        make_clip(1, options, dataset)
        assert dataset.publish() == 1
        assert dataset.tidy() is False
    assert "cannot lock" in caplog.text
    left = [path.name[6:38] for path in tmp_path.glob(".part-*")]
    assert left == ([] if shard == "1/1" else [dataset.key(0)]), "of clips that others may be making"


def _leave_behind(folder: Path, *keys: str) -> None:
    for key in keys:
        (folder / f".part-{key}-abc").mkdir()


def test_what_a_killed_run_left_is_swept_by_whoever_may(tmp_path):
    one, two = (replace(LABELS, out=str(tmp_path), shard=shard) for shard in ("1/2", "2/2"))
    keys = [clip_key(0, "train", index) for index in range(3)]
    with Dataset.open(one) as dataset:
        _leave_behind(tmp_path, *keys)
        (tmp_path / ".part-README.md-xyz").touch()
        with Dataset.open(two):
            assert unfinished(dataset, range(3)) == [0, 2], "a shard sweeps its own clips alone while another is at work"
        assert dataset.tidy() is False
        assert unfinished(dataset, range(3)) == [0, 2]
    assert Dataset.of(tmp_path).tidy() is True
    assert not list(tmp_path.glob(".part-*"))


# Damage


@pytest.fixture(scope="module")
def layered(tmp_path_factory) -> Dataset:
    """Two clips with a layer, published; tests that change it put it back."""
    folder = tmp_path_factory.mktemp("layered")
    with made(folder, range(2), replace(LABELS, annotations=("masks",))) as dataset:
        dataset.publish()
    return dataset


def test_what_is_as_it_was_written_is_not_damaged(layered):
    for check in ("sums", "sizes", "none"):
        assert damaged(layered, range(5), check) == {}


@pytest.mark.parametrize("part", ["annotation", "trajectories", "masks"])
@settings(max_examples=25)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_is_found(layered, part, where, bit):
    path = layered.files(1).of(part)
    whole = path.read_bytes()
    place = int(where * len(whole))
    try:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        assert list(damaged(layered, range(2), "sums")) == [1]
        layered.publish()  # it may leave the clip out, but it does not stumble
    finally:
        path.write_bytes(whole)
        layered.publish()


@pytest.mark.parametrize("check", ["sums", "sizes"])
@pytest.mark.parametrize("part", ["annotation", "trajectories", "masks"])
@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=8)
def test_a_file_that_was_cut_off_is_found(layered, check, part, share):
    path = layered.files(0).of(part)
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: int(share * (len(whole) - 1))])
        assert list(damaged(layered, range(2), check)) == [0]
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"index": 0}'])
def test_an_annotation_that_is_none_is_found_and_left_out_of_the_index(layered, caplog, content):
    path = layered.files(0).annotation
    whole = path.read_bytes()
    for other in (content, layered.files(1).annotation.read_bytes()):
        path.write_bytes(other)
        assert "its annotation cannot be used" in damaged(layered, range(2), "sizes")[0]
        assert layered.publish() == 1
        assert f"{path.name} is left out" in caplog.text
    path.write_bytes(whole)
    assert layered.publish() == 2
    assert damaged(layered, range(2), "sums") == {}


def test_a_discarded_clip_is_made_again(tmp_path):
    options = replace(LABELS, out=str(tmp_path))
    with made(tmp_path, range(2)) as dataset:
        dataset.publish()
        before = dataset.files(1).trajectories.read_bytes()
        dataset.files(1).trajectories.write_bytes(before[:-3])
        assert "bytes, its annotation lists" in damaged(dataset, range(2), "sizes")[1]
        dataset.discard(1)
        assert dataset.missing(range(2)) == [1]
        assert not dataset.files(1).trajectories.exists()
        make_clip(1, options, dataset)
        assert dataset.files(1).trajectories.read_bytes() == before


def test_layers_that_were_added_and_not_published_yet_are_no_damage(tmp_path):
    with made(tmp_path, range(1)) as dataset:
        dataset.publish()
    more = replace(LABELS, annotations=("masks",), out=str(tmp_path))
    with Dataset.open(more) as dataset:
        assert damaged(dataset, range(1), "sums") == {}
        make_clip(0, more, dataset)
        assert dataset.missing([0]) == []
        assert damaged(dataset, range(1), "sums") == {}
        falsify(dataset, 0)
        assert damaged(dataset, range(1), "sums") == {0: "its annotation is not what was published"}


def unfinished(dataset: Dataset, indices: Iterable[int]) -> list[int]:
    """Those of the clips that someone is making, or was making when it died."""
    parts = {path.name.removeprefix(PART)[:32] for path in dataset.root.glob(f"{PART}*")}
    return [index for index in indices if dataset.key(index) in parts]


def test_publishing_launders_no_damage(tmp_path, caplog):
    """An annotation that is not what was published is left out of the index, and found by its sum, until its clip is made again."""
    options = replace(LABELS, out=str(tmp_path))
    with made(tmp_path, range(3)) as dataset:
        assert dataset.publish() == 3
        before = hashes(tmp_path)
        falsify(dataset, 1)
        for _ in range(2):
            assert dataset.publish() == 2
            assert list(damaged(dataset, range(3), "sums")) == [1]
        assert f"{dataset.key(1)}.json is left out: it is not what was published" in caplog.text
        assert dataset.key(1) not in {row["key"] for row in rows_of(tmp_path)}
        dataset.discard(1)
        make_clip(1, options, dataset)
        assert dataset.publish() == 3
    assert hashes(tmp_path) == before


def test_a_clip_that_was_made_anew_is_sound_though_its_run_never_published(tmp_path):
    """Its bytes may be others than those that were published: packages change."""
    with made(tmp_path, range(2)) as dataset:
        dataset.publish()
        dataset.discard(1)
        dataset.unpublish([1])
        make_clip(1, replace(LABELS, out=str(tmp_path)), dataset)
        falsify(dataset, 1)  # as a newer version would have made it
        assert damaged(dataset, range(2), "sums") == {}
        assert dataset.publish() == 2
        falsify(dataset, 1)
        assert list(damaged(dataset, range(2), "sums")) == [1]


def test_who_does_not_wait_leaves_the_index_to_whoever_is_writing_it(tmp_path, monkeypatch):
    """That one begins again, so that the clips of the other are in it."""
    with made(tmp_path, range(1)) as dataset:
        write, calls = index._publish, []

        def slowly(root: Path) -> int:
            clips = write(root)
            if not calls:
                make_clip(1, replace(LABELS, out=str(tmp_path)), dataset)
                calls.append(Dataset.of(tmp_path).publish(waits=False))
            return clips

        monkeypatch.setattr(index, "_publish", slowly)
        assert dataset.publish() == 2
        assert calls == [None]
        assert len({row["key"] for row in rows_of(tmp_path)}) == 2
        assert dataset.publish(waits=False) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}"])
def test_a_description_that_cannot_be_read_is_an_error_with_its_remedy(tmp_path, content):
    with made(tmp_path, range(0)):
        pass
    (tmp_path / "dataset.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"dataset\.json .*out="), Dataset.open(replace(LABELS, out=str(tmp_path))):
        pass
    with pytest.raises(ValueError, match=r"dataset\.json"):
        Dataset.of(tmp_path)


def test_a_data_set_is_known_by_its_folder(layered):
    assert Dataset.of(layered.root) == layered


# Quarantine


@pytest.mark.parametrize(
    "options",
    [
        LABELS,
        replace(LABELS, twins=True, seed=7, split="a.b", num_videos=9, shard="2/3", max_attempts=9),
        replace(LABELS, scene=SceneOptions(fps=12.0, environments=("studio",)), annotations=("masks",)),
    ],
)
def test_a_quarantined_clip_is_on_record_until_it_is_made(tmp_path, options):
    options = replace(options, out=str(tmp_path / "a set"))
    with Dataset.open(options) as dataset:
        said = dataset.quarantine(1, options, ["it died of SIGSEGV", "it took longer than 9 s"], "last words", "here")
        record = dataset.quarantine_record(1)
        assert dataset.quarantined(range(5)) == [1]
        assert record["reproduce"] in said and "2 failures" in said and "longer than 9 s" in said
        assert (record["index"], record["key"]) == (1, dataset.key(1))
        assert (record["failures"][0], record["words"], record["host"]) == ("it died of SIGSEGV", "last words", "here")
        again = told_by(record["reproduce"])
        assert content(again) == content(options), "the command makes another clip"
        assert (again.only, again.out, again.max_attempts) == (1, options.out, options.max_attempts)
        make_clip(1, options, dataset)
        assert dataset.quarantined(range(5)) == []
        assert dataset.quarantine_record(1) == {}


# Disks that take nothing more


def test_a_folder_that_is_gone_is_told_from_a_clip_that_fails(tmp_path):
    options = replace(LABELS, out=str(tmp_path / "set"))
    with pytest.raises(Unwritable, match="cannot be written to any more"), made(tmp_path / "set", range(1)) as dataset:
        with pytest.raises(FileNotFoundError), dataset.part(1):
            (tmp_path / "of the clip's own").read_bytes()
        shutil.rmtree(tmp_path / "set")
        make_clip(1, options, dataset)


@pytest.mark.parametrize("name", [None, "elsewhere"])
def test_a_full_disk_elsewhere_costs_a_clip_and_not_the_run(tmp_path, name):
    """As that of temporary files; what is on the disk of the data set, or takes all of its room, is said to be so."""
    with made(tmp_path / "set", range(0)) as dataset:
        with pytest.raises(OSError, match="No space"), dataset.part(0):
            raise OSError(errno.ENOSPC, "No space left on device", name and str(tmp_path / name))
        with pytest.raises(Unwritable, match="no room"), dataset.part(0) as part:
            raise OSError(errno.ENOSPC, "No space left on device", str(part.video))


def test_too_little_room_is_seen_before_a_clip_is_begun(tmp_path):
    options = replace(LABELS, out=str(tmp_path), farm=FarmOptions(min_free_mb=10**9))
    with Dataset.open(options) as dataset, pytest.raises(Unwritable, match="min_free_mb"):
        make_clip(0, options, dataset)
    assert not list((tmp_path / "annotations").iterdir())
