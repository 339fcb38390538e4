"""Follow: one goes the way that another goes, some way behind it."""

from dataclasses import dataclass

import numpy as np

from scenes import geometry
from scenes.events import tracks
from scenes.events.event import EVENTS, Event, EventCue
from scenes.motions.motion import steady

STRAIGHT = 0.3  # of the leader's way before the bend, and after it


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Follow(Event):
    """Both go along one track, straight, round a bend and straight again, and turn with it; the follower sets off later."""

    roles = ("follower", "leader")
    sentence = "{follower} follows {leader}"
    base, passive = "follow", "followed by"
    bulk = dict.fromkeys(roles, 0.75)
    seconds = (2.6, 3.8)

    behind_m: float
    way_m: float
    bend_rad: float
    delay_s: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        behind_m = tracks.draw_apart_m(rng, cue)
        way_m, bend_rad = behind_m + cue.amplitude(rng, 0.5, 0.9), cue.sense * cue.amplitude(rng, 0.9, 1.9)
        drawn = cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            behind_m=behind_m,
            way_m=way_m,
            bend_rad=bend_rad,
            delay_s=cue.duration_s * rng.uniform(0.14, 0.2),
        )
        ahead_m = float(np.ptp(drawn._track(np.linspace(-behind_m, way_m, 50))[0]))
        tracks.require_room(ahead_m + sum(tracks.half_m(cue.extent_m[role]) for role in cls.roles))
        return drawn

    def places(self):
        x, y, _ = self._track(np.linspace(-self.behind_m, self.way_m, 50))
        x, y = (-float(each.max() + each.min()) / 2 for each in (x, y))
        return {"follower": (x - self.behind_m, y, 0.0), "leader": (x, y, 0.0)}

    def local_poses(self, t_s):
        lasts_s = self.duration_s - self.delay_s
        led, followed = (self.way_m * steady((t_s - late_s) / lasts_s, 0.2) for late_s in (0.0, self.delay_s))
        x, y, turned = self._track(followed - self.behind_m)
        return {
            "follower": tracks.pose(t_s, x + self.behind_m, y, turned=geometry.yaw(turned)),
            "leader": self._leads(t_s, led),
        }

    def contacts(self):
        return ()

    @classmethod
    def matches(cls, measured):
        late_s = measured.start_s(0) - measured.start_s(1)
        if not measured.level(0, 1) or not 0.1 < late_s < np.inf or measured.gap_m(0, 1).min() < 0.03:
            return False
        arrives = int(np.argmin(np.linalg.norm(measured.position_m[0, :, :2] - measured.position_m[1, 0, :2], axis=1)))
        off_m = measured.on_track_m(0, 1)[arrives:]
        return bool(len(off_m) > 3 and off_m.max() < 0.05 and min(measured.travel_m(0), measured.travel_m(1)) > 0.6)

    def _leads(self, t_s, way):
        x, y, turned = self._track(way)
        return tracks.pose(t_s, x, y, turned=geometry.yaw(turned))

    def _track(self, way):
        """x, y and direction in radians at each distance along the track from where the leader starts."""
        before, bent = STRAIGHT * self.way_m, (1 - 2 * STRAIGHT) * self.way_m
        radius = bent / abs(self.bend_rad)
        turned = np.clip((way - before) / bent, 0.0, 1.0) * abs(self.bend_rad)
        x, y = tracks.round_trip(turned, radius)
        after = np.maximum(way - before - bent, 0.0)
        x = np.minimum(way, before) + x + after * np.cos(turned)
        return x, np.sign(self.bend_rad) * (y + after * np.sin(turned)), np.sign(self.bend_rad) * turned
