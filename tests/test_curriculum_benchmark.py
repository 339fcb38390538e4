"""What the experiment with practice chosen by the probe says of gains that were planted, and of none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.curriculum import (  # noqa: E402
    ALL,
    CHOSEN,
    EVEN,
    FAILED,
    KINDS,
    REST,
    Comparison,
    Exam,
    _parser,
    _plan,
    asked_more,
    groups,
    practised,
    sentences,
    slices_of,
    table,
)
from model.dataset import Item  # noqa: E402
from model.factors import Factors  # noqa: E402
from model.profile import Profile, Slice  # noqa: E402
from qa_templates.curriculum import Curriculum, Stage  # noqa: E402

torch.set_num_threads(1)

TEMPLATES = ("camera_move", "count_cycles", "travel_direction", "way_past")
WORST = ("camera_move", "count_cycles")


def items(scenes: int) -> list[Item]:
    """One question of each template about each scene."""
    options = ("a", "b", "c", "d")
    return [Item(f"q{s}-{t}", f"c{s}", "Camera Motion", t, "?", options, "A", f"s{s}", Path("v")) for s in range(scenes) for t in TEMPLATES]


def planted(scenes: int, gains: Mapping[str, float], seed: int = 0, seeds: int = 3) -> Exam:
    """Models that are right by chance alone: the base model in 30 % of what failed and 60 % of the rest, the others more often.

    Args:
        gains: of each kind of practice, in what failed.
    """
    asked, rng = items(scenes), np.random.default_rng(seed)
    failed = np.array([item.template in WORST for item in asked])
    # what makes a scene hard is the same for all models
    base = np.clip(np.where(failed, 0.3, 0.6) + np.repeat(rng.normal(0, 0.1, scenes), len(TEMPLATES)), 0, 1)

    def said(share: np.ndarray, times: int) -> np.ndarray:
        return (rng.random((times, len(asked))) < share).astype(float)

    return Exam(asked, said(base, 1)[0], {kind: said(base + gains[kind] * failed, seeds) for kind in KINDS})


def compared(found: Exam) -> dict[str, Comparison]:
    return {name: found.compare(name, members) for name, members in groups(WORST, found.items).items()}


def test_a_planted_gain_is_found_where_it_was_planted_and_nowhere_else():
    found = compared(planted(150, {CHOSEN: 0.35, EVEN: 0.1}))
    assert (found[FAILED].n, found[FAILED].scenes, found[ALL].n) == (300, 150, 600)
    assert found[FAILED].base == pytest.approx(0.3, abs=0.06)
    assert found[FAILED].ahead.low < 0.25 < found[FAILED].ahead.high
    assert found[FAILED].ahead.low > 0.1
    assert found[FAILED].gains[CHOSEN].low < 0.35 < found[FAILED].gains[CHOSEN].high
    assert found[FAILED].gains[EVEN].mean == pytest.approx(0.1, abs=0.06)
    assert found[REST].ahead.low < 0 < found[REST].ahead.high
    assert found[ALL].ahead.mean == pytest.approx((found[FAILED].ahead.mean + found[REST].ahead.mean) / 2)


def test_a_loss_is_said_as_plainly_as_a_gain():
    ahead = sentences(list(compared(planted(60, {CHOSEN: 0.3, EVEN: 0.0})).values()), 3)
    assert ahead[0].startswith("On what failed (120 questions): practice chosen by the probe adds more than even practice: +")
    behind = sentences(list(compared(planted(60, {CHOSEN: 0.0, EVEN: 0.3})).values()), 3)
    assert behind[0].startswith("On what failed (120 questions): practice chosen by the probe adds less than even practice: -")
    assert behind[1].startswith("On the rest (120 questions): no difference can be told")


def test_where_there_is_no_gain_it_is_hardly_ever_said():
    """Intervals of 95 % miss at most about one time in twenty; both kinds of practice add 20 points here."""
    exams = [planted(40, {CHOSEN: 0.2, EVEN: 0.2}, seed) for seed in range(15)]
    told = [exam.compare(FAILED, groups(WORST, exam.items)[FAILED]).ahead for exam in exams]
    assert sum(not gain.low <= 0 <= gain.high for gain in told) <= 3
    assert abs(np.mean([gain.mean for gain in told])) < 0.03


def test_few_scenes_and_seeds_are_owned_up_to():
    found = compared(planted(12, {CHOSEN: 0.6, EVEN: 0.0}, seeds=1))
    said = sentences(list(found.values()), 1)
    assert "no difference can be told: 12 scenes are too few" in said[0]
    assert "1 seed of the training" in said[-1]
    assert "So few seeds" in said[-1]
    assert "So few seeds" not in sentences(list(found.values()), 3)[-1]


def test_all_or_nothing_that_fails_is_said():
    asked = planted(30, {CHOSEN: 0.0, EVEN: 0.0})
    everything = [asked.compare(name, members) for name, members in groups(TEMPLATES, asked.items).items()]
    assert [each.name for each in everything] == [FAILED, ALL]
    assert "there is no rest" in sentences(everything, 3)[1]
    nothing = [asked.compare(name, members) for name, members in groups((), asked.items).items()]
    assert [each.name for each in nothing] == [ALL]
    assert "no template that fails" in sentences(nothing, 3)[0]


def one(factor: str, value: str, fails: bool) -> Slice:
    return Slice(factor, value, 50, 10, 0.1, 0.3, 0.25, fails=fails)


def profile(*slices: Slice) -> Profile:
    return Profile({}, one("all", "all", False), (), slices, (), (), (), None, ())


def test_what_fails_or_is_asked_more_counts_as_failed():
    stages = (
        Stage("rehearsal", 0.3, templates=dict.fromkeys(TEMPLATES, 1.0)),
        Stage("failures", 0.7, templates={"camera_move": 0.1, "count_cycles": 2.0, "travel_direction": 0.9, "way_past": 1.0}),
    )
    known = profile(one("template", "way_past", True), one("template", "camera_move", False), one("motion", "spin", True))
    assert asked_more(known, Curriculum(stages)) == ("count_cycles", "way_past")
    assert asked_more(profile(), Curriculum(stages[:1])) == ()


def test_slices_beside_the_templates_are_those_that_fail_and_are_asked_about():
    def factors(n: int) -> Factors:
        motion = "spin" if n % 2 else "slide"
        return Factors(f"q{n}", "c", "Camera Motion", TEMPLATES[n % 4], "?", ("a", "b"), "A", "s", classes={"motion": (motion,)})

    told = profile(one("motion", "spin", True), one("motion", "slide", False), one("motion", "bounce", True))
    found = slices_of(["way_past"], told, [factors(n) for n in range(40)])
    assert {name: int(members.sum()) for name, members in found.items()} == {"template = way_past": 10, "motion = spin": 20}
    assert set(slices_of([], told, [factors(n) for n in range(38)])) == set()  # 19 questions tell too little


def test_practice_is_told_by_what_it_asks():
    assert practised(WORST, items(5)) == {"clips": 5, "questions": 20, "failed": 0.5}


def test_the_table_has_a_line_for_each_comparison():
    found = list(compared(planted(30, {CHOSEN: 0.0, EVEN: 0.0})).values())
    assert table(found).row_count == len(found)


def test_folders_may_be_called_anything(tmp_path):
    out = tmp_path / "a,b (1)" / "c=d"
    plan = _plan(_parser().parse_args([str(out), "--tiny"]), ["batch_size=8"])
    options = plan.base_options()
    assert (options.clips.folders, options.out) == ((str(out / "data" / "base"),), str(out / "runs" / "base"))
    assert (options.optimiser.steps, options.optimiser.batch_size, options.clips.held_out) == (5, 8, 0)


@pytest.mark.slow
def test_the_experiment_runs_and_goes_on(tmp_path):
    pytest.importorskip("bpy")
    command = [sys.executable, "-m", "benchmarks.curriculum", str(tmp_path / "loop"), "--tiny"]
    subprocess.run(command, check=True, capture_output=True, timeout=1200)
    results = tmp_path / "loop" / "results.json"
    told = json.loads(results.read_text(encoding="utf-8"))
    assert {kind: each["clips"] for kind, each in told["practice"].items()} == {EVEN: 8, CHOSEN: 8}
    assert ALL in {each["name"] for each in told["found"]}
    records = {kind: json.loads((tmp_path / "loop" / "runs" / f"{kind}-seed0" / "training.json").read_text()) for kind in KINDS}
    assert {record["options"]["start_from"] for record in records.values()} == {str(tmp_path / "loop" / "runs" / "base")}
    assert {record["step"] for record in records.values()} == {5}
    weights = {path: path.stat().st_mtime_ns for path in (tmp_path / "loop").rglob("*.safetensors")}
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    assert json.loads(results.read_text(encoding="utf-8")) == told
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "loop").rglob("*.safetensors")} == weights
