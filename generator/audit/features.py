"""An option of a question as a row of numbers.

Every guesser sorts the options of a question by how likely each is to be right, so a row stands for one option: what it says, how it
compares with the other options, and, for those who are shown frames, what they show of the objects that it speaks of. Words stand
beside what is seen in products (*word* × *value*): "to the left" may be the likelier the more to the right something is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from generator.audit.glimpses import STATE, Glimpses
from generator.audit.items import BAG, STILLS, Item
from qa_templates.question import LETTERS
from scenes.geometry import Array

DIGITS = 6  # of values: what follows is rounding, of which trees would make something
RARE = 6  # rows: words that stand in fewer are left out
POLES = frozenset({"first", "last", "fastest", "slowest", "farthest", "longest", "shortest", "begins", "ends", "before", "after"})
HEADINGS = {  # of words, in the picture: to the right, and away from the viewer
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "towards": (0.0, -1.0),
    "front": (0.0, -1.0),
    "away": (0.0, 1.0),
    "behind": (0.0, 1.0),
}
TOLD = {"once": 1, "twice": 2, "1": 1}  # numbers by their words; others stand in digits
RELATION = 8  # columns of _relation


@dataclass(frozen=True)
class Rows:
    """All options of some questions: ``question (row,)`` says whose, ``right (row,)`` whether it is right, ``kind (row,)`` what kind
    of answer of which template it is.

    ``sparse`` is what a linear guesser is given, ``dense`` (without products) one that finds its own.
    """

    question: np.ndarray
    right: np.ndarray
    kind: np.ndarray
    sparse: sparse.csr_matrix
    dense: Array


Maker = Callable[[Sequence[Item]], tuple[sparse.csr_matrix, Array]]


def rows(items: Sequence[Item], maker: Maker) -> Rows:
    """The rows of some questions."""
    question = np.repeat(np.arange(len(items)), [len(item.options) for item in items])
    right = np.concatenate([np.arange(len(item.options)) == item.right for item in items])
    linear, dense = maker(items)
    return Rows(question, right, _names(items)[:, 1].astype(int), linear, dense)


def letters(items: Sequence[Item]) -> tuple[sparse.csr_matrix, Array]:
    """Which letter an option has."""
    places = np.concatenate([np.eye(len(LETTERS))[: len(item.options)] for item in items])
    return sparse.csr_matrix(places), places


def lengths(items: Sequence[Item]) -> tuple[sparse.csr_matrix, Array]:
    """How long an option is, by itself and among the others."""
    dense = np.concatenate([_lengths(item.options) for item in items])
    return sparse.csr_matrix(StandardScaler().fit_transform(dense)), dense


def options(items: Sequence[Item]) -> tuple[sparse.csr_matrix, Array]:
    """What an option says, and how it compares with the others; not the question."""
    texts = [option for item in items for option in item.options]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=RARE, token_pattern=r"\w+").fit_transform(texts)
    dense = np.concatenate([_comparisons(item) for item in items])
    sets = _tokens(items, lambda item, option: [f"{each}|{option}" for each in _others(item, option)])
    return sparse.hstack([words, sets, _scaled(dense), letters(items)[0]]).tocsr(), dense


def texts(items: Sequence[Item]) -> tuple[sparse.csr_matrix, Array]:
    """Question and option, what they have in common, and each pair of their words."""
    linear, dense = options(items)
    pairs = _tokens(items, _pairs_of_words)
    classes = _tokens(items, _classes)
    templates = _tokens(items, lambda item, option: [item.template])
    crossed = _products(templates, StandardScaler().fit_transform(dense))
    return sparse.hstack([linear, pairs, classes, crossed]).tocsr(), np.column_stack([dense, _names(items)])


def metadata(items: Sequence[Item]) -> tuple[sparse.csr_matrix, Array]:
    """What is known of a clip without opening it: length, frames, rate, size, number of objects, environment."""
    known = np.array([item.numbers or (0.0,) for item in items], float)
    places = sorted({item.environment for item in items})
    known = np.column_stack([known, [[item.environment == place for place in places] for item in items]])
    repeated = np.repeat(known, [len(item.options) for item in items], axis=0)
    dense = np.column_stack([repeated, np.concatenate([_comparisons(item) for item in items]), _names(items)])
    return _products(_tokens(items, _classes), StandardScaler().fit_transform(repeated)), dense


def still(which: str, source: str) -> Maker:
    """One frame, and question and option. ``which`` is of `STILLS`, ``source`` is "exported" or "shown"."""
    return lambda items: _seen(items, source, [STILLS.index(which)])


def unordered(source: str) -> Maker:
    """Frames from all over the clip, without their order: means and spreads of what each of them shows."""
    return lambda items: _seen(items, source, list(range(len(STILLS), len(STILLS) + BAG)))


def _seen(items: Sequence[Item], source: str, frames: list[int]) -> tuple[sparse.csr_matrix, Array]:
    """Rows of what the given frames show of what each option speaks of, as one frame or as a bag of frames."""
    views = [getattr(item, source).at(frames) for item in items]
    shown = [_row(item, option, view) for item, view in zip(items, views, strict=True) for option in item.options]
    bodies, postures = (np.stack([_in_no_order(row[part]) for row in shown]).round(DIGITS) for part in (0, 1))
    classes = _tokens(items, _classes)
    products = [_products(classes, StandardScaler().fit_transform(part)) for part in (bodies, postures)]
    return sparse.hstack(products).tocsr(), np.column_stack([bodies, postures, _names(items)])


def _in_no_order(values: Array) -> Array:
    """One frame as it is; of several ``(frame, any)`` their mean and spread."""
    return values[0] if len(values) == 1 else np.concatenate([values.mean(axis=0), values.std(axis=0)])


def _row(item: Item, option: str, view: Glimpses) -> tuple[Array, Array]:
    """``(frame, any)`` each: what is shown of the objects that the option and the question speak of, and their postures."""
    cast, own = _cast(item, option)
    first, second = _state(view.states, cast, 0), _state(view.states, cast, -1)
    relation, heading = _relation(first, second, len(cast)), _headings(option)
    among = first - np.mean([_state(view.states, [each], 0) for each in own], axis=0) if own else np.zeros_like(first)
    towards = np.stack([_along(first, second, sense) for sense in heading], axis=-1).reshape(len(first), -1)
    bodies = [first, second, among, relation, towards, view.layout, np.full((len(first), 1), float(len(own)))]
    return np.column_stack(bodies), np.column_stack([_state(view.postures, cast, 0), _state(view.postures, cast, -1)])


def _cast(item: Item, option: str) -> tuple[list[int], list[int]]:
    """The objects spoken of, in the order in which they count; and where each option names one of its own, those of all options."""
    asked, offered = _mentions(item.text, item.names), _mentions(option, item.names)
    new = [name for name in offered if name not in asked]
    cast = list(asked)
    if len(offered) > 1 or new:
        cast = [*offered, *(name for name in asked if name not in offered)][: max(2, len(offered))]
    rivals = {name for each in item.options for name in _mentions(each, item.names)[:1]} - set(asked) if new else set()
    return [item.names.index(name) for name in cast], sorted(item.names.index(name) for name in rivals)


@lru_cache(maxsize=65536)
def _mentions(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The objects that a text names, in its order."""
    return tuple(dict.fromkeys(found.group(1) for found in _naming(names).finditer(text.lower())))


@lru_cache(maxsize=4096)
def _naming(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds whole names, with their article; of two that begin alike the longer one."""
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"\b(?:the )?({either})\b" if names else r"(?!)(.)")


def _state(values: Array, cast: list[int], place: int) -> Array:
    """``(frame, any)`` of one of the cast; zeros where there is none."""
    return values[:, cast[place]] if cast else np.zeros((len(values), values.shape[-1]))


def _relation(first: Array, second: Array, cast: int) -> Array:
    """``(frame, RELATION)``: how the second stands to the first."""
    if cast < 2:
        return np.zeros((len(first), RELATION))
    apart = second - first
    right, down, size, depth, height = (apart[:, column] for column in range(5))
    facing = [STATE.index("faces_right"), STATE.index("faces_viewer")]
    looks = np.sum(first[:, facing] * np.column_stack([right, -depth]), axis=1)
    return np.column_stack([right, down, size, depth, height, np.hypot(right, down), np.hypot(right, depth), looks])


def _along(first: Array, second: Array, heading: tuple[float, float]) -> Array:
    """``(frame, 3)``: how far an object is, faces, and is from the other one, along a heading."""
    right, depth = STATE.index("right"), STATE.index("depth")
    place = first[:, [right, depth]]
    facing = np.column_stack([first[:, STATE.index("faces_right")], -first[:, STATE.index("faces_viewer")]])
    apart = second[:, [right, depth]] - place
    return np.column_stack([part @ np.asarray(heading) for part in (place, facing, apart)])


@lru_cache(maxsize=65536)
def _headings(option: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where an option says that something goes, first and last; zeros where it says nothing of it."""
    said = [HEADINGS[word] for word in _words(option) if word in HEADINGS]
    return (said[0], said[-1]) if said else ((0.0, 0.0), (0.0, 0.0))


@lru_cache(maxsize=65536)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower()))


def _classes(item: Item, option: str) -> list[str]:
    """What kind of answer an option is, from the particular to the general: names are left out, for other clips have others."""
    said = _anonymous(option, item.names)
    parts = re.split(r", then |, and then | then ", said)
    named = [f"{item.template}|{said}", item.template, f"starts {parts[0]}", f"ends {parts[-1]}"]
    return [*named, *(f"{item.template}|{word}" for word in _words(item.text) if word in POLES)]


def _pairs_of_words(item: Item, option: str) -> list[str]:
    """Each word of the question with each of the option, but for names; and all of both."""
    asked, offered = _anonymous(item.text, item.names), _anonymous(option, item.names)
    pairs = [f"{one}|{other}" for one in sorted(set(_words(asked))) for other in sorted(set(_words(offered)))]
    return [*pairs, f"{asked}|{offered}"]


@lru_cache(maxsize=65536)
def _anonymous(text: str, names: tuple[str, ...]) -> str:
    return _naming(names).sub("x", text.lower().removeprefix("first ").removeprefix("it "))


def _others(item: Item, option: str) -> list[str]:
    return [each for each in item.options if each != option]


def _tokens(items: Sequence[Item], tokens: Callable[[Item, str], list[str]]) -> sparse.csr_matrix:
    """``(row, token)``: which of the tokens that are not rare an option has."""
    per_row = [tokens(item, option) for item in items for option in item.options]
    counter = CountVectorizer(analyzer=_as_they_are, min_df=min(RARE, len(per_row)), binary=True)
    try:
        return counter.fit_transform(per_row).astype(float)
    except ValueError:  # every token is rare
        return sparse.csr_matrix((len(per_row), 1))


def _as_they_are(tokens: list[str]) -> list[str]:
    return tokens


def _products(tokens: sparse.csr_matrix, values: Array) -> sparse.csr_matrix:
    """``(row, value · token)``: each value by each token."""
    return sparse.hstack([tokens.multiply(values[:, [column]]) for column in range(values.shape[1])]).tocsr()


def _scaled(dense: Array) -> sparse.csr_matrix:
    return sparse.csr_matrix(StandardScaler().fit_transform(dense))


def _names(items: Sequence[Item]) -> Array:
    """``(row, 2)``: template and kind of answer, as numbers in order of their names."""
    kinds = [(item.template, _classes(item, option)[0]) for item in items for option in item.options]
    columns = [np.unique([kind[column] for kind in kinds], return_inverse=True)[1] for column in range(2)]
    return np.column_stack(columns).astype(float)


def _lengths(options: tuple[str, ...]) -> Array:
    """``(option, 5)``: characters and words, against the mean of the others; rank; whether it is the longest or the shortest."""
    characters, words = (np.array([len(part) for part in parts], float) for parts in (options, [_words(each) for each in options]))
    rank = np.argsort(np.argsort(characters, kind="stable"), kind="stable") / max(len(options) - 1, 1)
    extremes = [characters == characters.max(), characters == characters.min()]
    return np.column_stack([characters - characters.mean(), words - words.mean(), rank, *extremes])


def _comparisons(item: Item) -> Array:
    """``(option, any)``: length, likeness to the other options and to the question, rank of its number, "none of these", letter."""
    said = [_words(option) for option in item.options]
    alike = np.array([[_likeness(one, other) for other in said] for one in said]) - np.eye(len(said))
    asked = [_likeness(each, _words(item.text)) for each in said]
    numbers = np.array([_number(each) for each in said])
    known = np.isfinite(numbers)
    ranks = np.where(known, np.sum(np.nan_to_num(numbers, nan=np.inf)[None] < np.where(known, numbers, -np.inf)[:, None], axis=1), -1)
    ends = [[sum(each[end] == other[end] for other in said if other and each) for each in said] for end in (0, -1)]
    none = [each[:3] == ("none", "of", "these") for each in said]
    columns = [alike.sum(axis=1), alike.max(axis=1), asked, np.nan_to_num(numbers, nan=-1.0), ranks, *ends, none, range(len(said))]
    return np.column_stack([_lengths(item.options), *columns]).astype(float)


def _likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Shared words over all words (Jaccard)."""
    either = len(set(one) | set(other))
    return len(set(one) & set(other)) / either if either else 0.0


def _number(words: tuple[str, ...]) -> float:
    """The number that an option tells; NaN where it tells none."""
    told = [TOLD.get(word) or (int(word) if word.isdigit() else None) for word in words[:2]]
    return next((float(each) for each in told if each is not None), float("nan"))
