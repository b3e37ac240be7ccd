"""Codecs are remembered between sections, their faults are not."""

from sdp import parse, serialize
from tests.sdp.support import session_with

FAULTY = ("m=video 9 RTP/AVP 96 97", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 ")
SOUND = ("m=video 9 RTP/AVP 96", "a=rtpmap:96 VP8/90000", "a=fmtp:96 max-fs=12288")


def test_equal_sections_share_their_codecs() -> None:
    first, second = session_with(*SOUND, *SOUND).media
    assert first.codecs is second.codecs
    assert first.codecs[0].fmtp == "max-fs=12288"


def test_one_different_line_makes_different_codecs() -> None:
    first, second = session_with(*SOUND, *SOUND[:2]).media
    assert first.codecs != second.codecs


def test_every_section_reports_its_own_faults() -> None:
    description = session_with(*FAULTY, *FAULTY)
    assert [entry.line_number for entry in description.tolerated] == [7, 7, 10, 10]
    first, second = description.media
    assert first.codecs == second.codecs
    assert parse(serialize(description)) == description


def test_the_same_text_as_another_attribute_is_not_mixed_up() -> None:
    codec = session_with("m=audio 9 RTP/AVP 0", "a=fmtp:0 nack").media[0].codecs[0]
    other = session_with("m=audio 9 RTP/AVP 0", "a=rtcp-fb:0 nack").media[0].codecs[0]
    assert (codec.fmtp, codec.feedback) == ("nack", ())
    assert (other.fmtp, str(other.feedback[0])) == ("", "nack")


def test_payload_formats_without_rtp_are_ignored() -> None:
    description = session_with("m=application 9 UDP/BFCP *", "a=rtpmap:96 VP8/90000")
    assert description.media[0].codecs == ()
    assert [entry.line_number for entry in description.tolerated] == [6]
