"""Guessers, and how they learn: from other scenes, with no look at the questions that they are scored on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from generator.audit import features
from generator.audit.features import Rows
from generator.audit.items import STILLS, Item
from scenes.geometry import Array

FOLDS = 5
FEWEST = 40  # scenes from which anything can be learnt
DOZEN = 12  # questions of a template that stay together: three blocks of letters, and one of their pairs for twins
ENOUGH = 24  # questions of a template to learn from it alone
TO_CHOOSE = 12  # questions of a template to choose the learner for it alone
MOST_WEIGHT = 4.0


@dataclass(frozen=True)
class Guesser:
    """Someone who answers without having seen anything move.

    ``kind`` is "text", "metadata", "still" or "unordered"; ``frame`` the still frame that is shown, of `STILLS`; ``learners`` are
    those to choose between, of `LEARNERS`. Who is ``balanced`` learns as if every kind of answer were right equally often: how often
    it is so the text alone tells, and that others are asked for.
    """

    name: str
    what: str
    kind: str
    maker: features.Maker
    learners: tuple[str, ...]
    balanced: bool = False
    frame: str = ""


LINEAR = ("weak logistic regression", "logistic regression")
ALONE = "trees per template"
TREES = ("boosted trees", ALONE)

TEXT = (
    Guesser("majority letter", "the letter that is right most often", "text", features.letters, LINEAR[1:]),
    Guesser("length", "how long the options are", "text", features.lengths, (*LINEAR, "boosted trees")),
    Guesser("options only", "the options without the question", "text", features.options, (*LINEAR, "boosted trees")),
    Guesser("question and options", "the text without the video", "text", features.texts, (*LINEAR, *TREES)),
    Guesser(
        "metadata",
        "length, frames, rate, size, objects and environment, with the text",
        "metadata",
        features.metadata,
        (*LINEAR, *TREES),
        True,
    ),
)


def seeing(source: str) -> tuple[Guesser, ...]:
    """Guessers that are shown frames: as the export has them ("exported"), or as the video has them ("shown")."""
    of, learners = {"exported": "state", "shown": "picture"}[source], (*LINEAR, *TREES)
    stills = [
        Guesser(f"{which} frame, {of}", f"the {which} frame, with the text", "still", features.still(which, source), learners, True, which)
        for which in STILLS
    ]
    what = "frames from all over the clip without their order, with the text"
    return (*stills, Guesser(f"shuffled frames, {of}", what, "unordered", features.unordered(source), learners, True))


def guessers(items: Sequence[Item]) -> tuple[Guesser, ...]:
    """Those that these questions have something for.

    Raises:
        ValueError: some of the clips have videos and some have none.
    """
    blind = [item.uid for item in items if item.shown is None]
    if 0 < len(blind) < len(items):
        raise ValueError(
            f"{len(blind)} of {len(items)} questions are about clips without a video (the first is {blind[0]}): make the videos, "
            "or give --no-pictures to go by the exported state alone"
        )
    sources = [source for source in ("exported", "shown") if all(getattr(item, source) is not None for item in items)]
    return (*TEXT, *(guesser for source in sources for guesser in seeing(source)))


def folds(items: Sequence[Item], rng: np.random.Generator) -> np.ndarray:
    """The fold of each question, ``(question,)``, the same for all of a scene.

    Letters and answers are dealt in blocks, each once in its block. Were a block torn apart, what is missing of it among the questions
    to learn from would be what is right among those to answer, and whoever goes by what is frequent would do *worse* than chance, and
    hide a shortcut as large as that. So the questions of a template stay together by the dozen, in the order of the clips.
    """
    order = sorted(range(len(items)), key=lambda place: (items[place].template, items[place].index, items[place].uid))
    turn = {template: int(rng.integers(FOLDS)) for template in sorted({item.template for item in items})}
    ranks: dict[str, int] = {}
    fold_of: dict[str, int] = {}
    for item in (items[place] for place in order):
        rank = ranks[item.template] = ranks.get(item.template, -1) + 1
        fold_of.setdefault(item.scene, (rank // DOZEN + turn[item.template]) % FOLDS)
    return np.array([fold_of[item.scene] for item in items])


def answers(items: Sequence[Item], guesser: Guesser, seed: int) -> np.ndarray:
    """The place of the option that a guesser takes for right, ``(question,)``, each from what the scenes of other folds teach.

    Raises:
        ValueError: there are too few scenes to learn from.
    """
    if (scenes := len({item.scene for item in items})) < FEWEST:
        raise ValueError(f"{scenes} scenes are too few to learn from: give a data set of at least {FEWEST} clips")
    table = features.rows(items, guesser.maker)
    fold, templates = folds(items, np.random.default_rng(seed)), np.array([item.template for item in items])
    study = _Study(table, templates, guesser.balanced, seed)
    chosen = np.zeros(len(items), int)
    for asked in np.unique(fold).tolist():
        chosen[fold == asked] = _learnt(study, fold, asked, guesser.learners)
    return chosen


@dataclass(frozen=True)
class _Study:
    """What a guesser learns from: the rows, the template of each question, and how."""

    table: Rows
    templates: np.ndarray
    balanced: bool
    seed: int

    def rows(self, questions: np.ndarray) -> np.ndarray:
        """``(row,)`` whether a row is of one of the questions."""
        return np.isin(self.table.question, questions)

    def weights(self, learn: np.ndarray) -> Array:
        """``(row of learn,)``: what makes each kind of answer right as often as chance would have it, where that is wanted."""
        right, kind = self.table.right[learn], self.table.kind[learn]
        if not self.balanced:
            return np.ones(len(right))
        share = (np.bincount(kind, weights=right) / np.maximum(np.bincount(kind), 1))[kind]
        chance, sure = right.mean(), (share == 0) | (share == 1)
        wanted = np.where(right, chance / np.where(sure, 1, share), (1 - chance) / np.where(sure, 1, 1 - share))
        return np.where(sure, 0.0, np.minimum(wanted, MOST_WEIGHT))

    def best(self, scores: Array, ask: np.ndarray) -> np.ndarray:
        """The place of the highest of the scores of each question; of those alike, one by lot. ``scores`` are of ``rows(ask)``."""
        everywhere = np.full(len(self.table.question), -np.inf)
        everywhere[self.rows(ask)] = scores
        lots = np.random.default_rng(self.seed).random(len(everywhere))
        starts, ends = (np.searchsorted(self.table.question, ask, side=side) for side in ("left", "right"))
        return np.array([np.lexsort((lots[a:b], everywhere[a:b]))[-1] for a, b in zip(starts, ends, strict=True)])


def _learnt(study: _Study, fold: np.ndarray, asked: int, learners: Sequence[str]) -> np.ndarray:
    """Answers to the questions of a fold, by the learner that does best on yet another; by template, where that has enough questions."""
    learn, ask = np.flatnonzero(fold != asked), np.flatnonzero(fold == asked)
    able = [name for name in learners if name != ALONE or _most(study.templates[learn]) >= ENOUGH]
    choice = _choice(study, fold, asked, able) if len(able) > 1 else {}
    chosen = [choice.get(template, choice.get("", able[0])) for template in study.templates[ask].tolist()]
    guesses = {name: _guesses(study, learn, ask, name) for name in sorted(set(chosen))}
    return np.array([guesses[name][place] for place, name in enumerate(chosen)])


def _choice(study: _Study, fold: np.ndarray, asked: int, learners: Sequence[str]) -> dict[str, str]:
    """The learner for each template, and for all others under ""; learnt and tried without the questions of the fold ``asked``."""
    kept = next(other % FOLDS for other in range(asked + 1, asked + FOLDS) if np.any(fold == other % FOLDS))
    learn, test = np.flatnonzero((fold != asked) & (fold != kept)), np.flatnonzero(fold == kept)
    right = _right_places(study.table)[test]
    hits = {name: _guesses(study, learn, test, name) == right for name in learners}
    best = {"": max(learners, key=lambda name: float(hits[name].mean()))}
    for template in np.unique(study.templates[test]).tolist():
        own = study.templates[test] == template
        if own.sum() >= TO_CHOOSE:
            shares = {name: (float(hits[name][own].mean()), name == best[""]) for name in learners}
            best[template] = max(learners, key=shares.__getitem__)
    return best


def _guesses(study: _Study, learn: np.ndarray, ask: np.ndarray, learner: str) -> np.ndarray:
    """The places that a learner chooses for the questions ``ask``."""
    return study.best(LEARNERS[learner](study, study.rows(learn), study.rows(ask)), ask)


def _right_places(table: Rows) -> np.ndarray:
    """The place of the right option of each question."""
    return np.flatnonzero(table.right) - np.searchsorted(table.question, np.arange(table.question[-1] + 1))


def _most(templates: np.ndarray) -> int:
    """How often the most frequent template is asked."""
    return int(np.unique(templates, return_counts=True)[1].max(initial=0))


Learner = Callable[[_Study, np.ndarray, np.ndarray], Array]  # which rows to learn from, which to score


def _logistic(strength: float) -> Learner:
    """Regularised logistic regression on words and products; a larger ``strength`` trusts the data more."""

    def learner(study: _Study, learn: np.ndarray, ask: np.ndarray) -> Array:
        known, asked = study.table.sparse[learn], study.table.sparse[ask]
        scale = 1 / np.sqrt(max(known.power(2).sum(axis=1).mean(), 1e-9))
        model = LogisticRegression(C=strength, max_iter=80, tol=1e-3, random_state=study.seed)
        model.fit(known * scale, study.table.right[learn], sample_weight=study.weights(learn))
        return np.asarray(model.decision_function(asked * scale))

    return learner


def _boosted(study: _Study, learn: np.ndarray, ask: np.ndarray) -> Array:
    """Gradient-boosted trees over the values, for all templates together."""
    model = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.08, max_leaf_nodes=15, min_samples_leaf=15, l2_regularization=1.0, max_bins=63, random_state=study.seed
    )
    model.fit(study.table.dense[learn], study.table.right[learn], sample_weight=study.weights(learn))
    return np.asarray(model.decision_function(study.table.dense[ask]))


def _alone(study: _Study, learn: np.ndarray, ask: np.ndarray) -> Array:
    """Randomised trees for each template alone; a template with little to learn from is guessed by lot."""
    templates = study.templates[study.table.question]
    weights, scores = np.zeros(len(templates)), np.zeros(len(templates))
    weights[learn] = study.weights(learn)
    for template in np.unique(templates[ask]):
        own, asked = learn & (templates == template), ask & (templates == template)
        told = study.table.right[own & (weights > 0)]
        if len(np.unique(study.table.question[own])) < ENOUGH or told.all() or not told.any():
            continue
        kinds = np.unique(study.table.kind[own])
        values = np.column_stack([study.table.dense, study.table.kind[:, None] == kinds])[own | asked]
        model = ExtraTreesClassifier(100, min_samples_leaf=4, max_features=0.3, random_state=study.seed, n_jobs=1)
        model.fit(values[own[own | asked]], study.table.right[own], sample_weight=weights[own])
        scores[asked] = model.predict_proba(values[asked[own | asked]])[:, -1]
    return scores[ask]


LEARNERS: dict[str, Learner] = {
    LINEAR[0]: _logistic(1.0),
    LINEAR[1]: _logistic(30.0),
    TREES[0]: _boosted,
    ALONE: _alone,
}
