"""The language model and its tokenizer: pretrained (SmolLM2, Qwen2.5, Qwen3 …), or small and new with a vocabulary built here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast, Qwen2Config
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

VIDEO = "<video>"  # one for each visual token
PAD, END = "<pad>", "<end>"


@dataclass(frozen=True)
class LanguageOptions:
    """Which language model.

    Args:
        path: a local folder or an id on the hub, as in ``HuggingFaceTB/SmolLM2-135M-Instruct``; None for a new one of the sizes below.
        width, depth, heads, vocabulary: of a new one.
    """

    path: str | None = None
    width: int = 64
    depth: int = 2
    heads: int = 2
    vocabulary: int = 2048

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"language.heads = {self.heads} is not allowed: it must divide language.width = {self.width}")
        if self.vocabulary < 512:
            raise ValueError(f"language.vocabulary = {self.vocabulary} is not allowed: give at least 512 (256 of them are bytes)")


def build_tokenizer(options: LanguageOptions, texts: Iterable[str]) -> PreTrainedTokenizerBase:
    """The tokenizer at ``path`` with `VIDEO` added, or one learned from ``texts``: byte-level BPE, so that no word is unknown.

    Raises:
        ValueError: there is no tokenizer at ``path``.
    """
    if options.path is None:
        return _learned(texts, options.vocabulary)
    try:
        tokenizer = AutoTokenizer.from_pretrained(options.path, padding_side="left")
    except (OSError, ValueError) as error:
        raise ValueError(f"language.path = {options.path!r} is not allowed: no tokenizer is there ({error})") from error
    tokenizer.add_special_tokens({"additional_special_tokens": [VIDEO]}, replace_extra_special_tokens=False)  # it may have some
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def build_language_model(options: LanguageOptions, tokenizer: PreTrainedTokenizerBase, pretrained: bool = True) -> PreTrainedModel:
    """A causal language model in float32, with an embedding for every token of the tokenizer.

    Args:
        pretrained: False builds the architecture at ``path`` with new weights, for a checkpoint that brings its own.

    Raises:
        ValueError: there is no language model at ``path``.
    """
    if options.path is None:
        return AutoModelForCausalLM.from_config(_small(options, tokenizer))
    try:
        config = AutoConfig.from_pretrained(options.path)
        model = (
            AutoModelForCausalLM.from_pretrained(options.path, dtype=torch.float32)
            if pretrained
            else AutoModelForCausalLM.from_config(config)
        )
    except (OSError, ValueError) as error:
        raise ValueError(f"language.path = {options.path!r} is not allowed: no language model is there ({error})") from error
    if len(tokenizer) > cast(nn.Embedding, model.get_input_embeddings()).num_embeddings:
        model.resize_token_embeddings(len(tokenizer))
    return model


def _learned(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Letters, punctuation and white space stand alone, so that "A." begins with the token of the reply "A"."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Punctuation(), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END, VIDEO],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, extra_special_tokens=[VIDEO], padding_side="left"
    )


def _small(options: LanguageOptions, tokenizer: PreTrainedTokenizerBase) -> Qwen2Config:
    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=options.width,
        intermediate_size=3 * options.width,
        num_hidden_layers=options.depth,
        num_attention_heads=options.heads,
        num_key_value_heads=options.heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        use_cache=False,
        initializer_range=options.width**-0.5,  # tied embeddings of this size give logits of unit variance
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
