"""The candidate attribute (RFC 8839 §5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdp import Candidate, SdpError, parse_candidate, serialize_candidate
from tests.sdp.strategies import candidates
from tests.sdp.support import AUDIO, audio_with, session_with, text_of
from tools.fuzz_sdp import fuzz_candidate

HOST = "candidate:1 1 udp 2130706431 203.0.113.1 20000 typ host"


@pytest.mark.parametrize("prefix", ["", "a="])
def test_prefixes(prefix: str) -> None:
    assert parse_candidate(prefix + HOST) == parse_candidate(HOST.removeprefix("candidate:"))


def test_host() -> None:
    assert parse_candidate(HOST) == Candidate(
        "1", 1, "udp", 2130706431, "203.0.113.1", 20000, "host"
    )


def test_chromium_extensions_are_kept() -> None:
    candidate = parse_candidate(
        "candidate:842163049 1 udp 1677729535 198.51.100.7 41000 typ srflx raddr 0.0.0.0 rport 0 "
        "generation 0 ufrag 7fwA network-id 1 network-cost 999"
    )
    assert candidate.related_address == "0.0.0.0"
    assert candidate.related_port == 0
    assert candidate.ufrag == "7fwA"
    assert candidate.extensions == (
        ("generation", "0"),
        ("ufrag", "7fwA"),
        ("network-id", "1"),
        ("network-cost", "999"),
    )


def test_firefox_tcp_candidate() -> None:
    candidate = parse_candidate(
        "candidate:2 1 TCP 2105458943 653477fa-6bc5-481d-babd-22e89eb2b6fa.local 9 typ host "
        "tcptype active"
    )
    assert (candidate.transport, candidate.tcp_type) == ("tcp", "active")
    assert candidate.is_mdns
    assert candidate.skip_reason is None


def test_trailing_name_without_value_is_ignored() -> None:
    assert parse_candidate(f"{HOST} generation") == parse_candidate(HOST)


def test_non_numeric_foundation_and_ipv6() -> None:
    candidate = parse_candidate("candidate:Aa+/09 256 UDP 1 2001:db8::1 65535 TYP Relay")
    assert (candidate.foundation, candidate.component) == ("Aa+/09", 256)
    assert candidate.address == "2001:db8::1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:",
        "1 1 udp 1 203.0.113.1 9 typ",
        "1 1 udp 1 203.0.113.1 9 type host",
        "1 1 udp 4294967296 203.0.113.1 9 typ host",
        "1 -1 udp 1 203.0.113.1 9 typ host",
        "1 1 udp -1 203.0.113.1 9 typ host",
        "1 1 udp 1 203.0.113.1 65536 typ host",
        "1 1 udp 1 203.0.113.1 ² typ host",
        "1 1 udp 1 203.0.113.1 9 typ host " + "x " * 2000,
        "1 1 udp 1 192.0.2.1 1 typ host name va\0lue",
        "1 1 udp 1 \ud800.local 1 typ host",
        "1 1 udp 1 192.0.2.1 1 typ srflx raddr \udfff rport 1",
        "1 1 udp 1 192.0.2.1 1 typ host name va\ud800lue",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(SdpError) as caught:
        parse_candidate(text)
    assert caught.value.line_number == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6 1 dccp 100 203.0.113.5 5001 typ host", "transport"),
        ("7 1 udp 100 203.0.113.5 5001 typ weird", "type"),
        ("2 1 udp 100 bad.host.example 5000 typ host", "address"),
        ("2 1 udp 100 300.1.1.1 5000 typ host", "address"),
        ("1 0 udp 1 203.0.113.1 9 typ host", "component"),
        ("1 257 udp 1 203.0.113.1 9 typ host", "component"),
        ("1 1 u/p 1 203.0.113.1 9 typ host", "transport"),
        ("1 1 udp 1 203.0.113.1 9 typ h/st", "type"),
        ("1 1 udp 1 fe80::1%eth0 9 typ host", "address"),
        ("1 1 udp 1 " + "a" * 256 + ".local 9 typ host", "address"),
        ("3 1 tcp 100 203.0.113.5 9 typ host tcptype weird", "tcptype"),
    ],
)
def test_unusable_candidates_parse_and_tell_why(text: str, reason: str) -> None:
    skip_reason = parse_candidate(text).skip_reason
    assert skip_reason is not None
    assert reason in skip_reason


# What is odd in a candidate and harms nothing -> what becomes of it, what is noted.
ODD: dict[str, tuple[str, dict[str, object], str]] = {
    "priority 0": ("1 1 udp 0 192.0.2.1 9 typ host", {"priority": 0}, "priority"),
    "priority with the highest bit": (
        "1 1 udp 4294902018 192.0.2.1 9 typ host",
        {"priority": 4294902018},
        "priority",
    ),
    "long foundation": (
        f"{'1' * 33} 1 udp 1 192.0.2.1 9 typ host",
        {"foundation": "1" * 33},
        "foundation",
    ),
    "characters in a foundation": (
        "{a:b}-c 1 udp 1 192.0.2.1 9 typ host",
        {"foundation": "{a:b}-c"},
        "foundation",
    ),
    "brackets": (
        "1 1 udp 1 [2001:db8::1] 9 typ host",
        {"address": "2001:db8::1"},
        "brackets",
    ),
    "brackets around a related address": (
        "1 1 udp 1 2001:db8::2 9 typ srflx raddr [2001:db8::1] rport 9",
        {"related_address": "2001:db8::1", "related_port": 9},
        "brackets",
    ),
    "rport that is no port": (
        "1 1 udp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport x",
        {"related_address": "10.0.0.1", "related_port": None},
        "rport",
    ),
    "rport out of range": (
        "1 1 udp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 70000",
        {"related_port": None},
        "rport",
    ),
    "TCP without a tcptype": (
        "1 1 tcp 1 192.0.2.1 443 typ host",
        {"tcp_type": "passive"},
        "tcptype",
    ),
    "TCP without a tcptype and a port": (
        "1 1 tcp 1 192.0.2.1 0 typ host",
        {"tcp_type": "active"},
        "tcptype",
    ),
}

# What needs no note: it is another way to write the same.
EQUAL = {
    "leading zeros": "1 01 udp 01 192.0.2.1 09 typ host",
    "upper case": "1 1 UDP 1 192.0.2.1 9 TYP HOST",
    "space": "1  1 udp\t1 192.0.2.1   9 typ host ",
    "unknown name without a value": "1 1 udp 1 192.0.2.1 9 typ host generation",
}


@pytest.mark.parametrize(("text", "values", "reason"), ODD.values(), ids=list(ODD))
def test_what_is_odd_and_harms_nothing_is_taken(
    text: str, values: dict[str, object], reason: str
) -> None:
    candidate = parse_candidate(text)
    assert {name: getattr(candidate, name) for name in values} == values
    assert candidate.skip_reason is None
    assert parse_candidate(str(candidate)) == candidate
    description = session_with(*AUDIO, f"a=candidate:{text}")
    assert description.media[0].ice.candidates == (candidate,)
    assert [reason in entry.reason for entry in description.tolerated] == [True]


@pytest.mark.parametrize("text", EQUAL.values(), ids=list(EQUAL))
def test_other_ways_to_write_the_same(text: str) -> None:
    plain = "1 1 udp 1 192.0.2.1 9 typ host"
    assert parse_candidate(text) == parse_candidate(plain)
    assert session_with(*AUDIO, f"a=candidate:{text}").tolerated == ()


@pytest.mark.parametrize("tail", ["rport 9", "raddr 10.0.0.1", "raddr - rport 0", "network-id -1"])
def test_what_is_only_shown_is_not_judged(tail: str) -> None:
    candidate = parse_candidate(f"1 1 udp 1 192.0.2.1 9 typ srflx {tail}")
    assert candidate.skip_reason is None
    assert parse_candidate(str(candidate)) == candidate


def test_description_drops_unusable_and_malformed_candidates() -> None:
    description = session_with(
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a={HOST}",
        "a=candidate:6 1 dccp 100 203.0.113.5 5001 typ host",
        "a=candidate:nonsense",
        "a=candidate:4 1 UDP 2130706431 2001:db8::1 5000 typ host",
    )
    kept = description.media[0].ice.candidates
    assert [candidate.foundation for candidate in kept] == ["1", "4"]
    assert [tolerated.line_number for tolerated in description.tolerated] == [7, 8]


def test_candidates_of_a_section_are_capped() -> None:
    section = audio_with(*[f"a={HOST}"] * 600)
    assert len(section.ice.candidates) == 512


@given(candidates())
def test_round_trip(candidate: Candidate) -> None:
    assert parse_candidate(str(candidate)) == candidate
    assert parse_candidate(text_of(f"a={serialize_candidate(candidate)}")) == candidate


@given(st.text())
def test_garbage_raises_only_sdp_error(text: str) -> None:
    fuzz_candidate(text.encode("utf-8", "replace"))
