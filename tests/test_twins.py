"""Minimal-pair twins: two answers, and nothing else that differs, for every question template that has twins."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from generator.dataset import Dataset
from generator.description import ConfigurationChanged
from generator.pipeline import make_clip
from qa_templates.ask import prove
from qa_templates.avatar_actions import rivals
from qa_templates.event_words import open_events
from qa_templates.observation import event_performance
from qa_templates.pairs import Pair, stage_pair
from qa_templates.question import LETTERS, QUESTIONS, QuestionOptions, answers
from qa_templates.quota import LETTER_PAIRS, Intent, check, draw_twins, has_twins, twins
from scenes import geometry
from scenes.avatars.motions import motion as avatar_motion
from scenes.avatars.motions.motion import AVATAR_MOTIONS, AvatarCue
from scenes.casting import draw_motion
from scenes.events.event import EVENTS, EventCue, record
from scenes.motions import motion as object_motion
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import LEAD_S, Beat, SceneOptions
from scenes.shapes import SHAPES, extent_m, object_mesh
from scenes.solve import solve
from scenes.streams import Streams
from scenes.twins import recast, recast_event, recounted, reheaded, restarted, turned_round
from scenes.types import (
    Action,
    CameraSpec,
    EnvironmentSpec,
    LightSpec,
    ObjectSpec,
    Pattern,
    SceneSpec,
    Timeline,
    Trajectories,
    Visibility,
    Watch,
)
from tests import small_sets
from tests.small_sets import generate, hashes

SCENE = SceneOptions()
PAIRED = [name for name in QUESTIONS if has_twins(name)]
PAIRS_EACH = 3
ATTEMPTS = 60
EXACT = {"rtol": 0, "atol": 1e-9}

# What the edits do


def scene_of(*items: ObjectSpec, duration_s: float = 12.0) -> SceneSpec:
    """A plain scene, in which every object is watched over its actions."""
    timeline = Timeline(round(24 * duration_s), 24.0)
    watches = tuple(Watch(item.name, item.actions[0].start_s - LEAD_S / 2, item.actions[-1].end_s + LEAD_S / 2) for item in items)
    camera = CameraSpec("front", (0.0, -8.0, 2.0), (0.0, 0.0, 0.5), 35.0)
    return SceneSpec("0" * 32, "test", 0, 0, timeline, EnvironmentSpec("studio", 1), LightSpec((0.3, -0.4, 0.8)), items, camera, watches)


def body(shape: str, *actions: Action, name: str = "red thing", size_m: float = 0.7) -> ObjectSpec:
    plain = Pattern("plain", ((0.8, 0.1, 0.1),))
    return ObjectSpec(name, shape, size_m, "red", plain, (0.0, 0.0, size_m), 0.3, actions)


def shape_for(motion: str) -> str:
    round_shape = MOTIONS[motion].rolls
    return next(name for name in sorted(SHAPES) if SHAPES[name].round == round_shape)


def acting(motion: str, cycles: int = 2) -> ObjectSpec:
    """An object that performs a motion, at its natural pace."""
    kind, item = MOTIONS[motion], body(shape_for(motion))
    duration_s = round(cycles * float(np.mean(kind.seconds_per_cycle)), 4)
    drawn = draw_motion(Beat(motion, cycles, 1), item, duration_s, 0.3, 0.0, np.random.default_rng(1), SCENE)
    return replace(item, actions=(object_motion.act(drawn, 1.0),))


def avatar_acting(motion: str, cycles: int = 2) -> ObjectSpec:
    kind = AVATAR_MOTIONS[motion]
    cue = AvatarCue(round(cycles * float(np.mean(kind.seconds_per_cycle)), 4), cycles, 1, kind.begins[0])
    drawn = kind.sample(np.random.default_rng(1), cue)
    shape = "man" if 2 in kind.legs else "dog"
    return replace(body(shape, avatar_motion.act(drawn, 1.0), size_m=1.1), posture=kind.begins[0])


@pytest.mark.parametrize("motion", [name for name in MOTIONS if MOTIONS[name].countable])
@pytest.mark.parametrize("cycles", [1, 3])
def test_every_countable_motion_can_be_recounted(motion, cycles):
    spec = scene_of(acting(motion))
    for seed in range(4):
        (action,) = recounted(spec, "red thing", 0, cycles, np.random.default_rng(seed)).object("red thing").actions
        assert object_motion.motion_of(action).claims().cycles == cycles
        shortest, longest = MOTIONS[motion].seconds_per_cycle
        assert shortest * 0.99 <= action.duration_s / cycles <= longest * 1.01


@pytest.mark.parametrize("motion", [name for name in AVATAR_MOTIONS if AVATAR_MOTIONS[name].countable])
def test_every_countable_avatar_motion_can_be_recounted(motion):
    spec = scene_of(avatar_acting(motion))
    (action,) = recounted(spec, "red thing", 0, 3, np.random.default_rng(0)).object("red thing").actions
    assert avatar_motion.motion_of(action).claims().cycles == 3


@pytest.mark.parametrize("motion", [name for name in MOTIONS if MOTIONS[name].signed])
def test_every_signed_motion_can_be_turned_round(motion):
    spec = scene_of(acting(motion, MOTIONS[motion].least_cycles))
    before, after = (
        object_motion.motion_of(each.object("red thing").actions[0]).claims() for each in (spec, turned_round(spec, "red thing"))
    )
    assert (after.turns or 0, after.path_turns or 0) == (-(before.turns or 0), -(before.path_turns or 0)) != (0, 0)


@pytest.mark.parametrize("motion", [name for name in AVATAR_MOTIONS if AVATAR_MOTIONS[name].sided or AVATAR_MOTIONS[name].signed])
def test_every_sided_avatar_motion_can_use_the_other_side(motion):
    spec = scene_of(avatar_acting(motion, AVATAR_MOTIONS[motion].least_cycles))
    (before,), (after,) = (each.object("red thing").actions for each in (spec, turned_round(spec, "red thing")))
    assert after == replace(before, parameters={**before.parameters, "sense": -before.parameters["sense"]})


@pytest.mark.parametrize("motion", list(MOTIONS))
def test_whoever_does_what_another_did_does_it_as_its_own_body_demands(motion):
    """A motion handed to a body of another size is the motion that this body would have drawn."""
    one = acting(motion, MOTIONS[motion].least_cycles)
    rest = Action("slide", 0.5, 2.0, {"heading_rad": 0.0, "distance_m": 1.2})
    other = replace(body(one.shape, rest, name="blue thing", size_m=0.5), yaw_rad=one.yaw_rad, position_m=(2.0, 0.0, 0.25))
    twin = recast(scene_of(one, other), one.name, other.name, SCENE)
    (given,) = twin.object(other.name).actions
    again = recast(twin, one.name, other.name, SCENE)
    assert (given.name, given.start_s, given.end_s) == (motion, one.actions[0].start_s, one.actions[0].end_s)
    assert twin.object(one.name).actions == (rest,)
    assert again.object(one.name).actions[0].parameters == pytest.approx(one.actions[0].parameters)
    if motion == "roll":
        assert given.parameters["radius_m"] == pytest.approx(one.actions[0].parameters["radius_m"] * 0.5 / 0.7)


@pytest.mark.parametrize("event", open_events(SCENE, directed=True))
@pytest.mark.parametrize("sizes_m", [(0.6, 0.6), (0.6, 0.55)])
def test_a_directed_event_turned_round_on_the_spot_is_done_by_the_other(event, sizes_m):
    spec = scene_with(event, sizes_m)
    try:
        twin = recast_event(spec, SCENE)
    except Rejected:  # who is to pass behind cannot do so from where the other one stands
        assert sizes_m[0] != sizes_m[1] or event.startswith("pass")
        return
    paths = [solve(each) for each in (spec, twin)]
    assert np.allclose(paths[0].position_m[:, 0], paths[1].position_m[:, 0])
    found = [event_performance(each, ("red thing", "blue thing")) for each in paths]
    assert [each.event for each in found] == [event, event]
    assert found[0].cast == found[1].cast[::-1]


def scene_with(event: str, sizes_m: tuple[float, float]) -> SceneSpec:
    """Two cubes that take part in an event."""
    kind, items = EVENTS[event], (body("cube", size_m=sizes_m[0]), body("cube", name="blue thing", size_m=sizes_m[1]))
    extents = {part: extent_m(item.shape, item.size_m) for part, item in zip(kind.roles, items, strict=True)}
    drawn = kind.sample(np.random.default_rng(3), EventCue(float(np.mean(kind.seconds)), extents))
    placed = tuple(
        replace(item, position_m=(*drawn.places()[part][:2], extents[part][2] / 2), yaw_rad=0.0)
        for part, item in zip(kind.roles, items, strict=True)
    )
    spec = record(drawn, 1.0, {part: item.name for part, item in zip(kind.roles, items, strict=True)})
    return replace(scene_of(), objects=placed, events=(spec,), timeline=Timeline(24 * 6, 24.0))


def test_watches_follow_the_actions():
    first, second = acting("spin"), replace(acting("bounce"), name="blue thing", position_m=(2.0, 0.0, 0.7))
    second = replace(second, actions=(replace(second.actions[0], start_s=4.0, end_s=6.0),))
    spec = scene_of(first, second)
    swapped = restarted(spec, "red thing", "blue thing")
    assert [item.actions[0].start_s for item in swapped.objects] == [4.0, 1.0]
    for watch, item in zip(swapped.watches, swapped.objects, strict=True):
        assert watch == Watch(item.name, item.actions[0].start_s - LEAD_S / 2, item.actions[-1].end_s + LEAD_S / 2)
    assert reheaded(spec, "red thing").watches == spec.watches


def test_what_finds_no_time_is_rejected():
    item = acting("spin", 1)
    with pytest.raises(Rejected, match="no room"):
        recounted(scene_of(item, duration_s=item.actions[0].end_s + LEAD_S), "red thing", 0, 6, np.random.default_rng(0))


# Intents


@pytest.fixture(params=PAIRED)
def name(request) -> str:
    return request.param


def test_most_templates_have_twins():
    assert len(PAIRED) >= 14


def test_twins_are_mutual_and_each_key_has_equally_many(name):
    """So that which answer is right, of a clip or of its twin, cannot be told from the options."""
    template = QUESTIONS[name]()
    sets = list(template.twin_sets(SCENE))
    lie_in = Counter(key for options in sets for key in options)
    assert sets
    for options in sets:
        assert len(set(options)) == len(LETTERS)
        near = {key: set(template.twins(key, options)) for key in options}
        assert all(key not in near[key] and near[key] <= set(options) for key in options)
        assert all(key in near[other] for key in options for other in near[key])
        assert len({len(keys) for keys in near.values()}) == 1 and all(near.values())
        assert len({lie_in[key] for key in options}) == 1


def drawn(name: str, count: int) -> list[tuple[Intent, Intent]]:
    qa = QuestionOptions(templates=(name,))
    return [twins(7, "test", 2 * pair, qa, SCENE) for pair in range(count)]


def test_letters_and_answers_of_both_are_balanced(name):
    keys = answers(QUESTIONS[name](), SCENE, twins=True)
    pairs = drawn(name, 12 * len(keys))
    assert set(Counter((one.letter, other.letter) for one, other in pairs).values()) == {len(keys)}
    assert len({(one.letter, other.letter) for one, other in pairs}) == len(LETTER_PAIRS)
    assert set(Counter(one.answer for one, _ in pairs).values()) == {12}
    found = Counter(other.answer for _, other in pairs)
    assert chisquare([found[key] for key in keys]).pvalue > 1e-3


def test_both_clips_have_one_pair_of_intents():
    for index in range(0, 60, 2):
        pair = twins(3, "train", index, QuestionOptions(), SCENE)
        assert pair == twins(3, "train", index + 1, QuestionOptions(), SCENE)
        assert [each.index for each in pair] == [index, index + 1]
        assert pair[0].options == pair[1].options and pair[0].answer != pair[1].answer
        assert pair[0].template in PAIRED


def test_templates_without_twins_are_refused_where_nothing_else_is_left():
    single = next((name for name in QUESTIONS if not has_twins(name)), None)
    if single is None:
        pytest.skip("every template has twins")
    with pytest.raises(ValueError, match="twins have .*travel_direction"):
        check(QuestionOptions(templates=(single,)), SCENE, twins=True)


# Scenes


def all_visible(paths: Trajectories) -> Visibility:
    """As if nothing hid anything: each object a disc of 28 px radius."""
    objects = len(paths.names)
    return Visibility(paths.names, np.array([0]), np.ones((objects, 1)), np.full((objects, 1), 2500.0), np.zeros((objects, 1, 4)))


@lru_cache
def pairs_of(name: str) -> tuple[tuple[Pair, Trajectories, Trajectories], ...]:
    return tuple(first_pair(intents) for intents in drawn(name, PAIRS_EACH))


def first_pair(intents: tuple[Intent, Intent]) -> tuple[Pair, Trajectories, Trajectories]:
    for attempt in range(ATTEMPTS):
        try:
            pair = stage_pair(intents, ("a" * 32, "b" * 32), Streams(7, "test", intents[0].index, attempt), SCENE)
            one, other = (solve(each.spec) for each in (pair.first, pair.second))
            prove(pair.first.asked, one, all_visible(one))
            prove(pair.second.asked, other, all_visible(other))
        except Rejected:
            continue
        return pair, one, other
    pytest.fail(f"{intents} was rejected {ATTEMPTS} times")


def moved(one: Trajectories, other: Trajectories) -> set[str]:
    """Objects that do not do the same in both."""
    changed = set()
    for name in one.names:
        bodies = [{"": each.pose(name)} | each.limbs(name) for each in (one, other)]
        same = all(
            np.allclose(value, vars(bodies[1][part])[key], **EXACT) for part, pose in bodies[0].items() for key, value in vars(pose).items()
        )
        changed |= set() if same else {name}
    return changed


def filmed_alike(one: Trajectories, other: Trajectories) -> bool:
    keys = ("camera_position_m", "camera_quaternion_wxyz", "focal_length_mm")
    return all(np.allclose(getattr(one, key), getattr(other, key), **EXACT) for key in keys)


def at(paths: Trajectories, frame: int) -> list[np.ndarray]:
    """Everything at one frame."""
    of_objects = ("position_m", "quaternion_wxyz", "scale", "limb_position_m", "limb_quaternion_wxyz")
    return [getattr(paths, key)[:, frame] for key in of_objects] + [
        getattr(paths, key)[frame] for key in ("camera_position_m", "camera_quaternion_wxyz", "focal_length_mm")
    ]


def test_the_two_answers_differ_and_both_are_proved(name):
    for pair, _, _ in pairs_of(name):
        first, second = pair.first.asked, pair.second.asked
        assert first.answer != second.answer
        assert replace(first, letter=second.letter) == second
        assert pair.factor


def test_no_twin_has_an_avatar_do_what_may_be_called_by_the_name_of_what_is_asked(name):
    for pair, _, _ in pairs_of(name):
        spoken_of = {value for value in pair.second.asked.slots.values() if isinstance(value, str) and value in AVATAR_MOTIONS}
        done = {action.name for item in pair.second.spec.objects for action in item.actions}
        assert not spoken_of or not any(rivals(one, other) for one, other in itertools.combinations(spoken_of | done, 2))


def test_the_first_frames_are_the_same(name):
    for _, one, other in pairs_of(name):
        assert all(np.allclose(before, after, **EXACT) for before, after in zip(at(one, 0), at(other, 0), strict=True))


def test_nothing_differs_but_what_is_asked(name):
    """Place, light, length, looks and starts are the same; so is what every object does that the question does not name, and
    the camera where it does not ask about it."""
    about_camera = QUESTIONS[name].question_type == "Camera Motion"
    for pair, one, other in pairs_of(name):
        specs = [pair.first.spec, pair.second.spec]
        bare = [
            replace(
                spec,
                clip_id="",
                index=0,
                watches=(),
                events=(),
                objects=tuple(replace(item, actions=()) for item in spec.objects),
                camera=replace(spec.camera, moves=()),
            )
            for spec in specs
        ]
        assert bare[0] == bare[1]
        assert [watch.subject for watch in specs[0].watches] == [watch.subject for watch in specs[1].watches]
        changed = moved(one, other)
        assert changed <= {value for value in pair.first.asked.slots.values() if isinstance(value, str)}
        assert len(changed) <= (len(one.names) if pair.first.spec.events and pair.factor == "order" else 2)
        assert changed or not filmed_alike(one, other)
        assert about_camera or filmed_alike(one, other)


def test_exchanged_actions_end_where_they_ended_before():
    """Of an object whose actions change places the last frame is the same, too."""
    for name in ("order_of_actions", "what_follows", "two_legs"):
        for pair, one, other in pairs_of(name):
            if pair.factor == "order":
                (changed,) = moved(one, other)
                ends = [paths.pose(changed).position_m[-1] for paths in (one, other)]
                assert np.allclose(*ends, atol=1e-6)


def test_bodies_stay_above_the_floor(name):
    for pair, one, other in pairs_of(name):
        for item in pair.second.spec.objects:
            if item.name in moved(one, other) and not other.is_avatar(item.name):
                pose, corners = other.pose(item.name), object_mesh(item).convex_hull.vertices
                for frame in range(0, other.num_frames, 6):
                    placed = geometry.rotation(pose.quaternion_wxyz[frame]).apply(corners * pose.scale[frame])
                    assert (placed[:, 2] + pose.position_m[frame, 2]).min() > -0.03, item.actions


# Data sets

LABELS = replace(
    small_sets.LABELS,
    num_videos=4,
    twins=True,
    qa=QuestionOptions(templates=("travel_direction", "count_cycles", "camera_move", "order_of_objects")),
)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("twins")
    generate(folder, LABELS)
    return folder


def test_twins_are_linked_both_ways(data_set):
    annotations = [json.loads(path.read_text()) for path in (data_set / "annotations").glob("*.json")]
    annotations.sort(key=lambda each: each["index"])
    rows = [json.loads(line) for line in (data_set / "pairs.jsonl").read_text().splitlines()]
    assert len(rows) == 2
    for row, first, second in zip(rows, annotations[::2], annotations[1::2], strict=True):
        assert (first["twin"]["key"], second["twin"]["key"]) == (second["key"], first["key"])
        assert first["twin"]["factor"] == second["twin"]["factor"] == row["factor"]
        asked = [each["questions"][0] for each in (first, second)]
        assert row["keys"] == [first["key"], second["key"]]
        assert row["uids"] == [each["uid"] for each in asked]
        assert asked[0]["prompt"] == asked[1]["prompt"] and asked[0]["answer"] != asked[1]["answer"]


def test_either_twin_is_the_same_made_alone_and_by_shards(tmp_path, data_set):
    whole = hashes(data_set)
    with Dataset.open(replace(LABELS, out=str(tmp_path))) as dataset:
        make_clip(3, LABELS, dataset)
        name = f"annotations/{dataset.key(3)}.json"
    assert hashes(tmp_path)[name] == whole[name]
    generate(tmp_path, replace(LABELS, shard="1/2"))
    assert generate(tmp_path, replace(LABELS, shard="2/2")) == whole


def test_a_folder_of_twins_goes_on_with_twins_alone(data_set):
    with pytest.raises(ConfigurationChanged, match="twins True -> False"), Dataset.open(replace(LABELS, out=str(data_set), twins=False)):
        pass


def test_pairs_of_which_one_is_missing_are_not_listed(tmp_path):
    generate(tmp_path, replace(LABELS, num_videos=1))
    assert not (tmp_path / "pairs.jsonl").exists()


def test_draws_are_pure():
    assert draw_twins("count_cycles", (1, "a", 5), SCENE) == draw_twins("count_cycles", (1, "a", 5), SCENE)
