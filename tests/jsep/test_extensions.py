"""Header extensions (RFC 8285): identifiers that stay, directions that turn."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from peer.jsep import InvalidAccessError
from peer.jsep.extensions import (
    ABS_CAPTURE_TIME,
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    PLAYOUT_DELAY,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_WIDE_CC,
    VIDEO_ORIENTATION,
    ExtensionIds,
    answer_extensions,
    usable_extensions,
)
from sdp import Direction, Extmap
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import altered, with_groups


def ids(extmaps: Iterable[Extmap]) -> dict[int, str]:
    return {extmap.id: extmap.uri for extmap in extmaps}


def offered(end: End, index: int = 0) -> dict[int, str]:
    return ids(end.local.sections[index].media.extmaps)


def test_one_identifier_for_one_extension_in_all_sections() -> None:
    end = make_end(0)
    end.add("audio")
    end.add("video")
    end.offer()
    assert offered(end) == {3: TRANSPORT_WIDE_CC, 9: MID, 12: AUDIO_LEVEL}
    assert offered(end, 1) == {
        2: ABS_SEND_TIME,
        3: TRANSPORT_WIDE_CC,
        9: MID,
        10: RTP_STREAM_ID,
        11: REPAIRED_RTP_STREAM_ID,
        13: VIDEO_ORIENTATION,
    }


def test_capture_times_are_offered_when_they_are_asked_for_and_answered_to_who_asks() -> None:
    one, other = make_end(0, capture_times=True), make_end(1)
    one.add("audio")
    one.add("video")
    exchange(one, other)
    for section in (0, 1):
        assert ABS_CAPTURE_TIME in offered(one, section).values()
        assert ABS_CAPTURE_TIME in offered(other, section).values()
    other.offer()
    assert ABS_CAPTURE_TIME in offered(other).values()
    fresh = make_end(0)
    fresh.add("video")
    fresh.offer()
    assert ABS_CAPTURE_TIME not in offered(fresh).values()


def test_bounds_of_the_delay_are_offered_for_pictures_when_they_are_asked_for() -> None:
    one, other = make_end(0, playout_delay=True), make_end(1)
    one.add("audio")
    one.add("video")
    exchange(one, other)
    assert PLAYOUT_DELAY not in offered(one).values()
    assert PLAYOUT_DELAY in offered(one, 1).values()
    assert PLAYOUT_DELAY in offered(other, 1).values()


def answered(*extmaps: Extmap, mixed: bool = False) -> tuple[Extmap, ...]:
    one, other = make_ends()
    one.add("audio")
    text = altered(
        one.offer(), lambda media: replace(media, extmaps=extmaps, extmap_allow_mixed=mixed)
    )
    other.set_remote("offer", text)
    other.answer()
    assert other.local.sections[0].media.extmap_allow_mixed is mixed
    return other.local.record.media[0].extmaps


@pytest.mark.parametrize("mixed", [True, False])
def test_answers_take_the_offered_identifiers(mixed: bool) -> None:
    """RFC 8285 §7; a=extmap-allow-mixed only when offered (§6)."""
    extmaps = (Extmap(9, MID), Extmap(3, "urn:unknown"), Extmap(20, AUDIO_LEVEL))
    assert answered(*extmaps, mixed=mixed) == (Extmap(9, MID), Extmap(20, AUDIO_LEVEL))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (None, None),
        (Direction.SENDONLY, Direction.RECVONLY),
        (Direction.RECVONLY, Direction.SENDONLY),
        (Direction.SENDRECV, Direction.SENDRECV),
        (Direction.INACTIVE, Direction.INACTIVE),
    ],
)
def test_directions_turn(theirs: Direction | None, ours: Direction | None) -> None:
    """RFC 8285 §7."""
    assert answered(Extmap(2, AUDIO_LEVEL, theirs)) == (Extmap(2, AUDIO_LEVEL, ours),)


def test_identifiers_that_are_for_offers_only() -> None:
    """RFC 8285 §7: 4096 and up stand for nothing in packets; 15 is not an identifier."""
    extmaps = (Extmap(4096, MID), Extmap(15, MID), Extmap(255, AUDIO_LEVEL))
    assert answer_extensions(extmaps, (MID, AUDIO_LEVEL)) == (Extmap(255, AUDIO_LEVEL),)


def test_an_extension_mapped_twice_is_answered_once() -> None:
    extmaps = (Extmap(4, MID), Extmap(5, MID))
    assert answer_extensions(extmaps, (MID,)) == (Extmap(4, MID),)


def test_identifiers_do_not_change_in_later_offers() -> None:
    """RFC 8285 §7, RFC 9429 §5.2.2: only what the last answer had, under the same number."""
    one, other = make_ends()
    one.add("audio")
    text = altered(one.offer(), lambda media: replace(media, extmaps=(Extmap(7, MID),)))
    other.set_remote("offer", text)
    other.answer()
    other.add("audio")
    other.add("video")
    other.offer()
    assert offered(other) == {7: MID}
    assert offered(other, 1) == {3: TRANSPORT_WIDE_CC, 7: MID, 12: AUDIO_LEVEL}
    assert offered(other, 2)[7] == MID
    assert 12 not in offered(other, 2)


def test_identifiers_in_use_win_over_those_only_seen() -> None:
    source = ExtensionIds(known={1: AUDIO_LEVEL, 2: ABS_SEND_TIME}, claimed={1: MID})
    assert source.get(MID) == 1
    assert source.get(ABS_SEND_TIME) == 2
    assert source.get(AUDIO_LEVEL) == 12


def test_there_are_fourteen() -> None:
    """RFC 8285 §4.2: what fits the one-byte header."""
    source = ExtensionIds({}, {})
    assert [source.get(f"urn:{index}") for index in range(14)] == list(range(1, 15))
    assert source.get("urn:14") is None
    assert source.get("urn:3") == 4


def test_one_identifier_for_two_extensions_of_a_group_is_refused() -> None:
    """RFC 8285 §7; apart from each other they may."""
    one, other = make_ends()
    one.add("audio")
    one.add("video")
    text = altered(
        one.offer(),
        lambda media: replace(
            media, extmaps=(Extmap(1, MID if media.kind == "audio" else ABS_SEND_TIME),)
        ),
    )
    with pytest.raises(InvalidAccessError, match="header extension"):
        other.set_remote("offer", text)
    other.set_remote("offer", with_groups(text))


def test_what_is_used_in_packets() -> None:
    """The direction of a mapping limits it to sending or receiving."""
    extmaps = (Extmap(1, MID), Extmap(2, AUDIO_LEVEL, Direction.RECVONLY))
    assert ids(usable_extensions(extmaps, sending=True)) == {1: MID}
    assert ids(usable_extensions(extmaps, sending=False)) == {1: MID, 2: AUDIO_LEVEL}
    one, other = make_ends()
    one.add("audio")
    other.add_track("audio")
    other.set_remote("offer", altered(one.offer(), lambda media: replace(media, extmaps=extmaps)))
    other.answer()
    assert ids(other.state.wiring.senders[0].header_extensions) == {1: MID, 2: AUDIO_LEVEL}
    assert ids(other.state.wiring.receivers[0].header_extensions) == {1: MID}


def test_unsupported_extensions_are_neither_offered_nor_answered() -> None:
    one, other = make_ends(audio_extensions=(MID,))
    one.add("audio")
    exchange(one, other)
    assert offered(one) == offered(other) == {9: MID}
