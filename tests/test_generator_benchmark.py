"""What the benchmark of the generator says of its measurements, and that each can be left out; no measurement is made."""

import sys

import pytest

from benchmarks import generator as benchmark


@pytest.mark.parametrize(
    ("measured", "bounds", "said"),
    [
        ([0.9, 0.7, 0.86], {"least": 0.85}, "0.86 0.7 to 0.9 at least 0.85 met"),
        ([0.84], {"least": 0.85}, "0.84 at least 0.85 NOT MET"),
        ([0.05], {"below": 0.05}, "0.05 below 0.05 NOT MET"),
        ([-1.0], {"below": 10}, "-1 below 10 met"),
        ([float("nan")], {"below": 10}, "nan below 10 NOT MET"),
        ([2.0], {}, "2 what there is"),
    ],
)
def test_a_ratio_is_held_against_its_bound(measured: list[float], bounds: dict[str, float], said: str, capsys):
    benchmark.say("one ÷ other", measured, **bounds)
    assert " ".join(capsys.readouterr().out.split()) == f"one ÷ other {said}"


def test_every_measurement_can_be_left_out(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmark", *(f"--{name}clips=0" for name in ("", "label-", "memory-", "cycles-"))])
    benchmark.main()
    assert len(capsys.readouterr().out.splitlines()) == 1
