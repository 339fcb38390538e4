"""Making clips: the same clip whoever makes it and when, failures that harm no other, runs that survive their workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator import farm, pipeline
from generator.dataset import Dataset, Unwritable
from generator.farm import GIVE_UP_AFTER, GaveUp
from generator.options import FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions
from generator.pipeline import ClipFailed, Exhausted, Tally, make_clip, one_take
from generator.records import load_spec
from generator.video import probe
from qa_templates.question import QuestionOptions
from qa_templates.quota import intent
from scenes.rejection import Rejected
from scenes.script import SceneOptions
from scenes.streams import Streams
from tests.mishaps import ALWAYS, Cursed, plan
from tests.small_sets import LABELS, PICTURES, generate, hashes, with_workers

WATCHED = QuestionOptions(templates=("count_cycles",))  # of which no take can pass unseen
IMPOSSIBLE = replace(LABELS, qa=WATCHED, occlusion=OcclusionOptions(min_area_px=1e9), max_attempts=3)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, str]:
    """Hashes of a data set made in one go, in this process."""
    return generate(tmp_path_factory.mktemp("unbroken"), LABELS)


# The same clip, whoever makes it


def test_labels_of_a_run_are_complete(unbroken):
    assert len([name for name in unbroken if name.startswith("annotations/")]) == 8
    assert len([name for name in unbroken if name.startswith("trajectories/")]) == 8
    assert {"video_info.meta.jsonl", "dataset.json", "README.md"} <= unbroken.keys()


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_workers_and_order_change_nothing(tmp_path, unbroken, workers):
    assert generate(tmp_path, with_workers(workers), order=-1) == unbroken


def test_a_smaller_run_is_a_prefix_and_can_grow(tmp_path, unbroken):
    small = generate(tmp_path, replace(LABELS, num_videos=3))
    for name, digest in small.items():
        if name.startswith(("annotations/", "trajectories/")):
            assert unbroken[name] == digest
    assert generate(tmp_path, LABELS) == unbroken


def test_shards_make_one_data_set(tmp_path, unbroken):
    generate(tmp_path, replace(LABELS, shard="2/3"))
    generate(tmp_path, replace(LABELS, shard="1/3"))
    assert generate(tmp_path, replace(LABELS, shard="3/3")) == unbroken


def test_one_clip_made_again_replaces_itself(tmp_path, unbroken):
    generate(tmp_path, LABELS)
    with Dataset.open(replace(LABELS, out=str(tmp_path))) as dataset:
        annotation = dataset.files(5).annotation
        annotation.write_text("spoilt")
        make_clip(5, LABELS, dataset)
    assert hashes(tmp_path) == unbroken


def test_attempts_change_nuisance_factors_and_never_the_answer():
    intended = intent(0, "train", 2, LABELS.qa, LABELS.scene)
    answers, specs = set(), []
    for attempt in range(40):
        try:
            take = one_take(intended, "f" * 32, Streams(0, "train", 2, attempt), LABELS, Tally())
        except Rejected:
            continue
        answers.add((take.questions[0].template, take.questions[0].answer, take.questions[0].asked.answer))
        specs.append(take.spec)
    assert answers == {(intended.template, intended.letter, intended.answer)}
    assert len(specs) > 2
    assert len(set(map(repr, specs))) == len(specs)


# Pictures


def test_a_rendered_clip_has_the_frames_that_its_annotation_speaks_of(tmp_path):
    options = replace(PICTURES, scene=SceneOptions(width=96, height=64, fps=8.0), qa=LABELS.qa)
    for name in ("one", "two"):
        with Dataset.open(replace(options, out=str(tmp_path / name))) as dataset:
            (report,) = farm.run([0], options, dataset)
            assert report.status == "written", report.trace
            assert dataset.missing([0]) == []
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    spec, video = load_spec(dataset.files(0).annotation), probe(dataset.files(0).video)
    assert report.frames == video.num_frames == spec.timeline.num_frames
    assert (video.width, video.height, video.fps) == (96, 64, 8.0)
    assert report.seconds.keys() >= {"staging", "occlusion", "rendering", "encoding", "writing"}
    dataset.files(0).video.unlink()
    assert dataset.missing([0]) == [0]


# Failures


def test_impossible_thresholds_end_with_the_reason_and_the_remedy(tmp_path):
    intended = intent(0, "train", 0, IMPOSSIBLE.qa, IMPOSSIBLE.scene)
    with Dataset.open(replace(IMPOSSIBLE, out=str(tmp_path))) as dataset, pytest.raises(Exhausted) as error:
        make_clip(0, IMPOSSIBLE, dataset)
    for words in ("3 takes", intended.template, repr(intended.answer), "occlusion", "too small", "occlusion.min_", "only=0"):
        assert words in str(error.value)
    assert not list((tmp_path / "annotations").iterdir())


def test_a_run_with_impossible_thresholds_stops_early(tmp_path):
    options = replace(IMPOSSIBLE, num_videos=500)
    with Dataset.open(replace(options, out=str(tmp_path))) as dataset:
        running = farm.run(options.indices, options, dataset)
        reports = [next(running) for _ in range(GIVE_UP_AFTER)]
        with pytest.raises(GaveUp, match="occlusion"):
            next(running)
    assert {report.status for report in reports} == {"exhausted"}
    intended = intent(0, "train", 0, options.qa, options.scene)
    assert any(key[2:] == (intended.template, intended.answer) for key in reports[0].rejections)


def test_a_run_that_is_gone_on_with_is_not_given_up_for_the_clips_that_failed_before(tmp_path, monkeypatch):
    """They are the first of those that are missing."""
    cursed_ones = range(GIVE_UP_AFTER + 1)
    plan(monkeypatch, tmp_path / "marks", dict.fromkeys(cursed_ones, ("a_bug", ALWAYS)))
    options = replace(LABELS, num_videos=GIVE_UP_AFTER + 3, out=str(tmp_path / "set"))
    with Cursed.open(options) as dataset:
        assert [report.status for report in farm.run([options.num_videos - 1], options, dataset)] == ["written"]
        reports = list(farm.run(dataset.missing(options.indices), options, dataset))
        assert [report.status for report in reports] == ["failed"] * len(cursed_ones) + ["written"]
        assert dataset.missing(options.indices) == list(cursed_ones)


def cursed(folder: Path, options: GenerateOptions, monkeypatch) -> Cursed:
    """A data set whose clip 2 meets with a bug."""
    plan(monkeypatch, folder / "marks", {2: ("a_bug", ALWAYS)})
    with Cursed.open(replace(options, out=str(folder / "set"))) as dataset:
        return dataset


@pytest.mark.parametrize("workers", [0, 2])
def test_a_clip_that_fails_is_named_with_its_command_and_harms_no_other(tmp_path, monkeypatch, workers):
    options = with_workers(workers)
    dataset = cursed(tmp_path, options, monkeypatch)
    reports = {report.index: report for report in farm.run(options.indices, options, dataset)}
    assert sorted(reports) == list(range(8))
    assert {index for index, report in reports.items() if report.status != "written"} == {2}
    assert "ZeroDivisionError: a bug" in reports[2].message
    assert dataset.key(2) in reports[2].message
    assert "python -m generator only=2 seed=0 out=" in reports[2].message
    assert "in a_bug" in reports[2].trace
    assert reports[2].failures == ("ZeroDivisionError: a bug",) * (3 if workers else 1)
    assert dataset.missing(options.indices) == [2]


def test_a_failed_clip_keeps_its_cause(tmp_path, monkeypatch):
    dataset = cursed(tmp_path, LABELS, monkeypatch)
    with pytest.raises(ClipFailed) as error:
        make_clip(2, LABELS, dataset)
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    assert error.value.cause == "ZeroDivisionError: a bug"


def test_a_clip_that_cannot_even_be_staged_has_its_place_in_the_order(monkeypatch):
    def stage(intended, *_):
        raise Rejected("staging", "no room") if intended.index == 5 else ZeroDivisionError

    monkeypatch.setattr(pipeline, "stage", stage)
    options = replace(LABELS, render=RenderOptions())
    assert sorted(farm.in_order(options.indices, options, 8)) == list(options.indices)


def test_a_full_disk_stops_the_run(tmp_path):
    options = replace(LABELS, farm=FarmOptions(workers=0, min_free_mb=10**9))
    with Dataset.open(replace(options, out=str(tmp_path))) as dataset:
        reports = farm.run(options.indices, options, dataset)
        assert next(reports).status == "unwritable"
        with pytest.raises(Unwritable, match="same command again"):
            next(reports)
