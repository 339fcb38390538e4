"""What can be observed in a clip, from trajectories and visibility alone: performances, events, camera moves, and how well they show."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scenes import geometry
from scenes.avatars.motions import motion as avatar_motion
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.body_kinematics import BodyKinematics, body_segments
from scenes.camera_kinematics import CameraKinematics, camera_segments
from scenes.cameras import move as camera_move
from scenes.cameras.move import CAMERA_MOVES
from scenes.events import event as object_event
from scenes.kinematics import Kinematics, active_segments
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.relations import Relations
from scenes.types import Trajectories, Visibility

MIN_MOTION_PX = 10.0  # of some point of an object, at 480 lines: what a viewer surely sees
MIN_CAMERA_PX = 20.0  # of the scene, at 480 lines, over a camera move
MIN_PARALLAX_PX = 8.0  # between the stage and what lies behind it, at 480 lines, where a move shows by nothing else
MIN_REST_S = 0.2  # between actions whose order is asked
MIN_LEAD_S = 0.3  # between the starts of objects whose order is asked
CLIP = 32  # measurements to keep: question, difficulty, sampling and caption of one clip ask for the same ones
MIN_COUNT_MARGIN = 0.25  # cycles from the middle between two whole numbers


@dataclass(frozen=True)
class Performance:
    """A stretch of a trajectory between two rests, and the motion that it was recognised as.

    ``sense`` is that of an avatar's motion: its left (+1) or right (−1), forward or backward; +1 where it has none.
    """

    subject: str
    motion: str
    first: int
    last: int
    measured: Kinematics | BodyKinematics
    sense: int = 1

    @property
    def cycles(self) -> float:
        """How often the motion repeats, as measured."""
        if isinstance(self.measured, BodyKinematics):
            return AVATAR_MOTIONS[self.motion].count(self.measured)
        return MOTIONS[self.motion].count(self.measured)


@dataclass(frozen=True)
class CameraPerformance:
    """A stretch between two rests of the camera: the answer key of its move, and by how many pixels the picture shifts.

    A camera that never moves performs one ``static`` stretch, the whole clip.
    """

    key: str
    first: int
    last: int
    shift_px: float


@lru_cache(maxsize=CLIP)
def performances(paths: Trajectories, name: str) -> tuple[Performance, ...]:
    """What an object does, in order.

    Raises:
        Rejected: a stretch matches no registered motion, or several.
    """
    return tuple(_recognised(paths, name, first, last) for first, last in segments(paths, name))


def _recognised(paths: Trajectories, name: str, first: int, last: int) -> Performance:
    seen = measured(paths, name, first, last)
    if isinstance(seen, BodyKinematics):
        recognised = avatar_motion.recognise(seen)
        if recognised is None:
            raise Rejected("question", "an avatar's motion is not clearly one of its kind")
        return Performance(name, recognised[0], first, last, seen, recognised[1])
    motion = object_motion.recognise(seen)
    if motion is None:
        raise Rejected("question", "a motion is not clearly one of its kind")
    return Performance(name, motion, first, last, seen)


@lru_cache(maxsize=CLIP)
def segments(paths: Trajectories, name: str) -> tuple[tuple[int, int], ...]:
    """When an object or avatar moves: inclusive frame intervals, from rest to rest."""
    return tuple(body_segments(paths, name) if paths.is_avatar(name) else active_segments(paths.pose(name), paths.fps))


@lru_cache(maxsize=CLIP)
def measured(paths: Trajectories, name: str, first: int, last: int) -> Kinematics | BodyKinematics:
    """The measures of frames ``first`` to ``last`` of an object or avatar, both included."""
    if paths.is_avatar(name):
        return BodyKinematics.of(paths, name, first, last)
    return Kinematics.of(paths.pose(name), paths.fps, first, last)


@dataclass(frozen=True)
class EventPerformance:
    """A stretch in which the cast of an event moves, and the event that it was recognised as, cast in the order of its roles."""

    event: str
    cast: tuple[str, ...]
    first: int
    last: int


def event_performance(paths: Trajectories, cast: tuple[str, ...]) -> EventPerformance:
    """What some objects do together over the clip.

    Args:
        cast: names of the objects, in any order: every order is tried.

    Raises:
        Rejected: they do not move, or what they do matches no registered event, or several.
    """
    spans = [span for name in cast for span in active_segments(paths.pose(name), paths.fps)]
    if not spans:
        raise Rejected("question", "the objects do nothing together")
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    relations = Relations.of(paths, cast, first, last)
    found = [
        (event, order) for order in itertools.permutations(cast) if (event := object_event.recognise(relations.in_order(order))) is not None
    ]
    casts = {(event, object_event.EVENTS[event].told_apart(order)) for event, order in found}
    if len({event for event, _ in found}) != 1 or (len(casts) > 1 and not object_event.EVENTS[found[0][0]].symmetric):
        raise Rejected("question", "an event is not clearly one of its kind")
    return EventPerformance(found[0][0], found[0][1], first, last)


def while_so(found: EventPerformance, flags: np.ndarray) -> tuple[int, int]:
    """First and last frame of the clip at which ``flags (frame,)``, told from the first frame of an event, are set.

    Raises:
        Rejected: that is so for less than two frames.
    """
    frames = np.flatnonzero(flags)
    if len(frames) < 2:
        raise Rejected("question", "what proves the answer is over at once")
    return found.first + int(frames[0]), found.first + int(frames[-1])


def require_moving(paths: Trajectories, seen: Visibility, found: EventPerformance) -> float:
    """By how many pixels the one of a cast that moves most moves more than it must to be seen. Raises Rejected if it does not."""
    most_px = max(image_motion_px(paths, seen, name, found.first, found.last) for name in found.cast)
    margin_px = most_px - scaled_px(paths, MIN_MOTION_PX)
    if margin_px < 0:
        raise Rejected("question", "the motion is too small in the picture")
    return round(margin_px, 2)


def only_performance(paths: Trajectories, name: str) -> Performance:
    """The single thing that an object does. Raises Rejected when it does nothing or more than one thing."""
    found = performances(paths, name)
    if len(found) != 1:
        raise Rejected("question", "the object does not do exactly one thing")
    return found[0]


def camera_performances(paths: Trajectories) -> list[CameraPerformance]:
    """What the camera does, in order.

    Raises:
        Rejected: a stretch matches no registered move, or several, or shifts the picture too little to be seen.
    """
    found = []
    for first, last in camera_segments(paths):
        measured = CameraKinematics.of(paths, first, last)
        recognised = camera_move.recognise(measured)
        if recognised is None:
            raise Rejected("question", "a camera move is not clearly one of its kind")
        if measured.perceived_px < scaled_px(paths, MIN_CAMERA_PX):
            raise Rejected("question", "a camera move is too small in the picture")
        parallax_px = abs(measured.subject_px - measured.background_px)
        if CAMERA_MOVES[recognised[0]].shows_by_parallax and parallax_px < scaled_px(paths, MIN_PARALLAX_PX):
            raise Rejected("question", "a camera move shows too little parallax")
        found.append(CameraPerformance(camera_key(*recognised), first, last, measured.perceived_px))
    return found or [CameraPerformance("static", 0, paths.num_frames - 1, 0.0)]


def camera_margin_px(paths: Trajectories, found: Iterable[CameraPerformance]) -> float:
    """How far the picture's shift in each of the camera's moves is from what can just be seen, at the least."""
    least_px = scaled_px(paths, MIN_CAMERA_PX)
    return round(min(abs(item.shift_px - least_px) for item in found), 2)


def camera_key(move: str, sense: int) -> str:
    """Answer key of a camera move in a sense: ``pan_left``, ``static``."""
    return "_".join(filter(None, [move, CAMERA_MOVES[move].directions[sense].replace(" ", "_").replace("-", "_")]))


def camera_keys() -> dict[str, tuple[str, int]]:
    """Every answer key of the camera, with its move and sense."""
    return {camera_key(name, sense): (name, sense) for name, move in CAMERA_MOVES.items() for sense in move.directions}


def camera_phrase(key: str) -> str:
    """``pan_left`` → "pans left"."""
    move, sense = camera_keys()[key]
    return CAMERA_MOVES[move].phrases[sense]


def flipped(key: str) -> str:
    """The answer key of the same camera move in the other sense; itself where there is but one."""
    move, sense = camera_keys()[key]
    return camera_key(move, -sense) if -sense in CAMERA_MOVES[move].directions else key


def mirrored_camera(key: str) -> str:
    """A camera move in the mirror."""
    return flipped(key) if CAMERA_MOVES[camera_keys()[key][0]].mirrors else key


def reversed_camera(key: str) -> str:
    """A camera move in a film that runs backwards."""
    return flipped(key) if CAMERA_MOVES[camera_keys()[key][0]].reverses else key


def reversed_motion(name: str) -> str | None:
    """A motion in a film that runs backwards; None when that is no registered motion."""
    kinds = AVATAR_MOTIONS if name in AVATAR_MOTIONS else MOTIONS
    other = kinds[name].reversed_in_time or name
    return other if other in kinds else None


def image_motion_px(paths: Trajectories, seen: Visibility, name: str, first: int, last: int) -> float:
    """How far some point of an object moves in the picture of a camera held still, over frames first..last.

    Extent of the centre's way, plus the turning and the growth of the visible silhouette (radius √(area/π)).
    """
    if paths.is_avatar(name):
        return _limb_motion_px(paths, name, first, last)
    pose, span = paths.pose(name), slice(first, last + 1)
    frames = last - first + 1
    camera_m, camera_wxyz, focal = (
        np.repeat(values[[first]], frames, axis=0) for values in (paths.camera_position_m, paths.camera_quaternion_wxyz, paths.focal_px)
    )
    centre, _ = geometry.project(pose.position_m[span], camera_m, camera_wxyz, focal, paths.width_px, paths.height_px)
    travel = float(np.linalg.norm(np.ptp(centre, axis=0)))
    turned = geometry.rotation(pose.quaternion_wxyz[span]) * geometry.rotation(pose.quaternion_wxyz[first]).inv()
    growth = float(np.ptp(pose.scale[span]) / pose.scale[first])
    return travel + radius_px(seen, name) * (min(float(turned.magnitude().max()), 1.0) + growth)


def _limb_motion_px(paths: Trajectories, name: str, first: int, last: int) -> float:
    """The same for the limb that moves most, by points a tenth of the body's height before its hinge and two tenths below."""
    span, frames = slice(first, last + 1), last - first + 1
    height_m = float(paths.extent_m[paths.index(name), 2])
    places = np.array([(0.1, 0.0, 0.0), (0.0, 0.0, -0.2)]) * height_m
    points = np.stack(
        [
            pose.position_m[span] + geometry.rotation(pose.quaternion_wxyz[span]).apply(place)
            for pose in paths.limbs(name).values()
            for place in places
        ],
        axis=1,
    )
    camera_m, camera_wxyz, focal = (
        np.repeat(values[[first]], frames, axis=0) for values in (paths.camera_position_m, paths.camera_quaternion_wxyz, paths.focal_px)
    )
    pixels, _ = geometry.project(points, camera_m, camera_wxyz, focal, paths.width_px, paths.height_px)
    return float(np.linalg.norm(np.ptp(pixels, axis=0), axis=-1).max())


def radius_px(seen: Visibility, name: str) -> float:
    """Radius of the disc of an object's median visible area."""
    return float(np.sqrt(np.median(seen.area_px[seen.names.index(name)]) / np.pi))


def require_perceptible(paths: Trajectories, seen: Visibility, *shown: Performance) -> float:
    """By how many pixels the least of some performances moves more than it must to be seen. Raises Rejected if it does not."""
    least_px = min(image_motion_px(paths, seen, item.subject, item.first, item.last) for item in shown)
    margin_px = least_px - scaled_px(paths, MIN_MOTION_PX)
    if margin_px < 0:
        raise Rejected("question", "the motion is too small in the picture")
    return round(margin_px, 2)


def scaled_px(paths: Trajectories, at_480_lines: float) -> float:
    """A threshold that was set for 640×480, for the size of this picture."""
    return at_480_lines * min(paths.width_px / 640, paths.height_px / 480)


def count_margin(cycles: float) -> float:
    """How far a measured count is from the middle between two whole numbers."""
    return 0.5 - abs(cycles - round(cycles))


def spread(performances: Iterable[Performance]) -> tuple[int, int]:
    """First and last frame of several performances."""
    spans = [(item.first, item.last) for item in performances]
    return min(first for first, _ in spans), max(last for _, last in spans)


def subsets(keys: Iterable[str], size: int = 4) -> list[tuple[str, ...]]:
    """Every subset of a size: each key lies in equally many."""
    return list(itertools.combinations(sorted(keys), size))
