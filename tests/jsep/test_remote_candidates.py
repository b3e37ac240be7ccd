"""Candidates of the peer, in descriptions and trickled (RFC 8838, RFC 8840, W3C)."""

from dataclasses import replace

import pytest

from peer.jsep import (
    AddRemoteCandidates,
    BundlePolicy,
    EndOfRemoteCandidates,
    InvalidStateError,
    JsepTypeError,
    OperationError,
    Plan,
    close,
    remote_description,
)
from sdp import MAX_CANDIDATES, Candidate, SdpError, parse
from tests.jsep.ends import End, exchange, host_candidate, make_ends
from tests.jsep.texts import altered, with_candidate_everywhere, with_groups, without_trickle

ONE, TWO = host_candidate(4001), host_candidate(4002)


def connected(*kinds: str, **options: object) -> tuple[End, End]:
    one, other = make_ends(**options)
    for kind in kinds or ("audio",):
        one.add(kind)
    exchange(one, other)
    return one, other


def added(plan: Plan) -> list[tuple[int, tuple[Candidate, ...]]]:
    return [
        (step.transport, step.candidates) for step in plan if isinstance(step, AddRemoteCandidates)
    ]


def ended(plan: Plan) -> list[int]:
    return [step.transport for step in plan if isinstance(step, EndOfRemoteCandidates)]


def test_a_trickled_candidate_reaches_its_transport_and_the_description() -> None:
    one, _ = connected()
    plan = one.add_candidate(str(ONE), sdp_mid="0")
    assert added(plan) == [(0, (ONE,))]
    view = remote_description(one.state)
    assert view is not None
    assert parse(view.text).media[0].ice.candidates == (ONE,)


@pytest.mark.parametrize("prefix", ["", "a="])
def test_prefixes_of_the_candidate_text(prefix: str) -> None:
    one, _ = connected()
    assert added(one.add_candidate(f"{prefix}{ONE}", sdp_mline_index=0)) == [(0, (ONE,))]


def test_a_candidate_said_twice_counts_once() -> None:
    """RFC 8838 §11."""
    one, _ = connected()
    one.add_candidate(str(ONE), sdp_mid="0")
    before = one.state
    assert one.add_candidate(str(ONE), sdp_mid="0") == ()
    assert one.state == before


def test_the_mid_goes_before_the_index() -> None:
    """RFC 9429 §4.1.19."""
    one, _ = connected("audio", "video", bundle_policy=BundlePolicy.MAX_COMPAT)
    one.add_candidate(str(ONE), sdp_mid="1", sdp_mline_index=0)
    media = [section.media.ice.candidates for section in one.remote.sections]
    assert media == [(), (ONE,)]


def test_an_empty_mid_means_none() -> None:
    """As some stacks write it next to an index, or alone where there is one section."""
    one, _ = connected()
    assert added(one.add_candidate(str(ONE), sdp_mid="", sdp_mline_index=0)) == [(0, (ONE,))]
    assert added(one.add_candidate(str(TWO), sdp_mid="")) == [(0, (TWO,))]
    with pytest.raises(OperationError):
        one.add_candidate(str(TWO), sdp_mid="", sdp_mline_index=1)


def test_candidates_before_the_answer_wait_for_it() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    assert other.add_candidate(str(ONE), sdp_mid="0") == ()
    other.answer()
    assert added(other.plans[-1]) == [(0, (ONE,))]


def test_candidates_in_a_description_are_added_once() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", with_candidate_everywhere(one.offer(), ONE))
    other.answer()
    assert added(other.plans[-1]) == [(0, (ONE,))]
    one.set_remote("answer", other.local.text)
    plan = other.set_remote("offer", with_candidate_everywhere(one.offer(), ONE))
    assert added(plan) == []


def test_a_later_offer_may_bring_more_at_once() -> None:
    """They belong to the present generation, so they need not wait for the answer."""
    one, other = connected()
    plan = other.set_remote("offer", with_candidate_everywhere(one.offer(), TWO))
    assert added(plan) == [(0, (TWO,))]


def test_candidates_of_bundled_sections_are_ignored() -> None:
    """Browsers leave stale ones there, or trickle for transports they will drop."""
    one, other = connected("audio", "video")
    offer = altered(
        one.offer(),
        lambda media: (
            media if media.mid == "0" else replace(media, ice=replace(media.ice, candidates=(ONE,)))
        ),
    )
    assert added(other.set_remote("offer", offer)) == []
    assert other.add_candidate(str(TWO), sdp_mid="1") == ()
    one.set_remote("answer", other.answer())
    assert other.state.wiring.transports[0].remote_candidates == ()


def test_candidates_of_a_section_outside_the_group_are_used() -> None:
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    one.add("audio")
    one.add("video")
    other.set_remote("offer", with_groups(with_candidate_everywhere(one.offer(), ONE)))
    other.answer()
    assert added(other.plans[-1]) == [(0, (ONE,)), (1, (ONE,))]


def test_candidates_of_no_use_are_left_out() -> None:
    """RFC 8839 §5.1: unknown transports and types, and component 2 with a=rtcp-mux."""
    one, _ = connected()
    for odd in (
        ONE._replace(transport="dccp"),
        ONE._replace(type="magic"),
        ONE._replace(address="host.example"),
        ONE._replace(component=2),
    ):
        assert one.add_candidate(str(odd), sdp_mid="0") == ()
    mdns = ONE._replace(address="1b4e28ba.local")
    assert added(one.add_candidate(str(mdns), sdp_mid="0")) == [(0, (mdns,))]


def test_the_end_of_one_section_is_not_the_end_of_all() -> None:
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    one.add("audio")
    one.add("video")
    other.set_remote("offer", with_groups(one.offer()))
    one.set_remote("answer", other.answer())
    assert ended(one.add_candidate("", sdp_mid="1")) == [1]
    assert not one.state.wiring.transports[0].end_of_remote_candidates
    assert ended(one.add_candidate(None)) == [0]
    assert one.add_candidate(None) == ()


def test_a_peer_that_does_not_trickle_has_said_all() -> None:
    """RFC 8838 §14."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    answer = with_candidate_everywhere(other.answer(), ONE)
    plan = one.set_remote("answer", without_trickle(answer))
    assert ended(plan) == [0]


def test_a_peer_that_trickles_without_saying_so() -> None:
    """Pion and libdatachannel: nothing in the description, and not a word of trickle."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", without_trickle(one.offer()))
    assert other.add_candidate(str(ONE), sdp_mid="0") == ()
    answer = without_trickle(other.answer())
    assert added(other.plans[-1]) == [(0, (ONE,))]
    assert ended(other.plans[-1]) == []
    assert ended(one.set_remote("answer", answer)) == []
    for end in (one, other):
        plan = end.add_candidate(str(TWO), sdp_mid="0")
        assert added(plan) == [(0, (TWO,))]
        assert ended(plan) == []
        assert ended(end.add_candidate(None)) == [0]


def test_candidates_after_the_end_are_passed_on() -> None:
    one, _ = connected()
    one.add_candidate(None)
    assert added(one.add_candidate(str(TWO), sdp_mid="0")) == [(0, (TWO,))]


def test_end_of_candidates_in_a_description() -> None:
    one, other = make_ends()
    one.add("audio")
    one.offer()
    other.set_remote("offer", one.local_text(components=1))
    other.answer()
    assert ended(other.plans[-1]) == [0]


@pytest.mark.parametrize(
    ("options", "session", "expected"),
    [
        ("trickle", True, True),
        ("trickle ice2", False, True),
        ("ice2", True, False),
        ("", True, False),
    ],
)
def test_can_trickle_ice_candidates(options: str, session: bool, expected: bool) -> None:
    """RFC 9429 §4.1.17: on either level."""
    one, other = make_ends()
    one.add("audio")
    offer = without_trickle(one.offer())
    line = f"a=ice-options:{options}\r\n" if options else ""
    if session:
        offer = offer.replace("t=0 0\r\n", f"t=0 0\r\n{line}")
    else:
        offer += line
    assert other.state.can_trickle_ice_candidates is None
    other.set_remote("offer", offer)
    assert other.state.can_trickle_ice_candidates is expected


def test_a_restart_begins_with_no_candidates() -> None:
    one, other = connected()
    one.add_candidate(str(ONE), sdp_mid="0")
    one.add_candidate(None)
    exchange(other, one, ice_restart=True)
    transport = one.state.wiring.transports[0]
    assert transport.remote_candidates == ()
    assert not transport.end_of_remote_candidates
    assert added(one.add_candidate(str(ONE), sdp_mid="0")) == [(0, (ONE,))]


def test_the_username_fragment_tells_the_generation() -> None:
    """W3C addIceCandidate: current and pending descriptions may have different ones."""
    one, other = connected()
    old = other.remote.sections[0].media.ice.ufrag
    other.set_remote("offer", one.offer(ice_restart=True))
    new = other.remote.sections[0].media.ice.ufrag
    assert added(other.add_candidate(str(ONE), sdp_mid="0", username_fragment=old)) == [(0, (ONE,))]
    assert other.add_candidate(f"{TWO} ufrag {new}", sdp_mid="0") == ()
    other.answer()
    transport = other.state.wiring.transports[0]
    assert [(one.port) for one in transport.remote_candidates] == [4002]


def test_what_is_refused() -> None:
    """W3C addIceCandidate, and its error names."""
    one, other = make_ends()
    one.add("audio")
    with pytest.raises(InvalidStateError):
        one.add_candidate(str(ONE), sdp_mid="0")
    exchange(one, other)
    before = one.state
    with pytest.raises(JsepTypeError):
        one.add_candidate(str(ONE))
    for options in (
        {"sdp_mid": "x"},
        {"sdp_mline_index": 1},
        {"sdp_mline_index": -1},
        {"sdp_mid": "0", "username_fragment": "nobody"},
    ):
        with pytest.raises(OperationError):
            one.add_candidate(str(ONE), **options)
    for text in ("candidate:", "candidate:1 1 udp", "nonsense"):
        with pytest.raises(OperationError):
            one.add_candidate(text, sdp_mid="0")
    assert one.state is before
    one.state = close(one.state)
    with pytest.raises(InvalidStateError):
        one.add_candidate(None)


def test_candidates_of_a_section_are_capped() -> None:
    """As those in a description are: a peer may send any number."""
    one, other = connected()
    for port in range(1, MAX_CANDIDATES + 10):
        one.add_candidate(str(host_candidate(port)), sdp_mid="0")
    view = remote_description(one.state)
    assert view is not None
    section = parse(view.text).media[0]
    assert section.ice.candidates[-1] == host_candidate(MAX_CANDIDATES)
    # Those of the generation are the same in another description.
    exchange(other, one)
    one.add_candidate(str(host_candidate(MAX_CANDIDATES + 10)), sdp_mid="0")
    assert len(one.state.wiring.transports[0].remote_candidates) == MAX_CANDIDATES


@pytest.mark.slow
def test_a_description_that_candidates_made_too_long_is_shown() -> None:
    one, _ = connected("audio", "video")
    long = " ".join(["name value"] * 150)
    for mid in ("0", "1"):
        for port in range(1, MAX_CANDIDATES + 1):
            one.add_candidate(f"{host_candidate(port)} {long}", sdp_mid=mid)
    view = remote_description(one.state)
    assert view is not None
    assert view.text.count("a=candidate:") == 2 * MAX_CANDIDATES
    with pytest.raises(SdpError):
        parse(view.text)


def test_half_a_character_in_a_candidate_is_refused() -> None:
    """JSON can carry it, UTF-8 cannot."""
    one, _ = connected()
    before = one.state
    with pytest.raises(OperationError):
        one.add_candidate("candidate:1 1 udp 1 \ud800.local 9 typ host", sdp_mid="0")
    assert one.state is before


def test_candidates_for_a_rejected_section_are_passed_over() -> None:
    """W3C addIceCandidate: resolved without doing anything."""
    one, other = connected("audio", "video")
    one.stop(0)
    exchange(one, other)
    assert other.add_candidate(str(ONE), sdp_mid="0", username_fragment="gone") == ()
