"""A data set to look at: frames, questions and answers of its clips on one picture.

``python -m generator.contact_sheet DIR`` prints the questions and writes ``DIR/contact_sheet.png``. It reads what is
on disk and nothing else, so it shows what a model would be given.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.markup import escape

from conf.atomic import write_atomically
from conf.progress import console_of

ROWS = "video_info.meta.jsonl"
FRAME_WIDTH_PX = 240
MARGIN_PX = 16
GAP_PX = 6
CAPTION_PX, QUESTION_PX, OPTION_PX = 15, 20, 17
PAPER, INK, FAINT, RIGHT, CHIP = "#fbfaf7", "#1c1c1c", "#77736b", "#2f7d4f", "#ebe8e1"
OPTION = re.compile(r"^([A-Z])\. (.*)$")


@dataclass(frozen=True)
class Asked:
    """One question of a clip. ``answer`` is a letter, or "NA" where it is hidden; ``options`` are (letter, text)."""

    question_type: str
    template: str
    text: str
    options: tuple[tuple[str, str], ...]
    answer: str


@dataclass(frozen=True)
class Clip:
    """One clip of a data set, with all that is asked about it."""

    key: str
    video: Path
    asked: tuple[Asked, ...]


def read_clips(folder: Path) -> list[Clip]:
    """The clips of a data set in its order; rows that share a video are one clip. Raises FileNotFoundError."""
    rows = folder / ROWS
    if not rows.is_file():
        raise FileNotFoundError(f"{folder} holds no data set ({ROWS} is missing): give the folder that the generator wrote")
    videos: dict[str, Path] = {}
    asked: dict[str, list[Asked]] = {}
    for line in rows.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        videos[row["key"]] = folder / "videos" / row["video_path"]
        asked.setdefault(row["key"], []).extend(_asked(row, _templates(folder, row["key"])))
    return [Clip(key, video, tuple(asked[key])) for key, video in videos.items()]


def print_questions(clips: Sequence[Clip], console: Console) -> None:
    """Each question with its options, the right one marked."""
    for clip in clips:
        console.print(f"[bold]{escape(str(clip.video))}[/bold]", soft_wrap=True)
        for asked in clip.asked:
            console.print(f"  [dim]{escape(_kind(asked))}[/dim]  {escape(asked.text)}", soft_wrap=True)
            for letter, text in asked.options:
                mark, style = ("✓", "bold green") if letter == asked.answer else (" ", "default")
                console.print(f"   [{style}]{mark} {letter}. {escape(text)}[/{style}]", soft_wrap=True)


def spread(clips: Sequence[Clip], count: int) -> list[Clip]:
    """At most ``count`` clips, evenly over the data set."""
    if count >= len(clips):
        return list(clips)
    return [clips[index] for index in np.linspace(0, len(clips) - 1, count).round().astype(int)]


def draw(clips: Sequence[Clip], columns: int) -> Image.Image:
    """The sheet: a panel for each clip, with ``columns`` frames. Raises FileNotFoundError when a video is missing."""
    panels = [_panel(clip, columns) for clip in clips]
    sheet = Image.new("RGB", (panels[0].width, sum(panel.height for panel in panels)), PAPER)
    top = 0
    for panel in panels:
        sheet.paste(panel, (0, top))
        top += panel.height
    return sheet


def draw_strips(title: str, caption: str, strips: Sequence[tuple[str, Path]], columns: int) -> Image.Image:
    """A title with a caption, and below them ``columns`` frames of each (label, video). Raises as `frames_of`."""
    width_px = 2 * MARGIN_PX + columns * (FRAME_WIDTH_PX + GAP_PX) - GAP_PX
    rows = [(label, frames_of(video, columns, FRAME_WIDTH_PX)) for label, video in strips]
    height_px = sum(frames[0][1].height + 2 * CAPTION_PX + 6 * GAP_PX for _, frames in rows)
    sheet = Image.new("RGB", (width_px, height_px + 512), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN_PX, MARGIN_PX), title, fill=INK, font=_font(QUESTION_PX))
    top = MARGIN_PX + QUESTION_PX + GAP_PX
    for line in _wrap(caption, OPTION_PX, width_px - 2 * MARGIN_PX):
        pen.text((MARGIN_PX, top), line, fill=FAINT, font=_font(OPTION_PX))
        top += OPTION_PX + GAP_PX
    for label, frames in rows:
        pen.text((MARGIN_PX, top + GAP_PX), label, fill=INK, font=_font(CAPTION_PX))
        top = _paste(sheet, pen, frames, top + CAPTION_PX + 3 * GAP_PX) + GAP_PX
    return sheet.crop((0, 0, width_px, top + MARGIN_PX))


def save(sheet: Image.Image, out: Path) -> None:
    """Write a PNG that is there as a whole or not at all."""
    png = BytesIO()
    sheet.save(png, format="PNG")
    write_atomically(out, png.getvalue())


def frames_of(video: Path, count: int, width_px: int) -> list[tuple[float, Image.Image]]:
    """``count`` (time_s, frame) from the first to the last frame, evenly spaced. Raises FileNotFoundError, ValueError."""
    if not video.is_file():
        raise FileNotFoundError(f"{video} is missing: a data set made with render=none has no pictures to show")
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        wanted = set(np.linspace(0, stream.frames - 1, count).round().astype(int).tolist())
        height_px = round(width_px * stream.height / stream.width)
        found = [
            (float(frame.time or 0.0), frame.to_image(width=width_px, height=height_px))
            for index, frame in enumerate(container.decode(stream))
            if index in wanted
        ]
    if not found:
        raise ValueError(f"{video} holds no frames: generate the clip again")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 0 when the sheet was written."""
    options = _parser().parse_args(arguments)
    out, console = options.out or options.folder / "contact_sheet.png", console_of(sys.stdout)
    try:
        clips = spread(read_clips(options.folder), options.clips)
        print_questions(clips, console)
        save(draw(clips, options.columns), out)
    except (OSError, ValueError) as error:
        print(f"contact_sheet: {error}", file=sys.stderr)
        return 1
    console.print(f"{len(clips)} clips on {out}", markup=False, soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator.contact_sheet", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="a data set, as the generator wrote it")
    parser.add_argument("--clips", type=_positive, default=12, help="how many clips, spread over the data set (default: 12)")
    parser.add_argument("--columns", type=_positive, default=6, help="frames for each clip (default: 6)")
    parser.add_argument("--out", type=Path, metavar="PNG", help="where to write the picture (default: DIR/contact_sheet.png)")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give at least 1")
    return number


# Reading


def _asked(row: dict, templates: dict[str, str]) -> Iterator[Asked]:
    for item in row["qa"]:
        lines = item["question"].splitlines()
        options = tuple((match[1], match[2]) for match in map(OPTION.match, lines) if match)
        text = " ".join(line for line in lines if not OPTION.match(line))
        yield Asked(row["question_type"], templates.get(item["uid"], ""), text, options, item["answer"])


def _templates(folder: Path, key: str) -> dict[str, str]:
    """Template of each question uid, where the annotation is there to tell."""
    annotation = folder / "annotations" / f"{key}.json"
    if not annotation.is_file():
        return {}
    return {item["uid"]: item["template"] for item in json.loads(annotation.read_text(encoding="utf-8")).get("questions", ())}


def _kind(asked: Asked) -> str:
    return f"{asked.question_type} · {asked.template}" if asked.template else asked.question_type


# Drawing


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _panel(clip: Clip, columns: int) -> Image.Image:
    """Words above, frames below."""
    frames = frames_of(clip.video, columns, FRAME_WIDTH_PX)
    width_px = 2 * MARGIN_PX + columns * (FRAME_WIDTH_PX + GAP_PX) - GAP_PX
    panel = Image.new("RGB", (width_px, 4096), PAPER)
    pen = ImageDraw.Draw(panel)
    top = MARGIN_PX
    for asked in clip.asked:
        top = _write(pen, asked, clip.key, top, width_px - MARGIN_PX)
    bottom = _paste(panel, pen, frames, top)
    return panel.crop((0, 0, width_px, bottom + MARGIN_PX))


def _write(pen: ImageDraw.ImageDraw, asked: Asked, key: str, top: int, right: int) -> int:
    """Caption, question and options; returns where they end."""
    pen.text((MARGIN_PX, top), f"{key} · {_kind(asked)}", fill=FAINT, font=_font(CAPTION_PX))
    top += CAPTION_PX + GAP_PX
    for line in _wrap(asked.text, QUESTION_PX, right - MARGIN_PX):
        pen.text((MARGIN_PX, top), line, fill=INK, font=_font(QUESTION_PX))
        top += QUESTION_PX + GAP_PX
    left = MARGIN_PX
    for letter, text in asked.options:
        label = f"{letter}. {text}"
        length = int(_font(OPTION_PX).getlength(label)) + 2 * GAP_PX
        if left > MARGIN_PX and left + length > right:
            left, top = MARGIN_PX, top + OPTION_PX + 3 * GAP_PX
        _chip(pen, (left, top, left + length, top + OPTION_PX + 2 * GAP_PX), label, letter == asked.answer)
        left += length + GAP_PX
    return top + OPTION_PX + 4 * GAP_PX


def _chip(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], label: str, is_right: bool) -> None:
    pen.rounded_rectangle(box, radius=GAP_PX, fill=RIGHT if is_right else CHIP)
    pen.text((box[0] + GAP_PX, box[1] + GAP_PX), label, fill="white" if is_right else INK, font=_font(OPTION_PX))


def _paste(panel: Image.Image, pen: ImageDraw.ImageDraw, frames: Sequence[tuple[float, Image.Image]], top: int) -> int:
    """Frames in a row, each with its time below; returns where they end."""
    for column, (time_s, frame) in enumerate(frames):
        left = MARGIN_PX + column * (FRAME_WIDTH_PX + GAP_PX)
        panel.paste(frame, (left, top))
        pen.text((left, top + frame.height + 2), f"{time_s:.2f} s", fill=FAINT, font=_font(CAPTION_PX))
    return top + frames[0][1].height + CAPTION_PX + GAP_PX


def _wrap(text: str, size_px: int, width_px: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font(size_px).getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


if __name__ == "__main__":
    sys.exit(main())
