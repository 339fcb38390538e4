"""Captions: every line is true, of mirrored worlds as well, and nothing that moves in plain sight is left out."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_every_question import all_visible, first_take, frozen, intents, mirrored

from qa_templates.captions import describe
from qa_templates.observation import performances
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


def test_text_is_readable(take):
    staged, paths = take
    text = describe(staged.spec, paths, all_visible(paths)).text
    assert "_" not in text and "{" not in text and "  " not in text
    assert all(line[0].isupper() or line[0].isdigit() for line in text.splitlines())
    assert len(text.split()) / staged.spec.timeline.duration_s > 4
