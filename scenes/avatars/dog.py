"""A large dog in a coloured coat."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import EYES, Painted, pillar
from scenes.avatars.quadruped import Girth, Quadruped
from scenes.patterns import plain
from scenes.types import Pattern


@AVATARS.register
class Dog(Quadruped):
    """A long muzzle, hanging ears, a raised tail."""

    noun = "dog"
    height_m = (0.80, 0.95)
    furs = ((0.62, 0.45, 0.28), (0.86, 0.80, 0.68), (0.25, 0.20, 0.18), (0.55, 0.53, 0.52))
    girth = Girth(chest=0.140, loin=0.118, thigh=0.085, shin=0.044, paw=0.050, neck=0.080)
    proportions = Proportions(
        thigh=0.270, shin=0.250, ankle=0.030, hip_width=0.130, shoulder_width=0.140, torso=0.640, neck=0.321,
        upper_arm=0.250, forearm=0.300, legs=4,
    )  # fmt: skip

    def called(self, colour: str) -> str:
        return f"dog in {colour}"

    def head(self, fur: Pattern) -> list[Painted]:
        skull = solids.ball(1.0, 14, 9).scaled(0.125, 0.108, 0.105).moved(0.03, 0, 0.075)
        muzzle = pillar(0.068, 0.05, 0.16, 10).scaled(0.85, 1, 1).turned(-84, "y").moved(0.07, 0, 0.032)
        ears = [
            solids.ball(1.0, 10, 6).scaled(0.055, 0.024, 0.115).turned(-14 * side, "x").moved(-0.03, side * 0.112, 0.06) for side in (1, -1)
        ]
        tops = [solids.ball(1.0, 8, 5).scaled(0.04, 0.03, 0.025).moved(-0.02, side * 0.07, 0.168) for side in (1, -1)]
        nose = solids.ball(0.03, 8, 6).moved(0.282, 0, 0.066)
        return [
            (solids.join([skull, muzzle, *tops]), fur),
            (solids.join(ears), plain((0.30, 0.20, 0.14))),
            (nose, plain(EYES)),
            self.eyes(0.128, 0.055, 0.115, 0.02),
        ]

    def tail(self, fur: Pattern) -> list[Painted]:
        return [(pillar(0.036, 0.018, 0.27, 8).turned(122, "y"), fur)]
