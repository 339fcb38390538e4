"""What every registered event must be: these tests are drawn from the catalogue, so a new file is tested at once."""

import contextlib
import dataclasses
import functools
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from qa_templates.event_words import BLUNT, open_events
from scenes import bodies, geometry, shapes
from scenes.avatars.avatar import AVATARS, draw_height_m
from scenes.avatars.grasp import palm_thickness, palms
from scenes.events.event import ACROSS_RAD, EVENTS, Event, EventCue, event_of, recognise, record
from scenes.motions.motion import MOTIONS, Cue, act
from scenes.rejection import Rejected
from scenes.relations import Relations
from scenes.script import SceneOptions
from scenes.solve import solve
from scenes.types import CameraSpec, EnvironmentSpec, LightSpec, ObjectSpec, Pattern, SceneSpec, Timeline, Trajectories

every_event = pytest.mark.parametrize("name", list(EVENTS))
several_event = pytest.mark.parametrize("name", [name for name, cls in EVENTS.items() if len(cls.roles) - len(cls.avatars) > 1])
avatars_event = pytest.mark.parametrize("name", [name for name, cls in EVENTS.items() if cls.avatars])
cup_event = pytest.mark.parametrize("name", [name for name, cls in EVENTS.items() if ("cup",) in cls.shapes.values()])
examples = settings(max_examples=8)
few = settings(max_examples=3)
frame_rates = st.sampled_from([12.0, 24.0, 25.0, 30.0])

ON_TWO_LEGS = sorted(name for name, avatar in AVATARS.items() if avatar.proportions.legs == 2)
ORDINARY = sorted(name for name, shape in shapes.SHAPES.items() if not (shape.round or shape.prop))
MAX_SIZE_M = 1.25
FASTEST_M_S = 10.0  # of any object's centre
BOUNDS_M = 2.0  # of every object's middle, and with its half length BOUNDS_M + 0.4, from the origin of its event
SUNK_M = 0.003
FASTEST_RAD_S = 30.0  # of any limb
LEAD_S = 0.4


@dataclasses.dataclass(frozen=True)
class Case:
    """A drawn event with its cast."""

    event: Event
    cue: EventCue
    cast: dict[str, ObjectSpec]
    azimuth_rad: float
    elevation_rad: float

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.cast[role].name for role in self.event.roles)


def size_m(shape: str, bulk_m: float) -> float:
    return min(bulk_m / float(np.prod(bodies.extent_m(shape, 1.0))) ** (1 / 3), MAX_SIZE_M)


def draw_case(name: str, rng: np.random.Generator, tries: int = 40) -> Case:
    """An event with objects of all allowed shapes and usual sizes, as a camera anywhere round the stage sees it."""
    cls = EVENTS[name]
    azimuth_rad, elevation_rad = rng.uniform(-1.1, 1.1), rng.uniform(0.1, 0.7)
    for _ in range(tries):
        cast = {role: draw_object(cls, role, rng) for role in cls.roles}
        across_rad = azimuth_rad + rng.uniform(-ACROSS_RAD, ACROSS_RAD) + np.pi * rng.integers(2)
        cue = EventCue(
            duration_s=float(rng.uniform(*cls.seconds)),
            extent_m={role: bodies.extent_m(item.shape, item.size_m) for role, item in cast.items()},
            heading_rad=across_rad if cls.crossways else float(rng.uniform(-3.1, 3.1)),
            away_rad=azimuth_rad + np.pi / 2,
            sense=int(rng.choice([-1, 1])),
            difficulty=float(rng.uniform(0, 1)),
            bodies={role: (cast[role].shape, cast[role].size_m) for role in cls.avatars},
        )
        try:
            event = cls.sample(rng, cue)
        except Rejected:
            continue
        return Case(event, cue, {role: placed(item, event, role) for role, item in cast.items()}, azimuth_rad, elevation_rad)
    pytest.fail(f"{name} was rejected {tries} times running")


def draw_object(cls: type[Event], role: str, rng: np.random.Generator) -> ObjectSpec:
    if role in cls.avatars:
        kind = str(rng.choice(ON_TWO_LEGS))
        height_m = draw_height_m(kind, rng)
        at_m = (0.0, 0.0, AVATARS[kind].proportions.leg * height_m)
        return ObjectSpec(role, kind, height_m, "red", Pattern("plain", ((1.0, 0.0, 0.0),)), at_m)
    shape = str(rng.choice(sorted(cls.shapes.get(role) or ORDINARY)))
    bulk_m = cls.bulk.get(role, 1.0) * rng.uniform(*((0.52, 0.66) if len(cls.roles) > 3 else (0.52, 0.85)))
    return ObjectSpec(role, shape, size_m(shape, bulk_m), "red", Pattern("plain", ((1.0, 0.0, 0.0),)), (0.0, 0.0, 0.0))


def placed(item: ObjectSpec, event: Event, role: str) -> ObjectSpec:
    x, y, z = event.places()[role]
    height_m = item.position_m[2] if role in event.avatars else bodies.extent_m(item.shape, item.size_m)[2] / 2
    place = geometry.yaw(event.heading_rad).apply((x, y, z + height_m))
    return dataclasses.replace(item, position_m=tuple(place.tolist()), yaw_rad=event.heading_rad + event.facings().get(role, 0.0))


def spec_of(case: Case, fps: float = 24.0, lead_s: float = LEAD_S) -> SceneSpec:
    """A scene of the event alone, between two rests, before a still camera."""
    event = record(case.event, lead_s, {role: item.name for role, item in case.cast.items()})
    return scene(tuple(case.cast.values()), event.end_s + LEAD_S, fps, case.azimuth_rad, case.elevation_rad, (event,))


def scene(objects, duration_s, fps, azimuth_rad=0.0, elevation_rad=0.3, events=()) -> SceneSpec:
    level = 6.8 * np.cos(elevation_rad)
    place = (level * np.sin(azimuth_rad), -level * np.cos(azimuth_rad), 0.7 + 6.8 * np.sin(elevation_rad))
    camera = CameraSpec("test", place, (0.0, 0.0, 0.7), 35.0)
    timeline = Timeline(int(np.ceil(duration_s * fps)), fps)
    return SceneSpec("clip", "test", 0, 0, timeline, EnvironmentSpec("studio", 0), LightSpec((0, 0, 1)), objects, camera, (), events)


def finely(case: Case) -> Trajectories:
    """The event at 200 frames per second, from its first to its last moment."""
    return solve(spec_of(case, 200.0, 0.0))


def measure(case: Case, paths: Trajectories, names: tuple[str, ...] | None = None) -> Relations:
    """What is measured of the stretch in which anything moves."""
    moving = np.linalg.norm(np.diff(paths.position_m, axis=1), axis=-1) + np.abs(np.diff(paths.quaternion_wxyz, axis=1)).sum(axis=-1)
    steps = np.flatnonzero(moving.max(axis=0) > 1e-6)
    return Relations.of(paths, names or case.names, int(steps[0]), int(steps[-1]) + 1)


def orders(case: Case):
    """The cast in every order of its roles: (names, whether the truth is the same as in the right order)."""
    right, seen = case.event.told_apart(case.event.roles), set()
    for order in itertools.permutations(case.event.roles):
        told = case.event.told_apart(order)
        if told not in seen or told == right:  # of those that differ by the interchangeable alone, only the right ones are all tried
            yield tuple(case.cast[role].name for role in order), case.event.symmetric or told == right
        seen.add(told)


def matching(measured: Relations) -> list[str]:
    return [name for name, event in EVENTS.items() if len(event.roles) == len(measured.names) and event.matches(measured)]


def mirrored(paths: Trajectories) -> Trajectories:
    """In a mirror at x = 0; the camera's own x axis turns round with it, so that the picture is mirrored too."""
    flip = {
        "position_m": (-1, 1, 1),
        "camera_position_m": (-1, 1, 1),
        "quaternion_wxyz": (1, 1, -1, -1),
        "camera_quaternion_wxyz": (1, 1, -1, -1),
        "limb_position_m": (-1, 1, 1),
    }
    w, x, y, z = np.moveaxis(paths.limb_quaternion_wxyz * (1, 1, -1, -1), -1, 0)
    limbs = {
        "limb_names": tuple(other_side(name) for name in paths.limb_names),
        "limb_quaternion_wxyz": np.stack([-z, y, -x, w], axis=-1),  # bodies keep their faces in front: reflected left to right too
    }
    return dataclasses.replace(paths, **{key: getattr(paths, key) * signs for key, signs in flip.items()}, **limbs)


def other_side(limb: str) -> str:
    body, part = limb.split("/")
    side, _, rest = part.partition("_")
    sides = {"left": "right", "right": "left"}
    return f"{body}/{sides[side]}_{rest}" if side in sides else limb


def backwards(paths: Trajectories) -> Trajectories:
    turned = ("position_m", "quaternion_wxyz", "limb_position_m", "limb_quaternion_wxyz")
    return dataclasses.replace(paths, **{key: getattr(paths, key)[:, ::-1] for key in turned})


def hull_m(case: Case, role: str, paths: Trajectories, frame: int) -> np.ndarray:
    """``(point, 3)``: corners of the convex hull of an object's mesh, in the world."""
    item = case.cast[role]
    points = unit_hull(item.shape) * item.size_m
    row = paths.index(item.name)
    return geometry.rotation(paths.quaternion_wxyz[row, frame]).apply(points) + paths.position_m[row, frame]


@functools.cache
def unit_hull(shape: str) -> np.ndarray:
    return np.asarray(
        shapes.object_mesh(ObjectSpec("it", shape, 1.0, "red", Pattern("plain", ((1.0, 0.0, 0.0),)), (0, 0, 0))).convex_hull.vertices
    )


def hulls_meet(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether some mean of the points of one is also one of the other."""
    left, right = len(first), len(second)
    equal = np.block([[first.T, -second.T], [np.ones((1, left)), np.zeros((1, right))], [np.zeros((1, left)), np.ones((1, right))]])
    return bool(linprog(np.zeros(left + right), A_eq=equal, b_eq=[0, 0, 0, 1, 1], bounds=(0, None)).success)


def rigid(case: Case) -> list[str]:
    """The roles that no avatar plays."""
    return [role for role in case.event.roles if role not in case.event.avatars]


def seeds():
    return st.integers(0, 2**32).map(np.random.default_rng)


# -- what a class says of itself ----------------------------------------------------------------------------------------


@every_event
def test_can_be_asked_about(name):
    cls = EVENTS[name]
    assert cls.__doc__ and len(set(cls.roles)) == len(cls.roles) >= 2
    told = cls.sentence.format(**{role: f"the {role}" for role in cls.roles})
    assert all(f"the {role}" in told for role in cls.roles if "{" + role + "}" in cls.sentence) and "{" not in told
    assert set(cls.shapes) | set(cls.bulk) | set(cls.hides) <= set(cls.roles)
    assert cls.symmetric or cls.base
    assert not cls.passive or cls.passive.endswith(" by")
    shortest, longest = cls.seconds
    assert 0.8 <= shortest < longest <= 6.5


@every_event
def test_needs_shapes_that_there_are(name):
    for role, allowed in EVENTS[name].shapes.items():
        assert allowed and all(shape in shapes.SHAPES for shape in allowed), role


@every_event
def test_its_reverse_is_the_reverse_of_its_reverse(name):
    other = EVENTS[name].reversed_in_time or name
    assert other == "?" or (EVENTS[other].reversed_in_time or other) == name


def test_no_two_events_are_called_the_same():
    assert len({cls.sentence for cls in EVENTS.values()}) == len(EVENTS)
    asked = [cls for cls in EVENTS.values() if not cls.symmetric]
    passives = [cls.passive for cls in asked if cls.passive]
    assert len({cls.base for cls in asked}) == len(asked) and len(set(passives)) == len(passives)


def test_there_are_enough_of_them():
    assert len(EVENTS) >= 16


@every_event
def test_what_it_implies_is_an_event_for_as_many(name):
    assert all(other != name and len(EVENTS[other].roles) == len(EVENTS[name].roles) for other in EVENTS[name].implies)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), difficulty=st.floats(0, 1), bulk_m=st.tuples(st.floats(0.33, 0.72), st.floats(0.33, 0.72)))
def test_no_first_frame_tells_which_event_is_about_to_happen(seed, difficulty, bulk_m):
    """Two blunt objects are drawn to stand one ahead of the other, as far apart for one event as for any other."""
    rng = np.random.default_rng(seed)
    extents = [bodies.extent_m(shape, size_m(shape, bulk)) for shape, bulk in zip(rng.choice(BLUNT, 2), bulk_m, strict=True)]
    starts = []
    for name in open_events(SceneOptions()):
        cls = EVENTS[name]
        cue = EventCue(2.5, dict(zip(cls.roles, extents, strict=True)), difficulty=difficulty)
        with contextlib.suppress(Rejected):
            places = cls.sample(np.random.default_rng(seed), cue).places()
            starts.append(np.subtract(places[cls.roles[1]], places[cls.roles[0]]))
    assert len(starts) > 6
    np.testing.assert_allclose(starts, np.broadcast_to(starts[0], (len(starts), 3)), atol=1e-9)
    assert np.all(np.array(starts)[:, 1:] == 0.0)


# -- the paths ----------------------------------------------------------------------------------------------------------


@every_event
@examples
@given(rng=seeds())
def test_starts_at_its_places_and_does_not_jump(name, rng):
    case = draw_case(name, rng)
    start = case.event.local_poses(np.zeros(1))
    assert set(start) | set(case.event.avatars) == set(case.event.places()) == set(case.event.roles)
    assert not set(start) & set(case.event.avatars)
    for pose in start.values():
        np.testing.assert_allclose(pose.position_m, 0.0, atol=1e-9)
        np.testing.assert_allclose(np.abs(pose.quaternion_wxyz), [geometry.IDENTITY_WXYZ], atol=1e-9)
    for pose in case.event.poses(np.linspace(0.0, case.event.duration_s, 2000)).values():
        assert np.isfinite(pose.position_m).all() and np.isfinite(pose.quaternion_wxyz).all() and np.all(pose.scale == 1.0)
        steps_m = np.linalg.norm(np.diff(pose.position_m, axis=0), axis=1)
        assert steps_m.max() < FASTEST_M_S * case.event.duration_s / 1999
        turned = geometry.rotation(pose.quaternion_wxyz)
        assert (turned[1:] * turned[:-1].inv()).magnitude().max() < 0.02


@every_event
@examples
@given(rng=seeds())
def test_keeps_its_last_pose(name, rng):
    case = draw_case(name, rng)
    late = case.event.poses(case.event.duration_s + np.array([0.0, 0.5, 9.0]))
    for pose in late.values():
        assert np.ptp(pose.position_m, axis=0).max() < 1e-12


@every_event
@examples
@given(rng=seeds())
def test_stays_on_the_stage_and_above_the_floor(name, rng):
    case = draw_case(name, rng)
    paths = finely(case)
    for role in case.event.roles:
        if role in case.event.avatars:
            continue
        row = paths.index(case.cast[role].name)
        away_m = np.linalg.norm(paths.position_m[row, :, :2], axis=1).max()
        assert away_m < BOUNDS_M and away_m + paths.extent_m[row, 0] / 2 < BOUNDS_M + 0.4
        matrix = geometry.rotation(paths.quaternion_wxyz[row]).as_matrix()
        lowest_m = paths.position_m[row, :, 2] - np.abs(matrix[:, 2]) @ paths.extent_m[row] / 2
        assert lowest_m.min() > -SUNK_M
        assert lowest_m[-1] < SUNK_M or any(role in contact.roles for contact in case.event.contacts()) or "cup" in role


@several_event
@examples
@given(rng=seeds())
def test_bodies_do_not_sink_into_each_other(name, rng):
    """By their boxes; what fits under a cup is another test's."""
    case = draw_case(name, rng)
    paths = finely(case)
    for first, second in itertools.combinations(rigid(case), 2):
        cups = sum(case.cast[role].shape == "cup" for role in (first, second))
        measured = Relations.of(paths, (case.cast[first].name, case.cast[second].name), 0, paths.num_frames - 1)
        apart_m = np.max([measured.gap_m(0, 1), measured.over_m(0, 1), measured.over_m(1, 0)], axis=0)
        if cups == 2:  # they are as round as they are wide
            apart_m = measured.apart_m(0, 1) - measured.extent_m[:, :, 0].sum(axis=0) / 2
        assert cups == 1 or apart_m.min() > -SUNK_M


@cup_event
@examples
@given(rng=seeds())
def test_what_goes_under_a_cup_never_touches_it(name, rng):
    """Where the two are at one height, the body is either all inside the wall or all outside."""
    case = draw_case(name, rng)
    paths = finely(case)
    cups = [role for role in case.event.roles if case.cast[role].shape == "cup"]
    for cup, other in itertools.product(cups, [role for role in case.event.roles if role not in cups]):
        measured = Relations.of(paths, (case.cast[cup].name, case.cast[other].name), 0, paths.num_frames - 1)
        top_m = measured.underside_m[1] + measured.height_m[1] - measured.underside_m[0]  # over the rim
        radius_m = float(np.hypot(*measured.extent_m[1, 0, :2])) / 2
        width_m, _, height_m = measured.extent_m[0, 0]
        room_m = np.array([shapes.room_under_cup_m(width_m, height_m, top) for top in top_m])
        outside = measured.gap_m(0, 1) > 0
        assert np.all((top_m < 0) | outside | (measured.apart_m(0, 1) + radius_m < room_m))


@pytest.mark.parametrize("size", [0.5, 1.0])
def test_there_is_the_room_under_a_cup_that_is_said(size):
    mesh = shapes.surfaces("cup", size, Pattern("plain", ((1.0, 0.0, 0.0),)), "red")[0].mesh
    width_m, _, height_m = shapes.extent_m("cup", size)
    for share in (0.1, 0.4, 0.7):
        radius_m = shapes.room_under_cup_m(width_m, height_m, share * height_m)
        start = np.array([[0.0, 0.0, share * height_m - height_m / 2]])
        hits = mesh.ray.intersects_location(start, [[1.0, 0.0, 0.0]])[0]
        assert 0.97 * radius_m < hits[:, 0].min() < 1.03 * radius_m


# -- contacts -----------------------------------------------------------------------------------------------------------


@every_event
@settings(max_examples=4)
@given(rng=seeds())
def test_contacts_are_where_bodies_touch(name, rng):
    """Gap 0 by the boxes while it lasts, and by the hulls of the meshes: moved 4 mm together they meet, apart they do not."""
    case = draw_case(name, rng)
    for contact in case.event.contacts():
        assert 0 <= contact.start_s <= contact.end_s <= case.event.duration_s + 1e-9
        if set(contact.roles) & set(case.event.avatars):
            continue
        moments = np.linspace(contact.start_s, contact.end_s, 5)
        paths = at_moments(case, moments)
        first, second = (case.cast[role].name for role in contact.roles)
        measured = Relations.of(paths, (first, second), 0, 4)
        apart_m = np.max([measured.gap_m(0, 1), measured.over_m(0, 1), measured.over_m(1, 0)], axis=0)
        assert np.abs(apart_m).max() < 2e-3
        hulls = [hull_m(case, role, paths, 0) for role in contact.roles]
        towards = hulls[1].mean(axis=0) - hulls[0].mean(axis=0)
        side_by_side = measured.gap_m(0, 1)[0] > measured.over_m(0, 1)[0] and measured.gap_m(0, 1)[0] > measured.over_m(1, 0)[0]
        towards = towards * (1, 1, 0) if side_by_side else (0, 0, np.sign(towards[2]))
        nudge = 0.004 * np.asarray(towards) / np.linalg.norm(towards)
        assert hulls_meet(hulls[0] + nudge, hulls[1]) and not hulls_meet(hulls[0] - nudge, hulls[1])


def at_moments(case: Case, moments_s: np.ndarray) -> Trajectories:
    """As `solve`, at moments of the event's own time."""
    paths = solve(dataclasses.replace(spec_of(case), timeline=Timeline(len(moments_s), 24.0)))
    poses = case.event.poses(moments_s)
    rows = [case.event.roles[list(case.cast).index(role)] for role in case.cast]
    turn = geometry.yaw(np.full(len(moments_s), case.event.heading_rad))
    position = np.stack([np.asarray(case.cast[role].position_m) + poses[role].position_m for role in rows])
    turned = np.stack([geometry.wxyz(geometry.rotation(poses[role].quaternion_wxyz) * turn) for role in rows])
    return dataclasses.replace(paths, position_m=position, quaternion_wxyz=turned)


@several_event
@examples
@given(rng=seeds())
def test_bodies_touch_at_no_other_time(name, rng):
    """What a cup hides it does not touch: that is another test's."""
    case = draw_case(name, rng)
    paths = finely(case)
    for first, second in itertools.combinations(rigid(case), 2):
        free = paths.times_s <= case.event.duration_s
        for contact in case.event.contacts():
            if set(contact.roles) == {first, second}:
                free &= (paths.times_s < contact.start_s - 0.05) | (paths.times_s > contact.end_s + 0.05)
        measured = Relations.of(paths, (case.cast[first].name, case.cast[second].name), 0, paths.num_frames - 1)
        apart_m = np.max([measured.gap_m(0, 1), measured.over_m(0, 1), measured.over_m(1, 0)], axis=0)
        cups = "cup" in (case.cast[first].shape, case.cast[second].shape)
        assert cups or not free.any() or float(apart_m[free].min()) > 1e-6


@examples
@given(rng=seeds())
def test_a_collision_keeps_momentum(rng):
    case = draw_case("collide", rng)
    masses = [float(np.prod(case.cue.extent_m[role])) for role in case.event.roles]
    step_s, hit_s = 1e-4, case.event.contacts()[0].start_s
    poses = case.event.local_poses(hit_s + np.array([-2, -1, 1, 2]) * step_s)
    speed = [np.diff(poses[role].position_m[:, 0])[[0, 2]] / step_s for role in case.event.roles]
    before, after = (sum(mass * each[k] for mass, each in zip(masses, speed, strict=True)) for k in (0, 1))
    assert after == pytest.approx(before, rel=2e-3)
    restitution = (speed[1][1] - speed[0][1]) / speed[0][0]
    assert 0.55 < restitution < 0.9
    energy = [sum(mass * each[k] ** 2 for mass, each in zip(masses, speed, strict=True)) for k in (0, 1)]
    assert energy[1] < energy[0]


# -- avatars ------------------------------------------------------------------------------------------------------------


@avatars_event
@few
@given(rng=seeds())
def test_palms_are_on_what_is_held(name, rng):
    """At the very surface of the ball, on both sides of it, as long as a contact lasts; and at no other time."""
    case = draw_case(name, rng)
    paths = finely(case)
    for contact in case.event.contacts():
        avatar, item = (case.cast[role] for role in contact.roles)
        size = AVATARS[avatar.shape].proportions
        held = (paths.times_s >= contact.start_s) & (paths.times_s <= contact.end_s)
        hands_m = palms(paths.limbs(avatar.name), size, avatar.size_m)
        way_m = hands_m - paths.pose(item.name).position_m[:, None]
        touching_m = bodies.extent_m(item.shape, item.size_m)[0] / 2 + palm_thickness(size) * avatar.size_m
        apart_m = np.linalg.norm(way_m, axis=-1)
        assert np.all(apart_m[held] < touching_m + 3e-3) and np.all(apart_m[held] > 0.9 * touching_m)
        assert np.all(np.sum(way_m[held, 0] * way_m[held, 1], axis=-1) < 0)  # one on the left, one on the right
        others = [each for each in case.event.contacts() if each.roles == contact.roles]
        free = paths.times_s <= case.event.duration_s
        for each in others:
            free &= (paths.times_s < each.start_s - 0.1) | (paths.times_s > each.end_s + 0.1)
        assert not free.any() or np.all(apart_m[free].max(axis=1) > touching_m + 0.02)


@avatars_event
@few
@given(rng=seeds())
def test_avatars_begin_where_they_are_and_do_not_jump(name, rng):
    case = draw_case(name, rng)
    paths = finely(case)
    for role in case.event.avatars:
        item, hips = case.cast[role], paths.pose(case.cast[role].name)
        np.testing.assert_allclose(hips.position_m[0], item.position_m, atol=1e-6)
        for limb, pose in paths.limbs(item.name).items():
            assert np.isfinite(pose.position_m).all()
            turned = geometry.rotation(pose.quaternion_wxyz)
            assert (turned[1:] * turned[:-1].inv()).magnitude().max() < FASTEST_RAD_S / 200, (role, limb)
            lowest_m = -SUNK_M if "foot" not in limb else 0.0
            assert pose.position_m[:, 2].min() > lowest_m


@avatars_event
@few
@given(rng=seeds())
def test_what_flies_falls_as_it_must(name, rng):
    """While no one touches it, the second difference of its path is that of gravity."""
    case = draw_case(name, rng)
    paths = finely(case)
    item = next(role for role in rigid(case))
    held = [(each.start_s, each.end_s) for each in case.event.contacts() if item in each.roles]
    free = paths.times_s <= case.event.duration_s
    for start_s, end_s in held:
        free &= (paths.times_s < start_s) | (paths.times_s > end_s)
    inner = free[1:-1] & free[:-2] & free[2:]
    pull = np.diff(paths.pose(case.cast[item].name).position_m, 2, axis=0)[inner] * 200.0**2
    np.testing.assert_allclose(pull, np.broadcast_to([0.0, 0.0, -9.81], pull.shape), atol=1e-3)


# -- recognition --------------------------------------------------------------------------------------------------------


@every_event
@settings(max_examples=12)
@given(rng=seeds(), fps=frame_rates, lead_s=st.floats(0.3, 0.6))
def test_is_recognised_with_its_roles_and_as_nothing_else(name, rng, fps, lead_s):
    case = draw_case(name, rng)
    paths = solve(spec_of(case, fps, lead_s))
    measured = measure(case, paths)
    for names, same in orders(case):
        assert matching(measured.in_order(names)) == ([name] if same else []), names
    assert recognise(measured) == name


@every_event
@examples
@given(rng=seeds(), fps=frame_rates)
def test_is_the_same_in_the_mirror(name, rng, fps):
    case = draw_case(name, rng)
    paths = mirrored(solve(spec_of(case, fps)))
    assert matching(measure(case, paths)) == [name]


@every_event
@examples
@given(rng=seeds(), fps=frame_rates)
def test_backwards_is_as_declared(name, rng, fps):
    case = draw_case(name, rng)
    other = EVENTS[name].reversed_in_time or name
    assert matching(measure(case, backwards(solve(spec_of(case, fps))))) == ([] if other == "?" else [other])


@settings(max_examples=60)
@given(rng=seeds(), fps=frame_rates, moves=st.tuples(*[st.sampled_from(list(MOTIONS))] * 2))
def test_unrelated_motions_are_no_event(rng, fps, moves):
    """Two that move on their own, as far from each other as the staging keeps them."""
    objects = tuple(performer(name, move, rng) for name, move in zip("ab", moves, strict=True))
    away = geometry.yaw(rng.uniform(-3, 3)).apply((rng.uniform(3.9, 4.4), 0.0, 0.0))
    objects = (objects[0], dataclasses.replace(objects[1], position_m=tuple((away + objects[1].position_m).tolist())))
    paths = solve(scene(objects, 4.5, fps, rng.uniform(-1, 1)))
    for names in (("a", "b"), ("b", "a")):
        assert matching(Relations.of(paths, names, 0, paths.num_frames - 1)) == []


def performer(name: str, move: str, rng: np.random.Generator) -> ObjectSpec:
    shape = "ball" if MOTIONS[move].rolls else "cube"
    extent = bodies.extent_m(shape, 0.6)
    cls = MOTIONS[move]
    cue = Cue(cls.least_cycles * float(rng.uniform(*cls.seconds_per_cycle)), extent, cls.least_cycles, heading_rad=rng.uniform(-3, 3))
    start_s = rng.uniform(0.2, 0.6)
    return ObjectSpec(
        name, shape, 0.6, "red", Pattern("plain", ((1.0, 0.0, 0.0),)), (0.0, 0.0, 0.3), 0.0, (act(cls.sample(rng, cue), start_s),)
    )


@every_event
def test_a_cast_at_rest_is_no_event(name):
    case = draw_case(name, np.random.default_rng(3))
    paths = solve(dataclasses.replace(spec_of(case), events=()))
    assert matching(Relations.of(paths, case.names, 0, paths.num_frames - 1)) == []


# -- records ------------------------------------------------------------------------------------------------------------


@every_event
@examples
@given(rng=seeds())
def test_survives_its_record(name, rng):
    case = draw_case(name, rng)
    spec = record(case.event, 0.5, {role: role for role in case.event.roles})
    loaded = dataclasses.replace(spec, parameters=json.loads(json.dumps(spec.parameters)))
    times_s = np.linspace(0.0, case.event.duration_s, 9)
    again = event_of(loaded)
    for role in case.event.avatars:
        np.testing.assert_allclose(again.hold(role, times_s).shoulder, case.event.hold(role, times_s).shoulder, atol=1e-9)
    for role, pose in case.event.poses(times_s).items():
        np.testing.assert_allclose(again.poses(times_s)[role].position_m, pose.position_m, atol=1e-9)
    assert again.places() == case.event.places()
    assert [contact.roles for contact in again.contacts()] == [contact.roles for contact in case.event.contacts()]


@every_event
@given(seed=st.integers(0, 2**32))
@settings(max_examples=3)
def test_is_drawn_from_the_generator_alone(name, seed):
    first, again = (draw_case(name, np.random.default_rng(seed)) for _ in range(2))
    assert first.event == again.event


@pytest.mark.parametrize("wrong", [{"duration_s": 0.0}, {"sense": 2}])
def test_refuses_an_impossible_cue(wrong):
    (key,) = wrong
    with pytest.raises(ValueError, match=key):
        EventCue(**({"duration_s": 1.0, "extent_m": {}} | wrong))


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 5), (0, 1000)])
def test_refuses_what_is_no_interval(first, last):
    paths = solve(spec_of(draw_case("push", np.random.default_rng(0))))
    with pytest.raises(ValueError, match="0 <= first < last"):
        Relations.of(paths, ("pusher", "pushed"), first, last)
