"""Collide: one runs into another that rests, and sends it off."""

from dataclasses import dataclass

import numpy as np

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue
from scenes.rejection import Rejected

SENT_M = 0.18  # how far off the struck is sent at the least, for all to see that the striker did not bounce off a wall
RAMP = 0.4  # of the time before the hit, in which the striker gets up speed
BACK_M = 0.06  # how far off the striker must be in the end, for all to see that it did not push


@EVENTS.register
@dataclass(frozen=True, kw_only=True)
class Collide(Event):
    """The striker gets up speed, hits, and momentum is exchanged with a restitution; both slide on until friction stops them.

    Masses are as the volumes of the bodies' boxes.
    """

    roles = ("striker", "struck")
    sentence = "{striker} runs into {struck} and knocks it away"
    base, passive = "knock away", "knocked away by"
    shapes = dict.fromkeys(roles, tracks.SQUARE)
    bulk = dict.fromkeys(roles, 0.88)
    seconds = (2.0, 3.0)

    apart_m: float
    run_m: float
    hit_s: float
    restitution: float
    masses: tuple[float, float]

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        apart_m = tracks.draw_apart_m(rng, cue)
        drawn = cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            apart_m=apart_m,
            run_m=apart_m - (first[0] + second[0]) / 2,
            hit_s=cue.duration_s * rng.uniform(0.33, 0.38),
            restitution=rng.uniform(0.65, 0.85),
            masses=(float(np.prod(first)), float(np.prod(second))),
        )
        slid_m = [float(way[-1]) for way in drawn._slid(np.array([cue.duration_s]))]
        if slid_m[1] - max(slid_m[0], 0.0) < BACK_M or slid_m[1] < SENT_M:
            raise Rejected("staging", "a collision that is not clear")
        tracks.require_room(apart_m + (first[0] + second[0]) / 2 + slid_m[1])
        return drawn

    def places(self):
        return tracks.side_by_side(self.roles, self.apart_m, -self.run_m / 2)

    @property
    def speed_m_s(self) -> float:
        """Of the striker at the hit."""
        return self.run_m / (self.hit_s * (1 - RAMP / 2))

    def _slid(self, t_s):
        """The ways of both after the hit: the faster one comes to rest as the event ends."""
        speeds = [share * self.speed_m_s for share in after_impact(self.masses, self.restitution)]
        slowing_m_s2 = max(map(abs, speeds)) / (self.duration_s - self.hit_s)
        return [tracks.coast(np.maximum(t_s - self.hit_s, 0.0), speed, slowing_m_s2) for speed in speeds]

    def local_poses(self, t_s):
        run = self.speed_m_s * tracks.set_off(np.minimum(t_s, self.hit_s), RAMP * self.hit_s)
        slid = self._slid(t_s)
        return {"striker": tracks.pose(t_s, run + slid[0]), "struck": tracks.pose(t_s, slid[1])}

    def contacts(self):
        return (Contact(self.roles, self.hit_s, self.hit_s),)

    @classmethod
    def matches(cls, measured):
        frame = measured.meet_frame(0, 1)
        if frame is None or not measured.level(0, 1) or measured.gap_m(0, 1)[-1] < 0.5 * BACK_M:
            return False
        run, sent = measured.along_m(0, 0, 1), measured.along_m(1, 0, 1)
        aimed = measured.aside_m(0, 0, 1) < 0.05 and measured.aside_m(1, 0, 1) < 0.05
        return bool(aimed and run.max() > 0.2 and sent[-1] > 0.8 * SENT_M and abs(sent[max(frame - 1, 0)]) < 0.02 and sent.min() > -0.02)


def after_impact(masses: tuple[float, float], restitution: float) -> tuple[float, float]:
    """Velocities after a body of velocity 1 has hit one at rest: momentum is kept, and of the relative speed the restitution."""
    together = masses[0] / sum(masses)
    return together - restitution * masses[1] / sum(masses), together + restitution * together
