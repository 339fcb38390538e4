"""Catalogues and random streams: the ground under every draw."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.catalogue import catalogues, signed_cameras
from scenes.avatars.motions.motion import AVATAR_MOTIONS
from scenes.cameras.move import CAMERA_MOVES
from scenes.catalogue import Catalogue, UnknownName, snake_case
from scenes.events.event import EVENTS
from scenes.motions.motion import MOTIONS
from scenes.streams import Streams


def test_files_are_entries_in_alphabetical_order():
    assert len(MOTIONS) >= 14 and {"slide", "figure_eight"} <= set(MOTIONS)
    assert list(MOTIONS) == sorted(MOTIONS)
    assert len(CAMERA_MOVES) >= 13


# What is told of them

GROUPS = ("motions", "avatar_motions", "avatars", "events", "environments", "cameras", "viewpoints", "shapes", "questions")
words = cache(catalogues)


def test_there_is_as_much_as_was_promised():
    promised = {"avatar_motions": 24, "avatars": 6, "events": 8, "motions": 14, "environments": 8, "questions": 30, "viewpoints": 15}
    assert all(len(words()[group]) >= least for group, least in promised.items())
    assert len(set(signed_cameras())) >= 20
    assert tuple(words()) == GROUPS


@pytest.mark.parametrize("group", GROUPS)
def test_every_entry_is_described_in_one_line(group):
    for name, word in words()[group].items():
        assert word.description and "\n" not in word.description, name
        assert all(claim.strip() and "|" not in claim for claim in word.claims), name


def test_signed_cameras_are_the_directions_of_moves():
    assert {"pan left", "pan right", "dolly_zoom in", "roll counter-clockwise"} <= set(signed_cameras())
    assert {name.split()[0] for name in signed_cameras()} == {name for name, move in CAMERA_MOVES.items() if len(move.directions) == 2}


@pytest.mark.parametrize("name", AVATAR_MOTIONS)
def test_claims_of_avatar_motions_follow_from_the_class(name):
    kind, claims = AVATAR_MOTIONS[name], words()["avatar_motions"][name].claims
    assert (f"counted up to {kind.max_cycles}" in claims) == kind.countable
    assert ("left or right" in claims) == kind.sided
    assert ("travels" in claims) == kind.travels
    assert any("legs" in claim for claim in claims) == (kind.legs != (2,))


@pytest.mark.parametrize("name", EVENTS)
def test_claims_of_events_name_their_roles(name):
    claims = words()["events"][name].claims
    assert claims[0] == EVENTS[name].sentence
    assert ("roles may be exchanged" in claims) == EVENTS[name].symmetric


# How names are found


def test_unknown_name_suggests_and_lists():
    with pytest.raises(UnknownName, match=r"Did you mean 'dolly'.*Known: arc, "):
        CAMERA_MOVES["doly"]
    assert "doly" not in CAMERA_MOVES


def test_a_name_is_taken_once():
    catalogue: Catalogue = Catalogue("thing", "scenes.motions")
    first = catalogue.register(type("FigureEight", (), {"__module__": "one"}))
    assert first.name == "figure_eight"
    with pytest.raises(ValueError, match="already registered by one"):
        catalogue.register(type("FigureEight", (), {"__module__": "other"}))


def test_snake_case():
    assert snake_case("DollyZoom") == "dolly_zoom"


def test_entry_points_extend_a_catalogue(tmp_path, monkeypatch):
    """A third-party package adds a motion by an entry point, with no change here."""
    (tmp_path / "extra_motions.py").write_text("class Glide:\n    pass\n")
    info = tmp_path / "extra_motions-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra-motions\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[motionfoundry.glidings]\nglide = extra_motions:Glide\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Catalogue("gliding", "scenes.environments")["glide"].name == "glide"


key = st.tuples(st.integers(0, 2**64), st.sampled_from(["train", "test"]), st.integers(0, 10**6), st.integers(0, 60))


@given(key=key, stage=st.text(min_size=1, max_size=20))
def test_a_stream_is_the_same_each_time_it_is_asked_for(key, stage):
    streams = Streams(*key)
    assert streams.rng(stage).random() == streams.rng(stage).random()


@given(one=key, other=key)
def test_streams_differ_in_every_part_of_their_key(one, other):
    same = Streams(*one).rng("looks").random() == Streams(*other).rng("looks").random()
    assert same == (one == other)


def test_zero_is_a_seed():
    assert Streams(0, "train", 0).rng("looks").random() != Streams(1, "train", 0).rng("looks").random()
