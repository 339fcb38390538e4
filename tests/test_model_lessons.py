"""Lessons: the same for a seed and a number, and true of the frames that they show, in the mirror as well."""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tblib import pickling_support

from generator.video import write_video
from model import glides, slides
from model.compressors import CompressorOptions
from model.dataset import BadClip, FrameReader, Item, read_items, split
from model.language import LanguageOptions, build_tokenizer
from model.lessons import (
    Batch,
    GlideLessons,
    Lesson,
    Lessons,
    LostReader,
    SlideLessons,
    StillLessons,
    VideoLessons,
    Waiting,
    _taken,
    batches,
    collate,
    is_open,
    lost_readers,
)
from model.mirror import can_mirror, mirrored
from model.options import DataOptions
from model.stills import COLUMNS, KINDS, Sight, Thing, Vocabulary, alike, ask_stills, in_mirror, name_among, views, vocabulary
from model.vision import VisionOptions
from model.vlm import IGNORED, ModelOptions, VideoVLM
from qa_templates.ask import NONE_OF_THESE, stage
from qa_templates.observation import camera_keys, mirrored_camera
from qa_templates.question import LETTERS, QUESTIONS, Asked
from qa_templates.quota import Intent, draw_options
from scenes.colours import COLOURS
from scenes.rejection import Rejected
from scenes.script import SceneOptions
from scenes.streams import Streams
from tests.annotated_clips import annotate

torch.set_num_threads(1)
WIDTH, HEIGHT, NUM_FRAMES, SIDE = 96, 64, 24, 14
PAINTS = ("blue", "green", "red", "yellow", "purple", "orange")  # far apart, so that pixels tell them
NOUNS = ("ball", "mug", "star", "rocket")
SCENE = SceneOptions()


def key_of(number: int) -> str:
    return f"{number:032x}"


def make_clip(root: Path, number: int, twin: int | None = None) -> None:
    """Two squares of different colours, one of which moves to the left or right; with all that the generator writes beside it."""
    key, rng = key_of(number), np.random.default_rng(number)
    paints, nouns = rng.permutation(PAINTS)[:2].tolist(), rng.permutation(NOUNS)[:2].tolist()
    leftward = number % 2 == 0
    travel = np.linspace(0, 30, NUM_FRAMES) * (-1 if leftward else 1)
    centres = np.array(
        [[48 + travel * 1.2, np.full(NUM_FRAMES, 20.0)], [np.full(NUM_FRAMES, rng.uniform(10, 86)), np.full(NUM_FRAMES, 46.0)]]
    )
    low, high = np.round(centres - SIDE / 2).astype(int), np.round(centres + SIDE / 2).astype(int)
    frames = np.full((NUM_FRAMES, HEIGHT, WIDTH, 3), 128, np.uint8)
    for frame, each in itertools.product(range(NUM_FRAMES), range(2)):
        (left, top), (right, bottom) = low[each, :, frame], high[each, :, frame]
        frames[frame, max(0, top) : bottom, max(0, left) : right] = np.array(COLOURS[paints[each]]) * 255
    write_video(root / "videos" / f"{key}.mp4", iter(frames), 12, 10, "ultrafast")
    boxes = np.stack([low[:, 0], low[:, 1], high[:, 0], high[:, 1]], axis=-1).astype(np.float32)
    names = [f"{paint} {noun}" for paint, noun in zip(paints, nouns, strict=True)]
    templates = {f"way{number}": "travel_direction", f"who{number}": "which_object_moves"}
    of_twin = None if twin is None else {"key": key_of(twin)}
    annotate(root, key, dict(zip(names, paints, strict=True)), boxes, (WIDTH, HEIGHT), templates, twin=of_twin)
    way = {"uid": f"way{number}", "answer": "A" if leftward else "C", "question": WAY.format(names[0])}
    others = [f"{paint} {NOUNS[0]}" for paint in PAINTS if paint not in paints][:2]
    options = "\n".join(f"{letter}. The {name}" for letter, name in zip("ABCD", [names[1], *others, names[0]], strict=True))
    who = {"uid": f"who{number}", "answer": "D", "question": f"Which object moves?\n{options}"}
    row = {"key": key, "question_type": "Location-related Motion", "qa": [way, who], "video_path": f"{key}.mp4"}
    with (root / "video_info.meta.jsonl").open("a") as stream:
        stream.write(json.dumps(row) + "\n")


WAY = "Which way does the {} go?\nA. To the left\nB. Away from the camera\nC. To the right\nD. Towards the camera"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips, the last two of them twins."""
    root = tmp_path_factory.mktemp("data")
    for folder in ("videos", "annotations", "trajectories"):
        (root / folder).mkdir()
    for number in range(12):
        make_clip(root, number, {10: 11, 11: 10}.get(number))
    return root


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """The same clips, to be damaged."""
    return shutil.copytree(root, tmp_path / "data")


@pytest.fixture(scope="module")
def items(root: Path) -> list[Item]:
    return read_items(root)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FrameReader:
    return FrameReader(8, 48, tmp_path_factory.mktemp("cache"))


def data(**changes: object) -> DataOptions:
    return DataOptions(**{"folders": ("data",), "num_frames": 8, **changes})  # type: ignore[arg-type]


def every_kind(items: Sequence[Item], reader: FrameReader, options: DataOptions, reply: str = "both", seed: int = 3) -> list[Lessons]:
    told, seen = (reader, options, reply, seed), views(items)
    stills = StillLessons(seen, *told, questions=3, ahead=1, items=items)
    return [VideoLessons(items, *told), stills, GlideLessons(items, *told, questions=2), SlideLessons(seen, *told)]


def same(one: Lesson, other: Lesson) -> bool:
    told = [(each.uid, each.asked, each.fps, each.orders) for each in (one, other)]
    return told[0] == told[1] and np.array_equal(one.frames, other.frames)


# Purity


def test_a_lesson_is_the_same_whatever_was_asked_before(items: list[Item], reader: FrameReader) -> None:
    uncached = FrameReader(reader.num_frames, reader.size_px)
    for options in (data(), data(questions_per_look=3)):
        for one, other in zip(every_kind(items, reader, options), every_kind(items, uncached, options), strict=True):
            first = [one[n] for n in (0, 1, 5, 40, 10**7)]
            one[3]
            assert all(same(lesson, one[n]) and same(lesson, other[n]) for n, lesson in zip((0, 1, 5, 40, 10**7), first, strict=True))
            assert not same(first[0], one[len(one)]) or not same(first[1], one[len(one) + 1])


def test_seeds_draw_different_lessons(items: list[Item], reader: FrameReader) -> None:
    for one, other in zip(every_kind(items, reader, data(), seed=1), every_kind(items, reader, data(), seed=2), strict=True):
        assert sum(same(one[n], other[n]) for n in range(20)) < 4


DIGEST = """
import hashlib, sys
from pathlib import Path
from model.dataset import FrameReader, read_items
from model.lessons import GlideLessons, SlideLessons, StillLessons, VideoLessons
from model.options import DataOptions
from model.stills import views
items, told = read_items(sys.argv[1]), (FrameReader(8, 48), DataOptions(folders=("data",), num_frames=8), "both", 3)
stills = StillLessons(views(items), *told, questions=3, ahead=1, items=items)
for lessons in (VideoLessons(items, *told), stills, GlideLessons(items, *told, questions=2), SlideLessons(views(items), *told)):
    for n in (30, 4):
        lesson = lessons[n]
        print(hashlib.sha256(lesson.frames.tobytes() + repr((lesson.uid, lesson.asked, lesson.orders)).encode()).hexdigest())
"""


@pytest.mark.slow
def test_a_lesson_is_the_same_in_another_process(root: Path, items: list[Item], reader: FrameReader) -> None:
    told = subprocess.run([sys.executable, "-c", DIGEST, str(root)], capture_output=True, text=True, check=True).stdout.split()
    ours = [lessons[n] for lessons in every_kind(items, reader, data()) for n in (30, 4)]
    digests = [hashlib.sha256(each.frames.tobytes() + repr((each.uid, each.asked, each.orders)).encode()).hexdigest() for each in ours]
    assert told == digests


# Videos


def test_each_round_asks_every_question_once_in_an_order_of_its_own(items: list[Item], reader: FrameReader) -> None:
    lessons = VideoLessons(items, reader, data())
    rounds = [[lessons[n].uid for n in range(start, start + len(items))] for start in (0, len(items))]
    assert len(lessons) == len(items)
    assert Counter(rounds[0]) == Counter(rounds[1]) == Counter(item.uid for item in items)
    assert rounds[0] != rounds[1]


def test_a_look_asks_different_questions_of_the_clip_first(items: list[Item], reader: FrameReader) -> None:
    lessons = VideoLessons(items, reader, data(questions_per_look=3))
    assert len(lessons) == 12
    clips = {item.uid: item.key for item in items}
    assert Counter(clips[lessons[n].uid] for n in range(12)) == Counter(key_of(number) for number in range(12))
    for n in range(12):
        stems = [text.split("\n")[0].split()[1] for text, _ in lessons[n].asked]
        assert len(stems) == 3 and set(stems[:2]) == {"way", "object"}


def shown_options(text: str) -> dict[str, str]:
    return {line[0]: line[3:] for line in text.split("\n")[1:]}


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_reply_is_the_right_option_however_they_are_shuffled(items: list[Item], reader: FrameReader, shuffle: bool) -> None:
    lessons = VideoLessons(items, reader, data(shuffle_options=shuffle, mirror=False))
    by_uid = {item.uid: item for item in items}
    orders = set()
    for n in range(60):
        lesson = lessons[n]
        item, ((text, reply),), (order,) = by_uid[lesson.uid], lesson.asked, lesson.orders
        assert shown_options(text)[reply] == item.options[item.letters.index(item.answer)]
        assert list(shown_options(text).values()) == [item.options[place] for place in order]
        orders.add(order)
    assert orders == {(0, 1, 2, 3)} if not shuffle else len(orders) > 10


def test_letters_are_even_once_options_are_shuffled(items: list[Item], reader: FrameReader) -> None:
    lessons = VideoLessons(items, reader, data())
    letters = Counter(lessons[n].asked[0][1] for n in range(400))
    assert set(letters) == set("ABCD") and min(letters.values()) > 70


def test_who_replies_with_the_text_is_not_shown_the_options(items: list[Item], reader: FrameReader) -> None:
    texts = VideoLessons(items, reader, data(mirror=False), "text")
    both = VideoLessons(items, reader, data(), "both")
    by_uid = {item.uid: item for item in items}
    for n in range(20):
        ((text, reply),) = texts[n].asked
        item = by_uid[texts[n].uid]
        assert (text, reply) == (item.text, item.options[item.letters.index(item.answer)])
    shown = ["\n" in both[n].asked[0][0] for n in range(40)]
    assert all((len(reply) == 1) == ("\n" in text) for n in range(40) for text, reply in both[n].asked)
    assert 10 < sum(shown) < 30


def test_none_of_these_is_never_the_reply_to_an_open_question(items: list[Item], reader: FrameReader) -> None:
    way, who = items[0], items[1]
    hidden = Item(
        who.uid, who.key, "", who.template, who.text, ("The red ball", "The blue ball", "None of these"), "C", who.scene, who.video
    )
    assert [item.uid for item in VideoLessons([*items[2:], way, hidden], reader, data(), "text").items].count(who.uid) == 0
    both = VideoLessons([way, hidden], reader, data(), "both")
    assert all(len(both[n].asked[0][1]) == 1 for n in range(30) if both[n].uid == who.uid)
    assert [is_open(option) for option in ("None of these", NONE_OF_THESE, "All of them", "None", "Neither moves")] == [False] * 3 + [
        True
    ] * 2


def test_a_pool_names_places_of_the_items_that_were_given(items: list[Item], reader: FrameReader) -> None:
    unknown = Item("na", "k", "", "", "What?", ("a", "b"), "NA", "k", Path("none.mp4"))
    stages = ((0, 1, 3), (5, 7))
    for per_look in (1, 2):
        lessons = VideoLessons([unknown, *items], reader, data(questions_per_look=per_look), pool=lambda n: stages[n >= 6])
        assert {lessons[n].uid for n in range(6)} <= {items[0].uid, items[2].uid}
        assert {lessons[n].uid for n in range(6, 12)} == {items[4].uid, items[6].uid}


def test_jitter_shows_other_frames_and_without_it_middles_are_shown(items: list[Item], reader: FrameReader) -> None:
    plain = VideoLessons(items, reader, data(jitter=False, mirror=False))
    videos = {item.uid: item.video for item in items}
    assert all(np.array_equal(plain[n].frames, reader.read(videos[plain[n].uid], None).frames) for n in range(10))
    drawn = VideoLessons(items, reader, data(mirror=False))
    assert sum(np.array_equal(drawn[n].frames, plain[n].frames) for n in range(10)) < 3


def colour_centre(frame: np.ndarray, colour: str) -> tuple[float, float] | None:
    """Where in the picture ``(3, size, size)`` pixels are of a colour, from 0 to 1; None where hardly any are."""
    near = np.abs(frame.astype(float) - 255 * np.array(COLOURS[colour])[:, None, None]).max(axis=0) < 45
    rows, columns = np.nonzero(near)
    return ((columns.mean() + 0.5) / frame.shape[2], (rows.mean() + 0.5) / frame.shape[1]) if len(rows) >= 12 else None


def test_in_the_mirror_left_and_right_are_true_of_the_frames(items: list[Item], reader: FrameReader) -> None:
    lessons = VideoLessons([item for item in items if item.uid.startswith("way")], reader, data(), "text")
    seen = Counter()
    for n in range(48):
        lesson = lessons[n]
        ((text, reply),) = lesson.asked
        colour = next(paint for paint in PAINTS if f"the {paint} " in text)
        first, last = (colour_centre(lesson.frames[frame], colour) for frame in (0, -1))
        assert first and last
        assert reply == ("To the left" if last[0] < first[0] else "To the right")
        seen[lesson.uid, reply] += 1
    assert any((uid, "To the right") in seen and (uid, "To the left") in seen for uid, _ in seen)


def test_questions_of_unknown_words_are_not_mirrored(items: list[Item], reader: FrameReader) -> None:
    foreign = [Item(each.uid, each.key, "", "", each.text, each.options, each.answer, each.scene, each.video) for each in items]
    lessons = VideoLessons(foreign, reader, data(jitter=False))
    videos = {item.uid: item.video for item in items}
    assert all(np.array_equal(lessons[n].frames, reader.read(videos[lessons[n].uid], None).frames) for n in range(20))


def test_twins_stay_together(items: list[Item]) -> None:
    for seed in range(8):
        train, held = split(items, 0.4, seed)
        assert not {key_of(10), key_of(11)} & {item.key for item in train} or not {key_of(10), key_of(11)} & {item.key for item in held}


def test_nothing_can_be_learned_from_one_class(items: list[Item], reader: FrameReader) -> None:
    ways = [item for item in items if item.uid.startswith("way")]
    whos = [item for item in items if item.uid.startswith("who")]
    with pytest.raises(ValueError, match="one class: 'To the left' is right in all 6 questions"):
        VideoLessons([item for item in ways if item.answer == "A"], reader, data())
    with pytest.raises(ValueError, match="one class: D is right in all 12 questions.*shuffle_options"):
        VideoLessons(whos, reader, data(shuffle_options=False))
    assert len(VideoLessons(whos, reader, data())) == 12


def test_data_without_answers_are_refused(reader: FrameReader) -> None:
    hidden = Item("na", "k", "", "", "What?", ("a", "b"), "NA", "k", Path("none.mp4"))
    with pytest.raises(ValueError, match="no question with an answer"):
        VideoLessons([hidden], reader, data())
    with pytest.raises(ValueError, match="reply = 'word' is not allowed"):
        VideoLessons([hidden], reader, data(), "word")


# The mirror, over every registered template


@lru_cache
def staged(name: str) -> tuple[Asked, ...]:
    """Questions of a template as scenes fill their slots."""
    found = []
    for index in range(6):
        intent = Intent(7, "test", index, name, *draw_options(name, None, (7, "test", index), SCENE))
        for attempt in range(20):
            try:
                found.append(stage(intent, key_of(index), Streams(7, "test", index, attempt), SCENE).asked)
                break
            except Rejected:
                continue
    return tuple(found)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_words_of_a_mirrored_question_are_the_mirrored_words(name: str) -> None:
    template = QUESTIONS[name]()
    assert staged(name)
    for asked in staged(name):
        other = template.mirrored(asked)
        assert other.letter == asked.letter
        for wording in template.wordings:
            words = wording.format(**template.words(asked.slots))
            assert mirrored(words) == wording.format(**template.words(other.slots))
            assert mirrored(mirrored(words)) == words
        for key, in_mirror_key in zip(asked.options, other.options, strict=True):
            assert mirrored(template.option_text(key, asked.slots)) == template.option_text(in_mirror_key, other.slots)


def test_every_answer_of_templates_with_few_keys_is_mirrored_in_words() -> None:
    told = 0
    for name in QUESTIONS:
        template = QUESTIONS[name]()
        for asked in staged(name)[:1]:
            for options in template.option_sets(SCENE)[:200]:
                changed = Asked(name, options, LETTERS[0], asked.slots)
                other = template.mirrored(changed)
                if other.slots != asked.slots or any(key.startswith("object_") for key in options):
                    continue
                for key, in_mirror_key in zip(options, other.options, strict=True):
                    assert mirrored(template.option_text(key, asked.slots)) == template.option_text(in_mirror_key, other.slots)
                    told += 1
    assert told > 1000


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Left", "Right"),
        ("It turns anti-clockwise", "It turns clockwise"),
        ("What does it do right after it waves with its right hand?", "What does it do right after it waves with its left hand?"),
        ("Does it pan, to the left or to the right?", "Does it pan, to the left or to the right?"),
        ("Upright, on the leftmost of the bright ones", "Upright, on the rightmost of the bright ones"),
    ],
)
def test_words_in_the_mirror(text: str, other: str) -> None:
    assert mirrored(text) == other


def test_only_what_a_template_wrote_is_mirrored(items: list[Item]) -> None:
    foreign = Item("u", "k", "", "", "Who left?", ("a", "b"), "A", "k", Path("k.mp4"))
    assert not can_mirror(foreign) and all(map(can_mirror, items))


# Stills


def test_what_is_asked_of_a_still_is_true_of_its_pixels(items: list[Item], reader: FrameReader) -> None:
    lessons = StillLessons(views(items), reader, data(), "text", 5, questions=4)
    things = {(view.key, thing.name): thing for view in lessons.views for thing in view.things}
    kinds: Counter[str] = Counter()
    for n in range(80):
        lesson = lessons[n]
        key, frame = lesson.uid.split("/")[:2]
        named = {name: thing for (clip, name), thing in things.items() if clip == key}
        assert lesson.frames.shape == (1, 3, 48, 48) and 0 <= int(frame) < NUM_FRAMES
        for text, reply in lesson.asked:
            kinds[check_still(lesson.frames[0], text, reply, named)] += 1
    assert set(kinds) == set(KINDS) and min(kinds.values()) > 20


def test_questions_of_the_clip_are_asked_ahead_in_its_own_words(items: list[Item], reader: FrameReader) -> None:
    lessons = StillLessons(views(items), reader, data(), "text", 5, questions=2, ahead=2, items=items)
    own = {(item.key, text) for item in items for text in (item.text, mirrored(item.text))}
    for n in range(20):
        lesson = lessons[n]
        assert len(lesson.asked) == 4
        assert all((lesson.uid.split("/")[0], text) in own for text, _ in lesson.asked[2:])


def check_still(frame: np.ndarray, text: str, reply: str, named: dict[str, Thing]) -> str:
    """That a question's answer is what the pixels show; returns its kind."""
    visible = {colour: colour_centre(frame, colour) for colour in PAINTS}
    by_colour = {thing.colour: thing for thing in named.values()}
    if text.startswith("What colour"):
        noun = text.removeprefix("What colour is the ").removesuffix("?")
        assert visible[reply.lower()] and by_colour[reply.lower()].noun == noun
        return "colour"
    if text.startswith("Where"):
        colour = text.split("the ")[-1].split()[0]
        centre = visible[colour]
        assert centre
        left = {"Far left": 0.0, "Left of the middle": 0.25, "Right of the middle": 0.5, "Far right": 0.75}[reply]
        assert left - 0.02 < centre[0] < left + 0.27
        return "where"
    if text.startswith("What is the "):
        colour = text.removeprefix("What is the ").split()[0]
        assert visible[colour] and reply == f"A {by_colour[colour].noun}"
        return "shape"
    assert text == "What can be seen in the picture?" and visible[named[reply.removeprefix("The ")].colour]
    return "which"


def test_wrong_options_of_a_still_are_wrong(items: list[Item], reader: FrameReader) -> None:
    lessons = StillLessons(views(items), reader, data(mirror=False), "letter", 5, questions=4)
    names = {view.key: {thing.name for thing in view.things} for view in lessons.views}
    for n in range(60):
        lesson = lessons[n]
        for text, reply in lesson.asked:
            options = shown_options(text)
            assert len(set(options.values())) == 4
            if text.startswith("What can be seen"):
                present = [letter for letter, name in options.items() if name.removeprefix("The ") in names[lesson.uid.split("/")[0]]]
                assert present == [reply]


def sight(name: str, colour: str, x: float = 0.4, visible: float = 1.0, area: float = 0.02) -> Sight:
    noun = name.removesuffix(f" in {colour}").removeprefix(f"{colour} ")
    return Sight(Thing(name, noun, colour), visible, area, x)


KNOWN = Vocabulary(
    ("ball", "cup", "mug", "star", "rocket", "woman"),
    tuple(sorted(PAINTS)),
    tuple(Thing(f"{paint} {noun}", noun, paint) for noun in ("ball", "cup", "mug", "star", "rocket") for paint in PAINTS),
)


def asked_of(*seen: Sight) -> set[tuple[str, str]]:
    stills = [still for seed in range(12) for still in ask_stills(seen, KNOWN, np.random.default_rng(seed), 6)]
    return {(still.text, still.options[0]) for still in stills}


def test_nothing_is_asked_of_what_is_hardly_visible_or_not_alone() -> None:
    assert not asked_of(sight("red ball", "red", visible=0.7))
    assert not asked_of(sight("red ball", "red", area=0.001))
    two = asked_of(sight("red ball", "red"), sight("blue ball", "blue", visible=0.3))
    assert ("What is the red object?", "A ball") in two
    assert not any(text.startswith("What colour") for text, _ in two)
    alike_nouns = asked_of(sight("red mug", "red"), sight("red cup", "red"))
    assert {text.split()[0] for text, _ in alike_nouns} <= {"Where", "What"}
    assert not any(text.startswith(("What is", "What colour")) for text, _ in alike_nouns)


def test_who_wears_a_colour_is_asked_so() -> None:
    told = asked_of(sight("woman in red", "red"))
    assert ("What colour does the woman wear?", "Red") in told and ("Who wears red?", "A woman") in told


def test_no_place_is_asked_between_two_columns() -> None:
    assert not any(text.startswith("Where") for text, _ in asked_of(sight("red ball", "red", x=0.51)))
    assert ("Where in the picture is the red ball?", "Right of the middle") in asked_of(sight("red ball", "red", x=0.6))
    (mirrored_sight,) = in_mirror([sight("red ball", "red", x=0.6)])
    assert ("Where in the picture is the red ball?", "Left of the middle") in asked_of(mirrored_sight)


@given(st.floats(0, 1), st.integers(0, 99))
def test_where_is_one_of_four_columns(x: float, seed: int) -> None:
    for still in ask_stills([sight("red ball", "red", x=x)], KNOWN, np.random.default_rng(seed), 4, ("where",)):
        assert set(still.options) == set(COLUMNS)
        assert COLUMNS.index(still.options[0]) == min(3, int(4 * x))


def test_nouns_that_are_alike() -> None:
    assert alike("robot", "toy robot") and alike("mug", "cup") and alike("star", "star")
    assert not alike("ball", "star")


def test_stills_need_annotations_and_some_variety(root: Path, items: list[Item], reader: FrameReader) -> None:
    foreign = Item("u", "k", "", "", "What?", ("a", "b"), "A", "k", root / "elsewhere" / "videos" / "k.mp4")
    with pytest.raises(ValueError, match=r"need annotations.*stills\.steps=0 and slides\.steps=0"):
        views([foreign])
    with pytest.raises(ValueError, match="4 colours and 8 names"):
        vocabulary(views(items[:2]))


def test_an_annotation_without_visibility_is_named(tmp_path: Path, reader: FrameReader) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "k.json").write_text(json.dumps({"spec": {"objects": []}}))
    with pytest.raises(ValueError, match="k.json does not say what is visible"):
        views([Item("u", "k", "", "", "What?", ("a", "b"), "A", "k", tmp_path / "videos" / "k.mp4")])


# Glides


def picture(seed: int = 0, size_px: int = 64) -> np.ndarray:
    """Soft blotches, whose shift can be measured."""
    noise = np.random.default_rng(seed).normal(size=(size_px, size_px, 3))
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return ((soft - soft.min()) / np.ptp(soft) * 255).astype(np.uint8).transpose(2, 0, 1)


def affine_between(first: np.ndarray, last: np.ndarray) -> tuple[float, float, float, float]:
    """How the content went from one frame to another: right and down in pixels, its growth, its turn clockwise in radians; from flow."""
    one, other = (frame.mean(axis=0).astype(np.uint8) for frame in (first, last))
    flow = cv2.calcOpticalFlowFarneback(one, other, None, 0.5, 4, 15, 5, 7, 1.5, 0)[12:-12, 12:-12]
    y, x = np.mgrid[12:52, 12:52] - 31.5
    design = np.column_stack([np.ones(x.size), x.ravel(), -y.ravel()])
    across = np.linalg.lstsq(design, flow[..., 0].ravel(), rcond=None)[0]
    down = np.linalg.lstsq(np.column_stack([np.ones(x.size), y.ravel(), x.ravel()]), flow[..., 1].ravel(), rcond=None)[0]
    return float(across[0]), float(down[0]), float(across[1] + down[1]) / 2, float(across[2] + down[2]) / 2


def content_motion(key: str, seed: int) -> np.ndarray:
    """Sums over consecutive frames."""
    frames = glides.glide(picture(seed), key, 24, np.random.default_rng(seed))
    return np.sum([affine_between(one, other) for one, other in itertools.pairwise(frames)], axis=0)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("key", [key for key in glides.GLIDES if key != "shake"])  # which ends anywhere
def test_the_picture_moves_as_its_glide_says(key: str, seed: int) -> None:
    """The content goes against the camera; measured from the frames alone."""
    right, down, closer, clockwise = glides.GLIDES[key]
    expected = np.array([-right, -down, closer, -clockwise])
    measured = content_motion(key, seed) / (8.0, 8.0, 0.3, 0.3)  # what can be seen plainly
    assert np.array_equal(np.sign(measured) * (np.abs(measured) > 1), expected), measured


def test_a_glide_has_the_words_of_the_catalogue_and_its_mirror_image_the_mirrored_words() -> None:
    assert set(glides.GLIDES) <= set(camera_keys())
    for key, (right, down, closer, clockwise) in glides.GLIDES.items():
        assert glides.GLIDES[mirrored_camera(key)] == (-right, down, closer, -clockwise)
        assert mirrored(glides.said(key)) == glides.said(mirrored_camera(key))
        assert glides.said(key)[0].isupper()


def test_still_and_shaken_glides_differ_from_the_others() -> None:
    still = glides.glide(picture(), "static", 8, np.random.default_rng(0))
    shaken = glides.glide(picture(), "shake", 8, np.random.default_rng(0))
    assert np.all(still == still[0]) and not np.all(shaken == shaken[0])


def test_glides_show_every_move_and_offer_it_once(items: list[Item], reader: FrameReader) -> None:
    lessons = GlideLessons(items, reader, data(), questions=2)
    seen = Counter(lessons[n].uid.split("/")[1] for n in range(100))
    assert set(seen) == set(glides.GLIDES)
    for n in range(20):
        lesson = lessons[n]
        assert lesson.frames.shape == (8, 3, 48, 48) and len({text.split("\n")[0] for text, _ in lesson.asked}) == 2
        for text, reply in lesson.asked:
            assert shown_options(text)[reply] == glides.said(lesson.uid.split("/")[1])
            assert len(set(shown_options(text).values())) == 4


# Slides


def red_pixels(frame: np.ndarray) -> tuple[float, float, int]:
    """The centre of what is red in a picture ``(3, size, size)``, as shares of it, and how many pixels these are."""
    rows, columns = np.nonzero((frame[0] > 150) & (frame[1] < 90))
    return (columns.mean() + 0.5) / frame.shape[2], (rows.mean() + 0.5) / frame.shape[1], len(rows)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", slides.WAYS)
def test_a_thing_slides_the_way_that_is_said_and_leaves_no_copy(way: str, seed: int) -> None:
    still = picture(seed) // 4 + 90
    still[:, 24:34, 10:20] = np.array([230, 20, 20])[:, None, None]
    frames = slides.slide(still, (10 / 64, 24 / 64, 20 / 64, 34 / 64), way, 16, np.random.default_rng(seed))
    assert frames.shape == (16, 3, 64, 64) and frames.dtype == np.uint8
    x, y, count = np.array([red_pixels(frame) for frame in frames]).T
    right, nearer = slides.WAYS[way]
    changes = np.array([x[-1] - x[0], y[-1] - y[0], count[-1] / count[0] - 1])
    assert (np.sign(changes) * (np.abs(changes) > 0.1)).tolist() == [right, nearer, nearer]
    if right:
        assert np.all(np.diff(right * x) > -0.01) and count.min() > 0.7 * 100 and count.max() < 1.3 * 100
    else:
        assert np.ptp(x) < 0.06 and np.all(np.diff(nearer * count) > -12)
        assert 1.8 * count.min() < count.max() < 6 * count.min() and count.min() < 1.3 * 100


def test_slides_say_what_moves_and_which_way_in_the_mirror_as_well(items: list[Item], reader: FrameReader) -> None:
    lessons = SlideLessons(views(items), reader, data(), "text", num_frames=4)
    seen: Counter[str] = Counter()
    for n in range(60):
        lesson = lessons[n]
        (which_way, way), (which_one, name) = lesson.asked
        colour = name.split()[1]
        assert lesson.frames.shape == (4, 3, 48, 48) and lesson.fps == 0.0
        assert name.removeprefix("The ") in which_way and which_one in slides.WHICH_ONE
        first, last = (colour_centre(lesson.frames[frame], colour) for frame in (0, -1))
        if not first or not last:
            continue  # beyond the lower edge, or too small to be measured
        if "camera" not in way:
            assert way == ("To the left" if last[0] < first[0] else "To the right") and abs(last[0] - first[0]) > 0.1
        else:
            assert abs(last[0] - first[0]) < 0.06 and (last[1] > first[1]) == way.startswith("Towards")
        seen[way] += 1
    assert set(seen) == set(map(slides.said, slides.WAYS)) and min(seen.values()) > 5


@given(st.integers(0, 999), st.integers(1, 6))
def test_names_among_which_one_is_right_are_different(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    seen = [Sight(KNOWN.things[place], 1.0, 0.02, 0.5) for place in rng.permutation(len(KNOWN.things))[:count].tolist()]
    names = name_among(seen[0].thing, seen, KNOWN, rng)
    assert names[0] == f"The {seen[0].thing.name}" and len(set(names)) == 4
    others = {f"The {each.thing.name}" for each in seen[1:]}
    assert len(others & set(names)) >= min(len(others), 3) - 1  # one may be too much alike


# Batches


@pytest.fixture(scope="module")
def model(items: list[Item]) -> VideoVLM:
    language = LanguageOptions(width=16, depth=1, heads=2, vocabulary=512)
    options = ModelOptions(CompressorOptions(k=4), VisionOptions(image_size_px=48, patch_px=24, width=16, depth=1, heads=2), language)
    torch.manual_seed(0)
    return VideoVLM(options, build_tokenizer(language, [item.prompt for item in items]))


def test_a_batch_holds_a_row_for_each_question(items: list[Item], reader: FrameReader, model: VideoVLM) -> None:
    lessons = [VideoLessons(items, reader, data(questions_per_look=2))[n] for n in range(3)]
    batch = collate(lessons, model)
    assert len(batch) == 3 and batch.frames.shape == (3, 8, 3, 48, 48) and batch.frames.dtype == torch.uint8
    assert batch.owner.tolist() == [0, 0, 1, 1, 2, 2]
    assert batch.input_ids.shape == batch.attention_mask.shape == batch.labels.shape
    for row, (text, reply) in enumerate(asked for lesson in lessons for asked in lesson.asked):
        told = model.tokenizer.decode(batch.labels[row][batch.labels[row] != IGNORED])
        assert told == reply and text in model.tokenizer.decode(batch.input_ids[row])
    logits = model(batch.frames, batch.input_ids, batch.attention_mask, owner=batch.owner)
    assert logits.shape[:2] == batch.input_ids.shape
    assert batch.to("cpu").uids == batch.uids


def test_a_reply_in_words_is_taught_with_its_end(items: list[Item], reader: FrameReader, model: VideoVLM) -> None:
    lessons = [VideoLessons(items, reader, data(), reply="text")[n] for n in range(4)]
    for lesson, labels in zip(lessons, collate(lessons, model).labels, strict=True):
        assert model.tokenizer.decode(labels[labels != IGNORED]) == f"{lesson.asked[0][1]}<end>"
        assert labels[-1] == model.tokenizer.eos_token_id


@pytest.mark.parametrize("kind", range(4))
def test_batches_are_the_same_however_many_processes_make_them(items: list[Item], reader: FrameReader, model: VideoVLM, kind: int) -> None:
    lessons = every_kind(items, reader, data())[kind]
    rows = [range(4 * step, 4 * step + 4) for step in range(3)]
    ours, theirs = (list(batches(lessons, rows, model, workers)) for workers in (0, 1))
    assert [batch.uids for batch in ours] == [tuple(lessons[n].uid for n in row) for row in rows]
    for one, other in zip(ours, theirs, strict=True):
        assert one.uids == other.uids
        assert all(torch.equal(getattr(one, key), getattr(other, key)) for key in Batch.__annotations__ if key not in ("uids", "left_out"))


def test_rows_without_end_are_taken_as_they_are_needed(items: list[Item], reader: FrameReader, model: VideoVLM) -> None:
    lessons = VideoLessons(items, reader, data())
    for workers in (0, 1):
        source = batches(lessons, ([n] for n in itertools.count(7)), model, workers)
        assert [next(source).uids[0] for _ in range(5)] == [lessons[n].uid for n in range(7, 12)]
        source.close()


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_a_bad_clip_arrives_in_its_own_words(copy: Path, model: VideoVLM, workers: int, damage: str) -> None:
    pickling_support.install()  # as distributed does to a whole process: causes are sent along, and those of av do not arrive
    bad = sorted((copy / "videos").iterdir())[0]
    whole = bad.read_bytes()
    bad.unlink() if damage == "missing" else bad.write_bytes(b"" if damage == "empty" else whole[: len(whole) // 2])
    items = [item for item in read_items(copy) if damage != "missing" or item.key == bad.stem or item.uid == "way1"]
    lessons = VideoLessons(items, FrameReader(8, 48), data())
    with pytest.raises(BadClip, match=bad.name) as told:
        list(batches(lessons, [range(len(lessons))], model, workers))
    assert "DataLoader" not in str(told.value)


def test_a_damaged_clip_is_left_out_of_lessons_of_every_kind(root: Path, copy: Path) -> None:
    damaged = set(sorted((copy / "videos").iterdir())[::3])
    for path in damaged:
        path.write_bytes(b"")
    skipping = every_kind(read_items(copy), FrameReader(8, 48), data(skip_damaged=True))
    for kind, whole in zip(skipping, every_kind(read_items(root), FrameReader(8, 48), data()), strict=True):
        lessons = [kind[n] for n in range(12)]
        assert {why.split()[0] for lesson in lessons for why in lesson.left_out} <= set(map(str, damaged))
        replaced = [bool(lesson.left_out) for lesson in lessons]
        assert 0 < sum(replaced) < 12
        assert all(same(lesson, whole[n]) != replaced[n] for n, lesson in enumerate(lessons))
        assert all(same(lesson, kind[n]) for n, lesson in enumerate(lessons))


def test_where_every_clip_is_damaged_it_is_said(copy: Path) -> None:
    for path in (copy / "videos").iterdir():
        path.write_bytes(b"")
    for lessons in every_kind(read_items(copy), FrameReader(8, 48), data(skip_damaged=True)):
        with pytest.raises(BadClip, match=r"none of \d+ clips can be read; the last one: .*videos"):
            lessons[0]


class Dying(VideoLessons):
    """Whoever asks for the fifth lesson is killed."""

    def __getitem__(self, n: int) -> Lesson:
        return super().__getitem__(n) if n != 5 else os.kill(os.getpid(), signal.SIGKILL)


class Hanging(VideoLessons):
    """Whoever asks for the fifth lesson waits for ever."""

    def __getitem__(self, n: int) -> Lesson:
        return super().__getitem__(n) if n != 5 else threading.Event().wait()


@pytest.mark.parametrize("kind", [Dying, Hanging])
def test_a_reader_that_dies_or_hangs_ends_the_training_in_words(
    kind: type[VideoLessons], items: list[Item], reader: FrameReader, model: VideoVLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, for torch raises the error wherever that process is when it hears of the death."""
    lessons = kind(items, reader, data())
    monkeypatch.setattr("model.lessons.STUCK_S", 2.0)
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def train() -> None:
        try:
            with lost_readers():
                list(batches(lessons, [[n] for n in range(12)], model, workers=1))
        except LostReader as error:
            sender.send(str(error))

    trainer = multiprocessing.get_context("fork").Process(target=train)
    trainer.start()
    sender.close()
    assert re.search("a process that reads clips has died .*give fewer workers", receiver.recv())
    trainer.join()


def test_a_reader_that_dies_while_its_batch_is_taken_over_is_told_likewise() -> None:
    """What torch lets through in the moment in which the process is dead and not yet known to be."""

    def cut_off(error: OSError | EOFError) -> Iterator[int]:
        yield 1
        raise error

    for error in (EOFError(), ConnectionResetError(104, "reset")):
        with pytest.raises(LostReader, match="give fewer workers"), lost_readers():
            list(_taken(cut_off(error)))


def test_stills_of_a_clip_that_is_not_the_annotated_one_are_refused(copy: Path) -> None:
    frames = np.full((NUM_FRAMES - 4, HEIGHT, WIDTH, 3), 128, np.uint8)
    for video in (copy / "videos").iterdir():
        write_video(video, iter(frames), 12, 20, "ultrafast")
    with pytest.raises(BadClip, match="20 frames, and its annotation tells of 24"):
        StillLessons(views(read_items(copy)), FrameReader(8, 48), data())[0]


def test_waiting_is_measured() -> None:
    waiting = Waiting()

    def slow(pause_s: float) -> itertools.count[int]:
        for number in range(4):
            time.sleep(pause_s)
            yield number

    assert [number for number in waiting.over(slow(0.03)) if number >= 0] == [0, 1, 2, 3]
    assert waiting.share > 0.8
    waiting.reset()
    for _ in waiting.over(slow(0.0)):
        time.sleep(0.03)
    assert waiting.share < 0.2
