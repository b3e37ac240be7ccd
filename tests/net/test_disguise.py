"""What the peer is told of our addresses."""

import pytest

from peer.ice import Candidate, CandidateType, TransportAddress, TransportProtocol
from peer.net import AddressPolicy
from peer.net.disguise import disguise

ALL, PUBLIC = AddressPolicy.ALL, AddressPolicy.DEFAULT_ROUTE_PUBLIC


def _candidate(
    host: str, kind: CandidateType = CandidateType.HOST, related: str | None = None
) -> Candidate:
    return Candidate(
        "1",
        1,
        TransportProtocol.UDP,
        100,
        TransportAddress(host, 5000),
        kind,
        None if related is None else TransportAddress(related, 6000),
    )


def _name(host: str) -> str:
    return f"name-of-{host}"


def test_nothing_is_hidden_unless_asked_for() -> None:
    candidate = _candidate("10.0.0.1")
    assert disguise(candidate, ALL, None) is candidate
    assert disguise(candidate, AddressPolicy.DEFAULT_ROUTE, None) is candidate


def test_host_address_behind_a_name() -> None:
    """mdns draft §3.1.2.1: only the address is replaced."""
    hidden = disguise(_candidate("10.0.0.1"), ALL, _name)
    assert hidden is not None
    assert hidden.address == ("name-of-10.0.0.1", 5000)
    assert hidden.priority == 100


@pytest.mark.parametrize(("host", "unspecified"), [("8.8.8.8", "0.0.0.0"), ("2001:4860::1", "::")])
@pytest.mark.parametrize("kind", [CandidateType.SERVER_REFLEXIVE, CandidateType.RELAYED])
def test_related_address_does_not_betray_the_name(
    host: str, unspecified: str, kind: CandidateType
) -> None:
    """mdns draft §3.1.2.2: 0.0.0.0 or ::, and port 9."""
    hidden = disguise(_candidate(host, kind, "10.0.0.1"), ALL, _name)
    assert hidden is not None
    assert hidden.address == (host, 5000)
    assert hidden.related_address == (unspecified, 9)


def test_private_address_of_the_default_route() -> None:
    """RFC 8828 §5.2, mode 3: the private address is not told, a public one is."""
    public = _candidate("8.8.8.8")
    assert disguise(_candidate("10.0.0.1"), PUBLIC, None) is None
    assert disguise(public, PUBLIC, None) is public
