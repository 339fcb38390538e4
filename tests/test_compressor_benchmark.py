"""What the comparison of compressors says of figures whose truth is known, and of costs that can be worked out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.compressors import UNCOMPRESSED, Learned, Plan, contestants, costs, interval, sentences  # noqa: E402
from model.accuracy import ALL  # noqa: E402
from model.compressors import COMPRESSORS  # noqa: E402
from model.dataset import Item  # noqa: E402
from model.training import accelerator_for  # noqa: E402

SIZES = ("model.vision.image_size_px=32", "model.vision.depth=1", "batch_size=2", "num_frames=8")

torch.set_num_threads(1)


def items(count: int, per_scene: int = 2) -> list[Item]:
    types = ("Camera Motion", "Repetition Count")
    return [
        Item(f"q{n}", f"c{n}", types[n % 2], "t", "?", ("a", "b", "c", "d"), "A", f"s{n // per_scene}", Path("v")) for n in range(count)
    ]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_an_interval_holds_the_mean_and_shrinks_to_it_where_all_are_alike():
    assert interval(np.full((2, 12), 0.75), [f"s{n // 3}" for n in range(12)], rng()) == (0.75, 0.75, 0.75)
    mean, low, high = interval(rng().integers(2, size=(3, 200)).astype(float), [f"s{n}" for n in range(200)], rng())
    assert 0.3 < low < mean < high < 0.7


def test_scenes_and_seeds_are_drawn_and_not_questions():
    """Ten questions of one scene tell as much as one; seeds that disagree widen the interval as scenes do."""
    right = rng().integers(2, size=(1, 40)).astype(float)
    _, low, high = interval(right, [f"s{n}" for n in range(40)], rng())
    again = interval(np.repeat(right, 10, axis=1), [f"s{n // 10}" for n in range(400)], rng())
    assert again[1:] == pytest.approx((low, high), abs=0.01)
    seeds = np.stack([np.zeros(40), np.ones(40)])
    assert interval(seeds, [f"s{n}" for n in range(40)], rng()) == (0.5, 0.0, 1.0)


def test_intervals_cover_the_truth_as_often_as_they_say():
    draws, held = rng(), 0
    for _ in range(200):
        scenes = np.repeat(draws.normal(0.1, 0.2, 60), 3)[None] + draws.normal(0, 0.3, (1, 180))
        _, low, high = interval(scenes, [f"s{n // 3}" for n in range(180)], draws, 1000)
        held += low <= 0.1 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_who_is_ahead_is_said_of_the_same_questions():
    asked = items(80)
    right = {name: np.zeros((2, 80)) for name in COMPRESSORS}
    right["te_fusion"][:, ::2] = right["merged"][:, ::2] = 1  # all about the camera
    right["none"][:] = 1
    found = Learned(asked, right)
    gains = {row.label: row.figures for row in found.ahead.rows}
    assert (gains["pooled"][ALL].accuracy, gains["pooled"]["Camera Motion"].accuracy, gains["merged"][ALL].high) == (0.5, 1.0, 0.0)
    said = sentences(found)
    assert said[0].startswith("te_fusion is behind none: -50.0 points")
    assert any(each.startswith("te_fusion is ahead of pooled: +50.0 points") for each in said)
    assert any(each.startswith("te_fusion cannot be told apart from merged: +0.0 points") for each in said)
    assert "80 questions about 40 scenes and 2 seed(s)" in said[-1]


def test_costs_are_those_of_equal_frames_and_tokens(tmp_path):
    options = Plan("none", tmp_path, "cpu", SIZES).options("te_fusion", 3)
    assert (options.seed, options.out) == (3, str(tmp_path / "runs" / "te_fusion-seed3"))
    assert {each.clips.frames(each.model.compressor.k) for each in contestants(options).values()} == {8}
    found = costs(options, accelerator_for(options), rounds=1)
    assert {cost.tokens for label, cost in found.items() if label != UNCOMPRESSED} == {2 * 4}
    assert found[UNCOMPRESSED].tokens == 8 * 4
    flops = {label: cost.flops for label, cost in found.items()}
    assert flops["none"] < flops["pre"] < flops["merged"] < flops["te_fusion"]
    assert found["merged"].over(found["merged"]) == 1.0
    spent = replace(found["merged"], flops=10**12, step_s=(0.5, 0.5, 9.0))
    assert spent.utilisation(4.0) == pytest.approx(0.5)
