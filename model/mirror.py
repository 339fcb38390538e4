"""Questions of a video that is shown in a mirror: left and right, and the two ways to turn, are exchanged in what is asked.

mirrored("The camera rolls clockwise, then pans left")  # "The camera rolls counter-clockwise, then pans right"
"""

from __future__ import annotations

import re

from model.dataset import Item

EXCHANGED = {
    "left": "right",
    "leftward": "rightward",
    "leftwards": "rightwards",
    "leftmost": "rightmost",
    "clockwise": "counter-clockwise",
}
EXCHANGED |= {other: one for one, other in EXCHANGED.items()} | dict.fromkeys(
    ("counterclockwise", "anticlockwise", "anti-clockwise"), "clockwise"
)
BOTH = r"\b(?:left|right)(?:, a middle)? (?:and|or) (?:to the |its |a )?(?:left|right)\b"  # names both, so that it stays as it is
TIME = r"\bright (?:after|before|when|as|away|now)\b"
SIDES = re.compile(f"{BOTH}|{TIME}|" + r"\b(?P<side>" + "|".join(sorted(EXCHANGED, key=len, reverse=True)) + r")\b", re.IGNORECASE)


def mirrored(text: str) -> str:
    """What is true of the mirror image where ``text`` is true of the picture: `QuestionTemplate.mirrored`, in words."""
    return SIDES.sub(_exchanged, text)


def can_mirror(item: Item) -> bool:
    """Whether a question may be asked of the mirror image: that its words are known, since a template of the catalogue wrote them.

    In the questions of other data sets "left" may mean that someone went away, and there may be writing in the picture.
    """
    return item.template != ""


def _exchanged(match: re.Match[str]) -> str:
    side = match["side"]
    if side is None:
        return match[0]
    other = EXCHANGED[side.lower()]
    return other.capitalize() if side[0].isupper() else other
