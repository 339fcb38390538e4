"""The six compressors on the same lessons: what each costs, what each learns, and whether TE Fusion is ahead.

    python -m generator num_videos=600 width=256 height=256 questions_per_video=4 'difficulty=0.2' out=outputs/travels
    python -m benchmarks.compressors outputs/travels --device cuda --seeds 2 --steps 4000

The first line makes a data set small enough to take along (600 clips of 256 × 256 pixels), on any machine; the second runs where the
GPU is. Without a data set only the costs are measured, on random frames; ``--tiny`` makes all of it small enough for a processor.
What follows the options goes to ``python -m model.train`` as it is, for each of the compressors: ``model.vision.width=192``.

Of N frames (16) every compressor makes N/k groups (k = 4) of as many tokens, so that the language model reads equally much. `none` is
shown the middle frame of each group alone, which is its nature. Each seed draws lessons of its own, the same and in the same order
for all. Nobody learns from glides of one group before the videos (glides.steps=0): `none` and `pooled` see nothing move in these, so
that they would be taught to guess. A run that is there is not made again, and one that was stopped goes on.

Printed, and written to ``results.json`` in --out:

- step: the time of one training step, forward, backward and optimiser, frames being on the device already; median over rounds in
  which every compressor has its turn. "÷ none" divides by `none` at equal frames: a model without a compressor (k = 1) that encodes
  all N frames one by one, as many as the others are shown, and whose language model reads k times as many tokens.
  "÷ merged" divides by `merged`: the same frames and tokens, and no attention between the frames of a group.
- FLOPs: of the matrix products and convolutions of one forward and backward pass, counted (attention as two dense products, causal or
  not); MFU: these over the time of a step and over what the device could do in it (bf16, dense: H100 and H200 989, A100 312 TFLOP/s;
  --peak-tflops for another).
- accuracy on held-out scenes by question type; and the paired difference between te_fusion and each of the others, question by
  question, with a 95 % interval from a bootstrap over scenes and over seeds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from conf.atomic import write_atomically
from conf.command_line import DONE
from conf.progress import console_of
from conf.spelling import overrides
from model.accuracy import ALL, Figure
from model.checkpoint import load_run, reply_of
from model.compressors import COMPRESSORS
from model.dataset import FrameReader, Item
from model.journal import LOSSES
from model.language import build_tokenizer
from model.options import TrainOptions
from model.predictions import Prediction, load_predictions, one_each, write_predictions
from model.scoring import answers, usual
from model.table import Row, Section, drawn, explanation, plain
from model.train import LINE, read_data, train
from model.training import accelerator_for, parameter_groups, suit
from model.vlm import VideoVLM, reply_loss
from qa_templates.question import QUESTION_TYPES

PEAK_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0}  # bf16, dense, from NVIDIA's data sheets
UNCOMPRESSED = "none, k = 1"  # `none` at equal frames
WARM_UP = 3  # steps
INTERRUPTED = "the benchmark was interrupted: the same command goes on"
PLAIN_WIDTH = 180  # of tables in a file
TINY = (
    "model.vision.image_size_px=32",
    "model.vision.depth=2",
    "workers=0",
    "batch_size=8",
    "steps=12",
    "stills.steps=6",
    "stills.batch_size=8",
)
QUESTION = "How many times does the red ball bounce?\nA. once\nB. twice\nC. three times\nD. four times\nOnly reply with the best option."


@dataclass(frozen=True)
class Cost:
    """What one training step of a compressor takes.

    Args:
        clips: learned from in it.
        tokens: visual tokens of a clip.
        flops: of a forward and a backward pass.
        step_s: its time in each round.
    """

    clips: int
    tokens: int
    flops: int
    step_s: tuple[float, ...]

    @property
    def typical_s(self) -> float:
        return statistics.median(self.step_s)

    def over(self, other: Cost) -> float:
        """The ratio of step times, taken in the same rounds."""
        return statistics.median(mine / its for mine, its in zip(self.step_s, other.step_s, strict=True))

    def utilisation(self, peak_tflops: float) -> float:
        """Model FLOP utilisation: of what the device could do in the time, the share that was needed."""
        return self.flops / self.typical_s / (peak_tflops * 1e12)


class Stepper:
    """A model that is trained on the same random clips, over and over, as the trainer would, to be timed."""

    def __init__(self, options: TrainOptions, accelerator: Accelerator) -> None:
        torch.manual_seed(0)
        self.clips = options.optimiser.batch_size // options.optimiser.accumulation
        self.questions = options.clips.questions_per_look
        self.num_frames = options.clips.frames(options.model.compressor.k)
        self.accelerator, self.clip_norm = accelerator, options.optimiser.clip_norm
        self.model = VideoVLM(options.model, build_tokenizer(options.model.language, [QUESTION])).to(accelerator.device).train()
        self._draw()
        self.flops = self._flops()
        suit(self.model, options, accelerator.device)
        self.optimiser = torch.optim.AdamW(parameter_groups(self.model, options.optimiser), lr=1e-5, fused=self._on_gpu)

    @property
    def _on_gpu(self) -> bool:
        return self.accelerator.device.type == "cuda"

    def _draw(self) -> None:
        size_px = self.model.vision.tower.config.image_size
        self.frames = torch.randint(0, 256, (self.clips, self.num_frames, 3, size_px, size_px), dtype=torch.uint8).to(
            self.accelerator.device
        )
        rows = self.clips * self.questions
        words, labels = self.model.encode([self.model.prompt(QUESTION, self.num_frames)] * rows, ["A"] * rows)
        self.words, self.labels = words.to(self.accelerator.device), labels[:, -2:].to(self.accelerator.device)
        self.owner = torch.arange(self.clips, device=self.accelerator.device).repeat_interleave(self.questions)

    def _loss(self) -> Tensor:
        with self.accelerator.autocast():
            logits = self.model(self.frames, self.words["input_ids"], self.words["attention_mask"], 2, self.owner)
            return reply_loss(logits, self.labels)  # of the reply alone, as the trainer does

    def _flops(self) -> int:
        """Of forward and backward; attention is taken apart into its products, since fused kernels are not all counted."""
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            self._loss().backward()
        self.model.zero_grad()
        return int(counter.get_total_flops())

    def step_s(self) -> float:
        """One step, timed."""
        self._wait()
        began_s = time.perf_counter()
        self._loss().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self._wait()
        return time.perf_counter() - began_s

    def _wait(self) -> None:
        if self._on_gpu:
            torch.cuda.synchronize(self.accelerator.device)


def contestants(options: TrainOptions) -> dict[str, TrainOptions]:
    """All compressors at the options' k, and `none` at equal frames."""
    named = {name: _with_compressor(options, name, options.model.compressor.k) for name in COMPRESSORS}
    return named | {UNCOMPRESSED: _with_compressor(options, "none", 1)}


def _with_compressor(options: TrainOptions, name: str, k: int) -> TrainOptions:
    num_frames = options.clips.frames(options.model.compressor.k)
    chosen = replace(options.model.compressor, name=name, k=k, slot_embedding=False)
    return replace(
        options, model=replace(options.model, compressor=chosen), clips=replace(options.clips, num_frames=num_frames, groups=None)
    )


def costs(options: TrainOptions, accelerator: Accelerator, rounds: int) -> dict[str, Cost]:
    """What a step of each contestant takes; they take turns, so that what else the machine does falls on all alike."""
    steppers = {label: Stepper(each, accelerator) for label, each in contestants(options).items()}
    for each in [*steppers.values()] * WARM_UP:
        each.step_s()  # the first ones allocate memory, choose kernels and compile
    taken_s = [{label: each.step_s() for label, each in steppers.items()} for _ in range(rounds)]
    return {
        label: Cost(each.clips, each.model.vision.num_tokens(each.num_frames), each.flops, tuple(turn[label] for turn in taken_s))
        for label, each in steppers.items()
    }


# Learning


def interval(values: np.ndarray, scenes: Sequence[str], rng: np.random.Generator, draws: int = 10_000) -> tuple[float, float, float]:
    """The mean of ``values (seed, question)``, and its 95 % interval when scenes and seeds are drawn anew, with replacement."""
    names, place = np.unique(np.asarray(scenes), return_inverse=True)
    sums = np.stack([np.bincount(place, row, len(names)) for row in values])  # (seed, scene)
    scene_weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    seed_weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), draws) / len(values)
    drawn_means = (scene_weights @ sums.T * seed_weights).sum(axis=1) / (scene_weights @ np.bincount(place))
    low, high = np.percentile(drawn_means, (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def across_seeds(items: Sequence[Item], values: np.ndarray) -> dict[str, Figure]:
    """The mean of ``values (seed, question)`` for each question type and for all, with intervals over scenes and seeds."""
    found = {}
    for kind in (*(kind for kind in QUESTION_TYPES if any(item.question_type == kind for item in items)), ALL):
        kept = [place for place, item in enumerate(items) if kind in (ALL, item.question_type)]
        scenes = [items[place].scene for place in kept]
        chance = statistics.mean(1 / len(items[place].options) for place in kept)
        found[kind] = Figure(len(kept), len(set(scenes)), *interval(values[:, kept], scenes, np.random.default_rng(0)), chance, 1.0)
    return found


@dataclass(frozen=True)
class Learned:
    """What the models of all seeds answer to the same questions that were held out: ``right (seed, question)`` for each compressor."""

    items: Sequence[Item]
    right: Mapping[str, np.ndarray]

    @property
    def seeds(self) -> int:
        return len(self.right["te_fusion"])

    @cached_property
    def accuracy(self) -> Section:
        rows = [Row(name, across_seeds(self.items, right)) for name, right in self.right.items()]
        return Section(f"mean over seeds ({self.seeds})", rows)

    @cached_property
    def ahead(self) -> Section:
        """By how much te_fusion is ahead of each other one, on the same questions."""
        mine = self.right["te_fusion"]
        rows = [Row(name, across_seeds(self.items, mine - right)) for name, right in self.right.items() if name != "te_fusion"]
        return Section("te_fusion less …, points", rows, is_gain=True)


def learned(plan: Plan, seeds: int, console: Console) -> Learned:
    """Train every compressor with every seed, or take what is there, and ask each what was held out."""
    right: dict[str, list[list[bool]]] = {name: [] for name in COMPRESSORS}
    for seed, name in itertools.product(range(seeds), COMPRESSORS):
        console.rule(f"{name}, seed {seed}")
        options = plan.options(name, seed)
        learn(options, console)
        items = read_data(options.clips).held_out
        said = one_each(answered(options, items, plan.device))
        right[name].append([said[item.uid].letter == item.answer for item in items])
    return Learned(items, {name: np.array(rows, float) for name, rows in right.items()})


def learn(options: TrainOptions, console: Console) -> None:
    """Train a model, or go on with it, unless it is finished. Raises KeyboardInterrupt where it was interrupted."""
    if train(options, console) != DONE:
        raise KeyboardInterrupt  # which it has heard


def answered(options: TrainOptions, items: Sequence[Item], device: str) -> list[Prediction]:
    """What the model of a run says, asked once and kept beside it."""
    path = Path(options.out) / "answers.jsonl"
    if not path.is_file():
        run = load_run(options.out)
        cache = None if options.clips.cache is None else Path(options.clips.cache)
        reader = FrameReader(run.record["num_frames"], run.model.vision.tower.config.image_size, cache)
        write_predictions(path, answers(run.model, items, reader, by=usual(reply_of(run.record)), device=device, batch_size=64))
    return load_predictions(path, items)


def pace(out: str) -> tuple[float, float]:
    """Clips per second of a run, data and all, and the share of time that it waited for data: medians over its steps on videos."""
    steps = [json.loads(line) for line in (Path(out) / LOSSES).read_text(encoding="utf-8").splitlines()]
    videos = [step for step in steps if step["phase"] == "videos"]
    return statistics.median(step["clips_per_s"] for step in videos), statistics.median(step["waiting"] for step in videos)


# What is said


def cost_table(found: Mapping[str, Cost], peak_tflops: float | None) -> Table:
    """What a step takes."""
    columns = ("visual tokens", "GFLOPs", "ms", "clips/s", "FLOPs ÷ none", "step ÷ none", "step ÷ merged", "MFU")
    table = Table("compressor", *columns, title="One training step, frames at hand", title_justify="left")
    for label, cost in found.items():
        shares = cost.flops / found[UNCOMPRESSED].flops, cost.over(found[UNCOMPRESSED]), cost.over(found["merged"])
        used = "–" if peak_tflops is None else f"{cost.utilisation(peak_tflops):.1%}"
        sizes = f"{cost.flops / 1e9:.1f}", f"{1000 * cost.typical_s:.1f}", f"{cost.clips / cost.typical_s:.1f}"
        table.add_row(label, str(cost.tokens), *sizes, *(f"{share:.2f}" for share in shares), used)
    return table


def sentences(found: Learned) -> list[str]:
    """Whether te_fusion is ahead of each other one, and what that is worth."""
    said = []
    for row in found.ahead.rows:
        gain = row.figures[ALL]
        how = "is ahead of" if gain.low > 0 else "is behind" if gain.high < 0 else "cannot be told apart from"
        points = f"{100 * gain.accuracy:+.1f} points, 95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
        said.append(f"te_fusion {how} {row.label}: {points}")
    scenes = len({item.scene for item in found.items})
    said.append(
        f"This is what {len(found.items)} questions about {scenes} scenes and {found.seeds} seed(s) tell of models of this size, trained "
        "this long on generated clips. Each interval stands for itself: of five, one misses more often than once in twenty. "
        + ("With so few scenes intervals are too narrow. " if scenes < 20 else "")
        + ("So few seeds hardly show how much training runs differ. " if found.seeds < 3 else "")
        + "It says nothing of large pretrained models, nor of filmed video."
    )
    return said


# The command


@dataclass(frozen=True)
class Plan:
    """Which runs there are to be."""

    data: str
    out: Path
    device: str
    settings: tuple[str, ...]

    def options(self, name: str, seed: int) -> TrainOptions:
        """Those of one run. Raises what composing raises when a setting is not allowed."""
        usual = {"data": self.data, "clips.cache": str(self.out / "cache"), "device": self.device, "glides.steps": 0, "slides.steps": 0}
        own = {"compressor": name, "seed": seed, "out": str(self.out / "runs" / f"{name}-seed{seed}")}
        return LINE.composed(*overrides(usual), *self.settings, *overrides(own))


def main() -> int:
    """Measure, train, compare, and write it down; returns the exit code."""
    arguments, settings = _parser().parse_known_args()
    console = console_of(sys.stdout, plain_width=PLAIN_WIDTH)
    plan = Plan(
        arguments.data or "none", arguments.out, arguments.device, (*(TINY if arguments.tiny else ()), *_steps(arguments), *settings)
    )
    with LINE.plain_errors(INTERRUPTED):
        _compare(plan, arguments, console)
    return DONE


def _compare(plan: Plan, arguments: argparse.Namespace, console: Console) -> None:
    options = plan.options("te_fusion", 0)
    accelerator = accelerator_for(options)
    peak = arguments.peak_tflops or _peak_tflops(accelerator.device)
    about = _about(options, accelerator, peak)
    console.print(*(f"{key}: {value}" for key, value in about.items()), sep="\n")
    found = costs(options, accelerator, arguments.rounds)
    console.print(cost_table(found, peak))
    report: dict[str, Any] = {"about": about, "costs": {label: asdict(cost) for label, cost in found.items()}}
    if arguments.data:
        report |= _learn(plan, arguments.seeds, console)
    plan.out.mkdir(parents=True, exist_ok=True)
    write_atomically(plan.out / "results.json", json.dumps(report, indent=1) + "\n")


def _learn(plan: Plan, seeds: int, console: Console) -> dict[str, Any]:
    found = learned(plan, seeds, console)
    sections = (found.accuracy, found.ahead)
    console.print(drawn(sections))
    console.print(f"{explanation(sections).removesuffix('.')}, and over seeds.", soft_wrap=True)
    paces = {name: pace(plan.options(name, 0).out) for name in COMPRESSORS}
    for name, (clips_per_s, waiting) in paces.items():
        console.print(f"{name}: {clips_per_s:.0f} clips/s in training, {waiting:.0%} of the time waiting for data")
    said = sentences(found)
    console.print(*said, sep="\n", soft_wrap=True)
    by_seed = {name: right.mean(axis=1).tolist() for name, right in found.right.items()}
    return {"learned": plain(sections), "by_seed": by_seed, "clips_per_s_and_waiting": paces, "said": said}


def _about(options: TrainOptions, accelerator: Accelerator, peak_tflops: float | None) -> dict[str, str]:
    """What the figures depend on, in words."""
    device, model = accelerator.device, options.model
    clips = options.optimiser.batch_size // options.optimiser.accumulation
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"processor, {torch.get_num_threads()} threads"
    return {
        "device": f"{name}; torch {torch.__version__}; precision {accelerator.mixed_precision}; compile {options.compile}",
        "frames": f"{options.clips.frames(model.compressor.k)} of {model.vision.image_size_px} px a side, k = {model.compressor.k}",
        "batch": f"{clips} clips, questions asked of each: {options.clips.questions_per_look}",
        "peak": "not known: --peak-tflops gives it" if peak_tflops is None else f"{peak_tflops:.0f} TFLOP/s",
    }


def _peak_tflops(device: torch.device) -> float | None:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return next((peak for known, peak in PEAK_TFLOPS.items() if known in name), None)


def _steps(arguments: argparse.Namespace) -> list[str]:
    told = {"steps": arguments.steps, "stills.steps": arguments.stills}
    return overrides({key: value for key, value in told.items() if value is not None})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compressors",
        description=(__doc__ or "").partition("\n")[0],
        epilog="Any key=value goes to python -m model.train, for every compressor alike.",
    )
    parser.add_argument("data", nargs="?", help="a data set to learn from; without, only the costs are measured")
    parser.add_argument(
        "--out", type=Path, default=Path("outputs/compressors"), help="where runs and results.json go (default %(default)s)"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default %(default)s)")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each compressor (default %(default)s)")
    parser.add_argument("--steps", type=int, help="on videos, of each run (default: that of model.train)")
    parser.add_argument("--stills", type=int, help="steps on still frames before these (default: that of model.train)")
    parser.add_argument("--rounds", type=int, default=20, help="in which each step is timed (default %(default)s)")
    parser.add_argument(
        "--tiny", action="store_true", help="small models and few steps, for a processor: whether it runs, not who is ahead"
    )
    parser.add_argument("--peak-tflops", type=float, help="of the device, for its utilisation (default: known for H100, H200, A100)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
