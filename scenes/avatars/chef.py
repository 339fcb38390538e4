"""A stocky cook with a tall white hat."""

from scenes import solids
from scenes.avatars.avatar import AVATARS, Proportions
from scenes.avatars.human import Build, Human, Painted, Paints
from scenes.patterns import plain

LINEN = plain((0.96, 0.96, 0.94))


@AVATARS.register
class Chef(Human):
    """Short legs, a round belly, thick limbs, a moustache, and a hat that counts for its height."""

    noun = "cook"
    height_m = (1.62, 1.76)
    build = Build(arm=0.031, leg=0.053, chest=0.110, belly=0.122, depth=0.84, head=0.074)
    proportions = Proportions(
        thigh=0.196, shin=0.194, ankle=0.040, hip_width=0.118, shoulder_width=0.262, torso=0.290, neck=0.024,
        upper_arm=0.146, forearm=0.208, back=0.100,
    )  # fmt: skip

    def _crown(self) -> float:
        return 0.158

    def hair(self, paints: Paints) -> list[Painted]:
        r, crown = self.build.head, self._crown()
        size = self.proportions
        top = 1.0 - size.leg - size.torso - size.neck
        brim = crown - 0.5 * r
        puff = brim + 0.55 * (top - brim)
        profile = [
            (0, brim),
            (0.9 * r, brim),
            (0.88 * r, puff),
            (1.14 * r, puff + 0.2 * r),
            (1.08 * r, top - 0.1 * r),
            (0.7 * r, top),
            (0, top),
        ]
        beard = solids.ball(1.0, 10, 6).scaled(0.14 * r, 0.42 * r, 0.13 * r).moved(0.84 * r, 0, self._eyes() - 0.5 * r)
        return [(solids.join([self.cap_of_hair(0.2, -0.06), beard]), paints.hair), (solids.revolve(profile, 16), LINEN)]
