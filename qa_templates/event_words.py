"""Events in answer keys and words: the ground that the questions about events stand on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from qa_templates.observation import EventPerformance, subsets
from scenes.events.event import EVENTS, Event, EventCue
from scenes.rejection import Rejected
from scenes.relations import Relations
from scenes.script import Beat, SceneOptions
from scenes.types import Trajectories, require

ROOM_OF_PAIR_M = (1.65, 0.8)  # ahead and aside from between them, of two objects of half a metre
ON_THE_SPOT = ("bounce", "flip", "pulse", "shake", "spin")
BLUNT = ("crate", "cube", "cylinder", "drum")  # shapes that any object of most events may have


def open_events(scene: SceneOptions, least: int = 1, *, directed: bool = False) -> tuple[str, ...]:
    """Events of two blunt objects that start apart on the floor: no first frame tells which it is, nor who does it to whom.

    Args:
        directed: without those in which both do the same.

    Raises:
        ValueError: the scene options allow fewer than ``least`` of them.
    """
    chosen = tuple(name for name in scene.event_names() if _is_open(EVENTS[name]) and not (directed and EVENTS[name].symmetric))
    require(len(chosen) >= least, "scene.events", list(scene.events), f"at least {least} of two blunt objects, or none for all")
    return chosen


def pair_events(scene: SceneOptions) -> tuple[str, ...]:
    """Directed open events for which two pairs have room beside each other, so that none but the event tells who takes part.

    Raises:
        ValueError: the scene options allow none of them.
    """
    chosen = tuple(name for name in open_events(scene, directed=True) if _is_compact(EVENTS[name]))
    require(bool(chosen), "scene.events", list(scene.events), "one of two blunt objects that needs little room, or none for all")
    return chosen


def may_stand_together(one: str, other: str) -> bool:
    """Whether an event may be offered where another one is the answer: not what is also true, or half true."""
    return one not in EVENTS[other].implies and other not in EVENTS[one].implies


@lru_cache
def event_sets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Sets of four events, no two of which are true of the same; each event lies in equally many.

    The sets that remain when those with two true options are left out hold some events more often than others. They are dealt
    one after another, those first whose events were dealt least and may stand with fewest, for as long as it comes out even.
    """
    alone = {name: sum(not may_stand_together(name, other) for other in names) for name in names}
    left = [each for each in subsets(names) if all(may_stand_together(*pair) for pair in itertools.combinations(each, 2))]
    dealt: list[tuple[str, ...]] = []
    counts, even = dict.fromkeys(names, 0), 0
    while left:
        dealt.append(min(left, key=lambda each: (max(counts[k] for k in each), sum(counts[k] - alone[k] / 100 for k in each), each)))
        left.remove(dealt[-1])
        for name in dealt[-1]:
            counts[name] += 1
        even = len(dealt) if len(set(counts.values())) == 1 else even
    return dealt[:even]


def require_only(paths: Trajectories, found: EventPerformance, names: Sequence[str]) -> None:
    """Raise Rejected when two others of some objects make the same event by chance, or one of the cast with another one."""
    for pair in itertools.permutations(names, 2):
        measured = Relations.of(paths, pair, found.first, found.last)
        if set(pair) != set(found.cast) and EVENTS[found.event].matches(measured):
            raise Rejected("question", "others do the same by chance")


def bystanding(scene: SceneOptions) -> tuple[Beat, ...]:
    """What an object may do beside an event, none where nothing fits: on the spot, as one that goes about may pass another."""
    return tuple(Beat(name) for name in ON_THE_SPOT if name in scene.motion_names())


def aside(beats: Sequence[Beat], rng: np.random.Generator) -> tuple[Beat, ...]:
    """One of the things to do beside an event."""
    return (beats[int(rng.integers(len(beats)))],) if beats else ()


def sentence(event: str, cast: Sequence[str]) -> str:
    """What happens, with the cast in the order of the event's roles: "the red cube pushes the blue cone"."""
    kind = EVENTS[event]
    return kind.sentence.format(**dict(zip(kind.roles, cast, strict=True)))


def the(slots: Mapping[str, Any], *keys: str) -> list[str]:
    """The names in some slots with their article."""
    return [f"the {slots[key]}" for key in keys]


@lru_cache
def _is_open(kind: type[Event]) -> bool:
    if len(kind.roles) != 2 or kind.buries or any(not set(BLUNT) <= set(shapes) for shapes in kind.shapes.values() if shapes):
        return False
    event = _usual(kind, 0.6)
    joined = any(contact.start_s <= 0 for contact in event.contacts())
    return not joined and all(place[2] == 0 for place in event.places().values())


@lru_cache
def _is_compact(kind: type[Event]) -> bool:
    event = _usual(kind, 0.5)
    places = event.places()
    middle = np.mean([places[role] for role in kind.roles], axis=0)
    moved = event.local_poses(np.linspace(0.0, event.duration_s, 40))
    ways_m = np.array([np.asarray(places[role]) - middle + moved[role].position_m for role in kind.roles])
    return bool(np.all(np.abs(ways_m[..., :2]).max(axis=(0, 1)) < ROOM_OF_PAIR_M))


def _usual(kind: type[Event], size_m: float) -> Event:
    """An event as it is drawn for cubes of a size."""
    cue = EventCue(duration_s=float(np.mean(kind.seconds)), extent_m=dict.fromkeys(kind.roles, (size_m,) * 3))
    return kind.sample(np.random.default_rng(0), cue)
