"""Bounded work: what is too large is refused, and time grows with size alone."""

import sys
import time
from collections.abc import Callable

import pytest

from sdp import SdpError, parse, serialize
from tests.sdp.support import AUDIO, BROWSER_FILES, SESSION, session_with, text_of
from tools.bench.sdp import many_sections

HEAD = text_of(*SESSION, "m=video 9 UDP/TLS/RTP/SAVPF " + " ".join(map(str, range(128))))
MEGABYTE = 1 << 20


def filled(line: str, head: str = HEAD) -> str:
    """Repeat a line up to the limit, numbering it where it has braces."""
    lines, size = [head], len(head)
    while size < MEGABYTE - 200:
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


def seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("line", HEAVY)
def test_a_megabyte_is_done_within_a_second(line: str) -> None:
    text = filled(line)

    def work() -> None:
        try:
            parse(text)
        except SdpError:
            return

    assert min(seconds(work) for _ in range(3)) < 1.0


def test_ten_thousand_lines_within_a_second() -> None:
    text = HEAD + "a=ssrc:1 cname:x\r\n" * 10_000
    assert min(seconds(lambda: serialize(parse(text))) for _ in range(3)) < 1.0


def calls(function: Callable[[], object]) -> int:
    count = 0

    def tick(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(tick)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_ten_times_the_sections_take_ten_times_the_work() -> None:
    offer = next(path for path in BROWSER_FILES if "offer-audio-video-data-gat" in path.name)
    text = offer.read_bytes().decode()
    few, many = many_sections(text, 30), many_sections(text, 300)
    assert len(parse(many).media) == 300
    work = calls(lambda: serialize(parse(few)))
    assert work < calls(lambda: serialize(parse(many))) < 10 * work


def test_three_hundred_sections_within_a_second() -> None:
    offer = next(path for path in BROWSER_FILES if "offer-audio-video-data-gat" in path.name)
    text = many_sections(offer.read_bytes().decode(), 300)
    assert min(seconds(lambda: serialize(parse(text))) for _ in range(3)) < 1.0


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


def test_too_many_groups() -> None:
    with pytest.raises(SdpError, match="line 37: too many groups"):
        session_with(*["a=group:BUNDLE"] * 33)
    with pytest.raises(SdpError, match="line 5: too many groups"):
        session_with("a=group:BUNDLE" + " 0" * 1001)


def test_too_many_ice_options_are_dropped() -> None:
    section = session_with(*AUDIO, *[f"a=ice-options:o{n}" for n in range(50)]).media[0]
    assert len(section.ice.options) == 32


def test_wildcard_feedback_is_capped() -> None:
    section = session_with(
        "m=audio 9 UDP/TLS/RTP/SAVPF 0", *[f"a=rtcp-fb:* x{n}" for n in range(50)]
    ).media[0]
    assert len(section.codecs[0].feedback) == 32
