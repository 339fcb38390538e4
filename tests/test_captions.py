"""Captions: every line is true, of mirrored worlds as well, and nothing that moves in plain sight is left out."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from test_every_question import all_visible, backwards, first_take, frozen, intents, mirrored

from qa_templates.captions import MIN_SHIFT_PX, describe
from qa_templates.observation import MIN_MOTION_PX, camera_phrase, image_motion_px, performances, segments
from qa_templates.question import QUESTIONS
from scenes.body_kinematics import body_segments
from scenes.kinematics import active_segments
from scenes.rejection import Rejected

OPPOSITE = {
    "left": "right",
    "right": "left",
    "clockwise": "counter-clockwise",
    "counter-clockwise": "clockwise",
}
NUMBERS = {"once": 1, "twice": 2, "three times": 3, "four times": 4, "five times": 5, "six times": 6}


@pytest.fixture(params=list(QUESTIONS))
def take(request):
    return first_take(intents(request.param, 1)[0])


def swapped(text: str) -> str:
    """The text with left and right, clockwise and counter-clockwise exchanged."""
    return re.sub(r"\b(counter-clockwise|clockwise|left|right)\b", lambda found: OPPOSITE[found[1]], text)


def test_mirror_image_mirrors_the_lines(take):
    staged, paths = take
    lines = describe(staged.spec, paths, all_visible(paths)).remarks
    others = describe(staged.spec, mirrored(paths), all_visible(paths)).remarks
    assert sorted(swapped(line.text) for line in lines) == sorted(line.text for line in others)


def test_nothing_is_said_of_what_does_not_move(take):
    staged, paths = take
    caption = describe(staged.spec, frozen(paths), all_visible(paths))
    assert all(line.subjects == ("camera",) for line in caption.remarks)


def test_every_stretch_of_motion_has_its_line(take):
    staged, paths = take
    caption = describe(staged.spec, paths, all_visible(paths))
    for name in paths.names:
        lines = [line for line in caption.remarks if name in line.subjects]
        moves = bool(body_segments(paths, name) if paths.is_avatar(name) else active_segments(paths.pose(name), paths.fps))
        assert bool([line for line in lines if line.subjects == (name,)]) <= moves <= bool(lines)
        for line in lines:
            assert 0 <= line.start_s < line.end_s <= staged.spec.timeline.duration_s


def test_whatever_moves_plainly_has_a_line_even_where_nothing_is_recognised(take):
    """In the film that runs backwards many events are none: then it is said of each by itself that it moves."""
    staged, paths = take
    played = backwards(paths)
    caption = describe(staged.spec, played, all_visible(played))
    for name in played.names:
        if any(image_motion_px(played, all_visible(played), name, *span) >= MIN_MOTION_PX for span in segments(played, name)):
            assert any(name in line.subjects for line in caption.remarks), name


def test_counts_and_ways_are_those_of_the_path(take):
    staged, paths = take
    for line in describe(staged.spec, paths, all_visible(paths)).remarks:
        if len(line.subjects) > 1 or line.subjects == ("camera",):
            continue
        (name,) = line.subjects
        first, last = round(line.start_s * paths.fps), round(line.end_s * paths.fps)
        said = next((number for words, number in NUMBERS.items() if re.search(rf", {words}\b", line.text)), None)
        if said is not None:
            try:
                found = next(item for item in performances(paths, name) if item.first == first)
            except Rejected:
                continue
            assert abs(found.cycles - said) < 0.5
        pose = paths.pose(name)
        shift = pose.position_m[last] - pose.position_m[first]
        right = np.cross(pose.position_m[first] - paths.camera_position_m[first], (0.0, 0.0, 1.0))
        if re.search(r" to the (left|right) by about", line.text):
            assert ("to the right by about" in line.text) == bool(shift @ right > 0)


def test_no_direction_contradicts_the_picture(take):
    staged, paths = take
    for line in describe(staged.spec, paths, all_visible(paths)).remarks:
        said = re.search(r"\bto the (left|right)\b", line.text)
        if said and len(line.subjects) == 1 and line.subjects != ("camera",):
            x_px = paths.centre_px[paths.index(line.subjects[0]), :, 0]
            shift_px = x_px[round(line.end_s * paths.fps)] - x_px[round(line.start_s * paths.fps)]
            assert shift_px * (1 if said[1] == "right" else -1) > -MIN_SHIFT_PX, line.text


def test_a_direction_against_the_picture_is_left_out():
    """Something that goes to the right while the camera follows it faster still gets to the left of the picture."""
    staged, paths = take_of("travel_direction", "right")
    (line,) = [line for line in describe(staged.spec, paths, all_visible(paths)).remarks if staged.asked.slots["subject"] in line.subjects]
    assert "to the right" in line.text
    first, last = round(line.start_s * paths.fps), round(line.end_s * paths.fps)
    shift_m = paths.position_m[paths.index(line.subjects[0])]
    drift_m = np.clip(np.arange(paths.num_frames) - first, 0, last - first)[:, None] / (last - first) * 2 * (shift_m[last] - shift_m[first])
    filmed = replace(paths, camera_position_m=paths.camera_position_m + drift_m)
    (other,) = [each for each in describe(staged.spec, filmed, all_visible(paths)).remarks if each.subjects == line.subjects]
    assert "to the right" not in other.text and "to the left" not in other.text


def test_both_of_two_camera_moves_at_once_are_named():
    for staged, paths in map(first_take, intents("camera_combination", 8)):
        lines = [line.text for line in describe(staged.spec, paths, all_visible(paths)).remarks if line.subjects == ("camera",)]
        assert len(lines) == 1
        assert all(camera_phrase(key) in lines[0] for key in staged.asked.answer.split("+"))


def test_what_is_out_of_sight_has_no_line_and_is_not_called_still(take):
    staged, paths = take
    unseen = replace(all_visible(paths), visible_fraction=np.zeros((len(paths.names), 1)))
    caption = describe(staged.spec, paths, unseen)
    assert all(line.subjects == ("camera",) for line in caption.remarks)
    assert "not move" not in caption.opening


def test_sides_of_a_body_are_kept_apart_from_those_of_the_picture():
    texts = [describe(staged.spec, paths, all_visible(paths)).text for staged, paths in map(first_take, intents("avatar_gait", 12))]
    assert any(re.search(r"steps sideways to its (left|right), which is to the .* in the picture, by about", text) for text in texts)


def take_of(name: str, answer: str):
    return first_take(next(intent for intent in intents(name, 40) if intent.answer == answer))


def test_text_is_readable(take):
    staged, paths = take
    text = describe(staged.spec, paths, all_visible(paths)).text
    assert "_" not in text and "{" not in text and "  " not in text
    assert not re.search(r"own lengths|its (left|right) to the", text)
    assert all(line[0].isupper() or line[0].isdigit() for line in text.splitlines())
    assert len(text.split()) / staged.spec.timeline.duration_s > 4
