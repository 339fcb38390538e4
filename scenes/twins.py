"""Minimal pairs: edits of a scene that flip one factor of what happens in it and leave all else as it is.

reheaded      an object's actions lead another way
turned_round  an action in its other sense: turns the other way, left hand for right hand, forward for backward
recounted     an action repeated more often or less often
reordered     an object's actions in another order
restarted     two objects set off at each other's time
recast        two objects do what the other one did
redone        an object does something else, or something at all
paced         an object's action at another pace
stilled       an object does nothing
refilmed      a camera move replaced, put in or taken out
recut         the camera's moves in another order
recast_event  two objects exchange their roles in an event
rescheduled   the events in another order

Each returns a new specification in which every object starts as it did, and the watches follow the actions. Each raises
Rejected when the other scene cannot be staged so; then the attempt is given up for both.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from scenes import bodies
from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions import motion as avatar_motion
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarMotion
from scenes.cameras.move import CAMERA_MOVES
from scenes.casting import draw_avatar_motion, draw_motion
from scenes.events.event import EVENTS, EventCue, event_of, record
from scenes.filming import draw_move
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS, Motion
from scenes.placing import right_rad
from scenes.rejection import Rejected
from scenes.script import LEAD_S, Beat, SceneOptions, Shot, performed
from scenes.shapes import SHAPES
from scenes.staging import watch_over
from scenes.types import Action, EventSpec, ObjectSpec, SceneSpec, Vector

SLACK = 1e-3  # of a duration: rounding is no offence
Timed = TypeVar("Timed", Action, EventSpec)


def reheaded(spec: SceneSpec, name: str, turn_rad: float = math.pi, places: Sequence[int] | None = None) -> SceneSpec:
    """An object's actions (those at ``places``, or all) lead another way; the object faces as it did."""
    item = spec.object(name)
    chosen = range(len(item.actions)) if places is None else places
    return _acting(spec, item, [_reheaded(each, turn_rad) if row in chosen else each for row, each in enumerate(item.actions)])


def turned_round(spec: SceneSpec, name: str, place: int = 0) -> SceneSpec:
    """An object's action in its other sense."""
    item = spec.object(name)
    action = item.actions[place]
    return _acting(spec, item, _with(item.actions, place, _told(action, **_other_sense(action))))


def recounted(spec: SceneSpec, name: str, place: int, cycles: int, rng: np.random.Generator) -> SceneSpec:
    """An object's action repeated ``cycles`` times: as fast as before, or within the same time, whichever is drawn and natural.

    Neither the pace nor the time that it takes then tells the number.
    """
    item = spec.object(name)
    action = item.actions[place]
    told = replace(action, parameters=dict(action.parameters) | _repeated(action, cycles))
    shortest, longest = performed(action.name).seconds_per_cycle
    same_pace_s = round(action.duration_s * cycles / max(_cycles(action), 1), 4)
    for duration_s in (float(each) for each in rng.permutation([same_pace_s, action.duration_s])):
        if shortest * (1 - SLACK) <= duration_s / cycles <= longest * (1 + SLACK):
            actions = _lengthened(item.actions, place, replace(told, end_s=round(told.start_s + duration_s, 4)), spec.timeline.duration_s)
            if actions is not None:
                return _acting(spec, item, actions)
    raise Rejected("staging", "no room for another number of repetitions")


def reordered(spec: SceneSpec, name: str, order: Sequence[int], *, in_step: bool = False) -> SceneSpec:
    """An object's actions in another order: ``order[i]`` is the place at which the i-th of them was before.

    Args:
        in_step: whether actions start when those in their places started, rather than a rest after the one before them ended.
    """
    item = spec.object(name)
    return _acting(spec, item, _in_step(item.actions, order) if in_step else _in_order(item.actions, order))


def restarted(spec: SceneSpec, one: str, other: str) -> SceneSpec:
    """Two objects set off at each other's time."""
    items = [spec.object(one), spec.object(other)]
    times_s = [item.actions[0].start_s for item in items]
    for item, before_s, after_s in zip(items, times_s, reversed(times_s), strict=True):
        moved = [_at(each, each.start_s + after_s - before_s) for each in item.actions if each.start_s + after_s >= before_s]
        in_time = len(moved) == len(item.actions) and moved[0].start_s > LEAD_S - SLACK
        if not in_time or moved[-1].end_s > spec.timeline.duration_s - LEAD_S + SLACK:
            raise Rejected("staging", "the actions need a longer clip")
        spec = _acting(spec, item, moved)
    return spec


def recast(spec: SceneSpec, one: str, other: str, scene: SceneOptions) -> SceneSpec:
    """Two objects do what the other one did, each as its own body demands."""
    first, second = spec.object(one), spec.object(other)
    spec = _acting(spec, first, [_fitted(action, second, first, scene) for action in second.actions])
    return _acting(spec, second, [_fitted(action, first, second, scene) for action in first.actions])


def redone(
    spec: SceneSpec, name: str, beat: Beat, rng: np.random.Generator, scene: SceneOptions, like: Action | None = None, place: int = 0
) -> SceneSpec:
    """An object does something else in place of one of its actions, or something at all.

    Args:
        like: an action whose time, and whose heading, the new one takes over as far as it can; None takes those of the action that
            it stands in for, or draws them where there is none.
    """
    item = spec.object(name)
    like = like or (item.actions[place] if item.actions else None)
    total_s = spec.timeline.duration_s
    start_s, end_s = _interval(beat.span_s, like, total_s, rng)
    action = _drawn(beat, item, start_s, end_s, like, rng, scene)
    if place >= len(item.actions):
        return _acting(spec, item, [*item.actions, action])
    actions = _lengthened(item.actions, place, action, total_s)
    if actions is None:
        raise Rejected("staging", "the actions need a longer clip")
    return _acting(spec, item, actions)


def paced(spec: SceneSpec, name: str, pace: str, place: int = 0) -> SceneSpec:
    """An object's action at another pace, from the same start to the same end in the same time."""
    item = spec.object(name)
    return _acting(spec, item, _with(item.actions, place, _told(item.actions[place], pace=pace)))


def stilled(spec: SceneSpec, name: str) -> SceneSpec:
    """An object does nothing."""
    return _acting(spec, spec.object(name), [])


def refilmed(
    spec: SceneSpec, shot: Shot | None, rng: np.random.Generator, scene: SceneOptions, place: int = 0, like: Action | None = None
) -> SceneSpec:
    """A camera move replaced by another in its time, put in where there is none (in the time of ``like``), or taken out.

    The same move in its other sense keeps all else that was drawn of it.
    """
    moves = spec.camera.moves
    if shot is None:
        return replace(spec, camera=replace(spec.camera, moves=moves[:place] + moves[place + 1 :]))
    old = moves[place] if place < len(moves) else None
    if old is not None and old.name == shot.move:
        return _filmed(spec, _with(moves, place, _told(old, sense=shot.sense, **({"pace": shot.pace} if shot.pace else {}))))
    if CAMERA_MOVES[shot.move].follows:
        raise Rejected("staging", "a camera that follows keeps its subject's time")
    start_s, end_s = _interval(shot.span_s, old or like, spec.timeline.duration_s, rng)
    return _filmed(spec, _with(moves, place, draw_move(shot, start_s, end_s, rng, scene)))


def recut(spec: SceneSpec, order: Sequence[int]) -> SceneSpec:
    """The camera's moves in another order: ``order[i]`` is the place at which the i-th of them was before."""
    return _filmed(spec, _in_order(spec.camera.moves, order))


def recast_event(spec: SceneSpec, scene: SceneOptions, place: int = 0, parts: tuple[str, str] | None = None) -> SceneSpec:
    """Two objects exchange their parts in an event; the event is turned round on the spot, so that both start where they did.

    Args:
        parts: which parts; None takes the two of an event that has two.
    """
    event = spec.events[place]
    one, other = parts or EVENTS[event.name].roles
    cast = dict(event.cast) | {one: event.cast[other], other: event.cast[one]}
    turned = _refitted(spec, event, cast, scene)
    _require_same_places(spec, event, turned)
    events = (*spec.events[:place], turned, *spec.events[place + 1 :])
    return _rewatched(spec, replace(spec, events=events), list(cast.values()))


def rescheduled(spec: SceneSpec, order: Sequence[int]) -> SceneSpec:
    """The events in another order: ``order[i]`` is the place at which the i-th of them was before."""
    events = tuple(_in_order(spec.events, order))
    return _rewatched(spec, replace(spec, events=events), [item.name for item in spec.objects])


# Actions


def _acting(spec: SceneSpec, item: ObjectSpec, actions: Sequence[Action]) -> SceneSpec:
    """The scene with other actions of one object."""
    others = tuple(replace(each, actions=tuple(actions)) if each.name == item.name else each for each in spec.objects)
    return _rewatched(spec, replace(spec, objects=others), [item.name])


def _rewatched(before: SceneSpec, after: SceneSpec, names: Sequence[str]) -> SceneSpec:
    """Watches that lay over an object's actions lie over its new ones; those that a question set otherwise stay."""
    watches = []
    for watch in before.watches:
        usual = watch == watch_over(before.object(watch.subject), before.timeline, before.events)
        renewed = usual and watch.subject in names
        watches.append(watch_over(after.object(watch.subject), after.timeline, after.events) if renewed else watch)
    return replace(after, watches=tuple(watches))


def _filmed(spec: SceneSpec, moves: Sequence[Action]) -> SceneSpec:
    return replace(spec, camera=replace(spec.camera, moves=tuple(moves)))


def _with(actions: Sequence[Action], place: int, action: Action) -> list[Action]:
    """The actions with one of them replaced, or added at the end."""
    return [*actions[:place], action, *actions[place + 1 :]]


def _told(action: Action, **parameters: Any) -> Action:
    return replace(action, parameters=dict(action.parameters) | parameters)


def _at(action: Timed, start_s: float) -> Timed:
    return replace(action, start_s=round(start_s, 4), end_s=round(start_s + action.duration_s, 4))


def _reheaded(action: Action, turn_rad: float) -> Action:
    return _told(action, heading_rad=math.remainder(action.parameters["heading_rad"] + turn_rad, math.tau))


def _in_order(actions: Sequence[Timed], order: Sequence[int]) -> list[Timed]:
    """Durations go with their actions; the first start, the rests between and the last end stay as they were."""
    rests_s: list[float] = [later.start_s - earlier.end_s for earlier, later in itertools.pairwise(actions)]
    arranged: list[Timed] = []
    start_s = actions[0].start_s
    for place, rest_s in zip(order, [*rests_s, 0.0], strict=True):
        arranged.append(_at(actions[place], start_s))
        start_s = arranged[-1].end_s + rest_s
    return arranged


def _in_step(actions: Sequence[Action], order: Sequence[int]) -> list[Action]:
    """Durations go with their actions, and the starts stay as they were. Raises Rejected where one then overlaps the next."""
    arranged = [_at(actions[place], action.start_s) for place, action in zip(order, actions, strict=True)]
    if any(earlier.end_s > later.start_s for earlier, later in itertools.pairwise(arranged)):
        raise Rejected("staging", "the actions cannot change places")
    return arranged


def _lengthened(actions: Sequence[Action], place: int, action: Action, total_s: float) -> list[Action] | None:
    """Actions of which one takes another time; the others keep their distance from it. None where the clip is too short."""
    longer_s = action.end_s - actions[place].end_s
    row = [*actions[:place], action, *(_at(each, each.start_s + longer_s) for each in actions[place + 1 :])]
    early_s = max(0.0, row[-1].end_s - (total_s - LEAD_S))
    if row[0].start_s - early_s < LEAD_S - SLACK:
        return None
    return [_at(each, each.start_s - early_s) for each in row] if early_s else row


def _interval(span: tuple[float, float], like: Action | None, total_s: float, rng: np.random.Generator) -> tuple[float, float]:
    """When something takes place that lasts between the two of ``span``: in the time of ``like``, as nearly as can be."""
    room_s = total_s - 2 * LEAD_S
    if room_s < span[0]:
        raise Rejected("staging", "the actions need a longer clip")
    duration_s = float(np.clip(like.duration_s if like else rng.uniform(*span), span[0], min(span[1], room_s)))
    start_s = like.start_s if like else LEAD_S + rng.uniform(0.0, room_s - duration_s)
    start_s = round(min(start_s, total_s - LEAD_S - duration_s), 4)
    return start_s, round(start_s + duration_s, 4)


# Motions


def _kind(action: Action) -> type[Motion] | type[AvatarMotion]:
    return performed(action.name)


def _motion(action: Action) -> Motion | AvatarMotion:
    return avatar_motion.motion_of(action) if action.name in AVATAR_MOTIONS else object_motion.motion_of(action)


def _cycles(action: Action) -> int:
    return _motion(action).claims().cycles or 1


def _other_sense(action: Action) -> dict[str, Any]:
    """The parameter that says in which sense an action goes, in the other one: ``sense``, or that which negates the claimed turns."""
    if "sense" in action.parameters:
        return {"sense": -action.parameters["sense"]}
    return _only_change(
        action, lambda value: -value, lambda before, after: _turns(before) != (0, 0) and _turns(after) == _turns(before, -1)
    )


def _repeated(action: Action, cycles: int) -> dict[str, Any]:
    """The parameter that says how often an action repeats, with another number: that which makes the motion claim it."""
    if _cycles(action) == cycles:
        return {}

    def to_count(value: float) -> int:
        return int(math.copysign(cycles, value))

    return _only_change(action, to_count, lambda _, after: after.cycles == cycles)


def _only_change(action: Action, change: Callable[[Any], Any], wanted: Callable[[Any, Any], bool]) -> dict[str, Any]:
    """The one parameter whose change has the wanted effect on what the motion claims, changed."""
    before, changes = _motion(action).claims(), []
    for key, value in action.parameters.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and key not in ("sense", "heading_rad"):
            changed = {key: change(value)}
            if wanted(before, _motion(_told(action, **changed)).claims()):
                changes.append(changed)
    if len(changes) != 1:
        raise Rejected("staging", "a motion has no twin of that kind")
    return changes[0]


def _turns(claims: Any, sense: int = 1) -> tuple[float, float]:
    turns, path_turns = claims.turns or 0, getattr(claims, "path_turns", None) or 0
    return sense * turns, sense * path_turns


def suits(motion: str, item: ObjectSpec) -> bool:
    """Whether a body can perform a motion: as many legs, round for one that rolls, a flat base for one that rocks on it."""
    if bodies.is_avatar(item.shape) != (motion in AVATAR_MOTIONS):
        return False
    if motion in AVATAR_MOTIONS:
        return AVATARS[item.shape].proportions.legs in AVATAR_MOTIONS[motion].legs
    kind = MOTIONS[motion]
    return not (kind.flat_base if SHAPES[item.shape].round else kind.rolls)


def _drawn(
    beat: Beat, item: ObjectSpec, start_s: float, end_s: float, like: Action | None, rng: np.random.Generator, scene: SceneOptions
) -> Action:
    """A new action of a body that stands where and as it did."""
    if not suits(beat.motion, item):
        raise Rejected("staging", "no shape for such a motion")
    if beat.motion in AVATAR_MOTIONS:
        return avatar_motion.act(draw_avatar_motion(beat, end_s - start_s, item.posture, rng, scene), start_s)
    heading_rad = _heading_rad(beat.motion, item, like, rng)
    return object_motion.act(draw_motion(beat, item, end_s - start_s, heading_rad, _height_m(item), rng, scene), start_s)


def _heading_rad(motion: str, item: ObjectSpec, like: Action | None, rng: np.random.Generator) -> float:
    """Of wheels and boxes along their facing, of others that of ``like``."""
    heading_rad = like.parameters.get("heading_rad") if like else None
    heading_rad = float(rng.uniform(-math.pi, math.pi)) if heading_rad is None else heading_rad
    return _along(item.yaw_rad, heading_rad) if _fixes_facing(motion) else heading_rad


def _fixes_facing(motion: str) -> bool:
    return MOTIONS[motion].rolls or MOTIONS[motion].flat_base


def _along(facing_rad: float, heading_rad: float) -> float:
    """The one of a facing and its opposite that is nearer to a heading."""
    backward = math.cos(facing_rad - heading_rad) < 0
    return math.remainder(facing_rad + (math.pi if backward else 0.0), math.tau)


def _height_m(item: ObjectSpec) -> float:
    """How high above the floor a rigid object starts."""
    above_m = item.position_m[2] - bodies.extent_m(item.shape, item.size_m)[2] / 2
    return above_m if above_m > SLACK else 0.0


def _fitted(action: Action, old: ObjectSpec, new: ObjectSpec, scene: SceneOptions) -> Action:
    """The same action by another body.

    What a body decides (the radius on which it rolls) is found by drawing the motion for either from the same numbers: by as
    much as the draws differ the bodies make a difference.
    """
    if not suits(action.name, new):
        raise Rejected("staging", "no shape for such a motion")
    if action.name in AVATAR_MOTIONS:
        return action
    beat, heading_rad = Beat(action.name, _cycles(action)), action.parameters["heading_rad"]
    if _fixes_facing(action.name):
        heading_rad = _along(new.yaw_rad, heading_rad)
    drawn = [draw_motion(beat, item, action.duration_s, heading_rad, 0.0, np.random.default_rng(0), scene) for item in (old, new)]
    return _told(action, **_adapted(object_motion.motion_of(action), *drawn), heading_rad=heading_rad)


def _adapted(record: Any, old: Any, new: Any) -> dict[str, Any]:
    """Fields of a record that change as two like it differ: numbers in sign and by the difference in size, others altogether."""
    changed = {}
    for key, value in vars(record).items():
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            changed[key] = _moved_on(value, before, after) if isinstance(value, float) else after
    return changed


def _moved_on(value: float, before: float, after: float) -> float:
    """A number with another sign where the two differ in theirs, and as much larger or smaller as they differ in size."""
    size = abs(value) + abs(after) - abs(before)
    return math.copysign(size, value) * (-1.0 if before * after < 0 else 1.0)


# Events


def _refitted(spec: SceneSpec, event: EventSpec, cast: dict[str, str], scene: SceneOptions) -> EventSpec:
    """The event with another cast, turned by half a turn; what the bodies decide is found as in `_fitted`."""
    before = event_of(event)
    heading_rad = math.remainder(before.heading_rad + math.pi, math.tau)
    drawn, away_rad = [], math.remainder(right_rad(spec.camera) + math.pi / 2, math.tau)
    for each, towards_rad in ((event.cast, before.heading_rad), (cast, heading_rad)):
        extents = {part: bodies.extent_m(spec.object(name).shape, spec.object(name).size_m) for part, name in each.items()}
        cue = EventCue(before.duration_s, extents, towards_rad, away_rad, difficulty=scene.levels.amplitude)
        drawn.append(type(before).sample(np.random.default_rng(0), cue))
    fitted = replace(before, **(_adapted(before, *drawn) | {"heading_rad": heading_rad}))
    return record(fitted, event.start_s, cast)


def _require_same_places(spec: SceneSpec, old: EventSpec, new: EventSpec, tolerance_m: float = 0.02) -> None:
    """Raise Rejected unless the new event has its cast stand to one another as they stand now."""
    names = list(new.cast.values())
    now, then = (_apart_m(each, names) for each in (old, new))
    if np.max(np.abs(now - then)) > tolerance_m:
        raise Rejected("staging", "the roles cannot be exchanged on the spot")


def _apart_m(event: EventSpec, names: Sequence[str]) -> np.ndarray:
    """``(name, 2)``: where objects stand over the ground, from the first of them."""
    made = event_of(event)
    by_name: dict[str, Vector] = {name: made.places()[part] for part, name in event.cast.items()}
    places = np.array([by_name[name][:2] for name in names])
    across, along = math.sin(made.heading_rad), math.cos(made.heading_rad)
    return (places - places[0]) @ np.array([[along, across], [-across, along]])
