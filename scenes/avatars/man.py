"""A grown man in shirt and trousers."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import Human, Painted, Paints


@AVATARS.register
class Man(Human):
    """Short hair, long trousers."""

    noun = "man"
    height_m = (1.68, 1.82)
    proportions = Proportions(
        thigh=0.240, shin=0.238, ankle=0.042, hip_width=0.098, shoulder_width=0.216, torso=0.286, neck=0.040,
        upper_arm=0.162, forearm=0.236, back=0.063,
    )  # fmt: skip

    def hair(self, paints: Paints) -> list[Painted]:
        return [(solids.join([self.cap_of_hair(), self.fringe()]), paints.hair)]
