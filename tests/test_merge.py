"""``python -m generator.merge``: what shards have made becomes one whole, and what is missing is named with the command that makes it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from generator import farm
from generator.__main__ import LINE
from generator.dataset import RUNS, Dataset
from generator.index import META
from generator.journal import Journal
from generator.merge import main, options_of
from generator.options import GenerateOptions, command, content
from generator.report import Progress
from generator.standing import Standing
from tests import small_sets
from tests.small_sets import falsify, flip, hashes, told_by

COUNT = 6
LABELS = replace(small_sets.LABELS, num_videos=COUNT)
EMPTY = {"written": 3, "frames": 30, "failures": 1, "seconds": 60.0, "memory_mb": 500, "peak_memory_mb": 700}


def made(root: Path, options: GenerateOptions) -> None:
    with Dataset.open(options) as dataset, Progress(Console(quiet=True), Standing(COUNT), options, dataset) as progress:
        for each in farm.run(options.indices, options, dataset):
            progress.add(each)


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    """Made by two shards, of which none wrote an index."""
    root = tmp_path_factory.mktemp("merge") / "set"
    for shard in ("1/2", "2/2"):
        made(root, replace(LABELS, out=str(root), shard=shard))
    return root


@pytest.fixture
def copy(shards, tmp_path) -> Path:
    shutil.copytree(shards, tmp_path / "set")
    return tmp_path / "set"


def command_in(said: str, start: str) -> GenerateOptions:
    """The options of the command that a line of what was said ends with."""
    (line,) = (line for line in said.splitlines() if line.startswith(start))
    return told_by(line)


def test_shards_become_one_whole(copy, tmp_path, capsys):
    assert not (copy / META).exists()
    assert main([str(copy)]) == 0
    said = capsys.readouterr().out
    assert f"{COUNT} of {COUNT} clips are in {copy}" in said
    assert "Machines" in said
    assert "missing" not in said
    alone = replace(LABELS, out=str(tmp_path / "alone"))
    made(tmp_path / "alone", alone)
    Dataset.of(tmp_path / "alone").publish()
    assert hashes(copy) == hashes(tmp_path / "alone")
    before = hashes(copy)
    assert main([str(copy), "--check", "sums"]) == 0
    assert hashes(copy) == before


def lose(copy: Path, index: int) -> None:
    Dataset.of(copy).discard(index)


@pytest.mark.parametrize("index", [0, 3, COUNT - 1])
def test_a_clip_that_is_missing_is_named_with_the_command_that_makes_it(copy, index, capsys):
    lose(copy, index)
    assert main([str(copy)]) == 1
    said = capsys.readouterr().out
    assert f"1 of {COUNT} clips were not made: {index}\n" in said
    assert f"{COUNT - 1} of {COUNT} clips are in" in said
    again = command_in(said, "To make them")
    assert (again.num_videos, again.out, again.only, again.shard) == (COUNT, str(copy), None, "1/1")
    assert content(again) == content(LABELS)


def test_without_journals_the_highest_clip_tells_how_many_there_should_be(copy, capsys):
    shutil.rmtree(copy / RUNS)
    lose(copy, 2)
    assert main([str(copy)]) == 1
    assert f"1 of {COUNT} clips were not made: 2\n" in capsys.readouterr().out
    lose(copy, COUNT - 1)
    assert main([str(copy)]) == 1
    assert f"1 of {COUNT - 1} clips were not made: 2\n" in capsys.readouterr().out
    assert main([str(copy), "--num-videos", str(COUNT)]) == 1
    assert f"2 of {COUNT} clips were not made: 2, {COUNT - 1}\n" in capsys.readouterr().out


def test_who_makes_one_clip_again_does_not_say_how_many_there_should_be(copy):
    made(copy, replace(LABELS, num_videos=600, only=1, out=str(copy)))
    assert main([str(copy)]) == 0


def test_many_missing_clips_are_counted(copy, capsys):
    assert main([str(copy), "--num-videos", "600"]) == 1
    assert "594 of 600 clips were not made: 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, …\n" in capsys.readouterr().out


def test_a_damaged_clip_is_named_and_left_to_the_generator(copy, capsys):
    dataset = Dataset.of(copy)
    path = dataset.files(4).trajectories
    path.write_bytes(path.read_bytes()[:-7])
    assert main([str(copy)]) == 1
    said = capsys.readouterr().out
    assert f"clip 4 is damaged: trajectories/{dataset.key(4)}.npz has" in said
    assert command_in(said, "To make them").num_videos == COUNT
    assert path.exists()


@pytest.mark.parametrize(("check", "code"), [("none", 0), ("sizes", 0), ("sums", 1)])
def test_flipped_bytes_are_found_by_reading_them(copy, check, code, capsys):
    flip(Dataset.of(copy).files(4).trajectories)
    assert main([str(copy), "--check", check]) == code
    assert ("clip 4 is damaged" in capsys.readouterr().out) == bool(code)


def test_an_annotation_that_cannot_be_read_is_damage(copy, capsys):
    Dataset.of(copy).files(4).annotation.write_text("{")
    assert main([str(copy)]) == 1
    said = capsys.readouterr().out
    assert "clip 4 is damaged" in said
    assert f"{COUNT - 1} of {COUNT} clips are in" in said


def test_quarantined_clips_are_told_from_those_that_were_not_made(copy, capsys):
    lose(copy, 1)
    lose(copy, 2)
    Dataset.of(copy).quarantine(2, replace(LABELS, out=str(copy)), ["it died of SIGSEGV"], "", "here")
    assert main([str(copy)]) == 1
    said = capsys.readouterr().out
    assert f"1 of {COUNT} clips were not made: 1\n" in said
    assert "clip 2 " in said and "is quarantined: it died of SIGSEGV\n  python -m generator only=2" in said
    assert command_in(said, "To try quarantined").farm.retry_quarantined


@pytest.mark.parametrize(
    ("began", "time_and_rates", "memory"),
    [
        (("2026-11-23T03:10:00Z", "2026-11-23T03:10:00Z"), ["1 min 00 s", "6.0", "1.0"], "1.4 GB"),  # side by side, as shards are
        (("2026-11-23T03:10:00Z", "2026-11-23T03:10:30Z"), ["1 min 30 s", "4.0", "0.7"], "1.4 GB"),
        (("2026-11-23T03:10:00Z", "2026-11-23T03:11:00Z"), ["2 min 00 s", "3.0", "0.5"], "700 MB"),  # one after the other
    ],
)
def test_figures_of_a_machine_are_summed_over_its_runs(copy, began, time_and_rates, memory, capsys, monkeypatch):
    shutil.rmtree(copy / RUNS)
    figures = {"num_videos": COUNT, "hosts": {"node-1": EMPTY, "node-2": {**EMPTY, "written": 2}}}
    for shard, since in zip(("1/2", "2/2"), began, strict=True):
        monkeypatch.setattr("generator.journal.utc_now", lambda since=since: since)
        journal = Journal(copy / RUNS, shard)
        journal.write("begin", {**figures, "hosts": {}})
        journal.write("end", figures)
    assert main([str(copy)]) == 0
    rows = {line.split()[1]: line.split("│")[2:-1] for line in capsys.readouterr().out.splitlines() if "node-" in line}
    assert [each.strip() for each in rows["node-1"]] == ["6", *time_and_rates, "2", memory]
    assert rows["node-2"][0].strip() == "4"


def test_what_a_killed_run_left_is_swept(copy):
    (copy / ".part-0123").mkdir()
    assert main([str(copy)]) == 0
    assert not list(copy.glob(".part-*"))


def test_what_runs_at_work_have_made_so_far_is_taken_and_they_are_left_alone(copy, capsys):
    with Dataset.open(replace(LABELS, out=str(copy), shard="2/2")) as dataset, dataset.part(1) as part:
        assert main([str(copy)]) == 0
        assert part.video.parent.is_dir()
    assert "A run is at work here" in capsys.readouterr().out


def test_damage_stays_damage_until_it_is_mended(copy, capsys):
    assert main([str(copy), "--check", "sums"]) == 0
    falsify(Dataset.of(copy), 4)
    for _ in range(2):
        capsys.readouterr()
        assert main([str(copy), "--check", "sums"]) == 1
        assert "clip 4 is damaged: its annotation is not what was published" in (said := capsys.readouterr().out)
        assert f"{COUNT - 1} of {COUNT} clips are in" in said


def test_a_clip_that_lacks_a_layer_and_is_damaged_is_told_as_damaged(copy, capsys):
    with Dataset.open(replace(LABELS, out=str(copy), annotations=("masks",))) as dataset:
        path = dataset.files(4).trajectories
    path.write_bytes(path.read_bytes()[:-7])
    assert main([str(copy)]) == 1
    said = capsys.readouterr().out
    assert f"clip 4 is damaged: trajectories/{dataset.key(4)}.npz has" in said
    assert f"{COUNT - 1} of {COUNT} clips were not made: 0, 1, 2, 3, 5\n" in said


def test_home_is_found(copy, monkeypatch):
    monkeypatch.setenv("HOME", str(copy.parent))
    assert main(["~/set"]) == 0


@pytest.mark.parametrize("arguments", [["nowhere"], [".", "--num-videos", "0"], [".", "--num-videos", "x"], [".", "--check", "hope"], []])
def test_bad_input_is_refused(tmp_path, arguments, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as left:  # of argparse
        code = left.code
    assert code == 2
    assert capsys.readouterr().err
    assert not list(tmp_path.iterdir())


CHOICES = (
    [],
    ["seed=7", "split=labels", "twins=true", "annotations=[depth,masks]"],
    ["scene=busy", "qa=motionbench", "occlusion=strict", "render=draft", "difficulty=0.8", "scene.axes.camera=0"],
    ["preset=starter", "width=256"],
    ["scene.motions=[bounce,swing]", "qa.templates=[count_cycles]", "qa.mix.action_order=2", "duration=[2,4]"],
    ["scene.avatars=[robot,dog]", "+qa.weights.count_cycles=2", "qa.none_of_these=0"],
    ["curriculum=staged"],
)


@pytest.mark.parametrize("overrides", CHOICES, ids=" ".join)
def test_a_data_set_tells_the_options_that_it_was_made_with(tmp_path, overrides):
    asked = replace(LINE.composed(*overrides), out=str(tmp_path / "set"))
    with Dataset.open(asked):
        told = options_of(tmp_path / "set")
    assert content(told) == content(asked)
    assert content(told_by(command(told))) == content(asked)
