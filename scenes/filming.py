"""What the camera does: its moves in their time, and the lens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scenes import geometry
from scenes.cameras import move as camera_move
from scenes.cameras.clearance import is_clear
from scenes.cameras.move import CAMERA_MOVES, CameraCue
from scenes.rejection import Rejected
from scenes.script import Interval, Role, SceneOptions, Script, Shot
from scenes.solve import camera_path
from scenes.timing import kept_step, schedule, step_spans
from scenes.types import Action, CameraSpec, ObjectSpec, Timeline, Vector
from scenes.viewpoints import VIEWPOINTS

SENSOR_WIDTH_MM = CameraSpec.sensor_width_mm
AVATAR_ZOOM, CROWD_ZOOM, CROWD = 1.3, 1.15, 3  # of the lens, so that hands and heads are large enough; from so many avatars on less


def film(
    script: Script,
    objects: Sequence[ObjectSpec],
    timeline: Timeline,
    rng: np.random.Generator,
    options: SceneOptions,
    steps: Sequence[Interval] = (),
) -> dict[str, Any]:
    """The camera's moves, and the object that it follows."""
    shots = script.shots
    if shots is None:
        shots = (gentle_shot(rng),) if rng.random() < options.levels.camera_share else ()
    subject = objects[0] if objects and objects[0].actions else None
    actions: list[Action] = []
    times = _shot_times(script, shots, timeline, rng, steps, options)
    for shot, (start_s, end_s) in zip(shots, times, strict=True):
        if CAMERA_MOVES[shot.move].follows and subject is not None:
            start_s, end_s = subject.actions[0].start_s, subject.actions[-1].end_s
        actions.append(draw_move(shot, start_s, end_s, rng, options))
    return {"moves": tuple(actions), "subject": subject.name if subject else None}


def _shot_times(
    script: Script,
    shots: Sequence[Shot],
    timeline: Timeline,
    rng: np.random.Generator,
    steps: Sequence[Interval],
    options: SceneOptions,
) -> list[Interval]:
    """When the camera makes its moves: one after another, all at once, or in step with the objects."""
    spans = [shot.span_s for shot in shots]
    if script.in_step and shots:
        return [kept_step(step, span) for step, span in zip(steps, spans, strict=False)]
    if script.at_once and shots:
        return schedule([step_spans(*([span] for span in spans))[0]], timeline.duration_s, rng, tempo=options.levels.tempo) * len(shots)
    return schedule(spans, timeline.duration_s, rng, tempo=options.levels.tempo)


def draw_move(shot: Shot, start_s: float, end_s: float, rng: np.random.Generator, options: SceneOptions) -> Action:
    """A camera move over an interval."""
    cue = CameraCue(round(end_s - start_s, 4), shot.sense, options.levels.amplitude, shot.reach)
    move = CAMERA_MOVES[shot.move].sample(rng, cue)
    return camera_move.act(replace(move, pace=shot.pace) if shot.pace else move, start_s)


def aimed_at_end(camera: CameraSpec, objects: tuple[ObjectSpec, ...]) -> CameraSpec:
    """The camera moved back by its own moves, so that it ends with the view that it started with.

    Raises:
        Rejected: there is no room for it where it would start.
    """
    path = camera_path(camera, np.array([0.0, max(action.end_s for action in camera.moves)]), objects)
    begun, ended = geometry.rotation(path.quaternion_wxyz)
    back = begun * ended.inv()
    position_m = path.position_m[0] - back.apply(path.position_m[1] - path.position_m[0])
    if not is_clear(position_m):
        raise Rejected("staging", "the camera has no room to start from")
    turned = back * begun
    forward = geometry.camera_axes(geometry.wxyz(turned))[2]
    target_m = position_m + math.dist(camera.position_m, camera.target_m) * forward
    roll = turned * geometry.look_at(position_m, target_m).inv()
    return replace(
        camera,
        position_m=_vector(position_m),
        target_m=_vector(target_m),
        focal_length_mm=float(path.focal_length_mm[0] ** 2 / path.focal_length_mm[1]),
        roll_rad=round(float(roll.as_rotvec() @ forward), 6),
    )


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values.round(6).tolist()
    return x, y, z


def high_viewpoints() -> list[str]:
    """The viewpoints from which the ground behind an object can be seen, in alphabetical order."""
    return sorted(name for name, viewpoint in VIEWPOINTS.items() if viewpoint.elevation_deg[0] >= 25)


def gentle_shot(rng: np.random.Generator) -> Shot:
    """One camera move that keeps the stage in the picture."""
    gentle = [name for name, move in CAMERA_MOVES.items() if move.gentle]
    name = str(rng.choice(gentle))
    return Shot(name, int(rng.choice(sorted(CAMERA_MOVES[name].directions))))


def closeness(roles: Sequence[Role]) -> float:
    """By how much the lens is longer where avatars act: as long as their places still lie within the picture."""
    avatars = sum(role.avatar for role in roles)
    return 1.0 if not avatars else AVATAR_ZOOM if avatars < CROWD else CROWD_ZOOM
