"""Every registered question template: provable, balanced, and equivariant under mirrors, turns and time."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reader import ReadQuestion
from qa_templates.ask import Staged, ask, prove, stage
from qa_templates.avatar_actions import rivals, rows_of, sets_of_four
from qa_templates.observation import camera_keys, performances
from qa_templates.question import LETTERS, QUESTION_TYPES, QUESTIONS, Disagreement, QuestionOptions, answers
from qa_templates.quota import Intent, check, draw_options
from scenes import bodies, geometry
from scenes.avatars.avatar import AVATARS
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.cameras.move import CAMERA_MOVES
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import SceneOptions
from scenes.shapes import extent_m
from scenes.solve import solve
from scenes.streams import Streams
from scenes.timing import room_s, step_spans
from scenes.types import ObjectSpec, Trajectories, Visibility

SCENE = SceneOptions()
ATTEMPTS = 40
MIRROR = np.diag([-1.0, 1.0, 1.0])


def all_visible(paths: Trajectories) -> Visibility:
    """As if nothing hid anything: each object a disc of 28 px radius."""
    objects = len(paths.names)
    return Visibility(paths.names, np.array([0]), np.ones((objects, 1)), np.full((objects, 1), 2500.0), np.zeros((objects, 1, 4)))


def intents(name: str, count: int) -> list[Intent]:
    drawn = [draw_options(name, None, (7, "test", occurrence), SCENE) for occurrence in range(count)]
    return [Intent(7, "test", index, name, *options) for index, options in enumerate(drawn)]


@lru_cache
def takes(name: str, count: int = 8) -> tuple[tuple[Staged, Trajectories], ...]:
    """Scenes of a template whose intended answers are proved."""
    return tuple(first_take(intent) for intent in intents(name, count))


def first_take(intent: Intent) -> tuple[Staged, Trajectories]:
    for attempt in range(ATTEMPTS):
        try:
            staged = stage(intent, f"{intent.index:032x}", Streams(7, "test", intent.index, attempt), SCENE)
            paths = solve(staged.spec)
            prove(staged.asked, paths, all_visible(paths))
        except Rejected:
            continue
        return staged, paths
    pytest.fail(f"{intent} was rejected {ATTEMPTS} times")


@lru_cache
def asked(name: str, count: int = 3) -> tuple[tuple[ReadQuestion, Trajectories], ...]:
    """Questions of a template as they are read from disk, and the paths of their clips."""
    found = []
    for staged, paths in takes(name, count):
        streams = Streams(7, "test", staged.spec.index)
        (question,) = ask(staged, paths, all_visible(paths), streams, SCENE, QuestionOptions(), lambda *_: True)
        found.append((ReadQuestion(**{field.name: getattr(question, field.name) for field in fields(ReadQuestion)}), paths))
    return tuple(found)


@pytest.fixture(params=list(QUESTIONS))
def name(request) -> str:
    return request.param


def test_declares_itself(name):
    template = QUESTIONS[name]()
    assert template.question_type in QUESTION_TYPES
    assert len(set(template.wordings)) >= 4


def test_options_alone_give_nothing_away(name):
    """The keys of a set lie in equally many sets: as answers are drawn evenly, each key of a given set is as likely."""
    sets = list(QUESTIONS[name]().option_sets(SCENE))
    shared = Counter(key for options in sets for key in options)
    assert all(len(set(options)) == len(LETTERS) for options in sets)
    assert all(len({shared[key] for key in options}) == 1 for options in sets)


def test_answers_and_letters_are_balanced(name):
    keys = answers(QUESTIONS[name](), SCENE)
    drawn = intents(name, 4 * len(keys))
    assert set(Counter(intent.answer for intent in drawn).values()) == {4}
    assert set(Counter(intent.letter for intent in drawn).values()) == {len(keys)}


def test_is_proved_and_written(name):
    for staged, paths in takes(name):
        (question,) = ask(
            staged, paths, all_visible(paths), Streams(7, "test", staged.spec.index), SCENE, QuestionOptions(), lambda *_: True
        )
        assert len(set(question.options)) == len(LETTERS)
        assert "{" not in question.prompt and "_" not in question.prompt
        assert len(question.uid) == 16
        first, last = question.evidence.frames
        assert 0 <= first < last < paths.num_frames
        assert question.evidence.margin > 0


def test_mirror_image(name):
    for staged, paths in takes(name):
        prove(QUESTIONS[name]().mirrored(staged.asked), mirrored(paths), all_visible(paths))


def test_turned_world_changes_nothing(name):
    for angle_rad, (staged, paths) in enumerate(takes(name), start=1):
        prove(staged.asked, turned(paths, float(angle_rad)), all_visible(paths))


def test_reversed_film(name):
    for staged, paths in takes(name):
        asked = QUESTIONS[name]().reversed_in_time(staged.asked)
        if asked is None:
            continue
        try:
            prove(asked, backwards(paths), all_visible(paths))
        except Rejected as rejected:
            # Some motions have no name when they run backwards, and small ones may be too far away where the camera ends.
            assert re.search("not clearly one of its kind|too small in the picture", rejected.reason)


def test_nothing_is_proved_of_frozen_objects(name):
    """With the objects held where they start, what was asked of their motion is no longer so."""
    for staged, paths in takes(name):
        if any(staged.spec.object(watch.subject).actions for watch in staged.spec.watches):
            with pytest.raises((Rejected, Disagreement)):
                prove(staged.asked, frozen(paths), all_visible(paths))


def test_same_streams_same_question(name):
    intent = intents(name, 1)[0]
    (one, _), (other, _) = first_take(intent), first_take(intent)
    assert one == other


def test_length_gives_nothing_away(name):
    """With the same options and the same draws, a clip needs as much room whichever option is right."""
    template, (intent,) = QUESTIONS[name](), intents(name, 1)
    rooms = {template.script(key, intent.options, np.random.default_rng(3), SCENE).room_s for key in intent.options}
    if name != "what_follows":  # which of its actions are performed follows from the answer; they are drawn alike
        assert len(rooms) == 1


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_right_finds_room(name, seed):
    """No answer is rejected for want of time in a clip that has room for the others: length would tell it."""
    template, (intent,) = QUESTIONS[name](), intents(name, 1)
    for key in intent.options:
        script = template.script(key, intent.options, np.random.default_rng(seed), SCENE)
        spans = [[beat.span_s for beat in role.beats] for role in script.roles if role.watched]
        assert all(room_s(*each) <= script.room_s + 1e-9 for each in spans if each)
        shots = [shot.span_s for shot in script.shots or ()]
        assert room_s(*(step_spans(*([shot] for shot in shots)) if script.at_once else shots)) <= script.room_s + 1e-9


def test_bodies_stay_above_the_floor(name):
    for staged, paths in takes(name):
        for item in staged.spec.objects:
            for part, pose in zip(bodies.parts(item), bodies.part_poses(paths, item.name), strict=True):
                corners = np.concatenate([surface.mesh.convex_hull.vertices for surface in part.surfaces])
                for frame in range(0, paths.num_frames, 6):
                    placed = geometry.rotation(pose.quaternion_wxyz[frame]).apply(corners * pose.scale[frame])
                    assert (placed[:, 2] + pose.position_m[frame, 2]).min() > -softness_m(item), (item.shape, item.actions)


def softness_m(item: ObjectSpec) -> float:
    """How deep a body may sink into the floor: of avatars what is soft, as the tests of their motions hold it."""
    if not bodies.is_avatar(item.shape):
        return 0.03
    return (0.065 if AVATARS[item.shape].proportions.legs == 4 else 0.025) * item.size_m


def test_what_hovers_in_the_first_frame_may_do_what_any_option_says():
    for staged, paths in takes("recognise_motion"):
        subject = staged.spec.object(staged.asked.slots["subject"])
        height_m = extent_m(subject.shape, subject.size_m)[2]
        hovers = paths.pose(subject.name).position_m[0, 2] > height_m / 2 + 0.2
        assert {MOTIONS[name].airborne for name in staged.asked.options} == {hovers}


def test_facing_does_not_point_where_an_object_goes():
    """Objects that need not face their way face anywhere: the mean of their facing against their heading is no direction."""
    facings = []
    for index, intent in enumerate(intents("travel_direction", 60)):
        staged, _ = first_take(replace(intent, index=index))
        item = staged.spec.object(staged.asked.slots["subject"])
        if not MOTIONS[item.actions[0].name].rolls:
            facings.append(item.yaw_rad - item.actions[0].parameters["heading_rad"])
    assert abs(np.mean(np.exp(1j * np.array(facings)))) < 0.35


def test_how_an_avatar_faces_in_the_end_does_not_tell_how_it_turned():
    """Who turns twice by a quarter the same way ends up with its back where its face was; but that may have been away, too."""
    told = []
    for index, intent in enumerate(intents("avatar_turns", 60)):
        staged, paths = first_take(replace(intent, index=index))
        subject = staged.asked.slots["subject"]
        if staged.spec.object(subject).actions[0].name == "turn":
            pose = paths.pose(subject)
            ahead = geometry.rotation(pose.quaternion_wxyz[-1]).apply((1.0, 0.0, 0.0))
            faces_away = ahead @ (paths.camera_position_m[-1] - pose.position_m[-1]) < 0
            told.append(faces_away == ("_" not in intent.answer))
    assert abs(np.mean(told) - 0.5) < 0.25


def test_no_camera_move_is_offered_beside_one_that_it_may_be_called():
    for options in QUESTIONS["camera_move"]().option_sets(SCENE):
        moves = {camera_keys()[key][0] for key in options}
        assert not any(moves & set(CAMERA_MOVES[move].implies) for move in moves)


def test_no_avatar_motion_is_offered_beside_one_that_it_may_be_called(name):
    for options in QUESTIONS[name]().option_sets(SCENE):
        assert not any(rivals(one, other) for one, other in itertools.combinations(options, 2))


def test_of_avatar_motions_that_are_performed_or_offered_none_may_be_called_by_the_name_of_another(name):
    """Who salutes raises a hand as well: beside it no one is asked who raises a hand, or how often one does."""
    template = QUESTIONS[name]()
    for intent in intents(name, 24):
        script = template.script(intent.answer, intent.options, np.random.default_rng(intent.index), SCENE)
        spoken_of = {motion for motion in names_in(script.slots.values()) if motion in AVATAR_MOTIONS}
        done = {beat.motion for role in script.roles if role.avatar for beat in role.beats}
        assert not spoken_of or not any(rivals(one, other) for one, other in itertools.combinations(spoken_of | done, 2))


def names_in(values) -> list[str]:
    """The strings among some slots, and those in lists among them."""
    return [name for value in values for name in (value if isinstance(value, list | tuple) else [value]) if isinstance(name, str)]


@given(st.sets(st.sampled_from(sorted(AVATAR_MOTIONS)), min_size=4))
@settings(max_examples=30, deadline=None)
def test_any_choice_of_avatar_motions_makes_fair_sets_or_says_what_it_lacks(motions):
    try:
        sets = sets_of_four(tuple(sorted(motions)))
    except ValueError as error:
        assert "scene.avatar_motions" in str(error)
        return
    assert len(set(Counter(key for options in sets for key in options).values())) == 1
    assert not any(rivals(one, other) for options in sets for one, other in itertools.combinations(options, 2))


@given(st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_rows_of_avatar_motions_hold_no_rivals(seed, count):
    row = rows_of(tuple(AVATAR_MOTIONS), count, np.random.default_rng(seed))
    assert len(set(row)) == count
    assert not any(rivals(one, other) for one, other in itertools.combinations(row, 2))


FEW = ("bow", "clap", "jump", "raise_hand", "salute", "shrug", "wave")


@pytest.mark.parametrize(
    "name", ["avatar_first_or_last", "avatar_follows", "count_avatars", "order_of_avatar_actions", "which_avatar_does"]
)
def test_few_avatar_motions_will_do_as_long_as_enough_are_no_rivals(name):
    qa = QuestionOptions(templates=(name,))
    check(qa, SceneOptions(avatar_motions=FEW))
    with pytest.raises(ValueError, match="scene.avatar_motions"):
        check(qa, SceneOptions(avatar_motions=("raise_hand", "salute", "wave")))


def test_extra_questions_keep_to_the_templates_that_are_asked_for():
    options = QuestionOptions(questions_per_video=4, templates=("travel_direction", "count_cycles"))
    for staged, paths in takes("travel_direction"):
        questions = ask(staged, paths, all_visible(paths), Streams(7, "test", staged.spec.index), SCENE, options, lambda *_: True)
        assert {question.template for question in questions} <= set(options.templates)


def test_extra_questions_are_proved_too():
    options, found = QuestionOptions(questions_per_video=4), Counter()
    for name in QUESTIONS:
        for staged, paths in takes(name)[:3]:
            streams = Streams(7, "test", staged.spec.index)
            questions = ask(staged, paths, all_visible(paths), streams, SCENE, options, lambda *_: True)
            assert len({question.template for question in questions}) == len(questions) <= 4
            found.update(question.template for question in questions[1:])
    assert len(found) >= 4


def frozen(paths: Trajectories) -> Trajectories:
    moving = ("position_m", "quaternion_wxyz", "scale", "limb_position_m", "limb_quaternion_wxyz")
    return replace(paths, **{key: getattr(paths, key)[:, :1].repeat(paths.num_frames, 1) for key in moving})


def mirrored(paths: Trajectories) -> Trajectories:
    """In the mirror avatars keep their faces in front: what was their left arm is their right one."""
    bodies = np.array([paths.is_avatar(name) for name in paths.names])
    return replace(
        paths,
        position_m=paths.position_m @ MIRROR,
        quaternion_wxyz=np.where(bodies[:, None, None], facing(paths.quaternion_wxyz), reflected(paths.quaternion_wxyz)),
        limb_names=tuple(exchanged(name) for name in paths.limb_names),
        limb_position_m=paths.limb_position_m @ MIRROR,
        limb_quaternion_wxyz=facing(paths.limb_quaternion_wxyz),
        camera_position_m=paths.camera_position_m @ MIRROR,
        camera_quaternion_wxyz=reflected(paths.camera_quaternion_wxyz),
    )


def exchanged(limb: str) -> str:
    body, part = limb.split("/")
    sides = {"left": "right", "right": "left"}
    side, _, rest = part.partition("_")
    return f"{body}/{sides[side]}_{rest}" if side in sides else limb


def facing(quaternions: np.ndarray) -> np.ndarray:
    """M R N for N = diag(1, −1, 1): the reflection of a body that is alike on its left and right. MN is half a turn about z."""
    w, x, y, z = np.moveaxis(reflected(quaternions), -1, 0)
    return np.stack([-z, y, -x, w], axis=-1)


def reflected(quaternions: np.ndarray) -> np.ndarray:
    """M R M for M = diag(−1, 1, 1): the angle about x stays, those about y and z change sign."""
    return quaternions * (1.0, 1.0, -1.0, -1.0)


def turned(paths: Trajectories, angle_rad: float) -> Trajectories:
    turn = geometry.yaw(angle_rad)

    def rotated(quaternions: np.ndarray) -> np.ndarray:
        flat = quaternions.reshape(-1, 4)
        return (turn * geometry.rotation(flat)).as_quat(scalar_first=True).reshape(quaternions.shape) if len(flat) else quaternions

    return replace(
        paths,
        position_m=turn.apply(paths.position_m.reshape(-1, 3)).reshape(paths.position_m.shape),
        quaternion_wxyz=rotated(paths.quaternion_wxyz),
        limb_position_m=turn.apply(paths.limb_position_m.reshape(-1, 3)).reshape(paths.limb_position_m.shape),
        limb_quaternion_wxyz=rotated(paths.limb_quaternion_wxyz),
        camera_position_m=turn.apply(paths.camera_position_m),
        camera_quaternion_wxyz=rotated(paths.camera_quaternion_wxyz),
    )


def backwards(paths: Trajectories) -> Trajectories:
    return replace(
        paths,
        position_m=paths.position_m[:, ::-1],
        quaternion_wxyz=paths.quaternion_wxyz[:, ::-1],
        scale=paths.scale[:, ::-1],
        limb_position_m=paths.limb_position_m[:, ::-1],
        limb_quaternion_wxyz=paths.limb_quaternion_wxyz[:, ::-1],
        camera_position_m=paths.camera_position_m[::-1],
        camera_quaternion_wxyz=paths.camera_quaternion_wxyz[::-1],
        focal_length_mm=paths.focal_length_mm[::-1],
    )


@pytest.mark.parametrize("source", ["count_objects", "which_object_does", "which_stays_still", "which_avatar_does"])
def test_noticed_objects_are_the_only_ones_of_the_clip_not_only_of_the_four_that_are_offered(source):
    rng = np.random.default_rng(0)
    for _, paths in takes(source):
        for _ in range(6):
            does, rests = (QUESTIONS[name]().notice(paths, rng, SCENE) for name in ("which_object_does", "which_stays_still"))
            done = [item for name in paths.names for item in performances(paths, name)]
            if any(paths.is_avatar(name) for name in paths.names):
                assert does is None and rests is None
            if does is not None:
                assert [item.subject for item in done if item.motion == does[1]["motion"]] == [does[1][does[0]]]
            if rests is not None:
                assert {*paths.names} - {item.subject for item in done} == {rests[1][rests[0]]}


def test_no_two_events_that_may_be_true_of_the_same_are_offered_together():
    for options in QUESTIONS["recognise_event"]().option_sets(SCENE):
        assert not any(other in EVENTS[name].implies for name, other in itertools.permutations(options, 2))
    assert any(EVENTS[name].implies for name in EVENTS)
