"""Unstack: one that stands on another rises, goes across and is set down beside it."""

from dataclasses import dataclass
from typing import ClassVar

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact
from scenes.events.stack import Stack


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Unstack(Stack):
    """`Stack` in a film that runs backwards."""

    sentence = "{stacked} rises from the top of {base} and is set down beside it"
    base = "come down from"
    reversed_in_time: ClassVar[str] = "stack"

    def places(self):
        return tracks.final_places(super().places(), super().local_poses, self.duration_s)

    def local_poses(self, t_s):
        return tracks.reversed_poses(super().local_poses, t_s, self.duration_s)

    def contacts(self):
        return (Contact(self.roles, 0.0, 0.0),)

    @classmethod
    def matches(cls, measured):
        on_top = measured.on_top(0, 1)
        return bool(measured.rests(1) and on_top[0] and measured.grounded(0, -1) and measured.gap_m(0, 1)[-1] > 0.05)
