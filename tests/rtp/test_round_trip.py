"""How long an answer takes (RFC 3550 §6.4.1, RFC 3611 §4.5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    Delay,
    ExtendedReport,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RoundTrip,
    RtcpPacket,
    SenderReport,
    measured_round_trips,
    round_trip_time,
)
from peer.rtp.round_trip import MAX_ROUND_TRIP


def test_the_round_trip_is_what_the_peer_did_not_hold() -> None:
    sent = 0x0001_0000_0000
    now = sent + (3 << 31)
    assert round_trip_time(now, sent >> 16 & 0xFFFFFFFF, 65536) == 0.5
    assert round_trip_time(now, 0, 65536) is None
    assert round_trip_time(now, sent >> 16 & 0xFFFFFFFF, 2 * 65536) is None


def test_the_round_trip_is_right_over_the_wrap_of_the_middle_of_ntp() -> None:
    assert round_trip_time(1 << 48 | 0x8000 << 16, 0xFFFF8000, 0) == 1.0


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 60 << 16), st.integers(0, 60 << 16))
def test_any_time_that_is_told_exactly_is_measured_exactly(sent: int, held: int, way: int) -> None:
    """Also over the end of the era in 2036."""
    now = (sent + (held + way << 16)) & ((1 << 64) - 1)
    last = sent >> 16 & 0xFFFFFFFF
    assert round_trip_time(now, last, held) == (way / 65536 if last else None)


def test_the_mean_follows_slowly_and_no_measurement_is_believed_beyond_3_s() -> None:
    trip = RoundTrip()
    assert (trip.latest, trip.mean, trip.total, trip.count) == (None, None, 0.0, 0)
    trip.note(0.1)
    trip.note(0.2)
    assert trip.mean == pytest.approx(0.7 * 0.1 + 0.3 * 0.2)
    assert (trip.latest, trip.count) == (0.2, 2)
    assert trip.total == pytest.approx(0.3)
    trip.note(1000.0)
    assert trip.latest == MAX_ROUND_TRIP


def block(ssrc: int, last: int, delay: int) -> ReportBlock:
    return ReportBlock(ssrc, 0, 0, 0, 0, last, delay)


def test_a_compound_tells_it_in_reports_and_in_answers() -> None:
    now = 100 << 32
    second = 65536
    packets: list[RtcpPacket] = [
        SenderReport(1, 0, 0, 0, 0, (block(7, 98 * second, second), block(7, 0, 0))),
        ReceiverReport(2, (block(8, 50 * second, 0), block(7, 99 * second, 5 * second))),
        PictureLoss(1, 7),
        ExtendedReport(
            3,
            None,
            (Delay(8, 1, 0), Delay(7, 97 * second, second), Delay(7, 99 * second, 2 * second)),
        ),
    ]
    assert measured_round_trips(packets, {7}, now) == (1.0, 2.0)
    assert measured_round_trips(packets, {9}, now) == (None, None)
