"""The method: an intent becomes a scene, the scene trajectories; they are checked, asked about, filmed and written.

make_clip    one clip on disk, or an exception that says what to do
attempt_clip the same for a run of many: never raises, reports instead
"""

from __future__ import annotations

import platform
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from generator.dataset import ClipFiles, Dataset, Unwritable
from generator.layers import each_frame, write_layers
from generator.occlusion import check_contacts, check_visibility, clear
from generator.options import GenerateOptions, RenderOptions, reproduce
from generator.records import Twin, annotate, load_spec, load_trajectories, write_trajectories
from generator.video import write_video
from qa_templates.ask import Staged, ask, stage
from qa_templates.captions import describe
from qa_templates.pairs import stage_pair
from qa_templates.question import Question
from qa_templates.quota import Intent
from scenes.rejection import Rejected
from scenes.solve import solve
from scenes.streams import Streams
from scenes.types import SceneSpec, Trajectories, Visibility, Watch

Status = Literal["written", "exhausted", "failed", "quarantined", "unwritable"]
Rejection = tuple[str, str, str, str]  # stage, reason, template, intended answer
T = TypeVar("T")

REMEDIES = {
    "staging": "give scenes more room: a longer duration=, a lower scene.axes.distractors, or more scene.motions and scene.environments",
    "occlusion": "lower occlusion.min_visible_fraction, min_mean_visible_fraction or min_area_px, or scene.axes.occlusion",
    "question": "make motions plainer or longer: a lower difficulty=, a longer duration=, or a larger width= and height=",
}


class Exhausted(RuntimeError):
    """Every take of a clip was rejected."""


class ClipFailed(RuntimeError):
    """A clip failed for a reason of its own: a bug, or a machine that is not fit. ``cause`` is the reason alone."""

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class Take:
    """One attempt that passed every check, ready to be filmed. ``twin`` is the other clip of its pair, where it has one."""

    spec: SceneSpec
    paths: Trajectories
    seen: Visibility
    questions: tuple[Question, ...]
    attempt: int
    twin: Twin | None = None


@dataclass
class Tally:
    """What making a clip took: rejected takes, and exclusive seconds per stage."""

    rejections: Counter[Rejection] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    _running: list[str] = field(default_factory=list)
    _since: float = 0.0

    @contextmanager
    def timed(self, stage_name: str) -> Iterator[None]:
        """Charge the time to a stage; stages within it are charged to themselves alone."""
        self._charge()
        self._running.append(stage_name)
        try:
            yield
        finally:
            self._charge()
            self._running.pop()

    def _charge(self) -> None:
        now = time.perf_counter()
        if self._running:
            name = self._running[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True)
class ClipReport:
    """What became of one clip.

    Args:
        message, trace: what went wrong.
        failures: why attempts at it failed.
        host: the machine it was made on.
        process: that which had it made there; 0 where none did.
        memory_mb: resident memory of all workers of that process, afterwards; 0 where it was not measured.
    """

    index: int
    clip_id: str
    status: Status
    frames: int = 0
    rejections: Counter[Rejection] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    message: str = ""
    trace: str = ""
    failures: tuple[str, ...] = ()
    host: str = field(default_factory=platform.node)
    process: int = 0
    memory_mb: float = 0.0


def make_clip(index: int, options: GenerateOptions, dataset: Dataset, tally: Tally | None = None) -> ClipReport:
    """Make one clip and commit it to the data set.

    Raises:
        Exhausted: no take was good enough.
        Unwritable: there is no room for it.
        ClipFailed: anything else, with the command that does it again.
    """
    tally = tally or Tally()
    try:
        with dataset.part(index) as part:
            if options.only is None and (lacking := dataset.missing_layers(index)):
                add_layers(index, dataset, part, lacking, tally)
                return ClipReport(index, dataset.key(index), "written", 0, tally.rejections, tally.seconds)
            intended, take = good_take(index, options, dataset, tally)
            frames = film(take, part, options.render, tally)
            with tally.timed("annotations"):
                beside = each_frame(take.spec, take.paths, take.seen)
                write_layers(take.spec, take.paths, part.layers)
            with tally.timed("writing"):
                write_trajectories(part.trajectories, take.paths, beside)
                caption = describe(take.spec, take.paths, take.seen)
                here = options.turn(index)
                of_stage = "" if here is None else here.stage.name
                annotation = annotate(intended, take.spec, take.seen, take.questions, caption, take.attempt, take.twin, of_stage)
                dataset.commit(index, part, annotation)
    except (Exhausted, Unwritable):
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        again = reproduce(options, index)
        raise ClipFailed(f"clip {index} ({dataset.key(index)}) failed: {cause}. Do it again with: {again}", cause) from error
    return ClipReport(index, dataset.key(index), "written", frames, tally.rejections, tally.seconds)


def add_layers(index: int, dataset: Dataset, part: ClipFiles, names: Sequence[str], tally: Tally) -> None:
    """Make layers that a finished clip lacks, out of what is on disk."""
    place = dataset.files(index)
    with tally.timed("annotations"):
        files = {name: part.layers[name] for name in names}
        write_layers(load_spec(place.annotation), load_trajectories(place.trajectories), files)
    with tally.timed("writing"):
        dataset.commit_layers(index, part, names)


def good_take(index: int, options: GenerateOptions, dataset: Dataset, tally: Tally) -> tuple[Intent, Take]:
    """What a clip is to ask, and the first attempt at it that passes; of twins, the first that passes for both. Raises Exhausted."""
    if not options.twins:
        intended = options.intent(index)
        return intended, first_good_take(intended, dataset.key(index), options, tally)
    pair, place = options.pair(index), index % 2
    return pair[place], first_good_pair(pair, dataset, options, tally)[place]


def first_good_take(intended: Intent, clip_id: str, options: GenerateOptions, tally: Tally) -> Take:
    """The first attempt that passes. Attempts differ in their nuisance factors, never in what is asked and answered."""
    here = options.at(intended.index)
    return _first_good(intended, clip_id, options, tally, lambda streams: one_take(intended, clip_id, streams, here, tally))


def first_good_pair(pair: tuple[Intent, Intent], dataset: Dataset, options: GenerateOptions, tally: Tally) -> tuple[Take, Take]:
    """The first attempt that passes for both twins: whichever of the two is made, and by whom, it is the same."""
    clip_ids = (dataset.key(pair[0].index), dataset.key(pair[1].index))
    here = options.at(pair[0].index)
    return _first_good(pair[0], clip_ids[0], options, tally, lambda streams: one_pair(pair, clip_ids, streams, here, tally))


def _first_good(intended: Intent, clip_id: str, options: GenerateOptions, tally: Tally, attempt_at: Callable[[Streams], T]) -> T:
    streams = Streams(options.seed, options.split, intended.index)
    for attempt in range(options.max_attempts):
        try:
            return attempt_at(streams.retry(attempt))
        except Rejected as rejected:
            tally.rejections[rejected.stage, rejected.reason, intended.template, intended.answer] += 1
    raise Exhausted(_exhaustion(intended, clip_id, options, tally.rejections))


def one_take(intended: Intent, clip_id: str, streams: Streams, options: GenerateOptions, tally: Tally) -> Take:
    """Everything short of a picture. Raises Rejected."""
    with tally.timed("staging"):
        staged = stage(intended, clip_id, streams, options.scene)
    return _asked(staged, _solved(staged, tally), streams, options, tally)


def one_pair(
    pair: tuple[Intent, Intent], clip_ids: tuple[str, str], streams: Streams, options: GenerateOptions, tally: Tally
) -> tuple[Take, Take]:
    """The same for twins. Raises Rejected when either will not do."""
    with tally.timed("staging"):
        staged = stage_pair(pair, clip_ids, streams, options.scene)
    both = (staged.first, staged.second)
    paths = [_solved(each, tally) for each in both]
    one, other = (_asked(each, path, streams, options, tally) for each, path in zip(both, paths, strict=True))
    twins_of = (Twin(clip_ids[1], staged.factor), Twin(clip_ids[0], staged.factor))
    return replace(one, twin=twins_of[0]), replace(other, twin=twins_of[1])


def _solved(staged: Staged, tally: Tally) -> Trajectories:
    """Trajectories in which objects keep apart. Raises Rejected."""
    with tally.timed("solving"):
        paths = solve(staged.spec)
    with tally.timed("occlusion"):
        check_contacts(staged.spec, paths)
    return paths


def _asked(staged: Staged, paths: Trajectories, streams: Streams, options: GenerateOptions, tally: Tally) -> Take:
    """A take that can be seen, with its questions. Raises Rejected."""
    with tally.timed("occlusion"):
        seen = check_visibility(staged.spec, paths, options.occlusion)
    with tally.timed("questions"):

        def visible(seen: Visibility, watch: Watch) -> bool:
            return clear(seen, watch, staged.spec.timeline, options.occlusion)

        questions = ask(staged, paths, seen, streams, options.scene, options.qa, visible)
    return Take(staged.spec, paths, seen, questions, streams.attempt)


def film(take: Take, part: ClipFiles, options: RenderOptions, tally: Tally) -> int:
    """Render and encode a take. Returns the number of frames: 0 where only labels are made."""
    if options.engine == "none":
        return 0
    from generator.blender import render  # bpy belongs in worker processes

    def frames() -> Iterator:
        drawn = render(take.spec, take.paths, options)
        while True:
            with tally.timed("rendering"):
                frame = next(drawn, None)
            if frame is None:
                return
            yield frame

    with tally.timed("encoding"):
        written = write_video(part.video, frames(), take.paths.fps, options.crf, options.preset)
    if written != take.paths.num_frames:
        raise RuntimeError(f"{written} frames were written of {take.paths.num_frames}")
    return written


def attempt_clip(index: int, options: GenerateOptions, dataset: Dataset) -> ClipReport:
    """`make_clip` for a run of many clips: what goes wrong with one is reported, and harms no other."""
    tally = Tally()

    def report(status: Status, message: str, trace: str = "", failures: tuple[str, ...] = ()) -> ClipReport:
        return ClipReport(index, dataset.key(index), status, 0, tally.rejections, tally.seconds, message, trace, failures)

    try:
        return make_clip(index, options, dataset, tally)
    except Exhausted as error:
        return report("exhausted", str(error))
    except Unwritable as error:
        return report("unwritable", str(error))
    except ClipFailed as error:
        return report("failed", str(error), traceback.format_exc(), (error.cause,))


def expected_frames(index: int, options: GenerateOptions) -> int:
    """About how many frames a clip has: as many as its first take, which may be rejected; 0 where that cannot be staged."""
    streams = Streams(options.seed, options.split, index)
    try:
        return stage(options.intent(index), "", streams, options.at(index).scene).spec.timeline.num_frames
    except Exception:  # a bug is told of when the clip is made
        return 0


def _exhaustion(intended: Intent, clip_id: str, options: GenerateOptions, rejections: Counter[Rejection]) -> str:
    by_reason: Counter[tuple[str, str]] = Counter()
    for (stage_name, reason, _, _), count in rejections.items():
        by_reason[stage_name, reason] += count
    (stage_name, reason), count = by_reason.most_common(1)[0]
    return (
        f"clip {intended.index} ({clip_id}): none of {options.max_attempts} takes of {intended.template} with the answer"
        f" {intended.answer!r} was good enough; {count} fell at {stage_name} ({reason}). To let more pass,"
        f" {REMEDIES[stage_name]}; or raise max_attempts. Do it again with: {reproduce(options, intended.index)}"
    )
