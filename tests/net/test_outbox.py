"""Datagrams that leave together: runs, order, and systems that cannot send them."""

import asyncio
import errno
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest

from peer.net.outbox import (
    ALONE,
    HANDSHAKE,
    MAX_PENALTY,
    MAX_REFUSING,
    WORTH_HOLDING,
    Outbox,
)
from peer.net.segmentation import MAX_BYTES, MAX_SEGMENTS

from .support import run

REMOTE = ("192.0.2.2", 6000)
OTHER = ("192.0.2.3", 7000)
TICK = 0.5


def _error(number: int) -> OSError:
    return OSError(number, "no")


class Socket:
    """Tells what it was made to send, and fails when told to."""

    def __init__(self) -> None:
        self.calls: list[list[bytes]] = []
        self.remotes: list[tuple[str, int]] = []
        self.sizes: list[int] = []
        self.run_error: OSError | None = None
        self.plain: list[bool | OSError] = []

    def send_now(self, data: bytes, remote: tuple[str, int]) -> bool:
        self.calls.append([data])
        self.remotes.append(remote)
        outcome = self.plain.pop(0) if self.plain else True
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    def send_run(self, run: list[bytes], size: int, remote: tuple[str, int]) -> None:
        if self.run_error is not None:
            raise self.run_error
        self.calls.append(run)
        self.remotes.append(remote)
        self.sizes.append(size)

    @property
    def data(self) -> list[bytes]:
        return [data for call in self.calls for data in call]


class Destination:
    """Counts like a path."""

    def __init__(self, remote: tuple[str, int] = REMOTE) -> None:
        self.remote = remote
        self.sent: list[tuple[int, int]] = []
        self.discarded: list[int] = []
        self.errors: list[OSError] = []

    def note_sent(self, count: int, size: int, now: float) -> None:
        assert now == TICK
        self.sent.append((count, size))

    def note_discarded(self, size: int) -> None:
        self.discarded.append(size)

    def fail(self, error: OSError) -> None:
        self.errors.append(error)


class Bench:
    """An outbox with a destination, on a loop whose iterations the test counts.

    Unless it is to be `fresh`, a handshake has been sent already.
    """

    def __init__(self, *, fresh: bool = False) -> None:
        self.socket = Socket()
        self.to = Destination()
        loop = asyncio.get_running_loop()
        with (
            patch("peer.net.outbox.can_segment", lambda: True),
            patch.object(loop, "time", lambda: TICK),
        ):
            self.outbox = Outbox(loop, self.socket)
        self.patch: Any = patch.object(loop, "time", lambda: TICK)
        if not fresh:
            self.post(*[b"handshake"] * HANDSHAKE)
            self.socket.calls.clear()
            self.socket.remotes.clear()
            self.to.sent.clear()

    def post(self, *datagrams: bytes) -> list[bool]:
        with self.patch:
            return [self.outbox.post(data, self.to) for data in datagrams]

    def flush(self) -> None:
        with self.patch:
            self.outbox.flush()

    async def iteration(self) -> None:
        """Let the loop finish what it is at."""
        with self.patch:
            await asyncio.sleep(0)


def story_of(story: Callable[[Bench], Any]) -> None:
    async def main() -> None:
        await story(Bench())

    run(main())


def _equal(count: int, size: int = 100) -> list[bytes]:
    return [bytes([number]) * size for number in range(count)]


def test_equally_long_datagrams_leave_in_one_call_when_the_iteration_ends() -> None:
    async def story(bench: Bench) -> None:
        datagrams = _equal(5)
        assert bench.post(*datagrams) == [True] * 5
        assert bench.socket.calls == []
        await bench.iteration()
        assert bench.socket.calls == [datagrams]
        assert (bench.socket.sizes, bench.socket.remotes) == ([100], [REMOTE])
        assert bench.to.sent == [(5, 500)]
        await bench.iteration()
        assert bench.socket.calls == [datagrams]

    story_of(story)


def test_a_handshake_leaves_at_once() -> None:
    async def story() -> None:
        bench = Bench(fresh=True)
        datagrams = _equal(HANDSHAKE)
        bench.post(*datagrams)
        assert bench.socket.calls == [[data] for data in datagrams]
        bench.post(b"media")
        assert len(bench.socket.calls) == HANDSHAKE
        await bench.iteration()
        assert bench.socket.calls[-1] == [b"media"]

    run(story())


def test_a_shorter_one_ends_the_run_and_all_leave_at_once() -> None:
    """As the packets of one picture do."""

    async def story(bench: Bench) -> None:
        datagrams = [*_equal(3), b"short"]
        bench.post(*datagrams)
        assert bench.socket.calls == [datagrams]
        assert bench.to.sent == [(4, 305)]
        bench.post(b"next")
        await bench.iteration()
        assert bench.socket.calls == [datagrams, [b"next"]]

    story_of(story)


def test_a_longer_one_begins_another_run() -> None:
    async def story(bench: Bench) -> None:
        small, large = _equal(2, 50), _equal(2, 60)
        bench.post(*small, *large)
        await bench.iteration()
        assert bench.socket.calls == [small, large]
        assert bench.socket.sizes == [50, 60]

    story_of(story)


def test_another_destination_begins_another_run() -> None:
    async def story(bench: Bench) -> None:
        first, second = _equal(2)
        bench.post(first)
        bench.to = Destination(OTHER)
        bench.post(second)
        await bench.iteration()
        assert bench.socket.calls == [[first], [second]]
        assert bench.socket.remotes == [REMOTE, OTHER]

    story_of(story)


@pytest.mark.parametrize("size", [100, 1200, 1500, 30_000])
def test_a_call_takes_a_bounded_number_of_datagrams_and_bytes(size: int) -> None:
    async def story(bench: Bench) -> None:
        datagrams = _equal(2 * MAX_SEGMENTS + 3, size)
        bench.post(*datagrams)
        await bench.iteration()
        assert bench.socket.data == datagrams
        most = min(MAX_SEGMENTS, MAX_BYTES // size)
        assert [len(call) for call in bench.socket.calls[:2]] == [most, most]
        assert max(len(call) for call in bench.socket.calls) == most

    story_of(story)


@pytest.mark.parametrize("odd", [b"", bytes(40_000), bytes(70_000)], ids=len)
def test_what_cannot_be_part_of_a_run_keeps_its_place(odd: bytes) -> None:
    """An empty datagram would vanish in a run, and two very long ones do not fit one."""

    async def story(bench: Bench) -> None:
        first, second, third = _equal(3)
        bench.post(first, odd, second, third)
        await bench.iteration()
        assert bench.socket.calls == [[first], [odd], [second, third]]

    story_of(story)


@pytest.mark.parametrize("number", [errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_system_that_cannot_send_runs_is_not_asked_again(number: int) -> None:
    """Old kernels: nothing is lost."""

    async def story(bench: Bench) -> None:
        bench.socket.run_error = _error(number)
        datagrams = _equal(4)
        bench.post(*datagrams)
        await bench.iteration()
        assert bench.socket.calls == [[data] for data in datagrams]
        assert (bench.to.sent, bench.to.errors) == ([(1, 100)] * 4, [])
        bench.socket.run_error = None
        for _ in range(2):
            bench.post(*datagrams)
            assert bench.socket.calls[-4:] == [[data] for data in datagrams]
            await bench.iteration()

    story_of(story)


@pytest.mark.parametrize("number", [errno.EIO, errno.EINVAL, errno.EMSGSIZE])
def test_a_way_that_refuses_a_run_is_the_only_one_that_pays(number: int) -> None:
    """A tunnel with a small MTU, a device without checksum offload: nothing is lost, and other
    remote addresses have their runs."""

    async def story(bench: Bench) -> None:
        tunnel, other = bench.to, Destination(OTHER)
        bench.socket.run_error = _error(number)
        datagrams = _equal(4)
        bench.post(*datagrams)
        await bench.iteration()
        assert bench.socket.calls == [[data] for data in datagrams]
        assert (tunnel.sent, tunnel.errors) == ([(1, 100)] * 4, [])
        bench.socket.run_error = None
        for _ in range(3):
            bench.to = other
            bench.post(*datagrams)
            await bench.iteration()
            assert bench.socket.calls[-1] == datagrams
            bench.to = tunnel
            bench.post(*datagrams)
            assert bench.socket.calls[-4:] == [[data] for data in datagrams]
            await bench.iteration()

    story_of(story)


def test_runs_are_tried_again_ever_more_rarely() -> None:
    async def story(bench: Bench) -> None:
        bench.socket.run_error = _error(errno.EMSGSIZE)
        attempts: list[int] = []
        sent = 0
        with patch.object(
            bench.socket, "send_run", side_effect=lambda *run: _note(attempts, sent, bench)
        ):
            while sent < 20 * ALONE:
                bench.post(*_equal(2))
                sent += 2
                await bench.iteration()
        gaps = [later - earlier for earlier, later in pairwise(attempts)]
        assert gaps == sorted(gaps)
        assert ALONE <= gaps[0] < 2 * ALONE
        assert len(attempts) <= 6
        assert len(bench.socket.data) == sent

    story_of(story)


def _note(attempts: list[int], sent: int, bench: Bench) -> None:
    attempts.append(sent)
    assert bench.socket.run_error is not None
    raise bench.socket.run_error


def test_what_is_remembered_of_refusals_is_bounded() -> None:
    async def story(bench: Bench) -> None:
        bench.socket.run_error = _error(errno.EMSGSIZE)
        for port in range(MAX_REFUSING + 10):
            bench.to = Destination(("192.0.2.9", port))
            bench.post(*_equal(WORTH_HOLDING))
            await bench.iteration()
            bench.post(*[b"x"] * MAX_PENALTY)
            await bench.iteration()
        assert len(bench.outbox._refusing) <= MAX_REFUSING

    story_of(story)


def test_a_passing_error_concerns_one_run() -> None:
    """A full buffer, or an ICMP error about an earlier datagram."""

    async def story(bench: Bench) -> None:
        bench.socket.run_error = _error(errno.EAGAIN)
        bench.socket.plain = [True, False, False]
        datagrams = _equal(3)
        assert bench.post(*datagrams) == [True] * 3
        await bench.iteration()
        assert bench.socket.calls == [[data] for data in datagrams]
        assert (bench.to.sent, bench.to.discarded) == ([(1, 100)], [100, 100])
        bench.socket.run_error = None
        bench.post(b"x")
        bench.post(*datagrams)
        await bench.iteration()
        assert bench.socket.calls[-1] == datagrams

    story_of(story)


def test_a_closed_way_is_told_of() -> None:
    async def story(bench: Bench) -> None:
        error = _error(errno.ENETUNREACH)
        bench.socket.run_error = error
        bench.socket.plain = [error, error]
        bench.post(*_equal(2))
        await bench.iteration()
        assert bench.to.errors == [error, error]
        assert (bench.to.sent, bench.to.discarded) == ([], [100, 100])

    story_of(story)


def test_flushing_keeps_the_order_and_the_iteration_has_nothing_left() -> None:
    async def story(bench: Bench) -> None:
        datagrams = _equal(3)
        bench.post(*datagrams)
        bench.flush()
        assert bench.socket.calls == [datagrams]
        bench.flush()
        await bench.iteration()
        assert bench.socket.calls == [datagrams]

    story_of(story)


def test_closing_sends_what_is_held_back() -> None:
    async def story(bench: Bench) -> None:
        datagrams = _equal(3)
        bench.post(*datagrams)
        with bench.patch:
            bench.outbox.close()
        assert bench.socket.calls == [datagrams]
        bench.socket.plain = [False]
        assert bench.post(b"late") == [False]
        await bench.iteration()
        assert bench.socket.calls == [datagrams, [b"late"]]

    story_of(story)


@pytest.mark.parametrize(
    ("burst", "expected"),
    [
        (1, [0, 2, 5, 10, 19, 36, 69, 134, 199]),
        (WORTH_HOLDING - 1, [0, 1, 3, 6, 11, 20, 37, 70, 103, 136, 169]),
    ],
)
def test_single_datagrams_are_held_back_ever_more_rarely(burst: int, expected: list[int]) -> None:
    """Paced media gains nothing from waiting for the end of the iteration."""

    async def story(bench: Bench) -> None:
        held = []
        for number in range(200):
            before = len(bench.socket.data)
            bench.post(*_equal(burst))
            if len(bench.socket.data) < before + burst:
                held.append(number)
            await bench.iteration()
        assert bench.socket.data == _equal(burst) * 200
        assert held == expected

    story_of(story)


def test_bursts_are_noticed_again() -> None:
    async def story(bench: Bench) -> None:
        for _ in range(300):
            bench.post(b"single")
            await bench.iteration()
        datagrams = _equal(16)
        for _ in range(MAX_PENALTY // 16 + 2):
            bench.post(*datagrams)
            await bench.iteration()
        assert bench.socket.calls[-1] == datagrams

    story_of(story)


def test_where_runs_are_unknown_everything_leaves_at_once() -> None:
    async def story() -> None:
        socket, to = Socket(), Destination()
        loop = asyncio.get_running_loop()
        with (
            patch("peer.net.outbox.can_segment", lambda: False),
            patch.object(loop, "time", lambda: TICK),
        ):
            outbox = Outbox(loop, socket)
            for data in _equal(3):
                assert outbox.post(data, to)
        assert socket.calls == [[data] for data in _equal(3)]
        assert to.sent == [(1, 100)] * 3

    run(story())


@pytest.mark.parametrize("sizes", [[100] * 70, [100, 100, 60, 100, 120, 120], [0, 9, 9], [5]])
def test_many_at_once_leave_as_one_after_the_other(sizes: list[int]) -> None:
    async def story(bench: Bench) -> None:
        other, datagrams = Bench(), [bytes(size) for size in sizes]
        with other.patch:
            assert other.outbox.post_all(datagrams, other.to)
        bench.post(*datagrams)
        await bench.iteration()
        assert other.socket.calls == bench.socket.calls
        assert other.to.sent == bench.to.sent

    story_of(story)


def test_of_many_at_once_those_that_are_dropped_are_told() -> None:
    async def story(bench: Bench) -> None:
        bench.outbox.close()
        bench.socket.plain = [True, False]
        with bench.patch:
            assert not bench.outbox.post_all([b"alone", b"dropped"], bench.to)
        assert bench.to.discarded == [7]

    story_of(story)
