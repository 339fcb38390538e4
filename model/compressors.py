"""Frames to visual tokens: Through-Encoder Fusion and the five ways that it is compared with (arXiv 2501.02955, section 4).

A compressor holds a vision tower and turns ``frames (batch, T, 3, H, W)`` into ``tokens (batch, T/k · h/s · w/s, L)``:
k frames of a group share the tokens of one, and s × s patches become one token. They differ in *where* the frames of a
group meet:

none        nowhere: one frame of each group is encoded, the others are left out (equal tokens, fewer frames)
pre         before the encoder: k frames are embedded as one (Qwen2-VL, arXiv 2409.12191)
pooled      after the projector: the mean over the group (PLLaVA, arXiv 2404.16994)
merged      after the encoder: one convolution over time and space (Kangaroo, arXiv 2408.15542)
qformer     after the encoder: learned queries attend to all patches of the group (BLIP-2, arXiv 2301.12597)
te_fusion   in the encoder: the patches of a group attend to each other in every layer; then the convolution of `merged`

No embedding of time is added, as in the paper: in `merged` and `te_fusion` the order within a group enters through the
convolution's weights alone. ``slot_embedding`` adds a learned one, as an extension.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import SiglipVisionModel


@dataclass(frozen=True)
class CompressorOptions:
    """How frames become tokens.

    Args:
        name: one of `COMPRESSORS`.
        k: frames in a group, the compression ratio over time.
        s: patches that become one token, in each direction.
        slot_embedding: whether each place in a group has a learned embedding (`te_fusion`, `qformer`); not in the paper.
        query_layers: layers of `qformer`; every second one attends to the patches.
    """

    name: str = "te_fusion"
    k: int = 4
    s: int = 2
    slot_embedding: bool = False
    query_layers: int = 4

    def __post_init__(self) -> None:
        if self.name not in COMPRESSORS:
            raise ValueError(f"compressor = {self.name!r} is not allowed: give one of {', '.join(COMPRESSORS)}")
        for key in ("k", "s", "query_layers"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key} = {getattr(self, key)} is not allowed: give 1 or more")
        if self.slot_embedding and not issubclass(COMPRESSORS[self.name], HasSlots):
            raise ValueError(f"slot_embedding=true is not allowed with compressor={self.name}: te_fusion and qformer have slots")


class Compressor(nn.Module, ABC):
    """The contract: `encode` groups of frames through the tower, then `merge` each group into tokens.

    Args:
        tower: of SigLIP's architecture; its head is not used.
        width: of the language model, L.

    Raises:
        ValueError: s does not divide the tower's grid of patches.
    """

    def __init__(self, tower: SiglipVisionModel, width: int, options: CompressorOptions) -> None:
        super().__init__()
        self.tower, self.options = tower, options
        self.grid = math.isqrt(tower.embeddings.num_patches)
        if self.grid % options.s:
            raise ValueError(f"s = {options.s} is not allowed: it does not divide the {self.grid} × {self.grid} patches of a frame")
        self.build(tower.config.hidden_size, width)

    @abstractmethod
    def build(self, tower_width: int, width: int) -> None:
        """Create the layers behind the tower (and change its embeddings, where frames meet before it)."""

    @abstractmethod
    def encode(self, frames: Tensor) -> Tensor:
        """``(groups, k, 3, H, W)`` → ``(groups, slots, h·w, D)``, with as many slots as frames are still apart."""

    @abstractmethod
    def merge(self, hidden: Tensor) -> Tensor:
        """``(groups, slots, h·w, D)`` → ``(groups, h/s · w/s, L)``."""

    @property
    def tokens_per_group(self) -> int:
        return (self.grid // self.options.s) ** 2

    def num_tokens(self, num_frames: int) -> int:
        """Visual tokens of a clip, or of a picture (one frame). Raises ValueError when frames do not make whole groups."""
        k = self.options.k
        if num_frames == 1:
            return self.tokens_per_group
        if num_frames < k or num_frames % k:
            raise ValueError(f"{num_frames} frames do not split into groups of k = {k}: give a multiple of {k}")
        return num_frames // k * self.tokens_per_group

    def forward(self, frames: Tensor) -> Tensor:
        """``(batch, T, 3, H, W)`` → ``(batch, T/k · h/s · w/s, L)``; one frame is a group in which nothing moves.

        Raises:
            ValueError: k does not divide T.
        """
        batch, num_frames = frames.shape[:2]
        num_tokens = self.num_tokens(num_frames)
        if num_frames == 1:
            return self.merge(self.encode_still(frames[:, 0]))
        groups = frames.flatten(0, 1).unflatten(0, (-1, self.options.k))
        return self.merge(self.encode(groups)).reshape(batch, num_tokens, -1)

    def encode_still(self, frames: Tensor) -> Tensor:
        """``(batch, 3, H, W)`` → what `encode` makes of groups of k such frames, at the cost of one where that is possible."""
        return self.encode(frames.unsqueeze(1).expand(-1, self.options.k, -1, -1, -1))

    def _each_frame(self, frames: Tensor) -> Tensor:
        """``(groups, slots, 3, H, W)`` → ``(groups, slots, h·w, D)``, each frame on its own, as the tower was trained."""
        return self.tower(frames.flatten(0, 1)).last_hidden_state.unflatten(0, frames.shape[:2])

    def _one_for_all(self, frames: Tensor) -> Tensor:
        """``(batch, 3, H, W)`` → ``(batch, k, h·w, D)``: frames that are encoded alike are encoded once."""
        return self._each_frame(frames.unsqueeze(1)).expand(-1, self.options.k, -1, -1)


class HasSlots(Compressor):
    """A compressor that may be told which place in its group a frame has."""

    def add_slots(self, tower_width: int) -> None:
        k = self.options.k
        self.slots = nn.Parameter(torch.zeros(k, 1, tower_width)) if self.options.slot_embedding else None

    def with_slots(self, hidden: Tensor) -> Tensor:
        """``(groups, k, h·w, D)`` with the embedding of its slot added to each frame."""
        return hidden if self.slots is None else hidden + self.slots.to(hidden.dtype)


class Merged(Compressor):
    """Kangaroo, as the paper re-implements it: a convolution over the group, kernel = stride = (k, s, s), then the projector."""

    def build(self, tower_width: int, width: int) -> None:
        k, s = self.options.k, self.options.s
        self.convolution = nn.Conv3d(tower_width, width, (k, s, s), (k, s, s))
        self.projector = Projector(width)

    def encode(self, frames: Tensor) -> Tensor:
        return self._each_frame(frames)

    def encode_still(self, frames: Tensor) -> Tensor:
        return self._one_for_all(frames)

    def merge(self, hidden: Tensor) -> Tensor:
        volume = hidden.unflatten(2, (self.grid, self.grid)).permute(0, 4, 1, 2, 3)  # (groups, D, k, h, w)
        return self.projector(self.convolution(volume).flatten(2).transpose(1, 2))


class TEFusion(Merged, HasSlots):
    """Through-Encoder Fusion: in every layer each patch attends to all patches of its group; the rest is `Merged`."""

    def build(self, tower_width: int, width: int) -> None:
        super().build(tower_width, width)
        self.add_slots(tower_width)

    def encode(self, frames: Tensor) -> Tensor:
        groups, k = frames.shape[:2]
        embedded = self.with_slots(self.tower.embeddings(frames.flatten(0, 1)).unflatten(0, (groups, k)))
        encoded = self.tower.encoder(inputs_embeds=embedded.flatten(1, 2), attention_mask=self.mask(embedded)).last_hidden_state
        return self.tower.post_layernorm(encoded).reshape(embedded.shape)

    def encode_still(self, frames: Tensor) -> Tensor:
        """To attend to k copies of a frame is to attend to that frame, unless the copies know their slots."""
        return self._one_for_all(frames) if self.slots is None else Compressor.encode_still(self, frames)

    def mask(self, embedded: Tensor) -> Tensor | None:
        """What may attend to what, as an additive mask; None: everything within the group."""
        return None


class Pooled(Compressor):
    """PLLaVA: frames are downsampled and projected one by one; the group's token is their mean."""

    def build(self, tower_width: int, width: int) -> None:
        s = self.options.s
        self.convolution = nn.Conv2d(tower_width, width, s, s)
        self.projector = Projector(width)

    def encode(self, frames: Tensor) -> Tensor:
        return self._each_frame(frames)

    def encode_still(self, frames: Tensor) -> Tensor:
        return self._each_frame(frames.unsqueeze(1))  # the mean of equal frames

    def merge(self, hidden: Tensor) -> Tensor:
        pictures = hidden.unflatten(2, (self.grid, self.grid)).flatten(0, 1).permute(0, 3, 1, 2)
        tokens = self.projector(self.convolution(pictures).flatten(2).transpose(1, 2))
        return tokens.unflatten(0, hidden.shape[:2]).mean(dim=1)


class NoFusion(Pooled):
    """The baseline: of each group the middle frame alone, at the tokens of the others."""

    def encode(self, frames: Tensor) -> Tensor:
        middle = self.options.k // 2
        return self._each_frame(frames[:, middle : middle + 1])


class Pre(Pooled):
    """Qwen2-VL: k frames are embedded as one, by a convolution with kernel = stride = (k, p, p)."""

    def build(self, tower_width: int, width: int) -> None:
        super().build(tower_width, width)
        embeddings = self.tower.embeddings
        embeddings.patch_embedding = InflatedEmbedding(embeddings.patch_embedding, self.options.k)  # type: ignore[assignment]

    def encode_still(self, frames: Tensor) -> Tensor:
        return Compressor.encode_still(self, frames)

    def encode(self, frames: Tensor) -> Tensor:
        return self.tower(frames.flatten(1, 2)).last_hidden_state.unsqueeze(1)  # a group's frames side by side on the channels


class QFormer(HasSlots):
    """Learned queries, one for each token, attend to all patches of the group in every second layer."""

    def build(self, tower_width: int, width: int) -> None:
        heads = self.tower.config.num_attention_heads
        self.queries = nn.Parameter(torch.randn(self.tokens_per_group, tower_width) * 0.02)
        self.layers = nn.ModuleList(
            (nn.TransformerEncoderLayer if number % 2 else nn.TransformerDecoderLayer)(
                tower_width, heads, 4 * tower_width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            for number in range(self.options.query_layers)
        )
        self.widen = nn.Linear(tower_width, width)
        self.projector = Projector(width)
        self.add_slots(tower_width)

    def encode(self, frames: Tensor) -> Tensor:
        return self._each_frame(frames)

    def encode_still(self, frames: Tensor) -> Tensor:
        return self._one_for_all(frames)

    def merge(self, hidden: Tensor) -> Tensor:
        patches = self.with_slots(hidden).flatten(1, 2)
        queries = self.queries.to(patches.dtype).expand(len(patches), -1, -1)
        for layer in self.layers:
            queries = layer(queries, patches) if isinstance(layer, nn.TransformerDecoderLayer) else layer(queries)
        return self.projector(self.widen(queries))


class Projector(nn.Sequential):
    """What follows the change of width, in every compressor."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.GELU(), nn.Linear(width, width))


class InflatedEmbedding(nn.Conv3d):
    """A patch embedding for k frames out of one for pictures: at first the embedding of the mean frame.

    Takes ``(n, k·3, H, W)``, as the tower hands its pixels on, and gives ``(n, D, h, w)``.
    """

    def __init__(self, flat: nn.Conv2d, k: int) -> None:
        height, width = flat.kernel_size
        super().__init__(flat.in_channels, flat.out_channels, (k, height, width), (k, height, width), bias=flat.bias is not None)
        with torch.no_grad():
            self.weight.copy_(flat.weight.unsqueeze(2).expand_as(self.weight) / k)
            if self.bias is not None and flat.bias is not None:
                self.bias.copy_(flat.bias)

    def forward(self, pixels: Tensor) -> Tensor:
        frames = pixels.unflatten(1, (self.kernel_size[0], self.in_channels)).transpose(1, 2)  # (n, 3, k, H, W)
        return super().forward(frames).squeeze(2)


COMPRESSORS: dict[str, type[Compressor]] = {
    "none": NoFusion,
    "pre": Pre,
    "pooled": Pooled,
    "merged": Merged,
    "qformer": QFormer,
    "te_fusion": TEFusion,
}


def build_compressor(tower: SiglipVisionModel, width: int, options: CompressorOptions) -> Compressor:
    """The compressor of that name around a tower. Raises ValueError when the options do not fit the tower."""
    return COMPRESSORS[options.name](tower, width, options)
