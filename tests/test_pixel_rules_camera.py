"""The camera's part of what is read from pixels: on pictures that are drawn here, and on a clip that is rendered."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import weakref
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from generator.reader import DatasetReader, ReadQuestion
from generator.verify.from_pixels import PIXEL_RULES, forget
from generator.verify.from_pixels.camera import PACES, WORDS, read
from generator.verify.from_pixels.camera_fit import KINDS, fit
from generator.verify.from_pixels.camera_moves import stretches
from generator.verify.from_pixels.film import Film
from generator.verify.ruling import judge
from qa_templates.camera_combination import PAIRS
from qa_templates.observation import camera_keys, camera_phrase
from scenes import geometry
from scenes.cameras.move import CAMERA_MOVES, CameraPath, Rig

WIDTH_PX, HEIGHT_PX, FPS, FOCAL_PX = 320, 240, 12.0, 330.0
FRAMES, FIRST, LAST = 26, 4, 21
START_M, TARGET_M = (0.4, -6.5, 2.1), (0.0, 0.0, 0.6)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A film without a file: what rules read of one."""

    pictures: np.ndarray
    fps: float = FPS
    names: tuple[str, ...] = ()
    boxes: dict[str, np.ndarray] = field(default_factory=dict)

    def box_px(self, name: str) -> np.ndarray:
        return self.boxes[name]


@cache
def texture(seed: int) -> np.ndarray:
    """``(512, 512, 3)``: spots of several sizes."""
    rng = np.random.default_rng(seed)
    noise = sum(
        cv2.resize(rng.random((size, size, 3)).astype(np.float32), (512, 512), interpolation=cv2.INTER_CUBIC) for size in (14, 40, 90)
    )
    return cv2.normalize(noise, None, 30, 225, cv2.NORM_MINMAX).astype(np.uint8)


# Corners of textured rectangles in the world: a floor, a wall, and boards at several depths, far ones first.
BOARDS = (
    ((-16, 14, -1), (16, 14, -1), (16, 14, 12), (-16, 14, 12)),
    ((-9, -5.2, 0), (9, -5.2, 0), (9, 13, 0), (-9, 13, 0)),
    ((-5.0, 7, 0), (-2.5, 7, 0), (-2.5, 7, 2.6), (-5.0, 7, 2.6)),
    ((2.2, 4, 0), (4.2, 4, 0), (4.2, 4, 1.9), (2.2, 4, 1.9)),
    ((-2.6, 0.5, 0), (-1.3, 0.5, 0), (-1.3, 0.5, 1.3), (-2.6, 0.5, 1.3)),
    ((1.1, -1.5, 0), (2.1, -1.5, 0), (2.1, -1.5, 0.9), (1.1, -1.5, 0.9)),
)


def drawn(position_m: np.ndarray, quaternion_wxyz: np.ndarray, focal_px: np.ndarray) -> np.ndarray:
    """``(frame, height, width, 3)``: the boards as a camera sees them, painted one over the other."""
    return np.stack([_picture(*camera) for camera in zip(position_m, quaternion_wxyz, focal_px, strict=True)])


def _picture(position_m: np.ndarray, quaternion_wxyz: np.ndarray, focal_px: float) -> np.ndarray:
    right, up, forward = geometry.camera_axes(quaternion_wxyz)
    projection = np.array([focal_px * right + 159.5 * forward, -focal_px * up + 119.5 * forward, forward])
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 128, np.uint8)
    for number, corners in enumerate(np.array(BOARDS, float)):
        along, down, origin = (corners[1] - corners[0]) / 512, (corners[3] - corners[0]) / 512, corners[0] - position_m
        warp = projection @ np.column_stack([along, down, origin])
        # What lies behind the camera would be seen as well: the floor ends in front of all cameras used here.
        cv2.warpPerspective(texture(number), warp, (WIDTH_PX, HEIGHT_PX), dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
    return picture


def filmed(*shots: tuple[str, int, int, int], rest: int = 5, pace: str = "", size: float = 1.0) -> Drawn:
    """A film of moves (name, sense, first frame, last frame), one after another or at once."""
    num_frames = max(last for *_, last in shots) + rest if shots else FRAMES
    look = geometry.wxyz(geometry.look_at(np.array(START_M), np.array(TARGET_M)))
    state = CameraPath(np.array([START_M]), look[None], np.array([36.0 * FOCAL_PX / WIDTH_PX]))
    path = state.held(num_frames)
    times_s = np.arange(num_frames) / FPS
    for name, sense, first, last in shots:
        move = _move(name, sense, (last - first) / FPS, pace, size)
        done_s = np.clip(times_s - first / FPS, 0, move.duration_s)
        start = path.at(first)
        gone = move.path(done_s, start, Rig(TARGET_M, lambda t: np.outer(t, (0.5, 0.1, 0.0))))
        path = CameraPath(*(np.where((times_s >= first / FPS).reshape(-1, *[1] * (new.ndim - 1)), new, old)
                            for new, old in zip(vars(gone).values(), vars(path).values(), strict=True)))  # fmt: skip
    return Drawn(drawn(path.position_m, path.quaternion_wxyz, path.focal_length_mm * WIDTH_PX / 36.0))


SIZES = {
    "pan": {"angle_rad": math.radians(17)}, "tilt": {"angle_rad": math.radians(9)}, "roll": {"angle_rad": math.radians(18)},
    "zoom": {"factor": 1.5}, "truck": {"distance_m": 1.3}, "pedestal": {"distance_m": 0.9}, "dolly": {"distance_m": 1.4},
    "arc": {"angle_rad": math.radians(26)}, "crane": {"angle_rad": math.radians(15)}, "dolly_zoom": {"factor": 1.4},
    "shake": {"angle_rad": math.radians(3.2), "rate_hz": 2.0, "phase_rad": 1.0}, "static": {}, "tracking": {},
}  # fmt: skip


def _move(name: str, sense: int, duration_s: float, pace: str = "", size: float = 1.0):
    sizes = {key: 1 + (value - 1) * size if key == "factor" else value * size for key, value in SIZES[name].items() if key}
    return CAMERA_MOVES[name](duration_s=duration_s, sense=sense, pace=pace, **sizes)


@cache
def one_move(name: str, sense: int) -> Drawn:
    return filmed((name, sense, FIRST, FIRST + 24 if name == "shake" else LAST))


def ask(template: str, options: tuple[str, ...], answer: str, film: Drawn, text: str = "How does the camera move?"):
    question = ReadQuestion("0", "Camera Motion", template, text, options, answer)
    return judge("clip", question, PIXEL_RULES, film)


def says(key: str) -> str:
    return f"The camera {camera_phrase(key)}"


SIGNED = [(key, name, sense) for key, (name, sense) in camera_keys().items() if name not in ("static", "tracking")]


@pytest.mark.parametrize("key", camera_keys())
def test_the_words_of_every_move_are_read(key):
    assert read(says(key)) == camera_keys()[key]


def test_words_that_mean_nothing_are_not_read():
    assert read("The camera sings") is None
    assert len({key for _, key in WORDS}) == len(WORDS)


@pytest.mark.parametrize(("key", "name", "sense"), SIGNED)
def test_every_move_is_told_from_the_picture(key, name, sense):
    (found,) = stretches(one_move(name, sense))
    assert found.told == (name, sense), found.fits
    assert abs(found.first - FIRST) <= 2


@pytest.mark.parametrize(("key", "name", "sense"), SIGNED)
def test_right_answers_are_confirmed_and_wrong_ones_contradicted(key, name, sense):
    wrong = [other for other in camera_keys() if other not in (key, "tracking")][:3]
    options = (says(key), *map(says, wrong))
    assert ask("camera_move", options, "A", one_move(name, sense)).status == "confirmed"
    for letter in "BCD":
        verdict = ask("camera_move", options, letter, one_move(name, sense))
        assert (verdict.status, verdict.found) == ("contradicted", "A")
    assert ask("camera_move", (*options[1:], "None of these"), "D", one_move(name, sense)).status == "confirmed"


def test_films_are_let_go_of():
    film = filmed()
    watched = weakref.ref(film)
    assert stretches(film) == ()
    del film
    gc.collect()
    assert watched() is not None
    forget()
    gc.collect()
    assert watched() is None


def test_a_camera_at_rest_is_static():
    options = (says("shake"), says("static"), says("pan_left"), says("zoom_in"))
    assert ask("camera_move", options, "B", filmed()).status == "confirmed"
    assert ask("camera_move", options, "A", filmed()).status == "contradicted"


def test_of_a_picture_without_texture_nothing_is_told():
    blank = Drawn(np.full((12, HEIGHT_PX, WIDTH_PX, 3), 90, np.uint8))
    assert ask("camera_move", (says("static"), says("shake")), "A", blank).status == "cannot tell"


def test_what_moves_in_a_box_does_not_move_the_camera():
    film = filmed()
    pictures, boxes = film.pictures.copy(), np.zeros((len(film.pictures), 4))
    for frame, picture in enumerate(pictures):
        boxes[frame] = (20 + 8 * frame, 60, 120 + 8 * frame, 180)
        x0, y0, x1, y1 = boxes[frame].astype(int)
        picture[y0:y1, x0:x1] = texture(9)[: y1 - y0, : picture[y0:y1, x0:x1].shape[1]]
    assert stretches(Drawn(pictures, names=("red ball",), boxes={"red ball": boxes})) == ()


@pytest.mark.parametrize("pair", PAIRS[::2], ids="+".join)  # each is slow to tell
def test_two_moves_at_once(pair):
    signed = [(one, other) for one in (1, -1) for other in (1, -1)]
    keys = {(name, sense): key for key, (name, sense) in camera_keys().items()}
    options = tuple(f"The camera {camera_phrase(keys[pair[1], b])} while it {camera_phrase(keys[pair[0], a])}" for a, b in signed)
    film = _both_at_once(pair, signed[1])
    assert [ask("camera_combination", options, letter, film).status == "confirmed" for letter in "ABCD"] == [False, True, False, False]
    assert ask("camera_combination", (options[0], *options[2:], "None of these"), "D", film).status == "confirmed"


def _both_at_once(pair: tuple[str, str], senses: tuple[int, int]) -> Drawn:
    """Ways and zooms add up; a turn is carried out about the axes of the start, after the first one's."""
    times_s = np.clip((np.arange(FRAMES) - FIRST) / FPS, 0, (LAST - FIRST) / FPS)
    look = geometry.wxyz(geometry.look_at(np.array(START_M), np.array(TARGET_M)))
    start = CameraPath(np.array([START_M]), look[None], np.array([36.0 * FOCAL_PX / WIDTH_PX]))
    one, other = (
        _move(name, sense, (LAST - FIRST) / FPS).path(times_s, start, Rig(TARGET_M)) for name, sense in zip(pair, senses, strict=True)
    )
    first = geometry.rotation(look).inv()
    turned = geometry.rotation(other.quaternion_wxyz) * first * geometry.rotation(one.quaternion_wxyz)
    position = one.position_m + other.position_m - start.position_m
    focal = one.focal_length_mm * other.focal_length_mm / start.focal_length_mm
    return Drawn(drawn(position, geometry.wxyz(turned), focal * WIDTH_PX / 36.0))


def test_moves_one_after_another_are_told_in_their_order_also_after_a_roll():
    film = filmed(("roll", 1, 4, 16), ("pan", -1, 22, 34), ("pedestal", 1, 40, 52))
    phrases = [camera_phrase(key) for key in ("roll_clockwise", "pan_right", "pedestal_up")]
    orders = ((0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 1, 0))
    options = tuple("The camera " + ", then ".join(phrases[place] for place in order) for order in orders)
    assert ask("camera_sequence", options, "A", film).status == "confirmed"
    assert all(ask("camera_sequence", options, letter, film).status == "contradicted" for letter in "BCD")


@pytest.mark.parametrize(("number", "answer"), [(1, "A"), (2, "B"), (3, "C")])
def test_moves_are_counted_whichever_way_they_go(number, answer):
    shots = [("truck", sense, 4 + 17 * place, 15 + 17 * place) for place, sense in enumerate((1, -1, -1)[:number])]
    film = filmed(*shots, size=0.5)
    text = "How many times does the camera slide sideways, to the left or to the right?"
    options = ("Once", "Twice", "3 times", "4 times")
    assert ask("camera_count", options, answer, film, text).status == "confirmed"
    assert ask("camera_count", options, "D", film, text).status == "contradicted"
    other = ask("camera_count", options, answer, film, "How many times does the camera pan, to the left or to the right?")
    assert other.status == "contradicted"


@pytest.mark.parametrize("name", ["pan", "truck", "zoom", "roll"])
@pytest.mark.parametrize("pace", ["even", "faster", "slower", "lull"])
def test_the_pace_of_a_move(name, pace):
    film = filmed((name, 1, 4, 40), pace=pace)
    options = tuple(text.capitalize() for text in PACES)
    right = "ABCD"[list(PACES.values()).index(pace)]
    assert ask("camera_pace", options, right, film).status == "confirmed"
    assert ask("camera_pace", options, "ABCD".replace(right, "")[0], film).status == "contradicted"


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("films", [False, True])
def test_object_or_camera(acts, films):
    film = filmed(("zoom", 1, 8, 21), size=0.4) if films else filmed()
    thing = _with_a_ball(film, acts)
    moved = ("Only the red ball moves", "Only the camera moves", "Both the red ball and the camera move")
    options = (*moved, "Neither the red ball nor the camera moves")
    right = {(True, False): "A", (False, True): "B", (True, True): "C", (False, False): "D"}[acts, films]
    verdicts = {letter: ask("object_or_camera", options, letter, thing, "Does the red ball move?").status for letter in "ABCD"}
    assert verdicts == {letter: "confirmed" if letter == right else "contradicted" for letter in "ABCD"}


def _with_a_ball(film: Drawn, acts: bool) -> Drawn:
    """A patch that stands on the picture and is zoomed with it, or that goes on to the right."""
    pictures, boxes = film.pictures.copy(), np.zeros((len(film.pictures), 4))
    for frame, picture in enumerate(pictures):
        ratio = 1.2 ** geometry.ease((frame - 8) / 13) if film.pictures[0].tobytes() != film.pictures[-1].tobytes() else 1.0
        across = 5.0 * frame if acts else 0.0
        warp = np.array([[0.5 * ratio, 0, 159.5 - 40 * ratio + across], [0, 0.5 * ratio, 119.5 - 20 * ratio]])
        red = np.asarray(texture(7)[:102, :102] * np.array([1.0, 0.6, 0.6])).astype(np.uint8)
        cv2.warpAffine(red, warp, (WIDTH_PX, HEIGHT_PX), dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
        boxes[frame] = [warp[0, 2], warp[1, 2], warp[0, 2] + 51 * ratio, warp[1, 2] + 51 * ratio]
    return Drawn(pictures, names=("red ball",), boxes={"red ball": boxes})


def test_of_camera_while_what_the_camera_never_does_is_excluded():
    film = filmed(("zoom", 1, 4, 16), ("truck", 1, 22, 34))
    options = tuple(map(says, ("zoom_in", "truck_left", "dolly_out", "arc_left")))
    verdicts = [ask("camera_while", options, letter, film).status for letter in "ABCD"]
    assert verdicts == ["cannot tell", "cannot tell", "contradicted", "contradicted"]


@pytest.mark.parametrize("name", [name for name in KINDS if name != "level"])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_move_fits_points_that_it_has_moved(name, sense):
    """Without any picture: points at random depths, the lower the nearer."""
    rng = np.random.default_rng(5)
    before = rng.uniform((-0.45, -0.33), (0.45, 0.33), (70, 2))
    near = 1.1 - 1.5 * before[:, 1] + rng.uniform(0, 0.3, 70)
    move = _move(name, sense, 1.0)
    look = geometry.wxyz(geometry.look_at(np.array(START_M), np.array(TARGET_M)))
    start = CameraPath(np.array([START_M]), look[None], np.array([36.0]))
    end = move.path(np.array([1.0]), start, Rig(TARGET_M))
    rays = np.column_stack([before, np.full(70, -1.0)]) * (7.0 / near)[:, None]
    points = start.position_m + geometry.rotation(look).apply(rays)
    pixels, _ = geometry.project(points[None], end.position_m, end.quaternion_wxyz, end.focal_length_mm / 36.0, 0, 0)
    after = pixels[0] * (1, -1)
    costs = {(other, way): fit(((other, way),), before, after).cost for other in KINDS if other != "level" for way in (1, -1)}
    assert min(costs, key=costs.__getitem__) == (name, sense)


def test_what_keeps_its_place_in_the_picture_is_tracked():
    """A patch that does not move in a picture that trucks; without it, nothing is tracked."""
    film = one_move("truck", 1)
    pictures, box = film.pictures.copy(), np.array([150.0, 120.0, 186.0, 156.0])
    pictures[:, 120:156, 150:186] = (texture(7)[:36, :36] * np.array([1.0, 0.2, 0.2])).astype(np.uint8)
    tracked = Drawn(pictures, names=("red ball",), boxes={"red ball": np.tile(box, (len(pictures), 1))})
    options = tuple(map(says, ("tracking", "pan_left", "arc_left", "static")))
    assert ask("camera_move", options, "A", tracked).status == "confirmed"
    assert ask("camera_move", options, "A", film).status == "contradicted"


def test_a_move_goes_with_the_action_that_leads_away():
    """A patch that stays on the picture while it zooms, and goes away while it rolls."""
    film = filmed(("zoom", 1, 4, 16), ("roll", 1, 22, 34), size=0.4)
    pictures, boxes = film.pictures.copy(), np.zeros((len(film.pictures), 4))
    for frame, picture in enumerate(pictures):
        ratio = 1.2 ** float(geometry.ease((frame - 4) / 12))
        x, y, side = 159.5 + 100 * float(geometry.ease((frame - 22) / 12)), 119.5, round(20 * ratio)
        boxes[frame] = (round(x) - side, round(y) - side, round(x) + side, round(y) + side)
        x0, y0, x1, y1 = boxes[frame].astype(int)
        picture[y0:y1, x0:x1] = (250, 10, 10)
    thing = Drawn(pictures, names=("red ball",), boxes={"red ball": boxes})
    options = tuple(map(says, ("zoom_in", "roll_clockwise", "dolly_out", "arc_left")))
    for verb, right in (("slides straight to another place", "B"), ("shakes", "A")):
        verdicts = {
            letter: ask("camera_while", options, letter, thing, f"What does the camera do while the red ball {verb}?") for letter in "ABCD"
        }
        assert {letter for letter, verdict in verdicts.items() if verdict.status == "confirmed"} == {right}
        assert {verdict.found for verdict in verdicts.values()} == {right}


@pytest.mark.slow
def test_a_rendered_clip(tmp_path):
    """Real pictures, through the generator and back."""
    settings = [
        "num_videos=2",
        "seed=11",
        "render=draft",
        "workers=1",
        "qa.templates=[camera_move,camera_sequence]",
        f"out={tmp_path / 'set'}",
    ]
    subprocess.run([sys.executable, "-m", "generator", *settings], cwd=Path(__file__).parent.parent, check=True, capture_output=True)
    clips = DatasetReader(tmp_path / "set")
    verdicts = [judge(clip.key, question, PIXEL_RULES, Film(clip)) for clip in clips for question in clip.questions]
    assert {verdict.status for verdict in verdicts} == {"confirmed"}
