"""SSRCs that are changed because they collided (RFC 3550 §8.2, RFC 5576 §5, §6.2)."""

from functools import partial
from typing import get_args

import pytest

from peer.jsep import SetReceiver, SetSender, Source, change_source, is_negotiation_needed
from peer.jsep.sources import MAX_FORMER
from sdp import parse
from tests.jsep.ends import End, bundled_pair, exchange, make_ends, steps


def collide(end: End, mid: str, source: Source = "ssrc") -> None:
    end.take(change_source(end.state, mid, source, entropy=end.entropy))


def as_entropy(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def ssrc_lines(text: str, index: int) -> list[tuple[int, list[str]]]:
    """The sources of a section, each with what it was before."""
    return [
        (one.ssrc, [each.value or "" for each in one.attributes if each.name == "previous-ssrc"])
        for one in parse(text).media[index].ssrcs
    ]


def test_sender_and_reports_go_by_another_ssrc() -> None:
    end, _ = bundled_pair()
    before = end.transceiver(0).ssrc
    collide(end, "0")
    after = end.transceiver(0).ssrc
    assert after not in (0, before)
    (send,), (receive,) = (steps(end.plans[-1], kind) for kind in (SetSender, SetReceiver))
    assert isinstance(send, SetSender)
    assert isinstance(receive, SetReceiver)
    assert len(end.plans[-1]) == 2
    assert send.parameters.ssrc == receive.parameters.rtcp_ssrc == after
    assert end.state.wiring.senders[0] == send.parameters


@pytest.mark.parametrize("source", get_args(Source))
def test_one_source_changes_alone(source: Source) -> None:
    end, _ = bundled_pair()
    before = end.transceiver(1)
    collide(end, "1", source)
    after = end.transceiver(1)
    changed = [one for one in get_args(Source) if getattr(before, one) != getattr(after, one)]
    assert changed == [source]
    # FlexFEC is not agreed on: nothing that runs goes by it.
    assert bool(steps(end.plans[-1], SetSender)) is (source != "fec_ssrc")


def test_the_next_description_says_what_it_was_before() -> None:
    one, other = bundled_pair()
    before = one.transceiver(1)
    assert not is_negotiation_needed(one.state)
    collide(one, "1", "rtx_ssrc")
    assert is_negotiation_needed(one.state)
    offer, _ = exchange(one, other)
    after = one.transceiver(1)
    assert ssrc_lines(offer, 1) == [
        (before.ssrc, []),
        (after.rtx_ssrc, [str(before.rtx_ssrc)]),
    ]
    assert ssrc_lines(offer, 0) == [(one.transceiver(0).ssrc, [])]
    assert not is_negotiation_needed(one.state)
    assert other.state.wiring.receivers[1].ssrcs == (after.ssrc, after.rtx_ssrc)


def test_an_answer_says_it_as_well() -> None:
    one, other = bundled_pair()
    before = other.transceiver(0).ssrc
    collide(other, "0")
    assert is_negotiation_needed(other.state)
    _, answer = exchange(one, other)
    assert ssrc_lines(answer, 0) == [(other.transceiver(0).ssrc, [str(before)])]
    assert not is_negotiation_needed(other.state)


def test_our_own_ssrc_in_an_answer_changes_nothing() -> None:
    """Some return lines of an offer that they do not know."""
    one, other = make_ends()
    number = one.add_track("audio")
    other.add_track("audio")
    offer = one.offer()
    before = one.transceiver(number).ssrc
    other.set_remote("offer", offer)
    line = f"a=ssrc:{before} cname:x\r\n"
    one.set_remote("answer", other.answer() + line)
    assert before in one.state.wiring.receivers[number].ssrcs
    assert one.transceiver(number).ssrc == one.state.wiring.senders[number].ssrc == before


def test_a_rollback_does_not_bring_it_back() -> None:
    end, _ = bundled_pair()
    before = end.transceiver(0).ssrc
    end.offer()
    collide(end, "0")
    after = end.transceiver(0).ssrc
    plan = end.set_local("rollback")
    assert not steps(plan, SetSender)
    assert end.transceiver(0).ssrc == end.state.wiring.senders[0].ssrc == after != before
    assert is_negotiation_needed(end.state)


def test_no_ssrc_comes_twice() -> None:
    """RFC 5576 §5: what was mentioned once means nothing else in this session."""
    end, other = bundled_pair()
    taken = [end.transceiver(0).ssrc, end.transceiver(1).ssrc, other.transceiver(0).ssrc]
    for number in taken:
        state, _, _ = change_source(end.state, "0", "ssrc", entropy=partial(as_entropy, number))
        found = state.transceiver(0)
        assert found is not None
        assert found.ssrc == number + 1


def test_what_it_was_is_remembered_within_a_bound() -> None:
    end, _ = bundled_pair()
    for _ in range(3 * MAX_FORMER):
        collide(end, "0")
    assert len(end.transceiver(0).former_ssrcs) == MAX_FORMER
    assert is_negotiation_needed(end.state)


def test_a_section_that_is_gone_has_nothing_to_change() -> None:
    end, _ = make_ends()
    before = end.state
    collide(end, "7")
    assert end.state is before
    assert end.plans[-1] == ()
