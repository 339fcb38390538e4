"""How often a clip must be sampled so that what proves an answer can still be seen: the model behind ``required_fps``.

What must be sampled is a list of needs: so many samples between two frames. Samples that are evenly spaced by 1/f
seconds, wherever they begin, fall at least ``n`` times into each stretch of ``n / f`` seconds, and at some beginning no
more often. So the lowest rate that serves a need at every beginning is its samples over its length, and the lowest rate
for a question is that of its most pressing need. At half of it some beginning leaves that need half served.

What is needed follows from what a question shows, `QuestionTemplate.shows`:

acts    each act of the subjects is followed: four samples in each cycle. A repetition can only be told from more than two
        (Nyquist), and only while all cycles are alike and no sample falls where one passes into the next; twice as many
        show each way there and each way back. Where cycles are counted it is tried out: if the count goes wrong for some
        beginning, because the act begins or ends slowly, there must be more
order   the same, and a sample in each rest between two acts of one subject
starts  who sets off when: a sample before the first one has left its place, and one between each two that follow one
        another: one has visibly left, the next has not. Who is first or last is told from the whole order
change  where things get to: a sample before a quarter of each way is done and one after three quarters of it
stirs   that something acts at all: two samples while it does, as one may show it where it was before
pace    how fast in which part: four samples in each act, so that the ways between three of them can be compared
glimpse what is so for a while only, from the first to the last frame of the evidence: a sample meanwhile
camera  as change, for the moves of the camera; as acts, where it comes back (a shake); as stirs, for the subjects

That something does not happen is only seen by looking all the time: where nothing moves, two samples of the stretch are
asked for, a lower bound.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import find_peaks

from qa_templates.observation import measured, performances, segments
from scenes import geometry
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.body_kinematics import BodyKinematics
from scenes.camera_kinematics import camera_segments
from scenes.geometry import Array
from scenes.kinematics import Kinematics
from scenes.motions.motion import MOTIONS
from scenes.types import Trajectories

if TYPE_CHECKING:
    from qa_templates.question import Evidence

SAMPLES_PER_CYCLE = 4
LEFT_ITS_PLACE = 0.1  # of the largest way of any of its points, from which on an object has visibly left its place
MIN_WAY_M = 0.1  # over the ground: what goes less far does not go anywhere
RETURNS = 0.3  # of the largest change of the camera: what ends nearer to its beginning comes back
AXIS_WEIGHT_M, FOCAL_WEIGHT_M = 4.0, 4.0  # what the camera's turning and zooming weigh against its travel


@dataclass(frozen=True)
class Need:
    """At least ``samples`` samples must fall on the frames from ``first`` to ``last``, both included."""

    first: int
    last: int
    samples: int = 1

    def rate_hz(self, fps: float) -> float:
        """The lowest sampling rate that serves it, whenever the sampling begins."""
        return self.samples * fps / max(self.last - self.first + 1, 1)


@dataclass(frozen=True)
class Act:
    """A stretch in which a subject moves, from rest to rest, and how often it repeats itself meanwhile: 1 where it does not."""

    subject: str
    first: int
    last: int
    cycles: float


def required_fps(needs: Iterable[Need], fps: float) -> float:
    """The lowest sampling rate at which all needs are served, whenever the sampling begins; ``fps`` at the most."""
    return min(round(max(need.rate_hz(fps) for need in needs), 6), fps)


def needs_of(shows: str, evidence: Evidence, paths: Trajectories) -> list[Need]:
    """What must be sampled of a clip to see its evidence. Raises KeyError for something that is not in `SHOWS`."""
    first, last = evidence.frames
    return SHOWS[shows](evidence, paths) or [Need(first, last, 2)]


def acts_of(evidence: Evidence, paths: Trajectories) -> list[Act]:
    """What the subjects do within the frames of the evidence, subject by subject in order of time."""
    first, last = evidence.frames
    spans = [(name, *span) for name in evidence.subjects for span in segments(paths, name) if first <= span[0] and span[1] <= last]
    acts = [Act(*span, _cycles(paths, *span)) for span in spans]
    return [replace(acts[0], cycles=float(evidence.value))] if _counted(evidence, acts) else acts


def body_points_m(paths: Trajectories, name: str) -> Array:
    """``(frame, point, 3)``: points on an object or on the limbs of an avatar that show how it moves and turns."""
    extent_m = paths.extent_m[paths.index(name)]
    if paths.is_avatar(name):
        limbs = paths.limbs(name).values()
        ends = [pose.position_m - 0.2 * extent_m[2] * geometry.rotation(pose.quaternion_wxyz).as_matrix()[..., 2] for pose in limbs]
        return np.stack([*(pose.position_m for pose in limbs), *ends], axis=1)
    pose = paths.pose(name)
    axes = np.swapaxes(geometry.rotation(pose.quaternion_wxyz).as_matrix(), 1, 2) * extent_m[:, None] / 2 * pose.scale[:, None, None]
    return pose.position_m[:, None] + np.concatenate([axes, -axes], axis=1)


def _cycles(paths: Trajectories, name: str, first: int, last: int) -> float:
    """How often anything about a motion repeats itself: 1 where nothing does."""
    seen = measured(paths, name, first, last)
    if isinstance(seen, BodyKinematics):
        hands = (seen.hand_swings(side) for side in (0, 1)) if seen.legs == 2 else (0, 0)
        return float(max(1, seen.flights, *seen.lifts, *hands))
    there_and_back = max(seen.reversals_along, seen.reversals_across, seen.tilt_swings) / 2
    rounds = max(abs(seen.laps), abs(seen.yaw_turns), seen.tumble_turns)
    return float(max(1, there_and_back, round(rounds, 3), seen.height_peaks, seen.scale_peaks))


# What each kind of evidence needs


def _followed(acts: Iterable[Act]) -> list[Need]:
    return [Need(act.first, act.last, math.ceil(SAMPLES_PER_CYCLE * act.cycles - 1e-6)) for act in acts]


def _stirring(act: Act) -> Need:
    return Need(act.first + 1, act.last - 1, 2)


def _acts(evidence: Evidence, paths: Trajectories) -> list[Need]:
    acts = acts_of(evidence, paths)
    return [_countable(acts[0], paths)] if _counted(evidence, acts) else _followed(acts)


def _counted(evidence: Evidence, acts: Sequence[Act]) -> bool:
    return evidence.unit == "cycles" and len(acts) == 1


def _countable(act: Act, paths: Trajectories) -> Need:
    """Samples from which an act is counted right wherever they begin: four a cycle, or more where its cycles are not even."""
    motion = next(item.motion for item in performances(paths, act.subject) if item.first == act.first)
    need = _followed([act])[0]
    while need.samples < act.last - act.first and not all(_counts(act, motion, paths, frames) for frames in _samplings(need)):
        need = replace(need, samples=need.samples + math.ceil(need.samples / 12))
    return need


def _samplings(need: Need) -> Iterator[list[int]]:
    """The frames of a need that are sampled at its rate, for some beginnings."""
    length = need.last - need.first + 1
    for phase in np.arange(0, 1, 1 / 16):
        yield (need.first + (phase + np.arange(need.samples)) * length / need.samples).astype(int).tolist()


def _counts(act: Act, motion: str, paths: Trajectories, frames: Sequence[int]) -> bool:
    return round(recount(act, motion, paths, frames)) == round(act.cycles)


def recount(act: Act, motion: str, paths: Trajectories, frames: Sequence[int]) -> float:
    """How often an act happens in sampled frames, between the poses in which it begins and ends."""
    few = decimated(paths, [act.first, *(frame for frame in frames if act.first < frame < act.last), act.last])
    if paths.is_avatar(act.subject):
        return AVATAR_MOTIONS[motion].count(BodyKinematics.of(few, act.subject, 0, few.num_frames - 1))
    return MOTIONS[motion].count(Kinematics.of(few.pose(act.subject), few.fps, 0, few.num_frames - 1))


def decimated(paths: Trajectories, frames: Sequence[int]) -> Trajectories:
    """Some frames of a clip, in any order."""
    of_objects = ("position_m", "quaternion_wxyz", "scale", "limb_position_m", "limb_quaternion_wxyz")
    of_camera = ("camera_position_m", "camera_quaternion_wxyz", "focal_length_mm")
    few = {key: getattr(paths, key)[:, frames] for key in of_objects} | {key: getattr(paths, key)[frames] for key in of_camera}
    return replace(paths, **few)


def _order(evidence: Evidence, paths: Trajectories) -> list[Need]:
    acts = acts_of(evidence, paths)
    pairs = [(one, other) for one, other in itertools.pairwise(acts) if one.subject == other.subject]
    return _acts(evidence, paths) + [Need(earlier.last, later.first) for earlier, later in pairs]


def _starts(evidence: Evidence, paths: Trajectories) -> list[Need]:
    """See `onsets`: the frames between them, and those before the first."""
    times = sorted(onsets(paths, evidence.subjects).values())
    return [Need(begins, ends - 1) for begins, ends in itertools.pairwise([0, *times]) if ends > begins]


def onsets(paths: Trajectories, names: Sequence[str]) -> dict[str, int]:
    """The frame from which on each of some objects has visibly left its place; those that never do are left out."""
    found = {}
    for name in names:
        points = body_points_m(paths, name)
        away = np.linalg.norm(points - points[0], axis=-1).max(axis=-1)
        if away.max() > 1e-3:
            found[name] = int(np.argmax(away > LEFT_ITS_PLACE * away.max()))
    return found


def _change(evidence: Evidence, paths: Trajectories) -> list[Need]:
    needs = []
    for name in dict.fromkeys(evidence.subjects):
        acts = [act for act in acts_of(evidence, paths) if act.subject == name]
        position = paths.pose(name).position_m
        goes = [act for act in acts if np.linalg.norm(position[act.last] - position[act.first]) > MIN_WAY_M]
        needs += _around(position, [(act.first, act.last) for act in goes], segments(paths, name))
        needs += [_stirring(act) for act in acts if act not in goes]
    return needs


def _around(states: Array, ways: Sequence[tuple[int, int]], every: Sequence[tuple[int, int]]) -> list[Need]:
    """A sample before, between and after ways of states ``(frame, …)``; ``every`` are all stretches in which they change."""
    needs: list[Need] = []
    for first, last in ways:
        before = max((end for _, end in every if end <= first), default=0)
        after = min((begin for begin, _ in every if begin >= last), default=len(states) - 1)
        leaves, arrives = _leaves_and_arrives(states, first, last)
        if needs and needs[-1].last >= before:
            before = needs.pop().first  # one rest serves the way that leads to it and the one that leads on
        needs += [Need(before, leaves), Need(arrives, after)]
    return needs


def _leaves_and_arrives(states: Array, first: int, last: int) -> tuple[int, int]:
    """The last frame before a quarter of the net change is done, and the first one after three quarters of it."""
    net = states[last] - states[first]
    done = (states[first : last + 1] - states[first]) @ net / (net @ net)
    return first + int(np.argmax(done > 0.25)) - 1, last - int(np.argmax(done[::-1] < 0.75)) + 1


def _stirs(evidence: Evidence, paths: Trajectories) -> list[Need]:
    return [_stirring(act) for act in acts_of(evidence, paths)]


def _glimpse(evidence: Evidence, paths: Trajectories) -> list[Need]:
    return [Need(*evidence.frames)]


def _pace(evidence: Evidence, paths: Trajectories) -> list[Need]:
    first, last = evidence.frames
    spans = [(act.first, act.last) for act in acts_of(evidence, paths)] if evidence.subjects else camera_segments(paths)
    return [Need(begins, ends, 4) for begins, ends in spans if first <= begins and ends <= last]


def _camera(evidence: Evidence, paths: Trajectories) -> list[Need]:
    states, (first, last) = camera_states(paths), evidence.frames
    moves = camera_segments(paths)
    shown = [(begins, ends) for begins, ends in moves if first <= begins and ends <= last]
    ways = [span for span in shown if not _comes_back(states, *span)]
    shakes = [Act("", begins, ends, _sways(states[begins : ends + 1])) for begins, ends in shown if (begins, ends) not in ways]
    return _around(states, ways, moves) + _followed(shakes) + _stirs(evidence, paths)


def camera_states(paths: Trajectories) -> Array:
    """``(frame, 10)``: where the camera is, how it is turned and how far it is zoomed in, made comparable."""
    _, up, forward = geometry.camera_axes(paths.camera_quaternion_wxyz)
    zoom = np.log(paths.focal_length_mm)[:, None]
    return np.concatenate([paths.camera_position_m, AXIS_WEIGHT_M * forward, AXIS_WEIGHT_M * up, FOCAL_WEIGHT_M * zoom], axis=1)


def _comes_back(states: Array, first: int, last: int) -> bool:
    away = np.linalg.norm(states[first : last + 1] - states[first], axis=1)
    return bool(away[-1] < RETURNS * away.max())


def _along(states: Array) -> Array:
    """``(frame,)``: states ``(frame, …)`` along the direction in which they vary most."""
    centred = states - states.mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][0])


def _sways(states: Array) -> float:
    """How often states ``(frame, …)`` sway to and fro."""
    along = _along(states)
    extremes = sum(len(find_peaks(signal, prominence=0.3 * np.ptp(along))[0]) for signal in (along, -along))
    return max(1.0, extremes / 2)


SHOWS: Mapping[str, Callable[[Evidence, Trajectories], list[Need]]] = {
    "acts": _acts,
    "order": _order,
    "starts": _starts,
    "change": _change,
    "stirs": _stirs,
    "pace": _pace,
    "glimpse": _glimpse,
    "camera": _camera,
}
USUALLY = {
    "Motion Recognition": "acts",
    "Location-related Motion": "change",
    "Camera Motion": "camera",
    "Motion-related Objects": "acts",
    "Action Order": "order",
    "Repetition Count": "acts",
}  # what questions of a type show, unless their template says otherwise
