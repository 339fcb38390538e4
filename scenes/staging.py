"""From a script to a specification: who does what, drawn into a scene in which it can be seen.

A script holds what must be true (roles, beats, shots); everything else (place, looks, light, viewpoint, distractors,
timing) is a nuisance factor, drawn here from the streams of the attempt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenes.casting import (
    HOVER_M,
    act_out,
    at_its_place,
    bulk_range_m,
    cast_of,
    draw_avatar,
    draw_event,
    draw_object,
    draw_part,
    might_do,
    with_actions,
)
from scenes.colours import COLOURS
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS, record
from scenes.filming import SENSOR_WIDTH_MM, aimed_at_end, closeness, film, high_viewpoints
from scenes.motions.motion import MOTIONS
from scenes.placing import Actor, either_way, find_places, rehearse, rehearse_alone, squared, wanted_places
from scenes.script import LEAD_S, Beat, Happening, Interval, Role, SceneOptions, Script, span_s
from scenes.streams import Streams
from scenes.timing import action_times, draw_timeline, room_s, schedule, stagger_of_s, steps_of
from scenes.types import CameraSpec, EnvironmentSpec, EventSpec, ObjectSpec, SceneSpec, Timeline, Watch
from scenes.viewpoints import VIEWPOINTS

MAX_OBJECTS = 5


@dataclass(frozen=True)
class ClipIdentity:
    """Which clip of which data set a scene is."""

    clip_id: str
    split: str
    index: int
    seed: int


def compose(script: Script, clip: ClipIdentity, streams: Streams, options: SceneOptions) -> tuple[SceneSpec, dict[str, str]]:
    """Draw a scene in which the script is true.

    Returns:
        The specification, and the name of the object that fills each role's key.

    Raises:
        Rejected: this draw has no room for it, in time or in space.
    """
    timeline = draw_timeline(script, streams.rng("duration"), options)
    viewpoint = str(streams.rng("viewpoint").choice(sorted(VIEWPOINTS) if not script.from_above else high_viewpoints()))
    position_m, target_m, focal_length_mm = VIEWPOINTS[viewpoint].sample(streams.rng("camera"))
    right_rad = math.atan2(target_m[1] - position_m[1], target_m[0] - position_m[0]) - math.pi / 2
    roles = script.roles + _extras(script, timeline, streams.rng("extras"), options)
    focal_length_mm *= options.levels.size_factor * closeness(script.roles)
    if script.half_width_m is not None:
        focal_length_mm = SENSOR_WIDTH_MM / 2 * math.dist(position_m, target_m) / script.half_width_m
    steps = steps_of(script, timeline, streams.rng("steps"), options)
    actors, events = _draw_actors(script, roles, timeline, right_rad, streams, options, steps)
    found = find_places(actors, right_rad, streams.rng("layout"), wanted_places(roles, actors, right_rad), options.levels)
    placed = tuple(found[row] for row in range(len(roles)))
    camera = CameraSpec(viewpoint, position_m, target_m, focal_length_mm, width_px=options.width, height_px=options.height)
    camera = replace(camera, **film(script, placed, timeline, streams.rng("shots"), options, steps))
    camera = aimed_at_end(camera, placed) if script.ends_aimed and camera.moves else camera
    place = streams.retry(0)  # the same for all attempts: building a place is dear, and another viewpoint will do
    environment = str(place.rng("environment").choice(sorted(set(options.environments)) or list(ENVIRONMENTS)))
    spec = SceneSpec(
        **vars(clip),
        timeline=timeline,
        environment=EnvironmentSpec(environment, int(place.rng("layout of the place").integers(2**31))),
        light=ENVIRONMENTS[environment]().light(place.rng("light")),
        objects=placed,
        camera=camera,
        watches=_watches(roles, placed, timeline, events),
        events=events,
    )
    return spec, {role.key: item.name for role, item in zip(roles, placed, strict=True) if role.key}


def _extras(script: Script, timeline: Timeline, rng: np.random.Generator, options: SceneOptions) -> tuple[Role, ...]:
    """Distractors: at rest, or each with one motion of its own."""
    fewest, most = options.levels.num_distractors
    count = min(int(rng.integers(fewest, most + 1)), max(0, MAX_OBJECTS - len(script.roles)))
    choice = [name for name in sorted(script.extras or ()) if room_s(span_s(name)) <= timeline.duration_s]
    drawn = [(Beat(str(rng.choice(choice))),) if choice and rng.random() < options.levels.moving_share else () for _ in range(count)]
    return tuple(Role(beats=beats, watched=False) for beats in drawn)


def _draw_actors(
    script: Script,
    roles: Sequence[Role],
    timeline: Timeline,
    right_rad: float,
    streams: Streams,
    options: SceneOptions,
    steps: Sequence[Interval] = (),
) -> tuple[list[Actor], tuple[EventSpec, ...]]:
    looks, moves = streams.rng("looks"), streams.rng("motions")
    colours = [str(name) for name in looks.permutation(sorted(COLOURS))]
    stagger_s = stagger_of_s(roles, timeline)
    beats = [beat for role in script.roles if not role.avatar for beat in (*role.beats, *role.room_for)]
    must_be_round = script.round or any(MOTIONS[beat.motion].rolls for beat in beats)
    beside = {key for each in script.happenings for key in each.beside}
    parts = {key: (each, part) for each in script.happenings for part, key in cast_of(each).items()}
    actors, cast = [], {}
    for row, (role, colour) in enumerate(zip(roles, colours, strict=False)):
        if role.key in parts:
            cast[role.key] = (row, draw_part(*parts[role.key], colour, bulk_range_m(len(roles), options), looks, options))
            continue
        item = draw_avatar(role, colour, looks, options) if role.avatar else None
        item = item or draw_object(role, colour, must_be_round and role in script.roles, bulk_range_m(len(roles), options), looks)
        if not role.avatar:
            item = replace(item, position_m=(0.0, 0.0, float(moves.uniform(*HOVER_M)) if role.hovers else 0.0))
        times = action_times(role, timeline, stagger_s * (role.rank or 0), steps, moves, options, script.off_centre)
        others = might_do(item, role, right_rad, moves, options)
        item = (act_out if role.avatar else with_actions)(item, role, times, right_rad, moves, options)
        item = replace(item, yaw_rad=others[0].yaw_rad) if others and not role.beats else item
        actor = rehearse_alone(row, item, timeline, others, any_way=role.any_way)
        if role.key in beside:
            cast[role.key] = (row, actor.items[0])
        else:
            actors.append(actor)
    groups, events = _happen(script, cast, timeline, right_rad, streams.rng("events"), options)
    actors = [squared(actor, events[0]) if events and roles[actor.rows[0]].alike else actor for actor in actors]
    return actors + groups, events


def _happen(
    script: Script,
    cast: Mapping[str, tuple[int, ObjectSpec]],
    timeline: Timeline,
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> tuple[list[Actor], tuple[EventSpec, ...]]:
    """Give the events their times and their casts their places within the event.

    Where others stand beside a cast, room is kept for them to take part in such an event as well.
    """
    groups, events = [], []
    happenings, spans = script.happenings, [EVENTS[each.event].seconds for each in script.happenings]
    times = schedule(spans, timeline.duration_s, rng, tempo=options.levels.tempo, off_centre=script.off_centre)
    for happening, (start_s, end_s) in zip(happenings, times, strict=True):
        span_s, either = (start_s, end_s), len(happenings) == 1 and bool(happening.alike) and len(happening.cast) == 2
        group, spec = _cast_group(happening, cast, span_s, timeline, right_rad, rng, options)
        found = [group]
        if happening.beside:
            found += [_cast_group(replace(happening, cast=happening.beside), cast, span_s, timeline, right_rad, rng, options)[0]]
            found = [found[place] for place in rng.permutation(len(found))]
        groups += [either_way(each) if either else each for each in found]
        events.append(spec)
    return groups, tuple(events)


def _cast_group(
    happening: Happening,
    cast: Mapping[str, tuple[int, ObjectSpec]],
    span_s: Interval,
    timeline: Timeline,
    right_rad: float,
    rng: np.random.Generator,
    options: SceneOptions,
) -> tuple[Actor, EventSpec]:
    """A cast at its places within an event."""
    drawn = {part: cast[key] for part, key in cast_of(happening).items()}
    start_s, end_s = span_s
    event = draw_event(happening, {part: item for part, (_, item) in drawn.items()}, end_s - start_s, right_rad, rng, options)
    spec = record(event, start_s, {part: item.name for part, (_, item) in drawn.items()})
    items = tuple(at_its_place(item, event, part) for part, (_, item) in drawn.items())
    return rehearse(tuple(row for row, _ in drawn.values()), items, timeline, (spec,)), spec


def _watches(roles: Sequence[Role], objects: Sequence[ObjectSpec], timeline: Timeline, events: Sequence[EventSpec]) -> tuple[Watch, ...]:
    """A watched object is needed over its actions or its event; one without any, over the whole clip."""
    watches = []
    for role, item in zip(roles, objects, strict=True):
        watch = watch_over(item, timeline, events)
        if role.watched and any(item.name in event.cast.values() for event in events):
            watches.append(watch)
        elif role.watched:
            span_s = _seen_at(role, item, (watch.start_s, watch.end_s))
            watches.append(Watch(item.name, *span_s, ends_only=role.seen_at == "ends"))
    return tuple(watches)


def watch_over(item: ObjectSpec, timeline: Timeline, events: Sequence[EventSpec] = ()) -> Watch:
    """Over the actions of an object, or over its event; over the whole clip when it has none."""
    event = next((each for each in events if item.name in each.cast.values()), None)
    if event is not None:
        return _watch_event(event, item.name, timeline)
    start_s = max(0.0, item.actions[0].start_s - LEAD_S / 2) if item.actions else 0.0
    end_s = min(timeline.duration_s, item.actions[-1].end_s + LEAD_S / 2) if item.actions else timeline.duration_s
    return Watch(item.name, start_s, end_s)


def _seen_at(role: Role, item: ObjectSpec, whole: Interval) -> Interval:
    """That part of a watch that lies before or after all actions, where the role needs no more."""
    if role.seen_at == "start":
        return whole[0], item.actions[0].start_s
    return (item.actions[-1].end_s, whole[1]) if role.seen_at == "end" else whole


def _watch_event(event: EventSpec, name: str, timeline: Timeline) -> Watch:
    """Over the whole event, but for what the event itself takes out of sight."""
    part = next(part for part, each in event.cast.items() if each == name)
    start_s, end_s = max(0.0, event.start_s - LEAD_S / 2), min(timeline.duration_s, event.end_s + LEAD_S / 2)
    if part in EVENTS[event.name].buries:
        return Watch(name, start_s, event.start_s)
    return Watch(name, start_s, end_s, ends_only=part in EVENTS[event.name].hides)
