"""What training is told: one frozen dataclass for each part, checked where it is made. ``conf/train.yaml`` composes them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from model.vlm import ModelOptions
from scenes.types import require

REPLIES = ("letter", "text", "both")


@dataclass(frozen=True)
class DataOptions:
    """Where clips come from and how they are read.

    Args:
        folders: data sets; what is held out is held out of each.
        held_out: share of the scenes that training does not see; 0 trains on all.
        split_seed: which scenes these are.
        num_frames: frames read of a clip, N.
        groups: groups of k frames, in place of `num_frames`: N = groups · k, so that N/k stays the same while k changes.
        workers: processes that decode; 0 decodes in the trainer's own.
        cache: folder for decoded frames (uint8); None decodes each time.
        shuffle_options: draw the order of the options anew each time a question is asked.
        mirror: show half of the clips in a mirror, with left and right exchanged in what is asked.
        jitter: draw each frame from its part of the clip, in place of the middle one.
        questions_per_look: questions asked of the same frames: different ones of the clip first, then again with options drawn anew.
        skip_damaged: show another clip in place of one that cannot be read, and count it, in place of an error.
    """

    folders: tuple[str, ...] = ()
    held_out: float = 0.2
    split_seed: int = 0
    num_frames: int = 16
    groups: int | None = None
    workers: int = 1
    cache: str | None = None
    shuffle_options: bool = True
    mirror: bool = True
    jitter: bool = True
    questions_per_look: int = 1
    skip_damaged: bool = False

    def __post_init__(self) -> None:
        require(0 <= self.held_out < 1, "held_out", self.held_out, "a share from 0 to below 1")
        require(self.num_frames >= 1, "num_frames", self.num_frames, "1 or more")
        require(self.groups is None or self.groups >= 1, "groups", self.groups, "1 or more, or null")
        require(self.questions_per_look >= 1, "questions_per_look", self.questions_per_look, "1 or more")
        require(self.workers >= 0, "workers", self.workers, "a number of processes, or 0")

    @property
    def cache_folder(self) -> Path | None:
        return None if self.cache is None else Path(self.cache).expanduser()

    def frames(self, k: int) -> int:
        """Frames of a clip at compression ratio k. Raises ValueError unless they make whole groups."""
        total = self.num_frames if self.groups is None else self.groups * k
        require(total % k == 0, "num_frames", total, f"a multiple of k = {k}, or groups=N/k")
        return total


@dataclass(frozen=True)
class OptimiserOptions:
    """AdamW: a linear warm-up to ``lr``, then a cosine down to ``floor_lr``.

    Args:
        steps: of the optimiser.
        warm_up: steps of warm-up; None takes a tenth of them.
        batch_size: clips that a step learns from, over all processes.
        accumulation: parts into which a batch is cut, to need less memory.
        floor_lr: that of the last steps; None takes a twentieth of ``lr``.
        vision_lr: of the tower, as a share of ``lr``; 0 freezes it. The embedding of `pre` is new, and learns at ``lr``.
        clip_norm: gradients are scaled down to this norm.
    """

    steps: int = 1000
    warm_up: int | None = None
    batch_size: int = 32
    accumulation: int = 1
    lr: float = 1e-3
    floor_lr: float | None = None
    vision_lr: float = 1.0
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = 1e-8
    weight_decay: float = 0.05
    clip_norm: float = 1.0

    def __post_init__(self) -> None:
        require(self.steps >= 1, "steps", self.steps, "1 or more")
        require(0 <= self.steps_of_warm_up <= self.steps, "warm_up", self.warm_up, f"0 to steps = {self.steps}")
        require(self.batch_size >= 1, "batch_size", self.batch_size, "1 or more")
        divides = 1 <= self.accumulation <= self.batch_size and self.batch_size % self.accumulation == 0
        require(divides, "accumulation", self.accumulation, f"a divisor of batch_size = {self.batch_size}")
        require(self.lr > 0, "lr", self.lr, "above 0")
        require(0 <= self.floor <= 1, "floor_lr", self.floor_lr, f"0 to lr = {self.lr}")
        require(self.vision_lr >= 0, "vision_lr", self.vision_lr, "0 or more")
        require(self.clip_norm > 0, "clip_norm", self.clip_norm, "above 0")

    @property
    def steps_of_warm_up(self) -> int:
        return self.steps // 10 if self.warm_up is None else self.warm_up

    @property
    def floor(self) -> float:
        """`floor_lr` as a share of ``lr``."""
        return 0.05 if self.floor_lr is None else self.floor_lr / self.lr

    def lr_share(self, step: int) -> float:
        """The learning rate of a step, counted from 0, as a share of ``lr``."""
        warm_up = self.steps_of_warm_up
        if step < warm_up:
            return (step + 1) / warm_up
        done = (step - warm_up) / max(1, self.steps - warm_up)
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


@dataclass(frozen=True)
class PhaseOptions:
    """A phase before the videos.

    Args:
        steps: 0 leaves it out, for a pretrained model.
        batch_size: of a step, as for the videos.
        lr: its highest learning rate.
    """

    name: ClassVar[str]

    steps: int = 0
    batch_size: int = 64
    lr: float = 1e-3

    def __post_init__(self) -> None:
        require(self.steps >= 0, f"{self.name}.steps", self.steps, "0 or more")
        require(self.batch_size >= 1, f"{self.name}.batch_size", self.batch_size, "1 or more")
        require(self.lr > 0, f"{self.name}.lr", self.lr, "above 0")


@dataclass(frozen=True)
class StillOptions(PhaseOptions):
    """Learning to see before learning motion: questions on single frames, made from the annotations.

    Args:
        questions: asked of each frame.
        ahead: questions of the clip itself, asked of the frame as well though it does not prove them: their words are known when
            videos come.
    """

    name = "stills"

    questions: int = 6
    ahead: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.questions >= 1, "stills.questions", self.questions, "1 or more")
        require(self.ahead >= 0, "stills.ahead", self.ahead, "0 or more")


@dataclass(frozen=True)
class GlideOptions(PhaseOptions):
    """Learning camera moves that anyone can make of one frame: a window glides over it.

    In a phase of their own they are of one group of frames (of four at least), in which the picture shifts far. Compressors that do
    not see the order within a group cannot learn from them.

    Args:
        share: of what is looked at once there are videos: glides, and slides, of as many frames as these.
        stills: share of the steps that go on with stills, where there were any before, so that these and their words are not forgotten.
    """

    name = "glides"

    share: float = 0.0
    stills: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("share", "stills"):
            require(0 <= getattr(self, key) < 1, f"glides.{key}", getattr(self, key), "a share from 0 to below 1")


@dataclass(frozen=True)
class SlideOptions(PhaseOptions):
    """Learning which thing moves, and which way, from motions made of one frame: a thing is cut out and slides. Needs annotations.

    They come after the glides: with both from the beginning neither was learned in the same time.

    Args:
        share: of what is looked at, the rest being glides, so that these are not forgotten.
    """

    name = "slides"

    share: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 < self.share < 1, "slides.share", self.share, "a share between 0 and 1")


@dataclass(frozen=True)
class TrainOptions:
    """All that a training is told.

    Args:
        out: folder of the run; the same command over it goes on where it was stopped.
        reply: what the model learns to say: the letter, the text of the option, or either in turn.
        device: ``cpu``, ``cuda``, or ``auto``: a GPU where there is one.
        precision: ``fp32``, ``bf16`` (autocast), or ``auto``: bf16 on a GPU or a CPU that computes in it.
        compile: when `torch.compile` is used: ``always``, ``never``, or ``auto``: on a GPU.
        recompute: recompute activations in the backward pass, to need less memory.
        start_from: folder of a run whose weights and tokenizer are the first ones, in place of new ones; None: new ones.
        curriculum: a name in ``conf/curricula`` or a path: stages that the training follows; None takes all clips alike.
        save_every: steps between checkpoints.
        evaluate_every: steps of the videos' phase between quick looks at what was held out; 0 leaves them out.
    """

    out: str
    clips: DataOptions = field(default_factory=DataOptions)
    seed: int = 0
    model: ModelOptions = field(default_factory=ModelOptions)
    stills: StillOptions = field(default_factory=StillOptions)
    glides: GlideOptions = field(default_factory=GlideOptions)
    slides: SlideOptions = field(default_factory=SlideOptions)
    optimiser: OptimiserOptions = field(default_factory=OptimiserOptions)
    reply: str = "letter"
    device: str = "auto"
    precision: str = "auto"
    compile: str = "auto"
    recompute: bool = False
    start_from: str | None = None
    curriculum: str | None = None
    save_every: int = 200
    evaluate_every: int = 0

    def __post_init__(self) -> None:
        if not self.clips.folders:
            raise ValueError("data is missing: give data=DIR, the folder of a data set")
        require(self.seed >= 0, "seed", self.seed, "0 or more")
        require(self.reply in REPLIES, "reply", self.reply, f"one of {', '.join(REPLIES)}")
        require(self.device in ("auto", "cpu", "cuda"), "device", self.device, "auto, cpu or cuda")
        require(self.precision in ("auto", "fp32", "bf16"), "precision", self.precision, "auto, fp32 or bf16")
        require(self.compile in ("auto", "always", "never"), "compile", self.compile, "auto, always or never")
        require(self.save_every >= 1, "save_every", self.save_every, "1 or more")
        require(self.evaluate_every >= 0, "evaluate_every", self.evaluate_every, "1 or more, or 0 for never")
        self.clips.frames(self.model.compressor.k)
