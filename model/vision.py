"""The vision tower: SigLIP or SigLIP 2 of a fixed resolution, pretrained or small and new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from transformers import AutoConfig, SiglipVisionConfig, SiglipVisionModel


@dataclass(frozen=True)
class VisionOptions:
    """Which tower.

    Args:
        path: a local folder or an id on the hub, as in ``google/siglip2-base-patch16-256``; None for a new one of the sizes below.
        image_size_px, patch_px, width, depth, heads: of a new one; ``image_size_px`` and ``patch_px`` follow ``path`` where it is given.
    """

    path: str | None = None
    image_size_px: int = 64
    patch_px: int = 8
    width: int = 64
    depth: int = 3
    heads: int = 2

    def __post_init__(self) -> None:
        if self.image_size_px % self.patch_px:
            raise ValueError(
                f"vision.patch_px = {self.patch_px} is not allowed: it must divide vision.image_size_px = {self.image_size_px}"
            )
        if self.width % self.heads:
            raise ValueError(f"vision.heads = {self.heads} is not allowed: it must divide vision.width = {self.width}")


def build_tower(options: VisionOptions, pretrained: bool = True) -> SiglipVisionModel:
    """The tower in float32, without its head.

    Args:
        pretrained: False builds the architecture at ``path`` with new weights, for a checkpoint that brings its own.

    Raises:
        ValueError: there is no tower at ``path``, or it is of another architecture.
    """
    if options.path is None:
        return SiglipVisionModel._from_config(_small(options))
    config = _config_at(options.path)
    if not pretrained:
        return SiglipVisionModel._from_config(config)
    return SiglipVisionModel.from_pretrained(options.path, config=config, dtype=torch.float32)


def image_size_px(options: VisionOptions) -> int:
    """Width and height of the pictures that the tower takes. Raises ValueError when there is no tower at ``path``."""
    return options.image_size_px if options.path is None else cast(int, _config_at(options.path).image_size)


def normalised(frames: Tensor) -> Tensor:
    """uint8 pixels as SigLIP wants them: −1 to 1, float32."""
    return frames.float() / 127.5 - 1.0


def _small(options: VisionOptions) -> SiglipVisionConfig:
    return SiglipVisionConfig(
        hidden_size=options.width,
        intermediate_size=4 * options.width,
        num_hidden_layers=options.depth,
        num_attention_heads=options.heads,
        image_size=options.image_size_px,
        patch_size=options.patch_px,
        vision_use_head=False,
    )


def _config_at(path: str) -> SiglipVisionConfig:
    try:
        config = AutoConfig.from_pretrained(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"vision.path = {path!r} is not allowed: no model is there ({error}); give a folder or a hub id") from error
    config = getattr(config, "vision_config", config)
    if not isinstance(config, SiglipVisionConfig):
        raise ValueError(f"vision.path = {path!r} is not allowed: it is a {config.model_type}; give a SigLIP tower of fixed resolution")
    config.vision_use_head = False
    return config
