"""Losses of other streams, by the numbers of their transport."""

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import TransportGaps
from peer.rtp.transport_gaps import MAX_STREAMS

SOUND, PICTURES = 1, 2


def test_what_is_missing_of_others_shows() -> None:
    gaps = TransportGaps()
    assert gaps.note(65533, SOUND, 10) == 0
    assert gaps.note(65534, PICTURES, 500) == 0
    # The next two of the pictures are lost.
    assert gaps.note(1, SOUND, 11) == 2
    assert gaps.note(2, SOUND, 12) == 0


def test_what_is_missing_of_its_own_stream_does_not() -> None:
    gaps = TransportGaps()
    gaps.note(1, SOUND, 65534)
    assert gaps.note(4, SOUND, 1) == 0
    assert gaps.note(8, SOUND, 3) == 2


def test_nothing_is_known_of_the_first_of_a_stream_and_of_late_ones() -> None:
    gaps = TransportGaps()
    gaps.note(1, SOUND, 1)
    assert gaps.note(5, PICTURES, 7) == 0
    assert gaps.note(3, SOUND, 2) == 0
    assert gaps.note(6, SOUND, 3) == 0
    # One that is sent again in its own stream has a new number of the transport.
    assert gaps.note(9, PICTURES, 7) == 2


def test_streams_are_forgotten() -> None:
    gaps = TransportGaps()
    for ssrc in range(MAX_STREAMS + 1):
        gaps.note(ssrc, ssrc, 0)
    assert gaps.note(100, 0, 1) == 0
    assert gaps.note(110, 0, 2) == 9


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_no_more_is_said_to_be_missing_than_is(sent: list[tuple[bool, bool]]) -> None:
    gaps, numbers, lost = TransportGaps(), {False: 0, True: 0}, 0
    told = 0
    for number, (is_sound, arrives) in enumerate(sent):
        numbers[is_sound] += 1
        if arrives:
            told += gaps.note(number, int(is_sound), numbers[is_sound])
        else:
            lost += 1
    assert told <= lost
