"""The doctor finds what is missing, names the remedy, and says so in its exit code. Libraries are hidden from real processes."""

import functools
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from generator import diagnosis, doctor, forecast, machine, system_libraries
from generator.__main__ import LINE
from generator.dataset import Dataset
from generator.devices import Film
from generator.forecast import Labels
from generator.machine import Finding
from generator.options import FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions
from generator.pipeline import expected_frames
from qa_templates.question import QuestionOptions
from scenes.script import SceneOptions
from scenes.types import SceneSpec, Trajectories
from tests.programs import ROOT, customised, finish, program, run
from tests.small_sets import PICTURES

ABSENT = "libmotionfoundry-absent.so.7"
SMALL = ["num_videos=4", "width=64", "height=64", "fps=8", "render=draft", "occlusion.min_area_px=1"]
APT = "sudo apt-get update && sudo apt-get install -y --no-install-recommends"


@pytest.fixture
def absent_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that lacks one more library."""
    monkeypatch.setitem(system_libraries.PACKAGES, ABSENT, ("motionfoundry-absent7",) * len(system_libraries.MANAGERS))


# Libraries that are hidden


@functools.cache
def can_hide() -> bool:
    """Whether a process may be given a view of the disk of its own."""
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0 if sys.platform == "linux" else False


def library(name: str) -> Path:
    """The file of a shared library."""
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return Path(re.search(rf"^\s*{re.escape(name)} .*=> (.*)$", known, re.MULTILINE)[1]).resolve()


def without(hidden: list[Path], program: list[str], empty: Path) -> subprocess.CompletedProcess:
    """Run a program of ours to which files and folders are empty."""
    (empty / "folder").mkdir()
    (empty / "file").touch()
    binds = [
        f"mount --bind {shlex.quote(str(empty / ('folder' if path.is_dir() else 'file')))} {shlex.quote(str(path))}" for path in hidden
    ]
    line = " && ".join([*binds, shlex.join([sys.executable, "-m", *program])])
    return subprocess.run(["unshare", "--mount", "sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=500)


hides = pytest.mark.skipif("not can_hide()", reason="libraries cannot be hidden: this user may not unshare mounts")


@hides
@pytest.mark.parametrize(
    ("hidden", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        pytest.param("libGL.so.1", "libgl1", marks=pytest.mark.slow),
        pytest.param("libxkbcommon.so.0", "libxkbcommon0", marks=pytest.mark.slow),
    ],
)
def test_doctor_names_the_package_of_a_library_that_is_hidden(tmp_path: Path, hidden: str, package: str) -> None:
    done = without([library(hidden)], ["generator.doctor", *SMALL], tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"System libraries: Run: {APT} {package}\n" in done.stdout
    assert "Engines" not in done.stdout and "Traceback" not in done.stderr


@hides
def test_doctor_names_the_driver_where_libegl_finds_none(tmp_path: Path) -> None:
    vendors = [folder for folder in (Path("/usr/share/glvnd/egl_vendor.d"), Path("/etc/glvnd/egl_vendor.d")) if folder.is_dir()]
    done = without(vendors, ["generator.doctor", *SMALL], tmp_path)
    assert (done.returncode, f"System libraries: Run: {APT} libegl-mesa0\n" in done.stdout) == (1, True), done.stdout + done.stderr


@hides
@pytest.mark.slow
def test_doctor_names_the_driver_where_opengl_cannot_draw(tmp_path: Path) -> None:
    """libEGL and its driver load, but what draws is gone: that is seen only by trying, which ends the process that tries."""
    drivers = library("libEGL_mesa.so.0").parent / "dri"
    done = without([drivers], ["generator.doctor", *SMALL], tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the process that tried: it died of SIGABRT" in " ".join(done.stdout.split())
    assert re.search(r"^Blender draws: Install OpenGL's drivers: .*apt-get install .*libgl1-mesa-dri", done.stdout, re.MULTILINE)


@hides
@pytest.mark.parametrize("hidden", ["libGL.so.1", pytest.param("libEGL.so.1", marks=pytest.mark.slow)])
def test_the_generator_says_the_same_and_makes_nothing(tmp_path: Path, hidden: str) -> None:
    out = tmp_path / "set"
    done = without([library(hidden)], ["generator", f"out={out}", *SMALL], tmp_path)
    assert done.returncode == 2 and not out.exists()
    assert re.fullmatch(rf"generator: System libraries: not found: \S+\. Run: {APT} \S+\n", done.stderr)


# Programs that install packages


def test_each_library_has_a_package_of_every_manager():
    assert all(len(names) == len(system_libraries.MANAGERS) and all(names) for names in system_libraries.PACKAGES.values())
    debian = [names[0] for names in system_libraries.PACKAGES.values()]
    assert len(set(debian)) == len(debian)
    assert all(re.fullmatch(r"lib[\w.+-]+\.so(\.\d+)+", library) for library in system_libraries.PACKAGES)


def test_libraries_are_checked_without_any_installed_package():
    done = subprocess.run([sys.executable, "-I", "-S", "generator/system_libraries.py"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", f"{APT} libegl1 libgl1 libegl-mesa0 libgl1-mesa-dri"),
        ("dnf", "sudo dnf install -y libglvnd-egl libglvnd-glx mesa-libEGL mesa-dri-drivers"),
        ("pacman", "sudo pacman -S --needed libglvnd mesa"),
    ],
)
def test_the_command_is_that_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: str, line: str):
    program = tmp_path / manager
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_libraries.driver_command() == line
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nowhere.json")
    asked = subprocess.run([sys.executable, "-I", "-S", "generator/system_libraries.py"], cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout.strip() in line.split()


def test_the_command_for_packages_is_printed():
    program = [sys.executable, "-I", "-S", "generator/system_libraries.py", "--command", "one", "two"]
    assert subprocess.run(program, cwd=ROOT, capture_output=True, text=True).stdout.endswith(" one two\n")


@pytest.mark.parametrize("manager", ["apt-get", "dnf", "pacman"])
def test_a_python_without_venv_is_told_in_words_that_the_machine_knows(tmp_path: Path, manager: str):
    stubs = {manager: "exit 9", "id": "echo 1000", "python": f'[ "$1" != -c ] && exec {shlex.quote(sys.executable)} -I -S "$@"'}
    for name, script in stubs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    program = [ROOT / "bin" / "install-system-libraries", tmp_path / "python"]
    done = subprocess.run(program, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    by_apt = f"{APT} python3.11-venv" in done.stderr, "python3.11-venv" in done.stderr
    assert (done.returncode, done.stdout, *by_apt) == (1, "", *[manager == "apt-get"] * 2)
    assert "venv" in done.stderr


def test_require_healthy_passes_here_and_names_the_package_elsewhere(absent_library: None, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(machine.UnfitMachine, match=r"motionfoundry-absent7$"):
        machine.require_healthy()
    monkeypatch.delitem(system_libraries.PACKAGES, ABSENT)
    machine.require_healthy()


# What there is


def test_this_machine_is_fit():
    findings = diagnosis.examine(GenerateOptions())
    assert [finding for finding in findings if finding.status == "missing"] == []
    assert {"Blender draws", "Visibility is measured", "GPUs for cycles"} <= {finding.name for finding in findings}


def test_a_missing_library_is_told_before_anything_starts(absent_library: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("started Blender without its libraries"))
    assert diagnosis.diagnose(GenerateOptions(), Console(file=io.StringIO())) == 1


def test_a_device_that_is_not_there_is_missing():
    finding = diagnosis.device(GenerateOptions(render=RenderOptions("cycles", device="metal" if sys.platform == "linux" else "cuda")))
    assert (finding.status, "this machine has: auto, cpu" in finding.detail) == ("missing", True)


def test_disk_is_measured_where_a_folder_will_be_made(tmp_path: Path):
    finding = machine.free_disk(tmp_path / "not" / "yet", 0.0)
    assert finding.status == "ok" and finding.detail.endswith(f" at {tmp_path}")
    assert machine.free_disk(tmp_path, 1e12).status == "missing"
    (tmp_path / "file").touch()
    assert machine.free_disk(tmp_path / "file" / "set", 0.0).status == "missing"


def test_a_place_that_the_system_does_not_look_up_is_a_finding(tmp_path: Path):
    """As in a folder that may not be entered, which holds nothing back from root."""
    unlikely = tmp_path / ("long" * 100)
    assert machine.free_disk(unlikely, 0.0).detail.endswith(f" at {tmp_path}")
    found = diagnosis.folder(GenerateOptions(out=str(unlikely)))
    assert (found.status, "File name too long" in found.remedy) == ("missing", True)


def test_workers_that_do_not_fit_into_memory_are_too_many():
    assert machine.cores_and_memory(1, 2).status == "ok"
    found = machine.cores_and_memory(10**6, 2)
    assert found.status == "warning" and re.fullmatch(r"Give workers=\d+ at most\.", found.remedy)


@pytest.mark.parametrize(
    ("told", "limits"),
    [
        ("0::/job/task", {"job/memory.max": 4000, "job/task/memory.max": "max"}),
        ("0::/", {"memory.max": 4000}),
        ("9:cpu:/job\n5:memory:/job", {"memory/job/memory.limit_in_bytes": 4000, "memory/memory.limit_in_bytes": 2**63 - 4096}),
    ],
)
def test_memory_is_what_the_job_is_allowed(tmp_path: Path, told: str, limits: dict[str, object]):
    assert machine.memory_bytes(tmp_path) > 4000
    for name, text in {"proc/self/cgroup": told, **{f"sys/fs/cgroup/{name}": limit for name, limit in limits.items()}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    assert machine.memory_bytes(tmp_path) == 4000


def test_a_folder_in_which_the_run_would_be_refused_is_missing(tmp_path: Path):
    out = tmp_path / "set"
    options = GenerateOptions(out=str(out), render=RenderOptions("none"), annotations=("depth",))
    assert diagnosis.folder(options).status == "ok" and not out.exists()
    with Dataset.open(options):
        found = diagnosis.folder(options)
        assert found.status == "missing" and "another run is writing to" in found.remedy
    before = (out / "dataset.json").read_bytes()
    assert diagnosis.folder(options).status == diagnosis.folder(replace(options, annotations=("depth", "flow"))).status == "ok"
    found = diagnosis.folder(replace(options, seed=5))
    assert found.status == "missing" and "seed 0 -> 5" in found.remedy
    assert (out / "dataset.json").read_bytes() == before
    (tmp_path / "stranger").touch()
    assert "holds 'set' and no data set" in diagnosis.folder(replace(options, out=str(tmp_path))).remedy


def test_a_farm_that_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def farm(**told: str) -> Finding:
        return diagnosis.farm(GenerateOptions(farm=FarmOptions(**told)))

    assert farm().status == farm(engine="dask").status == "ok"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "sbatch" in farm(engine="slurm").remedy
    assert "starts jobs by qsub" in farm(engine="dask", cluster="pbs").remedy
    assert "there is no such file" in farm(engine="dask", scheduler="none.json").remedy
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "pip install '.[dask]'" in farm(engine="dask").remedy
    for name in ("sbatch", "qsub"):
        (tmp_path / name).touch(0o755)
    assert farm(engine="slurm").status == "ok"


@pytest.mark.parametrize("package", ["moderngl", "hydra"])
def test_a_package_that_is_missing_is_named(tmp_path: Path, package: str):
    environment = customised(tmp_path / "site", f"import sys\nsys.modules[{package!r}] = None\n")
    code, _, complained = run(*SMALL, module="generator.doctor", env=environment)
    assert (code, "Traceback" in complained) == (1, False)
    assert re.search(rf"the package '{package}(\.\w+)*' is missing. .* run: pip install \.$", complained.strip())


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("NVIDIA GeForce RTX 4090/PCIe/SSE2", False),
        ("Mesa Intel(R) Arc(tm) A770 Graphics (DG2)", False),
        ("AMD Radeon RX 7900 XTX (radeonsi, navi31, LLVM 17.0.6, DRM 3.57)", False),
    ],
)
def test_drivers_that_draw_without_a_gpu_are_known(renderer: str, software: bool):
    assert machine.is_software(renderer) == software


def plug(root: Path, vendor: str, node: str = "renderD128") -> None:
    """A graphics card as Linux shows it."""
    device = root / "sys/class/drm" / node / "device"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (root / "dev/dri").mkdir(parents=True, exist_ok=True)
    (root / "dev/dri" / node).touch()


def test_graphics_cards_are_found_by_their_makers(tmp_path: Path):
    assert machine.graphics_cards(tmp_path) == {}
    plug(tmp_path, "0x1af4")  # a virtual one, which draws nothing
    assert machine.graphics_cards(tmp_path) == {}
    plug(tmp_path, "0x1002", "renderD129")
    (tmp_path / "dev/nvidia0").touch()
    assert machine.graphics_cards(tmp_path) == {"NVIDIA": None, "AMD": tmp_path / "dev/dri/renderD129"}


def test_software_that_draws_although_there_is_a_gpu_is_warned_of(tmp_path: Path):
    found = Finding("Blender draws", "ok", "by llvmpipe (LLVM 15.0.6, 256 bits)")
    assert machine._unless_in_vain(found, {}).status == "ok"
    nvidia = machine._unless_in_vain(found, {"NVIDIA": None})
    assert nvidia.status == "warning" and "NVIDIA_DRIVER_CAPABILITIES" in nvidia.remedy
    plug(tmp_path, "0x8086")
    intel = machine._unless_in_vain(found, machine.graphics_cards(tmp_path))
    assert "although there is a GPU (Intel)" in intel.detail and "install Mesa's drivers" in intel.remedy
    by_gpu = replace(found, detail="by NVIDIA H100/PCIe/SSE2")
    assert machine._unless_in_vain(by_gpu, {"NVIDIA": None}) == by_gpu


def test_the_death_of_a_trial_is_told_with_the_remedy():
    died = machine.tried("child", os.abort)
    assert (died.status, died.detail) == ("missing", "the process that tried: it died of SIGABRT")
    assert system_libraries.driver_command() in died.remedy
    assert machine.tried("child", os.getcwd).detail == f"by {os.getcwd()}"


# What a run will take


def test_the_forecast_adds_up(tmp_path: Path):
    options = GenerateOptions(num_videos=100, out=str(tmp_path / "set"), farm=FarmOptions(workers=1))
    labels = Labels(seconds=0.5, size_bytes=1000, frames=100, example=0)
    expected = forecast.forecast(options, labels, Film((9.0, 0.1, 0.1), (1990, 90, 90)))
    assert expected.clips == 100 and expected.workers == 1
    assert expected.seconds == pytest.approx(100 * (0.5 + 100 * 0.1))
    assert expected.size_gb == pytest.approx(100 * (1000 + 1990 + 99 * 90) / 1e9)
    bare = forecast.forecast(replace(options, render=RenderOptions("none")), labels, None)
    assert bare.seconds == pytest.approx(50)
    assert forecast.forecast(replace(options, shard="2/4"), labels, None).seconds == pytest.approx(12.5)
    assert forecast.forecast(replace(options, only=7), labels, None).clips == 1


def test_two_workers_take_half_the_time_and_more_than_there_are_cores_no_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forecast, "cores", lambda: 2)
    options = GenerateOptions(num_videos=10, out=str(tmp_path / "set"))
    labels = Labels(seconds=1.0, size_bytes=0, frames=1, example=0)
    seconds = [forecast.forecast(replace(options, farm=FarmOptions(workers=count)), labels, None).seconds for count in (0, 1, 2, 9)]
    assert seconds == pytest.approx([10, 10, 5, 5])


TINY = replace(PICTURES, num_videos=2, occlusion=OcclusionOptions(min_area_px=1.0), qa=QuestionOptions())


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Labels, SceneSpec, Trajectories]:
    """Those of some clips, and one of the clips."""
    folder = tmp_path_factory.mktemp("labels")
    made = forecast.make_labels(TINY, folder)
    return made, *forecast.example(made, folder)


def test_labels_are_made_and_an_engine_draws_one_of_their_clips(labels: tuple[Labels, SceneSpec, Trajectories]):
    made, *clip = labels
    assert 3 * 8 <= made.frames <= 4 * 8 and min(made.seconds, made.size_bytes) > 0
    trial = forecast.try_engine(TINY.render, TINY, *clip)
    assert trial.film is not None and len(trial.film.seconds) == forecast.FRAMES, trial.failure


def test_an_engine_that_cannot_draw_or_takes_too_long_is_told(
    labels: tuple[Labels, SceneSpec, Trajectories], monkeypatch: pytest.MonkeyPatch
):
    _, *clip = labels
    broken = forecast.try_engine(RenderOptions("none"), TINY, *clip)
    assert broken.film is None and "draws no pictures" in broken.failure
    monkeypatch.setattr(forecast, "CHOSEN_LIMIT_S", 0.05)
    slow = forecast.try_engine(TINY.render, TINY, *clip)
    assert (slow.film, slow.too_slow_s, diagnosis._pace(slow)) == (None, 0.05, "two took more than 0 s")


def test_one_engine_is_that_of_the_run():
    for engine, device in (("workbench", "cpu"), ("eevee", "auto"), ("cycles", "cpu")):
        options = replace(TINY, render=RenderOptions(engine, samples=3, device=device))
        (mine,) = [render for render in forecast.renders_to_try(options) if forecast.is_chosen(render, options)]
        assert (mine.engine, mine.samples) == (engine, 3)


def test_labels_that_cannot_be_made_are_an_error_that_says_why(tmp_path: Path):
    hidden = replace(TINY, max_attempts=1, occlusion=OcclusionOptions(min_area_px=1e9), qa=QuestionOptions(templates=("count_cycles",)))
    with pytest.raises(RuntimeError, match="none of 1 takes"):
        forecast.make_labels(hidden, tmp_path)


def test_a_single_clip_may_need_another_take(tmp_path: Path):
    options = replace(TINY, scene=replace(TINY.scene, duration=SceneOptions().duration), only=6)
    assert expected_frames(6, options) == 0
    labels = forecast._make_labels(forecast._labels_alone(options, tmp_path))
    assert labels.frames == forecast.example(labels, tmp_path)[0].timeline.num_frames


def test_the_trials_of_other_engines_are_what_their_presets_draw():
    """Where nothing is changed by hand, the table shows what render=eevee and the like would take."""
    assert list(forecast.PRESETS) == [LINE.composed(f"render={name}").render for name in ("standard", "eevee", "cycles")]


# What is printed


def test_report_prints_remedies_in_full_and_takes_brackets_for_words():
    stream = io.StringIO()
    remedy = "sudo apt-get install " + " ".join(f"package-{n}" for n in range(40))
    findings = [Finding("one", "ok", "fine"), Finding("two", "missing", "odd [/red] text", remedy)]
    console = Console(file=stream, width=80)
    console.print(diagnosis._findings_table(findings, "on this machine"))
    diagnosis._print_remedies(findings, console)
    printed = stream.getvalue()
    assert f"two: {remedy}\n" in printed
    assert "odd [/red] text" in printed
    assert "one:" not in printed


def test_what_is_found_in_the_end_is_told_with_its_figure(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(diagnosis, "examine", lambda _: [Finding("one", "ok", "fine")])
    monkeypatch.setattr(diagnosis, "make_labels", lambda *_: Labels(seconds=1.0, size_bytes=1e15, frames=1, example=0))
    monkeypatch.setattr(diagnosis, "_trials", lambda *_: iter(()))
    assert diagnosis.diagnose(GenerateOptions(render=RenderOptions("none")), Console(file=stream, width=200)) == 1
    assert re.search(r"│ Disk +│ missing │ only \d+\.\d GB free at \S+; 6e\+08 GB needed", stream.getvalue()), stream.getvalue()
    assert stream.getvalue().count("fine") == 1 and "Disk: Free some" in stream.getvalue()


def test_keys_are_those_of_the_generator(run_main: Callable[..., tuple[int, str, str]]):
    code, _, complained = run_main(doctor.main, "generator.doctor", "widht=256")
    told = "generator.doctor: unknown key 'widht' (did you mean width?): python -m generator.doctor --help lists the keys\n"
    assert (code, complained) == (2, told)


def test_help_is_its_own_and_all_else_the_generators():
    with initialize_config_module("conf", version_base=None):
        its, theirs = (
            compose(name, ["render=fine", "width=256", "preset=starter"], return_hydra_config=True) for name in ("doctor", "generate")
        )
    assert its.hydra.help.template.startswith("Is this machine fit")
    assert LINE.typed(masked(its)) == LINE.typed(masked(theirs))


def masked(configuration: DictConfig) -> DictConfig:
    """Without hydra's own part."""
    return OmegaConf.masked_copy(configuration, [str(key) for key in configuration if key != "hydra"])


@pytest.mark.slow
def test_doctor_tries_every_engine_and_forecasts_the_run(tmp_path: Path):
    code, said, complained = finish(program(*SMALL, f"out={tmp_path / 'set'}", module="generator.doctor"), timeout_s=900)
    assert code == 0, said + complained
    assert "Traceback" not in complained and not (tmp_path / "set").exists()
    for engine in ("→ workbench", "  eevee", "  cycles on cpu"):
        assert re.search(rf"│ {engine} +│[^│]*│ (yes|slowly) +│", said), said
    assert re.search(r"│ clips to make +│ 4 of 4 ", said) and re.search(r"│ time +│ about \d+ (s|min)", said)
    assert re.search(r"^This can run here: python -m generator num_videos=4 .*scene\.width=64", said, re.MULTILINE)
