"""Answers about avatars, measured again from their limbs: what is right is confirmed, what was changed is found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reader import ReadQuestion
from generator.verify.from_export import EXPORT_RULES, Recorded, avatars, body_motions
from generator.verify.from_export.body_measures import UnreadableBody, body_of
from generator.verify.from_export.body_motions import MEANINGS, seen_as
from generator.verify.ruling import NONE_OF_THESE, Verdict, judge
from qa_templates.avatar_actions import rivals
from qa_templates.question import LETTERS, QUESTIONS
from scenes import geometry
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.types import Trajectories
from tests.test_every_avatar_motion import bodies_for, drawn, film, sense_of
from tests.test_every_question import asked, backwards, exchanged, frozen, mirrored, takes, turned

COUNT = 3  # clips of a template
TEMPLATES = [name for name in QUESTIONS if name in EXPORT_RULES and EXPORT_RULES[name].__module__ == avatars.__name__]

every_template = pytest.mark.parametrize("name", TEMPLATES)
every_motion = pytest.mark.parametrize("name", list(AVATAR_MOTIONS))


def verdict(question: ReadQuestion, paths: Trajectories) -> Verdict:
    return judge("key", question, EXPORT_RULES, Recorded("key", paths))


# -- questions --------------------------------------------------------------------------------------------------------


def test_every_template_about_avatars_has_a_rule():
    assert {name for name in QUESTIONS if "avatar" in name or "animal" in name} <= set(TEMPLATES)


@every_template
def test_what_is_right_is_confirmed_with_figures(name):
    for question, paths in asked(name):
        told = verdict(question, paths)
        assert told.status == "confirmed", told
        assert told.found == question.answer
        assert told.measured


@every_template
def test_another_letter_is_contradicted(name):
    for question, paths in asked(name):
        for letter in set(LETTERS) - {question.answer}:
            assert verdict(dataclasses.replace(question, answer=letter), paths).status == "contradicted"


@every_template
def test_none_of_these_is_right_where_the_right_option_is_not_offered(name):
    for question, paths in asked(name):
        options = tuple(
            NONE_OF_THESE if letter == question.answer else text for letter, text in zip(LETTERS, question.options, strict=True)
        )
        assert verdict(dataclasses.replace(question, options=options), paths).status == "confirmed"


@every_template
def test_nothing_is_confirmed_of_frozen_bodies(name):
    for question, paths in asked(name):
        assert verdict(question, frozen(paths)).status != "confirmed"


@every_template
def test_a_mirror_is_told_from_the_clip_where_sides_are_asked(name):
    for (question, paths), (staged, _) in zip(asked(name), takes(name, COUNT), strict=True):
        flipped, told = QUESTIONS[name]().mirrored(staged.asked), verdict(question, mirrored(paths))
        same = (flipped.answer, flipped.slots) == (staged.asked.answer, staged.asked.slots)
        assert (told.status == "confirmed") == (same or as_often_with_either_side(told))


def as_often_with_either_side(told: Verdict) -> bool:
    """Whether as many are counted with the left as with the right."""
    shown = [seen for act in told.measured.get("acts", ()) for key, seen in act.items() if key != "seconds"]
    return told.template == "count_one_side" and sum(seen["sense"] * seen["times"] for seen in shown) == 0


@every_template
def test_the_world_may_be_turned(name):
    for question, paths in asked(name):
        assert verdict(question, turned(paths, 2.0)).status == "confirmed"


@pytest.mark.parametrize("name", ["avatar_first_or_last", "avatar_follows", "avatar_direction", "avatar_gait", "order_of_avatar_actions"])
def test_a_film_that_runs_backwards_is_found(name):
    for question, paths in asked(name):
        assert verdict(question, backwards(paths)).status != "confirmed"


@pytest.mark.parametrize("name", ["avatar_turns", "count_one_side", "recognise_avatar_motion", "which_avatar_uses", "which_side"])
def test_limbs_that_exchanged_their_names_are_not_believed(name):
    for question, paths in asked(name):
        told = verdict(question, dataclasses.replace(paths, limb_names=tuple(map(exchanged, paths.limb_names))))
        assert told.status == "cannot tell"
        assert "on its right" in told.why


@every_template
def test_a_subject_that_is_not_recorded_is_said_to_be_missing(name):
    question, paths = asked(name)[0]
    renamed = dataclasses.replace(
        paths,
        names=tuple(f"x{row}" for row, _ in enumerate(paths.names)),
        limb_names=tuple(f"x{paths.index(limb.split('/')[0])}/{limb.split('/')[1]}" for limb in paths.limb_names),
    )
    told = verdict(question, renamed)
    if name != "count_avatars":  # it needs no names
        assert told.status == "cannot tell"
        assert "avatar of the clip" in told.why


def test_two_that_start_at_once_cannot_be_told_apart():
    question, paths = asked("which_avatar_starts")[0]
    right = question.options[LETTERS.index(question.answer)].lower().removeprefix("the ")
    other = next(text.lower().removeprefix("the ") for text in question.options if text.lower() != f"the {right}")
    told = verdict(question, doing_the_same(paths, right, other))
    assert told.status == "cannot tell"


def doing_the_same(paths: Trajectories, one: str, other: str) -> Trajectories:
    """The limbs of another body move as those of one do."""
    rows = [paths.limb_names.index(limb.replace(f"{other}/", f"{one}/")) for limb in paths.limb_names]
    return dataclasses.replace(paths, limb_position_m=paths.limb_position_m[rows], limb_quaternion_wxyz=paths.limb_quaternion_wxyz[rows])


# -- words ------------------------------------------------------------------------------------------------------------


@every_motion
def test_every_motion_is_read_in_all_its_forms(name):
    kind = AVATAR_MOTIONS[name]
    for base in (False, True):
        assert avatars._motion_in(f"Who is seen to {kind.phrase(base=base)}?") == (name, None)
        if kind.sided or kind.signed:
            assert [avatars._motion_in(f"It {kind.phrase(sense, base=base)}") for sense in (1, -1)] == [(name, 1), (name, -1)]


# -- motions ----------------------------------------------------------------------------------------------------------


@every_motion
def test_every_motion_is_seen_on_every_body_and_as_nothing_that_is_offered_beside_it(name):
    rng = np.random.default_rng([*name.encode()])
    for number, avatar in enumerate(bodies_for(name)):
        case = drawn(name, avatar, rng)
        (act,) = body_of(Recorded("key", film(case, (12.0, 24.0)[number % 2], yaw_rad=rng.uniform(-3, 3))), "x").acts
        seen = {other: each for other in MEANINGS if (each := seen_as(other, act))}
        assert name in seen, case
        assert seen[name].sense in (0, sense_of(case)), case
        assert bool(seen[name].sense) == (AVATAR_MOTIONS[name].sided or AVATAR_MOTIONS[name].signed)
        assert seen[name].times == (case.cue.cycles if AVATAR_MOTIONS[name].countable else 1), case
        assert not [other for other in seen if other != name and not rivals(name, other)], case


@every_motion
def test_every_motion_twice_is_two_acts(name):
    if AVATAR_MOTIONS[name].ends:
        return
    case = drawn(name, bodies_for(name)[0], np.random.default_rng(5))
    acts = body_of(Recorded("key", film(case, 24.0, motions=(case.motion, case.motion))), "x").acts
    assert len(acts) == 2
    assert all(seen_as(name, act) for act in acts)


def test_a_body_without_a_limb_is_unreadable():
    paths = film(drawn("jump", "man", np.random.default_rng(0)), 12.0)
    kept = [row for row, limb in enumerate(paths.limb_names) if limb != "x/left_shin"]
    bare = dataclasses.replace(
        paths,
        limb_names=tuple(paths.limb_names[row] for row in kept),
        limb_position_m=paths.limb_position_m[kept],
        limb_quaternion_wxyz=paths.limb_quaternion_wxyz[kept],
    )
    with pytest.raises(UnreadableBody, match="left_shin"):
        body_of(Recorded("key", bare), "x")


def test_a_body_that_is_turned_inside_out_is_unreadable():
    """Limbs that change places left and right while they keep their names, and turn round: only the knees tell."""
    paths = film(drawn("squat", "woman", np.random.default_rng(0)), 12.0)
    half_turn = geometry.yaw(np.pi)
    round_ = (geometry.rotation(paths.limb_quaternion_wxyz.reshape(-1, 4)) * half_turn).as_quat(scalar_first=True)
    swapped = [paths.limb_names.index(exchanged(limb)) for limb in paths.limb_names]
    changed = dataclasses.replace(
        paths,
        limb_position_m=paths.limb_position_m[swapped],
        limb_quaternion_wxyz=round_.reshape(paths.limb_quaternion_wxyz.shape)[swapped],
    )
    with pytest.raises(UnreadableBody, match="heels"):
        body_of(Recorded("key", changed), "x")


@settings(max_examples=30)
@given(st.integers(1, 9), st.floats(0.3, 3.0), st.floats(0.0, 0.1), st.integers(0, 2**32 - 1))
def test_peaks_are_counted_whatever_ripples_on_them(times, height, ripple, seed):
    noise = np.random.default_rng(seed).uniform(-ripple, ripple, 60 * times + 1) * height
    waves = height * np.clip(1.4 * np.sin(np.linspace(0, np.pi * times, 60 * times + 1)) ** 2, 0, 1)
    assert body_motions._peaks(waves + noise, 0.5 * height) == times
