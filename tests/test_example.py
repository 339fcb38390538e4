"""The example package is built as pip builds it, and its words are tested and drawn like our own."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "motionfoundry-whirl"
MOTION, QUESTION = "whirl_up", "which_comes_down_again"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder into which pip has built and installed the example, from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "copy", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site"), str(folder / "copy")]
    subprocess.run(command, check=True)
    return folder / "site"


def python_with(site: Path, *command: str) -> subprocess.CompletedProcess:
    """Run Python where the example is installed."""
    environment = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_its_words_are_in_the_catalogues_where_it_is_installed(site):
    with_it = json.loads(python_with(site, "-m", "generator.catalogue", "--json").stdout)
    without = json.loads(python_with(ROOT, "-m", "generator.catalogue", "--json").stdout)
    added = {group: set(names) - set(without[group]) for group, names in with_it.items() if isinstance(names, list)}
    assert {group: names for group, names in added.items() if names} == {"motions": {MOTION}, "questions": {QUESTION}}
    assert with_it["claims"]["questions"][QUESTION][0] == "Motion-related Objects"


def test_the_tests_of_every_motion_and_question_run_on_them(site):
    suites = ("tests/test_every_motion.py", "tests/test_every_question.py")
    done = python_with(site, "-m", "pytest", *suites, "-v", "-p", "no:cacheprovider", "-k", f"{MOTION} or {QUESTION}")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = Counter(name for name in (MOTION, QUESTION) for line in done.stdout.splitlines() if name in line and "PASSED" in line)
    assert min(passed[MOTION], passed[QUESTION]) >= 5, passed


def test_clips_are_made_with_them(site, tmp_path):
    settings = [f"qa.templates=[{QUESTION}]", f"scene.motions=[{MOTION},hop]", "num_videos=4", "render=none", "workers=0"]
    done = python_with(site, "-m", "generator", *settings, f"out={tmp_path / 'set'}")
    assert done.returncode == 0, done.stderr
    clips = [json.loads(path.read_text()) for path in (tmp_path / "set" / "annotations").iterdir()]
    assert len(clips) == 4
    assert {question["template"] for clip in clips for question in clip["questions"]} == {QUESTION}
    assert MOTION in {action["name"] for clip in clips for item in clip["spec"]["objects"] for action in item["actions"]}


def test_a_data_set_does_not_go_on_where_it_is_missing(site, tmp_path):
    settings = ["-m", "generator", "num_videos=1", "render=none", "workers=0", "qa.templates=[recognise_motion]", f"out={tmp_path / 'set'}"]
    assert python_with(site, *settings).returncode == 0
    refused = python_with(ROOT, *settings)
    assert refused.returncode != 0 and MOTION in refused.stderr
