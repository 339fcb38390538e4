"""A child in T-shirt and shorts."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import Build, Human, Painted, Paints


@AVATARS.register
class Child(Human):
    """A large head on a small body, bare arms and shins, tousled hair."""

    noun = "child"
    height_m = (1.02, 1.22)
    build = Build(arm=0.029, leg=0.049, chest=0.091, belly=0.088, depth=0.72, head=0.102)
    short_sleeves = True
    shorts = True
    proportions = Proportions(
        thigh=0.206, shin=0.202, ankle=0.044, hip_width=0.104, shoulder_width=0.212, torso=0.292, neck=0.036,
        upper_arm=0.140, forearm=0.204, back=0.083,
    )  # fmt: skip

    def hair(self, paints: Paints) -> list[Painted]:
        return [(solids.join([self.cap_of_hair(0.12, 0.06), self.fringe(0.55, 0.3)]), paints.hair)]
