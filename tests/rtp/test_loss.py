"""How much of what is sent gets lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import LossEstimate
from peer.rtp.loss import FALL, RISE


def test_the_first_report_is_believed() -> None:
    loss = LossEstimate()
    assert loss.fraction == 0
    loss.note(0.1, 5.0)
    assert loss.fraction == 0.1


def test_it_rises_quickly_and_falls_slowly() -> None:
    loss = LossEstimate()
    loss.note(0.0, 0.0)
    loss.note(0.1, RISE)
    assert loss.fraction == pytest.approx(0.0632, abs=0.0001)
    loss.note(0.0, RISE + FALL)
    assert loss.fraction == pytest.approx(0.0632 * 0.3679, abs=0.0001)


def test_reports_that_are_far_apart_weigh_more() -> None:
    """Chromium reports on sound every five seconds, others every second."""
    often, seldom = LossEstimate(), LossEstimate()
    for second in range(21):
        often.note(0.05 if second else 0.0, second)
    for second in range(0, 21, 5):
        seldom.note(0.05 if second else 0.0, second)
    assert often.fraction == pytest.approx(seldom.fraction, abs=0.001)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 10)), min_size=1))
def test_it_is_within_what_was_reported(reports: list[tuple[float, float]]) -> None:
    loss, now = LossEstimate(), 0.0
    for fraction, pause in reports:
        now += pause
        loss.note(fraction, now)
    fractions = [fraction for fraction, _ in reports]
    assert min(fractions) - 1e-9 <= loss.fraction <= max(fractions) + 1e-9
