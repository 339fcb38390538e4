"""Evaluation: what is asked and shown, how answers are read, and what is said of them. A tiny model, clips of a few frames."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from rich.console import Console  # noqa: E402
from scipy import stats  # noqa: E402
from tokenizers import normalizers  # noqa: E402

from conf.progress import Progress, duration  # noqa: E402
from generator.video import write_video  # noqa: E402
from model.accuracy import (  # noqa: E402
    ALL,
    Figure,
    Mark,
    benjamini_hochberg,
    circular_marks,
    difference,
    figures,
    marks,
    pair_marks,
    pairs,
    wilson,
)
from model.checkpoint import save_model  # noqa: E402
from model.compressors import CompressorOptions  # noqa: E402
from model.dataset import BadClip, FrameReader, Glimpse, Item, fingerprint, read_items  # noqa: E402
from model.evaluate import LINE, EvaluateOptions, evaluate, main, tabulated, trained_scenes  # noqa: E402
from model.language import LanguageOptions, build_tokenizer  # noqa: E402
from model.predictions import (  # noqa: E402
    CONDITIONS,
    Prediction,
    first_capital,
    load_predictions,
    one_each,
    submission,
    write_predictions,
)
from model.scoring import INSTRUCTION, Ask, Manner, answers, ask, asks, generated, letter_log_probs, option_log_probs, usual, view  # noqa: E402
from model.table import Row, Section, markdown, plain  # noqa: E402
from model.vision import VisionOptions  # noqa: E402
from model.vlm import ModelOptions, VideoVLM, reply_log_probs  # noqa: E402

NUM_FRAMES, SIZE_PX = 4, 16
OPTIONS = ModelOptions(
    CompressorOptions("te_fusion", 2),
    VisionOptions(image_size_px=SIZE_PX, patch_px=8, width=16, depth=1, heads=2),
    LanguageOptions(width=16, depth=1, heads=2, vocabulary=512),
)
QUESTIONS = (
    ("Camera Motion", "How does the camera move?", ("It pans left", "It pans right", "It zooms in", "It stays still"), "B"),
    ("Repetition Count", "How often does the red cube, which is far to the left, hop?", ("Once", "Twice", "3 times"), "C"),
    ("Action Order", "Which comes first?", ("It hops", "It spins"), "A"),
)
READER = FrameReader(NUM_FRAMES, SIZE_PX)

torch.set_num_threads(1)


def make_item(number: int, answer: str | None = None, root: Path = Path()) -> Item:
    kind, text, options, right = QUESTIONS[number % len(QUESTIONS)]
    key = f"{number:032x}"
    return Item(f"u{number}", key, kind, "a_template", text, options, answer or right, key, root / f"videos/{key}.mp4")


def film(path: Path, first: int = 20) -> None:
    """A white square goes to the right, over a ground of its own grey."""
    frames = np.full((8, 16, 16, 3), first, np.uint8)
    for number, frame in enumerate(frames):
        frame[4:12, 2 * number : 2 * number + 4] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, iter(frames), 4, 0, "ultrafast")


def dataset(root: Path, count: int = 6, hidden: tuple[int, ...] = ()) -> list[Item]:
    """A folder in MotionBench's layout."""
    rows = []
    for number in range(count):
        item = make_item(number, "NA" if number in hidden else None, root)
        film(item.video, first=10 + 5 * number)
        entry = {"uid": item.uid, "start": None, "end": None, "answer": item.answer, "question": item.prompt}
        rows.append({"question_type": item.question_type, "key": item.key, "qa": [entry], "video_path": item.video.name, "video_info": {}})
    (root / "video_info.meta.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_items(root)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    dataset(folder)
    return folder


@pytest.fixture(scope="module")
def items(root: Path) -> list[Item]:
    return read_items(root)


@pytest.fixture(scope="module")
def model() -> VideoVLM:
    torch.manual_seed(0)
    return VideoVLM(OPTIONS, build_tokenizer(OPTIONS.language, [make_item(number).prompt for number in range(3)])).eval()


@pytest.fixture(scope="module")
def seen(model: VideoVLM) -> torch.Tensor:
    frames = torch.randint(0, 256, (3, NUM_FRAMES, 3, SIZE_PX, SIZE_PX), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    with torch.no_grad():
        return model.see(frames)


def said(predictions: Iterator[Prediction]) -> dict[str, Prediction]:
    return {each.uid: each for each in predictions}


# Shares and their intervals


@settings(max_examples=30)
@given(st.integers(0, 400), st.data())
def test_wilson_is_scipys(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    low, high = wilson(right, n)
    assert 0 <= low <= high <= 1
    if n:
        expected = stats.binomtest(right, n).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_known_values() -> None:
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="right = 3 is not allowed: give 0 to n = 2"):
        wilson(3, 2)


def test_benjamini_hochberg_of_a_known_example() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005, 1.0]) == pytest.approx([0.025, 0.05, 0.05, 0.025, 1.0])
    assert benjamini_hochberg([]).shape == (0,)
    with pytest.raises(ValueError, match="p_values"):
        benjamini_hochberg([0.5, float("nan")])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_benjamini_hochberg_finds_what_its_rule_finds(p_values: list[float], rate: float) -> None:
    """The rule: with k the largest rank whose p is at most rate · k / tests, the tests up to that rank are found."""
    q, ordered = benjamini_hochberg(p_values), np.sort(p_values)
    assert np.all(q >= np.array(p_values) - 1e-12) and np.all(q <= 1)
    assert np.all(np.diff(q[np.argsort(p_values, kind="stable")]) >= 0)
    limits = rate * np.arange(1, len(ordered) + 1) / len(ordered)
    if np.all(np.abs(ordered - limits) > 1e-12):  # else rounding decides
        passed = np.flatnonzero(ordered <= limits)
        assert np.sum(q <= rate) == (passed[-1] + 1 if len(passed) else 0)


def mark(number: int, right: float, scene: str | None = None, kind: str = "Camera Motion") -> Mark:
    return Mark(f"u{number}", kind, scene or f"s{number}", right, True, 0.25)


def test_the_interval_by_scene_is_wilsons_where_each_scene_has_one_question() -> None:
    found = figures([mark(number, number % 5 < 3) for number in range(300)], np.random.default_rng(0))[ALL]
    assert found.accuracy == pytest.approx(0.6)
    assert (found.low, found.high) == pytest.approx(wilson(180, 300), abs=0.012)
    assert (found.n, found.scenes, found.chance, found.answered) == (300, 300, 0.25, 1.0)


def test_questions_that_repeat_each_other_make_nothing_surer() -> None:
    once = [mark(number, number % 2, f"s{number}") for number in range(60)]
    often = [mark(10 * number + copy, number % 2, f"s{number}") for number in range(60) for copy in range(8)]
    one, many = (figures(told, np.random.default_rng(0))[ALL] for told in (once, often))
    assert many.n == 8 * one.n and many.scenes == one.scenes
    assert many.high - many.low == pytest.approx(one.high - one.low, abs=1e-9)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["Camera Motion", "Action Order"]), st.booleans()), min_size=1, max_size=40))
def test_an_interval_holds_its_share(told: list[tuple[int, str, bool]]) -> None:
    given_marks = [mark(number, right, f"s{scene}", kind) for number, (scene, kind, right) in enumerate(told)]
    found = figures(given_marks, np.random.default_rng(1), resamples=500)
    assert found == figures(given_marks, np.random.default_rng(1), resamples=500)
    assert list(found)[-1] == ALL and sum(found[kind].n for kind in list(found)[:-1]) == found[ALL].n
    for each in found.values():
        assert -1e-9 < each.low < each.accuracy + 1e-9 and each.accuracy - 1e-9 < each.high < 1 + 1e-9


def test_where_all_are_right_the_interval_says_that_more_might_not_be() -> None:
    found = figures([mark(number, 1) for number in range(20)], np.random.default_rng(0))[ALL]
    assert (found.low, found.high) == wilson(20, 20) and found.low < 0.9
    for of_one in ([mark(0, 1, "s"), mark(1, 0, "s")], [mark(0, 1, "s")]):
        lonely = figures(of_one, np.random.default_rng(0))[ALL]
        assert (lonely.low, lonely.high) == (0.0, 1.0)


def test_scenes_that_are_all_alike_do_not_make_a_share_certain() -> None:
    halves = [mark(2 * scene + copy, copy, f"s{scene}") for scene in range(20) for copy in range(2)]
    found = figures(halves, np.random.default_rng(0))[ALL]
    assert found.accuracy == 0.5 and found.low < 0.45 and found.high > 0.55
    assert found.high - 0.5 == pytest.approx(0.5 - found.low) == pytest.approx(wilson(0, 20)[1] / 2)


def test_types_stand_in_motionbenchs_order_and_chance_follows_the_options() -> None:
    asked = [make_item(number) for number in range(6)]
    found = figures(marks(asked, {}), np.random.default_rng(0))
    assert list(found) == ["Camera Motion", "Action Order", "Repetition Count", ALL]
    assert found["Repetition Count"].chance == pytest.approx(1 / 3)
    assert found[ALL].chance == pytest.approx((1 / 4 + 1 / 3 + 1 / 2) / 3)


def test_what_is_unreadable_or_missing_is_wrong_and_counted_and_what_is_hidden_is_not() -> None:
    asked = [make_item(0), make_item(3), make_item(6), make_item(9, "NA")]
    told = {"u0": Prediction("u0", "B"), "u3": Prediction("u3", None, said="It moves")}
    found = figures(marks(asked, told), np.random.default_rng(0))[ALL]
    assert (found.n, found.accuracy, found.answered) == (3, pytest.approx(1 / 3), pytest.approx(1 / 3))
    nothing = figures([], np.random.default_rng(0))[ALL]
    assert nothing.n == 0 and np.isnan(nothing.accuracy)


def rounds(item: Item, choose: Callable[[Item, tuple[int, ...]], str]) -> list[Prediction]:
    orders = [one.order for turn in range(len(item.options)) for one in asks([item], order=turn)]
    return [Prediction(item.uid, choose(item, order), order=order) for order in orders]


def test_circular_evaluation_sees_through_one_who_always_takes_the_first_option() -> None:
    asked = [make_item(number) for number in range(6)]
    first = [each for item in asked for each in rounds(item, lambda item, order: item.letters[order[0]])]
    strict, mean = circular_marks(asked, first)
    assert [each.right for each in strict] == [0] * 6
    assert [each.right for each in mean] == pytest.approx([1 / 4, 1 / 3, 1 / 2] * 2)
    assert [each.chance for each in strict] == pytest.approx([4**-4, 3**-3, 2**-2] * 2)


def test_circular_evaluation_needs_every_rotation() -> None:
    asked = [make_item(0), make_item(1)]
    told = [*rounds(asked[0], lambda item, order: item.answer), *rounds(asked[1], lambda item, order: item.answer)[1:]]
    strict, mean = circular_marks(asked, told)
    assert [(each.name, each.right) for each in strict] == [("u0", 1.0)] == [(each.name, each.right) for each in mean]


def test_a_pair_of_twins_counts_only_when_both_are_right() -> None:
    one, two = (replace(make_item(number, answer), scene="both") for number, answer in ((0, "B"), (3, "A")))
    alone, other, nameless = make_item(6), replace(make_item(1), scene="both", template="another"), replace(make_item(9), template="")
    asked = [one, alone, two, other, nameless, replace(nameless, key="f" * 32)]
    assert list(pairs(asked)) == [(one, two)]
    assert [each.right for each in pair_marks(asked, {"u0": Prediction("u0", "B"), "u3": Prediction("u3", "A")})] == [1.0]
    assert list(pairs([one, replace(two, answer="B")])) == [], "the same answer"
    assert list(pairs([one, replace(two, text="How does the camera move?!")])) == [], "another question"
    assert list(pairs([one, replace(two, options=two.options[::-1])])) == [], "other options"
    assert list(pairs([one, replace(two, key=one.key)])) == [], "one clip"
    (half,) = pair_marks(asked, {"u0": Prediction("u0", "B"), "u3": Prediction("u3", "C")})
    assert (half.right, half.chance, half.answered, half.name) == (0.0, 1 / 16, True, "u0+u3")


def test_a_difference_is_taken_question_by_question() -> None:
    one = [mark(number, number % 4 != 0) for number in range(200)]
    other = [mark(number, number % 4 == 1) for number in range(50, 200)]
    found = difference(one, other, np.random.default_rng(0))[ALL]
    assert found.n == 150 and found.accuracy == pytest.approx(0.5, abs=0.01) and 0.4 < found.low < 0.5 < found.high < 0.6
    with pytest.raises(ValueError, match="answers to the same questions"):
        difference(one, [mark(999, 1)], np.random.default_rng(0))


@pytest.mark.parametrize("scenes", [2, 20, 200])
def test_a_difference_that_is_the_same_in_every_scene_is_not_certain(scenes: int) -> None:
    right, wrong = ([mark(number, value) for number in range(scenes)] for value in (1, 0))
    unseen = wilson(0, scenes)[1]
    gain, none = (difference(right, other, np.random.default_rng(0))[ALL] for other in (wrong, right))
    assert (gain.accuracy, gain.low, gain.high) == (1, pytest.approx(1 - 2 * unseen), 1)
    assert (none.accuracy, none.low, none.high) == (0, pytest.approx(-unseen), pytest.approx(unseen))
    lonely = difference(right[:1], wrong[:1], np.random.default_rng(0))[ALL]
    assert (lonely.accuracy, lonely.low, lonely.high) == (1, -1, 1)


def test_twins_that_are_asked_several_questions_make_only_the_pairs_that_are_listed() -> None:
    """Both clips are asked the question that sets them apart, and others of the same template that do not."""
    first, second = (replace(make_item(number, answer), scene="both") for number, answer in ((0, "A"), (3, "B")))
    same = [replace(each, uid=f"{each.uid}-{number}", text=f"{each.text} {number}") for number, each in enumerate((first, second, first))]
    more = [replace(each, answer="C", uid=f"{each.uid}-alike", text="How does it turn?") for each in (first, second)]
    assert list(pairs([same[0], first, *more, same[2], second, same[1]])) == [(first, second)]


# Answers in files

LETTERS = "ABCD"


@given(st.text(max_size=12), st.integers(2, 10))
def test_the_first_capital_is_the_answer_or_there_is_none(reply: str, options: int) -> None:
    letters = "ABCDEFGHIJ"[:options]
    capitals = [each for each in reply if "A" <= each <= "Z"]
    assert first_capital(reply, letters) == (capitals[0] if capitals and capitals[0] in letters else None)


@pytest.mark.parametrize(
    ("reply", "letter"),
    [("B", "B"), (" (c) C.", "C"), ("b", None), ("", None), ("The answer is B", None), ("option A, not B", "A"), ("É", None)],
)
def test_replies_are_read_as_motionbench_reads_them(reply: str, letter: str | None) -> None:
    assert first_capital(reply, LETTERS) == letter


PREDICTIONS = st.builds(
    Prediction,
    uid=st.just("u0"),
    letter=st.one_of(st.none(), st.sampled_from(LETTERS)),
    log_probs=st.one_of(st.just(()), st.tuples(*[st.floats(-50, 0)] * 4)),
    condition=st.sampled_from(CONDITIONS),
    order=st.permutations(range(4)).map(tuple),
    said=st.one_of(st.none(), st.text(max_size=8)),
    frames=st.lists(st.integers(0, 300), max_size=4).map(tuple),
    fps=st.floats(0, 60),
)


@settings(max_examples=50)
@given(st.lists(PREDICTIONS, min_size=1, max_size=5, unique_by=lambda each: (each.condition, each.order)))
def test_predictions_come_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, told: list[Prediction]) -> None:
    path = tmp_path_factory.mktemp("p") / "new" / "predictions.jsonl"
    write_predictions(path, told)
    assert load_predictions(path, [make_item(0)]) == told
    assert [each.name for each in path.parent.iterdir()] == [path.name]


SHAPES = {
    "letters": {"u0": "B", "u1": "C", "strange": "A"},
    "texts": {"u0": "B. It pans right", "u1": "(C)"},
    "rows": [{"uid": "u0", "prediction": "B", "answer": "A"}, {"uid": "u1", "prediction": "C", "answer": "A"}],
    "ids": [{"id": "u0", "pred": "B."}, {"id": "u1", "pred": "C."}],
    "responses": [{"question_id": "u0", "response": " B"}, {"question_id": "u1", "response": "C"}],
    "answers": [{"uid": "u0", "answer": "B"}, {"uid": "u1", "answer": "C"}],
    "outputs": {"u0": {"output": "B"}, "u1": {"output": "C"}},
    "single": [{"u0": "B"}, {"u1": "C"}],
}


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_answers_of_other_models_are_read_in_each_shape(tmp_path: Path, shape: str, lines: bool) -> None:
    content = SHAPES[shape]
    rows = content if isinstance(content, list) else [content]
    path = tmp_path / "answers.json"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n" if lines else json.dumps(content))
    told = one_each(load_predictions(path, [make_item(0), make_item(1), make_item(2)]))
    assert {uid: each.letter for uid, each in told.items()} == {"u0": "B", "u1": "C", "u2": None}


SHOWN = {
    "fps": ({"fps": 2}, 2.0, ()),
    "frames": ({"frames": [1, 3, 5, 7]}, 1.0, (1, 3, 5, 7)),
    "how many": ({"frames": 8}, 2.0, ()),
    "both": ({"frames": [1, 3], "fps": 0.25}, 0.25, (1, 3)),
    "null": ({"frames": None, "fps": None, "log_probs": None, "condition": None}, 4.0, ()),
    "nothing": ({}, 4.0, ()),
}


@pytest.mark.parametrize("key", ["letter", "prediction"])
@pytest.mark.parametrize("given", SHOWN)
def test_what_was_shown_is_read_in_rows_of_each_shape(tmp_path: Path, given: str, key: str) -> None:
    fields, fps, frames = SHOWN[given]
    (tmp_path / "a.jsonl").write_text(json.dumps({"uid": "u0", key: "B", **fields}))
    (told,) = load_predictions(tmp_path / "a.jsonl", [replace(make_item(0), duration_s=4.0)], frames_shown=16)
    assert (told.letter, told.fps, told.frames, told.condition, told.log_probs) == ("B", fps, frames, "video", ())
    (untold,) = load_predictions(tmp_path / "a.jsonl", [make_item(0)], frames_shown=16)
    assert untold.fps == fields.get("fps", 0) or (untold.fps == 0 and fields["fps"] is None)


def test_what_another_model_leaves_out_is_unanswered_and_what_ours_was_not_asked_is_not(tmp_path: Path) -> None:
    asked = [make_item(number) for number in range(3)]
    (tmp_path / "theirs.json").write_text(json.dumps({"u1": "C"}))
    write_predictions(tmp_path / "ours.jsonl", [Prediction("u1", "C")])
    told = {each.uid: each.letter for each in load_predictions(tmp_path / "theirs.json", asked)}
    assert told == {"u0": None, "u1": "C", "u2": None}
    assert load_predictions(tmp_path / "ours.jsonl", asked) == [Prediction("u1", "C")]


def test_numbers_serve_as_uids_and_null_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"id": 7, "pred": None}]))
    (told,) = load_predictions(tmp_path / "a.json", [replace(make_item(0), uid="7")])
    assert told == Prediction("7", None)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"x1": "A", "x2": "B"}', r"answers no question of the data set: its uids are 'x1', 'x2', the data set's 'u0', 'u1', 'u2'"),
        ("{}", r"its uids are none"),
        ('[{"uid": "u0", "pred": "A"}, {"uid": "u0", "pred": "B"}]', r"question u0 is answered A and B: leave one"),
        (
            '[{"uid": "u1", "pred": "A"}, {"uid": "u0", "pred": 1}]',
            r"a.json', row 2: the answer 1 to question u0 is not allowed: give a text or null",
        ),
        ('{"u0": {"score": 1}}', r"question u0 has no answer; give it as one of letter, prediction"),
        ('{"uid": "u0", "choice": "B"}', r"row 1: question u0 has no answer; give it as one of letter"),
        (
            '{"uid": "u0", "letter": "A", "condition": "dark"}',
            r"a.json', row 1: condition = 'dark' is not allowed: give one of video, text",
        ),
        ('{"uid": "u0", "letter": "A", "log_probs": [0.0]}', r"log_probs = \[0.0\] is not allowed: give a finite number for each of its 4"),
        ('{"uid": "u0", "letter": "A", "log_probs": ["a", 0, 0, 0]}', r"row 1: log_probs = \['a', 0, 0, 0\] is not allowed"),
        ('{"uid": "u0", "letter": "A", "log_probs": [NaN, 0, 0, 0]}', r"log_probs = \[nan, 0, 0, 0\] is not allowed"),
        ('{"uid": "u0", "letter": "A", "order": [0, 1, 2, 2]}', r"order = \[0, 1, 2, 2\] is not allowed: give each place of its 4"),
        ('{"uid": "u0", "letter": "A", "frames": [-1]}', r"frames = \[-1\] is not allowed: give the numbers of the frames"),
        ('{"uid": "u0", "pred": "A", "fps": "2"}', r"fps = '2' is not allowed: give frames shown per second"),
        ('{"uid": "u0", "letter": "A", "said": 1}', r"said = 1 is not allowed: give a text"),
        ('{"u0": "A"}\n{"u1": ', r"line 2 is no JSON"),
        ("[1, 2]", r"a.json', row 1 holds 1: give \{uid: answer\}, or rows"),
    ],
)
def test_files_that_cannot_be_used_are_told_why(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ValueError, match=complaint):
        load_predictions(tmp_path / "a.json", [make_item(number) for number in range(5)])


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(json.dumps({"u0": "Ä"}, ensure_ascii=False).encode("latin-1"))
    with pytest.raises(ValueError, match=r"predictions = '.*a.json' is no text in UTF-8 .*: save it as UTF-8"):
        load_predictions(tmp_path / "a.json", [make_item(0)])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"predictions = '.*none.json' is not there"):
        load_predictions(tmp_path / "none.json", [make_item(0)])


def test_hidden_answers_and_they_alone_are_submitted() -> None:
    asked = [make_item(0), make_item(1, "NA"), make_item(2, "NA"), make_item(3, "NA")]
    told = [Prediction("u0", "A"), Prediction("u1", "C", condition="text"), Prediction("u1", "A"), Prediction("u2", None)]
    assert submission(asked, told) == {"u1": "A", "u2": ""}


# What is asked and shown


def glimpse() -> Glimpse:
    frames = np.arange(6, dtype=np.uint8)[:, None, None, None].repeat(3, axis=1)
    return Glimpse(frames, (1, 3, 5, 7, 9, 11), 12.0, 12)


def shown(condition: str, uid: str = "u", seed: int = 0) -> list[int]:
    frames, indices = view(glimpse(), Ask(replace(make_item(0), uid=uid), condition, (0, 1, 2, 3)), seed)
    assert [2 * int(frame[0, 0, 0]) + 1 for frame in frames] == list(indices)
    return frames[:, 0, 0, 0].tolist()


def test_conditions_change_the_frames() -> None:
    assert shown("video") == [0, 1, 2, 3, 4, 5]
    assert shown("reversed") == [5, 4, 3, 2, 1, 0]
    assert shown("single") == [3] * 6
    assert shown("text") == []


@given(st.text(max_size=4), st.integers(0, 1000))
def test_shuffled_frames_are_drawn_by_seed_and_question(uid: str, seed: int) -> None:
    order = shown("shuffled", uid, seed)
    assert sorted(order) == shown("video") != order
    assert order == shown("shuffled", uid, seed)


def test_shuffles_differ_from_question_to_question_and_from_seed_to_seed() -> None:
    assert len({tuple(shown("shuffled", f"u{number}")) for number in range(20)}) > 15
    assert len({tuple(shown("shuffled", "u", seed)) for seed in range(20)}) > 15


def test_rotations_show_every_option_in_every_place_once() -> None:
    item = make_item(0)
    orders = [asks([item], order=turn)[0].order for turn in range(4)]
    assert np.array_equal(np.sort(orders, axis=0), np.arange(4)[:, None].repeat(4, axis=1))
    assert asks([item], order=1)[0].prompt.splitlines()[1:] == [
        "A. It pans right",
        "B. It zooms in",
        "C. It stays still",
        "D. It pans left",
    ]
    assert asks([make_item(2)], order=2) == []


@pytest.mark.parametrize(("key", "value"), [("condition", "dark"), ("order", "sorted"), ("order", -1)])
def test_what_cannot_be_asked_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"is not allowed: give (some|one) of"):
        asks([make_item(0)], **{key: value})


# Scores of a tiny model


@pytest.mark.parametrize("by", ["letter", "text", "generation"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_tiny_model_answers(model: VideoVLM, items: list[Item], condition: str, by: str) -> None:
    told = said(answers(model, items, READER, condition=condition, by=by, device="cpu"))
    assert told.keys() == {item.uid for item in items}
    for item in items:
        each = told[item.uid]
        assert (each.condition, each.order) == (condition, tuple(range(len(item.options))))
        if by == "generation":
            assert each.letter == first_capital(each.said or "", item.letters) and each.log_probs == ()
        else:
            assert len(each.log_probs) == len(item.options) and each.letter == item.letters[int(np.argmax(each.log_probs))]


def test_frames_and_their_rate_are_told(model: VideoVLM, items: list[Item]) -> None:
    told = {condition: said(answers(model, items[:1], READER, condition=condition))["u0"] for condition in CONDITIONS}
    assert (told["video"].frames, told["video"].fps) == ((1, 3, 5, 7), 2.0)
    assert told["reversed"].frames == (7, 5, 3, 1) and told["single"].frames == (5, 5, 5, 5)
    assert (told["text"].frames, told["text"].fps, told["single"].fps) == ((), 0.0, 0.0)
    assert len({told[condition].log_probs for condition in ("video", "text", "single", "reversed")}) == 4


@torch.no_grad()
def test_one_pass_gives_the_letters_the_scores_that_one_pass_each_gives(model: VideoVLM, seen: torch.Tensor) -> None:
    asked = [make_item(number) for number in range(3)]
    prompts = [model.prompt(item.prompt, NUM_FRAMES) for item in asked]
    at_once = letter_log_probs(model, seen, prompts, [item.letters for item in asked])
    one_each = option_log_probs(model, seen, prompts, [list(item.letters) for item in asked])
    assert [len(scores) for scores in at_once] == [4, 3, 2]
    assert np.concatenate(at_once) == pytest.approx(np.concatenate(one_each), abs=1e-4)


@torch.no_grad()
def test_each_reply_is_scored_as_a_pass_of_its_own_would(model: VideoVLM, seen: torch.Tensor) -> None:
    asked = [make_item(number) for number in range(3)]
    prompts = [model.prompt(item.prompt, NUM_FRAMES) for item in asked]
    scores = option_log_probs(model, seen, prompts, [item.options for item in asked])
    for row, item in enumerate(asked):
        for option, score in zip(item.options, scores[row], strict=True):
            encoded, labels = model.encode([prompts[row]], [option])
            logits = model.read(seen[[row]], encoded["input_ids"], encoded["attention_mask"])
            assert float(reply_log_probs(logits, labels)) == pytest.approx(score, abs=1e-4)


@torch.no_grad()
def test_a_reply_with_which_another_begins_is_not_always_the_likelier(model: VideoVLM, seen: torch.Tensor) -> None:
    """Its end counts too: the shares of what can be said sum to 1, and so the shorter one is not as likely as all that begin so."""
    prompt, whole, more = model.prompt(make_item(0).text, NUM_FRAMES), "It pans", "It pans left"
    ((short, long),) = option_log_probs(model, seen[:1], [prompt], [[whole, more]])
    ids = model.encode([prompt], [""])[0]["input_ids"][0].tolist()
    by_hand = []
    for reply in (whole, more):
        told = [*model.tokenizer(reply)["input_ids"], model.tokenizer.eos_token_id]
        read = torch.tensor([ids + told])
        logits = model.read(seen[:1], read, torch.ones_like(read)).log_softmax(-1)[0]
        by_hand.append(sum(float(logits[len(ids) + place - 1, token]) for place, token in enumerate(told)))
    assert [short, long] == pytest.approx(by_hand, abs=1e-4)


@torch.no_grad()
def test_letters_of_several_tokens_are_scored_as_well(model: VideoVLM, seen: torch.Tensor) -> None:
    other = copy.copy(model)
    other.tokenizer = copy.deepcopy(model.tokenizer)
    other.tokenizer.backend_tokenizer.normalizer = normalizers.Replace("B", "~%")
    assert len(other.tokenizer("B")["input_ids"]) > 1
    prompt = other.prompt(make_item(0).prompt, NUM_FRAMES)
    (scores,) = letter_log_probs(other, seen[:1], [prompt], [LETTERS])
    encoded, labels = other.encode([prompt], ["B"])
    logits = other.read(seen[:1], encoded["input_ids"], encoded["attention_mask"])
    assert scores[1] == pytest.approx(float(reply_log_probs(logits, labels)), abs=1e-4)


@pytest.mark.parametrize("by", ["letter", "text", "generation"])
def test_neither_the_batch_nor_its_padding_changes_scores(model: VideoVLM, items: list[Item], by: str) -> None:
    alone, together = (said(answers(model, items, READER, by=by, batch_size=size)) for size in (1, 6))
    for uid, each in alone.items():
        assert (each.letter, each.said) == (together[uid].letter, together[uid].said)
        assert each.log_probs == pytest.approx(together[uid].log_probs, abs=1e-4)


def test_rotated_options_are_told_in_the_letters_of_the_data_set(model: VideoVLM, items: list[Item]) -> None:
    item = items[0]
    for turn in range(4):
        rotated = replace(item, options=item.options[turn:] + item.options[:turn])
        direct = said(answers(model, [rotated], READER))[item.uid]
        back = said(answers(model, [item], READER, order=turn))[item.uid]
        assert np.roll(direct.log_probs, turn) == pytest.approx(back.log_probs, abs=1e-5)
        assert rotated.options[LETTERS.index(direct.letter or "")] == item.options[LETTERS.index(back.letter or "")]


def test_texts_are_scored_as_replies_to_the_question_without_its_options(model: VideoVLM, items: list[Item]) -> None:
    given_order, turned = (said(answers(model, items[:1], READER, by="text", order=turn))["u0"] for turn in (0, 3))
    assert given_order.log_probs == pytest.approx(turned.log_probs, abs=1e-5)
    with torch.no_grad():
        tokens = model.see(torch.from_numpy(READER.read(items[0].video, None).frames)[None])
        (scores,) = option_log_probs(model, tokens, [model.prompt(items[0].text, NUM_FRAMES)], [items[0].options])
    assert given_order.log_probs == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize(("reply", "by"), [("letter", "letter"), ("text", "text"), ("both", "text"), (None, "letter")])
def test_a_model_is_asked_by_what_it_learned_to_reply(reply: str | None, by: str) -> None:
    record = {"options": {"reply": reply}} if reply else {}
    assert EvaluateOptions("d", "c").manner(record).by == usual(reply) == by
    if reply == "text":
        with pytest.raises(ValueError, match=r"circular = True is not allowed: .* reply=text.*: give circular=false, or by=letter"):
            EvaluateOptions("d", "c", circular=True).manner(record)
    else:
        assert EvaluateOptions("d", "c", circular=True).manner(record).by == "letter"
    assert EvaluateOptions("d", "c", circular=True, by="letter").manner(record).by == "letter"
    assert EvaluateOptions("d", "c", by="generation").manner(record).by == "generation"


def test_a_question_whose_options_could_not_be_read_is_unanswered(model: VideoVLM, items: list[Item]) -> None:
    bare = replace(items[0], options=())
    told = [said(answers(model, [bare], READER, by=by, condition="text"))["u0"].letter for by in ("letter", "text", "generation")]
    assert told == [None, None, None]


def test_shuffled_options_are_told_in_the_letters_of_the_data_set(model: VideoVLM, items: list[Item]) -> None:
    told = said(answers(model, items, READER, order="shuffled", seed=3))
    assert {each.order for each in told.values()} != {tuple(range(len(item.options))) for item in items}
    for item in items:
        each = told[item.uid]
        shown = replace(item, options=tuple(item.options[place] for place in each.order))
        direct = said(answers(model, [shown], READER))[item.uid]
        assert [each.log_probs[place] for place in each.order] == pytest.approx(direct.log_probs, abs=1e-5)


def test_generation_asks_as_motionbench_does(model: VideoVLM, items: list[Item], seen: torch.Tensor) -> None:
    each = said(answers(model, items[:1], READER, by="generation"))["u0"]
    with torch.no_grad():
        tokens = model.see(torch.from_numpy(READER.read(items[0].video, None).frames)[None])
        (reply,) = generated(model, tokens, [model.prompt(f"{items[0].prompt}\n{INSTRUCTION}", NUM_FRAMES)])
    assert each.said == reply


@torch.no_grad()
def test_what_is_generated_is_the_likeliest_token_each_time(model: VideoVLM, seen: torch.Tensor) -> None:
    prompts = [model.prompt(make_item(number).prompt, NUM_FRAMES) for number in range(3)]
    for row, reply in enumerate(generated(model, seen, prompts)):
        ids = model.encode([prompts[row]], [""])[0]["input_ids"]
        told: list[int] = []
        while len(told) < 8 and model.tokenizer.eos_token_id not in told:
            logits = model.read(seen[[row]], ids, torch.ones_like(ids), last=1)
            told.append(int(logits[0, -1].argmax()))
            ids = torch.cat([ids, torch.tensor([[told[-1]]])], dim=1)
        assert reply == model.tokenizer.decode(told, skip_special_tokens=True).strip()


@pytest.mark.parametrize("by", ["letter", "text"])
def test_scores_that_are_no_numbers_choose_nothing(model: VideoVLM, items: list[Item], by: str) -> None:
    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.language.get_input_embeddings().weight.fill_(float("nan"))
    for each in answers(broken, items, READER, by=by):
        assert (each.letter, each.log_probs) == (None, ()) and each.frames


def test_what_offers_none_of_these_is_not_asked_by_text(model: VideoVLM, items: list[Item]) -> None:
    offers = replace(items[0], options=(*items[0].options[:3], "None of these"))
    assert said(answers(model, [offers, items[1]], READER, by="text")).keys() == {"u1"}
    assert said(answers(model, [offers, items[1]], READER, by="letter")).keys() == {"u0", "u1"}


def test_the_model_is_left_as_it_was(model: VideoVLM, items: list[Item]) -> None:
    model.train()
    list(answers(model, items[:1], READER))
    assert model.training
    model.eval()


# Videos


def test_text_only_never_opens_a_video(tmp_path: Path, model: VideoVLM) -> None:
    items = dataset(tmp_path, 2)
    for item in items:
        item.video.unlink()
    assert said(answers(model, items, READER, condition="text")).keys() == {"u0", "u1"}
    with pytest.raises(BadClip, match=r"00\.mp4 cannot be read"):
        list(answers(model, items, READER))


def test_a_damaged_video_stops_or_counts_as_unanswered(tmp_path: Path, model: VideoVLM) -> None:
    items = dataset(tmp_path, 3)
    items[1].video.write_bytes(b"no video")
    with pytest.raises(BadClip, match=rf"{items[1].video.name}.*skip_damaged=true"):
        list(answers(model, items, READER))
    done: list[int] = []
    told = said(answers(model, items, READER, skip_damaged=True, progress=done.append))
    assert sum(done) == len(items)
    assert [told[f"u{number}"].letter is None for number in range(3)] == [False, True, False]


class Counting(FrameReader):
    """Counts what it reads."""

    def read(self, video: Path, rng: np.random.Generator | None = None) -> Glimpse:
        opened.append(video)
        return super().read(video, rng)


opened: list[Path] = []


def test_a_video_is_decoded_once_for_all_that_is_asked_about_it(model: VideoVLM, items: list[Item]) -> None:
    opened.clear()
    asked = [one for condition in CONDITIONS for turn in range(4) for one in asks(items, condition, turn)]
    done: list[int] = []
    told = list(ask(model, asked, Counting(NUM_FRAMES, SIZE_PX), Manner(batch_size=3), done.append))
    assert sorted(opened) == sorted({item.video for item in items})
    assert len(told) == len(asked) == sum(done)
    assert {(each.uid, each.condition, each.order) for each in told} == {(one.item.uid, one.condition, one.order) for one in asked}


def test_an_unknown_device_is_told() -> None:
    with pytest.raises(ValueError, match=r"device = 'abacus' is not allowed: give auto, cpu"):
        list(
            answers(VideoVLM(OPTIONS, build_tokenizer(OPTIONS.language, ["a"])), [make_item(0)], READER, condition="text", device="abacus")
        )


# The program


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, model: VideoVLM, items: list[Item]) -> Path:
    folder = tmp_path_factory.mktemp("run")
    save_model(model, folder / "model")
    record = {"num_frames": NUM_FRAMES, "trained_on": [item.scene for item in items[:2]], "step": 5}
    (folder / "training.json").write_text(json.dumps(record))
    return folder


def evaluated(*overrides: str) -> str:
    """What is shown of a run with these options."""
    shown = io.StringIO()
    assert evaluate(LINE.composed(*overrides), Console(file=shown, width=140)) == 0
    return shown.getvalue()


def results(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Section/label → type → figure."""
    table = json.loads((folder / "results.json").read_text())["table"]
    return {f"{section['title']}/{row['label']}": row["figures"] for section in table for row in section["rows"]}


def test_evaluation_leaves_out_what_was_trained_on(root: Path, run: Path) -> None:
    told = evaluated(f"data={root}", f"checkpoint={run}")
    folder = run / "evaluation" / root.name
    assert "4 of 6 questions are left" in told and f"python -m model.probe predictions={folder}/predictions.jsonl data={root}" in told
    assert [json.loads(line)["uid"] for line in (folder / "predictions.jsonl").read_text().splitlines()] == ["u2", "u3", "u4", "u5"]
    assert results(folder)["each question/video"][ALL]["n"] == 4
    assert "| n |" in (folder / "table.md").read_text()
    assert not (folder / "submission.json").exists()


def test_evaluation_under_every_condition_and_rotation(root: Path, run: Path, tmp_path: Path, items: list[Item]) -> None:
    evaluated(
        f"data={root}",
        f"checkpoint={run}",
        "part=all",
        "circular=true",
        "conditions=[video,text,single,shuffled,reversed]",
        f"out={tmp_path}",
    )
    found = results(tmp_path)
    labels = ("video", "text only", "single frame", "shuffled", "reversed")
    expected = {
        f"{title}/{label}"
        for title in ("each question", "in every rotation of the options: mean", "right in every rotation")
        for label in labels
    }
    assert found.keys() == expected | {f"gain of the video, in points/over {label}" for label in labels[1:]}
    assert all(figure[ALL]["n"] == 6 for figure in found.values())
    predictions = load_predictions(tmp_path / "predictions.jsonl", items)
    assert len(predictions) == 5 * 2 * (4 + 3 + 2)
    assert tabulated(items, predictions, np.random.default_rng(0))[0].rows[0].label == "video"


def test_hidden_answers_are_written_for_submission(tmp_path: Path, run: Path) -> None:
    dataset(tmp_path / "bench", 4, hidden=(1, 2))
    told = evaluated(f"data={tmp_path / 'bench'}", f"checkpoint={run}", "part=all", "by=generation", f"out={tmp_path / 'out'}")
    assert json.loads((tmp_path / "out" / "submission.json").read_text()).keys() == {"u1", "u2"}
    assert results(tmp_path / "out")["each question/video"][ALL]["n"] == 2
    assert "answers to the 2 questions that hide theirs" in told
    told = evaluated(f"data={tmp_path / 'bench'}", f"checkpoint={run}", "part=all", "conditions=[text]", f"out={tmp_path / 'out'}")
    assert "submission" not in told and not (tmp_path / "out" / "submission.json").exists()


def test_answers_of_another_model_are_scored(root: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs.json").write_text(json.dumps({"u0": "B", "u1": "C. 3 times", "u2": "The first", "u3": "A"}))
    told = evaluated(f"data={root}", f"predictions={tmp_path / 'theirs.json'}")
    figure = results(tmp_path / "theirs-evaluation" / root.name)["each question/video"][ALL]
    assert (figure["n"], figure["accuracy"], figure["answered"]) == (6, pytest.approx(2 / 6), pytest.approx(3 / 6))
    assert "4 of 6 questions are answered (2 have no answer, which counts as wrong)" in told
    assert "1 replies count as wrong" in told and "'The first'" in told
    assert "another data set" not in told


def test_of_our_own_answers_the_questions_count_that_were_asked(root: Path, run: Path, tmp_path: Path) -> None:
    evaluated(f"data={root}", f"checkpoint={run}", f"out={tmp_path / 'first'}")
    told = evaluated(f"data={root}", f"predictions={tmp_path / 'first' / 'predictions.jsonl'}", f"out={tmp_path / 'again'}")
    assert "video: 4 of 4 questions are answered. 2 more of the data set were not asked, and do not count." in told
    assert results(tmp_path / "again") == results(tmp_path / "first") and "another data set" not in told
    assert json.loads((tmp_path / "again" / "results.json").read_text())["about"]["questions"] == 4


def test_answers_of_ours_to_another_data_set_are_known_by_its_fingerprint(run: Path, tmp_path: Path) -> None:
    dataset(tmp_path / "one", 3)
    evaluated(f"data={tmp_path / 'one'}", f"checkpoint={run}", "part=all", f"out={tmp_path / 'out'}")
    dataset(tmp_path / "two", 4)
    told = evaluated(f"data={tmp_path / 'two'}", f"predictions={tmp_path / 'out' / 'predictions.jsonl'}")
    assert "By results.json beside them, these answers are to another data set, or to this one before it grew." in told


def test_answers_to_less_than_half_of_the_questions_are_asked_about(root: Path, tmp_path: Path) -> None:
    (tmp_path / "few.json").write_text(json.dumps({"u0": "B", "x7": "A"}))
    told = evaluated(f"data={root}", f"predictions={tmp_path / 'few.json'}")
    assert "1 of 6 questions are answered (5 have no answer, which counts as wrong)." in told
    assert "Less than half of the questions are answered: are these answers to another data set?" in told


def test_scores_without_a_number_are_counted_and_said(root: Path, run: Path, tmp_path: Path, model: VideoVLM) -> None:
    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.language.get_input_embeddings().weight.fill_(float("nan"))
    save_model(broken, tmp_path / "model")
    (tmp_path / "training.json").write_text((run / "training.json").read_text())
    told = evaluated(f"data={root}", f"checkpoint={tmp_path}", f"out={tmp_path / 'out'}")
    assert "4 questions are unanswered, since the model gives its replies no finite log-probability; they count as wrong." in told
    assert results(tmp_path / "out")["each question/video"][ALL]["answered"] == 0


def test_questions_that_offer_none_of_these_are_left_out_by_text_and_counted(run: Path, tmp_path: Path) -> None:
    dataset(tmp_path / "data", 3)
    path = tmp_path / "data" / "video_info.meta.jsonl"
    path.write_text(path.read_text().replace("It stays still", "None of these"))
    options = (f"data={tmp_path / 'data'}", f"checkpoint={run}", "part=all", "by=text")
    told = evaluated(*options, f"out={tmp_path / 'out'}")
    assert '1 that offer "none of these" are left out, since by=text shows no options; by=letter asks them.' in told
    assert results(tmp_path / "out")["each question/video"][ALL]["n"] == 2
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(ValueError, match="every question offers .none of these.*: give by=letter"):
        evaluated(*options, f"out={tmp_path / 'out'}")


def told_of(items: list[Item], folder: Path | str = "gone") -> dict[str, object]:
    return {"folder": str(folder), "questions": len(items), "clips": len(items), "fingerprint": fingerprint(items)}


def test_scenes_are_left_out_where_the_data_set_is_one_that_was_trained_on_or_has_grown_from_it(tmp_path: Path) -> None:
    """Data sets of one seed and split name scenes and questions alike, whatever is in them."""
    items = [make_item(number) for number in range(6)]
    others = [replace(item, text=f"{item.text} Or not?") for item in items]
    record = {"trained_on": [item.scene for item in items[:4]], "data": [told_of(others), told_of(items)]}
    named = frozenset(record["trained_on"])
    assert trained_scenes(record, items, str(tmp_path)) == trained_scenes(record, others, str(tmp_path)) == named
    assert trained_scenes(record, [*items, make_item(7)], str(tmp_path)) == named, "it has grown"
    assert trained_scenes({**record, "data": [told_of(others)]}, items, str(tmp_path)) == frozenset()
    assert trained_scenes({"trained_on": record["trained_on"]}, items, str(tmp_path)) == named, "it cannot be told"


def test_a_data_set_of_the_same_configuration_is_the_same_one(tmp_path: Path) -> None:
    items = [make_item(number) for number in range(4)]
    record = {"trained_on": ["s"], "data": [told_of(items, tmp_path / "was")]}
    for name, seed in (("was", 0), ("is", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dataset.json").write_text(json.dumps({"configuration": {"seed": seed}}))
    assert trained_scenes(record, items[2:], str(tmp_path / "is")) == {"s"}
    assert trained_scenes(record, items[2:], str(tmp_path / "other")) == frozenset()


def test_what_a_run_started_from_counts_as_trained_on(tmp_path: Path) -> None:
    first, second = [make_item(0)], [make_item(1)]
    (tmp_path / "training.json").write_text(json.dumps({"data": [told_of(first)]}))
    record = {"trained_on": ["s"], "data": [told_of(second)], "options": {"start_from": str(tmp_path)}}
    assert trained_scenes(record, first, "d") == trained_scenes(record, second, "d") == {"s"}
    assert trained_scenes(record, [make_item(2)], "d") == frozenset()
    (tmp_path / "training.json").unlink()
    assert trained_scenes(record, [make_item(2)], "d") == {"s"}, "it cannot be told"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("data={root}", "checkpoint, predictions = [] is not allowed: give one of the two"),
        ("data={root} checkpoint=a predictions=b", "checkpoint, predictions = ['checkpoint', 'predictions'] is not allowed"),
        ("checkpoint={run}", "data is missing: give data=…"),
        ("data={root}/none checkpoint={run}", "holds no data set"),
        ("data={root} checkpoint={root}", "holds no run (training.json is missing)"),
        ("data={root} checkpoint={run} conditions=[video,dark]", "conditions = ('video', 'dark') is not allowed: give some of video, text"),
        ("data={root} checkpoint={run} by=ear", "by = 'ear' is not allowed: give one of auto, letter, text, generation"),
        ("data={root} checkpoint={run} batch_size=0", "batch_size = 0 is not allowed: give 1 or more"),
        ("data={root} checkpoint={run} circular=true order=shuffled", "order = 'shuffled' is not allowed: give given, where circular=true"),
        ("data={root} checkpoint={run} circular=true by=text", "by = 'text' is not allowed: give letter or generation with circular=true"),
        ("data={root} checkpoint={run} part=some", "part = 'some' is not allowed: give one of held_out, all"),
        ("data={root} checkpoint={run} circulr=true", "unknown key 'circulr' (did you mean circular?)"),
        ("data={root} predictions={root}/none.json", "is not there: give a file of answers"),
        ("data={root} predictions=a part=all", "part = 'all' is not allowed: give it with checkpoint= alone"),
        ("data={root} checkpoint={run} frames_shown=8", "frames_shown = 8 is not allowed: give it with predictions= alone"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(
    root: Path, run: Path, arguments: str, complaint: str, run_main: Callable[..., tuple[int, str, str]]
) -> None:
    code, _, said = run_main(main, "model.evaluate", *arguments.format(root=root, run=run).split())
    assert code == 2
    assert complaint in said


def test_a_model_trained_on_everything_is_told_how_to_go_on(root: Path, run: Path, tmp_path: Path, items: list[Item]) -> None:
    (tmp_path / "model").symlink_to(run / "model")
    (tmp_path / "training.json").write_text(json.dumps({"num_frames": NUM_FRAMES, "trained_on": [item.scene for item in items]}))
    with pytest.raises(ValueError, match="trained on every scene of .*; give part=all"):
        evaluate(EvaluateOptions(str(root), str(tmp_path)), Console(file=io.StringIO()))


def test_what_the_file_says_is_what_the_types_say() -> None:
    assert LINE.composed("data=d", "checkpoint=c", "conditions=text") == EvaluateOptions("d", "c", conditions=("text",))


# Tables and progress


def test_a_table_has_motionbenchs_columns_and_a_dash_for_what_is_not_there() -> None:
    figure = Figure(12, 10, 0.5, 0.25, 0.75, 0.25, 1.0)
    gain = replace(figure, accuracy=-0.031, low=-0.1, high=0.0)
    sections = [
        Section("questions", [Row("a|b", {"Camera Motion": figure, ALL: figure})]),
        Section("gain", [Row("over text", {ALL: gain})], is_gain=True),
    ]
    lines = markdown(sections).splitlines()
    assert lines[0] == "|  | MR | LM | CM | MO | AO | RC | all | answered |"
    assert lines[5] == "| a\\|b | – | – | 50.0 (25–75) | – | – | – | 50.0 (25–75) | 100.0 |"
    assert lines[8] == "| over text | – | – | – | – | – | – | −3.1 (−10 to +0) |  |"
    assert plain(sections)[0]["rows"][0]["figures"][ALL]["accuracy"] == 0.5


def test_progress_without_a_terminal_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr("conf.progress.LINE_EVERY_S", -1.0)
    with Progress(Console(file=shown, width=80), 10, "questions") as progress:
        progress.add(4)
        progress.add(6)
    first, second = shown.getvalue().splitlines()
    assert first.startswith("4 of 10 questions, about ") and second == "10 of 10 questions, about 0 s left"
    assert [duration(seconds) for seconds in (3.6, 65, 3700)] == ["4 s", "1 min 05 s", "1 h 01 min"]
