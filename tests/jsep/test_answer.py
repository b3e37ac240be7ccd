"""The form of answers, and what is rejected (RFC 9429 §5.3)."""

from dataclasses import replace

import pytest

from peer.jsep import BundlePolicy, StopTransceiver, create_answer, is_negotiation_needed
from sdp import Codec, Direction, MediaSection, SctpAttributes, Setup, parse
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import altered, with_groups, without_trickle

PROTOCOLS = [
    "RTP/AVP",
    "RTP/AVPF",
    "RTP/SAVP",
    "RTP/SAVPF",
    "UDP/TLS/RTP/SAVP",
    "udp/tls/rtp/savpf",
    "TCP/DTLS/RTP/SAVPF",
    "TCP/TLS/RTP/SAVPF",
]


def answer_to(offer: str, **options: object) -> tuple[End, tuple[MediaSection, ...]]:
    end = make_end(1, **options)
    end.set_remote("offer", offer)
    return end, parse(end.answer()).media


def offer_of(*kinds: str, **options: object) -> str:
    end = make_end(0, **options)
    for kind in kinds:
        if kind == "data":
            end.add_data()
        else:
            end.add(kind)
    return end.offer()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_protocol_is_echoed(protocol: str) -> None:
    """RFC 9429 §5.1.2: whatever the profile is called, it is DTLS-SRTP."""
    _, (media,) = answer_to(offer_of("audio").replace("UDP/TLS/RTP/SAVPF", protocol))
    assert (media.protocol, media.port) == (protocol, 9)


@pytest.mark.parametrize(
    ("line", "attributes", "size"),
    [
        ("UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5001\r\n", 65536),
        ("TCP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5001\r\na=max-message-size:0\r\n", 0),
        ("DTLS/SCTP 5001", "a=sctpmap:5001 webrtc-datachannel 256\r\n", 65536),
    ],
)
def test_data_is_answered_in_kind(line: str, attributes: str, size: int) -> None:
    """RFC 8841 §4.4, and the form of its drafts."""
    text = offer_of("data").replace("UDP/DTLS/SCTP webrtc-datachannel", line)
    text = text.replace("a=sctp-port:5000\r\na=max-message-size:65536\r\n", attributes)
    end, (media,) = answer_to(text)
    assert f"{media.protocol} {media.formats[0]}" == line
    assert (media.sctp.sctpmap is not None) is ("sctpmap" in attributes)
    assert (media.sctp.port is not None) is ("sctpmap" not in attributes)
    data = end.state.wiring.data
    assert data is not None
    assert (data.remote_port, data.max_message_size) == (5001, size)


def test_data_without_a_port_is_on_5000() -> None:
    """The browsers disagree; nothing but 5000 is in use."""
    end, _ = answer_to(offer_of("data").replace("a=sctp-port:5000\r\n", ""))
    assert end.state.wiring.data is not None
    assert end.state.wiring.data.remote_port == 5000


def test_data_on_port_0_is_rejected() -> None:
    _, (media,) = answer_to(offer_of("data").replace("a=sctp-port:5000", "a=sctp-port:0"))
    assert media.port == 0
    assert media.sctp == SctpAttributes()


def test_options_only_as_offered() -> None:
    """RFC 9429 §5.3.1."""
    offer = offer_of("audio")
    for options, answered in (
        ("trickle ice2", "a=ice-options:trickle ice2"),
        ("trickle renomination", "a=ice-options:trickle"),
        ("ice2", "a=ice-options:ice2"),
        ("", None),
    ):
        text = without_trickle(offer) + (f"a=ice-options:{options}\r\n" if options else "")
        end, _ = answer_to(text)
        lines = end.local.text.split("\r\n")
        assert [line for line in lines if "ice-options" in line] == ([answered] if answered else [])


def test_rtcp_attributes_only_as_offered() -> None:
    text = offer_of("audio")
    _, (media,) = answer_to(text)
    assert (media.rtcp.mux, media.rtcp.rsize, media.rtcp.mux_only) == (True, True, False)
    _, (media,) = answer_to(text.replace("a=rtcp-rsize\r\n", ""))
    assert (media.rtcp.mux, media.rtcp.rsize) == (True, False)


def test_no_bundle_only_in_an_answer() -> None:
    """RFC 9143 §7.3.2."""
    _, media = answer_to(offer_of("audio", "audio", "video"))
    assert [(one.port, one.bundle_only) for one in media] == [(9, False)] * 3


def test_bundle_only_without_a_group_is_rejected() -> None:
    """RFC 9143 §6; with a port it means nothing."""
    text = with_groups(offer_of("audio", "audio"))
    _, media = answer_to(text, bundle_policy=BundlePolicy.MAX_COMPAT)
    assert [one.port for one in media] == [9, 0]
    text = altered(text, lambda one: replace(one, port=9))
    _, media = answer_to(text, bundle_policy=BundlePolicy.MAX_COMPAT)
    assert [one.port for one in media] == [9, 9]


def test_port_0_in_a_group_without_bundle_only_is_off() -> None:
    text = offer_of("audio", "audio").replace("a=bundle-only\r\n", "")
    end, media = answer_to(text)
    assert [one.port for one in media] == [9, 0]
    assert end.state.groups == (("0",),)


@pytest.mark.parametrize(
    ("policy", "alive"),
    [
        (BundlePolicy.BALANCED, [True, False, True, False, True]),
        (BundlePolicy.MAX_COMPAT, [True] * 5),
        (BundlePolicy.MAX_BUNDLE, [True, False, False, False, False]),
    ],
)
def test_policies_decide_about_offers_without_bundle(
    policy: BundlePolicy, alive: list[bool]
) -> None:
    """RFC 9429 §4.1.1, §5.3.1."""
    text = offer_of(
        "audio", "audio", "video", "video", "data", bundle_policy=BundlePolicy.MAX_COMPAT
    )
    end, media = answer_to(with_groups(text), bundle_policy=policy)
    assert [one.port != 0 for one in media] == alive
    assert len(end.state.wiring.transports) == sum(alive)
    assert [one.ice.ufrag is not None for one in media] == alive


def test_the_first_of_a_kind_is_the_first_that_is_usable() -> None:
    text = with_groups(offer_of("audio", "audio", bundle_policy=BundlePolicy.MAX_COMPAT))
    record = text.replace("m=audio 9", "m=audio 0", 1)
    _, media = answer_to(record)
    assert [one.port for one in media] == [0, 9]


def test_balanced_may_be_told_to_accept_all() -> None:
    """As both browsers do."""
    text = with_groups(offer_of("audio", "audio", bundle_policy=BundlePolicy.MAX_COMPAT))
    _, media = answer_to(text, balanced_answer_accepts_all=True)
    assert [one.port for one in media] == [9, 9]


@pytest.mark.parametrize(
    ("groups", "answered"),
    [
        (["0 1 2"], ["0 1 2"]),
        (["2 0 1"], ["2 0 1"]),
        (["0 2"], ["0 2"]),
        (["0 1", "2"], ["0 1", "2"]),
        ([], []),
    ],
)
def test_groups_are_answered_as_offered(groups: list[str], answered: list[str]) -> None:
    """RFC 9143 §7.3: the same groups, the same tag."""
    text = offer_of("audio", "video", "data", bundle_policy=BundlePolicy.MAX_COMPAT)
    end, _ = answer_to(with_groups(text, *groups), bundle_policy=BundlePolicy.MAX_COMPAT)
    assert [" ".join(group.mids) for group in end.local.record.groups] == answered


def test_a_tag_that_is_not_accepted_leaves_it_to_the_next() -> None:
    """RFC 9143 §7.3.1: that is not bundle-only."""
    speex = (Codec(110, "speex", 16000),)
    text = altered(
        offer_of("audio", "audio", "video"),
        lambda media: media.with_codecs(speex) if media.kind == "audio" else media,
    )
    end, media = answer_to(text)
    assert [one.port for one in media] == [0, 0, 9]
    assert end.state.groups == (("2",),)


def test_a_group_that_loses_its_only_transport_is_gone() -> None:
    """RFC 9143 §7.3.1."""
    text = offer_of("audio", "video", bundle_policy=BundlePolicy.MAX_BUNDLE)
    end, media = answer_to(text.replace("m=audio 9", "m=audio 0"))
    assert [one.port for one in media] == [0, 0]
    assert end.state.groups == ()
    assert not end.state.wiring.transports


def test_the_section_of_a_stopping_transceiver_is_inactive() -> None:
    """W3C stop: the next offer of this side ends it."""
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    other.set_remote("offer", one.offer())
    other.stop(1)
    answer = other.answer()
    media = parse(answer).media
    assert [section.port for section in media] == [9, 9]
    assert media[1].direction is Direction.INACTIVE
    assert other.transceiver(1).current_direction is Direction.INACTIVE
    assert is_negotiation_needed(other.state)
    one.set_remote("answer", answer)
    one.set_remote("offer", other.offer())
    assert StopTransceiver(1) in one.plans[-1]
    other.set_remote("answer", one.answer())
    assert StopTransceiver(1) in other.plans[-1]


@pytest.mark.parametrize("policy", list(BundlePolicy))
def test_the_tag_of_a_later_offer_is_not_rejected(policy: BundlePolicy) -> None:
    """RFC 9143 §7.3.3: it stays, and a later offer ends it; the others may need its transport."""
    one, other = make_ends(bundle_policy=policy)
    for end in (one, other):
        end.add_track("audio", "stream")
        end.add_track("video", "stream")
    exchange(one, other)
    other.stop(0)
    other.set_remote("offer", one.offer())
    answer = parse(other.answer())
    assert [media.port for media in answer.media] == [9, 9]
    assert [media.direction for media in answer.media] == [Direction.INACTIVE, Direction.SENDRECV]
    assert other.state.groups == (("0", "1"),)
    assert is_negotiation_needed(other.state)
    one.set_remote("answer", other.local_text())
    one.set_remote("offer", other.offer())
    assert [section.rejected for section in other.local.sections] == [True, False]


def test_the_tag_of_a_first_offer_is_not_rejected_either() -> None:
    """With max-bundle the others have no transport to go on with."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_BUNDLE)
    one.add("audio")
    one.add("video")
    other.set_remote("offer", one.offer())
    other.stop(0)
    media = parse(other.answer()).media
    assert [section.port for section in media] == [9, 9]
    assert media[0].direction is Direction.INACTIVE


def test_transports_of_an_answer_share_credentials() -> None:
    """So that bundling them later does not look like an ICE restart of some sections."""
    offer = with_groups(offer_of("audio", "video", "data", bundle_policy=BundlePolicy.MAX_COMPAT))
    end, media = answer_to(offer)
    assert len(end.state.wiring.transports) == 3
    assert len({(one.ice.ufrag, one.ice.pwd) for one in media}) == 1


def test_a_group_that_stops_as_a_whole_is_inactive() -> None:
    """W3C stop: it keeps its transport until an offer of this side ends it."""
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    exchange(one, other)
    other.stop(0)
    other.stop(1)
    other.set_remote("offer", one.offer())
    media = parse(other.answer()).media
    assert [section.port for section in media] == [9, 9]
    assert {section.direction for section in media} == {Direction.INACTIVE}


def test_every_section_of_a_group_has_its_attributes() -> None:
    end, media = answer_to(offer_of("audio", "audio", "video", "data"))
    (transport,) = end.state.wiring.transports.values()
    for one in media:
        assert (one.ice.ufrag, one.ice.pwd) == transport.local
        assert one.dtls.setup is Setup.ACTIVE


def test_creating_twice_gives_the_last_one() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    other.state, first = create_answer(other.state, entropy=other.entropy)
    other.state, second = create_answer(other.state, entropy=other.entropy)
    assert first != second
    other.set_local("answer", second)
