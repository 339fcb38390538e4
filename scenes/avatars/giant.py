"""A very tall, thin man."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import Build, Human, Painted, Paints
from scenes.patterns import plain

BAND = plain((0.93, 0.92, 0.88))


@AVATARS.register
class Giant(Human):
    """Long limbs, a small head with a headband, shorts."""

    noun = "tall man"
    height_m = (1.98, 2.10)
    build = Build(arm=0.020, leg=0.036, chest=0.074, belly=0.060, depth=0.66, head=0.060)
    short_sleeves = True
    shorts = True
    proportions = Proportions(
        thigh=0.264, shin=0.262, ankle=0.036, hip_width=0.084, shoulder_width=0.186, torso=0.274, neck=0.044,
        upper_arm=0.170, forearm=0.248, back=0.055,
    )  # fmt: skip

    def hair(self, paints: Paints) -> list[Painted]:
        r = self.build.head
        band = solids.cylinder(0.96 * r, 0.26 * r, 16, bevel=0.06 * r).scaled(0.97, 0.92, 1.0).moved(-0.03 * r, 0, self._eyes() + 0.24 * r)
        return [(solids.join([self.cap_of_hair(), self.fringe(0.6, 0.2)]), paints.hair), (band, BAND)]
