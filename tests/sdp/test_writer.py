"""What is written, and what is refused to be written."""

from dataclasses import replace

import pytest

from sdp import (
    CONGESTION_FEEDBACK,
    Attribute,
    Bandwidth,
    Candidate,
    Codec,
    Connection,
    Description,
    Direction,
    DtlsAttributes,
    Extmap,
    Feedback,
    Fingerprint,
    Group,
    IceAttributes,
    MediaSection,
    Msid,
    Origin,
    RtcpAddress,
    RtcpAttributes,
    SctpAttributes,
    Setup,
    Ssrc,
    parse,
    serialize,
)
from tests.sdp.support import SHA256, text_of

ORIGIN = Origin("-", 7, 1, "IN", "IP4", "0.0.0.0")
AUDIO = MediaSection(
    "audio",
    40000,
    "UDP/TLS/RTP/SAVPF",
    ("111", "0"),
    connection=Connection("203.0.113.1"),
    bandwidths=(Bandwidth("AS", 64),),
    mid="0",
    direction=Direction.SENDRECV,
    ice=IceAttributes(
        "ufra",
        "pwd",
        ("trickle", "ice2"),
        (Candidate("1", 1, "udp", 2130706431, "203.0.113.1", 40000, "host"),),
        end_of_candidates=True,
    ),
    dtls=DtlsAttributes((Fingerprint("sha-256", SHA256),), Setup.ACTPASS),
    rtcp=RtcpAttributes(RtcpAddress(40001), mux=True, rsize=True),
    codecs=(
        Codec(
            111,
            "opus",
            48000,
            2,
            (("minptime", "10"), ("useinbandfec", "1")),
            (Feedback("transport-cc"), Feedback("nack", "pli")),
        ),
        Codec(0, "PCMU", 8000),
    ),
    extmaps=(Extmap(1, "urn:a"), Extmap(2, "urn:b", Direction.SENDONLY, "vad=on")),
    ptime=20,
    maxptime=2.5,
    msids=(Msid("s", "t"),),
    ssrcs=(Ssrc(1, (Attribute("cname", "c"),)),),
    other=(Attribute("rtcp-xr", "rcvr-rtt=all"),),
)
DATA = MediaSection(
    "application",
    0,
    "UDP/DTLS/SCTP",
    ("webrtc-datachannel",),
    mid="1",
    bundle_only=True,
    sctp=SctpAttributes(5000, 262144),
)
OFFER = Description(ORIGIN, groups=(Group("BUNDLE", ("0", "1")),), media=(AUDIO, DATA))


def test_an_offer_line_by_line() -> None:
    assert serialize(OFFER) == text_of(
        "v=0",
        "o=- 7 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=audio 40000 UDP/TLS/RTP/SAVPF 111 0",
        "c=IN IP4 203.0.113.1",
        "b=AS:64",
        "a=rtcp:40001",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=candidate:1 1 udp 2130706431 203.0.113.1 40000 typ host",
        "a=end-of-candidates",
        "a=ice-ufrag:ufra",
        "a=ice-pwd:pwd",
        "a=ice-options:trickle ice2",
        f"a=fingerprint:sha-256 {SHA256}",
        "a=setup:actpass",
        "a=mid:0",
        "a=extmap:1 urn:a",
        "a=extmap:2/sendonly urn:b vad=on",
        "a=sendrecv",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtcp-fb:111 transport-cc",
        "a=rtcp-fb:111 nack pli",
        "a=rtpmap:0 PCMU/8000",
        "a=ptime:20",
        "a=maxptime:2.5",
        "a=msid:s t",
        "a=ssrc:1 cname:c",
        "a=rtcp-xr:rcvr-rtt=all",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "a=mid:1",
        "a=bundle-only",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
    )
    assert parse(serialize(OFFER)) == OFFER


REFUSED = {
    "CRLF in a name": replace(OFFER, session_name="x\r\na=evil"),
    "CR in a value": replace(OFFER, information="x\ry"),
    "NUL in a value": replace(OFFER, information="\0"),
    "line end in a format": replace(OFFER, media=(replace(DATA, formats=("a\n",)),)),
    "known attribute in other": replace(OFFER, other=(Attribute("ice-lite"),)),
    "keys": replace(OFFER, media=(replace(DATA, other=(Attribute("crypto", "x"),)),)),
    "attribute that is no token": replace(OFFER, other=(Attribute("a b"),)),
    "mid that is no token": replace(OFFER, media=(replace(DATA, mid="a b"),)),
    "kind that is no token": replace(OFFER, media=(replace(DATA, kind=""),)),
    "no formats": replace(OFFER, media=(replace(DATA, formats=()),)),
    "port": replace(OFFER, media=(replace(DATA, port=65536),)),
    "codec that is not in formats": replace(OFFER, media=(replace(AUDIO, formats=("0",)),)),
    "ufrag": replace(OFFER, media=(replace(DATA, ice=IceAttributes("a b", "c")),)),
    "pwd": replace(OFFER, media=(replace(DATA, ice=IceAttributes("a", "")),)),
    "long line": replace(OFFER, information="x" * 16383),
    "long text": replace(OFFER, emails=("x" * 16000,) * 66),
}


@pytest.mark.parametrize("description", REFUSED.values(), ids=list(REFUSED))
def test_refused(description: Description) -> None:
    with pytest.raises(ValueError, match=r"."):
        serialize(description)


def test_without_times_the_session_is_unbounded() -> None:
    assert "\r\nt=0 0\r\n" in serialize(replace(OFFER, timings=()))


def test_with_codecs_sets_the_formats() -> None:
    section = AUDIO.with_codecs(AUDIO.codecs[:1])
    assert section.formats == ("111",)
    assert section.codec(111) == AUDIO.codecs[0]
    assert section.codec(0) is None


def test_feedback_for_all_formats_is_written_once() -> None:
    """RFC 8888 §6: with the wildcard, which is not for retransmissions (RFC 4585 §4.2)."""
    nack = Feedback("nack")
    vp8 = Codec(96, "VP8", 90000, 1, (), (nack, CONGESTION_FEEDBACK))
    h264 = Codec(102, "H264", 90000, 1, (), (CONGESTION_FEEDBACK,))
    rtx = Codec(97, "rtx", 90000, 1, (("apt", "96"),))

    def written(*codecs: Codec) -> list[str]:
        formats = tuple(str(codec.payload_type) for codec in codecs)
        section = MediaSection("video", 9, "UDP/TLS/RTP/SAVPF", formats, codecs=codecs)
        text = serialize(Description(ORIGIN, media=(section,)))
        assert parse(text).media[0].codecs == codecs
        return [line for line in text.splitlines() if line.startswith("a=rtcp-fb")]

    assert written(vp8, rtx, h264) == ["a=rtcp-fb:96 nack", "a=rtcp-fb:* ack ccfb"]
    plain = replace(h264, feedback=())
    assert written(vp8, plain) == ["a=rtcp-fb:96 nack", "a=rtcp-fb:96 ack ccfb"]
    assert written(plain, rtx) == []
