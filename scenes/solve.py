"""From a specification to the truth: the value of everything that moves at every frame, exact and analytic."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from scenes import bodies, geometry
from scenes.avatars.perform import perform, root_pose
from scenes.cameras.move import CameraPath, Rig, added_up, move_of
from scenes.events.event import event_of
from scenes.geometry import Array
from scenes.motions.motion import motion_of
from scenes.types import Action, CameraSpec, EventSpec, ObjectSpec, Pose, SceneSpec, Trajectories


def solve(spec: SceneSpec) -> Trajectories:
    """The trajectories of a scene. Raises ValueError for an unknown motion, event or camera move."""
    times_s = spec.timeline.times_s
    poses: list[Pose] = []
    limbs: dict[str, Pose] = {}
    for item in spec.objects:
        pose, of_body = object_and_limbs(item, times_s, spec.events)
        poses.append(pose)
        limbs |= {f"{item.name}/{limb}": each for limb, each in of_body.items()}
    camera = camera_path(spec.camera, times_s, spec.objects, spec.events)
    return Trajectories(
        names=tuple(item.name for item in spec.objects),
        fps=spec.timeline.fps,
        position_m=np.stack([pose.position_m for pose in poses]),
        quaternion_wxyz=np.stack([pose.quaternion_wxyz for pose in poses]),
        scale=np.stack([pose.scale for pose in poses]),
        camera_position_m=camera.position_m,
        camera_quaternion_wxyz=camera.quaternion_wxyz,
        focal_length_mm=camera.focal_length_mm,
        sensor_width_mm=spec.camera.sensor_width_mm,
        width_px=spec.camera.width_px,
        height_px=spec.camera.height_px,
        extent_m=np.array([bodies.extent_m(item.shape, item.size_m) for item in spec.objects]),
        limb_names=tuple(limbs),
        limb_position_m=np.array([pose.position_m for pose in limbs.values()]).reshape(-1, len(times_s), 3),
        limb_quaternion_wxyz=np.array([pose.quaternion_wxyz for pose in limbs.values()]).reshape(-1, len(times_s), 4),
    )


def object_and_limbs(item: ObjectSpec, times_s: Array, events: Sequence[EventSpec] = ()) -> tuple[Pose, dict[str, Pose]]:
    """World pose of an object, and of each of its limbs if it is an avatar, at times ``(frame,)``."""
    if bodies.is_avatar(item.shape):
        return perform(item, times_s, events)
    return _rigid_pose(item, times_s, events), {}


def object_pose(item: ObjectSpec, times_s: Array, events: Sequence[EventSpec] = ()) -> Pose:
    """World pose of an object, without its limbs, at times ``(frame,)``."""
    return root_pose(item, times_s, events) if bodies.is_avatar(item.shape) else _rigid_pose(item, times_s, events)


def _rigid_pose(item: ObjectSpec, times_s: Array, events: Sequence[EventSpec]) -> Pose:
    """World pose of a rigid object at times ``(frame,)``: each action, and each event, starts where the one before it ended."""
    position = np.tile(np.asarray(item.position_m, float), (len(times_s), 1))
    turned = geometry.yaw(np.full(len(times_s), item.yaw_rad))
    scale = np.ones(len(times_s))
    for offset in _offsets(item, times_s, events):
        position = position + offset.position_m
        turned = geometry.rotation(offset.quaternion_wxyz) * turned
        scale = scale * offset.scale
    return Pose(position, geometry.wxyz(turned), scale)


def _offsets(item: ObjectSpec, times_s: Array, events: Sequence[EventSpec]) -> Iterator[Pose]:
    """What each action of an object, and each event that it takes part in, adds to its pose, in the order of their starts."""
    roles = [(spec, role) for spec in events for role, name in spec.cast.items() if name == item.name]
    done = [(action.start_s, action, "") for action in item.actions] + [(spec.start_s, spec, role) for spec, role in roles]
    for start_s, what, role in sorted(done, key=lambda each: each[0]):
        local_s = np.clip(times_s - start_s, 0.0, what.duration_s)
        yield motion_of(what).pose(local_s) if isinstance(what, Action) else event_of(what).poses(local_s)[role]


def camera_path(camera: CameraSpec, times_s: Array, objects: tuple[ObjectSpec, ...], events: Sequence[EventSpec] = ()) -> CameraPath:
    """The camera at times ``(frame,)``: each move starts where the one before it ended; those that start together are added up."""
    subject = next((item for item in objects if item.name == camera.subject), None)
    upright = geometry.look_at(camera.position_m, camera.target_m)
    rest = geometry.about(np.subtract(camera.target_m, camera.position_m), camera.roll_rad) * upright
    state = CameraPath(np.array([camera.position_m], float), rest.as_quat(scalar_first=True)[None], np.array([camera.focal_length_mm]))
    path = CameraPath(*(np.repeat(values, len(times_s), axis=0) for values in vars(state).values()))
    for start_s, actions in itertools.groupby(camera.moves, lambda action: action.start_s):
        moved, ended = [], []
        for action in actions:
            move, rig = move_of(action), Rig(camera.target_m, _followed(subject, action, events))
            moved.append(move.path(np.clip(times_s - start_s, 0.0, action.duration_s), state, rig))
            ended.append(move.path(np.array([action.duration_s]), state, rig))
        pairs = zip(vars(added_up(moved, state)).values(), vars(path).values(), strict=True)
        path = CameraPath(*(np.where(_column(times_s >= start_s, new), new, old) for new, old in pairs))
        state = added_up(ended, state)
    return CameraPath(path.position_m, _same_hemisphere(path.quaternion_wxyz), path.focal_length_mm)


def _followed(subject: ObjectSpec | None, action: Action, events: Sequence[EventSpec]) -> Callable[[Array], Array] | None:
    if subject is None:
        return None
    return lambda t_s: object_pose(subject, t_s + action.start_s, events).position_m


def _column(mask: np.ndarray, like: Array) -> np.ndarray:
    return mask.reshape(-1, *(1,) * (like.ndim - 1))


def _same_hemisphere(quaternions: Array) -> Array:
    return geometry.wxyz(geometry.rotation(quaternions))
