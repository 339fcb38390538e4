"""What a run shows, to people and to programs, in every situation that it may end in."""

from __future__ import annotations

import io
import json
import platform
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from generator import journal, report
from generator.dataset import RUNS, Dataset
from generator.journal import Journal, read_runs
from generator.options import FarmOptions, GenerateOptions, RenderOptions
from generator.pipeline import ClipReport
from generator.report import MOST_QUARANTINED, Progress, Summary, machine_table
from generator.standing import GIVEN_UP, Standing

OPTIONS = GenerateOptions(num_videos=8, render=RenderOptions(engine="none"), farm=FarmOptions(min_free_mb=0))
CRASH = "it died of SIGSEGV"
REPORTS = st.builds(
    ClipReport,
    index=st.integers(0, 99),
    clip_id=st.just(""),
    status=st.sampled_from(["written", "exhausted", "failed", "quarantined"]),
    frames=st.integers(0, 200),
    rejections=st.builds(Counter, st.dictionaries(st.tuples(*[st.sampled_from("ab")] * 4), st.integers(1, 5), max_size=3)),
    message=st.sampled_from(["one", "two"]),
    failures=st.lists(st.sampled_from([CRASH, "it took longer than 900 s"]), max_size=3).map(tuple),
    host=st.sampled_from(["node-1", "node-2", platform.node()]),
    process=st.integers(0, 2),
    memory_mb=st.floats(0, 5000),
)


@pytest.fixture
def dataset(tmp_path) -> Iterator[Dataset]:
    with Dataset.open(replace(OPTIONS, out=str(tmp_path / "set"))) as dataset:
        yield dataset


def written(index: int, **more) -> ClipReport:
    return ClipReport(index, "", "written", **{"frames": 10, "host": "node-1", "memory_mb": 1200.0, **more})


def paper(terminal: bool = False, **more) -> Console:
    return Console(file=io.StringIO(), width=110, force_terminal=terminal, color_system=None, legacy_windows=False, **more)


def said(console: Console) -> str:
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", console.file.getvalue().replace("\r", "\n"))


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """What ``time.perf_counter`` tells is its ``now_s``."""
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr("time.perf_counter", lambda: clock.now_s)
    return clock


@pytest.fixture
def at_every_clip(monkeypatch) -> None:
    """The journal is written, and then alone."""
    monkeypatch.setattr(journal, "EVERY_S", 0)
    monkeypatch.setattr(report, "LOOK_EVERY_S", 60)


def shown(console: Console, dataset: Dataset, reports: list[ClipReport], options: GenerateOptions = OPTIONS) -> Standing:
    """Run the display over some reports; what it said is in the console."""
    standing = Standing(options.num_videos)
    with Progress(console, standing, replace(options, out=str(dataset.root)), dataset) as progress:
        for each in reports:
            progress.add(each)
    return standing


def summed_up(dataset: Dataset, reports: list[ClipReport], options: GenerateOptions = OPTIONS, **more) -> str:
    standing, console = Standing(len(reports)), paper()
    for each in reports:
        standing.add(each)
    Summary(replace(options, out=str(dataset.root)), standing, dataset, **{"published": 8, **more}).print(console)
    return said(console)


def lines(dataset: Dataset, name: str = "progress.jsonl") -> list[dict]:
    return [json.loads(line) for line in (dataset.root / RUNS / name).read_text().splitlines()]


# While it lasts


def test_a_terminal_shows_all_that_counts_in_two_lines(dataset):
    console = paper(terminal=True)
    rejected = Counter({("occlusion", "hidden", "spin", "left"): 3})
    reports = [written(0, rejections=rejected), written(1, host="node-2", failures=(CRASH,)), written(2, memory_mb=1300.0)]
    shown(console, dataset, [*reports, ClipReport(3, "", "exhausted", message="no take was good enough", host="node-2", memory_mb=900.0)])
    *_, first, second = said(console).splitlines()
    assert re.match(r"4 of 8 clips ━+.*\d+ s, \d+\.\d a minute, about \d+ s left", first)
    assert second == "3 takes rejected · 1 failure · 0 quarantined · 1 exhausted · 2.2 GB in use on 2 machines"


def test_before_the_first_clip_no_time_is_promised(dataset):
    console = paper(terminal=True)
    shown(console, dataset, [])
    assert "0 of 8 clips" in said(console)
    assert "no clip yet" in said(console)


def test_a_narrow_terminal_does_as_well(dataset):
    console = paper(terminal=True)
    console.width = 60
    shown(console, dataset, [written(0)])
    assert "1 of 8 clips" in said(console)
    assert all(len(line) <= 60 for line in said(console).splitlines())


def test_a_file_gets_plain_lines_now_and_then(dataset, monkeypatch):
    console = paper()
    shown(console, dataset, [written(0), written(1)])
    assert said(console) == "", "it has not lasted long enough"
    monkeypatch.setattr(report, "LINE_EVERY_S", 0)
    monkeypatch.setattr(report, "LOOK_EVERY_S", 60)
    shown(console, dataset, [written(0), written(1, memory_mb=0.0)])
    assert "\x1b" not in console.file.getvalue()
    first, second = said(console).splitlines()
    assert re.fullmatch(r"1 of 8 clips, .* a minute, about .* left; 0 takes rejected, 0 failures, 0 quarantined, .* 1.2 GB in use", first)
    assert second.startswith("2 of 8 clips")


@pytest.mark.parametrize("terminal", [True, False])
def test_what_fails_is_said_as_it_happens(dataset, terminal):
    console = paper(terminal)
    shown(console, dataset, [written(5, failures=(CRASH, "it said\nmore [red] than a line"))])
    assert f"clip 5 failed at attempt 1, and was tried again: {CRASH}" in said(console)
    assert "clip 5 failed at attempt 2, and was tried again: it said more [red] than a line" in said(console)
    shown(console, dataset, [ClipReport(6, "", "quarantined", message="clip 6 is quarantined", failures=(CRASH,) * 3)])
    assert said(console).count("clip 6 failed at attempt") == 2
    assert "clip 6 is quarantined" in said(console)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_quiet_run_says_one_line(dataset, terminal, monkeypatch):
    monkeypatch.setattr(report, "LINE_EVERY_S", 0)
    console = paper(terminal, quiet=True)
    standing = shown(console, dataset, [written(0, failures=(CRASH,))])
    assert console.file.getvalue() == ""
    Summary(OPTIONS, standing, dataset, published=1).print(console)
    (only,) = said(console).splitlines()
    assert only.startswith(f"1 clip is in {dataset.root}") and only.endswith("7 clips are missing of those asked for.")


@given(st.lists(REPORTS, max_size=12))
def test_figures_add_up(reports):
    standing = Standing(total=20)
    for each in reports:
        standing.add(each)
    told = standing.as_json()
    assert told["done"] == len(reports) == sum(standing.statuses.values())
    assert told["written"] == sum(each.status == "written" for each in reports) == sum(each["written"] for each in told["hosts"].values())
    failures = sum(len(each.failures) for each in reports)
    assert told["failures"] == failures == sum(each["failures"] for each in told["hosts"].values())
    assert failures == sum(counts["attempts"] for counts in standing.reasons.values())
    assert all(counts["lost"] <= counts["clips"] <= counts["attempts"] for counts in standing.reasons.values())
    assert told["rejected"] == sum(each.rejections.total() for each in reports)
    latest = {(each.host, each.process): each.memory_mb for each in reports if each.memory_mb}
    assert told["memory_mb"] == pytest.approx(sum(latest.values()), abs=1)
    assert (told["eta_s"] is None) == (not reports)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_the_rate_is_that_of_the_last_minutes(clock):
    standing = Standing(total=10_000, _began_s=0.0)
    for index in range(100):  # one a second
        clock.now_s += 1
        standing.add(written(index))
    assert standing.clips_per_min == pytest.approx(60)
    assert standing.left_s == pytest.approx(9900)
    for index in range(100, 400):  # then one in ten seconds, for 50 minutes
        clock.now_s += 10
        standing.add(written(index))
    assert standing.clips_per_min == pytest.approx(6, rel=0.05)
    assert standing.left_s == pytest.approx(96_000, rel=0.05)


def test_a_machine_that_is_gone_holds_no_memory(clock):
    standing = Standing(total=10, silent_after_s=400.0, _began_s=0.0)
    standing.add(written(0, memory_mb=16_000.0))
    clock.now_s = 300.0
    standing.add(written(1, host="node-2", memory_mb=1000.0))
    assert (standing.memory_mb, len(standing.at_work)) == (17_000, 2)
    clock.now_s = 500.0
    assert (standing.memory_mb, len(standing.at_work)) == (1000, 1)


def test_several_processes_of_one_machine_have_workers_and_one_may_leave(clock):
    standing = Standing(total=10, silent_after_s=400.0, _began_s=0.0)
    standing.add(written(0, process=7, memory_mb=1000.0))
    clock.now_s = 300.0
    standing.add(written(1, process=8, memory_mb=800.0))
    assert standing.memory_mb == 1800
    clock.now_s = 500.0
    standing.add(written(2, process=8, memory_mb=900.0))
    assert standing.memory_mb == 900
    assert standing.as_json()["hosts"]["node-1"]["peak_memory_mb"] == 1800


def test_a_machine_is_at_work_since_the_run_began_or_since_it_joined(clock):
    clock.now_s = 100.0
    standing = Standing(total=10, _began_s=0.0)
    standing.add(written(0, host=platform.node(), seconds={"rendering": 20.0}))
    standing.add(written(1, seconds={"rendering": 20.0, "staging": 10.0}))
    clock.now_s = 150.0
    standing.add(written(2, seconds={"rendering": 40.0}))
    hosts = standing.as_json()["hosts"]
    assert (hosts[platform.node()]["seconds"], hosts["node-1"]["seconds"]) == (100.0, 80.0)


# The journal


def test_the_journal_tells_beginning_and_end(dataset):
    shown(paper(), dataset, [written(index) for index in range(8)])
    begin, end = lines(dataset)
    assert (begin["event"], begin["done"], begin["eta_s"], begin["num_videos"]) == ("begin", 0, None, 8)
    assert (end["event"], end["done"], end["total"], end["outcome"]) == ("end", 8, 8, "done")
    assert end["hosts"]["node-1"]["frames"] == 80
    for each in (begin, end):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each["time"])
        assert each["host"] == platform.node()
        assert each["shard"] == "1/1"


def test_the_journal_is_written_now_and_then(dataset, at_every_clip):
    shown(paper(), dataset, [written(0), written(1)])
    assert [(each["event"], each["done"]) for each in lines(dataset)] == [("begin", 0), ("progress", 1), ("progress", 2), ("end", 2)]


def test_a_run_of_which_no_clip_ends_is_not_silent(dataset, monkeypatch):
    """As where one hangs: people and programs are told all the same."""
    for name, seconds in ((report, "LINE_EVERY_S"), (report, "LOOK_EVERY_S"), (journal, "EVERY_S")):
        monkeypatch.setattr(name, seconds, 0.01)
    console, until_s = paper(), time.monotonic() + 60
    with Progress(console, Standing(8), OPTIONS, dataset):
        while (len(lines(dataset)) < 4 or said(console).count("0 of 8 clips") < 3) and time.monotonic() < until_s:
            time.sleep(0.01)
    assert [each["event"] for each in lines(dataset)[:4]] == ["begin", "progress", "progress", "progress"]
    assert said(console).count("0 of 8 clips, no clip yet; 0 takes rejected") >= 3


def test_machines_are_told_of_now_and_then_and_remembered(dataset, monkeypatch, at_every_clip):
    standing = Standing(8)
    with Progress(paper(), standing, OPTIONS, dataset) as progress:
        progress.add(written(0))
        monkeypatch.setattr("generator.journal.HOSTS_EVERY_S", 0)
        progress.add(written(1))
        monkeypatch.setattr("generator.journal.HOSTS_EVERY_S", 60)
        progress.add(written(2))
        (run,) = read_runs(dataset.root / RUNS)
    assert ["hosts" in each for each in lines(dataset)] == [True, False, True, False, True]
    assert (run["done"], run["hosts"]["node-1"]["written"]) == (3, 2)


def test_each_shard_has_a_journal_of_its_own(dataset):
    shown(paper(), dataset, [written(1)], replace(OPTIONS, shard="2/4"))
    assert lines(dataset, "progress-2of4.jsonl")[0]["shard"] == "2/4"
    assert not (dataset.root / RUNS / "progress.jsonl").exists()


@pytest.mark.parametrize(("error", "outcome"), [(KeyboardInterrupt(), "interrupted"), (RuntimeError("no room"), "no room")])
def test_the_journal_says_what_ended_a_run(dataset, error, outcome):
    with pytest.raises(type(error)), Progress(paper(), Standing(8), OPTIONS, dataset) as progress:
        progress.add(written(0))
        raise error
    assert lines(dataset)[-1]["outcome"] == outcome


FIGURES = {"num_videos": 8, "hosts": {"node-1": {"written": 3}}}


@given(cut=st.integers(0, 500))
def test_a_line_that_was_cut_off_spoils_no_other(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("runs")
    path = folder / "progress.jsonl"
    first = Journal(folder, "1/1")
    first.write("begin", FIGURES)
    first.write("end", FIGURES)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole))])  # where the writer was killed
    Journal(folder, "1/1").write("begin", {**FIGURES, "num_videos": 9})
    *before, last = path.read_bytes().splitlines()
    assert json.loads(last)["num_videos"] == 9
    assert sum(line in whole.splitlines() for line in before) >= whole[:cut].count(b"\n")
    assert {run["num_videos"] for run in read_runs(folder)} <= {8, 9}


def _occupied(folder: Path) -> None:
    folder.write_text("")


def _full(folder: Path) -> None:
    folder.mkdir()
    (folder / "progress.jsonl").symlink_to("/dev/full")


@pytest.mark.parametrize("spoil", [_occupied, _full])
def test_a_journal_that_cannot_be_written_stops_no_run(dataset, spoil: Callable[[Path], None], at_every_clip, caplog):
    spoil(dataset.root / RUNS)
    assert shown(paper(), dataset, [written(0), written(1)]).done == 2
    assert len(caplog.records) == 1, "it is said once"


def test_runs_are_read_back_by_their_last_line(dataset, monkeypatch, at_every_clip):
    monkeypatch.setattr("generator.journal.utc_now", iter("abcdefgh").__next__)
    shown(paper(), dataset, [written(0)])
    shown(paper(), dataset, [written(1)], replace(OPTIONS, shard="2/4"))
    with (dataset.root / RUNS / "progress.jsonl").open("a") as stream:
        stream.write('[1]\n{"event": "end"}\nnonsense\n')
    runs = read_runs(dataset.root / RUNS)
    assert sorted((run["shard"], run["event"], run["done"]) for run in runs) == [("1/1", "end", 1), ("2/4", "end", 1)]


# The closing table


def test_a_good_run_ends_with_where_the_data_are_and_how_to_get_more(dataset):
    closing = summed_up(dataset, [written(index, seconds={"rendering": 1.0}) for index in range(8)])
    assert "For more: python -m generator num_videos=16" in closing
    assert closing.splitlines()[-1].startswith(f"8 clips are in {dataset.root}")
    for words in ("written", "already there", "clips per minute", "frames per second", "rendering"):
        assert words in closing
    for words in ("Machines", "missing", "try", "failed", "quarantined", "go on"):
        assert words not in closing


def test_a_shard_ends_with_how_to_merge(dataset):
    closing = summed_up(dataset, [written(1)], replace(OPTIONS, shard="2/4"))
    assert f"When all shards have ended: python -m generator.merge {dataset.root} --num-videos 8" in closing


def test_one_clip_ends_with_how_to_make_all(dataset):
    assert "For all clips: python -m generator seed=0" in summed_up(dataset, [written(3)], replace(OPTIONS, only=3))


def test_a_run_that_stopped_ends_with_how_to_go_on(dataset):
    standing, console = Standing(8), paper()
    standing.add(ClipReport(0, "", "unwritable", message="no room"))
    Summary(replace(OPTIONS, out=str(dataset.root)), standing, dataset, is_stopped=True).print(console)
    assert "To go on: python -m generator seed=0" in said(console)
    assert re.search(r"not made\W+7\b", said(console))
    assert "the index could not be written; 8 clips are missing" in said(console)
    assert "For more" not in said(console)


def test_what_was_retried_is_summed_up_by_reason(dataset):
    slow = "it took longer than 900 s"
    lost = ClipReport(2, "", "quarantined", failures=(CRASH, slow, slow), message="given up")
    closing = summed_up(dataset, [written(0, failures=(CRASH,)), written(1, failures=(CRASH, CRASH)), lost])
    assert re.search(rf"{CRASH}\W+4\W+3\W+1\b", closing)
    assert re.search(rf"{slow}\W+2\W+1\W+1\b", closing)
    assert re.search(r"attempts that failed\W+6\b", closing)


def test_quarantined_clips_are_named_with_reason_and_command(dataset):
    options = replace(OPTIONS, num_videos=30, out=str(dataset.root))
    for index in range(MOST_QUARANTINED + 3):
        dataset.quarantine(index, options, [CRASH, f"reason {index}"], "", "here")
    closing = summed_up(dataset, [written(index) for index in range(20, 30)], options, left_out=MOST_QUARANTINED + 3)
    assert re.search(r"quarantined before\W+13\b", closing)
    assert f"clip 4 ({dataset.key(4)}) is quarantined: reason 4\n  python -m generator only=4 seed=0 out={dataset.root}" in closing
    assert f"and 3 more, in {dataset.root / RUNS / 'quarantine'}" in closing
    assert "reason 10" not in closing
    (again,) = (line for line in closing.splitlines() if line.startswith("To try quarantined clips again"))
    assert again.endswith("farm.retry_quarantined=true")
    assert "13 clips are missing" in closing


def test_exhausted_clips_are_tried_with_more_takes(dataset):
    closing = summed_up(dataset, [ClipReport(0, "", "exhausted", message="no take")])
    (again,) = (line for line in closing.splitlines() if line.startswith("To try exhausted clips"))
    assert "max_attempts=120" in again


def test_machines_are_compared_where_there_are_several(dataset):
    closing = summed_up(dataset, [written(0), written(1, host="node-2", failures=(CRASH,), memory_mb=300.0)])
    assert re.search(r"node-1\W+1\W", closing)
    assert re.search(r"node-2 .* 1 +│ 300 MB", closing)


def test_a_machine_that_rests_has_no_rate_of_zero_by_zero():
    console = paper()
    told = {"written": 0, "frames": 0, "failures": 2, "seconds": 0.0, "memory_mb": 0, "peak_memory_mb": 0}
    console.print(machine_table({"node-1": told}))
    assert "node-1" in said(console)


@pytest.mark.parametrize("status", GIVEN_UP)
def test_a_trace_is_shown_as_it_is(dataset, status):
    assert "File [bold]x[/bold]" in summed_up(dataset, [ClipReport(0, "", status, message="m", trace="File [bold]x[/bold]")])
