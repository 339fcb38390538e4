"""When things happen: how long a clip must be, and intervals of actions, events and camera moves within it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from scenes.rejection import Rejected
from scenes.script import LEAD_S, REST_S, STAGGER_S, Interval, Role, SceneOptions, Script
from scenes.types import Timeline

MOST_STRETCH = 0.5  # of the time to spare, that actions may take to last longer
EVENNESS = 0.3  # of the rests between them: 1 for any share alike, less for most of the rest in one place
OFF_CENTRE = 0.8  # of the way to the longest clip, to the shortest in which what happens keeps away from the middle
AT_ONE_END = 0.9  # of the rest, that is then before everything or after everything


def room_s(*spans: tuple[float, float], delay_s: float = 0.0) -> float:
    """The shortest clip into which actions of these (shortest, longest) durations fit, one after another."""
    return 2 * LEAD_S + delay_s + sum(shortest for shortest, _ in spans) + REST_S * max(len(spans) - 1, 0)


def schedule(
    spans: Sequence[tuple[float, float]],
    total_s: float,
    rng: np.random.Generator,
    delay_s: float = 0.0,
    tempo: tuple[float, float] = (0.0, 1.0),
    off_centre: bool = False,
) -> list[tuple[float, float]]:
    """Intervals of actions that follow one another with rests, at random within a clip of ``total_s``.

    Args:
        tempo: the part of the way from shortest to longest in which durations are drawn, where there is room for it.
        off_centre: whether they take no longer than they must, and are over early or begin late.

    Raises:
        Rejected: they do not fit.
    """
    if not spans:
        return []
    shortest, longest = np.array(spans, float).T
    spare_s = total_s - room_s(*spans, delay_s=delay_s)
    if spare_s < 0:
        raise Rejected("staging", "the actions need a longer clip")
    stretch = rng.uniform(*tempo, len(spans)) * (longest - shortest) * (not off_centre)
    stretch *= min(1.0, MOST_STRETCH * spare_s / max(stretch.sum(), 1e-9))
    lengths = shortest + stretch
    gaps = _shares(len(spans) + 1, rng, off_centre) * (spare_s - stretch.sum())
    starts = LEAD_S + delay_s + np.cumsum(gaps[:-1]) + np.concatenate([[0.0], np.cumsum(lengths + REST_S)[:-1]])
    return [(round(float(start), 4), round(float(start + length), 4)) for start, length in zip(starts, lengths, strict=True)]


def _shares(rests: int, rng: np.random.Generator, off_centre: bool) -> np.ndarray:
    """``(rest,)``: what part of the time to spare each rest gets."""
    shares = rng.dirichlet(np.full(rests, EVENNESS))
    if off_centre:
        shares *= 1 - AT_ONE_END
        shares[rng.choice((0, -1))] += AT_ONE_END
    return shares


def draw_timeline(script: Script, rng: np.random.Generator, options: SceneOptions) -> Timeline:
    """The length of the clip. Raises Rejected where the script needs a longer one than is allowed."""
    shortest, longest = options.duration
    if script.room_s > longest:
        raise Rejected("staging", "the actions need a longer clip")
    shortest = max(shortest, script.room_s)
    drawn_s = rng.uniform(shortest + OFF_CENTRE * script.off_centre * (longest - shortest), longest)
    return Timeline(max(2, math.ceil(drawn_s * options.fps - 1e-6)), options.fps)


def stagger_of_s(roles: Sequence[Role], timeline: Timeline) -> float:
    """The time between starts: as wide as the longest-lasting last object allows, up to one second."""
    ranked = [role for role in roles if role.rank is not None]
    if not any(role.rank for role in ranked):
        return 0.0
    last = max(role.rank or 0 for role in ranked)
    need_s = max(room_s(*(beat.span_s for beat in role.beats)) for role in ranked)
    widest_s = (timeline.duration_s - need_s) / last
    if widest_s < STAGGER_S:
        raise Rejected("staging", "the actions need a longer clip")
    return min(widest_s, 1.0)


def action_times(
    role: Role,
    timeline: Timeline,
    delay_s: float,
    steps: Sequence[Interval],
    rng: np.random.Generator,
    options: SceneOptions,
    off_centre: bool = False,
) -> list[Interval]:
    """When a role performs its beats."""
    spans = [beat.span_s for beat in role.beats]
    if steps and role.key:
        return [kept_step(step, span) for step, span in zip(steps, spans, strict=False)]
    if role.rank is None or not spans:
        return schedule(spans, timeline.duration_s, rng, delay_s, options.levels.tempo, off_centre)
    return _start_at_once(spans, delay_s, timeline, rng, options)


def steps_of(script: Script, timeline: Timeline, rng: np.random.Generator, options: SceneOptions) -> list[Interval]:
    """Intervals into which the n-th beats of all roles, and the n-th move of the camera, fit; none unless they keep step."""
    if not script.in_step:
        return []
    rows = [[beat.span_s for beat in role.beats] for role in script.roles if role.key]
    rows.append([shot.span_s for shot in script.shots or ()])
    return schedule(step_spans(*rows), timeline.duration_s, rng, tempo=options.levels.tempo)


def step_spans(*rows: Sequence[Interval]) -> list[Interval]:
    """Shortest and longest duration of each step in which the n-th entries of all rows happen; for `room_s`."""
    steps = [[span for span in column if span is not None] for column in itertools.zip_longest(*rows)]
    return [(max(shortest for shortest, _ in spans), max(longest for _, longest in spans)) for spans in steps]


def kept_step(step: Interval, span: Interval) -> Interval:
    """As much of a step as an action takes that starts with it."""
    return step[0], round(min(step[1], step[0] + span[1]), 4)


def _start_at_once(
    spans: Sequence[Interval], delay_s: float, timeline: Timeline, rng: np.random.Generator, options: SceneOptions
) -> list[Interval]:
    """As `schedule`, but the first action starts at its time: the order of starts is what is asked."""
    drawn = schedule(spans, timeline.duration_s, rng, delay_s, options.levels.tempo)
    early_s = drawn[0][0] - (LEAD_S + delay_s)
    return [(round(start - early_s, 4), round(end - early_s, 4)) for start, end in drawn]
