"""Bounded work: what is too large is refused, and time grows with size alone."""

from contextlib import suppress

import pytest

from sdp import SdpError, parse, serialize
from tests.sdp.support import AUDIO, BROWSER_FILES, SESSION, session_with, text_of
from tests.work import calls
from tools.bench.sdp import many_sections

HEAD = text_of(*SESSION, "m=video 9 UDP/TLS/RTP/SAVPF " + " ".join(map(str, range(128))))
MEGABYTE = 1 << 20


def filled(line: str, limit: int = MEGABYTE) -> str:
    """Repeat a line up to the limit, numbering it where it has braces."""
    lines, size = [HEAD], len(HEAD)
    while size < limit - 200:
        lines.append(line.format(len(lines)) + "\r\n")
        size += len(lines[-1])
    return "".join(lines)


HEAVY = [
    "a=rtcp-fb:* x{}",
    "a=rtcp-fb:96 x{}",
    "a=rtpmap:96 VP8/90000",
    "a=fmtp:96 a={};b;c",
    "a=ssrc:{} cname:x",
    "a=ssrc:1 cname:x",
    "a=extmap:1 urn:x{}",
    "a=candidate:1 1 udp 1 10.0.0.1 {} typ host",
    "a=candidate:1 1 dccp 1 10.0.0.1 9 typ host",
    "a=msid:s{} t",
    "a=rid:{} send",
    "a=x{}",
    "a=ice-options:x{}",
    "a=fingerprint:x AB",
    "m=audio 9 UDP/TLS/RTP/SAVPF 0",
    "",
]


def attempt(text: str) -> None:
    """Parse, whether or not it is refused."""
    with suppress(SdpError):
        parse(text)


@pytest.mark.slow
@pytest.mark.parametrize("line", HEAVY)
def test_a_megabyte_takes_twice_the_work_of_half_of_it(line: str) -> None:
    half, whole = filled(line, MEGABYTE // 2), filled(line)
    assert calls(lambda: attempt(whole)) < 2.1 * calls(lambda: attempt(half)) + 1000


def test_ten_thousand_lines_take_ten_times_the_work_of_a_thousand() -> None:
    few, many = (HEAD + "a=ssrc:1 cname:x\r\n" * count for count in (1000, 10_000))
    work = calls(lambda: serialize(parse(few)))
    assert calls(lambda: serialize(parse(many))) < 10.5 * work


def test_ten_times_the_sections_take_ten_times_the_work() -> None:
    offer = next(path for path in BROWSER_FILES if "offer-audio-video-data-gat" in path.name)
    text = offer.read_bytes().decode()
    few, many = many_sections(text, 30), many_sections(text, 300)
    assert len(parse(many).media) == 300
    work = calls(lambda: serialize(parse(few)))
    assert work < calls(lambda: serialize(parse(many))) < 10.5 * work


@pytest.mark.parametrize("text", ["a" * (MEGABYTE + 1), "ä" * (MEGABYTE // 2 + 1)])
def test_too_long_a_description(text: str) -> None:
    for data in (text, text.encode()):
        with pytest.raises(SdpError, match="longer than 1048576 bytes"):
            parse(data)


def test_too_long_a_line() -> None:
    assert session_with("a=x:" + "y" * 16380).other
    with pytest.raises(SdpError, match="line 5: line longer"):
        session_with("a=x:" + "y" * 16381)


def test_too_many_lines() -> None:
    with pytest.raises(SdpError, match="line 65537: more than 65536 lines"):
        session_with(*["a=x"] * 65536)


def test_too_many_sections() -> None:
    assert len(session_with(*["m=audio 0 RTP/AVP 0"] * 1000).media) == 1000
    with pytest.raises(SdpError, match="line 1005: more than 1000 media sections"):
        session_with(*["m=audio 0 RTP/AVP 0"] * 1001)


def test_too_many_formats() -> None:
    with pytest.raises(SdpError, match="line 5: m= with more than 1000 formats"):
        session_with("m=audio 9 RTP/AVP " + "0 " * 1001)


def test_too_many_groups_are_dropped() -> None:
    description = session_with(*["a=group:BUNDLE"] * 33)
    assert len(description.groups) == 32
    assert [entry.line_number for entry in description.tolerated] == [37]
    assert session_with("a=group:BUNDLE" + " 0" * 1001).groups == ()


def test_too_many_ice_options_are_dropped() -> None:
    section = session_with(*AUDIO, *[f"a=ice-options:o{n}" for n in range(50)]).media[0]
    assert len(section.ice.options) == 32


def test_wildcard_feedback_is_capped() -> None:
    section = session_with(
        "m=audio 9 UDP/TLS/RTP/SAVPF 0", *[f"a=rtcp-fb:* x{n}" for n in range(50)]
    ).media[0]
    assert len(section.codecs[0].feedback) == 32
