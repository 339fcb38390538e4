"""The program as a user runs it: in a process of its own, from another folder, killed, interrupted, out of room."""

from __future__ import annotations

import io
import itertools
import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

import psutil
import pytest
from rich.console import Console

from conf.command_line import BAD_INPUT
from conf.progress import console_of
from generator import __main__ as entry
from generator import catalogue, contact_sheet, gallery, report
from generator.audit import __main__ as audit
from generator.dataset import Dataset
from generator.index import AGAIN, META
from generator.locks import INDEX, alone
from generator.options import GenerateOptions, OcclusionOptions
from generator.pipeline import ClipReport
from generator.verify.__main__ import verify
from qa_templates.question import QuestionOptions
from scenes.script import SceneOptions
from tests.programs import finish, program, run, wait_for_clips
from tests.small_sets import LABEL_KEYS, LABELS, generate, hashes
from tests.test_contact_sheet import row, write_video


def journal(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "runs" / "progress.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, str]:
    return generate(tmp_path_factory.mktemp("unbroken"), replace(LABELS, num_videos=12))


def test_the_same_command_again_makes_nothing_and_one_clip_can_be_made_again(tmp_path, run_here):
    told = ("num_videos=2", "workers=0", "out=set", *LABEL_KEYS)
    code, _, complained = run(*told, cwd=tmp_path)
    assert code == 0, complained
    before = hashes(tmp_path / "set")
    code, said, _ = run_here(*told)
    assert code == 0
    assert "already there" in said
    assert "rejected" not in said
    assert run_here(*told, "only=1")[0] == 0
    assert hashes(tmp_path / "set") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"], "hydra or the program wrote something of its own"


def test_a_killed_run_goes_on_and_ends_identical(tmp_path, unbroken):
    arguments = ("num_videos=12", "workers=2", "out=set", *LABEL_KEYS)
    process = program(*arguments, cwd=tmp_path)
    wait_for_clips(tmp_path / "set", 3, process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert not (tmp_path / "set" / META).exists()
    code, said, complained = run(*arguments, cwd=tmp_path)
    assert code == 0, complained
    for words in ("written", "already there", "staging", "occlusion", "clips per minute", "12 clips are in set", "python -m generator"):
        assert words in said
    assert hashes(tmp_path / "set") == unbroken
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive, "workers outlived the run that was killed"
    told = journal(tmp_path / "set")
    assert [line["event"] for line in told if line["event"] != "progress"] == ["begin", "begin", "end"]
    assert told[-1]["done"] == told[-1]["total"] < 12


def test_an_interrupted_run_publishes_what_is_complete_and_says_how_to_go_on(tmp_path):
    process = program("num_videos=400", "workers=2", "out=set", *LABEL_KEYS, cwd=tmp_path, start_new_session=True)
    wait_for_clips(tmp_path / "set", 3, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it as well
    code, said, complained = finish(process)
    assert code == 130
    assert "Traceback" not in complained + said
    assert "To go on: python -m generator seed=0 out=set num_videos=400" in complained
    rows = (tmp_path / "set" / META).read_text().splitlines()
    assert len(rows) == len(list(tmp_path.glob("set/annotations/*.json"))) >= 3
    assert journal(tmp_path / "set")[-1]["outcome"] == "interrupted"
    assert not list(tmp_path.glob("set/.part-*"))


@pytest.mark.slow
def test_a_second_interrupt_ends_a_run_at_once(tmp_path):
    process = program("num_videos=400", "workers=2", "out=set", *LABEL_KEYS, cwd=tmp_path)
    wait_for_clips(tmp_path / "set", 3, process)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.mkfifo(tmp_path / "set" / "annotations" / "0.json")  # who writes the index waits for ever for what is in it
    process.send_signal(signal.SIGINT)
    assert "Interrupted" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    code, _, complained = finish(process)
    assert code == 130
    assert "Traceback" not in complained
    assert complained.count("To go on: python -m generator seed=0 out=set num_videos=400") == 1
    assert not psutil.wait_procs(workers, timeout=60)[1]


def test_a_quiet_run_says_one_line_and_its_errors(tmp_path, run_here):
    code, said, complained = run_here("--quiet", "num_videos=2", "workers=0", "out=set", *LABEL_KEYS)
    assert (code, complained) == (0, "")
    assert said == "2 clips are in set: questions in video_info.meta.jsonl, described in README.md.\n"
    begin, *_, end = journal(tmp_path / "set")
    assert (begin["event"], end["event"], end["done"]) == ("begin", "end", 2)


def options(folder: Path, **more) -> GenerateOptions:
    farm = replace(LABELS.farm, retry_quarantined=more.pop("retry", False))
    return replace(LABELS, out=str(folder), **{"num_videos": 3, "farm": farm, **more})


def generated(folder: Path, **more) -> tuple[int, str]:
    """Exit code of a run in this process, and what it said."""
    console = more.pop("console", None) or Console(file=io.StringIO(), width=120, quiet=more.get("quiet", False))
    code = entry.generate(options(folder, **more), console)
    return code, getattr(console.file, "getvalue", str)()


@contextmanager
def reader_gone() -> Iterator[TextIO]:
    """A pipe of which the other end is closed, as by ``| head -1``."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream


UNHEARD = pytest.mark.parametrize("opened", [reader_gone, partial(open, "/dev/full", "w")], ids=["nobody reads", "no room"])


@UNHEARD
def test_a_run_that_nobody_can_hear_goes_on(tmp_path, opened, monkeypatch):
    monkeypatch.setattr(report, "LINE_EVERY_S", 0)
    with opened() as stream:
        assert generated(tmp_path, console=console_of(stream))[0] == 0
    assert len((tmp_path / META).read_text().splitlines()) == 3


@UNHEARD
def test_a_catalogue_that_nobody_can_hear_is_printed_to_its_end(opened, monkeypatch):
    with opened() as stream:
        monkeypatch.setattr("sys.stdout", stream)
        catalogue.main([])


@UNHEARD
def test_a_contact_sheet_is_drawn_though_nobody_can_hear_of_it(tmp_path, opened, monkeypatch):
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", num_frames=3)
    (tmp_path / META).write_text(json.dumps(row("a", "a0", "B")) + "\n")
    with opened() as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert contact_sheet.main([str(tmp_path)]) == 0
    assert (tmp_path / "contact_sheet.png").is_file()


@pytest.mark.slow
@UNHEARD
def test_a_gallery_is_drawn_though_nobody_can_hear_of_it(tmp_path, opened, monkeypatch):
    told = ["--kind", "motions", "--only", "slide", "--width", "64", "--fps", "4", "--render", "draft", "--workers", "1"]
    with opened() as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert gallery.main([str(tmp_path), *told]) == 0
    assert (tmp_path / "index.html").is_file()


@UNHEARD
def test_an_audit_that_cannot_say_why_it_ends_has_its_exit_code(tmp_path, opened, monkeypatch):
    with opened() as stream:
        monkeypatch.setattr("sys.stderr", stream)
        assert audit.main([str(tmp_path)]) == BAD_INPUT


@pytest.mark.slow
def test_a_proof_tells_how_many_processes_worked(tmp_path, monkeypatch):
    """Fewer than there are cores, where a container or a job is given fewer; that is what this variable stands in for."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert generated(tmp_path, num_videos=1)[0] == 0
    told = {workers: verify(tmp_path, False, workers, None, Console(quiet=True)).section["workers"] for workers in (-1, 0, 2)}
    assert told == {-1: 1, 0: 1, 2: 2}


def test_a_damaged_clip_that_lacks_a_layer_is_made_again(tmp_path):
    small = {"num_videos": 2, "scene": SceneOptions(width=64, height=64, fps=8.0), "occlusion": OcclusionOptions(min_area_px=1, every=8)}
    assert generated(tmp_path, **small)[0] == 0
    for index, more in ((0, {}), (1, {"only": 1})):
        os.truncate(Dataset.of(tmp_path).files(index).trajectories, 100)
        code, said = generated(tmp_path, annotations=("tracks",), **small, **more)
        assert code == 0, said
        assert "quarantine" not in said
    dataset = Dataset.of(tmp_path)
    assert dataset.missing(range(2)) == []
    assert [reason for _, reason in dataset.examined(range(2), "sums")] == ["", ""]


def test_an_interrupted_run_leaves_a_large_index_to_later(tmp_path, monkeypatch):
    """To write it takes minutes for a hundred thousand clips."""
    monkeypatch.setattr(entry, "MOST_IN_HASTE", 1)
    real = entry.run

    def interrupted(*asked) -> Iterator[ClipReport]:
        yield from itertools.islice(real(*asked), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "run", interrupted)
    console = Console(file=io.StringIO(), width=120)
    with pytest.raises(KeyboardInterrupt):
        generated(tmp_path, console=console)
    assert f"the index is written when all is made, or by python -m generator.merge {tmp_path} --num-videos 3" in console.file.getvalue()
    assert not (tmp_path / META).exists()


def test_a_shard_leaves_the_index_to_another_that_is_writing_it(tmp_path):
    assert generated(tmp_path, shard="1/2")[0] == 0
    with alone(tmp_path, INDEX):
        code, said = generated(tmp_path, shard="2/2")
    assert code == 0
    assert "the index is being written by another run, with these clips" in said
    assert (tmp_path / AGAIN).exists()
    assert generated(tmp_path)[0] == 0
    assert len((tmp_path / META).read_text().splitlines()) == 3


def test_errors_of_a_quiet_run_are_said(tmp_path, capsys):
    impossible = OcclusionOptions(min_area_px=1e9)
    code, said = generated(tmp_path, quiet=True, max_attempts=2, occlusion=impossible, qa=QuestionOptions(templates=("recognise_motion",)))
    assert (code, said.count("\n")) == (1, 1)
    assert "3 clips are missing" in said
    assert capsys.readouterr().err.count("none of 2 takes") == 3


def test_a_damaged_clip_is_made_again_and_a_quarantined_one_is_left_alone(tmp_path):
    assert generated(tmp_path)[0] == 0
    before, dataset = hashes(tmp_path), Dataset.of(tmp_path)
    dataset.files(1).trajectories.write_bytes(b"")
    code, said = generated(tmp_path)
    assert code == 0
    assert "clip 1 is made again: trajectories/" in said
    assert hashes(tmp_path) == before
    dataset.discard(2)
    dataset.quarantine(2, GenerateOptions(out=str(tmp_path)), ["it died of SIGSEGV"], "", "here")
    code, said = generated(tmp_path)
    assert code == 1
    assert "is quarantined: it died of SIGSEGV" in said
    assert "farm.retry_quarantined=true" in said
    assert dataset.missing(range(3)) == [2]
    for more in ({"retry": True}, {"only": 2}):
        dataset.discard(2)
        dataset.quarantine(2, GenerateOptions(out=str(tmp_path)), ["it died of SIGSEGV"], "", "here")
        code, said = generated(tmp_path, **more)
        assert (code, "quarantine" in said) == (0, False)
        assert dataset.quarantined(range(3)) == []
        assert hashes(tmp_path) == before


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))


def test_files_that_do_not_fit_stop_the_run_with_nothing_half_written(tmp_path, run_here):
    code, said, complained = run("num_videos=24", "workers=0", "out=set", *LABEL_KEYS, cwd=tmp_path, preexec_fn=_small_files)
    assert code == 1
    assert "Traceback" not in complained + said
    assert "no room" in complained
    assert not list(tmp_path.glob("set/.part-*"))
    for path in tmp_path.glob("set/annotations/*.json"):
        json.loads(path.read_text())
    assert run_here("num_videos=1", "workers=0", "out=set", *LABEL_KEYS)[0] == 0


def test_a_changed_configuration_is_refused(tmp_path, run_here):
    told = ("num_videos=1", "workers=0", "out=set", *LABEL_KEYS)
    assert run_here(*told)[0] == 0
    before = hashes(tmp_path / "set")
    code, _, complained = run_here(*told, "difficulty=0.8", "seed=3")
    assert code == 2
    assert "scene.difficulty 0.3 -> 0.8" in complained
    assert "seed 0 -> 3" in complained
    assert hashes(tmp_path / "set") == before


def test_impossible_thresholds_are_an_error(tmp_path, run_here, caplog):
    impossible = ("occlusion.min_area_px=1e9", "qa.templates=[recognise_motion]")  # what watches nothing but the camera needs no area
    code, said, complained = run_here("out=set", "num_videos=6", "workers=0", "max_attempts=2", *impossible, *LABEL_KEYS)
    assert code == 1
    assert "Traceback" not in complained + said
    assert "occlusion.min_" in complained + caplog.text
    assert not list(tmp_path.glob("set/annotations/*.json"))


def test_help_names_every_key_of_the_contract(tmp_path, run_here):
    code, said, _ = run_here("--help")
    assert code == 0
    keys = ("num_videos", "seed", "out", "split", "workers", "only", "shard", "render", "width", "height", "fps", "duration", "quiet")
    for key in (*keys, "questions_per_video", "difficulty", "scene", "occlusion", "qa", "farm"):
        assert f"{key}=" in said
    assert not list(tmp_path.iterdir())


def test_the_catalogue_lists_names_for_programs_and_people(tmp_path, capsys):
    code, said, _ = run("--json", cwd=tmp_path, module="generator.catalogue")
    assert code == 0
    listed = json.loads(said)
    contract = {"motions", "avatar_motions", "avatars", "events", "environments", "cameras", "questions"}
    assert listed.keys() >= contract | {"shapes", "viewpoints", "signed_cameras"}
    assert "spin" in listed["motions"]
    assert "dolly_zoom" in listed["cameras"]
    for group, described in listed["descriptions"].items():
        assert list(described) == listed[group]
        assert all(described.values())
        assert list(listed["claims"][group]) == listed[group]
    catalogue.main([])
    said = capsys.readouterr().out
    assert all(name in said for name in listed["motions"])
