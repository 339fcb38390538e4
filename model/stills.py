"""Questions on single frames, made from a data set's annotations: colours, shapes, names and places of what is plainly visible.

A model learns to see from these before it learns motion from few clips. Nothing is asked here that the frame does not prove; what
`StillLessons` may ask ahead is of the clip, so that its words are known.

(view,) = views([items[0]])
seen = view.sights(frame)  # what is visible at a frame
stills = ask_stills(seen, vocabulary([view]), rng, count=3)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from model.dataset import Item

T = TypeVar("T")
LEFT_OUT = "set stills.steps=0 and slides.steps=0"  # whoever cannot have what is made of annotations
PLAIN = 0.8  # share of an object that must be visible for a question about it
WHOLE = 0.95  # and for a question about its place
SMALLEST = 0.003  # share of the picture that it must cover: 12 of 64 × 64 pixels
EDGE = 0.03  # of the picture's width, between a centre and the border of two columns
COLUMNS = ("Far left", "Left of the middle", "Right of the middle", "Far right")
ALIKE = (  # too much alike to be offered together
    {"cube", "crate", "brick", "domino"},
    {"barrel", "drum", "cylinder"},
    {"mug", "cup"},
    {"ball", "ring", "wheel"},
    {"man", "tall man", "cook"},
    {"dog", "pony"},
    {"toy car", "toy bus", "cart"},
)
IN_SCENERY = {"chair", "crate", "barrel", "drum", "toy boat", "toy house", "cone"}  # their like may stand in the background, in any colour


@dataclass(frozen=True)
class Thing:
    """An object or avatar: "red ball" is a ball, of red; "woman in red" is a woman, who wears it."""

    name: str
    noun: str
    colour: str

    @property
    def wears(self) -> bool:
        return self.name == f"{self.noun} in {self.colour}"


@dataclass(frozen=True)
class Sight:
    """What a frame shows of a thing: how much of it may be seen, what share of the picture that covers, and where its centre is.

    ``x`` runs from 0, the left edge, to 1; so do the edges of ``box`` (left, upper, right, lower).
    """

    thing: Thing
    visible_fraction: float
    area: float
    x: float
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def plain(self) -> bool:
        return self.visible_fraction >= PLAIN and self.area >= SMALLEST


@dataclass(frozen=True)
class View:
    """A clip with its annotation: what is in it, and the file that says where."""

    video: Path
    key: str
    things: tuple[Thing, ...]
    trajectories: Path

    def num_frames(self) -> int:
        """Frames of the clip, as the trajectories have them."""
        return _measured(self.trajectories)[0].shape[1]

    def sights(self, frame: int) -> list[Sight]:
        """What is seen at a frame, in no certain order; without what is not seen at all."""
        fractions, areas, boxes = (values[:, frame].tolist() for values in _measured(self.trajectories))
        found = zip(self.things, fractions, areas, boxes, strict=True)
        return [
            Sight(thing, fraction, area, (box[0] + box[2]) / 2, (box[0], box[1], box[2], box[3]))
            for thing, fraction, area, box in found
            if fraction > 0
        ]


@dataclass(frozen=True)
class Vocabulary:
    """What there is in a data set, for the options that are wrong."""

    nouns: tuple[str, ...]
    colours: tuple[str, ...]
    things: tuple[Thing, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(thing.name for thing in self.things)


@dataclass(frozen=True)
class Still:
    """A question on one frame; the first of the options is right, until they are shuffled."""

    kind: str
    text: str
    options: tuple[str, ...]


def views(items: Sequence[Item]) -> list[View]:
    """The clips of some questions, each once, in their order.

    Raises:
        ValueError: a clip has no annotation, or one that does not say what is visible in it.
    """
    return [_view(item) for item in {item.video: item for item in items}.values()]


def vocabulary(clips: Sequence[View]) -> Vocabulary:
    """All nouns, colours and names of some clips. Raises ValueError when they are too few to make four options."""
    things = sorted({thing for clip in clips for thing in clip.things}, key=lambda thing: thing.name)
    found = Vocabulary(tuple(sorted({one.noun for one in things})), tuple(sorted({one.colour for one in things})), tuple(things))
    if len(found.colours) < 4 or len(things) < 8:
        raise ValueError(
            f"stills and slides need 4 colours and 8 names of objects, but there are {len(found.colours)} and {len(things)}: "
            f"give more clips, or {LEFT_OUT}"
        )
    return found


def in_mirror(seen: Sequence[Sight]) -> list[Sight]:
    """What the mirror image of a frame shows."""
    return [replace(sight, x=1 - sight.x, box=_flipped(sight.box)) for sight in seen]


def _flipped(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, upper, right, lower = box
    return 1 - right, upper, 1 - left, lower


def ask_stills(seen: Sequence[Sight], known: Vocabulary, rng: np.random.Generator, count: int, kinds: Sequence[str] = ()) -> list[Still]:
    """Up to ``count`` different questions that the frame proves, of kinds drawn evenly from those that it allows."""
    found: dict[tuple[str, str], Still] = {}
    allowed = list(kinds or KINDS)
    for _ in range(3 * count):
        for kind in rng.permutation(allowed).tolist():
            if still := KINDS[kind](seen, known, rng):
                found.setdefault((still.text, still.options[0]), still)
                break
        else:
            break
        if len(found) == count:
            break
    return list(found.values())


def name_among(thing: Thing, seen: Sequence[Sight], known: Vocabulary, rng: np.random.Generator) -> list[str]:
    """Four options that name a thing, the right one first: the others are in the picture too, as far as there are others."""
    others = [sight.thing for sight in seen if not _same(sight.thing, thing)]
    any_of_all = [known.things[place] for place in rng.permutation(len(known.things)).tolist()]
    wrong = [other for other in dict.fromkeys([*others, *any_of_all]) if not _same(other, thing)][:3]
    return [f"The {each.name}" for each in (thing, *wrong)]


def texts(known: Vocabulary) -> list[str]:
    """All words that such questions are made of, for a tokenizer to learn."""
    fixed = ["What colour is the one", "What colour does the one wear?", "What is the one object?", "Who wears it?"]
    return [*fixed, "Where in the picture is the one?", "What can be seen in the picture?", *COLUMNS, *known.names]


def _colour(seen: Sequence[Sight], known: Vocabulary, rng: np.random.Generator) -> Still | None:
    asked = [sight.thing for sight in seen if sight.plain and _only(sight, seen, "noun") and sight.thing.noun not in IN_SCENERY]
    if not asked:
        return None
    thing = _one(asked, rng)
    around = {sight.thing.colour for sight in seen}
    wrong = _some(known.colours, rng, avoid={thing.colour}, rather=around)
    text = f"What colour does the {thing.noun} wear?" if thing.wears else f"What colour is the {thing.noun}?"
    return Still("colour", text, _capitals(thing.colour, *wrong)) if len(wrong) == 3 else None


def _shape(seen: Sequence[Sight], known: Vocabulary, rng: np.random.Generator) -> Still | None:
    asked = [sight.thing for sight in seen if sight.plain and _only(sight, seen, "colour")]
    if not asked:
        return None
    thing = _one(asked, rng)
    around = {sight.thing.noun for sight in seen}
    wrong = _some(known.nouns, rng, avoid={noun for noun in known.nouns if alike(noun, thing.noun)}, rather=around)
    text = f"Who wears {thing.colour}?" if thing.wears else f"What is the {thing.colour} object?"
    return Still("shape", text, tuple(f"A {noun}" for noun in (thing.noun, *wrong))) if len(wrong) == 3 else None


def _which(seen: Sequence[Sight], known: Vocabulary, rng: np.random.Generator) -> Still | None:
    asked = [sight.thing for sight in seen if sight.plain]
    if not asked:
        return None
    thing = _one(asked, rng)
    avoid = {other for other in known.things for sight in seen if _same(other, sight.thing)}
    rather = {other for other in known.things if other.colour == thing.colour or other.noun == thing.noun}
    wrong = _some(known.things, rng, avoid=avoid, rather=rather)
    options = tuple(f"The {other.name}" for other in (thing, *wrong))
    return Still("which", "What can be seen in the picture?", options) if len(wrong) == 3 else None


def _where(seen: Sequence[Sight], known: Vocabulary, rng: np.random.Generator) -> Still | None:
    asked = [sight for sight in seen if sight.plain and sight.visible_fraction >= WHOLE and _column(sight.x) is not None]
    if not asked:
        return None
    sight = asked[int(rng.integers(len(asked)))]
    right = _column(sight.x)
    wrong = [column for column in COLUMNS if column != right]
    return Still("where", f"Where in the picture is the {sight.thing.name}?", (str(right), *wrong))


KINDS: Mapping[str, Callable[[Sequence[Sight], Vocabulary, np.random.Generator], Still | None]] = {
    "colour": _colour,
    "shape": _shape,
    "which": _which,
    "where": _where,
}


@cache
def alike(one: str, other: str) -> bool:
    """Whether two nouns may be taken for one another: "robot" and "toy robot", "mug" and "cup"."""
    return one == other or one.endswith(f" {other}") or other.endswith(f" {one}") or any({one, other} <= group for group in ALIKE)


def _column(x: float) -> str | None:
    """The quarter of the picture's width in which a centre is; None close to a border."""
    away = abs(x * 4 - round(x * 4)) / 4
    return COLUMNS[min(3, max(0, int(x * 4)))] if away >= EDGE or not 0 < round(x * 4) < 4 else None


def _only(sight: Sight, seen: Sequence[Sight], key: str) -> bool:
    """Whether nothing else in the picture, however little of it, answers to the same noun or colour."""
    others = [getattr(other.thing, key) for other in seen if other is not sight]
    return not any(alike(getattr(sight.thing, key), other) for other in others)


def _same(one: Thing, other: Thing) -> bool:
    """Whether one may be taken for the other by name: the colour is the same, and the nouns are alike."""
    return one.colour == other.colour and alike(one.noun, other.noun)


def _one(things: Sequence[Thing], rng: np.random.Generator) -> Thing:
    return things[int(rng.integers(len(things)))]


def _some(known: Sequence[T], rng: np.random.Generator, *, avoid: Set[T], rather: Set[T]) -> list[T]:
    """Up to three of what is known, no two nouns of them alike; in half of the cases first what is rather to be taken."""
    drawn = [known[place] for place in rng.permutation(len(known)).tolist()]
    if rng.random() < 0.5:
        drawn.sort(key=lambda word: word not in rather)
    chosen: list[T] = []
    for word in drawn:
        if word not in avoid and not any(isinstance(word, str) and alike(word, str(other)) for other in chosen):
            chosen.append(word)
        if len(chosen) == 3:
            break
    return chosen


def _capitals(*words: str) -> tuple[str, ...]:
    return tuple(word.capitalize() for word in words)


def _view(item: Item) -> View:
    root = item.video.parent.parent
    path = root / "annotations" / f"{item.key}.json"
    try:
        told = json.loads(path.read_bytes())
        objects = {each["name"]: each for each in told["spec"]["objects"]}
        things = tuple(_thing(objects[name]) for name in told["visibility"]["names"])
        return View(item.video, item.key, things, root / told["files"]["trajectories"]["path"])
    except FileNotFoundError as error:
        told = f"stills and slides need annotations, and {path} is missing: {LEFT_OUT}, or give a data set that was generated"
        raise ValueError(told) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not say what is visible ({error!r}): {LEFT_OUT}, or generate the data set again") from error


def _thing(told: Mapping[str, Any]) -> Thing:
    return Thing(told["name"], _noun(told["name"], told["colour"]), told["colour"])


def _noun(name: str, colour: str) -> str:
    return name.removesuffix(f" in {colour}").removeprefix(f"{colour} ")


@lru_cache(maxsize=1 << 12)  # about 4 kB each, in each process
def _measured(trajectories: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Visible fraction and share of the picture ``(object, frame)``, and box ``(object, frame, 4)`` as a share of it."""
    try:
        with np.load(trajectories) as stored:
            width_px, height_px = float(stored["width_px"]), float(stored["height_px"])
            box = stored["box_px"] / np.array([width_px, height_px] * 2)
            return stored["visible_fraction"], stored["area_px"] / (width_px * height_px), box.astype(np.float32)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{trajectories} cannot be read ({error}): generate the data set again, or {LEFT_OUT}") from error
