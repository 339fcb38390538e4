"""SLURM's array jobs make the same data set as this machine.

``sbatch`` alone is stubbed, at the boundary of the process: a script on PATH that takes what it is given as the real one does (options,
directives in the script, a dependency), and really runs the tasks, at once, each in a process with the variables that SLURM sets.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from generator.__main__ import LINE
from generator.dataset import RUNS
from generator.journal import Journal
from generator.locks import LOCK
from generator.options import FarmOptions, GenerateOptions, RenderOptions
from generator.slurm import NoSlurm, submit
from tests.programs import ROOT, finish, until, wait_for_clips
from tests.small_sets import LABEL_KEYS, LABELS, generate, hashes

DEAF = "#!/bin/sh\necho 41\n"  # takes a job, and lets it lie
QUEUE = '''\
#!{python}
"""Takes a job, and goes on without the one who submitted it: `sbatch.py --run ID DEPENDENCY SCRIPT` is what does its tasks."""
import os, re, shlex, subprocess, sys, time
from pathlib import Path

home = Path(__file__).parent
if sys.argv[1] != "--run":
    number = len(list(home.glob("*.job"))) + 41
    (home / f"{{number}}.job").write_text("\\n".join(sys.argv[1:]))
    after = [found[1] for each in sys.argv if (found := re.match("--dependency=afterany:(.+)", each))]
    again = [sys.executable, __file__, "--run", str(number), *(after or ["-"]), sys.argv[-1]]
    subprocess.Popen(again, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    print(f"{{number}};cluster" if "--parsable" in sys.argv else f"Submitted batch job {{number}}")
    sys.exit()
number, after, script = sys.argv[2:]
while after != "-" and not (home / f"{{after}}.done").exists():
    time.sleep(0.1)
directives = dict(re.findall("#SBATCH --([a-z-]+)=(.+)", Path(script).read_text()))
count = int(directives.get("array", "1-1").split("-")[1])
tasks = []
for task in range(1, count + 1):
    told = {{"SLURM_JOB_ID": number, "SLURM_CPUS_PER_TASK": "1"}}
    if "array" in directives:
        told |= {{"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": str(count)}}
    place = shlex.split(directives["output"])[0].replace("%A", number).replace("%a", str(task)).replace("%j", number)
    with open(place, "a") as log:
        tasks.append(subprocess.Popen(["bash", script], env={{**os.environ, **told}}, stdout=log, stderr=log))
(home / f"{{number}}.done").write_text(" ".join(str(task.wait()) for task in tasks))
'''


def slurm(folder: Path, **farm: object) -> GenerateOptions:
    return replace(LABELS, out=str(folder), farm=FarmOptions("slurm", min_free_mb=0, **farm))


def test_an_array_job_makes_what_one_machine_makes(tmp_path, on_path, run_here, monkeypatch):
    """Jobs leave ``<id>.job`` in the folder of our sbatch, and ``<id>.done`` with the exit codes of their tasks."""
    queue = on_path("sbatch", QUEUE.format(python=sys.executable))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    told = ("farm=slurm", "farm.shards=2", "farm.sbatch='--partition=cpu --time=04:00:00'", "num_videos=4", "out=a set")
    code, said, complained = run_here(*told, *LABEL_KEYS)
    assert code == 0, complained
    until((queue / "42.done").exists)
    runs = tmp_path / "a set" / RUNS
    assert (queue / "41.done").read_text() == "0 0", "".join(path.read_text() for path in runs.glob("slurm-41_*.log"))
    assert (queue / "42.done").read_text() == "0", (runs / "slurm-42.log").read_text()
    assert hashes(tmp_path / "a set") == generate(tmp_path / "here", replace(LABELS, num_videos=4))
    assert (queue / "41.job").read_text().split("\n") == ["--parsable", str(runs / "slurm.sh")]
    assert (queue / "42.job").read_text().split("\n") == ["--parsable", "--dependency=afterany:41", str(runs / "slurm-merge.sh")]
    for words in ("Job 41 makes 4 clips in 2 tasks", "job 42 merges", "squeue --jobs=41,42", "scancel 41 42", "slurm-41_1.log"):
        assert words in said


def test_the_script_asks_for_what_sbatch_is_to_know(tmp_path, on_path):
    on_path("sbatch", DEAF)
    submit(slurm(tmp_path / "set", shards=3, sbatch="--partition=cpu --time=04:00:00"))
    script = (tmp_path / "set" / RUNS / "slurm.sh").read_text()
    for directive in ("--array=1-3", "--signal=B:TERM@60", "--requeue", "--open-mode=append", "--partition=cpu --time=04:00:00"):
        assert f"#SBATCH {directive}\n" in script
    assert script.index("--partition") < script.index("\ncd "), "directives after a command are not read"


def test_the_merge_is_asked_for_where_the_tasks_are_and_without_what_they_need(tmp_path, on_path):
    on_path("sbatch", DEAF)
    submit(slurm(tmp_path / "set", sbatch="-p gpu --gres=gpu:1 -c 8 --mem 32G --account='a b' -t4:00:00"))
    script = (tmp_path / "set" / RUNS / "slurm-merge.sh").read_text()
    assert "#SBATCH --partition=gpu --account='a b' --time=4:00:00\n" in script
    assert "gres" not in script and "32G" not in script


@pytest.mark.parametrize(("render", "workers", "told"), [("cycles", -1, False), ("cycles", 2, True), ("workbench", -1, True)])
def test_a_task_that_draws_on_gpus_has_a_worker_for_each(tmp_path, on_path, render, workers, told):
    on_path("sbatch", DEAF)
    submit(replace(slurm(tmp_path / "set", workers=workers), render=RenderOptions(render)))
    assert ("farm.workers=" in (tmp_path / "set" / RUNS / "slurm.sh").read_text()) == told


@pytest.mark.parametrize(
    "told",
    [
        ["out=set", "width=320", "qa.templates=[count_cycles]", "++qa.weights.count_cycles=2", "farm.threads=3", "twins=true"],
        ["out=set", "curriculum=staged", "annotations=[masks,depth]", "farm.workers=5", "difficulty=0.7"],
        ["out='a % \\'set\\''", "split=other", "seed=7"],
    ],
    ids=str,
)
def test_a_task_is_told_all_that_the_user_said(tmp_path, on_path, monkeypatch, told):
    on_path("sbatch", DEAF)
    monkeypatch.chdir(tmp_path)
    options = LINE.composed("num_videos=12", *told, "farm=slurm", "farm.shards=3")
    submit(options)
    line = (Path(options.out) / RUNS / "slurm.sh").read_text().splitlines()[-1]
    program = ["python", "-c", "import sys; print(*sys.argv[1:], sep='\\0', end='')"]
    given = line.replace("exec ", "").replace(f"{sys.executable} -m generator", shlex.join(program))
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_CPUS_ON_NODE": "4"}
    words = subprocess.run(["bash", "-c", given], env=environment, capture_output=True, text=True, check=True).stdout.split("\0")
    workers = 4 if options.farm.workers == -1 else options.farm.workers
    local = replace(options.farm, engine="local", shards=FarmOptions.shards, workers=workers)
    assert LINE.composed(*words) == replace(options, shard="2/3", farm=local)


def test_no_more_tasks_than_clips(tmp_path, on_path):
    on_path("sbatch", DEAF)
    submit(replace(slurm(tmp_path / "set", shards=8), num_videos=3))
    assert "--array=1-3" in (tmp_path / "set" / RUNS / "slurm.sh").read_text()


@pytest.mark.parametrize(("shards", "clips"), [(1, 3), (2, 3), (8, 3)])
def test_the_journal_to_watch_is_that_of_the_first_task_and_no_lock_is_made_that_none_has(tmp_path, on_path, shards, clips):
    on_path("sbatch", DEAF)
    root = tmp_path / "set"
    told = submit(replace(slurm(root, shards=shards), num_videos=clips))
    (count,) = re.findall('shard="[$]SLURM_ARRAY_TASK_ID/([0-9]+)"', (root / RUNS / "slurm.sh").read_text())
    Journal(root / RUNS, f"1/{count}").write("begin", {})
    (journal,) = (root / RUNS).glob("*.jsonl")
    assert told.splitlines()[2].endswith(f" {journal}")
    locks = sorted(path.name for path in root.glob(f"{LOCK}-*of*"))
    assert locks == ([] if count == "1" else [f"{LOCK}-1of{count}"])


def test_without_sbatch_the_scripts_are_written_and_it_says_how_to_submit_them(tmp_path):
    runs = tmp_path / "set" / RUNS
    with pytest.raises(ValueError, match="sbatch, which is not on this machine's PATH") as refused:  # exit code 2
        submit(slurm(tmp_path / "set"))
    assert f"sbatch --parsable {runs}/slurm.sh" in str(refused.value)
    assert f"sbatch --dependency=afterany:ID {runs}/slurm-merge.sh" in str(refused.value)
    for name in ("slurm.sh", "slurm-merge.sh"):
        assert subprocess.run(["bash", "-n", runs / name]).returncode == 0


@pytest.mark.parametrize("refused", ["slurm.sh", "slurm-merge.sh"])
def test_what_sbatch_refuses_is_said(tmp_path, on_path, refused):
    on_path("sbatch", f'#!/bin/sh\ncase "$*" in */{refused}) echo "sbatch: error: invalid partition" >&2; exit 1;; esac\necho 7\n')
    before = "" if refused == "slurm.sh" else "job 7 is submitted, but "
    with pytest.raises(NoSlurm, match=f"{before}sbatch refuses .*/{refused}: sbatch: error: invalid partition"):
        submit(slurm(tmp_path / "set"))


@pytest.mark.parametrize("changes", [{"only": 3}, {"shard": "1/2"}], ids=str)
def test_a_part_of_a_run_is_for_one_machine(tmp_path, changes):
    (key,) = changes
    with pytest.raises(ValueError, match=f"{key} = .* is not allowed: give left out with farm=slurm"):
        submit(replace(slurm(tmp_path), **changes))


@pytest.mark.slow
def test_a_task_whose_time_is_up_ends_in_order_and_goes_on_when_it_is_begun_again(tmp_path, on_path):
    on_path("sbatch", DEAF)
    options = replace(slurm(tmp_path / "set", shards=2), num_videos=20)
    submit(options)
    task = begun(tmp_path / "set", "1")
    wait_for_clips(tmp_path / "set", 3, task)
    task.send_signal(signal.SIGTERM)
    code, _, complained = finish(task)
    assert (code, "interrupted; what is finished is kept" in complained) == (130, True)
    assert not list((tmp_path / "set").glob(".part-*"))
    for number in ("1", "2"):
        code, _, complained = finish(begun(tmp_path / "set", number))
        assert code == 0, complained
    assert hashes(tmp_path / "set") == generate(tmp_path / "here", replace(LABELS, num_videos=20))


def begun(folder: Path, number: str) -> subprocess.Popen:
    """A task of the array job, as SLURM begins it; its signals go to the shell of the script."""
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": number, "SLURM_CPUS_PER_TASK": "1"}
    return subprocess.Popen(
        ["bash", folder / RUNS / "slurm.sh"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
