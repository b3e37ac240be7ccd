"""What delays are counted from."""

import pytest

from peer.rtp.fastest import Fastest


def test_delays_are_counted_from_the_least_of_late() -> None:
    fastest = Fastest()
    assert fastest.note(5.0, 0.0) == 0.0
    assert fastest.note(5.3, 0.1) == pytest.approx(0.3)
    assert fastest.note(4.9, 0.2) == 0.0
    assert fastest.delay == 4.9
    # The way got longer: after at most two seconds that is what counts.
    late = [fastest.note(5.9, 0.3 + n / 10) for n in range(30)]
    assert late[0] == pytest.approx(1.0)
    assert late[-1] == 0.0


def test_after_a_pause_all_is_new() -> None:
    fastest = Fastest()
    fastest.note(5.0, 0.0)
    assert fastest.note(9.0, 10.0) == 0.0
