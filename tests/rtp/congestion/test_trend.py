"""Whether a queue grows."""

import pytest

from peer.rtp.congestion.groups import GroupDelta
from peer.rtp.congestion.trend import DelayTrend, Usage


def first_overuse(later: float, most: int = 2000) -> int | None:
    """Return the group at which overuse is seen when each arrives so many ms later."""
    trend = DelayTrend()
    for index in range(1, most + 1):
        arrived = 0.02 + later / 1000
        trend.add(GroupDelta(0.02, arrived, index * arrived))
        if trend.usage is Usage.OVER:
            return index
    return None


@pytest.mark.parametrize(("later", "group"), [(0.5, None), (1, 36), (2, 24), (5, 21)])
def test_a_queue_that_grows_is_seen(later: float, group: int | None) -> None:
    assert first_overuse(later) == group


def test_the_threshold_follows_a_calm_path() -> None:
    trend = DelayTrend()
    for index in range(20):
        trend.add(GroupDelta(0.02, 0.02, index * 0.02))
    assert trend.threshold == 6
    assert trend.usage is Usage.NORMAL


def test_a_queue_that_empties_is_seen() -> None:
    trend = DelayTrend()
    for index in range(40):
        trend.add(GroupDelta(0.02, 0.015, index * 0.015))
    assert trend.usage is Usage.UNDER


def test_a_single_jump_does_not_move_the_threshold() -> None:
    trend = DelayTrend()
    for index in range(40):
        trend.add(GroupDelta(0.02, 0.02, index * 0.02))
    trend.add(GroupDelta(0.02, 5.0, 40 * 0.02))
    assert trend.threshold == 6
