"""The ICE part of a description, and back."""

import asyncio

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.signaling.fragments import (
    credentials,
    fragment_credentials,
    ice_fragment,
    take_fragment,
)
from peer.testing import ToneTrack
from sdp import SdpError, parse, parse_fragment, serialize_fragment

OFFER = """v=0
o=- 4 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host
a=rtpmap:111 opus/48000/2
m=video 0 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=bundle-only
a=mid:1
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=rtpmap:96 VP8/90000
"""
NEWS = """a=group:BUNDLE 0 1
a=ice-ufrag:efgh
a=ice-pwd:9876543210987654321098
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:2 1 udp 2130706431 192.0.2.2 6000 typ host
a=end-of-candidates
"""


def test_the_tagged_section_of_a_bundle_speaks_for_it() -> None:
    fragment = parse_fragment(serialize_fragment(ice_fragment(OFFER)))
    assert credentials(OFFER) == fragment_credentials(fragment)
    assert [section.mid for section in fragment.media] == ["0"]
    assert [(mid, candidate.port) for mid, candidate in fragment.candidates()] == [("0", 5000)]
    assert not fragment.media[0].ice.end_of_candidates
    assert fragment.groups[0].mids == ("0", "1")


def test_a_restart_takes_the_place_of_all_that_ice_said() -> None:
    parsed = parse(take_fragment(OFFER, parse_fragment(NEWS)))
    assert parsed.origin.session_version == 2
    assert {(each.ice.ufrag, each.ice.pwd) for each in parsed.media} == {
        ("efgh", "9876543210987654321098")
    }
    assert [[each.port for each in section.ice.candidates] for section in parsed.media] == [
        [6000],
        [],
    ]
    # Nothing else has changed.
    assert [section.codecs for section in parsed.media] == [
        section.codecs for section in parse(OFFER).media
    ]


def test_of_a_single_transport_any_mid_will_do() -> None:
    fragment = parse_fragment(NEWS.replace("a=mid:0\n", ""))
    parsed = parse(take_fragment(OFFER, fragment))
    assert [each.port for each in parsed.media[0].ice.candidates] == [6000]


@pytest.mark.parametrize("taken", ["a=ice-ufrag:efgh\n", "a=ice-pwd:9876543210987654321098\n"])
def test_a_fragment_without_credentials_is_no_restart(taken: str) -> None:
    fragment = parse_fragment(NEWS.replace(taken, ""))
    assert fragment_credentials(fragment) is None
    with pytest.raises(SdpError):
        take_fragment(OFFER, fragment)
    several = parse_fragment(NEWS + "a=ice-ufrag:ijkl\na=ice-pwd:9876543210987654321098\n")
    assert fragment_credentials(several) is None


def test_what_a_connection_says_is_taken_by_another() -> None:
    async def restart() -> tuple[str, str]:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.addTrack(ToneTrack())
        await pc.setLocalDescription()
        before = pc.localDescription.sdp
        await pc.setLocalDescription({"type": "rollback"})
        pc.restartIce()
        await pc.setLocalDescription()
        after = pc.localDescription.sdp
        await pc.close()
        return before, after

    before, after = asyncio.run(restart())
    made = parse(take_fragment(before, ice_fragment(after)))
    assert made.media[0].ice.candidates == parse(after).media[0].ice.candidates
    assert credentials(after) == (made.media[0].ice.ufrag, made.media[0].ice.pwd)
