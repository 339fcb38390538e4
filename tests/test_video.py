"""Video files: exact in number, rate and colour, the same bytes every time, and never left half-written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.video import probe, read_frames, write_video

COLOURS = ((200, 40, 60), (30, 180, 90), (20, 40, 220), (250, 210, 20), (128, 128, 128), (255, 255, 255), (0, 0, 0))


def moving_bar(num_frames: int = 12, width: int = 96, height: int = 64) -> Iterator[np.ndarray]:
    for frame in range(num_frames):
        picture = np.full((height, width, 3), 90, np.uint8)
        picture[:, 4 * frame : 4 * frame + 16] = (250, 210, 20)
        yield picture


def write(path: Path, frames: Iterator[np.ndarray], fps: float = 24.0) -> int:
    return write_video(path, frames, fps, crf=16, preset="veryfast")


@settings(max_examples=10, deadline=None)
@given(num_frames=st.integers(2, 40), fps=st.sampled_from([12.0, 23.976, 24.0, 25.0, 29.97, 30000 / 1001, 60.0]))
def test_file_says_what_was_written(tmp_path_factory: pytest.TempPathFactory, num_frames: int, fps: float) -> None:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    assert write(path, moving_bar(num_frames), fps) == num_frames
    facts = probe(path)
    assert (facts.width, facts.height, facts.num_frames) == (96, 64, num_frames)
    assert (facts.codec, facts.pix_fmt) == ("h264", "yuv420p")
    assert facts.fps == pytest.approx(fps, rel=1e-4)
    assert facts.duration_s == pytest.approx(num_frames / fps, abs=1e-3)
    assert len(list(read_frames(path))) == num_frames


def test_frame_rate_is_constant(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", moving_bar(30), fps=23.976)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        times_s = np.array([frame.time for frame in container.decode(video=0)])
    np.testing.assert_allclose(times_s, np.arange(30) / 23.976, atol=1e-4)


def test_index_comes_first(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", moving_bar())
    content = (tmp_path / "clip.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_same_frames_same_bytes(tmp_path: Path) -> None:
    rng, seen, ballast = np.random.default_rng(0), set(), []
    for _ in range(40):
        write(tmp_path / "clip.mp4", moving_bar())
        seen.add((tmp_path / "clip.mp4").read_bytes())
        ballast.append(rng.bytes(int(rng.integers(100, 100_000))))  # other addresses and other rubbish for the next encoder
    assert len(seen) == 1


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_survive(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    picture = np.full((64, 64, 3), colour, np.uint8)
    write(tmp_path / "clip.mp4", iter([picture, picture]))
    for seen in read_frames(tmp_path / "clip.mp4"):
        assert np.abs(seen.astype(int) - picture).max() <= 4


def test_colours_are_marked_as_bt709(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", moving_bar())
    with av.open(str(tmp_path / "clip.mp4")) as container:
        context = container.streams.video[0].codec_context
        marks = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
    assert marks == (1, 1, 1, 1)  # BT.709 three times, limited range (H.273)


def test_error_of_the_frames_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield from moving_bar(5)
        raise RuntimeError("the renderer failed")

    with pytest.raises(RuntimeError, match="the renderer failed"):
        write(tmp_path / "clip.mp4", broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "no frames"),
        ([np.zeros((63, 64, 3), np.uint8)], "even"),
        ([np.zeros((64, 64, 3), np.uint8), np.zeros((64, 32, 3), np.uint8)], "frame 1"),
        ([np.zeros((64, 64, 3))], "float64"),
    ],
)
def test_frames_that_do_not_fit_are_refused(tmp_path: Path, frames: list[np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "clip.mp4", iter(frames))
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "nowhere" / "clip.mp4", moving_bar())
