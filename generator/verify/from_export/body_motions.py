"""What the words for what avatars do mean, told by where hands, feet and face are: `wave` is a hand that goes to and fro over the shoulder.

Each meaning reads one act of a body, from rest to rest, and says whether the word fits it, with which side or which way, and how
often. They were written from the words; none of them looks at how the motion is made. A package that adds an avatar motion
adds its meaning with ``@meaning("name")`` in a module under the entry-point group ``motionfoundry.export_rules``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import SupportsFloat

import numpy as np

from generator.verify.from_export.body_measures import LEFT, RIGHT, Act
from scenes.geometry import Array

SIDES = (LEFT, RIGHT)
FULL_TURN = 2 * np.pi
STANDING = 0.75  # legs from hips to floor of a body that stands, at least
GONE = 0.35  # legs that a body gets away on foot, at least
OFF_FLOOR = 0.03  # legs: a foot that is higher does not touch it


@dataclass(frozen=True)
class Seen:
    """A motion that was recognised. ``sense`` is +1 to or with its left (forward), −1 to or with its right, 0 where there is none."""

    sense: int = 0
    times: int = 1
    figures: Mapping[str, float] = field(default_factory=dict)


Meaning = Callable[[Act], Seen | None]
MEANINGS: dict[str, Meaning] = {}


def meaning(name: str) -> Callable[[Meaning], Meaning]:
    """Decorator: what the avatar motion of that name looks like."""

    def register(test: Meaning) -> Meaning:
        MEANINGS[name] = test
        return test

    return register


def seen_as(name: str, act: Act) -> Seen | None:
    """What is seen of a motion in an act; None where it is something else. Raises KeyError for a motion without a meaning."""
    return MEANINGS[name](act)


# -- what several meanings share --------------------------------------------------------------------------------------


def _seen(fits: object, sense: int = 0, times: int = 1, **figures: SupportsFloat) -> Seen | None:
    """Nothing where the word does not fit, or fits no time."""
    return Seen(sense, times, {name: round(float(value), 3) for name, value in figures.items()}) if fits and times else None


def _of(side: int) -> int:
    """The sense of a side."""
    return 1 if side == LEFT else -1


def _middle(values: Array) -> Array:
    """The middle third, where a gesture that is kept is kept."""
    third = len(values) // 3
    return values[third : len(values) - third]


def _span(values: Array) -> float:
    """From lowest to highest of ``(frame,)``; of several, the widest."""
    return float(np.ptp(values, axis=0).max())


def _kept(values: Array) -> bool:
    return _span(_middle(values)) < 0.1


def _peaks(signal: Array, least: float) -> int:
    """How often ``(frame,)`` rises by ``least`` and falls by as much again; ripples on a top count for nothing."""
    count, rising, turning = 0, False, float(signal[0])
    for value in map(float, signal):
        if rising == (value > turning):
            turning = value
        elif abs(value - turning) >= least:
            count, rising, turning = count + rising, not rising, value
    return count


def _in_place(act: Act) -> bool:
    """Neither feet nor hips go anywhere."""
    return _feet_stay(act) and _span(act.hips) < 0.1


def _feet_stay(act: Act) -> bool:
    return _span(act.feet) < 0.08


def _quiet_trunk(act: Act) -> bool:
    return _span(act.trunk_rad) < 0.12


def _only_head(act: Act) -> bool:
    return _in_place(act) and _quiet_trunk(act) and not any(_busy_arms(act))


def _busy_arms(act: Act) -> list[bool]:
    """Of each arm whether its hand goes elsewhere than the body takes it."""
    return [act.body.legs == 2 and _span(act.hands[:, side]) > 0.12 for side in SIDES]


def _both_arms(act: Act) -> bool:
    """Whether both arms do something, of a body that stays in place."""
    return all(_busy_arms(act)) and _in_place(act)


def _only_arm(act: Act) -> int | None:
    """The side of the only arm that does something, of a body that stays in place."""
    left, right = _busy_arms(act)
    return None if left == right or not _in_place(act) else LEFT if left else RIGHT


# -- one arm ----------------------------------------------------------------------------------------------------------


@meaning("raise_hand")
def _raise_hand(act: Act) -> Seen | None:
    """One straight arm is up over the shoulder for a while."""
    side = _only_arm(act)
    if side is None:
        return None
    up, bend_rad = _middle(act.hands[:, side, 2]).min(), _middle(act.elbow_rad[:, side]).max()
    return _seen(up > 0.75 and bend_rad < 0.6 and _kept(act.hands[:, side]), _of(side), hand_up_arms=up)


@meaning("point")
def _point(act: Act) -> Seen | None:
    """One straight arm is level for a while."""
    side = _only_arm(act)
    if side is None:
        return None
    slope, bend_rad = np.abs(_middle(act.hands[:, side, 2])).max(), _middle(act.elbow_rad[:, side]).max()
    return _seen(slope < 0.4 and bend_rad < 0.5 and _kept(act.hands[:, side]), _of(side), hand_off_level_arms=slope)


@meaning("salute")
def _salute(act: Act) -> Seen | None:
    """One hand is at the brow for a while: over the shoulder, the elbow out and sharply bent."""
    side = _only_arm(act)
    if side is None:
        return None
    up, bend_rad = _middle(act.hands[:, side, 2]).min(), _middle(act.elbow_rad[:, side]).min()
    at_brow = up > 0.1 and bend_rad > 1.4 and _middle(act.upper_arms[:, side, 1]).min() > 0.5
    return _seen(at_brow and _kept(act.hands[:, side]), _of(side), hand_up_arms=up, elbow_rad=bend_rad)


@meaning("wave")
def _wave(act: Act) -> Seen | None:
    """One hand goes outward and back over the shoulder."""
    side = _only_arm(act)
    if side is None or _middle(act.hands[:, side, 2]).min() < 0.1 or _kept(act.hands[:, side]):
        return None
    raised = act.forearms[act.hands[:, side, 2] > 0.1, side]
    swing_rad = np.arctan2(raised[:, 1], raised[:, 2])
    return _seen(act.hands[:, side, 0].min() > -0.3, _of(side), _peaks(swing_rad, 0.35), swing_rad=_span(swing_rad))


@meaning("throw")
def _throw(act: Act) -> Seen | None:
    """A hand goes back over the shoulder, then ahead; the other one stays low."""
    if act.body.legs != 2 or not _in_place(act):
        return None
    side = int(np.argmin(act.hands[:, :, 0].min(axis=0)))
    back, up = act.hands[:, side, 0], act.hands[:, side, 2]
    wound_up = int(np.argmin(np.where(up > 0.15, back, np.inf)))
    ahead = back[wound_up:].max()
    throws = up[wound_up] > 0.15 and back[wound_up] < -0.05 and ahead > 0.55 and _peaks(up, 0.5) == 1
    low = act.hands[:, 1 - side, 2].max() < 0.3
    return _seen(throws and low, _of(side), hand_back_arms=-back[wound_up], hand_ahead_arms=ahead)


@meaning("punch")
def _punch(act: Act) -> Seen | None:
    """One fist shoots ahead at a stretch of the arm and comes back to a bent elbow; the other one stays close, bent."""
    if not _both_arms(act):
        return None
    ahead = act.hands[:, :, 0]
    side = int(np.argmax(ahead.max(axis=0)))
    hit = int(np.argmax(ahead[:, side]))
    guards = _middle(act.elbow_rad[:, 1 - side]).min() > 1.6 and _middle(ahead).min() > 0.1
    shoots = ahead[hit, side] > 0.8 and act.elbow_rad[:, side].min() < 0.6 and abs(act.hands[hit, side, 2]) < 0.4
    return _seen(guards and shoots, _of(side), _peaks(ahead[:, side], 0.3), fist_ahead_arms=ahead[hit, side])


# -- both arms --------------------------------------------------------------------------------------------------------


@meaning("drum")
def _drum(act: Act) -> Seen | None:
    """Both fists are before the body, one up while the other is down, again and again."""
    hands = _middle(act.hands)
    if not _both_arms(act) or hands[..., 0].min() < 0.15 or _kept(act.hands):
        return None
    together = np.corrcoef(hands[..., 2].T)[0, 1]
    beats = min(_peaks(act.hands[:, side, 2], 0.15) for side in SIDES)
    return _seen(together < -0.6 and beats >= 2, beats=beats, left_with_right=together)


@meaning("clap")
def _clap(act: Act) -> Seen | None:
    """The hands meet before the chest and part again."""
    apart = act.hands_apart
    alike = _span(act.hands[:, LEFT] - act.hands[:, RIGHT]) < 0.2
    meet = apart.min() < 0.25 and _middle(act.hands[..., 0]).min() > 0.25
    times = _peaks(-np.minimum(apart, apart.min() + 0.3), 0.15)
    return _seen(_both_arms(act) and alike and meet, 0, times, closest_arms=apart.min())


@meaning("cross_arms")
def _cross_arms(act: Act) -> Seen | None:
    """Each hand is kept on the other side of the chest, before it."""
    hands = _middle(act.hands)
    across = -hands[..., 1].max()
    return _seen(_both_arms(act) and _kept(act.hands) and across > 0.15 and hands[..., 0].min() > 0.05, across_arms=across)


@meaning("hands_on_hips")
def _hands_on_hips(act: Act) -> Seen | None:
    """Both hands are kept close to the hips, the elbows out and bent."""
    far, out = _middle(act.hands_to_hips).max(), _middle(act.upper_arms[..., 1]).min()
    bent = _middle(act.elbow_rad).min() > 0.9
    return _seen(_both_arms(act) and _kept(act.hands) and far < 0.45 and out > 0.45 and bent, hand_to_hip_legs=far)


@meaning("shrug")
def _shrug(act: Act) -> Seen | None:
    """The upper arms are kept down, the forearms apart and open, below the shoulders."""
    hands, fore = _middle(act.hands), _middle(act.forearms)
    out = hands[..., 1].min()
    open_ = out > 0.3 and fore[..., 1].min() > 0.4 and fore[..., 2].min() > 0.0
    low = hands[..., 2].max() < 0.1 and _middle(act.upper_arms[..., 2]).max() < -0.5
    return _seen(_both_arms(act) and _kept(act.hands) and open_ and low, hands_out_arms=out)


@meaning("flap")
def _flap(act: Act) -> Seen | None:
    """Both arms, out to the sides, go up and down together."""
    ahead, out, up = np.moveaxis(act.hands, -1, 0)
    wings = out.max(axis=0).min() > 0.7 and np.abs(ahead).max() < 0.45 and up.max() < 0.8
    together = _span(up[:, LEFT] - up[:, RIGHT]) < 0.2
    return _seen(_both_arms(act) and wings and together, 0, _peaks(up.mean(axis=1), 0.25), beat_arms=_span(up))


@meaning("raise_arms")
def _raise_arms(act: Act) -> Seen | None:
    """Both arms go up over the head, past the front, and down again."""
    up, ahead = act.hands[..., 2].min(axis=1), act.hands[..., 0]
    front = ahead.max(axis=0).min() > 0.6 and ahead.min() > -0.4
    return _seen(_both_arms(act) and _quiet_trunk(act) and front and up.max() > 0.55, 0, _peaks(up, 0.7), hands_up_arms=up.max())


@meaning("stretch")
def _stretch(act: Act) -> Seen | None:
    """Both hands are kept over the head while the trunk leans back."""
    up, back_rad = _middle(act.hands[..., 2]).min(), -_middle(act.trunk_rad[:, 0]).max()
    return _seen(_both_arms(act) and up > 0.5 and back_rad > 0.06, hands_up_arms=up, back_rad=back_rad)


@meaning("arm_circles")
def _arm_circles(act: Act) -> Seen | None:
    """Both arms go all the way round: forwards is up behind the body and down before it."""
    angle_rad = np.unwrap(np.arctan2(act.upper_arms[..., 0], -act.upper_arms[..., 2]), axis=0)
    left, right = (angle_rad[0] - angle_rad[-1]) / FULL_TURN
    around = min(abs(left), abs(right)) > 0.8 and left * right > 0 and min(act.hands[..., 0].max(), act.hands[..., 2].max()) > 0.5
    rounds = abs(left + right) / 2
    return _seen(_both_arms(act) and around, 1 if left > 0 else -1, round(rounds), rounds=rounds)


# -- head and trunk ---------------------------------------------------------------------------------------------------


@meaning("nod")
def _nod(act: Act) -> Seen | None:
    """The face goes down and up, and nothing else."""
    turn, down, tilt = act.gaze_rad.T
    straight = max(_span(turn), _span(tilt)) < 0.15
    return _seen(_only_head(act) and straight and _span(down) > 0.25, 0, _peaks(down, 0.22), nod_rad=_span(down))


@meaning("shake_head")
def _shake_head(act: Act) -> Seen | None:
    """The face turns a little to one side and as much to the other, and nothing else moves."""
    turn = act.looks_rad
    both = min(turn.max(), -turn.min())
    shakes = _only_head(act) and 0.25 < both < 0.85 and _span(act.gaze_rad[:, 1]) < 0.15
    return _seen(shakes, 0, _peaks(turn, 0.3), to_either_side_rad=both)


@meaning("look_around")
def _look_around(act: Act) -> Seen | None:
    """The face turns far to one side, then far to the other."""
    both = min(act.looks_rad.max(), -act.looks_rad.min())
    return _seen(_in_place(act) and not any(_busy_arms(act)) and both > 0.9, to_either_side_rad=both)


@meaning("look_aside")
def _look_aside(act: Act) -> Seen | None:
    """The face is kept turned to one side, and does not turn to the other."""
    sense = 1 if act.looks_rad.max() > -act.looks_rad.min() else -1
    aside = act.looks_rad * sense
    kept = _middle(aside).min() > 0.6 and aside.min() > -0.15 and _span(_middle(aside)) < 0.12
    return _seen(kept and _in_place(act) and not any(_busy_arms(act)), sense, aside_rad=aside.max())


@meaning("lean")
def _lean(act: Act) -> Seen | None:
    """The trunk is kept bent to one side; the arms hang."""
    ahead, left = act.trunk_rad.T
    sense = 1 if _middle(left).mean() > 0 else -1
    kept = (_middle(left) * sense).min() > 0.15 and _kept(left) and _span(ahead) < 0.15
    hang = act.body.legs == 2 and act.hands[..., 2].max() < -0.5
    return _seen(kept and hang and _feet_stay(act), sense, lean_rad=(left * sense).max())


@meaning("bow")
def _bow(act: Act) -> Seen | None:
    """The trunk goes down ahead and comes up, on feet that stay; hands do not go down to the feet."""
    ahead, left = act.trunk_rad.T
    least_rad = 0.45 if act.body.legs == 2 else 0.15
    bends = _span(ahead) > least_rad and ahead.min() > -0.1 and _span(left) < 0.12
    upright = _span(act.hips[:, 2]) < 0.08
    high = act.body.legs == 4 or (upright and act.hands_over_ankles.min() > 0.35 and act.hands[..., 2].max() < -0.5)
    return _seen(bends and high and _feet_stay(act), 0, _peaks(ahead, 0.6 * least_rad), bend_rad=_span(ahead))


@meaning("touch_toes")
def _touch_toes(act: Act) -> Seen | None:
    """The trunk bends far down on straight legs until the hands are at the feet."""
    ahead, low = act.trunk_rad[:, 0], act.hands_over_ankles.min(axis=0).max()
    touches = ahead.max() > 1.0 and low < 0.35 and act.knee_rad.max() < 0.9
    return _seen(act.body.legs == 2 and _feet_stay(act) and touches, 0, _peaks(ahead, 0.7), hands_over_ankles_legs=low)


@meaning("wag_tail")
def _wag_tail(act: Act) -> Seen | None:
    """The tail swings to both sides, and nothing else moves."""
    both = min(act.tail_rad.max(), -act.tail_rad.min())
    return _seen(act.body.legs == 4 and both > 0.12 and _only_head(act) and _span(act.gaze_rad) < 0.15, to_either_side_rad=both)


# -- on the feet ------------------------------------------------------------------------------------------------------


def _stands(act: Act) -> bool:
    """Whether it stands at first and at last."""
    return bool(min(act.hips[0, 2], act.hips[-1, 2]) > STANDING)


def _way(act: Act) -> tuple[float, float]:
    """Forward and to the left, in legs, in the end."""
    return float(act.hips[-1, 0]), float(act.hips[-1, 1])


def _on_its_way(act: Act) -> bool:
    """Gets somewhere on foot, and faces as it did."""
    return _stands(act) and max(map(abs, _way(act))) > GONE and abs(act.turned_rad[-1]) < 0.5


def _comes_back(act: Act) -> bool:
    """Stands in the end where it stood, and faces as it did."""
    return _stands(act) and max(map(abs, _way(act))) < 0.12 and abs(act.turned_rad[-1]) < 0.3


def _flights(act: Act) -> int:
    """How often no foot is on the floor."""
    off = np.r_[False, act.sole.min(axis=1) > OFF_FLOOR]
    return int(np.count_nonzero(off[1:] & ~off[:-1]))


@meaning("walk")
def _walk(act: Act) -> Seen | None:
    """It gets ahead or back, and is never off the floor."""
    ahead, left = _way(act)
    straight = abs(left) < 0.35 * abs(ahead)
    return _seen(_on_its_way(act) and straight and not _flights(act), 1 if ahead > 0 else -1, forward_legs=ahead)


@meaning("run")
def _run(act: Act) -> Seen | None:
    """It gets ahead, off the floor between its steps."""
    ahead, left = _way(act)
    return _seen(_on_its_way(act) and abs(left) < 0.35 * ahead and _flights(act) >= 2, forward_legs=ahead, flights=_flights(act))


@meaning("sidestep")
def _sidestep(act: Act) -> Seen | None:
    """It gets to one side."""
    ahead, left = _way(act)
    return _seen(_on_its_way(act) and abs(ahead) < 0.35 * abs(left), 1 if left > 0 else -1, leftward_legs=left)


@meaning("turn")
def _turn(act: Act) -> Seen | None:
    """It faces another way in the end, on the spot."""
    turned, on_spot = float(act.turned_rad[-1]), max(map(abs, _way(act))) < 0.2
    return _seen(_stands(act) and on_spot and 0.5 < abs(turned) < 0.75 * FULL_TURN, 1 if turned > 0 else -1, turned_rad=turned)


@meaning("spin_around")
def _spin_around(act: Act) -> Seen | None:
    """It turns all the way round on the spot."""
    turned, on_spot = float(act.turned_rad[-1]), max(map(abs, _way(act))) < 0.2
    return _seen(_stands(act) and on_spot and abs(turned) > 0.85 * FULL_TURN, 1 if turned > 0 else -1, turned_rad=turned)


@meaning("march")
def _march(act: Act) -> Seen | None:
    """One foot up, then the other, on the spot."""
    left, right = (_peaks(act.feet[:, side, 2], 0.15) for side in SIDES)
    in_turns = min(left, right) >= 2 and abs(left - right) <= 1 and not _flights(act)
    return _seen(in_turns and _comes_back(act) and _span(act.hips[:, 1]) < 0.18, steps=left + right)


def _lone_foot(act: Act) -> int | None:
    """The side of the only foot that leaves its place, of a body that comes back."""
    left, right = (_span(act.feet[:, side]) > 0.12 for side in SIDES)
    return None if left == right or not _comes_back(act) else LEFT if left else RIGHT


@meaning("knee_raise")
def _knee_raise(act: Act) -> Seen | None:
    """One knee comes up, bent, towards the height of the hips; the other foot stands."""
    side = _lone_foot(act)
    if side is None:
        return None
    top = int(np.argmin(act.knee_below_hips[:, side]))
    below, bend_rad = act.knee_below_hips[top, side], act.knee_rad[top, side]
    stays = _span(act.hips) < 0.15 and act.feet[:, side, 0].min() > -0.15
    return _seen(stays and below < 0.26 and bend_rad > 0.9, _of(side), _peaks(act.feet[:, side, 2], 0.2), knee_below_hips_legs=below)


@meaning("kick")
def _kick(act: Act) -> Seen | None:
    """One foot goes back, then far ahead with a straight knee; the other one stands."""
    side = _lone_foot(act)
    if side is None:
        return None
    ahead = act.feet[:, side, 0]
    front = int(np.argmax(ahead))
    kicks = ahead[front] > 0.5 and ahead.min() < -0.15 and act.knee_rad[front, side] < 0.8
    return _seen(kicks, _of(side), _peaks(ahead, 0.5), foot_ahead_legs=ahead[front])


@meaning("stomp")
def _stomp(act: Act) -> Seen | None:
    """One foot is lifted a little and comes down faster than it went up; the other one stands."""
    side = _lone_foot(act)
    if side is None:
        return None
    ahead, _, up = act.feet[:, side].T
    near = ahead.min() > -0.1 and ahead.max() < 0.32 and 0.1 < up.max() < 0.36
    slams = -np.diff(up).min() > 1.2 * np.diff(up).max()
    return _seen(near and slams, _of(side), _peaks(up, 0.09), foot_up_legs=up.max())


@meaning("lunge")
def _lunge(act: Act) -> Seen | None:
    """One foot steps far ahead, the hips go after it and down, and both come back."""
    ahead = act.feet[..., 0]
    side = int(np.argmax(ahead.max(axis=0)))
    front = int(np.argmax(ahead[:, side]))
    steps = ahead[front, side] > 0.45 and np.abs(ahead[:, 1 - side]).max() < 0.3 and act.feet[front, side, 2] < 0.15
    follows = act.hips[:, 0].max() > 0.15 and _span(act.hips[:, 2]) > 0.12
    return _seen(steps and follows and _comes_back(act), _of(side), _peaks(ahead[:, side], 0.3), foot_ahead_legs=ahead[front, side])


@meaning("squat")
def _squat(act: Act) -> Seen | None:
    """The hips go down between bent knees and come up, on feet that stay."""
    height, bend_rad = act.hips[:, 2], act.knee_rad.max(axis=0).min()
    sinks = act.body.legs == 2 and _span(height) > 0.14 and bend_rad > 0.8
    return _seen(sinks and _feet_stay(act) and _comes_back(act), 0, _peaks(-height, 0.1), down_legs=_span(height))


@meaning("jump")
def _jump(act: Act) -> Seen | None:
    """Both feet leave the floor together and come down where they were."""
    together = _span(act.feet[:, LEFT] - act.feet[:, RIGHT]) < 0.1
    rise = act.sole.min(axis=1)
    return _seen(together and _comes_back(act), 0, _peaks(rise, 0.06), sole_up_legs=rise.max())


@meaning("jumping_jack")
def _jumping_jack(act: Act) -> Seen | None:
    """The feet go apart while the arms go up over the sides, and back."""
    apart = act.feet[:, LEFT, 1] - act.feet[:, RIGHT, 1]
    _, out, up = act.hands.max(axis=0).min(axis=0)
    wide = act.body.legs == 2 and apart.max() > 0.25 and up > 0.4 and out > 0.6
    return _seen(wide and _comes_back(act), 0, _peaks(apart, 0.2), feet_apart_legs=apart.max())


@meaning("hop_on_one_leg")
def _hop_on_one_leg(act: Act) -> Seen | None:
    """One foot leaves the floor and comes back to it again and again, while the other one is kept up."""
    lowest = [_middle(act.feet[:, side, 2]).min() for side in SIDES]
    side = int(np.argmin(lowest))
    hops = act.body.legs == 2 and lowest[1 - side] > 0.12 and lowest[side] < 0.06
    return _seen(hops and _comes_back(act), _of(side), _peaks(act.sole[:, side], 0.05), other_foot_up_legs=lowest[1 - side])


@meaning("dance_step")
def _dance_step(act: Act) -> Seen | None:
    """Feet and hips go to one side and back, again and again."""
    aside = act.hips[:, 1]
    sways = act.body.legs == 2 and _span(aside) > 0.15 and min(_span(act.feet[:, side, 1]) for side in SIDES) > 0.15
    times = max(_peaks(aside, 0.12), _peaks(-aside, 0.12))
    return _seen(sways and _comes_back(act) and not _flights(act), 0, times, aside_legs=_span(aside))


# -- postures ---------------------------------------------------------------------------------------------------------


def _posture(act: Act, frame: int) -> str:
    """Standing, sitting or lying, at the first frame (0) or the last one (−1): by the heights of the hips and of the shoulders."""
    body, at = act.body, (act.first, act.last)[frame]
    chest = (body.shoulder_m[at, :, 2].mean() - body.hips_m[at, 2]) / body.leg_m
    return "standing" if act.hips[frame, 2] > STANDING else "sitting" if chest > 0.2 else "lying"


def _changes(before: str, after: str) -> Meaning:
    def changed(act: Act) -> Seen | None:
        fits = (_posture(act, 0), _posture(act, -1)) == (before, after)
        return _seen(fits, hips_from_legs=act.hips[0, 2], hips_to_legs=act.hips[-1, 2])

    return changed


meaning("sit_down")(_changes("standing", "sitting"))
meaning("lie_down")(_changes("standing", "lying"))
meaning("stand_up")(_changes("sitting", "standing"))
meaning("get_up")(_changes("lying", "standing"))
