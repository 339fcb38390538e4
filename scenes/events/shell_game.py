"""Shell game: one of three cups is put over something, and then the cups change places, with what is under it."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes import geometry
from scenes.events import tracks
from scenes.events.cover import SMALL, require_fit
from scenes.events.event import EVENTS, Event, EventCue

COVERING = 0.34  # of the time
PAUSE = 0.12  # of a swap, before it
PAIRS = ((0, 1), (1, 2), (0, 2))
CUPS = ("cup", "other_0", "other_1")


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class ShellGame(Event):
    """Three places in a row; ``swaps`` numbers the pairs of places whose cups change over, each on half of one circle.

    ``slots`` are the places of the cups to begin with; that of the covering cup is where the hidden stands, while the cup itself
    waits ``back_m`` to the left of it (seen along the heading).
    """

    roles = (*CUPS, "hidden")
    sentence = "{cup} is put over {hidden}, and then changes places with {other_0} and {other_1}"
    base, passive = "hide", "hidden by"
    shapes: ClassVar = {**dict.fromkeys(CUPS, ("cup",)), "hidden": SMALL}
    bulk: ClassVar = {**dict.fromkeys(CUPS, 1.25), "hidden": 0.5}
    seconds = (4.2, 6.0)
    hides = roles
    interchangeable = ("other_0", "other_1")
    crossways = True

    spacing_m: float
    back_m: float
    lift_m: float
    slots: tuple[int, ...]
    swaps: tuple[int, ...]
    senses: tuple[int, ...]

    @classmethod
    def sample(cls, rng, cue: EventCue):
        cups = [cue.extent_m[role] for role in CUPS]
        require_fit(cups[0], cue.extent_m["hidden"])
        width_m = max(cup[0] for cup in cups)
        slots = tuple(int(slot) for slot in rng.permutation(3))
        swaps = _draw_swaps(rng, slots[0], 2 + int(cue.duration_s > 5.0))
        return cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            spacing_m=width_m + rng.uniform(0.08, 0.2),
            back_m=math.copysign(width_m + rng.uniform(0.15, 0.3), math.sin(cue.away_rad - cue.heading_rad)),
            lift_m=cue.extent_m["hidden"][2] + rng.uniform(0.12, 0.25),
            slots=slots,
            swaps=swaps,
            senses=tuple(int(sense) for sense in rng.choice([-1, 1], len(swaps))),
        )

    def places(self):
        at = {role: ((slot - 1) * self.spacing_m, 0.0, 0.0) for role, slot in zip(CUPS, self.slots, strict=True)}
        x = at["cup"][0]
        return at | {"cup": (x, self.back_m, 0.0), "hidden": (x, 0.0, 0.0)}

    def local_poses(self, t_s):
        ways = self._ways(t_s)
        across, z = tracks.lift_over(t_s / (COVERING * self.duration_s), self.back_m, self.lift_m, 0.0)
        x, y = ways["cup"].T
        moved = {role: tracks.pose(t_s, *ways[role].T) for role in CUPS[1:]}
        return moved | {"cup": tracks.pose(t_s, x, y - across, z), "hidden": tracks.pose(t_s, x, y)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        holds = measured.inside(3, 0)
        hidden = measured.gap_m(0, 3)[0] > 0.03 and holds[-1] and not any(measured.inside(3, other).any() for other in (1, 2))
        moved = measured.level(3) and measured.travel_m(3) > 0.3 and measured.travel_m(1) + measured.travel_m(2) > 0.3
        begun = int(np.argmax(measured.active(3)))
        return bool(hidden and moved and holds[begun:].all())

    def _ways(self, t_s):
        """``(frame, 2)`` for each cup: how far it is from its place in the row."""
        slot = dict(zip(CUPS, self.slots, strict=True))
        ways = {role: np.zeros((len(t_s), 2)) for role in CUPS}
        for k, (pair, sense) in enumerate(zip(self.swaps, self.senses, strict=True)):
            low, high = PAIRS[pair]
            angle = sense * np.pi * self._swapped(t_s, k)
            radius = (high - low) * self.spacing_m / 2
            step = np.stack([radius * (1 - np.cos(angle)), -radius * np.sin(angle)], axis=1)
            for role in CUPS:
                if slot[role] in (low, high):
                    ways[role] = ways[role] + (step if slot[role] == low else -step)
                    slot[role] = low + high - slot[role]
        return ways

    def _swapped(self, t_s, k):
        """Progress of the k-th swap."""
        each_s = (1 - COVERING) * self.duration_s / len(self.swaps)
        start_s = COVERING * self.duration_s + (k + PAUSE) * each_s
        return geometry.ease((t_s - start_s) / ((1 - PAUSE) * each_s))


def _draw_swaps(rng: np.random.Generator, slot: int, count: int) -> tuple[int, ...]:
    """Pairs of places, never the same twice running, the first with the covering cup, the last so that all cups have moved."""
    firsts = [k for k, pair in enumerate(PAIRS) if slot in pair]
    swaps = [int(rng.choice(firsts))]
    while len(swaps) < count:
        swaps.append(int(rng.choice([k for k in range(3) if k != swaps[-1]])))
    return tuple(swaps)
