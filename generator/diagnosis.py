"""What `generator.doctor` finds: is this machine fit for what a run asks for, and how long will it take?

`generator.machine` looks at what is there, `generator.forecast` tries it out.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conf.command_line import DONE, INCOMPLETE
from conf.progress import console_of, duration, size
from generator import machine
from generator.__main__ import LINE as GENERATOR
from generator.cluster import ClusterFailed, reachable
from generator.dataset import folder_of
from generator.description import DATASET_JSON, agreed, described
from generator.devices import chosen
from generator.farm import cores, workers_of
from generator.forecast import Forecast, Labels, Trial, example, forecast, is_chosen, make_labels, renders_to_try, try_engine
from generator.locks import hold
from generator.machine import GIGABYTE, Finding, Status
from generator.options import GenerateOptions, RenderOptions, command
from qa_templates.quota import check

LINE = replace(GENERATOR, program="generator.doctor", config_name="doctor")
COLOURS: dict[Status, str] = {"ok": "green", "warning": "yellow", "missing": "red"}


def run() -> NoReturn:
    """Do what the command line says: exit code 0 if what is asked for can run here, 1 if not, 2 for bad input."""
    LINE.run(lambda options: diagnose(options, console_of(sys.stdout)))


def diagnose(options: GenerateOptions, console: Console) -> int:
    """Look, try, and say what was found; returns the exit code."""
    check(options.qa, options.scene, twins=options.twins, curriculum=options.curriculum)
    with console.status("Looking at this machine"):
        findings = examine(options)
    console.print(_findings_table(findings, "MotionFoundry on this machine"))
    if not _is_lacking(findings):
        late = _try_out(options, console)
        if late:
            console.print(_findings_table(late, "This run on this machine"))
        findings += late
    _print_remedies(findings, console)
    if _is_lacking(findings):
        console.print("[red]This cannot run here yet.[/red]")
        return INCOMPLETE
    console.print(f"This can run here: {escape(command(options, num_videos=options.num_videos))}", soft_wrap=True)
    return DONE


def examine(options: GenerateOptions) -> list[Finding]:
    """What is there: the cheap checks first; those that start Blender only where it can start."""
    basic = [machine.python_version(), machine.system_libraries(), machine.blender_version(), machine.libraries()]
    findings = [*basic, machine.video_encoder(), disk(options), folder(options), farm(options), machine.load(cores())]
    if _is_lacking(basic):
        return findings
    drawn, mine = machine.opengl(), device(options)
    findings += [machine.visibility_check(), drawn if options.renders or drawn.status == "ok" else replace(drawn, status="warning")]
    findings += [machine.cycles_gpus(), mine]
    return findings if _is_lacking([mine]) else [*findings, machine.cores_and_memory(max(workers_of(options), 1), cores())]


def disk(options: GenerateOptions, clips_gb: float = 0.0) -> Finding:
    """Whether so many GB of clips leave as much free as the run wants free."""
    return machine.free_disk(Path(options.out).expanduser(), clips_gb + options.farm.min_free_mb * 1e6 / GIGABYTE)


def folder(options: GenerateOptions) -> Finding:
    """Whether the data set may be begun where it is to be, or gone on with; nothing is written but locks in the folder of one."""
    root = Path(options.out).expanduser()
    try:
        if not root.exists():
            return Finding("Folder", "ok", f"{root} will be made")
        folder_of(options.out)
        if not (root / DATASET_JSON).exists():
            return Finding("Folder", "ok", f"{root} is empty")
        agreed(root, described(root), options)
        with hold(root, options.shard):
            return Finding("Folder", "ok", f"the data set in {root} is gone on with")
    except (OSError, ValueError) as error:
        return Finding("Folder", "missing", f"{root} is not for this run", str(error))


def farm(options: GenerateOptions) -> Finding:
    """Whether those who are to make the clips can be reached."""
    if options.farm.engine == "slurm" and shutil.which("sbatch") is None:
        return Finding("Farm", "missing", "slurm, and no sbatch", "Go to a machine that has sbatch on its PATH, or leave farm=slurm out.")
    if options.farm.engine != "dask":
        return Finding("Farm", "ok", "this machine" if options.farm.engine == "local" else "slurm, by sbatch")
    try:
        return Finding("Farm", "ok", f"dask, {reachable(options.farm)}")
    except (ClusterFailed, ValueError) as error:
        return Finding("Farm", "missing", "dask, which does not serve", str(error))


def device(options: GenerateOptions) -> Finding:
    """What the frames would be drawn with."""
    if options.render.engine != "cycles":
        told = "no frames" if options.render.engine == "none" else f"{options.render.engine}, by OpenGL"
        return Finding("This run draws", "ok", told)
    try:
        choice = chosen(options.render.device)
    except ValueError as error:
        return Finding("This run draws", "missing", str(error), "Give render.device=auto, or install that GPU's driver.")
    return Finding("This run draws", "ok", f"cycles, on {f'{choice.gpus} × ' * (choice.gpus > 0)}{choice.device}")


def _try_out(options: GenerateOptions, console: Console) -> list[Finding]:
    """Print how fast everything is, and what a run will take; returns what is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="doctor-") as name:
        folder = Path(name)
        try:
            with console.status("Making the labels of some clips"):
                labels = make_labels(options, folder)
        except (RuntimeError, ValueError) as error:  # a worker's death is one
            return [Finding("Labels", "missing", str(error), f"No clip could be made: {error}")]
        trials = list(_trials(options, labels, folder, console))
    console.print(_engines_table(options, trials))
    mine = next((trial for trial in trials if is_chosen(trial.render, options)), None)
    if mine is not None and mine.film is None:
        return [_not_drawn(mine)]
    expected = forecast(options, labels, mine.film if mine else None)
    console.print(_run_table(options, labels, mine, expected))
    room = disk(options, expected.size_gb)
    return [room] if room.status != "ok" else []


def _not_drawn(trial: Trial) -> Finding:
    """Of the engine that the run would use."""
    if trial.too_slow_s:
        remedy = f"{trial.name} is too slow here to say how long the run will take; other engines are in the table."
        return Finding(trial.name, "warning", _pace(trial), remedy)
    return Finding(trial.name, "missing", trial.failure, "it does not draw here. Choose another engine by render=…")


def _trials(options: GenerateOptions, labels: Labels, folder: Path, console: Console) -> Iterator[Trial]:
    spec, paths = example(labels, folder)
    for render in renders_to_try(options):
        with console.status(f"Drawing with {Trial(render).name}"):
            yield try_engine(render, options, spec, paths)


def _is_lacking(findings: Sequence[Finding]) -> bool:
    return any(finding.status == "missing" for finding in findings)


# What is printed


def _findings_table(findings: Sequence[Finding], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("check", "result", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        colour = COLOURS[finding.status]
        table.add_row(escape(finding.name), f"[{colour}]{finding.status}[/{colour}]", escape(finding.detail))
    return table


def _print_remedies(findings: Sequence[Finding], console: Console) -> None:
    """Each on a line of its own, so that it can be copied."""
    for finding in findings:
        if finding.status != "ok":
            console.print(f"[bold]{escape(finding.name)}[/bold]: {escape(finding.remedy)}", soft_wrap=True)


def _engines_table(options: GenerateOptions, trials: Sequence[Trial]) -> Table:
    """What each engine takes for a frame; that of the run is marked."""
    title = f"Engines at {options.scene.width}×{options.scene.height}, {options.farm.threads} thread{'s' * (options.farm.threads > 1)} each"
    table = Table(title=title, title_justify="left")
    for heading in ("engine", "quality", "starts", "seconds per frame", "frames drawn"):
        table.add_column(heading, overflow="fold", justify="right" if heading.startswith(("seconds", "frames")) else "left")
    for trial in trials:
        mark = "→ " if is_chosen(trial.render, options) else "  "
        frames = str(len(trial.film.seconds)) if trial.film else ""
        table.add_row(mark + trial.name, _quality(trial.render), _starts(trial), _pace(trial), frames)
    return table


def _quality(render: RenderOptions) -> str:
    """As in "16 samples, drawn 1.5 × larger"."""
    larger = f"drawn {render.supersampling:g} × larger" if render.supersampling > 1 else ""
    samples = "" if render.engine == "workbench" else f"{render.samples} samples"
    shadows = "no shadows" if render.engine == "workbench" and not render.shadows else ""
    return ", ".join(filter(None, (samples, shadows, larger)))


def _starts(trial: Trial) -> str:
    if trial.film is not None:
        return "[green]yes[/green]"
    if trial.too_slow_s:
        return "[yellow]slowly[/yellow]"
    return f"[red]no[/red]: {escape(trial.failure)}"


def _pace(trial: Trial) -> str:
    if trial.film is not None:
        return f"{trial.film.seconds_per_frame:.3g}"
    return f"two took more than {trial.too_slow_s:.0f} s" if trial.too_slow_s else ""


def _run_table(options: GenerateOptions, labels: Labels, trial: Trial | None, expected: Forecast) -> Table:
    """The figures out of which the forecast is made, and the forecast."""
    table = Table(title="This run, as far as can be told", title_justify="left", show_header=False)
    table.add_row("clips to make", f"{expected.clips} of {len(options.indices)}")
    table.add_row("frames of a clip", f"{labels.frames:.0f}")
    table.add_row("its labels", f"{labels.seconds:.2f} s")
    if trial is not None and trial.film is not None:
        table.add_row("its pictures", f"{labels.frames * trial.film.seconds_per_frame:.1f} s, by {trial.name}")
    table.add_row("workers", f"{expected.workers}{'' if options.farm.engine == 'local' else ', if this machine made them all'}")
    table.add_row("time", f"[bold]about {duration(expected.seconds)}[/bold]")
    if expected.clips:
        table.add_row("clips in an hour", f"about {3600 * expected.clips / expected.seconds:.0f}")
    table.add_row("disk", f"about {size(1000 * expected.size_gb)}")
    return table
