"""Which machines of a cluster are left out, and which clips are told to be to blame, from what the machines report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.pipeline import ClipReport
from generator.trust import GIVE_UP_AFTER, LOST_AFTER, Trust


class Cluster:
    """Machines of these names, and what is known of them."""

    def __init__(self, names: str) -> None:
        self.names, self.lost, self.numbers = set(names), dict[str, str](), iter(range(10**6))
        self.trust = Trust(lambda: self.names, self._leave_out)

    def _leave_out(self, machine: str, reason: str) -> None:
        self.lost[machine] = reason
        self.names.discard(machine)

    def says(self, told: str) -> Iterator[list[ClipReport]]:
        """What is certain after each report: a name in capitals made a clip, one in small letters failed at one."""
        for name in told:
            index = next(self.numbers)
            failures = () if name.isupper() else ("a bug",)
            report = ClipReport(index, str(index), "written" if name.isupper() else "failed", failures=failures)
            yield self.trust.told(name.upper(), report)


def test_a_clip_that_fails_on_a_machine_that_makes_others_is_to_blame():
    cluster = Cluster("AB")
    told = list(cluster.says("AaBA"))
    assert [[(report.index, report.status) for report in each] for each in told] == [
        [(0, "written")],
        [],
        [(2, "written")],
        [(1, "failed"), (3, "written")],
    ]
    assert not cluster.lost and not cluster.trust.rest()


def test_a_machine_that_makes_nothing_while_others_do_is_left_out_and_its_clips_are_not_to_blame():
    cluster = Cluster("AB")
    told = [report.index for each in cluster.says("b" * 9 + "A" + "bA") for report in each]
    assert (told, set(cluster.lost), cluster.trust.rest()) == ([9, 11], {"B"}, [])
    assert "9 clips failed there one after the other" in cluster.lost["B"] and cluster.lost["B"].endswith("a bug")


def test_a_machine_that_has_made_clips_is_given_longer():
    cluster = Cluster("AB")
    list(cluster.says("AB" + "b" * (LOST_AFTER - 1)))
    assert not cluster.lost
    list(cluster.says("b"))
    assert set(cluster.lost) == {"B"}


def test_where_all_fail_no_machine_is_left_out_and_all_is_told():
    cluster = Cluster("AB")
    told = list(cluster.says("ab" * GIVE_UP_AFTER))
    assert [len(each) for each in told] == [0] * (2 * GIVE_UP_AFTER - 1) + [2 * GIVE_UP_AFTER]
    assert not cluster.lost


def test_a_machine_that_is_alone_is_told_of_at_once():
    assert [len(each) for each in Cluster("A").says("aAaa")] == [1, 1, 1, 1]


def test_at_the_end_a_machine_that_made_nothing_while_others_did_is_left_out():
    cluster = Cluster("AB")
    list(cluster.says("Aba"))
    assert [report.index for report in cluster.trust.rest()] == [2]
    assert set(cluster.lost) == {"B"}


@pytest.mark.parametrize(("before", "spared"), [("", False), ("B", False), ("A", True)])
def test_a_machine_that_refuses_is_done_without_where_another_is_known_to_work(before: str, spared: bool):
    cluster = Cluster("AB")
    list(cluster.says(before))
    assert cluster.trust.refused("B", "no libEGL") == spared
    assert cluster.lost == ({"B": "no libEGL"} if spared else {})
    assert cluster.trust.refused("B", "again") == spared


def test_a_machine_that_cannot_reach_the_data_set_is_left_out_after_a_while_unless_all_cannot():
    cluster = Cluster("AB")
    list(cluster.says("AB"))
    for _ in range(LOST_AFTER):
        cluster.trust.away("A")
        cluster.trust.away("B")
    assert not cluster.lost
    list(cluster.says("A"))
    cluster.trust.away("B")
    assert set(cluster.lost) == {"B"}


@given(st.text("ABCabc", max_size=200))
def test_each_clip_is_told_once_at_most_and_one_machine_is_always_left(told: str):
    cluster = Cluster("ABC")
    certain = [report.index for each in cluster.says(told) for report in each] + [report.index for report in cluster.trust.rest()]
    assert len(set(certain)) == len(certain) and cluster.names
    assert {index for index, name in enumerate(told) if name.isupper()} <= set(certain)
    if not cluster.lost:
        assert sorted(certain) == list(range(len(told)))
