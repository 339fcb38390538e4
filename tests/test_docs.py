"""README and CONTRIBUTING say what is so: their code runs, their commands, paths, fields and tables exist."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import fields
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from runpy import run_module

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from PIL import Image
from rich.console import Console

from conf.command_line import DONE, CommandLine
from generator.__main__ import LINE as GENERATE
from generator.__main__ import generate
from generator.catalogue import catalogues, renewed
from generator.diagnosis import LINE as DOCTOR
from model.evaluate import LINE as EVALUATE
from model.probe import LINE as PROBE
from model.train import LINE as TRAIN
from qa_templates.difficulty import Measured
from qa_templates.question import QUESTIONS
from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.cameras.move import CAMERA_MOVES
from scenes.difficulty import Difficulty
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS

ROOT = Path(__file__).parent.parent
CATALOGUES = (MOTIONS, AVATAR_MOTIONS, AVATARS, EVENTS, ENVIRONMENTS, CAMERA_MOVES, QUESTIONS)
GROUPS = ("motions", "avatar_motions", "avatars", "events", "environments", "cameras", "questions")
PAGES = ("README.md", "CONTRIBUTING.md")
LINES = {line.program: line for line in (GENERATE, DOCTOR, TRAIN, EVALUATE, PROBE)}  # programs that take key=value
BLOCK = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHAPE_IMPORTS = "from scenes import solids\nfrom scenes.shapes import SHAPES, Colour, Part, Pattern, plain\n\n\n"
COMPRESSOR_IMPORTS = "import torch\nfrom torch import Tensor\n\nfrom model.compressors import COMPRESSORS, Compressor, Merged\n\n\n"
SUITES = {  # where a word goes (the first that fits), and the tests that then run on it
    "scenes/motions": "tests/test_every_motion.py",
    "scenes/avatars/motions": "tests/test_every_avatar_motion.py",
    "scenes/avatars": "tests/test_every_avatar.py",
    "scenes/events": "tests/test_every_event.py",
    "scenes/cameras": "tests/test_every_camera.py",
    "scenes/environments": "tests/test_every_environment.py",
    "scenes/shapes.py": "tests/test_shapes.py",
    "qa_templates": "tests/test_every_question.py",
}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[tuple[str, str]]:
    """(rest of the fence's first line, content) of the code blocks in a language."""
    return [(about, content) for kind, about, content in BLOCK.findall(page(name)) if kind == language]


def options_from(line: CommandLine, overrides: list[str]) -> object:
    with initialize_config_module("conf", version_base=None):
        return line.typed(compose(line.config_name, overrides))


# The words of CONTRIBUTING, in a package of their own


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """A folder with the package that CONTRIBUTING describes, installed as pip would, entry points and all."""
    site = tmp_path_factory.mktemp("site")
    (site / "my_words").mkdir()
    for path, content in blocks("CONTRIBUTING.md", "python"):
        (site / "my_words" / f"{word(path, content)}.py").write_text(content if "import" in content else SHAPE_IMPORTS + content)
    info = site / "my_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-words\nVersion: 1.0\n")
    groups = tomllib.loads(blocks("CONTRIBUTING.md", "toml")[0][1])["project"]["entry-points"]
    (info / "entry_points.txt").write_text(
        "\n".join(f"[{group}]\n" + "\n".join(f"{name} = {place}" for name, place in words.items()) for group, words in groups.items())
    )
    return site


def word(path: str, content: str) -> str:
    """The public name of what a block adds."""
    return re.search(r"^def (\w+)", content, re.MULTILINE)[1] if path == "scenes/shapes.py" else Path(path).stem


def with_package(site: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(site)}, capture_output=True, text=True, check=False
    )


def test_every_catalogue_has_an_entry_point():
    told = tomllib.loads(blocks("CONTRIBUTING.md", "toml")[0][1])["project"]["entry-points"]
    assert set(told) == {catalogue.group for catalogue in CATALOGUES}


def test_every_kind_of_word_has_a_block():
    assert {next(where for where in SUITES if path.startswith(where)) for path, _ in blocks("CONTRIBUTING.md", "python")} == set(SUITES)


@pytest.mark.slow
def test_words_of_a_package_are_tested_like_our_own(package):
    """The tests of every catalogue, in a process in which the package is installed, run on its words and pass."""
    words = [word(path, content) for path, content in blocks("CONTRIBUTING.md", "python")]
    plugin = [name for name, (path, _) in zip(words, blocks("CONTRIBUTING.md", "python"), strict=True) if path == "scenes/shapes.py"]
    done = with_package(
        package,
        "-m",
        "pytest",
        *SUITES.values(),
        "-v",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        f"my_words.{plugin[0]}",
        "-k",
        " or ".join(words),
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = Counter(name for name in words for line in done.stdout.splitlines() if name in line and "PASSED" in line)
    assert all(passed[name] >= 5 for name in words), passed


@pytest.mark.slow
def test_words_of_a_package_are_listed_and_generated(package, tmp_path):
    groups = json.loads(with_package(package, "-m", "generator.catalogue", "--json").stdout)
    listed = {name for group in GROUPS for name in groups[group]}
    assert {word(path, content) for path, content in blocks("CONTRIBUTING.md", "python")} - {"dumbbell"} <= listed
    asked = "qa.templates=[recognise_motion,recognise_avatar_motion,recognise_event]"  # four answers each, in turn
    drawn = ["scene.motions=[twirl,slide,zigzag,shuttle]", "scene.avatar_motions=[tilt_head,nod,wave,clap]", "scene.avatars=[gardener]"]
    rest = ["scene.events=[go_abreast,push,stack,follow]", "scene.environments=[colonnade]", "num_videos=12", "render=none"]
    done = with_package(package, "-m", "generator", *rest, *drawn, asked, f"out={tmp_path / 'set'}")
    assert done.returncode == 0, done.stderr
    specs = [json.loads(path.read_text())["spec"] for path in (tmp_path / "set" / "annotations").iterdir()]
    acted = {action["name"] for spec in specs for item in spec["objects"] for action in item["actions"]}
    assert {spec["environment"]["name"] for spec in specs} == {"colonnade"}
    assert {"twirl", "tilt_head"} <= acted
    assert "gardener" in {item["shape"] for spec in specs for item in spec["objects"]}
    assert "go_abreast" in {event["name"] for spec in specs for event in spec["events"]}


@pytest.mark.slow
def test_the_compressor_of_contributing_is_tested_like_our_own(tmp_path):
    """In a process of its own, because it adds to the compressors."""
    ((_, content),) = (block for block in blocks("CONTRIBUTING.md", "py") if block[0] == "model/compressors.py")
    (tmp_path / "differences.py").write_text(COMPRESSOR_IMPORTS + content)
    done = with_package(
        tmp_path, "-m", "pytest", "tests/test_model.py", "-v", "-p", "no:cacheprovider", "-p", "differences", "-k", "differences"
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert sum("differences" in line and "PASSED" in line for line in done.stdout.splitlines()) >= 5


def test_a_motion_takes_about_twenty_lines():
    (body,) = (content for path, content in blocks("CONTRIBUTING.md", "python") if path.startswith("scenes/motions/"))
    lines = [line for line in body.partition("@MOTIONS")[2].splitlines() if line.strip()]
    assert len(lines) <= 25


# Tables, paths and commands


def test_the_tables_are_what_is_registered():
    text = page("README.md")
    assert set(re.findall(r"<!-- catalogue:(\w+) -->", text)) == set(catalogues())
    assert renewed(text) == text, "run: python -m generator.catalogue --markdown README.md"


def test_tables_are_written_anew():
    stale = "before\n<!-- catalogue:motions -->\n| stale |\n<!-- end -->\nafter"
    fresh = renewed(stale)
    assert "stale" not in fresh and "| `slide` | " in fresh
    assert fresh.startswith("before\n<!-- catalogue:motions -->\n") and fresh.endswith("\n<!-- end -->\nafter")


def tree_paths() -> list[str]:
    """Paths of the commented tree in the README; two more spaces are one folder deeper."""
    (tree,) = (content for _, content in blocks("README.md", "") if content.startswith("conf/"))
    paths, folder = [], ""
    for line in tree.splitlines():
        name = line.split()[0]
        folder = folder if line.startswith(" ") else name
        paths.append(name if name == folder else folder + name)
    return paths


@pytest.mark.parametrize("path", tree_paths())
def test_paths_in_the_tree_exist(path):
    assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file()


def test_the_tree_leaves_no_folder_out():
    """What git ignores is made, not written; everything else that holds files has its line."""
    made = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text().splitlines()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    written = {name for name in folders if not any(fnmatch(name, pattern) for pattern in made)}
    assert {f"{name}/" for name in written} <= set(tree_paths())


@pytest.mark.parametrize("name", PAGES)
def test_links_and_named_files_exist(name):
    text = page(name)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    files = re.findall(r"`((?:scenes|qa_templates|generator|tests|conf|bin)/[\w/.]*)`", text)
    assert links + files
    assert [path for path in links + files if not (ROOT / path).exists()] == []


@cache
def commands() -> tuple[str, ...]:
    """Every ``python -m …`` and ``make …`` of both pages, in blocks and in running text."""
    text = "\n".join(page(name) for name in PAGES)
    shell = "\n".join(content for name in PAGES for _, content in blocks(name, "sh")).splitlines()
    found = [line.partition(" #")[0].strip() for line in shell] + re.findall(r"`((?:python|make) [^`\n]+)`", text)
    found = [re.sub(r"^torchrun .*(?=-m )", "python ", each) for each in found]
    return tuple(sorted({each for each in found if each.startswith(("python -m", "make"))}))


def of_module(module: str) -> list[list[str]]:
    return [words[3:] for words in map(shlex.split, commands()) if words[:3] == ["python", "-m", module]]


def test_there_are_commands():
    assert len(commands()) > 15
    assert {words[2] for words in map(shlex.split, commands()) if words[0] == "python"} >= {"generator", "generator.doctor", "pytest"}


def test_make_targets_exist():
    targets = set(re.findall(r"^([\w-]+):", page("Makefile"), re.MULTILINE))
    assert {shlex.split(command)[1] for command in commands() if command.startswith("make ")} <= targets


def test_every_program_is_shown():
    """Whatever can be started stands in a page, once at least."""
    files = [path for name in ("generator", "model", "benchmarks") for path in (ROOT / name).rglob("*.py")]
    ours = {"system_libraries.py", "worker.py"}  # make runs the one, the farm the other
    started = [path for path in files if '__name__ == "__main__"' in path.read_text() and path.name not in ours]
    modules = [path.relative_to(ROOT).with_suffix("").as_posix() for path in started]
    shown = {words[2] for words in map(shlex.split, commands()) if words[0] == "python"}
    assert {module.removesuffix("/__main__").replace("/", ".") for module in modules} <= shown


GIVEN = [(program, arguments) for program in LINES for arguments in of_module(program)]


@pytest.mark.parametrize(("program", "arguments"), GIVEN, ids=lambda each: each if isinstance(each, str) else " ".join(each))
def test_commands_are_understood(program, arguments):
    overrides = [each for each in arguments if not each.startswith("-") and each not in ("job", "DIR")]
    known = [re.sub(r"twirl,|(?<=^curriculum=).*\.yaml|,?differences", "", each) for each in overrides]  # what is not there yet
    complete = [f"{each}staged" if each == "curriculum=" else f"{each}none" if each == "compressor=" else each for each in known]
    assert isinstance(options_from(LINES[program], complete), LINES[program].options)


SETTINGS = sorted({each for name in PAGES for each in re.findall(r"`([a-z_.]+=[^`\s]*)`", page(name))} - {"round=True", "avatar=True"})
NEEDED = {
    "generator": [],
    "generator.doctor": [],
    "model.train": ["data=x"],
    "model.evaluate": ["data=x", "checkpoint=x"],
    "model.probe": ["data=x", "checkpoint=x"],
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_in_the_text_are_understood(setting):
    assert [program for program, line in LINES.items() if understood(line, [*NEEDED[program], setting])]


def understood(line: CommandLine, overrides: list[str]) -> bool:
    try:
        return isinstance(options_from(line, overrides), line.options)
    except (ValueError, HydraException, OmegaConfBaseException):
        return False


def test_keys_of_the_table_exist_and_have_these_defaults():
    table = page("README.md").partition("| key | default |")[2].partition("\n\n")[0]
    with initialize_config_module("conf", version_base=None):
        configuration = compose("generate")
    for keys, defaults in re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", table, re.MULTILINE):
        names = re.findall(r"`(\w+)`", keys)
        assert all(name in configuration or (ROOT / "conf" / name).is_dir() for name in names)
        if names[0] not in ("preset", "scene", "occlusion", "qa", "farm", "render", "out"):
            told = re.split(r", (?![^\[]*\])", defaults)
            assert [spelled(configuration[name]) for name in names] == told
    dotted = re.findall(r"`((?:scene|occlusion|qa|farm)\.\w+)`", page("README.md"))
    assert dotted
    for group, key in (each.split(".") for each in dotted):
        assert key in configuration[group]


def spelled(value: object) -> str:
    """As the command line would have it."""
    plain = str(value).replace(" ", "").replace(".0", "").replace("None", "null")
    return plain.lower() if isinstance(value, bool) else plain


TOOLS = sorted({shlex.split(each)[2] for each in commands() if each.startswith("python -m")} - {*LINES, "pytest"})


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("module", TOOLS)
def test_tools_know_the_options_that_are_named(module, run_main):
    code, said, _ = run_main(lambda: run_module(module, run_name="__main__", alter_sys=True), module, "--help")
    assert not code
    lines = [line for name in PAGES for line in page(name).splitlines() if f"python -m {module} " in line]
    for option in re.findall(r"(?<!\w)--[a-z-]+", " ".join(lines)):
        assert option in said


# What a data set holds


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("docs") / "set"
    settings = ["num_videos=2", "twins=true", "qa.templates=[recognise_avatar_motion]", "render=none", "workers=0"]
    assert generate(options_from(GENERATE, [*settings, f"out={out}"]), Console(quiet=True)) == DONE
    return out


def first_column(heading: str) -> list[str]:
    table = page("README.md").partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_the_layout_is_as_drawn(dataset):
    (drawn,) = (content for _, content in blocks("README.md", "") if content.startswith("outputs/"))
    names = {Path(line.split()[1]).parts[0] for line in drawn.splitlines()[1:]}
    assert names - {"videos"} == {path.name for path in dataset.iterdir() if path.name[0] != "."}


def test_a_row_is_as_printed(dataset):
    printed = json.loads(blocks("README.md", "json")[0][1])
    row = json.loads((dataset / "video_info.meta.jsonl").read_text().splitlines()[0])
    assert structure(printed) == structure(row)


def structure(value):
    """A JSON value with everything but keys and kinds taken out."""
    if isinstance(value, dict):
        return {key: structure(each) for key, each in value.items()}
    return [structure(each) for each in value] if isinstance(value, list) else type(value).__name__


def test_annotation_fields_are_all_named(dataset):
    path, _ = (dataset / "annotations").iterdir()
    annotation = json.loads(path.read_text())
    assert set(first_column("field")) == set(annotation)
    assert {"difficulty", "required_fps", "evidence", "prompt"} <= set(annotation["questions"][0])
    assert set(annotation["caption"]) == {"text", "opening", "remarks", "closing"}
    assert "none" in annotation["intent"]


def test_axes_of_difficulty_are_all_named():
    table = page("README.md").partition("| axis |")[2].partition("\n\n")[0]
    assert first_column("axis") == [each.name for each in fields(Difficulty)]
    assert re.findall(r"\| `(\w+)`: ", table) == [each.name for each in fields(Measured)]


def test_trajectory_arrays_have_the_shapes_in_the_table(dataset):
    path, _ = (dataset / "trajectories").iterdir()
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| \(([^)]*)\) \|", page("README.md"), re.MULTILINE)
    told = {name: shape for names, shape in rows for name in re.findall(r"\w+", names)}
    with np.load(path, allow_pickle=False) as arrays:
        objects, frames, _ = arrays["position_m"].shape
        sizes = {"object": objects, "limb": len(arrays["limb_names"]), "frame": frames, "3": 3, "4": 4}
        assert sizes["limb"] > 0
        assert {name: arrays[name].shape for name in arrays} == {
            name: tuple(sizes[axis.strip()] for axis in shape.split(",") if axis.strip()) for name, shape in told.items()
        }


@pytest.mark.parametrize(("name", "most_bytes"), [("motionfoundry.jpg", 700_000), ("gallery.jpg", 250_000)])
def test_pictures_are_there_and_small(name, most_bytes):
    picture = ROOT / "docs" / name
    with Image.open(picture) as image:
        assert image.width >= 1000
    assert picture.stat().st_size < most_bytes
