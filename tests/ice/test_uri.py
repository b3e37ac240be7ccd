"""STUN and TURN URIs (RFC 7064, RFC 7065)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import InvalidParameterError
from peer.ice.turn import TurnTransport
from peer.ice.uri import Scheme, ServerUri, parse_server_uri

UDP, TCP, TLS, DTLS = (
    TurnTransport.UDP,
    TurnTransport.TCP,
    TurnTransport.TLS,
    TurnTransport.DTLS,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stun:example.org", ServerUri(Scheme.STUN, "example.org", 3478, UDP)),
        ("stun:example.org:8000", ServerUri(Scheme.STUN, "example.org", 8000, UDP)),
        ("STUN:example.org", ServerUri(Scheme.STUN, "example.org", 3478, UDP)),
        ("stuns:example.org", ServerUri(Scheme.STUNS, "example.org", 5349, TLS)),
        ("stun:192.0.2.1", ServerUri(Scheme.STUN, "192.0.2.1", 3478, UDP)),
        ("stun:[2001:db8::1]", ServerUri(Scheme.STUN, "2001:db8::1", 3478, UDP)),
        ("stun:[2001:DB8::1]:1", ServerUri(Scheme.STUN, "2001:db8::1", 1, UDP)),
        ("turn:example.org", ServerUri(Scheme.TURN, "example.org", 3478, UDP)),
        ("turn:example.org?transport=udp", ServerUri(Scheme.TURN, "example.org", 3478, UDP)),
        ("turn:example.org?transport=tcp", ServerUri(Scheme.TURN, "example.org", 3478, TCP)),
        ("turn:example.org?transport=TCP", ServerUri(Scheme.TURN, "example.org", 3478, TCP)),
        ("turn:a-b.example:65535?transport=tcp", ServerUri(Scheme.TURN, "a-b.example", 65535, TCP)),
        ("turns:example.org", ServerUri(Scheme.TURNS, "example.org", 5349, TLS)),
        ("turns:example.org?transport=tcp", ServerUri(Scheme.TURNS, "example.org", 5349, TLS)),
        ("turns:example.org?transport=udp", ServerUri(Scheme.TURNS, "example.org", 5349, DTLS)),
        ("turns:[::1]:443", ServerUri(Scheme.TURNS, "::1", 443, TLS)),
        ("turn:localhost", ServerUri(Scheme.TURN, "localhost", 3478, UDP)),
    ],
)
def test_a_uri_is_read(text: str, expected: ServerUri) -> None:
    assert parse_server_uri(text) == expected
    assert expected.relays is (expected.scheme in (Scheme.TURN, Scheme.TURNS))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stun",
        "stun:",
        "stun://example.org",
        "http:example.org",
        "stun:example.org?transport=udp",
        "stuns:example.org?transport=tcp",
        "stun:user@example.org",
        "turn:user@example.org",
        "stun:example.org/path",
        "stun:example.org#fragment",
        "stun:example.org:0",
        "stun:example.org:65536",
        "stun:example.org:",
        "stun:exa mple.org",
        "stun:2001:db8::1",
        "stun:[2001:db8::1",
        "stun:[192.0.2.1.1]",
        "stun:[:::]",
        "stun:-example.org",
        "stun:" + "a" * 64 + ".org",
        "turn:example.org?transport=sctp",
        "turn:example.org?transport=",
        "turn:example.org?foo=bar",
        "turn:example.org?transport=udp&x=1",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError):
        parse_server_uri(text)


@given(st.text(max_size=60))
def test_no_other_exception_escapes(text: str) -> None:
    for candidate in (text, "stun:" + text, "turns:" + text):
        with contextlib.suppress(InvalidParameterError):
            parse_server_uri(candidate)
