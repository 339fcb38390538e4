"""Pass in front: one goes past between the camera and another that rests."""

from dataclasses import dataclass
from typing import ClassVar

from scenes.events.event import EVENTS
from scenes.events.pass_behind import PassBehind


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class PassInFront(PassBehind):
    """As `PassBehind`, on the camera's side."""

    sentence = "{passer} passes in front of {passed}"
    base = "pass in front of"
    hides: ClassVar[tuple[str, ...]] = ("passed",)
    behind: ClassVar[bool] = False
