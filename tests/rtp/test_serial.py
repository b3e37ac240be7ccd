"""Numbers that wrap."""

from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import SEQUENCE_BITS, TIMESTAMP_BITS, extend, signed_difference


@given(st.integers(0, 1 << 40), st.integers(-0x8000, 0x7FFF))
def test_a_number_near_the_newest_is_found_again(newest: int, step: int) -> None:
    number = newest + step
    assert extend(number & 0xFFFF, newest, SEQUENCE_BITS) == number


def test_half_the_ring_is_older() -> None:
    assert signed_difference(0x8000, 0, SEQUENCE_BITS) == -0x8000
    assert signed_difference(0x7FFF, 0, SEQUENCE_BITS) == 0x7FFF


def test_a_timestamp_wraps_on() -> None:
    assert extend(0x100, 0xFFFFFF00, TIMESTAMP_BITS) == 0x100000100
