"""The doctor finds what is missing, names the remedy, and says so in its exit code."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from generator import doctor, system_libraries

ROOT = Path(__file__).parent.parent
ABSENT = "libmotionfoundry-absent.so.7"


@pytest.fixture
def absent_library(monkeypatch):
    """A machine that lacks one more library."""
    monkeypatch.setitem(system_libraries.PACKAGES, ABSENT, "motionfoundry-absent7")


def test_this_machine_is_fit():
    findings = doctor.examine(ROOT)
    assert [finding for finding in findings if finding.status == "missing"] == []
    assert {"Blender renders a frame", "moderngl context"} <= {finding.name for finding in findings}


def test_require_healthy_passes_here_and_names_the_package_elsewhere(absent_library, monkeypatch):
    with pytest.raises(doctor.UnfitMachine, match=r"apt-get install .*motionfoundry-absent7$"):
        doctor.require_healthy()
    monkeypatch.delitem(system_libraries.PACKAGES, ABSENT)
    doctor.require_healthy()


def test_missing_library_fails_before_anything_renders(absent_library, capsys, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("rendered without its libraries"))
    assert doctor.main([]) == 1
    printed = capsys.readouterr().out
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends motionfoundry-absent7" in printed


def test_each_package_is_asked_for_by_one_library():
    packages = list(system_libraries.PACKAGES.values())
    assert len(set(packages)) == len(packages)
    assert all(re.fullmatch(r"lib[\w.+-]+\.so(\.\d+)+", library) for library in system_libraries.PACKAGES)


def test_libraries_are_checked_without_any_installed_package():
    done = subprocess.run([sys.executable, "-I", "-S", "generator/system_libraries.py"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_a_driver_that_is_missing_is_named():
    command = [sys.executable, "-I", "-S", "generator/system_libraries.py"]
    without = os.environ | {"__EGL_VENDOR_LIBRARY_FILENAMES": "/nowhere.json"}
    assert subprocess.run(command, cwd=ROOT, env=without, capture_output=True, text=True).stdout == "libegl-mesa0\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.abort()", "the process died of SIGABRT"),
        ("raise SystemExit(134)", "the process died of SIGABRT"),
        ("raise SystemExit(3)", "exit code 3"),
        ("raise RuntimeError('no [driver]')", "RuntimeError: no [driver]"),
    ],
)
def test_death_of_a_child_is_told(code, said):
    finding = doctor._child("child", code)
    assert (finding.status, finding.detail) == ("missing", said)
    assert sys.executable in finding.remedy


def test_aborted_render_names_the_driver(monkeypatch):
    monkeypatch.setattr(doctor, "RENDER", "import os; os.abort()")
    assert re.search(r"apt-get install .*libegl1", doctor.one_frame().remedy)


def test_a_child_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(doctor, "RENDER_TIMEOUT_S", 0.2)
    finding = doctor._child("child", "import time; time.sleep(60)")
    assert (finding.status, finding.detail.startswith("no answer")) == ("missing", True)


def test_disk_is_measured_where_a_folder_will_be_made(tmp_path, monkeypatch):
    finding = doctor.free_disk(tmp_path / "not" / "yet")
    assert finding.status == "ok" and finding.detail.endswith(f" at {tmp_path}")
    monkeypatch.setattr(doctor, "LEAST_DISK_GB", 1e12)
    assert doctor.free_disk(tmp_path).status == "missing"


def test_report_prints_remedies_in_full_and_takes_brackets_for_words():
    stream = io.StringIO()
    remedy = "sudo apt-get install " + " ".join(f"package-{n}" for n in range(40))
    findings = [doctor.Finding("one", "ok", "fine"), doctor.Finding("two", "missing", "odd [/red] text", remedy)]
    doctor.report(findings, Console(file=stream, width=80))
    printed = stream.getvalue()
    assert f"two: {remedy}\n" in printed
    assert "odd [/red] text" in printed
    assert "one:" not in printed
