"""Dense captions: a time-stamped description of all that moves in a clip, written from the measured truth.

Whatever a line says was measured in the trajectories: the motion by recognising it, counts, ways and turns by their size.
What cannot be told apart is called by what is sure of it ("moves"), and what can hardly be seen is left out.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from qa_templates.camera_combination import TRACE, component_shifts_px
from qa_templates.observation import (
    MIN_CAMERA_PX,
    MIN_COUNT_MARGIN,
    MIN_MOTION_PX,
    EventPerformance,
    Performance,
    camera_performances,
    camera_phrase,
    count_margin,
    event_performance,
    image_motion_px,
    performances,
    scaled_px,
    segments,
)
from qa_templates.question import spoken
from scenes import bodies, geometry
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.camera_kinematics import CameraKinematics, camera_segments
from scenes.environments.environment import ENVIRONMENTS
from scenes.events.event import EVENTS
from scenes.kinematics import Kinematics
from scenes.rejection import Rejected
from scenes.script import performed
from scenes.types import SceneSpec, Trajectories, Visibility

PATTERNS = {
    "stripes": "striped",
    "bands": "banded",
    "checks": "chequered",
    "dots": "dotted",
    "zigzag": "zigzag-patterned",
    "patches": "patched",
}
MIN_VISIBLE = 0.5  # mean visible fraction of what is described
MIN_WAY_M = 0.3
SIDEWAYS = ("to the right", "to the left")
MIN_SHIFT_PX = 20.0  # in the picture, at 480 lines: what goes so far one way is not said to go the other
SURE_SHARE = 0.38  # sine of the angle below which a way is not said to lead in a direction
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Remark:
    """One line of a caption: what ``subjects`` do from ``start_s`` to ``end_s``; "camera" names the camera."""

    start_s: float
    end_s: float
    subjects: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Caption:
    """The description of a clip: where everything is at first, what moves and when, and where it is in the end."""

    opening: str
    remarks: tuple[Remark, ...]
    closing: str

    @property
    def text(self) -> str:
        """All of it, one line for each remark."""
        lines = [f"{each.start_s:.1f}–{each.end_s:.1f} s: {_sentence(joint + each.text)}" for joint, each in self._joined()]
        return "\n".join(filter(None, [self.opening, *lines, self.closing]))

    def _joined(self) -> Iterator[tuple[str, Remark]]:
        """Each remark with "meanwhile" where it begins before the one before it has ended."""
        busy_s = -math.inf
        for each in self.remarks:
            yield "meanwhile, " if each.start_s < busy_s - 0.1 else "", each
            busy_s = max(busy_s, each.end_s)


def describe(spec: SceneSpec, paths: Trajectories, seen: Visibility) -> Caption:
    """Write the caption of a clip.

    Args:
        spec: names the place, the patterns and who takes part in an event; all else is read from ``paths`` and ``seen``.
    """
    told = [name for name in paths.names if _visible(seen, name, 0, paths.num_frames)]
    events = list(_events(spec, paths, seen))
    alone = [name for name in paths.names if not any(name in each.subjects for each in events)]
    remarks = [*events, *(line for name in alone for line in _doings(paths, seen, name)), *_camera(paths)]
    ordered = tuple(sorted(remarks, key=lambda each: (each.start_s, each.end_s, each.text)))
    moved = [name for name in told if any(name in each.subjects for each in ordered)]
    return Caption(_opening(spec, paths, told, moved), ordered, _closing(paths, seen, moved))


# The beginning and the end


def _opening(spec: SceneSpec, paths: Trajectories, told: Iterable[str], moved: list[str]) -> str:
    place = (inspect.getdoc(inspect.getmodule(ENVIRONMENTS[spec.environment.name])) or "").partition(":")[0]
    across = sorted((name for name in told if _where(paths, name, 0)), key=lambda name: paths.centre_px[paths.index(name), 0, 0])
    things = [f"{_dressed(spec, name)} {_where(paths, name, 0)}" for name in across]
    still = [f"the {name}" for name in told if name not in moved and not _moves_at_all(paths, name)]
    parts = [_sentence(place) if place else "", _sentence(f"from left to right there are {_listed(things)}") if len(things) > 1 else ""]
    parts += [_sentence(f"there is {things[0]}")] if len(things) == 1 else []
    parts += [_sentence(f"{_listed(still)} {'do' if len(still) > 1 else 'does'} not move")] if still else []
    parts += [_sentence("the camera stays still")] if not camera_segments(paths) else []
    return " ".join(filter(None, parts))


def _closing(paths: Trajectories, seen: Visibility, moved: Iterable[str]) -> str:
    last = paths.num_frames - 1
    ends = [f"the {name} is {_where(paths, name, last)}" for name in moved if _where(paths, name, last) and _seen_last(seen, name)]
    return _sentence(f"in the end {_listed(ends)}") if ends else ""


def _dressed(spec: SceneSpec, name: str) -> str:
    """An object with its pattern before its name, as in "a striped red ball"."""
    item = spec.object(name)
    word = "" if bodies.is_avatar(item.shape) else PATTERNS.get(item.pattern.kind, "")
    phrase = f"{word} {name}".strip()
    return f"{'an' if phrase[0] in 'aeio' else 'a'} {phrase}"


def _where(paths: Trajectories, name: str, frame: int) -> str:
    """The third of the picture's width in which an object's centre is; "" where it is outside the picture."""
    x, y = paths.centre_px[paths.index(name), frame]
    if not (0 <= x < paths.width_px and 0 <= y < paths.height_px):
        return ""
    return ("on the left", "in the middle", "on the right")[int(3 * x / paths.width_px)]


# What objects do


def _doings(paths: Trajectories, seen: Visibility, name: str) -> Iterator[Remark]:
    """A line for each stretch in which an object visibly moves."""
    try:
        deeds = {(item.first, item.last): _deed(item, paths) for item in performances(paths, name)}
    except Rejected:
        deeds = {span: f"moves{_way(paths, name, *span)}" for span in segments(paths, name)}
    for (first, last), deed in deeds.items():
        if _plain(paths, seen, name, first, last) and _visible(seen, name, first, last):
            yield _remark(paths, first, last, (name,), f"the {name} {deed}")


def _plain(paths: Trajectories, seen: Visibility, name: str, first: int, last: int) -> bool:
    """Whether a motion is large enough in the picture."""
    return image_motion_px(paths, seen, name, first, last) >= scaled_px(paths, MIN_MOTION_PX)


def _deed(item: Performance, paths: Trajectories) -> str:
    """What is done, whereto, how often and in which sense, as in "rolls along the ground to the left, twice"."""
    sideways = item.motion in AVATAR_MOTIONS and AVATAR_MOTIONS[item.motion].signed and AVATAR_MOTIONS[item.motion].mirrors
    way = _way(paths, item.subject, item.first, item.last, own_way=sideways)
    words = AVATAR_MOTIONS[item.motion].phrase(item.sense) if item.motion in AVATAR_MOTIONS else spoken(item.motion)
    counted = performed(item.motion).countable and count_margin(item.cycles) > MIN_COUNT_MARGIN and round(item.cycles) >= 1
    often = f", {_times(round(item.cycles))}" if counted else ""
    return words + way + often + (_turning(item.measured) if isinstance(item.measured, Kinematics) else "")


def _turning(measured: Kinematics) -> str:
    """In which sense a body turns about the vertical, where it does so visibly."""
    turns = measured.yaw_turns
    if abs(turns) < 0.3 or measured.tumble_turns > 0.3:
        return ""
    return f", {'counter-clockwise' if turns > 0 else 'clockwise'} seen from above"


def _way(paths: Trajectories, name: str, first: int, last: int, *, own_way: bool = False) -> str:
    """Where it gets to, as the camera of the first moment sees it, and how far in its own lengths; "" where it stays.

    A direction that the picture contradicts, as its camera moves, is left out.

    Args:
        own_way: whether left and right were just said of the body itself, so that those of the picture need to be told apart.
    """
    pose = paths.pose(name)
    moved = pose.position_m[last, :2] - pose.position_m[first, :2]
    far_m = float(np.linalg.norm(moved))
    if far_m < MIN_WAY_M:
        return ""
    ahead = geometry.camera_axes(paths.camera_quaternion_wxyz[first])[2][:2]
    sight = pose.position_m[first, :2] - paths.camera_position_m[first, :2]
    named = [each for each in _directions(moved / far_m, ahead) if each in _directions(moved / far_m, sight)]
    named = [each for each in named if each != _against(paths, name, first, last)]
    far = _lengths(far_m / float(paths.extent_m[paths.index(name)].max()))
    if own_way and named:
        frame = " in the picture" if named[0] in SIDEWAYS else ""
        return f", which is {' and '.join(named)}{frame}, {far}"
    return "".join(f" {each}" for each in (" and ".join(named), far) if each)


def _against(paths: Trajectories, name: str, first: int, last: int) -> str:
    """The direction that would be wrong of the picture: that against which it clearly shifts."""
    x_px = paths.centre_px[paths.index(name), :, 0]
    shift_px = float(x_px[last] - x_px[first])
    if abs(shift_px) < scaled_px(paths, MIN_SHIFT_PX):
        return ""
    return SIDEWAYS[shift_px > 0]


def _directions(moved: np.ndarray, ahead: np.ndarray) -> list[str]:
    """Names of the directions in which a unit way over the ground clearly leads, for one who looks ahead."""
    ahead = ahead / np.linalg.norm(ahead)
    across, deeper = float(moved @ (ahead[1], -ahead[0])), float(moved @ ahead)
    inwards = ("away from the camera", "towards the camera")
    named = [(names[share < 0], abs(share)) for names, share in ((SIDEWAYS, across), (inwards, deeper))]
    return [words for words, share in named if share > SURE_SHARE]


def _lengths(lengths: float) -> str:
    """A distance in lengths of the body, to a half."""
    whole, half = divmod(max(1, round(2 * lengths)), 2)
    if whole + half < 2:
        return f"by about {'its own length' if whole else 'half of its own length'}"
    number = NUMBERS[whole] if whole < len(NUMBERS) else str(whole)
    amount = f"{number} and a half times" if half else _times(whole)
    return f"by about {amount} its own length"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{NUMBERS[number] if number < len(NUMBERS) else number} times")


# Events and the camera


def _events(spec: SceneSpec, paths: Trajectories, seen: Visibility) -> Iterator[Remark]:
    """A line for each event that is recognised, and seen as well as it lets itself be seen."""
    for event in spec.events:
        cast = tuple(event.cast.values())
        try:
            found: EventPerformance = event_performance(paths, cast)
        except Rejected:
            continue
        if not _seen_happen(found, paths, seen):
            continue
        kind = EVENTS[found.event]
        sentence = kind.sentence.format(**{role: f"the {name}" for role, name in zip(kind.roles, found.cast, strict=True)})
        yield _remark(paths, found.first, found.last, found.cast, sentence)


def _seen_happen(found: EventPerformance, paths: Trajectories, seen: Visibility) -> bool:
    """Whether something visibly moves, and each of the cast is in sight; before it, where the event itself hides it."""
    kind = EVENTS[found.event]
    hidden = {name for role, name in zip(kind.roles, found.cast, strict=True) if role in (*kind.hides, *kind.buries)}
    spans = {name: (0, found.first) if name in hidden else (found.first, found.last) for name in found.cast}
    in_sight = all(_visible(seen, name, *span) for name, span in spans.items())
    return in_sight and any(_plain(paths, seen, name, found.first, found.last) for name in found.cast)


def _camera(paths: Trajectories) -> Iterator[Remark]:
    try:
        moves = {(item.first, item.last): camera_phrase(item.key) for item in camera_performances(paths) if item.shift_px > 0}
    except Rejected:
        moves = {span: phrase for span in camera_segments(paths) if (phrase := _moves_at_once(paths, *span))}
    for (first, last), phrase in moves.items():
        way = _camera_way(paths, first, last) if phrase != "moves" else ""
        yield _remark(paths, first, last, ("camera",), f"the camera {phrase}{way}")


def _moves_at_once(paths: Trajectories, first: int, last: int) -> str:
    """The two moves of which one is made up, the one that shows more first; "moves" where it is not clearly so, "" if it does not show."""
    measured = CameraKinematics.of(paths, first, last)
    least_px = scaled_px(paths, MIN_CAMERA_PX)
    if measured.perceived_px < least_px:
        return ""
    shifts_px = component_shifts_px(paths, first, last)
    shown = sorted((key for key, shift_px in shifts_px.items() if shift_px > least_px), key=lambda key: -shifts_px[key])
    unclear = any(TRACE * least_px < shift_px <= least_px for shift_px in shifts_px.values())
    circles = measured.circling is not None and measured.circling.holds
    other = unclear or circles or measured.turning.reversals or measured.held_depth_m is not None or measured.followed is not None
    return " while it ".join(map(camera_phrase, shown)) if len(shown) == 2 and not other else "moves"


def _camera_way(paths: Trajectories, first: int, last: int) -> str:
    """By how much the camera has turned, moved and zoomed in the end."""
    before, after = (geometry.rotation(paths.camera_quaternion_wxyz[frame]) for frame in (first, last))
    degrees = math.degrees(float((after * before.inv()).magnitude()))
    way_m = float(np.linalg.norm(paths.camera_position_m[last] - paths.camera_position_m[first]))
    ratio = float(paths.focal_length_mm[last] / paths.focal_length_mm[first])
    parts = [f"by {degrees:.0f} degrees"] if degrees > 2 else []
    parts += [f"by {way_m:.1f} metres"] if way_m > 0.1 else []
    parts += [f"to {ratio:.2g} times the focal length"] if abs(ratio - 1) > 0.05 else []
    return "".join(f", {part}" for part in parts)


# Words and frames


def _remark(paths: Trajectories, first: int, last: int, subjects: tuple[str, ...], text: str) -> Remark:
    return Remark(round(first / paths.fps, 3), round(last / paths.fps, 3), subjects, text)


def _visible(seen: Visibility, name: str, first: int, last: int) -> bool:
    rows = (seen.frames >= first) & (seen.frames <= last)
    fractions = seen.visible_fraction[seen.names.index(name)]
    return bool(fractions[rows].mean() > MIN_VISIBLE) if rows.any() else bool(fractions.mean() > MIN_VISIBLE)


def _seen_last(seen: Visibility, name: str) -> bool:
    return bool(seen.visible_fraction[seen.names.index(name), -1] > MIN_VISIBLE)


def _moves_at_all(paths: Trajectories, name: str) -> bool:
    return bool(segments(paths, name))


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
