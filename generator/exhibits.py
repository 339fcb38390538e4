"""Exhibits: what the gallery shows of an entry. Made in worker processes, which must be able to import it all by name."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conf.atomic import write_atomically
from generator.catalogue import summary
from generator.contact_sheet import draw_strips, save
from generator.options import RenderOptions
from generator.specimens import CATALOGUES, Format, specimens
from generator.video import write_video
from scenes.solve import solve

LOG = logging.getLogger(__name__)
COLUMNS = 8


@dataclass(frozen=True)
class Entry:
    """One word of the vocabulary: the name of a catalogue, and the name in it."""

    kind: str
    name: str

    @property
    def description(self) -> str:
        return summary(self.name, CATALOGUES[self.kind][self.name])


@dataclass(frozen=True)
class Exhibit:
    """What was made of an entry: (label, file) of each film; or what went wrong."""

    entry: Entry
    films: tuple[tuple[str, str], ...] = ()
    error: str = ""


def exhibit(entry: Entry, out: Path, render: RenderOptions, size: Format, columns: int = COLUMNS) -> Exhibit:
    """Draw the films of an entry and its sheet, in the process in which it is called; what goes wrong is told in the result."""
    try:
        return _exhibit(entry, out, render, size, columns)
    except Exception as error:  # one entry that fails must not take the others with it
        LOG.exception("%s %s failed", entry.kind, entry.name)
        return Exhibit(entry, error=f"{type(error).__name__}: {error}")


def notes(out: Path, entry: Entry) -> Path:
    """Where it is told what each film of an entry shows; there once the entry is complete."""
    return out / entry.kind / f"{entry.name}.json"


def _exhibit(entry: Entry, out: Path, render: RenderOptions, size: Format, columns: int) -> Exhibit:
    from generator import blender  # bpy belongs in worker processes

    folder = out / entry.kind
    folder.mkdir(parents=True, exist_ok=True)
    films = []
    for row, specimen in enumerate(specimens(entry.kind, entry.name, size)):
        video = folder / f"{entry.name}-{row + 1}.mp4"
        frames = blender.render(specimen.spec, solve(specimen.spec), render)
        write_video(video, frames, size.fps, crf=20, preset="veryfast")
        films.append((specimen.label, video.name))
    sheet = draw_strips(entry.name, entry.description, [(label, folder / name) for label, name in films], columns)
    save(sheet, folder / f"{entry.name}.png")
    _note(out, entry, films)
    return Exhibit(entry, tuple(films))


def _note(out: Path, entry: Entry, films: Sequence[tuple[str, str]]) -> None:
    """Leave beside the sheet what the page says of each film; written last, it tells that the entry is complete."""
    write_atomically(notes(out, entry), json.dumps(films, ensure_ascii=False))
