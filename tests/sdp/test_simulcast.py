"""Restriction identifiers (RFC 8851 §4, §10) and simulcast (RFC 8853 §5.1)."""

import pytest

from sdp import Rid, RidDirection, Simulcast, SimulcastRid, is_rid
from tests.sdp.support import session_with, video_with


def test_rids() -> None:
    section = video_with(
        "a=rid:hi send",
        "a=rid:lo send pt=96,97;max-width=1280;max-height=720;max-fps=30",
        "a=rid:1-a_b recv depend=hi",
    )
    assert section.rids == (
        Rid("hi", RidDirection.SEND),
        Rid(
            "lo",
            RidDirection.SEND,
            (96, 97),
            (("max-width", "1280"), ("max-height", "720"), ("max-fps", "30")),
        ),
        Rid("1-a_b", RidDirection.RECV, (), (("depend", "hi"),)),
    )


@pytest.mark.parametrize(
    "line",
    [
        "a=rid:hi",
        "a=rid:",
        "a=rid:h~i send",
        "a=rid:hi both",
        "a=rid:hi send pt=",
        "a=rid:hi send pt=128",
        "a=rid:hi send max-wishes=3",
    ],
)
def test_illegal_or_unknown_restriction_drops_the_line(line: str) -> None:
    description = session_with("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", line)
    assert description.media[0].rids == ()
    assert [tolerated.line_number for tolerated in description.tolerated] == [7]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "send h;m;l",
            Simulcast(send=((SimulcastRid("h"),), (SimulcastRid("m"),), (SimulcastRid("l"),))),
        ),
        (
            "send a;b,c;~d recv ~e",
            Simulcast(
                send=(
                    (SimulcastRid("a"),),
                    (SimulcastRid("b"), SimulcastRid("c")),
                    (SimulcastRid("d", paused=True),),
                ),
                recv=((SimulcastRid("e", paused=True),),),
            ),
        ),
        ("recv h,l", Simulcast(recv=((SimulcastRid("h"), SimulcastRid("l")),))),
        (
            " send rid=hi;lo",
            Simulcast(send=((SimulcastRid("hi"),), (SimulcastRid("lo"),))),
        ),
    ],
)
def test_simulcast(value: str, expected: Simulcast) -> None:
    assert video_with(f"a=simulcast:{value}").simulcast == expected


@pytest.mark.parametrize(
    "value",
    ["", "send", "send a;;b", "send a send b", "both a", "send a recv", "send pt=97;98", "send ~"],
)
def test_malformed_simulcast_is_dropped(value: str) -> None:
    assert video_with(f"a=simulcast:{value}").simulcast is None


def test_reverse_flips_the_direction() -> None:
    simulcast = video_with("a=simulcast:send h;m recv x").simulcast
    assert simulcast is not None
    assert str(simulcast.reverse()) == "send x recv h;m"
    assert RidDirection.SEND.reverse() is RidDirection.RECV
    assert RidDirection.RECV.reverse() is RidDirection.SEND


@pytest.mark.parametrize(
    ("text", "legal"), [("h", True), ("a-b_1", True), ("", False), ("a b", False), ("é", False)]
)
def test_legal_rids(text: str, legal: bool) -> None:
    assert is_rid(text) == legal
