"""Overtake: two go the same way, and the one behind gets ahead."""

from dataclasses import dataclass

from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.motions.motion import steady


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Overtake(Event):
    """Both set off at the same time, one after the other; the overtaker swings out by ``aside_m`` to the left, and in again."""

    roles = ("overtaker", "overtaken")
    sentence = "{overtaker} overtakes {overtaken}"
    base, passive = "overtake", "overtaken by"
    bulk = dict.fromkeys(roles, 0.8)
    seconds = (2.0, 3.2)
    hides = roles
    crossways = True
    implies = ("pass_behind", "pass_in_front")
    reversed_in_time = ""

    apart_m: float
    lead_m: float
    aside_m: float
    slow_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        apart_m = tracks.draw_apart_m(rng, cue)
        lead_m = (first[0] + second[0]) / 2 + cue.amplitude(rng, 0.25, 0.45)
        slow_m = rng.uniform(0.35, 0.55)
        aside_m = cue.sense * tracks.clear_aside_m(first, second, apart_m, lead_m, rng.uniform(0.08, 0.14))
        tracks.require_room(apart_m + lead_m + slow_m + first[0])
        sizes = {"apart_m": apart_m, "lead_m": lead_m, "aside_m": aside_m, "slow_m": slow_m}
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, **sizes)

    def places(self):
        return tracks.side_by_side(self.roles, self.apart_m, -(self.slow_m + self.lead_m) / 2)

    def local_poses(self, t_s):
        u = steady(t_s / self.duration_s, 0.25)
        x, y = tracks.way_round(u, self.apart_m, self.lead_m, self.aside_m)
        return {"overtaker": tracks.pose(t_s, self.slow_m * u + x, y), "overtaken": tracks.pose(t_s, self.slow_m * u)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        if not measured.level(0, 1) or not measured.straight(1) or measured.gap_m(0, 1).min() < 0.03:
            return False
        fast, slow = measured.net_m(0), measured.net_m(1)
        ahead = -measured.between_m(0, 1) @ fast  # of the other, along the way, times its length
        same_way = fast @ slow > 0.98 * (fast @ fast) ** 0.5 * (slow @ slow) ** 0.5 > 0.05
        beside = measured.apart_m(0, 1).min() < 1.6
        clearly = 0.1 * (fast @ fast) ** 0.5  # two that keep level are neither behind nor ahead
        return bool(same_way and beside and ahead[0] < -clearly and ahead[-1] > clearly)
