"""Every bundle policy against every kind of peer (RFC 9429 §4.1.1, RFC 9143 §7.3).

The offer has two audio and two video sections and one for data: mids 0 to 4. Peers are made of an
engine of ours that gets an altered offer, or whose answer is altered.
"""

import pytest

from peer.jsep import (
    BundlePolicy,
    InvalidAccessError,
    Plan,
    RtcpMuxPolicy,
    StopTransceiver,
)
from sdp import serialize
from tests.jsep.ends import End, host_candidate, make_end
from tests.jsep.machine import Machine
from tests.jsep.texts import (
    with_candidate_everywhere,
    with_groups,
    without_mux,
    without_sections,
    without_trickle,
)

BALANCED, COMPAT, MAX = BundlePolicy.BALANCED, BundlePolicy.MAX_COMPAT, BundlePolicy.MAX_BUNDLE
REFUSED = "refused"
ALL = "01234"

# What shares a transport after the answer; sections not named were rejected.
EXPECTED = {
    "bundle": {BALANCED: ALL, COMPAT: ALL, MAX: ALL},
    "no-bundle": {BALANCED: "0|2|4", COMPAT: "0|1|2|3|4", MAX: "0"},
    "partial": {BALANCED: "01|2|4", COMPAT: "01|2|3|4", MAX: "01"},
    "two-groups": {BALANCED: "01|234", COMPAT: "01|234", MAX: "01"},
    "rejects-tag": {BALANCED: "1234", COMPAT: "1234", MAX: ""},
    "rejects-all": {BALANCED: "", COMPAT: "", MAX: ""},
    "moves-video-out": {BALANCED: "0134|2", COMPAT: "0134|2", MAX: "0134"},
    "other-tag": {BALANCED: ALL, COMPAT: ALL, MAX: REFUSED},
}
# The section whose candidates the shared transport has, where that is not the first.
TAGS = {
    ("rejects-tag", BALANCED): "2",
    ("rejects-tag", COMPAT): "1",
    ("other-tag", BALANCED): "2",
    ("other-tag", COMPAT): "2",
}
GROUPS = {
    "no-bundle": [],
    "partial": ["0 1"],
    "two-groups": ["0 1", "2 3 4"],
    "moves-video-out": ["0 1 3 4"],
}


def make_offerer(policy: BundlePolicy, mux: RtcpMuxPolicy) -> End:
    end = make_end(0, bundle_policy=policy, rtcp_mux_policy=mux)
    for kind in ("audio", "audio", "video", "video"):
        end.add_track(kind, "stream")
    end.add_data()
    end.offer()
    return end


def answer_of(peer: str, offer: str) -> str:
    end = make_end(1, bundle_policy=COMPAT, rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE)
    if peer in GROUPS:
        offer = with_groups(offer, *GROUPS[peer])
    if peer == "rejects-tag":
        offer = without_sections(offer, "0")
    if peer == "rejects-all":
        offer = without_sections(offer, *ALL)
    end.set_remote("offer", offer)
    answer = end.answer()
    return with_groups(answer, "2 0 1 3 4") if peer == "other-tag" else answer


def partition(text: str) -> set[frozenset[str]]:
    return {frozenset(part) for part in text.split("|") if part}


@pytest.mark.parametrize("trickle", [True, False], ids=["trickle", "half-trickle"])
@pytest.mark.parametrize("muxed", [True, False], ids=["mux", "no-mux"])
@pytest.mark.parametrize("policy", BundlePolicy)
@pytest.mark.parametrize("peer", EXPECTED)
def test_every_policy_against_every_peer(
    peer: str, policy: BundlePolicy, muxed: bool, trickle: bool
) -> None:
    end = make_offerer(policy, RtcpMuxPolicy.NEGOTIATE)
    offer = end.local_text() if not trickle else end.local.text
    answer = answer_of(peer, offer)
    if not trickle:
        answer = with_candidate_everywhere(without_trickle(answer), host_candidate(4000))
    if not muxed:
        answer = without_mux(answer)
    expected = EXPECTED[peer][policy]
    groups = [part for part in expected.split("|") if part]
    bundled = peer != "no-bundle" and any(set(part) & set("0123") for part in groups)
    before = end.state
    if expected == REFUSED or (bundled and not muxed):
        # RFC 9143 §9.3.1: bundled RTP has no place for RTCP but with the RTP.
        with pytest.raises(InvalidAccessError):
            end.set_remote("answer", answer)
        assert end.state is before
        return
    end.set_remote("answer", answer)
    check_transports(end, expected, muxed=muxed, trickle=trickle)
    shared = [part for part in groups if len(part) > 1]
    if shared and (peer, policy) in TAGS:
        transport = end.state.wiring.transport_of(shared[0][0])
        assert transport is not None
        assert transport.mid == TAGS[peer, policy]


def check_transports(end: End, expected: str, *, muxed: bool, trickle: bool) -> None:
    """Nothing is left half open: a transport is complete and used, or gone."""
    wiring = end.state.wiring
    assert wiring.sections.keys() == set(expected) - {"|"}
    sharing = {
        frozenset(mid for mid, used in wiring.sections.items() if used == number)
        for number in wiring.transports
    }
    assert sharing == partition(expected)
    for number, transport in wiring.transports.items():
        rtp = any(wiring.sections.get(mid) == number for mid in "0123")
        assert transport.components == (2 if rtp and not muxed else 1)
        assert transport.remote is not None
        assert transport.dtls is not None
        assert transport.end_of_remote_candidates is not trickle
        assert bool(transport.remote_candidates) is not trickle
    live = set(wiring.sections) & set("0123")
    assert {one.mid for one in end.state.transceivers} == live
    assert len(wiring.senders) == len(live)
    assert (wiring.data is not None) is ("4" in expected)
    machine = Machine(transceivers={0, 1, 2, 3})
    for plan in end.plans:
        machine.run(plan)
    machine.check(end.state)


@pytest.mark.parametrize("policy", BundlePolicy)
def test_a_peer_without_mux_is_refused_when_it_is_required(policy: BundlePolicy) -> None:
    end = make_offerer(policy, RtcpMuxPolicy.REQUIRE)
    answer = without_mux(answer_of("no-bundle", end.local.text))
    with pytest.raises(InvalidAccessError, match="rtcp-mux"):
        end.set_remote("answer", answer)


def test_under_max_bundle_a_peer_that_takes_more_without_bundle_is_refused() -> None:
    """RFC 9429 §4.1.1: there is no transport for the other sections; say so plainly."""
    end = make_offerer(MAX, RtcpMuxPolicy.REQUIRE)
    compat = make_offerer(COMPAT, RtcpMuxPolicy.REQUIRE)
    answer = answer_of("no-bundle", compat.local.text)
    before = end.state
    with pytest.raises(InvalidAccessError, match="max-bundle"):
        end.set_remote("answer", answer)
    assert end.state is before


def test_a_bundle_only_section_taken_without_bundle_counts_as_rejected() -> None:
    """RFC 9143 §6: it has no transport, so the peer's yes is worth nothing."""
    end = make_offerer(BALANCED, RtcpMuxPolicy.REQUIRE)
    compat = make_offerer(COMPAT, RtcpMuxPolicy.REQUIRE)
    plan = end.set_remote("answer", answer_of("no-bundle", compat.local.text))
    assert stopped(plan) == [1, 3]
    assert end.state.wiring.sections.keys() == {"0", "2", "4"}


def test_a_bundle_only_section_cannot_leave_its_group() -> None:
    """RFC 9143 §7.3.2."""
    end = make_offerer(BALANCED, RtcpMuxPolicy.REQUIRE)
    answer = with_groups(answer_of("bundle", end.local.text), "0 2 3 4")
    with pytest.raises(InvalidAccessError, match="leave its BUNDLE group"):
        end.set_remote("answer", answer)


def test_an_established_group_cannot_be_left_in_an_answer() -> None:
    """RFC 9143 §7.3.2: nor by dropping the group altogether."""
    end = make_offerer(COMPAT, RtcpMuxPolicy.REQUIRE)
    end.set_remote("answer", answer_of("bundle", end.local.text))
    answer = answer_of("bundle", end.offer())
    for groups in (["0 1 2"], []):
        with pytest.raises(InvalidAccessError, match="leave its BUNDLE group"):
            end.set_remote("answer", with_groups(answer, *groups))


def test_a_group_of_the_answer_must_be_part_of_an_offered_one() -> None:
    """RFC 9143 §7.3: nothing is added that was not offered in the group."""
    end = make_offerer(COMPAT, RtcpMuxPolicy.REQUIRE)
    offer = end.local.text
    with pytest.raises(InvalidAccessError, match="unknown mid"):
        end.set_remote("answer", with_groups(answer_of("bundle", offer), "0 1 2 3 4 9"))


@pytest.mark.parametrize("policy", [BALANCED, COMPAT])
def test_after_a_peer_without_bundle_it_is_offered_again(policy: BundlePolicy) -> None:
    end = make_offerer(policy, RtcpMuxPolicy.REQUIRE)
    end.set_remote("answer", answer_of("no-bundle", end.local.text))
    transports = dict(end.state.wiring.transports)
    end.offer()
    live = [section.mid for section in end.local.sections if not section.rejected]
    assert [group.mids for group in end.local.record.groups] == [tuple(live)]
    assert not any(section.bundle_only for section in end.local.sections)
    assert end.state.wiring.transports == transports


def stopped(plan: Plan) -> list[int]:
    return [step.transceiver for step in plan if isinstance(step, StopTransceiver)]


def test_texts_of_this_file_are_as_serialized() -> None:
    end = make_offerer(BALANCED, RtcpMuxPolicy.REQUIRE)
    assert serialize(end.local.record) == end.local.text
