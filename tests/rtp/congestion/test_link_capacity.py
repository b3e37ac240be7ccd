"""What a link carries."""

import pytest

from peer.rtp.congestion.link_capacity import LinkCapacity


def test_it_is_not_known_before_the_link_was_full() -> None:
    capacity = LinkCapacity()
    assert capacity.estimate is None
    assert not capacity.exceeded_by(1e9)
    assert not capacity.missed_by(0)


def test_samples_move_it_a_little_each() -> None:
    capacity = LinkCapacity()
    capacity.add(500_000)
    assert capacity.estimate == 500_000
    capacity.add(600_000)
    assert capacity.estimate == pytest.approx(505_000)


def test_its_bounds_are_three_deviations() -> None:
    capacity = LinkCapacity()
    capacity.add(1_000_000)
    # 3 sqrt(0.4 x 1000) kbit/s
    assert not capacity.exceeded_by(1_059_000)
    assert capacity.exceeded_by(1_061_000)
    assert not capacity.missed_by(941_000)
    assert capacity.missed_by(939_000)
    capacity.forget()
    assert capacity.estimate is None
