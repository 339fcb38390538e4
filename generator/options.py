"""Typed options: what the configuration becomes at the door, and what may be in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conf.spelling import flatten, shell_command
from generator.annotations import LAYERS
from qa_templates.curriculum import Curriculum, plain, read_curriculum
from qa_templates.question import QUESTIONS, QuestionOptions
from qa_templates.quota import Intent, Turn, intent, turn, twins
from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.catalogue import Catalogue
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS
from scenes.script import SceneOptions
from scenes.types import require

FARMS = ("local", "dask", "slurm")
CLUSTERS = ("local", "slurm", "pbs", "lsf", "sge")
GPU_KINDS = ("optix", "cuda", "hip", "metal", "oneapi")  # of cycles
DEVICE = "MOTIONFOUNDRY_DEVICE"  # tells a worker which kind render.device=auto stands for
CHECKS = ("sums", "sizes", "none")
TIMEOUTS_S = {"none": 300.0, "workbench": 900.0, "eevee": 7200.0, "cycles": 14400.0}  # for a clip: many times what the longest one takes
ENGINES = tuple(TIMEOUTS_S)
X264_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
WHOLE = "1/1"  # the shard that has all clips


@dataclass(frozen=True)
class RenderOptions:
    """How frames are drawn.

    Args:
        engine: ``workbench`` (fast, software GL will do), ``eevee``, ``cycles``, or ``none`` for labels alone.
        supersampling: frames are rendered this much larger in each direction and averaged down.
        shadows: whether the key light casts shadows (workbench; the other engines always do).
        samples: samples per pixel of eevee and cycles.
        device: of cycles: ``cpu``, a kind of GPU that the machine has, or ``auto``: the fastest kind there, else the CPU. It is no part
            of what a data set is: pixels that cycles draws on different devices may differ in their last bit, labels never do. The other
            engines draw with what OpenGL has (`generator.devices`).
        crf: H.264 constant rate factor, 0 (lossless) to 51.
        preset: of x264.
    """

    engine: str = "workbench"
    supersampling: float = 1.5
    shadows: bool = True
    samples: int = 16
    device: str = "auto"
    crf: int = 16
    preset: str = "veryfast"

    def __post_init__(self) -> None:
        require(self.engine in ENGINES, "render.engine", self.engine, f"one of {', '.join(ENGINES)}")
        require(1 <= self.supersampling <= 4, "render.supersampling", self.supersampling, "a factor from 1 to 4")
        require(self.samples >= 1, "render.samples", self.samples, "at least 1")
        require(self.device in ("auto", "cpu", *GPU_KINDS), "render.device", self.device, f"auto, cpu or one of {', '.join(GPU_KINDS)}")
        require(0 <= self.crf <= 51, "render.crf", self.crf, "0 to 51")
        require(self.preset in X264_PRESETS, "render.preset", self.preset, f"one of {', '.join(X264_PRESETS)}")


@dataclass(frozen=True)
class OcclusionOptions:
    """When a take is good enough to be asked about.

    Args:
        min_visible_fraction: the least that must be visible of an object in each checked frame of its watch.
        min_mean_visible_fraction: the least mean over its watch.
        min_area_px: the least visible area in each checked frame of its watch.
        silhouette_px: each object is measured, at each checked frame, on a raster of this many pixels a side that is
            fitted around it; more is slower and more exact.
        every: check each n-th frame.
    """

    min_visible_fraction: float = 0.6
    min_mean_visible_fraction: float = 0.85
    min_area_px: float = 500.0
    silhouette_px: int = 64
    every: int = 4

    def __post_init__(self) -> None:
        for key in ("min_visible_fraction", "min_mean_visible_fraction"):
            require(0 <= getattr(self, key) <= 1, f"occlusion.{key}", getattr(self, key), "a fraction from 0 to 1")
        require(self.min_area_px >= 0, "occlusion.min_area_px", self.min_area_px, "an area of 0 or more")
        require(16 <= self.silhouette_px <= 1024, "occlusion.silhouette_px", self.silhouette_px, "16 to 1024")
        require(self.every >= 1, "occlusion.every", self.every, "at least 1")


@dataclass(frozen=True)
class FarmOptions:
    """Who does the work. Nothing in here changes what is made.

    Args:
        engine: where clips are made: ``local``, the workers of this machine; ``dask``, those of a cluster; ``slurm``, array jobs.
        workers: processes; −1 for one per core, 0 for none (all in this process, for a debugger).
        threads: of the software renderer in each worker. Several workers with one thread each are the fastest.
        min_free_mb: the run stops, whole and resumable, when less than this is free on the disk.
        clip_timeout_s: longest time that an attempt at a clip may take; None for one that suits the engine.
        max_failures: attempts at a clip that crash, hang or raise an error before it is quarantined.
        retry_quarantined: whether clips that an earlier run quarantined are tried again.
        recycle_after: clips after which a worker is replaced by a new one.
        max_worker_mb: resident memory above which it is.
        check: what is looked at of finished clips before a run goes on: their ``sums`` (every byte is read), ``sizes``, or ``none``.
        scheduler: with ``dask``, of the cluster that makes the clips: its address, or the path of its scheduler file (``….json``).
        cluster: the one that is started where no scheduler is given: ``local``, ``workers`` processes of this machine, or jobs of
            ``slurm``, ``pbs``, ``lsf`` or ``sge``, which dask-jobqueue submits.
        jobs: how many of these are kept running.
        job: what each of them asks for: keyword arguments of dask-jobqueue's cluster, of which cores and memory are needed.
        shards: with ``slurm``, tasks of the array job, which share the clips.
        sbatch: further options of sbatch, as on its command line. The merge gets those of them that say where and for how long.
    """

    engine: str = "local"
    workers: int = -1
    threads: int = 1
    min_free_mb: int = 200
    clip_timeout_s: float | None = None
    max_failures: int = 3
    retry_quarantined: bool = False
    recycle_after: int = 250
    max_worker_mb: int = 3000
    check: str = "sums"
    scheduler: str | None = None
    cluster: str = "local"
    jobs: int = 1
    job: dict[str, Any] = field(default_factory=dict)
    shards: int = 8
    sbatch: str = ""

    def __post_init__(self) -> None:
        require(self.engine in FARMS, "farm.engine", self.engine, f"one of {', '.join(FARMS)}")
        require(self.workers >= -1, "workers", self.workers, "a number of processes, -1 (one per core) or 0 (this process)")
        require(self.threads >= 1, "farm.threads", self.threads, "at least 1")
        require(self.min_free_mb >= 0, "farm.min_free_mb", self.min_free_mb, "0 or more megabytes")
        timeout_s = self.clip_timeout_s
        require(timeout_s is None or timeout_s > 0, "farm.clip_timeout_s", timeout_s, "more than 0 seconds, or null")
        require(self.max_failures >= 1, "farm.max_failures", self.max_failures, "at least 1")
        require(self.recycle_after >= 1, "farm.recycle_after", self.recycle_after, "at least 1 clip")
        require(self.max_worker_mb >= 1, "farm.max_worker_mb", self.max_worker_mb, "at least 1 megabyte")
        require(self.check in CHECKS, "farm.check", self.check, f"one of {', '.join(CHECKS)}")
        self._require_cluster()

    def _require_cluster(self) -> None:
        address = self.scheduler
        told = address is None or bool(re.fullmatch(r"[a-z]+://\S+:\d+|.+\.json", address))
        require(told, "farm.scheduler", address, "an address, as in tcp://host:8786, a scheduler file, as in dask.json, or null")
        require(self.cluster in CLUSTERS, "farm.cluster", self.cluster, f"one of {', '.join(CLUSTERS)}")
        one = address is None or self.cluster == "local"
        require(one, "farm.cluster", self.cluster, "left out where farm.scheduler names a cluster")
        require(self.engine == "local" or self.workers != 0, "workers", self.workers, "a number of processes, or -1 (one per core)")
        require(self.jobs >= 1, "farm.jobs", self.jobs, "at least 1")
        require(self.shards >= 1, "farm.shards", self.shards, "at least 1")
        self._require_sbatch()

    def _require_sbatch(self) -> None:
        words = _words(self.sbatch)
        told = words is not None and bool(re.fullmatch(r"(-.+)?", self.sbatch))
        require(told, "farm.sbatch", self.sbatch, "options of sbatch in one line, as in '--partition=cpu --time=04:00:00'")
        ours = any(re.match(r"--(array|output|dependency|open-mode|signal)\b|-[aod]", word) for word in words or ())
        require(not ours, "farm.sbatch", self.sbatch, "options that are not in the script already; how many tasks is farm.shards")


@dataclass(frozen=True)
class GenerateOptions:
    """All that a run of the generator is told.

    Args:
        num_videos: clips in the data set; a larger number over the same ``out`` adds to what is there.
        seed, split: with the index of a clip they determine its every draw.
        out: folder of the data set.
        only: index of the one clip to build again; None for all that are missing.
        shard: ``i/n`` makes each n-th clip from the i-th on, i from 1 to n, for n machines that share ``out``.
        max_attempts: takes of one clip before it is given up.
        quiet: whether nothing is said but errors and the last line.
        twins: whether clips come in pairs, 2i and 2i + 1, that differ in one factor, and in what is right.
        annotations: layers of truth for every pixel, beside the videos: see `generator.annotations`. To a data set without some of
            them they are added.
        curriculum: a `Curriculum`, in whose stages clips are made; or its name in ``conf/curricula/``, or its path, which are read here.
            None makes all clips alike.
    """

    num_videos: int = 600
    seed: int = 0
    split: str = "train"
    out: str = "outputs/motionfoundry-train-seed0"
    only: int | None = None
    shard: str = WHOLE
    max_attempts: int = 60
    quiet: bool = False
    twins: bool = False
    annotations: tuple[str, ...] = ()
    curriculum: Any = None  # typed so for hydra, which gives its name or path; it is a Curriculum or None from here on
    scene: SceneOptions = field(default_factory=SceneOptions)
    occlusion: OcclusionOptions = field(default_factory=OcclusionOptions)
    qa: QuestionOptions = field(default_factory=QuestionOptions)
    render: RenderOptions = field(default_factory=RenderOptions)
    farm: FarmOptions = field(default_factory=FarmOptions)

    def __post_init__(self) -> None:
        require(self.num_videos >= 1, "num_videos", self.num_videos, "at least 1")
        require(self.seed >= 0, "seed", self.seed, "0 or more")
        require(bool(re.fullmatch(r"[\w.-]+", self.split)), "split", self.split, "a name of letters, digits, '.', '_' and '-'")
        require(self.out.strip() != "", "out", self.out, "a folder")
        require(self.only is None or self.only >= 0, "only", self.only, "the index of a clip, 0 or more")
        require(self.max_attempts >= 1, "max_attempts", self.max_attempts, "at least 1")
        parse_shard(self.shard)
        for name in self.annotations:
            require(name in LAYERS, "annotations", name, f"names among {', '.join(LAYERS)}, as in [masks,depth]")
        object.__setattr__(self, "annotations", tuple(name for name in LAYERS if name in self.annotations))  # in one order, once each
        if isinstance(self.curriculum, str):
            object.__setattr__(self, "curriculum", read_curriculum(self.curriculum))
        told = self.curriculum is None or isinstance(self.curriculum, Curriculum)
        require(told, "curriculum", self.curriculum, "the path of a file, a name in conf/curricula, or null")

    @property
    def renders(self) -> bool:
        return self.render.engine != "none"

    @property
    def timeout_s(self) -> float:
        """The longest time that an attempt at a clip may take."""
        return TIMEOUTS_S[self.render.engine] if self.farm.clip_timeout_s is None else self.farm.clip_timeout_s

    @property
    def indices(self) -> range:
        """The clips that this run is asked for."""
        if self.only is not None:
            return range(self.only, self.only + 1)
        first, step = parse_shard(self.shard)
        return range(first - 1, self.num_videos, step)

    def turn(self, index: int) -> Turn | None:
        """A clip's place in the curriculum; None without one."""
        return None if self.curriculum is None else turn(self.seed, self.split, index, self.curriculum, twins=self.twins)

    def at(self, index: int) -> GenerateOptions:
        """These options as they are for one clip: with the scenes and questions of its stage."""
        here = self.turn(index)
        return self if here is None else replace(self, scene=here.stage.looks(self.scene), qa=here.stage.asks(self.qa), curriculum=None)

    def intent(self, index: int) -> Intent:
        """What a clip is to ask, and its answer. Raises ValueError where these options leave nothing to ask."""
        return self.pair(index)[index % 2] if self.twins else intent(*self._asked(index))

    def pair(self, index: int) -> tuple[Intent, Intent]:
        """The same of a clip and its twin, the one with the even index first."""
        return twins(*self._asked(index))

    def _asked(self, index: int) -> tuple[int, str, int, QuestionOptions, SceneOptions, Turn | None]:
        here = self.at(index)
        return self.seed, self.split, index, here.qa, here.scene, self.turn(index)


def parse_shard(shard: str) -> tuple[int, int]:
    """``"2/4"`` → (2, 4). Raises ValueError unless 1 <= i <= n."""
    found = re.fullmatch(r"(\d+)/(\d+)", shard)
    require(found is not None and 1 <= int(found[1]) <= int(found[2]), "shard", shard, "i/n with 1 <= i <= n, as in 2/4")
    return int(found[1]), int(found[2])  # type: ignore[index]


def shard_name(stem: str, shard: str) -> str:
    """What a file of a shard is called that each has of its own: ``progress-2of4``; of all clips ``progress`` alone."""
    return stem if shard == WHOLE else f"{stem}-{shard.replace('/', 'of')}"


def there_is(gpus: Mapping[str, Sequence[str]]) -> str:
    """What may be given as render.device on a machine with these GPUs, by kind."""
    names = [f"{kind} ({', '.join(each)})" for kind, each in gpus.items()]
    return f"what this machine has: {', '.join(['auto', 'cpu', *names])}{'' if names else '; Cycles finds no GPU, or no driver of one'}"


def _words(line: str) -> list[str] | None:
    """As a shell takes a line apart; None where a quote is not closed."""
    try:
        return shlex.split(line)
    except ValueError:
        return None


CURRICULUM = "curriculum.yaml"  # of a data set, in its folder
CONTENT = ("seed", "split", "twins", "annotations", "scene", "occlusion", "qa", "render")
OF_THE_MACHINE = ("render.device",)  # a run may go on on another one
CHOSEN_FROM: dict[str, Catalogue[Any]] = {
    "scene.environments": ENVIRONMENTS,
    "scene.motions": MOTIONS,
    "scene.avatars": AVATARS,
    "scene.avatar_motions": AVATAR_MOTIONS,
    "scene.events": EVENTS,
    "qa.templates": QUESTIONS,
}


def content(options: GenerateOptions) -> dict[str, Any]:
    """The options that determine labels and pixels, as flat dotted keys, and the curriculum, as `plain` gives it, where there is one. The
    others only say which clips, where and by whom.

    Where names are left to the catalogues, these are the names there today: a data set does not go on with others.
    """
    told = {key: value for key, value in _told(options).items() if key.split(".")[0] in CONTENT and key not in OF_THE_MACHINE}
    stages = {} if options.curriculum is None else {"curriculum": plain(options.curriculum)}
    return told | {key: tuple(catalogue) for key, catalogue in CHOSEN_FROM.items() if not told[key]} | stages


def _told(options: GenerateOptions) -> dict[str, Any]:
    """Flat dotted keys of all but the curriculum; a weight of 1 in the mix says no more than its absence."""
    flat = flatten(replace(options, curriculum=None))
    return {key: value for key, value in flat.items() if key != "curriculum" and not (key.startswith("qa.mix.") and value == 1)}


def command(options: GenerateOptions, **changes: Any) -> str:
    """The shell command that runs the generator with these options, after ``changes`` to top-level ones.

    It names the copy of the curriculum in the folder of the data set, which is there once the data set was begun.
    """
    told, usual = (_told(each) for each in (replace(options, **changes), GenerateOptions()))
    told |= {} if options.curriculum is None else {"curriculum": f"{options.out}/{CURRICULUM}"}
    always = [key for key in ("only", "num_videos", "seed", "out") if key in ("seed", "out") or changes.get(key) is not None]
    differing = [key for key in told if key not in always and (key not in usual or told[key] != usual[key])]
    return shell_command("generator", {key: told[key] for key in (*always, *differing)})


def reproduce(options: GenerateOptions, index: int) -> str:
    """The shell command that builds one clip again, on the machine that it is given on."""
    alone = replace(options, num_videos=GenerateOptions.num_videos, shard=GenerateOptions.shard, farm=FarmOptions(), quiet=False)
    return command(alone, only=index)


def merge_command(options: GenerateOptions) -> str:
    """The shell command that makes one whole out of what shards have made."""
    return f"python -m generator.merge {shlex.quote(options.out)} --num-videos {options.num_videos}"
