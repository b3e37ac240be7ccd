"""Payload formats and header extensions (RFC 8866 §6.6, RFC 4585 §4.2, RFC 8285 §5)."""

import pytest

from sdp import STATIC_CODECS, Codec, Direction, Extmap, Feedback
from tests.sdp.support import AUDIO, audio_with, session_with, video_with


def test_rtpmap_fmtp_and_feedback_in_any_order() -> None:
    section = session_with(
        "m=audio 9 UDP/TLS/RTP/SAVPF 109 101",
        "a=fmtp:109 maxplaybackrate=48000;stereo=1",
        "a=rtcp-fb:109 transport-cc",
        "a=rtcp-fb:109 trr-int 100",
        "a=rtpmap:101 telephone-event/8000/1",
        "a=rtpmap:109 opus/48000/2",
    ).media[0]
    assert section.codecs == (
        Codec(
            109,
            "opus",
            48000,
            2,
            (("maxplaybackrate", "48000"), ("stereo", "1")),
            (Feedback("transport-cc"), Feedback("trr-int", "100")),
        ),
        Codec(101, "telephone-event", 8000),
    )
    assert section.codecs[0].rtpmap == "opus/48000/2"
    assert section.codecs[1].rtpmap == "telephone-event/8000"


def test_the_last_of_repeated_fmtp_lines_stands() -> None:
    description = session_with("m=audio 9 RTP/AVP 0", "a=fmtp:0 a=1;b=2", "a=fmtp:0 a=3")
    assert description.media[0].codecs[0].fmtp == "a=3"
    assert [tolerated.line_number for tolerated in description.tolerated] == [7]


def test_flags_with_trailing_space() -> None:
    description = session_with("m=audio 9 RTP/AVP 0", "a=rtcp-mux ", "a=sendonly ")
    assert description.media[0].rtcp.mux
    assert description.media[0].direction is Direction.SENDONLY


def test_static_payload_types_need_no_rtpmap() -> None:
    section = session_with("m=audio 9 RTP/AVP 0 3 8 9 13 18").media[0]
    assert [codec.rtpmap for codec in section.codecs] == [
        "PCMU/8000",
        "GSM/8000",
        "PCMA/8000",
        "G722/8000",
        "CN/8000",
        "G729/8000",
    ]


def test_an_rtpmap_overrides_a_static_payload_type() -> None:
    section = session_with("m=audio 9 RTP/AVP 0", "a=rtpmap:0 L16/8000").media[0]
    assert section.codecs == (Codec(0, "L16", 8000),)


def test_static_codecs_are_keyed_by_payload_type() -> None:
    assert all(codec.payload_type == number for number, codec in STATIC_CODECS.items())


def test_formats_nothing_describes_are_dropped_and_noted() -> None:
    description = session_with(
        "m=audio 9 RTP/AVP 0 96 128 opus 0",
        "a=rtpmap:128 VP8/90000",
        "a=rtpmap:97 VP8/90000",
        "a=fmtp:98 x=1",
        "a=rtcp-fb:99 nack",
    )
    section = description.media[0]
    assert [codec.payload_type for codec in section.codecs] == [0]
    assert section.formats == ("0", "96", "128", "opus", "0")
    reasons = [tolerated.reason for tolerated in description.tolerated]
    assert len(reasons) == 5


def test_wildcard_feedback_is_for_all_but_retransmissions() -> None:
    section = session_with(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=rtpmap:98 VP9/90000",
        "a=rtcp-fb:98 nack",
        "a=rtcp-fb:98 goog-remb",
        "a=rtcp-fb:* nack",
        "a=rtcp-fb:* ccm fir",
    ).media[0]
    nack, fir = Feedback("nack"), Feedback("ccm", "fir")
    assert [codec.feedback for codec in section.codecs] == [
        (nack, fir),
        (),
        (nack, Feedback("goog-remb"), fir),
    ]


@pytest.mark.parametrize("value", ["96", "96 ", "96  ", "* "])
def test_malformed_feedback_is_dropped(value: str) -> None:
    assert video_with(f"a=rtcp-fb:{value}").codecs[0].feedback == ()


@pytest.mark.parametrize(
    "value",
    ["", "VP8", "VP8/", "VP8/0", "VP8/x", "/90000", "x" * 200 + "/1"],
)
def test_a_malformed_rtpmap_costs_its_format_alone(value: str) -> None:
    description = session_with(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=rtpmap:96 VP8/90000", f"a=rtpmap:97 {value}"
    )
    assert [codec.payload_type for codec in description.media[0].codecs] == [96]
    assert [entry.line_number for entry in description.tolerated] == [7, 7]


@pytest.mark.parametrize("channels", ["", "0", "x", "256", "1/2"])
def test_channels_that_are_none_count_as_left_out(channels: str) -> None:
    description = session_with("m=audio 9 RTP/AVP 0", f"a=rtpmap:0 PCMU/8000/{channels}")
    assert description.media[0].codecs == (Codec(0, "PCMU", 8000),)
    assert [entry.line_number for entry in description.tolerated] == [6]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1 urn:a", Extmap(1, "urn:a")),
        ("14/sendonly urn:a", Extmap(14, "urn:a", Direction.SENDONLY)),
        ("255/inactive urn:a", Extmap(255, "urn:a", Direction.INACTIVE)),
        ("4096 urn:a", Extmap(4096, "urn:a")),
        ("1 urn:a vad=on x", Extmap(1, "urn:a", None, "vad=on x")),
    ],
)
def test_extmap(value: str, expected: Extmap) -> None:
    assert audio_with(f"a=extmap:{value}").extmaps == (expected,)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        "0 urn:a",
        "256 urn:a",
        "4352 urn:a",
        "1/both urn:a",
        "1/ urn:a",
        "x urn:a",
        f"1 urn:{'a' * 1024}",
    ],
)
def test_a_malformed_extmap_is_dropped(value: str) -> None:
    description = session_with(*AUDIO, f"a=extmap:{value}")
    assert description.media[0].extmaps == ()
    assert [entry.line_number for entry in description.tolerated] == [7]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("20", 20), ("2.5", 2.5), ("0", None), ("", None), ("x", None), ("1e3", None), ("²", None)],
)
def test_packet_times(value: str, expected: float | None) -> None:
    section = audio_with(f"a=ptime:{value}", f"a=maxptime:{value}")
    assert (section.ptime, section.maxptime) == (expected, expected)
