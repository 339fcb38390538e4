"""The gallery: a clip for every word of the vocabulary, in which that word is all there is, drawn for real; and the farm's other door."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generator.catalogue import summary
from generator.exhibits import Entry, exhibit
from generator.farm import parallel_map
from generator.gallery import RENDERS, entries, main
from generator.specimens import CATALOGUES, Format, Specimen, specimens
from generator.video import probe, read_frames
from scenes import geometry
from scenes.solve import solve

ROOT = Path(__file__).parent.parent
TINY = Format(64, 48, 6.0)
EVERY = [pytest.param(kind, name, id=f"{kind}-{name}") for kind, catalogue in CATALOGUES.items() for name in catalogue]
FIRST = [(kind, next(iter(catalogue))) for kind, catalogue in CATALOGUES.items() if catalogue]


def happening(specimen: Specimen) -> dict[str, list[str]]:
    """The names of all that is in a clip, by kind."""
    spec = specimen.spec
    actions = [[action.name for action in item.actions] for item in spec.objects]
    are_avatars = [item.shape in CATALOGUES["avatars"] for item in spec.objects]
    return {
        "motions": list(chain(*(names for names, avatar in zip(actions, are_avatars, strict=True) if not avatar))),
        "avatar_motions": list(chain(*(names for names, avatar in zip(actions, are_avatars, strict=True) if avatar))),
        "avatars": [item.shape for item, avatar in zip(spec.objects, are_avatars, strict=True) if avatar],
        "events": [event.name for event in spec.events],
        "cameras": [move.name for move in spec.camera.moves],
        "environments": [spec.environment.name],
    }


@pytest.mark.parametrize("kind, name", EVERY)
def test_every_entry_is_shown_alone_and_whole(kind, name):
    shown = specimens(kind, name, TINY)
    assert len(shown) >= 2 and len({specimen.label for specimen in shown}) == len(shown)
    for specimen in shown:
        found = happening(specimen)
        assert set(found[kind]) == {name}
        if kind in ("motions", "avatar_motions", "events"):
            assert sum(len(found[each]) for each in ("motions", "avatar_motions", "events", "cameras")) == 1
            assert_in_the_picture(specimen)


def assert_in_the_picture(specimen: Specimen) -> None:
    paths = solve(specimen.spec)
    points = np.concatenate([paths.position_m, paths.limb_position_m]).swapaxes(0, 1)
    pixels, depth = geometry.project(
        points, paths.camera_position_m, paths.camera_quaternion_wxyz, paths.focal_px, paths.width_px, paths.height_px
    )
    assert depth.min() > 0.3
    assert (pixels >= 0).all() and (pixels <= (paths.width_px, paths.height_px)).all()


def test_specimens_are_the_same_each_time():
    for kind, name in FIRST:
        assert specimens(kind, name, TINY) == specimens(kind, name, TINY)


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Path:
    """A gallery with the first entry of each kind."""
    pytest.importorskip("generator.blender")
    out = tmp_path_factory.mktemp("gallery")
    for kind, name in FIRST:
        told = ["--kind", kind, "--only", name, "--width", "64", "--fps", "4", "--render", "draft", "--workers", "0"]
        assert main([str(out), *told]) == 0
    return out


@pytest.mark.parametrize("kind, name", FIRST)
def test_an_entry_has_films_that_move_and_a_sheet_of_them(shown, kind, name):
    films = json.loads((shown / kind / f"{name}.json").read_text())
    assert len(films) == len(specimens(kind, name))
    for _, file in films:
        facts = probe(shown / kind / file)
        assert (facts.width, facts.height, facts.fps) == (64, 48, 4.0)
    frames = [frame.astype(int) for frame in read_frames(shown / kind / films[0][1])]
    assert max(np.abs(frame - frames[0]).max() for frame in frames) > 25
    with Image.open(shown / kind / f"{name}.png") as sheet:
        assert sheet.width > 1000 and sheet.height > 100 * len(films)


def test_the_page_shows_what_was_drawn_and_its_links_lead_somewhere(shown):
    page = (shown / "index.html").read_text(encoding="utf-8")
    for kind, name in FIRST:
        assert f'id="{kind}-{name}"' in page and f'href="#{kind}"' in page
        assert summary(name, CATALOGUES[kind][name]) in page.replace("&#x27;", "'")
    links = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(links) > 3 * len(FIRST)
    assert all((shown / link).is_file() for link in links)
    assert page.count("<article") == len(FIRST)


@pytest.mark.slow
def test_it_runs_as_a_command_with_workers(shown, tmp_path):
    """What was drawn before is on the page as well; what workers make must not depend on being made in ``__main__``."""
    shutil.copytree(shown, tmp_path / "gallery")
    told = ["--only", "drop", "--width", "64", "--fps", "4", "--render", "draft", "--workers", "1"]
    subprocess.run([sys.executable, "-m", "generator.gallery", tmp_path / "gallery", *told], check=True, cwd=ROOT, capture_output=True)
    assert (tmp_path / "gallery/index.html").read_text(encoding="utf-8").count("<article") == len(FIRST) + 1


def test_entries_are_chosen_by_kind_and_by_name():
    assert {entry.kind for entry in entries()} == {kind for kind, _ in FIRST}
    assert entries(["motions"], ["slide"]) == [Entry("motions", "slide")]
    with pytest.raises(ValueError, match="nothing is called slid among motions"):
        entries(["motions"], ["slid"])


def test_an_unknown_name_is_refused(tmp_path, capsys):
    assert main([str(tmp_path), "--only", "slid"]) == 2
    assert "slid" in capsys.readouterr().err


def test_an_entry_that_fails_is_told_and_leaves_no_note(tmp_path, capsys):
    failed = exhibit(Entry("motions", "slid"), tmp_path, RENDERS["draft"], TINY)
    assert "unknown motion 'slid'" in failed.error
    assert not list(tmp_path.rglob("*.json"))


# The farm's other door


def doubled(number: int) -> int:
    return 2 * number


def deadly(number: int) -> int:
    if number == 2:
        os._exit(1)
    return number


def test_every_item_is_worked_on():
    assert dict(parallel_map(doubled, range(5), 0)) == {number: 2 * number for number in range(5)}


@pytest.mark.slow
def test_a_worker_that_dies_loses_its_own_item_alone():
    assert dict(parallel_map(deadly, range(5), 1)) == {0: 0, 1: 1, 2: None, 3: 3, 4: 4}
