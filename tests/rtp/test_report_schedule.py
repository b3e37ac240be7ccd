"""When reports leave."""

import itertools
import random

import pytest

from peer.rtp import ReportSchedule
from peer.rtp.report_schedule import EARLY_REPORTS


def test_a_transport_where_nothing_begins_has_no_deadline() -> None:
    schedule = ReportSchedule()
    assert schedule.deadline() is None
    schedule.ask(1.0, 0.1)
    assert schedule.deadline() is None


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 10.1), (0.5, 10.3), (1.0, 10.5)])
def test_the_first_report_follows_the_first_packet(chance: float, expected: float) -> None:
    schedule = ReportSchedule()
    schedule.hurry(10.0, chance)
    assert schedule.deadline() == pytest.approx(expected)


def test_intervals_vary_by_half_and_the_first_three_are_short() -> None:
    """RFC 3550 §6.2; in time to play sound and pictures together (RFC 8834 §4.1)."""
    schedule, noise, now = ReportSchedule(), random.Random(1), 0.0
    schedule.hurry(now, noise.random())
    times = []
    for _ in range(1000):
        deadline = schedule.deadline()
        assert deadline is not None
        times.append(now := deadline)
        schedule.note_report(now, noise.random(), more=True)
    steps = [after - before for before, after in itertools.pairwise(times)]
    early, later = steps[:EARLY_REPORTS], steps[EARLY_REPORTS:]
    assert times[0] <= 0.5
    assert all(0.5 <= step <= 1.0 for step in early)
    assert all(0.5 <= step <= 1.5 for step in later)
    assert min(later) < 0.55
    assert max(later) > 1.45
    assert sum(later) / len(later) == pytest.approx(1.0, abs=0.03)


def test_a_stream_that_begins_later_hurries_the_next_report_and_never_delays_it() -> None:
    schedule = ReportSchedule()
    schedule.hurry(0.0, 0.0)
    schedule.note_report(0.1, 0.5, more=True)
    assert schedule.deadline() == pytest.approx(0.85)
    schedule.hurry(0.8, 1.0)
    assert schedule.deadline() == pytest.approx(0.85)
    schedule.hurry(0.11, 0.0)
    # half an interval lies between two reports, however many streams begin
    assert schedule.deadline() == pytest.approx(0.6)


def test_streams_that_begin_all_the_time_make_two_reports_a_second() -> None:
    schedule, noise, reports = ReportSchedule(), random.Random(2), 0
    for tick in range(10000):
        now = tick / 1000
        schedule.hurry(now, noise.random())
        deadline = schedule.deadline()
        if deadline is not None and deadline <= now:
            schedule.note_report(now, noise.random(), more=True)
            reports += 1
    assert 15 <= reports <= 20


def test_it_ends_when_there_is_nothing_more_to_report() -> None:
    schedule = ReportSchedule()
    schedule.hurry(0.0, 0.0)
    schedule.note_report(0.1, 0.5, more=False)
    assert schedule.deadline() is None
    schedule.hurry(20.0, 0.0)
    assert schedule.deadline() == pytest.approx(20.1)


def test_a_report_that_is_asked_for_leaves_at_once_but_once_in_a_round_trip() -> None:
    """RFC 6051 §3.2."""
    schedule = ReportSchedule()
    schedule.hurry(0.0, 1.0)
    schedule.ask(0.1, 0.2)
    assert schedule.deadline() == 0.1
    schedule.note_report(0.1, 1.0, more=True)
    schedule.ask(0.15, 0.2)
    assert schedule.deadline() == pytest.approx(0.3)
    schedule.note_report(0.3, 1.0, more=True)
    schedule.ask(0.31, 0.001)
    assert schedule.deadline() == pytest.approx(0.4)
