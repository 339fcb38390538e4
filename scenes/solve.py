"""From a specification to the truth: the value of everything that moves at every frame, exact and analytic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenes import geometry
from scenes.cameras.move import CameraPath, Rig, move_of
from scenes.geometry import Array
from scenes.motions.motion import motion_of
from scenes.types import Action, CameraSpec, ObjectSpec, Pose, SceneSpec, Trajectories


def solve(spec: SceneSpec) -> Trajectories:
    """The trajectories of a scene. Raises ValueError for an unknown motion or camera move."""
    times_s = spec.timeline.times_s
    poses = [object_pose(item, times_s) for item in spec.objects]
    camera = camera_path(spec.camera, times_s, spec.objects)
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
    )


def object_pose(item: ObjectSpec, times_s: Array) -> Pose:
    """World pose of an object at times ``(frame,)``: each action starts where the one before it ended."""
    position = np.tile(np.asarray(item.position_m, float), (len(times_s), 1))
    turned = geometry.yaw(np.full(len(times_s), item.yaw_rad))
    scale = np.ones(len(times_s))
    for action in item.actions:
        offset = motion_of(action).pose(np.clip(times_s - action.start_s, 0.0, action.duration_s))
        position = position + offset.position_m
        turned = geometry.rotation(offset.quaternion_wxyz) * turned
        scale = scale * offset.scale
    return Pose(position, geometry.wxyz(turned), scale)


def camera_path(camera: CameraSpec, times_s: Array, objects: tuple[ObjectSpec, ...]) -> CameraPath:
    """The camera at times ``(frame,)``: each move starts where the one before it ended."""
    subject = next((item for item in objects if item.name == camera.subject), None)
    rest = geometry.look_at(camera.position_m, camera.target_m)
    state = CameraPath(np.array([camera.position_m], float), rest.as_quat(scalar_first=True)[None], np.array([camera.focal_length_mm]))
    path = CameraPath(*(np.repeat(values, len(times_s), axis=0) for values in vars(state).values()))
    for action in camera.moves:
        move, rig = move_of(action), Rig(camera.target_m, _followed(subject, action))
        local_s = np.clip(times_s - action.start_s, 0.0, action.duration_s)
        begun = times_s >= action.start_s
        moved = move.path(local_s, state, rig)
        pairs = zip(vars(moved).values(), vars(path).values(), strict=True)
        path = CameraPath(*(np.where(_column(begun, new), new, old) for new, old in pairs))
        state = move.path(np.array([action.duration_s]), state, rig)
    return CameraPath(path.position_m, _same_hemisphere(path.quaternion_wxyz), path.focal_length_mm)


def _followed(subject: ObjectSpec | None, action: Action) -> Callable[[Array], Array] | None:
    if subject is None:
        return None
    return lambda t_s: object_pose(subject, t_s + action.start_s).position_m


def _column(mask: np.ndarray, like: Array) -> np.ndarray:
    return mask.reshape(-1, *(1,) * (like.ndim - 1))


def _same_hemisphere(quaternions: Array) -> Array:
    return geometry.wxyz(geometry.rotation(quaternions))
