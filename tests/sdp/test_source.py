"""Streams and sources (RFC 8830, RFC 5576)."""

import pytest

from sdp import Attribute, Msid, MsidSemantic, Ssrc, SsrcGroup
from tests.sdp.support import audio_with, session_with, video_with


def test_msids() -> None:
    section = audio_with("a=msid:{s1} {t1}", "a=msid:s2", "a=msid:- t3", "a=msid:s1 t4")
    assert section.msids == (Msid("{s1}", "{t1}"), Msid("s2"), Msid("-", "t3"), Msid("s1", "t4"))
    assert section.stream_ids == ("{s1}", "s2", "s1")


def test_dash_is_no_stream_and_absence_is_unknown() -> None:
    assert audio_with("a=msid:-").stream_ids == ()
    assert audio_with().stream_ids is None


def test_streams_from_ssrc_lines_of_older_peers() -> None:
    section = audio_with("a=ssrc:1 cname:c", "a=ssrc:1 msid:s t", "a=ssrc:1 mslabel:s")
    assert section.stream_ids == ("s",)
    assert section.ssrcs[0].cname == "c"
    assert section.ssrcs[0].msid == Msid("s", "t")
    assert section.ssrcs[0].attribute("label") is None


def test_ssrc_attributes_are_grouped_by_source_in_order() -> None:
    section = video_with(
        "a=ssrc-group:FID 4294967295 2",
        "a=ssrc:4294967295 cname:a:b",
        "a=ssrc:2 cname:c",
        "a=ssrc:4294967295 flag",
    )
    assert section.ssrc_groups == (SsrcGroup("FID", (4294967295, 2)),)
    assert section.ssrcs == (
        Ssrc(4294967295, (Attribute("cname", "a:b"), Attribute("flag"))),
        Ssrc(2, (Attribute("cname", "c"),)),
    )


@pytest.mark.parametrize(
    "line",
    [
        "a=ssrc:4294967296 cname:x",
        "a=ssrc:1",
        "a=ssrc:x cname:x",
        "a=ssrc:1 :x",
        "a=ssrc-group:",
        "a=ssrc-group:FID x",
        "a=msid:",
    ],
)
def test_malformed_lines_are_dropped(line: str) -> None:
    description = session_with("m=audio 9 UDP/TLS/RTP/SAVPF 0", line)
    section = description.media[0]
    assert (section.ssrcs, section.ssrc_groups, section.msids) == ((), (), ())
    assert [tolerated.line_number for tolerated in description.tolerated] == [6]


@pytest.mark.parametrize("line", ["a=msid-semantic: WMS a b", "a=msid-semantic:WMS a b"])
def test_msid_semantic(line: str) -> None:
    assert session_with(line).msid_semantics == (MsidSemantic("WMS", ("a", "b")),)


def test_ssrc_with_empty_msid_has_no_stream() -> None:
    assert audio_with("a=ssrc:1 msid:").stream_ids is None
