"""The model: what sets the six compressors apart, and that all of it learns. Small, new weights, float32, on the CPU."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from model.compressors import COMPRESSORS, Compressor, CompressorOptions, TEFusion, build_compressor  # noqa: E402
from model.language import VIDEO, LanguageOptions, build_tokenizer  # noqa: E402
from model.vision import VisionOptions, build_tower  # noqa: E402
from model.vlm import ModelOptions, VideoVLM, reply_log_probs, reply_loss  # noqa: E402

VISION = VisionOptions(image_size_px=32, patch_px=8, width=32, depth=2, heads=2)
LANGUAGE = LanguageOptions(width=48, depth=2, heads=2, vocabulary=512)
TEXTS = ["Which way does the red cube move?\nA. To the left\nB. To the right", "How does the camera move?\nA. It pans left\nB. It zooms in"]
WIDTH = 48

torch.set_num_threads(1)  # the tests are many and small


def compressor(name: str, k: int = 4, **changes: object) -> Compressor:
    """The same tower and, where they have the same shapes, the same layers behind it for each name."""
    torch.manual_seed(0)
    built = build_compressor(build_tower(VISION), WIDTH, CompressorOptions(name, k, **changes)).eval()
    for parameter in built.parameters():  # biases start at 0, and 0 hides mistakes
        if parameter.ndim == 1:
            nn.init.normal_(parameter, 1.0, 0.1)
    return built


def frames(num_frames: int = 8, batch: int = 2) -> Tensor:
    return torch.randn(batch, num_frames, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def same_weights(one: nn.Module, other: nn.Module) -> None:
    other.load_state_dict(one.state_dict())


@torch.no_grad()
def tokens(built: Compressor, pictures: Tensor) -> Tensor:
    return built(pictures)


@pytest.mark.parametrize(("name", "k"), list(itertools.product(COMPRESSORS, (1, 2, 4, 8))))
def test_every_compressor_gives_the_same_number_of_tokens(name: str, k: int) -> None:
    built = compressor(name, k)
    assert tokens(built, frames(8)).shape == (2, 8 // k * 4, WIDTH)
    assert built.num_tokens(8) == 8 // k * 4


@pytest.mark.parametrize(("name", "slots"), [*((name, False) for name in COMPRESSORS), ("te_fusion", True), ("qformer", True)])
def test_a_picture_is_a_group_of_equal_frames(name: str, slots: bool) -> None:
    built, picture = compressor(name, 4, slot_embedding=slots), frames(1)
    for parameter in [built.slots] if slots else []:
        nn.init.normal_(parameter)
    still = tokens(built, picture)
    assert still.shape[1] == built.num_tokens(1) == built.tokens_per_group
    assert torch.allclose(still, tokens(built, picture.expand(-1, 4, -1, -1, -1)), atol=1e-5)


@torch.no_grad()
def test_te_fusion_of_single_frames_is_the_stock_encoder_bit_for_bit() -> None:
    built, pictures = compressor("te_fusion", 1), frames(6)
    stock = built.tower(pictures.flatten(0, 1)).last_hidden_state
    assert torch.equal(built.encode(pictures.flatten(0, 1).unsqueeze(1)).squeeze(1), stock)


class Apart(TEFusion):
    """TE Fusion whose frames may not attend to each other."""

    def mask(self, embedded: Tensor) -> Tensor:
        _, k, patches, _ = embedded.shape
        owner = torch.arange(k).repeat_interleave(patches)
        return torch.where(owner[:, None] == owner[None, :], 0.0, -torch.inf)[None, None]


@pytest.mark.parametrize("k", [1, 2, 4, 8])
def test_te_fusion_with_attention_blocked_between_frames_is_merged(k: int) -> None:
    merged = compressor("merged", k)
    apart = Apart(build_tower(VISION), WIDTH, CompressorOptions("te_fusion", k)).eval()
    same_weights(merged, apart)
    assert torch.allclose(tokens(apart, frames()), tokens(merged, frames()), atol=1e-5)
    if k > 1:
        te = compressor("te_fusion", k)
        same_weights(merged, te)
        assert not torch.allclose(tokens(te, frames()), tokens(merged, frames()), atol=1e-3)


def shuffled_in_groups(pictures: Tensor, k: int) -> Tensor:
    return pictures.unflatten(1, (-1, k))[:, :, torch.randperm(k, generator=torch.Generator().manual_seed(3))].flatten(1, 2)


@pytest.mark.parametrize("name", ["pooled", "qformer"])
def test_these_cannot_tell_the_order_within_a_group(name: str) -> None:
    built, pictures = compressor(name), frames()
    assert torch.allclose(tokens(built, shuffled_in_groups(pictures, 4)), tokens(built, pictures), atol=1e-5)


@pytest.mark.parametrize("name", ["te_fusion", "merged", "pre"])
def test_these_can_tell_the_order_within_a_group(name: str) -> None:
    built, pictures = compressor(name), frames()
    if name == "pre":  # at first it sees the mean frame
        nn.init.normal_(built.tower.embeddings.patch_embedding.weight, std=0.05)
    assert not torch.allclose(tokens(built, shuffled_in_groups(pictures, 4)), tokens(built, pictures), atol=1e-3)


@pytest.mark.parametrize("name", ["te_fusion", "qformer"])
def test_slot_embeddings_tell_the_order_within_a_group(name: str) -> None:
    built, pictures = compressor(name, slot_embedding=True), frames()
    assert torch.allclose(tokens(built, pictures), tokens(compressor(name), pictures), atol=1e-6)  # zero at first
    nn.init.normal_(built.slots)
    assert not torch.allclose(tokens(built, shuffled_in_groups(pictures, 4)), tokens(built, pictures), atol=1e-3)


def test_pooling_all_frames_cannot_tell_a_clip_from_its_reverse() -> None:
    built, pictures = compressor("pooled", 8), frames(8)
    assert torch.allclose(tokens(built, pictures.flip(1)), tokens(built, pictures), atol=1e-5)
    assert not torch.allclose(tokens(compressor("merged", 8), pictures.flip(1)), tokens(compressor("merged", 8), pictures), atol=1e-3)


def test_without_fusion_the_other_frames_of_a_group_are_not_seen() -> None:
    built, pictures = compressor("none"), frames()
    other = pictures.clone()
    other[:, [0, 1, 3, 4, 5, 7]] = 0
    assert torch.equal(tokens(built, other), tokens(built, pictures))


def test_the_inflated_embedding_begins_as_that_of_the_mean_frame() -> None:
    built, pictures = compressor("pre"), frames()
    torch.manual_seed(0)
    mean = pictures.unflatten(1, (2, 4)).mean(dim=2).flatten(0, 1)
    flat = compressor("none", 1).tower.embeddings
    inflated = built.tower.embeddings.patch_embedding
    flat.patch_embedding.bias.data.copy_(inflated.bias)
    embedded = inflated(pictures.unflatten(1, (2, 4)).flatten(0, 1).flatten(1, 2))
    assert torch.allclose(embedded, flat.patch_embedding(mean), atol=1e-5)


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: compressor("te_fusion", 3)(frames(8)), "8 frames do not split into groups of k = 3"),
        (lambda: CompressorOptions("mean"), "compressor = 'mean' is not allowed: give one of none, pre"),
        (lambda: CompressorOptions("pooled", slot_embedding=True), "slot_embedding"),
        (lambda: compressor("te_fusion", s=3), "s = 3 is not allowed"),
        (lambda: VisionOptions(patch_px=7), "vision.patch_px = 7"),
        (lambda: build_tower(VisionOptions(path="/nowhere")), "vision.path = '/nowhere'"),
        (lambda: build_tokenizer(LanguageOptions(path="/nowhere"), []), "language.path = '/nowhere'"),
    ],
)
def test_what_does_not_fit_is_named(build: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        build()


def vlm(name: str = "te_fusion", k: int = 4) -> VideoVLM:
    torch.manual_seed(0)
    options = ModelOptions(CompressorOptions(name, k), VISION, LANGUAGE)
    return VideoVLM(options, build_tokenizer(LANGUAGE, TEXTS * 20))


def test_a_learned_tokenizer_knows_every_word_and_gives_letters_a_token_of_their_own() -> None:
    tokenizer = build_tokenizer(LANGUAGE, TEXTS * 20)
    for text in (*TEXTS, "ein unbekanntes Wörtchen ✓"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    for letter in "ABCD":
        assert len(tokenizer(letter)["input_ids"]) == 1
        assert tokenizer(f"{letter}. It pans left")["input_ids"][0] == tokenizer(letter)["input_ids"][0]
    assert len(tokenizer(VIDEO * 3)["input_ids"]) == 3


def test_padding_on_the_left_changes_nothing() -> None:
    model = vlm().eval()
    pictures = torch.randint(0, 256, (2, 8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    prompts = [model.prompt(text, 8) for text in TEXTS]
    with torch.no_grad():
        batch, labels = model.encode(prompts, ["A", "B"])
        both = reply_log_probs(model(pictures, **batch), labels)
        for row in range(2):
            single, label = model.encode(prompts[row : row + 1], [["A", "B"][row]])
            alone = reply_log_probs(model(pictures[row : row + 1], **single), label)
            assert torch.allclose(alone, both[row : row + 1], atol=1e-4)


def test_a_reply_in_words_ends_with_the_end_token_and_a_letter_does_not() -> None:
    model = vlm()
    replies = ["B", "It pans", "It pans left", "3", ""]
    _, labels = model.encode([model.prompt(TEXTS[0], 8)] * len(replies), replies)
    told = [row[row >= 0].tolist() for row in labels]
    end = model.tokenizer.eos_token_id
    assert [ids[-1:] == [end] for ids in told] == [False, True, True, True, False]
    assert [model.tokenizer.decode(ids).removesuffix("<end>") for ids in told] == replies
    assert told[2][: len(told[1])] != told[1], "a reply begins with another, whole"


def test_a_question_that_holds_the_mark_of_a_visual_token_is_refused() -> None:
    with pytest.raises(ValueError, match="give a text without <video>"):
        vlm().prompt(f"What is in the {VIDEO}?", 8)


def test_a_model_that_thinks_is_told_not_to() -> None:
    model = vlm()
    model.tokenizer.chat_template = "{{ messages[0].content }}{% if enable_thinking is not false %}<think>{% endif %}"
    assert model.prompt("How?", 0) == "How?"


def test_questions_that_share_a_look_are_answered_as_if_each_had_its_own() -> None:
    model, owner = vlm().eval(), torch.tensor([1, 0, 1])
    pictures = torch.randint(0, 256, (2, 8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    batch, _ = model.encode([model.prompt(text, 8) for text in (TEXTS[0], TEXTS[1], TEXTS[1])], ["A"] * 3)
    with torch.no_grad():
        shared, own = model(pictures, **batch, owner=owner), model(pictures[owner], **batch)
    assert torch.allclose(shared, own, atol=1e-5)
    assert not torch.allclose(shared[1], shared[2], atol=1e-3), "two looks say the same"


@pytest.mark.parametrize("name", COMPRESSORS)
def test_one_batch_can_be_overfitted(name: str) -> None:
    model = vlm(name)
    pictures = torch.randint(0, 256, (4, 8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    batch, labels = model.encode([model.prompt(TEXTS[0], 8)] * 4, ["A", "B", "B", "A"])  # nothing but the pictures tells
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(60):
        loss = reply_loss(model(pictures, **batch), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_a_prompt_with_too_few_places_is_refused() -> None:
    model = vlm()
    batch, _ = model.encode([model.prompt(TEXTS[0], 4)], ["A"])
    with pytest.raises(ValueError, match="4 places for 8 visual tokens"):
        model(torch.zeros(1, 8, 3, 32, 32, dtype=torch.uint8), **batch)
