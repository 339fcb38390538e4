"""What to generate next: a curriculum whose clips ask for what a model fails on, and keep some of what it can do.

1. **Templates.** Of each template, the share right is drawn towards that of all, the more the fewer its questions are and the less
   the templates differ beyond chance (empirical Bayes: Efron and Morris 1975, doi:10.1080/01621459.1975.10479864; the variance
   between templates by moments, as DerSimonian and Laird 1986). What is then short of `target` is the template's weight. Where the
   differences are no more than chance (χ² at 5 %), or nothing is short of the target, all templates weigh the same. Questions that
   could not be seen, because frames were shown more seldom than the evidence needs, are left out of this, and the weight is that of the
   share which could: more clips do not help where more frames would.
2. **Axes.** Where right answers fall with a measure (its slope at q < .05), the axis of difficulty that moves it goes from where the
   data had it towards the end at which the model fails, by the slope per standard deviation, at most nine tenths of the way.
3. **Rehearsal.** A share of the clips asks all templates alike, with the axes as the data had them, so that what works is not
   forgotten. Without failures it is all there is.

Templates that the data was to ask, and of which no question was answered, are taken to be as hard as all are on the mean.

Of data whose templates are not known, as MotionBench itself, the types take their place, each through all templates of its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import chi2

from model.profile import Curve, Profile, Slice
from qa_templates.curriculum import Curriculum, Stage
from qa_templates.question import QUESTIONS
from scenes.difficulty import USUAL, Axes
from scenes.types import require

TARGET = 0.9
REHEARSAL = 0.3
LEVEL = 0.05
FARTHEST = 0.9  # of the way to an end of an axis
LEAST_LEVEL = 0.05
HARDER = {  # the sign of the measure's change as its axis of difficulty goes up
    "speed": 1,
    "amplitude": -1,
    "count": 1,
    "distractors": 1,
    "concurrent": 1,
    "camera": 1,
    "occlusion": 1,
    "size": -1,
}
AXES = "axes of difficulty"  # of the data probed, in `Profile.about`


class NoCurriculum(ValueError):
    """There is nothing that the generator could be told to ask; the message says why."""


def prescribe(profile: Profile, target: float = TARGET, rehearsal: float = REHEARSAL, templates: Sequence[str] = ()) -> Curriculum:
    """The curriculum for the model of a profile.

    Args:
        target: the share right at which nothing more is to be learned of a template.
        rehearsal: the share of the clips that asks all templates alike.
        templates: that the data was to ask, whether or not the profile has questions of them.

    Raises:
        ValueError: a share is out of range.
        NoCurriculum: no template or type of the profile is known here.
    """
    require(0 < target <= 1, "target", target, "a share above 0, up to 1")
    require(0 < rehearsal < 1, "rehearsal", rehearsal, "a share between 0 and 1")
    asked = _asked(profile, templates)
    weights, axes = _weights(asked, target), _axes(profile)
    plain = Stage("rehearsal", rehearsal, axes=_told(profile), templates=dict.fromkeys(weights, 1.0))
    if len(set(weights.values())) == 1 and not axes:
        return Curriculum((Stage("even", axes=plain.axes, templates=plain.templates),))
    failures = Stage("failures", round(1 - rehearsal, 6), axes=Axes(**{**vars(plain.axes), **axes}), templates=weights)
    return Curriculum((plain, failures))


def _asked(profile: Profile, templates: Sequence[str]) -> Mapping[Slice, Sequence[str]]:
    """What is told apart, and the templates that stand for it."""
    seen = [each for each in profile.slices if each.factor == "template"]
    if seen:
        unseen = sorted(set(templates) - {each.value for each in seen})
        slices = [*seen, *(Slice("template", name, 0, 0, 0.0, 1.0, profile.overall.chance) for name in unseen)]
        asked: dict[Slice, Sequence[str]] = {each: (each.value,) for each in slices if each.value in QUESTIONS}
    else:
        kinds = {each: [name for name, template in QUESTIONS.items() if template.question_type == each.value] for each in profile.by_type}
        asked = {each: names for each, names in kinds.items() if names}
    if not asked:
        raise NoCurriculum(_why_none([each.value for each in seen], [each.value for each in profile.by_type]))
    return asked


def _why_none(templates: Sequence[str], types: Sequence[str]) -> str:
    what = f"templates ({', '.join(templates)}) is" if templates else f"types ({', '.join(types)}) is"
    return (
        f"There is no curriculum: none of the {what} known to the generator here. Install the package that registers them, if there is one."
    )


def _weights(asked: Mapping[Slice, Sequence[str]], target: float) -> dict[str, float]:
    """Of each template, in the order of their names, 1 on the mean."""
    shown = [(each.n, each.right) if each.shown is None else each.shown for each in asked]
    could_be = np.array([n / each.n if each.n else 1.0 for each, (n, _) in zip(asked, shown, strict=True)])
    short = np.maximum(0.0, target - shrunk([right for _, right in shown], [n for n, _ in shown])) * could_be
    if np.allclose(short, short[0]):
        short = np.where(could_be > 0, 1.0, 0.0) if could_be.any() else np.ones(len(short))
    named = {name: value / len(names) for value, names in zip(short, asked.values(), strict=True) for name in names}
    mean = sum(named.values()) / len(named)
    return {name: round(float(named[name] / mean), 3) for name in sorted(named)}


def not_shown(profile: Profile) -> tuple[str, ...]:
    """Templates none of whose questions could be seen at the rate at which frames were shown."""
    return tuple(each.value for each in profile.slices if each.factor == "template" and each.shown is not None and each.shown[0] == 0)


def shrunk(right: Sequence[int], n: Sequence[int]) -> np.ndarray:
    """``(group,)``: the share right of each group, drawn towards that of all as far as chance explains what they differ by.

    A group of none has that of all; where there is nothing at all, it is 0.
    """
    hits, sizes = np.asarray(right, float), np.asarray(n, float)
    mean = hits.sum() / max(1.0, sizes.sum())
    share = np.divide(hits, sizes, out=np.full(len(sizes), mean), where=sizes > 0)
    noise, freedom = mean * (1 - mean), int((sizes > 0).sum()) - 1
    if noise == 0 or freedom < 1:
        return np.full(len(sizes), mean)
    excess = float((sizes * (share - mean) ** 2).sum() / noise)
    if excess <= chi2.ppf(1 - LEVEL, freedom):
        return np.full(len(sizes), mean)
    between = (excess - freedom) * noise / (sizes.sum() - (sizes**2).sum() / sizes.sum())
    return np.asarray(mean + between * sizes / (between * sizes + noise) * (share - mean))


def _axes(profile: Profile) -> dict[str, float]:
    """The axes that are to stand elsewhere than in the data probed."""
    usual = vars(_told(profile))
    found = {curve.factor: _level(curve, usual[curve.factor]) for curve in profile.curves if curve.factor in HARDER and curve.q < LEVEL}
    return {name: level for name, level in found.items() if abs(level - (usual[name] or USUAL)) >= LEAST_LEVEL}


def _level(curve: Curve, usual: float | None) -> float:
    """Towards the end of the axis at which fewer answers are right."""
    start = USUAL if usual is None else usual
    end = 1.0 if curve.slope * HARDER[curve.factor] < 0 else 0.0
    return round(start + min(FARTHEST, abs(curve.slope)) * (end - start), 2)


def _told(profile: Profile) -> Axes:
    """Where the axes stood in the data, as far as that is known and not usual."""
    told = profile.about.get(AXES) or {}
    return Axes(**{name: float(told[name]) for name in HARDER if told.get(name, USUAL) != USUAL})
