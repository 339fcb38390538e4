"""The contact sheet shows what is on disk: frames in order, questions, and the right option marked."""

import io
import json
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from generator import contact_sheet

FPS, NUM_FRAMES, SIZE_PX = 24, 49, (96, 72)
QUESTION = "Which way does the red ball [sic] slide?\nA. left\nB. right\nC. up\nD. down"


def write_video(path, num_frames=NUM_FRAMES):
    """A grey ramp: the brightness of a frame tells its index."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt, stream.time_base = *SIZE_PX, "yuv420p", Fraction(1, FPS)
        for index in range(num_frames):
            picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 20 + 4 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def row(key, uid, answer, question_type="Motion Recognition"):
    qa = [{"uid": uid, "start": None, "end": None, "answer": answer, "question": QUESTION}]
    return {"question_type": question_type, "key": key, "qa": qa, "video_path": f"{key}.mp4"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three clips; the first has two questions, in two rows as MotionBench has them."""
    folder = tmp_path_factory.mktemp("dataset")
    (folder / "videos").mkdir()
    (folder / "annotations").mkdir()
    rows = [row("a", "a0", "B"), row("a", "a1", "D", "Camera Motion"), row("b", "b0", "C"), row("c", "c0", "NA")]
    (folder / contact_sheet.ROWS).write_text("".join(json.dumps(item) + "\n" for item in rows))
    (folder / "annotations" / "a.json").write_text(json.dumps({"questions": [{"uid": "a0", "template": "direction"}]}))
    for key in "abc":
        write_video(folder / "videos" / f"{key}.mp4")
    return folder


def test_rows_that_share_a_video_are_one_clip(dataset):
    clips = contact_sheet.read_clips(dataset)
    assert [clip.key for clip in clips] == ["a", "b", "c"]
    first, second = clips[0].asked
    assert (first.question_type, first.template, first.answer) == ("Motion Recognition", "direction", "B")
    assert (second.question_type, second.template, second.answer) == ("Camera Motion", "", "D")
    assert first.text == "Which way does the red ball [sic] slide?"
    assert first.options == (("A", "left"), ("B", "right"), ("C", "up"), ("D", "down"))


@pytest.mark.parametrize("count", [1, 2, 6, 49])
def test_frames_are_evenly_spaced_from_the_first(dataset, count):
    frames = contact_sheet.frames_of(dataset / "videos" / "a.mp4", count, 48)
    wanted = np.linspace(0, NUM_FRAMES - 1, count).round()
    np.testing.assert_allclose([time_s for time_s, _ in frames], wanted / FPS, atol=1e-6)
    brightness = [np.asarray(frame).mean() for _, frame in frames]
    np.testing.assert_allclose(brightness, 20 + 4 * wanted, atol=3)
    assert {frame.size for _, frame in frames} == {(48, 36)}


def test_more_columns_than_frames_shows_each_frame_once(tmp_path):
    write_video(tmp_path / "short.mp4", num_frames=3)
    assert len(contact_sheet.frames_of(tmp_path / "short.mp4", 8, 48)) == 3


def test_console_marks_the_right_option_alone(dataset):
    console = Console(record=True, width=120, file=io.StringIO())
    contact_sheet.print_questions(contact_sheet.read_clips(dataset), console)
    text = console.export_text()
    assert text.count("✓") == 3  # the answer of the fourth is hidden
    assert "✓ B. right" in text and "✓ D. down" in text and "✓ C. up" in text
    assert "the red ball [sic] slide?" in text  # brackets are words here, not markup


def test_sheet_marks_the_right_option_alone(dataset):
    clips = contact_sheet.read_clips(dataset)
    green = np.array([int(contact_sheet.RIGHT[i : i + 2], 16) for i in (1, 3, 5)])
    counts = [int((np.asarray(contact_sheet.draw([clip], 2)) == green).all(-1).sum()) for clip in clips]
    assert counts[2] == 0  # hidden
    assert 1.5 < counts[0] / counts[1] < 3  # two questions, one question


def test_long_words_are_wrapped_inside_the_sheet(dataset):
    clip = contact_sheet.read_clips(dataset)[1]
    options = tuple((letter, "it slides, then it spins, then it hops, then it rests " * 2) for letter in "ABCD")
    asked = contact_sheet.Asked("Action Order", "order", "What does the long-winded red ball do? " * 12, options, "A")
    sheet = contact_sheet.draw([contact_sheet.Clip(clip.key, clip.video, (asked,))], 3)
    plain = contact_sheet.draw([clip], 3)
    assert sheet.width == plain.width and sheet.height > plain.height + 60


def test_command_writes_one_png_and_nothing_else(dataset, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert contact_sheet.main([str(dataset), "--clips", "2", "--columns", "3", "--out", str(out)]) == 0
    assert [item.name for item in tmp_path.iterdir()] == ["sheet.png"]
    with Image.open(out) as sheet:
        assert sheet.width == 2 * contact_sheet.MARGIN_PX + 3 * (contact_sheet.FRAME_WIDTH_PX + contact_sheet.GAP_PX) - contact_sheet.GAP_PX
    assert f"2 clips on {out}" in capsys.readouterr().out.replace("\n", "")


def test_failed_write_leaves_the_old_sheet(dataset, tmp_path, monkeypatch):
    out = tmp_path / "sheet.png"
    out.write_bytes(b"old")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert contact_sheet.main([str(dataset), "--out", str(out)]) == 1
    assert out.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["sheet.png"]


@pytest.mark.parametrize("arguments", [["--clips", "0"], ["--columns", "-1"], ["--clips", "many"]])
def test_bad_numbers_are_refused(dataset, arguments):
    with pytest.raises(SystemExit) as refusal:
        contact_sheet.main([str(dataset), *arguments])
    assert refusal.value.code == 2


def test_folder_without_data_set_is_named(tmp_path, capsys):
    assert contact_sheet.main([str(tmp_path)]) == 1
    assert f"{tmp_path} holds no data set" in capsys.readouterr().err


def test_labels_alone_are_explained(dataset, tmp_path, capsys):
    (tmp_path / contact_sheet.ROWS).write_text((dataset / contact_sheet.ROWS).read_text())
    assert contact_sheet.main([str(tmp_path)]) == 1
    assert "render=none" in capsys.readouterr().err


def test_spread_keeps_the_order_and_takes_both_ends():
    clips = [contact_sheet.Clip(str(index), None, ()) for index in range(100)]
    assert [clip.key for clip in contact_sheet.spread(clips, 12)] == [str(round(index * 9)) for index in range(12)]
    assert contact_sheet.spread(clips[:5], 12) == clips[:5]
