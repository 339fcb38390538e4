"""Answers about events and cameras, measured again from the export: what is right is confirmed, what was changed is found."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reader import ReadQuestion
from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_export.camera_path import CAMERA_SIGNATURES, called, camera_stretches
from generator.verify.from_export.cameras import STATIC
from generator.verify.from_export.encounters import ACCOUNTS, Pair
from generator.verify.from_export.happenings import names_in, said
from generator.verify.ruling import NONE_OF_THESE, Verdict, judge
from qa_templates.event_words import sentence
from qa_templates.question import LETTERS, QUESTIONS, Asked, QuestionTemplate
from scenes import geometry
from scenes.cameras.move import CAMERA_MOVES, CameraPath
from scenes.events.event import EVENTS
from scenes.solve import solve
from scenes.types import Trajectories
from tests.test_every_camera import MOVING, few, film, take, views
from tests.test_every_event import draw_case, spec_of
from tests.test_every_question import asked, backwards, frozen, mirrored, takes

MODULES = [f"generator.verify.from_export.{name}" for name in ("happenings", "cameras")]
COUNT = 3  # clips of a template
TEMPLATES = [name for name in QUESTIONS if name in EXPORT_RULES and EXPORT_RULES[name].__module__ in MODULES]
PAIR_EVENTS = [name for name, event in EVENTS.items() if len(event.roles) == 2]

every_template = pytest.mark.parametrize("name", TEMPLATES)
every_pair_event = pytest.mark.parametrize("name", PAIR_EVENTS)
every_move = pytest.mark.parametrize(("name", "sense"), MOVING, ids=lambda value: str(value))
seeds = st.integers(0, 2**32 - 1)
frame_rates = st.sampled_from([12.0, 24.0, 30.0])


def judged(question: ReadQuestion, paths: Trajectories) -> Verdict:
    return judge("clip", question, EXPORT_RULES, Recorded("clip", paths))


# -- questions --------------------------------------------------------------------------------------------------------------------


def test_the_questions_on_events_and_cameras_have_rules():
    by_type = {name for name, template in QUESTIONS.items() if template.question_type == "Camera Motion"}
    events = {"recognise_event", "who_does_it", "who_gets_it", "who_to_whom", "to_whom", "what_is_covered", "way_past", "order_of_events"}
    assert by_type | events | {"camera_count"} <= set(EXPORT_RULES)
    assert events <= set(TEMPLATES)


@every_template
def test_the_right_answer_is_confirmed_and_every_other_one_contradicted(name):
    for question, paths in asked(name):
        for letter in LETTERS:
            verdict = judged(dataclasses.replace(question, answer=letter), paths)
            assert verdict.status == ("confirmed" if letter == question.answer else "contradicted"), verdict
            assert verdict.found == question.answer


@every_template
def test_what_was_measured_can_be_written_down(name):
    for question, paths in asked(name):
        assert json.loads(json.dumps(judged(question, paths).measured))


@pytest.mark.parametrize("name", [name for name in TEMPLATES if QUESTIONS[name].mirrored is not QuestionTemplate.mirrored])
def test_the_mirror_image_and_the_film_that_runs_backwards_contradict(name):
    template, others = QUESTIONS[name](), []
    for (staged, paths), (question, _) in zip(takes(name, COUNT), asked(name), strict=True):
        changed = (template.mirrored(staged.asked), mirrored(paths)), (template.reversed_in_time(staged.asked), backwards(paths))
        others += [(question, other) for again, other in changed if again is not None and _right(again) != _right(staged.asked)]
    assert others
    assert {judged(question, other).status for question, other in others if not _is_none(question)} == {"contradicted"}


def _right(asked: Asked) -> str:
    """The words of the right option."""
    return QUESTIONS[asked.template]().option_text(asked.answer, asked.slots)


def _is_none(question: ReadQuestion) -> bool:
    return question.options[LETTERS.index(question.answer)] == NONE_OF_THESE


@pytest.mark.parametrize("name", ["to_whom", "what_is_covered", "who_does_it", "who_gets_it", "who_to_whom"])
def test_objects_that_are_taken_for_one_another_contradict(name):
    for question, paths in asked(name):
        clip = Recorded("clip", paths)
        named = [names_in(option, clip) for option in question.options]
        right = named.pop(LETTERS.index(question.answer))
        if not right:
            continue
        one, other = right if len(right) == 2 else (right[0], next(names[0] for names in named if names))
        exchanged = {one: other, other: one}
        renamed = dataclasses.replace(
            paths,
            names=tuple(exchanged.get(each, each) for each in paths.names),
            limb_names=tuple(
                "/".join([exchanged.get(each.split("/")[0], each.split("/")[0]), each.split("/")[1]]) for each in paths.limb_names
            ),
        )
        assert judged(question, renamed).status == "contradicted"


@pytest.mark.parametrize("name", [name for name in TEMPLATES if EXPORT_RULES[name].__module__ == MODULES[0]])
def test_objects_that_do_not_move_do_nothing_together(name):
    for question, paths in asked(name):
        assert _is_none(question) or judged(question, frozen(paths)).status != "confirmed"


@every_template
def test_nothing_is_confirmed_of_objects_that_are_not_in_the_clip(name):
    for question, paths in asked(name):
        if any(each in "".join((question.text, *question.options)) for each in paths.names) and not _is_none(question):
            others = dataclasses.replace(paths, names=tuple(f"other {each}" for each in paths.names))
            assert judged(question, others).status != "confirmed"


# -- events -----------------------------------------------------------------------------------------------------------------------


@every_pair_event
@settings(max_examples=4)
@given(seed=seeds, fps=frame_rates)
def test_each_event_is_told_from_every_other_one_and_who_does_it_from_to_whom(name, seed, fps):
    case = draw_case(name, np.random.default_rng(seed))
    paths = solve(spec_of(case, fps))
    told = {(event, way) for event in ACCOUNTS for way in (1, -1) if ACCOUNTS[event](Pair.of(paths, *case.names[::way]))}
    assert told == ({(name, 1), (name, -1)} if EVENTS[name].symmetric else {(name, 1)})


@pytest.mark.parametrize("name", list(EVENTS))
def test_what_is_said_of_an_event_is_read(name):
    cast = ("red toy duck", "tall man in blue", "striped cup", "man in blue", "dark cube", "cone")[: len(EVENTS[name].roles)]
    words = sentence(name, [f"the {each}" for each in cast])
    named = tuple(each for role, each in zip(EVENTS[name].roles, cast, strict=True) if f"{{{role}}}" in EVENTS[name].sentence)
    assert said(words) == said(words[0].upper() + words[1:]) == (name, named)


def test_of_an_event_without_an_account_nothing_can_be_told(monkeypatch):
    for name in list(ACCOUNTS):
        monkeypatch.delitem(ACCOUNTS, name)
    for template in ("recognise_event", "who_does_it", "way_past", "order_of_events"):
        assert "confirmed" not in {judged(*each).status for each in asked(template)}


# -- camera paths -----------------------------------------------------------------------------------------------------------------


@every_move
@few
@given(seed=seeds, view=views, difficulty=st.floats(0, 1))
def test_each_camera_move_is_told_from_every_other_one(name, sense, seed, view, difficulty):
    (stretch,) = camera_stretches(take(name, sense, seed, view, difficulty).film())
    assert called(stretch) == {(name, CAMERA_MOVES[name].directions[sense])}


def test_every_camera_move_has_a_signature():
    assert {*CAMERA_SIGNATURES, STATIC} == set(CAMERA_MOVES)


FRAMES, REST = 48, 6
DONE = geometry.ease((np.arange(FRAMES) - REST) / (FRAMES - 2 * REST))
START_M, TARGET_M = np.array([1.0, -6.0, 2.5]), np.array([0.2, 0.1, 0.5])
AHEAD = (TARGET_M - START_M) / np.linalg.norm(TARGET_M - START_M)
LEFT = np.cross((0.0, 0.0, 1.0), AHEAD) / np.linalg.norm(np.cross((0.0, 0.0, 1.0), AHEAD))


def held(value) -> np.ndarray:
    return np.tile(value, (FRAMES, 1)).astype(float)


def looking_at(position_m, target_m) -> np.ndarray:
    return geometry.wxyz(geometry.look_at(position_m, target_m))


def directed(way) -> CameraPath:
    """A camera that goes some way and looks on in one direction."""
    return CameraPath(START_M + np.outer(DONE, way), held(looking_at(START_M, TARGET_M)), np.full(FRAMES, 35.0))


def aimed(place_m) -> CameraPath:
    """A camera in one place that looks at a point that moves."""
    return CameraPath(held(START_M), looking_at(held(START_M), place_m), np.full(FRAMES, 35.0))


def orbiting(azimuth_rad, elevation_rad) -> CameraPath:
    """A camera that looks at one point from one distance."""
    back = START_M - TARGET_M
    azimuth = np.arctan2(back[1], back[0]) + azimuth_rad * DONE
    elevation = np.arcsin(back[2] / np.linalg.norm(back)) + elevation_rad * DONE
    level = np.cos(elevation)
    place = TARGET_M + np.linalg.norm(back) * np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], axis=1)
    return CameraPath(place, looking_at(place, held(TARGET_M)), np.full(FRAMES, 35.0))


def zoomed(path: CameraPath, ratio) -> CameraPath:
    return dataclasses.replace(path, focal_length_mm=path.focal_length_mm * ratio)


def rolled(angle_rad) -> CameraPath:
    still = directed((0.0, 0.0, 0.0))
    return still.turned(geometry.about(AHEAD, angle_rad * DONE))


def round_about(angle_rad) -> np.ndarray:
    """Points that one on the spot sees who turns to the left."""
    return START_M + geometry.yaw(angle_rad * DONE).apply(TARGET_M - START_M)


def towards(pitch_rad) -> np.ndarray:
    """Points that one on the spot sees who looks up, farther and farther."""
    level = np.array([AHEAD[0], AHEAD[1], 0.0]) / np.hypot(AHEAD[0], AHEAD[1])
    pitch = np.arcsin(AHEAD[2]) + pitch_rad * DONE
    return START_M + np.outer(np.cos(pitch), level) + np.outer(np.sin(pitch), (0.0, 0.0, 1.0))


DEPTH_M = float(np.linalg.norm(TARGET_M - START_M))
BY_HAND = {
    ("truck", "left"): directed(1.2 * LEFT),
    ("truck", "right"): directed(-0.6 * LEFT),
    ("pedestal", "up"): directed((0.0, 0.0, 0.7)),
    ("pedestal", "down"): directed((0.0, 0.0, -0.7)),
    ("dolly", "in"): directed(1.5 * AHEAD),
    ("dolly", "out"): directed(-1.5 * AHEAD),
    ("zoom", "in"): zoomed(directed((0.0, 0.0, 0.0)), 1.5**DONE),
    ("zoom", "out"): zoomed(directed((0.0, 0.0, 0.0)), 1.5**-DONE),
    ("dolly_zoom", "in"): zoomed(directed(1.5 * AHEAD), 1 - 1.5 * DONE / DEPTH_M),
    ("dolly_zoom", "out"): zoomed(directed(-1.5 * AHEAD), 1 + 1.5 * DONE / DEPTH_M),
    ("pan", "left"): aimed(round_about(0.3)),
    ("pan", "right"): aimed(round_about(-0.3)),
    ("tilt", "up"): aimed(towards(0.15)),
    ("tilt", "down"): aimed(towards(-0.15)),
    ("roll", "clockwise"): rolled(0.3),
    ("roll", "counter-clockwise"): rolled(-0.3),
    ("arc", "left"): orbiting(-0.5, 0.0),  # clockwise seen from above, as CameraBench has it
    ("arc", "right"): orbiting(0.5, 0.0),
    ("crane", "up"): orbiting(0.0, 0.3),
    ("crane", "down"): orbiting(0.0, -0.2),
}
NEITHER = {
    "ahead over the ground, though it looks down": directed((AHEAD[0], AHEAD[1], 0.0)),
    "aside and up": directed(LEFT + (0.0, 0.0, 0.5)),
    "pan and tilt": aimed(TARGET_M + np.outer(DONE, 1.5 * LEFT + (0.0, 0.0, 1.0))),
    "arc and crane": orbiting(0.4, 0.25),
    "arc and zoom": zoomed(orbiting(0.4, 0.0), 1.3**DONE),
    "dolly in and zoom in": zoomed(directed(AHEAD), 1.3**DONE),
    "aside, aimed at what it does not go round": CameraPath(
        START_M + np.outer(DONE, 1.2 * LEFT), looking_at(START_M + np.outer(DONE, 1.2 * LEFT), held(TARGET_M)), np.full(FRAMES, 35.0)
    ),
    "there and back": directed((0.0, 0.0, 0.0)).shifted(np.outer(np.sin(2 * np.pi * DONE), LEFT)),
}


def still_ball() -> np.ndarray:
    return held((0.4, 0.3, 0.5))


@pytest.mark.parametrize("move", BY_HAND, ids=" ".join)
def test_camera_paths_made_by_hand_are_called_by_their_names(move):
    (stretch,) = camera_stretches(film(BY_HAND[move], still_ball()))
    assert called(stretch) == {move}


@pytest.mark.parametrize("path", NEITHER.values(), ids=list(NEITHER))
def test_camera_paths_that_are_no_single_move_are_called_by_no_name(path):
    (stretch,) = camera_stretches(film(path, still_ball()))
    assert called(stretch) == set()


def test_what_goes_along_with_an_object_tracks_it():
    path = directed(0.8 * LEFT + 0.3 * np.array([AHEAD[0], AHEAD[1], 0.0]))
    (stretch,) = camera_stretches(film(path, still_ball() + path.position_m - path.position_m[0]))
    assert (stretch.company, called(stretch)) == ("red ball", {("tracking", "")})


def test_a_camera_that_rests_makes_no_move():
    assert camera_stretches(film(directed((0.0, 0.0, 0.0)), still_ball())) == ()
