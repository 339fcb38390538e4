"""The files made out of all clips of a data set: MotionBench's meta file, the captions, the pairs, the checksums and the card.

They follow from ``dataset.json`` and the annotations on disk alone, whoever made these and in whatever order.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from conf.atomic import checksum_lines, json_lines, listed_sums, sha256_of, write_atomically
from generator import certificate
from generator.annotations import LAYERS, SUFFIXES
from generator.certificate import CHECKSUMS
from generator.description import DATASET_JSON, described
from generator.locks import INDEX, LOCK, alone
from generator.options import CURRICULUM
from generator.records import annotation_text
from qa_templates.curriculum import curriculum_of

log = logging.getLogger(__name__)

META = "video_info.meta.jsonl"
PAIRS = "pairs.jsonl"
CAPTIONS = "captions.jsonl"
AGAIN = f"{LOCK}-index-again"  # a mark for whoever writes them to do so once more
SUMMED_UP = ("index", "key", "video_info", "questions", "caption", "twin", "files")  # of an annotation


def publish(root: Path, waits: bool = True) -> int | None:
    """Write the files out of the annotations on disk. Returns the number of clips.

    An annotation that cannot be read, or is not what was published, is left out, and said so: its published sums stay, so that it is
    known for damaged until it is made again.

    Args:
        waits: for another who is publishing. Else it is left to them, who do it once more when they are done: None is returned.

    Raises:
        OSError: one of the files cannot be written.
    """
    (root / AGAIN).touch()
    clips = None
    while (root / AGAIN).exists():  # or someone came meanwhile, whose clips may have come too late to be seen
        with alone(root, INDEX, waits) as is_alone:
            if not is_alone:
                break
            (root / AGAIN).unlink(missing_ok=True)
            clips = _publish(root)
    return clips


def _publish(root: Path) -> int:
    before = published_sums(root)
    found, left_out = _summaries(root, before)
    annotations = sorted(found, key=lambda each: each["index"])
    rows = [row for each in annotations for row in meta_rows(each)]
    write_atomically(root / META, json_lines(rows))
    write_atomically(root / CAPTIONS, json_lines(caption_rows(annotations)))
    pairs = pair_rows(annotations)
    write_atomically(root / PAIRS, json_lines(pairs)) if pairs else (root / PAIRS).unlink(missing_ok=True)
    kept = {name: digest for name, digest in before.items() if _key_in(name) in left_out}
    write_atomically(root / CHECKSUMS, checksum_lines(kept | _sums(root, annotations)))
    write_atomically(root / "README.md", _card(root, described(root), annotations, rows))
    return len(annotations)


def _summaries(root: Path, sums: Mapping[str, str]) -> tuple[list[dict[str, Any]], set[str]]:
    """What is told of each clip, and the keys of those that are left out."""
    summaries, left_out = [], set()
    for path in (root / "annotations").glob("*.json"):
        try:
            text = path.read_bytes()
            told, digest = summary(text, path.stem), hashlib.sha256(text).hexdigest()
            if not is_published(text, digest, sums, f"annotations/{path.name}"):
                raise ValueError("it is not what was published")
            summaries.append({**told, "sha256": digest})
        except FileNotFoundError:
            continue  # a shard that has just begun makes the clip again
        except (OSError, ValueError) as error:
            left_out.add(path.stem)
            log.warning("%s is left out: %s; a run with farm.check=sums makes its clip again", path, error)
    return summaries, left_out


def unpublish(root: Path, keys: Collection[str]) -> None:
    """Take clips out of the checksums that are about to be made anew: what comes may be other than what was published."""
    if not any(_key_in(name) in keys for name in published_sums(root)):
        return
    with alone(root, INDEX):
        kept = {name: digest for name, digest in published_sums(root).items() if _key_in(name) not in keys}
        write_atomically(root / CHECKSUMS, checksum_lines(kept))


def published_sums(root: Path) -> dict[str, str]:
    """SHA-256 by path, as the checksums of a data set list them; none before they are written."""
    return listed_sums(root / CHECKSUMS)


def is_published(text: bytes, digest: str, sums: Mapping[str, str], name: str) -> bool:
    """Whether an annotation, with its sum, is the one that was published, or that one with layers that were added since; or was not."""
    if sums.get(name, digest) == digest:
        return True
    annotation = json.loads(text)
    before = {each: file for each, file in annotation["files"].items() if file["path"] in sums}
    return hashlib.sha256(annotation_text({**annotation, "files": before})).hexdigest() == sums[name]


def _key_in(name: str) -> str:
    """The key in the path of a file of a clip."""
    return name.rpartition("/")[2].partition(".")[0]


def summary(text: bytes, key: str) -> dict[str, Any]:
    """What the files are made of, out of the annotation of a clip. Raises ValueError where it is none, or that of another clip."""
    annotation = json.loads(text)
    try:
        found = {"stage": annotation.get("stage", ""), **{name: annotation[name] for name in SUMMED_UP}}
        if found["key"] != key:
            raise ValueError(f"it is that of clip {found['key']}")
        meta_rows(found), caption_rows([found]), words_per_second([found]), pair_rows([found]), _sums_of(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no annotation: {type(error).__name__}: {error}") from error
    return found


def _sums(root: Path, annotations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """SHA-256 by path of all that a clip or the whole is made of; large files were summed when they were made."""
    whole = [path for name in (DATASET_JSON, CURRICULUM, META, CAPTIONS, PAIRS) if (path := root / name).is_file()]
    sums = {path.relative_to(root).as_posix(): sha256_of(path) for path in whole}
    sums |= {f"annotations/{each['key']}.json": each["sha256"] for each in annotations}
    return sums | {path: digest for each in annotations for path, digest in _sums_of(each).items()}


def _sums_of(annotation: Mapping[str, Any]) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in annotation["files"].values()}


# Rows


def meta_rows(annotation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """MotionBench's rows of one clip: one for each type of question asked of it."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for question in annotation["questions"]:
        entry = {"uid": question["uid"], "start": None, "end": None, "answer": question["answer"], "question": question["prompt"]}
        by_type.setdefault(question["question_type"], []).append(entry)
    return [
        {
            "question_type": question_type,
            "video_type": "Virtual",
            "key": annotation["key"],
            "qa": entries,
            "video_path": f"{annotation['key']}.mp4",
            "video_info": annotation["video_info"],
        }
        for question_type, entries in by_type.items()
    ]


def caption_rows(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each clip: its dense caption, with the time-stamped lines apart."""
    return [
        {
            "key": each["key"],
            "video_path": f"{each['key']}.mp4",
            "duration": each["video_info"]["duration"],
            "caption": each["caption"]["text"],
            "remarks": each["caption"]["remarks"],
        }
        for each in annotations
    ]


def words_per_second(annotations: Iterable[Mapping[str, Any]]) -> float:
    """How dense the captions of a data set are; 12.6 in MotionBench's (arXiv 2501.02955)."""
    told = [(len(each["caption"]["text"].split()), each["video_info"]["duration"]) for each in annotations]
    return sum(words for words, _ in told) / max(sum(seconds for _, seconds in told), 1e-9)


def pair_rows(annotations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each pair of twins of which both are there: the clips, and the questions that both must get right to score."""
    by_key = {each["key"]: each for each in annotations}
    rows = []
    for first in by_key.values():
        second = by_key.get(first["twin"]["key"]) if first["twin"] else None
        if second is not None and first["index"] < second["index"]:
            both = (first, second)
            uids = [each["questions"][0]["uid"] for each in both]
            rows.append({"factor": first["twin"]["factor"], "keys": [each["key"] for each in both], "uids": uids})
    return rows


# The card

CARD = """---
pretty_name: MotionFoundry {split}, seed {seed}
task_categories:
- visual-question-answering
- video-classification
language:
- en
tags:
- video
- motion
- synthetic
- motionbench
configs:
- config_name: default
  data_files: {meta}
---
# MotionFoundry {split}, seed {seed}

{clips} synthetic clips of moving things and moving cameras, with {questions} multiple-choice questions: what moves, how, where to,
in which order and how often. Every answer was staged, then measured again from the exact trajectories.

| question type | questions |
|---|---|
{types}

Right letters: {letters}. The captions hold {density:.1f} words per second of video.

{stages}{certificate}
| in | there is |
|---|---|
| `{meta}` | one JSON row for each clip and question type, in MotionBench's schema (arXiv 2501.02955) |
| `{captions}` | one JSON row for each clip: its dense caption, and the same line by line with times |
| `videos/<key>.mp4` | {videos} |
| `annotations/<key>.json` | the specification (it re-renders the clip), what is visible when, questions with their evidence |
| `trajectories/<key>.npz` | at every frame: pose, scale, box, visible fraction of each object; pose, focal length, matrices of the camera |
{layers}| `dataset.json` | schema version, configuration, seed, versions |
{curriculum}
Units are SI; the world is right-handed with z up; cameras look along -z; quaternions are wxyz; pixels count from the upper left corner.
`world_to_camera`, `intrinsics_px` and the layers use OpenCV's camera coordinates instead: x right, y down, z forward.

```python
import json, numpy

rows = [json.loads(line) for line in open("{meta}")]
annotation = json.load(open(f"annotations/{{rows[0]['key']}}.json"))
trajectories = numpy.load(f"trajectories/{{rows[0]['key']}}.npz")  # no pickle
```
"""


def _card(root: Path, description: Mapping[str, Any], annotations: list[dict[str, Any]], rows: list[dict[str, Any]]) -> str:
    configuration = description["configuration"]
    renders = configuration["render.engine"] != "none"
    types: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    for row in rows:
        types[row["question_type"]] += len(row["qa"])
        letters.update(entry["answer"] for entry in row["qa"])
    return CARD.format(
        split=description["split"],
        seed=description["seed"],
        meta=META,
        captions=CAPTIONS,
        density=words_per_second(annotations),
        clips=len(annotations),
        questions=types.total(),
        types="\n".join(f"| {name} | {types[name]} |" for name in sorted(types)),
        letters=", ".join(f"{letter} {letters[letter]}" for letter in sorted(letters)),
        certificate=certificate.card_section(root),
        layers="".join(f"| `{name}/<key>{SUFFIXES[name]}` | {LAYERS[name]} |\n" for name in configuration.get("annotations", ())),
        videos="H.264, yuv420p, constant frame rate" if renders else "nothing: made with `render=none`, labels alone",
        **_card_of_curriculum(configuration.get("curriculum"), annotations),
    )


def _card_of_curriculum(told: Mapping[str, Any] | None, annotations: list[dict[str, Any]]) -> dict[str, str]:
    if told is None:
        return {"stages": "", "curriculum": ""}
    shares, clips = curriculum_of(told).shares, Counter(each["stage"] for each in annotations)
    rows = "".join(f"| {name.replace('|', '∣')} | {share:.1%} | {clips[name]} |\n" for name, share in shares.items())
    table = "Clips were made for the stages of a curriculum, which each annotation names.\n\n| stage | share | clips |\n|---|---|---|\n"
    return {
        "stages": f"{table}{rows}\n",
        "curriculum": f"| `{CURRICULUM}` | the curriculum: how hard the clips of each stage are, and what is asked |\n",
    }
