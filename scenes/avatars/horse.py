"""A pony with a coloured blanket."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import Painted, pillar
from scenes.avatars.quadruped import Girth, Quadruped
from scenes.avatars.skeleton import NECK_ON_FOUR
from scenes.patterns import plain
from scenes.types import Pattern

MANE = plain((0.16, 0.12, 0.10))


@AVATARS.register
class Horse(Quadruped):
    """A long neck with a mane, a hanging tail, hooves."""

    noun = "pony"
    height_m = (1.35, 1.55)
    furs = ((0.55, 0.33, 0.18), (0.83, 0.72, 0.55), (0.33, 0.20, 0.13), (0.72, 0.71, 0.70))
    girth = Girth(chest=0.128, loin=0.112, thigh=0.070, shin=0.034, paw=0.042, neck=0.075)
    paw_length = 1.15
    proportions = Proportions(
        thigh=0.255, shin=0.235, ankle=0.030, hip_width=0.110, shoulder_width=0.110, torso=0.560, neck=0.400,
        upper_arm=0.245, forearm=0.275, legs=4,
    )  # fmt: skip

    @property
    def hoof(self) -> Pattern | None:
        return MANE

    def called(self, colour: str) -> str:
        return f"pony in {colour}"

    def head(self, fur: Pattern) -> list[Painted]:
        skull = solids.ball(1.0, 12, 8).scaled(0.085, 0.065, 0.08).moved(0.02, 0, 0.03)
        face = pillar(0.066, 0.048, 0.2, 10).scaled(1, 0.86, 1).turned(-58, "y").moved(0.03, 0, 0.02)
        ears = [
            solids.cylinder(0.02, 0.075, 8, bevel=0.004, top_radius=0.004).turned(-12 * side, "x").moved(-0.01, side * 0.04, 0.085)
            for side in (1, -1)
        ]
        tuft = solids.ball(1.0, 8, 5).scaled(0.05, 0.03, 0.06).moved(-0.02, 0, 0.1)
        return [(solids.join([skull, face, *ears]), fur), (tuft, MANE), self.eyes(0.07, 0.056, 0.045, 0.016)]

    def on_neck(self) -> list[Painted]:
        top = NECK_ON_FOUR * self.proportions.neck
        mane = pillar(0.035, 0.045, 0.27, 8).scaled(1, 0.6, 1).turned(37, "y").moved(top[0] - 0.08, 0, top[2] + 0.05)
        return [(mane.moved(x=self.proportions.torso / 2), MANE)]

    def tail(self, fur: Pattern) -> list[Painted]:
        return [(pillar(0.034, 0.05, 0.32, 8).turned(24, "y"), MANE)]
