"""Which section runs over what: tags, successors, restarts (RFC 9429 §5.9, §5.11)."""

from dataclasses import replace

import pytest

from peer.jsep import (
    BundlePolicy,
    CloseTransport,
    CreateTransport,
    DropRtcpComponent,
    Gather,
    InvalidAccessError,
    RestartIce,
    RetagTransport,
    RtcpMuxPolicy,
    SetRemoteIce,
    StartDtls,
    UpdateSctp,
)
from sdp import Direction, parse, serialize
from tests.jsep.ends import (
    bundled_pair,
    exchange,
    make_end,
    make_ends,
    steps,
    transport_of,
)
from tests.jsep.texts import altered, with_groups, without_mux, without_sections


def test_stopping_the_tagged_section_moves_the_group_to_a_new_transport() -> None:
    """Browsers drop the group's transport with its tag: new sockets, new DTLS, old ufrag."""
    one, other = bundled_pair()
    old = {"one": transport_of(one, "1"), "other": transport_of(other, "1")}
    one.stop(0)
    offer = one.offer()
    assert [section.media.port for section in one.local.sections] == [0, 9, 9]
    assert one.local.groups == (("1", "2"),)
    created = one.plans[-1]
    assert steps(created, CreateTransport) == [
        CreateTransport(3, "1", 1, old["one"].local, controlling=True)
    ]
    assert steps(created, Gather) == [Gather(3)]
    assert not steps(created, CloseTransport)
    assert transport_of(one, "1") == old["one"]
    other.set_remote("offer", offer)
    answer = other.answer()
    assert steps(other.plans[-1], CloseTransport) == [CloseTransport(old["other"].id)]
    plan = one.set_remote("answer", answer)
    assert one.state.wiring.sections == {"1": 3, "2": 3}
    assert steps(plan, CloseTransport) == [CloseTransport(old["one"].id)]
    assert len(steps(plan, StartDtls)) == 1
    assert len(steps(plan, UpdateSctp)) == 1
    for end, before in ((one, old["one"]), (other, old["other"])):
        after = transport_of(end, "1")
        assert after.id != before.id
        assert (after.mid, after.local) == ("1", before.local)
        assert after.dtls is not None
        assert before.dtls is not None
        assert after.dtls.role is before.dtls.role


def test_a_tag_rejected_in_an_answer_is_followed_as_well() -> None:
    """RFC 9143 §7.3.3 forbids it, browsers do it."""
    one, other = bundled_pair()
    before = transport_of(one, "1")
    other.set_remote("offer", one.offer())
    plan = one.set_remote("answer", without_sections(other.answer(), "0"))
    after = transport_of(one, "1")
    assert steps(plan, CreateTransport) == [
        CreateTransport(3, "1", 1, before.local, controlling=True)
    ]
    assert transport_of(one, "2") == after
    assert CloseTransport(before.id) in plan


def test_another_tag_of_the_same_live_sections_keeps_the_transport() -> None:
    """RFC 9143 §7.5: any live section of the group may be the tag."""
    one, other = bundled_pair()
    before = transport_of(other, "0")
    other.set_remote("offer", with_groups(one.offer(), "1 0 2"))
    other.answer()
    assert steps(other.plans[-1], RetagTransport) == [RetagTransport(before.id, "1")]
    assert transport_of(other, "0").id == before.id
    assert other.state.groups == (("1", "0", "2"),)


@pytest.mark.parametrize("fresh", [True, False], ids=["Chromium", "Firefox"])
def test_a_new_section_in_front_takes_the_group_over(fresh: bool) -> None:
    """Browsers use the m-line of the stopped tag again, as the tag: all move to a new transport.

    Chromium gives it new credentials, Firefox the old ones, which are then to be answered with
    the old ones.
    """
    one, other = bundled_pair()
    one.stop(0)
    exchange(one, other)
    before = transport_of(other, "1")
    one.add("audio")
    record = parse(one.offer())
    *media, last = record.media
    offer = with_groups(serialize(replace(record, media=(last, *media[1:]))), "3 1 2")
    if fresh:
        assert before.remote is not None
        offer = offer.replace(before.remote.credentials.ufrag, "fresh")
    other.set_remote("offer", offer)
    other.answer()
    after = transport_of(other, "3")
    assert other.state.wiring.sections == dict.fromkeys(("3", "1", "2"), after.id)
    assert after.id != before.id
    assert (after.local == before.local) is not fresh
    assert after.dtls is not None
    assert before.dtls is not None
    assert after.dtls.role is before.dtls.role
    assert CloseTransport(before.id) in other.plans[-1]


def test_a_section_moved_out_in_an_offer_gets_a_transport() -> None:
    """RFC 9143 §7.5.2."""
    one, other = bundled_pair()
    before = transport_of(other, "0")
    other.set_remote("offer", with_groups(one.offer(), "0 1"))
    other.answer()
    moved = transport_of(other, "2")
    assert moved.id != before.id
    assert moved.local != before.local
    assert transport_of(other, "1").id == before.id
    assert steps(other.plans[-1], Gather) == [Gather(moved.id)]


def test_a_rejected_tag_of_a_first_offer_leaves_its_transport_to_the_next() -> None:
    """Under max-bundle there is one transport only, and what was gathered for it is valid."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_BUNDLE)
    for kind in ("audio", "audio", "video"):
        one.add(kind)
    offer = one.offer()
    # Not by the book: a peer that takes a bundle-only section as tag.
    lax = altered(offer, lambda media: replace(media, port=9, bundle_only=False))
    other.set_remote("offer", without_sections(lax, "0"))
    plan = one.set_remote("answer", other.answer())
    assert steps(plan, RetagTransport) == [RetagTransport(0, "1")]
    assert one.state.wiring.sections == {"1": 0, "2": 0}


def test_a_new_section_joins_the_group_without_gathering() -> None:
    """RFC 9429 §5.9: it is bundled for certain."""
    one, other = bundled_pair()
    one.add("video")
    other.set_remote("offer", one.offer())
    assert not steps(one.plans[-1], CreateTransport)
    assert not any(section.bundle_only for section in one.local.sections)
    one.set_remote("answer", other.answer())
    assert one.state.wiring.sections["3"] == one.state.wiring.sections["0"]


@pytest.mark.parametrize("side", [0, 1])
def test_restart(side: int) -> None:
    """RFC 8839 §4.4.1.1.1: new credentials on both sides, same transport, same DTLS."""
    ends = bundled_pair()
    offerer, answerer = ends[side], ends[1 - side]
    before = [transport_of(end, "0") for end in (offerer, answerer)]
    offer, answer = exchange(offerer, answerer, ice_restart=True)
    assert len(steps(offerer.plans[-2], RestartIce)) == 1
    assert len(steps(offerer.plans[-2], Gather)) == 1
    assert len(steps(answerer.plans[-1], RestartIce)) == 1
    for end, old in zip((offerer, answerer), before, strict=True):
        new = transport_of(end, "0")
        assert new.id == old.id
        assert new.local.ufrag != old.local.ufrag
        assert new.local.pwd != old.local.pwd
        assert new.dtls == old.dtls
        assert old.local.ufrag not in offer + answer
    assert len({section.media.ice.ufrag for section in offerer.local.sections}) == 1


def test_an_answer_to_an_offer_without_restart_keeps_the_credentials() -> None:
    """RFC 9429 §5.3.2."""
    one, other = bundled_pair()
    before = transport_of(other, "0")
    exchange(one, other)
    assert transport_of(other, "0") == before
    exchange(other, one)
    assert transport_of(other, "0") == before


@pytest.mark.parametrize("name", ["ufrag", "pwd"])
def test_either_credential_alone_restarts(name: str) -> None:
    """RFC 8839 §4.4.1.1.1."""
    one, other = bundled_pair()
    before = transport_of(other, "0")
    assert before.remote is not None
    old = before.remote.credentials.ufrag if name == "ufrag" else before.remote.credentials.pwd
    other.set_remote(
        "offer", one.offer().replace(f"a=ice-{name}:{old}", f"a=ice-{name}:{'x' * 24}")
    )
    other.answer()
    assert transport_of(other, "0").local != before.local
    assert steps(other.plans[-1], RestartIce)


def test_an_unspecified_address_does_not_restart() -> None:
    """RFC 8839 §4.4.1.1.1: 0.0.0.0 meant hold once, and restart in RFC 5245."""
    one, other = bundled_pair()
    before = transport_of(other, "0")
    offer = one.offer()
    assert "c=IN IP4 0.0.0.0" in offer
    other.set_remote("offer", offer)
    other.answer()
    assert transport_of(other, "0") == before


def test_an_answer_that_keeps_its_credentials_in_a_restart_is_taken() -> None:
    """RFC 9429 §5.10 makes it an error; old and lite peers do it."""
    one, other = bundled_pair()
    answer = other.local.text
    remote = transport_of(one, "0").remote
    one.offer(ice_restart=True)
    one.set_remote("answer", answer)
    assert transport_of(one, "0").remote == remote


def test_a_section_without_ice_in_an_answer_is_off() -> None:
    """RFC 8839 §5.3: a=ice-mismatch."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    one.add("audio")
    one.add("video")
    other.set_remote("offer", one.offer())
    answer = with_groups(other.answer()) + "a=ice-mismatch\r\n"
    one.set_remote("answer", answer)
    assert one.state.wiring.sections == {"0": 0}


def test_a_provisional_answer_of_another_endpoint_may_have_other_credentials() -> None:
    """RFC 9429 §3.8: forking."""
    one, other = make_ends()
    one.add("audio")
    offer = one.offer()
    other.set_remote("offer", offer)
    third = make_end(3)
    third.set_remote("offer", offer)
    one.set_remote("pranswer", other.answer())
    plan = one.set_remote("answer", third.answer())
    assert len(steps(plan, SetRemoteIce)) == 1
    assert transport_of(one, "0").remote == replace(
        transport_of(one, "0").remote, credentials=transport_of(third, "0").local
    )  # type: ignore[type-var]


def test_a_lite_peer_makes_us_controlling() -> None:
    """RFC 8445 §6.1.1."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer().replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"))
    other.answer()
    assert other.state.wiring.controlling is True
    remote = transport_of(other, "0").remote
    assert remote is not None
    assert remote.lite


@pytest.mark.parametrize("lite", ["offerer", "answerer"])
def test_a_lite_side_says_so_and_is_controlled(lite: str) -> None:
    """RFC 8839 §5.3, RFC 8445 §6.1.1."""
    one, other = make_end(0, ice_lite=lite == "offerer"), make_end(1, ice_lite=lite != "offerer")
    one.add("audio")
    said = ["\r\na=ice-lite\r\n" in text for text in exchange(one, other)]
    assert said == [lite == "offerer", lite != "offerer"]
    assert one.state.wiring.controlling is (lite != "offerer")
    assert other.state.wiring.controlling is (lite == "offerer")


def test_of_two_lite_sides_the_offerer_controls() -> None:
    """RFC 8445 §6.1.1."""
    one, other = make_ends(ice_lite=True)
    one.add("audio")
    exchange(one, other)
    assert one.state.wiring.controlling is True
    assert other.state.wiring.controlling is False


def test_components_without_bundle_and_mux() -> None:
    """RFC 5761 §5.1.1: two components for RTP on both sides, one for data."""
    one, other = make_ends(rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    one.add("audio")
    one.add_data()
    offer = one.offer()
    assert {t.mid: t.components for t in one.state.wiring.transports.values()} == {"0": 2, "1": 1}
    other.set_remote("offer", without_mux(with_groups(offer)))
    one.set_remote("answer", other.answer())
    for end in (one, other):
        assert transport_of(end, "0").components == 2
        assert transport_of(end, "1").components == 1


def test_mux_in_the_answer_drops_the_second_component() -> None:
    """RFC 9429 §5.11; a provisional answer keeps it."""
    one, other = make_ends(rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    one.add("audio")
    other.set_remote("offer", one.offer())
    answer = other.answer()
    assert not steps(one.set_remote("pranswer", answer), DropRtcpComponent)
    assert steps(one.set_remote("answer", answer), DropRtcpComponent) == [DropRtcpComponent(0)]


def test_a_re_offer_after_no_mux_does_not_offer_it() -> None:
    """RFC 9429 §5.2.2: a=rtcp-mux as in the last answer."""
    one, other = make_ends(rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    one.add("audio")
    other.set_remote("offer", without_mux(with_groups(one.offer())))
    one.set_remote("answer", other.answer())
    one.add("video")
    one.offer()
    first, second = one.local.sections
    assert (first.media.rtcp.mux, second.media.rtcp.mux) == (False, True)
    assert one.local.groups == (("1",),)


def test_mux_cannot_be_taken_back() -> None:
    """RFC 5761 §5.1.1 and RFC 9429 §5.8.3."""
    one, other = make_ends(
        rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE, bundle_policy=BundlePolicy.MAX_COMPAT
    )
    one.add("audio", Direction.SENDONLY)
    exchange(one, other)
    with pytest.raises(InvalidAccessError, match="taken back"):
        other.set_remote("offer", without_mux(with_groups(one.offer())))


def test_every_live_section_has_all_transport_attributes() -> None:
    """Firefox crashes and Chromium rejects data without them, bundled or not."""
    one, other = bundled_pair()
    one.add("video")
    for end, peer in ((one, other), (other, one)):
        exchange(end, peer)
        for side in (end, peer):
            for media in side.local.record.media:
                assert media.ice.ufrag
                assert media.ice.pwd
                assert media.dtls.fingerprints
                assert media.dtls.setup is not None
                assert media.rtcp.mux is media.is_rtp


def test_the_transports_of_a_first_offer_share_credentials() -> None:
    """Else Firefox takes the offer after bundling for a partial ICE restart, and refuses it."""
    one, other = make_ends()
    for kind in ("audio", "audio", "video", "video"):
        one.add(kind)
    other.set_remote("offer", one.offer())
    first = [section.media.ice.ufrag for section in one.local.sections]
    assert len(set(first)) == 1
    assert len(one.state.wiring.transports) == 2
    one.set_remote("answer", other.answer())
    one.offer()
    assert [section.media.ice.ufrag for section in one.local.sections] == first
