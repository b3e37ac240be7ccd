"""Trickle fragments (RFC 8840 §4.4, §9)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdp import (
    Candidate,
    Fragment,
    FragmentSection,
    Group,
    IceAttributes,
    SdpError,
    parse_fragment,
    serialize_fragment,
)
from tests.sdp.strategies import candidates, ice_attributes, rtcp_attributes, tokens, tuples_of
from tests.sdp.support import text_of

# RFC 8840 figure 7, without its folding.
FIGURE_7 = text_of(
    "a=ice-pwd:asd88fgpdd777uzjYhagZg",
    "a=ice-ufrag:8hhY",
    "m=audio 9 RTP/AVP 0",
    "a=mid:1",
    "a=candidate:1 1 UDP 2130706432 2001:db8:a0b:12f0::1 5000 typ host",
    "a=candidate:1 2 UDP 2130706432 2001:db8:a0b:12f0::1 5001 typ host",
    "a=candidate:2 1 UDP 1694498815 192.0.2.3 5010 typ srflx raddr 192.0.2.1 rport 8998",
    "a=end-of-candidates",
    "m=audio 9 RTP/AVP 0",
    "a=mid:2",
    "a=candidate:1 1 UDP 2130706432 2001:db8:a0b:12f0::1 6000 typ host",
    "a=end-of-candidates",
)


def sections() -> st.SearchStrategy[FragmentSection]:
    return st.builds(FragmentSection, tokens, ice_attributes(media=True), rtcp_attributes())


def fragments() -> st.SearchStrategy[Fragment]:
    return st.builds(
        Fragment,
        ice=ice_attributes(media=False),
        ice_lite=st.booleans(),
        ice_pacing=st.none() | st.integers(0, 10**10 - 1),
        groups=tuples_of(st.builds(Group, st.just("BUNDLE"), tuples_of(tokens))),
        media=tuples_of(sections()),
    )


def test_figure_7() -> None:
    fragment = parse_fragment(FIGURE_7)
    assert fragment.ice == IceAttributes("8hhY", "asd88fgpdd777uzjYhagZg")
    assert [(section.mid, len(section.ice.candidates)) for section in fragment.media] == [
        ("1", 3),
        ("2", 1),
    ]
    assert all(section.ice.end_of_candidates for section in fragment.media)
    assert fragment.effective(1).ice.ufrag == "8hhY"
    assert fragment.tolerated == ()


@given(fragments())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20, deadline=None)
def test_round_trip(fragment: Fragment) -> None:
    assert parse_fragment(serialize_fragment(fragment)) == fragment


def test_mid_right_before_the_candidates_and_default_media_line() -> None:
    candidate = Candidate("1", 1, "udp", 1, "192.0.2.1", 9, "host")
    fragment = Fragment(
        IceAttributes("ufra", "pwd"),
        groups=(Group("BUNDLE", ("0", "1")),),
        media=(FragmentSection("0", IceAttributes(candidates=(candidate,))),),
    )
    assert serialize_fragment(fragment) == text_of(
        "a=group:BUNDLE 0 1",
        "a=ice-ufrag:ufra",
        "a=ice-pwd:pwd",
        "m=audio 9 RTP/AVP 0",
        "a=mid:0",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
    )


def test_names_in_any_case_and_unknown_attributes() -> None:
    fragment = parse_fragment(
        text_of(
            "a=ICE-UFRAG:ufra",
            "a=Ice-Pwd:pwd",
            "a=x-new:thing",
            "m=video 9 UDP/TLS/RTP/SAVPF 96",
            "a=MID:v",
            "a=sendrecv",
            "a=Candidate:1 1 UDP 1 192.0.2.1 9 typ host",
            "a=rtcp-mux",
        )
    )
    assert fragment.ice == IceAttributes("ufra", "pwd")
    section = fragment.media[0]
    assert (section.mid, section.kind, section.formats) == ("v", "video", ("96",))
    assert len(section.ice.candidates) == 1
    assert section.rtcp.mux


@pytest.mark.parametrize(
    ("lines", "belongs"),
    [
        (("a=ice-ufrag:u", "a=ice-pwd:p", "m=audio 9 RTP/AVP 0", "a=mid:0"), True),
        (("m=audio 9 RTP/AVP 0", "a=mid:0", "a=ice-ufrag:u", "a=ice-pwd:p"), True),
        (("a=ice-ufrag:old", "a=ice-pwd:p"), False),
        (("a=ice-ufrag:u", "a=ice-pwd:old"), False),
        (("a=ice-ufrag:u",), False),
        (("m=audio 9 RTP/AVP 0", "a=mid:0"), False),
        (
            (
                *("a=ice-ufrag:u", "a=ice-pwd:p", "m=audio 9 RTP/AVP 0", "a=mid:0"),
                *("a=ice-ufrag:old", "a=ice-pwd:p"),
            ),
            False,
        ),
    ],
)
def test_fragments_of_another_generation_are_recognised(
    lines: tuple[str, ...], belongs: bool
) -> None:
    assert parse_fragment(text_of(*lines)).belongs_to("u", "p") == belongs


def test_content_of_the_media_line_and_other_lines_are_ignored() -> None:
    fragment = parse_fragment(text_of("v=0", "m=nonsense", "c=IN IP4", "a=mid:0"))
    assert fragment.media == (FragmentSection("0"),)
    assert [tolerated.line_number for tolerated in fragment.tolerated] == [1, 2, 3]


def test_empty() -> None:
    assert parse_fragment("") == Fragment()


@pytest.mark.parametrize("text", ["a=ice-ufrag:", "hello", "x=1", "\0"])
def test_refused(text: str) -> None:
    with pytest.raises(SdpError) as caught:
        parse_fragment(f"a=ice-lite\r\n{text}")
    assert caught.value.line_number == 2


def test_too_many_sections() -> None:
    with pytest.raises(SdpError, match="line 1001: more than 1000"):
        parse_fragment("m=audio 9 RTP/AVP 0\r\n" * 1001)


@given(st.lists(candidates(), max_size=6), st.integers(0, 6))
def test_each_fragment_repeats_the_earlier_ones(found: list[Candidate], first: int) -> None:
    def fragment(count: int) -> Fragment:
        return Fragment(
            media=(FragmentSection("0", IceAttributes(candidates=tuple(found[:count]))),)
        )

    earlier, later = fragment(first), fragment(len(found))
    new = earlier.new_candidates(Fragment()) + later.new_candidates(earlier)
    assert new == later.new_candidates(Fragment())
    assert later.new_candidates(later) == ()


def test_equal_candidates_have_equal_address_port_transport_and_component() -> None:
    known = Candidate("1", 1, "udp", 1, "192.0.2.1", 9, "host")
    same = known._replace(foundation="2", priority=7, type="srflx")
    others = [
        known._replace(component=2),
        known._replace(transport="tcp"),
        known._replace(address="192.0.2.2"),
        known._replace(port=10),
    ]

    def fragment(*candidates: Candidate) -> Fragment:
        return Fragment(media=(FragmentSection("0", IceAttributes(candidates=candidates)),))

    new = fragment(known, same, *others).new_candidates(fragment(known))
    assert [candidate for _, candidate in new] == others
