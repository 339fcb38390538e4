"""SLURM: a run becomes an array job, whose tasks make a shard each, and a job that merges them afterwards."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from conf.atomic import write_atomically
from generator.dataset import RUNS, Dataset
from generator.journal import file_of
from generator.options import WHOLE, FarmOptions, GenerateOptions, command, merge_command
from scenes.types import require

GRACE_S = 60  # before the time of a task is up, in which it ends its workers and says what it made
WORKERS = "${SLURM_CPUS_PER_TASK:-${SLURM_CPUS_ON_NODE:--1}}"  # cores that a task was given, whether or not SLURM binds it to them
ARRAY = """\
#!/bin/bash
#SBATCH --job-name=motionfoundry
#SBATCH --array=1-{shards}
#SBATCH --output={log}
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@{grace_s}
#SBATCH --requeue
{more}
# One task again, as task 3: sbatch --array=3 {script}
cd {folder} || exit 1
exec {generate} shard="$SLURM_ARRAY_TASK_ID/{shards}"{workers}
"""
ANY_JOB = ("-p --partition", "-A --account", "-q --qos", "-t --time", "-M --clusters", "--reservation", "--mail-user", "--mail-type")
MERGE = """\
#!/bin/bash
#SBATCH --job-name=motionfoundry-merge
#SBATCH --output={log}
{more}
cd {folder} || exit 1
exec {merge}
"""
SUBMITTED = """\
Job {array} makes {clips} clips in {shards} tasks; job {merge} merges them when all tasks have ended.
Watch:  squeue --jobs={array},{merge}
        tail -F {logs}/slurm-{array}_1.log {journal}
Cancel: scancel {array} {merge}
What is finished is kept: the same command again submits a job that makes what is missing."""


class NoSlurm(ValueError):
    """The scripts are written, and there is nothing here that would take them, or it did not."""


def submit(options: GenerateOptions) -> str:
    """Submit the jobs that make a data set; returns what to tell the user.

    The scripts stay with the data set, in ``runs/``.

    Raises:
        NoSlurm: there is no sbatch here, or it refused; says how to submit the scripts.
        ValueError: the folder cannot be used, or the run is one of few clips.
    """
    require(options.only is None, "only", options.only, "left out with farm=slurm: one clip is made on this machine")
    require(options.shard == WHOLE, "shard", options.shard, "left out with farm=slurm, which shares the clips out")
    first = f"1/{_shards(options)}"
    with Dataset.open(replace(options, shard=first)) as dataset:  # begun here, so that tasks find its curriculum
        array, merge = _written(options, dataset)
    if shutil.which("sbatch") is None:
        raise NoSlurm(f"farm = 'slurm' needs sbatch, which is not on this machine's PATH. {_by_hand(array, merge)}")
    job = _sbatch(array)
    after = _sbatch(merge, after=job)
    logs, journal = (shlex.quote(str(path)) for path in (array.parent, file_of(array.parent, first)))
    return SUBMITTED.format(array=job, merge=after, clips=options.num_videos, shards=_shards(options), logs=logs, journal=journal)


def _written(options: GenerateOptions, dataset: Dataset) -> tuple[Path, Path]:
    """The scripts of the array job and of the merge."""
    runs = dataset.root.resolve() / RUNS
    runs.mkdir(exist_ok=True)
    array, merge = runs / "slurm.sh", runs / "slurm-merge.sh"
    folder = shlex.quote(str(Path.cwd()))
    per_core = options.farm.workers == -1 and options.render.engine != "cycles"  # of which -1 is one for each GPU of the task
    workers = f' farm.workers="{WORKERS}"' if per_core else ""
    task = {"shards": _shards(options), "grace_s": GRACE_S, "script": shlex.quote(str(array)), "workers": workers}
    generate = _with_this_python(_of_a_task(options))
    more = _directive(options.farm.sbatch)
    write_atomically(array, ARRAY.format(folder=folder, more=more, **task, log=_log(runs, "%A_%a"), generate=generate))
    more = _directive(_of_any_job(options.farm.sbatch))
    merging = _with_this_python(merge_command(replace(options, out=str(dataset.root))))
    write_atomically(merge, MERGE.format(folder=folder, more=more, log=_log(runs, "%j"), merge=merging))
    return array, merge


def _directive(told: str) -> str:
    return f"#SBATCH {told}\n" if told else ""


def _of_any_job(told: str) -> str:
    """Those of sbatch's options that are for the merge as well, which needs neither the cores, nor the memory, nor the GPUs of a task."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for names in ANY_JOB:
        parser.add_argument(*names.split(), dest=names.split()[-1])
    found, _ = parser.parse_known_args(shlex.split(told))
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in vars(found).items() if value is not None)


def _log(runs: Path, job: str) -> str:
    """Where a job writes what it says; a percent sign of the folder is not one of SLURM's."""
    return shlex.quote(f"{runs}/slurm-".replace("%", "%%") + f"{job}.log")


def _shards(options: GenerateOptions) -> int:
    return min(options.farm.shards, options.num_videos)


def _of_a_task(options: GenerateOptions) -> str:
    """The command of a task, up to its shard: the same run on one machine."""
    usual = FarmOptions()
    farm = replace(options.farm, engine=usual.engine, shards=usual.shards, sbatch=usual.sbatch)
    return command(replace(options, farm=farm), num_videos=options.num_videos)


def _with_this_python(line: str) -> str:
    return f"{shlex.quote(sys.executable)} {line.removeprefix('python ')}"


def _sbatch(script: Path, after: str | None = None) -> str:
    """The id of a job that is submitted, and begins when another one has ended. Raises NoSlurm."""
    dependency = [] if after is None else [f"--dependency=afterany:{after}"]
    done = subprocess.run(["sbatch", "--parsable", *dependency, str(script)], capture_output=True, text=True)
    if done.returncode != 0:
        told = " ".join((done.stderr or done.stdout).split())
        raise NoSlurm(f"{f'job {after} is submitted, but ' if after else ''}sbatch refuses {script}: {told}")
    return done.stdout.strip().partition(";")[0]


def _by_hand(array: Path, merge: Path) -> str:
    first, second = (shlex.quote(str(path)) for path in (array, merge))
    return (
        f"The scripts are there: sbatch --parsable {first} submits the first and prints its id,"
        f" sbatch --dependency=afterany:ID {second} the other, which merges what the tasks of the first have made."
    )
