"""Session-level attributes are defaults of the media sections (RFC 8866 §5.13)."""

import pytest

from sdp import Connection, Direction, Extmap, Fingerprint, Setup, parse, serialize
from tests.sdp.support import AUDIO, DATA, FINGERPRINT, SHA256, VIDEO, session_with

EITHER_LEVEL = [
    "c=IN IP4 203.0.113.7",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuv",
    "a=ice-options:trickle ice2",
    FINGERPRINT,
    "a=setup:actpass",
    "a=tls-id:abc3de65cddef001be82",
    "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=extmap-allow-mixed",
    "a=sendonly",
    "a=end-of-candidates",
]


@pytest.mark.parametrize("line", EITHER_LEVEL)
def test_an_attribute_means_the_same_at_either_level(line: str) -> None:
    rest = [other for other in EITHER_LEVEL if other != line]
    media = ["m=audio 9 UDP/TLS/RTP/SAVPF 0", *rest]
    below = session_with(*media, line)
    above = session_with(line, *media)
    assert above != below
    assert above.effective(0) == below.effective(0)
    assert above.with_inherited_attributes().media == below.with_inherited_attributes().media
    assert parse(serialize(above)) == above


def test_all_of_them_at_session_level_reach_every_section() -> None:
    description = session_with(
        *EITHER_LEVEL, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "m=video 9 RTP/AVP 96"
    )
    for index in range(2):
        section = description.effective(index)
        assert section.connection == Connection("203.0.113.7")
        assert (section.ice.ufrag, section.ice.options) == ("abcd", ("trickle", "ice2"))
        assert section.ice.end_of_candidates
        assert section.dtls.fingerprints == (Fingerprint("sha-256", SHA256),)
        assert (section.dtls.setup, section.direction) == (Setup.ACTPASS, Direction.SENDONLY)
        assert section.extmaps == (Extmap(3, "urn:ietf:params:rtp-hdrext:sdes:mid"),)
        assert section.extmap_allow_mixed


def test_the_section_overrides() -> None:
    other = ":".join(["CD"] * 32)
    section = session_with(
        *EITHER_LEVEL,
        *AUDIO,
        "a=ice-ufrag:wxyz",
        "a=ice-pwd:zyxwvutsrqponmlkjihgfe",
        f"a=fingerprint:sha-256 {other}",
        "a=setup:active",
        "a=recvonly",
        "a=extmap:5 urn:other",
        "a=ice-options:renomination",
    ).effective(0)
    assert section.connection == Connection("0.0.0.0")
    assert (section.ice.ufrag, section.ice.pwd) == ("wxyz", "zyxwvutsrqponmlkjihgfe")
    assert section.dtls.fingerprints == (Fingerprint("sha-256", other),)
    assert (section.dtls.setup, section.direction) == (Setup.ACTIVE, Direction.RECVONLY)
    assert section.extmaps == (Extmap(5, "urn:other"),)
    assert section.ice.options == ("renomination", "trickle", "ice2")


def test_sendrecv_without_a_direction_anywhere() -> None:
    description = session_with(*AUDIO)
    assert description.media[0].direction is None
    assert description.effective(0).direction is Direction.SENDRECV


def test_sections_and_groups_by_mid() -> None:
    description = session_with(
        "a=group:LS 0 1",
        "a=group:BUNDLE 0",
        "a=group:BUNDLE 1",
        *AUDIO,
        "a=mid:0",
        *VIDEO,
        "a=mid:1",
    )
    video = description.section("1")
    assert video is not None
    assert video.kind == "video"
    assert description.section("2") is None
    assert [group.mids for group in description.bundle_groups] == [("0",), ("1",)]
    assert description.bundle_group_of("1") == description.groups[2]
    assert description.bundle_group_of("2") is None
    assert description.bundle_group_of(None) is None


def test_firefox_writes_a_direction_for_the_session_and_for_data() -> None:
    description = session_with("a=sendrecv", *DATA, "a=inactive")
    assert description.direction is Direction.SENDRECV
    assert description.effective(0).direction is Direction.INACTIVE
