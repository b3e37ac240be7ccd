"""Who shares an encoding with whom."""

import pytest

from peer.transports.paces import PATIENCE, UPWARD_PATIENCE, Common, Pace, common


@pytest.mark.parametrize(
    ("bitrates", "all_count", "expected"),
    [
        ([], False, None),
        ([None, 0], False, None),
        ([None, 300], False, 300),
        ([500, 300], False, 300),
        ([500, 200], False, 500),
        ([500, 200], True, 200),
        ([1000, 1000, 600, 100], False, 600),
        ([1000, 100, 100], False, 100),
    ],
)
def test_the_lowest_that_counts(
    bitrates: list[int | None], all_count: bool, expected: int | None
) -> None:
    found = common(bitrates, all_count=all_count)
    assert (found and found.bitrate) == expected


def test_a_line_is_slow_for_a_while_before_it_moves() -> None:
    pace, here = Pace(), Common(500, 700)
    assert pace.judge(100, here, None, 10.0) == 0
    assert pace.judge(100, here, None, 10.0 + PATIENCE) == 1
    # One that is in time again for a moment begins anew.
    assert pace.judge(600, here, None, 13.0) == 0
    assert pace.judge(100, here, None, 14.0) == 0
    assert pace.judge(100, here, None, 13.9 + PATIENCE) == 0


def test_it_moves_up_later_than_down() -> None:
    pace, here, above = Pace(), Common(300, 300), Common(600, 1000)
    assert pace.judge(690, here, above, 10.0) == 0
    assert pace.judge(700, here, above, 20.0) == 0
    assert pace.judge(700, here, above, 20.0 + PATIENCE) == 0
    assert pace.judge(700, here, above, 20.0 + UPWARD_PATIENCE) == -1
    assert pace.judge(None, here, above, 30.0) == 0
