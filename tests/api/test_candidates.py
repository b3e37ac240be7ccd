"""Candidates between descriptions, the agent and the application."""

from dataclasses import replace
from typing import Any

import pytest
from aiortc import RTCIceCandidate as AiortcCandidate

from peer.api.candidates import from_ice, from_value, local_candidate, to_ice
from peer.api.errors import JsepTypeError
from peer.api.ice_candidate import CandidateInit, RTCIceCandidate
from peer.ice import (
    Candidate,
    CandidateType,
    NetworkType,
    TcpType,
    TransportAddress,
    TransportProtocol,
)
from sdp import parse_candidate

HOST = Candidate(
    "1",
    1,
    TransportProtocol.UDP,
    2130706431,
    TransportAddress("192.0.2.1", 4000),
    CandidateType.HOST,
)
RELATED = TransportAddress("10.0.0.1", 4000)
REFLEXIVE = replace(
    HOST,
    type=CandidateType.SERVER_REFLEXIVE,
    address=TransportAddress("198.51.100.1", 4001),
    related_address=RELATED,
)
ACTIVE = replace(
    HOST,
    transport=TransportProtocol.TCP,
    address=TransportAddress("192.0.2.1", 9),
    tcp_type=TcpType.ACTIVE,
)
NAMED = replace(HOST, address=TransportAddress("4f2c.local", 4000))
RELAYED = replace(REFLEXIVE, type=CandidateType.RELAYED, relay_protocol="tls", url="turns:host")
MAPPED = "candidate:1 1 udp 2130706431 198.51.100.1 4001 typ srflx"
END = " generation 0 ufrag frag"


@pytest.mark.parametrize("candidate", [HOST, REFLEXIVE, ACTIVE, NAMED])
def test_what_goes_into_a_description_comes_out(candidate: Candidate) -> None:
    assert to_ice(from_ice(candidate)) == candidate
    assert to_ice(from_ice(candidate, "frag")) == candidate


@pytest.mark.parametrize(
    ("candidate", "text"),
    [
        (HOST, f"candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host{END}"),
        (
            replace(REFLEXIVE, network=NetworkType.WIFI),
            f"{MAPPED} raddr 10.0.0.1 rport 4000{END} network-cost 10",
        ),
        (
            ACTIVE,
            f"candidate:1 1 tcp 2130706431 192.0.2.1 9 typ host tcptype active{END}",
        ),
    ],
)
def test_the_text(candidate: Candidate, text: str) -> None:
    assert str(from_ice(candidate, "frag")) == text


@pytest.mark.parametrize(("host", "hidden"), [("198.51.100.1", "0.0.0.0"), ("2001:db8::1", "::")])
def test_related_addresses_that_are_not_told(host: str, hidden: str) -> None:
    """RFC 8839 §5.1: a fixed address and the discard port; none for host candidates."""
    address = TransportAddress(host, 4001)
    shown = from_ice(replace(REFLEXIVE, address=address, related_address=None))
    assert (shown.related_address, shown.related_port) == (hidden, 9)
    host_candidate = from_ice(replace(HOST, address=address, related_address=RELATED))
    assert (host_candidate.related_address, host_candidate.related_port) == (None, None)


def test_an_address_behind_a_name_is_not_shown() -> None:
    assert from_ice(replace(HOST, hidden=True)).address == "0.0.0.0"


def test_every_kind_of_network_has_a_cost() -> None:
    costs = {
        network: from_ice(replace(HOST, network=network)).extension("network-cost")
        for network in NetworkType
    }
    assert costs[NetworkType.WIRED] == "0"
    assert costs[NetworkType.CELLULAR] == "900"
    assert None not in costs.values()
    assert from_ice(HOST).extension("network-cost") is None


@pytest.mark.parametrize(
    "text",
    [
        "1 1 dccp 1 192.0.2.1 4000 typ host",
        "1 1 udp 1 192.0.2.1 4000 typ other",
        "1 1 udp 1 host.example 4000 typ host",
        "1 1 tcp 1 192.0.2.1 4000 typ host tcptype odd",
        "1 0 udp 1 192.0.2.1 4000 typ host",
        "1 1 udp 1 fe80::1%eth0 4000 typ host",
    ],
)
def test_what_a_receiver_ignores(text: str) -> None:
    """RFC 8839 §5.1."""
    assert to_ice(parse_candidate(text)) is None


def test_addresses_are_put_into_canonical_form() -> None:
    found = to_ice(parse_candidate("1 1 UDP 1 2001:DB8:0::1 4000 typ srflx raddr FE80::1 rport 5"))
    assert found is not None
    assert found.address == ("2001:db8::1", 4000)
    assert found.related_address == ("fe80::1", 5)


@pytest.mark.parametrize("related", ["", " raddr 10.0.0.1", " rport 5", " raddr a.local rport 5"])
def test_related_addresses_that_say_nothing(related: str) -> None:
    found = to_ice(parse_candidate(f"1 1 udp 1 192.0.2.1 4000 typ srflx{related}"))
    assert found is not None
    assert found.related_address is None


def test_what_an_event_carries() -> None:
    candidate = local_candidate(RELAYED, "frag", "audio", 1)
    assert candidate.toJSON() == {
        "candidate": str(from_ice(RELAYED, "frag")),
        "sdpMid": "audio",
        "sdpMLineIndex": 1,
        "usernameFragment": "frag",
    }
    assert (candidate.url, candidate.relayProtocol) == ("turns:host", "tls")


TEXT = "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host"


@pytest.mark.parametrize(
    ("value", "init"),
    [
        (None, CandidateInit()),
        ("", CandidateInit()),
        ({}, CandidateInit("")),
        ({"candidate": "", "sdpMid": "0"}, CandidateInit("", "0")),
        (
            {"candidate": TEXT, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "f"},
            CandidateInit(TEXT, "0", 0, "f"),
        ),
        ({"candidate": TEXT}, CandidateInit(TEXT)),
        (
            RTCIceCandidate(candidate=TEXT + " ufrag f", sdpMid="0"),
            CandidateInit(TEXT + " ufrag f", "0"),
        ),
        (RTCIceCandidate(sdpMid="0"), CandidateInit("", "0")),
        (
            AiortcCandidate(1, "1", "192.0.2.1", 4000, 2130706431, "udp", "host", sdpMid="0"),
            CandidateInit(TEXT, "0"),
        ),
    ],
)
def test_values_that_are_candidates(value: object, init: CandidateInit) -> None:
    assert from_value(value) == init


@pytest.mark.parametrize("value", [TEXT, 1, [], {"candidate": 1}, {"sdpMLineIndex": "x"}])
def test_values_that_are_none(value: Any) -> None:
    with pytest.raises(JsepTypeError):
        from_value(value)
