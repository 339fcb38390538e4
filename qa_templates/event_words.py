"""Events in answer keys and words: the ground that the questions about events stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from scenes.events.event import EVENTS, Event, EventCue
from scenes.script import Beat, SceneOptions
from scenes.types import require

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
    cue = EventCue(duration_s=float(np.mean(kind.seconds)), extent_m=dict.fromkeys(kind.roles, (0.6, 0.6, 0.6)))
    event = kind.sample(np.random.default_rng(0), cue)
    joined = any(contact.start_s <= 0 for contact in event.contacts())
    return not joined and all(place[2] == 0 for place in event.places().values())
