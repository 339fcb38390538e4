"""A robot of painted plates and steel tubes."""

from collections.abc import Mapping

from scenes import solids
from scenes.avatars.avatar import AVATARS, Avatar, Proportions
from scenes.avatars.human import pillar
from scenes.avatars.skeleton import BALL, HEEL, SIDES, WAIST
from scenes.colours import COLOURS
from scenes.patterns import plain
from scenes.shapes import RUBBER, STEEL, Surface
from scenes.solids import Solid
from scenes.types import Pattern

GLOW = plain((0.98, 0.96, 0.76))
TUBES, JOINTS = plain(STEEL), plain(RUBBER)


@AVATARS.register
class Robot(Avatar):
    """A square trunk and head with an aerial, tubes for limbs, pincers for hands."""

    noun = "robot"
    height_m = (1.45, 1.70)
    proportions = Proportions(
        thigh=0.196, shin=0.196, ankle=0.050, hip_width=0.140, shoulder_width=0.300, torso=0.270, neck=0.034,
        upper_arm=0.150, forearm=0.226, back=0.108,
    )  # fmt: skip

    def surfaces(self, pattern: Pattern, colour: str) -> Mapping[str, tuple[Surface, ...]]:
        shell = plain(COLOURS[colour])
        limbs = {"pelvis": self._pelvis(shell), "chest": self._chest(pattern, shell), "head": self._head(shell)}
        for name, sign in SIDES:
            parts = self._arm(shell, sign) | self._leg(shell)
            limbs |= {f"{name}_{part}": surfaces for part, surfaces in parts.items()}
        return limbs

    def _pelvis(self, shell: Pattern) -> tuple[Surface, ...]:
        waist = WAIST * self.proportions.torso
        block = solids.box(0.12, 0.2, 0.07, chamfer=0.015).moved(z=-0.04)
        return (Surface(block, shell, False), Surface(solids.cylinder(0.05, waist, 12, bevel=0.008), JOINTS))

    def _chest(self, pattern: Pattern, shell: Pattern) -> tuple[Surface, ...]:
        top = (1 - WAIST) * self.proportions.torso
        trunk = solids.box(0.16, 0.24, top + 0.03, chamfer=0.022).moved(z=-0.01)
        neck = solids.cylinder(0.03, 0.07, 12, bevel=0.006).moved(z=top + 0.01)
        pack = solids.box(0.04, 0.17, 0.15, chamfer=0.01).moved(x=-0.09, z=0.04)
        dial = solids.ball(0.032, 12, 8).scaled(0.4, 1, 1).moved(0.08, 0, 0.13)
        return (Surface(trunk, pattern, False), Surface(neck, JOINTS), Surface(pack, TUBES, False), Surface(dial, GLOW))

    def _head(self, shell: Pattern) -> tuple[Surface, ...]:
        size = self.proportions
        top = 1.0 - size.leg - size.torso - size.neck
        block = solids.box(0.15, 0.18, 0.16, chamfer=0.02).moved(z=0.01)
        visor = solids.box(0.03, 0.15, 0.055, chamfer=0.008).moved(0.07, 0, 0.085)
        eyes = solids.join([solids.ball(0.022, 10, 6).moved(0.082, y, 0.112) for y in (0.04, -0.04)])
        mast = solids.cylinder(0.008, top - 0.185, 6, bevel=0.002).moved(-0.04, 0, 0.165)
        bulb = solids.ball(0.02, 10, 6).moved(-0.04, 0, top - 0.02)
        return (Surface(block, shell, False), Surface(visor, JOINTS, False), Surface(eyes, GLOW), Surface(mast, TUBES), Surface(bulb, GLOW))

    def _arm(self, shell: Pattern, sign: float) -> dict[str, tuple[Surface, ...]]:
        size = self.proportions
        wrist = 0.66 * size.forearm
        guard = solids.ball(0.046, 12, 6).moved(z=0.004)
        cuff = solids.cylinder(0.036, 0.6 * wrist, 10, bevel=0.008).moved(z=-wrist)
        upper = (Surface(guard, shell), Surface(pillar(0.026, 0.026, size.upper_arm), TUBES))
        return {
            "upper_arm": upper,
            "forearm": (Surface(pillar(0.03, 0.026, wrist), JOINTS), Surface(cuff, shell), Surface(self._pincer(sign), TUBES)),
        }

    def _pincer(self, sign: float) -> Solid:
        """Two fingers, and a thumb ahead of them."""
        size = self.proportions
        wrist, length = 0.66 * size.forearm, 0.34 * size.forearm
        finger = pillar(0.014, 0.011, length - 0.024, 6)
        palm = solids.ball(0.03, 10, 6).moved(z=-wrist - 0.01)
        thumb = finger.scaled(1, 1, 0.7).turned(-30, "y").moved(0.02, 0, -wrist - 0.012)
        return solids.join([palm, thumb, *(finger.moved(x, -0.004 * sign, -wrist - 0.012) for x in (-0.016, 0.008))])

    def _leg(self, shell: Pattern) -> dict[str, tuple[Surface, ...]]:
        size = self.proportions
        knee = solids.ball(0.042, 10, 6)
        greave = solids.cylinder(0.046, 0.62 * size.shin, 10, bevel=0.01, top_radius=0.038).moved(z=-0.86 * size.shin)
        foot = solids.box((HEEL + BALL + 0.6) * size.ankle, 0.1, 0.042, chamfer=0.01).moved(
            (BALL + 0.6 - HEEL) / 2 * size.ankle, 0, -size.ankle
        )
        return {
            "thigh": (Surface(pillar(0.036, 0.032, size.thigh), TUBES),),
            "shin": (Surface(solids.join([knee, pillar(0.028, 0.024, size.shin)]), JOINTS), Surface(greave, shell)),
            "foot": (Surface(foot, shell, False), Surface(solids.ball(0.034, 10, 6), JOINTS)),
        }
