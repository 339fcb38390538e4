"""The configuration: every file composes, becomes typed options at once, and bad input dies with a clear message."""

import io
import shlex
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from rich.table import Table

import conf
from conf.atomic import replaced, write_atomically
from conf.progress import console_of
from generator.__main__ import LINE
from generator.annotations import LAYERS
from generator.options import GenerateOptions, OcclusionOptions, RenderOptions, command, content, parse_shard, reproduce
from qa_templates.question import QUESTION_TYPES, QUESTIONS, QuestionOptions
from qa_templates.quota import check
from scenes.difficulty import Axes
from scenes.environments.environment import ENVIRONMENTS
from scenes.motions.motion import MOTIONS
from scenes.script import SceneOptions
from tests.small_sets import told_by

FOLDER = Path(conf.__path__[0])
GROUPS = ("scene", "occlusion", "qa", "render", "farm")
CHOICES = sorted(f"{path.parent.name}={path.stem}" for group in GROUPS for path in (FOLDER / group).glob("*.yaml"))
PRESETS = sorted(path.stem for path in (FOLDER / "preset").glob("*.yaml"))


def test_what_the_files_say_is_what_the_types_say():
    composed = LINE.composed()
    assert content(composed) == content(GenerateOptions())
    assert replace(composed, qa=QuestionOptions()) == GenerateOptions()


@pytest.mark.parametrize("choice", CHOICES)
def test_every_group_composes(choice):
    group, name = choice.split("=")
    chosen, usual = LINE.composed(choice), LINE.composed()
    is_usual = name == {"render": "standard", "farm": "local"}.get(group, "default")
    assert (getattr(chosen, group) == getattr(usual, group)) == is_usual


@pytest.mark.parametrize("engine", ["draft", "standard", "fine", "eevee", "cycles", "none"])
def test_every_render_preset_of_the_contract_is_there(engine):
    assert f"render={engine}" in CHOICES


def test_these_are_the_groups_of_the_generator():
    assert {each.split("=")[0] for each in CHOICES} == set(GROUPS)
    defaults = OmegaConf.load(FOLDER / "generate.yaml").defaults
    groups = {name for each in defaults if OmegaConf.is_dict(each) for name in each if not name.startswith("override")}
    assert groups == {*GROUPS, "preset"}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_composes_and_keys_go_before_it(preset):
    chosen = LINE.composed(f"preset={preset}")
    assert (content(chosen) == content(LINE.composed())) == (preset == "default")
    keys = ("width=320", "num_videos=7", "difficulty=0.9", "out=mine", "occlusion.min_area_px=99", "qa.templates=[count_cycles]")
    told = LINE.composed(f"preset={preset}", *keys)
    assert told == LINE.composed(*keys, f"preset={preset}")
    assert (told.scene.width, told.num_videos, told.scene.difficulty, told.out) == (320, 7, 0.9, "mine")
    assert (told.occlusion.min_area_px, told.qa.templates) == (99, ("count_cycles",))
    assert told.scene.height == chosen.scene.height and told.scene.fps == chosen.scene.fps


@pytest.mark.parametrize("group", [each for each in CHOICES if not each.startswith(("farm", "qa"))])
def test_a_group_goes_before_the_preset(group):
    name = group.split("=")[0]
    sized = ("width=128", "height=96", "fps=12", "duration=[3,5]", "difficulty=0.1")
    assert getattr(LINE.composed("preset=starter", group), name) == getattr(LINE.composed(group, *sized), name)


def test_the_starter_asks_of_each_type_in_small_pictures():
    told = LINE.composed("preset=starter")
    assert {QUESTIONS[name].question_type for name, weight in told.qa.weights.items() if weight} == set(QUESTION_TYPES)
    assert (told.scene.width, told.scene.height, told.scene.axes.camera, told.render.supersampling) == (128, 96, 0.0, 1.0)
    assert told.out == "outputs/starter-train-seed0"
    check(told.qa, told.scene)


def test_the_help_tells_what_the_starter_is():
    options = LINE.composed("preset=starter")
    numbers = {6: "six", 8: "eight"}
    told = f"starter: {options.num_videos} small clips of {numbers[len(options.qa.weights)]} plain questions"
    assert told in (Path(conf.__file__).parent / "generate.yaml").read_text()


def test_shorthands_reach_their_groups():
    told = LINE.composed("width=320", "height=240", "fps=12", "duration=[2,4]", "difficulty=0.9", "questions_per_video=3", "workers=5")
    assert (told.scene.width, told.scene.height, told.scene.fps, told.scene.duration) == (320, 240, 12.0, (2.0, 4.0))
    assert (told.scene.difficulty, told.qa.questions_per_video, told.farm.workers) == (0.9, 3, 5)


def test_names_are_tuples_and_out_follows_the_name():
    told = LINE.composed("scene.motions=[spin,bounce]", "seed=7", "split=test")
    assert told.scene.motions == ("spin", "bounce")
    assert told.out == "outputs/motionfoundry-test-seed7"
    assert LINE.composed("name=mine").out == "outputs/mine"


FRACTIONS = st.floats(0, 1, allow_subnormal=False)
ANY_OPTIONS = st.builds(
    GenerateOptions,
    seed=st.integers(0, 2**40),
    out=st.text("abcé '\"=,[]{}():\\/._-", min_size=1).filter(lambda text: text == text.strip()),
    max_attempts=st.integers(1, 99),
    scene=st.builds(
        SceneOptions,
        width=st.sampled_from([64, 320, 1280]),
        fps=st.floats(5, 240),
        duration=st.tuples(st.floats(1, 5), st.floats(5, 60)),
        environments=st.lists(st.sampled_from(list(ENVIRONMENTS)), unique=True).map(tuple),
        motions=st.lists(st.sampled_from(list(MOTIONS)), unique=True).map(tuple),
        axes=st.builds(Axes, camera=st.none() | FRACTIONS, speed=st.none() | FRACTIONS),
    ),
    occlusion=st.builds(OcclusionOptions, min_visible_fraction=FRACTIONS),
    qa=st.builds(
        QuestionOptions,
        mix=st.dictionaries(st.sampled_from(["action_order", "camera_motion"]), st.floats(0, 9)),
        weights=st.dictionaries(st.sampled_from(list(QUESTIONS)), st.floats(0, 9), max_size=3),
        templates=st.lists(st.sampled_from(list(QUESTIONS)), unique=True).map(tuple),
    ),
    annotations=st.lists(st.sampled_from(list(LAYERS)), unique=True).map(tuple),
    render=st.builds(RenderOptions, engine=st.sampled_from(["none", "cycles"]), shadows=st.booleans()),
)


@settings(max_examples=12)
@given(ANY_OPTIONS, st.integers(0, 10**6))
@example(GenerateOptions(out="données"), 0)
def test_the_command_that_reproduces_a_clip_says_the_same(options, index):
    again = told_by(reproduce(options, index))
    assert again.only == index
    assert content(again) == content(options)
    assert again.out == options.out
    assert again.max_attempts == options.max_attempts


def test_a_command_keeps_the_number_of_videos_and_the_workers():
    assert "num_videos=60" in command(GenerateOptions(num_videos=60)).split()
    assert "farm.workers=3" in command(LINE.composed("workers=3")).split()


@given(st.integers(1, 50), st.integers(1, 8))
def test_shards_share_the_clips_out(num_videos, shards):
    parts = [GenerateOptions(num_videos=num_videos, shard=f"{one}/{shards}").indices for one in range(1, shards + 1)]
    assert sorted(index for part in parts for index in part) == list(range(num_videos))


def test_only_is_one_clip_whatever_the_number_of_videos():
    assert list(GenerateOptions(num_videos=3, only=417).indices) == [417]


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "a/b", "1/0", "-1/2"])
def test_wrong_shards(shard):
    with pytest.raises(ValueError, match="shard"):
        parse_shard(shard)


BAD = {
    "num_vidoes=3": ("num_vidoes", "num_videos"),
    "rendr=draft": ("rendr", "render"),
    "+colour=1": ("colour",),
    "scene.widht=640": ("scene.widht", "scene.width"),
    "num_videos=abc": ("num_videos", "'abc'", "whole number"),
    "num_videos=2.5": ("num_videos", "2.5", "whole number"),
    "num_videos=0": ("num_videos", "0", "at least 1"),
    "num_videos=-3": ("num_videos", "-3", "at least 1"),
    "num_videos=null": ("num_videos",),
    "num_videos": ("num_videos",),
    "seed=-1": ("seed", "-1"),
    "render=drafd": ("render", "drafd", "draft", "standard"),
    "render.engine=vulkan": ("render.engine", "vulkan", "workbench"),
    "render.preset=quick": ("render.preset", "quick", "veryfast"),
    "render.supersampling=0": ("render.supersampling", "0", "1 to 4"),
    "width=-4": ("width", "-4", "even"),
    "width=0": ("width", "0", "even"),
    "width=641": ("width", "641", "even"),
    "height=abc": ("height", "'abc'", "whole number"),
    "fps=0": ("fps", "0", "240"),
    "fps=-24": ("fps", "-24", "240"),
    "fps=nan": ("fps", "nan", "240"),
    "duration=3": ("duration", "3", "[a,b]"),
    "duration=[a,b]": ("duration", "'a'", "number"),
    "duration=[1,2,3]": ("duration", "[1.0, 2.0, 3.0]", "two"),
    "duration=[0,3]": ("duration", "0", "60"),
    "duration=[8,3]": ("duration", "[8.0, 3.0]", "shortest <= longest"),
    "difficulty=2": ("difficulty", "2", "0 to 1"),
    "scene.axes.speed=2": ("scene.axes.speed", "2", "0 to 1"),
    "scene.axes.speed=fast": ("axes.speed", "'fast'", "number"),
    "scene.axes.sped=0.5": ("scene.axes.sped", "scene.axes.speed"),
    "workers=-2": ("workers", "-2"),
    "only=-1": ("only", "-1"),
    "shard=5/4": ("shard", "5/4", "i/n"),
    "max_attempts=0": ("max_attempts", "0", "at least 1"),
    "split=a/b": ("split", "a/b"),
    "out=": ("out",),
    "scene.motions=[slid]": ("scene.motions = 'slid'", "slide", "bounce"),
    "scene.motions=spin": ("scene.motions", "spin", "[a,b]"),
    "scene.motions=[spin,bounce]": ("scene.motions",),
    "scene.environments=[moon]": ("scene.environments = 'moon'", *ENVIRONMENTS),
    "qa.templates=[riddle]": ("qa.templates = 'riddle'", *QUESTIONS),
    "qa.without=[count_cycle]": ("qa.without = 'count_cycle'", "count_cycles"),
    "+qa.weights.count_cycle=2": ("qa.weights = 'count_cycle'", "count_cycles"),
    "+qa.weights.count_cycles=-1": ("qa.weights.count_cycles", "-1"),
    "preset=startr": ("preset", "startr", "default", "starter"),
    "curriculum=stagd": ("curriculum = 'stagd'", "staged"),
    "curriculum=[staged]": ("curriculum", "['staged']", "path"),
    "+qa.mix.riddles=2": ("qa.mix", "riddles", "action_order"),
    "qa.mix.action_order=-1": ("qa.mix.action_order", "-1"),
    "occlusion.min_visible_fraction=2": ("occlusion.min_visible_fraction", "2", "0 to 1"),
    "annotations=[mask]": ("annotations", "'mask'", "masks"),
    "annotations=masks": ("annotations", "masks", "[a,b]"),
    "farm.threads=0": ("farm.threads", "0", "at least 1"),
}


@pytest.mark.parametrize("argument", BAD)
def test_bad_input_is_one_clear_paragraph(argument, run_here, tmp_path):
    code, _, said = run_here(*shlex.split(argument))
    assert code == 2
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
    for word in BAD[argument]:
        assert word in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("told", ["-m", "--multirun", "--multi", "hydra.mode=MULTIRUN"])
def test_several_runs_in_one_are_refused_before_the_first(told, run_here, tmp_path):
    code, _, complained = run_here(told, "seed=0,1", "out=set")
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert f"{told!r} is not allowed: give one value for each key" in complained


def test_an_interrupt_is_no_traceback(run_main, capsys):
    def work(options: GenerateOptions) -> int:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    assert run_main(lambda: LINE.run(work), "generator") == (130, "", "generator: interrupted\n")
    assert signal.getsignal(signal.SIGTERM) == before, "what a test runs stays in the process of the tests"
    with pytest.raises(SystemExit) as left, LINE.plain_errors("stopped: the same command goes on"):
        raise KeyboardInterrupt
    assert (left.value.code, capsys.readouterr().err) == (130, "generator: stopped: the same command goes on\n")


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "told.txt"
    write_atomically(path, "old")
    with pytest.raises(RuntimeError), replaced(path) as part:
        part.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with replaced(path, synced=False) as part:
        part.write_text("new")
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_console_writes_what_its_stream_can_take(encoding):
    taken = io.BytesIO()
    console = console_of(io.TextIOWrapper(taken, encoding=encoding, write_through=True))
    table = Table("of what", "share")
    table.add_row("ours ÷ bare … loop", "2 × 3")
    console.print(table)
    said = taken.getvalue().decode(encoding)
    assert "ours" in said and ("│" in said) == (encoding == "utf-8") and ("÷" in said) == (encoding != "ascii")
