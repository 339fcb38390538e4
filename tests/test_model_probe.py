"""The probe finds the failures that are planted in a model's answers, and none where there are none; and says what to generate next."""

from __future__ import annotations

import io
import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from scipy.stats import hypergeom, norm

from generator.__main__ import generate
from generator.options import FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions, content
from model import probe
from model.commands import generate_by, rerender, templates_of
from model.dataset import LETTERS, BadDataset, read_items
from model.factors import NONE, UNITS, Factors, number_in, read_configuration, read_factors
from model.predictions import Prediction, write_predictions
from model.prescription import AXES, NoCurriculum, not_shown, prescribe, shrunk
from model.profile import Curve, Profile, Slice, read_profile, write_profile
from model.slices import WORST_PER_TEMPLATE, Answered, curves, profile_of
from model.strata import Answers
from qa_templates.curriculum import Curriculum, Stage, read_curriculum, written
from qa_templates.observation import camera_keys
from qa_templates.question import QUESTIONS, QuestionOptions
from scenes.difficulty import USUAL, Axes
from scenes.script import SceneOptions
from tests.small_sets import told_by

ASKED = ("camera_move", "count_cycles", "recognise_motion", "travel_direction", "what_follows", "recognise_event")
FOUR = LETTERS[:4]
Chance = Callable[[Factors], float]


# ---- answers of a model whose faults are known ----------------------------------------------------------------------------------


def questions(count: int, seed: int, per_scene: int = 1) -> list[Factors]:
    """Questions of four templates; what is in a scene is drawn for the scene, motion and measures for the question."""
    rng = np.random.default_rng(seed)
    return [row for scene in range(count // per_scene) for row in _scene(scene, per_scene, rng)]


def _scene(scene: int, per_scene: int, rng: np.random.Generator) -> list[Factors]:
    environment, objects = str(rng.choice(["beach", "room", "night"])), str(rng.integers(1, 5))
    return [_question(f"{scene}-{place}", str(scene), environment, objects, rng) for place in range(per_scene)]


def _question(uid: str, scene: str, environment: str, objects: str, rng: np.random.Generator) -> Factors:
    template = str(rng.choice(["camera_move", "recognise_motion", "count_cycles", "travel_direction"]))
    kind, answer = QUESTIONS[template].question_type, str(rng.choice(list(FOUR)))
    keys = {
        "camera_move": ("pan left", "zoom in", "dolly in", "tilt up"),
        "recognise_motion": ("spin", "hop", "slide", "roll"),
        "count_cycles": ("2", "3", "4", "5"),
        "travel_direction": ("left", "right", "away", "towards"),
    }[template]
    labels = tuple(rng.permutation(keys).tolist())
    motion = str(rng.choice(["spin", "hop", "slide", "swing", "leap"]))
    return Factors(
        uid,
        scene,
        kind,
        template,
        "What is it?",
        tuple(f"It is {label}" for label in labels),
        answer,
        scene,
        labels=labels,
        truth=labels[LETTERS.index(answer)],
        classes={"motion": (motion,), "environment": (environment,), "number of objects": (objects,), "right letter": (answer,)},
        measures={"speed": float(rng.gamma(2.0, 0.2)), "size": float(rng.uniform(0.01, 0.1)), "distractors": float(rng.integers(3))},
        settings=dict.fromkeys(("speed", "size"), USUAL),
        required_fps=float(rng.uniform(1, 6)),
    )


def answered(rows: Sequence[Factors], right: Chance, seed: int, together: float = 0.0, fps: float = 3.0) -> list[Answered]:
    """What a model says that is right as often as told; a share of its answers follows one draw for the whole scene."""
    rng = np.random.default_rng([7, seed])
    luck = {row.scene: rng.random() for row in rows}
    return [_answer(row, luck[row.scene] if rng.random() < together else rng.random(), right(row), fps, rng) for row in rows]


def _answer(row: Factors, luck: float, right: float, fps: float, rng: np.random.Generator) -> Answered:
    truth = LETTERS.index(row.answer)
    said = truth if luck < right else int(rng.choice([place for place in range(4) if place != truth]))
    log_probs = np.log(rng.dirichlet(np.ones(4)))
    log_probs[said] = log_probs.max() + 0.1
    return Answered(row, Prediction(row.uid, LETTERS[said], tuple(log_probs.tolist()), frames=tuple(range(8)), fps=fps))


def even(_: Factors) -> float:
    return 0.75


def faulty(row: Factors) -> float:
    """Three faults: spin, zoom, and speed."""
    if "spin" in row.classes["motion"]:
        return 0.35
    if row.truth == "zoom in":
        return 0.1
    return 0.9 / (1 + np.exp(6 * (row.measures["speed"] - 0.9)))


def failing(profile: Profile) -> set[tuple[str, str]]:
    return {(each.factor, each.value) for each in (*profile.by_type, *profile.slices, *profile.seen) if each.fails}


@pytest.mark.parametrize("seed", range(6))
def test_planted_failures_are_found(seed: int):
    rows = [replace(row, classes={**row.classes, "answer": (row.truth,)}) for row in questions(1200, seed)]
    profile = profile_of(answered(rows, faulty, seed), {})
    found = failing(profile)
    assert {("motion", "spin"), ("answer", "zoom in")} <= found
    assert not {each for each in found if each[0] in ("environment", "number of objects", "right letter")}
    assert profile.slices[0].fails and [each.fails for each in profile.slices] == sorted(
        (each.fails for each in profile.slices), reverse=True
    )
    speed, size = (next(each for each in profile.curves if each.factor == name) for name in ("speed", "size"))
    assert speed.slope < 0 and speed.q < 0.001 and size.q > 0.001


@pytest.mark.parametrize(("per_scene", "together"), [(1, 0.0), (4, 0.7)])
def test_without_failures_next_to_nothing_is_found(per_scene: int, together: float):
    """Of 20 sound models at most 4 may be blamed for anything: with 5 % each, more come by chance three times in a thousand."""
    blamed = 0
    for seed in range(20):
        profile = profile_of(answered(questions(300, seed, per_scene), even, seed, together), {})
        blamed += bool(failing(profile) or any(each.q < 0.05 for each in profile.curves))
    assert blamed <= 4


def test_questions_of_one_scene_are_no_independent_witnesses():
    """The same questions and answers, four times over: nothing is learnt by that."""
    rows = answered(questions(150, 3), faulty, 3)
    once, again = (
        next(each for each in profile_of(told, {}).slices if (each.factor, each.value) == ("motion", "spin")) for told in (rows, rows * 4)
    )
    assert once.p is not None and again.p is not None
    assert 0.3 * once.p < again.p < 3 * once.p
    assert again.n == 4 * once.n


def test_a_hard_template_does_not_make_its_motions_look_bad():
    """Its motion is found in it alone, or nearly; it is worse than others overall, but not than its own template."""
    rows = [
        replace(row, classes={"motion": ("swing" if (row.template == "travel_direction") != (number % 20 == 0) else "hop",)})
        for number, row in enumerate(questions(1500, 5))
    ]
    profile = profile_of(answered(rows, lambda row: 0.5 if row.template == "travel_direction" else 0.9, 5), {})
    swing = next(each for each in profile.slices if each.value == "swing")
    assert swing.accuracy < 0.6 and not swing.fails
    assert swing.others is not None and abs(swing.others - swing.accuracy) < 0.1
    assert ("question type", "Location-related Motion") in failing(profile)


def test_what_is_no_better_than_chance_fails_if_there_is_enough_of_it():
    rows = questions(400, 1)
    rows = [replace(row, classes={"motion": ("rare" if number < 20 else "usual",)}) for number, row in enumerate(rows)]
    profile = profile_of(answered(rows, lambda _: 0.25, 1), {})
    found = failing(profile)
    assert ("motion", "usual") in found and ("motion", "rare") not in found
    assert profile.overall.fails and all(each.fails for each in profile.by_type)


def test_slices_that_were_tested_come_before_those_too_small_to_test():
    rows = [
        replace(row, classes={**row.classes, "colour": (f"colour {number // 6}",)}) for number, row in enumerate(questions(300, 1)[:60])
    ]
    told = answered([*questions(300, 1)[60:], *rows], lambda row: 0.2 if "colour" in row.classes else 0.75, 1)
    slices = [each for each in profile_of(told, {}).slices if not each.fails]
    untested = [each.q is None for each in slices]
    assert 0 < sum(untested) < len(untested) and untested == sorted(untested)
    assert min(each.high for each in slices if each.q is None) < min(each.high for each in slices if each.q is not None)


def test_types_of_few_questions_are_listed_and_prescribed_for():
    """As of a small sample of MotionBench: fewer than five questions of each type, and no template known."""
    kinds = list(dict.fromkeys(each.question_type for each in QUESTIONS.values()))
    rows = [replace(row, template="", question_type=kinds[number % 6], classes={}) for number, row in enumerate(questions(12, 1))]
    profile = profile_of(answered(rows, even, 1), {})
    assert sorted((each.value, each.n) for each in profile.by_type) == sorted((kind, 2) for kind in kinds)
    assert {QUESTIONS[name].question_type for name in prescribe(profile).stages[-1].templates} == set(kinds)


def test_what_could_not_be_seen_is_told_apart():
    rows = questions(600, 2)
    told = answered(rows, lambda row: 0.9 if row.required_fps <= 3 else 0.3, 2, fps=3.0)
    yes, no = sorted(profile_of(told, {}).seen, key=lambda each: each.value, reverse=True)
    assert (yes.value, no.value) == ("yes", "no") and yes.n + no.n == 600
    assert yes.n == sum(row.required_fps <= 3 for row in rows)
    assert yes.accuracy > 0.8 and no.fails and not yes.fails
    assert profile_of([Answered(row.factors, replace(row.prediction, fps=0.0)) for row in told], {}).seen == ()


def test_confusions_say_what_was_taken_for_what_and_what_was_on_offer():
    rows = [row for row in questions(800, 4) if row.template == "camera_move"]
    rows = [replace(row, labels=tuple(NONE if label == "tilt up" else label for label in row.labels)) for row in rows]
    taken = {"zoom in": "dolly in"}
    told = [Answered(row, Prediction(row.uid, LETTERS[row.labels.index(_shown(row, taken))])) for row in rows]
    (confusion,) = profile_of(told, {}).confusions
    assert confusion.name == "camera moves" and confusion.labels == ("dolly in", "pan left", "zoom in", NONE)
    counts, offered = np.array(confusion.counts), np.array(confusion.offered)
    assert counts.sum() == len(rows) and np.all(counts <= offered) and np.all(offered.sum(axis=1) == 4 * counts.sum(axis=1))
    assert counts[2, 0] == counts[2].sum() > 0
    assert np.array_equal(np.delete(counts, 2, axis=0), np.diag(counts.diagonal())[[0, 1, 3]])


def _shown(row: Factors, taken: dict[str, str]) -> str:
    right = row.labels[LETTERS.index(row.answer)]
    return taken.get(right, right)


def test_counts_one_too_low_are_found():
    rows = [row for row in questions(800, 6) if row.template == "count_cycles"]
    told = [Answered(row, Prediction(row.uid, LETTERS[row.labels.index(str(max(2, int(row.truth) - 1)))])) for row in rows]
    counting = profile_of(told, {}).counting
    assert counting is not None and counting.n == len(rows)
    assert counting.high < -0.5 and set(counting.errors) == {-1, 0}
    assert counting.by_right[2][:2] == (counting.errors[0],) * 2 and counting.by_right[5][2] == -1
    assert sum(n for n, *_ in counting.by_right.values()) == counting.n == sum(counting.errors.values())
    sound = profile_of(answered(rows, even, 6), {}).counting
    assert sound is not None and sound.low < 0 < sound.high


def test_none_of_these_is_no_number_but_what_it_stands_for_is():
    row = replace(
        next(each for each in questions(40, 0) if each.template == "count_cycles"), labels=("2", NONE, "4", "5"), answer="B", truth="3"
    )
    said = {letter: profile_of([Answered(row, Prediction(row.uid, letter))], {}).counting for letter in "ABC"}
    assert said["B"] is None
    assert said["A"] is not None and said["A"].errors == {-1: 1}
    assert said["C"] is not None and said["C"].by_right == {3: (1, 0, 1.0)}


def test_the_surest_errors_come_first_a_few_of_each_template():
    rows = answered(questions(400, 8), even, 8, fps=1.15)  # few of them could be seen
    cases = profile_of(rows, {}).worst
    wrong = {row.factors.uid: row for row in rows if not row.right}
    assert all(wrong[case.uid].margin == case.margin and case.said != case.answer for case in cases)
    for seen in (True, False):
        margins = [case.margin for case in cases if case.seen is seen]
        assert margins and margins == sorted(margins, reverse=True)
    assert [case.seen for case in cases] == sorted((case.seen for case in cases), reverse=True)
    assert max(sum(case.template == name for case in cases) for name in QUESTIONS) == WORST_PER_TEMPLATE


@cache
def answers_of_two_hundred() -> list[Answered]:
    return answered(questions(200, 9), even, 9)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 6), min_size=60, max_size=200))
def test_bins_hold_every_question_once_and_no_value_twice(values: list[int]):
    told = [
        replace(row, factors=replace(row.factors, measures={"distractors": float(value)}))
        for row, value in zip(answers_of_two_hundred(), values, strict=False)
    ]
    for curve in curves(told):
        assert sum(each.n for each in curve.bins) == len(values) and sum(each.right for each in curve.bins) == sum(
            row.right for row in told
        )
        assert all(before.end < after.start for before, after in itertools.pairwise(curve.bins))
        assert all(each.start <= each.end and each.low <= each.right / each.n <= each.high for each in curve.bins)


# ---- tests inside strata ---------------------------------------------------------------------------------------------------------


@given(st.integers(2, 12), st.data())
def test_in_one_stratum_it_is_fishers_test(size: int, data: st.DataObject):
    right = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    members = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    answers = Answers.of(right, [""] * size, list(map(str, range(size))))
    law, got = hypergeom(size, right.sum(), members.sum()), (right & members).sum()
    p = answers.group(members)
    if p is None:
        assert members.all() or not members.any() or right.all() or not right.any()
    else:
        assert p == pytest.approx(min(1.0, 2 * min(law.cdf(got), law.sf(got - 1))))


def test_over_strata_it_is_what_counting_all_ways_gives():
    right = np.array([1, 1, 0, 0, 1, 0, 0, 0, 1], bool)
    strata = ["a"] * 5 + ["b"] * 4
    members = np.array([0, 0, 1, 1, 0, 1, 1, 0, 0], bool)
    ways = [
        sum(right[list(first)]) + sum(right[list(second)])
        for first in itertools.combinations(range(5), 2)
        for second in itertools.combinations(range(5, 9), 2)
    ]
    got = right[members].sum()
    expected = 2 * min(np.mean(np.array(ways) <= got), np.mean(np.array(ways) >= got))
    assert Answers.of(right, strata, list("abcdefghi")).group(members) == pytest.approx(expected)


@pytest.mark.parametrize("slope", [-1.0, 0.0, 0.6])
def test_slopes_are_recovered_whatever_the_strata_are_like(slope: float):
    rng = np.random.default_rng(11)
    strata = rng.integers(0, 12, 4000)
    values = rng.normal(size=4000) + 0.8 * strata  # hard strata are fast as well
    spread = values.std()
    right = rng.random(4000) < 1 / (1 + np.exp(-(slope * values / spread - 0.3 * (strata - 6) - slope * values.mean() / spread)))
    answers = Answers.of(right.tolist(), list(map(str, strata)), list(map(str, range(4000))))
    assert answers.slope(values) == pytest.approx(slope, abs=0.25)
    p = answers.trend(values)
    assert p is not None and (p < 1e-3) == (slope != 0)


def test_a_measure_that_parts_right_from_wrong_has_a_finite_slope():
    values = np.arange(40.0)
    assert 1 < Answers.of((values < 20).tolist(), [""] * 40, list(map(str, range(40)))).slope(-values) < 50


def test_a_measure_that_never_changes_inside_its_strata_tells_nothing():
    answers = Answers.of([True, False] * 20, ["a"] * 20 + ["b"] * 20, list(map(str, range(40))))
    assert answers.trend(np.repeat([1.0, 5.0], 20)) is None
    assert answers.group(np.repeat([True, False], 20)) is None and answers.others(np.repeat([True, False], 20)) is None


def test_p_values_of_shared_scenes_are_as_even_as_of_single_ones():
    """Under no difference at all a tenth of them lies below .1, or fewer."""
    low = 0
    for seed in range(200):
        rows = answered(questions(120, seed, per_scene=4), even, seed, together=0.8)
        answers = Answers.of([row.right for row in rows], [row.factors.template for row in rows], [row.factors.scene for row in rows])
        p = answers.group(np.array(["beach" in row.factors.classes["environment"] for row in rows]))
        low += p is not None and p < 0.1
    assert low <= 20 + norm.ppf(0.995) * np.sqrt(200 * 0.1 * 0.9)


# ---- what is known of each question ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """Labels of a few clips, with two questions each where a clip supports them."""
    root = tmp_path_factory.mktemp("probed") / "labels"
    qa = QuestionOptions(templates=ASKED, questions_per_video=2, none_of_these=0.6)
    options = GenerateOptions(
        36,
        seed=3,
        out=str(root),
        scene=SceneOptions(fps=12.0, difficulty=0.5),
        occlusion=OcclusionOptions(silhouette_px=32, every=6),
        qa=qa,
        render=RenderOptions("none"),
        farm=FarmOptions(workers=0),
    )
    assert generate(options, Console(file=io.StringIO())) == 0
    return root


@pytest.fixture(scope="module")
def rows(dataset: Path) -> list[Factors]:
    return read_factors(dataset, read_items(dataset))


def test_every_question_has_its_factors(dataset: Path, rows: Sequence[Factors]):
    items = read_items(dataset)
    assert [row.uid for row in rows] == [item.uid for item in items]
    assert all([row] == read_factors(dataset, [item]) for row, item in list(zip(rows, items, strict=True))[::7])
    assert {row.template for row in rows} == set(ASKED)
    for row in rows:
        assert all(row.classes[name] for name in ("environment", "viewpoint", "number of objects", "right letter", "camera move"))
        assert set(row.measures) <= set(UNITS) and {"speed", "amplitude", "required_fps", "duration"} <= set(row.measures)
        assert set(row.settings.values()) == {0.5} and row.required_fps == row.measures["required_fps"] > 0
        assert json.loads(json.dumps(asdict(row)))["uid"] == row.uid


def test_what_is_right_is_among_what_happens(rows: Sequence[Factors]):
    """Answer keys and specification are two witnesses of the same thing."""
    found = set()
    for row in rows:
        factor = {"camera_move": "camera move", "recognise_motion": "motion", "what_follows": "motion", "recognise_event": "event"}.get(
            row.template
        )
        if factor:
            assert row.truth.replace("static", "none") in row.classes[factor]
            assert row.truth.split()[0] in " ".join(row.classes["asked about"])
            found.add(factor)
    assert found == {"camera move", "motion", "event"}
    assert {row.truth for row in rows if row.template == "camera_move"} <= {key.replace("_", " ") for key in camera_keys()}


def test_numbers_are_read_alike_from_labels_and_from_options(rows: Sequence[Factors]):
    counted = [row for row in rows if row.template == "count_cycles"]
    assert counted
    for row in counted:
        assert row.counts == tuple(-1 if option == "None of these" else number_in(option) for option in row.options)
        assert row.evidence["value"] == pytest.approx(int(row.truth), abs=0.5)
        assert replace(row, labels=()).counts == row.counts
    assert all(row.counts is None for row in rows if row.template != "count_cycles")


def test_none_of_these_is_seen_for_what_it_is(rows: Sequence[Factors]):
    shown = {row.classes["none of these"][0] for row in rows}
    assert shown == {"right", "wrong", "not shown"}
    for row in rows:
        place = LETTERS.index(row.answer)
        is_right = row.options[place] == "None of these"
        assert (row.classes["none of these"] == ("right",)) == is_right == (row.labels[place] == NONE) and row.truth != NONE


@pytest.mark.parametrize(
    ("text", "number"),
    [("Twice", 2), ("Once", 1), ("11 times", 11), ("Three", 3), ("It never does", 0), ("To the left", None), ("2 or 3", None)],
)
def test_numbers_in_words(text: str, number: int | None):
    assert number_in(text) == number


def test_twins_are_one_scene(tmp_path: Path):
    options = GenerateOptions(2, 1, out=str(tmp_path / "twins"), twins=True, render=RenderOptions("none"), farm=FarmOptions(workers=0))
    assert generate(options, Console(file=io.StringIO())) == 0
    rows = read_factors(options.out, read_items(options.out))
    assert {row.key: row.twin for row in rows} == {row.twin: row.key for row in rows} and len({row.scene for row in rows}) == 1
    assert all(row.classes["twin"] for row in rows)


def test_without_annotations_the_type_is_known_and_the_probe_works(dataset: Path, tmp_path: Path):
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "video_info.meta.jsonl").write_bytes((dataset / "video_info.meta.jsonl").read_bytes())
    items = read_items(tmp_path / "bench")
    rows = read_factors(tmp_path / "bench", items)
    assert all(row.template == "" and row.command == "" and row.stratum == row.question_type and not row.measures for row in rows)
    profile = profile_of([Answered(row, Prediction(row.uid, "A")) for row in rows], {})
    assert {each.value for each in profile.by_type} <= {item.question_type for item in items}
    assert {each.factor for each in profile.slices} == {"right letter"} | {each.factor for each in profile.slices if each.value == "4"}
    assert profile.curves == () and profile.seen == () and profile.counting is not None
    (stage,) = prescribe(profile).stages[-1:]
    assert {QUESTIONS[name].question_type for name in stage.templates} == {each.value for each in profile.by_type}


def test_damaged_annotations_are_named(dataset: Path, tmp_path: Path):
    items = read_items(dataset)[:1]
    (tmp_path / "annotations").mkdir()
    path = tmp_path / "annotations" / f"{items[0].key}.json"
    told = json.loads((dataset / "annotations" / path.name).read_text())
    for text in ("{", json.dumps({**told, "spec": {}})):
        path.write_text(text)
        with pytest.raises(BadDataset, match=f"{items[0].key}.json is damaged"):
            read_factors(tmp_path, items)


# ---- commands -------------------------------------------------------------------------------------------------------------------


TOLD = {
    "usual": GenerateOptions(seed=4),
    "looks": GenerateOptions(seed=4, split="a-b", scene=SceneOptions(128, 96, 12.0, (2.0, 4.5), motions=("spin", "hop"), difficulty=0.8)),
    "axes": GenerateOptions(scene=SceneOptions(axes=Axes(speed=0.9, size=0.0))),
    "asked": GenerateOptions(qa=QuestionOptions(mix={"repetition_count": 2.5}, templates=("count_cycles",), none_of_these=0.0)),
    "rendered": GenerateOptions(render=RenderOptions("eevee", 2.0, crf=20), annotations=("masks", "depth"), twins=True),
    "labels": GenerateOptions(render=RenderOptions("none")),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_command_builds_the_same_clip(name: str, tmp_path: Path):
    told = TOLD[name]
    configuration = json.loads(json.dumps(content(told)))
    again = told_by(rerender(tmp_path, configuration, 17))
    assert again.only == 17 and again.out != told.out
    assert content(replace(again, render=told.render)) == content(told)
    assert again.render == (RenderOptions() if name == "labels" else told.render)
    assert len(rerender(tmp_path, configuration, 17)) < 250


def test_clips_of_a_curriculum_are_built_by_its_copy(tmp_path: Path):
    curriculum = Curriculum((Stage("one", templates={"count_cycles": 1.0}), Stage("two", axes=Axes(speed=1.0))))
    (tmp_path / "curriculum.yaml").write_text(written(curriculum))
    told = GenerateOptions(curriculum=curriculum)
    assert content(told_by(rerender(tmp_path, json.loads(json.dumps(content(told))), 3))) == content(told)


def test_nothing_is_promised_where_the_data_set_does_not_tell(tmp_path: Path):
    assert rerender(tmp_path, {}, 3) == ""


def test_the_next_data_look_like_the_last(tmp_path: Path):
    path = tmp_path / "curriculum.yaml"
    path.write_text(written(Curriculum((Stage("one"),))))
    told = TOLD["looks"]
    after = told_by(generate_by(path, json.loads(json.dumps(content(told))), 50))
    assert (after.num_videos, after.scene, after.curriculum) == (50, told.scene, read_curriculum(str(path)))
    assert after.split != told.split and after.out != told.out
    assert told_by(generate_by(path, {}, 50)).num_videos == 50


def test_each_turn_of_the_loop_has_a_split_of_its_own(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "curriculum.yaml"
    path.write_text(written(Curriculum((Stage("one"),))))
    turns, told = [], GenerateOptions()
    for _ in range(3):
        told = told_by(generate_by(path, json.loads(json.dumps(content(told))), 50))
        turns.append((told.split, told.out))
    assert [split for split, _ in turns] == ["probed", "probed-2", "probed-3"] and len({out for _, out in turns}) == 3
    Path(turns[0][1]).mkdir(parents=True)  # there are such clips already, of another model
    assert told_by(generate_by(path, json.loads(json.dumps(content(GenerateOptions()))), 50)).split == "probed-2"


@pytest.mark.parametrize(
    ("qa", "expected"),
    [
        (QuestionOptions(), set(QUESTIONS)),
        (QuestionOptions(templates=ASKED), set(ASKED)),
        (QuestionOptions(templates=ASKED, without=("camera_move",)), set(ASKED) - {"camera_move"}),
        (QuestionOptions(weights={"count_cycles": 2.0, "camera_move": 0.0}), {"count_cycles"}),
        (QuestionOptions(templates=ASKED, mix={"camera_motion": 0.0}), set(ASKED) - {"camera_move"}),
    ],
)
def test_what_a_data_set_was_to_ask_is_read_off_its_configuration(qa: QuestionOptions, expected: set[str]):
    configuration = json.loads(json.dumps(content(GenerateOptions(qa=qa))))
    assert set(templates_of(configuration)) == expected
    known = Curriculum((Stage("one", templates={"count_cycles": 1.0, "camera_move": 0.0}),))
    if "count_cycles" in expected:
        assert templates_of(json.loads(json.dumps(content(GenerateOptions(qa=qa, curriculum=known))))) == ("count_cycles",)


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"qa.templates": ["elsewhere"]},
        {"qa.templates": ["count_cycles"], "curriculum": {"stages": [{"name": "one", "templates": {"elsewhere": 1}}]}},
    ],
)
def test_templates_that_are_not_known_here_are_not_promised(configuration: dict[str, object]):
    assert templates_of(configuration) == ()


# ---- what to generate next ---------------------------------------------------------------------------------------------------------


def profile_with(shares: dict[str, tuple[int, int]], *found: Curve, levels: dict[str, float] | None = None) -> Profile:
    slices = tuple(Slice("template", name, n, right, 0, 1, 0.25) for name, (right, n) in shares.items())
    total = Slice("all", "all", sum(each.n for each in slices), sum(each.right for each in slices), 0, 1, 0.25)
    return Profile({AXES: levels or {}}, total, (), slices, (), found, (), None, ())


def test_templates_weigh_what_they_are_short_of():
    shares = {"count_cycles": (20, 60), "camera_move": (48, 60), "recognise_motion": (45, 60), "travel_direction": (57, 60)}
    rehearsal, failures = prescribe(profile_with(shares), target=0.9, rehearsal=0.3).stages
    assert (rehearsal.share, failures.share) == (0.3, 0.7) and set(rehearsal.templates.values()) == {1.0}
    ranked = sorted(failures.templates, key=lambda name: -failures.templates[name])
    assert ranked == ["count_cycles", "recognise_motion", "camera_move", "travel_direction"]
    assert failures.templates["travel_direction"] == 0 and sum(failures.templates.values()) == pytest.approx(4, abs=0.01)
    assert failures.axes == rehearsal.axes == Axes()


def test_few_questions_weigh_less():
    shares = {"count_cycles": (30, 100), "camera_move": (3, 10), "recognise_motion": (80, 100), "travel_direction": (75, 100)}
    weights = prescribe(profile_with(shares)).stages[-1].templates
    assert weights["count_cycles"] > weights["camera_move"] > weights["travel_direction"]


def test_what_could_not_be_seen_is_not_prescribed():
    template = partial(Slice, "template", low=0, high=1, chance=0.25)
    slices = (
        template("count_cycles", 60, 15, shown=(0, 0)),
        template("camera_move", 60, 42, shown=(60, 42)),
        template("travel_direction", 60, 30, shown=(30, 15)),
        template("recognise_motion", 60, 57, shown=(60, 57)),
    )
    profile = replace(profile_with({}), slices=slices)
    weights = prescribe(profile).stages[-1].templates
    assert not_shown(profile) == ("count_cycles",)
    assert weights["count_cycles"] == 0 and weights["recognise_motion"] == 0
    short = 0.9 - shrunk([42, 15, 57], [60, 30, 60])
    assert weights["travel_direction"] / weights["camera_move"] == pytest.approx(short[1] / 2 / short[0], rel=0.01)
    right = replace(profile, slices=(slices[0], *(replace(each, right=each.n, shown=(each.n, each.n)) for each in slices[1:])))
    assert prescribe(right).stages[-1].templates["count_cycles"] == 0, "where all that could be seen is right, they are asked for again"
    unseen = replace(profile, slices=tuple(replace(each, shown=(0, 0)) for each in slices))
    assert set(prescribe(unseen).stages[-1].templates.values()) == {1.0}


@pytest.mark.parametrize("shares", [(75, 75, 75), (76, 71, 79), (25, 25, 25), (100, 100, 100)])
def test_without_failures_the_curriculum_is_even(shares: tuple[int, ...]):
    told = dict(zip(("count_cycles", "camera_move", "recognise_motion"), ((share, 100) for share in shares), strict=True))
    (stage,) = prescribe(profile_with(told)).stages
    assert set(stage.templates) == set(told) and set(stage.templates.values()) == {1.0} and stage.axes == Axes()


def test_axes_go_where_the_model_fails():
    fast, small = Curve("speed", "", (), -0.5, 0.0, 0.001), Curve("size", "", (), 0.4, 0.0, 0.001)
    few, unsure = Curve("count", "", (), 0.5, 0.0, 0.01), Curve("camera", "", (), -2.0, 0.1, 0.2)
    shares = {"count_cycles": (50, 60), "camera_move": (50, 60)}
    rehearsal, failures = prescribe(profile_with(shares, fast, small, few, unsure, levels={"speed": 0.6, "size": USUAL})).stages
    assert rehearsal.axes == Axes(speed=0.6)
    assert failures.axes == Axes(speed=0.8, size=0.58, count=0.15)


def test_templates_of_another_program_are_left_out():
    shares = {"count_cycles": (10, 60), "elsewhere": (5, 60), "camera_move": (50, 60)}
    assert all(set(stage.templates) == {"count_cycles", "camera_move"} for stage in prescribe(profile_with(shares)).stages)
    with pytest.raises(NoCurriculum, match=r"templates \(elsewhere\)"):
        prescribe(profile_with({"elsewhere": (5, 60)}))


def test_templates_without_an_answer_are_asked_as_much_as_the_mean():
    shares = {"count_cycles": (20, 100), "camera_move": (70, 100), "recognise_motion": (60, 100)}
    without, whole = prescribe(profile_with(shares)).stages, prescribe(profile_with(shares), templates=[*shares, "pace", "two_legs"]).stages
    assert set(whole[0].templates) == {*shares, "pace", "two_legs"} and set(whole[0].templates.values()) == {1.0}
    weights = whole[1].templates
    assert weights["camera_move"] < weights["pace"] == weights["two_legs"] < weights["count_cycles"]
    assert weights["pace"] / weights["camera_move"] == pytest.approx((0.9 - 0.5) / (0.9 - shrunk([20, 70, 60], [100] * 3)[1]), rel=0.01)
    assert without[1].templates["count_cycles"] / without[1].templates["camera_move"] == pytest.approx(
        weights["count_cycles"] / weights["camera_move"], rel=0.01
    )


def test_of_nothing_the_share_is_that_of_all():
    assert shrunk([10, 90, 0], [100, 100, 0])[2] == pytest.approx(0.5)
    assert shrunk([10, 90, 0], [100, 100, 0])[:2] == pytest.approx(shrunk([10, 90], [100, 100]))


@given(st.lists(st.tuples(st.integers(1, 80), st.floats(0, 1)), min_size=1, max_size=12))
def test_shares_are_drawn_towards_the_mean_and_never_past_it(groups: list[tuple[int, float]]):
    sizes = [size for size, _ in groups]
    right = [round(size * share) for size, share in groups]
    mean = sum(right) / sum(sizes)
    for drawn, hits, size in zip(shrunk(right, sizes), right, sizes, strict=True):
        low, high = sorted((mean, hits / size))
        assert low - 1e-9 <= drawn <= high + 1e-9


def test_the_curriculum_reads_as_what_was_written_and_the_generator_takes_it(dataset: Path, rows: Sequence[Factors], tmp_path: Path):
    profile = profile_of(answered(rows, lambda row: 0.1 if row.template == "camera_move" else 0.95, 1), {})
    curriculum = prescribe(profile)
    path = tmp_path / "curriculum.yaml"
    path.write_text(written(curriculum))
    assert read_curriculum(str(path)) == curriculum
    assert max(curriculum.stages[-1].templates, key=lambda name: curriculum.stages[-1].templates[name]) == "camera_move"
    assert set(curriculum.stages[-1].templates) == set(ASKED)
    assert told_by(generate_by(path, read_configuration(dataset), 12)).curriculum == curriculum


# ---- on disk and from the command line ------------------------------------------------------------------------------------------------


def test_a_profile_reads_as_what_was_written(tmp_path: Path):
    profile = profile_of(answered(questions(300, 1), faulty, 1), {"model": "m", "frames shown": 8})
    write_profile(profile, tmp_path / "profile.json")
    assert read_profile(tmp_path / "profile.json") == profile


@pytest.mark.parametrize("text", ["{", "{}", "[1]", None])
def test_what_is_no_profile_is_refused(text: str | None, tmp_path: Path):
    path = tmp_path / "profile.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=r"profile = .*profile\.json"):
        read_profile(path)


def test_a_file_of_answers_is_probed(dataset: Path, rows: Sequence[Factors], tmp_path: Path, run_main):
    told = answered(rows, lambda row: 0.0 if row.template == "camera_move" else 1.0, 2)
    write_predictions(tmp_path / "said.jsonl", [row.prediction for row in told[:-1]])
    code, said, _ = run_main(probe.main, "probe", f"data={dataset}", f"predictions={tmp_path / 'said.jsonl'}", f"out={tmp_path / 'out'}")
    assert code == 0
    worst = next(line for line in said.splitlines() if "Camera Motion" in line)
    assert "fails" in worst and " 0%" in worst
    profile = read_profile(tmp_path / "out" / "profile.json")
    assert ("question type", "Camera Motion") in failing(profile)
    assert profile.about["questions"] == len(rows) - 1 and profile.about["not asked"] == 1  # a file of ours says what was asked
    assert "by" not in profile.about and "part" not in profile.about
    lines = [json.loads(line) for line in (tmp_path / "out" / "questions.jsonl").read_text().splitlines()]
    assert [line["uid"] for line in lines] == [row.uid for row in rows[:-1]] and [line["right"] for line in lines] == [
        row.right for row in told[:-1]
    ]
    assert "<html" in (tmp_path / "out" / "index.html").read_text()
    command = next(line for line in said.splitlines() if "python -m generator curriculum=" in line)
    assert told_by(command[command.index("python") :]).curriculum == read_curriculum(str(tmp_path / "out" / "curriculum.yaml"))


def test_another_models_answers_are_probed_with_what_it_was_shown(dataset: Path, rows: Sequence[Factors], tmp_path: Path, run_main):
    """What it left out is wrong, as in an evaluation."""
    said = {row.uid: row.answer for row in rows[2:]}
    (tmp_path / "said.json").write_text(json.dumps(said))
    keys = (f"data={dataset}", f"predictions={tmp_path / 'said.json'}", f"out={tmp_path / 'out'}")
    found = []
    for more in ((), ("frames_shown=16",), ("frames_shown=2",)):
        code, _, complaint = run_main(probe.main, "probe", *keys, *more)
        assert code == 0, complaint
        found.append(read_profile(tmp_path / "out" / "profile.json"))
    assert [(each.overall.n, each.overall.right) for each in found] == [(len(rows), len(rows) - 2)] * 3
    assert [each.about["not answered"] for each in found] == [2] * 3 and "not asked" not in found[0].about
    assert [each.about.get("frames shown") for each in found] == [None, 16, 2]
    assert found[0].seen == ()
    for frames, profile in zip((16, 2), found[1:], strict=True):
        visible = sum(frames / (row.duration_s or 1) >= (row.required_fps or 0) for row in rows[2:])
        counted = {each.value: each.n for each in profile.seen}
        assert 0 <= counted.get("yes", 0) - visible <= 2 and counted != {"yes": len(rows)}


def bench(folder: Path, rows: Sequence[dict]) -> tuple[str, ...]:
    """A data set of these rows without annotations, and answers to all of its questions: the keys that probe them."""
    (folder / "bench").mkdir()
    (folder / "bench" / "video_info.meta.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "said.json").write_text(json.dumps({entry["uid"]: "A" for row in rows for entry in row["qa"]}))
    return f"data={folder / 'bench'}", f"predictions={folder / 'said.json'}", f"out={folder / 'out'}"


def rows_of(root: Path) -> list[dict]:
    return [json.loads(line) for line in (root / "video_info.meta.jsonl").read_text().splitlines()]


def test_where_no_curriculum_can_be_made_the_page_says_why(dataset: Path, tmp_path: Path, run_main):
    """As of questions of a type that nothing here asks."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "curriculum.yaml").write_text("of an earlier probe")
    keys = bench(tmp_path, [{**row, "question_type": "Taste"} for row in rows_of(dataset)])
    code, said, complaint = run_main(probe.main, "probe", *keys)
    assert code == 0, complaint
    assert "none of the types (Taste) is known" in said and "python -m generator" not in said and "curriculum.yaml" not in said
    page = (tmp_path / "out" / "index.html").read_text()
    assert "none of the types (Taste) is known" in page and "python -m generator" not in page
    assert not (tmp_path / "out" / "curriculum.yaml").exists()


def test_a_few_questions_of_each_type_give_a_report(dataset: Path, tmp_path: Path, run_main):
    lines = rows_of(dataset)
    few = [row for kind in {row["question_type"] for row in lines} for row in [each for each in lines if each["question_type"] == kind][:2]]
    code, said, complaint = run_main(probe.main, "probe", *bench(tmp_path, few))
    assert code == 0, complaint
    assert all(kind in said for kind in {row["question_type"] for row in few})
    assert read_curriculum(str(tmp_path / "out" / "curriculum.yaml")).stages


def test_the_table_gives_what_a_guess_would_get():
    console = Console(file=io.StringIO(), width=140)
    console.print(probe._table(profile_of(answered(questions(200, 2), even, 2), {})))
    text = console.file.getvalue()
    assert "chance" in text and all("25%" in line for line in text.splitlines() if "Motion" in line)


@pytest.mark.parametrize(
    "given_keys",
    [
        (),
        ("checkpoint=a", "predictions=b"),
        ("predictions=b", "target=0"),
        ("checkpoint=a", "part=some"),
        ("predictions=b", "part=all"),
        ("predictions=b", "by=guess"),
        ("predictions=b", "frames_shown=0"),
        ("checkpoint=a", "frames_shown=16"),
    ],
)
def test_bad_input_is_said_in_plain_words(given_keys: tuple[str, ...], dataset: Path, run_main):
    code, _, complaint = run_main(probe.main, "probe", f"data={dataset}", *given_keys)
    assert code == 2 and complaint.startswith("model.probe: ") and "is not allowed: give" in complaint


def leave_one_out(root: Path) -> None:
    """Of the questions of a data set the last."""
    meta = root / "video_info.meta.jsonl"
    meta.write_text("".join(meta.read_text().splitlines(keepends=True)[:-1]))


OTHERWISE = {"order": "shuffled", "skip_damaged": True, "conditions": ["text"], "by": "text", "weights": "others", "data": "elsewhere"}


@pytest.mark.parametrize("differs", [None, *OTHERWISE])
def test_an_evaluation_holds_where_the_same_was_asked_in_the_same_way(differs: str | None, tmp_path: Path):
    pytest.importorskip("torch")
    from model.evaluate import EvaluateOptions

    asked = {"part": "held_out", "by": "letter", "order": "given", "fingerprint": "f", "weights": "w"}
    about = {**asked, "data": str(tmp_path), "conditions": ["video"], "skip_damaged": False}
    changed = {} if differs is None else {differs: OTHERWISE[differs]}
    (tmp_path / "predictions.jsonl").touch()
    (tmp_path / "results.json").write_text(json.dumps({"about": about | changed}))
    strict, lenient = (EvaluateOptions(str(tmp_path), "run", skip_damaged=skips) for skips in (False, True))
    assert probe._still_holds(tmp_path, strict, asked) == (differs is None)
    assert probe._still_holds(tmp_path, lenient, asked) == (differs in (None, "skip_damaged"))


@dataclass(frozen=True)
class Untrained:
    """A run without training, on films that show nothing: their folder, its own, and the scenes that it says it was trained on."""

    films: Path
    run: Path
    trained_on: set[str]
    save_new: Callable[[], None]

    @property
    def keys(self) -> tuple[str, ...]:
        return f"data={self.films}", f"checkpoint={self.run}", "device=cpu", "workers=1"

    @property
    def probed(self) -> Path:
        return self.run / "probe" / "films"


@pytest.fixture
def untrained(dataset: Path, tmp_path: Path) -> Untrained:
    torch = pytest.importorskip("torch")
    from generator.video import write_video
    from model.checkpoint import save_model
    from model.language import LanguageOptions, build_tokenizer
    from model.vlm import ModelOptions, VideoVLM

    torch.set_num_threads(1)
    root, run_folder = tmp_path / "films", tmp_path / "run"
    shutil.copytree(dataset, root)
    items = read_items(root)
    (root / "videos").mkdir()
    for video in {item.video for item in items}:
        write_video(video, (np.full((32, 48, 3), 9 * number, np.uint8) for number in range(24)), 8, 0, "ultrafast")
    tokenizer = build_tokenizer(LanguageOptions(), [item.prompt for item in items])

    def save_new() -> None:
        save_model(VideoVLM(ModelOptions(), tokenizer), run_folder / "model")

    save_new()
    torch.manual_seed(1)
    kept = {item.scene for item in items[: len(items) // 2]}
    (run_folder / "training.json").write_text(
        json.dumps({"num_frames": 8, "trained_on": sorted(kept), "step": 0, "options": {"reply": "both"}})
    )
    return Untrained(root, run_folder, kept, save_new)


@pytest.mark.slow
def test_a_checkpoint_is_asked_once_and_again_when_it_changes(untrained: Untrained, run_main):
    written_ns = []
    touch = (untrained.run / "model" / "model.safetensors").touch
    for change in (lambda: None, touch, untrained.save_new, lambda: leave_one_out(untrained.films)):
        change()
        assert run_main(probe.main, "probe", *untrained.keys)[0] == 0
        written_ns.append((untrained.probed / "evaluation" / "predictions.jsonl").stat().st_mtime_ns)
    assert written_ns[0] == written_ns[1] < written_ns[2] < written_ns[3]


@pytest.mark.slow
def test_a_checkpoint_is_asked_what_it_was_not_trained_on_unless_told(untrained: Untrained, run_main):
    leave_one_out(untrained.films)
    assert run_main(probe.main, "probe", *untrained.keys)[0] == 0
    items = read_items(untrained.films)
    profile = read_profile(untrained.probed / "profile.json")
    unseen = [item for item in items if item.scene not in untrained.trained_on]
    asked = [item for item in unseen if "None of these" not in item.options]  # which texts alone do not tell
    assert profile.about["questions"] == len(asked) and profile.about["not asked"] == len(items) - len(asked)
    assert profile.about["frames shown"] == 8
    assert sum(each.n for each in profile.seen) == profile.overall.n
    assert (profile.about["by"], profile.about["part"]) == ("text", "held_out")  # it was trained to reply with texts as well
    code, _, _ = run_main(probe.main, "probe", *untrained.keys, "by=letter", "part=all")
    profile = read_profile(untrained.probed / "profile.json")
    assert (code, profile.about["by"], profile.about["part"]) == (0, "letter", "all") and profile.about["questions"] == len(items)
