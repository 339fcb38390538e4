"""Every registered avatar is whole, as tall as asked for, and moves its limbs as it is told; both renderers draw them where they are."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generator import truth_pass
from generator.occlusion import check_contacts
from generator.options import RenderOptions
from scenes import bodies, geometry
from scenes.avatars.avatar import AVATARS, LIMBS_ON_FOUR, LIMBS_ON_TWO, Avatar, draw_height_m
from scenes.avatars.hold import POSTURES, POSTURES_ON_FOUR, Hold, blend, neutral, posture
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue, act
from scenes.avatars.perform import perform
from scenes.avatars.skeleton import BALL, HEEL, SLACK, TOLERANCE, limb_poses
from scenes.catalogue import UnknownName
from scenes.colours import COLOURS
from scenes.patterns import plain
from scenes.rejection import Rejected
from scenes.shapes import random_pattern
from scenes.solve import solve
from scenes.types import CameraSpec, EnvironmentSpec, LightSpec, ObjectSpec, Pose, SceneSpec, Timeline

MAX_TRIANGLES = 4400
FEW = settings(max_examples=15)
MIRROR = np.array([1.0, -1.0, 1.0])
ON_TWO = [name for name, kind in AVATARS.items() if kind.proportions.legs == 2]
ON_FOUR = [name for name, kind in AVATARS.items() if kind.proportions.legs == 4]


def body(shape, size_m=1.5, position_m=None, yaw_rad=0.0, name="it", colour="red", **more):
    leg_m = AVATARS[shape].proportions.leg * size_m
    at_m = (0.0, 0.0, leg_m) if position_m is None else (*position_m, leg_m)
    return ObjectSpec(name, shape, size_m, colour, plain(COLOURS[colour]), at_m, yaw_rad, **more)


def scene(*objects, frames=4, width_px=160, height_px=120, camera_m=(0.0, -5.0, 1.4), **more):
    camera = CameraSpec("front", camera_m, (0.0, 0.0, 0.8), 30.0, width_px=width_px, height_px=height_px)
    light, place = LightSpec((0.4, -0.6, 0.9)), EnvironmentSpec("studio", 0)
    return SceneSpec("test", "train", 0, 0, Timeline(frames, 12.0), place, light, objects, camera, **more)


def posed_points(item, frame=0):
    """All vertices of an avatar in the world at its first frame, limb by limb."""
    _, limbs = perform(item, np.zeros(1))
    turned = {name: geometry.rotation(pose.quaternion_wxyz[frame]) for name, pose in limbs.items()}
    return {
        part.name: np.concatenate([turned[part.name].apply(surface.solid.vertices) for surface in part.surfaces])
        + limbs[part.name].position_m[frame]
        for part in bodies.parts(item)
    }


def down(pose: Pose, length_m: float) -> np.ndarray:
    """``(frame, 3)``: the far end of a bone that hangs from its hinge."""
    return pose.position_m + geometry.rotation(pose.quaternion_wxyz).apply((0.0, 0.0, -length_m))


# Bodies


def test_there_are_bodies_of_several_kinds():
    assert len(AVATARS) >= 6
    assert ON_TWO and ON_FOUR
    assert len({kind.noun for kind in AVATARS.values()}) == len(AVATARS)
    with pytest.raises(UnknownName, match="Known"):
        bodies.parts(replace(body("robot"), shape="centaur"))


@pytest.mark.parametrize("name", AVATARS)
def test_every_limb_is_there_and_closed(name):
    kind = AVATARS[name]
    parts = bodies.parts(body(name))
    assert tuple(part.name for part in parts) == (LIMBS_ON_FOUR if kind.proportions.legs == 4 else LIMBS_ON_TWO)
    for part in parts:
        assert part.surfaces, part.name
        for surface in part.surfaces:
            assert surface.mesh.is_watertight and surface.mesh.is_winding_consistent and surface.mesh.volume > 0, part.name
            assert surface.uv.shape == (len(surface.mesh.faces), 3, 2)
    assert sum(len(surface.mesh.faces) for part in parts for surface in part.surfaces) <= MAX_TRIANGLES


@pytest.mark.parametrize("name", AVATARS)
def test_it_is_as_tall_as_its_size_and_stands_on_the_ground(name):
    points = np.concatenate(list(posed_points(body(name, 1.6)).values()))
    low, high = points.min(axis=0), points.max(axis=0)
    assert low[2] == pytest.approx(0.0, abs=0.008)
    assert high[2] == pytest.approx(1.6, rel=0.012)
    assert bodies.extent_m(name, 1.6) == pytest.approx(high - low, abs=1e-6)
    shortest_m, tallest_m = AVATARS[name].height_m
    assert shortest_m <= draw_height_m(name, np.random.default_rng(0)) <= tallest_m


@pytest.mark.parametrize("name", AVATARS)
def test_its_limbs_hang_together(name):
    """Each limb's mesh reaches into that of the limb it hangs from, or very near it, in every posture."""
    for kept in POSTURES:
        points = posed_points(body(name, 1.0, posture=kept))
        for limb, cloud in points.items():
            others = np.concatenate([other for key, other in points.items() if key != limb])
            gap_m = np.linalg.norm(others[:, None] - cloud[None, ::3], axis=2).min()
            assert gap_m < 0.05, (limb, kept)


@pytest.mark.parametrize("name", AVATARS)
def test_it_is_the_same_whenever_it_is_built_and_its_meshes_do_not_depend_on_paint(name):
    rng = np.random.default_rng(1)
    item = replace(body(name), pattern=random_pattern(rng, COLOURS["red"]))
    first = bodies.parts(item)
    bodies._limbs.cache_clear()
    again, other = bodies.parts(item), bodies.parts(replace(item, colour="green", pattern=random_pattern(rng, COLOURS["green"])))
    for one, same, painted in zip(first, again, other, strict=True):
        assert [surface.pattern for surface in one.surfaces] == [surface.pattern for surface in same.surfaces]
        for a, b, c in zip(one.surfaces, same.surfaces, painted.surfaces, strict=True):
            assert np.array_equal(a.solid.vertices, b.solid.vertices) and np.array_equal(a.solid.vertices, c.solid.vertices)
    assert any(surface.pattern == item.pattern for part in first for surface in part.surfaces)


@pytest.mark.parametrize("name", AVATARS)
def test_its_left_is_the_mirror_image_of_its_right(name):
    limbs = {part.name: np.concatenate([surface.solid.vertices for surface in part.surfaces]) for part in bodies.parts(body(name))}
    for limb, points in limbs.items():
        twin = limbs[limb.replace("left", "right")] if "left" in limb else points if "right" not in limb else None
        if twin is not None:
            gap = np.linalg.norm((points * MIRROR)[:, None] - twin[None], axis=2).min(axis=1).max()
            assert gap < 0.012, limb


def test_it_is_called_by_its_clothes():
    assert bodies.called("woman", "red") == "woman in red"
    assert bodies.called("robot", "red") == "red robot"
    assert bodies.called("ball", "red") == "red ball"


# Skeleton


def holds(reach=1.0):
    """Holds of one frame with every joint bent and every foot off its place."""
    angle, step = st.floats(0.0, 0.6), st.floats(0.0, 0.2 * reach)

    def draw(seed, dip, bend, out):
        rng = np.random.default_rng(seed)
        shapes = {each.name: getattr(neutral(1), each.name).shape for each in fields(Hold)}
        values = {name: rng.uniform(-bend, bend, shape) for name, shape in shapes.items()}
        for key in ("feet", "fore_feet"):
            values[key] = rng.uniform(-out, out, (1, 2, 3)) * (1, 0.4, 1) + (0, 0, out)
        values["clasp"] = rng.uniform(0.0, 1.0, 1)
        values["hips"] = rng.uniform(-0.1, 0.1, (1, 3)) - (0, 0, dip)
        values["turn"] = rng.uniform(-0.4, 0.4, (1, 3)) * (1, 0.4, 0.4)
        return Hold(**values)

    return st.builds(draw, st.integers(0, 2**32 - 1), st.floats(0.1, 0.3), angle, step)


def solved(name, hold, height_m=1.5):
    try:
        return limb_poses(hold, AVATARS[name].proportions, height_m)
    except Rejected:
        assume(False)


@pytest.mark.parametrize("name", ON_TWO)
@FEW
@given(hold=holds())
def test_flat_soles_are_where_the_hold_says(name, hold):
    size = AVATARS[name].proportions
    hold.foot_turn[..., 1] = 0.0
    limbs = solved(name, hold)
    for side, (which, sign) in enumerate((("left", 1), ("right", -1))):
        foot = limbs[f"{which}_foot"]
        stands = geometry.yaw(hold.foot_turn[:, side, 0]).apply((0.0, sign * size.hip_width / 2, 0.0))
        wanted = (hold.feet[:, side] * size.leg + stands) * 1.5
        np.testing.assert_allclose(down(foot, size.ankle * 1.5), wanted, atol=TOLERANCE * size.leg * 1.5)
        ahead = geometry.rotation(foot.quaternion_wxyz).apply((1.0, 0.0, 0.0))[0]
        assert ahead[2] == pytest.approx(0.0, abs=1e-9)
        assert math.atan2(ahead[1], ahead[0]) == pytest.approx(hold.foot_turn[0, side, 0], abs=1e-9)


@pytest.mark.parametrize("name", ON_FOUR)
@FEW
@given(hold=holds(0.8))
def test_paws_are_where_the_hold_says(name, hold):
    size = AVATARS[name].proportions
    limbs = solved(name, hold)
    lengths = {"shin": size.shin + size.ankle, "fore_shin": size.forearm}
    for side, (which, sign) in enumerate((("left", 1), ("right", -1))):
        at = {"shin": (0.0, sign * size.hip_width / 2, 0.0), "fore_shin": (size.torso, sign * size.shoulder_width / 2, 0.0)}
        for limb, feet in (("shin", hold.feet), ("fore_shin", hold.fore_feet)):
            turned = hold.fore_turn[0, side] if limb == "fore_shin" else hold.foot_turn[0, side, 0]
            wanted = (feet[0, side] * size.leg + geometry.yaw(turned).apply(at[limb])) * 1.5
            reached = down(limbs[f"{which}_{limb}"], lengths[limb] * SLACK[4] * 1.5)[0]
            np.testing.assert_allclose(reached, wanted, atol=2 * TOLERANCE * size.leg * 1.5)


@pytest.mark.parametrize("name", AVATARS)
@FEW
@given(hold=holds(0.8))
def test_bones_keep_their_length_and_turns_stay_turns(name, hold):
    size = AVATARS[name].proportions
    limbs = solved(name, hold)
    pairs = [("thigh", "shin", size.thigh * SLACK[size.legs])]
    pairs += [("shin", "foot", size.shin * SLACK[2]), ("upper_arm", "forearm", size.upper_arm)] if size.legs == 2 else []
    pairs += [("fore_thigh", "fore_shin", size.upper_arm * SLACK[4])] if size.legs == 4 else []
    for which in ("left", "right"):
        for upper, lower, length in pairs:
            end = down(limbs[f"{which}_{upper}"], length * 1.5)
            np.testing.assert_allclose(end, limbs[f"{which}_{lower}"].position_m, atol=1.5 * TOLERANCE)
    for pose in limbs.values():
        assert np.linalg.norm(pose.quaternion_wxyz, axis=1) == pytest.approx(1.0)


def mirrored(hold: Hold) -> Hold:
    """The hold whose body is the mirror image."""
    swap = {each.name: getattr(hold, each.name) for each in fields(Hold)}
    for key in ("feet", "foot_turn", "knee_out", "shoulder", "elbow", "fore_feet", "fore_turn"):
        swap[key] = swap[key][:, ::-1]
    signs = {"hips": MIRROR, "feet": MIRROR, "fore_feet": MIRROR, "foot_turn": (-1, 1), "tail": (-1, 1), "fore_turn": -1}
    signs |= {"turn": (-1, 1, -1), "spine": (-1, 1, -1), "head": (-1, 1, -1)}
    return Hold(**{key: value * signs.get(key, 1.0) for key, value in swap.items()})


@pytest.mark.parametrize("name", AVATARS)
@FEW
@given(hold=holds(0.8))
def test_a_mirrored_hold_gives_the_mirror_image(name, hold):
    limbs, others = solved(name, hold), solved(name, mirrored(hold))
    for limb, pose in limbs.items():
        other = limb.replace("left", "x").replace("right", "left").replace("x", "right")
        np.testing.assert_allclose(pose.position_m * MIRROR, others[other].position_m, atol=1e-9)
        turn, twin = (geometry.rotation(p.quaternion_wxyz[0]).as_matrix() for p in (pose, others[other]))
        np.testing.assert_allclose(np.diag(MIRROR) @ turn @ np.diag(MIRROR), twin, atol=1e-9)


@FEW
@given(pitch=st.floats(-1.2, 1.2), yaw=st.floats(-0.7, 0.7))
def test_a_planted_foot_rolls_on_its_ball_and_its_heel(pitch, yaw):
    size = AVATARS["man"].proportions
    hold = neutral(1)
    hold.hips[0, 2] = -0.2
    hold.foot_turn[0, 0] = (yaw, pitch)
    foot = limb_poses(hold, size, 1.0)["left_foot"]
    turn = geometry.rotation(foot.quaternion_wxyz)
    for reach, planted in ((BALL, pitch >= 0), (-HEEL, pitch <= 0)):
        point = (foot.position_m + turn.apply((reach * size.ankle, 0.0, -size.ankle)))[0]
        assert point[2] >= -1e-9
        if planted:
            flat = geometry.yaw(yaw).apply((reach * size.ankle, size.hip_width / 2, 0.0))
            np.testing.assert_allclose(point, flat, atol=TOLERANCE)


@pytest.mark.parametrize("name", ON_TWO)
def test_knees_point_ahead_of_the_pelvis_and_never_flip(name):
    """From standing through sitting to lying, and through a deep bow and a high kick."""
    steps = np.linspace(0.0, 1.0, 121)
    bow, kick = posture("standing", 1), posture("standing", 1)
    bow.turn[0, 1], bow.hips[0] = 1.3, (-0.2, 0.0, -0.1)
    kick.feet[0, 0], kick.turn[0, 1] = (0.85, 0.0, 0.9), -0.2
    for first, last in (("standing", "sitting"), ("sitting", "lying"), ("standing", bow), ("standing", kick)):
        ends = [posture(end, 1) if isinstance(end, str) else end for end in (first, last)]
        limbs = limb_poses(blend(*ends, steps), AVATARS[name].proportions, 1.0)
        for side in ("left", "right"):
            thigh, shin = (geometry.rotation(limbs[f"{side}_{part}"].quaternion_wxyz) for part in ("thigh", "shin"))
            assert np.max((thigh[1:] * thigh[:-1].inv()).magnitude()) < 0.25
            bend = (thigh.inv() * shin).as_rotvec()[:, 1]
            assert np.all(bend > -1e-6), "a knee bends backwards"
    seated = limb_poses(posture("sitting", 1), AVATARS[name].proportions, 1.0)
    assert seated["left_shin"].position_m[0, 2] > seated["left_thigh"].position_m[0, 2]


@pytest.mark.parametrize("name", AVATARS)
@pytest.mark.parametrize("kept", POSTURES)
def test_every_posture_rests_on_the_ground(name, kept):
    limbs = posed_points(body(name, 1.0, posture=kept))
    deepest = -0.036 if name in ON_FOUR else -0.01  # paws tilt with the shins they belong to
    assert deepest < np.concatenate(list(limbs.values()))[:, 2].min() < 0.02, "neither through the floor nor above it"
    if kept == "lying":
        assert min(limbs[limb][:, 2].min() for limb in ("pelvis", "chest")) < 0.02, "the trunk does not hover"
    if kept != "standing":
        hips_m = perform(body(name, 1.0, posture=kept), np.zeros(1))[0].position_m[0, 2]
        assert hips_m < 0.5 * AVATARS[name].proportions.leg
    assert set(POSTURES) == set(POSTURES_ON_FOUR)


def test_a_foot_out_of_reach_is_rejected():
    hold = neutral(1)
    hold.feet[0, 0, 0] = 0.5
    with pytest.raises(Rejected, match="out of reach"):
        limb_poses(hold, AVATARS["man"].proportions, 1.7)


# Performance


def sampled(name, start_s, sense=1, duration_s=2.5):
    rng = np.random.default_rng(3)
    kind = AVATAR_MOTIONS[name]
    return act(kind.sample(rng, AvatarCue(duration_s, kind.least_cycles, sense, kind.begins[0])), start_s)


@pytest.mark.parametrize("name", ["man", "dog"])
def test_each_action_begins_where_the_one_before_left_the_body(name):
    actions = (sampled("walk", 0.5), sampled("turn", 3.2), sampled("walk", 6.0))
    item = body(name, 1.2, (0.4, -0.3), 0.7, actions=actions)
    times_s = np.arange(0, 9.5, 1 / 240)
    pelvis, limbs = perform(item, times_s)
    assert pelvis is limbs["pelvis"]
    np.testing.assert_allclose(pelvis.position_m[0], item.position_m, atol=1e-9)
    for limb, pose in limbs.items():
        assert np.linalg.norm(np.diff(pose.position_m, axis=0), axis=1).max() * 240 < 9.0, limb
        assert np.all(np.sum(pose.quaternion_wxyz[1:] * pose.quaternion_wxyz[:-1], axis=1) > 0.9), limb
    early, late = (pelvis.position_m[np.searchsorted(times_s, t)] for t in (3.1, 3.19))
    np.testing.assert_allclose(early, late, atol=1e-12)


@pytest.mark.parametrize("name", ["woman", "horse"])
@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_times_may_come_in_any_order(name, seed):
    item = body(name, 1.2, actions=(sampled("walk", 0.5),))
    times_s = np.random.default_rng(seed).uniform(0, 4, 12)
    _, limbs = perform(item, times_s)
    for row, time_s in enumerate(times_s):
        _, alone = perform(item, np.array([time_s]))
        np.testing.assert_allclose(limbs["head"].position_m[row], alone["head"].position_m[0], atol=1e-9)


def test_an_action_must_suit_the_posture_and_the_body():
    with pytest.raises(ValueError, match="posture"):
        perform(body("man", actions=(sampled("walk", 0.5),), posture="sitting"), np.zeros(1))
    with pytest.raises(ValueError, match="legs"):
        perform(body("dog", actions=(sampled("clap", 0.5),)), np.zeros(1))


# Pictures


@pytest.mark.parametrize("name", AVATARS)
def test_front_differs_from_back_and_left_from_right(name):
    blender = pytest.importorskip("generator.blender")
    items = [body(name, 1.6, (x, 0.0), yaw, f"{x}") for x, yaw in ((-1.2, -math.pi / 2), (1.2, math.pi / 2))]
    spec = scene(*items, frames=2, width_px=192, height_px=128)
    picture = next(blender.render(spec, solve(spec), RenderOptions(supersampling=1.0))).astype(int)
    mask = blender.render_masks(spec, solve(spec), [0])[0]
    front, back = (np.where((mask == k)[..., None], picture, 0)[:, side] for k, side in ((1, slice(0, 96)), (2, slice(96, None))))
    differing = np.abs(front - back[:, ::-1]).max(axis=2) > 60
    assert differing.sum() > 12
    ahead, astern = (truth_pass.shared().masks(each, solve(each), [0]) for each in (scene(body(name, yaw_rad=yaw)) for yaw in (0, math.pi)))
    assert np.mean(ahead != astern) / np.mean(ahead > 0) > 0.04, "seen from its side, it does not show which way it faces"


@pytest.mark.parametrize("name", ["chef", "dog"])
def test_both_renderers_draw_the_limbs_where_they_are(name):
    blender: ModuleType = pytest.importorskip("generator.blender")
    item = body(name, 1.6, (0.2, 0.1), 0.6, actions=(sampled("walk", 0.05, duration_s=1.8),))
    cube = ObjectSpec("box", "cube", 0.7, "blue", plain(COLOURS["blue"]), (0.3, -1.2, 0.35))
    spec = scene(item, cube, frames=24, width_px=320, height_px=240)
    paths = solve(spec)
    frames = [0, 11, 23]
    seen = blender.evaluated_poses(spec, paths, frames)
    turned = np.stack([geometry.rotation(limb).as_matrix() for limb in paths.limb_quaternion_wxyz[:, frames]])
    np.testing.assert_allclose(seen.limbs[..., :3, 3], paths.limb_position_m[:, frames], atol=1e-5)
    np.testing.assert_allclose(seen.limbs[..., :3, :3], turned, atol=1e-5)
    drawn, ours = blender.render_masks(spec, paths, frames), truth_pass.shared().masks(spec, paths, frames)
    assert np.mean(drawn != ours) < 2e-4
    alone_spec = replace(spec, objects=(item,))
    alone = blender.render_masks(alone_spec, solve(alone_spec), frames) == 1
    share = np.sum(drawn == 1, axis=(1, 2)) / alone.sum(axis=(1, 2))
    coverage = truth_pass.shared().coverage(spec, paths, np.array(frames), 96)
    np.testing.assert_allclose(coverage.visible_fraction[0], share, atol=0.03)
    assert share.min() < 0.97, "the box hides nothing"


@pytest.mark.parametrize("name", AVATARS)
def test_its_own_limbs_do_not_hide_it(name):
    spec = scene(body(name, yaw_rad=0.3))
    coverage = truth_pass.shared().coverage(spec, solve(spec), np.array([0, 3]))
    assert coverage.visible_fraction == pytest.approx(1.0, abs=2e-3)


# Contacts


def contact(*objects, **more):
    spec = scene(*objects, camera_m=(0.0, -8.0, 1.4), **more)
    try:
        check_contacts(spec, solve(spec))
    except Rejected as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize("name", AVATARS)
def test_it_may_stand_beside_a_box_but_not_in_it(name):
    """Its own limbs never count; what takes part in the same event may touch."""
    item, half_m = body(name, 1.5), bodies.extent_m(name, 1.5)[1] / 2

    def box(y_m):
        return ObjectSpec("box", "cube", 0.5, "blue", plain(COLOURS["blue"]), (0.0, y_m, 0.25))

    assert contact(item) == ""
    assert contact(item, box(half_m + 0.45)) == ""
    assert contact(item, box(0.1)) == "objects touch"


def test_two_bodies_need_room_and_one_must_not_leave_the_stage():
    assert contact(body("man", name="a"), body("woman", position_m=(0.0, 0.9), name="b")) == ""
    assert contact(body("man", name="a"), body("woman", position_m=(0.1, 0.2), name="b")) == "objects touch"
    assert contact(body("man", position_m=(3.9, 0.0))) == "object leaves the stage"


def test_an_avatar_is_a_class_that_anyone_can_add():
    assert all(issubclass(kind, Avatar) for kind in AVATARS.values())
