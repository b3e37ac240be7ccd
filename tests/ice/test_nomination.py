from itertools import product

import pytest

from peer.ice import CandidateType, IceRole, Nomination, starts_controlling
from peer.ice.nomination import Outlook, nomination_time, replaces
from peer.ice.pair import CandidatePair

from .builders import host_candidate, local_candidate, make_pair

SETTINGS = Nomination(direct=0.5, relayed=2.0, lossy=8.0)
NOW = 100.0


def valid_pair(round_trip: float | None = 0.02, *, relayed: bool = False) -> CandidatePair:
    kind = CandidateType.RELAYED if relayed else CandidateType.HOST
    pair = CandidatePair("0", local_candidate(), host_candidate(kind=kind))
    pair.stats.current_round_trip_time = round_trip
    return pair


def outlook(
    best: CandidatePair,
    *,
    better: int,
    more_direct: int = 0,
    lossy: bool = False,
    learned: float | None = None,
) -> Outlook:
    return Outlook(best, NOW, better, more_direct, lossy, 0.05, learned)


class TestTime:
    """RFC 8445 §8.1.1 leaves it to the agent; this is the rule of the module."""

    @pytest.mark.parametrize("relayed", [False, True])
    @pytest.mark.parametrize("lossy", [False, True])
    def test_at_once_when_nothing_better_can_come(self, relayed: bool, lossy: bool) -> None:
        view = outlook(valid_pair(relayed=relayed), better=0, lossy=lossy)
        assert nomination_time(view, SETTINGS) == NOW

    def test_time_for_better_pairs_to_answer(self) -> None:
        """Ta for each pair before it, a round trip, and as much again for a margin."""
        view = outlook(valid_pair(0.02), better=3)
        assert nomination_time(view, SETTINGS) == pytest.approx(NOW + 3 * 0.05 + 2 * 0.02)

    def test_a_slow_path_waits_longer(self) -> None:
        quick = nomination_time(outlook(valid_pair(0.01), better=1), SETTINGS)
        slow = nomination_time(outlook(valid_pair(0.1), better=1), SETTINGS)
        assert NOW < quick < slow < NOW + 0.5

    def test_never_longer_than_the_bound(self) -> None:
        view = outlook(valid_pair(0.4), better=20)
        assert nomination_time(view, SETTINGS) == NOW + 0.5

    def test_unknown_round_trip(self) -> None:
        view = outlook(valid_pair(None), better=1)
        assert nomination_time(view, SETTINGS) == NOW + 0.5

    def test_relayed_while_a_direct_pair_is_outstanding(self) -> None:
        view = outlook(valid_pair(relayed=True), better=2, more_direct=1)
        assert nomination_time(view, SETTINGS) == NOW + 2.0

    def test_relayed_and_packets_were_lost(self) -> None:
        view = outlook(valid_pair(relayed=True), better=1, more_direct=1, lossy=True)
        assert nomination_time(view, SETTINGS) == NOW + 8.0

    def test_relayed_with_only_relayed_pairs_above(self) -> None:
        view = outlook(valid_pair(0.02, relayed=True), better=1)
        assert nomination_time(view, SETTINGS) == pytest.approx(NOW + 0.05 + 0.04)

    @pytest.mark.parametrize(("lossy", "wait"), [(False, 2.0), (True, 8.0)])
    def test_relayed_while_candidates_may_come(self, lossy: bool, wait: float) -> None:
        pair = valid_pair(0.02, relayed=True)
        view = Outlook(pair, NOW, 0, 0, lossy, 0.05, expecting=True)
        assert nomination_time(view, SETTINGS) == NOW + wait

    def test_candidates_to_come_do_not_delay_a_direct_pair(self) -> None:
        view = Outlook(valid_pair(0.02), NOW, 0, 0, True, 0.05, expecting=True)
        assert nomination_time(view, SETTINGS) == NOW

    def test_through_nats_while_a_host_pair_is_outstanding(self) -> None:
        view = outlook(valid_pair(0.001), better=2, more_direct=1)
        assert nomination_time(view, SETTINGS) == NOW + 0.5

    def test_through_nats_and_packets_were_lost(self) -> None:
        view = outlook(valid_pair(0.001), better=2, more_direct=1, lossy=True)
        assert nomination_time(view, SETTINGS) == NOW + 2.0

    def test_loss_does_not_delay_what_is_as_direct_as_the_rest(self) -> None:
        pair = valid_pair(0.02)
        plain = nomination_time(outlook(pair, better=1), SETTINGS)
        assert nomination_time(outlook(pair, better=1, lossy=True), SETTINGS) == plain

    @pytest.mark.parametrize("better", [0, 3])
    def test_signalling_may_say_that_the_remote_is_a_relay(self, better: int) -> None:
        view = outlook(valid_pair(0.001), better=better, learned=NOW - 0.1)
        assert nomination_time(view, SETTINGS) == NOW + 0.5

    @pytest.mark.parametrize("more_direct", [0, 1])
    @pytest.mark.parametrize(("late", "wait"), [(0.3, 0.8), (1.4, 1.9), (1.9, 2.0)])
    def test_a_late_check_is_as_long_before_its_signalling(
        self, more_direct: int, late: float, wait: float
    ) -> None:
        view = outlook(valid_pair(0.001), better=2, more_direct=more_direct, learned=NOW + late)
        assert nomination_time(view, SETTINGS) == pytest.approx(NOW + wait)

    def test_what_is_more_direct_is_waited_for_longer_than_signalling(self) -> None:
        view = outlook(valid_pair(0.001), better=2, more_direct=1, lossy=True, learned=NOW)
        assert nomination_time(view, SETTINGS) == NOW + 2.0


def nominated(priority: int, value: int = 0) -> CandidatePair:
    pair = make_pair(priority=priority)
    pair.nomination_value = value
    return pair


class TestReplaces:
    @pytest.mark.parametrize(("new", "selected", "expected"), [(2, 1, True), (1, 2, False)])
    def test_highest_priority(self, new: int, selected: int, expected: bool) -> None:
        """RFC 8445 §8.1.1: several nominations of an RFC 5245 peer."""
        assert (
            replaces(nominated(new), nominated(selected), renomination=False, follow_latest=False)
            is expected
        )

    @pytest.mark.parametrize("new", [1, 3])
    def test_a_peer_that_moves_is_followed(self, new: int) -> None:
        assert replaces(nominated(new), nominated(2), renomination=False, follow_latest=True)

    @pytest.mark.parametrize(
        ("new", "selected", "expected"),
        [(2, 1, True), (1, 2, False), (2, 2, False), (1, 0, True), (0, 1, False)],
    )
    @pytest.mark.parametrize("follow_latest", [False, True])
    def test_largest_value(
        self, new: int, selected: int, expected: bool, follow_latest: bool
    ) -> None:
        """draft-thatcher-ice-renomination §4: larger wins, any value beats none."""
        found = replaces(
            nominated(1, new),
            nominated(2, selected),
            renomination=True,
            follow_latest=follow_latest,
        )
        assert found is expected

    def test_values_count_only_when_agreed_on(self) -> None:
        new, selected = nominated(1, 9), nominated(2, 1)
        assert not replaces(new, selected, renomination=False, follow_latest=False)

    @pytest.mark.parametrize(("new", "expected"), [(3, True), (1, False)])
    def test_without_values_priority_decides(self, new: int, expected: bool) -> None:
        found = replaces(nominated(new), nominated(2), renomination=True, follow_latest=False)
        assert found is expected


@pytest.mark.parametrize(
    ("initiator", "lite", "remote_lite"), list(product((True, False), repeat=3))
)
def test_roles(initiator: bool, lite: bool, remote_lite: bool) -> None:
    """RFC 8445 §6.1.1: a full agent controls a lite one; among equals the initiator does."""
    role = starts_controlling(initiator=initiator, lite=lite, remote_lite=remote_lite)
    if lite is not remote_lite:
        assert role is (IceRole.CONTROLLED if lite else IceRole.CONTROLLING)
    else:
        assert role is (IceRole.CONTROLLING if initiator else IceRole.CONTROLLED)
