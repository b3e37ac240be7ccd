"""Local candidates in descriptions (RFC 8839 §4.2.1, RFC 8840 §4 and §8, RFC 9429 §5.2.2)."""

import pytest

from peer.jsep import (
    BundlePolicy,
    Gathered,
    RtcpMuxPolicy,
    create_offer,
    current_local_description,
    local_description,
    pending_local_description,
)
from sdp import Candidate, Description, parse
from tests.jsep.ends import End, exchange, host_candidate, make_end, make_ends

HOST = host_candidate(5000)
HOST6 = host_candidate(5006, address="2001:db8::1")
LOWER = HOST._replace(port=5002, priority=HOST.priority - 256)
RTCP = host_candidate(5001, component=2)
SRFLX = Candidate("2", 1, "udp", 1694498815, "203.0.113.7", 6000, "srflx", "192.0.2.1", 5000)
RELAY = Candidate("3", 1, "udp", 16777215, "198.51.100.9", 7000, "relay", "203.0.113.7", 6000)
TCP = Candidate("4", 1, "tcp", 1518280447, "192.0.2.1", 9, "host", tcp_type="active")
MDNS = Candidate("5", 1, "udp", 2113937151, "0a1b.local", 5000, "host")


def written(end: End, *candidates: Candidate, **options: object) -> Description:
    """The local description when every transport has the same candidates."""
    found = Gathered(candidates, **options)  # type: ignore[arg-type]
    view = local_description(end.state, dict.fromkeys(end.state.wiring.transports, found))
    assert view is not None
    return parse(view.text)


def offerer(*kinds: str, **options: object) -> End:
    end = make_end(0, **options)
    for kind in kinds:
        end.add(kind)
    end.offer()
    return end


def test_before_there_are_candidates() -> None:
    """RFC 8840 §4.1.1: port 9, 0.0.0.0, no a=rtcp, no end-of-candidates."""
    end = offerer("audio")
    (media,) = end.local.record.media
    assert (media.port, str(media.connection)) == (9, "IN IP4 0.0.0.0")
    assert media.rtcp.address is None
    assert media.ice.candidates == ()
    assert not media.ice.end_of_candidates
    assert "trickle" in end.local.record.ice.options


@pytest.mark.parametrize(
    ("candidates", "port", "address"),
    [
        ((HOST,), 5000, "IN IP4 192.0.2.1"),
        ((HOST6,), 5006, "IN IP6 2001:db8::1"),
        ((HOST6, HOST), 5000, "IN IP4 192.0.2.1"),
        ((HOST, SRFLX), 6000, "IN IP4 203.0.113.7"),
        ((HOST, SRFLX, RELAY), 7000, "IN IP4 198.51.100.9"),
        ((TCP,), 9, "IN IP4 0.0.0.0"),
        ((TCP, HOST), 5000, "IN IP4 192.0.2.1"),
        ((MDNS,), 9, "IN IP4 0.0.0.0"),
        ((HOST, LOWER), 5000, "IN IP4 192.0.2.1"),
        ((LOWER, HOST), 5000, "IN IP4 192.0.2.1"),
        ((RTCP,), 9, "IN IP4 0.0.0.0"),
    ],
)
def test_the_default_candidate(candidates: tuple[Candidate, ...], port: int, address: str) -> None:
    """RFC 8839 §4.2.1.2: the most likely to work, over UDP, never a name."""
    (media,) = written(offerer("audio"), *candidates).media
    assert (media.port, str(media.connection)) == (port, address)


def test_the_selected_pair_is_the_default() -> None:
    """RFC 8839 §4.4.1.2.2."""
    (media,) = written(offerer("audio"), HOST, SRFLX, RELAY, selected=(HOST,)).media
    assert media.port == 5000
    assert len(media.ice.candidates) == 3


def test_end_of_candidates_when_gathering_is_complete() -> None:
    """RFC 8840 §8.2: also without any candidate."""
    end = offerer("audio")
    assert not written(end, HOST).media[0].ice.end_of_candidates
    assert written(end, HOST, complete=True).media[0].ice.end_of_candidates
    assert written(end, complete=True).media[0].ice.end_of_candidates


def test_a_half_trickle_offer_says_everything_and_still_trickle() -> None:
    """RFC 8838 §16: any peer can use it, and one that trickles knows that we do."""
    end = offerer("audio", "audio", "video", rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    record = written(end, HOST, RTCP, complete=True)
    assert "trickle" in record.ice.options
    full = [media for media in record.media if not media.bundle_only]
    assert len(full) == 2
    for media in full:
        assert {one.component for one in media.ice.candidates} == {1, 2}
        assert media.ice.end_of_candidates
        assert (media.port, str(media.connection)) == (5000, "IN IP4 192.0.2.1")
        assert str(media.rtcp.address) == "5001 IN IP4 192.0.2.1"


def test_bundle_only_sections_have_no_candidates() -> None:
    end = offerer("audio", "audio")
    second = written(end, HOST, complete=True).media[1]
    assert (second.port, second.ice.candidates) == (0, ())
    assert not second.ice.end_of_candidates


def test_without_a_second_component_there_is_no_rtcp_address() -> None:
    """RFC 9429 §5.2.2: nothing of component 2 once RTCP is multiplexed."""
    (media,) = written(offerer("audio"), HOST, RTCP).media
    assert media.rtcp.address is None
    assert media.ice.candidates == (HOST,)


def test_in_a_bundle_only_the_tag_has_candidates() -> None:
    """RFC 9143 §7.1.3: all have its port and address."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    one.add("audio")
    one.add("video")
    one.add_data()
    exchange(one, other)
    one.offer()
    for end in (one, other):
        media = written(end, HOST, complete=True).media
        assert [len(section.ice.candidates) for section in media] == [1, 0, 0]
        assert [section.port for section in media] == [5000] * 3
        assert [section.ice.end_of_candidates for section in media] == [True, False, False]


def test_a_second_offer_lists_what_was_gathered() -> None:
    """RFC 9429 §5.2.2: candidates of the present generation, and the same text set as created."""
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    gathered = {0: Gathered((HOST, SRFLX), complete=True)}
    one.state, text = create_offer(one.state, entropy=one.entropy, gathered=gathered)
    assert parse(text).media[0].ice.candidates == (HOST, SRFLX)
    one.set_local("offer", text)
    view = local_description(one.state, gathered)
    assert view is not None
    assert view.text == text


def test_candidates_of_the_old_generation_are_not_in_a_restart() -> None:
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    gathered = {0: Gathered((HOST,), complete=True)}
    one.state, text = create_offer(
        one.state, entropy=one.entropy, gathered=gathered, ice_restart=True
    )
    (media,) = parse(text).media
    assert (media.port, media.ice.candidates) == (9, ())


def test_pending_and_current_description_while_a_restart_is_pending() -> None:
    one, other = make_ends()
    one.add("audio")
    exchange(one, other)
    one.offer(ice_restart=True)
    gathered = {0: Gathered((HOST,), complete=True)}
    pending = pending_local_description(one.state, gathered)
    current = current_local_description(one.state, gathered)
    assert pending is not None
    assert current is not None
    assert pending.text.count("a=candidate") == 1
    assert current.text.count("a=candidate") == 0


def test_the_successor_of_a_stopped_tag_has_candidates_of_its_own() -> None:
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    exchange(one, other)
    one.stop(0)
    one.offer()
    gathered = {0: Gathered((HOST,)), 2: Gathered((SRFLX,))}
    view = local_description(one.state, gathered)
    assert view is not None
    assert [media.ice.candidates for media in parse(view.text).media] == [(), (SRFLX,)]
