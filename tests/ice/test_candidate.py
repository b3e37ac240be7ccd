from itertools import product

import pytest

from peer.ice.candidate import CandidateType, Foundations, TransportProtocol, type_preference

UDP, TCP = TransportProtocol.UDP, TransportProtocol.TCP


def test_types_are_named_as_in_sdp() -> None:
    """RFC 8839 §5.1."""
    assert [kind.value for kind in CandidateType] == ["host", "srflx", "prflx", "relay"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CandidateType.HOST, 126),
        (CandidateType.PEER_REFLEXIVE, 110),
        (CandidateType.SERVER_REFLEXIVE, 100),
        (CandidateType.RELAYED, 0),
    ],
)
def test_type_preference(kind: CandidateType, expected: int) -> None:
    """RFC 8445 §5.1.2.2; RFC 6544 §4.2: UDP is preferred to TCP."""
    assert type_preference(kind, UDP) == expected
    assert 0 <= type_preference(kind, TCP) <= expected


def test_every_udp_path_but_a_relay_is_preferred_to_tcp() -> None:
    """RFC 6544 §4.2; RFC 8445 §5.1.2.1: 0..126, different for different types."""
    direct = [kind for kind in CandidateType if kind is not CandidateType.RELAYED]
    udp = {type_preference(kind, UDP) for kind in direct}
    tcp = {type_preference(kind, TCP) for kind in direct}
    assert len(udp) == len(tcp) == 3
    assert max(tcp) < min(udp)
    assert type_preference(CandidateType.PEER_REFLEXIVE, TCP) > type_preference(
        CandidateType.SERVER_REFLEXIVE, TCP
    )


@pytest.mark.parametrize(
    ("same_type", "same_base", "same_server"), list(product((True, False), repeat=3))
)
def test_foundations(same_type: bool, same_base: bool, same_server: bool) -> None:
    """RFC 8445 §5.1.1.3: equal only if type, base address and server are all equal."""
    foundations = Foundations()
    first = foundations.find(CandidateType.SERVER_REFLEXIVE, "10.0.0.1", "192.0.2.1", UDP)
    second = foundations.find(
        CandidateType.SERVER_REFLEXIVE if same_type else CandidateType.RELAYED,
        "10.0.0.1" if same_base else "10.0.0.2",
        "192.0.2.1" if same_server else "192.0.2.2",
        UDP,
    )
    assert (first == second) is (same_type and same_base and same_server)


def test_foundation_depends_on_the_transport_protocol() -> None:
    """RFC 8445 §5.1.1.3."""
    foundations = Foundations()
    udp = foundations.find(CandidateType.HOST, "10.0.0.1", "", UDP)
    assert udp != foundations.find(CandidateType.HOST, "10.0.0.1", "", TCP)


def test_foundations_are_short_ice_chars() -> None:
    """RFC 8839 §5.1: 1 to 32 ice-chars."""
    foundations = Foundations()
    found = {
        foundations.find(kind, f"10.0.0.{i}", server, UDP)
        for kind in CandidateType
        for i in range(50)
        for server in ("", "192.0.2.1")
    }
    assert len(found) == 400
    assert all(text.isalnum() and text.isascii() and len(text) <= 32 for text in found)
