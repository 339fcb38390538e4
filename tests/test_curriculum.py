"""Curricula: files that say what they mean, stages that are a pure function of the index, and clips that are as their stage says."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from collections import Counter
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from generator.__main__ import LINE, generate
from generator.dataset import Dataset, clip_key
from generator.description import ConfigurationChanged
from generator.options import CURRICULUM, GenerateOptions, command, content, reproduce
from generator.pipeline import make_clip
from generator.reader import ClipReader
from generator.records import CONVERTER
from generator.verify.clip_files import check_clip
from generator.verify.files import read_contents
from qa_templates.curriculum import Curriculum, Stage, curriculum_of, plain, read_curriculum, written
from qa_templates.question import LETTERS, QUESTIONS, QuestionOptions, answers
from qa_templates.quota import BLOCK, Intent, check, has_twins, intent, template_shares, turn, twins
from scenes.difficulty import Axes, Difficulty
from scenes.script import SceneOptions
from tests import programs, small_sets
from tests.programs import run, wait_for_clips
from tests.small_sets import LABEL_KEYS, hashes, told_by

SCENE, QA = SceneOptions(fps=8.0), QuestionOptions()
EASY = Stage("easy", 2.0, 0.1, Axes(speed=0.0), {"camera_move": 3.0, "count_cycles": 1.0, "travel_direction": 0.0})
HARD = Stage("hard", 1.0, 0.8, templates={"count_cycles": 1.0})
OPEN = Stage("as told", 1.0)
TAUGHT = Curriculum((EASY, HARD, OPEN))
LABELS = replace(small_sets.LABELS, curriculum=TAUGHT, qa=QuestionOptions(questions_per_video=2))
BUILT_IN = sorted(path.name.removesuffix(".yaml") for path in (resources.files("conf") / "curricula").iterdir())


def intents(count: int, options: GenerateOptions = LABELS) -> list[tuple[str, Intent]]:
    """The stage and the intent of each of the first clips."""
    found = []
    for index in range(count):
        here, at = options.at(index), options.turn(index)
        found.append((at.stage.name, intent(options.seed, options.split, index, here.qa, here.scene, at)))
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A data set of a curriculum, made in one go, for tests that only read or copy it."""
    folder = tmp_path_factory.mktemp("finished") / "set"
    made(folder)
    return folder


def made(folder: Path, options: GenerateOptions = LABELS) -> str:
    """Make a data set in a folder; returns what is said."""
    console = Console(file=io.StringIO(), width=120)
    assert generate(replace(options, out=str(folder)), console) == 0
    return console.file.getvalue()


def annotations(folder: Path) -> list[dict]:
    return sorted((json.loads(path.read_text()) for path in folder.glob("annotations/*.json")), key=lambda each: each["index"])


# Files

LEVELS = st.floats(0, 1) | st.integers(0, 1)
NAMES = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable() and text == text.strip())
WEIGHTS = st.dictionaries(st.sampled_from(list(QUESTIONS)), st.floats(0, 1e6) | st.integers(0, 9), max_size=5)
STAGES = st.builds(
    Stage,
    NAMES,
    st.floats(1e-6, 1e6) | st.integers(1, 9),
    st.none() | LEVELS,
    st.builds(Axes, **{each.name: st.none() | LEVELS for each in fields(Axes)}),
    WEIGHTS.filter(lambda weights: not weights or any(weights.values())),
)
CURRICULA = st.lists(STAGES, min_size=1, max_size=4, unique_by=lambda stage: stage.name).map(lambda stages: Curriculum(tuple(stages)))


@settings(max_examples=40)
@given(CURRICULA)
def test_a_curriculum_that_is_written_is_read_as_the_same(tmp_path_factory, curriculum):
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_text(written(curriculum), encoding="utf-8")
    assert read_curriculum(str(path)) == curriculum
    assert curriculum_of(json.loads(json.dumps(plain(curriculum), allow_nan=False))) == curriculum
    assert sum(curriculum.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("preset", ["default", "starter"])
def test_every_curriculum_of_ours_can_be_made(name, preset):
    options = LINE.composed(f"curriculum={name}", f"preset={preset}")
    assert options.curriculum == read_curriculum(name)
    check(options.qa, options.scene, curriculum=options.curriculum)


def test_there_is_one_from_plain_to_hard():
    levels = [stage.difficulty for stage in read_curriculum("staged").stages]
    assert len(levels) >= 3 and levels == sorted(set(levels))


BAD = {
    "": ("the whole", "None", "stages"),
    "[]": ("the whole", "[]", "stages"),
    "stage: []": ("a key of the whole", "'stage'", "stages"),
    "stages: 3": ("stages", "3", "a list"),
    "stages: []": ("curriculum stages", "[]", "1 to 100 stages"),
    "stages: [easy]": ("a stage", "'easy'", "name, share, difficulty, axes, templates"),
    "stages: [{share: 1}]": ("a stage", "{'share': 1}", "a name"),
    "stages: [{name: 3}]": ("name", "3", "text"),
    "stages: [{name: ''}]": ("name", "''", "text"),
    "stages: [{name: a}, {name: a}]": ("curriculum stages", "['a', 'a']", "different names"),
    "stages: [{name: a, shares: 2}]": ("a key of a stage", "'shares'", "name, share"),
    "stages: [{name: a, share: 0}]": ("share of stage 'a'", "0", "above 0"),
    "stages: [{name: a, share: .inf}]": ("share of stage 'a'", "inf", "above 0"),
    "stages: [{name: a, share: much}]": ("share of stage 'a'", "'much'", "above 0"),
    "stages: [{name: a, share: true}]": ("share of stage 'a'", "True", "above 0"),
    "stages: [{name: a, difficulty: 2}]": ("difficulty of stage 'a'", "2", "from 0 to 1"),
    "stages: [{name: a, difficulty: hard}]": ("difficulty of stage 'a'", "'hard'", "from 0 to 1"),
    "stages: [{name: a, axes: 0.5}]": ("axes of stage 'a'", "0.5", "speed"),
    "stages: [{name: a, axes: {sped: 0.5}}]": ("a key of axes of stage 'a'", "'sped'", "speed"),
    "stages: [{name: a, axes: {speed: 2}}]": ("axes.speed of stage 'a'", "2", "from 0 to 1"),
    "stages: [{name: a, templates: [count_cycles]}]": ("templates of stage 'a'", "['count_cycles']", "count_cycles: 2"),
    "stages: [{name: a, templates: {count_cycle: 1}}]": ("templates of stage 'a'", "'count_cycle'", "Did you mean 'count_cycles'"),
    "stages: [{name: a, templates: {3: 1}}]": ("templates of stage 'a'", "'3'", "count_cycles"),
    "stages: [{name: a, templates: {count_cycles: -1}}]": ("weight of count_cycles of stage 'a'", "-1", "0 or more"),
    "stages: [{name: a, templates: {count_cycles: x}}]": ("weight of count_cycles of stage 'a'", "'x'", "0 or more"),
    "stages: [{name: a, templates: {count_cycles: 0}}]": ("templates of stage 'a'", "{'count_cycles': 0}", "above 0"),
    "stages: [{name: a": ("YAML", "line 1"),
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_names_key_value_and_what_is_allowed(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match="curriculum") as refusal:
        read_curriculum(str(path))
    for words in (str(path), *BAD[text]):
        assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(ValueError, match="'stagd' is not allowed: give the path of a file, or one of .*staged"):
        read_curriculum("stagd")
    (tmp_path / "picture.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ValueError, match=r"picture.yaml' is not allowed: it cannot be read"):
        read_curriculum(str(tmp_path / "picture.yaml"))
    with pytest.raises(ValueError, match="curriculum = 3 is not allowed"):
        LINE.composed("curriculum=3")


# Stages


@settings(max_examples=40)
@given(CURRICULA, st.integers(0, 2**40), st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_stage_is_a_pure_function_of_seed_split_and_index(curriculum, seed, index, num_videos):
    options = replace(LABELS, seed=seed, curriculum=curriculum)
    elsewhere = replace(options, num_videos=num_videos, out="elsewhere")
    assert options.turn(index) == elsewhere.turn(index) == turn(seed, "train", index, curriculum)


@settings(max_examples=30)
@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=8), st.integers(0, 50), st.booleans())
def test_each_block_has_each_share_to_within_one_clip(shares, block, paired):
    curriculum = Curriculum(tuple(Stage(f"s{place}", share) for place, share in enumerate(shares)))
    units = range(block * BLOCK, (block + 1) * BLOCK)
    counts = Counter(turn(0, "train", unit * 2 if paired else unit, curriculum, twins=paired).stage.name for unit in units)
    for name, share in curriculum.shares.items():
        assert abs(counts[name] - BLOCK * share) <= 1


def test_clips_of_a_stage_are_counted_without_gaps():
    seen: Counter[str] = Counter()
    for index in range(2 * BLOCK):
        at = turn(4, "test", index, TAUGHT)
        assert at.nth == seen[at.stage.name]
        seen[at.stage.name] += 1


def test_any_stretch_of_clips_has_every_stage():
    for seed in range(20):
        assert {turn(seed, "train", index, TAUGHT).stage.name for index in range(12)} == {"easy", "hard", "as told"}


def test_seeds_splits_and_stages_draw_apart():
    assert [turn(0, "a", index, TAUGHT) for index in range(40)] != [turn(1, "a", index, TAUGHT) for index in range(40)]
    assert [turn(0, "a", index, TAUGHT) for index in range(40)] != [turn(0, "b", index, TAUGHT) for index in range(40)]
    alike = Curriculum((replace(HARD, name="one"), replace(HARD, name="other")))
    asked: dict[str, list] = {"one": [], "other": []}
    for name, each in intents(120, replace(LABELS, curriculum=alike)):
        asked[name].append((each.answer, each.letter))
    assert asked["one"] != asked["other"]


def test_twins_have_one_stage_and_one_question():
    paired = Curriculum((EASY, Stage("other", 1.0, 0.5)))
    options = replace(LABELS, twins=True, curriculum=paired)
    for index in range(0, 200, 2):
        at, here = options.turn(index), options.at(index)
        assert at == options.turn(index + 1)
        pair = twins(0, "train", index, here.qa, here.scene, at)
        assert pair == twins(0, "train", index + 1, here.qa, here.scene, options.turn(index + 1))
        assert pair[0].template == pair[1].template and pair[0].letter != pair[1].letter
        assert at.stage.name == "other" or pair[0].template in EASY.asked


# What a stage asks


def test_the_templates_of_a_stage_follow_its_weights():
    asked = [each.template for name, each in intents(2 * BLOCK) if name == "easy"]
    assert Counter(asked[:BLOCK]) == {"camera_move": 225, "count_cycles": 75}
    assert Counter(asked[:20])["count_cycles"] in (4, 5, 6)


@given(st.dictionaries(st.sampled_from(list(QUESTIONS)), st.floats(0.05, 1), min_size=1, max_size=8))
def test_shares_of_templates_follow_their_weights(weights):
    shares = template_shares(QuestionOptions(weights=weights))
    assert sum(shares.values()) == BLOCK and shares.keys() == weights.keys()
    total = sum(weights.values())
    assert all(abs(shares[name] - BLOCK * weights[name] / total) <= 1 for name in weights)


@pytest.mark.parametrize(("stage", "template"), [(EASY, "camera_move"), (HARD, "count_cycles"), (EASY, "count_cycles")])
def test_answers_and_letters_are_balanced_in_a_stage(stage, template):
    asked = [each for name, each in intents(3 * BLOCK) if name == stage.name and each.template == template]
    keys = answers(QUESTIONS[template](), stage.looks(SCENE))
    whole = len(asked) // len(keys) * len(keys)
    assert len(set(Counter(each.answer for each in asked[:whole]).values())) == 1
    assert {each.answer for each in asked} == set(keys)
    assert len(set(Counter(each.letter for each in asked[: len(asked) // 4 * 4]).values())) == 1


def test_a_stage_without_templates_asks_what_it_is_told():
    qa = QuestionOptions(templates=("count_cycles", "camera_move", "travel_direction"))
    asked = Counter(each.template for name, each in intents(BLOCK, replace(LABELS, qa=qa)) if name == "as told")
    assert asked.keys() == set(qa.templates) and max(asked.values()) - min(asked.values()) <= 2


def test_a_stage_lies_over_what_a_run_is_told_axis_by_axis():
    told = SceneOptions(difficulty=0.5, axes=Axes(camera=0.0, speed=1.0))
    assert EASY.looks(told).levels == Difficulty(**{**dict.fromkeys(vars(Difficulty()), 0.1), "speed": 0.0, "camera": 0.0})
    assert OPEN.looks(told) == told
    assert replace(LABELS, curriculum=None).at(3) == replace(LABELS, curriculum=None)


# At the door


@pytest.mark.parametrize(
    ("qa", "barred"),
    [
        (QuestionOptions(without=("count_cycles",)), "count_cycles"),
        (QuestionOptions(templates=("count_cycles", "what_follows")), "camera_move"),
        (QuestionOptions(mix={"camera_motion": 0}), "camera_move"),
        (QuestionOptions(weights={"count_cycles": 1}), "camera_move"),
    ],
)
def test_a_stage_that_asks_what_is_left_out_is_refused(qa, barred):
    with pytest.raises(ValueError, match=rf"stage 'easy' = \['{barred}'\] is not allowed: .*qa.without"):
        check(qa, SCENE, curriculum=TAUGHT)


def test_what_a_stage_cannot_stage_is_named():
    counting = Curriculum((OPEN, Stage("counting", templates={"count_in_sequence": 1})))
    qa = QuestionOptions(templates=("camera_move", "count_in_sequence", "what_follows"))
    short = SceneOptions(duration=(2.0, 2.5))
    with pytest.raises(ValueError, match=r"stage 'counting' of the curriculum: .*duration = .* too short.*give them no weight"):
        check(qa, short, curriculum=Curriculum(counting.stages[1:]))
    with pytest.raises(ValueError, match=r"stage 'as told' of the curriculum: .*qa.without=\["):
        check(qa, short, curriculum=counting)
    check(QA, SCENE, curriculum=TAUGHT)


def test_a_stage_with_nothing_that_has_twins_is_refused():
    single = next((name for name in QUESTIONS if not has_twins(name)), None)
    if single is None:
        pytest.skip("every template has twins")
    with pytest.raises(ValueError, match=r"stage 'lonely' of the curriculum: .*twins have"):
        check(QA, SCENE, twins=True, curriculum=Curriculum((Stage("lonely", templates={single: 1}),)))


# Clips


def test_every_clip_is_as_its_stage_says(finished):
    clips = annotations(finished)
    assert len(clips) == 8 and {clip["stage"] for clip in clips} == {"easy", "hard", "as told"}
    for clip in clips:
        stage = LABELS.turn(clip["index"]).stage
        assert clip["stage"] == stage.name
        for question in clip["questions"]:
            assert CONVERTER.structure(question["difficulty"]["settings"], Difficulty) == stage.looks(SCENE).levels
            assert not stage.templates or question["template"] in stage.asked
        assert clip["questions"][0]["answer"] in LETTERS


def test_without_a_curriculum_nothing_is_said_of_stages(tmp_path):
    made(tmp_path / "set", replace(LABELS, num_videos=1, curriculum=None))
    assert "stage" not in annotations(tmp_path / "set")[0]
    assert "curriculum" not in (tmp_path / "set" / "dataset.json").read_text() + (tmp_path / "set" / "README.md").read_text()
    assert not (tmp_path / "set" / CURRICULUM).exists()


def test_a_smaller_run_is_a_prefix_and_can_grow(tmp_path, finished):
    made(tmp_path / "set", replace(LABELS, num_videos=3))
    whole, small = hashes(finished), hashes(tmp_path / "set")
    assert all(whole[name] == digest for name, digest in small.items() if name.startswith(("annotations/", "trajectories/")))
    (tmp_path / "set" / CURRICULUM).unlink()  # as if it had died before
    made(tmp_path / "set")
    assert hashes(tmp_path / "set") == whole


@pytest.mark.slow
def test_a_killed_run_of_a_curriculum_goes_on_and_ends_identical(tmp_path, finished):
    (tmp_path / "lessons.yaml").write_text(written(TAUGHT))
    arguments = ("num_videos=8", "curriculum=lessons.yaml", "questions_per_video=2", "workers=0", "out=set", *LABEL_KEYS)
    process = programs.program(*arguments, cwd=tmp_path)
    wait_for_clips(tmp_path / "set", 2, process)
    process.kill()
    process.communicate()
    (tmp_path / "set" / CURRICULUM).unlink()  # as if it had died even earlier
    code, _, complained = run(*arguments, cwd=tmp_path)
    assert code == 0, complained
    assert hashes(tmp_path / "set") == hashes(finished)


def test_the_content_of_a_curriculum_counts_and_not_its_place(tmp_path, finished):
    copy = shutil.copytree(finished, tmp_path / "set")
    told = tmp_path / "moved.yaml"
    told.write_text("# said otherwise\n" + json.dumps(plain(TAUGHT)))
    with Dataset.open(replace(LABELS, out=str(copy), curriculum=str(told))) as dataset:
        assert dataset.missing(range(8)) == []
    assert hashes(copy) == hashes(finished)


def changed(**stage) -> Curriculum:
    return replace(TAUGHT, stages=(replace(EASY, **stage), *TAUGHT.stages[1:]))


@pytest.mark.parametrize(
    ("curriculum", "told"),
    [
        (None, "curriculum ['easy', 'hard', 'as told'] -> []"),
        (Curriculum((EASY, OPEN)), "curriculum ['hard'] -> []"),
        (Curriculum((HARD, EASY, OPEN)), "curriculum ['easy', 'hard', 'as told'] -> ['hard', 'easy', 'as told']"),
        (changed(difficulty=0.2), "curriculum.easy.difficulty 0.1 -> 0.2"),
        (changed(axes=Axes(size=0.5)), "curriculum.easy.axes.size None -> 0.5"),
        (changed(templates={**EASY.templates, "count_cycles": 5.0}), "curriculum.easy.templates.count_cycles 1.0 -> 5.0"),
    ],
)
def test_another_curriculum_is_refused_with_what_differs(finished, curriculum, told):
    before = hashes(finished)
    with pytest.raises(ConfigurationChanged) as refusal, Dataset.open(replace(LABELS, out=str(finished), curriculum=curriculum)):
        pass
    assert told in str(refusal.value) and "out=" in str(refusal.value)
    assert hashes(finished) == before


def test_a_data_set_without_a_curriculum_does_not_go_on_with_one(tmp_path):
    with Dataset.open(replace(LABELS, out=str(tmp_path), curriculum=None)):
        pass
    with pytest.raises(ConfigurationChanged, match=r"curriculum \[\] -> \['easy'"), Dataset.open(replace(LABELS, out=str(tmp_path))):
        pass
    assert not (tmp_path / CURRICULUM).exists()


# Made again


def test_the_command_that_reproduces_a_clip_makes_the_same_bytes(tmp_path, finished):
    copy = shutil.copytree(finished, tmp_path / "set")
    before = hashes(copy)
    program = reproduce(replace(LABELS, out=str(copy)), 5)
    assert f"curriculum={copy / CURRICULUM}" in shlex.split(program)
    (copy / "annotations" / f"{clip_key(0, 'train', 5)}.json").unlink()
    again = told_by(f"{program} farm.min_free_mb=0")
    assert again.only == 5
    with Dataset.open(again) as dataset:
        make_clip(5, again, dataset)
    assert hashes(copy) == before


def test_dataset_json_alone_says_what_was_made(finished):
    told = json.loads((finished / "dataset.json").read_text())["configuration"]["curriculum"]
    assert curriculum_of(told) == TAUGHT
    assert read_curriculum(str(finished / CURRICULUM)) == TAUGHT
    assert yaml.safe_load((finished / CURRICULUM).read_text()) == told


def test_a_command_keeps_weights_of_templates():
    options = GenerateOptions(qa=QuestionOptions(weights={"count_cycles": 2.0, "camera_move": 0.5}))
    again = told_by(command(options))
    assert content(again) == content(options) and again.qa.weights == options.qa.weights


# What is told of it


def test_the_card_and_the_summary_name_the_stages(tmp_path, finished):
    card = (finished / "README.md").read_text()
    for row in ("| easy | 50.0% | 4 |", "| hard | 25.0% | 2 |", "| as told | 25.0% | 2 |", f"| `{CURRICULUM}` |"):
        assert row in card
    copy = shutil.copytree(finished, tmp_path / "set")
    (copy / "annotations" / f"{clip_key(0, 'train', 1)}.json").unlink()
    said = made(copy)
    assert f"for stage {LABELS.turn(1).stage.name}" in said
    assert f"curriculum={copy / CURRICULUM}" in said.replace("\n", "")


def findings(root: Path, index: int) -> list[str]:
    contents = read_contents(root)
    clip = ClipReader(root, clip_key(0, "train", index))
    listing = next(each for each in contents.listings if each.key == clip.key)
    return [each.what for each in (*contents.findings, *check_clip(clip, listing, contents.description))]


def test_verify_knows_which_stage_falls_to_a_clip(tmp_path, finished):
    assert findings(finished, 2) == []
    copy = shutil.copytree(finished, tmp_path / "set")
    path = copy / "annotations" / f"{clip_key(0, 'train', 2)}.json"
    told = LABELS.turn(2).stage.name
    path.write_text(path.read_text().replace(f'"stage":"{told}"', '"stage":"another"'))
    assert any(f"names stage 'another', but {told!r} falls to clip 2" in what for what in findings(copy, 2))


def test_verify_misses_a_curriculum_that_is_gone_or_edited(tmp_path, finished):
    copy = shutil.copytree(finished, tmp_path / "set")
    (copy / CURRICULUM).write_text(written(Curriculum((OPEN,))))
    assert any(f"{CURRICULUM} is not what was written" in what for what in findings(copy, 0))
    (copy / CURRICULUM).unlink()
    assert f"{CURRICULUM} is missing" in findings(copy, 0)
