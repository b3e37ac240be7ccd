"""What the receiving side makes of the times at which packets say that they were sent."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from peer.rtp.congestion import RemoteEstimate
from peer.rtp.congestion.remote_estimate import (
    FALL,
    INITIAL_TIME,
    INTERVAL,
    MAX_SOURCES,
    SOURCE_TIME,
    TICK,
)
from peer.rtp.queue_delay import SEND_TIME_UNITS

SIZE = 1000


def send_time(seconds: float) -> int:
    """Return a time as abs-send-time has it, which begins again every 64 seconds."""
    return int(seconds * SEND_TIME_UNITS) & 0xFFFFFF


@dataclass
class Line:
    """A sender that sends what it is told over a link of a rate, and what it was told."""

    capacity: Callable[[float], float]
    bitrate: float
    obeys: bool = True
    told: list[tuple[float, int]] = field(default_factory=list)
    delays: list[tuple[float, float]] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Send so long."""
        estimate, free = RemoteEstimate(), 100.0
        now = begin = 100.0
        arrivals: list[tuple[float, float]] = []
        while now < begin + seconds:
            free = max(free, now) + 8 * SIZE / self.capacity(now - begin)
            arrivals.append((free, now))
            self.delays.append((now - begin, free - now))
            now += 8 * SIZE / self.bitrate
            while arrivals and arrivals[0][0] <= now:
                arrived, sent = arrivals.pop(0)
                self._ask(estimate, arrived, begin)
                estimate.add(7, send_time(sent), SIZE, arrived)
            self._ask(estimate, now, begin)

    def _ask(self, estimate: RemoteEstimate, now: float, begin: float) -> None:
        deadline = estimate.deadline()
        if deadline is None or deadline > now:
            return
        for message in estimate.feedback(9, now):
            assert (message.sender, message.ssrcs) == (9, (7,))
            self.told.append((now - begin, message.bitrate))
            if self.obeys:
                self.bitrate = max(50_000, message.bitrate)


def test_a_sender_finds_out_by_itself_at_first() -> None:
    line = Line(lambda _: 10e6, 500_000, obeys=False)
    line.run(INITIAL_TIME - 0.5)
    assert line.told == []
    line = Line(lambda _: 10e6, 500_000, obeys=False)
    line.run(60.0)
    assert line.told[0][0] == pytest.approx(INITIAL_TIME, abs=0.1)
    assert line.told[0][1] == pytest.approx(500_000, rel=0.05)
    # It follows what comes: what nobody sent proves nothing.
    assert max(bitrate for _, bitrate in line.told) <= 1.55 * 500_000 + 10_000


def test_a_queue_that_grows_is_told_at_once() -> None:
    line = Line(lambda _: 500_000, 1_000_000, obeys=False)
    line.run(3.0)
    when, bitrate = line.told[0]
    assert when < 1.5
    assert bitrate < 500_000


@pytest.mark.parametrize("capacity", [300_000, 1_000_000, 3_000_000])
def test_the_rate_settles_near_what_the_link_carries_with_short_queues(capacity: int) -> None:
    line = Line(lambda _: capacity, 2 * capacity)
    line.run(60.0)
    late = [bitrate for when, bitrate in line.told if when > 30]
    assert 0.7 * capacity < sum(late) / len(late) < 1.1 * capacity
    queues = sorted(delay for when, delay in line.delays if when > 30)
    assert queues[len(queues) * 95 // 100] < 0.25


def test_a_link_that_becomes_narrow_is_followed() -> None:
    line = Line(lambda seconds: 2e6 if seconds < 20 else 500_000, 1_500_000)
    line.run(40.0)
    late = [bitrate for when, bitrate in line.told if when > 30]
    assert 250_000 < sum(late) / len(late) < 600_000


def test_it_is_told_five_times_a_second_unless_it_falls() -> None:
    line = Line(lambda _: 1e6, 800_000)
    line.run(60.0)
    for (before, high), (after, low) in zip(line.told, line.told[1:], strict=False):
        assert after - before >= INTERVAL - 1e-6 or low < FALL * high
    assert len(line.told) < 60 / INTERVAL


def test_nothing_that_came_is_nothing_to_look_at() -> None:
    estimate = RemoteEstimate()
    assert estimate.deadline() is None
    estimate.add(7, 0, SIZE, 1.0)
    assert estimate.deadline() == 1.0 + TICK
    assert estimate.feedback(9, 1.05) == []
    assert estimate.deadline() is None


def test_the_sources_are_those_heard_of_late() -> None:
    estimate = RemoteEstimate()
    ssrcs: list[tuple[int, ...]] = []
    for tick in range(1000):
        now = tick / 100
        if tick < 20:
            estimate.add(100 + tick, send_time(now), SIZE, now)
        estimate.add(1 + (tick > 300 and tick % 2), send_time(now), SIZE, now)
        if (deadline := estimate.deadline()) is not None and deadline <= now:
            ssrcs += [message.ssrcs for message in estimate.feedback(9, now)]
    assert ssrcs[0] == (1, 2)
    assert len(estimate._sources) <= MAX_SOURCES
    estimate.add(3, send_time(9.99 + SOURCE_TIME + 0.1), SIZE, 9.99 + SOURCE_TIME + 0.1)
    (message,) = estimate.feedback(9, 9.99 + SOURCE_TIME + 0.2)
    assert message.ssrcs == (3,)


def test_the_clock_of_the_packets_begins_again_every_minute() -> None:
    line = Line(lambda _: 1e6, 600_000)
    line.run(150.0)
    late = [bitrate for when, bitrate in line.told if when > 60]
    assert min(late) > 500_000


def test_times_that_make_no_sense_and_long_silences_cost_little() -> None:
    noise, estimate, now = random.Random(3), RemoteEstimate(), 0.0
    for _ in range(3000):
        now += noise.choice((0.0, 0.001, 0.2, 3600.0, 1e6))
        estimate.add(noise.getrandbits(32), noise.getrandbits(24), 1200, now)
        deadline = estimate.deadline()
        if deadline is not None and deadline <= now:
            begin = time.thread_time()
            for message in estimate.feedback(9, now):
                assert 30_000 <= message.bitrate <= 1e12
            assert time.thread_time() - begin < 0.05
