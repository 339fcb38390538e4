"""Training: it learns, it goes on exactly where it was killed, and however a batch is cut it is the same batch. CPU, float32."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import av  # noqa: E402
from rich.console import Console  # noqa: E402
from transformers import Qwen2Config, Qwen2ForCausalLM, SiglipVisionConfig, SiglipVisionModel  # noqa: E402

from conf.command_line import DONE, INTERRUPTED  # noqa: E402
from model.checkpoint import BadCheckpoint, load_model, load_run, save_model  # noqa: E402
from model.compressors import CompressorOptions  # noqa: E402
from model.dataset import BadClip, read_items  # noqa: E402
from model.evaluate import LINE as EVALUATE  # noqa: E402
from model.journal import Journal  # noqa: E402
from model.language import LanguageOptions, build_tokenizer  # noqa: E402
from model.lessons import Lesson, collate  # noqa: E402
from model.options import DataOptions, GlideOptions, OptimiserOptions, SlideOptions, StillOptions, TrainOptions  # noqa: E402
from model.schedule import Mixed, Phase, before_videos, follow, phases_of, require_even  # noqa: E402
from model.train import LINE, prepare, read_data, train  # noqa: E402
from model.training import Diverged, parameter_groups, suit  # noqa: E402
from model.vision import VisionOptions  # noqa: E402
from model.vlm import ModelOptions, VideoVLM  # noqa: E402
from qa_templates.curriculum import Curriculum, Stage  # noqa: E402
from tests.annotated_clips import annotate  # noqa: E402

torch.set_num_threads(1)

WAYS = {"To the left": (-3, 0), "To the right": (3, 0), "Up": (0, -3), "Down": (0, 3)}
COLOURS = {"red": (220, 40, 40), "green": (40, 200, 40), "blue": (50, 60, 230), "yellow": (230, 220, 40)}
NOUNS = ("cube", "block")
NUM_FRAMES, SIZE_PX, SQUARE_PX = 8, 32, 8
TINY = ModelOptions(
    CompressorOptions("te_fusion", 2),
    VisionOptions(image_size_px=16, patch_px=4, width=16, depth=1, heads=2),
    LanguageOptions(width=16, depth=1, heads=2, vocabulary=512),
)
NONE: Any = None  # lessons that nobody asks for
FEW = OptimiserOptions(steps=6, batch_size=4, lr=3e-3)


def write_clip(root: Path, number: int, stage: str) -> dict[str, object]:
    """One clip of a square that moves, with all that the generator would say about it; returns its row."""
    way = list(WAYS)[number % 4]
    colour, noun = list(COLOURS)[number // 4 % 4], NOUNS[number // 16 % 2]
    key, name = f"{number:032x}", f"{colour} {noun}"
    corners = np.array([12, 12]) + np.outer(np.arange(NUM_FRAMES) - NUM_FRAMES // 2, WAYS[way])
    write_video(root / "videos" / f"{key}.mp4", corners, COLOURS[colour])
    corners = corners.clip(0, SIZE_PX - SQUARE_PX)
    box_px = np.concatenate([corners, corners + SQUARE_PX], axis=1)[None]
    annotate(root, key, {name: colour}, box_px, (SIZE_PX, SIZE_PX), {f"q{number}": "direction"}, twin=None, stage=stage)
    options = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", WAYS, strict=True))
    question = {"uid": f"q{number}", "start": None, "end": None, "answer": "ABCD"[number % 4], "question": f"Which way?\n{options}"}
    return {"question_type": "Location-related Motion", "key": key, "video_path": f"{key}.mp4", "qa": [question]}


def write_video(path: Path, corners: np.ndarray, colour: tuple[int, int, int]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width = stream.height = SIZE_PX
        stream.pix_fmt = "yuv420p"
        for x, y in corners.clip(0, SIZE_PX - SQUARE_PX):
            picture = np.full((SIZE_PX, SIZE_PX, 3), 90, np.uint8)
            picture[y : y + SQUARE_PX, x : x + SQUARE_PX] = colour
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def write_data(root: Path, stages: tuple[str, ...] = ("",), first: int = 0) -> Path:
    for folder in ("videos", "annotations", "trajectories"):
        (root / folder).mkdir(parents=True)
    rows = [write_clip(root, number, stages[number % len(stages)]) for number in range(first, first + 32)]
    (root / "video_info.meta.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("clips") / "data")


def build_model(told: TrainOptions) -> VideoVLM:
    return prepare(told, read_data(told.clips))[0]


def options(data: Path, out: Path, **changes: object) -> TrainOptions:
    clips = DataOptions((str(data),), num_frames=4, workers=0, cache=str(data.parent / "frames"))
    told = {"out": str(out), "clips": clips, "model": TINY, "optimiser": FEW, "save_every": 100, "precision": "fp32"}
    return TrainOptions(**{**told, **changes})


def run(told: TrainOptions) -> tuple[int, str]:
    """The exit code, and what was said."""
    said = io.StringIO()
    return train(told, Console(file=said, width=200)), said.getvalue()


def losses(out: Path) -> list[float]:
    rows = [json.loads(line) for line in (out / "loss.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(len(rows)))
    return [row["loss"] for row in rows]


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_model(out / "model").state_dict()


def same_run(one: Path, other: Path) -> None:
    assert losses(one) == losses(other)
    ours, theirs = weights(one), weights(other)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


class Interrupted:
    """Sends this process a signal when a run has come so far."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        self._add, self._step = Journal.add, step
        monkeypatch.setattr(Journal, "add", lambda journal, taken: self._heard(journal, taken))

    def _heard(self, journal: Journal, taken: object) -> None:
        self._add(journal, taken)
        if taken.step == self._step:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_run_leaves_what_it_says(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path / "run", evaluate_every=3)
    code, said = run(told)
    assert code == DONE
    assert "2 frames" not in said
    assert "held out are right" in said
    found = load_run(tmp_path / "run")
    assert found.record["finished"]
    assert found.record["step"] == 6
    assert found.record["num_frames"] == 4
    assert found.record["options"]["optimiser"]["lr"] == 3e-3
    items = read_items(data)
    assert 0 < len(found.record["trained_on"]) < len({item.scene for item in items})
    assert found.model.options == TINY
    assert list((tmp_path / "run" / "tensorboard").iterdir())
    assert not (tmp_path / "run" / "state").exists()
    code, said = run(told)
    assert code == DONE
    assert "is finished" in said


def test_a_batch_can_be_learned_by_heart(data: Path, tmp_path: Path) -> None:
    still = {"jitter": False, "mirror": False, "shuffle_options": False}
    clips = DataOptions((str(data),), held_out=0.0, num_frames=4, workers=0, cache=str(tmp_path / "frames"), **still)
    optimiser = OptimiserOptions(steps=60, batch_size=32, lr=1e-2, weight_decay=0.0)
    run(options(data, tmp_path / "run", clips=clips, optimiser=optimiser))
    told = losses(tmp_path / "run")
    assert told[0] > 3
    assert told[-1] < 0.2


PHASES = {"stills": StillOptions(4, 8, 2e-3, questions=2), "glides": GlideOptions(2, 8, 2e-3, share=0.3)}


@pytest.mark.parametrize("stopped_at", [0, 3, 5, 9])
def test_a_stopped_run_goes_on_exactly(stopped_at: int, data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps 0–3 are stills, 4 and 5 glides, 6–11 videos, with glides among them."""
    told = options(data, tmp_path / "run", **PHASES)
    with monkeypatch.context() as changed:
        Interrupted(changed, stopped_at)
        code, _ = run(told)
    assert code == INTERRUPTED
    assert not load_run(tmp_path / "run").record["finished"]
    assert run(told)[0] == DONE
    same_run(tmp_path / "run", whole)


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupts."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert run(options(data, out, **PHASES))[0] == DONE
    return out


def test_checkpoints_change_nothing(data: Path, whole: Path, tmp_path: Path) -> None:
    clips = DataOptions((str(data),), num_frames=4, workers=1, cache=str(tmp_path / "cache"))
    told = options(data, tmp_path / "run", **PHASES, save_every=1, clips=clips)
    assert run(told)[0] == DONE
    same_run(tmp_path / "run", whole)


def test_a_crash_between_checkpoints_costs_the_steps_since(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = options(data, tmp_path / "run", **PHASES, save_every=3)
    with monkeypatch.context() as changed, pytest.raises(ZeroDivisionError):
        add = Journal.add
        changed.setattr(Journal, "add", lambda journal, taken: (add(journal, taken), 1 / (taken.step - 7)))
        run(told)
    assert len(losses(tmp_path / "run")) == 8
    state = tmp_path / "run" / "state"
    state.rename(state.with_name("state.old"))  # as if it had been killed between two renames
    assert run(told)[0] == DONE
    same_run(tmp_path / "run", whole)


def test_each_of_several_data_sets_gets_a_command_that_evaluates_on_it(data: Path, tmp_path: Path) -> None:
    folders = (str(data), str(write_data(tmp_path / "other, a=b", first=32)))
    told = options(data, tmp_path / "run", optimiser=replace(FEW, steps=1, warm_up=None))
    code, said = run(replace(told, clips=replace(told.clips, folders=folders)))
    commands = [shlex.split(line) for line in said.splitlines() if line.startswith("python -m model.evaluate ")]
    asked = [EVALUATE.composed(*command[3:]) for command in commands]
    assert code == DONE and [(each.data, each.checkpoint) for each in asked] == [(folder, told.out) for folder in folders]


def test_another_configuration_over_the_same_run_is_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = options(data, tmp_path / "run")
    with monkeypatch.context() as changed:
        Interrupted(changed, 2)
        run(told)
    with pytest.raises(ValueError, match=r"optimiser.lr = 0.001 \(was 0.003\).*another out"):
        run(replace(told, optimiser=replace(FEW, lr=1e-3)))
    other = write_data(tmp_path / "other", stages=("later",))
    with pytest.raises(ValueError, match="data hold other questions"):
        run(replace(told, clips=replace(told.clips, folders=(str(other),))))
    moved = shutil.copytree(data, tmp_path / "moved")
    assert run(replace(told, save_every=1, clips=replace(told.clips, folders=(str(moved),))))[0] == DONE


def test_a_damaged_state_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = options(data, tmp_path / "run")
    with monkeypatch.context() as changed:
        Interrupted(changed, 2)
        run(told)
    weights_file = tmp_path / "run" / "state" / "model.safetensors"
    weights_file.write_bytes(weights_file.read_bytes()[:1000])
    with pytest.raises(BadCheckpoint, match=r"state is damaged.*delete .*run and begin again"):
        run(told)


def test_a_folder_with_a_model_of_unknown_origin_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    with pytest.raises(ValueError, match="a new folder"):
        run(options(data, tmp_path / "run"))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_corrupt_clip_is_named(workers: int, tmp_path: Path) -> None:
    root = write_data(tmp_path / "data")
    for path in (root / "videos").iterdir():
        path.write_bytes(path.read_bytes()[:300])
    told = options(root, tmp_path / "run")
    with pytest.raises(BadClip, match=r"^\S*videos/\w{32}.mp4 cannot be read.*again; or leave it out, by clips.skip_damaged=true$"):
        run(replace(told, clips=replace(told.clips, workers=workers)))


@pytest.mark.parametrize("workers", [0, 1])
def test_damaged_clips_are_left_out_and_counted(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_data(tmp_path / "data")
    damaged = sorted((root / "videos").iterdir())[::2]
    damaged[0].unlink()
    for path in damaged[1:]:
        path.write_bytes(path.read_bytes()[:300])
    told = options(root, tmp_path / "run", evaluate_every=3)
    told = replace(told, clips=replace(told.clips, skip_damaged=True, workers=workers))
    with monkeypatch.context() as changed:
        Interrupted(changed, FEW.steps - 3)
        run(told)
    before = load_run(tmp_path / "run").record["left_out"]
    code, said = run(told)
    after = load_run(tmp_path / "run").record["left_out"]
    assert code == DONE and f"{len(after)} clips could not be read and were left out" in said
    assert 4 < len(before) <= len(after) and set(before) <= set(after)  # the second run, of one step, saw no more than four clips
    assert {message.split()[0] for message in after} <= set(map(str, damaged))


def test_a_loss_that_is_no_number_stops_the_run_before_it_is_saved(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path / "run", optimiser=OptimiserOptions(steps=40, batch_size=4, lr=1e30, clip_norm=1e30), save_every=1)
    with pytest.raises(Diverged, match="lower lr"):
        run(told)
    assert all(torch.isfinite(each).all() for each in weights(tmp_path / "run").values())


def test_a_gradient_that_is_no_number_is_not_saved(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss of the only step is a number; its gradient would make every weight none."""

    def prepared(*told: Any) -> tuple[VideoVLM, list[Phase]]:
        model, phases = prepare(*told)
        next(model.vision.projector.parameters()).register_hook(lambda gradient: gradient * torch.nan)
        return model, phases

    monkeypatch.setattr("model.train.prepare", prepared)
    with pytest.raises(Diverged, match="the norm of the gradients of step 0 is nan"):
        run(options(data, tmp_path / "run", optimiser=replace(FEW, steps=1)))
    assert not (tmp_path / "run" / "model").exists()


def test_a_run_killed_while_it_saves_its_end_keeps_its_figures(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = options(data, tmp_path / "run", save_every=3)
    with monkeypatch.context() as changed, pytest.raises(ZeroDivisionError):
        times = itertools.count(1)
        changed.setattr("model.training.save_model", lambda *told: (save_model(*told), 1 / (next(times) - 2)))
        run(told)
    code, said = run(told)
    assert code == DONE
    assert "loss nan" not in said
    assert load_run(tmp_path / "run").record["figures"]["loss"] > 0


# Where a run is kept


def test_two_trainings_do_not_share_a_folder(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path / "run", optimiser=replace(FEW, steps=1))
    (tmp_path / "run").mkdir()
    hold = "import fcntl, sys; held = open(sys.argv[1], 'a'); fcntl.lockf(held, fcntl.LOCK_EX); print('held', flush=True); input()"
    command = [sys.executable, "-c", hold, str(tmp_path / "run" / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="another training writes here"):
            run(told)
        other.communicate("\n")
    assert run(told)[0] == DONE


def test_a_place_that_cannot_be_written_to_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(ValueError, match=f"out = '{out}' is not allowed: nothing can be written there"):
            run(options(data, out))
    assert (tmp_path / "file").read_text() == "mine"


def test_labels_without_videos_are_refused_before_anything_is_written(data: Path, tmp_path: Path) -> None:
    root = shutil.copytree(data, tmp_path / "labels")
    shutil.rmtree(root / "videos")
    with pytest.raises(ValueError, match=r"videos/0+.mp4 is missing \(32 in all\).*render=standard"):
        run(options(root, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="device = 'cuda' is not allowed: give auto or cpu"):
        run(options(data, tmp_path / "run", device="cuda"))
    with pytest.raises(ValueError, match="device = 'gpu' is not allowed: give auto, cpu or cuda"):
        options(data, tmp_path / "run", device="gpu")


def test_a_run_goes_on_only_with_what_its_options_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_data(tmp_path / "data", stages=("plain", "hard"))
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text("stages:\n  - {name: plain}\n  - {name: hard}\n")
    other.write_text("stages:\n  - {name: hard}\n  - {name: plain}\n")
    told = options(root, tmp_path / "run", curriculum=str(one))
    with monkeypatch.context() as changed:
        Interrupted(changed, 2)
        run(told)
    with pytest.raises(ValueError, match="precision = 'bf16' means bf16 .was fp32"):
        run(replace(told, precision="bf16"))
    kept = one.read_text()
    one.write_text(other.read_text())
    with pytest.raises(ValueError, match=r"curriculum = .*one.yaml' means .*hard.*\(was .*plain"):
        run(told)
    other.write_text(kept)
    assert run(replace(told, curriculum=str(other)))[0] == DONE  # the same stages, elsewhere


# What a step computes


def first_steps(told: TrainOptions, data: Path) -> tuple[list[float], dict[str, torch.Tensor]]:
    run(told)
    return losses(Path(told.out)), weights(Path(told.out))


def test_a_batch_in_parts_is_the_same_batch(data: Path, tmp_path: Path) -> None:
    """Replies of different lengths: a mean of means would not do."""
    changes = {"reply": "text", "clips": DataOptions((str(data),), num_frames=4, workers=0)}
    whole, of_whole = first_steps(options(data, tmp_path / "whole", **changes), data)
    parts, of_parts = first_steps(options(data, tmp_path / "parts", optimiser=replace(FEW, accumulation=4), **changes), data)
    assert parts == pytest.approx(whole, abs=1e-4)
    assert all(torch.allclose(of_whole[name], of_parts[name], atol=1e-3) for name in of_whole)
    assert parts != whole


def test_a_frozen_tower_does_not_move(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path / "run", optimiser=replace(FEW, vision_lr=0.0))
    before = build_model(told).state_dict()
    _, after = first_steps(told, data)
    moved = {name for name in after if not torch.equal(before[name], after[name])}
    assert not any(".tower." in name for name in moved)
    assert {name for name in after if name.startswith("vision.") and ".tower." not in name} <= moved


def test_a_new_embedding_learns_in_a_frozen_tower(data: Path, tmp_path: Path) -> None:
    model = build_model(options(data, tmp_path, model=replace(TINY, compressor=CompressorOptions("pre", 2))))
    groups = parameter_groups(model, replace(FEW, vision_lr=0.0))
    learned = {id(parameter): group["share"] for group in groups for parameter in group["params"]}
    in_tower = {name: learned.get(id(parameter)) for name, parameter in model.vision.tower.named_parameters()}
    assert {name for name, share in in_tower.items() if share == 1.0} == {
        f"embeddings.patch_embedding.{each}" for each in ("weight", "bias")
    }
    assert set(in_tower.values()) == {1.0, None}


def test_recomputing_activations_changes_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, _ = first_steps(options(data, tmp_path / "usual"), data)
    calls = []
    model = build_model(options(data, tmp_path))
    attention = type(model.vision.tower.encoder.layers[0].self_attn)
    plain = attention.forward
    monkeypatch.setattr(attention, "forward", lambda *told, **more: (calls.append(1), plain(*told, **more))[1])
    recomputed, _ = first_steps(options(data, tmp_path / "recomputed", recompute=True), data)
    assert recomputed == pytest.approx(usual, abs=1e-5)
    assert len(calls) == 2 * FEW.steps  # forward, and again in the backward pass: te_fusion calls the encoder itself


def test_groups_of_parameters(data: Path, tmp_path: Path) -> None:
    model = build_model(options(data, tmp_path))
    groups = parameter_groups(model, replace(FEW, vision_lr=0.1, weight_decay=0.3))
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    assert {(group["share"], group["weight_decay"]) for group in groups} == {(0.1, 0.3), (0.1, 0.0), (1.0, 0.3), (1.0, 0.0)}
    assert all((parameter.ndim >= 2) == (group["weight_decay"] > 0) for group in groups for parameter in group["params"])


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++"))), reason="torch.compile needs a C++ compiler")
def test_compiling_changes_nothing(data: Path, tmp_path: Path) -> None:
    usual, _ = first_steps(options(data, tmp_path / "usual", optimiser=replace(FEW, steps=2)), data)
    compiled, _ = first_steps(options(data, tmp_path / "compiled", optimiser=replace(FEW, steps=2), compile="always"), data)
    assert compiled == pytest.approx(usual, abs=1e-4)


def test_compiling_is_asked_for(data: Path, tmp_path: Path) -> None:
    for compile_, compiled in (("always", True), ("never", False), ("auto", False)):
        told = options(data, tmp_path, compile=compile_)
        suit(model := build_model(told), told, torch.device("cpu"))
        assert [part._compiled_call_impl is not None for part in (model.vision, model.language)] == [compiled, compiled]


def test_pretrained_parts_come_from_local_folders(data: Path, tmp_path: Path) -> None:
    tower = SiglipVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=4
    )
    torch.manual_seed(0)
    SiglipVisionModel(tower).save_pretrained(tmp_path / "tower")
    tokenizer = build_tokenizer(TINY.language, ["Which way? To the left"])
    tokenizer.save_pretrained(tmp_path / "language")
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), **sizes)).save_pretrained(tmp_path / "language")
    model = ModelOptions(TINY.compressor, VisionOptions(str(tmp_path / "tower")), LanguageOptions(str(tmp_path / "language")))
    told = options(data, tmp_path / "run", model=model, optimiser=replace(FEW, steps=2))
    was = build_model(told).vision.tower.embeddings.patch_embedding.weight
    kept = SiglipVisionModel.from_pretrained(tmp_path / "tower").embeddings.patch_embedding.weight
    assert torch.equal(was, kept)
    assert run(told)[0] == DONE
    for folder in ("tower", "language"):
        shutil.rmtree(tmp_path / folder)
    loaded = load_run(tmp_path / "run").model  # it needs neither
    assert loaded.options == model
    assert not torch.equal(loaded.vision.tower.embeddings.patch_embedding.weight, kept)


def test_a_tokenizer_keeps_its_own_special_tokens(tmp_path: Path) -> None:
    theirs = build_tokenizer(TINY.language, ["Which way? To the left"])
    theirs.add_special_tokens({"additional_special_tokens": ["<turn>", "<over>"]})
    theirs.save_pretrained(tmp_path)
    ours = build_tokenizer(LanguageOptions(str(tmp_path)), [])
    assert {"<turn>", "<over>", "<video>"} <= set(ours.all_special_tokens)
    assert len(ours("<turn><video>", add_special_tokens=False)["input_ids"]) == 2


# Models on disk


def test_a_damaged_model_is_named(data: Path, tmp_path: Path) -> None:
    model = build_model(options(data, tmp_path))
    with pytest.raises(BadCheckpoint, match="no such folder: give"):
        load_model(tmp_path / "model")
    save_model(model, tmp_path / "model")
    save_model(model, tmp_path / "model")  # over itself
    with pytest.raises(BadCheckpoint, match=r"training.json is missing\): give its parent"):
        load_run(tmp_path / "model")
    for path in sorted((tmp_path / "model").iterdir()):
        content = path.read_bytes()
        for damaged in (content[: len(content) // 2], None):
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            with pytest.raises(BadCheckpoint, match=rf"{tmp_path}/model.*(copy|copied)"):
                load_model(tmp_path / "model")
        path.write_bytes(content)
    assert load_model(tmp_path / "model").options == TINY


def test_tied_weights_are_stored_once_and_stay_tied(data: Path, tmp_path: Path) -> None:
    model = build_model(options(data, tmp_path))
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.language.get_output_embeddings().weight is loaded.language.get_input_embeddings().weight
    size = sum(parameter.numel() for parameter in model.parameters()) * 4
    assert size < (tmp_path / "model" / "model.safetensors").stat().st_size < 1.1 * size + 10_000
    asked = "Which way?\nA. Up\nB. Down"
    batch = collate([Lesson("u", np.zeros((4, 3, 16, 16), np.uint8), ((asked, "A"),))], model)
    with torch.no_grad():
        told = [each.eval()(batch.frames, batch.input_ids, batch.attention_mask, owner=batch.owner) for each in (model, loaded)]
    assert torch.equal(*told)


# What is learned when


def test_processes_share_the_lessons_of_a_step() -> None:
    optimiser = OptimiserOptions(steps=3, batch_size=12, accumulation=2)
    phase = Phase("videos", 10, 3, NONE, optimiser)
    alone = list(phase.rows(10, 0, 1))
    assert sorted(itertools.chain.from_iterable(alone)) == list(range(36))
    shared = [list(phase.rows(10, rank, 3)) for rank in range(3)]
    for part in range(6):
        assert sorted(itertools.chain.from_iterable(rows[part] for rows in shared)) == sorted(alone[part])
    assert list(phase.rows(12, 1, 3)) == shared[1][4:]
    with pytest.raises(ValueError, match="batch_size = 12 .* multiple of 10"):
        require_even([phase], 5)


def test_stills_warm_up_and_cool_down_in_proportion() -> None:
    stills = before_videos(StillOptions(50, 64, 2e-3), OptimiserOptions(steps=1000, warm_up=100, lr=1e-3, floor_lr=1e-4))
    assert (stills.steps, stills.steps_of_warm_up, stills.batch_size) == (50, 5, 64)
    phase = Phase("stills", 0, 50, NONE, stills)
    assert phase.lr(0) == pytest.approx(4e-4)
    assert phase.lr(5) == pytest.approx(2e-3)
    assert phase.lr(49) == pytest.approx(2e-4, rel=0.05)


def test_phases_have_their_own_schedules_and_glides_leave_no_video_out(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path, **PHASES, clips=DataOptions((str(data),), num_frames=4, questions_per_look=2))
    stills, glides, videos = phases_of(told, read_data(told.clips).train, 16)
    assert [(phase.first, phase.end) for phase in (stills, glides, videos)] == [(0, 4), (4, 6), (6, 12)]
    assert glides.lr(5) < videos.lr(6) and videos.lr(6) > videos.lr(11)
    assert glides.lessons[0].frames.shape[0] == 4 and videos.lessons[0].frames.shape[0] == told.clips.frames(told.model.compressor.k)
    assert isinstance(videos.lessons, Mixed)
    looks = len(videos.lessons)
    mixed = [videos.lessons[n].uid for n in range(looks * 10 // 7 + 1)]
    clips = [uid for uid in mixed if "/" not in uid]
    assert len(clips) == looks + 1 == len(set(clips)) + 1  # a whole round, and one of the next
    assert mixed.index(next(uid for uid in mixed if "/" in uid)) == 3


def test_slides_come_after_glides_which_go_on_among_them(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path, glides=GlideOptions(2, 8, share=0.4), slides=SlideOptions(3, 8, share=0.75))
    glides, slides, videos = phases_of(told, read_data(told.clips).train, 16)
    assert [phase.name for phase in (glides, slides, videos)] == ["glides", "slides", "videos"]
    kinds = ["slide" if len(slides.lessons[n].asked) == 2 else "glide" for n in range(8)]
    assert kinds.count("slide") == 6
    assert len({slides.lessons[n].frames.shape for n in range(8)}) == 1


def test_a_batch_is_of_one_kind_where_stills_go_on_among_glides(data: Path, tmp_path: Path) -> None:
    told = options(data, tmp_path, stills=StillOptions(2, 8, questions=2), glides=GlideOptions(4, 8, stills=0.5))
    _, glides, _ = phases_of(told, read_data(told.clips).train, 16)
    shown = [[glides.lessons[n].frames.shape[0] for n in row] for row in glides.rows(glides.first, 0, 1)]
    assert [set(row) for row in shown] == [{4}, {1}, {4}, {1}]


def test_a_run_starts_from_another(data: Path, tmp_path: Path) -> None:
    assert run(options(data, tmp_path / "first"))[0] == DONE
    root = write_data(tmp_path / "more", stages=("later",), first=32)
    told = options(root, tmp_path / "second", start_from=str(tmp_path / "first"))
    first = weights(tmp_path / "first")
    assert all(torch.equal(first[name], weight) for name, weight in build_model(told).state_dict().items())
    assert run(told)[0] == DONE
    scenes = [set(load_run(tmp_path / name).record["trained_on"]) for name in ("first", "second")]
    assert scenes[0] < scenes[1]
    with pytest.raises(ValueError, match=r"start_from = .*model.compressor.k = 4 \(there 2\)"):
        run(options(data, tmp_path / "third", start_from=told.out, model=replace(TINY, compressor=CompressorOptions("te_fusion", 4))))


def test_a_curriculum_adds_one_stage_after_the_other(tmp_path: Path) -> None:
    items = read_items(write_data(tmp_path / "data", stages=("plain", "hard", "plain", "plain")))
    optimiser = OptimiserOptions(steps=8, batch_size=4)
    pool = follow(Curriculum((Stage("plain", 1.0), Stage("hard", 3.0))), items, optimiser.steps * optimiser.batch_size)
    stages = [{items[place].stage for place in pool(number)} for number in range(8 * 4)]
    assert stages == [{"plain"}] * 2 * 4 + [{"plain", "hard"}] * 6 * 4
    assert len(pool(31)) == len(items)
    with pytest.raises(ValueError, match=r"stage = 'harder' .*hard, plain.*python -m generator curriculum="):
        follow(Curriculum((Stage("plain"), Stage("harder"))), items, 32)


def test_a_curriculum_is_followed(tmp_path: Path) -> None:
    root = write_data(tmp_path / "data", stages=("plain", "usual", "usual", "plain"))
    curriculum = tmp_path / "mine.yaml"
    curriculum.write_text("stages:\n  - {name: plain}\n  - {name: usual}\n")
    told = options(root, tmp_path / "run", curriculum=str(curriculum))
    items = read_data(told.clips).train
    (videos,) = phases_of(told, items, 16)
    stage_of = {item.uid: item.stage for item in items}
    assert {stage_of[videos.lessons[number].uid] for number in range(3 * 4)} == {"plain"}
    assert {stage_of[videos.lessons[number].uid] for number in range(3 * 4, 6 * 4)} == {"plain", "usual"}
    assert run(told)[0] == DONE


# The command line


def composed(*overrides: str) -> TrainOptions:
    return LINE.composed(*overrides)


def test_the_help_names_the_values_of_the_small_recipe() -> None:
    text = (resources.files("conf") / "train.yaml").read_text(encoding="utf-8")
    keys, _, _ = text.partition("template: |-")[2].partition("Groups, each")
    named = [f"{key}={value}" for key, value in re.findall(r"(?<=\s)([a-z_.]+)=([\w./-]+|\[[\d.,]+\])", keys)]
    told = [each for each in named if each.split("=")[0] not in ("data", "out", "name", "groups")]
    assert len(told) > 40 and composed("data=x", *told) == composed("data=x")


def test_the_command_line_says_what_the_types_say() -> None:
    told = composed("data=somewhere", "compressor=merged", "k=8", "num_frames=16", "seed=3")
    assert told.out == "outputs/merged-k8-seed3"
    assert told.clips == DataOptions(("somewhere",), cache="outputs/frames")  # the small recipe's
    assert (told.model.compressor.name, told.model.compressor.k) == ("merged", 8)
    assert composed("data=[a,b]").clips.folders == ("a", "b")
    bare = composed("data=x", "~experiment", "name=mine")
    small = ModelOptions(CompressorOptions(s=1), VisionOptions(patch_px=16))
    assert bare == TrainOptions("outputs/mine", DataOptions(("x",)), model=small)


def test_the_paper_s_recipe_is_its_table_5() -> None:
    told = composed("data=x", "experiment=paper", "model.vision.path=/a/tower")
    optimiser = told.optimiser
    assert (optimiser.steps, optimiser.steps_of_warm_up, optimiser.batch_size) == (10_000, 1_000, 768)
    assert (optimiser.lr, optimiser.floor_lr, optimiser.betas, optimiser.epsilon) == (8e-6, 1e-6, (0.9, 0.95), 1e-8)
    assert told.precision == "bf16"
    assert told.stills.steps == 0
    assert (told.model.vision.path, told.model.language.path) == ("/a/tower", "HuggingFaceTB/SmolLM2-135M-Instruct")


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("", "data is missing"),
        ("data=nowhere", "data = 'nowhere' holds no data set"),
        ("data=x stepps=3", "unknown key 'stepps' (did you mean steps"),
        ("data=x clips.wrkers=3", "unknown key 'clips.wrkers'"),
        ("data=x num_frames=6", "num_frames = 6 is not allowed: give a multiple of k = 4"),
        ("data=x compressor=fusion", "compressor = 'fusion' is not allowed: give one of none, pre"),
        ("data=x steps=0", "steps = 0"),
        ("data=x lr=fast", "a number"),
        ("data=x compile=true", "compile = 'True' is not allowed: give auto, always or never"),
        ("data=x optimiser.accumulation=5", "accumulation = 5 is not allowed: give a divisor of batch_size = 64"),
        ("data=x experiment=huge", "experiment = 'huge' is not allowed: give one of paper, small"),
    ],
)
def test_bad_input_is_one_clear_paragraph(argument: str, said: str, monkeypatch, run_main, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    entry = partial(LINE.run, lambda told: train(told, Console(file=io.StringIO())))
    code, _, message = run_main(entry, "model.train", *argument.split())
    assert code == 2
    assert said in message
    assert len(message.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


# Other processes


OVERRIDES = (
    "compressor=te_fusion k=2 num_frames=4 steps=6 batch_size=4 lr=3e-3 stills.steps=2 stills.batch_size=8 glides.steps=2 "
    "slides.steps=2 save_every=1 precision=fp32 "
    "model.vision={path:null,image_size_px:16,patch_px:4,width:16,depth:1,heads:2} "
    "model.language={path:null,width:16,depth:1,heads:2,vocabulary:512}"
)


def begin(data: Path, out: Path, *more: str, processes: int = 1) -> subprocess.Popen[str]:
    launch = []
    if processes > 1:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            launch = ["torch.distributed.run", f"--nproc-per-node={processes}", f"--master-port={free.getsockname()[1]}", "-m"]
    command = [sys.executable, "-m", *launch, "model.train", f"data={data}", f"out={out}", *OVERRIDES.split(), *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
        cwd=Path(__file__).parents[1],
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=500)
    return process.returncode, said


def wait_for_step(out: Path, step: int, process: subprocess.Popen[str]) -> None:
    deadline_s = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline_s:
        if (out / "training.json").is_file() and json.loads((out / "training.json").read_text())["step"] >= step:
            return
        time.sleep(0.01)
    pytest.fail(f"step {step} was not reached: {end(process)}")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "step"), [(signal.SIGKILL, 2), (signal.SIGKILL, 7), (signal.SIGINT, 5), (signal.SIGTERM, 4)])
def test_a_killed_process_goes_on_exactly(number: signal.Signals, step: int, data: Path, tmp_path: Path) -> None:
    """With workers that read ahead; Ctrl-C in a terminal and a scheduler's SIGTERM reach them as well."""
    assert run(composed(f"data={data}", f"out={tmp_path / 'whole'}", *OVERRIDES.split(), "workers=0"))[0] == DONE
    process = begin(data, tmp_path / "run", "workers=1")
    wait_for_step(tmp_path / "run", step, process)
    (os.kill if number == signal.SIGKILL else os.killpg)(process.pid, number)
    code, said = end(process)
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else INTERRUPTED), said
    if number != signal.SIGKILL:
        assert "the same command again" in said
        assert "Traceback" not in said
    code, said = end(begin(data, tmp_path / "run", "workers=1"))
    assert code == DONE, said
    same_run(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
def test_half_precision_learns_the_same_but_for_rounding(data: Path, tmp_path: Path) -> None:
    assert run(composed(f"data={data}", f"out={tmp_path / 'full'}", *OVERRIDES.split()))[0] == DONE
    code, said = end(begin(data, tmp_path / "half", "precision=bf16"))
    assert code == DONE, said
    assert "bf16" in said
    assert losses(tmp_path / "half") == pytest.approx(losses(tmp_path / "full"), abs=0.1)
    assert losses(tmp_path / "half") != losses(tmp_path / "full")


@pytest.mark.slow
def test_two_processes_learn_the_same_as_one(data: Path, tmp_path: Path) -> None:
    assert run(composed(f"data={data}", f"out={tmp_path / 'one'}", *OVERRIDES.split()))[0] == DONE
    code, said = end(begin(data, tmp_path / "two", processes=2))
    assert code == DONE, said
    assert said.count("questions held out") == 1
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    ours, theirs = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-3) for name in ours)


@pytest.mark.slow
def test_two_processes_stop_together(data: Path, tmp_path: Path) -> None:
    process = begin(data, tmp_path / "run", "steps=4000", "save_every=20", processes=2)
    wait_for_step(tmp_path / "run", 20, process)
    process.send_signal(signal.SIGTERM)
    code, said = end(process)
    assert code != DONE
    reached = load_run(tmp_path / "run").record["step"]
    assert 20 <= reached < 4000
    assert len(losses(tmp_path / "run")) == reached, said
