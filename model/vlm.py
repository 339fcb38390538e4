"""The video language model: a compressor's visual tokens take the places of `<video>` tokens in what the language model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.tokenization_utils_base import BatchEncoding, PreTrainedTokenizerBase

from model.compressors import CompressorOptions, build_compressor
from model.language import VIDEO, LanguageOptions, build_language_model
from model.vision import VisionOptions, build_tower, normalised
from scenes.types import require

IGNORED = -100  # cross_entropy's own mark for what is not to be predicted


@dataclass(frozen=True)
class ModelOptions:
    """All that determines the architecture."""

    compressor: CompressorOptions = field(default_factory=CompressorOptions)
    vision: VisionOptions = field(default_factory=VisionOptions)
    language: LanguageOptions = field(default_factory=LanguageOptions)


class VideoVLM(nn.Module):
    """Frames and a prompt in, next-token logits out.

    Args:
        pretrained: False builds everything with new weights, for a checkpoint that brings its own.

    Raises:
        ValueError: the options do not fit each other, or name what is not there.
    """

    def __init__(self, options: ModelOptions, tokenizer: PreTrainedTokenizerBase, pretrained: bool = True) -> None:
        super().__init__()
        self.options, self.tokenizer = options, tokenizer
        self.language: PreTrainedModel = build_language_model(options.language, tokenizer, pretrained)
        self.vision = build_compressor(build_tower(options.vision, pretrained), self.language.config.hidden_size, options.compressor)
        self.video_id = cast(int, tokenizer.convert_tokens_to_ids(VIDEO))

    def forward(self, frames: Tensor, input_ids: Tensor, attention_mask: Tensor, last: int = 0, owner: Tensor | None = None) -> Tensor:
        """Logits ``(rows, token, vocabulary)`` in float32.

        Args:
            frames: ``(batch, T, 3, H, W)`` uint8.
            input_ids, attention_mask: ``(rows, token)``, padded on the left, with a `<video>` for each visual token.
            last: give the logits of so many last tokens alone; 0 of all.
            owner: ``(rows,)`` which of the batch each row asks about, so that several questions share one look; None: one row for each.

        Raises:
            ValueError: the prompt holds another number of `<video>` tokens than the frames give; those of `prompt` hold the right one.
        """
        seen = self.see(frames)
        return self.read(seen if owner is None else seen[owner], input_ids, attention_mask, last)

    def see(self, frames: Tensor) -> Tensor:
        """Visual tokens ``(batch, token, L)`` of ``frames (batch, T, 3, H, W)`` uint8; none at all of no frames."""
        if frames.shape[1] == 0:
            return torch.zeros(len(frames), 0, self.language.config.hidden_size, device=frames.device)
        return self.vision(normalised(frames))

    def read(self, seen: Tensor, input_ids: Tensor, attention_mask: Tensor, last: int = 0) -> Tensor:
        """As `forward`, of visual tokens."""
        positions = attention_mask.cumsum(dim=1).sub(1).clamp(min=0)
        embedded = self.embedded(seen, input_ids)
        told = self.language(inputs_embeds=embedded, attention_mask=attention_mask, position_ids=positions, logits_to_keep=last)
        return told.logits.float()

    def embedded(self, seen: Tensor, input_ids: Tensor) -> Tensor:
        """``(batch, token, L)``: what the language model reads. Raises ValueError as `forward` does, where the ids are not on a GPU."""
        words = self.language.get_input_embeddings()(input_ids)
        places = input_ids == self.video_id
        if not input_ids.is_cuda and int(places.sum()) != seen.shape[0] * seen.shape[1]:  # a GPU would have to be waited for
            raise ValueError(f"the prompts have {int(places.sum())} places for {seen.shape[0] * seen.shape[1]} visual tokens")
        return words.masked_scatter(places[..., None], seen.to(words.dtype))

    def prompt(self, text: str, num_frames: int) -> str:
        """What the language model reads: the video (none of 0 frames), the question, and the turn of the one who replies.

        Raises:
            ValueError: the question holds the mark of a visual token itself.
        """
        require(VIDEO not in text, "question", text, f"a text without {VIDEO}")
        content = VIDEO * self.vision.num_tokens(num_frames) + "\n" + text if num_frames else text
        if self.tokenizer.chat_template is None:
            return content + "\n"
        turns = [{"role": "user", "content": content}]
        return str(
            self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, return_dict=False, enable_thinking=False)
        )

    def encode(self, prompts: Sequence[str], replies: Sequence[str]) -> tuple[BatchEncoding, Tensor]:
        """Token ids of prompts with their replies, and ``labels (batch, token)`` that hold the replies alone.

        A reply in words is followed by the tokenizer's end token, so that one with which another begins is not always likelier. A
        letter is not: no letter begins another, and what it scores is then read off one token.
        """
        asked = [self._ids(prompt) for prompt in prompts]
        told = [self._ids(reply) + self._end(reply) for reply in replies]
        batch = self.tokenizer.pad({"input_ids": [a + t for a, t in zip(asked, told, strict=True)]}, return_tensors="pt")
        labels = torch.full_like(batch["input_ids"], IGNORED)
        for row, reply in enumerate(told):
            if reply:
                labels[row, -len(reply) :] = torch.tensor(reply)
        return batch, labels

    def _end(self, reply: str) -> list[int]:
        """The end token after words; none after a letter, or nothing, or where the tokenizer has none."""
        end = cast(int | None, self.tokenizer.eos_token_id)
        is_letter = len(reply) == 1 and "A" <= reply <= "Z"
        return [] if end is None or is_letter or not reply else [end]

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def reply_log_probs(logits: Tensor, labels: Tensor) -> Tensor:
    """``(batch,)``: log-probability of each labelled reply, summed over its tokens."""
    log_probs = functional.log_softmax(logits[:, :-1], dim=-1)
    targets = labels[:, 1:]
    told = log_probs.gather(-1, targets.clamp(min=0)[..., None]).squeeze(-1)
    return (told * (targets != IGNORED)).sum(dim=1)


def reply_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the tokens of the replies."""
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED)
