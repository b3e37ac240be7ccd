from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, cast

import pytest

from peer.ice import CandidateType, IceRole, TcpType
from peer.ice.pair import CandidatePair, may_pair
from peer.ice.pair_state import PairState

from .builders import host_candidate, local_candidate, make_pair

if TYPE_CHECKING:
    from peer.ice.turn import Allocation

ACTIVE, PASSIVE, BOTH = TcpType.ACTIVE, TcpType.PASSIVE, TcpType.SIMULTANEOUS_OPEN


@pytest.mark.parametrize(
    ("local", "remote", "expected"),
    [
        ("10.0.0.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::2", True),
        ("10.0.0.1", "2001:db8::2", False),
        ("2001:db8::1", "192.0.2.1", False),
        ("fe80::1", "fe80::2", True),
        ("fe80::1", "2001:db8::2", False),
        ("2001:db8::1", "fe80::2", False),
        ("2001:db8::1", "fe8::2", True),
        ("169.254.1.1", "192.0.2.1", True),
    ],
)
def test_families(local: str, remote: str, expected: bool) -> None:
    """RFC 8445 §6.1.2.2: same family; IPv6 link-local only with link-local."""
    assert may_pair(local_candidate(local), host_candidate(remote)) is expected


def test_components() -> None:
    """RFC 8445 §6.1.2.2."""
    for ours, theirs in product((1, 2), repeat=2):
        expected = ours == theirs
        local, remote = local_candidate(component=ours), host_candidate(component=theirs)
        assert may_pair(local, remote) is expected


def test_transport_protocols() -> None:
    assert not may_pair(local_candidate(), host_candidate(tcp_type=PASSIVE))
    assert not may_pair(local_candidate(tcp_type=ACTIVE), host_candidate())


@pytest.mark.parametrize(("ours", "theirs"), list(product(TcpType, repeat=2)))
def test_tcp_types(ours: TcpType, theirs: TcpType) -> None:
    """RFC 6544 §6.2: active with passive, passive with active, so with so."""
    expected = {ours, theirs} == {ACTIVE, PASSIVE} or ours is theirs is BOTH
    assert may_pair(local_candidate(tcp_type=ours), host_candidate(tcp_type=theirs)) is expected


def test_missing_tcp_type_counts_as_passive() -> None:
    """Deployed peers leave tcptype out of passive candidates."""
    remote = replace(host_candidate(tcp_type=PASSIVE), tcp_type=None)
    assert may_pair(local_candidate(tcp_type=ACTIVE), remote)
    assert not may_pair(local_candidate(tcp_type=PASSIVE), remote)


def test_relays_do_not_reach_hidden_addresses() -> None:
    """draft-ietf-mmusic-mdns-ice-candidates §3.3: no relay sees what an mDNS name hides."""
    local = local_candidate(kind=CandidateType.RELAYED)
    local.base.relay = cast("Allocation", object())
    assert may_pair(local, host_candidate())
    assert not may_pair(local, host_candidate(hidden=True))
    assert may_pair(local_candidate(), host_candidate(hidden=True))


def test_priority_follows_the_role() -> None:
    """RFC 8445 §6.1.2.3: G belongs to the controlling side, on both sides alike."""
    local = local_candidate(priority=2130706431)
    pair = CandidatePair("0", local, host_candidate(priority=1694498815))
    pair.set_priority(IceRole.CONTROLLING)
    assert pair.priority == 7277816997797167103
    pair.set_priority(IceRole.CONTROLLED)
    assert pair.priority == 7277816997797167102


def test_both_agents_compute_the_same_priority() -> None:
    ours, theirs = local_candidate(priority=2130706431), local_candidate(priority=1694498815)
    here = CandidatePair("0", ours, theirs.candidate)
    there = CandidatePair("0", theirs, ours.candidate)
    here.set_priority(IceRole.CONTROLLING)
    there.set_priority(IceRole.CONTROLLED)
    assert here.priority == there.priority


def test_new_pair() -> None:
    """RFC 8445 §6.1.2.6: Frozen, and its foundation is made of both candidates'."""
    pair = CandidatePair("0", local_candidate(foundation="a"), host_candidate(foundation="b"))
    assert pair.state is PairState.FROZEN
    assert pair.foundation == ("a", "b")
    assert not pair.nominated


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (CandidateType.HOST, CandidateType.HOST, False),
        (CandidateType.HOST, CandidateType.SERVER_REFLEXIVE, False),
        (CandidateType.RELAYED, CandidateType.HOST, True),
        (CandidateType.HOST, CandidateType.RELAYED, True),
    ],
)
def test_relayed(ours: CandidateType, theirs: CandidateType, expected: bool) -> None:
    pair = CandidatePair("0", local_candidate(kind=ours), host_candidate(kind=theirs))
    assert pair.relayed is expected


def test_shown_with_addresses_and_state() -> None:
    assert repr(make_pair()) == "<pair 0/1 10.0.0.1:5000 192.0.2.99:9999 frozen>"
