"""A pair of twins, staged together: the second scene is the first one with one factor flipped."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qa_templates.ask import Staged, stage
from qa_templates.question import QUESTIONS
from qa_templates.quota import Intent
from scenes.placing import settle
from scenes.script import SceneOptions
from scenes.streams import Streams
from scenes.types import SceneSpec


@dataclass(frozen=True)
class Pair:
    """Two staged clips, and the name of the factor in which they differ."""

    first: Staged
    second: Staged
    factor: str


def stage_pair(intents: tuple[Intent, Intent], clip_ids: tuple[str, str], streams: Streams, scene: SceneOptions) -> Pair:
    """Build both scenes, and find places at which the objects have room in both.

    Args:
        streams: of the first clip, for both.

    Raises:
        Rejected: this attempt's draw is infeasible for one of them.
    """
    template = QUESTIONS[intents[0].template]()
    staged = stage(intents[0], clip_ids[0], streams, scene)
    asked = template.paired(staged.spec, staged.asked, intents[1].answer)
    spec, factor = template.twin(staged.spec, asked, intents[1].answer, streams.rng("twin"), scene)
    specs: tuple[SceneSpec, ...] = (staged.spec, replace(spec, clip_id=clip_ids[1], index=intents[1].index))
    if not template.placed:
        specs = settle(specs, streams.rng("layout of twins"), scene)
    return Pair(Staged(specs[0], asked), Staged(specs[1], replace(asked, letter=intents[1].letter)), factor)
