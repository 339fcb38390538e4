"""What the generator writes beside a clip, as far as the model reads it, of clips that tests draw themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def annotate(
    root: Path, key: str, colours: Mapping[str, str], box_px: np.ndarray, size_px: tuple[int, int], templates: Mapping[str, str], **more
) -> None:
    """Write the annotation and the trajectories of a clip all of whose objects are plainly visible.

    Args:
        colours: of the objects, by their names.
        box_px: ``(object, frame, 4)``: left, upper, right, lower.
        size_px: width and height of the picture.
        templates: of the questions, by their uids.
        more: other fields of the annotation.
    """
    trajectories = Path("trajectories") / f"{key}.npz"
    area_px = np.prod(box_px[..., 2:] - box_px[..., :2], axis=-1)
    np.savez(
        root / trajectories,
        visible_fraction=np.ones(area_px.shape),
        area_px=area_px,
        box_px=box_px,
        width_px=size_px[0],
        height_px=size_px[1],
    )
    annotation = {
        "questions": [{"uid": uid, "template": template} for uid, template in templates.items()],
        "spec": {"objects": [{"name": name, "colour": colour} for name, colour in colours.items()]},
        "visibility": {"names": list(colours)},
        "files": {"trajectories": {"path": trajectories.as_posix()}},
        **more,
    }
    (root / "annotations" / f"{key}.json").write_text(json.dumps(annotation))
