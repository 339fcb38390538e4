"""``required_fps`` of every registered question: at that rate its evidence can be had from samples alone, at half of it it cannot.

The judges below know only the sampled frames: they count in decimated trajectories, tell orders from which sample is the
first to show each object displaced, and ways from the places at which samples find things.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from qa_templates.observation import performances, segments
from qa_templates.question import QUESTIONS, Asked, Evidence, QuestionTemplate
from qa_templates.sampling import (
    LEFT_ITS_PLACE,
    MIN_WAY_M,
    SHOWS,
    USUALLY,
    Need,
    acts_of,
    body_points_m,
    camera_states,
    onsets,
    recount,
    required_fps,
)
from scenes.camera_kinematics import camera_segments
from scenes.types import Trajectories
from tests.test_every_question import all_visible, takes

TAKES = 2
Samples = Sequence[int]
Judge = Callable[[Samples], bool]


def sampled(paths: Trajectories, rate_hz: float, phase: float) -> Samples:
    """The frames shown at evenly spaced times that begin at ``phase`` of the spacing."""
    times_s = (phase + np.arange(math.ceil(paths.num_frames / paths.fps * rate_hz) + 1)) / rate_hz
    frames = np.floor(times_s * paths.fps + 1e-6).astype(int)
    return sorted(set(frames[frames < paths.num_frames].tolist()))


@pytest.fixture(params=list(QUESTIONS))
def name(request) -> str:
    return request.param


@lru_cache
def cases(name: str) -> list[tuple[float, Trajectories, Judge]]:
    """Required rate, trajectories and judge of some questions."""
    return [case(QUESTIONS[name](), staged.asked, paths) for staged, paths in takes(name, TAKES)]


def case(template: QuestionTemplate, asked: Asked, paths: Trajectories) -> tuple[float, Trajectories, Judge]:
    evidence = template.measure(asked, paths, all_visible(paths))
    shows = shown_by(template)
    judge = JUDGES[shows] if SHOWS[shows](evidence, paths) else sees_nothing
    return required_fps(template.needs(asked, evidence, paths), paths.fps), paths, judge(asked, evidence, paths)


def shown_by(template: QuestionTemplate) -> str:
    return template.shows or USUALLY[template.question_type]


def test_says_what_it_shows(name):
    assert shown_by(QUESTIONS[name]()) in SHOWS


def test_at_the_required_rate_it_is_recovered_wherever_the_sampling_begins(name):
    for required, paths, judge in cases(name):
        assert 0 < required <= paths.fps
        for phase in np.linspace(0, 1, 12, endpoint=False):
            assert judge(sampled(paths, required, phase)), (required, phase)


def test_at_half_of_it_some_sampling_misses_it(name):
    for required, paths, judge in cases(name):
        assert not all(judge(sampled(paths, required / 2, phase)) for phase in np.linspace(0, 1, 96, endpoint=False)), required


@given(first=st.integers(0, 50), length=st.integers(1, 80), samples=st.integers(1, 9), phase=st.floats(0, 1, exclude_max=True))
def test_a_need_is_served_at_its_rate_and_not_at_half_of_it(first, length, samples, phase):
    need = Need(first, first + length - 1, samples)
    start_s, end_s = need.first / 24, (need.last + 1) / 24
    rate = need.rate_hz(24) * (1 + 1e-9)
    assert falling(start_s, end_s, rate, phase) >= samples
    assert min(falling(start_s, end_s, rate / 2, shift) for shift in np.linspace(0, 1, 64, endpoint=False)) < samples


def falling(start_s: float, end_s: float, rate: float, phase: float) -> int:
    times_s = (phase + np.arange(math.ceil((end_s + 1) * rate))) / rate
    return int(np.sum((times_s >= start_s - 1e-9) & (times_s < end_s + 1e-9)))


# Judges: whether samples prove what was asked. Each knows the rests between which things happen, and the samples.


def sees_nothing(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    """Where nothing happens, two samples that agree are what there is."""
    first, last = evidence.frames
    return lambda frames: sum(first <= frame <= last for frame in frames) >= 2


def during(frames: Samples, first: int, last: int) -> Samples:
    """Samples between two rests."""
    return [frame for frame in frames if first < frame < last]


def sees_acts(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    acts = acts_of(evidence, paths)
    counted = acts[0] if evidence.unit == "cycles" and len(acts) == 1 else None
    motion = {(item.first, item.last): item.motion for item in performances(paths, counted.subject)} if counted else {}

    def judge(frames: Samples) -> bool:
        followed = all(len(during(frames, act.first, act.last)) > 2 * act.cycles for act in acts)
        if not counted or not followed:
            return followed
        return round(recount(counted, motion[counted.first, counted.last], paths, frames)) == round(evidence.value)

    return judge


def sees_order(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    acts, follows = acts_of(evidence, paths), sees_acts(asked, evidence, paths)
    rests = [(one.last, other.first) for one, other in itertools.pairwise(acts) if one.subject == other.subject]
    return lambda frames: follows(frames) and all(any(begins <= frame <= ends for frame in frames) for begins, ends in rests)


def sees_starts(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    truth = onsets(paths, evidence.subjects)
    ways = [body_points_m(paths, name) for name in sorted(truth, key=truth.__getitem__)]

    def judge(frames: Samples) -> bool:
        order = [first_elsewhere(points, frames) for points in ways]
        return all(one < other for one, other in itertools.pairwise(order))

    return judge


def first_elsewhere(points: np.ndarray, frames: Samples) -> float:
    """Which sample is the first to show an object elsewhere than the first sample does."""
    range_m = np.linalg.norm(points - points[0], axis=-1).max()
    away_m = np.linalg.norm(points[frames] - points[frames[0]], axis=-1).max(axis=-1)
    shown = np.flatnonzero(away_m > LEFT_ITS_PLACE * range_m)
    return float(shown[0]) if len(shown) else math.inf


def sees_change(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    acts = acts_of(evidence, paths)
    judges = [sees_way(paths.pose(act.subject).position_m, act.first, act.last, segments(paths, act.subject)) for act in acts]
    return lambda frames: all(judge(frames) for judge in judges)


def sees_way(states: np.ndarray, first: int, last: int, every: Sequence[tuple[int, int]]) -> Judge:
    """Whether two samples show half of a change, from the middle of the one before it to that of the one after it."""
    net = states[last] - states[first]
    if np.linalg.norm(net) < MIN_WAY_M:
        return lambda frames: len(during(frames, first, last)) >= 2
    before = max(((begin + end) // 2 for begin, end in every if end <= first), default=0)
    after = min(((begin + end) // 2 for begin, end in every if begin >= last), default=len(states) - 1)
    done = (states - states[first]) @ net / (net @ net)

    def judge(frames: Samples) -> bool:
        shown = done[[frame for frame in frames if before <= frame <= after]]
        return len(shown) > 1 and float(max(shown - np.minimum.accumulate(shown))) >= 0.5

    return judge


def sees_stirring(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    acts = acts_of(evidence, paths)
    return lambda frames: all(len(during(frames, act.first, act.last)) >= 2 for act in acts)


def sees_glimpse(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    first, last = evidence.frames
    return lambda frames: any(first <= frame <= last for frame in frames)


def sees_pace(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    first, last = evidence.frames
    spans = [(act.first, act.last) for act in acts_of(evidence, paths)] if evidence.subjects else camera_segments(paths)
    shown = [(begins, ends) for begins, ends in spans if first <= begins and ends <= last]
    return lambda frames: all(len(during(frames, *span)) >= 3 for span in shown)


def sees_camera(asked: Asked, evidence: Evidence, paths: Trajectories) -> Judge:
    states, (first, last), moves = camera_states(paths), evidence.frames, camera_segments(paths)
    judges = [sees_move(states, *span, moves) for span in moves if first <= span[0] and span[1] <= last]
    judges.append(sees_stirring(asked, evidence, paths))
    return lambda frames: all(judge(frames) for judge in judges)


def sees_move(states: np.ndarray, first: int, last: int, every: Sequence[tuple[int, int]]) -> Judge:
    """A move of the camera; of one that comes back, its swaying: more than two samples for each to and fro."""
    stretch = states[first : last + 1]
    away = np.linalg.norm(stretch - stretch[0], axis=1)
    if away[-1] > 0.3 * away.max():
        return sees_way(states, first, last, every)
    along = (stretch - stretch.mean(axis=0)) @ np.linalg.svd(stretch - stretch.mean(axis=0), full_matrices=False)[2][0]
    sways = sum(len(find_peaks(signal, prominence=0.3 * np.ptp(along))[0]) for signal in (along, -along)) / 2
    return lambda frames: len(during(frames, first, last)) > 2 * max(1.0, sways)


JUDGES = {
    "acts": sees_acts,
    "order": sees_order,
    "starts": sees_starts,
    "change": sees_change,
    "stirs": sees_stirring,
    "pace": sees_pace,
    "glimpse": sees_glimpse,
    "camera": sees_camera,
}
