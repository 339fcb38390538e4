"""`generator.verify` on a real data set, and on copies in which something was broken: it names the clip and what is wrong."""

from __future__ import annotations

import json
import shutil
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from rich.console import Console

from conf.atomic import checksum_lines, sha256_of
from generator import certificate, truth_pass
from generator.certificate import CHECKSUMS, PAGE, REPORT, VERDICTS, present_checksums
from generator.dataset import Dataset
from generator.index import CAPTIONS, META
from generator.locks import INDEX, LOCK, alone
from generator.options import FarmOptions, GenerateOptions, OcclusionOptions, RenderOptions
from generator.pipeline import make_clip
from generator.reader import ClipReader, DatasetReader, NoDataset
from generator.records import write_annotation
from generator.verify.__main__ import Proved, _certify, main, verify
from generator.verify.clip_files import _solved
from generator.verify.files import OtherSchema, read_contents
from generator.verify.proof import Job, prove
from generator.verify.schema import ROW, departures
from generator.video import read_frames, write_video
from qa_templates.question import LETTERS, QuestionOptions
from scenes.script import SceneOptions

TINY = SceneOptions(fps=12.0, width=320, height=240, duration=(3.0, 4.0))
DRAFT = GenerateOptions(
    num_videos=6,
    scene=TINY,
    occlusion=OcclusionOptions(min_area_px=120.0),
    render=RenderOptions(supersampling=1.0, shadows=False),
    farm=FarmOptions(workers=0, min_free_mb=0),
    annotations=("masks",),
)
SIX = (  # a template of each type
    "recognise_motion",
    "travel_direction",
    "camera_move",
    "which_object_moves",
    "order_of_objects",
    "count_cycles",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """Six tiny clips with pictures, one of each type, and their masks."""
    root = tmp_path_factory.mktemp("sound") / "set"
    options = replace(DRAFT, out=str(root), qa=QuestionOptions(templates=SIX, none_of_these=0.0))
    with Dataset.open(options) as dataset:
        for index in options.indices:
            make_clip(index, options, dataset)
        dataset.publish()
    return root


@pytest.fixture
def copy(sound, tmp_path) -> Path:
    shutil.copytree(sound, tmp_path / "set")
    return tmp_path / "set"


def keys(root: Path) -> list[str]:
    return list(dict.fromkeys(json.loads(line)["key"] for line in (root / META).read_text().splitlines()))


def snapshot(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def forge(root: Path, change: Callable[[dict], None] | None = None, key: str = "") -> None:
    """Cover a fault up: annotation, rows and captions in step, and every checksum computed anew."""
    for path in sorted((root / "annotations").iterdir()):
        annotation = json.loads(path.read_text())
        if change is not None and path.stem == key:
            change(annotation)
        for file in annotation["files"].values():
            if (root / file["path"]).is_file():
                file |= {"bytes": (root / file["path"]).stat().st_size, "sha256": sha256_of(root / file["path"])}
        write_annotation(path, annotation)
    (root / CHECKSUMS).unlink()
    described = json.loads((root / "dataset.json").read_text())
    Dataset(root, described["seed"], described["split"], renders=True, layers=("masks",)).publish()


# Faults: what is done to the first clip of the copy, and what verify has to say


def truncated(root: Path, key: str) -> None:
    video = root / "videos" / f"{key}.mp4"
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 2 // 3])


def overwritten(root: Path, key: str) -> None:
    (root / "videos" / f"{key}.mp4").write_bytes(b"\0" * 40_000)


def damaged(root: Path, key: str) -> None:
    """Within some pictures, so that the video plays on."""
    video = root / "videos" / f"{key}.mp4"
    with av.open(str(video)) as container:
        packets = sorted((each.size, each.pos) for each in container.demux(video=0) if each.size)[-6:-1]
    content = bytearray(video.read_bytes())
    for size, position in packets:  # in some of them what is written happens to decode as another picture
        content[position + size // 2 : position + size * 3 // 4] = b"\x55" * (size * 3 // 4 - size // 2)
    video.write_bytes(bytes(content))


def another_rate(root: Path, key: str) -> None:
    video = root / "videos" / f"{key}.mp4"
    write_video(video, list(read_frames(video)), 24.0, 16, "veryfast")


def backwards(root: Path, key: str) -> None:
    video = root / "videos" / f"{key}.mp4"
    write_video(video, list(read_frames(video))[::-1], TINY.fps, 16, "veryfast")


def swapped(root: Path, key: str) -> None:
    other = keys(root)[1]
    one, two = (root / "videos" / f"{each}.mp4" for each in (key, other))
    one.rename(root / "videos" / "aside")
    two.rename(one)
    (root / "videos" / "aside").rename(two)


def swapped_and_stretched(root: Path, key: str) -> None:
    """As `swapped`, with as many frames as the scenes have."""
    pair = key, keys(root)[1]
    pictures = [list(read_frames(root / "videos" / f"{each}.mp4")) for each in pair]
    for each, own, shown in zip(pair, pictures, pictures[::-1], strict=True):
        frames = [shown[min(frame, len(shown) - 1)] for frame in range(len(own))]
        write_video(root / "videos" / f"{each}.mp4", frames, TINY.fps, 16, "veryfast")


def lost(folder: str, suffix: str) -> Callable[[Path, str], None]:
    return lambda root, key: (root / folder / f"{key}{suffix}").unlink()


def tampered_trajectory(root: Path, key: str) -> None:
    path = root / "trajectories" / f"{key}.npz"
    with np.load(path) as arrays:
        values = dict(arrays)
    values["position_m"][0, 10:, 0] += 0.3
    np.savez_compressed(path, **values)


def not_finite(root: Path, key: str) -> None:
    path = root / "trajectories" / f"{key}.npz"
    with np.load(path) as arrays:
        values = dict(arrays)
    values["camera_position_m"][3] = np.nan
    np.savez_compressed(path, **values)


def tampered_mask(root: Path, key: str) -> None:
    path = root / "masks" / f"{key}.zip"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(members)[5]
    mask = cv2.imdecode(np.frombuffer(members[name], np.uint8), cv2.IMREAD_UNCHANGED)
    members[name] = cv2.imencode(".png", np.roll(mask, 12, axis=1))[1].tobytes()
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)


def small_object_erased(root: Path, key: str) -> None:
    """So few pixels of one object in one frame that they hardly count among all."""
    path = root / "masks" / f"{key}.zip"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(members)[7]
    mask = cv2.imdecode(np.frombuffer(members[name], np.uint8), cv2.IMREAD_UNCHANGED)
    label = min(np.unique(mask[mask > 0]), key=lambda each: np.count_nonzero(mask == each))
    rows, columns = np.nonzero(mask == label)
    few = slice(0, int(0.0019 * mask.size))
    mask[rows[few], columns[few]] = 0
    members[name] = cv2.imencode(".png", mask)[1].tobytes()
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)


def infinite(root: Path, key: str) -> None:
    path = root / "annotations" / f"{key}.json"
    path.write_text(path.read_text().replace('"required_fps":', '"more":NaN,"required_fps":', 1))


def bad_json(root: Path, key: str) -> None:
    path = root / "annotations" / f"{key}.json"
    path.write_text(path.read_text()[:-40])


def stray(root: Path, key: str) -> None:
    (root / "videos" / f"{'0' * 32}.mp4").write_bytes(b"whose?")


def missing_row(root: Path, key: str) -> None:
    lines = (root / META).read_text().splitlines(keepends=True)
    (root / META).write_text("".join(line for line in lines if key not in line))


def edited_caption(root: Path, key: str) -> None:
    (root / CAPTIONS).write_text((root / CAPTIONS).read_text().replace("The ", "A ", 1))


def unlisted(root: Path, key: str) -> None:
    (root / CHECKSUMS).unlink()


def wrong_letter(annotation: dict) -> None:
    """Another answer, wherever it is written down."""
    question = annotation["questions"][0]
    letter = LETTERS[(LETTERS.index(question["answer"]) + 1) % 4]
    question["answer"] = question["asked"]["letter"] = annotation["intent"]["letter"] = letter


def carelessly_wrong_letter(annotation: dict) -> None:
    question = annotation["questions"][0]
    question["answer"] = LETTERS[(LETTERS.index(question["answer"]) + 1) % 4]


def edited_option(annotation: dict) -> None:
    question = annotation["questions"][0]
    question["prompt"] = question["prompt"].replace(question["options"][1], "Something else")
    question["options"][1] = "Something else"


def edited_fps(annotation: dict) -> None:
    annotation["video_info"]["fps"] = 30.0


def another_template(annotation: dict) -> None:
    question = annotation["questions"][0]
    question["template"] = question["asked"]["template"] = annotation["intent"]["template"] = "of_another_package"


def shifted_box(annotation: dict) -> None:
    annotation["visibility"]["box_px"][0][0] = [1.0, 1.0, 5.0, 5.0]


@dataclass(frozen=True)
class Fault:
    """``says`` must be in a line that names the clip (or the data set, where ``whole``)."""

    damage: Callable[[Path, str], None] | None
    says: str
    change: Callable[[dict], None] | None = None
    forged: bool = False
    whole: bool = False


FAULTS = {
    "truncated video": Fault(truncated, "is not what was written"),
    "truncated video, forged": Fault(truncated, "does not play to its end", forged=True),
    "overwritten video": Fault(overwritten, "does not play to its end"),
    "overwritten video, forged": Fault(overwritten, "does not play to its end", forged=True),
    "damaged video, forged": Fault(damaged, "is damaged", forged=True),
    "edited rate of a video": Fault(another_rate, "runs at 24 frames per second", forged=True),
    "video backwards": Fault(backwards, "does not show its scene", forged=True),
    "swapped videos": Fault(swapped, "is not what was written"),
    "swapped videos, forged": Fault(swapped, "does not show its scene", forged=True),
    "swapped videos of the right length, forged": Fault(swapped_and_stretched, "does not show its scene", forged=True),
    "missing video": Fault(lost("videos", ".mp4"), "its video is missing"),
    "missing trajectory": Fault(lost("trajectories", ".npz"), "its trajectories is missing"),
    "missing annotation": Fault(lost("annotations", ".json"), "is missing"),
    "missing mask": Fault(lost("masks", ".zip"), "its masks is missing"),
    "tampered trajectory": Fault(tampered_trajectory, "not what was written"),
    "tampered trajectory, forged": Fault(tampered_trajectory, "not those of its specification", forged=True),
    "trajectory that is not finite, forged": Fault(not_finite, "not finite", forged=True),
    "tampered mask": Fault(tampered_mask, "is not what was written"),
    "tampered mask, forged": Fault(tampered_mask, "masks are not those of its scene", forged=True),
    "small object erased, forged": Fault(small_object_erased, "masks are not those of its scene", forged=True),
    "not a number in JSON": Fault(infinite, "is not JSON: NaN"),
    "template of another package, forged": Fault(None, "install the package", change=another_template, forged=True),
    "bad JSON": Fault(bad_json, "is not JSON"),
    "stray file": Fault(stray, "belongs to nothing", whole=True),
    "missing row": Fault(missing_row, f"{META} has no row of it"),
    "edited caption": Fault(edited_caption, f"{CAPTIONS} is not what was written", whole=True),
    "no checksums": Fault(unlisted, f"{CHECKSUMS} is missing", whole=True),
    "flipped answer": Fault(None, "differ", change=carelessly_wrong_letter),
    "flipped answer, forged": Fault(None, "was asked for", change=carelessly_wrong_letter, forged=True),
    "edited option, forged": Fault(None, "its template writes", change=edited_option, forged=True),
    "edited fps, forged": Fault(None, "video_info.fps is 30", change=edited_fps, forged=True),
    "box that is elsewhere, forged": Fault(None, "its visibility is not what its scene shows", change=shifted_box, forged=True),
}


def examined(root: Path, **more) -> dict:
    return proved(root, **more).section


def proved(root: Path, **more) -> Proved:
    return verify(root, more.get("pixels", True), 0, more.get("only"), Console(quiet=True))


def test_a_sound_set_passes_and_gets_its_certificate(copy, capsys):
    before = snapshot(copy)
    assert main([str(copy), "--workers", "0"]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    for words in ("Answers from the export", "Answers from the pixels", "annotation density", "frames per second", "All is sound"):
        assert words in said
    after = snapshot(copy)
    assert {name for name in after if after[name] != before.get(name)} == {
        REPORT,
        PAGE,
        VERDICTS,
        "README.md",
        *(name for name in after if name.startswith("figures/")),
    }
    assert "Verified: every file of its 6 clips" in (copy / "README.md").read_text()
    alike = json.loads((copy / REPORT).read_text())["verify"]["likeness"]
    assert alike["of"] == 6 and alike["clips"] == 6 - len(alike["not_compared"]) > 0
    assert f"{alike['clips']} of 6 videos could be compared" in (copy / PAGE).read_text()
    evidence_is_there(copy)
    described = json.loads((copy / "dataset.json").read_text())
    Dataset(copy, described["seed"], described["split"], renders=True, layers=("masks",)).publish()
    assert snapshot(copy) == after, "publishing once more keeps the certificate"
    left_about(copy)
    assert main([str(copy), "--workers", "0", "--no-pixels", "--no-report"]) == 0
    truncated(copy, keys(copy)[0])
    assert main([str(copy), "--workers", "0", "--no-pixels", "--only", keys(copy)[0]]) == 1
    assert "no longer holds" in capsys.readouterr().out


def evidence_is_there(root: Path) -> None:
    """A verdict of each question from export and pixels, with what was measured; the same each time."""
    rows = [json.loads(line) for line in (root / VERDICTS).read_text().splitlines()]
    assert [row["key"] for row in rows] == sorted(row["key"] for row in rows)
    assert len(rows) == 2 * len(keys(root))
    assert all(row["measured"] for row in rows if row["status"] == "confirmed" and row["source"] == "export")
    again = proved(root, pixels=False).verdicts
    assert again == [row for row in rows if row["source"] == "export"]


def left_about(root: Path) -> None:
    """What systems and tools put into any folder."""
    for name in (".DS_Store", ".gitattributes", ".git/HEAD", ".cache/huggingface/x", "videos/.DS_Store"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("…")


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_nothing_is_changed(copy, name, capsys):
    fault = FAULTS[name]
    key = keys(copy)[0]
    if fault.damage is not None:
        fault.damage(copy, key)
    if fault.forged:
        forge(copy, fault.change, key)
    elif fault.change is not None:
        path = copy / "annotations" / f"{key}.json"
        annotation = json.loads(path.read_text())
        fault.change(annotation)
        write_annotation(path, annotation)
        fault = replace(fault, says=f"annotations/{key}.json")
    before = snapshot(copy)
    assert main([str(copy), "--workers", "0", *(["--no-pixels"] if fault.whole else ["--only", key])]) == 1
    said = capsys.readouterr().out
    place = "data set" if fault.whole else f"clip {key}"
    assert [line for line in said.splitlines() if place in line and fault.says in line], said
    assert "Traceback" not in said
    assert snapshot(copy) == before


def test_both_clips_of_a_swapped_pair_are_named(copy):
    swapped_and_stretched(copy, keys(copy)[0])
    forge(copy)
    told = {finding["key"] for finding in examined(copy)["findings"] if "does not show its scene" in finding["what"]}
    assert told == set(keys(copy)[:2])


@pytest.mark.parametrize("place", range(6))
def test_a_wrong_answer_of_each_type_is_found_from_the_export(copy, place):
    key = keys(copy)[place]
    forge(copy, wrong_letter, key)
    section = examined(copy, pixels=False, only=key)
    assert {(each["source"], each["key"], each["status"]) for each in section["open"]} == {("export", key, "contradicted")}
    assert not section["sound"]


def test_an_older_data_set_is_refused(copy, capsys):
    described = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps({**described, "schema_version": 2}))
    with pytest.raises(OtherSchema, match="schema version 2"):
        read_contents(copy)
    assert main([str(copy)]) == 2
    assert "make the data set again" in capsys.readouterr().err


@pytest.mark.parametrize("there", [False, True])
def test_what_is_no_data_set_is_refused(tmp_path, capsys, there):
    (tmp_path / "dataset.json").write_text("[]") if there else None
    assert main([str(tmp_path)]) == 2
    assert "verify: " in capsys.readouterr().err


def test_one_clip_alone(sound, capsys):
    key = keys(sound)[2]
    assert main([str(sound), "--only", key, "--json", "--workers", "0", "--no-pixels"]) == 0
    section = json.loads(capsys.readouterr().out)
    assert (section["clips"], section["questions"], section["sound"]) == (1, 1, True)
    assert main([str(sound), "--only", "0" * 32]) == 2
    assert not (sound / REPORT).exists()


def test_checksums_are_those_of_sha256sum(sound):
    listed = dict(line.split("  ")[::-1] for line in (sound / CHECKSUMS).read_text().splitlines())
    beside = ("README.md", CHECKSUMS, LOCK)
    files = {path.relative_to(sound).as_posix(): path for path in sound.rglob("*") if path.is_file()}
    assert listed == {name: sha256_of(path) for name, path in files.items() if not name.startswith(beside)}
    assert checksum_lines(listed) == (sound / CHECKSUMS).read_text()


def test_a_certificate_is_void_when_the_data_set_changes(copy):
    certificate.write_section(copy, "audit", AUDIT, present_checksums(copy))
    assert "can be guessed of 6 questions" in (copy / "README.md").read_text()
    assert "Shortcuts were found" in (copy / "README.md").read_text()
    (copy / CHECKSUMS).write_text((copy / CHECKSUMS).read_text() + f"{'0' * 64}  more\n")
    assert "Not audited" in certificate.card_section(copy)
    was = proved(copy, pixels=False)
    certificate.write_section(copy, "verify", was.section, was.checksums, was.verdicts)
    assert set(json.loads((copy / REPORT).read_text())) == {"dataset", "verify"}
    assert (copy / VERDICTS).is_file()
    (copy / CHECKSUMS).write_text((copy / CHECKSUMS).read_text() + f"{'1' * 64}  yet more\n")
    with pytest.raises(certificate.Changed, match="has changed since"):
        certificate.write_section(copy, "audit", AUDIT, was.checksums)
    certificate.write_section(copy, "audit", AUDIT, present_checksums(copy))
    assert not (copy / VERDICTS).exists(), "verdicts go with their section"


AUDIT = {"sound": False, "questions": 6, "guessers": [], "templates": [], "remarks": []}


def test_a_proof_is_only_of_what_is_as_its_checksums_say(copy):
    folders = ("annotations", "trajectories")
    assert certificate.compared(copy, folders) == present_checksums(copy)
    (copy / "masks" / f"{keys(copy)[0]}.zip").write_bytes(b"not compared")
    certificate.compared(copy, folders)
    tampered_trajectory(copy, keys(copy)[0])
    with pytest.raises(certificate.Changed, match=f"{keys(copy)[0]}.npz"):
        certificate.compared(copy, folders)


@pytest.mark.parametrize("content", ["{", "[]", '"text"', '{"verify": 3}', '{"verify": {"checksums": "PRESENT"}}', "\x00"])
def test_a_broken_report_is_no_certificate_and_stops_nobody(copy, content):
    (copy / REPORT).write_text(content.replace("PRESENT", present_checksums(copy)))
    described = json.loads((copy / "dataset.json").read_text())
    Dataset(copy, described["seed"], described["split"], renders=True, layers=("masks",)).publish()
    assert "Not verified yet" in (copy / "README.md").read_text()
    certificate.write_section(copy, "audit", AUDIT, present_checksums(copy))
    assert json.loads((copy / REPORT).read_text())["audit"]["questions"] == 6


def test_what_cannot_be_written_is_said(copy, capsys, monkeypatch):
    (copy / REPORT).mkdir()
    was = proved(copy, pixels=False)
    assert _certify(copy, was, Console(quiet=True)) == 2
    assert "verified, but not written" in capsys.readouterr().err


def test_a_machine_that_cannot_draw_is_told_of_once(copy, capsys, monkeypatch):
    monkeypatch.setattr(truth_pass, "shared", lambda: truth_pass.TruthPass("libnothing.so.1"))
    assert main([str(copy), "--workers", "0"]) == 2
    said = capsys.readouterr()
    assert "no software OpenGL" in said.err
    assert "delete" not in said.out + said.err
    with pytest.raises(truth_pass.NoOpenGL):
        prove(Job(copy, read_contents(copy).listings[0], read_contents(copy).description, pixels=False))


def test_one_after_another_where_all_want_to_be_alone(tmp_path):
    entered = threading.Event()

    def enter():
        with alone(tmp_path, INDEX):
            entered.set()

    with alone(tmp_path, INDEX):
        other = threading.Thread(target=enter)
        other.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    other.join()


def test_a_trajectory_that_is_not_a_number_is_off(sound):
    paths = ClipReader(sound, keys(sound)[0]).paths
    assert list(_solved(paths, paths)) == []
    position_m = paths.position_m.copy()
    position_m[0, 5, 1] = np.nan
    assert any("position_m" in problem for problem in _solved(replace(paths, position_m=position_m), paths))


def test_rows_are_read_whatever_they_hold(copy):
    lines = (copy / META).read_text().split("\n")
    odd = lines[0].replace('"Virtual"', '"Vir\u2028tual\x85"')
    (copy / META).write_text("\n".join([odd, *lines[1:]]))
    assert len(DatasetReader(copy)) == 6
    (copy / META).write_text("\n".join([*lines[:2], lines[2][:50]]))
    with pytest.raises(NoDataset, match="line 3 of .*is not JSON"):
        DatasetReader(copy).keys  # noqa: B018
    (copy / META).write_text("{}\n")
    with pytest.raises(NoDataset, match="row 1 of .* has no key"):
        DatasetReader(copy).keys  # noqa: B018
    described = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps({**described, "schema_version": 2}))
    with pytest.raises(NoDataset, match="schema version 2"):
        DatasetReader(copy)


def test_departures_name_place_and_shape():
    row = {"question_type": "Camera Motion", "video_type": "Virtual", "key": "no", "qa": [{"uid": 3}], "video_path": "x"}
    told = list(departures(row, ROW))
    for words in ("key is 'no'", "qa[0].uid is 3", "qa[0].answer is missing", "video_info is missing"):
        assert any(words in each for each in told), told
