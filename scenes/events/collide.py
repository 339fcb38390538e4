"""Collide: one runs into another that rests, and sends it off."""

from dataclasses import dataclass

import numpy as np

from scenes.events import tracks
from scenes.events.event import EVENTS, Contact, Event, EventCue
from scenes.rejection import Rejected

SENT_M = 0.25  # how far off the struck is sent at the least, for all to see that the striker did not bounce off a wall
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

    start_m: tuple[float, float]
    hit_s: float
    speed_m_s: float
    after_m_s: tuple[float, float]
    slowing_m_s2: float

    @classmethod
    def sample(cls, rng, cue: EventCue):
        first, second = (cue.extent_m[role] for role in cls.roles)
        hit_s = cue.duration_s * rng.uniform(0.33, 0.38)
        shares = after_impact((float(np.prod(first)), float(np.prod(second))), rng.uniform(0.6, 0.85))
        left_s = cue.duration_s - hit_s
        run_s = hit_s - RAMP * hit_s / 2  # the way before the hit, over the speed
        slid_s = max(map(abs, shares)) * left_s / 2
        speed = min(cue.amplitude(rng, 0.6, 1.1) / run_s, (tracks.ROOM_M - first[0] - second[0]) / (run_s + slid_s))
        slowing = max(map(abs, shares)) * speed / left_s
        slid_m = [float(np.sign(share) * (share * speed) ** 2 / (2 * slowing)) for share in shares]
        if slid_m[1] - max(slid_m[0], 0.0) < BACK_M or slid_m[1] < SENT_M:
            raise Rejected("staging", "a collision that is not clear")
        half_way_m = (speed * run_s + first[0] + second[0] + slid_m[1]) / 2
        return cls(
            duration_s=cue.duration_s,
            heading_rad=cue.heading_rad,
            start_m=(tracks.half_m(first) - half_way_m, first[0] + speed * run_s + tracks.half_m(second) - half_way_m),
            hit_s=hit_s,
            speed_m_s=speed,
            after_m_s=(shares[0] * speed, shares[1] * speed),
            slowing_m_s2=slowing,
        )

    def places(self):
        return {role: (x, 0.0, 0.0) for role, x in zip(self.roles, self.start_m, strict=True)}

    def local_poses(self, t_s):
        after_s = np.maximum(t_s - self.hit_s, 0.0)
        run = self.speed_m_s * tracks.set_off(np.minimum(t_s, self.hit_s), RAMP * self.hit_s)
        slid = [tracks.coast(after_s, speed, self.slowing_m_s2) for speed in self.after_m_s]
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
