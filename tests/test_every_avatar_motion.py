"""What every registered avatar motion must be, on every body that can perform it: a new file is tested at once."""

import dataclasses
import json
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from scenes import geometry
from scenes.avatars.avatar import AVATARS
from scenes.avatars.hold import posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, AvatarMotion, act, motion_of, recognise
from scenes.avatars.perform import perform
from scenes.avatars.skeleton import limb_poses
from scenes.body_kinematics import BodyKinematics, body_segments
from scenes.patterns import plain
from scenes.types import Action, ObjectSpec, Trajectories

every_motion = pytest.mark.parametrize("name", list(AVATAR_MOTIONS))
countable_motion = pytest.mark.parametrize("name", [name for name, motion in AVATAR_MOTIONS.items() if motion.countable])
few = settings(max_examples=2, phases=(Phase.generate,))  # a seed is no simpler for being shrunk

LEAD_S, REST_S = 0.43, 0.4
FASTEST_M_S = 14.0  # of any hinge
# Radians; the body is a simple one, so these are a little wider than those of a person.
LIMITS = {
    "knee": (0.0, 2.75),
    "elbow": (0.0, 2.7),
    "twist of the spine": (-0.9, 0.9),
    "bend of the spine": (-0.6, 1.5),
    "side bend of the spine": (-0.8, 0.8),
    "turn of the head": (-1.4, 1.4),
    "nod of the head": (-1.1, 1.1),
    "tilt of the head": (-0.7, 0.7),
}


def bodies_for(name):
    return [avatar for avatar, kind in AVATARS.items() if kind.proportions.legs in AVATAR_MOTIONS[name].legs]


def senses_of(name):
    return (1, -1) if AVATAR_MOTIONS[name].sided or AVATAR_MOTIONS[name].signed else (1,)


@dataclasses.dataclass(frozen=True)
class Case:
    """A drawn motion and the body that performs it."""

    avatar: str
    height_m: float
    motion: AvatarMotion
    cue: AvatarCue
    seed: int

    @property
    def legs(self):
        return AVATARS[self.avatar].proportions.legs

    @property
    def leg_m(self):
        return AVATARS[self.avatar].proportions.leg * self.height_m


def drawn(name, avatar, rng, cycles=None, sense=None):
    """A case with everything that is open drawn from ``rng``."""
    cls = AVATAR_MOTIONS[name]
    cycles = cycles or (int(rng.integers(1, cls.max_cycles + 1)) if cls.countable else 1)
    cue = AvatarCue(
        duration_s=cycles * rng.uniform(*cls.seconds_per_cycle),
        cycles=cycles,
        sense=sense or int(rng.choice(senses_of(name))),
        posture=str(rng.choice(cls.begins)),
        difficulty=rng.uniform(),
    )
    seed = int(rng.integers(2**32))
    return Case(avatar, rng.uniform(*AVATARS[avatar].height_m), cls.sample(np.random.default_rng(seed), cue), cue, seed)


@st.composite
def cases(draw, name):
    return drawn(name, draw(st.sampled_from(bodies_for(name))), np.random.default_rng(draw(st.integers(0, 2**32))))


def finely(case, per_s=120):
    """Poses of the limbs in the frame of the action, both ends included."""
    t_s = np.linspace(0.0, case.motion.duration_s, int(per_s * case.motion.duration_s) + 2)
    held = case.motion.hold_on_four(t_s) if case.legs == 4 else case.motion.hold(t_s)
    return limb_poses(held, AVATARS[case.avatar].proportions, case.height_m)


def ends_at(case):
    return case.motion.ends_at_on_four() if case.legs == 4 else case.motion.ends_at()


def film(case, fps, place_m=(0.4, -1.2), yaw_rad=0.7, motions=None):
    """Trajectories of a clip in which the body rests, acts and rests again."""
    motions = motions or (case.motion,)
    actions, start_s = [], LEAD_S
    for motion in motions:
        actions.append(act(motion, start_s))
        start_s = actions[-1].end_s + REST_S
    item = ObjectSpec(
        "x", case.avatar, case.height_m, "red", plain((1.0, 0.0, 0.0)), (*place_m, case.leg_m), yaw_rad, tuple(actions), motions[0].posture
    )
    return as_trajectories(*perform(item, np.arange(round((start_s + 0.2) * fps)) / fps), fps)


def as_trajectories(root, limbs, fps):
    frames = len(root.scale)
    return Trajectories(
        names=("x",),
        fps=fps,
        position_m=root.position_m[None],
        quaternion_wxyz=root.quaternion_wxyz[None],
        scale=root.scale[None],
        camera_position_m=np.zeros((frames, 3)),
        camera_quaternion_wxyz=np.tile(geometry.IDENTITY_WXYZ, (frames, 1)),
        focal_length_mm=np.full(frames, 35.0),
        sensor_width_mm=36.0,
        width_px=640,
        height_px=480,
        extent_m=np.ones((1, 3)),
        limb_names=tuple(f"x/{limb}" for limb in limbs),
        limb_position_m=np.stack([pose.position_m for pose in limbs.values()]),
        limb_quaternion_wxyz=np.stack([pose.quaternion_wxyz for pose in limbs.values()]),
    )


def measured(paths):
    """What is measured of the one stretch in which the body moves."""
    ((first, last),) = body_segments(paths, "x")
    return BodyKinematics.of(paths, "x", first, last)


def matching(measures):
    return {name: sense for name, motion in AVATAR_MOTIONS.items() if (sense := motion.matches(measures))}


def sense_of(case):
    return case.cue.sense if len(senses_of(case.motion.name)) == 2 else 1


def mirrored(paths):
    """In a mirror at y = 0: left limbs are right ones; rotations about y keep their sense, those about x and z change it."""
    swapped = [paths.limb_names.index(other_side(limb)) for limb in paths.limb_names]
    return dataclasses.replace(
        paths,
        position_m=paths.position_m * (1, -1, 1),
        quaternion_wxyz=paths.quaternion_wxyz * (1, -1, 1, -1),
        limb_position_m=paths.limb_position_m[swapped] * (1, -1, 1),
        limb_quaternion_wxyz=paths.limb_quaternion_wxyz[swapped] * (1, -1, 1, -1),
    )


def other_side(limb):
    for side, other in (("/left_", "/right_"), ("/right_", "/left_")):
        if side in limb:
            return limb.replace(side, other)
    return limb


def backwards(paths):
    return dataclasses.replace(
        paths,
        position_m=paths.position_m[:, ::-1],
        quaternion_wxyz=paths.quaternion_wxyz[:, ::-1],
        limb_position_m=paths.limb_position_m[:, ::-1],
        limb_quaternion_wxyz=paths.limb_quaternion_wxyz[:, ::-1],
    )


# -- what a class says of itself ----------------------------------------------------------------------------------------


def test_there_are_enough_of_them():
    assert len(AVATAR_MOTIONS) >= 30
    assert sum(cls.countable for cls in AVATAR_MOTIONS.values()) >= 12
    assert sum(4 in cls.legs for cls in AVATAR_MOTIONS.values()) >= 10
    assert sum(cls.sided for cls in AVATAR_MOTIONS.values()) >= 8


@every_motion
def test_can_be_asked_about(name):
    cls = AVATAR_MOTIONS[name]
    assert cls.__doc__ and bodies_for(name)
    assert ("{side}" in cls.verb) == ("{side}" in cls.base) == cls.sided
    assert ("{way}" in cls.verb) == ("{way}" in cls.base) == cls.signed
    assert "{" not in cls.phrase(1) + cls.phrase(-1) + cls.phrase(1, base=True) + cls.phrase() + cls.phrase(base=True)
    shortest, longest = cls.seconds_per_cycle
    assert 0.5 <= shortest < longest  # a viewer counts up to about 2 per second
    if cls.countable:
        assert cls.max_cycles * shortest <= 7.0 and "count" in vars(cls)


def test_no_two_motions_are_called_the_same():
    phrases = [(cls.phrase(sense), cls.phrase(sense, base=True)) for name, cls in AVATAR_MOTIONS.items() for sense in senses_of(name)]
    assert len({verb for verb, _ in phrases}) == len({base for _, base in phrases}) == len(phrases)


@every_motion
def test_its_reverse_is_the_reverse_of_its_reverse(name):
    other = AVATAR_MOTIONS[name].reversed_in_time or name
    assert other == "?" or (AVATAR_MOTIONS[other].reversed_in_time or other) == name


@every_motion
@few
@given(data=st.data())
def test_is_drawn_from_the_generator_alone_and_survives_its_record(name, data):
    case = data.draw(cases(name))
    assert AVATAR_MOTIONS[name].sample(np.random.default_rng(case.seed), case.cue) == case.motion
    assert (case.motion.duration_s, case.motion.posture) == (case.cue.duration_s, case.cue.posture)
    record = act(case.motion, 0.0)
    assert motion_of(Action(**json.loads(json.dumps(dataclasses.asdict(record))))) == case.motion


# -- the body -----------------------------------------------------------------------------------------------------------


def still_poses(case, name, at):
    """Hinges and orientations of the limbs in a posture at a place ``at``: forward, left (leg lengths) and yaw."""
    limbs = limb_poses(posture(name, 1, case.legs), AVATARS[case.avatar].proportions, case.height_m)
    turn = geometry.yaw(at[2])
    offset_m = np.array([at[0], at[1], 0.0]) * case.leg_m
    return {
        limb: (turn.apply(pose.position_m[0]) + offset_m, (turn * geometry.rotation(pose.quaternion_wxyz[0])))
        for limb, pose in limbs.items()
    }


@every_motion
@few
@given(data=st.data())
def test_begins_and_ends_at_rest_in_its_postures_and_moves_without_jumps(name, data):
    case = data.draw(cases(name))
    limbs = finely(case, per_s=240)
    for frame, kept in (
        (0, still_poses(case, case.cue.posture, (0, 0, 0))),
        (-1, still_poses(case, case.motion.final_posture, ends_at(case))),
    ):
        for limb, (position_m, turn) in kept.items():
            np.testing.assert_allclose(limbs[limb].position_m[frame], position_m, atol=1e-6, err_msg=limb)
            assert (geometry.rotation(limbs[limb].quaternion_wxyz[frame]) * turn.inv()).magnitude() < 1e-5, limb
    for limb, pose in limbs.items():
        speed_m_s = np.linalg.norm(np.diff(pose.position_m, axis=0), axis=1) * 240
        turned = geometry.rotation(pose.quaternion_wxyz)
        rate = (turned[1:] * turned[:-1].inv()).magnitude() * 240
        assert speed_m_s.max() < FASTEST_M_S and rate.max() < 40, limb
        assert speed_m_s[[0, -1]].max() < 3.0 and rate[[0, -1]].max() < 9.0, f"{limb}: {speed_m_s[[0, -1]]}, {rate[[0, -1]]}"


@every_motion
@few
@given(data=st.data())
def test_joints_stay_within_limits(name, data):
    case = data.draw(cases(name))
    paths = film(case, 30.0)
    body = BodyKinematics.of(paths, "x", 0, paths.num_frames - 1)
    joints = {"knee": body.knee}
    if case.legs == 2:
        joints |= {"elbow": body.elbow, "nod of the head": body.head[:, 1], "twist of the spine": body.spine[:, 0]}
        joints |= {"bend of the spine": body.spine[:, 1], "side bend of the spine": body.spine[:, 2]}
        joints |= {"turn of the head": body.head[:, 0], "tilt of the head": body.head[:, 2]}
    for joint, angles in joints.items():
        least, most = LIMITS[joint]
        assert least <= angles.min() and angles.max() <= most, f"{joint}: {angles.min():.2f} to {angles.max():.2f}"


@every_motion
@few
@given(data=st.data())
def test_feet_that_bear_weight_do_not_slide(name, data):
    """A sole within 1 cm of the floor for two frames at 24 frames per second has moved by less than 1.5 cm."""
    case = data.draw(cases(name))
    paths = film(case, 24.0)
    body = BodyKinematics.of(paths, "x", 0, paths.num_frames - 1)
    for feet in (body.feet, body.fore_feet) if case.legs == 4 else (body.feet,):
        soles_m = feet * case.leg_m
        planted = (soles_m[1:, :, 2] < 0.01) & (soles_m[:-1, :, 2] < 0.01)
        slid_m = np.linalg.norm(np.diff(soles_m, axis=0), axis=-1)
        assert (slid_m * planted).max() < 0.015


@lru_cache
def meshes(avatar):
    """The points of each limb at a height of 1 m, and the half spaces of the hull of it."""
    surfaces = AVATARS[avatar]().surfaces(plain((1.0, 0.0, 0.0)), "red")
    points = {limb: np.concatenate([each.solid.vertices for each in painted]) for limb, painted in surfaces.items()}
    return points, {limb: ConvexHull(each).equations for limb, each in points.items()}


@every_motion
@few
@given(data=st.data())
def test_no_limb_goes_through_the_floor(name, data):
    """But for what is soft: clothes and backs, and paws, which tilt with the shins they belong to."""
    case = data.draw(cases(name))
    points, _ = meshes(case.avatar)
    for limb, pose in finely(case, per_s=12).items():
        up = geometry.rotation(pose.quaternion_wxyz).as_matrix()[:, 2] * case.height_m
        lowest_m = (up @ points[limb].T).min(axis=1) + pose.position_m[:, 2]
        assert lowest_m.min() > -(0.065 if case.legs == 4 else 0.025) * case.height_m, f"{limb}: {lowest_m.min():.3f} m"


@every_motion
@few
@given(data=st.data())
def test_arms_do_not_go_through_the_body(name, data):
    """The axis of each forearm and hand stays outside the trunk, the head and the other arm, but for a finger's breadth."""
    case = data.draw(cases(name))
    if case.legs == 4:
        return
    limbs = finely(case, per_s=24)
    for side in ("left", "right"):
        other = "right" if side == "left" else "left"
        axis_m = -np.linspace(0.25, 0.9, 6)[:, None] * (0.0, 0.0, AVATARS[case.avatar].proportions.forearm * case.height_m)
        arm = limbs[f"{side}_forearm"]
        points_m = np.stack([geometry.rotation(arm.quaternion_wxyz).apply(point) + arm.position_m for point in axis_m], axis=1)
        for limb in ("pelvis", "chest", "head", f"{other}_forearm", "left_thigh", "right_thigh"):
            assert depth_m(points_m, limbs[limb], case, limb).max() < 0.015 * case.height_m, f"{side} forearm in {limb}"


def depth_m(points_m, pose, case, limb):
    """How deep world points ``(frame, point, 3)`` are inside a limb's hull: ``(frame, point)``, negative outside."""
    equations = meshes(case.avatar)[1][limb]
    matrix = geometry.rotation(pose.quaternion_wxyz).as_matrix()
    local = np.einsum("fij,fpi->fpj", matrix, points_m - pose.position_m[:, None]) / case.height_m
    return -(local @ equations[:, :3].T + equations[:, 3]).max(axis=-1) * case.height_m


# -- what it claims, and what it is taken for ---------------------------------------------------------------------------


@every_motion
@few
@given(data=st.data())
def test_what_it_claims_is_true(name, data):
    case = data.draw(cases(name))
    claims, body = case.motion.claims(), measured(film(case, 60.0))
    yaw = case.motion.ends_at()[2]
    assert body.turns == pytest.approx(yaw / (2 * np.pi), abs=0.01)
    if claims.turns is not None:
        assert body.turns == pytest.approx(claims.turns, abs=0.01)
    if claims.forward is not None:
        assert body.forward == pytest.approx(claims.forward, abs=0.03 + 0.02 * abs(claims.forward))
    if claims.leftward is not None:
        assert body.leftward == pytest.approx(claims.leftward, abs=0.03 + 0.02 * abs(claims.leftward))
    if claims.leaves_ground is not None:
        assert (body.flights > 0) == claims.leaves_ground
    if claims.cycles is not None:
        assert AVATAR_MOTIONS[name].count(body) == claims.cycles


@pytest.mark.parametrize("fps", [12.0, 24.0, 30.0])
@every_motion
def test_is_recognised_as_itself_with_its_side_and_as_nothing_else(name, fps):
    """On every body, in both senses, for drawn numbers of cycles and difficulties."""
    rng = np.random.default_rng([int(fps), *name.encode()])
    cls = AVATAR_MOTIONS[name]
    for number, avatar in enumerate(bodies_for(name)):
        sense = senses_of(name)[(number + int(fps) // 6) % len(senses_of(name))]
        case = drawn(name, avatar, rng, sense=sense)
        body = measured(film(case, fps, yaw_rad=rng.uniform(-3, 3)))
        assert matching(body) == {name: sense}, case
        assert recognise(body) == (name, sense)
        if cls.countable:
            assert cls.count(body) == case.cue.cycles, case


@every_motion
@few
@given(data=st.data())
def test_a_mirror_shows_the_other_side(name, data):
    case = data.draw(cases(name))
    cls = AVATAR_MOTIONS[name]
    flips = cls.sided or cls.mirrors
    assert matching(measured(mirrored(film(case, 24.0)))) == {
        name: -sense_of(case) if flips and len(senses_of(name)) == 2 else sense_of(case)
    }


@every_motion
@few
@given(data=st.data())
def test_backwards_in_time_it_is_what_it_says(name, data):
    case = data.draw(cases(name))
    cls = AVATAR_MOTIONS[name]
    body = measured(backwards(film(case, 24.0)))
    if cls.reversed_in_time == "?":
        return
    other = cls.reversed_in_time or name
    assert matching(body) == {other: -sense_of(case) if cls.reverses_sense else sense_of(case)}
    if AVATAR_MOTIONS[other].countable:
        assert AVATAR_MOTIONS[other].count(body) == case.cue.cycles


@every_motion
def test_two_in_a_row_are_two_stretches(name):
    """A rest of 0.4 s at ease divides; the second begins where the first one ended."""
    cls = AVATAR_MOTIONS[name]
    if cls.ends:
        return
    case = drawn(name, bodies_for(name)[0], np.random.default_rng(5))
    paths = film(case, 24.0, motions=(case.motion, case.motion))
    segments = body_segments(paths, "x")
    assert [recognise(BodyKinematics.of(paths, "x", *segment)) for segment in segments] == [(name, sense_of(case))] * 2


def test_an_avatar_that_only_rests_has_no_stretches():
    case = drawn("jump", bodies_for("jump")[0], np.random.default_rng(0))
    paths = film(case, 24.0)
    assert (
        body_segments(
            dataclasses.replace(
                paths, **{key: np.repeat(getattr(paths, key)[:, :1], 50, axis=1) for key in ("limb_position_m", "limb_quaternion_wxyz")}
            ),
            "x",
        )
        == []
    )


def test_measuring_needs_limbs_and_an_interval():
    paths = film(drawn("jump", bodies_for("jump")[0], np.random.default_rng(0)), 12.0)
    with pytest.raises(ValueError, match="interval"):
        BodyKinematics.of(paths, "x", 5, 5)
    bare = dataclasses.replace(
        paths, limb_names=(), limb_position_m=paths.limb_position_m[:0], limb_quaternion_wxyz=paths.limb_quaternion_wxyz[:0]
    )
    with pytest.raises(ValueError, match="not an avatar"):
        BodyKinematics.of(bare, "x", 0, 5)
