"""ICE servers in Link fields (RFC 9725 §4.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer import RTCIceServer
from peer.signaling import read_ice_servers, write_ice_servers
from peer.signaling.links import MAX_LINKS

TURN = "turn:turn.example.net?transport=udp"
LOGIN = 'username="user"; credential="myPassword"; credential-type="password"'


def test_the_example_of_the_rfc() -> None:
    fields = [
        '<stun:stun.example.net>; rel="ice-server"',
        f'<{TURN}>; rel="ice-server"; {LOGIN}',
        f'<turns:turn.example.net?transport=tcp>; rel="ice-server"; {LOGIN}',
    ]
    found = read_ice_servers(fields)
    assert found == [
        RTCIceServer("stun:stun.example.net"),
        RTCIceServer(TURN, "user", "myPassword"),
        RTCIceServer("turns:turn.example.net?transport=tcp", "user", "myPassword"),
    ]
    assert read_ice_servers([", ".join(fields)]) == found
    assert read_ice_servers(write_ice_servers(found)) == found


def test_what_is_no_ice_server_is_ignored() -> None:
    assert read_ice_servers(['<https://a.example/>; rel="next"', "nonsense", "<", ""]) == []
    assert read_ice_servers(['<https://a.example/>; rel="ice-server"']) == []
    # A TURN server that nobody could use.
    assert read_ice_servers([f"<{TURN}>; rel=ice-server; username=a"]) == []
    assert read_ice_servers([f'<{TURN}>; rel=ice-server; username=""; credential=""']) == []
    # Those that no connection would take.
    for url in ("stun:", "stun:a.example:99999", "turn:a b", "turn:a?transport=sctp"):
        assert read_ice_servers([f"<{url}>; rel=ice-server; {LOGIN}"]) == []
    assert read_ice_servers([f"<{TURN}>; rel=ice-server; username={'a' * 600}; credential=b"]) == []
    assert read_ice_servers(["<stun:a.example>; rel=ice-server, <stun:b.example>; rel=next"]) == [
        RTCIceServer("stun:a.example")
    ]


def test_a_list_of_servers_is_bounded() -> None:
    fields = ["<stun:a.example>; rel=ice-server"] * 1000
    assert len(read_ice_servers(fields)) == MAX_LINKS


def test_no_field_is_written_that_would_be_two() -> None:
    for username in ("a\r\nSet-Cookie: b", "a\0"):
        with pytest.raises(ValueError, match="no place"):
            write_ice_servers([RTCIceServer(TURN, username, "b")])
    with pytest.raises(ValueError, match="fits in no header"):
        write_ice_servers([RTCIceServer("stun:a>; rel=next, <b")])


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_any_password_comes_back(password: str) -> None:
    server = RTCIceServer(TURN, password, password)
    assert read_ice_servers(write_ice_servers([server])) == [server]


@given(st.text())
def test_any_field_is_read(field: str) -> None:
    read_ice_servers([field, f"<stun:a.example>{field}", f'<stun:a.example>; rel="{field}'])
