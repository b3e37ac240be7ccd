"""What a receiver takes and refuses (RFC 8866 §5, §9), line by line."""

from collections.abc import Callable

import pytest

from sdp import Attribute, Bandwidth, Description, Origin, SdpError, Timing, parse, serialize
from tests.sdp.support import (
    AUDIO,
    DATA,
    FINGERPRINT,
    SESSION,
    VIDEO,
    session_with,
    text_of,
)

OFFER = text_of(*SESSION, "a=group:BUNDLE 0 1", *AUDIO, "a=mid:0", *VIDEO, "a=mid:1")


def replaced(old: str, new: str) -> str:
    assert old in OFFER
    return OFFER.replace(old, new, 1)


LENIENT: dict[str, tuple[str, list[int]]] = {
    # name: the text, and the lines that were tolerated
    "LF": (OFFER.replace("\r\n", "\n"), [1]),
    "mixed line ends": (OFFER.replace("\r\n", "\n", 3), [1]),
    "missing last line end": (OFFER.removesuffix("\r\n"), [12]),
    "empty lines at the end": (OFFER + "\r\n\r\n", [13, 14]),
    "blank line inside": (replaced("m=video", "\r\nm=video"), [9]),
    "no s=": (replaced("s=-\r\n", ""), [4]),
    "empty s=": (replaced("s=-", "s="), [3]),
    "no t=": (replaced("t=0 0\r\n", ""), [4]),
    "k=": (replaced("a=group", "k=clear:x\r\na=group"), [5]),
    "crypto": (replaced("a=mid:0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\na=mid:0"), [8]),
    "space after an attribute": (replaced("a=mid:0", "a=mid:0 "), []),
    "space before a colon": (replaced("a=mid:0", "a=mid :0"), [8]),
    "second c=": (replaced("a=mid:0", "c=IN IP4 203.0.113.9\r\na=mid:0"), [8]),
    "empty msid-semantic": (replaced("a=group", "a=msid-semantic:\r\na=group"), [5]),
    "repeated rtpmap": (
        replaced("a=rtpmap:96", "a=rtpmap:96 VP9/90000\r\na=rtpmap:96"),
        [12],
    ),
    "illegal attribute name": (replaced("a=mid:0", "a=b c\r\na=mid:0"), [8]),
    "spaces in m=": (replaced("m=audio 9 UDP", "m=audio  9  UDP"), []),
    "upper-case media type": (replaced("m=audio", "m=AUDIO"), []),
    "CRCRLF": (OFFER.replace("\r\n", "\r\r\n"), [1]),
    "byte order mark": ("\ufeff" + OFFER, [1]),
    "indented lines": (OFFER.replace("a=", "\t a=").replace("m=", "    m="), [1]),
    "blank lines in front": ("\r\n \r\n" + OFFER, [1, 1, 2]),
    "second v=": (replaced("s=-", "v=0\r\ns=-"), [3]),
    "second o=": (replaced("s=-", "o=- 7 7 IN IP4 0.0.0.0\r\ns=-"), [3]),
    "second t= that is malformed": (replaced("t=0 0", "t=0 0\r\nt=0"), [5]),
    "malformed t=": (replaced("t=0 0", "t=now"), [4, 5]),
    "t= in a section": (replaced("a=mid:0", "t=0 0\r\na=mid:0"), [8]),
    "malformed b=": (replaced("a=group", "b=AS:much\r\na=group"), [5]),
    "malformed c= of the session": (replaced("a=group", "c=IN IP4\r\na=group"), [5]),
    "mid that is no token": (replaced("a=mid:0", "a=mid:0\r\na=mid:a b"), [9]),
    "unknown setup": (replaced("a=mid:0", "a=mid:0\r\na=setup:whatever"), [9]),
    "malformed fingerprint": (replaced("a=mid:0", "a=mid:0\r\na=fingerprint:sha-256 AB:CD"), [9]),
    "malformed rtpmap": (replaced("a=rtpmap:96", "a=rtpmap:96 VP8\r\na=rtpmap:96"), [11]),
    "malformed extmap": (replaced("a=mid:0", "a=extmap:x urn:y\r\na=mid:0"), [8]),
    "extmap with an unknown direction": (
        replaced("a=mid:0", "a=extmap:1/up urn:y\r\na=mid:0"),
        [8],
    ),
    "empty group": (replaced("a=group", "a=group:\r\na=group"), [5]),
    "malformed sctp-port": (replaced("a=mid:0", "a=sctp-port:x\r\na=mid:0"), [8]),
    "malformed max-message-size": (replaced("a=mid:0", "a=max-message-size:-1\r\na=mid:0"), [8]),
    "malformed sctpmap": (replaced("a=mid:0", "a=sctpmap:5000\r\na=mid:0"), [8]),
    "leading zero in a payload type": (replaced("SAVPF 96", "SAVPF 096"), [9]),
    "leading zero in a rtpmap": (replaced("a=rtpmap:96", "a=rtpmap:096"), [11]),
    "space in front of a payload type": (replaced("a=rtpmap:96", "a=rtpmap: 96"), [11]),
    "tab after a payload type": (replaced("a=rtpmap:96 ", "a=rtpmap:96\t"), [11]),
    "channels that are none": (replaced("VP8/90000", "VP8/90000/0"), [11]),
    "more than channels": (replaced("VP8/90000", "VP8/90000/1/1"), [11]),
    "port above 65535": (replaced("m=audio 9", "m=audio 65536"), [6]),
    "negative port": (replaced("m=audio 9", "m=audio -1"), [6]),
    "no ports": (replaced("m=audio 9", "m=audio 9/0"), [6]),
    "lower-case c=": (replaced("c=IN IP4", "c=in ip4"), []),
}


@pytest.mark.parametrize(("text", "tolerated"), LENIENT.values(), ids=list(LENIENT))
def test_same_meaning(text: str, tolerated: list[int]) -> None:
    description = parse(text)
    assert description == parse(OFFER)
    assert [entry.line_number for entry in description.tolerated] == tolerated
    assert all(entry.reason for entry in description.tolerated)


def test_the_plain_form_tolerates_nothing() -> None:
    assert parse(OFFER).tolerated == ()


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "o=- 1 IN IP4 0.0.0.0",
        "o=- 1 b IN IP4 0.0.0.0",
        "o=- 1 -2 IN IP4 0.0.0.0",
        f"o=- {'1' * 5000} 2 IN IP4 0.0.0.0",
    ],
)
def test_an_origin_that_says_nothing_is_not_needed(origin: str) -> None:
    description = parse(replaced("o=- 1 2 IN IP4 0.0.0.0", origin))
    assert description.origin == Origin("-", 0, 0, "IN", "IP4", "0.0.0.0")
    assert description.media == parse(OFFER).media
    assert description.tolerated
    assert parse(serialize(description)) == description


def test_a_rejected_section_needs_no_format() -> None:
    section = session_with("m=video 0 UDP/TLS/RTP/SAVPF").media[0]
    assert (section.port, section.formats) == (0, ("0",))


def test_a_section_with_a_malformed_mid_has_none() -> None:
    """It may still be live; only groups cannot name it."""
    description = session_with("a=group:BUNDLE 0", *AUDIO, "a=mid:", *VIDEO, "a=mid:0 0")
    assert [section.mid for section in description.media] == [None, None]
    assert len(description.tolerated) == 2


@pytest.mark.parametrize("line", ["c=IN IP4", "c=Ä IP4 0.0.0.0", "c=", "c=IN IP4 1.2.3.4 5"])
def test_a_malformed_connection_is_none(line: str) -> None:
    description = session_with("m=audio 9 UDP/TLS/RTP/SAVPF 0", line, "a=mid:0")
    assert description.media[0].connection is None
    assert [entry.line_number for entry in description.tolerated] == [6]


def test_bandwidth_before_connection_and_connection_after_attributes() -> None:
    straight = session_with("m=audio 9 RTP/AVP 0", "c=IN IP4 1.2.3.4", "b=AS:64", "a=mid:0")
    odd = session_with("m=audio 9 RTP/AVP 0", "b=AS:64", "a=mid:0", "c=IN IP4 1.2.3.4")
    assert odd == straight


def test_no_connection_anywhere() -> None:
    assert session_with("m=audio 9 RTP/AVP 0").media[0].connection is None


def test_lower_case_protocol_is_understood_and_kept() -> None:
    section = session_with("m=audio 9 udp/tls/rtp/savpf 0").media[0]
    assert section.is_rtp
    assert section.protocol == "udp/tls/rtp/savpf"


REFUSED: dict[str, tuple[str, int]] = {
    "empty": ("", 1),
    "only line ends": ("\r\n\r\n", 1),
    "no v=": (replaced("v=0\r\n", ""), 1),
    "other version": (replaced("v=0", "v=1"), 1),
    "CR only": (OFFER.replace("\r\n", "\r"), 1),
    "CR inside": (replaced("a=mid:0", "a=mi\rd:0"), 8),
    "NUL inside": (replaced("a=mid:0", "a=foo:\0"), 8),
    "space before =": (replaced("m=audio", "m =audio"), 6),
    "unknown type": (replaced("a=mid:0", "x=1"), 8),
    "upper-case type": (replaced("a=mid:0", "A=mid:0"), 8),
    "no =": (replaced("a=mid:0", "hello"), 8),
    "m= without formats": (replaced("m=audio 9 UDP/TLS/RTP/SAVPF 0", "m=audio 9 RTP/AVP"), 6),
    "m= with a port that is no number": (replaced("m=audio 9", "m=audio $"), 6),
    "m= without a protocol": (replaced("m=audio 9 UDP/TLS/RTP/SAVPF 0", "m=audio 9"), 6),
    "ufrag with a colon": (replaced("a=mid:0", "a=ice-ufrag:a:b"), 8),
    "empty pwd": (replaced("a=mid:0", "a=ice-pwd:"), 8),
}


@pytest.mark.parametrize(("text", "line_number"), REFUSED.values(), ids=list(REFUSED))
def test_refused_with_the_line(text: str, line_number: int) -> None:
    for data in (text, text.encode()):
        with pytest.raises(SdpError) as caught:
            parse(data)
        assert caught.value.line_number == line_number
        assert caught.value.reason


def test_origin_keeps_numbers_of_any_size() -> None:
    text = text_of("v=0", f"o=mozilla...THIS_IS 9223372036854775809 {2**70} IN IP6 ::1", "s=-")
    assert parse(text).origin == Origin(
        "mozilla...THIS_IS", 9223372036854775809, 2**70, "IN", "IP6", "::1"
    )


def test_attribute_splits_on_the_first_colon_and_names_keep_their_case() -> None:
    description = session_with("a=foo", "a=foo:bar:baz x", "a=Mid:0", "a=foo:", *DATA, "a=x:1")
    assert description.other == (
        Attribute("foo"),
        Attribute("foo", "bar:baz x"),
        Attribute("Mid", "0"),
        Attribute("foo", ""),
    )
    assert description.media[0].other == (Attribute("x", "1"),)


def test_attributes_of_the_other_level_are_kept_without_meaning() -> None:
    description = session_with("a=mid:0", *AUDIO, "a=group:BUNDLE 0", "a=ice-lite")
    assert description.other == (Attribute("mid", "0"),)
    assert description.media[0].other == (Attribute("group", "BUNDLE 0"), Attribute("ice-lite"))
    assert not description.ice_lite
    assert parse(serialize(description)) == description


def test_lines_without_a_use_are_kept() -> None:
    description = parse(
        text_of(
            *("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=Töst", "i=about", "u=http://x.example/"),
            *("e=a@x.example", "e=b@x.example", "p=+1 555", "c=IN IP4 224.2.1.1/127/3"),
            *("b=CT:1000", "t=1 2", "r=7d 1h 0", "t=3 4", "z=1 -1h", "m=audio 9/2 RTP/AVP 0"),
            *("i=sound", "b=X-foo:7"),
        )
    )
    assert description.tolerated == ()
    assert description.session_name == "Töst"
    assert (description.information, description.uri) == ("about", "http://x.example/")
    assert description.emails == ("a@x.example", "b@x.example")
    assert description.phones == ("+1 555",)
    assert description.timings == (Timing(1, 2, ("7d 1h 0",)), Timing(3, 4))
    assert description.zone == "1 -1h"
    assert description.bandwidths == (Bandwidth("CT", 1000),)
    section = description.media[0]
    assert (section.port, section.port_count, section.information) == (9, 2, "sound")
    assert section.bandwidths == (Bandwidth("X-foo", 7),)
    assert parse(serialize(description)) == description


@pytest.mark.parametrize("name", ["s=-", "i=a", "u=a", "z=a"])
def test_the_last_of_repeated_lines_stands(name: str) -> None:
    description = session_with(name, f"{name[:2]}last")
    assert serialize(description).count(f"{name[:2]}last") == 1
    assert [entry.line_number for entry in description.tolerated][-1] == 6


def test_repeat_line_before_any_time_is_dropped() -> None:
    text = text_of("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "r=7d 1h 0", "t=0 0")
    assert parse(text).timings == (Timing(),)
    assert [entry.line_number for entry in parse(text).tolerated] == [4]


@pytest.mark.parametrize(
    "encode", [lambda text: text.encode("latin-1"), lambda text: text.replace("ö", "\udcf6")]
)
def test_invalid_utf8_is_replaced(encode: Callable[[str], str | bytes]) -> None:
    text = text_of("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=Töst", "t=0 0")
    description: Description = parse(encode(text))
    assert description.session_name.startswith("T\ufffd")
    assert [entry.line_number for entry in description.tolerated] == [1]
    assert parse(serialize(description).encode()) == description


def test_replacement_character_itself_is_fine() -> None:
    assert parse(text_of("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=\ufffd", "t=0 0")).tolerated == ()


def test_only_cr_and_lf_end_lines() -> None:
    description = session_with("a=x:one\x0btwo\x85three\u2028four")
    assert description.other == (Attribute("x", "one\x0btwo\x85three\u2028four"),)


def test_sections_are_independent() -> None:
    description = session_with(FINGERPRINT, *AUDIO, "a=mid:0", "a=sendonly", *DATA)
    audio, data = description.media
    assert (audio.kind, data.kind) == ("audio", "application")
    assert (data.mid, data.direction) == (None, None)


def test_empty_offer() -> None:
    assert session_with().media == ()
