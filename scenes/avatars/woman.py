"""A grown woman in short sleeves."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import Build, Human, Painted, Paints, pillar


@AVATARS.register
class Woman(Human):
    """Long hair, narrow waist, short sleeves, long trousers."""

    noun = "woman"
    height_m = (1.58, 1.72)
    build = Build(arm=0.022, leg=0.045, chest=0.080, belly=0.060, depth=0.68, head=0.072)
    short_sleeves = True
    proportions = Proportions(
        thigh=0.244, shin=0.240, ankle=0.040, hip_width=0.100, shoulder_width=0.190, torso=0.276, neck=0.044,
        upper_arm=0.158, forearm=0.228, back=0.070,
    )  # fmt: skip

    def hair(self, paints: Paints) -> list[Painted]:
        r, crown = self.build.head, self._crown()
        fall = pillar(0.84 * r, 0.62 * r, 1.25 * r).scaled(0.55, 1.0, 1.0).moved(-0.62 * r, 0, crown - 0.95 * r)
        sides = [pillar(0.3 * r, 0.2 * r, 1.0 * r, 8).moved(0.1 * r, 0.82 * side * r, crown - 0.75 * r) for side in (1, -1)]
        return [(solids.join([self.cap_of_hair(0.14, 0.09), self.fringe(0.72, 0.18), fall, *sides]), paints.hair)]
