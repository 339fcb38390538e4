"""Pixel rules for objects and avatars: drawn films whose motion is known, wrong answers planted in them, and rendered clips."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from generator.reader import ClipReader, DatasetReader, ReadQuestion
from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.from_pixels.film import Film
from generator.verify.from_pixels.manners import turning
from generator.verify.from_pixels.named import by_exclusion, named
from generator.verify.from_pixels.repeats import Repeats, number
from generator.verify.from_pixels.tracks import camera_stands, stretches, track
from generator.verify.ruling import judge
from generator.video import write_video
from qa_templates.question import QUESTIONS
from scenes.colours import COLOURS
from scenes.geometry import ease

WIDTH, HEIGHT, FPS, FRAMES = 320, 240, 24, 72
MODULES = ("places", "starts", "repeats", "manners", "ways", "hidden")


@dataclass(frozen=True)
class Thing:
    """A striped block: ``at(seconds)`` gives middle x, lower edge y and size in pixels, and the phase of its stripes."""

    name: str
    at: Callable[[float], tuple[float, float, float, float]]

    def draw(self, picture: np.ndarray, seconds: float) -> tuple[float, float, float, float] | None:
        x, bottom, size, phase = self.at(seconds)
        colour = 255 * np.array(COLOURS[self.name.split()[0]])
        x0, y0, x1, y1 = (round(v) for v in (x - size / 2, bottom - size, x + size / 2, bottom))
        cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), colour.tolist(), -1)
        for stripe in range(3):
            left = x0 + round(size * ((stripe / 3 + phase) % 1.0))
            cv2.rectangle(picture, (left, y0), (min(left + max(2, round(size / 9)), x1 - 1), y1 - 1), (0.6 * colour).tolist(), -1)
        inside = (max(x0, 0), max(y0, 0), min(x1, WIDTH), min(y1, HEIGHT))
        return inside if inside[2] - inside[0] > 1 and inside[3] - inside[1] > 1 else None


@pytest.fixture
def filmed(tmp_path):
    """Draw some things over a textured ground, and read them back from a video file and an annotation file."""

    def make(*things: Thing, key: str = "0" * 32) -> Film:
        noise = np.random.default_rng(5).uniform(-25, 25, (HEIGHT, WIDTH, 1))
        ground = np.clip(cv2.GaussianBlur(noise, (5, 5), 1.5)[..., None] * 2 + (120, 135, 95), 0, 255).astype(np.uint8)
        pictures, boxes = [], []
        for frame in range(FRAMES):
            picture = ground.copy()
            boxes.append([thing.draw(picture, frame / FPS) for thing in things])
            pictures.append(picture)
        for folder in ("videos", "annotations"):
            (tmp_path / folder).mkdir(exist_ok=True)
        write_video(tmp_path / "videos" / f"{key}.mp4", pictures, FPS, 16, "veryfast")
        seen = {
            "names": [thing.name for thing in things],
            "frames": list(range(FRAMES)),
            "visible_fraction": [[_inside(thing, boxes[t][row], t) for t in range(FRAMES)] for row, thing in enumerate(things)],
            "box_px": [[boxes[t][row] or (None,) * 4 for t in range(FRAMES)] for row in range(len(things))],
        }
        (tmp_path / "annotations" / f"{key}.json").write_text(json.dumps({"video_info": {"fps": FPS}, "visibility": seen}))
        return Film(ClipReader(tmp_path, key))

    return make


def _inside(thing: Thing, box: tuple[float, ...] | None, frame: int) -> float:
    """The share of a thing that is in the picture."""
    if box is None:
        return 0.0
    size = thing.at(frame / FPS)[2]
    return min(1.0, (box[2] - box[0]) * (box[3] - box[1]) / (size - 1) ** 2)


def still(name: str, x: float = 250, bottom: float = 110) -> Thing:
    return Thing(name, lambda seconds: (x, bottom, 30, 0))


def going(name: str, start: tuple[float, float, float], *legs: tuple[float, float, float], first_s: float = 0.4) -> Thing:
    """Goes from rest to rest, one leg after the other: legs are changes of x, lower edge and size, 0.8 s each, 0.3 s apart."""

    def at(seconds: float) -> tuple[float, float, float, float]:
        done = [float(ease((seconds - first_s - 1.1 * leg) / 0.8)) for leg in range(len(legs))]
        x, bottom, size = (start[axis] + sum(share * leg[axis] for share, leg in zip(done, legs, strict=True)) for axis in range(3))
        return x, bottom, size, 0.0

    return Thing(name, at)


def verdicts(film: Film, template: str, text: str, options: tuple[str, ...]) -> dict[str, str]:
    """The status that each letter gets when it is the answer on record."""
    asked = ReadQuestion("u" * 16, QUESTIONS[template].question_type, template, text, options, "A")
    return {letter: judge("k", replace(asked, answer=letter), PIXEL_RULES, film).status for letter in "ABCD"[: len(options)]}


def only(film: Film, template: str, text: str, options: tuple[str, ...], right: str) -> bool:
    """Whether the right option is confirmed when it is on record, and any other one contradicted."""
    found = verdicts(film, template, text, options)
    return all(
        status == ("confirmed" if "ABCD".index(letter) == options.index(right) else "contradicted") for letter, status in found.items()
    )


DIRECTIONS = ("To the left", "To the right", "Towards the camera", "Away from the camera")
LEGS = {"To the left": (-70, 0, 0), "To the right": (70, 0, 0), "Towards the camera": (0, 40, 14), "Away from the camera": (0, -40, -12)}


@pytest.mark.parametrize("right", DIRECTIONS)
@pytest.mark.parametrize("template", ["travel_direction", "avatar_direction"])
def test_directions(filmed, template, right):
    film = filmed(going("red cube", (150, 150, 40), LEGS[right]), still("blue cube"))
    assert only(film, template, "Which way does the red cube travel?", DIRECTIONS, right)


@pytest.mark.parametrize("right", DIRECTIONS)
def test_there_and_back(filmed, right):
    out = LEGS[right]
    film = filmed(going("green cube", (150, 150, 40), out, tuple(-each for each in out)))
    assert only(film, "there_and_back", "Which way does the green cube set out before it turns back?", DIRECTIONS, right)


def test_two_legs(filmed):
    film = filmed(going("purple cube", (150, 150, 40), LEGS["To the left"], LEGS["Towards the camera"]))
    options = tuple(
        f"First {one}, then {two}" for one in ("to the left", "to the right") for two in ("towards the camera", "away from the camera")
    )
    assert only(film, "two_legs", "Which way does the purple cube go first, and which way then?", options, options[0])


def test_thirds(filmed):
    film = filmed(going("red cube", (50, 150, 40), (110, 0, 0), (-110, 0, 0)))
    options = tuple(
        f"From the {first} third to the middle, then {'back' if first == last else 'on'} to the {last} third"
        for first in ("left", "right")
        for last in ("left", "right")
    )
    assert only(film, "picture_thirds", "Through which thirds does the red cube go?", options, options[0])


@pytest.mark.parametrize(("start", "leg", "right"), [(160, 220, 1), (160, -220, 0), (380, -220, 3), (-60, 220, 2)])
def test_edges(filmed, start, leg, right):
    options = tuple(
        f"It {way} the {side}" for way in ("leaves the picture to", "comes into the picture from") for side in ("left", "right")
    )
    film = filmed(going("pink cube", (start, 150, 40), (leg, 0, 0)))
    assert only(film, "enters_or_leaves", "What happens to the pink cube at the edge of the picture?", options, options[right])


def test_places_beside_another_object(filmed):
    options = tuple(
        f"First to the {side} of the blue cube, then {depth} it" for side in ("left", "right") for depth in ("in front of", "behind")
    )
    film = filmed(going("orange cube", (90, 150, 36), (0, 50, 6), (70, 0, 0)), still("blue cube", 160, 150))
    assert only(
        film, "relative_place", "Where is the orange cube with respect to the blue cube, first and in the end?", options, options[0]
    )


def _three(starts: tuple[float, ...]) -> list[Thing]:
    names, places = ("red cube", "blue cube", "yellow cube"), (60, 160, 260)
    return [going(name, (x, 140, 36), (0, 30, 8), first_s=s) for name, x, s in zip(names, places, starts, strict=True)]


def test_order_of_starts(filmed):
    film = filmed(*_three((1.3, 0.4, 0.9)))
    orders = ("red blue yellow", "blue yellow red", "yellow red blue", "blue red yellow")
    options = tuple("The {} cube, then the {} cube, then the {} cube".format(*order.split()) for order in orders)
    assert only(film, "order_of_objects", "In which order do the objects start to move?", options, options[1])
    names = ("The red cube", "The blue cube", "The yellow cube")
    assert only(film, "which_moves_first", "Which object starts to move first?", names, names[1])
    assert only(film, "which_avatar_starts", "Who starts last?", names, names[0])


def test_two_that_start_together_are_not_told_apart(filmed):
    film = filmed(*_three((0.4, 0.45, 1.3)))
    names = ("The red cube", "The blue cube", "The yellow cube")
    assert set(verdicts(film, "which_moves_first", "Which object starts to move first?", names).values()) == {"cannot tell"}


def test_which_moves(filmed):
    film = filmed(
        going("red cube", (60, 150, 36), (40, 0, 0)), still("blue cube", 170), still("yellow cube", 220), still("green cube", 280)
    )
    options = ("The red cube", "The blue cube", "The yellow cube", "The green cube")
    assert only(film, "which_object_moves", "Which object moves by itself?", options, options[0])


def test_which_stays_though_another_passes_close_by(filmed):
    film = filmed(
        going("red cube", (50, 130, 36), (150, 0, 0)), still("blue cube", 125, 110), going("green cube", (260, 190, 36), (0, -40, -8))
    )
    options = ("The red cube", "The blue cube", "The green cube")
    assert verdicts(film, "which_stays_still", "Which object never moves?", options)["A"] == "contradicted"
    assert verdicts(film, "which_stays_still", "Which object never moves?", options)["B"] in ("confirmed", "cannot tell")


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_counts_of_jumps(filmed, times):
    def bounce(seconds: float) -> tuple[float, float, float, float]:
        u = np.clip((seconds - 0.15) / 0.625, 0, times) % 1.0
        return 150, 180 - 280 * u * (1 - u), 40, 0

    options = tuple(option for option in ("Once", "Twice", "3 times", "4 times", "5 times") if number(option) != times % 4 + 2)
    right = next(option for option in options if number(option) == times)
    assert only(filmed(Thing("red cube", bounce)), "count_cycles", "How many times does the red cube bounce?", options, right)


PACES = (
    "It keeps one speed",
    "It gets faster and faster",
    "It gets slower and slower",
    "It slows down midway, almost to a halt, and then speeds up again",
)


WAYS = (
    lambda u: u,
    lambda u: u**2.2,
    lambda u: 1 - (1 - u) ** 2.2,
    lambda u: u + 0.9 * np.sin(2 * np.pi * u) / (2 * np.pi),
)


@pytest.mark.parametrize(("right", "way"), list(zip(PACES, WAYS, strict=True)), ids=["even", "faster", "slower", "lull"])
def test_paces(filmed, right, way):
    film = filmed(Thing("red cube", lambda seconds: (60 + 180 * float(way(np.clip((seconds - 0.3) / 2.4, 0, 1))), 150, 40, 0)))
    assert only(film, "pace", "Does the red cube get faster or slower?", PACES, right)


def _drum(seconds: float, senses: tuple[int, int]) -> tuple[float, float, float, float]:
    turned = sum(sense * float(ease((seconds - 0.3 - 1.3 * place) / 1.0)) for place, sense in enumerate(senses))
    return 150, 170, 60, 0.5 * turned


@pytest.mark.parametrize("senses", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_the_near_side_tells_which_way_something_turns(filmed, senses):
    """Stripes that run to the right on the near side: counter-clockwise from above."""
    film = filmed(Thing("red drum", lambda seconds: _drum(seconds, senses)))
    assert [np.sign(turning(film, "red drum", *move)[0].sum()) for move in stretches(film, "red drum")] == list(senses)
    one, other = "clockwise", "counter-clockwise"
    options = (f"{one} both times", f"{other} both times", f"First {one}, then {other}", f"First {other}, then {one}")
    right = {(1, 1): 1, (-1, -1): 0, (-1, 1): 2, (1, -1): 3}[senses]
    found = verdicts(film, "spin_direction", "Which way does the red drum spin?", options)
    assert found["ABCD"[right]] == "confirmed"
    assert all(status == "contradicted" for letter, status in found.items() if letter != "ABCD"[right])


@pytest.mark.parametrize(
    ("template", "word", "right"), [("which_travels_farthest", "longest distance", 0), ("which_is_fastest", "fastest", 1)]
)
def test_ways_and_speeds(filmed, template, word, right):
    ways = {"red cube": (90.0, 1.8), "blue cube": (60.0, 0.5), "yellow cube": (50.0, 1.3), "green cube": (40.0, 1.1)}

    def mover(name: str, bottom: float) -> Thing:
        way, seconds = ways[name]
        return Thing(name, lambda now: (60 + 45 * (bottom > 140) + way * float(ease((now - 0.4) / seconds)), bottom, 30, 0))

    film = filmed(*(mover(name, bottom) for name, bottom in zip(ways, (110, 150, 190, 230), strict=True)))
    options = tuple(f"The {name}" for name in ways)
    assert only(film, template, f"Which object: the {word}?", options, options[right])


@pytest.mark.parametrize("covered", [0, 2, 3])
def test_what_is_covered(filmed, covered):
    names = ("red cube", "blue cube", "yellow cube", "green cube")
    places = [(50 + 70 * row, 150) for row in range(4)]

    def cup(seconds: float) -> tuple[float, float, float, float]:
        down = float(ease((seconds - 0.4) / 0.8) - ease((seconds - 2.0) / 0.8))
        return places[covered][0], 60 + 94 * down, 42, 0

    film = filmed(*(still(name, *place) for name, place in zip(names, places, strict=True)), Thing("white cup", cup))
    options = tuple(f"The {name}" for name in names)
    assert only(film, "what_is_covered", "What does the white cup cover?", options, options[covered])


def test_a_shadow_is_not_part_of_what_casts_it(filmed):
    """A darker patch of ground that goes along with the thing."""

    class Shaded(Thing):
        def draw(self, picture: np.ndarray, seconds: float) -> tuple[float, float, float, float] | None:
            x, bottom, size, _ = self.at(seconds)
            shade = picture[int(bottom - 12) : int(bottom), int(x - 2 * size) : int(x)]
            shade[:] = (0.6 * shade).astype(np.uint8)
            return super().draw(picture, seconds)

    film = filmed(Shaded("red cube", going("red cube", (130, 150, 40), (90, 0, 0)).at))
    assert np.abs(track(film, "red cube").box - film.box_px("red cube")).max() < 5


@pytest.mark.slow
def test_rendered_clips(tmp_path):
    """Real pictures, through the generator and back: told, and told right."""
    asked = ("num_videos=2", "seed=11", "render=draft", "width=320", "height=240", "workers=0", "qa.templates=[two_legs,pace]")
    subprocess.run([sys.executable, "-m", "generator", *asked, f"out={tmp_path}"], check=True, capture_output=True)
    found = [judge(clip.key, question, PIXEL_RULES, Film(clip)) for clip in DatasetReader(tmp_path) for question in clip.questions]
    assert {verdict.status for verdict in found} == {"confirmed"}


def test_tracks_and_stretches(filmed):
    film = filmed(going("red cube", (100, 150, 40), (80, 0, 0)), still("blue cube"))
    found = track(film, "red cube")
    truth = film.box_px("red cube")
    assert camera_stands(film)
    assert found.seen.all() and np.abs(found.box - truth).max() < 4
    assert len(stretches(film, "red cube")) == 1 and not stretches(film, "blue cube")
    first, last = stretches(film, "red cube")[0]
    assert abs(first - 0.4 * FPS) <= 4 and abs(last - 1.2 * FPS) <= 4


def test_boxes_of_later_pictures_are_not_read(filmed):
    film = filmed(going("red cube", (100, 150, 40), (80, 0, 0)))
    for frame in range(1, FRAMES):
        film._clip.annotation["visibility"]["box_px"][0][frame] = [5, 5, 30, 30]
    assert np.nanmax(np.abs(track(film, "red cube").centre[-1] - (180, 130))) < 4


def test_nothing_is_told_under_a_moving_camera(filmed, tmp_path):
    film = filmed(going("red cube", (100, 150, 40), (80, 0, 0)))
    moved = [np.roll(picture, 3 * frame, axis=1) for frame, picture in enumerate(film.pictures)]
    write_video(tmp_path / "videos" / f"{film._clip.key}.mp4", moved, FPS, 16, "veryfast")
    film = Film(ClipReader(tmp_path, film._clip.key))
    assert not camera_stands(film)
    assert set(verdicts(film, "travel_direction", "Where does the red cube go?", DIRECTIONS).values()) == {"cannot tell"}


def test_an_option_whose_words_are_not_known_is_left_open(filmed):
    film = filmed(going("red cube", (150, 150, 40), LEGS["To the left"]), still("blue cube"))
    told = verdicts(film, "travel_direction", "Which way does the red cube travel?", ("To the right", "Hither and thither"))
    assert told == {"A": "contradicted", "B": "cannot tell"}


def test_what_is_left_over_is_marked_as_not_measured(filmed):
    film = filmed(going("red cube", (60, 150, 36), (40, 0, 0)), still("blue cube", 170), still("yellow cube", 220))
    rule, names = PIXEL_RULES["which_object_moves"], ("The red cube", "The blue cube", "The yellow cube")
    assert not rule("Which moves?", names, film).measured["by_exclusion"]
    left_over = rule("Which moves?", (*names[1:], "The blue cube", "The pink cube"), film)
    assert (left_over.true, left_over.measured["by_exclusion"]) == ((False, False, False, True), True)


def test_names_and_exclusion(filmed):
    film = filmed(still("red cube", 60), still("red cube tower", 200))
    assert named(film, "The red cube tower, then the Red cube") == ["red cube tower", "red cube"]
    assert by_exclusion((False, None, False, False)) == (False, True, False, False)
    assert by_exclusion((False, None, False)) == (False, None, False)
    assert by_exclusion((True, None, False, False)) == (True, None, False, False)


@pytest.mark.parametrize("cycles", [2, 3, 6])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_repeats_of_a_curve(cycles, noise):
    u = np.linspace(0, 1, 30 * cycles + 1)
    parts = np.stack([np.sin(np.pi * cycles * u) ** 2, 0.4 * np.sin(2 * np.pi * cycles * u)], axis=1)
    assert Repeats.of(parts + noise * np.random.default_rng(2).normal(size=parts.shape)).number == cycles


def _mine() -> list[str]:
    return [name for name, rule in PIXEL_RULES.items() if rule.__module__.rsplit(".", 1)[1] in MODULES]


@pytest.mark.parametrize("template", _mine())
def test_every_rule_is_of_a_template_and_bears_a_question_about_nothing(filmed, template):
    assert template in QUESTIONS
    film = filmed(still("red cube"))
    options = ("The blue cube", "The green cube", "To the left", "Twice")
    ruling = PIXEL_RULES[template]("What does the black cube do?", options, film)
    assert len(ruling.true) == 4 and not any(ruling.true)
