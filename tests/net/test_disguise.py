"""What of our addresses may be known."""

from dataclasses import replace

import pytest

from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateRemoved,
    CandidateType,
    GatheringFailed,
    GatherPolicy,
    IceState,
    SelectedPairChanged,
    TransportAddress,
    TransportProtocol,
)
from peer.net import AddressPolicy, ExternalAddress, NetConfig
from peer.net.disguise import Disguise
from tests.ice.test_stats import Duo

HOST, REFLEXIVE, LEARNED, RELAYED = (
    CandidateType.HOST,
    CandidateType.SERVER_REFLEXIVE,
    CandidateType.PEER_REFLEXIVE,
    CandidateType.RELAYED,
)
PLAIN = NetConfig()
EXTERNAL = (ExternalAddress("198.51.100.7"),)
NAMED = NetConfig(hide_addresses=True)
PUBLIC = NetConfig(policy=AddressPolicy.DEFAULT_ROUTE_PUBLIC)


def _candidate(host: str, kind: CandidateType = HOST, related: str | None = None) -> Candidate:
    return Candidate(
        "1",
        1,
        TransportProtocol.UDP,
        100,
        TransportAddress(host, 5000),
        kind,
        None if related is None else TransportAddress(related, 6000),
    )


def _disguise(net: NetConfig, gather: GatherPolicy = GatherPolicy.ALL) -> Disguise:
    return Disguise(
        net,
        gather,
        publish=lambda host: f"name-of-{host}",
        is_fallback=lambda host: host == "127.0.0.1",
        replaced_by={"10.0.0.7": "198.51.100.7"}.get,
    )


def _signalled(candidate: Candidate, net: NetConfig) -> Candidate | None:
    told = _disguise(net).event(CandidateGathered("0", candidate, "abcd"))
    assert told is None or isinstance(told, CandidateGathered)
    return None if told is None else told.candidate


def _selected(candidate: Candidate, net: NetConfig) -> Candidate:
    remote = _candidate("192.0.2.1")
    state = IceState.CONNECTED
    event = SelectedPairChanged("0", 1, candidate, remote, candidate.address, True, True, state)
    told = _disguise(net).event(event)
    assert isinstance(told, SelectedPairChanged)
    assert told.remote is remote
    return told.local


@pytest.mark.parametrize("net", [NAMED, PUBLIC, replace(PLAIN, external=EXTERNAL)])
def test_an_external_address_takes_the_place_of_a_host_address(net: NetConfig) -> None:
    """Whatever is hidden else: it is meant to be known."""
    candidate = _candidate("10.0.0.7")
    for told in (_signalled(candidate, net), _selected(candidate, net)):
        assert told is not None
        assert told.address == ("198.51.100.7", 5000)
        assert told.type is HOST


def test_an_external_address_is_told_after_its_interface_is_gone() -> None:
    """A candidate ends as what it was told as, and no inner address comes to light."""
    present = {"10.0.0.7": "198.51.100.7"}
    disguise = Disguise(
        replace(PLAIN, external=EXTERNAL),
        GatherPolicy.ALL,
        publish=str,
        is_fallback=lambda host: False,
        replaced_by=present.get,
    )
    candidate = _candidate("10.0.0.7")
    gathered = disguise.event(CandidateGathered("0", candidate, "abcd"))
    present.clear()
    removed = disguise.event(CandidateRemoved("0", candidate))
    assert isinstance(gathered, CandidateGathered)
    assert isinstance(removed, CandidateRemoved)
    assert removed.candidate == gathered.candidate
    assert removed.candidate.address.host == "198.51.100.7"


def test_an_external_address_hides_nothing_else() -> None:
    net = replace(PLAIN, external=EXTERNAL)
    for candidate in (
        _candidate("10.0.0.8"),
        _candidate("8.8.8.8", REFLEXIVE, "10.0.0.7"),
        _candidate("8.8.8.8", LEARNED, "10.0.0.7"),
    ):
        assert _signalled(candidate, net) == candidate
    failed = GatheringFailed("0", TransportAddress("10.0.0.8", 5000), "stun:x", 701, "x")
    assert _disguise(net).event(failed) is failed


@pytest.mark.parametrize("policy", [AddressPolicy.ALL, AddressPolicy.DEFAULT_ROUTE])
def test_nothing_is_hidden_unless_asked_for(policy: AddressPolicy) -> None:
    candidate = _candidate("8.8.8.8", REFLEXIVE, "10.0.0.1")
    net = NetConfig(policy=policy)
    assert _signalled(candidate, net) is candidate
    assert _selected(candidate, net) is candidate


def test_host_address_behind_a_name() -> None:
    """mdns draft §3.1.2.1: only the address is replaced."""
    told = _signalled(_candidate("10.0.0.1"), NAMED)
    assert told == replace(
        _candidate("10.0.0.1"), address=TransportAddress("name-of-10.0.0.1", 5000)
    )
    assert _selected(_candidate("10.0.0.1"), NAMED) == told


@pytest.mark.parametrize(("host", "unspecified"), [("8.8.8.8", "0.0.0.0"), ("2001:4860::1", "::")])
@pytest.mark.parametrize("kind", [REFLEXIVE, RELAYED])
def test_related_address_does_not_betray_the_name(
    host: str, unspecified: str, kind: CandidateType
) -> None:
    """mdns draft §3.1.2.2: 0.0.0.0 or ::, and port 9."""
    told = _signalled(_candidate(host, kind, "10.0.0.1"), NAMED)
    assert told is not None
    assert told.address == (host, 5000)
    assert told.related_address == (unspecified, 9)
    assert _selected(_candidate(host, kind, "10.0.0.1"), NAMED) == told


def test_private_address_of_the_default_route() -> None:
    """RFC 8828 §5.2, mode 3: the private address is not told, a public one is."""
    public = _candidate("8.8.8.8")
    assert _signalled(_candidate("10.0.0.1"), PUBLIC) is None
    assert _signalled(public, PUBLIC) == public


@pytest.mark.parametrize(
    ("candidate", "net"),
    [
        (_candidate("10.0.0.1"), PUBLIC),
        (_candidate("8.8.8.8", LEARNED, "10.0.0.1"), PUBLIC),
        (_candidate("8.8.8.8", LEARNED, "10.0.0.1"), NAMED),
    ],
)
def test_a_pair_in_use_shows_no_more_than_was_signalled(
    candidate: Candidate, net: NetConfig
) -> None:
    told = _selected(candidate, net)
    assert told.hidden
    assert told.address == ("0.0.0.0", 9)
    assert told.related_address is None


def test_relays_do_not_tell_where_they_are_asked_from() -> None:
    told = _disguise(PLAIN, GatherPolicy.RELAY).event(
        CandidateGathered("0", _candidate("192.0.2.1", RELAYED, "198.51.100.1"), "abcd")
    )
    assert isinstance(told, CandidateGathered)
    assert told.candidate.related_address == ("0.0.0.0", 9)


def test_addresses_every_machine_has_are_told() -> None:
    candidate = _candidate("127.0.0.1")
    assert _signalled(candidate, NAMED) == candidate
    assert _signalled(candidate, PUBLIC) == candidate


@pytest.mark.parametrize(
    ("net", "gather", "address"),
    [
        (PLAIN, GatherPolicy.ALL, ("10.0.0.1", 5000)),
        (PLAIN, GatherPolicy.RELAY, ("0.0.0.0", 0)),
        (NAMED, GatherPolicy.ALL, ("0.0.0.0", 0)),
        (PUBLIC, GatherPolicy.ALL, ("0.0.0.0", 0)),
    ],
)
def test_a_server_that_fails_betrays_nothing(
    net: NetConfig, gather: GatherPolicy, address: tuple[str, int]
) -> None:
    """W3C webrtc-pc §4.8.2."""
    local = TransportAddress("10.0.0.1", 5000)
    told = _disguise(net, gather).event(GatheringFailed("0", local, "stun:x", 701, "no answer"))
    assert isinstance(told, GatheringFailed)
    assert told.local == address


def test_statistics_show_what_was_signalled() -> None:
    duo = Duo()
    duo.connect(1.0)
    figures = duo.left.stats()
    (local,) = [each for each in figures.candidates if not each.remote]
    (remote,) = [each for each in figures.candidates if each.remote]
    assert local.address is not None

    named = _disguise(NAMED)
    unnamed = named.statistics(figures).candidates
    assert [each.address for each in unnamed if not each.remote] == [None]
    named.event(CandidateGathered("0", _candidate(local.address), "abcd"))
    shown = named.statistics(figures).candidates
    assert remote in shown
    name = f"name-of-{local.address}"
    assert [(e.address, e.port) for e in shown if not e.remote] == [(name, local.port)]

    reflexive = replace(
        local, candidate_type=REFLEXIVE, related_address="10.0.0.9", related_port=4000
    )
    figures = replace(figures, candidates=(reflexive, replace(local, candidate_type=LEARNED)))
    first, second = _disguise(PUBLIC).statistics(figures).candidates
    assert (first.address, first.related_address, first.related_port) == (local.address, None, None)
    assert (second.address, second.port) == (None, None)
