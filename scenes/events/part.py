"""Part: two that touch move away from each other."""

from dataclasses import dataclass

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact
from scenes.events.meet import Meet, on_one_line


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Part(Meet):
    """`Meet` in a film that runs backwards."""

    sentence = "{first} and {second} start side by side and move away from each other"
    reversed_in_time = "meet"

    def places(self):
        return tracks.final_places(super().places(), super().local_poses, self.duration_s)

    def local_poses(self, t_s):
        return tracks.reversed_poses(super().local_poses, t_s, self.duration_s)

    def contacts(self):
        return (Contact(self.roles, 0.0, 0.0),)

    @classmethod
    def matches(cls, measured):
        gap = measured.gap_m(0, 1)
        return on_one_line(measured) and bool(abs(gap[0]) < 0.02 and gap[-1] > 0.2 and measured.along_m(0, 0, 1)[-1] < 0)
