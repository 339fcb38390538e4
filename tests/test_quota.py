"""Intents: balanced, and a pure function of seed, split and index."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from qa_templates.question import LETTERS, QUESTION_TYPES, QUESTIONS, QuestionOptions, answers
from qa_templates.quota import BLOCK, check, intent, template_shares
from scenes.catalogue import UnknownName
from scenes.script import SceneOptions

QA, SCENE = QuestionOptions(), SceneOptions()


def drawn(count: int, seed: int = 0, qa: QuestionOptions = QA) -> list:
    return [intent(seed, "train", index, qa, SCENE) for index in range(count)]


def test_letters_lie_within_three_points_of_a_quarter():
    letters = Counter(item.letter for item in drawn(600))
    assert all(abs(letters[letter] / 600 - 0.25) <= 0.03 for letter in LETTERS)


def test_types_have_their_share():
    kinds = Counter(QUESTIONS[item.template].question_type for item in drawn(5 * BLOCK))
    assert kinds == dict.fromkeys(QUESTION_TYPES, 5 * BLOCK // 6)


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_answers_are_uniform(name):
    qa = QuestionOptions(templates=(name,))
    keys = answers(QUESTIONS[name](), SCENE)
    found = Counter(item.answer for item in drawn(600, qa=qa))
    assert chisquare([found[key] for key in keys]).pvalue > 0.05


def test_any_stretch_of_clips_is_mixed():
    """A small data set, too, has every type: templates are spread over their block."""
    for seed in range(5):
        kinds = {QUESTIONS[item.template].question_type for item in drawn(24, seed)}
        assert kinds == set(QUESTION_TYPES)


@given(seed=st.integers(0, 2**40), index=st.integers(0, 10**6))
def test_pure(seed, index):
    one, other = (intent(seed, "train", index, QA, SCENE) for _ in range(2))
    assert one == other and one.answer in answers(QUESTIONS[one.template](), SCENE)


def test_seeds_and_splits_differ():
    assert drawn(40, 0) != drawn(40, 1)
    assert intent(0, "train", 0, QA, SCENE) != intent(0, "test", 0, QA, SCENE)


@given(weights=st.lists(st.floats(0, 100), min_size=6, max_size=6).filter(any))
def test_shares_fill_the_block(weights):
    keys = [kind.lower().replace("-", "_").replace(" ", "_") for kind in QUESTION_TYPES]
    shares = template_shares(QuestionOptions(mix=dict(zip(keys, weights, strict=True))))
    assert sum(shares.values()) == BLOCK
    assert {QUESTIONS[name].question_type for name in shares} == {
        kind for kind, weight in zip(QUESTION_TYPES, weights, strict=True) if weight
    }


def test_a_type_can_be_left_out_and_weighed():
    shares = template_shares(QuestionOptions(mix={"camera_motion": 0.0, "repetition_count": 3.0}))
    by_type = Counter(
        {kind: sum(share for name, share in shares.items() if QUESTIONS[name].question_type == kind) for kind in QUESTION_TYPES}
    )
    assert by_type["Camera Motion"] == 0
    assert by_type["Repetition Count"] == pytest.approx(3 * BLOCK / 7, abs=3)


def test_templates_can_be_weighed_in_place_of_types():
    weights = {"count_cycles": 2.0, "camera_move": 1.0, "travel_direction": 0.0}
    assert template_shares(QuestionOptions(weights=weights)) == {"count_cycles": 200, "camera_move": 100}
    assert template_shares(QuestionOptions(weights=weights, without=("camera_move",))) == {"count_cycles": BLOCK}
    asked = Counter(item.template for item in drawn(BLOCK, qa=QuestionOptions(weights=weights, mix={"camera_motion": 0.0})))
    assert asked == {"count_cycles": 200, "camera_move": 100}
    with pytest.raises(ValueError, match="leave something to ask"):
        template_shares(QuestionOptions(weights={"count_cycles": 0.0}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mix": {"camera": 1.0}}, "camera_motion"),
        ({"mix": {"camera_motion": -1.0}}, "0 or more"),
        ({"weights": {"count_cycles": float("nan")}}, "qa.weights.count_cycles"),
        ({"weights": {"count_cycle": 1.0}}, "Did you mean 'count_cycles'"),
        ({"questions_per_video": 0}, "1 to 8"),
    ],
)
def test_bad_options_say_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        QuestionOptions(**options)


def test_unknown_template_lists_the_known_ones():
    with pytest.raises(UnknownName, match=r"qa.templates = .*Did you mean 'count_cycles'.*Known: .*camera_move"):
        QuestionOptions(templates=("count_cycle",))


def test_nothing_left_to_ask():
    with pytest.raises(ValueError, match="leave something to ask"):
        template_shares(QuestionOptions(templates=("count_cycles",), without=("count_cycles",)))


def test_what_cannot_be_staged_is_named_at_the_door():
    with pytest.raises(ValueError, match=r"count_in_sequence: duration = .* is too short.*qa.without=\[.*count_in_sequence"):
        check(QA, SceneOptions(duration=(3.0, 3.5)))
    with pytest.raises(ValueError, match=r"recognise_motion.*at least four.*scene.motions"):
        check(QA, SceneOptions(motions=("spin", "slide")))
    with pytest.raises(ValueError, match=r"travel_direction: scene.motions .*at least one of slide"):
        check(QA, SceneOptions(motions=("spin", "bounce", "flip", "swing")))
    with pytest.raises(ValueError, match=r"scene.motions .*at least 5 of bounce"):
        check(QA, SceneOptions(motions=("spin", "slide", "bounce", "drop", "rock")))
    check(QA, SCENE)
