"""M-lines, mids and slots (RFC 9429 §5.2.1, §5.2.2; RFC 3264 §8)."""

import pytest

from peer.jsep import (
    BundlePolicy,
    InvalidAccessError,
    StopSctp,
    create_offer,
)
from sdp import parse
from tests.jsep.ends import End, exchange, make_ends
from tests.jsep.texts import without_mids, without_sections


def lines(end: End) -> list[tuple[str, str, bool]]:
    return [
        (section.media.kind, section.mid, not section.rejected) for section in end.local.sections
    ]


def test_transceivers_in_creation_order_and_data_last() -> None:
    end, _ = make_ends()
    end.add_data()
    end.add("video")
    end.add("audio")
    end.offer()
    assert lines(end) == [("video", "0", True), ("audio", "1", True), ("application", "2", True)]


def test_data_that_is_always_negotiated_is_first() -> None:
    """W3C webrtc-extensions: of the lines that are new, and so of the group."""
    end, other = make_ends(always_negotiate_data_channels=True)
    end.add("video")
    end.add_data()
    exchange(end, other)
    assert [kind for kind, _, _ in lines(end)] == ["application", "video"]
    assert end.state.groups == (("0", "1"),)
    late, _ = make_ends(always_negotiate_data_channels=True)
    other, _ = make_ends()
    other.add("audio")
    exchange(other, late)
    late.add("video")
    late.add_data()
    late.offer()
    assert [kind for kind, _, _ in lines(late)] == ["audio", "application", "video"]


def test_data_stays_where_it_is() -> None:
    one, other = make_ends()
    one.add("audio")
    one.add_data()
    exchange(one, other)
    one.add("video")
    one.offer()
    assert [kind for kind, _, _ in lines(one)] == ["audio", "application", "video"]


def test_mids_are_short_and_never_used_twice() -> None:
    """RFC 9429 §5.2.1: also not those the peer used."""
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    other.set_remote(
        "offer", one.offer().replace("a=mid:0", "a=mid:2").replace("BUNDLE 0", "BUNDLE 2")
    )
    other.answer()
    for _ in range(3):
        other.add("audio")
    other.offer()
    mids = [mid for _, mid, _ in lines(other)]
    assert mids == ["2", "1", "0", "3", "4"]


def test_mids_are_proposals_until_the_offer_is_set() -> None:
    end, _ = make_ends()
    number = end.add("audio")
    end.state, first = create_offer(end.state, entropy=end.entropy)
    assert end.transceiver(number).mid is None
    end.state, second = create_offer(end.state, entropy=end.entropy)
    assert [parse(text).media[0].mid for text in (first, second)] == ["0", "0"]


def test_a_rejected_line_is_used_again_for_any_kind() -> None:
    """RFC 9429 §5.2.2: the lowest first, with a new mid."""
    one, other = make_ends()
    _, audio, _ = one.add("video"), one.add("audio"), one.add("video")
    exchange(one, other)
    one.stop(audio)
    one.add("video")
    one.offer()
    assert [alive for _, _, alive in lines(one)] == [True, False, True, True]
    one.set_local("rollback")
    exchange(one, other)
    one.add("video")
    exchange(one, other)
    assert [mid for _, mid, _ in lines(one)] == ["0", "5", "2", "4"]
    assert {kind for kind, _, _ in lines(one)} == {"video"}
    for end in (one, other):
        assert len(end.state.transceivers) == 4
        assert end.state.wiring.sections.keys() == {"0", "2", "4", "5"}


def test_a_line_in_front_of_the_tag_is_not_used_again() -> None:
    """Chromium fails to set its own answer then, and browsers would replace the transport."""
    one, other = make_ends()
    audio, _ = one.add("audio"), one.add("video")
    exchange(one, other)
    one.stop(audio)
    exchange(one, other)
    one.add("audio")
    exchange(one, other)
    assert lines(one) == [("audio", "0", False), ("video", "1", True), ("audio", "2", True)]
    assert one.state.groups == (("1", "2"),)


def test_a_line_used_again_is_taken() -> None:
    """Also when the offer that does so is replaced by another."""
    one, other = make_ends()
    audio = one.add("audio")
    exchange(one, other)
    one.stop(audio)
    exchange(one, other)
    one.add("video")
    one.offer()
    one.add("video")
    one.offer()
    assert lines(one) == [("video", "1", True), ("video", "2", True)]


def test_a_line_is_not_used_again_before_the_exchange_is_over() -> None:
    one, other = make_ends()
    audio = one.add("audio")
    exchange(one, other)
    one.stop(audio)
    one.offer()
    one.add("video")
    one.offer()
    assert lines(one) == [("audio", "0", False), ("video", "1", True)]


def test_a_rejected_line_that_is_not_needed_stays_rejected() -> None:
    one, other = make_ends()
    audio, _ = one.add("audio"), one.add("video")
    exchange(one, other)
    one.stop(audio)
    exchange(one, other)
    offer, answer = exchange(other, one)
    for text in (offer, answer):
        first = parse(text).media[0]
        assert (first.port, first.mid, first.bundle_only) == (0, "0", False)
        assert first.formats
        assert not first.msids


def test_a_stopped_transceiver_nobody_knows_gets_no_line() -> None:
    end, _ = make_ends()
    number = end.add("audio")
    assert end.stop(number) == ()
    assert "m=" not in end.offer()
    assert end.transceiver(number).stopping


def test_data_comes_back_in_its_old_place() -> None:
    """RFC 8841 §9: as a new association."""
    one, other = make_ends()
    one.add("audio")
    one.add_data()
    one.add("video")
    other.set_remote("offer", one.offer())
    plan = one.set_remote("answer", without_sections(other.answer(), "1", "2"))
    assert not any(isinstance(step, StopSctp) for step in plan)
    assert not one.state.data_channel
    one.add("video")
    one.add_data()
    one.offer()
    assert [(kind, alive) for kind, _, alive in lines(one)] == [
        ("audio", True),
        ("video", True),
        ("application", True),
    ]


def test_an_established_data_section_that_is_rejected_ends() -> None:
    one, other = make_ends()
    one.add_data()
    one.add("audio")
    exchange(one, other)
    other.set_remote("offer", without_sections(one.offer(), "1"))
    answer = other.answer()
    assert any(isinstance(step, StopSctp) for step in other.plans[-1])
    plan = one.set_remote("answer", answer)
    assert any(isinstance(step, StopSctp) for step in plan)
    assert one.state.wiring.data is other.state.wiring.data is None


def test_an_offer_of_the_peer_keeps_lines_in_place() -> None:
    """RFC 3264 §8: not fewer, not of another kind, not with another mid."""
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    exchange(one, other)
    offer = one.offer()
    fewer = offer[: offer.index("m=video")].replace("BUNDLE 0 1", "BUNDLE 0")
    kind = offer.replace("m=video", "m=audio")
    mid = offer.replace("a=mid:1", "a=mid:7").replace("BUNDLE 0 1", "BUNDLE 0 7")
    before = other.state
    for text in (fewer, kind, mid):
        with pytest.raises(InvalidAccessError):
            other.set_remote("offer", text)
        assert other.state is before


def test_a_peer_without_mids() -> None:
    """RFC 9429 §5.10: mids are made up, and not written (§5.3.1)."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    one.add("audio")
    one.add("video")
    other.set_remote("offer", without_mids(one.offer()))
    answer = other.answer()
    assert "a=mid" not in answer
    assert "a=group" not in answer
    assert [one.mid for one in other.state.transceivers] == ["0", "1"]
    one.set_remote("answer", answer)
    assert one.state.wiring.sections.keys() == {"0", "1"}
    exchange(other, one)
    assert lines(other) == [("audio", "0", True), ("video", "1", True)]


def test_an_empty_offer() -> None:
    """RFC 3264 §5: it may have no sections at all."""
    one, other = make_ends()
    exchange(one, other)
    assert one.state.wiring.transports == {}
    one.add("audio")
    exchange(one, other)
    assert one.state.wiring.sections == {"0": 0}
