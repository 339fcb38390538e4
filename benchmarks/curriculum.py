"""Whether practice chosen by the probe raises what failed more than the same number of clips drawn evenly.

    python -m benchmarks.curriculum outputs/loop [--clips 600] [--more 300] [--seeds 3] [--preset starter] [--tiny]

1. The generator makes clips to learn from (``--clips``), clips to probe with and clips to test with, each of a split of its own.
2. A base model is trained and asked about the second; the probe says which templates fail, and writes curriculum.yaml. Nothing of
   this has seen the test set. ``--base RUN`` takes a finished run of ``python -m model.train`` in place of these clips and this model.
3. The generator makes ``--more`` clips twice, by that curriculum and without it, which is evenly, as the first clips were made.
4. For each seed and each of the two, training goes on from the weights of the base model, on its clips and the new ones, for the same
   number of steps.
5. All models are asked the test set.

Printed, and written to ``results.json``: for the questions of the templates that failed or that the curriculum asks more than its
mean (*failed*, the comparison that this is made for), for the other templates (*rest*) and for *all*, how often the base model is
right, how many points practice of each kind adds, and the difference of the two, on the same questions, with 95 % intervals by a
bootstrap over scenes and seeds. Below these, for orientation, each of the templates, and other slices that the probe says fail.

What follows the options goes to ``python -m model.train``, for the base model, whose options the others keep:
``model.vision.width=192``; ``--generate KEY=VALUE`` goes to the generator, for every set. The same command goes on where it was
stopped, and leaves alone what is there.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.compressors import INTERRUPTED, interval, learn
from conf.atomic import write_atomically
from conf.command_line import CONVERTER, DONE
from conf.progress import console_of
from conf.spelling import overrides
from model.checkpoint import RECORD, read_record
from model.dataset import Item, read_items
from model.evaluate import EvaluateOptions, evaluate
from model.factors import Factors, read_factors
from model.options import TrainOptions
from model.predictions import ANSWERS, RESULTS, load_predictions, one_each
from model.prescription import not_shown
from model.probe import CURRICULUM, ProbeOptions, probe
from model.profile import Profile, Slice, read_profile
from model.train import LINE
from qa_templates.curriculum import Curriculum, read_curriculum

CHOSEN, EVEN = "probe", "even"
KINDS = (EVEN, CHOSEN)
FAILED, REST, ALL = "failed", "rest", "all"
FEW = 20  # scenes; with fewer a bootstrap over them is too narrow
LISTED = 10  # slices beside the templates
PLAIN_WIDTH = 150  # of tables in a file
TINY = (
    "model.vision.image_size_px=32",
    "model.vision.depth=1",
    "workers=0",
    "batch_size=4",
    "num_frames=8",
    "stills.steps=0",
    "glides.steps=0",
    "slides.steps=0",
    "save_every=100",
)
TINY_CLIPS = ("duration=[2,2.5]", "qa.templates=[camera_move,travel_direction,which_object_moves]")


# What is compared


@dataclass(frozen=True)
class Gain:
    """Points between two shares right, −1 to 1, with the 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Some questions: how often the base model is right, and what practice adds.

    Args:
        gains: of each kind of practice over the base model.
        ahead: of practice chosen by the probe over even practice.
    """

    name: str
    n: int
    scenes: int
    base: float
    chance: float
    gains: Mapping[str, Gain]
    ahead: Gain


@dataclass(frozen=True)
class Exam:
    """What the models say to the questions of the test set.

    Args:
        base: ``(question,)``, 1 where the base model is right.
        right: ``(seed, question)`` for each kind of practice.
    """

    items: Sequence[Item]
    base: np.ndarray
    right: Mapping[str, np.ndarray]

    @property
    def seeds(self) -> int:
        return len(self.right[CHOSEN])

    def compare(self, name: str, members: np.ndarray) -> Comparison:
        """The questions that ``members (question,)`` has, at least one."""
        kept = [item for item, is_in in zip(self.items, members, strict=True) if is_in]
        scenes, rng = [item.scene for item in kept], np.random.default_rng(0)
        base, right = self.base[members], {kind: self.right[kind][:, members] for kind in KINDS}
        gains = {kind: Gain(*interval(right[kind] - base, scenes, rng)) for kind in KINDS}
        ahead = Gain(*interval(right[CHOSEN] - right[EVEN], scenes, rng))
        chance = float(np.mean([1 / len(item.options) for item in kept]))
        return Comparison(name, len(kept), len(set(scenes)), float(base.mean()), chance, gains, ahead)


def asked_more(profile: Profile, curriculum: Curriculum) -> tuple[str, ...]:
    """The templates that fail, or that a stage of the curriculum asks more than the mean of its templates; not those of which the base
    model was shown too few frames, which no practice can help.
    """
    fail = {each.value for each in profile.slices if each.factor == "template" and each.fails} - set(not_shown(profile))
    for stage in curriculum.stages:
        mean = sum(stage.templates.values()) / max(1, len(stage.templates))
        fail |= {name for name, weight in stage.templates.items() if weight > mean}
    return tuple(sorted(fail))


def groups(templates: Sequence[str], items: Sequence[Item]) -> dict[str, np.ndarray]:
    """Which questions ``(question,)`` are of the templates that failed, of the others, and all; where nothing failed, these alone."""
    failed = np.array([item.template in templates for item in items], bool)
    apart = {FAILED: failed, REST: ~failed} if failed.any() else {}
    return _some({**apart, ALL: np.ones(len(items), bool)})


def slices_of(templates: Sequence[str], profile: Profile, factors: Sequence[Factors], least: int = FEW) -> dict[str, np.ndarray]:
    """Which questions ``(question,)`` are of each template, and of other slices that fail and have at least so many questions."""
    named = {f"template = {name}": np.array([each.template == name for each in factors], bool) for name in templates}
    others = [each for each in profile.slices if each.fails and each.factor != "template"]
    found = {f"{each.factor} = {each.value}": _members(each, factors) for each in others}
    wide = {name: members for name, members in found.items() if members.sum() >= least}
    return _some(named | dict(itertools.islice(wide.items(), LISTED)))


def _members(of: Slice, factors: Iterable[Factors]) -> np.ndarray:
    return np.array([of.value in each.classes.get(of.factor, ()) for each in factors], bool)


def _some(found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: members for name, members in found.items() if members.any()}


# What is said


def sentences(found: Sequence[Comparison], seeds: int) -> list[str]:
    """What came out, whatever it is; the comparison that all is made for comes first."""
    by_name = {each.name: each for each in found}
    said = [_verdict(by_name[name]) for name in (FAILED, REST, ALL) if name in by_name]
    if FAILED not in by_name:
        said.insert(
            0,
            "The probe names no template that fails, so that its curriculum asks all alike and there is no comparison of what failed.",
        )
    elif REST not in by_name:
        said.insert(1, "All templates failed alike: there is no rest.")
    few = "So few seeds hardly show how much training runs differ. " if seeds < 3 else ""
    return [
        *said,
        f"This is one base model, one set of clips of each kind and {seeds} seed{'s' * (seeds > 1)} of the training that goes on. {few}"
        "It says nothing of large pretrained models, nor of filmed video.",
    ]


def _verdict(one: Comparison) -> str:
    ahead, told = one.ahead, {FAILED: "what failed", REST: "the rest", ALL: "all questions"}[one.name]
    more = "more" if ahead.mean > 0 else "less"
    if one.scenes < FEW:
        what = f"no difference can be told: {one.scenes} scenes are too few"
    elif ahead.low <= 0 <= ahead.high:
        what = "no difference can be told between practice chosen by the probe and even practice"
    else:
        what = f"practice chosen by the probe adds {more} than even practice"
    both = f"chosen {_points(one.gains[CHOSEN].mean)}, even {_points(one.gains[EVEN].mean)} over the base model's {one.base:.1%}"
    return f"On {told} ({one.n} questions): {what}: {_points(ahead.mean)} points, 95 % interval {_ends(ahead)} ({both})."


def table(found: Sequence[Comparison]) -> Table:
    """All comparisons, one a line."""
    drawn = Table("questions", title="Right answers on the test set, % and points (95 % interval)", title_justify="left")
    for column in ("n", "scenes", "chance", "base", "even − base", "probe − base", "probe − even"):
        drawn.add_column(column, justify="right")
    for each in found:
        shares = f"{100 * each.chance:.0f}", f"{100 * each.base:.1f}"
        gains = (each.gains[EVEN], each.gains[CHOSEN], each.ahead)
        drawn.add_row(each.name, str(each.n), str(each.scenes), *shares, *(f"{_points(gain.mean)} ({_ends(gain)})" for gain in gains))
        if each.name == ALL:
            drawn.add_section()
    return drawn


def practised(templates: Sequence[str], items: Sequence[Item]) -> dict[str, float]:
    """Of a set of practice: its clips, its questions, and the share of these that are of the templates that failed."""
    share = sum(item.template in templates for item in items) / len(items)
    return {"clips": len({item.key for item in items}), "questions": len(items), "failed": share}


def _points(share: float) -> str:
    return f"{100 * share + 0.0:+.1f}"


def _ends(gain: Gain) -> str:
    return f"{_points(gain.low)} to {_points(gain.high)}"


# The steps


@dataclass(frozen=True)
class Plan:
    """Where everything is, and how much of it there is to be.

    Args:
        clips, probed, tested, more: clips to learn from, to probe with, to test with, and of each kind of practice.
        steps: of the base model; None is as `model.train` has it.
        more_steps: of the training that goes on; None is half as many as the base model took.
        more_lr: its highest learning rate, as a share of the base model's.
        base: a finished run in place of a base model and its clips.
        rendering, training: what the generator and ``model.train`` are told besides.
    """

    out: Path
    clips: int
    more: int
    probed: int
    tested: int
    seeds: int
    steps: int | None
    more_steps: int | None
    more_lr: float
    preset: str
    device: str
    base: Path | None
    rendering: tuple[str, ...] = ()
    training: tuple[str, ...] = ()

    def data(self, name: str) -> Path:
        return self.out / "data" / name

    def practice(self, kind: str) -> Path:
        """The clips of a kind of practice."""
        return self.data(f"practice-{kind}")

    def run(self, name: str) -> Path:
        """Of the base model, or ``probe-seed0``."""
        return self.base if self.base is not None and name == "base" else self.out / "runs" / name

    @property
    def cache(self) -> Path:
        return self.out / "cache"

    def base_options(self) -> TrainOptions:
        """Raises what composing raises when a setting is not allowed."""
        steps = {} if self.steps is None else {"steps": self.steps}
        named = {"data": self.data("base"), "out": self.run("base"), "clips.cache": self.cache}
        told = {"clips.held_out": 0, **{key: str(path) for key, path in named.items()}, **steps}
        return LINE.composed(*overrides(told), *self.training)

    def onward(self, kind: str, seed: int) -> TrainOptions:
        """How training goes on with practice of a kind: as the base model was trained, but for what is shown and for how long."""
        base = CONVERTER.structure(read_record(self.run("base"))["options"], TrainOptions)
        folders = (*base.clips.folders, str(self.practice(kind)))
        steps, lr = self.more_steps or max(1, base.optimiser.steps // 2), self.more_lr * base.optimiser.lr
        return replace(
            base,
            out=str(self.run(f"{kind}-seed{seed}")),
            start_from=str(self.run("base")),
            seed=seed,
            clips=replace(base.clips, folders=folders, held_out=0.0, cache=str(self.cache)),
            stills=replace(base.stills, steps=0),
            glides=replace(base.glides, steps=0),
            slides=replace(base.slides, steps=0),
            optimiser=replace(base.optimiser, steps=steps, warm_up=None, lr=lr, floor_lr=None),
            curriculum=None,
            evaluate_every=0,
        )


def generate(plan: Plan, folder: Path, clips: int, split: str, **told: Any) -> None:
    """Make a data set, or what is missing of it. Raises CalledProcessError, after the generator has said why."""
    keys = {"preset": plan.preset, "num_videos": clips, "split": split, "out": str(folder), **told}
    subprocess.run([sys.executable, "-m", "generator", *overrides(keys), *plan.rendering], check=True)


def answered(plan: Plan, run: str, data: str, console: Console) -> Path:
    """What the model of a run says to a data set, asked once; the file of its answers."""
    folder = plan.out / "answers" / data / run
    if not _is_newer(folder / RESULTS, plan.run(run) / RECORD, plan.data(data) / "annotations"):
        told = EvaluateOptions(str(plan.data(data)), str(plan.run(run)), device=plan.device, cache=str(plan.cache), out=str(folder))
        evaluate(told, console)
    return folder / ANSWERS


def probed(plan: Plan, console: Console) -> Path:
    """The folder of what the probe finds out about the base model, once."""
    folder, file = plan.out / "probe", answered(plan, "base", "probe", console)
    if not _is_newer(folder / "index.html", file):
        probe(ProbeOptions(str(plan.data("probe")), predictions=str(file), out=str(folder)), console)
    return folder


def _is_newer(made: Path, *sources: Path) -> bool:
    """Whether a file is there, and was written after what it was made from; a folder changes when a file is added to it."""
    return made.is_file() and made.stat().st_mtime_ns > max(source.stat().st_mtime_ns for source in sources)


def tested(plan: Plan, console: Console) -> Exam:
    """What all models say to the test set."""
    items = [item for item in read_items(plan.data("test")) if item.has_answer]

    def right(run: str) -> list[bool]:
        said = one_each(load_predictions(answered(plan, run, "test", console), items))
        return [said[item.uid].letter == item.answer for item in items]

    by_kind = {kind: np.array([right(f"{kind}-seed{seed}") for seed in range(plan.seeds)], float) for kind in KINDS}
    return Exam(items, np.array(right("base"), float), by_kind)


def run(plan: Plan, console: Console) -> dict[str, Any]:
    """All steps, each left alone where it is done; what came out."""
    console.rule("clips")
    if plan.base is None:
        generate(plan, plan.data("base"), plan.clips, "train")
    generate(plan, plan.data("probe"), plan.probed, "probe")
    generate(plan, plan.data("test"), plan.tested, "test")
    console.rule("base model")
    if plan.base is None:
        learn(plan.base_options(), console)
    folder = probed(plan, console)
    console.rule("practice")
    generate(plan, plan.practice(CHOSEN), plan.more, "practice", curriculum=str(folder / CURRICULUM))
    generate(plan, plan.practice(EVEN), plan.more, "practice")
    for seed, kind in itertools.product(range(plan.seeds), KINDS):
        console.rule(f"{kind}, seed {seed}")
        learn(plan.onward(kind, seed), console)
    console.rule("test")
    return _report(plan, read_profile(folder / "profile.json"), read_curriculum(str(folder / CURRICULUM)), console)


def _report(plan: Plan, profile: Profile, curriculum: Curriculum, console: Console) -> dict[str, Any]:
    answers, templates = tested(plan, console), asked_more(profile, curriculum)
    factors = read_factors(plan.data("test"), answers.items)
    asked = groups(templates, answers.items) | slices_of(templates, profile, factors)
    found = [answers.compare(name, members) for name, members in asked.items()]
    practice = {kind: practised(templates, read_items(plan.practice(kind))) for kind in KINDS}
    said = sentences(found, plan.seeds)
    console.print(table(found))
    console.print(f"Failed, by the probe: {', '.join(templates) or 'none'}.", soft_wrap=True)
    for kind, told in practice.items():
        console.print(f"{kind}: {told['clips']} clips, {told['questions']} questions, {told['failed']:.0%} of them of what failed.")
    console.print(*said, sep="\n", soft_wrap=True)
    by_seed = {kind: right.mean(axis=1).tolist() for kind, right in answers.right.items()}
    steps = plan.onward(CHOSEN, 0).optimiser
    about = {"preset": plan.preset, "seeds": plan.seeds, "steps that go on": steps.steps, "lr": steps.lr, "probed": dict(profile.about)}
    return {
        "about": about,
        "failed": templates,
        "practice": practice,
        "found": [asdict(each) for each in found],
        "all, by seed": by_seed,
        "said": said,
    }


# The command


def main() -> int:
    """Go through the steps, and write down what came out; returns the exit code."""
    arguments, training = _parser().parse_known_args()
    console = console_of(sys.stdout, plain_width=PLAIN_WIDTH)
    plan = _plan(arguments, training)
    try:
        with LINE.plain_errors(INTERRUPTED):
            report = run(plan, console)
            write_atomically(plan.out / "results.json", json.dumps(report, indent=1) + "\n")
    except subprocess.CalledProcessError as error:
        return error.returncode
    told = f"{plan.out / 'results.json'} has the figures; {plan.out / 'probe' / 'index.html'} is what the probe found."
    console.print(told, soft_wrap=True, markup=False)
    return DONE


def _plan(arguments: argparse.Namespace, training: Sequence[str]) -> Plan:
    told = vars(arguments)
    tiny, rendering = told.pop("tiny"), tuple(told.pop("generate"))
    if not tiny:
        return Plan(**told, rendering=rendering, training=tuple(training))
    sizes = {"clips": 24, "more": 8, "probed": 12, "tested": 12, "seeds": 1, "steps": 5, "more_steps": 5}
    return Plan(**{**told, **sizes}, rendering=(*TINY_CLIPS, *rendering), training=(*TINY, *training))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.curriculum",
        description=(__doc__ or "").partition("\n")[0],
        epilog="Any key=value goes to python -m model.train, for the base model, whose options the others keep.",
    )
    parser.add_argument("out", type=Path, help="folder of everything that is made; the same command over it goes on")
    clips = {
        "--clips": ("clips", 600, "clips that the base model learns from"),
        "--more": ("more", 300, "clips of each kind of practice"),
        "--probe": ("probed", 300, "clips that the base model is probed with"),
        "--test": ("tested", 400, "clips that all models are tested with"),
        "--seeds": ("seeds", 3, "trainings that go on with each kind of practice"),
    }
    for option, (name, usual, what) in clips.items():
        parser.add_argument(option, dest=name, type=int, default=usual, help=f"{what} (default %(default)s)")
    parser.add_argument("--steps", type=int, help="of the base model (default: as model.train has them)")
    parser.add_argument("--more-steps", type=int, help="of each training that goes on (default: half as many as the base model's)")
    parser.add_argument(
        "--more-lr", type=float, default=0.5, help="its learning rate, as a share of the base model's (default %(default)s)"
    )
    parser.add_argument("--preset", default="starter", help="of the generator, for every set (default %(default)s)")
    parser.add_argument(
        "--generate", action="append", default=[], metavar="KEY=VALUE", help="for the generator; may be given several times"
    )
    parser.add_argument("--base", type=Path, metavar="RUN", help="a finished run of model.train in place of a base model and its clips")
    parser.add_argument("--device", default="auto", help="that answers questions: auto, cpu or cuda (default %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="a few clips and steps: whether it runs, not what comes out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
