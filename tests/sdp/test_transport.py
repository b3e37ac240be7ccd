"""ICE, DTLS and RTCP attributes (RFC 8839, RFC 8122, RFC 8842, RFC 3605, RFC 5761)."""

import pytest

from sdp import (
    Connection,
    Fingerprint,
    RemoteCandidate,
    RtcpAddress,
    Setup,
)
from tests.sdp.support import AUDIO, SHA256, audio_with, session_with


def test_ice_attributes() -> None:
    section = audio_with(
        "a=ice-ufrag:F+/x",
        "a=ice-pwd:0123456789abcdefghijkl",
        "a=ice-options:trickle ice2",
        "a=ice-options:renomination trickle",
        "a=end-of-candidates",
        "a=ice-mismatch",
        "a=remote-candidates:1 192.0.2.1 5000 2 2001:db8::1 5001",
    )
    assert (section.ice.ufrag, section.ice.pwd) == ("F+/x", "0123456789abcdefghijkl")
    assert section.ice.options == ("trickle", "ice2", "renomination")
    assert section.ice.end_of_candidates
    assert section.ice.mismatch
    assert section.ice.remote_candidates == (
        RemoteCandidate(1, "192.0.2.1", 5000),
        RemoteCandidate(2, "2001:db8::1", 5001),
    )


@pytest.mark.parametrize("value", ["", "1 192.0.2.1", "0 192.0.2.1 1", "1 192.0.2.1 65536"])
def test_malformed_remote_candidates_are_dropped(value: str) -> None:
    assert audio_with(f"a=remote-candidates:{value}").ice.remote_candidates == ()


def test_credentials_outside_ice_char_are_tolerated() -> None:
    description = session_with("a=ice-ufrag:a-b_/c", "a=ice-lite", "a=ice-pacing:20")
    assert description.ice.ufrag == "a-b_/c"
    assert [tolerated.line_number for tolerated in description.tolerated] == [5]
    assert (description.ice_lite, description.ice_pacing) == (True, 20)


@pytest.mark.parametrize("text", [f"sha-256 {SHA256}", f"SHA-256 {SHA256.lower()}"])
def test_fingerprint_in_any_case(text: str) -> None:
    assert audio_with(f"a=fingerprint:{text}").dtls.fingerprints == (
        Fingerprint("sha-256", SHA256),
    )


@pytest.mark.parametrize(
    ("algorithm", "size"),
    [("sha-1", 20), ("sha-224", 28), ("sha-256", 32), ("sha-384", 48), ("sha-512", 64)],
)
def test_fingerprint_length_must_match_the_hash(algorithm: str, size: int) -> None:
    for wrong in (size - 1, size + 1):
        section = audio_with(f"a=fingerprint:{algorithm} {':'.join(['0F'] * wrong)}")
        assert section.dtls.fingerprints == ()
    section = audio_with(f"a=fingerprint:{algorithm} {':'.join(['0F'] * size)}")
    assert section.dtls.fingerprints[0].algorithm == algorithm


@pytest.mark.parametrize("digest", ["", "AB:", "A:BC", "ABC", "AG", "AB CD", "AB::CD", "ﬀ"])
def test_fingerprint_that_is_not_hex_pairs(digest: str) -> None:
    description = session_with(*AUDIO, f"a=fingerprint:token {digest}")
    assert description.media[0].dtls.fingerprints == ()
    assert [entry.line_number for entry in description.tolerated] == [7]


def test_unknown_hash_is_kept_and_noted() -> None:
    description = session_with("a=fingerprint:sha3-256 AB:CD", f"a=fingerprint:sha-256 {SHA256}")
    assert [fingerprint.algorithm for fingerprint in description.dtls.fingerprints] == [
        "sha3-256",
        "sha-256",
    ]
    assert [tolerated.line_number for tolerated in description.tolerated] == [5]


@pytest.mark.parametrize("setup", Setup)
def test_setup(setup: Setup) -> None:
    assert audio_with(f"a=setup:{setup.value}").dtls.setup is setup


def test_tls_id() -> None:
    assert audio_with("a=tls-id:abc3de65cddef001be82").dtls.tls_id == "abc3de65cddef001be82"
    assert audio_with("a=tls-id:a b").dtls.tls_id is None


def test_the_last_of_repeated_attributes_stands() -> None:
    section = audio_with("a=setup:active", "a=setup:passive", "a=mid:a", "a=mid:b", "a=sendonly")
    assert (section.dtls.setup, section.mid) == (Setup.PASSIVE, "b")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9 IN IP4 0.0.0.0", RtcpAddress(9, Connection("0.0.0.0"))),
        ("53020 IN IP6 2001:db8::2", RtcpAddress(53020, Connection("2001:db8::2", "IP6"))),
        ("39046 IN IP4 3f0c.local", RtcpAddress(39046, Connection("3f0c.local"))),
        ("53020", RtcpAddress(53020)),
        ("x", None),
        ("65536", None),
        ("9 IN IP4", None),
    ],
)
def test_rtcp_address(value: str, expected: RtcpAddress | None) -> None:
    assert audio_with(f"a=rtcp:{value}").rtcp.address == expected


def test_rtcp_flags() -> None:
    section = audio_with("a=rtcp-mux", "a=rtcp-mux-only", "a=rtcp-rsize")
    assert (section.rtcp.mux, section.rtcp.mux_only, section.rtcp.rsize) == (True, True, True)
    assert not audio_with().rtcp.mux


def test_commas_between_ice_options() -> None:
    description = session_with("a=ice-options:ice2,trickle", *AUDIO)
    assert description.ice.options == ("ice2", "trickle")
    assert [tolerated.line_number for tolerated in description.tolerated] == [5]
