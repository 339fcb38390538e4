"""Difficulty: each axis moves what is measured of a question its own way, and never what is answered."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.occlusion import check_contacts, check_visibility
from generator.options import OcclusionOptions, QuestionOptions
from generator.records import CONVERTER
from qa_templates.ask import ask, stage
from qa_templates.difficulty import Measured, QuestionDifficulty
from qa_templates.question import QUESTIONS, Question, answers
from qa_templates.quota import intent
from scenes.difficulty import USUAL, Axes, Difficulty
from scenes.rejection import Rejected
from scenes.script import SceneOptions
from scenes.solve import solve
from scenes.streams import Streams

AXES = tuple(vars(Difficulty()))
CLIPS, ATTEMPTS = 16, 40
MOVES = {  # template, what is measured, which way it goes as the axis does, and what else is set
    "speed": ("travel_direction", "speed_widths_s", 1, {}),
    "amplitude": ("count_cycles", "amplitude_px", -1, {}),
    "count": ("count_cycles", "count", 1, {}),
    "distractors": ("travel_direction", "distractors", 1, {}),
    "concurrent": ("recognise_motion", "concurrent", 1, {"distractors": 1.0}),
    "camera": ("recognise_motion", "camera_px", 1, {}),
    "occlusion": ("which_object_does", "min_visible_fraction", -1, {}),
    "size": ("travel_direction", "area_fraction", -1, {}),
}


@lru_cache
def questions(template: str, axes: Axes) -> list[Question]:
    """Questions of label-only clips, by the same intents whatever the axes."""
    scene = SceneOptions(axes=axes)
    return [question_of(index, template, scene) for index in range(CLIPS)]


def question_of(index: int, template: str, scene: SceneOptions) -> Question:
    qa, checks = QuestionOptions(templates=(template,)), OcclusionOptions(every=8, silhouette_px=32)
    intended = intent(5, "test", index, qa, scene)
    for attempt in range(ATTEMPTS):
        streams = Streams(5, "test", index, attempt)
        try:
            staged = stage(intended, f"{index:032x}", streams, scene)
            paths = solve(staged.spec)
            check_contacts(staged.spec, paths)
            seen = check_visibility(staged.spec, paths, checks)
            return ask(staged, paths, seen, streams, scene, qa, lambda *_: True)[0]
        except Rejected:
            continue
    pytest.fail(f"{intended} was rejected {ATTEMPTS} times with {scene.axes}")


@pytest.mark.parametrize("axis", AXES)
def test_each_axis_moves_what_is_measured_of_it(axis):
    template, measured, sign, also = MOVES[axis]
    plain, hard = (
        [getattr(question.difficulty.measured, measured) for question in questions(template, Axes(**{**also, axis: level}))]
        for level in (0.0, 1.0)
    )
    spread = np.std(plain + hard) + 1e-9
    assert sign * (np.mean(hard) - np.mean(plain)) > 0.25 * spread, (np.mean(plain), np.mean(hard))


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis != "count"])
def test_answers_and_letters_are_the_same_on_every_axis(axis):
    template, _, _, also = MOVES[axis]
    plain, hard = (questions(template, Axes(**{**also, axis: level})) for level in (0.0, 1.0))
    assert [(each.asked.options, each.answer) for each in plain] == [(each.asked.options, each.answer) for each in hard]


@pytest.mark.parametrize("level", [0.0, USUAL, 1.0])
@pytest.mark.parametrize("name", ["count_cycles", "count_in_sequence"])
def test_numbers_shift_as_a_whole(name, level):
    """High numbers are asked for more often, but among themselves: each is as often an answer as an option of another."""
    scene = SceneOptions(axes=Axes(count=level))
    keys, sets = answers(QUESTIONS[name](), scene), QUESTIONS[name]().option_sets(scene)
    assert len(set(Counter(key for options in sets for key in options).values())) == 1
    highest = {"count_cycles": 6, "count_in_sequence": 5}[name]
    assert [int(key) for key in keys] == list(SceneOptions(axes=Axes(count=level)).levels.numbers(highest))


@given(st.floats(0, 1), st.floats(0, 1), st.integers(4, 9))
def test_every_axis_is_monotone(one, other, highest):
    low, high = (Difficulty(**dict.fromkeys(AXES, level)) for level in sorted((one, other)))
    assert low.tempo >= high.tempo and low.tempo[0] < low.tempo[1]
    assert low.numbers(highest)[0] <= high.numbers(highest)[0] and low.numbers(highest)[-1] <= high.numbers(highest)[-1]
    assert len(low.numbers(highest)) >= 4
    assert low.num_distractors <= high.num_distractors and low.num_distractors[0] <= low.num_distractors[1]
    assert low.moving_share <= high.moving_share and low.camera_share <= high.camera_share
    assert low.max_overlap <= high.max_overlap and low.hiding_share <= high.hiding_share
    assert low.size_factor >= high.size_factor


@given(st.floats(0, 1), st.sampled_from(AXES), st.floats(0, 1))
def test_an_axis_follows_the_difficulty_unless_it_is_set(difficulty, axis, level):
    levels = SceneOptions(difficulty=difficulty, axes=Axes(**{axis: level})).levels
    assert getattr(levels, axis) == level
    assert all(getattr(levels, other) == difficulty for other in AXES if other != axis)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan")])
def test_a_wrong_level_names_its_axis(axis, wrong):
    with pytest.raises(ValueError, match=f"scene.axes.{axis}"):
        Axes(**{axis: wrong})


def test_a_question_says_how_its_axes_were_set():
    question = questions("travel_direction", Axes(speed=1.0))[0]
    assert question.difficulty.settings == Difficulty(speed=1.0)
    assert question.required_fps > 0


def test_it_survives_json():
    question = questions("travel_direction", Axes(speed=1.0))[0]
    assert CONVERTER.structure(CONVERTER.unstructure(question.difficulty), QuestionDifficulty) == question.difficulty
    bare = Measured(0.1, 2.0, 1.0, 0, 1, 0.0, None, None)
    assert CONVERTER.structure(CONVERTER.unstructure(bare), Measured) == bare
