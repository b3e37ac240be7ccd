"""Capture times by the sender's clock."""

import pytest

from peer.rtp.extensions import CaptureTime
from peer.rtp.sender_clock import (
    MAX_REPORTS,
    MAX_SENDERS,
    SECOND,
    CaptureClock,
    CaptureStamps,
    ClockOffset,
    RtpClock,
    SenderClocks,
)

NTP = 0xEC00_0000_0000_0000
MS = SECOND // 1000


def report(second: float, *, rate: int = 48000, begin: int = 0xFFFF0000) -> tuple[int, int]:
    return NTP + round(second * SECOND), begin + round(second * rate) & 0xFFFFFFFF


def seconds(clock: RtpClock, timestamp: int, origin: int = NTP) -> float:
    time = clock.capture_time(timestamp & 0xFFFFFFFF)
    assert time is not None
    return ((time - origin + 2**63) % 2**64 - 2**63) / SECOND


def test_one_report_and_the_clock_rate() -> None:
    clock = RtpClock(48000)
    assert clock.capture_time(0) is None
    assert clock.seconds(0) is None
    assert clock.note(*report(0))
    assert seconds(clock, 0xFFFF0000 + 24000) == pytest.approx(0.5)
    assert seconds(clock, 0xFFFF0000 - 24000) == pytest.approx(-0.5)
    assert clock.seconds(0xFFFF0000) == pytest.approx(NTP / SECOND)


def test_a_line_through_the_reports_follows_the_real_rate() -> None:
    clock = RtpClock(48000)
    for second in range(100):
        assert clock.note(*report(second * 5, rate=48010))
    assert len(clock._pairs) == MAX_REPORTS
    assert seconds(clock, 0xFFFF0000 + 48010 * 600) == pytest.approx(600, abs=1e-3)


def test_noise_of_the_reports_is_averaged() -> None:
    clock = RtpClock(90000)
    for second in range(20):
        ntp_time, timestamp = report(second, rate=90000)
        clock.note(ntp_time + (5 if second % 2 else -5) * MS, timestamp)
    assert seconds(clock, 0xFFFF0000 + 90000 * 19) == pytest.approx(19, abs=2e-3)


def test_an_odd_report_moves_nothing() -> None:
    clock = RtpClock(48000)
    for second in range(10):
        clock.note(*report(second))
    for ntp_time, timestamp in (
        (0, 5),
        report(9),  # again
        (report(10)[0], report(5)[1]),  # RTP goes back
        (report(5)[0], report(10)[1]),  # NTP goes back
    ):
        assert not clock.note(ntp_time, timestamp)
    assert seconds(clock, 0xFFFF0000 + 480_000) == pytest.approx(10)
    assert clock.note(*report(11))
    assert not clock.note(report(4000)[0], report(12)[1])
    assert not clock.note(report(13)[0], report(12 + 2**25 // 48000 + 1)[1])


def test_three_odd_reports_in_a_row_begin_anew() -> None:
    clock = RtpClock(48000)
    for second in range(10):
        clock.note(*report(second))
    moved = [report(second, begin=77) for second in range(3)]
    assert [clock.note(*pair) for pair in moved] == [False, False, True]
    assert seconds(clock, 77) == pytest.approx(0)


def test_a_rate_no_clock_could_have_is_not_believed() -> None:
    clock = RtpClock(48000)
    clock.note(*report(0))
    clock.note(*report(1, rate=90000))
    assert seconds(clock, 0xFFFF0000 + 90000 + 48000) == pytest.approx(2)


def test_the_ntp_era_may_end() -> None:
    clock = RtpClock(48000)
    begin = 2**64 - 2 * SECOND
    for second in range(5):
        clock.note((begin + second * SECOND) % 2**64 or 1, second * 48000)
    assert seconds(clock, 6 * 48000, begin) == pytest.approx(6)


def test_the_sender_s_clock_as_ours() -> None:
    offset = ClockOffset()
    offset.note(NTP, 100.06, 0.1)
    assert offset.local(NTP) is None
    for second in range(1, 11):
        offset.note(NTP + second * SECOND, 100.06 + second + (0.5 if second == 5 else 0), 0.1)
    assert offset.local(NTP + 20 * SECOND) == pytest.approx(120.01)


def test_senders_have_a_clock_each_and_the_one_asked_for_least_lately_goes() -> None:
    clocks = SenderClocks()
    first = clocks.clock_of("first")
    for number in range(MAX_SENDERS - 1):
        assert clocks.clock_of(str(number)) is not first
    assert clocks.clock_of("first") is first
    second = clocks.clock_of("1")
    clocks.clock_of("another")
    assert clocks.clock_of("first") is first
    assert clocks.clock_of("1") is second
    assert len(clocks._offsets) == MAX_SENDERS


def test_absolute_capture_times_hold_for_five_seconds() -> None:
    clock = CaptureClock()
    assert clock.capture_time(1, 0, 48000, 10.0) is None
    clock.note(1, 0, 48000, 10.0, CaptureTime(NTP, 3 * MS))
    half = (NTP + SECOND // 2, 3 * MS)
    assert clock.capture_time(1, 24000, 48000, 14.9) == half
    clock.note(1, 0, 48000, 14.9, CaptureTime(NTP, None))
    assert clock.capture_time(1, 24000, 48000, 19.9) == half
    assert clock.capture_time(1, 24000, 48000, 20.0) is None
    clock.note(1, 0, 48000, 20.0, CaptureTime(NTP, None))
    assert clock.capture_time(1, 24000, 48000, 20.0) == (half[0], None)


@pytest.mark.parametrize(("source", "rate"), [(2, 48000), (1, 8000)])
def test_another_source_or_rate_has_no_capture_time(source: int, rate: int) -> None:
    clock = CaptureClock()
    clock.note(1, 0, 48000, 10.0, CaptureTime(NTP, None))
    assert clock.capture_time(source, 960, rate, 10.1) is None


def test_one_packet_a_second_tells_its_capture_time_and_each_that_is_off() -> None:
    stamps = CaptureStamps()

    def stamp(second: float, *, late: float = 0.0, rate: int = 90000) -> CaptureTime | None:
        ntp_time = NTP + round((second + late) * SECOND)
        return stamps.stamp(round(second * 90000) + 5, rate, ntp_time, second)

    assert stamp(0.0) == (NTP, 0)
    assert stamp(0.5) is None
    assert stamp(0.6, late=0.0009) is None
    assert stamp(0.7, late=0.0011) == (NTP + round(0.7011 * SECOND), 0)
    assert stamp(1.6, late=0.0011) is None
    assert stamp(1.7, late=0.0011) is not None
    assert stamp(1.8, late=0.0011, rate=48000) is not None


def test_what_was_known_of_a_clock_stays_as_it_was() -> None:
    clock, offset = RtpClock(48000), ClockOffset()
    assert (clock.line, offset.mapping) == (None, None)
    for second in range(2):
        clock.note(NTP + second * SECOND, second * 48000)
        offset.note(NTP + second * SECOND, 10.0 + second, 0.0)
    line, mapping = clock.line, offset.mapping
    assert line is not None
    assert mapping is not None
    clock.note(NTP + 2 * SECOND, 2 * 48000 + 480)
    offset.note(NTP + 2 * SECOND, 13.0, 0.0)
    offset.note(NTP + 3 * SECOND, 14.0, 0.0)
    assert line.capture_time(96000) == NTP + 2 * SECOND != clock.capture_time(96000)
    assert mapping.local(NTP) == 10.0 != offset.local(NTP)
