"""What events in which avatars pass something on have in common: who stands where, the way of the item, and hands that go with it.

The item is held before the chest, taken to where it is let go, flies on a parabola (or is held by both for a moment), and is taken
to the other chest. While someone holds it, arms are bent so that both palms are on it: contact is exact.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scenes import geometry
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.gait import Stride
from scenes.avatars.grasp import palm_thickness, palms, put_palms
from scenes.avatars.hold import LEFT, RIGHT, Hold, posture
from scenes.avatars.keys import bump
from scenes.avatars.skeleton import limb_poses
from scenes.events import tracks
from scenes.events.event import Contact, Event, EventCue
from scenes.geometry import Array, ease
from scenes.rejection import Rejected
from scenes.types import Vector

GRAVITY_M_S2 = 9.81
SWING_S, SETTLE_S = 0.42, 0.38  # from the chest to where the item is let go, and from where it is caught to the chest
RAISE_S, LOWER_S, OPEN_S = 0.5, 0.55, 0.14  # to raise hands before a catch, to lower them after a throw, to open them
FOLLOW_S = 0.025  # hands stop after a throw, and start before a catch, with this time constant
LOOKS_RAD = 1.0  # how far from the camera avatars may look away at first
CARRIED = -0.17  # over the shoulders, of the middle of what is held before the chest, in heights of the body
LIFT = 0.09  # how high feet swing in a turn, in leg lengths
BEATS_RAD = 0.55  # of a turn, for one step


@dataclass(frozen=True)
class Person:
    """One of the cast. Lengths in metres and angles in radians, in the event's frame.

    Args:
        avatar: the kind of body. height_m: its standing height.
        x_m, y_m: where it stands.
        first_rad: the way it faces at first. then_rad: the way it turns to.
    """

    avatar: str
    height_m: float
    x_m: float
    y_m: float
    first_rad: float
    then_rad: float

    @property
    def size(self) -> Proportions:
        return AVATARS[self.avatar].proportions

    @property
    def at_m(self) -> Array:
        """``(3,)`` on the floor."""
        return np.array([self.x_m, self.y_m, 0.0])

    @property
    def turn_rad(self) -> float:
        """The shorter way round."""
        return math.remainder(self.then_rad - self.first_rad, math.tau)

    def before(self, ahead: float, over_shoulders: float, more_m: float, facing_rad: Array | float) -> Array:
        """``(frame, 3)`` or ``(3,)``: ahead of the body and above its shoulders, in heights of the body, ``more_m`` further ahead."""
        out_m = ahead * self.height_m + more_m
        height_m = (self.size.leg + self.size.torso + over_shoulders) * self.height_m
        offset = np.stack(np.broadcast_arrays(out_m * np.cos(facing_rad), out_m * np.sin(facing_rad), height_m), axis=-1)
        return np.asarray(self.at_m + offset)


@dataclass(frozen=True)
class Held:
    """Someone has the item from ``start_s`` to ``end_s``; infinite where it is so before or after the event.

    ``arrives`` and ``leaves`` are the velocities ``(3,)`` with which it is caught and let go.
    """

    who: int
    start_s: float
    end_s: float
    arrives: Array
    leaves: Array


@dataclass(frozen=True, kw_only=True)
class Handling(Event):
    """Avatars stand, turn to one another, and pass a ball on. All of the cast but the item are `avatars`, in that order.

    Args:
        people: the values of a `Person` for each of the avatars.
        radius_m: of the ball.
        flight_s: how long it is in the air each time.
    """

    item: ClassVar[str] = "ball"
    crossways = True
    turns_back: ClassVar[bool] = False  # whether the first of the cast looks at the end where it looked at first
    grip_behind: ClassVar[float] = 0.0  # how far behind the middle of the ball hands hold it, in its radii

    people: tuple[tuple[str, float, float, float, float, float], ...]
    radius_m: float
    flight_s: float

    @property
    def cast(self) -> list[Person]:
        return [Person(*each) for each in self.people]

    @property
    @abstractmethod
    def busy_s(self) -> float:
        """How long it all takes, but for turning."""

    @property
    def turning_s(self) -> float:
        """How long everyone takes to turn to the others."""
        return (self.duration_s - self.busy_s) / (2 if self.turns_back else 1)

    @abstractmethod
    def item_path_m(self, t_s: Array) -> Array:
        """``(frame, 3)``: the middle of the item."""

    @abstractmethod
    def holding(self) -> Sequence[Held]:
        """Who has the item when, in the order of time."""

    def places(self):
        start = self.item_path_m(np.zeros(1))[0]
        stand = {role: (each.x_m, each.y_m, 0.0) for role, each in zip(self.avatars, self.cast, strict=True)}
        return stand | {self.item: (float(start[0]), float(start[1]), float(start[2] - self.radius_m))}

    def facings(self):
        facing = {role: each.first_rad for role, each in zip(self.avatars, self.cast, strict=True)}
        return facing | {self.item: self.cast[0].first_rad}

    def local_poses(self, t_s):
        way = self.item_path_m(t_s) - self.item_path_m(np.zeros(1))
        turned = geometry.yaw(self.facing_rad(0, t_s) - self.cast[0].first_rad)
        return {self.item: tracks.pose(t_s, way[:, 0], way[:, 1], way[:, 2], turned)}

    def contacts(self):
        stretches = [(each, max(each.start_s, 0.0), min(each.end_s, self.duration_s)) for each in self.holding()]
        return tuple(Contact((self.avatars[each.who], self.item), start, end) for each, start, end in stretches)

    def hold(self, role, t_s):
        return self._hold(self.avatars.index(role), t_s)

    def facing_rad(self, who: int, t_s: Array) -> Array:
        """``(frame,)``: which way one of the cast faces."""
        person = self.cast[who]
        there, back = (stride.progress(t) for stride, t in self._strides(who, t_s))
        return person.first_rad + person.turn_rad * (there - back)

    def carried_m(self, who: int, t_s: Array | float) -> Array:
        """``(frame, 3)``: the middle of the item that one of the cast holds before the chest."""
        return self.cast[who].before(0.085, CARRIED, self.radius_m, self.facing_rad(who, np.asarray(t_s)))

    def palms_m(self, who: int, t_s: Array) -> Array:
        """``(frame, 2, 3)``: where the palms of one of the cast are when they are on the item, or wait for it."""
        person, facing_rad = self.cast[who], self.facing_rad(who, t_s)
        middle_m, open_share = self._reached_for(who, t_s)
        ahead = np.stack([np.cos(facing_rad), np.sin(facing_rad), np.zeros(len(t_s))], axis=1)
        leftward = np.stack([-ahead[:, 1], ahead[:, 0], ahead[:, 2]], axis=1)
        on_it_m = self.radius_m * math.sqrt(1 - self.grip_behind**2) + palm_thickness(person.size) * person.height_m
        aside_m = (on_it_m + 0.05 * person.height_m * open_share)[:, None]
        middle_m = middle_m - self.grip_behind * self.radius_m * ahead
        return np.stack([middle_m + aside_m * leftward, middle_m - aside_m * leftward], axis=1)

    def _strides(self, who: int, t_s: Array) -> list[tuple[Stride, Array]]:
        """The turn to the others, and the one back, which takes no time where there is none, with the times within each."""
        person, turning_s = self.cast[who], self.turning_s
        steps = max(3, 1 + round(abs(person.turn_rad) / BEATS_RAD))
        there, back = (
            Stride(turning_s, steps, (0.0, 0.0, sign * person.turn_rad), LIFT, LEFT if sign * person.turn_rad > 0 else RIGHT)
            for sign in (1, -1)
        )
        returns_s = self.duration_s - turning_s if self.turns_back and who == 0 else math.inf
        return [(there, np.clip(t_s, 0.0, turning_s)), (back, np.clip(np.asarray(t_s) - returns_s, 0.0, turning_s))]

    def _hold(self, who: int, t_s: Array) -> Hold:
        person = self.cast[who]
        hold = posture("standing", len(t_s))
        for stride, t in self._strides(who, t_s):
            stepped, still = stride.hold(t), posture("standing", len(t_s))
            for name in ("hips", "turn", "feet", "foot_turn"):
                getattr(hold, name)[:] += getattr(stepped, name) - getattr(still, name)
        share = self._hands_share(who, t_s)
        if share.any():
            self._lean(hold, who, t_s)
            turn = geometry.yaw(-person.first_rad)
            targets = turn.apply((self.palms_m(who, t_s) - person.at_m).reshape(-1, 3)).reshape(-1, 2, 3) / person.height_m
            put_palms(hold, person.size, targets, share)
        return hold

    def _lean(self, hold: Hold, who: int, t_s: Array) -> None:
        """Knees give and the trunk goes along when the item is let go or caught, in place."""
        for each in self.holding():
            for moment_s in (each.start_s, each.end_s):
                if each.who == who and math.isfinite(moment_s):
                    near = bump(t_s, moment_s - SWING_S, moment_s + SETTLE_S)
                    hold.hips[:, 2] -= 0.035 * near
                    hold.spine[:, 1] += 0.1 * near

    def _mine(self, who: int) -> list[Held]:
        return [each for each in self.holding() if each.who == who]

    def _hands_share(self, who: int, t_s: Array) -> Array:
        """``(frame,)``: how far the arms have been raised to the item."""
        share = np.zeros(len(t_s))
        for each in self._mine(who):
            raised = ease((t_s - each.start_s + RAISE_S + OPEN_S) / RAISE_S) if math.isfinite(each.start_s) else 1.0
            lowered = ease((t_s - each.end_s - OPEN_S) / LOWER_S) if math.isfinite(each.end_s) else 0.0
            share = np.maximum(share, raised * (1.0 - lowered))
        return share

    def _reached_for(self, who: int, t_s: Array) -> tuple[Array, Array]:
        """``(frame, 3)`` and ``(frame,)``: the middle between the hands, and how far they are open."""
        middle_m = self.item_path_m(t_s)
        open_share = np.ones(len(t_s))
        mine = self._mine(who)
        for before, after in zip([None, *mine], [*mine, None], strict=True):
            since_s = t_s - before.end_s if before else np.full(len(t_s), np.inf)
            until_s = after.start_s - t_s if after else np.full(len(t_s), np.inf)
            waiting = (since_s > 0) & (until_s > 0)
            if waiting.any():
                middle_m[waiting] = self._waiting_m(before, after, since_s[waiting], until_s[waiting])
            open_share = np.where(waiting, ease(np.minimum(since_s, until_s) / OPEN_S), open_share)
        for each in mine:
            open_share = np.where((t_s >= each.start_s) & (t_s <= each.end_s), 0.0, open_share)
        return middle_m, open_share

    def _waiting_m(self, before: Held | None, after: Held | None, since_s: Array, until_s: Array) -> Array:
        """``(frame, 3)``: between the hands of one who has let the item go, or is about to get it."""
        places = []
        if before:
            follows = FOLLOW_S * (1 - np.exp(-since_s / FOLLOW_S)) * (1 - ease(since_s / LOWER_S))
            places.append(self.item_path_m(np.array([before.end_s])) + np.outer(follows, before.leaves))
        if after:
            meets = FOLLOW_S * (1 - np.exp(-until_s / FOLLOW_S)) * (1 - ease(until_s / RAISE_S))
            places.append(self.item_path_m(np.array([after.start_s])) - np.outer(meets, after.arrives))
        if len(places) == 1:
            return places[0]
        share = ease(since_s / (since_s + until_s))[:, None]
        return np.asarray(places[0] * (1 - share) + places[1] * share)

    def require_reach(self) -> None:
        """Raise Rejected when hands do not reach the item all the time that they hold it."""
        t_s = np.linspace(0.0, self.duration_s, 60)
        for who, person in enumerate(self.cast):
            mine = np.zeros(len(t_s), bool)
            for each in self._mine(who):
                mine |= (t_s >= each.start_s) & (t_s <= each.end_s)
            if mine.any():
                turn = geometry.yaw(person.first_rad)
                got = palms(limb_poses(self._hold(who, t_s[mine]), person.size, person.height_m), person.size, person.height_m)
                got = turn.apply(got.reshape(-1, 3)).reshape(-1, 2, 3) + person.at_m
                if np.abs(got - self.palms_m(who, t_s[mine])).max() > 2e-3:
                    raise Rejected("staging", "the ball is too large for the arms")


def looks_rad(rng: np.random.Generator, cue: EventCue, number: int) -> list[float]:
    """Ways to face that are drawn about the camera, in the event's frame."""
    camera_rad = cue.away_rad + math.pi - cue.heading_rad
    return [math.remainder(camera_rad + rng.uniform(-LOOKS_RAD, LOOKS_RAD), math.tau) for _ in range(number)]


def thrown(start_m: Array, end_m: Array, flight_s: float, t_s: Array) -> Array:
    """``(frame, 3)``: on the parabola from one point to another, at times since it was let go."""
    velocity = throwing(start_m, end_m, flight_s)
    return np.asarray(start_m + np.outer(t_s, velocity) - np.outer(t_s**2, (0.0, 0.0, GRAVITY_M_S2 / 2)))


def throwing(start_m: Array, end_m: Array, flight_s: float) -> Array:
    """``(3,)``: the velocity with which it is let go."""
    return np.asarray((end_m - start_m) / flight_s + (0.0, 0.0, GRAVITY_M_S2 * flight_s / 2))


def catching(start_m: Array, end_m: Array, flight_s: float) -> Array:
    """``(3,)``: the velocity with which it is caught."""
    return throwing(start_m, end_m, flight_s) - (0.0, 0.0, GRAVITY_M_S2 * flight_s)


def swung(start_m: Array, end_m: Array, velocity: Array, duration_s: float, t_s: Array) -> Array:
    """``(frame, 3)``: from rest to a point that is passed with a velocity (a cubic), which goes back a little first where it is fast."""
    u = np.clip(t_s / duration_s, 0.0, 1.0)[:, None]
    return np.asarray(start_m + (end_m - start_m) * u**2 * (3 - 2 * u) + velocity * duration_s * u**2 * (u - 1))


def standing(role_rows: Sequence[tuple[tuple[str, float], Vector | tuple[float, float], float, float]]) -> tuple[tuple, ...]:
    """`Handling.people` from bodies, places and facings, rounded as they are recorded."""
    return tuple(
        (kind, float(height_m), *(round(float(value), 6) for value in (place[0], place[1], first_rad, then_rad)))
        for (kind, height_m), place, first_rad, then_rad in role_rows
    )
