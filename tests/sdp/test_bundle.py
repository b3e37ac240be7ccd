"""BUNDLE groups: who is alive, who is the tag, who inherits (RFC 9143)."""

import pytest

from sdp import Description, Group, bundle_mids, parse, serialize
from tests.sdp.support import FINGERPRINT, session_with

TRANSPORT = (
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuv",
    "a=ice-options:trickle",
    FINGERPRINT,
    "a=setup:active",
    "a=tls-id:abc3de65cddef001be82",
)


def section(mid: str, *lines: str, port: int = 9, kind: str = "audio") -> tuple[str, ...]:
    return (f"m={kind} {port} UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}", *lines)


def data(mid: str, *lines: str) -> tuple[str, ...]:
    return ("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", f"a=mid:{mid}", *lines)


@pytest.mark.parametrize(
    ("group", "lines", "port", "rejected"),
    [
        ("a=group:BUNDLE 0 1", (), 9, False),
        ("a=group:BUNDLE 0 1", (), 0, True),
        ("a=group:BUNDLE 0 1", ("a=bundle-only",), 0, False),
        ("a=group:BUNDLE 0 1", ("a=bundle-only",), 9, False),
        ("a=group:BUNDLE 0", (), 0, True),
        ("a=group:BUNDLE 0", ("a=bundle-only",), 0, True),
        ("a=group:BUNDLE 0", (), 9, False),
        ("a=group:LS 0 1", ("a=bundle-only",), 0, True),
    ],
)
def test_what_port_0_means(group: str, lines: tuple[str, ...], port: int, rejected: bool) -> None:
    description = session_with(group, *section("0"), *section("1", *lines, port=port))
    assert description.is_rejected(1) == rejected


def test_port_0_without_a_mid_is_rejected() -> None:
    description = session_with("m=audio 0 RTP/AVP 0")
    assert description.is_rejected(0)


def tag(description: Description) -> str | None:
    return next((group[0] for group in description.live_groups()), None)


def test_the_tag_is_the_first_of_the_group_and_not_of_the_description() -> None:
    assert tag(session_with("a=group:BUNDLE 1 0", *section("0"), *section("1"))) == "1"


def test_a_rejected_section_is_not_the_tag() -> None:
    description = session_with("a=group:BUNDLE 0 1", *section("0", port=0), *section("1"))
    assert tag(description) == "1"


def test_a_bundle_only_section_is_not_the_tag_while_another_lives() -> None:
    bundle_only = section("0", "a=bundle-only", port=0)
    assert tag(session_with("a=group:BUNDLE 0 1", *bundle_only, *section("1"))) == "1"
    assert tag(session_with("a=group:BUNDLE 0", *bundle_only)) == "0"


def test_live_groups_begin_with_the_tag_and_leave_out_what_is_rejected() -> None:
    description = session_with(
        "a=group:BUNDLE 0 1 2 3",
        "a=group:LS 1 2",
        "a=group:BUNDLE 4",
        *section("0", "a=bundle-only", port=0),
        *section("1", port=0),
        *section("2"),
        *section("3"),
        *section("4", port=0),
    )
    assert description.live_groups() == (("2", "0", "3"),)


def test_mids_of_no_section_and_repeated_ones_do_no_harm() -> None:
    description = session_with(
        "a=group:BUNDLE x 0 1 0", *section("0"), *section("1"), *section("2")
    )
    assert description.live_groups() == (("0", "1"),)


def test_no_tag_without_a_live_section() -> None:
    assert tag(session_with("a=group:BUNDLE 0 x", *section("0", port=0))) is None
    assert tag(session_with("a=group:BUNDLE")) is None


def test_members_inherit_what_the_rfc_form_leaves_out() -> None:
    description = session_with(
        "a=group:BUNDLE 0 1 2",
        *section("0", *TRANSPORT, "a=rtcp-mux", "a=rtcp-rsize", "a=extmap-allow-mixed"),
        *section("1", "a=bundle-only", port=0, kind="video"),
        *data("2"),
    )
    audio, video, channel = description.with_inherited_bundle_attributes().media
    for member in (video, channel):
        assert (member.ice.ufrag, member.ice.pwd) == (audio.ice.ufrag, audio.ice.pwd)
        assert member.ice.options == ("trickle",)
        assert member.dtls == audio.dtls
    assert (video.rtcp.mux, video.rtcp.rsize, video.extmap_allow_mixed) == (True, True, True)
    assert not channel.rtcp.mux
    assert description.media[1].ice.ufrag is None


def test_a_tagged_data_section_carries_rtcp_mux_for_the_others() -> None:
    description = session_with(
        "a=group:BUNDLE 0 1", *data("0", *TRANSPORT, "a=rtcp-mux"), *section("1", kind="video")
    )
    video = description.with_inherited_bundle_attributes().media[1]
    assert video.rtcp.mux


def test_the_full_form_keeps_its_own() -> None:
    own = ("a=ice-ufrag:wxyz", "a=ice-pwd:zyxwvutsrqponmlkjihgfe", FINGERPRINT, "a=setup:active")
    description = session_with(
        "a=group:BUNDLE 0 1",
        *section("0", *TRANSPORT, "a=rtcp-mux", "a=rtcp-rsize"),
        *section("1", *own, kind="video"),
    )
    video = description.with_inherited_bundle_attributes().media[1]
    assert video.ice.ufrag == "wxyz"
    assert video.rtcp.mux
    assert not video.rtcp.rsize


def test_half_a_credential_is_not_completed() -> None:
    description = session_with(
        "a=group:BUNDLE 0 1", *section("0", *TRANSPORT), *section("1", "a=ice-ufrag:wxyz")
    )
    member = description.with_inherited_bundle_attributes().media[1]
    assert (member.ice.ufrag, member.ice.pwd) == ("wxyz", None)


def test_rejected_sections_and_outsiders_inherit_nothing() -> None:
    description = session_with(
        "a=group:BUNDLE 0 1",
        *section("0", *TRANSPORT),
        *section("1", port=0),
        *section("2"),
    )
    _, rejected, outsider = description.with_inherited_bundle_attributes().media
    assert rejected.ice.ufrag is None
    assert outsider.ice.ufrag is None


def test_each_group_inherits_from_its_own_tag() -> None:
    second = tuple(line.replace("abcd", "wxyz") for line in TRANSPORT)
    description = session_with(
        "a=group:BUNDLE 0 1",
        "a=group:BUNDLE 2 3 unknown",
        *section("0", *TRANSPORT),
        *section("1"),
        *section("2", *second),
        *section("3"),
    )
    media = description.with_inherited_bundle_attributes().media
    assert [section.ice.ufrag for section in media] == ["abcd", "abcd", "wxyz", "wxyz"]


def test_session_level_defaults_come_first() -> None:
    description = session_with(
        "a=group:BUNDLE 0 1",
        "a=ice-ufrag:sess",
        "a=ice-pwd:p",
        *section("0", *TRANSPORT),
        *section("1"),
    )
    assert description.with_inherited_bundle_attributes().media[1].ice.ufrag == "sess"


def test_groups_round_trip() -> None:
    description = session_with("a=group:BUNDLE 0 1", "a=group:LS", "a=group:BUNDLE 2")
    assert description.groups == (Group("BUNDLE", ("0", "1")), Group("LS"), Group("BUNDLE", ("2",)))
    assert bundle_mids(description.groups) == {"0", "1", "2"}
    assert parse(serialize(description)) == description
