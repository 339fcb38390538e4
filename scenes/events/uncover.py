"""Uncover: a cup rises, and what was hidden under it comes to sight."""

from dataclasses import dataclass
from typing import ClassVar

from scenes.events import tracks
from scenes.events.cover import Cover
from scenes.events.event import EVENTS


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Uncover(Cover):
    """`Cover` in a film that runs backwards."""

    sentence = "{cup} is lifted off {covered} and put down beside it"
    base, passive = "uncover", "uncovered by"
    reversed_in_time: ClassVar[str] = "cover"

    def places(self):
        return tracks.final_places(super().places(), super().local_poses, self.duration_s)

    def local_poses(self, t_s):
        return tracks.reversed_poses(super().local_poses, t_s, self.duration_s)

    @classmethod
    def matches(cls, measured):
        inside = measured.inside(1, 0)
        return bool(measured.rests(1) and inside[0] and measured.grounded(0, -1) and measured.gap_m(0, 1)[-1] > 0.05)
