"""What pip installs is whole: it works from another directory, with no checkout near it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("conf", "generator", "qa_templates", "scenes")
SHIPPED = {".py", ".yaml", ".typed"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the package as pip installs it, built from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("install")
    skipped = shutil.ignore_patterns(".*", "outputs", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, folder / "copy", ignore=skipped)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site"), str(folder / "copy")]
    subprocess.run(command, check=True)
    return folder / "site"


def shipped(folder):
    files = (path for package in PACKAGES for path in (folder / package).rglob("*") if path.suffix in SHIPPED)
    return {path.relative_to(folder).as_posix() for path in files if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_every_file_travels(site):
    assert shipped(site) == shipped(ROOT)
    assert any(name.startswith("conf/") and name.endswith(".yaml") for name in shipped(site))


@pytest.mark.slow
def test_installed_generator_runs_elsewhere(site, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    where = [sys.executable, "-c", "import conf, generator, scenes; print(generator.__file__, conf.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert all(path.startswith(str(site)) for path in found)
    command = [sys.executable, "-m", "generator", "num_videos=2", "render=none", "workers=1", "out=made"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made" / "video_info.meta.jsonl").read_text().count("\n") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
