"""What is lost is found, and sent again when it is (RFC 9260 §7.2.4, RFC 8985)."""

import struct
from collections.abc import Callable

import pytest

from peer.sctp.flight import _difference, read_blocks
from peer.sctp.wire import DATA
from tests.sctp.path import Conditions, Path

RTT = 0.05


def dropping(*places: int) -> Callable[[bytes], bool]:
    """Lose these of the packets with data, once each, counted from zero."""
    count = -1

    def passes(packet: bytes) -> bool:
        nonlocal count
        count += packet[12] == DATA
        return packet[12] != DATA or count not in places

    return passes


def connected(packets: int = 40) -> Path:
    """Return a path on which so many packets are about to be sent."""
    path = Path().connect()
    path.send(bytes(40000))
    path.run(limit=0.3)
    assert len(path.right.messages) == 1
    path.now = round(path.now, 3)
    for _ in range(packets):
        path.send(bytes(1160))
    return path


@pytest.mark.parametrize("places", [(3,), (3, 4), (2, 5, 9), (0,), tuple(range(4, 12))], ids=repr)
def test_what_others_follow_is_sent_again_after_a_round_trip(places: tuple[int, ...]) -> None:
    path = connected()
    path.left.passes = dropping(*places)
    took = path.run(lambda: len(path.right.messages) == 41)
    assert took < 4 * RTT
    statistics = path.left.association.statistics()
    assert (statistics.timeouts, statistics.resent) == (0, 1160 * len(places))


def test_the_last_one_is_found_by_a_probe() -> None:
    """RFC 8985 §7: two round trips, and not a time-out."""
    path = connected(5)
    path.left.passes = dropping(4)
    took = path.run(lambda: len(path.right.messages) == 6)
    assert took == pytest.approx(2.5 * RTT + 0.01, abs=0.002)
    assert path.left.association.statistics().timeouts == 0


def test_what_was_sent_again_and_lost_again_is_found_without_a_timeout() -> None:
    path = connected(200)
    lost: dict[bytes, int] = {}

    def passes(packet: bytes) -> bool:
        tsn = packet[16:20]
        lost.setdefault(tsn, 0)
        if packet[12] == DATA and struct.unpack("!L", tsn)[0] % 50 == 7 and lost[tsn] < 3:
            lost[tsn] += 1
            return False
        return True

    path.left.passes = passes
    path.run(lambda: len(path.right.messages) == 201)
    assert max(lost.values()) == 3
    assert path.left.association.statistics().timeouts == 0


def test_when_nothing_arrives_all_is_sent_again_at_growing_intervals() -> None:
    path = connected(3)
    times: list[float] = []
    begin = path.now

    def passes(packet: bytes) -> bool:
        if packet[12] == DATA:
            times.append(round(path.now - begin, 2))
        return path.now - begin > 9.0

    path.left.passes = passes
    path.run(lambda: len(path.right.messages) == 4)
    again = sorted(set(times))
    # the first flight, a probe, and time-outs of 0.4 s doubling up to three seconds
    assert again[:7] == [0.0, 0.11, 0.4, 1.2, 2.8, 5.8, 8.8]
    assert path.left.association.statistics().timeouts >= 5


def test_reordering_is_no_loss() -> None:
    path = Path(Conditions(jitter=0.004)).connect()
    for _ in range(400):
        path.send(bytes(1160))
    took = path.run(lambda: len(path.right.messages) == 400)
    assert took < 10 * RTT
    statistics = path.left.association.statistics()
    assert statistics.timeouts == 0
    assert statistics.resent < 1160 * 20


@pytest.mark.parametrize("jitter", [0.0005, 0.002, 0.01, 0.025])
def test_a_path_that_reorders_is_made_use_of(jitter: float) -> None:
    """Also where packets arrive hundreds of places late, as they are on a fast path."""
    path = Path(Conditions(jitter=jitter)).connect()
    for _ in range(200):
        path.send(bytes(16384))
    path.run(lambda: len(path.right.messages) == 200)
    statistics = path.left.association.statistics()
    assert 200 * 16384 / path.now > 2e6
    assert statistics.resent < 0.05 * 200 * 16384
    assert statistics.timeouts == 0


def test_what_was_taken_for_lost_and_arrives_gives_the_window_back() -> None:
    path = connected(200)
    path.right.passes = lambda _packet: False
    path.run(limit=0.01)
    flight = path.left.association._session.outbound.flight
    window, first = flight.congestion.window, flight.cumulative
    flight.acknowledge(first, [(first + 9, first + 9)], path.now + RTT)
    flight.detect(path.now + RTT)
    assert flight.congestion.window < window
    for tsn in range(first + 1, first + 7):
        assert flight.congestion.recovering
        flight.acknowledge(tsn, [(first + 9, first + 9)], path.now + RTT)
    assert (flight.congestion.window, flight.congestion.recovering) == (window, False)
    # Now it takes more than three packets.
    flight.acknowledge(first + 9, [(first + 14, first + 14)], path.now + RTT)
    flight.detect(path.now + RTT)
    assert not flight.congestion.recovering


def test_another_path_may_keep_the_order() -> None:
    """What the one before needed patience for is lost on this one, or else learnt again."""
    path = Path(Conditions(jitter=0.025)).connect()
    for _ in range(200):
        path.send(bytes(16384))
    path.run(lambda: len(path.right.messages) == 200)
    path.run(limit=1.0)
    path.right.passes = lambda _packet: False
    path.send(bytes(16384))
    path.run(limit=0.01)
    flight = path.left.association._session.outbound.flight
    first, now = flight.cumulative, path.now + 0.01
    flight.acknowledge(first, [(first + 9, first + 9)], now)
    flight.detect(now)
    assert not flight.congestion.recovering
    path.left.association.path_changed(now)
    flight.detect(now)
    assert flight.congestion.recovering


def test_what_has_come_twice_was_not_lost() -> None:
    path = connected(200)
    path.right.passes = lambda _packet: False
    path.run(limit=0.01)
    flight = path.left.association._session.outbound.flight
    window, first = flight.congestion.window, flight.cumulative
    flight.acknowledge(first, [(first + 4, first + 4)], path.now + RTT)
    flight.detect(path.now + RTT)
    again = flight.next_lost()
    assert again is not None
    assert again.tsn == first + 1
    flight.begin_packet()
    flight.launch(again, path.now + RTT)
    flight.acknowledge(first + 4, [], path.now + 2.2 * RTT)
    assert flight.congestion.window < window
    flight.note_duplicates([first + 2 & 0xFFFFFFFF])
    assert flight.congestion.window < window
    flight.note_duplicates([first + 1 & 0xFFFFFFFF])
    assert flight.congestion.window == window


def test_a_sack_that_others_have_overtaken_takes_nothing_back() -> None:
    path = connected()
    path.right.passes = lambda _packet: False
    path.run(limit=0.01)
    flight = path.left.association._session.outbound.flight
    first = flight.cumulative
    flight.acknowledge(first, [(first + 2, first + 9)], path.now)
    count = flight.count
    flight.acknowledge(first, [(first + 2, first + 4)], path.now)
    flight.acknowledge(first, [], path.now)
    assert (flight.count, flight.next_lost()) == (count, None)
    # What the peer says with something new counts.
    flight.acknowledge(first + 1, [(first + 4, first + 9)], path.now)
    lost = flight.next_lost()
    assert lost is not None
    assert lost.tsn == first + 2


def test_what_is_lost_again_shrinks_the_window_again() -> None:
    path = connected(200)
    path.right.passes = lambda _packet: False
    path.run(limit=0.01)
    flight = path.left.association._session.outbound.flight
    first, now = flight.cumulative, path.now + RTT
    windows = [flight.congestion.window]
    flight.acknowledge(first, [(first + 9, first + 9)], now)
    flight.detect(now)
    windows.append(flight.congestion.window)
    for _ in range(2):
        lost = flight.next_lost()
        assert lost is not None
        flight.begin_packet()
        flight.launch(lost, now)
    # The second of them arrives, and the first does not.
    flight.acknowledge(first, [(first + 2, first + 2), (first + 9, first + 9)], now + RTT)
    flight.detect(now + RTT)
    windows.append(flight.congestion.window)
    flight.detect(now + 2 * RTT)
    windows.append(flight.congestion.window)
    assert windows[0] > windows[1] == windows[2] > windows[3]


def test_a_peer_that_has_lost_and_found_what_it_had_makes_nothing_grow() -> None:
    path = connected()
    path.left.passes = lambda _packet: False
    path.run(limit=0.01)
    flight = path.left.association._session.outbound.flight
    first = flight.cumulative
    assert flight.outstanding > 4
    for _ in range(50):
        # The first stays lost, so that the others wait behind it.
        flight.lose_all(path.now)
        flight.acknowledge(first, [(first + 2, first + 3)], path.now)
        flight.acknowledge(first, [(first + 4, first + 4)], path.now)
    assert len(flight._lost) <= flight.outstanding


def test_blocks_of_a_sack() -> None:
    assert read_blocks([(5, 6), (2, 3)], 100, 10) == [(102, 103), (105, 106)]
    assert read_blocks([(2, 4), (3, 6), (7, 7)], 100, 10) == [(102, 107)]
    assert read_blocks([(1, 3), (5, 4)], 100, 10) == []
    assert read_blocks([(2, 11)], 100, 10) is None


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        ([(1, 5)], [], [(1, 5)]),
        ([(1, 5)], [(1, 5)], []),
        ([(1, 9)], [(2, 3), (5, 5), (9, 12)], [(1, 1), (4, 4), (6, 8)]),
        ([(1, 2), (5, 9)], [(2, 6)], [(1, 1), (7, 9)]),
        ([(4, 5), (8, 8)], [(1, 20)], []),
    ],
)
def test_what_some_ranges_have_and_others_have_not(
    one: list[tuple[int, int]], other: list[tuple[int, int]], left: list[tuple[int, int]]
) -> None:
    assert _difference(one, other) == left
