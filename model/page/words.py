"""Numbers and findings in words, as the page says them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model.profile import Confusion, Counting, Curve, Slice

SIGNIFICANT = 0.05
MANY = 200  # questions from which on a tenth of a per cent means anything
SPACE = "\N{NO-BREAK SPACE}"
UNKNOWN = "–"


def percent(share: float | None, n: int = 0) -> str:
    """A share of n things: without decimals where n is below 200."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    return f"{100 * share:.{_decimals(n)}f}{SPACE}%"


def interval(low: float, high: float, n: int = 0) -> str:
    """As in 24–39 %."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNKNOWN
    return f"{100 * low:.{_decimals(n)}f}–{100 * high:.{_decimals(n)}f}{SPACE}%"


def probability(letter: str, value: float | None) -> str:
    """As in q = .03 or q < .001; "" where it is not known."""
    if value is None or not math.isfinite(value):
        return ""
    if value < 0.001:
        return f"{letter}{SPACE}<{SPACE}.001"
    digits = f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
    return f"{letter}{SPACE}={SPACE}{digits.removeprefix('0')}"


def decimal(value: float | None) -> str:
    """A p or q for a table."""
    return UNKNOWN if value is None or not math.isfinite(value) else "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def sortable(value: float | None) -> str:
    """For the script that sorts the table; "" where it is not known."""
    return "" if value is None or not math.isfinite(value) else f"{value:.5g}"


def signed(value: float) -> str:
    """As in +0.40."""
    digits = ".1g" if 0 < abs(value) < 0.005 else ".2f"
    return f"{value:+{digits}}".replace("-", "−") if math.isfinite(value) else UNKNOWN


def count(n: int, noun: str = "", plural: str = "") -> str:
    """As in 1,200 questions; a number alone where no noun is given."""
    return f"{n:,}" + (f"{SPACE}{noun if n == 1 else plural or noun + 's'}" if noun else "")


def quantity(value: float) -> str:
    """A measure to three digits, never as 1e+05 where that can be avoided."""
    if not math.isfinite(value):
        return UNKNOWN
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    return (f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.3g}").replace("-", "−")


def rounded(value: float) -> float:
    """To two digits: more are not known of odds, nor needed along an axis."""
    return float(f"{value:.2g}")


def plainly(value: Any) -> str:
    """Anything that stands in a head or among the factors of a question."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return quantity(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name(key)} {plainly(each)}" for key, each in value.items())
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str):
        return ", ".join(map(plainly, value))
    return str(value)


def name(key: Any) -> str:
    """A key, or a name of the vocabulary, as a reader knows it."""
    return str(key).replace("_", " ")


def between(seen: Sequence[Slice]) -> str:
    """Whether what could not be seen is answered worse than what could, among like questions; "" where that was not tested."""
    hidden = next((each for each in seen if each.value == "no"), None)
    if hidden is None or hidden.others is None or hidden.q is None:
        return ""
    is_worse = hidden.q < SIGNIFICANT and hidden.accuracy < hidden.others
    often = "less often" if is_worse else "about as often"
    return f"Compared with questions of the same templates, these are answered rightly {often} ({probability('q', hidden.q)})."


def listed(parts: Sequence[str]) -> str:
    """As in a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def against_chance(slice_: Slice) -> str:
    """Whether the share right can be told from that of a guess."""
    if slice_.low > slice_.chance:
        return "better than a guess"
    if slice_.high < slice_.chance:
        return "worse than a guess"
    return "not to be told from a guess"


def compared(slice_: Slice) -> str:
    """As in 31 % of 48, others 62 %."""
    others = "" if slice_.others is None else f", others{SPACE}{percent(slice_.others, slice_.n)}"
    return f"{percent(slice_.accuracy, slice_.n)} of{SPACE}{count(slice_.n)}{others}"


def reasons(slice_: Slice) -> tuple[str, ...]:
    """Why a slice is said to fail."""
    is_worse = slice_.q is not None and slice_.q < SIGNIFICANT and (slice_.others is None or slice_.accuracy < slice_.others)
    worse = f"worse ({probability('q', slice_.q)})" if is_worse else ""
    guessed = "" if slice_.low > slice_.chance else "worse than a guess" if slice_.high < slice_.chance else "no better than a guess"
    return tuple(filter(None, (worse, guessed)))


def trend(curve: Curve) -> str:
    """What a slope says: -1 or 1 where it is a finding."""
    if not is_trend(curve):
        return f"No trend that chance could not have made ({probability('q', curve.q) or 'not tested'})."
    direction, sure = "Fewer" if curve.slope < 0 else "More", probability("q", curve.q)
    return f"{direction} right answers the higher it is: per standard deviation the odds are {odds(curve.slope)} ({sure})."


def is_trend(curve: Curve) -> bool:
    """Whether the slope is one that chance is unlikely to have made."""
    return math.isfinite(curve.slope) and curve.slope != 0 and curve.q < SIGNIFICANT


def odds(log_odds: float) -> str:
    """As in × 0.61."""
    return f"×{SPACE}{quantity(rounded(math.exp(max(-20.0, min(20.0, log_odds)))))}"


def sureness(margin: float | None) -> str:
    """How sure a model was of a wrong answer, from the difference of two log-probabilities."""
    if margin is None or not math.isfinite(margin):
        return ""
    if margin <= 0:
        return "It held what it said for no likelier than the right option."
    ratio = math.exp(min(margin, 14.0))
    times = "more than a million" if margin >= 14.0 else quantity(rounded(ratio))
    return f"It held what it said for {times} times as likely as the right option."


def counts_off(counting: Counting) -> str:
    """Whether counts are too high or too low."""
    if not math.isfinite(counting.mean_error):
        return "The mean error is not known."
    if counting.low <= 0 <= counting.high:
        return f"On average neither too many nor too few are counted: {_signed(counting)}."
    return f"On average {abs(counting.mean_error):.2f} too {'many' if counting.mean_error > 0 else 'few'} are counted: {_signed(counting)}."


def not_seen(seen: Sequence[Slice]) -> str:
    """How many wrong answers are to questions whose evidence was not among the frames; "" where all could be seen."""
    wrong = {each.value: each.n - each.right for each in seen}
    everything, hidden = sum(wrong.values()), wrong.get("no", 0)
    if not everything or not hidden:
        return ""
    return (
        f"{percent(hidden / everything)} of the wrong answers ({count(hidden)} of {count(everything)}) are to questions whose evidence "
        "needs more frames per second than were shown."
    )


def mistaken(confusion: Confusion, most: int = 6) -> list[tuple[str, str, int, int]]:
    """(right, said, times, times that it was offered) of what is said most often in place of the right answer, most often first."""
    labels, size = confusion.labels, range(len(confusion.labels))
    wrong = [(labels[i], labels[j], confusion.counts[i][j], confusion.offered[i][j]) for i in size for j in size if i != j]
    return sorted((each for each in wrong if each[2] > 1), key=lambda each: (-each[2], each[3]))[:most]


def _signed(counting: Counting) -> str:
    low, high = signed(counting.low), signed(counting.high)
    return f"mean error {signed(counting.mean_error)}, 95{SPACE}% interval {low} to {high}, over {count(counting.n, 'question')}"


def _decimals(n: int) -> int:
    return 1 if n >= MANY else 0
