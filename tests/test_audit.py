"""The audit finds every kind of shortcut that is planted, and none where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from generator.__main__ import LINE
from generator.audit import __main__ as audit
from generator.audit import features, findings, fronts, glimpses, guessers, intervals, items, pictures
from generator.audit.glimpses import LAYOUT, POSTURE, STATE, Glimpses
from generator.audit.items import BAG, STILLS, Item
from generator.index import META
from generator.reader import ClipReader
from qa_templates.question import QUESTIONS
from scenes import geometry
from scenes.avatars.avatar import AVATARS
from scenes.colours import COLOURS
from scenes.shapes import SHAPES
from tests.small_sets import LABEL_KEYS, generate

FRAMES = len(STILLS) + BAG
WAYS = ("To the left", "To the right", "Towards the camera", "Away from the camera")
WORDINGS = ("Which", "Say which", "Tell which", "Now which")
MANY = 120
ENOUGH_ALONE = 160  # so that each of two templates can be learnt by itself
SHARE = 0.6  # of the questions in which a shortcut is planted

Plant = Callable[[Item, np.random.Generator], Item]


def clean(count: int, seed: int) -> list[Item]:
    """Questions about which of four objects does something and which way one goes, in scenes that tell nothing of it."""
    rng = np.random.default_rng(seed)
    return [_which(place, rng) if place % 2 else _way(place, rng) for place in range(count)]


def _which(place: int, rng: np.random.Generator) -> Item:
    names = tuple(
        f"{colour} {noun}" for colour, noun in zip(rng.permutation(list(COLOURS))[:4], ("ball", "mug", "cube", "star"), strict=True)
    )
    offered = rng.permutation(names).tolist()
    return _item(place, "which_object_moves", "Which object moves?", [f"The {name}" for name in offered], names, rng)


def _way(place: int, rng: np.random.Generator) -> Item:
    names = (f"{rng.choice(list(COLOURS))} ball", "grey mug")
    return _item(place, "travel_direction", f"Which way does the {names[0]} go?", rng.permutation(WAYS).tolist(), names, rng)


def _item(place: int, template: str, text: str, options: list[str], names: tuple[str, ...], rng: np.random.Generator) -> Item:
    kept = rng.normal(size=(1, len(names), len(STATE))) * 0.5  # what is the same in all frames
    states = np.clip(kept + 0.2 * rng.normal(size=(FRAMES, len(names), len(STATE))), -1, 1)
    layout = rng.normal(size=(FRAMES, LAYOUT))
    return Item(
        uid=f"{place:04d}",
        scene=f"{place:04d}",
        index=place,
        question_type="Motion Recognition",
        template=template,
        text=text,
        options=tuple(options),
        right=int(rng.integers(4)),
        ordered=True,
        names=names,
        environment=str(rng.choice(["studio", "beach"])),
        numbers=(float(rng.uniform(3, 8)), 100.0, 24.0, float(len(names)), 640.0, 480.0),
        exported=Glimpses(states, np.zeros((FRAMES, len(names), POSTURE)), layout),
    )


def letter_a(item: Item, rng: np.random.Generator) -> Item:
    first, *rest = item.options[item.right], *(option for place, option in enumerate(item.options) if place != item.right)
    return replace(item, options=(first, *rest), right=0)


def longest(item: Item, rng: np.random.Generator) -> Item:
    return _reworded(item, f"{item.options[item.right]}, as one can see")


def telltale(item: Item, rng: np.random.Generator) -> Item:
    words = {place: "surely" if place == item.right else "perhaps" for place in range(4)}
    return replace(item, options=tuple(f"{option} {words[place]}" for place, option in enumerate(item.options)))


def by_the_question(item: Item, rng: np.random.Generator) -> Item:
    """Each answer has a wording of its own."""
    said = item.options[item.right]
    wording = WORDINGS[WAYS.index(said)] if said in WAYS else WORDINGS[0]
    return replace(item, text=item.text.replace("Which", wording))


def by_duration(item: Item, rng: np.random.Generator) -> Item:
    said = item.options[item.right]
    duration_s = 3.0 + (WAYS.index(said) if said in WAYS else 4)
    return replace(item, numbers=(duration_s, *item.numbers[1:]))


def leftmost_at_first(item: Item, rng: np.random.Generator) -> Item:
    return _moved(item, STILLS.index("first"), STATE.index("right"), -1.2) if item.template == "which_object_moves" else item


def where_it_went(item: Item, rng: np.random.Generator) -> Item:
    said = item.options[item.right]
    if said not in WAYS[:2]:
        return item
    return _moved(item, STILLS.index("last"), STATE.index("right"), -1.2 if said == WAYS[0] else 1.2, name=item.names[0])


def nearest_halfway(item: Item, rng: np.random.Generator) -> Item:
    return _moved(item, STILLS.index("middle"), STATE.index("size"), 1.5) if item.template == "which_object_moves" else item


def all_over_the_place(item: Item, rng: np.random.Generator) -> Item:
    bag = slice(len(STILLS), None)
    return _moved(item, bag, STATE.index("right"), rng.permutation(np.linspace(-1.4, 1.4, BAG)))


def _reworded(item: Item, text: str) -> Item:
    return replace(item, options=tuple(text if place == item.right else option for place, option in enumerate(item.options)))


def _moved(item: Item, frame: int | slice, column: int, to: float | np.ndarray, name: str | None = None) -> Item:
    said = item.options[item.right].removeprefix("The ").split(",")[0]
    name = name or (said if said in item.names else item.names[0])
    states = item.exported.states.copy()
    states[frame, item.names.index(name), column] = to
    return replace(item, exported=replace(item.exported, states=states))


PLANTS: tuple[tuple[str, Plant], ...] = (
    ("majority letter", letter_a),
    ("length", longest),
    ("options only", telltale),
    ("question and options", by_the_question),
    ("metadata", by_duration),
    ("first frame, state", leftmost_at_first),
    ("middle frame, state", nearest_halfway),
    ("last frame, state", where_it_went),
)


IN_ONE_TEMPLATE = {leftmost_at_first: "which_object_moves", nearest_halfway: "which_object_moves"}


def planted(plant: Plant, seed: int = 0, count: int = MANY) -> list[Item]:
    rng = np.random.default_rng(seed + 1)
    return [plant(item, rng) if rng.random() < SHARE else item for item in clean(count, seed)]


def found(questions: Sequence[Item], name: str, seed: int = 0) -> findings.Result:
    guesser = next(each for each in guessers.guessers(questions) if each.name == name)
    return findings.result(questions, guesser, guessers.answers(questions, guesser, seed), 18, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("name", "plant"),
    [pytest.param(*each, marks=[pytest.mark.slow] * (each[1] in (nearest_halfway, where_it_went)), id=each[1].__name__) for each in PLANTS],
)
def test_planted_shortcut_is_found(name: str, plant: Plant):
    result = found(planted(plant, count=ENOUGH_ALONE if name.startswith(("middle", "question")) else MANY), name)
    told = findings.shortcuts([result])
    assert any(line.startswith(f"{name}: ") for line in told), findings.told(result.overall)
    if plant in IN_ONE_TEMPLATE:
        assert [line.rpartition(" in ")[2] for line in told if " in " in line.partition("n = ")[2]] == [IN_ONE_TEMPLATE[plant]]


def test_every_guesser_has_its_plant():
    asked = {each.name for each in guessers.guessers(clean(4, 0))}
    assert asked == {name for name, _ in PLANTS} | {"shuffled frames, state"}


@pytest.mark.slow
def test_frames_without_order_tell_what_moves_and_no_frame_alone_does():
    questions = [item for item in planted(all_over_the_place, count=180) if item.template == "which_object_moves"]
    shuffled, first = (found(questions, name) for name in ("shuffled frames, state", "first frame, state"))
    assert shuffled.overall.low > 0.35
    assert first.overall.low < 0.25


@pytest.mark.parametrize(
    "name",
    [each.name for each in guessers.TEXT]
    + [pytest.param(name, marks=pytest.mark.slow) for name in ("last frame, state", "shuffled frames, state")],
)
def test_questions_that_tell_nothing_are_not_blamed(name: str):
    result = found(clean(MANY, 3), name)
    assert findings.shortcuts([result]) == []
    assert result.overall.low < 0.25


def test_same_seed_guesses_the_same_and_the_order_of_questions_does_not_matter():
    questions = planted(longest, count=120)
    guesser = next(each for each in guessers.TEXT if each.name == "question and options")
    once, again = (guessers.answers(questions, guesser, 3) for _ in range(2))
    assert once.tolist() == again.tolist()
    assert (
        guessers.folds(questions[::-1], np.random.default_rng(3)).tolist()[::-1]
        == guessers.folds(questions, np.random.default_rng(3)).tolist()
    )


def test_twins_are_never_apart():
    questions = [replace(item, scene=f"{item.index // 2}") for item in clean(200, 0)]
    folds = guessers.folds(questions, np.random.default_rng(0))
    assert all(
        len({fold for fold, item in zip(folds, questions, strict=True) if item.scene == scene}) == 1
        for scene in {q.scene for q in questions}
    )
    assert len(set(folds)) == guessers.FOLDS


def test_too_few_questions_are_refused():
    with pytest.raises(ValueError, match=f"at least {guessers.FEWEST} clips"):
        guessers.answers(clean(20, 0), guessers.TEXT[0], 0)


@pytest.mark.parametrize(("share", "scenes", "each"), [(0.25, 12, 1), (0.25, 60, 2), (0.05, 40, 1)])
def test_intervals_hold_the_truth_as_often_as_they_say(share: float, scenes: int, each: int):
    """Questions of a scene are right or wrong together more often than not."""
    rng = np.random.default_rng(0)
    names = np.repeat([f"{scene}" for scene in range(scenes)], each)
    held = 0
    for _ in range(200):
        common, alone = rng.random(scenes) < share, rng.random(scenes * each) < share
        values = np.where(np.repeat(rng.random(scenes) < 0.5, each), np.repeat(common, each), alone).astype(float)
        low, high = intervals.interval(values, names.tolist(), rng)
        held += low <= share <= high
    assert 0.9 <= held / 200 < 1


def test_interval_widens_with_the_level_and_where_scenes_share_their_luck():
    right, rng = np.tile([1.0, 0.0, 0.0, 0.0], 50), np.random.default_rng(0)
    apart = [f"{place}" for place in range(200)]
    together = [f"{place}" for place in right.astype(int) * 1000 + np.arange(200) // 8]
    widths = [np.ptp(intervals.interval(right, scenes, rng, level)) for scenes, level in ((apart, 0.95), (apart, 0.999), (together, 0.95))]
    assert widths[0] < widths[1]
    assert widths[0] < widths[2]


def test_interval_of_answers_that_are_all_alike_is_no_point():
    low, high = intervals.interval(np.ones(8), [f"{place}" for place in range(8)], np.random.default_rng(0))
    assert 0.6 < low < 0.85
    assert high > 0.99


def test_no_answers_have_no_score():
    with pytest.raises(ValueError, match="no answers"):
        intervals.score([], [], [], np.random.default_rng(0))


def test_reasons_are_given_for_templates_that_exist():
    assert set(findings.LEGITIMATE) <= set(QUESTIONS)
    for nature in findings.LEGITIMATE.values():
        assert nature.frames
        assert set(nature.frames) <= set(STILLS)
        assert 0.25 + findings.STILL_MARGIN < nature.ceiling <= 1
        assert len(nature.reason) > 20


def _judged(name: str, template: str, right: int, n: int = 400, comparisons: int = 1) -> findings.Result:
    """A guesser that is right on so many questions of a template."""
    asked = [replace(item, template=template) for item in clean(n, 0)]
    guesser = next(each for each in guessers.guessers(asked) if each.name == name)
    chosen = np.array([item.right if place < right else (item.right + 1) % 4 for place, item in enumerate(asked)])
    return findings.result(asked, guesser, chosen, comparisons, np.random.default_rng(0))


@pytest.mark.parametrize("template", list(findings.LEGITIMATE))
@pytest.mark.parametrize("frame", STILLS)
def test_nature_excuses_its_frames_up_to_its_ceiling(template: str, frame: str):
    nature = findings.LEGITIMATE[template]
    within, above = int(400 * nature.ceiling) - 4, min(int(400 * nature.ceiling) + 60, 400)
    told = [
        [line for line in findings.shortcuts([_judged(f"{frame} frame, state", template, right)]) if " in " in line]
        for right in (within, above)
    ]
    if frame not in nature.frames:
        assert all(told)
    else:
        assert not told[0]
        assert bool(told[1]) == (nature.ceiling < 1)


@pytest.mark.parametrize("template", list(findings.LEGITIMATE))
def test_nature_excuses_no_text(template: str):
    assert findings.shortcuts([_judged("question and options", template, 150)])


def test_suspect_is_told_where_nothing_is_sure():
    """40 % of 60 is above chance by itself, and nothing among a thousand comparisons."""
    result = _judged("length", "which_side", 24, 60, 1000)
    assert not [line for line in findings.shortcuts([result]) if " in which_side" in line]
    assert [line for line in findings.suspects([result]) if line.endswith(" in which_side")]
    assert any(remark.startswith("Suspect: length") for remark in findings.remarks([result]))


def test_worse_than_chance_is_remarked_upon():
    assert any("does worse than chance" in remark for remark in findings.remarks([_judged("length", "which_side", 60)]))
    assert not any("does worse than chance" in remark for remark in findings.remarks([_judged("length", "which_side", 98)]))


@pytest.mark.parametrize(("n", "level"), [(33, 0.95), (33, 0.9998), (400, 0.95)])
def test_least_leak_that_is_found_is_found_and_no_smaller_one(n: int, level: float):
    least = round(findings.least_found(n, 0.25, level) * n)
    scenes, rng = [f"{place}" for place in range(n)], np.random.default_rng(0)
    lows = [intervals.interval(np.arange(n) < right, scenes, rng, level)[0] for right in (least - 2, least + 1)]
    assert lows[0] < 0.25 < lows[1]


def test_some_videos_missing_is_refused():
    questions = clean(60, 0)
    shown = [replace(item, shown=item.exported) for item in questions]
    assert len(guessers.guessers(shown)) == len(guessers.guessers(questions)) + 4
    with pytest.raises(ValueError, match=r"1 of 60 questions .* without a video \(the first is 0007\)"):
        guessers.guessers([*shown[:7], questions[7], *shown[8:]])


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        ("The red balloon passes the red ball", ("red ball",), ("red ball",)),
        ("The toy robot greets the toy robot dog", ("toy robot", "toy robot dog"), ("toy robot", "toy robot dog")),
        ("The toy robot dog jumps", ("toy robot", "toy robot dog"), ("toy robot dog",)),
        ("The tall man in red waves", ("man in red", "tall man in red"), ("tall man in red",)),
        ("It moves", (), ()),
    ],
)
def test_names_are_read_whole(text: str, names: tuple[str, ...], said: tuple[str, ...]):
    assert features._mentions(text, names) == said
    assert len([word for word in features._anonymous(text, names).split() if word == "x"]) == len(said)


def test_options_are_told_apart_by_what_they_name():
    item = clean(2, 0)[1]
    casts = [features._cast(item, option)[0][0] for option in item.options]
    assert sorted(casts) == list(range(4))


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """A small real data set, without pictures."""
    folder = tmp_path_factory.mktemp("audited")
    asked = "qa.templates=[travel_direction,which_moves_first,count_cycles]"
    generate(folder, LINE.composed("num_videos=42", "workers=0", asked, *LABEL_KEYS))
    return folder


def test_real_clips_are_read(labels):
    keys = sorted(path.stem for path in (labels / "annotations").glob("*.json"))
    read = [item for of_clip in items.read(labels, keys, workers=0, look=True) for item in of_clip]
    assert len(read) == len((labels / META).read_text().splitlines())
    assert all(item.shown is None and np.isfinite(item.exported.states).all() for item in read)
    assert {item.template: item.ordered for item in read} == {"travel_direction": True, "which_moves_first": True, "count_cycles": False}


def test_still_frame_knows_no_other_frame(labels):
    """A glimpse stays the same when every other frame is changed."""
    clip = ClipReader(labels, sorted(path.stem for path in (labels / "annotations").glob("*.json"))[0])
    frame = clip.paths.num_frames // 2
    moved = clip.paths.position_m + 5.0
    moved[:, frame] = clip.paths.position_m[:, frame]
    seen, shapes = np.ones((1, len(moved))), items._shapes(clip)
    told, changed = (
        glimpses.from_export(paths, np.array([frame]), seen, shapes) for paths in (clip.paths, replace(clip.paths, position_m=moved))
    )
    assert all(np.array_equal(getattr(told, part), getattr(changed, part)) for part in ("states", "postures", "layout"))


def test_glimpse_has_things_where_the_camera_has_them(labels):
    clip = ClipReader(labels, sorted(path.stem for path in (labels / "annotations").glob("*.json"))[0])
    told = glimpses.from_export(clip.paths, np.array([0]), np.ones((1, len(clip.paths.names))), items._shapes(clip))
    pixels = (told.states[0, :, :2] + 0.5) * (clip.paths.width_px, clip.paths.height_px)
    inside = np.all(np.abs(told.states[0, :, :2]) < 0.5, axis=1)
    assert inside.any()
    assert pixels[inside] == pytest.approx(clip.paths.centre_px[inside, 0], abs=0.7)
    _, _, forward = geometry.camera_axes(clip.paths.camera_quaternion_wxyz[0])
    away = (clip.paths.position_m[:, 0] - clip.paths.camera_position_m[0]) @ forward
    assert np.exp(told.states[0, :, STATE.index("depth")]) == pytest.approx(np.maximum(away, 0.1), rel=0.006)


def test_glimpse_is_no_finer_than_the_eye(labels):
    """What differs by less than can be seen is the same."""
    clip = ClipReader(labels, sorted(path.stem for path in (labels / "annotations").glob("*.json"))[0])
    told = glimpses.from_export(clip.paths, np.array([0]), np.ones((1, len(clip.paths.names))), items._shapes(clip))
    for column, step in enumerate(glimpses.STEPS.values()):
        steps = told.states[..., column] / step
        assert steps == pytest.approx(np.round(steps), abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "front", "upper"),
    [
        ("ball", "none", False),
        ("cube", "none", False),
        ("drum", "none", True),
        ("ring", "axis", True),
        ("car", "front", True),
        ("man", "front", True),
    ],
)
def test_front_is_seen_only_where_there_is_one(shape: str, front: str, upper: bool):
    assert fronts.front(shape) == front
    assert fronts.has_upper_side(shape) == upper


@pytest.mark.parametrize("shape", [*SHAPES, *AVATARS])
def test_every_shape_has_a_front_or_has_none(shape: str):
    """What looks the same after a quarter turn tells no heading, whatever its heading."""
    told = [glimpses._told_by_shape(np.random.default_rng(seed).normal(size=(1, 1, len(STATE))), [shape])[0, 0] for seed in range(2)]
    heading = [state[STATE.index("faces_right")] for state in told]
    assert {"none": heading == [0, 0], "axis": min(heading) >= 0, "front": 0 not in heading}[fronts.front(shape)]


def test_nothing_is_told_of_what_is_not_visible(labels):
    clip = ClipReader(labels, sorted(path.stem for path in (labels / "annotations").glob("*.json"))[0])
    seen = np.ones((1, len(clip.paths.names)))
    seen[0, 0] = 0.0
    told = glimpses.from_export(clip.paths, np.array([0]), seen, items._shapes(clip))
    assert not told.states[0, 0].any()
    assert not told.postures[0, 0].any()
    assert told.states[0, 1:].any(axis=1).all()


def test_program_prints_and_ends_well(labels, capsys):
    before = {path: path.read_bytes() for path in labels.rglob("*") if path.is_file()}
    assert audit.main([str(labels), "--workers", "0", "--no-report", "--json"]) in (audit.NO_SHORTCUT, audit.SHORTCUT)
    told = json.loads(capsys.readouterr().out)
    assert told["questions"] == 42
    assert {each["name"] for each in told["guessers"]} == {each.name for each in guessers.TEXT} | {
        each.name for each in guessers.seeing("exported")
    }
    assert all(0 <= each["low"] <= each["accuracy"] <= each["high"] <= 1 for each in told["guessers"])
    assert before == {path: path.read_bytes() for path in labels.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arguments", [["nowhere"], []])
def test_program_says_what_is_wrong(arguments: list[str], tmp_path, capsys):
    if arguments:
        assert audit.main([str(tmp_path / arguments[0])]) == audit.BAD_INPUT
        assert "dataset.json is missing" in capsys.readouterr().err
    else:
        with pytest.raises(SystemExit):
            audit.main(arguments)


def test_picture_shows_shades_and_edges_of_what_is_cut_out():
    grey = np.zeros((40, 60), np.uint8)
    grey[:, 30:] = 255
    upright, blank = (pictures._posture(grey, np.array(box, float)) for box in ((20, 5, 40, 35), (2, 5, 20, 35)))
    assert upright.shape == (POSTURE,)
    assert upright.sum() > blank.sum()
    assert not pictures._posture(grey, np.full(4, np.nan)).any()
