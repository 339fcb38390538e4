"""Answers on objects, found again from the exported paths: real clips, paths made by hand, and what rules may know."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.reader import ReadQuestion
from generator.verify import from_export
from generator.verify.from_export import EXPORT_RULES, Recorded, comparing, counting, doing, succession, travelling
from generator.verify.from_export.signatures import SIGNATURES, called
from generator.verify.from_export.stretches import excursions, stretches
from generator.verify.from_export.wording import beside, motions_in, names_in, number_in, senses_in, subject_and_other
from generator.verify.ruling import judge
from qa_templates.question import LETTERS, QUESTIONS
from scenes import geometry
from scenes.motions.motion import MOTIONS, Cue, act
from scenes.solve import object_pose
from scenes.types import ObjectSpec, Pattern, Pose, Trajectories
from tests.test_every_question import asked, mirrored, takes, turned

FPS = 24.0
MODULES = {module.__name__ for module in (comparing, counting, doing, succession, travelling)}
TEMPLATES = [name for name in QUESTIONS if name in EXPORT_RULES and EXPORT_RULES[name].__module__ in MODULES]

SIDED = {"travel_direction", "two_legs", "there_and_back", "spin_direction", "enters_or_leaves", "picture_thirds", "relative_place"}


def recorded(poses: dict[str, Pose], fps: float = FPS, extent_m=(0.4, 0.4, 0.4)) -> Recorded:
    """A clip of objects that move as given, seen by a still camera at (0, −6, 1.5) that looks to the origin."""
    frames, objects = len(next(iter(poses.values())).scale), len(poses)
    camera_m = np.array([0.0, -6.0, 1.5])
    looks = geometry.look_at(camera_m, (0.0, 0.0, 0.0)).as_quat(scalar_first=True)
    paths = Trajectories(
        names=tuple(poses),
        fps=fps,
        position_m=np.stack([pose.position_m for pose in poses.values()]),
        quaternion_wxyz=np.stack([pose.quaternion_wxyz for pose in poses.values()]),
        scale=np.stack([pose.scale for pose in poses.values()]),
        camera_position_m=np.tile(camera_m, (frames, 1)),
        camera_quaternion_wxyz=np.tile(looks, (frames, 1)),
        focal_length_mm=np.full(frames, 35.0),
        sensor_width_mm=36.0,
        width_px=640,
        height_px=480,
        extent_m=np.tile(extent_m, (objects, 1)),
        limb_names=(),
        limb_position_m=np.zeros((0, frames, 3)),
        limb_quaternion_wxyz=np.zeros((0, frames, 4)),
    )
    return Recorded("by hand", paths)


def path(*parts, start_m=(0.0, 0.0, 0.2), turns=None, sizes=None, rest_s=0.5) -> Pose:
    """Rest, then each part ``(frame, 3)`` from where the one before ended, with rests between, then rest.

    ``turns``: for each part its angles about the vertical; ``sizes`` its scales, over the last one of the part before.
    """
    rest = round(rest_s * FPS)
    position, angle, size = [np.tile(start_m, (rest, 1))], [np.zeros(rest)], [np.ones(rest)]
    for place, part in enumerate(parts):
        offset = np.asarray(part, float)
        position += [position[-1][-1] + offset, np.tile(position[-1][-1] + offset[-1], (rest, 1))]
        turn = np.zeros(len(offset)) if turns is None else np.asarray(turns[place])
        angle += [angle[-1][-1] + turn, np.full(rest, angle[-1][-1] + turn[-1])]
        scale = np.ones(len(offset)) if sizes is None else np.asarray(sizes[place])
        size += [scale, np.full(rest, scale[-1])]
    return Pose(np.concatenate(position), geometry.wxyz(geometry.yaw(np.concatenate(angle))), np.concatenate(size))


def padded(poses: dict[str, Pose]) -> dict[str, Pose]:
    """The same paths, all as long as the longest: each stays where it ended."""
    longest = max(len(pose.scale) for pose in poses.values())
    return {name: Pose(*(_longer(values, longest) for values in vars(pose).values())) for name, pose in poses.items()}


def _longer(values, frames):
    return np.concatenate([values, np.repeat(values[-1:], frames - len(values), axis=0)])


def share(seconds: float) -> np.ndarray:
    """0 → 1 over some seconds, the end included, from the first frame after rest."""
    steps = round(seconds * FPS)
    return np.arange(1, steps + 1) / steps


def straight(way_m, seconds=1.5) -> np.ndarray:
    """An even way."""
    return np.outer(share(seconds), way_m)


def legs(*ways_m) -> np.ndarray:
    """Even ways over the ground, ``(x, y)``, one after the other without a rest."""
    ends = np.cumsum([(0, 0, 0), *((x, y, 0) for x, y in ways_m)], axis=0)
    return np.concatenate([start + straight(end - start, 0.75) for start, end in itertools.pairwise(ends)])


def hops_up(times: int, height_m=0.5, seconds=0.75) -> np.ndarray:
    """Parabolas on the spot."""
    flight = np.mod(times * share(times * seconds), 1.0)
    return np.outer(4 * flight * (1 - flight) * height_m, (0, 0, 1))


def round_and_round(laps: float, radius_m=0.5, seconds=1.5) -> np.ndarray:
    """Around a point to the left of where it begins, heading along x."""
    angle = 2 * np.pi * laps * share(abs(laps) * seconds)
    return radius_m * np.stack([np.sin(abs(angle)), np.sign(laps) * (1 - np.cos(angle)), 0 * angle], axis=1)


def still(frames: int) -> np.ndarray:
    return np.zeros((frames, 3))


def ruled(template: str, text: str, options, clip: Recorded):
    """Which options a rule finds true."""
    return EXPORT_RULES[template](text, tuple(options), clip).true


def said(motion: str) -> str:
    return f"It {MOTIONS[motion].verb}"


# Clips as the generator makes them.


@lru_cache
def asked_of(template: str, count: int = 3) -> tuple[tuple[ReadQuestion, Recorded], ...]:
    """A few questions of a template as they are written, with what is recorded of their clips."""
    clips = (staged.spec.clip_id for staged, _ in takes(template, count))
    return tuple((question, Recorded(key, paths)) for key, (question, paths) in zip(clips, asked(template, count), strict=True))


def test_rules_of_these_modules_are_found():
    assert len(TEMPLATES) >= 25


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_right_is_confirmed_and_all_else_contradicted(template):
    for question, clip in asked_of(template):
        for letter in LETTERS:
            verdict = judge(clip.key, dataclasses.replace(question, answer=letter), EXPORT_RULES, clip)
            wanted = "confirmed" if letter == question.answer else "contradicted"
            assert verdict.status == wanted, (question, verdict)
            assert verdict.found == question.answer
            assert json.loads(json.dumps(verdict.measured))


@pytest.mark.parametrize("template", TEMPLATES)
def test_none_of_these_is_right_where_the_right_option_is_missing(template):
    for question, clip in asked_of(template):
        missing = question.options[LETTERS.index(question.answer)]
        options = tuple("None of these" if option == missing else option for option in question.options)
        assert judge(clip.key, dataclasses.replace(question, options=options), EXPORT_RULES, clip).status == "confirmed"


@pytest.mark.parametrize("template", TEMPLATES)
def test_options_may_stand_in_any_order(template):
    for question, clip in asked_of(template):
        wanted = dict(zip(question.options, EXPORT_RULES[template](question.text, question.options, clip).true, strict=True))
        options = question.options[::-1]
        assert EXPORT_RULES[template](question.text, options, clip).true == tuple(wanted[option] for option in options)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_turned_world_changes_nothing(template):
    for question, clip in asked_of(template)[:1]:
        assert judge(clip.key, question, EXPORT_RULES, Recorded(clip.key, turned(clip.paths, 2.0))).status == "confirmed"


@pytest.mark.parametrize("template", sorted(SIDED))
def test_a_mirror_image_shows_left_for_right(template):
    for question, clip in asked_of(template):
        sided = any(word in question.options[LETTERS.index(question.answer)] for word in ("left", "right", "clockwise"))
        verdict = judge(clip.key, question, EXPORT_RULES, Recorded(clip.key, mirrored(clip.paths)))
        assert verdict.status == ("contradicted" if sided else "confirmed"), (question, verdict)


@pytest.mark.parametrize("template", TEMPLATES)
def test_where_nothing_moves_nothing_is_confirmed(template):
    """All objects stay as they were in the first frame."""
    for question, clip in asked_of(template)[:1]:
        arrays = {name: getattr(clip.paths, name).copy() for name in ("position_m", "quaternion_wxyz", "scale")}
        for values in arrays.values():
            values[:] = values[:, :1]
        rest = Recorded(clip.key, dataclasses.replace(clip.paths, **arrays))
        assert judge(clip.key, question, EXPORT_RULES, rest).status != "confirmed"


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_cannot_be_read_cannot_be_told(template):
    for question, clip in asked_of(template)[:1]:
        nonsense = tuple(f"Something else {number}th" for number in range(4))
        assert True not in EXPORT_RULES[template](question.text, nonsense, clip).true
        assert True not in EXPORT_RULES[template]("What is it?", nonsense, clip).true


# Motions of the catalogue, performed.


def performed(motion: str, seed: int) -> tuple[Recorded, int]:
    """One object that performs a motion once, with all else drawn, and how many cycles it makes."""
    rng, kind = np.random.default_rng(seed), MOTIONS[motion]
    cycles = int(rng.integers(kind.least_cycles, kind.max_cycles + 1)) if kind.countable else 1
    width_m, depth_m, height_m = rng.uniform(0.25, 0.9, 3)
    extent_m = (height_m,) * 3 if kind.rolls else (width_m, depth_m, height_m)
    hovers_m = float(rng.uniform(0.3, 1.0)) if motion == "drop" or (kind.airborne and rng.random() < 0.5) else 0.0
    cue = Cue(
        duration_s=cycles * rng.uniform(*kind.seconds_per_cycle),
        extent_m=extent_m,
        cycles=cycles,
        sense=int(rng.choice([-1, 1])),
        heading_rad=rng.uniform(-3, 3),
        difficulty=rng.uniform(),
        height_m=hovers_m,
    )
    action = act(kind.sample(rng, cue), 0.43)
    centre_m = (0.4, -1.2, height_m / 2 + hovers_m)
    item = ObjectSpec("red thing", "box", 0.6, "red", Pattern("plain", ((1.0, 0.0, 0.0),)), centre_m, 0.7, (action,))
    fps = float(rng.choice([12, 15, 24, 30, 60]))
    return recorded({item.name: object_pose(item, np.arange(round((action.end_s + 0.4) * fps)) / fps)}, fps, extent_m), cycles


@pytest.mark.parametrize("motion", list(MOTIONS))
def test_every_motion_has_its_signature_and_no_other(motion):
    for seed in range(12):
        clip, cycles = performed(motion, seed)
        (it,) = stretches(clip, "red thing")
        assert called(it) == [motion], it.figures
        count = SIGNATURES[motion].count
        if MOTIONS[motion].countable:
            assert count is not None and count(it) == pytest.approx(cycles, abs=0.1)


@pytest.mark.parametrize("motion", list(MOTIONS))
def test_every_motion_is_read_in_both_of_its_forms(motion):
    assert motions_in(f"The red rocket {MOTIONS[motion].verb}.") == [motion]
    assert motions_in(f"How many times does the swing set {MOTIONS[motion].base}?") == [motion]


# Paths made by hand.


@pytest.mark.parametrize(
    ("motion", "part"),
    [
        ("bounce", hops_up(3)),
        ("hop", hops_up(3, 0.3) + straight((1.2, 0.5, 0.0), 2.25)),
        ("leap", hops_up(1, 0.6, 1.5) + straight((1.2, 0.5, 0.0))),
        ("slide", straight((1.0, -0.4, 0.0))),
        ("orbit", round_and_round(2)),
        ("orbit", round_and_round(-1)),
        ("u_turn", np.concatenate([straight((1, 0, 0)), (1, 0, 0) + round_and_round(0.5, 0.4, 2), (1, 0.8, 0) - straight((1, 0, 0))])),
        ("zigzag", legs((0.4, 0.4), (0.4, -0.4), (0.4, 0.4))),
        ("figure_eight", np.concatenate([round_and_round(1), round_and_round(-1)])),
        ("shuttle", legs((0.8, 0.3), (-0.8, -0.3), (0.8, 0.3), (-0.8, -0.3))),
        ("rise", straight((0, 0, 0.8))),
        ("drop", np.outer(share(1.0) ** 2, (0, 0, -0.8))),
    ],
)  # fmt: skip
def test_paths_made_by_hand_are_called_by_their_names(motion, part):
    start_m = (0.3, 0.2, 1.0 if motion == "drop" else 0.2)
    clip = recorded({"red ball": path(part, start_m=start_m)})
    assert [called(it) for it in stretches(clip, "red ball")] == [[motion]]


def test_a_fall_that_ends_above_the_floor_is_no_drop_to_the_floor():
    clip = recorded({"red ball": path(np.outer(share(1.0) ** 2, (0, 0, -0.8)), start_m=(0, 0, 1.4))})
    assert [called(it) for it in stretches(clip, "red ball")] == [[]]


def test_a_ball_that_turns_too_little_for_its_way_slips_and_does_not_roll():
    for slip, names in ((1.0, [["roll"]]), (0.5, [[]])):
        pose = path(straight((1.2, 0, 0)))
        turns = geometry.about((0, 1, 0), slip * pose.position_m[:, 0] / 0.2)
        clip = recorded({"red ball": dataclasses.replace(pose, quaternion_wxyz=geometry.wxyz(turns))})
        assert [called(it) for it in stretches(clip, "red ball")] == names


def test_what_turns_twice_is_told_by_its_senses():
    turns = [2 * np.pi * share(1.5), -2 * np.pi * share(1.5)]
    clip = recorded({"red ball": path(still(36), still(36), turns=turns)})
    options = ("Clockwise both times", "First counter-clockwise, then clockwise", "First clockwise, then counter-clockwise")
    assert ruled("spin_direction", "The red ball turns twice.", options, clip) == (False, True, False)


@pytest.mark.parametrize(
    ("way_m", "wanted"),
    [((1, 0, 0), "To the right"), ((-1, 0.2, 0), "To the left"), ((0, 1, 0), "Away from the camera"), ((0.2, -1, 0), "Towards the camera")],
)
def test_directions_are_those_that_the_camera_sees(way_m, wanted):
    clip = recorded({"red ball": path(straight(way_m))})
    options = ("To the left", "To the right", "Towards the camera", "Away from the camera")
    assert ruled("travel_direction", "Which way does the red ball go?", options, clip) == tuple(option == wanted for option in options)


def test_who_does_not_come_back_went_nowhere_there_and_back():
    options = ("To the left", "To the right")
    for home_m, wanted in (((-1, 0, 0), (False, True)), ((-0.4, 0, 0), (False, False))):
        clip = recorded({"red ball": path(straight((1, 0, 0)), straight(home_m))})
        assert ruled("there_and_back", "Where does the red ball go before it comes back?", options, clip) == wanted


def test_thirds_of_the_picture():
    clip = recorded({"red ball": path(straight((1.9, 0, 0)), straight((-1.9, 0, 0)), start_m=(-1.9, 0, 0.2))})
    options = [f"From the left third to the middle, then {how} third" for how in ("on to the right", "back to the left")]
    assert ruled("picture_thirds", "Where does the red ball go?", options, clip) == (False, True)


@pytest.mark.parametrize(("begin", "wanted"), [((-4, 0, 0.2), 0), ((4, 0, 0.2), 1), ((0, 0, 0.2), 2)])
def test_edges_of_the_picture(begin, wanted):
    way_m = (5, 0, 0) if wanted == 2 else (-begin[0], 0, 0)
    clip = recorded({"red ball": path(straight(way_m), start_m=begin)})
    options = [
        "It comes into the picture from the left",
        "It comes into the picture from the right",
        "It leaves the picture to the right",
        "It leaves the picture to the left",
    ]
    assert ruled("enters_or_leaves", "What does the red ball do?", options, clip) == tuple(place == wanted for place in range(4))


def test_places_beside_another_object():
    poses = {"red ball": path(straight((0, 1, 0)), straight((1, 0, 0)), start_m=(-1, 0, 0.2)), "blue cube": path(still(1))}
    places = ("to the left of the blue cube, then behind", "behind the blue cube, then to the right of")
    options = [f"First {place} it" for place in (*places, "to the right of the blue cube, then in front of")]
    clip = recorded(padded(poses))
    text = "Where is the red ball with respect to the blue cube, first and in the end?"
    assert ruled("relative_place", text, options, clip) == (True, False, False)


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5, 6])
def test_bounces_are_counted(times):
    clip = recorded({"red ball": path(straight((0.5, 0, 0)), hops_up(times))})
    options = ["Once", "Twice", *(f"{number} times" for number in (3, 4, 5, 6))]
    text = f"How many times does the red ball {MOTIONS['bounce'].base}?"
    assert ruled("count_cycles", text, options, clip) == tuple(number == times for number in range(1, 7))


def four() -> Recorded:
    """A ball, a cube and a cone that slide, ever later, farther and faster, and a box at rest."""
    poses = {
        "red ball": path(straight((0.4, 0, 0), 2.0)),
        "blue cube": path(straight((0.8, 0, 0), 1.5), start_m=(0, 1, 0.2), rest_s=1.0),
        "green cone": path(straight((1.2, 0, 0), 1.0), start_m=(0, 2, 0.2), rest_s=1.5),
        "old red box": path(still(1), start_m=(0, 3, 0.2)),
    }
    return recorded(padded(poses))


@pytest.mark.parametrize(
    ("template", "text", "wanted"),
    [
        ("which_is_fastest", "Which object moves slowest?", (True, False, False, False)),
        ("which_is_fastest", "Which object moves fastest?", (False, False, True, False)),
        ("which_travels_farthest", "Which object travels the longest distance?", (False, False, True, False)),
        ("which_travels_farthest", "Which object travels the shortest distance?", (True, False, False, False)),
        ("which_moves_first", "Which object starts to move first?", (True, False, False, False)),
        ("which_moves_first", "Which object starts to move last?", (False, False, True, False)),
        ("which_stays_still", "Which object never moves?", (False, False, False, True)),
        ("which_object_moves", "Which object moves by itself?", (True, True, True, False)),
        ("which_object_does", f"Which object {MOTIONS['slide'].verb}?", (True, True, True, False)),
        ("which_object_does", f"Which object {MOTIONS['hop'].verb}?", (False, False, False, False)),
    ],
)
def test_objects_are_compared(template, text, wanted):
    options = ("The red ball", "The blue cube", "The green cone", "The old red box")
    assert ruled(template, text, options, four()) == wanted


def test_order_and_number_of_objects():
    orders = ("The red ball, then the blue cube, then the green cone", "The blue cube, then the red ball, then the green cone")
    assert ruled("order_of_objects", "In which order?", orders, four()) == (True, False)
    assert ruled("count_objects", f"How many objects {MOTIONS['slide'].base}?", "1234", four()) == (False, False, True, False)


def busy() -> Recorded:
    """A ball that bounces, slides and goes in a circle; meanwhile a cube slides, hops and bounces."""
    hopping = hops_up(3, 0.3) + straight((1.2, 0, 0), 2.25)
    poses = {
        "red ball": path(hops_up(3), straight((1, 0, 0), 2.25), round_and_round(1, 0.5, 2.25)),
        "blue cube": path(straight((-1, 0, 0), 2.25), hopping, hops_up(3), start_m=(0, 2, 0.2)),
    }
    return recorded(padded(poses))


@pytest.mark.parametrize(
    ("template", "text", "wanted"),
    [
        ("first_or_last", "What is the first thing that the red ball does?", "bounce"),
        ("first_or_last", "{subject} does several things. What does it do last?", "orbit"),
        ("what_follows", "What does the red ball do right after it {slide}?", "orbit"),
        ("what_follows", "What does the red ball do right before it {slide}?", "bounce"),
        ("what_follows", "What does the red ball do right before it {bounce}?", None),
        ("between", "What does the red ball do after it {bounce} and before it {orbit}?", "slide"),
        ("between", "What does the red ball do after it {orbit} and before it {bounce}?", None),
        ("at_the_same_time", "What does the red ball do while the blue cube {hop}?", "slide"),
        ("at_the_same_time", "The red ball {orbit}. What does the blue cube do meanwhile?", "bounce"),
    ],
)
def test_one_thing_after_another(template, text, wanted):
    text = text.format(subject="The red ball", **{name: motion.verb for name, motion in MOTIONS.items()})
    offered = ("bounce", "slide", "orbit", "spin")
    assert ruled(template, text, map(said, offered), busy()) == tuple(motion == wanted for motion in offered)


def test_rows_of_actions():
    orders = (("bounce", "slide", "orbit"), ("slide", "bounce", "orbit"), ("bounce", "slide"))
    options = [f"It {', then '.join(MOTIONS[name].verb for name in order)}" for order in orders]
    assert ruled("order_of_actions", "What does the red ball do?", options, busy()) == (True, False, False)


@pytest.mark.parametrize(
    ("speed", "wanted"),
    [
        (lambda u: np.ones_like(u), "It keeps one speed"),
        (lambda u: 0.1 + u, "It gets faster and faster"),
        (lambda u: 1.1 - u, "It gets slower and slower"),
        (lambda u: 0.05 + np.abs(u - 0.5), "It slows down midway, almost to a halt, and then speeds up again"),
    ],
)
def test_changes_of_speed(speed, wanted):
    way = np.cumsum(speed(share(3.0)))
    options = [option.capitalize() for option in doing.PACES]
    text = "How does the speed of the red ball change?"
    for pose in (path(np.outer(way / way[-1], (1.5, 0, 0))), path(still(72), turns=[6 * np.pi * way / way[-1]])):
        assert ruled("pace", text, options, recorded({"red ball": pose})) == tuple(option == wanted for option in options)


# Reading, and counting.


def test_names_within_names_and_motions_within_sentences():
    names = ("red ball", "big red ball", "blue rocking horse")
    assert names_in("First the big red ball, then the red ball", names) == ["big red ball", "red ball"]
    text = f"The blue rocking horse {MOTIONS['slide'].verb}. What does the red ball do meanwhile?"
    assert subject_and_other(text, names) == ("red ball", "blue rocking horse")
    assert motions_in(text) == ["slide"]
    assert beside("Which comes first, the Red ball?", names) == "which comes first, the ?"
    assert [number_in(option) for option in ("Once", "Twice", "3 times", "4", "often")] == [1, 2, 3, 4, None]
    assert senses_in("first clockwise, then counter-clockwise") == [-1, 1]


@given(st.integers(1, 8), st.floats(0.3, 5.0), st.integers(12, 60), st.floats(-3, 3))
@settings(max_examples=60, deadline=None)
def test_excursions_of_a_wave_are_its_periods(times, size, samples, offset):
    wave = offset + size * (1 - np.cos(np.linspace(0, 2 * np.pi * times, samples * times + 1)))
    assert excursions(wave) == times


# What rules may know.

RULES = sorted(Path(from_export.__file__).parent.glob("*.py"))
GEOMETRY = ("scenes.geometry", "scenes.types", "generator.verify.", "generator.reader")
MEASURES = ("scenes.kinematics", "scenes.body_kinematics", "scenes.camera_kinematics", "scenes.relations", "qa_templates.observation")
STAGING = {"matches", "measure", "answer", "evidence", "asked", "spec", "claims", "local_pose", "recognise", "annotation", "sample"} | {
    "option_sets",
    "parameters",
}


def offences(text: str) -> list[str]:
    """What a module of rules uses that it should not: of the layers below it may know geometry, and the words that are constants."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("scenes", "qa_templates", "generator"):
            names = [f"{node.module}.{item.name}" for item in node.names]
            found += [name for name in names if not name.startswith(GEOMETRY) and not _is_words(name)]
        elif isinstance(node, ast.Import):
            found += [item.name for item in node.names if item.name.split(".")[0] in ("scenes", "qa_templates", "generator", "importlib")]
        elif isinstance(node, ast.Attribute) and node.attr in STAGING:
            found.append(node.attr)
        elif isinstance(node, ast.Name) and node.id in ("open", "__import__"):
            found.append(node.id)
    return found


def _is_words(name: str) -> bool:
    """A constant of a module that measures nothing: a catalogue, or a table of texts; or the module of all geometry."""
    return name == "scenes.geometry" or (name.rsplit(".", 1)[1].isupper() and not name.startswith(MEASURES))


@pytest.mark.parametrize("module", RULES, ids=lambda module: module.stem)
def test_rules_use_nothing_that_staged_or_measured_the_answer(module):
    assert offences(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "from scenes.kinematics import Kinematics",
        "from scenes.kinematics import STILL",
        "from scenes import kinematics",
        "import scenes.relations",
        "from qa_templates.observation import performances",
        "from qa_templates.directions import quarter",
        "from scenes.motions.motion import recognise",
        "def f(motion, it):\n    return motion.matches(it)",
        "def f(clip):\n    return clip.annotation",
        "def f(path):\n    return open(path)",
    ],
)
def test_what_rules_must_not_use_is_found(text):
    assert offences(text)


@pytest.mark.parametrize(
    "text",
    [
        "from scenes.motions.motion import MOTIONS\nverb = MOTIONS['spin'].verb",
        "from scenes import geometry",
        "from scenes.types import Pose",
        "from qa_templates.pace import TEXTS",
        "from generator.verify.ruling import Ruling",
    ],
)
def test_what_rules_may_use_is_let_pass(text):
    assert offences(text) == []
