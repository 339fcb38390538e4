"""The loop that trains, phase by phase (see `model.schedule`); stopped at any step, it goes on as if nothing had happened.

HF Accelerate does what every trainer needs (processes under ``torchrun``, autocast, clipping over processes, state on disk): it
comes from the makers of transformers, wraps a plain PyTorch loop in place of hiding it, and runs the same on a CPU. What must be
exact is done here: which lessons a step takes, the learning rate, and what a mean is taken over.
"""

from __future__ import annotations

import logging
import math
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW

from model.checkpoint import MODEL, STATE, BadCheckpoint, read_json, save_model, write_json
from model.compressors import Compressor, InflatedEmbedding, TEFusion
from model.journal import Journal, Step
from model.lessons import Batch, Waiting, batches, lost_readers
from model.options import OptimiserOptions, TrainOptions
from model.schedule import Phase, require_even
from model.vlm import IGNORED, VideoVLM
from scenes.types import require

SHORT = 128  # patches: below it, eager attention is up to 1.8 times as fast on a CPU, above it fused attention is faster
PLACE = "place.json"  # in the state: the step to go on with


class Diverged(RuntimeError):
    """The loss, or a gradient, is no number any more; the message says at which step."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Args:
        step: that comes next.
        finished: whether there is none.
        figures: means of the last steps.
        left_out: what is wrong with each clip that could not be read.
    """

    step: int
    finished: bool
    figures: dict[str, float]
    left_out: tuple[str, ...] = ()


class Stop:
    """Ctrl-C and SIGTERM, heard between two steps; a second Ctrl-C is heard at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True


def accelerator_for(options: TrainOptions) -> Accelerator:
    """One per process: bf16 autocast where it is asked for, or by ``auto`` where the device has instructions for it.

    Raises:
        ValueError: there is no GPU, and one is asked for.
    """
    gpu = torch.cuda.is_available() and options.device != "cpu"
    require(gpu or options.device != "cuda", "device", options.device, "auto or cpu: PyTorch finds no GPU")
    fit = torch.cuda.is_bf16_supported(including_emulation=False) if gpu else _has_bf16(torch.cpu.get_capabilities())
    half = options.precision == "bf16" or (options.precision == "auto" and fit)
    if gpu:
        torch.set_float32_matmul_precision("high")  # TF32 where autocast leaves float32
    logging.getLogger("accelerate").setLevel(logging.ERROR)  # it warns that tied weights are stored once, as they should be
    AcceleratorState._reset_state()  # a process may train twice, at another precision
    return Accelerator(mixed_precision="bf16" if half else "no", cpu=not gpu)


def parameter_groups(model: VideoVLM, options: OptimiserOptions) -> list[dict[str, Any]]:
    """Parameters by share of the learning rate and by weight decay: vectors (biases, norms) do not decay. Freezes a tower of share 0.

    What a compressor puts in place of a part of the tower is as new as the compressor.
    """
    tower = model.vision.tower
    new = [parameter for module in tower.modules() if isinstance(module, InflatedEmbedding) for parameter in module.parameters()]
    tower.requires_grad_(options.vision_lr > 0)
    for parameter in new:
        parameter.requires_grad_(True)
    borrowed = set(map(id, tower.parameters())) - set(map(id, new))
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            groups.setdefault((id(parameter) in borrowed, parameter.ndim >= 2), []).append(parameter)
    return [
        {"params": found, "share": options.vision_lr if seeing else 1.0, "weight_decay": options.weight_decay if decays else 0.0}
        for (seeing, decays), found in groups.items()
    ]


class Training:
    """One run, from where its folder says it is to its end.

    Args:
        phases: one after another; their steps add up.
        note_down: called with the step and the journal's figures after each checkpoint, in the main process.
        look: measures what was held out, called in the main process; None leaves it out.
    """

    def __init__(
        self,
        options: TrainOptions,
        model: VideoVLM,
        phases: Sequence[Phase],
        accelerator: Accelerator,
        note_down: Callable[[Outcome], None] = lambda outcome: None,
        look: Callable[[VideoVLM], tuple[float, int]] | None = None,
    ) -> None:
        require_even(phases, accelerator.num_processes)
        self.options, self.phases, self.accelerator = options, phases, accelerator
        self.root = Path(options.out).expanduser()
        self._note_down, self._look = note_down, look
        self._plain = model
        self._step, self._waiting = 0, Waiting()
        self._left_out: set[str] = set()
        self._pending: tuple[Phase, int, Tensor, Tensor, float] | None = None
        suit(model.to(accelerator.device), options, accelerator.device)
        adam = _adam(model, options.optimiser, accelerator.device)  # first: it freezes, and DDP must know
        self._model, self._adam = accelerator.prepare(model, adam)

    @property
    def total(self) -> int:
        return self.phases[-1].end

    def run(self, journal_for: Callable[[int, int], Journal]) -> Outcome:
        """Train until the end or until asked to stop, and save.

        Args:
            journal_for: makes the journal, given the first step and the number of all.

        Raises:
            Diverged: the loss or a gradient is no number. What was saved last stays.
            BadClip: a video cannot be read. What was saved last stays.
            LostReader: a process that reads clips is gone. What was saved last stays.
            BadCheckpoint: the state to go on from is damaged.
        """
        torch.manual_seed(self.options.seed + self.accelerator.process_index)  # for a pretrained model that draws
        self._step = self.resume()
        with Stop() as stop, journal_for(self._step, self.total) as journal:
            for phase in self.phases:
                if self._step < phase.end and not self._run_phase(phase, stop, journal):
                    break
            self._tell(journal)
            return self.save(journal)

    def resume(self) -> int:
        """Take up the state in the run's folder; returns the step to go on with, 0 where there is none."""
        folder, before = self.root / STATE, self.root / f"{STATE}.old"
        if self._is_main and before.is_dir() and not folder.is_dir():
            before.rename(folder)  # killed between two renames
        self.accelerator.wait_for_everyone()
        if not folder.is_dir():
            return 0
        try:
            place = read_json(folder / PLACE)
            self.accelerator.load_state(str(folder))
            return int(place["step"])
        except Exception as error:  # what a damaged pickle raises may be anything
            raise BadCheckpoint(
                f"{folder} is damaged ({' '.join(str(error).split())[:200]}): delete {self.root} and begin again"
            ) from error

    def save(self, journal: Journal) -> Outcome:
        """The state to go on from and the model, each replaced as a whole; returns how far it is."""
        part, folder, before = (self.root / name for name in (f"{STATE}.part", STATE, f"{STATE}.old"))
        if self._is_main:
            for stale in (part, before):
                shutil.rmtree(stale, ignore_errors=True)
            part.mkdir(parents=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(part))
        self.accelerator.wait_for_everyone()
        left_out = tuple(sorted(set(gather_object(list(self._left_out)))))
        outcome = Outcome(self._step, self._step == self.total, journal.figures, left_out)
        if self._is_main:
            journal.flush()
            write_json(part / PLACE, {"step": self._step})
            if folder.is_dir():
                folder.rename(before)
            part.rename(folder)
            shutil.rmtree(before, ignore_errors=True)
            save_model(self._plain, self.root / MODEL)
            self._note_down(outcome)
        self.accelerator.wait_for_everyone()
        return outcome

    @property
    def _is_main(self) -> bool:
        return bool(self.accelerator.is_main_process)

    def _run_phase(self, phase: Phase, stop: Stop, journal: Journal) -> bool:
        """Steps of a phase from where the run is; False when asked to stop."""
        if self._step == phase.first:
            self._adam.optimizer.state.clear()  # each phase has an optimiser of its own
        rows = phase.rows(self._step, self.accelerator.process_index, self.accelerator.num_processes)
        self._model.train()
        pin = self.accelerator.device.type == "cuda"
        with lost_readers(), closing(batches(phase.lessons, rows, self._plain, self.options.clips.workers, pin)) as made:
            parts = self._waiting.over(made)
            while self._step < phase.end:
                if not self._learn(phase, parts, stop, journal):
                    return False
                if self._step % self.options.save_every == 0 and self._step < self.total:
                    self._tell(journal)
                    self.save(journal)
                self._look_now_and_then(phase, journal)
        return True

    def _learn(self, phase: Phase, parts: Iterator[Batch], stop: Stop, journal: Journal) -> bool:
        """One step; False, and none is made, when asked to stop."""
        taken = [next(parts) for _ in range(phase.optimiser.accumulation)]
        self._left_out |= {why for batch in taken for why in batch.left_out}
        replies, asked = self._over_all(float(sum(_replies(batch) for batch in taken)), float(stop.asked))
        if asked:
            return False
        for group in self._adam.param_groups:
            group["lr"] = phase.lr(self._step) * group["share"]
        loss = self._backward(taken, replies)
        norm = self.accelerator.clip_grad_norm_(self._model.parameters(), phase.optimiser.clip_norm)
        self._adam.step()
        self._adam.zero_grad()
        self._tell(journal)  # of the step before: its numbers are there by now, so that a GPU never waits to be read
        self._pending = (phase, self._step, loss, norm, self._waiting.share)
        self._waiting.reset()
        self._step += 1
        return True

    def _backward(self, parts: Sequence[Batch], replies: float) -> Tensor:
        """Gradients of the mean over all tokens of the batch's replies, however it is cut; returns that mean."""
        ranks, device = self.accelerator.num_processes, self.accelerator.device
        loss = torch.zeros((), device=device)
        for number, batch in enumerate(parts):
            held_back = number < len(parts) - 1
            with self.accelerator.no_sync(self._model) if held_back else nullcontext():
                share = self._loss(batch) * (ranks / replies)  # over processes gradients are averaged
                self.accelerator.backward(share)
            loss += share.detach()
        return self.accelerator.reduce(loss, "mean")

    def _loss(self, batch: Batch) -> Tensor:
        """Cross-entropy summed over the tokens of the replies, of which no logits but theirs are computed."""
        last = _last(batch)
        on = batch.to(self.accelerator.device)
        logits = self._model(on.frames, on.input_ids, on.attention_mask, last, on.owner)
        return functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), on.labels[:, 1 - last :].flatten(), ignore_index=IGNORED, reduction="sum"
        )

    def _over_all(self, *numbers: float) -> list[float]:
        """Sums over all processes."""
        if self.accelerator.num_processes == 1:
            return list(numbers)
        told = torch.tensor(numbers, device=self.accelerator.device)
        return list(self.accelerator.reduce(told, "sum").tolist())

    def _tell(self, journal: Journal) -> None:
        """Take down the step whose numbers are still on the device."""
        if self._pending is None:
            return
        (phase, step, loss, norm, waiting), self._pending = self._pending, None
        for name, value in (("loss", float(loss)), ("norm of the gradients", float(norm))):
            if not math.isfinite(value):
                raise Diverged(f"the {name} of step {step} is {value}: give a lower lr; {self.root} keeps what was saved before")
        journal.add(Step(step, phase.name, loss.item(), phase.lr(step), float(norm), phase.optimiser.batch_size, waiting))

    def _look_now_and_then(self, phase: Phase, journal: Journal) -> None:
        every = self.options.evaluate_every
        if not self._look or not every or phase.name != "videos" or (self._step - phase.first) % every:
            return
        if self._is_main:
            self._tell(journal)
            self._plain.eval()
            journal.evaluated(self._step, *self._look(self._plain))
            self._plain.train()
        self.accelerator.wait_for_everyone()


def suit(model: VideoVLM, options: TrainOptions, device: torch.device) -> None:
    """Choose how the model computes on a device: the kind of attention, what is recomputed, what is compiled."""
    gpu = device.type == "cuda"
    model.vision.tower.set_attn_implementation("sdpa" if gpu or _attended(model.vision) > SHORT else "eager")
    model.language.set_attn_implementation("sdpa" if gpu else "eager")
    if options.recompute:
        model.vision.tower.activation_checkpointing_enable()
        model.language.activation_checkpointing_enable()
    model.language.config.use_cache = False
    if options.compile == "always" or (options.compile == "auto" and gpu):
        model.vision.compile()
        model.language.compile(dynamic=True)  # prompts differ in length


def _has_bf16(capabilities: Mapping[str, Any]) -> bool:
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _attended(vision: Compressor) -> int:
    """Patches that attend to each other."""
    return vision.grid**2 * (vision.options.k if isinstance(vision, TEFusion) else 1)


def _adam(model: VideoVLM, options: OptimiserOptions, device: torch.device) -> AdamW:
    fused = device.type == "cuda"
    return AdamW(parameter_groups(model, options), lr=options.lr, betas=options.betas, eps=options.epsilon, fused=fused)


def _replies(batch: Batch) -> int:
    """Tokens of replies in a batch."""
    return int((batch.labels[:, 1:] != IGNORED).sum())


def _last(batch: Batch) -> int:
    """How many of the last logits hold all replies: one more than there are columns of labels from the first reply on."""
    columns = (batch.labels != IGNORED).any(dim=0).nonzero()
    return int(batch.labels.shape[1] - columns.min()) + 1
