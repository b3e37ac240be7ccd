"""The form of offers (RFC 9429 §5.2, RFC 8840 §4.1.1, RFC 9143 §7.2)."""

import re

import pytest

from peer.jsep import (
    BundlePolicy,
    RtcpMuxPolicy,
    SetRemoteIce,
    create_offer,
    request_ice_restart,
    set_direction,
)
from sdp import Description, Direction, Setup, parse
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import with_groups


def offer_of(*kinds: str, data: bool = False, **options: object) -> Description:
    end = make_end(0, **options)
    for kind in kinds:
        end.add(kind)
    if data:
        end.add_data()
    return parse(end.offer())


def test_the_session_part() -> None:
    """RFC 9429 §5.2.1: what has to be there, in this order, and nothing that says who we are."""
    text = make_end(0).offer()
    lines = text.split("\r\n")
    assert lines[0] == "v=0"
    assert re.fullmatch(r"o=- \d+ \d+ IN IP4 0\.0\.0\.0", lines[1])
    assert int(lines[1].split()[1]) < 2**63 - 1
    assert lines[2:] == ["s=-", "t=0 0", "a=ice-options:trickle ice2", ""]


def test_the_default_pacing_is_not_written() -> None:
    """RFC 8839 §5.5: absent means 50 ms."""
    for text in exchange(*make_ends()):
        assert "ice-pacing" not in text


def test_another_pacing_is_told_and_heard() -> None:
    """RFC 8839 §4.3.1, §4.3.2, §5.5: of the session, in offer and answer."""
    ends = make_end(0, ice_pacing=20), make_end(1, ice_pacing=80)
    ends[0].add("audio")
    for text, pacing in zip(exchange(*ends), (20, 80), strict=True):
        session, _, _ = text.partition("m=")
        assert f"\r\na=ice-pacing:{pacing}\r\n" in session
    heard = [
        step.remote.pacing
        for end in ends
        for step in end.plans[-1]
        if isinstance(step, SetRemoteIce)
    ]
    assert heard == [80, 20]


def test_a_media_section() -> None:
    (media,) = offer_of("audio").media
    assert (media.kind, media.port, media.protocol) == ("audio", 9, "UDP/TLS/RTP/SAVPF")
    assert str(media.connection) == "IN IP4 0.0.0.0"
    assert media.dtls.setup is Setup.ACTPASS
    assert media.direction is Direction.SENDRECV
    assert (media.rtcp.mux, media.rtcp.rsize, media.rtcp.address) == (True, True, None)
    assert 4 <= len(media.ice.ufrag or "") <= 32
    assert 22 <= len(media.ice.pwd or "") <= 256


def test_the_data_section() -> None:
    """RFC 8841 §4.4."""
    (media,) = offer_of(data=True, max_message_size=70000).media
    assert (media.kind, media.protocol, media.formats) == (
        "application",
        "UDP/DTLS/SCTP",
        ("webrtc-datachannel",),
    )
    assert (media.sctp.port, media.sctp.max_message_size) == (5000, 70000)
    assert not media.rtcp.mux


@pytest.mark.parametrize(
    ("policy", "bundle_only"),
    [
        ("balanced", [False, True, False, True, False]),
        ("max-compat", [False] * 5),
        ("max-bundle", [False, True, True, True, True]),
        ("must-bundle", [False, True, True, True, True]),
    ],
)
def test_bundle_policies(policy: str, bundle_only: list[bool]) -> None:
    """RFC 9429 §4.1.1; must-bundle is its new name for max-bundle."""
    record = offer_of(
        "audio", "audio", "video", "video", data=True, bundle_policy=BundlePolicy(policy)
    )
    assert [media.bundle_only for media in record.media] == bundle_only
    assert [media.port for media in record.media] == [0 if only else 9 for only in bundle_only]
    assert [group.mids for group in record.groups] == [("0", "1", "2", "3", "4")]


def test_an_unknown_policy() -> None:
    with pytest.raises(ValueError, match="not a valid"):
        BundlePolicy("maximum")


@pytest.mark.parametrize("policy", RtcpMuxPolicy)
def test_mux_only_in_first_offers_under_require(policy: RtcpMuxPolicy) -> None:
    """RFC 9429 §5.2.1 and §5.2.2, RFC 8858 §4."""
    one, other = make_ends(rtcp_mux_policy=policy)
    one.add("audio")
    require = policy is RtcpMuxPolicy.REQUIRE
    offer, answer = exchange(one, other)
    assert ("a=rtcp-mux-only" in offer) is require
    assert "a=rtcp-mux-only" not in answer
    assert "a=rtcp-mux-only" not in one.offer()


def test_reduced_size_as_in_the_last_answer() -> None:
    """RFC 9429 §5.2.2."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer().replace("a=rtcp-rsize\r\n", ""))
    answer = other.answer()
    assert "a=rtcp-rsize" not in answer
    one.set_remote("answer", answer)
    assert "a=rtcp-rsize" not in one.offer()
    assert one.state.wiring.senders[0].reduced_size is False


@pytest.mark.parametrize("direction", Direction)
def test_streams_and_sources_only_when_sending(direction: Direction) -> None:
    """RFC 9429 §5.2.1."""
    end = make_end(0)
    end.add("video", direction, streams=("s", "t"))
    (media,) = parse(end.offer()).media
    if not direction.sends:
        assert (media.msids, media.ssrcs, media.ssrc_groups) == ((), (), ())
        return
    track = end.transceiver(0).track_id
    assert [str(msid) for msid in media.msids] == [f"s {track}", f"t {track}"]
    assert [ssrc.cname for ssrc in media.ssrcs] == [end.state.cname] * 2
    assert media.ssrc_groups[0].ssrcs == tuple(ssrc.ssrc for ssrc in media.ssrcs)


def test_the_same_state_gives_the_same_offer() -> None:
    """RFC 9429 §5.2.2: with nothing changed, not even the version."""
    one, other = make_ends()
    one.add("audio")
    one.add_data()
    exchange(one, other)
    one.state, first = create_offer(one.state, entropy=one.entropy)
    one.state, second = create_offer(one.state, entropy=one.entropy)
    assert first == second


def versions(end: End, *changes: Direction) -> list[int]:
    found = []
    for direction in changes:
        end.state = set_direction(end.state, 0, direction)
        end.state, text = create_offer(end.state, entropy=end.entropy)
        found.append(parse(text).origin.session_version)
    return found


def test_the_version_grows_with_each_change() -> None:
    """RFC 3264 §8."""
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    first = one.local.record.origin.session_version
    numbers = versions(
        one, Direction.INACTIVE, Direction.INACTIVE, Direction.SENDRECV, Direction.SENDONLY
    )
    assert numbers == [first + 1, first + 1, first + 2, first + 3]


def test_the_session_id_stays() -> None:
    one, other = make_ends()
    one.add("audio")
    ids = set()
    for offerer, answerer in ((one, other), (other, one), (one, other)):
        exchange(offerer, answerer)
        ids.add((one.local.record.origin.session_id, other.local.record.origin.session_id))
    assert len(ids) == 1


def test_nothing_that_must_not_be_there() -> None:
    """RFC 9429 §5.2.1."""
    one, other = make_ends()
    one.add_track("video", "s")
    one.add_data()
    for text in (*exchange(one, other), *exchange(other, one)):
        for word in ("a=crypto", "a=key-mgmt", "a=ice-lite", "k="):
            assert f"\r\n{word}" not in text


def test_a_restart_asked_for_before_or_in_the_call() -> None:
    """RFC 9429 §5.2.3.1: every section gets new credentials."""
    for how in ("option", "request"):
        one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
        one.add("audio")
        one.add("video")
        exchange(one, other)
        old = {media.ice.ufrag for media in one.local.record.media}
        if how == "request":
            one.state = request_ice_restart(one.state)
        one.offer(ice_restart=how == "option")
        new = {media.ice.ufrag for media in one.local.record.media}
        assert len(new) == 1
        assert not new & old


def test_no_bundle_only_once_bundle_is_negotiated() -> None:
    """RFC 9429 §5.2.2; ports are those of the tag (RFC 9143 §7.2)."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_BUNDLE)
    one.add("audio")
    one.add("video")
    exchange(one, other)
    one.add("audio")
    one.offer()
    assert not any(media.bundle_only for media in one.local.record.media)
    assert parse(one.local_text()).media[2].port == parse(one.local_text()).media[0].port


def test_attributes_nobody_writes_are_left_out() -> None:
    """No a=maxptime, a=imageattr, a=tls-id, a=rtcp without candidates, no LS groups."""
    end = make_end(0)
    end.add("audio", streams=("s",))
    end.add("video", streams=("s",))
    record = parse(end.offer())
    assert [group.semantics for group in record.groups] == ["BUNDLE"]
    for media in record.media:
        assert media.maxptime is None
        assert media.dtls.tls_id is None
        assert media.rtcp.address is None
        assert media.other == ()


def test_all_sections_but_those_outside_stay_in_the_group() -> None:
    """RFC 9429 §5.2.2: the group of the last answer, and what is new."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    for kind in ("audio", "video", "video"):
        one.add(kind)
    other.set_remote("offer", one.offer())
    one.set_remote("answer", with_groups(other.answer(), "0 2"))
    one.add("audio")
    one.offer()
    assert one.local.groups == (("0", "2", "3"),)
    assert one.state.wiring.transports.keys() == {0, 1}
