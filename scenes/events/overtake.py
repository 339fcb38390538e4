"""Overtake: two go the same way side by side, and the one behind gets ahead."""

from dataclasses import dataclass

from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.motions.motion import steady


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Overtake(Event):
    """Both go straight, at the same time, on lanes beside each other; ``lane_m`` is how far to the left the overtaker's is."""

    roles = ("overtaker", "overtaken")
    sentence = "{overtaker} overtakes {overtaken}"
    base, passive = "overtake", "overtaken by"
    bulk = dict.fromkeys(roles, 0.8)
    seconds = (2.0, 3.2)
    hides = roles
    crossways = True
    reversed_in_time = ""

    lead_m: float
    lane_m: float
    slow_m: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        lead_m = max(0.4, 0.35 * (first[0] + second[0])) + cue.amplitude(rng, 0.0, 0.2)
        slow_m = rng.uniform(0.4, 0.6)
        lane_m = cue.sense * ((first[1] + second[1]) / 2 + rng.uniform(0.12, 0.25))
        tracks.require_room(2 * lead_m + slow_m + first[0])
        return cls(duration_s=cue.duration_s, heading_rad=cue.heading_rad, lead_m=lead_m, lane_m=lane_m, slow_m=slow_m)

    def places(self):
        return {
            "overtaker": (-self.lead_m - self.slow_m / 2, self.lane_m / 2, 0.0),
            "overtaken": (-self.slow_m / 2, -self.lane_m / 2, 0.0),
        }

    def local_poses(self, t_s):
        u = steady(t_s / self.duration_s, 0.25)
        return {"overtaker": tracks.pose(t_s, (self.slow_m + 2 * self.lead_m) * u), "overtaken": tracks.pose(t_s, self.slow_m * u)}

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        if not measured.level(0, 1) or not all(measured.straight(role) for role in (0, 1)) or measured.gap_m(0, 1).min() < 0.03:
            return False
        fast, slow = measured.net_m(0), measured.net_m(1)
        ahead = -measured.between_m(0, 1) @ fast  # of the other, along the way, times its length
        same_way = fast @ slow > 0.98 * (fast @ fast) ** 0.5 * (slow @ slow) ** 0.5 > 0.05
        beside = measured.apart_m(0, 1).min() < 1.6
        clearly = 0.1 * (fast @ fast) ** 0.5  # two that keep level are neither behind nor ahead
        return bool(same_way and beside and ahead[0] < -clearly and ahead[-1] > clearly)
